"""Moments of truth: the statistics against published values, the landmark on small portals (§9)."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from cjm_sync.journey.behind import Behind
from cjm_sync.journey.compute import compute, survey, travel_all
from cjm_sync.journey.facts import Facts
from cjm_sync.journey.moments import adjusted, fisher, moments, risk_ratio
from cjm_sync.journey.types import Journey, MomentOfTruth
from cjm_sync.model import Record
from crm_records import T, activity, contact, facts_of, row

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ((3, 1, 1, 3), 0.4857142857142857),  # Fisher's tea
        ((8, 2, 1, 5), 0.03496503496503497),
        ((1, 9, 11, 3), 0.0027594561852200836),  # Agresti
        ((10, 10, 10, 10), 1.0),
        ((0, 30, 30, 0), 2 / math.comb(60, 30)),
        ((5, 0, 0, 5), 2 / math.comb(10, 5)),
    ],
)
def test_fishers_p_is_the_published_one(table: tuple[int, int, int, int], p: float) -> None:
    assert fisher(*table) == pytest.approx(p, rel=1e-6)


def test_fishers_p_agrees_with_whole_numbers_on_every_small_table() -> None:
    for a in range(7):
        for b in range(7 - a):
            for c in range(6):
                for d in range(1, 6):
                    assert fisher(a, b, c, d) == pytest.approx(_exact(a, b, c, d), rel=1e-9)


def _exact(a: int, b: int, c: int, d: int) -> float:
    n1, n0, total = a + b, c + d, a + c
    ways = [math.comb(n1, x) * math.comb(n0, total - x) for x in range(total + 1)]
    return sum(way for way in ways if way <= ways[a] * (1 + 1e-7)) / sum(ways)


def test_a_table_of_a_hundred_thousand_neither_overflows_nor_vanishes() -> None:
    assert 0.0 < fisher(20_000, 30_000, 19_000, 31_000) < 1e-10
    assert fisher(25_000, 25_000, 25_000, 25_000) == 1.0


def test_the_risk_ratio_has_the_log_normal_interval() -> None:
    ratio, low, high = risk_ratio(20, 80, 10, 90, z=Z)

    assert ratio == pytest.approx(2.0)
    spread = math.sqrt(1 / 20 - 1 / 100 + 1 / 10 - 1 / 100)
    assert low == pytest.approx(2 * math.exp(-Z * spread))
    assert high == pytest.approx(2 * math.exp(Z * spread))


def test_a_cell_of_zero_adds_a_half_to_each_of_the_four() -> None:
    ratio, low, high = risk_ratio(30, 0, 10, 20, z=Z)

    assert ratio == pytest.approx((30.5 / 31) / (10.5 / 31))
    assert 1 < low < ratio < high


def test_q_is_the_smallest_of_what_follows_it() -> None:
    assert adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjusted([0.9, 0.5]) == pytest.approx([0.9, 0.9])
    assert adjusted([]) == []


# On portals


def travellers(
    n: int,
    *,
    first: int,
    advances: int,
    touched_after: float | None,
    object_: str = "notes",
    days: float = 20.0,
) -> list[Record]:
    """Return contacts created 150 days ago, the first *advances* of them on after *days*."""
    found: list[Record] = []
    for place in range(n):
        id_ = str(first + place)
        steps = [("lead", 150.0)]
        if place < advances:
            steps.append(("marketingqualifiedlead", 150 - days))
        found.append(contact(id_, *steps, created=150))
        if touched_after is not None:
            found.append(activity(object_, 150 - touched_after, to=[id_], id_=f"7{id_}"))
    return found


def moment_of(records: list[Record], key: str = "note") -> MomentOfTruth | None:
    found = row(of(records), key, "awareness")
    return None if found is None else found.moment_of_truth


def of(records: list[Record]) -> Journey:
    return compute(facts_of(*records, shown_from=5), as_of=T)


def test_a_touchpoint_of_those_who_advance_makes_and_is_starred() -> None:
    moment = moment_of(
        [
            *travellers(40, first=1, advances=32, touched_after=5),
            *travellers(40, first=100, advances=16, touched_after=None),
        ]
    )

    assert moment is not None
    assert (moment.exposed, moment.not_exposed) == (40, 40)
    assert (moment.advanced_exposed, moment.advanced_not_exposed) == (32, 16)
    assert moment.ratio == pytest.approx(2.0)
    assert moment.p == pytest.approx(_exact(32, 8, 16, 24))
    assert moment.q == moment.p
    assert (moment.verdict, moment.starred) == ("makes", True)


def test_a_touchpoint_of_those_who_stay_breaks() -> None:
    moment = moment_of(
        [
            *travellers(40, first=1, advances=10, touched_after=5),
            *travellers(40, first=100, advances=30, touched_after=None),
        ]
    )

    assert moment is not None
    assert (moment.verdict, moment.starred) == ("breaks", True)


def test_no_difference_is_no_moment_and_no_star() -> None:
    moment = moment_of(
        [
            *travellers(40, first=1, advances=20, touched_after=5),
            *travellers(40, first=100, advances=20, touched_after=None),
        ]
    )

    assert moment is not None
    assert (moment.p, moment.verdict, moment.starred) == (1.0, "none", False)


@pytest.mark.parametrize(("exposed", "others"), [(29, 40), (40, 29)])
def test_both_groups_need_thirty(exposed: int, others: int) -> None:
    records = [
        *travellers(exposed, first=1, advances=20, touched_after=5),
        *travellers(others, first=100, advances=8, touched_after=None),
    ]

    assert moment_of(records) is None


@pytest.mark.parametrize("advances", [0, 40])
def test_some_but_not_all_have_to_advance(advances: int) -> None:
    records = [
        *travellers(40, first=1, advances=advances, touched_after=5),
        *travellers(40, first=100, advances=advances, touched_after=None),
    ]

    assert moment_of(records) is None


def test_a_touch_at_the_landmark_is_too_late_and_one_at_the_entry_is_not() -> None:
    rest = travellers(40, first=100, advances=16, touched_after=None)

    assert moment_of([*travellers(40, first=1, advances=32, touched_after=20), *rest]) is None
    assert (
        moment_of([*travellers(40, first=1, advances=32, touched_after=19.99), *rest]) is not None
    )
    assert moment_of([*travellers(40, first=1, advances=32, touched_after=0), *rest]) is not None


def test_a_touch_at_the_very_landmark_of_a_longer_stay_is_too_late() -> None:
    rest = travellers(40, first=100, advances=16, touched_after=None)

    assert moment_of([*travellers(40, first=1, advances=5, touched_after=20), *rest]) is None
    assert moment_of([*travellers(40, first=1, advances=5, touched_after=19.9), *rest]) is not None


def test_only_the_first_such_stay_of_a_unit_counts() -> None:
    steps = [("lead", 150.0), ("marketingqualifiedlead", 130.0), ("lead", 120.0)]
    records = travellers(40, first=100, advances=16, touched_after=None)
    for n in range(1, 41):
        records += [contact(str(n), *steps, created=150), activity("notes", 145, to=[str(n)])]
    moment = moment_of(records)

    assert moment is not None
    assert (moment.exposed, moment.not_exposed) == (40, 40)
    assert moment.advanced_exposed == 40


def test_stays_entered_more_than_a_year_and_p_ago_do_not_count() -> None:
    old = [
        made
        for n in range(300, 340)
        for made in (contact(str(n), created=500), activity("notes", 495, to=[str(n)]))
    ]
    moment = moment_of([*_two_groups(), *old])

    assert moment is not None
    assert (moment.exposed, moment.not_exposed) == (40, 40)


def test_stays_shorter_than_the_landmark_do_not_count() -> None:
    records = [
        *travellers(40, first=1, advances=32, touched_after=5),
        *travellers(40, first=100, advances=16, touched_after=None),
        *travellers(10, first=200, advances=10, touched_after=None, days=2),
    ]
    moment = moment_of(records)

    assert moment is not None
    assert (moment.exposed, moment.not_exposed) == (40, 40)


def test_fewer_than_five_completed_stays_are_no_test() -> None:
    records = [
        *travellers(40, first=1, advances=4, touched_after=5),
        *travellers(40, first=100, advances=0, touched_after=None),
    ]

    assert moment_of(records) is None


def test_outcomes_are_not_tested() -> None:
    facts = facts_of(*_two_groups(), shown_from=5)
    renamed = replace(
        facts,
        touchpoints=tuple(
            replace(one, key="sales.note") if one.key == "note" else one
            for one in facts.touchpoints
        ),
    )

    assert _tested_keys(facts) == {"note"}
    assert _tested_keys(renamed) == set()


def _tested_keys(facts: Facts) -> set[str]:
    rows = compute(facts, as_of=T).touchpoints
    return {one.key for one in rows if one.moment_of_truth is not None}


def _two_groups() -> list[Record]:
    return [
        *travellers(40, first=1, advances=32, touched_after=5),
        *travellers(40, first=100, advances=16, touched_after=None),
    ]


def test_a_tested_touchpoint_without_a_touch_in_the_window_has_a_row() -> None:
    found = row(of(_two_groups()), "note", "awareness")

    assert found is not None
    assert (found.touches, found.units, found.reach, found.channel) == (0, 0, None, "Manual")
    assert found.moment_of_truth is not None


def test_at_most_three_of_a_stage_are_starred_the_strongest_first() -> None:
    records = _two_groups()
    advanced = [str(n) for n in range(1, 33)]
    stayed = [str(n) for n in range(33, 41)]
    kinds = ("calls", "communications", "postal_mail")
    extra = {"calls": {"hs_call_direction": "OUTBOUND"},
             "communications": {"hs_communication_channel_type": "SMS"}}  # fmt: skip
    for place, kind in enumerate(kinds):
        whom = [*advanced, *stayed[: place + 1]]
        records += [activity(kind, 145, to=[id_], **extra.get(kind, {})) for id_ in whom]
    journey = of(records)
    moments = {
        one.key: one.moment_of_truth
        for one in journey.touchpoints
        if one.moment_of_truth is not None
    }

    assert all(moment.verdict == "makes" for moment in moments.values())
    assert len(moments) == 4
    starred = {key for key, moment in moments.items() if moment.starred}
    assert starred == {"call.out", "msg.chat", "post.mail"}


def test_several_tests_of_a_map_are_corrected_together() -> None:
    records = [
        *_two_groups(),
        *(
            activity("calls", 145, to=[str(n)], hs_call_direction="OUTBOUND")
            for n in range(85, 125)
        ),
        *(activity("calls", 145, to=[str(n)], hs_call_direction="OUTBOUND") for n in range(21, 41)),
    ]
    moments = [one.moment_of_truth for one in of(records).touchpoints if one.moment_of_truth]

    assert len(moments) == 2
    assert [one.q for one in moments] == pytest.approx(adjusted([one.p for one in moments]))
    assert any(one.q > one.p for one in moments)


def test_the_units_behind_a_moment_are_as_many_as_it_says() -> None:
    facts = facts_of(*_two_groups())
    travels = travel_all(facts)
    ground = survey(facts, travels, int(T.timestamp() * 1000))
    tested = moments(facts, ground)
    assert tested

    for (stage, place), moment in tested.items():
        groups = Behind(facts, ground, travels).touchpoint(stage, place, "moment_of_truth")
        both, touched, advanced, neither = [len(group.ids) for group in groups]

        assert both + touched == moment.exposed
        assert advanced + neither == moment.not_exposed
        assert (both, advanced) == (moment.advanced_exposed, moment.advanced_not_exposed)
        assert len({one for group in groups for one in group.ids}) == sum(
            (both, touched, advanced, neither)
        )
