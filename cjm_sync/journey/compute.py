"""From facts to the numbers of a journey map. The way in is `compute`; nothing here knows a CRM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from cjm_sync.journey.amounts import lay_out_deals
from cjm_sync.journey.change import changes
from cjm_sync.journey.coverage import find_gaps
from cjm_sync.journey.emotion import age
from cjm_sync.journey.facts import DAY_MS, Facts, Flags, Ints, MeetingPhases, OccasionKind
from cjm_sync.journey.grounds import Grounds, History
from cjm_sync.journey.metrics import (
    AnswerTable,
    Ground,
    Placed,
    TouchTable,
    Trail,
    count_cell,
    patience,
)
from cjm_sync.journey.moments import moments
from cjm_sync.journey.opportunities import business_values, opportunities
from cjm_sync.journey.pains import measure, pains
from cjm_sync.journey.rows import persona_line, touchpoint_rows
from cjm_sync.journey.stays import tabulate
from cjm_sync.journey.timeline import OPEN, Travel, travel
from cjm_sync.journey.types import EVERYONE, Cell, Journey, Outcomes, Stage
from cjm_sync.journey.withhold import Curtain, distinct

NOTHING_YET = History()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def compute(facts: Facts, *, as_of: datetime, history: History = NOTHING_YET) -> Journey:
    """Return the journey map of *facts* at T = *as_of*. Pure; the same facts give the same map.

    *history* is what earlier runs left behind: pains that were active once, and snapshots.
    """
    now = (as_of.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    travels = travel_all(facts)
    ground = survey(facts, travels, now)
    members = members_of(facts)
    stages = tuple(
        Stage(
            stage.key,
            stage.label,
            place + 1,
            tuple(
                count_cell(
                    ground,
                    stage=place,
                    is_last=place == len(facts.stages) - 1,
                    persona=key,
                    members=flags,
                )
                for key, (_, flags) in members.items()
            ),
        )
        for place, stage in enumerate(facts.stages)
    )
    cycles = cycles_of(travels, since=ground.since)
    curtain = Curtain(facts.settings.min_group)
    units = len(facts.units)
    personas = tuple(
        persona_line(
            facts,
            ground,
            key=key,
            label=label,
            members=flags,
            cells=_cells_of(stages, key),
            cycles=cycles,
        )
        for key, (label, flags) in members.items()
    )
    unmapped = _unmapped_values(facts)
    grounds = Grounds(
        measures=measure(facts, ground),
        pains=facts.settings.pains,
        coverage=facts.settings.coverage,
        min_group=facts.settings.min_group,
        ever=history.pains,
        business=business_values(facts, ground),
    )
    found, delights = pains(grounds.measures, grounds.pains, {}, min_group=grounds.min_group)
    return Journey(
        key=facts.key,
        name=facts.name,
        unit=facts.unit,
        units=curtain.count(units, units),
        stages=stages,
        touchpoints=touchpoint_rows(facts, ground, moments(facts, ground)),
        personas=personas,
        outcomes=_outcomes(facts, ground, travels),
        currency=facts.currency,
        unmapped_values=unmapped,
        known_personas=((EVERYONE, "Everyone"), *((p.key, p.label) for p in facts.personas)),
        known_touchpoints=tuple((t.key, t.label, t.channel) for t in facts.touchpoints),
        findings=facts.findings,
        pains=found,
        delights=delights,
        opportunities=opportunities(found, grounds.ever, grounds.business, {}),
        coverage=find_gaps(
            facts,
            ground,
            stages=stages,
            personas=personas,
            unmapped=unmapped,
            review=history.review,
        ),
        changes=changes(stages, history),
        onboarding=_onboarding(facts, ground, curtain),
        withheld=curtain.withheld,
        grounds=grounds,
    )


def travel_all(facts: Facts) -> tuple[Travel, ...]:
    """Return what became of each unit, in the order of *facts*."""
    first_touch_at = _first_touches(facts)
    return tuple(
        travel(unit, [facts.deals[deal] for deal in unit.deals], first, facts.roles)
        for unit, first in zip(facts.units, first_touch_at, strict=True)
    )


def _first_touches(facts: Facts) -> list[int | None]:
    firsts: list[int | None] = [None] * len(facts.units)
    # Touches are ordered by unit and time, so the first row of each unit is its first touch.
    units, starts = np.unique(facts.touches.unit, return_index=True)
    for unit, at in zip(units.tolist(), facts.touches.at[starts].tolist(), strict=True):
        firsts[unit] = at
    return firsts


def survey(facts: Facts, travels: tuple[Travel, ...], now: int) -> Ground:
    """Lay out what cells are counted from, at T = *now* in milliseconds."""
    settings, touches, signals, answers = (
        facts.settings,
        facts.touches,
        facts.signals,
        facts.answers,
    )
    last_touch_at = np.full(len(facts.units), -1, dtype=np.int64)
    np.maximum.at(last_touch_at, touches.unit, touches.at)
    stays, skips = tabulate(travels, last_touch_at, as_of=now, dormant_days=settings.dormant_days)
    touchpoint = name_meetings(facts, travels)
    since = now - settings.window_days * DAY_MS
    stay = stays.at(touches.unit, touches.at, touches.ends)
    stage = stays.stage_of(stay)
    seen = (touches.at >= since) & (stage >= 0)
    touch_table = TouchTable(
        touches.unit[seen],
        stage[seen],
        touchpoint[seen],
        touches.channel[seen],
        touches.welcome[seen],
    )
    answered_in = stays.stage_at(answers.unit, answers.at)
    heard = (answers.at >= since) & (answered_in >= 0)
    answer_table = AnswerTable(
        answers.unit[heard], answered_in[heard], answers.kind[heard], answers.value[heard]
    )
    signal_touchpoint = signals.touchpoint.copy()
    of_touch = signals.touch >= 0
    signal_touchpoint[of_touch] = touchpoint[signals.touch[of_touch]]
    signal_stage = stays.stage_at(signals.unit, signals.at, signals.ends)
    occasions = facts.occasions
    occasion_stage = stays.stage_at(
        occasions.unit, occasions.at, occasions.kind == OccasionKind.LOSS
    )
    return Ground(
        as_of=now,
        settings=settings,
        stays=stays,
        skips=skips,
        touches=touch_table,
        answers=answer_table,
        signals=age(
            signals,
            signal_stage,
            signal_touchpoint,
            as_of=now,
            settings=settings,
        ),
        deals=lay_out_deals(facts, stays, since=since),
        patience=tuple(patience(stays, place, settings) for place in range(len(facts.stages))),
        trail=Trail(touches.unit, touches.at, touchpoint, stay),
        placed=Placed(signal_stage, signal_touchpoint, occasion_stage),
    )


def name_meetings(facts: Facts, travels: Sequence[Travel]) -> Ints:
    """Return each touch's touchpoint, meetings told apart by where the purchase lies."""
    named = facts.touches.touchpoint.copy()
    phases = facts.meetings
    if phases is None:
        return named
    met: set[int] = set()
    for row in np.flatnonzero(named == phases.pending).tolist():
        unit = int(facts.touches.unit[row])
        named[row] = phase_of(
            travels[unit], int(facts.touches.at[row]), phases, is_first=unit not in met
        )
        met.add(unit)
    return named


