"""What the map does not cover, and when it wants a person's look (§10, §11).

`find_gaps` reads the facts and the numbers; `with_people` adds what only people's cells tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.grounds import Snapshot
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.thresholds import CoverageRules
from cjm_sync.journey.types import (
    EVERYONE,
    Coverage,
    Gap,
    JourneyPeople,
    Opportunity,
    OpportunityPeople,
    Persona,
    Stage,
)
from cjm_sync.journey.withhold import Curtain, distinct

UNASSIGNED = "unassigned"
_OTHER = "other."


def find_gaps(
    facts: Facts,
    ground: Ground,
    *,
    stages: Sequence[Stage],
    personas: Sequence[Persona],
    unmapped: Sequence[tuple[str, int | None]],
    review: Snapshot | None,
) -> Coverage:
    """Return what the data do not cover; *review* is the snapshot of people's last review."""
    rules = ground.settings.coverage
    curtain = Curtain(ground.settings.min_group)
    loose = sum(1 for unit in facts.units if _persona(facts, unit.persona) == UNASSIGNED)
    everyone = len(facts.units)
    share = curtain.rate(lambda: loose / everyone, everyone)
    gaps = [
        *_untouched(facts, ground),
        *_unplaced(facts, curtain),
        *_unassigned(loose, share, curtain, rules),
        *_uncovered(facts, ground, unmapped, curtain),
        *_small(personas),
        *_drift(personas, review, rules),
        *_moved(stages, review),
    ]
    return Coverage(tuple(gaps), share)


def with_people(
    coverage: Coverage,
    opportunities: Iterable[Opportunity],
    people: JourneyPeople,
    *,
    today: date,
    rules: CoverageRules,
) -> Coverage:
    """Return *coverage* with what people left open, as of *today*."""
    gaps = list(coverage.gaps)
    active = [one for one in opportunities if one.state == "active"]
    for kind, name in (
        ("opportunity_without_owner", "has_owner"),
        ("opportunity_without_action", "has_action"),
    ):
        gaps += [
            Gap(kind, "/".join(one.identity), one.label)
            for one in active
            if not getattr(people.opportunities.get(one.identity, OpportunityPeople()), name)
        ]
    has_moved = any(gap.kind == "metric_moved" for gap in gaps)
    if people.reviewed_on is None:
        gaps.append(Gap("never_reviewed", "", "Never reviewed"))
    elif has_moved or (today - people.reviewed_on).days >= rules.review_days:
        gaps.append(Gap("review_due", people.reviewed_on.isoformat(), "Review due"))
    return replace(coverage, gaps=tuple(gaps))


def _counted(
    kind: str, subject: str, label: str, count: int | None, share: float | None = None
) -> Gap:
    """Return a gap of counted units; a count of None is withheld."""
    return Gap(kind, subject, label, count, share, withheld=count is None)


def _persona(facts: Facts, place: int) -> str:
    return facts.personas[place].key if 0 <= place < len(facts.personas) else ""


def _untouched(facts: Facts, ground: Ground) -> Iterator[Gap]:
    stages = {*np.unique(ground.touches.stage).tolist()}
    for place, stage in enumerate(facts.stages):
        if place not in stages:
            yield Gap("stage_without_touchpoints", stage.key, stage.label)
    met = {*np.unique(ground.touches.touchpoint).tolist()}
    for place, name in enumerate(facts.touchpoints):
        if place not in met and not name.key.startswith(_OTHER):
            yield Gap("touchpoint_without_data", name.key, name.label)


def _unplaced(facts: Facts, curtain: Curtain) -> Iterator[Gap]:
    lost = sum(unit.unmapped is not None for unit in facts.units)
    if lost:
        yield _counted(
            "units_without_stage", "", "Units without a stage", curtain.count(lost, lost)
        )


def _unassigned(
    loose: int, share: float | None, curtain: Curtain, rules: CoverageRules
) -> Iterator[Gap]:
    if not loose:
        return
    count = curtain.count(loose, loose)
    yield _counted("units_without_persona", UNASSIGNED, "Units without a persona", count, share)
    if share is not None and share > rules.unassigned_share:
        yield _counted(
            "unassigned_over", UNASSIGNED, "Too many units without a persona", count, share
        )


def _uncovered(
    facts: Facts, ground: Ground, unmapped: Sequence[tuple[str, int | None]], curtain: Curtain
) -> Iterator[Gap]:
    trail = ground.trail
    for place, name in enumerate(facts.touchpoints):
        if not name.key.startswith(_OTHER):
            continue
        units = distinct(trail.unit[trail.touchpoint == place])
        if units:
            yield _counted("uncovered_value", name.key, name.label, curtain.count(units, units))
    for label, count in unmapped:
        yield _counted("uncovered_value", f"lifecycle/{label}", label, count)


def _small(personas: Sequence[Persona]) -> Iterator[Gap]:
    for persona in personas:
        if persona.units is None:
            yield _counted("small_segment", persona.key, persona.label, None)


def _drift(
    personas: Sequence[Persona], review: Snapshot | None, rules: CoverageRules
) -> Iterator[Gap]:
    if review is None:
        return
    shares = {one.key: one.share or 0.0 for one in personas if one.key != EVERYONE}
    labels = {one.key: one.label for one in personas}
    moved = [
        (abs(shares.get(key, 0.0) - review.mix.get(key, 0.0)), key)
        for key in sorted({*shares, *review.mix})
    ]
    most, key = max(moved, default=(0.0, ""), key=lambda one: one[0])
    if most > rules.drift_points:
        yield Gap("drift", key, labels.get(key, key), None, most)


def _moved(stages: Sequence[Stage], review: Snapshot | None) -> Iterator[Gap]:
    if review is None:
        return
    for stage in stages:
        everyone = next((cell for cell in stage.cells if cell.persona == EVERYONE), None)
        ends = review.intervals.get(stage.key)
        if everyone is None or everyone.conversion is None or ends is None:
            continue
        if not ends[0] <= everyone.conversion <= ends[1]:
            yield Gap("metric_moved", stage.key, stage.label, None, everyone.conversion)
