"""Find our columns and options in a data source as it stands, whatever people called them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cjm_sync_notion.workspace import Column, Database


def column_ids(database: Database, source: Mapping[str, Any]) -> dict[str, str]:
    """Return the property id of each column of *database* that *source* has, by column key.

    A column is known by its name and description, else by its description alone, which a person
    who renames it leaves as it is, else by its name alone; always with its type.
    """
    free = {
        str(name): held
        for name, held in (source.get("properties") or {}).items()
        if isinstance(held, Mapping) and isinstance(held.get("id"), str)
    }
    found: dict[str, str] = {}

    def take(column: Column, name: str | None) -> None:
        if name is not None:
            found[column.key] = str(free.pop(name)["id"])

    def open_columns() -> list[Column]:
        return [column for column in database.columns if column.key not in found]

    for column in open_columns():
        take(column, column.name if _is(column, free.get(column.name), described=True) else None)
    for column in open_columns():
        alike = [name for name, held in free.items() if _is(column, held, described=True)]
        take(column, alike[0] if len(alike) == 1 and column.description else None)
    for column in open_columns():
        take(column, column.name if _is(column, free.get(column.name)) else None)
    return {column.key: found[column.key] for column in database.columns if column.key in found}


def _is(column: Column, held: Mapping[str, Any] | None, *, described: bool = False) -> bool:
    if held is None or held.get("type") != column.type:
        return False
    return not described or str(held.get("description") or "") == column.description


def option_ids(
    database: Database, ids: Mapping[str, str], source: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Return Notion's ids of our options that are there, by column and option key."""
    by_id = {
        str(held.get("id")): held
        for held in (source.get("properties") or {}).values()
        if isinstance(held, Mapping)
    }
    found: dict[str, dict[str, str]] = {}
    for column in database.columns:
        held = by_id.get(ids.get(column.key, ""))
        if column.type != "select" or held is None:
            continue
        there = {
            str(option.get("name")).casefold(): str(option.get("id"))
            for option in (held.get("select") or {}).get("options") or ()
        }
        found[column.key] = {
            option.key: there[option.label.casefold()]
            for option in column.options
            if option.label.casefold() in there
        }
    return found


def likeness(database: Database, source: Mapping[str, Any]) -> float:
    """Return which share of our columns *source* has, by description and type: 0 to 1."""
    theirs = [held for held in (source.get("properties") or {}).values() if isinstance(held, dict)]
    described = [column for column in database.columns if column.description]
    found = sum(any(_is(column, held, described=True) for held in theirs) for column in described)
    return found / len(described) if described else 0.0


def lacking(database: Database, detail: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the columns that this version brings and that a bound database never had.

    One that a person deleted is no such column: it was known once.
    """
    known = detail.get("known", detail.get("columns", {}))
    return tuple(column for column in database.columns if column.key not in known)


def deleted(database: Database, detail: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the synced columns that the database had once and that memory has no id of."""
    known, there = detail.get("known", ()), detail.get("columns", {})
    return tuple(
        column
        for column in database.columns
        if column.owner == "sync" and column.key in known and column.key not in there
    )
