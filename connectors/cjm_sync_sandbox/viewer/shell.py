"""What stands around every page: the document, the sidebar with the page tree, the menu on phones."""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync_sandbox.viewer.blocks import child_blocks, icon
from cjm_sync_sandbox.viewer.markup import Content, Markup, join, tag
from cjm_sync_sandbox.viewer.stylesheet import STYLESHEET
from cjm_sync_sandbox.viewer.workspace import Json, MissingError, Workspace, title_of

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One page or database of the sidebar with those inside it."""

    address: str
    sign: str
    title: str
    inside: tuple[Entry, ...] = ()


def document(title: str, content: Content, *, tree: Entry | None, here: str) -> Markup:
    """Return a whole page; *here* is its address, marked in the sidebar."""
    links = _links(tree, here)
    return join(
        Markup("<!doctype html>"),
        tag(
            "html",
            tag(
                "head",
                tag("meta", charset="utf-8"),
                tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
                tag("title", title),
                # A stylesheet is no text: its quotes are not to be escaped.
                Markup(f"<style>{STYLESHEET}</style>"),
            ),
            tag(
                "body",
                tag("a", "Skip to the page", href="#page", class_="skip"),
                tag("details", tag("summary", "☰ Menu"), links, class_="menu"),
                tag("nav", links, class_="side", aria_label="Workspace"),
                tag("main", content, id="page"),
            ),
            lang="en",
        ),
    )


def tree(workspace: Workspace, page_id: str, *, depth: int = 0) -> Entry | None:
    """Return the page tree from *page_id* down; None when it may not be seen.

    A database that only shows another one's rows belongs to the page it stands on and is left out.
    """
    try:
        page = workspace.page(page_id)
        blocks = list(child_blocks(workspace.children(page_id)))
    except MissingError:
        return None
    inside = [
        entry
        for block in blocks
        if depth < _DEEPEST and (entry := _entry(workspace, block, depth=depth)) is not None
    ]
    return Entry(f"/p/{page_id}", icon(page.get("icon")) or "▤", title_of(page), tuple(inside))


def _entry(workspace: Workspace, block: Json, *, depth: int) -> Entry | None:
    if block["type"] == "child_page":
        return tree(workspace, block["id"], depth=depth + 1)
    try:
        if workspace.is_linked(block["id"]):
            return None
        database = workspace.database(block["id"])
    except MissingError:
        return None
    title = block["child_database"].get("title") or "Untitled"
    return Entry(f"/d/{block['id']}", icon(database.get("icon")) or "▦", title)


def _links(tree_: Entry | None, here: str) -> Markup:
    return join(
        tag(
            "ul",
            _link(Entry("/", "⌂", "Start"), here),
            _link(Entry("/map", "◫", "The map as a picture"), here),
        ),
        tag("h2", "Workspace"),
        tag("ul", _link(tree_, here)) if tree_ is not None else None,
    )


def _link(entry: Entry, here: str) -> Markup:
    current = "page" if entry.address == here else None
    return tag(
        "li",
        tag("a", f"{entry.sign} {entry.title}", href=entry.address, aria_current=current),
        tag("ul", [_link(one, here) for one in entry.inside]) if entry.inside else None,
    )
