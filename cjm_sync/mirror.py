"""The mirror of the source: records, histories and cursors, and who goes by another id now.

A page of records and its cursor are one transaction; what was erased leaves with all its traces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cjm_sync.database import Database
from cjm_sync.model import Record
from cjm_sync.ports import Belonging
from cjm_sync.tables import (
    ALIAS,
    CURSOR,
    DIGESTS,
    IMPORT,
    RECORD,
    SEE,
    TRAIL,
    Reading,
    Saved,
    Trail,
    chunks,
    last_of,
    moment_of,
    moment_text,
    record_json,
    record_of,
    storable,
)


class Mirror(Database):
    """What was read of the source."""

    def mind(self, belongings: Sequence[Belonging]) -> None:
        """Let what belongs to people go with them when they are erased, from now on."""
        self._erasures.belongings = tuple(belongings)

    def reading(self, stream: str, need: str, *, restart: bool = False) -> Reading:
        """Return where the reading of *stream* stands.

        A reading that another *need* began cannot go on: it starts anew. So does one that was
        complete, and any with *restart*.
        """
        with self._writing() as db:
            row = db.execute(
                sa.select(CURSOR).where(self._mine(CURSOR), CURSOR.c.stream == stream)
            ).one_or_none()
            if row is not None and row.need == need and not row.is_complete and not restart:
                return Reading(
                    row.reading, row.cursor, is_complete=False, ever_complete=row.ever_complete
                )
            fresh = Reading(
                1 if row is None else row.reading + 1,
                None,
                is_complete=False,
                ever_complete=row is not None and row.ever_complete and row.need == need,
            )
            self._put_reading(db, stream, need, fresh)
            return fresh

    def _put_reading(self, db: sa.Connection, stream: str, need: str, reading: Reading) -> None:
        self._put(
            db,
            CURSOR,
            [
                {
                    "stream": stream,
                    "need": need,
                    "reading": reading.number,
                    "cursor": reading.cursor,
                    "is_complete": reading.is_complete,
                    "ever_complete": reading.ever_complete,
                }
            ],
        )

    def was_read(self, stream: str, need: str) -> bool:
        """Tell whether *stream* was ever read to its end for this *need*."""
        with self._engine.connect() as db:
            complete = db.execute(
                sa.select(CURSOR.c.ever_complete).where(
                    self._mine(CURSOR), CURSOR.c.stream == stream, CURSOR.c.need == need
                )
            ).scalar()
            return bool(complete)

    def standing(self, stream: str, need: str) -> Reading | None:
        """Return the reading of *stream* for *need* as it stands, and begin none."""
        with self._engine.connect() as db:
            row = db.execute(
                sa.select(CURSOR).where(
                    self._mine(CURSOR), CURSOR.c.stream == stream, CURSOR.c.need == need
                )
            ).one_or_none()
        if row is None:
            return None
        return Reading(
            row.reading,
            row.cursor,
            is_complete=bool(row.is_complete),
            ever_complete=bool(row.ever_complete),
        )

    def trail(self, stream: str, need: str) -> Trail:
        """Return how far *stream* was followed for *need*; another need has to begin anew."""
        with self._engine.connect() as db:
            row = db.execute(
                sa.select(TRAIL).where(
                    self._mine(TRAIL), TRAIL.c.stream == stream, TRAIL.c.need == need
                )
            ).one_or_none()
        if row is None:
            return Trail()
        return Trail(
            moment_of(row.settled),
            moment_of(row.until),
            row.cursor,
            moment_of(row.began),
            row.held,
            moment_of(row.swept),
        )

    def set_trail(self, stream: str, need: str, trail: Trail) -> None:
        """Remember how far *stream* was followed."""
        with self._writing() as db:
            self._put_trail(db, stream, need, trail)

    def _put_trail(self, db: sa.Connection, stream: str, need: str, trail: Trail) -> None:
        row = {
            "stream": stream,
            "need": need,
            "settled": moment_text(trail.settled),
            "until": moment_text(trail.until),
            "cursor": trail.cursor,
            "began": moment_text(trail.began),
            "held": trail.held,
            "swept": moment_text(trail.swept),
        }
        self._put(db, TRAIL, [row])

    def save_batch(
        self,
        stream: str,
        need: str,
        reading: Reading,
        records: Sequence[Record],
        merged: Mapping[str, str],
        trail: Trail | None = None,
    ) -> Saved:
        """Save one page of records with the cursor that follows it, in one transaction."""
        with self._writing() as db:
            saved = self._put_records(db, reading.number, records)
            learned = self._put_aliases(db, stream, merged)
            self._put_reading(db, stream, need, reading)
            if reading.is_complete:
                self._erasures.end_relisting(db, stream, reading.number)
            if trail is not None:
                self._put_trail(db, stream, need, trail)
        return Saved(saved.read, saved.changed, learned)

    def save_changes(
        self,
        stream: str,
        need: str,
        trail: Trail,
        records: Sequence[Record],
        merged: Mapping[str, str],
    ) -> Saved:
        """Save one page of changes with how far they were followed, in one transaction.

        What was merged into another is removed: no listing will show that it is gone before the
        next full reading.
        """
        with self._writing() as db:
            number = db.execute(
                sa.select(CURSOR.c.reading).where(self._mine(CURSOR), CURSOR.c.stream == stream)
            ).scalar()
            saved = self._put_records(db, number or 0, records)
            learned = self._put_aliases(db, stream, merged)
            self._drop(db, stream, sorted(merged.keys() - {record.id for record in records}))
            self._put_trail(db, stream, need, trail)
        return Saved(saved.read, saved.changed, learned)

    def imported(self, name: str) -> dict[str, str | None]:
        """Return the cursor of each stream that the import *name* has begun, None at its end."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(IMPORT.c.stream, IMPORT.c.cursor).where(
                    self._mine(IMPORT), IMPORT.c.name == name
                )
            )
            return {row.stream: row.cursor for row in rows}

    def save_import(
        self,
        name: str,
        stream: str,
        cursor: str | None,
        records: Sequence[Record],
        merged: Mapping[str, str],
    ) -> Saved:
        """Save one page of an import with the cursor that follows it, in one transaction.

        How far *stream* was listed or followed stays as it is: a part does not stand for all.
        """
        with self._writing() as db:
            number = db.execute(
                sa.select(CURSOR.c.reading).where(self._mine(CURSOR), CURSOR.c.stream == stream)
            ).scalar()
            saved = self._put_records(db, number or 0, records)
            learned = self._put_aliases(db, stream, merged)
            self._drop(db, stream, sorted(merged.keys() - {record.id for record in records}))
            self._put(db, IMPORT, [{"name": name, "stream": stream, "cursor": cursor}])
        return Saved(saved.read, saved.changed, learned)

    def end_import(self, name: str) -> None:
        """Forget how far the import *name* came: it is done, and asked again it begins anew."""
        with self._writing() as db:
            db.execute(IMPORT.delete().where(self._mine(IMPORT), IMPORT.c.name == name))

    def _put_records(self, db: sa.Connection, number: int, records: Sequence[Record]) -> Saved:
        """Write what is new or changed, and mark the rest as seen by reading *number*."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        values: dict[tuple[str, str], Record] = {}
        for record in self._erasures.refused(db, records):
            body = record_json(record)
            record_id = storable(record.id)
            values[record.object, record_id] = record
            rows[record.object, record_id] = {
                "object": record.object,
                "id": record_id,
                "digest": hashlib.sha256(body.encode()).hexdigest()[:32],
                "reading": number,
                "body": body,
            }
        known = self._digests(db, rows)
        changed = [row for key, row in rows.items() if known.get(key) != row["digest"]]
        self._put(db, RECORD, changed)
        for owner in {object_name for object_name, _ in rows if self._erasures.owns(object_name)}:
            news = [values[owner, row["id"]] for row in changed if row["object"] == owner]
            self._erasures.returned(db, owner, news)
        same: dict[str, list[str]] = {}
        for (object_name, record_id), row in rows.items():
            if known.get((object_name, record_id)) == row["digest"]:
                same.setdefault(object_name, []).append(record_id)
        for object_name, ids in same.items():
            self._see(db, object_name, ids, number)
        return Saved(len(rows), len(changed))

    def _put_aliases(self, db: sa.Connection, stream: str, merged: Mapping[str, str]) -> int:
        """Remember who lives on under which id; return how many of them are news."""
        wanted = {storable(former): storable(now) for former, now in sorted(merged.items())}
        known: dict[str, str] = {}
        for some in chunks(list(wanted)):
            rows = db.execute(
                sa.select(ALIAS.c.former_id, ALIAS.c.id).where(
                    self._mine(ALIAS), ALIAS.c.object == stream, ALIAS.c.former_id.in_(some)
                )
            )
            known.update({row.former_id: row.id for row in rows})
        news = {former: now for former, now in wanted.items() if known.get(former) != now}
        self._put(
            db,
            ALIAS,
            [{"object": stream, "former_id": former, "id": now} for former, now in news.items()],
        )
        if news:
            self._erasures.returned(db, stream, (), news)
        return len(news.keys() - known.keys())

    def _drop(self, db: sa.Connection, stream: str, ids: Sequence[str]) -> int:
        return sum(
            db.execute(
                RECORD.delete().where(
                    self._mine(RECORD), RECORD.c.object == stream, RECORD.c.id.in_(some)
                )
            ).rowcount
            for some in chunks(ids)
        )

    def keep(
        self, stream: str, reading: Reading, ids: Sequence[str], merged: Mapping[str, str]
    ) -> int:
        """Count *ids* as seen by *reading*; return how many of *merged* are news."""
        with self._writing() as db:
            self._see(db, stream, ids, reading.number)
            return self._put_aliases(db, stream, merged)

    def _see(self, db: sa.Connection, stream: str, ids: Sequence[str], number: int) -> None:
        for some in chunks(ids):
            db.execute(SEE, {"mine": self._workspace, "of": stream, "some": some, "number": number})

    def drop(self, stream: str, reading: Reading, ids: Sequence[str]) -> int:
        """Remove the archived records *ids* of *stream*; return how many there were."""
        with self._writing() as db:
            self._erasures.part_ids(db, reading.number, stream, ids)
            return self._drop(db, stream, ids)

    def part(self, reading: Reading, records: Sequence[Record]) -> None:
        """Remember whom *reading* found archived: they may be erased without being seen again."""
        with self._writing() as db:
            self._erasures.part(db, reading.number, records)

    def parted(self, stream: str, reading: Reading) -> list[str]:
        """Return whom an earlier reading found archived, and *reading* neither so nor live."""
        with self._writing() as db:
            return self._erasures.parted_unseen(db, stream, reading.number)

    def unpart(self, stream: str, ids: Sequence[str]) -> None:
        """Forget that *ids* were archived."""
        with self._writing() as db:
            self._erasures.unpart(db, stream, ids)

    def is_relisted(self, stream: str) -> bool:
        """Tell whether *stream* must be listed: something that was refused is wanted again."""
        with self._engine.connect() as db:
            return self._erasures.is_relisted(db, stream)

    def owners_of_unseen(self, stream: str, reading: Reading) -> dict[str, list[str]]:
        """Return by object to whom the records of *stream* belong that *reading* did not show."""
        with self._writing() as db:
            return self._erasures.owners_of(db, stream, self._not_seen(stream, reading))

    def erase(self, stream: str, ids: Sequence[str]) -> int:
        """Remove *ids*, who were erased, and what belonged to them; return how many there were."""
        with self._writing() as db:
            self._erasures.erase(db, stream, ids)
            dropped = self._drop(db, stream, ids)
            self._erasures.settle(db, stream)
        self._empty_log()
        return dropped

    def _empty_log(self) -> None:
        """Take what was erased out of SQLite's log, if nobody is reading; else closing does."""
        if self._path is None:
            return
        with self._engine.connect() as db:
            db.exec_driver_sql("PRAGMA busy_timeout=100")
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
            db.exec_driver_sql("PRAGMA busy_timeout=30000")

    def records_of(self, stream: str, ids: Sequence[str]) -> dict[str, Record]:
        """Return by id those of *ids* that the mirror holds."""
        found: dict[str, Record] = {}
        with self._engine.connect() as db:
            for some in chunks(ids):
                rows = db.execute(
                    sa.select(RECORD.c.id, RECORD.c.body).where(
                        self._mine(RECORD), RECORD.c.object == stream, RECORD.c.id.in_(some)
                    )
                )
                found.update({row.id: record_of(stream, row.body) for row in rows})
        return found

    def _digests(
        self, db: sa.Connection, keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], str]:
        by_object: dict[str, list[str]] = {}
        for object_name, record_id in keys:
            by_object.setdefault(object_name, []).append(record_id)
        found: dict[tuple[str, str], str] = {}
        for object_name, ids in by_object.items():
            for some in chunks(ids):
                rows = db.execute(
                    DIGESTS, {"mine": self._workspace, "of": object_name, "some": some}
                )
                found.update({(object_name, record_id): digest for record_id, digest in rows})
        return found

    def aliases(self, stream: str) -> dict[str, str]:
        """Return the former ids of *stream* with the id each lives on under."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(ALIAS.c.former_id, ALIAS.c.id)
                .where(self._mine(ALIAS), ALIAS.c.object == stream)
                .order_by(ALIAS.c.former_id)
            )
            return {row.former_id: row.id for row in rows}

    def survivors(self, stream: str) -> dict[str, str]:
        """Return the former ids with the id each lives on under in the end.

        Merges of merges are followed; of ids that were merged in a circle none is left out and
        none is asked for twice.
        """
        direct = self.aliases(stream)
        return {former: last_of(direct, former) for former in direct}

    def unseen(self, stream: str, reading: Reading) -> int:
        """Count the records of *stream* that this reading did not show."""
        with self._engine.connect() as db:
            return db.execute(
                sa.select(sa.func.count())
                .select_from(RECORD)
                .where(self._mine(RECORD), self._not_seen(stream, reading))
            ).scalar_one()

    def unseen_ids(self, stream: str, reading: Reading) -> list[str]:
        """Return the ids of *stream* that this reading did not show, in their order."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(RECORD.c.id)
                .where(self._mine(RECORD), self._not_seen(stream, reading))
                .order_by(sa.func.length(RECORD.c.id), RECORD.c.id)
            )
            return [row.id for row in rows]

    def _not_seen(self, stream: str, reading: Reading) -> sa.ColumnElement[bool]:
        return (RECORD.c.object == stream) & (RECORD.c.reading < reading.number)

    def drop_unseen(
        self,
        stream: str,
        reading: Reading,
        *,
        remembered: Collection[str] = (),
        erased: Sequence[str] = (),
        ended: tuple[str, Trail] | None = None,
    ) -> int:
        """Remove the records that a complete reading did not show; return how many.

        Former ids that lead to nobody any more are forgotten with them. Those *remembered* are not
        in the mirror and may come back, so what leads to them stays. What belonged to those *erased*
        goes with them. *ended* is what the stream was read for and where its trail stands then.
        """
        with self._writing() as db:
            self._erasures.erase(db, stream, erased)
            dropped = db.execute(
                RECORD.delete().where(self._mine(RECORD), self._not_seen(stream, reading))
            ).rowcount
            self._forget_former(db, stream, remembered)
            self._erasures.settle(db, stream)
            if ended is not None:
                self._put_trail(db, stream, *ended)
        if erased and self._erasures.owns(stream):
            self._empty_log()
        return dropped

    def _forget_former(self, db: sa.Connection, stream: str, remembered: Collection[str]) -> None:
        """Drop the former ids whose chain ends at nobody."""
        mine = (self._mine(ALIAS), ALIAS.c.object == stream)
        direct = {
            row.former_id: row.id
            for row in db.execute(sa.select(ALIAS.c.former_id, ALIAS.c.id).where(*mine))
        }
        ends = {former: last_of(direct, former) for former in direct}
        wanted = sorted({*ends.values()} - {*remembered})
        held = {id_ for _, id_ in self._digests(db, [(stream, end) for end in wanted])}
        dead = {*wanted} - held
        for some in chunks(sorted(former for former, end in ends.items() if end in dead)):
            db.execute(ALIAS.delete().where(*mine, ALIAS.c.former_id.in_(some)))

    def records(self, object_name: str) -> Generator[Record, None, None]:
        """Yield the mirror's records of one object, ascending by id, numbers by value.

        Who stops before the end closes the generator: it holds a connection.
        """
        statement = (
            sa.select(RECORD.c.body)
            .where(self._mine(RECORD), RECORD.c.object == object_name)
            .order_by(sa.func.length(RECORD.c.id), RECORD.c.id)
        )
        with (
            self._engine.connect() as db,
            db.execution_options(yield_per=1000).execute(statement) as rows,
        ):
            for (body,) in rows:
                yield record_of(object_name, body)

    def count_of(self, stream: str) -> int:
        """Return how many records the mirror holds of *stream*."""
        with self._engine.connect() as db:
            return db.execute(
                sa.select(sa.func.count())
                .select_from(RECORD)
                .where(self._mine(RECORD), RECORD.c.object == stream)
            ).scalar_one()

    def count_records(self) -> dict[str, int]:
        """Return how many records the mirror holds of each object."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(RECORD.c.object, sa.func.count().label("held"))
                .where(self._mine(RECORD))
                .group_by(RECORD.c.object)
            )
            return {row.object: row.held for row in rows}


class MirrorRecords:
    """The mirror as a mapping sees it: `all` yields live records only."""

    def __init__(self, store: Mirror) -> None:
        self._store = store

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        """Yield every live record of *object*, ascending by id."""
        return (record for record in self._store.records(object) if not record.archived)

    def survivors(self, object: str) -> Mapping[str, str]:  # noqa: A002 - the port's own word
        """Return by former id the id that each lives on under in the end."""
        return self._store.survivors(object)


def need_digest(need: object) -> str:
    """Return a short text that changes when what a stream is read for changes."""
    return hashlib.sha256(repr(need).encode()).hexdigest()[:32]
