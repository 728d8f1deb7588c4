"""Lay what people put into their cells over the computed map. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cjm_sync.journey.types import JourneyMap, JourneyPeople


def overlay(journey_map: JourneyMap, people: Mapping[str, JourneyPeople]) -> JourneyMap:
    """Return *journey_map* with what *people* decided, by journey key."""
    del people
    return journey_map
