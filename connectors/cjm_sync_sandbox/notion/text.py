"""Rich text: what is accepted, and how it reads back (adjacent equal runs merged)."""

from __future__ import annotations

import re
from typing import Any

from cjm_sync_sandbox.notion.checks import (
    BLOCK_COLORS,
    TEXT_LIMIT,
    failed,
    kind_of,
    need_bool,
    need_list,
    need_object,
    need_one_of,
    need_text,
    need_url,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.dates import parse_date
from cjm_sync_sandbox.notion.errors import Json

PLAIN: Json = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}
OWN_ICON = re.compile(
    r"https://www\.notion\.so/icons/(?P<name>[a-z0-9-]+?)(_(?P<color>[a-z]+))?\.svg"
)
"""The address of one of the service's own icons, which reads back by name."""
MENTIONS = ("user", "page", "database", "date", "data_source", "custom_emoji")
# What a response adds and a client may send back unharmed.
ECHOED = ("plain_text", "href", "id", "has_more")


def run_of(content: str, link: str | None = None, annotations: Json | None = None) -> Json:
    """Return one text run as it reads back."""
    return {
        "type": "text",
        "text": {"content": content, "link": {"url": link} if link else None},
        "annotations": {**PLAIN, **(annotations or {})},
        "plain_text": content,
        "href": link,
    }


def plain(runs: list[Json]) -> str:
    """Return the text of *runs* without its dress."""
    return "".join(str(run["plain_text"]) for run in runs)


def parse_rich_text(value: Any, path: str) -> list[Json]:
    """Check *value*, an array of runs, and return it as it will read back."""
    runs: list[Json] = []
    for index, item in enumerate(need_list(value, path)):
        run = _parse_run(need_object(item, f"{path}[{index}]"), f"{path}[{index}]")
        if run is None:
            continue
        if runs and _same_dress(runs[-1], run):
            merged = runs[-1]["plain_text"] + run["plain_text"]
            runs[-1] = run_of(merged, run["href"], run["annotations"])
        else:
            runs.append(run)
    return runs


def _same_dress(left: Json, right: Json) -> bool:
    return bool(
        left["type"] == right["type"] == "text"
        and left["annotations"] == right["annotations"]
        and left["href"] == right["href"]
    )


def _parse_run(item: Json, path: str) -> Json | None:
    only(item, ("type", "text", "mention", "equation", "annotations", *ECHOED), path)
    annotations = _parse_annotations(item.get("annotations"), f"{path}.annotations")
    kind = kind_of(item, ("text", "mention", "equation"), path)
    if kind == "text":
        text = need_object(item["text"], f"{path}.text")
        only(text, ("content", "link"), f"{path}.text")
        if "content" not in text:
            raise undefined(f"{path}.text.content")
        content = need_text(text["content"], f"{path}.text.content", limit=TEXT_LIMIT)
        link = None
        if text.get("link") is not None:
            holder = need_object(text["link"], f"{path}.text.link")
            only(holder, ("url", "type"), f"{path}.text.link")
            link = need_url(holder.get("url"), f"{path}.text.link.url")
        return run_of(content, link, annotations) if content else None
    if kind == "equation":
        equation = need_object(item["equation"], f"{path}.equation")
        only(equation, ("expression",), f"{path}.equation")
        words = need_text(equation.get("expression"), f"{path}.equation.expression", limit=1_000)
        return {
            "type": "equation",
            "equation": {"expression": words},
            "annotations": annotations,
            "plain_text": words,
            "href": None,
        }
    return _parse_mention(need_object(item["mention"], f"{path}.mention"), annotations, path)


def _parse_mention(mention: Json, annotations: Json, path: str) -> Json:
    where = f"{path}.mention"
    only(mention, ("type", *MENTIONS), where)
    kind = kind_of(mention, MENTIONS, where)
    href = None
    if kind == "date":
        value: Json | None = parse_date(mention["date"], f"{where}.date")
        words = value["start"] if value else ""
    else:
        holder = need_object(mention[kind], f"{where}.{kind}")
        wanted = uuid_of(holder.get("id"), f"{where}.{kind}.id")
        value = {"object": "user", "id": wanted} if kind == "user" else {"id": wanted}
        words = "@person" if kind == "user" else "Untitled"
        if kind != "user":
            href = f"https://www.notion.so/{wanted.replace('-', '')}"
    return {
        "type": "mention",
        "mention": {"type": kind, kind: value},
        "annotations": annotations,
        "plain_text": words,
        "href": href,
    }


def _parse_annotations(value: Any, path: str) -> Json:
    if value is None:
        return dict(PLAIN)
    given = need_object(value, path)
    only(given, tuple(PLAIN), path)
    for key, setting in given.items():
        if key == "color":
            need_one_of(setting, BLOCK_COLORS, f"{path}.color")
        else:
            need_bool(setting, f"{path}.{key}")
    return {**PLAIN, **given}


def parse_icon(value: Any, path: str) -> Json | None:
    """Check an icon: an emoji, an outside picture, an uploaded one, or one of the service's own."""
    if value is None:
        return None
    icon = need_object(value, path)
    kinds = ("emoji", "external", "file_upload", "custom_emoji", "icon", "file")
    only(icon, ("type", *kinds), path)
    kind = kind_of(icon, kinds, path)
    if kind == "emoji":
        emoji = need_text(icon["emoji"], f"{path}.emoji")
        if not emoji or emoji.isascii():
            raise failed(f"{path}.emoji", "a valid emoji", emoji)
        return {"type": "emoji", "emoji": emoji}
    holder = need_object(icon[kind], f"{path}.{kind}")
    if kind == "external" and (own := OWN_ICON.fullmatch(str(holder.get("url")))):
        return {"type": "icon", "icon": {"name": own["name"], "color": own["color"] or "gray"}}
    if kind in {"external", "file"}:
        return {"type": kind, kind: {"url": need_url(holder.get("url"), f"{path}.{kind}.url")}}
    if kind == "icon":
        return {"type": "icon", "icon": dict(holder)}
    return {"type": kind, kind: {"id": uuid_of(holder.get("id"), f"{path}.{kind}.id")}}
