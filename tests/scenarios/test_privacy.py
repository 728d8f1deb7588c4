"""Nobody's name, address, text or token leaves the machine: every byte that left is searched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import pytest

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import AS_OF, LOOPBACK, Desk, open_desk

pytestmark = LOOPBACK

TEXTS: dict[str, tuple[str, ...]] = {
    "contacts": (
        "firstname",
        "lastname",
        "company",
        "jobtitle",
        "city",
        "address",
        "zip",
        "country",
        "website",
        "hs_linkedin_url",
        "first_conversion_event_name",
        "hs_analytics_first_url",
        "hs_analytics_source_data_1",
        "message",
        "industry",
        "hs_seniority",
    ),
    "companies": ("name", "domain", "description", "about_us", "website", "country", "industry"),
    "deals": ("dealname", "description", "closed_lost_reason", "hs_next_step", "dealtype"),
    "tickets": ("subject", "content", "hs_ticket_category", "source_type"),
    "calls": (
        "hs_call_title",
        "hs_call_body",
        "hs_call_summary",
        "hs_call_disposition",
        "hs_call_to_number",
    ),
    "emails": (
        "hs_email_subject",
        "hs_email_text",
        "hs_email_html",
        "hs_email_to_email",
        "hs_email_from_firstname",
        "hs_body_preview",
    ),
    "meetings": (
        "hs_meeting_title",
        "hs_meeting_body",
        "hs_internal_meeting_notes",
        "hs_meeting_outcome",
        "hs_meeting_location",
    ),
    "notes": ("hs_note_body", "hs_body_preview"),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "communications": ("hs_communication_body", "hs_communication_channel_type"),
    "postal_mail": ("hs_postal_mail_body",),
    "feedback_submissions": (
        "hs_content",
        "hs_survey_name",
        "hs_survey_type",
        "hs_survey_channel",
        "hs_response_group",
    ),
    "quotes": ("hs_title", "hs_comments", "hs_terms", "hs_status", "hs_sender_firstname"),
}
"""What people type or what describes one person, and enumerations holding what no option covers."""

NEVER_STORED = (
    *("firstname", "lastname", "city", "address", "zip", "website", "message", "name", "domain"),
    *("description", "about_us", "dealname", "subject", "content", "hs_call_title"),
    *("hs_call_body", "hs_call_summary", "hs_call_to_number", "hs_email_subject", "hs_email_text"),
    *("hs_email_html", "hs_email_to_email", "hs_email_from_firstname", "hs_meeting_title"),
    *("hs_meeting_body", "hs_internal_meeting_notes", "hs_note_body", "hs_task_subject"),
    *("hs_task_body", "hs_communication_body", "hs_postal_mail_body", "hs_content", "hs_title"),
    *("hs_comments", "hs_terms", "hs_sender_firstname", "pageUrl", "hs_url", "hs_page_title"),
    *("owner", "hs_body_preview"),
)

PROFILE = """extends = "crm"

[personas]
rules = [{ key = "boss", label = "Boss", any = [
  { object = "contact", property = "jobtitle", operator = "matches", values = ["secret"] },
] }]

[[mixes]]
name = "title"
properties = ["contacts.jobtitle"]

[[mixes]]
name = "country"
properties = ["contacts.country", "companies.country"]

