"""One journey as a sheet: stages are columns, lanes are rows, with outcomes and a legend below.

The way in is `layout`, which stacks the sheets of a map into one picture.
"""

from __future__ import annotations

from collections.abc import Callable

from cjm_sync.journey.types import Journey, JourneyMap
from cjm_sync_files import lanes, wording
from cjm_sync_files.description import describe, title
from cjm_sync_files.emotion import emotion, pen_for, point_mark
from cjm_sync_files.fitting import clean, fitted, width_of
from cjm_sync_files.icons import star
from cjm_sync_files.insights import insights
from cjm_sync_files.lanes import Lane
from cjm_sync_files.picture import Box, Picture, Shape, Stroke, Text, line
from cjm_sync_files.style import (
    BAND,
    GUTTER,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    SLOW,
    Columns,
    slow_stage,
)

_NARROWEST_SHEET = 1000.0
_GAP = 10.0
_LOWEST_LANE = 78.0  # room for the lane's name and three lines about it
_BETWEEN_SHEETS = 28.0
_LANES: tuple[tuple[str, str, Callable[[Journey, Columns, float], Lane]], ...] = (
    ("Moves on", "share that goes to a later stage, 95% interval", lanes.moving_on),
    ("Time in stage", "median of completed stays, line to P90", lanes.time_in_stage),
    ("Touchpoints", "by reach in the window, with their emotion", lanes.touchpoints),
    ("Emotion", "computed", emotion),
    ("Pains and delights", "severity 0–100, what passed which limit", insights),
    ("Voice and value", "answers, contacts, money", lanes.figures),
    ("Personas", "in the stage now", lanes.personas),
)


def layout(journey_map: JourneyMap) -> Picture:
    """Return the whole map as one picture, one sheet under the other."""
    width = max((_width(journey) for journey in journey_map.journeys), default=_NARROWEST_SHEET)
    shapes: list[Shape] = []
    y = 0.0
    for position, journey in enumerate(journey_map.journeys):
        if position:
            y += _BETWEEN_SHEETS
            shapes.append(line(0, y, width, y, Stroke(RULE, 2)))
        drawn, y = _sheet(journey, journey_map, y, _width(journey))
        shapes += drawn
    if not journey_map.journeys:
        y = 120.0
        empty = "No journey has been computed yet."
        shapes.append(Text(width / 2, 66, empty, size=18, fill=MUTED, anchor="middle"))
    paper = Box(0, 0, width, y, fill=PAPER)
    return Picture(width, y, title(journey_map), describe(journey_map), (paper, *shapes))


def _width(journey: Journey) -> float:
    columns = Columns.for_stages(len(journey.stages))
    return max(columns.right + MARGIN, _NARROWEST_SHEET)


def _sheet(
    journey: Journey, journey_map: JourneyMap, top: float, width: float
) -> tuple[list[Shape], float]:
    columns = Columns.for_stages(len(journey.stages))
    shapes: list[Shape] = []
    y = top + 62
    room = width - 2 * MARGIN
    shapes.append(fitted(MARGIN, y, journey.name, width=room, size=30, bold=True))
    y += 26
    shapes.append(
        fitted(MARGIN, y, _subtitle(journey, journey_map), width=room, size=14, fill=MUTED)
    )
    y += 24
    header = lanes.stages(journey, columns, y)
    shapes += header.shapes
    shapes += _lane_name("Stages", "", y + header.height / 2 - 18)
    y += header.height + _GAP
    for name, note, draw in _LANES:
        lane = draw(journey, columns, y)
        if lane.height == 0:
            continue
        height = max(lane.height, _LOWEST_LANE)
        shapes.append(Box(MARGIN, y, columns.right - MARGIN, height, fill=BAND, radius=8))
        shapes += [
            line(columns.left(index), y + 8, columns.left(index), y + height - 8, Stroke(RULE))
            for index in range(len(journey.stages))
        ]
        shapes += _lane_name(name, note, y)
        shapes += lane.shapes
        y += height + _GAP
    strip, y = _outcomes(journey, y, width)
    shapes += strip
    legend, y = _legend(journey, y, width)
    return shapes + legend, y


