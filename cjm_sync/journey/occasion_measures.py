"""What is measured of occasions: PP4 and PP5 tickets, PP7 losses, PP9 meetings, PP10 lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cjm_sync.journey.facts import Facts, Flags, OccasionKind
from cjm_sync.journey.grounds import Bar, Measure
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.spans import Span, Value, median, present, shown, spans
from cjm_sync.journey.withhold import distinct


def occasion_measures(facts: Facts, ground: Ground) -> Iterator[Measure]:
    """Yield the measures of all stages, of Everyone."""
    for place, stage in enumerate(facts.stages):
        look = _Look(facts, ground, place, stage.key, present(ground, place, len(facts.units)))
        yield from look.themes(OccasionKind.TICKET)
        yield from look.help(OccasionKind.ANSWERED)
        yield from look.help(OccasionKind.CLOSED)
        yield from look.themes(OccasionKind.LOSS)
        yield from look.meetings()
        yield from look.lists()


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One stage under the glass."""

    facts: Facts
    ground: Ground
    place: int
    stage: str
    around: int

    def _rows(self, kind: OccasionKind, span: Span) -> Flags:
        occasions = self.facts.occasions
        here = (occasions.kind == kind) & (self.ground.placed.occasion_stage == self.place)
        flags: Flags = here & span.holds(occasions.at)
        return flags

    def _share(self, rows: Flags, part: Flags) -> Value | None:
        """Return how many of the records of *rows* are in *part*."""
        occasions = self.facts.occasions
        n = distinct(occasions.record[rows])
        if not n:
            return None
        picked = distinct(occasions.record[rows & part])
        return Value(picked / n, n, distinct(occasions.unit[rows]))

    def _grown(self, before: float | None, growth: float) -> tuple[Bar, ...]:
        if before is None:
            return ()
        # From nothing, anything has grown.
        return (Bar(before * (1 + growth), is_strict=before == 0),)

    def themes(self, kind: OccasionKind) -> Iterator[Measure]:
        """Yield a measure per category of tickets, or per group of lost reasons, met in W."""
        rules, occasions = self.ground.settings.pains, self.facts.occasions
        window, earlier, _ = spans(self.ground)
        rows, then = self._rows(kind, window), self._rows(kind, earlier)
        is_ticket = kind is OccasionKind.TICKET
        for subject in np.unique(occasions.subject[rows]).tolist():
            if subject < 0:
                continue
            part = occasions.subject == subject
            now = self._share(rows, part)
            if now is None:
                continue
            before = shown(self._share(then, part), self.ground.settings.min_group)
            name = self.facts.subjects[subject]
            if is_ticket:
                bars = (
                    Bar(rules.ticket_theme_share),
                    *self._grown(before, rules.ticket_theme_growth),
                )
            else:
                bars = (Bar(rules.lost_theme_share),)
            yield Measure(
                rule="PP4" if is_ticket else "PP7",
                stage=self.stage,
                subject=name.key,
                label=name.label,
                unit="share",
                value=now.value,
                n=now.n,
                base=now.base,
                min_n=rules.ticket_theme_min_n if is_ticket else rules.lost_theme_min_n,
                bars=bars,
                before=before,
                present=self.around,
                hit=distinct(occasions.unit[rows & part]),
            )

    def help(self, kind: OccasionKind) -> Iterator[Measure]:
        """Yield the measure of first answers, or of the time to close."""
        rules, occasions = self.ground.settings.pains, self.facts.occasions
        window, earlier, _ = spans(self.ground)

        def once(rows: Flags) -> Flags:
            """Return *rows* with each record's first only: a ticket counts once."""
            kept = np.zeros_like(rows)
            places = np.flatnonzero(rows)
            _, first = np.unique(occasions.record[places], return_index=True)
            kept[places[first]] = True
            return kept

        def took(span: Span) -> Value | None:
            rows = self._rows(kind, span)
            own = once(rows)
            found = median(occasions.value[own], occasions.unit[own])
            if found is None:
                return None
            return Value(found.value, found.n, distinct(occasions.unit[rows]))

        rows, now = self._rows(kind, window), took(window)
        if now is None:
            return
        is_close = kind is OccasionKind.CLOSED
        target = float(np.median(occasions.target[once(rows)]))
        yield Measure(
            rule="PP5",
            stage=self.stage,
            subject="close" if is_close else "response",
            label="time to close" if is_close else "first response",
            unit="hours",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.slow_help_min_n,
            bars=(Bar(target, is_strict=True),),
            before=shown(took(earlier), self.ground.settings.min_group),
            present=self.around,
            values=occasions.value[rows],
            of_unit=occasions.unit[rows],
            target="instead" if is_close else "ignored",
        )

    def meetings(self) -> Iterator[Measure]:
        """Yield the measure of meetings that were cancelled or missed."""
        rules, occasions = self.ground.settings.pains, self.facts.occasions
        window, earlier, _ = spans(self.ground)
        rows, missed = self._rows(OccasionKind.MEETING, window), occasions.value > 0
        now = self._share(rows, missed)
        if now is None:
            return
        then = self._share(self._rows(OccasionKind.MEETING, earlier), missed)
        yield Measure(
            rule="PP9",
            stage=self.stage,
            subject="",
            label="",
            unit="share",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.no_show_min_n,
            bars=(Bar(rules.no_show_share),),
            before=shown(then, self.ground.settings.min_group),
            present=self.around,
            hit=distinct(occasions.unit[rows & missed]),
        )

    def lists(self) -> Iterator[Measure]:
        """Yield the measure of unsubscribes and spam reports against sends."""
        rules, trail = self.ground.settings.pains, self.ground.trail
        window, earlier, _ = spans(self.ground)
        keys = rules.list_fatigue_touchpoints
        sent = [place for place, one in enumerate(self.facts.touchpoints) if one.key in keys]
        recent = trail.at >= earlier.since  # the rest of a million touches is not looked at again
        sends = recent & np.isin(trail.touchpoint, sent)
        sends &= self.ground.stays.stage_of(trail.stay) == self.place

        def rate(span: Span) -> Value | None:
            rows = sends & span.holds(trail.at)
            n = int(rows.sum())
            if not n:
                return None
            reports = self._rows(OccasionKind.COMPLAINT, span)
            complaints = distinct(self.facts.occasions.record[reports])
            return Value(complaints / n, n, distinct(trail.unit[rows]))

        now = rate(window)
        if now is None:
            return
        before = shown(rate(earlier), self.ground.settings.min_group)
        rows = self._rows(OccasionKind.COMPLAINT, window)
        yield Measure(
            rule="PP10",
            stage=self.stage,
            subject="",
            label="",
            unit="share",
            value=now.value,
            n=now.n,
            base=now.base,
            min_n=rules.list_fatigue_min_n,
            bars=(
                Bar(rules.list_fatigue_share),
                *self._grown(before, rules.list_fatigue_growth),
            ),
            before=before,
            present=self.around,
            hit=distinct(self.facts.occasions.unit[rows]),
        )
