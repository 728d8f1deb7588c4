"""Rows whose subject goes by another key go on with their notes: renamed journeys and merges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cjm_sync.model import Wished
from cjm_sync.runs import Report
from support.losing import lose_store
from support.world import MOMENTS, Moment, World, cut_to, journey, sampled, writes

STAGE = "stage/awareness/everyone"
GONE, HEIR = "customers/persona/persona_2", "customers/persona/persona_1"


def note(world: World, key: str, words: str = "Mine.") -> None:
    cell = {"Notes": {"rich_text": [{"text": {"content": words}}]}}
    world.as_person("PATCH", f"pages/{world.page_id(key)}", {"properties": cell})


def renamed(world: World) -> World:
    """Let the journey go by another key."""
    world.journeys = (replace(journey(key="clients"), formerly=("customers",)),)
    world.wait(minutes=15)
    return world


def merged(world: World) -> World:
    """Let one persona be merged into another, which has a row of its own."""

    def cut(wished: Wished) -> Wished:
        pages = tuple(page for page in wished.pages if GONE.rpartition("/")[2] not in page.key)
        return replace(wished, pages=pages, moved={**wished.moved, GONE: HEIR})

    world.wrap = cut
    world.rules = replace(world.rules, max_removals="100")
    world.wait(minutes=15)
    return world


def row_ids(world: World) -> set[str]:
    return {b.remote_id for k, b in world.bindings().items() if b.kind == "row" and k[0] != "_"}


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


# a renamed journey


def test_the_rows_of_a_renamed_journey_go_on_with_what_people_put_there(synced: World) -> None:
    former = f"customers/{STAGE}"
    page = synced.page_id(former)
    note(synced, former)
    said = {"parent": {"type": "page_id", "page_id": page}, "rich_text": [{"text": {"content": "?"}}]}  # fmt: skip
    synced.as_person("POST", "comments", said)
    before = row_ids(synced)

    report = renamed(synced).run()

    assert (report.outcome, report.created, report.archived) == ("done", 0, 0)
    assert not any(key.startswith("customers/") for key in synced.bindings())
    assert row_ids(synced) == before
    assert synced.page_id(f"clients/{STAGE}") == page
    row = synced.row(f"clients/{STAGE}")
    assert (row["Notes"], row["Sync key"]) == ("Mine.", f"clients/{STAGE}")
    assert len(synced.tables("comments")) == 1
    assert codes(report).isdisjoint({"key_repaired", "cell_kept", "duplicate_key", "stray"})
    assert writes(synced.requests_of(synced.run)) == []
    assert synced.twins() == []


def test_what_a_person_changed_or_deleted_stays_so_under_the_new_key(synced: World) -> None:
    changed, deleted = f"customers/{STAGE}", "customers/stage/purchase/everyone"
    cell = {"properties": {"Conversion": {"number": 0.99}}}
    synced.as_person("PATCH", f"pages/{synced.page_id(changed)}", cell)
    synced.as_person("PATCH", f"pages/{synced.page_id(deleted)}", {"in_trash": True})

    report = renamed(synced).run()

    assert (report.outcome, report.created, report.kept) == ("done", 0, 1)
    assert synced.row(f"clients/{STAGE}")["Conversion"] == 0.99
    assert synced.bindings()["clients/stage/purchase/everyone"].state == "tombstone"
    assert synced.run().created == 0


def test_a_lost_store_and_a_renamed_journey_at_once_find_the_rows(synced: World) -> None:
    before = row_ids(synced)
    lose_store(synced)

    report = renamed(synced).run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    assert row_ids(synced) == before


def tiny(world: World) -> World:
    """Cut a renamed journey down to its personas and a stage that links to one."""
    rows = ("persona/", "stage/awareness/everyone")
    frame = ("_/hub", "_/block", "_/database/personas", "_/database/stages", "_/database/runs")
    world.wrap = cut_to(*frame, *(f"clients/{row}" for row in rows))
    kept = (*frame, "_/run", *(f"customers/{row}" for row in rows))
    with world.store() as store:
        for key in store.bindings():
            if not key.startswith(kept):
                store.unbind(key)
    return renamed(world)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_rebinds_rows_and_is_stopped_anywhere_goes_on(
    synced: World, moment: Moment, counted: Callable[[str], None]
) -> None:
    note(synced, f"customers/{STAGE}")
    world = tiny(synced)
    twin = world.copy()
    requests = len(twin.requests_of(twin.run))
    wished = twin.snapshot()

    for number in sampled(range(1 + MOMENTS.index(moment), requests + 1), 3):
        once = world.copy()
        once.run_until(number, moment)
        once.wait(seconds=3)
        report = once.run()

        assert report.outcome == "done", (number, report.error, report.findings)
        assert once.snapshot() == wished, number
        assert not codes(report) & {"key_repaired", "cell_kept"}, (number, report.findings)
        assert writes(once.requests_of(once.run)) == [], number
        once.drop()
    counted(f"a renamed journey stopped {moment} every third of {requests} requests")


# a merge


def test_a_row_merged_into_one_with_a_row_of_its_own_goes_to_the_trash(synced: World) -> None:
    page = synced.page_id(GONE)

    report = merged(synced).run()

    assert report.outcome == "done"
    assert synced.bindings()[GONE].state == "archived"
    assert synced.tables("blocks")[page]["in_trash"]
    assert "merged_row_kept" not in codes(report)
    assert writes(synced.requests_of(synced.run)) == []


def test_a_merged_row_in_which_a_person_wrote_is_retired_and_both_are_named(synced: World) -> None:
    note(synced, GONE)

    report = merged(synced).run()

    assert synced.bindings()[GONE].state == "retired"
    assert synced.row(GONE)["Notes"] == "Mine."
    (finding,) = [f for f in report.findings if f.code == "merged_row_kept"]
    assert GONE in finding.message
    assert HEIR in finding.message
    assert "merged_row_kept" not in codes(synced.run())
    assert writes(synced.requests_of(synced.run)) == []
