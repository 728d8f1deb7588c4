"""A run in which nothing moved writes nothing, although its reference time moved."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.sample import sample_portal
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import LOOPBACK, Desk, copy_of, open_desk, sync_key

pytestmark = LOOPBACK

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
CONSTANT = 18
"""Reads of Notion that a run needs whatever the map's size.

Who, where, whose, and of seven databases the columns and a first page of rows.
"""


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("small"), small_portal()) as desk:
        assert desk.sync(as_of=text(START)).code == 0
        yield desk


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("sample"), sample_portal(7)) as desk:
        assert desk.sync(as_of=text(START)).code == 0
        yield desk


def test_five_runs_on_an_idle_portal_write_nothing(small: Desk, tmp_path: Path) -> None:
    with copy_of(small, tmp_path) as desk:
        rows = len(desk.live_keys())

        for number in range(1, 6):
            asked = len(desk.notion.requests)
            ran = desk.sync("--json", as_of=text(START + number * QUARTER))

            assert ran.code == 0, ran.err
            assert ran.json["written"]["updated"] == 0
            assert len(desk.notion.requests) - asked <= math.ceil(rows / 100) + CONSTANT
            assert ran.json["requests"]["notion"] == len(desk.notion.requests) - asked
        assert desk.writes() == []


def cells(row: Any) -> dict[str, str]:
    """Return what a row shows, without what Notion itself adds."""
    return {
        name: json.dumps(held[held["type"]], sort_keys=True)
        for name, held in row["properties"].items()
        if held["type"] not in {"last_edited_time", "formula", "rollup"}
    }


def test_a_moved_time_writes_exactly_the_rows_whose_cells_changed(
    sample: Desk, tmp_path: Path
) -> None:
    with copy_of(sample, tmp_path) as desk:
        for number in (1, 5):
            before = {row["id"]: cells(row) for row in desk.rows()}
            asked = len(desk.notion.requests)

            ran = desk.sync("--json", as_of=text(START + number * QUARTER))

            assert ran.code == 0, ran.err
            after = {row["id"]: (sync_key(row), cells(row)) for row in desk.rows()}
            changed = {i: key for i, (key, shown) in after.items() if shown != before.get(i)}
            patched = [
                request.path.rsplit("/", 1)[1]
                for request in desk.notion.requests[asked:]
                if request.method == "PATCH" and request.path.startswith("/v1/pages/")
            ]
            assert len(patched) == len(set(patched))
            assert {row for row in patched if not after[row][0].startswith("_/run/")} == {
                row for row, key in changed.items() if not key.startswith("_/run/")
            }
            assert len(patched) <= len(after) // 4


def test_a_run_without_change_reads_no_more_than_a_page_per_hundred_rows(
    sample: Desk, tmp_path: Path
) -> None:
    with copy_of(sample, tmp_path) as desk:
        rows = len(desk.live_keys())

        ran = desk.sync("--json", as_of=text(START))

        assert ran.code == 0, ran.err
        assert desk.writes() == []
        assert len(desk.notion.requests) <= math.ceil(rows / 100) + CONSTANT


def test_two_installations_compute_the_same_bytes(sample: Desk, tmp_path: Path) -> None:
    with open_desk(tmp_path, sample_portal(7)) as desk:
        desk.hubspot.portal.rows.update(
            {name: rows[::-1] for name, rows in desk.hubspot.portal.rows.items()}
        )
        assert desk.sync(as_of=text(START)).code == 0

        once, again = sample.run("export"), desk.run("export")
        pictures = [d.run("export", "--format", "svg").raw for d in (sample, desk)]

        assert once.code == again.code == 0
        assert once.raw == again.raw
        assert pictures[0] == pictures[1]


def test_the_daily_heartbeat_is_all_that_an_idle_day_writes(small: Desk, tmp_path: Path) -> None:
    with copy_of(small, tmp_path) as desk:
        desk.tables["schedule"] = {"heartbeat": "0.001s"}

        ran = desk.sync("--json", as_of=text(START + QUARTER))

        assert ran.code == 0, ran.err
        assert ran.json["written"]["updated"] == ran.json["written"]["created"] == 0
        kinds = sorted(request.split(" ")[0] for request in desk.writes())
        assert kinds == ["PATCH", "POST"]
        assert len(desk.writes()) == 2
