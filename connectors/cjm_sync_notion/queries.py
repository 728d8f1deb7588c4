"""Read every row of a data source, however many, and say so when that cannot be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cjm_sync.errors import TransientError
from cjm_sync_notion.client import (
    LEAST_PAGE,
    PAGE_SIZE,
    NotionClient,
    OverloadedError,
    StaleCursorError,
    next_cursor,
    results,
    smaller,
)

MOST_RESTARTS = 5
LIMIT_REACHED = "query_result_limit_reached"


def all_rows(
    client: NotionClient, data_source_id: str, *, properties: Sequence[str], archived: bool
) -> Iterator[dict[str, Any]]:
    """Yield each row once, oldest first, with the *properties* named by id (none: with all).

    Notion cuts a listing at 10,000 rows; it is then begun again where the last row was created.
    Raises TransientError when it is incomplete in another way.
    """
    since: str | None = None
    seen: set[str] = set()
    restarts = 0
    while True:
        last, is_cut = since, False
        try:
            for row, is_cut in _query(client, data_source_id, since, properties, archived=archived):  # noqa: B007
                last = str(row.get("created_time"))
                if row["id"] not in seen:
                    seen.add(str(row["id"]))
                    yield row
        except StaleCursorError:
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise
            since = last  # what was read stays read
            continue
        if not is_cut:
            return
        if last == since:
            raise TransientError(
                f"more than 10,000 rows of the data source {data_source_id} were made in one minute",
                hint="Move some of them out of the database.",
            )
        since = last


def _query(
    client: NotionClient,
    data_source_id: str,
    since: str | None,
    properties: Sequence[str],
    *,
    archived: bool,
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield rows with whether the listing they come from was cut by Notion."""
    path = f"data_sources/{data_source_id}/query"
    body: dict[str, Any] = {
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
        "page_size": PAGE_SIZE,
    }
    if since is not None:
        body["filter"] = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
    if archived:
        body["is_archived"] = True
    query = {"filter_properties": list(properties)} if properties else None
    circle: set[str] = set()
    while True:
        try:
            answer = client.post(path, body, query=query, creates=False)
        except OverloadedError:
            # Wide rows can take longer than Notion grants; fewer of them at once do not.
            if body["page_size"] <= LEAST_PAGE:
                raise
            body["page_size"] = smaller(body["page_size"])
            continue
        status = answer.get("request_status") or {}
        is_cut = status.get("type") == "incomplete"
        if is_cut and status.get("incomplete_reason", LIMIT_REACHED) != LIMIT_REACHED:
            raise TransientError(
                f"Notion listed the rows of {data_source_id} incompletely "
                f"({status.get('incomplete_reason')})",
                hint="Run again; nothing was concluded from what is missing.",
            )
        rows = results(answer, path)
        if is_cut and not rows:
            raise TransientError(
                f"Notion cut the listing of {data_source_id} without a row to go on from",
                hint="Run again; nothing was concluded from what is missing.",
            )
        for row in rows:
            yield row, is_cut
        cursor = next_cursor(answer, circle, path)
        if cursor is None:
            return
        body["start_cursor"] = cursor
