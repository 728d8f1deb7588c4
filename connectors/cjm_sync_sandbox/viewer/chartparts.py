"""What every kind of chart is drawn with: scales, stacks, labels that fit, and curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cjm_sync_sandbox.viewer.charts import Chart, Series
from cjm_sync_sandbox.viewer.markup import Content, Markup, tag

PALETTE = ("blue", "orange", "green", "purple", "pink", "yellow", "red", "brown", "gray", "teal")
LETTER = 6.3


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis: its ends and steps in values, its start and length in pixels."""

    low: float
    high: float
    steps: tuple[float, ...]
    start: float
    length: float

    def at(self, value: float) -> float:
        """Return where a value stands between the start and the end of the axis."""
        span = self.high - self.low
        inside = min(max(value, self.low), self.high)
        return self.start + self.length * (inside - self.low) / span


def scale_of(chart: Chart, start: float, length: float) -> Scale:
    """Return an axis that holds every number of *chart* and keeps the bounds that its view sets."""
    numbers = [n for one in chart.series for n in one.numbers if n is not None]
    if is_stacked(chart):
        numbers += [top for _, _, _, top in stacks(chart)]
    numbers += [one.value for one in chart.references]
    low = min(0.0, *numbers) if chart.lowest is None else chart.lowest
    high = max(0.0, *numbers) if chart.highest is None else chart.highest
    if high <= low:
        high = low + 1
    step = _nice((high - low) / 4)
    # A bound that the view sets is kept; one we choose ends on a full step, above the labels.
    if chart.lowest is None:
        low = math.floor(low / step + 1e-9) * step
    if chart.highest is None:
        high = math.ceil(high / step * 1.06) * step
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    steps = tuple(round(number * step, 10) for number in range(first, last + 1))
    return Scale(low, high, steps, start, length)


def _nice(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= rough * 0.999)


def is_stacked(chart: Chart) -> bool:
    return (
        chart.kind in {"column", "bar"} and len(chart.series) > 1 and chart.style != "side_by_side"
    )


def stacks(chart: Chart) -> Sequence[tuple[int, int, float, float]]:
    """Return (series, group, from, to) of each piece of the stacked columns."""
    pieces = []
    for index in range(len(chart.groups)):
        up = down = 0.0
        for position, one in enumerate(chart.series):
            number = one.numbers[index] or 0.0
            if number > 0:
                pieces.append((position, index, up, up + number))
                up += number
            elif number < 0:
                pieces.append((position, index, down, down + number))
                down += number
    return pieces


def colour_of(chart: Chart, position: int) -> str:
    is_named = chart.theme in PALETTE and len(chart.series) == 1
    name = chart.theme if is_named else PALETTE[position % len(PALETTE)]
    return f"var(--chart-{name})"


def group_labels(
    groups: Sequence[str], middles: Sequence[float], each: float, bottom: float
) -> tuple[list[Content], int]:
    """Return the names along the x axis and how many lines they take.

    Names that do not fit beside each other stand on two levels in turn; when even that is too
    narrow, only every nth one is named.
    """
    nth = max(1, math.ceil(34 / each))
    named = range(0, len(groups), nth)
    wrapped = [_wrapped(groups[index], each * nth - 4) for index in named]
    depth = 0
    if any(part.endswith("…") for parts in wrapped for part in parts):
        wrapped = [_wrapped(groups[index], each * nth * 2 - 8) for index in named]
        depth = max(len(parts) for parts in wrapped[::2])
    shapes: list[Content] = []
    lines = 1
    for order, (index, parts) in enumerate(zip(named, wrapped, strict=True)):
        down = depth if order % 2 else 0
        lines = max(lines, down + len(parts))
        for row, part in enumerate(parts):
            y = bottom + 18 + 15 * (row + down)
            shapes.append(text(middles[index], y, part, anchor="middle"))
    return shapes, lines


def _wrapped(label: str, room: float) -> list[str]:
    first, _, rest = label.partition(" ")
    if len(label) * LETTER <= room or not rest:
        return [cut(label, room)]
    return [cut(first, room), cut(rest, room)]


def cut(label: str, room: float) -> str:
    fitting = max(int(room / LETTER), 2)
    return label if len(label) <= fitting else label[: fitting - 1].rstrip() + "…"


def unbroken(
    one: Series, scale: Scale, middles: Sequence[float]
) -> Sequence[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for x, number in zip(middles, one.numbers, strict=True):
        if number is None:
            runs.append([])
        else:
            runs[-1].append((x, scale.at(number)))
    return [run for run in runs if run]


def straight(points: Sequence[tuple[float, float]]) -> str:
    return "M " + " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)


def smooth(points: Sequence[tuple[float, float]]) -> str:
    """Return a curve through *points* that leaves and meets each of them level."""
    pen = [f"M {points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        pen.append(f"C {middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    return " ".join(pen)


def line(x1: float, y1: float, x2: float, y2: float, *, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(
    x: float, y: float, words: str, *, anchor: str | None = None, class_: str | None = None
) -> Markup:
    return tag("text", words, x=x, y=y, text_anchor=anchor, class_=class_)
