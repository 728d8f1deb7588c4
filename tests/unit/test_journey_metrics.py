"""The numbers of cells, touchpoint rows and personas, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from cjm_sync.journey.facts import Settings
from cjm_sync.journey.statistics import quantile, wilson
from cjm_sync.journey.withhold import Curtain
from cjm_sync.model import Record
from crm_records import (
    activity,
    cell,
    contact,
    deal,
    journey_of,
    keys,
    meeting,
    row,
    survey,
    ticket,
)


def five(make: Callable[[str], list[Record]]) -> list[Record]:
    """Return what *make* gives for the contacts 1 to 5."""
    return [made for n in range(1, 6) for made in make(str(n))]


def test_wilsons_interval_is_the_published_one() -> None:
    low, high = wilson(81, 263, Settings().wilson_z)  # Newcombe 1998, method 3

    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 5, Settings().wilson_z)[0] == 0.0


def test_a_quantile_lies_between_order_statistics() -> None:
    assert quantile(np.array([40, 10, 20, 30]), 0.5) == 25.0
    assert quantile(np.array([10, 20, 30, 40, 50, 60]), 0.9) == 55.0
    assert quantile(np.array([7]), 0.9) == 7.0


def test_a_count_of_nothing_is_shown_and_a_rate_of_nothing_is_not() -> None:
    curtain = Curtain(5)

    assert curtain.count(0, 0) == 0
    assert not curtain.withheld
    assert curtain.rate(lambda: 1.0, 0) is None
    assert curtain.withheld


@pytest.mark.parametrize(("base", "shown"), [(4, None), (5, 9)])
def test_a_number_is_shown_from_five_units_on(base: int, shown: int | None) -> None:
    assert Curtain(5).count(9, base) == shown


def test_nine_stays_of_four_units_are_withheld() -> None:
    def back_and_forth(id_: str) -> list[Record]:
        steps = [("opportunity", 80), ("lead", 70), ("opportunity", 60), ("lead", 50)]
        return [contact(id_, *steps)]

    four = [made for n in range(1, 5) for made in back_and_forth(str(n))]

    assert cell(journey_of(*four, shown_from=5), "purchase").entered is None
    assert cell(journey_of(*five(back_and_forth), shown_from=5), "purchase").entered == 10


def test_entering_counts_in_the_window_with_its_start_and_without_its_end() -> None:
    journey = journey_of(
        contact("1", created=90), contact("2", created=90.1), contact("3", created=1)
    )

    assert cell(journey, "awareness").entered == 2


def test_units_overlap_the_window_unless_they_left_by_its_start() -> None:
    left_at_start = contact("1", ("lead", 100), ("customer", 90))
    left_after = contact("2", ("lead", 100), ("customer", 89))

    journey = journey_of(left_at_start, left_after)

    assert cell(journey, "awareness").units == 1
    assert cell(journey, "awareness").completed == 2
    assert cell(journey, "service").units == 2


def test_time_in_stage_is_that_of_stays_left_in_the_window() -> None:
    journey = journey_of(
        contact("1", ("customer", 80), created=90),
        contact("2", ("customer", 50), created=90),
        contact("3", ("customer", 95), created=200),
        contact("4", created=30),
        contact("5", created=20),
    )

    shown = cell(journey, "awareness")
    assert (shown.completed, shown.median_days, shown.p90_days) == (2, 25.0, 37.0)
    assert shown.open_median_days == 25.0


def test_the_decided_are_those_who_had_time_to_decide() -> None:
    # Fewer than five completed: P is 90 days, so the decided entered 180 to 90 days ago.
    journey = journey_of(
        contact("1", ("customer", 170), created=180),
        contact("2", created=100),
        contact("3", created=90),
        contact("4", created=181),
        contact("5", ("customer", 1), created=120),
        contact("6", created=150),
        deal(("low", 150), ("lost", 149), to=["6"]),
    )

    shown = cell(journey, "awareness")
    assert (shown.decided, shown.conversion, shown.drop_off) == (3, 2 / 3, 0.0)
    consideration = cell(journey, "consideration")
    assert (consideration.decided, consideration.drop_off) == (1, 1.0)
    assert (shown.conversion_low, shown.conversion_high) == pytest.approx(
        (0.207660, 0.938508), abs=1e-6
    )


def test_patience_is_the_ninetieth_percentile_of_five_completed_stays() -> None:
    # Lengths 10, 20, 30, 40, 50 days: P90 is at h = 3.6, 46 days; decided entered 136 to 46 ago.
    completed = [contact(str(n), ("customer", 300 - 10.0 * n), created=300) for n in range(1, 6)]
    edge = contact("6", created=136), contact("7", created=136.01), contact("8", created=46)

    assert cell(journey_of(*completed, *edge), "awareness").decided == 1


def test_the_last_stage_has_no_conversion_and_that_is_not_withheld() -> None:
    def loyal(id_: str) -> list[Record]:
        return [contact(id_, ("evangelist", 100))]

    shown = cell(journey_of(*five(loyal), shown_from=5), "loyalty")

    assert (shown.decided, shown.conversion, shown.conversion_low, shown.drop_off) == (
        5,
        None,
        None,
        0,
    )


def test_regressions_and_dormancy_are_shares_of_the_decided() -> None:
    journey = journey_of(
        contact("1", ("opportunity", 100), ("lead", 95), created=500),
        contact("2", ("opportunity", 100), ("customer", 95), created=500),
        contact("3", ("opportunity", 190), created=500),
    )

    shown = cell(journey, "purchase")
    assert (shown.decided, shown.regression, shown.drop_off) == (2, 0.5, 0.0)
    assert cell(journey, "purchase").dormant == 1


def test_the_skip_rate_counts_skips_and_entries_of_the_window() -> None:
    journey = journey_of(
        contact("1", ("lead", 100), ("customer", 40)),
        contact("2", ("lead", 100), ("opportunity", 40)),
        contact("3", ("lead", 100), ("opportunity", 95), created=100),
    )

    assert cell(journey, "purchase").skip_rate == 0.5
    assert cell(journey, "consideration").skip_rate == 1.0
    assert cell(journey, "loyalty").skip_rate is None


def test_touches_per_unit_and_reach_use_the_units_of_the_stage() -> None:
    journey = journey_of(
        contact("1"),
        contact("2"),
        contact("3", ("customer", 95), created=100),
        activity("notes", 50, to=["1"]),
        activity("notes", 40, to=["1"]),
        activity("notes", 95, to=["2"]),
        activity("notes", 30, to=["3"]),
    )

    assert cell(journey, "awareness").touches_per_unit == 1.0
    notes = row(journey, "note", "awareness")
    assert notes is not None
    assert (notes.touches, notes.units, notes.reach) == (2, 1, 0.5)
    assert row(journey, "note", "service") is not None


def test_a_touch_belongs_to_the_stage_of_its_time() -> None:
    moved = contact("1", ("lead", 80), ("customer", 50), created=80)

    journey = journey_of(moved, *(activity("notes", days) for days in (51, 50, 49)))

    assert keys(journey) == [("awareness", "note", 1), ("service", "note", 2)]


def test_a_win_belongs_to_the_stage_it_opens_and_a_loss_to_the_one_it_ends() -> None:
    journey = journey_of(
        contact("1"),
        deal(("high", 60), ("won", 50)),
        contact("2"),
        deal(("high", 60), ("lost", 50), to=["2"]),
    )

    assert keys(journey) == [("purchase", "sales.lost", 1), ("service", "sales.won", 1)]


def test_meetings_are_told_apart_by_the_purchase() -> None:
    bought = contact("1", ("lead", 100), ("customer", 80))

    journey = journey_of(bought, *map(meeting, (90, 85, 80, 20, 19)))

    assert [(k, n) for _, k, n in keys(journey)] == [
        ("meet.first", 1),
        ("meet.follow", 1),
        ("meet.onboard", 2),
        ("meet.review", 1),
    ]


def test_the_first_meeting_after_a_purchase_is_no_first_meeting() -> None:
    bought = contact("1", ("customer", 80))

    assert [key for _, key, _ in keys(journey_of(bought, meeting(70)))] == ["meet.onboard"]


def test_a_meeting_after_a_churn_is_a_follow_up_before_the_next_purchase() -> None:
    churned = contact("1", ("lead", 100), ("customer", 80), ("lead", 60), ("opportunity", 50))

    assert [key for _, key, _ in keys(journey_of(churned, meeting(85), meeting(40)))] == [
        "meet.first",
        "meet.follow",
    ]


def test_answers_count_in_the_window_in_the_stage_of_their_time() -> None:
    journey = journey_of(
        contact("1", ("lead", 100), ("customer", 50)),
        survey("NPS", "10", 40),
        survey("NPS", "3", 30),
        survey("NPS", "8", 20),
        survey("NPS", "9", 89),
        survey("NPS", "1", 91),
        survey("CSAT", "2", 20),
        survey("CSAT", "1", 20),
        survey("CES", "6", 20),
        survey("CES", "3", 20),
    )

    # The promoter at 40 days leads to loyalty, where the later answers fall.
    assert cell(journey, "awareness").nps == 100.0
    loyal = cell(journey, "loyalty")
    assert (loyal.nps, loyal.nps_n) == (100 * (1 - 1) / 3 + 0.0, 3)
    assert (loyal.csat, loyal.csat_n, loyal.ces, loyal.ces_n) == (0.5, 2, 4.5, 2)


def test_open_and_won_amounts_count_a_deal_once_per_cell() -> None:
    both = ["1", "2"]
    journey = journey_of(
        contact("1", hs_buying_role="CHAMPION"),
        contact("2", hs_buying_role="END_USER"),
        deal(("high", 60), to=both, amount="100"),
        deal(("high", 60), to=["1"], amount="7.5"),
        deal(("high", 60), to=["1"]),
    )

    assert cell(journey, "purchase").open_amount == 107.5
    assert cell(journey, "purchase", "champion").open_amount == 107.5
    assert cell(journey, "purchase", "user").open_amount == 100.0
    assert cell(journey, "awareness").open_amount == 0


def test_won_amounts_are_those_won_in_the_window_in_the_stage_of_the_win() -> None:
    journey = journey_of(
        contact("1", created=200),
        deal(("won", 150), amount="1000"),
        deal(("won", 50), amount="10"),
        deal(("won", 40), amount="5"),
    )

    assert cell(journey, "service").won_amount == 0
    assert cell(journey, "loyalty").won_amount == 15.0


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"amount": "10"}, 10.0),
        ({"amount": "10", "amount_in_home_currency": "8"}, 8.0),
        ({"amount": "10", "deal_currency_code": "EUR"}, 10.0),
        ({"amount": "10", "deal_currency_code": "USD", "hs_exchange_rate": "0.5"}, 5.0),
        ({"amount": "10", "deal_currency_code": "USD"}, 0.0),
        ({"amount": "ten"}, 0.0),
        ({"amount": "nan"}, 0.0),
        ({}, 0.0),
    ],
)
def test_amounts_are_in_home_currency_only(properties: dict[str, str], expected: float) -> None:
    journey = journey_of(contact(), deal(("high", 60), **properties))

    assert cell(journey, "purchase").open_amount == expected


def test_a_deal_that_cannot_be_converted_is_reported_per_currency() -> None:
    foreign = [
        deal(("high", 60), amount="10", deal_currency_code=code) for code in ("USD", "USD", "SEK")
    ]

    found = [f for f in journey_of(contact(), *foreign).findings if f.code == "amount_not_added"]

    assert [f.key for f in found] == ["deals//SEK", "deals//USD"]


def test_win_rate_order_value_and_repeat_rate() -> None:
    journey = journey_of(
        contact("1", created=300),
        contact("2", created=300),
        deal(("won", 200), to=["1"], amount="999"),
        deal(("won", 50), to=["1"], amount="30"),
        deal(("won", 40), to=["2"], amount="10"),
        deal(("won", 30), to=["2"]),
        deal(("low", 60), ("lost", 20), to=["2"]),
        deal(("won", 60), ("lost", 20), to=["2"], id_="9"),
    )

    everyone = journey.personas[0]
    assert everyone.win_rate == 3 / 5
    assert everyone.average_order_value == 20.0
    assert everyone.repeat_rate == 1.0


def test_cycle_days_run_from_the_first_stay_to_a_first_purchase_in_the_window() -> None:
    journey = journey_of(
        contact("1", ("lead", 100), ("customer", 60)),
        contact("2", ("lead", 100), ("customer", 40)),
        contact("3", ("lead", 200), ("customer", 120), created=200),
    )

    assert journey.personas[0].cycle_days == 50.0


def test_outcomes_and_unmapped_values_count_units() -> None:
    journey = journey_of(
        contact("1", ("other", 50)),
        contact("2", ("strange", 50)),
        contact("3", ("lead", 100)),
        deal(("low", 50), ("lost", 40), to=["3"]),
    )

    assert (journey.outcomes.lost, journey.outcomes.unmapped) == (1, 2)
    assert journey.unmapped_values == (("other", 1), ("strange (removed)", 1))
    assert [f.code for f in journey.findings] == ["unmapped_value", "unmapped_value"]


def test_a_small_persona_is_listed_without_its_number() -> None:
    people = [contact(str(n)) for n in range(1, 7)]
    few = contact("7", hs_buying_role="CHAMPION")

    journey = journey_of(*people, few, shown_from=5)

    assert [(p.key, p.units, p.withheld) for p in journey.personas] == [
        ("everyone", 7, True),
        ("champion", None, True),
        ("unassigned", 6, True),
    ]
    assert journey.personas[0].share == 1.0
    assert cell(journey, "awareness", "champion").in_stage is None


def test_a_touchpoint_row_of_few_units_is_withheld() -> None:
    people = [contact(str(n)) for n in range(1, 7)]
    touched = [activity("notes", 10, to=[str(n)]) for n in (1, 2, 3, 4)]

    note = row(journey_of(*people, *touched, shown_from=5), "note", "awareness")

    assert note is not None
    assert (note.touches, note.units, note.reach, note.withheld) == (None, None, None, True)


def test_everyone_is_listed_even_when_there_is_nobody() -> None:
    journey = journey_of()

    assert journey.units == 0
    assert [p.key for p in journey.personas] == ["everyone"]
    assert [len(stage.cells) for stage in journey.stages] == [1] * 5
    assert cell(journey, "awareness").in_stage == 0


def test_mixes_hold_known_labels_only_and_withhold_small_parts() -> None:
    people = [
        contact(str(n), country="SE" if n < 6 else "Plantagenet Street 5") for n in range(1, 12)
    ]

    journey = journey_of(*people, shown_from=5)

    country = next(mix for mix in journey.personas[0].mixes if mix.name == "country")
    assert (country.parts, country.rest) == ((("Sweden", 5),), 6)


def test_the_preferred_channel_is_where_customers_begin_or_attend() -> None:
    journey = journey_of(
        contact("1"),
        *(activity("emails", n, hs_email_direction="EMAIL") for n in range(5, 15)),
        activity("calls", 4, hs_call_direction="INBOUND"),
        meeting(3, "NO_SHOW"),
        ticket(2, source_type="CHAT"),
        ticket(1, source_type="CHAT"),
    )

    assert journey.personas[0].preferred_channel == "Chat"


def test_the_same_facts_give_the_same_sum_in_any_order() -> None:
    amounts = ["0.1"] * 10 + ["1e15", "-1e15"]
    deals = [deal(("high", 60), amount=amount) for amount in amounts]

    shown = cell(journey_of(contact(), *deals), "purchase").open_amount

    assert shown == math.fsum(map(float, amounts))


def test_only_deals_open_at_the_reference_time_are_open_amounts() -> None:
    journey = journey_of(
        contact("1"),
        deal(("high", 60), amount="1"),
        deal(("low", 60), amount="2"),
        deal(("high", 60), ("lost", 50), amount="4"),
        contact("2"),
        deal(("won", 60), to=["2"], amount="8"),
    )

    assert cell(journey, "purchase").open_amount == 3.0
    assert cell(journey, "service").open_amount == 0


def test_stages_are_counted_from_one() -> None:
    assert [stage.order for stage in journey_of().stages] == [1, 2, 3, 4, 5]


def test_the_top_source_is_the_most_common_and_shown_from_five_units_on() -> None:
    people = [contact(str(n), hs_analytics_source="REFERRALS") for n in range(1, 6)]
    others = [contact(str(n), hs_analytics_source="OFFLINE") for n in range(6, 9)]

    assert journey_of(*people, *others, shown_from=5).personas[0].top_source == "Referral"
    assert journey_of(*people[1:], *others, shown_from=5).personas[0].top_source is None
