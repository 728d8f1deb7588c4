"""Opportunities, coverage, people's cells laid over the map, and change against earlier days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cjm_sync.journey.change import (
    METRICS,
    a_day_before,
    a_month_before,
    changes,
    faded,
    nearest,
    snapshot_from,
    snapshot_json,
    snapshot_of,
)
from cjm_sync.journey.compute import compute
from cjm_sync.journey.coverage import with_people
from cjm_sync.journey.grounds import History, PastPain, Snapshot
from cjm_sync.journey.opportunities import opportunities
from cjm_sync.journey.overlay import overlay
from cjm_sync.journey.thresholds import CoverageRules
from cjm_sync.journey.types import (
    Coverage,
    Gap,
    Journey,
    JourneyMap,
    JourneyPeople,
    OpportunityPeople,
    Pain,
)
from cjm_sync.model import Record
from crm_records import T, activity, cell, contact, deal, facts_of, journey_of, row, survey, ticket

TODAY = date(2026, 7, 1)


def pain(subject: str = "", severity: float = 60.0, stage: str = "service") -> Pain:
    return Pain(
        "PP4", stage, subject, f"Theme {subject}", "share", severity, 0.5, 0.5, 0.5, 0.3, 0.2,
        None, 10, 10,
    )  # fmt: skip


def past(subject: str = "", stage: str = "service") -> PastPain:
    return PastPain("PP4", stage, subject, f"Old {subject}", T - timedelta(9), T - timedelta(2))


def gaps(journey: Journey, kind: str) -> list[Gap]:
    assert journey.coverage is not None
    return [gap for gap in journey.coverage.gaps if gap.kind == kind]


# Opportunities


def test_value_is_half_customer_and_half_business_and_effort_three_unless_set() -> None:
    (found,) = opportunities([pain(severity=60)], (), {"service": 40.0}, {})

    assert (found.customer_value, found.business_value, found.value) == (60, 40, 50)
    assert (found.effort, found.is_effort_set) == (3, False)
    assert found.priority == pytest.approx(50 * 3 / 5)
    assert (found.state, found.label) == ("active", "Theme ")


@pytest.mark.parametrize(("effort", "priority"), [(0.0, 60.0), (1.0, 50.0), (5.0, 10.0)])
def test_effort_of_a_person_weighs_the_value(effort: float, priority: float) -> None:
    people = {("PP4", "service", ""): OpportunityPeople(effort=effort)}
    (found,) = opportunities([pain(severity=60)], (), {"service": 40.0}, people)

    assert found.is_effort_set
    assert found.priority == pytest.approx(priority)


def test_a_pain_that_no_longer_fires_keeps_its_opportunity_as_resolved() -> None:
    found = opportunities([pain("a")], [past("a"), past("b")], {"service": 0.0}, {})

    assert [(one.subject, one.state, one.label) for one in found] == [
        ("a", "active", "Theme a"),
        ("b", "resolved", "Old b"),
    ]
    assert found[1].customer_value == 0.0


def test_a_pain_of_a_stage_that_the_journey_lost_invites_nothing() -> None:
    assert opportunities([], [past(stage="gone")], {"service": 0.0}, {}) == ()


def test_a_withheld_amount_leaves_the_customers_value_alone() -> None:
    (found,) = opportunities([pain(severity=60)], (), {"service": None}, {})

    assert (found.business_value, found.value) == (None, 60)


def business(*records: Record) -> dict[str, float | None]:
    grounds = journey_of(*records, shown_from=1).grounds
    assert grounds is not None
    return dict(grounds.business)


def test_business_value_ranks_open_and_lost_amounts_and_ties_share_the_mean() -> None:
    found = business(
        *(contact(id_, created=90) for id_ in "1234"),
        deal(("low", 20), to=["1"], amount="300"),
        deal(("high", 20), to=["2"], amount="100"),
        deal(("high", 30), ("lost", 20), to=["3"], amount="200"),
        deal(("low", 130), ("lost", 100), to=["4"], amount="999"),
    )

    assert found == {
        "awareness": 25.0,
        "consideration": 87.5,
        "purchase": 87.5,
        "service": 25.0,
        "loyalty": 25.0,
    }


def test_a_stage_with_amounts_of_four_units_takes_no_part_in_the_ranks() -> None:
    records: list[Record] = []
    for id_ in "1234":
        records += [contact(id_, created=90), deal(("low", 20), to=[id_], amount="300")]
    grounds = journey_of(*records, shown_from=5).grounds

    assert grounds is not None
    assert grounds.business["consideration"] is None
    assert grounds.business["purchase"] == 50.0


# Coverage


def test_stages_and_touchpoints_without_a_touch_in_the_window_are_named() -> None:
    journey = journey_of(contact("1", created=50), activity("notes", 5), activity("notes", 95))

    assert [gap.subject for gap in gaps(journey, "stage_without_touchpoints")] == [
        "consideration",
        "purchase",
        "service",
        "loyalty",
    ]
    silent = {gap.subject for gap in gaps(journey, "touchpoint_without_data")}
    assert "note" not in silent
    assert {"call.out", "svc.ticket"} < silent
    assert not any(subject.startswith("other.") for subject in silent)


def test_units_without_stage_or_persona_and_values_without_a_rule_are_counted() -> None:
    journey = journey_of(
        *(contact(str(n), ("other", 50), created=60) for n in range(1, 7)),
        contact("7", created=60, hs_buying_role="CHAMPION"),
        *(activity("calls", 5, to=[str(n)], hs_call_direction="SIDEWAYS") for n in range(1, 6)),
        shown_from=5,
    )

    assert [gap.count for gap in gaps(journey, "units_without_stage")] == [6]
    (loose,) = gaps(journey, "units_without_persona")
    assert loose.count == 6
    assert loose.share == pytest.approx(6 / 7)
    assert gaps(journey, "unassigned_over") != []
    assert [(gap.subject, gap.count) for gap in gaps(journey, "uncovered_value")] == [
        ("other.calls", 5),
        ("lifecycle/other", 6),
    ]
    assert [gap.subject for gap in gaps(journey, "small_segment")] == ["champion"]


@pytest.mark.parametrize(("loose", "warns"), [(2, False), (3, True)])
def test_more_than_a_fifth_unassigned_is_a_warning(loose: int, *, warns: bool) -> None:
    roles = [""] * loose + ["CHAMPION"] * (10 - loose)
    people = [contact(str(n), created=60, hs_buying_role=r) for n, r in enumerate(roles, 1)]
    journey = journey_of(*people)

    assert bool(gaps(journey, "unassigned_over")) is warns
    assert journey.coverage is not None
    assert journey.coverage.unassigned_share == loose / 10


@pytest.mark.parametrize(
    ("mix", "drifted"),
    [
        ({"champion": 0.45, "user": 0.4}, ["champion"]),
        ({"champion": 0.52, "user": 0.48}, []),
        ({"champion": 0.6, "user": 0.4}, []),
        ({"champion": 0.52, "user": 0.33, "gone": 0.15}, ["gone"]),
    ],
)
def test_a_mix_that_moved_by_more_than_ten_points_is_drift(
    mix: dict[str, float], drifted: list[str]
) -> None:
    people = [
        contact(str(n), created=60, hs_buying_role="CHAMPION" if n < 7 else "END_USER")
        for n in range(1, 11)
    ]
    review = Snapshot(TODAY, T, {}, mix, {})
    journey = compute(facts_of(*people), as_of=T, history=History(review=review))

    found = gaps(journey, "drift")
    assert [gap.subject for gap in found] == drifted
    for gap in found:
        assert gap.share == pytest.approx(0.15)


def test_a_conversion_outside_its_interval_at_the_review_has_moved() -> None:
    people = [
        contact(str(n), ("lead", 50), ("marketingqualifiedlead", 40), created=50)
        for n in range(1, 9)
    ]
    facts = facts_of(*people)
    around = Snapshot(TODAY, T, {}, {}, {"awareness": (0.6, 1.0)})
    below = Snapshot(TODAY, T, {}, {}, {"awareness": (0.2, 0.9)})

    def moved(review: Snapshot) -> list[str]:
        journey = compute(facts, as_of=T, history=History(review=review))
        return [gap.subject for gap in gaps(journey, "metric_moved")]

    assert moved(around) == []
    assert moved(below) == ["awareness"]


@pytest.mark.parametrize(
    ("reviewed", "moved", "kinds"),
    [
        (None, False, ["never_reviewed"]),
        (TODAY - timedelta(364), False, []),
        (TODAY - timedelta(365), False, ["review_due"]),
        (TODAY - timedelta(5), True, ["review_due"]),
    ],
)
def test_a_review_is_due_after_a_year_or_when_a_metric_moved(
    reviewed: date | None, kinds: list[str], *, moved: bool
) -> None:
    coverage = Coverage((Gap("metric_moved", "service", "Service"),) if moved else ())
    people = JourneyPeople(reviewed_on=reviewed)
    found = with_people(coverage, (), people, today=TODAY, rules=CoverageRules())

    assert [gap.kind for gap in found.gaps if gap.kind != "metric_moved"] == kinds


def test_active_opportunities_without_owner_or_action_are_named() -> None:
    chances = opportunities([pain("a"), pain("b")], [past("c")], {"service": 0.0}, {})
    people = JourneyPeople(
        opportunities={("PP4", "service", "a"): OpportunityPeople(has_owner=True)},
        reviewed_on=TODAY,
    )
    found = with_people(Coverage(()), chances, people, today=TODAY, rules=CoverageRules())

    assert [(gap.kind, gap.subject) for gap in found.gaps] == [
        ("opportunity_without_owner", "PP4/service/b"),
        ("opportunity_without_action", "PP4/service/a"),
        ("opportunity_without_action", "PP4/service/b"),
    ]


# What people put into their cells


def surveyed() -> Journey:
    records: list[Record] = []
    for n in range(1, 21):
        id_ = str(n)
        steps = [("lead", 50.0), ("marketingqualifiedlead", 30.0)]
        records += [contact(id_, *steps, created=50), survey("CSAT", "2", 40, to=[id_])]
        records.append(ticket(45, to=[id_], closed_date=None))
    return journey_of(*records, shown_from=5)


def laid(journey: Journey, **people: Any) -> Journey:
    over = overlay(JourneyMap(T, (journey,)), {journey.key: JourneyPeople(**people)})
    return over.journeys[0]


def test_without_people_the_map_is_equal() -> None:
    before = JourneyMap(T, (surveyed(),))

    assert overlay(before, {}) == before
    assert overlay(before, {"another": JourneyPeople(target_days={"service": 1})}) == before


def test_an_emotion_of_a_persons_own_wins_on_everyones_row_and_the_computed_one_stays() -> None:
    journey = surveyed()
    over = laid(
        journey,
        stage_emotion={"awareness": -1.0},
        touchpoint_emotion={("awareness", "voc.csat"): 0.5},
    )
    felt, was = cell(over, "awareness").emotion, cell(journey, "awareness").emotion

    assert was.score is not None
    assert (felt.score, felt.shown) == (was.score, -1.0)
    assert felt.gap == pytest.approx(-1.0 - was.score)
    assert cell(over, "awareness", "unassigned").emotion.override is None
    answer = row(over, "voc.csat", "awareness")
    assert answer is not None
    assert answer.emotion.shown == 0.5


def test_target_days_of_a_person_judge_the_slow_stage_anew() -> None:
    journey = surveyed()

    assert journey.pains == ()
    over = laid(journey, target_days={"awareness": 10.0})
    assert over.pains is not None
    assert [(one.rule, one.stage, one.threshold) for one in over.pains] == [
        ("PP1", "awareness", 10.0)
    ]
    assert over.opportunities is not None
    assert [one.identity for one in over.opportunities] == [("PP1", "awareness", "")]
    assert laid(journey, target_days={"awareness": 25.0}).pains == ()


def test_laying_people_over_leaves_the_delights_as_they_are() -> None:
    journey = surveyed()

    assert journey.delights
    assert laid(journey, target_days={"awareness": 10.0}).delights == journey.delights


def test_effort_of_a_person_moves_the_priority() -> None:
    grounds = surveyed().grounds
    assert grounds is not None
    journey = replace(surveyed(), pains=(pain(),), grounds=replace(grounds, ever=(past("old"),)))
    identity = ("PP4", "service", "")
    over = laid(journey, opportunities={identity: OpportunityPeople(effort=1.0)})

    assert over.opportunities is not None
    first = over.opportunities[0]
    assert (first.identity, first.effort, first.is_effort_set) == (identity, 1.0, True)
    assert over.opportunities[1].state == "resolved"


# Snapshots and change


def numbers(journey: Journey, day: date = TODAY) -> Snapshot:
    return snapshot_of(journey, day=day, as_of=T)


def test_a_snapshot_holds_what_was_shown_and_nothing_withheld() -> None:
    journey = surveyed()
    taken = numbers(journey)
    held = taken.cells["consideration", "everyone"]

    assert held["in_stage"] == 20
    assert "nps" not in held
    assert {name for one in taken.cells.values() for name in one} <= {*METRICS}
    assert taken.mix == {"unassigned": 1.0}


def test_a_snapshot_survives_the_store() -> None:
    taken = numbers(surveyed())

    assert snapshot_from(taken.day, taken.as_of, snapshot_json(taken)) == taken


def test_change_tells_the_number_now_beside_the_earlier_ones() -> None:
    journey = surveyed()
    earlier = numbers(journey)
    cells = {**earlier.cells, ("awareness", "everyone"): {"entered": 7.0}}
    told = changes(
        journey.stages, History(day_before=earlier, month_before=replace(earlier, cells=cells))
    )
    found = {(one.stage, one.persona, one.metric): one for one in told}

    entered = found["awareness", "everyone", "entered"]
    assert (entered.now, entered.day_before, entered.month_before) == (20, 20.0, 7.0)
    assert found["awareness", "everyone", "emotion"].month_before is None
    assert len(told) == 5 * 2 * len(METRICS)


def test_without_a_snapshot_nothing_changed() -> None:
    assert changes(surveyed().stages, History()) == ()


def days_ago(*numbers_: int) -> list[date]:
    return [TODAY - timedelta(n) for n in numbers_]


@pytest.mark.parametrize(
    ("kept", "day", "month"),
    [
        ([], None, None),
        ([0, 1], 1, None),
        ([2, 14], None, None),
        ([1, 15, 29, 32], 1, 29),
        ([29, 31], None, 31),
        ([45], None, 45),
        ([46], None, None),
    ],
)
def test_the_day_before_is_that_day_and_a_month_back_the_nearest(
    kept: list[int], day: int | None, month: int | None
) -> None:
    def ago(found: date | None) -> int | None:
        return None if found is None else (TODAY - found).days

    assert ago(a_day_before(days_ago(*kept), TODAY)) == day
    assert ago(a_month_before(days_ago(*kept), TODAY)) == month


def test_nearest_takes_the_older_of_two() -> None:
    assert nearest(days_ago(3, 5), TODAY - timedelta(4)) == TODAY - timedelta(5)
    assert nearest([], TODAY) is None


def test_old_days_fade_but_each_months_last() -> None:
    kept = [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 2), date(2026, 5, 21), TODAY]

    assert faded(kept, TODAY) == [date(2026, 3, 30)]
    every = [TODAY - timedelta(n) for n in range(400)]
    left = {*every} - {*faded(every, TODAY)}
    assert sum((TODAY - day).days > 40 for day in left) == 12
    assert {*every[:41]} < left


# What earlier runs left behind makes no other number


def test_history_moves_nothing_but_what_it_is_asked_for() -> None:
    records: Sequence[Record] = [contact("1", created=50), activity("notes", 5)]
    plain = journey_of(*records)
    taken = Snapshot(TODAY - timedelta(1), datetime(2026, 6, 30, tzinfo=UTC), {}, {}, {})
    told = compute(facts_of(*records), as_of=T, history=History((past(),), taken, taken, None))

    assert replace(told, changes=(), opportunities=()) == plain
    assert told.opportunities is not None
    assert [one.state for one in told.opportunities] == ["resolved"]
