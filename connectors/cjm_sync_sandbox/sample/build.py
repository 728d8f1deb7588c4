"""Puts the sample portal together: people, their sales, talks, care and marketing, then oddities."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.account import account
from cjm_sync_sandbox.sample.care import CareDesk
from cjm_sync_sandbox.sample.draw import stream
from cjm_sync_sandbox.sample.engagement import Diary
from cjm_sync_sandbox.sample.journeys import Journey
from cjm_sync_sandbox.sample.ledger import Ledger
from cjm_sync_sandbox.sample.marketing import Marketing, forms, marketing_emails
from cjm_sync_sandbox.sample.oddities import add_oddities
from cjm_sync_sandbox.sample.outlook import plan_ahead
from cjm_sync_sandbox.sample.people import make_journeys, write_company_stages, write_contacts
from cjm_sync_sandbox.sample.sales import SalesDesk
from cjm_sync_sandbox.sample.summaries import mailing_stats, write_summaries


def described(ledger: Ledger) -> dict[str, Any]:
    """Return what the `portal.json` beside the records of *ledger* holds."""
    return account() | {
        "forms": forms(),
        "marketing_emails": [
            email | {"stats": mailing_stats(ledger, email)} for email in marketing_emails()
        ],
    }


def write_records(ledger: Ledger, seed: int, journeys: list[Journey], *, ahead: int) -> None:
    """Write every record of *journeys* into *ledger*."""
    write_contacts(ledger, stream(seed, "contacts"), journeys)
    sales = SalesDesk(ledger, stream(seed, "sales"))
    diary = Diary(ledger, stream(seed, "diary"))
    care = CareDesk(ledger, stream(seed, "care"), diary)
    for journey in journeys:
        sales.write(journey)
        diary.write(journey)
        care.write(journey)
    plan_ahead(ledger, stream(seed, "outlook"), journeys, ahead)
    Marketing(ledger, stream(seed, "marketing")).write(journeys)
    write_company_stages(ledger)
    write_summaries(ledger)


def sample_portal(seed: int = 7) -> Portal:
    """Return the sample portal of *seed*: the same rows in the same order, every time."""
    ledger = Ledger(seed)
    journeys = make_journeys(ledger, stream(seed, "people"), groups=600, imported=16, companies=150)
    write_records(ledger, seed, journeys, ahead=9)
    add_oddities(ledger, stream(seed, "oddities"), journeys)
    return ledger.portal(described(ledger))
