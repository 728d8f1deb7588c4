"""The lanes of the map above and below its emotion curve, one function per lane.

Each takes the journey, the column grid and the lane's top, and returns its shapes and its height.
"""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync.journey.types import EVERYONE, Cell, Journey, Touchpoint
from cjm_sync_files import wording
from cjm_sync_files.fitting import ELLIPSIS, clean, fitted, width_of, wrap
from cjm_sync_files.icons import channel_icon, face, star
from cjm_sync_files.picture import Box, Shape, Stroke, Text, line, polygon
from cjm_sync_files.style import (
    BAR,
    BAR_TRACK,
    FAINT,
    INK,
    MUTED,
    PAPER,
    SLOW,
    SLOW_BAR,
    SLOW_TINT,
    STAGE_ACCENTS,
    STAGE_TINTS,
    Columns,
    everyone,
    slow_stage,
)

TOUCHPOINTS_SHOWN = 6
PERSONAS_SHOWN = 7
_FIGURE = 20.0
_SMALL = 12.0


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane draws and how tall it came out."""

    shapes: tuple[Shape, ...]
    height: float


def stages(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return the stage arrows with how many are in each now."""
    height, point = 104.0, 14.0
    shapes: list[Shape] = []
    for index, stage in enumerate(journey.stages):
        cell = everyone(stage)
        is_last = index == len(journey.stages) - 1
        left = columns.left(index) + 2
        right = columns.left(index + 1) - (point if is_last else 4)
        notch = point if index else 0.0
        accent = STAGE_ACCENTS[index % len(STAGE_ACCENTS)]
        shapes.append(
            polygon(
                (left, top),
                (right, top),
                (right + point, top + height / 2),
                (right, top + height),
                (left, top + height),
                (left + notch, top + height / 2),
                fill=STAGE_TINTS[index % len(STAGE_TINTS)],
                stroke=Stroke(accent, 1.4),
            )
        )
        x = columns.inner_left(index) + notch
        room = columns.inner_width - notch
        lines = wrap(stage.label, room, 16, lines=2, bold=True)
        label = clean(stage.label)
        whole = label if lines and lines[-1].endswith(ELLIPSIS) else None
        shapes += [
            Text(x, top + 26 + row * 19, text, size=16, bold=True, whole=whole)
            for row, text in enumerate(lines)
        ]
        y = top + height - 18
        if cell.in_stage is None:
            shapes.append(Text(x, y, wording.NOT_ENOUGH, size=13, fill=MUTED))
            continue
        figure = wording.count(cell.in_stage)
        shapes.append(Text(x, y, figure, size=27, bold=True))
        after = x + width_of(figure, 27, bold=True) + 8
        beside = _beside(cell)
        for row, text in enumerate(beside):
            baseline = y - 14 * (len(beside) - 1 - row) - 1
            width = x + room - after
            shapes.append(fitted(after, baseline, text, width=width, size=_SMALL, fill=MUTED))
    return Lane(tuple(shapes), height)


