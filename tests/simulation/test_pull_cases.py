"""The cases that incremental readers are known to fail at, as whole pulls into a store.

How each is asked of HubSpot is tested beside the source; here it is what the mirror holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from cjm_sync_sandbox.hubspot import Answer, Request
from cjm_sync_sandbox.hubspot.faults import at, forbidden, path
from support.pull_world import (
    ACTIVITY,
    CRM,
    DAY,
    ENTERED,
    HOUR,
    LONG_AGO,
    MINUTE,
    Killed,
    Moment,
    PullWorld,
    Way,
    text,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PullWorld]:
    made = PullWorld(tmp_path)
    made.pull()
    made.later(2 * HOUR)
    yield made
    made.close()


def is_the_portal(world: PullWorld) -> bool:
    return all(world.held(name) == world.expected(name) for name in (*CRM, *ACTIVITY))


def searches(world: PullWorld, name: str) -> int:
    return sum(request.path.endswith(f"/{name}/search") for request in world.sandbox.requests)


def add_calls(world: PullWorld, count: int, moment: datetime) -> list[str]:
    """Let an import make *count* calls, all at the same *moment*."""
    ids = [str(20_000 + number) for number in range(count)]
    world.sandbox.portal.rows["calls"] += [
        {
            "id": id_,
            "properties": {"hs_call_title": "New"},
            "createdAt": text(moment),
            "updatedAt": text(moment),
        }
        for id_ in ids
    ]
    world.sandbox.reindex()
    return ids


def test_25_000_records_with_one_timestamp_all_arrive_though_the_pull_is_killed_twice(
    world: PullWorld,
) -> None:
    # Longer ago than the overlap of the next window, so that it is not walked twice.
    ids = add_calls(world, 25_000, world.clock.now() - 70 * MINUTE)

    def kill() -> None:
        raise Killed

    first = world.pull(Way({(60, "before"): [kill]}))
    asked = searches(world, "calls")
    second = world.pull(Way({(70, "after"): [kill]}))
    asked += searches(world, "calls")
    last = world.pull()
    asked += searches(world, "calls")

    assert (first, second) == (None, None)
    assert last is not None
    assert {record.id for record in world.store.records("calls")} >= set(ids)
    assert world.store.count_of("calls") == len(world.hand.live("calls")) == 25_008
    # 125 pages; a kill costs at most the five that are completed together.
    assert asked <= 125 + 2 * 5 + 1


def test_12_000_changes_in_the_minute_of_the_pull_are_there_after_the_next(
    world: PullWorld,
) -> None:
    ids = add_calls(world, 15_000, LONG_AGO)
    world.pull(full=True)
    world.later(2 * HOUR)
    began = world.clock.now()
    for number in range(60):
        some = ids[number * 200 : (number + 1) * 200]
        world.hand.bulk_change(
            "calls", some[:100], {"hs_call_title": "Newer"}, at=began + timedelta(seconds=number)
        )

    def go_on(number: int) -> None:
        some = ids[number * 200 : (number + 1) * 200]
        world.hand.bulk_change("calls", some[100:], {"hs_call_title": "Newer"})

    meanwhile: dict[tuple[int, Moment], list[Callable[[], object]]] = {
        (8 + number // 2, "after"): [partial(go_on, number), partial(go_on, number + 1)]
        for number in range(0, 60, 2)
    }

    world.pull(Way(meanwhile))
    world.pull()

    calls = world.store.records("calls")
    assert {r.id for r in calls if r.properties["hs_call_title"] == "Newer"} == set(ids[:12_000])
    assert is_the_portal(world)


def test_a_record_indexed_40_minutes_late_comes_with_the_first_pull_that_can_have_it(
    world: PullWorld,
) -> None:
    world.hand.update("deals", "5001", {"dealstage": "closedwon"})
    world.sandbox.hold_from_search("deals", "5001", world.clock.now() + 40 * MINUTE)
    stages = []

    for _ in range(5):
        world.later(9 * MINUTE)
        world.pull()
        stages.append(world.held("deals")["5001"].properties["dealstage"])

    assert stages == [*["contractsent"] * 3, *["closedwon"] * 2]
    assert is_the_portal(world)


def test_a_record_indexed_later_than_the_overlap_comes_with_the_sweep(world: PullWorld) -> None:
    world.hand.update("deals", "5001", {"dealstage": "closedwon"})
    world.sandbox.hold_from_search("deals", "5001", world.clock.now() + 200 * MINUTE)
    for _ in range(4):
        world.later(50 * MINUTE)
        world.pull()
    before = world.held("deals")["5001"]

    world.pull(full=True)

    assert before.properties["dealstage"] == "contractsent"
    assert is_the_portal(world)


def test_a_call_linked_to_a_deal_a_week_later_is_linked_after_the_sweep(world: PullWorld) -> None:
    world.later(7 * DAY)
    world.hand.associate("calls", "9001", "deals", "5001")
    world.pull()
    before = world.held("calls")["9001"].links

    world.pull(full=True)

    assert before == {}
    assert world.held("calls")["9001"].links == {"deals": ("5001",)}
    assert is_the_portal(world)


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("pulls", [0, 1])
def test_a_merge_of_a_merge_leads_everybody_to_the_survivor(
    world: PullWorld, pulls: int, is_told: bool
) -> None:
    first = world.hand.merge("deals", "5001", "5002", whole_chain=is_told)
    for _ in range(pulls):
        world.pull()
    last = world.hand.merge("deals", "5003", first, whole_chain=is_told)
    world.pull()

    world.pull(full=True)

    assert world.told_former("deals").keys() >= {"5001", "5002", "5003", first}
    assert world.told_former("deals").items() <= world.store.survivors("deals").items()
    assert set(world.store.survivors("deals").values()) == {last}
    assert not world.named_erased
    assert is_the_portal(world)


def test_who_was_merged_into_an_archived_record_is_not_erased_and_is_found_when_it_comes_back(
    world: PullWorld,
) -> None:
    first = world.hand.merge("deals", "5001", "5002", whole_chain=False)
    last = world.hand.merge("deals", "5003", first, whole_chain=False)
    world.hand.archive("deals", last)
    world.pull(full=True)
    world.hand.restore("deals", last)

    world.pull(full=True)

    assert not world.named_erased
    assert world.told_former("deals").keys() >= {"5001", "5002", "5003", first}
    assert world.told_former("deals").items() <= world.store.survivors("deals").items()
    assert is_the_portal(world)


def test_a_page_whose_records_are_archived_in_the_middle_of_a_listing_is_no_end(
    tmp_path: Path,
) -> None:
    world = PullWorld(tmp_path, size=20, page_rows=4)
    world.pull()
    listed = 0

    def archive(request: Request, answer: Answer | None) -> None:
        nonlocal listed
        is_page = request.path.endswith("/companies") and "archived=true" not in request.query
        listed += is_page and "/crm/objects/" in request.path and answer is not None
        if listed == 2 and "3008" in world.hand.live("companies"):
            for number in range(8, 12):
                world.hand.archive("companies", str(3000 + number))

    way = Way({}, dict.fromkeys(range(200), archive))

    pulled = world.pull(way, full=True)

    assert pulled is not None
    assert pulled.counts["companies"].archived == 4
    assert is_the_portal(world)
    world.close()


@pytest.mark.parametrize("small", [-1, 200])
def test_a_first_listing_that_was_stopped_ends_in_one_run_with_what_changed_since(
    tmp_path: Path, small: int
) -> None:
    world = PullWorld(tmp_path, size=20, page_rows=4)

    def kill() -> None:
        raise Killed

    killed = world.pull(Way({(10, "after"): [kill]}), small=small)
    held = world.held("contacts")
    world.later(2 * HOUR)
    world.hand.update("contacts", "1001", {"lifecyclestage": "customer"})
    world.hand.archive("contacts", "1002")
    merged = world.hand.merge("contacts", "1003", "1004")

    pulled = world.pull(small=small)

    assert killed is None
    assert {"1001", "1002", "1003"} <= held.keys()
    assert len(held) < 20
    assert pulled is not None
    assert not pulled.failed
    assert merged in world.held("contacts")
    assert is_the_portal(world)
    world.close()


PATHS: Mapping[str, str] = {
    **{name: f"/crm/objects/[^/]+/{name}" for name in CRM},
    "pipelines": "/crm/pipelines/",
    "form_submissions": "/submissions/",
    "email_events": "/email/public/",
    "events": "/event-occurrences",
}


@pytest.mark.parametrize("stream", PATHS)
def test_a_stream_without_its_scope_is_one_finding_and_the_others_are_read(
    world: PullWorld, stream: str
) -> None:
    kept = list(world.store.records(stream))
    _edit_everything(world)
    refused = at(path(PATHS[stream]), forbidden("some.scope"))
    way = Way({}, dict.fromkeys(range(1000), refused))

    pulled = world.pull(way, full=True)

    assert pulled is not None
    found = {(finding.code, finding.key.partition("/")[0]) for finding in pulled.findings}
    assert found == {("stream_unavailable", stream)}
    assert "some.scope" in pulled.findings[0].hint
    assert not pulled.failed
    assert list(world.store.records(stream)) == kept
    others = [name for name in (*CRM, *ACTIVITY) if name != stream]
    assert {name: world.held(name) for name in others} == {
        name: world.expected(name) for name in others
    }


def test_without_the_definitions_only_the_dated_stages_of_lost_pasts_are_missing(
    world: PullWorld,
) -> None:
    refused = at(path("/crm/properties/"), forbidden("some.scope"))

    pulled = world.pull(Way({}, dict.fromkeys(range(1000), refused)), full=True)

    assert pulled is not None
    assert {finding.code for finding in pulled.findings} == {"stream_unavailable"}
    missing = world.expected("contacts")
    values = dict(missing["1000"].properties)
    assert values.pop(ENTERED)
    missing["1000"] = replace(missing["1000"], properties=values)
    assert world.held("contacts") == missing


def _edit_everything(world: PullWorld, *, by: str = "1002") -> None:
    world.hand.update("contacts", "1001", {"lifecyclestage": "customer"})
    world.hand.update("companies", "3001", {"industry": "BANKING"})
    world.hand.update("deals", "5001", {"dealstage": "closedwon"})
    world.hand.update("calls", "9001", {"hs_call_title": "New"})
    email = world.hand.row("contacts", by)["properties"]["email"]
    world.hand.add_submission("0a0a0a0a-0000-4000-8000-000000000001", email)
    world.hand.add_email_event("CLICK", email)
    world.hand.add_event(by)


@pytest.mark.parametrize("is_merged", [True, False])
def test_of_an_erased_person_nothing_is_left_in_the_store(
    world: PullWorld, is_merged: bool
) -> None:
    person = "1001"
    secrets = [world.hand.row("contacts", one)["properties"]["email"] for one in ("1001", "1002")]
    world.hand.add_submission("0a0a0a0a-0000-4000-8000-000000000001", secrets[0])
    world.hand.add_email_event("CLICK", secrets[0])
    world.hand.add_event("1001")
    world.hand.associate("calls", "9001", "contacts", "1001")
    _edit_everything(world, by="1006")
    ids = {"1001"}
    for other in ("1002", "1003")[: 2 * is_merged]:
        person = world.hand.merge("contacts", person, other, whole_chain=False)
        ids |= {other, person}
        world.pull()
    world.pull()
    world.gone_ids["contacts"] |= ids
    world.secrets |= set(secrets[: 1 + is_merged])
    before = world.traces()
    world.hand.erase("contacts", person)

    pulled = world.pull(full=True)

    assert before
    assert pulled is not None
    assert pulled.erased["contacts"] == (person,)
    assert world.traces() == []
