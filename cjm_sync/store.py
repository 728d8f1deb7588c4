"""What survives a run: the mirror of the source, what was written where, and what was begun.

Every public method is one short transaction; none spans a network call. SQLite by default,
PostgreSQL by URL. Every table carries `workspace`, so that one server can hold many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from cjm_sync.journey.grounds import PastPain, Snapshot
from cjm_sync.journey.types import JourneyPeople, Pain
from cjm_sync.ledger import Ledger
from cjm_sync.mirror import Mirror
from cjm_sync.remembered import people_json, people_of
from cjm_sync.tables import (
    INTENT,
    PEOPLE,
    REFUSAL,
    RUN,
    PastRun,
)


class Store(Mirror, Ledger):
    """The store of one workspace; close it, or use it as a context manager."""

    # what people put into the cells that the map heeds

    def people(self) -> dict[str, JourneyPeople]:
        """Return by journey what people put into their cells, as the last run saw it."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(PEOPLE.c.journey, PEOPLE.c.body).where(self._mine(PEOPLE)))
            return {row.journey: people_of(row.body) for row in rows}

    def save_people(self, people: Mapping[str, JourneyPeople]) -> None:
        """Remember *people* by journey, in the place of what was seen before."""
        rows = [{"journey": key, "body": people_json(held)} for key, held in sorted(people.items())]
        with self._writing() as db:
            db.execute(PEOPLE.delete().where(self._mine(PEOPLE)))
            self._put(db, PEOPLE, rows)

    # what earlier runs computed: snapshots of the numbers, and pains that were ever active

    def snapshot_days(self, journey: str) -> dict[date, datetime]:
        """Return the days of *journey* that a snapshot was kept of, with T of each."""
        with self._engine.connect() as db:
            return self._snapshots.days(db, journey)

    def snapshot(self, journey: str, day: date) -> Snapshot | None:
        """Return the numbers of *journey* as they were shown last on *day*."""
        with self._engine.connect() as db:
            return self._snapshots.of_day(db, journey, day)

    def past_pains(self, journey: str) -> tuple[PastPain, ...]:
        """Return every pain of *journey* that was ever active, in the order of its identity."""
        with self._engine.connect() as db:
            return self._snapshots.pains(db, journey)

    def save_past(self, entries: Iterable[tuple[str, Snapshot, Iterable[Pain]]]) -> None:
        """Remember by journey its numbers of the day and the pains that are active, all at once."""
        with self._writing() as db:
            for journey, snapshot, active in entries:
                self._snapshots.save(db, journey, snapshot, active)

    # what the remote refused, to be asked again later

    def refusals(self, now: datetime) -> dict[str, str]:
        """Return the keys that are not to be tried again yet, with the remote's words."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(REFUSAL).where(self._mine(REFUSAL)))
            return {r.key: r.message for r in rows if datetime.fromisoformat(r.until) > now}

    def refuse(self, key: str, *, until: datetime, message: str) -> None:
        """Remember that *key* was refused, and end its intent."""
        with self._writing() as db:
            self._put(db, REFUSAL, [{"key": key, "until": until.isoformat(), "message": message}])
            db.execute(INTENT.delete().where(self._mine(INTENT), INTENT.c.key == key))

    # runs

    def begin_run(self, run_id: str, *, as_of: datetime, started_at: datetime) -> None:
        """Record that a run began."""
        row = {
            "run_id": run_id,
            "as_of": as_of.isoformat(),
            "started_at": started_at.isoformat(),
            "finished_at": None,
            "outcome": None,
            "report": None,
        }
        with self._writing() as db:
            self._put(db, RUN, [row])

    def end_run(
        self, run_id: str, *, finished_at: datetime, outcome: str, report: Mapping[str, Any]
    ) -> None:
        """Record how a run ended; keeps the newest 500."""
        with self._writing() as db:
            db.execute(
                RUN.update()
                .where(self._mine(RUN), RUN.c.run_id == run_id)
                .values(
                    finished_at=finished_at.isoformat(),
                    outcome=outcome,
                    report=json.dumps(report),
                )
            )
            newest = (
                sa.select(RUN.c.run_id)
                .where(self._mine(RUN))
                .order_by(RUN.c.started_at.desc(), RUN.c.run_id.desc())
                .limit(500)
            )
            db.execute(
                RUN.delete().where(self._mine(RUN), RUN.c.run_id.not_in(newest.scalar_subquery()))
            )

    def runs(self, limit: int = 10) -> list[PastRun]:
        """Return the newest runs first."""
        statement = (
            sa.select(RUN)
            .where(self._mine(RUN))
            .order_by(RUN.c.started_at.desc(), RUN.c.run_id.desc())
            .limit(limit)
        )
        with self._engine.connect() as db:
            return [
                PastRun(
                    row.run_id,
                    datetime.fromisoformat(row.as_of),
                    datetime.fromisoformat(row.started_at),
                    datetime.fromisoformat(row.finished_at) if row.finished_at else None,
                    row.outcome,
                    json.loads(row.report) if row.report else {},
                )
                for row in db.execute(statement)
            ]
