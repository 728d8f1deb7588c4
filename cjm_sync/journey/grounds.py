"""What pains are judged by, kept with a journey so that people's targets can judge them anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import numpy as np

from cjm_sync.journey.facts import Floats, Ints
from cjm_sync.journey.thresholds import CoverageRules, PainRules

PainUnit = Literal["days", "hours", "share", "score"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A threshold that a metric passes when it lies beyond, or on it unless *is_strict*."""

    at: float
    is_strict: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """One metric that a rule looks at, before it is judged.

    *n* is its own base and *base* the distinct units of it; *low* says that it fires downwards.
    *present* are the units with a stay overlapping W. Those affected are *hit*, or, where that is
    None, the units of *of_unit* whose value in *values* lies beyond the threshold. *target* says
    which bar a target in days takes the place of: none (it is added), or all of them.
    """

    rule: str
    stage: str
    subject: str
    label: str
    unit: PainUnit
    value: float
    n: int
    base: int
    min_n: int
    bars: tuple[Bar, ...]
    before: float | None
    present: int
    hit: int | None = None
    values: Floats = field(default_factory=lambda: np.empty(0, dtype=np.float64))
    of_unit: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    low: bool = False
    target: Literal["ignored", "added", "instead"] = "ignored"


@dataclass(frozen=True, slots=True)
class PastPain:
    """A pain that was active at an earlier run, the last time under this *label*."""

    rule: str
    stage: str
    subject: str
    label: str
    first_active: datetime
    last_active: datetime

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return what a person's notes stay with."""
        return self.rule, self.stage, self.subject


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The numbers of one day's last run, as they were shown: aggregates only.

    *cells* are by (stage, persona) and metric, withheld ones left out; *mix* is each persona's
    share, *intervals* the conversion's interval of Everyone by stage.
    """

    day: date
    as_of: datetime
    cells: Mapping[tuple[str, str], Mapping[str, float]]
    mix: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """What earlier runs left behind for one journey; empty at the first.

    *day_before* and *month_before* are the snapshots that changes are told against; *review* is
    the one nearest to people's last review, None without one.
    """

    pains: tuple[PastPain, ...] = ()
    day_before: Snapshot | None = None
    month_before: Snapshot | None = None
    review: Snapshot | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """Everything that the overlay needs beside the map.

    *ever* are the pains of earlier runs, *business* the business value by stage.
    """

    measures: tuple[Measure, ...]
    pains: PainRules
    coverage: CoverageRules
    min_group: int
    ever: tuple[PastPain, ...]
    business: Mapping[str, float | None]
