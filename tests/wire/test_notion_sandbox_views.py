"""Views, linked views and dashboards of the Notion stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wire.notion_sandbox_world import NotionWorld, group_by, paragraph, view

Json = dict[str, Any]
COUNT = {"aggregator": "count"}


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def make(world: NotionWorld, body: Json) -> Json:
    return world.good("POST", "views", world.fill(body))


GOOD_VIEWS = [
    view("table"),
    view("table", {"properties": [{"property_id": "@Deals", "visible": False, "width": 80}],
                   "group_by": group_by("Stage"), "wrap_cells": True, "frozen_column_index": 1}),
    view("board", {"group_by": group_by("Stage", hide_empty_groups=False),
                   "sub_group_by": group_by("State", "status", group_by="option"),
                   "cover": {"type": "page_cover"}, "card_layout": "compact"},
         sorts=[{"property": "Deals", "direction": "descending"}]),
    view("timeline", {"date_property_id": "@Seen", "end_date_property_id": "@Seen",
                      "show_table": True, "preference": {"zoom_level": "month"}},
         filter={"property": "Seen", "date": {"is_not_empty": True}}),
    view("calendar", {"date_property_id": "@Seen", "view_range": "week"}),
    view("gallery", {"cover": {"type": "property", "property_id": "@Files"},
                     "cover_size": "small"}),
    view("list", {"properties": []}),
    view("map", {"map_by": "@Place", "height": "large"}),
    view("form", {"anonymous_submissions": True}),
    view("chart", {"chart_type": "column", "x_axis": group_by("Stage"), "y_axis": COUNT,
                   "stack_by": group_by("State", "status", group_by="group"),
                   "group_style": "percent", "sort": "manual", "reference_lines": [
                       {"value": 5, "label": "Target", "color": "red", "dash_style": "dash"}]}),
    view("chart", {"chart_type": "line", "smooth_line": True, "y_axis_min": -10,
                   "x_axis": group_by("Seen", "date", group_by="month"),
                   "y_axis": {"aggregator": "average", "property_id": "@Deals"}}),
    view("chart", {"chart_type": "number", "hide_title": True,
                   "value": {"aggregator": "sum", "property_id": "@Deals"}},
         filter={"property": "Stage", "select": {"does_not_equal": ["Trial", "Awareness"]}}),
    view("chart", {"chart_type": "bar", "x_axis_property_id": "@Touchpoint",
                   "y_axis_property_id": "@Deals"}),
]  # fmt: skip


@pytest.mark.parametrize(
    "body", GOOD_VIEWS, ids=[f"{one['type']}-{at}" for at, one in enumerate(GOOD_VIEWS)]
)
def test_every_documented_view_is_taken_and_read_back(world: NotionWorld, body: Json) -> None:
    made = make(world, body)

    shown: Any = world.sdk.views.retrieve(made["id"])
    assert shown["configuration"]["type"] == shown["type"] == body["type"]
    assert set(shown["configuration"]) == {"type", *body.get("configuration", {})}
    assert shown["parent"] == {"type": "database_id", "database_id": world.database}
    assert shown["data_source_id"] == world.source
    assert (shown["filter"] is None) == ("filter" not in body)
    # With milliseconds, unlike pages.
    assert shown["created_time"] == "2026-11-20T10:00:42.123Z"


def test_column_ids_read_back_decoded(world: NotionWorld) -> None:
    encoded = next(found for found in world.ids.values() if "%" in found)

    made = make(world, view("table", {"properties": [{"property_id": encoded}]}))

    kept = made["configuration"]["properties"][0]["property_id"]
    assert "%" not in kept


def test_a_patch_keeps_what_it_leaves_out_and_null_clears(world: NotionWorld) -> None:
    made = make(world, view("table", filter={"property": "Deals", "number": {"equals": 3}}))

    renamed: Any = world.sdk.views.update(made["id"], name="Renamed")
    assert renamed["filter"] == made["filter"]

    cleared: Any = world.sdk.views.update(made["id"], filter=None)
    assert (cleared["filter"], cleared["name"]) == (None, "Renamed")


def test_tabs_stand_where_they_were_put(world: NotionWorld) -> None:
    for name, position in (
        ("first", {"type": "start"}),
        ("last", {"type": "end"}),
    ):
        make(world, {**view("table"), "name": name, "position": position})
    tabs = world.send("GET", "views", database_id=world.database).json()["results"]
    make(
        world,
        {**view("table"), "name": "second",
         "position": {"type": "after_view", "view_id": tabs[0]["id"]}},
    )  # fmt: skip

    tabs = world.send("GET", "views", database_id=world.database).json()["results"]
    names = [world.good("GET", f"views/{tab['id']}")["name"] for tab in tabs]
    assert names == ["first", "second", "Default view", "last"]


def test_a_linked_view_stands_behind_its_block(world: NotionWorld) -> None:
    page = world.good("POST", "pages", {"parent": {"page_id": world.hub}})["id"]
    heading = world.append(page, paragraph("Board"), paragraph("Below"))[0]
    target = {
        "parent": {"type": "page_id", "page_id": page},
        "position": {"type": "after_block", "block_id": heading},
    }

    made = world.good(
        "POST",
        "views",
        {"create_database": target, "data_source_id": world.source, "name": "L", "type": "table"},
    )

    children = world.good("GET", f"blocks/{page}/children")["results"]
    assert [block["type"] for block in children] == ["paragraph", "child_database", "paragraph"]
    linked = made["parent"]["database_id"]
    assert children[1]["id"] == linked != world.database
    tabs = world.send("GET", "views", database_id=linked).json()["results"]
    assert [tab["id"] for tab in tabs] == [made["id"]]
    everywhere = world.send("GET", "views", data_source_id=world.source).json()["results"]
    assert made["id"] in [tab["id"] for tab in everywhere]


def test_a_dashboard_lays_out_its_widgets(world: NotionWorld) -> None:
    board = make(world, view("dashboard"))
    widget = {"view_id": board["id"], "data_source_id": world.source, "type": "table"}
    for name, placement in (
        ("a", {"type": "new_row", "row_index": 0}),
        ("b", {"type": "existing_row", "row_index": 0}),
        ("c", {"type": "new_row"}),
    ):
        made = world.good("POST", "views", {**widget, "name": name, "placement": placement})
        assert made["dashboard_view_id"] == board["id"]

    shown: Any = world.sdk.views.retrieve(board["id"])

    rows = shown["configuration"]["rows"]
    assert [[one["width"] for one in row["widgets"]] for row in rows] == [[6, 6], [12]]
    assert shown["data_source_id"] is None
    tabs = world.send("GET", "views", database_id=world.database).json()["results"]
    assert len(tabs) == 2


def test_a_dashboard_takes_twelve_widgets_and_four_in_a_row(world: NotionWorld) -> None:
    board = make(world, view("dashboard"))
    widget = {"view_id": board["id"], "data_source_id": world.source, "type": "table", "name": "x"}
    same_row = {"type": "existing_row", "row_index": 0}
    world.good("POST", "views", widget)
    for _ in range(3):
        world.good("POST", "views", {**widget, "placement": same_row})

    fifth = world.send("POST", "views", {**widget, "placement": same_row})
    for _ in range(8):
        world.good("POST", "views", widget)
    thirteenth = world.send("POST", "views", widget)

    assert fifth.status_code == 400
    assert thirteenth.json()["message"] == (
        "Number of widgets in dashboard (13) exceeds the maximum (12)"
    )


def test_running_a_view_counts_its_rows_for_fifteen_minutes(world: NotionWorld) -> None:
    world.make_row("big", Deals={"number": 50})
    made = make(world, view("table", filter={"property": "Deals", "number": {"less_than": 10}}))

    query: Any = world.sdk.views.queries.create(made["id"])

    assert query["total_count"] == 1
    assert query["results"] == [{"object": "page", "id": world.row}]
    assert query["expires_at"] == "2026-11-20T10:15:42.123Z"
    world.clock.sleep(900)
    assert world.send("GET", f"views/{made['id']}/queries/{query['id']}").status_code == 404


def test_a_deleted_view_is_gone(world: NotionWorld) -> None:
    made = make(world, view("list"))

    world.sdk.views.delete(made["id"])

    assert world.send("GET", f"views/{made['id']}").status_code == 404


def test_quick_filters_are_merged_by_column(world: NotionWorld) -> None:
    quick = {"Stage": {"select": {"equals": "Trial"}}, "Deals": {}}
    made = make(world, view("table", quick_filters=quick))
    stage = world.good("GET", f"views/{made['id']}")["quick_filters"]

    after = world.good("PATCH", f"views/{made['id']}", {"quick_filters": {"Deals": None}})

    assert len(stage) == 2
    assert list(after["quick_filters"].values()) == [{"select": {"equals": "Trial"}}]


def test_null_clears_a_key_of_a_configuration_and_the_rest_stays(world: NotionWorld) -> None:
    board = {"group_by": group_by("Stage"), "sub_group_by": group_by("Stage"), "cover_size": None}
    made = make(world, view("board", board))
    change = {"type": "board", "sub_group_by": None, "card_layout": "list"}

    after = world.good("PATCH", f"views/{made['id']}", {"configuration": change})

    assert set(made["configuration"]) == {"type", "group_by", "sub_group_by"}
    assert set(after["configuration"]) == {"type", "group_by", "card_layout"}


def test_a_number_card_changed_without_its_value_counts_rows(world: NotionWorld) -> None:
    value = {"aggregator": "sum", "property_id": "@Deals"}
    made = make(world, view("chart", {"chart_type": "number", "value": value}))
    change = {"type": "chart", "chart_type": "number", "hide_title": True}

    after = world.good("PATCH", f"views/{made['id']}", {"configuration": change})

    assert after["configuration"]["value"] == {"aggregator": "count"}
