"""Reading the rows: people's cells come along, listings may be cut, slow, circular or incomplete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cjm_sync.errors import TransientError
from cjm_sync.model import Choice, Observed
from cjm_sync_notion.columns import OVERLAY_COLUMNS
from cjm_sync_sandbox.notion.faults import once, stale_cursor
from cjm_sync_sandbox.notion.requests import RequestLog
from support.notion_target import Desk, a_desk

Replacement = tuple[int, dict[str, str], bytes]
KIND = "stages"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with a_desk() as desk:
        desk.build("hub", "database")
        yield desk


def rows(desk: Desk, count: int) -> list[str]:
    """Make *count* rows, three a minute, and return their ids."""
    page = desk.page(KIND)
    made = []
    for index in range(count):
        copy = replace(page, key=f"customers/stage/s{index}/everyone")
        copy = replace(copy, cells={**page.cells, "sync_key": copy.key})
        made.append(desk.write(copy).remote_id)
        if index % 3 == 2:
            desk.clock.sleep(60)
    return made


def scan(desk: Desk, *, archived: bool = False) -> list[Observed]:
    return list(desk.target.scan(KIND, desk.memory, archived=archived))


def answer(status: int, body: Any) -> Replacement:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def is_query(log: RequestLog) -> bool:
    return log.path.endswith("/query")


def test_what_people_put_into_their_cells_comes_with_the_scan(desk: Desk) -> None:
    (row,) = rows(desk, 1)
    columns = desk.memory[f"_/database/{KIND}"].detail["columns"]
    desk.as_person("PATCH", f"pages/{row}", {"properties": {
        columns["target_days"]: {"number": 9.5},
        columns["emotion_override"]: {"number": 0},
        columns["reviewed_on"]: {"date": {"start": "2026-11-02"}},
        columns["owner"]: {"people": [{"id": desk.sandbox.person}]},
        columns["notes"]: {"rich_text": [{"text": {"content": "Ada said so."}}]},
    }})  # fmt: skip
    before = len(desk.sandbox.requests)

    (seen,) = scan(desk)

    assert seen.people == {"target_days": 9.5, "emotion_override": 0, "reviewed_on": "2026-11-02"}
    assert len(desk.sent(before)) == 1
    assert "Ada" not in repr(seen)


def test_a_query_brings_the_key_and_the_cells_that_are_heeded_and_no_more(desk: Desk) -> None:
    rows(desk, 1)
    before = len(desk.sandbox.requests)

    scan(desk)

    (log,) = desk.sent(before)
    asked = 1 + len(OVERLAY_COLUMNS[KIND])
    assert {len(row["properties"]) for row in log.answer["results"]} == {asked}


def test_empty_cells_of_people_are_not_there(desk: Desk) -> None:
    rows(desk, 1)

    assert scan(desk)[0].people == {}


def test_a_column_of_people_that_was_deleted_is_left_out(desk: Desk) -> None:
    rows(desk, 1)
    home = desk.memory[f"_/database/{KIND}"].detail
    desk.as_person(
        "PATCH", f"data_sources/{home['data_source_id']}",
        {"properties": {home["columns"]["target_days"]: None}},
    )  # fmt: skip
    still = {key: c for key, c in home["columns"].items() if key != "target_days"}
    desk.memory[f"_/database/{KIND}"] = replace(
        desk.memory[f"_/database/{KIND}"], detail={**home, "columns": still}
    )

    assert len(scan(desk)) == 1


def test_when_notion_is_overloaded_smaller_pages_are_asked_for(desk: Desk) -> None:
    made = rows(desk, 30)
    sizes: list[int] = []

    def overload(log: RequestLog) -> Replacement | None:
        if not is_query(log):
            return None
        sizes.append(json.loads(log.body)["page_size"])
        if sizes[-1] <= 25:
            return None
        return answer(504, {"object": "error", "status": 504, "code": "gateway_timeout"})

    desk.sandbox.hooks.append(overload)

    assert [row.remote_id for row in scan(desk)] == made
    assert sorted(set(sizes), reverse=True) == [100, 50, 25]
    assert sizes[-2:] == [25, 25]


def test_an_overload_without_an_end_ends_the_run_and_not_the_program(desk: Desk) -> None:
    desk.sandbox.hooks.append(
        lambda log: answer(503, {"code": "service_unavailable"}) if is_query(log) else None
    )

    with pytest.raises(TransientError) as failed:
        scan(desk)
    assert failed.value.hint == "Run again; nothing was lost."


def test_more_rows_than_one_listing_shows_are_read_in_windows() -> None:
    with a_desk(depth=6) as desk:
        desk.build("hub", "database")
        made = rows(desk, 14)
        before = len(desk.sandbox.requests)

        assert [row.remote_id for row in scan(desk)] == made
        assert len(desk.sent(before)) == 4


def test_more_rows_of_one_minute_than_one_listing_shows_cannot_be_read() -> None:
    with a_desk(depth=2) as desk:
        desk.build("hub", "database")
        rows(desk, 6)

        with pytest.raises(TransientError, match="were made in one minute"):
            scan(desk)


def test_a_cursor_that_notion_forgot_costs_a_listing_from_where_it_was(desk: Desk) -> None:
    made = rows(desk, 105)
    desk.sandbox.faults.append(once(stale_cursor()))

    assert [row.remote_id for row in scan(desk)] == made


def test_a_listing_that_is_incomplete_for_another_reason_proves_nothing(desk: Desk) -> None:
    rows(desk, 2)

    def cut(log: RequestLog) -> Replacement | None:
        status = {"type": "incomplete", "incomplete_reason": "index_rebuilding"}
        return answer(200, {**log.answer, "request_status": status}) if is_query(log) else None

    desk.sandbox.after_hooks.append(cut)

    with pytest.raises(TransientError, match="incompletely \\(index_rebuilding\\)"):
        scan(desk)


@pytest.mark.parametrize("cursor", ["same", "new"])
def test_a_listing_without_an_end_is_left(desk: Desk, cursor: str) -> None:
    rows(desk, 1)
    count = iter(range(10_000))

    def again(log: RequestLog) -> Replacement | None:
        if not is_query(log):
            return None
        follows = "s:same" if cursor == "same" else f"s:{next(count)}"
        body = {"object": "list", "results": [], "has_more": True, "next_cursor": follows}
        return answer(200, body)

    desk.sandbox.hooks.append(again)

    with pytest.raises(TransientError, match="has no end"):
        scan(desk)


def test_an_answer_without_results_is_no_empty_database(desk: Desk) -> None:
    desk.sandbox.hooks.append(
        lambda log: answer(200, {"object": "list"}) if is_query(log) else None
    )

    with pytest.raises(TransientError, match="without results"):
        scan(desk)


def test_a_row_that_moved_to_another_database_is_gone_and_named(desk: Desk) -> None:
    (row,) = rows(desk, 1)
    other = desk.memory["_/database/touchpoints"].detail["data_source_id"]
    desk.as_person("POST", f"pages/{row}/move", {"parent": {"data_source_id": other}})

    key = "customers/stage/s0/everyone"
    assert desk.target.look(desk.memory[key], desk.memory).state == "gone"
    assert [(f.code, f.key) for f in desk.target.findings()] == [("row_moved", key)]


def test_more_options_than_a_schema_may_name_arise_with_the_rows_that_need_them(
    desk: Desk,
) -> None:
    page = desk.page("touchpoints")
    home = desk.memory["_/database/touchpoints"]
    for index in range(105):
        channel = Choice(f"c{index}", f"Channel {index}")
        key = f"customers/touchpoint/purchase/t{index}"
        cells = {**page.cells, "channel": channel, "sync_key": key}
        desk.write(replace(page, key=key, cells=cells))
    before = desk.memory["_/database/touchpoints"].detail["options"]["channel"]

    twice = replace(page, key="customers/touchpoint/purchase/again")
    desk.write(replace(twice, cells={**page.cells, "channel": Choice("c104", "Channel 104")}))

    source = desk.as_person("GET", f"data_sources/{home.detail['data_source_id']}")
    names = [
        option["name"]
        for held in source["properties"].values()
        if held["id"] == home.detail["columns"]["channel"]
        for option in held["select"]["options"]
    ]
    assert len(names) == len(set(names)) >= 105
    assert desk.memory["_/database/touchpoints"].detail["options"]["channel"] == before
