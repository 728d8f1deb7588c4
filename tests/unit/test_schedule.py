"""The schedule, run for a year of simulated time in Stockholm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from cjm_sync.config import parse_trigger
from cjm_sync.schedule import Job, next_time, serve
from support.clock import FakeClock

ZONE = "Europe/Stockholm"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def fires(
    line: str, clock: FakeClock, *, until: datetime, work: Callable[[], None] = lambda: None
) -> list[datetime]:
    """Serve one job until *until* and return when it ran."""
    seen: list[datetime] = []

    def run() -> None:
        seen.append(clock.now())
        work()

    job = Job("job", parse_trigger(line, timezone=ZONE), run)
    serve(
        {"job": job},
        clock,
        should_stop=lambda: clock.now() >= until,
        longest_nap_seconds=86400,
    )
    return seen


@pytest.mark.parametrize("hour_and_minute", ["17 3", "30 2", "0 2", "59 1", "0 0"])
def test_a_daily_job_runs_once_on_each_day_of_a_year(hour_and_minute: str) -> None:
    start = datetime(2025, 12, 31, 22, 30, tzinfo=UTC)  # the last half hour of the year there
    clock = FakeClock(start)

    seen = fires(f"{hour_and_minute} * * *", clock, until=start + timedelta(days=365))

    days = [moment.astimezone(ZoneInfo(ZONE)).date() for moment in seen]
    assert len(days) == 365
    assert len(set(days)) == 365


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 21, tzinfo=UTC)]
)
def test_a_quarter_hourly_job_keeps_its_pace_when_the_clocks_change(start: datetime) -> None:
    seen = fires("*/15 * * * *", FakeClock(start), until=start + timedelta(hours=8))

    assert len(seen) == 8 * 4
    assert {b - a for a, b in pairwise(seen)} == {timedelta(minutes=15)}


def test_a_job_in_the_skipped_hour_runs_an_hour_later_by_the_wall_clock() -> None:
    seen = fires(
        "30 2 * * *",
        FakeClock(datetime(2026, 3, 28, 23, tzinfo=UTC)),
        until=datetime(2026, 3, 29, 12, tzinfo=UTC),
    )

    assert [moment.astimezone(UTC).hour for moment in seen[:1]] == [1]


def test_a_long_run_does_not_pile_up_the_times_that_it_missed() -> None:
    clock = FakeClock(NEW_YEAR)

    seen = fires(
        "*/15 * * * *",
        clock,
        until=NEW_YEAR + timedelta(hours=4),
        work=lambda: clock.sleep(50 * 60),
    )

    assert {b - a for a, b in pairwise(seen)} == {timedelta(hours=1)}


def test_an_interval_keeps_its_grid_however_long_a_run_takes() -> None:
    clock = FakeClock(NEW_YEAR + timedelta(minutes=1))

    seen = fires(
        "every 15m", clock, until=NEW_YEAR + timedelta(hours=1), work=lambda: clock.sleep(100)
    )

    assert [moment.minute for moment in seen] == [15, 30, 45]
    assert {moment.second for moment in seen} == {0}


def test_a_stop_during_a_job_lets_it_finish_and_starts_no_other() -> None:
    clock = FakeClock(NEW_YEAR)
    done: list[str] = []
    trigger = parse_trigger("0 * * * *", timezone=ZONE)
    jobs = {
        name: Job(name, trigger, lambda name=name: done.append(name))  # type: ignore[misc]
        for name in ("first", "second")
    }

    serve(jobs, clock, should_stop=lambda: bool(done))

    assert done == ["first"]


def test_a_stop_while_nothing_runs_is_noticed_within_a_second() -> None:
    clock = FakeClock(NEW_YEAR + timedelta(minutes=1))
    asked_at = NEW_YEAR + timedelta(minutes=2, milliseconds=300)

    serve(
        {"job": Job("job", parse_trigger("0 0 * * *", timezone=ZONE), lambda: None)},
        clock,
        should_stop=lambda: clock.now() >= asked_at,
    )

    assert clock.now() - asked_at <= timedelta(seconds=1)


def test_jobs_due_together_run_in_the_order_given() -> None:
    clock = FakeClock(NEW_YEAR + timedelta(minutes=1))
    done: list[str] = []
    jobs = {
        "sweep": Job(
            "sweep", parse_trigger("0 4 * * *", timezone=ZONE), lambda: done.append("sweep")
        ),
        "sync": Job("sync", parse_trigger("0 4 * * *", timezone=ZONE), lambda: done.append("sync")),
    }

    serve(jobs, clock, should_stop=lambda: len(done) == 2, longest_nap_seconds=3600)

    assert done == ["sweep", "sync"]


def test_a_job_that_ends_within_its_own_second_does_not_run_again_for_the_same_time() -> None:
    trigger = parse_trigger("0 * * * *", timezone=ZONE)

    assert next_time(trigger, NEW_YEAR, NEW_YEAR) == NEW_YEAR + timedelta(hours=1)


def test_without_a_job_there_is_nothing_to_wait_for() -> None:
    clock = FakeClock(NEW_YEAR)

    serve({}, clock, should_stop=lambda: False)

    assert clock.elapsed == 0


@pytest.mark.parametrize(
    ("field", "weekdays"),
    [
        ("0", {6}),
        ("7", {6}),
        ("1", {0}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("5-7", {4, 5, 6}),
        ("0,6", {5, 6}),
        ("mon", {0}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("*/2", {6, 1, 3, 5}),
        ("1-5/2", {0, 2, 4}),
        ("*", {0, 1, 2, 3, 4, 5, 6}),
    ],
)
def test_weekdays_count_from_sunday_as_in_cron(field: str, weekdays: set[int]) -> None:
    seen = fires(f"0 12 * * {field}", FakeClock(NEW_YEAR), until=NEW_YEAR + timedelta(days=14))

    assert {moment.weekday() for moment in seen} == weekdays
