"""Everything known to go wrong between HubSpot and a reader, a switch for each.

Put any of them into `HubSpotSandbox.faults`; alone, a fault spoils every request it can. `at` says
which ones instead: by number, by what is asked (`stream`, `path`), or for so many times.

    sandbox.faults.append(at(stream("deals"), forbidden("crm.objects.deals.read")))
    sandbox.faults.append(at({3, 7}, dropped()))
    sandbox.faults.append(at(path("/search$"), rate_limited("SECONDLY"), times=2))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Literal

import httpx

from cjm_sync.ports import Clock
from cjm_sync_sandbox.faulttimes import Scheduled, scheduled
from cjm_sync_sandbox.hubspot.catalog import OBJECTS, object_type
from cjm_sync_sandbox.hubspot.wire import HTML_414, Answer, ApiError, Fault, Request

Wanted = Callable[[Request], bool]

# Which requests they come to.


def at(
    when: int | Collection[int] | Wanted,
    fault: Fault,
    *,
    times: int | None = None,
    skip: int = 0,
) -> Fault:
    """Let *fault* befall only the requests *when* says: at most *times*, after the first *skip*.

    A number is that of the stand-in's requests, counted from 1: the next one is
    `len(sandbox.requests) + 1`. Several may be given; anything else is a test of the request.
    """
    made: Scheduled[Request, Answer, Answer | Request] = scheduled(
        when, fault, number_of=lambda request: request.ordinal, times=times, skip=skip
    )
    return made


def once(fault: Fault) -> Fault:
    """Let *fault* befall the next request only."""
    return at(any_request, fault, times=1)


def any_request(_: Request) -> bool:
    return True


def every(share: int) -> Wanted:
    """Return a test that holds for each *share*-th request of the stand-in."""
    return lambda request: request.ordinal % share == 0


def path(pattern: str) -> Wanted:
    """Return a test of a request's path by a regular expression."""
    compiled = re.compile(pattern)
    return lambda request: compiled.search(request.path) is not None


_STREAMS = {
    "email_events": "/email/public/v1/events",
    "form_submissions": "/form-integrations/",
    "forms": "/marketing/(v3/)?forms",
    "marketing_emails": "/marketing/(v3/)?emails",
    "events": "/events/",
    "owners": "/owners",
    "properties": "/properties/",
    "pipelines": "/pipelines/",
    "lists": "/lists",
    "associations": "/associations/",
    "exchange_rates": "/currencies/",
    "account": "/account-info/",
    "oauth": "^/oauth/",
}


def stream(name: str) -> Wanted:
    """Return a test for the requests that read a stream: an object's records or another source.

    Of objects: list, one by id, batch read and search, by whatever spelling.
    """
    if name not in OBJECTS:
        return path(_STREAMS[name])
    kind = object_type(name)
    spelling = "|".join(map(re.escape, (kind.name, kind.singular, kind.type_id)))
    return path(f"^/crm/(objects/[0-9-]+|v3/objects)/({spelling})(/|$)")


# Answers in place of the real one. The request is not handled.


def _refused(make: Callable[[], ApiError]) -> Fault:
    def fault(_: Request, answer: Answer | None) -> None:
        if answer is None:
            raise make()

    return fault


def _instead(make: Callable[[], Answer]) -> Fault:
    return lambda _, answer: make() if answer is None else None


def unauthorized(category: str = "EXPIRED_AUTHENTICATION") -> Fault:
    """401: the token is out of date, or with `INVALID_AUTHENTICATION` was never good."""
    return _refused(lambda: ApiError.unauthorized(category))


def forbidden(
    *scopes: str, where: Literal["errors", "context", "missingScopes"] = "errors"
) -> Fault:
    """403 with the scopes that are missing, in each of the three places HubSpot has put them."""

    def make() -> ApiError:
        error = ApiError.missing_scopes(scopes)
        if where != "errors":
            del error.body["errors"]
            key = "requiredGranularScopes" if where == "context" else "missingScopes"
            error.body["context"] = {key: sorted(scopes)}
        return error

    return _refused(make)


