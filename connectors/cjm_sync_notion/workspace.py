"""The shape of the workspace in Notion: databases with their columns, views, and the hub's blocks.

`render` fills these from a map; the target turns them into requests. Pure values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cjm_sync.model import Binding

Memory = Mapping[str, Binding]
"""Every binding by key, as of now."""

ColumnType = Literal[
    "title",
    "rich_text",
    "number",
    "select",
    "multi_select",
    "date",
    "checkbox",
    "relation",
    "people",
    "url",
]
SYNC_KEY = "sync_key"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a select column at creation."""

    key: str
    label: str
    color: str = "default"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: who writes it and what it means.

    *key* is ours and never shown; *name* is what people see. *export* is the field of the export
    that it shows, where there is one. *description* is Notion's column description: formula,
    window and base for synced columns. *relates_to* is the kind of the related database.
    """

    key: str
    name: str
    type: ColumnType
    owner: Literal["sync", "people"]
    description: str
    export: str = ""
    number_format: str = "number"
    options: tuple[Option, ...] = ()
    relates_to: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the hub; *kind* names it in keys and in its description's marker."""

    kind: str
    title: str
    icon: str
    description: str
    columns: tuple[Column, ...]

    def column(self, key: str) -> Column:
        """Return the column called *key*; KeyError when there is none."""
        return next(column for column in self.columns if column.key == key)


@dataclass(frozen=True, slots=True)
class ColumnId:
    """Stands in a view's JSON where the property id of a column belongs."""

    column: str


@dataclass(frozen=True, slots=True)
class OptionName:
    """Stands in a view's filter where the name of an option belongs.

    *label* is the name it was made with; a person may have renamed it since, and a filter with an
    unknown name is refused.
    """

    column: str
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class View:
    """One linked view on the hub, placed after the block *after* (a block key of the hub).

    *name* is unique among the views of its database kind. *configuration*, *filter* and *sorts*
    are Notion's JSON with `ColumnId` in place of property ids and `OptionName` of option names.
    *page* is the key of the row on whose page it stands instead, at the end. *dashboard* is the
    key of the dashboard view that it is a widget of, *row* the row it stands in there, from 0; one
    that *opens_row* is the first in its row.
    """

    key: str
    kind: str
    name: str
    type: str
    after: str
    configuration: Mapping[str, Any] | None = None
    filter: Mapping[str, Any] | None = None
    sorts: tuple[Mapping[str, Any], ...] = ()
    page: str = ""
    dashboard: str = ""
    row: int = 0
    opens_row: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One direct child of the hub at its creation; *json* is Notion's block JSON.

    *anchor* blocks are remembered by id because a view is placed after them; *owned* ones because
    the sync edits their text later (leaf blocks only).
    """

    key: str
    json: Mapping[str, Any]
    anchor: bool = False
    owned: bool = False


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub page as created: the first block carries the marker."""

    title: str
    icon: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that is made once: the hub, the databases in building order, the views."""

    hub: Hub
    databases: tuple[Database, ...]
    views: tuple[View, ...] = field(default=())


def marker(installation: str, kind: str) -> str:
    """Return the text by which a hub or database is recognised as this installation's."""
    return f"cjm-sync:{installation}/{kind}"


def database_key(kind: str) -> str:
    """Return the key under which a database is bound."""
    return f"_/database/{kind}"


def block_key(name: str) -> str:
    """Return the key under which an owned block of the hub is bound."""
    return f"_/block/{name}"
