"""Portals with an effect planted in them, or with nothing at all to complain of, from a seed.

Times are days before T unless named otherwise. Nothing here is sent or stored: `Planted` is what a
mapping reads (`cjm_sync.ports.Records`).

- `planted_portal`: in Consideration one touchpoint doubles the chance to advance, and several
  others, met as often and as early, change nothing.
- `quiet_portal`: everybody moves on in good time, is answered within hours and hears from us once
  a week; *loss* is the share that is lost in each stage, the same everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cjm_sync.journey.compute import compute
from cjm_sync.journey.types import Journey
from cjm_sync.model import Change, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings import plugin

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
STAGE = "consideration"
PLANTED = "call.in"
NULLS = ("call.out", "mail.reply", "msg.chat", "post.mail", "web.form")
MET = 0.4
"""The chance to meet each touchpoint, planted or null."""
ADVANCE, ADVANCE_WHEN_MET = 0.3, 0.6
QUIET_TICKETS = 0.02
"""Tickets per contact: too few of one stage for any theme."""


def _at(days_ago: float) -> str:
    moment = AS_OF - timedelta(days=days_ago)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _pipeline(kind: str, key: str, stages: dict[str, dict[str, str]]) -> Record:
    listed = [{"id": one, "label": one, "metadata": meant} for one, meant in stages.items()]
    body = {"id": key, "label": kind, "displayOrder": 0, "stages": listed}
    return Record("pipelines", f"{kind}/{key}", body)


PIPELINES = [
    _pipeline(
        "deals",
        "default",
        {
            "closedwon": {"isClosed": "true", "probability": "1.0"},
            "closedlost": {"isClosed": "true", "probability": "0.0"},
        },
    ),
    _pipeline("tickets", "0", {"1": {"ticketState": "OPEN"}, "4": {"ticketState": "CLOSED"}}),
]


CATEGORIES = [f"CATEGORY_{number}" for number in range(12)]


class Planted:
    """Records in memory, and short ways to add some."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._rows: dict[str, list[Record]] = {
            "account": [
                Record("account", "1", {"portalId": 1, "timeZone": "UTC", "companyCurrency": "EUR"})
            ],
            "pipelines": PIPELINES,
            "properties": [
                Record(
                    "properties",
                    "tickets/hs_ticket_category",
                    {
                        "name": "hs_ticket_category",
                        "type": "enumeration",
                        "options": [{"value": one, "label": one} for one in CATEGORIES],
                    },
                )
            ],
        }

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        return iter(self._rows.get(object, ()))

    def add(
        self,
        name: str,
        ago: float,
        properties: dict[str, str],
        *,
        contact: str | None = None,
        moves: dict[str, list[tuple[float, str]]] | None = None,
    ) -> str:
        """Add a record made *ago*; *moves* are oldest first and give the current values too."""
        rows = self._rows.setdefault(name, [])
        past = moves or {}
        latest = min([ago, *(t for changes in past.values() for t, _ in changes)])
        made = Record(
            name,
            str(len(rows) + 1),
            {
                "createdate": _at(ago),
                **properties,
                **{prop: changes[-1][1] for prop, changes in past.items()},
            },
            history={
                prop: tuple(Change(value, _at(t), "CRM_UI") for t, value in reversed(changes))
                for prop, changes in past.items()
            },
            links={"contacts": (contact,)} if contact is not None else {},
            created_at=_at(ago),
            updated_at=_at(latest),
        )
        rows.append(made)
        return made.id

    def touch(self, key: str, contact: str, ago: float) -> None:
        """Let *contact* meet the touchpoint *key*."""
        time = {"hs_timestamp": _at(ago)}
        match key:
            case "call.in" | "call.out":
                direction = "INBOUND" if key == "call.in" else "OUTBOUND"
                self.add("calls", ago, {**time, "hs_call_direction": direction}, contact=contact)
            case "mail.sales" | "mail.reply":
                direction = "EMAIL" if key == "mail.sales" else "INCOMING_EMAIL"
                self.add("emails", ago, {**time, "hs_email_direction": direction}, contact=contact)
            case "msg.chat":
                channel = {**time, "hs_communication_channel_type": "SMS"}
                self.add("communications", ago, channel, contact=contact)
            case "post.mail":
                self.add("postal_mail", ago, time, contact=contact)
            case "web.form":
                rows = self._rows.setdefault("form_submissions", [])
                fields: dict[str, Any] = {
                    "formId": "f",
                    "submittedAt": round((AS_OF - timedelta(days=ago)).timestamp() * 1000),
                    "email": f"c{contact}@planted.example",
                }
                rows.append(Record("form_submissions", f"s{len(rows)}", fields))
            case _:
                raise ValueError(key)

    def map(self) -> Journey:
        """Return the product's map of these records."""
        journey = JourneyRequest("customers", "Customer journey", "contact", "crm", "", {}, ())
        return compute(plugin.facts(self, journey, as_of=AS_OF), as_of=AS_OF)


