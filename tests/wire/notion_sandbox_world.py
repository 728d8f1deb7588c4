"""What the tests of the Notion stand-in share: a clock, a filled workspace, clients for its wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from notion_client import Client

from cjm_sync_sandbox.notion import NotionSandbox

BASE = "https://api.notion.com/v1"
HEADERS = {"Authorization": "Bearer ntn_sandbox", "Notion-Version": "2026-03-11"}
Json = dict[str, Any]


class NotionClock:
    """Time that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 10, 0, 42, 123_000, tzinfo=UTC) + timedelta(
            seconds=self.seconds
        )

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def text(words: str) -> list[Json]:
    return [{"text": {"content": words}}]


def paragraph(words: str, *children: Json) -> Json:
    payload: Json = {"rich_text": text(words)}
    if children:
        payload["children"] = list(children)
    return {"type": "paragraph", "paragraph": payload}


COLUMNS: Json = {
    "Touchpoint": {"title": {}},
    "Sync key": {"rich_text": {}, "description": "Whose row this is"},
    "Stage": {"select": {"options": [{"name": "Awareness", "color": "blue"}, {"name": "Trial"}]}},
    "Tags": {"multi_select": {}},
    "State": {"status": {}},
    "Seen": {"date": {}},
    "Deals": {"number": {"format": "number_with_commas"}},
    "Done": {"checkbox": {}},
    "Link": {"url": {}},
    "Mail": {"email": {}},
    "Phone": {"phone_number": {}},
    "Owner": {"people": {}},
    "Files": {"files": {}},
    "Made": {"created_time": {}},
    "Number": {"unique_id": {"prefix": "TP"}},
    "Twice": {"formula": {"expression": 'prop("Deals") * 2'}},
    "Place": {"place": {}},
}


class NotionWorld:
    """A stand-in with two databases, and clients that speak to it as any program would."""

    def __init__(self, **settings: Any) -> None:
        self.clock = NotionClock()
        self.sandbox = NotionSandbox(clock=self.clock, **settings)
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=self.sandbox), base_url=BASE, headers=HEADERS
        )
        self.sdk = Client(
            auth="ntn_sandbox",
            client=httpx.Client(transport=httpx.WSGITransport(app=self.sandbox)),
            notion_version="2026-03-11",
            retry=False,
        )
        self.hub = self.sandbox.parent_page
        self.stages_db, self.stages = self.table("Stages", {"Stage": {"title": {}}})
        columns: Json = {
            **COLUMNS,
            "In stage": {"relation": {"data_source_id": self.stages, "dual_property": {}}},
            "Stages counted": {
                "rollup": {
                    "relation_property_name": "In stage",
                    "rollup_property_name": "Stage",
                    "function": "count",
                }
            },
        }
        self.database, self.source = self.table("Touchpoints", columns)
        self.ids = {
            name: column["id"]
            for name, column in self.good("GET", f"data_sources/{self.source}")[
                "properties"
            ].items()
        }
        self.stage_row = self.good(
            "POST",
            "pages",
            {
                "parent": {"data_source_id": self.stages},
                "properties": {"Stage": {"title": text("Awareness")}},
            },
        )["id"]
        self.row = self.make_row("Demo", key="k/1", Deals={"number": 3})["id"]

    def close(self) -> None:
        self.http.close()
        self.sdk.close()

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        return self.http.request(method, path, json=body, params=query or None)

    def good(self, method: str, path: str, body: Any = None, as_user: str | None = None) -> Json:
        """Do one request outside budget and log that must succeed."""
        status, answer = self.sandbox.call(method, path, body, as_user=as_user)
        assert status == 200, answer
        return answer

    def table(self, title: str, columns: Json) -> tuple[str, str]:
        made = self.good(
            "POST",
            "databases",
            {
                "parent": {"type": "page_id", "page_id": self.hub},
                "title": text(title),
                "initial_data_source": {"properties": columns},
            },
        )
        return made["id"], made["data_sources"][0]["id"]

    def make_row(self, title: str, *, key: Any = "", **cells: Any) -> Json:
        return self.good(
            "POST",
            "pages",
            {
                "parent": {"type": "data_source_id", "data_source_id": self.source},
                "properties": {
                    "Touchpoint": {"title": text(title)},
                    "Sync key": {"rich_text": text(key)},
                    **cells,
                },
            },
        )

    def append(self, parent: str, *blocks: Json) -> list[str]:
        answer = self.good("PATCH", f"blocks/{parent}/children", {"children": list(blocks)})
        return [block["id"] for block in answer["results"]]

    def titles(self, body: Json) -> list[str]:
        """Query the touchpoints and return their titles in order."""
        answer = self.good("POST", f"data_sources/{self.source}/query", body)
        return [
            row["properties"]["Touchpoint"]["title"][0]["plain_text"] for row in answer["results"]
        ]

    def fill(self, value: Any) -> Any:
        """Replace `@name` in a request by the id it stands for in this world."""
        names = {
            "@hub": self.hub,
            "@db": self.database,
            "@ds": self.source,
            "@stages": self.stages,
            "@row": self.row,
            "@stage_row": self.stage_row,
        } | {f"@{name}": found for name, found in self.ids.items()}
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, str):
            for name in sorted(names, key=len, reverse=True):
                value = value.replace(name, names[name])
        return value


def group_by(column: str, kind: str = "select", **extra: Any) -> Json:
    return {"type": kind, "property_id": f"@{column}", "sort": {"type": "manual"}, **extra}


def view(kind: str, configuration: Json | None = None, **extra: Any) -> Json:
    body: Json = {
        "database_id": "@db", "data_source_id": "@ds", "name": "A view", "type": kind, **extra,
    }  # fmt: skip
    if configuration is not None:
        body["configuration"] = {"type": kind, **configuration}
    return body
