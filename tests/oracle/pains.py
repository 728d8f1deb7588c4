"""Judges each rule of section 7 of the journey model: pains and delights.

Every rule measures a metric on W, what it was on the window before, and names its thresholds;
`judge` is the same for all. Sides that the model leaves open follow `docs/reading-the-model.md`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

from oracle.numbers import SMALL, distinct, measured_score, quantile
from oracle.reading import DAY
from oracle.timeline import CONSIDERATION, STAGES, Stay
from oracle.touching import HOUR, Occasion, Touch, Unit

WINDOW, TRAILING = 90 * DAY, 180 * DAY
SALES = {"mail.sales", "call.out", "meet.first", "meet.follow"}


@dataclass(frozen=True)
class Threshold:
    """What a metric has to reach, or to pass when it is *strict*."""

    at: float
    strict: bool = False


@dataclass
class Measured:
    """A metric of one rule, stage and subject; *affected* counts units, given the threshold."""

    rule: str
    stage: int
    subject: str
    unit: str
    value: float
    n: int
    min_n: int
    thresholds: list[Threshold]
    before: float | None
    affected: Callable[[float], int]
    low: bool = False

    def passes(self, threshold: Threshold) -> bool:
        if self.low:
            return self.value <= threshold.at
        if threshold.strict or threshold.at == 0:
            return self.value > threshold.at
        return self.value >= threshold.at

    def intensity(self, threshold: Threshold) -> float:
        """Return how far the value lies past *threshold*, before it is clamped."""
        if threshold.at == 0:
            return 1.0
        return abs(self.value - threshold.at) / abs(threshold.at)

    def trend(self) -> float:
        if self.before is None:
            return 0.0
        if self.before == 0:
            return 1.0
        gone = self.before - self.value if self.low else self.value - self.before
        return clamp(gone / abs(self.before))


def _is_about(subject: str, occasion: Occasion) -> bool:
    return occasion.subject == subject


def clamp(value: float) -> float:
    return min(1.0, max(0.0, value))


def judge(measured: Measured, present: int) -> dict[str, Any] | None:
    """Return the pain as the export tells it, or None when it does not fire."""
    passed = [one for one in measured.thresholds if measured.passes(one)]
    if measured.n < measured.min_n or not passed:
        return None
    threshold = max(passed, key=measured.intensity)
    units = measured.affected(threshold.at)
    if units < SMALL:
        return None
    reach = clamp(units / present) if present else 0.0
    intensity, trend = clamp(measured.intensity(threshold)), measured.trend()
    return {
        "rule": measured.rule,
        "stage": STAGES[measured.stage],
        "subject": measured.subject,
        "unit": measured.unit,
        "severity": 40 * reach + 40 * intensity + 20 * trend,
        "reach": reach,
        "intensity": intensity,
        "trend": trend,
        "value": measured.value,
        "threshold": threshold.at,
        "before": measured.before,
        "n": measured.n,
        "units": units,
    }


@dataclass(frozen=True)
class Span:
    """A window of time, `[start, end)`."""

    start: float
    end: float

    def holds(self, t: float | None) -> bool:
        return t is not None and self.start <= t < self.end


class Rules:
    """All rules over the units of one journey; *patience* is P of each stage in ms."""

    def __init__(self, units: Sequence[Unit], now: int, patience: Sequence[float]) -> None:
        self.units = units
        self.now = now
        self.patience = patience
        self.w = Span(now - WINDOW, now)
        self.earlier = Span(now - 2 * WINDOW, now - WINDOW)
        self.trailing = Span(now - WINDOW - TRAILING, now - WINDOW)
        self.stays: dict[int, list[tuple[Unit, Stay]]] = {}
        for unit in units:
            for stay in unit.timeline.stays:
                self.stays.setdefault(stay.stage, []).append((unit, stay))

    def pains(self) -> list[dict[str, Any]]:
        rules = (
            self._slow_stage, self._drop_off, self._slow_hand_off, self._ticket_theme,
            self._slow_help, self._low_score, self._lost_theme, self._silence, self._no_show,
            self._list_fatigue, self._regression,
        )  # fmt: skip
        return self._fired(one for rule in rules for one in rule())

    def delights(self) -> list[dict[str, Any]]:
        return self._fired(self._scores("DL1", 1.0, low=False))

    def _fired(self, measured: Iterable[Measured]) -> list[dict[str, Any]]:
        found = [judge(one, self._present(one.stage)) for one in measured]
        return [one for one in found if one is not None]

    def _present(self, stage: int) -> int:
        return distinct(u for u, s in self._stays(stage) if s.left is None or s.left > self.w.start)

    def _stays(self, stage: int) -> list[tuple[Unit, Stay]]:
        return self.stays.get(stage, [])

    # PP1, PP2, PP3, PP11: stays ---------------------------------------------------------------

    def _slow_stage(self) -> Iterator[Measured]:
        for stage in range(len(STAGES)):
            now, before, trailing = (
                [
                    (u, (s.left - s.entered) / DAY)
                    for u, s in self._stays(stage)
                    if s.left is not None and span.holds(s.left)
                ]
                for span in (self.w, self.earlier, self.trailing)
            )
            value, usual = median(now), median(trailing, SMALL)
            if value is not None and usual is not None:
                yield Measured(
                    "PP1", stage, "", "days", value, len(now), 20,
                    [Threshold(1.5 * usual, strict=True)], median(before, SMALL),
                    longer_than(now),
                )  # fmt: skip

    def _decided(self, stage: int, span: Span) -> list[tuple[Unit, Stay]]:
        """Return the stays decided in *span*: those entered P before it."""
        p = self.patience[stage]
        return [(u, s) for u, s in self._stays(stage) if span.start - p <= s.entered < span.end - p]

    def _is_gone(self, unit: Unit, stay: Stay) -> bool:
        return stay.exit in {"lost", "churned"} or (
            stay.left is None and self._is_dormant(unit, stay, self.now)
        )

    @staticmethod
    def _is_dormant(unit: Unit, stay: Stay, at: float) -> bool:
        """Say whether a stay that is open at *at* is dormant then."""
        since = at - 180 * DAY
        return stay.entered < since and not any(since <= t.t < at for t in unit.touches)

    def _cohorts(
        self, stage: int, is_hit: Callable[[Unit, Stay], bool]
    ) -> tuple[list[tuple[Unit, Stay]], list[tuple[Unit, Stay]], float | None, float | None]:
        """Return the decided stays, those hit, and the rate on the window before and trailing."""
        decided = self._decided(stage, self.w)
        rates = []
        for span in (self.earlier, self.trailing):
            past = self._decided(stage, span)
            hits = sum(1 for u, s in past if is_hit(u, s))
            rates.append(hits / len(past) if distinct(u for u, _ in past) >= SMALL else None)
        return decided, [(u, s) for u, s in decided if is_hit(u, s)], rates[0], rates[1]

    def _drop_off(self) -> Iterator[Measured]:
        each = [self._cohorts(stage, self._is_gone) for stage in range(len(STAGES))]
        rates = {
            stage: len(gone) / len(decided)
            for stage, (decided, gone, _, _) in enumerate(each)
            if len(decided) >= 30
        }
        for stage, value in rates.items():
            decided, gone, before, trailing = each[stage]
            thresholds = [] if trailing is None else [Threshold(trailing + 0.1)]
            others = [rate for other, rate in rates.items() if other != stage]
            if others and value > max(others):
                thresholds.append(Threshold(fmean(others)))
            yield Measured(
                "PP2", stage, "", "share", value, len(decided), 30, thresholds, before,
                always(u for u, _ in gone),
            )  # fmt: skip

    def _regression(self) -> Iterator[Measured]:
        for stage in range(len(STAGES)):
            decided, back, before, _ = self._cohorts(stage, lambda _, s: s.exit == "regression")
            if decided:
                yield Measured(
                    "PP11", stage, "", "share", len(back) / len(decided), len(decided), 20,
                    [Threshold(0.1)], before, always(u for u, _ in back),
                )  # fmt: skip

    def _slow_hand_off(self) -> Iterator[Measured]:
        def waits(span: Span) -> list[tuple[Unit, float]]:
            found = []
            for unit, stay in self._stays(CONSIDERATION):
                end = self.now if stay.left is None else stay.left
                touched = [
                    t.t for t in unit.touches if t.key in SALES and stay.entered <= t.t < end
                ]
                if span.holds(stay.entered) and touched:
                    found.append((unit, (min(touched) - stay.entered) / HOUR))
            return found

        now = waits(self.w)
        value = median(now)
        if value is not None:
            yield Measured(
                "PP3", CONSIDERATION, "", "hours", value, len(now), 20,
                [Threshold(24, strict=True)], median(waits(self.earlier), SMALL),
                longer_than(now),
            )  # fmt: skip

    # PP4, PP5, PP7, PP9, PP10: occasions ------------------------------------------------------

    def _occasions(self, kind: str, stage: int, span: Span) -> list[tuple[Unit, Occasion]]:
        return [
            (u, o)
            for u in self.units
            for o in u.occasions
            if o.kind == kind and o.stage == stage and span.holds(o.t)
        ]

    def _shares(
        self, kind: str, stage: int, is_hit: Callable[[Occasion], bool]
    ) -> tuple[float, int, float | None, list[Unit]] | None:
        """Return the share of records hit, their number, the share before, and who is affected."""
        now = self._occasions(kind, stage, self.w)
        before = self._occasions(kind, stage, self.earlier)
        n = len({o.record for _, o in now})
        if not n:
            return None
        was = None
        if distinct(u for u, _ in before) >= SMALL:
            hits = len({o.record for _, o in before if is_hit(o)})
            was = hits / len({o.record for _, o in before})
        hit = [(u, o) for u, o in now if is_hit(o)]
        return len({o.record for _, o in hit}) / n, n, was, [u for u, _ in hit]

    def _themes(
        self, rule: str, kind: str, share: float, min_n: int, *, growth: bool
    ) -> Iterator[Measured]:
        subjects = {o.subject for u in self.units for o in u.occasions if o.kind == kind}
        for stage in range(len(STAGES)):
            for subject in sorted(subjects - {""}):
                found = self._shares(kind, stage, partial(_is_about, subject))
                if found is not None:
                    value, n, before, units = found
                    thresholds = [Threshold(share)]
                    if growth and before is not None:
                        thresholds.append(Threshold(1.5 * before))
                    yield Measured(
                        rule, stage, subject, "share", value, n, min_n, thresholds, before,
                        always(units),
                    )  # fmt: skip

    def _ticket_theme(self) -> Iterator[Measured]:
        yield from self._themes("PP4", "ticket", 0.2, 10, growth=True)

    def _lost_theme(self) -> Iterator[Measured]:
        yield from self._themes("PP7", "loss", 0.25, 10, growth=False)

    def _no_show(self) -> Iterator[Measured]:
        for stage in range(len(STAGES)):
            found = self._shares("meeting", stage, lambda o: o.missed)
            if found is not None:
                value, n, before, units = found
                yield Measured(
                    "PP9", stage, "", "share", value, n, 15, [Threshold(0.2)], before,
                    always(units),
                )  # fmt: skip

    def _slow_help(self) -> Iterator[Measured]:
        for stage in range(len(STAGES)):
            for kind in ("response", "close"):
                of_ticket = {o.record: (u, o) for u, o in self._occasions(kind, stage, self.w)}
                each = [o for _, o in of_ticket.values()]
                value = quantile([o.hours for o in each], 0.5)
                target = quantile([o.target for o in each], 0.5)
                earlier = self._occasions(kind, stage, self.earlier)
                hours = {o.record: o.hours for _, o in earlier}
                enough = distinct(u for u, _ in earlier) >= SMALL
                before = quantile(list(hours.values()), 0.5) if enough else None
                if value is not None and target is not None:
                    every = self._occasions(kind, stage, self.w)
                    yield Measured(
                        "PP5", stage, kind, "hours", value, len(each), 10,
                        [Threshold(target, strict=True)], before,
                        longer_than([(u, o.hours) for u, o in every]),
                    )  # fmt: skip

    def _list_fatigue(self) -> Iterator[Measured]:
        def sends(stage: int, span: Span) -> list[Unit]:
            return [
                u
                for u in self.units
                for t in u.touches
                if t.key == "mail.marketing" and t.stage == stage and span.holds(t.t)
            ]

        for stage in range(len(STAGES)):
            now, earlier = sends(stage, self.w), sends(stage, self.earlier)
            complaints = self._occasions("complaint", stage, self.w)
            old = self._occasions("complaint", stage, self.earlier)
            if not now:
                continue
            enough = distinct(earlier) >= SMALL
            before = len({o.record for _, o in old}) / len(earlier) if enough else None
            yield Measured(
                "PP10", stage, "", "share",
                len({o.record for _, o in complaints}) / len(now), len(now), 200,
                [Threshold(0.01)] + ([] if before is None else [Threshold(2 * before)]), before,
                always(u for u, _ in complaints),
            )  # fmt: skip

    # PP6, DL1: emotion ------------------------------------------------------------------------

    def _low_score(self) -> Iterator[Measured]:
        yield from self._scores("PP6", -0.5, low=True)

    def _scores(self, rule: str, at: float, *, low: bool) -> Iterator[Measured]:
        pairs = {
            (s.stage, s.key)
            for u in self.units
            for s in u.signals
            if s.stage is not None and s.kind == "measured"
        }
        for stage, key in sorted(pairs):
            signals = [
                (u, s) for u in self.units for s in u.signals if s.stage == stage and s.key == key
            ]
            now = measured_score(self.now, signals)
            start = self.now - WINDOW
            before = measured_score(start, [(u, s) for u, s in signals if s.t < start])
            if now is None:
                continue
            hit = [
                u
                for u, s in signals
                if s.kind == "measured"
                and self.now - s.t <= 365 * DAY
                and (s.score <= at if low else s.score >= at)
            ]
            yield Measured(
                rule, stage, key, "score", now["score"], now["n"], 5, [Threshold(at)],
                None if before is None else before["score"], always(hit), low,
            )  # fmt: skip

    # PP8: silence -----------------------------------------------------------------------------

    def _silence(self) -> Iterator[Measured]:
        for stage in range(len(STAGES)):
            now = self._silent(stage, self.now)
            before = self._silent(stage, self.now - WINDOW)
            if now is not None:
                silent, present = now
                was = None
                if before is not None and before[1] >= SMALL:
                    was = len(before[0]) / before[1]
                yield Measured(
                    "PP8", stage, "", "share", len(silent) / present, present, 20,
                    [Threshold(0.2)], was, always(silent),
                )  # fmt: skip

    def _silent(self, stage: int, at: float) -> tuple[list[Unit], int] | None:
        """Return who was silent among how many in the stage at *at*, None without a median gap."""
        gaps: list[tuple[Unit, float]] = []
        here: list[tuple[Unit, float]] = []
        for unit, stay in self._stays(stage):
            left = math.inf if stay.left is None else stay.left
            times = sorted(t.t for t in unit.touches if is_touch_of(t, stay))
            for first, second in itertools.pairwise(times):
                if at - WINDOW <= second < at:
                    gaps.append((unit, second - first))
            is_open = stay.entered < at <= left
            if is_open and not self._is_dormant(unit, stay, at):
                last = max([stay.entered, *(t.t for t in unit.touches if t.t < at)])
                here.append((unit, at - last))
        gap = median(gaps, SMALL)
        if not gap or not here:
            return None
        return [u for u, silence in here if silence > 2 * gap], len(here)


def is_touch_of(touch: Touch, stay: Stay) -> bool:
    """Say whether a touch falls in a stay; a loss belongs to the stay that it ends."""
    left = math.inf if stay.left is None else stay.left
    if touch.key == "sales.lost":
        return stay.entered < touch.t <= left
    return stay.entered <= touch.t < left


def median(each: Sequence[tuple[Unit, float]], enough: int = 0) -> float | None:
    """Return the median, None of nothing or of fewer than *enough* units."""
    if distinct(u for u, _ in each) < enough:
        return None
    return quantile([value for _, value in each], 0.5)


def longer_than(each: Sequence[tuple[Unit, float]]) -> Callable[[float], int]:
    return lambda threshold: distinct(u for u, value in each if value > threshold)


def always(units: Iterable[Unit]) -> Callable[[float], int]:
    count = distinct(units)
    return lambda _: count
