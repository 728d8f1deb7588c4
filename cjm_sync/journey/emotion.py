"""Emotion from −2 to +2: what signals add up to (journey model, §6).

A signal loses half its weight in `half_life_days`; a pull towards neutral keeps a small sample
from screaming. Measured and inferred signals are never mixed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import DAY_MS, Flags, Floats, Ints, Settings, Signals
from cjm_sync.journey.types import Confidence, Emotion, Evidence
from cjm_sync.journey.withhold import distinct


@dataclass(frozen=True, slots=True, eq=False)
class AgedSignals:
    """Signals that still count at T, with their weight at T."""

    unit: Ints
    stage: Ints
    touchpoint: Ints
    score: Floats
    weight: Floats
    measured: Flags

    def where(self, mask: Flags) -> AgedSignals:
        """Return the signals that *mask* picks."""
        return AgedSignals(
            self.unit[mask],
            self.stage[mask],
            self.touchpoint[mask],
            self.score[mask],
            self.weight[mask],
            self.measured[mask],
        )


def age(
    signals: Signals, stage: Ints, touchpoint: Ints, *, as_of: int, settings: Settings
) -> AgedSignals:
    """Return the signals that have a stage and are not too old, weighted by their age."""
    days = (as_of - signals.at) / DAY_MS
    counts = (days <= settings.max_age_days) & (stage >= 0)
    aged = signals.weight * np.power(0.5, days / settings.half_life_days)
    return AgedSignals(
        signals.unit, stage, touchpoint, signals.score, aged, signals.measured
    ).where(counts)


def feel(signals: AgedSignals, settings: Settings) -> Emotion:
    """Return what is shown of *signals*: measured if they suffice, else inferred, else nothing."""
    kinds: tuple[tuple[Evidence, Flags], ...] = (
        ("measured", signals.measured),
        ("inferred", ~signals.measured),
    )
    for evidence, mask in kinds:
        n = int(mask.sum())
        if n < settings.min_signals or distinct(signals.unit[mask]) < settings.min_group:
            continue
        score = pull(signals.score[mask], signals.weight[mask], settings.prior_weight)
        return Emotion(score, n, evidence, confidence_of(n, settings))
    return Emotion(None, None, "none", None, withheld=True)


def pull(score: Floats, weight: Floats, prior_weight: float) -> float:
    """Return the weighted mean score with *prior_weight* of neutral added."""
    return math.fsum((score * weight).tolist()) / (math.fsum(weight.tolist()) + prior_weight)


def confidence_of(n: int, settings: Settings) -> Confidence:
    """Return how far *n* signals are to be trusted."""
    if n >= settings.high_signals:
        return "high"
    return "medium" if n >= settings.medium_signals else "low"
