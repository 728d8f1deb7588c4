"""What changed against earlier days: snapshots of the numbers shown, and which to keep (§5).

A snapshot holds aggregates as they were shown; a withheld number is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from cjm_sync.journey.grounds import History, Snapshot
from cjm_sync.journey.types import EVERYONE, Cell, Journey, MetricChange, Stage

METRICS = (
    "in_stage",
    "dormant",
    "entered",
    "conversion",
    "drop_off",
    "median_days",
    "touches_per_unit",
    "emotion",
    "nps",
    "csat",
    "ces",
    "open_amount",
    "won_amount",
)
KEPT_DAYS = 40
MONTH_DAYS = 30
_MONTH_FROM, _MONTH_TO = 15, 45


def metric(cell: Cell, name: str) -> float | None:
    """Return one of `METRICS` of *cell*."""
    if name == "emotion":
        return cell.emotion.score
    value: float | None = getattr(cell, name)
    return value


def snapshot_of(journey: Journey, *, day: date, as_of: datetime) -> Snapshot:
    """Return the numbers of *journey* as they are shown on *day*."""
    cells: dict[tuple[str, str], dict[str, float]] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for stage in journey.stages:
        for cell in stage.cells:
            numbers = {name: metric(cell, name) for name in METRICS}
            cells[stage.key, cell.persona] = {
                name: float(value) for name, value in numbers.items() if value is not None
            }
            low, high = cell.conversion_low, cell.conversion_high
            if cell.persona == EVERYONE and low is not None and high is not None:
                intervals[stage.key] = (low, high)
    mix = {
        persona.key: persona.share
        for persona in journey.personas
        if persona.key != EVERYONE and persona.share is not None
    }
    return Snapshot(day, as_of, cells, mix, intervals)


def changes(stages: Iterable[Stage], history: History) -> tuple[MetricChange, ...]:
    """Return every number beside the earlier ones; nothing without a snapshot."""
    day, month = history.day_before, history.month_before
    if day is None and month is None:
        return ()
    return tuple(
        MetricChange(
            stage=stage.key,
            persona=cell.persona,
            metric=name,
            now=metric(cell, name),
            day_before=_then(day, stage.key, cell.persona, name),
            month_before=_then(month, stage.key, cell.persona, name),
        )
        for stage in stages
        for cell in stage.cells
        for name in METRICS
    )


def _then(snapshot: Snapshot | None, stage: str, persona: str, name: str) -> float | None:
    return None if snapshot is None else snapshot.cells.get((stage, persona), {}).get(name)


def a_day_before(days: Iterable[date], today: date) -> date | None:
    """Return the day before *today* if it is among *days*."""
    yesterday = today - timedelta(days=1)
    return yesterday if yesterday in days else None


def a_month_before(days: Iterable[date], today: date) -> date | None:
    """Return of *days* the one nearest to a month before *today*; of two the older."""
    return nearest(
        (day for day in days if _MONTH_FROM <= (today - day).days <= _MONTH_TO),
        today - timedelta(days=MONTH_DAYS),
    )


def nearest(days: Iterable[date], to: date) -> date | None:
    """Return of *days* the one nearest *to* a day; of two the older."""
    return min(days, key=lambda day: (abs((day - to).days), day), default=None)


def faded(days: Iterable[date], today: date) -> list[date]:
    """Return which of *days* need no longer be kept: old ones but each month's last."""
    found = sorted({*days})
    last = {(day.year, day.month): day for day in found}
    return [
        day for day in found if (today - day).days > KEPT_DAYS and last[day.year, day.month] != day
    ]


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """Return the body of *snapshot* as JSON values."""
    return {
        "cells": [
            [stage, persona, dict(numbers)] for (stage, persona), numbers in snapshot.cells.items()
        ],
        "mix": dict(snapshot.mix),
        "intervals": {stage: list(ends) for stage, ends in snapshot.intervals.items()},
    }


def snapshot_from(day: date, as_of: datetime, body: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot whose body was written by `snapshot_json`."""
    return Snapshot(
        day,
        as_of,
        {(stage, persona): numbers for stage, persona, numbers in body["cells"]},
        body["mix"],
        {stage: (low, high) for stage, (low, high) in body["intervals"].items()},
    )
