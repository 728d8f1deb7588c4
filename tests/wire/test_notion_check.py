"""What `check` says about Notion: true before the first run and after it."""

from __future__ import annotations

import httpx
from pydantic import SecretStr

from cjm_sync.ports import Check
from cjm_sync_notion import plugin
from cjm_sync_sandbox.notion import NotionSandbox
from notion_maps import NOON, a_map, journey
from support.clock import FakeClock


def checks() -> list[Check]:
    clock = FakeClock(NOON)
    sandbox = NotionSandbox(clock=clock)
    target = plugin.connect(
        plugin.settings(parent_page=sandbox.parent_page),
        clock=clock,
        secret=SecretStr(sandbox.token),
        transport=httpx.WSGITransport(app=sandbox),
        timezone="UTC",
        settle_seconds=30,
    )
    try:
        return list(target.check(a_map(journey())))
    finally:
        target.close()


def test_the_estimate_does_not_claim_that_a_first_run_is_still_to_come() -> None:
    (estimate,) = (check for check in checks() if check.name == "notion estimate")

    assert estimate.state == "ok"
    assert estimate.message.startswith("a first run into an empty page would make ")
