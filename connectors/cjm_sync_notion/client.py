"""Speak to Notion through its official client, and turn its failures into ours, in one place."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httpx
from notion_client import Client
from notion_client.errors import HTTPResponseError, RequestTimeoutError

from cjm_sync.errors import (
    CjmSyncError,
    ConfigError,
    GoneError,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from cjm_sync.http import TIMEOUT, Road, open_client, open_road
from cjm_sync.ports import Clock
from cjm_sync_notion.policy import notion_policy

VERSION = "2026-03-11"
PAGE_SIZE = 100
LEAST_PAGE = 10
MOST_PAGES = 1_000
"""The longest listing there can be: 10,000 rows, ten at a time."""
_QUIET = logging.getLogger("cjm_sync_notion.sdk")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False  # the SDK logs bodies; ours must never hold them


class OverloadedError(TransientError):
    """Notion could not do it in the time that it grants; less at once may do."""


class StaleCursorError(TransientError):
    """Notion forgot how far a listing had come; it must be begun again."""


class NotionClient:
    """Calls by method and path. *road* counts and paces; closing this closes the road."""

    def __init__(self, http: httpx.Client, *, road: Road, token: str, base_url: str) -> None:
        self._http, self._road = http, road
        # `request` is used throughout: the endpoint methods silently drop what they do not know.
        self._api = Client(
            client=http,
            auth=token,
            base_url=base_url.rstrip("/"),
            notion_version=VERSION,
            retry=False,
            timeout_ms=75_000,
            logger=_QUIET,
        )
        http.timeout = TIMEOUT  # the SDK sets one number for connecting and reading alike

    @property
    def road(self) -> Road:
        """Return the road, for its counts."""
        return self._road

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read; raises GoneError when it is not there or not shared."""
        return self._call("GET", path, query=query, creates=False)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        query: Mapping[str, Any] | None = None,
        creates: bool,
    ) -> dict[str, Any]:
        """Send *body*; *creates* says that doing it twice would make two."""
        return self._call("POST", path, body=body, query=query, creates=creates)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Set values; doing it twice is doing it once."""
        return self._call("PATCH", path, body=body, creates=False)

    def append(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add children to a block; doing it twice would make two."""
        return self._call("PATCH", path, body=body, creates=True)

    def delete(self, path: str) -> None:
        """Move a block to the trash; one that is there already is left there."""
        try:
            self._call("DELETE", path, creates=False)
        except GoneError:
            return

    def send_file(self, path: str, file: tuple[str, bytes, str]) -> dict[str, Any]:
        """Send *file*, its name, bytes and media type, to an upload that was begun."""
        return self._call("POST", path, form={"file": file}, creates=True)

    def pages(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every result of a paged listing."""
        cursor: str | None = None
        seen: set[str] = set()
        size = PAGE_SIZE
        while True:
            asked = {**(query or {}), "page_size": size}
            if cursor is not None:
                asked["start_cursor"] = cursor
            try:
                answer = self.get(path, asked)
            except OverloadedError:
                if size <= LEAST_PAGE:
                    raise
                size = smaller(size)
                continue
            yield from results(answer, path)
            cursor = next_cursor(answer, seen, path)
            if cursor is None:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        creates: bool,
    ) -> dict[str, Any]:
        try:
            answer = self._api.request(
                path=path,
                method=method,
                body=dict(body) if body is not None else None,
                query=dict(query) if query is not None else None,
                form_data=dict(form) if form is not None else None,
            )
        except (
            HTTPResponseError,
            RequestTimeoutError,
            httpx.TransportError,
            httpx.DecodingError,
            ValueError,
        ) as error:
            raise _ours(error, f"{method} {path}", creates=creates) from error
        if not isinstance(answer, dict):
            raise _silence(f"{method} {path} was answered with no object", creates=creates)
        return cast("dict[str, Any]", answer)


def smaller(size: int) -> int:
    """Return the page size to try after *size* took Notion too long."""
    return max(LEAST_PAGE, size // 2)


def results(answer: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """Return the rows of a listing; raises TransientError when the answer holds none at all."""
    rows = answer.get("results")
    if not isinstance(rows, list):
        raise TransientError(
            f"Notion answered {path} without results", hint="Run again; nothing was lost."
        )
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]


def next_cursor(answer: Mapping[str, Any], seen: set[str], path: str) -> str | None:
    """Return where a listing goes on, None at its end; a cursor that comes twice is an error."""
    cursor = answer.get("next_cursor")
    if not answer.get("has_more") or not isinstance(cursor, str):
        return None
    if cursor in seen or len(seen) >= MOST_PAGES:
        raise TransientError(
            f"Notion's listing of {path} has no end", hint="Run again; nothing was lost."
        )
    seen.add(cursor)
    return cursor


def _silence(message: str, *, creates: bool, committed_id: str | None = None) -> CjmSyncError:
    if creates:
        return OutcomeUnknownError(
            message,
            hint="Run again; what was made is looked up first.",
            committed_id=committed_id,
        )
    return TransientError(message, hint="Run again; nothing was lost.")


def _ours(error: Exception, call: str, *, creates: bool) -> CjmSyncError:
    """Turn a failure of the SDK or of the wire into one of ours; the only place that does."""
    if isinstance(error, HTTPResponseError):
        return _refusal(error, call, creates=creates)
    cause = error.__context__ if isinstance(error, RequestTimeoutError) else error
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return TransientError(
            f"Notion cannot be reached ({type(error).__name__})",
            hint="Check the network and `notion.base_url`; then run again.",
        )
    return _silence(f"{call} got no usable answer ({type(error).__name__})", creates=creates)


def _refusal(error: HTTPResponseError, call: str, *, creates: bool) -> CjmSyncError:
    status = error.status
    body = _body(error)
    code = str(body.get("code") or "")
    said = str(body.get("message") or f"status {status}")[:300]
    if status == 401:
        return ConfigError(
            "Notion refused the token",
            hint="Put a valid token of the connection where `notion.token` points, and run again.",
        )
    if status in {429, 529}:
        return TransientError(
            f"Notion asks to slow down ({code or status})", hint="Run again in a few minutes."
        )
    if status == 409 or status >= 500:
        if code == "row_limit_exceeded":
            return RejectedError(said, hint="The database is full.", code=code, status=status)
        failed = f"{call} failed at Notion ({code or status})"
        if status in {503, 504} and not creates:
            return OverloadedError(failed, hint="Run again; nothing was lost.")
        return _silence(failed, creates=creates, committed_id=_committed(body, call))
    if status == 404 or ("archived" in said and "unarchive" in said):
        return GoneError(
            f"{call}: {said}",
            hint="Restore it in Notion, or share it with the connection again.",
            code=code,
            status=status,
        )
    if status == 403:
        return RejectedError(
            f"Notion does not allow it: {said}",
            hint="Give the connection read, insert and update capabilities, or see the plan's limits.",
            code=code,
            status=status,
        )
    if status == 400 and "start_cursor" in said:
        return StaleCursorError(f"{call}: {said}", hint="Run again; nothing was lost.")
    return RejectedError(f"{call}: {said}", code=code, status=status)


def _committed(body: Mapping[str, Any], call: str) -> str | None:
    """Return the id of what was made although the call failed, if the answer names it."""
    extra = body.get("additional_data")
    if not isinstance(extra, dict):
        return None
    found = extra.get("committed_resource_id")
    if call.endswith("/children"):
        # There it is the parent's id; what was made stands in a list beside it.
        children = extra.get("committed_child_ids")
        found = children[0] if isinstance(children, list) and children else None
    return found if isinstance(found, str) else None


def _body(error: HTTPResponseError) -> dict[str, Any]:
    try:
        body = json.loads(error.body)
    except (TypeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def open_notion(
    base_url: str,
    *,
    token: str,
    clock: Clock,
    budget_per_minute: int,
    transport: httpx.BaseTransport | None,
) -> NotionClient:
    """Return a client that speaks over *transport* (None: the network) within the budget."""
    road = open_road(
        base_url, clock=clock, policy=notion_policy(budget_per_minute), transport=transport
    )
    return NotionClient(open_client(base_url, road=road), road=road, token=token, base_url=base_url)
