"""`cjm-sync demo`: the whole product on a machine with no account and no network."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import LOOPBACK, Ran, run_main

pytestmark = LOOPBACK

SHARED = Path(__file__).parents[3] / "shared" / "data"
MOST_SECONDS = 60


def demo(folder: Path, *arguments: str) -> Ran:
    return run_main(["demo", "--no-serve", "--dir", str(folder), *arguments], {})


def state(folder: Path) -> Any:
    """Return the rows of the kept workspace, without when it was last looked at."""
    return json.loads((folder / "sandbox-notion.json").read_text(encoding="utf-8"))["tables"]


def test_the_demo_ends_well_within_a_minute_and_again_with_nothing_to_write(
    tmp_path: Path,
) -> None:
    # The socket guard of these tests lets nothing but 127.0.0.1 be contacted.
    began = time.monotonic()
    first = demo(tmp_path)
    took = time.monotonic() - began
    kept = state(tmp_path)
    exported = (tmp_path / "map.json").read_bytes()

    again = demo(tmp_path)

    assert (first.code, again.code) == (0, 0), first.err + again.err
    assert took < MOST_SECONDS
    assert first.out.startswith("done: ")
    assert "0 created, 0 updated" in again.out
    assert state(tmp_path) == kept
    assert (tmp_path / "map.json").read_bytes() == exported
    assert ET.parse(tmp_path / "map.svg").getroot().tag.endswith("svg")
    assert "Traceback" not in first.err + again.err


@pytest.fixture
def portal(tmp_path: Path) -> str:
    folder = tmp_path / "portal"
    small_portal().write(folder)
    return str(folder)


def test_a_kept_demo_answers_the_other_commands(tmp_path: Path, portal: str) -> None:
    kept = tmp_path / "kept"
    assert demo(kept, "--portal", portal).code == 0
    config = ["--config", str(kept / "config.toml")]

    status = run_main(["status", "--json", *config], {})
    export = run_main(["export", *config], {})

    assert status.json["health"] == "done"
    assert export.raw == (kept / "map.json").read_bytes()


def test_a_demo_without_a_folder_leaves_nothing_behind(
    tmp_path: Path, portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setattr("tempfile.tempdir", str(empty))

    ran = run_main(["demo", "--no-serve", "--portal", portal], {})

    assert ran.code == 0, ran.err
    assert list(empty.iterdir()) == []


def test_a_demo_of_no_portal_says_what_a_portal_is(tmp_path: Path) -> None:
    ran = demo(tmp_path / "kept", "--portal", str(tmp_path / "nowhere"))

    assert (ran.code, ran.out) == (2, "")
    assert "portal.json" in ran.errors[0]


def test_a_demo_of_a_broken_portal_names_it(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "contacts.jsonl").write_text("{", encoding="utf-8")

    ran = demo(tmp_path / "kept", "--portal", str(broken))

    assert (ran.code, ran.out) == (2, "")
    assert str(broken) in ran.errors[0]


def test_a_demo_of_a_broken_state_names_the_file(tmp_path: Path, portal: str) -> None:
    (tmp_path / "sandbox-notion.json").write_text("{}", encoding="utf-8")

    ran = demo(tmp_path, "--portal", portal)

    assert (ran.code, ran.out) == (2, "")
    assert "sandbox-notion.json" in ran.errors[0]


def test_a_demo_in_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    ran = demo(tmp_path / "file")

    assert (ran.code, ran.out) == (2, "")
    assert "--dir" in ran.errors[0]


def test_a_demo_on_a_taken_port_names_another(tmp_path: Path, portal: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = demo(tmp_path, "--portal", portal, "--port", str(taken.getsockname()[1]))

    assert (ran.code, ran.out) == (2, "")
    assert "--port" in ran.errors[0]


def test_a_port_that_cannot_be_is_a_usage_error(tmp_path: Path) -> None:
    ran = demo(tmp_path, "--port", "70000")

    assert (ran.code, ran.out) == (2, "")
    assert "65535" in ran.err


def test_a_shared_portal_ends_done(tmp_path: Path) -> None:
    folder = SHARED / "portal-retail"
    if not folder.is_dir():
        pytest.skip("the shared portals are not here")

    ran = demo(tmp_path, "--portal", str(folder))

    assert ran.code == 0, ran.err
    assert ran.out.startswith("done: ")
    assert json.loads((tmp_path / "map.json").read_bytes())["journeys"][0]["units"] > 0
