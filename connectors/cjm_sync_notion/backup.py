"""Write down what stands in a database of people's before the sync writes to it for the first time."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from cjm_sync.errors import ConfigError
from cjm_sync.model import Finding
from cjm_sync_notion.client import PAGE_SIZE, NotionClient, next_cursor
from cjm_sync_notion.queries import all_rows

logger = logging.getLogger(__name__)

_CUT = 25  # a page object carries at most this many references of a property
_LISTED = ("relation", "people", "rich_text", "title")


class Backup:
    """Files in *folder*, one a database: JSON lines, the first one its schema, then a row each."""

    def __init__(
        self,
        client: NotionClient,
        *,
        folder: Path | None,
        now: Callable[[], datetime],
        note: Callable[[Finding], None],
    ) -> None:
        self._client, self._folder, self._now, self._note = client, folder, now, note

    def save(self, kind: str, database_id: str, data_source_id: str) -> Path:
        """Write the backup and return where it is; raises ConfigError when it cannot be written."""
        if self._folder is None:
            raise ConfigError(
                f"there is no place for a backup of the database of `notion.adopt.{kind}`",
                hint="Run it from the command line, or give the target a folder.",
            )
        stamp = self._now().strftime("%Y%m%dT%H%M%SZ")
        path = self._folder / f"notion-{kind}-{database_id[:8]}-{stamp}.jsonl"
        part = path.with_suffix(".part")
        try:
            self._write(part, self._lines(database_id, data_source_id))
            part.replace(path)
        except OSError as error:
            raise ConfigError(
                f"the backup {path.name} of the database of `notion.adopt.{kind}` cannot be written: "
                f"{error.strerror}; nothing was changed in Notion",
                hint=f"Make {self._folder} writable and see that the disk has room; then run again.",
            ) from error
        logger.info(
            "backed a database up",
            extra={"action": "database_backed_up", "kind": kind, "file": str(path)},
        )
        self._note(
            Finding(
                "backup_written",
                kind,
                f"what stood in the database of notion.adopt.{kind} was written to {path}",
                "Keep it until you are content; it holds what people wrote there.",
            )
        )
        return path

    @staticmethod
    def _write(path: Path, lines: Iterator[Mapping[str, Any]]) -> None:
        path.unlink(missing_ok=True)
        held = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(held, "w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self, database_id: str, data_source_id: str) -> Iterator[Mapping[str, Any]]:
        yield {
            "database": self._client.get(f"databases/{database_id}"),
            "data_source": self._client.get(f"data_sources/{data_source_id}"),
        }
        for archived in (False, True):
            for row in all_rows(self._client, data_source_id, properties=(), archived=archived):
                yield self._whole(row)

    def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return *row* with the references that a page object leaves out."""
        properties = {}
        for name, held in (row.get("properties") or {}).items():
            kind = str(held.get("type"))
            many = held.get(kind)
            is_cut = held.get("has_more") or (isinstance(many, list) and len(many) >= _CUT)
            if kind in _LISTED and is_cut:
                items = list(self._items(str(row["id"]), str(held["id"]), kind))
                held = {**held, kind: items, "has_more": False}  # noqa: PLW2901 - the whole of it
            properties[name] = held
        return {**row, "properties": properties}

    def _items(self, page_id: str, property_id: str, kind: str) -> Iterator[Any]:
        path = f"pages/{page_id}/properties/{quote(unquote(property_id), safe='')}"
        query: dict[str, Any] = {"page_size": PAGE_SIZE}
        seen: set[str] = set()
        while True:
            answer = self._client.get(path, query)
            yield from (item[kind] for item in answer.get("results") or () if kind in item)
            cursor = next_cursor(answer, seen, path)
            if cursor is None:
                return
            query["start_cursor"] = cursor
