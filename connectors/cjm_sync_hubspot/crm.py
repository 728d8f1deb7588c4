"""Read the records of one CRM object, in the fewest requests HubSpot allows.

The list endpoint brings records with their links, a hundred a page (fifty with past values). What
it cannot bring is asked for a page at a time: property lists too long for an address and the dated
families that stand in for missing history by batch read, cut lists of links by associations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cjm_sync.model import Batch, Need, Record
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.api import (
    ASSOCIATIONS_LIMIT,
    BATCH_LIMIT,
    HISTORY_LIMIT,
    LIST_LIMIT,
    Api,
    Json,
    next_cursor,
)
from cjm_sync_hubspot.wire import (
    MERGED_IDS,
    MERGED_VIDS,
    CrmRow,
    Reader,
    former_ids,
    linked_ids,
)

LONGEST_QUERY = 4000
"""Characters; some of HubSpot's edges refuse addresses of 8 KB, and say so in HTML."""

ADDRESSES = ("email", "hs_additional_emails")
"""What submissions and email events name a contact by."""

_TELLS_MERGES = {
    "contacts": frozenset({MERGED_IDS, MERGED_VIDS}),
    "companies": frozenset({MERGED_IDS}),
    "deals": frozenset({MERGED_IDS}),
    "tickets": frozenset({MERGED_IDS}),
}


def is_family(name: str) -> bool:
    """Tell whether a needed name stands for a family, such as `hs_v2_date_entered_*`."""
    return "*" in name


