"""Adds what every real portal holds too: merged, archived and absurd records, few and harmless."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random

from cjm_sync_sandbox.sample.account import (
    DISCOVERY,
    EVALUATION,
    LOST,
    PROPOSAL,
    SALES,
    SELLERS,
    SUPPORT,
    WON,
)
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, between, iso, millis, office
from cjm_sync_sandbox.sample.journeys import Journey
from cjm_sync_sandbox.sample.ledger import Change, Ledger, Row, uuid
from cjm_sync_sandbox.sample.marketing import NEWS_FORM

_FIRST_MERGED_ID = 713_000_040_011
_NAMES = (
    ("**Bold** _Move_", "[click](https://evil.example)"),
    ("@everyone", "@here"),
    ('=HYPERLINK("https://evil.example")', "+1+cmd|' /C calc'!A0"),
    ("🦊🦊🦊", "👩‍👩‍👧‍👦 & Söhne"),
    ("<script>alert(1)</script>", "</b><img src=x>"),
    ("Line\nbreak", "Tab\there"),
    ("\u202eesrever", "zero\u200bwidth"),
    ("Z̸̢a̷l̵g̶o̴", "ﷺ" * 4),
)


def add_oddities(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    """Change and add records in *ledger*; the share stays below two in a hundred."""
    _merge_contacts(ledger, rng)
    _archive(ledger, rng, journeys)
    _absurd_contacts(ledger, rng)
    _absurd_deals(ledger, rng, journeys)
    _absurd_activities(ledger, rng, journeys)
    _absurd_answers(ledger, rng, journeys)
    _strays(ledger, rng)


def _merge_contacts(ledger: Ledger, rng: Random) -> None:
    """Let six contacts be survivors of merges; web visits before the merge name the old ids."""
    visited = {event["objectId"] for event in ledger.rows["events"]}
    candidates = [row for row in ledger.rows["contacts"] if row["id"] in visited]
    for number, row in enumerate(rng.sample(candidates, min(6, len(candidates)))):
        old = [str(_FIRST_MERGED_ID + number * 40 + step) for step in (0, 17)]
        merged_at = SAMPLE_AS_OF - between(rng, 10, 60)
        second = row["properties"]["email"].replace("@", f".{number}@")
        row["properties"] |= {
            "hs_merged_object_ids": ";".join(old),
            "hs_calculated_merged_vids": ";".join(f"{one}:{millis(merged_at)}" for one in old),
            "hs_additional_emails": second,
        }
        row["updatedAt"] = max(row["updatedAt"], iso(merged_at))
        for place, event in enumerate(ledger.rows["events"]):
            if event["objectId"] == row["id"] and event["occurredAt"] < iso(merged_at):
                event["objectId"] = old[place % 2]
        for submission in ledger.rows["form_submissions"]:
            if submission["values"][0]["value"] == row["properties"]["email"]:
                submission["values"][0]["value"] = second.upper()


def _archived(row: Row, rng: Random) -> None:
    row["archived"] = True
    row["archivedAt"] = iso(SAMPLE_AS_OF - between(rng, 2, 80))
    row["updatedAt"] = row["archivedAt"]


def _archive(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    """Add archived records of several objects; some still point at people who are there."""
    bystanders = [one.lead for one in journeys if not one.consideration_at and not one.imported]
    for number in range(6):
        created = SAMPLE_AS_OF - between(rng, 120, 400)
        history = {"lifecyclestage": [(created, "customer", "IMPORT")]}
        properties: dict[str, str | None] = {
            "email": f"test{number}@archived.example",
            "firstname": "Test",
            "lastname": str(number),
        }
        _archived(ledger.add("contacts", created, properties, history=history), rng)
    for number in range(2):
        created = SAMPLE_AS_OF - between(rng, 120, 400)
        name = f"Duplicate {number} Ltd"
        _archived(ledger.add("companies", created, {"name": name, "domain": None}), rng)
    for person in bystanders[:3]:
        opened = person.created_at + timedelta(hours=5)
        steps: list[Change] = [
            (opened, DISCOVERY, "CRM_UI"),
            (opened + timedelta(hours=1), WON, "CRM_UI"),
        ]
        deal = _deal(ledger, "Entered by mistake", steps, [person.contact_id], {"amount": "999999"})
        _archived(deal, rng)
        call: dict[str, str | None] = {
            "hs_timestamp": iso(opened),
            "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED",
        }
        _archived(ledger.add("calls", opened, call, contacts=[person.contact_id]), rng)
        ticket: dict[str, str | None] = {
            "subject": "Spam",
            "hs_pipeline": SUPPORT,
            "hs_ticket_category": "BILLING_ISSUE",
        }
        row = ledger.add(
            "tickets",
            opened,
            ticket,
            history={"hs_pipeline_stage": [(opened, "1", "EMAIL")]},
            contacts=[person.contact_id],
        )
        _archived(row, rng)


def _absurd_contacts(ledger: Ledger, rng: Random) -> None:
    for number, (given, family) in enumerate(_NAMES):
        created = SAMPLE_AS_OF - between(rng, 20, 300)
        stage = "a_stage_long_gone" if number == 3 else "lead"
        ledger.add(
            "contacts",
            created,
            {
                "email": f"odd{number}@strange.example",
                "firstname": given,
                "lastname": family if number else "x" * 3_000,
                "jobtitle": None,
                "plants_planned": ("about ten", "NaN", "-1", "1e999")[number % 4],
                "hs_analytics_source": ("CARRIER_PIGEON", "DIRECT_TRAFFIC", None, "REFERRALS")[
                    number % 4
                ],
                "hs_analytics_first_timestamp": (
                    str(millis(created)),
                    f"{millis(created)}.0",
                    "soon",
                    None,
                )[number % 4],
            },
            history={"lifecyclestage": [(created, "other" if number == 5 else stage, "IMPORT")]},
        )


def _deal(
    ledger: Ledger,
    name: str,
    steps: list[Change],
    contacts: list[str],
    more: Mapping[str, str | None],
) -> Row:
    properties: dict[str, str | None] = {
        "dealname": name,
        "pipeline": SALES,
        "dealtype": "newbusiness",
        "deal_currency_code": "EUR",
        "hs_exchange_rate": "1.0",
        "closedate": iso(steps[-1][0]),
        "hubspot_owner_id": SELLERS[0],
    }
    return ledger.add(
        "deals",
        steps[0][0],
        properties | dict(more),
        history={"dealstage": steps},
        contacts=contacts,
    )


def _absurd_deals(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    """Add deals with a stage gone from the pipeline, a currency without rate, text as an amount."""
    people = [one.lead for one in journeys if not one.consideration_at and not one.imported][-8:]
    unusual: tuple[tuple[str, tuple[str, ...], dict[str, str | None]], ...] = (
        ("Stage was removed", (DISCOVERY, "contractsent"), {"amount": "12000"}),
        ("Through a removed stage", (DISCOVERY, "contractsent", EVALUATION), {"amount": "8000"}),
        (
            "Paid in another currency",
            (DISCOVERY, EVALUATION, PROPOSAL, WON),
            {"amount": "250000", "deal_currency_code": "SEK", "hs_exchange_rate": None},
        ),
        (
            "Amount is a text",
            (DISCOVERY, EVALUATION, LOST),
            {"amount": "1.200,50 kr", "closed_lost_reason": "¯\\_(ツ)_/¯"},
        ),
        (
            "Closing some day",
            (DISCOVERY,),
            {"amount": None, "closedate": str(millis(SAMPLE_AS_OF))},
        ),
    )
    for person, (name, stages, more) in zip(people, unusual, strict=False):
        start = SAMPLE_AS_OF - between(rng, 60, 75)
        steps: list[Change] = [
            (office(rng, start + timedelta(days=4 * place)), stage, "CRM_UI")
            for place, stage in enumerate(stages)
        ]
        _deal(ledger, name, steps, [person.contact_id], more)


def _absurd_activities(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    person = next(one.lead for one in journeys if one.company)
    when = SAMPLE_AS_OF - between(rng, 30, 60)
    unusual: tuple[tuple[str, dict[str, str | None]], ...] = (
        ("calls", {"hs_timestamp": None, "hs_call_direction": None, "hs_call_status": None}),
        ("calls", {"hs_timestamp": str(millis(when)), "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED", "hs_call_disposition": "not-a-guid", "hs_call_duration": "long"}),
        ("emails", {"hs_timestamp": f"{millis(when)}.0", "hs_email_direction": "CARRIER_PIGEON", "hs_email_status": "SENT"}),
        ("meetings", {"hs_timestamp": iso(when), "hs_meeting_start_time": None, "hs_meeting_outcome": "RAINED_OFF"}),
        ("communications", {"hs_timestamp": iso(when), "hs_communication_channel_type": "SMOKE_SIGNAL"}),
        ("notes", {"hs_timestamp": iso(when), "hs_note_body": "<p>" + "very long " * 3_000 + "</p>"}),
        ("tasks", {"hs_timestamp": "1999-12-31T23:59:59Z", "hs_task_subject": None, "hs_task_status": "LATER"}),
    )  # fmt: skip
    for kind, properties in unusual:
        ledger.add(kind, when, properties, contacts=[person.contact_id])


def _absurd_answers(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    """Add answers out of their scale, without a number, and one that names no contact at all."""
    person = next(one.lead for one in journeys if one.imported or one.company)
    for survey, value in (
        ("NPS", "11"),
        ("NPS", "8.5"),
        ("CSAT", "7"),
        ("CES", "great"),
        ("NPS", None),
        ("MOOD", "3"),
        ("NPS", "6"),
    ):
        when = SAMPLE_AS_OF - between(rng, 5, 80)
        anonymous = survey == "NPS" and value == "6"
        ledger.add(
            "feedback_submissions",
            when,
            {
                "hs_survey_type": survey,
                "hs_survey_name": "Imported answers",
                "hs_survey_channel": "WEB",
                "hs_value": value,
                "hs_sentiment": "PASSIVE" if value is None else None,
                "hs_submission_timestamp": iso(when),
                "hs_contact_id": None if anonymous else person.contact_id,
            },
            contacts=[] if anonymous else [person.contact_id],
        )


def _strays(ledger: Ledger, rng: Random) -> None:
    """Add a submission without an address and mail to somebody who is no contact."""
    when = SAMPLE_AS_OF - between(rng, 20, 40)
    ledger.rows["form_submissions"].append(
        {
            "formId": NEWS_FORM,
            "conversionId": uuid(rng),
            "submittedAt": millis(when),
            "values": [{"name": "firstname", "value": "?", "objectTypeId": "0-1"}],
            "pageUrl": "",
        }
    )
    if ledger.rows["email_events"]:
        copy = dict(ledger.rows["email_events"][0])
        ledger.rows["email_events"].append(
            copy | {"id": uuid(rng), "recipient": "nobody@strange.example"}
        )
