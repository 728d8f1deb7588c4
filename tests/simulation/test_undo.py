"""Undo takes back what the last run wrote, and nothing that a person did since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cjm_sync.errors import ConfigError, GuardTripped, TransientError
from cjm_sync.model import Intent
from cjm_sync.undo import Undone, undo
from cjm_sync_sandbox.notion.requests import RequestLog
from simulation.conftest import LEAVING
from support.world import MOMENTS, SOAK, Moment, Stopped, World, sampled

pytestmark = pytest.mark.sweep

STAGE = "customers/stage/awareness/everyone"


def undone(world: World) -> Undone:
    """Take back the last run of *world* as a new process would."""
    target = world._target()
    try:
        with world.store() as store:
            return undo(store, target)
    finally:
        target.close()


def numbers_of(world: World) -> dict[str, dict[str, Any]]:
    """Return the synced rows that are alive, by key."""
    return {
        key: world.row(key)
        for key, binding in world.bindings().items()
        if binding.kind == "row" and binding.state in {"live", "retired"} and key[:2] != "_/"
    }


def lines_of(world: World) -> list[str]:
    return [
        binding.digest
        for key, binding in sorted(world.bindings().items())
        if binding.kind == "block" and key != "_/block/status"
    ]


def test_a_run_that_is_taken_back_leaves_every_row_as_it_was(changed: World) -> None:
    before, lines = numbers_of(changed), lines_of(changed)
    assert changed.run().outcome == "done"
    assert numbers_of(changed) != before

    result = undone(changed)

    assert numbers_of(changed) == before
    assert lines_of(changed) == lines
    assert (result.kept, result.findings) == (0, [])
    assert min(result.updated, result.archived, result.restored) > 0


def test_the_run_after_an_undo_ends_where_the_first_one_did(changed: World) -> None:
    changed.run()
    expected = numbers_of(changed)
    undone(changed)
    changed.wait(minutes=15)

    assert changed.run().outcome == "done"

    assert numbers_of(changed) == expected
    assert changed.twins() == []


def test_a_cell_that_a_person_changed_since_is_left_as_they_have_it(changed: World) -> None:
    before = numbers_of(changed)
    changed.run()
    after = numbers_of(changed)
    moved, column, other = next(
        (key, *[name for name in after[key] if after[key][name] != before[key][name]][:2])
        for key in sorted(after.keys() & before.keys())
        if sum(
            after[key][name] != before[key][name] and isinstance(after[key][name], int | float)
            for name in after[key]
        )
        == sum(after[key][name] != before[key][name] for name in after[key])
        > 1
    )
    changed.wait(minutes=5)
    changed.as_person(
        "PATCH", f"pages/{changed.page_id(moved)}", {"properties": {column: {"number": 4321}}}
    )

    result = undone(changed)

    assert changed.row(moved)[column] == 4321
    assert changed.row(moved)[other] == before[moved][other]
    assert [finding.key.partition("#")[0] for finding in result.findings] == [moved]
    assert result.kept == 1


def test_a_new_row_in_which_a_person_wrote_stays(changed: World) -> None:
    known = set(numbers_of(changed))
    changed.run()
    (made,) = set(numbers_of(changed)) - known
    changed.as_person(
        "POST",
        "comments",
        {
            "parent": {"page_id": changed.page_id(made)},
            "rich_text": [{"text": {"content": "Is this so?"}}],
        },
    )

    result = undone(changed)

    assert made in numbers_of(changed)
    assert [finding.key for finding in result.findings] == [made]


def test_a_row_that_was_retired_is_in_use_again(changed: World) -> None:
    changed.run()
    assert changed.bindings()[LEAVING].state == "retired"

    undone(changed)

    assert changed.bindings()[LEAVING].state == "live"
    assert changed.row(LEAVING)["State"] == "active"
    assert changed.row(LEAVING)["Notes"] == "Ask Ada."


def test_a_second_undo_has_nothing_left(changed: World) -> None:
    changed.run()
    undone(changed)
    requests = changed.requests_of(lambda: undone(changed))

    assert [log.method for log in requests if log.method != "GET"] == []
    assert undone(changed) == Undone()


def test_a_run_that_only_says_that_it_was_there_can_not_be_what_is_taken_back(
    changed: World,
) -> None:
    before = numbers_of(changed)
    changed.run()
    changed.wait(days=2)
    idle = changed.run()
    assert (idle.created, idle.updated) == (0, 0)

    undone(changed)

    assert numbers_of(changed) == before


def test_the_time_of_the_map_goes_back_too(changed: World) -> None:
    with changed.store() as store:
        before = store.facts()["last_as_of"]
        store.set_facts({"last_as_of": "2026-11-15T09:00:00+00:00"})
    changed.run()
    with changed.store() as store:
        assert store.facts()["last_as_of"] == before

    undone(changed)

    with changed.store() as store:
        assert store.facts()["last_as_of"] == "2026-11-15T09:00:00+00:00"


def test_a_run_that_was_cut_off_within_a_create_is_to_be_ended_first(changed: World) -> None:
    changed.run()
    with changed.store() as store:
        store.begin(Intent("customers/stage/x/y", "row", changed.clock.now(), "stages"))

    with pytest.raises(TransientError, match="interrupted"):
        undone(changed)


def test_the_hub_of_another_installation_is_not_touched(changed: World) -> None:
    changed.run()
    with changed.store() as store:
        store.set_facts({"installation": "000000000000"})

    with pytest.raises(GuardTripped):
        undone(changed)


def test_a_store_that_never_wrote_has_nothing_to_take_back(empty: World) -> None:
    with pytest.raises(ConfigError, match="never written"):
        undone(empty)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_undo_that_is_cut_off_goes_on_where_it_stopped(
    changed: World, moment: Moment, counted: Callable[[str], None]
) -> None:
    changed.run()
    whole = changed.copy()
    count = len(whole.requests_of(lambda: undone(whole)))
    expected = numbers_of(whole)

    places = range(1, count + 1) if SOAK else sampled(range(1, count + 1), 10)
    for place in places:
        world = changed.copy()
        stop_at = len(world.notion.requests) + place

        def stop(log: RequestLog, stop_at: int = stop_at) -> None:
            if log.number == stop_at:
                raise Stopped

        hooks = world.notion.hooks if moment == "before" else world.notion.after_hooks
        hooks.append(stop)
        with pytest.raises(Stopped):
            undone(world)
        hooks.remove(stop)

        again = undone(world)

        assert again.findings == [], (place, again.findings)
        assert numbers_of(world) == expected, place
        assert undone(world) == Undone(), place
        world.drop()
    counted(f"undo cut off {moment} {len(places)} of {count} requests")
