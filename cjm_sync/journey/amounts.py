"""Deals as money and counts: what is open, what was won, per stage and persona (§5)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import DealState, Facts, Flags, Ints
from cjm_sync.journey.stays import StayTable
from cjm_sync.journey.withhold import Curtain, distinct


@dataclass(frozen=True, slots=True, eq=False)
class DealTable:
    """One row per deal and unit that has it.

    *open_stage* is the stage of the unit's open stay for a deal open at T, else -1; *won_stage*
    the stage of the winning touch for a deal won at T in the window, else -1, *lost_stage* that
    of the losing one; *won* and *closed*
    say how the deal stands at T, when it came so within the window; *ever_won* at any time.
    """

    deal: Ints
    unit: Ints
    open_stage: Ints
    won_stage: Ints
    lost_stage: Ints
    won: Flags
    closed: Flags
    ever_won: Flags
    has_amount: Flags
    amounts: tuple[float | None, ...]

    def where(self, mask: Flags) -> DealTable:
        """Return the rows that *mask* picks."""
        return DealTable(
            self.deal[mask],
            self.unit[mask],
            self.open_stage[mask],
            self.won_stage[mask],
            self.lost_stage[mask],
            self.won[mask],
            self.closed[mask],
            self.ever_won[mask],
            self.has_amount[mask],
            self.amounts,
        )

    def total(self, mask: Flags) -> tuple[float, int, int]:
        """Return the sum over the deals of *mask* with an amount, their number, and their units.

        A deal counts once, however many of its units are picked.
        """
        picked = mask & self.has_amount
        deals = np.unique(self.deal[picked])
        return self._sum(deals.tolist()), int(deals.size), distinct(self.unit[picked])

    def _sum(self, deals: Iterable[int]) -> float:
        return math.fsum(self.amounts[deal] or 0.0 for deal in deals)


def lay_out_deals(facts: Facts, stays: StayTable, *, since: float) -> DealTable:
    """Return every deal with each of its units; *since* is the start of the window."""
    pairs = [(deal, place) for place, unit in enumerate(facts.units) for deal in unit.deals]
    deal, unit = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    state = np.array([d.moves[-1].state if d.moves else -1 for d in facts.deals], dtype=np.int64)
    moved_at = np.array([d.moves[-1].at if d.moves else -1 for d in facts.deals], dtype=np.int64)
    ever_won = np.array(
        [any(move.state is DealState.WON for move in d.moves) for d in facts.deals], dtype=np.bool_
    )
    has_amount = np.array([d.amount is not None for d in facts.deals], dtype=np.bool_)
    now, moved = state[deal], moved_at[deal]
    is_open = (now == DealState.LOW) | (now == DealState.HIGH)
    won = (now == DealState.WON) & (moved >= since)
    lost = (now == DealState.LOST) & (moved >= since)
    stage_now = np.full(len(facts.units), -1, dtype=np.int64)
    stage_now[stays.unit[stays.is_open]] = stays.stage[stays.is_open]
    return DealTable(
        deal=deal,
        unit=unit,
        open_stage=np.where(is_open, stage_now[unit], -1),
        won_stage=np.where(won, stays.stage_at(unit, moved), -1),
        lost_stage=np.where(lost, stays.stage_at(unit, moved, lost), -1),
        won=won,
        closed=won | lost,
        ever_won=ever_won[deal],
        has_amount=has_amount[deal],
        amounts=tuple(d.amount for d in facts.deals),
    )


def win_rate(deals: DealTable, curtain: Curtain) -> float | None:
    """Return won ÷ closed, of the deals that closed in the window."""
    closed = int(np.unique(deals.deal[deals.closed]).size)
    won = int(np.unique(deals.deal[deals.won]).size)
    return curtain.rate(lambda: won / closed, distinct(deals.unit[deals.closed]))


def average_order_value(deals: DealTable, curtain: Curtain) -> float | None:
    """Return won amount ÷ won deals with an amount."""
    amount, number, base = deals.total(deals.won)
    return curtain.rate(lambda: amount / number, base)


def repeat_rate(deals: DealTable, curtain: Curtain) -> float | None:
    """Return units with at least two deals ever won ÷ units with at least one."""
    _, wins = np.unique(deals.unit[deals.ever_won], return_counts=True)
    return curtain.rate(lambda: int((wins >= 2).sum()) / wins.size, int(wins.size))
