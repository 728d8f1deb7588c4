"""Writes the companies and contacts of the sample, with the lifecycle history of each contact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from cjm_sync_sandbox.sample import names
from cjm_sync_sandbox.sample.account import (
    FORMER_CUSTOMER,
    LIFECYCLE,
    NURTURE,
    ONBOARDING,
    PERSONAS,
    PRODUCT_QUALIFIED,
    SELLERS,
)
from cjm_sync_sandbox.sample.draw import OPENED, SAMPLE_AS_OF, Deck, between, iso, moment_of, office
from cjm_sync_sandbox.sample.journeys import Company, Decks, Journey, Person, decide, people_of
from cjm_sync_sandbox.sample.ledger import Change, Ledger

_SOURCES = {
    "ORGANIC_SEARCH": 26,
    "PAID_SEARCH": 12,
    "PAID_SOCIAL": 6,
    "SOCIAL_MEDIA": 9,
    "REFERRALS": 13,
    "DIRECT_TRAFFIC": 14,
    "EMAIL_MARKETING": 6,
    "OTHER_CAMPAIGNS": 3,
    "OFFLINE": 8,
    "AI_REFERRALS": 3,
}
_TITLES = {
    PERSONAS[0]: ("Head of operations", "Plant manager", "Supply chain director", "COO"),
    PERSONAS[1]: ("Finance director", "Controller", "CFO", "Purchasing manager"),
    PERSONAS[2]: ("Production planner", "Shift supervisor", "Data analyst", "Scheduler"),
    None: ("Consultant", "Student", "Assistant", "Project manager"),
}
_ROLES = {
    PERSONAS[0]: ("DECISION_MAKER", "CHAMPION;INFLUENCER", "CHAMPION"),
    PERSONAS[1]: ("BUDGET_HOLDER", "EXECUTIVE_SPONSOR;BUDGET_HOLDER"),
    PERSONAS[2]: ("END_USER", "END_USER;INFLUENCER"),
    None: (None,),
}
_SENIORITY = {
    PERSONAS[0]: ("director", "manager", "vp"),
    PERSONAS[1]: ("executive", "director", "manager"),
    PERSONAS[2]: ("employee", "entry"),
    None: (None, "employee"),
}
_SIZES = (12, 28, 45, 80, 140, 260, 480, 900, 1_800, 4_200, 11_000)
_RANK = {value: place for place, (value, _label) in enumerate(LIFECYCLE)}


def make_company(ledger: Ledger, rng: Random, number: int, created: datetime) -> Company:
    """Write a company and return it."""
    country = names.country(rng)
    name, domain, industry = names.company(number, country)
    company_id, size = ledger.new_id("companies"), rng.choice(_SIZES)
    made = Company(company_id, name, domain, industry, country, size, created)
    ledger.add(
        "companies",
        created,
        {
            "name": made.name,
            "domain": made.domain,
            "website": f"https://www.{made.domain}",
            "industry": made.industry,
            "country": made.country,
            "numberofemployees": str(made.employees),
            "annualrevenue": str(made.employees * rng.randrange(90_000, 240_000, 5_000)),
            "hubspot_owner_id": rng.choice(SELLERS),
        },
        record_id=made.company_id,
    )
    return made


def make_journeys(
    ledger: Ledger, rng: Random, *, groups: int, imported: int, companies: int
) -> list[Journey]:
    """Draw the buying groups, decide their stories and write their companies."""
    decks = Decks(rng)
    without_company = Deck(rng, {True: 1, False: 6})
    ids: Iterator[str] = iter(lambda: ledger.new_id("contacts"), "")
    taken: set[str] = set()
    # Growth: later months bring more people than early ones.
    starts = sorted(OPENED + timedelta(days=2 + 540 * rng.random() ** 0.8) for _ in range(groups))
    starts = [OPENED + between(rng, 0.1, 6) for _ in range(imported)] + starts
    known: list[Company] = []
    journeys = []
    for place, start in enumerate(starts):
        customer = place < imported
        company: Company | None = None
        if customer or not without_company.draw():
            # With some to spare, so that the last ones are founded before the groups run out.
            if customer or (len(known) < companies and rng.random() < companies / groups * 1.25):
                known.append(make_company(ledger, rng, len(known), start - timedelta(minutes=1)))
                company = known[-1]
            else:
                company = rng.choice(known)
        count = decks.group_size.draw() if company else 1
        journey = Journey(
            people_of(rng, company, count, ids, taken),
            company,
            rng.choice(SELLERS),
            start,
            imported=customer,
        )
        decide(rng, decks, journey)
        journeys.append(journey)
    while len(known) < companies:
        known.append(make_company(ledger, rng, len(known), OPENED + between(rng, 3, 500)))
    return journeys


def lifecycle_of(rng: Random, journey: Journey, person: Person) -> list[Change]:
    """Return the values of `lifecyclestage` of one person, oldest first, up to the reference time.

    A step back is written as HubSpot has it: the value is cleared first.
    """
    straight_in = journey.consideration_at == journey.created_at
    started = "lead" if straight_in else rng.choice(("lead", "lead", "subscriber"))
    if journey.imported:
        started = "customer"
    how = "IMPORT" if journey.imported else rng.choice(("FORM", "FORM", "CRM_UI", "INTEGRATION"))
    steps: list[Change] = [(person.created_at, started, how)]
    if straight_in and person is journey.lead:
        steps = []  # a demo request: the contact is created as qualified
    if started == "subscriber":
        steps.append((person.created_at + between(rng, 0.2, 0.8), "lead", "AUTOMATION_PLATFORM"))
    if journey.is_no_buyer:
        steps.append((person.created_at + between(rng, 1, 9), "other", "CRM_UI"))
    steps += _towards_purchase(rng, journey, person)
    since = journey.customer_since
    if since and not journey.imported:
        if person is journey.lead:
            steps.append((since + timedelta(minutes=20), ONBOARDING, "AUTOMATION_PLATFORM"))
            steps.append((office(rng, since + between(rng, 18, 28)), "customer", "CRM_UI"))
        else:
            steps.append((since + timedelta(minutes=20), "customer", "AUTOMATION_PLATFORM"))
    gone = journey.churned_at
    if person.evangelist_at and not (gone and gone <= person.evangelist_at):
        steps.append((person.evangelist_at, "evangelist", "CRM_UI"))
        if person.demoted_at and not (gone and gone <= person.demoted_at):
            steps.append((person.demoted_at, "customer", "CRM_UI"))
    if gone:
        steps.append((gone + timedelta(hours=3), FORMER_CUSTOMER, "AUTOMATION_PLATFORM"))
        steps = [step for step in steps if step[0] <= gone + timedelta(hours=3)]
    return _with_clearing(sorted(steps, key=lambda step: step[0]))


def _towards_purchase(rng: Random, journey: Journey, person: Person) -> list[Change]:
    entered, until = journey.consideration_at, journey.considered_until
    if entered is None or until is None:
        return []
    first = rng.choice(("marketingqualifiedlead", "marketingqualifiedlead", PRODUCT_QUALIFIED))
    at = entered
    if person is not journey.lead:
        at = max(entered, person.created_at) + between(rng, 0.02, 0.8)
    steps: list[Change] = [(at, first, "AUTOMATION_PLATFORM")]
    if rng.random() < 0.6:
        steps.append((entered + (until - entered) * 0.4, "salesqualifiedlead", "CRM_UI"))
    if journey.gave_up == "regressed":
        steps.append((until, rng.choice(("lead", NURTURE)), "CRM_UI"))
    if journey.purchase_at and person is journey.lead:
        steps.append((journey.purchase_at + timedelta(minutes=4), "opportunity", "INTEGRATION"))
    if journey.recycled_at:
        steps.append((journey.recycled_at, rng.choice(("lead", NURTURE)), "CRM_UI"))
    return steps


def _with_clearing(steps: list[Change]) -> list[Change]:
    """Drop what lies ahead and repetitions, and put an empty value before each step back."""
    history: list[Change] = []
    for when, value, source in steps:
        if when >= SAMPLE_AS_OF or (history and history[-1][1] == value):
            continue
        if history and _RANK[value] < _RANK[history[-1][1]]:
            pause = min(timedelta(seconds=30), (when - history[-1][0]) / 2)
            history.append((when - pause, "", source))
        history.append((when, value, source))
    return history


def write_contacts(ledger: Ledger, rng: Random, journeys: list[Journey]) -> None:
    """Write every person that exists at the reference time."""
    sources = Deck(rng, _SOURCES)
    for journey in journeys:
        for person in journey.people:
            _write_contact(ledger, rng, journey, person, sources)


def _write_contact(
    ledger: Ledger, rng: Random, journey: Journey, person: Person, sources: Deck[str]
) -> None:
    source = "OFFLINE" if journey.imported else sources.draw()
    person.owner = journey.seller if journey.company or journey.consideration_at else None
    visited = person.created_at - timedelta(minutes=rng.randint(1, 90))
    company = person.company
    ledger.add(
        "contacts",
        person.created_at,
        {
            "email": person.email,
            "firstname": person.given,
            "lastname": person.family,
            "phone": f"+46 70 {rng.randrange(1_000_000):07d}" if rng.random() < 0.5 else None,
            "company": company.name if company else None,
            "jobtitle": rng.choice(_TITLES[person.persona]),
            "hs_persona": person.persona,
            "hs_buying_role": rng.choice(_ROLES[person.persona]),
            "hs_seniority": rng.choice(_SENIORITY[person.persona]),
            "country": person.country,
            "industry": company.industry if company else None,
            "associatedcompanyid": company.company_id if company else None,
            "hubspot_owner_id": person.owner,
            "hs_analytics_source": source,
            "hs_analytics_source_data_1": "IMPORT" if source == "OFFLINE" else None,
            "hs_analytics_first_timestamp": iso(
                person.created_at if source == "OFFLINE" else visited
            ),
            "plants_planned": str(rng.randint(1, 14)) if rng.random() < 0.4 else None,
        },
        record_id=person.contact_id,
        history={"lifecyclestage": lifecycle_of(rng, journey, person)},
        companies=[company.company_id] if company else [],
    )


def write_company_stages(ledger: Ledger) -> None:
    """Give each company the furthest lifecycle stage its people had reached by then."""
    steps: dict[str, list[Change]] = {}
    for contact in ledger.rows["contacts"]:
        company = contact["properties"].get("associatedcompanyid")
        for entry in contact["history"]["lifecyclestage"] if company else []:
            if _RANK.get(entry["value"], 99) <= _RANK["evangelist"]:
                step = (moment_of(entry["timestamp"]), entry["value"], "COMPANIES")
                steps.setdefault(company, []).append(step)
    for company in ledger.rows["companies"]:
        furthest: list[Change] = []
        for step in sorted(steps.get(company["id"], [])):
            if not furthest or _RANK[step[1]] > _RANK[furthest[-1][1]]:
                furthest.append(step)
        if furthest:
            ledger.set_history(company, "lifecyclestage", furthest)
