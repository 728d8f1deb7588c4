"""A first look: the map of a few units, before everything is read. Nothing is kept or written.

The way in is `first_look`. The mirror is a throwaway one in memory, and the target is not asked, so
a look can neither remove nor overwrite anything of the full map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cjm_sync.engine import compute_map, needs
from cjm_sync.errors import ConfigError, TransientError
from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Batch, Finding, Need
from cjm_sync.ports import Account, Check, JourneyRequest, MappingPlugin, Sampler, Source
from cjm_sync.pull import Count, pull
from cjm_sync.store import Store


@dataclass(frozen=True, slots=True)
class Look:
    """What a sample shows; *units* is how many contacts were in it."""

    units: int
    journey_map: JourneyMap
    counts: Mapping[str, Count]
    findings: tuple[Finding, ...]
    requests: int

    def as_json(self) -> dict[str, Any]:
        """Return the object that `sync --sample --json` prints, but for the map."""
        return {
            "sample": {"contacts": self.units},
            "pulled": {name: {"read": count.read} for name, count in sorted(self.counts.items())},
            "requests": {"hubspot": self.requests},
            "findings": [
                {"code": f.code, "key": f.key, "message": f.message, "hint": f.hint}
                for f in self.findings
            ],
        }


def first_look(
    source: Source,
    mapping: MappingPlugin,
    journeys: Sequence[JourneyRequest],
    *,
    size: int,
    as_of: datetime,
    progress: Callable[[str, int], None] = lambda _stream, _read: None,
) -> Look:
    """Read at most *size* contacts with what belongs to them, and compute the map of these.

    Raises ConfigError when the source gives no samples, TransientError when it failed midway.
    """
    if not isinstance(source, Sampler):
        raise ConfigError("this source gives no samples", hint="Leave --sample out.")
    with Store("sqlite://") as store:
        source.identify()
        sampled = _Sampled(source, source, size)
        pulled = pull(sampled, store, needs(mapping, journeys), progress=progress)
        if pulled.failed:
            said = [f for f in pulled.findings if f.code == "stream_failed"]
            raise TransientError(
                f"the sample is not whole: {said[0].message}", hint="Run again later."
            )
        journey_map = compute_map(mapping, store, journeys, as_of=as_of)
        findings = [*pulled.findings, *journey_map.findings]
        for journey in journey_map.journeys:
            findings += journey.findings
        return Look(
            store.count_of("contacts"),
            journey_map,
            pulled.counts,
            tuple(dict.fromkeys(findings)),
            source.requests(),
        )


@dataclass(frozen=True, slots=True)
class _Sampled:
    """A source that shows a sample of another."""

    source: Source
    sampler: Sampler
    size: int

    def identify(self) -> Account:
        return self.source.identify()

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        return self.source.streams(needs)

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        if self.sampler.samples(stream):
            return self.sampler.sample(stream, need, size=self.size)
        return self.source.pull(stream, need, cursor)

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        return self.source.check(needs)

    def requests(self) -> int:
        return self.source.requests()

    def waited_seconds(self) -> float:
        return self.source.waited_seconds()

    def close(self) -> None:
        self.source.close()