def phase_of(way: Travel, at: int, phases: MeetingPhases, *, is_first: bool) -> int:
    """Return the touchpoint of a meeting at *at*, by the purchase it falls in."""
    for purchase in way.purchases:
        if purchase.began_at <= at and (purchase.ended_at == OPEN or at < purchase.ended_at):
            is_early = at - purchase.began_at <= phases.early_days * DAY_MS
            return phases.early if is_early else phases.late
    return phases.first if is_first else phases.follow


def members_of(facts: Facts) -> dict[str, tuple[str, Flags]]:
    """Return label and members of Everyone and of each persona that has units, in their order."""
    of_unit = np.array([unit.persona for unit in facts.units], dtype=np.int64)
    members: dict[str, tuple[str, Flags]] = {
        EVERYONE: ("Everyone", np.ones(len(facts.units), dtype=np.bool_))
    }
    for place, persona in enumerate(facts.personas):
        flags = of_unit == place
        if flags.any():
            members[persona.key] = (persona.label, flags)
    return members


def _cells_of(stages: tuple[Stage, ...], persona: str) -> dict[str, Cell]:
    return {stage.key: cell for stage in stages for cell in stage.cells if cell.persona == persona}


def cycles_of(travels: tuple[Travel, ...], *, since: float) -> dict[int, float]:
    """Return the milliseconds to the first purchase of each unit, by place, that has it in W."""
    return {
        place: way.purchases[0].began_at - way.stays[0].entered_at
        for place, way in enumerate(travels)
        if way.purchases and way.purchases[0].began_at >= since
    }


def _outcomes(facts: Facts, ground: Ground, travels: tuple[Travel, ...]) -> Outcomes:
    curtain = Curtain(facts.settings.min_group)
    last = [way.stays[-1].exit.name if way.stays else "" for way in travels]

    def count(number: int) -> int | None:
        return curtain.count(number, number)

    return Outcomes(
        lost=count(last.count("LOST")),
        churned=count(last.count("CHURNED")),
        dormant=count(int(ground.stays.dormant.sum())),
        unmapped=count(sum(unit.unmapped is not None for unit in facts.units)),
        withheld=curtain.withheld,
    )


def _onboarding(facts: Facts, ground: Ground, curtain: Curtain) -> int | None:
    """Return the units whose open stay is where the first win leads, and that are onboarded."""
    stays = ground.stays
    here = stays.unit[stays.is_open & (stays.stage == facts.roles.customer)]
    units = distinct(here[np.isin(here, facts.onboarding)])
    return curtain.count(units, units)


def _unmapped_values(facts: Facts) -> tuple[tuple[str, int | None], ...]:
    counts = Counter(unit.unmapped for unit in facts.units if unit.unmapped is not None)
    curtain = Curtain(facts.settings.min_group)
    return tuple((name, curtain.count(n, n)) for name, n in sorted(counts.items()))


__all__ = ["compute", "travel_all"]
