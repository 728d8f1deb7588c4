"""`import` and `where` on the command line: the mirror is filled without Notion, `where` decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.store import Store
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from scenarios.cli_world import AS_OF, CLOSED, LOOPBACK, Desk, open_desk

pytestmark = LOOPBACK


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def held(desk: Desk) -> dict[str, int]:
    with Store(f"sqlite:///{desk.folder / 'cjm-sync.db'}") as store:
        return store.count_records()


def contacts(hubspot: HubSpotSandbox) -> list[str]:
    return [row["id"] for row in hubspot.portal.rows["contacts"]]


def units(desk: Desk) -> Any:
    exported = desk.run("export", "--format", "json", "--as-of", AS_OF)
    assert exported.code == 0, exported.err
    return exported.json["journeys"][0]["units"]


def test_an_import_asks_notion_nothing_and_needs_no_token_of_it(desk: Desk) -> None:
    del desk.environment["NOTION_TOKEN"]
    desk.tables["notion"] = {"base_url": CLOSED}

    ran = desk.run("import", "--json")

    assert (ran.code, ran.errors) == (0, [])
    assert set(ran.json) == {"outcome", "pulled", "requests", "findings"}
    assert ran.json["outcome"] == "done"
    assert ran.json["pulled"]["contacts"] == {"read": 12, "changed": 12, "merged": 0}
    assert ran.json["requests"]["hubspot"] == len(desk.hubspot.requests)
    assert desk.notion.requests == []
    assert units(desk) == 12


def test_a_sync_after_an_import_changes_nothing_in_the_mirror_and_writes_the_whole_map(
    desk: Desk,
) -> None:
    imported = desk.run("import")
    before = held(desk)

    ran = desk.sync("--json")

    assert imported.out.startswith("done: read ")
    assert ran.code == 0, ran.err
    assert ran.json["pulled"]["contacts"]["changed"] == 0
    assert held(desk) == before
    assert desk.live_keys()


def test_a_part_is_imported_by_flags_and_where_decides_who_counts(desk: Desk) -> None:
    some = contacts(desk.hubspot)[:7]
    desk.hubspot.design.add_list("30", "Pilot")
    desk.hubspot.design.join_list("30", *some)

    ran = desk.run("import", "--list", "pilot", "--json")

    assert ran.code == 0, ran.err
    assert {name for name, count in ran.json["pulled"].items() if count["read"]} >= {"contacts"}
    assert held(desk)["contacts"] == 7
    assert "deals" not in held(desk)
    desk.more = 'where = { list = ["Pilot"] }'
    synced = desk.sync("--json")
    assert synced.code == 0, synced.err
    assert held(desk)["contacts"] == 12
    assert units(desk) == 7


def test_who_leaves_the_list_is_no_unit_and_stays_in_the_mirror(desk: Desk) -> None:
    some = contacts(desk.hubspot)
    desk.hubspot.design.add_list("30", "Pilot")
    desk.hubspot.design.join_list("30", *some[:9])
    desk.more = 'where = { list = "Pilot" }'
    assert desk.sync().code == 0

    desk.hubspot.design.leave_list("30", *some[:2])
    ran = desk.sync("--json")

    assert ran.code == 0, ran.err
    assert (units(desk), held(desk)["contacts"]) == (7, 12)
    found = [f for f in ran.json["findings"] if f["code"] == "outside_filter"]
    assert [f["message"] for f in found] == [
        "5 contacts are outside `where` and no units; 7 are inside"
    ]


def test_a_list_that_is_not_there_stops_the_run_before_anything_is_written(desk: Desk) -> None:
    assert desk.sync().code == 0
    before = len(desk.writes())
    desk.more = 'where = { list = "Pilots" }'

    ran = desk.sync()

    assert ran.code == 2
    assert "the list 'Pilots' of `where.list` was not read" in ran.errors[-1]
    assert len(desk.writes()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "--since 'yesterday' is no time"),
        (("--until", "1999-01-01"), "--until '1999-01-01' is not within the years"),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "--since is not earlier than --until"),
        (("--object", "contract"), "did you mean contacts?"),
        (("--list", "Nobody"), "no list of contacts with the id or name 'Nobody'"),
    ],
)
def test_a_mistake_in_a_flag_is_exit_2_with_a_remedy(
    desk: Desk, arguments: tuple[str, ...], words: str
) -> None:
    ran = desk.run("import", *arguments)

    assert ran.code == 2
    assert len(ran.errors) == 1
    assert words.lower() in ran.errors[0].lower()


def test_an_import_that_fails_midway_is_partial_and_goes_on(desk: Desk) -> None:
    usual = desk.hubspot.daily_limit
    desk.hubspot.daily_limit = 8

    stopped = desk.run("import")

    assert stopped.code == 1
    assert stopped.out.startswith("partial: ")
    desk.hubspot.daily_limit = usual
    assert desk.run("import").code == 0
    assert held(desk)["contacts"] == 12
