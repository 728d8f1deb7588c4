"""Whole pulls of a portal, through the stand-in: what comes, in how many requests, and again."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.errors import ConfigError, RejectedError, TransientError
from cjm_sync.model import Batch, Change, Need, Record
from cjm_sync.ports import Account, Source
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import Answer, HubSpotSandbox, Request
from cjm_sync_sandbox.portal import Portal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FORM_A = "0a0a0a0a-0000-4000-8000-000000000001"
FORM_B = "0b0b0b0b-0000-4000-8000-000000000002"
COMMENTS = "0c0c0c0c-0000-4000-8000-000000000003"
OLD_FORM = "0d0d0d0d-0000-4000-8000-000000000004"

SIZES = {"contacts": 130, "companies": 105, "deals": 60, "tickets": 7, "calls": 201}

NEEDS = {
    "account": Need(),
    "owners": Need(),
    "properties": Need(),
    "pipelines": Need(),
    "exchange_rates": Need(),
    "forms": Need(),
    "contacts": Need(
        frozenset({"email", "hs_v2_date_entered_*", "hs_lifecyclestage_*_date"}),
        frozenset({"lifecyclestage"}),
        frozenset({"companies"}),
    ),
    "companies": Need(frozenset({"industry"}), links=frozenset({"contacts"})),
    "deals": Need(frozenset({"amount"}), frozenset({"dealstage"}), frozenset({"contacts"})),
    "tickets": Need(frozenset({"hs_pipeline_stage"})),
    "calls": Need(frozenset({"hs_call_direction"}), links=frozenset({"contacts"})),
    "form_submissions": Need(),
    "email_events": Need(),
    "events": Need(),
}


class FakeClock:
    """Time that only moves when somebody waits."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


def row(
    id_: int, *, associations: Any = None, history: Any = None, **values: str
) -> dict[str, Any]:
    made = "2025-06-01T08:00:00.000Z"
    return {
        "id": str(id_),
        "properties": {"createdate": made, **values},
        "createdAt": made,
        "updatedAt": made,
        **({"associations": associations} if associations else {}),
        **({"history": history} if history else {}),
    }


def past(value: str) -> list[dict[str, str]]:
    return [{"value": value, "timestamp": "2025-07-01T08:00:00.000Z", "sourceType": "CRM_UI"}]


def portal() -> Portal:
    contacts = [
        row(
            1000 + number,
            email=f"person{number}@people.example",
            lifecyclestage="lead",
            history={"lifecyclestage": past("lead")},
        )
        for number in range(SIZES["contacts"])
    ]
    contacts[3]["properties"]["hs_merged_object_ids"] = "17;18"
    return Portal(
        info={
            "tier": "enterprise",
            "features": {"events": True},
            "account": {"portalId": 42, "companyCurrency": "SEK", "timeZone": "Europe/Stockholm"},
            "exchange_rates": {"EUR": 11.2},
            "owners": [
                {"id": "1", "email": "olga@portal.example", "firstName": "Olga", "userId": 91},
                {"id": "2", "email": "gone@portal.example", "userId": 92, "archived": True},
            ],
            "forms": [
                {"id": FORM_A, "name": "Demo"},
                {"id": FORM_B, "name": "Webinar"},
                {"id": COMMENTS, "name": "Blog", "formType": "blog_comment"},
                {"id": OLD_FORM, "name": "Old", "archived": True},
            ],
        },
        rows={
            "contacts": contacts,
            "companies": [
                row(
                    3000 + number,
                    industry="RETAIL",
                    associations={"contacts": [str(1000 + number)]},
                )
                for number in range(SIZES["companies"])
            ],
            "deals": [
                row(
                    5000 + number,
                    amount="100",
                    pipeline="default",
                    dealstage="closedwon",
                    history={"dealstage": past("closedwon")},
                    associations={"contacts": [str(1000 + number)]},
                )
                for number in range(SIZES["deals"])
            ],
            "tickets": [
                row(7000 + number, hs_pipeline="0", hs_pipeline_stage="1")
                for number in range(SIZES["tickets"])
            ],
            "calls": [
                row(
                    9000 + number,
                    hs_call_direction="INBOUND",
                    hs_call_body="<p>secret words</p>",
                    associations={"contacts": [str(1000 + number % 130)]},
                )
                for number in range(SIZES["calls"])
            ],
            "form_submissions": [
                {
                    "formId": form,
                    "conversionId": f"{form[:2]}-{number}",
                    "submittedAt": 1750000000000 + number,
                    "values": [
                        {"name": "firstname", "value": "Ana"},
                        {"name": "email", "value": "Person1@People.example"},
                    ],
                    "pageUrl": "https://www.people.example/private",
                }
                for form, count in ((FORM_A, 51), (FORM_B, 120), (OLD_FORM, 1))
                for number in range(count)
            ],
            "email_events": [
                {
                    "id": f"event-{number}",
                    "created": 1750000000000 + number,
                    "type": "CLICK",
                    "recipient": "Person1@People.example",
                    "emailCampaignId": 5,
                    "appId": 113,
                    "url": "https://www.people.example/private",
                    "sentBy": {"id": "sent", "created": 1},
                }
                for number in range(1001)
            ],
            "events": [
                {
                    "objectType": "CONTACT",
                    "objectId": "1001",
                    "eventType": "e_visited_page",
                    "occurredAt": "2025-08-01T08:00:00.000Z",
                    "id": f"view-{number}",
                    "properties": {"hs_url": "https://www.people.example/private"},
                }
                for number in range(205)
            ],
        },
    )


