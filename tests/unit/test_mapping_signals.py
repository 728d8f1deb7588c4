"""The score and weight of every kind of signal."""

from __future__ import annotations

from typing import Any

import pytest

from cjm_sync.model import Record
from crm_records import (
    activity,
    before,
    contact,
    deal,
    email_event,
    facts_of,
    journey_of,
    meeting,
    past,
    signals_of,
    survey,
    ticket,
)


@pytest.mark.parametrize(
    ("value", "score"),
    [("10", 2), ("9", 1.5), ("8", 0.5), ("7", 0), ("6", -0.5), ("5", -0.75), ("4", -1), ("3", -1.25),
     ("2", -1.5), ("1", -1.75), ("0", -2), ("9.0", 1.5)],
)  # fmt: skip
def test_nps(value: str, score: float) -> None:
    assert signals_of(contact(), survey("NPS", value, 5)) == [("voc.nps", 5, score, 100, True)]


@pytest.mark.parametrize(
    ("kind", "value", "score"),
    [("CSAT", "0", -2), ("CSAT", "1", 0), ("CSAT", "2", 2), ("CES", "1", -2), ("CES", "4", 0),
     ("CES", "5.5", 1), ("CES", "7", 2)],
)  # fmt: skip
def test_csat_and_ces_on_their_own_scale(kind: str, value: str, score: float) -> None:
    made = signals_of(contact(), survey(kind, value, 5))

    assert made == [(f"voc.{kind.lower()}", 5, score, 100, True)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("NPS", "11"), ("NPS", "-1"), ("NPS", "8.5"), ("NPS", "great"), ("CSAT", "3"), ("CES", "0"),
     ("CES", "inf")],
)  # fmt: skip
def test_an_answer_off_its_scale_is_a_finding_and_not_a_guess(kind: str, value: str) -> None:
    facts = facts_of(contact(), survey(kind, value, 5, hs_sentiment="PROMOTER"))

    assert (facts.signals.at.size, facts.answers.at.size, facts.touches.at.size) == (0, 0, 1)
    assert [f.code for f in facts.findings] == ["bad_value"]
    assert facts.findings[0].key.endswith("/hs_value")


def test_another_scale_comes_from_the_profile() -> None:
    stars = survey("CSAT", "5", 5, hs_survey_id="31")

    made = signals_of(contact(), stars, profile='[surveys.by_survey]\n"31" = [1, 5]')

    assert made == [("voc.csat", 5, 2, 100, True)]


@pytest.mark.parametrize(
    ("kind", "value", "label", "expected"),
    [
        ("NPS", "", "PROMOTER", [("voc.nps", 5, 2, 80, True)]),
        ("CSAT", None, "PASSIVE", [("voc.csat", 5, 0, 80, True)]),
        ("CUSTOM", "3", "DETRACTOR", [("other.feedback_submissions", 5, -2, 80, True)]),
        ("NPS", "7", "PROMOTER", [("voc.nps", 5, 0, 100, True)]),
        ("NPS", "", "", []),
    ],
)
def test_a_label_speaks_when_there_is_no_value(
    kind: str, value: str | None, label: str, expected: list[object]
) -> None:
    facts = facts_of(contact(), survey(kind, value, 5, hs_sentiment=label))

    assert signals_of(contact(), survey(kind, value, 5, hs_sentiment=label)) == expected
    assert facts.answers.at.size == (value == "7")


@pytest.mark.parametrize(
    ("priority", "score"), [("LOW", 0), ("MEDIUM", -0.5), ("HIGH", -1), ("URGENT", -1.5)]
)
def test_ticket_priority(priority: str, score: float) -> None:
    fresh = ticket(1, hs_ticket_priority=priority)

    assert signals_of(contact(), fresh) == [("svc.ticket", 1, score, 60, False)]


