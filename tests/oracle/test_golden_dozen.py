"""A dozen hand-made contacts, every number worked out by hand, equal the map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from oracle import expected_five, expected_once
from oracle.comparing import differences
from oracle.expected import EMOTIONLESS
from oracle.golden import AS_OF, copied, dozen
from oracle.oracle import CUSTOMERS, Oracle, oracle_export
from oracle.product import product_export, pulled_export
from oracle.reading import DAY
from oracle.timeline import STAGES

Export = Callable[[Portal, datetime], dict[str, Any]]


def of_the_oracle(portal: Portal, as_of: datetime) -> dict[str, Any]:
    return oracle_export(portal, as_of=as_of)


EXPORTS = [
    pytest.param(of_the_oracle, id="oracle"),
    pytest.param(product_export, id="product"),
    pytest.param(pulled_export, id="product_through_the_mirror"),
]

STAYS = {
    "101": "A 41-",
    "102": "A 100-70 forward, C 70-",
    "103": "A 80-60 forward, C 60-",
    "104": "A 120-60 forward, C 60-30 forward, P 30-",
    "105": "A 50-20 forward, P 20-",
    "106": "A 85-80 forward, C 80-70 forward, P 70-40 forward, S 40-",
    "107": "A 200-190 forward, P 190-150 forward, S 150-25 forward, L 25-",
    "108": "A 130-100 forward, S 100-10 forward, L 10-",
    "109": "A 95-75 forward, C 75-65 forward, P 65-35 lost",
    "110": "A 400-350 forward, S 350-12 churned",
    "111": "A 180-88 forward, P 88-69 regression, C 69-45 lost, P 22-",
    "112": "A 300-",
}


def whole_map(
    units: int,
    cells: dict[str, list[dict[str, Any]]],
    touchpoints: list[dict[str, Any]],
    personas: list[dict[str, Any]],
    outcomes: dict[str, Any],
    *,
    pains: list[dict[str, Any]] | None = None,
    delights: list[dict[str, Any]] | None = None,
    opportunities: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    journey = {
        "key": "customers",
        "unit": "contact",
        "units": units,
        "stages": [
            {"key": key, "order": order, "cells": cells[key]}
            for order, key in enumerate(STAGES, start=1)
        ],
        "touchpoints": touchpoints,
        "personas": personas,
        "outcomes": outcomes,
        "pains": pains or [],
        "delights": delights or [],
        "opportunities": opportunities or [],
        "onboarding": 0,
    }
    return {"schema": 1, "as_of": "2026-11-01T00:00:00.000Z", "journeys": [journey]}


def test_the_oracle_finds_the_stays_worked_out_by_hand() -> None:
    units = Oracle(dozen(), AS_OF, CUSTOMERS).units

    found = {}
    for unit in units:
        words = []
        for stay in unit.timeline.stays:
            left = "" if stay.left is None else f"{days(stay.left)} {stay.exit}"
            words.append(f"{STAGES[stay.stage][0].upper()} {days(stay.entered)}-{left}")
        found[str(unit.row["id"])] = ", ".join(words)

    assert found == STAYS


def days(moment: int) -> int:
    return round((AS_OF.timestamp() * 1000 - moment) / DAY)


@pytest.mark.parametrize("export", EXPORTS)
def test_a_dozen_contacts_as_they_are_show_what_five_units_carry(export: Export) -> None:
    rows = [
        {
            "key": key,
            "stage": stage,
            "touches": None,
            "units": None,
            "reach": None,
            "emotion": EMOTIONLESS,
            "withheld": "small_base",
        }
        for stage, key in expected_five.TOUCHPOINTS
    ]
    by_hand = whole_map(
        12, expected_once.CELLS, rows, expected_once.PERSONAS, expected_once.OUTCOMES
    )

    assert differences(by_hand, export(dozen(), AS_OF)) == []


@pytest.mark.parametrize("export", EXPORTS)
def test_a_dozen_contacts_five_times_each_show_every_number(export: Export) -> None:
    rows = [
        {
            "key": key,
            "stage": stage,
            "touches": touches,
            "units": units,
            "reach": reach,
            "emotion": emotion,
        }
        for (stage, key), (touches, units, reach, emotion) in expected_five.TOUCHPOINTS.items()
    ]
    by_hand = whole_map(
        60,
        expected_five.CELLS,
        rows,
        expected_five.PERSONAS,
        expected_five.OUTCOMES,
        pains=expected_five.PAINS,
        delights=expected_five.DELIGHTS,
        opportunities=expected_five.OPPORTUNITIES,
    )

    assert differences(by_hand, export(copied(dozen(), 5), AS_OF)) == []
