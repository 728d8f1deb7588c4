"""Run the jobs of the schedule, one at a time, until told to stop.

The triggers are APScheduler's; the loop takes our Clock, so that a year can be simulated. A run
that outlasts its next time does not pile up: missed times become one run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from cjm_sync.ports import Clock

logger = logging.getLogger(__name__)

LONGEST_NAP_SECONDS = 1.0
"""How long a stop may go unnoticed while nothing runs; also bounds jumps of the system clock."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do at the trigger's times."""

    name: str
    trigger: BaseTrigger
    run: Callable[[], None]


_TICK = timedelta(microseconds=1)


def next_time(trigger: BaseTrigger, last: datetime | None, now: datetime) -> datetime | None:
    """Return when *trigger* fires next: not before *now*, and after *last*.

    Times that passed meanwhile are left out, and an interval keeps its grid however long a run
    took, because the trigger is never told of an earlier time. Everything is reckoned in UTC: a
    local time that the clocks skip has no successor, and the trigger would look for it for ever.
    """
    since = now.astimezone(UTC)
    if last is not None:
        since = max(since, last.astimezone(UTC) + _TICK)
    fire = _fire(trigger, since)
    while fire is not None and _is_repeat(trigger, fire):
        fire = _fire(trigger, fire.astimezone(UTC) + _TICK)
    return None if fire is None else fire.astimezone(UTC)


def _fire(trigger: BaseTrigger, since: datetime) -> datetime | None:
    """Return the first time from *since* on that *trigger* names.

    A cron trigger that steps to another day over a change of the clocks may miss a time in its
    first hour, so it is asked again from the start of each local day before the time it found.
    """
    fire: datetime | None = trigger.get_next_fire_time(None, since)
    if fire is None or not isinstance(trigger, CronTrigger):
        return fire
    day = since.astimezone(trigger.timezone).date() + timedelta(days=1)
    while (start := datetime.combine(day, time(), tzinfo=trigger.timezone)) < fire:
        fire = min(fire, trigger.get_next_fire_time(None, start.astimezone(UTC)))
        day += timedelta(days=1)
    return fire


def _is_repeat(trigger: BaseTrigger, fire: datetime) -> bool:
    """Tell whether a job of fixed hours would run again in the hour that the clocks repeat."""
    hours = [str(f) for f in getattr(trigger, "fields", ()) if f.name == "hour"]
    return bool(fire.fold) and any(not hour.startswith("*") for hour in hours)


def serve(
    jobs: Mapping[str, Job],
    clock: Clock,
    *,
    should_stop: Callable[[], bool],
    longest_nap_seconds: float = LONGEST_NAP_SECONDS,
) -> None:
    """Run *jobs* at their times until *should_stop*; a job in hand is finished first.

    Jobs due at the same time run in the order given. Nothing runs twice for one time.
    """
    due = {name: next_time(job.trigger, None, clock.now()) for name, job in jobs.items()}
    while not should_stop():
        coming = [(at, name) for name, at in due.items() if at is not None]
        if not coming:
            return
        now = clock.now()
        ready = [name for name in jobs if (at := due[name]) is not None and at <= now]
        if not ready:
            wait = (min(at for at, _ in coming) - now).total_seconds()
            clock.sleep(min(max(wait, 0.01), longest_nap_seconds))
            continue
        for name in ready:
            if should_stop():
                return
            logger.info("job starts", extra={"action": "job_started", "job": name})
            jobs[name].run()
            due[name] = next_time(jobs[name].trigger, clock.now(), clock.now())
