"""What the options of the account-dependent select columns are called.

One table for the schema and for the rows, so that a cell and an option never disagree. A column has
at most 100 options, for Notion takes no more in one request: the first 99 keep their own, all others
share one that says how many they are. Rows tell them apart by title and key all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cjm_sync.journey.types import EVERYONE, JourneyMap
from cjm_sync.model import Choice
from cjm_sync_notion.values import SCHEMA_OPTIONS, option_name, option_names

EVERYONE_LABEL = "Everyone"
OTHER = "\u2026other"
"""The option key that values beyond the hundredth share; no key of an account begins so."""


@dataclass(frozen=True, slots=True)
class Names:
    """Option names by key, in the order in which the options stand in Notion.

    A key that two journeys use is one option, named as the first of them says. *identities* gives
    the option key of a journey that was renamed: the option stays what it was.
    """

    journeys: Mapping[str, str]
    stages: Mapping[str, str]
    personas: Mapping[str, str]
    channels: Mapping[str, str]
    identities: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, journey_map: JourneyMap, *, identities: Mapping[str, str] | None = None) -> Names:
        """Return the names that *journey_map* gives."""
        known = identities or {}
        return cls(
            identities=known,
            journeys=option_names((known.get(j.key, j.key), j.name) for j in journey_map.journeys),
            stages=option_names(
                (stage.key, stage.label)
                for journey in journey_map.journeys
                for stage in sorted(journey.stages, key=lambda stage: stage.order)
            ),
            personas=option_names(_personas(journey_map)),
            channels=option_names((name, name) for name in _channels(journey_map)),
        )

    def column(self, key: str) -> Mapping[str, str]:
        """Return the names of the options of the select column *key*, at most 100."""
        names = self._all(key)
        if len(names) <= SCHEMA_OPTIONS:
            return names
        own = list(names)[: SCHEMA_OPTIONS - 1]
        taken = {names[name].casefold() for name in own}
        label = f"other ({len(names) - len(own)})"
        while label.casefold() in taken:
            label = f"{label} …"
        return {**{name: names[name] for name in own}, OTHER: label}

    def _all(self, key: str) -> Mapping[str, str]:
        return {
            "journey": self.journeys,
            "stage": self.stages,
            "persona": self.personas,
            "channel": self.channels,
        }[key]

    def journey(self, key: str) -> str:
        """Return the option key of a journey."""
        return self.identities.get(key, key)

    def choice(self, column: str, key: str) -> Choice:
        """Return the cell that chooses the option *key* of *column*, or the one that it shares."""
        wanted = self.journey(key) if column == "journey" else key
        options = self.column(column)
        if wanted not in options and wanted in self._all(column):
            return Choice(OTHER, options[OTHER])
        return Choice(wanted, options.get(wanted) or option_name(key))


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
