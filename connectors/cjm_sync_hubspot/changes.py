"""Find what changed among the records of one CRM object, completely and in few requests.

Search by the modified date is the only way to ask. It has traps, each answered here: the index
lags, so a window reaches back; it stops at 10,000 results, and a page can be full of one
timestamp, so a closed window is walked by record id and never by offset; a record that is modified
during the walk leaves the window and stands in the next; archived records, links and calculated
values do not show, so the full reading finds those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cjm_sync.errors import TransientError
from cjm_sync.model import Batch, Need, Record
from cjm_sync.ports import Known
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.api import SEARCH_LIMIT, Api, Json, next_cursor
from cjm_sync_hubspot.crm import CrmReader, Selection
from cjm_sync_hubspot.cursors import Window
from cjm_sync_hubspot.wire import CrmRow, Reader

LONGEST_BODY = 3000
"""Characters; the documented limit of a search, which is not always enforced."""

PAGES_AT_ONCE = 5
"""Pages of a search completed together: a thousand records fill one reading of links."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """One closed window, to be walked by record id; *also* are filters that must hold beside."""

    selection: Selection
    window: Window
    also: tuple[Json, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Tell whether to search for ids alone, because the body would get too long."""
        return len(json.dumps(self._body(self.selection.asked, "9" * 19))) > LONGEST_BODY

    def question(self, last: str | None) -> Json:
        """Return the body of the search for those after the id *last*."""
        return self._body(("hs_object_id",) if self.is_bare else self.selection.asked, last)

    def _body(self, names: Sequence[str], last: str | None) -> Json:
        modified = modified_property(self.selection.object)
        filters = [
            {"propertyName": modified, "operator": "GTE", "value": str(self.window.since_ms)},
            {"propertyName": modified, "operator": "LTE", "value": str(self.window.until_ms)},
            *self.also,
        ]
        if last is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": last})
        return {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": list(names),
            "limit": SEARCH_LIMIT,
        }


