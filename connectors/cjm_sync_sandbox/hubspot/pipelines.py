"""The pipelines of a portal: what `portal.json` says, else HubSpot's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cjm_sync_sandbox.hubspot.standard import (
    DEAL_STAGES,
    LEAD_STAGES,
    LIFECYCLE_STAGES,
    TICKET_STAGES,
)

_SHIPPED_AT = "1970-01-01T00:00:00Z"
PIPELINED = ("contacts", "companies", "deals", "tickets", "leads")

STAGE_PROPERTY = {
    "contacts": "lifecyclestage",
    "companies": "lifecyclestage",
    "deals": "dealstage",
    "tickets": "hs_pipeline_stage",
    "leads": "hs_pipeline_stage",
}
PIPELINE_PROPERTY = {
    "contacts": "hs_pipeline",
    "companies": "hs_pipeline",
    "deals": "pipeline",
    "tickets": "hs_pipeline",
    "leads": "hs_pipeline",
}


def lifecycle_stages(described: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the stages of `lifecyclestage` in order, as (value, label).

    *described* may list them as texts or as objects with `value` (or `id`) and `label`.
    """
    stages = described.get("lifecycle_stages")
    if not stages:
        return list(LIFECYCLE_STAGES)
    shipped = dict(LIFECYCLE_STAGES)
    found: list[tuple[int, str, str]] = []
    for position, stage in enumerate(stages):
        entry = {"value": stage} if isinstance(stage, str) else stage
        value = str(entry.get("value", entry.get("id")))
        label = str(entry.get("label", shipped.get(value, value)))
        found.append((int(entry.get("displayOrder", position)), value, label))
    return [(value, label) for _, value, label in sorted(found, key=lambda stage: stage[0])]


def pipelines_of(described: Mapping[str, Any], object_name: str) -> list[dict[str, Any]]:
    """Return the pipelines of *object_name* in the shape of the API."""
    own = (described.get("pipelines") or {}).get(object_name)
    return [_completed(pipeline, position) for position, pipeline in enumerate(
        own or _shipped(described, object_name)
    )]  # fmt: skip


def _shipped(described: Mapping[str, Any], object_name: str) -> list[dict[str, Any]]:
    match object_name:
        case "contacts" | "companies":
            return [
                {
                    "id": f"{object_name}-lifecycle-pipeline",
                    "label": "Lifecycle Stage Pipeline",
                    "stages": [
                        {
                            "id": value,
                            "label": label,
                            "metadata": {"isClosed": "false", "state": "OPEN"},
                        }
                        for value, label in lifecycle_stages(described)
                    ],
                }
            ]
        case "deals":
            return [
                {
                    "id": "default",
                    "label": "Sales Pipeline",
                    "stages": [
                        {
                            "id": name,
                            "label": label,
                            "metadata": {"isClosed": closed, "probability": probability},
                        }
                        for name, label, probability, closed in DEAL_STAGES
                    ],
                }
            ]
        case "tickets":
            return [
                {
                    "id": "0",
                    "label": "Support Pipeline",
                    "stages": [
                        {
                            "id": name,
                            "label": label,
                            "metadata": {
                                "ticketState": state,
                                "isClosed": "true" if state == "CLOSED" else "false",
                            },
                        }
                        for name, label, state in TICKET_STAGES
                    ],
                }
            ]
        case "leads":
            return [
                {
                    "id": "lead-pipeline-id",
                    "label": "Lead Pipeline",
                    "stages": [{"id": name, "label": label} for name, label in LEAD_STAGES],
                }
            ]
        case _:
            return []


def _completed(pipeline: Mapping[str, Any], position: int) -> dict[str, Any]:
    stages = [
        {
            "id": str(stage["id"]),
            "label": stage.get("label", str(stage["id"])),
            "displayOrder": stage.get("displayOrder", order),
            "metadata": {key: _text(value) for key, value in stage.get("metadata", {}).items()},
            "createdAt": stage.get("createdAt", _SHIPPED_AT),
            "updatedAt": stage.get("updatedAt", _SHIPPED_AT),
            "archived": stage.get("archived", False),
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        }
        for order, stage in enumerate(pipeline.get("stages", []))
    ]
    return {
        "id": str(pipeline["id"]),
        "label": pipeline.get("label", str(pipeline["id"])),
        "displayOrder": pipeline.get("displayOrder", position),
        "archived": pipeline.get("archived", False),
        "createdAt": pipeline.get("createdAt", _SHIPPED_AT),
        "updatedAt": pipeline.get("updatedAt", _SHIPPED_AT),
        "stages": stages,
    }


def _text(value: Any) -> str:
    """Metadata is text on the wire, truth values too."""
    return str(value).lower() if isinstance(value, bool) else str(value)
