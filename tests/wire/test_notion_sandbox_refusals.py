"""What Notion refuses, the stand-in refuses: same status, code and wording, and nothing changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from wire.notion_sandbox_world import (
    BASE,
    HEADERS,
    NotionWorld,
    group_by,
    paragraph,
    text,
    view,
)

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


@dataclass(frozen=True)
class Refusal:
    name: str
    method: str
    path: str
    body: Any
    says: str
    status: int = 400
    code: str = "validation_error"


def row(name: str, says: str, **cells: Any) -> Refusal:
    body = {"parent": {"data_source_id": "@ds"}, "properties": cells}
    return Refusal(name, "POST", "pages", body, says)


def schema(name: str, says: str, **columns: Any) -> Refusal:
    return Refusal(name, "PATCH", "data_sources/@ds", {"properties": columns}, says)


def database(name: str, says: str, columns: Json, **extra: Any) -> Refusal:
    body = {
        "parent": {"type": "page_id", "page_id": "@hub"}, "initial_data_source": {"properties": columns}, **extra,
    }  # fmt: skip
    return Refusal(name, "POST", "databases", body, says)


def append(name: str, says: str, children: Any, **extra: Any) -> Refusal:
    return Refusal(name, "PATCH", "blocks/@hub/children", {"children": children, **extra}, says)


def query(name: str, says: str, **body: Any) -> Refusal:
    return Refusal(name, "POST", "data_sources/@ds/query", body, says)


def new_view(name: str, says: str, body: Json) -> Refusal:
    return Refusal(name, "POST", "views", body, says)


LONG = "x" * 2_001
NO_ID = "1b8b8b8b-1b8b-4b8b-8b8b-1b8b8b8b8b8b"
IDS = [{"id": NO_ID}] * 101
DEEP = paragraph("0", paragraph("1", paragraph("2", paragraph("3"))))
LEAVES = [paragraph("leaf")] * 11
CHART = {"x_axis": group_by("Stage"), "y_axis": {"aggregator": "count"}}
AND_THREE_DEEP = {"and": [{"or": [{"and": [{"property": "Deals", "number": {"equals": 1}}]}]}]}

REFUSALS = [
    # ids, urls, envelopes
    Refusal("no such address", "GET", "nothing", None, "Invalid request URL", 400,
            "invalid_request_url"),
    Refusal("no such method", "DELETE", "pages/@row", None, "Invalid request URL", 400,
            "invalid_request_url"),
    Refusal("an id of another form", "GET", "pages/12345678-1234-1234-1234-123456789abc", None,
            "path.page_id should be a valid uuid"),
    Refusal("an unknown page", "GET", f"pages/{NO_ID}", None, "shared with your connection", 404,
            "object_not_found"),
    Refusal("an unknown view", "GET", f"views/{NO_ID}", None, "Could not find view", 404,
            "object_not_found"),
    Refusal("a database as a page", "GET", "pages/@db", None, "is a database, not a page"),
    Refusal("a page as a database", "GET", "databases/@hub", None, "is a page, not a database"),
    # rows
    row("an unknown column", "Nope is not a property that exists.", Nope={"number": 1}),
    row("a number as text", "Sync key is expected to be rich_text.", **{"Sync key": {"number": 1}}),
    row("text as a number", "Deals is expected to be number.", Deals={"rich_text": text("3")}),
    row("a number of letters", "should be a number", Deals={"number": "3"}),
    row("a read-only column", "read-only", Made={"created_time": "2026-01-01"}),
    row("a formula's value", "read-only", Twice={"formula": {"number": 1}}),
    row("a rollup's value", "read-only", **{"Stages counted": {"rollup": {"number": 1}}}),
    row("a comma in an option", "commas not allowed", Stage={"select": {"name": "a, b"}}),
    row("an option in another colour", "color doesn't match",
        Stage={"select": {"name": "Awareness", "color": "red"}}),
    row("an unknown status", "does not exist", State={"status": {"name": "Elsewhere"}}),
    row("a text too long", "length should be ≤ `2000`, instead was `2001`",
        **{"Sync key": {"rich_text": text(LONG)}}),
    row("too many runs of text", "length should be ≤ `100`, instead was `101`",
        **{"Sync key": {"rich_text": text("x") * 101}}),
    row("an address too long", "length should be ≤ `2000`",
        Link={"url": "https://example.com/" + LONG}),
    row("a link too long", "length should be ≤ `2000`", **{"Sync key": {"rich_text": [
        {"text": {"content": "x", "link": {"url": "https://example.com/" + LONG}}}]}}),
    row("a mail address too long", "length should be ≤ `200`", Mail={"email": "x" * 201}),
    row("a phone number too long", "length should be ≤ `200`", Phone={"phone_number": "1" * 201}),
    row("too many tags", "length should be ≤ `100`",
        Tags={"multi_select": [{"name": str(number)} for number in range(101)]}),
    row("too many relations", "length should be ≤ `100`", **{"In stage": {"relation": IDS}}),
    row("too many people", "length should be ≤ `100`", Owner={"people": IDS}),
    row("a date that is none", "valid ISO 8601", Seen={"date": {"start": "yesterday"}}),
    row("a date without a start", "start should be defined", Seen={"date": {"end": "2026-01-01"}}),
    row("a relation into another table", "is not in the data source",
        **{"In stage": {"relation": [{"id": "@row"}]}}),
    Refusal("a relation to nobody", "PATCH", "pages/@row",
            {"properties": {"In stage": {"relation": [{"id": NO_ID}]}}}, "Could not find page", 404,
            "object_not_found"),
    Refusal("a column on a plain page", "POST", "pages",
            {"parent": {"page_id": "@hub"}, "properties": {"Deals": {"number": 1}}},
            "Deals is not a property that exists."),
    Refusal("a page in the workspace's root", "POST", "pages",
            {"parent": {"type": "workspace", "workspace": True}}, "not supported"),
    Refusal("archived on a page", "PATCH", "pages/@row", {"archived": True},
            "body.archived should be not present"),
    Refusal("archived on a block", "PATCH", "blocks/@row", {"archived": True},
            "body.archived should be not present"),
    Refusal("markdown beside children", "POST", "pages",
            {"parent": {"page_id": "@hub"}, "children": [], "markdown": "x"}, "exclude"),
    # schema
    Refusal("a database's parent without its type", "POST", "databases",
            {"parent": {"page_id": "@hub"}}, "parent.type should be defined"),
    Refusal("a linked view's parent without its type", "POST", "views",
            {"create_database": {"parent": {"page_id": "@hub"}}, "data_source_id": "@ds",
             "name": "x", "type": "table"}, "parent.type should be defined"),
    database("a relation that is neither one-way nor two-way", "should be defined",
             {"A": {"title": {}}, "B": {"relation": {"data_source_id": "@ds"}}}),
    database("no title column", "Title is not provided", {"A": {"number": {}}}),
    database("two title columns", "exactly one", {"A": {"title": {}}, "B": {"title": {}}}),
    database("a comma in a new option", "commas not allowed",
             {"A": {"title": {}}, "B": {"select": {"options": [{"name": "x,y"}]}}}),
    database("an unknown column type", "should be not present",
             {"A": {"title": {}}, "B": {"money": {}}}),
    database("an unknown number format", "should be one of",
             {"A": {"title": {}}, "B": {"number": {"format": "shells"}}}),
    database("a formula on nothing", "Undefined property",
             {"A": {"title": {}}, "B": {"formula": {"expression": 'prop("C")'}}}),
    database("a relation by database id", "data_source_id should be defined",
             {"A": {"title": {}}, "B": {"relation": {"database_id": "@db"}}}),
    schema("removing the title", "Cannot delete the title", Touchpoint=None),
    schema("retyping the title", "Cannot change the type", Touchpoint={"number": {}}),
    schema("a second title", "second title", Other={"title": {}}),
    schema("too many options", "length should be ≤ `100`, instead was `101`",
           Stage={"select": {"options": [{"name": str(number)} for number in range(101)]}}),
    schema("a name that is taken", "name is taken", Stage={"name": "Deals"}),
    schema("removing what is not there", "Could not find property", Nope=None),
    # queries
    query("a filter on nothing", "Could not find property with name or id: Nope",
          filter={"property": "Nope", "number": {"equals": 1}}),
    query("a filter of another type", "does not match filter",
          filter={"property": "Deals", "select": {"equals": "x"}}),
    query("an unknown operator", "should be not present",
          filter={"property": "Deals", "number": {"near": 1}}),
    query("a filter on an untyped formula", "unknown type",
          filter={"property": "Twice", "formula": {"number": {"equals": 1}}}),
    query("three levels of conditions", "should be not present", filter=AND_THREE_DEEP),
    query("a sort on nothing", "Could not find sort property",
          sorts=[{"property": "Nope", "direction": "ascending"}]),
    query("more than a page", "should be ≤ `100`", page_size=101),
    query("a cursor of nobody", "start_cursor provided is invalid", start_cursor="s:x:y"),
    query("in_trash in a query", "should be not present", in_trash=True),
    Refusal("a column id encoded twice", "POST",
            "data_sources/@ds/query?filter_properties=%253AGlK", {}, "Could not find property"),
    # blocks
    append("too many children", "length should be ≤ `100`", [paragraph("x")] * 101),
    append("three levels of children", "should be not present", [DEEP]),
    append("over a thousand blocks", "should be ≤ `1000`", [paragraph("x", *LEAVES)] * 100),
    append("the old flat after", "body.after should be not present", [], after="@hub"),
    append("a position behind a stranger", "is not a child", [paragraph("x")],
           position={"type": "after_block", "after_block": {"id": NO_ID}}),
    append("a position in the shape of views", "should be", [paragraph("x")],
           position={"type": "after_block", "block_id": NO_ID}),
    append("a database as a block", "cannot be created",
           [{"type": "child_database", "child_database": {"title": "x"}}]),
    append("a row without a table", "cannot be a child",
           [{"type": "table_row", "table_row": {"cells": [[]]}}]),
    append("one column alone", "at least 2", [{"type": "column_list", "column_list": {
        "children": [{"column": {"children": [paragraph("x")]}}]}}]),
    append("a row of another width", "must match", [{"type": "table", "table": {
        "table_width": 2, "children": [{"table_row": {"cells": [text("a")]}}]}}]),
    append("a field that only answers have", "should be not present",
           [{**paragraph("x"), "has_children": False}]),
    append("an unknown colour", "should be one of",
           [{"paragraph": {"rich_text": [], "color": "mauve"}}]),
    Refusal("a picture never sent", "PATCH", "blocks/@hub/children",
            {"children": [{"image": {"file_upload": {"id": NO_ID}}}]},
            "Could not find file_upload", 404, "object_not_found"),
    Refusal("children below a heading", "POST", "pages", {"parent": {"page_id": "@hub"}, "children": [
        {"heading_2": {"rich_text": [], "children": [paragraph("x")]}}]}, "should be not present"),
    Refusal("a block of another type", "PATCH", "blocks/@hub", {"paragraph": {"rich_text": []}},
            "does not match block type"),
    # views
    new_view("no target", "exactly one of", {"data_source_id": "@ds", "name": "x",
                                             "type": "table"}),
    new_view("two targets", "exactly one of", view("table", view_id=NO_ID)),
    new_view("an unknown type", "should be one of", view("mosaic")),
    new_view("a key that tables do not take", "should be not present", view("table", {"cards": 1})),
    new_view("a configuration of another type", 'should be `"board"`',
             {**view("board"), "configuration": {"type": "table"}}),
    new_view("a column that is not there", "does not exist in data source",
             view("table", {"properties": [{"property_id": "zzzz"}]})),
    new_view("a board without groups", "group_by should be defined", view("board", {})),
    new_view("a board without configuration", "configuration should be defined", view("board")),
    new_view("a timeline without dates", "date_property_id should be defined",
             view("timeline", {})),
    new_view("a calendar of numbers", "expected one of",
             view("calendar", {"date_property_id": "@Deals"})),
    new_view("a group of another type", "does not match group type",
             view("board", {"group_by": group_by("Stage", "date", group_by="day")})),
    new_view("dates without a period", "group_by should be defined",
             view("board", {"group_by": group_by("Seen", "date")})),
    new_view("a group without an order", "sort should be defined",
             view("board", {"group_by": {"type": "select", "property_id": "@Stage"}})),
    new_view("a chart without a kind", "chart_type should be defined", view("chart", CHART)),
    new_view("a chart without an axis", "x_axis should be defined",
             view("chart", {"chart_type": "line"})),
    new_view("a number card without a value", "value should be defined",
             view("chart", {"chart_type": "number"})),
    new_view("a sum of texts", "needs a number property", view("chart", {
        "chart_type": "number",
        "value": {"aggregator": "sum", "property_id": "@Sync key"}})),
    new_view("a sum of nothing", "property_id should be defined",
             view("chart", {"chart_type": "number", "value": {"aggregator": "sum"}})),
    new_view("a chart on a rollup", "cannot group by", view("chart", {
        "chart_type": "bar", "x_axis": group_by("Stages counted", "number"),
        "y_axis": {"aggregator": "count"}})),
    new_view("an unknown colour theme", "should be one of",
             view("chart", {"chart_type": "bar", **CHART, "color_theme": "mauve"})),
    new_view("a column too narrow", "should be ≥ `32`",
             view("table", {"properties": [{"property_id": "title", "width": 31}]})),
    new_view("a frozen column below zero", "≥ `0`", view("table", {"frozen_column_index": -1})),
    new_view("a dashboard with configuration", "should be not present", view("dashboard", {})),
    new_view("a filter on an unknown option", 'Available options: "Awareness", "Trial"',
             view("table", filter={"property": "Stage", "select": {"equals": "Nope"}})),
    new_view("a null where none may be", "should be a boolean", view("table", {"wrap_cells": None})),
    Refusal("a widget in no dashboard", "POST", "views",
            {"view_id": NO_ID, "data_source_id": "@ds", "name": "x", "type": "table"},
            "Could not find view", 404, "object_not_found"),
    # the rest
    Refusal("a comment on nothing", "POST", "comments", {"rich_text": text("x")}, "is required"),
    Refusal("a file of another kind", "POST", "file_uploads",
            {"filename": "map.png", "content_type": "text/plain"}, "does not match"),
    Refusal("an emoji of letters", "PATCH", "pages/@row", {"icon": {"emoji": "map"}},
            "valid emoji"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: one.name)
def test_what_notion_refuses_is_refused_and_changes_nothing(
    world: NotionWorld, refusal: Refusal
) -> None:
    before = world.sandbox.snapshot()

    answer = world.send(refusal.method, world.fill(refusal.path), world.fill(refusal.body))

    body = answer.json()
    assert (answer.status_code, body["code"]) == (refusal.status, refusal.code), body
    assert refusal.says in body["message"]
    assert (body["object"], body["status"]) == ("error", answer.status_code)
    assert body["request_id"] == answer.headers["x-notion-request-id"]
    assert world.sandbox.snapshot() == before


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Notion-Version": ""}, 400, "validation_error"),
        ({"Notion-Version": "2022-06-28"}, 400, "validation_error"),
        ({"Authorization": "Bearer other"}, 401, "unauthorized"),
        ({"Authorization": ""}, 401, "unauthorized"),
    ],
)
def test_headers_are_checked_before_anything_else(
    world: NotionWorld, headers: dict[str, str], status: int, code: str
) -> None:
    answer = world.http.get("users/me", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_request_without_a_version_is_told_so(world: NotionWorld) -> None:
    del world.http.headers["Notion-Version"]

    answer = world.http.get("users/me")

    assert (answer.status_code, answer.json()["code"]) == (400, "missing_version")


def test_a_body_over_500_kilobytes_is_refused(world: NotionWorld) -> None:
    body = {"children": [paragraph("x" * 1_900)] * 90 + [paragraph("")]}
    padded = json.dumps(body) + " " * (500 * 1024)

    answer = world.http.patch(
        f"{BASE}/blocks/{world.hub}/children",
        content=padded,
        headers={**HEADERS, "Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert "exceeds the limit" in answer.json()["message"]


def test_a_body_that_is_no_json_is_refused(world: NotionWorld) -> None:
    answer = world.http.post(f"{BASE}/pages", content=b"{")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_the_last_view_of_a_database_cannot_be_deleted(world: NotionWorld) -> None:
    only = world.send("GET", "views", database_id=world.database).json()["results"][0]["id"]

    answer = world.send("DELETE", f"views/{only}")

    assert answer.status_code == 400
    assert "last view" in answer.json()["message"]


def test_a_changed_view_sorts_by_columns_only(world: NotionWorld) -> None:
    only = world.send("GET", "views", database_id=world.database).json()["results"][0]["id"]
    by_time = [{"timestamp": "created_time", "direction": "ascending"}]

    answer = world.send("PATCH", f"views/{only}", {"sorts": by_time})

    assert answer.status_code == 400
    assert world.send("POST", "views", world.fill(view("table", sorts=by_time))).status_code == 200


def test_a_view_keeps_its_type(world: NotionWorld) -> None:
    only = world.send("GET", "views", database_id=world.database).json()["results"][0]["id"]

    answer = world.send("PATCH", f"views/{only}", {"type": "board"})

    assert answer.status_code == 400
    assert "type of a view cannot be changed" in answer.json()["message"]


@pytest.mark.parametrize("plan", ["free", "plus"])
def test_dashboards_need_a_large_plan(plan: str) -> None:
    world = NotionWorld(plan=plan)

    answer = world.send("POST", "views", world.fill(view("dashboard")))

    assert (answer.status_code, answer.json()["code"]) == (403, "restricted_resource")
    world.close()


def test_a_free_workspace_has_one_chart() -> None:
    world = NotionWorld(plan="free")
    chart = world.fill(view("chart", {"chart_type": "column", **CHART}))

    answers = [world.send("POST", "views", chart) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 403]
    world.close()


def test_a_free_workspace_of_two_has_a_thousand_blocks_for_life() -> None:
    world = NotionWorld(plan="free", members=2)
    full = [paragraph("x")] * 100
    for _ in range(9):
        for block in world.append(world.hub, *full):
            world.good("DELETE", f"blocks/{block}")

    answer = world.send("PATCH", f"blocks/{world.hub}/children", {"children": full})

    assert (answer.status_code, answer.json()["code"]) == (403, "restricted_resource")
    assert world.send("PATCH", f"pages/{world.row}", {"properties": {}}).status_code == 200
    world.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "pages/@row", {"properties": {}}),
        ("PATCH", "blocks/@row", {"child_page": {}}),
        ("DELETE", "blocks/@row", None),
        ("PATCH", "blocks/@row/children", {"children": []}),
        ("POST", "comments", {"parent": {"page_id": "@row"}, "rich_text": []}),
    ],
)
def test_what_lies_in_the_trash_cannot_be_edited(
    world: NotionWorld, method: str, path: str, body: Any
) -> None:
    world.good("PATCH", f"pages/{world.row}", {"in_trash": True})

    answer = world.send(method, world.fill(path), world.fill(body))

    assert answer.status_code == 400


def test_the_trash_answers_with_the_documented_sentence(world: NotionWorld) -> None:
    world.good("PATCH", f"pages/{world.row}", {"in_trash": True})

    answer = world.send("PATCH", f"pages/{world.row}", {"properties": {}})

    assert answer.json()["message"] == (
        "Can't edit block that is archived. You must unarchive the block before editing."
    )
