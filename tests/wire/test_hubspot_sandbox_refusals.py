from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from cjm_sync_sandbox.hubspot import Answer, HubSpotSandbox, Request
from wire.hubspot_sandbox_world import BASE, TOKEN, SandboxClock, Wire, portal, record


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic pat-sandbox"}]
)
def test_a_wrong_token_is_answered_as_hubspot_does(headers: dict[str, str]) -> None:
    wire = Wire(portal())
    stranger = httpx.Client(transport=httpx.WSGITransport(app=wire.sandbox), base_url=BASE)

    answer = stranger.get("/account-info/2026-09/details", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"
    assert answer.json()["status"] == "error"
    assert answer.json()["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("/crm/objects/2026-09/contacts", ["crm.objects.contacts.read"]),
        ("/crm/objects/2026-09/companies", ["crm.objects.companies.read"]),
        ("/crm/v3/objects/tickets", ["crm.objects.tickets.read", "tickets"]),
        ("/crm/v3/objects/postal_mail", ["crm.objects.contacts.read"]),
        ("/crm/objects/2026-09/emails", ["crm.objects.contacts.read", "sales-email-read"]),
        ("/crm/v3/objects/quotes", ["crm.objects.quotes.read", "e-commerce"]),
        ("/crm/v3/properties/deals", ["crm.objects.deals.read", "crm.schemas.deals.read"]),
        ("/crm/v3/pipelines/deals", ["crm.objects.deals.read", "crm.schemas.deals.read"]),
        ("/crm/v3/owners", ["crm.objects.owners.read"]),
        ("/marketing/v3/forms", ["forms"]),
        ("/form-integrations/v1/submissions/forms/f", ["forms"]),
        ("/marketing/v3/emails", ["content", "marketing.email.read"]),
        ("/email/public/v1/events", ["content", "marketing.email.read"]),
        ("/events/v3/events", ["business-intelligence", "oauth"]),
        ("/settings/v3/currencies/exchange-rates/current", ["settings.currencies.read"]),
    ],
)
def test_a_missing_scope_is_named(path: str, scopes: list[str]) -> None:
    wire = Wire(portal(), scopes=frozenset({"conversations.read"}))

    answer = wire.get(path, 403)

    assert answer["category"] == "MISSING_SCOPES"
    assert answer["errors"][0]["context"] == {"requiredGranularScopes": scopes}
    wire.get("/account-info/2026-09/details")


def test_emails_need_both_scopes_in_the_dated_version_and_one_in_v3() -> None:
    wire = Wire(portal(), scopes=frozenset({"crm.objects.contacts.read"}))

    wire.get("/crm/objects/2026-09/emails", 403)
    wire.get("/crm/v3/objects/emails")
    wire.sandbox.scopes = frozenset({"crm.objects.contacts.read", "sales-email-read"})
    wire.get("/crm/objects/2026-09/emails")


