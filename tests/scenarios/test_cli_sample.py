"""`sync --sample`: a first look at few contacts that leaves no trace anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cjm_sync.store import Store
from cjm_sync_sandbox.sample import sample_portal
from scenarios.cli_world import CLOSED, LOOPBACK, Desk, open_desk

pytestmark = LOOPBACK


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def store_of(desk: Desk) -> Store:
    return Store(f"sqlite:///{desk.folder / 'cjm-sync.db'}")


def test_a_look_needs_no_notion_and_keeps_nothing(desk: Desk) -> None:
    del desk.environment["NOTION_TOKEN"]
    desk.tables["notion"] = {"base_url": CLOSED}

    ran = desk.sync("--sample", "9")

    assert (ran.code, ran.errors) == (0, [])
    assert ran.out.startswith("a sample of 9 contacts as of 2026-11-16T09:00:00.000Z: nothing was")
    assert "Customer journey: 9 units" in ran.out
    assert "  Awareness" in ran.out
    assert desk.notion.requests == []
    with store_of(desk) as store:
        assert (store.count_records(), store.facts(), store.runs()) == ({}, {}, [])


def test_a_look_at_everybody_shows_the_numbers_of_a_sync(desk: Desk) -> None:
    looked = desk.sync("--sample", "50", "--json")
    desk.hubspot.portal.rows["form_submissions"].clear()  # a look goes without them
    assert desk.sync().code == 0
    exported = desk.run("export", "--format", "json")

    assert looked.code == 0, looked.err
    assert looked.json["sample"] == {"contacts": 12}
    assert looked.json["map"] == exported.json


def test_a_look_after_a_full_sync_changes_neither_the_mirror_nor_the_map(desk: Desk) -> None:
    assert desk.sync().code == 0
    rows, writes = desk.rows(), len(desk.writes())
    with store_of(desk) as store:
        before = (store.count_records(), store.facts(), store.bindings())

    ran = desk.sync("--sample", "3")

    assert ran.code == 0, ran.err
    assert (desk.rows(), len(desk.writes())) == (rows, writes)
    with store_of(desk) as store:
        assert (store.count_records(), store.facts(), store.bindings()) == before


def test_who_is_looked_at_was_modified_last_and_brings_what_is_theirs(desk: Desk) -> None:
    rows = desk.hubspot.portal.rows
    last = sorted(rows["contacts"], key=lambda row: row["updatedAt"])[-4:]

    ran = desk.sync("--sample", "4", "--json")

    ids = {row["id"] for row in last}
    theirs = [
        row
        for row in rows["deals"]
        if ids
        & {one if isinstance(one, str) else one["id"] for one in row["associations"]["contacts"]}
    ]
    assert ran.json["pulled"]["contacts"]["read"] == 4
    assert ran.json["pulled"]["deals"]["read"] == len(theirs)
    said = {f["key"] for f in ran.json["findings"] if f["code"] == "not_in_sample"}
    assert said == {"email_events", "events", "form_submissions"}


def test_a_look_asks_little_of_a_larger_portal(tmp_path: Path) -> None:
    with open_desk(tmp_path, sample_portal()) as desk:
        looked = desk.sync("--sample", "40", "--json")
        few = looked.json["requests"]["hubspot"]

        whole = desk.run("import", "--json")

    assert looked.json["sample"] == {"contacts": 40}
    assert few * 2 < whole.json["requests"]["hubspot"]


@pytest.mark.parametrize(
    "arguments",
    [("--sample", "5", "--full"), ("--sample", "5", "--accept"), ("--sample", "5", "--take-over")],
)
def test_a_look_has_nothing_to_allow(desk: Desk, arguments: tuple[str, ...]) -> None:
    ran = desk.run("sync", *arguments)

    assert ran.code == 2
    assert "--sample goes with --as-of, --dry-run and --json only" in ran.errors[0]


@pytest.mark.parametrize("size", ["0", "10001", "few"])
def test_a_sample_has_a_size(desk: Desk, size: str) -> None:
    assert desk.run("sync", "--sample", size).code == 2


def test_a_look_that_fails_midway_says_so(desk: Desk) -> None:
    desk.hubspot.daily_limit = 12

    ran = desk.run("sync", "--sample", "5")

    assert ran.code == 1
    assert "the sample is not whole" in ran.errors[0]
