"""What is planted is found, what is not is not starred, and quiet data raises no pain.

The same over 200 seeds: `benchmarks/planted.py`; its numbers stand in docs/benchmarks.md.
"""

from __future__ import annotations

import os
from collections import Counter

from cjm_sync.journey.types import Journey
from support.planting import (
    NULLS,
    PLANTED,
    STAGE,
    Planted,
    planted_portal,
    quiet_portal,
)

SEEDS = range(200 if os.environ.get("CJM_SYNC_SOAK") else 10)


def stars(journey: Journey) -> Counter[str]:
    return Counter(
        row.key
        for row in journey.touchpoints
        if row.stage == STAGE and row.moment_of_truth is not None and row.moment_of_truth.starred
    )


def test_a_touchpoint_that_doubles_the_chance_to_advance_is_starred_and_others_are_not() -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        found += stars(planted_portal(seed).map())

    assert found[PLANTED] >= 0.8 * len(SEEDS)
    assert all(found[key] <= max(1, 0.05 * len(SEEDS)) for key in NULLS)


def test_every_planted_touchpoint_is_tested_at_all() -> None:
    tested = {
        row.key
        for row in planted_portal(0).map().touchpoints
        if row.stage == STAGE and row.moment_of_truth is not None
    }

    assert tested >= {PLANTED, *NULLS}


def test_quiet_data_raises_no_pain() -> None:
    noisy = [seed for seed in SEEDS if quiet_portal(seed).map().pains]

    assert len(noisy) <= 0.05 * len(SEEDS)


def test_quiet_data_is_enough_for_the_rules_to_judge_and_one_slow_stage_breaks_the_quiet() -> None:
    quiet = quiet_portal(0)
    cells = {stage.key: stage.cells[0] for stage in quiet.map().stages}
    assert all((cells[key].completed or 0) >= 20 for key in ("awareness", "purchase", "service"))
    assert all((cell.decided or 0) >= 30 for cell in cells.values())

    _dawdle(quiet)

    assert {pain.rule for pain in quiet.map().pains or ()} == {"PP1"}


def _dawdle(portal: Planted) -> None:
    """Add people who stay in Purchase for 200 days and leave it in W."""
    for number in range(120):
        moves = [(230.0, "lead"), (225.0, "opportunity"), (25.0, "customer")]
        contact = portal.add("contacts", 230, {"email": f"late{number}@planted.example"}, moves={
            "lifecyclestage": moves,
        })  # fmt: skip
        for weeks in range(1, 33):
            portal.touch("mail.sales", contact, 230 - 7 * weeks)
