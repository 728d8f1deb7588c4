"""What the tests of the HubSpot stand-in share: a clock, a small portal, a client for its wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.portal import Portal

BASE = "https://api.hubapi.com"
TOKEN = "pat-sandbox"


class SandboxClock:
    """Time that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def record(record_id: int | str, **extra: Any) -> dict[str, Any]:
    """Return a row of a portal; names that a row does not have are properties."""
    row: dict[str, Any] = {
        "id": str(record_id),
        "properties": {},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-02-01T00:00:00Z",
    }
    for name, value in extra.items():
        if name in {"history", "associations", "archived", "archivedAt", "createdAt", "updatedAt"}:
            row[name] = value
        else:
            row["properties"][name] = value
    return row


def portal(*, info: dict[str, Any] | None = None, **rows: list[dict[str, Any]]) -> Portal:
    return Portal(dict(info or {}), rows)


class Wire:
    """A stand-in and a client that speaks to it as any program would."""

    def __init__(self, served: Portal, *, scopes: frozenset[str] | None = None) -> None:
        self.clock = SandboxClock()
        self.sandbox = HubSpotSandbox(served, clock=self.clock, scopes=scopes)
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=self.sandbox),
            base_url=BASE,
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    def get(self, path: str, status: int = 200, **parameters: Any) -> Any:
        answer = self.http.get(path, params=parameters or None)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 200, **parameters: Any) -> Any:
        answer = self.http.post(path, json=body, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    def pages(self, path: str, **parameters: Any) -> Iterator[list[Any]]:
        """Follow `paging.next.after` to the end, with the pauses a polite client makes."""
        after: str | None = None
        while True:
            asked = {**parameters, "after": after} if after else parameters
            page = self.get(path, **asked)
            yield page["results"]
            after = page.get("paging", {}).get("next", {}).get("after")
            if after is None:
                return
            self.clock.sleep(0.1)
