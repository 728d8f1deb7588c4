"""What the store forgets with somebody erased, and what it refuses afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cjm_sync.model import Record
from cjm_sync.ports import Belonging
from cjm_sync.store import Store
from cjm_sync.tables import FACT, PARTED, Reading, Trail
from support.database import KINDS, empty_postgresql

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
BELONGINGS = (
    Belonging("letters", "to", "people", ("address", "others"), separator=","),
    Belonging("visits", "who", "people", among=("kind", frozenset({"person", ""}))),
)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'store.db'}" if is_file else empty_postgresql(request)
    with Store(url) as opened:
        opened.mind(BELONGINGS)
        yield opened


def person(number: int, address: str = "", others: str = "") -> Record:
    return Record("people", str(number), {"address": address, "others": others})


def letter(number: int, to: object) -> Record:
    return Record("letters", str(number), {"to": to})


def visit(number: int, who: object, kind: str = "person") -> Record:
    return Record("visits", str(number), {"who": who, "kind": kind})


def save(store: Store, stream: str, *records: Record, **merged: str) -> Reading:
    """Save a complete listing of *stream*; *merged* maps `_former` ids to those they lead to."""
    reading = replace(store.reading(stream, "n"), is_complete=True, ever_complete=True)
    former = {id_.removeprefix("_"): now for id_, now in merged.items()}
    store.save_batch(stream, "n", reading, records, former)
    return reading


def held(store: Store, stream: str) -> list[str]:
    return [record.id for record in store.records(stream)]


def test_what_is_of_an_erased_person_goes_with_them_by_any_address_and_id(store: Store) -> None:
    save(store, "people", person(1, " Ada@X ", "b@x, C@x"), person(2, "d@x"), _9="1")
    save(store, "letters", *map(letter, range(1, 6), ["ada@x", "B@X", " c@x", "d@x", None]))
    save(store, "visits", visit(1, "1"), visit(2, 9), visit(3, "2"), visit(4, "1", "company"))

    assert store.erase("people", ["1"]) == 1

    assert held(store, "people") == ["2"]
    assert held(store, "letters") == ["4", "5"]
    assert held(store, "visits") == ["3", "4"]
    assert store.aliases("people") == {}


def test_what_was_refused_once_is_saved_when_the_address_is_somebodys_again(store: Store) -> None:
    save(store, "people", person(1, "a@x"))
    save(store, "letters", letter(1, "a@x"))
    store.erase("people", ["1"])

    save(store, "letters", letter(1, "A@x"), letter(2, "a@x"))
    refused = held(store, "letters"), store.is_relisted("letters")
    save(store, "people", person(2, "A@X"))
    asked = store.is_relisted("letters"), store.is_relisted("people")
    save(store, "letters", letter(1, "a@x"))

    assert refused == ([], False)
    assert asked == (True, False)
    assert (held(store, "letters"), store.is_relisted("letters")) == (["1"], False)


def test_a_listing_that_was_under_way_when_somebody_came_back_is_not_enough(store: Store) -> None:
    save(store, "people", person(1, "a@x"))
    store.erase("people", ["1"])
    reading = store.reading("letters", "n")
    store.save_batch("letters", "n", replace(reading, cursor="2"), [letter(1, "a@x")], {})
    save(store, "people", person(2, "a@x"))

    store.save_batch("letters", "n", replace(reading, is_complete=True), [], {})

    assert store.is_relisted("letters")


def test_a_former_id_that_leads_to_somebody_again_counts_again(store: Store) -> None:
    save(store, "people", person(1, "a@x"))
    store.erase("people", ["1"])
    save(store, "people", person(3, "b@x"), _1="3")

    save(store, "visits", visit(1, "1"))

    assert held(store, "visits") == ["1"]


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_sweep_drops_the_person_and_all_of_theirs_together_with_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, "people", person(1, "a@x"), person(2, "b@x"))
    save(store, "letters", letter(1, "a@x"), letter(2, "b@x"))
    reading = save(store, "people", person(2, "b@x"))
    ended = Trail(settled=NOW)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Store, "_put_trail", interrupt)
        store.drop_unseen("people", reading, erased=["1"], ended=("n", ended))
    before = held(store, "people"), held(store, "letters")
    store.drop_unseen("people", reading, erased=["1"], ended=("n", ended))

    assert before == (["1", "2"], ["1", "2"])
    assert (held(store, "people"), held(store, "letters")) == (["2"], ["2"])
    assert store.trail("people", "n") == ended


def test_of_the_archived_only_the_id_can_be_read(store: Store) -> None:
    reading = save(store, "people", person(1, "ada@x.example"), _77="1")
    store.drop("people", reading, ["1"])
    later = save(store, "people", person(2, "b@x"))
    store.part(later, [person(5, "eve@x.example")])

    assert store.parted("people", later) == ["1"]
    with store._engine.connect() as db:
        rows = [dict(row) for row in db.execute(sa.select(PARTED)).mappings()]
    assert sorted(row["id"] for row in rows) == ["1", "5"]
    assert "@" not in str(rows)


def test_the_archived_are_known_by_every_address_they_ever_had(store: Store) -> None:
    reading = save(store, "people", person(1, "a@x"))
    save(store, "letters", letter(1, "a@x"), letter(2, "b@x"), letter(3, "c@x"))
    store.part(reading, [person(1, "b@x")])
    store.drop("people", reading, ["1"])
    store.part(reading, [person(1, "")])

    store.erase("people", ["1"])

    assert held(store, "letters") == ["3"]
    assert store.parted("people", replace(reading, number=9)) == []


def test_who_is_there_again_is_not_among_the_archived(store: Store) -> None:
    reading = save(store, "people", person(1, "a@x"))
    store.drop("people", reading, ["1"])

    later = save(store, "people", person(1, "a@x"))

    assert store.parted("people", later) == []


def test_findings_about_an_erased_person_leave_the_reports(store: Store) -> None:
    save(store, "people", person(1, "a@x"), _7="1")
    keys = ["people/1/age", "people/1", "people/11/age", "people/7", "letters/1"]
    report = {"outcome": "done", "findings": [{"code": "bad_value", "key": key} for key in keys]}
    store.begin_run("run", as_of=NOW, started_at=NOW)
    store.end_run("run", finished_at=NOW, outcome="done", report=report)

    store.erase("people", ["1"])

    (run,) = store.runs()
    assert [finding["key"] for finding in run.report["findings"]] == ["people/11/age", "letters/1"]
    assert run.report["outcome"] == "done"


def test_the_secret_of_a_store_is_its_own(tmp_path: Path) -> None:
    secrets = set()
    for name in ("one", "two"):
        with Store(f"sqlite:///{tmp_path / name}") as store:
            store.mind(BELONGINGS)
            save(store, "people", person(1, "a@x"))
            store.erase("people", ["1"])
            with store._engine.connect() as db:
                secrets |= {
                    row.value for row in db.execute(sa.select(FACT)) if "secret" in row.name
                }

    assert len(secrets) == 2


def test_a_stream_that_nothing_belongs_to_keeps_no_digest(store: Store) -> None:
    save(store, "letters", letter(1, "a@x"))

    store.erase("letters", ["1"])

    assert store.facts() == {}


def test_two_workspaces_do_not_forget_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store(url) as one, Store(url, workspace="two") as two:
        for store in (one, two):
            store.mind(BELONGINGS)
            save(store, "people", person(1, "a@x"))
            save(store, "letters", letter(1, "a@x"))

        one.erase("people", ["1"])
        save(two, "letters", letter(1, "a@x"), letter(2, "a@x"))

        assert (held(one, "letters"), held(two, "letters")) == ([], ["1", "2"])
