"""The stream of list memberships: only the lists wanted, whole each time, and who left is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cjm_sync.model import Need, Record
from cjm_sync.ports import Source
from cjm_sync.pull import Pulled, pull
from cjm_sync.store import Store
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

STREAM = "list_memberships"
BORN = "2026-01-01T00:00:00.000Z"


def portal() -> Portal:
    people = [
        {"id": str(n), "properties": {}, "createdAt": BORN, "updatedAt": BORN}
        for n in range(1, 601)
    ]
    lists = [
        {"listId": "7", "name": "VIP", "members": [str(n) for n in range(1, 601)]},
        {"listId": "12", "name": "VIP guests", "members": ["1", "3"]},
        {"listId": "13", "name": "Firms", "objectTypeId": "0-2", "members": []},
        {"listId": "14", "name": "vip", "members": ["5"]},
        {"listId": "15", "name": "12", "members": ["6"]},
        {"listId": "16", "name": "Nobody"},
    ]
    return Portal({"lists": lists}, {"contacts": people, "companies": []})


class World:
    def __init__(self, folder: Path, scopes: frozenset[str] | None = None) -> None:
        self.clock = FakeClock()
        self.sandbox = HubSpotSandbox(portal(), clock=self.clock, scopes=scopes)
        self.store = Store(f"sqlite:///{folder / 'store.db'}")

    def source(self, api_version: str = "2026-09") -> Source:
        return plugin.connect(
            HubSpotSettings.model_validate({"api_version": api_version}),
            clock=self.clock,
            secret=SecretStr(self.sandbox.token),
            transport=httpx.WSGITransport(self.sandbox),
        )

    def read(self, *lists: str, cursor: str | None = None, **version: str) -> list[Record]:
        source = self.source(**version)
        return [
            record
            for batch in source.pull(STREAM, Need(frozenset(lists)), cursor)
            for record in batch.records
        ]

    def pull(self, *lists: str) -> Pulled:
        self.clock.sleep(60)
        needs = {STREAM: Need(frozenset(lists))}
        return pull(self.source(), self.store, needs, clock=self.clock)

    def held(self) -> list[str]:
        return sorted(record.id for record in self.store.records(STREAM))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


@pytest.mark.parametrize("api_version", ["2026-09", "v3"])
def test_a_list_comes_with_each_of_its_members(world: World, api_version: str) -> None:
    records = world.read("VIP guests", api_version=api_version)

    told = {"listId": "12", "name": "VIP guests"}
    assert records == [
        Record(STREAM, "12", told),
        Record(STREAM, "12/1", {**told, "recordId": "1"}),
        Record(STREAM, "12/3", {**told, "recordId": "3"}),
    ]


def test_a_name_stands_for_every_list_that_bears_it_in_any_case(world: World) -> None:
    records = world.read("Vip")

    assert [record.id for record in records if "recordId" not in record.properties] == ["7", "14"]
    assert len(records) == 2 + 601


def test_an_id_goes_before_a_name_and_a_number_may_be_a_name(world: World) -> None:
    assert [record.id for record in world.read("12")] == ["12", "12/1", "12/3"]
    world.sandbox.design.add_list("40", "99")
    assert [record.id for record in world.read("99")] == ["40"]


def test_a_list_without_members_is_there_all_the_same(world: World) -> None:
    assert [record.id for record in world.read("Nobody")] == ["16"]


@pytest.mark.parametrize("name", ["VIPs", "99", "Firms", "13"])
def test_a_list_that_is_none_of_contacts_is_a_finding(world: World, name: str) -> None:
    (batch,) = world.source().pull(STREAM, Need(frozenset({name})), None)

    assert (batch.records, batch.cursor) == ((), None)
    assert [(f.code, f.key) for f in batch.findings] == [("unknown_list", STREAM)]


def test_only_the_wanted_lists_are_asked_for(world: World) -> None:
    world.sandbox.requests.clear()

    world.read("12", "16")

    assert sorted(request.path for request in world.sandbox.requests) == [
        "/crm/lists/2026-09/12",
        "/crm/lists/2026-09/12/memberships",
        "/crm/lists/2026-09/16",
        "/crm/lists/2026-09/16/memberships",
    ]


def test_a_reading_goes_on_from_every_cursor(world: World) -> None:
    wanted = ("VIP", "12", "16")
    whole = world.read(*wanted)
    batches = list(world.source().pull(STREAM, Need(frozenset(wanted)), None))

    assert len(batches) == 3 + 1 + 1 + 1
    seen: list[Record] = []
    for batch in batches[:-1]:
        seen += batch.records
        assert seen + world.read(*wanted, cursor=batch.cursor) == whole


def test_who_left_the_list_is_gone_at_the_next_pull(world: World) -> None:
    world.pull("12")
    world.sandbox.design.leave_list("12", "3")
    world.sandbox.design.join_list("12", "9")

    pulled = world.pull("12")

    assert world.held() == ["12", "12/1", "12/9"]
    count = pulled.counts[STREAM]
    assert (count.changed, count.archived) == (1, 1)


def test_a_list_that_is_no_longer_wanted_is_gone_at_the_next_pull(world: World) -> None:
    world.pull("12", "14")

    world.pull("14")

    assert world.held() == ["14", "14/5"]


def test_nothing_of_lists_is_read_unless_it_is_wanted(world: World) -> None:
    assert STREAM not in world.source().streams({"contacts": Need()})


def test_check_names_the_scope_that_lists_need(tmp_path: Path) -> None:
    world = World(tmp_path, frozenset({"crm.objects.contacts.read"}))

    checks = {one.name: one for one in world.source().check({STREAM: Need(frozenset({"VIP"}))})}

    assert checks[f"hubspot {STREAM}"].state == "warning"
    assert "crm.lists.read" in checks[f"hubspot {STREAM}"].hint
    world.store.close()
