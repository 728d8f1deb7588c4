"""What the page says of one cell, number by number, in the words of `wording`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cjm_sync.journey.types import Cell
from cjm_sync_files import wording

Said = Callable[[Cell, str], str]
"""What stands in the table for a cell, given the currency."""


def _of(value: float | None, said: Callable[[float], str]) -> str:
    return wording.NOT_ENOUGH if value is None else said(value)


def _whole(value: float) -> str:
    return wording.count(int(value))


def _conversion(cell: Cell, _: str) -> str:
    if cell.conversion is None or cell.conversion_low is None or cell.conversion_high is None:
        return wording.NOT_ENOUGH if cell.withheld else "–"
    low, high = (
        wording.percent(cell.conversion_low),
        wording.percent(cell.conversion_high),
    )
    return (
        f"{wording.percent(cell.conversion)} ({low}–{high}, n {wording.count(cell.decided or 0)})"
    )


def _answers(value: str, answers: int | None) -> str:
    if answers == 0:
        return "no answers"
    return value if answers is None or value == wording.NOT_ENOUGH else f"{value} (n {answers})"


def _share(value: float | None, cell: Cell) -> str:
    n = "" if cell.decided is None or value is None else f" (n {wording.count(cell.decided)})"
    return _of(value, wording.percent) + n


FIGURES: Mapping[str, Said] = {
    "In stage now": lambda cell, _: _of(cell.in_stage, _whole),
    "Dormant": lambda cell, _: _of(cell.dormant, _whole),
    "Entered": lambda cell, _: _of(cell.entered, _whole),
    "Move on": _conversion,
    "Drop off": lambda cell, _: _share(cell.drop_off, cell),
    "Moved back": lambda cell, _: _share(cell.regression, cell),
    "Skipped": lambda cell, _: _of(cell.skip_rate, wording.percent),
    "Median time": lambda cell, _: _of(cell.median_days, wording.days),
    "P90 of time": lambda cell, _: _of(cell.p90_days, wording.days),
    "Median age of open stays": lambda cell, _: _of(cell.open_median_days, wording.days),
    "Touches per unit": lambda cell, _: _of(cell.touches_per_unit, "{:.1f}".format),
    "NPS": lambda cell, _: _answers(_of(cell.nps, lambda v: wording.signed(v, 0)), cell.nps_n),
    "CSAT": lambda cell, _: _answers(_of(cell.csat, wording.percent), cell.csat_n),
    "CES": lambda cell, _: _answers(_of(cell.ces, "{:.1f}".format), cell.ces_n),
    "Open amount": lambda cell, money: _of(cell.open_amount, lambda v: wording.money(v, money)),
    "Won amount": lambda cell, money: _of(cell.won_amount, lambda v: wording.money(v, money)),
}
