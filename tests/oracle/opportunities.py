"""Ranks what to improve: section 8 of the journey model; and deals' amounts in home currency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from oracle.numbers import SMALL, distinct
from oracle.reading import World, text_of, to_number
from oracle.timeline import STAGES, Deal
from oracle.touching import Unit


def home_amount(world: World, deal: Deal) -> float | None:
    """Return a deal's amount in home currency, None when it cannot be told."""
    home = to_number(text_of(deal.row, "amount_in_home_currency"))
    if home is not None:
        return home
    amount = to_number(text_of(deal.row, "amount"))
    currency = text_of(deal.row, "deal_currency_code").upper()
    if amount is None or currency in {"", world.currency()}:
        return amount
    rate = to_number(text_of(deal.row, "hs_exchange_rate"))
    return None if rate is None else amount * rate


def stage_amount(world: World, units: Sequence[Unit], stage: int, start: int) -> float | None:
    """Return the open amount in a stage and that lost there in W, None when it is withheld."""
    amounts: dict[str, float] = {}
    owners: list[Unit] = []
    for unit in units:
        last = unit.timeline.stays[-1] if unit.timeline.stays else None
        here = last is not None and last.left is None and last.stage == stage
        for deal in unit.deals:
            state, amount = deal.at_the_end(), home_amount(world, deal)
            if state is None or amount is None:
                continue
            lost = state.kind == "lost" and state.t >= start
            if (state.kind == "open" and here) or (
                lost and unit.timeline.stage_ended_at(state.t) == stage
            ):
                amounts[deal.id] = amount
                owners.append(unit)
    return math.fsum(amounts.values()) if not owners or distinct(owners) >= SMALL else None


def percentile_rank(value: float, every: Sequence[float]) -> float:
    """Return 0 for the lowest and 100 for the highest; ties share the mean."""
    if len(every) == 1:
        return 50.0
    below = sum(1 for other in every if other < value)
    equal = sum(1 for other in every if other == value) - 1
    return 100 * (below + equal / 2) / (len(every) - 1)


def opportunities(
    pains: Sequence[dict[str, Any]], world: World, units: Sequence[Unit], start: int
) -> list[dict[str, Any]]:
    """Return the opportunity of each pain, nobody having said anything to it yet."""
    amounts = [stage_amount(world, units, stage, start) for stage in range(len(STAGES))]
    told = [amount for amount in amounts if amount is not None]
    found = []
    for pain in pains:
        amount = amounts[STAGES.index(pain["stage"])]
        business = None if amount is None else percentile_rank(amount, told)
        customer = pain["severity"]
        value = customer if business is None else customer / 2 + business / 2
        found.append(
            {
                "rule": pain["rule"],
                "stage": pain["stage"],
                "subject": pain["subject"],
                "state": "active",
                "customer_value": customer,
                "business_value": business,
                "value": value,
                "effort": 3.0,
                "is_effort_set": False,
                "priority": value * (6 - 3) / 5,
            }
        )
    return found
