"""A newer version of this program brings columns; a team's template lays out rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.model import Wished
from cjm_sync.runs import Report
from cjm_sync_notion.workspace import Database
from cjm_sync_sandbox.notion.hand import Person
from support.losing import lose_store
from support.world import MOMENTS, Moment, World, writes

ROW = "customers/touchpoint"
NEW = "reach"


def older(wished: Wished) -> Wished:
    """Return what a version wished that did not know the column."""

    def cut(item: Any) -> Any:
        if not (isinstance(item.body, Database) and item.body.kind == "touchpoints"):
            return item if item.kind != "view" else None
        columns = tuple(column for column in item.body.columns if column.key != NEW)
        return replace(item, body=replace(item.body, columns=columns), digest="older")

    items = tuple(made for made in map(cut, wished.items) if made is not None)
    pages = tuple(
        replace(page, cells={k: c for k, c in page.cells.items() if k != NEW})
        if page.collection == "touchpoints"
        else page
        for page in wished.pages
    )
    return replace(wished, items=items, pages=pages)


@pytest.fixture
def old(empty: World) -> World:
    """A world that an older version filled."""
    empty.wrap = older
    empty.run()
    empty.wait(minutes=15)
    empty.wrap = lambda wished: replace(
        wished, items=tuple(item for item in wished.items if item.kind != "view")
    )
    return empty


def properties(world: World) -> dict[str, Any]:
    source = world.bindings()["_/database/touchpoints"].detail["data_source_id"]
    found: dict[str, Any] = world.as_person("GET", f"data_sources/{source}")["properties"]
    return found


def reached(world: World) -> list[Any]:
    keys = [key for key in world.bindings() if key.startswith(ROW)]
    return [world.row(key)["Reach"] for key in sorted(keys)]


def test_a_new_column_is_shown_by_the_plan_before_it_is_added(old: World) -> None:
    reports: list[Report] = []

    sent = old.requests_of(lambda: reports.append(old.run(dry_run=True)))

    assert writes(sent) == []
    assert reports[0].plan is not None
    named = [getattr(getattr(step, "item", None), "key", "") for step in reports[0].plan.steps]
    assert "_/database/touchpoints" in named
    assert "Reach" not in properties(old)


def test_a_new_column_is_added_and_filled_in_one_run(old: World) -> None:
    sent = old.requests_of(old.run)

    assert [path for method, path in writes(sent) if "data_sources" in path] != []
    assert any(value is not None for value in reached(old))
    old.wait(minutes=15)
    assert writes(old.requests_of(old.run)) == []


def test_a_column_of_theirs_with_the_new_name_stays_theirs(old: World) -> None:
    source = old.bindings()["_/database/touchpoints"].detail["data_source_id"]
    Person(old.notion).add_column(source, "Reach", "rich_text")

    old.run()

    assert properties(old)["Reach"]["type"] == "rich_text"
    assert properties(old)["Reach (cjm-sync)"]["type"] == "number"


def test_a_column_that_a_person_deleted_is_no_new_one(old: World) -> None:
    old.run()
    old.wait(minutes=15)
    source = old.bindings()["_/database/touchpoints"].detail["data_source_id"]
    Person(old.notion).delete_column(source, "Reach")

    report = old.run()

    assert [f.key for f in report.findings if f.code == "column_missing"] == ["touchpoints/reach"]
    assert "Reach" not in properties(old)


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_upgrade_stopped_at_any_write_ends_as_an_undisturbed_one(
    old: World, moment: Moment
) -> None:
    whole = old.copy()
    sent = whole.requests_of(whole.run)
    places = [n for n, log in enumerate(sent, 1) if log.method == "PATCH"][:2]
    for place in places:
        struck = old.copy()
        struck.run_until(place, moment)
        struck.wait(minutes=15)
        struck.run()
        assert sum("Reach" in name for name in properties(struck)) == 1
        assert reached(struck) == reached(whole)
        struck.drop()


def renamed(person: Person, source: str) -> None:
    person.rename_column(source, "Reach", "Räckvidd")


def swapped(person: Person, source: str) -> None:
    """They took our names for columns of their own."""
    person.rename_column(source, "Reach", "Räckvidd")
    person.add_column(source, "Reach", "number")


@pytest.mark.parametrize("act", [renamed, swapped])
def test_a_lost_store_knows_renamed_columns_by_what_they_say_of_themselves(
    synced: World, act: Callable[[Person, str], None]
) -> None:
    was = synced.bindings()["_/database/touchpoints"].detail
    act(Person(synced.notion), was["data_source_id"])
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    assert synced.bindings()["_/database/touchpoints"].detail["columns"] == was["columns"]


def test_a_column_deleted_before_the_store_was_lost_is_named_and_not_made_again(
    synced: World,
) -> None:
    source = synced.bindings()["_/database/touchpoints"].detail["data_source_id"]
    person = Person(synced.notion)
    person.delete_column(source, "Reach")
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert "touchpoints/reach" in [f.key for f in report.findings if f.code == "column_missing"]
    assert "Reach" not in properties(synced)


def test_a_column_put_back_after_the_store_was_lost_is_filled_again(synced: World) -> None:
    source = synced.bindings()["_/database/touchpoints"].detail["data_source_id"]
    person = Person(synced.notion)
    person.delete_column(source, "Reach")
    lose_store(synced)
    synced.wait(minutes=15)
    synced.run(take_over=True, accept=True)
    synced.wait(minutes=15)

    person.add_column(source, "Reach", "number")
    synced.run()

    assert any(value is not None for value in reached(synced))


def test_a_database_whose_mark_was_removed_is_taken_over_by_its_columns(synced: World) -> None:
    was = synced.bindings()["_/database/stages"].remote_id
    person = Person(synced.notion)
    person.describe_database(was, "Ours.")
    person.rename_database(was, "Etapper")
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    assert synced.bindings()["_/database/stages"].remote_id == was


def test_a_database_that_was_moved_off_the_hub_is_taken_over_where_it_is(synced: World) -> None:
    was = synced.bindings()["_/database/stages"].remote_id
    person = Person(synced.notion)
    person.move(was, person.add_page(synced.notion.parent_page, "Tables"))
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    assert synced.bindings()["_/database/stages"].remote_id == was


def test_a_view_that_was_renamed_and_moved_is_taken_over_where_it_is(synced: World) -> None:
    key = "_/view/customers/funnel"
    was = synced.bindings()[key].remote_id
    person = Person(synced.notion)
    person.rename_view(was, "Tratten")
    page = person.add_page(synced.notion.parent_page, "Charts")
    person.move(synced.tables("views")[was]["database_id"], page)
    lose_store(synced)
    synced.wait(minutes=15)
    views = len(synced.tables("views"))

    report = synced.run(take_over=True, accept=True)

    assert report.outcome == "done"
    assert synced.bindings()[key].remote_id == was
    assert len(synced.tables("views")) == views


# templates


def with_template(world: World, *, named: str = "Persona sheet", wanted: str = "") -> str:
    """Make a template of the personas' database and let new rows be laid out by it; its id."""
    source = world.bindings()["_/database/personas"].detail["data_source_id"]
    person = Person(world.notion)
    made = person.make_template(source, named)
    person.write(made, "Goals, motives, fears.")
    world.table = {"templates": {"personas": wanted or named}}
    return made


