"""What people do in the app that no request of the API does, carried out on the workspace.

Each function assumes that the acting user is the person (`NotionSandbox.acting`).
"""

from __future__ import annotations

import copy

from cjm_sync_sandbox.notion.checks import COLORS
from cjm_sync_sandbox.notion.containers import new_page
from cjm_sync_sandbox.notion.dates import iso_minute, iso_ms
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.pages import leave_parent
from cjm_sync_sandbox.notion.state import Workspace
from cjm_sync_sandbox.notion.templates import copy_body
from cjm_sync_sandbox.notion.text import run_of
from cjm_sync_sandbox.notion.views import new_view

COPY_MARK = " (1)"


def duplicate_page(ws: Workspace, page_id: str) -> str:
    """Copy a page with cells and body, as "Duplicate" does; comments do not come along."""
    page = ws.tables["pages"][page_id]
    made = new_page(ws, dict(page["parent"]), icon=page["icon"], cover=page["cover"])
    made["values"] = copy.deepcopy(page["values"])
    title = "".join(run["plain_text"] for run in page["values"].get("title", []))
    made["values"]["title"] = [run_of(title + COPY_MARK)]
    _place_after(ws, made["id"], page_id)
    copy_body(ws, page_id, made["id"])
    return str(made["id"])


def _place_after(ws: Workspace, new_id: str, page_id: str) -> None:
    parent = ws.tables["pages"][page_id]["parent"]
    if parent["type"] == "data_source_id":
        ws.tables["sources"][parent["id"]]["rows"].append(new_id)
    elif parent["type"] != "workspace":
        children = ws.tables["blocks"][parent["id"]]["children"]
        children.insert(children.index(page_id) + 1, new_id)


def duplicate_database(ws: Workspace, database_id: str) -> str:
    """Copy a database with columns, rows and views; relations go on pointing where they did."""
    database, block = ws.tables["databases"][database_id], ws.tables["blocks"][database_id]
    new = ws.add_block("child_database", {}, dict(block["parent"]))
    title = "".join(run["plain_text"] for run in database["title"])
    twin = {**copy.deepcopy(database), "id": new["id"], "title": [run_of(title + COPY_MARK)],
            "sources": [], "views": [], **ws.stamp_ms()}  # fmt: skip
    ws.tables["databases"][new["id"]] = twin
    siblings = ws.tables["blocks"][block["parent"]["id"]]["children"]
    siblings.insert(siblings.index(database_id) + 1, new["id"])
    sources = {one: _copy_source(ws, one, twin) for one in _own_sources(ws, database_id)}
    for view_id in database["views"]:
        view = ws.tables["views"][view_id]
        parts = {key: copy.deepcopy(view[key]) for key in
                 ("filter", "sorts", "quick_filters", "configuration")}  # fmt: skip
        shown = view["data_source_id"]
        new_view(ws, twin, sources.get(shown, shown), name=view["name"], kind=view["type"], **parts)
    return str(new["id"])


def _own_sources(ws: Workspace, database_id: str) -> list[str]:
    sources = ws.tables["sources"]
    return [one for one in ws.tables["databases"][database_id]["sources"]
            if one in sources and sources[one]["database_id"] == database_id]  # fmt: skip


def _copy_source(ws: Workspace, source_id: str, database: Json) -> str:
    source = ws.tables["sources"][source_id]
    new_id = ws.new_id()
    columns = copy.deepcopy(source["properties"])
    for column in columns.values():
        column["source_id"] = new_id
        if column["type"] == "relation":
            column["config"] |= {"type": "single_property", "synced_property_id": None}
    ws.tables["sources"][new_id] = {
        **copy.deepcopy(source), "id": new_id, "database_id": database["id"],
        "properties": columns, "rows": [], **ws.stamp(),
    }  # fmt: skip
    database["sources"].append(new_id)
    for row_id in source["rows"]:
        if ws.tables["blocks"][row_id]["in_trash"]:
            continue
        row = ws.tables["pages"][row_id]
        parent = {"type": "data_source_id", "id": new_id}
        made = new_page(ws, parent, icon=row["icon"], cover=row["cover"])
        made["values"] = copy.deepcopy(row["values"])
        ws.tables["sources"][new_id]["rows"].append(made["id"])
        copy_body(ws, row_id, made["id"])
    return new_id


