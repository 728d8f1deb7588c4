"""Two authors in one workspace: whatever people do, no word of theirs is lost and nothing doubles.

Each test says what a person did between two runs, and what the sync makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.model import Intent
from cjm_sync.runs import Report
from cjm_sync_sandbox.portal import Portal
from support.world import MOMENTS, Moment, World, journey, sampled, writes

ROW = "customers/stage/awareness/everyone"
"""Changes in the changed world: Conversion and others, but not Entered."""
STILL = "customers/stage/purchase/everyone"
"""Does not change in the changed world."""


def number(value: float | None) -> dict[str, Any]:
    return {"number": value}


def text(value: str) -> dict[str, Any]:
    return {"rich_text": [{"type": "text", "text": {"content": value}}] if value else []}


def fill(world: World, key: str, **cells: dict[str, Any]) -> None:
    named = {name.replace("_", " "): cell for name, cell in cells.items()}
    world.as_person("PATCH", f"pages/{world.page_id(key)}", {"properties": named})


def trash(world: World, page_id: str, *, back: bool = False) -> None:
    world.as_person("PATCH", f"pages/{page_id}", {"in_trash": not back})


def codes(report: Report) -> list[str]:
    return sorted(finding.code for finding in report.findings)


def source_id(world: World, kind: str) -> str:
    return str(world.bindings()[f"_/database/{kind}"].detail["data_source_id"])


def settled(world: World) -> Report:
    """Run until nothing is left to do; the last report, which wrote nothing."""
    reports: list[Report] = []
    for _ in range(4):
        world.wait(minutes=15)
        sent = world.requests_of(lambda: reports.append(world.run()))
        if not writes(sent):
            assert world.twins() == []
            return reports[-1]
    raise AssertionError("every run writes something")


# synced cells


def test_a_synced_cell_that_a_person_changed_is_kept(changed: World) -> None:
    fill(changed, ROW, Conversion=number(0.99))

    report = changed.run()

    assert changed.row(ROW)["Conversion"] == 0.99
    assert changed.row(ROW)["Completed"] == 8
    assert (codes(report), report.kept) == (["cell_kept"], 1)
    assert codes(settled(changed)) == []
    assert changed.row(ROW)["Conversion"] == 0.99


def test_a_kept_cell_is_filled_again_once_a_person_empties_it(changed: World) -> None:
    fill(changed, ROW, Conversion=number(0.99))
    changed.run()
    changed.wait(minutes=15)

    fill(changed, ROW, Conversion=number(None))
    changed.run()

    assert changed.row(ROW)["Conversion"] == 0.667
    assert settled(changed).kept == 0


def test_a_changed_cell_is_set_back_when_the_policy_says_so(synced: World) -> None:
    synced.rules = replace(synced.rules, on_person_edit="reset")
    fill(synced, ROW, Conversion=number(0.99))

    report = synced.run()

    assert synced.row(ROW)["Conversion"] == 0.5
    assert (report.outcome, report.kept) == ("done", 0)
    settled(synced)


def test_a_changed_cell_is_asked_about_when_the_policy_says_so(changed: World) -> None:
    changed.rules = replace(changed.rules, on_person_edit="ask")
    fill(changed, ROW, Conversion=number(0.99))

    report = changed.run()

    assert changed.row(ROW)["Conversion"] == 0.99
    assert codes(report) == ["cell_asked"]


# people's own cells, bodies, comments, columns


def test_what_people_add_outlives_every_run(changed: World) -> None:
    fill(changed, ROW, Notes=text("Call the bank."), Target_days=number(9))
    page = changed.page_id(ROW)
    changed.as_person("PATCH", f"blocks/{page}/children", {"children": [
        {"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "A body."}}]}}
    ]})  # fmt: skip
    changed.as_person("POST", "comments", {
        "parent": {"type": "page_id", "page_id": page},
        "rich_text": [{"text": {"content": "Why?"}}],
    })  # fmt: skip
    changed.as_person("PATCH", f"data_sources/{source_id(changed, 'stages')}", {
        "properties": {"Completed": {"name": "Fertig"}, "Our own": {"type": "checkbox", "checkbox": {}}}
    })  # fmt: skip

    changed.run()

    row = changed.row(ROW)
    assert (row["Notes"], row["Target days"], row["Our own"]) == ("Call the bank.", 9, False)
    assert row["Fertig"] == 8
    assert len(changed.as_person("GET", f"blocks/{page}/children")["results"]) == 1
    assert len(changed.tables("comments")) == 1
    assert codes(settled(changed)) == []


def test_a_deleted_synced_column_is_left_out_and_named(changed: World) -> None:
    changed.as_person("PATCH", f"data_sources/{source_id(changed, 'stages')}", {
        "properties": {"Completed": None}
    })  # fmt: skip

    report = changed.run()

    assert "Completed" not in changed.row(ROW)
    assert changed.row(ROW)["Conversion"] == 0.667
    assert (report.outcome, codes(report)) == ("done", ["column_missing"])
    assert codes(settled(changed)) == ["column_missing"]


# rows


def test_a_row_that_a_person_deleted_stays_deleted(changed: World) -> None:
    trash(changed, changed.page_id(ROW))

    report = changed.run()

    assert (report.outcome, codes(report)) == ("done", ["deleted_by_person"])
    assert changed.bindings()[ROW].state == "tombstone"
    settled(changed)
    assert ROW not in str(changed.snapshot())


def test_a_row_that_a_person_restored_is_kept_up_to_date_again(changed: World) -> None:
    page = changed.page_id(ROW)
    trash(changed, page)
    changed.run()
    changed.wait(minutes=15)

    trash(changed, page, back=True)
    changed.run()

    assert changed.row(ROW)["Completed"] == 8
    assert changed.bindings()[ROW].state == "live"
    assert codes(settled(changed)) == []


def test_a_row_that_a_person_archived_stays_archived(changed: World) -> None:
    changed.as_person("PATCH", f"pages/{changed.page_id(ROW)}", {"is_archived": True})

    report = changed.run()

    assert (report.outcome, codes(report)) == ("done", ["deleted_by_person"])
    settled(changed)
    assert changed.tables("pages")[changed.page_id(ROW)]["is_archived"]


def test_a_deleted_row_comes_back_when_the_policy_says_so(changed: World) -> None:
    changed.rules = replace(changed.rules, on_person_delete="restore")
    fill(changed, ROW, Notes=text("Call the bank."))
    trash(changed, changed.page_id(ROW))

    report = changed.run()

    assert report.outcome == "done"
    assert (changed.row(ROW)["Completed"], changed.row(ROW)["Notes"]) == (8, "Call the bank.")
    settled(changed)


def test_a_row_that_is_gone_for_good_is_made_anew_when_the_policy_says_so(changed: World) -> None:
    changed.rules = replace(changed.rules, on_person_delete="restore")
    changed.notion.destroy(changed.page_id(ROW))

    changed.run()

    assert changed.row(ROW)["Completed"] == 8
    settled(changed)


def copy_of(world: World, key: str) -> str:
    """Return the id of the duplicate that a person makes of the row *key*."""
    original = world.row(key)
    made = world.as_person("POST", "pages", {
        "parent": {"type": "data_source_id", "data_source_id": source_id(world, "stages")},
        "properties": {
            "Sync key": text(original["Sync key"]),
            "Notes": text("My copy."),
            "Completed": number(77),
        },
    })  # fmt: skip
    return str(made["id"])


def test_a_duplicate_of_a_row_is_named_and_never_touched(changed: World) -> None:
    twin = copy_of(changed, ROW)
    changed.wait(minutes=1)

    report = changed.run()

    cells = changed.as_person("GET", f"pages/{twin}")["properties"]
    assert (cells["Completed"]["number"], codes(report)) == (77, ["duplicate_key"])
    assert changed.row(ROW)["Completed"] == 8
    assert len(changed.twins()) == 1


def test_a_key_that_differs_only_by_case_is_another_row(changed: World) -> None:
    twin = copy_of(changed, ROW)
    changed.as_person("PATCH", f"pages/{twin}", {"properties": {"Sync key": text(ROW.upper())}})
    changed.notion.destroy(changed.page_id(ROW))
    with changed.store() as store:
        store.unbind(ROW)
        store.begin(Intent(ROW, "row", changed.clock.now(), "stages"))

    changed.run()

    assert changed.page_id(ROW) != twin
    cells = changed.as_person("GET", f"pages/{twin}")["properties"]
    assert cells["Completed"]["number"] == 77


@pytest.mark.parametrize("typed", ["", "something else", "customers/stage/awareness/persona_1"])
def test_an_altered_key_is_put_back(synced: World, typed: str) -> None:
    fill(synced, ROW, Sync_key=text(typed))

    report = synced.run()

    assert synced.row(ROW)["Sync key"] == ROW
    assert (report.outcome, report.created) == ("done", 0)
    assert "key_repaired" in codes(report)
    assert codes(settled(synced)) == []


def test_a_row_of_the_ring_that_a_person_deleted_is_made_anew(synced: World) -> None:
    trash(synced, synced.page_id("_/run/00"))
    with synced.store() as store:
        store.set_facts({"run_number": "49"})
    synced.wait(hours=25)

    report = synced.run()

    assert (report.outcome, codes(report)) == ("done", [])
    assert synced.row("_/run/00")["Run"] == "2026-11-16 09:00 UTC"


# the frame


def test_a_deleted_status_line_is_reported_and_not_made_again(changed: World) -> None:
    status = changed.bindings()["_/block/status"].remote_id
    changed.as_person("DELETE", f"blocks/{status}")

    report = changed.run(as_of=None)

    assert report.outcome == "done"
    assert "block_deleted" in codes(report)
    assert "Last refreshed" not in str(changed.snapshot())
    settled(changed)


def test_a_deleted_view_stays_deleted(changed: World) -> None:
    view = changed.tables("views")[changed.bindings()["_/view/customers/funnel"].remote_id]
    changed.as_person("DELETE", f"blocks/{view['database_id']}")

    report = changed.run()

    assert (report.outcome, codes(report)) == ("done", [])
    assert "Funnel" not in str(changed.snapshot())
    settled(changed)


def test_a_renamed_and_rearranged_hub_is_still_ours(changed: World) -> None:
    hub = changed.bindings()["_/hub"].remote_id
    changed.as_person("PATCH", f"pages/{hub}", {"properties": {"title": {"title": [
        {"text": {"content": "Our map"}}]}}})  # fmt: skip
    blocks = changed.as_person("GET", f"blocks/{hub}/children")["results"]
    changed.as_person("DELETE", f"blocks/{blocks[0]['id']}")

    report = changed.run()

    assert (report.outcome, report.created) == ("done", 1)
    settled(changed)


@pytest.mark.parametrize("part", ["_/hub", "_/database/stages", "_/database/runs"])
def test_a_trashed_part_stops_every_run_before_it_writes(changed: World, part: str) -> None:
    remote_id = changed.bindings()[part].remote_id
    kind = "pages" if part == "_/hub" else "databases"
    changed.as_person("PATCH", f"{kind}/{remote_id}", {"in_trash": True})
    reports: list[Report] = []

    sent = changed.requests_of(lambda: reports.append(changed.run()))

    assert (reports[0].outcome, reports[0].exit_code) == ("refused", 3)
    assert "Restore it" in str(reports[0].findings[-1].hint)
    assert writes(sent) == []

    changed.as_person("PATCH", f"{kind}/{remote_id}", {"in_trash": False})
    assert changed.run().outcome == "done"
    settled(changed)


# during a run


def delete_row(world: World) -> None:
    trash(world, world.page_id(ROW))


def edit_still_row(world: World) -> None:
    fill(world, STILL, Notes=text("Mine."), Entered=number(1234))


def edit_changing_row(world: World) -> None:
    fill(world, ROW, Notes=text("Mine."), Entered=number(1234))


def kept_entered(world: World, key: str) -> None:
    """Their words stand; later wishes for the cell do not overwrite it."""
    assert world.row(key)["Notes"] == "Mine."
    assert world.row(key)["Entered"] == 1234
    binding = world.bindings()[key]
    written = {**(binding.written or {}), "entered": -1}
    with world.store() as store:
        store.bind(replace(binding, written=written))
    world.run()
    assert world.row(key)["Entered"] == 1234


def is_gone(world: World) -> None:
    assert world.bindings()[ROW].state == "tombstone"


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("act", "then"),
    [
        (delete_row, is_gone),
        (edit_still_row, lambda world: kept_entered(world, STILL)),
        (edit_changing_row, lambda world: kept_entered(world, ROW)),
    ],
)
def test_what_a_person_does_before_any_request_of_a_run_is_heeded(
    changed: World, act: Callable[[World], None], then: Callable[[World], None]
) -> None:
    trial = changed.copy()
    requests = len(trial.requests_of(trial.run))
    for place in sampled(range(1, requests + 1), 5):
        world = changed.copy()

        def meddle(log: Any, world: World = world, place: int = place) -> None:
            if log.number == place:
                act(world)

        report = world.run(hook=meddle)

        assert report.outcome in {"done", "partial"}, (place, report.error, report.findings)
        assert settled(world).outcome == "done", place
        then(world)
        world.drop()


# a run that ended, and a person at the same row


def patches_of(world: World, key: str) -> list[int]:
    """Return which requests of a run write to the row of *key*."""
    trial, path = world.copy(), f"/v1/pages/{world.page_id(key)}"
    sent = trial.requests_of(trial.run)
    trial.drop()
    return [n for n, log in enumerate(sent, 1) if (log.method, log.path) == ("PATCH", path)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_person_typed_outlives_a_run_that_ended_at_the_write_to_its_row(
    changed: World, moment: Moment
) -> None:
    edit_changing_row(changed)
    binding = changed.bindings()[ROW]
    with changed.store() as store:  # the wish for the cell has moved on, too
        store.bind(replace(binding, written={**(binding.written or {}), "entered": -1}))
    (place,) = patches_of(changed, ROW)

    changed.run_until(place, moment)
    changed.wait(minutes=15)
    changed.run()

    assert changed.row(ROW)["Conversion"] == 0.667
    kept_entered(changed, ROW)


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_person_typed_during_a_run_outlives_its_end_at_any_request(
    changed: World, moment: Moment
) -> None:
    (place,) = patches_of(changed, ROW)
    trial = changed.copy()
    requests = len(trial.requests_of(lambda: trial.run(hook=meddling(trial, place))))
    for stop in range(place, min(place + 3, requests) + 1):
        world = changed.copy()
        world.notion.hooks.append(meddling(world, place))

        world.run_until(stop, moment)
        world.notion.hooks.clear()
        world.wait(minutes=15)
        world.run()

        kept_entered(world, ROW)
        world.drop()


def meddling(world: World, place: int) -> Callable[[Any], None]:
    """Return a person who edits the changing row just before the *place*-th request of a run."""

    def meddle(log: Any, first: int = len(world.notion.requests)) -> None:
        if log.number == first + place:
            edit_changing_row(world)

    return meddle


def test_what_a_run_wrote_before_it_ended_is_not_taken_for_a_persons_words(
    changed: World, portal: Portal
) -> None:
    (place,) = patches_of(changed, ROW)
    changed.run_until(place, "after")
    assert changed.row(ROW)["Conversion"] == 0.667
    changed.wait(minutes=15)
    fill(changed, ROW, Notes=text("Mine."))
    changed.read(portal)
    changed.wait(minutes=15)

    report = changed.run()

    assert (report.kept, codes(report)) == (0, [])
    assert changed.row(ROW)["Conversion"] == 0.583
    assert settled(changed).kept == 0


LEAVING = "customers/stage/loyalty/everyone"
"""Leaves in the changed world; nobody wrote in it."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_row_that_a_run_was_moving_when_it_ended_comes_back_when_it_is_wished(
    changed: World, moment: Moment
) -> None:
    page = changed.page_id(LEAVING)
    (place,) = patches_of(changed, LEAVING)
    changed.run_until(place, moment)
    changed.journeys = (journey(),)
    changed.wait(minutes=15)

    report = changed.run()

    assert (report.outcome, codes(report)) == ("done", [])
    assert (changed.page_id(LEAVING), changed.row(LEAVING)["State"]) == (page, "active")
    settled(changed)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_row_that_a_run_was_bringing_back_when_it_ended_is_looked_at_again(
    changed: World, moment: Moment
) -> None:
    changed.run()
    changed.journeys = (journey(),)
    changed.wait(minutes=15)
    for place in patches_of(changed, LEAVING):
        world = changed.copy()

        world.run_until(place, moment)
        report = world.run()

        assert (report.outcome, codes(report)) == ("done", []), place
        assert world.row(LEAVING)["State"] == "active", place
        settled(world)
        world.drop()


