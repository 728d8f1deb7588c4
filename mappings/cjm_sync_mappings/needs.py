"""What the mapping reads of each object, and no more: no names, subjects, bodies or note text.

Addresses are asked for joining submissions and email events, and stay on the machine. A name that
ends in `*` is a family that the source resolves from the definitions.
"""

from __future__ import annotations

from cjm_sync.model import Need
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.where import Where

_ENTERED = "hs_v2_date_entered_*"

_FIXED: dict[str, Need] = {
    "account": Need(),
    "owners": Need(),
    "properties": Need(),
    "pipelines": Need(),
    "exchange_rates": Need(),
    "forms": Need(),
    "contacts": Need(
        properties=frozenset(
            {
                "associatedcompanyid", "createdate", "email", "first_conversion_date",
                "hs_additional_emails", "hs_analytics_first_timestamp", "hs_analytics_source",
                "hs_calculated_merged_vids", "hs_email_first_send_date",
                "hs_email_last_click_date", "hs_email_last_open_date", "hs_email_last_send_date",
                "hs_lifecyclestage_*", "hs_merged_object_ids", "hs_persona", "lifecyclestage",
                "recent_conversion_date", _ENTERED,
            }
        ),
        history=frozenset({"lifecyclestage"}),
    ),
    "companies": Need(properties=frozenset({"hs_merged_object_ids"})),
    "deals": Need(
        properties=frozenset(
            {
                "amount", "amount_in_home_currency", "closed_lost_reason", "createdate",
                "deal_currency_code", "dealstage", "hs_exchange_rate", "hs_merged_object_ids",
                "pipeline", _ENTERED,
            }
        ),
        history=frozenset({"dealstage"}),
        links=frozenset({"contacts"}),
    ),
    "tickets": Need(
        properties=frozenset(
            {
                "closed_date", "createdate", "hs_merged_object_ids", "hs_pipeline",
                "hs_pipeline_stage", "hs_ticket_priority", "hs_time_to_close_sla_at", _ENTERED,
            }
        ),
        history=frozenset({"hs_pipeline_stage"}),
        links=frozenset({"contacts"}),
    ),
    "calls": Need(
        properties=frozenset({"hs_call_disposition"}), links=frozenset({"contacts", "tickets"})
    ),
    "emails": Need(
        properties=frozenset(
            {
                "hs_email_click_count", "hs_email_direction", "hs_email_open_count",
                "hs_email_status",
            }
        ),
        links=frozenset({"contacts"}),
    ),
    "meetings": Need(
        properties=frozenset({"hs_meeting_outcome"}), links=frozenset({"contacts"})
    ),
    "notes": Need(links=frozenset({"contacts"})),
    # Tasks are no touches; they are the backstage of a journey.
    "tasks": Need(
        properties=frozenset({"hs_task_status", "hs_timestamp", "hubspot_owner_id"}),
        links=frozenset({"contacts"}),
    ),
    "communications": Need(links=frozenset({"contacts"})),
    "postal_mail": Need(links=frozenset({"contacts"})),
    "feedback_submissions": Need(
        properties=frozenset(
            {"hs_contact_id", "hs_sentiment", "hs_survey_id", "hs_survey_type", "hs_value"}
        ),
        links=frozenset({"contacts"}),
    ),
    "quotes": Need(properties=frozenset({"hs_status"}), links=frozenset({"contacts", "deals"})),
    "email_events": Need(
        properties=frozenset(
            {
                "created", "filteredEvent", "id", "obsoletedBy", "recipient", "sentBy",
                "subscriptions", "type",
            }
        )
    ),
    "form_submissions": Need(
        properties=frozenset({"conversionId", "email", "formId", "submittedAt"})
    ),
    "events": Need(properties=frozenset({"eventType", "objectId", "objectType", "occurredAt"})),
}  # fmt: skip

_COMPANY = Need(
    properties=frozenset(
        {
            "createdate", "hs_analytics_first_timestamp", "hs_analytics_source",
            "hs_lifecyclestage_*", "lifecyclestage", _ENTERED,
        }
    ),
    history=frozenset({"lifecyclestage"}),
)  # fmt: skip
"""What a journey of companies reads of them beside what every journey does."""

_OF_DEAL = {
    "contacts": Need(
        properties=frozenset(
            {
                "associatedcompanyid", "createdate", "hs_calculated_merged_vids",
                "hs_merged_object_ids", "hs_persona",
            }
        )
    ),
    "deals": Need(properties=frozenset({"hs_analytics_source"}), links=frozenset({"companies"})),
}  # fmt: skip
"""Of a deal's contacts only who they are counts: their own ways and addresses stay unread."""

_BY_ADDRESS = frozenset({"email_events", "form_submissions", "forms"})
"""Streams that name a contact's address, and so nothing of a deal's."""


def _needs_of_unit(object_: str) -> dict[str, Need]:
    """Return what a journey reads whatever its profile, by the object of its units."""
    needs = dict(_FIXED)
    if object_ == "companies":
        needs["companies"] |= _COMPANY
    elif object_ == "deals":
        needs = {name: need for name, need in needs.items() if name not in _BY_ADDRESS}
        needs["contacts"] = _OF_DEAL["contacts"]
        needs["deals"] |= _OF_DEAL["deals"]
    if object_ != "contacts":
        for name, need in needs.items():
            # What may be linked to a contact may be linked to a unit as well.
            if "contacts" in need.links and name != object_:
                needs[name] = need | Need(links=frozenset({object_}))
    return needs


def needs_of(profile: Profile, where: Where) -> dict[str, Need]:
    """Return what a journey with *profile* reads, filtered by *where*, which knows its units."""
    needs = _needs_of_unit(where.object)
    for name, need in where.needs().items():
        needs[name] = needs.get(name, Need()) | need

    def want(object_: str, *properties: str | None) -> None:
        if object_ in needs:
            names = frozenset(name for name in properties if name is not None)
            needs[object_] |= Need(properties=names)

    for object_, reading in profile.objects.items():
        want(object_, *reading.time, reading.skip_property, reading.channel_property)
    orders = profile.orders
    if orders.are_purchases and where.object != "deals":
        needs["orders"] = Need(
            frozenset({"hs_merged_object_ids", *orders.time}),
            links=frozenset({"contacts", "deals"}),
        )
        needs["orders"] |= Need(links=frozenset({where.object}))
        want("orders", orders.amount, orders.currency, orders.exchange_rate, orders.status)
    tickets = profile.tickets
    want("tickets", tickets.category, tickets.answered, tickets.answer_due)
    for part in profile.touchpoints:
        if part.object == "contacts":  # a first touch is told by the unit's own record
            want(where.object, part.property)
        elif part.object != "deals":  # their property is the state, which is no property
            want(part.object, part.property, part.skip_property)
        if part.pages:
            want("events", "hs_url")
        if part.linked is not None and part.object in needs:
            needs[part.object] |= Need(links=frozenset({part.linked}))
    for persona in (*profile.personas.rules, *profile.personas.starter):
        for condition in persona.any:
            object_ = "contacts" if condition.object == "contact" else "companies"
            want(object_, condition.property)
    for mix in profile.mixes:
        for name in mix.properties:
            object_, _, property_ = name.partition(".")
            want(object_, property_)
    return needs
