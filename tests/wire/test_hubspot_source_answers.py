"""Single exchanges with HubSpot: how a request looks, and what is made of an odd answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr, ValidationError

from cjm_sync.errors import ConfigError, RejectedError, TransientError
from cjm_sync.http import DailyLimitError
from cjm_sync.model import Batch, Need
from cjm_sync.ports import Source
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_hubspot.api import ApiVersion, dated
from cjm_sync_hubspot.crm import members
from cjm_sync_hubspot.errors import scopes_named_in

HOST = "https://api.hubapi.com"
DEALS = f"{HOST}/crm/objects/2026-09/deals"
EVENTS = f"{HOST}/events/event-occurrences/2026-09"


class FakeClock:
    """Time that only moves when somebody waits."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


def connect(router: respx.MockRouter, clock: FakeClock | None = None) -> Source:
    return plugin.connect(
        HubSpotSettings(),
        clock=clock or FakeClock(),
        secret=SecretStr("pat-eu1-secret"),
        transport=httpx.MockTransport(router.handler),
    )


def pull(router: respx.MockRouter, stream: str, need: Need = Need()) -> list[Batch]:  # noqa: B008
    return list(connect(router).pull(stream, need, None))


def page(*rows: Any, after: str | None = None) -> httpx.Response:
    paging = {"paging": {"next": {"after": after}}} if after is not None else {}
    return httpx.Response(200, json={"results": list(rows), **paging})


def deal(id_: Any, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "properties": properties}


@pytest.fixture
def router() -> respx.MockRouter:
    return respx.MockRouter(assert_all_called=False)


def test_a_request_carries_the_token_and_asks_for_what_is_needed(router: respx.MockRouter) -> None:
    route = router.get(DEALS).mock(return_value=page())
    need = Need(frozenset({"amount"}), frozenset({"dealstage"}), frozenset({"contacts"}))

    pull(router, "deals", need)

    request = route.calls.last.request
    assert request.headers["authorization"] == "Bearer pat-eu1-secret"
    assert "gzip" in request.headers["accept-encoding"]
    assert request.extensions["timeout"] == {
        "connect": 10.0,
        "read": 75.0,
        "write": 75.0,
        "pool": 75.0,
    }
    assert dict(request.url.params) == {
        "limit": "50",
        "archived": "false",
        "properties": "amount,dealstage,hs_merged_object_ids",
        "propertiesWithHistory": "dealstage",
        "associations": "contacts",
    }


@pytest.mark.parametrize("sent", ["Mw%3D%3D", "Mw=="])
def test_a_cursor_is_encoded_once_however_it_came(router: respx.MockRouter, sent: str) -> None:
    view = {"id": "view-1", "objectId": "1"}
    route = router.get(EVENTS).mock(
        side_effect=[page(view, after=sent), page({"id": "view-2", "objectId": "1"})]
    )

    pull(router, "events")

    assert b"after=Mw%3D%3D" in route.calls.last.request.url.query
    assert route.calls.last.request.url.params["after"] == "Mw=="


@pytest.mark.parametrize(
    ("stream", "path", "query"),
    [
        (
            "email_events",
            "/email/public/v1/events",
            {"limit": "1000", "startTimestamp": "1000", "excludeFilteredEvents": "true"},
        ),
        (
            "events",
            "/events/event-occurrences/2026-09",
            {"limit": "100", "eventType": "e_visited_page"},
        ),
        (
            "forms",
            "/marketing/forms/2026-09-beta",
            {"limit": "100", "archived": "false", "formTypes": "all"},
        ),
        ("exchange_rates", "/settings/currencies/2026-09/exchange-rates/current", {}),
        ("owners", "/crm/owners/2026-09", {"limit": "100", "archived": "false"}),
    ],
)
def test_a_stream_is_asked_for_in_the_largest_pages(
    router: respx.MockRouter, stream: str, path: str, query: dict[str, str]
) -> None:
    route = router.get(url__startswith=HOST).mock(
        return_value=httpx.Response(200, json={"results": [], "events": [], "hasMore": False})
    )

    pull(router, stream)

    first = route.calls[0].request.url
    assert (first.path, dict(first.params)) == (path, query)


