"""The WSGI app: addresses to pages, and headers that let a page load nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.blocks import Body, icon
from cjm_sync_sandbox.viewer.files import PICTURES, Fetch, address
from cjm_sync_sandbox.viewer.markup import Content, Markup, join, tag
from cjm_sync_sandbox.viewer.shell import Entry, document, tree
from cjm_sync_sandbox.viewer.texts import rich
from cjm_sync_sandbox.viewer.views import ROWS_SHOWN, ViewSection
from cjm_sync_sandbox.viewer.workspace import (
    Json,
    MissingError,
    Read,
    Workspace,
    plain,
    title_of,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_ID = r"([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_PAGE = re.compile(rf"^/p/{_ID}$")
_DATABASE = re.compile(rf"^/d/{_ID}$")
_FILE = re.compile(rf"^/f/{_ID}$")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
_INLINE_ROWS = 25
_INLINE_CARDS = 10


class Viewer:
    """Shows the workspace under *parent_page*, and the map as *picture* draws it.

    *read* is one call of Notion's API: method, path with its query, body; the answer is status and
    JSON. *file* gives an uploaded file by its id. Nothing is kept between two requests.
    """

    def __init__(
        self,
        read: Read,
        *,
        parent_page: str,
        picture: Callable[[], bytes],
        file: Fetch | None = None,
    ) -> None:
        self._read = read
        self._file = file
        self._parent_page = parent_page
        self._picture = picture

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method = environ.get("REQUEST_METHOD", "GET")
        if method not in {"GET", "HEAD"}:
            status, kind, body = "405 Method Not Allowed", "text/plain", b"Only reading here.\n"
        else:
            path = environ.get("PATH_INFO", "/")
            status, kind, body = self._answer(path, environ.get("QUERY_STRING", ""))
        headers = [
            ("Content-Type", kind if kind in PICTURES else f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ]
        if method not in {"GET", "HEAD"}:
            headers.append(("Allow", "GET, HEAD"))
        start_response(status, headers)
        return [] if method == "HEAD" else [body]

    def _answer(self, path: str, query: str) -> tuple[str, str, bytes]:
        if path == "/map.svg" and (picture := self._picture()):
            return "200 OK", "image/svg+xml", picture
        if (found := _FILE.match(path)) and (uploaded := self._uploaded(found.group(1))):
            return "200 OK", *uploaded
        workspace = Workspace(self._read)
        sidebar = tree(workspace, self._parent_page)
        try:
            title, content = self._content(path, query, workspace, sidebar)
            status = "200 OK"
        except MissingError as error:
            status, title = "404 Not Found", "Not here"
            content = [
                tag("h1", title),
                tag("p", str(error)),
                tag("p", tag("a", "Start", href="/")),
            ]
        page = document(title, content, tree=sidebar, here=path)
        return status, "text/html", page.encode("utf-8")

    def _uploaded(self, file_id: str) -> tuple[str, bytes] | None:
        """Return an uploaded picture; nothing else that people upload is served."""
        if self._file is None:
            return None
        try:
            kind, content = self._file(file_id)
        except KeyError:
            return None
        return (kind, content) if kind in PICTURES else None

    def _content(
        self, path: str, query: str, workspace: Workspace, sidebar: Entry | None
    ) -> tuple[str, Content]:
        if path == "/":
            return "cjm-sync demo", _start(sidebar)
        if path == "/map":
            return "The map", _map(has_picture=bool(self._picture()))
        if found := _PAGE.match(path):
            return _page(found.group(1), workspace)
        if found := _DATABASE.match(path):
            return _database(found.group(1), parse_qs(query), workspace)
        raise MissingError("There is no page at this address.")


def _start(sidebar: Entry | None) -> Content:
    hub = sidebar
    if sidebar is not None and len(sidebar.inside) == 1:
        hub = sidebar.inside[0]
    doors = []
    if hub is not None:
        doors.append(_door(hub.address, "▤", hub.title, "The workspace as it looks in Notion"))
    doors.append(_door("/map", "◫", "The map as a picture", "Stages, lanes and emotion curve"))
    return [
        tag("h1", "Customer journey map"),
        tag(
            "p",
            "Computed from the portal that this sandbox serves and written through Notion's API into a stand-in on "
            "this machine. Nothing here is loaded from another address.",
        ),
        tag("div", doors, class_="doors"),
    ]


def _door(address: str, sign: str, title: str, note: str) -> Markup:
    return tag(
        "a",
        tag("span", sign, class_="big", aria_hidden="true"),
        tag("strong", title),
        tag("span", note),
        href=address,
        class_="door",
    )


def _map(*, has_picture: bool) -> Content:
    if not has_picture:
        return [tag("h1", "The map as a picture"), tag("p", "No run has drawn it yet.")]
    picture = tag(
        "img",
        src="/map.svg",
        alt="The customer journey map; its numbers are also in the tables of the workspace",
    )
    return [
        tag("h1", "The map as a picture"),
        tag(
            "p",
            "As the last demo run drew it. ",
            tag("code", "cjm-sync export --format svg"),
            " draws it from the mirror at any time. ",
            tag("a", "Open the picture alone", href="/map.svg"),
            ".",
        ),
        tag(
            "div",
            picture,
            class_="map scroll wide",
            tabindex=0,
            role="region",
            aria_label="The map",
        ),
    ]


def _page(page_id: str, workspace: Workspace) -> tuple[str, Content]:
    page = workspace.page(page_id)
    title = title_of(page)
    sign = icon(page.get("icon"))
    body = Body(workspace, page_id, lambda database_id: _inline(database_id, workspace))
    cover = address(page.get("cover"))
    content: list[Content] = [
        _way_up(page, workspace),
        tag("img", src=cover, alt="", class_="page-cover") if cover else None,
        tag("div", sign, class_="head-icon", aria_hidden="true") if sign else None,
        tag("h1", title),
        tag("p", "In the trash", class_="muted") if page.get("in_trash") else None,
        _properties(page, workspace),
        tag("div", body.markup(), class_="body"),
    ]
    return title, content


def _way_up(page: Json, workspace: Workspace) -> Content:
    """Return the link to what holds the page, as Notion's bar of names does."""
    parent = page["parent"]
    if "database_id" in parent:
        name = plain(workspace.database(parent["database_id"]).get("title")) or "Untitled"
        address = f"/d/{parent['database_id']}"
    elif "page_id" in parent:
        name, address = workspace.title(parent["page_id"]), f"/p/{parent['page_id']}"
    else:
        return None
    return tag("p", tag("a", f"‹ {name}", href=address), class_="muted")


