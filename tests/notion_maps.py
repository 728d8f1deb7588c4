"""A small journey map for tests of the Notion connector; tests change what matters to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cjm_sync.journey.types import (
    Cell,
    Emotion,
    Journey,
    JourneyMap,
    Mix,
    Outcomes,
    Persona,
    Stage,
    Touchpoint,
)

NOON = datetime(2026, 11, 20, 12, 0, 31, tzinfo=UTC)
SILENT = Emotion(score=None, n=None, evidence="none", confidence=None)
BASE_CELL = Cell(
    persona="everyone", in_stage=40, dormant=3, entered=25, units=60, decided=30,
    conversion=0.41666, conversion_low=0.2544, conversion_high=0.5979, drop_off=0.1, regression=0.0,
    skip_rate=0.0344, completed=20, median_days=12.4, p90_days=30.6, open_median_days=0.2,
    touches_per_unit=2.449, emotion=Emotion(0.4312, 12, "measured", "medium"), nps=-12.6,
    nps_n=15, csat=0.8333, csat_n=12, ces=5.25, ces_n=8, open_amount=120_000.49,
    won_amount=80_000.0,
)  # fmt: skip


def cell(persona: str = "everyone", **changes: Any) -> Cell:
    return replace(BASE_CELL, persona=persona, **changes)


def stage(key: str = "purchase", order: int = 3, *cells: Cell) -> Stage:
    return Stage(key, key.capitalize(), order, cells or (cell(), cell("champion")))


def touchpoint(key: str = "meet.first", stage: str = "purchase", **changes: Any) -> Touchpoint:
    made = Touchpoint(
        key, "First meeting or demo", stage, "Meeting", 31, 22, 0.36666,
        Emotion(-0.04, 9, "inferred", "low"),
    )  # fmt: skip
    return replace(made, **changes)


def persona(key: str = "everyone", label: str = "Everyone", **changes: Any) -> Persona:
    made = Persona(
        key, label, 60, 1.0, 0.5, 1234.5, 0.25, 45.5,
        mixes=(Mix("country", (("Sweden", 30), ("Latvia", 15)), rest=15),),
        top_source="Organic search", preferred_channel="Meeting",
        touches_per_stage=(("purchase", 2.449), ("service", None)),
    )  # fmt: skip
    return replace(made, **changes)


def journey(**changes: Any) -> Journey:
    made = Journey(
        key="customers", name="Customer journey", unit="contact", units=60,
        stages=(stage(), stage("service", 4)),
        touchpoints=(touchpoint(),),
        personas=(persona(), persona("champion", "Champion", units=20)),
        outcomes=Outcomes(lost=7, churned=None, dormant=6, unmapped=0, withheld=True),
        currency="EUR", unmapped_values=(("Partner", 5), ("Press", None)),
        known_personas=(("champion", "Champion"), ("user", "User")),
        known_touchpoints=(
            ("meet.first", "First meeting or demo", "Meeting"),
            ("sales.quote", "Quote sent", "Document"),
        ),
    )  # fmt: skip
    return replace(made, **changes)


def a_map(*journeys: Journey) -> JourneyMap:
    return JourneyMap(NOON, journeys or (journey(),))
