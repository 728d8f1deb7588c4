"""The stand-in itself: `NotionSandbox`, a WSGI callable around one workspace."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlencode

from cjm_sync.ports import Clock
from cjm_sync_sandbox.notion.containers import new_page
from cjm_sync_sandbox.notion.errors import ApiError, Json, invalid, no_such_url, refusal_of
from cjm_sync_sandbox.notion.faults import Fault
from cjm_sync_sandbox.notion.limits import BUDGETS, PAYLOAD_BYTES, RateWindow
from cjm_sync_sandbox.notion.objects import make_users
from cjm_sync_sandbox.notion.queries import QUERY_DEPTH
from cjm_sync_sandbox.notion.requests import Call, RequestLog
from cjm_sync_sandbox.notion.routes import resolve
from cjm_sync_sandbox.notion.snapshot import take_snapshot
from cjm_sync_sandbox.notion.state import Workspace, templates_of
from cjm_sync_sandbox.notion.templates import apply_due
from cjm_sync_sandbox.notion.text import run_of

Plan = Literal["free", "plus", "business", "enterprise"]
Replacement = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body that a hook answers with instead of the service."""
Hook = Callable[[RequestLog], Replacement | None]

VERSION = "2026-03-11"
PARENT_TITLE = "Customer journeys"
PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error"}  # fmt: skip


