"""An independent, naive recomputation of the journey map, written from the journey model alone.

The product is compared with it (`test_oracle_agrees.py`). It shares no code with the product: one
reads this page by page next to the model. The way in is `oracle_export`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cjm_sync_sandbox.portal import Portal
from oracle.belonging import OBJECT_OF
from oracle.moments import Moment, moments_of
from oracle.numbers import SMALL, Shown, distinct, emotion, quantile, wilson
from oracle.opportunities import home_amount, opportunities
from oracle.pains import Rules
from oracle.reading import DAY, Row, World, text_of, to_ms
from oracle.tables import CHANNELS, SCALES
from oracle.timeline import LOYALTY, SERVICE, STAGES, Deal, DealState, Stay
from oracle.touching import Unit, read_unit

CUSTOMERS: Mapping[str, Any] = {"key": "customers", "name": "Customer journey", "where": {}}
WINDOW = 90 * DAY
PERSONA_LABELS = {
    "everyone": "Everyone",
    "decision_maker": "Decision maker",
    "champion": "Champion",
    "user": "User",
    "unassigned": "Unassigned",
}
LABELS = ("Awareness", "Consideration", "Purchase", "Service", "Loyalty")


def persona_of(contact: Row) -> str:
    given = text_of(contact, "hs_persona")
    if given:
        return f"hs_persona_{given}" if given in PERSONA_LABELS else given
    roles = set(text_of(contact, "hs_buying_role").split(";"))
    seniority = text_of(contact, "hs_seniority").lower()
    if roles & {"DECISION_MAKER", "BUDGET_HOLDER", "EXECUTIVE_SPONSOR"} or seniority in {
        "director", "vp", "executive", "owner", "partner",
    }:  # fmt: skip
        return "decision_maker"
    if roles & {"CHAMPION", "INFLUENCER"}:
        return "champion"
    return "user" if "END_USER" in roles else "unassigned"


def persona_of_unit(unit: Unit) -> str:
    """Return the persona of the contact of lowest id that has one."""
    each = [persona_of(contact) for contact in unit.cast]
    return next((one for one in each if one != "unassigned"), "unassigned")


class Oracle:
    """The map of one journey at T."""

    def __init__(self, portal: Portal, as_of: datetime, journey: Mapping[str, Any]) -> None:
        now = to_ms(as_of.astimezone(UTC).isoformat())
        assert now is not None
        self.now = now
        self.start = now - WINDOW
        self.world = World(portal, now)
        self.journey = journey
        where = journey.get("where") or {}
        after = to_ms(where.get("created_after"))
        kind = OBJECT_OF[journey.get("unit", "contact")]
        pipelines = where.get("pipeline")
        self.units = [
            read_unit(self.world, kind, row, pipelines=pipelines)
            for row in self.world.rows.get(kind, {}).values()
            if (created := self.world.created(row)) is not None
            and created < now
            and (after is None or created >= after)
            and (kind != "deals" or pipelines is None or text_of(row, "pipeline") in pipelines)
        ]
        self.allowed_days = [self._allowed(stage) for stage in range(len(STAGES))]
        self.moments: dict[tuple[int, str], Moment] = {
            (one.stage, one.key): one for one in moments_of(self.units, self.now, self.allowed_days)
        }

    def _allowed(self, stage: int) -> float:
        """Return P, the P90 of all completed stays of the stage, in milliseconds."""
        lengths = [
            stay.left - stay.entered
            for unit in self.units
            for stay in unit.timeline.stays
            if stay.stage == stage and stay.left is not None
        ]
        p90 = quantile(lengths, 0.9)
        return p90 if p90 is not None and len(lengths) >= SMALL else 90 * DAY

    def in_window(self, t: int | None) -> bool:
        return t is not None and self.start <= t < self.now

    def amount(self, deal: Deal) -> float | None:
        return home_amount(self.world, deal)

    def is_dormant(self, unit: Unit, stay: Stay) -> bool:
        since = self.now - 180 * DAY
        touched = any(since <= touch.t < self.now for touch in unit.touches)
        return stay.left is None and not touched and stay.entered < since

    # Cells -----------------------------------------------------------------------------------

    def cell(self, stage: int, persona: str, units: list[Unit]) -> dict[str, Any]:
        shown = Shown()
        shown.out["persona"] = persona
        stays = [(u, s) for u in units for s in u.timeline.stays if s.stage == stage]
        still_open = [(u, s) for u, s in stays if s.left is None]
        dormant = [(u, s) for u, s in still_open if self.is_dormant(u, s)]
        awake = [(u, s) for u, s in still_open if not self.is_dormant(u, s)]
        entered = [(u, s) for u, s in stays if self.in_window(s.entered)]
        overlap = distinct(u for u, s in stays if s.left is None or s.left > self.start)
        shown.count("in_stage", len(awake), distinct(u for u, _ in awake))
        shown.count("dormant", len(dormant), distinct(u for u, _ in dormant))
        shown.count("entered", len(entered), distinct(u for u, _ in entered))
        shown.count("units", overlap, overlap)
        self._rates(shown, stage, units, stays, entered)
        self._times(shown, stays, awake)
        touches = sum(
            1 for u in units for t in u.touches if t.stage == stage and self.in_window(t.t)
        )
        shown.put("touches_per_unit", touches / overlap if overlap else None, overlap)
        shown.out["emotion"] = emotion(self.now, [
            (u, s) for u in units for s in u.signals if s.stage == stage
        ])  # fmt: skip
        self._surveys(shown, stage, units)
        self._amounts(shown, stage, units)
        return shown.done()

    def _rates(
        self,
        shown: Shown,
        stage: int,
        units: list[Unit],
        stays: list[tuple[Unit, Stay]],
        entered: list[tuple[Unit, Stay]],
    ) -> None:
        until = self.now - self.allowed_days[stage]
        decided = [(u, s) for u, s in stays if until - WINDOW <= s.entered < until]
        n = len(decided)
        base = distinct(u for u, _ in decided)
        shown.count("decided", n, base)
        forward = sum(1 for _, s in decided if s.exit == "forward")
        low, high = wilson(forward, n) if n else (None, None)
        if stage == LOYALTY:
            shown.out |= {"conversion": None, "conversion_low": None, "conversion_high": None}
        else:
            shown.put("conversion", forward / n if n else None, base)
            shown.put("conversion_low", low, base)
            shown.put("conversion_high", high, base)
        gone = sum(1 for u, s in decided if s.exit in {"lost", "churned"} or self.is_dormant(u, s))
        back = sum(1 for _, s in decided if s.exit == "regression")
        shown.put("drop_off", gone / n if n else None, base)
        shown.put("regression", back / n if n else None, base)
        skipped = [
            u
            for u in units
            for passed, t in u.timeline.skipped
            if passed == stage and self.in_window(t)
        ]
        times = len(skipped) + len(entered)
        shown.put(
            "skip_rate",
            len(skipped) / times if times else None,
            distinct([*skipped, *(u for u, _ in entered)]),
        )

    def _times(
        self, shown: Shown, stays: list[tuple[Unit, Stay]], awake: list[tuple[Unit, Stay]]
    ) -> None:
        left = [(u, s) for u, s in stays if self.in_window(s.left)]
        lengths = [(s.left - s.entered) / DAY for _, s in left if s.left is not None]
        base = distinct(u for u, _ in left)
        shown.count("completed", len(left), base)
        shown.put("median_days", quantile(lengths, 0.5), base)
        shown.put("p90_days", quantile(lengths, 0.9), base)
        ages = [(self.now - s.entered) / DAY for _, s in awake]
        shown.put("open_median_days", quantile(ages, 0.5), distinct(u for u, _ in awake))

    def _surveys(self, shown: Shown, stage: int, units: list[Unit]) -> None:
        for survey in ("NPS", "CSAT", "CES"):
            given = [
                (u, a.value)
                for u in units
                for a in u.answers
                if a.survey == survey and a.stage == stage and self.in_window(a.t)
            ]
            values = [value for _, value in given]
            n = len(values)
            base = distinct(u for u, _ in given)
            result = None
            if n and survey == "NPS":
                promoters = sum(1 for value in values if value >= 9)
                detractors = sum(1 for value in values if value <= 6)
                result = 100 * (promoters / n - detractors / n)
            elif n and survey == "CSAT":
                low, high = SCALES["CSAT"]
                positive = sum(1 for value in values if value >= low + 0.75 * (high - low))
                result = positive / n
            elif n:
                result = math.fsum(values) / n
            shown.put(survey.lower(), result, base)
            shown.count(f"{survey.lower()}_n", n, base)

    def _amounts(self, shown: Shown, stage: int, units: list[Unit]) -> None:
        open_deals: list[tuple[Unit, Deal]] = []
        won_deals: list[tuple[Unit, Deal]] = []
        for unit in units:
            last = unit.timeline.stays[-1] if unit.timeline.stays else None
            here = last is not None and last.left is None and last.stage == stage
            for deal in unit.deals:
                state = deal.at_the_end()
                if self.amount(deal) is None or state is None:
                    continue
                if state.kind == "open" and here:
                    open_deals.append((unit, deal))
                won = state.kind == "won" and self.in_window(state.t)
                if won and unit.timeline.stage_at(state.t) == stage:
                    won_deals.append((unit, deal))
        for name, deals in (("open_amount", open_deals), ("won_amount", won_deals)):
            each = {deal.id: self.amount(deal) or 0.0 for _, deal in deals}
            shown.count(name, math.fsum(each.values()), distinct(u for u, _ in deals))

    # Touchpoints -----------------------------------------------------------------------------

    def touchpoints(self) -> list[dict[str, Any]]:
        rows = []
        for stage, key in sorted(
            {
                (t.stage, t.key)
                for u in self.units
                for t in u.touches
                if t.stage is not None and self.in_window(t.t)
            }
            | self.moments.keys()
        ):
            touched = [
                u
                for u in self.units
                for t in u.touches
                if t.stage == stage and t.key == key and self.in_window(t.t)
            ]
            base = distinct(touched)
            overlap = distinct(
                u
                for u in self.units
                for s in u.timeline.stays
                if s.stage == stage and (s.left is None or s.left > self.start)
            )
            shown = Shown()
            shown.out |= {"key": key, "stage": STAGES[stage]}
            shown.out["channel"] = CHANNELS.get(key, CHANNELS.get(key.split(".")[0]))
            shown.count("touches", len(touched), base)
            shown.count("units", base, base)
            shown.put("reach", base / overlap if overlap else None, base)
            shown.out["emotion"] = emotion(self.now, [
                (u, s) for u in self.units for s in u.signals if s.stage == stage and s.key == key
            ])  # fmt: skip
            moment = self.moments.get((stage, key))
            shown.out["moment_of_truth"] = moment and moment.export()
            rows.append(shown.done())
        return rows

    # Personas --------------------------------------------------------------------------------

    def groups(self) -> dict[str, list[Unit]]:
        found: dict[str, list[Unit]] = {"everyone": list(self.units)}
        for unit in self.units:
            found.setdefault(persona_of_unit(unit), []).append(unit)
        return found

    def persona(self, key: str, units: list[Unit]) -> dict[str, Any]:
        shown = Shown()
        shown.out |= {"key": key, "label": PERSONA_LABELS.get(key, key)}
        everyone = len(self.units)
        shown.count("units", len(units), len(units))
        shown.put("share", len(units) / everyone if everyone else None, everyone)
        closed: list[tuple[Unit, Deal, DealState]] = []
        for unit in units:
            for deal in unit.deals:
                state = deal.at_the_end()
                if state is not None and state.kind != "open" and self.in_window(state.t):
                    closed.append((unit, deal, state))
        won = [(u, d) for u, d, state in closed if state.kind == "won"]
        all_closed = len({d.id for _, d, _ in closed})
        all_won = len({d.id for _, d in won})
        shown.put(
            "win_rate",
            all_won / all_closed if all_closed else None,
            distinct(u for u, _, _ in closed),
        )
        priced = [(u, d) for u, d in won if self.amount(d) is not None]
        amounts = {d.id: self.amount(d) or 0.0 for _, d in priced}
        shown.put(
            "average_order_value",
            math.fsum(amounts.values()) / len(amounts) if amounts else None,
            distinct(u for u, _ in priced),
        )
        ever = [sum(1 for d in u.deals if any(s.kind == "won" for s in d.states)) for u in units]
        buyers = sum(1 for n in ever if n >= 1)
        shown.put(
            "repeat_rate", sum(1 for n in ever if n >= 2) / buyers if buyers else None, buyers
        )
        cycles = [
            (u.timeline.purchases[0][0] - u.timeline.stays[0].entered) / DAY
            for u in units
            if u.timeline.purchases and self.in_window(u.timeline.purchases[0][0])
        ]
        shown.put("cycle_days", quantile(cycles, 0.5), len(cycles))
        return shown.done()

    # The whole -------------------------------------------------------------------------------

    def outcomes(self) -> dict[str, Any]:
        shown = Shown()
        last = [(u, u.timeline.stays[-1]) for u in self.units if u.timeline.stays]
        for outcome in ("lost", "churned"):
            n = sum(1 for _, stay in last if stay.exit == outcome)
            shown.count(outcome, n, n)
        dormant = sum(1 for unit, stay in last if self.is_dormant(unit, stay))
        shown.count("dormant", dormant, dormant)
        unmapped = sum(1 for unit in self.units if unit.lifecycle_unmapped)
        shown.count("unmapped", unmapped, unmapped)
        return shown.done()

    def export(self) -> dict[str, Any]:
        groups = self.groups()
        shown = Shown()
        shown.out |= {"key": self.journey["key"], "name": self.journey["name"]}
        shown.out["unit"] = self.journey.get("unit", "contact")
        shown.count("units", len(self.units), len(self.units))
        shown.out["stages"] = [
            {
                "key": key,
                "label": LABELS[stage],
                "order": stage + 1,
                "cells": [self.cell(stage, persona, units) for persona, units in groups.items()],
            }
            for stage, key in enumerate(STAGES)
        ]
        shown.out["touchpoints"] = self.touchpoints()
        shown.out["personas"] = [self.persona(key, units) for key, units in groups.items()]
        shown.out["outcomes"] = self.outcomes()
        rules = Rules(self.units, self.now, self.allowed_days)
        pains = rules.pains()
        shown.out["pains"] = pains
        shown.out["delights"] = rules.delights()
        shown.out["opportunities"] = opportunities(pains, self.world, self.units, self.start)
        onboarding = [
            u
            for u in self.units
            if u.is_onboarding and u.timeline.stays and is_open_in(u.timeline.stays[-1], SERVICE)
        ]
        shown.count("onboarding", len(onboarding), len(onboarding))
        moment = datetime.fromtimestamp(self.now // 1000, UTC)
        written = f"{moment:%Y-%m-%dT%H:%M:%S}.{self.now % 1000:03d}Z"
        return {"schema": 1, "as_of": written, "journeys": [shown.done()]}


def is_open_in(stay: Stay, stage: int) -> bool:
    return stay.left is None and stay.stage == stage


def oracle_export(
    portal: Portal, *, as_of: datetime, journey: Mapping[str, Any] = CUSTOMERS
) -> dict[str, Any]:
    """Return what `cjm-sync export --format json` should print for this portal."""
    return Oracle(portal, as_of, journey).export()