def url_too_long(characters: int = 0) -> Fault:
    """414 as the edge's HTML for every query longer than *characters*."""

    def fault(request: Request, answer: Answer | None) -> Answer | None:
        if answer is None and len(request.query) > characters:
            return Answer.html(HTML_414, 414)
        return None

    return fault


def locked() -> Fault:
    """423: bulk work holds the records."""
    return _refused(
        lambda: ApiError(423, {"message": "The resource is locked by another operation."})
    )


def rate_limited(
    policy: Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"] = "TEN_SECONDLY_ROLLING",
    *,
    retry_after: int | None = None,
    coded: Literal["errorType", "category"] = "errorType",
) -> Fault:
    """429 of *policy*; `Retry-After` in seconds only when it is given, as the real one is."""

    def make() -> ApiError:
        error = ApiError.rate_limited(policy.lower(), policy, coded=coded)
        if retry_after is not None:
            error.headers = (("Retry-After", str(retry_after)),)
        return error

    return _refused(make)


def migrating(retry_after: int | None = 3600) -> Fault:
    """477: the portal moves between data centres, for up to a day."""
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    message = "This portal is being migrated between data centers."
    return _refused(lambda: ApiError(477, {"message": message}, headers))


def failing(status: int = 500) -> Fault:
    """A 5xx of HubSpot itself, in JSON."""
    return _refused(lambda: ApiError(status, {"message": "internal error"}))


def edge_failing(status: int = 522) -> Fault:
    """A 52x or 530 of the edge in front of HubSpot, in HTML."""
    page = f"<html><head><title>{status}</title></head><body>error code: {status}</body></html>"
    return _instead(lambda: Answer.html(page, status))


def html(status: int = 200) -> Fault:
    """A web page where JSON belongs, and a status that says all is well."""
    return _instead(lambda: Answer.html("<html><body>Please wait …</body></html>", status))


# Real answers, spoilt.


def truncated(share: float = 0.5) -> Fault:
    """200 with JSON that breaks off after *share* of it."""

    def fault(_: Request, answer: Answer | None) -> Answer | None:
        if answer is None or answer.status >= 400:
            return None
        return Answer(answer.status, answer.body[: int(len(answer.body) * share)], answer.headers)

    return fault


def empty() -> Fault:
    """200 with nothing in it."""
    return lambda _, answer: None if answer is None else Answer(200, b"", answer.headers)


# The connection. What is raised here goes through `httpx.WSGITransport` as if the network did it.


def unreachable() -> Fault:
    """The connection cannot be made: nothing is handled."""

    def fault(_: Request, answer: Answer | None) -> None:
        if answer is None:
            raise httpx.ConnectError("the stand-in cannot be reached")

    return fault


def dropped(*, handled: bool = True) -> Fault:
    """The connection breaks, after the request was handled or before."""

    def fault(_: Request, answer: Answer | None) -> None:
        if (answer is not None) is handled:
            raise httpx.ReadError("the stand-in hung up")

    return fault


def silent() -> Fault:
    """The request is handled and no answer comes in time."""

    def fault(_: Request, answer: Answer | None) -> None:
        if answer is not None:
            raise httpx.ReadTimeout("the stand-in said nothing")

    return fault


def late(clock: Clock, seconds: float) -> Fault:
    """The answer takes *seconds* of *clock*."""

    def fault(_: Request, answer: Answer | None) -> None:
        if answer is not None:
            clock.sleep(seconds)

    return fault


def meanwhile(action: Callable[[], object], *, handled: bool = False) -> Fault:
    """Nothing wrong: *action*, such as an edit, is done before the request is handled, or after."""

    def fault(_: Request, answer: Answer | None) -> None:
        if (answer is not None) is handled:
            action()

    return fault