def test_a_row_whose_synced_cell_a_person_changed_is_retired(changed: World) -> None:
    binding = changed.bindings()[LEAVING]
    with changed.store() as store:
        store.bind(replace(binding, kept={"entered": 1234}))
    changed.as_person(
        "PATCH", f"pages/{binding.remote_id}", {"properties": {"Entered": number(1234)}}
    )

    changed.run()

    assert changed.bindings()[LEAVING].state == "retired"
    assert changed.row(LEAVING)["Entered"] == 1234


@pytest.mark.sweep
def test_words_written_while_a_row_leaves_keep_it_out_of_the_trash(changed: World) -> None:
    leaving = "customers/stage/loyalty/everyone"
    page = changed.page_id(leaving)
    trial = changed.copy()
    requests = len(trial.requests_of(trial.run))
    for place in sampled(range(1, requests + 1), 5):
        world = changed.copy()
        accepted: list[int] = []

        def write(log: Any, world: World = world, place: int = place) -> None:
            if log.number == place:
                body = {"properties": {"Notes": text("Mine.")}}
                status, _ = world.notion.call(
                    "PATCH", f"pages/{page}", body, as_user=world.notion.person
                )
                accepted.append(status)  # noqa: B023 - used within the iteration

        world.run(hook=write)

        lost = world.tables("blocks")[page]["in_trash"]
        assert lost == (accepted != [200]), place
        world.drop()


@pytest.mark.sweep
@pytest.mark.parametrize("part", ["_/hub", "_/database/stages", "_/database/touchpoints"])
def test_a_part_trashed_before_any_request_of_a_run_ends_with_a_remedy(
    changed: World, part: str
) -> None:
    remote_id = changed.bindings()[part].remote_id
    body = {"in_trash": True}
    kind = "pages" if part == "_/hub" else "databases"
    trial = changed.copy()
    requests = len(trial.requests_of(trial.run))
    wished = trial.snapshot()
    for place in sampled(range(1, requests + 1), 5):
        world = changed.copy()

        def meddle(log: Any, world: World = world, place: int = place) -> None:
            if log.number == place:
                world.as_person("PATCH", f"{kind}/{remote_id}", body)

        world.run(hook=meddle)
        refused = world.run()
        world.as_person("PATCH", f"{kind}/{remote_id}", {"in_trash": False})

        assert (refused.outcome, refused.exit_code) == ("refused", 3), place
        assert settled(world).outcome == "done", place
        assert world.snapshot() == wished, place
        world.drop()
