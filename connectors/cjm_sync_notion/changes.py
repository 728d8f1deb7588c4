"""Tell in words how numbers moved since earlier snapshots: in a cell, and in one line on the hub."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cjm_sync.journey.types import EVERYONE, Cell, Journey, JourneyMap, MetricChange
from cjm_sync_notion.rounding import Number, rate, score, whole
from cjm_sync_notion.values import cleaned

MOST = 5
"""So many moves are told on the hub at most."""

SINCE = "Compared with the run nearest to a month ago:"
NOTHING_YET = "No run of about a month ago to compare with yet."
NOTHING_MOVED = f"{SINCE} nothing moved beyond what chance alone would do."
Z = 1.96


@dataclass(frozen=True, slots=True)
class _Metric:
    """How one metric is named, rounded and counted: *unit* follows a number, *scale* multiplies it."""

    name: str
    unit: str
    scale: int
    places: int


MAIN: Mapping[str, _Metric] = {
    "in_stage": _Metric("In stage now", "", 1, 0),
    "conversion": _Metric("Conversion", " points", 100, 1),
    "median_days": _Metric("Median days", "", 1, 0),
    "emotion": _Metric("Emotion", "", 1, 1),
}
"""The metrics whose moves are told, in this order."""


def change_text(journey: Journey, stage: str, persona: str) -> str | None:
    """Return the moves of one cell, a line per metric; None when no rounded number moved."""
    moves = {
        change.metric: change
        for change in journey.changes or ()
        if (change.stage, change.persona) == (stage, persona)
    }
    lines = [_line(metric, moves[metric]) for metric in MAIN if metric in moves]
    return "\n".join(line for line in lines if line) or None


def _line(metric: str, change: MetricChange) -> str:
    told = [
        f"{_signed(metric, move)} in {span}"
        for then, span in ((change.day_before, "a day"), (change.month_before, "about a month"))
        if (move := _move(metric, then, change.now))
    ]
    return f"{MAIN[metric].name}: {', '.join(told)}" if told else ""


def _move(metric: str, then: Number | None, now: Number | None) -> float | None:
    """Return by how much the number moved as it is shown; None when it did not, or is not shown."""
    before, after = _shown(metric, then), _shown(metric, now)
    if before is None or after is None or before == after:
        return None
    return after - before


def _shown(metric: str, value: Number | None) -> Number | None:
    match metric:
        case "conversion":
            return rate(value)
        case "emotion":
            return score(value)
        case _:
            return whole(value)


def _signed(metric: str, move: float) -> str:
    form = MAIN[metric]
    size = _text(abs(move) * form.scale, form.places)
    return f"{'+' if move > 0 else '−'}{size}{form.unit}"


def _text(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def changed_text(journey_map: JourneyMap) -> str:
    """Return the line on the hub about the largest moves, a line per journey where there are several."""
    journeys = journey_map.journeys
    lines = [_changed(journey) for journey in journeys]
    if len(lines) < 2:
        return lines[0] if lines else ""
    return "\n".join(
        cleaned(f"{journey.name}. {line}", one_line=True)
        for journey, line in zip(journeys, lines, strict=True)
    )


def _changed(journey: Journey) -> str:
    compared = [c for c in journey.changes or () if c.month_before is not None]
    if not compared:
        return NOTHING_YET
    moves = sorted(
        (
            (-size, stage_order, list(MAIN).index(change.metric), text)
            for change, size, stage_order, text in _told(journey, compared)
        ),
    )
    if not moves:
        return NOTHING_MOVED
    words = "; ".join(text for *_, text in moves[:MOST])
    return cleaned(f"{SINCE} {words}.", one_line=True)


def _told(
    journey: Journey, changes: list[MetricChange]
) -> Iterator[tuple[MetricChange, float, int, str]]:
    """Yield the moves of Everyone that are beyond chance, with their size in such spreads."""
    stages = {stage.key: stage for stage in journey.stages}
    for change in changes:
        stage = stages.get(change.stage)
        if change.persona != EVERYONE or change.metric not in MAIN or stage is None:
            continue
        cell = next((cell for cell in stage.cells if cell.persona == EVERYONE), None)
        before = _shown(change.metric, change.month_before)
        now = _shown(change.metric, change.now)
        if cell is None or before is None or now is None:
            continue
        size = round(abs(now - before) / _spread(change.metric, before, now, cell), 2)
        if size > 1:
            text = _sentence(stage.label or stage.key, change.metric, before, now)
            yield change, size, stage.order, text


def _spread(metric: str, before: Number, now: Number, cell: Cell) -> float:
    """Return how far the number may move by chance alone.

    Of a conversion it is its own interval, of a count Poisson's; a median and an emotion carry no
    interval, so a fifth of it, at least a day, and half a word's width on the scale stand for it.
    """
    match metric:
        case "conversion" if cell.conversion_low is not None and cell.conversion_high is not None:
            wing = (
                cell.conversion_high - (cell.conversion or 0)
                if before > now
                else (cell.conversion or 0) - cell.conversion_low
            )
            return max(wing, 0.001)
        case "conversion":
            return math.inf
        case "in_stage":
            return Z * math.sqrt(max(before, now, 1))
        case "median_days":
            return max(1.0, 0.2 * before)
        case _:
            return 0.3


def _sentence(stage: str, metric: str, before: Number, now: Number) -> str:
    verb = "rose" if now > before else "fell"
    old, new = _figure(metric, before), _figure(metric, now)
    return f"{MAIN[metric].name} in {stage} {verb} from {old} to {new}"


def _figure(metric: str, value: Number) -> str:
    form = MAIN[metric]
    text = _text(value * form.scale, form.places)
    return f"{text} %" if metric == "conversion" else text
