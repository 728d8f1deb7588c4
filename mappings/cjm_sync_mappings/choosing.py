"""Which records are units: those that exist at T and that the journey's `where` keeps."""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync.model import Record
from cjm_sync.ports import Records
from cjm_sync_mappings.links import Shelf, link
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.units import employer_id
from cjm_sync_mappings.where import LISTS, Where


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Everybody who may take part: the people, their companies, and what the units are of."""

    contacts: Shelf
    companies: Shelf
    units: Shelf


def choose(
    crowd: Crowd,
    records: Records,
    where: Where,
    notes: Notes,
    now: int,
    *,
    without: frozenset[str] = frozenset(),
) -> list[Record]:
    """Return the units ascending by id, and note how many are outside the filter."""
    members = _members(crowd, records, where)
    chosen = []
    for record in crowd.units.survivors.values():
        born_at = created_at(record, notes)
        if born_at is None:
            notes.without_creation(crowd.units.object, record.id)
        if not where.is_known_by(born_at, now) or record.id in without:
            continue
        employer = None
        if where.of_company:
            employer = crowd.companies.survivors.get(employer_id(record, crowd.companies) or "")
        is_member = members is None or record.id in members
        if is_member and where.keeps(record, born_at, employer):
            chosen.append(record)
        else:
            notes.outside += 1
    notes.inside = len(chosen)
    return chosen


def _members(crowd: Crowd, records: Records, where: Where) -> frozenset[str] | None:
    """Return the ids of the units on the lists: of companies and deals those with a contact there."""
    people = where.members(records.all(LISTS), crowd.contacts)
    if people is None or where.object == "contacts":
        return people
    listed = (one for id_, one in crowd.contacts.survivors.items() if id_ in people)
    if where.object == "companies":
        employers = (employer_id(contact, crowd.companies) for contact in listed)
        return frozenset(id_ for id_ in employers if id_ is not None)
    to_contacts = link("deals", crowd.contacts, crowd.units)
    return frozenset(
        deal.id
        for deal in crowd.units.survivors.values()
        if not people.isdisjoint(to_contacts.of(deal))
    )
