"""Enough of the service's markdown to make a page body: headings, lists, to-dos, paragraphs."""

from __future__ import annotations

import re
from typing import Any

from cjm_sync_sandbox.notion.blocktypes import Draft, parse_children
from cjm_sync_sandbox.notion.checks import need_text
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.state import Workspace

LINES = (
    (re.compile(r"(#{1,4}) (.*)"), ""),
    (re.compile(r"- \[([ x])\] (.*)"), "to_do"),
    (re.compile(r"(- )(.*)"), "bulleted_list_item"),
    (re.compile(r"(\d+\. )(.*)"), "numbered_list_item"),
    (re.compile(r"(> )(.*)"), "quote"),
)
PIECE = 2_000


def parse_markdown(ws: Workspace, value: Any, path: str) -> list[Draft]:
    """Return the blocks of a markdown text."""
    blocks: list[Json] = []
    for line in need_text(value, path).splitlines():
        if line.strip() == "---":
            blocks.append({"divider": {}})
        elif line.strip():
            blocks.append(_block_of(line.strip()))
    drafts: list[Draft] = []
    for start in range(0, len(blocks), 100):
        drafts += parse_children(ws, blocks[start : start + 100], path)
    return drafts


def _block_of(line: str) -> Json:
    for pattern, kind in LINES:
        match = pattern.fullmatch(line)
        if match is None:
            continue
        name = kind or f"heading_{len(match[1])}"
        payload: Json = {"rich_text": _runs(match[2])}
        if name == "to_do":
            payload["checked"] = match[1] == "x"
        return {name: payload}
    return {"paragraph": {"rich_text": _runs(line)}}


def _runs(text: str) -> list[Json]:
    return [
        {"text": {"content": text[start : start + PIECE]}} for start in range(0, len(text), PIECE)
    ]
