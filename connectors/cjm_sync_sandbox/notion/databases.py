"""Databases and their data sources: containers, schemas, titles, templates."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.blocks import check_editable
from cjm_sync_sandbox.notion.checks import failed, need_bool, need_object, undefined
from cjm_sync_sandbox.notion.columns import change_columns, join_relations, new_columns
from cjm_sync_sandbox.notion.containers import new_database
from cjm_sync_sandbox.notion.dates import iso_minute, iso_ms
from cjm_sync_sandbox.notion.errors import Json, archived, invalid
from cjm_sync_sandbox.notion.objects import parse_parent, show_database, show_source
from cjm_sync_sandbox.notion.pages import leave_parent, parse_cover, parse_page_icon
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace
from cjm_sync_sandbox.notion.text import parse_rich_text, run_of
from cjm_sync_sandbox.notion.views import new_view

UNTITLED = "New database"


def create_database(ws: Workspace, call: Call) -> Json:
    """POST /databases; a stray top-level `properties` is ignored without a word."""
    body = call.body_of(
        "parent", "title", "description", "is_inline", "initial_data_source", "icon", "cover",
        "properties",
    )  # fmt: skip
    if "parent" not in body:
        raise undefined("body.parent")
    parent = _container_parent(ws, body["parent"])
    title = parse_rich_text(body.get("title", []), "body.title") or [run_of(UNTITLED)]
    description = parse_rich_text(body.get("description", []), "body.description")
    inline = need_bool(body.get("is_inline", False), "body.is_inline")
    icon = parse_page_icon(ws, body.get("icon"), "body.icon")
    cover = parse_cover(ws, body.get("cover"), "body.cover")
    first = need_object(body.get("initial_data_source", {}), "body.initial_data_source")
    for key, value in first.items():
        if key != "properties":
            raise failed(f"body.initial_data_source.{key}", "not present", value)
    source_id = ws.new_id()
    columns = new_columns(
        first.get("properties"), "body.initial_data_source.properties", ws, source_id
    )
    ws.require_room(1)
    database = new_database(
        ws, parent, title=title, description=description, is_inline=inline, icon=icon, cover=cover
    )
    _add_source(ws, database, source_id, columns, title=[], icon=None)
    new_view(ws, database, source_id, name="Default view", kind="table")
    return show_database(ws, database)


def _container_parent(ws: Workspace, value: Any) -> Json:
    parent = parse_parent(value, ("page_id", "workspace"), typed=True)
    if parent["type"] == "workspace":
        if ws.is_connection():
            raise invalid("Internal integrations cannot create workspace-level databases.")
        return parent
    ws.page(parent["id"])
    if ws.is_trashed(parent["id"]):
        raise archived()
    return parent


def _add_source(
    ws: Workspace,
    database: Json,
    source_id: str,
    columns: dict[str, Json],
    *,
    title: list[Json],
    icon: Json | None,
) -> Json:
    source = {
        "id": source_id, "database_id": database["id"], "title": title, "description": [],
        "icon": icon, "properties": columns, "rows": [], "in_trash": False, **ws.stamp(),
    }  # fmt: skip
    ws.tables["sources"][source_id] = source
    database["sources"].append(source_id)
    join_relations(ws, source, list(columns.values()))
    return source


def get_database(ws: Workspace, call: Call) -> Json:
    """GET /databases/{id}."""
    return show_database(ws, ws.database(call.ids[0]))


def change_database(ws: Workspace, call: Call) -> Json:
    """PATCH /databases/{id}."""
    database = ws.database(call.ids[0])
    block = ws.tables["blocks"][database["id"]]
    body = call.body_of(
        "parent", "title", "description", "is_inline", "icon", "cover", "in_trash", "is_locked"
    )
    for key in ("is_inline", "in_trash", "is_locked"):
        if body.get(key) is not None:
            need_bool(body[key], f"body.{key}")
    trash = body.get("in_trash")
    check_editable(ws, block, trash=trash, has_more=any(key != "in_trash" for key in body))
    changes: Json = {}
    for key in ("title", "description"):
        if key in body:
            changes[key] = parse_rich_text(body[key], f"body.{key}")
    if "icon" in body:
        changes["icon"] = parse_page_icon(ws, body["icon"], "body.icon")
    if "cover" in body:
        changes["cover"] = parse_cover(ws, body["cover"], "body.cover")
    for key in ("is_inline", "is_locked"):
        if body.get(key) is not None:
            changes[key] = body[key]
    if "parent" in body:
        parent = _container_parent(ws, body["parent"])
        if database["id"] in ws.parents(parent.get("id", "")):
            raise invalid("A database cannot be moved into itself.")
        leave_parent(ws, database["id"], block["parent"])
        block["parent"] = parent
        if parent["type"] != "workspace":
            ws.tables["blocks"][parent["id"]]["children"].append(database["id"])
    database |= changes
    if trash is not None:
        block["in_trash"] = trash
    database["last_edited_time"], database["last_edited_by"] = iso_ms(ws.now()), ws.actor
    ws.touch(database["id"])
    return show_database(ws, database)


def create_source(ws: Workspace, call: Call) -> Json:
    """POST /data_sources: one more table in a database, with its own default view."""
    body = call.body_of("parent", "properties", "title", "icon")
    parent = parse_parent(body.get("parent"), ("database_id",))
    database = ws.database(parent["id"])
    if ws.is_trashed(database["id"]):
        raise archived()
    source_id = ws.new_id()
    columns = new_columns(body.get("properties"), "body.properties", ws, source_id)
    title = parse_rich_text(body.get("title", []), "body.title") or [run_of("New data source")]
    icon = parse_page_icon(ws, body.get("icon"), "body.icon")
    source = _add_source(ws, database, source_id, columns, title=title, icon=icon)
    new_view(ws, database, source_id, name="Default view", kind="table")
    return show_source(ws, source)


def get_source(ws: Workspace, call: Call) -> Json:
    """GET /data_sources/{id}."""
    return show_source(ws, ws.source(call.ids[0]))


def change_source(ws: Workspace, call: Call) -> Json:
    """PATCH /data_sources/{id}: columns, title, icon, trash."""
    source = ws.source(call.ids[0])
    body = call.body_of("title", "icon", "properties", "in_trash", "parent", "description")
    trash = body.get("in_trash")
    if trash is not None:
        need_bool(trash, "body.in_trash")
    if ws.is_trashed(source["database_id"]) or (source["in_trash"] and trash is not False):
        raise archived()
    if "parent" in body:
        parent = parse_parent(body["parent"], ("database_id",))
        if parent["id"] != source["database_id"]:
            raise invalid("Moving a data source to another database is not supported here.")
    if trash and len(ws.database(source["database_id"])["sources"]) == 1:
        raise invalid("Cannot trash the only data source of a database; trash the database.")
    changes: Json = {}
    for key in ("title", "description"):
        if key in body:
            changes[key] = parse_rich_text(body[key], f"body.{key}")
    if "icon" in body:
        changes["icon"] = parse_page_icon(ws, body["icon"], "body.icon")
    if "properties" in body:
        change_columns(ws, source, body["properties"], "body.properties")
    source |= changes
    if trash is not None:
        source["in_trash"] = trash
    source["last_edited_time"], source["last_edited_by"] = iso_minute(ws.now()), ws.actor
    return show_source(ws, source)
