"""Look at the databases that people gave, before and after they are bound: columns, rows, preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cjm_sync.model import Binding, Finding, Observed, Page
from cjm_sync_notion.adoption import match_rows, names_of, preview
from cjm_sync_notion.databases import Databases
from cjm_sync_notion.settings import AdoptTable
from cjm_sync_notion.workspace import Database, Memory, database_key

Scan = Callable[[Memory, str], Iterator[tuple[Observed, str]]]
"""Reads the rows by a memory that has the database, each with the text of a property."""


class TakeOver:
    """What is said and read of the databases in *adopted*, by kind."""

    def __init__(
        self,
        adopted: Mapping[str, AdoptTable],
        homes: Databases,
        *,
        note: Callable[[Finding], None],
    ) -> None:
        self._adopted, self._homes, self._note = adopted, homes, note

    def __contains__(self, kind: str) -> bool:
        return kind in self._adopted

    def __iter__(self) -> Iterator[str]:
        return iter(self._adopted)

    def check(self, database: Database, memory: Memory) -> None:
        """Refuse a database that cannot be used as told; note one that is named too late."""
        home = memory.get(database_key(database.kind))
        if home is None:
            self._homes.fit(database, memory)
            return
        told = self._adopted.get(database.kind)
        if told is not None and told.database not in (
            home.remote_id,
            home.detail.get("data_source_id"),
        ):
            self._note(
                _ignored(
                    database.kind,
                    "names another database than the one in use",
                    "Take the table out of the configuration: a database is chosen before the "
                    "first run.",
                )
            )

    def note_unwished(self, kind: str) -> None:
        """Say that nothing is written into a database of *kind* with this configuration."""
        self._note(
            _ignored(
                kind,
                "names a database that this configuration does not fill",
                "Take the table out, or set privacy.detail and notion.history so that it is.",
            )
        )

    def rows(
        self,
        database: Database,
        memory: Memory,
        scan: Scan,
        wished: Sequence[Page],
        *,
        archived: bool,
    ) -> Sequence[Observed]:
        """Return the rows of people's database, those that match under the wished row's key."""
        kind, home = database.kind, memory.get(database_key(database.kind))
        is_new = home is None
        if home is None:
            found = self._homes.fit(database, memory)
            home = Binding(database_key(kind), "database", found.database_id, detail=found.detail())
        match_id = str(home.detail.get("adopted", {}).get("match", ""))
        matched = match_rows(
            scan({**memory, home.key: home}, match_id),
            names_of(page for page in wished if page.collection == kind) if match_id else {},
            bound_keys=memory.keys(),
            bound_ids={binding.remote_id for binding in memory.values()},
        )
        for finding in matched.findings:
            self._note(finding)
        if is_new and not archived:
            found = self._homes.fit(database, memory)
            rows, adopted = len(matched.rows), matched.adopted
            self._note(preview(kind, found, database, rows=rows, adopted=adopted))
        return matched.rows


def _ignored(kind: str, why: str, hint: str) -> Finding:
    return Finding("adoption_ignored", kind, f"notion.adopt.{kind} {why}", hint)
