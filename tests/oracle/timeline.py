"""Rebuilds each contact's stays from its records: sections 2 and 3 of the journey model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from oracle.reading import Row, World, id_order, text_of, to_number

STAGES = ("awareness", "consideration", "purchase", "service", "loyalty")
AWARENESS, CONSIDERATION, PURCHASE, SERVICE, LOYALTY = range(5)
DEFAULT_VALUES = {
    "subscriber": AWARENESS,
    "lead": AWARENESS,
    "marketingqualifiedlead": CONSIDERATION,
    "salesqualifiedlead": CONSIDERATION,
    "opportunity": PURCHASE,
    "customer": SERVICE,
    "evangelist": LOYALTY,
}
LIFECYCLE_WORDS: tuple[tuple[str, int | Literal["gone"]], ...] = (
    (r"churn|former|lost|ex-", "gone"),
    (r"renew|champion|advocate", LOYALTY),
    (r"onboard|active|live|customer", SERVICE),
    (r"negotiat|proposal|quote", PURCHASE),
    (r"mql|sql|qualif|demo|trial", CONSIDERATION),
)
Mapped = int | Literal["gone", "unmapped"]


def starts_a_word(pattern: str, text: str) -> bool:
    return re.search(rf"(?<!\w)(?:{pattern})", text, re.IGNORECASE) is not None


def lifecycle_meanings(world: World) -> dict[str, Mapped]:
    """Say what each lifecycle value of the account means; a value not in it is unmapped."""
    ordered = world.lifecycle()
    meanings: dict[str, Mapped] = {}
    for value, label in ordered:
        if value in DEFAULT_VALUES:
            meanings[value] = DEFAULT_VALUES[value]
        elif value == "other":
            meanings[value] = "unmapped"
        else:
            for pattern, meaning in LIFECYCLE_WORDS:
                if starts_a_word(pattern, label):
                    meanings[value] = meaning
                    break
    anchors: list[int | None] = []
    for value, _ in ordered:
        meant = meanings.get(value)
        anchors.append(meant if isinstance(meant, int) else None)
    for place, (value, _) in enumerate(ordered):
        if value not in meanings:
            before = [stage for stage in anchors[:place] if stage is not None]
            behind = [stage for stage in anchors[place + 1 :] if stage is not None]
            meanings[value] = min(before[-1], behind[0]) if before and behind else "unmapped"
    return meanings


@dataclass(frozen=True)
class DealState:
    """A state that a deal took at one time, slips and passed-over stages left out."""

    t: int
    kind: Literal["open", "won", "lost"]
    probability: float
    stage: str = ""


@dataclass
class Deal:
    """One deal with all its states before T; *undated* is its state when nothing has a time."""

    row: Row
    states: list[DealState]
    undated: DealState | None = None

    @property
    def id(self) -> str:
        return str(self.row["id"])

    def state_at(self, t: int) -> DealState | None:
        """Return the state that holds once everything of the instant *t* has happened."""
        past = [state for state in self.states if state.t <= t]
        return past[-1] if past else None

    def before(self, state: DealState) -> DealState | None:
        place = self.states.index(state)
        return self.states[place - 1] if place else None

    def at_the_end(self) -> DealState | None:
        return self.states[-1] if self.states else self.undated


def read_deal(world: World, row: Row) -> Deal:
    pipeline = text_of(row, "pipeline")
    stages = [str(s["id"]) for p in world.pipelines("deals").values() for s in p.get("stages", [])]

    def state(t: int, value: str) -> DealState | None:
        stage = world.deal_stage(pipeline, value)
        if stage is None:
            return None
        if not stage.closed:
            return DealState(t, "open", stage.probability, value)
        if stage.probability == 1:
            return DealState(t, "won", 1)
        return DealState(t, "lost", 0) if stage.probability == 0 else None

    changes = world.changes(row, "dealstage", stages)
    if changes is None:
        created = world.created(row)
        there = created is None or created < world.now
        return Deal(row, [], state(0, text_of(row, "dealstage")) if there else None)
    states: list[DealState] = []
    for t, value in changes:
        new = state(t, value)
        if new is None:
            continue  # the state before it lasts
        if states and new.kind != "open" and states[-1].kind == new.kind:
            continue  # another won (or lost) stage is no new entry into that state
        if new.kind == "open" and states and states[-1].kind == "won":
            states.pop()  # the win was a slip
        if new.kind == "open" and states and states[-1].stage == new.stage:
            continue  # with the slip or the passed-over stage gone, nothing has changed
        states.append(new)
    return Deal(row, states)


@dataclass
class Stay:
    """One unit's time in one stage."""

    stage: int
    entered: int
    left: int | None = None
    exit: str | None = None


