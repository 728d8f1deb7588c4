"""Touchpoint rows and persona lines: numbers of Everyone per touchpoint, and of each persona."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import truediv

import numpy as np

from cjm_sync.journey.amounts import average_order_value, repeat_rate, win_rate
from cjm_sync.journey.emotion import feel
from cjm_sync.journey.facts import DAY_MS, NO_VALUE, Facts, Flags, Ints, Trait
from cjm_sync.journey.metrics import Ground, overlapping
from cjm_sync.journey.statistics import quantile
from cjm_sync.journey.types import Cell, Mix, MomentOfTruth, Persona, Touchpoint
from cjm_sync.journey.withhold import Curtain, distinct


def touchpoint_rows(
    facts: Facts, ground: Ground, tested: Mapping[tuple[int, int], MomentOfTruth]
) -> tuple[Touchpoint, ...]:
    """Return a row for each stage and touchpoint with a touch in W or *tested*, in their order."""
    touches, signals = ground.touches, ground.signals
    width = len(facts.touchpoints)
    group = touches.stage * width + touches.touchpoint
    order = np.argsort(group, kind="stable")
    felt_in = signals.stage * width + signals.touchpoint
    everyone = np.ones(len(facts.units), dtype=np.bool_)
    rows: list[Touchpoint] = []
    present = [int(overlapping(ground, s, everyone).size) for s in range(len(facts.stages))]
    found, counts = np.unique(group, return_counts=True)
    rows_of = dict.fromkeys((stage * width + place for stage, place in tested), 0)
    rows_of.update(zip(found.tolist(), counts.tolist(), strict=True))
    end = 0
    for value, count in sorted(rows_of.items()):
        part = order[end : end + count]
        end += count
        stage, place = divmod(value, width)
        touchpoint = facts.touchpoints[place]
        curtain = Curtain(ground.settings.min_group)
        units, around = distinct(touches.unit[part]), present[stage]
        number = curtain.count(int(part.size), units)
        # At the very start of W a loss may end the only stays: then nobody was there to be reached.
        reach = curtain.rate(partial(truediv, units, around), units if around else 0)
        rows.append(
            Touchpoint(
                key=touchpoint.key,
                label=touchpoint.label,
                stage=facts.stages[stage].key,
                channel=touchpoint.channel
                if not number
                else facts.channels[_most_common(touches.channel[part])],
                touches=number,
                units=curtain.count(units, units),
                reach=reach,
                emotion=feel(signals.where(felt_in == value), ground.settings),
                moment_of_truth=tested.get((stage, place)),
                withheld=curtain.withheld,
            )
        )
    return tuple(rows)


def persona_line(
    facts: Facts,
    ground: Ground,
    *,
    key: str,
    label: str,
    members: Flags,
    cells: dict[str, Cell],
    cycles: dict[int, float],
) -> Persona:
    """Return the computed lines of one persona; *cells* are its own, by stage.

    *cycles* holds, per unit whose first purchase is in W, the milliseconds it took.
    """
    settings = ground.settings
    curtain = Curtain(settings.min_group)
    number, everyone = int(members.sum()), len(facts.units)
    deals = ground.deals.where(members[ground.deals.unit])
    took = np.array([ms for unit, ms in cycles.items() if members[unit]], dtype=np.int64)
    return Persona(
        key=key,
        label=label,
        units=curtain.count(number, number),
        share=curtain.rate(lambda: number / everyone, everyone),
        win_rate=win_rate(deals, curtain),
        average_order_value=average_order_value(deals, curtain),
        repeat_rate=repeat_rate(deals, curtain),
        cycle_days=curtain.rate(lambda: quantile(took, 0.5) / DAY_MS, int(took.size)),
        mixes=tuple(_mix(trait, members, settings.min_group) for trait in facts.traits),
        top_source=_top_source(facts, members, settings.min_group),
        preferred_channel=_preferred_channel(facts, ground, members),
        touches_per_stage=tuple((stage, cell.touches_per_unit) for stage, cell in cells.items()),
        withheld=curtain.withheld,
    )


def _most_common(places: Ints) -> int:
    """Return the most common place; of equally common ones the first."""
    return int(np.bincount(places).argmax())


def _mix(trait: Trait, members: Flags, min_group: int) -> Mix:
    values = trait.values[members]
    known = values[values >= 0]
    counts = np.bincount(known, minlength=len(trait.labels)).tolist()
    named = [(label, n) for label, n in zip(trait.labels, counts, strict=True) if n >= min_group]
    rest = int((values != NO_VALUE).sum()) - sum(n for _, n in named)
    return Mix(
        trait.name,
        tuple(sorted(named, key=lambda part: (-part[1], part[0]))),
        None if 0 < rest < min_group else rest,
    )


def _top_source(facts: Facts, members: Flags, min_group: int) -> str | None:
    sources = facts.source[members]
    known = sources[sources >= 0]
    if not known.size:
        return None
    place = _most_common(known)
    return facts.touchpoints[place].label if int((known == place).sum()) >= min_group else None


def _preferred_channel(facts: Facts, ground: Ground, members: Flags) -> str | None:
    touches = ground.touches
    rows = touches.welcome & members[touches.unit]
    if not rows.any():
        return None
    place = _most_common(touches.channel[rows])
    units = distinct(touches.unit[rows & (touches.channel == place)])
    return facts.channels[place] if units >= ground.settings.min_group else None
