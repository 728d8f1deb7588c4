"""The sample portal: the same every time, as large as promised, and its stories in the raw rows."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, sample_portal, small_portal

Row = dict[str, Any]
SEEDS = (7, 1, 42)
WINDOW_START = SAMPLE_AS_OF - timedelta(days=90)
OPENED = SAMPLE_AS_OF - timedelta(days=549)
NOT_RECORDS = {"events", "email_events", "form_submissions"}
CONSIDERING = {"marketingqualifiedlead", "198274411", "salesqualifiedlead"}
PURCHASING = {"presentationscheduled", "1093348812"}


@cache
def sample(seed: int) -> Portal:
    return sample_portal(seed)


@pytest.fixture(scope="module", name="portal")
def the_sample() -> Portal:
    return sample(7)


def text(portal: Portal) -> str:
    return json.dumps([portal.info, portal.rows], ensure_ascii=False)


def when(value: str) -> datetime:
    return datetime.fromisoformat(value)


def live(portal: Portal, kind: str) -> list[Row]:
    return [row for row in portal.rows[kind] if not row.get("archived")]


def records(portal: Portal) -> Iterator[tuple[str, Row]]:
    for kind, rows in portal.rows.items():
        if kind not in NOT_RECORDS:
            yield from ((kind, row) for row in rows)


def values(portal: Portal, kind: str, name: str) -> Counter[str | None]:
    return Counter(row["properties"].get(name) for row in portal.rows[kind])


def changes(row: Row, name: str) -> list[tuple[datetime, str]]:
    """Return the history of a property, oldest first."""
    return [(when(entry["timestamp"]), entry["value"]) for entry in reversed(row["history"][name])]


def first(entries: Iterable[tuple[datetime, str]], wanted: set[str]) -> datetime | None:
    return next((moment for moment, value in entries if value in wanted), None)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert text(sample_portal(7)) == text(sample_portal(7))
    assert text(sample_portal(7)) != text(sample_portal(8))
    assert text(small_portal(1)) == text(small_portal(1))
    assert text(small_portal(1)) != text(small_portal(2))


def test_the_sample_is_made_in_under_two_seconds() -> None:
    started = time.process_time()

    sample_portal()

    assert time.process_time() - started < 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sample_is_as_large_as_promised(seed: int) -> None:
    portal = sample(seed)

    activities = ("calls", "emails", "meetings", "notes", "tasks", "communications", "postal_mail")
    assert len(live(portal, "contacts")) >= 400
    assert len(live(portal, "companies")) >= 120
    assert len(live(portal, "deals")) >= 180
    assert len(live(portal, "tickets")) >= 90
    assert sum(len(live(portal, kind)) for kind in activities) >= 2_500
    assert min(len(live(portal, kind)) for kind in activities) >= 50
    assert len(live(portal, "quotes")) >= 50
    assert len(live(portal, "feedback_submissions")) >= 150
    assert len(portal.rows["form_submissions"]) >= 300
    assert len(portal.rows["email_events"]) >= 1_500
    assert len(portal.rows["events"]) >= 500
    assert len(portal.info["forms"]) >= 4


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        ("deals", "pipeline", {"default", "746210381"}),
        ("tickets", "hs_pipeline", {"0", "81260417"}),
        ("emails", "hs_email_direction", {"EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"}),
        ("emails", "hs_email_status", {"SENT", "BOUNCED", "FAILED", "SENDING", "SCHEDULED"}),
        (
            "meetings",
            "hs_meeting_outcome",
            {"SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"},
        ),
        (
            "calls",
            "hs_call_status",
            {"COMPLETED", "NO_ANSWER", "BUSY", "FAILED", "CANCELED", "MISSED"},
        ),
        ("calls", "hs_call_direction", {"INBOUND", "OUTBOUND"}),
        (
            "communications",
            "hs_communication_channel_type",
            {"WHATS_APP", "SMS", "LINKEDIN_MESSAGE"},
        ),
        ("tasks", "hs_task_status", {"COMPLETED", "NOT_STARTED", "WAITING", "DEFERRED"}),
        ("feedback_submissions", "hs_survey_type", {"NPS", "CSAT", "CES"}),
        ("quotes", "hs_status", {"APPROVED", "APPROVAL_NOT_NEEDED", "DRAFT", "PENDING_APPROVAL"}),
        ("contacts", "hs_persona", {"persona_1", "persona_2", "persona_3", None}),
        ("deals", "deal_currency_code", {"EUR", "USD", "GBP", None}),
        ("tickets", "source_type", {"EMAIL", "FORM", "CHAT", "PHONE"}),
    ],
)
def test_every_value_of_a_kind_occurs(
    portal: Portal, kind: str, name: str, wanted: set[str | None]
) -> None:
    found = values(portal, kind, name)

    assert wanted <= {value for value, count in found.items() if count >= 3}


def test_every_lifecycle_stage_and_call_outcome_of_the_account_occurs(portal: Portal) -> None:
    stages = {
        value for row in portal.rows["contacts"] for _, value in changes(row, "lifecyclestage")
    }
    outcomes = set(values(portal, "calls", "hs_call_disposition"))

    assert {stage["value"] for stage in portal.info["lifecycle_stages"]} <= stages
    assert "" in stages
    (described,) = portal.info["properties"]["calls"]
    assert {option["value"] for option in described["options"]} <= outcomes


def test_every_kind_of_email_event_occurs(portal: Portal) -> None:
    rows = portal.rows["email_events"]

    wanted = {"SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "SPAMREPORT", "STATUSCHANGE"}
    assert wanted <= {row["type"] for row in rows}
    assert any(row.get("filteredEvent") for row in rows)
    known = {(row["id"], row["created"]) for row in rows}
    later = [row["obsoletedBy"] for row in rows if "obsoletedBy" in row]
    assert later
    assert all((one["id"], one["created"]) in known for one in later)
    origins = [row["sentBy"] for row in rows if row["type"] != "SENT"]
    assert all((one["id"], one["created"]) in known for one in origins)


@pytest.mark.parametrize("made", [sample_portal, small_portal])
def test_ids_are_unique_and_every_link_leads_somewhere(made: Any) -> None:
    portal = made()

    ids = {
        kind: [row["id"] for row in rows]
        for kind, rows in portal.rows.items()
        if kind not in NOT_RECORDS
    }
    for kind, found in ids.items():
        assert len(found) == len(set(found)), kind
    for kind, row in records(portal):
        for other, linked in row["associations"].items():
            assert set(linked) <= set(ids[other]), (kind, row["id"])
    owners = {owner["id"] for owner in portal.info["owners"]}
    named = {row["properties"].get("hubspot_owner_id") for _, row in records(portal)}
    assert named - {None} <= owners
    addresses = [row["properties"]["email"] for row in portal.rows["contacts"]]
    assert len(addresses) == len(set(addresses))
    assert all(address.endswith(".example") for address in addresses)
    forms = {form["id"] for form in portal.info["forms"]}
    assert {row["formId"] for row in portal.rows.get("form_submissions", [])} <= forms


def test_the_sample_survives_being_written_and_read(portal: Portal, tmp_path: Path) -> None:
    portal.write(tmp_path)

    assert Portal.read(tmp_path) == portal


def test_web_events_name_a_contact_or_one_merged_into_it(portal: Portal) -> None:
    current = {row["id"] for row in portal.rows["contacts"]}
    merged = {
        old
        for row in portal.rows["contacts"]
        for old in row["properties"].get("hs_merged_object_ids", "").split(";")
        if old
    }

    named = {event["objectId"] for event in portal.rows["events"]}

    assert named <= current | merged
    assert named & merged
    assert not current & merged


def test_nothing_happened_before_the_portal_or_after_the_reference_time(portal: Portal) -> None:
    moments = [when(row[name]) for _, row in records(portal) for name in ("createdAt", "updatedAt")]
    for _, row in records(portal):
        for name in row.get("history", {}):
            moments += [moment for moment, _ in changes(row, name)]
    moments += [when(row["occurredAt"]) for row in portal.rows["events"]]
    for name, field in (("email_events", "created"), ("form_submissions", "submittedAt")):
        moments += [
            datetime.fromtimestamp(row[field] / 1000, SAMPLE_AS_OF.tzinfo)
            for row in portal.rows[name]
        ]

    assert min(moments) >= OPENED
    assert max(moments) <= SAMPLE_AS_OF


def test_only_meetings_and_tasks_are_planned_ahead_and_only_a_few(portal: Portal) -> None:
    ahead = [
        (kind, row["properties"])
        for kind, row in records(portal)
        if (row["properties"].get("hs_timestamp") or "").startswith(("2026-11", "2026-12"))
        and when(row["properties"]["hs_timestamp"]) > SAMPLE_AS_OF
    ]

    assert Counter(kind for kind, _ in ahead) == {"meetings": 9, "tasks": 9}
    outcomes = {found["hs_meeting_outcome"] for kind, found in ahead if kind == "meetings"}
    assert outcomes == {"SCHEDULED"}


def test_the_newest_history_value_is_the_current_one_and_steps_back_are_cleared(
    portal: Portal,
) -> None:
    order = {stage["value"]: stage["displayOrder"] for stage in portal.info["lifecycle_stages"]}
    back = 0
    for kind, row in records(portal):
        for name in row.get("history", {}):
            past = changes(row, name)
            assert past == sorted(past, key=lambda change: change[0]), (kind, row["id"])
            assert past[-1][1] == row["properties"][name]
    for row in portal.rows["contacts"]:
        stages = [value for _, value in changes(row, "lifecyclestage")]
        for before, after in pairwise(stages):
            back += before == ""
            assert order.get(after, 99) >= order.get(before, 0) or before == "", row["id"]
    assert back >= 20


def test_there_are_merged_archived_and_absurd_records_but_fewer_than_two_in_a_hundred(
    portal: Portal,
) -> None:
    everything = [row for _, row in records(portal)]

    archived = [row for row in everything if row.get("archived")]
    merged = [row for row in everything if row["properties"].get("hs_merged_object_ids")]
    odd = [
        row for row in portal.rows["contacts"] if "strange.example" in row["properties"]["email"]
    ]
    assert len(archived) >= 10
    assert len(merged) >= 5
    assert len(odd) >= 5
    assert len(archived) + len(merged) + len(odd) < len(everything) / 50
    assert any("archived" in owner and owner["archived"] for owner in portal.info["owners"])
    assert any(form["archived"] for form in portal.info["forms"])
    assert "blog_comment" in {form["formType"] for form in portal.info["forms"]}
    stages = {stage["id"] for line in portal.info["pipelines"]["deals"] for stage in line["stages"]}
    assert set(values(portal, "deals", "dealstage")) - stages
    assert any(
        row["properties"]["deal_currency_code"] and not row["properties"]["hs_exchange_rate"]
        for row in portal.rows["deals"]
    )


def purchase_days(portal: Portal) -> tuple[list[float], list[float]]:
    """Return the days from a new deal's proposal to its end, ended in the window and before."""
    recent: list[float] = []
    before: list[float] = []
    for deal in live(portal, "deals"):
        past = changes(deal, "dealstage")
        entered = first(past, PURCHASING)
        ended = first(past, {"closedwon", "closedlost"})
        if entered and ended and deal["properties"]["dealtype"] == "newbusiness":
            chosen = recent if ended >= WINDOW_START else before
            chosen.append((ended - entered) / timedelta(days=1))
    return recent, before


