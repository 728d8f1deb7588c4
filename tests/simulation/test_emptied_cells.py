"""Options and columns that people delete empty cells of ours; they are filled again, and only they."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cjm_sync.runs import Report
from support.world import MOMENTS, World, sampled, writes

ROW = "customers/stage/awareness/everyone"


def source_of(world: World, kind: str = "stages") -> str:
    return f"data_sources/{world.bindings()[f'_/database/{kind}'].detail['data_source_id']}"


def stage_rows(world: World) -> list[str]:
    return sorted(key for key in world.bindings() if key.startswith("customers/stage/"))


def delete_option(world: World, column: str, name: str) -> None:
    """Delete an option as a person does in Notion's interface: the cells that had it are empty."""
    source = source_of(world)
    held = world.as_person("GET", source)["properties"][column]["select"]["options"]
    kept = [option for option in held if option["name"] != name]
    assert len(kept) == len(held) - 1
    world.as_person("PATCH", source, {"properties": {column: {"select": {"options": kept}}}})


def cells(world: World, column: str) -> set[object]:
    return {world.row(key)[column] for key in stage_rows(world)}


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_cells_whose_option_a_person_deleted_are_filled_again(synced: World) -> None:
    states = {key: synced.row(key)["State"] for key in stage_rows(synced)}
    delete_option(synced, "State", "active")
    assert "active" not in cells(synced, "State")
    synced.wait(minutes=15)

    report = synced.run()

    assert (report.outcome, codes(report)) == ("done", set())
    assert {key: synced.row(key)["State"] for key in stage_rows(synced)} == states
    assert writes(synced.requests_of(synced.run)) == []


def test_cells_whose_option_a_person_made_anew_are_filled_with_it(synced: World) -> None:
    delete_option(synced, "State", "active")
    source = source_of(synced)
    held = synced.as_person("GET", source)["properties"]["State"]["select"]["options"]
    again = [*held, {"name": "active", "color": "green"}]
    synced.as_person("PATCH", source, {"properties": {"State": {"select": {"options": again}}}})
    synced.wait(minutes=15)

    synced.run()

    assert "active" in cells(synced, "State")
    assert None not in cells(synced, "State")
    now = synced.as_person("GET", source)["properties"]["State"]["select"]["options"]
    assert [option["name"] for option in now].count("active") == 1
    assert writes(synced.requests_of(synced.run)) == []


def test_a_run_that_fills_them_and_is_stopped_anywhere_goes_on(
    synced: World, counted: Callable[[str], None]
) -> None:
    states = {key: synced.row(key)["State"] for key in stage_rows(synced)}
    delete_option(synced, "State", "active")
    synced.wait(minutes=15)
    trial = synced.copy()
    requests = len(trial.requests_of(trial.run))
    stops = [(n, m) for n in sampled(range(1, requests + 1), 24) for m in MOMENTS]
    for number, moment in stops:
        world = synced.copy()
        world.run_until(number, moment)
        world.wait(minutes=15)

        assert world.run().outcome == "done", (number, moment)

        assert {key: world.row(key)["State"] for key in stage_rows(world)} == states, number
        assert writes(world.requests_of(world.run)) == [], number
        world.drop()
    counted(f"filling emptied cells stopped at {len(stops)} of {2 * requests} places")


def test_a_column_that_lost_its_values_while_it_was_another_type_is_filled_again(
    synced: World,
) -> None:
    before = {key: synced.row(key)["Completed"] for key in stage_rows(synced)}
    source = source_of(synced)
    synced.as_person("PATCH", source, {"properties": {"Completed": {"checkbox": {}}}})
    assert "column_missing" in codes(synced.run())
    synced.as_person("PATCH", source, {"properties": {"Completed": {"number": {}}}})
    for key in stage_rows(synced):
        path = f"pages/{synced.page_id(key)}"
        synced.as_person("PATCH", path, {"properties": {"Completed": {"number": None}}})
    synced.wait(minutes=15)

    report = synced.run()

    assert (report.outcome, codes(report)) == ("done", set())
    assert {key: synced.row(key)["Completed"] for key in stage_rows(synced)} == before
    assert writes(synced.requests_of(synced.run)) == []


def test_a_cell_that_was_asked_about_is_set_back_when_a_person_says_so(synced: World) -> None:
    synced.rules = replace(synced.rules, on_person_edit="ask")
    before = synced.row(ROW)["Entered"]
    cell = {"properties": {"Entered": {"number": 1234}}}
    synced.as_person("PATCH", f"pages/{synced.page_id(ROW)}", cell)
    binding = synced.bindings()[ROW]
    with synced.store() as store:  # the wish for the row has moved on
        store.bind(replace(binding, written={**(binding.written or {}), "completed": -1}))
    asked = synced.run()
    assert "cell_asked" in codes(asked)
    later = synced.run()
    assert later.asked == [{"key": ROW, "column": "entered"}]
    assert synced.row(ROW)["Entered"] == 1234

    report = synced.run(reset_cells=(f"{ROW}#entered",))

    assert (report.outcome, report.updated, report.asked) == ("done", 1, [])
    assert synced.row(ROW)["Entered"] == before
    assert synced.run().asked == []
    assert codes(synced.run(reset_cells=("all", "nobody"))) == {"nothing_to_reset"}
