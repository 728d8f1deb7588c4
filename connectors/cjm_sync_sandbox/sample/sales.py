"""Writes the deals and quotes of the sample's journeys."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from cjm_sync_sandbox.sample.account import (
    DISCOVERY,
    EVALUATION,
    LEGAL_REVIEW,
    LOST,
    NOT_RENEWED,
    PROPOSAL,
    RENEWAL_DUE,
    RENEWAL_OFFERED,
    RENEWALS,
    RENEWED,
    SALES,
    WON,
)
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, Deck, between, iso
from cjm_sync_sandbox.sample.journeys import Journey, Renewal
from cjm_sync_sandbox.sample.ledger import Change, Ledger, Row

RATES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17}
_LOST_REASONS = {
    "Price too high": 4,
    "No budget this year": 3,
    "Competitor was chosen": 3,
    "Missing integration with their ERP": 3,
    "No reply after the proposal": 3,
    "Timing: postponed to next year": 3,
    "Poor support during the trial": 2,
    "Reorganisation": 1,
    "": 2,
}


class SalesDesk:
    """Writes deals; every share (currency, reason) comes from a deck of its own."""

    def __init__(self, ledger: Ledger, rng: Random) -> None:
        self._ledger = ledger
        self._rng = rng
        self._currency = Deck[str | None](rng, {"EUR": 13, "USD": 4, "GBP": 2, None: 1})
        self._reason = Deck(rng, _LOST_REASONS)

    def write(self, journey: Journey) -> None:
        """Write the deals, renewals and quotes of one group."""
        self._first_deal(journey)
        gone = journey.churned_at
        for place, renewal in enumerate(journey.renewals):
            if not gone or renewal.closed_at <= gone:
                self._renewal(journey, renewal, place)
        if journey.upsell and not (gone and gone <= journey.upsell.closed_at):
            self._upsell(journey, journey.upsell)

    def _first_deal(self, journey: Journey) -> None:
        opened = journey.deal_at
        until = journey.considered_until
        if opened is None or until is None:
            return
        steps: list[Change] = [
            (opened, DISCOVERY, "CRM_UI"),
            (opened + (until - opened) * 0.6, EVALUATION, "CRM_UI"),
        ]
        if journey.gave_up == "lost":
            steps.append((until, LOST, "CRM_UI"))
        if journey.purchase_at:
            steps.append((journey.purchase_at, PROPOSAL, "CRM_UI"))
            ends = (
                journey.slipped_at or journey.closed_at or journey.purchase_at + timedelta(days=45)
            )
            steps.append(
                (journey.purchase_at + (ends - journey.purchase_at) * 0.3, LEGAL_REVIEW, "CRM_UI")
            )
            if journey.slipped_at:
                steps.append((journey.slipped_at, EVALUATION, "CRM_UI"))
            if journey.closed_at:
                steps.append((journey.closed_at, WON if journey.won else LOST, "CRM_UI"))
        name = (
            f"{journey.company.name if journey.company else journey.lead.family} – planning suite"
        )
        deal = self._deal(journey, name, SALES, "newbusiness", steps, 9_000, 90_000)
        journey.deal_id = deal["id"] if deal else None
        if journey.purchase_at:
            self._quotes(journey, deal, journey.purchase_at, journey.closed_at)

    def _renewal(self, journey: Journey, renewal: Renewal, place: int) -> None:
        half = renewal.opened_at + (renewal.closed_at - renewal.opened_at) / 2
        steps: list[Change] = [
            (renewal.opened_at, RENEWAL_DUE, "AUTOMATION_PLATFORM"),
            (half, RENEWAL_OFFERED, "CRM_UI"),
        ]
        if renewal.won is not None:
            steps.append((renewal.closed_at, RENEWED if renewal.won else NOT_RENEWED, "CRM_UI"))
        name = f"{journey.company.name if journey.company else journey.lead.family} – renewal {place + 1}"
        self._deal(journey, name, RENEWALS, "existingbusiness", steps, 8_000, 70_000)

    def _upsell(self, journey: Journey, upsell: Renewal) -> None:
        steps: list[Change] = [
            (upsell.opened_at, PROPOSAL, "CRM_UI"),
            (upsell.closed_at, WON, "CRM_UI"),
        ]
        name = f"{journey.company.name if journey.company else journey.lead.family} – second plant"
        self._deal(journey, name, SALES, "existingbusiness", steps, 5_000, 40_000)

    def _deal(
        self,
        journey: Journey,
        name: str,
        pipeline: str,
        kind: str,
        steps: list[Change],
        low: int,
        high: int,
    ) -> Row | None:
        past = [step for step in steps if step[0] < SAMPLE_AS_OF]
        if not past:
            return None
        amount = self._rng.randrange(low, high, 250)
        currency = self._currency.draw()
        rate = RATES[currency or "EUR"]
        stage = past[-1][1]
        closed = stage in {WON, LOST, RENEWED, NOT_RENEWED}
        reason = self._reason.draw() if stage in {LOST, NOT_RENEWED} else ""
        expected = (
            past[-1][0] if closed else max(steps[-1][0], SAMPLE_AS_OF + between(self._rng, 5, 60))
        )
        return self._ledger.add(
            "deals",
            past[0][0],
            {
                "dealname": name,
                "pipeline": pipeline,
                "dealtype": kind,
                "amount": str(amount),
                "deal_currency_code": currency,
                "hs_exchange_rate": str(rate) if currency else None,
                "amount_in_home_currency": f"{amount * rate:.2f}" if currency else None,
                "closedate": iso(expected),
                "closed_lost_reason": reason or None,
                "hs_primary_associated_company": (
                    journey.company.company_id if journey.company else None
                ),
                "hubspot_owner_id": journey.seller,
            },
            history={"dealstage": past},
            contacts=[person.contact_id for person in journey.people],
            companies=[journey.company.company_id] if journey.company else [],
        )

    def _quotes(
        self, journey: Journey, deal: Row | None, sent: datetime, closed: datetime | None
    ) -> None:
        """Write the quote of the proposal, and sometimes a second one after the legal review."""
        moments = [sent + timedelta(hours=2)]
        if closed and self._rng.random() < 0.3:
            moments.append(sent + (closed - sent) * 0.6)
        for number, moment in enumerate(moments):
            if moment >= SAMPLE_AS_OF or deal is None:
                continue
            fate = self._rng.choice(
                ("APPROVAL_NOT_NEEDED", "APPROVED", "APPROVED", "DRAFT", "PENDING_APPROVAL")
            )
            if journey.slipped_at and moment > journey.slipped_at:
                fate = "DRAFT"
            self._ledger.add(
                "quotes",
                moment,
                {
                    "hs_title": f"Offer {number + 1} for {deal['properties']['dealname']}",
                    "hs_status": fate,
                    "hs_quote_amount": deal["properties"]["amount"],
                    "hs_expiration_date": iso(moment + timedelta(days=45)),
                    "hubspot_owner_id": journey.seller,
                },
                deals=[deal["id"]],
                contacts=[journey.lead.contact_id],
            )
