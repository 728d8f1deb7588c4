"""Blocks, files and comments of the Notion stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wire.notion_sandbox_world import NotionWorld, paragraph, text

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def words(world: NotionWorld, block_id: str) -> list[str]:
    answer = world.good("GET", f"blocks/{block_id}/children")
    return [
        "".join(run["plain_text"] for run in block[block["type"]].get("rich_text", []))
        for block in answer["results"]
    ]


@pytest.fixture
def page(world: NotionWorld) -> str:
    """A page with three paragraphs."""
    made = world.good(
        "POST",
        "pages",
        {
            "parent": {"page_id": world.hub},
            "properties": {"title": {"title": text("Map")}},
            "children": [paragraph("one"), paragraph("two"), paragraph("three")],
        },
    )
    return str(made["id"])


def test_a_page_is_made_with_its_body_in_one_request(world: NotionWorld, page: str) -> None:
    assert words(world, page) == ["one", "two", "three"]
    assert world.good("GET", f"blocks/{page}")["child_page"] == {"title": "Map"}


@pytest.mark.parametrize(
    ("position", "answered", "order"),
    [
        (None, ["new"], ["one", "two", "three", "new"]),
        ({"type": "end"}, ["new"], ["one", "two", "three", "new"]),
        ({"type": "start"}, ["new", "one", "two", "three"], ["new", "one", "two", "three"]),
        ({"type": "after_block", "after_block": {"id": "@one"}}, ["new", "two", "three"],
         ["one", "new", "two", "three"]),
    ],
)  # fmt: skip
def test_an_append_answers_with_all_siblings_behind_it(
    world: NotionWorld, page: str, position: Json | None, answered: list[str], order: list[str]
) -> None:
    first = world.good("GET", f"blocks/{page}/children")["results"][0]["id"]
    body: Json = {"children": [paragraph("new")]}
    if position is not None:
        body["position"] = position
    if position is not None and "after_block" in position:
        body["position"] = {"type": "after_block", "after_block": {"id": first}}

    answer = world.good("PATCH", f"blocks/{page}/children", body)

    got = [block["paragraph"]["rich_text"][0]["plain_text"] for block in answer["results"]]
    assert got == answered
    assert words(world, page) == order


def test_children_come_in_pages(world: NotionWorld) -> None:
    page = world.good("POST", "pages", {"parent": {"page_id": world.hub}})["id"]
    world.append(page, *[paragraph(str(number)) for number in range(7)])

    first: Any = world.sdk.blocks.children.list(page, page_size=4)
    rest: Any = world.sdk.blocks.children.list(page, start_cursor=first["next_cursor"])

    assert (len(first["results"]), len(rest["results"])) == (4, 3)
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)


def test_two_levels_of_children_and_columns_are_made_at_once(world: NotionWorld) -> None:
    columns = {
        "column_list": {
            "children": [
                {"column": {"children": [paragraph("left", paragraph("below"))]}},
                {"column": {"width_ratio": 0.5, "children": [paragraph("right")]}},
            ]
        }
    }

    made = world.append(world.hub, columns, paragraph("0", paragraph("1", paragraph("2"))))

    first = world.good("GET", f"blocks/{made[0]}/children")["results"]
    assert [block["type"] for block in first] == ["column", "column"]
    assert words(world, first[0]["id"]) == ["left"]
    inner = world.good("GET", f"blocks/{made[1]}/children")["results"][0]
    assert inner["has_children"] is True
    assert words(world, inner["id"]) == ["2"]


def test_a_callout_without_icon_gets_the_bulb(world: NotionWorld) -> None:
    block = world.append(world.hub, {"callout": {"rich_text": text("x")}})[0]

    assert world.good("GET", f"blocks/{block}")["callout"]["icon"]["emoji"] == "💡"


def test_a_leaf_is_edited_in_place(world: NotionWorld, page: str) -> None:
    block = world.good("GET", f"blocks/{page}/children")["results"][1]["id"]
    world.clock.sleep(300)

    world.sdk.blocks.update(block, paragraph={"rich_text": text("changed")})

    assert words(world, page) == ["one", "changed", "three"]
    after = world.good("GET", f"pages/{page}")
    assert after["last_edited_time"] == "2026-11-20T10:05:00.000Z"


def test_a_deleted_block_leaves_the_list_and_comes_back_in_its_place(
    world: NotionWorld, page: str
) -> None:
    block = world.good("GET", f"blocks/{page}/children")["results"][1]["id"]

    gone: Any = world.sdk.blocks.delete(block)

    assert gone["in_trash"] is True
    assert words(world, page) == ["one", "three"]
    world.sdk.blocks.update(block, in_trash=False)
    assert words(world, page) == ["one", "two", "three"]


def test_table_rows_are_appended_to_a_table(world: NotionWorld) -> None:
    table = {
        "table": {
            "table_width": 2,
            "has_column_header": True,
            "children": [{"table_row": {"cells": [text("a"), text("b")]}}],
        }
    }
    block = world.append(world.hub, table)[0]

    world.append(block, {"table_row": {"cells": [text("c"), []]}})

    rows = world.good("GET", f"blocks/{block}/children")["results"]
    assert [row["table_row"]["cells"][0][0]["plain_text"] for row in rows] == ["a", "c"]


def test_markdown_makes_a_body(world: NotionWorld) -> None:
    page = world.good(
        "POST",
        "pages",
        {
            "parent": {"page_id": world.hub},
            "markdown": "## Head\nText\n- [x] done\n1. first\n---\n",
        },
    )["id"]

    blocks = world.good("GET", f"blocks/{page}/children")["results"]
    assert [block["type"] for block in blocks] == [
        "heading_2", "paragraph", "to_do", "numbered_list_item", "divider",
    ]  # fmt: skip


def test_a_picture_is_uploaded_attached_and_swapped(world: NotionWorld) -> None:
    ids = []
    for content in (b"\x89PNG\r\n\x00\r\n1", b"\x89PNG\r\n\x002"):
        made: Any = world.sdk.file_uploads.create(
            mode="single_part", filename="map.png", content_type="image/png"
        )
        sent: Any = world.sdk.file_uploads.send(made["id"], file=("map.png", content, "image/png"))
        assert (made["status"], sent["status"]) == ("pending", "uploaded")
        ids.append(made["id"])
    block = world.append(
        world.hub, {"image": {"type": "file_upload", "file_upload": {"id": ids[0]}}}
    )[0]

    changed: Any = world.sdk.blocks.update(block, image={"file_upload": {"id": ids[1]}})

    assert changed["image"]["type"] == "file"
    assert ids[1] in changed["image"]["file"]["url"]
    assert world.sandbox.file(ids[0]) == ("image/png", b"\x89PNG\r\n\x00\r\n1")
    assert world.send("PATCH", f"blocks/{block}", {"image": {
        "type": "file_upload", "file_upload": {"id": ids[1]}}}).status_code == 400  # fmt: skip


def test_an_upload_that_nobody_attached_expires(world: NotionWorld) -> None:
    made: Any = world.sdk.file_uploads.create(mode="single_part", filename="map.png")
    world.sdk.file_uploads.send(made["id"], file=("map.png", b"x", "image/png"))
    world.clock.sleep(3_600)

    answer = world.send(
        "PATCH",
        f"blocks/{world.hub}/children",
        {"children": [{"image": {"file_upload": {"id": made["id"]}}}]},
    )

    assert answer.status_code == 400
    assert "expired" in answer.json()["message"]


def test_a_file_in_parts_is_put_together(world: NotionWorld) -> None:
    parts = [b"a" * (5 * 1024 * 1024), b"b"]
    made: Any = world.sdk.file_uploads.create(
        mode="multi_part", filename="map.png", number_of_parts=2
    )
    early = world.send("POST", f"file_uploads/{made['id']}/complete")
    for number, part in enumerate(parts, 1):
        world.sdk.file_uploads.send(
            made["id"], file=("map.png", part, "image/png"), part_number=str(number)
        )

    done: Any = world.sdk.file_uploads.complete(made["id"])

    assert early.status_code == 400
    assert done["status"] == "uploaded"
    assert world.sandbox.file(made["id"])[1] == b"".join(parts)


def test_comments_are_listed_by_page(world: NotionWorld) -> None:
    first = world.good(
        "POST",
        "comments",
        {"parent": {"page_id": world.row}, "rich_text": text("Why?")},
        as_user=world.sandbox.person,
    )
    world.sdk.comments.create(discussion_id=first["discussion_id"], rich_text=text("Because"))

    found: Any = world.sdk.comments.list(block_id=world.row)

    assert [one["rich_text"][0]["plain_text"] for one in found["results"]] == ["Why?", "Because"]
    assert found["results"][0]["created_by"]["id"] == world.sandbox.person


def test_an_icon_of_notions_own_reads_back_by_name(world: NotionWorld) -> None:
    changed = world.good(
        "PATCH",
        f"pages/{world.row}",
        {"icon": {"external": {"url": "https://www.notion.so/icons/map_blue.svg"}}},
    )

    assert changed["icon"] == {"type": "icon", "icon": {"name": "map", "color": "blue"}}


def test_an_edit_marks_its_own_page_and_not_the_one_above(world: NotionWorld, page: str) -> None:
    world.clock.sleep(300)
    person = world.sandbox.person

    world.good("PATCH", f"blocks/{page}/children", {"children": [paragraph("x")]}, person)
    world.good("PATCH", f"pages/{world.row}", {"properties": {}}, person)

    assert world.good("GET", f"pages/{page}")["last_edited_by"]["id"] == person
    hub = world.good("GET", f"pages/{world.hub}")
    assert hub["last_edited_by"]["id"] == world.sandbox.bot
    assert hub["last_edited_time"] == "2026-11-20T10:00:00.000Z"
