"""Listings and searches that go wrong between their pages: nothing is lost, and nothing is endless."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.errors import TransientError
from cjm_sync.model import Need, Record
from cjm_sync.ports import Follower, Source
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.hubspot.faults import at, html, stream, truncated
from cjm_sync_sandbox.hubspot.pagefaults import (
    backwards,
    encoded_cursors,
    endless,
    hollow,
    same_cursor,
    short_pages,
)
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MADE = "2026-03-01T11:30:00.000Z"
FORM = "0a0a0a0a-0000-4000-8000-000000000001"
STREAMS = ("calls", "form_submissions", "email_events", "events", "owners")
FOLLOWED = ("calls", "form_submissions", "email_events", "events")


def portal() -> Portal:
    return Portal(
        {
            "tier": "enterprise",
            "features": {"events": True},
            "forms": [{"id": FORM, "name": "Demo"}],
            "owners": [{"id": str(n), "userId": n} for n in range(1, 351)],
        },
        {
            "calls": [
                {"id": str(9000 + n), "properties": {}, "createdAt": MADE, "updatedAt": MADE}
                for n in range(450)
            ],
            "form_submissions": [
                {"formId": FORM, "conversionId": f"c{n}", "submittedAt": _ms(n), "values": []}
                for n in range(230)
            ],
            "email_events": [
                {"id": f"e{n}", "created": _ms(n), "type": "CLICK", "recipient": "p@people.example"}
                for n in range(3500)
            ],
            "events": [
                {
                    "objectType": "CONTACT",
                    "objectId": "1",
                    "eventType": "e_visited_page",
                    "occurredAt": MADE,
                    "id": f"v{n:04}",
                    "properties": {},
                }
                for n in range(450)
            ],
        },
    )


def _ms(number: int) -> int:
    return int((NOW - timedelta(minutes=30)).timestamp() * 1000) + number


class Nobody:
    """A mirror that holds nothing."""

    def records(self, object: str, ids: Any) -> dict[str, Record]:  # noqa: A002
        return {}


def connect(sandbox: HubSpotSandbox, clock: FakeClock) -> Source:
    source = plugin.connect(
        HubSpotSettings(),
        clock=clock,
        secret=SecretStr(sandbox.token),
        transport=httpx.WSGITransport(sandbox),
    )
    list(source.pull("forms", Need(), None))
    return source


def listed(source: Source, name: str) -> set[str]:
    return {record.id for batch in source.pull(name, Need(), None) for record in batch.records}


def followed(source: Source, name: str) -> set[str]:
    assert isinstance(source, Follower)
    batches = source.changes(name, Need(), since=NOW, until=NOW, known=Nobody(), cursor=None)
    return {record.id for batch in batches for record in batch.records}


WAYS = [(listed, name) for name in STREAMS] + [(followed, name) for name in FOLLOWED]
Reads = Callable[[Source, str], set[str]]


@pytest.mark.parametrize(("read", "name"), WAYS)
@pytest.mark.parametrize(
    "fault",
    [
        same_cursor,
        backwards,
        endless,
        pytest.param(lambda: endless(repeat_rows=True), id="endless repeating"),
    ],
)
def test_a_listing_that_never_ends_is_left_with_an_error(
    read: Reads, name: str, fault: Callable[[], Any]
) -> None:
    clock = FakeClock(NOW)
    sandbox = HubSpotSandbox(portal(), clock=clock)
    source = connect(sandbox, clock)
    whole = read(connect(sandbox, clock), name)
    sandbox.requests.clear()
    sandbox.faults.append(fault())

    try:
        found = read(source, name)
    except TransientError as error:
        assert "in a circle" in str(error)
    else:
        assert found == whole

    assert len(sandbox.requests) < 70


@pytest.mark.parametrize(("read", "name"), WAYS)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda name: at(stream(name), truncated(), times=1), id="truncated"),
        pytest.param(lambda name: at(stream(name), html(), times=1), id="html"),
        pytest.param(lambda _name: encoded_cursors(), id="encoded cursors"),
        pytest.param(lambda _name: short_pages(40), id="short pages"),
    ],
)
def test_a_spoilt_answer_loses_nothing(read: Reads, name: str, fault: Callable[[str], Any]) -> None:
    clock = FakeClock(NOW)
    sandbox = HubSpotSandbox(portal(), clock=clock)
    source = connect(sandbox, clock)
    whole = read(connect(sandbox, clock), name)
    sandbox.faults.append(fault(name))

    assert read(source, name) == whole


@pytest.mark.parametrize("name", STREAMS)
def test_an_empty_page_that_leads_on_is_no_end(name: str) -> None:
    clock = FakeClock(NOW)
    sandbox = HubSpotSandbox(portal(), clock=clock)
    source = connect(sandbox, clock)
    whole = listed(connect(sandbox, clock), name)
    sandbox.faults.append(at(stream(name), hollow(), skip=1, times=1))

    found = listed(source, name)

    assert found < whole
    assert len(whole) - len(found) <= 1000
