"""HubSpot's official JavaScript client reads the stand-in over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.server import serving
from wire.hubspot_sandbox_world import SandboxClock, portal, record
from wire.node_clients import MARKS, installed, run_node

pytestmark = MARKS


@pytest.fixture
def modules(pytestconfig: pytest.Config) -> Path:
    return installed(pytestconfig)


def served() -> HubSpotSandbox:
    sandbox = HubSpotSandbox(
        portal(
            info={
                "tier": "enterprise",
                "owners": [{"id": "88", "email": "olga@example.com", "userId": 8}],
                "forms": [{"id": "f-1", "name": "Demo"}, {"id": "f-2", "name": "Chat"}],
                "marketing_emails": [{"id": "1", "name": "News"}, {"id": "2", "name": "Sale"}],
            },
            contacts=[
                record(
                    number,
                    email=f"{number}@example.com",
                    lifecyclestage="lead",
                    history={
                        "lifecyclestage": [{"value": "lead", "timestamp": "2026-01-01T00:00:00Z"}]
                    },
                )
                for number in range(1, 121)
            ],
            companies=[record(29, name="Acme")],
            deals=[record(500, dealstage="closedwon", associations={"contacts": ["1", "2"]})],
            tickets=[record(600)],
            calls=[record(800, hs_call_title="Call")],
            notes=[record(900)],
            feedback_submissions=[record(700, hs_survey_type="NPS", hs_value="9")],
        ),
        clock=SandboxClock(),
    )
    hand, design = sandbox.edit, sandbox.design
    hand.associate("contacts", "1", "companies", "29", primary=True)
    hand.associate("deals", "500", "companies", "29", primary=True)
    hand.archive("contacts", "120")
    hand.update("contacts", "5", {"firstname": "Ana"})
    hand.add_event("1")
    hand.add_email_event("OPEN", "1@example.com")
    hand.add_submission("f-1", "1@example.com")
    design.add_list("7", "Guests")
    design.join_list("7", "1", "3")
    return sandbox


EXPECTED: dict[str, Any] = {
    "contacts": {
        "ids": [str(number) for number in range(1, 120)],
        "email": "1@example.com",
        "history": ["lead"],
        "modified": "2026-02-01T00:00:00.000Z",
        "companies": ["contact_to_company", "contact_to_company_unlabeled"],
    },
    "contactsAll": 119,
    "contactsArchived": ["120"],
    "contactById": "1@example.com",
    "contactByEmail": "1",
    "contactMissing": [404, "OBJECT_NOT_FOUND"],
    "contactsBatch": [["1", "2"], 1],
    "contactsSearch": [1, ["5"]],
    "companies": ["29"],
    "deals": [["500", "closedwon", 2]],
    "dealsSearch": ["500"],
    "tickets": ["600"],
    "calls": ["800"],
    "notesOfAnyType": ["900"],
    "feedback": ["700"],
    "associationsBatch": [["29", ["Primary", None]]],
    "associationsOfOne": ["1", "2"],
    "associationLabels": [279, 1],
    "pipelines": ["0.2", "0.4", "0.6", "0.8", "0.9", "1.0", "0.0"],
    "pipeline": "Support Pipeline",
    "properties": [["enumeration", 8]],
    "property": "string",
    "owners": ["88"],
    "owner": "olga@example.com",
    "lists": [["7", "Guests", "2"]],
    "list": "Guests",
    "listByName": "7",
    "listMembers": ["1", "3"],
    "listsOfContact": ["7"],
    "forms": ["f-1", "f-2"],
    "form": "Demo",
    "submissions": 1,
    "marketingEmails": [2, ["News", "Sale"]],
    "events": ["1"],
    "eventTypes": ["e_visited_page"],
    "emailEvents": ["OPEN"],
    "account": 147893286,
    "dailyUsage": 1_000_000,
    "datedContacts": ["1", "2", "3"],
    "datedSearch": 119,
    "oauthToken": [1800, 147893286, ["29"]],
    "oauthRefused": [400, "BAD_REFRESH_TOKEN"],
    "strangeToken": [401, "INVALID_AUTHENTICATION"],
}


def test_the_official_javascript_client_reads_what_is_in_the_portal(modules: Path) -> None:
    sandbox = served()

    with serving(sandbox, host="127.0.0.1", port=0) as address:
        found = run_node(modules, "read_hubspot.cjs", address, sandbox.token)

    assert found == EXPECTED
    assert len(EXPECTED) >= 20
    assert all(log.status for log in sandbox.requests)
