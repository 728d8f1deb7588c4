"""The rules of a timeline, each on one contact."""

from __future__ import annotations

import pytest

from cjm_sync.journey.compute import travel_all
from crm_records import (
    activity,
    before,
    contact,
    deal,
    facts_of,
    journey_of,
    meeting,
    options,
    record,
    skips_of,
    stays_of,
    survey,
    ticket,
)


def test_a_contact_starts_in_awareness_when_it_is_created() -> None:
    assert stays_of(contact()) == [("awareness", 100, None, "")]


def test_a_touch_before_creation_starts_the_journey() -> None:
    assert stays_of(contact(), activity("notes", 120)) == [("awareness", 120, None, "")]


def test_a_move_before_creation_starts_the_journey() -> None:
    assert stays_of(contact("1", ("lead", 130), ("customer", 90)))[0][1] == 130


def test_a_later_stage_at_the_very_start_is_the_first_stay() -> None:
    born = contact("1", ("customer", 100))

    assert stays_of(born) == [("service", 100, None, "")]
    assert skips_of(born) == [("awareness", 100), ("consideration", 100), ("purchase", 100)]


def test_a_loss_at_the_very_start_closes_nothing() -> None:
    assert stays_of(contact(), deal(("lost", 100))) == [("awareness", 100, None, "")]


def test_stages_jumped_over_are_skipped_at_that_time() -> None:
    born = contact("1", ("lead", 100), ("customer", 40))

    assert stays_of(born) == [("awareness", 100, 40, "forward"), ("service", 40, None, "")]
    assert skips_of(born) == [("consideration", 40), ("purchase", 40)]


def test_an_event_for_the_current_stage_changes_nothing() -> None:
    born = contact("1", ("marketingqualifiedlead", 50), ("salesqualifiedlead", 30))

    assert stays_of(born)[1:] == [("consideration", 50, None, "")]


def test_nothing_at_or_after_the_reference_time_is_used() -> None:
    assert stays_of(contact("1", ("lead", 100), ("customer", 0))) == [("awareness", 100, None, "")]


def test_a_lifecycle_set_back_moves_back() -> None:
    born = contact("1", ("opportunity", 50), ("lead", 30))

    assert stays_of(born)[1:] == [("purchase", 50, 30, "regression"), ("awareness", 30, None, "")]


def test_a_lifecycle_behind_a_deal_does_not_move_back() -> None:
    born = contact("1", ("lead", 100), ("marketingqualifiedlead", 20))

    assert stays_of(born, deal(("high", 50)))[1:] == [("purchase", 50, None, "")]


def test_an_emptied_lifecycle_is_passed_over_but_the_step_back_counts() -> None:
    born = contact("1", ("opportunity", 50), ("", 31), ("lead", 30))

    assert stays_of(born)[-1] == ("awareness", 30, None, "")


def test_of_two_values_at_one_time_the_last_written_counts() -> None:
    born = contact("1", ("lead", 100), ("customer", 50), ("opportunity", 50))

    assert stays_of(born)[1:] == [("purchase", 50, None, "")]


@pytest.mark.parametrize(("stage", "expected"), [("low", "consideration"), ("high", "purchase")])
def test_an_open_deal_leads_by_its_probability(stage: str, expected: str) -> None:
    assert stays_of(contact(), deal((stage, 50)))[1:] == [(expected, 50, None, "")]


def test_a_deal_that_falls_below_one_half_moves_back() -> None:
    assert stays_of(contact(), deal(("high", 50), ("low", 20)))[1:] == [
        ("purchase", 50, 20, "regression"),
        ("consideration", 20, None, ""),
    ]


def test_a_falling_deal_stands_for_the_furthest_open_deal() -> None:
    deals = deal(("high", 50), ("low", 20)), deal(("near", 40))

    assert stays_of(contact(), *deals)[1:] == [("purchase", 50, None, "")]


def test_a_deal_that_starts_low_does_not_move_back() -> None:
    deals = deal(("high", 50)), deal(("low", 20))

    assert stays_of(contact(), *deals)[1:] == [("purchase", 50, None, "")]


def test_the_first_win_leads_to_service_and_a_later_one_to_loyalty() -> None:
    deals = deal(("high", 60), ("won", 50)), deal(("won", 20))

    assert stays_of(contact(), *deals)[2:] == [
        ("service", 50, 20, "forward"),
        ("loyalty", 20, None, ""),
    ]


def test_two_first_wins_of_one_instant_are_both_first() -> None:
    deals = deal(("won", 50)), deal(("won", 50))

    assert stays_of(contact(), *deals)[1:] == [("service", 50, None, "")]


