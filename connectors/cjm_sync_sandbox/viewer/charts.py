"""Work out what a chart shows from the configuration that was sent and the rows that answer it.

The way in is `read_chart`; drawing is in `chartdraw`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.grouping import Group, column_of, group, value_of
from cjm_sync_sandbox.viewer.workspace import Json, Workspace


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one colour of the columns; a None is a gap."""

    name: str
    numbers: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A line across the chart at one value."""

    value: float
    label: str
    is_dashed: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to draw; *groups* are the labels along the x axis."""

    kind: str
    name: str
    groups: tuple[str, ...]
    series: tuple[Series, ...]
    x_name: str = ""
    y_name: str = ""
    number_format: str = "number"
    theme: str = "auto"
    lowest: float | None = None
    highest: float | None = None
    style: str = "normal"
    has_labels: bool = False
    has_grid: bool = True
    has_x_name: bool = False
    has_y_name: bool = False
    has_legend: bool = False
    is_smooth: bool = False
    is_filled: bool = False
    references: tuple[Reference, ...] = ()
    caption: str = ""

    @property
    def measure(self) -> str:
        """What is drawn over what, as "Entered by Stage"."""
        return f"{self.y_name} by {self.x_name}" if self.x_name else self.y_name

    def say(self, value: float) -> str:
        """Return a value as the axis and the labels print it."""
        return values.number(_short(value, self.number_format), self.number_format)


def read_chart(view: Json, source: Json, rows: list[Json], workspace: Workspace) -> Chart:
    """Return the chart that *view* describes over its *rows*."""
    wanted: Json = view.get("configuration") or {}
    kind = wanted.get("chart_type", "column")
    aggregation: Json = wanted.get("value" if kind == "number" else "y_axis") or {}
    measured = column_of(source, aggregation.get("property_id"))
    aggregator = aggregation.get("aggregator", "count")
    plain = Chart(
        kind=kind,
        name=view.get("name") or "Chart",
        groups=(),
        series=(),
        y_name=_axis_name(aggregator, measured),
        number_format=_format(aggregator, measured),
        theme=wanted.get("color_theme") or "auto",
        lowest=wanted.get("y_axis_min"),
        highest=wanted.get("y_axis_max"),
        style=wanted.get("group_style") or "normal",
        has_labels=bool(wanted.get("show_data_labels")),
        has_grid=wanted.get("grid_lines", "horizontal") in {"horizontal", "both"},
        has_x_name=wanted.get("axis_labels") in {"x_axis", "both"},
        has_y_name=wanted.get("axis_labels") in {"y_axis", "both"},
        is_smooth=bool(wanted.get("smooth_line")),
        is_filled=kind == "line" and not wanted.get("hide_line_fill_area"),
        references=tuple(
            Reference(line["value"], line.get("label") or "", line.get("dash_style") == "dash")
            for line in wanted.get("reference_lines") or []
        ),
        caption=wanted.get("caption") or "",
    )
    if kind == "number":
        total = aggregate(rows, aggregator, measured)
        return replace(plain, series=(Series("", (total,)),))
    if "x_axis_property_id" in wanted:
        return _of_rows(plain, wanted, source, rows, workspace)
    axis: Json = wanted.get("x_axis") or {}
    hide = wanted.get("hide_empty_groups", axis.get("hide_empty_groups"))
    groups = group(rows, source, axis, workspace, hide_empty=bool(hide))
    groups = _sorted(groups, wanted.get("sort"), aggregator, measured)
    series = _series(groups, wanted, source, aggregator, measured, workspace)
    if wanted.get("cumulative"):
        series = [replace(one, numbers=_running(one.numbers)) for one in series]
    if plain.style == "percent":
        series = _shares(series)
    x_column = column_of(source, axis.get("property_id"))
    return replace(
        plain,
        groups=tuple(one.label for one in groups),
        series=tuple(series),
        x_name=x_column["name"] if x_column else "",
        y_name=_axis_name(aggregator, measured, is_one=_is_one_each(groups)),
        number_format="percent" if plain.style == "percent" else plain.number_format,
        has_legend=len(series) > 1 and wanted.get("legend_position") != "off",
    )


def aggregate(rows: Sequence[Json], aggregator: str, column: Json | None) -> float | None:
    """Return one number over *rows*; None when it has no value, as an average of nothing."""
    if aggregator == "count" or column is None:
        return float(len(rows))
    cells = [value_of(row, column) for row in rows]
    filled = [cell for cell in cells if _is_filled(cell)]
    numbers = [number for cell in cells if (number := _number(cell)) is not None]
    match aggregator:
        case "count_values" | "not_empty":
            return float(len(filled))
        case "empty":
            return float(len(cells) - len(filled))
        case "percent_not_empty":
            return len(filled) / len(cells) if cells else None
        case "percent_empty":
            return 1 - len(filled) / len(cells) if cells else None
        case "unique":
            return float(len({repr(cell[cell["type"]]) for cell in filled if cell}))
        case "checked" | "unchecked" | "percent_checked" | "percent_unchecked":
            wanted = not aggregator.endswith("unchecked")
            hits = sum((cell or {}).get("checkbox") is wanted for cell in cells)
            if aggregator.startswith("percent"):
                return hits / len(cells) if cells else None
            return float(hits)
        case "sum":
            return math.fsum(numbers) if numbers else None
        case "average":
            return math.fsum(numbers) / len(numbers) if numbers else None
        case "median":
            return statistics.median(numbers) if numbers else None
        case "min":
            return min(numbers, default=None)
        case "max":
            return max(numbers, default=None)
        case "range":
            return max(numbers) - min(numbers) if numbers else None
        case _:
            return None


