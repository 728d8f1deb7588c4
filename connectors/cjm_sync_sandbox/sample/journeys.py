"""Who the people of the sample are and what they go through, decided before any record exists.

The other parts write what is decided here as CRM records. Moments past the reference time may
stand in a journey; whoever writes leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from cjm_sync_sandbox.sample import names
from cjm_sync_sandbox.sample.account import PERSONAS
from cjm_sync_sandbox.sample.draw import (
    OPENED,
    SAMPLE_AS_OF,
    WINDOW_START,
    Deck,
    between,
    days,
    office,
)


@dataclass(eq=False)
class Company:
    """A buyer; *domain* also spells its people's addresses."""

    company_id: str
    name: str
    domain: str
    industry: str
    country: str
    employees: int
    created_at: datetime


@dataclass(eq=False)
class Person:
    """A contact and the moments of its own: the answer to the first survey, a promotion."""

    contact_id: str
    given: str
    family: str
    email: str
    country: str
    persona: str | None
    company: Company | None
    owner: str | None
    created_at: datetime
    nps_at: datetime | None = None
    nps: int | None = None
    evangelist_at: datetime | None = None
    demoted_at: datetime | None = None


@dataclass(eq=False)
class Renewal:
    """A contract coming up: won, lost or (`None`) never decided."""

    opened_at: datetime
    closed_at: datetime
    won: bool | None


@dataclass(eq=False)
class Journey:
    """What a group of buyers goes through together; `None` is what never happens."""

    people: list[Person]
    company: Company | None
    seller: str
    created_at: datetime
    imported: bool = False
    is_no_buyer: bool = False  # a supplier or an applicant, filed under "Other"
    consideration_at: datetime | None = None
    demo_at: datetime | None = None
    considered_until: datetime | None = None
    gave_up: str | None = None  # ended consideration as "lost" or "regressed"
    deal_at: datetime | None = None
    deal_id: str | None = None  # known once the deal is written
    purchase_at: datetime | None = None
    slipped_at: datetime | None = None  # the deal fell back below one half
    closed_at: datetime | None = None
    won: bool | None = None
    recycled_at: datetime | None = None
    renewals: list[Renewal] = field(default_factory=list)
    upsell: Renewal | None = None
    left_at: datetime | None = None  # left as a customer without a word, by lifecycle only

    @property
    def lead(self) -> Person:
        return self.people[0]

    @property
    def customer_since(self) -> datetime | None:
        """When the first purchase was, also of those who were customers before the portal."""
        if self.imported:
            return self.created_at
        return self.closed_at if self.won else None

    def is_selling(self, when: datetime) -> bool:
        """Tell whether the first deal was open at *when*."""
        if self.deal_at is None:
            return False
        ended = self.considered_until if self.gave_up == "lost" else self.closed_at
        return self.deal_at <= when and (ended is None or when <= ended)

    @property
    def churned_at(self) -> datetime | None:
        """When the group stopped being a customer."""
        lost = [renewal.closed_at for renewal in self.renewals if renewal.won is False]
        moments = [*lost, *([self.left_at] if self.left_at else [])]
        return min(moments, default=None)


class Decks:
    """The shares of every choice, drawn without return so that they hold for any seed."""

    def __init__(self, rng: Random) -> None:
        self.group_size = Deck(rng, {1: 5, 2: 3, 3: 2})
        self.considers = Deck(rng, {True: 11, False: 9})
        self.straight_in = Deck(rng, {True: 1, False: 11})
        # Apart by group size, lest the large groups all fall on one side.
        self.demo = {size: Deck(rng, {True: 4, False: 5}) for size in (1, 2, 3)}
        self.advances = {
            (demo, size): Deck(rng, {True: 5, False: 3} if demo else {True: 4, False: 7})
            for demo in (True, False)
            for size in (1, 2, 3)
        }
        self.gives_up = Deck[str | None](rng, {"lost": 5, "regressed": 2, None: 5})
        # Apart by the leader's persona, lest one of them seems never to buy.
        self.ends = {
            persona: Deck(rng, {"won": 12, "lost": 6, "stalled": 1, "slipped": 1})
            for persona in (*PERSONAS, None)
        }
        self.no_buyer = Deck(rng, {True: 1, False: 29})
        self.persona = Deck[str | None](
            rng, {PERSONAS[0]: 7, PERSONAS[1]: 5, PERSONAS[2]: 6, None: 2}
        )
        self.first_answer = Deck[str | None](
            rng, {"promoter": 9, "passive": 5, "detractor": 3, None: 4}
        )
        self.evangelist = Deck(rng, {True: 3, False: 1})
        self.demoted = Deck(rng, {True: 3, False: 2})
        self.first_term = Deck(rng, {42: 4, 365: 1})  # a pilot of six weeks, or a year
        self.renews = Deck[bool | None](rng, {True: 9, False: 6, None: 5})
        self.renews_happily = Deck[bool | None](rng, {True: 6, None: 1})
        self.upsell = Deck(rng, {True: 1, False: 9})
        self.leaves = Deck(rng, {True: 1, False: 11})


