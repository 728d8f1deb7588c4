"""One unit's way told in full: its events, its stays and the rule of the model behind each.

For `explain` only; ids are those of the CRM, labels the profile's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cjm_sync.journey.compute import name_meetings
from cjm_sync.journey.facts import DAY_MS, DealState, Facts
from cjm_sync.journey.timeline import OPEN, Cause, Exit, Stay, Travel
from cjm_sync.journey.travellers import OBJECTS, traveller
from cjm_sync.journey.types import Traveller

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATES = {
    DealState.LOW: "is open, likely below the profile's threshold",
    DealState.HIGH: "is open, likely from the profile's threshold on",
    DealState.WON: "is won",
    DealState.LOST: "is lost",
}
_RULES = {
    1: "the first stay begins at the earliest of creation, first touch and first event",
    2: "a lifecycle value set back, or a deal that fell below the threshold, moves back",
    3: "after a purchase only wins, losses and a lifecycle set back count",
    4: "a later stage closes the stay and opens the next",
    5: "a loss closes the stay; a later event re-opens the journey",
    6: "neither touched nor moved within the dormant time",
    7: "the lifecycle value at T leads to no stage",
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something dated that moves a unit, or could: when, what, and of which record."""

    at: int
    text: str
    record: str


@dataclass(frozen=True, slots=True)
class Told:
    """One stay with why it began and why it ended; *rule* numbers are those of the model's §3."""

    stage: str
    entered_at: int
    left_at: int | None
    exit: str
    began: str
    rule: int
    ended: str
    ended_rule: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one unit at T."""

    now: Traveller
    persona: str
    events: tuple[Event, ...]
    stays: tuple[Told, ...]
    skipped: tuple[tuple[int, str], ...]
    touches: tuple[tuple[int, str], ...]
    flags: tuple[str, ...]

    def as_json(self, most: int | None) -> dict[str, Any]:
        """Return the story for `--json`; of events and touches the newest *most*."""
        now = self.now
        return {
            "object": now.object,
            "id": now.id,
            "persona": now.persona,
            "stage": now.stage,
            "state": now.state,
            "flags": list(self.flags),
            "emotion": {
                "score": now.emotion.score,
                "n": now.emotion.n,
                "evidence": now.emotion.evidence,
            },
            "events_count": len(self.events),
            "events": [
                {"at": _text(one.at), "text": one.text, "record": one.record}
                for one in _newest(self.events, most)
            ],
            "stays": [
                {
                    "stage": one.stage,
                    "entered_at": _text(one.entered_at),
                    "left_at": None if one.left_at is None else _text(one.left_at),
                    "exit": one.exit,
                    "began": one.began,
                    "rule": one.rule,
                    "ended": one.ended,
                    "ended_rule": one.ended_rule,
                }
                for one in self.stays
            ],
            "skipped": [{"at": _text(at), "stage": stage} for at, stage in self.skipped],
            "touches_count": len(self.touches),
            "touches": [
                {"at": _text(at), "touchpoint": key} for at, key in _newest(self.touches, most)
            ],
        }

    def lines(self, most: int | None) -> Iterator[str]:
        """Yield the story as lines to read."""
        stage = f" in {self.now.stage}" if self.now.stage else ""
        yield f"now: {self.now.state.replace('_', ' ')}{stage}; persona {self.persona}"
        emotion = self.now.emotion
        if emotion.score is not None:
            yield f"emotion: {emotion.score:+.2f} ({emotion.evidence}, n = {emotion.n})"
        yield from self.flags
        yield f"events ({len(self.events)}):" + _cut(self.events, most)
        for event in _newest(self.events, most):
            yield f"  {_text(event.at)}  {event.text}  [{event.record}]"
        yield f"stays ({len(self.stays)}):"
        for one in self.stays:
            left = "open" if one.left_at is None else f"until {_text(one.left_at)}, {one.exit}"
            days = (
                "" if one.left_at is None else f", {(one.left_at - one.entered_at) / DAY_MS:.1f} d"
            )
            yield f"  {one.stage}  from {_text(one.entered_at)}  {left}{days}"
            yield f"    began: {one.began} (rule {one.rule}: {_RULES[one.rule]})"
            if one.ended_rule is not None:
                yield f"    ended: {one.ended} (rule {one.ended_rule}: {_RULES[one.ended_rule]})"
        for at, skipped in self.skipped:
            yield f"  skipped {skipped} at {_text(at)} (rule 4)"
        yield f"touches ({len(self.touches)}):" + _cut(self.touches, most)
        for at, key in _newest(self.touches, most):
            yield f"  {_text(at)}  {key}"


def story_of(
    facts: Facts,
    travels: Sequence[Travel],
    place: int,
    *,
    as_of: datetime,
    object_of: Callable[[str], str],
) -> Story:
    """Return the story of the unit at *place*; *object_of* names the object of a rule's record."""
    now = traveller(facts, place, travels, as_of=as_of)
    way = travels[place]
    teller = _Teller(facts, place, object_of)
    unit = facts.units[place]
    named = name_meetings(facts, travels)
    mine = (facts.touches.unit == place).nonzero()[0].tolist()
    flags = []
    if now.state == "dormant":
        flags.append(f"dormant: {_RULES[6]} of {facts.settings.dormant_days:g} days (rule 6)")
    if unit.unmapped is not None:
        flags.append(f"unmapped: {_RULES[7]}: {unit.unmapped} (rule 7)")
    flags.extend(
        f"after a purchase from {_text(one.began_at)}"
        + ("" if one.ended_at == OPEN else f" until {_text(one.ended_at)}")
        for one in way.purchases
    )
    return Story(
        now=now,
        persona=facts.personas[unit.persona].label,
        events=tuple(sorted(teller.events(), key=lambda one: one.at)),
        stays=tuple(teller.stays(way.stays)),
        skipped=tuple((at, facts.stages[stage].key) for at, stage in way.skipped),
        touches=tuple(
            (int(facts.touches.at[row]), facts.touchpoints[int(named[row])].key) for row in mine
        ),
        flags=tuple(flags),
    )


