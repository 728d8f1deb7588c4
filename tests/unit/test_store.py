"""The store, on SQLite, and on PostgreSQL where CJM_SYNC_TEST_POSTGRESQL names a database."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cjm_sync.errors import BusyError, ConfigError, TransientError
from cjm_sync.mirror import MirrorRecords, need_digest
from cjm_sync.model import Binding, Change, Intent, Record
from cjm_sync.store import Store
from cjm_sync.tables import Reading

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
POSTGRESQL = os.environ.get("CJM_SYNC_TEST_POSTGRESQL", "")
KINDS = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]
OpenStore = Callable[..., Store]


def _empty_postgresql() -> None:
    engine = sa.create_engine(POSTGRESQL)
    with engine.begin() as db:
        found = sa.MetaData()
        found.reflect(db)
        found.drop_all(db)
    engine.dispose()


def _postgresql(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("socket_enabled")
    _empty_postgresql()
    return POSTGRESQL


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return _postgresql(request)
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def open_store(url: str) -> Iterator[OpenStore]:
    opened: list[Store] = []

    def open_one(workspace: str = "main") -> Store:
        store = Store(url, workspace=workspace)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


def contact(number: int | str, **properties: object) -> Record:
    return Record("contacts", str(number), properties)


def read_page(
    store: Store, *records: Record, cursor: str | None = None, need: str = "n"
) -> Reading:
    reading = store.reading("contacts", need)
    reading = replace(
        reading,
        cursor=cursor,
        is_complete=cursor is None,
        ever_complete=reading.ever_complete or cursor is None,
    )
    store.save_batch("contacts", need, reading, records, {})
    return reading


def ids(store: Store) -> list[str]:
    return [record.id for record in store.records("contacts")]


def only(store: Store) -> Record:
    (record,) = store.records("contacts")
    return record


# facts


def test_named_values_are_set_one_by_one(store: Store) -> None:
    store.set_facts({"a": "1", "b": "2"})

    store.set_facts({"b": "3"})

    assert store.facts() == {"a": "1", "b": "3"}


# the mirror


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    record = Record(
        "contacts",
        "7",
        {"name": "Žofie 🎈", "empty": None, "n": 12},
        {"stage": (Change("b", "2026-01-02T00:00:00Z", "CRM_UI"), Change(None, None))},
        {"deals": ("9", "8")},
        "2026-01-01T00:00:00Z",
        "2026-01-03T00:00:00Z",
        archived=True,
    )

    read_page(store, record)

    assert list(store.records("contacts")) == [record]


def test_records_come_in_order_of_their_number(store: Store) -> None:
    read_page(store, *(contact(n) for n in (100, 9, 20, 3)))

    assert ids(store) == ["3", "9", "20", "100"]


def test_text_ids_come_in_one_order_on_every_database(store: Store) -> None:
    read_page(store, *(contact(n) for n in ("b-1", "B-1", "a_1", "a-1")))

    assert ids(store) == ["B-1", "a-1", "a_1", "b-1"]


def test_saving_the_same_page_twice_changes_nothing(store: Store) -> None:
    reading = store.reading("contacts", "n")

    first = store.save_batch("contacts", "n", reading, [contact(1), contact(2)], {})
    again = store.save_batch("contacts", "n", reading, [contact(1), contact(2, x="y")], {})

    assert (first.read, first.changed) == (2, 2)
    assert (again.read, again.changed) == (2, 1)
    assert store.count_records() == {"contacts": 2}


def test_a_record_met_twice_on_one_page_is_saved_once(store: Store) -> None:
    reading = store.reading("contacts", "n")

    saved = store.save_batch("contacts", "n", reading, [contact(1, x="a"), contact(1, x="b")], {})

    assert saved.read == 1
    assert only(store).properties == {"x": "b"}


def test_more_records_than_one_statement_holds_are_compared_right(store: Store) -> None:
    reading = store.reading("contacts", "n")
    many = [contact(n) for n in range(1, 1202)]
    store.save_batch("contacts", "n", reading, many, {})

    saved = store.save_batch("contacts", "n", reading, [*many, contact(5000)], {})

    assert (saved.read, saved.changed) == (1202, 1)


def test_an_interrupted_reading_goes_on_where_it_was(open_store: OpenStore) -> None:
    first = open_store()
    read_page(first, contact(1), cursor="page 2")
    first.close()

    reading = open_store().reading("contacts", "n")

    assert (reading.number, reading.cursor, reading.is_complete) == (1, "page 2", False)


def test_a_changed_need_begins_a_reading_anew(store: Store) -> None:
    read_page(store, contact(1))
    read_page(store, contact(1), cursor="page 2")

    reading = store.reading("contacts", "another need")

    assert (reading.number, reading.cursor, reading.ever_complete) == (3, None, False)


def test_a_restart_begins_a_reading_anew_but_remembers_that_it_was_read(store: Store) -> None:
    read_page(store, contact(1))
    read_page(store, contact(1), cursor="page 2")

    reading = store.reading("contacts", "n", restart=True)

    assert (reading.number, reading.cursor, reading.ever_complete) == (3, None, True)


def test_a_complete_reading_is_followed_by_the_next_one(store: Store) -> None:
    read_page(store, contact(1))

    reading = store.reading("contacts", "n")

    assert (reading.number, reading.cursor, reading.ever_complete) == (2, None, True)


def test_a_stream_counts_as_read_only_for_the_need_it_was_read_for(store: Store) -> None:
    read_page(store, contact(1), cursor="page 2")
    before = store.was_read("contacts", "n")
    read_page(store, contact(2))

    assert not before
    assert store.was_read("contacts", "n")
    assert not store.was_read("contacts", "another need")
    assert not store.was_read("deals", "n")


def test_a_page_and_its_cursor_are_one_transaction(store: Store) -> None:
    read_page(store, contact(1), cursor="page 2")
    reading = replace(store.reading("contacts", "n"), cursor="page 3")
    unserialisable = contact(2, x=object())

    with pytest.raises(TypeError):
        store.save_batch("contacts", "n", reading, [unserialisable], {})

    assert store.reading("contacts", "n").cursor == "page 2"
    assert ids(store) == ["1"]


def test_a_page_whose_cursor_cannot_be_saved_leaves_no_record(store: Store) -> None:
    read_page(store, contact(1), cursor="page 2")
    broken = Reading(1, None, is_complete=None, ever_complete=False)  # type: ignore[arg-type]

    with pytest.raises(sa.exc.IntegrityError):
        store.save_batch("contacts", "n", broken, [contact(2)], {})

    assert store.reading("contacts", "n").cursor == "page 2"
    assert ids(store) == ["1"]


def test_only_what_a_reading_did_not_show_is_dropped(store: Store) -> None:
    read_page(store, contact(1), contact(2), contact(3))
    reading = read_page(store, contact(2))

    unseen = store.unseen("contacts", reading)
    dropped = store.drop_unseen("contacts", reading)

    assert (unseen, dropped, ids(store)) == (2, 2, ["2"])


def test_former_ids_lead_to_the_id_they_live_on_under(store: Store) -> None:
    reading = store.reading("contacts", "n")

    store.save_batch("contacts", "n", reading, [contact(3)], {"1": "3", "2": "3"})

    assert store.aliases("contacts") == {"1": "3", "2": "3"}


def test_a_mapping_sees_no_archived_record(store: Store) -> None:
    read_page(store, contact(1), replace(contact(2), archived=True))

    assert [record.id for record in MirrorRecords(store).all("contacts")] == ["1"]


def test_a_reader_who_stops_midway_does_not_keep_the_store_from_being_written(store: Store) -> None:
    read_page(store, *(contact(n) for n in range(1, 2500)))
    records = store.records("contacts")
    next(records)

    read_page(store, contact(5000), cursor="more")
    records.close()

    assert store.count_records() == {"contacts": 2500}


@pytest.mark.parametrize(
    "value",
    ["x" * 200_000, 10**300, -(2**63) - 1, "", "a\u2028b", "'; DROP TABLE record; --", 1e308, True],
    ids=["200 KB", "huge", "64 bits", "empty", "line separator", "sql", "float", "bool"],
)
def test_odd_values_come_back_as_they_were(store: Store, value: object) -> None:
    read_page(store, contact(1, x=value))

    assert only(store).properties == {"x": value}


def test_half_a_surrogate_pair_is_replaced_because_nothing_could_take_it(store: Store) -> None:
    read_page(store, contact(1, x="a\ud800b"), contact("2\udfff\x00"))

    assert [record.properties for record in store.records("contacts")] == [{"x": "a�b"}, {}]


def test_a_nul_inside_a_value_survives(store: Store) -> None:
    read_page(store, contact(1, x="a\x00b"))

    assert only(store).properties == {"x": "a\x00b"}


def test_a_very_long_id_and_stream_name_are_no_hindrance(store: Store) -> None:
    stream, key = "events/" + "e" * 90, "k" * 400
    reading = store.reading(stream, "n")

    store.save_batch(stream, "n", reading, [Record(stream, key, {})], {})

    assert [record.id for record in store.records(stream)] == [key]


# bindings, intents, refusals


def test_a_binding_comes_back_as_it_was(store: Store) -> None:
    binding = Binding(
        "customers/stage/won/everyone",
        "row",
        "0b7c",
        written={"entered": 3, "label": {"choice": "won"}},
        kept={"label": "Meine Phase"},
        detail={"collection": "stages", "columns": {"a": "x%3D"}},
        digest="d",
        state="retired",
        journey="customers",
    )

    store.bind(binding)

    assert store.bindings() == {binding.key: binding}


def test_an_adopted_row_is_told_from_one_written_empty(store: Store) -> None:
    store.bind(Binding("a", "row", "1", written=None))
    store.bind(Binding("b", "row", "2", written={}))

    bound = store.bindings()

    assert (bound["a"].written, bound["b"].written) == (None, {})


def test_binding_a_key_ends_its_intent(store: Store) -> None:
    store.begin(Intent("a", "row", NOW, "stages"))
    store.begin(Intent("b", "row", NOW, "stages"))

    store.bind(Binding("a", "row", "1"))

    assert [intent.key for intent in store.intents()] == ["b"]


def test_an_intent_begun_again_has_the_later_time(store: Store) -> None:
    store.begin(Intent("a", "row", NOW, "stages"))
    later = Intent("a", "row", NOW + timedelta(seconds=5), "stages")

    store.begin(later)

    assert store.intents() == [later]


def test_an_intent_that_did_not_happen_is_dropped(store: Store) -> None:
    store.begin(Intent("a", "row", NOW))

    store.drop_intent("a")

    assert store.intents() == []


def test_an_unbound_key_is_forgotten(store: Store) -> None:
    store.bind(Binding("a", "row", "1"))

    store.unbind("a")

    assert store.bindings() == {}


def test_a_refusal_holds_until_its_time_and_ends_the_intent(store: Store) -> None:
    store.begin(Intent("v", "view", NOW))

    store.refuse("v", until=NOW + timedelta(days=7), message="not on this plan")

    assert store.intents() == []
    assert store.refusals(NOW + timedelta(days=6)) == {"v": "not on this plan"}
    assert store.refusals(NOW + timedelta(days=7)) == {}


# runs


def test_runs_come_newest_first_with_their_report(store: Store) -> None:
    for number in range(3):
        begun = NOW + timedelta(minutes=number)
        store.begin_run(f"run-{number}", as_of=NOW, started_at=begun)
    store.end_run("run-1", finished_at=NOW, outcome="done", report={"held": ["a\ud800"]})

    newest, ended, _ = store.runs()

    assert (newest.run_id, newest.outcome, newest.finished_at, newest.report) == (
        "run-2",
        None,
        None,
        {},
    )
    assert (ended.outcome, ended.finished_at, ended.report) == ("done", NOW, {"held": ["a\ud800"]})
    assert [run.run_id for run in store.runs(1)] == ["run-2"]


def test_only_the_newest_500_runs_are_kept(open_store: OpenStore) -> None:
    store, other = open_store(), open_store("other")
    other.begin_run("theirs", as_of=NOW, started_at=NOW - timedelta(days=999))
    for number in range(503):
        # Some starts fall on whole seconds, which are written shorter than the others.
        begun = NOW + timedelta(milliseconds=500 * number)
        store.begin_run(f"run-{number:03}", as_of=NOW, started_at=begun)

    store.end_run("run-502", finished_at=NOW, outcome="done", report={})

    kept = [run.run_id for run in store.runs(1000)]
    assert kept == [f"run-{number:03}" for number in range(502, 2, -1)]
    assert [run.run_id for run in other.runs()] == ["theirs"]


# whose store it is


def test_two_workspaces_in_one_database_do_not_see_each_other(open_store: OpenStore) -> None:
    ours, theirs = open_store("ours"), open_store("theirs")
    ours.set_facts({"a": "1"})
    reading = read_page(ours, contact(1))
    ours.bind(Binding("a", "row", "1"))
    ours.begin(Intent("b", "row", NOW))
    ours.refuse("v", until=NOW + timedelta(days=1), message="no")
    ours.begin_run("run", as_of=NOW, started_at=NOW)

    theirs.unbind("a")
    theirs.drop_intent("b")
    theirs.drop_unseen("contacts", replace(reading, number=9))

    assert (theirs.facts(), theirs.count_records(), theirs.bindings()) == ({}, {}, {})
    assert (theirs.intents(), theirs.refusals(NOW), theirs.runs()) == ([], {}, [])
    assert theirs.reading("contacts", "n").number == 1
    assert ids(ours) == ["1"]
    assert list(ours.bindings()) == ["a"]
    assert [intent.key for intent in ours.intents()] == ["b"]


def test_a_second_lock_is_refused_and_the_first_goes_with_its_holder(open_store: OpenStore) -> None:
    first, second = open_store(), open_store()

    with first.lock(), pytest.raises(BusyError) as refused, second.lock():
        pass
    with second.lock():
        second.set_facts({"held": "yes"})

    assert refused.value.hint
    assert first.facts() == {"held": "yes"}


def test_a_store_of_a_newer_program_is_refused_untouched(url: str) -> None:
    Store(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.execute(sa.text("UPDATE schema_version SET version = 99"))
        db.execute(sa.text("DROP TABLE refusal"))

    with pytest.raises(ConfigError, match="newer version") as refused:
        Store(url)

    with engine.connect() as db:
        assert not sa.inspect(db).has_table("refusal")
    engine.dispose()
    assert refused.value.exit_code == 2


def test_a_new_store_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Store(f"sqlite:///{tmp_path / 'deep' / 'store.db'}") as store, store.lock():
            store.set_facts({"a": "1"})
            modes = {
                path.name: stat.S_IMODE(path.stat().st_mode)
                for path in (tmp_path / "deep").iterdir()
            }
    finally:
        os.umask(before)

    assert set(modes.values()) == {0o600}
    assert {"store.db", "store.db.lock"} <= modes.keys()


def test_a_lock_goes_with_a_process_that_was_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store(url).close()
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with Store(url).lock():
            os.write(told, b"x")
            while True:
                os.read(os.open("/dev/zero", os.O_RDONLY), 1)
    os.read(ready, 1)
    store = Store(url)
    with pytest.raises(BusyError), store.lock():
        pass

    os.kill(child, 9)
    os.waitpid(child, 0)

    with store.lock():
        store.set_facts({"a": "1"})
    store.close()
    os.close(ready)
    os.close(told)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello " * 200)

    with pytest.raises(ConfigError, match=r"notes\.txt cannot be opened"):
        Store(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="cannot be created") as refused:
        Store(f"sqlite:///{tmp_path / 'file' / 'store.db'}")

    assert refused.value.hint


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="'mysql', which is not supported"):
        Store("mysql://host/name")


def test_a_password_does_not_show_when_the_server_does_not_answer() -> None:
    url = "postgresql://me:hush-hush@/name?host=/nonexistent"

    with pytest.raises(ConfigError) as refused:
        Store(url)

    assert "hush-hush" not in f"{refused.value} {refused.value.hint}"


def test_what_is_read_tells_needs_apart() -> None:
    assert need_digest((["a"], [], [])) != need_digest(([], ["a"], []))
    assert need_digest((["a"], [], [])) == need_digest((["a"], [], []))


if POSTGRESQL:

    @pytest.mark.enable_socket
    def test_a_run_whose_lock_was_lost_writes_nothing_more() -> None:
        _empty_postgresql()
        with Store(POSTGRESQL) as store:
            with pytest.raises(TransientError, match="lock"), store.lock():
                engine = sa.create_engine(POSTGRESQL)
                with engine.begin() as db:
                    db.execute(
                        sa.text(
                            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                        )
                    )
                engine.dispose()
                store.set_facts({"a": "1"})

            assert store.facts() == {}
