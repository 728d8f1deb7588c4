"""One request as the handlers see it, and the line kept of it in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cjm_sync_sandbox.notion.checks import failed
from cjm_sync_sandbox.notion.errors import Json, invalid

PAGE_SIZE = 100


@dataclass(slots=True)
class RequestLog:
    """One request that reached the service; *status* and *answer* are set once it is answered."""

    number: int
    method: str
    path: str
    query: str
    body: bytes
    status: int = 0
    answer: Any = None


@dataclass(slots=True)
class Call:
    """A parsed request: *ids* are the ids in its path, in order."""

    method: str
    path: str
    ids: tuple[str, ...] = ()
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Any = None
    raw: bytes = b""
    content_type: str = ""

    def body_of(self, *allowed: str) -> Json:
        """Return the body, an object that has no key but *allowed*."""
        body = self.body if self.body is not None else {}
        if not isinstance(body, dict):
            raise failed("body", "an object", body)
        for key, value in body.items():
            if key not in allowed:
                raise failed(f"body.{key}", "not present", value)
        return body

    def first(self, name: str) -> str | None:
        """Return a query parameter, the first if there are several."""
        values = self.query.get(name)
        return values[0] if values else None

    def paging(self) -> tuple[str | None, int]:
        """Return cursor and page size of a GET."""
        size = self.first("page_size")
        if size is not None and not size.isdigit():
            raise invalid("query failed validation: page_size should be a number.")
        return self.first("start_cursor"), checked_size(int(size) if size else PAGE_SIZE)


def checked_size(size: Any) -> int:
    """Return *size* when it is from 1 to 100."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise failed("body.page_size", "a number", size)
    if not 1 <= size <= PAGE_SIZE:
        raise invalid(
            f"body failed validation: body.page_size should be ≤ `100`, instead was `{size}`."
        )
    return size
