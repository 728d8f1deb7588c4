"""Short ways to write records by hand; every time is in days before T."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def at(days_ago: float) -> str:
    moment = AS_OF - timedelta(days=days_ago)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def ms(days_ago: float) -> int:
    return round((AS_OF - timedelta(days=days_ago)).timestamp() * 1000)


def row(
    record_id: str,
    created: float,
    properties: dict[str, str | None],
    *,
    history: dict[str, list[tuple[float, str]]] | None = None,
    links: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    """Make a CRM record; *history* is oldest first here and gives the current value too."""
    moves = history or {}
    current = {name: changes[-1][1] for name, changes in moves.items()}
    latest = min([created, *(ago for changes in moves.values() for ago, _ in changes)])
    return {
        "id": record_id,
        "properties": {**properties, **current},
        "createdAt": at(created),
        "updatedAt": at(latest),
        "history": {
            name: [
                {"value": value, "timestamp": at(ago), "sourceType": "CRM_UI"}
                for ago, value in reversed(changes)
            ]
            for name, changes in moves.items()
        },
        "associations": links or {},
    }


def contact(
    record_id: str,
    created: float,
    lifecycle: list[tuple[float, str]] | None = None,
    **properties: str,
) -> dict[str, Any]:
    return row(
        record_id,
        created,
        {"email": f"c{record_id}@dozen.example", **properties},
        history={"lifecyclestage": lifecycle} if lifecycle else None,
    )


def deal(
    record_id: str,
    contact_id: str,
    stages: list[tuple[float, str]],
    *,
    pipeline: str = "default",
    **properties: str,
) -> dict[str, Any]:
    return row(
        record_id,
        stages[0][0],
        {"pipeline": pipeline, **properties},
        history={"dealstage": stages},
        links={"contacts": [contact_id]},
    )


def activity(record_id: str, contact_id: str, ago: float, **properties: str) -> dict[str, Any]:
    return row(
        record_id, ago, {"hs_timestamp": at(ago), **properties}, links={"contacts": [contact_id]}
    )


def survey(record_id: str, contact_id: str, ago: float, kind: str, value: str) -> dict[str, Any]:
    return row(
        record_id,
        ago,
        {"hs_survey_type": kind, "hs_value": value, "hs_submission_timestamp": at(ago)},
        links={"contacts": [contact_id]},
    )


def page_view(event_id: str, contact_id: str, ago: float) -> dict[str, Any]:
    return {
        "objectType": "CONTACT",
        "objectId": contact_id,
        "eventType": "e_visited_page",
        "occurredAt": at(ago),
        "id": event_id,
        "properties": {"hs_url": "https://www.example.com/pricing"},
    }


def mail_event(
    event_id: str, contact_id: str, ago: float, kind: str, **more: Any
) -> dict[str, Any]:
    return {
        "id": event_id,
        "created": ms(ago),
        "type": kind,
        "recipient": f"C{contact_id}@dozen.example",
        "emailCampaignId": 1,
        **more,
    }
