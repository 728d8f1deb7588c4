"""Where a reading stands, as text that a later run can go on from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cjm_sync.errors import TransientError
from cjm_sync.model import Record
from cjm_sync_hubspot.errors import failure

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


MOST_BARREN = 50
"""Pages in a row that bring nothing new; a service with a hole in its list sends a few."""


class Loop:
    """Notices a listing that would never end: one that leads back, or on and on to nothing new."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._seen: set[str] = set()
        self._firsts: set[str] = set()
        self._barren = 0

    def goes_on(self, cursor: str, first: str | None = None) -> str:
        """Return *cursor*, or raise TransientError when following it would lead nowhere.

        *first* is the id of the first row of the page that named it, None for a page without any.
        """
        is_new = first is not None and first not in self._firsts
        self._barren = 0 if is_new else self._barren + 1
        if cursor in self._seen or self._barren > MOST_BARREN:
            raise TransientError(
                f"HubSpot's pages of {self._stream} lead in a circle",
                hint="Run again later; what was read so far is kept.",
            )
        self._seen.add(cursor)
        if first is not None:
            self._firsts.add(first)
        return cursor


def first_of(records: Sequence[Record]) -> str | None:
    """Return what tells a page of *records* from others."""
    return records[0].id if records else None


def write(**place: Any) -> str:
    """Return *place* as a cursor of ours; parts that are None are left out."""
    known = {name: value for name, value in place.items() if value is not None}
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


def read(cursor: str | None) -> dict[str, Any]:
    """Return the place that *cursor* stands for; one that is not ours means the beginning."""
    if cursor is None:
        return {}
    try:
        place = json.loads(cursor)
    except ValueError:
        return {}
    return place if isinstance(place, dict) else {}


@dataclass(frozen=True, slots=True)
class Window:
    """A closed span of time, both ends included, as HubSpot counts: in milliseconds."""

    since_ms: int
    until_ms: int

    @classmethod
    def of(cls, since: datetime, until: datetime, *, overlap: timedelta) -> Self:
        """Return the window that ends at *until* and starts *overlap* before *since*."""
        start = max((since - overlap - _EPOCH) // _MILLISECOND, 0)
        return cls(start, max((until - _EPOCH) // _MILLISECOND, start))

    @classmethod
    def exactly(cls, since: datetime, until: datetime) -> Self:
        """Return the window from *since* to *until*."""
        return cls.of(since, until, overlap=timedelta(0))

    @property
    def since(self) -> datetime:
        """Return its beginning."""
        return _EPOCH + self.since_ms * _MILLISECOND

    @property
    def until(self) -> datetime:
        """Return its end."""
        return _EPOCH + self.until_ms * _MILLISECOND

    @classmethod
    def of_place(cls, place: dict[str, Any]) -> Self | None:
        """Return the window that a cursor carries, or None when it carries none."""
        since, until = place.get("since"), place.get("until")
        if isinstance(since, int) and isinstance(until, int):
            return cls(since, until)
        return None

    def cursor(self, **place: object) -> str:
        """Return a cursor that goes on at *place* in this window."""
        return write(since=self.since_ms, until=self.until_ms, **place)


def results(what: str, answer: dict[str, Any], name: str = "results") -> list[Any]:
    """Return the rows of *answer*; an answer without them is not one to read on from."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise failure(what, ValueError(f"it has no list of {name}"))
    return rows
