"""Read people's own cells for the overlay: plain values by column key, as a scan brought them. Pure.

A value that cannot be heeded is a finding that names the row and the column, never a crash, and
never repeats what was typed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote

from cjm_sync.journey.types import EVERYONE, JourneyPeople, OpportunityPeople
from cjm_sync.model import Finding, Observed

CODE = "people_value"
LONGEST = 3_650.0
"""Target days beyond ten years are a slip of the hand."""


@dataclass(slots=True)
class _Reading:
    """What is gathered of one journey."""

    target_days: dict[str, float] = field(default_factory=dict)
    stage_emotion: dict[str, float] = field(default_factory=dict)
    touchpoint_emotion: dict[tuple[str, str], float] = field(default_factory=dict)
    opportunities: dict[tuple[str, str, str], OpportunityPeople] = field(default_factory=dict)
    reviewed_on: date | None = None

    def done(self) -> JourneyPeople:
        return JourneyPeople(
            self.target_days,
            self.stage_emotion,
            self.touchpoint_emotion,
            self.opportunities,
            self.reviewed_on,
        )


def people_of(
    rows: Sequence[Observed],
) -> tuple[Mapping[str, JourneyPeople], tuple[Finding, ...]]:
    """Return by journey what people put into their cells, and what of it cannot be heeded.

    Stages are read from the rows of Everyone. Rows of people's own, without a key, are not read.
    """
    read: dict[str, _Reading] = {}
    findings: list[Finding] = []
    for row in sorted(rows, key=lambda row: row.key):
        match [unquote(part) for part in row.key.split("/")]:
            case [journey, kind, *rest] if row.people:
                _read_row(row, kind, rest, read.setdefault(journey, _Reading()), findings)
            case _:
                pass
    return {journey: reading.done() for journey, reading in read.items()}, tuple(findings)


def _read_row(
    row: Observed, kind: str, rest: list[str], reading: _Reading, findings: list[Finding]
) -> None:
    def number(column: str, low: float, high: float) -> float | None:
        value = row.people.get(column)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and math.isfinite(value) and low <= value <= high:
            return float(value)
        findings.append(_finding(row.key, column, f"a number from {low:g} to {high:g}"))
        return None

    match kind, rest:
        case "stage", [stage, persona] if persona == EVERYONE:
            days = number("target_days", 0, LONGEST)
            if days == 0:
                findings.append(_finding(row.key, "target_days", "more than 0 days"))
            elif days is not None:
                reading.target_days[stage] = days
            emotion = number("emotion_override", -2, 2)
            if emotion is not None:
                reading.stage_emotion[stage] = emotion
        case "touchpoint", [stage, touchpoint]:
            emotion = number("emotion_override", -2, 2)
            if emotion is not None:
                reading.touchpoint_emotion[stage, touchpoint] = emotion
        case "opportunity", [rule, stage, subject]:
            reading.opportunities[rule, stage, subject] = OpportunityPeople(
                effort=number("effort", 0, 5),
                has_owner=bool(row.people.get("owner")),
                has_action=bool(row.people.get("decision")),
            )
        case _:
            pass
    reviewed = _day(row.people.get("reviewed_on"))
    if reviewed is not None:
        reading.reviewed_on = max(reviewed, reading.reviewed_on or reviewed)
    elif row.people.get("reviewed_on") is not None:
        findings.append(_finding(row.key, "reviewed_on", "a date"))


def _day(value: Any) -> date | None:
    """Return the day that an ISO date or time begins with."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _finding(key: str, column: str, wanted: str) -> Finding:
    return Finding(
        CODE,
        f"{key}#{column}",
        f"the cell {column!r} of {key} does not hold {wanted} and is not heeded",
        f"Type {wanted} in Notion, or empty the cell.",
    )
