"""Each switch of the stand-in's faults does what its name says, and only where it is told to."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import httpx
import pytest

from cjm_sync_sandbox.hubspot import faults, pagefaults
from cjm_sync_sandbox.hubspot.wire import Fault
from wire.hubspot_sandbox_world import Wire, portal, record

CONTACTS = "/crm/objects/2026-09/contacts"
OWNERS = "/crm/owners/2026-09"


def world(*added: Fault, contacts: int = 6) -> Wire:
    wire = Wire(
        portal(
            info={"forms": [{"id": f"f-{number}", "name": "Form"} for number in range(3)]},
            contacts=[record(number) for number in range(1, contacts + 1)],
        )
    )
    for number in range(5):
        wire.sandbox.edit.add_email_event("OPEN", f"{number}@example.com")
    wire.sandbox.faults.extend(added)
    return wire


def statuses(wire: Wire, path: str = OWNERS, count: int = 4) -> list[int]:
    return [wire.http.get(path).status_code for _ in range(count)]


def walk(wire: Wire, most: int = 8, **parameters: Any) -> list[list[str]]:
    """Read pages of two, at most *most* of them."""
    pages: list[list[str]] = []
    for page in wire.pages(CONTACTS, limit=2, **parameters):
        pages.append([one["id"] for one in page])
        if len(pages) == most:
            break
    return pages


# Which requests.


def test_a_fault_befalls_the_numbered_requests_only() -> None:
    assert statuses(world(faults.at(2, faults.failing()))) == [200, 500, 200, 200]
    assert statuses(world(faults.at({1, 4}, faults.failing(503)))) == [503, 200, 200, 503]
    assert statuses(world(faults.at(faults.every(2), faults.failing()))) == [200, 500, 200, 500]


def test_a_fault_befalls_so_many_requests_after_so_many() -> None:
    wire = world(faults.at(faults.path("owners"), faults.failing(), times=2, skip=1))

    wire.get("/account-info/2026-09/details")

    assert statuses(wire) == [200, 500, 500, 200]
    assert statuses(world(faults.once(faults.failing()))) == [500, 200, 200, 200]


def test_a_spoilt_answer_counts_once_for_its_request() -> None:
    wire = world(faults.at(faults.any_request, faults.empty(), times=2))

    sizes = [len(wire.http.get(OWNERS).content) for _ in range(3)]

    assert sizes == [0, 0, len(b'{"results":[]}')]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("contacts", ["/crm/v3/objects/0-1", "/crm/objects/2026-09/contact/batch/read", CONTACTS]),
        ("deals", ["/crm/objects/2026-03/deals/search", "/crm/v3/objects/deals/5"]),
        ("email_events", ["/email/public/v1/events"]),
        ("form_submissions", ["/form-integrations/v1/submissions/forms/f-1"]),
        ("forms", ["/marketing/v3/forms", "/marketing/forms/2026-09-beta"]),
        ("events", ["/events/v3/events"]),
        ("owners", [OWNERS]),
        ("lists", ["/crm/lists/2026-09/search"]),
    ],
)
def test_a_stream_is_known_by_its_paths(name: str, paths: list[str]) -> None:
    wire = world(faults.at(faults.stream(name), faults.forbidden("some.scope")))

    for path in paths:
        assert wire.http.request("POST", path, json={}).status_code == 403
        assert wire.http.get(path).status_code == 403
    assert wire.http.get("/crm/v3/objects/notes").status_code == 200


# Refusals.


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (faults.unauthorized(), 401, {"category": "EXPIRED_AUTHENTICATION"}),
        (
            faults.unauthorized("INVALID_AUTHENTICATION"),
            401,
            {"category": "INVALID_AUTHENTICATION"},
        ),
        (
            faults.forbidden("tickets", where="context"),
            403,
            {"context": {"requiredGranularScopes": ["tickets"]}},
        ),
        (
            faults.forbidden("tickets", where="missingScopes"),
            403,
            {"context": {"missingScopes": ["tickets"]}},
        ),
        (faults.locked(), 423, {"status": "error"}),
        (faults.rate_limited(), 429, {"policyName": "TEN_SECONDLY_ROLLING"}),
        (
            faults.rate_limited("SECONDLY"),
            429,
            {"message": "You have reached your secondly limit."},
        ),
        (faults.rate_limited("DAILY"), 429, {"errorType": "RATE_LIMIT", "policyName": "DAILY"}),
        (faults.rate_limited(coded="category"), 429, {"category": "RATE_LIMITS"}),
        (faults.migrating(), 477, {"status": "error"}),
        (faults.failing(), 500, {"status": "error"}),
        (faults.failing(504), 504, {"status": "error"}),
    ],
)
def test_a_refusal_is_hubspots_and_the_request_is_not_handled(
    fault: Fault, status: int, body: dict[str, Any]
) -> None:
    wire = world(fault)

    answer = wire.http.get(OWNERS)

    assert answer.status_code == status
    assert answer.json() | body == answer.json()
    assert answer.json()["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]
    assert wire.sandbox.requests[-1].status == status


def test_missing_scopes_are_named_where_they_usually_are() -> None:
    answer = world(faults.forbidden("a", "b")).get(OWNERS, 403)

    assert answer["errors"][0]["context"] == {"requiredGranularScopes": ["a", "b"]}


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        ("7", faults.rate_limited(retry_after=7)),
        ("none of a limit", faults.rate_limited("SECONDLY")),
        ("3600", faults.migrating()),
        ("none of a migration", faults.migrating(None)),
    ],
)
def test_retry_after_comes_only_when_it_is_given(fault: Fault, seconds: str) -> None:
    sent = world(fault).http.get(OWNERS).headers.get("Retry-After", "none")

    assert sent == seconds.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (faults.edge_failing(), 522),
        (faults.edge_failing(530), 530),
        (faults.html(), 200),
        (faults.url_too_long(), 414),
    ],
)
def test_the_edge_answers_in_html(fault: Fault, status: int) -> None:
    answer = world(fault).http.get(OWNERS, params={"limit": 5})

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html"


def test_an_address_may_be_too_long_from_a_length_on() -> None:
    wire = world(faults.url_too_long(20))

    assert wire.http.get(f"{OWNERS}?limit=5").status_code == 200
    assert wire.http.get(f"{OWNERS}?limit=5&after=&archived=").status_code == 414


# Spoilt answers, and the connection.


@pytest.mark.parametrize(
    "fault",
    [faults.truncated(), faults.truncated(0.99), faults.empty()],
    ids=["half", "almost whole", "empty"],
)
def test_an_answer_that_breaks_off_still_says_200(fault: Fault) -> None:
    answer = world(fault).http.get(CONTACTS)

    assert answer.status_code == 200
    with pytest.raises(ValueError, match="line 1"):
        json.loads(answer.content)


@pytest.mark.parametrize(
    ("fault", "error", "used"),
    [
        (faults.unreachable(), httpx.ConnectError, 0),
        (faults.dropped(handled=False), httpx.ReadError, 0),
        (faults.dropped(), httpx.ReadError, 1),
        (faults.silent(), httpx.ReadTimeout, 1),
    ],
)
def test_a_connection_breaks_before_or_after_the_request_is_handled(
    fault: Fault, error: type[Exception], used: int
) -> None:
    wire = world(faults.once(fault))

    with pytest.raises(error):
        wire.http.get(OWNERS)

    usage = wire.get("/account-info/2026-09/api-usage/daily/private-apps")["results"][0]
    assert usage["currentUsage"] == used + 1
    assert [log.status for log in wire.sandbox.requests] == [0, 200]


def test_a_late_answer_takes_the_clocks_time() -> None:
    wire = world()
    wire.sandbox.faults.append(faults.at(1, faults.late(wire.clock, 90)))

    wire.get(OWNERS)
    wire.get(OWNERS)

    assert wire.clock.seconds == 90


@pytest.mark.parametrize(("handled", "first"), [(False, 5), (True, 6)])
def test_somebody_may_edit_the_portal_while_it_is_read(handled: bool, first: int) -> None:
    wire = world()

    def archive() -> None:
        wire.sandbox.edit.archive("contacts", "1")

    wire.sandbox.faults.append(faults.at(1, faults.meanwhile(archive, handled=handled)))

    assert len(wire.get(CONTACTS)["results"]) == first
    assert len(wire.get(CONTACTS)["results"]) == 5


def test_chance_is_a_seeded_test_of_the_request() -> None:
    chance = Random(4)
    wire = world(faults.at(lambda _: chance.random() < 0.5, faults.failing()))

    seen = statuses(wire, count=40)

    assert 5 < seen.count(500) < 35


# Pages.


def test_pages_without_results_lack_the_name_too() -> None:
    wire = world(pagefaults.missing_results())

    assert wire.get(CONTACTS) == {}
    assert "events" not in wire.get("/email/public/v1/events")
    read = wire.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": "1"}]})
    assert "results" not in read


def test_a_hollow_page_leads_on() -> None:
    wire = world(faults.at(2, pagefaults.hollow()))

    assert walk(wire) == [["1", "2"], [], ["5", "6"]]


def test_a_listing_may_end_early() -> None:
    wire = world(faults.at(2, pagefaults.ends_early()))

    assert walk(wire) == [["1", "2"], ["3", "4"]]
    wire.sandbox.faults[:] = [pagefaults.ends_early()]
    assert wire.get("/email/public/v1/events", limit=2)["hasMore"] is False


def test_rows_may_be_missing_without_a_word() -> None:
    wire = world(pagefaults.without_rows({"3", "6"}))

    assert walk(wire) == [["1", "2"], ["4"], ["5"]]
    read = wire.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": "3"}, {"id": "4"}]})
    assert [one["id"] for one in read["results"]] == ["4"]


def test_a_cursor_may_repeat_itself() -> None:
    wire = world(pagefaults.same_cursor())

    assert walk(wire, most=4) == [["1", "2"], ["3", "4"], ["3", "4"], ["3", "4"]]


def test_paging_may_go_backwards() -> None:
    wire = world(pagefaults.backwards(), contacts=8)

    assert walk(wire, most=5) == [["1", "2"], ["3", "4"], ["5", "6"], ["3", "4"], ["5", "6"]]


@pytest.mark.parametrize(("repeat_rows", "rows"), [(False, []), (True, ["5", "6"])])
def test_cursors_may_never_end(repeat_rows: bool, rows: list[str]) -> None:
    wire = world(pagefaults.endless(repeat_rows=repeat_rows))

    pages = walk(wire, most=6)

    assert pages == [["1", "2"], ["3", "4"], ["5", "6"], rows, rows, rows]


def test_email_events_may_never_end_either() -> None:
    wire = world(pagefaults.endless())
    offsets: list[str] = []

    for _ in range(5):
        asked: dict[str, Any] = {"offset": offsets[-1]} if offsets else {}
        answer = wire.get("/email/public/v1/events", limit=3, **asked)
        assert answer["hasMore"] is True
        offsets.append(answer["offset"])

    assert len(set(offsets)) == 5


def test_every_cursor_may_come_percent_encoded() -> None:
    wire = world(pagefaults.encoded_cursors())

    first = wire.get(CONTACTS, limit=4)
    link, after = first["paging"]["next"]["link"], first["paging"]["next"]["after"]
    twice = wire.get(CONTACTS, limit=4, after=after)
    forms = wire.get("/marketing/v3/forms", limit=2)

    assert after.endswith("%3D")
    assert [one["id"] for one in wire.get(link)["results"]] == ["5", "6"]
    assert twice == {"results": []}
    assert len(wire.get(forms["paging"]["next"]["link"])["results"]) == 1


def test_pages_may_be_shorter_than_asked_for() -> None:
    wire = world(pagefaults.short_pages(1))

    assert walk(wire) == [["1"], ["2"], ["3"], ["4"], ["5"], ["6"]]
    found = wire.post(f"{CONTACTS}/search", {"limit": 100})
    assert (len(found["results"]), found["total"], found["paging"]) == (
        1,
        6,
        {"next": {"after": "1"}},
    )


def test_search_may_repeat_its_offset() -> None:
    wire = world(pagefaults.same_cursor())

    found = wire.post(f"{CONTACTS}/search", {"limit": 2, "after": "2"})

    assert found["paging"]["next"]["after"] == "2"


@pytest.mark.parametrize(
    "fault",
    [pagefaults.hollow(), pagefaults.endless(), pagefaults.same_cursor(), pagefaults.ends_early()],
    ids=["hollow", "endless", "same cursor", "ends early"],
)
def test_what_is_no_page_is_left_alone(fault: Fault) -> None:
    wire = world(fault)

    assert wire.get("/account-info/2026-09/details")["portalId"] == 147893286
    assert wire.get(f"{CONTACTS}/1")["id"] == "1"
    assert wire.get(f"{CONTACTS}/77", 404)["category"] == "OBJECT_NOT_FOUND"
    read = wire.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": "1"}]})
    assert [one["id"] for one in read["results"]] == ["1"]


def test_a_page_fault_bears_with_an_answer_that_another_has_spoilt() -> None:
    wire = world(faults.html(), pagefaults.hollow())

    assert wire.http.get(CONTACTS).text.startswith("<html>")


def test_batches_of_links_are_not_shortened() -> None:
    wire = world(pagefaults.short_pages(1))
    wire.sandbox.portal.rows["deals"] = [record(8, associations={"contacts": ["1", "2"]})]

    path = "/crm/associations/2026-09/deals/contacts/batch/read"
    answer = wire.post(path, {"inputs": [{"id": "8"}]})

    assert len(answer["results"][0]["to"]) == 2
