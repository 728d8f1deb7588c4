"""Draw a chart as inline SVG: no script, and readable on a phone and on paper.

Each chart is drawn twice, wide and narrow, and the stylesheet shows the one that fits; text in a
picture that merely shrinks could not be read on a phone. Lines differ by dash and mark as well as
by colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from cjm_sync_sandbox.viewer.chartdonut import donut
from cjm_sync_sandbox.viewer.chartparts import (
    LETTER,
    Scale,
    colour_of,
    cut,
    group_labels,
    is_stacked,
    line,
    scale_of,
    smooth,
    stacks,
    straight,
    text,
    unbroken,
)
from cjm_sync_sandbox.viewer.charts import Chart, Series
from cjm_sync_sandbox.viewer.markup import Content, Markup, tag

_DASHES = (None, "8 5", "2 5", "12 4 2 4")
_WIDE, _NARROW = 680.0, 340.0
_LABEL_HEIGHT = 16.0
_BARS_LEFT = 110.0


def draw(chart: Chart) -> Markup:
    """Return a chart with its legend and caption."""
    empty = not any(number is not None for one in chart.series for number in one.numbers)
    if empty:
        body: Content = tag("p", "No values yet", class_="muted empty-chart")
    elif chart.kind == "number":
        number = chart.series[0].numbers[0]
        body = tag("p", chart.say(number) if number is not None else "—", class_="big-number")
    else:
        body = [
            tag("div", _picture(chart, width), class_=f"chart-{name}")
            for name, width in (("wide", _WIDE), ("narrow", _NARROW))
        ]
    legend = _legend(chart) if chart.has_legend and not empty and chart.kind != "donut" else None
    caption = tag("figcaption", chart.caption) if chart.caption else None
    return tag("figure", body, legend, caption, class_=f"chart chart-kind-{chart.kind}")


def _picture(chart: Chart, width: float) -> Markup:
    match chart.kind:
        case "donut":
            height, shapes = donut(chart, width)
        case "bar":
            height, shapes = _bars(chart, width)
        case _:
            height, shapes = _upright(chart, width)
    return tag(
        "svg",
        tag("title", chart.name),
        tag("desc", describe(chart)),
        shapes,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=f"{chart.name}: {describe(chart)}",
    )


def describe(chart: Chart) -> str:
    """Return the chart's numbers as a sentence."""
    said = []
    for index, label in enumerate(chart.groups):
        for one in chart.series:
            number = one.numbers[index]
            name = f"{label}, {one.name}" if one.name else label
            said.append(f"{name}: {'no value' if number is None else chart.say(number)}")
    return "; ".join(said)


def _upright(chart: Chart, width: float) -> tuple[float, list[Content]]:
    """Return a line or column chart."""
    top, plot = 26.0, 210.0
    scale = scale_of(chart, top + plot, -plot)
    printed = [chart.say(step) for step in scale.steps]
    left = 14 + LETTER * max(len(said) for said in printed)
    if chart.has_y_name:
        top += 14
        scale = Scale(scale.low, scale.high, scale.steps, top + plot, -plot)
    each = (width - left - 10) / max(len(chart.groups), 1)
    middles = [left + each * (index + 0.5) for index in range(len(chart.groups))]
    shapes: list[Content] = []
    if chart.has_y_name:
        shapes.append(text(2, 12, chart.measure, class_="axis-name"))
    for step, said in zip(scale.steps, printed, strict=True):
        y = scale.at(step)
        if chart.has_grid or step == 0:
            kind = "zero" if step == 0 else "grid"
            shapes.append(line(left, y, width - 10, y, class_=kind))
        shapes.append(text(left - 7, y + 4, said, anchor="end"))
    shapes += _references(chart, scale, left, width)
    if chart.kind == "line":
        shapes += _lines(chart, scale, middles)
    else:
        shapes += _columns(chart, scale, middles, each)
    labels, lines = group_labels(chart.groups, middles, each, top + plot)
    height = top + plot + 22 + 15 * (lines - 1)
    shapes += labels
    if chart.has_x_name:
        height += 18
        shapes.append(
            text((left + width) / 2, height - 4, chart.x_name, anchor="middle", class_="axis-name")
        )
    return height + 4, shapes


def _lines(chart: Chart, scale: Scale, middles: Sequence[float]) -> list[Content]:
    shapes: list[Content] = []
    for position, one in enumerate(chart.series):
        colour = colour_of(chart, position)
        for run in unbroken(one, scale, middles):
            path = smooth(run) if chart.is_smooth else straight(run)
            if chart.is_filled and len(run) > 1:
                zero = scale.at(max(scale.low, 0))
                area = f"{path} L {run[-1][0]:.1f} {zero:.1f} L {run[0][0]:.1f} {zero:.1f} Z"
                shapes.append(tag("path", d=area, class_="area", style=f"fill:{colour}"))
            shapes.append(
                tag(
                    "path",
                    d=path,
                    class_="line",
                    style=f"stroke:{colour}",
                    stroke_dasharray=_DASHES[position % len(_DASHES)],
                )
            )
        for index, number in enumerate(one.numbers):
            if number is None:
                continue
            x, y = middles[index], scale.at(number)
            shapes.append(_mark(position, x, y, colour, _name(chart, one, index)))
    if chart.has_labels:
        for index, x in enumerate(middles):
            shapes += [
                text(x, y, words, anchor="middle", class_="value")
                for y, words in _point_labels(chart, scale, index)
            ]
    return shapes


