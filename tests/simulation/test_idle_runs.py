"""A run in which nothing moved writes nothing; the log of runs grows no longer than its ring."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from math import ceil
from pathlib import Path

from cjm_sync.engine import RING
from cjm_sync.runs import Report
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import SAMPLE_AS_OF
from support.world import World, new_world, writes

CONSTANT_READS = 4
"""Who we are, the parent, the hub and its first block."""


def queries(world: World) -> int:
    """Return how many reads it takes to see the columns and every row of every database."""
    bindings = world.bindings()
    databases = [key.rpartition("/")[2] for key in bindings if key.startswith("_/database/")]
    rows = Counter(b.detail["collection"] for b in bindings.values() if b.kind == "row")
    return sum(1 + max(1, ceil(rows[kind] / 100)) for kind in databases)


def test_a_second_run_reads_a_little_and_writes_nothing(synced: World) -> None:
    reports: list[Report] = []

    sent = synced.requests_of(lambda: reports.append(synced.run()))

    assert writes(sent) == []
    assert len(sent) <= queries(synced) + CONSTANT_READS
    assert (reports[0].outcome, reports[0].unchanged) == ("done", 47)


def test_five_runs_a_quarter_of_an_hour_apart_write_nothing(synced: World) -> None:
    sent = []
    for _ in range(5):
        synced.wait(minutes=15)
        sent += writes(synced.requests_of(lambda: synced.run(as_of=None)))

    assert sent == []


def test_a_heartbeat_touches_the_status_line_and_one_row_of_the_ring(synced: World) -> None:
    synced.wait(hours=24)
    later = SAMPLE_AS_OF + timedelta(minutes=1)

    sent = writes(synced.requests_of(lambda: synced.run(as_of=later)))

    status = synced.bindings()["_/block/status"].remote_id
    assert sorted(sent) == [("PATCH", f"/v1/blocks/{status}"), ("POST", "/v1/pages")]
    assert writes(synced.requests_of(lambda: synced.run(as_of=later))) == []


def test_the_ring_of_runs_wraps(synced: World) -> None:
    for _ in range(RING + 2):
        synced.wait(hours=24)
        assert synced.run().outcome == "done"

    rows = [key for key in synced.bindings() if key.startswith("_/run/")]
    assert len(rows) == RING
    assert synced.twins() == []


def test_a_refused_view_is_tried_again_after_a_week(tmp_path: Path, portal: Portal) -> None:
    world = new_world(tmp_path / "free", portal, plan="free")

    def run() -> tuple[str, list[str], int]:
        reports: list[Report] = []
        sent = world.requests_of(lambda: reports.append(world.run()))
        tried = sum(log.path == "/v1/views" and log.method == "POST" for log in sent)
        return reports[0].outcome, [finding.code for finding in reports[0].findings], tried

    first = run()
    world.wait(days=6)
    second = run()
    world.wait(days=2)
    third = run()
    fourth = run()

    # The plan shows the first chart only: four others are refused, and the dashboard, whose widgets
    # are then not asked for.
    refused = ["view_refused"] * 5
    assert first == ("done", refused, 17)
    assert second == ("done", refused, 0)
    assert third == ("done", refused, 5)
    assert fourth == ("done", refused, 0)
