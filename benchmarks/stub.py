"""Serve a large HubSpot portal on loopback as fast as Python can, so that only the reader is slow.

Every record is rendered to bytes before the first request and a page is a join of such bytes. It
has what a reading of contacts and activities touches: listings by `after`, search by the modified
date and `hs_object_id`, batch reads of records and of associations, property definitions,
pipelines, owners and the account; no limits, no faults. Beside HubSpot's paths there are
`GET /stub/counts` (of requests, apart from these two, and of records) and
`POST /stub/change` (modify a share of all records now).

    python benchmarks/stub.py --contacts 100000 --activities 500000

It prints its address when it is ready and serves until its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import unquote

SHARES = {"calls": 20, "emails": 40, "meetings": 10, "notes": 15, "tasks": 15}
"""How many of a hundred activities are of each kind."""
VALUES: dict[str, dict[str, str | None]] = {
    "contacts": {
        "associatedcompanyid": "9184710233",
        "country": "Germany",
        "first_conversion_date": None,
        "hs_additional_emails": None,
        "hs_analytics_first_timestamp": "2024-05-02T08:11:45.201Z",
        "hs_analytics_source": "ORGANIC_SEARCH",
        "hs_buying_role": None,
        "hs_calculated_merged_vids": None,
        "hs_email_first_send_date": "2024-05-03T06:00:00Z",
        "hs_email_last_click_date": None,
        "hs_email_last_open_date": "2024-06-11T09:30:12Z",
        "hs_email_last_send_date": "2024-09-01T06:00:00Z",
        "hs_merged_object_ids": None,
        "hs_persona": None,
        "hs_seniority": "manager",
        "industry": "MACHINERY",
        "lifecyclestage": "customer",
        "recent_conversion_date": None,
        "firstname": "Renate",
        "lastname": "Muster",
    },
    "calls": {
        "hs_call_direction": "OUTBOUND",
        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
        "hs_call_status": "COMPLETED",
    },
    "emails": {
        "hs_email_click_count": "1",
        "hs_email_direction": "INCOMING_EMAIL",
        "hs_email_open_count": "2",
        "hs_email_status": "SENT",
    },
    "meetings": {
        "hs_meeting_outcome": "COMPLETED",
        "hs_meeting_start_time": "2024-07-09T13:00:00Z",
    },
    "notes": {},
    "tasks": {"hs_task_status": "COMPLETED", "hubspot_owner_id": "71001"},
}
"""What every record of an object has beside its id and times; the same, as only size matters."""

_FIRST = datetime(2024, 1, 1, 8, tzinfo=UTC)
_STEP = timedelta(seconds=37)


def _wire(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Table:
    """The records of one object, rendered. A row is `core + past + links + b"}"`."""

    def __init__(self, name: str, number: int, count: int, contacts: int) -> None:
        self.name, self.first, self.count = name, number * 100_000_000 + 1, count
        self._contacts = contacts
        self.core: list[bytes] = []
        self.past: list[bytes] = []
        self.links: list[bytes] = []
        self.linked: list[int] = []
        self.modified: list[int] = []
        for index in range(count):
            core, past, links, linked, modified = self._rendered(index, None)
            self.core.append(core)
            self.past.append(past)
            self.links.append(links)
            self.linked.append(linked)
            self.modified.append(modified)

    def _rendered(
        self, index: int, changed: datetime | None
    ) -> tuple[bytes, bytes, bytes, int, int]:
        id_ = self.first + index
        made = _FIRST + index % 500_000 * _STEP
        at = changed or made + timedelta(days=30)
        made_text, at_text = _wire(made), _wire(at)
        values = {**VALUES[self.name], "hs_object_id": str(id_), "createdate": made_text}
        past, links, linked = b"", b"", 0
        if self.name == "contacts":
            values |= {"email": f"person{index}@example.test", "lastmodifieddate": at_text}
            stages = [("customer", at_text), ("opportunity", _wire(made + timedelta(days=9)))]
            stages.append(("lead", made_text))
            if changed is not None:
                values["lifecyclestage"] = "evangelist"
                stages.insert(0, ("evangelist", at_text))
            rows = [
                {"value": stage, "timestamp": since, "sourceType": "CRM_UI", "sourceId": "71001"}
                for stage, since in stages
            ]
            past = b',"propertiesWithHistory":' + _json({"lifecyclestage": rows})
        else:
            values |= {"hs_timestamp": made_text, "hs_lastmodifieddate": at_text}
            if changed is not None:
                values["hs_timestamp"] = at_text
            linked = 100_000_001 + index * 7919 % self._contacts if self._contacts else 0
            target = {"id": str(linked), "type": f"{self.name[:-1]}_to_contact"}
            links = b',"associations":' + _json({"contacts": {"results": [target]}})
        row = {
            "id": str(id_),
            "properties": values,
            "createdAt": made_text,
            "updatedAt": at_text,
            "archived": False,
        }
        return _json(row)[:-1], past, links, linked, int(at.timestamp() * 1000)

    def index_of(self, id_: str) -> int | None:
        """Return where *id_* stands, or None when there is no such record."""
        index = int(id_) - self.first if id_.isdecimal() else -1
        return index if 0 <= index < self.count else None

    def change(self, every: int, moment: datetime) -> None:
        """Modify each *every*-th record at *moment*."""
        for index in range(0, self.count, every):
            core, past, links, linked, modified = self._rendered(index, moment)
            self.core[index], self.past[index], self.links[index] = core, past, links
            self.linked[index], self.modified[index] = linked, modified

    def rows(self, indexes: range | list[int], *, past: bool, links: bool) -> bytes:
        """Return rows as the inside of a JSON list."""
        parts = []
        for index in indexes:
            parts.append(self.core[index])
            if past:
                parts.append(self.past[index])
            if links:
                parts.append(self.links[index])
            parts.append(b"},")
        return b"".join(parts)[:-1]


class Portal:
    """Answers requests; *requests* counts them."""

    def __init__(self, contacts: int, activities: int) -> None:
        self.requests = 0
        counts = {
            "contacts": contacts,
            **{name: activities * share // 100 for name, share in SHARES.items()},
        }
        self.tables = {
            name: Table(name, number, count, contacts)
            for number, (name, count) in enumerate(counts.items(), 1)
        }

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Return status and JSON."""
        path, _, query = target.partition("?")
        if path.startswith("/stub/"):
            return self._own(path, body)
        self.requests += 1
        parts = [part for part in path.split("/") if part and not _is_version(part)]
        match method, parts:
            case "GET", ["account-info", "details"]:
                return 200, _json(
                    {"portalId": 4711, "timeZone": "Europe/Berlin", "companyCurrency": "EUR"}
                )
            case "GET", ["crm", "objects", name] if name in self.tables:
                return 200, self._listed(self.tables[name], query)
            case "POST", ["crm", "objects", name, "search"] if name in self.tables:
                return 200, self._found(self.tables[name], json.loads(body))
            case "POST", ["crm", "objects", name, "batch", "read"] if name in self.tables:
                return self._read(self.tables[name], json.loads(body))
            case "POST", ["crm", "associations", name, to, "batch", "read"] if name in self.tables:
                return self._associated(self.tables[name], to, json.loads(body))
            case "GET", ["crm", "properties", name] if name in self.tables:
                return 200, _json({"results": _definitions(name)})
            case "GET", ["crm", "owners"]:
                owners = [
                    {"id": "71001", "archived": False, "userId": 1, "email": "o@example.test"}
                ]
                return 200, _json({"results": [] if "archived=true" in query else owners})
            case "GET", ["crm", "objects" | "pipelines", *_] | ["marketing", "forms", *_]:
                return 200, b'{"results":[]}'
            case _:
                return 404, _json({"status": "error", "message": "not in this stub"})

    def _own(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/stub/change":
            every = round(1 / float(json.loads(body)["share"]))
            for table in self.tables.values():
                table.change(every, datetime.now(UTC))
        counts = {name: table.count for name, table in self.tables.items()}
        return 200, _json({"requests": self.requests, "records": counts})

    def _listed(self, table: Table, query: str) -> bytes:
        given = dict(pair.partition("=")[::2] for pair in query.split("&"))
        if given.get("archived") == "true":
            return b'{"results":[]}'
        past = bool(given.get("propertiesWithHistory"))
        limit = min(int(given.get("limit", "10")), 50 if past else 100)
        after = table.index_of(unquote(given["after"])) if "after" in given else None
        start = 0 if after is None else after + 1
        end = min(start + limit, table.count)
        rows = table.rows(range(start, end), past=past, links=bool(given.get("associations")))
        return b'{"results":[' + rows + b"]" + _following(table.first + end - 1, end < table.count)

    def _found(self, table: Table, asked: dict[str, Any]) -> bytes:
        since, until, last = 0, 1 << 62, 0
        for part in asked["filterGroups"][0]["filters"]:
            match part["operator"], part["propertyName"]:
                case "GTE", _:
                    since = int(part["value"])
                case "LTE", _:
                    until = int(part["value"])
                case "GT", "hs_object_id":
                    last = int(part["value"])
                case _:
                    raise ValueError(part)
        start = max(0, last - table.first + 1)
        found = [
            index
            for index, moment in enumerate(table.modified[start:], start)
            if since <= moment <= until
        ]
        page = found[: int(asked["limit"])]
        rows = table.rows(page, past=False, links=False)
        total = b'{"total":%d,"results":[' % len(found)
        return total + rows + b"]" + _following(len(page), len(page) < len(found))

    def _read(self, table: Table, asked: dict[str, Any]) -> tuple[int, bytes]:
        indexes = [table.index_of(row["id"]) for row in asked["inputs"]]
        there = [index for index in indexes if index is not None]
        rows = table.rows(there, past=bool(asked.get("propertiesWithHistory")), links=False)
        status = 200 if len(there) == len(indexes) else 207
        return status, b'{"status":"COMPLETE","results":[' + rows + b"]}"

    def _associated(self, table: Table, to: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        ids = [row["id"] for row in asked["inputs"]]
        if to != "contacts" or table.name == "contacts":
            none = {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "context": {"fromObjectId": ids},
            }
            return 207, _json({"status": "COMPLETE", "results": [], "errors": [none]})
        rows = [
            {
                "from": {"id": id_},
                "to": [{"toObjectId": table.linked[index], "associationTypes": []}],
            }
            for id_ in ids
            if (index := table.index_of(id_)) is not None
        ]
        return 200, _json({"status": "COMPLETE", "results": rows})


def _is_version(part: str) -> bool:
    return re.fullmatch(r"v\d|\d{4}-\d\d(-beta)?", part) is not None


def _following(after: int, is_more: bool) -> bytes:  # noqa: FBT001 - read where it is called
    return b',"paging":{"next":{"after":"%d"}}}' % after if is_more else b"}"


def _definitions(name: str) -> list[dict[str, object]]:
    names = ("hs_object_id", "createdate", "hs_timestamp", "email", *VALUES[name])
    return [
        {"name": n, "label": n, "type": "string", "fieldType": "text", "calculated": False}
        for n in names
    ]


class Connection(asyncio.Protocol):
    """One connection, kept alive; as little of HTTP as the three readers need."""

    def __init__(self, portal: Portal) -> None:
        self._portal, self._held = portal, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self._held) < stop:
                return
            body, self._held = self._held[end + 4 : stop], self._held[stop:]
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            status, content = self._portal.answer(method, target, body)
            if self._transport is not None:
                self._transport.write(
                    b"HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (status, len(content), content)
                )


async def serve(portal: Portal) -> None:
    """Serve *portal* on a free port of loopback until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(portal), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--activities", type=int, default=500_000)
    arguments = parser.parse_args()
    asyncio.run(serve(Portal(arguments.contacts, arguments.activities)))


if __name__ == "__main__":
    main()