class _Teller:
    def __init__(self, facts: Facts, place: int, object_of: Callable[[str], str]) -> None:
        self._facts, self._unit, self._object_of = facts, facts.units[place], object_of
        self._own = OBJECTS[facts.unit]

    def events(self) -> Iterator[Event]:
        """Yield creation, lifecycle, deals and rules, in no order."""
        unit, own = self._unit, f"{self._own}/{self._unit.id}"
        if unit.created_at is not None:
            yield Event(unit.created_at, "created", own)
        for move in unit.lifecycle:
            to = "leaving" if move.stage is None else self._facts.stages[move.stage].key
            yield Event(move.at, f"lifecycle becomes a value of {to}", own)
        for number in unit.deals:
            deal = self._facts.deals[number]
            for step in deal.moves:
                stands = f", which stands for {self._facts.stages[step.stage].key}"
                text = f"{_STATES[step.state]}{stands if step.stage >= 0 else ''}"
                yield Event(step.at, text, f"{deal.object}/{deal.id}")
        for rule in unit.rules:
            when = "after a purchase" if rule.needs_purchase else "before a purchase"
            text = f"leads to {self._facts.stages[rule.stage].key}, {when} only"
            yield Event(rule.at, text, f"{self._object_of(rule.record_id)}/{rule.record_id}")

    def stays(self, stays: Sequence[Stay]) -> Iterator[Told]:
        before: Stay | None = None
        for stay in stays:
            yield Told(
                stage=self._facts.stages[stay.stage].key,
                entered_at=stay.entered_at,
                left_at=None if stay.left_at == OPEN else stay.left_at,
                exit="" if stay.exit is Exit.NONE else stay.exit.name.lower(),
                began=self._words(stay.cause),
                rule=_began_by(before),
                ended=self._words(stay.ended_by) if stay.ended_by is not None else "",
                ended_rule=_ended_by(stay),
            )
            before = stay

    def _words(self, cause: Cause | None) -> str:
        if cause is None:
            return "nothing earlier is known"
        match cause.source:
            case "deal":
                deals = (self._facts.deals[number] for number in self._unit.deals)
                name = next((d.object for d in deals if d.id == cause.record_id), "deals")
                return f"{name}/{cause.record_id}"
            case "lifecycle":
                return f"lifecycle of {self._own}/{cause.record_id}"
            case _:
                return f"{self._object_of(cause.record_id)}/{cause.record_id}"


def _began_by(before: Stay | None) -> int:
    """Return the rule that opened the stay after *before*."""
    if before is None:
        return 1
    if before.exit is Exit.REGRESSION:
        return 2
    return 4 if before.exit is Exit.FORWARD else 5


def _ended_by(stay: Stay) -> int | None:
    match stay.exit:
        case Exit.NONE:
            return None
        case Exit.FORWARD:
            return 4
        case Exit.REGRESSION:
            return 2
        case Exit.LOST:
            return 5
        case Exit.CHURNED:
            by_lifecycle = stay.ended_by is not None and stay.ended_by.source == "lifecycle"
            return 3 if by_lifecycle else 5


def moment_text(moment: datetime) -> str:
    """Return a time as the reports write it."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _text(at: int) -> str:
    return moment_text(_EPOCH + timedelta(milliseconds=at))


def _newest(listed: Sequence[Any], most: int | None) -> Sequence[Any]:
    return listed if most is None else listed[-most:]


def _cut(listed: Sequence[Any], most: int | None) -> str:
    """Return how many are not listed, if any."""
    if most is None or len(listed) <= most:
        return ""
    return f" the newest {most}; {len(listed) - most} earlier ones with --all"
