"""Which records a number rests on: for `explain` only, which shows ids on this machine alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.compute import cycles_of
from cjm_sync.journey.facts import ANSWER_KINDS, Facts, Flags, Ints
from cjm_sync.journey.grounds import Measure
from cjm_sync.journey.metrics import Ground, overlapping
from cjm_sync.journey.moments import trial
from cjm_sync.journey.timeline import Exit, Travel
from cjm_sync.journey.travellers import OBJECTS


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the records behind a number: what they are, their object and their ids, ascending."""

    label: str
    object: str
    ids: tuple[str, ...]


class Behind:
    """Answers for one journey at T which units and deals each number rests on."""

    def __init__(self, facts: Facts, ground: Ground, travels: Sequence[Travel]) -> None:
        self._facts, self._ground, self._travels = facts, ground, travels

    def cell(self, stage: int, members: Flags, metric: str) -> tuple[Group, ...]:
        """Return what a number of the cell of *stage* and *members* rests on."""
        ground, stays = self._ground, self._ground.stays
        mine = (stays.stage == stage) & members[stays.unit]
        entered = mine & (stays.entered_at >= ground.since)
        awake = mine & stays.is_open & ~stays.dormant
        latest = ground.as_of - ground.patience[stage]
        decided = mine & (stays.entered_at >= latest - ground.window) & (stays.entered_at < latest)
        completed = mine & ~stays.is_open & (stays.left_at >= ground.since)
        gone = (stays.exit == Exit.LOST) | (stays.exit == Exit.CHURNED) | stays.dormant

        def units(label: str, rows: Flags) -> Group:
            return self._units(label, stays.unit[rows])

        match metric:
            case "in_stage" | "open_median_days":
                return (units("units in stage", awake),)
            case "dormant":
                return (units("dormant units", mine & stays.is_open & stays.dormant),)
            case "entered":
                return (units("units that entered", entered),)
            case "decided":
                return (units("units of decided stays", decided),)
            case "conversion" | "conversion_low" | "conversion_high":
                forward = decided & (stays.exit == Exit.FORWARD)
                return units("units of decided stays", decided), units("advanced", forward)
            case "drop_off":
                return units("units of decided stays", decided), units(
                    "dropped off", decided & gone
                )
            case "regression":
                back = decided & (stays.exit == Exit.REGRESSION)
                return units("units of decided stays", decided), units("moved back", back)
            case "skip_rate":
                skips = ground.skips
                skipped = (skips.stage == stage) & (skips.at >= ground.since) & members[skips.unit]
                return self._units("units that skipped it", skips.unit[skipped]), units(
                    "units that entered", entered
                )
            case "completed" | "median_days" | "p90_days":
                return (units("units of completed stays", completed),)
            case "units":
                return (self._units("units", overlapping(ground, stage, members)),)
            case "touches_per_unit":
                touches = ground.touches
                rows = (touches.stage == stage) & members[touches.unit]
                return self._units(
                    "units with a stay", overlapping(ground, stage, members)
                ), self._units("units touched", touches.unit[rows])
            case "emotion":
                signals = ground.signals
                rows = (signals.stage == stage) & members[signals.unit]
                return self._felt(rows)
            case "open_amount":
                return self._deals(self._ground.deals.open_stage == stage, members)
            case "won_amount":
                return self._deals(self._ground.deals.won_stage == stage, members)
            case _:
                kind = ANSWER_KINDS.index(metric.removesuffix("_n"))
                answers = ground.answers
                rows = (answers.stage == stage) & (answers.kind == kind) & members[answers.unit]
                return (self._units("units that answered", answers.unit[rows]),)

    def touchpoint(self, stage: int, place: int, metric: str) -> tuple[Group, ...]:
        """Return what a number of a touchpoint in a stage rests on."""
        ground = self._ground
        if metric == "moment_of_truth":
            return self._moment(stage, place)
        if metric == "emotion":
            signals = ground.signals
            return self._felt((signals.stage == stage) & (signals.touchpoint == place))
        touches = ground.touches
        rows = (touches.stage == stage) & (touches.touchpoint == place)
        touched = self._units("units touched", touches.unit[rows])
        if metric != "reach":
            return (touched,)
        everyone = np.ones(len(self._facts.units), dtype=np.bool_)
        return self._units("units with a stay", overlapping(ground, stage, everyone)), touched

    def _moment(self, stage: int, place: int) -> tuple[Group, ...]:
        held = trial(self._facts, self._ground, stage)
        if held is None:
            return ()
        exposed = np.zeros(held.units.size, dtype=np.bool_)
        exposed[held.exposed.get(place, np.zeros(0, dtype=np.int64))] = True
        return (
            self._units("touched and advanced", held.units[exposed & held.advanced]),
            self._units("touched, not advanced", held.units[exposed & ~held.advanced]),
            self._units("not touched, advanced", held.units[~exposed & held.advanced]),
            self._units("neither", held.units[~exposed & ~held.advanced]),
        )

    def persona(self, members: Flags, metric: str) -> tuple[Group, ...]:
        """Return what a number of a persona's line rests on."""
        deals = self._ground.deals
        match metric:
            case "win_rate":
                return (
                    *self._deals(deals.closed, members, "closed deals", any_amount=True),
                    *self._deals(deals.won, members, "won deals", any_amount=True),
                )
            case "average_order_value":
                return self._deals(deals.won, members, "won deals with an amount")
            case "repeat_rate":
                rows = deals.ever_won & members[deals.unit]
                unit, wins = np.unique(deals.unit[rows], return_counts=True)
                return self._units("units with a win", unit), self._units(
                    "with two or more", unit[wins >= 2]
                )
            case "cycle_days":
                took = cycles_of(tuple(self._travels), since=self._ground.since)
                bought = np.array([one for one in took if members[one]], dtype=np.int64)
                return (self._units("units that bought", bought),)
            case _:
                return (self._units("units", np.flatnonzero(members)),)

    def outcome(self, metric: str) -> tuple[Group, ...]:
        """Return the units at T that a count of outcomes counts."""
        stays = self._ground.stays
        match metric:
            case "units":
                found: Iterable[int] = range(len(self._facts.units))
            case "dormant":
                found = stays.unit[stays.dormant].tolist()
            case "unmapped":
                units = enumerate(self._facts.units)
                found = [place for place, unit in units if unit.unmapped is not None]
            case _:
                ended = Exit[metric.upper()]
                ways = enumerate(self._travels)
                found = [n for n, way in ways if way.stays and way.stays[-1].exit is ended]
        return (self._units("units", np.array(list(found), dtype=np.int64)),)

    def measured(self, stage: int, measure: Measure | None) -> tuple[Group, ...]:
        """Return what a pain or delight looks at."""
        if measure is not None and measure.of_unit.size:
            return (self._units("units measured", measure.of_unit),)
        everyone = np.ones(len(self._facts.units), dtype=np.bool_)
        return (self._units("units with a stay", overlapping(self._ground, stage, everyone)),)

    def _units(self, label: str, places: Ints) -> Group:
        ids = tuple(self._facts.units[place].id for place in np.unique(places).tolist())
        return Group(label, OBJECTS[self._facts.unit], ids)

    def _felt(self, rows: Flags) -> tuple[Group, ...]:
        signals = self._ground.signals
        return self._units(
            "units with measured signals", signals.unit[rows & signals.measured]
        ), self._units("units with inferred signals", signals.unit[rows & ~signals.measured])

    def _deals(
        self, rows: Flags, members: Flags, label: str = "deals", *, any_amount: bool = False
    ) -> tuple[Group, ...]:
        deals = self._ground.deals
        picked = rows & members[deals.unit]
        if not any_amount:
            picked = picked & deals.has_amount
        by_object: dict[str, list[str]] = {}
        for place in np.unique(deals.deal[picked]).tolist():
            deal = self._facts.deals[place]
            by_object.setdefault(deal.object, []).append(deal.id)
        found = by_object or {"deals": []}
        return tuple(Group(label, name, tuple(ids)) for name, ids in sorted(found.items()))
