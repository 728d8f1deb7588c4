"""What a person did in a workspace, as data, and whether it still stands there.

A `Deed` says what was left where: `left` is what the reader of its kind found right after the deed,
so a later difference means that somebody else has been at it. Deeds hold ids only and may be held
against any copy of the workspace.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.state import Workspace


@dataclass(frozen=True, slots=True)
class Deed:
    """One edit: *part* of *target* was left as *left*; *name* tells a reader what the part is.

    *number* is how many requests the stand-in had seen. Kinds and their parts stand in `READERS`.
    """

    kind: str
    target: str
    part: str
    name: str
    left: Any
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.part} of {self.target} = {self.left!r}"


Reader = Callable[[Workspace, str, str], Any]


def _cell(ws: Workspace, row_id: str, column_id: str) -> Any:
    page = ws.tables["pages"].get(row_id)
    return None if page is None else page["values"].get(column_id)


def _field(table: str, *keys: str) -> Reader:
    """Return a reader of some fields of an object; None when the object is gone."""

    def read(ws: Workspace, target: str, _part: str) -> Any:
        thing = ws.tables[table].get(target)
        return None if thing is None else [thing[key] for key in keys]

    return read


def _column(ws: Workspace, source_id: str, column_id: str) -> Any:
    column = ws.tables["sources"].get(source_id, {}).get("properties", {}).get(column_id)
    return column and [column["name"], column["type"], column["description"]]


def _option(ws: Workspace, source_id: str, part: str) -> Any:
    column_id, _, option_id = part.rpartition("/")
    column = ws.tables["sources"].get(source_id, {}).get("properties", {}).get(column_id)
    options = column["config"].get("options", []) if column else []
    found = next((one for one in options if one["id"] == option_id), None)
    return found and [found["name"], found["color"], found.get("description")]


def _parent(ws: Workspace, target: str, _part: str) -> Any:
    block = ws.tables["blocks"].get(target)
    return block and block["parent"].get("id")


def _order(ws: Workspace, database_id: str, _part: str) -> Any:
    return ws.tables["databases"].get(database_id, {}).get("views")


def _hidden(ws: Workspace, target: str, _part: str) -> Any:
    return target in ws.facts["unshared"]


READERS: dict[str, Reader] = {
    "cell": _cell,  # of a row or page: part is the column's id ("title" for the title)
    "body": _field("blocks", "type", "content"),
    "trash": _field("blocks", "in_trash"),
    "parent": _parent,  # where a page, database or block stands
    "page": _field("pages", "icon", "cover", "is_locked", "is_archived"),
    "database": _field("databases", "title", "description", "is_locked", "icon"),
    "column": _column,  # of a data source: part is the column's id; None when deleted
    "option": _option,  # of a data source: part is column id "/" option id; None when deleted
    "view": _field("views", "name", "type", "filter", "sorts", "quick_filters", "configuration"),
    "tabs": _order,  # order of a database's views
    "comment": _field("comments", "rich_text", "discussion_id", "resolved"),
    "sharing": _hidden,
    "gone": lambda ws, target, _part: target not in ws.tables["blocks"],
}
"""How each kind of deed is read back: workspace, target, part → a plain value."""


class Ledger:
    """The deeds of one person: the last one at each place counts."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, str], Deed] = {}

    def deeds(self) -> list[Deed]:
        """Return what should still stand, in the order of doing."""
        return list(self._held.values())

    def note(
        self, ws: Workspace, kind: str, target: str, part: str = "", name: str = "", number: int = 0
    ) -> Deed:
        """Record that *part* of *target* is now as it should stay."""
        deed = Deed(
            kind, target, part, name, copy.deepcopy(READERS[kind](ws, target, part)), number
        )
        self._held.pop((kind, target, part), None)
        self._held[kind, target, part] = deed
        return deed

    def forget(self, drops: Callable[[Deed], bool]) -> None:
        """Drop deeds that a later one made void, such as the cells of a deleted column."""
        self._held = {key: deed for key, deed in self._held.items() if not drops(deed)}

    def lost(self, ws: Workspace) -> list[Deed]:
        """Return the deeds that no longer stand in *ws*."""
        return [deed for deed in self._held.values() if not stands(ws, deed)]


def stands(ws: Workspace, deed: Deed) -> bool:
    """Tell whether a deed still stands."""
    found = READERS[deed.kind](ws, deed.target, deed.part)
    if deed.kind == "tabs" and found is not None and deed.left is not None:
        # What others added or took away since does not matter, their order does.
        both = set(found) & set(deed.left)
        return [one for one in found if one in both] == [one for one in deed.left if one in both]
    return bool(found == deed.left)


def plain_copy(value: Json) -> Json:
    """Return a deep copy of a stored object."""
    return copy.deepcopy(value)
