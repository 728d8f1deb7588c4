"""Whole pulls of a portal that lives: afterwards the mirror holds what a first reading would."""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.model import Need, Record
from cjm_sync.ports import Source
from cjm_sync.pull import Pulled, pull
from cjm_sync.store import Store
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import Answer, HubSpotSandbox, Request
from cjm_sync_sandbox.hubspot.faults import at
from cjm_sync_sandbox.hubspot.pagefaults import without_rows
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = START - timedelta(days=90)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
FORM = "0a0a0a0a-0000-4000-8000-000000000001"
NEEDS = {
    "owners": Need(),
    "contacts": Need(
        frozenset({"email", "hs_v2_date_entered_*", "hs_merged_object_ids"}),
        frozenset({"lifecyclestage"}),
        frozenset({"companies"}),
    ),
    "companies": Need(frozenset({"industry"})),
    "deals": Need(
        frozenset({"amount", "num_associated_contacts"}),
        frozenset({"dealstage"}),
        frozenset({"contacts"}),
    ),
    "calls": Need(frozenset({"hs_call_direction"}), links=frozenset({"contacts", "deals"})),
    "form_submissions": Need(),
    "email_events": Need(),
    "events": Need(),
}
CRM = ("contacts", "companies", "deals", "calls")
FOLLOWED = (*CRM, "form_submissions", "email_events", "events")


class Stop(BaseException):
    """The process ends here."""


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(id_: int, history: Mapping[str, str] | None = None, **values: str) -> dict[str, Any]:
    past = {
        name: [{"value": value, "timestamp": text(OLD), "sourceType": "CRM_UI"}]
        for name, value in (history or {}).items()
    }
    return {
        "id": str(id_),
        "properties": {**values, **(history or {})},
        "createdAt": text(OLD),
        "updatedAt": text(OLD),
        **({"history": past} if past else {}),
    }


def portal(size: int = 60) -> Portal:
    numbers = range(size)
    return Portal(
        {
            "tier": "enterprise",
            "features": {"events": True},
            "forms": [{"id": FORM, "name": "Demo"}],
        },
        {
            "contacts": [
                row(1000 + n, {"lifecyclestage": "lead"}, email=f"p{n}@people.example")
                for n in numbers
            ],
            "companies": [row(3000 + n, industry="RETAIL") for n in numbers],
            "deals": [
                row(5000 + n, {"dealstage": "contractsent"}, amount="100", pipeline="default")
                for n in numbers
            ],
            "calls": [row(9000 + n, hs_call_direction="INBOUND") for n in numbers],
            "form_submissions": [],
            "email_events": [],
            "events": [],
        },
    )


