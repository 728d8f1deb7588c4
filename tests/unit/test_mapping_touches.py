"""Which touch a record is, when it happened, and whose it is."""

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
    page_view,
    record,
    submission,
    survey,
    ticket,
    touches_of,
)


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (activity("emails", 5, hs_email_direction="EMAIL"), "mail.sales"),
        (activity("emails", 5, hs_email_direction="FORWARDED_EMAIL"), "mail.sales"),
        (activity("emails", 5, hs_email_direction="INCOMING_EMAIL"), "mail.reply"),
        (activity("emails", 5, hs_email_direction="CARRIER_PIGEON"), "other.emails"),
        (activity("calls", 5, hs_call_direction="OUTBOUND"), "call.out"),
        (activity("calls", 5, hs_call_direction="INBOUND"), "call.in"),
        (activity("calls", 5), "other.calls"),
        (activity("notes", 5), "note"),
        (activity("postal_mail", 5), "post.mail"),
        (activity("communications", 5, hs_communication_channel_type="SMS"), "msg.chat"),
        (
            activity("communications", 5, hs_communication_channel_type="FAX"),
            "other.communications",
        ),
        (survey("NPS", "5", 5), "voc.nps"),
        (survey("CSAT", None, 5), "voc.csat"),
        (survey("CES", "99", 5), "voc.ces"),
        (survey("CUSTOM", "5", 5), "other.feedback_submissions"),
        (ticket(5), "svc.ticket"),
        (
            record("quotes", created=5, links={"contacts": ["1"]}, hs_status="APPROVED"),
            "sales.quote",
        ),
    ],
)
def test_each_record_is_one_touch(made: Record, key: str) -> None:
    assert touches_of(contact(), made) == [(key, 5)]


@pytest.mark.parametrize(
    "made",
    [
        activity("emails", 5, hs_email_direction="EMAIL", hs_email_status="BOUNCED"),
        activity("emails", 5, hs_email_direction="EMAIL", hs_email_status="SCHEDULED"),
        activity("calls", 5, hs_call_direction="OUTBOUND", hs_call_status="FAILED"),
        activity("calls", 5, hs_call_direction="OUTBOUND", hs_call_status="QUEUED"),
        record("quotes", created=5, links={"contacts": ["1"]}, hs_status="DRAFT"),
        activity("tasks", 5),
        activity("notes", 0),
        meeting(-3, "SCHEDULED"),
    ],
)
def test_some_records_are_no_touch(made: Record) -> None:
    assert touches_of(contact(), made) == []


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("ORGANIC_SEARCH", "src.organic"), ("PAID_SEARCH", "src.paid"),
        ("PAID_SOCIAL", "src.paid"), ("SOCIAL_MEDIA", "src.social"),
        ("REFERRALS", "src.referral"), ("DIRECT_TRAFFIC", "src.direct"),
        ("EMAIL_MARKETING", "src.email"), ("OTHER_CAMPAIGNS", "src.campaign"),
        ("OFFLINE", "src.offline"), ("AI_REFERRALS", "src.ai"), ("TELEPATHY", "other.contacts"),
    ],
)  # fmt: skip
def test_the_first_touch_is_the_source(source: str, key: str) -> None:
    dated = contact("1", hs_analytics_source=source, hs_analytics_first_timestamp=before(110))

    assert touches_of(dated) == [(key, 110)]


def test_a_source_without_a_time_counts_at_creation_and_an_empty_one_not_at_all() -> None:
    assert touches_of(contact("1", hs_analytics_source="OFFLINE")) == [("src.offline", 100)]
    assert touches_of(contact("1", hs_analytics_source="")) == []


def test_a_ticket_link_goes_before_the_direction() -> None:
    support = ticket(5, id_="77")
    call = activity("calls", 3, hs_call_direction="INBOUND", links={"tickets": ["77"]})
    from_the_other_side = record(
        "tickets", "77", created=5, links={"contacts": ["1"], "calls": ["55"]}
    )
    bare = activity("calls", 3, id_="55", hs_call_direction="INBOUND")

    assert ("call.service", 3) in touches_of(contact(), support, call)
    assert ("call.service", 3) in touches_of(contact(), from_the_other_side, bare)
    assert touches_of(contact(), call) == [("call.in", 3)]  # that ticket does not exist


