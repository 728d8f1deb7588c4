"""Finding rows and titles: data source queries and the search endpoint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cjm_sync_sandbox.notion.cells import is_empty, value_of
from cjm_sync_sandbox.notion.checks import (
    failed,
    need_bool,
    need_list,
    need_object,
    need_one_of,
    need_text,
    only,
)
from cjm_sync_sandbox.notion.errors import Json, invalid, not_found
from cjm_sync_sandbox.notion.filters import compile_filter
from cjm_sync_sandbox.notion.objects import chosen_columns, show_page, show_source
from cjm_sync_sandbox.notion.requests import PAGE_SIZE, Call, checked_size
from cjm_sync_sandbox.notion.state import Workspace, find_property, listing, page_of_list
from cjm_sync_sandbox.notion.text import plain

QUERY_DEPTH = 10_000
INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
SEARCH_LAG = timedelta(seconds=20)
STAMPS = ("created_time", "last_edited_time")
DIRECTIONS = ("ascending", "descending")


def query_source(ws: Workspace, call: Call) -> Json:
    """POST /data_sources/{id}/query."""
    source = ws.source(call.ids[0])
    if ws.is_trashed(source["id"]):
        raise not_found("data_source", source["id"], ws.facts["bot"])
    body = call.body_of(
        "filter", "sorts", "start_cursor", "page_size", "result_type", "is_archived"
    )
    wanted = need_bool(body.get("is_archived", False), "body.is_archived")
    size = checked_size(body.get("page_size", PAGE_SIZE))
    need_one_of(body.get("result_type", "page"), ("page", "data_source"), "body.result_type")
    columns = chosen_columns(source, call)
    rows = find_rows(ws, source, body.get("filter"), body.get("sorts"), archived=wanted)
    if body.get("result_type") == "data_source":
        rows = []
    depth = ws.facts["query_depth"]
    capped = rows[:depth]
    cursor = body.get("start_cursor")
    if cursor is not None:
        need_text(cursor, "body.start_cursor")
    names = [row["id"] for row in capped]
    results, follows = page_of_list(capped, names, cursor, size, prefix=f"s:{source['id']}:")
    answer: Json = {
        "object": "list",
        "results": [show_page(ws, row, columns) for row in results],
        "next_cursor": follows,
        "has_more": follows is not None,
        "type": "page_or_data_source",
        "page_or_data_source": {},
    }
    if len(rows) > depth:
        answer["request_status"] = INCOMPLETE
    return answer


def find_rows(
    ws: Workspace, source: Json, condition: Any, sorts: Any, *, archived: bool = False
) -> list[Json]:
    """Return the rows that a filter lets through, in the order asked for.

    Rows younger than the workspace's settling time are left out, as an index that lags does.
    """
    passes = compile_filter(ws, source, condition)
    blocks, pages = ws.tables["blocks"], ws.tables["pages"]
    settled = ws.now().timestamp() - ws.facts["settle_seconds"]
    rows = [
        page
        for page in (pages[row_id] for row_id in source["rows"])
        if not blocks[page["id"]]["in_trash"]
        and page["is_archived"] == archived
        and page["made_at"] <= settled
        and page["id"] not in ws.facts["unshared"]
        and passes(page)
    ]
    return sort_rows(ws, source, rows, sorts)


def parse_sorts(source: Json, value: Any, path: str, *, stamps: bool = True) -> list[Json]:
    """Check sorts; views sort by columns only (*stamps* False)."""
    parsed: list[Json] = []
    for index, item in enumerate(need_list(value, path)):
        where = f"{path}[{index}]"
        given = need_object(item, where)
        need_one_of(given.get("direction", "ascending"), DIRECTIONS, f"{where}.direction")
        if "timestamp" in given:
            if not stamps:
                raise failed(f"{where}.timestamp", "not present", given["timestamp"])
            only(given, ("timestamp", "direction"), where)
            need_one_of(given["timestamp"], STAMPS, f"{where}.timestamp")
        else:
            only(given, ("property", "direction"), where)
            key = need_text(given.get("property"), f"{where}.property")
            if find_property(source, key) is None:
                raise invalid(f"Could not find sort property with name or id: {key}")
        parsed.append(given)
    return parsed


def sort_rows(ws: Workspace, source: Json, rows: list[Json], sorts: Any) -> list[Json]:
    """Return *rows* sorted; empty cells come last, whatever the direction."""
    if sorts is None:
        return rows
    for given in reversed(parse_sorts(source, sorts, "body.sorts")):
        backwards = given.get("direction") == "descending"
        if "timestamp" in given:
            stamp = given["timestamp"]
            rows = sorted(
                rows, key=lambda row: ws.tables["blocks"][row["id"]][stamp], reverse=backwards
            )
            continue
        column = find_property(source, given["property"])
        keyed = [(_sort_key(ws, row, column), row) for row in rows]  # type: ignore[arg-type]
        full = sorted(
            (one for one in keyed if one[0] is not None), key=lambda one: one[0], reverse=backwards
        )
        rows = [row for _, row in full] + [row for key, row in keyed if key is None]
    return rows


def _sort_key(ws: Workspace, row: Json, column: Json) -> Any:
    kind = column["type"]
    value = value_of(ws, row, column)
    if kind != "checkbox" and is_empty(kind, value):
        return None
    if kind in {"title", "rich_text"}:
        return plain(value).casefold()
    if kind in {"select", "status"}:
        return [one["name"] for one in column["config"]["options"]].index(value["name"])
    if kind == "date":
        return value["start"]
    if kind == "unique_id":
        return value["number"]
    if kind == "rollup":
        return value.get("number")
    return value if isinstance(value, int | float | str) else str(value)


def search(ws: Workspace, call: Call) -> Json:
    """POST /search: titles, fuzzy, and late: a new page is not found for some seconds."""
    body = call.body_of("query", "filter", "sort", "start_cursor", "page_size")
    words = need_text(body.get("query", ""), "body.query").casefold()
    condition = need_object(body.get("filter", {}), "body.filter")
    only(condition, ("property", "value", "in_trash"), "body.filter")
    kind = condition.get("value")
    if kind is not None:
        need_one_of(kind, ("page", "data_source"), "body.filter.value")
    trashed = bool(condition.get("in_trash", False))
    limit = ws.now() - SEARCH_LAG
    found: list[tuple[str, Json]] = []
    if kind != "data_source":
        found += [
            (page_id, show_page(ws, page))
            for page_id, page in ws.tables["pages"].items()
            if words in ws.page_title(page_id).casefold()
            and datetime.fromtimestamp(page["made_at"], limit.tzinfo) <= limit
        ]
    if kind != "page":
        found += [
            (source_id, show_source(ws, source))
            for source_id, source in ws.tables["sources"].items()
            if words in ws.source_name(source_id).casefold()
        ]
    seen = [
        (name, shown)
        for name, shown in found
        if ws.is_shared(name) and ws.is_trashed(name) == trashed
    ]
    size = checked_size(body.get("page_size", PAGE_SIZE))
    results, follows = page_of_list(
        [shown for _, shown in seen], [name for name, _ in seen], body.get("start_cursor"), size
    )
    return listing(results, follows, "page_or_data_source")
