"""Answers that never come, come broken, or say "not now": no request is doubled by them.

Each fault strikes each write of a first and of a changed sync in turn; the same run, or the next
one, ends where an undisturbed run would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from cjm_sync_sandbox.notion.requests import RequestLog
from support.world import World, cut_to, is_write, sampled, writes

pytestmark = pytest.mark.sweep

ROW_MADE = ("POST", "/v1/pages")
Replacement = tuple[int, Mapping[str, str], bytes]


def refusal(
    status: int, code: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Replacement:
    body = {"object": "error", "status": status, "code": code, "message": code, **more}
    return (
        status,
        {"Content-Type": "application/json", **(headers or {})},
        json.dumps(body).encode(),
    )


def silence(_log: RequestLog) -> Replacement:
    raise httpx.ReadTimeout("no answer")


def with_id(log: RequestLog) -> Replacement:
    if log.answer["object"] == "list":  # of an append: the parent, and what was put into it
        parent = re.sub(r".*/blocks/([^/]+)/children$", r"\1", log.path)
        made = {
            "committed_resource_id": parent,
            "committed_child_ids": [block["id"] for block in log.answer["results"]],
        }
    else:
        made = {"committed_resource_id": log.answer["id"]}
    return refusal(503, "service_unavailable", additional_data=made)


def page_of_html(_log: RequestLog) -> Replacement:
    return 502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>"


def conflict(_log: RequestLog) -> Replacement:
    return refusal(409, "conflict_error")


def slow_down(_log: RequestLog) -> Replacement:
    return refusal(429, "rate_limited", {"Retry-After": "7"})


def overloaded(_log: RequestLog) -> Replacement:
    return refusal(529, "service_overload")


def half_an_answer(log: RequestLog) -> Replacement:
    return 200, {"Content-Type": "application/json"}, json.dumps(log.answer).encode()[:40]


BEFORE: list[Callable[[RequestLog], Replacement]] = [
    silence, page_of_html, conflict, slow_down, overloaded,
]  # fmt: skip
AFTER: list[Callable[[RequestLog], Replacement]] = [
    silence, with_id, page_of_html, half_an_answer,
]  # fmt: skip


def undisturbed(world: World) -> tuple[Any, list[int]]:
    """Return what stands in Notion after a run of *world*, and the numbers of its writes."""
    twin = world.copy()
    sent = twin.requests_of(twin.run)
    return twin.snapshot(), [place for place, log in enumerate(sent, 1) if is_write(log)]


def assert_survived(
    world: World, fault: Callable[[RequestLog], Replacement], *, after: bool
) -> str:
    wished, places = undisturbed(world)
    struck_at = sampled(places, 4)
    for place in struck_at:
        struck = world.copy()

        def strike(log: RequestLog, place: int = place) -> Replacement | None:
            return fault(log) if log.number == place else None

        (struck.notion.after_hooks if after else struck.notion.hooks).append(strike)
        first = struck.run()
        second = struck.run()
        idle = struck.requests_of(struck.run)

        assert first.outcome in {"done", "failed"}, (place, first.findings)
        assert second.outcome == "done", (place, second.findings)
        assert struck.snapshot() == wished, place
        assert struck.twins() == [], place
        assert writes(idle) == [], place
        struck.drop()
    return f"{len(struck_at)} of {len(places)} writes"


@pytest.mark.parametrize("fault", BEFORE)
def test_a_write_that_never_arrived_is_made_once(
    changed: World, fault: Callable[[RequestLog], Replacement], counted: Callable[[str], None]
) -> None:
    count = assert_survived(changed, fault, after=False)

    counted(f"changed sync, {fault.__name__} before {count}")


@pytest.mark.parametrize("fault", AFTER)
def test_a_write_whose_answer_was_lost_is_not_made_again(
    changed: World, fault: Callable[[RequestLog], Replacement], counted: Callable[[str], None]
) -> None:
    count = assert_survived(changed, fault, after=True)

    counted(f"changed sync, {fault.__name__} after {count}")


@pytest.mark.parametrize("fault", AFTER)
def test_a_create_whose_answer_was_lost_is_not_made_again(
    empty: World, fault: Callable[[RequestLog], Replacement], counted: Callable[[str], None]
) -> None:
    count = assert_survived(tiny(empty), fault, after=True)

    counted(f"first sync of a small map, {fault.__name__} after {count}")


@pytest.mark.parametrize("fault", BEFORE)
def test_a_create_that_never_arrived_is_made_once(
    empty: World, fault: Callable[[RequestLog], Replacement], counted: Callable[[str], None]
) -> None:
    count = assert_survived(tiny(empty), fault, after=False)

    counted(f"first sync of a small map, {fault.__name__} before {count}")


def first_row(world: World) -> int:
    """Return which request of a first run makes a row; the page before it is the hub."""
    trial = world.copy()
    sent = trial.requests_of(trial.run)
    trial.drop()
    return [n for n, log in enumerate(sent, 1) if (log.method, log.path) == ROW_MADE][1]


def test_a_create_that_waited_long_for_its_turn_is_not_made_again(empty: World) -> None:
    place = first_row(tiny(empty))
    empty.notion.hooks.append(lambda log: empty.clock.sleep(75.0) if log.number == place else None)
    empty.notion.after_hooks.append(lambda log: silence(log) if log.number == place else None)

    report = empty.run()

    assert (report.outcome, empty.twins()) == ("done", [])


def test_a_create_of_an_ended_run_that_waited_long_for_its_turn_is_not_made_again(
    empty: World,
) -> None:
    place = first_row(tiny(empty))
    empty.notion.hooks.append(lambda log: empty.clock.sleep(75.0) if log.number == place else None)
    empty.run_until(place, "after")

    report = empty.run()

    assert (report.outcome, empty.twins()) == ("done", [])


def tiny(world: World) -> World:
    world.wrap = cut_to("_/", "customers/persona/")
    return world


@pytest.mark.parametrize("fault", [slow_down, overloaded])
def test_a_request_to_wait_is_obeyed_within_the_run(
    changed: World, fault: Callable[[RequestLog], Replacement]
) -> None:
    trial = changed.copy()
    place = next(n for n, log in enumerate(trial.requests_of(trial.run), 1) if is_write(log))
    changed.notion.hooks.append(lambda log: fault(log) if log.number == place else None)
    before = changed.clock.elapsed

    report = changed.run()

    assert report.outcome == "done"
    assert report.waited_seconds >= 1.0
    assert changed.clock.elapsed - before >= report.waited_seconds
