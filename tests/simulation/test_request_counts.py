"""Requests are the scarce thing: what each kind of run sends, beside the least it could."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from cjm_sync.engine import compute_map
from cjm_sync.ports import JourneyRequest
from cjm_sync.runs import Report
from cjm_sync_mappings import plugin as mapping
from cjm_sync_notion.estimate import blocks_of, requests_of
from cjm_sync_sandbox.sample import SAMPLE_AS_OF
from support.world import World, is_write, writes

ONCE = 4
"""Who we are, the parent page, its children, and the hub."""


def rows_in(world: World) -> dict[str, int]:
    """Return how many rows stand in each database, by its name."""
    return {
        str(source["title"] or source["id"]): len(source["rows"])
        for source in world.tables("sources").values()
    }


def run(world: World) -> tuple[Report, int, int]:
    """Do a run; its report, how many requests wrote and how many read."""
    reports: list[Report] = []
    sent = world.requests_of(lambda: reports.append(world.run()))
    wrote = sum(map(is_write, sent))
    return reports[0], wrote, len(sent) - wrote


def estimated(world: World) -> tuple[int, int]:
    """Return what `check` would say before the first run: requests and blocks."""
    target = world._target()
    try:
        with world.store() as store:
            journeys: tuple[JourneyRequest, ...] = world.journeys
            journey_map = compute_map(mapping, store, journeys, as_of=SAMPLE_AS_OF)
        picture = world.painter.picture(journey_map) if world.painter is not None else None
        wished = target.render(journey_map, installation="abc", bound=(), picture=picture)
    finally:
        target.close()
    return requests_of(wished), blocks_of(wished)


def test_a_first_run_sends_what_check_says_it_will(
    empty: World, counted: Callable[[str], None]
) -> None:
    requests, blocks = estimated(empty)

    report, wrote, read = run(empty)

    bound = list(empty.bindings().values())
    parts = sum(binding.kind in {"hub", "database", "view"} for binding in bound)
    databases = sum(binding.kind == "database" for binding in bound)
    # The picture takes three; the status line and the row of the run close it.
    assert wrote == report.created + parts + 3 + 2
    assert read == ONCE + databases
    assert abs(requests - wrote - read) <= 2
    made = int(empty.notion._ws.facts["blocks_made"])
    assert abs(blocks - made) <= 3
    counted(f"a first run of {report.created} rows sent {wrote + read} requests, said {requests}")


def test_a_run_in_which_nothing_changed_reads_a_little_and_writes_nothing(
    synced: World, counted: Callable[[str], None]
) -> None:
    _, wrote, read = run(synced)

    pages = sum(max(1, math.ceil(rows / 100)) for rows in rows_in(synced).values())
    assert wrote == 0
    # Each database's columns, and its rows a hundred at a time.
    assert read == ONCE + len(rows_in(synced)) + pages
    counted(f"an idle run over {sum(rows_in(synced).values())} rows sent {read} requests")


def test_a_changed_row_costs_one_request_and_no_block(
    changed: World, counted: Callable[[str], None]
) -> None:
    bindings = changed.bindings()
    keys = [key for key, binding in bindings.items() if binding.kind == "row"][3:6]
    still = changed.copy()
    report, wrote, _ = run(still)
    blocks = int(still.notion._ws.facts["blocks_made"])
    still.wait(minutes=15)
    for key in keys:
        binding = still.bindings()[key]
        with still.store() as store:  # as if the wish for one cell of each had moved on
            stale = {**(binding.written or {}), "name": "another"}
            store.bind(replace(binding, written=stale))

    again, wrote_again, _ = run(still)

    assert report.outcome == again.outcome == "done"
    assert (again.updated, wrote_again) == (len(keys), len(keys) + 1)
    assert int(still.notion._ws.facts["blocks_made"]) in {blocks, blocks + 1}
    counted(f"{report.updated + report.created} changed rows took {wrote} writes")


def test_what_a_run_wrote_is_not_written_again(changed: World) -> None:
    changed.run()
    changed.wait(minutes=15)

    assert writes(changed.requests_of(changed.run)) == []
