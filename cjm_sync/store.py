"""What survives a run: the mirror of the source, what was written where, and what was begun.

Every public method is one short transaction; none spans a network call. SQLite by default,
PostgreSQL by URL. Every table carries `workspace`, so that one server can hold many.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cjm_sync.erasing import Erasures
from cjm_sync.errors import ConfigError, TransientError
from cjm_sync.journal import Entry, folded
from cjm_sync.journey.grounds import PastPain, Snapshot
from cjm_sync.journey.types import JourneyPeople, Pain
from cjm_sync.model import Binding, Intent, Record
from cjm_sync.opening import busy, create_private, file_lock, first_line, open_engine, with_driver
from cjm_sync.ports import Belonging
from cjm_sync.remembered import people_json, people_of
from cjm_sync.snapshots import Snapshots
from cjm_sync.tables import (
    ALIAS,
    BINDING,
    CURSOR,
    DIGESTS,
    FACT,
    IMPORT,
    INTENT,
    JOURNAL,
    META,
    MIGRATIONS,
    PEOPLE,
    RECORD,
    REFUSAL,
    RUN,
    SCHEMA_VERSION,
    SEE,
    TRAIL,
    VERSION,
    PastRun,
    Reading,
    Saved,
    Trail,
    binding_of,
    binding_row,
    chunks,
    last_of,
    moment_of,
    moment_text,
    record_json,
    record_of,
    storable,
)

_FENCE = "fence"
"""Under this name stands the number of the last lock, beside the facts."""


class Store:
    """The store of one workspace; close it, or use it as a context manager."""

    def __init__(self, url: str, *, workspace: str = "main") -> None:
        self._url = with_driver(sa.make_url(url))
        self._workspace = workspace
        if self._path is not None:
            create_private(self._path)
        self._engine = open_engine(self._url)
        self._insert = (
            postgresql.insert if self._url.get_backend_name() == "postgresql" else sqlite.insert
        )
        # Built once: a page of records is saved in less time than it takes to build a statement.
        self._upserts: dict[str, sa.Insert] = {}
        self._writer = threading.RLock()
        self._erasures = Erasures(workspace, self._put)
        self._snapshots = Snapshots(workspace, self._put)
        self._is_held: Callable[[], bool] = lambda: True
        self._fence: int | None = None
        try:
            self._migrate()
        except ConfigError:
            self._engine.dispose()
            raise
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise ConfigError(
                f"the store {self._url.render_as_string()} cannot be opened: {first_line(error)}",
                hint="Check `store.url` in the configuration and that its folder can be written.",
            ) from error

    @property
    def _path(self) -> Path | None:
        if self._url.get_backend_name() != "sqlite" or self._url.database in {None, "", ":memory:"}:
            return None
        return Path(str(self._url.database))

    def _migrate(self) -> None:
        with self._engine.begin() as db:
            if sa.inspect(db).has_table(VERSION.name):
                # Looked at before anything is made: a newer store is left as it is.
                version = db.execute(sa.select(VERSION.c.version)).scalar()
                if version is not None and version > SCHEMA_VERSION:
                    raise ConfigError(
                        f"the store was written by a newer version of this program (schema {version})",
                        hint="Upgrade cjm-sync, or point `store.url` at another store.",
                    )
                for number in range((version or SCHEMA_VERSION) + 1, SCHEMA_VERSION + 1):
                    for statement in MIGRATIONS[number]:
                        db.exec_driver_sql(statement)
            META.create_all(db)
            if db.execute(sa.select(VERSION.c.version)).scalar() is None:
                db.execute(VERSION.insert().values(version=SCHEMA_VERSION))
            else:
                db.execute(VERSION.update().values(version=SCHEMA_VERSION))

    @property
    def serves_threads(self) -> bool:
        """Tell whether every thread sees the same data: a database in memory is one's own."""
        return self._path is not None or self._url.get_backend_name() == "postgresql"

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace for one run; raises BusyError when another run holds it.

        The lock vanishes with its process: an exclusive transaction on a lock file (SQLite), an
        advisory lock (PostgreSQL). Each has a number, higher than all before it, which fences what
        is bound: a run that lost its lock to another cannot write here any more.
        """
        is_server = self._url.get_backend_name() == "postgresql"
        with self._advisory_lock() if is_server else file_lock(self._path) as is_held:
            fence = self._next_fence()
            self._is_held, self._fence = is_held, fence
            try:
                yield
            finally:
                self._is_held, self._fence = lambda: True, None

    @contextmanager
    def _advisory_lock(self) -> Iterator[Callable[[], bool]]:
        number = int.from_bytes(hashlib.sha256(self._workspace.encode()).digest()[:7], "big")
        # Autocommit: a run must not sit in an open transaction, which holds back the server.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            if not db.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
                raise busy()

            def is_held() -> bool:
                try:
                    db.execute(sa.select(1))
                except SQLAlchemyError:
                    return False
                return True

            try:
                yield is_held
            finally:
                # Closed, not given back: the lock goes with its session, also a broken one.
                db.invalidate()

    def _next_fence(self) -> int:
        with self._engine.begin() as db:
            fence = self._highest_fence(db) + 1
            self._put(db, FACT, [{"name": _FENCE, "value": str(fence)}])
        return fence

    def _highest_fence(self, db: sa.Connection) -> int:
        wanted = sa.select(FACT.c.value).where(self._mine(FACT), FACT.c.name == _FENCE)
        return int(db.execute(wanted.with_for_update(read=True)).scalar() or 0)

    def check_lock(self) -> None:
        """Raise TransientError when this store held the lock for a run and lost it."""
        if self._fence is None:
            return
        with self._writer:
            if not self._is_held():
                raise _lost_lock("the lock of the store was lost")
            with self._engine.connect() as db:
                self._check_fence(db)

    def _check_fence(self, db: sa.Connection) -> None:
        if self._fence is not None and self._highest_fence(db) != self._fence:
            raise _lost_lock("another run took the lock of the store")

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open one short transaction, only while the lock that this run took still stands.

        One writer at a time: SQLite would have the others wait, or fail.
        """
        with self._writer:
            if self._fence is not None and not self._is_held():
                raise _lost_lock("the lock of the store was lost")
            with self._engine.begin() as db:
                yield db
                # Last, when the transaction keeps others from writing.
                self._check_fence(db)

    def _mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return table.c.workspace == self._workspace

    def _put(self, db: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        statement = self._upserts.get(table.name)
        if statement is None:
            statement = self._upserts[table.name] = self._upsert(table)
        db.execute(statement, [{"workspace": self._workspace, **row} for row in rows])

    def _upsert(self, table: sa.Table) -> sa.Insert:
        names = [column.name for column in table.primary_key]
        statement = self._insert(table)
        others = {
            column.name: statement.excluded[column.name]
            for column in table.c
            if column.name not in names
        }
        return statement.on_conflict_do_update(index_elements=names, set_=others)

    # facts: small named values (installation id, portal id, workspace id, versions)

    def facts(self) -> dict[str, str]:
        """Return every named value."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(FACT.c.name, FACT.c.value).where(self._mine(FACT)))
            return {row.name: row.value for row in rows if row.name != _FENCE}

    def set_facts(self, values: Mapping[str, str]) -> None:
        """Set named values; others stay."""
        with self._writing() as db:
            self._put(db, FACT, [{"name": n, "value": v} for n, v in sorted(values.items())])

    # the mirror

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

    # what was written where

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


class MirrorRecords:
    """The mirror as a mapping sees it: `all` yields live records only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        """Yield every live record of *object*, ascending by id."""
        return (record for record in self._store.records(object) if not record.archived)

    def survivors(self, object: str) -> Mapping[str, str]:  # noqa: A002 - the port's own word
        """Return by former id the id that each lives on under in the end."""
        return self._store.survivors(object)


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


def _lost_lock(message: str) -> TransientError:
    return TransientError(message, hint="Run again; it continues where it stopped.")


def need_digest(need: object) -> str:
    """Return a short text that changes when what a stream is read for changes."""
    return hashlib.sha256(repr(need).encode()).hexdigest()[:32]