@pytest.mark.parametrize(
    ("closed", "score"), [(17, 0.5), (16.9, 0), (14, 0), (13.9, -0.5), (8, -0.5), (7.9, -1)]
)
def test_time_to_close_against_72_hours(closed: float, score: float) -> None:
    made = signals_of(contact(), ticket(20, closed_date=before(closed)))

    [(key, felt, *rest)] = made
    assert (key, rest) == ("svc.ticket", [score, 60, False])
    assert felt == pytest.approx(closed, abs=1e-6)


def test_time_to_close_against_the_tickets_own_target() -> None:
    promised = ticket(20, closed_date=before(10), hs_time_to_close_sla_at=before(15))

    assert signals_of(contact(), promised) == [("svc.ticket", 10, 0, 60, False)]


def test_an_open_ticket_is_felt_when_it_is_overdue() -> None:
    assert signals_of(contact(), ticket(20)) == [("svc.ticket", 17, -1.5, 60, False)]
    assert signals_of(contact(), ticket(3)) == []  # due at T
    assert signals_of(contact(), ticket(20, closed_date=before(-1))) == [
        ("svc.ticket", 17, -1.5, 60, False)
    ]


def test_a_ticket_without_a_date_closes_with_its_last_entry_into_a_closed_stage() -> None:
    closed = ticket(
        20,
        hs_pipeline_stage="4",
        history={"hs_pipeline_stage": past(("1", 20), ("4", 19), ("1", 18), ("4", 17))},
    )
    opened_again = ticket(
        20,
        hs_pipeline_stage="1",
        history={"hs_pipeline_stage": past(("1", 20), ("4", 19), ("1", 18))},
    )

    assert signals_of(contact(), closed) == [("svc.ticket", 17, 0.5, 60, False)]
    assert signals_of(contact(), opened_again) == [("svc.ticket", 17, -1.5, 60, False)]


@pytest.mark.parametrize(("outcome", "score"), [("c1", 0.5), ("c2", 0), ("c3", -0.25)])
def test_call_outcomes_by_the_accounts_label(outcome: str, score: float) -> None:
    call = activity("calls", 5, hs_call_direction="OUTBOUND", hs_call_disposition=outcome)

    assert signals_of(contact(), call) == [("call.out", 5, score, 30, False)]


@pytest.mark.parametrize("outcome", ["c4", "unheard-of", None])
def test_other_call_outcomes_say_nothing(outcome: str | None) -> None:
    call = activity("calls", 5, hs_call_direction="OUTBOUND", hs_call_disposition=outcome)

    assert signals_of(contact(), call) == []


@pytest.mark.parametrize(
    ("outcome", "score"),
    [("COMPLETED", 0.75), ("RESCHEDULED", -0.25), ("CANCELED", -0.75), ("NO_SHOW", -1)],
)
def test_meeting_outcomes(outcome: str, score: float) -> None:
    assert signals_of(contact(), meeting(5, outcome)) == [("meet.first", 5, score, 40, False)]
    assert signals_of(contact(), meeting(5, "SCHEDULED")) == []


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({"hs_email_direction": "INCOMING_EMAIL"}, [("mail.reply", 5, 0.75, 20, False)]),
        ({"hs_email_direction": "EMAIL"}, []),
        (
            {"hs_email_direction": "EMAIL", "hs_email_open_count": "2"},
            [("mail.sales", 5, 0.1, 20, False)],
        ),
        (
            {
                "hs_email_direction": "EMAIL",
                "hs_email_open_count": "2",
                "hs_email_click_count": "1",
            },
            [("mail.sales", 5, 0.4, 20, False)],
        ),
        (
            {"hs_email_direction": "EMAIL", "hs_email_status": "BOUNCED"},
            [("mail.sales", 5, -0.5, 20, False)],
        ),
        ({"hs_email_direction": "EMAIL", "hs_email_status": "FAILED"}, []),
    ],
)
def test_sales_email(made: dict[str, str], expected: list[object]) -> None:
    assert signals_of(contact(), activity("emails", 5, **made)) == expected