def move_block(ws: Workspace, block_id: str, parent_id: str, index: int) -> None:
    """Drag a block to another place, of the same page or of another."""
    block = ws.tables["blocks"][block_id]
    leave_parent(ws, block_id, block["parent"])
    kind = "page_id" if parent_id in ws.tables["pages"] else "block_id"
    block["parent"] = {"type": kind, "id": parent_id}
    if block_id in ws.tables["pages"]:
        ws.tables["pages"][block_id]["parent"] = block["parent"]
    ws.tables["blocks"][parent_id]["children"].insert(index, block_id)
    ws.touch(block_id)


def turn_into(ws: Workspace, block_id: str, kind: str) -> None:
    """Turn a block of text into another kind, with the same id, as the app's menu does."""
    block = ws.tables["blocks"][block_id]
    content: Json = {"rich_text": block["content"].get("rich_text", []), "color": "default"}
    if kind.startswith("heading_"):
        content["is_toggleable"] = bool(block["children"])
    if kind == "to_do":
        content["checked"] = False
    if kind == "callout":
        content["icon"] = {"type": "emoji", "emoji": "💡"}
    block["type"], block["content"] = kind, content
    ws.touch(block_id)


def set_option(
    ws: Workspace,
    source_id: str,
    column_id: str,
    option_id: str,
    *,
    name: str = "",
    color: str = "",
) -> None:
    """Rename or recolour an option; cells follow."""
    option = _options(ws, source_id, column_id)[option_id]
    option["name"] = name or option["name"]
    option["color"] = color or option["color"]
    _touch_source(ws, source_id)


def drop_option(ws: Workspace, source_id: str, column_id: str, option_id: str) -> None:
    """Delete an option; cells that had it are empty."""
    source = ws.tables["sources"][source_id]
    config = source["properties"][column_id]["config"]
    config["options"] = [one for one in config["options"] if one["id"] != option_id]
    for row_id in source["rows"]:
        values = ws.tables["pages"][row_id]["values"]
        if values.get(column_id) == option_id:
            del values[column_id]
        elif isinstance(values.get(column_id), list):
            values[column_id] = [one for one in values[column_id] if one != option_id]
    _touch_source(ws, source_id)


def add_option(ws: Workspace, source_id: str, column_id: str, name: str, color: str = "") -> str:
    """Add an option to a select; more than a hundred are fine in the app."""
    options = ws.tables["sources"][source_id]["properties"][column_id]["config"]["options"]
    made = {
        "id": ws.new_id(), "name": name, "description": None,
        "color": color or COLORS[1 + len(options) % (len(COLORS) - 1)],
    }  # fmt: skip
    options.append(made)
    _touch_source(ws, source_id)
    return str(made["id"])


def _options(ws: Workspace, source_id: str, column_id: str) -> dict[str, Json]:
    options = ws.tables["sources"][source_id]["properties"][column_id]["config"]["options"]
    return {one["id"]: one for one in options}


def _touch_source(ws: Workspace, source_id: str) -> None:
    source = ws.tables["sources"][source_id]
    source["last_edited_time"], source["last_edited_by"] = iso_minute(ws.now()), ws.actor


def retype_view(ws: Workspace, view_id: str, kind: str) -> None:
    """Change a view's layout; what the new one cannot say is dropped."""
    view = ws.tables["views"][view_id]
    view["type"], view["configuration"] = kind, {"type": kind}
    view["last_edited_time"], view["last_edited_by"] = iso_ms(ws.now()), ws.actor


def reorder_views(ws: Workspace, database_id: str, order: list[str]) -> None:
    """Put the tabs of a database into another order."""
    ws.tables["databases"][database_id]["views"] = list(order)


def resolve(ws: Workspace, discussion_id: str) -> list[str]:
    """Resolve a discussion: its comments are listed no more. Returns their ids."""
    found = [one for one in ws.tables["comments"].values() if one["discussion_id"] == discussion_id]
    for comment in found:
        comment["resolved"] = True
    return [one["id"] for one in found]


def make_template(ws: Workspace, source_id: str, name: str, *, default: bool = False) -> str:
    """Make a template page of a data source; it is no row and no query shows it."""
    source = ws.tables["sources"][source_id]
    page = new_page(ws, {"type": "data_source_id", "id": source_id}, icon=None, cover=None)
    page["values"]["title"] = [run_of(name)]
    source.setdefault("templates", []).append(page["id"])
    if default:
        source["default_template"] = page["id"]
    return str(page["id"])
