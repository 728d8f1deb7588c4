"""Sort rows into groups as a board, a chart axis or a chart's stack does.

One row may stand in several groups (a multi-select), or in the group without a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.workspace import Json, Workspace, same_id


@dataclass(slots=True)
class Group:
    """Rows with one value; *key* is None for the rows without any."""

    key: str | None
    label: str
    colour: str | None = None
    rows: list[Json] = field(default_factory=list)


def column_of(source: Json, property_id: str | None) -> Json | None:
    """Return the column that a view names by its id or, as people's scripts do, by its name."""
    columns: list[Json] = list(source["properties"].values())
    for column in columns:
        if same_id(column["id"], property_id):
            return column
    named: Json | None = source["properties"].get(property_id)
    return named


def value_of(row: Json, column: Json) -> Json | None:
    """Return a row's value in *column*, found by id because a column may have been renamed."""
    for value in row["properties"].values():
        if same_id(value["id"], column["id"]):
            found: Json = value
            return found
    return None


def group(
    rows: list[Json],
    source: Json,
    by: Json,
    workspace: Workspace,
    *,
    hide_empty: bool | None = None,
) -> list[Group]:
    """Return *rows* in groups, in the order that *by* asks for.

    An option without a row is a group too, unless the view hides empty groups.
    """
    column = column_of(source, by.get("property_id"))
    if column is None:
        return [Group(None, "All", rows=list(rows))]
    groups: dict[str | None, Group] = {None: Group(None, f"No {column['name']}")}
    for option in _options(column):
        groups[option["name"]] = Group(option["name"], option["name"], option.get("color"))
    for row in rows:
        value = value_of(row, column)
        for key, label, colour in _keys(value, column, by, workspace):
            groups.setdefault(key, Group(key, label, colour)).rows.append(row)
    if by.get("hide_empty_groups") if hide_empty is None else hide_empty:
        return [one for one in _ordered(groups, column, by) if one.rows]
    return [one for one in _ordered(groups, column, by) if one.rows or one.key is not None]


def _ordered(groups: dict[str | None, Group], column: Json, by: Json) -> list[Group]:
    nameless = groups.pop(None)
    order = (by.get("sort") or {}).get("type", "manual")
    found = list(groups.values())
    if order != "manual" or not _options(column):
        found.sort(key=lambda one: _sort_key(one.key), reverse=order == "descending")
    return [nameless, *found]


def _sort_key(key: str | None) -> tuple[int, float, str]:
    """Sort numbers by size, before words."""
    try:
        return (0, float(key or ""), "")
    except ValueError:
        return (1, 0.0, (key or "").casefold())


def _options(column: Json) -> list[Json]:
    content = column.get(column["type"])
    options: list[Json] = content.get("options", []) if isinstance(content, dict) else []
    return options


def _keys(
    value: Json | None, column: Json, by: Json, workspace: Workspace
) -> list[tuple[str | None, str, str | None]]:
    """Return key, label and colour of each group that a value belongs to."""
    nowhere: list[tuple[str | None, str, str | None]] = [(None, f"No {column['name']}", None)]
    if value is None:
        return nowhere
    content: Any = value.get(value["type"])
    match value["type"]:
        case "multi_select":
            found = [(one["name"], one["name"], one.get("color")) for one in content or []]
        case "people":
            found = [(one["id"], workspace.user(one["id"]), None) for one in content or []]
        case "relation":
            found = [(one["id"], workspace.title(one["id"]), None) for one in content or []]
        case "date":
            found = _date_keys(content["start"], by) if content else []
        case "created_time" | "last_edited_time":
            found = _date_keys(content, by) if content else []
        case "number":
            found = [] if content is None else [_number_key(content, by)]
        case _:
            words = values.words(value, workspace)
            if by.get("group_by") == "alphabet_prefix":
                words = words[:1].upper()
            found = (
                [
                    (
                        words,
                        words,
                        (content or {}).get("color") if isinstance(content, dict) else None,
                    )
                ]
                if words
                else []
            )
    return [*found] or nowhere


def _date_keys(text: str, by: Json) -> list[tuple[str, str, None]]:
    day = datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)
    match by.get("group_by"):
        case "year":
            return [(f"{day.year}", f"{day.year}", None)]
        case "month":
            return [(f"{day:%Y-%m}", f"{day:%b %Y}", None)]
        case "week":
            start = day - timedelta(days=(day.weekday() + 1 - by.get("start_day_of_week", 1)) % 7)
            return [(start.isoformat(), f"{start:%b} {start.day}", None)]
        case _:
            return [(day.isoformat(), f"{day:%b} {day.day}, {day.year}", None)]


def _number_key(value: float, by: Json) -> tuple[str, str, None]:
    size = by.get("range_size")
    if not size:
        return (f"{value:g}", values.number(value), None)
    start = by.get("range_start", 0) + (value - by.get("range_start", 0)) // size * size
    return (f"{start:g}", f"{values.number(start)}–{values.number(start + size)}", None)