class World:
    """A portal behind the stand-in, and sources that read it."""

    def __init__(
        self, served: Portal | None = None, *, scopes: frozenset[str] | None = None
    ) -> None:
        self.clock = FakeClock()
        self.sandbox = HubSpotSandbox(served or portal(), clock=self.clock, scopes=scopes)

    def source(self, *, token: str = "pat-sandbox", version: str = "2026-09") -> Source:
        source = plugin.connect(
            HubSpotSettings.model_validate({"api_version": version}),
            clock=self.clock,
            secret=SecretStr(token),
            transport=httpx.WSGITransport(self.sandbox),
        )
        source.streams(NEEDS)
        return source


def read(source: Source, stream: str, cursor: str | None = None) -> list[Batch]:
    return list(source.pull(stream, NEEDS[stream], cursor))


def records(batches: list[Batch]) -> list[Record]:
    return [record for batch in batches for record in batch.records]


def by_id(batches: list[Batch]) -> dict[str, Record]:
    return {record.id: record for record in records(batches)}


BOUNDS = {
    "account": 1,
    "owners": 2,
    "properties": 5,
    "pipelines": 2,
    "exchange_rates": 1,
    "forms": 2,
    "contacts": math.ceil(SIZES["contacts"] / 50),
    "companies": math.ceil(SIZES["companies"] / 100),
    "deals": math.ceil(SIZES["deals"] / 50),
    "tickets": math.ceil(SIZES["tickets"] / 100),
    "calls": math.ceil(SIZES["calls"] / 100),
    "form_submissions": math.ceil(51 / 50) + math.ceil(120 / 50) + 1,
    "email_events": math.ceil(1001 / 1000),
    "events": math.ceil(205 / 100),
}


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_each_stream_takes_no_more_requests_than_it_has_pages(version: str) -> None:
    source = World().source(version=version)

    spent = {}
    for stream in source.streams(NEEDS):
        before = source.requests()
        read(source, stream)
        spent[stream] = source.requests() - before

    assert spent == BOUNDS


@pytest.mark.parametrize("stream", list(NEEDS))
def test_a_pull_resumed_at_any_cursor_ends_with_the_same_records(stream: str) -> None:
    world = World()
    whole = read(world.source(), stream)

    for position, batch in enumerate(whole[:-1], 1):
        assert batch.cursor is not None
        rest = read(world.source(), stream, batch.cursor)
        assert records(whole[:position]) + records(rest) == records(whole)

    assert whole[-1].cursor is None
    assert len(records(whole)) == len(by_id(whole)) > 0


