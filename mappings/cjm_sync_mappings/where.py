"""Who takes part in a journey: the `where` table of the configuration."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import date, datetime

from cjm_sync.errors import ConfigError
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings.links import Shelf
from cjm_sync_mappings.values import read_text, read_time

KEYS = ("created_after", "pipeline")


@dataclass(frozen=True, slots=True)
class Where:
    """The filter of one journey; None stands for no limit."""

    pipelines: frozenset[str] | None = None
    created_after: int | None = None

    def keeps(self, created_at: int | None, now: int) -> bool:
        """Return whether a record created then is a unit; an unknown time is no reason against."""
        if created_at is None:
            return True
        return created_at < now and (self.created_after is None or created_at >= self.created_after)

    def keep_deals(self, deals: Shelf) -> Shelf:
        """Return *deals* without those of other pipelines."""
        if self.pipelines is None:
            return deals
        kept = {
            id_: deal
            for id_, deal in deals.survivors.items()
            if read_text(deal.properties.get("pipeline")) in self.pipelines
        }
        return replace(deals, survivors=kept)


def read_where(journey: JourneyRequest) -> Where:
    """Return the filter of *journey*; raises ConfigError naming a key or value that is not known."""
    for key in journey.where:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            raise ConfigError(
                f"journey {journey.key}: `where.{key}` is not a known key",
                hint=f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(KEYS)}.",
            )
    return Where(_pipelines(journey), _created_after(journey))


def _pipelines(journey: JourneyRequest) -> frozenset[str] | None:
    if "pipeline" not in journey.where:
        return None
    sent = journey.where["pipeline"]
    names = [sent] if isinstance(sent, str) else sent
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"journey {journey.key}: `where.pipeline` is no list of pipeline ids",
            hint='Write for example `pipeline = ["default"]`.',
        )
    return frozenset(names)


def _created_after(journey: JourneyRequest) -> int | None:
    if "created_after" not in journey.where:
        return None
    sent = journey.where["created_after"]
    text = sent.isoformat() if isinstance(sent, (date, datetime)) else sent
    at = read_time(text) if isinstance(text, str) else None
    if at is None:
        raise ConfigError(
            f"journey {journey.key}: `where.created_after` is no date since 2000",
            hint='Write for example `created_after = "2025-01-01"`.',
        )
    return at
