"""Running a view: its rows are kept for 15 minutes, and counted."""

from __future__ import annotations

from datetime import datetime, timedelta

from cjm_sync_sandbox.notion.dates import iso_ms
from cjm_sync_sandbox.notion.errors import Json, invalid, not_found
from cjm_sync_sandbox.notion.queries import INCOMPLETE, find_rows
from cjm_sync_sandbox.notion.requests import PAGE_SIZE, Call, checked_size
from cjm_sync_sandbox.notion.state import Workspace, page_of_list

QUERY_LIFE = timedelta(minutes=15)


def create_view_query(ws: Workspace, call: Call) -> Json:
    """POST /views/{id}/queries: keeps the rows that the view shows for 15 minutes."""
    view = ws.view(call.ids[0])
    body = call.body_of("page_size")
    size = checked_size(body.get("page_size", PAGE_SIZE))
    if view["data_source_id"] is None:
        raise invalid("A dashboard has no rows to query.")
    source = ws.source(view["data_source_id"])
    rows = [row["id"] for row in find_rows(ws, source, view["filter"], view["sorts"])]
    query = {
        "id": ws.new_id(), "view_id": view["id"], "rows": rows[: ws.facts["query_depth"]],
        "expires_at": (ws.now() + QUERY_LIFE).isoformat(),
        "is_cut": len(rows) > ws.facts["query_depth"],
    }  # fmt: skip
    ws.tables["queries"][query["id"]] = query
    return _show_query(query, None, size)


def _show_query(query: Json, cursor: str | None, size: int) -> Json:
    results, follows = page_of_list(query["rows"], query["rows"], cursor, size)
    shown: Json = {
        "object": "view_query",
        "id": query["id"],
        "view_id": query["view_id"],
        "expires_at": iso_ms(datetime.fromisoformat(query["expires_at"])),
        "total_count": len(query["rows"]),
        "results": [{"object": "page", "id": one} for one in results],
        "next_cursor": follows,
        "has_more": follows is not None,
    }
    if query["is_cut"]:
        shown["request_status"] = INCOMPLETE
    return shown


def _live_query(ws: Workspace, call: Call) -> Json:
    view = ws.view(call.ids[0])
    query = ws.tables["queries"].get(call.ids[1])
    if (
        query is None
        or query["view_id"] != view["id"]
        or ws.now() >= datetime.fromisoformat(query["expires_at"])
    ):
        raise not_found("view query", call.ids[1], ws.facts["bot"])
    return query


def get_view_query(ws: Workspace, call: Call) -> Json:
    """GET /views/{id}/queries/{query id}."""
    return _show_query(_live_query(ws, call), *call.paging())


def delete_view_query(ws: Workspace, call: Call) -> Json:
    """DELETE /views/{id}/queries/{query id}."""
    query = _live_query(ws, call)
    del ws.tables["queries"][query["id"]]
    return {"object": "view_query", "id": query["id"], "deleted": True}
