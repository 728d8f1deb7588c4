"""Whose a record is: the units of a journey of contacts, companies or deals, by what is linked.

A contact's are the records linked to it. A company's are its own and those of the contacts whose
`associatedcompanyid` it is. A deal's are itself and the records linked to it. However many links
lead from a record to a unit, it is named once; the way in is `Belongings.of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cjm_sync.model import Record
from cjm_sync_mappings.links import Links, Shelf, link
from cjm_sync_mappings.values import read_text

OBJECT_OF = {"contact": "contacts", "company": "companies", "deal": "deals"}
"""The source's object of each kind of unit."""

_NOBODY: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Owners:
    """Answers for the records of one object which units they belong to, by place, ascending."""

    own: Mapping[str, int]
    direct: Links | None
    through: Links | None
    of_contact: Mapping[str, tuple[int, ...]]

    def of(self, record: Record) -> tuple[int, ...]:
        """Return the places of the units of *record*; a unit's own record is its own."""
        if self.direct is None:
            place = self.own.get(record.id)
            return _NOBODY if place is None else (place,)
        found = [self.own[id_] for id_ in self.direct.of(record) if id_ in self.own]
        if self.through is None:
            return tuple(found)
        for id_ in self.through.of(record):
            found.extend(self.of_contact.get(id_, _NOBODY))
        return tuple(sorted(set(found)))


@dataclass(frozen=True, slots=True, eq=False)
class Belongings:
    """The units and their people.

    *shelf* holds the records of the unit's own object, *own* gives a unit's place by its id,
    *of_contact* the places of the units that a contact's own records belong to (for a journey of
    deals nobody's: only what is linked to a deal is the deal's).
    """

    shelf: Shelf
    contacts: Shelf
    own: Mapping[str, int]
    of_contact: Mapping[str, tuple[int, ...]]

    @property
    def object(self) -> str:
        """Return the source's object of the units."""
        return self.shelf.object

    def of(self, object_: str, source: Shelf | None = None) -> Owners:
        """Return who owns the records of *object_*; *source* resolves former ids of *object_*."""
        if object_ == self.object:
            return Owners(self.own, None, None, self.of_contact)
        is_company = self.object == "companies"
        return Owners(
            self.own,
            link(object_, self.shelf, source),
            link(object_, self.contacts, source) if is_company else None,
            self.of_contact,
        )

    def people(self) -> Iterable[Record]:
        """Yield the contacts whose own records are some unit's, ascending by id."""
        return (one for id_, one in self.contacts.survivors.items() if id_ in self.of_contact)


def belongings(
    shelf: Shelf, contacts: Shelf, companies: Shelf, chosen: Sequence[str]
) -> Belongings:
    """Return what belongs to the units *chosen* from *shelf*, by their ids in order of place."""
    own = {id_: place for place, id_ in enumerate(chosen)}
    of_contact: dict[str, tuple[int, ...]] = {}
    if shelf.object == "contacts":
        of_contact = {id_: (place,) for id_, place in own.items()}
    elif shelf.object == "companies":
        for contact in contacts.survivors.values():
            firm = own.get(employer_id(contact, companies) or "")
            if firm is not None:
                of_contact[contact.id] = (firm,)
    return Belongings(shelf, contacts, own, of_contact)


def employer_id(contact: Record, companies: Shelf) -> str | None:
    """Return the id of the live company that *contact* belongs to."""
    return companies.resolve(read_text(contact.properties.get("associatedcompanyid")))
