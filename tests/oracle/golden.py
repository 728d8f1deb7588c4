"""A dozen contacts made by hand, each for one way through the journey; all times in days before T.

`dozen()` is the portal, `copied(portal, 5)` the same with every record five times under new ids,
relinked among themselves. What the map must say of both stands in `test_golden_dozen.py`.
"""

from __future__ import annotations

import copy
from typing import Any

from cjm_sync_sandbox.portal import Portal
from oracle.making import AS_OF, activity, at, contact, deal, mail_event, ms, page_view, row, survey

INFO: dict[str, Any] = {
    "account": {
        "portalId": 147893286,
        "accountType": "STANDARD",
        "timeZone": "UTC",
        "companyCurrency": "USD",
        "additionalCurrencies": ["EUR", "GBP", "CAD"],
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    },
    "tier": "enterprise",
    "features": {"events": True},
    "pipelines": {
        "deals": [
            {
                "id": "default",
                "label": "Sales Pipeline",
                "displayOrder": 0,
                "archived": False,
                "stages": [
                    {
                        "id": stage,
                        "label": stage,
                        "displayOrder": place,
                        "archived": False,
                        "metadata": {"isClosed": closed, "probability": probability},
                    }
                    for place, (stage, probability, closed) in enumerate(
                        (
                            ("appointmentscheduled", "0.2", "false"),
                            ("qualifiedtobuy", "0.4", "false"),
                            ("presentationscheduled", "0.6", "false"),
                            ("decisionmakerboughtin", "0.8", "false"),
                            ("contractsent", "0.9", "false"),
                            ("closedwon", "1.0", "true"),
                            ("closedlost", "0.0", "true"),
                        )
                    )
                ],
            },
            {
                "id": "900100",
                "label": "Renewals",
                "displayOrder": 1,
                "archived": False,
                "stages": [
                    {
                        "id": stage,
                        "label": label,
                        "displayOrder": place,
                        "archived": False,
                        "metadata": {"isClosed": closed, "probability": probability},
                    }
                    for place, (stage, label, probability, closed) in enumerate(
                        (
                            ("900101", "Coming up", "0.6", "false"),
                            ("900102", "Signed", "1.0", "true"),
                            ("900103", "Cancelled", "0.0", "true"),
                        )
                    )
                ],
            },
        ]
    },
    "lifecycle_stages": [
        {"value": value, "label": label, "displayOrder": place}
        for place, (value, label) in enumerate(
            (
                ("subscriber", "Subscriber"),
                ("lead", "Lead"),
                ("1700000001", "Nurture"),  # between awareness and consideration: awareness
                ("marketingqualifiedlead", "Marketing Qualified Lead"),
                ("salesqualifiedlead", "Sales Qualified Lead"),
                ("opportunity", "Opportunity"),
                ("customer", "Customer"),
                ("evangelist", "Evangelist"),
                ("other", "Other"),
                ("1700000002", "Parked"),  # nothing mapped behind it: unmapped
            )
        )
    ],
    "properties": {
        "contacts": [
            {
                "name": "hs_persona",
                "label": "Persona",
                "type": "enumeration",
                "fieldType": "select",
                "hubspotDefined": True,
                "options": [
                    {"label": "Planner", "value": "persona_1", "displayOrder": 0, "hidden": False}
                ],
            }
        ]
    },
    "forms": [
        {"id": "f0000000-0000-4000-8000-000000000001", "name": "Demo", "formType": "hubspot"}
    ],
    "owners": [],
}


