"""What is measured of stays: PP1 slow stage, PP2 drop-off, PP3 hand-off, PP8 silence, PP11."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from cjm_sync.journey.facts import DAY_MS, Facts, Flags, Floats, Ints
from cjm_sync.journey.grounds import Bar, Measure
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.spans import Span, Value, median, present, shown, spans
from cjm_sync.journey.stays import FAR
from cjm_sync.journey.timeline import Exit
from cjm_sync.journey.withhold import distinct

_HOUR_MS = 3_600_000


def stay_measures(facts: Facts, ground: Ground) -> Iterator[Measure]:
    """Yield the measures of all stages, of Everyone."""
    around = [present(ground, place, len(facts.units)) for place in range(len(facts.stages))]
    yield from _slow(facts, ground, around)
    yield from _dropped(facts, ground, around)
    yield from _handed_off(facts, ground, around)
    yield from _silent(facts, ground, around)
    yield from _regressed(facts, ground, around)


def _slow(facts: Facts, ground: Ground, around: list[int]) -> Iterator[Measure]:
    rules, stays = ground.settings.pains, ground.stays
    window, before, trailing = spans(ground)
    for place, stage in enumerate(facts.stages):
        mine = (stays.stage == place) & ~stays.is_open

        def lasted(span: Span, mine: Flags = mine) -> tuple[Floats, Ints]:
            rows = mine & span.holds(stays.left_at)
            return (stays.left_at - stays.entered_at)[rows] / DAY_MS, stays.unit[rows]

        lengths, units = lasted(window)
        now = median(lengths, units)
        if now is None:
            continue
        usual = shown(median(*lasted(trailing)), ground.settings.min_group)
        yield Measure(
            rule="PP1",
            stage=stage.key,
            subject="",
            label="",
            unit="days",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.slow_stage_min_n,
            bars=() if usual is None else (Bar(rules.slow_stage_factor * usual, is_strict=True),),
            before=shown(median(*lasted(before)), ground.settings.min_group),
            present=around[place],
            values=lengths,
            of_unit=units,
            target="added",
        )


def _decided(ground: Ground, stage: int, span: Span) -> Flags:
    """Return the stays that are the cohort of *span*: long enough ago to have been decided."""
    cohort = span.earlier(ground.patience[stage])
    flags: Flags = (ground.stays.stage == stage) & cohort.holds(ground.stays.entered_at)
    return flags


def _share(ground: Ground, decided: Flags, ended: Flags) -> Value | None:
    n = int(decided.sum())
    if not n:
        return None
    return Value(int((decided & ended).sum()) / n, n, distinct(ground.stays.unit[decided]))


def _dropped(facts: Facts, ground: Ground, around: list[int]) -> Iterator[Measure]:
    rules, stays = ground.settings.pains, ground.stays
    min_group = ground.settings.min_group
    window, before, trailing = spans(ground)
    gone = (stays.exit == Exit.LOST) | (stays.exit == Exit.CHURNED) | stays.dormant
    found: dict[int, Value] = {}
    for place in range(len(facts.stages)):
        value = _share(ground, _decided(ground, place, window), gone)
        if value is not None and value.n >= rules.drop_off_min_n and value.base >= min_group:
            found[place] = value
    for place, now in found.items():
        bars: list[Bar] = []
        usual = shown(_share(ground, _decided(ground, place, trailing), gone), min_group)
        if usual is not None:
            bars.append(Bar(usual + rules.drop_off_points))
        others = [other.value for key, other in found.items() if key != place]
        if others and now.value > max(others):
            bars.append(Bar(math.fsum(others) / len(others), is_strict=True))
        decided = _decided(ground, place, window)
        yield Measure(
            rule="PP2",
            stage=facts.stages[place].key,
            subject="",
            label="",
            unit="share",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.drop_off_min_n,
            bars=tuple(bars),
            before=shown(_share(ground, _decided(ground, place, before), gone), min_group),
            present=around[place],
            hit=distinct(stays.unit[decided & gone]),
        )


def _regressed(facts: Facts, ground: Ground, around: list[int]) -> Iterator[Measure]:
    rules, stays = ground.settings.pains, ground.stays
    window, before, _ = spans(ground)
    back = stays.exit == Exit.REGRESSION
    for place, stage in enumerate(facts.stages):
        decided = _decided(ground, place, window)
        now = _share(ground, decided, back)
        if now is None:
            continue
        then = _share(ground, _decided(ground, place, before), back)
        yield Measure(
            rule="PP11",
            stage=stage.key,
            subject="",
            label="",
            unit="share",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.regression_min_n,
            bars=(Bar(rules.regression_share),),
            before=shown(then, ground.settings.min_group),
            present=around[place],
            hit=distinct(stays.unit[decided & back]),
        )


def _handed_off(facts: Facts, ground: Ground, around: list[int]) -> Iterator[Measure]:
    rules, stays, trail = ground.settings.pains, ground.stays, ground.trail
    place = next((n for n, one in enumerate(facts.stages) if one.key == rules.hand_off_stage), -1)
    wanted = _places(facts, rules.hand_off_touchpoints)
    if place < 0 or not wanted.size:
        return
    rows = np.flatnonzero((trail.stay >= 0) & np.isin(trail.touchpoint, wanted))
    # Touches stand by unit and time, so the first row of each stay is its first such touch.
    stay, first = np.unique(trail.stay[rows], return_index=True)
    at = trail.at[rows[first]]
    here = stays.stage[stay] == place
    stay, at = stay[here], at[here]
    entered_at = stays.entered_at[stay]
    hours, unit = (at - entered_at) / _HOUR_MS, stays.unit[stay]

    def waited(span: Span) -> Value | None:
        inside = span.holds(entered_at)
        return median(hours[inside], unit[inside])

    window, before, _ = spans(ground)
    now = waited(window)
    if now is None:
        return
    inside = window.holds(entered_at)
    yield Measure(
        rule="PP3",
        stage=facts.stages[place].key,
        subject="",
        label="",
        unit="hours",
        value=now.value,
        n=now.n,
        base=now.base,
        min_n=rules.hand_off_min_n,
        bars=(Bar(rules.hand_off_hours, is_strict=True),),
        before=shown(waited(before), ground.settings.min_group),
        present=around[place],
        values=hours[inside],
        of_unit=unit[inside],
    )


def _places(facts: Facts, keys: tuple[str, ...]) -> Ints:
    """Return the places of the touchpoints *keys*; those that the taxonomy lacks have none."""
    found = [place for place, one in enumerate(facts.touchpoints) if one.key in keys]
    return np.array(found, dtype=np.int64)


def _silent(facts: Facts, ground: Ground, around: list[int]) -> Iterator[Measure]:
    rules, stays, trail = ground.settings.pains, ground.stays, ground.trail
    rows = np.flatnonzero(trail.stay >= 0)
    # Nearly in order already: only a loss at the moment of another touch stands out of its stay.
    rows = rows[np.argsort(trail.stay[rows], kind="stable")]
    stay, at = trail.stay[rows], trail.at[rows]
    follows = stay[1:] == stay[:-1]
    later, gap = at[1:][follows], (at[1:] - at[:-1])[follows]
    gap_stage, gap_unit = stays.stage[stay[1:][follows]], stays.unit[stay[1:][follows]]

    def quiet(stage: int, span: Span) -> tuple[Value, int] | None:
        """Return the share of silent units at the end of *span*, and how many they are."""
        among = (gap_stage == stage) & span.holds(later)
        usual = median(gap[among], gap_unit[among])
        if usual is None or usual.base < ground.settings.min_group or usual.value <= 0:
            return None
        unit, since = _waiting(ground, stage, span.until)
        if not unit.size:
            return None
        silent = span.until - since > rules.silence_gaps * usual.value
        hit = distinct(unit[silent])
        base = distinct(unit)
        return Value(hit / base, base, base), hit

    window, before, _ = spans(ground)
    for place, stage in enumerate(facts.stages):
        now = quiet(place, window)
        if now is None:
            continue
        then = quiet(place, before)
        yield Measure(
            rule="PP8",
            stage=stage.key,
            subject="",
            label="",
            unit="share",
            value=now[0].value,
            n=now[0].n,
            base=now[0].base,
            min_n=rules.silence_min_n,
            bars=(Bar(rules.silence_share),),
            before=shown(None if then is None else then[0], ground.settings.min_group),
            present=around[place],
            hit=now[1],
        )


def _waiting(ground: Ground, stage: int, until: float) -> tuple[Ints, Ints]:
    """Return the units in *stage* at *until* that are not dormant, and since when each waits."""
    stays, trail = ground.stays, ground.trail
    here = (stays.stage == stage) & (stays.entered_at < until) & (stays.left_at >= until)
    unit, entered_at = stays.unit[here], stays.entered_at[here]
    last = np.searchsorted(trail.unit * FAR + trail.at, unit * FAR + int(until), side="left") - 1
    since = entered_at
    if trail.unit.size:
        has_touch = (last >= 0) & (trail.unit[last] == unit)
        since = np.where(has_touch, np.maximum(trail.at[last], entered_at), entered_at)
    awake = since >= until - ground.settings.dormant_days * DAY_MS
    return unit[awake], since[awake]
