"""A view of a database: table, board, gallery, list, timeline, chart or dashboard.

Filter and sorts are not worked out here: the API is asked with those that the view holds. What
the configuration says about columns, groups and axes is honoured as Notion would.
"""

from __future__ import annotations

from collections.abc import Sequence

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.blocks import icon
from cjm_sync_sandbox.viewer.chartdraw import draw
from cjm_sync_sandbox.viewer.charts import read_chart
from cjm_sync_sandbox.viewer.files import address
from cjm_sync_sandbox.viewer.grouping import Group, column_of, group, value_of
from cjm_sync_sandbox.viewer.markup import Content, Markup, classes, join, tag
from cjm_sync_sandbox.viewer.texts import COLOURS
from cjm_sync_sandbox.viewer.timeline import draw_timeline
from cjm_sync_sandbox.viewer.workspace import Json, Workspace, same_id, title_of

ROWS_SHOWN = 100
_SIGNS = {
    "title": "Aa", "rich_text": "≡", "number": "#", "select": "▾", "multi_select": "☰",
    "status": "◐", "date": "▤", "checkbox": "☑", "relation": "↗", "people": "☺", "url": "∞",
    "rollup": "Σ", "formula": "ƒ",
}  # fmt: skip


class ViewSection:
    """Draws one view; *rows_shown* is how many rows it lists before it offers the rest."""

    def __init__(self, workspace: Workspace, view: Json, *, rows_shown: int = ROWS_SHOWN) -> None:
        self._workspace = workspace
        self._view = view
        self._wanted: Json = view.get("configuration") or {}
        self._limit = rows_shown
        self._source: Json = (
            workspace.source(view["data_source_id"]) if view.get("data_source_id") else {}
        )

    def markup(self) -> Markup:
        """Return the view's content without its name."""
        if self._view["type"] == "dashboard":
            return self._dashboard()
        rows = self._workspace.rows(self._view)
        if self._view["type"] == "chart":
            return draw(read_chart(self._view, self._source, rows, self._workspace))
        listed = rows[: self._limit]
        match self._view["type"]:
            case "board":
                # A board's columns count all their rows, so it groups before it cuts.
                return self._board(rows)
            case "gallery":
                body = tag("div", [self._card(row) for row in listed], class_="gallery")
            case "table":
                body = self._table(listed)
            case "timeline":
                body = self._timeline(listed)
            case _:
                body = tag("ul", [self._line(row) for row in listed], class_="rows")
        return join(body, self._more(len(listed), len(rows)))

    def _columns(self) -> list[Json]:
        """Return the visible columns in the view's order; those it does not name come last."""
        key = "properties" if "properties" in self._wanted else "table_properties"
        named: list[Json] = self._wanted.get(key) or []
        columns: list[Json] = []
        for one in named:
            column = column_of(self._source, one["property_id"])
            if column is not None and one.get("visible") is not False:
                columns.append({**column, "width": one.get("width")})
        everything = list(self._source["properties"].values())
        is_card = self._view["type"] in {"board", "gallery", "list", "timeline"}
        unnamed = [
            column
            for column in everything
            if not any(same_id(column["id"], one["property_id"]) for one in named)
        ]
        # Cards show only what was asked for; a table shows whatever nobody hid.
        columns += [one for one in unnamed if one["type"] == "title" or not is_card]
        return sorted(columns, key=lambda column: column["type"] != "title")

    def _table(self, rows: Sequence[Json]) -> Markup:
        columns = self._columns()
        head = [
            tag(
                "th",
                tag("span", _SIGNS.get(column["type"], "·"), class_="sign", aria_hidden="true"),
                column["name"],
                scope="col",
                title=column.get("description"),
                class_="number" if values.is_number(column) else None,
                style=f"min-width:{min(column['width'], 320):g}px" if column.get("width") else None,
            )
            for column in columns
        ]
        body = [tag("tr", [self._cell(row, column) for column in columns]) for row in rows]
        table = tag(
            "table",
            tag("thead", tag("tr", head)),
            tag("tbody", body),
            # A view that says nothing of it does not wrap: one long text would make its row a page.
            class_=None if self._wanted.get("wrap_cells") else "cut",
        )
        return tag(
            "div",
            table,
            class_="scroll",
            tabindex=0,
            role="region",
            aria_label=f"Table {self._view.get('name') or ''}",
        )

    def _cell(self, row: Json, column: Json) -> Markup:
        if column["type"] == "title":
            return tag("th", self._title_link(row), scope="row")
        value = value_of(row, column)
        content = None if value is None else values.shown(value, column, self._workspace)
        return tag("td", content, class_="number" if values.is_number(column) else None)

    def _board(self, rows: list[Json]) -> Markup:
        by = self._wanted.get("group_by") or {}
        lanes_by = self._wanted.get("sub_group_by")
        if not lanes_by:
            return self._lane(rows, by)
        lanes = group(rows, self._source, lanes_by, self._workspace, hide_empty=True)
        return join(
            tag("details", tag("summary", one.label), self._lane(one.rows, by), open=True)
            for one in lanes
        )

    def _lane(self, rows: list[Json], by: Json) -> Markup:
        groups = group(rows, self._source, by, self._workspace)
        return tag(
            "div",
            [self._board_column(one) for one in groups],
            class_="board",
            tabindex=0,
            role="region",
            aria_label=f"Board {self._view.get('name') or ''}",
        )

    def _board_column(self, one: Group) -> Markup:
        listed = one.rows[: self._limit]
        tint = f"lane-{one.colour}" if one.colour in COLOURS else None
        return tag(
            "section",
            tag(
                "h4",
                values.chip(one.label, one.colour),
                " ",
                tag("span", str(len(one.rows)), class_="muted"),
            ),
            [self._card(row) for row in listed],
            self._more(len(listed), len(one.rows)),
            class_=classes("lane", tint),
        )

    def _card(self, row: Json) -> Markup:
        lines: list[Content] = []
        for column in self._columns():
            value = value_of(row, column)
            if column["type"] == "title" or value is None:
                continue
            content = values.shown(value, column, self._workspace)
            # An unticked box says nothing on a card.
            if not content or value.get("checkbox") is False:
                continue
            lines.append(tag("div", tag("dt", column["name"]), tag("dd", content)))
        return tag(
            "article",
            self._cover(row),
            tag("h5", self._title_link(row)),
            tag("dl", lines) if lines else None,
            class_="card",
        )

    def _cover(self, row: Json) -> Markup | None:
        """Return the picture on top of a card, where the view wants one and it was uploaded."""
        wanted: Json = self._wanted.get("cover") or {}
        found: str | None = None
        match wanted.get("type"):
            case "page_cover":
                found = address(row.get("cover"))
            case "property":
                column = column_of(self._source, wanted.get("property_id"))
                held = (value_of(row, column) if column else None) or {}
                pictures = [one for file in held.get("files") or [] if (one := address(file))]
                found = pictures[0] if pictures else None
            case "page_content":
                blocks = self._workspace.children(row["id"])
                images = [address(one["image"]) for one in blocks if one["type"] == "image"]
                found = next((one for one in images if one), None)
            case _:
                pass
        return tag("img", src=found, alt="", class_="cover") if found else None

    def _line(self, row: Json) -> Markup:
        parts = [
            tag("span", values.shown(value, column, self._workspace))
            for column in self._columns()
            if column["type"] != "title" and (value := value_of(row, column)) is not None
        ]
        return tag("li", self._title_link(row), tag("span", parts, class_="beside"))

    def _timeline(self, rows: Sequence[Json]) -> Markup:
        return draw_timeline(
            rows,
            source=self._source,
            wanted=self._wanted,
            columns=self._columns(),
            title={row["id"]: self._title_link(row) for row in rows},
            workspace=self._workspace,
        )

    def _dashboard(self) -> Markup:
        drawn: list[Content] = []
        for row in self._wanted.get("rows") or []:
            widgets = []
            for widget in row.get("widgets") or []:
                view = self._workspace.view(widget["view_id"])
                name = tag("h4", view.get("name") or "")
                content = ViewSection(self._workspace, view, rows_shown=10).markup()
                widgets.append(tag("section", name, content, class_="widget"))
            drawn.append(tag("div", widgets, class_=f"widgets widgets-{len(widgets)}"))
        return join(drawn) if drawn else tag("p", "Nothing on this dashboard yet", class_="muted")

    def _title_link(self, row: Json) -> Markup:
        sign = icon(row.get("icon"))
        return tag("a", f"{sign} " if sign else None, title_of(row), href=f"/p/{row['id']}")

    def _more(self, listed: int, total: int) -> Markup | None:
        if total == 0:
            return tag("p", "No rows", class_="muted")
        if listed == total:
            return None
        database = (self._view.get("parent") or {}).get("database_id")
        return tag(
            "p",
            f"{listed} of {total} rows are listed. ",
            tag("a", "Show all", href=f"/d/{database}?view={self._view['id']}&rows={total}"),
            class_="muted",
        )
