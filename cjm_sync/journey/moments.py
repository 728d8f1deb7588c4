"""Moments of truth: which touchpoints are linked with advancing (§9). Linked, never "causes".

The way in is `moments`. A landmark keeps stays from looking exposed merely for being long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cjm_sync.journey.facts import DAY_MS, Facts, Flags, Ints
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.statistics import quantile
from cjm_sync.journey.thresholds import MomentRules
from cjm_sync.journey.timeline import Exit
from cjm_sync.journey.types import MomentOfTruth
from cjm_sync.journey.withhold import Curtain

_TIE = 1e-7
"""Tables no likelier than the one seen: so much is allowed for, relatively."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The four cells of one test: advanced or not, exposed or not."""

    stage: int
    touchpoint: int
    a: int
    b: int
    c: int
    d: int


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The stays of one stage that count: who travelled, who *advanced*, who was *exposed* to what.

    *units* and *advanced* have an entry per stay; *exposed* holds places in them by touchpoint.
    """

    units: Ints
    advanced: Flags
    exposed: Mapping[int, Ints]


def moments(facts: Facts, ground: Ground) -> dict[tuple[int, int], MomentOfTruth]:
    """Return the tested pairs by (stage, touchpoint), both by place."""
    rules = ground.settings.moments
    tables = [
        table for place in range(len(facts.stages)) for table in _tables(facts, ground, place)
    ]
    ps = [fisher(one.a, one.b, one.c, one.d) for one in tables]
    tested: dict[tuple[int, int], MomentOfTruth] = {}
    for table, p, q in zip(tables, ps, adjusted(ps), strict=True):
        ratio, low, high = risk_ratio(
            table.a, table.b, table.c, table.d, z=ground.settings.wilson_z
        )
        verdict: Literal["makes", "breaks", "none"] = "none"
        if q <= rules.false_discovery_rate and ratio >= rules.makes:
            verdict = "makes"
        elif q <= rules.false_discovery_rate and ratio <= rules.breaks:
            verdict = "breaks"
        curtain = Curtain(ground.settings.min_group)
        tested[table.stage, table.touchpoint] = MomentOfTruth(
            exposed=table.a + table.b,
            not_exposed=table.c + table.d,
            advanced_exposed=curtain.count(table.a, table.a),
            advanced_not_exposed=curtain.count(table.c, table.c),
            ratio=ratio,
            low=low,
            high=high,
            p=p,
            q=q,
            verdict=verdict,
            starred=False,
            withheld=curtain.withheld,
        )
    return _starred(facts, tested, rules)


def _tables(facts: Facts, ground: Ground, place: int) -> list[_Table]:
    rules, held = ground.settings.moments, trial(facts, ground, place)
    if held is None:
        return []
    n, total = int(held.units.size), int(held.advanced.sum())
    if n < 2 * rules.min_group or not 0 < total < n:
        return []
    tables: list[_Table] = []
    for touchpoint, flags in held.exposed.items():
        if facts.touchpoints[touchpoint].key.startswith(rules.left_out):
            continue
        n1, a = int(flags.size), int(held.advanced[flags].sum())
        if n1 >= rules.min_group and n - n1 >= rules.min_group:
            c = total - a
            tables.append(_Table(place, touchpoint, a, n1 - a, c, n - n1 - c))
    return tables


def trial(facts: Facts, ground: Ground, place: int) -> Trial | None:
    """Return the stays of the stage at *place* that a test looks at; None without a landmark."""
    rules, stays = ground.settings.moments, ground.stays
    mine = stays.stage == place
    completed = mine & ~stays.is_open
    if int(completed.sum()) < rules.min_completed:
        return None
    landmark = quantile((stays.left_at - stays.entered_at)[completed], rules.landmark_quantile)
    until = ground.as_of - ground.patience[place]
    since = until - rules.window_days * DAY_MS
    rows = np.flatnonzero(mine & (stays.entered_at >= since) & (stays.entered_at < until))
    # Stays stand by unit and entry, so the first row of each unit is its first such stay.
    _, first = np.unique(stays.unit[rows], return_index=True)
    rows = rows[first]
    ends = np.minimum(stays.left_at[rows], ground.as_of)
    rows = rows[ends - stays.entered_at[rows] >= landmark]
    number = np.full(stays.unit.size, -1, dtype=np.int64)
    number[rows] = np.arange(rows.size)
    return Trial(
        stays.unit[rows],
        stays.exit[rows] == Exit.FORWARD,
        _exposures(ground, number, landmark, len(facts.touchpoints)),
    )


def _exposures(ground: Ground, number: Ints, landmark: float, width: int) -> dict[int, Ints]:
    """Return by touchpoint the numbers of the stays that it touched before the landmark."""
    trail = ground.trail
    rows = np.flatnonzero(trail.stay >= 0)
    rows = rows[number[trail.stay[rows]] >= 0]
    stay = trail.stay[rows]
    early = trail.at[rows] - ground.stays.entered_at[stay] < landmark
    pairs = np.unique(trail.touchpoint[rows][early] * number.size + number[stay][early])
    touchpoint = pairs // max(1, number.size)
    found: dict[int, Ints] = {}
    for place in range(width):
        low, high = np.searchsorted(touchpoint, (place, place + 1))
        if high > low:
            found[place] = pairs[low:high] - place * number.size
    return found


def risk_ratio(a: int, b: int, c: int, d: int, *, z: float) -> tuple[float, float, float]:
    """Return the risk ratio of (a, b) against (c, d) with its log-normal interval.

    *a* and *c* advanced. A cell of 0 adds 0.5 to each of the four.
    """
    extra = 0.5 if 0 in {a, b, c, d} else 0.0
    wa, wb, wc, wd = a + extra, b + extra, c + extra, d + extra
    n1, n0 = wa + wb, wc + wd
    log = math.log(wa / n1) - math.log(wc / n0)
    spread = z * math.sqrt(max(0.0, 1 / wa - 1 / n1 + 1 / wc - 1 / n0))
    return (wa / n1) / (wc / n0), math.exp(log - spread), math.exp(log + spread)


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Return Fisher's exact two-sided p: all tables no likelier than the one seen.

    Likelihoods are taken relative to the one seen, step by step from it, so that nothing
    overflows and the tie of the table itself is exact.
    """
    n1, n0, total = a + b, c + d, a + c
    lowest, highest = max(0, total - n0), min(n1, total)
    x = np.arange(lowest, highest, dtype=np.float64)
    steps = np.log((n1 - x) * (total - x)) - np.log((x + 1) * (n0 - total + x + 1))
    place = a - lowest
    up = np.cumsum(steps[place:])
    down = -np.cumsum(steps[:place][::-1])[::-1]
    logs = np.concatenate((down, np.zeros(1), up))
    top = float(logs.max())
    weights = np.exp(logs - top)
    picked = weights[logs <= math.log1p(_TIE)]
    return min(1.0, math.fsum(picked.tolist()) / math.fsum(weights.tolist()))


def adjusted(ps: Sequence[float]) -> list[float]:
    """Return Benjamini–Hochberg's q of each p: `min over j ≥ i of p₍ⱼ₎·m/j`, at most 1."""
    m = len(ps)
    qs = [1.0] * m
    least = 1.0
    for rank, place in zip(
        range(m, 0, -1), sorted(range(m), key=lambda one: ps[one], reverse=True), strict=True
    ):
        least = min(least, ps[place] * m / rank)
        qs[place] = least
    return qs


def _starred(
    facts: Facts, tested: dict[tuple[int, int], MomentOfTruth], rules: MomentRules
) -> dict[tuple[int, int], MomentOfTruth]:
    strong: dict[int, list[tuple[float, float, str, tuple[int, int]]]] = {}
    for pair, moment in tested.items():
        if moment.verdict != "none":
            strength = -abs(math.log(moment.ratio))
            key = facts.touchpoints[pair[1]].key
            strong.setdefault(pair[0], []).append((strength, moment.p, key, pair))
    chosen = {one[3] for found in strong.values() for one in sorted(found)[: rules.stars]}
    return {pair: replace(moment, starred=pair in chosen) for pair, moment in tested.items()}