def _properties(page: Json, workspace: Workspace) -> Content:
    """Return the properties of a row, in the order of its data source; a plain page has none."""
    source_id = page["parent"].get("data_source_id")
    if source_id is None:
        return None
    columns: list[Json] = list(workspace.source(source_id)["properties"].values())
    lines = []
    for column in columns:
        value = page["properties"].get(column["name"])
        if value is None or column["type"] == "title":
            continue
        shown = values.shown(value, column, workspace)
        empty = tag("span", "Empty", class_="muted")
        name = tag("dt", column["name"], title=column.get("description"))
        lines.append(tag("div", name, tag("dd", join(shown) or empty)))
    return tag("dl", lines, class_="properties")


def _inline(database_id: str, workspace: Workspace) -> Markup:
    """Return a database among a page's blocks: its first view when it is inline or linked."""
    try:
        database = workspace.database(database_id)
        views = workspace.views(database_id)
        is_open = database.get("is_inline") or workspace.is_linked(database_id)
    except MissingError:
        return tag("p", "A database that is not shared with the connection", class_="muted")
    title = plain(database.get("title")) or "Untitled"
    address = f"/d/{database_id}"
    if not is_open or not views:
        sign = icon(database.get("icon")) or "▦"
        return tag("p", tag("a", f"{sign} {title}", href=address), class_="page")
    first = views[0]
    names = [
        tag("a", view.get("name") or "Untitled", href=f"{address}?view={view['id']}")
        for view in views
    ]
    rows_shown = _INLINE_CARDS if first["type"] == "board" else _INLINE_ROWS
    section = ViewSection(workspace, first, rows_shown=rows_shown)
    return tag("section", tag("h4", names), section.markup(), class_="database")


def _database(
    database_id: str, query: dict[str, list[str]], workspace: Workspace
) -> tuple[str, Content]:
    database = workspace.database(database_id)
    views = workspace.views(database_id)
    wanted = query.get("view", [""])[0]
    chosen = next((view for view in views if view["id"] == wanted), views[0] if views else None)
    title = plain(database.get("title")) or (chosen or {}).get("name") or "Untitled"
    sign = icon(database.get("icon"))
    rows_shown = query.get("rows", [""])[0]
    limit = int(rows_shown) if rows_shown.isdecimal() and len(rows_shown) < 7 else ROWS_SHOWN
    tabs = [
        tag(
            "a",
            view.get("name") or "Untitled",
            href=f"/d/{database_id}?view={view['id']}",
            aria_current="page" if view is chosen else None,
        )
        for view in views
    ]
    content: list[Content] = [
        tag("div", sign, class_="head-icon", aria_hidden="true") if sign else None,
        tag("h1", title),
        tag("p", rich(database.get("description"), workspace), class_="muted"),
        tag("nav", tabs, class_="tabs", aria_label="Views"),
        tag("div", ViewSection(workspace, chosen, rows_shown=limit).markup(), class_="wide")
        if chosen is not None
        else tag("p", "This database has no view", class_="muted"),
    ]
    return title, content
