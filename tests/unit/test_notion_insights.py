"""Rows of what to do next, of history and of single units, and people's cells read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cjm_sync.journey.types import (
    Emotion,
    Journey,
    JourneyMap,
    JourneyPeople,
    MetricChange,
    MomentOfTruth,
    Opportunity,
    OpportunityPeople,
    Pain,
    Traveller,
)
from cjm_sync.model import Choice, Link, Observed, Page, canonical
from cjm_sync.ports import AGGREGATE, Disclosure
from cjm_sync_files import wording
from cjm_sync_notion.changes import NOTHING_MOVED, NOTHING_YET, changed_text
from cjm_sync_notion.columns import BY_KIND, OVERLAY_COLUMNS
from cjm_sync_notion.names import OTHER, Names
from cjm_sync_notion.overlay_rows import people_of
from cjm_sync_notion.persona_page import persona_body
from cjm_sync_notion.render import How, frame, moves, outcomes_text, rows
from cjm_sync_notion.unit_rows import pseudonym
from cjm_sync_notion.values import units
from notion_maps import NOON, SILENT, a_map, cell, journey, persona, stage, touchpoint

SECRET = "s" * 64
PSEUDONYMOUS = Disclosure("pseudonymous", SECRET, "123")
FULL = Disclosure("full", SECRET, "123")


def by_key(pages: tuple[Page, ...]) -> dict[str, Page]:
    found = {page.key: page for page in pages}
    assert len(found) == len(pages)
    return found


def cells(page: Page) -> dict[str, Any]:
    return {key: canonical(value) for key, value in page.cells.items()}


def pain(**changes: Any) -> Pain:
    made = Pain(
        "PP1", "purchase", "", "Slow stage", "days", 61.6, 0.4166, 0.512, 0.25, 12.4, 8.0,
        9.6, 40, 25,
    )  # fmt: skip
    return replace(made, **changes)


def opportunity(**changes: Any) -> Opportunity:
    made = Opportunity(
        "PP1", "purchase", "", "Slow stage", "active", 61.6, 50.0, 55.8, 3, False, 33.4,
    )  # fmt: skip
    return replace(made, **changes)


def traveller(**changes: Any) -> Traveller:
    at = datetime(2026, 11, 2, 8, 30, 15, tzinfo=UTC)
    made = Traveller(
        "contacts", "901", (), "champion", "purchase", "in_stage", at, at - timedelta(days=30),
        "meet.first", at, None, None, Emotion(0.5, 6, "measured", "low"), "Awareness · Purchase",
        (("jobtitle", "Head of *Things* [x](https://evil.example)"),),
    )  # fmt: skip
    return replace(made, **changes)


def test_a_pain_tells_measure_threshold_and_trend_rounded_and_in_units() -> None:
    page = by_key(rows(a_map(journey(pains=(pain(),))), bound=[]))["customers/pain/PP1/purchase/"]

    assert cells(page) == {
        "name": "Slow stage · Purchase", "kind": {"choice": "pain"}, "rule": {"choice": "PP1"},
        "stage": {"choice": "purchase"}, "journey": {"choice": "customers"}, "severity": 62,
        "reach": 0.417, "intensity": 0.512, "trend": 0.25, "value": "12 days",
        "threshold": "8 days", "before": "9.6 days", "n": 40, "units": 25,
        "stage_row": {"link": ["customers/stage/purchase/everyone"]}, "touchpoint_row": None,
        "state": {"choice": "active"}, "withheld": None, "order": 3,
        "sync_key": "customers/pain/PP1/purchase/",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("share", 0.12345, "12.3 %"),
        ("score", -0.56, "−0.6"),
        ("hours", 97.25, "4.1 days"),
        ("hours", 24.0, "1 day"),
        ("hours", 5.2, "5 hours"),
        ("days", 4.05, "4 days"),
    ],
)
def test_a_measure_carries_its_unit(unit: Any, value: float, text: str) -> None:
    made = journey(pains=(pain(unit=unit, value=value, before=None),))

    page = by_key(rows(a_map(made), bound=[]))["customers/pain/PP1/purchase/"]

    assert page.cells["value"] == text
    assert page.cells["before"] is None


@pytest.mark.parametrize("days", [0, 0.01, 0.04, 0.5, 0.99, 1, 1.04, 4.05, 9.96, 10, 61.5, 1200])
def test_a_duration_is_said_as_the_picture_says_it(days: float) -> None:
    made = journey(pains=(pain(unit="days", value=float(days), before=None),))

    page = by_key(rows(a_map(made), bound=[]))["customers/pain/PP1/purchase/"]
    hours = replace(made, pains=(pain(unit="hours", value=24.0 * days, before=None),))
    same = by_key(rows(a_map(hours), bound=[]))["customers/pain/PP1/purchase/"]

    assert page.cells["value"] == same.cells["value"] == wording.days(days)


def test_a_delight_at_a_touchpoint_is_linked_to_its_row() -> None:
    delight = pain(rule="DL1", subject="meet.first", unit="score", value=1.2)

    page = by_key(rows(a_map(journey(delights=(delight,))), bound=[]))[
        "customers/pain/DL1/purchase/meet.first"
    ]

    assert page.cells["kind"] == Choice("delight", "delight")
    assert page.cells["touchpoint_row"] == Link(("customers/touchpoint/purchase/meet.first",))


PAIN_KEY = "customers/pain/PP4/purchase/Late%20delivery"


@pytest.mark.parametrize(
    ("pains", "state"),
    [((), Choice("resolved", "resolved")), (None, None), ((pain(),), Choice("resolved", "resolved"))],
)  # fmt: skip
def test_a_pain_that_no_longer_fires_is_resolved_and_keeps_its_last_numbers(
    pains: tuple[Pain, ...] | None, state: Choice | None
) -> None:
    page = by_key(rows(a_map(journey(pains=pains)), bound=[PAIN_KEY]))[PAIN_KEY]

    assert page.cells.get("state") == state
    assert set(page.cells) <= {"state", "sync_key"}


def test_a_delight_is_not_resolved_because_pains_were_computed() -> None:
    key = "customers/pain/DL1/purchase/meet.first"

    page = by_key(rows(a_map(journey(pains=(), delights=None)), bound=[key]))[key]

    assert "state" not in page.cells


def test_an_opportunity_says_that_effort_is_not_set_and_what_is_withheld() -> None:
    unset = opportunity(business_value=None)
    made = journey(pains=(pain(),), opportunities=(unset,))

    page = by_key(rows(a_map(made), bound=[]))["customers/opportunity/PP1/purchase/"]

    assert cells(page) == {
        "name": "Slow stage · Purchase", "rule": {"choice": "PP1"}, "stage": {"choice": "purchase"},
        "journey": {"choice": "customers"}, "priority": 33, "value": 56, "customer_value": 62,
        "business_value": None, "effort_counted": "3 (not set)",
        "pain_row": {"link": ["customers/pain/PP1/purchase/"]},
        "stage_row": {"link": ["customers/stage/purchase/everyone"]},
        "state": {"choice": "active"}, "withheld": "Business value", "order": 3,
        "sync_key": "customers/opportunity/PP1/purchase/",
    }  # fmt: skip


def test_an_opportunity_counts_the_effort_that_people_set() -> None:
    made = opportunity(effort=1.5, is_effort_set=True, state="resolved")

    page = by_key(rows(a_map(journey(opportunities=(made,))), bound=[]))[
        "customers/opportunity/PP1/purchase/"
    ]

    assert page.cells["effort_counted"] == "1.5"
    assert page.cells["state"] == Choice("resolved", "resolved")


# history


def history_of(how: How, as_of: datetime, bound: tuple[str, ...] = ()) -> dict[str, Page]:
    made = replace(a_map(), as_of=as_of)
    pages = by_key(rows(made, bound=bound, how=how))
    return {key: page for key, page in pages.items() if page.collection == "history"}


@pytest.mark.parametrize(
    ("zone", "month"), [("UTC", "2026-10"), ("Asia/Tokyo", "2026-11"), ("America/Lima", "2026-10")]
)
def test_months_are_cut_where_people_are(zone: str, month: str) -> None:
    late = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)

    pages = history_of(How(timezone=ZoneInfo(zone)), late)

    page = pages[f"customers/history/{month}/purchase/champion"]
    assert page.cells["month"] == f"{month}-01"
    assert page.cells["name"] == f"{month} · Purchase · Champion"
    assert page.cells["conversion"] == 0.417
    assert len(pages) == 4


def test_a_month_that_is_over_is_wished_but_not_written() -> None:
    over = "customers/history/2026-10/purchase/everyone"
    gone = "customers/history/2025-01/gone/nobody"

    pages = history_of(How(), NOON, (over, gone))

    assert pages[over].cells == {"sync_key": over}
    assert pages[gone].cells == {"sync_key": gone}
    assert len(pages) == 4 + 2


def test_history_is_kept_of_everyone_alone_or_of_nobody_and_old_months_stay() -> None:
    over = "customers/history/2026-10/purchase/champion"

    everyone = history_of(How(history="everyone"), NOON, (over,))
    off = history_of(How(history="off"), NOON, (over,))

    assert set(everyone) == {
        over,
        "customers/history/2026-11/purchase/everyone",
        "customers/history/2026-11/service/everyone",
    }
    assert set(off) == {over}


def test_the_last_stage_of_history_does_not_withhold_its_conversion() -> None:
    last = stage("service", 4, cell(conversion=None, nps=None, withheld=True))
    made = a_map(journey(stages=(stage(), last)))

    page = by_key(rows(made, bound=[]))["customers/history/2026-11/service/everyone"]

    assert page.cells["withheld"] == "NPS"


# single units


def units_of(
    detail: Disclosure, *travellers: Traveller, bound: tuple[str, ...] = (), **more: Any
) -> dict[str, Page]:
    made = a_map(journey(travellers=travellers, **more))
    pages = by_key(rows(made, bound=bound, how=How(disclosure=detail)))
    return {key: page for key, page in pages.items() if page.collection == "units"}


def hidden_key(record_id: str, name: str = "contacts") -> str:
    return f"customers/unit/{name}/{pseudonym(SECRET, name, record_id)}"


def test_at_aggregate_no_unit_leaves_the_machine() -> None:
    made = a_map(journey(travellers=(traveller(),)))

    assert "901" not in str(rows(made, bound=[])) + str(frame(made, installation="i"))
    assert units_of(AGGREGATE, traveller()) == {}
    assert "units" not in [d.kind for d in frame(made, installation="i").databases]


def test_a_pseudonymous_row_shows_neither_id_nor_property_nor_link() -> None:
    ((key, page),) = units_of(PSEUDONYMOUS, traveller()).items()

    assert key == hidden_key("901")
    assert "901" not in str(page)
    assert "jobtitle" not in str(page)
    assert page.cells["hubspot"] is None
    assert page.cells["last_touch"] == "First meeting or demo"
    assert page.cells["entered_at"] == datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
    assert page.cells["standing"] == Choice("in_stage", "in stage")


def test_pseudonyms_differ_by_secret_and_object_and_are_no_ids() -> None:
    told = {
        pseudonym(SECRET, "contacts", "901"), pseudonym("other", "contacts", "901"),
        pseudonym(SECRET, "deals", "901"), pseudonym(SECRET, "contacts", "902"),
    }  # fmt: skip

    assert len(told) == 4
    assert all(one.startswith("~") for one in told)


def test_a_full_row_links_to_hubspot_and_shows_the_allowed_properties_as_they_are() -> None:
    ((key, page),) = units_of(FULL, traveller()).items()

    assert key == "customers/unit/contacts/901"
    assert page.cells["name"] == "Contact 901"
    assert page.cells["hubspot"] == "https://app.hubspot.com/contacts/123/record/0-1/901"
    assert page.cells["details"] == "jobtitle: Head of *Things* [x](https://evil.example)"


def test_lowering_the_detail_empties_the_row_under_its_pseudonym() -> None:
    key = "customers/unit/contacts/901"
    made = a_map(journey(travellers=None))

    found = units_of(replace(FULL, detail="aggregate"), bound=(key,))
    leads = moves(made, bound=[key], how=How(disclosure=replace(FULL, detail="aggregate")))

    page = found[hidden_key("901")]
    assert leads == {key: hidden_key("901")}
    filled = {name for name, value in page.cells.items() if value is not None}
    assert filled == {"name", "journey", "state", "sync_key"}
    assert page.cells["name"] == "no longer shown"
    assert page.cells["state"] == Choice("retired", "retired")
    assert set(page.cells) == {c.key for c in BY_KIND["units"].columns if c.owner == "sync"}


@pytest.mark.parametrize(
    ("detail", "old", "new"),
    [
        (PSEUDONYMOUS, "customers/unit/contacts/901", hidden_key("901")),
        (FULL, hidden_key("901"), "customers/unit/contacts/901"),
    ],
)
def test_another_detail_keeps_the_row_and_renames_it(
    detail: Disclosure, old: str, new: str
) -> None:
    made = a_map(journey(travellers=(traveller(),)))

    assert moves(made, bound=[old], how=How(disclosure=detail)) == {old: new}
    assert set(units_of(detail, traveller(), bound=(old,))) == {new}


@pytest.mark.parametrize("old", ["customers/unit/contacts/77", hidden_key("77")])
def test_a_merged_unit_leads_to_its_survivor(old: str) -> None:
    made = a_map(journey(travellers=(traveller(former_ids=("77",)),)))

    assert moves(made, bound=[old], how=How(disclosure=FULL)) == {
        old: "customers/unit/contacts/901"
    }


def test_an_erased_unit_is_emptied_outside_the_guard() -> None:
    gone = hidden_key("55")

    found = units_of(PSEUDONYMOUS, traveller(), bound=(gone, hidden_key("901")))

    assert set(found) == {gone, hidden_key("901")}
    assert found[gone].cells["timeline"] is None
    assert found[hidden_key("901")].cells["timeline"] == "Awareness · Purchase"


@pytest.mark.parametrize(
    ("left_out", "words"),
    [(0, ""), (3, " Without a row in Journeys: fewer than 5."), (40, " Without a row in Journeys: 40.")],
)  # fmt: skip
def test_the_hub_says_how_many_units_have_no_row(left_out: int, words: str) -> None:
    shown = journey(travellers=(traveller(),), left_out=left_out)
    plain = outcomes_text(a_map(journey()))

    assert outcomes_text(a_map(shown)) == f"{plain}{words}"
    assert outcomes_text(a_map(replace(shown, travellers=None))) == plain


def test_the_table_of_units_stays_in_the_frame_once_it_is_there() -> None:
    made = frame(a_map(), installation="i", bound=["_/database/units"])

    assert "units" in [database.kind for database in made.databases]


def test_no_row_of_a_unit_is_ever_left_to_the_guard() -> None:
    bound = (hidden_key("1"), hidden_key("2"), "customers/unit/contacts/3")

    for detail in (AGGREGATE, PSEUDONYMOUS, FULL):
        leads = moves(a_map(journey(travellers=())), bound=bound, how=How(disclosure=detail))
        wished = units_of(detail, bound=bound)
        assert {leads.get(key, key) for key in bound} <= set(wished)


# a renamed journey


def test_a_renamed_journey_takes_its_rows_along_and_keeps_option_and_views() -> None:
    bound = ["old/persona/user", "old/stage/purchase/everyone", "old/pain/PP1/purchase/x",
             "old/history/2026-01/purchase/everyone", "_/view/old/emotion",
             "old/persona/stranger"]  # fmt: skip
    made = a_map(journey(key="new", formerly=("old",), pains=()))

    leads = moves(made, bound=bound)
    pages = by_key(rows(made, bound=bound))
    views = frame(made, installation="i", bound=bound).views

    assert leads["old/stage/purchase/everyone"] == "new/stage/purchase/everyone"
    assert {leads[key] for key in bound[:4]} <= set(pages)
    assert pages["new/stage/purchase/everyone"].cells["journey"] == Choice(
        "old", "Customer journey"
    )
    assert {view.key.split("/")[2] for view in views} == {"old"}


def test_a_journey_of_its_former_key_without_views_goes_by_its_own() -> None:
    made = a_map(journey(key="new", formerly=("old",)))

    assert {v.key.split("/")[2] for v in frame(made, installation="i").views} == {"new"}


# emotion of people, moments, change


def test_a_persons_value_is_shown_beside_the_computed_one() -> None:
    typed = replace(cell().emotion, override=-1.5)
    made = journey(stages=(stage("purchase", 3, cell(emotion=typed)),))

    page = by_key(rows(a_map(made), bound=[]))["customers/stage/purchase/everyone"]

    assert page.cells["emotion"] == 0.4
    assert page.cells["emotion_shown"] == -1.5
    assert page.cells["emotion_gap"] == -1.9


def test_a_persons_value_stands_alone_where_nothing_was_computed() -> None:
    made = journey(touchpoints=(touchpoint(emotion=replace(SILENT, override=1.0)),))

    page = by_key(rows(a_map(made), bound=[]))["customers/touchpoint/purchase/meet.first"]

    assert page.cells["emotion_shown"] == 1
    assert page.cells["emotion_gap"] is None


def test_a_moment_of_truth_shows_its_test_rounded() -> None:
    moment = MomentOfTruth(40, 60, 30, 20, 2.249, 1.512, 3.349, 0.00012, 0.00149, "makes", True)
    made = journey(touchpoints=(touchpoint(moment_of_truth=moment),))

    page = by_key(rows(a_map(made), bound=[]))["customers/touchpoint/purchase/meet.first"]

    shown = {key: value for key, value in cells(page).items() if key.startswith("moment")}
    assert shown == {
        "moment": True, "moment_verdict": {"choice": "makes"}, "moment_ratio": 2.2,
        "moment_low": 1.5, "moment_high": 3.3, "moment_q": 0.001, "moment_exposed": 40,
    }  # fmt: skip


@pytest.mark.parametrize(("key", "shown"), [("service", 9), ("purchase", None)])
def test_onboarding_stands_on_the_row_of_service_and_everyone(key: str, shown: int | None) -> None:
    pages = by_key(rows(a_map(journey(onboarding=9)), bound=[]))

    assert pages[f"customers/stage/{key}/everyone"].cells["onboarding"] == shown
    assert pages[f"customers/stage/{key}/champion"].cells["onboarding"] is None


def change(metric: str, now: float, day: float | None, month: float | None) -> MetricChange:
    return MetricChange("purchase", "everyone", metric, now, day, month)


def test_a_cell_tells_what_moved_as_rounded_and_nothing_else() -> None:
    made = journey(
        changes=(
            change("conversion", 0.41666, 0.41669, 0.4),
            change("in_stage", 40, 42, 40),
            change("median_days", 12.4, 12.3, None),
            change("emotion", -0.21, 0.1, 0.44),
            change("nps", 10, 0, 0),
        )
    )

    page = by_key(rows(a_map(made), bound=[]))["customers/stage/purchase/everyone"]

    assert page.cells["change"] == (
        "In stage now: −2 in a day\nConversion: +1.7 points in about a month\n"
        "Emotion: −0.3 in a day, −0.6 in about a month"
    )


def test_the_hub_tells_the_largest_moves_beyond_chance_first() -> None:
    made = journey(
        changes=(
            change("conversion", 0.42, None, 0.41),  # within its interval
            change("median_days", 30.0, None, 12.0),
            change("emotion", 0.4, None, 0.9),
            change("in_stage", 40, None, 44),  # within Poisson's spread
        )
    )

    assert changed_text(a_map(made)) == (
        "Compared with the run nearest to a month ago: Median days in Purchase rose from 12 to 30; "
        "Emotion in Purchase fell from 0.9 to 0.4."
    )


def test_the_hub_says_when_there_is_nothing_to_tell() -> None:
    still = journey(changes=(change("in_stage", 40, None, 41),))

    assert changed_text(a_map(journey(changes=None))) == NOTHING_YET
    assert changed_text(a_map(still)) == NOTHING_MOVED


def test_at_most_five_moves_are_told_and_each_journey_has_its_line() -> None:
    many = tuple(
        MetricChange(key, "everyone", metric, 100.0, None, 1.0)
        for key in ("purchase", "service")
        for metric in ("in_stage", "median_days", "emotion")
    )
    two = a_map(journey(changes=many), journey(key="b", name="Renewals"))

    first, second = changed_text(two).splitlines()

    assert first.count(";") == 4
    assert first.startswith("Customer journey. Compared with")
    assert second.startswith("Renewals. ")


# persona pages


def test_a_personas_page_is_made_of_sections_within_one_request() -> None:
    body = by_key(rows(a_map(), bound=[]))["customers/persona/champion"].body
    texts = [block[block["type"]]["rich_text"] for block in body]
    headings = [b["heading_2"]["rich_text"][0]["text"]["content"] for b in body
                if b["type"] == "heading_2"]  # fmt: skip

    assert headings == ["Goals", "Motives", "Fears", "Scenario", "Needs and thoughts", "Quote"]
    assert len(body) <= 100
    assert all(units(item["text"]["content"]) <= 2_000 for text in texts for item in text)
    assert body == persona_body("Champion")


def test_only_personas_have_a_page_body() -> None:
    assert {page.collection for page in rows(a_map(), bound=[]) if page.body} == {"personas"}


# people's cells


def row(key: str, **people: Any) -> Observed:
    return Observed(key, "id-" + key, "x", by_person=True, created_at=NOON, edited_at=NOON,
                    people=people)  # fmt: skip


def test_peoples_cells_come_back_by_journey_and_subject() -> None:
    people, findings = people_of(
        [
            row("a/stage/purchase/everyone", target_days=14, emotion_override=-1.5),
            row("a/stage/purchase/champion", target_days=3),
            row("a/touchpoint/service/ext.a%2Fb", emotion_override=2),
            row("a/opportunity/PP4/service/Late%20delivery", effort=0, owner=True),
            row("a/persona/champion", reviewed_on="2026-03-01"),
            row("a/opportunity/PP1/purchase/", decision=True, reviewed_on="2026-04-01T10:00:00Z"),
            row("b/stage/purchase/everyone", target_days=5),
            row("", target_days=7),
        ]
    )

    assert findings == ()
    assert people == {
        "a": JourneyPeople(
            {"purchase": 14.0},
            {"purchase": -1.5},
            {("service", "ext.a/b"): 2.0},
            {
                ("PP4", "service", "Late delivery"): OpportunityPeople(0.0, True, False),
                ("PP1", "purchase", ""): OpportunityPeople(None, False, True),
            },
            date(2026, 4, 1),
        ),
        "b": JourneyPeople(target_days={"purchase": 5.0}),
    }


@pytest.mark.parametrize(
    ("key", "people", "column"),
    [
        ("a/opportunity/PP1/x/", {"effort": 9}, "effort"),
        ("a/stage/x/everyone", {"emotion_override": 7}, "emotion_override"),
        ("a/stage/x/everyone", {"target_days": -3}, "target_days"),
        ("a/stage/x/everyone", {"target_days": 0}, "target_days"),
        ("a/stage/x/everyone", {"target_days": "soon"}, "target_days"),
        ("a/stage/x/everyone", {"target_days": True}, "target_days"),
        ("a/touchpoint/x/y", {"emotion_override": float("nan")}, "emotion_override"),
        ("a/touchpoint/x/y", {"emotion_override": {"odd": 1}}, "emotion_override"),
        ("a/persona/x", {"reviewed_on": "yesterday"}, "reviewed_on"),
        ("a/persona/x", {"reviewed_on": True}, "reviewed_on"),
    ],
)
def test_a_value_that_cannot_be_heeded_is_a_finding_that_does_not_repeat_it(
    key: str, people: Mapping[str, Any], column: str
) -> None:
    read, (finding,) = people_of([row(key, **people)])

    assert finding.code == "people_value"
    assert finding.key == f"{key}#{column}"
    assert not any(str(value) in finding.message for value in ("soon", "yesterday", "odd"))
    empty = JourneyPeople()
    found = read.get("a", empty)
    assert found == replace(empty, opportunities=found.opportunities)
    assert all(one.effort is None for one in found.opportunities.values())


def test_the_columns_that_a_scan_brings_are_peoples_own() -> None:
    for kind, keys in OVERLAY_COLUMNS.items():
        assert {BY_KIND[kind].column(key).owner for key in keys} == {"people"}


# more values than options


def many_personas(count: int) -> JourneyMap:
    listed = tuple(persona(f"p{number:03d}", f"Persona {number:03d}") for number in range(count))
    made: Journey = journey(
        personas=(persona(), *listed),
        stages=(stage("purchase", 3, *(cell(one.key) for one in listed)),),
        known_personas=(),
        touchpoints=(),
    )
    return a_map(made)


def test_values_beyond_a_hundred_options_share_one_that_says_how_many_they_are() -> None:
    made = many_personas(150)

    options = Names.of(made).column("persona")
    pages = by_key(rows(made, bound=[]))

    assert len(options) == 100
    assert options[OTHER] == "other (52)"
    assert "everyone" in options
    assert pages["customers/stage/purchase/p149"].cells["persona"] == Choice(OTHER, "other (52)")
    assert pages["customers/stage/purchase/p149"].cells["name"] == "Purchase · Persona 149"
    assert pages["customers/stage/purchase/p001"].cells["persona"] == Choice("p001", "Persona 001")
    for database in frame(made, installation="i").databases:
        assert all(len(column.options) <= 100 for column in database.columns)


def test_exactly_a_hundred_values_keep_an_option_each() -> None:
    assert OTHER not in Names.of(many_personas(99)).column("persona")


def test_the_shared_option_is_told_from_a_value_of_that_name() -> None:
    made = many_personas(150)
    listed = made.journeys[0].personas
    named = (listed[0], replace(listed[1], label="OTHER (52)"), *listed[2:])
    options = Names.of(a_map(replace(made.journeys[0], personas=named))).column("persona")

    folded = [label.casefold() for label in options.values()]
    assert len(set(folded)) == len(folded)


def test_a_persona_beyond_the_options_has_no_view_that_would_show_others() -> None:
    on_pages = [view for view in frame(many_personas(150), installation="i").views if view.page]

    assert len(on_pages) == 98
