"""Makes odd portals from a seed: colliding instants, boundary times, absurd values, rare moves.

Real portals rarely hold two events of one millisecond or a stage with probability one half that is
closed; the journey model says what they mean all the same, and here the product is asked.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from cjm_sync_sandbox.portal import Portal
from oracle.reading import DEFAULT_TICKET_STAGES

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = 1 / 24
GRID = (0, 1, 2, 5, 10, 10, 20, 20, 30, 40, 45, 60, 60, 70, 80, 89, 90, 90, 91, 100, 120, 150, 179,
        180, 181, 200, 240, 300, 364, 365, 366, 400)  # fmt: skip
DISPOSITIONS = ("9d9162e7-6cf3-4944-bf63-4dff82258764", "f240bbac-87c9-4f6e-bf70-924b57d47db7",
                "a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "b2cf5968-551e-4856-9783-52b3da59a7d0",
                "73a0d17f-1163-4015-bdd5-ec830791da20", "17b47fee-58de-441e-a44c-c6300d46f273",
                "", "11111111-2222-3333-4444-555555555555")  # fmt: skip
LIFECYCLE = (
    ("subscriber", "Subscriber"), ("lead", "Lead"), ("7001", "Nurture"),
    ("marketingqualifiedlead", "MQL"), ("salesqualifiedlead", "SQL"), ("7002", "Demo booked"),
    ("opportunity", "Opportunity"), ("7003", "Proposal out"), ("7004", "Waiting room"),
    ("customer", "Customer"), ("7005", "Onboarding now"), ("evangelist", "Evangelist"),
    ("7006", "Former client"), ("7007", "Ex-customer"), ("other", "Other"), ("7008", "Limbo"),
)  # fmt: skip
PIPELINES = {
    "default": ("Sales Pipeline", (
        ("a1", "0.1", "false"), ("a2", "0.4", "false"), ("a3", "0.5", "false"),
        ("a4", "0.9", "false"), ("aw", "1.0", "true"), ("al", "0.0", "true"),
    )),
    "p2": ("Contract RENEWALS", (
        ("b1", "0.3", "false"), ("b2", "0.8", "false"), ("bw", "1.0", "true"), ("bl", "0.0", "true"),
    )),
    "p3": ("Cross-selling", (("c1", "0.7", "false"), ("cw", "1.0", "true"), ("cl", "0.0", "true"))),
    "p4": ("Odd", (
        ("d1", "", "false"), ("d2", "1.0", "false"), ("d3", "0.5", "true"), ("dw", "1.0", "true"),
        ("dw2", "1", "true"), ("dl", "0", "true"), ("dl2", "0.0", "true"),
    )),
}  # fmt: skip
CATEGORIES = (None, "BILLING_ISSUE", "PRODUCT_ISSUE", "PRODUCT_ISSUE", "BILLING_ISSUE;PRODUCT_ISSUE",
              "NO_OPTION", "FEATURE_REQUEST; NO_OPTION")  # fmt: skip
REASONS = (None, "", "Bad customer service", "a rival", "missing integration", "Budget", "too pricey",
           "no reply", "not now, later", "because", "timing", "disappointment", "expensive support")  # fmt: skip


class Wild:
    """One odd portal; *r* is seeded, so the same seed gives the same portal."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.next_id = 1000
        self.contacts: list[str] = []
        self.companies: list[str] = []

    def ago(self) -> float:
        """Pick a time on a coarse grid, so that instants and window edges collide often."""
        return self.r.choice(GRID) + self.r.choice((0, 0, 0, 0, HOUR, 2 * HOUR, 12 * HOUR))

    def at(self, days_ago: float) -> str:
        moment = AS_OF - timedelta(days=days_ago)
        style = self.r.random()
        if style < 0.01:
            return self.r.choice(("1999-12-31T23:00:00Z", "soon", "0", "-5"))
        if style < 0.05 and moment.hour == 0:
            return f"{moment:%Y-%m-%d}"
        if style < 0.1:
            return str(round(moment.timestamp() * 1000))
        if style < 0.3:
            return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    def iso(self, days_ago: float) -> str:
        moment = AS_OF - timedelta(days=days_ago)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    def ms(self, days_ago: float) -> int:
        return round((AS_OF - timedelta(days=days_ago)).timestamp() * 1000)

    def maybe(self, chance: float, value: Any) -> Any:
        return value if self.r.random() < chance else None

    def row(
        self, name: str, created: float, properties: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        self.next_id += self.r.randint(1, 3)
        made = {
            "id": str(self.next_id),
            "properties": properties,
            "createdAt": self.iso(created),
            "updatedAt": self.iso(min(created, self.ago())),
            "history": {},
            "associations": {},
            **more,
        }
        if self.r.random() < 0.02:
            made["archived"] = True
            made["archivedAt"] = self.iso(0)
        self.rows.setdefault(name, []).append(made)
        return made

    def give_history(
        self, made: dict[str, Any], prop: str, values: list[str], created: float
    ) -> None:
        """Give a stage property a past: usually a history, sometimes only dates, sometimes nothing."""
        times = sorted((min(created, self.ago()) for _ in values), reverse=True)
        moves = list(zip(times, values, strict=True))
        made["properties"][prop] = values[-1]
        kind = self.r.random()
        if kind < 0.85:
            made["history"][prop] = [
                {"value": value, "timestamp": self.iso(ago), "sourceType": "CRM_UI"}
                for ago, value in reversed(moves)
            ]
            made["updatedAt"] = self.iso(min(times))
        elif kind < 0.95:
            for ago, value in moves:
                if value and value.isalnum():
                    made["properties"][f"hs_v2_date_entered_{value}"] = self.iso(ago)
            made["updatedAt"] = self.iso(min(times))
        if kind < 0.05:
            made["properties"][prop] = self.r.choice(values)  # a newest value that is not current

    def whose(self) -> dict[str, list[str]]:
        """Link to some contacts, and now and then to a company or a deal as well or instead."""
        found = {"contacts": self.r.sample(self.contacts, self.r.choice((1, 1, 1, 2, 3)))}
        if self.r.random() < 0.2:
            found["companies"] = [self.r.choice(self.companies)]
        if self.rows.get("deals") and self.r.random() < 0.3:
            deals = self.r.choices(self.rows["deals"], k=self.r.choice((1, 1, 2)))
            found["deals"] = [row["id"] for row in deals]
        if len(found) > 1 and self.r.random() < 0.3:
            del found["contacts"]
        return found

    def build(self) -> Portal:
        r = self.r
        for _ in range(9):
            self._company()
        self.companies = [row["id"] for row in self.rows["companies"]]
        for number in range(24):
            self._contact(number)
        self.contacts = [row["id"] for row in self.rows["contacts"]]
        for _ in range(40):
            self._deal()
        for _ in range(30):
            self._meeting()
        for _ in range(25):
            self._call()
        for _ in range(25):
            self._mail()
        for _ in range(20):
            self._ticket()
        for _ in range(30):
            self._survey()
        for _ in range(12):
            self._quote()
        for name, chance in (
            ("communications", 10),
            ("notes", 8),
            ("postal_mail", 5),
            ("tasks", 5),
        ):
            for _ in range(chance):
                ago = self.ago()
                self.row(
                    name,
                    ago,
                    {
                        "hs_timestamp": self.maybe(0.9, self.at(ago)),
                        "hs_communication_channel_type": r.choice(
                            ("WHATS_APP", "SMS", "LINKEDIN_MESSAGE", "PIGEON", None)
                        ),
                    },
                    associations=self.whose(),
                )
        self._streams()
        self._merge()
        return Portal(self._info(), self.rows)

    def _info(self) -> dict[str, Any]:
        stages = {
            key: [
                {"id": one, "label": one, "metadata": {"isClosed": closed} | (
                    {"probability": probability} if probability else {}
                )}
                for one, probability, closed in listed
            ]
            for key, (_, listed) in PIPELINES.items()
        }  # fmt: skip
        return {
            "account": {"portalId": 147893286, "companyCurrency": "EUR", "timeZone": "UTC"},
            "tier": "enterprise",
            "features": {"events": True},
            "forms": [{"id": "f", "name": "Form", "formType": "hubspot"}],
            "pipelines": {
                "deals": [
                    {"id": key, "label": label, "stages": stages[key]}
                    for key, (label, _) in PIPELINES.items()
                ],
                "tickets": [
                    {
                        "id": key,
                        "label": label,
                        "stages": [
                            {"id": one, "label": one, "metadata": {"ticketState": state}}
                            for one, state in (*DEFAULT_TICKET_STAGES, ("5", "CLOSED"))
                        ],
                    }
                    for key, label in (("0", "Support"), ("t1", "Customer KickOff"))
                ],
            },
            "lifecycle_stages": [
                {"value": value, "label": label, "displayOrder": place}
                for place, (value, label) in enumerate(LIFECYCLE)
            ],
            "properties": {
                "contacts": [
                    {
                        "name": "hs_persona",
                        "type": "enumeration",
                        "options": [
                            {"value": value, "label": value, "displayOrder": place}
                            for place, value in enumerate(("persona_1", "persona_2", "user"))
                        ],
                    }
                ],
                "calls": [
                    {
                        "name": "hs_call_disposition",
                        "type": "enumeration",
                        "options": [
                            {"value": value, "label": label, "displayOrder": place}
                            for place, (value, label) in enumerate(
                                zip(
                                    DISPOSITIONS[:6] + DISPOSITIONS[7:],
                                    (
                                        "Busy", "Connected", "Left live message", "left voicemail",
                                        "No answer", "Wrong number", "Connected",
                                    ),
                                    strict=True,
                                )
                            )
                        ],
                    }
                ]
            },
        }  # fmt: skip

    def _company(self) -> None:
        created = self.ago()
        first = self.maybe(0.5, self.at(self.ago()))
        made = self.row(
            "companies",
            created,
            {
                "hs_analytics_source": self.r.choice((None, "DIRECT_TRAFFIC", "OFFLINE", "MARS")),
                "hs_analytics_first_timestamp": first,
            },
        )
        if self.r.random() < 0.6:
            values = [self.r.choice([*(value for value, _ in LIFECYCLE), ""]) for _ in range(3)]
            self.give_history(made, "lifecyclestage", values, created)

    def _contact(self, number: int) -> None:
        r = self.r
        created = self.ago()
        properties = {
            "email": f"c{number}@wild.example",
            "hs_additional_emails": self.maybe(
                0.2, f"alt{number}@wild.example; X{number}@W.example"
            ),
            "hs_persona": r.choice((None, None, None, "persona_1", "persona_2", "user")),
            "hs_buying_role": r.choice(
                (None, "END_USER", "CHAMPION;END_USER", "BUDGET_HOLDER;END_USER", "BLOCKER")
            ),
            "hs_seniority": r.choice((None, None, "vp", "employee", "owner")),
            "associatedcompanyid": r.choice((*self.companies, None, None, "4", "998")),
            "hs_analytics_source": r.choice(
                (None, "", "ORGANIC_SEARCH", "PAID_SOCIAL", "AI_REFERRALS", "OFFLINE", "MARS")
            ),
            "hs_analytics_first_timestamp": self.maybe(0.6, self.at(self.ago())),
            "first_conversion_date": self.maybe(0.3, self.at(60)),
            "recent_conversion_date": self.maybe(0.3, self.at(r.choice((60, 30, 0)))),
            "hs_email_first_send_date": self.maybe(0.3, self.at(80)),
            "hs_email_last_send_date": self.maybe(0.3, self.at(r.choice((80, 50, -1)))),
            "hs_email_last_open_date": self.maybe(0.4, self.at(50)),
            "hs_email_last_click_date": self.maybe(0.2, self.at(r.choice((45, -1)))),
        }
        made = self.row("contacts", created, properties)
        if r.random() < 0.75:
            values = [value for value, _ in LIFECYCLE] + ["", "", "gone-from-here"]
            length = r.randint(1, 6)
            start = r.randint(0, 6)
            picked = [
                r.choice(values) if r.random() < 0.35 else values[min(start + 2 * step, 13)]
                for step in range(length)
            ]
            self.give_history(made, "lifecyclestage", picked, created)

    def _deal(self) -> None:
        r = self.r
        pipeline = r.choice(("default", "default", "default", "p2", "p3", "p4"))
        own = [one for one, _, _ in PIPELINES[pipeline][1]]
        foreign = [one for _, listed in PIPELINES.values() for one, _, _ in listed] + ["removed"]
        states = [
            r.choice(foreign) if r.random() < 0.1 else r.choice(own)
            for _ in range(r.choice((1, 2, 2, 3, 3, 4, 5)))
        ]
        if r.random() < 0.5:
            states.sort(key=lambda one: own.index(one) if one in own else 0)
        created = self.ago()
        made = self.row(
            "deals",
            created,
            {
                "pipeline": pipeline,
                "amount": r.choice((None, "100", "2500.5", "0", "abc", "1e3", "-50", "NaN")),
                "deal_currency_code": r.choice((None, "EUR", "USD", "USD")),
                "hs_exchange_rate": self.maybe(0.5, "0.9"),
                "amount_in_home_currency": self.maybe(0.2, "777"),
                "closed_lost_reason": r.choice(REASONS),
                "hs_analytics_source": r.choice((None, None, "REFERRALS", "MARS")),
            },
            associations=self.whose(),
        )
        self.give_history(made, "dealstage", states, created)

    def _meeting(self) -> None:
        ago = self.ago()
        self.row(
            "meetings",
            ago,
            {
                "hs_timestamp": self.maybe(0.9, self.at(ago)),
                "hs_meeting_start_time": self.maybe(0.5, self.at(self.r.choice((ago, -3)))),
                "hs_meeting_outcome": self.r.choice(
                    (
                        "COMPLETED",
                        "COMPLETED",
                        "SCHEDULED",
                        "NO_SHOW",
                        "CANCELED",
                        "RESCHEDULED",
                        None,
                    )
                ),
            },
            associations=self.whose(),
        )

    def _call(self) -> None:
        ago = self.ago()
        self.row(
            "calls",
            ago,
            {
                "hs_timestamp": self.at(ago),
                "hs_call_direction": self.r.choice(("INBOUND", "OUTBOUND", "OUTBOUND", None)),
                "hs_call_status": self.r.choice(
                    ("COMPLETED", "COMPLETED", "NO_ANSWER", "FAILED", None)
                ),
                "hs_call_disposition": self.r.choice(DISPOSITIONS),
            },
            associations=self.whose(),
        )

    def _mail(self) -> None:
        ago = self.ago()
        self.row(
            "emails",
            ago,
            {
                "hs_timestamp": self.at(ago),
                "hs_email_direction": self.r.choice(
                    ("EMAIL", "EMAIL", "FORWARDED_EMAIL", "INCOMING_EMAIL", "DRAFT_EMAIL", None)
                ),
                "hs_email_status": self.r.choice(
                    ("SENT", "SENT", "BOUNCED", "FAILED", "SCHEDULED", None)
                ),
                "hs_email_open_count": self.r.choice((None, "0", "1", "3.0", "x")),
                "hs_email_click_count": self.r.choice((None, "0", "0", "1")),
            },
            associations=self.whose(),
        )

    def _ticket(self) -> None:
        r = self.r
        created = self.ago()
        closed = self.maybe(0.4, max(created - r.choice((0.5, 1, 3, 5, 6, 11, 13)), -2))
        answered = created - r.choice((-1, 0, HOUR, 0.5, 1, 1 + HOUR, 3))
        made = self.row(
            "tickets",
            created,
            {
                "hs_pipeline": r.choice(("0", "0", "0", "t1")),
                "hs_ticket_category": r.choice(CATEGORIES),
                "first_agent_reply_date": self.maybe(0.6, self.at(answered)),
                "hs_time_to_first_response_sla_at": self.maybe(0.3, self.at(created - 0.5)),
                "hs_ticket_priority": r.choice(("LOW", "MEDIUM", "HIGH", "URGENT", None, "MAYBE")),
                "closed_date": self.at(closed) if closed is not None else None,
                "hs_time_to_close_sla_at": self.maybe(0.4, self.at(created - r.choice((1, 2, 4)))),
            },
            associations=self.whose(),
        )
        stages = [r.choice(("1", "2", "3", "4", "4", "5")) for _ in range(r.randint(1, 4))]
        self.give_history(made, "hs_pipeline_stage", stages, created)
        if self.rows.get("calls") and r.random() < 0.5:
            made["associations"]["calls"] = [r.choice(self.rows["calls"])["id"]]

    def _survey(self) -> None:
        r = self.r
        ago = self.ago()
        linked = r.random() < 0.8
        self.row(
            "feedback_submissions",
            ago,
            {
                "hs_survey_type": r.choice(("NPS", "NPS", "NPS", "CSAT", "CES", "CUSTOM")),
                "hs_value": r.choice(
                    (None, "", "0", "1", "2", "3", "6", "7", "9", "10", "9.5", "11", "-1", "good")
                ),
                "hs_sentiment": r.choice((None, "PROMOTER", "PASSIVE", "DETRACTOR", "FURIOUS")),
                "hs_submission_timestamp": self.maybe(0.8, self.at(ago)),
                "hs_contact_id": None if linked else r.choice(self.contacts),
            },
            associations=self.whose() if linked else {},
        )

    def _quote(self) -> None:
        deals = [row["id"] for row in self.rows["deals"]]
        by_deal = {"deals": [self.r.choice(deals)]}
        self.row(
            "quotes",
            self.ago(),
            {
                "hs_status": self.r.choice(
                    ("APPROVED", "APPROVAL_NOT_NEEDED", "DRAFT", "REJECTED", None)
                )
            },
            associations=self.r.choice((by_deal, self.whose(), {**by_deal, **self.whose()})),
        )

    def _streams(self) -> None:
        r = self.r
        forms = self.rows.setdefault("form_submissions", [])
        for number in range(15):
            who = r.randrange(26)
            address = r.choice((f"C{who}@wild.example", f"alt{who}@WILD.example"))
            forms.append(
                {
                    "formId": "f",
                    "conversionId": f"conv{number}",
                    "submittedAt": self.ms(self.ago()),
                    "values": [{"name": "email", "value": address, "objectTypeId": "0-1"}],
                }
            )
        views = self.rows.setdefault("events", [])
        for number in range(30):
            shift = r.choice((0, 20, 29, 30, 31, 50)) / 1440
            seen = {
                "CONTACT": self.contacts,
                "COMPANY": self.companies,
                "DEAL": [row["id"] for row in self.rows["deals"]],
            }
            kind = r.choice(("CONTACT", "CONTACT", "CONTACT", "COMPANY", "DEAL"))
            views.append(
                {
                    "objectType": kind,
                    "objectId": r.choice(seen[kind]),
                    "eventType": r.choice(("e_visited_page", "e_visited_page", "e_form_view")),
                    "occurredAt": self.iso(r.choice((10, 60, 90)) - shift),
                    "id": f"view{number}",
                    "properties": {},
                }
            )
        mails = self.rows.setdefault("email_events", [])
        for number in range(160):
            who = r.randrange(24)
            message = f"m{who}-{r.randrange(3)}"
            mails.append(
                {
                    "id": f"e{number}",
                    "created": self.ms(self.ago()),
                    "type": r.choice(
                        (
                            "SENT",
                            *("DELIVERED",) * 14,
                            "OPEN",
                            "OPEN",
                            "CLICK",
                            "BOUNCE",
                            "SPAMREPORT",
                            "STATUSCHANGE",
                        )
                    ),
                    "recipient": f"c{who}@Wild.example",
                    "sentBy": {"id": message, "created": 1},
                    **({"filteredEvent": True} if r.random() < 0.1 else {}),
                    **({"obsoletedBy": {"id": "x", "created": 1}} if r.random() < 0.1 else {}),
                    **({"subscriptions": [{"id": 1}]} if r.random() < 0.5 else {}),
                }
            )

    def _merge(self) -> None:
        """Let one contact be the survivor of two others, one of whose rows is still about."""
        survivor, former = self.r.sample(self.rows["contacts"], 2)
        survivor["properties"]["hs_merged_object_ids"] = f"{former['id']};999"
        survivor, former = self.r.sample(self.rows["companies"], 2)
        survivor["properties"]["hs_merged_object_ids"] = f"{former['id']};998"


def wild_portal(seed: int) -> Portal:
    """Return an odd portal of 24 contacts and 9 companies."""
    return Wild(seed).build()
