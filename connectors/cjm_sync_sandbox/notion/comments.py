"""Comments on pages and blocks."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.checks import (
    failed,
    need_list,
    need_object,
    need_one_of,
    need_text,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.dates import iso_minute
from cjm_sync_sandbox.notion.errors import Json, archived, invalid, restricted
from cjm_sync_sandbox.notion.files import parse_file, show_file
from cjm_sync_sandbox.notion.objects import parse_parent, show_parent
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace, listing, page_of_list, user_stub
from cjm_sync_sandbox.notion.text import parse_rich_text, run_of

ATTACHMENTS = 3
NAMES = ("integration", "user", "custom")


def show_comment(ws: Workspace, comment: Json) -> Json:
    """Return a comment as the API answers it."""
    shown: Json = {
        "object": "comment",
        "id": comment["id"],
        "parent": show_parent(ws, comment["parent"]),
        "discussion_id": comment["discussion_id"],
        "created_time": comment["created_time"],
        "last_edited_time": comment["last_edited_time"],
        "created_by": user_stub(comment["created_by"]),
        "rich_text": comment["rich_text"],
        "display_name": comment["display_name"],
    }
    if comment["attachments"]:
        shown["attachments"] = [
            {"category": "image", "file": show_file(ws, one)["file"]}
            for one in comment["attachments"]
        ]
    return shown


def create_comment(ws: Workspace, call: Call) -> Json:
    """POST /comments, on a page or block, or in an open discussion."""
    body = call.body_of(
        "parent", "discussion_id", "rich_text", "markdown", "display_name", "attachments"
    )
    if ("parent" in body) == ("discussion_id" in body):
        raise invalid("body failed validation: one of body.parent, body.discussion_id is required.")
    text = _words_of(body)
    name = _display_name(ws, body.get("display_name"))
    files = [
        _attachment(ws, one, f"body.attachments[{index}]")
        for index, one in enumerate(
            need_list(body.get("attachments", []), "body.attachments", limit=ATTACHMENTS)
        )
    ]
    if "parent" in body:
        parent = parse_parent(body["parent"], ("page_id", "block_id"))
        (ws.page if parent["type"] == "page_id" else ws.block)(parent["id"])
        discussion_id = ws.new_id()
    else:
        discussion_id = uuid_of(body["discussion_id"], "body.discussion_id")
        held = [
            one
            for one in ws.tables["comments"].values()
            if one["discussion_id"] == discussion_id
            and not one["resolved"]
            and ws.is_shared(one["parent"]["id"])
        ]
        if not held:
            raise invalid(f"Could not find discussion with ID: {discussion_id}.")
        parent = held[0]["parent"]
    if ws.is_trashed(parent["id"]):
        raise archived()
    comment = {
        "id": ws.new_id(), "parent": parent, "discussion_id": discussion_id, "rich_text": text,
        "display_name": name, "attachments": files, "resolved": False, **ws.stamp(),
    }  # fmt: skip
    ws.tables["comments"][comment["id"]] = comment
    return show_comment(ws, comment)


def _words_of(body: Json) -> list[Json]:
    if ("rich_text" in body) == ("markdown" in body):
        if "rich_text" not in body:
            raise undefined("body.rich_text")
        raise failed("body.markdown", "not present", body["markdown"])
    if "markdown" in body:
        return [run_of(need_text(body["markdown"], "body.markdown", limit=2_000))]
    return parse_rich_text(body["rich_text"], "body.rich_text")


def _display_name(ws: Workspace, value: Any) -> Json:
    """Return whose name stands over the comment: the connection's, or one of its choosing."""
    own = str(ws.tables["users"][ws.actor]["name"])
    kind = "integration" if ws.is_connection() else "user"
    if value is None:
        return {"type": kind, "resolved_name": own}
    given = need_object(value, "body.display_name")
    only(given, ("type", "custom"), "body.display_name")
    kind = need_one_of(given.get("type"), NAMES, "body.display_name.type")
    if kind != "custom":
        return {"type": kind, "resolved_name": own}
    custom = need_object(given.get("custom"), "body.display_name.custom")
    return {"type": kind, "resolved_name": need_text(custom.get("name"),
            "body.display_name.custom.name")}  # fmt: skip


def _attachment(ws: Workspace, value: Any, path: str) -> Json:
    given = need_object(value, path)
    only(given, ("type", "file_upload_id"), path)
    if "file_upload_id" not in given:
        raise undefined(f"{path}.file_upload_id")
    return parse_file(ws, {"file_upload": {"id": given["file_upload_id"]}}, path)


def list_comments(ws: Workspace, call: Call) -> Json:
    """GET /comments?block_id=: the open comments of one page or block."""
    block = ws.block(uuid_of(call.first("block_id"), "query.block_id"))
    found = [
        one
        for one in ws.tables["comments"].values()
        if one["parent"]["id"] == block["id"] and not one["resolved"]
    ]
    names = [one["id"] for one in found]
    results, follows = page_of_list(found, names, *call.paging())
    return listing([show_comment(ws, one) for one in results], follows, "comment")


def _comment(ws: Workspace, call: Call) -> Json:
    comment = ws.find("comments", call.ids[0], "comment")
    ws.block(comment["parent"]["id"])
    return comment


def get_comment(ws: Workspace, call: Call) -> Json:
    """GET /comments/{id}."""
    return show_comment(ws, _comment(ws, call))


def change_comment(ws: Workspace, call: Call) -> Json:
    """PATCH /comments/{id}: its words, by who wrote it."""
    comment = _comment(ws, call)
    text = _words_of(call.body_of("rich_text", "markdown"))
    _check_author(ws, comment)
    comment["rich_text"], comment["last_edited_time"] = text, iso_minute(ws.now())
    return show_comment(ws, comment)


def delete_comment(ws: Workspace, call: Call) -> Json:
    """DELETE /comments/{id}, by who wrote it."""
    comment = _comment(ws, call)
    _check_author(ws, comment)
    del ws.tables["comments"][comment["id"]]
    return show_comment(ws, comment)


def _check_author(ws: Workspace, comment: Json) -> None:
    if comment["created_by"] != ws.actor:
        raise restricted("A comment can be changed only by who wrote it.")
