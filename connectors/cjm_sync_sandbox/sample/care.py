"""Writes support tickets and survey answers; the growing share of billing questions is planted."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from cjm_sync_sandbox.sample.account import (
    HELPERS,
    KICK_OFF,
    ONBOARDING_TICKETS,
    READY,
    SETUP,
    SUPPORT,
    TRAINING,
)
from cjm_sync_sandbox.sample.draw import (
    SAMPLE_AS_OF,
    WINDOW_START,
    Deck,
    between,
    days,
    iso,
    office,
)
from cjm_sync_sandbox.sample.engagement import Diary
from cjm_sync_sandbox.sample.journeys import Journey, Person
from cjm_sync_sandbox.sample.ledger import Change, Ledger, millis_text

_SUBJECTS = {
    "BILLING_ISSUE": (
        "Invoice shows two plants",
        "Wrong VAT on the invoice",
        "Charged twice after the renewal",
    ),
    "PRODUCT_ISSUE": ("Plan does not load", "Shifts vanish after import", "Export is slow"),
    "FEATURE_REQUEST": ("Holiday calendar per plant", "Dark mode for the shop floor"),
    "GENERAL_INQUIRY": ("How do I invite a colleague?", "Where are my exports?"),
    "DATA_IMPORT": ("CSV with semicolons is refused", "Article numbers lose zeros"),
}
_NORMAL = {
    "PRODUCT_ISSUE": 9,
    "GENERAL_INQUIRY": 6,
    "FEATURE_REQUEST": 4,
    "DATA_IMPORT": 3,
    "BILLING_ISSUE": 3,
}
_RECENT = {
    "BILLING_ISSUE": 9,
    "PRODUCT_ISSUE": 5,
    "GENERAL_INQUIRY": 3,
    "FEATURE_REQUEST": 2,
    "DATA_IMPORT": 1,
}
_SENTIMENT = {"high": "PROMOTER", "middle": "PASSIVE", "low": "DETRACTOR"}


class CareDesk:
    """Writes tickets of both pipelines, the calls about them, and NPS, CSAT and CES answers."""

    def __init__(self, ledger: Ledger, rng: Random, diary: Diary) -> None:
        self._ledger = ledger
        self._rng = rng
        self._diary = diary
        self._normal = Deck(rng, _NORMAL)
        self._recent = Deck(rng, _RECENT)
        self._priority = Deck[str | None](
            rng, {"LOW": 5, "MEDIUM": 8, "HIGH": 4, "URGENT": 1, None: 2}
        )
        self._channel = Deck(rng, {"EMAIL": 8, "FORM": 4, "CHAT": 5, "PHONE": 3})

    def write(self, journey: Journey) -> None:
        """Write the service side of one group, from its purchase to its leaving."""
        since = journey.customer_since
        if not since or since >= SAMPLE_AS_OF:
            return
        end = min(journey.churned_at or SAMPLE_AS_OF, SAMPLE_AS_OF)
        if not journey.imported:
            self._onboarding(journey, since)
        rng = self._rng
        moment = since + between(rng, 4, 50)
        while moment < end:
            self._support(journey, office(rng, moment), end)
            moment += between(rng, 12, 90) if moment >= WINDOW_START else between(rng, 25, 150)
        for person in journey.people:
            self._surveys(person, since, end)

    def _onboarding(self, journey: Journey, since: datetime) -> None:
        rng = self._rng
        steps: list[Change] = []
        moment = since + timedelta(hours=rng.randint(2, 30))
        for stage in (KICK_OFF, SETUP, TRAINING, READY):
            steps.append((moment, stage, "CRM_UI"))
            moment = office(rng, moment + between(rng, 3, 16))
        past = [step for step in steps if step[0] < SAMPLE_AS_OF]
        if past:
            self._ticket(
                journey,
                ONBOARDING_TICKETS,
                "Onboarding",
                None,
                past,
                closed_stage=READY,
                priority=None,
            )

    def _support(self, journey: Journey, opened: datetime, end: datetime) -> None:
        if opened >= end:
            return
        rng = self._rng
        category = (self._recent if opened >= WINDOW_START else self._normal).draw()
        solved = opened + days(rng, 4 if category == "BILLING_ISSUE" else 1.6, 0.9, 0.05)
        steps: list[Change] = [(opened, "1", "EMAIL")]
        steps.append((opened + (solved - opened) * 0.3, rng.choice(("2", "3")), "CRM_UI"))
        if rng.random() < 0.94:
            steps.append((solved, "4", "CRM_UI"))
        past = [step for step in steps if step[0] < SAMPLE_AS_OF]
        subject = rng.choice(_SUBJECTS[category])
        priority = self._priority.draw()
        person = rng.choice(journey.people)
        ticket = self._ticket(
            journey,
            SUPPORT,
            subject,
            category,
            past,
            closed_stage="4",
            priority=priority,
            who=person,
        )
        if rng.random() < 0.35:
            self._diary.call(
                journey,
                [person],
                opened + (solved - opened) * 0.5,
                inbound=rng.random() < 0.6,
                tickets=[ticket],
                owner=rng.choice(HELPERS),
            )
        closed = past[-1][1] == "4"
        if closed and rng.random() < 0.4:
            asked = solved + timedelta(hours=rng.uniform(1, 60))
            if rng.random() < 0.6:
                low = category == "BILLING_ISSUE"
                value = rng.choice((0, 0, 1, 2)) if low else rng.choice((1, 2, 2, 2))
                self._answer(person, asked, "CSAT", value, ("low", "middle", "high")[value])
            else:
                value = rng.choice((2, 4, 5, 6, 6, 7))
                mood = "low" if value < 4 else "middle" if value < 6 else "high"
                self._answer(person, asked, "CES", value, mood)

    def _ticket(
        self,
        journey: Journey,
        pipeline: str,
        subject: str,
        category: str | None,
        past: list[Change],
        *,
        closed_stage: str,
        priority: str | None,
        who: Person | None = None,
    ) -> str:
        opened, (last, stage, _how) = past[0][0], past[-1]
        closed = stage == closed_stage
        people = [who] if who else journey.people
        row = self._ledger.add(
            "tickets",
            opened,
            {
                "subject": subject,
                "content": f"{subject}\n\nPlease help.",
                "hs_pipeline": pipeline,
                "hs_ticket_category": category,
                "hs_ticket_priority": priority,
                "source_type": self._channel.draw() if pipeline == SUPPORT else None,
                "hubspot_owner_id": self._rng.choice(HELPERS),
                "closed_date": iso(last) if closed else None,
                "time_to_close": millis_text(last - opened) if closed else None,
                "first_agent_reply_date": iso(past[1][0]) if len(past) > 1 else None,
                "hs_time_to_close_sla_at": iso(opened + timedelta(hours=48))
                if priority in {"HIGH", "URGENT"}
                else None,
            },
            history={"hs_pipeline_stage": past},
            contacts=[person.contact_id for person in people],
            companies=[journey.company.company_id] if journey.company else [],
        )
        return str(row["id"])

    def _surveys(self, person: Person, since: datetime, end: datetime) -> None:
        """Write the first NPS answer of a new customer and those of later half-years."""
        rng = self._rng
        if person.nps_at and person.nps is not None and person.nps_at < end:
            self._nps(person, person.nps_at, person.nps)
        moment = max(person.demoted_at or since, since + timedelta(days=80)) + between(rng, 20, 120)
        if person.demoted_at and person.demoted_at < end:
            self._nps(person, person.demoted_at - between(rng, 1, 4), rng.choice((3, 5, 6)))
        while moment < end:
            if rng.random() < 0.4:
                happy = person.nps is not None and person.nps > 8
                self._nps(
                    person, moment, rng.choice((9, 9, 10, 8, 7) if happy else (9, 8, 7, 8, 7, 6, 4))
                )
            moment += between(rng, 150, 200)

    def _nps(self, person: Person, when: datetime, value: int) -> None:
        self._answer(
            person, when, "NPS", value, "high" if value > 8 else "middle" if value > 6 else "low"
        )

    def _answer(self, person: Person, when: datetime, survey: str, value: int, mood: str) -> None:
        if when >= SAMPLE_AS_OF:
            return
        words = {
            "high": "Planning takes me an hour now, not a day.",
            "middle": "Fine, but the reports are slow.",
            "low": "Third wrong invoice in a row.",
        }
        self._ledger.add(
            "feedback_submissions",
            when + timedelta(seconds=4),
            {
                "hs_survey_type": survey,
                "hs_survey_name": f"{survey} {when.year}",
                "hs_survey_id": {"NPS": "31", "CSAT": "32", "CES": "33"}[survey],
                "hs_survey_channel": self._rng.choice(("EMAIL", "EMAIL", "WEB")),
                "hs_value": str(value),
                "hs_sentiment": _SENTIMENT[mood],
                "hs_response_group": _SENTIMENT[mood],
                "hs_content": words[mood] if self._rng.random() < 0.5 else None,
                "hs_submission_timestamp": iso(when),
                "hs_contact_id": person.contact_id,
            },
            contacts=[person.contact_id],
        )