def _point_labels(chart: Chart, scale: Scale, index: int) -> list[tuple[float, str]]:
    """Return where the labels over one place of the axis stand: none on another, all over points."""
    numbers = [one.numbers[index] for one in chart.series]
    placed: list[tuple[float, str]] = []
    for number in sorted(one for one in numbers if one is not None):
        words = chart.say(number)
        if placed and placed[-1][1] == words:
            continue
        y = scale.at(number) - 11
        placed.append((min(y, placed[-1][0] - _LABEL_HEIGHT) if placed else y, words))
    return placed


def _columns(chart: Chart, scale: Scale, middles: Sequence[float], each: float) -> list[Content]:
    shapes: list[Content] = []
    room = min(each * 0.68, 92.0)
    if is_stacked(chart):
        for position, index, bottom, top in stacks(chart):
            x, name = middles[index] - room / 2, _name(chart, chart.series[position], index)
            shapes.append(
                _column(x, room, scale.at(bottom), scale.at(top), colour_of(chart, position), name)
            )
            number = chart.series[position].numbers[index]
            tall_enough = abs(scale.at(bottom) - scale.at(top)) > 16
            if chart.has_labels and number is not None and tall_enough:
                y = (scale.at(bottom) + scale.at(top)) / 2 + 4
                shapes.append(
                    text(
                        middles[index], y, chart.say(number), anchor="middle", class_="value inside"
                    )
                )
        return shapes
    thin = room / max(len(chart.series), 1)
    for position, one in enumerate(chart.series):
        for index, number in enumerate(one.numbers):
            if number is None:
                continue
            x = middles[index] - room / 2 + thin * position
            zero = scale.at(min(max(0.0, scale.low), scale.high))
            shapes.append(
                _column(
                    x,
                    thin - (2 if len(chart.series) > 1 else 0),
                    zero,
                    scale.at(number),
                    colour_of(chart, position),
                    _name(chart, one, index),
                )
            )
            if chart.has_labels:
                above = scale.at(number) - 6 if number >= 0 else scale.at(number) + 15
                shapes.append(
                    text(x + thin / 2, above, chart.say(number), anchor="middle", class_="value")
                )
    return shapes


def _bars(chart: Chart, width: float) -> tuple[float, list[Content]]:
    """Return a bar chart: columns that lie down, with the groups' names on the left."""
    row, top = 34.0, 8.0
    scale = scale_of(chart, _BARS_LEFT, width - _BARS_LEFT - 54)
    shapes: list[Content] = []
    pieces = list(stacks(chart)) if is_stacked(chart) else []
    for index, label in enumerate(chart.groups):
        y = top + row * index
        name = cut(label, _BARS_LEFT - 12)
        shapes.append(text(_BARS_LEFT - 8, y + 19, name, anchor="end"))
        parts = [(p, low, high) for p, i, low, high in pieces if i == index] or [
            (position, 0.0, number)
            for position, one in enumerate(chart.series)
            if (number := one.numbers[index]) is not None
        ]
        thick = (row - 12) if pieces else (row - 12) / max(len(chart.series), 1)
        for order, (position, low, high) in enumerate(parts):
            x1, x2 = sorted((scale.at(low), scale.at(high)))
            bar_y = y + 5 + (0 if pieces else thick * order)
            one = chart.series[position]
            shapes.append(
                tag(
                    "rect",
                    tag("title", _name(chart, one, index)),
                    x=x1,
                    y=bar_y,
                    width=x2 - x1,
                    height=thick,
                    rx=2,
                    style=f"fill:{colour_of(chart, position)}",
                )
            )
            number = one.numbers[index]
            if chart.has_labels and number is not None and not pieces:
                shapes.append(
                    text(x2 + 6, bar_y + thick / 2 + 4, chart.say(number), class_="value")
                )
    return top + row * len(chart.groups) + 8, shapes


def _references(chart: Chart, scale: Scale, left: float, width: float) -> list[Content]:
    shapes: list[Content] = []
    for one in chart.references:
        if not scale.low <= one.value <= scale.high:
            continue
        y = scale.at(one.value)
        kind = "reference dashed" if one.is_dashed else "reference"
        shapes.append(line(left, y, width - 10, y, class_=kind))
        if one.label:
            shapes.append(text(width - 12, y - 5, one.label, anchor="end", class_="axis-name"))
    return shapes


def _mark(position: int, x: float, y: float, colour: str, name: str) -> Markup:
    title, style = tag("title", name), f"fill:{colour}"
    if position % 2:
        return tag("rect", title, x=x - 4.5, y=y - 4.5, width=9, height=9, style=style)
    return tag("circle", title, cx=x, cy=y, r=5, style=style)


def _column(x: float, width: float, y1: float, y2: float, colour: str, name: str) -> Markup:
    low, high = sorted((y1, y2))
    return tag(
        "rect",
        tag("title", name),
        x=x,
        y=low,
        width=width,
        height=max(high - low, 0.5),
        rx=2,
        style=f"fill:{colour}",
    )


def _name(chart: Chart, one: Series, index: int) -> str:
    number = one.numbers[index]
    label = f"{chart.groups[index]}, {one.name}" if one.name else chart.groups[index]
    return f"{label}: {'no value' if number is None else chart.say(number)}"


def _legend(chart: Chart) -> Markup:
    entries = [
        tag(
            "li",
            tag("span", class_="swatch", style=f"background:{colour_of(chart, position)}"),
            one.name,
        )
        for position, one in enumerate(chart.series)
    ]
    return tag("ul", entries, class_="legend")
