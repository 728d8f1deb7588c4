"""A tiny portal for the crash tests, where every request is interrupted once and again."""

from __future__ import annotations

from datetime import timedelta

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.account import (
    DISCOVERY,
    EVALUATION,
    PERSONAS,
    PROPOSAL,
    SALES,
    SELLERS,
    SUPPORT,
    WON,
)
from cjm_sync_sandbox.sample.build import described
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, between, iso, millis, stream
from cjm_sync_sandbox.sample.ledger import Change, Ledger, uuid
from cjm_sync_sandbox.sample.marketing import DEMO_FORM
from cjm_sync_sandbox.sample.names import person

_COMPANIES = 3
_DEALS = 5
_TICKETS = 3


def small_portal(seed: int = 1, contacts: int = 12) -> Portal:
    """Return a portal of *contacts* people, 3 companies, 5 deals, 3 tickets and some 25 activities.

    Everyone is seen in awareness; of twelve, half went on to consideration within the last 90
    days and five of these to purchase, so that two stages and more are not withheld.
    """
    rng = stream(seed, "small")
    ledger = Ledger(seed)
    companies = [
        ledger.add(
            "companies",
            SAMPLE_AS_OF - timedelta(days=100 + number),
            {"name": f"Small {number}", "domain": f"small{number}.example", "country": "Sweden"},
        )["id"]
        for number in range(_COMPANIES)
    ]
    people = []
    for number in range(contacts):
        created = SAMPLE_AS_OF - between(rng, 60, 85)
        qualified = created + between(rng, 5, 15)
        steps: list[Change] = [(created, "lead", "FORM")]
        if number < (contacts + 1) // 2:
            steps.append((qualified, "marketingqualifiedlead", "CRM_UI"))
        given, family, local = person(rng, "Sweden")
        company = companies[number % _COMPANIES]
        row = ledger.add(
            "contacts",
            created,
            {
                "email": f"{local}{number}@small{number % _COMPANIES}.example",
                "firstname": given,
                "lastname": family,
                "hs_persona": PERSONAS[number % 2],
                "hs_analytics_source": ("ORGANIC_SEARCH", "REFERRALS")[number % 2],
                "hs_analytics_first_timestamp": iso(created),
                "associatedcompanyid": company,
                "hubspot_owner_id": SELLERS[0],
            },
            history={"lifecyclestage": steps},
            companies=[company],
        )
        people.append((row["id"], created, qualified, company))
    for number, (contact, _created, qualified, company) in enumerate(people[:_DEALS]):
        opened = qualified + timedelta(days=4)
        stages = (DISCOVERY, EVALUATION, PROPOSAL, WON)[: 4 if number < 2 else 3]
        moves: list[Change] = [
            (opened + timedelta(days=5 * place), stage, "CRM_UI")
            for place, stage in enumerate(stages)
        ]
        ledger.add(
            "deals",
            opened,
            {
                "dealname": f"Small deal {number}",
                "pipeline": SALES,
                "amount": str(1_000 * (number + 1)),
                "deal_currency_code": "EUR",
                "closedate": iso(moves[-1][0]),
                "hubspot_owner_id": SELLERS[0],
            },
            history={"dealstage": moves},
            contacts=[contact],
            companies=[company],
        )
    for contact, _created, qualified, _company in people[:_TICKETS]:
        ledger.add(
            "tickets",
            qualified + timedelta(days=30),
            {"subject": "Help", "hs_pipeline": SUPPORT, "hs_ticket_category": "BILLING_ISSUE"},
            history={"hs_pipeline_stage": [(qualified + timedelta(days=30), "1", "EMAIL")]},
            contacts=[contact],
        )
    for place in range(25):
        contact, created, _qualified, _company = people[place % len(people)]
        when = created + timedelta(days=2 + place)
        kind, properties = _ACTIVITIES[place % len(_ACTIVITIES)]
        timed: dict[str, str | None] = {"hs_timestamp": iso(when), "hubspot_owner_id": SELLERS[0]}
        ledger.add(kind, when, timed | properties, contacts=[contact])
    for contact, created, _qualified, _company in people[:3]:
        email = next(row for row in ledger.rows["contacts"] if row["id"] == contact)["properties"]
        ledger.rows["form_submissions"].append(
            {
                "formId": DEMO_FORM,
                "conversionId": uuid(rng),
                "submittedAt": millis(created),
                "values": [{"name": "email", "value": email["email"], "objectTypeId": "0-1"}],
                "pageUrl": "https://www.kaldera.example/demo",
            }
        )
    info = described(ledger)
    forms = [form for form in info["forms"] if form["id"] == DEMO_FORM]
    return ledger.portal(info | {"forms": forms, "marketing_emails": []})


_ACTIVITIES: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}),
    ("emails", {"hs_email_direction": "EMAIL", "hs_email_status": "SENT"}),
    ("notes", {"hs_note_body": "<p>Noted.</p>"}),
    ("emails", {"hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT"}),
    ("tasks", {"hs_task_subject": "Call back", "hs_task_status": "NOT_STARTED"}),
)
