"""What pains invite to improve, and what it would be worth (§8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.grounds import PastPain
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.types import Opportunity, OpportunityPeople, Pain
from cjm_sync.journey.withhold import Curtain, distinct

USUAL_EFFORT = 3.0

Identity = tuple[str, str, str]


def business_values(facts: Facts, ground: Ground) -> dict[str, float | None]:
    """Return each stage's percentile rank by open amount and amount lost in W, 0–100.

    None where the amounts are withheld: such a stage takes no part.
    """
    deals = ground.deals
    amounts: dict[str, float] = {}
    for place, stage in enumerate(facts.stages):
        curtain = Curtain(ground.settings.min_group)
        here = (deals.open_stage == place) | (deals.lost_stage == place)
        amount, _, _ = deals.total(here)
        if curtain.count(amount, distinct(deals.unit[here & deals.has_amount])) is not None:
            amounts[stage.key] = amount
    return {
        stage.key: _rank(amounts, stage.key) if stage.key in amounts else None
        for stage in facts.stages
    }


def _rank(amounts: Mapping[str, float], key: str) -> float:
    others = [amount for other, amount in amounts.items() if other != key]
    if not others:
        return 50.0
    own = amounts[key]
    below, equal = sum(one < own for one in others), sum(one == own for one in others)
    return 100.0 * (below + equal / 2) / len(others)


def opportunities(
    active: Iterable[Pain],
    ever: Iterable[PastPain],
    business: Mapping[str, float | None],
    people: Mapping[Identity, OpportunityPeople],
) -> tuple[Opportunity, ...]:
    """Return one opportunity per pain that is or was ever active, by priority.

    A pain of a stage that the journey no longer has is left out.
    """
    labels = {past.identity: past.label for past in ever if past.stage in business}
    severity: dict[Identity, float] = {}
    for pain in active:
        labels[pain.identity] = pain.label
        severity[pain.identity] = max(pain.severity, severity.get(pain.identity, 0.0))
    found = [
        _worth(
            identity,
            label,
            severity.get(identity),
            business.get(identity[1]),
            people.get(identity, OpportunityPeople()).effort,
        )
        for identity, label in labels.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.priority, one.stage, one.rule, one.subject)))


def _worth(
    identity: Identity,
    label: str,
    severity: float | None,
    business: float | None,
    effort: float | None,
) -> Opportunity:
    rule, stage, subject = identity
    customer = severity or 0.0
    value = customer if business is None else customer / 2 + business / 2
    taken = USUAL_EFFORT if effort is None else effort
    return Opportunity(
        rule=rule,
        stage=stage,
        subject=subject,
        label=label,
        state="resolved" if severity is None else "active",
        customer_value=customer,
        business_value=business,
        value=value,
        effort=taken,
        is_effort_set=effort is not None,
        priority=value * (6 - taken) / 5,
    )
