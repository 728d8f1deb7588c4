"""Kinds of blocks: what each accepts, and what may stand inside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cjm_sync_sandbox.notion.checks import (
    BLOCK_COLORS,
    failed,
    need_bool,
    need_list,
    need_number,
    need_object,
    need_one_of,
    need_text,
    need_url,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.files import FILE_KINDS, parse_file
from cjm_sync_sandbox.notion.state import Workspace
from cjm_sync_sandbox.notion.text import parse_icon, parse_rich_text

NESTING = 2
BLOCKS_PER_REQUEST = 1_000
HEADINGS = ("heading_1", "heading_2", "heading_3", "heading_4")
TEXTUAL = frozenset({
    "paragraph", *HEADINGS, "bulleted_list_item", "numbered_list_item", "to_do", "toggle",
    "quote", "callout",
})  # fmt: skip
MEDIA = frozenset({"image", "video", "file", "pdf", "audio"})
EMPTY = frozenset({"divider", "breadcrumb", "column_list", "tab"})
CREATABLE = TEXTUAL | MEDIA | EMPTY | {
    "code", "equation", "table_of_contents", "bookmark", "embed", "table", "table_row", "column",
    "synced_block", "link_to_page",
}  # fmt: skip
CONTAINERS = frozenset({
    "paragraph", "bulleted_list_item", "numbered_list_item", "to_do", "toggle", "quote", "callout",
    "table", "column_list", "column", "synced_block", "tab",
})  # fmt: skip
READ_KEYS = ("object", "type", "id", "has_children", "created_time", "last_edited_time",
             "created_by", "last_edited_by", "parent", "in_trash")  # fmt: skip


@dataclass(slots=True)
class Draft:
    """A block that a request describes, checked, not yet made."""

    type: str
    content: Json
    children: list[Draft] = field(default_factory=list)

    def count(self) -> int:
        """Return how many blocks this is, with all below."""
        return 1 + sum(child.count() for child in self.children)


def parse_children(ws: Workspace, value: Any, path: str) -> list[Draft]:
    """Read a `children` array: at most 100 a level, two levels below, 1,000 in all."""
    drafts = [
        parse_block(ws, item, f"{path}[{index}]", NESTING)
        for index, item in enumerate(need_list(value, path))
    ]
    total = sum(draft.count() for draft in drafts)
    if total > BLOCKS_PER_REQUEST:
        raise invalid(
            "body failed validation: the number of block elements should be ≤"
            f" `{BLOCKS_PER_REQUEST}`, instead was `{total}`."
        )
    return drafts


def parse_block(ws: Workspace, value: Any, path: str, levels: int) -> Draft:
    """Read one block; *levels* is how many levels of children it may still have."""
    given = need_object(value, path)
    kinds = [key for key in given if key in CREATABLE]
    kind = given.get("type", kinds[0] if kinds else None)
    if not isinstance(kind, str):
        raise failed(f"{path}.type", "a supported block type", kind)
    if kind in {"child_page", "child_database"}:
        raise invalid(f"Block type {kind} cannot be created by this endpoint.")
    if kind not in CREATABLE:
        raise failed(f"{path}.type", "a supported block type", kind)
    if kind not in given:
        raise undefined(f"{path}.{kind}")
    extra = [key for key in given if key not in {"object", "type", kind, "children"}]
    if extra:
        raise failed(f"{path}.{extra[0]}", "not present", given[extra[0]])
    if given.get("object", "block") != "block":
        raise failed(f"{path}.object", '"block"', given["object"])
    content = dict(need_object(given[kind], f"{path}.{kind}"))
    inner = content.pop("children", given.get("children"))
    draft = Draft(kind, parse_content(ws, kind, content, f"{path}.{kind}", is_new=True))
    if inner is not None:
        where = f"{path}.{kind}.children"
        if levels <= 0 or not holds_children(kind, draft.content):
            raise failed(where, "not present", inner)
        # A column list and its columns together take one level.
        below = levels if kind == "column_list" else levels - 1
        draft.children = [
            parse_block(ws, item, f"{where}[{index}]", below)
            for index, item in enumerate(need_list(inner, where))
        ]
    _check_family(draft, path)
    return draft


def holds_children(kind: str, content: Json) -> bool:
    """Tell whether a block of this kind may have children."""
    return kind in CONTAINERS or (kind in HEADINGS and bool(content.get("is_toggleable")))


def check_place(parent_kind: str, child_kind: str) -> None:
    """Refuse a row outside a table, a column outside a column list, and strangers inside these."""
    wanted = {"table": "table_row", "column_list": "column", "tab": "paragraph"}.get(parent_kind)
    homes = {"table_row": "table", "column": "column_list"}.get(child_kind)
    if (wanted and child_kind != wanted) or (homes and parent_kind != homes):
        raise invalid(f"A block of type {child_kind} cannot be a child of {parent_kind}.")


def _check_family(draft: Draft, path: str) -> None:
    for child in draft.children:
        check_place(draft.type, child.type)
    if draft.type == "table":
        if not draft.children:
            raise undefined(f"{path}.table.children")
        for row in draft.children:
            check_row(row.content, draft.content["table_width"])
    if draft.type == "column_list" and len(draft.children) < 2:
        raise invalid("Column list should have at least 2 columns.")


def check_row(content: Json, width: int) -> None:
    """Refuse a table row of another width than its table."""
    if len(content["cells"]) != width:
        raise invalid(
            "Number of cells in table row must match the table width of the parent table."
        )


def parse_content(ws: Workspace, kind: str, given: Json, path: str, *, is_new: bool) -> Json:
    """Check a block's own payload; *is_new* asks for what a new block must have."""
    if kind in TEXTUAL:
        return _parse_textual(ws, kind, given, path, is_new=is_new)
    if kind in MEDIA:
        return _parse_media(ws, given, path, is_new=is_new)
    content: Json = {}
    match kind:
        case "code":
            only(given, ("rich_text", "caption", "language"), path)
            content = _texts(given, ("rich_text", "caption"), path, is_new=is_new)
            if "language" in given or is_new:
                content["language"] = need_text(given.get("language"), f"{path}.language")
        case "equation":
            only(given, ("expression",), path)
            words = need_text(given.get("expression"), f"{path}.expression", limit=1_000)
            content = {"expression": words}
        case "table_of_contents":
            only(given, ("color",), path)
            content = {"color": _color(given.get("color", "default"), path)}
        case "bookmark" | "embed":
            only(given, ("url", "caption"), path)
            content = _texts(given, ("caption",), path, is_new=is_new)
            if "url" in given or is_new:
                content["url"] = need_url(given.get("url"), f"{path}.url")
        case "table":
            content = _parse_table(given, path, is_new=is_new)
        case "table_row":
            only(given, ("cells",), path)
            cells = need_list(given.get("cells"), f"{path}.cells")
            content = {"cells": [
                parse_rich_text(cell, f"{path}.cells[{index}]") for index, cell in enumerate(cells)
            ]}  # fmt: skip
        case "column":
            only(given, ("width_ratio",), path)
            if given.get("width_ratio") is not None:
                content = {"width_ratio": need_number(given["width_ratio"], f"{path}.width_ratio")}
        case "synced_block":
            content = _parse_synced(ws, given, path)
        case "link_to_page":
            only(given, ("type", "page_id", "database_id", "comment_id"), path)
            target = given.get("type") or next(iter(given), "page_id")
            need_one_of(target, ("page_id", "database_id", "comment_id"), f"{path}.type")
            content = {"type": target, target: uuid_of(given.get(target), f"{path}.{target}")}
        case _:
            only(given, (), path)
    return content


