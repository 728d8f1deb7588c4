"""Listings that go wrong between their pages: cursors that mislead, and pages that lack rows.

They work on every endpoint with cursors: `paging.next.after` with `after` in the address or the body
of a request, and `offset` with `hasMore` of email events. Use them like those of `faults`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote, urlencode

from cjm_sync_sandbox.hubspot.marketing import from_token, token
from cjm_sync_sandbox.hubspot.wire import Answer, Fault, Request

Body = dict[str, Any]
_ENDLESS, _WRAPPED = "endless-", "wrapped:"
_ROWS = ("results", "events", "lists")


def _body(answer: Answer | None, *, batches: bool = False) -> Body | None:
    """Return the JSON of a listing's page; None when it is no page, nor a batch with *batches*."""
    if answer is None or answer.status >= 400:
        return None
    try:
        body = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(body, dict) or not any(name in body for name in _ROWS):
        return None
    # A batch read has results too, but neither pages nor a way to ask for the next.
    return cast("Body", body) if batches or "startedAt" not in body else None


def _asked(request: Request) -> str | None:
    for name in ("after", "offset"):
        if (value := request.parameter(name)) is not None:
            return value
    if request.method == "POST":
        try:
            body = json.loads(request.body)
        except ValueError:
            return None
        after = body.get("after", body.get("offset")) if isinstance(body, dict) else None
        return None if after in {None, "", "0", 0} else str(after)
    return None


def _next(body: Body) -> str | None:
    if "hasMore" in body:
        return str(body["offset"]) if body["hasMore"] else None
    after = ((body.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def _leading_to(request: Request, body: Body, cursor: str | None) -> Body:
    """Return *body* with another cursor of the next page, or none."""
    if "hasMore" in body:
        return body | {"hasMore": cursor is not None, "offset": cursor or body["offset"]}
    kept = {name: value for name, value in body.items() if name != "paging"}
    if cursor is None:
        return kept
    return kept | {"paging": {"next": {"after": cursor, "link": request.link(cursor)}}}


def _spoilt(change: Callable[[Request, Body], Body | None], *, batches: bool = False) -> Fault:
    def fault(request: Request, answer: Answer | None) -> Answer | None:
        body = _body(answer, batches=batches)
        if answer is None or body is None:
            return None
        other = change(request, body)
        return None if other is None else replace(Answer.json(other), headers=answer.headers)

    return fault


def missing_results() -> Fault:
    """A page, or a batch, with neither rows nor the name they stand under."""
    return _spoilt(
        lambda _, body: {name: value for name, value in body.items() if name not in _ROWS},
        batches=True,
    )


def hollow() -> Fault:
    """A page without rows that still leads on: only a missing cursor ends a listing."""
    return _spoilt(lambda _, body: body | {name: [] for name in _ROWS if name in body})


def ends_early() -> Fault:
    """A page that says it is the last one when it is not."""
    return _spoilt(lambda request, body: _leading_to(request, body, None))


def without_rows(ids: Collection[str]) -> Fault:
    """Pages and batches from which the rows *ids* are missing, without a word."""
    gone = frozenset(ids)

    def change(_: Request, body: Body) -> Body:
        return body | {
            name: [row for row in body[name] if str(row.get("id")) not in gone]
            for name in _ROWS
            if name in body
        }

    return _spoilt(change, batches=True)


def same_cursor() -> Fault:
    """A page that names the cursor it was reached by as that of the next page."""

    def change(request: Request, body: Body) -> Body | None:
        asked = _asked(request)
        return None if asked is None else _leading_to(request, body, asked)

    return _spoilt(change)


def backwards() -> Fault:
    """From the third page on, the next page is one that was read before."""
    handed: dict[str, list[str]] = {}

    def change(request: Request, body: Body) -> Body | None:
        known = handed.setdefault(f"{request.method} {request.path}", [])
        asked, following = _asked(request), _next(body)
        if asked in known[1:]:
            return _leading_to(request, body, known[known.index(asked) - 1])
        if following is not None and following not in known:
            known.append(following)
        return None

    return _spoilt(change)


def endless(*, repeat_rows: bool = False) -> Fault:
    """After the last page come others, each with a new cursor: empty, or with its rows again."""
    last: dict[str, Body] = {}

    def fault(request: Request, answer: Answer | None) -> Answer | None:
        asked = _asked(request)
        if answer is None and asked is not None and asked.startswith(_ENDLESS):
            number = int(asked.removeprefix(_ENDLESS))
            body = last[request.path]
            rows = body if repeat_rows else body | {one: [] for one in _ROWS if one in body}
            return Answer.json(_leading_to(request, rows, f"{_ENDLESS}{number + 1}"))
        body_now = _body(answer)
        if answer is None or body_now is None or _next(body_now) is not None:
            return None
        if asked is not None and asked.startswith(_ENDLESS):
            return None
        last[request.path] = body_now
        other = _leading_to(request, body_now, f"{_ENDLESS}1")
        return replace(Answer.json(other), headers=answer.headers)

    return fault


def encoded_cursors() -> Fault:
    """Every listing writes its cursor as base64 that is percent-encoded already.

    Who encodes it again gets an empty last page and no error, as was reported of the real service.
    """
    wrapped: set[str] = set()

    def fault(request: Request, answer: Answer | None) -> Answer | Request | None:
        if answer is None:
            after = request.parameter("after")
            if after is None or request.path not in wrapped:
                return None
            text = from_token(after)
            if text is None or not text.startswith(_WRAPPED):
                return Answer.json({"results": []})
            return _asking(request, text.removeprefix(_WRAPPED).rstrip("~"))
        body = _body(answer)
        following = None if body is None or "hasMore" in body else _next(body)
        if body is None or following is None or "%" in following:
            return None
        wrapped.add(request.path)
        # So long that base64 has to fill it up, with the sign that must be percent-encoded.
        text = _WRAPPED + following
        cursor = quote(token(text + "~" * (len(text) % 3 == 0)), safe="")
        other = _leading_to(request, body, cursor)
        return replace(Answer.json(other), headers=answer.headers)

    return fault


def short_pages(rows: int) -> Fault:
    """Pages hold at most *rows* rows, however many were asked for."""

    def fault(request: Request, answer: Answer | None) -> Request | None:
        if answer is not None:
            return None
        if request.method == "GET":
            return _with_query(request, "limit", str(rows))
        if not request.path.endswith("/search"):
            return None
        body = json.loads(request.body)
        key = "count" if "/lists/" in request.path else "limit"
        return replace(request, body=json.dumps(body | {key: rows}).encode())

    return fault


def _asking(request: Request, after: str) -> Request:
    return _with_query(request, "after", after)


def _with_query(request: Request, name: str, value: str) -> Request:
    kept = [part for part in request.query.split("&") if part and not part.startswith(f"{name}=")]
    return replace(request, query="&".join([*kept, urlencode({name: value})]))
