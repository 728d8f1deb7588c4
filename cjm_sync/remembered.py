"""What people put into the cells that the map heeds, as text for the store and back. Pure.

Numbers, dates and flags only: nothing that a person wrote in words is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from cjm_sync.journey.types import JourneyPeople, OpportunityPeople


def people_json(people: JourneyPeople) -> str:
    """Return *people* as JSON: mappings as lists of [key parts…, value], in key order."""
    body: dict[str, Any] = {
        "target_days": sorted([k, v] for k, v in people.target_days.items()),
        "stage_emotion": sorted([k, v] for k, v in people.stage_emotion.items()),
        "touchpoint_emotion": sorted([*k, v] for k, v in people.touchpoint_emotion.items()),
        "opportunities": [
            [*identity, held.effort, held.has_owner, held.has_action]
            for identity, held in sorted(people.opportunities.items())
        ],
        "reviewed_on": people.reviewed_on.isoformat() if people.reviewed_on else None,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def people_of(text: str) -> JourneyPeople:
    """Return what `people_json` made *text* of."""
    body: Mapping[str, Any] = json.loads(text)
    reviewed_on = body["reviewed_on"]
    return JourneyPeople(
        target_days=dict(body["target_days"]),
        stage_emotion=dict(body["stage_emotion"]),
        touchpoint_emotion={(stage, name): v for stage, name, v in body["touchpoint_emotion"]},
        opportunities={
            (rule, stage, subject): OpportunityPeople(effort, has_owner, has_action)
            for rule, stage, subject, effort, has_owner, has_action in body["opportunities"]
        },
        reviewed_on=date.fromisoformat(reviewed_on) if reviewed_on is not None else None,
    )
