"""Rows whose subject left the profile: archived, or retired where a person wrote; behind a guard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.report import plan_lines
from support.world import MOMENTS, Moment, World, journey, profile, without_loyalty, writes

LOYALTY = tuple(
    f"customers/stage/loyalty/{persona}" for persona in ("everyone", "persona_1", "persona_2")
)
EVERYONE = LOYALTY[0]


def leave(world: World) -> World:
    """Take the last stage out of the profile."""
    world.journeys = (journey(without_loyalty(profile())),)
    world.wait(minutes=15)
    return world


def come_back(world: World) -> World:
    world.journeys = (journey(),)
    world.wait(minutes=15)
    return world


def write_note(world: World, page: str) -> None:
    note = {"Notes": {"rich_text": [{"text": {"content": "Mine."}}]}}
    world.as_person("PATCH", f"pages/{page}", {"properties": note})


def write_zero(world: World, page: str) -> None:
    zero = {"Emotion override": {"number": 0}}
    world.as_person("PATCH", f"pages/{page}", {"properties": zero})


def write_body(world: World, page: str) -> None:
    block = {"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "Mine."}}]}}
    world.as_person("PATCH", f"blocks/{page}/children", {"children": [block]})


def comment(world: World, page: str) -> None:
    said = {
        "parent": {"type": "page_id", "page_id": page},
        "rich_text": [{"text": {"content": "?"}}],
    }
    world.as_person("POST", "comments", said)


def states(world: World) -> list[str]:
    bindings = world.bindings()
    return [bindings[key].state for key in LOYALTY]


def in_trash(world: World) -> list[bool]:
    bindings = world.bindings()
    return [world.tables("blocks")[bindings[key].remote_id]["in_trash"] for key in LOYALTY]


def test_rows_without_words_go_to_the_trash(synced: World) -> None:
    report = leave(synced).run()

    assert (report.outcome, report.archived) == ("done", 3)
    assert states(synced) == ["archived"] * 3
    assert in_trash(synced) == [True] * 3
    assert writes(synced.requests_of(synced.run)) == []


@pytest.mark.parametrize("write", [write_note, write_zero, write_body, comment])
def test_a_row_in_which_a_person_wrote_is_retired(synced: World, write: Any) -> None:
    write(synced, synced.page_id(EVERYONE))

    leave(synced).run()

    assert states(synced) == ["retired", "archived", "archived"]
    assert in_trash(synced) == [False, True, True]
    assert synced.row(EVERYONE)["State"] == "retired"
    assert writes(synced.requests_of(synced.run)) == []


def test_a_row_in_which_a_person_changed_a_number_is_retired(synced: World) -> None:
    cell = {"properties": {"Entered": {"number": 1234}}}
    synced.as_person("PATCH", f"pages/{synced.page_id(EVERYONE)}", cell)

    leave(synced).run()

    assert states(synced) == ["retired", "archived", "archived"]
    assert synced.row(EVERYONE)["Entered"] == 1234
    come_back(synced).run()
    assert synced.row(EVERYONE)["Entered"] == 1234


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_row_whose_subject_came_back_before_its_retiring_was_recorded_is_active(
    synced: World, moment: Moment
) -> None:
    write_note(synced, synced.page_id(EVERYONE))
    before = synced.row(EVERYONE)
    leave(synced)
    trial = synced.copy()
    path = f"/v1/pages/{trial.page_id(EVERYONE)}"
    sent = trial.requests_of(trial.run)
    (place,) = [n for n, log in enumerate(sent, 1) if (log.method, log.path) == ("PATCH", path)]

    synced.run_until(place, moment)
    report = come_back(synced).run()

    assert (report.outcome, report.kept) == ("done", 0)
    assert synced.row(EVERYONE) == before
    assert writes(synced.requests_of(synced.run)) == []


def test_an_option_that_a_person_deleted_is_made_again_by_the_row_that_needs_it(
    synced: World,
) -> None:
    detail = synced.bindings()["_/database/stages"].detail
    source = f"data_sources/{detail['data_source_id']}"
    options = synced.as_person("GET", source)["properties"]["State"]["select"]["options"]
    kept = [option for option in options if option["name"] != "retired"]
    assert len(kept) == len(options) - 1
    synced.as_person("PATCH", source, {"properties": {"State": {"select": {"options": kept}}}})
    for key in LOYALTY:
        write_note(synced, synced.page_id(key))

    report = leave(synced).run()

    assert (report.outcome, report.findings) == ("done", ())
    assert states(synced) == ["retired"] * 3
    assert [synced.row(key)["State"] for key in LOYALTY] == ["retired"] * 3
    assert writes(synced.requests_of(synced.run)) == []
    assert come_back(synced).run().outcome == "done"
    assert [synced.row(key)["State"] for key in LOYALTY] == ["active"] * 3


def test_the_id_of_an_option_that_was_made_again_takes_the_place_of_the_dead_one(
    changed: World,
) -> None:
    detail = changed.bindings()["_/database/touchpoints"].detail
    source = f"data_sources/{detail['data_source_id']}"
    options = changed.as_person("GET", source)["properties"]["State"]["select"]["options"]
    kept = [option for option in options if option["name"] != "active"]
    changed.as_person("PATCH", source, {"properties": {"State": {"select": {"options": kept}}}})

    report = changed.run()

    assert (report.outcome, report.created > 0) == ("done", True)
    made = changed.as_person("GET", source)["properties"]["State"]["select"]["options"]
    known = changed.bindings()["_/database/touchpoints"].detail["options"]["state"]
    assert known["active"] == next(o["id"] for o in made if o["name"] == "active")
    assert known["active"] != detail["options"]["state"]["active"]


def test_rows_that_are_wished_again_come_back_as_they_were(synced: World) -> None:
    pages = [synced.page_id(key) for key in LOYALTY]
    write_note(synced, pages[0])
    before = synced.snapshot()
    leave(synced).run()

    report = come_back(synced).run()

    assert report.outcome == "done"
    assert [synced.page_id(key) for key in LOYALTY] == pages
    assert synced.snapshot() == before
    assert synced.row(EVERYONE)["State"] == "active"
    assert writes(synced.requests_of(synced.run)) == []


def test_a_row_that_was_gone_for_good_is_made_anew_when_it_is_wished_again(synced: World) -> None:
    leave(synced).run()
    synced.notion.destroy(synced.page_id(EVERYONE))

    report = come_back(synced).run()

    assert (report.outcome, report.created) == ("done", 1)
    assert synced.row(EVERYONE)["Sync key"] == EVERYONE


def test_more_rows_than_the_limit_leave_only_when_told(synced: World) -> None:
    synced.rules = replace(synced.rules, max_removals="2")
    leave(synced)
    before = synced.snapshot()

    refused = synced.run()

    assert (refused.outcome, refused.exit_code) == ("refused", 3)
    assert "--allow-removals" in str(refused.error and refused.error.hint)
    assert synced.snapshot() == before
    assert sorted(refused.held) == sorted(LOYALTY)
    assert refused.plan is not None
    told = list(plan_lines(refused.plan, synced.bindings(), held=refused.held))
    assert not [line for line in told if line.startswith("- row")]
    assert len([line for line in told if "is held" in line]) == len(LOYALTY)
    assert told[-1].endswith(f" {len(LOYALTY)} removals held")
    with synced.store() as store:
        assert store.runs(1)[0].report["held"] == refused.held
    assert synced.run(allow_removals=True).archived == 3


def test_the_rows_of_a_journey_that_left_the_configuration_are_held(synced: World) -> None:
    synced.journeys = (journey(key="other"),)
    synced.wait(minutes=15)

    report = synced.run()

    assert report.outcome == "done"
    assert report.plan is not None
    assert len(report.plan.held) == 47
    assert synced.row(EVERYONE)["State"] == "active"


def test_a_deleted_row_whose_subject_left_is_forgotten(synced: World) -> None:
    synced.as_person("PATCH", f"pages/{synced.page_id(EVERYONE)}", {"in_trash": True})

    leave(synced).run()

    assert EVERYONE not in synced.bindings()
