"""The database behind the store: opening it, its lock, its transactions, and small named values."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cjm_sync.erasing import Erasures
from cjm_sync.errors import ConfigError, TransientError
from cjm_sync.opening import busy, create_private, file_lock, first_line, open_engine, with_driver
from cjm_sync.snapshots import Snapshots
from cjm_sync.tables import (
    FACT,
    META,
    MIGRATIONS,
    SCHEMA_VERSION,
    VERSION,
)

_FENCE = "fence"
"""Under this name stands the number of the last lock, beside the facts."""


class Database:
    """One workspace in a database; close it, or use it as a context manager."""

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


def _lost_lock(message: str) -> TransientError:
    return TransientError(message, hint="Run again; it continues where it stopped.")
