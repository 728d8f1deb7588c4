"""A sweep of a big portal is spread over several, and what is gone is found at the end of a round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cjm_sync.runs import Options
from cjm_sync.wiring import World, open_world, read_config
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, sample_portal
from support.clock import FakeClock

CONFIG = """
[notion]
parent_page = "{parent}"
plan = "business"
[schedule]
sweep_pages = 8
[[journeys]]
key = "customers"
name = "Customer journey"
"""


class Portal:
    """A sample portal and a workspace, read and written by one installation."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(SAMPLE_AS_OF)
        self.hubspot = HubSpotSandbox(sample_portal(), clock=self.clock)
        self.notion = NotionSandbox(clock=self.clock, plan="business")
        self.path = folder / "config.toml"
        self.path.write_text(CONFIG.format(parent=self.notion.parent_page), encoding="utf-8")

    @contextmanager
    def world(self) -> Iterator[World]:
        env = {"HUBSPOT_TOKEN": self.hubspot.token, "NOTION_TOKEN": self.notion.token}
        wires: dict[str, httpx.BaseTransport] = {
            "hubspot": httpx.WSGITransport(app=self.hubspot),
            "notion": httpx.WSGITransport(app=self.notion),
        }
        with open_world(
            read_config(self.path), environment=env, clock=self.clock, transports=wires
        ) as world:
            yield world

    def run(self, options: Options) -> int:
        """Do one run; return how many pages of contacts it listed."""
        self.hubspot.requests.clear()
        with self.world() as world:
            assert world.engine().sync(options).outcome == "done"
        asked = [r for r in self.hubspot.requests if r.path.startswith("/crm/objects/")]
        lists = [r for r in asked if r.path.endswith("/contacts")]
        return sum("archived=true" not in r.query for r in lists)

    def contacts(self) -> int:
        with self.world() as world:
            return world.home.store.count_records()["contacts"]


def test_a_sweep_lists_so_many_pages_and_the_next_goes_on(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.run(Options())
    held = portal.contacts()
    gone = min(portal.hubspot.edit.live("contacts"), key=int)
    portal.clock.sleep(3600)
    portal.hubspot.edit.archive("contacts", gone)

    followed = portal.run(Options())
    kept = portal.contacts()
    sweeps = [portal.run(Options(sweep=True)) for _ in range(3)]

    assert (followed, kept) == (0, held)
    assert sweeps == [8, 8, 4]  # 995 contacts, 50 to a page
    assert portal.contacts() == held - 1
