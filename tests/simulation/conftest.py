"""Worlds that the simulation tests start from; each test works on copies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import small_portal
from support.world import World, edited, journey, new_world, profile, without_loyalty

LEAVING = "customers/stage/loyalty/persona_1"
"""The one of the leaving rows of the changed world in which a person wrote."""


@pytest.fixture(scope="session")
def portal() -> Portal:
    return small_portal()


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory, portal: Portal) -> World:
    return new_world(tmp_path_factory.mktemp("empty") / "world", portal)


@pytest.fixture(scope="session")
def _synced(_empty: World) -> World:
    world = _empty.copy()
    assert world.run().outcome == "done"
    world.wait(minutes=15)
    return world


@pytest.fixture(scope="session")
def _changed(_synced: World, portal: Portal) -> World:
    world = _synced.copy()
    world.as_person(
        "PATCH",
        f"pages/{world.page_id(LEAVING)}",
        {"properties": {"Notes": {"rich_text": [{"text": {"content": "Ask Ada."}}]}}},
    )
    world.journeys = (journey(without_loyalty(profile())),)
    world.read(edited(portal))
    world.wait(minutes=15)
    return world


@pytest.fixture
def empty(_empty: World) -> World:
    """A portal that was read, and nothing in Notion."""
    return _empty.copy()


@pytest.fixture
def synced(_synced: World) -> World:
    """The same after its first run."""
    return _synced.copy()


@pytest.fixture
def changed(_changed: World) -> World:
    """A portal that moved on since: rows are to be made, changed, retired and archived."""
    return _changed.copy()


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say what a sweep covered; it is printed after all tests."""
    return lambda text: record_property("swept", text)
