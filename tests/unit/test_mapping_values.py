"""Values on the wire, as tolerantly as they come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cjm_sync.journey.compute import compute
from cjm_sync_mappings import plugin
from cjm_sync_mappings.values import at_word_start, id_order, read_list, read_number, read_time
from crm_records import contact, email_event, facts_of, journey_of, record, request, submission

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", NOON), ("2026-03-01T12:00:00.250Z", NOON + 250),
        ("2026-03-01T12:00:00.2509Z", NOON + 250), ("2026-03-01T13:00:00+01:00", NOON),
        ("2026-03-01T12:00:00", NOON), (" 2026-03-01T12:00:00Z ", NOON),
        ("2026-03-01", NOON - 43_200_000), (str(NOON), NOON), (f"{NOON}.00", NOON), (NOON + 1, NOON + 1),
        (NOON + 2.5, NOON + 2), ("1999-12-31T23:59:59.999Z", None), ("2000-01-01", 946_684_800_000),
        ("0", None), ("soon", None), ("", None), (None, None), (True, None), ("nan", None),
        ("9" * 30, None), ("20260301", None), ({}, None),
    ],
)  # fmt: skip
def test_times(text: object, expected: int | None) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3000", 3000.0), ("3600.0", 3600.0), ("-1e2", -100.0), ("1_0", None), ("inf", None),
     ("nan", None), ("x", None), ("", None), (None, None), (True, None), (7, 7.0)],
)  # fmt: skip
def test_numbers(text: object, expected: float | None) -> None:
    assert read_number(text) == expected


def test_lists_and_ids() -> None:
    assert read_list("A; B;;A") == ("A", "B")
    assert sorted(["b", "10", "9", "a"], key=id_order) == ["9", "10", "a", "b"]


def test_a_word_starts_after_anything_but_a_letter_or_digit() -> None:
    found = at_word_start("trial|ex-")

    assert found.search("Free-TRIAL")
    assert found.search("in_trial")
    assert found.search("Ex-customer")
    assert not found.search("industrial")


def test_absurd_values_are_findings_and_the_rest_goes_on() -> None:
    odd = record(
        "contacts",
        "1",
        hs_analytics_source="OFFLINE",
        hs_analytics_first_timestamp="the day we met Ana",
        first_conversion_date="31/12/2025",
    )

    journey = journey_of(odd, contact("2"))

    assert journey.units == 2
    assert [f.key for f in journey.findings] == [
        "contacts/1/first_conversion_date",
        "contacts/1/hs_analytics_first_timestamp",
    ]
    assert not any("Ana" in f.message for f in journey.findings)


def test_needs_ask_for_no_text_of_people() -> None:
    needs = plugin.needs(request())

    asked = {name for need in needs.values() for name in need.properties}
    assert not {
        name
        for name in asked
        if any(word in name for word in ("body", "subject", "title", "content", "name", "phone"))
    } - {"hs_email_last_send_date"}
    assert needs["contacts"].history == {"lifecyclestage"}
    assert "hs_v2_date_entered_*" in needs["contacts"].properties
    assert needs["calls"].links == {"contacts", "tickets"}


def test_needs_grow_with_the_profile() -> None:
    profile = """extends = "crm"
[[personas.rules]]
key = "vip"
label = "VIP"
any = [{ object = "contact", property = "vip_level", operator = "known" }]
"""

    assert "vip_level" in plugin.needs(request(profile=profile))["contacts"].properties
    assert "vip_level" not in plugin.needs(request())["contacts"].properties


def test_nobodys_text_reaches_the_journey() -> None:
    secret = "Zanzibar Quux"
    planted = record(
        "contacts",
        "1",
        email=f"{secret}@x.example",
        hs_analytics_source=secret,
        hs_persona=secret,
        lifecyclestage=secret,
        country=secret,
        industry=secret,
        hs_buying_role=secret,
        hs_seniority=secret,
        first_conversion_date=secret,
    )
    others = [
        record("calls", links={"contacts": ["1"]}, hs_call_direction=secret),
        record("feedback_submissions", links={"contacts": ["1"]}, hs_value=secret,
               hs_survey_type="NPS", hs_survey_channel=secret),
        record("tickets", links={"contacts": ["1"]}, source_type=secret, hs_pipeline=secret),
        record("deals", links={"contacts": ["1"]}, dealstage=secret, pipeline=secret,
               amount=secret, closed_lost_reason=secret, deal_currency_code=secret),
        email_event("DELIVERED", 5, to=f"{secret}@x.example"),
        submission(5, by=f"{secret}@x.example"),
    ]  # fmt: skip

    facts = facts_of(planted, *others)
    journey = compute(facts, as_of=datetime(2026, 7, 1, tzinfo=UTC))

    assert "zanzibar" not in repr(journey).lower()
    assert "zanzibar" not in repr(facts).lower()
