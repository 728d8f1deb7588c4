from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal


def test_the_account_has_hubspots_shape_and_takes_the_portals_own_values() -> None:
    wire = Wire(
        portal(info={"account": {"timeZone": "Europe/Stockholm"}, "exchange_rates": {"EUR": 1.1}})
    )

    account = wire.get("/account-info/2026-09/details")

    assert account == wire.get("/account-info/v3/details")
    assert account["portalId"] == 147893286
    assert account["companyCurrency"] == "USD"
    assert account["additionalCurrencies"] == ["EUR"]
    assert account["timeZone"] == "Europe/Stockholm"


def test_daily_usage_counts_the_requests_and_resets_at_the_accounts_midnight() -> None:
    wire = Wire(portal())
    wire.get("/crm/v3/owners")
    wire.get("/crm/v3/owners")

    (usage,) = wire.get("/account-info/2026-09/api-usage/daily/private-apps")["results"]

    assert (usage["currentUsage"], usage["usageLimit"]) == (3, 625_000)
    assert usage["resetsAt"] == "2026-11-02T05:00:00Z"
    wire.clock.sleep(86_400)
    (later,) = wire.get("/account-info/v3/api-usage/daily/private-apps")["results"]
    assert later["currentUsage"] == 1


def test_owners_are_paged_and_leavers_are_listed_apart() -> None:
    owners: list[dict[str, Any]] = [
        {"id": str(number), "email": f"{number}@example.com", "userId": number + 1000}
        for number in range(1, 102)
    ]
    wire = Wire(portal(info={"owners": [*owners, {"id": "999", "userId": 7, "archived": True}]}))

    pages = list(wire.pages("/crm/owners/2026-09"))

    assert [len(page) for page in pages] == [100, 1]
    assert [one["id"] for one in wire.get("/crm/v3/owners", archived="true")["results"]] == ["999"]
    assert wire.get("/crm/v3/owners", email="5@example.com")["results"][0]["id"] == "5"
    assert wire.get("/crm/v3/owners/1005", idProperty="userId")["id"] == "5"
    wire.get("/crm/v3/owners/1005", 404)
    wire.get("/crm/v3/owners", 400, limit=501)


def test_standard_properties_have_their_types_and_options() -> None:
    wire = Wire(portal())

    found = {
        one["name"]: one
        for kind in ("contacts", "calls", "deals")
        for one in wire.get(f"/crm/properties/2026-09/{kind}")["results"]
    }

    assert [one["value"] for one in found["lifecyclestage"]["options"]] == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ]
    assert {
        "label": "Connected",
        "value": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
        "description": "",
        "displayOrder": 1,
        "hidden": False,
    } in found["hs_call_disposition"]["options"]
    assert found["amount"]["type"] == "number"
    assert found["hs_is_closed_won"]["calculated"] is True
    assert found["hs_v2_date_entered_appointmentscheduled"]["type"] == "datetime"
    assert "hs_persona" not in found


def test_a_stage_id_that_is_not_plain_gets_a_number_behind_its_properties() -> None:
    stages = [{"id": "Qualified-Stage-Id", "label": "Q"}, {"id": "1258834", "label": "P"}]
    wire = Wire(portal(info={"pipelines": {"deals": [{"id": "default", "stages": stages}]}}))

    names = {
        one["name"]
        for one in wire.get("/crm/v3/properties/deals")["results"]
        if one["name"].startswith("hs_v2_date_entered_") and "current" not in one["name"]
    }

    assert "hs_v2_date_entered_1258834" in names
    (other,) = names - {"hs_v2_date_entered_1258834"}
    stem, _, number = other.rpartition("_")
    assert stem == "hs_v2_date_entered_qualified_stage_id"
    assert number.isdecimal()


def test_the_portals_definitions_add_and_change() -> None:
    own = [
        {"name": "process_maturity"},
        {"name": "hs_persona", "type": "enumeration", "options": [{"value": "persona_1"}]},
        {"name": "industry", "label": "Line of business"},
    ]
    wire = Wire(portal(info={"properties": {"contacts": own}}))

    added = wire.get("/crm/v3/properties/contacts/process_maturity")
    persona = wire.get("/crm/v3/properties/contacts/hs_persona")
    changed = wire.get("/crm/v3/properties/contacts/industry")

    assert (added["type"], added["label"], added["hubspotDefined"]) == (
        "string",
        "Process maturity",
        False,
    )
    assert [one["label"] for one in persona["options"]] == ["persona_1"]
    assert (changed["label"], changed["hubspotDefined"]) == ("Line of business", True)
    wire.get("/crm/v3/properties/contacts/nonsense", 404)


def test_pipelines_are_hubspots_defaults() -> None:
    wire = Wire(portal())

    (deals,) = wire.get("/crm/pipelines/2026-09/deals")["results"]
    (tickets,) = wire.get("/crm/v3/pipelines/tickets")["results"]
    (contacts,) = wire.get("/crm/v3/pipelines/contacts")["results"]

    assert deals["id"] == "default"
    assert {stage["id"]: stage["metadata"] for stage in deals["stages"]}["closedwon"] == {
        "isClosed": "true",
        "probability": "1.0",
    }
    assert [stage["metadata"]["ticketState"] for stage in tickets["stages"]] == [
        "OPEN",
        "OPEN",
        "OPEN",
        "CLOSED",
    ]
    assert tickets["id"] == "0"
    assert contacts["id"] == "contacts-lifecycle-pipeline"
    assert [stage["id"] for stage in contacts["stages"]][-1] == "other"
    assert wire.get("/crm/v3/pipelines/deals/default") == deals
    wire.get("/crm/v3/pipelines/deals/other", 404)
    wire.get("/crm/v3/pipelines/notes", 400)


def test_own_lifecycle_stages_are_options_and_stages_in_their_order() -> None:
    stages = [
        {"value": "1258834", "label": "Trial", "displayOrder": 1},
        {"value": "lead", "displayOrder": 0},
    ]
    wire = Wire(portal(info={"lifecycle_stages": stages}))

    options = wire.get("/crm/v3/properties/contacts/lifecyclestage")["options"]
    (line,) = wire.get("/crm/v3/pipelines/contacts")["results"]

    assert [(one["value"], one["label"]) for one in options] == [
        ("lead", "Lead"),
        ("1258834", "Trial"),
    ]
    assert [stage["id"] for stage in line["stages"]] == ["lead", "1258834"]
    wire.get("/crm/v3/properties/contacts/hs_v2_date_entered_1258834")


@pytest.mark.parametrize(
    "path",
    [
        "/settings/currencies/2026-09/exchange-rates/current",
        "/settings/v3/currencies/exchange-rates/current",
    ],
)
def test_exchange_rates_lead_to_the_companys_currency(path: str) -> None:
    wire = Wire(
        portal(info={"account": {"companyCurrency": "SEK"}, "exchange_rates": {"EUR": 11.2}})
    )

    (rate,) = wire.get(path)["results"]

    assert rate == {
        "id": "1",
        "fromCurrencyCode": "EUR",
        "toCurrencyCode": "SEK",
        "conversionRate": 11.2,
        "effectiveAt": "2024-01-01T00:00:00Z",
        "createdAt": "2024-01-01T00:00:00Z",
        "updatedAt": "2024-01-01T00:00:00Z",
        "visibleInUI": True,
    }