@pytest.mark.parametrize(
    ("v3", "expected"),
    [
        ("/crm/v3/objects/deals", "/crm/objects/2026-09/deals"),
        ("/crm/v3/objects/deals/batch/read", "/crm/objects/2026-09/deals/batch/read"),
        ("/crm/v3/owners/", "/crm/owners/2026-09"),
        ("/crm/v3/properties/deals", "/crm/properties/2026-09/deals"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals"),
        (
            "/crm/v4/associations/deals/contacts/batch/read",
            "/crm/associations/2026-09/deals/contacts/batch/read",
        ),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
        ("/events/v3/events/", "/events/event-occurrences/2026-09"),
        ("/marketing/v3/forms/", "/marketing/forms/2026-09-beta"),
        ("/email/public/v1/events", "/email/public/v1/events"),
    ],
)
def test_paths_are_spelled_in_the_configured_version(v3: str, expected: str) -> None:
    version: ApiVersion = "2026-09"

    assert dated(v3, version) == expected
    assert dated(v3, "v3") == v3.rstrip("/")


def test_a_bad_row_is_a_finding_and_the_rest_goes_on(router: respx.MockRouter) -> None:
    rows = [
        "no object",
        {"properties": {}},
        deal(True),
        {"id": "4", "properties": None},
        deal(5, amount=100, hs_is_closed=True, dealname=["a", "list"]),
        deal("6", amount="7"),
    ]
    router.get(DEALS).mock(return_value=page(*rows))

    batch = pull(router, "deals", Need(frozenset({"amount", "hs_is_closed", "dealname"})))[0]

    assert [(record.id, record.properties) for record in batch.records] == [
        ("5", {"amount": "100", "dealname": None, "hs_is_closed": "true"}),
        ("6", {"amount": "7"}),
    ]
    assert [(finding.code, finding.key) for finding in batch.findings] == [
        ("bad_row", "deals/?"),
        ("bad_row", "deals/?"),
        ("bad_row", "deals/?"),
        ("bad_row", "deals/4"),
        ("bad_value", "deals/5/dealname"),
    ]


@pytest.mark.parametrize(
    "past",
    ["not a list", ["not an object"], [{"value": "won", "timestamp": "x"}, 7]],
)
def test_a_bad_past_value_is_a_finding(router: respx.MockRouter, past: Any) -> None:
    row = {**deal("1", dealstage="won"), "propertiesWithHistory": {"dealstage": past}}
    router.get(DEALS).mock(return_value=page(row))

    batch = pull(router, "deals", Need(history=frozenset({"dealstage"})))[0]

    assert [record.id for record in batch.records] == ["1"]
    assert [finding.key for finding in batch.findings] == ["deals/1/dealstage"]


@pytest.mark.parametrize("stream", ["owners", "forms", "events", "email_events"])
def test_a_bad_row_of_any_stream_is_a_finding(router: respx.MockRouter, stream: str) -> None:
    rows = [None, {"id": ""}, {"id": "good", "created": 5}]
    router.get(url__startswith=HOST).mock(
        return_value=httpx.Response(200, json={"results": rows, "events": rows, "hasMore": False})
    )

    batch = pull(router, stream)[0]

    assert len(batch.records) == 1
    assert [finding.code for finding in batch.findings] == ["bad_row", "bad_row"]


def test_a_target_linked_by_several_kinds_is_one_link(router: respx.MockRouter) -> None:
    linked = {
        "line items": {"results": [{"id": "9", "type": "a"}, {"id": "9", "type": "b"}]},
        "companies": {"results": [{"id": "8"}, {"id": "7"}, {"id": "8"}]},
    }
    router.get(DEALS).mock(return_value=page({**deal("1"), "associations": linked}))

    record = pull(router, "deals")[0].records[0]

    assert record.links == {"line_items": ("9",), "companies": ("8", "7")}


def test_contacts_tell_their_former_ids_in_two_places(router: respx.MockRouter) -> None:
    router.get(f"{HOST}/crm/objects/2026-09/contacts").mock(
        return_value=page(
            deal(
                "903",
                hs_merged_object_ids="101;102",
                hs_calculated_merged_vids="102:1714546800000;103:1714546800001;903:1",
            )
        )
    )

    assert pull(router, "contacts")[0].merged == {"101": "903", "102": "903", "103": "903"}


def test_a_batch_that_answers_with_another_id_tells_of_a_merge(router: respx.MockRouter) -> None:
    many = frozenset(f"a_rather_long_property_name_{number:04}" for number in range(200))
    router.get(DEALS).mock(return_value=page(deal("1"), deal("2"), deal("3")))
    router.post(f"{DEALS}/batch/read").mock(
        return_value=httpx.Response(
            207,
            json={
                "results": [deal("1"), deal("77", hs_merged_object_ids="2")],
                "numErrors": 1,
                "errors": [
                    {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["4"]}},
                    {"category": "INTERNAL_ERROR", "context": {"ids": ["3"]}},
                ],
            },
        )
    )

    batch = pull(router, "deals", Need(many))[0]

    assert [record.id for record in batch.records] == ["1"]
    assert [finding.key for finding in batch.findings] == ["deals/3"]


