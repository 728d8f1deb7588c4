"""Cells as they read back: page properties, single property items, rollups."""

from __future__ import annotations

from statistics import median
from typing import Any

from cjm_sync_sandbox.notion.dates import instant_of
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.files import show_file
from cjm_sync_sandbox.notion.state import Workspace, encoded, user_stub
from cjm_sync_sandbox.notion.text import plain

REFERENCES_SHOWN = 25
EMPTY_LISTS = frozenset({"title", "rich_text", "multi_select", "people", "files", "relation"})


def value_of(ws: Workspace, page: Json, column: Json) -> Any:
    """Return the whole value of a cell, in the form of a response."""
    kind = column["type"]
    block = ws.tables["blocks"][page["id"]]
    if kind in {"created_time", "last_edited_time"}:
        return block[kind]
    if kind in {"created_by", "last_edited_by"}:
        return user_stub(block[kind])
    if kind == "formula":
        # Formulas made through the API stay untyped until a person saves them.
        return {"type": "unsupported", "unsupported": {}}
    if kind == "rollup":
        return _rollup(ws, page, column)
    value = page["values"].get(column["id"])
    if kind == "unique_id":
        return {"prefix": column["config"]["prefix"], "number": value}
    if kind == "checkbox":
        return bool(value)
    if value is None:
        return [] if kind in EMPTY_LISTS else None
    if kind in {"select", "status"}:
        return show_option(column, value)
    if kind == "multi_select":
        return [shown for one in value if (shown := show_option(column, one))]
    if kind == "relation":
        return [{"id": one} for one in related(ws, value)]
    if kind == "people":
        return [dict(ws.tables["users"][one]) for one in value]
    if kind == "files":
        return [show_file(ws, one) for one in value]
    return value


def related(ws: Workspace, value: list[str]) -> list[str]:
    """Return the targets of a relation that can be seen and are not in the trash."""
    return [one for one in value if ws.holds("pages", one) and not ws.is_trashed(one)]


def show_option(column: Json, option_id: str) -> Json | None:
    """Return an option as a cell carries it."""
    for option in column["config"]["options"]:
        if option["id"] == option_id:
            return {"id": option["id"], "name": option["name"], "color": option["color"]}
    return None


def show_cell(ws: Workspace, page: Json, column: Json) -> Json:
    """Return a cell inside a page object: at most 25 references."""
    kind = column["type"]
    value = value_of(ws, page, column)
    shown: Json = {"id": encoded(column["id"]), "type": kind}
    if kind in {"relation", "people"}:
        shown[kind] = value[:REFERENCES_SHOWN]
        if kind == "relation":
            shown["has_more"] = len(value) > REFERENCES_SHOWN
    elif kind in {"title", "rich_text"}:
        shown[kind] = _cut_mentions(value)
    else:
        shown[kind] = value
    return shown


def _cut_mentions(runs: list[Json]) -> list[Json]:
    kept, seen = [], 0
    for run in runs:
        if run["type"] == "mention" and run["mention"]["type"] == "page":
            seen += 1
            if seen > REFERENCES_SHOWN:
                continue
        kept.append(run)
    return kept


def is_empty(kind: str, value: Any) -> bool:
    """Tell whether a cell's value counts as empty."""
    if kind == "checkbox":
        return not value
    if kind in {"title", "rich_text"}:
        return not plain(value)
    return value is None or value in ([], "")


def _rollup(ws: Workspace, page: Json, column: Json) -> Json:
    config = column["config"]
    function = config["function"]
    source = ws.tables["sources"][column["source_id"]]
    own = source["properties"].get(config["relation_property_id"])
    if own is None or own["type"] != "relation":
        return {"type": "unsupported", "unsupported": {}, "function": function}
    target = ws.tables["sources"][own["config"]["data_source_id"]]
    far = target["properties"].get(config["rollup_property_id"])
    if far is None or far["type"] in {"rollup", "formula"}:
        return {"type": "unsupported", "unsupported": {}, "function": function}
    rows = related(ws, page["values"].get(own["id"], []))
    values = [value_of(ws, ws.tables["pages"][row], far) for row in rows]
    if function in {"show_original", "show_unique"}:
        items: list[Json] = []
        for value in values:
            item = {"type": far["type"], far["type"]: value}
            if function == "show_original" or item not in items:
                items.append(item)
        return {"type": "array", "array": items, "function": function}
    filled = [value for value in values if not is_empty(far["type"], value)]
    if function in {"earliest_date", "latest_date", "date_range"}:
        return _rollup_date(function, filled)
    return {
        "type": "number",
        "number": aggregate(function, far["type"], values, filled),
        "function": function,
    }


def _rollup_date(function: str, filled: list[Any]) -> Json:
    ordered = sorted((one for one in filled if isinstance(one, dict)), key=_start)
    if not ordered:
        return {"type": "date", "date": None, "function": function}
    first, last = ordered[0]["start"], ordered[-1]["start"]
    shown = {
        "earliest_date": {"start": first, "end": None, "time_zone": None},
        "latest_date": {"start": last, "end": None, "time_zone": None},
        "date_range": {"start": first, "end": last, "time_zone": None},
    }
    return {"type": "date", "date": shown[function], "function": function}


def _start(value: Json) -> float:
    return instant_of(value["start"]).timestamp()


def aggregate(function: str, kind: str, values: list[Any], filled: list[Any]) -> float | None:
    """Return the number that *function* makes of a column's *values*."""
    total, full = len(values), len(filled)
    numbers: list[float] = [one for one in filled if kind == "number"]
    match function:
        case "count" | "count_per_group":
            return total
        case "count_values" | "not_empty" | "checked":
            return full
        case "empty" | "unchecked":
            return total - full
        case "percent_not_empty" | "percent_checked" | "percent_per_group":
            return full / total if total else None
        case "percent_empty" | "percent_unchecked":
            return (total - full) / total if total else None
        case "unique":
            return len({repr(one) for one in filled})
        case "sum":
            return sum(numbers)
        case _ if not numbers:
            return None
        case "average":
            return sum(numbers) / len(numbers)
        case "median":
            return median(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case _:
            return max(numbers) - min(numbers)
