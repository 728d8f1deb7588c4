"""Everything known to go wrong between Notion and a client, a switch for each.

Put any of them into `NotionSandbox.faults`; alone, a fault spoils every request it can. `at` says
which ones instead: by number, by what is asked (`asks`), or for so many times.

    sandbox.faults.append(at({3, 7}, conflict()))
    sandbox.faults.append(at(asks("POST", "/pages$"), unavailable(committed=True), times=1))
    sandbox.faults.append(at(every(5), rate_limited("public_api_space_request_rate_limit")))
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

import httpx

from cjm_sync.ports import Clock
from cjm_sync_sandbox.notion.errors import ApiError, Json, invalid, refusal_of
from cjm_sync_sandbox.notion.faulttimes import (
    QUERY,
    Answer,
    Fault,
    any_request,
    asks,
    at,
    every,
    once,
    writes,
)
from cjm_sync_sandbox.notion.requests import PAGE_SIZE, RequestLog

if TYPE_CHECKING:
    from cjm_sync_sandbox.notion.app import NotionSandbox

Reason = Literal[
    "public_api_request_rate_limit",
    "public_api_space_request_rate_limit",
    "public_api_endpoint_rate_limit",
    "public_api_request_blocked",
]
JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html"}
_APPEND = re.compile(r"/v1/blocks/[^/]+/children$")

# Refusals in place of the real answer. The request has no effect.


def _refused(
    make: Callable[[RequestLog], ApiError], headers: Mapping[str, str] | None = None
) -> Fault:
    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        return None if answer is not None else _said(make(log), headers)

    return fault


def _said(error: ApiError, headers: Mapping[str, str] | None = None) -> Answer:
    return error.status, {**JSON, **(headers or {})}, json.dumps(refusal_of(error)).encode()


def conflict() -> Fault:
    """409: somebody else saves the same thing just now."""
    words = "Conflict occurred while saving. Please try again."
    return _refused(lambda _: ApiError(409, "conflict_error", words))


def rate_limited(
    reason: Reason = "public_api_request_rate_limit", *, retry_after: int | None = 7
) -> Fault:
    """429 for *reason*; with `public_api_request_blocked` no waiting helps."""
    more: Json = {"rate_limit_reason": reason}
    headers = {}
    if retry_after is not None and reason != "public_api_request_blocked":
        more["retry_after"] = str(retry_after)
        headers = {"Retry-After": str(retry_after)}
    words = "You have been rate limited. Please try again in a few minutes."
    return _refused(lambda _: ApiError(429, "rate_limited", words, more), headers)


def overloaded(retry_after: int | None = 5) -> Fault:
    """529: Notion is overloaded; nothing was done."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    words = "Notion is temporarily overloaded. Please try again later."
    return _refused(lambda _: ApiError(529, "service_overload", words), headers)


def failing() -> Fault:
    """500 of Notion itself."""
    words = "Unexpected error occurred."
    return _refused(lambda _: ApiError(500, "internal_server_error", words))


def unauthorized() -> Fault:
    """401: the token was revoked."""
    return _refused(lambda _: ApiError(401, "unauthorized", "API token is invalid."))


def forbidden(words: str = "Insufficient permissions for this endpoint.") -> Fault:
    """403: the connection lacks a capability."""
    return _refused(lambda _: ApiError(403, "restricted_resource", words))


def gone() -> Fault:
    """404: not there, or not shared (any longer)."""
    words = "Could not find object. Make sure it is shared with your connection."
    return _refused(lambda _: ApiError(404, "object_not_found", words))


def block_limit() -> Fault:
    """403 on whatever makes blocks: the free workspace's thousand for life is spent."""
    words = "This workspace has reached its block limit. Upgrade the workspace's plan to add more."

    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        makes = (log.method == "POST" and log.path in {"/v1/pages", "/v1/databases"}) or (
            log.method == "PATCH" and _APPEND.search(log.path) is not None
        )
        return _said(ApiError(403, "restricted_resource", words)) if makes and not answer else None

    return fault


def stale_cursor() -> Fault:
    """400 for every request that goes on from a cursor."""

    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        cursor = _asked(log).get("start_cursor")
        if answer is not None or cursor is None:
            return None
        return _said(invalid(f"The start_cursor provided is invalid: {cursor}"))

    return fault


def too_heavy(page_size: int = 10, *, status: Literal[503, 504] = 504) -> Fault:
    """503 or 504 for every reading that asks for more than *page_size* at a time."""
    code = {503: "service_unavailable", 504: "gateway_timeout"}[status]
    guidance = {"retry_guidance": ["Retry with backoff.", "Use a smaller page_size."]}

    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        reads = log.method == "GET" or QUERY.search(log.path) is not None
        if (
            answer is not None
            or not reads
            or int(_asked(log).get("page_size", PAGE_SIZE)) <= page_size
        ):
            return None
        return _said(ApiError(status, code, "The request took too long.", guidance))

    return fault


def _asked(log: RequestLog) -> Json:
    """Return what a request says in its query and body."""
    said: Json = {key: values[0] for key, values in parse_qs(log.query).items()}
    if log.body.startswith(b"{"):
        said |= json.loads(log.body)
    return said


# Pages of HTML where JSON belongs.


def _page(status: int, words: str, headers: Mapping[str, str] | None = None) -> Fault:
    body = f"<html><head><title>{words}</title></head><body>{words}</body></html>".encode()
    return lambda _, answer: None if answer is not None else (
        status, {**HTML, **(headers or {})}, body
    )  # fmt: skip


def bad_gateway() -> Fault:
    """502 in HTML; nothing was done."""
    return _page(502, "502 Bad Gateway")