@dataclass
class Timeline:
    """What one unit went through before T."""

    stays: list[Stay] = field(default_factory=list)
    skipped: list[tuple[int, int]] = field(default_factory=list)
    purchases: list[tuple[int, int | None]] = field(default_factory=list)

    def stage_at(self, t: int) -> int | None:
        for stay in self.stays:
            if stay.entered <= t and (stay.left is None or t < stay.left):
                return stay.stage
        return None

    def stage_ended_at(self, t: int) -> int | None:
        for stay in self.stays:
            if stay.entered < t and (stay.left is None or t <= stay.left):
                return stay.stage
        return None

    def purchase_of(self, t: int) -> int | None:
        """Return the purchase whose 'after a purchase' holds at *t*."""
        for began, ended in self.purchases:
            if began <= t and (ended is None or t < ended):
                return began
        return None


@dataclass(frozen=True)
class LifecycleChange:
    """A change of the lifecycle to a mapped value, with the mapped value before it."""

    t: int
    meaning: Mapped
    previous: Mapped | None


@dataclass
class Evidence:
    """All that can move one unit: deals, lifecycle, and the three rules."""

    created: int | None
    first_touch: int | None
    deals: list[Deal]
    lifecycle: list[LifecycleChange]
    meetings: list[int]
    quotes: list[int]
    promoters: list[int]


def lifecycle_changes(
    changes: list[tuple[int, str]], meanings: dict[str, Mapped]
) -> list[LifecycleChange]:
    found: list[LifecycleChange] = []
    for t, value in changes:
        meaning = meanings.get(value, "unmapped")
        if meaning != "unmapped":
            found.append(LifecycleChange(t, meaning, found[-1].meaning if found else None))
    return found


def stage_event_times(evidence: Evidence) -> list[int]:
    """Times of the events that map to a stage (a loss and 'gone' are outcomes, not stages)."""
    times = [s.t for deal in evidence.deals for s in deal.states if s.kind != "lost"]
    times += [change.t for change in evidence.lifecycle if change.meaning != "gone"]
    return times + evidence.meetings + evidence.quotes + evidence.promoters


