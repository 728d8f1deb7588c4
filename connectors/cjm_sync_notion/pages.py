"""Read and write the rows of our databases, by property id, synced columns only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from cjm_sync.errors import GoneError, GuardTripped
from cjm_sync.model import Binding, Finding, Intent, Missing, Observed, Page, canonical
from cjm_sync.ports import Found, Made, PageState
from cjm_sync_notion.client import PAGE_SIZE, NotionClient, next_cursor, results
from cjm_sync_notion.columns import OVERLAY_COLUMNS
from cjm_sync_notion.databases import id_of
from cjm_sync_notion.peoples import plain_value, text_of
from cjm_sync_notion.queries import all_rows
from cjm_sync_notion.rowcells import RowCells
from cjm_sync_notion.schemas import deleted
from cjm_sync_notion.templates import Templates
from cjm_sync_notion.viewmaking import LiveOptions
from cjm_sync_notion.words import has_words
from cjm_sync_notion.workspace import SYNC_KEY, Column, Database, Memory, database_key

_REFERENCES_SHOWN = 25  # a page object carries at most this many of a relation


class Pages:
    """The pages in *databases*; *bot_id* tells our own hand from people's.

    *live* (options by column) and *present* (ids of columns by collection) are filled by
    `usable_columns` and kept by the caller for as long as it writes.
    """

    def __init__(
        self,
        client: NotionClient,
        databases: Mapping[str, Database],
        bot_id: str,
        live: LiveOptions,
        present: dict[str, frozenset[str]],
        *,
        cells: RowCells,
        templates: Templates,
        note: Callable[[Finding], None],
    ) -> None:
        self._client, self._databases, self._bot_id = client, databases, bot_id
        self._live, self._present = live, present
        self._cells, self._templates, self._note = cells, templates, note

    def usable_columns(self, collection: str, memory: Memory) -> frozenset[str]:
        """Return the columns that still exist with the type they were made with.

        Learns on the way which options are there: one that a person deleted is refused by its id.
        """
        detail = memory[database_key(collection)].detail
        source = self._client.get(f"data_sources/{detail['data_source_id']}")
        if source.get("in_trash"):
            raise GoneError(f"the database {collection} is in the trash")
        found = {
            unquote(str(held.get("id"))): held for held in (source.get("properties") or {}).values()
        }
        self._present[collection] = frozenset(found)
        database = self._databases[collection]
        for column in deleted(database, detail):
            self._note(_missing(collection, column))
        usable: set[str] = set()
        for key, column_id in detail["columns"].items():
            held = found.get(unquote(column_id), {})
            if held.get("type") != database.column(key).type:
                continue
            usable.add(key)
            if held["type"] == "select":
                options = (held.get("select") or {}).get("options") or ()
                self._live[collection, key] = {str(o["name"]): str(o["id"]) for o in options}
        return frozenset(usable)

    def lost_options(self, collection: str, memory: Memory) -> dict[str, dict[str, str | None]]:
        """Return the options whose known id is gone, with the id that has their name now."""
        known = memory[database_key(collection)].detail.get("options", {})
        lost: dict[str, dict[str, str | None]] = {}
        for column, ids in known.items():
            live = self._live.get((collection, column))
            if live is None:
                continue
            there = self._cells.option_ids(collection, column, memory)
            gone = {key: there.get(key) for key, at in ids.items() if at not in live.values()}
            if gone:
                lost[column] = gone
        return lost

    def scan(
        self, collection: str, memory: Memory, *, archived: bool, match_id: str = ""
    ) -> Iterator[tuple[Observed, str]]:
        """Yield every row, oldest first, each with the text of the property *match_id*.

        People's cells that the overlay reads come in the same queries.
        """
        detail = memory[database_key(collection)].detail
        columns = detail["columns"]
        wanted = (SYNC_KEY, *OVERLAY_COLUMNS.get(collection, ()))
        asked = [unquote(columns[key]) for key in wanted if key in columns]
        # A query that names a column which a person deleted is refused as a whole.
        asked = [one for one in asked if one in self._present.get(collection, asked)]
        if match_id and match_id not in asked:
            asked.append(match_id)
        # Without any, every property would come; the title is the least there is.
        for row in all_rows(
            self._client,
            detail["data_source_id"],
            properties=asked or ["title"],
            archived=archived,
        ):
            yield self._observed(collection, row, memory), text_of(row, match_id)

    def _observed(self, collection: str, row: Mapping[str, Any], memory: Memory) -> Observed:
        return Observed(
            key=self._cells.key_of(collection, row, memory),
            remote_id=str(row["id"]),
            collection=collection,
            by_person=not self._is_ours(row, "last_edited_by"),
            created_at=_moment(row.get("created_time")),
            edited_at=_moment(row.get("last_edited_time")),
            made_by_us=self._is_ours(row, "created_by"),
            people=self._people(collection, row, memory),
        )

    def _people(self, collection: str, row: Mapping[str, Any], memory: Memory) -> dict[str, Any]:
        held = self._cells.held(collection, row, memory)
        options = memory[database_key(collection)].detail.get("options", {})
        found = {
            key: plain_value(held[key], options.get(key, {}))
            for key in OVERLAY_COLUMNS.get(collection, ())
            if key in held
        }
        return {key: value for key, value in found.items() if value is not None}

    def _is_ours(self, row: Mapping[str, Any], name: str) -> bool:
        return (row.get(name) or {}).get("id") == self._bot_id

    def find(self, intent: Intent, memory: Memory) -> list[Found]:
        """Return the rows that carry the intent's key, oldest first, archived ones too."""
        home = memory.get(database_key(intent.collection))
        if home is None or SYNC_KEY not in home.detail.get("columns", {}):
            return []
        found = self._with_key(intent, home, memory, archived=False)
        return found or self._with_key(intent, home, memory, archived=True)

    def _with_key(
        self, intent: Intent, home: Binding, memory: Memory, *, archived: bool
    ) -> list[Found]:
        path = f"data_sources/{home.detail['data_source_id']}/query"
        key_column = unquote(home.detail["columns"][SYNC_KEY])
        body: dict[str, Any] = {
            "filter": {"property": key_column, "rich_text": {"equals": intent.key}},
            "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
            "page_size": PAGE_SIZE,
        }
        if archived:
            body["is_archived"] = True
        answer = self._client.post(path, body, creates=False)
        return [
            Found(
                str(row["id"]),
                _moment(row.get("created_time")),
                is_untouched=self._is_ours(row, "created_by")
                and self._is_ours(row, "last_edited_by"),
            )
            for row in results(answer, path)
            # Notion's `equals` takes no notice of case.
            if not row.get("in_trash")
            and self._cells.key_of(intent.collection, row, memory) == intent.key
        ]

    def look(self, binding: Binding, memory: Memory) -> Missing:
        """Look one row up by its id."""
        collection = str(binding.detail.get("collection", ""))
        try:
            row = self._client.get(f"pages/{binding.remote_id}")
        except GoneError:
            return Missing(binding.key, binding.remote_id, "gone")
        if row.get("in_trash") or row.get("is_archived"):
            return Missing(binding.key, binding.remote_id, "trashed")
        home = memory[database_key(collection)].detail["data_source_id"]
        parent = row.get("parent") or {}
        if parent.get("data_source_id", home) != home or parent.get("type") == "page_id":
            self._note(_moved(binding.key, collection))
            return Missing(binding.key, binding.remote_id, "gone")
        return Missing(
            binding.key,
            binding.remote_id,
            "live",
            by_person=not self._is_ours(row, "last_edited_by"),
            key_intact=self._cells.key_of(collection, row, memory) == binding.key,
        )

    def read(self, collection: str, remote_id: str, memory: Memory) -> PageState:
        """Return the synced cells as they stand, in canonical form."""
        row = self._client.get(f"pages/{remote_id}")
        if row.get("in_trash"):
            raise GoneError(f"the page {remote_id} is in the trash")
        held = self._cells.synced(collection, row, memory)
        whole = {
            key: self._whole(remote_id, self._databases[collection].column(key), value)
            for key, value in held.items()
        }
        cells = self._cells.decoded(collection, whole, memory)
        return PageState(
            cells,
            by_person=not self._is_ours(row, "last_edited_by"),
            edited_at=_moment(row.get("last_edited_time")),
        )

    def _whole(self, remote_id: str, column: Column, held: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the property with all its references; a page object cuts long relations."""
        if column.type != "relation" or not _is_cut(held):
            return held
        path = f"pages/{remote_id}/properties/{quote(unquote(str(held['id'])), safe='')}"
        items: list[Any] = []
        circle: set[str] = set()
        query: dict[str, Any] = {"page_size": PAGE_SIZE}
        while True:
            answer = self._client.get(path, query)
            items += [
                item["relation"] for item in answer.get("results") or () if "relation" in item
            ]
            cursor = next_cursor(answer, circle, path)
            if cursor is None:
                return {**held, "relation": items}
            query["start_cursor"] = cursor

    def has_words(self, collection: str, remote_id: str, memory: Memory) -> bool:
        """Tell whether a person filled a cell, wrote in the body or commented; True when unsure."""
        columns = memory[database_key(collection)].detail["columns"]
        synced = {
            unquote(column_id)
            for key, column_id in columns.items()
            if self._databases[collection].column(key).owner == "sync"
        }
        return has_words(self._client, remote_id, synced=synced, bot_id=self._bot_id)

    # writing

    def create(self, page: Page, memory: Memory) -> Made:
        """Make a row with its filled cells, and its body or people's template."""
        home = memory[database_key(page.collection)]
        filled = frozenset(
            name
            for name, cell in page.cells.items()
            if canonical(self._cells.settled(page, name)) is not None
        )
        properties, written = self._cells.encoded(page, filled, memory)
        body: dict[str, Any] = {
            "parent": {
                "type": "data_source_id",
                "data_source_id": home.detail["data_source_id"],
            },
            "properties": properties,
        }
        template = self._templates.for_rows(page.collection, home)
        if template is not None:
            # Its body arrives some time later; blocks sent beside it are refused.
            body["template"] = {"type": "template_id", "template_id": template}
        elif page.body:
            body["children"] = [dict(block) for block in page.body]
        answer = self._client.post("pages", body, creates=True)
        page_id = id_of(answer)
        empty = {name: None for name in page.cells if name not in filled}
        return Made(
            page_id,
            written={**empty, **written},
            learned=self._cells.options_in(page, filled, answer, memory),
            edited_at=_moment(answer.get("last_edited_time")),
        )

    def update(self, page: Page, fields: frozenset[str], remote_id: str, memory: Memory) -> Made:
        """Set the named cells."""
        properties, written = self._cells.encoded(page, fields, memory)
        try:
            answer = self._client.patch(f"pages/{remote_id}", {"properties": properties})
        except GoneError as error:
            self._check_home(page.collection, memory, error)
            raise
        learned = self._cells.options_in(page, fields, answer, memory)
        rest = {
            key: value
            for key, value in self._cells.synced(page.collection, answer, memory).items()
            if key not in fields and not _is_cut(value)
        }
        others = self._cells.decoded(page.collection, rest, memory)
        return Made(
            remote_id,
            written=written,
            learned=learned,
            others=others,
            edited_at=_moment(answer.get("last_edited_time")),
        )

    def _check_home(self, collection: str, memory: Memory, error: GoneError) -> None:
        """Raise GuardTripped when it is not the row alone that is gone: every other would fail."""
        detail = memory[database_key(collection)].detail
        try:
            if not self._client.get(f"data_sources/{detail['data_source_id']}").get("in_trash"):
                return
        except GoneError:
            pass
        raise GuardTripped(
            f"the database {collection} is no longer there, or no longer shared",
            hint="Restore it from Notion's trash and share it again; then run again.",
        ) from error


def _is_cut(held: Mapping[str, Any]) -> bool:
    """Tell whether the property may hold more references than were shown."""
    return bool(held.get("has_more")) or len(held.get("relation") or ()) >= _REFERENCES_SHOWN


def _missing(collection: str, column: Column) -> Finding:
    return Finding(
        "column_missing",
        f"{collection}/{column.key}",
        f"the column {column.key!r} of {collection} was deleted or changed its type in Notion",
        "It is left alone. Restore it in Notion to have it filled again.",
    )


def _moved(key: str, collection: str) -> Finding:
    return Finding(
        "row_moved",
        key,
        f"the row {key} was moved out of the database {collection}; it is left where it is",
        "Move it back to have it filled again.",
    )


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
