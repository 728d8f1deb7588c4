"""What earlier runs left behind for the next map: read before it, remembered after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from cjm_sync.journey.change import a_day_before, a_month_before, nearest, snapshot_of
from cjm_sync.journey.grounds import History, PastPain, Snapshot
from cjm_sync.journey.types import JourneyMap
from cjm_sync.ports import JourneyRequest
from cjm_sync.store import Store


def history_of(
    store: Store,
    journey: JourneyRequest,
    *,
    as_of: datetime,
    timezone: str,
    reviewed_on: date | None = None,
) -> History:
    """Return what *store* holds of *journey* and of its former keys, as of T.

    *timezone* cuts days. What was seen after T is not used: a map of the past is what it was.
    """
    today = day_of(as_of, timezone)
    keys = (journey.key, *journey.formerly)
    days: dict[date, str] = {}
    for key in keys:  # a journey's own snapshot goes before that of a former key
        for day, at in store.snapshot_days(key).items():
            if at < as_of:
                days.setdefault(day, key)

    def taken(day: date | None) -> Snapshot | None:
        return None if day is None else store.snapshot(days[day], day)

    return History(
        pains=_merged(
            past for key in keys for past in store.past_pains(key) if past.first_active <= as_of
        ),
        day_before=taken(a_day_before(days, today)),
        month_before=taken(a_month_before(days, today)),
        review=None if reviewed_on is None else taken(nearest(days, reviewed_on)),
    )


def _merged(pains: Iterable[PastPain]) -> tuple[PastPain, ...]:
    """Return each identity once; what a journey's own key says goes first."""
    found: dict[tuple[str, str, str], PastPain] = {}
    for past in pains:
        found.setdefault(past.identity, past)
    return tuple(found[identity] for identity in sorted(found))


def remember(store: Store, journey_map: JourneyMap, *, timezone: str) -> None:
    """Keep the numbers of *journey_map* as its day's last, and the pains that are active."""
    day = day_of(journey_map.as_of, timezone)
    store.save_past(
        (
            journey.key,
            snapshot_of(journey, day=day, as_of=journey_map.as_of),
            journey.pains or (),
        )
        for journey in journey_map.journeys
    )


def day_of(moment: datetime, timezone: str) -> date:
    """Return the day of *moment* in *timezone*."""
    return moment.astimezone(ZoneInfo(timezone)).date()
