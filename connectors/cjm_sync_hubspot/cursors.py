"""Where a reading stands, as text that a later run can go on from."""

from __future__ import annotations

import json
from typing import Any

from cjm_sync.errors import TransientError
from cjm_sync_hubspot.errors import failure


class Loop:
    """Notices an answer that leads back to a page already read, which would never end."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._seen: set[str] = set()

    def goes_on(self, cursor: str) -> str:
        """Return *cursor*, or raise TransientError when it was met before."""
        if cursor in self._seen:
            raise TransientError(
                f"HubSpot's pages of {self._stream} lead in a circle",
                hint="Run again later; what was read so far is kept.",
            )
        self._seen.add(cursor)
        return cursor


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


def results(what: str, answer: dict[str, Any], name: str = "results") -> list[Any]:
    """Return the rows of *answer*; an answer without them is not one to read on from."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise failure(what, ValueError(f"it has no list of {name}"))
    return rows
