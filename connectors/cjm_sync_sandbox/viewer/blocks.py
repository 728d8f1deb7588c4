"""A page's body: every block type of the API as the markup that looks like it.

A block type that the viewer does not know is named in its place, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from cjm_sync_sandbox.viewer.files import address
from cjm_sync_sandbox.viewer.markup import Content, Markup, classes, join, tag
from cjm_sync_sandbox.viewer.texts import colour_class, link, rich
from cjm_sync_sandbox.viewer.workspace import Json, MissingError, Workspace, plain

DatabaseSection = Callable[[str], Markup]
_LISTS = {"bulleted_list_item": "ul", "numbered_list_item": "ol", "to_do": "ul"}
_HEADINGS = {"heading_1": "h2", "heading_2": "h3", "heading_3": "h4", "heading_4": "h5"}
_DEEPEST = 12


class Body:
    """Draws the blocks of one page; *database* draws a database that stands among them."""

    def __init__(self, workspace: Workspace, page_id: str, database: DatabaseSection) -> None:
        self._workspace = workspace
        self._database = database
        self._top = workspace.children(page_id)

    def markup(self) -> Markup:
        """Return the whole body."""
        return self._blocks(self._top, depth=0)

    def _blocks(self, blocks: Sequence[Json], *, depth: int) -> Markup:
        if depth > _DEEPEST:
            return tag("p", "… more inside, open the page in Notion", class_="muted")
        drawn: list[Content] = []
        for kind, run in groupby(blocks, key=lambda block: block["type"]):
            if kind in _LISTS:
                items = [self._list_item(block, depth=depth) for block in run]
                name = "todo" if kind == "to_do" else None
                drawn.append(tag(_LISTS[kind], items, class_=name))
            else:
                drawn += [self._block(block, depth=depth) for block in run]
        return join(drawn)

    def _inside(self, block: Json, *, depth: int) -> Markup:
        if not block.get("has_children"):
            return Markup("")
        return self._blocks(self._workspace.children(block["id"]), depth=depth + 1)

    def _list_item(self, block: Json, *, depth: int) -> Markup:
        content = block[block["type"]]
        box: Content = None
        if block["type"] == "to_do":
            is_done = bool(content.get("checked"))
            box = tag(
                "span",
                "✓" if is_done else "",
                class_=classes("box", "checked" if is_done else None),
                role="img",
                aria_label="done" if is_done else "to do",
            )
        return tag(
            "li",
            box,
            self._rich(content),
            self._inside(block, depth=depth),
            class_=colour_class(content.get("color")),
        )

    def _block(self, block: Json, *, depth: int) -> Content:
        kind = block["type"]
        content = block.get(kind) or {}
        colour = colour_class(content.get("color"))
        match kind:
            case "paragraph":
                shown = self._rich(content)
                empty = None if shown else "empty"
                inside = self._inside(block, depth=depth)
                body = tag("p", shown, class_=classes(colour, empty) or None)
                return (body, tag("div", inside, class_="indent") if inside else None)
            case "heading_1" | "heading_2" | "heading_3" | "heading_4":
                name = _HEADINGS[kind]
                if content.get("is_toggleable"):
                    return tag(
                        "details",
                        tag("summary", tag(name, self._rich(content), id=_anchor(block))),
                        self._inside(block, depth=depth),
                        class_=colour,
                        open=True,
                    )
                return tag(name, self._rich(content), id=_anchor(block), class_=colour)
            case "callout":
                return tag(
                    "div",
                    tag("span", icon(content.get("icon")) or "▸", class_="callout-icon"),
                    tag("div", self._rich(content), self._inside(block, depth=depth)),
                    class_=classes("callout", colour),
                )
            case "quote":
                return tag(
                    "blockquote",
                    self._rich(content),
                    self._inside(block, depth=depth),
                    class_=colour,
                )
            case "toggle":
                return tag(
                    "details",
                    tag("summary", self._rich(content)),
                    tag("div", self._inside(block, depth=depth), class_="indent"),
                    class_=colour,
                )
            case "divider":
                return tag("hr")
            case "column_list":
                return tag("div", self._inside(block, depth=depth), class_="columns")
            case "column":
                ratio = content.get("width_ratio")
                grow = f"flex-grow:{float(ratio):.4g}" if ratio else None
                return tag("div", self._inside(block, depth=depth), class_="column", style=grow)
            case "table_of_contents":
                return self._contents()
            case "code":
                code = tag("code", plain(content.get("rich_text")))
                return tag("pre", code, tabindex=0)
            case "equation":
                return tag("p", tag("code", content.get("expression", ""), class_="equation"))
            case "image" | "video" | "file" | "pdf" | "audio":
                return self._media(kind, content)
            case "bookmark" | "embed" | "link_preview":
                url = content.get("url") or ""
                return tag("p", link(url, url), class_="bookmark")
            case "table":
                return self._table(block, content)
            case "child_page":
                return self._child_page(block)
            case "child_database":
                return self._database(block["id"])
            case "link_to_page":
                return self._link_to_page(content)
            case "synced_block" | "template":
                return self._synced(block, content, depth=depth)
            case "tab":
                return tag("div", self._inside(block, depth=depth), class_="indent")
            case "breadcrumb":
                return None
            case _:
                return tag("p", f"[{content.get('block_type') or kind}]", class_="muted")

    def _rich(self, content: Json) -> Markup:
        return rich(content.get("rich_text"), self._workspace)

    def _contents(self) -> Markup:
        headings = [block for block in self._top if block["type"] in _HEADINGS]
        links = [
            tag(
                "li",
                tag("a", plain(block[block["type"]].get("rich_text")), href=f"#{_anchor(block)}"),
                class_=f"level-{block['type'][-1]}",
            )
            for block in headings
        ]
        return tag("nav", tag("ul", links), class_="contents", aria_label="Table of contents")

    def _media(self, kind: str, content: Json) -> Markup:
        """Return an uploaded picture, or the place of a file that lies elsewhere.

        The demo contacts no other address, so such a file is only named.
        """
        caption = rich(content.get("caption"), self._workspace)
        if kind == "image" and (found := address(content)):
            said = plain(content.get("caption")) or "A picture in this page"
            picture = tag("a", tag("img", src=found, alt=said), href=found)
            frame = tag("div", picture, class_="picture scroll", tabindex=0, role="region",
                        aria_label=said)  # fmt: skip
            return tag("figure", frame, tag("figcaption", caption) if caption else None)
        name = content.get("name") or kind
        frame = tag("div", f"{'▨' if kind == 'image' else '▤'} {name}", class_="media")
        return tag("figure", frame, tag("figcaption", caption) if caption else None)

    def _table(self, block: Json, content: Json) -> Markup:
        rows = []
        children = self._workspace.children(block["id"]) if block.get("has_children") else []
        for row_number, row in enumerate(children):
            cells = []
            for column_number, cell in enumerate(row.get("table_row", {}).get("cells") or []):
                is_head = (row_number == 0 and content.get("has_column_header")) or (
                    column_number == 0 and content.get("has_row_header")
                )
                cells.append(tag("th" if is_head else "td", rich(cell, self._workspace)))
            rows.append(tag("tr", cells))
        return tag("div", tag("table", rows), class_="scroll", tabindex=0)

    def _child_page(self, block: Json) -> Markup:
        title = block["child_page"].get("title") or "Untitled"
        try:
            sign = icon(self._workspace.page(block["id"]).get("icon"))
        except MissingError:
            sign = None
        return tag("p", tag("a", sign or "▤", " ", title, href=f"/p/{block['id']}"), class_="page")

    def _link_to_page(self, content: Json) -> Markup:
        if content.get("type") == "database_id":
            return self._database(content["database_id"])
        page_id = content.get("page_id") or ""
        shown = self._workspace.title(page_id)
        return tag("p", tag("a", "↗ ", shown, href=f"/p/{page_id}"), class_="page")

    def _synced(self, block: Json, content: Json, *, depth: int) -> Markup:
        origin = content.get("synced_from")
        if origin:
            children = self._workspace.children(origin["block_id"])
            return self._blocks(children, depth=depth + 1)
        return self._inside(block, depth=depth)


def icon(given: Json | None) -> str | None:
    """Return an icon as text; uploaded ones and those at an address become a plain sign."""
    if not given:
        return None
    if given.get("type") == "emoji":
        return str(given["emoji"])
    return "▣"


def child_blocks(blocks: Sequence[Json]) -> Iterator[Json]:
    """Yield the pages and databases among *blocks*, which the sidebar lists."""
    for block in blocks:
        if block["type"] in {"child_page", "child_database"}:
            yield block


def _anchor(block: Json) -> str:
    return f"h-{block['id']}"
