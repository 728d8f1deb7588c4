"""Read a part of an object, for an import: who is on a list, what is in a pipeline.

A pipeline is a condition of search, so its records are walked like changes are. Nothing of the kind
is known for lists: their members are listed, and read by id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cjm_sync.errors import ConfigError
from cjm_sync.model import Batch, Need, Record
from cjm_sync.ports import Excerpt, Known
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.api import Json
from cjm_sync_hubspot.changes import CrmChanges
from cjm_sync_hubspot.cursors import Window
from cjm_sync_hubspot.lists import Lists

_PIPELINE = {"deals": "pipeline", "tickets": "hs_pipeline"}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def narrows(stream: str, excerpt: Excerpt) -> bool:
    """Tell whether the lists or pipelines of *excerpt* leave records of *stream* out."""
    return bool(
        (excerpt.lists and stream == "contacts") or (excerpt.pipelines and stream in _PIPELINE)
    )


class Excerpts:
    """Reads parts of CRM objects."""

    def __init__(self, changes: CrmChanges, lists: Lists) -> None:
        self._changes, self._lists = changes, lists

    def batches(
        self, stream: str, need: Need, excerpt: Excerpt, place: Json, *, known: Known
    ) -> Iterator[Batch]:
        """Yield the records of *stream* that *excerpt* wants, from *place* on."""
        if stream == "contacts":
            return self._members(need, excerpt, place, known)
        return self._in_pipelines(stream, need, excerpt, place, known)

    def _in_pipelines(
        self, stream: str, need: Need, excerpt: Excerpt, place: Json, known: Known
    ) -> Iterator[Batch]:
        window = Window.of_place(place) or Window.exactly(
            excerpt.since or _EARLIEST, excerpt.until or _LATEST
        )
        condition = {
            "propertyName": _PIPELINE[stream],
            "operator": "IN",
            "values": list(excerpt.pipelines),
        }
        yield from self._changes.batches(
            stream, need, window, known=known, last=place.get("last"), also=(condition,)
        )

    def _members(self, need: Need, excerpt: Excerpt, place: Json, known: Known) -> Iterator[Batch]:
        found = self._lists.find(excerpt.lists)
        if found.missing:
            names = ", ".join(map(repr, found.missing))
            raise ConfigError(
                f"HubSpot has no list of contacts with the id or name {names}",
                hint="Correct --list; a list of companies or deals is none of contacts.",
            )
        ids = [one.id for one in found.lists]
        start = ids.index(str(place["list"])) if place.get("list") in ids else 0
        for number, list_id in enumerate(ids[start:], start + 1):
            last = cursors.write(list=ids[number]) if number < len(ids) else None
            after = place.get("after") if list_id == place.get("list") else None
            for members, following, reader in self._lists.members(list_id, after):
                batch = self._changes.by_id("contacts", need, members, known=known)
                yield replace(
                    batch,
                    records=tuple(one for one in batch.records if _is_within(one, excerpt)),
                    cursor=last
                    if following is None
                    else cursors.write(list=list_id, after=following),
                    findings=(*reader.rows(), *batch.findings),
                )


def _is_within(record: Record, excerpt: Excerpt) -> bool:
    """Tell whether a record was last modified in the span; an unknown time is no reason against."""
    try:
        at = datetime.fromisoformat(record.updated_at or "")
    except ValueError:
        return True
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (excerpt.since or _EARLIEST) <= at <= (excerpt.until or _LATEST)