def blocked_at_the_edge() -> Fault:
    """403 in HTML by the proxy in front of Notion, with a ray and no request id."""
    return _page(403, "Sorry, you have been blocked", {"cf-ray": "8f2d0c1b2a3e4f50-ARN"})


def html(status: int = 200) -> Fault:
    """A web page, and a status that says all is well."""
    return _page(status, "Please wait")


# What may have been done though it was refused.


def unavailable(
    code: Literal[
        "service_unavailable", "database_connection_unavailable", "gateway_timeout"
    ] = "service_unavailable",
    *,
    committed: bool = False,
    named: bool = True,
) -> Fault:
    """503 (504 for `gateway_timeout`), after the effect when *committed*, and then for writes only.

    *named*: a create that took effect tells the new id, an append the parent's and the new blocks'.
    """
    status = 504 if code == "gateway_timeout" else 503
    words = "The request took too long." if status == 504 else "Notion is unavailable."

    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        if (answer is not None) is not committed:
            return None
        more: Json = {"elapsed_ms": 55_020, "deadline_ms": 55_000}
        if answer is not None:
            if answer[0] != 200 or not writes(log):
                return None
            more["retry_guidance"] = ["Do not repeat the write."]
            more |= _made(log) if named else {}
        return _said(ApiError(status, code, words, more))

    return fault


def _made(log: RequestLog) -> Json:
    """Return what a 503 tells of a create that took effect."""
    if log.method == "POST":
        return {"committed_resource_id": log.answer["id"]}
    if log.method == "PATCH" and _APPEND.search(log.path):
        wanted = len(json.loads(log.body)["children"])
        made = [block["id"] for block in log.answer["results"][:wanted]]
        return {"committed_resource_id": log.path.split("/")[3], "committed_child_ids": made}
    return {}


# Real answers, spoilt.


def _spoilt(spoil: Callable[[bytes], bytes]) -> Fault:
    def fault(_: RequestLog, answer: Answer | None) -> Answer | None:
        if answer is None or answer[0] != 200:
            return None
        return answer[0], answer[1], spoil(answer[2])

    return fault


def truncated(share: float = 0.5) -> Fault:
    """200 with JSON that breaks off after *share* of it."""
    return _spoilt(lambda body: body[: int(len(body) * share)])


def empty() -> Fault:
    """200 with nothing in it."""
    return _spoilt(lambda _: b"")


def changed(change: Callable[[Json], Any]) -> Fault:
    """200 with JSON that *change* has altered in place."""

    def spoil(body: bytes) -> bytes:
        answer = json.loads(body)
        change(answer)
        return json.dumps(answer).encode()

    return _spoilt(spoil)


def without_results() -> Fault:
    """Lists without `results`, as are seen now and then."""
    return changed(lambda answer: answer.pop("results", None))


def incomplete(kept: int = 1) -> Fault:
    """Queries that break off after *kept* rows and say so in `request_status`."""

    def cut(answer: Json) -> None:
        if answer.get("type") == "page_or_data_source":
            reason = "query_result_limit_reached"
            answer |= {
                "results": answer["results"][:kept], "has_more": False, "next_cursor": None,
                "request_status": {"type": "incomplete", "incomplete_reason": reason},
            }  # fmt: skip

    return changed(cut)


def in_a_circle() -> Fault:
    """Lists whose next page is always the same one."""

    def turn(answer: Json) -> None:
        if answer.get("object") == "list":
            answer |= {"has_more": True, "next_cursor": "s:again"}

    return changed(turn)


def behind(earlier: NotionSandbox) -> Fault:
    """Queries that see an *earlier* copy of the workspace, as an index that lags does."""

    def fault(log: RequestLog, answer: Answer | None) -> Answer | None:
        if answer is None or answer[0] != 200 or not QUERY.search(log.path):
            return None
        query = parse_qs(log.query)
        status, found = earlier.call(log.method, log.path, json.loads(log.body or b"{}"), query)
        return status, answer[1], json.dumps(found).encode()

    return fault


# The connection. What is raised here goes through `httpx.WSGITransport` as if the network did it.


def unreachable() -> Fault:
    """The connection cannot be made: nothing is done."""

    def fault(_: RequestLog, answer: Answer | None) -> None:
        if answer is None:
            raise httpx.ConnectError("the stand-in cannot be reached")

    return fault


def dropped(*, handled: bool = True) -> Fault:
    """The connection breaks, after the effect or before it."""

    def fault(_: RequestLog, answer: Answer | None) -> None:
        if (answer is not None) is handled:
            raise httpx.ReadError("the stand-in hung up")

    return fault


def silent(*, handled: bool = True) -> Fault:
    """No answer comes in time; the request had its effect, or not."""

    def fault(_: RequestLog, answer: Answer | None) -> None:
        if (answer is not None) is handled:
            raise httpx.ReadTimeout("the stand-in said nothing")

    return fault


def late(clock: Clock, seconds: float) -> Fault:
    """The answer takes *seconds* of *clock*."""

    def fault(_: RequestLog, answer: Answer | None) -> None:
        if answer is not None:
            clock.sleep(seconds)

    return fault


__all__ = [
    "Answer",
    "Fault",
    "any_request",
    "asks",
    "at",
    "bad_gateway",
    "behind",
    "block_limit",
    "blocked_at_the_edge",
    "changed",
    "conflict",
    "dropped",
    "empty",
    "every",
    "failing",
    "forbidden",
    "gone",
    "html",
    "in_a_circle",
    "incomplete",
    "late",
    "once",
    "overloaded",
    "rate_limited",
    "silent",
    "stale_cursor",
    "too_heavy",
    "truncated",
    "unauthorized",
    "unavailable",
    "unreachable",
    "without_results",
    "writes",
]
