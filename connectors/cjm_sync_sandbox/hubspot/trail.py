"""The trail that a person leaves: email events, submissions and web events, as rows of a portal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cjm_sync_sandbox.hubspot.table import Row

STREAMS = ("email_events", "form_submissions", "events")


def email_event(event_id: str, kind: str, recipient: str, created: int) -> Row:
    return {
        "id": event_id,
        "created": created,
        "type": kind,
        "recipient": recipient,
        "emailCampaignId": 1,
        "appId": 113,
        "filteredEvent": False,
    }


def submission(conversion: str, form: str, values: Mapping[str, str | None], at: int) -> Row:
    return {
        "formId": form,
        "conversionId": conversion,
        "submittedAt": at,
        "values": [
            {"name": name, "value": value, "objectTypeId": "0-1"}
            for name, value in values.items()
            if value is not None
        ],
        "pageUrl": "https://www.example.com/form",
    }


def event(event_id: str, kind: str, contact: str, at: str) -> Row:
    return {
        "objectType": "CONTACT",
        "objectId": contact,
        "eventType": kind,
        "occurredAt": at,
        "id": f"leviathan-{event_id}",
    }


def drop(rows: Mapping[str, list[Row]], contact: Row, ids: Collection[str]) -> None:
    """Take away whatever names *contact*, by one of its addresses or one of its *ids*."""
    written = (contact["properties"].get(one) or "" for one in ("email", "hs_additional_emails"))
    addresses = {one.lower() for text in written for one in text.split(";") if one}
    for name in STREAMS:
        if name in rows:
            rows[name][:] = [row for row in rows[name] if not _names(name, row, addresses, ids)]


def _names(name: str, row: Row, addresses: Collection[str], ids: Collection[str]) -> bool:
    match name:
        case "email_events":
            return _text(row["recipient"]) in addresses
        case "events":
            return row["objectId"] in ids
        case _:
            return any(
                value["name"] == "email" and _text(value["value"]) in addresses
                for value in row.get("values", ())
            )


def _text(value: Any) -> str:
    return str(value).lower()
