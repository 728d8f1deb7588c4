"""The picture of the map on the hub: placed once, swapped in place, never made a second time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cjm_sync.errors import GoneError, RejectedError, TransientError
from cjm_sync.model import Intent, Item
from cjm_sync.ports import Picture
from cjm_sync_notion.uploads import CAPTION, SINGLE_PART
from cjm_sync_sandbox.notion.requests import RequestLog
from notion_maps import NOON
from support.notion_target import Desk, a_desk

KEY = "_/block/picture"
Replacement = tuple[int, dict[str, str], bytes]


def item(content: bytes = b"\x89PNG one", text: str = "Awareness, then purchase.") -> Item:
    picture = Picture(str(hash(content)), lambda: content, text)
    return Item(KEY, "picture", picture, digest=picture.digest, optional=True)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with a_desk() as desk:
        desk.build("hub")
        yield desk


def images(desk: Desk) -> list[dict[str, Any]]:
    hub = desk.memory["_/hub"].remote_id
    children = desk.as_person("GET", f"blocks/{hub}/children")["results"]
    return [block for block in children if block["type"] == "image"]


def refusal(status: int, message: str, **more: Any) -> Replacement:
    body = {"object": "error", "status": status, "code": "x", "message": message, **more}
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def test_the_picture_stands_behind_the_status_line_and_is_described(desk: Desk) -> None:
    before = len(desk.sandbox.requests)

    desk.make(item())

    hub = desk.memory["_/hub"].remote_id
    children = desk.as_person("GET", f"blocks/{hub}/children")["results"]
    ids = [block["id"] for block in children]
    behind = ids.index(desk.memory["_/block/status"].remote_id) + 1
    assert children[behind]["id"] == desk.memory[KEY].remote_id
    caption = children[behind]["image"]["caption"][0]["plain_text"]
    assert caption == f"{CAPTION}Awareness, then purchase."
    assert len(desk.sent(before)) == 3


def test_a_changed_picture_is_swapped_in_its_block(desk: Desk) -> None:
    desk.make(item())
    was = images(desk)[0]
    before = len(desk.sandbox.requests)

    made = desk.target.edit_item(item(b"\x89PNG two"), desk.memory)

    (now,) = images(desk)
    assert (made.remote_id, now["id"]) == (was["id"], was["id"])
    assert now["image"]["file"]["url"] != was["image"]["file"]["url"]
    assert len(desk.sent(before)) == 3


def test_where_a_swap_is_refused_the_new_one_comes_before_the_old_one_goes(desk: Desk) -> None:
    desk.make(item())
    (was,) = images(desk)
    order: list[str] = []

    def refuse(log: RequestLog) -> Replacement | None:
        order.append(f"{log.method} {log.path.rpartition('/')[2]}")
        if log.method == "PATCH" and log.path.endswith(was["id"]):
            return refusal(400, "body.image.file_upload should be not present")
        return None

    desk.sandbox.hooks.append(refuse)
    made = desk.target.edit_item(item(b"\x89PNG two"), desk.memory)

    (now,) = images(desk)
    assert now["id"] == made.remote_id != was["id"]
    assert order[-2:] == ["PATCH children", f"DELETE {was['id']}"]


def test_a_picture_that_a_stopped_swap_left_goes_with_the_next_one(desk: Desk) -> None:
    desk.make(item())
    (was,) = images(desk)

    def refuse(log: RequestLog) -> Replacement | None:
        if log.method == "PATCH" and log.path.endswith(was["id"]):
            return refusal(400, "body.image.file_upload should be not present")
        if log.method == "DELETE":
            raise KeyboardInterrupt
        return None

    desk.sandbox.hooks.append(refuse)
    with pytest.raises(KeyboardInterrupt):
        desk.target.edit_item(item(b"\x89PNG two"), desk.memory)
    assert len(images(desk)) == 2
    desk.sandbox.hooks[:] = [lambda log: refuse(log) if log.method == "PATCH" else None]

    made = desk.target.edit_item(item(b"\x89PNG two"), desk.memory)

    assert [image["id"] for image in images(desk)] == [made.remote_id]


def test_pictures_of_people_are_never_taken_for_ours(desk: Desk) -> None:
    hub = desk.memory["_/hub"].remote_id
    theirs = {"type": "image", "image": {"external": {"url": "https://example.com/a.png"}}}
    desk.as_person("PATCH", f"blocks/{hub}/children", {"children": [theirs]})

    assert desk.target.find(_intent(), item(), desk.memory) == []


def test_a_picture_that_a_person_deleted_is_gone_and_nothing_else_is_made(desk: Desk) -> None:
    desk.make(item())
    desk.as_person("DELETE", f"blocks/{desk.memory[KEY].remote_id}")

    with pytest.raises(GoneError):
        desk.target.edit_item(item(b"\x89PNG two"), desk.memory)

    assert images(desk) == []


def test_a_picture_that_a_person_turned_into_something_else_is_theirs(desk: Desk) -> None:
    desk.make(item())
    block = desk.memory[KEY].remote_id
    desk.sandbox._ws.tables["blocks"][block] |= {"type": "divider", "content": {}}

    with pytest.raises(GoneError):
        desk.target.edit_item(item(b"\x89PNG two"), desk.memory)

    assert desk.as_person("GET", f"blocks/{block}")["in_trash"] is False
    assert images(desk) == []


def test_without_the_status_line_the_picture_goes_to_the_end(desk: Desk) -> None:
    desk.as_person("DELETE", f"blocks/{desk.memory['_/block/status'].remote_id}")

    made = desk.make(item())

    hub = desk.memory["_/hub"].remote_id
    children = desk.as_person("GET", f"blocks/{hub}/children")["results"]
    assert children[-1]["id"] == made.remote_id


@pytest.mark.parametrize("step", ["file_uploads", "send"])
def test_an_upload_whose_answer_was_lost_is_begun_anew(desk: Desk, step: str) -> None:
    struck: list[str] = []

    def lose(log: RequestLog) -> Replacement | None:
        if log.path.endswith(step) and not struck:
            struck.append(log.path)
            raise httpx.ReadTimeout("no answer")
        return None

    desk.sandbox.after_hooks.append(lose)
    desk.make(item())

    assert struck
    assert len(images(desk)) == 1


def test_an_upload_that_never_answers_is_not_bound_as_a_block(desk: Desk) -> None:
    def fail(log: RequestLog) -> Replacement | None:
        if log.path.endswith("file_uploads"):
            more = {"committed_resource_id": "11111111-1111-4111-8111-111111111111"}
            return refusal(503, "late", additional_data=more)
        return None

    desk.sandbox.after_hooks.append(fail)

    with pytest.raises(TransientError) as failed:
        desk.make(item())
    assert getattr(failed.value, "committed_id", None) is None


def test_a_block_whose_answer_named_it_only_in_its_error_is_bound_by_that(desk: Desk) -> None:
    def fail(log: RequestLog) -> Replacement | None:
        if log.method == "PATCH" and log.path.endswith("/children"):
            more = {
                "committed_resource_id": log.path.split("/")[3],
                "committed_child_ids": [log.answer["results"][0]["id"]],
            }
            return refusal(503, "late", additional_data=more)
        return None

    desk.sandbox.after_hooks.append(fail)

    with pytest.raises(TransientError) as failed:
        desk.make(item())
    assert failed.value.committed_id == images(desk)[0]["id"]  # type: ignore[attr-defined]


def test_a_picture_whose_answer_was_lost_is_found_by_its_caption(desk: Desk) -> None:
    made = desk.make(item())

    (found,) = desk.target.find(_intent(), item(), desk.memory)

    assert found.remote_id == made.remote_id


def test_a_picture_too_big_for_the_smallest_plan_is_refused_before_it_is_sent(desk: Desk) -> None:
    before = len(desk.sandbox.requests)

    with pytest.raises(RejectedError, match="5242881 bytes"):
        desk.make(replace(item(b"x" * (SINGLE_PART + 1))))

    assert desk.sent(before) == []


def _intent() -> Intent:
    return Intent(KEY, "picture", NOON)