@pytest.mark.parametrize("stream", list(NEEDS))
def test_both_versions_of_the_api_give_the_same_records(stream: str) -> None:
    world = World()

    old, new = (read(world.source(version=version), stream) for version in ("v3", "2026-09"))

    assert old == new


def test_a_contact_comes_with_its_past_and_its_links_and_nothing_unasked() -> None:
    found = by_id(read(World().source(), "contacts"))["1004"]

    assert found == Record(
        "contacts",
        "1004",
        {"email": "person4@people.example", "lifecyclestage": "lead"},
        {"lifecyclestage": (Change("lead", "2025-07-01T08:00:00.000Z", "CRM_UI"),)},
        {"companies": ("3004",)},
        "2025-06-01T08:00:00.000Z",
        "2025-06-01T08:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("stream", "id_", "properties"),
    [
        (
            "account",
            "42",
            {
                "portalId": 42,
                "timeZone": "Europe/Stockholm",
                "companyCurrency": "SEK",
                "additionalCurrencies": ["EUR"],
            },
        ),
        ("owners", "2", {"id": "2", "archived": True, "userId": 92}),
        ("calls", "9000", {"hs_call_direction": "INBOUND"}),
        (
            "form_submissions",
            "0a-1",
            {"formId": FORM_A, "submittedAt": 1750000000001, "email": "person1@people.example"},
        ),
        (
            "email_events",
            "event-1:1750000000001",
            {
                "id": "event-1",
                "created": 1750000000001,
                "type": "CLICK",
                "recipient": "person1@people.example",
                "emailCampaignId": 5,
                "appId": 113,
                "sentBy": {"id": "sent", "created": 1},
            },
        ),
        (
            "events",
            "view-1",
            {
                "objectType": "CONTACT",
                "objectId": "1001",
                "eventType": "e_visited_page",
                "occurredAt": "2025-08-01T08:00:00.000Z",
            },
        ),
        (
            "forms",
            OLD_FORM,
            {"id": OLD_FORM, "name": "Old", "formType": "hubspot", "archived": True},
        ),
    ],
)
def test_a_row_keeps_what_the_product_needs(
    stream: str, id_: str, properties: dict[str, object]
) -> None:
    found = by_id(read(World().source(), stream))[id_]

    assert found.properties == properties


def test_definitions_and_pipelines_are_told_apart_by_their_object() -> None:
    source = World().source()

    definitions = by_id(read(source, "properties"))
    pipelines = by_id(read(source, "pipelines"))

    assert {"contacts/lifecyclestage", "deals/dealstage", "calls/hs_call_direction"} <= set(
        definitions
    )
    assert "contacts/firstname" not in definitions
    options = definitions["contacts/lifecyclestage"].properties["options"]
    assert {"value": "lead", "label": "Lead"}.items() <= options[1].items()
    assert set(pipelines) == {"deals/default", "tickets/0"}
    won = pipelines["deals/default"].properties["stages"][5]
    assert (won["id"], won["metadata"]["probability"]) == ("closedwon", "1.0")


def test_former_ids_lead_to_the_survivor() -> None:
    batches = read(World().source(), "contacts")

    assert batches[0].merged == {"17": "1003", "18": "1003"}
    assert "hs_merged_object_ids" not in by_id(batches)["1003"].properties


def test_a_record_without_history_brings_its_dated_family_in_one_more_request() -> None:
    served = portal()
    bare = served.rows["contacts"][70:73]
    for contact in bare:
        del contact["history"]
    bare[0]["properties"]["hs_v2_date_entered_lead"] = "2025-07-02T08:00:00.000Z"
    bare[1]["properties"]["hs_lifecyclestage_lead_date"] = "2025-07-03T08:00:00.000Z"
    del bare[2]["properties"]["lifecyclestage"]
    world = World(served)
    # The stand-in makes up a past where a row has none; the real service may have lost it.
    world.sandbox.faults.append(forget_the_past_of({"1070", "1071", "1072"}))
    source = world.source()
    read(source, "properties")
    before = source.requests()

    found = by_id(read(source, "contacts"))

    assert source.requests() - before == BOUNDS["contacts"] + 1
    assert found["1070"].properties["hs_v2_date_entered_lead"] == "2025-07-02T08:00:00.000Z"
    assert found["1071"].properties["hs_lifecyclestage_lead_date"] == "2025-07-03T08:00:00.000Z"
    assert "hs_v2_date_entered_lead" not in found["1069"].properties


