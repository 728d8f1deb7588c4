"""Rich text as Notion shows it: bold, coloured, linked.

A link that leaves the workspace is shown with its address but cannot be followed: the demo
contacts nobody.
"""

from __future__ import annotations

import re

from cjm_sync_sandbox.viewer.markup import Content, Markup, join, tag
from cjm_sync_sandbox.viewer.workspace import Json, Workspace

COLOURS = frozenset({"gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red"})
_NOTION_PAGE = re.compile(
    r"^(?:https://(?:www\.|app\.)?notion\.(?:so|com|site)/|/)\S*?"
    r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[?#]\S*)?$"
)
_ANNOTATIONS = (
    ("code", "code"),
    ("bold", "strong"),
    ("italic", "em"),
    ("strikethrough", "s"),
    ("underline", "u"),
)


def rich(items: list[Json] | None, workspace: Workspace) -> Markup:
    """Return rich text as markup."""
    return join([_item(item, workspace) for item in items or []])


def colour_class(colour: str | None) -> str | None:
    """Return the class of a Notion colour, None for the default and for names we do not know."""
    if not colour:
        return None
    name = colour.removesuffix("_background").removesuffix("_bg")
    if name not in COLOURS:
        return None
    return f"text-{name}" if name == colour else f"back-{name}"


def address_of(url: str) -> str | None:
    """Return where in this workspace *url* leads, None when it leaves it."""
    found = _NOTION_PAGE.match(url)
    return f"/p/{found.group(1)}" if found else None


def _item(item: Json, workspace: Workspace) -> Markup:
    shown: Content = _lines(item.get("plain_text") or item.get("text", {}).get("content") or "")
    if item.get("type") == "mention":
        shown = _mention(item["mention"], shown, workspace)
    elif item.get("type") == "equation":
        shown = tag("code", item["equation"].get("expression", ""), class_="equation")
    annotations = item.get("annotations") or {}
    for name, element in _ANNOTATIONS:
        if annotations.get(name):
            shown = tag(element, shown)
    colour = colour_class(annotations.get("color"))
    if colour:
        shown = tag("span", shown, class_=colour)
    url = item.get("href") or ((item.get("text") or {}).get("link") or {}).get("url")
    if url and item.get("type") != "mention":
        shown = link(url, shown)
    return join(shown)


def link(url: str, shown: Content) -> Markup:
    """Return *shown* as a link inside the workspace, or as a marked text that names *url*."""
    inside = address_of(url)
    if inside is not None:
        return tag("a", shown, href=inside)
    return tag("span", shown, class_="outside", title=url)


def _mention(mention: Json, shown: Content, workspace: Workspace) -> Markup:
    match mention.get("type"):
        case "page":
            page_id = mention["page"]["id"]
            return tag("a", workspace.title(page_id), href=f"/p/{page_id}")
        case "database":
            return tag("a", shown, href=f"/d/{mention['database']['id']}")
        case "user":
            return tag("span", "@", workspace.user(mention["user"]["id"]), class_="mention")
        case _:
            return tag("span", shown, class_="mention")


def _lines(text: str) -> Markup:
    first, *rest = text.split("\n")
    return join(first, [(tag("br"), line) for line in rest])
