"""How numbers are shown, and the two statistics that the journey model defines itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from oracle.reading import DAY

if TYPE_CHECKING:
    from oracle.touching import Signal, Unit

SMALL = 5
Z = 1.959963984540054


class Shown:
    """Collects an object's numbers and remembers whether one was withheld."""

    def __init__(self) -> None:
        self.out: dict[str, Any] = {}
        self.withheld = False

    def put(self, name: str, value: float | None, base: int) -> None:
        """Show *value* unless it rests on fewer than 5 units; None is a rate of nothing."""
        if value is None or base < SMALL:
            self.out[name] = None
            self.withheld = True
        else:
            self.out[name] = value

    def count(self, name: str, value: float, base: int) -> None:
        """Show a count or sum; of nothing it is 0 and shown."""
        self.put(name, value, SMALL if base == 0 else base)

    def done(self) -> dict[str, Any]:
        if self.withheld:
            self.out["withheld"] = "small_base"
        return self.out


def quantile(values: Sequence[float], p: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    h = (len(ordered) - 1) * p
    low = math.floor(h)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (h - low) * (ordered[high] - ordered[low])


def wilson(successes: int, n: int) -> tuple[float, float]:
    share = successes / n
    centre = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    whole = 1 + Z * Z / n
    return (centre - half) / whole, (centre + half) / whole


def distinct(units: Iterable[Unit]) -> int:
    return len({str(unit.row["id"]) for unit in units})


def measured_score(now: float, signals: Sequence[tuple[Unit, Signal]]) -> dict[str, Any] | None:
    """Return score and n of the measured signals as of *now*, None when they may not be shown."""
    return _score(now, signals, "measured")


def _score(now: float, signals: Sequence[tuple[Unit, Signal]], kind: str) -> dict[str, Any] | None:
    of_kind = [(u, s) for u, s in signals if s.kind == kind and now - s.t <= 365 * DAY]
    n = len(of_kind)
    if n < 5 or distinct(u for u, _ in of_kind) < SMALL:
        return None
    weights = [s.weight * 0.5 ** ((now - s.t) / (90 * DAY)) for _, s in of_kind]
    total = math.fsum(w * s.score for w, (_, s) in zip(weights, of_kind, strict=True))
    return {"score": total / (math.fsum(weights) + 250), "n": n}


def emotion(now: float, signals: Sequence[tuple[Unit, Signal]]) -> dict[str, Any]:
    """Weigh the signals of one cell or touchpoint: measured when it may be shown, else inferred."""
    for kind in ("measured", "inferred"):
        found = _score(now, signals, kind)
        if found is not None:
            n = found["n"]
            confidence = "low" if n < 10 else "medium" if n < 50 else "high"
            return {**found, "evidence": kind, "confidence": confidence}
    return {
        "score": None,
        "n": None,
        "evidence": "none",
        "confidence": None,
        "withheld": "small_base",
    }