def test_marketing_email_counts_one_click_else_one_open_per_message() -> None:
    first, second = {"id": "s1", "created": 1}, {"id": "s2", "created": 2}
    events = [
        email_event("OPEN", 9, sentBy=first),
        email_event("CLICK", 8, sentBy=first),
        email_event("CLICK", 7, sentBy=first),
        email_event("OPEN", 6, sentBy=second),
        email_event("OPEN", 5, sentBy=second),
        email_event("CLICK", 4, sentBy=second, filteredEvent=True),
    ]

    assert signals_of(contact("1", email="a@x.example"), *events) == [
        ("mail.marketing", 6, 0.1, 20, False),
        ("mail.marketing", 8, 0.4, 20, False),
    ]


def test_marketing_email_that_hurts() -> None:
    events = [
        email_event("BOUNCE", 9),
        email_event("SPAMREPORT", 8),
        email_event("STATUSCHANGE", 7, subscriptions=[{"id": 1, "status": "UNSUBSCRIBED"}]),
        email_event("STATUSCHANGE", 6, subscriptions=[]),
    ]

    assert signals_of(contact("1", email="a@x.example"), *events) == [
        ("mail.marketing", 7, -1.5, 20, False),
        ("mail.marketing", 8, -2, 20, False),
        ("mail.marketing", 9, -0.5, 20, False),
    ]


def test_without_events_the_last_click_else_the_last_open_speaks() -> None:
    opened: dict[str, Any] = {"hs_email_last_open_date": before(9)}

    assert signals_of(contact("1", **opened)) == [("mail.marketing", 9, 0.1, 20, False)]
    assert signals_of(contact("1", hs_email_last_click_date=before(8), **opened)) == [
        ("mail.marketing", 8, 0.4, 20, False)
    ]


@pytest.mark.parametrize(
    ("reason", "score"),
    [
        ("Bad SUPPORT", -2), ("service level", -2), ("A competitor won", -1), ("rivals", -1),
        ("missing parts", -1), ("no integration", -1), ("Price too high", -0.5),
        ("budget cut", -0.5), ("no reply since May", -0.5), ("ghosted", -0.5), ("later", -0.25),
        ("not now", -0.25), ("sometimes", -0.5), ("", -0.5), (None, -0.5),
    ],
)  # fmt: skip
def test_a_lost_deal_speaks_by_its_reason(reason: str | None, score: float) -> None:
    lost = deal(("low", 20), ("lost", 10), closed_lost_reason=reason)

    assert signals_of(contact(), lost) == [("sales.lost", 10, score, 50, False)]


def test_a_reason_that_no_group_covers_is_reported_without_its_text() -> None:
    lost = deal(("low", 20), ("lost", 10), id_="7", closed_lost_reason="Ana Silva said so")
    still_open = deal(("low", 20), closed_lost_reason="Whatever")

    found = journey_of(contact(), lost, still_open).findings

    assert [(f.code, f.key) for f in found] == [("unknown_reason", "deals/7/closed_lost_reason")]
    assert "Ana" not in found[0].message + found[0].hint


def test_a_won_deal_is_a_delight() -> None:
    assert signals_of(contact(), deal(("won", 10))) == [("sales.won", 10, 1.5, 50, False)]


def test_signals_after_the_reference_time_do_not_exist() -> None:
    late: list[Record] = [meeting(-1), survey("NPS", "9", 0), deal(("low", 5), ("lost", -1))]

    assert signals_of(contact(), *late) == []


def test_a_ticket_with_absurd_times_is_a_finding() -> None:
    backwards = ticket(20, id_="1", closed_date=before(21))
    promised_early = ticket(20, id_="2", closed_date=before(14), hs_time_to_close_sla_at=before(20))

    facts = facts_of(contact(), backwards, promised_early)

    assert [f.key for f in facts.findings] == [
        "tickets/1/closed_date",
        "tickets/2/hs_time_to_close_sla_at",
    ]
    assert facts.signals.score.tolist() == [0]  # six days against the usual three


def test_a_deal_in_no_pipeline_of_the_account_moves_nothing() -> None:
    assert signals_of(contact(), deal(("vanished", 10), pipeline="gone")) == []
