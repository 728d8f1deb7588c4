"""Making pages and databases; a database is the container that a page shows, own or linked."""

from __future__ import annotations

from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.state import Workspace


def new_database(
    ws: Workspace,
    parent: Json,
    *,
    index: int | None = None,
    title: list[Json],
    description: list[Json],
    is_inline: bool,
    icon: Json | None = None,
    cover: Json | None = None,
) -> Json:
    """Make a container on a page, as the block that it is there."""
    block = ws.add_block("child_database", {}, parent)
    database = {
        "id": block["id"], "title": title, "description": description, "is_inline": is_inline,
        "icon": icon, "cover": cover, "is_locked": False, "sources": [], "views": [],
        **ws.stamp_ms(),
    }  # fmt: skip
    ws.tables["databases"][database["id"]] = database
    holder = ws.tables["blocks"].get(parent.get("id", ""))
    if holder is not None:
        at = len(holder["children"]) if index is None else index
        holder["children"].insert(at, database["id"])
        ws.touch(holder["id"])
    return database


def new_page(ws: Workspace, parent: Json, *, icon: Json | None, cover: Json | None) -> Json:
    """Make an empty page; the caller places it."""
    block = ws.add_block("child_page", {}, parent)
    page = {
        "id": block["id"], "parent": parent, "values": {}, "icon": icon, "cover": cover,
        "is_locked": False, "is_archived": False, "made_at": ws.now().timestamp(),
    }  # fmt: skip
    ws.tables["pages"][page["id"]] = page
    return page
