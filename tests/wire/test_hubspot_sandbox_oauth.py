from __future__ import annotations

from typing import Any

import httpx
import pytest

from wire.hubspot_sandbox_world import BASE, Wire, portal, record

OWNERS = "/crm/owners/2026-09"
FORM = {
    "grant_type": "refresh_token",
    "client_id": "sandbox-client",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


def world(scopes: frozenset[str] | None = None) -> tuple[Wire, httpx.Client]:
    """Return a stand-in and a client of it that has no token yet."""
    wire = Wire(portal(contacts=[record(1)]), scopes=scopes)
    return wire, httpx.Client(transport=httpx.WSGITransport(app=wire.sandbox), base_url=BASE)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("version", ["2026-03", "2026-09", "v1"])
def test_a_refresh_token_buys_an_access_token(version: str) -> None:
    _, stranger = world()

    answer = stranger.post(f"/oauth/{version}/token", data=FORM)

    granted = answer.json()
    assert answer.status_code == 200
    assert (granted["expires_in"], granted["token_type"]) == (1800, "bearer")
    assert granted["refresh_token"] == "sandbox-refresh"
    assert stranger.get(OWNERS, headers=bearer(granted["access_token"])).status_code == 200


def test_an_access_token_is_good_for_1800_seconds() -> None:
    wire, stranger = world()
    first = stranger.post("/oauth/2026-09/token", data=FORM).json()["access_token"]
    wire.clock.sleep(1799)
    assert stranger.get(OWNERS, headers=bearer(first)).status_code == 200
    wire.clock.sleep(2)

    refused = stranger.get(OWNERS, headers=bearer(first))
    second = stranger.post("/oauth/2026-09/token", data=FORM).json()["access_token"]

    assert refused.status_code == 401
    assert refused.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert refused.json()["message"].endswith("expired 1 second(s) ago.")
    assert second != first
    assert stranger.get(OWNERS, headers=bearer(second)).status_code == 200


def test_tokens_may_end_before_their_time() -> None:
    wire, stranger = world()
    token = wire.sandbox.oauth.issue()

    wire.sandbox.oauth.expire()

    assert stranger.get(OWNERS, headers=bearer(token)).status_code == 401
    assert stranger.get(OWNERS, headers=bearer(wire.sandbox.oauth.issue())).status_code == 200


@pytest.mark.parametrize(
    ("change", "error", "status"),
    [
        ({"refresh_token": "nonsense"}, "invalid_grant", "BAD_REFRESH_TOKEN"),
        ({"client_id": "nonsense"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "nonsense"}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
    ],
)
def test_a_refusal_is_shaped_as_oauth_says_with_hubspots_fields(
    change: dict[str, str], error: str, status: str
) -> None:
    _, stranger = world()

    answer = stranger.post("/oauth/2026-09/token", data=FORM | change)

    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["status"]) == (error, status)
    assert answer.json()["error_description"] == answer.json()["message"]


def test_an_app_that_was_uninstalled_gets_no_token() -> None:
    wire, stranger = world()
    wire.sandbox.oauth.refresh_token = None

    answer = stranger.post("/oauth/2026-09/token", data=FORM)

    assert answer.json()["error"] == "invalid_grant"


def test_tokens_are_asked_for_by_a_form_not_by_json() -> None:
    _, stranger = world()

    assert stranger.post("/oauth/2026-09/token", json=FORM).status_code == 415


def test_a_token_can_be_looked_into() -> None:
    wire, stranger = world(frozenset({"crm.objects.contacts.read"}))
    token = stranger.post("/oauth/2026-09/token", data=FORM).json()["access_token"]
    wire.clock.sleep(100)

    def look(asked: str) -> Any:
        form = {name: FORM[name] for name in ("client_id", "client_secret")} | {"token": asked}
        return stranger.post("/oauth/2026-09/token/introspect", data=form).json()

    known = look(token)
    assert known["active"] is True
    assert (known["expires_in"], known["token_use"], known["hub_id"]) == (
        1700,
        "access_token",
        147893286,
    )
    assert known["scopes"] == ["crm.objects.contacts.read"]
    assert look("sandbox-refresh")["token_use"] == "refresh_token"
    assert stranger.get(f"/oauth/v1/access-tokens/{token}").json()["expires_in"] == 1700
    assert stranger.get("/oauth/v1/refresh-tokens/sandbox-refresh").json()["hub_id"] == 147893286
    wire.clock.sleep(1700)
    assert look(token) == {"active": False}
    assert stranger.get(f"/oauth/v1/access-tokens/{token}").status_code == 404
    assert stranger.get("/oauth/v1/refresh-tokens/nonsense").status_code == 404


def test_an_oauth_app_has_a_burst_of_its_own_and_no_daily_limit() -> None:
    wire, stranger = world()
    headers = bearer(wire.sandbox.oauth.issue())
    wire.sandbox.daily_limit = 0

    answers = [stranger.get(OWNERS, headers=headers) for _ in range(111)]

    assert [answer.status_code for answer in answers] == [200] * 110 + [429]
    assert answers[0].headers["X-HubSpot-RateLimit-Max"] == "110"
    assert answers[0].headers["X-HubSpot-RateLimit-Remaining"] == "109"
    assert "X-HubSpot-RateLimit-Daily" not in answers[0].headers
    assert wire.get(OWNERS, 429)["policyName"] == "DAILY"


def test_asking_for_a_token_counts_in_no_limit() -> None:
    wire, stranger = world()
    wire.sandbox.daily_limit = 0

    answers = [stranger.post("/oauth/2026-09/token", data=FORM) for _ in range(300)]

    assert {answer.status_code for answer in answers} == {200}
    assert "X-HubSpot-RateLimit-Max" not in answers[0].headers


def test_the_daily_limit_resets_at_midnight_of_the_accounts_time_zone() -> None:
    wire, _ = world()
    wire.sandbox.portal.info["account"] = {"timeZone": "Europe/Berlin"}
    wire.sandbox.daily_limit = 2
    first = wire.get("/account-info/2026-09/api-usage/daily/private-apps")["results"][0]
    wire.get(OWNERS)

    refused = wire.http.get(OWNERS)

    assert (first["usageLimit"], first["currentUsage"]) == (2, 1)
    assert first["resetsAt"] == "2026-11-01T23:00:00Z"
    assert refused.status_code == 429
    assert refused.headers["X-HubSpot-RateLimit-Daily"] == "2"
    assert refused.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    wire.clock.sleep(11 * 3600 - 1)
    assert wire.http.get(OWNERS).status_code == 429
    wire.clock.sleep(1)
    assert wire.http.get(OWNERS).status_code == 200
