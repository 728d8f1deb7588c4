"""Make, take over, find and complete our databases; add columns that a newer version brings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import GoneError, OutcomeUnknownError, RejectedError
from cjm_sync.model import Binding, Finding, Page
from cjm_sync.ports import Found, Made
from cjm_sync_notion import adoption, optionnames
from cjm_sync_notion.adoption import Fit
from cjm_sync_notion.backup import Backup
from cjm_sync_notion.client import PAGE_SIZE, NotionClient
from cjm_sync_notion.peoples import text_of
from cjm_sync_notion.queries import all_rows
from cjm_sync_notion.schemas import column_ids, deleted, lacking, likeness, option_ids
from cjm_sync_notion.settings import AdoptTable
from cjm_sync_notion.values import schema, text_items
from cjm_sync_notion.workspace import SYNC_KEY, Column, Database, Memory, database_key

HUB = "_/hub"
_MARKER = re.compile(r"cjm-sync:[0-9A-Za-z_-]+/[a-z_]+")
_ALIKE = 0.5
"""The least share of our columns by which a database without our mark is known after a loss."""


def sources_in(memory: Memory) -> dict[str, str]:
    """Return the data source of each bound database, by its kind."""
    return {
        key.rpartition("/")[2]: str(binding.detail["data_source_id"])
        for key, binding in memory.items()
        if binding.kind == "database" and "data_source_id" in binding.detail
    }


def mark_in(database: Database) -> str:
    """Return the mark at the end of our description; empty before there is an installation."""
    marks: list[str] = _MARKER.findall(database.description)
    return marks[-1] if marks else ""


class Databases:
    """The databases under the hub, and those that people gave (*adopted*, by kind).

    *wished* are the rows as they should be: by them our options are known under any name.
    """

    def __init__(
        self,
        client: NotionClient,
        *,
        adopted: Mapping[str, AdoptTable],
        backup: Backup,
        note: Callable[[Finding], None],
        wished: Callable[[], Sequence[Page]] = tuple,
    ) -> None:
        self._client, self._adopted, self._wished = client, adopted, wished
        self._backup, self._note = backup, note
        self._fits: dict[str, Fit] = {}

    # made anew, or people's

    def create(self, database: Database, memory: Memory) -> Made:
        """Make the database under the hub, or fit our columns into the one that people gave."""
        if database.kind in self._adopted:
            return self._adopt(database, memory)
        body = {
            "parent": {"type": "page_id", "page_id": memory[HUB].remote_id},
            "title": text_items(database.title),
            "description": text_items(database.description),
            "is_inline": False,
            "icon": {"type": "emoji", "emoji": database.icon},
            "initial_data_source": {
                "properties": schema(database, data_source_ids=sources_in(memory))
            },
        }
        answer = self._client.post("databases", body, creates=True)
        return Made(id_of(answer), detail=_data_source(answer))

    def fit(self, database: Database, memory: Memory) -> Fit:
        """Return how *database* fits into the one that people gave; read once a run."""
        found = self._fits.get(database.kind)
        if found is None:
            found = adoption.look(
                self._client,
                database,
                self._adopted[database.kind],
                marker=mark_in(database),
                related=sources_in(memory),
            )
            self._fits[database.kind] = found
            for finding in found.findings:
                self._note(finding)
        return found

    def _adopt(self, database: Database, memory: Memory) -> Made:
        """Add what is missing, then put our mark behind the description: the mark says it is done.

        Each step may be done twice. Before the first, everything that stands there is backed up.
        """
        self._fits.pop(database.kind, None)  # what other kinds point to may be there by now
        found = self.fit(database, memory)
        self._backup.save(database.kind, found.database_id, found.data_source_id)
        properties = _named(
            [(database.column(key), name) for key, name in found.missing.items()], database, memory
        )
        path = f"data_sources/{found.data_source_id}"
        source = self._client.patch(path, {"properties": properties})
        mark = mark_in(database)
        if mark and mark not in adoption.plain(found.description):
            words = adoption.marked(found.description, mark)
            try:
                self._client.patch(f"databases/{found.database_id}", {"description": words})
            except GoneError:
                raise
            except RejectedError:
                self._note(_unmarked(database))
        return Made(found.database_id, detail=adoption.remembered(found, database, source))

    # what memory still lacks, and what a newer version brings

    def complete(self, database: Database, binding: Binding, memory: Memory) -> Made | None:
        """Read the ids of columns and options that are not known yet; None when none are missing."""
        made = self._completed(database, binding, memory)
        given = optionnames.newly_given(database, binding.detail)
        if not given:
            return made
        detail = {} if made is None else made.detail or {}
        return Made(binding.remote_id, detail={**detail, optionnames.GIVEN: given})

    def _completed(self, database: Database, binding: Binding, memory: Memory) -> Made | None:
        detail = dict(binding.detail)
        if "columns" in detail:
            return self._found_again(database, binding)
        if database.kind in self._adopted:
            detail = adoption.remembered(self.fit(database, memory), database, {})
            source = self._client.get(f"data_sources/{detail['data_source_id']}")
            detail["options"] = self._options(database, detail, detail["columns"], source)
            return Made(binding.remote_id, detail=detail)
        if "data_source_id" not in detail:
            detail |= _data_source(self._client.get(f"databases/{binding.remote_id}"))
        source = self._client.get(f"data_sources/{detail['data_source_id']}")
        ids = column_ids(database, source)
        detail |= {
            "columns": ids,
            "options": self._options(database, detail, ids, source),
            "known": [column.key for column in database.columns],
        }
        return Made(binding.remote_id, detail=detail)

    def _options(
        self,
        database: Database,
        detail: Mapping[str, Any],
        ids: Mapping[str, str],
        source: Mapping[str, Any],
    ) -> dict[str, dict[str, str]]:
        """Return the ids of our options by name, else as the rows tell.

        Asks nothing where all names are found; else reads rows until all the others were met.
        """
        known = option_ids(database, ids, source)
        unknown = optionnames.unknown(database, ids, known, source)
        wished = {page.key: page for page in self._wished() if page.collection == database.kind}
        ballot = optionnames.Ballot(database, unknown, wished)
        if unknown and SYNC_KEY in ids:
            asked = [unquote(ids[key]) for key in (SYNC_KEY, *unknown)]
            source_id = str(detail["data_source_id"])
            rows = all_rows(self._client, source_id, properties=asked, archived=False)
            for number, row in enumerate(rows, start=1):
                ballot.count(text_of(row, unquote(ids[SYNC_KEY])), row, ids)
                if number >= PAGE_SIZE and ballot.is_clear:
                    break
        renamed = ballot.result()
        return {column: {**held, **renamed.get(column, {})} for column, held in known.items()}

    def _found_again(self, database: Database, binding: Binding) -> Made | None:
        """Look for columns that were not there when memory was rebuilt and that people put back."""
        lost = {column.key for column in deleted(database, binding.detail)}
        if not lost:
            return None
        try:
            source = self._client.get(f"data_sources/{binding.detail['data_source_id']}")
        except GoneError:
            return None  # said with its remedy when the rows are read
        there = set(binding.detail["columns"].values())
        ids = {
            key: column
            for key, column in column_ids(database, source).items()
            if key in lost and column not in there
        }
        if not ids:
            return None
        options = option_ids(database, ids, source)
        return Made(binding.remote_id, detail={"columns": ids, "options": options})

    def add_columns(self, database: Database, memory: Memory) -> Made:
        """Add the columns that this version brings; one that a person deleted is not among them."""
        binding = memory[database_key(database.kind)]
        known = {"known": [column.key for column in database.columns]}
        wanted = lacking(database, binding.detail)
        if not wanted:
            return Made(binding.remote_id, detail=known)
        path = f"data_sources/{binding.detail['data_source_id']}"
        source = self._client.get(path)
        ids = {
            key: found
            for key, found in column_ids(database, source).items()
            if key in {column.key for column in wanted}
            and found not in binding.detail["columns"].values()
        }
        taken = {str(name).casefold() for name in source.get("properties") or ()}
        named = [
            (
                column,
                f"{column.name}{adoption.SUFFIX}"
                if column.name.casefold() in taken
                else column.name,
            )
            for column in wanted
            if column.key not in ids
        ]
        if named:
            source = self._client.patch(path, {"properties": _named(named, database, memory)})
            held = source.get("properties") or {}
            ids |= {column.key: str(held[name]["id"]) for column, name in named if name in held}
        options = option_ids(database, ids, source)
        return Made(binding.remote_id, detail={"columns": ids, "options": options, **known})

    # found again without memory

    def find(self, database: Database, memory: Memory) -> Iterator[Found]:
        """Yield what is recognisably *database*.

        By the mark alone, under the hub or where people gave it: they add to descriptions, and
        another version words them anew. After a lost store also without it, if its columns tell.
        """
        mark = mark_in(database)
        if HUB not in memory or not mark:
            return
        if database.kind in self._adopted:
            yield from self._given(database, mark)
            return
        unmarked: list[Mapping[str, Any]] = []
        found = 0
        for answer in self._under_hub(memory):
            marks = _MARKER.findall(adoption.plain(answer.get("description") or ()))
            if mark in marks:
                found += 1
                yield _found(answer)
            elif not marks:
                unmarked.append(answer)
        if found or not memory[HUB].detail.get("taken_over"):
            return
        moved = self._behind_views(mark, memory)
        alike = [] if moved else [one for one in unmarked if self._is_like(database, one)]
        if moved is not None:
            yield moved
        elif len(alike) == 1:
            yield _found(alike[0])

    def _given(self, database: Database, mark: str) -> Iterator[Found]:
        try:
            answer = self._client.get(f"databases/{self._adopted[database.kind].database}")
        except RejectedError:
            return
        if mark in adoption.plain(answer.get("description") or ()):
            yield _found(answer)

    def _under_hub(self, memory: Memory) -> Iterator[Mapping[str, Any]]:
        for block in self._client.pages(f"blocks/{memory[HUB].remote_id}/children"):
            if block.get("type") != "child_database":
                continue
            try:
                answer = self._client.get(f"databases/{block['id']}")
            except RejectedError:
                continue  # a linked view's container, or one that was unshared
            if not answer.get("in_trash"):
                yield answer

    def _behind_views(self, mark: str, memory: Memory) -> Found | None:
        """Return our database that people moved off the hub: the hub's linked views lead to it."""
        seen: set[str] = set()
        for block in self._client.pages(f"blocks/{memory[HUB].remote_id}/children"):
            if block.get("type") != "child_database":
                continue
            try:
                for stub in self._client.pages("views", {"database_id": block["id"]}):
                    view = self._client.get(f"views/{stub['id']}")
                    source_id = view.get("data_source_id")
                    if not isinstance(source_id, str) or source_id in seen:
                        continue
                    seen.add(source_id)
                    parent = self._client.get(f"data_sources/{source_id}").get("parent") or {}
                    answer = self._client.get(f"databases/{parent.get('database_id')}")
                    if mark in adoption.plain(answer.get("description") or ()):
                        return _found(answer)
            except RejectedError:
                continue  # a kind of view that the API does not show, or a source not shared
        return None

    def _is_like(self, database: Database, answer: Mapping[str, Any]) -> bool:
        """Tell whether a database whose mark is gone has our title and key, or most of our columns."""
        try:
            source_id = _data_source(answer)["data_source_id"]
            source = self._client.get(f"data_sources/{source_id}")
        except RejectedError:
            return False
        if (source.get("parent") or {}).get("database_id") != answer.get("id"):
            return False  # a linked view's container shows what another database holds
        alike = likeness(database, source)
        has_title = adoption.plain(answer.get("title") or ()) == database.title
        return alike >= _ALIKE or (has_title and "sync_key" in column_ids(database, source))


