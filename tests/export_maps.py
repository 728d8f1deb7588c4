"""Journey maps for the tests of the exporters; tests change what matters to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cjm_sync.journey.types import (
    Cell,
    Emotion,
    Evidence,
    Journey,
    Outcomes,
    Persona,
    Stage,
    Touchpoint,
)

AS_OF = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HIDDEN = Emotion(None, None, "none", None, withheld=True)
HOSTILE = "\u202e</text><script>alert('x')</script>\x00\x1b[31m & \"quoted\"\n\ud83d 日本語"


def felt(score: float, evidence: Evidence = "inferred") -> Emotion:
    return Emotion(score, 20, evidence, "medium")


def cell(persona: str = "everyone", **changes: Any) -> Cell:
    return replace(
        Cell(
            persona=persona,
            in_stage=30,
            dormant=0,
            entered=40,
            units=80,
            decided=60,
            conversion=0.6,
            conversion_low=0.47,
            conversion_high=0.72,
            drop_off=0.12,
            regression=0.0,
            skip_rate=0.0,
            completed=50,
            median_days=20.0,
            p90_days=60.0,
            open_median_days=12.0,
            touches_per_unit=2.4,
            emotion=felt(0.3),
            nps=None,
            nps_n=0,
            csat=None,
            csat_n=0,
            ces=None,
            ces_n=0,
            open_amount=0.0,
            won_amount=1234.0,
        ),
        **changes,
    )


def stage(order: int, label: str = "", **changes: Any) -> Stage:
    label = label or f"Stage {order}"
    cells = (cell(**changes), cell("champion", in_stage=12), cell("user", in_stage=None))
    return Stage(f"s{order}", label, order, cells)


def touchpoint(label: str, reach: float | None = 0.4, *, key: str = "call.out") -> Touchpoint:
    return Touchpoint(key, label, "s1", "Phone", 9, 9, reach, HIDDEN, None, withheld=reach is None)


def journey(*stages: Stage, **changes: Any) -> Journey:
    personas = tuple(
        Persona(key, key.title(), 30, 0.5, None, None, None, None)
        for key in ("everyone", "champion", "user")
    )
    plain = Journey(
        "j",
        "Customer journey",
        "contact",
        90,
        stages or (stage(1), stage(2), stage(3, conversion=None)),
        (touchpoint("Sales call"),),
        personas,
        Outcomes(5, 6, 7, None, withheld=True),
        "EUR",
    )
    return replace(plain, **changes)