def test_a_win_in_a_renewal_pipeline_leads_to_loyalty() -> None:
    assert stays_of(contact(), deal(("rwon", 50), pipeline="renewals"))[1:] == [
        ("loyalty", 50, None, "")
    ]


def test_a_slip_counts_for_nothing() -> None:
    assert stays_of(contact(), deal(("high", 60), ("won", 50), ("high", 40)))[1:] == [
        ("purchase", 60, None, "")
    ]


def test_a_win_left_for_an_open_stage_after_the_reference_time_is_no_slip_yet() -> None:
    slip_later = deal(("high", 60), ("won", 50), ("high", -5))

    assert stays_of(contact(), slip_later)[2:] == [("service", 50, None, "")]


def test_after_a_purchase_open_deals_meetings_and_quotes_move_nothing() -> None:
    born = contact("1", ("customer", 60))
    quote = record("quotes", created=30, links={"contacts": ["1"]}, hs_status="APPROVED")

    assert stays_of(born, deal(("low", 40)), meeting(35), quote)[1:] == [("service", 60, None, "")]


def test_after_a_purchase_an_earlier_lifecycle_that_was_never_service_moves_nothing() -> None:
    born = contact("1", ("lead", 100), ("opportunity", 30))

    assert stays_of(born, deal(("won", 50)))[1:] == [("service", 50, None, "")]


def test_a_lifecycle_set_back_from_service_is_churned() -> None:
    born = contact("1", ("customer", 60), ("lead", 30))

    assert stays_of(born)[1:] == [("service", 60, 30, "churned")]


def test_customer_moves_loyalty_back_only_from_a_loyalty_value() -> None:
    by_deal = contact("1", ("lead", 100), ("customer", 10))
    by_value = contact("1", ("evangelist", 50), ("customer", 10))

    assert stays_of(by_deal, deal(("won", 50)), deal(("won", 40)))[-1][0] == "loyalty"
    assert stays_of(by_value)[-2:] == [
        ("loyalty", 50, 10, "regression"),
        ("service", 10, None, ""),
    ]


def test_a_promoter_is_loyal_only_after_a_purchase() -> None:
    promoter = survey("NPS", "9", 30)

    assert stays_of(contact(), promoter) == [("awareness", 100, None, "")]
    assert stays_of(contact("1", ("customer", 60)), promoter)[-1] == ("loyalty", 30, None, "")


def test_a_promoter_at_the_instant_of_purchase_is_judged_by_the_state_before() -> None:
    assert stays_of(contact("1", ("customer", 30)), survey("NPS", "10", 30))[1:] == [
        ("service", 30, None, "")
    ]


def test_a_lost_deal_closes_the_stay() -> None:
    assert stays_of(contact(), deal(("high", 50), ("lost", 20)))[1:] == [
        ("purchase", 50, 20, "lost")
    ]


@pytest.mark.parametrize("other", ["low", "won"])
def test_a_lost_deal_closes_nothing_while_another_is_open_or_won(other: str) -> None:
    deals = deal(("high", 50), ("lost", 20)), deal((other, 20))

    assert stays_of(contact(), *deals)[-1][2:] == (None, "")


def test_two_deals_lost_at_one_instant_close_the_stay() -> None:
    deals = deal(("high", 50), ("lost", 20)), deal(("high", 40), ("lost", 20))

    assert stays_of(contact(), *deals)[-1] == ("purchase", 50, 20, "lost")


def test_a_later_event_opens_a_new_stay_at_its_stage_and_skips_nothing() -> None:
    records = contact(), deal(("low", 50), ("lost", 40)), deal(("high", 20))

    assert stays_of(*records)[1:] == [
        ("consideration", 50, 40, "lost"),
        ("purchase", 20, None, ""),
    ]
    assert skips_of(*records) == []


def test_after_a_purchase_a_lost_renewal_is_churned() -> None:
    won, renewal = deal(("won", 60)), deal(("rlow", 30), ("rlost", 10), pipeline="renewals")

    assert stays_of(contact(), won, renewal)[-1] == ("service", 60, 10, "churned")


def test_a_lost_renewal_is_no_churn_while_another_deal_is_open() -> None:
    won, renewal = deal(("won", 60)), deal(("rlow", 30), ("rlost", 10), pipeline="renewals")

    assert stays_of(contact(), won, renewal, deal(("low", 20)))[-1] == ("service", 60, None, "")


