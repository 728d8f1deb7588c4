"""A run that lost its lock writes nothing more, here or in Notion."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from cjm_sync.errors import TransientError
from cjm_sync.model import Binding
from cjm_sync.store import Store
from cjm_sync.tables import SCHEMA_VERSION


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def fences(store: Store) -> dict[str, int]:
    with store._engine.connect() as db:
        rows = db.exec_driver_sql("SELECT key, fence FROM binding")
        return {row.key: row.fence for row in rows}


def test_each_binding_carries_the_number_of_the_lock_it_was_written_under(url: str) -> None:
    with Store(url) as store:
        for key in ("a", "b"):
            with store.lock():
                store.bind(Binding(key, "row", f"id-{key}"))

        assert fences(store) == {"a": 1, "b": 2}
        assert store.facts() == {}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_run_whose_lock_file_was_replaced_stops(
    url: str, tmp_path: Path, is_deleted: bool
) -> None:
    lock = tmp_path / "store.db.lock"
    with Store(url) as store, store.lock():
        store.bind(Binding("a", "row", "id-a"))
        lock.rename(tmp_path / "old.lock")
        if not is_deleted:
            lock.touch()

        for write in (store.check_lock, lambda: store.bind(Binding("b", "row", "id-b"))):
            with pytest.raises(TransientError, match="lock of the store was lost"):
                write()

        assert list(store.bindings()) == ["a"]


def test_a_run_stops_when_another_took_the_lock_meanwhile(url: str, tmp_path: Path) -> None:
    with Store(url) as first, Store(url) as second, first.lock():
        # The file is gone for a moment and back: only the number tells.
        lock, aside = tmp_path / "store.db.lock", tmp_path / "aside"
        lock.rename(aside)
        with second.lock():
            second.bind(Binding("theirs", "row", "id-t"))
        lock.unlink()
        aside.rename(lock)

        with pytest.raises(TransientError, match="another run took the lock"):
            first.bind(Binding("ours", "row", "id-o"))

        assert list(first.bindings()) == ["theirs"]


def test_rows_move_to_their_new_keys_at_once(url: str) -> None:
    with Store(url) as store:
        store.bind(Binding("old", "row", "id"))

        store.change_bindings([Binding("new", "row", "id")], ["old"])

        assert list(store.bindings()) == ["new"]


def test_a_store_of_the_first_schema_is_taken_along(url: str) -> None:
    with Store(url) as store:
        store.bind(Binding("a", "row", "id-a", written={"n": 1}))
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE binding DROP COLUMN fence")
        db.exec_driver_sql("DROP TABLE people")
        db.exec_driver_sql("UPDATE schema_version SET version = 1")
    engine.dispose()

    for _ in range(2):
        with Store(url) as store:
            assert store.bindings()["a"].written == {"n": 1}
            assert store.people() == {}
            with store._engine.connect() as db:
                assert (
                    db.exec_driver_sql("SELECT version FROM schema_version").scalar()
                    == SCHEMA_VERSION
                )
