"""Imports of a portal: stopped anywhere they go on, a part adds only, and a sync goes on from them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.backfill import Imported, Wanted, backfill
from cjm_sync.errors import BusyError, ConfigError, GuardTripped
from cjm_sync.model import Need, Record
from cjm_sync.ports import Excerpt, Source
from cjm_sync.pull import Pulled, pull
from cjm_sync.store import Store
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FORM = "0a0a0a0a-0000-4000-8000-000000000001"
NEEDS = {
    "owners": Need(),
    "contacts": Need(
        frozenset({"email", "lifecyclestage"}),
        frozenset({"lifecyclestage"}),
        frozenset({"companies"}),
    ),
    "companies": Need(frozenset({"industry"})),
    "deals": Need(
        frozenset({"amount", "pipeline"}), frozenset({"dealstage"}), frozenset({"contacts"})
    ),
    "form_submissions": Need(),
}
FOLLOWED = ("contacts", "companies", "deals", "form_submissions")
SIZE = 230
"""People: several pages of a listing, of a search and of a list's members."""


class Stop(BaseException):
    """The process ends here."""


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(id_: int, days: float, stage: str = "", **values: str) -> dict[str, Any]:
    """Return a record that was made and last modified *days* ago."""
    at = text(START - timedelta(days=days))
    name = {"c": "lifecyclestage", "d": "dealstage"}.get(stage[:1], "")
    past = {name: [{"value": stage[2:], "timestamp": at, "sourceType": "CRM_UI"}]} if name else {}
    own = {name: stage[2:]} if name else {}
    return {
        "id": str(id_),
        "properties": {**values, **own},
        "createdAt": at,
        "updatedAt": at,
        "history": past,
    }


def portal() -> Portal:
    return Portal(
        {
            "forms": [{"id": FORM, "name": "Demo"}],
            "lists": [
                {
                    "listId": "7",
                    "name": "VIP",
                    "members": [str(1000 + n) for n in range(0, SIZE, 2)],
                },
                {"listId": "12", "name": "VIP guests", "members": ["1001", "1003"]},
                {"listId": "13", "name": "Firms", "objectTypeId": "0-2", "members": ["3000"]},
            ],
        },
        {
            # The n-th of SIZE was last modified n days ago.
            "contacts": [row(1000 + n, n, "c:lead", email=f"p{n}@x.example") for n in range(SIZE)],
            "companies": [row(3000 + n, n, industry="RETAIL") for n in range(5)],
            "deals": [
                row(5000 + n, n, "d:won", amount="1", pipeline=("default", "renewals")[n % 2])
                for n in range(60)
            ],
            "form_submissions": [
                {
                    "formId": FORM,
                    "conversionId": f"0b0b0b0b-0000-4000-8000-{n:012}",
                    "submittedAt": int((START - n * DAY).timestamp() * 1000),
                    "values": [],
                }
                for n in range(5)
            ],
        },
    )


class World:
    def __init__(self, folder: Path, *, scopes: frozenset[str] | None = None) -> None:
        self.clock = FakeClock(START)
        self.sandbox = HubSpotSandbox(portal(), clock=self.clock, scopes=scopes)
        self.store = Store(f"sqlite:///{folder / 'store.db'}")

    def source(self) -> Source:
        return plugin.connect(
            HubSpotSettings(),
            clock=self.clock,
            secret=SecretStr(self.sandbox.token),
            transport=httpx.WSGITransport(self.sandbox),
        )

    def bring(
        self, *objects: str, stop_at: int | None = None, workers: int = 1, **excerpt: Any
    ) -> Imported:
        """Import; with *stop_at* the process ends when that page of records was saved."""
        seen: list[str] = []

        def progress(stream: str, _read: int) -> None:
            seen.extend([stream] if stream in FOLLOWED else [])
            if len(seen) == stop_at:
                raise Stop

        self.sandbox.requests.clear()
        return backfill(
            self.source(),
            self.store,
            NEEDS,
            Wanted(Excerpt(**excerpt), objects),
            clock=self.clock,
            progress=progress,
            workers=workers,
        )

    def sync(self, **options: Any) -> Pulled:
        self.sandbox.requests.clear()
        return pull(self.source(), self.store, NEEDS, clock=self.clock, **options)

    def held(self, stream: str = "contacts") -> list[int]:
        return [int(record.id) for record in self.store.records(stream)]

    def mirror(self) -> dict[str, dict[str, Record]]:
        return {name: {r.id: r for r in self.store.records(name)} for name in FOLLOWED}

    def truth(self) -> dict[str, dict[str, Record]]:
        source = self.source()
        source.streams(NEEDS)
        return {
            name: {r.id: r for b in source.pull(name, NEEDS[name], None) for r in b.records}
            for name in FOLLOWED
        }

    def asked(self, *words: str) -> list[str]:
        """Return the paths of the requests that hold any of *words*."""
        paths = [request.path for request in self.sandbox.requests]
        return [path for path in paths if any(word in path for word in words)]

    def listed(self) -> list[str]:
        """Return the objects that were listed, once for each page."""
        paths = self.asked("/crm/objects/")
        return [path.rpartition("/")[2] for path in paths if not path.endswith(("search", "read"))]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


