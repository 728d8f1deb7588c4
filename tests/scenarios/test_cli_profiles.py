"""The bundled profiles on portals of their kind, read through the source and written to Notion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import OBJECTS
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import LOOPBACK, open_desk

pytestmark = LOOPBACK

OTHERS = {"oauth", "forms", "content", "business-intelligence", "crm.objects.owners.read"}


def shop() -> Portal:
    """Return a portal whose first six contacts ordered twice, and the others once or not at all."""
    portal = small_portal()
    people = portal.rows["contacts"]
    portal.rows["deals"] = []
    portal.rows["orders"] = [
        {
            "id": str(123_000 + number),
            "properties": {
                "hs_order_name": "Somebody's order",
                "hs_total_price": "20.00",
                "hs_external_created_date": f"2026-11-{day:02d}T10:00:00Z",
                "hs_external_order_status": status,
            },
            "createdAt": "2026-11-14T10:00:00Z",
            "updatedAt": "2026-11-14T10:00:00Z",
            "associations": {"contacts": [people[number % len(people)]["id"]]},
        }
        for number, (day, status) in enumerate(
            [(1, "paid")] * len(people) + [(9, "paid")] * 6 + [(10, "cancelled")] * 2
        )
    ]
    return portal


def cells(exported: Any, journey: str) -> dict[str, Any]:
    (found,) = [one for one in exported["journeys"] if one["key"] == journey]
    return {stage["key"]: stage["cells"][0] for stage in found["stages"]}


def test_orders_of_a_shop_are_read_and_journeys_of_three_units_stand_side_by_side(
    tmp_path: Path,
) -> None:
    with open_desk(tmp_path, shop()) as desk:
        desk.more = """profile = "retail"
[[journeys]]
key = "accounts"
name = "Accounts"
unit = "company"
profile = "saas"
[[journeys]]
key = "sales"
name = "Sales"
unit = "deal"
"""
        first = desk.sync("--json")
        assert (first.code, first.json["outcome"]) == (0, "done"), first.err
        assert first.json["pulled"]["orders"]["read"] == len(desk.hubspot.portal.rows["orders"])
        exported = json.loads(desk.run("export").raw)
        bought = cells(exported, "customers")
        assert bought["repeat"]["in_stage"] == 6
        assert bought["repeat"]["won_amount"] == 120
        assert cells(exported, "accounts")["trial"]["persona"] == "everyone"
        assert [journey["unit"] for journey in exported["journeys"]] == [
            "contact",
            "company",
            "deal",
        ]
        assert "Somebody" not in json.dumps(exported)

        again = desk.sync("--json")
        assert again.json["written"]["created"] == again.json["written"]["updated"] == 0


def test_a_shop_without_the_scope_for_orders_is_told_so_and_goes_on(tmp_path: Path) -> None:
    with open_desk(tmp_path, shop()) as desk:
        every = {scope for kind in OBJECTS.values() for some in kind.scopes for scope in some}
        desk.hubspot.scopes = frozenset({*every, *OTHERS} - {"crm.objects.orders.read"})
        desk.more = 'profile = "retail"'
        ran = desk.sync("--json")

        assert (ran.code, ran.json["outcome"]) == (0, "done")
        (told,) = [one for one in ran.json["findings"] if one["key"] == "orders"]
        assert told["code"] == "stream_unavailable"
        assert "crm.objects.orders.read" in told["hint"]
