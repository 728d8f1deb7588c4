"""The rows of one object type as the endpoints need them: by id, in order, merges resolved."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from cjm_sync_sandbox.hubspot.catalog import ObjectType
from cjm_sync_sandbox.hubspot.wire import id_order, to_milliseconds

Row = dict[str, Any]
Made = TypeVar("Made")

SMALL = 5_000
"""Up to so many rows are looked at anew for each request, so that a test may edit one in place."""

MERGEABLE = frozenset({"contacts", "companies", "deals", "tickets"})
_EPOCH = "1970-01-01T00:00:00Z"


def created_at(kind: ObjectType, row: Row) -> str:
    return str(row.get("createdAt") or row["properties"].get(kind.created) or _EPOCH)


def updated_at(kind: ObjectType, row: Row) -> str:
    return str(
        row.get("updatedAt") or row["properties"].get(kind.modified) or created_at(kind, row)
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that one listing shows, in the order of ids."""

    rows: list[Row]
    keys: list[tuple[int, int, str]]

    def position(self, after: str) -> int:
        """Return where a page that starts at the id *after* begins."""
        return bisect_left(self.keys, id_order(after))


@dataclass(frozen=True, slots=True)
class ByModified:
    """When the live rows were last modified: by position in the listing, and in order of time."""

    moments: list[int | None]
    positions: list[int]
    ordered: list[int]

    def between(self, low: int | None, high: int | None) -> list[int]:
        """Return the positions of the rows modified from *low* to *high*, both inclusive."""
        start = 0 if low is None else bisect_left(self.ordered, low)
        end = len(self.ordered) if high is None else bisect_left(self.ordered, high + 1)
        return self.positions[start:end]


class Table:
    """The rows of one object type and what is worth working out once about them."""

    def __init__(self, rows: list[Row], kind: ObjectType) -> None:
        self.kind = kind
        self._rows = rows
        self._seen = list(rows)
        self.is_small = len(rows) <= SMALL
        self.ordered = sorted(rows, key=lambda row: id_order(row["id"]))
        self.by_id = {row["id"]: row for row in self.ordered}
        self._known: dict[Any, Any] = {}

    def is_of(self, rows: list[Row]) -> bool:
        """Say whether this table still fits.

        Rows compare by identity, so it is cheap; for many rows only the length and the last are
        looked at, lest every page of a listing cost as much as the whole.
        """
        if self.is_small:
            return self._seen == rows
        return rows is self._rows and len(rows) == len(self._seen) and rows[-1:] == self._seen[-1:]

    def forget(self) -> None:
        """Drop whatever was worked out: a row has changed."""
        self._known.clear()

    def known(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return what *make* makes of the rows, made once until `forget`."""
        if key not in self._known:
            self._known[key] = make()
        return cast("Made", self._known[key])

    def merged(self) -> Mapping[str, str]:
        """Return former id → the id of the survivor, chains followed to their end."""
        return self.known("merged", self._merged)

    def _merged(self) -> dict[str, str]:
        if self.kind.name not in MERGEABLE:
            return {}
        direct: dict[str, str] = {}
        for row in self.ordered:
            former = row["properties"].get("hs_merged_object_ids")
            if former:
                direct |= {old: row["id"] for old in former.split(";") if old != row["id"]}
        return {old: _last(direct, old) for old in direct}

    def former(self) -> Mapping[str, list[str]]:
        """Return id → the former ids that are it by now."""

        def make() -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for old, new in self.merged().items():
                found.setdefault(new, []).append(old)
            return found

        return self.known("former", make)

    def listing(self, *, archived: bool) -> Listing:
        """Return the rows a listing shows: one kind of the two, and no former ids.

        Except that a row that says `mergedAway` stays among the archived ones.
        """

        def make() -> Listing:
            merged = self.merged()
            rows = [
                row
                for row in self.ordered
                if bool(row.get("archived")) is archived
                and (row["id"] not in merged or (archived and row.get("mergedAway")))
            ]
            return Listing(rows, [id_order(row["id"]) for row in rows])

        return self.known(("listing", archived), make)

    def by_modified(self) -> ByModified:
        """Return the order in which the live rows were last modified."""

        def make() -> ByModified:
            rows = self.listing(archived=False).rows
            moments = [to_milliseconds(updated_at(self.kind, row)) for row in rows]
            pairs = sorted((at, place) for place, at in enumerate(moments) if at is not None)
            return ByModified(moments, [place for _, place in pairs], [at for at, _ in pairs])

        return self.known("modified", make)

    def find(self, ids: Iterable[str], *, archived: bool) -> dict[str, Row]:
        """Return asked id → row for those there are; a former id finds its survivor."""
        merged = self.merged()
        found = {}
        for asked in ids:
            row = self.by_id.get(merged.get(asked, asked))
            if row is not None and bool(row.get("archived")) is archived:
                found[asked] = row
        return found


def _last(direct: Mapping[str, str], old: str) -> str:
    seen = {old}
    while (following := direct[old]) in direct and following not in seen:
        seen.add(following)
        old = following
    return following
