"""The rows of what to do next: pains and delights, and the opportunities that they invite.

Identity is rule, stage and subject. A row whose rule no longer fires is resolved: it keeps its last
numbers, and what people wrote.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from cjm_sync.journey.types import Journey, Opportunity, Pain
from cjm_sync.model import Cell, Choice, Page
from cjm_sync_notion import columns
from cjm_sync_notion.column_parts import RULES
from cjm_sync_notion.names import Names
from cjm_sync_notion.rounding import rate, score, to_places, whole
from cjm_sync_notion.row_parts import (
    ACTIVE,
    RESOLVED,
    Known,
    as_it_was,
    key_parts,
    page,
    row_key,
    withheld_text,
)

PAIN, OPPORTUNITY = "pain", "opportunity"
DELIGHT = "DL"
"""How the rules of delights begin."""


def insight_rows(
    journey: Journey, *, names: Names, known: Known, bound: Collection[str]
) -> Iterator[Page]:
    """Yield pains, delights and opportunities, then the *bound* ones that are resolved.

    What was not computed in this run (None) is left as it was. A row of a stage that left the
    profile is not wished.
    """
    made: set[str] = set()
    found = (*(journey.pains or ()), *(journey.delights or ()))
    for row in (
        *(_pain_page(pain, journey, names=names, known=known) for pain in found),
        *(
            _opportunity_page(opportunity, journey, names=names, known=known)
            for opportunity in journey.opportunities or ()
        ),
    ):
        made.add(row.key)
        yield row
    for key in sorted(set(bound) - made):
        match key_parts(key, journey.key):
            case "pain", (rule, stage, _) if stage in known.stages:
                computed = journey.delights if rule.startswith(DELIGHT) else journey.pains
                state = None if computed is None else RESOLVED
                yield as_it_was(columns.PAINS, key, journey, state)
            case "opportunity", (_, stage, _) if stage in known.stages:
                state = None if journey.opportunities is None else RESOLVED
                yield as_it_was(columns.OPPORTUNITIES, key, journey, state)
            case _:
                pass


def _rule(rule: str) -> Choice:
    return Choice(rule, next((option.label for option in RULES if option.key == rule), rule))


def _pain_page(pain: Pain, journey: Journey, *, names: Names, known: Known) -> Page:
    key = row_key(journey.key, PAIN, *pain.identity)
    kind = "delight" if pain.rule.startswith(DELIGHT) else "pain"
    cells: dict[str, Cell] = {
        "name": f"{pain.label} · {known.stage(pain.stage)}",
        "kind": Choice(kind, kind),
        "rule": _rule(pain.rule),
        "stage": names.choice("stage", pain.stage),
        "journey": names.choice("journey", journey.key),
        "severity": whole(pain.severity),
        "reach": rate(pain.reach),
        "intensity": rate(pain.intensity),
        "trend": rate(pain.trend),
        "value": _measure(pain.value, pain.unit),
        "threshold": _measure(pain.threshold, pain.unit),
        "before": _measure(pain.before, pain.unit),
        "n": pain.n,
        "units": pain.units,
        "stage_row": known.stage_row(journey.key, pain.stage),
        "touchpoint_row": known.link(row_key(journey.key, "touchpoint", pain.stage, pain.subject)),
        "withheld": None,
        "order": known.order(pain.stage),
    }
    return page(columns.PAINS, key, journey, cells, ACTIVE)


def _measure(value: float | None, unit: str) -> str | None:
    """Return a number with its unit, rounded as cells are."""
    match unit:
        case "days":
            return _days(value)
        case "hours":
            return None if value is None else _days(value / 24)
        case "share":
            number = to_places(None if value is None else 100 * value, 1)
            return None if number is None else f"{_plain(number)} %"
        case "score":
            number = score(value)
            return None if number is None else _plain(number)
        case _:
            number = whole(value)
            return None if number is None else f"{_plain(number)} {unit}"


def _days(value: float | None) -> str | None:
    """Return a duration of *value* days in the unit a person would use, as the picture says it.

    Hours below a day, one decimal below ten days, else whole days.
    """
    if value is None or not math.isfinite(value):
        return None
    hours = round(value * 24)
    if value == 0:
        return "0 days"
    if hours < 1:
        return "under 1 hour"
    if value < 1 and hours < 24:
        return "1 hour" if hours == 1 else f"{hours} hours"
    text = f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
    return "1 day" if text == "1" else f"{text} days"


def _plain(number: float) -> str:
    return str(number).replace("-", "−")


def _opportunity_page(
    opportunity: Opportunity, journey: Journey, *, names: Names, known: Known
) -> Page:
    key = row_key(journey.key, OPPORTUNITY, *opportunity.identity)
    effort = score(opportunity.effort)
    lacking = [] if opportunity.business_value is not None else ["business_value"]
    cells: dict[str, Cell] = {
        "name": f"{opportunity.label} · {known.stage(opportunity.stage)}",
        "rule": _rule(opportunity.rule),
        "stage": names.choice("stage", opportunity.stage),
        "journey": names.choice("journey", journey.key),
        "priority": whole(opportunity.priority),
        "value": whole(opportunity.value),
        "customer_value": whole(opportunity.customer_value),
        "business_value": whole(opportunity.business_value),
        "effort_counted": f"{effort}" if opportunity.is_effort_set else f"{effort} (not set)",
        "pain_row": known.link(row_key(journey.key, PAIN, *opportunity.identity)),
        "stage_row": known.stage_row(journey.key, opportunity.stage),
        "withheld": withheld_text(columns.OPPORTUNITIES, lacking),
        "order": known.order(opportunity.stage),
    }
    state = ACTIVE if opportunity.state == "active" else RESOLVED
    return page(columns.OPPORTUNITIES, key, journey, cells, state)
