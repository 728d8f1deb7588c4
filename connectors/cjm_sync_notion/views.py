"""The views on the hub: made once, never edited after, and free of charge at every later run.

Each shows one journey's live rows. Filters, sorts and axes name columns by `ColumnId` and options
by `OptionName`, which the target replaces; none rests on a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cjm_sync_notion.column_parts import STATE
from cjm_sync_notion.template import OUTCOMES
from cjm_sync_notion.workspace import ColumnId, Database, OptionName, View

_TITLE_WIDTH = 240
_WIDTH = 130


def journey_views(
    databases: Sequence[Database],
    *,
    journey: OptionName,
    everyone: OptionName,
    suffix: str,
    hide_empty_stages: bool,
) -> Iterator[View]:
    """Yield the views of one journey; *suffix* tells their names from another journey's.

    The emotion curve is the first chart, because the Free plan shows one chart only.
    """
    kinds = {database.kind: database for database in databases}
    key = f"_/view/{journey.key}"
    live = _is_not(STATE, "retired", "retired")
    of_journey = [_is(journey), live]
    of_everyone = [_is(journey), _is(everyone), live]
    yield View(
        f"{key}/personas", "personas", f"Personas{suffix}", "gallery", "personas-view",
        configuration={
            "type": "gallery",
            "card_layout": "compact",
            "properties": _shown(kinds["personas"], (
                "name", "units", "share", "win_rate", "average_order_value", "cycle_days",
                "preferred_channel", "quote",
            )),
        },
        filter={"and": of_journey},
        sorts=(_sort("order", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/board", "touchpoints", f"Journey board{suffix}", "board", "board-view",
        configuration={
            "type": "board",
            "group_by": {**_by("stage"), "hide_empty_groups": hide_empty_stages},
            "card_layout": "compact",
            "properties": _shown(kinds["touchpoints"], (
                "name", "channel", "touches", "reach", "emotion", "feeling", "key_moment",
            )),
        },
        filter={"and": of_journey},
        sorts=(_sort("reach", "descending"), _sort("touches", "descending")),
    )  # fmt: skip
    yield View(
        f"{key}/touchpoints", "touchpoints", f"Touchpoints{suffix}", "table", "touchpoints-view",
        configuration=_table(kinds["touchpoints"], (
            "name", "stage", "channel", "touches", "units", "reach", "emotion", "feeling",
            "emotion_evidence", "emotion_n", "key_moment", "owner", "status", "decision", "due",
            "withheld",
        )),
        filter={"and": of_journey},
        sorts=(_sort("order", "ascending"), _sort("reach", "descending")),
    )  # fmt: skip
    yield View(
        f"{key}/emotion", "stages", f"Emotion curve{suffix}", "chart", "emotion-view",
        configuration={
            "type": "chart",
            "chart_type": "line",
            "x_axis": _by("stage"),
            "y_axis": {"aggregator": "average", "property_id": ColumnId("emotion")},
            "sort": "manual",
            "hide_empty_groups": hide_empty_stages,
            "y_axis_min": -2,
            "y_axis_max": 2,
            "smooth_line": True,
            "hide_line_fill_area": True,
            "show_data_labels": True,
            "axis_labels": "both",
            "grid_lines": "horizontal",
            "reference_lines": [
                {"value": 0, "label": "Indifferent", "color": "gray", "dash_style": "dash"}
            ],
            "color_theme": "purple",
            "height": "medium",
        },
        filter={"and": of_everyone},
    )  # fmt: skip
    yield View(
        f"{key}/funnel", "stages", f"Funnel{suffix}", "chart", OUTCOMES,
        configuration={
            "type": "chart",
            "chart_type": "column",
            "x_axis": _by("stage"),
            "y_axis": {"aggregator": "sum", "property_id": ColumnId("entered")},
            "sort": "manual",
            "hide_empty_groups": hide_empty_stages,
            "show_data_labels": True,
            "axis_labels": "both",
            "grid_lines": "horizontal",
            "color_theme": "blue",
            "height": "medium",
        },
        filter={"and": of_everyone},
    )  # fmt: skip
    yield View(
        f"{key}/stages", "stages", f"Stages{suffix}", "table", "metrics-view",
        configuration=_table(kinds["stages"], (
            "name", "in_stage", "median_days", "conversion", "dormant", "entered", "drop_off",
            "p90_days", "touches_per_unit", "emotion", "feeling", "nps", "csat", "ces",
            "open_amount", "won_amount", "owner", "status", "target_days", "withheld",
        )),
        filter={"and": of_everyone},
        sorts=(_sort("order", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/time", "stages", f"Time in stage{suffix}", "chart", "metrics-view",
        configuration={
            "type": "chart",
            "chart_type": "column",
            "x_axis": _by("stage"),
            "y_axis": {"aggregator": "average", "property_id": ColumnId("median_days")},
            "sort": "manual",
            "hide_empty_groups": hide_empty_stages,
            "show_data_labels": True,
            "axis_labels": "both",
            "grid_lines": "horizontal",
            "color_theme": "orange",
            "height": "medium",
        },
        filter={"and": of_everyone},
    )  # fmt: skip


def _is(option: OptionName) -> dict[str, Any]:
    return {"property": ColumnId(option.column), "select": {"equals": option}}


def _is_not(column: str, key: str, label: str) -> dict[str, Any]:
    # An empty State passes too, so a person's own row without it is not hidden.
    return {
        "property": ColumnId(column),
        "select": {"does_not_equal": OptionName(column, key, label)},
    }


def _by(column: str) -> dict[str, Any]:
    """Return a group-by whose groups stand in the order of the options, which is the journey's."""
    return {"type": "select", "property_id": ColumnId(column), "sort": {"type": "manual"}}


def _sort(column: str, direction: str) -> dict[str, Any]:
    return {"property": ColumnId(column), "direction": direction}


def _table(database: Database, shown: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "table",
        "properties": [
            {**part, "width": _TITLE_WIDTH if part["property_id"].column == "name" else _WIDTH}
            for part in _shown(database, shown)
        ],
        "wrap_cells": False,
        "frozen_column_index": 1,
    }


def _shown(database: Database, shown: Sequence[str]) -> list[dict[str, Any]]:
    """Return every column of *database*, *shown* ones first; a column left out would be visible."""
    rest = [column.key for column in database.columns if column.key not in shown]
    return [
        {"property_id": ColumnId(database.column(key).key), "visible": key in shown}
        for key in (*shown, *rest)
    ]
