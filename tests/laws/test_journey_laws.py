"""What holds for every portal: laws of timelines and of the numbers counted from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cjm_sync.journey.compute import compute, travel_all
from cjm_sync.journey.overlay import overlay
from cjm_sync.journey.timeline import OPEN, Exit
from cjm_sync.journey.types import Cell, Journey, JourneyMap, JourneyPeople
from cjm_sync.model import Record
from crm_records import T, activity, contact, deal, facts_of, journey_of, meeting, survey, ticket

DAYS = st.integers(1, 60).map(lambda n: n * 7.0)
"""Few distinct moments, so that events often share an instant."""

PEOPLE = ("1", "2", "3", "4")
VALUES = ("lead", "marketingqualifiedlead", "opportunity", "customer", "evangelist", "other", "")
STAGES = ("low", "mid", "high", "won", "won2", "lost", "odd", "gone")
ROLES = ("CHAMPION", "END_USER", "DECISION_MAKER", "")


def steps(values: Sequence[str]) -> st.SearchStrategy[list[tuple[str, float]]]:
    dated = st.lists(st.tuples(st.sampled_from(values), DAYS), min_size=1, max_size=5)
    return dated.map(lambda found: sorted(found, key=lambda step: -step[1]))


@st.composite
def portals(draw: st.DrawFn) -> list[Record]:
    """Draw a handful of contacts with everything that may happen to them."""
    ids = iter(range(1000, 9000))

    def id_() -> str:
        return str(next(ids))

    records = [
        contact(
            person,
            *draw(steps(VALUES)),
            created=draw(DAYS),
            hs_buying_role=draw(st.sampled_from(ROLES)),
        )
        for person in PEOPLE
    ]
    to = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2)
    for _ in range(draw(st.integers(0, 5))):
        prefix = draw(st.sampled_from(["", "r"]))
        records.append(
            deal(
                *((prefix + stage, days) for stage, days in draw(steps(STAGES))),
                to=draw(to),
                id_=id_(),
                pipeline="renewals" if prefix else "default",
                amount=str(draw(st.integers(-5, 10**9))),
            )
        )
    for _ in range(draw(st.integers(0, 8))):
        made: Any = draw(st.sampled_from(["note", "meeting", "nps", "csat", "ticket"]))
        days, whom = draw(DAYS), draw(to)
        if made == "note":
            records.append(activity("notes", days, to=whom, id_=id_()))
        elif made == "meeting":
            outcome = draw(st.sampled_from(["COMPLETED", "NO_SHOW", "SCHEDULED"]))
            records.append(meeting(days, outcome, to=whom, id_=id_()))
        elif made == "nps":
            score = draw(st.integers(-1, 10))
            records.append(survey("NPS", str(score), days, to=whom, id_=id_()))
        elif made == "csat":
            records.append(survey("CSAT", str(draw(st.integers(0, 2))), days, to=whom, id_=id_()))
        else:
            records.append(replace(ticket(days, to=whom), id=id_()))
    return records


def copies(records: Sequence[Record], times: int) -> list[Record]:
    """Return every record *times* over, under new ids that keep their order."""

    def new(id_: str, copy: int) -> str:
        return str(int(id_) * 10 + copy)

    return [
        replace(
            record,
            id=new(record.id, copy),
            links={
                object_: tuple(new(id_, copy) for id_ in ids)
                for object_, ids in record.links.items()
            },
        )
        for copy in range(times)
        for record in records
    ]


def cells(journey: Journey) -> dict[tuple[str, str], Cell]:
    return {(stage.key, cell.persona): cell for stage in journey.stages for cell in stage.cells}


EAGER = """
moments.min_group = 1
moments.min_completed = 1
""" + "".join(
    f"pains.{rule}_min_n = 1\n"
    for rule in (
        "slow_stage", "drop_off", "hand_off", "ticket_theme", "slow_help", "low_score",
        "lost_theme", "silence", "no_show", "list_fatigue", "regression", "delight",
    )
)  # fmt: skip
"""A profile whose rules speak up on a handful of units."""

LAW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@LAW
@given(portals(), st.randoms(use_true_random=False))
def test_the_order_of_records_never_shows(records: list[Record], random: Any) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)

    # With rules that speak up on a handful of units, so that pains and moments are compared too.
    assert journey_of(*shuffled, profile=EAGER) == journey_of(*records, profile=EAGER)


@LAW
@given(portals())
def test_pains_and_moments_keep_their_bounds_and_each_pain_has_its_opportunity(
    records: list[Record],
) -> None:
    journey = journey_of(*records, profile=EAGER)

    assert journey.pains is not None
    assert journey.delights is not None
    assert journey.opportunities is not None
    around = {stage.key: stage.cells[0].units or 0 for stage in journey.stages}
    for pain in (*journey.pains, *journey.delights):
        parts = (pain.reach, pain.intensity, pain.trend)
        assert all(0 <= part <= 1 for part in parts)
        weighed = 40 * pain.reach + 40 * pain.intensity + 20 * pain.trend
        assert abs(pain.severity - weighed) < 1e-9
        assert pain.units >= 1
        assert pain.n >= 1
        assert around[pain.stage] == 0 or pain.reach == min(1, pain.units / around[pain.stage])
    identities = [pain.identity for pain in journey.pains]
    assert len({*identities}) == len(identities)
    assert {one.identity for one in journey.opportunities} == {*identities}
    assert all(0 <= one.value <= 100 and one.priority <= 120 for one in journey.opportunities)
    for touchpoint in journey.touchpoints:
        moment = touchpoint.moment_of_truth
        if moment is not None:
            assert (moment.advanced_exposed or 0) <= moment.exposed
            assert (moment.advanced_not_exposed or 0) <= moment.not_exposed
            assert 0 < moment.low <= moment.ratio <= moment.high
            assert 0 < moment.p <= moment.q <= 1
            assert moment.verdict != "none" or not moment.starred


@LAW
@given(portals())
def test_laying_nobody_over_the_map_leaves_it_equal(records: list[Record]) -> None:
    before = JourneyMap(T, (journey_of(*records, profile=EAGER),))

    assert overlay(before, {}) == before
    reviewed = {"customers": JourneyPeople(reviewed_on=T.date())}
    after = overlay(before, reviewed).journeys[0]
    assert replace(after, coverage=before.journeys[0].coverage) == before.journeys[0]


@LAW
@given(portals())
def test_every_unit_of_every_persona_is_in_one_of_four_places(records: list[Record]) -> None:
    facts = facts_of(*records)
    journey = compute(facts, as_of=T)

    ended = {persona.key: 0 for persona in journey.personas}
    for unit, way in zip(facts.units, travel_all(facts), strict=True):
        if way.stays[-1].exit is not Exit.NONE:
            ended["everyone"] += 1
            ended[facts.personas[unit.persona].key] += 1
    for persona in journey.personas:
        placed = sum(
            (one.in_stage or 0) + (one.dormant or 0)
            for (_, key), one in cells(journey).items()
            if key == persona.key
        )
        assert placed + ended[persona.key] == persona.units
    assert (journey.outcomes.lost or 0) + (journey.outcomes.churned or 0) == ended["everyone"]


@LAW
@given(portals())
def test_personas_share_out_everyone(records: list[Record]) -> None:
    journey = journey_of(*records)

    for stage in journey.stages:
        everyone, *personas = stage.cells
        for name in ("in_stage", "dormant", "entered", "units", "completed", "decided", "nps_n"):
            assert getattr(everyone, name) == sum(getattr(one, name) for one in personas)
    assert sum(one.units or 0 for one in journey.personas[1:]) == journey.units


@LAW
@given(portals())
def test_stays_follow_one_another_and_exits_tell_the_truth(records: list[Record]) -> None:
    for way in travel_all(facts_of(*records)):
        assert way.stays
        for stay, following in zip(way.stays, way.stays[1:], strict=False):
            assert stay.entered_at < stay.left_at <= following.entered_at
            if stay.exit in {Exit.FORWARD, Exit.REGRESSION}:
                assert stay.left_at == following.entered_at
                assert (following.stage > stay.stage) == (stay.exit is Exit.FORWARD)
            assert stay.exit is not Exit.NONE
        last = way.stays[-1]
        assert (last.left_at == OPEN) == (last.exit is Exit.NONE)


@LAW
@given(portals())
def test_five_copies_of_everybody_multiply_the_counts(records: list[Record]) -> None:
    once, often = journey_of(*records), journey_of(*copies(records, 5))

    assert often.units == 20
    for key, one in cells(once).items():
        many = cells(often)[key]
        for name in ("in_stage", "dormant", "entered", "units", "completed", "nps_n", "csat_n"):
            assert getattr(many, name) == 5 * getattr(one, name), name
        for name in ("skip_rate", "touches_per_unit", "nps", "csat", "ces"):
            assert getattr(many, name) == getattr(one, name), name
        assert many.open_amount == 5 * (one.open_amount or 0)
        assert many.won_amount == 5 * (one.won_amount or 0)
    for name in ("lost", "churned", "dormant", "unmapped"):
        assert getattr(often.outcomes, name) == 5 * getattr(once.outcomes, name)
    assert [(r.key, r.stage, r.touches) for r in often.touchpoints] == [
        (r.key, r.stage, 5 * (r.touches or 0)) for r in once.touchpoints
    ]
    for mine, theirs in zip(once.personas, often.personas, strict=True):
        assert mine.win_rate == theirs.win_rate
        assert mine.repeat_rate == theirs.repeat_rate


@LAW
@given(portals())
def test_a_number_is_either_shown_as_it_is_or_not_at_all(records: list[Record]) -> None:
    twice = copies(records, 2)
    facts = facts_of(*twice)
    careful = replace(facts, settings=replace(facts.settings, min_group=5, min_signals=5))

    everything = cells(compute(facts, as_of=T))

    for key, shown in cells(compute(careful, as_of=T)).items():
        for name in Cell.__dataclass_fields__:
            value = getattr(shown, name)
            if name not in {"emotion", "withheld"} and value is not None:
                assert value == getattr(everything[key], name), name
        if not shown.withheld:
            hidden = {name for name in Cell.__dataclass_fields__ if getattr(shown, name) is None}
            assert hidden <= {"conversion", "conversion_low", "conversion_high"}


@LAW
@given(st.lists(st.integers(0, 10), min_size=1, max_size=8), st.integers(1, 80))
def test_a_neutral_signal_never_flips_a_sign(answers: list[int], days: int) -> None:
    given_answers = [survey("NPS", str(answer), 30) for answer in answers]
    neutral = survey("NPS", "7", float(days))

    before = journey_of(contact(), *given_answers).stages[0].cells[0].emotion.score
    after = journey_of(contact(), *given_answers, neutral).stages[0].cells[0].emotion.score

    assert before is not None
    assert after is not None
    assert abs(after) <= abs(before)
    assert (after > 0) == (before > 0)
    assert (after < 0) == (before < 0)


@pytest.mark.parametrize("days", [0.001, 1, 89.999, 90, 90.001])
def test_a_contact_of_the_future_is_nobody_yet(days: float) -> None:
    journey = journey_of(contact("1", created=-days))

    assert journey.units == 0
    assert all(one.entered == 0 and one.nps is None for one in cells(journey).values())
