"""The endpoints that read and edit a page's body as markdown.

An edit keeps the blocks, with ids and comments, whose text it leaves as it was; the others are made
anew. A page or database that the new text no longer names is refused, unless deleting is allowed.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from cjm_sync_sandbox.notion.blocks import make_blocks
from cjm_sync_sandbox.notion.blocktypes import BLOCKS_PER_REQUEST, Draft
from cjm_sync_sandbox.notion.checks import (
    need_bool,
    need_list,
    need_object,
    need_one_of,
    need_text,
    only,
    undefined,
)
from cjm_sync_sandbox.notion.errors import Json, archived, invalid
from cjm_sync_sandbox.notion.markdown import HEX, chunks, parse_chunk
from cjm_sync_sandbox.notion.markwrite import page_texts
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace

EDITS = ("update_content", "replace_content", "insert_content", "replace_content_range")


def get_markdown(ws: Workspace, call: Call) -> Json:
    """GET /pages/{id}/markdown, of a page or of a block."""
    block = ws.block(call.ids[0])
    return _shown(ws, block["id"])


def _shown(ws: Workspace, block_id: str) -> Json:
    text = "\n".join(text for _, text in page_texts(ws, block_id))
    return {"object": "page_markdown", "id": block_id, "markdown": text, "truncated": False,
            "unknown_block_ids": []}  # fmt: skip


def change_markdown(ws: Workspace, call: Call) -> Json:
    """PATCH /pages/{id}/markdown."""
    block = ws.block(call.ids[0])
    body = call.body_of("type", "allow_async", "markdown_version", *EDITS)
    kind = need_one_of(body.get("type"), EDITS, "body.type")
    if kind not in body:
        raise undefined(f"body.{kind}")
    wish = need_object(body[kind], f"body.{kind}")
    if ws.is_trashed(block["id"]):
        raise archived()
    may_delete = need_bool(
        wish.get("allow_deleting_content", False), f"body.{kind}.allow_deleting_content"
    )
    before = "\n".join(text for _, text in page_texts(ws, block["id"]))
    after = _edited(before, kind, wish, f"body.{kind}")
    _rebuild(ws, block, after, f"body.{kind}", may_delete=may_delete)
    ws.touch(block["id"])
    return _shown(ws, block["id"])


def _edited(text: str, kind: str, wish: Json, path: str) -> str:
    if kind == "replace_content":
        only(wish, ("new_str", "allow_deleting_content"), path)
        return need_text(wish.get("new_str"), f"{path}.new_str")
    if kind == "update_content":
        only(wish, ("content_updates", "allow_deleting_content"), path)
        for index, item in enumerate(
            need_list(wish.get("content_updates"), f"{path}.content_updates")
        ):
            where = f"{path}.content_updates[{index}]"
            text = _replaced(text, need_object(item, where), where)
        return text
    content = need_text(wish.get("content"), f"{path}.content")
    if kind == "insert_content":
        only(wish, ("content", "position", "after"), path)
        if "after" in wish:
            end = _range(text, need_text(wish["after"], f"{path}.after"))[1]
            return f"{text[:end]}\n{content}{text[end:]}"
        position = need_object(wish.get("position", {"type": "end"}), f"{path}.position")
        place = need_one_of(position.get("type"), ("start", "end"), f"{path}.position.type")
        return f"{content}\n{text}" if place == "start" else f"{text}\n{content}"
    only(wish, ("content", "content_range", "allow_deleting_content"), path)
    start, end = _range(text, need_text(wish.get("content_range"), f"{path}.content_range"))
    return text[:start] + content + text[end:]


def _replaced(text: str, wish: Json, path: str) -> str:
    only(wish, ("old_str", "new_str", "replace_all_matches"), path)
    old = need_text(wish.get("old_str"), f"{path}.old_str")
    new = need_text(wish.get("new_str"), f"{path}.new_str")
    everywhere = need_bool(wish.get("replace_all_matches", False), f"{path}.replace_all_matches")
    found = text.count(old) if old else 0
    if found == 0:
        raise invalid(f"{path}.old_str was not found in the page.")
    if found > 1 and not everywhere:
        raise invalid(f"{path}.old_str was found {found} times in the page; it should be unique.")
    return text.replace(old, new)


def _range(text: str, selection: str) -> tuple[int, int]:
    """Return where `start text...end text` begins and ends."""
    first, dots, last = selection.partition("...")
    start = text.find(first) if first else -1
    end = text.find(last, start + len(first)) if dots else start
    if start < 0 or end < 0:
        raise invalid(f"The selection {selection!r} was not found in the page.")
    return start, end + len(last if dots else first)


def _rebuild(ws: Workspace, block: Json, text: str, path: str, *, may_delete: bool) -> None:
    held = page_texts(ws, block["id"])
    wanted = list(chunks(text))
    kept = _kept(held, wanted)
    drafts: dict[int, list[Draft]] = {
        index: parse_chunk(ws, chunk, path)
        for index, chunk in enumerate(wanted)
        if index not in kept
    }
    if sum(one.count() for made in drafts.values() for one in made) > BLOCKS_PER_REQUEST:
        raise invalid(f"{path} makes more than {BLOCKS_PER_REQUEST} blocks.")
    gone = [one for one, _ in held if one not in kept.values()]
    for one in gone:
        if ws.tables["blocks"][one]["type"].startswith("child_") and not may_delete:
            raise invalid(
                "This edit would delete child pages or databases. Set allow_deleting_content to"
                " allow it."
            )
    ws.require_room(sum(one.count() for made in drafts.values() for one in made))
    for one in gone:
        ws.tables["blocks"][one]["in_trash"] = True
    order: list[str] = []
    for index in range(len(wanted)):
        if index in kept:
            order.append(kept[index])
        else:
            order += make_blocks(ws, block, drafts[index])
    rest = [one for one in block["children"] if one not in order]
    block["children"][:] = order + rest


def _kept(held: list[tuple[str, str]], wanted: list[str]) -> dict[int, str]:
    """Return which chunk of the new text is which block that stands already."""
    matcher = SequenceMatcher(None, [text for _, text in held], wanted, autojunk=False)
    kept = {
        match.b + step: held[match.a + step][0]
        for match in matcher.get_matching_blocks()
        for step in range(match.size)
    }
    bare = {one.replace("-", ""): one for one, _ in held}
    for index, chunk in enumerate(wanted):
        if index not in kept and chunk.startswith(("<page ", "<database ", "<unknown ")):
            found = HEX.search(chunk)
            if found and bare.get(found[0]) and bare[found[0]] not in kept.values():
                kept[index] = bare[found[0]]
    return kept


__all__ = ["change_markdown", "get_markdown"]
