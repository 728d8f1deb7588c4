"""Writes what people of the vendor and of the buyers did together: calls, mail, meetings and more.

An early product demo in consideration is one of the planted stories; first meetings of the groups
without one come late in their stay, if at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random

from cjm_sync_sandbox.sample.account import CONNECTED, DISPOSITIONS, SUCCESS, VENDOR_DOMAIN
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, Deck, between, iso, office
from cjm_sync_sandbox.sample.journeys import Journey, Person
from cjm_sync_sandbox.sample.ledger import Ledger

DEMO_TITLE = "Product demo"
# A purchase longer than this waits for lawyers: meetings are put off, calls go unanswered.
_SLOW = timedelta(days=30)
_PUT_OFF = ("COMPLETED", "RESCHEDULED", "CANCELED", "CANCELED", "NO_SHOW")
_SUBJECTS = {
    "awareness": ("Planning without spreadsheets", "A short introduction", "Your download"),
    "consideration": ("Notes from our talk", "Answers to your questions", "Trial access"),
    "purchase": ("Our proposal", "Contract draft", "Comments from legal", "Data processing terms"),
    "service": ("Your next steps", "Release notes for you", "Checking in", "Training dates"),
}
# How often a mail is answered; while lawyers read, buyers write less.
_REPLIES = {"awareness": 0.2, "consideration": 0.6, "purchase": 0.25, "service": 0.4}
_NOTES = {
    "awareness": ("Met at a fair, wants material.", "Downloaded the guide; seems early."),
    "consideration": ("Uses spreadsheets for 3 plants today.", "Compares two other vendors."),
    "purchase": (
        "Legal asks for changes in the terms.",
        "Waiting for their legal review.",
        "CFO signs.",
    ),
    "service": (
        "Second shift joins next month.",
        "Planner on leave until spring.",
        "Wants a review.",
    ),
}


class Diary:
    """Writes activities; a moment at or after the reference time is left out."""

    def __init__(self, ledger: Ledger, rng: Random) -> None:
        self._ledger = ledger
        self._rng = rng
        self._email_status = Deck(
            rng, {"SENT": 88, "BOUNCED": 4, "FAILED": 3, "SENDING": 2, "SCHEDULED": 3}
        )
        self._call_status = Deck(
            rng,
            {"COMPLETED": 30, "NO_ANSWER": 6, "BUSY": 2, "FAILED": 1, "CANCELED": 1, "MISSED": 1},
        )
        # Busy, Connected, Left live message, Left voicemail, No answer, Wrong number, own one
        self._cold = Deck(rng, dict(zip(DISPOSITIONS, (3, 6, 3, 9, 12, 2, 1), strict=True)))
        self._warm = Deck(rng, dict(zip(DISPOSITIONS, (1, 18, 2, 3, 2, 1, 3), strict=True)))

    def _log(
        self,
        kind: str,
        when: datetime,
        who: Iterable[Person],
        properties: Mapping[str, str | None],
        journey: Journey,
        owner: str | None = None,
        tickets: Iterable[str] = (),
    ) -> None:
        present = [person for person in who if person.created_at <= when]
        if when >= SAMPLE_AS_OF or not present:
            return
        # Logged a little later, as people do.
        self._ledger.add(
            kind,
            min(when + timedelta(minutes=self._rng.randrange(2, 45)), SAMPLE_AS_OF),
            {"hs_timestamp": iso(when), "hubspot_owner_id": owner or journey.seller, **properties},
            contacts=[person.contact_id for person in present],
            companies=[journey.company.company_id] if journey.company else [],
            deals=[journey.deal_id] if journey.deal_id and journey.is_selling(when) else [],
            tickets=tickets,
        )

    def call(
        self,
        journey: Journey,
        who: list[Person],
        when: datetime,
        *,
        inbound: bool = False,
        cold: bool = False,
        tickets: Iterable[str] = (),
        owner: str | None = None,
    ) -> None:
        """Log a call; only a completed one carries an outcome."""
        status = self._call_status.draw()
        outcomes = self._cold if cold else self._warm
        disposition = outcomes.draw() if status == "COMPLETED" else None
        talked = self._rng.randrange(90_000, 2_400_000) if disposition == CONNECTED else 12_000
        self._log(
            "calls",
            when,
            who,
            {
                "hs_call_title": f"Call with {who[0].given} {who[0].family}",
                "hs_call_direction": "INBOUND" if inbound else "OUTBOUND",
                "hs_call_status": status,
                "hs_call_disposition": disposition,
                "hs_call_duration": str(talked) if status == "COMPLETED" else None,
                "hs_call_body": "<p>Logged after the call.</p>",
            },
            journey,
            owner,
            tickets,
        )

    def email(
        self, journey: Journey, who: Person, when: datetime, phase: str, *, owner: str | None = None
    ) -> None:
        """Log a mail to *who*, sometimes with its answer or a forwarded copy."""
        rng = self._rng
        status = self._email_status.draw()
        sent = status == "SENT"
        subject = rng.choice(_SUBJECTS[phase])
        opens = rng.choice((0, 1, 1, 2, 5)) if sent else 0
        direction = "FORWARDED_EMAIL" if rng.random() < 0.06 else "EMAIL"
        self._log(
            "emails",
            when,
            [who],
            {
                "hs_email_direction": direction,
                "hs_email_status": status,
                "hs_email_subject": subject,
                "hs_email_text": f"Hello {who.given},\n\n{subject.lower()} …",
                "hs_email_from_email": f"owner1@{VENDOR_DOMAIN}",
                "hs_email_to_email": who.email,
                "hs_email_open_count": str(opens),
                "hs_email_click_count": str(int(opens > 1 and rng.random() < 0.5)),
            },
            journey,
            owner,
        )
        if sent and rng.random() < _REPLIES[phase]:
            self._log(
                "emails",
                when + timedelta(hours=rng.uniform(1, 30)),
                [who],
                {
                    "hs_email_direction": "INCOMING_EMAIL",
                    "hs_email_status": "SENT",
                    "hs_email_subject": f"Re: {subject}",
                    "hs_email_text": "Thank you, see my remarks below.",
                    "hs_email_from_email": who.email,
                    "hs_email_to_email": f"owner1@{VENDOR_DOMAIN}",
                },
                journey,
                owner,
            )

    def meeting(
        self,
        journey: Journey,
        when: datetime,
        title: str,
        outcome: str,
        owner: str | None = None,
        who: list[Person] | None = None,
    ) -> None:
        """Log a meeting of the whole group, or of *who*."""
        self._log(
            "meetings",
            when,
            who or journey.people,
            {
                "hs_meeting_title": title,
                "hs_meeting_start_time": iso(when),
                "hs_meeting_end_time": iso(when + timedelta(minutes=45)),
                "hs_meeting_outcome": outcome,
                "hs_meeting_location_type": self._rng.choice(
                    ("VCE", "VCE", "PHONE", "ADDRESS", "CUSTOM")
                ),
                "hs_internal_meeting_notes": "Agenda kept.",
            },
            journey,
            owner,
        )

    def write(self, journey: Journey) -> None:
        """Write the activities of one group over its whole journey."""
        start = journey.consideration_at or SAMPLE_AS_OF
        if not journey.imported:
            self._awareness(journey, min(start, journey.created_at + timedelta(days=60)))
        if journey.consideration_at and journey.considered_until:
            self._consideration(journey, journey.consideration_at, journey.considered_until)
        if journey.purchase_at:
            ends = journey.closed_at or journey.purchase_at + timedelta(days=50)
            self._purchase(journey, journey.purchase_at, ends)
        if journey.customer_since and journey.customer_since < SAMPLE_AS_OF:
            self._service(journey, journey.customer_since, journey.churned_at or SAMPLE_AS_OF)

    def _moments(self, start: datetime, end: datetime, count: int) -> list[datetime]:
        span = (end - start).total_seconds()
        drawn = (
            start + timedelta(seconds=self._rng.uniform(0.03, 0.94) * span) for _ in range(count)
        )
        return sorted(
            moment for moment in (office(self._rng, one) for one in drawn) if start < moment < end
        )

    def _awareness(self, journey: Journey, end: datetime) -> None:
        rng = self._rng
        for person in journey.people:
            for moment in self._moments(person.created_at, end, rng.choice((0, 0, 1, 1, 2))):
                self.email(journey, person, moment, "awareness")
            if journey.company and rng.random() < 0.3:
                for moment in self._moments(person.created_at, end, 1):
                    self._message(journey, person, moment, "LINKEDIN_MESSAGE")
        if rng.random() < 0.25:
            for moment in self._moments(journey.created_at, end, 1):
                self.call(journey, [journey.lead], moment, inbound=rng.random() < 0.15, cold=True)
        self._internal(journey, journey.created_at, end, "awareness", 0.2)

    def _consideration(self, journey: Journey, start: datetime, end: datetime) -> None:
        rng = self._rng
        span = end - start
        if journey.demo_at:
            self.meeting(journey, journey.demo_at, DEMO_TITLE, "COMPLETED")
            if rng.random() < 0.45:
                outcome = rng.choice(
                    ("COMPLETED", "COMPLETED", "COMPLETED", "RESCHEDULED", "NO_SHOW")
                )
                self.meeting(
                    journey, office(rng, start + span * 0.75), "Questions after the trial", outcome
                )
        elif rng.random() < 0.3 and span > timedelta(days=20):
            outcome = rng.choice(("COMPLETED", "COMPLETED", "CANCELED", "NO_SHOW"))
            self.meeting(journey, start + span * rng.uniform(0.8, 0.92), "Discovery talk", outcome)
        for person in journey.people:
            for moment in self._moments(start, end, rng.randint(1, 3)):
                self.email(journey, person, moment, "consideration")
        for moment in self._moments(start, end, rng.randint(0, 3)):
            self.call(journey, [rng.choice(journey.people)], moment, inbound=rng.random() < 0.25)
        if rng.random() < 0.25:
            for moment in self._moments(start, end, 1):
                self._message(
                    journey,
                    journey.lead,
                    moment,
                    rng.choice(("WHATS_APP", "SMS", "LINKEDIN_MESSAGE")),
                )
        self._internal(journey, start, end, "consideration", 0.7)

    def _purchase(self, journey: Journey, start: datetime, end: datetime) -> None:
        rng = self._rng
        slow = end - start > _SLOW
        outcomes = _PUT_OFF if slow else ("COMPLETED", "COMPLETED", "COMPLETED", "CANCELED")
        for moment in self._moments(start, end, rng.randint(2, 3) if slow else 1):
            self.meeting(journey, moment, "Proposal and terms", rng.choice(outcomes))
        for person in journey.people:
            for moment in self._moments(start, end, rng.randint(1, 3)):
                self.email(journey, person, moment, "purchase")
        for moment in self._moments(start, end, rng.randint(1, 3)):
            who = [rng.choice(journey.people)]
            self.call(journey, who, moment, inbound=rng.random() < 0.35, cold=slow)
        self._internal(journey, start, end, "purchase", 1.0)

    def _service(self, journey: Journey, start: datetime, end: datetime) -> None:
        rng = self._rng
        owner = rng.choice(SUCCESS)
        if not journey.imported:
            self.meeting(
                journey, office(rng, start + between(rng, 3, 9)), "Kick-off", "COMPLETED", owner
            )
            self.meeting(
                journey,
                office(rng, start + between(rng, 14, 40)),
                "Planner training",
                rng.choice(("COMPLETED", "COMPLETED", "RESCHEDULED")),
                owner,
            )
            if rng.random() < 0.6:
                self._postal(
                    journey, start + between(rng, 4, 12), "Welcome parcel with the handbook"
                )
        review = start + between(rng, 75, 120)
        while review < min(end, SAMPLE_AS_OF):
            outcome = rng.choice(("COMPLETED", "COMPLETED", "COMPLETED", "NO_SHOW", "CANCELED"))
            self.meeting(journey, office(rng, review), "Business review", outcome, owner)
            review += between(rng, 80, 130)
        months = max(1, min((min(end, SAMPLE_AS_OF) - start).days // 30, 12))
        for person in journey.people:
            for moment in self._moments(
                start, min(end, SAMPLE_AS_OF), rng.randint(1, 1 + months // 2)
            ):
                self.email(journey, person, moment, "service", owner=owner)
        for moment in self._moments(start, min(end, SAMPLE_AS_OF), rng.randint(0, 1 + months // 3)):
            self.call(
                journey,
                [rng.choice(journey.people)],
                moment,
                inbound=rng.random() < 0.5,
                owner=owner,
            )
        for renewal in journey.renewals:
            if rng.random() < 0.5 and renewal.opened_at < end:
                self._postal(
                    journey, renewal.opened_at + between(rng, 2, 9), "Signed offer, two copies"
                )
        self._internal(journey, start, min(end, SAMPLE_AS_OF), "service", 1.0)

    def _message(self, journey: Journey, person: Person, when: datetime, channel: str) -> None:
        self._log(
            "communications",
            when,
            [person],
            {
                "hs_communication_channel_type": channel,
                "hs_communication_logged_from": "CRM",
                "hs_communication_body": "<p>Shall we talk this week?</p>",
            },
            journey,
        )

    def _postal(self, journey: Journey, when: datetime, body: str) -> None:
        self._log("postal_mail", when, [journey.lead], {"hs_postal_mail_body": body}, journey)

    def _internal(
        self, journey: Journey, start: datetime, end: datetime, phase: str, share: float
    ) -> None:
        """Write the note and the task that a phase leaves behind."""
        rng = self._rng
        for moment in self._moments(start, end, int(rng.random() < share)):
            self._log(
                "notes",
                moment,
                journey.people[:1],
                {"hs_note_body": f"<p>{rng.choice(_NOTES[phase])}</p>"},
                journey,
            )
        for moment in self._moments(start, end, int(rng.random() < share)):
            done = rng.random() < 0.75
            self._log(
                "tasks",
                moment,
                journey.people[:1],
                {
                    "hs_task_subject": rng.choice(
                        ("Call back", "Send the offer", "Ask for references", "Prepare the review")
                    ),
                    "hs_task_status": "COMPLETED"
                    if done
                    else rng.choice(
                        ("NOT_STARTED", "NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED")
                    ),
                    "hs_task_priority": rng.choice(("NONE", "LOW", "MEDIUM", "HIGH")),
                    "hs_task_type": rng.choice(("TODO", "EMAIL", "CALL")),
                    "hs_task_completion_date": iso(moment) if done else None,
                },
                journey,
            )