def _color(value: Any, path: str) -> str:
    return need_one_of(value, BLOCK_COLORS, f"{path}.color")


def _texts(given: Json, keys: tuple[str, ...], path: str, *, is_new: bool) -> Json:
    content: Json = {}
    for key in keys:
        if key in given:
            content[key] = parse_rich_text(given[key], f"{path}.{key}")
        elif is_new and key == "caption":
            content[key] = []
        elif is_new:
            raise undefined(f"{path}.{key}")
    return content


def _parse_textual(ws: Workspace, kind: str, given: Json, path: str, *, is_new: bool) -> Json:
    extra = {
        "to_do": ("checked",),
        "callout": ("icon",),
        "paragraph": ("icon",),
        **dict.fromkeys(HEADINGS, ("is_toggleable",)),
    }.get(kind, ())
    only(given, ("rich_text", "color", *extra), path)
    content = _texts(given, ("rich_text",), path, is_new=is_new)
    if "color" in given or is_new:
        content["color"] = _color(given.get("color", "default"), path)
    if kind in HEADINGS and ("is_toggleable" in given or is_new):
        content["is_toggleable"] = need_bool(
            given.get("is_toggleable", False), f"{path}.is_toggleable"
        )
    if kind == "to_do" and ("checked" in given or is_new):
        content["checked"] = need_bool(given.get("checked", False), f"{path}.checked")
    if kind == "callout" and ("icon" in given or is_new):
        icon = given.get("icon")
        if icon is None and not is_new:
            raise failed(f"{path}.icon", "an object", icon)
        content["icon"] = parse_icon(icon or {"emoji": "💡"}, f"{path}.icon")
        check_icon(ws, content["icon"], f"{path}.icon")
    if kind == "paragraph" and given.get("icon") is not None:
        content["icon"] = parse_icon(given["icon"], f"{path}.icon")
    return content


