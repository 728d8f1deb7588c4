"""Turn rows into properties by id and back, with what Notion has of columns and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from cjm_sync.model import Page, canonical
from cjm_sync_notion.values import decode, encode
from cjm_sync_notion.values import settled as settle
from cjm_sync_notion.viewmaking import LiveOptions
from cjm_sync_notion.workspace import SYNC_KEY, Database, Memory, database_key


class RowCells:
    """The cells of rows in *databases*; *live* is which options there are, by column."""

    def __init__(self, databases: Mapping[str, Database], live: LiveOptions) -> None:
        self._databases, self._live = databases, live
        self._keys: dict[str, str] = {}
        self._strangers: dict[str, int] = {}

    def key_of(self, collection: str, row: Mapping[str, Any], memory: Memory) -> str:
        """Return the row's `Sync key`, empty when it has none."""
        column = self._databases[collection].column(SYNC_KEY)
        held = self.held(collection, row, memory).get(SYNC_KEY)
        return str(decode(column, held) or "") if held is not None else ""

    def held(
        self, collection: str, row: Mapping[str, Any], memory: Memory
    ) -> dict[str, Mapping[str, Any]]:
        """Return the row's properties by our column key; people rename columns, ids stay."""
        by_id = {
            unquote(str(held.get("id"))): held
            for held in (row.get("properties") or {}).values()
            if isinstance(held, Mapping)
        }
        columns = memory[database_key(collection)].detail["columns"]
        return {
            key: by_id[unquote(column_id)]
            for key, column_id in columns.items()
            if unquote(column_id) in by_id
        }

    def synced(
        self, collection: str, row: Mapping[str, Any], memory: Memory
    ) -> dict[str, Mapping[str, Any]]:
        """Return the properties of the synced columns by our column key."""
        database = self._databases[collection]
        held = self.held(collection, row, memory)
        return {key: value for key, value in held.items() if database.column(key).owner == "sync"}

    def decoded(
        self, collection: str, held: Mapping[str, Mapping[str, Any]], memory: Memory
    ) -> dict[str, Any]:
        """Return the properties *held* in canonical form."""
        options = {
            (column, option_id): key
            for column in held
            for key, option_id in self.option_ids(collection, column, memory).items()
        }
        return {
            key: decode(
                self._databases[collection].column(key),
                value,
                option_key=lambda name, option: options.get((name, option)),
                page_key=lambda page_id: self._key_of_page(page_id, memory),
            )
            for key, value in held.items()
        }

    def _key_of_page(self, page_id: str, memory: Memory) -> str | None:
        """Return the key that is bound to a page; read from an index, for there may be many rows."""
        key = self._keys.get(page_id)
        if key is not None and key in memory and memory[key].remote_id == page_id:
            return key
        size = len(memory)
        if self._strangers.get(page_id) == size:
            return None
        # Whole before it is shared: a worker that met half of it would take our links for a
        # person's.
        keys = {b.remote_id: key for key, b in memory.items() if b.kind == "row"}
        self._keys = keys
        if page_id not in keys:
            self._strangers[page_id] = size
        return keys.get(page_id)

    def option_ids(self, collection: str, column: str, memory: Memory) -> Mapping[str, str]:
        """Return Notion's ids by our option keys, without those that a person deleted.

        An option made anew since is known by its name.
        """
        detail = memory[database_key(collection)].detail
        known: Mapping[str, str] = detail.get("options", {}).get(column, {})
        live = self._live.get((collection, column))
        if live is None:
            return known
        live = dict(live)  # other workers may add to it
        ids = set(live.values())
        there = {key: option for key, option in known.items() if option in ids}
        if there and len(there) == len(known):
            return known
        taken = set(there.values())
        free = {name: option for name, option in live.items() if option not in taken}
        labels = self._databases[collection].column(column).options
        found = {o.key: free[o.label] for o in labels if o.key not in there and o.label in free}
        return {**there, **found}

    def settled(self, page: Page, name: str) -> Any:
        """Return a cell in the form that its column gives back."""
        return settle(self._databases[page.collection].column(name), page.cells[name])

    def encoded(
        self, page: Page, fields: frozenset[str], memory: Memory
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the properties by id, and what will then stand there in canonical form."""
        home = memory[database_key(page.collection)]
        columns = home.detail["columns"]

        def page_id(key: str) -> str | None:
            binding = memory.get(key)
            return binding.remote_id if binding is not None and binding.kind == "row" else None

        properties: dict[str, Any] = {}
        # What has no column yet is not written, and must not be remembered as if it were.
        written: dict[str, Any] = dict.fromkeys(fields - columns.keys())
        for name in sorted(fields & columns.keys()):
            column = self._databases[page.collection].column(name)
            cell = self.settled(page, name)
            properties[columns[name]] = encode(
                column,
                cell,
                option_id=lambda column_key, key: self.option_ids(
                    page.collection, column_key, memory
                ).get(key),
                page_id=page_id,
            )
            form = canonical(cell)
            if column.type == "relation" and form is not None:
                there = sorted(key for key in form["link"] if page_id(key))
                form = {"link": there} if there else None
            written[name] = form
        return properties, written

    def options_in(
        self, page: Page, fields: frozenset[str], answer: Mapping[str, Any], memory: Memory
    ) -> dict[str, Mapping[str, Any]]:
        """Return the ids of options that writing *fields* of this row has made."""
        key = database_key(page.collection)
        known = memory[key].detail.get("options", {})
        learned: dict[str, dict[str, str]] = {}
        for name, held in self.held(page.collection, answer, memory).items():
            cell = page.cells[name] if name in fields else None
            option = held.get("select")
            form = canonical(cell)
            if isinstance(option, Mapping) and isinstance(form, dict) and "choice" in form:
                choice, option_id = form["choice"], option.get("id")
                # Another id than the known one: the option was deleted, and writing made it anew.
                if isinstance(option_id, str) and known.get(name, {}).get(choice) != option_id:
                    learned.setdefault(name, {})[choice] = option_id
                    live = self._live.setdefault((page.collection, name), {})
                    live[str(option.get("name"))] = option_id
        return {key: {"options": learned}} if learned else {}