def test_a_merge_seen_by_batch_read_leads_to_the_survivor(router: respx.MockRouter) -> None:
    many = frozenset(f"a_rather_long_property_name_{number:04}" for number in range(200))
    router.get(DEALS).mock(return_value=page(deal("1"), deal("2")))
    route = router.post(f"{DEALS}/batch/read").mock(return_value=page(deal("1"), deal("77")))

    batch = pull(router, "deals", Need(many))[0]

    assert batch.merged == {"2": "77"}
    assert json.loads(route.calls.last.request.content)["inputs"] == [{"id": "1"}, {"id": "2"}]


def test_links_are_finished_page_by_page_from_the_beginning(router: respx.MockRouter) -> None:
    cut = {"contacts": {"results": [{"id": "1"}], "paging": {"next": {"after": "1"}}}}
    router.get(DEALS).mock(return_value=page({**deal("5"), "associations": cut}))
    route = router.post(f"{HOST}/crm/associations/2026-09/deals/contacts/batch/read").mock(
        side_effect=[
            httpx.Response(
                200,
                json={
                    "results": [
                        {
                            "from": {"id": "5"},
                            "to": [{"toObjectId": 1}, {"toObjectId": "2"}],
                            "paging": {"next": {"after": "2"}},
                        },
                        {"from": None},
                    ]
                },
            ),
            httpx.Response(
                207,
                json={
                    "results": [{"from": {"id": "5"}, "to": [{"toObjectId": 3}]}],
                    "errors": [
                        {
                            "category": "OBJECT_NOT_FOUND",
                            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        }
                    ],
                },
            ),
        ]
    )

    batch = pull(router, "deals", Need(links=frozenset({"contacts"})))[0]

    assert batch.records[0].links == {"contacts": ("1", "2", "3")}
    assert [json.loads(call.request.content)["inputs"] for call in route.calls] == [
        [{"id": "5"}],
        [{"id": "5", "after": "2"}],
    ]
    assert [finding.code for finding in batch.findings] == ["bad_row"]


@pytest.mark.parametrize(
    ("stream", "answer"),
    [
        ("deals", {"results": [], "paging": {"next": {"after": "7"}}}),
        ("owners", {"results": [], "paging": {"next": {"after": "7"}}}),
        ("events", {"results": [], "paging": {"next": {"after": "7"}}}),
        ("email_events", {"events": [], "hasMore": True, "offset": "7"}),
    ],
)
def test_pages_that_lead_in_a_circle_end_with_the_streams_name(
    router: respx.MockRouter, stream: str, answer: dict[str, Any]
) -> None:
    router.get(url__startswith=HOST).mock(return_value=httpx.Response(200, json=answer))

    with pytest.raises(TransientError, match=f"pages of {stream} lead in a circle"):
        pull(router, stream)


@pytest.mark.parametrize(
    "content", [b"<html>busy</html>", b'{"results": [{"id"', b"[]", b'{"results": 7}', b"{}"]
)
def test_an_answer_that_is_not_what_hubspot_sends_is_tried_again_later(
    router: respx.MockRouter, content: bytes
) -> None:
    router.get(DEALS).mock(return_value=httpx.Response(200, content=content))

    with pytest.raises(TransientError, match="deals was not understood"):
        pull(router, "deals")


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"context": {"requiredGranularScopes": ["one", "two"]}}]},
        {"context": {"requiredGranularScopes": ["one", "two"]}},
        {
            "errors": [{"context": {"missingScopes": ["one"]}}],
            "context": {"missingScopes": ["two", "one"]},
        },
    ],
)
def test_scopes_are_read_from_every_place(body: dict[str, Any]) -> None:
    assert sorted(scopes_named_in(body)) == ["one", "two"]


