"""The one road to a remote: paced, retried where that is safe, and counted.

Both connectors send everything through a `Road`, so a retry happens here or nowhere. What is
particular to a remote (its budgets, which calls may be repeated, what to do about which answer) is
a `Policy`, a value that the connector brings; this module knows no remote. The way in is
`open_road`, then `open_client`.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import random
import re
import threading
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Literal

import httpx

from cjm_sync.errors import TransientError
from cjm_sync.ports import Clock

logger = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(connect=10.0, read=75.0, write=75.0, pool=75.0)
"""Seconds. Both remotes may work on one request for 60 s before they give it up themselves."""

_PARSED = "cjm_sync.json"
"""Where a response keeps what its JSON came to."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures before the request left: sending it again cannot do anything twice."""

_SILENCES = (httpx.TransportError, httpx.DecodingError)
"""Failures after which nobody knows whether the remote acted."""


class DailyLimitError(TransientError):
    """The day's budget of requests is spent; nothing but tomorrow helps."""

    stops_run = True
    """Tells the pull that the other streams would fare no better."""


class Resend(StrEnum):
    """Whether an answer lets the road send the request again."""

    ALWAYS = "always"
    """The remote did not carry it out, so any method may go again."""
    IF_REPEATABLE = "if_repeatable"
    NEVER = "never"
    STOP = "stop"
    """The day's budget is spent: no worker need try."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about an answer with one of *statuses*, and one of *words* in it if any are given.

    *least_seconds*, times the number of the attempt, is how long to wait at least when the answer
    does not say; *holds* is who waits: this request, all that spend from the same budget, or
    everyone. *attempts* caps the policy's number.
    """

    statuses: frozenset[int]
    resend: Resend
    words: frozenset[str] = frozenset()
    least_seconds: float = 0.0
    holds: Literal["request", "budget", "everyone"] = "request"
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """At most *requests* in any *seconds*, spendable in one burst."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer says of the budget *name*: the budget itself, and what is left of it."""

    name: str
    budget: Budget
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How one remote wants to be spoken to.

    *repeatable* lists (method, path pattern): calls that done twice do what they do once. The first
    of *rules* that fits an answer decides; an answer that none fits is final. *words_at* and
    *retry_after_at* are dotted paths into the JSON of an error. *budget_of* names the budget that
    pays for a request (None: nobody counts it), *learn* reads a budget from an answer, *path_class*
    gives a path without its ids, to count and log by.
    """

    remote: str
    budgets: Mapping[str, Budget]
    budget_of: Callable[[httpx.Request], str | None]
    repeatable: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    words_at: tuple[str, ...] = ()
    retry_after_at: tuple[str, ...] = ()
    learn: Callable[[httpx.Response], Allowance | None] = lambda _response: None
    path_class: Callable[[httpx.Request], str] = lambda request: request.url.path
    attempts: int = 6
    first_contact_attempts: int = 3
    """Tries to reach a host that has never answered: a wrong address should fail soon."""
    backoff_seconds: float = 0.5
    backoff_limit_seconds: float = 30.0
    patience_seconds: float = 300.0
    """The longest wait worth holding a run for; beyond it the run fails and may come back."""

    def is_repeatable(self, request: httpx.Request) -> bool:
        """Tell whether sending *request* twice does what sending it once does."""
        return any(
            re.fullmatch(method, request.method) and re.search(path, request.url.path)
            for method, path in self.repeatable
        )

    def rule_for(self, response: httpx.Response) -> Rule | None:
        """Return the first rule that fits a (wholly read) *response*."""
        fitting = [rule for rule in self.rules if response.status_code in rule.statuses]
        if not fitting:
            return None
        said = frozenset(_said(response, self.words_at))
        return next((rule for rule in fitting if not rule.words or rule.words & said), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """What went over a road so far; *by_class* counts requests by `METHOD path-class`."""

    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    by_class: Mapping[str, int] = field(default_factory=dict)


class SystemClock:
    """The time that people live by."""

    def now(self) -> datetime:
        """Return the time of day, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        if seconds > 0:
            time.sleep(seconds)  # noqa: TID251 - this is the Clock that is passed in


