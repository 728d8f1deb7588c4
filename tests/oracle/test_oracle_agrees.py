"""The product and the independent oracle say the same of every portal, number by number."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, sample_portal
from oracle.comparing import differences
from oracle.golden import copied
from oracle.oracle import oracle_export
from oracle.product import UnitKind, product_export, pulled_export
from oracle.wild import AS_OF, wild_portal

SHARED = Path(__file__).parents[3] / "shared" / "data"


def first_differences(
    portal: Portal,
    as_of: datetime,
    where: dict[str, Any] | None = None,
    unit: UnitKind = "contact",
) -> list[str]:
    journey = {"key": "customers", "name": "Customer journey", "where": where or {}, "unit": unit}
    expected = oracle_export(portal, as_of=as_of, journey=journey)
    return differences(expected, product_export(portal, as_of, where, unit))[:20]


@pytest.mark.parametrize(
    "as_of",
    [SAMPLE_AS_OF, SAMPLE_AS_OF.replace(month=6), SAMPLE_AS_OF.replace(year=2025)],
    ids=["now", "in_june", "a_year_before"],
)
def test_product_and_oracle_agree_on_the_sample_portal(as_of: datetime) -> None:
    assert first_differences(sample_portal(), as_of) == []


def test_product_and_oracle_agree_on_the_sample_portal_read_through_the_mirror() -> None:
    expected = oracle_export(sample_portal(), as_of=SAMPLE_AS_OF)

    found = pulled_export(sample_portal(), SAMPLE_AS_OF)

    assert differences(expected, found)[:20] == []


@pytest.mark.parametrize("unit", ["company", "deal"])
def test_product_and_oracle_agree_on_the_sample_portal_of_other_units(unit: UnitKind) -> None:
    assert first_differences(sample_portal(), SAMPLE_AS_OF, unit=unit) == []


@pytest.mark.parametrize("unit", ["contact", "company", "deal"])
@pytest.mark.parametrize("name", ["portal-retail", "portal-saas"])
def test_product_and_oracle_agree_on_a_shared_portal(name: str, unit: UnitKind) -> None:
    folder = SHARED / name
    if not folder.exists():
        pytest.skip("the shared portals are not here")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))

    as_of = datetime.fromisoformat(truth["T"])
    assert first_differences(Portal.read(folder), as_of, unit=unit) == []


SEEDS = range(60 if os.environ.get("CJM_SYNC_SOAK") else 6)
UNITS: tuple[UnitKind, ...] = ("contact", "company", "deal")


@pytest.mark.parametrize("seed", SEEDS)
def test_product_and_oracle_agree_on_an_odd_portal_five_times_over(seed: int) -> None:
    portal = copied(wild_portal(seed), 5)

    for unit in UNITS:
        assert first_differences(portal, AS_OF, unit=unit) == [], unit


def test_the_odd_portals_make_the_rules_fire_that_they_are_to_check() -> None:
    fired: set[str] = set()
    for seed in SEEDS:
        (journey,) = oracle_export(copied(wild_portal(seed), 5), as_of=AS_OF)["journeys"]
        fired.update(one["rule"] for one in [*journey["pains"], *journey["delights"]])

    # The others have their cases in test_golden_insights.py.
    assert fired >= {"PP1", "PP4", "PP5", "PP6", "PP7", "PP8", "PP9", "DL1"}


@pytest.mark.parametrize("unit", ["contact", "company"])
def test_product_and_oracle_agree_on_an_odd_portal_read_through_the_mirror(
    unit: UnitKind,
) -> None:
    portal = copied(wild_portal(3), 5)
    journey = {"key": "customers", "name": "Customer journey", "unit": unit}

    found = pulled_export(portal, AS_OF, unit)

    assert differences(oracle_export(portal, as_of=AS_OF, journey=journey), found)[:20] == []


def test_product_and_oracle_agree_on_what_a_filter_leaves() -> None:
    where = {"pipeline": ["default"], "created_after": "2026-03-01"}

    assert first_differences(copied(wild_portal(100), 5), AS_OF, where) == []