@pytest.mark.parametrize("body", [None, [], {"errors": "x"}, {"errors": [None, {"context": []}]}])
def test_a_refusal_that_names_no_scope_names_none(body: Any) -> None:
    assert scopes_named_in(body) == ()


@pytest.mark.parametrize(
    ("answer", "error", "message", "hint"),
    [
        (httpx.Response(401, json={}), ConfigError, "does not accept the token", "service key"),
        (
            httpx.Response(530, text="<html>"),
            ConfigError,
            "does not accept the token",
            "service key",
        ),
        (httpx.Response(403), RejectedError, "let this token read deals", "crm.objects.deals.read"),
        (httpx.Response(404, json={}), RejectedError, "knows no deals", "base_url"),
        (httpx.Response(302), ConfigError, "elsewhere", "https://api.hubapi.com"),
        (httpx.Response(500), TransientError, "kept answering 500 about deals", "Run again"),
        (
            httpx.Response(429, json={}),
            TransientError,
            "kept answering 429 about deals",
            "Run again",
        ),
        (
            httpx.Response(400, json={"message": "bad ana@x.example", "correlationId": "c-1"}),
            RejectedError,
            r"refused to read deals \(400\): bad …$",
            "c-1",
        ),
        (httpx.ConnectError("x"), TransientError, "could not reach api.hubapi.com", "base_url"),
        (httpx.ReadTimeout("x"), TransientError, "api.hubapi.com did not answer in time", "later"),
    ],
)
def test_each_failure_is_told_with_its_remedy(
    router: respx.MockRouter,
    answer: httpx.Response | httpx.TransportError,
    error: type[RejectedError],
    message: str,
    hint: str,
) -> None:
    effect: Any = answer if isinstance(answer, Exception) else lambda _request: answer
    router.get(DEALS).mock(side_effect=effect)

    with pytest.raises(error, match=message) as caught:
        pull(router, "deals")

    assert hint in str(caught.value.hint)
    assert "pat-eu1-secret" not in repr(caught.value)


def test_the_end_of_the_day_stops_the_run(router: respx.MockRouter) -> None:
    router.get(DEALS).mock(return_value=httpx.Response(429, json={"policyName": "DAILY"}))

    with pytest.raises(DailyLimitError) as caught:
        pull(router, "deals")

    assert caught.value.stops_run
    assert len(router.calls) == 1


@pytest.mark.parametrize(
    ("headers", "timezone", "said"),
    [
        ({}, "Europe/Stockholm", "come back at 2026-03-01 23:00 UTC"),
        ({}, "US/Eastern", "come back at 2026-03-01 05:00 UTC"),
        ({"Retry-After": "7200"}, "US/Eastern", "come back at 2026-03-01 02:00 UTC"),
        ({}, "Moon/Crater", "are used up$"),
    ],
)
def test_the_end_of_the_day_says_when_the_next_begins(
    router: respx.MockRouter, headers: dict[str, str], timezone: str, said: str
) -> None:
    router.get(f"{HOST}/account-info/2026-09/details").mock(
        return_value=httpx.Response(200, json={"portalId": 1, "timeZone": timezone})
    )
    router.get(DEALS).mock(
        return_value=httpx.Response(429, json={"policyName": "DAILY"}, headers=headers)
    )
    source = connect(router)
    source.identify()

    with pytest.raises(DailyLimitError, match=said):
        list(source.pull("deals", Need(), None))


@pytest.mark.parametrize(
    ("refusal", "wait"),
    [
        (httpx.Response(429, json={"policyName": "TEN_SECONDLY_ROLLING"}), 10.0),
        (httpx.Response(429, headers={"Retry-After": "4"}), 4.0),
        (httpx.Response(423), 2.0),
        (httpx.Response(477, headers={"Retry-After": "120"}), 120.0),
    ],
)
def test_a_refusal_is_waited_out(
    router: respx.MockRouter, refusal: httpx.Response, wait: float
) -> None:
    clock = FakeClock()
    router.get(DEALS).mock(side_effect=[refusal, page(deal("1"))])

    batches = list(connect(router, clock).pull("deals", Need(), None))

    assert len(batches[0].records) == 1
    assert clock.elapsed == pytest.approx(wait, abs=0.01)


def test_a_portal_that_is_moving_for_hours_is_left_alone(router: respx.MockRouter) -> None:
    router.get(DEALS).mock(return_value=httpx.Response(477, headers={"Retry-After": "86400"}))

    with pytest.raises(TransientError) as caught:
        pull(router, "deals")

    assert caught.value.retry_after == 86400


