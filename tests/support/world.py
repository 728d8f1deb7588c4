"""A whole product in a box for the simulation tests: portal, store, Notion stand-in, time.

A `World` is one installation. `copy` gives an independent one at the same moment, so that a sweep
over crashes can start each time from the same state. Only Notion is asked while a world runs: the
portal is read into the mirror beforehand (`mirror_of`), and the source is still.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from cjm_sync.engine import Engine, needs
from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Batch, Binding, Finding, Intent, Need, Wished
from cjm_sync.ports import AGGREGATE, Account, Check, Disclosure, JourneyRequest, Painter, Picture
from cjm_sync.pull import pull
from cjm_sync.runs import Options, Report, Settings
from cjm_sync.steps import Rules
from cjm_sync.store import Store
from cjm_sync_files import png
from cjm_sync_hubspot import HubSpotSettings
from cjm_sync_hubspot import plugin as hubspot
from cjm_sync_mappings import plugin as mapping
from cjm_sync_notion import plugin as notion
from cjm_sync_notion.target import NotionTarget
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.notion.requests import RequestLog
from cjm_sync_sandbox.notion.text import plain
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import SAMPLE_AS_OF
from support.clock import FakeClock

Moment = Literal["before", "after"]
Hook = Callable[[RequestLog], None]
MOMENTS: tuple[Moment, ...] = ("before", "after")
PORTAL_ID = "1"
SOAK = bool(os.environ.get("CJM_SYNC_SOAK"))
"""All points of the long sweeps, instead of a sample."""
_QUERY = re.compile(r"/v1/data_sources/[^/]+/query$")


class Stopped(BaseException):
    """The process ends here: no `except Exception` may catch it."""


def profile() -> str:
    """Return the text of the bundled profile."""
    text = mapping.profile_text("crm")
    assert text is not None
    return text


def without_loyalty(text: str) -> str:
    """Return the profile *text* without its last stage; what led there leads to the one before."""
    tables = re.split(r"(?m)^(?=\[)", text)
    kept = [table for table in tables if 'key = "loyalty"' not in table]
    assert len(kept) == len(tables) - 1
    return "".join(kept).replace('"loyalty"', '"service"')


def journey(text: str | None = None, key: str = "customers") -> JourneyRequest:
    """Return a journey of contacts by the profile *text*, else the bundled one."""
    return JourneyRequest(key, "Customer journey", "contact", "crm", text or profile(), {})


class Sketch:
    """Draws as the product does, but hands out a dot: painting takes most of a second."""

    _DOT = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
    )

    def picture(self, journey_map: JourneyMap) -> Picture:
        return replace(png.picture(journey_map), load=lambda: self._DOT)

    def lacking(self, journey_map: JourneyMap) -> tuple[Finding, ...]:
        return ()


class StillSource:
    """A source of which everything was read already."""

    def __init__(self, portal_id: str = PORTAL_ID) -> None:
        self._portal_id = portal_id

    def identify(self) -> Account:
        return Account(self._portal_id)

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        return ()

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        raise AssertionError(f"asked for {stream}")

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        raise AssertionError("asked to check")

    def requests(self) -> int:
        return 0

    def waited_seconds(self) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing is open."""


def mirror_of(portal: Portal, store_path: Path, *journeys: JourneyRequest) -> None:
    """Read *portal* through the real source into the store at *store_path*, once more if it is there."""
    clock = FakeClock(SAMPLE_AS_OF)
    sandbox = HubSpotSandbox(portal, clock=clock)
    source = hubspot.connect(
        HubSpotSettings(),
        clock=clock,
        secret=SecretStr(sandbox.token),
        transport=httpx.WSGITransport(app=sandbox),
    )
    try:
        with Store(f"sqlite:///{store_path}") as store:
            pulled = pull(source, store, needs(mapping, journeys or (journey(),)))
    finally:
        source.close()
    assert not pulled.failed, pulled.findings


def new_world(folder: Path, portal: Portal, *, settle_seconds: float = 20.0, **flags: Any) -> World:
    """Return a world whose mirror holds *portal* and whose Notion is empty.

    Rows stay invisible to queries for *settle_seconds* after they were made.
    """
    folder.mkdir()
    clock = FakeClock(SAMPLE_AS_OF)
    sandbox = NotionSandbox(clock=clock, settle_seconds=settle_seconds, **flags)
    world = World(folder, clock, sandbox, (journey(),))
    world.read(portal)
    return world


