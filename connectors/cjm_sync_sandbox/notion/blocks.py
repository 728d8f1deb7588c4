"""Page bodies: listing, appending, editing and removing blocks."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.blocktypes import (
    CREATABLE,
    MEDIA,
    READ_KEYS,
    Draft,
    check_place,
    check_row,
    holds_children,
    parse_children,
    parse_content,
)
from cjm_sync_sandbox.notion.checks import (
    failed,
    kind_of,
    need_bool,
    need_object,
    only,
    uuid_of,
)
from cjm_sync_sandbox.notion.errors import Json, archived, invalid
from cjm_sync_sandbox.notion.files import show_file, show_picture
from cjm_sync_sandbox.notion.objects import show_parent
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace, listing, page_of_list, user_stub
from cjm_sync_sandbox.notion.text import plain

POSITIONS = ("after_block", "start", "end")


def show_block(ws: Workspace, block: Json) -> Json:
    """Return a block as the API answers it."""
    kind = block["type"]
    return {
        "object": "block",
        "id": block["id"],
        "parent": show_parent(ws, block["parent"]),
        "created_time": block["created_time"],
        "last_edited_time": block["last_edited_time"],
        "created_by": user_stub(block["created_by"]),
        "last_edited_by": user_stub(block["last_edited_by"]),
        "has_children": kind != "child_database" and bool(live_children(ws, block)),
        "in_trash": ws.is_trashed(block["id"]),
        "type": kind,
        kind: _show_content(ws, block),
    }


def _show_content(ws: Workspace, block: Json) -> Json:
    kind, content = block["type"], block["content"]
    if kind == "child_page":
        return {"title": ws.page_title(block["id"])}
    if kind == "child_database":
        return {"title": plain(ws.tables["databases"][block["id"]]["title"])}
    if kind in MEDIA:
        shown = {"caption": content["caption"], **show_file(ws, content["source"])}
        if kind != "file":
            shown.pop("name", None)
        return shown
    if "icon" in content:
        return {**content, "icon": show_picture(ws, content["icon"])}
    return dict(content)


def live_children(ws: Workspace, block: Json) -> list[str]:
    """Return the ids of the children that are not in the trash themselves."""
    return [one for one in block["children"] if not ws.tables["blocks"][one]["in_trash"]]


def visible_children(ws: Workspace, block: Json) -> list[str]:
    """Return the live children that the acting user may see."""
    return [one for one in live_children(ws, block) if one not in ws.facts["unshared"]
            or not ws.is_connection()]  # fmt: skip


def get_block(ws: Workspace, call: Call) -> Json:
    """GET /blocks/{id}."""
    return show_block(ws, ws.block(call.ids[0]))


def list_children(ws: Workspace, call: Call) -> Json:
    """GET /blocks/{id}/children."""
    names = visible_children(ws, ws.block(call.ids[0]))
    results, follows = page_of_list(names, names, *call.paging())
    blocks = ws.tables["blocks"]
    return listing([show_block(ws, blocks[one]) for one in results], follows, "block")


def append_children(ws: Workspace, call: Call) -> Json:
    """PATCH /blocks/{id}/children.

    The answer lists the new blocks and, for `start` and `after_block`, the siblings behind them.
    """
    parent = ws.block(call.ids[0])
    body = call.body_of("children", "position")
    if "children" not in body:
        raise failed("body.children", "defined", None)
    if ws.is_trashed(parent["id"]):
        raise archived()
    if parent["type"] == "child_database":
        raise invalid("Block does not support children.")
    is_page = parent["type"] == "child_page"
    if not is_page and not holds_children(parent["type"], parent["content"]):
        raise invalid("Block does not support children.")
    drafts = parse_children(ws, body["children"], "body.children")
    for draft in drafts:
        check_place(parent["type"], draft.type)
        if draft.type == "table_row":
            check_row(draft.content, parent["content"]["table_width"])
    index = place_of(ws, parent, body.get("position"))
    made = make_blocks(ws, parent, drafts, index)
    ws.touch(parent["id"])
    shown = made
    if body.get("position") is not None and index is not None:
        behind = parent["children"][index + len(made) :]
        visible = set(visible_children(ws, parent))
        shown = made + [one for one in behind if one in visible]
    blocks = ws.tables["blocks"]
    return listing([show_block(ws, blocks[one]) for one in shown], None, "block")


def place_of(ws: Workspace, parent: Json, value: Any) -> int | None:
    """Return the index that a position means among all children; None is the end."""
    if value is None:
        return None
    position = need_object(value, "body.position")
    if "type" not in position:
        raise failed("body.position.type", "defined", value)
    kind = position["type"]
    if kind not in POSITIONS:
        raise failed("body.position.type", "`start`, `end` or `after_block`", kind)
    only(position, ("type", "after_block") if kind == "after_block" else ("type",), "body.position")
    if kind == "end":
        return None
    if kind == "start":
        return 0
    kind_of(position, ("after_block",), "body.position")
    holder = need_object(position["after_block"], "body.position.after_block")
    only(holder, ("id",), "body.position.after_block")
    return index_after(ws, parent, holder.get("id"), "body.position.after_block.id")


def index_after(ws: Workspace, parent: Json, value: Any, path: str) -> int:
    """Return the index behind a direct child of *parent*."""
    anchor = uuid_of(value, path)
    if anchor not in live_children(ws, parent):
        raise invalid(f"Block {anchor} is not a child of {parent['id']}.")
    children: list[str] = parent["children"]
    return children.index(anchor) + 1


def make_blocks(
    ws: Workspace, parent: Json, drafts: list[Draft], index: int | None = None
) -> list[str]:
    """Make blocks and everything below them; returns the ids of the first level."""
    ws.require_room(sum(draft.count() for draft in drafts))
    kind = "page_id" if parent["id"] in ws.tables["pages"] else "block_id"
    made: list[str] = []
    for draft in drafts:
        block = ws.add_block(draft.type, draft.content, {"type": kind, "id": parent["id"]})
        made.append(block["id"])
        make_blocks(ws, block, draft.children)
    at = len(parent["children"]) if index is None else index
    parent["children"][at:at] = made
    return made


def change_block(ws: Workspace, call: Call) -> Json:
    """PATCH /blocks/{id}."""
    block = ws.block(call.ids[0])
    kind = block["type"]
    body = call.body_of("in_trash", *CREATABLE, *READ_KEYS)
    given = [key for key in body if key in CREATABLE]
    if any(key != kind for key in given):
        raise invalid(f"body failed validation: body.{given[0]} does not match block type {kind}.")
    trash = body.get("in_trash")
    if trash is not None and need_bool(trash, "body.in_trash"):
        check_not_top(ws, block)
    check_editable(ws, block, trash=trash, has_more=bool(given))
    if given:
        content = parse_content(
            ws, kind, need_object(body[kind], f"body.{kind}"), f"body.{kind}", is_new=False
        )
        if kind == "table_row":
            table = ws.tables["blocks"][block["parent"]["id"]]
            check_row(content, table["content"]["table_width"])
        block["content"] = {**block["content"], **content}
    if trash is not None:
        block["in_trash"] = trash
    ws.touch(block["id"])
    return show_block(ws, block)


def check_editable(ws: Workspace, block: Json, *, trash: bool | None, has_more: bool) -> None:
    """Refuse an edit of what lies in the trash, unless the edit takes it out of there."""
    parent = block["parent"].get("id")
    if parent is not None and ws.is_trashed(parent):
        raise archived(by_ancestor=True)
    if block["in_trash"] and (trash is None or (trash and has_more)):
        raise archived()


def check_not_top(ws: Workspace, block: Json) -> None:
    """Refuse to let the connection trash a page of the workspace's top level."""
    if block["parent"]["type"] == "workspace" and ws.is_connection():
        raise invalid("Archiving workspace level pages via API not supported.")


def delete_block(ws: Workspace, call: Call) -> Json:
    """DELETE /blocks/{id}: into the trash, with everything below."""
    block = ws.block(call.ids[0])
    if ws.is_trashed(block["id"]):
        raise archived()
    check_not_top(ws, block)
    block["in_trash"] = True
    ws.touch(block["id"])
    return show_block(ws, block)


__all__ = [
    "append_children", "change_block", "check_editable", "check_not_top", "delete_block", "get_block",
    "index_after", "list_children", "live_children", "make_blocks", "show_block",
]  # fmt: skip