def _named(columns: list[tuple[Column, str]], database: Database, memory: Memory) -> dict[str, Any]:
    """Return the properties of *columns* as a schema request takes them, under the names given."""
    whole = schema(database, data_source_ids={**_no_source(database), **sources_in(memory)})
    return {name: whole[column.name] for column, name in columns}


def _no_source(database: Database) -> dict[str, str]:
    return {column.relates_to: "" for column in database.columns if column.relates_to}


def _unmarked(database: Database) -> Finding:
    return Finding(
        "mark_refused",
        database.kind,
        f"Notion refused our mark behind the description of the database for {database.kind}",
        f"Write `{mark_in(database)}` there yourself: by it the database is found after a lost store.",
    )


def _found(answer: Mapping[str, Any]) -> Found:
    return Found(id_of(answer), moment_of(answer, "created_time"), is_untouched=False)


def _data_source(answer: Mapping[str, Any]) -> dict[str, str]:
    sources = answer.get("data_sources") or ()
    if not sources:
        raise RejectedError(
            f"the database {answer.get('id')} has no data source",
            hint="Delete it in Notion and run again.",
        )
    return {"data_source_id": str(sources[0]["id"])}


def id_of(answer: Mapping[str, Any]) -> str:
    """Return the id of what was made; raises OutcomeUnknownError when the answer has none."""
    found = answer.get("id")
    if not isinstance(found, str):
        raise OutcomeUnknownError(
            "Notion's answer carries no id", hint="Run again; what was made is looked up first."
        )
    return found


def moment_of(answer: Mapping[str, Any], name: str) -> datetime:
    """Return a time of *answer*; the beginning of time when it has none."""
    try:
        return datetime.fromisoformat(str(answer.get(name)))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
