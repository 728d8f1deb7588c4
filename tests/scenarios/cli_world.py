"""A user's desk: both stand-ins on loopback, a configuration, and the command line in this process."""

from __future__ import annotations

import copy
import io
import json
import logging
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from cjm_sync import cli
from cjm_sync.http import SystemClock
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.small import small_portal
from cjm_sync_sandbox.server import serving

AS_OF = "2026-11-16T09:00:00Z"
"""T of the sample portals, which runs name so that no test depends on the day it runs."""

LOOPBACK = [pytest.mark.loopback, pytest.mark.allow_hosts(["127.0.0.1"])]
CLOSED = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("Error: ")]


def run_main(arguments: list[str], environment: Mapping[str, str]) -> Ran:
    """Run the command line as its entry point does, in this process."""
    raw, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    logger = logging.getLogger("cjm_sync")
    before = (list(logger.handlers), logger.level)
    code = 0
    try:
        with (
            mock.patch.object(sys, "argv", ["cjm-sync", *arguments]),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", err),
            mock.patch.dict("os.environ", dict(environment)),
        ):
            cli.main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    finally:
        logger.handlers[:], logger.level = before
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Ran(code, raw.getvalue(), err.getvalue())


@dataclass
class Desk:
    """One configuration over two stand-ins. Values may be changed before a command is run."""

    folder: Path
    hubspot: HubSpotSandbox
    notion: NotionSandbox
    urls: dict[str, str]
    environment: dict[str, str]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    more: str = ""

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def text(self) -> str:
        tables: dict[str, dict[str, Any]] = {
            "hubspot": {"token": "env:HUBSPOT_TOKEN", "base_url": self.urls["hubspot"]},
            "notion": {
                "token": "env:NOTION_TOKEN",
                "base_url": self.urls["notion"],
                "parent_page": self.notion.parent_page,
                "plan": "business",
            },
            "store": {"settle_seconds": 0},
        }
        for name, values in self.tables.items():
            tables[name] = tables.get(name, {}) | values
        lines = []
        for name, values in tables.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        journey = ["[[journeys]]", 'key = "customers"', 'name = "Customer journey"']
        return "\n".join([*lines, *journey, self.more, ""])

    def run(self, *arguments: str) -> Ran:
        self.config.write_text(self.text(), encoding="utf-8")
        return self.run_as_it_stands(*arguments)

    def run_as_it_stands(self, *arguments: str) -> Ran:
        """Run without writing the configuration anew."""
        options = [] if "--config" in arguments else ["--config", str(self.config)]
        return run_main([*arguments, *options], self.environment)

    def sync(self, *arguments: str, as_of: str = AS_OF) -> Ran:
        return self.run("sync", "--as-of", as_of, *arguments)

    def writes(self) -> list[str]:
        """Return the requests to Notion that would change something."""
        return [
            f"{request.method} {request.path}"
            for request in self.notion.requests
            if request.method != "GET" and not request.path.endswith("/query")
        ]

    def live_keys(self) -> list[str]:
        """Return the sync key of every live row in Notion; a twin shows as a key twice."""
        return [sync_key(row) for row in self.rows()]

    def rows(self) -> list[Any]:
        """Return every live row in Notion once, though several views show it."""
        found: dict[str, Any] = {}
        for database in self._databases():
            for source in self._get(f"databases/{database}")["data_sources"]:
                status, answer = self.notion.call("POST", f"data_sources/{source['id']}/query", {})
                assert (status, answer["has_more"]) == (200, False)
                found |= {row["id"]: row for row in answer["results"]}
        return list(found.values())

    def hubs(self) -> list[str]:
        blocks = self._get(f"blocks/{self.notion.parent_page}/children")["results"]
        return [block["id"] for block in blocks if block["type"] == "child_page"]

    def _databases(self) -> list[str]:
        (hub,) = self.hubs()
        blocks = self._get(f"blocks/{hub}/children")["results"]
        return [block["id"] for block in blocks if block["type"] == "child_database"]

    def _get(self, path: str) -> Any:
        status, answer = self.notion.call("GET", path)
        assert status == 200, answer
        return answer


def sync_key(row: Any) -> str:
    held = row["properties"]["Sync key"]["rich_text"]
    return "".join(part["plain_text"] for part in held)


@contextmanager
def open_desk(
    folder: Path, portal: Portal | None = None, notion: NotionSandbox | None = None
) -> Iterator[Desk]:
    """Serve both stand-ins until the context ends."""
    clock = SystemClock()
    hubspot = HubSpotSandbox(portal if portal is not None else small_portal(), clock=clock)
    notion = notion or NotionSandbox(clock=clock, plan="business", rate_limit=100_000)
    with ExitStack() as stack:
        urls = {
            "hubspot": stack.enter_context(serving(hubspot, host="127.0.0.1", port=0)),
            "notion": stack.enter_context(serving(notion, host="127.0.0.1", port=0)),
        }
        environment = {"HUBSPOT_TOKEN": hubspot.token, "NOTION_TOKEN": notion.token}
        yield Desk(folder, hubspot, notion, urls, environment)


@contextmanager
def copy_of(desk: Desk, folder: Path) -> Iterator[Desk]:
    """Open an independent copy of *desk* as its last command left it."""
    shutil.copytree(desk.folder, folder, dirs_exist_ok=True)
    notion = desk.notion.copy(clock=SystemClock(), rate_limit=100_000)
    with open_desk(folder, copy.deepcopy(desk.hubspot.portal), notion) as copied:
        yield copied