def check_icon(ws: Workspace, icon: Json | None, path: str) -> None:
    """Refuse an icon or cover whose upload is not there."""
    if icon is not None and icon["type"] == "file_upload":
        parse_file(ws, icon, path)


def _parse_media(ws: Workspace, given: Json, path: str, *, is_new: bool) -> Json:
    only(given, ("type", "caption", "name", *FILE_KINDS), path)
    if not is_new and "type" in given:
        raise failed(f"{path}.type", "not present", given["type"])
    content = _texts(given, ("caption",), path, is_new=is_new)
    if is_new or any(kind in given for kind in FILE_KINDS):
        plain_file = {key: item for key, item in given.items() if key != "caption"}
        content |= {"source": parse_file(ws, plain_file, path)}
    return content


def _parse_table(given: Json, path: str, *, is_new: bool) -> Json:
    only(given, ("table_width", "has_column_header", "has_row_header"), path)
    content: Json = {}
    if is_new:
        width = need_number(given.get("table_width"), f"{path}.table_width")
        if width < 1 or width > 100:
            raise failed(f"{path}.table_width", "≥ `1` and ≤ `100`", width)
        content["table_width"] = int(width)
    elif "table_width" in given:
        raise failed(f"{path}.table_width", "not present", given["table_width"])
    for key in ("has_column_header", "has_row_header"):
        if key in given or is_new:
            content[key] = need_bool(given.get(key, False), f"{path}.{key}")
    return content


def _parse_synced(ws: Workspace, given: Json, path: str) -> Json:
    only(given, ("synced_from",), path)
    origin = given.get("synced_from")
    if origin is None:
        return {"synced_from": None}
    holder = need_object(origin, f"{path}.synced_from")
    only(holder, ("type", "block_id"), f"{path}.synced_from")
    block_id = uuid_of(holder.get("block_id"), f"{path}.synced_from.block_id")
    ws.block(block_id)
    return {"synced_from": {"type": "block_id", "block_id": block_id}}


__all__ = [
    "CREATABLE", "MEDIA", "READ_KEYS", "Draft", "check_icon", "check_place", "check_row",
    "holds_children", "parse_block", "parse_children", "parse_content",
]  # fmt: skip
