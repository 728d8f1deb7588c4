"""Keep each day's numbers and every pain that was ever active; read them again for the next map.

Aggregates as they were shown, and nothing of single records. Every function works in the caller's
transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from cjm_sync.journey.change import faded, snapshot_from, snapshot_json
from cjm_sync.journey.grounds import PastPain, Snapshot
from cjm_sync.journey.types import Pain
from cjm_sync.tables import INSIGHT, SNAPSHOT, chunks, storable

Put = Callable[[sa.Connection, sa.Table, list[dict[str, Any]]], None]


class Snapshots:
    """What one workspace keeps of earlier maps; *put* writes rows over those with the same key."""

    def __init__(self, workspace: str, put: Put) -> None:
        self._workspace, self._put = workspace, put

    def _of(self, table: sa.Table, journey: str) -> sa.ColumnElement[bool]:
        return (table.c.workspace == self._workspace) & (table.c.journey == journey)

    def days(self, db: sa.Connection, journey: str) -> dict[date, datetime]:
        """Return the days of *journey* that are kept, in their order, with T of each."""
        rows = db.execute(
            sa.select(SNAPSHOT.c.day, SNAPSHOT.c.as_of)
            .where(self._of(SNAPSHOT, journey))
            .order_by(SNAPSHOT.c.day)
        )
        return {date.fromisoformat(r.day): datetime.fromisoformat(r.as_of) for r in rows}

    def of_day(self, db: sa.Connection, journey: str, day: date) -> Snapshot | None:
        """Return the numbers of *journey* as they were shown last on *day*."""
        row = db.execute(
            sa.select(SNAPSHOT.c.as_of, SNAPSHOT.c.body).where(
                self._of(SNAPSHOT, journey), SNAPSHOT.c.day == day.isoformat()
            )
        ).one_or_none()
        if row is None:
            return None
        return snapshot_from(day, datetime.fromisoformat(row.as_of), json.loads(row.body))

    def pains(self, db: sa.Connection, journey: str) -> tuple[PastPain, ...]:
        """Return every pain of *journey* that was ever active, in the order of its identity."""
        rows = db.execute(
            sa.select(INSIGHT)
            .where(self._of(INSIGHT, journey))
            .order_by(INSIGHT.c.rule, INSIGHT.c.stage, INSIGHT.c.subject)
        )
        return tuple(
            PastPain(
                row.rule,
                row.stage,
                row.subject,
                row.label,
                datetime.fromisoformat(row.first_active),
                datetime.fromisoformat(row.last_active),
            )
            for row in rows
        )

    def save(
        self, db: sa.Connection, journey: str, snapshot: Snapshot, active: Iterable[Pain]
    ) -> None:
        """Remember the numbers of a day and the pains that are active; again changes nothing.

        Of a day the latest T stays. Days that faded are dropped.
        """
        kept = self.days(db, journey)
        if snapshot.day not in kept or kept[snapshot.day] <= snapshot.as_of:
            row = {
                "journey": journey,
                "day": snapshot.day.isoformat(),
                "as_of": snapshot.as_of.isoformat(),
                "body": storable(json.dumps(snapshot_json(snapshot), ensure_ascii=False)),
            }
            self._put(db, SNAPSHOT, [row])
            old = [day.isoformat() for day in faded({*kept, snapshot.day}, snapshot.day)]
            for some in chunks(old):
                db.execute(
                    SNAPSHOT.delete().where(self._of(SNAPSHOT, journey), SNAPSHOT.c.day.in_(some))
                )
        self._save_pains(db, journey, snapshot.as_of, active)

    def _save_pains(
        self, db: sa.Connection, journey: str, at: datetime, active: Iterable[Pain]
    ) -> None:
        known = {past.identity: past for past in self.pains(db, journey)}
        rows = []
        for pain in active:
            past = known.get(pain.identity)
            first = at if past is None else min(at, past.first_active)
            last = at if past is None else max(at, past.last_active)
            rows.append(
                {
                    "journey": journey,
                    "rule": pain.rule,
                    "stage": pain.stage,
                    "subject": storable(pain.subject),
                    "label": storable(pain.label),
                    "first_active": first.isoformat(),
                    "last_active": last.isoformat(),
                }
            )
        self._put(db, INSIGHT, rows)
