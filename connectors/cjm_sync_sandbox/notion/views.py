"""Views: tabs of a database, linked views on pages, dashboards and their widgets."""

from __future__ import annotations

import copy
from typing import Any

from cjm_sync_sandbox.notion.blocks import index_after
from cjm_sync_sandbox.notion.checks import (
    failed,
    need_object,
    need_one_of,
    need_text,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.containers import new_database
from cjm_sync_sandbox.notion.dates import iso_ms
from cjm_sync_sandbox.notion.errors import Json, archived, gated, invalid
from cjm_sync_sandbox.notion.filters import compile_condition, compile_filter
from cjm_sync_sandbox.notion.objects import parse_parent
from cjm_sync_sandbox.notion.queries import parse_sorts
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import (
    Workspace,
    find_property,
    listing,
    page_of_list,
    user_stub,
)
from cjm_sync_sandbox.notion.viewconfig import TYPES, change_configuration, parse_configuration

BIG_PLANS = ("business", "enterprise")
WIDGETS = 12
WIDGETS_IN_ROW = 4


def new_view(
    ws: Workspace, database: Json, source_id: str | None, *, name: str, kind: str, **rest: Any
) -> Json:
    """Make a view and hang it last among the tabs of *database*."""
    view = {
        "id": ws.new_id(), "database_id": database["id"], "data_source_id": source_id,
        "name": name, "type": kind, "filter": None, "sorts": None, "quick_filters": None,
        "configuration": {"type": kind}, "dashboard_view_id": None, "rows": [],
        **ws.stamp_ms(), **rest,
    }  # fmt: skip
    ws.tables["views"][view["id"]] = view
    database["views"].append(view["id"])
    return view


def show_view(view: Json) -> Json:
    """Return a view as the API answers it."""
    shown: Json = {
        "object": "view",
        "id": view["id"],
        "parent": {"type": "database_id", "database_id": view["database_id"]},
        "data_source_id": view["data_source_id"],
        "name": view["name"],
        "type": view["type"],
        "created_time": view["created_time"],
        "last_edited_time": view["last_edited_time"],
        "created_by": user_stub(view["created_by"]),
        "last_edited_by": user_stub(view["last_edited_by"]),
        "url": f"https://app.notion.com/p/{view['database_id'].replace('-', '')}"
        f"?v={view['id'].replace('-', '')}",
        "filter": view["filter"],
        "sorts": view["sorts"],
        "quick_filters": view["quick_filters"],
        "configuration": view["configuration"],
    }
    if view["type"] == "dashboard":
        shown["configuration"] = {"type": "dashboard", "rows": _show_rows(view)}
    if view["dashboard_view_id"] is not None:
        shown["dashboard_view_id"] = view["dashboard_view_id"]
    return copy.deepcopy(shown)


def _show_rows(view: Json) -> list[Json]:
    return [
        {
            "id": row["id"],
            "widgets": [
                {**widget, "width": 12 // len(row["widgets"]), "row_index": index}
                for widget in row["widgets"]
            ],
        }
        for index, row in enumerate(view["rows"])
    ]


def create_view(ws: Workspace, call: Call) -> Json:
    """POST /views, with exactly one of `database_id`, `view_id` (a dashboard), `create_database`."""
    body = call.body_of(
        "data_source_id", "name", "type", "database_id", "view_id", "create_database", "position",
        "placement", "filter", "sorts", "quick_filters", "configuration", "icon",
    )  # fmt: skip
    for key in ("data_source_id", "name", "type"):
        if key not in body:
            raise undefined(f"body.{key}")
    name = need_text(body["name"], "body.name")
    kind = need_one_of(body["type"], TYPES, "body.type")
    source = ws.source(uuid_of(body["data_source_id"], "body.data_source_id"))
    targets = [key for key in ("database_id", "view_id", "create_database") if key in body]
    if len(targets) != 1:
        raise invalid(
            "body failed validation: exactly one of body.database_id, body.view_id,"
            " body.create_database should be defined."
        )
    for key, home in (("position", "database_id"), ("placement", "view_id")):
        if key in body and targets[0] != home:
            raise failed(f"body.{key}", "not present", body[key])
    if ws.is_trashed(source["id"]):
        raise archived()
    parts = _parse_parts(ws, source, kind, body)
    if kind != "dashboard":
        parts["configuration"] = parse_configuration(
            source, kind, body.get("configuration"), "body.configuration"
        )
    elif "configuration" in body:
        raise failed("body.configuration", "not present", body["configuration"])
    _check_plan(ws, kind)
    source_id = None if kind == "dashboard" else source["id"]
    if targets[0] == "create_database":
        database = _linked_database(ws, source, body["create_database"])
        view = new_view(ws, database, source_id, name=name, kind=kind, **parts)
    elif targets[0] == "database_id":
        database = ws.database(uuid_of(body["database_id"], "body.database_id"))
        if ws.is_trashed(database["id"]):
            raise archived()
        index = _tab_place(database, body.get("position"))
        view = new_view(ws, database, source_id, name=name, kind=kind, **parts)
        if index is not None:
            database["views"].insert(index, database["views"].pop())
    else:
        view = _new_widget(ws, source, body, name=name, kind=kind, parts=parts)
    return show_view(view)


def _check_plan(ws: Workspace, kind: str) -> None:
    plan = ws.facts["plan"]
    if kind == "dashboard" and plan not in BIG_PLANS:
        raise gated(
            "Dashboard views are not available on this workspace's plan.", ws.facts["gate_status"]
        )
    if kind == "chart" and plan == "free":
        charts = [
            one
            for one in ws.tables["views"].values()
            if one["type"] == "chart" and not ws.is_trashed(one["database_id"])
        ]
        if charts:
            raise gated(
                "This workspace's plan allows one chart. Upgrade to add more charts.",
                ws.facts["gate_status"],
            )


def _parse_parts(
    ws: Workspace, source: Json, kind: str, body: Json, *, stamps: bool = True
) -> Json:
    """Read filter, sorts and quick filters; a PATCH sorts by columns only (*stamps* False)."""
    parts: Json = {}
    if "filter" in body:
        compile_filter(ws, source, body["filter"], in_view=True)
        parts["filter"] = _by_id(source, copy.deepcopy(body["filter"]))
    if "sorts" in body:
        if body["sorts"] is not None:
            parse_sorts(source, body["sorts"], "body.sorts", stamps=stamps)
        parts["sorts"] = _by_id(source, copy.deepcopy(body["sorts"]))
    if "quick_filters" in body:
        parts["quick_filters"] = _quick_filters(ws, source, body["quick_filters"])
    if kind == "dashboard" and any(parts.values()):
        raise invalid("A dashboard takes neither filter, sorts nor quick filters.")
    return parts


def _by_id(source: Json, value: Any) -> Any:
    """Keep conditions and sorts by property id, so that a renamed column is followed."""
    if isinstance(value, list):
        return [_by_id(source, one) for one in value]
    if isinstance(value, dict):
        for word in ("and", "or"):
            if word in value:
                return {word: _by_id(source, value[word])}
        if "property" in value:
            column = find_property(source, value["property"])
            if column is not None:
                value["property"] = column["id"]
    return value


def _quick_filters(ws: Workspace, source: Json, value: Any) -> Json | None:
    if value is None:
        return None
    kept: Json = {}
    for key, condition in need_object(value, "body.quick_filters").items():
        column = find_property(source, key)
        if column is None:
            raise invalid(f"Could not find property with name or id: {key}")
        if condition is None:
            kept[column["id"]] = None
            continue
        given = need_object(condition, f"body.quick_filters.{key}")
        for kind, inner in given.items():
            compile_condition(ws, column, kind, inner, f"body.quick_filters.{key}", in_view=True)
        kept[column["id"]] = given
    return kept


def _tab_place(database: Json, value: Any) -> int | None:
    if value is None:
        return None
    position = need_object(value, "body.position")
    kind = need_one_of(position.get("type"), ("start", "end", "after_view"), "body.position.type")
    only(position, ("type", "view_id") if kind == "after_view" else ("type",), "body.position")
    if kind == "end":
        return None
    if kind == "start":
        return 0
    wanted = uuid_of(position.get("view_id"), "body.position.view_id")
    if wanted not in database["views"]:
        raise invalid(f"View {wanted} is not a view of database {database['id']}.")
    return int(database["views"].index(wanted)) + 1


def _linked_database(ws: Workspace, source: Json, value: Any) -> Json:
    """Make the block of a linked database on a page; it shows another database's data source."""
    given = need_object(value, "body.create_database")
    only(given, ("parent", "position"), "body.create_database")
    parent = parse_parent(
        given.get("parent"), ("page_id",), "body.create_database.parent", typed=True
    )
    page = ws.page(parent["id"])
    if ws.is_trashed(page["id"]):
        raise archived()
    index = None
    if given.get("position") is not None:
        where = "body.create_database.position"
        position = need_object(given["position"], where)
        only(position, ("type", "block_id"), where)
        need_one_of(position.get("type"), ("after_block",), f"{where}.type")
        block = ws.tables["blocks"][page["id"]]
        index = index_after(ws, block, position.get("block_id"), f"{where}.block_id")
    database = new_database(ws, parent, index=index, title=[], description=[], is_inline=True)
    database["sources"].append(source["id"])
    return database


def _new_widget(
    ws: Workspace, source: Json, body: Json, *, name: str, kind: str, parts: Json
) -> Json:
    board = ws.view(uuid_of(body["view_id"], "body.view_id"))
    if board["type"] != "dashboard":
        raise invalid(f"View {board['id']} is not a dashboard.")
    if kind == "dashboard":
        raise invalid("A dashboard cannot be a widget of a dashboard.")
    total = sum(len(row["widgets"]) for row in board["rows"])
    if total >= WIDGETS:
        raise invalid(
            f"Number of widgets in dashboard ({total + 1}) exceeds the maximum ({WIDGETS})"
        )
    given = need_object(body.get("placement", {"type": "new_row"}), "body.placement")
    only(given, ("type", "row_index"), "body.placement")
    place = need_one_of(given.get("type"), ("new_row", "existing_row"), "body.placement.type")
    at = given.get("row_index", len(board["rows"]) if place == "new_row" else None)
    last = len(board["rows"]) - (1 if place == "existing_row" else 0)
    if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at <= last:
        raise failed("body.placement.row_index", f"from `0` to `{last}`", at)
    if place == "existing_row" and len(board["rows"][at]["widgets"]) >= WIDGETS_IN_ROW:
        raise invalid(f"A dashboard row has at most {WIDGETS_IN_ROW} widgets.")
    database = ws.tables["databases"][board["database_id"]]
    view = new_view(ws, database, source["id"], name=name, kind=kind, **parts)
    # A widget is a view of its own, but no tab.
    database["views"].remove(view["id"])
    view["dashboard_view_id"] = board["id"]
    if place == "new_row":
        board["rows"].insert(at, {"id": ws.new_id(), "widgets": []})
    board["rows"][at]["widgets"].append({"id": ws.new_id(), "view_id": view["id"]})
    return view


def stub_of(view: Json) -> Json:
    """Return the short form of a view, as lists and deletions give it."""
    return {
        "object": "view",
        "id": view["id"],
        "parent": {"type": "database_id", "database_id": view["database_id"]},
        "type": view["type"],
    }


def list_views(ws: Workspace, call: Call) -> Json:
    """GET /views?database_id= (tabs, in order) or ?data_source_id= (all that show it)."""
    database_id, source_id = call.first("database_id"), call.first("data_source_id")
    if (database_id is None) == (source_id is None):
        raise invalid("query failed validation: one of database_id, data_source_id is required.")
    views = ws.tables["views"]
    if database_id is not None:
        names = list(ws.database(uuid_of(database_id, "query.database_id"))["views"])
    else:
        source = ws.source(uuid_of(str(source_id), "query.data_source_id"))
        names = [
            one["id"]
            for one in views.values()
            if one["data_source_id"] == source["id"]
            and ws.is_shared(one["database_id"])
            and not ws.is_trashed(one["database_id"])
        ]
    results, follows = page_of_list(names, names, *call.paging())
    return listing([stub_of(views[one]) for one in results], follows, "view")


def get_view(ws: Workspace, call: Call) -> Json:
    """GET /views/{id}."""
    return show_view(ws.view(call.ids[0]))


def change_view(ws: Workspace, call: Call) -> Json:
    """PATCH /views/{id}: what is left out stays, null clears; the type never changes."""
    view = ws.view(call.ids[0])
    body = call.body_of("name", "filter", "sorts", "quick_filters", "configuration", "type", "icon")
    if "type" in body and body["type"] != view["type"]:
        raise invalid("The type of a view cannot be changed.")
    if ws.is_trashed(view["database_id"]):
        raise archived()
    changes: Json = {}
    if "name" in body:
        changes["name"] = need_text(body["name"], "body.name")
    if view["data_source_id"] is not None:
        source = ws.source(view["data_source_id"])
        changes |= _parse_parts(ws, source, view["type"], body, stamps=False)
        if body.get("configuration") is not None:
            changes["configuration"] = change_configuration(
                source, view, body["configuration"], "body.configuration"
            )
    elif any(key in body for key in ("filter", "sorts", "quick_filters", "configuration")):
        raise invalid("A dashboard takes neither filter, sorts, quick filters nor configuration.")
    quick = changes.get("quick_filters")
    if quick is not None:
        merged = {**(view["quick_filters"] or {}), **quick}
        changes["quick_filters"] = {k: v for k, v in merged.items() if v is not None} or None
    view |= changes
    view["last_edited_time"], view["last_edited_by"] = iso_ms(ws.now()), ws.actor
    return show_view(view)


def delete_view(ws: Workspace, call: Call) -> Json:
    """DELETE /views/{id}: for good; the last view of a database stays."""
    view = ws.view(call.ids[0])
    database = ws.tables["databases"][view["database_id"]]
    if view["dashboard_view_id"] is not None:
        board = ws.tables["views"][view["dashboard_view_id"]]
        for row in board["rows"]:
            row["widgets"] = [one for one in row["widgets"] if one["view_id"] != view["id"]]
        board["rows"] = [row for row in board["rows"] if row["widgets"]]
    elif database["views"] == [view["id"]]:
        raise invalid("Cannot delete the last view of a database. Trash the database instead.")
    else:
        database["views"].remove(view["id"])
    for row in view["rows"]:
        for widget in row["widgets"]:
            ws.tables["views"].pop(widget["view_id"], None)
    del ws.tables["views"][view["id"]]
    return stub_of(view)
