"""Sums up submissions and mailings, as HubSpot does on contacts and marketing emails."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from cjm_sync_sandbox.sample.draw import iso
from cjm_sync_sandbox.sample.ledger import Ledger

_DATES = {"SENT": "send", "OPEN": "open", "CLICK": "click"}
_COUNTERS = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "OPEN": "open",
    "CLICK": "click",
    "BOUNCE": "bounce",
    "STATUSCHANGE": "unsubscribed",
    "SPAMREPORT": "spamreport",
}


def _moment(milliseconds: int) -> str:
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))


def write_summaries(ledger: Ledger) -> None:
    """Set the conversion and mailing properties of each contact from the rows about its address."""
    submitted: dict[str, list[int]] = {}
    for row in ledger.rows["form_submissions"]:
        submitted.setdefault(row["values"][0]["value"], []).append(row["submittedAt"])
    mailed: dict[tuple[str, str], list[int]] = {}
    for row in ledger.rows["email_events"]:
        mailed.setdefault((row["recipient"], row["type"]), []).append(row["created"])
    for contact in ledger.rows["contacts"]:
        properties = contact["properties"]
        moments = submitted.get(properties["email"])
        if moments:
            properties["num_conversion_events"] = str(len(moments))
            properties["first_conversion_date"] = _moment(min(moments))
            properties["recent_conversion_date"] = _moment(max(moments))
        for event, name in _DATES.items():
            when = mailed.get((properties["email"], event))
            if when:
                properties[f"hs_email_first_{name}_date"] = _moment(min(when))
                properties[f"hs_email_last_{name}_date"] = _moment(max(when))


def mailing_stats(ledger: Ledger, email: dict[str, Any]) -> dict[str, Any]:
    """Return the `stats` of one marketing email, counted from its events."""
    campaign = int(email["primaryEmailCampaignId"])
    found = Counter(
        row["type"] for row in ledger.rows["email_events"] if row["emailCampaignId"] == campaign
    )
    return {
        "counters": {name: found[event] for event, name in _COUNTERS.items()},
        "ratios": {},
        "deviceBreakdown": {},
        "qualifierStats": {},
    }