def members(families: frozenset[str], defined: Sequence[str]) -> frozenset[str]:
    """Return the *defined* names that belong to any of *families*."""
    patterns = [
        re.compile(".+".join(re.escape(part) for part in family.split("*"))) for family in families
    ]
    return frozenset(name for name in defined if any(p.fullmatch(name) for p in patterns))


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked of every record, and (*families*) of those whose past did not come."""

    object: str
    wanted: frozenset[str]
    asked: tuple[str, ...]
    history: tuple[str, ...]
    links: tuple[str, ...]
    families: frozenset[str]

    @property
    def is_too_long(self) -> bool:
        names = (*self.asked, *self.history, *self.links)
        return sum(len(name) + 1 for name in names) > LONGEST_QUERY

    @property
    def limit(self) -> int:
        return HISTORY_LIMIT if self.history else LIST_LIMIT


class CrmReader:
    """Reads whole objects; *defined* gives the names of an object's properties."""

    def __init__(self, api: Api, defined: Callable[[str], Sequence[str]]) -> None:
        self._api, self._defined = api, defined

    def batches(self, object_type: str, need: Need, after: str | None) -> Iterator[Batch]:
        """Yield a batch per page from HubSpot's cursor *after*; theirs are HubSpot's too."""
        selection = self.selection(object_type, need)
        loop = cursors.Loop(object_type)
        while True:
            batch = self._page(selection, after)
            yield batch
            if batch.cursor is None:
                return
            after = loop.goes_on(batch.cursor, cursors.first_of(batch.records))

    def archived(self, object_type: str, after: str | None) -> Iterator[Batch]:
        """Yield who is archived, bare, a batch per page from HubSpot's cursor *after*.

        There is no asking for those archived lately, and no known order but that of ids, so the
        list is walked whole.
        """
        loop = cursors.Loop(object_type)
        wanted = ADDRESSES if object_type == "contacts" else ("hs_object_id",)
        while True:
            answer = self._api.objects(
                object_type, after=after, limit=LIST_LIMIT, properties=wanted, archived=True
            )
            reader = Reader(object_type)
            rows = cursors.results(object_type, answer)
            records = tuple(
                Record(object_type, id_, _addresses(row), archived=True)
                for row in rows
                if (id_ := reader.row_id(row)) is not None
            )
            after = next_cursor(answer)
            yield Batch(records, after, reader.rows())
            if after is None:
                return
            loop.goes_on(after, cursors.first_of(records))

    def look_up(self, object_type: str, ids: Sequence[str]) -> Batch:
        """Return those of *ids* that are there or archived, bare, and who was merged into whom.

        When HubSpot failed to send some, none that is missing counts as gone.
        """
        reader = Reader(object_type)
        merged: dict[str, str] = {}
        found: dict[str, Record] = {}
        for archived in (False, True):
            missing = [id_ for id_ in ids if id_ not in found and id_ not in merged]
            for start in range(0, len(missing), BATCH_LIMIT):
                asked = missing[start : start + BATCH_LIMIT]
                there, silent = self._look_for(
                    object_type, asked, reader, merged, archived=archived
                )
                for id_ in silent:
                    # One at a time there is no doubt who an answer is about.
                    there += self._look_for(object_type, [id_], reader, merged, archived=archived)[
                        0
                    ]
                found |= {
                    id_: Record(object_type, id_, {}, archived=is_archived)
                    for id_, is_archived in there
                }
        return Batch(tuple(found.values()), None, reader.rows(), merged)

    def _look_for(
        self,
        object_type: str,
        asked: Sequence[str],
        reader: Reader,
        merged: dict[str, str],
        *,
        archived: bool,
    ) -> tuple[list[tuple[str, bool]], list[str]]:
        """Return who of *asked* is there, and of whom neither a row nor an error told anything."""
        properties = sorted(_TELLS_MERGES.get(object_type, frozenset()) | {"hs_object_id"})
        answer = self._api.batch(object_type, asked, properties=properties, archived=archived)
        sent = _rows_by_id(cursors.results(object_type, answer))
        merged |= _renamed(asked, sent)
        said = len(reader.findings)
        _complain_of_errors(answer, reader)
        untold = [id_ for id_ in asked if id_ not in sent and id_ not in merged]
        there = [(id_, archived) for id_ in asked if id_ in sent]
        if len(reader.findings) > said:
            return there + [(id_, False) for id_ in untold], []
        absent = _absent(answer)
        is_told = not absent and sent.keys() <= set(asked)
        return there, [] if is_told else [id_ for id_ in untold if id_ not in absent]

    def selection(self, object_type: str, need: Need) -> Selection:
        """Return what to ask of each record of *object_type* for *need*."""
        families = frozenset(filter(is_family, need.properties))
        plain = need.properties - families
        if families and not need.history:
            plain |= members(families, self._defined(object_type))
            families = frozenset()
        wanted = plain | need.history
        asked = wanted | _TELLS_MERGES.get(object_type, frozenset()) or {"hs_object_id"}
        return Selection(
            object_type,
            wanted,
            tuple(sorted(asked)),
            tuple(sorted(need.history)),
            tuple(sorted(need.links)),
            families,
        )

    def _page(self, selection: Selection, after: str | None) -> Batch:
        reader = Reader(selection.object)
        merged: dict[str, str] = {}
        if selection.is_too_long:
            answer = self._api.objects(
                selection.object,
                after=after,
                limit=LIST_LIMIT,
                properties=("hs_object_id",),
                associations=selection.links,
            )
            rows = self._with_values(selection, answer, reader, merged)
        else:
            answer = self._api.objects(
                selection.object,
                after=after,
                limit=selection.limit,
                properties=selection.asked,
                history=selection.history,
                associations=selection.links,
            )
            rows = self.rows(selection, cursors.results(selection.object, answer), reader)
        merged |= {former: row.record.id for row in rows for former in row.formerly}
        records = {row.record.id: row.record for row in rows}
        self._finish_links(rows, records, reader)
        if selection.families:
            self.fall_back(selection, records, reader)
        return Batch(tuple(records.values()), next_cursor(answer), tuple(reader.findings), merged)

    def rows(self, selection: Selection, sent: Sequence[Any], reader: Reader) -> list[CrmRow]:
        """Read the rows of an answer; *reader* collects what to say about the bad ones."""
        read = (
            reader.crm(row, wanted=selection.wanted, history=frozenset(selection.history))
            for row in sent
        )
        return [row for row in read if row is not None]

    def _with_values(
        self, selection: Selection, listed: Json, reader: Reader, merged: dict[str, str]
    ) -> list[CrmRow]:
        """Return the *listed* records with their values, which the list could not bring."""
        bare = {
            row.record.id: row
            for row in self.rows(selection, cursors.results(selection.object, listed), reader)
        }
        full = self.batch(selection, list(bare), selection.asked, selection.history, reader, merged)
        rows = []
        for id_, row in bare.items():
            sent = full.get(id_)
            if sent is None:
                continue  # archived since it was listed
            whole = reader.crm(sent, wanted=selection.wanted, history=frozenset(selection.history))
            if whole is not None:
                record = replace(whole.record, links=row.record.links)
                rows.append(replace(whole, record=record, unfinished=row.unfinished))
        return rows

    def batch(
        self,
        selection: Selection,
        ids: Sequence[str],
        properties: Sequence[str],
        history: Sequence[str],
        reader: Reader,
        merged: dict[str, str],
    ) -> dict[str, Json]:
        """Return the rows of *ids* by id, and note in *merged* who came back as somebody else."""
        found: dict[str, Json] = {}
        size = HISTORY_LIMIT if history else BATCH_LIMIT
        for start in range(0, len(ids), size):
            asked = ids[start : start + size]
            answer = self._api.batch(
                selection.object, asked, properties=properties, history=history
            )
            sent = _rows_by_id(cursors.results(selection.object, answer))
            merged |= _renamed(asked, sent)
            _complain_of_errors(answer, reader)
            found.update((id_, row) for id_, row in sent.items() if id_ in asked)
        return found

    def _finish_links(
        self, rows: Sequence[CrmRow], records: dict[str, Record], reader: Reader
    ) -> None:
        """Complete the lists of links that the page cut short."""
        for name in sorted({name for row in rows for name in row.unfinished}):
            ids = [row.record.id for row in rows if name in row.unfinished]
            whole = self.links(reader, name, ids)
            for id_ in ids:
                known = records[id_].links
                joined = dict.fromkeys((*known.get(name, ()), *whole.get(id_, ())))
                records[id_] = replace(records[id_], links={**known, name: tuple(joined)})

    def links(self, reader: Reader, name: str, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the whole lists of links to *name* of those of *ids* that have any."""
        links: dict[str, tuple[str, ...]] = {}
        loop = cursors.Loop(f"links from {reader.stream} to {name}")
        # From the beginning, not from where the list stopped: whether the two kinds of cursor mean
        # the same is not documented, and a link met twice is one link.
        waiting: list[Json] = [{"id": id_} for id_ in ids]
        while waiting:
            now, waiting = waiting[:ASSOCIATIONS_LIMIT], waiting[ASSOCIATIONS_LIMIT:]
            answer = self._api.associations(reader.stream, name, now)
            for row in cursors.results(reader.stream, answer):
                source = row.get("from") if isinstance(row, dict) else None
                targets = row.get("to") if isinstance(row, dict) else None
                if not isinstance(source, dict) or not isinstance(targets, list):
                    reader.complain("?", f"a list of links to {name} could not be read")
                    continue
                id_ = str(source.get("id"))
                links[id_] = (*links.get(id_, ()), *linked_ids(targets, "toObjectId"))
                following = next_cursor(row)
                if following is not None:
                    loop.goes_on(f"{id_} {following}", f"{id_} {targets[:1]}")
                    waiting.append({"id": id_, "after": following})
            _complain_of_errors(answer, reader)
        return links

    def fall_back(self, selection: Selection, records: dict[str, Record], reader: Reader) -> None:
        """Read the dated families of the records that have a value but no past of it."""
        without = [
            record.id
            for record in records.values()
            if any(
                record.properties.get(name) and not record.history.get(name)
                for name in selection.history
            )
        ]
        if not without:
            return
        names = members(selection.families, self._defined(selection.object))
        if not names:
            return
        found = self.batch(selection, without, tuple(sorted(names)), (), reader, {})
        for id_, sent in found.items():
            row = reader.crm(sent, wanted=names, history=frozenset())
            if row is not None:
                dated = {name: value for name, value in row.record.properties.items() if value}
                records[id_] = replace(
                    records[id_], properties={**records[id_].properties, **dated}
                )


def _addresses(row: Json) -> dict[str, str]:
    """Return the addresses of a contact's *row*, by property."""
    sent = row.get("properties")
    values = {name: sent.get(name) for name in ADDRESSES} if isinstance(sent, dict) else {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _rows_by_id(rows: Sequence[Any]) -> dict[str, Json]:
    return {str(row["id"]): row for row in rows if isinstance(row, dict) and "id" in row}


def _renamed(asked: Sequence[str], sent: Mapping[str, Json]) -> dict[str, str]:
    """Return which of the ids *asked* for came back as another: merging does that."""
    missing = [id_ for id_ in asked if id_ not in sent]
    strangers = [id_ for id_ in sent if id_ not in asked]
    renamed: dict[str, str] = {}
    for id_ in (*strangers, *(id_ for id_ in sent if id_ in asked)):
        values = sent[id_].get("properties")
        told = former_ids(values if isinstance(values, dict) else {}, id_)
        renamed.update((former, id_) for former in told if former in missing)
    if len(missing) == 1 and len(strangers) == 1:
        renamed[missing[0]] = strangers[0]
    return renamed


def _absent(answer: Json) -> set[str]:
    """Return the ids of which an answer says that there is no such record."""
    errors = answer.get("errors")
    contexts = [
        error.get("context")
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict) and error.get("category") == "OBJECT_NOT_FOUND"
    ]
    lists = [context.get("ids") for context in contexts if isinstance(context, dict)]
    return {str(id_) for ids in lists if isinstance(ids, list) for id_ in ids}


def _complain_of_errors(answer: Json, reader: Reader) -> None:
    """Say which records HubSpot failed to send, apart from those that are simply not there."""
    errors = answer.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if not isinstance(error, dict):
            continue
        kinds = {str(error.get("category")), str(error.get("subCategory"))}
        if kinds & {"OBJECT_NOT_FOUND", "crm.associations.NO_ASSOCIATIONS_FOUND"}:
            continue
        context = error.get("context")
        ids = [
            str(id_)
            for value in (context.values() if isinstance(context, dict) else ())
            if isinstance(value, list)
            for id_ in value
        ]
        for id_ in ids or ["?"]:
            reader.complain(id_, f"HubSpot could not send this record ({error.get('category')})")