def edited(portal: Portal) -> Portal:
    """Return *portal* some days of work later: a contact moved on, and somebody met a customer."""
    rows = copy.deepcopy(portal.rows)
    last = rows["contacts"][-1]
    moved_at = (SAMPLE_AS_OF - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    last["properties"]["lifecyclestage"] = "marketingqualifiedlead"
    last["history"]["lifecyclestage"].insert(
        0, {"value": "marketingqualifiedlead", "timestamp": moved_at, "sourceType": "CRM_UI"}
    )
    call = copy.deepcopy(rows["calls"][-1])
    call["id"] = str(int(call["id"]) + 1_000_000)
    rows["meetings"] = [
        {
            **call,
            "properties": {
                "hs_timestamp": moved_at,
                "hs_meeting_start_time": moved_at,
                "hs_meeting_outcome": "COMPLETED",
            },
        }
    ]
    return Portal(copy.deepcopy(portal.info), rows)


@dataclass
class World:
    """One installation. *wrap* may cut down what the target wishes for; *table* is more of `[notion]`."""

    folder: Path
    clock: FakeClock
    notion: NotionSandbox
    journeys: tuple[JourneyRequest, ...]
    rules: Rules = field(default_factory=Rules)
    plan: str = "business"
    portal_id: str = PORTAL_ID
    parent_page: str = ""
    settle_seconds: float = 30.0
    wrap: Callable[[Wished], Wished] | None = None
    row_workers: int = 1
    painter: Painter | None = field(default_factory=Sketch)
    table: Mapping[str, Any] = field(default_factory=dict)
    _copies: Iterator[int] = field(default_factory=itertools.count)

    @property
    def store_path(self) -> Path:
        return self.folder / "store.db"

    @contextmanager
    def store(self) -> Iterator[Store]:
        with Store(f"sqlite:///{self.store_path}") as store:
            with store._engine.connect() as db:
                # Waiting for the disk guards against power cuts, which no test makes, and would
                # take most of a sweep's time.
                db.exec_driver_sql("PRAGMA synchronous=OFF")
            yield store

    def run(
        self, *, as_of: datetime | None = SAMPLE_AS_OF, hook: Hook | None = None, **flags: Any
    ) -> Report:
        """Do one run from a new process's point of view; *flags* as of the command line."""
        before, after = list(self.notion.hooks), list(self.notion.after_hooks)
        if hook is not None:
            self.notion.hooks.append(hook)
        target = self._target()
        try:
            with self.store() as store:
                engine = Engine(
                    store=store,
                    source=StillSource(self.portal_id),
                    target=target,
                    mapping=mapping,
                    clock=self.clock,
                    settings=Settings(self.journeys, self.rules, row_workers=self.row_workers),
                    painter=self.painter,
                )
                return engine.sync(Options(as_of=as_of, **flags))
        finally:
            target.close()
            self.notion.hooks[:], self.notion.after_hooks[:] = before, after

    def _target(self) -> NotionTarget:
        target = notion.connect(
            notion.settings(
                parent_page=self.parent_page or self.notion.parent_page,
                plan=self.plan,
                **self.table,
            ),
            clock=self.clock,
            secret=SecretStr(self.notion.token),
            transport=httpx.WSGITransport(app=self.notion),
            timezone="UTC",
            settle_seconds=self.settle_seconds,
            folder=self.folder,
        )
        return target if self.wrap is None else CutTarget(target, self.wrap)  # type: ignore[return-value]

    def run_until(self, number: int, moment: Moment, **flags: Any) -> None:
        """Do a run whose process ends at its *number*-th request, before or after the effect."""
        stop_at = len(self.notion.requests) + number

        def stop(log: RequestLog) -> None:
            if log.number == stop_at:
                raise Stopped

        hooks = self.notion.hooks if moment == "before" else self.notion.after_hooks
        hooks.append(stop)
        try:
            self.run(**flags)
        except Stopped:
            return
        finally:
            hooks.remove(stop)
        raise AssertionError(f"the run ended before its request {number}")

    def copy(self) -> World:
        """Return an independent world at the same moment; its log of requests is empty."""
        folder = self.folder.parent / f"{self.folder.name}.{next(self._copies)}"
        shutil.copytree(self.folder, folder)
        clock = self.clock.copy()
        return replace(
            self,
            folder=folder,
            clock=clock,
            notion=self.notion.copy(clock=clock),
            _copies=itertools.count(),
        )

    def drop(self) -> None:
        """Delete the world's files."""
        shutil.rmtree(self.folder)

    def read(self, portal: Portal) -> None:
        """Bring the mirror up to what *portal* holds now."""
        mirror_of(portal, self.store_path, *self.journeys)

    # what stands in Notion

    def tables(self, name: str) -> dict[str, Any]:
        """Return one of the stand-in's tables, to look at or to bend."""
        table: dict[str, Any] = self.notion._ws.tables[name]
        return table

    def bindings(self) -> dict[str, Binding]:
        with self.store() as store:
            return store.bindings()

    def intents(self) -> list[Intent]:
        with self.store() as store:
            return store.intents()

    def page_id(self, key: str) -> str:
        return self.bindings()[key].remote_id

    def as_person(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Do one request as a person of the workspace; it must be accepted."""
        status, answer = self.notion.call(method, path, body, as_user=self.notion.person)
        assert status == 200, answer
        return answer

    def row(self, key: str) -> dict[str, Any]:
        """Return the bound row of *key* as a person sees it, by column name."""
        page = self.as_person("GET", f"pages/{self.page_id(key)}")
        return {name: value_of(held) for name, held in page["properties"].items()}

    def snapshot(self) -> Any:
        """Return what stands in Notion, but for the rows of Runs and whose hub it is."""
        text = json.dumps(self.notion.snapshot())
        found = json.loads(re.sub(r"cjm-sync:[0-9a-f]{12}(/hub#\d+)?", _unmarked, text))
        _drop_runs(found)
        return found

    def twins(self) -> list[str]:
        """Return the keys that stand on more than one row, in the trash or not."""
        keys: Counter[str] = Counter()
        for source in self.tables("sources").values():
            columns = [c["id"] for c in source["properties"].values() if c["name"] == "Sync key"]
            for row in source["rows"]:
                for column in columns:
                    runs = self.tables("pages")[row]["values"].get(column, [])
                    keys[plain(runs)] += 1
        return sorted(key for key, count in keys.items() if key and count > 1)

    def requests_of(self, act: Callable[[], object]) -> list[RequestLog]:
        """Return the requests that Notion saw while *act* was done."""
        before = len(self.notion.requests)
        act()
        return self.notion.requests[before:]

    def wait(self, **span: float) -> None:
        """Let time go by."""
        self.clock.sleep(timedelta(**span).total_seconds())


class CutTarget:
    """A target that wishes for less; everything else is the target's own."""

    def __init__(self, target: NotionTarget, cut: Callable[[Wished], Wished]) -> None:
        self._target, self._cut = target, cut

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def render(
        self,
        journey_map: JourneyMap,
        *,
        installation: str,
        bound: Sequence[str],
        picture: Picture | None = None,
        disclosure: Disclosure = AGGREGATE,
    ) -> Wished:
        return self._cut(
            self._target.render(
                journey_map,
                installation=installation,
                bound=bound,
                picture=picture,
                disclosure=disclosure,
            )
        )


def cut_to(*beginnings: str) -> Callable[[Wished], Wished]:
    """Return a cut that leaves only the parts and rows whose keys begin so."""

    def cut(wished: Wished) -> Wished:
        return replace(
            wished,
            items=tuple(item for item in wished.items if item.key.startswith(beginnings)),
            pages=tuple(page for page in wished.pages if page.key.startswith(beginnings)),
        )

    return cut


def sampled(places: Sequence[int], every: int) -> Sequence[int]:
    """Return one in *every* of *places*, all of them in a soak."""
    return places if SOAK else places[every // 2 :: every]


def is_write(request: RequestLog) -> bool:
    """Tell whether a request may change Notion."""
    return request.method != "GET" and not _QUERY.search(request.path)


def writes(requests: Sequence[RequestLog]) -> list[tuple[str, str]]:
    """Return the requests that may change Notion, as method and path."""
    return [(r.method, r.path) for r in requests if is_write(r)]


def value_of(held: Mapping[str, Any]) -> Any:
    """Return a property's value as a plain one."""
    kind = str(held["type"])
    value = held[kind]
    if kind in {"title", "rich_text"}:
        return "".join(item["plain_text"] for item in value)
    if kind == "select":
        return value["name"] if value else None
    return value


def _unmarked(match: re.Match[str]) -> str:
    return "cjm-sync:INSTALLATION" + ("/hub" if match[1] else "")


def _drop_runs(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _drop_runs(item)
    elif isinstance(value, dict):
        if value.get("name") == "Runs" and "rows" in value:
            value["rows"] = []
        for item in value.values():
            _drop_runs(item)