def people_of(
    rng: Random, company: Company | None, count: int, ids: Iterator[str], taken: set[str]
) -> list[Person]:
    """Draw *count* people of one company (or of none), with addresses nobody has *taken*."""
    drawn = []
    for _ in range(count):
        country = company.country if company else names.country(rng)
        given, family, local = names.person(rng, country)
        domain = company.domain if company else "mail.example"
        address, number = f"{local}@{domain}", 2
        while address in taken:
            address, number = f"{local}{number}@{domain}", number + 1
        taken.add(address)
        drawn.append(
            Person(next(ids), given, family, address, country, None, company, None, OPENED)
        )
    return drawn


def decide(rng: Random, decks: Decks, journey: Journey) -> None:
    """Fill in what happens to *journey*, from its creation to the end of its story."""
    for person in journey.people:
        person.persona = decks.persona.draw()
        person.created_at = journey.created_at + (
            timedelta(0) if person is journey.lead else between(rng, 0.1, 5)
        )
    if journey.imported:
        _live_as_customer(rng, decks, journey, journey.created_at)
        return
    if not decks.considers.draw():
        journey.is_no_buyer = decks.no_buyer.draw()
        return
    straight_in = decks.straight_in.draw()
    entered = (
        journey.created_at
        if straight_in
        else office(rng, journey.created_at + max(days(rng, 17, 0.7, 1), timedelta(days=7)))
    )
    journey.consideration_at = entered
    demo = decks.demo[len(journey.people)].draw()
    lasts = days(rng, 23, 0.4, 11)
    journey.demo_at = office(rng, entered + between(rng, 1, 4)) if demo else None
    journey.considered_until = office(rng, entered + lasts)
    if not decks.advances[demo, len(journey.people)].draw():
        journey.gave_up = decks.gives_up.draw()
        if journey.gave_up == "lost":
            journey.deal_at = office(rng, entered + lasts * rng.uniform(0.45, 0.7))
            if rng.random() < 0.2:
                journey.recycled_at = journey.considered_until + between(rng, 12, 60)
        return
    journey.deal_at = office(rng, entered + lasts * rng.uniform(0.45, 0.7))
    _buy(rng, decks, journey, journey.considered_until)


def _buy(rng: Random, decks: Decks, journey: Journey, entered: datetime) -> None:
    """Decide the purchase; since the legal review became slow it takes more than twice as long."""
    journey.purchase_at = entered
    lasts = days(rng, 19, 0.4, 5)
    if entered + lasts >= WINDOW_START:
        lasts = max(days(rng, 54, 0.18, 36), WINDOW_START - entered + timedelta(days=2))
    end = decks.ends[journey.lead.persona].draw()
    if end == "stalled":
        return
    journey.closed_at = office(rng, entered + lasts)
    if end == "slipped":
        journey.slipped_at = office(rng, entered + lasts * 0.6)
        journey.closed_at = max(journey.closed_at, journey.slipped_at + timedelta(days=1))
    journey.won = end == "won"
    if journey.won:
        _live_as_customer(rng, decks, journey, journey.closed_at)
    elif rng.random() < 0.2:
        journey.recycled_at = journey.closed_at + between(rng, 20, 90)


def _live_as_customer(rng: Random, decks: Decks, journey: Journey, since: datetime) -> None:
    for person in journey.people:
        # Customers of old were asked whenever their turn came, new ones after a month.
        wait = between(rng, 30, 520) if journey.imported else between(rng, 24, 41)
        _first_survey(rng, decks, person, since + wait)
    happy = any((person.nps or 0) > 8 for person in journey.people)
    start, term = since, decks.first_term.draw()
    if journey.imported:
        term = rng.randint(75, 330)  # somewhere in a year that began before the portal did
    while start < SAMPLE_AS_OF:
        ends = office(rng, start + timedelta(days=term) - between(rng, 0, 9))
        # Who was won over in a first year stays; a pilot may still end for want of money.
        outcome = (decks.renews_happily if happy and term > 42 else decks.renews).draw()
        journey.renewals.append(Renewal(ends - between(rng, 18, 30), ends, outcome))
        if not outcome:
            break
        start, term = ends, 365
    if decks.upsell.draw():
        opened = office(rng, since + between(rng, 40, 110))
        closed = office(rng, opened + between(rng, 8, 30))
        journey.upsell = Renewal(opened, closed, won=True)
    if decks.leaves.draw():
        journey.left_at = office(rng, since + between(rng, 70, 170))


def _first_survey(rng: Random, decks: Decks, person: Person, asked_at: datetime) -> None:
    """Ask a customer for the first time; the happiest become evangelists, and some cool down."""
    answer = decks.first_answer.draw()
    if answer is None:
        return
    person.nps_at = asked_at
    scores = {"promoter": (9, 9, 10), "passive": (7, 8, 8), "detractor": (2, 4, 5, 6)}
    person.nps = rng.choice(scores[answer])
    if answer == "promoter" and decks.evangelist.draw():
        person.evangelist_at = office(rng, person.nps_at + between(rng, 10, 30))
        if decks.demoted.draw():
            person.demoted_at = office(rng, person.evangelist_at + between(rng, 10, 45))
