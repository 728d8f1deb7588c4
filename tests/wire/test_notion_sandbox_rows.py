"""Databases, columns and rows of the Notion stand-in, through the wire and Notion's own SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from notion_client import APIResponseError

from wire.notion_sandbox_world import NotionWorld, text, view

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def options_of(world: NotionWorld, column: str = "Stage") -> list[Json]:
    found = world.good("GET", f"data_sources/{world.source}")["properties"][column]
    return list(found["select"]["options"])


def test_a_new_database_answers_without_schema_and_shows_on_its_page(world: NotionWorld) -> None:
    made: Any = world.sdk.databases.create(
        parent={"type": "page_id", "page_id": world.hub},
        title=text("Personas"),
        description=text("cjm-sync:1/personas"),
        initial_data_source={"properties": {"Persona": {"title": {}}}},
    )

    children: Any = world.sdk.blocks.children.list(world.hub)
    assert "properties" not in made
    assert made["description"][0]["plain_text"] == "cjm-sync:1/personas"
    assert children["results"][-1]["id"] == made["id"]
    assert children["results"][-1]["child_database"] == {"title": "Personas"}
    views: Any = world.sdk.views.list(database_id=made["id"])
    shown: Any = world.sdk.views.retrieve(views["results"][0]["id"])
    assert (shown["name"], shown["type"]) == ("Default view", "table")


def test_properties_at_the_top_of_a_database_are_ignored_without_a_word(
    world: NotionWorld,
) -> None:
    made = world.good(
        "POST",
        "databases",
        {
            "parent": {"type": "page_id", "page_id": world.hub},
            "properties": {"A": {"title": {}}, "B": {"date": {}}},
        },
    )

    source = world.good("GET", f"data_sources/{made['data_sources'][0]['id']}")
    assert list(source["properties"]) == ["Name"]
    assert made["title"][0]["plain_text"] == "New database"


def test_columns_keep_ids_and_descriptions_over_a_rename(world: NotionWorld) -> None:
    before: Any = world.sdk.data_sources.retrieve(world.source)
    column = before["properties"]["Sync key"]

    world.sdk.data_sources.update(world.source, properties={column["id"]: {"name": "Key"}})

    after: Any = world.sdk.data_sources.retrieve(world.source)
    assert after["properties"]["Key"]["id"] == column["id"]
    assert after["properties"]["Key"]["description"] == "Whose row this is"
    assert after["properties"]["Touchpoint"]["id"] == "title"
    assert "Sync key" not in after["properties"]


def test_a_row_reads_back_normalised(world: NotionWorld) -> None:
    row = world.make_row(
        "Call",
        Seen={"date": {"start": "2026-10-01T10:11:12Z"}},
        **{"Sync key": {"rich_text": [*text("k/"), *text("2"), *text("")]}},
        Touchpoint={"title": [{"text": {"content": "x", "link": {"url": "https://example.com"}}}]},
    )

    cells = row["properties"]
    assert [run["plain_text"] for run in cells["Sync key"]["rich_text"]] == ["k/2"]
    assert cells["Seen"]["date"]["start"] == "2026-10-01T10:11:00.000+00:00"
    assert cells["Touchpoint"]["title"][0]["href"] == "https://example.com/"
    assert cells["Number"]["unique_id"] == {"prefix": "TP", "number": 2}
    assert row["created_time"] == "2026-11-20T10:00:00.000Z"
    assert row["last_edited_by"]["id"] == world.sandbox.bot
    assert "archived" not in row


def test_an_unknown_select_option_is_made_by_the_write(world: NotionWorld) -> None:
    world.make_row("Call", Stage={"select": {"name": "Loyalty"}})
    world.make_row("Chat", Stage={"select": {"name": "LOYALTY"}})

    assert [one["name"] for one in options_of(world)] == ["Awareness", "Trial", "Loyalty"]


def test_patching_options_replaces_the_list_and_empties_the_cells(world: NotionWorld) -> None:
    row = world.make_row("Call", Stage={"select": {"name": "Trial"}})
    kept = options_of(world)[0]

    world.good(
        "PATCH",
        f"data_sources/{world.source}",
        {"properties": {"Stage": {"select": {"options": [{"id": kept["id"]}, {"name": "New"}]}}}},
    )

    assert [one["name"] for one in options_of(world)] == ["Awareness", "New"]
    again = world.good("GET", f"pages/{row['id']}")
    assert again["properties"]["Stage"]["select"] is None


def test_an_option_is_neither_renamed_nor_recoloured(world: NotionWorld) -> None:
    before = options_of(world)

    world.good(
        "PATCH",
        f"data_sources/{world.source}",
        {
            "properties": {
                "Stage": {
                    "select": {
                        "options": [
                            {"id": before[0]["id"], "name": "Renamed", "color": "red"},
                            {"name": "Trial", "color": "pink"},
                        ]
                    }
                }
            }
        },
    )

    assert options_of(world) == before


def test_a_two_way_relation_shows_on_both_sides(world: NotionWorld) -> None:
    row = world.make_row("Call", **{"In stage": {"relation": [{"id": world.stage_row}]}})

    far = world.good("GET", f"pages/{world.stage_row}")["properties"]
    reverse = far["Related to Touchpoints (In stage)"]
    assert [one["id"] for one in reverse["relation"]] == [row["id"]]
    assert row["properties"]["Stages counted"]["rollup"]["number"] == 1

    world.good("PATCH", f"pages/{row['id']}", {"properties": {"In stage": {"relation": []}}})

    far = world.good("GET", f"pages/{world.stage_row}")["properties"]
    assert far["Related to Touchpoints (In stage)"]["relation"] == []


def test_a_relation_made_one_way_leaves_its_reverse_column(world: NotionWorld) -> None:
    world.good(
        "PATCH",
        f"data_sources/{world.source}",
        {
            "properties": {
                "In stage": {
                    "relation": {
                        "data_source_id": world.stages,
                        "type": "single_property",
                        "single_property": {},
                    }
                }
            }
        },
    )

    columns = world.good("GET", f"data_sources/{world.stages}")["properties"]
    assert "Related to Touchpoints (In stage)" in columns


def test_a_page_shows_25_references_and_the_property_endpoint_all(world: NotionWorld) -> None:
    targets = [
        world.good("POST", "pages", {"parent": {"data_source_id": world.stages}})["id"]
        for _ in range(30)
    ]
    row = world.make_row("Many", **{"In stage": {"relation": [{"id": one} for one in targets]}})

    cell = row["properties"]["In stage"]
    assert (len(cell["relation"]), cell["has_more"]) == (25, True)
    first: Any = world.sdk.pages.properties.retrieve(
        page_id=row["id"], property_id=cell["id"], page_size=20
    )
    rest: Any = world.sdk.pages.properties.retrieve(
        page_id=row["id"], property_id=cell["id"], start_cursor=first["next_cursor"]
    )
    found = [item["relation"]["id"] for item in first["results"] + rest["results"]]
    assert found == targets
    assert rest["has_more"] is False


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"property": "Deals", "number": {"greater_than": 3}}, ["b", "c"]),
        ({"property": "Deals", "number": {"is_empty": True}}, ["d"]),
        ({"property": "Deals", "number": {"does_not_equal": 5}}, ["a", "c", "d"]),
        ({"property": "Touchpoint", "title": {"equals": "B"}}, ["b"]),
        ({"property": "Sync key", "rich_text": {"starts_with": "k/"}}, ["a", "b"]),
        ({"property": "Sync key", "rich_text": {"is_empty": True}}, ["c", "d"]),
        ({"property": "Stage", "select": {"equals": "Trial"}}, ["b", "c"]),
        ({"property": "Stage", "select": {"equals": ["Trial", "Awareness"]}}, ["a", "b", "c"]),
        ({"property": "Stage", "select": {"does_not_equal": "Trial"}}, ["a", "d"]),
        ({"property": "Stage", "select": {"equals": "Nowhere"}}, []),
        ({"property": "Tags", "multi_select": {"contains": "x"}}, ["a", "c"]),
        ({"property": "Tags", "multi_select": {"is_empty": True}}, ["b", "d"]),
        ({"property": "Seen", "date": {"before": "2026-10-02"}}, ["a"]),
        ({"property": "Seen", "date": {"on_or_before": "2026-10-02"}}, ["a", "b"]),
        ({"property": "Seen", "date": {"after": "2026-10-02"}}, ["c"]),
        ({"property": "Seen", "date": {"on_or_after": "2026-10-02T09:00:00Z"}}, ["b", "c"]),
        ({"property": "Seen", "date": {"equals": "2026-10-02"}}, ["b"]),
        ({"property": "Seen", "date": {"past_week": {}}}, []),
        ({"property": "Seen", "date": {"is_not_empty": True}}, ["a", "b", "c"]),
        ({"property": "Done", "checkbox": {"equals": True}}, ["d"]),
        ({"property": "In stage", "relation": {"is_not_empty": True}}, ["a"]),
        ({"property": "Stages counted", "rollup": {"number": {"equals": 1}}}, ["a"]),
        ({"property": "Number", "unique_id": {"less_than": 4}}, ["a", "b"]),
        ({"and": [{"property": "Stage", "select": {"equals": "Trial"}},
                  {"or": [{"property": "Deals", "number": {"equals": 5}},
                          {"property": "Deals", "number": {"equals": 6}}]}]}, ["b"]),
        ({"timestamp": "created_time", "created_time": {"on_or_after": "2026-11-20T10:00:00Z"}},
         ["a", "b", "c", "d"]),
        ({"timestamp": "last_edited_time", "last_edited_time": {"after": "2026-11-20"}}, []),
    ],
)  # fmt: skip
def test_filters_pick_rows(world: NotionWorld, condition: Json, expected: list[str]) -> None:
    world.good("PATCH", f"pages/{world.row}", {"in_trash": True})
    tag = {"multi_select": [{"name": "x"}]}
    link = {"relation": [{"id": world.stage_row}]}
    world.make_row(
        "a", key="k/1", Deals={"number": 3}, Stage={"select": {"name": "Awareness"}}, Tags=tag,
        Seen={"date": {"start": "2026-10-01"}}, **{"In stage": link},
    )  # fmt: skip
    world.make_row(
        "b", key="K/2", Deals={"number": 5}, Stage={"select": {"name": "Trial"}},
        Seen={"date": {"start": "2026-10-02T09:30:00Z"}},
    )  # fmt: skip
    world.make_row(
        "c", Deals={"number": 7}, Stage={"select": {"name": "Trial"}}, Tags=tag,
        Seen={"date": {"start": "2026-10-03"}},
    )  # fmt: skip
    world.make_row("d", Done={"checkbox": True})

    assert world.titles({"filter": condition}) == expected


def test_sorts_order_rows_and_leave_empty_cells_last(world: NotionWorld) -> None:
    world.make_row("b", Deals={"number": 9})
    world.make_row("c")
    by_number = {"property": "Deals", "direction": "descending"}

    assert world.titles({"sorts": [by_number]}) == ["b", "Demo", "c"]
    assert world.titles({"sorts": [{"property": "Touchpoint", "direction": "ascending"}]}) == [
        "b", "c", "Demo",
    ]  # fmt: skip


def test_a_query_gives_only_the_columns_asked_for(world: NotionWorld) -> None:
    answer: Any = world.sdk.data_sources.query(
        world.source, filter_properties=["title", unquote(world.ids["Deals"])]
    )

    assert set(answer["results"][0]["properties"]) == {"Touchpoint", "Deals"}


def test_a_scan_by_cursor_meets_every_row_once(world: NotionWorld) -> None:
    for number in range(11):
        world.make_row(str(number))
    found: list[str] = []
    cursor: str | None = None
    sizes: list[int] = []
    answer: Any = {}

    while not sizes or cursor is not None:
        answer = world.sdk.data_sources.query(world.source, page_size=5, start_cursor=cursor)
        sizes.append(len(answer["results"]))
        found += [row["id"] for row in answer["results"]]
        cursor = answer["next_cursor"]

    assert sizes == [5, 5, 2]
    assert len(set(found)) == 12
    assert "request_status" not in answer


def test_archived_rows_are_the_other_partition(world: NotionWorld) -> None:
    world.good("PATCH", f"pages/{world.row}", {"is_archived": True}, as_user=world.sandbox.person)

    assert world.titles({}) == []
    assert world.titles({"is_archived": True}) == ["Demo"]


def test_a_new_row_stays_unseen_for_the_settling_time() -> None:
    world = NotionWorld(settle_seconds=5.0)
    world.clock.sleep(5)
    world.make_row("new")

    assert world.titles({}) == ["Demo"]
    world.clock.sleep(5)
    assert world.titles({}) == ["Demo", "new"]
    world.close()


def test_a_persons_edit_shows_in_the_last_editor(world: NotionWorld) -> None:
    world.clock.sleep(120)
    person = world.sandbox.person

    world.good("PATCH", f"pages/{world.row}", {"properties": {"Deals": {"number": 4}}}, person)

    row: Any = world.sdk.pages.retrieve(world.row)
    assert row["last_edited_by"]["id"] == person
    assert row["last_edited_time"] == "2026-11-20T10:02:00.000Z"


def test_trashed_rows_leave_queries_and_come_back(world: NotionWorld) -> None:
    world.sdk.pages.update(world.row, in_trash=True)
    assert world.titles({}) == []
    gone: Any = world.sdk.pages.retrieve(world.row)
    assert gone["in_trash"] is True

    world.sdk.pages.update(world.row, in_trash=False)

    assert world.titles({}) == ["Demo"]


def test_what_hangs_below_a_trashed_page_is_trashed_too(world: NotionWorld) -> None:
    page = world.good("POST", "pages", {"parent": {"page_id": world.hub}})["id"]
    inner = world.good("POST", "pages", {"parent": {"page_id": page}})["id"]

    world.good("DELETE", f"blocks/{page}")

    assert world.good("GET", f"pages/{inner}")["in_trash"] is True
    with pytest.raises(APIResponseError, match="archived ancestor"):
        world.sdk.pages.update(inner, properties={})


def test_a_moved_page_keeps_its_id_and_title(world: NotionWorld) -> None:
    moved: Any = world.sdk.pages.move(world.row, parent={"page_id": world.hub})

    assert moved["id"] == world.row
    assert list(moved["properties"]) == ["title"]
    children = world.good("GET", f"blocks/{world.hub}/children")["results"]
    assert children[-1]["child_page"] == {"title": "Demo"}
    assert world.titles({}) == []


def test_a_query_deeper_than_10000_rows_says_it_is_incomplete() -> None:
    world = NotionWorld(query_depth=3)
    for number in range(3):
        world.make_row(str(number))

    first = world.good("POST", f"data_sources/{world.source}/query", {"page_size": 2})
    last = world.good(
        "POST",
        f"data_sources/{world.source}/query",
        {"page_size": 2, "start_cursor": first["next_cursor"]},
    )

    assert [len(first["results"]), len(last["results"])] == [2, 1]
    assert last["has_more"] is False
    assert {first["request_status"]["type"], last["request_status"]["type"]} == {"incomplete"}
    made = world.good("POST", "views", world.fill(view("table")))
    counted = world.good("POST", f"views/{made['id']}/queries", {})
    assert (counted["total_count"], counted["request_status"]["type"]) == (3, "incomplete")
    world.close()
