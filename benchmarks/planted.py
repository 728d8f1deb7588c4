"""Measure what the map finds of planted effects, and whether it stays silent when all is quiet.

Portals are made in memory from seeds (`tests/support/planting.py`). Printed: in how many maps the
planted touchpoint is starred, in how many each planted null one is, and how many maps of quiet data
raise a pain, by rule; and the same, over a quarter of the seeds, for data that are even but not
quiet: a tenth is lost in each stage alike, or there are tickets in twelve equal categories.

    python benchmarks/planted.py [--seeds 200]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.planting import (
    ADVANCE,
    ADVANCE_WHEN_MET,
    NULLS,
    PLANTED,
    QUIET_TICKETS,
    STAGE,
    planted_portal,
    quiet_portal,
)

FOUND_GOAL, FALSE_GOAL, QUIET_GOAL = 0.80, 0.05, 0.95
LOSS, TICKETS = 0.1, 0.5


def starred(seeds: int) -> tuple[Counter[str], list[float]]:
    """Count the maps in which each touchpoint of the stage is starred; and the planted ratios."""
    stars: Counter[str] = Counter()
    ratios: list[float] = []
    for seed in range(seeds):
        for row in planted_portal(seed).map().touchpoints:
            moment = row.moment_of_truth
            if row.stage != STAGE or moment is None:
                continue
            stars[row.key] += moment.starred
            if row.key == PLANTED:
                ratios.append(moment.ratio)
    return stars, sorted(ratios)


def pains(
    seeds: int, *, loss: float = 0.0, tickets: float = QUIET_TICKETS
) -> tuple[int, Counter[str]]:
    """Count the maps that raise no pain at all, and the maps each rule fires in."""
    quiet, by_rule = 0, Counter[str]()
    for seed in range(seeds):
        found = quiet_portal(seed, loss=loss, tickets=tickets).map().pains
        if found is None:
            raise SystemExit("this version computes no pains")
        quiet += not found
        by_rule.update({pain.rule for pain in found})
    return quiet, by_rule


def told(by_rule: Counter[str], seeds: int) -> str:
    """Say in how many maps each rule fired."""
    return "".join(f"; {rule} in {n / seeds:.1%}" for rule, n in sorted(by_rule.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    seeds: int = parser.parse_args().seeds
    began = time.process_time()
    stars, ratios = starred(seeds)
    middle = f"{ratios[len(ratios) // 2]:.2f}" if ratios else "-"
    print(
        f"{PLANTED} (true ratio {ADVANCE_WHEN_MET / ADVANCE:.1f}, median found {middle}): starred "
        f"in {stars[PLANTED] / seeds:.1%} of {seeds} maps (goal {FOUND_GOAL:.0%})"
    )
    for key in NULLS:
        print(f"{key} (null): {stars[key] / seeds:.1%} (goal at most {FALSE_GOAL:.0%})")
    quiet, by_rule = pains(seeds)
    print(
        f"quiet data: no pain in {quiet / seeds:.1%} of {seeds} maps (goal {QUIET_GOAL:.0%})"
        f"{told(by_rule, seeds)}"
    )
    some = max(1, seeds // 4)
    for what, (quiet, by_rule) in (
        (f"{LOSS:.0%} lost in each stage", pains(some, loss=LOSS)),
        (f"{TICKETS} tickets per contact in 12 equal categories", pains(some, tickets=TICKETS)),
    ):
        print(f"even data, {what}: no pain in {quiet / some:.1%} of {some}{told(by_rule, some)}")
    print(f"{time.process_time() - began:.0f} processor seconds")


if __name__ == "__main__":
    main()
