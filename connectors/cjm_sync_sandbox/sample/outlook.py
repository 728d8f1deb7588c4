"""Writes what stands in the calendar after the reference time: a few meetings and their tasks."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, between, iso, office
from cjm_sync_sandbox.sample.journeys import Journey
from cjm_sync_sandbox.sample.ledger import Ledger


def plan_ahead(ledger: Ledger, rng: Random, journeys: list[Journey], count: int) -> None:
    """Write the meetings and tasks that stand in the calendar after the reference time."""
    active = [
        one
        for one in journeys
        if one.purchase_at and one.company and one.purchase_at < SAMPLE_AS_OF
    ]
    for journey in active[-count:]:
        when = office(rng, SAMPLE_AS_OF + between(rng, 2, 21))
        booked = SAMPLE_AS_OF - between(rng, 0.2, 5)
        present = [one.contact_id for one in journey.people if one.created_at < booked]
        common: dict[str, str | None] = {
            "hs_timestamp": iso(when),
            "hubspot_owner_id": journey.seller,
        }
        ledger.add(
            "meetings",
            booked,
            common
            | {
                "hs_meeting_title": "Planned: next steps",
                "hs_meeting_start_time": iso(when),
                "hs_meeting_end_time": iso(when + timedelta(minutes=30)),
                "hs_meeting_outcome": "SCHEDULED",
                "hs_meeting_location_type": "VCE",
            },
            contacts=present,
        )
        ledger.add(
            "tasks",
            booked,
            common
            | {
                "hs_task_subject": "Prepare the meeting",
                "hs_task_status": "NOT_STARTED",
                "hs_task_priority": "MEDIUM",
                "hs_task_type": "TODO",
                "hs_task_completion_date": None,
            },
            contacts=present,
        )
