"""Which requests a fault comes to: by number, by what is asked, for so many times."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from cjm_sync_sandbox.faulttimes import scheduled
from cjm_sync_sandbox.notion.requests import RequestLog

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""
Fault = Callable[[RequestLog, Answer | None], Answer | None]
"""Called before the effect of a request with None and after it with the answer; what it returns
is answered instead, what it raises reaches the caller."""
Wanted = Callable[[RequestLog], bool]
QUERY = re.compile(r"/v1/(data_sources/[^/]+/query|search|views/[^/]+/queries)$")


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
    return scheduled(when, fault, number_of=lambda request: request.number, times=times, skip=skip)


def once(fault: Fault) -> Fault:
    """Let *fault* befall the next request only."""
    return at(any_request, fault, times=1)


def any_request(_: RequestLog) -> bool:
    """Hold for every request."""
    return True


def every(share: int) -> Wanted:
    """Return a test that holds for each *share*-th request of the stand-in."""
    return lambda log: log.number % share == 0


def asks(method: str = "", path: str = "") -> Wanted:
    """Return a test of a request's method ("" is any) and, by a regular expression, its path."""
    compiled = re.compile(path)
    return lambda log: method in {"", log.method} and compiled.search(log.path) is not None


def writes(log: RequestLog) -> bool:
    """Hold for requests that may change something."""
    return log.method != "GET" and not QUERY.search(log.path)
