"""The portal itself changes: stages, options, properties, rates."""

from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal, record

CONTACT = "/crm/objects/2026-09/contacts/1"


def world(**info: Any) -> Wire:
    return Wire(
        portal(
            info=info,
            contacts=[record(1, lifecyclestage="lead", color="red")],
            deals=[record(8, dealstage="contractsent", amount="100", deal_currency_code="EUR")],
            tickets=[record(9, hs_pipeline_stage="1")],
        )
    )


def stages(wire: Wire, kind: str, pipeline: int = 0) -> list[tuple[str, str]]:
    found = wire.get(f"/crm/pipelines/2026-09/{kind}")["results"][pipeline]["stages"]
    assert [one["displayOrder"] for one in found] == list(range(len(found)))
    return [(one["id"], one["label"]) for one in found]


def names(wire: Wire, kind: str) -> set[str]:
    return {one["name"] for one in wire.get(f"/crm/properties/2026-09/{kind}")["results"]}


@pytest.mark.parametrize(
    ("kind", "stage", "prefix"),
    [
        ("contacts", "lead", "hs_v2_date_entered_"),
        ("deals", "contractsent", "hs_v2_date_entered_"),
        ("tickets", "1", "hs_v2_date_entered_"),
    ],
)
def test_stages_come_are_renamed_and_go_with_their_properties(
    kind: str, stage: str, prefix: str
) -> None:
    wire = world()
    design = wire.sandbox.design
    count = len(stages(wire, kind))

    design.add_stage(kind, "trial", "Trial", place=1)
    design.rename_stage(kind, stage, "Renamed")
    first = stages(wire, kind)
    had = names(wire, kind)
    design.remove_stage(kind, stage)

    assert len(first) == count + 1
    assert first[1] == ("trial", "Trial")
    assert (stage, "Renamed") in first
    assert {prefix + "trial", prefix + stage} <= had
    assert prefix + stage not in names(wire, kind)
    assert stage not in dict(stages(wire, kind))


def test_a_record_keeps_the_id_of_a_stage_that_is_gone() -> None:
    wire = world()

    wire.sandbox.design.remove_stage("contacts", "lead")

    assert wire.get(CONTACT, properties="lifecyclestage")["properties"]["lifecyclestage"] == "lead"
    assert "lead" not in wire.sandbox.design.options("contacts", "lifecyclestage")
    assert wire.get(CONTACT)["updatedAt"] == "2026-02-01T00:00:00Z"


def test_the_meaning_of_a_stage_changes_what_is_calculated_from_it() -> None:
    wire = world()
    path = "/crm/objects/2026-09/deals/8"
    before = wire.get(path, properties="hs_is_closed_lost")["properties"]["hs_is_closed_lost"]

    wire.sandbox.design.set_stage(
        "deals", "contractsent", {"isClosed": "true", "probability": "0.0"}
    )

    assert before == "false"
    shown = wire.get(path, properties="hs_is_closed_lost")
    assert shown["properties"]["hs_is_closed_lost"] == "true"
    assert shown["updatedAt"] == "2026-02-01T00:00:00Z"


def test_pipelines_come_and_go() -> None:
    wire = world()
    design = wire.sandbox.design

    design.add_pipeline("deals", "renewal", "Renewals", [{"id": "r1", "label": "Due"}])
    design.add_stage("deals", "r2", "Done", pipeline="renewal")

    assert stages(wire, "deals", 1) == [("r1", "Due"), ("r2", "Done")]
    design.remove_pipeline("deals", "renewal")
    assert len(wire.get("/crm/pipelines/2026-09/deals")["results"]) == 1
    with pytest.raises(ValueError, match="no renewal"):
        design.remove_pipeline("deals", "renewal")


def test_properties_of_the_portals_own_come_change_and_go() -> None:
    wire = world()
    design = wire.sandbox.design
    assert "color" not in wire.get(CONTACT, properties="color")["properties"]

    design.define("contacts", "color", type="enumeration", fieldType="select")
    design.set_options("contacts", "color", {"red": "Red", "blue": "Blue"})
    shown = wire.get(CONTACT, properties="color")["properties"]["color"]
    options = design.options("contacts", "color")
    design.set_options("contacts", "color", {"blue": "Navy"})

    assert shown == "red"
    assert options == {"red": "Red", "blue": "Blue"}
    assert design.options("contacts", "color") == {"blue": "Navy"}
    design.undefine("contacts", "color")
    assert "color" not in wire.get(CONTACT, properties="color")["properties"]
    with pytest.raises(ValueError, match="does not define color"):
        design.undefine("contacts", "color")


def test_labels_of_shipped_options_can_be_changed() -> None:
    wire = world()

    wire.sandbox.design.set_options("tickets", "hs_ticket_priority", {"LOW": "Whenever"})

    found = wire.get("/crm/properties/2026-09/tickets/hs_ticket_priority")
    assert [(one["value"], one["label"]) for one in found["options"]] == [("LOW", "Whenever")]


@pytest.mark.parametrize(
    "rates",
    [{"EUR": 1.1}, [{"fromCurrencyCode": "EUR", "conversionRate": 1.1}]],
    ids=["map", "rows"],
)
def test_a_new_rate_moves_amounts_and_no_time(rates: Any) -> None:
    wire = world(exchange_rates=rates)
    path = "/crm/objects/2026-09/deals/8"
    before = wire.get(path, properties="amount_in_home_currency")

    wire.sandbox.design.set_rate("EUR", 1.5)

    after = wire.get(path, properties="amount_in_home_currency")
    assert before["properties"]["amount_in_home_currency"] == "110"
    assert after["properties"]["amount_in_home_currency"] == "150"
    assert after["updatedAt"] == before["updatedAt"]


def test_people_and_forms_are_added() -> None:
    wire = world()

    wire.sandbox.design.add_owner("88", email="olga@example.com", userId=8)
    wire.sandbox.design.add_form("f-9", "Webinar", formType="captured")
    wire.sandbox.edit.add_submission("f-9", "ana@example.com")

    assert [one["id"] for one in wire.get("/crm/owners/2026-09")["results"]] == ["88"]
    forms = wire.get("/marketing/v3/forms", formTypes="all")["results"]
    assert [one["name"] for one in forms] == ["Webinar"]
    assert len(wire.get("/form-integrations/v1/submissions/forms/f-9")["results"]) == 1