class CrmChanges:
    """Reads what changed, through the same questions that *crm* asks when it reads everything."""

    def __init__(self, api: Api, crm: CrmReader) -> None:
        self._api, self._crm = api, crm

    def batches(
        self,
        object_type: str,
        need: Need,
        window: Window,
        *,
        known: Known,
        last: str | None,
        also: Sequence[Json] = (),
    ) -> Iterator[Batch]:
        """Yield the records modified in *window* whose ids come after *last*, by ascending id.

        *also* are filters of the search that must hold beside.
        """
        walk = _Walk(self._crm.selection(object_type, need), window, tuple(also))
        while True:
            reader = Reader(object_type)
            found, last, is_more = self._pages(walk, last, reader)
            cursor = window.cursor(last=last) if is_more else None
            yield self._completed(
                walk.selection, found, cursor, reader, known, is_bare=walk.is_bare
            )
            if cursor is None:
                return

    def by_id(self, object_type: str, need: Need, ids: Sequence[str], *, known: Known) -> Batch:
        """Return the records *ids*, as they are now; who is not there any more is left out."""
        selection = self._crm.selection(object_type, need)
        reader = Reader(object_type)
        merged: dict[str, str] = {}
        records = self._read_whole(selection, ids, reader, merged)
        held = known.records(object_type, list(records))
        self._link(selection, records, held, reader)
        return Batch(tuple(records.values()), None, reader.rows(), merged)

    def _pages(
        self, walk: _Walk, last: str | None, reader: Reader
    ) -> tuple[list[CrmRow], str | None, bool]:
        """Return the rows of as many pages as are completed together; else as `_page`."""
        found: list[CrmRow] = []
        is_more = True
        for _ in range(PAGES_AT_ONCE):
            rows, last, is_more = self._page(walk, last, reader)
            found += rows
            if not is_more:
                break
        return found, last, is_more

    def _page(
        self, walk: _Walk, last: str | None, reader: Reader
    ) -> tuple[list[CrmRow], str | None, bool]:
        """Return the rows after the id *last*, the highest id now, and whether there are more."""
        selection = walk.selection
        answer = self._api.search(selection.object, walk.question(last))
        sent = cursors.results(selection.object, answer)
        rows = self._crm.rows(selection, sent, reader)
        total = answer.get("total")
        is_more = next_cursor(answer) is not None or (
            isinstance(total, int) and bool(sent) and total > len(sent)
        )
        ids = [int(row.record.id) for row in rows if row.record.id.isdecimal()]
        before = int(last or 0)
        if (ids and min(ids) <= before) or (is_more and not ids):
            raise TransientError(
                f"HubSpot's pages of {selection.object} lead in a circle",
                hint="Run again later; what was read so far is kept.",
            )
        return rows, str(max([before, *ids])), is_more

    def _completed(
        self,
        selection: Selection,
        found: Sequence[CrmRow],
        cursor: str | None,
        reader: Reader,
        known: Known,
        *,
        is_bare: bool,
    ) -> Batch:
        merged = {former: row.record.id for row in found for former in row.formerly}
        rows = {row.record.id: row.record for row in found}
        held = known.records(selection.object, list(rows))
        records: dict[str, Record] = {}
        moved = []
        for id_, record in rows.items():
            before = held.get(id_)
            if before is not None and _is_of(before, record):
                records[id_] = _carried(before, record, selection, is_bare=is_bare)
            elif selection.history or is_bare:
                moved.append(id_)
            else:
                records[id_] = record
        records |= self._read_whole(selection, moved, reader, merged)
        self._link(selection, records, held, reader)
        return Batch(tuple(records.values()), cursor, reader.rows(), merged)

    def _read_whole(
        self, selection: Selection, ids: Sequence[str], reader: Reader, merged: dict[str, str]
    ) -> dict[str, Record]:
        """Read *ids* with their past; one that was archived or merged since is left out."""
        if not ids:
            return {}
        sent = self._crm.batch(selection, ids, selection.asked, selection.history, reader, merged)
        rows = self._crm.rows(selection, list(sent.values()), reader)
        merged |= {former: row.record.id for row in rows for former in row.formerly}
        records = {row.record.id: row.record for row in rows}
        if selection.families:
            self._crm.fall_back(selection, records, reader)
        return records

    def _link(
        self,
        selection: Selection,
        records: dict[str, Record],
        held: Mapping[str, Record],
        reader: Reader,
    ) -> None:
        """Give *records* their links, which search does not bring.

        Those of records that were seen before, too: a link made a moment after its record was read
        does not move the record's date.
        """
        if not records:
            return
        for name in selection.links:
            whole = self._crm.links(reader, name, list(records))
            for id_, record in records.items():
                ids = whole.get(id_, ())
                before = held[id_].links.get(name, ()) if id_ in held else ()
                # The two ways of reading links need not agree about the order.
                ids = before if set(ids) == set(before) else ids
                others = {other: own for other, own in record.links.items() if other != name}
                records[id_] = replace(record, links={**others, name: ids} if ids else others)


def modified_property(object_type: str) -> str:
    """Return the property that moves when a record of *object_type* is modified.

    Contacts have the other one as well, hidden and often empty.
    """
    return "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"


def _is_of(held: Record, found: Record) -> bool:
    """Tell whether the mirror holds this version of the record, or a later one."""
    if held.updated_at is None or found.updated_at is None:
        return False
    if held.updated_at == found.updated_at:
        return True
    try:
        return datetime.fromisoformat(found.updated_at) <= datetime.fromisoformat(held.updated_at)
    except (ValueError, TypeError):
        return False


def _carried(held: Record, found: Record, selection: Selection, *, is_bare: bool) -> Record:
    """Return a record that was not modified since it was read: its past stands."""
    if is_bare or held.updated_at != found.updated_at:
        return held
    # Dated families stand in for a missing past, and the search did not ask for them.
    families = {
        name: value for name, value in held.properties.items() if name not in selection.wanted
    }
    return replace(
        found, properties={**found.properties, **families}, history=held.history, links=held.links
    )
