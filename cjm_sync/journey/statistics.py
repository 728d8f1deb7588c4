"""The few formulas of the journey model: quantiles and intervals of a rate."""

from __future__ import annotations

import math

import numpy as np

from cjm_sync.journey.facts import Ints


def quantile(values: Ints, p: float) -> float:
    """Return the *p* quantile by linear interpolation between order statistics, `h = (n − 1)·p`."""
    ordered = np.sort(values)
    h = (ordered.size - 1) * p
    below = math.floor(h)
    low = float(ordered[below])
    high = float(ordered[min(below + 1, ordered.size - 1)])
    return low + (h - below) * (high - low)


def wilson(successes: int, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a rate, without continuity correction."""
    rate = successes / n
    shrink = 1 + z * z / n
    middle = (rate + z * z / (2 * n)) / shrink
    reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / shrink
    # Rounding may lead a hair outside at no or all successes.
    return max(0.0, middle - reach), min(1.0, middle + reach)
