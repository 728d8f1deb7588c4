"""Read a sample of a portal: the contacts that were modified last, and what belongs to them.

Who was modified last has a present to show, not only a past. What cannot be asked for by contact
in few requests (submissions, marketing email, page views) is left out, with a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cjm_sync.model import Batch, Finding, Need, Record
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.api import SEARCH_LIMIT, Api, next_cursor
from cjm_sync_hubspot.changes import CrmChanges, modified_property
from cjm_sync_hubspot.crm import CrmReader
from cjm_sync_hubspot.wire import Reader

MOST = 10_000
"""No search goes further."""
_PAGE = 200


class Samples:
    """Reads one sample; the contacts have to come first, for the others are theirs."""

    def __init__(self, api: Api, crm: CrmReader, changes: CrmChanges) -> None:
        self._api, self._crm, self._changes = api, crm, changes
        self._contacts: list[Record] = []

    def batches(self, stream: str, need: Need, size: int) -> Iterator[Batch]:
        """Yield *size* contacts, or the records of another object that belong to them."""
        if stream == "contacts":
            self._contacts = []
            for batch in self._of_ids(stream, need, self._modified_last(min(size, MOST))):
                self._contacts += batch.records
                yield batch
            return
        yield from self._of_ids(stream, need, self._belonging(stream, need))

    def left_out(self, stream: str) -> Iterator[Batch]:
        """Say that *stream* is not in the sample."""
        yield Batch(
            (),
            None,
            (
                Finding(
                    "not_in_sample",
                    stream,
                    f"{stream} cannot be asked for by contact in few requests; "
                    "the sample goes without",
                    "A full sync reads them.",
                ),
            ),
        )

    def _modified_last(self, size: int) -> list[str]:
        ids: dict[str, None] = {}
        after: str | None = None
        loop = cursors.Loop("contacts")
        while len(ids) < size:
            body = {
                "filterGroups": [],
                "sorts": [
                    {"propertyName": modified_property("contacts"), "direction": "DESCENDING"}
                ],
                "properties": ["hs_object_id"],
                "limit": min(SEARCH_LIMIT, size - len(ids)),
                **({"after": after} if after is not None else {}),
            }
            answer = self._api.search("contacts", body)
            reader = Reader("contacts")
            rows = cursors.results("contacts", answer)
            ids |= {id_: None for row in rows if (id_ := reader.row_id(row)) is not None}
            after = next_cursor(answer)
            if after is None:
                break
            loop.goes_on(after)
        return list(ids)[:size]

    def _belonging(self, stream: str, need: Need) -> list[str]:
        if stream == "companies":
            named = (one.properties.get("associatedcompanyid") for one in self._contacts)
            return list(dict.fromkeys(str(id_) for id_ in named if id_))
        if "contacts" not in need.links or not self._contacts:
            return []
        own = [one.id for one in self._contacts]
        linked = self._crm.links(Reader("contacts"), stream, own)
        return list(dict.fromkeys(id_ for ids in linked.values() for id_ in ids))

    def _of_ids(self, stream: str, need: Need, ids: Sequence[str]) -> Iterator[Batch]:
        if not ids:
            yield Batch((), None)
        for start in range(0, len(ids), _PAGE):
            batch = self._changes.by_id(stream, need, ids[start : start + _PAGE], known=_Nobody())
            following = str(start + _PAGE) if start + _PAGE < len(ids) else None
            yield Batch(batch.records, following, batch.findings, batch.merged)


class _Nobody:
    """A mirror that holds nothing yet."""

    def records(self, object: str, ids: Sequence[str]) -> Mapping[str, Record]:  # noqa: A002, ARG002 - the port's own words
        return {}
