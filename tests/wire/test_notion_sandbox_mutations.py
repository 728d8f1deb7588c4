"""However broken a request is, the stand-in answers as the service would, and never falls over."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wire.notion_sandbox_world import NotionWorld, group_by, paragraph, text, view

Json = dict[str, Any]
SEEDS: list[tuple[str, str, Any]] = [
    ("POST", "pages", {
        "parent": {"type": "data_source_id", "data_source_id": "@ds"},
        "icon": {"type": "emoji", "emoji": "📞"},
        "cover": {"type": "external", "external": {"url": "https://example.com/x.png"}},
        "properties": {
            "Touchpoint": {"title": text("x")}, "Stage": {"select": {"name": "New"}},
            "Tags": {"multi_select": [{"name": "a"}]}, "State": {"status": {"name": "Done"}},
            "Seen": {"date": {"start": "2026-10-01", "end": "2026-10-02T01:02:03Z"}},
            "Deals": {"number": 1}, "Done": {"checkbox": True}, "Link": {"url": "https://x.org"},
            "Files": {"files": [{"name": "f", "external": {"url": "https://x.org/f"}}]},
            "In stage": {"relation": [{"id": "@stage_row"}]},
            "Place": {"place": {"lat": 1, "lon": 2}},
        },
        "children": [paragraph("x", paragraph("y"))],
    }),
    ("PATCH", "pages/@row", {"properties": {"Deals": {"number": 2}}, "in_trash": False,
                             "is_archived": False, "template": {"type": "none"}}),
    ("POST", "pages/@row/move", {"parent": {"page_id": "@hub"}}),
    ("POST", "databases", {
        "parent": {"type": "page_id", "page_id": "@hub"}, "title": text("x"), "is_inline": True,
        "initial_data_source": {"properties": {
            "A": {"title": {}}, "B": {"select": {"options": [{"name": "x", "color": "red"}]}},
            "C": {"relation": {"data_source_id": "@ds", "type": "dual_property",
                               "dual_property": {}}},
            "D": {"number": {"format": "euro"}}, "E": {"unique_id": {"prefix": "X"}},
            "F": {"rollup": {"relation_property_name": "C", "rollup_property_name": "Deals",
                             "function": "sum"}},
            "G": {"formula": {"expression": 'prop("D")'}}, "H": {"status": {}},
        }}}),
    ("PATCH", "data_sources/@ds", {"title": text("T"), "properties": {
        "Deals": {"name": "N", "number": {"format": "euro"}}, "Stage": {"multi_select": {}},
        "Tags": None, "New": {"rich_text": {}, "description": "d"}}}),
    ("PATCH", "databases/@db", {"title": text("T"), "in_trash": False, "is_locked": True}),
    ("POST", "data_sources/@ds/query", {
        "filter": {"and": [
            {"or": [{"property": "Deals", "number": {"equals": 1}},
                    {"property": "Stages counted", "rollup": {
                        "any": {"rich_text": {"equals": "x"}}}}]},
            {"property": "Seen", "date": {"on_or_after": "today"}},
            {"property": "Stage", "select": {"equals": ["Trial"]}},
            {"timestamp": "created_time", "created_time": {"past_week": {}}}]},
        "sorts": [{"property": "Stage", "direction": "ascending"},
                  {"timestamp": "created_time", "direction": "descending"}],
        "page_size": 5, "is_archived": False}),
    ("PATCH", "blocks/@hub/children", {
        "children": [
            {"callout": {"rich_text": text("x"), "icon": {"emoji": "💡"}, "color": "gray"}},
            {"table": {"table_width": 1, "children": [{"table_row": {"cells": [text("a")]}}]}},
            {"code": {"rich_text": text("x"), "language": "mermaid"}},
            {"image": {"external": {"url": "https://x.org/i.png"}, "caption": text("c")}},
            {"synced_block": {"synced_from": None, "children": [paragraph("x")]}},
            {"link_to_page": {"page_id": "@row"}}, {"embed": {"url": "https://x.org"}},
            {"paragraph": {"rich_text": [
                {"mention": {"page": {"id": "@row"}}}, {"equation": {"expression": "x"}},
                {"mention": {"date": {"start": "2026-01-01"}}, "annotations": {"bold": True}}]}},
        ],
        "position": {"type": "after_block", "after_block": {"id": "@db"}}}),
    ("PATCH", "blocks/@block", {"paragraph": {"rich_text": text("x"), "color": "red"}}),
    ("POST", "views", view("board", {"group_by": group_by("Stage"),
                                     "properties": [{"property_id": "title", "width": 50}]},
                           position={"type": "start"},
                           quick_filters={"Deals": {"number": {"equals": 1}}},
                           sorts=[{"property": "Deals", "direction": "ascending"}])),
    ("POST", "views", view("chart", {
        "chart_type": "column", "x_axis": group_by("Seen", "date", group_by="day"),
        "y_axis": {"aggregator": "sum", "property_id": "@Deals"}, "stack_by": group_by("Stage"),
        "reference_lines": [{"value": 1, "label": "x", "color": "red", "dash_style": "dash"}]})),
    ("POST", "views", {"create_database": {
        "parent": {"type": "page_id", "page_id": "@hub"}, "position": {"type": "after_block", "block_id": "@db"}},
        "data_source_id": "@ds", "name": "x", "type": "timeline",
        "configuration": {"type": "timeline", "date_property_id": "@Seen",
                          "preference": {"zoom_level": "day"}}}),
    ("POST", "search", {"query": "x", "filter": {"property": "object", "value": "page"}}),
    ("POST", "comments", {"parent": {"page_id": "@row"}, "rich_text": text("x")}),
    ("POST", "comments", {"parent": {"page_id": "@row"}, "markdown": "x",
                          "display_name": {"type": "custom", "custom": {"name": "n"}},
                          "attachments": []}),
    ("PATCH", "pages/@row/markdown", {"type": "replace_content", "replace_content": {
        "new_str": "# a\n- b\n\tc\n<callout>\n\td\n</callout>", "allow_deleting_content": True}}),
    ("PATCH", "pages/@row/markdown", {"type": "update_content", "update_content": {
        "content_updates": [{"old_str": "x", "new_str": "y", "replace_all_matches": True}]}}),
    ("POST", "pages", {"parent": {"data_source_id": "@ds"}, "template": {
        "type": "template_id", "template_id": "@row", "timezone": "Europe/Berlin"}}),
    ("POST", "file_uploads", {"mode": "multi_part", "filename": "a.png", "number_of_parts": 2}),
]  # fmt: skip
STRANGE: list[Any] = [
    None, True, -1, 1.5, 10**20, "", "x", "2026-13-01", "day", [], [None], [[]], {}, {"type": []},
    {"id": 1}, {"type": "x", "x": {}}, {"property": 1}, "1b8b8b8b-1b8b-4b8b-8b8b-1b8b8b8b8b8b",
]  # fmt: skip

DROPPED = object()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values inside *value*."""
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return *value* with *new* at *path*, or without what is there when *new* is DROPPED."""
    if not path:
        return {} if new is DROPPED else new
    changed = copy.copy(value)
    if new is DROPPED and len(path) == 1:
        del changed[path[0]]
    else:
        changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@pytest.fixture(scope="module")
def original() -> NotionWorld:
    return NotionWorld()


def prepared(world: NotionWorld, seed: tuple[str, str, Any]) -> tuple[str, str, Any]:
    block = world.append(world.row, paragraph("x"))[0]
    method, path, body = seed
    return method, world.fill(path).replace("@block", block), world.fill(body)


@pytest.mark.parametrize("seed", SEEDS, ids=[f"{s[0]} {s[1]} {n}" for n, s in enumerate(SEEDS)])
def test_the_requests_to_be_broken_are_good(seed: tuple[str, str, Any]) -> None:
    world = NotionWorld()
    method, path, body = prepared(world, seed)

    status, answer = world.sandbox.call(method, path, body)

    assert status == 200, answer
    world.close()


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.sampled_from(SEEDS), choice=st.randoms(use_true_random=False))
def test_a_broken_request_is_refused_or_done_never_a_fault(
    original: NotionWorld, seed: tuple[str, str, Any], choice: Any
) -> None:
    method, path, body = prepared(original, seed)
    for _ in range(choice.randint(1, 2)):
        body = replaced(
            body, choice.choice(places(body)), choice.choice([*STRANGE, *[DROPPED] * 6])
        )
    sandbox = original.sandbox.copy(clock=original.clock)
    before = sandbox.snapshot()

    status, _ = sandbox.call(method, path, body)

    assert status in {200, 400, 403, 404}
    # A refusal changes nothing, and whatever was accepted can be read.
    assert status == 200 or sandbox.snapshot() == before
    for source_id in (original.source, original.stages):
        # 404 when the broken request put the database into the trash.
        assert sandbox.call("POST", f"data_sources/{source_id}/query", {})[0] in {200, 404}
    assert sandbox.call("GET", f"blocks/{original.hub}/children")[0] == 200
