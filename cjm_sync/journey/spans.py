"""Spans of time that metrics look at, and medians of enough units over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import DAY_MS, Flags, Floats, Ints
from cjm_sync.journey.metrics import Ground, overlapping
from cjm_sync.journey.withhold import distinct


@dataclass(frozen=True, slots=True)
class Span:
    """`[since, until)` in milliseconds."""

    since: float
    until: float

    def holds(self, at: Ints) -> Flags:
        """Return which moments lie in it."""
        return (at >= self.since) & (at < self.until)

    def earlier(self, by: float) -> Span:
        """Return the span moved back *by* milliseconds."""
        return Span(self.since - by, self.until - by)


@dataclass(frozen=True, slots=True)
class Value:
    """A metric with its own base *n* and the distinct units of it."""

    value: float
    n: int
    base: int


def spans(ground: Ground) -> tuple[Span, Span, Span]:
    """Return W, the window before it, and the trailing span before W."""
    window = Span(ground.since, ground.as_of)
    trailing = Span(ground.since - ground.settings.pains.trailing_days * DAY_MS, ground.since)
    return window, window.earlier(ground.window), trailing


def shown(found: Value | None, min_group: int) -> float | None:
    """Return the value when it rests on enough units to be used at all."""
    return None if found is None or found.base < min_group else found.value


def median(values: Ints | Floats, unit: Ints) -> Value | None:
    """Return the median of *values*, one per row of *unit*; None of nothing."""
    if not values.size:
        return None
    return Value(float(np.median(values)), int(values.size), distinct(unit))


def present(ground: Ground, stage: int, units: int) -> int:
    """Return how many of all *units* have a stay of *stage* that overlaps W."""
    return int(overlapping(ground, stage, np.ones(units, dtype=np.bool_)).size)
