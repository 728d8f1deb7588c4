"""Pages and rows: create, read, change, move, and one property at a time."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.blocks import check_editable, check_not_top, index_after, make_blocks
from cjm_sync_sandbox.notion.blocktypes import Draft, check_icon, parse_children
from cjm_sync_sandbox.notion.cells import value_of
from cjm_sync_sandbox.notion.checks import (
    failed,
    need_bool,
    need_object,
    need_one_of,
    only,
    uuid_of,
)
from cjm_sync_sandbox.notion.containers import new_page
from cjm_sync_sandbox.notion.errors import ApiError, Json, archived, gated, invalid
from cjm_sync_sandbox.notion.files import parse_file
from cjm_sync_sandbox.notion.markdown import parse_markdown
from cjm_sync_sandbox.notion.objects import (
    PLAIN_PAGE,
    chosen_columns,
    parse_parent,
    schema_of,
    show_page,
)
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import (
    Workspace,
    encoded,
    find_property,
    listing,
    page_of_list,
    templates_of,
)
from cjm_sync_sandbox.notion.templates import default_template, plan_copy
from cjm_sync_sandbox.notion.text import parse_icon
from cjm_sync_sandbox.notion.values import first_values, parse_values, store_values

BIG_PLANS = ("business", "enterprise")
ROWS_PER_DATABASE = 250_000


def parse_cover(ws: Workspace, value: Any, path: str) -> Json | None:
    """Check a cover: an outside picture or an upload."""
    return None if value is None else parse_file(ws, need_object(value, path), path)


def parse_page_icon(ws: Workspace, value: Any, path: str) -> Json | None:
    """Check an icon and that its upload is there."""
    icon = parse_icon(value, path)
    check_icon(ws, icon, path)
    return icon


def create_page(ws: Workspace, call: Call) -> Json:
    """POST /pages."""
    body = call.body_of(
        "parent", "properties", "icon", "cover", "children", "content", "markdown", "template",
        "position", "allow_async",
    )  # fmt: skip
    if "parent" not in body:
        raise failed("body.parent", "defined", None)
    parent = _page_parent(ws, body["parent"])
    source = ws.tables["sources"][parent["id"]] if parent["type"] == "data_source_id" else None
    schema = source or PLAIN_PAGE
    parsed = parse_values(ws, schema, body.get("properties", {}), "body.properties")
    icon = parse_page_icon(ws, body.get("icon"), "body.icon")
    cover = parse_cover(ws, body.get("cover"), "body.cover")
    drafts, template = _body_of_page(ws, body, source)
    columns = chosen_columns(schema, call)
    holder = None if source else ws.tables["blocks"].get(parent.get("id", ""))
    index = _page_place(ws, holder, body.get("position"))
    ws.require_room(1 + sum(draft.count() for draft in drafts))
    page = new_page(ws, parent, icon=icon, cover=cover)
    if source is not None:
        source["rows"].append(page["id"])
        page["values"] |= first_values(source)
    elif holder is not None:
        at = len(holder["children"]) if index is None else index
        holder["children"].insert(at, page["id"])
        ws.touch(holder["id"])
    else:
        ws.facts["unshared"].append(page["id"])
    store_values(ws, schema, page, parsed)
    make_blocks(ws, ws.tables["blocks"][page["id"]], drafts)
    if template is not None:
        plan_copy(ws, template, page)
    return show_page(ws, page, columns)


def _page_parent(ws: Workspace, value: Any) -> Json:
    kinds = ("page_id", "data_source_id", "database_id", "workspace")
    parent = parse_parent(value, kinds)
    kind = parent["type"]
    if kind == "workspace":
        if ws.is_connection():
            raise invalid(
                "Internal integrations aren't owned by a single user, so creating workspace-level"
                " private pages is not supported."
            )
        return parent
    if kind == "page_id":
        ws.page(parent["id"])
    elif kind == "database_id":
        sources = ws.database(parent["id"])["sources"]
        if len(sources) != 1:
            raise invalid("Databases with multiple data sources need a data_source_id parent.")
        parent = {"type": "data_source_id", "id": ws.source(sources[0])["id"]}
    else:
        source = ws.source(parent["id"])
        if len(source["rows"]) >= ROWS_PER_DATABASE:
            raise ApiError(
                409,
                "row_limit_exceeded",
                f"A data source has at most {ROWS_PER_DATABASE} rows.",
            )
    if ws.is_trashed(parent["id"]):
        raise archived()
    return parent


def _body_of_page(
    ws: Workspace, body: Json, source: Json | None
) -> tuple[list[Draft], Json | None]:
    sent = [key for key in ("children", "content", "markdown") if body.get(key) is not None]
    if len(sent) > 1:
        raise invalid(f"body.{sent[0]} and body.{sent[1]} exclude each other.")
    given = need_object(body.get("template", {"type": "none"}), "body.template")
    kind = given.get("type", "template_id")
    need_one_of(kind, ("none", "default", "template_id"), "body.template.type")
    only(given, ("type", "template_id", "timezone"), "body.template")
    if kind != "none" and sent:
        raise invalid(f"body.{sent[0]} cannot be sent together with a template.")
    template = None
    if kind == "default":
        found = default_template(ws, source)
        if found is None:
            raise invalid("The data source has no default template.")
        template = ws.page(found)
    elif kind == "template_id":
        template = ws.page(uuid_of(given.get("template_id"), "body.template.template_id"))
        if ws.is_trashed(template["id"]):
            raise archived()
    if not sent:
        return [], template
    where = f"body.{sent[0]}"
    if sent[0] == "markdown":
        return parse_markdown(ws, body["markdown"], where), None
    return parse_children(ws, body[sent[0]], where), None


def _page_place(ws: Workspace, holder: Json | None, value: Any) -> int | None:
    if value is None or holder is None:
        return None
    position = need_object(value, "body.position")
    kind = need_one_of(
        position.get("type"), ("after_block", "page_start", "page_end"), "body.position.type"
    )
    if kind == "after_block":
        after = need_object(position.get("after_block"), "body.position.after_block")
        return index_after(ws, holder, after.get("id"), "body.position.after_block.id")
    return 0 if kind == "page_start" else None


def get_page(ws: Workspace, call: Call) -> Json:
    """GET /pages/{id}."""
    page = ws.page(call.ids[0])
    return show_page(ws, page, chosen_columns(schema_of(ws, page), call))


def change_page(ws: Workspace, call: Call) -> Json:
    """PATCH /pages/{id}."""
    page = ws.page(call.ids[0])
    block = ws.tables["blocks"][page["id"]]
    body = call.body_of(
        "properties", "icon", "cover", "is_locked", "in_trash", "is_archived", "template",
        "erase_content",
    )  # fmt: skip
    for key in ("is_locked", "in_trash", "is_archived", "erase_content"):
        if body.get(key) is not None:
            need_bool(body[key], f"body.{key}")
    trash = body.get("in_trash")
    check_editable(ws, block, trash=trash, has_more=any(key != "in_trash" for key in body))
    if trash:
        check_not_top(ws, block)
    if "is_archived" in body and ws.facts["plan"] not in BIG_PLANS:
        raise gated(
            "Archiving pages is not available on this workspace's plan.", ws.facts["gate_status"]
        )
    schema = schema_of(ws, page)
    parsed = parse_values(ws, schema, body.get("properties", {}), "body.properties")
    icon = parse_page_icon(ws, body.get("icon"), "body.icon")
    cover = parse_cover(ws, body.get("cover"), "body.cover")
    columns = chosen_columns(schema, call)
    held = ws.tables["sources"].get(page["parent"].get("id", ""))
    _, template = _body_of_page(ws, {"template": body.get("template", {"type": "none"})}, held)
    store_values(ws, schema, page, parsed)
    if "icon" in body:
        page["icon"] = icon
    if "cover" in body:
        page["cover"] = cover
    for key in ("is_locked", "is_archived"):
        if body.get(key) is not None:
            page[key] = body[key]
    if trash is not None:
        block["in_trash"] = trash
    if body.get("erase_content"):
        for child in block["children"]:
            ws.tables["blocks"][child]["in_trash"] = True
    if template is not None:
        plan_copy(ws, template, page)
    ws.touch(page["id"])
    return show_page(ws, page, columns)


def move_page(ws: Workspace, call: Call) -> Json:
    """POST /pages/{id}/move: same id, new parent."""
    page = ws.page(call.ids[0])
    body = call.body_of("parent")
    parent = parse_parent(body.get("parent"), ("page_id", "data_source_id"))
    target = (ws.page if parent["type"] == "page_id" else ws.source)(parent["id"])
    if ws.is_trashed(page["id"]) or ws.is_trashed(parent["id"]):
        raise archived()
    if page["id"] in ws.parents(parent["id"]):
        raise invalid("A page cannot be moved into itself.")
    leave_parent(ws, page["id"], page["parent"])
    if page["parent"].get("id") != parent["id"]:
        page["values"] = {key: one for key, one in page["values"].items() if key == "title"}
    page["parent"] = parent
    ws.tables["blocks"][page["id"]]["parent"] = parent
    if parent["type"] == "page_id":
        ws.tables["blocks"][parent["id"]]["children"].append(page["id"])
    else:
        target["rows"].append(page["id"])
    ws.touch(page["id"])
    return show_page(ws, page)


def leave_parent(ws: Workspace, child_id: str, parent: Json) -> None:
    """Take a page or database from where it stands."""
    if parent["type"] == "data_source_id":
        source = ws.tables["sources"][parent["id"]]
        for kept in (source["rows"], templates_of(source)):
            if child_id in kept:
                kept.remove(child_id)
    elif parent["type"] != "workspace":
        ws.tables["blocks"][parent["id"]]["children"].remove(child_id)


def get_property(ws: Workspace, call: Call) -> Json:
    """GET /pages/{id}/properties/{property id}: the whole value, in pages where it is a list."""
    page_id, property_id = call.ids
    page = ws.page(page_id)
    column = find_property(schema_of(ws, page), property_id)
    if column is None:
        raise invalid(f"Could not find property with name or id: {property_id}")
    kind, shown_id = column["type"], encoded(column["id"])
    value = value_of(ws, page, column)
    if kind not in {"title", "rich_text", "relation", "people"}:
        return {"object": "property_item", "id": shown_id, "type": kind, kind: value}
    names = [str(index) for index in range(len(value))]
    results, follows = page_of_list(value, names, *call.paging())
    items = [
        {"object": "property_item", "id": shown_id, "type": kind, kind: one} for one in results
    ]
    answer = listing(items, follows, "property_item")
    answer["property_item"] = {"id": shown_id, "next_url": None, "type": kind, kind: {}}
    return answer
