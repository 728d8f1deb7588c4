"""What survives a run: the mirror of the source, what was written where, and what was begun.

Every public method is one short transaction; none spans a network call. SQLite by default,
PostgreSQL by URL. Every table carries `workspace`, so that one server can hold many.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cjm_sync.errors import BusyError, ConfigError, TransientError
from cjm_sync.model import Binding, Change, Intent, Record

_META = sa.MetaData()
_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Compared and sorted byte by byte on both databases, and of any length."""
_WORKSPACE = ("workspace", _TEXT)


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, _META, sa.Column(*_WORKSPACE, primary_key=True), *columns, prefixes=[])


_VERSION = sa.Table("schema_version", _META, sa.Column("version", sa.Integer, nullable=False))
_FACT = _table("fact", sa.Column("name", _TEXT, primary_key=True), sa.Column("value", _TEXT))
_RECORD = _table(
    "record",
    sa.Column("object", _TEXT, primary_key=True),
    sa.Column("id", _TEXT, primary_key=True),
    sa.Column("digest", _TEXT, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("body", _TEXT, nullable=False),
)
_CURSOR = _table(
    "cursor",
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("need", _TEXT, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("cursor", _TEXT),
    sa.Column("is_complete", sa.Boolean, nullable=False),
    sa.Column("ever_complete", sa.Boolean, nullable=False),
)
_TRAIL = _table(
    "trail",
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("need", _TEXT, nullable=False),
    sa.Column("settled", _TEXT),
    sa.Column("until", _TEXT),
    sa.Column("cursor", _TEXT),
    sa.Column("began", _TEXT),
    sa.Column("held", sa.Integer, nullable=False),
    sa.Column("swept", _TEXT),
)
_IMPORT = _table(
    "import",
    sa.Column("name", _TEXT, primary_key=True),
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("cursor", _TEXT),
)
_ALIAS = _table(
    "alias",
    sa.Column("object", _TEXT, primary_key=True),
    sa.Column("former_id", _TEXT, primary_key=True),
    sa.Column("id", _TEXT, nullable=False),
)
_BINDING = _table(
    "binding",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("kind", _TEXT, nullable=False),
    sa.Column("journey", _TEXT, nullable=False),
    sa.Column("remote_id", _TEXT, nullable=False),
    sa.Column("state", _TEXT, nullable=False),
    sa.Column("digest", _TEXT, nullable=False),
    sa.Column("written", _TEXT),
    sa.Column("kept", _TEXT, nullable=False),
    sa.Column("detail", _TEXT, nullable=False),
)
_INTENT = _table(
    "intent",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("kind", _TEXT, nullable=False),
    sa.Column("collection", _TEXT, nullable=False),
    sa.Column("began_at", _TEXT, nullable=False),
)
_REFUSAL = _table(
    "refusal",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("until", _TEXT, nullable=False),
    sa.Column("message", _TEXT, nullable=False),
)
_RUN = _table(
    "run",
    sa.Column("run_id", _TEXT, primary_key=True),
    sa.Column("as_of", _TEXT, nullable=False),
    sa.Column("started_at", _TEXT, nullable=False),
    sa.Column("finished_at", _TEXT),
    sa.Column("outcome", _TEXT),
    sa.Column("report", _TEXT),
)
# Built once as well as asked often: of every page, which of its records are known.
_NAMED = (
    _RECORD.c.workspace == sa.bindparam("mine"),
    _RECORD.c.object == sa.bindparam("of"),
    _RECORD.c.id.in_(sa.bindparam("some", expanding=True)),
)
_DIGESTS = sa.select(_RECORD.c.id, _RECORD.c.digest).where(*_NAMED)
_SEE = (
    _RECORD.update()
    .where(*_NAMED, _RECORD.c.reading < sa.bindparam("number"))
    .values(reading=sa.bindparam("number"))
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SCHEMA_VERSION = 1
"""Migrations are appended as functions of a connection; version 1 is the tables above."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading of one stream has come; *number* counts readings from 1."""

    number: int
    cursor: str | None
    is_complete: bool
    ever_complete: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """How far the changes of one stream were followed.

    *settled* is the moment up to which the mirror knows everything that shows, None before a
    complete reading. *until* and *cursor* are the window being read. *began* is when the full
    reading began that is going on or whose missing records were not judged yet, *held* how many
    records there were then; *swept* is when the last one that was judged began.
    """

    settled: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    began: datetime | None = None
    held: int = 0
    swept: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a page of records changed; *merged* counts former ids that were not known."""

    read: int
    changed: int
    merged: int = 0


@dataclass(frozen=True, slots=True)
class PastRun:
    """One finished or broken run."""

    run_id: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    report: Mapping[str, Any]


class Store:
    """The store of one workspace; close it, or use it as a context manager."""

    def __init__(self, url: str, *, workspace: str = "main") -> None:
        self._url = _with_driver(sa.make_url(url))
        self._workspace = workspace
        if self._path is not None:
            _create_private(self._path)
        self._engine = _open(self._url)
        self._insert = (
            postgresql.insert if self._url.get_backend_name() == "postgresql" else sqlite.insert
        )
        # Built once: a page of records is saved in less time than it takes to build a statement.
        self._upserts: dict[str, sa.Insert] = {}
        self._lock_connection: sa.Connection | None = None
        try:
            self._migrate()
        except ConfigError:
            self._engine.dispose()
            raise
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise ConfigError(
                f"the store {self._url.render_as_string()} cannot be opened: {_first_line(error)}",
                hint="Check `store.url` in the configuration and that its folder can be written.",
            ) from error

    @property
    def _path(self) -> Path | None:
        if self._url.get_backend_name() != "sqlite" or self._url.database in {None, "", ":memory:"}:
            return None
        return Path(str(self._url.database))

    def _migrate(self) -> None:
        with self._engine.begin() as db:
            if sa.inspect(db).has_table(_VERSION.name):
                # Looked at before anything is made: a newer store is left as it is.
                version = db.execute(sa.select(_VERSION.c.version)).scalar()
                if version is not None and version > _SCHEMA_VERSION:
                    raise ConfigError(
                        f"the store was written by a newer version of this program (schema {version})",
                        hint="Upgrade cjm-sync, or point `store.url` at another store.",
                    )
            _META.create_all(db)
            if db.execute(sa.select(_VERSION.c.version)).scalar() is None:
                db.execute(_VERSION.insert().values(version=_SCHEMA_VERSION))

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

    def lock(self) -> AbstractContextManager[None]:
        """Hold the workspace for one run; raises BusyError when another run holds it.

        The lock vanishes with its process: an exclusive transaction on a lock file (SQLite), an
        advisory lock (PostgreSQL).
        """
        if self._url.get_backend_name() == "postgresql":
            return self._advisory_lock()
        return _file_lock(self._path)

    @contextmanager
    def _advisory_lock(self) -> Iterator[None]:
        number = int.from_bytes(hashlib.sha256(self._workspace.encode()).digest()[:7], "big")
        # Autocommit: a run must not sit in an open transaction, which holds back the server.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            if not db.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
                raise _busy()
            self._lock_connection = db
            try:
                yield
            finally:
                self._lock_connection = None
                # Closed, not given back: the lock goes with its session, also a broken one.
                db.invalidate()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open one short transaction, only while the lock that this run took still stands."""
        if self._lock_connection is not None:
            try:
                self._lock_connection.execute(sa.select(1))
            except SQLAlchemyError as error:
                raise TransientError(
                    "the connection that held the lock of the store was lost",
                    hint="Run again; it continues where it stopped.",
                ) from error
        with self._engine.begin() as db:
            yield db

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
            rows = db.execute(sa.select(_FACT.c.name, _FACT.c.value).where(self._mine(_FACT)))
            return {row.name: row.value for row in rows}

    def set_facts(self, values: Mapping[str, str]) -> None:
        """Set named values; others stay."""
        with self._writing() as db:
            self._put(db, _FACT, [{"name": n, "value": v} for n, v in sorted(values.items())])

    # the mirror

    def reading(self, stream: str, need: str, *, restart: bool = False) -> Reading:
        """Return where the reading of *stream* stands.

        A reading that another *need* began cannot go on: it starts anew. So does one that was
        complete, and any with *restart*.
        """
        with self._writing() as db:
            row = db.execute(
                sa.select(_CURSOR).where(self._mine(_CURSOR), _CURSOR.c.stream == stream)
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
            _CURSOR,
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
                sa.select(_CURSOR.c.ever_complete).where(
                    self._mine(_CURSOR), _CURSOR.c.stream == stream, _CURSOR.c.need == need
                )
            ).scalar()
            return bool(complete)

    def standing(self, stream: str, need: str) -> Reading | None:
        """Return the reading of *stream* for *need* as it stands, and begin none."""
        with self._engine.connect() as db:
            row = db.execute(
                sa.select(_CURSOR).where(
                    self._mine(_CURSOR), _CURSOR.c.stream == stream, _CURSOR.c.need == need
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
                sa.select(_TRAIL).where(
                    self._mine(_TRAIL), _TRAIL.c.stream == stream, _TRAIL.c.need == need
                )
            ).one_or_none()
        if row is None:
            return Trail()
        return Trail(
            _moment(row.settled),
            _moment(row.until),
            row.cursor,
            _moment(row.began),
            row.held,
            _moment(row.swept),
        )

    def set_trail(self, stream: str, need: str, trail: Trail) -> None:
        """Remember how far *stream* was followed."""
        with self._writing() as db:
            self._put_trail(db, stream, need, trail)

    def _put_trail(self, db: sa.Connection, stream: str, need: str, trail: Trail) -> None:
        row = {
            "stream": stream,
            "need": need,
            "settled": _moment_text(trail.settled),
            "until": _moment_text(trail.until),
            "cursor": trail.cursor,
            "began": _moment_text(trail.began),
            "held": trail.held,
            "swept": _moment_text(trail.swept),
        }
        self._put(db, _TRAIL, [row])

    def save_batch(
        self,
        stream: str,
        need: str,
        reading: Reading,
        records: Iterable[Record],
        merged: Mapping[str, str],
        trail: Trail | None = None,
    ) -> Saved:
        """Save one page of records with the cursor that follows it, in one transaction."""
        with self._writing() as db:
            saved = self._put_records(db, reading.number, records)
            learned = self._put_aliases(db, stream, merged)
            self._put_reading(db, stream, need, reading)
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
                sa.select(_CURSOR.c.reading).where(self._mine(_CURSOR), _CURSOR.c.stream == stream)
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
                sa.select(_IMPORT.c.stream, _IMPORT.c.cursor).where(
                    self._mine(_IMPORT), _IMPORT.c.name == name
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
                sa.select(_CURSOR.c.reading).where(self._mine(_CURSOR), _CURSOR.c.stream == stream)
            ).scalar()
            saved = self._put_records(db, number or 0, records)
            learned = self._put_aliases(db, stream, merged)
            self._drop(db, stream, sorted(merged.keys() - {record.id for record in records}))
            self._put(db, _IMPORT, [{"name": name, "stream": stream, "cursor": cursor}])
        return Saved(saved.read, saved.changed, learned)

    def end_import(self, name: str) -> None:
        """Forget how far the import *name* came: it is done, and asked again it begins anew."""
        with self._writing() as db:
            db.execute(_IMPORT.delete().where(self._mine(_IMPORT), _IMPORT.c.name == name))

    def _put_records(self, db: sa.Connection, number: int, records: Iterable[Record]) -> Saved:
        """Write what is new or changed, and mark the rest as seen by reading *number*."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for record in records:
            body = _record_json(record)
            record_id = _storable(record.id)
            rows[record.object, record_id] = {
                "object": record.object,
                "id": record_id,
                "digest": hashlib.sha256(body.encode()).hexdigest()[:32],
                "reading": number,
                "body": body,
            }
        known = self._digests(db, rows)
        changed = [row for key, row in rows.items() if known.get(key) != row["digest"]]
        self._put(db, _RECORD, changed)
        same: dict[str, list[str]] = {}
        for (object_name, record_id), row in rows.items():
            if known.get((object_name, record_id)) == row["digest"]:
                same.setdefault(object_name, []).append(record_id)
        for object_name, ids in same.items():
            self._see(db, object_name, ids, number)
        return Saved(len(rows), len(changed))

    def _put_aliases(self, db: sa.Connection, stream: str, merged: Mapping[str, str]) -> int:
        """Remember who lives on under which id; return how many of them are news."""
        wanted = {_storable(former): _storable(now) for former, now in sorted(merged.items())}
        known: dict[str, str] = {}
        for some in _chunks(list(wanted)):
            rows = db.execute(
                sa.select(_ALIAS.c.former_id, _ALIAS.c.id).where(
                    self._mine(_ALIAS), _ALIAS.c.object == stream, _ALIAS.c.former_id.in_(some)
                )
            )
            known.update({row.former_id: row.id for row in rows})
        news = {former: now for former, now in wanted.items() if known.get(former) != now}
        self._put(
            db,
            _ALIAS,
            [{"object": stream, "former_id": former, "id": now} for former, now in news.items()],
        )
        return len(news.keys() - known.keys())

    def _drop(self, db: sa.Connection, stream: str, ids: Sequence[str]) -> int:
        return sum(
            db.execute(
                _RECORD.delete().where(
                    self._mine(_RECORD), _RECORD.c.object == stream, _RECORD.c.id.in_(some)
                )
            ).rowcount
            for some in _chunks(ids)
        )

    def keep(
        self, stream: str, reading: Reading, ids: Sequence[str], merged: Mapping[str, str]
    ) -> int:
        """Count *ids* as seen by *reading*; return how many of *merged* are news."""
        with self._writing() as db:
            self._see(db, stream, ids, reading.number)
            return self._put_aliases(db, stream, merged)

    def _see(self, db: sa.Connection, stream: str, ids: Sequence[str], number: int) -> None:
        for some in _chunks(ids):
            db.execute(
                _SEE, {"mine": self._workspace, "of": stream, "some": some, "number": number}
            )

    def drop(self, stream: str, ids: Sequence[str]) -> int:
        """Remove the records *ids* of *stream*; return how many there were."""
        with self._writing() as db:
            return self._drop(db, stream, ids)

    def records_of(self, stream: str, ids: Sequence[str]) -> dict[str, Record]:
        """Return by id those of *ids* that the mirror holds."""
        found: dict[str, Record] = {}
        with self._engine.connect() as db:
            for some in _chunks(ids):
                rows = db.execute(
                    sa.select(_RECORD.c.id, _RECORD.c.body).where(
                        self._mine(_RECORD), _RECORD.c.object == stream, _RECORD.c.id.in_(some)
                    )
                )
                found.update({row.id: _record(stream, row.body) for row in rows})
        return found

    def _digests(
        self, db: sa.Connection, keys: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], str]:
        by_object: dict[str, list[str]] = {}
        for object_name, record_id in keys:
            by_object.setdefault(object_name, []).append(record_id)
        found: dict[tuple[str, str], str] = {}
        for object_name, ids in by_object.items():
            for some in _chunks(ids):
                rows = db.execute(
                    _DIGESTS, {"mine": self._workspace, "of": object_name, "some": some}
                )
                found.update({(object_name, record_id): digest for record_id, digest in rows})
        return found

    def aliases(self, stream: str) -> dict[str, str]:
        """Return the former ids of *stream* with the id each lives on under."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(_ALIAS.c.former_id, _ALIAS.c.id)
                .where(self._mine(_ALIAS), _ALIAS.c.object == stream)
                .order_by(_ALIAS.c.former_id)
            )
            return {row.former_id: row.id for row in rows}

    def survivors(self, stream: str) -> dict[str, str]:
        """Return the former ids with the id each lives on under in the end.

        Merges of merges are followed; of ids that were merged in a circle none is left out and
        none is asked for twice.
        """
        direct = self.aliases(stream)
        return {former: _last(direct, former) for former in direct}

    def unseen(self, stream: str, reading: Reading) -> int:
        """Count the records of *stream* that this reading did not show."""
        with self._engine.connect() as db:
            return db.execute(
                sa.select(sa.func.count())
                .select_from(_RECORD)
                .where(self._mine(_RECORD), self._not_seen(stream, reading))
            ).scalar_one()

    def unseen_ids(self, stream: str, reading: Reading) -> list[str]:
        """Return the ids of *stream* that this reading did not show, in their order."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(_RECORD.c.id)
                .where(self._mine(_RECORD), self._not_seen(stream, reading))
                .order_by(sa.func.length(_RECORD.c.id), _RECORD.c.id)
            )
            return [row.id for row in rows]

    def _not_seen(self, stream: str, reading: Reading) -> sa.ColumnElement[bool]:
        return (_RECORD.c.object == stream) & (_RECORD.c.reading < reading.number)

    def drop_unseen(
        self, stream: str, reading: Reading, *, remembered: Collection[str] = ()
    ) -> int:
        """Remove the records that a complete reading did not show; return how many.

        Former ids that lead to nobody any more are forgotten with them. Those *remembered* are not
        in the mirror and may come back, so what leads to them stays.
        """
        with self._writing() as db:
            dropped = db.execute(
                _RECORD.delete().where(self._mine(_RECORD), self._not_seen(stream, reading))
            ).rowcount
            self._forget_former(db, stream, remembered)
        return dropped

    def _forget_former(self, db: sa.Connection, stream: str, remembered: Collection[str]) -> None:
        """Drop the former ids whose chain ends at nobody."""
        mine = (self._mine(_ALIAS), _ALIAS.c.object == stream)
        direct = {
            row.former_id: row.id
            for row in db.execute(sa.select(_ALIAS.c.former_id, _ALIAS.c.id).where(*mine))
        }
        ends = {former: _last(direct, former) for former in direct}
        wanted = sorted({*ends.values()} - {*remembered})
        held = {id_ for _, id_ in self._digests(db, [(stream, end) for end in wanted])}
        dead = {*wanted} - held
        for some in _chunks(sorted(former for former, end in ends.items() if end in dead)):
            db.execute(_ALIAS.delete().where(*mine, _ALIAS.c.former_id.in_(some)))

    def records(self, object_name: str) -> Generator[Record, None, None]:
        """Yield the mirror's records of one object, ascending by id, numbers by value.

        Who stops before the end closes the generator: it holds a connection.
        """
        statement = (
            sa.select(_RECORD.c.body)
            .where(self._mine(_RECORD), _RECORD.c.object == object_name)
            .order_by(sa.func.length(_RECORD.c.id), _RECORD.c.id)
        )
        with (
            self._engine.connect() as db,
            db.execution_options(yield_per=1000).execute(statement) as rows,
        ):
            for (body,) in rows:
                yield _record(object_name, body)

    def count_of(self, stream: str) -> int:
        """Return how many records the mirror holds of *stream*."""
        with self._engine.connect() as db:
            return db.execute(
                sa.select(sa.func.count())
                .select_from(_RECORD)
                .where(self._mine(_RECORD), _RECORD.c.object == stream)
            ).scalar_one()

    def count_records(self) -> dict[str, int]:
        """Return how many records the mirror holds of each object."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(_RECORD.c.object, sa.func.count().label("held"))
                .where(self._mine(_RECORD))
                .group_by(_RECORD.c.object)
            )
            return {row.object: row.held for row in rows}

    # what was written where

    def bindings(self) -> dict[str, Binding]:
        """Return every binding by key."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(_BINDING).where(self._mine(_BINDING)).order_by(_BINDING.c.key)
            )
            return {row.key: _binding(row) for row in rows}

    def bind(self, binding: Binding) -> None:
        """Record where a key stands and end its intent, together."""
        with self._writing() as db:
            self._put(db, _BINDING, [_binding_row(binding)])
            db.execute(_INTENT.delete().where(self._mine(_INTENT), _INTENT.c.key == binding.key))

    def unbind(self, key: str) -> None:
        """Forget where a key stands."""
        with self._writing() as db:
            db.execute(_BINDING.delete().where(self._mine(_BINDING), _BINDING.c.key == key))

    def intents(self) -> list[Intent]:
        """Return the creates whose end was never recorded, in key order."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(_INTENT).where(self._mine(_INTENT)).order_by(_INTENT.c.key))
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
            self._put(db, _INTENT, [row])

    def drop_intent(self, key: str) -> None:
        """Record that a create did not happen."""
        with self._writing() as db:
            db.execute(_INTENT.delete().where(self._mine(_INTENT), _INTENT.c.key == key))

    # what the remote refused, to be asked again later

    def refusals(self, now: datetime) -> dict[str, str]:
        """Return the keys that are not to be tried again yet, with the remote's words."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(_REFUSAL).where(self._mine(_REFUSAL)))
            return {r.key: r.message for r in rows if datetime.fromisoformat(r.until) > now}

    def refuse(self, key: str, *, until: datetime, message: str) -> None:
        """Remember that *key* was refused, and end its intent."""
        with self._writing() as db:
            self._put(db, _REFUSAL, [{"key": key, "until": until.isoformat(), "message": message}])
            db.execute(_INTENT.delete().where(self._mine(_INTENT), _INTENT.c.key == key))

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
            self._put(db, _RUN, [row])

    def end_run(
        self, run_id: str, *, finished_at: datetime, outcome: str, report: Mapping[str, Any]
    ) -> None:
        """Record how a run ended; keeps the newest 500."""
        with self._writing() as db:
            db.execute(
                _RUN.update()
                .where(self._mine(_RUN), _RUN.c.run_id == run_id)
                .values(
                    finished_at=finished_at.isoformat(),
                    outcome=outcome,
                    report=json.dumps(report),
                )
            )
            newest = (
                sa.select(_RUN.c.run_id)
                .where(self._mine(_RUN))
                .order_by(_RUN.c.started_at.desc(), _RUN.c.run_id.desc())
                .limit(500)
            )
            db.execute(
                _RUN.delete().where(
                    self._mine(_RUN), _RUN.c.run_id.not_in(newest.scalar_subquery())
                )
            )

    def runs(self, limit: int = 10) -> list[PastRun]:
        """Return the newest runs first."""
        statement = (
            sa.select(_RUN)
            .where(self._mine(_RUN))
            .order_by(_RUN.c.started_at.desc(), _RUN.c.run_id.desc())
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


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield *ids* in parts that one statement can name."""
    return (ids[start : start + 500] for start in range(0, len(ids), 500))


def _last(direct: Mapping[str, str], former: str) -> str:
    seen = {former}
    now = direct[former]
    while now in direct and now not in seen:
        seen.add(now)
        now = direct[now]
    return now


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _moment_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def need_digest(need: object) -> str:
    """Return a short text that changes when what a stream is read for changes."""
    return hashlib.sha256(repr(need).encode()).hexdigest()[:32]


def _with_driver(url: sa.URL) -> sa.URL:
    """Take `postgresql://` for the driver that is supported."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _open(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": 30})

        def prepare(connection: sqlite3.Connection, _: object) -> None:
            # An unfinished write must not survive a power cut as half a page of records.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            # What was erased must not be read from the file's unused pages.
            connection.execute("PRAGMA secure_delete=ON")

        sa.event.listen(engine, "connect", prepare)
        return engine
    if url.get_backend_name() == "postgresql":
        try:
            return sa.create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise ConfigError(
                "the PostgreSQL driver is not installed",
                hint="Install it with `pip install 'cjm-sync[postgresql]'`.",
            ) from error
    raise ConfigError(
        f"store.url names the database kind {url.get_backend_name()!r}, which is not supported",
        hint="Use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME.",
    )


def _create_private(path: Path) -> None:
    """Create the file readable by its owner only, before anything is written to it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(
            f"the store file {path} cannot be created: {error.strerror}",
            hint="Check `store.url` in the configuration and that its folder can be written.",
        ) from error


@contextmanager
def _file_lock(path: Path | None) -> Iterator[None]:
    if path is None:
        yield
        return
    lock_path = path.with_name(path.name + ".lock")
    _create_private(lock_path)
    db = sqlite3.connect(lock_path, isolation_level=None, timeout=0, check_same_thread=False)
    try:
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise _busy() from error
        yield
    finally:
        db.close()


def _busy() -> BusyError:
    return BusyError(
        "another run holds the lock of this store",
        hint="Wait for it to end; `cjm-sync status` shows when it started.",
    )


_in_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def _record_json(record: Record) -> str:
    body: dict[str, Any] = {"id": record.id, "p": dict(record.properties)}
    if record.history:
        body["h"] = {
            name: [[c.value, c.timestamp, c.source_type] for c in changes]
            for name, changes in sorted(record.history.items())
        }
    if record.links:
        body["l"] = {name: list(ids) for name, ids in sorted(record.links.items())}
    if record.created_at is not None:
        body["c"] = record.created_at
    if record.updated_at is not None:
        body["u"] = record.updated_at
    if record.archived:
        body["a"] = True
    return _storable(_in_json(body))


def _storable(text: str) -> str:
    """Replace what is no character: half a surrogate pair, or NUL, which PostgreSQL refuses.

    JSON may carry either, and nothing that we write to could take it.
    """
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def _record(object_name: str, text: str) -> Record:
    body = json.loads(text)
    return Record(
        object_name,
        body["id"],
        body["p"],
        {name: tuple(Change(*c) for c in changes) for name, changes in body.get("h", {}).items()},
        {name: tuple(ids) for name, ids in body.get("l", {}).items()},
        body.get("c"),
        body.get("u"),
        archived=body.get("a", False),
    )


def _binding(row: Any) -> Binding:
    return Binding(
        key=row.key,
        kind=row.kind,
        remote_id=row.remote_id,
        written=None if row.written is None else json.loads(row.written),
        kept=json.loads(row.kept),
        detail=json.loads(row.detail),
        digest=row.digest,
        state=row.state,
        journey=row.journey,
    )


def _binding_row(binding: Binding) -> dict[str, Any]:
    return {
        "key": binding.key,
        "kind": binding.kind,
        "journey": binding.journey,
        "remote_id": binding.remote_id,
        "state": binding.state,
        "digest": binding.digest,
        "written": None if binding.written is None else json.dumps(binding.written, sort_keys=True),
        "kept": json.dumps(binding.kept, sort_keys=True),
        "detail": json.dumps(binding.detail, sort_keys=True),
    }


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
