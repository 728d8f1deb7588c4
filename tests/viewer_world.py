"""A small workspace in the stand-in, with every kind of block and view, for the viewer's tests."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from wsgiref.util import setup_testing_defaults

from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.viewer import Viewer

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>m</title></svg>'
HOSTILE = "<script>alert('x')</script> & \"q\""
STAGES = ("Awareness", "Purchase", "Service & onboarding")


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"asked to sleep {seconds} s")


@dataclass(frozen=True)
class Answer:
    """What the viewer answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class World:
    """A stand-in with a hub page and one database, and the viewer of it."""

    picture: bytes = PICTURE
    sandbox: NotionSandbox = field(default_factory=lambda: NotionSandbox(clock=StillClock()))
    hub: str = ""
    database: str = ""
    source: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        status, answer = self.sandbox.call(method, path, body, query)
        assert status == 200, answer
        return answer

    @property
    def viewer(self) -> Viewer:
        return Viewer(
            self.sandbox.call,
            parent_page=self.sandbox.parent_page,
            picture=lambda: self.picture,
            file=self.sandbox.file,
        )

    def get(self, path: str, *, method: str = "GET") -> Answer:
        address, _, query = path.partition("?")
        environ: dict[str, Any] = {}
        setup_testing_defaults(environ)
        environ |= {"PATH_INFO": address, "QUERY_STRING": query, "REQUEST_METHOD": method}
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            started.append((status, headers))

        body = b"".join(self.viewer(environ, start_response))
        status, headers = started[0]
        return Answer(int(status.split()[0]), dict(headers), body)

    def page(self) -> str:
        """Return the hub page as HTML."""
        return self.get(f"/p/{self.hub}").text

    def append(self, *blocks: dict[str, Any], to: str = "") -> list[dict[str, Any]]:
        path = f"blocks/{to or self.hub}/children"
        results: list[dict[str, Any]] = self.ask("PATCH", path, {"children": list(blocks)})[
            "results"
        ]
        return results

    def upload(self, name: str, content: bytes, kind: str) -> str:
        """Upload a file and return its id."""
        made = str(self.ask("POST", "file_uploads", {"filename": name, "content_type": kind})["id"])
        uploads = self.sandbox._ws.tables["uploads"]
        uploads[made] |= {"status": "uploaded", "content": base64.b64encode(content).decode()}
        return made

    def row(self, name: str, **properties: Any) -> str:
        made = self.ask(
            "POST",
            "pages",
            {
                "parent": {"type": "data_source_id", "data_source_id": self.source},
                "properties": {"Name": {"title": text(name)}, **properties},
            },
        )
        return str(made["id"])

    def view(self, kind: str, name: str = "", **rest: Any) -> str:
        """Add a linked view to the end of the hub and return its id."""
        if "configuration" in rest:
            rest["configuration"] = {"type": kind, **rest["configuration"]}
        made = self.ask(
            "POST",
            "views",
            {
                "create_database": {"parent": {"type": "page_id", "page_id": self.hub}},
                "data_source_id": self.source,
                "name": name or f"A {kind}",
                "type": kind,
                **rest,
            },
        )
        return str(made["id"])

    def chart(self, chart_type: str, name: str = "", **rest: Any) -> str:
        filter_ = {"filter": rest.pop("filter")} if "filter" in rest else {}
        configuration = {"chart_type": chart_type, **rest}
        return self.view("chart", name, configuration=configuration, **filter_)

    def by(self, column: str, kind: str = "select", **rest: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "property_id": self.ids[column],
            "sort": {"type": "manual"},
            **rest,
        }


def text(content: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": content}}]


def block(kind: str, content: str = "", **rest: Any) -> dict[str, Any]:
    return {"type": kind, kind: {"rich_text": text(content), **rest}}


def a_world(*, rows: bool = True, picture: bytes = PICTURE) -> World:
    """Return a world with a hub and one database of six columns, with four rows unless not."""
    world = World(picture=picture)
    world.hub = world.ask(
        "POST",
        "pages",
        {
            "parent": {"type": "page_id", "page_id": world.sandbox.parent_page},
            "icon": {"type": "emoji", "emoji": "🗺️"},
            "properties": {"title": {"title": text("Journey hub")}},
        },
    )["id"]
    options = [
        {"name": name, "color": color}
        for name, color in zip(STAGES, ("blue", "green", "orange"), strict=True)
    ]
    people = [{"name": "Champion", "color": "purple"}, {"name": "User", "color": "pink"}]
    made = world.ask(
        "POST",
        "databases",
        {
            "parent": {"type": "page_id", "page_id": world.hub},
            "title": text("Cells"),
            "description": text("Computed, " + HOSTILE),
            "icon": {"type": "emoji", "emoji": "🧭"},
            "initial_data_source": {
                "properties": {
                    "Name": {"title": {}},
                    "Stage": {"select": {"options": options}},
                    "Persona": {"select": {"options": people}},
                    "Score": {"number": {"format": "number"}},
                    "Rate": {"number": {"format": "percent"}},
                    "Amount": {"number": {"format": "euro"}},
                    "Due": {"date": {}},
                    "Done": {"checkbox": {}},
                    "Note": {"rich_text": {}},
                }
            },
        },
    )
    world.database, world.source = made["id"], made["data_sources"][0]["id"]
    columns = world.ask("GET", f"data_sources/{world.source}")["properties"]
    world.ids = {name: column["id"] for name, column in columns.items()}
    if rows:
        fill(world)
    return world


def fill(world: World) -> None:
    """Add four rows whose numbers are easy to add up."""
    world.row("First", **cells("Awareness", "Champion", 0.5, 0.4, 1200.0, "2026-11-02", done=True))
    world.row("Second", **cells("Awareness", "User", 1.5, 0.2, 800.5, "2026-11-20"))
    world.row("Third", **cells("Purchase", "Champion", -1.0, 0.125, 0.0, "2026-12-01"))
    world.row(HOSTILE, Note={"rich_text": text(HOSTILE)})


def cells(
    stage: str,
    persona: str,
    score: float,
    rate: float,
    amount: float,
    due: str,
    *,
    done: bool = False,
) -> dict[str, Any]:
    return {
        "Stage": {"select": {"name": stage}},
        "Persona": {"select": {"name": persona}},
        "Score": {"number": score},
        "Rate": {"number": rate},
        "Amount": {"number": amount},
        "Due": {"date": {"start": due}},
        "Done": {"checkbox": done},
    }


__all__ = ["HOSTILE", "PICTURE", "STAGES", "Answer", "StillClock", "World", "a_world", "block"]
