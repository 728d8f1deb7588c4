"""A person at the shape of things: columns, options, views, databases, templates."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion import handwork
from cjm_sync_sandbox.notion.deeds import Deed
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.handbase import Hands
from cjm_sync_sandbox.notion.handcells import text_of
from cjm_sync_sandbox.notion.state import find_property


class ShapeHands(Hands):
    """Edits of schemas, views and databases."""

    # Columns; named by name or id.

    def add_column(self, source_id: str, name: str, kind: str = "rich_text", **config: Any) -> str:
        """Add a column; its id."""
        self._schema_change(source_id, {name: {kind: config}})
        return self._column_deed(source_id, name).part

    def rename_column(self, source_id: str, column: str, name: str) -> Deed:
        """Give a column another name."""
        found = self._column(source_id, column)
        self._schema_change(source_id, {found["id"]: {"name": name}})
        return self._column_deed(source_id, found["id"])

    def retype_column(self, source_id: str, column: str, kind: str, **config: Any) -> Deed:
        """Change a column's type; what the new one cannot hold is lost."""
        found = self._column(source_id, column)
        self._schema_change(source_id, {found["id"]: {kind: config}})
        self._forget_column(found["id"])
        return self._column_deed(source_id, found["id"])

    def describe_column(self, source_id: str, column: str, words: str) -> Deed:
        """Change what a column says of itself."""
        found = self._column(source_id, column)
        self._schema_change(source_id, {found["id"]: {"description": words}})
        return self._column_deed(source_id, found["id"])

    def delete_column(self, source_id: str, column: str) -> Deed:
        """Delete a column and what stood in it."""
        found = self._column(source_id, column)
        twin = found["config"].get("synced_property_id")
        self._schema_change(source_id, {found["id"]: None})
        self._forget_column(found["id"])
        if twin:
            self._ledger.forget(lambda one: one.kind == "column" and one.part == twin)
        return self._note("column", source_id, found["id"], found["name"])

    def _schema_change(self, source_id: str, columns: Json) -> None:
        self.call("PATCH", f"data_sources/{source_id}", {"properties": columns})

    def _column(self, source_id: str, column: str) -> Json:
        with self.sandbox.acting(self.user) as ws:
            source = ws.tables["sources"].get(source_id)
            found = find_property(source, column) if source else None
        if found is None:
            raise ValueError(f"{source_id} has no column {column}")
        return found

    def _column_deed(self, source_id: str, column: str) -> Deed:
        found = self._column(source_id, column)
        return self._note("column", source_id, found["id"], found["name"])

    def _forget_column(self, column_id: str) -> None:
        self._ledger.forget(
            lambda one: (
                (one.kind == "cell" and one.part == column_id)
                or (one.kind == "option" and one.part.startswith(f"{column_id}/"))
            )
        )

    # Options; named by name.

    def add_option(self, source_id: str, column: str, name: str, color: str = "") -> Deed:
        """Add an option to a select or multi-select."""
        found = self._column(source_id, column)
        with self.sandbox.acting(self.user) as ws:
            made = handwork.add_option(ws, source_id, found["id"], name, color)
        return self._note("option", source_id, f"{found['id']}/{made}", name)

    def change_option(
        self, source_id: str, column: str, option: str, *, name: str = "", color: str = ""
    ) -> Deed:
        """Rename or recolour an option."""
        found, option_id = self._option(source_id, column, option)
        with self.sandbox.acting(self.user) as ws:
            handwork.set_option(ws, source_id, found["id"], option_id, name=name, color=color)
        return self._note("option", source_id, f"{found['id']}/{option_id}", name or option)

    def delete_option(self, source_id: str, column: str, option: str) -> Deed:
        """Delete an option; cells that had it are empty."""
        found, option_id = self._option(source_id, column, option)
        with self.sandbox.acting(self.user) as ws:
            handwork.drop_option(ws, source_id, found["id"], option_id)
        self._ledger.forget(lambda one: one.kind == "cell" and one.part == found["id"])
        return self._note("option", source_id, f"{found['id']}/{option_id}", option)

    def _option(self, source_id: str, column: str, option: str) -> tuple[Json, str]:
        found = self._column(source_id, column)
        for one in found["config"].get("options", ()):
            if one["name"] == option:
                return found, str(one["id"])
        raise ValueError(f"{column} has no option {option}")

    # Views.

    def add_view(self, database_id: str, name: str, kind: str = "table", **parts: Any) -> str:
        """Add a view to a database, of its first data source; its id."""
        with self.sandbox.acting(self.user) as ws:
            source_id = ws.tables["databases"][database_id]["sources"][0]
        body = {"database_id": database_id, "data_source_id": source_id, "name": name,
                "type": kind, **parts}  # fmt: skip
        made = str(self.call("POST", "views", body)["id"])
        self._note("view", made)
        return made

    def edit_view(self, view_id: str, **parts: Any) -> Deed:
        """Change a view's name, filter, sorts, quick filters or configuration."""
        self.call("PATCH", f"views/{view_id}", parts)
        return self._note("view", view_id)

    def rename_view(self, view_id: str, name: str) -> Deed:
        """Give a view another name."""
        return self.edit_view(view_id, name=name)

    def retype_view(self, view_id: str, kind: str) -> Deed:
        """Change a view's layout, which no request can."""
        with self.sandbox.acting(self.user) as ws:
            handwork.retype_view(ws, view_id, kind)
        return self._note("view", view_id)

    def delete_view(self, view_id: str) -> Deed:
        """Delete a view; the last one of a database cannot be."""
        self.call("DELETE", f"views/{view_id}")
        self._ledger.forget(lambda one: one.kind == "tabs")
        return self._note("view", view_id)

    def reorder_views(self, database_id: str, order: list[str]) -> Deed:
        """Put a database's tabs into another order."""
        with self.sandbox.acting(self.user) as ws:
            if sorted(ws.tables["databases"][database_id]["views"]) != sorted(order):
                raise ValueError("the order names other views than the database has")
            handwork.reorder_views(ws, database_id, order)
        return self._note("tabs", database_id)

    # Databases and templates.

    def rename_database(self, database_id: str, words: str) -> Deed:
        """Give a database another title."""
        self.call("PATCH", f"databases/{database_id}", {"title": text_of(words)})
        return self._note("database", database_id)

    def describe_database(self, database_id: str, words: str) -> Deed:
        """Change the text under a database's title."""
        self.call("PATCH", f"databases/{database_id}", {"description": text_of(words)})
        return self._note("database", database_id)

    def make_template(
        self, source_id: str, name: str, words: tuple[str, ...] = (), *, default: bool = False
    ) -> str:
        """Make a template of a data source, with paragraphs as its body; its id."""
        with self.sandbox.acting(self.user) as ws:
            made = handwork.make_template(ws, source_id, name, default=default)
        for one in words:
            self.call("PATCH", f"blocks/{made}/children", {
                "children": [{"paragraph": {"rich_text": text_of(one)}}]
            })  # fmt: skip
        self._note("page", made)
        return made
