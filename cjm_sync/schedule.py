"""Run the jobs of the schedule, one at a time, until told to stop.

The triggers are APScheduler's; the loop takes our Clock, so that a year can be simulated. A run
that outlasts its next time does not pile up: missed times become one run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from apscheduler.triggers.base import BaseTrigger

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


def next_time(trigger: BaseTrigger, last: datetime | None, now: datetime) -> datetime | None:
    """Return when *trigger* fires next after *last*, not before *now*."""
    fire: datetime | None = trigger.get_next_fire_time(last, now)
    return fire


def serve(jobs: Mapping[str, Job], clock: Clock, *, should_stop: Callable[[], bool]) -> None:
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
            clock.sleep(min(max(wait, 0.01), LONGEST_NAP_SECONDS))
            continue
        for name in ready:
            if should_stop():
                return
            logger.info("job starts", extra={"action": "job_started", "job": name})
            jobs[name].run()
            due[name] = next_time(jobs[name].trigger, clock.now(), clock.now())
