"""Every way in which Notion is known to answer badly, and what the target makes of each.

A reading is sent again; a value that is set is set again; what would be made twice is looked for
instead, and an answer that names what it made is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.errors import (
    CjmSyncError,
    ConfigError,
    GuardTripped,
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from cjm_sync.model import Page
from cjm_sync_sandbox.notion import faults
from cjm_sync_sandbox.notion.faults import Fault, asks, at
from support.notion_target import Desk, a_desk

KIND = "stages"
MAKES_A_ROW = asks("POST", "/pages$")
SETS_A_ROW = asks("PATCH", "/pages/[^/]+$")
READS_A_ROW = asks("GET", "/pages/[^/]+$")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with a_desk() as desk:
        desk.build("hub", "database")
        yield desk


def changed(page: Page) -> Page:
    return replace(page, cells={**page.cells, "entered": 77})


def update(desk: Desk, page: Page) -> Any:
    row = desk.memory[page.key].remote_id
    return desk.target.update_page(changed(page), frozenset({"entered"}), row, desk.memory)


def entered(desk: Desk, page: Page) -> Any:
    columns = desk.memory[f"_/database/{KIND}"].detail["columns"]
    row = desk.as_person("GET", f"pages/{desk.memory[page.key].remote_id}")["properties"]
    return next(held["number"] for held in row.values() if held["id"] == columns["entered"])


def count(desk: Desk) -> int:
    source = desk.memory[f"_/database/{KIND}"].detail["data_source_id"]
    return len(desk.as_person("POST", f"data_sources/{source}/query", {})["results"])


# asked to wait


@pytest.mark.parametrize(
    "reason",
    [
        "public_api_request_rate_limit",
        "public_api_space_request_rate_limit",
        "public_api_endpoint_rate_limit",
    ],
)
def test_a_request_to_wait_is_obeyed_and_the_row_is_made_once(desk: Desk, reason: Any) -> None:
    desk.sandbox.faults.append(
        at(MAKES_A_ROW, faults.rate_limited(reason, retry_after=90), times=1)
    )
    began = desk.clock.elapsed

    desk.write(desk.page(KIND))

    assert desk.clock.elapsed - began == 90
    assert count(desk) == 1


def test_a_connection_that_notion_blocked_asks_once_and_no_more(desk: Desk) -> None:
    desk.sandbox.faults.append(at(MAKES_A_ROW, faults.rate_limited("public_api_request_blocked")))
    before = len(desk.sandbox.requests)

    with pytest.raises(TransientError, match="slow down"):
        desk.write(desk.page(KIND))
    assert len(desk.sent(before)) == 1


def test_an_overloaded_service_is_asked_again_after_its_own_time(desk: Desk) -> None:
    desk.sandbox.faults.append(at(MAKES_A_ROW, faults.overloaded(retry_after=11), times=2))
    began = desk.clock.elapsed

    desk.write(desk.page(KIND))

    assert desk.clock.elapsed - began == 22
    assert count(desk) == 1


# what sets a value is sent again

AGAIN: dict[str, Fault] = {
    "conflict": faults.conflict(),
    "500": faults.failing(),
    "502": faults.bad_gateway(),
    "503 before": faults.unavailable(),
    "503 after": faults.unavailable(committed=True),
    "504 after": faults.unavailable("gateway_timeout", committed=True),
    "HTML with 200": faults.html(),
    "half an answer": faults.truncated(),
    "no answer": faults.silent(),
    "never arrived": faults.silent(handled=False),
    "hung up": faults.dropped(),
    "cannot be reached": faults.unreachable(),
}


@pytest.mark.parametrize("fault", AGAIN.values(), ids=AGAIN)
def test_a_cell_is_set_again_until_it_stands(desk: Desk, fault: Fault) -> None:
    page = desk.page(KIND)
    desk.write(page)
    desk.sandbox.faults.append(at(SETS_A_ROW, fault, times=2))

    update(desk, page)

    assert entered(desk, page) == 77


@pytest.mark.parametrize("fault", AGAIN.values(), ids=AGAIN)
def test_a_row_is_read_again_until_it_comes(desk: Desk, fault: Fault) -> None:
    page = desk.page(KIND)
    row = desk.write(page).remote_id
    desk.sandbox.faults.append(at(READS_A_ROW, fault, times=2))

    assert desk.target.read_page(KIND, row, desk.memory).cells["sync_key"] == page.key


# what would be made twice is not

DOUBTFUL: dict[str, tuple[Fault, int]] = {
    "conflict": (faults.conflict(), 0),
    "500": (faults.failing(), 0),
    "502": (faults.bad_gateway(), 0),
    "503 before": (faults.unavailable(), 0),
    "503 after, unnamed": (faults.unavailable(committed=True, named=False), 1),
    "HTML with 200": (faults.html(), 0),
    "half an answer": (faults.truncated(), 1),
    "no answer": (faults.silent(), 1),
    "never arrived": (faults.silent(handled=False), 0),
    "hung up": (faults.dropped(), 1),
}


@pytest.mark.parametrize(("fault", "made"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_row_whose_end_is_unknown_is_sent_once_and_not_again(
    desk: Desk, fault: Fault, made: int
) -> None:
    desk.sandbox.faults.append(at(MAKES_A_ROW, fault))

    with pytest.raises(OutcomeUnknownError) as lost:
        desk.write(desk.page(KIND))

    desk.sandbox.faults.clear()
    assert lost.value.committed_id is None
    assert count(desk) == made


def test_a_row_that_the_failing_answer_names_is_believed(desk: Desk) -> None:
    desk.sandbox.faults.append(at(MAKES_A_ROW, faults.unavailable(committed=True)))

    with pytest.raises(OutcomeUnknownError) as lost:
        desk.write(desk.page(KIND))

    assert lost.value.committed_id is not None
    assert desk.as_person("GET", f"pages/{lost.value.committed_id}")["in_trash"] is False


# a no is a no


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (faults.unauthorized(), ConfigError, "Notion refused the token"),
        (faults.forbidden(), RejectedError, "Notion does not allow it"),
        (faults.block_limit(), RejectedError, "block"),
    ],
)
def test_a_refusal_is_asked_once_and_told_with_a_remedy(
    desk: Desk, fault: Fault, error: type[CjmSyncError], said: str
) -> None:
    desk.sandbox.faults.append(at(MAKES_A_ROW, fault))
    before = len(desk.sandbox.requests)

    with pytest.raises(error, match=said) as refused:
        desk.write(desk.page(KIND))

    assert refused.value.hint
    assert len(desk.sent(before)) == 1


# what a person took away while the run was writing


def test_a_row_under_a_trashed_hub_ends_the_run_with_the_remedy(desk: Desk) -> None:
    page = desk.page(KIND)
    desk.write(page)
    desk.as_person("PATCH", f"pages/{desk.memory['_/hub'].remote_id}", {"in_trash": True})

    with pytest.raises(GuardTripped, match="no longer there, or no longer shared") as ended:
        update(desk, page)
    assert (ended.value.exit_code, bool(ended.value.hint)) == (3, True)


def test_a_row_of_an_unshared_database_ends_the_run_with_the_remedy(desk: Desk) -> None:
    page = desk.page(KIND)
    desk.write(page)
    desk.sandbox.unshare(desk.memory[f"_/database/{KIND}"].remote_id)

    with pytest.raises(GuardTripped, match="no longer there, or no longer shared"):
        update(desk, page)


def test_a_single_row_that_is_gone_costs_that_row_only(desk: Desk) -> None:
    page = desk.page(KIND)
    desk.write(page)
    desk.as_person("PATCH", f"pages/{desk.memory[page.key].remote_id}", {"in_trash": True})

    with pytest.raises(RejectedError, match=r"archived|trash"):
        update(desk, page)
