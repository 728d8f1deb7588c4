"""Every fault of the Notion stand-in, as the official client meets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from notion_client.errors import HTTPResponseError

from cjm_sync_sandbox.notion import faults
from cjm_sync_sandbox.notion.faults import Fault, asks, at, every, once
from wire.notion_sandbox_world import NotionWorld, paragraph, text

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def patch(world: NotionWorld, number: float = 9) -> httpx.Response:
    return world.send("PATCH", f"pages/{world.row}", {"properties": {"Deals": {"number": number}}})


def deals(world: NotionWorld) -> float:
    shown = world.good("GET", f"pages/{world.row}")["properties"]["Deals"]["number"]
    return float(shown)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.conflict(), 409, "conflict_error"),
        (faults.overloaded(), 529, "service_overload"),
        (faults.failing(), 500, "internal_server_error"),
        (faults.unauthorized(), 401, "unauthorized"),
        (faults.forbidden(), 403, "restricted_resource"),
        (faults.gone(), 404, "object_not_found"),
        (faults.unavailable(), 503, "service_unavailable"),
        (faults.unavailable("database_connection_unavailable"), 503,
         "database_connection_unavailable"),
        (faults.unavailable("gateway_timeout"), 504, "gateway_timeout"),
    ],
)  # fmt: skip
def test_a_refusal_has_no_effect_and_says_so_as_the_service_does(
    world: NotionWorld, fault: Fault, status: int, code: str
) -> None:
    world.sandbox.faults.append(fault)

    answer = patch(world)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["object"] == "error"
    assert (deals(world), world.sandbox.requests[-1].status) == (3, status)


@pytest.mark.parametrize(
    "reason",
    ["public_api_request_rate_limit", "public_api_space_request_rate_limit",
     "public_api_endpoint_rate_limit"],
)  # fmt: skip
def test_each_rate_limit_names_its_reason_and_when_to_come_back(
    world: NotionWorld, reason: Any
) -> None:
    world.sandbox.faults.append(faults.rate_limited(reason, retry_after=90))

    with pytest.raises(HTTPResponseError) as caught:
        world.sdk.users.me()

    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "90")
    assert json.loads(caught.value.body)["additional_data"] == {
        "rate_limit_reason": reason, "retry_after": "90",
    }  # fmt: skip


def test_who_is_blocked_is_told_no_time(world: NotionWorld) -> None:
    world.sandbox.faults.append(faults.rate_limited("public_api_request_blocked"))

    answer = patch(world)

    assert "Retry-After" not in answer.headers
    assert answer.json()["additional_data"] == {"rate_limit_reason": "public_api_request_blocked"}


@pytest.mark.parametrize(
    ("fault", "status"),
    [(faults.bad_gateway(), 502), (faults.blocked_at_the_edge(), 403), (faults.html(), 200)],
)
def test_pages_of_html_come_instead_of_an_answer(
    world: NotionWorld, fault: Fault, status: int
) -> None:
    world.sandbox.faults.append(fault)

    answer = patch(world)

    assert (answer.status_code, answer.text[:6]) == (status, "<html>")
    assert "x-notion-request-id" not in answer.headers
    assert ("cf-ray" in answer.headers) is (status == 403)
    assert deals(world) == 3


def test_a_create_that_took_effect_may_name_what_it_made(world: NotionWorld) -> None:
    world.sandbox.faults.append(faults.unavailable(committed=True))

    answer = world.send("POST", "pages", {"parent": {"data_source_id": world.source}})

    more = answer.json()["additional_data"]
    assert answer.status_code == 503
    assert more["retry_guidance"] == ["Do not repeat the write."]
    assert world.good("GET", f"pages/{more['committed_resource_id']}")["object"] == "page"
    assert world.send("GET", "users/me").status_code == 200


def test_an_append_that_took_effect_names_its_own_blocks_only(world: NotionWorld) -> None:
    first, last = world.append(world.row, paragraph("a"), paragraph("z"))
    world.sandbox.faults.append(faults.unavailable(committed=True))

    answer = world.send("PATCH", f"blocks/{world.row}/children", {
        "children": [paragraph("b", paragraph("inner")), paragraph("c")],
        "position": {"type": "after_block", "after_block": {"id": first}},
    })  # fmt: skip

    more = answer.json()["additional_data"]
    children = world.good("GET", f"blocks/{world.row}/children")["results"]
    assert more["committed_resource_id"] == world.row
    assert [first, *more["committed_child_ids"], last] == [one["id"] for one in children]


def test_a_write_that_took_effect_may_end_in_silence_about_it(world: NotionWorld) -> None:
    world.sandbox.faults.append(faults.unavailable("gateway_timeout", committed=True, named=False))

    answer = patch(world)

    assert (answer.status_code, deals(world)) == (504, 9)
    assert "committed_resource_id" not in answer.json()["additional_data"]


@pytest.mark.parametrize(
    ("fault", "error", "after"),
    [
        (faults.unreachable(), httpx.ConnectError, 3),
        (faults.dropped(handled=False), httpx.ReadError, 3),
        (faults.dropped(), httpx.ReadError, 9),
        (faults.silent(handled=False), httpx.ReadTimeout, 3),
        (faults.silent(), httpx.ReadTimeout, 9),
    ],
)
def test_the_connection_breaks_before_the_effect_or_after_it(
    world: NotionWorld, fault: Fault, error: type[Exception], after: float
) -> None:
    world.sandbox.faults.append(once(fault))

    with pytest.raises(error):
        patch(world)

    assert deals(world) == after


@pytest.mark.parametrize("fault", [faults.truncated(), faults.empty()], ids=["cut", "empty"])
def test_a_broken_answer_is_no_json_though_all_was_done(world: NotionWorld, fault: Fault) -> None:
    world.sandbox.faults.append(once(fault))

    answer = patch(world)

    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        answer.json()
    assert (answer.status_code, deals(world)) == (200, 9)


def query(world: NotionWorld, **body: Any) -> Json:
    found: Json = world.send("POST", f"data_sources/{world.source}/query", body).json()
    return found


def test_queries_lie_in_every_known_way(world: NotionWorld) -> None:
    for number in range(3):
        world.make_row(str(number))
    earlier = world.sandbox.copy(clock=world.clock)
    world.make_row("new")
    spoiled: list[tuple[Fault, Callable[[Json], Any], Any]] = [
        (faults.without_results(), lambda found: "results" in found, False),
        (faults.incomplete(2), lambda found: (
            len(found["results"]), found["has_more"], found["request_status"]["type"]
        ), (2, False, "incomplete")),
        (faults.in_a_circle(), lambda found: found["next_cursor"], "s:again"),
        (faults.behind(earlier), lambda found: len(found["results"]), 4),
    ]  # fmt: skip
    for fault, read, expected in spoiled:
        world.sandbox.faults[:] = [fault]
        assert read(query(world)) == expected
    world.sandbox.faults.clear()
    assert len(query(world)["results"]) == 5


def test_a_cursor_grows_stale_between_two_pages(world: NotionWorld) -> None:
    world.make_row("two")
    world.sandbox.faults.append(faults.stale_cursor())

    first = query(world, page_size=1)
    second = query(world, page_size=1, start_cursor=first["next_cursor"])

    assert second["code"] == "validation_error"
    assert "start_cursor provided is invalid" in second["message"]


@pytest.mark.parametrize("status", [503, 504])
def test_big_pages_are_too_heavy_and_small_ones_are_not(world: NotionWorld, status: Any) -> None:
    world.sandbox.faults.append(faults.too_heavy(25, status=status))

    assert query(world)["status"] == status
    assert query(world, page_size=26)["status"] == status
    assert len(query(world, page_size=25)["results"]) == 1
    listed = world.send("GET", f"blocks/{world.hub}/children", page_size=50)
    assert listed.status_code == status
    assert patch(world).status_code == 200


def test_the_block_limit_stops_what_makes_blocks_only(world: NotionWorld) -> None:
    world.sandbox.faults.append(faults.block_limit())

    made = world.send("POST", "pages", {"parent": {"data_source_id": world.source}})
    appended = world.send("PATCH", f"blocks/{world.row}/children", {"children": [paragraph("x")]})

    assert (made.status_code, appended.status_code) == (403, 403)
    assert "block limit" in made.json()["message"]
    assert patch(world).status_code == 200


def test_an_answer_may_be_late(world: NotionWorld) -> None:
    world.sandbox.faults.append(faults.late(world.clock, 55))

    patch(world)

    assert world.clock.monotonic() == 55


def test_a_fault_comes_to_the_requests_it_was_meant_for(world: NotionWorld) -> None:
    def statuses(fault: Fault) -> list[int]:
        world.sandbox.faults[:] = [fault]
        world.sandbox.requests.clear()
        return [
            world.send("GET", "users/me").status_code if number % 2 else patch(world).status_code
            for number in range(1, 7)
        ]

    assert statuses(at({2, 5}, faults.failing())) == [200, 500, 200, 200, 500, 200]
    assert statuses(at(3, faults.failing())) == [200, 200, 500, 200, 200, 200]
    assert statuses(at(every(3), faults.conflict())) == [200, 200, 409, 200, 200, 409]
    assert statuses(at(asks("PATCH"), faults.conflict(), times=2)) == [200, 409, 200, 409, 200, 200]
    assert statuses(at(asks(path="users/me$"), faults.gone(), skip=2)) == [
        200, 200, 200, 200, 404, 200,
    ]  # fmt: skip
    assert statuses(at(faults.writes, faults.gone())) == [200, 404, 200, 404, 200, 404]


@pytest.mark.parametrize("status", [400, 403])
def test_a_plan_refuses_with_either_status(status: Any) -> None:
    world = NotionWorld(plan="plus", gate_status=status)

    dashboard = world.send("POST", "views", {
        "database_id": world.database, "data_source_id": world.source, "name": "x",
        "type": "dashboard",
    })  # fmt: skip
    archive = world.send("PATCH", f"pages/{world.row}", {"is_archived": True})

    assert (dashboard.status_code, archive.status_code) == (status, status)
    world.close()


def test_a_free_workspace_has_one_chart() -> None:
    world = NotionWorld(plan="free", gate_status=400)
    chart = world.fill({
        "database_id": "@db", "data_source_id": "@ds", "name": "x", "type": "chart",
        "configuration": {"type": "chart", "chart_type": "number", "value": {"aggregator": "count"}},
    })  # fmt: skip

    answers = [world.send("POST", "views", chart).status_code for _ in range(2)]

    assert answers == [200, 400]
    world.close()


def test_comments_are_changed_by_who_wrote_them_only(world: NotionWorld) -> None:
    made: Any = world.sdk.comments.create(parent={"page_id": world.row}, rich_text=text("Why?"))
    assert made["display_name"] == {"type": "integration", "resolved_name": "cjm-sync"}
    body = {"rich_text": text("How?")}

    edited = world.send("PATCH", f"comments/{made['id']}", body).json()
    status, _ = world.sandbox.call(
        "PATCH", f"comments/{made['id']}", body, as_user=world.sandbox.person
    )
    gone = world.send("DELETE", f"comments/{made['id']}")

    assert edited["rich_text"][0]["plain_text"] == "How?"
    assert (status, gone.status_code) == (403, 200)
    assert world.send("GET", f"comments/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"markdown": "x", "rich_text": text("x")},
        {},
        {"rich_text": text("x"), "display_name": {"type": "nobody"}},
        {"rich_text": text("x"), "attachments": [{"file_upload_id": "x"}] * 4},
        {"rich_text": text("x"), "attachments": [{"id": "x"}]},
        {"rich_text": text("x"), "discussion_id": "x"},
    ],
)
def test_comments_that_make_no_sense_are_refused(world: NotionWorld, body: Json) -> None:
    answer = world.send("POST", "comments", {"parent": {"page_id": world.row}, **body})

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_a_comment_may_carry_a_name_and_files(world: NotionWorld) -> None:
    upload: Any = world.sdk.file_uploads.create(filename="a.png", content_type="image/png")
    world.sdk.file_uploads.send(upload["id"], file=("a.png", b"png", "image/png"))

    made = world.good("POST", "comments", {
        "parent": {"page_id": world.row}, "markdown": "**See**",
        "display_name": {"type": "custom", "custom": {"name": "The map"}},
        "attachments": [{"file_upload_id": upload["id"]}],
    })  # fmt: skip

    assert made["display_name"]["resolved_name"] == "The map"
    assert made["attachments"][0]["file"]["url"].endswith(made["attachments"][0]["file"][
        "expiry_time"])  # fmt: skip
    assert made["rich_text"][0]["plain_text"] == "**See**"


@pytest.mark.parametrize(("plan", "status"), [("free", 400), ("plus", 200)])
def test_a_file_over_the_plans_limit_is_refused(plan: Any, status: int) -> None:
    world = NotionWorld(plan=plan)
    upload: Any = world.sdk.file_uploads.create(filename="a.png", content_type="image/png")
    content = b"x" * (5 * 1024 * 1024 + 1)

    answer = world.http.post(
        f"file_uploads/{upload['id']}/send", files={"file": ("a.png", content, "image/png")}
    )

    assert answer.status_code == status
    waiting: Any = world.sdk.file_uploads.list(status="pending")
    assert len(waiting["results"]) == (1 if status == 400 else 0)
    world.close()


def test_a_lock_binds_people_and_not_the_api(world: NotionWorld) -> None:
    world.good("PATCH", f"databases/{world.database}", {"is_locked": True})
    world.good("PATCH", f"pages/{world.row}", {"is_locked": True})

    edited = patch(world)
    column = world.send("PATCH", f"data_sources/{world.source}", {"properties": {"X": {"url": {}}}})
    written = world.send("PATCH", f"blocks/{world.row}/children", {"children": [paragraph("x")]})

    assert [one.status_code for one in (edited, column, written)] == [200, 200, 200]
    assert edited.json()["is_locked"] is True
