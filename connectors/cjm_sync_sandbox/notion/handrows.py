"""A person at rows and pages: cells, titles, trash, archive, copies, moves, sharing."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion import handwork
from cjm_sync_sandbox.notion.deeds import Deed
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.handbase import Hands
from cjm_sync_sandbox.notion.handcells import cell_of
from cjm_sync_sandbox.notion.objects import schema_of
from cjm_sync_sandbox.notion.state import find_property


class RowHands(Hands):
    """Edits of rows and pages."""

    def fill(self, row_id: str, column: str, value: Any) -> Deed:
        """Write a cell; *column* by name or id, *value* plain (None or "" empties it).

        Texts, numbers and booleans as such; a select by its option's name (made when unknown);
        lists for multi-select, people (user ids), relations (page ids) and files (addresses);
        dates as ISO text or (start, end); a place as (latitude, longitude).
        """
        with self.sandbox.acting(self.user) as ws:
            found = find_property(self._schema(row_id), column)
            if found is None:
                raise ValueError(f"{row_id} has no column {column}")
            body = {"properties": {found["id"]: cell_of(found["type"], value)}}
            self.call("PATCH", f"pages/{row_id}", body)
            twin = found["config"].get("synced_property_id")
            self._ledger.forget(lambda one: one.kind == "cell" and one.part == twin)
            self._options_of(found)
            return self._note("cell", row_id, found["id"], found["name"], ws=ws)

    def _schema(self, page_id: str) -> Json:
        with self.sandbox.acting(self.user) as ws:
            page = ws.tables["pages"].get(page_id)
            if page is None:
                raise ValueError(f"there is no page {page_id}")
            return schema_of(ws, page)

    def _options_of(self, column: Json) -> None:
        """A new option is a deed of its own."""
        known = {one.part for one in self._ledger.deeds() if one.kind == "option"}
        source_id = column.get("source_id", "")
        for option in column["config"].get("options", ()):
            part = f"{column['id']}/{option['id']}"
            if part in known:
                self._note("option", source_id, part, option["name"])

    def rename(self, page_id: str, words: str) -> Deed:
        """Give a page or row another title."""
        return self.fill(page_id, "title", words)

    def add_row(self, source_id: str, title: str, **cells: Any) -> str:
        """Make a row by hand; cells by column name."""
        page = self.call("POST", "pages", {"parent": {"data_source_id": source_id}})["id"]
        self.rename(page, title)
        for column, value in cells.items():
            self.fill(page, column, value)
        self._note("trash", page)
        return str(page)

    def add_page(self, parent_id: str, title: str) -> str:
        """Make a page inside another."""
        page = str(self.call("POST", "pages", {"parent": {"page_id": parent_id}})["id"])
        self.rename(page, title)
        self._note("trash", page)
        return page

    def decorate(self, page_id: str, emoji: str) -> Deed:
        """Give a page an icon."""
        self.call("PATCH", f"pages/{page_id}", {"icon": {"type": "emoji", "emoji": emoji}})
        return self._note("page", page_id)

    def archive(self, page_id: str, *, back: bool = False) -> Deed:
        """Archive a page or row, or take it back."""
        self.call("PATCH", f"pages/{page_id}", {"is_archived": not back})
        return self._note("page", page_id)

    def lock(self, page_id: str, *, back: bool = False) -> Deed:
        """Lock a page or a database, or unlock it."""
        kind = self._kind(page_id)
        self.call("PATCH", f"{kind}s/{page_id}", {"is_locked": not back})
        return self._note(kind, page_id)

    def trash(self, thing_id: str, *, back: bool = False) -> Deed:
        """Move a page, row, database or block to the trash, or restore it."""
        kind = self._kind(thing_id) if not self._is_block(thing_id) else "block"
        self.call("PATCH", f"{kind}s/{thing_id}", {"in_trash": not back})
        return self._note("trash", thing_id)

    def restore(self, thing_id: str) -> Deed:
        """Take a page, row, database or block out of the trash."""
        return self.trash(thing_id, back=True)

    def destroy(self, thing_id: str) -> Deed:
        """Delete for good what lies in the trash, with everything in it."""
        with self.sandbox.acting(self.user) as ws:
            self.sandbox.destroy(thing_id)
            tables = ("blocks", "sources", "views")
            self._ledger.forget(
                lambda one: (
                    one.kind not in {"gone", "comment"}
                    and not any(one.target in ws.tables[table] for table in tables)
                )
            )
            return self._note("gone", thing_id, ws=ws)

    def duplicate(self, page_id: str) -> str:
        """Duplicate a page, a row or a database; the copy's id."""
        database = self._kind(page_id) == "database"
        with self.sandbox.acting(self.user) as ws:
            copied = handwork.duplicate_database if database else handwork.duplicate_page
            made = copied(ws, page_id)
        self._note("database" if database else "page", made)
        self._note("trash", made)
        return made

    def move(self, thing_id: str, to: str) -> Deed:
        """Move a page, row or database to another page; a row also to another data source."""
        kind, home = self._kind(thing_id), self._home(to)
        if kind == "database":
            self.call("PATCH", f"databases/{thing_id}", {"parent": {"type": home, home: to}})
        else:
            self.call("POST", f"pages/{thing_id}/move", {"parent": {home: to}})
            self._ledger.forget(
                lambda one: one.kind == "cell" and one.target == thing_id and one.part != "title"
            )
        return self._note("parent", thing_id)

    def share(self, thing_id: str, *, back: bool = False) -> Deed:
        """Share a page or database with the connection, or take it out of its sight (*back*)."""
        (self.sandbox.unshare if back else self.sandbox.share)(thing_id)
        return self._note("sharing", thing_id)

    def unshare(self, thing_id: str) -> Deed:
        """Take a page or database, and what is in it, out of the connection's sight."""
        return self.share(thing_id, back=True)

    def _home(self, to: str) -> str:
        with self.sandbox.acting(self.user) as ws:
            return "data_source_id" if to in ws.tables["sources"] else "page_id"
