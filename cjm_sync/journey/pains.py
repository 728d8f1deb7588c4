"""Judge what was measured: which pains and delights fire, and how severe they are (§7).

`measure` reads the facts; `pains` judges, and may judge again with people's target days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.grounds import Bar, Measure
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.occasion_measures import occasion_measures
from cjm_sync.journey.score_measures import score_measures
from cjm_sync.journey.stay_measures import stay_measures
from cjm_sync.journey.thresholds import PainRules
from cjm_sync.journey.types import Pain
from cjm_sync.journey.withhold import distinct

DELIGHT = "DL1"
TITLES = {
    "PP1": "Slow stage",
    "PP2": "Drop-off",
    "PP3": "Slow hand-off",
    "PP4": "Ticket theme",
    "PP5": "Slow help",
    "PP6": "Low score",
    "PP7": "Lost theme",
    "PP8": "Silence",
    "PP9": "No-show",
    "PP10": "List fatigue",
    "PP11": "Regression",
    DELIGHT: "Delight",
}

_HAIR = 1e-12
"""Sums and quotients of decimals may miss a threshold by less than this."""


def measure(facts: Facts, ground: Ground) -> tuple[Measure, ...]:
    """Return every metric that a rule looks at, before it is judged."""
    return (
        *stay_measures(facts, ground),
        *occasion_measures(facts, ground),
        *score_measures(facts, ground),
    )


def pains(
    measures: Iterable[Measure],
    thresholds: PainRules,
    targets: Mapping[str, float],
    *,
    min_group: int,
) -> tuple[tuple[Pain, ...], tuple[Pain, ...]]:
    """Return the pains and the delights that fire, most severe first.

    *targets* are people's target days by stage; they go before those of *thresholds*.
    """
    days = {**thresholds.stage_days, **targets}
    found = [
        pain
        for one in measures
        if (pain := _judged(one, thresholds, days.get(one.stage), min_group)) is not None
    ]
    found.sort(key=lambda pain: (-pain.severity, pain.stage, pain.rule, pain.subject))
    return (
        tuple(pain for pain in found if pain.rule != DELIGHT),
        tuple(pain for pain in found if pain.rule == DELIGHT),
    )


def _judged(one: Measure, rules: PainRules, days: float | None, min_group: int) -> Pain | None:
    if one.n < one.min_n or one.base < min_group:
        return None
    passed = [bar for bar in _bars(one, days) if _is_past(one.value, bar, low=one.low)]
    if not passed:
        return None
    bar = max(passed, key=lambda bar: _intensity(one.value, bar.at))  # of equal ones the first
    units = _affected(one, bar)
    if units < min_group:
        return None
    reach = _clamped(units / one.present) if one.present else 0.0
    intensity = _clamped(_intensity(one.value, bar.at))
    trend = _trend(one)
    return Pain(
        rule=one.rule,
        stage=one.stage,
        subject=one.subject,
        label=f"{TITLES[one.rule]}: {one.label}" if one.label else TITLES[one.rule],
        unit=one.unit,
        severity=rules.reach_weight * reach
        + rules.intensity_weight * intensity
        + rules.trend_weight * trend,
        reach=reach,
        intensity=intensity,
        trend=trend,
        value=one.value,
        threshold=bar.at,
        before=one.before,
        n=one.n,
        units=units,
    )


def _bars(one: Measure, days: float | None) -> tuple[Bar, ...]:
    if days is None or one.target == "ignored":
        return one.bars
    target = Bar(days * 24 if one.unit == "hours" else days, is_strict=True)
    return (target,) if one.target == "instead" else (*one.bars, target)


def _is_past(value: float, bar: Bar, *, low: bool) -> bool:
    beyond = bar.at - value if low else value - bar.at
    hair = _HAIR * max(1.0, abs(bar.at))
    return beyond > hair if bar.is_strict else beyond >= -hair


def _intensity(value: float, threshold: float) -> float:
    """Return how far past the threshold *value* lies, in thresholds; 1 past nothing."""
    return abs(value - threshold) / abs(threshold) if threshold else 1.0


def _trend(one: Measure) -> float:
    if one.before is None:
        return 0.0
    if one.before == 0:
        return 1.0
    moved = one.before - one.value if one.low else one.value - one.before
    return _clamped(moved / abs(one.before))


def _affected(one: Measure, bar: Bar) -> int:
    if one.hit is not None:
        return one.hit
    beyond = bar.at - one.values if one.low else one.values - bar.at
    return distinct(one.of_unit[beyond > 0 if bar.is_strict else beyond >= 0])


def _clamped(part: float) -> float:
    return min(1.0, max(0.0, part))
