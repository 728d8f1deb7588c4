"""One unit's way through the stages: from its events to stays, skips and purchases.

The way in is `travel`. All events of one instant have one effect, judged by the state just before
it; rule numbers in comments are those of the journey model, §3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby
from operator import attrgetter

from cjm_sync.journey.facts import (
    Deal,
    DealMove,
    DealState,
    LifecycleMove,
    RuleMove,
    StageRoles,
    Unit,
)

OPEN = -1
"""The `left_at` of a stay that is still open."""

_OPEN_STATES = (DealState.LOW, DealState.HIGH)


class Exit(IntEnum):
    """How a stay ended."""

    NONE = 0
    FORWARD = 1
    REGRESSION = 2
    LOST = 3
    CHURNED = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that opened a stay: its source and record."""

    source: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Stay:
    """One unit's time in one stage, `[entered_at, left_at)`."""

    stage: int
    entered_at: int
    left_at: int
    exit: Exit
    cause: Cause | None
    ended_by: Cause | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """The span after a purchase: from the event that began it until a churn."""

    began_at: int
    ended_at: int


@dataclass(frozen=True, slots=True)
class Travel:
    """What became of one unit by T; *skipped* are (time, stage)."""

    stays: tuple[Stay, ...]
    skipped: tuple[tuple[int, int], ...]
    purchases: tuple[Purchase, ...]


@dataclass(frozen=True, slots=True)
class _DealEvent:
    at: int
    place: int
    number: int


_Event = _DealEvent | LifecycleMove | RuleMove


def travel(
    unit: Unit, deals: Sequence[Deal], first_touch_at: int | None, roles: StageRoles
) -> Travel:
    """Return the stays of *unit*; *deals* are its own, ordered by id.

    A unit without any time at all has no stay.
    """
    events = _events(unit, deals)
    times = [t for t in (unit.created_at, first_touch_at) if t is not None]
    times.extend(event.at for event in events if _maps_to_stage(event, deals))
    if not times:
        return Travel((), (), ())
    walker = _Walker(unit.id, deals, roles, start=min(times))
    for at, together in groupby(events, key=attrgetter("at")):
        walker.step(at, list(together))
    return walker.finish()


def _events(unit: Unit, deals: Sequence[Deal]) -> list[_Event]:
    events: list[_Event] = [
        _DealEvent(move.at, place, number)
        for place, deal in enumerate(deals)
        for number, move in enumerate(deal.moves)
    ]
    events.extend(unit.lifecycle)
    events.extend(unit.rules)
    # Time, then deal, lifecycle, rule; within each the lists are by record id already, and the
    # sort is stable.
    events.sort(key=attrgetter("at"))
    return events


def _maps_to_stage(event: _Event, deals: Sequence[Deal]) -> bool:
    match event:
        case _DealEvent(place=place, number=number):
            return deals[place].moves[number].state is not DealState.LOST
        case LifecycleMove(stage=stage):
            return stage is not None
        case RuleMove(needs_purchase=needs_purchase):
            return not needs_purchase