@pytest.mark.parametrize(
    ("path", "tier", "features", "status"),
    [
        ("/crm/objects/2026-09/feedback_submissions", "starter", {}, 403),
        ("/crm/objects/2026-09/feedback_submissions", "professional", {}, 200),
        ("/events/v3/events?eventType=e", "professional", {}, 403),
        ("/events/v3/events?eventType=e", "professional", {"events": True}, 200),
        ("/events/v3/events?eventType=e", "enterprise", {}, 200),
        ("/events/v3/events?eventType=e", "enterprise", {"events": False}, 403),
    ],
)
def test_some_streams_need_a_subscription(
    path: str, tier: str, features: dict[str, bool], status: int
) -> None:
    wire = Wire(portal(info={"tier": tier, "features": features}))

    answer = wire.get(path, status)

    assert answer.get("category") == {200: None, 403: "MISSING_SCOPES"}[status]


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        (
            "GET",
            "/crm/v3/objects/butterflies",
            400,
            "Unable to infer object type from: butterflies",
        ),
        (
            "GET",
            "/crm/v3/objects/deals?associations=false",
            400,
            "Unable to infer object type from: false",
        ),
        ("GET", "/crm/v3/nonsense", 404, "resource not found"),
        ("GET", "/crm/objects/2025-09/contacts", 404, "resource not found"),
        ("POST", "/crm/v3/objects/contacts", 405, "HTTP 405 Method Not Allowed"),
        ("DELETE", "/crm/v3/objects/contacts/1", 405, "HTTP 405 Method Not Allowed"),
        ("POST", "/crm/v3/objects/contacts/search", 415, "HTTP 415 Unsupported Media Type"),
    ],
)
def test_what_is_not_there_is_refused(method: str, path: str, status: int, message: str) -> None:
    wire = Wire(portal())

    answer = wire.http.request(method, path)

    assert answer.status_code == status
    assert answer.json()["message"] == message


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"inputs": 5}', b'{"inputs": [1]}', b"{}"])
def test_a_body_that_is_no_batch_is_refused(body: bytes) -> None:
    wire = Wire(portal())

    answer = wire.http.post(
        "/crm/v3/objects/contacts/batch/read",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_a_query_beyond_15000_characters_is_an_html_page() -> None:
    wire = Wire(portal())

    answer = wire.http.get("/crm/v3/objects/contacts?properties=" + "x" * 15_000)

    assert answer.status_code == 414
    assert answer.headers["Content-Type"] == "text/html"


@pytest.mark.parametrize(("tier", "most"), [("free", 100), ("professional", 190)])
def test_ten_seconds_admit_so_many_requests_and_the_window_rolls(tier: str, most: int) -> None:
    wire = Wire(portal(info={"tier": tier}))
    first = wire.http.get("/crm/v3/owners")
    wire.clock.sleep(5)
    last = [wire.http.get("/crm/v3/owners") for _ in range(most - 1)][-1]

    refused = wire.http.get("/crm/v3/owners")
    search = wire.http.post("/crm/v3/objects/contacts/search", json={})
    links = wire.http.post("/crm/v4/associations/0-1/0-3/batch/read", json={"inputs": []})
    wire.clock.sleep(5)
    rolled = [wire.http.get("/crm/v3/owners").status_code for _ in range(2)]

    assert first.headers["X-HubSpot-RateLimit-Max"] == str(most)
    assert first.headers["X-HubSpot-RateLimit-Remaining"] == str(most - 1)
    assert first.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert last.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert refused.status_code == 429
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refused.json()["errorType"] == "RATE_LIMIT"
    assert (search.status_code, links.status_code) == (200, 200)
    assert rolled == [200, 429]


def test_associations_have_a_window_of_their_own() -> None:
    wire = Wire(portal(info={"tier": "free"}))
    path = "/crm/associations/2026-09/deals/contacts/batch/read"

    statuses = [wire.http.post(path, json={"inputs": []}).status_code for _ in range(101)]

    assert statuses == [200] * 100 + [429]
    assert wire.http.get("/crm/v3/owners").status_code == 200


def test_the_day_has_a_limit_too() -> None:
    wire = Wire(portal(info={"tier": "free"}))
    wire.get("/crm/v3/owners")
    wire.sandbox._limits.used = 250_000

    refused = wire.get("/crm/v3/owners", 429)
    wire.clock.sleep(86_400)

    assert refused["policyName"] == "DAILY"
    wire.get("/crm/v3/owners")


def test_answers_are_compressed_on_request() -> None:
    wire = Wire(portal(notes=[record(number) for number in range(100)]))

    with wire.http.stream("GET", "/crm/v3/objects/notes?limit=100") as answer:
        raw = b"".join(answer.iter_raw())
    plain = wire.http.get("/crm/v3/objects/notes", headers={"Accept-Encoding": "identity"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(raw))["results"]) == 100
    assert "Content-Encoding" not in plain.headers


def test_every_request_is_logged_with_its_status() -> None:
    wire = Wire(portal())

    wire.get("/crm/v3/owners", limit=5)
    wire.post("/crm/v3/objects/contacts/search", {"limit": 500}, 400)

    first, second = wire.sandbox.requests
    assert (first.method, first.path, first.query, first.status) == (
        "GET",
        "/crm/v3/owners",
        "limit=5",
        200,
    )
    assert json.loads(second.body) == {"limit": 500}
    assert second.status == 400


def test_a_fault_may_answer_instead() -> None:
    wire = Wire(portal())

    def busy(request: Request, answer: Answer | None) -> Answer | None:
        if request.path.endswith("/owners") and answer is None:
            return Answer.json({"status": "error"}, 503)
        return None

    wire.sandbox.faults.append(busy)

    assert wire.http.get("/crm/v3/owners").status_code == 503
    assert wire.http.get("/account-info/v3/details").status_code == 200
    assert [log.status for log in wire.sandbox.requests] == [503, 200]


@pytest.mark.parametrize("spoil", ["truncate", "html"])
def test_a_fault_may_spoil_the_answer(spoil: str) -> None:
    wire = Wire(portal())

    def spoiled(_: Request, answer: Answer | None) -> Answer | None:
        if answer is None:
            return None
        return {"truncate": Answer(200, answer.body[:-5]), "html": Answer.html("<html>")}[spoil]

    wire.sandbox.faults.append(spoiled)

    answer = wire.http.get("/crm/v3/owners")

    assert answer.status_code == 200
    with pytest.raises(ValueError, match="line 1"):
        answer.json()


def test_a_fault_may_break_the_connection_after_the_work_was_done() -> None:
    wire = Wire(portal())

    def dropped(_: Request, answer: Answer | None) -> Answer | None:
        if answer is not None:
            raise httpx.ReadError("connection lost")
        return None

    wire.sandbox.faults.append(dropped)

    with pytest.raises(httpx.ReadError):
        wire.http.get("/crm/v3/owners")
    wire.sandbox.faults.clear()

    assert [log.status for log in wire.sandbox.requests] == [0]
    wire.get("/crm/v3/owners")


def test_a_saved_stand_in_goes_on_where_it_was(tmp_path: Path) -> None:
    served = portal(info={"tier": "starter"}, contacts=[record(1, email="åsa@example.com")])
    scopes = frozenset({"crm.objects.contacts.read"})
    wire = Wire(served, scopes=scopes)
    wire.get("/crm/v3/objects/contacts")

    wire.sandbox.save(tmp_path / "deep" / "hubspot.json")
    loaded = HubSpotSandbox.load(
        tmp_path / "deep" / "hubspot.json", clock=wire.clock, token="another"
    )

    assert loaded.portal == served
    assert loaded.scopes == scopes
    again = httpx.Client(transport=httpx.WSGITransport(app=loaded), base_url=BASE)
    answer = again.get(
        "/account-info/v3/api-usage/daily/private-apps", headers={"Authorization": "Bearer another"}
    )
    assert answer.json()["results"][0]["currentUsage"] == 2
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["hubspot.json"]


def test_threads_are_answered_one_after_another() -> None:
    sandbox = HubSpotSandbox(
        portal(contacts=[record(number) for number in range(1, 301)]), clock=SandboxClock()
    )

    def ids(after: int) -> list[str]:
        with httpx.Client(transport=httpx.WSGITransport(app=sandbox), base_url=BASE) as http:
            answer: dict[str, Any] = http.get(
                f"/crm/v3/objects/contacts?limit=100&after={after}",
                headers={"Authorization": f"Bearer {TOKEN}"},
            ).json()
            return [one["id"] for one in answer["results"]]

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(ids, [1, 101, 201] * 20))

    assert pages == [
        [str(number) for number in range(start, start + 100)] for start in [1, 101, 201] * 20
    ]
    assert len(sandbox.requests) == 60


def test_a_tier_that_does_not_exist_is_the_portals_mistake() -> None:
    wire = Wire(portal(info={"tier": "platinum"}))

    with pytest.raises(ValueError, match="platinum"):
        wire.get("/crm/v3/owners")


@pytest.mark.parametrize("status", [423, 477, 522])
def test_a_fault_may_use_the_codes_that_only_hubspot_and_its_edge_know(status: int) -> None:
    wire = Wire(portal())
    wire.sandbox.faults.append(lambda _, answer: Answer.html("<html>", status) if answer else None)

    assert wire.http.get("/crm/v3/owners").status_code == status