def dozen() -> Portal:
    """Return the portal of the twelve contacts 101 to 112."""
    contacts = [
        # 101 only ever aware; seen a day before the record was made
        contact(
            "101", 40, [(40, "lead"), (35, "1700000001")],
            hs_persona="persona_1", hs_analytics_source="ORGANIC_SEARCH",
            hs_analytics_first_timestamp=at(41),
        ),
        # 102 marketing, then sales qualified
        contact(
            "102", 100, [(100, "lead"), (70, "marketingqualifiedlead"), (50, "salesqualifiedlead")],
            hs_persona="persona_1", hs_analytics_source="PAID_SOCIAL",
        ),
        # 103 a meeting before any deal
        contact("103", 80, [(80, "lead")], hs_persona="persona_1"),
        # 104 an open deal, first unlikely, then likely
        contact("104", 120, [(120, "lead")], hs_seniority="vp"),
        # 105 a quote out of the blue; the form knows another of the addresses
        contact("105", 50, hs_persona="persona_1", hs_additional_emails="x@y.example;Five@Y.example"),
        # 106 won a deal
        contact(
            "106", 85, [(85, "lead"), (69, "opportunity"), (39, "customer")],
            hs_buying_role="END_USER;DECISION_MAKER",
        ),
        # 107 renewed
        contact("107", 200, hs_buying_role="EXECUTIVE_SPONSOR"),
        # 108 a customer without a deal, later a promoter
        contact("108", 130, [(130, "lead"), (100, "customer")], hs_buying_role="BUDGET_HOLDER"),
        # 109 lost
        contact("109", 95, hs_buying_role="LEGAL_AND_COMPLIANCE"),
        # 110 bought at once, did not renew
        contact("110", 400),
        # 111 set back, lost, and here again
        contact(
            "111", 180, [(180, "lead"), (88, "opportunity"), (70, ""), (69, "marketingqualifiedlead")]
        ),
        # 112 silent, in a lifecycle stage that nothing explains
        contact(
            "112", 300, [(300, "lead"), (290, "1700000002")],
            hs_persona="persona_1", hs_analytics_source="OFFLINE",
            first_conversion_date=at(295), recent_conversion_date=at(295),
            hs_email_first_send_date=at(299), hs_email_last_send_date=at(297),
            hs_email_last_open_date=at(296),
        ),
    ]  # fmt: skip
    deals = [
        deal(
            "201", "104", [(60, "appointmentscheduled"), (30, "decisionmakerboughtin")],
            amount="1000", deal_currency_code="EUR", hs_exchange_rate="1.1",
        ),
        deal(
            "202", "106", [(80, "qualifiedtobuy"), (70, "presentationscheduled"), (40, "closedwon")],
            amount="2000", deal_currency_code="USD",
        ),
        deal("203", "107", [(190, "contractsent"), (150, "closedwon")], amount="3000"),
        deal(
            "204", "107", [(60, "900101"), (25, "900102")], pipeline="900100",
            amount="2600", deal_currency_code="GBP", amount_in_home_currency="3300",
        ),
        deal(
            "205", "109", [(75, "qualifiedtobuy"), (65, "presentationscheduled"), (35, "closedlost")],
            amount="400", closed_lost_reason="Far too expensive",
        ),
        deal("206", "110", [(350, "closedwon")], amount="900"),
        deal(
            "207", "110", [(30, "900101"), (12, "900103")], pipeline="900100",
            amount="500", closed_lost_reason="went to a competitor",
        ),
        deal("208", "111", [(68, "appointmentscheduled"), (45, "closedlost")], amount="600"),
        deal("209", "111", [(22, "contractsent")], amount="700", deal_currency_code="CAD"),
        deal("210", "106", [(35, "qualifiedtobuy")], amount="250"),
    ]  # fmt: skip
    connected = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
    busy = "9d9162e7-6cf3-4944-bf63-4dff82258764"
    no_answer = "73a0d17f-1163-4015-bdd5-ec830791da20"
    service_call = activity(
        "303", "106", 27,
        hs_call_direction="INBOUND", hs_call_status="COMPLETED", hs_call_disposition=no_answer,
    )  # fmt: skip
    service_call["associations"]["tickets"] = ["501"]
    sent = {"id": "m1-sent", "created": ms(60.01)}
    return Portal(
        copy.deepcopy(INFO),
        {
            "contacts": contacts,
            "deals": deals,
            "calls": [
                activity(
                    "301", "104", 45, hs_call_direction="OUTBOUND", hs_call_status="COMPLETED",
                    hs_call_disposition=connected,
                ),
                activity(
                    "302", "104", 20, hs_call_direction="OUTBOUND", hs_call_status="COMPLETED",
                    hs_call_disposition=busy,
                ),
                service_call,
            ],
            "meetings": [
                activity("401", "103", 60, hs_meeting_outcome="COMPLETED", hs_meeting_start_time=at(60)),
                activity("402", "103", 55, hs_meeting_outcome="CANCELED", hs_meeting_start_time=at(55)),
                activity("403", "106", 20, hs_meeting_outcome="COMPLETED", hs_meeting_start_time=at(20)),
                activity("404", "107", 80, hs_meeting_outcome="NO_SHOW", hs_meeting_start_time=at(80)),
            ],
            "tickets": [
                row(
                    "501", 30,
                    {"hs_pipeline": "0", "hs_ticket_priority": "HIGH", "closed_date": at(29)},
                    history={"hs_pipeline_stage": [(30, "1"), (29, "4")]},
                    links={"contacts": ["106"]},
                ),
                row(
                    "502", 50,
                    {
                        "hs_pipeline": "0", "hs_ticket_priority": "URGENT",
                        "hs_time_to_close_sla_at": at(48),
                    },
                    history={"hs_pipeline_stage": [(50, "1"), (49, "2")]},
                    links={"contacts": ["108"]},
                ),
            ],
            "emails": [
                activity(
                    "601", "109", 66, hs_email_direction="EMAIL", hs_email_status="SENT",
                    hs_email_open_count="2", hs_email_click_count="0",
                ),
                activity(
                    "602", "107", 65, hs_email_direction="INCOMING_EMAIL", hs_email_status="SENT"
                ),
                activity(
                    "603", "109", 64, hs_email_direction="EMAIL", hs_email_status="SCHEDULED"
                ),
            ],
            "quotes": [
                row("701", 20, {"hs_status": "APPROVED"}, links={"contacts": ["105"]}),
            ],
            "feedback_submissions": [
                survey("801", "106", 28, "CSAT", "2"),
                survey("802", "107", 70, "CES", "6"),
                survey("803", "108", 10, "NPS", "9"),
                survey("804", "110", 80, "NPS", "3"),
            ],
            "communications": [
                activity("901", "108", 45, hs_communication_channel_type="WHATS_APP"),
            ],
            "notes": [activity("911", "109", 15, hs_note_body="<p>quiet</p>")],
            "tasks": [activity("921", "109", 14, hs_task_status="NOT_STARTED")],
            "postal_mail": [activity("931", "111", 21)],
            "form_submissions": [
                {
                    "formId": "f0000000-0000-4000-8000-000000000001",
                    "conversionId": "conv-1",
                    "submittedAt": ms(48),
                    "values": [
                        {"name": "email", "value": "five@y.EXAMPLE", "objectTypeId": "0-1"}
                    ],
                    "pageUrl": "https://www.example.com/demo",
                }
            ],
            "events": [
                page_view("v1", "101", 30),
                page_view("v2", "101", 30 - 20 / 1440),  # 20 minutes on: the same touch
                page_view("v3", "101", 30 - 55 / 1440),  # 35 minutes on: another
            ],
            "email_events": [
                mail_event("m1-sent", "102", 60.01, "SENT"),
                mail_event("m1-delivered", "102", 60, "DELIVERED", sentBy=sent),
                mail_event("m1-open", "102", 59, "OPEN", sentBy=sent),
                mail_event("m1-click", "102", 58, "CLICK", sentBy=sent),
                mail_event("m1-bot", "102", 59.5, "CLICK", sentBy=sent, filteredEvent=True),
                mail_event(
                    "m1-off", "102", 57, "STATUSCHANGE", sentBy=sent,
                    subscriptions=[{"id": 7, "status": "UNSUBSCRIBED"}],
                ),
            ],
        },
    )  # fmt: skip


