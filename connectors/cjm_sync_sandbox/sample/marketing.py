"""Writes the marketing side of the sample: forms, submissions, mailings, their events, web visits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cjm_sync_sandbox.sample.account import PORTAL_ID, VENDOR, VENDOR_DOMAIN
from cjm_sync_sandbox.sample.draw import OPENED, SAMPLE_AS_OF, between, iso, millis
from cjm_sync_sandbox.sample.journeys import Journey, Person
from cjm_sync_sandbox.sample.ledger import Ledger, Row, uuid

DEMO_FORM, GUIDE_FORM, NEWS_FORM = (
    "6f2a7c10-51de-4b0a-9a55-3f0c6d7e1a01",
    "6f2a7c10-51de-4b0a-9a55-3f0c6d7e1a02",
    "6f2a7c10-51de-4b0a-9a55-3f0c6d7e1a03",
)
QUIET_FORM, BLOG_FORM = (
    "6f2a7c10-51de-4b0a-9a55-3f0c6d7e1a04",
    "6f2a7c10-51de-4b0a-9a55-3f0c6d7e1a05",
)
_SITE = f"https://www.{VENDOR_DOMAIN}"
_PAGES = (
    ("/", "Home"),
    ("/product", "Product"),
    ("/pricing", "Pricing"),
    ("/customers", "Customers"),
    ("/blog/plan-without-spreadsheets", "Plan without spreadsheets"),
    ("/security", "Security"),
)
_MAILINGS = 20
_FIRST_MAILING = OPENED + timedelta(days=20, hours=3)


def forms() -> list[dict[str, Any]]:
    """Return the forms: three in use, one archived since last year, one of blog comments."""
    described = (
        (DEMO_FORM, "Ask for a demo", "hubspot", False),
        (GUIDE_FORM, "Download the planning guide", "hubspot", False),
        (NEWS_FORM, "Newsletter", "captured", False),
        (QUIET_FORM, "Fair 2025: meet us in hall 4", "hubspot", True),
        (BLOG_FORM, "Blog comments", "blog_comment", False),
    )
    return [
        {
            "id": form_id,
            "name": name,
            "formType": form_type,
            "createdAt": iso(OPENED),
            "updatedAt": iso(OPENED + timedelta(days=90)),
            "archived": archived,
        }
        for form_id, name, form_type, archived in described
    ]


def _mailing_at(number: int) -> datetime:
    return _FIRST_MAILING + timedelta(days=26 * number)


def marketing_emails() -> list[dict[str, Any]]:
    """Return the newsletters sent so far and one draft, which has a publish date all the same."""
    emails = []
    for number in range(_MAILINGS + 1):
        moment = _mailing_at(number)
        sent = number < _MAILINGS
        emails.append(
            {
                "id": str(149_000_000_101 + number),
                "name": f"Newsletter {moment:%Y-%m}",
                "subject": f"{VENDOR}: planning notes {moment:%B}",
                "type": "BATCH_EMAIL",
                "state": "PUBLISHED" if sent else "DRAFT",
                "subcategory": "batch",
                "isPublished": sent,
                "isTransactional": False,
                "archived": False,
                "createdAt": iso(moment - timedelta(days=3)),
                "updatedAt": iso(min(moment, SAMPLE_AS_OF)),
                "publishDate": iso(moment),
                "publishedAt": iso(moment) if sent else None,
                "primaryEmailCampaignId": str(285_000_101 + number),
                "allEmailCampaignIds": [str(285_000_101 + number)],
            }
        )
    return emails


def _pair(event: Row) -> Row:
    """Name an event as others do: its id is unique only together with its moment."""
    return {"id": event["id"], "created": event["created"]}


class Marketing:
    """Writes submissions, email events and web events of one portal."""

    def __init__(self, ledger: Ledger, rng: Random) -> None:
        self._ledger = ledger
        self._rng = rng

    def write(self, journeys: list[Journey]) -> None:
        """Write everything; newest rows stand last, the stand-in sorts as each endpoint does."""
        for journey in journeys:
            for person in journey.people:
                self._web(journey, person)
        self._mailings(journeys)

    def _web(self, journey: Journey, person: Person) -> None:
        """Write the visits and submissions of one person."""
        rng = self._rng
        asked = rng.random() < 0.62
        if asked and not journey.imported:
            form = rng.choice((GUIDE_FORM, GUIDE_FORM, NEWS_FORM))
            if journey.consideration_at == journey.created_at:
                form = DEMO_FORM
            self._submit(person, form, person.created_at - timedelta(seconds=3))
        if journey.demo_at and rng.random() < 0.5:
            self._submit(person, DEMO_FORM, journey.demo_at - between(rng, 0.1, 0.9))
        if person.created_at < OPENED + timedelta(days=120) and rng.random() < 0.12:
            self._submit(person, QUIET_FORM, person.created_at + between(rng, 0.1, 5))
        first = person.created_at - timedelta(minutes=rng.randint(1, 40))
        if rng.random() < 0.45:
            self._visit(person, first)
        until = journey.closed_at or journey.consideration_at or first + timedelta(days=30)
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
            visit = first + (min(until, SAMPLE_AS_OF) - first) * rng.random()
            self._visit(person, visit)
            if rng.random() < 0.4:
                self._visit(person, visit + timedelta(minutes=rng.randint(1, 20)))

    def _submit(self, person: Person, form: str, when: datetime) -> None:
        if when >= SAMPLE_AS_OF:
            return
        self._ledger.rows["form_submissions"].append(
            {
                "formId": form,
                "conversionId": uuid(self._rng),
                "submittedAt": millis(when),
                "values": [
                    {"name": "email", "value": person.email, "objectTypeId": "0-1"},
                    {"name": "firstname", "value": person.given, "objectTypeId": "0-1"},
                ],
                "pageUrl": f"{_SITE}/{'demo' if form == DEMO_FORM else 'guide'}",
            }
        )

    def _visit(self, person: Person, when: datetime) -> None:
        if when >= SAMPLE_AS_OF:
            return
        rng = self._rng
        path, title = rng.choice(_PAGES)
        self._ledger.rows["events"].append(
            {
                "objectType": "CONTACT",
                "objectId": person.contact_id,
                "eventType": "e_visited_page" if rng.random() < 0.93 else "e_form_view",
                "occurredAt": iso(when),
                "id": f"leviathan-{uuid(rng)}-{millis(when)}",
                "properties": {
                    "hs_url": f"{_SITE}{path}",
                    "hs_page_title": title,
                    "hs_visit_source": rng.choice(("ORGANIC_SEARCH", "DIRECT_TRAFFIC", "")),
                    "hs_utm_campaign": "",
                    "hs_processed_timestamp": str(millis(when) + rng.randint(400, 90_000)),
                },
            }
        )

    def _mailings(self, journeys: list[Journey]) -> None:
        """Send each newsletter to some of those who read it and are known by then.

        Only three in ten ever take it: the others can fall silent, so that some are dormant.
        """
        rng = self._rng
        readers = [
            person for journey in journeys for person in journey.people if rng.random() < 0.3
        ]
        stopped: set[str] = set()
        for number in range(_MAILINGS):
            moment = _mailing_at(number)
            for person in readers:
                old = moment - person.created_at > timedelta(days=240)
                if person.created_at >= moment or person.email in stopped:
                    continue
                if rng.random() < (0.15 if old else 0.5) and self._send(person, number, moment):
                    stopped.add(person.email)

    def _send(self, person: Person, number: int, moment: datetime) -> bool:
        """Write what one person's copy led to; return whether it was the last one wanted."""
        rng = self._rng
        started = moment + timedelta(seconds=rng.randrange(600), milliseconds=rng.randrange(1000))

        def event(kind: str, when: datetime, more: Mapping[str, Any]) -> Row:
            row: Row = {
                "portalId": PORTAL_ID,
                "appId": 113,
                "appName": "Batch",
                "recipient": person.email,
                "emailCampaignId": 285_000_101 + number,
                "id": uuid(rng),
                "created": millis(when),
                "type": kind,
                **more,
            }
            self._ledger.rows["email_events"].append(row)
            return row

        sent = event("SENT", started, {})
        origin = {"sentBy": _pair(sent)}
        if rng.random() < 0.025:
            event("BOUNCE", started + timedelta(seconds=20), origin)
            return False
        event("DELIVERED", started + timedelta(seconds=rng.randint(5, 60)), origin)
        for opened in self._openings(started):
            bot = rng.random() < 0.12
            device = "MOBILE" if bot else "COMPUTER"
            event("OPEN", opened, origin | {"filteredEvent": bot, "deviceType": device})
            if not bot and rng.random() < 0.3:
                clicked = opened + timedelta(seconds=40)
                about = origin | {"filteredEvent": False, "url": f"{_SITE}/pricing"}
                click = event("CLICK", clicked, about)
                if rng.random() < 0.1:  # HubSpot replaces events it has corrected
                    again = event("CLICK", clicked + timedelta(milliseconds=900), about)
                    click["obsoletedBy"] = _pair(again)
        fate = rng.random()
        if fate < 0.006:
            event("SPAMREPORT", started + timedelta(hours=5), origin)
        elif fate < 0.025:
            left = [{"id": 7001, "status": "UNSUBSCRIBED"}]
            about = origin | {"subscriptions": left, "source": "SOURCE_RECIPIENT"}
            event("STATUSCHANGE", started + timedelta(hours=6), about)
        return fate < 0.025

    def _openings(self, started: datetime) -> Iterator[datetime]:
        for _ in range(self._rng.choice((0, 0, 1, 1, 2))):
            yield started + timedelta(hours=self._rng.uniform(0.1, 70))