@pytest.mark.parametrize("seed", SEEDS)
def test_purchase_became_slow_in_the_last_90_days(seed: int) -> None:
    recent, before = purchase_days(sample(seed))

    assert len(recent) >= 10
    assert 38 <= statistics.median(recent) <= 58
    assert 15 <= statistics.median(before) <= 25


@pytest.mark.parametrize("seed", SEEDS)
def test_purchase_is_slower_than_awareness_and_consideration(seed: int) -> None:
    portal = sample(seed)
    slow, _ = purchase_days(portal)
    in_awareness = []
    for contact in live(portal, "contacts"):
        past = changes(contact, "lifecyclestage")
        entered = first(past, CONSIDERING)
        if entered and entered >= WINDOW_START:
            in_awareness.append((entered - past[0][0]) / timedelta(days=1))
    in_consideration = []
    entered_at = considered_since(portal)
    for deal in live(portal, "deals"):
        moved = first(changes(deal, "dealstage"), PURCHASING)
        since = entered_at.get(next(iter(deal["associations"].get("contacts", [])), ""))
        if (
            moved
            and since
            and moved >= WINDOW_START
            and deal["properties"]["dealtype"] == "newbusiness"
        ):
            in_consideration.append((moved - since) / timedelta(days=1))

    assert statistics.median(slow) > 1.5 * statistics.median(in_awareness)
    assert statistics.median(slow) > 1.5 * statistics.median(in_consideration)


