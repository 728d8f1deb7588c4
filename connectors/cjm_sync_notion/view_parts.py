"""Notion's JSON for filters, sorts, tables, timelines and charts, with our own column keys in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cjm_sync_notion.column_parts import STATE
from cjm_sync_notion.workspace import ColumnId, Database, OptionName

_TITLE_WIDTH = 240
_WIDTH = 130


def equals(option: OptionName) -> dict[str, Any]:
    """Return the condition that a select column holds *option*."""
    return {"property": ColumnId(option.column), "select": {"equals": option}}


def not_retired() -> dict[str, Any]:
    """Return the condition that a row is still refreshed."""
    # An empty State passes too, so a person's own row without it is not hidden.
    return {
        "property": ColumnId(STATE),
        "select": {"does_not_equal": OptionName(STATE, "retired", "retired")},
    }


def select_axis(column: str) -> dict[str, Any]:
    """Return a group-by whose groups stand in the order of the options, which is the journey's."""
    return {"type": "select", "property_id": ColumnId(column), "sort": {"type": "manual"}}


def by_month(column: str) -> dict[str, Any]:
    """Return a group-by of the months of a date column, the oldest first."""
    return {
        "type": "date",
        "property_id": ColumnId(column),
        "group_by": "month",
        "sort": {"type": "ascending"},
    }


def sort(column: str, direction: str) -> dict[str, Any]:
    """Return one sort."""
    return {"property": ColumnId(column), "direction": direction}


def table(database: Database, columns: Sequence[str]) -> dict[str, Any]:
    """Return a table that shows *columns* in that order."""
    return {
        "type": "table",
        "properties": [
            {**part, "width": _TITLE_WIDTH if part["property_id"].column == "name" else _WIDTH}
            for part in shown(database, columns)
        ],
        "wrap_cells": False,
        "frozen_column_index": 1,
    }


def timeline(database: Database, date: str, columns: Sequence[str]) -> dict[str, Any]:
    """Return a timeline over the column *date*, with a table of *columns* beside it."""
    return {
        "type": "timeline",
        "date_property_id": ColumnId(date),
        "show_table": True,
        "properties": shown(database, columns),
        "table_properties": shown(database, columns[:2]),
        "preference": {"zoom_level": "month"},
    }


def shown(database: Database, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return every column of *database*, *columns* first; a column left out would be visible."""
    rest = [column.key for column in database.columns if column.key not in columns]
    return [
        {"property_id": ColumnId(database.column(key).key), "visible": key in columns}
        for key in (*columns, *rest)
    ]


def chart(kind: str, x_axis: dict[str, Any], y_axis: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a chart of groups; *more* are further keys of Notion's."""
    return {
        "type": "chart",
        "chart_type": kind,
        "x_axis": x_axis,
        "y_axis": y_axis,
        "sort": "manual",
        "show_data_labels": True,
        "axis_labels": "both",
        "grid_lines": "horizontal",
        "height": "medium",
        **more,
    }


def line(x_axis: dict[str, Any], column: str, **more: Any) -> dict[str, Any]:
    """Return a line of the averages of *column*."""
    y_axis = {"aggregator": "average", "property_id": ColumnId(column)}
    return chart("line", x_axis, y_axis, smooth_line=True, hide_line_fill_area=True, **more)


def number_card(aggregator: str, column: str) -> dict[str, Any]:
    """Return a chart that is one number."""
    return {
        "type": "chart",
        "chart_type": "number",
        "value": {"aggregator": aggregator, "property_id": ColumnId(column)},
        "hide_title": True,
    }