class Walk:
    """Goes through a unit's instants in order; *timeline* is the result."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self.world = world
        self.evidence = evidence
        self.timeline = Timeline()
        self.open: Stay | None = None
        self.churned_at: int | None = None
        self.purchased_at: int | None = None

    def run(self) -> Timeline:
        evidence = self.evidence
        mapped = stage_event_times(evidence)
        starts = [t for t in (evidence.created, evidence.first_touch, *mapped) if t is not None]
        if not starts:
            return self.timeline
        start = min(starts)
        outcomes = [s.t for deal in evidence.deals for s in deal.states if s.kind == "lost"]
        outcomes += [change.t for change in evidence.lifecycle if change.meaning == "gone"]
        self._first(start)
        for t in sorted(set(mapped + outcomes)):
            if t > start:
                self._instant(t)
        if self.purchased_at is not None:
            self.timeline.purchases.append((self.purchased_at, None))
        return self.timeline

    def _enter(self, stage: int, t: int) -> None:
        self.open = Stay(stage, t)
        self.timeline.stays.append(self.open)

    def _close(self, t: int, how: str) -> None:
        assert self.open is not None
        self.open.left, self.open.exit = t, how
        self.open = None

    def _first(self, t: int) -> None:
        stage = max([AWARENESS, *self._let_through(t, None)])
        self._enter(stage, t)
        self.timeline.skipped += [(passed, t) for passed in range(stage)]
        self._note_purchase(t)

    def _instant(self, t: int) -> None:
        if self.open is not None:
            outcome = self._outcome(t)
            if outcome is not None:
                self._close(t, outcome)
                if outcome == "churned":
                    assert self.purchased_at is not None
                    self.timeline.purchases.append((self.purchased_at, t))
                    self.purchased_at, self.churned_at = None, t
                else:
                    self._note_purchase(t)
                return
        current = self.open.stage if self.open else None
        stages = self._let_through(t, current)
        if stages:
            stage = max(stages)
            if current is not None:
                self._close(t, "forward" if stage > current else "regression")
                self.timeline.skipped += [(passed, t) for passed in range(current + 1, stage)]
            self._enter(stage, t)
        self._note_purchase(t)

    def _note_purchase(self, t: int) -> None:
        won = any(s.t == t and s.kind == "won" for d in self.evidence.deals for s in d.states)
        customer = any(
            c.t == t and isinstance(c.meaning, int) and c.meaning >= SERVICE
            for c in self.evidence.lifecycle
        )
        if self.purchased_at is None and (won or customer):
            self.purchased_at = t

    def _counts(self, state: DealState | None) -> bool:
        """Say whether a state is a win of this journey (after a churn all counts begin anew)."""
        if state is None or state.kind != "won":
            return False
        return self.churned_at is None or state.t > self.churned_at

    def _outcome(self, t: int) -> str | None:
        after = self.purchased_at is not None
        for deal in self.evidence.deals:
            for state in deal.states:
                if state.t != t or state.kind != "lost":
                    continue
                others = [o.state_at(t) for o in self.evidence.deals if o is not deal]
                other_open = any(o is not None and o.kind == "open" for o in others)
                other_won = any(self._counts(o) for o in others)
                if not after and not other_open and not other_won:
                    return "lost"
                label = self.world.pipeline_label(text_of(deal.row, "pipeline"))
                renewal = re.search("renew", label, re.IGNORECASE) is not None
                undone = self._counts(deal.before(state)) and not other_won
                if after and (renewal or undone) and not other_open:
                    return "churned"
        for change in self.evidence.lifecycle:
            if change.t != t:
                continue
            if change.meaning == "gone":
                return "churned" if after else "lost"
            set_back = change.previous in {SERVICE, LOYALTY}
            if after and set_back and isinstance(change.meaning, int) and change.meaning < SERVICE:
                return "churned"
        return None

    def _let_through(self, t: int, current: int | None) -> list[int]:
        """Return the stages that the events of this instant may move the unit to."""
        after = self.purchased_at is not None
        found: list[int] = []

        def offer(stage: int, *, back: bool = False) -> None:
            if current is None or stage > current or (back and stage < current):
                found.append(stage)

        open_now = [
            state
            for deal in self.evidence.deals
            if (state := deal.state_at(t)) is not None and state.kind == "open"
        ]
        for deal in self.evidence.deals:
            for state in deal.states:
                if state.t != t:
                    continue
                if state.kind == "won":
                    offer(self._stage_of_win(deal, state))
                elif state.kind == "open" and not after:
                    furthest = max(stage_of_open(one) for one in open_now)
                    before = deal.before(state)
                    fell = (
                        before is not None
                        and before.kind == "open"
                        and before.probability >= 0.5 > state.probability
                    )
                    offer(furthest, back=fell)
        for change in self.evidence.lifecycle:
            if change.t != t or not isinstance(change.meaning, int):
                continue
            set_back = isinstance(change.previous, int) and change.meaning < change.previous
            if not after or change.meaning == LOYALTY:
                offer(change.meaning, back=set_back)
            elif change.meaning == SERVICE:
                offer(SERVICE, back=change.previous == LOYALTY)
        if not after and t in self.evidence.meetings:
            offer(CONSIDERATION)
        if not after and t in self.evidence.quotes:
            offer(PURCHASE)
        if after and t in self.evidence.promoters:
            offer(LOYALTY)
        return found

    def _stage_of_win(self, deal: Deal, win: DealState) -> int:
        label = self.world.pipeline_label(text_of(deal.row, "pipeline"))
        if re.search("renew|upsell|expan|cross", label, re.IGNORECASE):
            return LOYALTY
        earlier = [
            state
            for other in self.evidence.deals
            if other is not deal
            for state in other.states
            if self._counts(state) and state.t < win.t
        ]
        return LOYALTY if earlier else SERVICE


def stage_of_open(state: DealState) -> int:
    return PURCHASE if state.probability >= 0.5 else CONSIDERATION


def whole_nps(row: Row) -> float | None:
    """Return a valid NPS answer: a whole number from 0 to 10."""
    value = to_number(text_of(row, "hs_value"))
    return value if value is not None and value == int(value) and 0 <= value <= 10 else None


__all__ = ["STAGES", "Deal", "Evidence", "Stay", "Timeline", "Walk", "id_order", "read_deal"]