def test_a_meeting_happens_at_its_start() -> None:
    shifted = activity("meetings", 9, hs_meeting_start_time=before(4))

    assert touches_of(contact(), shifted) == [("meet.first", 4)]


def test_a_record_without_a_time_happened_at_its_creation() -> None:
    assert touches_of(contact(), activity("notes", 7, hs_timestamp=None)) == [("note", 7)]
    assert touches_of(contact(), activity("notes", 7, hs_timestamp="1970-01-01")) == [("note", 7)]


def test_one_engagement_is_one_touch_for_each_contact_however_many_links() -> None:
    people = contact("1"), contact("2")
    note = activity("notes", 5, id_="50", to=["1", "2", "1"])
    linked_back = record("contacts", "3", links={"notes": ["50"]})

    facts = facts_of(*people, linked_back, note)

    assert facts.touches.unit.tolist() == [0, 1, 2]


def test_a_quote_belongs_to_the_contacts_of_its_deal_once() -> None:
    sold = deal(("low", 20), id_="40")
    quote = record(
        "quotes", created=5, links={"deals": ["40"], "contacts": ["1"]}, hs_status="APPROVED"
    )

    assert touches_of(contact(), sold, quote) == [("sales.quote", 5)]


def test_an_unlinked_survey_is_the_named_contacts() -> None:
    unlinked = survey("NPS", "9", 5, to=[], hs_contact_id="1")
    linked = survey("NPS", "9", 5, to=["2"], hs_contact_id="1")

    assert touches_of(contact(), unlinked) == [("voc.nps", 5)]
    assert facts_of(contact("1"), contact("2"), linked).touches.unit.tolist() == [1]


def test_each_win_and_each_loss_is_a_touch_but_not_a_slip() -> None:
    busy = deal(("low", 50), ("lost", 40), ("high", 30), ("won", 20), ("won2", 15))
    slip = deal(("won", 10), ("near", 9))

    assert touches_of(contact(), busy, slip) == [("sales.lost", 40), ("sales.won", 20)]


def test_submissions_are_joined_by_any_address_in_any_case() -> None:
    known = contact("1", email="A@x.example", hs_additional_emails="b@x.example;C@x.example")

    assert touches_of(
        known,
        submission(9, by="a@x.example"),
        submission(8, by="c@X.example"),
        submission(7, by="d@x.example"),
    ) == [("web.form", 9), ("web.form", 8)]


def test_conversion_dates_stand_in_for_submissions_that_are_not_there() -> None:
    dates: dict[str, Any] = {
        "first_conversion_date": before(9),
        "recent_conversion_date": before(4),
    }
    once: dict[str, Any] = {"first_conversion_date": before(9), "recent_conversion_date": before(9)}

    assert touches_of(contact("1", **dates)) == [("web.form", 9), ("web.form", 4)]
    assert touches_of(contact("1", **once)) == [("web.form", 9)]
    assert touches_of(contact("1", email="a@x.example", **dates), submission(2)) == [
        ("web.form", 2)
    ]
    assert touches_of(contact("1", email="a@x.example", **once), submission(-2)) == [
        ("web.form", 9)
    ]


def test_page_views_close_together_are_one_touch() -> None:
    minute = 1 / 1440
    views = [page_view(5), page_view(5 - 29 * minute), page_view(5 - 58 * minute)]
    later = page_view(5 - 88 * minute)

    assert touches_of(contact(), *views) == [("web.page", 5)]
    assert len(touches_of(contact(), *views, later)) == 2
    assert touches_of(contact(), page_view(5, kind="e_form_view")) == []


