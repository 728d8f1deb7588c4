"""What the last run that changed the map wrote, so that it can be taken back. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cjm_sync.model import Cell, Choice, Link

Act = Literal["create", "update", "archive", "restore", "move", "block", "time"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. *before* and *after* hold, by column, what stood there and what was sent.

    Of a `move` they hold the key before and after, of a `block` its text, of `time` the T that
    the map had. *number* gives the order; 0 before it is stored.
    """

    act: Act
    key: str
    remote_id: str = ""
    collection: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0


def cell_of(value: Any) -> Cell:
    """Return the cell that `cjm_sync.model.canonical` made *value* of.

    An option comes back under its key, which is all that a target needs of one it knows.
    """
    match value:
        case {"choice": str(key)}:
            return Choice(key, key)
        case {"link": list(keys)}:
            return Link(tuple(str(key) for key in keys))
        case {"at": str(text)}:
            return datetime.fromisoformat(text)
        case str() | int() | float() | None:
            return value
        case _:
            return None