def _subtitle(journey: Journey, journey_map: JourneyMap) -> str:
    how_many = (
        f"number of {wording.plural(journey.unit)}: {wording.NOT_ENOUGH}"
        if journey.units is None
        else wording.units(journey.units, journey.unit)
    )
    return f"{how_many}  ·  as of {wording.moment(journey_map.as_of)}"


def _lane_name(name: str, note: str, top: float) -> list[Shape]:
    x, room = MARGIN + 12, GUTTER - 24
    shapes: list[Shape] = [Text(x, top + 24, name, size=13.5, bold=True)]
    rows: list[str] = []
    for word in note.split():
        if rows and width_of(f"{rows[-1]} {word}", 11) <= room:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    shapes += [
        Text(x, top + 40 + row * 13.5, text, size=11, fill=MUTED) for row, text in enumerate(rows)
    ]
    return shapes


def _outcomes(journey: Journey, top: float, width: float) -> tuple[list[Shape], float]:
    outcomes = journey.outcomes
    parts = (
        ("Lost", outcomes.lost),
        ("Churned", outcomes.churned),
        ("Dormant", outcomes.dormant),
        ("Unmapped", outcomes.unmapped),
    )
    height = 46.0
    shapes: list[Shape] = _lane_name("Outcomes", "dormant units are in a stage", top - 6)
    left = MARGIN + GUTTER
    each = (width - MARGIN - left + 6) / len(parts)
    for position, (name, value) in enumerate(parts):
        x = left + position * each
        said = wording.NOT_ENOUGH if value is None else wording.count(value)
        shapes.append(
            Box(x + 2, top, each - 8, height, fill=PAPER, stroke=Stroke(RULE, 1.4), radius=8)
        )
        shapes.append(Text(x + 16, top + 29, name, size=13, fill=MUTED))
        shapes.append(
            Text(
                x + each - 22,
                top + 30,
                said,
                size=13 if value is None else 18,
                bold=value is not None,
                fill=MUTED if value is None else INK,
                anchor="end",
            )
        )
    y = top + height
    if journey.unmapped_values:
        listed = ", ".join(
            f"{clean(value)} ({wording.NOT_ENOUGH if number is None else wording.count(number)})"
            for value, number in journey.unmapped_values
        )
        y += 22
        shapes.append(
            fitted(
                left + 4,
                y,
                f"Lifecycle values that no rule maps: {listed}",
                width=width - MARGIN - left - 8,
                size=12,
                fill=MUTED,
            )
        )
    return shapes, y


def _legend(journey: Journey, top: float, width: float) -> tuple[list[Shape], float]:
    y = top + 30
    x = MARGIN + 12
    shapes: list[Shape] = []
    for is_measured, words in (
        (True, "emotion measured by surveys"),
        (False, "emotion inferred from CRM facts"),
    ):
        shapes.append(line(x, y - 4, x + 36, y - 4, pen_for(is_measured=is_measured)))
        shapes += point_mark(x + 18, y - 4, is_measured=is_measured, radius=6)
        shapes.append(Text(x + 44, y, words, size=12, fill=MUTED))
        x += 44 + width_of(words, 12) + 26
    if any(
        touchpoint.moment_of_truth is not None and touchpoint.moment_of_truth.starred
        for touchpoint in journey.touchpoints
    ):
        words = "moment of truth: linked with moving on or not"
        shapes += star(x + 7, y - 4, 7, fill=INK)
        shapes.append(Text(x + 20, y, words, size=12, fill=MUTED))
        x += 20 + width_of(words, 12) + 26
    if slow_stage(journey.stages) is not None:
        words = "slowest stage: the longest median; the last stage is not compared"
        if x + 20 + width_of(words, 12) > width - MARGIN:
            x, y = MARGIN + 12, y + 20
        shapes.append(Box(x, y - 10, 12, 12, fill=SLOW, radius=3))
        shapes.append(Text(x + 20, y, words, size=12, fill=MUTED))
        x += 20 + width_of(words, 12) + 26
    words = (
        f"{wording.NOT_ENOUGH}: a base of fewer than 5 {wording.plural(journey.unit)}; "
        "n: what a number rests on"
    )
    if x + width_of(words, 12) > width - MARGIN:
        x, y = MARGIN + 12, y + 20
    shapes.append(fitted(x, y, words, width=width - MARGIN - x, size=12, fill=MUTED))
    return shapes, y + 30
