"""A timeline: a bar for each row that has a date, under an axis of months or years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.grouping import column_of, value_of
from cjm_sync_sandbox.viewer.markup import Content, Markup, classes, join, tag
from cjm_sync_sandbox.viewer.texts import COLOURS
from cjm_sync_sandbox.viewer.workspace import Json, Workspace

MOST_TICKS = 8
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EDGE_DAYS = 3
_LATE = 75
_LEAST_WIDTH = 1.5
_MONTH_ENDS = 12


@dataclass(frozen=True, slots=True)
class _Span:
    row: Json
    begun: str
    ended: str


def draw_timeline(
    rows: Sequence[Json],
    *,
    source: Json,
    wanted: Json,
    columns: Sequence[Json],
    title: dict[str, Markup],
    workspace: Workspace,
) -> Markup:
    """Return the timeline of *rows*; *title* is what names each, by the row's id."""
    spans = _spans(rows, source, wanted)
    if not spans:
        return tag("p", "No row has a date yet", class_="muted")
    low = min(_days(one.begun) for one in spans) - _EDGE_DAYS
    high = max(_days(one.ended) for one in spans) + _EDGE_DAYS

    def place(day: float) -> float:
        return 100 * (day - low) / (high - low)

    lines = []
    for one in spans:
        left = place(_days(one.begun))
        wide = max(place(_days(one.ended)) - left, _LEAST_WIDTH)
        tint = _tint(one.row, columns)
        bar = tag(
            "span",
            class_=classes("span", tint),
            style=f"left:{min(left, 100 - _LEAST_WIDTH):.2f}%;width:{wide:.2f}%",
        )
        dates = values.date(
            {"start": one.begun, "end": one.ended if one.ended != one.begun else None}
        )
        facts: list[Content] = [tag("span", dates, class_="muted")]
        facts += [
            tag("span", shown, class_="muted")
            for column in columns
            if column["type"] != "title"
            and column["type"] != "date"
            and (value := value_of(one.row, column)) is not None
            and (shown := join(values.shown(value, column, workspace)))
        ]
        lines.append(tag("li", title[one.row["id"]], facts, tag("span", bar, class_="track")))
    ticks = [
        # A date near the end stands before its line, where there is room.
        tag(
            "span",
            label,
            class_="late" if place(day) > _LATE else None,
            style=f"left:{place(day):.2f}%",
        )
        for day, label in _ticks(low, high)
    ]
    return join(
        tag("div", ticks, class_="ticks", aria_hidden="true"), tag("ul", lines, class_="timeline")
    )


def _spans(rows: Sequence[Json], source: Json, wanted: Json) -> list[_Span]:
    first = column_of(source, wanted.get("date_property_id"))
    last = column_of(source, wanted.get("end_date_property_id"))
    spans = []
    for row in rows:
        start = ((value_of(row, first) if first else None) or {}).get("date") or {}
        end = ((value_of(row, last) if last else None) or {}).get("date") or {}
        begun = start.get("start")
        if begun:
            spans.append(_Span(row, begun, end.get("start") or start.get("end") or begun))
    return spans


def _tint(row: Json, columns: Sequence[Json]) -> str | None:
    """Return the colour of the first select that the view shows."""
    for column in columns:
        if column["type"] in {"select", "status"}:
            content = (value_of(row, column) or {}).get(column["type"]) or {}
            if content.get("color") in COLOURS:
                return f"bar-{content['color']}"
    return None


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return the first days of months between *low* and *high*, as many as there is room for."""
    first = date.fromordinal(int(low)).replace(day=1)
    months: list[date] = []
    while first.toordinal() <= high:
        if first.toordinal() >= low:
            months.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    step = -(-len(months) // MOST_TICKS) if months else 1
    if step > _MONTH_ENDS // 2:
        months = [one for one in months if one.month == 1]
        step = -(-len(months) // MOST_TICKS) or 1
    return [(one.toordinal(), f"{_MONTHS[one.month - 1]} {one.year}") for one in months[::step]]


def _days(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.toordinal() + (moment.hour * 60 + moment.minute) / 1440
