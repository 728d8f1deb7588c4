"""What a map becomes in Notion: rows, keys, options, the frame and the document about columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cjm_sync.journey.types import Emotion, JourneyMap, Mix, Outcomes
from cjm_sync.model import Choice, Link, Page, canonical
from cjm_sync.ports import Disclosure, Figures
from cjm_sync_notion import columns
from cjm_sync_notion.columns import DATABASES, columns_markdown
from cjm_sync_notion.render import How, frame, outcomes_text, rows, run_row, status_text
from cjm_sync_notion.values import resolve, schema, units
from cjm_sync_notion.views import Plan
from cjm_sync_notion.workspace import SYNC_KEY, ColumnId, Database, OptionName, View, marker
from notion_maps import NOON, SILENT, a_map, cell, journey, persona, stage, touchpoint


def by_key(pages: tuple[Page, ...]) -> dict[str, Page]:
    found = {page.key: page for page in pages}
    assert len(found) == len(pages)
    return found


def database(kind: str, journey_map: JourneyMap | None = None) -> Database:
    made = frame(journey_map or a_map(), installation="abc").databases
    return next(database for database in made if database.kind == kind)


FULL = Disclosure("full", "secret", "123")
WITHOUT_HISTORY = How(history="off")


def figures(**changes: Any) -> Figures:
    made = Figures(
        "r1", NOON, NOON, NOON, "done", created=1, updated=2, unchanged=3, kept=4, archived=5,
        requests_source=6, requests_target=7, findings=8,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_row_uses_only_synced_columns_of_its_database() -> None:
    bound = ["customers/persona/user", "customers/touchpoint/service/sales.quote"]
    pages = (*rows(a_map(), bound=bound), run_row(figures(), index=3))

    for page in pages:
        held = next(database for database in DATABASES if database.kind == page.collection)
        synced = {column.key for column in held.columns if column.owner == "sync"}
        assert set(page.cells) == synced, page.key


def test_a_row_left_as_it_was_names_only_its_key_and_state() -> None:
    keys = ["customers/pain/PP1/purchase/x", "customers/history/2026-10/gone/everyone"]

    pages = by_key(rows(a_map(journey(pains=())), bound=keys))

    assert pages[keys[0]].cells == {"sync_key": keys[0], "state": Choice("resolved", "resolved")}
    assert pages[keys[1]].cells == {"sync_key": keys[1]}


def test_rows_stand_behind_the_rows_they_link_to() -> None:
    pages = rows(a_map(), bound=["customers/persona/user", "customers/stage/service/user"])
    seen: set[str] = set()

    for page in pages:
        links = [value for value in page.cells.values() if isinstance(value, Link)]
        assert all(key in seen for link in links for key in link.keys), page.key
        seen.add(page.key)
    assert [page.collection for page in pages] == sorted(
        (page.collection for page in pages), key=[d.kind for d in DATABASES].index
    )
    assert by_key(pages)["customers/stage/service/user"].cells["persona_row"] == Link(
        ("customers/persona/user",)
    )


def test_keys_are_percent_encoded_and_name_their_subject() -> None:
    odd = "Päivi/§ 1~a-b.c_d%"
    made = journey(
        personas=(persona(odd, "Odd"),),
        stages=(stage("purchase", 3, cell(odd)),),
        touchpoints=(touchpoint("ext.a/b"),),
    )

    pages = by_key(rows(a_map(made), bound=[], how=WITHOUT_HISTORY))

    assert set(pages) == {
        "customers/persona/P%C3%A4ivi%2F%C2%A7%201~a-b.c_d%25",
        "customers/stage/purchase/P%C3%A4ivi%2F%C2%A7%201~a-b.c_d%25",
        "customers/touchpoint/purchase/ext.a%2Fb",
    }
    assert all(page.cells[SYNC_KEY] == key for key, page in pages.items())
    assert {page.journey for page in pages.values()} == {"customers"}


def test_a_row_that_is_not_there_is_not_linked_to() -> None:
    made = journey(personas=(persona(),), stages=(stage("purchase", 3, cell("champion")),))

    pages = by_key(rows(a_map(made), bound=[]))

    assert pages["customers/stage/purchase/champion"].cells["persona_row"] is None
    assert pages["customers/touchpoint/purchase/meet.first"].cells["stage_row"] is None


def test_a_stage_row_shows_its_numbers_rounded() -> None:
    page = by_key(rows(a_map(), bound=[]))["customers/stage/purchase/everyone"]

    assert {key: canonical(value) for key, value in page.cells.items()} == {
        "name": "Purchase · Everyone",
        "stage": {"choice": "purchase"},
        "persona": {"choice": "everyone"},
        "journey": {"choice": "customers"},
        "in_stage": 40, "dormant": 3, "entered": 25, "units": 60, "decided": 30,
        "conversion": 0.417, "conversion_low": 0.254, "conversion_high": 0.598,
        "drop_off": 0.1, "regression": 0, "skip_rate": 0.034, "completed": 20,
        "median_days": 12, "p90_days": 31, "open_median_days": 0, "touches_per_unit": 2.4,
        "emotion": 0.4, "feeling": {"choice": "pleased"}, "emotion_n": 12,
        "emotion_evidence": {"choice": "measured"}, "emotion_confidence": {"choice": "medium"},
        "nps": -13, "nps_n": 15, "csat": 0.833, "csat_n": 12, "ces": 5.2, "ces_n": 8,
        "open_amount": 120_000, "won_amount": 80_000,
        "emotion_shown": 0.4, "emotion_gap": None, "onboarding": None, "change": None,
        "persona_row": {"link": ["customers/persona/everyone"]},
        "state": {"choice": "active"}, "withheld": None, "order": 3,
        "sync_key": "customers/stage/purchase/everyone",
    }  # fmt: skip


def test_a_touchpoint_row_shows_label_channel_and_reach() -> None:
    page = by_key(rows(a_map(), bound=[]))["customers/touchpoint/purchase/meet.first"]

    assert {key: canonical(value) for key, value in page.cells.items()} == {
        "name": "First meeting or demo", "stage": {"choice": "purchase"},
        "channel": {"choice": "Meeting"}, "journey": {"choice": "customers"},
        "touches": 31, "units": 22, "reach": 0.367, "emotion": 0,
        "feeling": {"choice": "indifferent"}, "emotion_n": 9,
        "emotion_evidence": {"choice": "inferred"}, "emotion_confidence": {"choice": "low"},
        "emotion_shown": 0, "emotion_gap": None,
        "moment": False, "moment_verdict": None, "moment_ratio": None, "moment_low": None,
        "moment_high": None, "moment_q": None, "moment_exposed": None,
        "stage_row": {"link": ["customers/stage/purchase/everyone"]},
        "state": {"choice": "active"}, "withheld": None, "order": 3,
        "sync_key": "customers/touchpoint/purchase/meet.first",
    }  # fmt: skip


def test_a_persona_row_tells_mix_source_and_touches_in_words() -> None:
    page = by_key(rows(a_map(), bound=[]))["customers/persona/everyone"]

    assert page.cells["mix_country"] == "Sweden 30 (50 %) · Latvia 15 (25 %) · other 15 (25 %)"
    assert page.cells["mix_industry"] is None
    assert page.cells["top_source"] == "Organic search"
    assert page.cells["preferred_channel"] == "Meeting"
    assert page.cells["touches_per_stage"] == "Purchase 2.4 · Service –"
    assert page.cells["mix_other"] is None
    assert page.cells["average_order_value"] == 1234
    assert page.cells["cycle_days"] == 46
    assert page.cells["share"] == 1


def test_a_mix_that_only_this_profile_knows_is_shown_too() -> None:
    mixes = (Mix("size", ()), Mix("region", (("North", 45), ("South", 15))), Mix("tier", ()))
    made = journey(personas=(persona(mixes=mixes),))

    page = by_key(rows(a_map(made), bound=[]))["customers/persona/everyone"]

    assert page.cells["mix_size"] is None
    assert page.cells["mix_other"] == "region: North 45 (75 %) · South 15 (25 %)"


@pytest.mark.parametrize(
    ("rest", "text"),
    [(48, "North 12 (20 %) · other 48 (80 %)"), (49, "mostly other values")],
)
def test_a_mix_of_mostly_other_values_is_told_in_words(rest: int, text: str) -> None:
    mixes = (Mix("country", (("North", 60 - rest if rest == 48 else 11),), rest=rest),)

    page = by_key(rows(a_map(journey(personas=(persona(mixes=mixes),))), bound=[]))

    assert page["customers/persona/everyone"].cells["mix_country"] == text


def test_a_withheld_number_is_empty_and_named() -> None:
    hidden = Emotion(None, None, "none", None, withheld=True)
    small = cell(withheld=True, conversion=None, conversion_low=None, conversion_high=None,
                 nps=None, nps_n=None, emotion=hidden)  # fmt: skip
    made = journey(
        stages=(stage("purchase", 3, small), stage("service", 4, small)),
        touchpoints=(touchpoint(units=None, reach=None, withheld=True),),
        personas=(persona(win_rate=None, withheld=True),),
    )

    pages = by_key(rows(a_map(made), bound=[]))

    assert pages["customers/stage/purchase/everyone"].cells["withheld"] == (
        "Conversion, Conversion low, Conversion high, Emotion, Signals, NPS, NPS answers"
    )
    assert pages["customers/stage/purchase/everyone"].cells["conversion"] is None
    assert pages["customers/stage/purchase/everyone"].cells["emotion"] is None
    assert pages["customers/touchpoint/purchase/meet.first"].cells["withheld"] == (
        "Units touched, Reach"
    )
    assert pages["customers/persona/everyone"].cells["withheld"] == "Win rate, Touches per stage"


def test_the_last_stage_lacks_a_conversion_without_withholding_it() -> None:
    last = cell(conversion=None, conversion_low=None, conversion_high=None, ces=None, withheld=True)
    made = journey(stages=(stage(), stage("service", 4, last)))

    page = by_key(rows(a_map(made), bound=[]))["customers/stage/service/everyone"]

    assert page.cells["withheld"] == "CES"


def test_a_number_that_is_empty_for_another_reason_is_not_called_withheld() -> None:
    made = journey(stages=(stage("purchase", 3, cell(emotion=SILENT)),))

    page = by_key(rows(a_map(made), bound=[]))["customers/stage/purchase/everyone"]

    assert page.cells["withheld"] is None
    assert page.cells["emotion"] is None
    assert page.cells["emotion_evidence"] == Choice("none", "none")


@pytest.mark.parametrize(
    ("score", "word"),
    [(1.25, "delighted"), (1.2499, "pleased"), (0.4, "pleased"), (0.3999, "indifferent"),
     (-0.3999, "indifferent"), (-0.4, "uneasy"), (-1.2499, "uneasy"), (-1.25, "frustrated")],
)  # fmt: skip
def test_the_feeling_follows_the_exact_score(score: float, word: str) -> None:
    made = journey(
        stages=(stage("purchase", 3, cell(emotion=Emotion(score, 50, "measured", "high"))),)
    )

    page = by_key(rows(a_map(made), bound=[]))["customers/stage/purchase/everyone"]

    assert page.cells["feeling"] == Choice(word, word)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("customers/persona/user", "User"),
        ("customers/stage/service/user", "Service · User"),
        ("customers/touchpoint/service/meet.first", "First meeting or demo"),
        ("customers/touchpoint/service/sales.quote", "Quote sent"),
    ],
)
def test_a_known_subject_without_data_keeps_its_row_empty(key: str, name: str) -> None:
    page = by_key(rows(a_map(), bound=[key]))[key]
    held = next(database for database in DATABASES if database.kind == page.collection)

    assert page.cells["state"] == Choice("no_data", "no data")
    assert page.cells["name"] == name
    assert page.cells["journey"] == Choice("customers", "Customer journey")
    numbers = [c.key for c in held.columns if c.type == "number" and c.key != "order"]
    assert {page.cells[key] for key in numbers if key in page.cells} == {None}
    assert page.cells["withheld"] is None


@pytest.mark.parametrize(
    "key",
    [
        "customers/persona/stranger", "customers/stage/gone/everyone",
        "customers/stage/service/stranger", "customers/touchpoint/gone/meet.first",
        "customers/touchpoint/service/gone", "others/persona/everyone", "_/run/03", "_/hub",
        "customers/persona/us%65r", "customers/persona/user/more", "customers", "",
        "customers/history/2026-10/purchase", "customers/pain/PP1/gone/x",
        "customers/opportunity/PP1/gone/x", "customers/unit/contacts",
    ],
)  # fmt: skip
def test_a_bound_key_of_an_unknown_subject_gives_no_row(key: str) -> None:
    assert rows(a_map(), bound=[key]) == rows(a_map(), bound=[])


def test_bound_rows_of_the_map_stay_as_they_are() -> None:
    pages = rows(a_map(), bound=[])

    assert rows(a_map(), bound=[page.key for page in pages]) == pages


def test_a_touchpoint_without_data_keeps_label_and_usual_channel() -> None:
    key = "customers/touchpoint/service/sales.quote"

    page = by_key(rows(a_map(), bound=[key]))[key]

    assert page.cells["channel"] == Choice("Document", "Document")
    options = database("touchpoints").column("channel").options
    assert "Document" in [option.label for option in options]


def test_a_persona_that_comes_or_goes_moves_no_other() -> None:
    user = persona("user", "User")
    before = by_key(rows(a_map(journey(known_personas=(("user", "User"), ("champion", "C")))),
                         bound=[]))  # fmt: skip
    after = by_key(rows(a_map(journey(known_personas=(("user", "User"), ("champion", "C")),
                                      personas=(persona(), user, persona("champion", "Champion")))),
                        bound=[]))  # fmt: skip

    key = "customers/persona/champion"
    assert before[key].cells["order"] == after[key].cells["order"] == 2


def test_the_order_of_input_does_not_show() -> None:
    both = (touchpoint(), touchpoint("sales.quote", channel="Document"))
    one = journey(touchpoints=both)
    other = journey(touchpoints=both[::-1], stages=journey().stages[::-1])

    assert rows(a_map(one), bound=["b", "a"]) == rows(a_map(other), bound=["a", "b"])
    assert frame(a_map(one), installation="i") == frame(a_map(other), installation="i")


def test_twins_in_another_case_get_a_suffix_and_rows_choose_them_by_it() -> None:
    made = journey(
        personas=(persona(), persona("p1", "Buyer, big"), persona("p2", "BUYER, BIG")),
        stages=(stage("purchase", 3, cell("p1"), cell("p2")),),
        known_personas=(),
    )

    pages = by_key(rows(a_map(made), bound=[]))
    options = database("stages", a_map(made)).column("persona").options

    assert [option.label for option in options] == [
        "Everyone",
        "Buyer‚ big (p1)",
        "BUYER‚ BIG (p2)",
    ]
    assert pages["customers/stage/purchase/p2"].cells["persona"] == Choice("p2", "BUYER‚ BIG (p2)")
    assert pages["customers/stage/purchase/p2"].cells["name"] == "Purchase · BUYER, BIG"


def test_options_known_at_creation_stand_in_the_order_of_the_journey() -> None:
    stages = database("stages")

    assert [o.key for o in stages.column("stage").options] == ["purchase", "service"]
    assert [o.key for o in stages.column("persona").options] == ["everyone", "champion", "user"]
    assert [o.key for o in database("touchpoints").column("channel").options] == [
        "Document",
        "Meeting",
    ]
    assert [o.label for o in stages.column("journey").options] == ["Customer journey"]
    colors = [option.color for option in stages.column("stage").options]
    assert len(set(colors)) == len(colors)


@pytest.mark.parametrize(
    ("currencies", "number_format"),
    [(("EUR",), "euro"), (("SEK", "SEK"), "krona"), (("EUR", "USD"), "number_with_commas"),
     (("XAU",), "number_with_commas"), (("",), "number_with_commas")],
)  # fmt: skip
def test_amounts_have_the_format_of_the_one_currency(
    currencies: tuple[str, ...], number_format: str
) -> None:
    journeys = [
        journey(key=f"j{number}", currency=currency) for number, currency in enumerate(currencies)
    ]

    stages = database("stages", a_map(*journeys))

    assert stages.column("won_amount").number_format == number_format
    assert stages.column("nps").number_format == "number"


@pytest.mark.parametrize("held", DATABASES, ids=lambda held: held.kind)
def test_a_database_is_well_formed(held: Database) -> None:
    names = [column.name.casefold() for column in held.columns]
    keys = [column.key for column in held.columns]

    assert [column.type for column in held.columns].count("title") == 1
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)
    assert SYNC_KEY in keys
    for column in held.columns:
        assert 0 < len(column.description) <= 280, column.key
        assert ("the sync never writes here" in column.description) == (column.owner == "people")
        assert len(column.options) == len({option.label.casefold() for option in column.options})


def test_relations_point_to_databases_that_stand_before_them() -> None:
    built: list[str] = []

    for held in DATABASES:
        assert all(c.relates_to in built for c in held.columns if c.type == "relation")
        built.append(held.kind)
    assert built == [
        "personas", "stages", "touchpoints", "pains", "opportunities", "history", "units", "runs",
    ]  # fmt: skip


def test_every_database_says_whose_it_is() -> None:
    for held in frame(a_map(), installation="abc").databases:
        assert marker("abc", held.kind) in held.description


def test_the_schema_is_what_notion_takes() -> None:
    made = schema(database("stages"), data_source_ids={"personas": "ds-1"})

    assert made["Stage and persona"]["title"] == {}
    assert made["Conversion"]["number"] == {"format": "percent"}
    assert made["Won amount"]["number"] == {"format": "euro"}
    assert made["Owner"]["people"] == {}
    assert made["State"]["select"]["options"][0] == {"name": "active", "color": "green"}
    assert made["Persona row"]["relation"] == {
        "data_source_id": "ds-1", "type": "single_property", "single_property": {},
    }  # fmt: skip
    assert all(set(value) - {"description"} for value in made.values())
    assert len(made) == len(database("stages").columns)


def test_the_document_on_columns_is_the_table() -> None:
    document = Path(__file__).parents[2] / "docs" / "notion-columns.md"

    assert document.read_text(encoding="utf-8") == columns_markdown()


def _blocks(blocks: list[Mapping[str, Any]], depth: int = 1) -> Iterator[tuple[int, Any]]:
    for block in blocks:
        yield depth, block
        yield from _blocks(block[block["type"]].get("children", []), depth + 1)


def test_the_hub_can_be_made_in_one_request() -> None:
    hub = frame(a_map(), installation="abc").hub
    every = list(_blocks([block.json for block in hub.blocks]))

    assert len(hub.blocks) <= 100
    assert len(every) <= 90
    assert max(depth for depth, _ in every) <= 2
    assert len({block.key for block in hub.blocks}) == len(hub.blocks)
    for _, block in every:
        for item in block[block["type"]]["rich_text"]:
            assert set(item) == {"type", "text"}
            assert units(item["text"]["content"]) <= 2_000


def test_the_hub_begins_with_its_marker_and_owns_only_leaves() -> None:
    hub = frame(a_map(), installation="abc").hub
    owned = [block for block in hub.blocks if block.owned]

    first = hub.blocks[0].json["paragraph"]["rich_text"][0]["text"]["content"]
    assert marker("abc", "hub") in first
    assert [block.key for block in owned] == ["status", "changed", "outcomes"]
    assert all(block.json["type"] == "paragraph" for block in owned)


def test_the_hub_carries_every_section_of_a_journey_map() -> None:
    hub = frame(a_map(), installation="abc").hub
    headings = [
        block.json[block.json["type"]]["rich_text"][0]["text"]["content"]
        for block in hub.blocks
        if block.json["type"] == "heading_2"
    ]

    assert headings == [
        "Personas", "Stages and user flow", "Touchpoints, online and offline",
        "Emotion, delights and pains", "Metrics", "Behaviour patterns",
        "Needs, thoughts and expectations", "Opportunities and actions", "Feedback loop", "Review",
        "Tables behind this page",
    ]  # fmt: skip


def test_the_hub_tells_units_in_no_stage_from_dormant_ones_and_from_the_unmapped() -> None:
    outcomes = Outcomes(lost=7, churned=None, dormant=6, unmapped=9)

    assert outcomes_text(a_map(journey(outcomes=outcomes))) == (
        "In no stage now: lost 7, churned not enough data. In a stage but dormant: 6. "
        "Of 60 contacts 9 have a lifecycle value that no rule maps: "
        "Partner (5), Press (not enough data)."
    )


@pytest.mark.parametrize(
    ("unmapped", "words"),
    [
        (None, "Contacts with a lifecycle value that no rule maps: not enough data."),
        (0, "No contact has a lifecycle value that no rule maps."),
    ],
)
def test_few_or_no_unmapped_units_are_told_in_a_whole_sentence(
    unmapped: int | None, words: str
) -> None:
    outcomes = Outcomes(lost=7, churned=5, dormant=6, unmapped=unmapped)

    assert outcomes_text(a_map(journey(outcomes=outcomes, unmapped_values=()))).endswith(words)


@pytest.mark.parametrize(("unit", "words"), [("company", "60 companies 9"), ("deal", "60 deals 9")])
def test_outcomes_name_what_the_journey_counts(unit: str, words: str) -> None:
    outcomes = Outcomes(lost=7, churned=5, dormant=6, unmapped=9)

    assert f"Of {words} have" in outcomes_text(a_map(journey(unit=unit, outcomes=outcomes)))


def test_each_journey_has_its_own_line_of_outcomes() -> None:
    two = outcomes_text(a_map(journey(), journey(key="b", name="Renewals", unmapped_values=())))
    assert two.splitlines()[1].startswith("In no stage now (Renewals): lost 7,")


CHART_KEYS = {
    "type", "chart_type", "x_axis", "y_axis", "x_axis_property_id", "y_axis_property_id", "value",
    "stack_by", "group_style", "sort", "color_theme", "color_by_value", "height",
    "hide_empty_groups", "legend_position", "show_data_labels", "axis_labels", "grid_lines",
    "cumulative", "smooth_line", "hide_line_fill_area", "y_axis_min", "y_axis_max", "donut_labels",
    "hide_title", "reference_lines", "caption",
}  # fmt: skip
VIEW_KEYS = {
    "chart": (CHART_KEYS, {"type", "chart_type"}),
    "board": (
        {"type", "group_by", "sub_group_by", "properties", "cover", "cover_size", "cover_aspect",
         "card_layout"},
        {"type", "group_by"},
    ),
    "gallery": (
        {"type", "properties", "cover", "cover_size", "cover_aspect", "card_layout"}, {"type"}
    ),
    "timeline": (
        {"type", "date_property_id", "end_date_property_id", "properties", "show_table",
         "table_properties", "preference", "arrows_by", "color_by"},
        {"type", "date_property_id"},
    ),
    "table": (
        {"type", "properties", "group_by", "subtasks", "wrap_cells", "frozen_column_index",
         "show_vertical_lines"},
        {"type"},
    ),
}  # fmt: skip


def _column_ids(value: Any) -> Iterator[str]:
    match value:
        case ColumnId(column=column) | OptionName(column=column):
            yield column
        case Mapping():
            for part in value.values():
                yield from _column_ids(part)
        case list() | tuple():
            for part in value:
                yield from _column_ids(part)
        case _:
            pass


TWO = a_map(journey(), journey(key="renewals", name="Renewals", stages=(stage("loyalty", 1),),
                               touchpoints=()))  # fmt: skip


@pytest.mark.parametrize(
    "view",
    [
        view
        for view in frame(TWO, installation="i", how=How(disclosure=FULL)).views
        if view.type != "dashboard"
    ],
    ids=lambda view: view.key,
)
def test_a_view_is_made_of_documented_keys_and_columns_that_exist(view: View) -> None:
    assert view.configuration is not None
    allowed, required = VIEW_KEYS[view.type]
    made = frame(TWO, installation="abc", how=How(disclosure=FULL)).databases
    held = next(database for database in made if database.kind == view.kind)

    assert view.configuration["type"] == view.type
    assert required <= set(view.configuration) <= allowed
    used = set(_column_ids([view.configuration, view.filter, view.sorts]))
    assert used <= {column.key for column in held.columns}
    for option in (view.filter or {})["and"]:
        [(_, wanted)] = option["select"].items()
        labels = {o.key: o.label for o in held.column(wanted.column).options}
        assert labels[wanted.key] == wanted.label
    assert "formula" not in str(view)


def views_of(journey_map: JourneyMap, plan: Plan = "auto") -> tuple[View, ...]:
    return frame(journey_map, installation="i", how=How(plan=plan)).views


def test_views_are_filtered_by_journey_and_hide_what_is_not_refreshed() -> None:
    for view in views_of(TWO):
        if view.type == "dashboard":
            assert view.filter is None
            continue
        wanted = {(name, option.key) for name, option in _conditions(view)}

        assert wanted & {("does_not_equal", "retired"), ("equals", "active")}
        assert {key for name, key in wanted if name == "equals"} & {"customers", "renewals"}
        if view.kind in {"stages", "history"}:
            persona = view.page.rpartition("/")[2] or "everyone"
            assert ("equals", persona) in wanted


def _conditions(view: View) -> Iterator[tuple[str, OptionName]]:
    for condition in (view.filter or {})["and"]:
        yield from condition["select"].items()


def test_views_have_one_name_each_and_an_anchor_on_the_hub() -> None:
    one = frame(a_map(), installation="i")
    two = frame(TWO, installation="i")
    anchors = {block.key for block in two.hub.blocks if block.anchor}

    names = [(view.kind, view.name) for view in two.views]
    assert len(set(names)) == len(names)
    assert len({view.key for view in two.views}) == len(two.views)
    on_hub = [view for view in two.views if not (view.page or view.dashboard)]
    assert {view.after for view in on_hub} == anchors
    assert {view.name for view in one.views if not (view.page or view.dashboard)} == {
        "Personas", "Journey board", "Touchpoints by date", "Touchpoints", "Emotion curve", "Funnel",
        "Stages", "Time in stage", "Trend of emotion", "Trend of conversion", "Pains by severity",
        "Delights", "Roadmap", "Opportunities", "The map at a glance",
    }  # fmt: skip
    assert "Funnel · Renewals" in {view.name for view in two.views}
    assert [view.key for view in two.views if view.name.startswith("Funnel")] == [
        "_/view/renewals/funnel", "_/view/customers/funnel",
    ]  # fmt: skip


def test_the_emotion_curve_is_the_first_chart_and_on_the_free_plan_the_only_one() -> None:
    def charts(plan: Plan) -> list[str]:
        return [view.name for view in views_of(a_map(), plan) if view.type == "chart"]

    assert charts("plus") == [
        "Emotion curve", "Funnel", "Time in stage", "Trend of emotion", "Trend of conversion",
    ]  # fmt: skip
    assert charts("free") == ["Emotion curve"]
    assert {"Funnel", "Trend"} <= {v.name for v in views_of(a_map(), "free") if v.type == "table"}


@pytest.mark.parametrize(
    ("plan", "has_one"),
    [("free", False), ("plus", False), ("auto", True), ("business", True), ("enterprise", True)],
)
def test_a_dashboard_is_wished_where_the_plan_may_have_it(plan: Plan, has_one: bool) -> None:
    made = frame(a_map(), installation="i", how=How(plan=plan))
    boards = [view for view in made.views if view.type == "dashboard"]

    assert bool(boards) == has_one
    assert any(block.key == "dashboard-view" for block in made.hub.blocks) == has_one


def test_a_dashboard_stays_within_twelve_widgets_and_four_in_a_row() -> None:
    widgets = [view for view in views_of(a_map()) if view.dashboard]
    rows_of = [view.row for view in widgets]

    assert 3 <= len(widgets) <= 12
    assert max(rows_of.count(row) for row in rows_of) <= 4
    assert rows_of == sorted(rows_of)
    for row in set(rows_of):
        assert [w.opens_row for w in widgets if w.row == row].index(True) == 0
    assert {widget.dashboard for widget in widgets} == {"_/view/customers/dashboard"}


def test_a_persona_has_a_table_on_its_own_page_and_everyone_none() -> None:
    on_pages = [view for view in views_of(a_map()) if view.page]

    assert [(view.page, view.name) for view in on_pages] == [
        ("customers/persona/champion", "Stages of Champion")
    ]


def test_the_slow_stage_is_seen_first_in_the_table_of_metrics() -> None:
    view = next(v for v in frame(a_map(), installation="i").views if v.name == "Stages")
    configuration = view.configuration or {}

    shown = [part["property_id"].column for part in configuration["properties"]]

    assert shown[:4] == ["name", "in_stage", "median_days", "conversion"]


def test_the_hub_says_that_the_last_stage_is_not_compared() -> None:
    hub = frame(a_map(), installation="abc").hub
    words = next(block.json for block in hub.blocks if block.key == "metrics-view")

    assert "the last one is not compared" in str(words)


def test_an_open_task_on_the_hub_says_what_to_write() -> None:
    hub = frame(a_map(), installation="abc").hub

    tasks = [block.json["to_do"] for block in hub.blocks if block.json["type"] == "to_do"]

    assert [task["rich_text"][0]["text"]["content"] for task in tasks] == [
        "First action: what, who, by when",
        "First review: date and people",
    ]


def test_view_json_is_resolved_to_ids_and_present_names() -> None:
    held = database("stages")
    ids = {column.key: f"id-{column.key}" for column in held.columns}
    view = next(v for v in frame(a_map(), installation="i").views if v.name == "Funnel")

    made = resolve(view.filter, ids, option=lambda column, key: {"everyone": "All"}.get(key))

    assert made == {"and": [
        {"property": "id-journey", "select": {"equals": "Customer journey"}},
        {"property": "id-persona", "select": {"equals": "All"}},
        {"property": "id-state", "select": {"does_not_equal": "retired"}},
    ]}  # fmt: skip
    with pytest.raises(KeyError):
        resolve(ColumnId("nowhere"), ids)


@pytest.mark.parametrize(("index", "key"), [(0, "_/run/00"), (49, "_/run/49"), (50, "_/run/00")])
def test_runs_use_fifty_rows_again_and_again(index: int, key: str) -> None:
    page = run_row(figures(), index=index)

    assert page.key == page.cells[SYNC_KEY] == key
    assert page.journey == ""
    assert page.cells["name"] == "2026-11-20 12:00 UTC"
    assert page.cells["as_of"] == NOON.replace(second=0)
    assert page.cells["outcome"] == Choice("done", "done")
    assert page.cells["requests_target"] == 7


@pytest.mark.parametrize(
    ("outcome", "beginning"),
    [("done", "Last refreshed 2026-11-20 13:00 (Europe/Stockholm)."),
     ("partial", "Last refreshed 2026-11-20 13:00 (Europe/Stockholm), in part"),
     ("refused", "The run of 2026-11-20 13:00 (Europe/Stockholm) ended as refused")],
)  # fmt: skip
def test_the_status_line_tells_the_time_where_people_are(outcome: str, beginning: str) -> None:
    text = status_text(as_of=NOON, timezone=ZoneInfo("Europe/Stockholm"), outcome=outcome)

    assert text.startswith(beginning)


def test_a_map_without_journeys_still_has_its_tables() -> None:
    empty = JourneyMap(NOON, ())

    assert rows(empty, bound=["customers/persona/user"]) == ()
    assert frame(empty, installation="i").views == ()
    assert [d.kind for d in frame(empty, installation="i").databases] == [
        database.kind for database in columns.DATABASES if database.kind != "units"
    ]
    assert outcomes_text(empty) == ""