def test_marketing_email_counts_deliveries_that_stand() -> None:
    known = contact("1", email="a@x.example", hs_email_first_send_date=before(50))

    assert touches_of(
        known,
        email_event("DELIVERED", 9),
        email_event("DELIVERED", 8, filteredEvent=True),
        email_event("DELIVERED", 7, obsoletedBy={"id": "x", "created": 1}),
        email_event("SENT", 6),
    ) == [("mail.marketing", 9)]


def test_marketing_aggregates_stand_in_for_events_that_are_not_there() -> None:
    known = contact(
        "1",
        email="a@x.example",
        hs_email_first_send_date=before(50),
        hs_email_last_send_date=before(20),
    )

    assert touches_of(known) == [("mail.marketing", 50), ("mail.marketing", 20)]
    assert touches_of(known, email_event("SENT", 6)) == []


def test_a_touchpoint_nobody_met_is_known_by_label_and_usual_channel() -> None:
    assert (
        "meet.first",
        "First meeting or demo",
        "Meeting",
    ) in journey_of(contact("1")).known_touchpoints


def test_channels_come_from_the_record_where_the_profile_knows_them() -> None:
    journey = journey_of(
        contact(),
        ticket(5, source_type="PHONE"),
        activity("communications", 5, hs_communication_channel_type="WHATS_APP"),
        survey("NPS", "8", 5, hs_survey_channel="A secret"),
    )

    assert {one.key: one.channel for one in journey.touchpoints} == {
        "svc.ticket": "Phone",
        "msg.chat": "WhatsApp",
        "voc.nps": "Survey",
    }


def test_what_no_rule_covers_is_counted() -> None:
    odd = [activity("calls", 5, hs_call_direction="SIDEWAYS") for _ in range(6)]

    found = journey_of(contact(), *odd, shown_from=5).findings

    assert [(f.code, f.key) for f in found] == [("uncovered_value", "calls//hs_call_direction")]
    assert found[0].message.startswith("6 calls have a value")


def test_pages_are_told_apart_by_address_when_the_profile_says_so() -> None:
    def view(days: float, address: str) -> Record:
        bare = page_view(days)
        about = {"hs_url": address} if address else {}
        return Record("events", bare.id, {**bare.properties, "properties": about})

    views = view(5, "https://x.example/Pricing"), view(4, "https://x.example/blog"), view(3, "")

    facts = facts_of(contact(), *views, profile=KEY_PAGES)

    assert facts.touches.at.size == 1
    assert [f.code for f in facts.findings] == ["page_unknown"]


KEY_PAGES = """
objects = {}
[[touchpoints]]
key = "web.page"
label = "Key page"
channel = "Web"
object = "events"
property = "eventType"
values = ["e_visited_page"]
pages = ["/pricing"]
"""


def test_a_profile_without_a_touchpoint_counts_what_is_left_as_other() -> None:
    everything = [
        contact("1", email="a@x.example", hs_analytics_source="OFFLINE"),
        submission(5),
        email_event("DELIVERED", 5),
        deal(("won", 5)),
        ticket(5),
        page_view(5),
    ]

    assert touches_of(*everything, profile=KEY_PAGES.replace('pages = ["/pricing"]', "")) == [
        ("other.contacts", 100),
        ("web.page", 5),
        ("other.tickets", 5),
    ]


def test_an_address_is_found_among_a_submissions_values() -> None:
    row = Record(
        "form_submissions",
        "c1",
        {
            "submittedAt": before(5),
            "values": [{"name": "city", "value": "X"}, {"name": "email", "value": "A@x.example"}],
        },
    )
    anonymous = Record("form_submissions", "c2", {"submittedAt": before(4), "values": []})

    assert touches_of(contact("1", email="a@x.example"), row, anonymous) == [("web.form", 5)]


def test_page_views_of_companies_and_strangers_are_nobodys() -> None:
    company = page_view(5)
    of_company = Record("events", "e", {**company.properties, "objectType": "COMPANY"})

    assert touches_of(contact(), of_company, page_view(5, by="404")) == []
