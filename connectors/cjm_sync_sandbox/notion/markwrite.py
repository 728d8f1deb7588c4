"""Writing the service's enhanced markdown (v1): blocks become a text, one line or tag each."""

from __future__ import annotations

import re

from cjm_sync_sandbox.notion.blocks import visible_children
from cjm_sync_sandbox.notion.blocktypes import HEADINGS, MEDIA
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.files import show_file
from cjm_sync_sandbox.notion.state import Workspace
from cjm_sync_sandbox.notion.text import plain

SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
PREFIXES = {"bulleted_list_item": "- ", "numbered_list_item": "1. ", "quote": "> "}
APP = "https://app.notion.com/p/"


def page_texts(ws: Workspace, parent_id: str) -> list[tuple[str, str]]:
    """Return id and markdown of each live block of a page or block."""
    blocks = ws.tables["blocks"]
    return [(one, block_text(ws, blocks[one]))
            for one in visible_children(ws, blocks[parent_id])]  # fmt: skip


def block_text(ws: Workspace, block: Json) -> str:
    """Return the markdown of a block and of what is below it."""
    kind, content = block["type"], block["content"]
    below = [text for _, text in page_texts(ws, block["id"])] if block["children"] else []
    link = f"{APP}{block['id'].replace('-', '')}"
    match kind:
        case "child_page":
            return f'<page url="{link}">{_escaped(ws.page_title(block["id"]))}</page>'
        case "child_database":
            database = ws.tables["databases"][block["id"]]
            inline = "true" if database["is_inline"] else "false"
            title = _escaped(plain(database["title"]))
            return f'<database url="{link}" inline="{inline}">{title}</database>'
        case "divider":
            return "---"
        case "table_of_contents":
            return "<table_of_contents/>"
        case "code":
            return f"```{content['language']}\n{plain(content['rich_text'])}\n```"
        case "equation":
            return f"$$\n{content['expression']}\n$$"
        case "callout":
            return _wrapped("callout", _callout_says(content), [runs_text(content), *below])
        case "toggle":
            head = [f"<summary>{runs_text(content)}</summary>"]
            return _wrapped("details", _says(color=_short(content)), below, head)
        case "column_list":
            return _wrapped("columns", "", below)
        case "column":
            return _wrapped("column", "", below)
        case "synced_block" if content["synced_from"] is None:
            return _wrapped("synced_block", "", below)
        case "table":
            return _wrapped("table", _table_says(content), below)
        case "table_row":
            cells = "".join(f"<td>{runs_text({'rich_text': one})}</td>" for one in content["cells"])
            return f"<tr>{cells}</tr>"
        case _ if kind in MEDIA:
            return _media(ws, kind, content)
        case _ if "rich_text" in content:
            return "\n".join([_line(kind, content), *_indented(below)])
        case _:
            return f'<unknown url="{link}" alt="{kind}"/>'


def _line(kind: str, content: Json) -> str:
    says: dict[str, str] = {"color": _short(content)}
    prefix = PREFIXES.get(kind, "")
    if kind in HEADINGS:
        prefix = "#" * int(kind[-1]) + " "
        says["toggle"] = "true" if content.get("is_toggleable") else ""
    if kind == "to_do":
        prefix = "- [x] " if content["checked"] else "- [ ] "
    words = runs_text(content)
    if kind == "paragraph" and not words:
        return "<empty-block/>"
    said = _says(**says)
    return f"{prefix}{words}" + (f" {{{said.strip()}}}" if said else "")


def _short(content: Json) -> str:
    color = str(content.get("color", "default"))
    return "" if color == "default" else color.replace("_background", "_bg")


def _says(**attributes: str) -> str:
    return "".join(f' {key}="{value}"' for key, value in attributes.items() if value)


def _callout_says(content: Json) -> str:
    icon = content.get("icon") or {}
    return _says(icon=str(icon.get("emoji", "")), color=_short(content))


def _table_says(content: Json) -> str:
    header, side = content["has_column_header"], content["has_row_header"]
    return f' header-row="{str(header).lower()}" header-column="{str(side).lower()}"'


def _wrapped(tag: str, said: str, below: list[str], head: list[str] | None = None) -> str:
    return "\n".join([f"<{tag}{said}>", *(head or []), *_indented(below), f"</{tag}>"])


def _indented(texts: list[str]) -> list[str]:
    return ["\t" + line for text in texts for line in text.split("\n")]


def _media(ws: Workspace, kind: str, content: Json) -> str:
    shown = show_file(ws, content["source"])
    address, caption = shown[shown["type"]]["url"], runs_text({"rich_text": content["caption"]})
    if kind == "image":
        return f"![{caption}]({address})"
    return f'<{kind} src="{address}">{caption}</{kind}>'


def runs_text(content: Json) -> str:
    """Return rich text as one line of markdown."""
    return "".join(_run(run) for run in content["rich_text"])


def _run(run: Json) -> str:
    if run["type"] == "equation":
        return f"$`{run['plain_text']}`$"
    if run["type"] == "mention":
        return _mention(run["mention"])
    dress = run["annotations"]
    if dress["code"]:
        return f"`{run['plain_text']}`"
    words = _escaped(run["plain_text"]).replace("\n", "<br>")
    if run["href"]:
        words = f"[{words}]({run['href']})"
    for name, mark in (("bold", "**"), ("italic", "*"), ("strikethrough", "~~")):
        if dress[name]:
            words = f"{mark}{words}{mark}"
    return words


def _mention(mention: Json) -> str:
    kind = mention["type"]
    if kind == "date":
        return f'<mention-date start="{mention["date"]["start"]}"/>'
    bare = mention[kind]["id"].replace("-", "")
    return f'<mention-{kind} url="{APP}{bare}"/>'


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text)


__all__ = ["block_text", "page_texts"]
