"""A real run remembers its numbers and its pains; a look, an export and a broken run do not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cjm_sync.engine import compute_map
from cjm_sync.store import Store
from cjm_sync_mappings import plugin as mapping
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, small_portal
from support.world import World, new_world

TODAY = SAMPLE_AS_OF.date()


@pytest.fixture(scope="module")
def _read(tmp_path_factory: pytest.TempPathFactory) -> World:
    return new_world(tmp_path_factory.mktemp("insight") / "world", small_portal())


@pytest.fixture
def world(_read: World) -> World:
    return _read.copy()


def days(store: Store) -> list[date]:
    return [*store.snapshot_days("customers")]


def file_of(world: World) -> bytes:
    return Path(world.store_path).read_bytes()


def test_a_run_that_wrote_its_map_remembers_the_day(world: World) -> None:
    assert world.run().outcome == "done"

    with world.store() as store:
        assert days(store) == [TODAY]


def test_only_looking_remembers_nothing(world: World) -> None:
    world.run(dry_run=True)

    with world.store() as store:
        assert days(store) == []


def test_a_run_that_breaks_while_writing_remembers_nothing(world: World) -> None:
    world.run_until(9, "before")

    with world.store() as store:
        assert days(store) == []


def test_computing_the_map_for_an_export_saves_nothing(world: World) -> None:
    world.run()
    before = file_of(world)
    with world.store() as store:
        compute_map(mapping, store, world.journeys, as_of=SAMPLE_AS_OF + timedelta(days=1))

    assert file_of(world) == before


def test_the_next_day_is_told_against_the_day_before(world: World) -> None:
    world.run()
    with world.store() as store:
        first = compute_map(mapping, store, world.journeys, as_of=SAMPLE_AS_OF)
        after = compute_map(mapping, store, world.journeys, as_of=SAMPLE_AS_OF + timedelta(days=1))

    assert first.journeys[0].changes == ()
    changes = after.journeys[0].changes
    assert changes
    assert any(one.day_before is not None for one in changes)
    assert all(one.month_before is None for one in changes)


def test_the_same_run_again_leaves_the_same_memory(world: World) -> None:
    world.run()
    with world.store() as store:
        before = (store.snapshot("customers", TODAY), store.past_pains("customers"))
    world.run()

    with world.store() as store:
        assert (store.snapshot("customers", TODAY), store.past_pains("customers")) == before
