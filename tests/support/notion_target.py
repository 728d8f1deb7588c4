"""A Notion target over the stand-in, and a small memory that the engine would keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from cjm_sync.model import Binding, Item, Page, Wished
from cjm_sync.ports import Made
from cjm_sync_notion import plugin
from cjm_sync_notion.target import NotionTarget
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.notion.requests import RequestLog
from notion_maps import NOON, a_map, journey
from support.clock import FakeClock


@dataclass
class Desk:
    """A stand-in, a target that speaks to it, and what is bound."""

    sandbox: NotionSandbox
    target: NotionTarget
    clock: FakeClock
    memory: dict[str, Binding] = field(default_factory=dict)

    def wish(self, **changes: Any) -> Wished:
        return self.target.render(
            a_map(journey(**changes)), installation="abc", bound=sorted(self.memory)
        )

    def build(self, *kinds: str) -> None:
        """Make the items of *kinds* ("hub", "database", "view"), as the engine does."""
        for item in self.wish().items:
            if item.kind in kinds and item.key not in self.memory:
                self.make(item)

    def make(self, item: Item) -> Made:
        made = self.target.create_item(item, self.memory)
        self.memory[item.key] = Binding(
            item.key, item.kind, made.remote_id, detail=made.detail or {}, digest=item.digest
        )
        more = self.target.complete_item(item, self.memory)
        if more is not None:
            detail = {**self.memory[item.key].detail, **(more.detail or {})}
            self.memory[item.key] = replace(self.memory[item.key], detail=detail)
            for key, learned in (more.learned or {}).items():
                self.memory[key] = Binding(key, learned["kind"], learned["remote_id"])
        return made

    def write(self, page: Page) -> Made:
        made = self.target.create_page(page, self.memory)
        detail = {"collection": page.collection}
        self.memory[page.key] = Binding(
            page.key, "row", made.remote_id, written=made.written, detail=detail
        )
        for key, learned in (made.learned or {}).items():
            home = self.memory[key]
            options = {**home.detail.get("options", {})}
            for column, ids in learned.get("options", {}).items():
                options[column] = {**options.get(column, {}), **ids}
            self.memory[key] = replace(home, detail={**home.detail, "options": options})
        return made

    def page(self, kind: str, index: int = 0, **changes: Any) -> Page:
        return [page for page in self.wish(**changes).pages if page.collection == kind][index]

    def as_person(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, answer = self.sandbox.call(method, path, body, as_user=self.sandbox.person)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def sent(self, since: int = 0) -> list[RequestLog]:
        return self.sandbox.requests[since:]


@contextmanager
def a_desk(
    folder: Path | None = None, *, plan: str = "business", depth: int = 10_000, **table: Any
) -> Iterator[Desk]:
    """Open a desk; *table* is more of the configuration's `[notion]`.

    A query shows *depth* rows. A value of *table* may be a function of the stand-in.
    """
    clock = FakeClock(NOON)
    sandbox = NotionSandbox(
        clock=clock, plan="free" if plan == "free" else "business", query_depth=depth
    )
    named = {key: value(sandbox) if callable(value) else value for key, value in table.items()}
    target = plugin.connect(
        plugin.settings(parent_page=sandbox.parent_page, plan=plan, **named),
        clock=clock,
        secret=SecretStr(sandbox.token),
        transport=httpx.WSGITransport(app=sandbox),
        timezone="UTC",
        settle_seconds=30,
        folder=folder,
    )
    try:
        target.identify()
        yield Desk(sandbox, target, clock)
    finally:
        target.close()
