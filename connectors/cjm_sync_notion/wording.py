"""Say rows and cells of the databases as people see them in Notion. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cjm_sync.model import Item
from cjm_sync_notion.column_parts import MONEY_FORMATS
from cjm_sync_notion.columns import BY_KIND
from cjm_sync_notion.columns_units import JOURNEYS
from cjm_sync_notion.rounding import to_places
from cjm_sync_notion.template import CHANGED, OUTCOMES
from cjm_sync_notion.workspace import Column, Database, Hub, View, block_key

_CURRENCIES = {name: code for code, name in MONEY_FORMATS.items()}
_BLOCKS = {
    block_key(CHANGED): "what changed",
    block_key(OUTCOMES): "who is in no stage",
    block_key("picture"): "of the map",
}


def part_name(item: Item) -> str:
    """Return the title of the hub or a database, the name of a view, or what a block tells."""
    match item.body:
        case Hub(title=name) | Database(title=name):
            return name
        case View(name=name, kind=kind) if kind in BY_KIND:
            return f"{name} ({BY_KIND[kind].title})"
        case View(name=name):
            return name
        case _:
            return _BLOCKS.get(item.key, "")


def row_name(database: Database | None, cells: Mapping[str, Any], *, names_journey: bool) -> str:
    """Return a row's title and database; "" without one, and for a row of one person or company.

    Its stage is added where the title lacks it: a touchpoint has a row in each.
    The key of such a row does not tell who it is about; its title may.
    """
    if database is None or database.kind == JOURNEYS.kind:
        return ""
    title = next(
        (cells.get(column.key) for column in database.columns if column.type == "title"), None
    )
    if not isinstance(title, str) or not title.strip():
        return ""
    title = " ".join(title.split())
    places = [database.title]
    for key in ("journey", "stage") if names_journey else ("stage",):
        cell = cells.get(key)
        label = _option(_column(database, key), cell) if isinstance(cell, Mapping) else ""
        if label and label not in title.split(" · "):
            places.append(label)
    return f"{title} ({', '.join(places)})"


def column_name(database: Database | None, key: str) -> str:
    """Return a column's name, the key when there is no such column."""
    column = _column(database, key)
    return key if column is None else column.name


def cell_text(database: Database | None, key: str, value: Any, *, timezone: ZoneInfo) -> str:
    """Return a cell in canonical form as its column shows it; times in *timezone*."""
    column = _column(database, key)
    match value:
        case {"choice": _}:
            return _option(column, value)
        case {"choice_name": name}:
            return str(name)
        case {"at": moment}:
            return f"{datetime.fromisoformat(str(moment)).astimezone(timezone):%Y-%m-%d %H:%M}"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value, "number" if column is None else column.number_format)
        case _:
            return str(value)


def _column(database: Database | None, key: str) -> Column | None:
    columns = () if database is None else database.columns
    return next((column for column in columns if column.key == key), None)


def _option(column: Column | None, value: Mapping[str, Any]) -> str:
    key = value.get("choice")
    options = () if column is None else column.options
    return next((option.label for option in options if option.key == key), str(key))


def _number(value: float, number_format: str) -> str:
    if number_format == "percent":
        return f"{to_places(100 * value, 1)} %".replace("-", "−")
    if number_format == "number":
        return str(value).replace("-", "−")
    return f"{value:,} {_CURRENCIES.get(number_format, '')}".rstrip().replace("-", "−")
