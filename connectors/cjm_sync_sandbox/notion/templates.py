"""Templates of a data source: listing them, and the copy that arrives some time after its page.

A copy has the template's blocks, pages below and linked views; a filter that names the template
names the new page instead. Cells that the new row left empty take the template's.
"""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta
from typing import Any

from cjm_sync_sandbox.notion.containers import new_database, new_page
from cjm_sync_sandbox.notion.errors import ApiError, Json
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace, page_of_list, templates_of
from cjm_sync_sandbox.notion.views import new_view

COPIED = ("filter", "sorts", "quick_filters", "configuration")


def list_templates(ws: Workspace, call: Call) -> Json:
    """GET /data_sources/{id}/templates?name=: made in the app only."""
    source = ws.source(call.ids[0])
    wanted = (call.first("name") or "").casefold()
    found = [
        {"id": one, "name": ws.page_title(one), "is_default": one == source.get("default_template")}
        for one in templates_of(source)
        if not ws.tables["blocks"][one]["in_trash"] and wanted in ws.page_title(one).casefold()
    ]
    names = [str(one["id"]) for one in found]
    results, follows = page_of_list(found, names, *call.paging())
    return {"templates": results, "has_more": follows is not None, "next_cursor": follows}


def default_template(ws: Workspace, source: Json | None) -> str | None:
    """Return the id of a data source's default template, if people made one and kept it."""
    found = (source or {}).get("default_template")
    blocks = ws.tables["blocks"]
    return None if found not in blocks or blocks[found]["in_trash"] else str(found)


def plan_copy(ws: Workspace, template: Json, page: Json) -> None:
    """Let a template's copy arrive in *page* later."""
    due = ws.now() + timedelta(seconds=ws.facts["template_seconds"])
    job = {"id": ws.new_id(), "page": page["id"], "template": template["id"],
           "due": due.isoformat(), "actor": ws.actor}  # fmt: skip
    ws.tables["jobs"][job["id"]] = job


def apply_due(ws: Workspace) -> None:
    """Carry out the copies whose time has come; one that fails is never heard of again."""
    jobs = ws.tables["jobs"]
    for job_id in [one for one in jobs if datetime.fromisoformat(jobs[one]["due"]) <= ws.now()]:
        job = jobs.pop(job_id)
        pages = ws.tables["pages"]
        if job["page"] not in pages or job["template"] not in pages:
            continue
        before, ws.actor = ws.actor, job["actor"]
        try:
            _fill_cells(ws, pages[job["template"]], pages[job["page"]])
            copy_body(ws, job["template"], job["page"])
            ws.touch(job["page"])
        except ApiError:
            # The workspace's block limit, met after the create was answered with success.
            continue
        finally:
            ws.actor = before


def _fill_cells(ws: Workspace, template: Json, page: Json) -> None:
    if page["parent"] == template["parent"] and page["parent"]["type"] == "data_source_id":
        columns = ws.tables["sources"][page["parent"]["id"]]["properties"]
        for key, value in template["values"].items():
            kind = columns[key]["type"] if key in columns else "title"
            if kind not in {"title", "unique_id", "relation"} and not page["values"].get(key):
                page["values"][key] = copy.deepcopy(value)
    page["icon"] = page["icon"] or template["icon"]
    page["cover"] = page["cover"] or template["cover"]


def copy_body(ws: Workspace, from_id: str, to_id: str) -> None:
    """Copy the live blocks of one page or block into another, with what is below them."""
    _copy_children(ws, from_id, to_id, from_id, to_id)


def _copy_children(ws: Workspace, from_id: str, to_id: str, template: str, page: str) -> None:
    blocks = ws.tables["blocks"]
    for child_id in list(blocks[from_id]["children"]):
        child = blocks[child_id]
        if child["in_trash"]:
            continue
        parent = {"type": "page_id" if to_id in ws.tables["pages"] else "block_id", "id": to_id}
        if child["type"] == "child_database":
            _copy_linked(ws, child_id, parent, template, page)
            continue
        if child["type"] == "child_page":
            held = ws.tables["pages"][child_id]
            made = new_page(ws, parent, icon=held["icon"], cover=held["cover"])
            made["values"] = copy.deepcopy(held["values"])
        else:
            made = ws.add_block(child["type"], copy.deepcopy(child["content"]), parent)
        blocks[to_id]["children"].append(made["id"])
        _copy_children(ws, child_id, made["id"], template, page)


def _copy_linked(ws: Workspace, database_id: str, parent: Json, template: str, page: str) -> None:
    """Copy a linked database; one that holds rows of its own is left out."""
    database = ws.tables["databases"][database_id]
    sources = ws.tables["sources"]
    if any(sources[one]["database_id"] == database_id for one in database["sources"]):
        return
    made = new_database(ws, parent, title=copy.deepcopy(database["title"]), description=[],
                        is_inline=database["is_inline"])  # fmt: skip
    made["sources"] = list(database["sources"])
    for view_id in database["views"]:
        view = ws.tables["views"][view_id]
        parts: dict[str, Any] = {
            key: json.loads(json.dumps(view[key]).replace(template, page)) for key in COPIED
        }
        new_view(ws, made, view["data_source_id"], name=view["name"], kind=view["type"], **parts)
