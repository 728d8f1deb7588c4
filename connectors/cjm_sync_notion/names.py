"""What the options of the account-dependent select columns are called.

One table for the schema and for the rows, so that a cell and an option never disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cjm_sync.journey.types import EVERYONE, JourneyMap
from cjm_sync.model import Choice
from cjm_sync_notion.values import option_name, option_names

EVERYONE_LABEL = "Everyone"


@dataclass(frozen=True, slots=True)
class Names:
    """Option names by key, in the order in which the options stand in Notion.

    A key that two journeys use is one option, named as the first of them says.
    """

    journeys: Mapping[str, str]
    stages: Mapping[str, str]
    personas: Mapping[str, str]
    channels: Mapping[str, str]

    @classmethod
    def of(cls, journey_map: JourneyMap) -> Names:
        """Return the names that *journey_map* gives."""
        return cls(
            journeys=option_names((j.key, j.name) for j in journey_map.journeys),
            stages=option_names(
                (stage.key, stage.label)
                for journey in journey_map.journeys
                for stage in sorted(journey.stages, key=lambda stage: stage.order)
            ),
            personas=option_names(_personas(journey_map)),
            channels=option_names((name, name) for name in _channels(journey_map)),
        )

    def column(self, key: str) -> Mapping[str, str]:
        """Return the names of the options of the select column *key*."""
        return {
            "journey": self.journeys,
            "stage": self.stages,
            "persona": self.personas,
            "channel": self.channels,
        }[key]

    def choice(self, column: str, key: str) -> Choice:
        """Return the cell that chooses the option *key* of *column*."""
        return Choice(key, self.column(column).get(key) or option_name(key))


def _personas(journey_map: JourneyMap) -> Iterator[tuple[str, str]]:
    everyone = [
        (persona.key, persona.label)
        for journey in journey_map.journeys
        for persona in journey.personas
        if persona.key == EVERYONE
    ]
    yield from everyone or [(EVERYONE, EVERYONE_LABEL)]
    for journey in journey_map.journeys:
        yield from journey.known_personas
        yield from ((persona.key, persona.label) for persona in journey.personas)


def _channels(journey_map: JourneyMap) -> list[str]:
    """Return the channels in alphabetical order, so that page order never shows."""
    channels = {
        channel
        for journey in journey_map.journeys
        for channel in (
            *(touchpoint.channel for touchpoint in journey.touchpoints),
            *(channel for _, _, channel in journey.known_touchpoints),
        )
    }
    return sorted(channel for channel in channels if channel.strip())
