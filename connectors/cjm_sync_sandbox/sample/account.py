"""The account the sample belongs to: an invented vendor of planning software in Stockholm.

Its pipelines, lifecycle, properties, owners, currencies: what a sync reads before any record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, iso

PORTAL_ID = 147_204_518
VENDOR = "Kaldera Planning"
VENDOR_DOMAIN = "kaldera.example"

NURTURE = "198274399"
PRODUCT_QUALIFIED = "198274411"
ONBOARDING = "198274437"
FORMER_CUSTOMER = "198274450"
PERSONAS = ("persona_1", "persona_2", "persona_3")

SALES, RENEWALS = "default", "746210381"
DISCOVERY, EVALUATION, PROPOSAL = "appointmentscheduled", "qualifiedtobuy", "presentationscheduled"
LEGAL_REVIEW = "1093348812"
WON, LOST = "closedwon", "closedlost"
RENEWAL_DUE, RENEWAL_OFFERED, RENEWED, NOT_RENEWED = (
    "1093350001", "1093350002", "1093350003", "1093350004",
)  # fmt: skip
SUPPORT, ONBOARDING_TICKETS = "0", "81260417"
KICK_OFF, SETUP, TRAINING, READY = "171190021", "171190022", "171190023", "171190024"

CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    CONNECTED: "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
    "5d1c0f6e-2b7a-4c55-9a43-8f1be0c9d771": "Asked to call back",
}

_BORN = "1970-01-01T00:00:00Z"
_OPENED = "2025-05-12T08:00:00Z"


def _options(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": value, "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(pairs)
    ]


def _choice(
    name: str, label: str, pairs: Iterable[tuple[str, str]], *, own: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "enumeration",
        "fieldType": "select",
        "hubspotDefined": not own,
        "options": _options(pairs),
    }


def _pipeline(
    pipeline_id: str, label: str, order: int, stages: Iterable[tuple[str, str, dict[str, str]]]
) -> dict[str, Any]:
    return {
        "id": pipeline_id,
        "label": label,
        "displayOrder": order,
        "archived": False,
        "createdAt": _BORN,
        "updatedAt": _OPENED,
        "stages": [
            {
                "id": stage_id,
                "label": stage_label,
                "displayOrder": position,
                "metadata": metadata,
                "createdAt": _BORN,
                "updatedAt": _OPENED,
                "archived": False,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            }
            for position, (stage_id, stage_label, metadata) in enumerate(stages)
        ],
    }


def _deal_stage(stage_id: str, label: str, probability: str) -> tuple[str, str, dict[str, str]]:
    closed = "true" if probability in {"0.0", "1.0"} else "false"
    return stage_id, label, {"isClosed": closed, "probability": probability}


def _ticket_stage(
    stage_id: str, label: str, state: str = "OPEN"
) -> tuple[str, str, dict[str, str]]:
    return stage_id, label, {"ticketState": state, "isClosed": str(state == "CLOSED").lower()}


LIFECYCLE = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    (NURTURE, "Nurture"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    (PRODUCT_QUALIFIED, "Product qualified"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    (ONBOARDING, "Onboarding"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    (FORMER_CUSTOMER, "Former customer"),
    ("other", "Other"),
)


def pipelines() -> dict[str, list[dict[str, Any]]]:
    """Return the deal and ticket pipelines, by object."""
    return {
        "deals": [
            _pipeline(
                SALES,
                "New business",
                0,
                [
                    _deal_stage(DISCOVERY, "Discovery", "0.2"),
                    _deal_stage(EVALUATION, "Evaluation", "0.4"),
                    _deal_stage(PROPOSAL, "Proposal", "0.6"),
                    _deal_stage(LEGAL_REVIEW, "Legal review", "0.8"),
                    _deal_stage(WON, "Closed won", "1.0"),
                    _deal_stage(LOST, "Closed lost", "0.0"),
                ],
            ),
            _pipeline(
                RENEWALS,
                "Renewals",
                1,
                [
                    _deal_stage(RENEWAL_DUE, "Renewal due", "0.5"),
                    _deal_stage(RENEWAL_OFFERED, "Offer sent", "0.7"),
                    _deal_stage(RENEWED, "Renewed", "1.0"),
                    _deal_stage(NOT_RENEWED, "Not renewed", "0.0"),
                ],
            ),
        ],
        "tickets": [
            _pipeline(
                SUPPORT,
                "Support",
                0,
                [
                    _ticket_stage("1", "New"),
                    _ticket_stage("2", "Waiting on contact"),
                    _ticket_stage("3", "Waiting on us"),
                    _ticket_stage("4", "Closed", "CLOSED"),
                ],
            ),
            _pipeline(
                ONBOARDING_TICKETS,
                "Onboarding",
                1,
                [
                    _ticket_stage(KICK_OFF, "Kick-off"),
                    _ticket_stage(SETUP, "Setup"),
                    _ticket_stage(TRAINING, "Training"),
                    _ticket_stage(READY, "Ready", "CLOSED"),
                ],
            ),
        ],
    }


OWNERS = (
    ("Ida", "Sandström", "Sales"),
    ("Tomasz", "Zięba", "Sales"),
    ("Grace", "Adeyemi", "Sales"),
    ("Hugo", "Béranger", "Sales"),
    ("Mei", "Lin", "Customer success"),
    ("Pär", "Engdahl", "Customer success"),
    ("Anouk", "Visser", "Support"),
    ("Kwame", "Mensah", "Support"),
    ("Rolf", "Tanner", "Sales"),  # left the vendor, still named by old records
)
_FIRST_OWNER = 88_842_101
SELLERS = tuple(str(_FIRST_OWNER + place) for place in (0, 1, 2, 3, 8))
SUCCESS = tuple(str(_FIRST_OWNER + place) for place in (4, 5))
HELPERS = tuple(str(_FIRST_OWNER + place) for place in (6, 7))


def _owners() -> list[dict[str, Any]]:
    return [
        {
            "id": str(_FIRST_OWNER + place),
            "email": f"owner{place + 1}@{VENDOR_DOMAIN}",
            "type": "PERSON",
            "firstName": given,
            "lastName": family,
            "userId": 61_200_340 + place * 7,
            "userIdIncludingInactive": 61_200_340 + place * 7,
            "createdAt": _OPENED,
            "updatedAt": _OPENED,
            "archived": family == "Tanner",
            "teams": [{"id": str(len(team)), "name": team, "primary": True}],
        }
        for place, (given, family, team) in enumerate(OWNERS)
    ]


def _properties() -> dict[str, list[dict[str, Any]]]:
    personas = zip(PERSONAS, ("Operations lead", "Finance approver", "Hands-on user"), strict=True)
    return {
        "contacts": [
            _choice("lifecyclestage", "Lifecycle Stage", LIFECYCLE),
            _choice("hs_persona", "Persona", personas),
            {
                "name": "plants_planned",
                "label": "Plants planned",
                "type": "number",
                "fieldType": "number",
            },
        ],
        "companies": [_choice("lifecyclestage", "Lifecycle Stage", LIFECYCLE)],
        "tickets": [
            _choice(
                "hs_ticket_category",
                "Category",
                (
                    ("PRODUCT_ISSUE", "Product issue"),
                    ("BILLING_ISSUE", "Billing issue"),
                    ("FEATURE_REQUEST", "Feature request"),
                    ("GENERAL_INQUIRY", "General inquiry"),
                    ("DATA_IMPORT", "Data import"),
                ),
            )
        ],
        "calls": [_choice("hs_call_disposition", "Call outcome", DISPOSITIONS.items())],
    }


def account() -> dict[str, Any]:
    """Return the `portal.json` of the sample, without its forms and marketing emails."""
    return {
        "account": {
            "portalId": PORTAL_ID,
            "accountType": "STANDARD",
            "timeZone": "Europe/Stockholm",
            "companyCurrency": "EUR",
            "additionalCurrencies": ["USD", "GBP"],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        },
        "tier": "enterprise",
        "features": {"events": True},
        "as_of": iso(SAMPLE_AS_OF),
        "owners": _owners(),
        "pipelines": pipelines(),
        "lifecycle_stages": [
            {"value": value, "label": label, "displayOrder": order}
            for order, (value, label) in enumerate(LIFECYCLE)
        ],
        "properties": _properties(),
        "exchange_rates": [
            {"fromCurrencyCode": "USD", "toCurrencyCode": "EUR", "conversionRate": 0.92},
            {"fromCurrencyCode": "GBP", "toCurrencyCode": "EUR", "conversionRate": 1.17},
        ],
    }
