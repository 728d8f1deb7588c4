"""The stand-in itself: a WSGI callable that lets a request in, logs it, and sends the answer."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Self
from uuid import NAMESPACE_URL, uuid5

from cjm_sync.ports import Clock
from cjm_sync_sandbox.hubspot.catalog import object_type
from cjm_sync_sandbox.hubspot.design import Design
from cjm_sync_sandbox.hubspot.hand import Hand
from cjm_sync_sandbox.hubspot.limits import Limits
from cjm_sync_sandbox.hubspot.oauth import OAuth
from cjm_sync_sandbox.hubspot.routes import find, routing_table
from cjm_sync_sandbox.hubspot.view import Call, PortalView
from cjm_sync_sandbox.hubspot.wire import (
    HTML_414,
    Answer,
    ApiError,
    Fault,
    Request,
    RequestLog,
    to_milliseconds,
)
from cjm_sync_sandbox.portal import Portal

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LONGEST_QUERY = 15_000


class HubSpotSandbox:
    """A HubSpot account for reading: the dated API 2026-03 and 2026-09, and v3, v4, v1 before it.

    *scopes* are what the token was granted; None grants all. `portal` may be edited or replaced
    between requests; `requests` holds every request seen; `faults` are asked in order, see `Fault`.
    Calls from several threads are answered one after another.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        clock: Clock,
        token: str = "pat-sandbox",  # noqa: S107 - the well-known token of a stand-in
        scopes: frozenset[str] | None = None,
    ) -> None:
        self.portal = portal
        self.token = token
        self.scopes = scopes
        self.requests: list[RequestLog] = []
        self.faults: list[Fault] = []
        self._view = PortalView(lambda: self.portal, clock, lambda: self.scopes)
        self._limits = Limits(self._view)
        self.oauth = OAuth(self._view)
        self._routes = routing_table(self._limits, self.oauth)
        self._lock = RLock()
        self.edit = Hand(self._view, self._lock)
        self.design = Design(self._view, self._lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = _request(environ)
        with self._lock:
            answer = self._answer(request)
        body = answer.body
        headers = list(answer.headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
        start_response(_status_line(answer.status), headers)
        return [body]

    def _answer(self, request: Request) -> Answer:
        request = replace(request, ordinal=len(self.requests) + 1)
        correlation = str(uuid5(NAMESPACE_URL, f"hubspot-sandbox:{request.ordinal}"))
        status = 0
        try:
            try:
                before = self._ask_faults(request, None)
                handled = before if isinstance(before, Request) else request
                answer = before if isinstance(before, Answer) else self._handle(handled)
                after = self._ask_faults(request, answer)
                answer = after if isinstance(after, Answer) else answer
            except ApiError as error:
                answer = _refusal(error, correlation)
            answer = answer.with_headers([("X-HubSpot-Correlation-Id", correlation)])
            status = answer.status
        finally:
            # Also when a fault breaks the connection: the request was seen.
            self.requests.append(
                RequestLog(request.method, request.path, request.query, request.body, status)
            )
        return answer

    def _ask_faults(self, request: Request, answer: Answer | None) -> Answer | Request | None:
        rewritten: Request | None = None
        for fault in self.faults:
            other = fault(rewritten or request, answer)
            if isinstance(other, Answer):
                return other
            rewritten = other or rewritten
        return rewritten

    def _handle(self, request: Request) -> Answer:
        self._view.begin()
        if len(request.query) > LONGEST_QUERY:
            return Answer.html(HTML_414, 414)
        is_oauth = self._authenticate(request)
        match = find(self._routes, request.method, request.path)
        self._limits.admit(match.budget, is_oauth=is_oauth)
        headers = self._limits.headers(match.budget, is_oauth=is_oauth)
        try:
            answer = match.endpoint(Call(self._view, request, match.arguments, match.version))
        except ApiError as error:
            error.headers = (*error.headers, *headers)
            raise
        return answer.with_headers(headers)

    def _authenticate(self, request: Request) -> bool:
        """Return whether an OAuth app is asking; refuse whoever shows no token of ours."""
        if request.path.startswith("/oauth/"):
            return False
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if token == self.token:
                return False
            if self.oauth.admits(token):
                return True
        raise ApiError.unauthorized()

    @property
    def daily_limit(self) -> int:
        """How many requests a day has: the tier's number unless set; `api-usage` tells it too."""
        return self._limits.daily

    @daily_limit.setter
    def daily_limit(self, requests: int | None) -> None:
        self._limits.per_day = requests

    @property
    def index_lag_seconds(self) -> float:
        """How long a change takes until search finds the record again; 0 unless set."""
        return self._view.lag.seconds

    @index_lag_seconds.setter
    def index_lag_seconds(self, seconds: float) -> None:
        self._view.lag.seconds = seconds

    @property
    def index_jitter_seconds(self) -> float:
        """Up to how much longer it takes, by record: rows come late and out of order."""
        return self._view.lag.jitter_seconds

    @index_jitter_seconds.setter
    def index_jitter_seconds(self, seconds: float) -> None:
        self._view.lag.jitter_seconds = seconds

    def hold_from_search(self, kind: str, record_id: str, until: datetime) -> None:
        """Let search not find a record before *until*, whatever else is indexed by then."""
        held = self._view.lag.held.setdefault(object_type(kind).name, {})
        held[record_id] = to_milliseconds(until.isoformat()) or 0

    def reindex(self) -> None:
        """Look at every row anew: somebody other than `edit` changed rows of a large portal."""
        with self._lock:
            self._view.changed()

    def save(self, path: Path) -> None:
        """Write the portal, the scopes and today's usage as JSON, replacing the file in one step."""
        with self._lock:
            state = {
                "version": 1,
                "info": self.portal.info,
                "rows": self.portal.rows,
                "scopes": None if self.scopes is None else sorted(self.scopes),
                "used_on": self._limits.used_on,
                "used": self._limits.used,
            }
            text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".new")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        clock: Clock,
        token: str = "pat-sandbox",  # noqa: S107 - the well-known token of a stand-in
    ) -> Self:
        """Return a stand-in with the state that `save` wrote."""
        state = json.loads(path.read_text(encoding="utf-8"))
        scopes = state["scopes"]
        sandbox = cls(
            Portal(state["info"], state["rows"]),
            clock=clock,
            token=token,
            scopes=None if scopes is None else frozenset(scopes),
        )
        sandbox._limits.used_on, sandbox._limits.used = state["used_on"], state["used"]
        return sandbox


def _request(environ: WSGIEnvironment) -> Request:
    headers = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
        host=headers.get("host", "api.hubapi.com"),
        scheme=environ.get("wsgi.url_scheme", "https"),
    )


def _refusal(error: ApiError, correlation: str) -> Answer:
    body = {"status": "error", "message": "", "correlationId": correlation} | error.body
    return Answer.json(body, error.status).with_headers(error.headers)


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Edge Error"