class NotionSandbox:
    """A workspace behind Notion's API, strict and stateful.

    *hooks* are called before the effect of each request, *after_hooks* after it and before the
    answer; either may answer in its place or raise, and what they raise reaches the caller.
    *faults* come behind both, see `faults.py`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        token: str = "ntn_sandbox",  # noqa: S107 - opens the stand-in only
        plan: Plan = "business",
        rate_limit: int | None = None,
        settle_seconds: float = 0.0,
        members: int = 1,
        query_depth: int = QUERY_DEPTH,
        gate_status: Literal[400, 403] = 403,
        template_seconds: float = 3.0,
    ) -> None:
        """Make a workspace that holds one empty page.

        *settle_seconds*: queries do not see rows younger than that. *members*: several on the free
        plan share a thousand blocks for life. *query_depth*: rows that one query reaches.
        *gate_status*: how a plan refuses, which is not documented. *template_seconds*: how long
        after its page a template's body comes.
        """
        self.token = token
        self.requests: list[RequestLog] = []
        self.hooks: list[Hook] = []
        self.after_hooks: list[Hook] = []
        self.faults: list[Fault] = []
        self._lock = threading.RLock()
        self._window = RateWindow(clock, BUDGETS[plan] if rate_limit is None else rate_limit)
        self._ws = Workspace(clock=clock, plan=plan, members=members, settle_seconds=settle_seconds)
        self._ws.facts |= {
            "query_depth": query_depth, "gate_status": gate_status,
            "template_seconds": template_seconds,
        }  # fmt: skip
        make_users(self._ws, members)
        self._ws.actor = self.person
        page = new_page(self._ws, {"type": "workspace"}, icon=None, cover=None)
        page["values"]["title"] = [run_of(PARENT_TITLE)]
        self._ws.facts["parent_page"] = page["id"]
        self._ws.facts["blocks_made"] = 0
        self._ws.actor = self.bot

    @property
    def parent_page(self) -> str:
        """The id of the top-level page that is shared with the connection."""
        return str(self._ws.facts["parent_page"])

    @property
    def bot(self) -> str:
        """The user id of the connection."""
        return str(self._ws.facts["bot"])

    @property
    def person(self) -> str:
        """The user id of a person of the workspace."""
        return str(self._ws.facts["person"])

    @property
    def workspace_id(self) -> str:
        """The id of the workspace."""
        return str(self._ws.facts["workspace_id"])

    def unshare(self, page_id: str) -> None:
        """Take a page (or database) and everything below it out of the connection's sight."""
        with self._lock:
            self._ws.facts["unshared"].append(page_id)

    def share(self, page_id: str) -> None:
        """Give a page back to the connection's sight."""
        with self._lock:
            hidden = self._ws.facts["unshared"]
            self._ws.facts["unshared"] = [one for one in hidden if one != page_id]

    def destroy(self, page_id: str) -> None:
        """Delete a page, database or block for good, as the trash does after 30 days."""
        with self._lock:
            self._destroy(page_id)

    def _destroy(self, block_id: str) -> None:
        tables = self._ws.tables
        block = tables["blocks"][block_id]
        for child in list(block["children"]):
            self._destroy(child)
        database = tables["databases"].pop(block_id, None)
        for source_id in database["sources"] if database else ():
            if tables["sources"][source_id]["database_id"] == block_id:
                for row in list(tables["sources"][source_id]["rows"]):
                    self._destroy(row)
                del tables["sources"][source_id]
        for view_id in [k for k, v in tables["views"].items() if v["database_id"] == block_id]:
            del tables["views"][view_id]
        tables["pages"].pop(block_id, None)
        parent = block["parent"].get("id", "")
        if parent in tables["blocks"]:
            tables["blocks"][parent]["children"].remove(block_id)
        elif parent in tables["sources"]:
            for kept in (
                tables["sources"][parent]["rows"],
                templates_of(tables["sources"][parent]),
            ):
                if block_id in kept:
                    kept.remove(block_id)
        del tables["blocks"][block_id]

    def file(self, upload_id: str) -> tuple[str, bytes]:
        """Return content type and bytes of an uploaded file."""
        with self._lock:
            upload = self._ws.tables["uploads"][upload_id]
            return str(upload["content_type"]), base64.b64decode(upload["content"])

    def save(self, path: Path) -> None:
        """Write the workspace to *path* as JSON; all ids are kept."""
        with self._lock:
            text = json.dumps(self._ws.dump(), ensure_ascii=False, separators=(",", ":"))
        path.write_text(text, encoding="utf-8")

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        clock: Clock,
        token: str = "ntn_sandbox",  # noqa: S107 - opens the stand-in only
        rate_limit: int | None = None,
    ) -> Self:
        """Return a sandbox with the workspace that `save` wrote; the request budget is fresh."""
        return cls._restored(json.loads(path.read_text(encoding="utf-8")), clock, token, rate_limit)

    @classmethod
    def _restored(cls, saved: Json, clock: Clock, token: str, rate_limit: int | None) -> Self:
        facts = saved["facts"]
        sandbox = cls(
            clock=clock, token=token, plan=facts["plan"], rate_limit=rate_limit,
            settle_seconds=facts["settle_seconds"], members=facts["members"],
        )  # fmt: skip
        sandbox._ws.restore(saved)
        return sandbox

    def copy(self, *, clock: Clock, rate_limit: int | None = None) -> Self:
        """Return an independent sandbox with the same workspace."""
        with self._lock:
            return self._restored(self._ws.dump(), clock, self.token, rate_limit)

    @contextmanager
    def acting(self, user: str) -> Iterator[Workspace]:
        """Hold the workspace as *user*, for what no request does; nobody else acts meanwhile."""
        with self._lock:
            before, self._ws.actor = self._ws.actor, user
            try:
                yield self._ws
            finally:
                self._ws.actor = before

    def snapshot(self) -> Json:
        """Return the live workspace as plain values without ids, times and addresses."""
        with self._lock:
            apply_due(self._ws)
            return take_snapshot(self._ws, self.parent_page)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        as_user: str | None = None,
    ) -> tuple[int, Json]:
        """Do one request without budget, log and hooks; *as_user* acts as that person."""
        path = path if path.startswith("/v1/") else f"/v1/{path.lstrip('/')}"
        with self._lock:
            raw = b"" if body is None else json.dumps(body).encode()
            words = parse_qs(urlencode(query or {}, doseq=True), keep_blank_values=True)
            try:
                return 200, self._answer(
                    method, path, words, raw, "application/json", as_user or self.bot
                )
            except ApiError as error:
                return error.status, refusal_of(error)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one WSGI request; one at a time."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        source = environ["wsgi.input"]
        terminated = environ.get("wsgi.input_terminated", False)
        raw = source.read() if terminated and not length else source.read(length)
        with self._lock:
            status, headers, body = self._serve(environ, raw)
        start_response(
            f"{status} {PHRASES.get(status, 'Answer')}",
            [*headers.items(), ("Content-Length", str(len(body)))],
        )
        return [body]

    def _serve(self, environ: dict[str, Any], raw: bytes) -> Replacement:
        log = RequestLog(
            number=len(self.requests) + 1,
            method=environ["REQUEST_METHOD"],
            path=_path_of(environ["PATH_INFO"]),
            query=environ.get("QUERY_STRING", ""),
            body=raw,
        )
        self.requests.append(log)
        for hook in self.hooks:
            replacement = hook(log)
            if replacement is not None:
                log.status = replacement[0]
                return replacement
        for fault in self.faults:
            replacement = fault(log, None)
            if replacement is not None:
                log.status = replacement[0]
                return replacement
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            self._window.spend()
            self._authorise(environ)
            log.answer = self._answer(
                log.method,
                log.path,
                parse_qs(log.query, keep_blank_values=True),
                raw,
                environ.get("CONTENT_TYPE", ""),
                self.bot,
            )
            log.status = 200
        except ApiError as error:
            log.status, log.answer = error.status, refusal_of(error)
            if "retry_after" in error.additional:
                headers["Retry-After"] = error.additional["retry_after"]
        request_id = f"00000000-0000-4000-8000-{log.number:012x}"
        log.answer = {**log.answer, "request_id": request_id}
        headers["x-notion-request-id"] = request_id
        for hook in self.after_hooks:
            replacement = hook(log)
            if replacement is not None:
                log.status = replacement[0]
                return replacement
        answer: Replacement = (
            log.status, headers, json.dumps(log.answer, ensure_ascii=False).encode()
        )  # fmt: skip
        for fault in self.faults:
            answer = fault(log, answer) or answer
            log.status = answer[0]
        return answer

    def _authorise(self, environ: dict[str, Any]) -> None:
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.token}":
            raise ApiError(401, "unauthorized", "API token is invalid.")
        version = environ.get("HTTP_NOTION_VERSION")
        if version is None:
            raise ApiError(
                400,
                "missing_version",
                "Notion-Version header failed validation: Notion-Version header should be defined,"
                " instead was `undefined`.",
            )
        if version != VERSION:
            raise invalid(
                "Notion-Version header failed validation: Notion-Version header should be"
                f' `"{VERSION}"`, instead was `"{version}"`.'
            )

    def _answer(
        self,
        method: str,
        path: str,
        query: dict[str, list[str]],
        raw: bytes,
        content_type: str,
        actor: str,
    ) -> Json:
        if not path.startswith("/v1/"):
            raise no_such_url()
        handler, ids = resolve(method, path.removeprefix("/v1/"))
        call = Call(method, path, ids, query, None, raw, content_type)
        if raw and not content_type.startswith("multipart/form-data"):
            if len(raw) > PAYLOAD_BYTES:
                raise invalid(
                    f"body failed validation: body exceeds the limit of {PAYLOAD_BYTES} bytes,"
                    f" instead was `{len(raw)}`."
                )
            try:
                call.body = json.loads(raw)
            except ValueError:
                raise ApiError(400, "invalid_json", "Error parsing JSON body.") from None
        apply_due(self._ws)
        before, self._ws.actor = self._ws.actor, actor
        self._ws.attaching.clear()
        try:
            answer = handler(self._ws, call)
            for upload_id in self._ws.attaching:
                self._ws.tables["uploads"][upload_id]["attached"] = True
            return answer
        finally:
            self._ws.actor = before


def _path_of(text: str) -> str:
    """Return a path as text: servers hand over its bytes as Latin-1, httpx has decoded it."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