def planted_portal(seed: int, *, contacts: int = 500) -> Planted:
    """Return a portal in which `PLANTED` doubles the chance to advance from `STAGE`."""
    portal = Planted(seed)
    chance = portal.random
    for number in range(1, contacts + 1):
        entered = chance.uniform(80, 400)
        # Advancing or not has no say in how long a stay lasts, nor in who was met when.
        lasted = chance.uniform(20, 60)
        met = [key for key in (PLANTED, *NULLS) if chance.random() < MET]
        advances = chance.random() < (ADVANCE_WHEN_MET if PLANTED in met else ADVANCE)
        values = [(entered + 5, "lead"), (entered, "marketingqualifiedlead")]
        if advances:
            values.append((entered - lasted, "opportunity"))
        contact = portal.add(
            "contacts",
            entered + 5,
            {"email": f"c{number}@planted.example", "hs_analytics_source": "ORGANIC_SEARCH"},
            moves={"lifecyclestage": values},
        )
        for key in met:
            portal.touch(key, contact, entered - chance.uniform(0.1, 19.9))
    return portal


WAY = ("lead", "marketingqualifiedlead", "opportunity", "customer", "evangelist")
"""The lifecycle value that leads to each stage, in their order."""


def quiet_portal(
    seed: int, *, contacts: int = 350, loss: float = 0.0, tickets: float = QUIET_TICKETS
) -> Planted:
    """Return a portal in which nothing is wrong; *tickets* is how many there are per contact."""
    portal = Planted(seed)
    chance = portal.random
    for number in range(1, contacts + 1):
        entered = created = chance.uniform(1, 540)
        moves = [(created, WAY[0])]
        lost_at: float | None = None
        for place, value in enumerate(WAY[1:]):
            left = entered - chance.uniform(20, 40)
            if left <= 0:
                break
            if place < 3 and chance.random() < loss:
                lost_at = left
                break
            moves.append((left, value))
            entered = left
        contact = portal.add(
            "contacts",
            created,
            {"email": f"c{number}@planted.example", "hs_analytics_source": "ORGANIC_SEARCH"},
            moves={"lifecyclestage": moves},
        )
        if lost_at is not None:
            # Lost on the spot: a deal that was open for a moment at that stage's own level.
            portal.add(
                "deals",
                lost_at,
                {"pipeline": "default", "closed_lost_reason": ""},
                contact=contact,
                moves={"dealstage": [(lost_at, "closedlost")]},
            )
        for at, value in moves:
            if value == "marketingqualifiedlead":
                portal.touch("mail.sales", contact, max(0.001, at - chance.uniform(0.05, 0.5)))
        ago = created - chance.uniform(0, 7)
        while ago > (lost_at or 0):
            portal.touch("mail.sales", contact, ago)
            ago -= chance.uniform(6, 8)
        for often, happens in ((2.0, _survey), (tickets, _ticket), (1.0, _meeting)):
            for _ in range(int(often) + (chance.random() < often % 1)):
                happens(portal, contact, chance.uniform(0.1, created))
    return portal


def _survey(portal: Planted, contact: str, ago: float) -> None:
    answer = str(portal.random.choice((6, 7, 7, 8, 8)))
    fields = {"hs_survey_type": "NPS", "hs_value": answer, "hs_submission_timestamp": _at(ago)}
    portal.add("feedback_submissions", ago, fields, contact=contact)


def _ticket(portal: Planted, contact: str, ago: float) -> None:
    closed = max(ago - portal.random.uniform(0.1, 2.5), 0.01)
    answered = max(ago - portal.random.uniform(0.01, 0.1), 0.005)
    fields = {
        "hs_pipeline": "0",
        "hs_ticket_category": portal.random.choice(CATEGORIES),
        "closed_date": _at(closed),
        "first_agent_reply_date": _at(answered),
    }
    moves = {"hs_pipeline_stage": [(ago, "1"), (closed, "4")]}
    portal.add("tickets", ago, fields, contact=contact, moves=moves)


def _meeting(portal: Planted, contact: str, ago: float) -> None:
    outcome = portal.random.choices(("COMPLETED", "NO_SHOW"), (19, 1))[0]
    fields = {"hs_timestamp": _at(ago), "hs_meeting_outcome": outcome}
    portal.add("meetings", ago, fields, contact=contact)