class World:
    """A portal, a store, and time."""

    def __init__(self, folder: Path, served: Portal | None = None) -> None:
        self.folder = folder
        self.clock = FakeClock(START)
        self.sandbox = HubSpotSandbox(served or portal(), clock=self.clock)
        self.edit = self.sandbox.edit
        self.store = Store(f"sqlite:///{folder / 'store.db'}")

    def source(self) -> Source:
        return plugin.connect(
            HubSpotSettings(),
            clock=self.clock,
            secret=SecretStr(self.sandbox.token),
            transport=httpx.WSGITransport(self.sandbox),
        )

    def pull(self, **options: Any) -> Pulled:
        self.later(MINUTE)
        self.sandbox.requests.clear()
        return pull(self.source(), self.store, NEEDS, clock=self.clock, **options)

    def later(self, span: timedelta) -> None:
        self.clock.sleep(span.total_seconds())

    def mirror(self) -> dict[str, dict[str, Record]]:
        return {name: {r.id: r for r in self.store.records(name)} for name in FOLLOWED}

    def truth(self) -> dict[str, dict[str, Record]]:
        source = self.source()
        source.streams(NEEDS)
        return {
            name: {r.id: r for b in source.pull(name, NEEDS[name], None) for r in b.records}
            for name in FOLLOWED
        }

    def asked(self) -> Counter[str]:
        """Count the requests by their path, without the version; listings by the name alone."""
        return Counter(
            request.path.replace("/2026-09", "").removeprefix("/crm/objects/")
            for request in self.sandbox.requests
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


def test_a_pull_of_an_idle_portal_asks_once_for_each_followed_stream(world: World) -> None:
    first = world.pull()
    world.later(2 * HOUR)

    idle = world.pull()

    assert not first.findings
    asked = world.asked()
    for stream in CRM:
        assert asked[f"{stream}/search"] == 1
        assert asked[stream] == 0
    assert sum(asked.values()) == 1 + 2 + 4 + 1 + 2 + len(FOLLOWED)
    assert {name: count.read for name, count in idle.counts.items() if name in FOLLOWED} == (
        dict.fromkeys(FOLLOWED, 0)
    )
    assert world.mirror() == world.truth()


def test_a_first_pull_asks_for_no_archived_records_but_contacts(world: World) -> None:
    """Who is archived now may be erased before the next listing, and has left traces elsewhere."""
    world.pull()

    asked = [
        r for r in world.sandbox.requests if "archived=true" in r.query and "crm/objects" in r.path
    ]
    assert [request.path.rpartition("/")[2] for request in asked] == ["contacts"]


def test_what_changed_between_two_pulls_is_in_the_mirror(world: World) -> None:
    world.pull()
    world.later(2 * HOUR)
    world.edit.update("contacts", "1001", {"lifecyclestage": "customer"})
    made = world.edit.create("contacts", {"email": "new@people.example", "lifecyclestage": "lead"})
    deal = world.edit.create(
        "deals", {"amount": "7", "pipeline": "default", "dealstage": "closedwon"}
    )
    world.edit.associate("deals", deal, "contacts", made)
    world.edit.bulk_change("companies", ["3001", "3002"], {"industry": "BANKING"})
    world.edit.add_submission(FORM, "new@people.example")
    world.edit.add_email_event("CLICK", "new@people.example")
    world.edit.add_event(made)

    pulled = world.pull()

    assert {name: count.changed for name, count in pulled.counts.items() if name in FOLLOWED} == {
        "contacts": 2,
        "companies": 2,
        "deals": 1,
        "calls": 0,
        "form_submissions": 1,
        "email_events": 1,
        "events": 1,
    }
    assert world.mirror() == world.truth()


def test_what_was_seen_before_is_not_written_again(world: World) -> None:
    world.pull()
    world.edit.update("contacts", "1001", {"lifecyclestage": "customer"})
    first = world.pull()

    again = world.pull()

    assert (first.counts["contacts"].read, first.counts["contacts"].changed) == (1, 1)
    assert (again.counts["contacts"].read, again.counts["contacts"].changed) == (1, 0)


def test_following_never_removes_and_the_full_pull_does(world: World) -> None:
    world.pull()
    world.edit.archive("contacts", "1001")
    world.edit.erase("contacts", "1002")
    world.edit.archive("deals", "5001")
    world.edit.purge("deals", "5001")

    followed = world.pull()
    held = world.mirror()
    swept = world.pull(full=True)

    assert {"1001", "1002"} <= set(held["contacts"])
    assert "5001" in held["deals"]
    assert [followed.counts[name].archived for name in CRM] == [0, 0, 0, 0]
    assert (swept.counts["contacts"].archived, swept.counts["deals"].archived) == (2, 1)
    assert (followed.erased, swept.erased) == ({}, {"contacts": ("1002",), "deals": ("5001",)})
    assert world.mirror() == world.truth()


def test_a_restored_record_comes_back_with_the_next_full_pull(world: World) -> None:
    world.pull()
    world.edit.archive("contacts", "1001")
    world.pull(full=True)
    gone = set(world.mirror()["contacts"])
    world.later(DAY)
    world.edit.restore("contacts", "1001")

    world.pull(full=True)

    assert "1001" not in gone
    assert world.mirror() == world.truth()


def test_a_call_linked_to_a_deal_a_week_later_is_found_by_the_full_pull(world: World) -> None:
    world.pull()
    world.later(7 * DAY)
    world.edit.associate("calls", "9001", "deals", "5001")
    world.edit.recalculate("deals", "5001", {"num_associated_contacts": "4"})
    followed = world.pull()

    swept = world.pull(full=True)

    assert followed.counts["calls"].read == 0
    assert (swept.counts["calls"].changed, swept.counts["deals"].changed) == (1, 1)
    assert world.mirror() == world.truth()
    assert world.mirror()["calls"]["9001"].links == {"deals": ("5001",)}


def test_a_merge_of_a_merge_leaves_one_record_and_every_former_id_leads_to_it(
    world: World,
) -> None:
    world.pull()
    world.later(2 * HOUR)
    first = world.edit.merge("contacts", "1001", "1002", whole_chain=False)
    merged = world.pull()
    world.later(2 * HOUR)
    last = world.edit.merge("contacts", "1003", first, whole_chain=False)

    again = world.pull()

    former = {"1001", "1002", "1003", first}
    assert world.store.survivors("contacts") == dict.fromkeys(former, last)
    assert not former & set(world.mirror()["contacts"])
    assert (merged.counts["contacts"].merged, again.counts["contacts"].merged) == (2, 2)
    assert world.mirror() == world.truth()


def test_an_erased_person_leaves_nothing_behind(world: World) -> None:
    survivor = world.edit.merge("contacts", "1001", "1002")
    for address in ("p1@people.example", "p5@people.example"):
        world.edit.add_submission(FORM, address)
        world.edit.add_email_event("CLICK", address)
    world.pull()
    world.edit.erase("contacts", survivor)

    pulled = world.pull(full=True)

    assert pulled.erased["contacts"] == (survivor,)
    assert world.store.aliases("contacts") == {}
    assert world.mirror() == world.truth()
    assert "p1@people.example" not in repr(world.mirror())


def test_who_was_merged_is_not_taken_for_erased(world: World) -> None:
    world.pull()
    world.edit.merge("contacts", "1001", "1002", bump=False)

    pulled = world.pull(full=True)

    assert pulled.erased == {}
    assert pulled.counts["contacts"].merged == 2
    assert world.mirror() == world.truth()


def test_ids_that_were_merged_in_a_circle_end(world: World) -> None:
    world.pull()
    with_circle = {"7": "8", "8": "9", "9": "7"}
    trail = world.store.trail("contacts", "n")

    world.store.save_changes("contacts", "n", trail, [], with_circle)

    assert set(world.store.survivors("contacts")) == {"7", "8", "9"}


def test_an_archived_page_in_the_middle_of_a_listing_is_no_end(tmp_path: Path) -> None:
    world = World(tmp_path, portal(320))
    for number in range(100, 200):
        world.edit.archive("companies", str(3000 + number))

    pulled = world.pull()

    assert pulled.counts["companies"].read == 220
    assert world.mirror() == world.truth()
    world.store.close()


def test_a_record_archived_after_it_was_listed_is_gone_all_the_same(tmp_path: Path) -> None:
    world = World(tmp_path, portal(150))
    world.pull()

    def archive(request: Request, answer: Answer | None) -> None:
        if answer is not None and request.path.endswith("/companies") and "after" in request.query:
            world.edit.archive("companies", "3001")
            world.sandbox.faults.clear()

    world.sandbox.faults.append(archive)

    pulled = world.pull(full=True)

    assert pulled.counts["companies"].archived == 1
    assert world.mirror() == world.truth()
    world.store.close()


@pytest.mark.parametrize("options", [{}, {"full": True}])
def test_a_pull_killed_at_any_request_is_finished_by_the_next(
    tmp_path: Path, options: Mapping[str, Any]
) -> None:
    first = _edited(tmp_path / "first")
    first.store.close()
    clean = _copied(first, tmp_path / "clean")
    clean.pull(**options)
    requests, end = len(clean.sandbox.requests), clean.mirror()
    true = clean.truth()
    clean.store.close()

    for number in range(1, requests + 1):
        world = _copied(first, tmp_path / str(number))
        _kill_at(world, number)
        with pytest.raises(Stop):
            world.pull(**options)
        world.sandbox.faults.clear()
        world.later(HOUR)

        world.pull(**options)

        assert world.mirror() == end, number
        world.store.close()

    gone = set() if options else {"1004"}
    assert requests > 15
    assert set(end["contacts"]) - set(true["contacts"]) == gone
    assert {k: v for k, v in end["contacts"].items() if k not in gone} == true["contacts"]
    assert {name: end[name] for name in FOLLOWED[1:]} == {name: true[name] for name in FOLLOWED[1:]}


def _copied(world: World, folder: Path) -> World:
    """Return a world of its own that stands where *world*, whose store is closed, stands."""
    folder.mkdir()
    shutil.copy(world.folder / "store.db", folder / "store.db")
    copied = World(folder, copy.deepcopy(world.sandbox.portal))
    copied.later(world.clock.now() - START)
    return copied


def _edited(folder: Path) -> World:
    folder.mkdir()
    world = World(folder)
    world.pull()
    world.later(2 * HOUR)
    world.edit.bulk_change(
        "contacts", [str(1010 + n) for n in range(30)], {"lifecyclestage": "customer"}
    )
    world.edit.update("deals", "5001", {"dealstage": "closedwon"})
    world.edit.associate("deals", "5001", "contacts", "1001")
    world.edit.merge("contacts", "1005", "1006")
    world.edit.archive("contacts", "1004")
    world.edit.add_submission(FORM, "p1@people.example")
    world.edit.add_event("1001")
    return world


def _kill_at(world: World, number: int) -> None:
    seen = 0

    def kill(_request: Request, answer: Answer | None) -> None:
        nonlocal seen
        seen += answer is None
        if seen == number:
            raise Stop

    world.sandbox.faults.append(kill)


@pytest.mark.parametrize("answer", [Answer.html("<html>", 503), Answer.json({"results": []})])
def test_a_listing_that_failed_or_came_empty_removes_nothing(world: World, answer: Answer) -> None:
    world.pull()
    before = world.mirror()
    world.sandbox.faults.append(
        lambda request, sent: (
            answer if sent is not None and request.path == "/crm/objects/2026-09/deals" else None
        )
    )

    pulled = world.pull(full=True)

    assert world.mirror() == before
    assert pulled.failed == ["deals"] or pulled.emptied == ["deals"]


def test_who_a_listing_did_not_show_is_looked_up_before_being_let_go(world: World) -> None:
    world.pull()
    before = world.mirror()
    world.edit.erase("deals", "5030")
    merged = world.edit.merge("contacts", "1030", "1031")
    world.sandbox.faults.append(
        at(
            lambda request: "/batch/read" not in request.path,
            without_rows({"5031", "1032", merged}),
        )
    )

    pulled = world.pull(full=True)

    assert set(before["deals"]) - set(world.mirror()["deals"]) == {"5030"}
    assert set(before["contacts"]) - set(world.mirror()["contacts"]) == {"1030", "1031"}
    assert pulled.erased == {"deals": ("5030",)}
    assert world.store.survivors("contacts") == {"1030": merged, "1031": merged}


def test_who_hubspot_could_not_tell_about_is_not_let_go(world: World) -> None:
    world.pull()
    world.edit.erase("deals", "5030")
    broken = {"category": "INTERNAL_ERROR", "status": "error", "context": {"ids": ["5030"]}}
    unsure = Answer.json({"results": [], "numErrors": 1, "errors": [broken]})
    world.sandbox.faults.append(
        lambda request, sent: (
            unsure if sent is not None and request.path.endswith("/deals/batch/read") else None
        )
    )

    pulled = world.pull(full=True)

    assert "5030" in world.mirror()["deals"]
    assert ("bad_row", "deals/5030") in {(f.code, f.key) for f in pulled.findings}


def test_a_failed_listing_of_the_archived_is_made_up_for_at_the_next_pull(world: World) -> None:
    world.pull()
    world.edit.archive("deals", "5001")
    world.sandbox.faults.append(
        lambda request, sent: (
            Answer.html("<html>", 503)
            if sent is not None
            and "/objects/2026-09/deals" in request.path
            and "archived=true" in request.query
            else None
        )
    )
    failed = world.pull(full=True)
    kept = "5001" in world.mirror()["deals"]
    world.sandbox.faults.clear()

    world.pull()

    assert (failed.failed, kept) == (["deals"], True)
    assert world.mirror() == world.truth()


def test_a_listing_that_lost_more_than_half_is_held_until_it_is_accepted(world: World) -> None:
    world.pull()
    for number in range(40):
        world.edit.archive("contacts", str(1000 + number))

    held = world.pull(full=True)
    kept = len(world.mirror()["contacts"])
    again = world.pull()
    world.pull(accept_empty=True)

    for pulled in (held, again):
        assert [(f.code, f.key) for f in pulled.findings] == [("listing_shrunken", "contacts")]
    assert kept == 60
    assert world.mirror() == world.truth()


@pytest.mark.parametrize("stream", FOLLOWED)
def test_a_stream_that_lost_its_scope_is_one_finding_and_keeps_its_records(
    world: World, stream: str
) -> None:
    world.pull()
    before = world.mirror()
    part = {
        "form_submissions": "/submissions/",
        "email_events": "/email/public/",
        "events": "/event-occurrences/",
    }
    refused = Answer.json({"category": "MISSING_SCOPES"}, 403)
    world.sandbox.faults.append(
        lambda request, sent: (
            refused
            if sent is not None and part.get(stream, f"/objects/2026-09/{stream}") in request.path
            else None
        )
    )

    followed, swept = world.pull(), world.pull(full=True)

    for pulled in (followed, swept):
        assert [(f.code, f.key) for f in pulled.findings] == [("stream_unavailable", stream)]
        assert not pulled.failed
    assert world.mirror() == before


def test_a_search_that_hubspot_refuses_is_made_up_for_by_a_listing(world: World) -> None:
    world.pull()
    world.edit.update("deals", "5001", {"amount": "3"})
    world.sandbox.faults.append(
        lambda request, sent: (
            Answer.json({"category": "VALIDATION_ERROR"}, 400)
            if sent is not None and request.path.endswith("/deals/search")
            else None
        )
    )

    pulled = world.pull()

    assert not pulled.failed
    assert world.mirror()["deals"] == world.truth()["deals"]


def test_another_need_is_read_in_full(world: World) -> None:
    world.pull()
    wider = {**NEEDS, "companies": NEEDS["companies"] | Need(frozenset({"country"}))}
    world.sandbox.requests.clear()

    pull(world.source(), world.store, wider, clock=world.clock)

    asked = world.asked()
    assert (asked["companies"], asked["companies/search"], asked["deals/search"]) == (2, 0, 1)


def test_a_listing_spread_over_pulls_comes_to_its_end(tmp_path: Path) -> None:
    world = World(tmp_path, portal(330))
    world.pull()
    world.edit.archive("companies", "3001")
    world.edit.erase("contacts", "1300")
    world.edit.associate("calls", "9320", "deals", "5001")
    per_pull = []
    for _ in range(7):
        world.later(15 * MINUTE)
        world.pull(full=True, pages=1)
        per_pull.append(sum(world.asked().values()))
    made = world.edit.create("contacts", {"email": "late@people.example"})

    world.pull()

    assert made in world.mirror()["contacts"]
    assert world.mirror() == world.truth()
    assert max(per_pull) < 45
    world.store.close()


def test_several_streams_at_once_end_where_one_after_the_other_does(tmp_path: Path) -> None:
    results = []
    for workers in (1, 4):
        world = _edited(tmp_path / str(workers))
        changed = world.pull(workers=workers)
        swept = world.pull(full=True, workers=workers)
        results.append((changed, swept, world.mirror()))
        assert world.mirror() == world.truth()
        world.store.close()

    assert results[0] == results[1]


def test_a_kill_while_several_streams_are_read_is_finished_by_the_next_pull(
    tmp_path: Path,
) -> None:
    for number in (3, 12, 18, 20):
        world = _edited(tmp_path / str(number))
        _kill_at(world, number)
        with pytest.raises(Stop):
            world.pull(full=True, workers=4)
        world.sandbox.faults.clear()

        world.pull(full=True, workers=4)

        assert world.mirror() == world.truth(), number
        world.store.close()
