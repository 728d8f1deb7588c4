"""The donut: rings of slices with the list of their names beside them, below on a phone."""

from __future__ import annotations

import math

from cjm_sync_sandbox.viewer.chartparts import PALETTE, cut, text
from cjm_sync_sandbox.viewer.charts import Chart
from cjm_sync_sandbox.viewer.markup import Content, tag

_NARROW = 340.0


def donut(chart: Chart, width: float) -> tuple[float, list[Content]]:
    """Return rings of slices with the list of their names beside or below."""
    numbers = chart.series[0].numbers
    slices = [
        (label, number)
        for label, number in zip(chart.groups, numbers, strict=True)
        if number is not None and number > 0
    ]
    total = math.fsum(number for _, number in slices) or 1.0
    radius, hole = 86.0, 54.0
    is_wide = width > _NARROW
    cx, cy = (110.0 if is_wide else width / 2), 104.0
    shapes: list[Content] = []
    turn = -math.pi / 2
    for position, (label, number) in enumerate(slices):
        end = turn + 2 * math.pi * min(number / total, 0.9999)
        colour = f"var(--chart-{PALETTE[position % len(PALETTE)]})"
        name = tag("title", f"{label}: {chart.say(number)}")
        ring = _ring(cx, cy, radius, hole, turn, end)
        shapes.append(tag("path", name, d=ring, class_="slice", style=f"fill:{colour}"))
        y = (24.0 if is_wide else 226.0) + 22 * position
        x = 230.0 if is_wide else 16.0
        shapes.append(tag("rect", x=x, y=y - 10, width=11, height=11, rx=2, style=f"fill:{colour}"))
        share = f"{number / total:.0%}"
        shapes.append(text(x + 18, y, f"{cut(label, 150)}  {chart.say(number)} ({share})"))
        turn = end
    middle = text(cx, cy + 6, chart.say(total), anchor="middle", class_="value total")
    listed = 22.0 * len(slices)
    height = max(208.0, 24 + listed) if is_wide else 216 + listed
    return height, [*shapes, middle]


def _ring(cx: float, cy: float, outer: float, inner: float, start: float, end: float) -> str:
    large = 1 if end - start > math.pi else 0

    def point(radius: float, angle: float) -> str:
        return f"{cx + radius * math.cos(angle):.2f} {cy + radius * math.sin(angle):.2f}"

    return (
        f"M {point(outer, start)} A {outer} {outer} 0 {large} 1 {point(outer, end)} "
        f"L {point(inner, end)} A {inner} {inner} 0 {large} 0 {point(inner, start)} Z"
    )
