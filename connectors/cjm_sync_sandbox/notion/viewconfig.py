"""Configurations of views: which keys each type of view takes, needs, and with what values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from cjm_sync_sandbox.notion.checks import (
    failed,
    need_bool,
    need_list,
    need_number,
    need_object,
    need_one_of,
    need_text,
    only,
    undefined,
)
from cjm_sync_sandbox.notion.errors import Json, invalid

Check = Callable[[Json, Any, str], Any]
"""Takes the data source, the value and its path; returns what is kept."""

TYPES = (
    "table", "board", "timeline", "calendar", "gallery", "list", "map", "form", "chart",
    "dashboard",
)  # fmt: skip
MINIMUM_WIDTH = 32
DATES = frozenset({"date", "created_time", "last_edited_time", "formula", "rollup"})
NUMERIC = frozenset({"number", "rollup"})
GROUPS = {
    "select": "select", "multi_select": "multi_select", "status": "status", "person": "people",
    "created_by": "created_by", "last_edited_by": "last_edited_by", "relation": "relation",
    "checkbox": "checkbox", "date": "date", "created_time": "created_time",
    "last_edited_time": "last_edited_time", "text": "rich_text", "title": "title", "url": "url",
    "email": "email", "phone_number": "phone_number", "number": "number", "formula": "formula",
}  # fmt: skip
PERIODS = ("relative", "day", "week", "month", "year")
TEXT_GROUPS = frozenset({"text", "title", "url", "email", "phone_number"})
DATE_GROUPS = frozenset({"date", "created_time", "last_edited_time"})
AGGREGATORS = (
    "count", "count_values", "sum", "average", "median", "min", "max", "range", "unique", "empty",
    "not_empty", "percent_empty", "percent_not_empty", "checked", "unchecked", "percent_checked",
    "percent_unchecked", "earliest_date", "latest_date", "date_range",
)  # fmt: skip
NUMBER_AGGREGATORS = frozenset({"sum", "average", "median", "min", "max", "range"})
DATE_AGGREGATORS = frozenset({"earliest_date", "latest_date", "date_range"})
NO_AXIS = frozenset({"rollup", "button", "unique_id", "files"})


def column_at(source: Json, value: Any, path: str) -> Json:
    """Return the column a `property_id` names, encoded or not."""
    key = need_text(value, path)
    properties: dict[str, Json] = source["properties"]
    found = properties.get(key) or properties.get(unquote(key))
    if found is None:
        raise invalid(f"{path}: property {key} does not exist in data source {source['id']}.")
    return found


def _property_id(source: Json, value: Any, path: str, kinds: frozenset[str] | None = None) -> str:
    column = column_at(source, value, path)
    if kinds is not None and column["type"] not in kinds:
        raise invalid(
            f"{path}: property {column['name']} has type {column['type']}; expected one of"
            f" {', '.join(sorted(kinds))}."
        )
    return str(column["id"])


def _bool(_source: Json, value: Any, path: str) -> bool:
    return need_bool(value, path)


def _choice(choices: tuple[str, ...], _source: Json, value: Any, path: str) -> str:
    return need_one_of(value, choices, path)


def _text(_source: Json, value: Any, path: str) -> str | None:
    return None if value is None else need_text(value, path)


def _number(_source: Json, value: Any, path: str) -> float | None:
    return None if value is None else need_number(value, path)


def _natural(_source: Json, value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise failed(path, "an integer ≥ `0`", value)
    return value


def one_of(*choices: str) -> Check:
    """Return the check for one of *choices*."""
    return partial(_choice, choices)


def _fields(
    source: Json, value: Any, path: str, checks: dict[str, Check], needed: tuple[str, ...] = ()
) -> Json:
    given = need_object(value, path)
    only(given, checks, path)
    for key in needed:
        if key not in given:
            raise undefined(f"{path}.{key}")
    return {key: checks[key](source, item, f"{path}.{key}") for key, item in given.items()}


def _property_list(source: Json, value: Any, path: str) -> list[Json]:
    return [
        _fields(source, item, f"{path}[{index}]", DISPLAY, ("property_id",))
        for index, item in enumerate(need_list(value, path, limit=None))
    ]


def _width(_source: Json, value: Any, path: str) -> float:
    width = need_number(value, path)
    if width < MINIMUM_WIDTH:
        raise failed(path, f"≥ `{MINIMUM_WIDTH}`", value)
    return width


def _group_sort(source: Json, value: Any, path: str) -> Json:
    kinds = one_of("manual", "ascending", "descending")
    return _fields(source, value, path, {"type": kinds}, ("type",))


def _group(source: Json, value: Any, path: str, *, axis: bool = False) -> Json | None:
    if value is None and axis:
        return None
    given = need_object(value, path)
    kind = need_one_of(given.get("type"), tuple(GROUPS), f"{path}.type")
    column = column_at(source, given.get("property_id"), f"{path}.property_id")
    if axis and column["type"] in NO_AXIS | {"formula"}:
        raise invalid(f"{path}: a chart cannot group by {column['name']} ({column['type']}).")
    if column["type"] != GROUPS[kind]:
        raise invalid(
            f"{path}: property {column['name']} has type {column['type']}, which does not match"
            f" group type {kind}."
        )
    checks: dict[str, Check] = {
        "type": one_of(kind), "property_id": _property_id, "sort": _group_sort,
        "hide_empty_groups": _bool,
    }  # fmt: skip
    needed = ["type", "property_id", "sort"]
    if kind == "status":
        checks["group_by"] = one_of("group", "option")
        needed.append("group_by")
    elif kind in DATE_GROUPS:
        checks |= {"group_by": one_of(*PERIODS), "start_day_of_week": _natural}
        needed.append("group_by")
    elif kind in TEXT_GROUPS:
        checks["group_by"] = one_of("exact", "alphabet_prefix")
        needed.append("group_by")
    elif kind == "number":
        checks |= {"range_start": _number, "range_end": _number, "range_size": _number}
    elif kind == "formula":
        raise invalid(f"{path}: formula of unknown type.")
    return _fields(source, given, path, checks, tuple(needed))


def _axis(source: Json, value: Any, path: str) -> Json | None:
    return _group(source, value, path, axis=True)


def _aggregation(source: Json, value: Any, path: str) -> Json | None:
    if value is None:
        return None
    checks: dict[str, Check] = {"aggregator": one_of(*AGGREGATORS), "property_id": _property_id}
    kept = _fields(source, value, path, checks, ("aggregator",))
    word = kept["aggregator"]
    if word == "count":
        return {"aggregator": "count"}
    if "property_id" not in kept:
        raise undefined(f"{path}.property_id")
    kind = source["properties"][kept["property_id"]]["type"]
    if word in NUMBER_AGGREGATORS and kind not in NUMERIC:
        raise invalid(f"{path}: aggregator {word} needs a number property, not {kind}.")
    if word in DATE_AGGREGATORS and kind not in DATES:
        raise invalid(f"{path}: aggregator {word} needs a date property, not {kind}.")
    return kept


def _cover(source: Json, value: Any, path: str) -> Json:
    kinds = one_of("page_cover", "page_content", "property")
    checks: dict[str, Check] = {"type": kinds, "property_id": _property_id}
    kept = _fields(source, value, path, checks, ("type",))
    if kept["type"] == "property" and "property_id" not in kept:
        raise undefined(f"{path}.property_id")
    return kept


def _reference_lines(source: Json, value: Any, path: str) -> list[Json] | None:
    if value is None:
        return None
    colors = ("gray", "lightgray", "brown", "yellow", "orange", "green", "blue", "purple", "pink",
              "red")  # fmt: skip
    checks: dict[str, Check] = {
        "id": _text, "value": lambda _s, item, where: need_number(item, where),
        "label": lambda _s, item, where: need_text(item, where), "color": one_of(*colors),
        "dash_style": one_of("solid", "dash"),
    }  # fmt: skip
    return [
        _fields(source, item, f"{path}[{index}]", checks,
                ("value", "label", "color", "dash_style"))
        for index, item in enumerate(need_list(value, path))
    ]  # fmt: skip


def _subtasks(source: Json, value: Any, path: str) -> Json:
    checks: dict[str, Check] = {
        "property_id": _property_id,
        "display_mode": one_of("show", "hidden", "flattened", "disabled"),
        "filter_scope": one_of("parents", "parents_and_subitems", "subitems"),
        "toggle_column_id": _property_id,
    }  # fmt: skip
    return _fields(source, value, path, checks)


def _preference(source: Json, value: Any, path: str) -> Json:
    zoom = one_of("hours", "day", "week", "bi_week", "month", "quarter", "year", "5_years")
    return _fields(
        source, value, path, {"zoom_level": zoom, "center_timestamp": _number}, ("zoom_level",)
    )


def _arrows(source: Json, value: Any, path: str) -> Json:
    relation = partial(_property_id, kinds=frozenset({"relation"}))
    return _fields(source, value, path, {"property_id": relation})


DISPLAY: dict[str, Check] = {
    "property_id": _property_id, "visible": _bool, "width": _width, "wrap": _bool,
    "status_show_as": one_of("select", "checkbox"),
    "card_property_width_mode": one_of("full_line", "inline"),
    "date_format": one_of("full", "short", "month_day_year", "day_month_year", "year_month_day",
                          "relative"),
    "time_format": one_of("12_hour", "24_hour", "hidden"),
}  # fmt: skip
CARDS: dict[str, Check] = {
    "properties": _property_list, "cover": _cover, "cover_size": one_of("small", "medium", "large"),
    "cover_aspect": one_of("contain", "cover"), "card_layout": one_of("list", "compact"),
}  # fmt: skip
DATE_COLUMN = partial(_property_id, kinds=DATES)
HEIGHT = one_of("small", "medium", "large", "extra_large")
KEYS: dict[str, dict[str, Check]] = {
    "table": {
        "properties": _property_list, "group_by": _group, "subtasks": _subtasks,
        "wrap_cells": _bool, "frozen_column_index": _natural, "show_vertical_lines": _bool,
    },
    "board": {"group_by": _group, "sub_group_by": _group, **CARDS},
    "timeline": {
        "date_property_id": DATE_COLUMN, "end_date_property_id": DATE_COLUMN,
        "properties": _property_list, "show_table": _bool, "table_properties": _property_list,
        "preference": _preference, "arrows_by": _arrows, "color_by": _bool,
    },
    "calendar": {
        "date_property_id": DATE_COLUMN, "properties": _property_list,
        "view_range": one_of("week", "month"), "show_weekends": _bool,
    },
    "gallery": CARDS,
    "list": {"properties": _property_list},
    "map": {"map_by": partial(_property_id, kinds=frozenset({"place"})), "height": HEIGHT,
            "properties": _property_list},
    "form": {
        "is_form_closed": _bool, "anonymous_submissions": _bool,
        "submission_permissions": one_of("none", "comment_only", "reader", "read_and_write",
                                         "editor"),
    },
    "chart": {
        "chart_type": one_of("column", "bar", "line", "donut", "number"),
        "x_axis": _axis, "y_axis": _aggregation, "x_axis_property_id": _property_id,
        "y_axis_property_id": partial(_property_id, kinds=NUMERIC), "value": _aggregation,
        "stack_by": _axis, "group_style": one_of("normal", "percent", "side_by_side"),
        "sort": one_of("manual", "x_ascending", "x_descending", "y_ascending", "y_descending"),
        "color_theme": one_of("gray", "blue", "yellow", "green", "purple", "teal", "orange",
                              "pink", "red", "auto", "colorful"),
        "color_by_value": _bool, "height": HEIGHT, "hide_empty_groups": _bool,
        "legend_position": one_of("off", "bottom", "side"), "show_data_labels": _bool,
        "axis_labels": one_of("none", "x_axis", "y_axis", "both"),
        "grid_lines": one_of("none", "horizontal", "vertical", "both"), "cumulative": _bool,
        "smooth_line": _bool, "hide_line_fill_area": _bool, "y_axis_min": _number,
        "y_axis_max": _number, "donut_labels": one_of("none", "value", "name", "name_and_value"),
        "hide_title": _bool, "reference_lines": _reference_lines, "caption": _text,
    },
}  # fmt: skip
NEEDED = {
    "board": ("group_by",), "timeline": ("date_property_id",), "calendar": ("date_property_id",),
    "chart": ("chart_type",),
}  # fmt: skip

NEVER_NULL = frozenset({
    ("table", "wrap_cells"), ("table", "frozen_column_index"), ("table", "show_vertical_lines"),
})  # fmt: skip


def parse_configuration(source: Json, kind: str, value: Any, path: str) -> Json:
    """Check the configuration of a view of type *kind*; what is kept has decoded property ids."""
    if kind == "dashboard":
        if value is not None:
            raise failed(path, "not present", value)
        return {"type": "dashboard"}
    if value is None:
        if kind in NEEDED:
            raise undefined(path)
        return {"type": kind}
    kept = {
        key: item
        for key, item in _read(source, kind, value, path, NEEDED.get(kind, ())).items()
        if item is not None
    }
    if kind == "chart":
        _check_chart(kept, path)
    return kept


def change_configuration(source: Json, view: Json, value: Any, path: str) -> Json:
    """Check a changed configuration: null clears a key, what is left out stays.

    A number card sent without its value counts rows from then on, as in the service.
    """
    kind, held = view["type"], view["configuration"]
    given = _read(source, kind, value, path, ())
    for key in NEEDED.get(kind, ()):
        if key in given and given[key] is None:
            raise failed(f"{path}.{key}", "not null", None)
    merged = {key: item for key, item in {**held, **given}.items() if item is not None}
    if kind == "chart":
        if merged["chart_type"] == "number" and given.get("value") is None:
            merged["value"] = {"aggregator": "count"}
        _check_chart(merged, path)
    return merged


def _read(source: Json, kind: str, value: Any, path: str, needed: tuple[str, ...]) -> Json:
    given = need_object(value, path)
    if given.get("type") != kind:
        raise failed(f"{path}.type", f'`"{kind}"`', given.get("type"))
    checks: dict[str, Check] = {"type": one_of(kind)}
    for key, check in KEYS[kind].items():
        checks[key] = check if key in needed or (kind, key) in NEVER_NULL else _or_null(check)
    return _fields(source, given, path, checks, needed)


def _or_null(check: Check) -> Check:
    """Return *check* for a value that may also be null, which clears it."""
    return lambda source, value, path: None if value is None else check(source, value, path)


def _check_chart(kept: Json, path: str) -> None:
    shape = kept["chart_type"]
    if shape == "number":
        if kept.get("value") is None:
            raise undefined(f"{path}.value")
        return
    grouped = kept.get("x_axis") is not None and kept.get("y_axis") is not None
    raw = "x_axis_property_id" in kept and "y_axis_property_id" in kept
    if not grouped and not raw:
        raise undefined(f"{path}.x_axis" if kept.get("x_axis") is None else f"{path}.y_axis")
    if kept.get("stack_by") is not None and shape == "donut":
        raise failed(f"{path}.stack_by", "not present", kept["stack_by"])
    for key in ("cumulative", "smooth_line", "hide_line_fill_area"):
        if key in kept and shape != "line":
            raise failed(f"{path}.{key}", "not present", kept[key])
