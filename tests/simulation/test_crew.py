"""Several workers write what one would have written, at the full pace and not a request beyond it."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import httpx
import pytest

from cjm_sync.model import Page, Wished
from cjm_sync_sandbox.notion.requests import RequestLog
from support.world import SOAK, Stopped, World, cut_to

MANY = 10_000 if SOAK else 900
"""Rows of the first load whose time is measured, on a virtual clock."""


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    """Let threads give way all the time, so that their order differs from run to run."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def shape(world: World) -> dict[str, object]:
    """Return the rows alive by key; which id each got depends on who came first."""
    bindings = world.bindings()
    keys = {binding.remote_id: key for key, binding in bindings.items()}
    text = json.dumps(
        {
            key: world.row(key)
            for key, binding in bindings.items()
            if binding.kind == "row" and binding.state == "live" and not key.startswith("_/")
        }
    )
    named: dict[str, object] = json.loads(
        re.sub(r'"([0-9a-f-]{32,36})"', lambda m: f'"{keys.get(m[1], m[1])}"', text)
    )
    return named


def test_six_workers_leave_what_one_leaves(empty: World) -> None:
    alone = empty.copy()
    assert alone.run().outcome == "done"
    empty.row_workers = 6

    report = empty.run()

    assert report.outcome == "done", report.findings
    assert shape(empty) == shape(alone)
    assert empty.twins() == []
    again = empty.requests_of(empty.run)
    assert [log.method for log in again if log.method in {"PATCH", "DELETE"}] == []


def test_rows_are_really_written_at_once(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    empty.row_workers = 4
    together = threading.Barrier(2)
    met: list[int] = []
    send = httpx.WSGITransport.handle_request

    def wait(transport: httpx.WSGITransport, request: httpx.Request) -> httpx.Response:
        # The frame and the first row of each option come alone, in the run's own thread.
        if threading.current_thread().name.startswith("rows") and not met:
            met.append(together.wait(timeout=20))
        return send(transport, request)

    monkeypatch.setattr(httpx.WSGITransport, "handle_request", wait)
    assert empty.run().outcome == "done"

    assert met
    assert empty.twins() == []


def test_a_changed_map_is_the_same_by_whoever_it_was_written(changed: World) -> None:
    alone = changed.copy()
    assert alone.run().outcome == "done"
    changed.row_workers = 6

    assert changed.run().outcome == "done"

    assert shape(changed) == shape(alone)


def test_workers_that_are_killed_lose_and_double_nothing(
    empty: World, counted: Callable[[str], None]
) -> None:
    whole = empty.copy()
    requests = len(whole.requests_of(whole.run))
    expected = shape(whole)
    chance = Random(20261122)
    tries = 200 if SOAK else 8
    for _ in range(tries):
        world = empty.copy()
        world.row_workers = chance.choice((2, 4, 6))
        stop_at = chance.randrange(10, requests)
        hooks = chance.choice((world.notion.hooks, world.notion.after_hooks))

        def stop(log: RequestLog, stop_at: int = stop_at) -> None:
            # The process ends: no worker gets another answer.
            if log.number >= stop_at:
                raise Stopped

        hooks.append(stop)
        with pytest.raises(Stopped):
            world.run()
        hooks.remove(stop)
        world.wait(minutes=1)

        assert world.run().outcome == "done"
        assert shape(world) == expected
        assert world.twins() == []
        world.drop()
    counted(f"{tries} runs of several workers, killed at a random request")


def test_a_first_load_takes_the_time_of_the_budget_and_no_request_is_refused(
    empty: World, counted: Callable[[str], None]
) -> None:
    only_stages = cut_to("_/hub", "_/database", "customers/stage/awareness/everyone")

    def many(wished: Wished) -> Wished:
        few = only_stages(wished)
        (pattern,) = few.pages
        rows = tuple(
            Page(
                f"customers/stage/awareness/p{number}",
                pattern.collection,
                {
                    name: cell
                    for name, cell in pattern.cells.items()
                    if name in {"name", "stage", "in_stage", "state"}
                }
                | {"sync_key": f"customers/stage/awareness/p{number}"},
                pattern.journey,
            )
            for number in range(MANY)
        )
        return replace(few, pages=(*few.pages, *rows))

    empty.wrap, empty.plan = many, "plus"
    empty.notion = type(empty.notion)(clock=empty.clock, plan="plus")
    began = empty.clock.monotonic()

    # One worker, so that the clock moves for one only; the road's own count is for any number.
    assert empty.run().outcome == "done"

    requests = empty.notion.requests
    assert [log.status for log in requests if log.status == 429] == []
    took = empty.clock.monotonic() - began
    # Spent in bursts, the last window's requests need no wait: n requests take the time of those
    # that go before the last burst.
    bound = (len(requests) - 180) / 180 * 60
    assert took <= bound * 1.02 + 60
    counted(
        f"first load of {MANY} rows at 180 a minute: {len(requests)} requests, "
        f"{took / 60:.1f} minutes, the budget's own time {bound / 60:.1f}"
    )
