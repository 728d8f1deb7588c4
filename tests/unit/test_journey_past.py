"""What earlier runs left behind: saved once a day, read for the next map, kept sensibly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cjm_sync.journey.grounds import Snapshot
from cjm_sync.journey.types import Journey, JourneyMap, Pain
from cjm_sync.past import day_of, history_of, remember
from cjm_sync.store import Store
from crm_records import T, contact, journey_of, request

YESTERDAY = T - timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        yield store


def pain(subject: str = "") -> Pain:
    return Pain(
        "PP4", "service", subject, "Theme", "share", 60.0, 0.5, 0.5, 0.5, 0.3, 0.2, None, 10, 10
    )


def journey(n: int = 1, *subjects: str) -> Journey:
    computed = journey_of(*(contact(str(one), created=50) for one in range(1, n + 1)))
    return replace(computed, pains=tuple(pain(subject) for subject in subjects))


def saved(store: Store, at: datetime, n: int = 1, *subjects: str, timezone: str = "UTC") -> None:
    remember(store, JourneyMap(at, (journey(n, *subjects),)), timezone=timezone)


def entered(snapshot: Snapshot | None) -> float | None:
    if snapshot is None:
        return None
    return snapshot.cells["awareness", "everyone"]["entered"]


def test_the_last_run_of_the_day_before_is_what_today_is_told_against(store: Store) -> None:
    saved(store, YESTERDAY + timedelta(hours=1), 1)
    saved(store, YESTERDAY + timedelta(hours=20), 2)
    saved(store, T + timedelta(hours=1), 3)
    history = history_of(store, request(), as_of=T + timedelta(hours=2), timezone="UTC")

    assert entered(history.day_before) == 2
    assert history.month_before is None


def test_the_time_zone_cuts_the_day(store: Store) -> None:
    late = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert day_of(late, "Europe/Stockholm") == date(2026, 7, 1)
    saved(store, late, 2, timezone="Europe/Stockholm")
    then = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)

    assert history_of(store, request(), as_of=then, timezone="Europe/Stockholm").day_before is None
    next_day = then + timedelta(days=1)
    history = history_of(store, request(), as_of=next_day, timezone="Europe/Stockholm")
    assert entered(history.day_before) == 2


def test_a_rerun_of_the_same_time_saves_the_same(store: Store) -> None:
    saved(store, YESTERDAY, 1, "a")
    saved(store, T, 2, "a", "b")
    before = history_of(store, request(), as_of=T + timedelta(days=1), timezone="UTC")
    saved(store, T, 2, "a", "b")

    assert history_of(store, request(), as_of=T + timedelta(days=1), timezone="UTC") == before


def test_an_earlier_time_of_the_same_day_does_not_replace_a_later_one(store: Store) -> None:
    saved(store, YESTERDAY + timedelta(hours=5), 2)
    saved(store, YESTERDAY + timedelta(hours=1), 1)

    assert entered(history_of(store, request(), as_of=T, timezone="UTC").day_before) == 2


def test_a_pain_is_remembered_from_its_first_time_to_its_last(store: Store) -> None:
    saved(store, YESTERDAY, 1, "a")
    saved(store, T, 1, "a", "b")
    saved(store, T + timedelta(days=3), 1)
    pains = history_of(store, request(), as_of=T + timedelta(days=9), timezone="UTC").pains

    assert [(one.subject, one.first_active, one.last_active) for one in pains] == [
        ("a", YESTERDAY, T),
        ("b", T, T),
    ]


def test_a_map_of_the_past_knows_nothing_of_what_came_later(store: Store) -> None:
    saved(store, T, 1, "a")
    history = history_of(store, request(), as_of=YESTERDAY, timezone="UTC")

    assert (history.pains, history.day_before) == ((), None)


def test_a_journey_under_a_new_key_keeps_its_past(store: Store) -> None:
    saved(store, YESTERDAY, 2, "a")
    renamed = replace(request(), key="buyers", formerly=("customers",))
    history = history_of(store, renamed, as_of=T, timezone="UTC")

    assert entered(history.day_before) == 2
    assert [one.subject for one in history.pains] == ["a"]
    stranger = replace(request(), key="others")
    assert history_of(store, stranger, as_of=T, timezone="UTC").pains == ()


def test_the_review_is_the_snapshot_nearest_to_peoples_date(store: Store) -> None:
    for days in (30, 20, 10):
        saved(store, T - timedelta(days=days), days)
    review = history_of(
        store,
        request(),
        as_of=T,
        timezone="UTC",
        reviewed_on=(T - timedelta(days=19)).date(),
    ).review

    assert entered(review) == 20
    assert history_of(store, request(), as_of=T, timezone="UTC").review is None


def test_a_snapshot_taken_after_the_time_of_the_map_is_no_review(store: Store) -> None:
    saved(store, T - timedelta(days=9), 1)
    saved(store, T + timedelta(days=1), 2)
    reviewed_on = (T + timedelta(days=1)).date()
    history = history_of(store, request(), as_of=T, timezone="UTC", reviewed_on=reviewed_on)

    assert entered(history.review) == 1


def test_old_days_are_dropped_when_a_day_is_saved(store: Store) -> None:
    computed = journey()
    for days in range(100, -1, -1):
        remember(store, JourneyMap(T - timedelta(days=days), (computed,)), timezone="UTC")
    days_kept = [*store.snapshot_days("customers")]

    assert sum((T.date() - day).days > 40 for day in days_kept) == 2
    assert sum((T.date() - day).days <= 40 for day in days_kept) == 41


def test_another_workspace_remembers_apart(store: Store, tmp_path: Path) -> None:
    saved(store, YESTERDAY, 1, "a")
    with Store(f"sqlite:///{tmp_path / 'store.db'}", workspace="other") as other:
        assert history_of(other, request(), as_of=T, timezone="UTC").pains == ()
        assert other.snapshot_days("customers") == {}


def test_no_id_of_a_record_is_in_a_snapshot(store: Store) -> None:
    ids = [str(n) for n in range(770_001, 770_009)]
    computed = journey_of(*(contact(id_, created=50) for id_ in ids))
    remember(store, JourneyMap(YESTERDAY, (computed,)), timezone="UTC")
    kept = store.snapshot("customers", YESTERDAY.date())

    assert not any(id_ in repr(kept) for id_ in ids)