def copied(portal: Portal, times: int) -> Portal:
    """Return the portal with each record *times* times under new ids, linked among themselves."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in portal.rows}
    for number in range(times):
        for name, originals in portal.rows.items():
            rows[name] += [_renamed(name, copy.deepcopy(one), number) for one in originals]
    return Portal(copy.deepcopy(portal.info), rows)


def _renamed(name: str, one: dict[str, Any], number: int) -> dict[str, Any]:
    if name == "form_submissions":
        one["conversionId"] += f"-{number}"
        for value in one["values"]:
            value["value"] = f"{number}.{value['value']}"
        return one
    if name == "events":
        one["id"] += f"-{number}"
        one["objectId"] += str(number)
        return one
    if name == "email_events":
        one["id"] += f"-{number}"
        one["recipient"] = f"{number}.{one['recipient']}"
        if "sentBy" in one:
            one["sentBy"]["id"] += f"-{number}"
        return one
    one["id"] += str(number)
    one["associations"] = {
        other: [f"{record_id}{number}" for record_id in ids]
        for other, ids in one["associations"].items()
    }
    for prop in ("email", "hs_additional_emails"):
        if one["properties"].get(prop):
            addresses = one["properties"][prop].split(";")
            renamed = (f"{number}.{address.strip()}" for address in addresses)
            one["properties"][prop] = ";".join(renamed)
    for prop in ("hs_contact_id", "hs_merged_object_ids", "associatedcompanyid"):
        if one["properties"].get(prop):
            ids = one["properties"][prop].split(";")
            one["properties"][prop] = ";".join(f"{record_id}{number}" for record_id in ids)
    return one


__all__ = ["AS_OF", "copied", "dozen"]
