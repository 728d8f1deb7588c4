"""Which segment a unit belongs to: `hs_persona`, then the profile's rules, then the starter rules.

Also the mixes that may be told of a segment, without any text of a person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import NO_VALUE, OTHER_VALUE, PersonaName, Trait
from cjm_sync.model import Record
from cjm_sync_mappings.account import Account
from cjm_sync_mappings.schema import ConditionPart, MixPart, PersonaPart, Profile
from cjm_sync_mappings.values import id_order, internal_name, read_list, read_number, read_text

UNASSIGNED = "unassigned"
PROPERTY = "contacts/hs_persona"


@dataclass(frozen=True, slots=True)
class Casting:
    """The personas known, and each unit's by place."""

    names: tuple[PersonaName, ...]
    of_unit: tuple[int, ...]


def cast(
    profile: Profile,
    account: Account,
    contacts: Sequence[Record],
    companies: Sequence[Record | None],
) -> Casting:
    """Give each contact its persona; *companies* are the contacts' own, in their order."""
    rules = (*profile.personas.rules, *profile.personas.starter)
    taken = {"everyone", UNASSIGNED, "decision_maker", "champion", "user"}
    taken |= {rule.key for rule in rules}
    options = account.options.get(PROPERTY, ())
    set_by_hand = {read_text(contact.properties.get("hs_persona")) for contact in contacts} - {""}
    gone = sorted(set_by_hand - {value for value, _ in options}, key=id_order)
    keys: dict[str, int] = {}
    names: list[PersonaName] = []
    places: dict[str, int] = {}
    for value, label in (
        *options,
        *((value, f"{internal_name(value)} (removed)") for value in gone),
    ):
        plain = internal_name(value)
        key = f"hs_persona_{plain}" if plain in taken else plain
        if key not in keys:
            keys[key] = len(names)
            names.append(PersonaName(key, label))
        places[value] = keys[key]
    first_rule = len(names)
    names.extend(PersonaName(rule.key, rule.label) for rule in rules)
    names.append(PersonaName(UNASSIGNED, profile.personas.unassigned))

    def place(contact: Record, company: Record | None) -> int:
        value = read_text(contact.properties.get("hs_persona"))
        if value:
            return places[value]
        for number, rule in enumerate(rules):
            if _holds(rule, contact, company):
                return first_rule + number
        return len(names) - 1

    return Casting(tuple(names), tuple(map(place, contacts, companies)))


def _holds(rule: PersonaPart, contact: Record, company: Record | None) -> bool:
    return any(
        _is_met(condition, (contact if condition.object == "contact" else company))
        for condition in rule.any
    )


def _is_met(condition: ConditionPart, record: Record | None) -> bool:
    text = read_text(record.properties.get(condition.property)) if record is not None else ""
    if not text:
        return False
    wanted = {value.casefold() for value in condition.values}
    match condition.operator:
        case "known":
            return True
        case "is":
            return text.casefold() in wanted
        case "contains":
            return any(part.casefold() in wanted for part in read_list(text))
        case "matches":
            return any(re.search(value, text, re.IGNORECASE) for value in condition.values)
        case "at_least" | "at_most":
            number = read_number(text)
            bounds = [bound for bound in map(read_number, condition.values) if bound is not None]
            if number is None or not bounds:
                return False
            is_low = condition.operator == "at_most"
            return number <= max(bounds) if is_low else number >= min(bounds)


def lead_of(casting: Casting, places: Sequence[int]) -> int | None:
    """Return which of a unit's people, ascending by id, speaks for it: the first with a persona.

    *places* are those in *casting*; the first of all when nobody has one, None without people.
    """
    nobody = len(casting.names) - 1
    first = places[0] if places else None
    return next((place for place in places if casting.of_unit[place] != nobody), first)


def read_mixes(
    profile: Profile,
    account: Account,
    contacts: Sequence[Record | None],
    companies: Sequence[Record | None],
) -> tuple[Trait, ...]:
    """Return each mix of the profile as one place per unit, given its contact and its company."""
    traits = []
    for mix in profile.mixes:
        labels: dict[str, int] = {}
        values = np.full(len(contacts), NO_VALUE, dtype=np.int64)
        known = {spelled.casefold(): label for spelled, label in mix.values.items()}
        known |= {label.casefold(): label for label in mix.values.values()}
        for unit, (contact, company) in enumerate(zip(contacts, companies, strict=True)):
            found = _trait(mix, known, account, contact, company)
            if found is not None:
                values[unit] = labels.setdefault(found, len(labels)) if found else OTHER_VALUE
        traits.append(Trait(mix.name, tuple(labels), values))
    return tuple(traits)


def _trait(
    mix: MixPart,
    known: dict[str, str],
    account: Account,
    contact: Record | None,
    company: Record | None,
) -> str | None:
    """Return the label that may be shown, empty text for a value that may not, None for none."""
    for name in mix.properties:
        object_, _, property_ = name.partition(".")
        record = contact if object_ == "contacts" else company
        text = read_text(record.properties.get(property_)) if record is not None else ""
        if not text:
            continue
        if mix.bands:
            return _band(mix, text)
        label = account.label(f"{object_}/{property_}", text)
        return label if label is not None else known.get(text.casefold(), "")
    return None


def _band(mix: MixPart, text: str) -> str:
    number = read_number(text)
    if number is None or number < 0:
        return ""
    for band in mix.bands:
        if band.up_to is None or number <= band.up_to:
            return band.label
    return ""
