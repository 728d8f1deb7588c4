"""History, single units and views on rows' pages over several runs against the stand-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cjm_sync.runs import Report
from cjm_sync_sandbox.sample import SAMPLE_AS_OF
from support.world import World, writes

PERSONAL = ("Stage", "Persona", "Timeline", "Details", "HubSpot", "Last touch", "Emotion")
NEXT_MONTH = SAMPLE_AS_OF + timedelta(days=30)


def at(world: World, detail: Any) -> Report:
    """Do a run at *detail* and another that finds nothing to do."""
    world.journeys = tuple(replace(journey, detail=detail) for journey in world.journeys)
    world.wait(minutes=15)
    report = world.run()
    world.wait(minutes=15)
    assert writes(world.requests_of(world.run)) == []
    return report


def unit_keys(world: World) -> set[str]:
    return {key for key, b in world.bindings().items() if "/unit/" in key and b.state == "live"}


def test_units_come_with_the_detail_and_are_emptied_when_it_is_lowered(synced: World) -> None:
    assert unit_keys(synced) == set()

    full = at(synced, "full")
    ids = {key: synced.page_id(key) for key in unit_keys(synced)}
    links = [synced.row(key)["HubSpot"] for key in ids]
    hidden = at(synced, "pseudonymous")
    pseudonyms = unit_keys(synced)
    timelines = [synced.row(key)["Timeline"] for key in pseudonyms]
    lowered = at(synced, "aggregate")

    assert (full.created, hidden.created, lowered.created) == (12, 0, 0)
    assert len(links) == 12
    assert all("/contacts/" in link and "/record/0-1/" in link for link in links)
    assert len(pseudonyms) == 12
    assert not pseudonyms & set(ids)
    assert any(timelines)
    # The same pages, so the notes on them stay; nothing was held back, and nothing archived.
    assert {synced.page_id(key) for key in unit_keys(synced)} == set(ids.values())
    assert (lowered.outcome, lowered.archived, lowered.held) == ("done", 0, [])
    for key in unit_keys(synced):
        row = synced.row(key)
        assert not any(row[name] for name in PERSONAL), row
        assert row["State"] == "retired"
    assert synced.twins() == []


def test_a_month_that_is_over_is_never_written_again(synced: World) -> None:
    over = "customers/history/2026-11/awareness/everyone"
    before = synced.row(over)
    synced.wait(days=30)

    first = synced.run(as_of=NEXT_MONTH)
    again = synced.requests_of(lambda: synced.run(as_of=NEXT_MONTH))

    assert first.outcome == "done"
    assert synced.row(over) == before
    assert writes(again) == []
    months = {key.split("/")[2] for key in synced.bindings() if "/history/" in key}
    assert months == {"2026-11", "2026-12"}
    assert before["Month"] == {"start": "2026-11-01", "end": None, "time_zone": None}


def test_a_key_altered_on_a_month_that_is_over_is_put_back(synced: World) -> None:
    over = "customers/history/2026-11/awareness/everyone"
    synced.wait(days=30)
    synced.run(as_of=NEXT_MONTH)
    page = f"pages/{synced.page_id(over)}"
    key = {"rich_text": [{"text": {"content": "mine"}}]}
    number = {"number": 77}
    synced.as_person("PATCH", page, {"properties": {"Sync key": key, "Entered": number}})
    synced.wait(minutes=15)

    synced.run(as_of=NEXT_MONTH)

    assert synced.row(over)["Sync key"] == over
    assert synced.row(over)["Entered"] == 77


def test_a_lost_store_knows_the_months_that_are_over_again(synced: World) -> None:
    synced.wait(days=30)
    synced.run(as_of=NEXT_MONTH)
    known = {key for key in synced.bindings() if "/history/" in key}
    with synced.store() as store:
        for key in store.bindings():
            store.unbind(key)
        store.set_facts({"installation": "another-one"})
    synced.wait(minutes=15)

    report = synced.run(as_of=NEXT_MONTH, take_over=True, accept=True)

    assert report.outcome == "done"
    assert "stray" not in {finding.code for finding in report.findings}
    assert {key for key in synced.bindings() if "/history/" in key} == known
    assert synced.twins() == []


def test_a_persona_has_its_sections_and_its_table_on_its_own_page(synced: World) -> None:
    personas = [key for key in synced.bindings() if key.startswith("customers/persona/")]
    assert len(personas) == 3
    for key in personas:
        blocks = synced.as_person("GET", f"blocks/{synced.page_id(key)}/children")["results"]
        kinds = [block["type"] for block in blocks]
        assert kinds.count("heading_2") == 6
        assert kinds.count("child_database") == (0 if key.endswith("/everyone") else 1)


@pytest.mark.parametrize(("plan", "widgets"), [("business", 7), ("plus", 0)])
def test_a_dashboard_is_made_with_its_widgets_or_not_at_all(
    empty: World, plan: str, widgets: int
) -> None:
    empty.plan = plan

    report = empty.run()

    keys = [key for key in empty.bindings() if "/dashboard" in key]
    assert report.outcome == "done"
    assert len(keys) == (widgets + 1 if widgets else 0)
