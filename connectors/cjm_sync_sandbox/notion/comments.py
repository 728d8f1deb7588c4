"""Comments on pages and blocks."""

from __future__ import annotations

from cjm_sync_sandbox.notion.checks import undefined, uuid_of
from cjm_sync_sandbox.notion.errors import Json, archived, invalid
from cjm_sync_sandbox.notion.objects import parse_parent, show_parent
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace, listing, page_of_list, user_stub
from cjm_sync_sandbox.notion.text import parse_rich_text


def show_comment(ws: Workspace, comment: Json) -> Json:
    """Return a comment as the API answers it."""
    return {
        "object": "comment",
        "id": comment["id"],
        "parent": show_parent(ws, comment["parent"]),
        "discussion_id": comment["discussion_id"],
        "created_time": comment["created_time"],
        "last_edited_time": comment["last_edited_time"],
        "created_by": user_stub(comment["created_by"]),
        "rich_text": comment["rich_text"],
    }


def create_comment(ws: Workspace, call: Call) -> Json:
    """POST /comments, on a page or block, or in an open discussion."""
    body = call.body_of("parent", "discussion_id", "rich_text", "display_name", "attachments")
    if ("parent" in body) == ("discussion_id" in body):
        raise invalid("body failed validation: one of body.parent, body.discussion_id is required.")
    if "rich_text" not in body:
        raise undefined("body.rich_text")
    text = parse_rich_text(body["rich_text"], "body.rich_text")
    if "parent" in body:
        parent = parse_parent(body["parent"], ("page_id", "block_id"))
        (ws.page if parent["type"] == "page_id" else ws.block)(parent["id"])
        discussion_id = ws.new_id()
    else:
        discussion_id = uuid_of(body["discussion_id"], "body.discussion_id")
        held = [
            one
            for one in ws.tables["comments"].values()
            if one["discussion_id"] == discussion_id and ws.is_shared(one["parent"]["id"])
        ]
        if not held:
            raise invalid(f"Could not find discussion with ID: {discussion_id}.")
        parent = held[0]["parent"]
    if ws.is_trashed(parent["id"]):
        raise archived()
    comment = {
        "id": ws.new_id(), "parent": parent, "discussion_id": discussion_id, "rich_text": text,
        **ws.stamp(),
    }  # fmt: skip
    ws.tables["comments"][comment["id"]] = comment
    return show_comment(ws, comment)


def list_comments(ws: Workspace, call: Call) -> Json:
    """GET /comments?block_id=: the open comments of one page or block."""
    block = ws.block(uuid_of(call.first("block_id"), "query.block_id"))
    found = [one for one in ws.tables["comments"].values() if one["parent"]["id"] == block["id"]]
    names = [one["id"] for one in found]
    results, follows = page_of_list(found, names, *call.paging())
    return listing([show_comment(ws, one) for one in results], follows, "comment")


def get_comment(ws: Workspace, call: Call) -> Json:
    """GET /comments/{id}."""
    comment = ws.find("comments", call.ids[0], "comment")
    ws.block(comment["parent"]["id"])
    return show_comment(ws, comment)
