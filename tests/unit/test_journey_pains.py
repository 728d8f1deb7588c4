"""Each pain and delight: it fires, it just does not, and not on too few (journey model, §7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from cjm_sync.journey.grounds import Bar, Measure
from cjm_sync.journey.pains import pains
from cjm_sync.journey.thresholds import PainRules
from cjm_sync.journey.types import Pain
from cjm_sync.model import Record
from crm_records import (
    activity,
    before,
    contact,
    deal,
    email_event,
    journey_of,
    meeting,
    options,
    pipeline,
    record,
    survey,
    ticket,
)

CATEGORIES = options("tickets/hs_ticket_category", ("BILLING", "Billing issue"), ("OTHER", "Other"))


def fired(records: Iterable[Record], rule: str, **more: Any) -> dict[tuple[str, str], Pain]:
    """Return what fires of *rule*, by stage and subject, with small groups hidden."""
    more.setdefault("shown_from", 5)
    journey = journey_of(*records, **more)
    assert journey.pains is not None
    assert journey.delights is not None
    return {
        (pain.stage, pain.subject): pain
        for pain in (*journey.pains, *journey.delights)
        if pain.rule == rule
    }


def people(n: int, first: int = 1) -> list[str]:
    return [str(number) for number in range(first, first + n)]


def through_awareness(ids: Iterable[str], *, days: float, left: float) -> list[Record]:
    """Return contacts that were in awareness for *days* and left it *left* days before T."""
    return [
        contact(
            id_,
            ("lead", left + days),
            ("marketingqualifiedlead", left),
            created=left + days,
        )
        for id_ in ids
    ]


# PP1


def slow(n: int, days: float, *, usual: int = 5) -> list[Record]:
    return [
        *through_awareness(people(n), days=days, left=30),
        *through_awareness(people(usual, first=900), days=10, left=200),
    ]


def test_a_stage_slower_than_one_and_a_half_times_its_trailing_median_fires() -> None:
    (pain,) = fired(slow(20, 20), "PP1").values()

    assert (pain.stage, pain.value, pain.threshold, pain.unit) == ("awareness", 20, 15, "days")
    assert (pain.n, pain.units) == (20, 20)
    assert pain.reach == 1.0
    assert pain.intensity == pytest.approx(5 / 15)
    assert (pain.before, pain.trend) == (None, 0.0)
    assert pain.severity == pytest.approx(40 + 40 / 3)


def test_a_stage_of_exactly_one_and_a_half_times_its_usual_time_is_not_slow() -> None:
    assert fired(slow(20, 15), "PP1") == {}
    assert fired(slow(20, 15.001), "PP1") != {}


@pytest.mark.parametrize(("n", "usual"), [(19, 5), (20, 4)])
def test_a_slow_stage_needs_twenty_stays_and_five_trailing_units(n: int, usual: int) -> None:
    assert fired(slow(n, 20, usual=usual), "PP1") == {}


def test_a_target_of_the_profile_makes_a_stage_slow_without_any_past() -> None:
    profile = "pains.stage_days = { awareness = 8 }"
    (pain,) = fired(slow(20, 20, usual=0), "PP1", profile=profile).values()

    assert (pain.threshold, pain.intensity) == (8, 1.0)


def test_of_two_thresholds_the_one_of_the_larger_intensity_is_told() -> None:
    (pain,) = fired(slow(20, 20), "PP1", profile="pains.stage_days = { awareness = 18 }").values()

    assert pain.threshold == 15


# PP2 and PP11


def decided(ids: Iterable[str], *, ended: str, at: float = 50, deal_: str = "low") -> list[Record]:
    """Return contacts whose only stay begins with a deal *at* days before T and lasts ten."""
    found: list[Record] = []
    for id_ in ids:
        steps = [(deal_, at), *([(ended, at - 10)] if ended else [])]
        found += [
            contact(id_, created=at),
            deal(*steps, to=[id_], id_=f"5{id_}"),
            activity("notes", 1, to=[id_]),
        ]
    return found


def test_a_drop_off_ten_points_above_its_trailing_average_fires() -> None:
    records = [
        *decided(people(10), ended="lost"),
        *decided(people(20, first=100), ended=""),
        *decided(people(2, first=200), ended="lost", at=150),
        *decided(people(8, first=300), ended="won", at=150),
    ]
    (pain,) = fired(records, "PP2").values()

    assert (pain.stage, pain.n, pain.units) == ("consideration", 30, 10)
    assert pain.value == pytest.approx(1 / 3)
    assert pain.threshold == pytest.approx(0.3)
    assert pain.before == pytest.approx(0.2)
    assert pain.trend == pytest.approx((1 / 3 - 0.2) / 0.2)


def test_a_drop_off_less_than_ten_points_above_is_none() -> None:
    records = [
        *decided(people(10), ended="lost"),
        *decided(people(20, first=100), ended=""),
        *decided(people(3, first=200), ended="lost", at=150),
        *decided(people(7, first=300), ended="won", at=150),
    ]

    assert fired(records, "PP2") == {}


def test_the_highest_drop_off_of_all_stages_fires_against_the_mean_of_the_others() -> None:
    records = [
        *decided(people(12), ended="lost"),
        *decided(people(18, first=100), ended=""),
        *decided(people(6, first=200), ended="lost", deal_="high"),
        *decided(people(24, first=300), ended="", deal_="high"),
    ]
    found = fired(records, "PP2")

    assert [*found] == [("consideration", "")]
    pain = found["consideration", ""]
    assert (pain.value, pain.threshold, pain.intensity) == (0.4, 0.2, 1.0)


def test_equal_drop_offs_have_no_highest() -> None:
    records = [
        *decided(people(12), ended="lost"),
        *decided(people(18, first=100), ended=""),
        *decided(people(12, first=200), ended="lost", deal_="high"),
        *decided(people(18, first=300), ended="", deal_="high"),
    ]

    assert fired(records, "PP2") == {}


def test_a_stage_of_twenty_nine_decided_stays_is_neither_judged_nor_compared() -> None:
    records = [
        *decided(people(12), ended="lost"),
        *decided(people(17, first=100), ended=""),
        *decided(people(6, first=200), ended="lost", deal_="high"),
        *decided(people(24, first=300), ended="", deal_="high"),
    ]

    assert fired(records, "PP2") == {}


def test_who_went_dormant_dropped_off() -> None:
    records = [contact(id_, created=120) for id_ in people(10)]
    for id_ in people(20, first=100):
        records += [contact(id_, created=120), activity("notes", 5, to=[id_])]
    for id_ in people(10, first=200):
        records += [contact(id_, created=250), activity("notes", 5, to=[id_])]
    (pain,) = fired(records, "PP2", profile="thresholds.dormant_days = 60").values()

    assert pain.value == pytest.approx(1 / 3)
    assert (pain.threshold, pain.units) == (0.1, 10)


@pytest.mark.parametrize(("back", "stay", "fires"), [(5, 45, True), (5, 46, False), (5, 14, False)])
def test_a_tenth_moving_back_from_a_stage_fires(back: int, stay: int, *, fires: bool) -> None:
    records = [
        *decided(people(back), ended="low", deal_="high"),
        *decided(people(stay, first=100), ended="won", deal_="high"),
    ]
    found = fired(records, "PP11")

    assert bool(found) is fires
    for pain in found.values():
        assert (pain.stage, pain.value, pain.units) == ("purchase", 0.1, 5)


# PP3


def handed(ids: Iterable[str], hours: float, *, entered: float = 30) -> list[Record]:
    found: list[Record] = []
    for id_ in ids:
        found += [
            contact(id_, ("lead", 80), ("marketingqualifiedlead", entered), created=80),
            activity(
                "emails", entered - hours / 24, to=[id_], hs_email_direction="EMAIL", id_=f"6{id_}"
            ),
        ]
    return found


@pytest.mark.parametrize(
    ("n", "hours", "fires"), [(20, 30, True), (20, 24, False), (19, 30, False)]
)
def test_a_first_sales_touch_later_than_a_day_fires(n: int, hours: float, *, fires: bool) -> None:
    found = fired(handed(people(n), hours), "PP3")

    assert bool(found) is fires
    for pain in found.values():
        assert pain.value == pytest.approx(30)
        assert (pain.threshold, pain.unit, pain.units) == (24, "hours", 20)
        assert pain.intensity == pytest.approx(0.25)


def test_who_is_still_waiting_is_not_counted_in_the_hand_off() -> None:
    waiting = [
        contact(id_, ("lead", 80), ("marketingqualifiedlead", 30), created=80)
        for id_ in people(50, first=500)
    ]
    (pain,) = fired([*handed(people(20), 30), *waiting], "PP3").values()

    assert pain.n == 20


# PP4 and PP5


def tickets(ids: Iterable[str], category: str | None, *, days: float = 10) -> list[Record]:
    found: list[Record] = []
    for id_ in ids:
        found += [contact(id_, created=300), ticket(days, to=[id_], hs_ticket_category=category)]
    return [CATEGORIES, *found]


@pytest.mark.parametrize(("theme", "rest", "fires"), [(5, 20, True), (5, 21, False), (5, 4, False)])
def test_a_fifth_of_the_tickets_of_one_category_fires(
    theme: int, rest: int, *, fires: bool
) -> None:
    records = [*tickets(people(theme), "BILLING"), *tickets(people(rest, first=100), None)]
    found = fired(records, "PP4")

    assert bool(found) is fires
    for key, pain in found.items():
        assert key == ("awareness", "BILLING")
        assert pain.label == "Ticket theme: Billing issue"
        assert (pain.value, pain.threshold, pain.n, pain.units) == (0.2, 0.2, 25, 5)
        assert pain.intensity == 0.0


def test_a_share_of_tickets_that_grew_by_half_fires() -> None:
    records = [
        *tickets(people(5), "BILLING"),
        *tickets(people(35, first=100), None),
        *tickets(people(1, first=200), "BILLING", days=120),
        *tickets(people(11, first=300), None, days=120),
    ]
    (pain,) = fired(records, "PP4").values()

    assert pain.value == 0.125
    assert pain.threshold == pytest.approx(0.125)
    assert pain.before == pytest.approx(1 / 12)
    assert pain.trend == pytest.approx(0.5)


def test_a_category_of_four_units_is_no_theme() -> None:
    records = [*tickets(people(4), "BILLING"), *tickets(people(8, first=100), None)]

    assert fired(records, "PP4") == {}


def test_text_that_is_no_option_is_no_category() -> None:
    assert fired(tickets(people(12), "what somebody typed"), "PP4") == {}


def helped(ids: Iterable[str], hours: float, **more: str) -> list[Record]:
    found: list[Record] = []
    for id_ in ids:
        found += [
            contact(id_, created=300),
            ticket(20, to=[id_], closed_date=before(20 - hours / 24), **more),
        ]
    return found


@pytest.mark.parametrize(("n", "hours", "fires"), [(10, 90, True), (10, 72, False), (9, 90, False)])
def test_help_slower_than_its_target_fires(n: int, hours: float, *, fires: bool) -> None:
    found = fired(helped(people(n), hours), "PP5")

    assert bool(found) is fires
    for key, pain in found.items():
        assert key == ("awareness", "close")
        assert pain.value == pytest.approx(90)
        assert (pain.threshold, pain.n) == (72, 10)
        assert pain.intensity == pytest.approx(0.25)


def test_a_tickets_own_target_goes_before_the_usual_one() -> None:
    records = helped(people(10), 90, hs_time_to_close_sla_at=before(20 - 100 / 24))

    assert fired(records, "PP5") == {}


def test_a_first_answer_after_its_target_fires() -> None:
    records: list[Record] = []
    for id_ in people(10):
        answered = ticket(20, to=[id_], first_agent_reply_date=before(18))
        records += [contact(id_, created=300), answered]
    (pain,) = fired(records, "PP5").values()

    assert (pain.subject, pain.threshold) == ("response", 24)
    assert pain.value == pytest.approx(48)


# PP6 and DL1


def answered(ids: Iterable[str], value: str, *, days: float = 0.5) -> list[Record]:
    found: list[Record] = []
    for id_ in ids:
        found += [contact(id_, created=300), survey("CSAT", value, days, to=[id_])]
    return found


def test_a_low_score_at_a_touchpoint_fires_for_five_and_not_for_four() -> None:
    (pain,) = fired(answered(people(5), "0"), "PP6").values()

    assert (pain.stage, pain.subject, pain.unit) == ("awareness", "voc.csat", "score")
    assert pain.value == pytest.approx(-2 * 500 / 750, abs=0.02)
    assert (pain.threshold, pain.n, pain.units, pain.intensity) == (-0.5, 5, 5, 1.0)
    assert fired(answered(people(4), "0"), "PP6") == {}


def test_a_score_that_sank_has_a_trend() -> None:
    records = [
        *answered(people(5), "0"),
        *(survey("CSAT", "1", 100, to=[id_]) for id_ in people(5)),
    ]
    (pain,) = fired(records, "PP6").values()

    assert (pain.before, pain.trend) == (0.0, 1.0)


def test_answers_in_the_middle_are_neither_pain_nor_delight() -> None:
    assert fired(answered(people(9), "1"), "PP6") == {}
    assert fired(answered(people(9), "1"), "DL1") == {}


def test_a_delight_is_told_apart_from_pains() -> None:
    journey = journey_of(*answered(people(5), "2"), shown_from=5)

    assert journey.pains == ()
    assert journey.delights is not None
    assert [(one.rule, one.label) for one in journey.delights] == [("DL1", "Delight: CSAT answer")]
    assert journey.opportunities == ()


# PP7


@pytest.mark.parametrize(("price", "rest", "fires"), [(5, 15, True), (5, 16, False), (5, 4, False)])
def test_a_quarter_of_losses_for_one_reason_fires(price: int, rest: int, *, fires: bool) -> None:
    records: list[Record] = []
    for id_ in people(price + rest):
        reason = "too expensive" if int(id_) <= price else "whatever"
        lost = deal(("low", 50), ("lost", 40), to=[id_], closed_lost_reason=reason)
        records += [contact(id_, created=100), lost]
    found = fired(records, "PP7")

    assert bool(found) is fires
    for key, pain in found.items():
        assert key == ("consideration", "price")
        assert (pain.value, pain.threshold, pain.n, pain.units) == (0.25, 0.25, 20, 5)


def test_a_deal_of_three_contacts_is_one_loss() -> None:
    contacts = [contact(id_, created=100) for id_ in people(9)]
    lost = [
        deal(("low", 50), ("lost", 40), to=people(3, first=first), closed_lost_reason="price")
        for first in (1, 4, 7, 2)
    ]

    assert fired([*contacts, *lost], "PP7") == {}


# PP8


def in_touch(ids: Iterable[str], *, last: float) -> list[Record]:
    """Return contacts with a touch every two days, the last one *last* days before T."""
    found: list[Record] = []
    for id_ in ids:
        found.append(contact(id_, created=60))
        found += [activity("notes", last + 2 * step, to=[id_]) for step in range(6)]
    return found


@pytest.mark.parametrize(
    ("silent", "awake", "fires"), [(5, 20, True), (5, 21, False), (6, 13, False)]
)
def test_a_fifth_silent_for_twice_the_median_gap_fires(
    silent: int, awake: int, *, fires: bool
) -> None:
    records = [*in_touch(people(silent), last=5), *in_touch(people(awake, first=100), last=1)]
    found = fired(records, "PP8")

    assert bool(found) is fires
    for pain in found.values():
        assert (pain.value, pain.threshold, pain.n, pain.units) == (0.2, 0.2, 25, 5)


def test_exactly_twice_the_median_gap_is_no_silence() -> None:
    assert fired(in_touch(people(25), last=4), "PP8") == {}
    assert fired(in_touch(people(25), last=4.001), "PP8") != {}


def test_dormant_units_are_not_counted_as_silent() -> None:
    dormant = [contact(id_, created=250) for id_ in people(8)]

    assert fired([*dormant, *in_touch(people(25, first=100), last=1)], "PP8") == {}


def test_who_just_entered_the_stage_is_not_silent_in_it() -> None:
    records = in_touch(people(20, first=100), last=1)
    for id_ in people(8):
        steps = [("lead", 90.0), ("marketingqualifiedlead", 1.0)]
        records += [contact(id_, *steps, created=90), activity("notes", 40, to=[id_])]
    for id_ in people(20, first=200):
        records += [
            contact(id_, ("marketingqualifiedlead", 60), created=60),
            *(activity("notes", 1 + 2 * step, to=[id_]) for step in range(6)),
        ]

    assert fired(records, "PP8") == {}


# PP9


@pytest.mark.parametrize(
    ("missed", "held", "fires"), [(5, 20, True), (5, 21, False), (6, 8, False)]
)
def test_a_fifth_of_meetings_missed_or_cancelled_fires(
    missed: int, held: int, *, fires: bool
) -> None:
    records: list[Record] = []
    for id_ in people(missed + held):
        outcome = ("NO_SHOW", "CANCELED")[int(id_) % 2] if int(id_) <= missed else "COMPLETED"
        records += [
            contact(id_, ("marketingqualifiedlead", 60), created=60),
            meeting(10, outcome, to=[id_]),
        ]
    found = fired(records, "PP9")

    assert bool(found) is fires
    for pain in found.values():
        assert (pain.stage, pain.value, pain.n, pain.units) == ("consideration", 0.2, 25, 5)


def test_a_rescheduled_meeting_was_not_missed() -> None:
    records: list[Record] = []
    for id_ in people(20):
        records += [contact(id_, created=60), meeting(10, "RESCHEDULED", to=[id_])]

    assert fired(records, "PP9") == {}


# PP10


def mailed(sends: int, reports: int, *, days: float = 10, first: int = 1) -> list[Record]:
    """Return ten contacts that were sent *sends* emails in all, and reported *reports*."""
    found = [
        contact(str(first + n), created=300, email=f"c{first + n}@x.example") for n in range(10)
    ]
    kinds = ["DELIVERED"] * sends + ["SPAMREPORT"] * reports
    addresses = [f"c{first + n % 10}@x.example" for n in (*range(sends), *range(reports))]
    return [
        *found,
        *(email_event(kind, days, to=to) for kind, to in zip(kinds, addresses, strict=True)),
    ]


@pytest.mark.parametrize(
    ("sends", "reports", "fires"),
    [(500, 5, True), (501, 5, False), (199, 5, False), (200, 4, False)],
)
def test_one_report_in_a_hundred_sends_fires(sends: int, reports: int, *, fires: bool) -> None:
    found = fired(mailed(sends, reports), "PP10")

    assert bool(found) is fires
    for pain in found.values():
        assert (pain.value, pain.n, pain.units) == (0.01, 500, 5)


def test_an_email_that_bounced_is_no_report() -> None:
    bounces = [email_event("BOUNCE", 10, to=f"c{n}@x.example") for n in range(1, 11)]

    assert fired([*mailed(300, 0), *bounces], "PP10") == {}


def test_a_report_of_an_address_that_two_share_counts_once() -> None:
    twins = [contact(str(50 + n), created=300, email=f"c{n}@x.example") for n in range(1, 11)]

    assert fired([*mailed(300, 5), *twins], "PP10") == {}
    assert fired([*mailed(250, 5), *twins], "PP10") != {}


def test_reports_that_doubled_fire_below_one_percent() -> None:
    records = [*mailed(600, 5), *mailed(300, 1, days=120, first=50)]
    (pain,) = fired(records, "PP10").values()

    assert pain.before == pytest.approx(1 / 300)
    assert pain.threshold == pytest.approx(2 / 300)
    assert pain.value == pytest.approx(5 / 600)
    assert pain.trend == 1.0


# What they have in common


def made(**more: Any) -> Measure:
    given: dict[str, Any] = {
        "rule": "PP4", "stage": "service", "subject": "x", "label": "X", "unit": "share",
        "value": 0.3, "n": 10, "base": 10, "min_n": 10, "bars": (Bar(0.2),), "before": 0.3,
        "present": 20, "hit": 10,
    }  # fmt: skip
    return Measure(**{**given, **more})


def judged(measure: Measure, **targets: float) -> Pain | None:
    found, delights = pains([measure], PainRules(), targets, min_group=5)
    return next(iter((*found, *delights)), None)


def test_severity_adds_up_forty_forty_and_twenty() -> None:
    pain = judged(made(before=0.2))

    assert pain is not None
    assert pain.reach == 0.5
    assert pain.intensity == pytest.approx(0.5)
    assert pain.trend == pytest.approx(0.5)
    assert pain.severity == pytest.approx(20 + 20 + 10)


def test_every_part_is_clamped_to_one() -> None:
    pain = judged(made(value=0.9, before=0.1, present=6))

    assert pain is not None
    assert (pain.reach, pain.intensity, pain.trend, pain.severity) == (1.0, 1.0, 1.0, 100.0)


def test_a_trend_away_from_firing_counts_nothing() -> None:
    assert judged(made(before=0.5)).trend == 0.0  # type: ignore[union-attr]
    assert judged(made(before=0.0)).trend == 1.0  # type: ignore[union-attr]
    assert judged(made(before=None)).trend == 0.0  # type: ignore[union-attr]


@pytest.mark.parametrize("less", [{"n": 9}, {"base": 4}, {"hit": 4}, {"bars": ()}])
def test_too_few_of_anything_is_no_pain(less: dict[str, Any]) -> None:
    assert judged(made(**less)) is None


def test_nobody_around_is_no_reach() -> None:
    pain = judged(made(present=0))

    assert pain is not None
    assert pain.reach == 0.0


def test_a_target_in_days_judges_the_time_to_close_in_place_of_the_tickets_own() -> None:
    measure = made(
        rule="PP5", subject="close", unit="hours", value=60.0, bars=(Bar(72.0, is_strict=True),),
        hit=None, values=np.full(10, 60.0), of_unit=np.arange(10), target="instead",
    )  # fmt: skip

    assert judged(measure) is None
    assert judged(measure, service=3) is None
    pain = judged(measure, service=2)
    assert pain is not None
    assert (pain.threshold, pain.units) == (48, 10)


def test_the_most_severe_pain_comes_first() -> None:
    mild, grave = made(subject="a"), made(subject="b", value=0.5)
    found, _ = pains([mild, grave], PainRules(), {}, min_group=5)

    assert [pain.subject for pain in found] == ["b", "a"]


# The sub-stage Onboarding


def test_units_in_service_with_an_open_onboarding_ticket_are_being_onboarded() -> None:
    started = pipeline("tickets/7", "Implementation", {"a": (False, ""), "b": (True, "")})
    records: list[Record] = [started]
    for id_ in people(8):
        value = "customer" if int(id_) <= 6 else "lead"
        records += [contact(id_, (value, 50), created=50)]
        closed = before(2) if id_ == "6" else None
        links = {"contacts": [id_]}
        records.append(
            record("tickets", created=20, links=links, hs_pipeline="7", closed_date=closed)
        )

    assert journey_of(*records, shown_from=5).onboarding == 5
    assert journey_of(*records, shown_from=6).onboarding is None
