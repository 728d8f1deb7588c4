"""What is measured of answers at touchpoints: PP6 low score and DL1 delight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.emotion import age, pull
from cjm_sync.journey.facts import Facts, Floats, Ints, Signals
from cjm_sync.journey.grounds import Bar, Measure
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.spans import present
from cjm_sync.journey.withhold import distinct


@dataclass(frozen=True, slots=True, eq=False)
class _Felt:
    """The measured signals of one stage and touchpoint that count at a time."""

    score: float
    scores: Floats
    unit: Ints


def score_measures(facts: Facts, ground: Ground) -> Iterator[Measure]:
    """Yield both measures of each stage and touchpoint with measured signals, of Everyone."""
    rules, settings = ground.settings.pains, ground.settings
    now, then = _felt(facts, ground, ground.as_of), _felt(facts, ground, int(ground.since))
    around = [present(ground, place, len(facts.units)) for place in range(len(facts.stages))]
    for key, felt in sorted(now.items()):
        place, touchpoint = divmod(key, len(facts.touchpoints))
        name = facts.touchpoints[touchpoint]
        earlier = then.get(key)
        before = None
        if earlier is not None and earlier.scores.size >= settings.min_signals:
            before = earlier.score if distinct(earlier.unit) >= settings.min_group else None
        for rule, threshold, min_n in (
            ("PP6", rules.low_score, rules.low_score_min_n),
            ("DL1", rules.delight_score, rules.delight_min_n),
        ):
            yield Measure(
                rule=rule,
                stage=facts.stages[place].key,
                subject=name.key,
                label=name.label,
                unit="score",
                value=felt.score,
                n=int(felt.scores.size),
                base=distinct(felt.unit),
                min_n=min_n,
                bars=(Bar(threshold),),
                before=before,
                present=around[place],
                values=felt.scores,
                of_unit=felt.unit,
                low=rule == "PP6",
            )


def _felt(facts: Facts, ground: Ground, as_of: int) -> dict[int, _Felt]:
    """Return by stage · width + touchpoint what was measured before *as_of*."""
    rows = facts.signals.measured & (facts.signals.at < as_of)
    signals = Signals(
        facts.signals.unit[rows],
        facts.signals.at[rows],
        facts.signals.touch[rows],
        facts.signals.touchpoint[rows],
        facts.signals.score[rows],
        facts.signals.weight[rows],
        facts.signals.measured[rows],
        facts.signals.ends[rows],
    )
    placed = ground.placed
    aged = age(
        signals,
        placed.signal_stage[rows],
        placed.signal_touchpoint[rows],
        as_of=as_of,
        settings=ground.settings,
    )
    group = aged.stage * len(facts.touchpoints) + aged.touchpoint
    found: dict[int, _Felt] = {}
    for key in np.unique(group).tolist():
        mine = group == key
        score = pull(aged.score[mine], aged.weight[mine], ground.settings.prior_weight)
        found[key] = _Felt(score, aged.score[mine], aged.unit[mine])
    return found
