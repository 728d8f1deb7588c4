"""A journey that the configuration renames keeps its option in Notion, which only people rename."""

from __future__ import annotations

from dataclasses import replace

from cjm_sync.model import Finding
from cjm_sync_sandbox.notion.hand import Person
from support.losing import lose_store
from support.world import World, journey

OURS = "Customer journey"


def told(world: World, name: str) -> list[Finding]:
    """Let the configuration call the journey *name*, run, and return what is said of its name."""
    world.journeys = (replace(journey(), name=name),)
    world.wait(minutes=15)
    report = world.run()
    assert report.outcome == "done"
    return [finding for finding in report.findings if finding.code == "journey_name_kept"]


def options(world: World) -> dict[str, object]:
    """Return the ids of the journeys' options by database."""
    known = {key: b.detail.get("options", {}) for key, b in world.bindings().items()}
    return {key: held["journey"] for key, held in known.items() if "journey" in held}


def rename(world: World, old: str, new: str) -> None:
    """Rename the journey's option in every database, as people do."""
    person = Person(world.notion)
    for binding in world.bindings().values():
        if "journey" in binding.detail.get("options", {}):
            person.change_option(binding.detail["data_source_id"], "Journey", old, name=new)


def test_a_journey_renamed_in_the_configuration_is_named_once_until_people_rename_its_option(
    synced: World,
) -> None:
    before = options(synced)

    (finding,) = told(synced, "Our way")

    assert (finding.key, OURS in finding.message, "Our way" in finding.message) == (
        "customers",
        True,
        True,
    )
    assert "Rename the option" in finding.hint
    assert "Personas, Stages, Touchpoints" in finding.hint
    assert [f.hint for f in told(synced, "Our way")] == [finding.hint]
    rename(synced, OURS, "Our way")
    assert told(synced, "Our way") == []
    (again,) = told(synced, "The way")
    assert "'Our way'" in again.message
    assert options(synced) == before


def test_the_name_that_people_gave_a_journey_in_notion_is_theirs(synced: World) -> None:
    rename(synced, OURS, "Vår väg")

    assert told(synced, OURS) == []
    assert told(synced, "Our way") == []


def test_a_journey_renamed_while_the_store_was_lost_keeps_its_option(synced: World) -> None:
    before, views = options(synced), synced.tables("views").keys()
    lose_store(synced)
    synced.journeys = (replace(journey(), name="Our way"),)
    synced.wait(minutes=15)

    report = synced.run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    assert options(synced) == before
    assert synced.tables("views").keys() == views