def test_after_a_purchase_another_loss_closes_nothing() -> None:
    records = contact(), deal(("won", 60)), deal(("low", 30), ("lost", 10))

    assert stays_of(*records)[-1] == ("service", 60, None, "")


def test_a_win_lost_again_is_churned_unless_another_deal_is_won() -> None:
    returned = deal(("won", 60), ("lost", 10))

    assert stays_of(contact(), returned)[-1] == ("service", 60, 10, "churned")
    assert stays_of(contact(), returned, deal(("won", 60)))[-1] == ("service", 60, None, "")


def test_after_a_churn_wins_are_counted_anew() -> None:
    first = deal(("won", 80)), deal(("rlow", 70), ("rlost", 60), pipeline="renewals")
    again = deal(("high", 50), ("won", 40))

    assert stays_of(contact(), *first, again)[-3:] == [
        ("service", 80, 60, "churned"),
        ("purchase", 50, 40, "forward"),
        ("service", 40, None, ""),
    ]


def test_after_a_churn_an_old_win_does_not_shield_from_a_loss() -> None:
    first = deal(("won", 80)), deal(("rlow", 70), ("rlost", 60), pipeline="renewals")

    assert stays_of(contact(), *first, deal(("high", 50), ("lost", 40)))[-1] == (
        "purchase",
        50,
        40,
        "lost",
    )


def test_an_outcome_goes_before_a_stage_of_the_same_instant() -> None:
    born = contact("1", ("lead", 100), ("evangelist", 20))

    assert stays_of(born, deal(("high", 50), ("lost", 20)))[-1] == ("purchase", 50, 20, "lost")


def test_the_furthest_stage_of_an_instant_counts() -> None:
    born = contact("1", ("lead", 100), ("marketingqualifiedlead", 40))

    assert stays_of(born, deal(("high", 40)))[1:] == [("purchase", 40, None, "")]


def test_a_custom_value_that_says_lost_closes_the_stay_and_churns_a_customer() -> None:
    values = options(
        "contacts/lifecyclestage", "lead", "customer", ("7", "Former client"), ("8", "Ex-friend")
    )

    assert stays_of(contact("1", ("lead", 100), ("7", 20)), values) == [
        ("awareness", 100, 20, "lost")
    ]
    assert stays_of(contact("1", ("customer", 60), ("8", 20)), values)[-1] == (
        "service",
        60,
        20,
        "churned",
    )


def test_a_meeting_before_any_deal_leads_to_consideration() -> None:
    assert stays_of(contact(), meeting(50))[1:] == [("consideration", 50, None, "")]
    assert stays_of(contact(), meeting(50, "SCHEDULED"))[1:] == [("consideration", 50, None, "")]


@pytest.mark.parametrize("outcome", ["CANCELED", "NO_SHOW", "RESCHEDULED"])
def test_a_meeting_that_was_not_held_moves_nothing(outcome: str) -> None:
    assert stays_of(contact(), meeting(50, outcome)) == [("awareness", 100, None, "")]


def test_a_meeting_not_before_the_creation_of_every_deal_moves_nothing() -> None:
    late = deal(("lost", 70), created=50)

    assert stays_of(contact(), meeting(50), late)[-1][0] == "awareness"


def test_a_quote_is_sent_when_it_is_approved() -> None:
    sent = record("quotes", created=50, links={"contacts": ["1"]}, hs_status="APPROVAL_NOT_NEEDED")
    draft = record("quotes", created=50, links={"contacts": ["1"]}, hs_status="DRAFT")

    assert stays_of(contact(), sent)[1:] == [("purchase", 50, None, "")]
    assert stays_of(contact(), draft) == [("awareness", 100, None, "")]


def test_a_ticket_moves_no_stage() -> None:
    assert stays_of(contact(), ticket(50)) == [("awareness", 100, None, "")]


def test_a_silent_open_stay_is_dormant_and_a_touch_wakes_it() -> None:
    silent = contact("1", created=180.5)

    asleep = journey_of(silent)
    awake = journey_of(silent, activity("notes", 180))

    assert (asleep.outcomes.dormant, asleep.stages[0].cells[0].in_stage) == (1, 0)
    assert (awake.outcomes.dormant, awake.stages[0].cells[0].in_stage) == (0, 1)


def test_entering_a_stage_within_the_span_is_not_dormant() -> None:
    assert journey_of(contact("1", created=180)).outcomes.dormant == 0


def test_a_touch_between_journeys_wakes_but_has_no_stage() -> None:
    lost = contact("1", created=400), deal(("low", 390), ("lost", 380))

    journey = journey_of(*lost, activity("notes", 10))

    assert (journey.outcomes.lost, journey.outcomes.dormant) == (1, 0)
    assert journey.touchpoints == ()


