"""A run that ends anywhere does no harm: the next one ends where an undisturbed one would.

Every request of a first and of a changed sync is a place to stop, before its effect and after it,
and on a small map every pair of places. Meanwhile rows stay invisible to queries for 20 seconds
after they were made, as they may in Notion. CI stops at a part of the places and a seeded sample of
the pairs; `CJM_SYNC_SOAK=1` stops at all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from support.world import MOMENTS, SOAK, Moment, World, cut_to, sampled, writes

pytestmark = pytest.mark.sweep

EVERY_IN_CI = 12
PAIRS_IN_CI = 8
SMALL_MAP_REQUESTS = 29

Counted = Callable[[str], None]


def undisturbed(world: World) -> tuple[Any, int]:
    """Return what stands in Notion after a run of *world*, and how many requests it took."""
    twin = world.copy()
    requests = len(twin.requests_of(twin.run))
    snapshot = twin.snapshot()
    twin.drop()
    return snapshot, requests


def assert_mended(world: World, wished: Any, where: object) -> None:
    """Let the next runs come and compare."""
    report = world.run()
    idle = world.requests_of(world.run)

    assert report.outcome == "done", (where, report.error, report.findings)
    assert world.snapshot() == wished, where
    assert world.twins() == [], where
    assert world.intents() == [], where
    assert writes(idle) == [], where


def assert_stops_are_mended(world: World, moment: Moment) -> str:
    wished, requests = undisturbed(world)
    stops = sampled(range(1 + MOMENTS.index(moment), requests + 1), EVERY_IN_CI)
    for number in stops:
        once = stopped(world, number, moment)
        assert_mended(once, wished, (number, moment))
        once.drop()
    return f"{len(stops)} of {requests}"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_first_sync_stopped_at_any_request_is_mended(
    empty: World, moment: Moment, counted: Counted
) -> None:
    stops = assert_stops_are_mended(empty, moment)

    counted(f"first sync stopped {moment} {stops} requests")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_changed_sync_stopped_at_any_request_is_mended(
    changed: World, moment: Moment, counted: Counted
) -> None:
    stops = assert_stops_are_mended(changed, moment)

    counted(f"changed sync stopped {moment} {stops} requests")


FRAME = ("_/hub", "_/block", "_/database", "_/view/customers/personas")


def tiny_first(empty: World, _changed: World) -> World:
    """A first sync: hub, four databases, one view, the three rows of the personas."""
    empty.wrap = cut_to(*FRAME, "customers/persona/")
    return empty


def tiny_change(_empty: World, changed: World) -> World:
    """A changed sync in which a row is made, some change, one is retired and one archived."""
    frame = ("_/hub", "_/block", "_/database/stages", "_/database/touchpoints", "_/database/runs")
    rows = ("customers/stage/consideration/", "customers/touchpoint/consideration/meet.first")
    left = ("_/run", "customers/stage/loyalty/persona_1", "customers/stage/loyalty/persona_2")
    changed.wrap = cut_to(*frame, *rows)
    with changed.store() as store:
        for key in store.bindings():
            if not key.startswith((*frame, *rows, *left)):
                store.unbind(key)
    return changed


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("small_map", [tiny_first, tiny_change])
def test_a_sync_stopped_at_any_two_requests_is_mended(
    empty: World,
    changed: World,
    small_map: Callable[[World, World], World],
    moment: Moment,
    counted: Counted,
) -> None:
    world = small_map(empty, changed)
    wished, requests = undisturbed(world)
    assert requests <= SMALL_MAP_REQUESTS
    stopped_once = [stopped(world, number, moment) for number in range(1, requests + 1)]
    pairs = [
        (first, number, again)
        for first, once in enumerate(stopped_once)
        for number in range(1, undisturbed(once)[1] + 1)
        for again in MOMENTS
    ]

    chosen = pairs if SOAK else random.Random(2).sample(pairs, PAIRS_IN_CI)
    for first, number, again in chosen:
        twice = stopped(stopped_once[first], number, again)
        assert_mended(twice, wished, (first + 1, moment, number, again))
        twice.drop()

    counted(
        f"{small_map.__name__} stopped {moment} a request, and again: {len(chosen)} of {len(pairs)} pairs"
    )


def stopped(world: World, number: int, moment: Moment) -> World:
    """Return a copy of *world* in which a run ended at its *number*-th request, and 3 s passed."""
    twin = world.copy()
    twin.run_until(number, moment)
    twin.wait(seconds=3)
    return twin
