"""The commands as their documentation promises them, over both stand-ins."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scenarios.cli_world import AS_OF, LOOPBACK, Desk, copy_of, open_desk, run_main, sync_key

pytestmark = LOOPBACK

REPORT_KEYS = [
    "run_id",
    "as_of",
    "started_at",
    "finished_at",
    "outcome",
    "pulled",
    "written",
    "requests",
    "waited_seconds",
    "findings",
]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Any, Any]]:
    """A desk after its first sync, with what `plan` said before it and `sync` after."""
    with open_desk(tmp_path_factory.mktemp("first")) as opened:
        planned = opened.run("plan", "--as-of", AS_OF, "--json")
        assert planned.code == 0, planned.err
        assert opened.writes() == []
        ran = opened.sync("--json")
        assert ran.code == 0, ran.err
        yield opened, planned.json, ran.json


@pytest.fixture
def desk(first: tuple[Desk, Any, Any], tmp_path: Path) -> Iterator[Desk]:
    with copy_of(first[0], tmp_path) as copied:
        yield copied


def assert_time(text: str) -> None:
    assert len(text) == len("2026-11-16T09:00:00.000Z")
    assert (text[10], text[19], text[-1]) == ("T", ".", "Z")


def assert_finite(value: Any) -> None:
    match value:
        case float():
            assert math.isfinite(value)
        case dict():
            for inner in value.values():
                assert_finite(inner)
        case list():
            for inner in value:
                assert_finite(inner)
        case _:
            pass


def test_sync_json_is_the_documented_object(first: tuple[Desk, Any, Any]) -> None:
    report = first[2]

    assert list(report) == REPORT_KEYS
    assert report["outcome"] == "done"
    assert report["as_of"] == "2026-11-16T09:00:00.000Z"
    assert_time(report["started_at"])
    assert_time(report["finished_at"])
    assert {"contacts", "deals", "tickets", "calls", "account"} <= report["pulled"].keys()
    for counts in report["pulled"].values():
        assert list(counts) == ["read", "changed", "archived", "merged"]
        assert all(type(count) is int for count in counts.values())
    assert list(report["written"]) == ["created", "updated", "unchanged", "archived", "kept"]
    assert list(report["requests"]) == ["hubspot", "notion"]
    assert type(report["waited_seconds"]) is float
    for finding in report["findings"]:
        assert list(finding) == ["code", "key", "message", "hint"]
        assert all(type(text) is str for text in finding.values())
    assert type(report["run_id"]) is str


def test_sync_json_counts_the_requests_that_were_sent(desk: Desk) -> None:
    before = (len(desk.hubspot.requests), len(desk.notion.requests))

    report = desk.sync("--json").json

    assert report["requests"] == {
        "hubspot": len(desk.hubspot.requests) - before[0],
        "notion": len(desk.notion.requests) - before[1],
    }


def test_everything_planned_happens_and_nothing_else(first: tuple[Desk, Any, Any]) -> None:
    desk, planned, report = first

    planned_rows = {
        step["key"] for step in planned["steps"] if (step["kind"], step["do"]) == ("row", "create")
    }

    assert {step["do"] for step in planned["steps"]} == {"build", "create"}
    assert planned_rows == set(desk.live_keys()) - {"_/run/00"}
    assert report["written"]["created"] == len(planned_rows)


def test_a_planned_change_is_the_change_that_happens(desk: Desk) -> None:
    for row in desk.hubspot.portal.rows["contacts"][::3]:
        row["properties"]["hs_persona"] = "persona_1"
    before = {r["id"]: r["properties"] for r in desk.rows()}

    planned = desk.run("plan", "--as-of", AS_OF, "--json")
    assert desk.writes() == []
    ran = desk.sync("--json")
    assert ran.code == 0, ran.err

    updates = {s["key"] for s in planned.json["steps"] if s["do"] == "update"}
    changed = {
        sync_key(row)
        for row in desk.rows()
        if row["id"] in before and row["properties"] != before[row["id"]]
    }
    assert updates
    assert changed - {"_/run/00"} == updates
    assert ran.json["written"]["updated"] == len(updates)


def test_a_plan_for_people_names_rows_and_columns_as_notion_shows_them(desk: Desk) -> None:
    for row in desk.hubspot.portal.rows["contacts"][::3]:
        row["properties"]["hs_persona"] = "persona_1"

    ran = desk.run("plan", "--as-of", AS_OF)
    updates = [line for line in ran.out.splitlines() if line.startswith("~ row ")]

    assert ran.code == 0, ran.err
    assert any(re.match(r"~ row .+ \(Stages\): .*\d %", line) for line in updates)
    assert updates
    assert not [line for line in updates if re.search(r"customers/|\b[a-z]+_[a-z]+ ", line)]


def test_a_second_sync_writes_nothing(desk: Desk) -> None:
    ran = desk.sync("--json")

    assert ran.code == 0, ran.err
    assert desk.writes() == []
    assert ran.json["written"]["created"] == ran.json["written"]["updated"] == 0
    assert ran.json["written"]["unchanged"] == len(desk.live_keys()) - 1


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        ran = desk.sync("--dry-run")
        status = desk.run("status", "--json").json

        assert ran.code == 0, ran.err
        assert "+ row Awareness · Everyone (Stages)" in ran.out
        assert desk.writes() == []
        assert status["runs"] == []


def test_sync_for_people_is_one_line_on_stdout(desk: Desk) -> None:
    ran = desk.sync()

    assert len(ran.out.splitlines()) == 1
    assert ran.out.startswith("done: as of 2026-11-16T09:00:00.000Z")
    assert "check …" in ran.err


def test_status_tells_the_last_run_and_the_next(desk: Desk) -> None:
    ran = desk.run("status", "--json")
    people = desk.run("status")

    status = ran.json
    assert ran.code == people.code == 0
    assert status["health"] == "done"
    assert_time(status["next_run_at"])
    assert status["runs"][0]["outcome"] == "done"
    assert status["runs"][0]["written"]["created"] == status["rows"] - 1
    assert status["records"]["contacts"] == 12
    assert (status["held"], status["kept"], status["tombstones"]) == ([], [], [])
    assert status["runs"][0]["run_id"] in people.out


def test_export_is_the_same_bytes_every_time(desk: Desk) -> None:
    asked = len(desk.hubspot.requests) + len(desk.notion.requests)

    once, again = desk.run("export"), desk.run("export", "--format", "json")
    file = desk.folder / "map.json"
    to_file = desk.run("export", "--output", str(file))

    assert (once.code, again.code, to_file.code) == (0, 0, 0)
    assert once.raw == again.raw == file.read_bytes()
    assert to_file.raw == b""
    assert len(desk.hubspot.requests) + len(desk.notion.requests) == asked


def test_export_does_not_depend_on_the_order_of_pages_or_the_store(
    first: tuple[Desk, Any, Any], tmp_path: Path
) -> None:
    expected = first[0].run("export").raw
    shuffled = json.loads(json.dumps(first[0].hubspot.portal.rows))
    for rows in shuffled.values():
        random.Random(4).shuffle(rows)

    with open_desk(tmp_path) as desk:
        desk.hubspot.portal.rows.clear()
        desk.hubspot.portal.rows.update(shuffled)
        assert desk.sync().code == 0

        assert desk.run("export").raw == expected


def test_export_holds_the_journey_that_the_sync_wrote(desk: Desk) -> None:
    exported = desk.run("export").json

    (journey,) = exported["journeys"]
    assert (exported["schema"], exported["as_of"]) == (1, "2026-11-16T09:00:00.000Z")
    assert (journey["key"], journey["name"], journey["unit"]) == (
        "customers",
        "Customer journey",
        "contact",
    )
    cells = {
        f"customers/stage/{stage['key']}/{cell['persona']}"
        for stage in journey["stages"]
        for cell in stage["cells"]
    }
    assert {key for key in desk.live_keys() if "/stage/" in key} == cells
    assert_finite(exported)


def test_export_as_of_another_time_needs_no_sync_of_it(desk: Desk) -> None:
    ran = desk.run("export", "--as-of", "2026-10-01")

    assert ran.code == 0, ran.err
    assert ran.json["as_of"] == "2026-10-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("html", b"<!DOCTYPE html>"),
        ("csv", b"\xef\xbb\xbfas_of,journey,table,"),
    ],
)
def test_export_writes_the_other_formats_for_people_and_spreadsheets(
    desk: Desk, name: str, beginning: bytes
) -> None:
    ran = desk.run("export", "--format", name)

    assert ran.code == 0
    assert ran.raw.startswith(beginning)
    assert desk.run("export", "--format", name).raw == ran.raw


def test_export_svg_is_a_whole_picture(desk: Desk) -> None:
    ran = desk.run("export", "--format", "svg")

    assert ran.code == 0, ran.err
    assert ET.fromstring(ran.raw).tag == "{http://www.w3.org/2000/svg}svg"


def test_removing_a_journey_holds_its_rows(desk: Desk) -> None:
    desk.run("status")
    text = desk.text().replace('key = "customers"', 'key = "buyers"')
    desk.config.write_text(text, encoding="utf-8")

    ran = desk.run_as_it_stands("sync", "--as-of", AS_OF, "--json")

    assert ran.code == 0, ran.err
    assert ran.json["written"]["archived"] == 0
    keys = desk.live_keys()
    assert any(key.startswith("customers/") for key in keys)
    assert any(key.startswith("buyers/") for key in keys)


def test_a_full_sync_reads_again_and_writes_nothing(desk: Desk) -> None:
    ran = desk.sync("--full", "--json")

    assert ran.code == 0, ran.err
    assert desk.writes() == []
    assert ran.json["pulled"]["contacts"]["read"] == 12


def test_a_missing_scope_is_one_finding_and_the_run_is_done(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        desk.hubspot.scopes = frozenset(
            {
                "crm.objects.contacts.read",
                "crm.objects.companies.read",
                "crm.objects.deals.read",
                "crm.schemas.contacts.read",
                "crm.schemas.companies.read",
                "crm.schemas.deals.read",
            }
        )
        ran = desk.sync("--json")

        lost = [f for f in ran.json["findings"] if f["code"] == "stream_unavailable"]
        assert (ran.code, ran.json["outcome"]) == (0, "done"), ran.err
        assert "tickets" in {f["key"] for f in lost}
        assert len(lost) == len({f["key"] for f in lost})
        assert all("scope" in f["hint"] for f in lost)


def test_version_is_told() -> None:
    ran = run_main(["--version"], {})

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("cjm-sync ")


def test_undo_takes_the_first_sync_back_and_the_next_one_writes_it_again(desk: Desk) -> None:
    taken_back = desk.run("undo", "--json")

    assert taken_back.code == 0, taken_back.err
    assert taken_back.json["archived"] > 0
    assert (taken_back.json["kept"], taken_back.json["findings"]) == (0, [])
    assert "rows put in the trash: 0" in desk.run("undo").out

    again = desk.run("sync", "--as-of", "2026-11-16T09:00Z", "--json")
    assert (again.code, again.json["written"]["created"]) == (0, 0)
    # What it took out of the trash can be taken back in its turn.
    assert desk.run("undo", "--json").json["archived"] == taken_back.json["archived"]
