"""What signals add up to, worked out by hand."""

from __future__ import annotations

import pytest

from cjm_sync.journey.types import Emotion
from crm_records import activity, cell, contact, deal, journey_of, meeting, row, survey, ticket


def test_a_score_is_pulled_towards_neutral() -> None:
    # One answer of today's weight 100·0.5^(90/90) = 50 and score 2: 100 / (50 + 250).
    shown = cell(journey_of(contact(), survey("NPS", "10", 90)), "awareness").emotion

    assert shown == Emotion(100 / 300, 1, "measured", "low")


def test_a_signal_counts_until_it_is_a_year_old() -> None:
    old = contact("1", created=400)

    kept = cell(journey_of(old, survey("NPS", "10", 365)), "awareness").emotion
    gone = cell(journey_of(old, survey("NPS", "10", 366)), "awareness").emotion

    assert kept.n == 1
    assert gone == Emotion(None, None, "none", None, withheld=True)


def test_measured_goes_before_inferred_and_they_are_never_mixed() -> None:
    both = journey_of(contact(), survey("NPS", "0", 1), meeting(1), meeting(2))

    shown = cell(both, "consideration").emotion
    assert (shown.n, shown.evidence) == (1, "measured")
    assert shown.score is not None
    assert shown.score < 0


def test_five_signals_of_four_units_are_not_enough() -> None:
    people = [contact(str(n)) for n in range(1, 7)]
    four = [survey("NPS", "9", 3, to=[str(n)]) for n in (1, 2, 3, 4, 4)]
    fifth = survey("NPS", "9", 3, to=["5"])

    assert cell(journey_of(*people, *four, shown_from=5), "awareness").emotion.evidence == "none"
    shown = cell(journey_of(*people, *four, fifth, shown_from=5), "awareness").emotion
    assert (shown.evidence, shown.n, shown.confidence) == ("measured", 6, "low")


@pytest.mark.parametrize(("number", "confidence"), [(9, "low"), (10, "medium"), (50, "high")])
def test_confidence_grows_with_the_number_of_signals(number: int, confidence: str) -> None:
    answers = [survey("CES", "4", 3) for _ in range(number)]

    assert cell(journey_of(contact(), *answers), "awareness").emotion.confidence == confidence


def test_a_loss_is_felt_in_the_stage_it_ends_and_a_ticket_in_that_of_its_closing() -> None:
    moved = contact("1", ("lead", 100), ("customer", 50))
    late = ticket(60, closed_date=None, hs_ticket_priority="HIGH")
    lost = contact("2")

    journey = journey_of(moved, late, lost, deal(("high", 60), ("lost", 40), to=["2"]))

    before_purchase = row(journey, "svc.ticket", "awareness")
    assert before_purchase is not None
    assert before_purchase.emotion.n == 2  # its priority, and that it was due after 72 hours
    ended = row(journey, "sales.lost", "purchase")
    assert ended is not None
    assert ended.emotion.n == 1


def test_a_ticket_closed_in_a_later_stage_is_felt_there() -> None:
    moved = contact("1", ("lead", 100), ("customer", 50))
    slow = ticket(60, closed_date="2026-05-22T00:00:00Z")  # 40 days before T

    journey = journey_of(moved, slow)

    assert cell(journey, "awareness").emotion.n is None
    assert cell(journey, "service").emotion.n == 1


def test_a_meetings_signal_carries_the_phase_of_the_meeting() -> None:
    bought = contact("1", ("lead", 100), ("customer", 80))

    journey = journey_of(bought, meeting(85), meeting(70))

    first, later = (
        row(journey, "meet.first", "consideration"),
        row(journey, "meet.onboard", "service"),
    )
    assert first is not None
    assert later is not None
    assert (first.emotion.n, later.emotion.n) == (1, 1)


def test_a_touchpoint_row_feels_signals_older_than_the_window() -> None:
    old = contact("1", created=300)

    calls = [
        activity("calls", days, hs_call_direction="OUTBOUND", hs_call_disposition="c1")
        for days in (10, 200)
    ]

    shown = row(journey_of(old, *calls), "call.out", "awareness")
    assert shown is not None
    assert (shown.touches, shown.emotion.n) == (1, 2)
