"""One row per unit: what it tells, what it must never tell, and who is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.travellers import LONGEST, Crowd, travellers
from cjm_sync.journey.types import Traveller
from cjm_sync.model import Need, Record
from cjm_sync_mappings import plugin
from crm_records import (
    Mirror,
    T,
    activity,
    before,
    contact,
    deal,
    meeting,
    options,
    record,
    request,
    survey,
)

HOSTILE = "Zoë <zoe@private.example> +371 2000 0000 'DROP' ☠"


def facts(*records: Record, unit: Any = "contact", **asked: Any) -> Facts:
    journey = replace(request(unit=unit, profile='extends = "crm"'), **asked)
    return plugin.facts(Mirror(records), journey, as_of=T)


def rows(*records: Record, only: Any = "all", most: int = 1_000, **asked: Any) -> list[Traveller]:
    told = facts(*records, **asked)
    return list(travellers(told, as_of=T, crowd=Crowd(only, most)))


def row(*records: Record, **asked: Any) -> Traveller:
    (one,) = rows(*records, **asked)
    return one


def days_before(days: float) -> Any:
    return T - timedelta(days=days)


def test_a_row_tells_where_its_unit_is_and_since_when() -> None:
    one = row(contact("7", ("lead", 90), ("opportunity", 40), hs_seniority="vp"))

    assert (one.object, one.id, one.stage, one.state) == ("contacts", "7", "purchase", "in_stage")
    assert (one.started_at, one.entered_at) == (days_before(100), days_before(40))
    assert one.persona == "decision_maker"


@pytest.mark.parametrize(
    ("records", "state", "stage"),
    [
        ([deal(("low", 30), ("lost", 9))], "lost", None),
        (
            [deal(("won", 90)), deal(("rlow", 30), ("rlost", 9), pipeline="renewals")],
            "churned",
            None,
        ),
        ([], "dormant", "awareness"),
    ],
)
def test_an_outcome_is_no_stage_and_a_dormant_unit_stays_in_its(
    records: list[Record], state: str, stage: str | None
) -> None:
    one = row(contact("1", created=400), *records)

    assert (one.state, one.stage) == (state, stage)


def test_the_last_touch_is_the_newest_and_a_meeting_is_named_by_its_purchase() -> None:
    one = row(contact("1"), activity("notes", 30), deal(("won", 20)), meeting(10))

    assert (one.last_touch, one.last_touch_at) == ("meet.onboard", days_before(10))


def test_the_next_touch_is_the_earliest_meeting_that_is_planned() -> None:
    world = [
        contact("1"),
        meeting(30),
        meeting(-9, "SCHEDULED"),
        meeting(-4, ""),
        meeting(-2, "CANCELED"),
    ]
    known = [replace(one, created_at=before(5)) for one in world]
    one = row(*known)

    assert (one.next_touch, one.next_touch_at) == ("meet.follow", days_before(-4))
    assert one.last_touch_at == days_before(30)


def test_a_meeting_that_nobody_had_planned_by_then_is_not_told() -> None:
    one = row(contact("1"), meeting(-4, "SCHEDULED"))

    assert (one.next_touch, one.next_touch_at) == (None, None)


def test_a_unit_feels_what_its_own_signals_say_however_few() -> None:
    one = row(contact("1"), survey("NPS", "10", 0.5), meeting(5, "NO_SHOW"))
    other = row(contact("1"), meeting(0.5, "NO_SHOW"))
    nothing = row(contact("1"))

    assert (one.emotion.evidence, one.emotion.n, one.emotion.confidence) == ("measured", 1, "low")
    assert one.emotion.score == pytest.approx(
        100 * 0.5 ** (0.5 / 90) * 2 / (100 * 0.5 ** (0.5 / 90) + 250)
    )
    assert (other.emotion.evidence, other.emotion.withheld) == ("inferred", False)
    assert (nothing.emotion.score, nothing.emotion.n, nothing.emotion.evidence) == (None, 0, "none")


def test_a_timeline_lists_stages_with_dates_and_touches_in_order() -> None:
    one = row(
        contact("1"),
        activity("notes", 60),
        activity("notes", 50),
        activity("calls", 40, hs_call_direction="INBOUND"),
        deal(("high", 30), ("lost", 10)),
    )

    assert one.timeline == (
        "Awareness 2026-03-23–2026-06-01 (note ×2, call.in) → "
        "Purchase 2026-06-01–2026-06-21, lost (sales.lost)"
    )


def test_a_long_timeline_keeps_the_newest_and_counts_the_rest() -> None:
    steps = [("opportunity" if n % 2 else "lead", 900 - n) for n in range(200)]
    one = row(contact("1", *steps, created=1000))

    assert len(one.timeline) <= LONGEST
    assert one.timeline.endswith("Purchase 2024-07-30")
    count, _, kept = one.timeline.partition(" earlier stays → ")
    assert int(count) + len(kept.split(" → ")) == 200


def test_nothing_of_a_record_s_text_is_told_unless_it_is_allowed() -> None:
    world = [
        contact("1", firstname=HOSTILE, email=HOSTILE, country=HOSTILE, hs_persona=HOSTILE),
        deal(("low", 30), ("lost", 9), closed_lost_reason=HOSTILE, dealname=HOSTILE),
        activity("notes", 9, hs_note_body=HOSTILE),
        survey("CSAT", HOSTILE, 5),
    ]

    for detail in ("pseudonymous", "full"):
        told = repr(row(*world, detail=detail))
        assert "private.example" not in told
        assert "Zo" not in told


def test_allowed_properties_are_shown_at_full_only_and_by_their_labels() -> None:
    known = options("contacts/industry", ("X", "Fine arts"), ("Y", "Sport"))
    text = options("contacts/jobtitle")
    one = contact("1", industry="X;Y", jobtitle="Head\nof\x00it", city="Riga")
    allowed = ("industry", "jobtitle", "country")

    full = row(known, text, one, detail="full", properties=allowed)
    assert full.properties == (("industry", "Fine arts, Sport"), ("jobtitle", "Head of it"))
    for detail, names in (("pseudonymous", allowed), ("full", ())):
        assert row(known, text, one, detail=detail, properties=names).properties == ()


def test_a_long_value_says_how_much_is_missing() -> None:
    one = row(contact("1", about="x" * 600), detail="full", properties=("about",))

    assert one.properties == (("about", "x" * 500 + " … (100 more characters)"),)


def test_only_what_is_allowed_is_read_and_only_at_full() -> None:
    def needed(detail: Any) -> Need:
        journey = replace(request(unit="company"), detail=detail, properties=("domain",))
        return plugin.needs(journey)["companies"]

    assert "domain" in needed("full").properties
    assert "domain" not in needed("pseudonymous").properties
    assert "domain" not in needed("aggregate").properties


def test_an_allowed_property_that_is_not_defined_is_a_finding() -> None:
    told = facts(
        options("contacts/city"), contact("1"), detail="full", properties=("citty", "city")
    )

    assert [(f.code, f.key) for f in told.findings] == [("unknown_property", "contacts//citty")]
    assert facts(contact("1"), properties=("citty",)).findings == ()


def test_rows_are_of_the_units_asked_for_the_newest_activity_first() -> None:
    world = [
        contact("1", created=400),
        contact("2", created=30),
        contact("3", created=30),
        contact("4", created=30),
        activity("notes", 5, to=["3"]),
        deal(("low", 20), ("lost", 2), to=["4"]),
        deal(("low", 300), to=["1"]),
    ]

    def ids(only: Any, most: int = 1_000) -> list[str]:
        return [one.id for one in rows(*world, only=only, most=most)]

    assert ids("all") == ["4", "3", "2", "1"]
    assert ids("active") == ["3", "2"]
    assert ids("open_deals") == ["1"]
    assert ids("all", 2) == ["4", "3"]


def test_former_ids_and_the_object_come_along() -> None:
    firm = record("companies", "9", created=50)
    (one,) = travellers(facts(firm, unit="company"), as_of=T, former_ids={"9": ("7", "8")})

    assert (one.object, one.former_ids) == ("companies", ("7", "8"))


def test_rows_do_not_depend_on_the_order_of_records() -> None:
    world = [contact("1"), contact("2"), meeting(9, to=["1", "2"]), activity("notes", 9, to=["2"])]

    assert rows(*world) == rows(*reversed(world))
