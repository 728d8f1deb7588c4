"""Say why a unit is where it is, where a number comes from, and what to do about a finding.

The way in is `explain`. Everything is worked out anew from the mirror; neither service is asked, and
what is said, ids above all, is for this machine only.
"""

from __future__ import annotations

import difflib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from cjm_sync.accounts import Accounts, Number
from cjm_sync.errors import ConfigError
from cjm_sync.journey.compute import travel_all
from cjm_sync.journey.story import Story, moment_text, story_of
from cjm_sync.journey.travellers import OBJECTS
from cjm_sync.mirror import MirrorRecords
from cjm_sync.ports import JourneyRequest
from cjm_sync.remedies import remedies
from cjm_sync.wiring import Home, reference_time

SHOWN = 20
"""Ids and events that are listed unless all are asked for."""
_ENDED = {"contact": "contacts", "company": "companies", "deal": "deals"} | {
    name: name for name in OBJECTS.values()
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was asked for: a *story* of a unit, *numbers*, or the *remedy* of a finding."""

    key: str
    kind: str
    title: str
    as_of: datetime | None = None
    numbers: tuple[Number, ...] = ()
    story: Story | None = None
    meaning: str = ""
    remedy: str = ""

    def as_json(self, *, every: bool = False) -> dict[str, Any]:
        """Return the object that `explain --json` prints; lists are cut unless *every* is wanted."""
        told: dict[str, Any] = {"key": self.key, "kind": self.kind, "title": self.title}
        if self.as_of is not None:
            told["as_of"] = moment_text(self.as_of)
        match self.kind:
            case "finding":
                told |= {"meaning": self.meaning, "remedy": self.remedy}
            case "unit" if self.story is not None:
                told |= self.story.as_json(None if every else SHOWN)
            case _:
                told["numbers"] = [_number_json(one, every=every) for one in self.numbers]
        return told

    def lines(self, *, every: bool = False) -> Iterator[str]:
        """Yield the same as lines to read."""
        yield f"{self.key}: {self.title}"
        if self.as_of is not None:
            yield f"as of {moment_text(self.as_of)}, from the local mirror"
        if self.kind == "finding":
            yield f"meaning: {self.meaning}"
            yield f"remedy: {self.remedy}"
        if self.story is not None:
            yield from self.story.lines(None if every else SHOWN)
        for one in self.numbers:
            yield from _number_lines(one, every=every)


def explain(home: Home, key: str, *, as_of: datetime | None = None) -> Explanation:
    """Explain *key* at *as_of* (None: T of the last finished sync).

    Raises ConfigError naming the nearest known keys when there is no such thing.
    """
    known = remedies().get(key)
    if known is not None:
        return Explanation(
            key, "finding", "a code of findings", meaning=known.meaning, remedy=known.remedy
        )
    address, _, metric = key.partition("#")
    parts = tuple(unquote(part) for part in address.split("/"))
    if len(parts) == 2 and parts[0] in _ENDED and parts[0] not in _journeys(home):
        return _unit_anywhere(home, key, _ENDED[parts[0]], parts[1], as_of)
    request = _journeys(home).get(parts[0])
    if request is None:
        raise _unknown(key, [*_journeys(home), *remedies()])
    if len(parts) == 4 and parts[1] == "unit":
        now = reference_time(home, as_of)
        wanted = OBJECTS[request.unit]
        if _ENDED.get(parts[2]) != wanted:
            raise _unknown(key, [f"{parts[0]}/unit/{wanted}/{parts[3]}"])
        return _unit(home, request, key, parts[3], now)
    return _numbers(Accounts(home, request, as_of), key, parts[1:], metric)


def _journeys(home: Home) -> Mapping[str, JourneyRequest]:
    return {journey.key: journey for journey in home.journeys}


def _unknown(key: str, known: Sequence[str]) -> ConfigError:
    near = difflib.get_close_matches(key, known, n=5, cutoff=0.3)
    listed = ", ".join(near or list(known)[:8])
    return ConfigError(
        f"there is nothing to explain under {key!r}",
        hint=f"Keys like it: {listed}. A key is a row's Sync key with #number behind it, "
        "object/id of a unit, or the code of a finding.",
    )


def _numbers(accounts: Accounts, key: str, parts: tuple[str, ...], metric: str) -> Explanation:
    row = accounts.row(parts)
    if row is None:
        raise _unknown(key, accounts.keys())
    title, numbers = row
    if not metric:
        without = tuple(replace(one, behind=()) for one in numbers)
        return Explanation(key, "row", title, accounts.as_of, without)
    found = tuple(one for one in numbers if one.name == metric)
    if not found:
        address = key.partition("#")[0]
        raise _unknown(key, [f"{address}#{one.name}" for one in numbers])
    return Explanation(key, "number", title, accounts.as_of, found)


# units


def _unit_anywhere(
    home: Home, key: str, object_: str, id_: str, as_of: datetime | None
) -> Explanation:
    """Explain a unit named by its object and id alone, in the first journey that has it."""
    now = reference_time(home, as_of)
    asked = [request for request in home.journeys if OBJECTS[request.unit] == object_]
    for request in asked:
        try:
            return _unit(home, request, key, id_, now)
        except ConfigError:
            continue
    travelling = sorted({OBJECTS[request.unit] for request in home.journeys})
    raise ConfigError(
        f"no journey has the unit {key!r} at {moment_text(now)}",
        hint=f"Journeys here are of {', '.join(travelling)}. Check the id, and `where`: the finding "
        "`outside_filter` counts who is outside.",
    )


def _unit(home: Home, request: JourneyRequest, key: str, id_: str, as_of: datetime) -> Explanation:
    facts = home.mapping.facts(MirrorRecords(home.store), request, as_of=as_of)
    object_ = OBJECTS[request.unit]
    wanted = home.store.survivors(object_).get(id_, id_)
    if id_.startswith("~"):
        secret = home.store.facts().get("secret", "")
        told = (unit.id for unit in facts.units if pseudonym(secret, object_, unit.id) == id_)
        wanted = next(told, id_) if secret else id_
    place = next((n for n, unit in enumerate(facts.units) if unit.id == wanted), None)
    if place is None:
        raise _unknown(key, [f"{request.key}/unit/{object_}/{unit.id}" for unit in facts.units])
    travels = travel_all(facts)

    def object_of(record_id: str) -> str:
        for name in ("meetings", "quotes", "feedback_submissions"):
            if home.store.records_of(name, [record_id]):
                return name
        return "records"

    story = story_of(facts, travels, place, as_of=as_of, object_of=object_of)
    title = f"{object_}/{wanted} in the journey {request.name}"
    return Explanation(key, "unit", title, as_of, story=story)


def pseudonym(secret: str, object_: str, record_id: str) -> str:
    """Return what a unit's row goes by at `pseudonymous`; a target makes the same (design, §6)."""
    digest = hmac.new(secret.encode(), f"{object_}/{record_id}".encode(), sha256).hexdigest()
    return f"~{digest[:24]}"


def _number_json(one: Number, *, every: bool) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": one.value,
        "note": one.note,
        "definition": one.definition,
        "base": one.base,
        "window": one.window,
        "behind": [
            {
                "label": group.label,
                "object": group.object,
                "count": len(group.ids),
                "ids": list(group.ids if every else group.ids[:SHOWN]),
            }
            for group in one.behind
        ],
    }


def _number_lines(one: Number, *, every: bool) -> Iterator[str]:
    shown = "nothing to show" if one.value is None else f"{one.value:.12g}"
    yield f"{one.name}: {shown}" + (f" ({one.note})" if one.note else "")
    yield f"  definition: {one.definition}"
    yield f"  base: {one.base}"
    yield f"  window: {one.window}"
    for group in one.behind:
        ids = group.ids if every else group.ids[:SHOWN]
        more = len(group.ids) - len(ids)
        listed = ", ".join(ids) or "none"
        rest = f" and {more} more; --all lists them" if more else ""
        kind = "" if group.label.endswith(group.object) else f", {group.object}"
        yield f"  {group.label}{kind} ({len(group.ids)}): {listed}{rest}"