def forget_the_past_of(ids: set[str]) -> Any:
    def fault(request: Request, answer: Answer | None) -> Answer | None:
        if answer is None or request.path != "/crm/objects/2026-09/contacts":
            return None
        body = json.loads(answer.body)
        for one in body["results"]:
            if one["id"] in ids:
                one["propertiesWithHistory"] = {}
        return Answer.json(body)

    return fault


def test_a_list_of_links_that_was_cut_is_finished() -> None:
    served = portal()
    served.rows["companies"][0]["associations"] = {
        "contacts": [str(1000 + number) for number in range(130)]
    }
    source = World(served).source()
    before = source.requests()

    found = by_id(read(source, "companies"))

    assert found["3000"].links["contacts"] == tuple(str(1000 + number) for number in range(130))
    assert source.requests() - before == BOUNDS["companies"] + 1


def test_a_property_list_too_long_for_an_address_goes_through_batch_read() -> None:
    world = World()
    source = world.source()
    many = frozenset(f"a_rather_long_property_name_{number:04}" for number in range(200))
    need = Need(many | {"amount"}, frozenset({"dealstage"}), frozenset({"contacts"}))
    before = source.requests()

    batches = list(source.pull("deals", need, None))

    assert len(records(batches)) == SIZES["deals"]
    found = by_id(batches)["5001"]
    assert found.properties == {"amount": "100", "dealstage": "closedwon"}
    assert found.history["dealstage"][0].value == "closedwon"
    assert found.links == {"contacts": ("1001",)}
    assert source.requests() - before == 1 + math.ceil(SIZES["deals"] / 50)
    assert max(len(request.query) for request in world.sandbox.requests) < 4096


def test_a_family_without_a_history_beside_it_is_read_from_every_record() -> None:
    served = portal()
    served.rows["deals"][5]["properties"]["hs_v2_date_entered_closedwon"] = "2025-07-02T08:00:00Z"
    source = World(served).source()
    need = Need(frozenset({"hs_v2_date_entered_*"}))

    found = by_id(list(source.pull("deals", need, None)))

    assert found["5005"].properties["hs_v2_date_entered_closedwon"] == "2025-07-02T08:00:00Z"


def test_those_who_left_are_live_records_that_say_so() -> None:
    owners = by_id(read(World().source(), "owners"))

    assert {owner.id: owner.archived for owner in owners.values()} == {"1": False, "2": False}
    assert owners["2"].properties["archived"] is True


@pytest.mark.parametrize("cursor", ["not ours", "[1]"])
def test_a_cursor_that_is_not_ours_means_the_beginning(cursor: str) -> None:
    source = World().source()

    assert records(read(source, "tickets", cursor)) == records(read(source, "tickets"))


def test_what_describes_the_wanted_objects_comes_along() -> None:
    source = World().source()

    assert list(source.streams({"deals": Need(), "p42_boats": Need(), "events": Need()})) == [
        "account",
        "properties",
        "pipelines",
        "deals",
        "p42_boats",
        "events",
    ]
    assert list(source.streams({"owners": Need()})) == ["account", "owners"]


def test_the_portal_is_named_by_its_token() -> None:
    assert World().source().identify() == Account("42", "", "SEK", "Europe/Stockholm")


def test_a_refused_token_is_a_matter_for_a_person() -> None:
    source = World().source(token="pat-revoked")

    with pytest.raises(ConfigError, match="does not accept the token") as caught:
        source.identify()

    assert "Service Keys" in str(caught.value.hint)
    assert "pat-revoked" not in f"{caught.value}{caught.value.hint}"


SCOPES = {
    "owners": "crm.objects.owners.read",
    "exchange_rates": "settings.currencies.read",
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "tickets": "tickets",
    "forms": "forms",
    "form_submissions": "forms",
    "email_events": "content",
    "events": "business-intelligence",
}


