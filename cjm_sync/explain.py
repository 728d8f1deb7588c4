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
from urllib.parse import quote, unquote

import numpy as np

from cjm_sync.errors import ConfigError
from cjm_sync.journey.behind import Behind, Group
from cjm_sync.journey.compute import members_of, survey, travel_all
from cjm_sync.journey.definitions import (
    CELL,
    OUTCOME,
    PAIN,
    PERSONA,
    SEVERITY,
    TOUCHPOINT,
    Definition,
    Window,
)
from cjm_sync.journey.facts import DAY_MS, Facts, Flags
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.story import Story, moment_text, story_of
from cjm_sync.journey.timeline import Travel
from cjm_sync.journey.travellers import OBJECTS
from cjm_sync.journey.types import Emotion, Journey, MomentOfTruth, Pain
from cjm_sync.ports import JourneyRequest
from cjm_sync.remedies import remedies
from cjm_sync.store import MirrorRecords
from cjm_sync.wiring import Home, map_of, reference_time

SHOWN = 20
"""Ids and events that are listed unless all are asked for."""
_ENDED = {"contact": "contacts", "company": "companies", "deal": "deals"} | {
    name: name for name in OBJECTS.values()
}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the map; *value* None is withheld or not there, which *note* tells."""

    name: str
    value: float | None
    note: str
    definition: str
    base: str
    window: str
    behind: tuple[Group, ...] = ()


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
    return _Map(home, request, as_of).explain(key, parts[1:], metric)


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


# numbers


class _Map:
    """One journey computed anew, with everything that its numbers were counted from."""

    def __init__(self, home: Home, request: JourneyRequest, as_of: datetime | None) -> None:
        self._as_of = reference_time(home, as_of)
        plain = replace(request, detail="aggregate")
        self._facts: Facts = home.mapping.facts(MirrorRecords(home.store), plain, as_of=self._as_of)
        self._travels: tuple[Travel, ...] = travel_all(self._facts)
        now = int(self._as_of.timestamp() * 1000)
        self._ground: Ground = survey(self._facts, self._travels, now)
        self._behind = Behind(self._facts, self._ground, self._travels)
        self._members = members_of(self._facts)
        whole = map_of(replace(home, journeys=(plain,)), self._as_of)
        self._journey: Journey = whole.journeys[0]

    def explain(self, key: str, parts: tuple[str, ...], metric: str) -> Explanation:
        title, numbers = "", None
        match parts:
            case ():
                title, numbers = self._whole()
            case ("stage", stage, persona):
                title, numbers = self._cell(stage, persona)
            case ("touchpoint", stage, touchpoint):
                title, numbers = self._touchpoint(stage, touchpoint)
            case ("persona", persona):
                title, numbers = self._persona(persona)
            case ("pain", rule, stage, subject):
                title, numbers = self._pain(rule, stage, subject)
            case ("opportunity", rule, stage, subject):
                title, numbers = self._opportunity(rule, stage, subject)
            case _:
                pass
        if numbers is None:
            raise _unknown(key, self._keys())
        if metric:
            found = tuple(one for one in numbers if one.name == metric)
            if not found:
                address = key.partition("#")[0]
                raise _unknown(key, [f"{address}#{one.name}" for one in numbers])
            return Explanation(key, "number", title, self._as_of, found)
        without = tuple(replace(one, behind=()) for one in numbers)
        return Explanation(key, "row", title, self._as_of, without)

    def _keys(self) -> list[str]:
        """Return the key of every row, as Notion shows it."""
        journey = self._journey
        rows: list[tuple[str, ...]] = [("persona", one.key) for one in journey.personas]
        rows += [("touchpoint", one.stage, one.key) for one in journey.touchpoints]
        rows += [
            ("stage", stage.key, cell.persona) for stage in journey.stages for cell in stage.cells
        ]
        found = (*(journey.pains or ()), *(journey.delights or ()))
        rows += [("pain", *one.identity) for one in found]
        rows += [("opportunity", *one.identity) for one in journey.opportunities or ()]
        return ["/".join(quote(part, safe="") for part in (journey.key, *row)) for row in rows]

    def _place(self, stage: str) -> int | None:
        keys = [one.key for one in self._facts.stages]
        return keys.index(stage) if stage in keys else None

    def _flags(self, persona: str) -> Flags | None:
        found = self._members.get(persona)
        return None if found is None else found[1]

    def _whole(self) -> tuple[str, list[Number]]:
        outcomes = self._journey.outcomes
        numbers = [
            self._number(
                name,
                self._journey.units if name == "units" else getattr(outcomes, name),
                definition,
                self._behind.outcome(name),
            )
            for name, definition in OUTCOME.items()
        ]
        return f"the journey {self._journey.name}", numbers

    def _cell(self, stage: str, persona: str) -> tuple[str, list[Number] | None]:
        place, flags = self._place(stage), self._flags(persona)
        if place is None or flags is None:
            return "", None
        row = self._journey.stages[place]
        cell = next(one for one in row.cells if one.persona == persona)
        numbers = []
        for name, definition in CELL.items():
            behind = self._behind.cell(place, flags, name)
            is_last = place == len(self._journey.stages) - 1
            note = "the last stage has none" if is_last and name.startswith("conversion") else ""
            value = getattr(cell, name)
            numbers.append(self._number(name, value, definition, behind, stage=place, note=note))
        return f"{row.label}, {self._members[persona][0]}", numbers

    def _touchpoint(self, stage: str, key: str) -> tuple[str, list[Number] | None]:
        found = (t for t in self._journey.touchpoints if (t.stage, t.key) == (stage, key))
        row, place = next(found, None), self._place(stage)
        if row is None or place is None:
            return "", None
        point = [one.key for one in self._facts.touchpoints].index(key)
        numbers = []
        for name, definition in TOUCHPOINT.items():
            behind = self._behind.touchpoint(place, point, name)
            value = getattr(row, name)
            if name == "moment_of_truth":
                behind = ()
            numbers.append(self._number(name, value, definition, behind, stage=place))
        return f"{row.label} in {self._facts.stages[place].label}", numbers

    def _persona(self, key: str) -> tuple[str, list[Number] | None]:
        flags = self._flags(key)
        if flags is None:
            return "", None
        row = next(one for one in self._journey.personas if one.key == key)
        numbers = [
            self._number(name, getattr(row, name), definition, self._behind.persona(flags, name))
            for name, definition in PERSONA.items()
        ]
        return f"the persona {row.label}", numbers

    def _pain(self, rule: str, stage: str, subject: str) -> tuple[str, list[Number] | None]:
        found = (*(self._journey.pains or ()), *(self._journey.delights or ()))
        identity = (rule, stage, subject)
        row = next((one for one in found if one.identity == identity), None)
        place = self._place(stage)
        if row is None or place is None:
            return "", None
        grounds = self._journey.grounds
        measures = grounds.measures if grounds is not None else ()
        measure = next((m for m in measures if (m.rule, m.stage, m.subject) == identity), None)
        behind = self._behind.measured(place, measure)
        numbers = [self._pain_number(row, name, behind) for name in ("value", "severity", "n")]
        return f"{row.label} in {self._facts.stages[place].label}", numbers

    def _pain_number(self, row: Pain, name: str, behind: tuple[Group, ...]) -> Number:
        rule = PAIN[row.rule]
        definition = {
            "value": f"fires when {rule}; now {row.value:g} against {row.threshold:g}, in {row.unit}",
            "severity": f"{SEVERITY}; now {row.reach:g}, {row.intensity:g} and {row.trend:g}",
            "n": f"the rule's own base; {row.units} units are affected",
        }[name]
        return Number(
            name,
            float(getattr(row, name)),
            "",
            definition,
            f"the rule's own base of {row.n}",
            self._window("window"),
            behind,
        )

    def _opportunity(self, rule: str, stage: str, subject: str) -> tuple[str, list[Number] | None]:
        identity = (rule, stage, subject)
        found = self._journey.opportunities or ()
        row = next((one for one in found if one.identity == identity), None)
        if row is None:
            return "", None
        words = {
            "customer_value": "highest severity of the linked pains",
            "business_value": "percentile rank among the stages of open amount in the stage and "
            "amount lost there",
            "value": "half customer value and half business value",
            "effort": "0 to 5, a person's; 3 while nobody has set it",
            "priority": "value · (6 − effort) / 5",
        }
        numbers = []
        for name, text in words.items():
            definition = Definition(text, "its pain, and the amounts of the stage", "window")
            numbers.append(self._number(name, getattr(row, name), definition, ()))
        return row.label, numbers

    def _number(
        self,
        name: str,
        sent: object,
        definition: Definition,
        behind: tuple[Group, ...],
        *,
        stage: int | None = None,
        note: str = "",
    ) -> Number:
        value: float | None = None
        match sent:
            case Emotion():
                value = sent.score
                note = f"{sent.evidence}, n = {sent.n}" if value is not None else note
            case MomentOfTruth():
                value = sent.ratio
                note = (
                    f"{sent.verdict}; {sent.advanced_exposed} of {sent.exposed} touched and "
                    f"{sent.advanced_not_exposed} of {sent.not_exposed} not touched advanced; "
                    f"95 % interval {sent.low:.3g} to {sent.high:.3g}, q = {sent.q:.3g}"
                )
            case int() | float():
                value = float(sent)
            case _:
                pass
        if value is None and not note:
            least = self._facts.settings.min_group
            note = (
                "not tested"
                if name == "moment_of_truth"
                else (f"withheld: it rests on fewer than {least} units")
            )
        window = self._window(definition.window, stage)
        return Number(name, value, note, definition.text, definition.base, window, behind)

    def _window(self, window: Window, stage: int | None = None) -> str:
        ground, now = self._ground, self._ground.as_of
        since = now - ground.window
        match window:
            case "now":
                return f"at T, {_day(now)}"
            case "window":
                return f"{_day(since)} to {_day(now)}"
            case "decided":
                patience = ground.patience[stage] if stage is not None else 0.0
                latest = now - patience
                return (
                    f"entered {_day(latest - ground.window)} to {_day(latest)}: the window, "
                    f"earlier by P = {patience / DAY_MS:.1f} days"
                )
            case "year":
                oldest = now - ground.settings.max_age_days * DAY_MS
                return f"signals of {_day(oldest)} to {_day(now)}"
            case "moments":
                latest = now - (ground.patience[stage] if stage is not None else 0.0)
                oldest = latest - ground.settings.moments.window_days * DAY_MS
                return f"first stays entered {_day(oldest)} to {_day(latest)}"
            case "ever":
                return f"everything before {_day(now)}"


def _day(at: float) -> str:
    return str(np.datetime64(int(at), "ms").astype("datetime64[D]"))


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
        yield f"  {group.label}, {group.object} ({len(group.ids)}): {listed}{rest}"