def test_the_current_value_wins_from_the_last_change_on_when_history_disagrees() -> None:
    drifted = record(
        "contacts",
        "1",
        changed=15,
        history={
            "lifecyclestage": contact("1", ("lead", 100), ("opportunity", 50)).history[
                "lifecyclestage"
            ]
        },
        lifecyclestage="customer",
    )

    assert stays_of(drifted)[1:] == [("purchase", 50, 15, "forward"), ("service", 15, None, "")]
    assert [f.code for f in journey_of(drifted).findings] == ["history_mismatch"]


def test_dated_families_stand_in_for_a_history_that_is_not_there() -> None:
    families = record(
        "contacts",
        "1",
        lifecyclestage="customer",
        hs_v2_date_entered_lead=before(90),
        hs_v2_date_entered_customer=before(20),
        hs_v2_date_entered_current_stage=before(20),
        hs_lifecyclestage_opportunity_date=before(50),
    )
    legacy = record(
        "contacts",
        "1",
        lifecyclestage="opportunity",
        hs_lifecyclestage_lead_date=before(90),
        hs_lifecyclestage_opportunity_date=before(50),
    )

    assert stays_of(families)[1:] == [("service", 20, None, "")]
    assert stays_of(legacy)[1:] == [("purchase", 50, None, "")]


def test_a_value_without_any_past_counts_from_the_last_change_on() -> None:
    bare = record("contacts", "1", changed=30, lifecyclestage="customer")

    assert stays_of(bare)[1:] == [("service", 30, None, "")]


def test_a_passed_over_stage_leaves_the_state_before_it() -> None:
    odd = deal(("high", 60), ("odd", 50), ("gone", 40), ("high", 30))

    assert stays_of(contact(), odd)[1:] == [("purchase", 60, None, "")]


def test_a_stage_is_looked_up_in_the_current_pipeline_and_then_in_the_others() -> None:
    moved = deal(("low", 60), ("rwon", 50), pipeline="renewals")

    assert stays_of(contact(), moved)[1:] == [
        ("consideration", 60, 50, "forward"),
        ("loyalty", 50, None, ""),
    ]


def test_a_value_cleared_in_the_instant_it_was_set_still_counts() -> None:
    born = contact("1", ("lead", 100), ("customer", 30), ("", 30))

    assert stays_of(born)[1:] == [("service", 30, None, "")]


def test_an_event_for_the_current_stage_does_not_hold_a_fall_of_its_instant() -> None:
    born = contact("1", ("lead", 100), ("opportunity", 20))

    assert stays_of(born, deal(("high", 50), ("low", 20)))[-1] == ("consideration", 20, None, "")


def test_after_a_value_of_leaving_nothing_is_set_back() -> None:
    values = options("contacts/lifecyclestage", "lead", "opportunity", ("7", "Former"))
    born = contact("1", ("opportunity", 60), ("7", 50), ("lead", 20))

    assert stays_of(born, deal(("high", 40)), values)[-1] == ("purchase", 40, None, "")


def test_dated_families_are_matched_by_their_hashed_names() -> None:
    values = options(
        "contacts/lifecyclestage", "lead", ("stage-with-dashes", "Customer"), "opportunity"
    )
    dated = record(
        "contacts",
        "1",
        lifecyclestage="stage-with-dashes",
        hs_v2_date_entered_stage_with_dashes_233247981=before(20),
        hs_v2_date_entered_opportunity=before(40),
    )

    assert stays_of(dated, values)[1:] == [
        ("purchase", 40, 20, "forward"),
        ("service", 20, None, ""),
    ]


def test_a_loss_after_the_journey_was_closed_closes_nothing_more() -> None:
    deals = deal(("high", 50), ("lost", 40)), deal(("lost", 30))

    assert stays_of(contact(), *deals)[1:] == [("purchase", 50, 40, "lost")]


def test_a_stay_names_the_event_that_caused_it() -> None:
    facts = facts_of(contact("1", ("lead", 100), ("opportunity", 40)), deal(("high", 40), id_="70"))

    [way] = travel_all(facts)
    causes = [stay.cause and (stay.cause.source, stay.cause.record_id) for stay in way.stays]
    assert causes == [("lifecycle", "1"), ("deal", "70")]


def test_an_open_deal_before_creation_starts_the_journey_at_its_stage() -> None:
    assert stays_of(contact(), deal(("low", 130))) == [("consideration", 130, None, "")]
