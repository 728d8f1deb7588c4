"""Open the store's database: drivers, private files, locks that vanish with their process."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from cjm_sync.errors import BusyError, ConfigError


def with_driver(url: sa.URL) -> sa.URL:
    """Take `postgresql://` for the driver that is supported."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def open_engine(url: sa.URL) -> sa.Engine:
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


def create_private(path: Path) -> None:
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
def file_lock(path: Path | None) -> Iterator[Callable[[], bool]]:
    """Hold the lock of the store at *path*; yields what tells whether it is still held.

    Who replaces or deletes the lock file lets another run in.
    """
    if path is None:
        yield lambda: True
        return
    lock_path = path.with_name(path.name + ".lock")
    create_private(lock_path)
    db = sqlite3.connect(lock_path, isolation_level=None, timeout=0, check_same_thread=False)
    try:
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise busy() from error
        ours = _file_at(lock_path)
        yield lambda: ours is not None and _file_at(lock_path) == ours
    finally:
        db.close()


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def busy() -> BusyError:
    return BusyError(
        "another run holds the lock of this store",
        hint="Wait for it to end; `cjm-sync status` shows when it started.",
    )


_in_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
