"""Who stands behind each unit: the contacts that give it its persona, and what may be told of it.

A contact stands for itself. A company or deal has the persona of its contact of lowest id that is
not unassigned; a company tells its own country and size, a deal those of its contact and company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cjm_sync.journey.facts import PersonaName, Trait
from cjm_sync.model import Record
from cjm_sync_mappings.links import Shelf
from cjm_sync_mappings.personas import Casting, cast, lead_of, read_mixes
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.units import employer_id


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The personas known, each unit's by place, and the mixes."""

    names: tuple[PersonaName, ...]
    of_unit: tuple[int, ...]
    traits: tuple[Trait, ...]


def cast_units(scene: Scene, companies: Shelf, chosen: Sequence[Record]) -> Cast:
    """Give each unit of *chosen* its persona, by its contacts' rules."""

    def employer(contact: Record) -> Record | None:
        return companies.survivors.get(employer_id(contact, companies) or "")

    people, of_unit = _people(scene, chosen)
    employers = [employer(contact) for contact in people]
    casting = cast(scene.profile, scene.account, people, employers)
    match scene.owned.object:
        case "contacts":
            personas: tuple[int, ...] = casting.of_unit
            contacts: list[Record | None] = list(people)
            firms = employers
        case "companies":
            personas = _personas(casting, of_unit)
            contacts, firms = [None] * len(chosen), list(chosen)
        case _:
            personas = _personas(casting, of_unit)
            leads = [lead_of(casting, places) for places in of_unit]
            contacts = [None if one is None else people[one] for one in leads]
            firms = _deal_firms(scene, companies, chosen)
            for place, one in enumerate(leads):
                if firms[place] is None and one is not None:
                    firms[place] = employers[one]
    traits = read_mixes(scene.profile, scene.account, contacts, firms)
    return Cast(casting.names, personas, traits)


def _people(scene: Scene, chosen: Sequence[Record]) -> tuple[list[Record], list[list[int]]]:
    """Return the contacts behind the units, ascending by id, and their places there by unit."""
    of_unit: list[list[int]] = [[] for _ in chosen]
    people: list[Record] = []
    if scene.owned.object != "deals":
        for contact in scene.owned.people():
            for unit in scene.of_contact(contact.id):
                of_unit[unit].append(len(people))
            people.append(contact)
        return people, of_unit
    to_contacts = scene.to_contacts("deals", scene.deals)
    places: dict[str, int] = {}
    linked = [to_contacts.of(deal) for deal in chosen]
    wanted = {id_ for ids in linked for id_ in ids}
    for id_, contact in scene.contacts.survivors.items():
        if id_ in wanted:
            places[id_] = len(people)
            people.append(contact)
    for unit, ids in enumerate(linked):
        of_unit[unit] = [places[id_] for id_ in ids]
    return people, of_unit


def _personas(casting: Casting, of_unit: Sequence[Sequence[int]]) -> tuple[int, ...]:
    leads = (lead_of(casting, places) for places in of_unit)
    unassigned = len(casting.names) - 1
    return tuple(unassigned if lead is None else casting.of_unit[lead] for lead in leads)


def _deal_firms(scene: Scene, companies: Shelf, chosen: Sequence[Record]) -> list[Record | None]:
    """Return the company of lowest id that each deal is linked to."""
    to_companies = scene.links("deals", companies, scene.deals)
    linked = (to_companies.of(deal) for deal in chosen)
    return [companies.survivors[ids[0]] if ids else None for ids in linked]
