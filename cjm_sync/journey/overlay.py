"""Lay what people put into their cells over the computed map. Pure.

Nothing here is read back into what is computed: `export` shows the map without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from cjm_sync.journey.coverage import with_people
from cjm_sync.journey.opportunities import opportunities
from cjm_sync.journey.pains import pains
from cjm_sync.journey.types import (
    EVERYONE,
    Cell,
    Emotion,
    Journey,
    JourneyMap,
    JourneyPeople,
    Stage,
    Touchpoint,
)


def overlay(journey_map: JourneyMap, people: Mapping[str, JourneyPeople]) -> JourneyMap:
    """Return *journey_map* with what *people* decided, by journey key.

    An emotion of their own goes before the computed one, effort into the priority, target days
    into PP1 and PP5, and owners, actions and the last review into the coverage report. A journey
    that *people* do not name stays as it is.
    """
    return replace(
        journey_map,
        journeys=tuple(
            _laid_over(journey, people[journey.key], journey_map.as_of)
            if journey.key in people
            else journey
            for journey in journey_map.journeys
        ),
    )


def _laid_over(journey: Journey, people: JourneyPeople, as_of: datetime) -> Journey:
    journey = replace(
        journey,
        stages=tuple(_stage(stage, people) for stage in journey.stages),
        touchpoints=tuple(_touchpoint(one, people) for one in journey.touchpoints),
    )
    grounds = journey.grounds
    if grounds is None:
        return journey
    found, delights = journey.pains or (), journey.delights or ()
    if people.target_days:
        found, delights = pains(
            grounds.measures, grounds.pains, people.target_days, min_group=grounds.min_group
        )
    chances = opportunities(found, grounds.ever, grounds.business, people.opportunities)
    coverage = journey.coverage
    if coverage is not None:
        coverage = with_people(
            coverage,
            chances,
            people,
            today=as_of.astimezone(UTC).date(),
            rules=grounds.coverage,
        )
    return replace(
        journey, pains=found, delights=delights, opportunities=chances, coverage=coverage
    )


def _stage(stage: Stage, people: JourneyPeople) -> Stage:
    own = people.stage_emotion.get(stage.key)
    if own is None:
        return stage
    return replace(stage, cells=tuple(_cell(cell, own) for cell in stage.cells))


def _cell(cell: Cell, own: float) -> Cell:
    if cell.persona != EVERYONE:
        return cell
    return replace(cell, emotion=_felt(cell.emotion, own))


def _touchpoint(row: Touchpoint, people: JourneyPeople) -> Touchpoint:
    own = people.touchpoint_emotion.get((row.stage, row.key))
    return row if own is None else replace(row, emotion=_felt(row.emotion, own))


def _felt(emotion: Emotion, own: float) -> Emotion:
    return replace(emotion, override=own)
