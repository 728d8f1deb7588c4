"""An OAuth app: access tokens are bought when they are needed, and a dead grant is said plainly."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from cjm_sync.errors import ConfigError, TransientError
from cjm_sync.model import Need
from cjm_sync.ports import SecretKeeper, Source
from cjm_sync.wiring import open_world, read_config
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import Answer, HubSpotSandbox
from cjm_sync_sandbox.hubspot.faults import at, stream, unauthorized
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

SECRETS = {"client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh"}
SETTINGS = HubSpotSettings(auth="oauth", client_id="sandbox-client")
CONFIG = """
[hubspot]
auth = "oauth"
client_id = "sandbox-client"
[notion]
parent_page = "0123456789ab4def8123456789abcdef"
[[journeys]]
key = "customers"
name = "Customer journey"
"""
MADE = "2026-03-01T11:30:00.000Z"


class World:
    """A portal with one installed app."""

    def __init__(self) -> None:
        self.clock = FakeClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        row: dict[str, Any] = {"properties": {}, "createdAt": MADE, "updatedAt": MADE}
        calls = [row | {"id": str(9000 + number)} for number in range(250)]
        self.sandbox = HubSpotSandbox(Portal({}, {"calls": calls}), clock=self.clock)

    def source(self, **secrets: str) -> Source:
        assert isinstance(plugin, SecretKeeper)
        return plugin.open(
            SETTINGS,
            clock=self.clock,
            secrets={key: SecretStr(value) for key, value in (SECRETS | secrets).items()},
            transport=httpx.WSGITransport(self.sandbox),
        )

    def bought(self) -> int:
        return Counter(r.path for r in self.sandbox.requests)["/oauth/2026-09/token"]


def read(source: Source) -> int:
    return sum(len(batch.records) for batch in source.pull("calls", Need(), None))


def test_one_token_serves_for_as_long_as_it_is_good() -> None:
    world = World()
    source = world.source()

    first = read(source), read(source), world.bought()
    world.clock.sleep(1790)
    second = read(source), world.bought()

    assert (first, second) == ((250, 250, 1), (250, 2))
    assert {request.status for request in world.sandbox.requests} == {200}


def test_a_token_that_died_in_mid_run_is_bought_anew_once() -> None:
    world = World()
    source = world.source()
    read(source)
    world.sandbox.oauth.expire()

    assert read(source) == 250
    assert world.bought() == 2


def test_a_portal_that_refuses_every_token_is_a_matter_for_a_person() -> None:
    world = World()
    world.sandbox.faults.append(at(stream("calls"), unauthorized()))

    with pytest.raises(ConfigError, match="does not accept the token"):
        read(world.source())

    assert world.bought() == 2


@pytest.mark.parametrize(
    ("secrets", "said"),
    [({"client_secret": "wrong"}, "BAD_CLIENT_SECRET"), ({"refresh_token": "x"}, "BAD_REFRESH")],
)
def test_a_dead_grant_is_a_matter_for_a_person(secrets: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        World().source(**secrets).identify()

    assert "hubspot.refresh_token" in str(caught.value.hint)
    assert not any(value in f"{caught.value}{caught.value.hint}" for value in SECRETS.values())


@pytest.mark.parametrize("answer", [Answer.html("<html>", 503), Answer.json({"token": 5})])
def test_a_token_that_cannot_be_had_now_may_be_had_later(answer: Answer) -> None:
    world = World()
    world.sandbox.faults.append(
        lambda request, sent: answer if sent is not None and "/oauth/" in request.path else None
    )

    with pytest.raises(TransientError):
        world.source().identify()


def test_workers_who_need_a_token_at_once_buy_one() -> None:
    world = World()
    source = world.source()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: read(source), range(4)))

    assert found == [250] * 4
    assert world.bought() == 1


def test_each_kind_of_access_asks_for_its_own_secrets() -> None:
    assert isinstance(plugin, SecretKeeper)

    assert plugin.secrets(HubSpotSettings()) == {"token": "env:HUBSPOT_TOKEN"}
    assert plugin.secrets(SETTINGS) == {
        "client_secret": "env:HUBSPOT_CLIENT_SECRET",
        "refresh_token": "env:HUBSPOT_REFRESH_TOKEN",
    }


def test_an_app_without_its_id_is_refused() -> None:
    with pytest.raises(ValidationError, match="client_id"):
        HubSpotSettings(auth="oauth")


def test_a_run_looks_up_the_secrets_of_the_chosen_access(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    world = World()
    wires = {"hubspot": httpx.WSGITransport(world.sandbox)}
    environment = {
        "NOTION_TOKEN": "ntn",
        "HUBSPOT_CLIENT_SECRET": "sandbox-secret",
        "HUBSPOT_REFRESH_TOKEN": "sandbox-refresh",
    }
    config = read_config(path)

    with open_world(config, environment=environment, clock=world.clock, transports=wires) as opened:
        portal = opened.source.identify()

    assert portal.id == "147893286"
    del environment["HUBSPOT_REFRESH_TOKEN"]
    with (
        pytest.raises(ConfigError, match=r"hubspot\.refresh_token"),
        open_world(config, environment=environment, clock=world.clock, transports=wires),
    ):
        pass
