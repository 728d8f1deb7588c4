"""The numbers of one cell and of one touchpoint row (journey model, §5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from cjm_sync.journey.amounts import DealTable
from cjm_sync.journey.emotion import AgedSignals, feel
from cjm_sync.journey.facts import ANSWER_KINDS, DAY_MS, Flags, Floats, Ints, Settings
from cjm_sync.journey.statistics import quantile, wilson
from cjm_sync.journey.stays import SkipTable, StayTable
from cjm_sync.journey.timeline import Exit
from cjm_sync.journey.types import Cell
from cjm_sync.journey.withhold import Curtain, distinct


@dataclass(frozen=True, slots=True, eq=False)
class TouchTable:
    """The touches in the window that fall in a stage."""

    unit: Ints
    stage: Ints
    touchpoint: Ints
    channel: Ints
    welcome: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """All touches in their order, by unit and time; *stay* is the place of its stay, -1 for none.

    *touchpoint* tells meetings apart already.
    """

    unit: Ints
    at: Ints
    touchpoint: Ints
    stay: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The stage of each signal and occasion of the facts, -1 for none, and the signal's key."""

    signal_stage: Ints
    signal_touchpoint: Ints
    occasion_stage: Ints


@dataclass(frozen=True, slots=True, eq=False)
class AnswerTable:
    """The valid survey answers in the window that fall in a stage."""

    unit: Ints
    stage: Ints
    kind: Ints
    value: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Everything that cells are counted from; *patience* is P per stage, in milliseconds."""

    as_of: int
    settings: Settings
    stays: StayTable
    skips: SkipTable
    touches: TouchTable
    answers: AnswerTable
    signals: AgedSignals
    deals: DealTable
    patience: tuple[float, ...]
    trail: Trail
    placed: Placed

    @property
    def window(self) -> float:
        """The length of W in milliseconds."""
        return self.settings.window_days * DAY_MS

    @property
    def since(self) -> float:
        """The start of W."""
        return self.as_of - self.window


def patience(stays: StayTable, stage: int, settings: Settings) -> float:
    """Return P: how long nearly all completed stays of *stage* lasted, in milliseconds."""
    completed = (stays.stage == stage) & ~stays.is_open
    if int(completed.sum()) < settings.patience_min_stays:
        return settings.patience_days * DAY_MS
    lengths = (stays.left_at - stays.entered_at)[completed]
    return quantile(lengths, settings.patience_quantile)


def overlapping(ground: Ground, stage: int, members: Flags) -> Ints:
    """Return the units of *members* (a flag per unit) with a stay of *stage* that overlaps W."""
    stays = ground.stays
    rows = (stays.stage == stage) & (stays.left_at > ground.since) & members[stays.unit]
    return np.unique(stays.unit[rows])


def count_cell(ground: Ground, *, stage: int, is_last: bool, persona: str, members: Flags) -> Cell:
    """Work out one cell; *members* flags the units of its persona."""
    curtain = Curtain(ground.settings.min_group)
    stays, since, as_of = ground.stays, ground.since, ground.as_of
    mine = (stays.stage == stage) & members[stays.unit]
    unit, exit_ = stays.unit[mine], stays.exit[mine]
    entered_at, left_at = stays.entered_at[mine], stays.left_at[mine]
    is_open, dormant = stays.is_open[mine], stays.dormant[mine]

    def count(rows: Flags) -> int | None:
        return curtain.count(int(rows.sum()), distinct(unit[rows]))

    entered = entered_at >= since
    completed = ~is_open & (left_at >= since)
    awake = is_open & ~dormant
    latest = as_of - ground.patience[stage]
    decided = (entered_at >= latest - ground.window) & (entered_at < latest)
    cohort, cohort_units = int(decided.sum()), distinct(unit[decided])

    def share(rows: Flags) -> float | None:
        return curtain.rate(lambda: int((rows & decided).sum()) / cohort, cohort_units)

    conversion = low = high = None
    if not is_last:
        conversion = share(exit_ == Exit.FORWARD)
    if conversion is not None:
        forward = int((decided & (exit_ == Exit.FORWARD)).sum())
        low, high = wilson(forward, cohort, ground.settings.wilson_z)

    skips = ground.skips
    skipped = (skips.stage == stage) & (skips.at >= since) & members[skips.unit]
    times_skipped, times_entered = int(skipped.sum()), int(entered.sum())
    passed_units = distinct(np.concatenate((skips.unit[skipped], unit[entered])))

    lengths = (left_at - entered_at)[completed]
    ages = (as_of - entered_at)[awake]

    def days(values: Ints, p: float, rows: Flags) -> float | None:
        return curtain.rate(lambda: quantile(values, p) / DAY_MS, distinct(unit[rows]))

    present = overlapping(ground, stage, members)
    touches = ground.touches
    touched = int(((touches.stage == stage) & members[touches.unit]).sum())
    answers = _answers(ground, stage, members, curtain)
    signals = ground.signals
    felt = signals.where((signals.stage == stage) & members[signals.unit])
    deals = ground.deals
    mine_too = members[deals.unit]
    open_sum, _, open_base = deals.total((deals.open_stage == stage) & mine_too)
    won_sum, _, won_base = deals.total((deals.won_stage == stage) & mine_too)
    return Cell(
        persona=persona,
        in_stage=count(awake),
        dormant=count(dormant),
        entered=count(entered),
        units=curtain.count(int(present.size), int(present.size)),
        decided=count(decided),
        conversion=conversion,
        conversion_low=low,
        conversion_high=high,
        drop_off=share((exit_ == Exit.LOST) | (exit_ == Exit.CHURNED) | dormant),
        regression=share(exit_ == Exit.REGRESSION),
        skip_rate=curtain.rate(
            lambda: times_skipped / (times_skipped + times_entered), passed_units
        ),
        completed=count(completed),
        median_days=days(lengths, 0.5, completed),
        p90_days=days(lengths, 0.9, completed),
        open_median_days=days(ages, 0.5, awake),
        touches_per_unit=curtain.rate(lambda: touched / present.size, int(present.size)),
        emotion=feel(felt, ground.settings),
        nps=answers["nps"][0],
        nps_n=answers["nps"][1],
        csat=answers["csat"][0],
        csat_n=answers["csat"][1],
        ces=answers["ces"][0],
        ces_n=answers["ces"][1],
        open_amount=curtain.count(open_sum, open_base),
        won_amount=curtain.count(won_sum, won_base),
        withheld=curtain.withheld,
    )


def _answers(
    ground: Ground, stage: int, members: Flags, curtain: Curtain
) -> dict[str, tuple[float | None, int | None]]:
    answers = ground.answers
    here = (answers.stage == stage) & members[answers.unit]
    shown: dict[str, tuple[float | None, int | None]] = {}
    for place, kind in enumerate(ANSWER_KINDS):
        rows = here & (answers.kind == place)
        values = answers.value[rows].tolist()
        base = distinct(answers.unit[rows])
        shown[kind] = (
            curtain.rate(partial(_mean, values), base),
            curtain.count(len(values), base),
        )
    return shown


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
