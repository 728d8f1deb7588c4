"""What the last run that changed the map wrote, so that it can be taken back. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from cjm_sync.model import Cell, Choice, Link
from cjm_sync.settling import is_sent

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


@dataclass(frozen=True, slots=True)
class Folded:
    """What becomes of a journal: entries in the place of those of their number, and those gone."""

    changed: tuple[Entry, ...]
    gone: tuple[int, ...]


def folded(entries: Iterable[Entry]) -> Folded:
    """Make one of several updates of a row; *entries* come in the order of their numbers.

    A run that fails and goes on for weeks would else note without end. Updates between which a
    person wrote, or rows moved or left, stay apart: they are taken back in that order.
    """
    last: dict[str, Entry] = {}
    changed: dict[int, Entry] = {}
    gone: list[int] = []
    for entry in entries:
        if entry.act in {"move", "archive"}:
            last.clear()
        if entry.act != "update":
            last.pop(entry.key, None)
            continue
        former = last.get(entry.key)
        last[entry.key] = entry
        if former is None or not _follows(entry, former):
            continue
        both = replace(
            entry,
            before={**entry.before, **former.before},
            after={**former.after, **entry.after},
        )
        last[entry.key] = changed[entry.number] = both
        changed.pop(former.number, None)
        gone.append(former.number)
    return Folded(tuple(changed.values()), tuple(gone))


def _follows(entry: Entry, former: Entry) -> bool:
    """Tell whether *entry* found what *former* sent, or what stood there when that never arrived."""
    return entry.remote_id == former.remote_id and all(
        now == former.before.get(name) or is_sent(now, former.after[name])
        for name, now in entry.before.items()
        if name in former.after
    )


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
