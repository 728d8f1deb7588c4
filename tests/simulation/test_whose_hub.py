"""A hub belongs to one store: a lost store takes over, a foreign one is refused before any write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cjm_sync.model import Binding
from cjm_sync.runs import Report
from cjm_sync.steps import Adopt
from cjm_sync_sandbox.notion.hand import Person
from support.losing import lose_store
from support.world import MOMENTS, World, cut_to, is_write, sampled, value_of, writes

ROW = "customers/stage/awareness/everyone"


def plain_of(items: list[dict[str, Any]]) -> str:
    return "".join(item["plain_text"] for item in items)


def map_rows(bindings: Mapping[str, Binding]) -> list[str]:
    """Return the rows of the map, without those of the log of runs."""
    return [k for k, b in bindings.items() if b.kind == "row" and not k.startswith("_/")]


def refused(world: World) -> Report:
    """Do a run that must refuse, and send nothing but questions."""
    reports: list[Report] = []
    sent = world.requests_of(lambda: reports.append(world.run()))
    assert writes(sent) == []
    assert (reports[0].outcome, reports[0].exit_code) == ("refused", 3)
    assert reports[0].error is not None
    return reports[0]


def test_a_lost_store_refuses_to_write_and_names_the_way_back(synced: World) -> None:
    lose_store(synced)

    report = refused(synced)

    assert "--take-over" in str(report.error and report.error.hint)


def test_a_lost_store_takes_over_everything_and_makes_nothing(synced: World) -> None:
    page, pages = synced.page_id(ROW), len(synced.tables("pages"))
    synced.as_person("PATCH", f"pages/{page}", {"properties": {
        "Notes": {"rich_text": [{"text": {"content": "Mine."}}]}, "Conversion": {"number": 0.99},
    }})  # fmt: skip
    before, bindings = synced.snapshot(), synced.bindings()
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)
    sent = synced.requests_of(synced.run)

    assert (report.outcome, report.created, len(synced.tables("pages"))) == ("done", 0, pages)
    assert {key: b.remote_id for key, b in synced.bindings().items()} == {
        key: b.remote_id for key, b in bindings.items()
    }
    assert synced.snapshot() == before
    row = synced.as_person("GET", f"pages/{page}")["properties"]
    assert (value_of(row["Notes"]), value_of(row["Conversion"])) == ("Mine.", 0.99)
    assert report.kept == 1
    assert (report.updated, report.unchanged) == (0, len(map_rows(bindings)))
    assert writes(sent) == []
    assert synced.twins() == []


def test_an_adopted_row_that_is_out_of_date_counts_as_updated(synced: World) -> None:
    page = synced.page_id(ROW)
    # Our own hand wrote it, so it is no person's word.
    cells = {"properties": {"Conversion": {"number": 0.99}}}
    status, answer = synced.notion.call("PATCH", f"pages/{page}", cells)
    assert status == 200, answer
    bindings = synced.bindings()
    lose_store(synced)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert (report.created, report.updated) == (0, 1)
    assert report.unchanged == len(map_rows(bindings)) - 1


def test_a_lost_store_only_plans_until_a_person_accepted_it(synced: World) -> None:
    before, bindings = synced.snapshot(), synced.bindings()
    lose_store(synced)
    synced.wait(minutes=15)
    reports: list[Report] = []

    for flags in ({"take_over": True}, {}, {"take_over": True}):
        sent = synced.requests_of(lambda f=flags: reports.append(synced.run(**f)))  # type: ignore[misc]
        assert writes(sent) == []

    for report in reports:
        assert (report.outcome, report.exit_code) == ("refused", 3)
        assert "--accept" in str(report.error and report.error.hint)
        assert report.plan is not None
        adopted = {step.page.key for step in report.plan.steps if isinstance(step, Adopt)}
        assert adopted == {k for k in bindings if not k.startswith("_/")}
    assert synced.snapshot() == before
    assert epoch_of(synced) == 1
    assert synced.run(accept=True).outcome == "done"
    assert epoch_of(synced) == 2
    assert synced.snapshot() == before
    assert "stray" not in {finding.code for finding in synced.run().findings}


def test_the_plan_of_a_lost_store_can_be_looked_at(synced: World) -> None:
    lose_store(synced)
    synced.run(take_over=True)

    report = synced.run(dry_run=True)

    assert (report.outcome, report.exit_code) == ("done", 0)
    assert report.plan is not None
    assert any(isinstance(step, Adopt) for step in report.plan.steps)


def test_rows_that_people_deleted_are_made_again_by_a_lost_store(synced: World) -> None:
    synced.as_person("PATCH", f"pages/{synced.page_id(ROW)}", {"in_trash": True})
    synced.run()

    report = take_over(synced)

    assert (report.outcome, report.created) == ("done", 1)


def rival_of(world: World, empty: World) -> World:
    """Return another store on the same hub."""
    empty.notion, empty.clock = world.notion, world.clock
    return empty


def test_a_store_from_which_the_hub_was_taken_writes_nothing_more(
    synced: World, empty: World
) -> None:
    rival = rival_of(synced, empty)
    assert rival.run(take_over=True).exit_code == 3
    assert synced.run().outcome == "done"
    assert rival.run(accept=True).outcome == "done"

    report = refused(synced)

    assert "taken over by another store" in str(report.error)
    assert "--take-over" in str(report.error and report.error.hint)
    assert rival.run().outcome == "done"


def test_a_hub_that_is_taken_back_refuses_the_one_that_had_taken_it(
    synced: World, empty: World
) -> None:
    rival = rival_of(synced, empty)
    rival.run(take_over=True, accept=True)

    assert synced.run(take_over=True).outcome == "done"

    assert epoch_of(synced) == 3
    refused(rival)
    assert synced.run().outcome == "done"
    assert synced.twins() == []


def test_a_take_over_leaves_the_words_that_people_put_around_the_marker(synced: World) -> None:
    hub = synced.bindings()["_/hub"].remote_id
    block = synced.as_person("GET", f"blocks/{hub}/children")["results"][0]
    mark = next(w for w in marker_of(synced).split() if w.startswith("cjm-sync:"))
    said = [
        {"text": {"content": "Ours, "}, "annotations": {"bold": True}},
        {"text": {"content": f"see {mark} for why"}},
    ]
    synced.as_person("PATCH", f"blocks/{block['id']}", {"paragraph": {"rich_text": said}})

    take_over(synced)

    now = synced.as_person("GET", f"blocks/{block['id']}")["paragraph"]["rich_text"]
    assert plain_of(now) == f"Ours, see {mark}#2 for why"
    assert now[0]["annotations"]["bold"]


def test_a_hub_without_its_marker_goes_on(synced: World) -> None:
    hub = synced.bindings()["_/hub"].remote_id
    block = synced.as_person("GET", f"blocks/{hub}/children")["results"][0]
    synced.as_person("DELETE", f"blocks/{block['id']}")

    assert synced.run().outcome == "done"


def marker_of(world: World) -> str:
    hub = world.bindings()["_/hub"].remote_id
    first = world.as_person("GET", f"blocks/{hub}/children")["results"][0]
    return plain_of(first["paragraph"]["rich_text"])


def epoch_of(world: World) -> int:
    """Return how often the hub was taken over, plus one, as its marker says."""
    found = re.search(r"cjm-sync:[0-9a-f]{12}/hub(?:#(\d+))?", marker_of(world))
    assert found is not None
    return int(found[1] or 1)


def views_of(world: World) -> dict[str, str]:
    """Return the ids of the bound views by key."""
    return {key: b.remote_id for key, b in world.bindings().items() if b.kind == "view"}


def take_over(world: World) -> Report:
    lose_store(world)
    world.wait(minutes=15)
    return world.run(take_over=True, accept=True)


def test_a_database_whose_description_a_person_wrote_anew_is_taken_over(synced: World) -> None:
    stages = synced.bindings()["_/database/stages"].remote_id
    held = synced.as_person("GET", f"databases/{stages}")["description"]
    mark = next(word for word in plain_of(held).split() if word.startswith("cjm-sync:"))
    said = [{"text": {"content": f"Ours ({mark}), ask Ada."}}]
    synced.as_person("PATCH", f"databases/{stages}", {"description": said})
    databases = len(synced.tables("databases"))

    report = take_over(synced)

    assert (report.outcome, report.created) == ("done", 0)
    assert synced.bindings()["_/database/stages"].remote_id == stages
    assert len(synced.tables("databases")) == databases


def test_views_that_people_renamed_are_taken_over(synced: World) -> None:
    views = views_of(synced)
    for key, view_id in views.items():
        synced.as_person("PATCH", f"views/{view_id}", {"name": f"Ours: {key}"})
    count = len(synced.tables("views"))

    report = take_over(synced)

    assert report.outcome == "done"
    assert views_of(synced) == views
    assert len(synced.tables("views")) == count
    assert synced.run().outcome == "done"
    assert "taken_over" not in synced.bindings()["_/hub"].detail


def test_a_journey_that_people_renamed_in_notion_keeps_its_option_through_a_take_over(
    synced: World,
) -> None:
    person = Person(synced.notion)
    sources = {}
    for kind in ("stages", "touchpoints", "personas"):
        sources[kind] = synced.bindings()[f"_/database/{kind}"].detail
        person.change_option(
            sources[kind]["data_source_id"], "Journey", "Customer journey", name="Our way"
        )
    rows = synced.as_person("GET", f"pages/{synced.page_id(ROW)}")["properties"]["Journey"]

    report = take_over(synced)

    assert (report.outcome, report.created) == ("done", 0)
    for kind, before in sources.items():
        after = synced.bindings()[f"_/database/{kind}"].detail
        assert after["options"]["journey"] == before["options"]["journey"]
    cell = synced.as_person("GET", f"pages/{synced.page_id(ROW)}")["properties"]["Journey"]
    assert cell == rows
    assert cell["select"]["name"] == "Our way"


RENAMED = (
    ("stages", "Persona", "Everyone", "All of them"),
    ("stages", "Stage", "Awareness", "Kännedom"),
    ("stages", "State", "active", "live"),
    ("stages", "State", "retired", "gone"),
    ("touchpoints", "Channel", "Email", "Post"),
    ("touchpoints", "State", "active", "live"),
    ("pains", "State", "active", "firing"),
    ("history", "Persona", "Everyone", "All of them"),
    ("runs", "Outcome", "done", "fine"),
)


def test_options_that_people_renamed_in_notion_are_known_by_their_rows_after_a_lost_store(
    synced: World,
) -> None:
    person = Person(synced.notion)
    before = {}
    for kind, column, old, new in RENAMED:
        detail = synced.bindings()[f"_/database/{kind}"].detail
        before[kind] = detail["options"]
        person.change_option(detail["data_source_id"], column, old, name=new)
    rows, views = synced.snapshot(), synced.tables("views").keys()

    report = take_over(synced)

    assert (report.outcome, report.created, report.updated) == ("done", 0, 0)
    assert synced.tables("views").keys() == views
    for kind, options in before.items():
        assert synced.bindings()[f"_/database/{kind}"].detail["options"] == options
    assert synced.snapshot() == rows
    assert person.lost() == []


def test_rows_are_asked_for_the_names_of_options_only_where_one_is_missing(synced: World) -> None:
    lose_store(synced)
    synced.wait(minutes=15)
    plain = len(synced.requests_of(lambda: synced.run(take_over=True)))
    source = synced.bindings()["_/database/stages"].detail["data_source_id"]
    Person(synced.notion).change_option(source, "State", "active", name="live")
    lose_store(synced)
    synced.wait(minutes=15)

    asked = len(synced.requests_of(lambda: synced.run(take_over=True)))

    assert asked == plain + 1


def test_an_option_of_peoples_own_is_not_taken_for_one_of_ours_that_they_deleted(
    synced: World,
) -> None:
    person = Person(synced.notion)
    detail = synced.bindings()["_/database/stages"].detail
    person.delete_option(detail["data_source_id"], "State", "no data")
    person.add_option(detail["data_source_id"], "State", "Ask Ada")
    person.fill(synced.page_id(ROW), "State", "Ask Ada")

    take_over(synced)

    held = synced.bindings()["_/database/stages"].detail["options"]["state"]
    assert held["active"] == detail["options"]["state"]["active"]
    cell = synced.as_person("GET", f"pages/{synced.page_id(ROW)}")["properties"]["State"]
    ask = cell["select"]["id"]
    assert (cell["select"]["name"], ask in held.values()) == ("Ask Ada", False)


def test_a_view_that_a_person_renamed_and_filtered_is_taken_over_when_it_is_the_only_one(
    synced: World,
) -> None:
    views = views_of(synced)
    board = views["_/view/customers/board"]
    synced.as_person("PATCH", f"views/{board}", {"name": "Wall", "filter": None})

    take_over(synced)

    assert views_of(synced) == views


def test_a_view_is_not_taken_for_another_that_was_deleted(synced: World) -> None:
    views = views_of(synced)
    gone = views.pop("_/view/customers/emotion")
    container = synced.as_person("GET", f"views/{gone}")["parent"]["database_id"]
    synced.as_person("PATCH", f"databases/{container}", {"in_trash": True})
    synced.as_person("PATCH", f"views/{views['_/view/customers/funnel']}", {"name": "Trichter"})

    take_over(synced)

    found = views_of(synced)
    assert found.pop("_/view/customers/emotion") not in {gone, *views.values()}
    assert found == views


def test_a_take_over_that_is_stopped_anywhere_goes_on(
    synced: World, counted: Callable[[str], None]
) -> None:
    pages = len(synced.tables("pages"))
    lose_store(synced)
    synced.wait(minutes=15)
    frame = (
        "_/hub",
        "_/block",
        "_/database/personas",
        "_/database/runs",
        "_/view/customers/personas",
    )
    synced.wrap = cut_to(*frame, "customers/persona/")
    trial = synced.copy()
    requests = len(trial.requests_of(lambda: trial.run(take_over=True, accept=True)))
    wished = trial.snapshot()
    stops = [(n, moment) for n in sampled(range(1, requests + 1), 24) for moment in MOMENTS]
    for number, moment in stops:
        world = synced.copy()
        world.run_until(number, moment, take_over=True, accept=True)

        report = world.run(take_over=True, accept=True)

        assert report.outcome == "done", (number, report.error)
        assert epoch_of(world) == 2, (number, moment)
        assert (world.snapshot(), len(world.tables("pages"))) == (wished, pages), number
        assert world.twins() == [], number
        world.drop()

    counted(f"take-over stopped at {len(stops)} of {2 * requests} places")


def test_the_hub_of_another_installation_is_refused(synced: World, empty: World) -> None:
    empty.notion = synced.notion
    empty.clock = synced.clock

    report = refused(empty)

    assert "another installation" in str(report.error)


def test_a_hub_whose_marker_names_another_installation_is_refused(synced: World) -> None:
    hub = synced.bindings()["_/hub"].remote_id
    marker = synced.as_person("GET", f"blocks/{hub}/children")["results"][0]["id"]
    said = {"rich_text": [{"text": {"content": "cjm-sync:0123456789ab/hub"}}]}
    synced.as_person("PATCH", f"blocks/{marker}", {"paragraph": said})

    report = refused(synced)

    assert "0123456789ab" in str(report.error)


def test_another_portal_is_refused(synced: World) -> None:
    synced.portal_id = "2"

    assert "HubSpot portal" in str(refused(synced).error)


def test_another_workspace_is_refused(synced: World) -> None:
    synced.tables("users")[synced.notion.bot]["bot"]["workspace_id"] = "another"

    error = refused(synced).error

    assert "Notion workspace" in str(error)
    assert "--take-over" in str(error and error.hint)


def test_another_workspace_without_the_hub_is_refused_even_when_told_to_take_over(
    synced: World, empty: World
) -> None:
    synced.notion = empty.notion
    synced.tables("users")[synced.notion.bot]["bot"]["workspace_id"] = "another"

    for take_over in (False, True):
        before = len(synced.notion.requests)
        report = synced.run(take_over=take_over)
        sent = synced.notion.requests[before:]

        assert (report.outcome, report.exit_code, writes(sent)) == ("refused", 3, [])
        assert "Notion workspace" in str(report.error)
        hint = str(report.error and report.error.hint)
        assert "another store" in hint
        assert "--take-over" not in hint


def test_another_parent_page_is_refused(synced: World) -> None:
    made = synced.as_person("POST", "pages", {
        "parent": {"type": "page_id", "page_id": synced.notion.parent_page},
        "properties": {"title": {"title": [{"text": {"content": "Elsewhere"}}]}},
    })  # fmt: skip
    synced.parent_page = str(made["id"])

    error = refused(synced).error

    assert "parent page" in str(error)
    assert "The hub stays where it is" in str(error and error.hint)


@pytest.mark.parametrize("count", [2])
def test_two_hubs_of_other_installations_are_not_chosen_between(
    synced: World, empty: World, count: int
) -> None:
    for number in range(count):
        marker = f"cjm-sync:00000000000{number}/hub"
        synced.as_person("POST", "pages", {
            "parent": {"type": "page_id", "page_id": synced.notion.parent_page},
            "properties": {"title": {"title": [{"text": {"content": marker}}]}},
            "children": [{"paragraph": {"rich_text": [{"text": {"content": marker}}]}}],
        })  # fmt: skip
    empty.notion = synced.notion
    before = len(synced.notion.requests)

    report = empty.run(take_over=True)

    assert (report.outcome, report.exit_code) == ("refused", 3)
    assert not any(is_write(log) for log in synced.notion.requests[before:])
