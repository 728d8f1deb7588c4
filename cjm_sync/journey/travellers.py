"""One row per unit, for a `privacy.detail` above aggregate: where it is and how it came there.

The way in is `travellers`. Everything told here is the unit's own: stages and touchpoints by the
profile's words, times, and a score; no text of the CRM but the values of the allow-list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from cjm_sync.journey.compute import name_meetings, phase_of, travel_all
from cjm_sync.journey.emotion import confidence_of, pull
from cjm_sync.journey.facts import DAY_MS, DealState, Facts, Flags, Ints
from cjm_sync.journey.stays import StayTable, tabulate
from cjm_sync.journey.timeline import Exit, Stay, Travel
from cjm_sync.journey.types import Emotion, Evidence, Traveller

LONGEST = 2_000
"""Characters of a timeline: what one text cell of Notion holds."""
_KEYS_SHOWN = 12
OBJECTS = {"contact": "contacts", "company": "companies", "deal": "deals"}
"""The source's object of each kind of unit."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Only = Literal["active", "open_deals", "all"]
State = Literal["in_stage", "dormant", "lost", "churned"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Which units have a row: *only* those, the newest activity first, at most *most*."""

    only: Only = "active"
    most: int = 1_000


def travellers(
    facts: Facts,
    travels: Sequence[Travel] | None = None,
    *,
    as_of: datetime,
    crowd: Crowd | None = None,
    former_ids: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[Traveller, ...]:
    """Return the rows of units at T = *as_of*, newest activity first, ties by place.

    *travels* are those of `travel_all`, computed when left out. *former_ids* gives the ids that
    were merged into a unit. The rest of `facts.units` is left out.
    """
    crowd = crowd or Crowd()
    teller = _teller(facts, travels, as_of, former_ids or {})
    places = [place for place in range(len(facts.units)) if teller.is_wanted(place, crowd.only)]
    places.sort(key=lambda place: (-teller.active_at(place), place))
    return tuple(teller.tell(place) for place in places[: crowd.most])


def traveller(
    facts: Facts, place: int, travels: Sequence[Travel] | None = None, *, as_of: datetime
) -> Traveller:
    """Return the row of the one unit at *place*."""
    return _teller(facts, travels, as_of, {}).tell(place)


def _teller(
    facts: Facts,
    travels: Sequence[Travel] | None,
    as_of: datetime,
    former_ids: Mapping[str, tuple[str, ...]],
) -> _Teller:
    now = (as_of.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    travels = travel_all(facts) if travels is None else travels
    last_touch = _last_touches(facts)
    touched_at = np.full(len(facts.units), -1, dtype=np.int64)
    touched = last_touch >= 0
    touched_at[touched] = facts.touches.at[last_touch[touched]]
    stays, _ = tabulate(travels, touched_at, as_of=now, dormant_days=facts.settings.dormant_days)
    return _Teller(facts, travels, now, stays, last_touch, former_ids)


def _last_touches(facts: Facts) -> Ints:
    """Return the row of each unit's last touch, -1 for none; rows are ordered by unit and time."""
    last = np.full(len(facts.units), -1, dtype=np.int64)
    last[facts.touches.unit] = np.arange(facts.touches.unit.size)
    return last


class _Teller:
    """Tells of one unit at a time, from columns laid out once."""

    def __init__(
        self,
        facts: Facts,
        travels: Sequence[Travel],
        now: int,
        stays: StayTable,
        last_touch: Ints,
        former_ids: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._facts, self._travels, self._now = facts, travels, now
        self._last_touch, self._former_ids = last_touch, former_ids
        self._named = name_meetings(facts, travels)
        self._dormant = set(stays.unit[stays.dormant].tolist())
        touches = facts.touches
        places = np.arange(len(facts.units))
        self._touch_rows = (
            np.searchsorted(touches.unit, places, side="left"),
            np.searchsorted(touches.unit, places, side="right"),
        )
        self._stay_of_touch = stays.at(touches.unit, touches.at, touches.ends)
        self._first_stay = np.searchsorted(stays.unit, places, side="left")
        signals = facts.signals
        self._by_unit = np.argsort(signals.unit, kind="stable")
        ordered = signals.unit[self._by_unit]
        self._signal_rows = (
            np.searchsorted(ordered, places, side="left"),
            np.searchsorted(ordered, places, side="right"),
        )

    def is_wanted(self, place: int, only: Only) -> bool:
        match only:
            case "all":
                return True
            case "active":
                return self._state(place) == "in_stage"
            case "open_deals":
                return any(
                    deal.moves and deal.moves[-1].state in {DealState.LOW, DealState.HIGH}
                    for deal in map(self._facts.deals.__getitem__, self._facts.units[place].deals)
                )

    def active_at(self, place: int) -> int:
        """Return when the unit was last touched or moved."""
        row = int(self._last_touch[place])
        touched_at = int(self._facts.touches.at[row]) if row >= 0 else -1
        stays = self._travels[place].stays
        moved_at = max(stays[-1].entered_at, stays[-1].left_at) if stays else -1
        return max(touched_at, moved_at)

    def tell(self, place: int) -> Traveller:
        facts, unit = self._facts, self._facts.units[place]
        stays = self._travels[place].stays
        state = self._state(place)
        row = int(self._last_touch[place])
        next_at = facts.asides.planned.get(place)
        return Traveller(
            object=OBJECTS[facts.unit],
            id=unit.id,
            former_ids=self._former_ids.get(unit.id, ()),
            persona=facts.personas[unit.persona].key,
            stage=facts.stages[stays[-1].stage].key
            if stays and state in {"in_stage", "dormant"}
            else None,
            state=state,
            entered_at=_moment(stays[-1].entered_at) if stays else None,
            started_at=_moment(stays[0].entered_at) if stays else None,
            last_touch=self._key(int(self._named[row])) if row >= 0 else None,
            last_touch_at=_moment(int(facts.touches.at[row])) if row >= 0 else None,
            next_touch=self._next_key(place, next_at) if next_at is not None else None,
            next_touch_at=_moment(next_at) if next_at is not None else None,
            emotion=self._emotion(place),
            timeline=_cut(list(self._parts(place))),
            properties=facts.asides.properties.get(place, ()),
        )

    def _state(self, place: int) -> State:
        stays = self._travels[place].stays
        if stays and stays[-1].exit is Exit.LOST:
            return "lost"
        if stays and stays[-1].exit is Exit.CHURNED:
            return "churned"
        return "dormant" if place in self._dormant else "in_stage"

    def _key(self, touchpoint: int) -> str:
        return self._facts.touchpoints[touchpoint].key

    def _next_key(self, place: int, at: int) -> str | None:
        """Return which meeting the planned one would be, were nothing to happen until then."""
        phases = self._facts.meetings
        if phases is None:
            return None
        first, end = (int(rows[place]) for rows in self._touch_rows)
        has_met = bool((self._facts.touches.touchpoint[first:end] == phases.pending).any())
        return self._key(phase_of(self._travels[place], at, phases, is_first=not has_met))

    def _emotion(self, place: int) -> Emotion:
        """Return what the unit's own signals say; it is one unit, so none is too small a group."""
        settings, signals = self._facts.settings, self._facts.signals
        first, end = (int(rows[place]) for rows in self._signal_rows)
        rows = self._by_unit[first:end]
        days = (self._now - signals.at[rows]) / DAY_MS
        rows, days = rows[days <= settings.max_age_days], days[days <= settings.max_age_days]
        weight = signals.weight[rows] * np.power(0.5, days / settings.half_life_days)
        measured = signals.measured[rows]
        kinds: tuple[tuple[Evidence, Flags], ...] = (
            ("measured", measured),
            ("inferred", ~measured),
        )
        for evidence, mask in kinds:
            n = int(mask.sum())
            if n:
                score = pull(signals.score[rows][mask], weight[mask], settings.prior_weight)
                return Emotion(score, n, evidence, confidence_of(n, settings))
        return Emotion(None, 0, "none", None)

    def _parts(self, place: int) -> Iterator[str]:
        """Yield one text per stay, oldest first: stage, dates and what happened in it."""
        first, end = (int(rows[place]) for rows in self._touch_rows)
        by_stay: dict[int, dict[str, int]] = {}
        for row in range(first, end):
            held = int(self._stay_of_touch[row])
            if held >= 0:
                counts = by_stay.setdefault(held - int(self._first_stay[place]), {})
                key = self._key(int(self._named[row]))
                counts[key] = counts.get(key, 0) + 1
        for number, stay in enumerate(self._travels[place].stays):
            yield self._part(stay, by_stay.get(number, {}))

    def _part(self, stay: Stay, counts: Mapping[str, int]) -> str:
        dates = _day(stay.entered_at)
        if stay.exit is not Exit.NONE:
            dates += f"–{_day(stay.left_at)}"
        shown = [key if n == 1 else f"{key} ×{n}" for key, n in counts.items()]
        if len(shown) > _KEYS_SHOWN:
            shown = [*shown[:_KEYS_SHOWN], f"{len(shown) - _KEYS_SHOWN} more kinds"]
        touched = f" ({', '.join(shown)})" if shown else ""
        ended = {Exit.LOST: ", lost", Exit.CHURNED: ", churned"}.get(stay.exit, "")
        return f"{self._facts.stages[stay.stage].label} {dates}{ended}{touched}"


def _cut(parts: list[str]) -> str:
    """Return the newest *parts* that fit, oldest first, and how many earlier ones there are."""
    kept: list[str] = []
    length = 0
    for part in reversed(parts):
        left = len(parts) - len(kept) - 1
        head = len(_earlier(left)) if left else 0
        if length + len(part) + 3 + head > LONGEST:
            break
        kept.insert(0, part)
        length += len(part) + 3
    earlier = len(parts) - len(kept)
    return " → ".join([_earlier(earlier), *kept] if earlier else kept)


def _earlier(count: int) -> str:
    return f"{count} earlier stays"


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)


def _day(at: int) -> str:
    return _moment(at).date().isoformat()


__all__ = ["LONGEST", "OBJECTS", "Crowd", "traveller", "travellers"]