@dataclass(slots=True)
class _Walker:
    unit_id: str
    deals: Sequence[Deal]
    roles: StageRoles
    start: int
    begun: bool = False
    stage: int | None = None
    entered_at: int = 0
    cause: Cause | None = None
    purchased_at: int | None = None
    churned_at: int = -1
    lifecycle: int | None = None  # the previous mapped value; None also after one of leaving
    at: int = 0
    current: list[DealMove | None] = field(default_factory=list)
    wins: dict[int, int] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)
    skipped: list[tuple[int, int]] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = [None] * len(self.deals)

    def step(self, at: int, events: Sequence[_Event]) -> None:
        """Take all *events* of the instant *at* as one effect."""
        if not self.begun and at > self.start:
            self._begin(0, self.start, None)
        self.at = at
        before = list(self.current)
        for event in events:
            if isinstance(event, _DealEvent):
                self.current[event.place] = self.deals[event.place].moves[event.number]
        outcome: tuple[Exit, Cause] | None = None
        furthest: tuple[int, Cause] | None = None
        for event in events:
            effect = self._effect(event, before)
            if effect is None:
                continue
            if isinstance(effect, Exit):
                outcome = outcome or (effect, self._cause(event))
            elif furthest is None or effect > furthest[0]:
                furthest = (effect, self._cause(event))
        if outcome is not None:
            self._close(*outcome)
        elif furthest is not None:
            self._move(*furthest)
        elif not self.begun and at == self.start:
            self._begin(0, at, None)
        self._remember(events, churned=outcome is not None and outcome[0] is Exit.CHURNED)

    def finish(self) -> Travel:
        """Return what is known by T."""
        if not self.begun:
            self._begin(0, self.start, None)
        if self.stage is not None:
            self.stays.append(Stay(self.stage, self.entered_at, OPEN, Exit.NONE, self.cause))
        if self.purchased_at is not None:
            self.purchases.append(Purchase(self.purchased_at, OPEN))
        return Travel(tuple(self.stays), tuple(self.skipped), tuple(self.purchases))

    def _effect(self, event: _Event, before: Sequence[DealMove | None]) -> int | Exit | None:
        match event:
            case LifecycleMove(stage=stage):
                return self._departure() if stage is None else self._lifecycle_effect(stage)
            case RuleMove(stage=stage, needs_purchase=needs_purchase):
                is_due = needs_purchase == (self.purchased_at is not None)  # rule 3
                return self._ahead(stage) if is_due else None
            case _DealEvent(place=place, number=number):
                move = self.deals[place].moves[number]
                if move.state is DealState.WON:
                    return self._ahead(self._won_stage(place))
                if move.state is DealState.LOST:
                    return self._loss(place, before[place])
                return self._open_effect(move, before[place])

    def _departure(self) -> Exit | None:
        if self.stage is None:
            return None
        return Exit.LOST if self.purchased_at is None else Exit.CHURNED

    def _ahead(self, stage: int) -> int | None:
        return stage if self.stage is None or stage > self.stage else None

    def _lifecycle_effect(self, stage: int) -> int | Exit | None:
        previous = self.lifecycle
        set_back = previous is not None and stage < previous
        if self.purchased_at is not None and stage < self.roles.customer:  # rule 3
            was_customer = previous is not None and previous >= self.roles.customer
            return Exit.CHURNED if was_customer and self.stage is not None else None
        if set_back and stage != self.stage:  # rule 2
            return stage
        return self._ahead(stage)

    def _open_effect(self, move: DealMove, before: DealMove | None) -> int | None:
        if self.purchased_at is not None:  # rule 3
            return None
        stage = max(other.stage for other in self.current if other and other.state in _OPEN_STATES)
        fell = before is not None and before.state is DealState.HIGH and move.state is DealState.LOW
        return stage if fell and stage != self.stage else self._ahead(stage)

    def _won_stage(self, place: int) -> int:
        if self.deals[place].renews:
            return self.roles.loyal
        another = any(at < self.at for other, at in self.wins.items() if other != place)
        return self.roles.loyal if another else self.roles.customer

    def _loss(self, place: int, before: DealMove | None) -> Exit | None:
        """Rule 5: what a lost deal does to the open stay."""
        if self.stage is None:
            return None
        others = [m for other, m in enumerate(self.current) if m is not None and other != place]
        another_open = any(move.state in _OPEN_STATES for move in others)
        another_won = any(self._is_counted_win(move) for move in others)
        if self.purchased_at is None:
            return None if another_open or another_won else Exit.LOST
        own_win = before is not None and self._is_counted_win(before)
        if not another_open and (self.deals[place].renewal or (own_win and not another_won)):
            return Exit.CHURNED
        return None

    def _is_counted_win(self, move: DealMove) -> bool:
        return move.state is DealState.WON and move.at > self.churned_at

    def _cause(self, event: _Event) -> Cause:
        match event:
            case _DealEvent(place=place):
                return Cause("deal", self.deals[place].id)
            case LifecycleMove():
                return Cause("lifecycle", self.unit_id)
            case RuleMove(record_id=record_id):
                return Cause("rule", record_id)

    def _begin(self, stage: int, at: int, cause: Cause | None) -> None:
        self.begun = True
        self.stage, self.entered_at, self.cause = stage, at, cause
        self.skipped.extend((at, passed) for passed in range(stage))

    def _move(self, stage: int, cause: Cause) -> None:
        if not self.begun:
            self._begin(stage, self.at, cause)
            return
        if self.stage is not None:
            exit_ = Exit.FORWARD if stage > self.stage else Exit.REGRESSION
            self._end(exit_, cause)
            self.skipped.extend((self.at, passed) for passed in range(self.stage + 1, stage))
        self.stage, self.entered_at, self.cause = stage, self.at, cause

    def _end(self, exit_: Exit, by: Cause) -> None:
        if self.stage is not None:
            self.stays.append(Stay(self.stage, self.entered_at, self.at, exit_, self.cause, by))

    def _close(self, exit_: Exit, by: Cause) -> None:
        self._end(exit_, by)
        self.stage, self.cause = None, None

    def _remember(self, events: Sequence[_Event], *, churned: bool) -> None:
        if churned and self.purchased_at is not None:  # rule 5: all counts begin anew
            self.purchases.append(Purchase(self.purchased_at, self.at))
            self.purchased_at, self.churned_at = None, self.at
            self.wins.clear()
        for event in events:
            match event:
                case LifecycleMove(stage=stage):
                    self.lifecycle = stage
                    bought = stage is not None and stage >= self.roles.customer
                case _DealEvent(place=place, number=number):
                    bought = self.deals[place].moves[number].state is DealState.WON
                    if bought and not churned:
                        self.wins.setdefault(place, self.at)
                case _:
                    bought = False
            if bought and not churned and self.purchased_at is None:
                self.purchased_at = self.at


__all__ = ["OPEN", "Cause", "Exit", "Purchase", "Stay", "Travel", "travel"]
