"""Write the map as JSON, exactly as other programs were promised it (`export --format json`).

The way in is `json`. Keys stand in one fixed order, times are UTC with milliseconds, numbers are
unrounded; equal maps give equal bytes, whatever their numbers were computed with.
"""

from __future__ import annotations

import json as stdlib_json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from cjm_sync.journey.types import (
    Cell,
    Coverage,
    Emotion,
    Gap,
    Journey,
    JourneyMap,
    MetricChange,
    MomentOfTruth,
    Opportunity,
    Outcomes,
    Pain,
    Persona,
    Stage,
    Touchpoint,
)

SCHEMA = 1


class JsonExporter:
    """The exporter behind `export --format json`."""

    suffix: str = ".json"
    is_text: bool = True

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return the whole map as UTF-8 JSON, indented, ending in a newline."""
        text = stdlib_json.dumps(
            _map(journey_map), ensure_ascii=False, allow_nan=False, indent=2, sort_keys=False
        )
        # Half of a surrogate pair can stand in a CRM label and has no UTF-8; written out as
        # \udXXX it is the JSON escape for the same thing.
        return (text + "\n").encode("utf-8", errors="backslashreplace")


json = JsonExporter()


def _map(journey_map: JourneyMap) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "as_of": _moment(journey_map.as_of),
        "journeys": [_journey(journey) for journey in journey_map.journeys],
    }


def _journey(journey: Journey) -> dict[str, Any]:
    return {
        "key": journey.key,
        "name": journey.name,
        "unit": journey.unit,
        "units": _count(journey.units),
        "stages": [_stage(stage) for stage in journey.stages],
        "touchpoints": [_touchpoint(touchpoint) for touchpoint in journey.touchpoints],
        "personas": [_persona(persona) for persona in journey.personas],
        "outcomes": _outcomes(journey.outcomes),
        # Not computed is null; an empty list says that none were found.
        "pains": _list(_pain, journey.pains),
        "delights": _list(_pain, journey.delights),
        "opportunities": _list(_opportunity, journey.opportunities),
        "coverage": None if journey.coverage is None else _coverage(journey.coverage),
        "changes": _list(_change, journey.changes),
        "onboarding": _count(journey.onboarding),
    } | _withheld(is_withheld=journey.withheld)


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "key": stage.key,
        "label": stage.label,
        "order": _count(stage.order),
        "cells": [_cell(cell) for cell in stage.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "persona": cell.persona,
        "in_stage": _count(cell.in_stage),
        "dormant": _count(cell.dormant),
        "entered": _count(cell.entered),
        "units": _count(cell.units),
        "decided": _count(cell.decided),
        "conversion": _number(cell.conversion),
        "conversion_low": _number(cell.conversion_low),
        "conversion_high": _number(cell.conversion_high),
        "drop_off": _number(cell.drop_off),
        "regression": _number(cell.regression),
        "skip_rate": _number(cell.skip_rate),
        "completed": _count(cell.completed),
        "median_days": _number(cell.median_days),
        "p90_days": _number(cell.p90_days),
        "open_median_days": _number(cell.open_median_days),
        "touches_per_unit": _number(cell.touches_per_unit),
        "emotion": _emotion(cell.emotion),
        "nps": _number(cell.nps),
        "nps_n": _count(cell.nps_n),
        "csat": _number(cell.csat),
        "csat_n": _count(cell.csat_n),
        "ces": _number(cell.ces),
        "ces_n": _count(cell.ces_n),
        "open_amount": _number(cell.open_amount),
        "won_amount": _number(cell.won_amount),
    } | _withheld(is_withheld=cell.withheld)


def _emotion(emotion: Emotion) -> dict[str, Any]:
    # A person's own value is there only where people were laid over the map.
    own = {} if emotion.override is None else {"override": _number(emotion.override)}
    return (
        {
            "score": _number(emotion.score),
            "n": _count(emotion.n),
            "evidence": emotion.evidence,
            "confidence": emotion.confidence,
        }
        | own
        | _withheld(is_withheld=emotion.withheld)
    )


def _touchpoint(touchpoint: Touchpoint) -> dict[str, Any]:
    moment = touchpoint.moment_of_truth
    return {
        "key": touchpoint.key,
        "stage": touchpoint.stage,
        "channel": touchpoint.channel,
        "touches": _count(touchpoint.touches),
        "units": _count(touchpoint.units),
        "reach": _number(touchpoint.reach),
        "emotion": _emotion(touchpoint.emotion),
        "moment_of_truth": None if moment is None else _moment_of_truth(moment),
    } | _withheld(is_withheld=touchpoint.withheld)


def _moment_of_truth(moment: MomentOfTruth) -> dict[str, Any]:
    return {
        "exposed": _count(moment.exposed),
        "not_exposed": _count(moment.not_exposed),
        "advanced_exposed": _count(moment.advanced_exposed),
        "advanced_not_exposed": _count(moment.advanced_not_exposed),
        "ratio": _number(moment.ratio),
        "low": _number(moment.low),
        "high": _number(moment.high),
        "p": _number(moment.p),
        "q": _number(moment.q),
        "verdict": moment.verdict,
        "starred": moment.starred,
    } | _withheld(is_withheld=moment.withheld)


def _persona(persona: Persona) -> dict[str, Any]:
    return {
        "key": persona.key,
        "label": persona.label,
        "units": _count(persona.units),
        "share": _number(persona.share),
        "win_rate": _number(persona.win_rate),
        "average_order_value": _number(persona.average_order_value),
        "repeat_rate": _number(persona.repeat_rate),
        "cycle_days": _number(persona.cycle_days),
    } | _withheld(is_withheld=persona.withheld)


def _outcomes(outcomes: Outcomes) -> dict[str, Any]:
    return {
        "lost": _count(outcomes.lost),
        "churned": _count(outcomes.churned),
        "dormant": _count(outcomes.dormant),
        "unmapped": _count(outcomes.unmapped),
    } | _withheld(is_withheld=outcomes.withheld)


def _pain(pain: Pain) -> dict[str, Any]:
    return {
        "rule": pain.rule,
        "stage": pain.stage,
        "subject": pain.subject,
        "label": pain.label,
        "unit": pain.unit,
        "severity": _number(pain.severity),
        "reach": _number(pain.reach),
        "intensity": _number(pain.intensity),
        "trend": _number(pain.trend),
        "value": _number(pain.value),
        "threshold": _number(pain.threshold),
        "before": _number(pain.before),
        "n": _count(pain.n),
        "units": _count(pain.units),
    }


def _opportunity(opportunity: Opportunity) -> dict[str, Any]:
    return {
        "rule": opportunity.rule,
        "stage": opportunity.stage,
        "subject": opportunity.subject,
        "label": opportunity.label,
        "state": opportunity.state,
        "customer_value": _number(opportunity.customer_value),
        "business_value": _number(opportunity.business_value),
        "value": _number(opportunity.value),
        "effort": _number(opportunity.effort),
        "is_effort_set": opportunity.is_effort_set,
        "priority": _number(opportunity.priority),
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "unassigned_share": _number(coverage.unassigned_share),
        "gaps": [_gap(gap) for gap in coverage.gaps],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "kind": gap.kind,
        "subject": gap.subject,
        "label": gap.label,
        "count": _count(gap.count),
        "share": _number(gap.share),
    } | _withheld(is_withheld=gap.withheld)


def _change(change: MetricChange) -> dict[str, Any]:
    return {
        "stage": change.stage,
        "persona": change.persona,
        "metric": change.metric,
        "now": _number(change.now),
        "day_before": _number(change.day_before),
        "month_before": _number(change.month_before),
    }


def _list(
    written: Callable[[Any], dict[str, Any]], values: Sequence[Any] | None
) -> list[dict[str, Any]] | None:
    return None if values is None else [written(value) for value in values]


def _withheld(*, is_withheld: bool) -> dict[str, str]:
    return {"withheld": "small_base"} if is_withheld else {}


def _count(value: int | None) -> int | None:
    return None if value is None else int(value)


def _number(value: float | None) -> float | None:
    """Return *value* as a plain float, so that 1, 1.0 and numpy's 1.0 are the same bytes."""
    if value is None:
        return None
    number = float(value) + 0.0  # turns −0.0, which equals 0.0 but prints otherwise, into 0.0
    assert math.isfinite(number), f"the map holds {number}"  # noqa: S101 - cannot be
    return number


def _moment(moment: datetime) -> str:
    assert moment.tzinfo is not None, "the map's time is aware"  # noqa: S101 - cannot be
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
