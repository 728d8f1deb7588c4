"""All units' stays as columns, and which stay a moment falls in.

The way in is `tabulate`; `StayTable.at` answers for a million moments at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import DAY_MS, NO_VALUE, Flags, Ints
from cjm_sync.journey.timeline import OPEN, Exit, Travel

FAR = np.int64(1) << 42
"""Later than any moment in milliseconds (the year 2109)."""


@dataclass(frozen=True, slots=True, eq=False)
class StayTable:
    """One row per stay, ordered by unit and entry; *left_at* of an open one is `FAR`."""

    unit: Ints
    stage: Ints
    entered_at: Ints
    left_at: Ints
    exit: Ints
    is_open: Flags
    dormant: Flags

    def at(self, unit: Ints, at: Ints, ends: Flags | None = None) -> Ints:
        """Return the place of the stay each moment of each unit falls in, -1 for none.

        A moment falls in `[entered_at, left_at)`; one that *ends* a stay in `(entered_at,
        left_at]`.
        """
        if not self.unit.size or not unit.size:
            return np.full(unit.size, NO_VALUE, dtype=np.int64)
        starts = self.unit * FAR + self.entered_at
        moments = unit * FAR + at
        place = np.searchsorted(starts, moments, side="right") - 1
        inside = at < self.left_at[place]
        if ends is not None and ends.any():
            before = np.searchsorted(starts, moments, side="left") - 1
            place = np.where(ends, before, place)
            inside = np.where(ends, at <= self.left_at[place], inside)
        found = (place >= 0) & (self.unit[place] == unit) & inside
        return np.where(found, place, NO_VALUE)

    def stage_at(self, unit: Ints, at: Ints, ends: Flags | None = None) -> Ints:
        """Return the stage of each moment of each unit, -1 for none."""
        return self.stage_of(self.at(unit, at, ends))

    def stage_of(self, place: Ints) -> Ints:
        """Return the stage of the stay at each *place*, -1 for none."""
        if not self.stage.size:
            return place
        return np.where(place >= 0, self.stage[place], NO_VALUE)


@dataclass(frozen=True, slots=True, eq=False)
class SkipTable:
    """One row per stage that a unit jumped over."""

    unit: Ints
    at: Ints
    stage: Ints


def tabulate(
    travels: Sequence[Travel], last_touch_at: Ints, *, as_of: int, dormant_days: float
) -> tuple[StayTable, SkipTable]:
    """Lay out the stays and skips of all units, in their order.

    *last_touch_at* is each unit's, -1 for none; an open stay is dormant when neither it nor the
    entry lies in `[T − dormant_days, T)`.
    """
    rows = [
        (place, stay.stage, stay.entered_at, stay.left_at, stay.exit)
        for place, travel in enumerate(travels)
        for stay in travel.stays
    ]
    skips = [
        (place, at, stage) for place, travel in enumerate(travels) for at, stage in travel.skipped
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    unit, stage, entered_at, left_at, exit_ = columns
    since = as_of - dormant_days * DAY_MS
    silent = np.maximum(last_touch_at[unit], entered_at) < since
    stays = StayTable(
        unit=unit,
        stage=stage,
        entered_at=entered_at,
        left_at=np.where(left_at == OPEN, FAR, left_at),
        exit=exit_,
        is_open=exit_ == Exit.NONE,
        dormant=(exit_ == Exit.NONE) & silent,
    )
    skip_unit, skip_at, skip_stage = np.array(skips, dtype=np.int64).reshape(-1, 3).T
    return stays, SkipTable(skip_unit, skip_at, skip_stage)
