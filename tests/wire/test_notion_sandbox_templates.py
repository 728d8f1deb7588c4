"""Templates of the Notion stand-in: made by people, listed by name, copied some time later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cjm_sync_sandbox.notion import Person
from wire.notion_sandbox_world import NotionWorld, paragraph, text

Json = dict[str, Any]


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld(template_seconds=3.0)
    yield made
    made.close()


def body(world: NotionWorld, page_id: str) -> list[str]:
    return [one["type"] for one in world.good("GET", f"blocks/{page_id}/children")["results"]]


def row_from(world: NotionWorld, template: Json, **more: Any) -> Json:
    parent = {"data_source_id": world.source}
    return world.good("POST", "pages", {"parent": parent, "template": template, **more})


def test_templates_are_listed_under_their_own_name(world: NotionWorld) -> None:
    assert world.sdk.data_sources.list_templates(world.source) == {
        "templates": [], "has_more": False, "next_cursor": None,
        "request_id": "00000000-0000-4000-8000-000000000001",
    }  # fmt: skip
    person = Person(world.sandbox)
    persona = person.make_template(world.source, "Persona page", ("Hello",), default=True)
    stage = person.make_template(world.source, "Stage page")

    answer: Any = world.sdk.data_sources.list_templates(world.source, page_size=1)

    assert answer["templates"] == [{"id": persona, "name": "Persona page", "is_default": True}]
    assert answer["next_cursor"] == stage
    found: Any = world.sdk.data_sources.list_templates(world.source, name="STAGE")
    assert [one["id"] for one in found["templates"]] == [stage]
    assert world.titles({}) == ["Demo"]
    person.trash(persona)
    left: Any = world.sdk.data_sources.list_templates(world.source)
    assert [one["id"] for one in left["templates"]] == [stage]


def test_a_templates_body_comes_after_its_row(world: NotionWorld) -> None:
    world.append(world.row, paragraph("From the template", paragraph("inner")))

    made = row_from(world, {"type": "template_id", "template_id": world.row})["id"]

    assert body(world, made) == []
    world.clock.sleep(2.9)
    assert body(world, made) == []
    world.clock.sleep(0.2)
    block = world.good("GET", f"blocks/{made}/children")["results"][0]
    assert block["has_children"] is True
    assert block["created_by"]["id"] == world.sandbox.bot
    world.good("PATCH", f"pages/{made}", {"erase_content": True})
    assert body(world, made) == []


def test_a_default_template_is_taken_when_there_is_one(world: NotionWorld) -> None:
    refused = world.send(
        "POST", "pages",
        {"parent": {"data_source_id": world.source}, "template": {"type": "default"}},
    )  # fmt: skip
    assert refused.status_code == 400

    Person(world.sandbox).make_template(world.source, "Ours", ("a", "b"), default=True)
    made = row_from(world, {"type": "default"})["id"]
    bare = row_from(world, {"type": "none"})["id"]
    world.clock.sleep(3)

    assert body(world, made) == ["paragraph", "paragraph"]
    assert body(world, bare) == []


def test_a_template_fills_only_the_cells_that_the_row_left_empty(world: NotionWorld) -> None:
    person = Person(world.sandbox)
    template = person.make_template(world.source, "Ours")
    person.fill(template, "Deals", 5)
    person.fill(template, "Link", "https://example.com/t")

    made = row_from(
        world, {"type": "template_id", "template_id": template},
        properties={"Touchpoint": {"title": text("Row")}, "Deals": {"number": 9}},
    )["id"]  # fmt: skip
    world.clock.sleep(3)

    cells = world.good("GET", f"pages/{made}")["properties"]
    assert (cells["Deals"]["number"], cells["Link"]["url"]) == (9, "https://example.com/t")
    assert cells["Touchpoint"]["title"][0]["plain_text"] == "Row"


def test_linked_views_of_a_template_look_at_the_new_row(world: NotionWorld) -> None:
    person = Person(world.sandbox)
    template = person.make_template(world.stages, "Stage page")
    world.good("POST", "views", {
        "create_database": {"parent": {"type": "page_id", "page_id": template}},
        "data_source_id": world.source, "name": "Its touchpoints", "type": "table",
        "filter": {"property": "In stage", "relation": {"contains": template}},
    })  # fmt: skip

    made = world.good("POST", "pages", {
        "parent": {"data_source_id": world.stages},
        "template": {"type": "template_id", "template_id": template},
    })["id"]  # fmt: skip
    world.clock.sleep(3)

    (linked,) = world.good("GET", f"blocks/{made}/children")["results"]
    status, tabs = world.sandbox.call("GET", "views", query={"database_id": linked["id"]})
    view = world.good("GET", f"views/{tabs['results'][0]['id']}")
    assert (status, view["name"]) == (200, "Its touchpoints")
    assert view["filter"]["relation"] == {"contains": made}


@pytest.mark.parametrize("more", [{"children": []}, {"markdown": "x"}, {"content": []}])
def test_a_template_excludes_a_body(world: NotionWorld, more: Json) -> None:
    template = {"type": "template_id", "template_id": world.row}
    answer = world.send(
        "POST", "pages",
        {"parent": {"data_source_id": world.source}, "template": template, **more},
    )  # fmt: skip

    assert answer.status_code == 400


def test_a_copy_that_meets_the_block_limit_never_comes() -> None:
    world = NotionWorld(plan="free", members=2, template_seconds=1.0)
    template = Person(world.sandbox).make_template(world.source, "Ours", ("a",))
    made = row_from(world, {"type": "template_id", "template_id": template})["id"]
    for _ in range(10):
        blocks = [paragraph("x") for _ in range(100)]
        world.sandbox.call("PATCH", f"blocks/{world.row}/children", {"children": blocks})
    for _ in range(100):
        world.sandbox.call("PATCH", f"blocks/{world.row}/children", {"children": [paragraph("x")]})

    world.clock.sleep(1)

    assert body(world, made) == []
    world.close()


def test_a_copy_under_way_is_kept_with_the_workspace(world: NotionWorld) -> None:
    world.append(world.row, paragraph("a"))
    made = row_from(world, {"type": "template_id", "template_id": world.row})["id"]

    twin = world.sandbox.copy(clock=world.clock)
    world.clock.sleep(3)

    status, answer = twin.call("GET", f"blocks/{made}/children")
    assert (status, len(answer["results"])) == (200, 1)
