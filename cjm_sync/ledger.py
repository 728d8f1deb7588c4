"""What was written where: bindings, creates that were begun, and the journal of the last run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cjm_sync.database import Database
from cjm_sync.journal import Entry, folded
from cjm_sync.model import Binding, Intent
from cjm_sync.tables import (
    BINDING,
    INTENT,
    JOURNAL,
    binding_of,
    binding_row,
    chunks,
)


class Ledger(Database):
    """What was written to the target."""

    def bindings(self) -> dict[str, Binding]:
        """Return every binding by key."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(BINDING).where(self._mine(BINDING)).order_by(BINDING.c.key))
            return {row.key: binding_of(row) for row in rows}

    def bind(self, binding: Binding, entry: Entry | None = None) -> None:
        """Record where a key stands, end its intent and note the write in the journal, together."""
        with self._writing() as db:
            self._put_bindings(db, [binding])
            db.execute(INTENT.delete().where(self._mine(INTENT), INTENT.c.key == binding.key))
            if entry is not None:
                self._note(db, entry)

    def _put_bindings(self, db: sa.Connection, bindings: Iterable[Binding]) -> None:
        fence = self._fence or 0
        self._put(db, BINDING, [{**binding_row(b), "fence": fence} for b in bindings])

    def change_bindings(
        self, changed: Iterable[Binding], gone: Sequence[str], entries: Iterable[Entry] = ()
    ) -> None:
        """Record where keys stand, forget those *gone* and note it in the journal, together."""
        with self._writing() as db:
            for some in chunks(gone):
                db.execute(BINDING.delete().where(self._mine(BINDING), BINDING.c.key.in_(some)))
            self._put_bindings(db, changed)
            for entry in entries:
                self._note(db, entry)

    def unbind(self, key: str) -> None:
        """Forget where a key stands."""
        with self._writing() as db:
            db.execute(BINDING.delete().where(self._mine(BINDING), BINDING.c.key == key))

    def intents(self) -> list[Intent]:
        """Return the creates whose end was never recorded, in key order."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(INTENT).where(self._mine(INTENT)).order_by(INTENT.c.key))
            return [
                Intent(row.key, row.kind, datetime.fromisoformat(row.began_at), row.collection)
                for row in rows
            ]

    def begin(self, intent: Intent) -> None:
        """Record that a create is about to be sent."""
        row = {
            "key": intent.key,
            "kind": intent.kind,
            "collection": intent.collection,
            "began_at": intent.began_at.isoformat(),
        }
        with self._writing() as db:
            self._put(db, INTENT, [row])

    def drop_intent(self, key: str) -> None:
        """Record that a create did not happen."""
        with self._writing() as db:
            db.execute(INTENT.delete().where(self._mine(INTENT), INTENT.c.key == key))

    # what the last run wrote, to be taken back

    def begin_journal(self) -> None:
        """Forget what earlier runs wrote: a run that changes the map begins."""
        with self._writing() as db:
            db.execute(JOURNAL.delete().where(self._mine(JOURNAL)))

    def fold_journal(self) -> None:
        """Make one of several updates of a row: the run that noted them goes on."""
        fold = folded(reversed(self.journal()))
        with self._writing() as db:
            for number in fold.gone:
                db.execute(JOURNAL.delete().where(self._mine(JOURNAL), JOURNAL.c.number == number))
            self._put(db, JOURNAL, [_journal_row(entry, entry.number) for entry in fold.changed])

    def note(self, entry: Entry) -> None:
        """Add a write to the journal."""
        with self._writing() as db:
            self._note(db, entry)

    def _note(self, db: sa.Connection, entry: Entry) -> None:
        last = sa.select(sa.func.coalesce(sa.func.max(JOURNAL.c.number), 0))
        number = db.execute(last.where(self._mine(JOURNAL))).scalar_one() + 1
        self._put(db, JOURNAL, [_journal_row(entry, number)])

    def journal(self) -> list[Entry]:
        """Return the writes of the last run that changed the map, the last write first."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(JOURNAL).where(self._mine(JOURNAL)).order_by(JOURNAL.c.number.desc())
            )
            return [
                Entry(
                    row.act,
                    row.key,
                    row.remote_id,
                    row.collection,
                    json.loads(row.before),
                    json.loads(row.after),
                    row.number,
                )
                for row in rows
            ]

    def strike(self, number: int, binding: Binding | None = None) -> None:
        """Remove a write that was taken back, together with what *binding* says from now on."""
        with self._writing() as db:
            db.execute(JOURNAL.delete().where(self._mine(JOURNAL), JOURNAL.c.number == number))
            if binding is not None:
                self._put_bindings(db, [binding])


def _journal_row(entry: Entry, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "act": entry.act,
        "key": entry.key,
        "remote_id": entry.remote_id,
        "collection": entry.collection,
        "before": json.dumps(entry.before, ensure_ascii=False, sort_keys=True),
        "after": json.dumps(entry.after, ensure_ascii=False, sort_keys=True),
    }