def _series(
    groups: list[Group],
    wanted: Json,
    source: Json,
    aggregator: str,
    measured: Json | None,
    workspace: Workspace,
) -> list[Series]:
    stack = wanted.get("stack_by")
    if not stack:
        return [Series("", tuple(aggregate(one.rows, aggregator, measured) for one in groups))]
    everything = [row for one in groups for row in one.rows]
    stacked: list[Series] = []
    for part in group(everything, source, stack, workspace, hide_empty=True):
        members = {row["id"] for row in part.rows}
        numbers = tuple(
            aggregate(inside, aggregator, measured) if inside else None
            for one in groups
            for inside in ([row for row in one.rows if row["id"] in members],)
        )
        stacked.append(Series(part.label, numbers))
    return stacked


def _of_rows(
    plain: Chart, wanted: Json, source: Json, rows: list[Json], workspace: Workspace
) -> Chart:
    """Return a chart of raw values, a point for each row."""
    x_column = column_of(source, wanted["x_axis_property_id"])
    y_column = column_of(source, wanted.get("y_axis_property_id"))
    points = []
    for row in rows:
        x = value_of(row, x_column) if x_column else None
        y = value_of(row, y_column) if y_column else None
        points.append((values.words(x, workspace) if x else "", _number(y)))
    return replace(
        plain,
        groups=tuple(label for label, _ in points),
        series=(Series("", tuple(number for _, number in points)),),
        x_name=x_column["name"] if x_column else "",
        y_name=y_column["name"] if y_column else "",
        number_format=_format("", y_column),
    )


def _sorted(
    groups: list[Group], order: str | None, aggregator: str, measured: Json | None
) -> list[Group]:
    match order:
        case "x_ascending" | "x_descending":
            return sorted(
                groups, key=lambda one: one.label.casefold(), reverse=order == "x_descending"
            )
        case "y_ascending" | "y_descending":
            sized = [(aggregate(one.rows, aggregator, measured), one) for one in groups]
            least = -math.inf if order == "y_descending" else math.inf
            return [
                one
                for _, one in sorted(
                    sized,
                    key=lambda pair: least if pair[0] is None else pair[0],
                    reverse=order == "y_descending",
                )
            ]
        case _:
            return groups


def _running(numbers: Sequence[float | None]) -> tuple[float | None, ...]:
    so_far = 0.0
    running = []
    for number in numbers:
        so_far += number or 0.0
        running.append(so_far)
    return tuple(running)


def _shares(series: list[Series]) -> list[Series]:
    if not series:
        return series
    totals = [
        math.fsum(one.numbers[index] or 0.0 for one in series)
        for index in range(len(series[0].numbers))
    ]
    return [
        replace(
            one,
            numbers=tuple(
                None if number is None or not total else number / total
                for number, total in zip(one.numbers, totals, strict=True)
            ),
        )
        for one in series
    ]


def _is_one_each(groups: Sequence[Group]) -> bool:
    return all(len(one.rows) <= 1 for one in groups)


def _axis_name(aggregator: str, column: Json | None, *, is_one: bool = False) -> str:
    """Return what the axis measures; over one row each, a sum or an average is the value itself."""
    if column is None:
        return "Count"
    if is_one and aggregator in {"sum", "average", "median", "min", "max"}:
        return str(column["name"])
    return f"{aggregator.replace('_', ' ').capitalize()} of {column['name']}"


def _format(aggregator: str, column: Json | None) -> str:
    if aggregator.startswith("percent"):
        return "percent"
    if aggregator in {"count", "count_values", "unique", "empty", "not_empty"} or column is None:
        return "number"
    return str((column.get("number") or {}).get("format", "number"))


def _short(value: float, format_: str) -> float:
    """Round to what a label has room for."""
    return round(value, 3 if format_ == "percent" else 2)


def _is_filled(cell: Json | None) -> bool:
    return cell is not None and cell.get(cell["type"]) not in (None, "", [], {})


def _number(cell: Json | None) -> float | None:
    if cell is None:
        return None
    content: Any = cell.get(cell["type"])
    if cell["type"] in {"formula", "rollup"} and isinstance(content, dict):
        content = content.get("number")
    is_number = isinstance(content, int | float) and not isinstance(content, bool)
    return float(content) if is_number else None
