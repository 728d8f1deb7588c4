"""Who belongs to whom: merged ids resolved to their survivor, links read from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cjm_sync.model import Record
from cjm_sync.ports import Records, Survivors
from cjm_sync_mappings.values import id_order, read_list


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The live records of one object: survivors by id, and every former id's survivor.

    *everyone* also holds merged records that are still listed, for the links they carry.
    """

    object: str
    survivors: Mapping[str, Record]
    everyone: Sequence[Record]
    survivor_of: Mapping[str, str]

    def resolve(self, id_: str) -> str | None:
        """Return the id of the live record that *id_* stands for, None when there is none."""
        id_ = self.survivor_of.get(id_, id_)
        return id_ if id_ in self.survivors else None


def shelf_of(records: Records, object_: str) -> Shelf:
    """Return the shelf of *object_*, with the merges that only the mirror still knows of."""
    known = records.survivors(object_) if isinstance(records, Survivors) else {}
    return shelve(object_, records.all(object_), known)


def shelve(
    object_: str, records: Iterable[Record], known: Mapping[str, str] | None = None
) -> Shelf:
    """Sort the records of one object by id and find out which were merged into which.

    A survivor may name only those merged last; *known* leads from the others to who they are now.
    """
    live = sorted(
        (record for record in records if not record.archived),
        key=lambda record: id_order(record.id),
    )
    into: dict[str, str] = {}
    for record in live:
        for former in _former_ids(record):
            if former != record.id:
                into.setdefault(former, record.id)  # of two claims the smaller id's
    there = {record.id for record in live}
    for former, now in (known or {}).items():
        if former not in there:
            into.setdefault(former, now)
    survivor_of = {former: _end(former, into) for former in into}
    survivors = {
        record.id: record for record in live if survivor_of.get(record.id, record.id) == record.id
    }
    return Shelf(object_, survivors, live, survivor_of)


def _former_ids(record: Record) -> tuple[str, ...]:
    plain = read_list(record.properties.get("hs_merged_object_ids"))
    timed = read_list(record.properties.get("hs_calculated_merged_vids"))
    return (*plain, *(part.partition(":")[0].strip() for part in timed))


def _end(id_: str, into: Mapping[str, str]) -> str:
    """Follow merges to their end; of records merged in a circle the smallest id survives."""
    path = [id_]
    while path[-1] in into:
        following = into[path[-1]]
        if following in path:
            return min(path[path.index(following) :], key=id_order)
        path.append(following)
    return path[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The links between the records of one object and those of *other*, from either side."""

    source: Shelf | None
    other: Shelf
    reverse: Mapping[str, Sequence[str]]

    def of(self, record: Record) -> tuple[str, ...]:
        """Return the ids of the live records of *other* linked to *record*, ascending, each once."""
        sent = record.links.get(self.other.object, ())
        if len(sent) == 1 and record.id not in self.reverse:  # by far the most common
            only = self.other.resolve(sent[0])
            return () if only is None else (only,)
        found = {self.other.resolve(id_) for id_ in (*sent, *self.reverse.get(record.id, ()))}
        if len(found) < 2:
            return tuple(id_ for id_ in found if id_ is not None)
        return tuple(sorted((id_ for id_ in found if id_ is not None), key=id_order))


def link(object_: str, other: Shelf, source: Shelf | None = None) -> Links:
    """Return the links from *object_* to *other*; *source* resolves former ids of *object_*."""
    reverse: dict[str, list[str]] = {}
    for record in other.everyone:
        for id_ in record.links.get(object_, ()):
            own = id_ if source is None else source.resolve(id_)
            if own is not None:
                reverse.setdefault(own, []).append(record.id)
    if source is not None:
        # What a merged record was linked to is its survivor's.
        for record in source.everyone:
            own = source.resolve(record.id)
            if own is not None and own != record.id:
                reverse.setdefault(own, []).extend(record.links.get(other.object, ()))
    return Links(source, other, reverse)