@pytest.mark.parametrize("seed", SEEDS)
def test_billing_is_the_theme_of_the_last_90_days_tickets(seed: int) -> None:
    portal = sample(seed)

    support = [row for row in live(portal, "tickets") if row["properties"]["hs_pipeline"] == "0"]
    recent = [row for row in support if when(row["createdAt"]) >= WINDOW_START]
    before = [row for row in support if when(row["createdAt"]) < WINDOW_START]

    def share(rows: list[Row]) -> float:
        billing = [
            row for row in rows if row["properties"]["hs_ticket_category"] == "BILLING_ISSUE"
        ]
        return len(billing) / len(rows)

    assert len(recent) >= 30
    assert share(recent) >= 0.35
    assert 0.08 <= share(before) <= 0.16


def considered_since(portal: Portal) -> dict[str, datetime]:
    """Return when each contact first came into consideration, by its lifecycle."""
    found = {
        row["id"]: first(changes(row, "lifecyclestage"), CONSIDERING)
        for row in live(portal, "contacts")
    }
    return {contact: moment for contact, moment in found.items() if moment}


@pytest.mark.parametrize("seed", SEEDS)
def test_an_early_demo_helps_buyers_on(seed: int) -> None:
    portal = sample(seed)
    entered = considered_since(portal)
    went_on = {
        contact
        for deal in live(portal, "deals")
        if first(changes(deal, "dealstage"), PURCHASING)
        for contact in deal["associations"].get("contacts", [])
    }
    saw_a_demo = {
        contact
        for meeting in live(portal, "meetings")
        if meeting["properties"].get("hs_meeting_title") == "Product demo"
        and meeting["properties"]["hs_meeting_outcome"] == "COMPLETED"
        for contact in meeting["associations"]["contacts"]
        if contact in entered
        and timedelta(0)
        <= when(meeting["properties"]["hs_meeting_start_time"]) - entered[contact]
        < timedelta(days=8)
    }
    # Who came in lately may still be on the way.
    ripe = {one for one, moment in entered.items() if moment < SAMPLE_AS_OF - timedelta(days=60)}

    shown, others = ripe & saw_a_demo, ripe - saw_a_demo
    ratio = (len(shown & went_on) / len(shown)) / (len(others & went_on) / len(others))

    assert min(len(shown), len(others)) >= 100
    assert 1.55 <= ratio <= 2.1


def test_the_small_portal_is_small_and_fills_two_stages() -> None:
    portal = small_portal()

    assert len(portal.rows["contacts"]) == 12
    assert len(portal.rows["companies"]) == 3
    assert len(portal.rows["deals"]) == 5
    assert len(portal.rows["tickets"]) == 3
    kinds = ("calls", "emails", "meetings", "notes", "tasks")
    assert sum(len(portal.rows.get(kind, [])) for kind in kinds) == 25
    assert len(considered_since(portal)) >= 5
    assert len(considered_since(portal)) <= len(portal.rows["contacts"]) - 5
    purchasing = [
        row for row in portal.rows["deals"] if first(changes(row, "dealstage"), PURCHASING)
    ]
    assert len(purchasing) == 5


def test_the_small_portal_takes_any_number_of_contacts() -> None:
    assert [len(small_portal(contacts=count).rows["contacts"]) for count in (1, 5, 30)] == [
        1,
        5,
        30,
    ]
