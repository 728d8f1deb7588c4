"""People's cells come back through the overlay, in the run that finds them and in later exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

import cjm_sync.engine
from cjm_sync.journey.types import JourneyMap, JourneyPeople
from cjm_sync.model import Observed
from cjm_sync_notion.target import NotionTarget
from support.world import World, writes

STAGE = "customers/stage/awareness/everyone"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Let the row of awareness, where it is there, rename the journey; return the keys asked."""
    asked: list[list[str]] = []

    def people(_: NotionTarget, rows: Sequence[Observed]) -> Mapping[str, JourneyPeople]:
        asked.append([row.key for row in rows])
        there = any(row.key == STAGE for row in rows)
        return {"customers": JourneyPeople(target_days={"awareness": 9.0})} if there else {}

    def overlay(journey_map: JourneyMap, people: Mapping[str, JourneyPeople]) -> JourneyMap:
        named = tuple(
            replace(
                journey,
                known_personas=tuple((key, f"{label}!") for key, label in journey.known_personas),
                personas=tuple(replace(p, label=f"{p.label}!") for p in journey.personas),
            )
            if journey.key in people
            else journey
            for journey in journey_map.journeys
        )
        return replace(journey_map, journeys=named)

    monkeypatch.setattr(NotionTarget, "people", people)
    monkeypatch.setattr(cjm_sync.engine, "overlay", overlay)
    return asked


def test_what_people_put_in_shows_in_the_same_run_and_is_remembered(
    synced: World, heard: list[list[str]]
) -> None:
    report = synced.run()

    assert report.outcome == "done"
    assert synced.row("customers/persona/everyone")["Persona"].endswith("!")
    assert STAGE in heard[0]
    with synced.store() as store:
        assert store.people() == {"customers": JourneyPeople(target_days={"awareness": 9.0})}
    assert writes(synced.requests_of(synced.run)) == []


def test_a_dry_run_heeds_people_and_remembers_nothing(
    synced: World, heard: list[list[str]]
) -> None:
    report = synced.run(dry_run=True)

    assert report.plan is not None
    assert report.plan.writes
    assert heard
    with synced.store() as store:
        assert store.people() == {}


def test_the_overlay_costs_no_request(synced: World) -> None:
    sent = [log.path for log in synced.requests_of(synced.run)]

    assert sum(path.endswith("/query") for path in sent) == len(synced.tables("sources"))
