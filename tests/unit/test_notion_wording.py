"""How rows and cells are said to people who know them from Notion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cjm_sync.model import Item, canonical
from cjm_sync.ports import Wording
from cjm_sync_notion.columns import JOURNEYS
from cjm_sync_notion.render import frame
from cjm_sync_notion.target import NotionTarget
from cjm_sync_notion.wording import cell_text, column_name, part_name, row_name
from notion_maps import a_map, journey

BERLIN = ZoneInfo("Europe/Berlin")
STAGES = next(
    database
    for database in frame(a_map(journey(currency="EUR")), installation="abc").databases
    if database.kind == "stages"
)


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("conversion", 0.679, "67.9 %"),
        ("skip_rate", 0.07, "7 %"),
        ("open_amount", 42185, "42,185 EUR"),
        ("in_stage", -3, "−3"),
        ("stage", {"choice": "purchase"}, "Purchase"),
        ("stage", {"choice": "gone"}, "gone"),
        ("stage", {"choice_name": "By hand"}, "By hand"),
        ("withheld", "Reach", "Reach"),
        ("no_such_column", 0.5, "0.5"),
        ("no_such_column", True, "yes"),
        ("x", canonical(datetime(2026, 11, 16, 9, 5, tzinfo=UTC)), "2026-11-16 10:05"),
    ],
)
def test_a_cell_reads_as_its_column_shows_it(column: str, cell: Any, text: str) -> None:
    assert cell_text(STAGES, column, cell, timezone=BERLIN) == text


def test_a_column_goes_by_its_name_and_else_by_its_key() -> None:
    assert column_name(STAGES, "conversion") == "Conversion"
    assert column_name(STAGES, "nothing") == column_name(None, "nothing") == "nothing"


def test_a_row_goes_by_its_title_with_its_journey_where_there_are_several() -> None:
    cells = {"name": "Purchase · Everyone", "journey": {"choice": "customers"}}

    assert row_name(STAGES, cells, names_journey=False) == "Purchase · Everyone (Stages)"
    assert (
        row_name(STAGES, cells, names_journey=True)
        == "Purchase · Everyone (Stages, Customer journey)"
    )
    assert (
        row_name(STAGES, {}, names_journey=True) == row_name(None, cells, names_journey=True) == ""
    )


def test_a_row_whose_title_does_not_tell_its_stage_is_told_with_it() -> None:
    stage = {"stage": {"choice": "purchase"}}

    assert row_name(STAGES, {"name": "First meeting", **stage}, names_journey=False) == (
        "First meeting (Stages, Purchase)"
    )
    assert row_name(STAGES, {"name": "Purchase · Everyone", **stage}, names_journey=False) == (
        "Purchase · Everyone (Stages)"
    )


def test_the_parts_of_the_frame_go_by_the_names_they_are_made_with() -> None:
    made = frame(a_map(journey()), installation="abc")
    view = made.views[0]

    assert part_name(Item("_/hub", "hub", made.hub)) == made.hub.title
    assert part_name(Item("_/database/stages", "database", STAGES)) == "Stages"
    assert part_name(Item(view.key, "view", view)).startswith(view.name)
    assert part_name(Item("_/block/changed", "block", ("paragraph", ""))) == "what changed"
    assert part_name(Item("_/block/other", "block", None)) == ""


def test_a_row_of_one_unit_is_told_by_its_key_only() -> None:
    assert row_name(JOURNEYS, {"name": "A. Person"}, names_journey=False) == ""


def test_the_target_offers_its_words() -> None:
    assert issubclass(NotionTarget, Wording)
