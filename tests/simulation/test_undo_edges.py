"""Undo beside people's hands, lost answers, refusals, databases that are away, and rows of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.errors import BusyError, GuardTripped, RejectedError
from cjm_sync.journal import Entry
from cjm_sync_notion.target import NotionTarget
from cjm_sync_sandbox.notion.requests import RequestLog
from simulation.test_undo import numbers_of, undone
from support.world import MOMENTS, Moment, World, journey

FORMER, TODAY = "customers/stage/awareness/everyone", "clients/stage/awareness/everyone"


def written_in(world: World) -> list[Entry]:
    with world.store() as store:
        return store.journal()


def first_changed(world: World) -> str:
    """Return the key of a row with numbers of which the last run changed several cells."""
    return min(
        entry.key
        for entry in written_in(world)
        if entry.act == "update" and "/stage/" in entry.key and len(entry.before) > 2
    )


def number_not_in(world: World, key: str) -> str:
    """Return a filled column with a number that the last run left alone in the row *key*."""
    (entry,) = [e for e in written_in(world) if e.key == key and e.act == "update"]
    written = world.bindings()[key].written or {}
    return next(
        name
        for name, value in sorted(written.items())
        if isinstance(value, int | float) and name not in entry.before and value
    )


def column_name(world: World, column: str) -> str:
    detail = world.bindings()["_/database/stages"].detail
    source = world.as_person("GET", f"data_sources/{detail['data_source_id']}")
    return next(
        str(name)
        for name, held in source["properties"].items()
        if held["id"] == detail["columns"][column]
    )


def made_key(world: World, known: set[str]) -> str:
    (made,) = set(numbers_of(world)) - known
    return made


def test_what_a_person_changed_beside_the_cells_taken_back_is_known_as_theirs(
    changed: World,
) -> None:
    changed.run()
    key = first_changed(changed)
    column = number_not_in(changed, key)
    name = column_name(changed, column)
    changed.wait(minutes=5)
    path = f"pages/{changed.page_id(key)}"
    changed.as_person("PATCH", path, {"properties": {name: {"number": 4321}}})

    undone(changed)

    # After the undo we are the last editor: nothing else would tell the next runs.
    assert changed.bindings()[key].kept == {column: 4321}
    changed.wait(minutes=15)
    report = changed.run()
    assert report.outcome == "done"
    assert changed.row(key)[name] == 4321


def test_the_run_after_an_undo_takes_no_row_for_written_by_a_stranger(changed: World) -> None:
    changed.run()
    changed.wait(minutes=20)
    undone(changed)
    changed.wait(minutes=20)

    report = changed.run()

    assert {finding.code for finding in report.findings}.isdisjoint({"memory_older", "cell_kept"})


def test_a_new_row_that_a_person_deleted_is_not_brought_back_by_the_next_run(
    changed: World,
) -> None:
    known = set(numbers_of(changed))
    changed.run()
    made = made_key(changed, known)
    changed.as_person("PATCH", f"pages/{changed.page_id(made)}", {"in_trash": True})

    undone(changed)
    changed.wait(minutes=15)
    changed.run()

    assert changed.bindings()[made].state == "tombstone"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_row_whose_create_was_cut_off_is_taken_back_too(changed: World, moment: Moment) -> None:
    before = numbers_of(changed)
    whole = changed.copy()
    requests = whole.requests_of(whole.run)
    is_new = next(
        n for n, r in enumerate(requests, 1) if (r.method, r.path[-6:]) == ("POST", "/pages")
    )
    changed.run_until(is_new, moment)
    changed.wait(minutes=1)
    assert changed.run().outcome == "done"

    undone(changed)

    assert numbers_of(changed) == before


def test_words_that_come_while_a_new_row_is_put_away_bring_it_back(changed: World) -> None:
    known = set(numbers_of(changed))
    changed.run()
    made = made_key(changed, known)
    page = changed.page_id(made)
    said = {"parent": {"page_id": page}, "rich_text": [{"text": {"content": "Wait."}}]}

    def speak(log: RequestLog) -> None:
        if (log.method, log.path[-36:]) == ("PATCH", page):
            changed.notion.hooks.remove(speak)
            changed.as_person("POST", "comments", said)

    # The comment comes right before the row goes, after it was looked at.
    changed.notion.hooks.append(speak)
    result = undone(changed)

    assert made in numbers_of(changed)
    assert [finding.key for finding in result.findings] == [made]


def test_a_write_that_notion_refuses_to_take_back_does_not_hold_up_the_others(
    changed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = numbers_of(changed)
    changed.run()
    after = numbers_of(changed)
    key = first_changed(changed)
    page = changed.page_id(key)
    update = NotionTarget.update_page

    def refuse(target: NotionTarget, wish: Any, fields: Any, remote_id: str, memory: Any) -> Any:
        if remote_id == page:
            raise RejectedError("no", status=400)
        return update(target, wish, fields, remote_id, memory)

    monkeypatch.setattr(NotionTarget, "update_page", refuse)
    result = undone(changed)

    assert [finding.key for finding in result.findings] == [key]
    assert numbers_of(changed) == {**before, key: after[key]}
    assert written_in(changed) == []


def test_a_database_in_the_trash_ends_the_undo_and_nothing_of_it_is_lost(changed: World) -> None:
    before = numbers_of(changed)
    changed.run()
    detail = changed.bindings()["_/database/stages"].detail
    source = changed.as_person("GET", f"data_sources/{detail['data_source_id']}")
    path = f"databases/{source['parent']['database_id']}"
    changed.as_person("PATCH", path, {"in_trash": True})

    with pytest.raises(GuardTripped, match="stages is no longer there"):
        undone(changed)
    changed.as_person("PATCH", path, {"in_trash": False})
    result = undone(changed)

    assert result.findings == []
    assert numbers_of(changed) == before


def test_nothing_is_taken_back_while_a_run_goes_on(changed: World) -> None:
    changed.run()
    before = numbers_of(changed)

    with changed.store() as other, other.lock(), pytest.raises(BusyError) as caught:
        undone(changed)

    assert caught.value.exit_code == 4
    assert numbers_of(changed) == before


def test_a_hub_that_another_store_took_over_since_is_left_alone(changed: World) -> None:
    changed.run()
    with changed.store() as store:
        store.set_facts({"epoch": "7"})

    with pytest.raises(GuardTripped, match="taken over by another store"):
        undone(changed)


def test_a_run_that_was_killed_is_taken_back_as_far_as_it_came(changed: World) -> None:
    before = numbers_of(changed)
    whole = changed.copy()
    requests = whole.requests_of(whole.run)
    updates = [n for n, r in enumerate(requests, 1) if r.method == "PATCH" and "/pages/" in r.path]
    changed.run_until(updates[len(updates) // 2], "after")

    result = undone(changed)

    assert result.findings == []
    assert numbers_of(changed) == before
    # What comes after begins a journal of its own.
    changed.wait(minutes=15)
    assert changed.run().outcome == "done"
    assert written_in(changed)[-1].act == "time"
    undone(changed)
    assert numbers_of(changed) == before


def renamed(world: World) -> World:
    world.journeys = (replace(journey(key="clients"), formerly=("customers",)),)
    world.wait(minutes=15)
    return world


def test_a_renamed_journey_goes_by_its_former_name_again(synced: World) -> None:
    before, bindings = numbers_of(synced), synced.bindings()
    synced.as_person(
        "PATCH", f"pages/{synced.page_id(FORMER)}", {"properties": {"Conversion": {"number": 0.99}}}
    )
    page = synced.page_id(FORMER)
    assert renamed(synced).run().outcome == "done"
    assert synced.page_id(TODAY) == page

    result = undone(synced)

    assert result.findings == []
    assert synced.page_id(FORMER) == page
    after = synced.bindings()
    rows = {k for k, b in bindings.items() if b.kind == "row"}
    assert {k: after[k].journey for k in rows} == {k: bindings[k].journey for k in rows}
    assert numbers_of(synced) == {**before, FORMER: {**before[FORMER], "Conversion": 0.99}}
    synced.journeys = (journey(),)
    synced.wait(minutes=15)
    report = synced.run()
    assert (report.outcome, report.created, report.archived) == ("done", 0, 0)
    assert synced.row(FORMER)["Conversion"] == 0.99


def test_nothing_of_a_row_of_a_single_unit_is_noted(
    empty: World, counted: Callable[[str], None]
) -> None:
    empty.journeys = (replace(journey(), detail="full"),)
    assert empty.run().outcome == "done"
    units = [key for key in empty.bindings() if "/unit/" in key]
    empty.wait(minutes=15)
    # Ids give way to pseudonyms, then everything is emptied.
    for detail in ("full", "pseudonymous", "aggregate"):
        empty.journeys = (replace(journey(), detail=detail),)
        assert empty.run().outcome == "done"
        noted = [entry for entry in written_in(empty) if "/unit/" in f"{entry}"]
        assert noted == [], detail
        empty.wait(minutes=15)

    undone(empty)

    emptied = [key for key in empty.bindings() if "/unit/" in key]
    assert len(emptied) == len(units) > 0
    assert {empty.row(key)["State"] for key in emptied[:3]} == {"retired"}
    counted(f"{len(units)} rows of units in no journal")