@pytest.fixture
def bare(empty: World) -> World:
    """A world with databases and no persona."""
    empty.wrap = lambda wished: replace(
        wished,
        items=tuple(item for item in wished.items if item.kind != "view"),
        pages=tuple(page for page in wished.pages if page.collection != "personas"),
    )
    empty.run()
    empty.wait(minutes=15)
    empty.wrap = lambda wished: replace(
        wished, items=tuple(item for item in wished.items if item.kind != "view")
    )
    return empty


def body(world: World, key: str) -> list[str]:
    blocks = world.as_person("GET", f"blocks/{world.page_id(key)}/children")["results"]
    return [
        "".join(item["plain_text"] for item in block[block["type"]].get("rich_text", ()))
        for block in blocks
    ]


@pytest.mark.parametrize("by", ["name", "id"])
def test_rows_are_laid_out_by_the_template_that_a_team_names(bare: World, by: str) -> None:
    made = with_template(bare)
    if by == "id":
        bare.table = {"templates": {"personas": made}}

    sent = bare.requests_of(bare.run)

    rows = [log for log in sent if log.method == "POST" and log.path == "/v1/pages"]
    assert rows
    assert all(b'"children"' not in log.body for log in rows if b'"template"' in log.body)
    bare.wait(minutes=15)
    assert body(bare, "customers/persona/everyone") == ["Goals, motives, fears."]
    assert writes(bare.requests_of(bare.run)) == []


def test_a_template_that_nobody_knows_is_named_and_rows_are_made_without(bare: World) -> None:
    with_template(bare, wanted="Sheet")

    report = bare.run()

    assert report.outcome == "done"
    assert [f.key for f in report.findings if f.code == "template_unknown"] == ["personas"]