def moving_on(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return each stage's conversion with its interval, and what dropped off."""
    shapes: list[Shape] = []
    for index, stage in enumerate(journey.stages):
        cell = everyone(stage)
        x, room = columns.inner_left(index), columns.inner_width
        is_last = index == len(journey.stages) - 1
        if cell.conversion is None:
            text = "the last stage" if is_last else wording.NOT_ENOUGH
            shapes.append(Text(x, top + 32, text, size=13, fill=MUTED))
        else:
            figure = wording.percent(cell.conversion)
            shapes.append(Text(x, top + 32, figure, size=_FIGURE, bold=True))
            after = x + width_of(figure, _FIGURE, bold=True) + 10
            shapes.append(
                fitted(
                    after,
                    top + 31,
                    _interval(cell),
                    width=x + room - after,
                    size=_SMALL,
                    fill=MUTED,
                )
            )
            shapes += _bar(x, top + 44, room, cell.conversion)
            if cell.conversion_low is not None and cell.conversion_high is not None:
                shapes += _whisker(
                    x + room * cell.conversion_low, x + room * cell.conversion_high, top + 48
                )
        if cell.drop_off is not None:
            text = f"{wording.percent(cell.drop_off)} drop off"
            if cell.conversion is None and cell.decided is not None:
                text += f", n {wording.count(cell.decided)}"
            shapes.append(fitted(x, top + 74, text, width=room, size=_SMALL, fill=MUTED))
    return Lane(tuple(shapes), 88.0)


def time_in_stage(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return median and P90 of each stage on one scale; the slowest stage stands out."""
    height = 84.0
    cells = [everyone(stage) for stage in journey.stages]
    slowest = slow_stage(journey.stages)
    longest = max((max(cell.median_days or 0, cell.p90_days or 0) for cell in cells), default=0)
    shapes: list[Shape] = []
    for index, cell in enumerate(cells):
        x, room = columns.inner_left(index), columns.inner_width
        is_slow = index == slowest
        if is_slow:
            shapes.append(
                Box(
                    columns.left(index) + 5,
                    top + 5,
                    columns.width - 10,
                    height - 10,
                    fill=SLOW_TINT,
                    stroke=Stroke(SLOW, 2.5),
                    radius=7,
                )
            )
        if cell.median_days is None:
            shapes.append(Text(x, top + 34, wording.NOT_ENOUGH, size=13, fill=MUTED))
            continue
        figure = wording.days(cell.median_days)
        shapes.append(
            Text(x, top + 34, figure, size=_FIGURE, bold=True, fill=SLOW if is_slow else INK)
        )
        if is_slow:
            tag = "slowest stage"
            wide = width_of(tag, 11, bold=True) + 16
            right = x + room
            shapes.append(Box(right - wide, top + 17, wide, 20, fill=SLOW, radius=10))
            shapes.append(
                Text(
                    right - wide / 2, top + 31, tag, size=11, bold=True, fill=PAPER, anchor="middle"
                )
            )
        share = cell.median_days / longest if longest else 0.0
        shapes += _bar(x, top + 46, room, share, fill=SLOW_BAR if is_slow else BAR)
        if cell.p90_days is not None and longest:
            shapes += _whisker(x + room * share, x + room * cell.p90_days / longest, top + 50)
        shapes.append(fitted(x, top + 70, _ninety(cell), width=room, size=_SMALL, fill=MUTED))
    return Lane(tuple(shapes), height)


def touchpoints(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return each stage's touchpoints of the widest reach, with their feeling and their star."""
    row = 25.0
    shapes: list[Shape] = []
    tallest = 1.0
    for index, stage in enumerate(journey.stages):
        x, room = columns.inner_left(index), columns.inner_width
        here = [touchpoint for touchpoint in journey.touchpoints if touchpoint.stage == stage.key]
        shown = sorted(
            (touchpoint for touchpoint in here if touchpoint.reach is not None), key=_widest_first
        )
        y = top + 24
        base = everyone(stage).units
        if here and base is not None:
            text = f"of {wording.units(base, journey.unit)} in the stage"
            shapes.append(fitted(x, y - 3, text, width=room, size=11, fill=MUTED))
            y += 17
        for touchpoint in _worth_showing(shown):
            shapes += _touchpoint(touchpoint, x, y, room)
            y += row
        for text in _left_out(here, shown):
            shapes.append(fitted(x, y, text, width=room, size=_SMALL, fill=MUTED))
            y += 17
        tallest = max(tallest, y - top)
    return Lane(tuple(shapes), tallest)


def figures(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return each stage's answers, contact frequency and money as label and value."""
    row = 20.0
    shapes: list[Shape] = []
    rows = 0
    for index, stage in enumerate(journey.stages):
        x, room = columns.inner_left(index), columns.inner_width
        listed = _figures(everyone(stage), journey.currency, journey.unit)
        rows = max(rows, len(listed))
        for position, (label, value, is_known) in enumerate(listed):
            y = top + 24 + position * row
            shapes.append(Text(x, y, label, size=_SMALL, fill=MUTED))
            left = width_of(label, _SMALL) + 10
            shapes.append(
                fitted(
                    x + room,
                    y,
                    value,
                    width=room - left,
                    size=13 if is_known else _SMALL,
                    bold=is_known,
                    fill=INK if is_known else FAINT,
                    anchor="end",
                )
            )
    return Lane(tuple(shapes), rows * row + 18)


def personas(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return who is in each stage now, one bar per persona on one scale."""
    row = 21.0
    labels = {persona.key: persona.label for persona in journey.personas}
    keys = [persona.key for persona in journey.personas if persona.key != EVERYONE]
    known = [
        cell.in_stage
        for stage in journey.stages
        for cell in stage.cells
        if cell.persona != EVERYONE and cell.in_stage is not None
    ]
    most = max(known, default=0)
    shapes: list[Shape] = []
    for index, stage in enumerate(journey.stages):
        x, room = columns.inner_left(index), columns.inner_width
        cells = {cell.persona: cell for cell in stage.cells}
        label_width, value_width = room * 0.42, 34.0
        track = room - label_width - value_width - 8
        for position, key in enumerate(keys[:PERSONAS_SHOWN]):
            y = top + 24 + position * row
            shapes.append(fitted(x, y, labels[key], width=label_width - 8, size=_SMALL, fill=INK))
            in_stage = cells[key].in_stage if key in cells else None
            if in_stage is None:
                shapes.append(
                    fitted(
                        x + label_width,
                        y,
                        wording.NOT_ENOUGH,
                        width=room - label_width,
                        size=11,
                        fill=FAINT,
                    )
                )
                continue
            share = in_stage / most if most else 0.0
            shapes += _bar(x + label_width, y - 9, track, share, thickness=9)
            shapes.append(
                Text(x + room, y, wording.count(in_stage), size=_SMALL, bold=True, anchor="end")
            )
    rows = min(len(keys), PERSONAS_SHOWN)
    if len(keys) > PERSONAS_SHOWN:
        more = f"and {wording.count(len(keys) - PERSONAS_SHOWN)} more personas"
        y = top + 24 + rows * row
        shapes.append(Text(columns.inner_left(0), y, more, size=_SMALL, fill=MUTED))
        rows += 1
    return Lane(tuple(shapes), rows * row + 18 if rows else 0.0)


def _beside(cell: Cell) -> list[str]:
    if cell.dormant == 0:
        return ["in stage now"]
    if cell.dormant is None:
        return ["in stage now", "dormant: not enough data"]
    return ["in stage now", f"+ {wording.count(cell.dormant)} dormant"]


def _interval(cell: Cell) -> str:
    decided = "" if cell.decided is None else f"n {wording.count(cell.decided)}"
    if cell.conversion_low is None or cell.conversion_high is None:
        return decided
    low, high = wording.percent(cell.conversion_low), wording.percent(cell.conversion_high)
    return ", ".join(part for part in (f"{low.removesuffix('%')}–{high}", decided) if part)


def _ninety(cell: Cell) -> str:
    parts = []
    if cell.p90_days is not None:
        parts.append(f"P90 {wording.days(cell.p90_days)}")
    if cell.completed is not None:
        parts.append(f"n {wording.count(cell.completed)}")
    return ", ".join(parts)


def _widest_first(touchpoint: Touchpoint) -> tuple[float, int, str]:
    return (-(touchpoint.reach or 0.0), -(touchpoint.touches or 0), touchpoint.key)


def _worth_showing(known: list[Touchpoint]) -> list[Touchpoint]:
    """Return the widest, with every starred one among them: those are what the map is for."""
    stars = [t for t in known if t.moment_of_truth is not None and t.moment_of_truth.starred]
    others = [touchpoint for touchpoint in known if touchpoint not in stars]
    room = max(TOUCHPOINTS_SHOWN - len(stars), 0)
    return sorted((*stars[:TOUCHPOINTS_SHOWN], *others[:room]), key=_widest_first)


def _left_out(here: list[Touchpoint], shown: list[Touchpoint]) -> list[str]:
    """Say what is not listed, so that a short list is not taken for the whole."""
    if not here:
        return ["no touchpoint in this window"]
    said = []
    if len(shown) > TOUCHPOINTS_SHOWN:
        said.append(f"and {wording.count(len(shown) - TOUCHPOINTS_SHOWN)} more of less reach")
    if len(here) > len(shown):
        said.append(f"{wording.count(len(here) - len(shown))} with not enough data")
    return said


def _touchpoint(touchpoint: Touchpoint, x: float, y: float, room: float) -> list[Shape]:
    reach = touchpoint.reach or 0.0
    shapes: list[Shape] = [*channel_icon(touchpoint.channel, touchpoint.key, x, y - 12.5)]
    right = x + room
    shapes.append(Text(right, y, wording.percent(reach), size=_SMALL, bold=True, anchor="end"))
    right -= 40
    score = touchpoint.emotion.shown
    if score is not None:
        shapes += face(right - 7, y - 4.5, 6.5, score / 2, fill=PAPER, ink=INK)
        right -= 18
    moment = touchpoint.moment_of_truth
    if moment is not None and moment.starred:
        shapes += star(right - 7, y - 4.5, 7, fill=INK)
        right -= 18
    shapes.append(fitted(x + 22, y, touchpoint.label, width=right - x - 26, size=12.5))
    shapes += _bar(x, y + 5, room, reach, thickness=3)
    return shapes


def _figures(cell: Cell, currency: str, unit: str) -> list[tuple[str, str, bool]]:
    nps = None if cell.nps is None else wording.signed(cell.nps, 0)
    csat = None if cell.csat is None else wording.percent(cell.csat)
    ces = None if cell.ces is None else f"{cell.ces:.1f}"
    touches = None if cell.touches_per_unit is None else f"{cell.touches_per_unit:.1f}"
    return [
        _answers("NPS", nps, cell.nps_n),
        _answers("CSAT", csat, cell.csat_n),
        _answers("CES", ces, cell.ces_n),
        _plain(f"Touches per {unit}", touches),
        _plain("Open amount", _money(cell.open_amount, currency)),
        _plain("Won amount", _money(cell.won_amount, currency)),
    ]


def _answers(label: str, value: str | None, answers: int | None) -> tuple[str, str, bool]:
    if value is None:
        return (label, "no answers" if answers == 0 else wording.NOT_ENOUGH, False)
    return (label, value if answers is None else f"{value}  (n {wording.count(answers)})", True)


def _plain(label: str, value: str | None) -> tuple[str, str, bool]:
    return (label, wording.NOT_ENOUGH, False) if value is None else (label, value, True)


def _money(value: float | None, currency: str) -> str | None:
    return None if value is None else wording.money(value, currency)


def _bar(
    x: float, y: float, width: float, share: float, *, thickness: float = 8.0, fill: str = BAR
) -> list[Shape]:
    length = width * min(max(share, 0.0), 1.0)
    bar: list[Shape] = [Box(x, y, width, thickness, fill=BAR_TRACK, radius=thickness / 2)]
    if length > 0:
        radius = min(thickness / 2, length / 2)
        bar.append(Box(x, y, length, thickness, fill=fill, radius=radius))
    return bar


def _whisker(x1: float, x2: float, y: float) -> list[Shape]:
    """Return the sign for a range: a line between two ends."""
    pen = Stroke(INK, 1.5)
    return [
        line(x1, y, x2, y, pen),
        line(x1, y - 5, x1, y + 5, pen),
        line(x2, y - 5, x2, y + 5, pen),
    ]
