"""Ctrl-C and SIGTERM, met by the program as its own process, over both stand-ins."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cjm_sync import cli, terminal
from cjm_sync.http import SystemClock
from cjm_sync.store import Store
from cjm_sync.wiring import read_config
from cjm_sync_sandbox.hubspot import Answer, Request
from cjm_sync_sandbox.notion import RequestLog
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import AS_OF, LOOPBACK, Desk, open_desk

pytestmark = LOOPBACK

PATIENCE_SECONDS = 40


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


@contextmanager
def program(
    *arguments: str, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "cjm_sync", *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Gate:
    """Holds the stand-in at one request until the test lets it go on."""

    def __init__(self, method: str, path: str, number: int) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._wanted, self._left = (method, path), number

    def __call__(self, request: RequestLog) -> None:
        if (request.method, request.path) != self._wanted:
            return
        self._left -= 1
        if self._left == 0:
            self.reached.set()
            assert self.opened.wait(PATIENCE_SECONDS)


def intents(desk: Desk) -> list[str]:
    with Store(f"sqlite:///{desk.folder / 'cjm-sync.db'}") as store:
        return [intent.key for intent in store.intents()]


def assert_mended(desk: Desk) -> None:
    """The next run ends where an undisturbed one would; the one after it writes nothing."""
    assert desk.sync().code == 0
    assert_no_twins(desk)
    assert len(desk.live_keys()) == 48

    written = len(desk.writes())
    assert desk.sync().code == 0
    assert len(desk.writes()) == written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("path", "place"), [("/v1/pages", 9), ("/v1/databases", 2)], ids=["row", "database"]
)
def test_a_signal_lets_the_step_in_hand_finish_and_be_recorded(
    desk: Desk, number: signal.Signals, path: str, place: int
) -> None:
    gate = Gate("POST", path, place)
    desk.notion.hooks.append(gate)
    desk.config.write_text(desk.text(), encoding="utf-8")

    with program(
        "sync", "--as-of", AS_OF, environment=desk.environment, folder=desk.folder
    ) as process:
        assert gate.reached.wait(PATIENCE_SECONDS)
        process.send_signal(number)
        gate.opened.set()
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    made = [r for r in desk.notion.requests if (r.method, r.path) == ("POST", path)]
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("Stopped.")
    assert ("Traceback" in err, out) == (False, "")
    assert place <= len(made) <= place + 2
    assert intents(desk) == []
    desk.notion.hooks.clear()
    assert_mended(desk)


def test_a_second_signal_does_not_wait_and_still_makes_no_twin(desk: Desk) -> None:
    gate = Gate("POST", "/v1/pages", 9)
    desk.notion.hooks.append(gate)
    desk.config.write_text(desk.text(), encoding="utf-8")

    with program(
        "sync", "--as-of", AS_OF, environment=desk.environment, folder=desk.folder
    ) as process:
        assert gate.reached.wait(PATIENCE_SECONDS)
        for _ in range(PATIENCE_SECONDS * 10):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                continue
        _, err = process.communicate(timeout=PATIENCE_SECONDS)

    gate.opened.set()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert len(intents(desk)) == 1
    desk.notion.hooks.clear()
    assert_mended(desk)


def test_a_signal_while_reading_keeps_the_pages_that_came(desk: Desk) -> None:
    reached, opened = threading.Event(), threading.Event()

    def hold(request: Request, answer: Answer | None) -> None:
        if answer is None and "/objects/" in request.path and request.path.endswith("/deals"):
            reached.set()
            assert opened.wait(PATIENCE_SECONDS)

    desk.hubspot.faults.append(hold)
    desk.config.write_text(desk.text(), encoding="utf-8")

    with program(
        "sync", "--as-of", AS_OF, environment=desk.environment, folder=desk.folder
    ) as process:
        assert reached.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGTERM)
        opened.set()
        process.communicate(timeout=PATIENCE_SECONDS)

    status = desk.run("status", "--json").json
    assert process.returncode == 1
    assert status["records"]["contacts"] == 12
    assert status["health"] == "running or interrupted"
    assert desk.writes() == []
    desk.hubspot.faults.clear()
    assert_mended(desk)


class QuickClock(SystemClock):
    """Real time, but nobody waits: what would be slept is skipped."""

    def __init__(self) -> None:
        self._skipped = timedelta()

    def now(self) -> datetime:
        return super().now() + self._skipped

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped.total_seconds()

    def sleep(self, seconds: float) -> None:
        self._skipped += timedelta(seconds=seconds)


def test_serve_runs_one_sync_after_another_until_asked_to_stop(desk: Desk) -> None:
    stop = terminal.Stop()
    asked: list[str] = []

    def stop_in_the_third_run(request: Request, answer: Answer | None) -> None:
        if answer is None and request.path.startswith("/account-info"):
            asked.append(request.path)
            stop.is_asked = len(asked) > 2

    desk.hubspot.faults.append(stop_in_the_third_run)
    desk.tables["schedule"] = {"sync": "every 1m", "sweep": "0 0 1 1 *"}
    desk.config.write_text(desk.text(), encoding="utf-8")

    with pytest.raises(terminal.Stopped):
        cli._serve(read_config(desk.config), desk.environment, QuickClock(), stop)

    third, second, first = desk.run("status", "--json").json["runs"]
    assert (first["outcome"], second["outcome"], third["outcome"]) == ("done", "done", None)
    assert first["finished_at"] <= second["started_at"] < second["finished_at"]
    assert second["finished_at"] <= third["started_at"]
    assert second["written"]["created"] == 0
    assert_no_twins(desk)


def assert_no_twins(desk: Desk) -> None:
    keys = desk.live_keys()
    assert len(keys) == len(set(keys)) > 10
    assert len(desk.hubs()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_well_when_told_to(desk: Desk, number: signal.Signals) -> None:
    desk.tables["schedule"] = {"sync": "0 0 1 1 *", "sweep": "0 0 1 1 *"}
    desk.config.write_text(desk.text(), encoding="utf-8")

    with program("serve", environment=desk.environment, folder=desk.folder) as process:
        assert process.stderr is not None
        begun = process.stderr.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert begun.startswith("serving ")
    assert (process.returncode, out) == (0, "")
    assert err.startswith("stopped")


def test_serve_refuses_a_bad_configuration_at_once(desk: Desk) -> None:
    desk.tables["notion"] = {"plan": "golden"}

    ran = desk.run("serve")

    assert (ran.code, ran.out) == (2, "")
    assert "notion.plan" in ran.errors[0]


@contextmanager
def sandbox(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    with program(
        "sandbox", "--json", "--dir", "kept", *arguments, environment={}, folder=folder
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        yield process, json.loads("".join(lines))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


def test_the_sandbox_prints_addresses_that_work_and_keeps_its_state(tmp_path: Path) -> None:
    small_portal().write(tmp_path / "portal")

    with sandbox(tmp_path, "--portal", "portal") as (process, told):
        page = notion(
            told,
            "POST",
            "/v1/pages",
            {
                "parent": {"type": "page_id", "page_id": told["notion"]["parent_page"]},
                "properties": {"title": {"title": [{"text": {"content": "Kept"}}]}},
            },
        )
        first = contacts(told)
        viewed = httpx.get(told["viewer"], timeout=PATIENCE_SECONDS)
    with sandbox(tmp_path) as (again, told_again):
        second = contacts(told_again)
        kept = notion(told_again, "GET", f"/v1/pages/{page['id']}")

    assert (process.returncode, again.returncode) == (0, 0)
    assert first == second
    assert len(first) == 12
    assert kept["id"] == page["id"]
    assert told_again["notion"]["parent_page"] == told["notion"]["parent_page"]
    assert viewed.status_code == 200
    assert all(
        told[name]["base_url"].startswith("http://127.0.0.1:") for name in ("hubspot", "notion")
    )


def notion(told: Any, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(
        method,
        told["notion"]["base_url"] + path,
        json=body,
        headers={
            "Authorization": f"Bearer {told['notion']['token']}",
            "Notion-Version": "2026-03-11",
        },
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def contacts(told: Any) -> list[str]:
    answer = httpx.get(
        told["hubspot"]["base_url"] + "/crm/objects/2026-09/contacts?limit=100",
        headers={"Authorization": f"Bearer {told['hubspot']['token']}"},
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]