@pytest.mark.parametrize(
    ("stream", "answer"),
    [
        ("email_events", {"events": [], "hasMore": True}),
        ("account", {"timeZone": "UTC"}),
    ],
)
def test_an_answer_that_leads_nowhere_is_not_taken_for_the_end(
    router: respx.MockRouter, stream: str, answer: dict[str, Any]
) -> None:
    router.get(url__startswith=HOST).mock(return_value=httpx.Response(200, json=answer))

    with pytest.raises(TransientError, match=f"{stream} was not understood"):
        pull(router, stream)


def test_a_budget_too_odd_to_be_one_is_not_learnt(router: respx.MockRouter) -> None:
    odd = {
        "X-HubSpot-RateLimit-Max": "0",
        "X-HubSpot-RateLimit-Remaining": "0",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    }
    clock = FakeClock()
    router.get(DEALS).mock(
        side_effect=[
            httpx.Response(200, json=page(deal("1"), after="2").json(), headers=odd),
            page(deal("2")),
        ]
    )

    batches = list(connect(router, clock).pull("deals", Need(), None))

    assert (len(batches), clock.elapsed) == (2, 0.0)


def test_a_portal_of_one_currency_goes_without_rates(router: respx.MockRouter) -> None:
    router.get(url__startswith=HOST).mock(return_value=httpx.Response(404, json={}))

    batches = pull(router, "exchange_rates")

    assert [(batch.records, batch.cursor) for batch in batches] == [((), None)]
    assert [finding.code for finding in batches[0].findings] == ["stream_unavailable"]


def test_forms_that_keep_their_submissions_are_passed_over(router: respx.MockRouter) -> None:
    forms = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    router.get(f"{HOST}/marketing/forms/2026-09-beta", params__contains={"archived": "false"}).mock(
        return_value=page(*forms)
    )
    router.get(f"{HOST}/marketing/forms/2026-09-beta").mock(return_value=page())
    base = f"{HOST}/form-integrations/v1/submissions/forms"
    router.get(f"{base}/a").mock(
        return_value=httpx.Response(400, json={"errors": [{"errorType": "FORM_TYPE_NOT_ALLOWED"}]})
    )
    router.get(f"{base}/b").mock(return_value=page({"conversionId": "s", "submittedAt": 5}))
    router.get(f"{base}/c").mock(return_value=httpx.Response(404))

    batches = pull(router, "form_submissions")

    assert [record.id for batch in batches for record in batch.records] == ["s"]
    assert [finding.key for batch in batches for finding in batch.findings] == [
        "form_submissions/c"
    ]
    assert batches[-1].cursor is None


@pytest.mark.parametrize("stream", ["form_submissions", "forms"])
def test_a_stream_without_rows_still_comes_to_its_end(
    router: respx.MockRouter, stream: str
) -> None:
    router.get(url__startswith=HOST).mock(return_value=page())

    batches = pull(router, stream)

    assert batches[-1].cursor is None


def test_families_are_found_among_the_definitions() -> None:
    defined = (
        "hs_v2_date_entered_lead",
        "hs_v2_date_entered_",
        "hs_v2_date_exited_lead",
        "hs_lifecyclestage_lead_date",
        "hs_lifecyclestage_lead_date_2",
    )

    found = members(frozenset({"hs_v2_date_entered_*", "hs_lifecyclestage_*_date"}), defined)

    assert found == {"hs_v2_date_entered_lead", "hs_lifecyclestage_lead_date"}


@pytest.mark.parametrize(
    "table",
    [
        {"token": "pat-eu1-literal"},
        {"base_url": "api.hubapi.com"},
        {"base_url": "ftp://api.hubapi.com"},
        {"api_version": "v4"},
        {"overlap": "an hour"},
        {"overlap": 60},
        {"tokn": "env:X"},
    ],
)
def test_a_wrong_setting_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HubSpotSettings.model_validate(table)


def test_settings_are_read() -> None:
    settings = HubSpotSettings.model_validate(
        {"base_url": "http://127.0.0.1:8123/", "overlap": "2h", "api_version": "v3"}
    )

    assert settings.base_url == "http://127.0.0.1:8123"
    assert settings.overlap == timedelta(hours=2)
    assert settings.token == "env:HUBSPOT_TOKEN"
