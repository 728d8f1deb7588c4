"""Reading the service's enhanced markdown (v1): a text becomes blocks.

Tabs indent children; blocks that are tags (`<callout>`, `<details>`, `<columns>`, `<table>`) close on
a line of their own. What stands in `<unknown>`, `<page>` or `<database>` exists already and is no
block to make: `chunks` hands such lines to whoever edits a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cjm_sync_sandbox.notion.blocktypes import BLOCKS_PER_REQUEST, Draft, parse_block
from cjm_sync_sandbox.notion.checks import need_text
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.state import Workspace

DEPTH = 8
PIECE = 2_000
TAGS = ("callout", "details", "columns", "column", "table", "synced_block")
ATTRIBUTES = re.compile(r"\s*\{((?:\w+=\"[^\"]*\"\s*)+)\}$")
PAIR = re.compile(r"([\w-]+)=\"([^\"]*)\"")
LINES = (
    (re.compile(r"(#{1,6}) (.*)"), "heading"),
    (re.compile(r"- \[([ x])\] (.*)"), "to_do"),
    (re.compile(r"(- )(.*)"), "bulleted_list_item"),
    (re.compile(r"(\d+\. )(.*)"), "numbered_list_item"),
    (re.compile(r"(> )(.*)"), "quote"),
)
IMAGE = re.compile(r"!\[(.*)\]\((\S+)\)")
INLINE = re.compile(
    r"\\(?P<escaped>.)"
    r"|`(?P<code>[^`]+)`"
    r"|\[(?P<label>(?:\\.|[^\]])*)\]\((?P<link>[^)\s]+)\)"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|~~(?P<strike>.+?)~~"
    r"|\*(?P<italic>[^*]+)\*"
    r"|<mention-(?P<kind>page|user|database) url=\"(?P<url>[^\"]*)\"/>"
    r"|<mention-date start=\"(?P<date>[^\"]*)\"/>"
    r"|(?P<br><br>)"
)
HEX = re.compile(r"[0-9a-f]{32}")


def parse_markdown(ws: Workspace, value: Any, path: str) -> list[Draft]:
    """Return the blocks of a markdown text."""
    drafts = [
        draft for chunk in chunks(need_text(value, path)) for draft in parse_chunk(ws, chunk, path)
    ]
    if sum(draft.count() for draft in drafts) > BLOCKS_PER_REQUEST:
        raise invalid(
            f"body failed validation: {path} makes more than {BLOCKS_PER_REQUEST} blocks."
        )
    return drafts


def parse_chunk(ws: Workspace, chunk: str, path: str) -> list[Draft]:
    """Return the block of one chunk; none for what exists already."""
    return [parse_block(ws, block, path, DEPTH) for block in _blocks([chunk])]


def chunks(text: str) -> Iterator[str]:
    """Cut a text into its top-level blocks, each with the lines that belong to it."""
    held: list[str] = []
    until = ""
    for line in text.splitlines():
        if until:
            held.append(line)
            if line.rstrip() == until:
                yield "\n".join(held)
                held, until = [], ""
            continue
        if line.startswith("\t") and held:
            held.append(line)
            continue
        if held:
            yield "\n".join(held)
            held = []
        if line.strip():
            held, until = [line], _closing(line)
    if held:
        yield "\n".join(held)


def _closing(line: str) -> str:
    """Return the line that ends what *line* begins, "" when it is one line (and what is indented)."""
    bare = line.strip()
    if bare.startswith("```"):
        return "```"
    if bare == "$$":
        return "$$"
    for tag in TAGS:
        if re.match(rf"<{tag}[ >]", bare) and not bare.endswith(f"</{tag}>"):
            return f"</{tag}>"
    return ""


def _blocks(parts: list[str]) -> list[Json]:
    made: list[Json] = []
    for part in parts:
        block = _block(part.split("\n"))
        if block is not None:
            made.append(block)
    return made


def _below(lines: list[str]) -> list[Json]:
    """Return the blocks of lines that are indented once."""
    return _blocks(list(chunks("\n".join(line.removeprefix("\t") for line in lines))))


def _block(lines: list[str]) -> Json | None:
    first = lines[0].strip()
    if re.match(r"<(page|database|unknown)[ >/]", first):
        return None
    if first.startswith("```"):
        language = first.removeprefix("```") or "plain text"
        return {"code": {"rich_text": _pieces("\n".join(lines[1:-1])), "language": language}}
    if first == "$$":
        return {"equation": {"expression": "\n".join(lines[1:-1]).strip()}}
    if first == "---":
        return {"divider": {}}
    if first == "<table_of_contents/>":
        return {"table_of_contents": {}}
    if first == "<empty-block/>":
        return {"paragraph": {"rich_text": []}}
    image = IMAGE.fullmatch(first)
    if image is not None:
        return {"image": {"external": {"url": image[2]}, "caption": inline(image[1])}}
    tag = re.match(r"<(\w+)([^>]*)>", first)
    if tag is not None and tag[1] in TAGS:
        return _tag(tag[1], dict(PAIR.findall(tag[2])), lines)
    return _line(first, lines[1:])


def _line(first: str, below: list[str]) -> Json:
    said = ATTRIBUTES.search(first)
    extra = dict(PAIR.findall(said[1])) if said else {}
    words = first[: said.start()] if said else first
    kind, payload = "paragraph", words
    name = ""
    for pattern, name in LINES:
        match = pattern.fullmatch(words)
        if match is not None:
            kind = f"heading_{min(len(match[1]), 4)}" if name == "heading" else name
            payload = match[2]
            break
    content: Json = {"rich_text": inline(payload)}
    if kind == "to_do":
        content["checked"] = words.startswith("- [x]")
    if "color" in extra:
        content["color"] = _color(extra["color"])
    children = _below(below)
    if kind.startswith("heading_") and (children or extra.get("toggle") == "true"):
        content["is_toggleable"] = True
    if children:
        content["children"] = children
    return {kind: content}


def _color(word: str) -> str:
    return word.removesuffix("_bg") + "_background" if word.endswith("_bg") else word


def _tag(tag: str, said: dict[str, str], lines: list[str]) -> Json:
    inner = lines[1:-1]
    color = {"color": _color(said["color"])} if "color" in said else {}
    if tag == "callout":
        children = _below(inner)
        text = children.pop(0) if children and "paragraph" in children[0] else None
        return {"callout": {
            "rich_text": text["paragraph"]["rich_text"] if text else [], **color,
            **({"icon": {"emoji": said["icon"]}} if "icon" in said else {}),
            **({"children": children} if children else {}),
        }}  # fmt: skip
    if tag == "details":
        summary = re.fullmatch(r"\s*<summary>(.*)</summary>", inner[0] if inner else "")
        children = _below(inner[1:] if summary else inner)
        return {"toggle": {"rich_text": inline(summary[1] if summary else ""), **color,
                           **({"children": children} if children else {})}}  # fmt: skip
    if tag == "table":
        return _table(said, inner)
    children = _below(inner)
    if tag == "columns":
        return {"column_list": {"children": children}}
    if tag == "column":
        return {"column": {"children": children}}
    return {"synced_block": {"synced_from": None, "children": children}}


def _table(said: dict[str, str], inner: list[str]) -> Json:
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row)
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", "".join(one.strip() for one in inner))]  # fmt: skip
    return {"table": {
        "table_width": max((len(row) for row in rows), default=0),
        "has_column_header": said.get("header-row") == "true",
        "has_row_header": said.get("header-column") == "true",
        "children": [{"table_row": {"cells": [inline(cell) for cell in row]}} for row in rows],
    }}  # fmt: skip


def inline(text: str, **dress: bool) -> list[Json]:
    """Return the runs of one line: bold, italic, struck, code, links, mentions, escapes."""
    runs: list[Json] = []
    plain = ""
    at = 0
    for match in INLINE.finditer(text):
        plain += text[at : match.start()]
        at = match.end()
        if match["escaped"] is not None:
            plain += match["escaped"]
            continue
        if match["br"] is not None:
            plain += "\n"
            continue
        runs += _pieces(plain, dress)
        plain = ""
        runs += _special(match, dress)
    return runs + _pieces(plain + text[at:], dress)


def _special(match: re.Match[str], dress: dict[str, bool]) -> list[Json]:
    if match["code"] is not None:
        return _pieces(match["code"], {**dress, "code": True})
    if match["label"] is not None:
        label = re.sub(r"\\(.)", r"\1", match["label"])
        return [{"text": {"content": label, "link": {"url": match["link"]}}, "annotations": dress}]
    for key, name in (("bold", "bold"), ("strike", "strikethrough"), ("italic", "italic")):
        if match[key] is not None:
            return inline(match[key], **{**dress, name: True})
    if match["date"] is not None:
        return [{"mention": {"date": {"start": match["date"]}}}]
    found = HEX.search(match["url"].replace("-", ""))
    if found is None:
        raise invalid(f"The mention of {match['url']} names nothing.")
    return [{"mention": {match["kind"]: {"id": found[0]}}}]


def _pieces(text: str, dress: dict[str, bool] | None = None) -> list[Json]:
    more = {"annotations": dress} if dress else {}
    return [
        {"text": {"content": text[start : start + PIECE]}, **more}
        for start in range(0, len(text), PIECE)
    ]


__all__ = ["chunks", "parse_chunk", "parse_markdown"]
