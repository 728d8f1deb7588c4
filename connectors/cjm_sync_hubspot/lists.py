"""Read lists of contacts and who is on them now. Leaving a list leaves no trace, so each is read whole.

Only the lists that are wanted, by id or name, are looked at: a portal may have a thousand others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cjm_sync.errors import GoneError
from cjm_sync.model import Batch, Finding, Record
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.api import Api, Json, next_cursor
from cjm_sync_hubspot.wire import Reader

STREAM = "list_memberships"
CONTACTS = "0-1"
"""The object type of contacts, by which lists of companies are told apart."""


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list as far as it is needed."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """The lists that were wanted, ascending by id, and the names of which there is none."""

    lists: tuple[ContactList, ...]
    missing: tuple[str, ...]


class Lists:
    """Reads lists of contacts and their members."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def find(self, wanted: Sequence[str]) -> Found:
        """Look up the *wanted* lists; a name may stand for several, and an id goes before a name."""
        found: dict[str, ContactList] = {}
        missing = []
        for name in sorted(set(wanted)):
            lists = self._by_id(name) or self._by_name(name)
            found.update((one.id, one) for one in lists)
            if not lists:
                missing.append(name)
        return Found(tuple(sorted(found.values(), key=lambda one: _order(one.id))), tuple(missing))

    def memberships(self, wanted: Sequence[str], place: Json) -> Iterator[Batch]:
        """Yield each of the *wanted* lists, and who is on it; one that is not there is a finding."""
        found = self.find(wanted)
        findings = tuple(
            Finding(
                "unknown_list",
                STREAM,
                f"there is no list of contacts with the id or name {name!r}",
                "Correct `where.list` in the configuration.",
            )
            for name in found.missing
        )
        start = _order(str(place.get("list") or ""))
        lists = [one for one in found.lists if _order(one.id) >= start]
        if not lists:
            yield Batch((), None, findings)
        for number, one in enumerate(lists, 1):
            following = lists[number].id if number < len(lists) else None
            last = cursors.write(list=following) if following is not None else None
            after = place.get("after") if one.id == place.get("list") else None
            head = () if after else (_record(one, None),)
            for ids, onward, reader in self.members(one.id, after):
                records = (*head, *(_record(one, id_) for id_ in ids))
                cursor = last if onward is None else cursors.write(list=one.id, after=onward)
                yield Batch(records, cursor, (*findings, *reader.rows()))
                head, findings = (), ()

    def members(
        self, list_id: str, after: str | None
    ) -> Iterator[tuple[list[str], str | None, Reader]]:
        """Yield the ids of the members a page at a time, and HubSpot's cursor of the next."""
        loop = cursors.Loop(STREAM)
        while True:
            answer = self._api.memberships(list_id, after=after)
            reader = Reader(STREAM)
            rows = cursors.results(STREAM, answer)
            ids = [id_ for row in rows if (id_ := reader.row_id(row, "recordId")) is not None]
            after = next_cursor(answer)
            yield ids, after, reader
            if after is None:
                return
            loop.goes_on(after)

    def _by_id(self, id_: str) -> list[ContactList]:
        if not (id_.isascii() and id_.isdigit()):
            return []
        try:
            answer = self._api.one_list(id_)
        except GoneError:
            return []
        return _contact_lists([answer.get("list")])

    def _by_name(self, name: str) -> list[ContactList]:
        found: list[ContactList] = []
        offset = 0
        while True:
            answer = self._api.search_lists(name, offset=offset)
            rows = cursors.results(STREAM, answer, "lists")
            # The search also finds lists whose names only hold these words.
            found += [one for one in _contact_lists(rows) if one.name.casefold() == name.casefold()]
            offset += len(rows)
            if answer.get("hasMore") is not True or not rows:
                return found


def _contact_lists(rows: Sequence[object]) -> list[ContactList]:
    return [
        ContactList(str(row["listId"]), str(row.get("name") or ""))
        for row in rows
        if isinstance(row, dict) and row.get("listId") and row.get("objectTypeId") == CONTACTS
    ]


def _record(one: ContactList, member: str | None) -> Record:
    """Return a list, or (*member*) that a contact is on it."""
    told = {"listId": one.id, "name": one.name}
    if member is None:
        return Record(STREAM, one.id, told)
    return Record(STREAM, f"{one.id}/{member}", {**told, "recordId": member})


def _order(id_: str) -> tuple[int, str]:
    return (int(id_), id_) if id_.isascii() and id_.isdigit() else (0, id_)