class _Spending:
    """One budget and when it was spent. Guarded by the road's lock.

    A log of moments, not a counter per window: where the remote's windows begin is unknown, and so
    many in *any* span of the window's length is right for every beginning.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.held_until = float("-inf")
        self._moments: deque[float] = deque()

    def free_at(self, now: float) -> float:
        self._forget(now)
        over = len(self._moments) - self.budget.requests
        free = now if over < 0 else self._moments[over] + self.budget.seconds
        return max(free, self.held_until)

    def spend(self, now: float) -> None:
        self._moments.append(now)

    def learn(self, allowance: Allowance, now: float) -> None:
        self.budget = allowance.budget
        if allowance.remaining is None:
            return
        # Others may spend from the same budget: what is gone and not ours counts as gone now.
        self._forget(now)
        gone = self.budget.requests - allowance.remaining
        self._moments.extend([now] * min(gone - len(self._moments), self.budget.requests))

    def _forget(self, now: float) -> None:
        while self._moments and self._moments[0] + self.budget.seconds <= now:
            self._moments.popleft()


class Road(httpx.BaseTransport):
    """Wraps the transport that touches the wire, for any number of threads.

    What it gives back is the last answer, wholly read, whatever it says; what it raises is httpx's
    own error when no answer came, TransientError when the remote asked for more patience than a run
    has, and DailyLimitError. Turning answers into errors of ours is the connector's work.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        clock: Clock,
        policy: Policy,
        jitter: Callable[[], float] = lambda: 1.0,
    ) -> None:
        """Take *jitter* as a number from 0 to 1 that stretches each backoff from half to whole."""
        self._inner, self._clock, self._policy, self._jitter = inner, clock, policy, jitter
        self._lock = threading.Lock()
        self._spending = {name: _Spending(budget) for name, budget in policy.budgets.items()}
        self._held_until = float("-inf")
        self._waited_until = float("-inf")
        self._answered = False
        self._retries = 0
        self._waited = 0.0
        self._by_class: Counter[str] = Counter()

    def tally(self) -> Tally:
        """Return the counts so far. *waited_seconds* counts a shared pause once."""
        with self._lock:
            return Tally(
                sum(self._by_class.values()), self._retries, self._waited, dict(self._by_class)
            )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*, again where the policy allows it."""
        request.read()
        repeatable = self._policy.is_repeatable(request)
        attempt = 0
        while True:
            attempt += 1
            self._wait_for_turn(request, is_retry=attempt > 1)
            try:
                response = self._inner.handle_request(request)
                response.read()
            except _SILENCES as error:
                not_sent = isinstance(error, _NOT_SENT)
                allowed = self._policy.attempts
                if not_sent and not self._answered:
                    allowed = self._policy.first_contact_attempts
                if attempt >= allowed or not (not_sent or repeatable):
                    raise
                self._pause(self._backoff(attempt), None, request, type(error).__name__)
                continue
            self._answered = True
            self._learn(response)
            logger.debug(
                "%s answered %d",
                self._policy.remote,
                response.status_code,
                extra={
                    "action": "request_answered",
                    "method": request.method,
                    "path": self._policy.path_class(request),
                    "attempt": attempt,
                },
            )
            wait = self._wait_before_resending(response, attempt, repeatable=repeatable)
            if wait is None:
                return response
            seconds, rule = wait
            self._pause(seconds, rule, request, str(response.status_code))

    def close(self) -> None:
        """Give the connections back."""
        self._inner.close()

    def _wait_before_resending(
        self, response: httpx.Response, attempt: int, *, repeatable: bool
    ) -> tuple[float, Rule | None] | None:
        """Return how long to wait and by which rule, or None when *response* is final."""
        policy = self._policy
        if response.is_success:
            # Proxies and overloaded edges answer 200 with half a body or a page of HTML.
            final = attempt >= policy.attempts or not repeatable or _is_whole(response)
            return None if final else (self._backoff(attempt), None)
        rule = policy.rule_for(response)
        if rule is None or rule.resend is Resend.NEVER:
            return None
        told = retry_after(response, self._clock.now(), policy.retry_after_at)
        if rule.resend is Resend.STOP:
            raise DailyLimitError(
                f"{policy.remote} says that today's requests are used up",
                hint="Run again after the limit resets (midnight in the account's time zone), "
                "or raise the account's limit.",
                retry_after=told,
            )
        if attempt >= (rule.attempts or policy.attempts):
            return None
        if rule.resend is Resend.IF_REPEATABLE and not repeatable:
            return None
        if told is not None and told > policy.patience_seconds:
            raise TransientError(
                f"{policy.remote} asks to be left alone for {told:.0f} s "
                f"(status {response.status_code})",
                hint="Run again later; nothing was lost.",
                retry_after=told,
            )
        if told is None:
            return max(self._backoff(attempt), rule.least_seconds * attempt), rule
        return max(told, policy.backoff_seconds), rule

    def _backoff(self, attempt: int) -> float:
        policy = self._policy
        full = min(policy.backoff_limit_seconds, policy.backoff_seconds * 2.0 ** (attempt - 1))
        return full * (0.5 + 0.5 * self._jitter())

    def _wait_for_turn(self, request: httpx.Request, *, is_retry: bool) -> None:
        name = self._policy.budget_of(request)
        while True:
            with self._lock:
                now = self._clock.monotonic()
                spending = self._spending[name] if name is not None else None
                free_at = max(self._held_until, spending.free_at(now) if spending else now)
                if free_at <= now:
                    if spending:
                        spending.spend(now)
                    kind = f"{request.method} {self._policy.path_class(request)}"
                    self._by_class[kind] += 1
                    self._retries += is_retry
                    return
                self._count_wait(now, free_at)
            # A clock of microseconds would round a shorter sleep to none, and never get there.
            self._clock.sleep(max(free_at - now, 0.001))

    def _pause(
        self, seconds: float, rule: Rule | None, request: httpx.Request, reason: str
    ) -> None:
        logger.log(
            logging.INFO if seconds >= 5.0 else logging.DEBUG,
            "%s answered %s; waiting %.1f s",
            self._policy.remote,
            reason,
            seconds,
            extra={
                "action": "request_retried",
                "method": request.method,
                "path": self._policy.path_class(request),
                "reason": reason,
                "wait_seconds": seconds,
            },
        )
        holds = rule.holds if rule is not None else "request"
        name = self._policy.budget_of(request)
        with self._lock:
            now = self._clock.monotonic()
            until = now + seconds
            if holds == "everyone":
                self._held_until = max(self._held_until, until)
                return
            if holds == "budget" and name is not None:
                spending = self._spending[name]
                spending.held_until = max(spending.held_until, until)
                return
            self._count_wait(now, until)
        self._clock.sleep(seconds)

    def _count_wait(self, now: float, until: float) -> None:
        """Count the part of a wait in which nobody else was seen waiting. Holds the lock."""
        self._waited += max(0.0, until - max(now, self._waited_until))
        self._waited_until = max(self._waited_until, until)

    def _learn(self, response: httpx.Response) -> None:
        allowance = self._policy.learn(response)
        if allowance is not None:
            with self._lock:
                self._spending[allowance.name].learn(allowance, self._clock.monotonic())


def retry_after(response: httpx.Response, now: datetime, paths: tuple[str, ...]) -> float | None:
    """Return the seconds that *response* asks to wait: by header, in either spelling, or by body."""
    for value in (response.headers.get("retry-after", ""), *_said(response, paths)):
        try:
            return max(0.0, float(value))
        except ValueError:
            pass
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            continue
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    return None


def open_road(
    base_url: str,
    *,
    clock: Clock,
    policy: Policy,
    transport: httpx.BaseTransport | None,
    jitter: Callable[[], float] = random.random,
) -> Road:
    """Return a road to *base_url* over *transport* (None: the network)."""
    inner = transport if transport is not None else _network(httpx.URL(base_url))
    return Road(inner, clock=clock, policy=policy, jitter=jitter)


def open_client(
    base_url: str, *, road: Road, headers: Mapping[str, str] | None = None
) -> httpx.Client:
    """Return a client that speaks to *base_url* by *road*; closing it closes the road."""
    return httpx.Client(
        base_url=base_url, transport=road, headers=headers, timeout=TIMEOUT, trust_env=False
    )


def _network(url: httpx.URL) -> httpx.HTTPTransport:
    """Return a transport that honours the usual proxy variables and SSL_CERT_FILE.

    httpx reads the proxy variables only for clients that build their own transport; ours is given
    one, hence this. A stand-in on this machine is never looked for behind a proxy.
    """
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if _is_loopback(url.host) or urllib.request.proxy_bypass(url.host):
        proxy = None
    return httpx.HTTPTransport(proxy=proxy, trust_env=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_whole(response: httpx.Response) -> bool:
    """Tell whether a 2xx answer holds what it should: nothing at all, or whole JSON."""
    if not response.content:
        return response.status_code in {httpx.codes.NO_CONTENT, httpx.codes.RESET_CONTENT}
    try:
        response.extensions[_PARSED] = json.loads(response.content)
    except ValueError:
        return False
    return True


def take_json(response: httpx.Response) -> Any:
    """Return the JSON of a wholly read *response*; raises ValueError when it is none.

    The road has parsed it already to see whether it is whole, and a page of records is long. The
    response gives it away: httpx's responses stay in memory until the collector finds them.
    """
    parsed = response.extensions.pop(_PARSED, _PARSED)
    return json.loads(response.content) if parsed is _PARSED else parsed


def _said(response: httpx.Response, paths: tuple[str, ...]) -> list[str]:
    """Return the texts and numbers at *paths* of the JSON body, if it is one."""
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return []
    found = []
    for path in paths:
        value = body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, (str, int, float)):
            found.append(str(value))
    return found
