"""Tests touchpoints against advancing: section 9 of the journey model, moments of truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oracle.numbers import Shown, Z, quantile
from oracle.reading import DAY
from oracle.timeline import STAGES, Stay
from oracle.touching import Unit


@dataclass
class Moment:
    """One tested pair of stage and touchpoint; a and c advanced of n1 exposed and n0 others."""

    stage: int
    key: str
    a: int
    n1: int
    c: int
    n0: int
    q: float = math.nan
    starred: bool = False

    def __post_init__(self) -> None:
        a, n1, c, n0 = float(self.a), float(self.n1), float(self.c), float(self.n0)
        if 0 in {a, n1 - a, c, n0 - c}:
            a, n1, c, n0 = a + 0.5, n1 + 1, c + 0.5, n0 + 1
        self.ratio = (a / n1) / (c / n0)
        se = math.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n0)
        self.low = math.exp(math.log(self.ratio) - Z * se)
        self.high = math.exp(math.log(self.ratio) + Z * se)
        self.p = fisher(self.a, self.n1, self.c, self.n0)

    @property
    def verdict(self) -> str:
        if self.q <= 0.05 and self.ratio >= 1.5:
            return "makes"
        return "breaks" if self.q <= 0.05 and self.ratio <= 0.67 else "none"

    def export(self) -> dict[str, Any]:
        shown = Shown()
        shown.count("exposed", self.n1, self.n1)
        shown.count("not_exposed", self.n0, self.n0)
        shown.count("advanced_exposed", self.a, self.a)
        shown.count("advanced_not_exposed", self.c, self.c)
        for name in ("ratio", "low", "high", "p", "q", "verdict", "starred"):
            shown.out[name] = getattr(self, name)
        return shown.done()


def fisher(a: int, n1: int, c: int, n0: int) -> float:
    """Return the two-sided p of Fisher's exact test: all tables no likelier than the one seen."""
    advanced, n = a + c, n1 + n0

    def log_choose(total: int, picked: int) -> float:
        parts = math.lgamma(picked + 1) + math.lgamma(total - picked + 1)
        return math.lgamma(total + 1) - parts

    def chance(x: int) -> float:
        inside = log_choose(n1, x) + log_choose(n0, advanced - x)
        return math.exp(inside - log_choose(n, advanced))

    seen = chance(a)
    possible = range(max(0, advanced - n0), min(n1, advanced) + 1)
    return min(1.0, math.fsum(p for x in possible if (p := chance(x)) <= seen * (1 + 1e-7)))


def correct(moments: Sequence[Moment]) -> None:
    """Set every q after Benjamini and Hochberg, over all tested pairs of the map."""
    ordered = sorted(moments, key=lambda moment: moment.p)
    m = len(ordered)
    for i, moment in enumerate(ordered, start=1):
        moment.q = min(ordered[j - 1].p * m / j for j in range(i, m + 1))


def star(moments: Sequence[Moment]) -> None:
    """Star the three strongest of each stage."""
    for stage in range(len(STAGES)):
        telling = [one for one in moments if one.stage == stage and one.verdict != "none"]
        telling.sort(key=lambda one: (-abs(math.log(one.ratio)), one.p, one.key))
        for one in telling[:3]:
            one.starred = True


def moments_of(units: Sequence[Unit], now: int, patience: Sequence[float]) -> list[Moment]:
    """Return every pair of stage and touchpoint that could be tested; *patience* is P in ms."""
    found: list[Moment] = []
    for stage in range(len(STAGES)):
        of_stage = [(u, s) for u in units for s in u.timeline.stays if s.stage == stage]
        lengths = [s.left - s.entered for _, s in of_stage if s.left is not None]
        landmark = quantile(lengths, 0.25)
        if landmark is None or len(lengths) < 5:
            continue
        until = now - patience[stage]
        first: dict[str, tuple[Unit, Stay]] = {}
        for unit, stay in of_stage:  # a unit's stays come in order of time
            if until - 365 * DAY <= stay.entered < until:
                first.setdefault(str(unit.row["id"]), (unit, stay))
        lasted = [
            (u, s)
            for u, s in first.values()
            if (now if s.left is None else s.left) - s.entered >= landmark
        ]
        met = {
            str(u.row["id"]): {
                t.key
                for t in u.touches
                if t.stage == stage and s.entered <= t.t < s.entered + landmark
            }
            for u, s in lasted
        }
        for key in sorted(set().union(*met.values())):
            if key.startswith("sales."):
                continue
            exposed = [s for u, s in lasted if key in met[str(u.row["id"])]]
            others = [s for u, s in lasted if key not in met[str(u.row["id"])]]
            a = sum(1 for s in exposed if s.exit == "forward")
            c = sum(1 for s in others if s.exit == "forward")
            if len(exposed) >= 30 and len(others) >= 30 and 0 < a + c < len(lasted):
                found.append(Moment(stage, key, a, len(exposed), c, len(others)))
    correct(found)
    star(found)
    return found