[[mixes]]
name = "industry"
properties = ["contacts.industry", "companies.industry"]
"""


@dataclass
class Planted:
    """Unique secrets, by the property that holds them."""

    by_name: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        secret = f"secret{sum(map(len, self.by_name.values())):05d}zq"
        self.by_name.setdefault(name, []).append(secret)
        return secret

    def all(self) -> list[str]:
        return [secret for secrets in self.by_name.values() for secret in secrets]


def planted_portal(planted: Planted) -> Portal:
    portal = small_portal(contacts=40)
    contacts = portal.rows["contacts"]
    when = portal.rows["calls"][0]["properties"]["hs_timestamp"]
    linked = {"contacts": [contacts[0]["id"]]}
    for kind, more in {
        "meetings": {"hs_timestamp": when},
        "communications": {"hs_timestamp": when},
        "postal_mail": {"hs_timestamp": when},
        "feedback_submissions": {"hs_submission_timestamp": when, "hs_value": "9"},
        "quotes": {"hs_createdate": when},
    }.items():
        portal.rows[kind] = [
            {
                "id": str(900 + number),
                "properties": dict(more),
                "createdAt": when,
                "updatedAt": when,
                "associations": linked,
            }
            for number in range(7)
        ]
    for kind, names in TEXTS.items():
        for row in portal.rows[kind]:
            for name in names:
                row["properties"][name] = f"{planted.text(name)} of Ärla & Co"
    for row in contacts:
        row["properties"]["phone"] = f"+46 70 {planted.text('phone')}"
        secret = planted.text("email")
        for submission in portal.rows["form_submissions"]:
            for value in submission["values"]:
                if value["value"] == row["properties"]["email"]:
                    value["value"] = f"{secret}@people.example"
        row["properties"]["email"] = f"{secret}@people.example"
        row["properties"]["hs_persona"] = None
        portal.rows.setdefault("email_events", []).append(
            {
                "id": f"event-{row['id']}",
                "created": 1_790_000_000_000,
                "type": "DELIVERED",
                "recipient": row["properties"]["email"],
                "subject": planted.text("subject"),
                "from": planted.text("owner"),
            }
        )
        portal.rows.setdefault("events", []).append(
            {
                "id": f"visit-{row['id']}",
                "objectType": "CONTACT",
                "objectId": row["id"],
                "eventType": "e_visited_page",
                "occurredAt": when,
                "properties": {
                    "hs_url": f"https://x.example/{planted.text('hs_url')}",
                    "hs_page_title": planted.text("hs_page_title"),
                },
            }
        )
    for submission in portal.rows["form_submissions"]:
        submission["pageUrl"] = f"https://x.example/{planted.text('pageUrl')}"
        submission["values"].append(
            {"name": "message", "value": planted.text("message"), "objectTypeId": "0-1"}
        )
    for deal in portal.rows["deals"][:2]:
        deal["properties"]["dealstage"] = "closedlost"
        deal["properties"]["deal_currency_code"] = f"{planted.text('deal_currency_code')} crowns"
        deal["history"]["dealstage"][0]["value"] = "closedlost"
    contacts[0]["properties"]["lifecyclestage"] = f"{planted.text('lifecyclestage')} of Ärla"
    contacts[0]["history"]["lifecyclestage"][0]["value"] = contacts[0]["properties"][
        "lifecyclestage"
    ]
    contacts[1]["properties"]["hs_persona"] = f"{planted.text('hs_persona')} of Ärla"
    contacts[2]["properties"]["hs_analytics_first_timestamp"] = planted.text("timestamp")
    for owner in portal.info["owners"]:
        owner["firstName"] = planted.text("owner")
        owner["lastName"] = planted.text("owner")
        owner["email"] = f"{planted.text('owner')}@owners.example"
    for form in portal.info["forms"]:
        form["name"] = planted.text("form")
    return portal


@dataclass
class Outing:
    """A whole day of commands, and everything that was seen outside the process."""

    desk: Desk
    planted: Planted
    seen: dict[str, bytes]


@pytest.fixture(scope="module")
def outing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outing]:
    planted = Planted()
    portal = planted_portal(planted)
    with open_desk(tmp_path_factory.mktemp("outing"), portal) as desk:
        (desk.folder / "own.toml").write_text(PROFILE, encoding="utf-8")
        desk.more = 'profile = "own.toml"'
        seen: dict[str, bytes] = {}
        commands: list[list[str]] = [
            ["-vv", "check"],
            ["-vv", "plan", "--as-of", AS_OF],
            ["-vv", "plan", "--as-of", AS_OF, "--json"],
            ["-vv", "sync", "--as-of", AS_OF],
            ["-vv", "sync", "--as-of", AS_OF, "--json"],
            ["-vv", "status"],
            ["-vv", "status", "--json"],
            ["-vv", "check", "--json"],
            ["-vv", "export", "--format", "json"],
            ["-vv", "export", "--format", "svg"],
        ]
        for command in commands:
            ran = desk.run(*command)
            assert ran.code == 0, ran.err
            seen[" ".join(command) + " stdout"] = ran.raw
            seen[" ".join(command) + " stderr"] = ran.err.encode()
        for request in desk.notion.requests:
            place = f"notion {request.method} {request.path}"
            seen[place] = seen.get(place, b"") + request.query.encode() + request.body
        desk.hubspot.token = "revoked"
        refused = desk.run("-vv", "sync", "--as-of", AS_OF)
        assert refused.code == 2
        seen["refused"] = refused.raw + refused.err.encode()
        yield Outing(desk, planted, seen)


def spellings(content: bytes) -> str:
    """Return *content* as text, also with JSON's escapes and a URL's percents undone."""
    text = content.decode("utf-8", "replace")
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return "\n".join((text, unquote_plus(text), unescaped))


def test_no_planted_text_is_in_any_byte_that_left(outing: Outing) -> None:
    leaks = []
    for place, content in outing.seen.items():
        text = spellings(content).casefold()
        if "secret" not in text:
            continue
        leaks += [
            (place, name)
            for name, secrets in outing.planted.by_name.items()
            if any(secret in text for secret in secrets)
        ]

    assert leaks == []
    assert len(outing.planted.all()) > 800


def test_the_planted_records_did_count(outing: Outing) -> None:
    exported = json.loads(outing.seen["-vv export --format json stdout"])

    (journey,) = exported["journeys"]
    personas = {persona["key"]: persona["units"] for persona in journey["personas"]}
    touched = {row["key"] for row in journey["touchpoints"]}
    assert journey["units"] == 40
    assert personas["boss"] == 39
    assert {"mail.marketing", "web.page"} <= touched


def test_no_token_is_anywhere_but_in_the_requests_headers(outing: Outing) -> None:
    tokens = {"pat-sandbox", "ntn_sandbox"}
    places = dict(outing.seen)
    for file in outing.desk.folder.iterdir():
        places[file.name] = file.read_bytes()
    places["hubspot"] = b"".join(
        request.path.encode() + request.query.encode() + request.body
        for request in outing.desk.hubspot.requests
    )

    assert [
        (place, token)
        for place, content in places.items()
        for token in tokens
        if token.encode() in content
    ] == []


def test_the_store_holds_addresses_but_no_name_subject_or_body(outing: Outing) -> None:
    stored = b"".join(file.read_bytes() for file in outing.desk.folder.glob("cjm-sync.db*")).decode(
        "utf-8", "replace"
    )

    held = {
        name
        for name, secrets in outing.planted.by_name.items()
        if any(secret in stored for secret in secrets)
    }
    assert "email" in held
    assert held & set(NEVER_STORED) == set()


def test_hubspot_is_asked_for_no_text_of_a_person(outing: Outing) -> None:
    asked: set[str] = set()
    for request in outing.desk.hubspot.requests:
        for name, value in parse_qsl(request.query):
            if name in {"properties", "propertiesWithHistory"}:
                asked |= set(value.split(","))
        if request.body:
            body: Any = json.loads(request.body)
            asked |= {*body.get("properties", ()), *body.get("propertiesWithHistory", ())}

    assert {"email", "lifecyclestage", "dealstage", "jobtitle"} <= asked
    assert asked & (set(NEVER_STORED) | {"phone", "mobilephone"}) == set()
    assert not any(name.endswith(("_body", "_subject", "_title", "_notes")) for name in asked)


def test_the_store_can_be_read_by_its_owner_only(outing: Outing) -> None:
    modes = {
        file.name: file.stat().st_mode & 0o077 for file in outing.desk.folder.glob("cjm-sync.db*")
    }

    assert modes
    assert set(modes.values()) == {0}


def test_a_very_talkative_run_tells_requests_by_kind_and_number(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        ran = desk.run("-vv", "sync", "--as-of", AS_OF)
        quiet = desk.sync()

    told = [line for line in ran.err.splitlines() if " DEBUG " in line]
    assert len(told) >= len(desk.notion.requests) // 2
    assert any("GET" in line and "/crm/" in line for line in told)
    assert "DEBUG" not in quiet.err