# everything


def test_a_sync_after_an_import_of_everything_asks_only_for_what_changed(world: World) -> None:
    imported = world.bring()
    first = len(world.sandbox.requests)
    world.clock.sleep(3600)
    world.sandbox.edit.update("contacts", "1005", {"lifecyclestage": "customer"})

    pulled = world.sync()

    assert imported.outcome == "done"
    assert imported.requests == first
    assert imported.pulled.counts["contacts"].changed == SIZE
    assert pulled.counts["contacts"].changed == 1
    assert world.listed() == []
    assert world.mirror() == world.truth()


@pytest.mark.parametrize("page", range(1, 9))
def test_an_import_that_was_stopped_goes_on_and_so_does_a_sync(world: World, page: int) -> None:
    with pytest.raises(Stop):
        world.bring(stop_at=page)
    before = world.held()

    pulled = world.sync()

    assert world.mirror() == world.truth()
    assert pulled.counts["contacts"].changed == SIZE - len(before)


def test_an_import_removes_nothing_and_the_next_sync_does(world: World) -> None:
    world.bring(since=START - 30 * DAY)
    world.clock.sleep(60)
    world.sandbox.edit.archive("contacts", "1003")

    world.bring()

    assert 1003 in world.held()
    assert len(world.held()) == SIZE
    world.sync()
    assert world.mirror() == world.truth()


def test_an_import_of_one_object_leaves_what_describes_the_others(world: World) -> None:
    world.sync()
    definitions = {record.id for record in world.store.records("properties")}

    world.bring("companies")

    assert {record.id for record in world.store.records("properties")} == definitions
    assert any(name.startswith("deals/") for name in definitions)
    assert not world.asked("/contacts/search", "/deals/search")


def test_only_the_objects_named_are_read_to_their_end(world: World) -> None:
    world.bring("companies", "deals")

    assert {name: len(held) for name, held in world.mirror().items()} == {
        "contacts": 0,
        "companies": 5,
        "deals": 60,
        "form_submissions": 0,
    }
    world.sync()
    assert set(world.listed()) == {"contacts"}
    assert world.mirror() == world.truth()


# a span of time


def test_only_what_was_modified_in_the_span_is_read(world: World) -> None:
    # A reading of changes reaches an hour further back, which finds nothing more here.
    world.bring(since=START - 20 * DAY, until=START - 10 * DAY)

    assert world.held() == [1000 + n for n in range(10, 21)]
    assert world.held("deals") == [5000 + n for n in range(10, 21)]
    assert world.held("companies") == []


@pytest.mark.parametrize(
    ("span", "days"),
    [({"since": START - 3 * DAY}, range(4)), ({"until": START - 227 * DAY}, range(227, SIZE))],
)
def test_one_end_of_the_span_may_be_left_open(
    world: World, span: dict[str, Any], days: range
) -> None:
    world.bring("contacts", **span)

    assert world.held() == [1000 + n for n in days]


def test_a_part_does_not_pass_for_the_whole(world: World) -> None:
    world.bring(since=START - 20 * DAY)
    part = world.held()

    pulled = world.sync()

    assert pulled.counts["contacts"].read == SIZE
    assert pulled.counts["contacts"].changed == SIZE - len(part)
    assert pulled.counts["contacts"].archived == 0
    assert world.mirror() == world.truth()


def test_a_part_brought_into_a_full_mirror_changes_nothing_that_did_not_change(
    world: World,
) -> None:
    world.sync()
    before = world.mirror()
    world.clock.sleep(60)

    imported = world.bring(since=START - 20 * DAY)

    assert {n: c.changed for n, c in imported.pulled.counts.items()} == dict.fromkeys(
        imported.pulled.counts, 0
    )
    assert world.mirror() == before
    world.sync(full=True)
    assert world.mirror() == before


@pytest.mark.parametrize("page", range(1, 9))
def test_a_part_that_was_stopped_goes_on_where_it_was(
    world: World, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_sync_hubspot.changes.SEARCH_LIMIT", 10)  # 5 + 1 + 2 + 1 pages
    span: dict[str, Any] = {"since": START - 400 * DAY, "until": START}
    with pytest.raises(Stop):
        world.bring(stop_at=page, **span)
    before = {name: len(records) for name, records in world.mirror().items()}

    world.clock.sleep(60)
    imported = world.bring(**span)

    assert world.mirror() == world.truth()
    counts = imported.pulled.counts
    assert {name: counts[name].changed for name in FOLLOWED} == {
        name: len(records) - before[name] for name, records in world.mirror().items()
    }
    ends = {"contacts": 5, "companies": 6, "deals": 8}
    assert not [
        path for name, end in ends.items() if page >= end for path in world.asked(f"/{name}/search")
    ]


def test_a_part_that_was_finished_begins_anew(world: World) -> None:
    world.bring(since=START - 3 * DAY)
    world.clock.sleep(60)
    world.sandbox.edit.update("contacts", "1100", {"lifecyclestage": "customer"})

    imported = world.bring(since=START - 3 * DAY)

    assert imported.pulled.counts["contacts"].changed == 1
    assert 1100 in world.held()


def test_several_streams_may_be_brought_at_once(world: World) -> None:
    world.bring(since=START - 400 * DAY, workers=4)

    assert world.mirror() == world.truth()


# lists and pipelines


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (("vip",), set(range(1000, 1000 + SIZE, 2))),
        (("7",), set(range(1000, 1000 + SIZE, 2))),
        (("12",), {1001, 1003}),
        (("VIP", "VIP guests"), {1001, 1003, *range(1000, 1000 + SIZE, 2)}),
    ],
)
def test_only_who_is_on_the_list_is_read_and_nothing_else(
    world: World, names: tuple[str, ...], ids: set[int]
) -> None:
    world.bring(lists=names)

    truth = world.truth()
    assert set(world.held()) == ids
    assert all(world.mirror()["contacts"][str(id_)] == truth["contacts"][str(id_)] for id_ in ids)
    assert (world.held("deals"), world.held("companies")) == ([], [])


