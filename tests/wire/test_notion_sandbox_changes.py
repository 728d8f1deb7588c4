"""Changes to what exists: columns, databases, further data sources, rollups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wire.notion_sandbox_world import NotionWorld, paragraph, text, view

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def change_columns(world: NotionWorld, **columns: Any) -> Json:
    return world.good("PATCH", f"data_sources/{world.source}", {"properties": columns})


def cells(world: NotionWorld, page: str | None = None) -> Json:
    found: Json = world.good("GET", f"pages/{page or world.row}")["properties"]
    return found


def test_a_new_column_is_empty_in_old_rows(world: NotionWorld) -> None:
    schema = change_columns(world, Notes={"rich_text": {}, "description": "People write here"})

    assert schema["properties"]["Notes"]["description"] == "People write here"
    assert cells(world)["Notes"]["rich_text"] == []


def test_an_empty_change_of_columns_answers_with_the_schema(world: NotionWorld) -> None:
    before = world.good("GET", f"data_sources/{world.source}")

    assert change_columns(world)["properties"] == before["properties"]


def test_a_removed_column_takes_its_cells_along(world: NotionWorld) -> None:
    change_columns(world, Deals=None)
    change_columns(world, Deals={"number": {}})

    assert cells(world)["Deals"]["number"] is None


@pytest.mark.parametrize(
    ("column", "before", "kind", "after"),
    [
        ("Link", {"url": "https://example.com"}, "email", "https://example.com"),
        ("Deals", {"number": 3}, "rich_text", []),
        ("Stage", {"select": {"name": "Trial"}}, "multi_select", []),
        ("Tags", {"multi_select": [{"name": "a"}]}, "number", None),
    ],
)
def test_a_retyped_column_keeps_what_still_fits(
    world: NotionWorld, column: str, before: Json, kind: str, after: Any
) -> None:
    world.good("PATCH", f"pages/{world.row}", {"properties": {column: before}})

    schema = change_columns(world, **{column: {kind: {}}})

    assert schema["properties"][column]["type"] == kind
    assert cells(world)[column][kind] == after


def test_a_dropped_tag_leaves_the_other_tags(world: NotionWorld) -> None:
    tags = {"multi_select": [{"name": "a"}, {"name": "b"}]}
    world.good("PATCH", f"pages/{world.row}", {"properties": {"Tags": tags}})

    change_columns(world, Tags={"multi_select": {"options": [{"name": "b"}]}})

    assert [one["name"] for one in cells(world)["Tags"]["multi_select"]] == ["b"]


def test_cells_take_options_and_people_by_id(world: NotionWorld) -> None:
    schema = world.good("GET", f"data_sources/{world.source}")["properties"]
    option = schema["Stage"]["select"]["options"][1]
    change = {
        "Stage": {"select": {"id": option["id"]}},
        "Owner": {"people": [{"id": world.sandbox.person}]},
        world.ids["Deals"]: {"number": 8},
    }

    world.good("PATCH", f"pages/{world.row}", {"properties": change})

    after = cells(world)
    assert after["Stage"]["select"]["name"] == "Trial"
    assert after["Owner"]["people"][0]["id"] == world.sandbox.person
    assert after["Deals"]["number"] == 8


@pytest.mark.parametrize(
    ("function", "column", "expected"),
    [
        ("count", "Deals", {"number": 3}),
        ("count_values", "Deals", {"number": 2}),
        ("empty", "Deals", {"number": 1}),
        ("percent_not_empty", "Deals", {"number": 2 / 3}),
        ("percent_empty", "Deals", {"number": 1 / 3}),
        ("unique", "Deals", {"number": 2}),
        ("sum", "Deals", {"number": 8}),
        ("average", "Deals", {"number": 4}),
        ("median", "Deals", {"number": 4}),
        ("min", "Deals", {"number": 3}),
        ("max", "Deals", {"number": 5}),
        ("range", "Deals", {"number": 2}),
        ("checked", "Done", {"number": 1}),
        ("earliest_date", "Seen", {"date": {"start": "2026-01-01", "end": None, "time_zone": None}}),
        ("latest_date", "Seen", {"date": {"start": "2026-02-01", "end": None, "time_zone": None}}),
        ("show_original", "Deals", {"array": [
            {"type": "number", "number": 3}, {"type": "number", "number": 5},
            {"type": "number", "number": None}]}),
    ],
)  # fmt: skip
def test_rollups_look_through_the_relation(
    world: NotionWorld, function: str, column: str, expected: Json
) -> None:
    link = {"relation": [{"id": world.stage_row}]}
    seen = {"date": {"start": "2026-01-01"}}
    world.make_row("a", Deals={"number": 3}, Seen=seen, **{"In stage": link})
    seen = {"date": {"start": "2026-02-01"}}
    world.make_row("b", Deals={"number": 5}, Seen=seen, **{"In stage": link})
    world.make_row("c", Done={"checkbox": True}, **{"In stage": link})
    rollup = {
        "relation_property_name": "Related to Touchpoints (In stage)",
        "rollup_property_name": column,
        "function": function,
    }

    world.good("PATCH", f"data_sources/{world.stages}", {"properties": {"R": {"rollup": rollup}}})

    shown = cells(world, world.stage_row)["R"]["rollup"]
    assert shown.pop("function") == function
    assert shown == {"type": next(iter(expected)), **expected}


def test_a_database_is_renamed_described_and_locked(world: NotionWorld) -> None:
    changed: Any = world.sdk.databases.update(
        world.database, title=text("New name"), description=text("d"), is_locked=True
    )

    assert changed["title"][0]["plain_text"] == "New name"
    assert (changed["is_locked"], changed["description"][0]["plain_text"]) == (True, "d")
    # A single data source shows its database's title until it has its own.
    assert changed["data_sources"][0]["name"] == "New name"
    world.sdk.data_sources.update(world.source, title=text("Rows"))
    again: Any = world.sdk.databases.retrieve(world.database)
    assert (again["title"][0]["plain_text"], again["data_sources"][0]["name"]) == (
        "New name", "Rows",
    )  # fmt: skip


def test_a_database_moves_to_another_page_and_into_the_trash(world: NotionWorld) -> None:
    page = world.good("POST", "pages", {"parent": {"page_id": world.hub}})["id"]

    world.good(
        "PATCH",
        f"databases/{world.database}",
        {"parent": {"type": "page_id", "page_id": page}},
    )
    world.good("PATCH", f"databases/{world.database}", {"in_trash": True})

    assert world.good("GET", f"blocks/{page}/children")["results"] == []
    assert world.good("GET", f"data_sources/{world.source}")["in_trash"] is True
    assert world.good("GET", f"pages/{world.row}")["in_trash"] is True
    answer = world.send("POST", "pages", {"parent": {"data_source_id": world.source}})
    assert answer.status_code == 400
    assert world.send("POST", f"data_sources/{world.source}/query", {}).status_code == 404
    world.good("PATCH", f"blocks/{world.database}", {"in_trash": False})
    assert world.titles({}) == ["Demo"]


def test_a_second_data_source_has_its_own_rows_and_view(world: NotionWorld) -> None:
    made: Any = world.sdk.data_sources.create(
        parent={"type": "database_id", "database_id": world.database},
        title=text("More"),
        properties={"Name": {"title": {}}},
    )

    database: Any = world.sdk.databases.retrieve(world.database)
    assert [one["name"] for one in database["data_sources"]] == ["Touchpoints", "More"]
    assert made["parent"] == {"type": "database_id", "database_id": world.database}
    answer = world.send("POST", "pages", {"parent": {"database_id": world.database}})
    assert "multiple data sources" in answer.json()["message"]
    world.good("PATCH", f"data_sources/{made['id']}", {"in_trash": True})
    database = world.good("GET", f"databases/{world.database}")
    assert len(database["data_sources"]) == 1


def test_the_only_data_source_stays(world: NotionWorld) -> None:
    answer = world.send("PATCH", f"data_sources/{world.source}", {"in_trash": True})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("position", "place"), [({"type": "page_start"}, 0), ({"type": "page_end"}, -1)]
)
def test_a_page_is_placed_on_its_parent(world: NotionWorld, position: Json, place: int) -> None:
    made = world.good("POST", "pages", {"parent": {"page_id": world.hub}, "position": position})

    children = world.good("GET", f"blocks/{world.hub}/children")["results"]
    assert children[place]["id"] == made["id"]


@pytest.mark.parametrize(
    "icon",
    [
        {"type": "emoji", "emoji": "🗺️"},
        {"type": "external", "external": {"url": "https://example.com/i.png"}},
        {"type": "icon", "icon": {"name": "map", "color": "blue"}},
    ],
)
def test_icons_and_covers_are_set_and_cleared(world: NotionWorld, icon: Json) -> None:
    cover = {"type": "external", "external": {"url": "https://example.com/c.png"}}

    made = world.good("PATCH", f"pages/{world.row}", {"icon": icon, "cover": cover})
    after = world.good("PATCH", f"pages/{world.row}", {"icon": None, "cover": None})

    assert (made["icon"], made["cover"]) == (icon, cover)
    assert (after["icon"], after["cover"]) == (None, None)


def test_an_uploaded_cover_reads_back_as_a_file(world: NotionWorld) -> None:
    upload: Any = world.sdk.file_uploads.create(mode="single_part", filename="map.png")
    world.sdk.file_uploads.send(upload["id"], file=("map.png", b"x", "image/png"))
    reference = {"type": "file_upload", "file_upload": {"id": upload["id"]}}

    made = world.good(
        "PATCH",
        f"pages/{world.row}",
        {"cover": reference, "properties": {"Files": {"files": [reference]}}},
    )

    assert made["cover"]["type"] == "file"
    assert made["properties"]["Files"]["files"][0]["name"] == "map.png"
    world.clock.sleep(7_200)
    kept: Any = world.sdk.file_uploads.retrieve(upload["id"])
    assert (kept["status"], kept["expiry_time"]) == ("uploaded", None)


@pytest.mark.parametrize(
    ("block", "change", "shown"),
    [
        ({"to_do": {"rich_text": []}}, {"checked": True}, ("checked", True)),
        ({"code": {"rich_text": text("x"), "language": "json"}}, {"language": "mermaid"},
         ("language", "mermaid")),
        ({"heading_3": {"rich_text": [], "is_toggleable": True, "children": [paragraph("x")]}},
         {"color": "blue_background"}, ("color", "blue_background")),
        ({"callout": {"rich_text": [], "icon": {"emoji": "🎯"}}}, {"icon": {"emoji": "📌"}},
         ("icon", {"type": "emoji", "emoji": "📌"})),
        ({"bookmark": {"url": "https://example.com/a"}}, {"url": "https://example.com/b"},
         ("url", "https://example.com/b")),
        ({"equation": {"expression": "x"}}, {"expression": "y"}, ("expression", "y")),
        ({"table_of_contents": {}}, {"color": "red"}, ("color", "red")),
        ({"image": {"external": {"url": "https://example.com/a.png"}}},
         {"external": {"url": "https://example.com/b.png"}},
         ("external", {"url": "https://example.com/b.png"})),
    ],
)  # fmt: skip
def test_leaf_blocks_are_changed_in_place(
    world: NotionWorld, block: Json, change: Json, shown: tuple[str, Any]
) -> None:
    kind = next(iter(block))
    made = world.append(world.hub, block)[0]

    after = world.good("PATCH", f"blocks/{made}", {kind: change})

    assert after["type"] == kind
    assert after[kind][shown[0]] == shown[1]


def test_dates_keep_their_zone(world: NotionWorld) -> None:
    seen = {"start": "2026-07-01T10:00:30Z", "time_zone": "Europe/Stockholm"}
    row = world.make_row("x", Seen={"date": seen})

    assert row["properties"]["Seen"]["date"] == {
        "start": "2026-07-01T12:00:00.000+02:00",
        "end": None,
        "time_zone": "Europe/Stockholm",
    }
    bad = {"start": "2026-07-01", "time_zone": "Mars/Olympus"}
    answer = world.send("PATCH", f"pages/{row['id']}", {"properties": {"Seen": {"date": bad}}})
    assert "IANA" in answer.json()["message"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"this_week": {}}, ["today"]),
        ({"past_week": {}}, ["today"]),
        ({"next_month": {}}, ["today", "soon"]),
        ({"past_year": {}}, ["today", "long ago"]),
        ({"equals": "today"}, ["today"]),
        ({"before": "one_month_ago"}, ["long ago"]),
    ],
)
def test_dates_are_filtered_by_name(world: NotionWorld, window: Json, expected: list[str]) -> None:
    for title, day in (("today", "2026-11-20"), ("soon", "2026-12-10"), ("long ago", "2026-02-01")):
        world.make_row(title, Seen={"date": {"start": day}})

    assert world.titles({"filter": {"property": "Seen", "date": window}}) == expected


def test_a_dashboard_loses_a_widget_and_keeps_its_layout(world: NotionWorld) -> None:
    board = world.good("POST", "views", world.fill(view("dashboard")))
    widget = {"view_id": board["id"], "data_source_id": world.source, "type": "list"}
    made = [world.good("POST", "views", {**widget, "name": name}) for name in ("a", "b")]

    world.good("DELETE", f"views/{made[0]['id']}")

    shown = world.good("GET", f"views/{board['id']}")["configuration"]["rows"]
    assert [one["view_id"] for row in shown for one in row["widgets"]] == [made[1]["id"]]
    refused = world.send("PATCH", f"views/{board['id']}", {"filter": None})
    assert refused.status_code == 400
    world.good("DELETE", f"views/{board['id']}")
    assert world.send("GET", f"views/{made[1]['id']}").status_code == 404
