"""Who takes part in a journey: the `where` table of the configuration.

The filter is applied here, to what the mirror holds. A record that leaves it is no unit any more;
it stays in the mirror, so that it is one again as soon as it comes back.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from cjm_sync.errors import ConfigError
from cjm_sync.model import Need, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings.links import Shelf
from cjm_sync_mappings.units import OBJECT_OF
from cjm_sync_mappings.values import read_list, read_number, read_text, read_time

KEYS = ("created_after", "created_before", "list", "owner", "pipeline", "properties")
LISTS = "list_memberships"
OWNER = "hubspot_owner_id"
_PROPERTY = re.compile(r"[a-z0-9_]+\Z")

Wanted = str | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A property that must have one of *values*; "" stands for none."""

    property: str
    values: tuple[Wanted, ...]

    def holds(self, record: Record | None) -> bool:
        """Return whether *record* has one of the values, or one of several has it."""
        sent = record.properties.get(self.property) if record is not None else None
        return any(_is(sent, value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Where:
    """The filter of one journey; None stands for no limit. *object* is that of its units."""

    journey: str = ""
    object: str = "contacts"
    pipelines: frozenset[str] | None = None
    created_after: int | None = None
    created_before: int | None = None
    lists: frozenset[str] | None = None
    owners: frozenset[str] | None = None
    of_unit: tuple[Condition, ...] = field(default=())
    of_company: tuple[Condition, ...] = field(default=())

    def needs(self) -> dict[str, Need]:
        """Return what the filter reads of each object beside what every journey reads.

        Of the list memberships the properties are the lists, by id or name: a portal may have a
        thousand others, which nobody has to read.
        """
        own = {condition.property for condition in self.of_unit}
        if self.owners is not None:
            own.add(OWNER)
        company = {condition.property for condition in self.of_company}
        wanted: dict[str, set[str]] = {LISTS: set(self.lists or ())}
        for name, names in ((self.object, own), ("companies", company)):
            wanted[name] = wanted.get(name, set()) | names
        return {name: Need(frozenset(names)) for name, names in wanted.items() if names}

    def is_known_by(self, created_at: int | None, now: int) -> bool:
        """Return whether a record created then exists at *now*; an unknown time is no reason against."""
        return created_at is None or created_at < now

    def keeps(self, record: Record, created_at: int | None, employer: Record | None) -> bool:
        """Return whether a record is a unit, lists aside; *employer* is a contact's company."""
        if created_at is not None:
            if self.created_after is not None and created_at < self.created_after:
                return False
            if self.created_before is not None and created_at >= self.created_before:
                return False
        if self.owners is not None:
            owner = read_text(record.properties.get(OWNER))
            if owner not in self.owners:
                return False
        return all(condition.holds(record) for condition in self.of_unit) and all(
            condition.holds(employer) for condition in self.of_company
        )

    def members(self, records: Iterable[Record], contacts: Shelf) -> frozenset[str] | None:
        """Return the ids of the contacts on any of the lists; None without such a limit.

        *records* are lists and memberships. Raises ConfigError when a list is not among them: no
        unit at all would be the other answer, and every row would leave.
        """
        if self.lists is None:
            return None
        names: dict[str, set[str]] = {}
        found: set[str] = set()
        by_list: dict[str, list[str]] = {}
        for record in records:
            id_ = read_text(record.properties.get("listId"))
            names.setdefault(id_, set()).add(read_text(record.properties.get("name")))
            member = read_text(record.properties.get("recordId"))
            if member:
                by_list.setdefault(id_, []).append(member)
        for wanted in sorted(self.lists):
            ids = [wanted] if wanted in names else []
            ids = ids or [id_ for id_, known in names.items() if _named(wanted, known)]
            if not ids:
                raise ConfigError(
                    f"journey {self.journey}: the list {wanted!r} of `where.list` was not read from HubSpot",
                    hint="Check its id or name and that the token has the scope crm.lists.read; "
                    "after a change of `where.list`, `cjm-sync sync` reads it.",
                )
            for id_ in ids:
                resolved = (contacts.resolve(one) for one in by_list.get(id_, ()))
                found.update(one for one in resolved if one is not None)
        return frozenset(found)

    def keep_deals(self, deals: Shelf) -> Shelf:
        """Return *deals* without those of other pipelines."""
        if self.pipelines is None:
            return deals
        kept = {
            id_: deal
            for id_, deal in deals.survivors.items()
            if read_text(deal.properties.get("pipeline")) in self.pipelines
        }
        return replace(deals, survivors=kept)


def _named(wanted: str, names: Iterable[str]) -> bool:
    return wanted.casefold() in {name.casefold() for name in names}


def _is(sent: Any, wanted: Wanted) -> bool:
    if isinstance(wanted, bool):
        return read_text(sent).casefold() == str(wanted).casefold()
    if isinstance(wanted, (int, float)):
        return read_number(sent) == wanted
    text = read_text(sent).casefold()
    if text == wanted.casefold():
        return True
    return bool(wanted) and wanted.casefold() in {part.casefold() for part in read_list(text)}


def read_where(journey: JourneyRequest) -> Where:
    """Return the filter of *journey*; raises ConfigError naming a key or value that is not known."""
    for key in journey.where:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            raise ConfigError(
                f"journey {journey.key}: `where.{key}` is not a known key",
                hint=f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(KEYS)}.",
            )
    after, before = _moment(journey, "created_after"), _moment(journey, "created_before")
    if after is not None and before is not None and after >= before:
        raise ConfigError(
            f"journey {journey.key}: `where.created_before` is not later than `where.created_after`",
            hint="No contact could be created in between; correct one of them.",
        )
    of_unit, of_company = _conditions(journey)
    return Where(
        journey.key,
        OBJECT_OF[journey.unit],
        _names(journey, "pipeline", 'pipeline = ["default"]', "pipeline ids"),
        after,
        before,
        _names(journey, "list", 'list = ["Newsletter"]', "list ids or names"),
        _owners(journey),
        of_unit,
        of_company,
    )


def _names(journey: JourneyRequest, key: str, example: str, what: str) -> frozenset[str] | None:
    if key not in journey.where:
        return None
    sent = journey.where[key]
    names = list(sent) if isinstance(sent, (list, tuple)) else [sent]
    # Ids of lists and owners are numbers, and people write them so; those of pipelines are words.
    texts = [str(n) if key != "pipeline" and _is_whole(n) else n for n in names]
    if not texts or not all(isinstance(name, str) and name.strip() for name in texts):
        raise ConfigError(
            f"journey {journey.key}: `where.{key}` is no list of {what}",
            hint=f"Write for example `{example}`.",
        )
    return frozenset(name.strip() for name in texts)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _owners(journey: JourneyRequest) -> frozenset[str] | None:
    example = 'owner = ["41629779"]'
    owners = _names(journey, "owner", example, "owner ids")
    if owners is not None and not all(one.isascii() and one.isdigit() for one in owners):
        # An address here would be personal data in a file that people share.
        raise ConfigError(
            f"journey {journey.key}: `where.owner` holds something that is no owner id",
            hint=f"Write for example `{example}`; HubSpot shows ids under Settings, Users & Teams.",
        )
    return owners


def _moment(journey: JourneyRequest, key: str) -> int | None:
    if key not in journey.where:
        return None
    sent = journey.where[key]
    text = sent.isoformat() if isinstance(sent, (date, datetime)) else sent
    at = read_time(text) if isinstance(text, str) else None
    if at is None:
        raise ConfigError(
            f"journey {journey.key}: `where.{key}` is no date since 2000",
            hint=f'Write for example `{key} = "2025-01-01"`.',
        )
    return at


def _conditions(
    journey: JourneyRequest,
) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Return the conditions on units and on contacts' companies, ascending by property."""
    sent = journey.where.get("properties", {})
    if not isinstance(sent, Mapping) or ("properties" in journey.where and not sent):
        raise ConfigError(
            f"journey {journey.key}: `where.properties` is no table of properties and values",
            hint='Write for example `properties = { country = ["Sweden"], "company.industry" = "BANKING" }`.',
        )
    flat: dict[str, Any] = {}
    for name, value in sent.items():
        # TOML makes a table of an unquoted `company.industry`.
        inner = value.items() if name == "company" and isinstance(value, Mapping) else None
        flat.update({f"company.{one}": v for one, v in inner} if inner else {name: value})
    of_others = [name for name in sorted(flat) if name.startswith("company.")]
    if of_others and journey.unit != "contact":
        raise ConfigError(
            f"journey {journey.key}: `where.properties.{of_others[0]}` speaks of a contact's company",
            hint=f'With `unit = "{journey.unit}"` name the {journey.unit}\'s own properties, '
            "without `company.`.",
        )
    conditions = {name: _condition(journey, name, value) for name, value in sorted(flat.items())}
    return (
        tuple(one for name, one in conditions.items() if not name.startswith("company.")),
        tuple(one for name, one in conditions.items() if name.startswith("company.")),
    )


def _condition(journey: JourneyRequest, name: str, sent: Any) -> Condition:
    property_ = name.removeprefix("company.")
    if not _PROPERTY.match(property_):
        raise ConfigError(
            f"journey {journey.key}: `where.properties` names {name!r}, which is no property",
            hint="Use the internal name (lower case, digits, `_`) of a property of the unit, "
            "or `company.` and that of a contact's company.",
        )
    values = tuple(sent) if isinstance(sent, (list, tuple)) else (sent,)
    if not values or not all(isinstance(value, (str, int, float)) for value in values):
        raise ConfigError(
            f"journey {journey.key}: `where.properties.{name}` is neither a value nor a list of values",
            hint=f'Write for example `{name} = ["one", "another"]`; internal values of options, not labels.',
        )
    return Condition(property_, tuple(v.strip() if isinstance(v, str) else v for v in values))