@pytest.mark.parametrize(("stream", "scope"), SCOPES.items())
def test_a_stream_the_token_may_not_read_names_the_scope(stream: str, scope: str) -> None:
    source = World(scopes=frozenset({"something.else"})).source()

    with pytest.raises(RejectedError) as caught:
        read(source, stream)

    assert caught.value.status == 403
    assert scope in str(caught.value.hint)


def test_what_cannot_be_described_is_told_once_and_only_by_its_own_stream() -> None:
    source = World(scopes=frozenset({"crm.objects.contacts.read", "forms"})).source()

    metadata = read(source, "properties") + read(source, "pipelines")
    contacts = read(source, "contacts")

    assert [finding for batch in metadata for finding in batch.findings] == []
    assert any(record.id == "contacts/email" for record in records(metadata))
    assert [finding for batch in contacts for finding in batch.findings] == []
    with pytest.raises(RejectedError):
        read(source, "deals")


def test_a_portal_that_refuses_definitions_only_says_so_with_the_object() -> None:
    world = World()

    def refuse(request: Request, answer: Answer | None) -> Answer | None:
        path = "/crm/properties/2026-09/deals"
        return Answer.json({"category": "MISSING_SCOPES"}, 403) if request.path == path else None

    world.sandbox.faults.append(refuse)
    source = world.source()
    read(source, "properties")

    deals = read(source, "deals")

    assert [(finding.code, finding.key) for finding in deals[0].findings] == [
        ("stream_unavailable", "properties/deals")
    ]


def test_the_rate_limit_is_kept_without_a_single_refusal() -> None:
    world = World()
    source = world.source()

    for _ in range(60):
        read(source, "contacts")
        read(source, "companies")
        read(source, "deals")

    assert source.requests() > 190 * 2
    assert {request.status for request in world.sandbox.requests} == {200}
    assert source.waited_seconds() == world.clock.elapsed == 20.0


def test_a_broken_connection_in_the_middle_is_mended() -> None:
    world = World()
    broken = iter([True, False, True])

    def fault(request: Request, answer: Answer | None) -> Answer | None:
        if answer is None and next(broken, False):
            raise httpx.ReadError("connection reset")
        return None

    world.sandbox.faults.append(fault)

    assert len(records(read(world.source(), "contacts"))) == SIZES["contacts"]


def test_an_unavailable_service_fails_the_stream_and_not_the_program() -> None:
    world = World()
    world.sandbox.faults.append(
        lambda _request, answer: Answer.html("<html>", 503) if answer is None else None
    )

    with pytest.raises(TransientError, match="kept answering 503 about deals"):
        read(world.source(), "deals")


def test_check_finds_everything_in_order() -> None:
    checks = list(World().source().check(NEEDS))

    assert [check.state for check in checks] == ["ok"] * (len(NEEDS) + 1)


def test_check_names_scopes_and_the_nearest_property() -> None:
    source = World(scopes=frozenset({"crm.objects.contacts.read"})).source()
    needs = {
        "contacts": Need(frozenset({"lifecycle_stage", "hs_no_such_*"})),
        "deals": Need(),
    }

    checks = [check for check in source.check(needs) if check.state != "ok"]

    assert [check.name for check in checks] == [
        "hubspot pipelines",
        "hubspot deals",
        "hubspot contacts.lifecycle_stage",
    ]
    assert "crm.objects.deals.read" in checks[1].hint
    assert "lifecyclestage" in checks[2].hint


def test_check_says_what_would_fail() -> None:
    world = World()
    refusals = {
        "/crm/objects/2026-09/deals": Answer.json({"message": "unknown"}, 400),
        "/crm/objects/2026-09/calls": Answer.html("<html>", 503),
    }
    world.sandbox.faults.append(
        lambda request, answer: refusals.get(request.path) if answer is None else None
    )

    failed = [check for check in world.source().check(NEEDS) if check.state == "failed"]

    assert [check.name for check in failed] == ["hubspot deals", "hubspot calls"]


def test_check_stops_at_a_bad_token() -> None:
    checks = list(World().source(token="bad").check(NEEDS))

    assert [check.state for check in checks] == ["failed"]
    assert checks[0].hint