def test_who_is_modified_while_a_list_is_read_is_read_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_sync_hubspot.api.MEMBERS_LIMIT", 50)

    def progress(_stream: str, _read: int) -> None:
        world.clock.sleep(60)
        world.sandbox.edit.update("contacts", "1200", {"lifecyclestage": "customer"})

    wanted = Wanted(Excerpt(lists=("VIP",)))
    backfill(world.source(), world.store, NEEDS, wanted, clock=world.clock, progress=progress)

    assert 1200 in world.held()


def test_a_list_and_a_span_hold_together(world: World) -> None:
    world.bring(lists=("VIP",), since=START - 6 * DAY, until=START - 2 * DAY)

    assert world.held() == [1002, 1004, 1006]


@pytest.mark.parametrize("page", range(1, 7))
def test_an_import_of_lists_that_was_stopped_goes_on_where_it_was(
    world: World, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_sync_hubspot.api.MEMBERS_LIMIT", 50)  # 3 + 3 + 1 pages
    world.sandbox.design.join_list("12", *(str(1000 + n) for n in range(5, SIZE, 2)))
    world.sandbox.design.add_list("14", "Third")
    world.sandbox.design.join_list("14", "1000", "1001")
    lists = ("7", "12", "14")
    with pytest.raises(Stop):
        world.bring(lists=lists, stop_at=page)
    before = world.held()

    world.bring(lists=lists)

    assert 50 <= len(before) < SIZE or page == 6
    assert world.held() == [1000 + n for n in range(SIZE)]
    assert len(world.asked("/memberships")) == 7 - page


def test_only_deals_of_the_pipeline_are_read(world: World) -> None:
    world.bring(pipelines=("renewals",))

    assert world.held("deals") == [5000 + n for n in range(1, 60, 2)]
    assert world.held() == []


def test_a_pipeline_beside_named_objects_limits_the_deals_alone(world: World) -> None:
    world.bring("deals", "companies", pipelines=("default",), since=START - 3 * DAY)

    assert world.held("deals") == [5000, 5002]
    assert world.held("companies") == [3000, 3001, 3002, 3003]


# what cannot be


@pytest.mark.parametrize(
    ("objects", "excerpt", "words"),
    [
        (("contact",), {}, "--object 'contact' is nothing that the configured journeys read"),
        (("tickets",), {}, "--object 'tickets'"),
        (("deals",), {"lists": ("VIP",)}, "--list limits none"),
        (("contacts",), {"pipelines": ("default",)}, "--pipeline limits none"),
        ((), {"lists": ("VIPs",)}, "no list of contacts with the id or name 'VIPs'"),
        ((), {"lists": ("Firms",)}, "no list of contacts with the id or name 'Firms'"),
        ((), {"lists": ("99",)}, "no list of contacts with the id or name '99'"),
        ((), {"since": START + HOUR}, "--since is not earlier"),
        ((), {"since": START - DAY, "until": START - DAY}, "--since is not earlier"),
    ],
)
def test_what_cannot_be_imported_is_said(
    world: World, objects: tuple[str, ...], excerpt: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        world.bring(*objects, **excerpt)

    assert words in str(refused.value)
    assert refused.value.hint
    assert world.held() == []


def test_a_mirror_of_another_portal_is_left_alone(world: World) -> None:
    world.store.set_facts({"portal_id": "42"})

    with pytest.raises(GuardTripped, match="belongs to the HubSpot portal 42"):
        world.bring()

    assert world.held() == []


def test_an_import_waits_for_no_other_run(world: World) -> None:
    with world.store.lock(), pytest.raises(BusyError):
        world.bring()


def test_a_token_without_the_scope_for_lists_is_told_its_name(tmp_path: Path) -> None:
    world = World(tmp_path, scopes=frozenset({"crm.objects.contacts.read"}))

    imported = world.bring(lists=("VIP",))

    said = {finding.key: finding for finding in imported.pulled.findings}
    assert said["contacts"].code == "stream_unavailable"
    assert "crm.lists.read" in said["contacts"].hint
    world.store.close()
