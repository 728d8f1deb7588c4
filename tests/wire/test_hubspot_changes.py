"""Reading what changed in a portal: nothing lost, little asked, whatever search does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.errors import RejectedError, TransientError
from cjm_sync.model import Batch, Need, Record
from cjm_sync.ports import Follower
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import Answer, HubSpotSandbox, Request
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = START - timedelta(days=90)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FORM_A = "0a0a0a0a-0000-4000-8000-000000000001"
FORM_B = "0b0b0b0b-0000-4000-8000-000000000002"
OLD_FORM = "0d0d0d0d-0000-4000-8000-000000000004"
CONTACTS = Need(
    frozenset({"email", "hs_v2_date_entered_*"}),
    frozenset({"lifecyclestage"}),
    frozenset({"deals"}),
)
DEALS = Need(frozenset({"amount"}), frozenset({"dealstage"}), frozenset({"contacts"}))
CALLS = Need(frozenset({"hs_call_direction"}), links=frozenset({"contacts", "deals"}))


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(id_: int, at: datetime = OLD, *, modified: str = "", **values: str) -> dict[str, Any]:
    properties = {**values, **({modified: text(at)} if modified else {})}
    return {"id": str(id_), "properties": properties, "createdAt": text(at), "updatedAt": text(at)}


class Held:
    """A mirror in a dictionary: what was read before, by id."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Record] = {}

    def records(self, object: str, ids: Sequence[str]) -> Mapping[str, Record]:  # noqa: A002
        return {id_: self.rows[object, id_] for id_ in ids if (object, id_) in self.rows}

    def keep(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self.rows.update({(record.object, record.id): record for record in batch.records})


class World:
    """A portal that lives behind the stand-in, and a mirror that was read from it once."""

    def __init__(self, rows: Mapping[str, list[dict[str, Any]]], **info: Any) -> None:
        self.clock = FakeClock(START)
        served = Portal({"tier": "enterprise", "features": {"events": True}, **info}, dict(rows))
        self.sandbox = HubSpotSandbox(served, clock=self.clock)
        self.edit = self.sandbox.edit
        self.source = plugin.connect(
            HubSpotSettings(),
            clock=self.clock,
            secret=SecretStr(self.sandbox.token),
            transport=httpx.WSGITransport(self.sandbox),
        )
        assert isinstance(self.source, Follower)
        self.follower: Follower = self.source
        self.held = Held()
        self.settled = START

    def read(self, stream: str, need: Need) -> dict[str, Record]:
        return {
            record.id: record
            for batch in self.source.pull(stream, need, None)
            for record in batch.records
        }

    def fill(self, stream: str, need: Need) -> None:
        self.settled = self.clock.now()
        self.held.keep(list(self.source.pull(stream, need, None)))

    def batches(self, stream: str, need: Need, cursor: str | None = None) -> list[Batch]:
        return list(
            self.follower.changes(
                stream,
                need,
                since=self.settled,
                until=self.clock.now(),
                known=self.held,
                cursor=cursor,
            )
        )

    def changes(self, stream: str, need: Need) -> dict[str, Record]:
        batches = self.batches(stream, need)
        self.settled = self.clock.now()
        self.held.keep(batches)
        return {record.id: record for batch in batches for record in batch.records}

    def later(self, span: timedelta) -> None:
        self.clock.sleep(span.total_seconds())

    def paths(self) -> list[str]:
        seen = [request.path.rsplit("/2026-09/")[-1] for request in self.sandbox.requests]
        self.sandbox.requests.clear()
        return seen


def contacts(count: int) -> list[dict[str, Any]]:
    past = [{"value": "lead", "timestamp": text(OLD), "sourceType": "FORM"}]
    return [
        row(1000 + n, email=f"p{n}@people.example", lifecyclestage="lead")
        | {"history": {"lifecyclestage": past}}
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("stream", "need", "rows"),
    [
        ("contacts", CONTACTS, contacts(250)),
        ("calls", CALLS, [row(9000 + n, hs_call_direction="INBOUND") for n in range(250)]),
    ],
)
def test_a_stream_in_which_nothing_happened_costs_one_request(
    stream: str, need: Need, rows: list[dict[str, Any]]
) -> None:
    world = World({stream: rows})
    world.fill(stream, need)
    world.later(2 * HOUR)
    world.paths()

    assert world.changes(stream, need) == {}
    assert world.paths() == [f"{stream}/search"]


@pytest.mark.parametrize(
    ("stream", "modified"), [("contacts", "lastmodifieddate"), ("deals", "hs_lastmodifieddate")]
)
def test_each_object_is_asked_by_its_own_modified_date(stream: str, modified: str) -> None:
    world = World({})

    world.changes(stream, DEALS)

    body = json.loads(world.sandbox.requests[-1].body)
    (group,) = body["filterGroups"]
    assert [(one["propertyName"], one["operator"]) for one in group["filters"]] == [
        (modified, "GTE"),
        (modified, "LTE"),
    ]
    assert int(group["filters"][0]["value"]) == int((START - HOUR).timestamp() * 1000)


def test_what_changed_comes_as_a_full_reading_would_bring_it() -> None:
    deals = [
        row(5000 + n, amount="100", pipeline="default", dealstage="contractsent") for n in range(60)
    ]
    world = World({"contacts": contacts(60), "deals": deals})
    world.fill("deals", DEALS)
    world.later(2 * HOUR)
    world.edit.update("deals", "5003", {"amount": "7", "dealstage": "closedwon"})
    world.edit.update("deals", "5004", {"amount": ""})
    made = world.edit.create(
        "deals", {"amount": "1", "pipeline": "default", "dealstage": "closedwon"}
    )
    world.edit.associate("deals", made, "contacts", "1001")
    world.later(MINUTE)

    changed = world.changes("deals", DEALS)

    assert set(changed) == {"5003", "5004", made}
    whole = world.read("deals", DEALS)
    assert changed == {id_: whole[id_] for id_ in changed}
    assert len(whole["5003"].history["dealstage"]) == 2
    assert changed[made].links == {"contacts": ("1001",)}


def test_a_past_is_read_again_only_of_records_that_were_modified() -> None:
    world = World({"contacts": contacts(300)})
    world.fill("contacts", CONTACTS)
    world.later(2 * HOUR)
    world.edit.touch("contacts", *(str(1000 + n) for n in range(120)))
    world.later(MINUTE)
    world.paths()

    first = world.changes("contacts", CONTACTS)
    after_first = world.paths()
    world.later(15 * MINUTE)
    again = world.changes("contacts", CONTACTS)
    after_again = world.paths()

    whole = world.read("contacts", CONTACTS)
    assert first == again == {id_: whole[id_] for id_ in first}
    assert after_first == [
        "contacts/search",
        *["contacts/batch/read"] * 3,
        "contacts/deals/batch/read",
    ]
    assert after_again == ["contacts/search", "contacts/deals/batch/read"]


def test_links_made_right_after_a_record_was_read_are_seen_at_the_next_reading() -> None:
    world = World({"contacts": contacts(3)})
    world.fill("calls", CALLS)
    call = world.edit.create("calls", {"hs_call_direction": "INBOUND"})
    world.changes("calls", CALLS)
    world.edit.associate("calls", call, "contacts", "1001")
    world.later(15 * MINUTE)

    assert world.changes("calls", CALLS)[call].links == {"contacts": ("1001",)}


def test_a_stage_that_came_and_went_between_two_readings_is_in_the_past() -> None:
    world = World({"contacts": contacts(3)})
    world.fill("contacts", CONTACTS)
    for stage in ("customer", "lead"):
        world.later(MINUTE)
        world.edit.update("contacts", "1001", {"lifecyclestage": stage})

    past = world.changes("contacts", CONTACTS)["1001"].history["lifecyclestage"]

    assert [change.value for change in past[:2]] == ["lead", "customer"]


def test_25_000_records_of_one_timestamp_come_once_each() -> None:
    rows = [row(10_000 + n, START, hs_call_direction="INBOUND") for n in range(25_000)]
    world = World({"calls": rows})
    world.later(MINUTE)
    need = Need(frozenset({"hs_call_direction"}))

    batches = world.batches("calls", need)

    ids = [record.id for batch in batches for record in batch.records]
    assert len(ids) == len(set(ids)) == 25_000
    assert len(world.sandbox.requests) == 125
    assert {request.status for request in world.sandbox.requests} == {200}
    assert max(len(batch.records) for batch in batches) == 1000


def test_12_000_changes_in_one_minute_come_once_each() -> None:
    rows = [row(10_000 + n, hs_call_direction="INBOUND") for n in range(15_000)]
    world = World({"calls": rows})
    need = Need(frozenset({"hs_call_direction"}))
    for n in range(12_000):
        rows[n]["updatedAt"] = text(START + timedelta(milliseconds=5 * n))
    world.sandbox.reindex()
    world.later(2 * MINUTE)

    found = world.changes("calls", need)

    assert set(found) == {str(10_000 + n) for n in range(12_000)}


def test_a_record_indexed_40_minutes_late_is_found_and_never_asked_for_twice_in_vain() -> None:
    world = World({"contacts": contacts(5)})
    world.fill("contacts", CONTACTS)
    world.later(2 * HOUR)
    world.edit.update("contacts", "1001", {"lifecyclestage": "customer"})
    world.sandbox.hold_from_search("contacts", "1001", world.clock.now() + 40 * MINUTE)
    seen = []
    for _ in range(4):
        world.later(15 * MINUTE)
        seen.append(set(world.changes("contacts", CONTACTS)))

    assert seen == [set(), set(), {"1001"}, {"1001"}]
    assert world.held.rows["contacts", "1001"] == world.read("contacts", CONTACTS)["1001"]


def test_a_reading_resumed_at_any_cursor_brings_the_rest() -> None:
    rows = [row(10_000 + n, START, hs_call_direction="INBOUND") for n in range(3_300)]
    world = World({"calls": rows, "contacts": contacts(10)})
    world.later(MINUTE)
    whole = world.batches("calls", CALLS)
    records = [record for batch in whole for record in batch.records]
    world.later(3 * HOUR)  # the cursor carries its window

    for position, batch in enumerate(whole[:-1], 1):
        rest = world.batches("calls", CALLS, batch.cursor)
        read = [record for part in (*whole[:position], *rest) for record in part.records]
        assert read == records

    assert len(whole) == 4
    assert whole[-1].cursor is None


def test_a_record_edited_during_the_walk_is_in_the_next_window() -> None:
    rows = [row(10_000 + n, START, hs_call_direction="INBOUND") for n in range(1_500)]
    world = World({"calls": rows})
    world.later(MINUTE)
    edited: list[str] = []

    def meddle(request: Request, answer: Answer | None) -> None:
        if answer is not None and not edited:
            world.later(MINUTE)
            for id_ in ("10005", "11400"):
                world.edit.update("calls", id_, {"hs_call_direction": "OUTBOUND"})
                edited.append(id_)

    world.sandbox.faults.append(meddle)
    until = world.clock.now()
    need = Need(frozenset({"hs_call_direction"}))
    first = world.batches("calls", need)
    world.settled = until
    second = world.changes("calls", need)

    assert "11400" not in {record.id for batch in first for record in batch.records}
    assert {second[id_].properties["hs_call_direction"] for id_ in edited} == {"OUTBOUND"}


def test_a_merge_of_a_merge_names_all_who_were_merged() -> None:
    world = World({"contacts": contacts(6)})
    world.fill("contacts", CONTACTS)
    first = world.edit.merge("contacts", "1001", "1002", whole_chain=False)
    second = world.edit.merge("contacts", first, "1003", whole_chain=False)
    world.later(MINUTE)

    (batch,) = world.batches("contacts", CONTACTS)

    assert [record.id for record in batch.records] == [second]
    assert {former for former, id_ in batch.merged.items() if id_ == second} >= {first, "1003"}


def test_a_record_merged_while_it_is_read_is_known_by_its_new_id() -> None:
    world = World({"contacts": contacts(6)})
    world.later(2 * HOUR)
    world.edit.touch("contacts", "1001", "1004")
    survivors: list[str] = []

    def merge(request: Request, answer: Answer | None) -> None:
        if answer is None and request.path.endswith("/batch/read") and not survivors:
            survivors.append(world.edit.merge("contacts", "1001", "1002"))

    world.sandbox.faults.append(merge)

    (batch,) = world.batches("contacts", CONTACTS)

    assert batch.merged["1001"] == survivors[0]
    assert [record.id for record in batch.records] == ["1004"]


def test_a_record_archived_while_it_is_read_is_left_for_the_full_reading() -> None:
    world = World({"contacts": contacts(6)})
    world.edit.touch("contacts", "1001", "1004")

    def archive(request: Request, answer: Answer | None) -> None:
        if answer is None and request.path.endswith("contacts/batch/read"):
            world.edit.archive("contacts", "1001")

    world.sandbox.faults.append(archive)

    assert set(world.changes("contacts", CONTACTS)) == {"1004"}


def test_a_property_list_too_long_for_a_search_is_asked_by_batch_read() -> None:
    rows = [row(9000 + n, START, hs_call_direction="INBOUND") for n in range(150)]
    world = World({"calls": rows})
    many = frozenset(f"a_rather_long_property_name_{number:04}" for number in range(200))
    world.later(MINUTE)

    found = world.changes("calls", Need(many | {"hs_call_direction"}))

    assert len(found) == 150
    assert found["9001"].properties == {"hs_call_direction": "INBOUND"}
    searched = [r for r in world.sandbox.requests if r.path.endswith("/search")]
    assert max(len(request.body) for request in searched) <= 3000
    assert world.paths() == ["calls/search", *["calls/batch/read"] * 2]


def test_a_search_that_goes_backwards_or_in_circles_ends() -> None:
    world = World({"calls": [row(9000 + n, START) for n in range(450)]})
    first: list[bytes] = []

    def repeat(_request: Request, answer: Answer | None) -> Answer | None:
        if answer is None:
            return None
        first.append(answer.body)
        return Answer(200, first[0], answer.headers)

    world.sandbox.faults.append(repeat)

    with pytest.raises(TransientError, match="in a circle"):
        world.batches("calls", Need())


def test_a_search_that_promises_more_and_sends_nothing_is_not_the_end() -> None:
    world = World({"calls": [row(9000, START)]})
    body = {"total": 0, "results": [], "paging": {"next": {"after": "200"}}}
    world.sandbox.faults.append(lambda _r, answer: None if answer is None else Answer.json(body))

    with pytest.raises(TransientError, match="in a circle"):
        world.batches("calls", Need())


@pytest.mark.parametrize(
    "stream", ["contacts", "deals", "calls", "form_submissions", "email_events", "events"]
)
def test_a_stream_whose_changes_the_token_may_not_read_names_the_scope(stream: str) -> None:
    world = World({}, forms=[{"id": FORM_A, "name": "Demo"}])
    world.sandbox.scopes = frozenset({"something.else"})

    with pytest.raises(RejectedError) as caught:
        world.batches(stream, Need())

    assert caught.value.status == 403
    assert "scope" in str(caught.value.hint)


def test_what_describes_the_portal_is_not_followed() -> None:
    world = World({})
    described = ["account", "owners", "properties", "pipelines", "exchange_rates", "forms"]

    assert not any(world.follower.follows(stream) for stream in described)
    assert all(world.follower.follows(stream) for stream in ("contacts", "p42_boats", "events"))


def test_submissions_are_read_back_to_the_window_and_no_further() -> None:
    forms = [
        {"id": FORM_A, "name": "Demo"},
        {"id": FORM_B, "name": "Webinar"},
        {"id": OLD_FORM, "name": "Old", "archived": True},
    ]
    world = World({"form_submissions": []}, forms=forms)
    for number in range(180):
        world.edit.add_submission(FORM_A, f"p{number}@people.example", at=OLD)
    world.read("forms", Need())
    world.later(2 * HOUR)
    made = {world.edit.add_submission(FORM_A, "new@people.example") for _ in range(60)}
    world.later(MINUTE)
    world.paths()

    found = world.changes("form_submissions", Need())

    assert made <= set(found)
    asked = world.paths()
    assert [path.rsplit("/", 1)[1] for path in asked] == [FORM_A, FORM_A, FORM_B]


def test_marketing_email_and_page_views_are_asked_from_the_window_on() -> None:
    world = World({"contacts": contacts(3)})
    for number in range(30):
        world.edit.add_email_event("CLICK", f"p{number}@people.example", at=OLD)
        world.edit.add_event("1001", at=OLD)
    world.later(2 * HOUR)
    sent, moment = world.edit.add_email_event("CLICK", "p1@people.example", at=START - 30 * MINUTE)
    seen = world.edit.add_event("1001", at=START - 30 * MINUTE)
    world.settled = START

    assert set(world.changes("email_events", Need())) == {f"{sent}:{moment}"}
    world.settled = START
    assert set(world.changes("events", Need())) == {seen}
    assert len(world.paths()) == 2


@pytest.mark.parametrize("stream", ["email_events", "events", "form_submissions"])
def test_activity_resumed_at_any_cursor_brings_the_rest_of_its_window(stream: str) -> None:
    world = World(
        {"contacts": contacts(3)},
        forms=[{"id": FORM_A, "name": "Demo"}, {"id": FORM_B, "name": "B"}],
    )
    for number in range(2100):
        world.edit.add_email_event("CLICK", f"p{number}@people.example")
    for _ in range(210):
        world.edit.add_event("1001")
        world.edit.add_submission(FORM_A, "p1@people.example")
    world.edit.add_submission(FORM_B, "p1@people.example")
    world.later(MINUTE)
    whole = world.batches(stream, Need())
    records = {record.id for batch in whole for record in batch.records}
    world.later(3 * HOUR)

    for position, batch in enumerate(whole[:-1], 1):
        rest = world.batches(stream, Need(), batch.cursor)
        assert records == {r.id for part in (*whole[:position], *rest) for r in part.records}

    assert len(whole) >= 3


@pytest.mark.parametrize("stream", ["contacts", "deals"])
def test_archived_records_are_listed_bare_to_the_end_but_for_addresses(stream: str) -> None:
    world = World({stream: contacts(320)})
    gone = [str(1000 + n) for n in range(0, 320, 2)]
    for id_ in gone:
        world.edit.archive(stream, id_)
    world.paths()

    batches = list(world.follower.archived(stream, None))

    assert [record.id for batch in batches for record in batch.records] == gone
    assert all(record.archived for record in batches[0].records)
    told = {name for record in batches[0].records for name in record.properties}
    assert told == ({"email"} if stream == "contacts" else set())
    assert world.paths() == [stream] * 2
    rest = list(world.follower.archived(stream, batches[0].cursor))
    assert rest == batches[1:]


def test_what_cannot_be_archived_has_no_archived_listing() -> None:
    world = World({})

    assert list(world.follower.archived("email_events", None)) == [Batch((), None)]
    assert world.paths() == []
