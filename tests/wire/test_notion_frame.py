"""The rendered workspace, sent to the stand-in of Notion's API as it stands: nothing is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from cjm_sync.journey.types import Emotion, JourneyMap
from cjm_sync.model import Choice, Page, canonical
from cjm_sync.ports import Figures
from cjm_sync_notion.columns import DATABASES
from cjm_sync_notion.render import frame, rows, run_row
from cjm_sync_notion.values import decode, encode, resolve, schema, text_items
from cjm_sync_notion.workspace import Database
from cjm_sync_sandbox.notion import NotionSandbox
from notion_maps import NOON, a_map, cell, journey, persona, stage, touchpoint

HOSTILE = '=1+1, **b** @all <b> 👩‍👩‍👧 שלום \x00 "x"'


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"asked to sleep {seconds} s")


@dataclass
class Writer:
    """Sends a frame and rows with as little code as possible; every answer must be 200."""

    http: httpx.Client
    parent: str
    hub: str = ""
    blocks: dict[str, str] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.http.request(method, f"/v1/{path}", json=body)
        assert answer.status_code == 200, (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def build(self, journey_map: JourneyMap) -> None:
        made = frame(journey_map, installation="abc")
        self.hub = self.ask("POST", "pages", {
            "parent": {"type": "page_id", "page_id": self.parent},
            "icon": {"type": "emoji", "emoji": made.hub.icon},
            "properties": {"title": {"title": text_items(made.hub.title)}},
            "children": [block.json for block in made.hub.blocks],
        })["id"]  # fmt: skip
        children = self.ask("GET", f"blocks/{self.hub}/children?page_size=100")["results"]
        self.blocks = {
            block.key: child["id"] for block, child in zip(made.hub.blocks, children, strict=True)
        }
        for database in made.databases:
            self._build_database(database)
        for view in made.views:
            if view.page or view.dashboard:
                continue  # these need what is made on the way; whole runs show them
            ids = {key: unquote(held["id"]) for key, held in self.properties[view.kind].items()}
            self.ask("POST", "views", {
                "create_database": {
                    "parent": {"type": "page_id", "page_id": self.hub},
                    "position": {"type": "after_block", "block_id": self.blocks[view.after]},
                },
                "data_source_id": self.sources[view.kind],
                "name": view.name,
                "type": view.type,
                **{
                    part: resolve(value, ids)
                    for part in ("configuration", "filter", "sorts")
                    if (value := getattr(view, part))
                },
            })  # fmt: skip

    def _build_database(self, database: Database) -> None:
        answer = self.ask("POST", "databases", {
            "parent": {"type": "page_id", "page_id": self.hub},
            "title": text_items(database.title),
            "description": text_items(database.description),
            "icon": {"type": "emoji", "emoji": database.icon},
            "initial_data_source": {"properties": schema(database, data_source_ids=self.sources)},
        })  # fmt: skip
        self.databases[database.kind] = database
        self.sources[database.kind] = source = answer["data_sources"][0]["id"]
        found = self.ask("GET", f"data_sources/{source}")["properties"]
        self.properties[database.kind] = {
            column.key: found[column.name] for column in database.columns
        }

    def write(self, page: Page) -> dict[str, Any]:
        database, held = self.databases[page.collection], self.properties[page.collection]
        answer = self.ask("POST", "pages", {
            "parent": {"type": "data_source_id", "data_source_id": self.sources[page.collection]},
            "properties": {
                held[key]["id"]: encode(
                    database.column(key), value, option_id=lambda column, option: None,
                    page_id=self.pages.get,
                )
                for key, value in page.cells.items()
            },
        })  # fmt: skip
        self.pages[page.key] = answer["id"]
        properties: dict[str, Any] = self.ask("GET", f"pages/{answer['id']}")["properties"]
        return properties

    def read(self, page: Page, properties: dict[str, Any]) -> dict[str, Any]:
        database, held = self.databases[page.collection], self.properties[page.collection]
        now = self.ask("GET", f"data_sources/{self.sources[page.collection]}")["properties"]
        options = {
            (column.key, option["id"]): option["name"]
            for column in database.columns
            if column.type == "select"
            for option in now[column.name]["select"]["options"]
        }
        keys = {page_id: key for key, page_id in self.pages.items()}
        labels = {
            (key, value.label): value.key
            for key, value in page.cells.items()
            if isinstance(value, Choice)
        }
        return {
            key: decode(
                database.column(key),
                next(value for value in properties.values() if value["id"] == held[key]["id"]),
                option_key=lambda column, option: labels.get((column, options[column, option])),
                page_key=keys.get,
            )
            for key in page.cells
        }


@pytest.fixture
def sandbox() -> NotionSandbox:
    return NotionSandbox(clock=StillClock())


@pytest.fixture
def writer(sandbox: NotionSandbox) -> Iterator[Writer]:
    headers = {"Authorization": f"Bearer {sandbox.token}", "Notion-Version": "2026-03-11"}
    with httpx.Client(
        transport=httpx.WSGITransport(app=sandbox), base_url="http://notion", headers=headers
    ) as http:
        yield Writer(http, sandbox.parent_page)


def hostile_map() -> JourneyMap:
    """Return a map whose every label is trouble, in two journeys."""
    hidden = Emotion(None, None, "none", None, withheld=True)
    odd = journey(
        name=HOSTILE,
        personas=(persona(), persona("p1", HOSTILE), persona("p2", HOSTILE.upper())),
        stages=(
            replace(stage("purchase", 3, cell(), cell("p1"), cell("p2")), label=HOSTILE * 90),
            stage("service", 4, cell(withheld=True, nps=None, emotion=hidden)),
        ),
        touchpoints=(touchpoint(label=HOSTILE, channel=HOSTILE),),
    )
    return a_map(odd, journey(key="renewals", name=HOSTILE.upper(), touchpoints=()))


@pytest.mark.parametrize("journey_map", [a_map(), hostile_map(), JourneyMap(NOON, ())])
def test_hub_databases_and_views_are_taken_as_they_are(
    writer: Writer, sandbox: NotionSandbox, journey_map: JourneyMap
) -> None:
    writer.build(journey_map)

    assert {request.status for request in sandbox.requests} == {200}
    assert list(writer.databases) == [
        database.kind for database in DATABASES if database.kind != "units"
    ]


@pytest.mark.parametrize("journey_map", [a_map(), hostile_map()])
def test_every_row_is_taken_and_reads_back_as_it_was_wished(
    writer: Writer, journey_map: JourneyMap
) -> None:
    writer.build(journey_map)
    figures = Figures("r1", NOON, NOON, NOON, "partial", created=1, updated=2, unchanged=3, kept=4,
                      archived=5, requests_source=6, requests_target=7, findings=8)  # fmt: skip
    bound = ["customers/persona/user", "customers/touchpoint/service/sales.quote"]

    for page in (*rows(journey_map, bound=bound), run_row(figures, index=0)):
        properties = writer.write(page)

        assert writer.read(page, properties) == {
            key: canonical(value) for key, value in page.cells.items()
        }, page.key


def test_rows_use_the_options_that_the_schema_made(writer: Writer) -> None:
    writer.build(hostile_map())
    before = writer.ask("GET", f"data_sources/{writer.sources['stages']}")["properties"]

    for page in rows(hostile_map(), bound=[]):
        writer.write(page)

    after = writer.ask("GET", f"data_sources/{writer.sources['stages']}")["properties"]
    assert after == before


def test_views_stand_below_their_definitions(writer: Writer, sandbox: NotionSandbox) -> None:
    writer.build(a_map())

    children = writer.ask("GET", f"blocks/{writer.hub}/children?page_size=100")["results"]
    order = [child["id"] for child in children]
    views = frame(a_map(), installation="abc").views
    for view in (one for one in views if not (one.page or one.dashboard)):
        below = children[order.index(writer.blocks[view.after]) + 1]
        assert below["type"] == "child_database", view.key
