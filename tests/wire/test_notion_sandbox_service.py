"""The Notion stand-in as a service: budget, log, hooks, sharing, search, saved state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from notion_client import APIErrorCode, APIResponseError

from cjm_sync_sandbox.notion import NotionSandbox, RequestLog
from wire.notion_sandbox_world import HEADERS, NotionClock, NotionWorld, paragraph, text


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


class Crash(BaseException):
    """What a killed process looks like from inside."""


@pytest.mark.parametrize(
    ("plan", "budget"), [("free", 180), ("plus", 180), ("business", 600), ("enterprise", 600)]
)
def test_each_plan_has_its_budget_per_minute(plan: str, budget: int) -> None:
    world = NotionWorld(plan=plan)
    statuses = [world.send("GET", "users/me").status_code for _ in range(budget + 1)]

    assert statuses[-2:] == [200, 429]
    world.close()


def test_a_spent_budget_says_when_to_come_back() -> None:
    world = NotionWorld(rate_limit=2)
    world.send("GET", "users/me")
    world.clock.sleep(20.5)
    world.send("GET", "users/me")

    with pytest.raises(APIResponseError) as caught:
        world.sdk.users.me()

    assert caught.value.code == APIErrorCode.RateLimited
    assert caught.value.headers["Retry-After"] == "40"
    body = json.loads(caught.value.body)
    assert body["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "40",
    }
    world.clock.sleep(40)
    assert world.send("GET", "users/me").status_code == 200
    world.close()


def test_the_connection_knows_its_workspace(world: NotionWorld) -> None:
    me: Any = world.sdk.users.me()

    assert me["id"] == world.sandbox.bot
    assert me["bot"]["workspace_id"] == world.sandbox.workspace_id
    assert me["bot"]["workspace_limits"]["max_file_upload_size_in_bytes"] == 5 * 1024**3
    people: Any = world.sdk.users.list()
    assert {one["type"] for one in people["results"]} == {"person", "bot"}
    one: Any = world.sdk.users.retrieve(world.sandbox.person)
    assert one["type"] == "person"


def test_every_request_is_logged_with_its_answer(world: NotionWorld) -> None:
    world.send("POST", "search", {"query": "x"}, a="1")
    world.send("GET", "nothing")

    found, lost = world.sandbox.requests
    assert (found.number, found.method, found.path, found.query) == (
        1, "POST", "/v1/search", "a=1",
    )  # fmt: skip
    assert json.loads(found.body) == {"query": "x"}
    assert (found.status, lost.status, lost.number) == (200, 400, 2)


def test_calls_from_inside_are_neither_logged_nor_counted() -> None:
    world = NotionWorld(rate_limit=1)

    for _ in range(3):
        world.good("GET", "users/me")

    assert world.sandbox.requests == []
    assert world.send("GET", "users/me").status_code == 200
    world.close()


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_a_crash_passes_through_before_or_after_the_effect(
    world: NotionWorld, moment: str, made: int
) -> None:
    def crash(_: RequestLog) -> None:
        raise Crash

    hooks = {"before": world.sandbox.hooks, "after": world.sandbox.after_hooks}[moment]
    hooks.append(crash)
    blocks = world.good("GET", f"blocks/{world.hub}/children")["results"]

    with pytest.raises(Crash):
        world.send("PATCH", f"blocks/{world.hub}/children", {"children": [paragraph("x")]})

    after = world.good("GET", f"blocks/{world.hub}/children")["results"]
    assert len(after) == len(blocks) + made


def test_a_hook_may_answer_in_the_place_of_the_service(world: NotionWorld) -> None:
    def lose(log: RequestLog) -> tuple[int, dict[str, str], bytes]:
        committed = {"committed_resource_id": log.answer["id"]}
        body = {"object": "error", "status": 503, "code": "service_unavailable",
                "message": "late", "additional_data": committed}  # fmt: skip
        return 503, {"Content-Type": "application/json"}, json.dumps(body).encode()

    world.sandbox.after_hooks.append(lose)

    answer = world.send("POST", "pages", {"parent": {"page_id": world.hub}})

    committed = answer.json()["additional_data"]["committed_resource_id"]
    assert answer.status_code == 503
    assert world.sandbox.requests[-1].status == 503
    assert world.good("GET", f"pages/{committed}")["id"] == committed


def test_what_is_not_shared_is_not_there(world: NotionWorld) -> None:
    page = world.good("POST", "pages", {"parent": {"page_id": world.hub}})["id"]
    world.make_row("linked", **{"In stage": {"relation": [{"id": world.stage_row}]}})
    inner = world.append(page, paragraph("x"))[0]

    world.sandbox.unshare(page)
    world.sandbox.unshare(world.stages_db)

    for path in (f"pages/{page}", f"blocks/{inner}", f"databases/{world.stages_db}"):
        assert world.send("GET", path).json()["code"] == "object_not_found"
    row = world.good("POST", f"data_sources/{world.source}/query", {})["results"][-1]
    assert row["properties"]["In stage"]["relation"] == []
    children = world.good("GET", f"blocks/{world.hub}/children")["results"]
    assert page not in [block["id"] for block in children]
    assert world.good("GET", f"pages/{page}", as_user=world.sandbox.person)["id"] == page
    world.sandbox.share(page)
    assert world.send("GET", f"pages/{page}").status_code == 200


def test_a_persons_private_page_is_unseen_until_shared(world: NotionWorld) -> None:
    private = world.good(
        "POST",
        "pages",
        {
            "parent": {"type": "workspace", "workspace": True},
            "properties": {"title": {"title": text("Mine")}},
        },
        as_user=world.sandbox.person,
    )["id"]

    assert world.send("GET", f"pages/{private}").status_code == 404
    world.sandbox.share(private)
    assert world.send("GET", f"pages/{private}").status_code == 200


def test_what_the_trash_emptied_is_not_found(world: NotionWorld) -> None:
    world.sandbox.destroy(world.row)
    world.sandbox.destroy(world.stages_db)

    assert world.send("GET", f"pages/{world.row}").status_code == 404
    assert world.send("GET", f"data_sources/{world.stages}").status_code == 404
    assert world.titles({}) == []


def test_search_is_late(world: NotionWorld) -> None:
    page = world.good(
        "POST",
        "pages",
        {"parent": {"page_id": world.hub}, "properties": {"title": {"title": text("Needle")}}},
    )["id"]

    at_once: Any = world.sdk.search(query="needle")
    world.clock.sleep(20)
    later: Any = world.sdk.search(query="needle")

    assert at_once["results"] == []
    assert [one["id"] for one in later["results"]] == [page]


def test_saved_state_comes_back_with_its_ids(world: NotionWorld, tmp_path: Path) -> None:
    world.sandbox.save(tmp_path / "notion.json")

    again = NotionSandbox.load(tmp_path / "notion.json", clock=NotionClock())

    assert again.snapshot() == world.sandbox.snapshot()
    assert again.parent_page == world.sandbox.parent_page
    status, row = again.call("GET", f"pages/{world.row}")
    assert (status, row) == (200, world.good("GET", f"pages/{world.row}"))
    assert (again.bot, again.person) == (world.sandbox.bot, world.sandbox.person)
    answer = httpx.Client(transport=httpx.WSGITransport(app=again), headers=HEADERS).get(
        "https://api.notion.com/v1/users/me"
    )
    assert answer.status_code == 200


def test_a_copy_goes_its_own_way(world: NotionWorld) -> None:
    twin = world.sandbox.copy(clock=world.clock)
    twin.call("PATCH", f"pages/{world.row}", {"in_trash": True})

    assert world.good("GET", f"pages/{world.row}")["in_trash"] is False
    assert twin.snapshot() != world.sandbox.snapshot()


def test_two_workspaces_made_alike_are_alike_though_ids_differ() -> None:
    worlds = [NotionWorld(), NotionWorld()]
    worlds[1].good("POST", "search", {})
    worlds[1].append(worlds[1].row, paragraph("gone"))
    for block in worlds[1].good("GET", f"blocks/{worlds[1].row}/children")["results"]:
        worlds[1].good("DELETE", f"blocks/{block['id']}")
    rows = [world.make_row("b", key="k/2") for world in worlds]

    snapshots = [world.sandbox.snapshot() for world in worlds]

    assert rows[0]["id"] != rows[1]["id"]
    assert snapshots[0] == snapshots[1]
    worlds[1].good("PATCH", f"pages/{rows[1]['id']}", {"properties": {"Done": {"checkbox": True}}})
    assert worlds[1].sandbox.snapshot() != snapshots[0]
    for world in worlds:
        world.close()


def test_the_same_requests_give_the_same_ids() -> None:
    worlds = [NotionWorld(), NotionWorld()]

    assert worlds[0].ids == worlds[1].ids
    assert worlds[0].row == worlds[1].row
    for world in worlds:
        world.close()


def test_threads_do_not_lose_rows(world: NotionWorld) -> None:
    def make(number: int) -> str:
        body = {
            "parent": {"data_source_id": world.source},
            "properties": {"Touchpoint": {"title": text(str(number))}},
        }
        answer: Any = world.sdk.pages.create(**body)
        return str(answer["id"])

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(80)))

    assert len(set(made)) == 80
    assert len(world.titles({})) == 81
    assert [log.number for log in world.sandbox.requests] == list(range(1, 81))


def test_the_shared_top_page_cannot_be_trashed_by_the_connection(world: NotionWorld) -> None:
    answers = [
        world.send("DELETE", f"blocks/{world.hub}"),
        world.send("PATCH", f"blocks/{world.hub}", {"in_trash": True}),
        world.send("PATCH", f"pages/{world.hub}", {"in_trash": True}),
    ]

    assert [one.status_code for one in answers] == [400, 400, 400]
    world.good("PATCH", f"pages/{world.hub}", {"in_trash": True}, as_user=world.sandbox.person)
    assert world.good("GET", f"pages/{world.row}")["in_trash"] is True


def test_a_full_table_takes_no_more_rows(
    world: NotionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_sync_sandbox.notion.pages.ROWS_PER_DATABASE", 1)

    answer = world.send("POST", "pages", {"parent": {"data_source_id": world.source}})

    assert (answer.status_code, answer.json()["code"]) == (409, "row_limit_exceeded")
