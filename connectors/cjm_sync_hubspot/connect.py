"""What the entry point offers: the settings of `[hubspot]` and a source made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, model_validator

from cjm_sync.http import open_client, open_road
from cjm_sync.ports import Clock, SecretReference, SourcePlugin
from cjm_sync_hubspot.access import Grant
from cjm_sync_hubspot.api import Api, ApiVersion
from cjm_sync_hubspot.policy import POLICY
from cjm_sync_hubspot.source import HubSpotSource

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _span(value: object) -> object:
    """Read `90s`, `60m`, `2h` or `1d`; pydantic judges everything else."""
    match = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", value) if isinstance(value, str) else None
    if match is not None:
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a span as a number and a unit, such as "60m"')


def _address(value: object) -> object:
    """Accept an address of http or https; without its final slash it is the same one."""
    try:
        url = httpx.URL(value) if isinstance(value, str) else None
    except httpx.InvalidURL:
        url = None
    if url is None or url.scheme not in {"http", "https"} or not url.host:
        raise ValueError('write the address in full, such as "https://api.hubapi.com"')
    return str(url).rstrip("/")


class HubSpotSettings(BaseModel):
    """The table `[hubspot]` of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretReference = "env:HUBSPOT_TOKEN"  # noqa: S105 - where it is, not what it is
    base_url: Annotated[str, BeforeValidator(_address)] = "https://api.hubapi.com"
    api_version: ApiVersion = "2026-09"
    overlap: Annotated[timedelta, BeforeValidator(_span)] = timedelta(minutes=60)
    auth: Literal["token", "oauth"] = "token"
    client_id: str = ""
    client_secret: SecretReference = "env:HUBSPOT_CLIENT_SECRET"  # noqa: S105 - where it is
    refresh_token: SecretReference = "env:HUBSPOT_REFRESH_TOKEN"  # noqa: S105 - where it is

    @model_validator(mode="after")
    def _names_its_app(self) -> Self:
        if self.auth == "oauth" and not self.client_id:
            raise ValueError('auth = "oauth" needs the app\'s client_id')
        return self


class HubSpotPlugin:
    """The entry point `hubspot` of `cjm_sync.sources`."""

    table = "hubspot"
    settings: type[BaseModel] = HubSpotSettings

    def connect(
        self,
        settings: HubSpotSettings,
        *,
        clock: Clock,
        secret: SecretStr,
        transport: httpx.BaseTransport | None,
    ) -> HubSpotSource:
        """Return a source that speaks with a token, through *transport* (None: the network)."""
        return self.open(settings, clock=clock, secrets={"token": secret}, transport=transport)

    def secrets(self, settings: HubSpotSettings) -> Mapping[str, str]:
        """Return where the secrets are that the chosen kind of access takes, by their keys."""
        if settings.auth == "token":
            return {"token": settings.token}
        return {
            "client_secret": settings.client_secret,
            "refresh_token": settings.refresh_token,
        }

    def open(
        self,
        settings: HubSpotSettings,
        *,
        clock: Clock,
        secrets: Mapping[str, SecretStr],
        transport: httpx.BaseTransport | None,
    ) -> HubSpotSource:
        """Return a source as `connect` does, with the *secrets* found under those keys."""
        road = open_road(settings.base_url, clock=clock, policy=POLICY, transport=transport)
        http = open_client(
            settings.base_url,
            road=road,
            headers={"Accept": "application/json", "User-Agent": "cjm-sync"},
        )
        if "token" in secrets:
            http.headers["Authorization"] = f"Bearer {secrets['token'].get_secret_value()}"
        else:
            http.auth = Grant(
                base_url=settings.base_url,
                clock=clock,
                client_id=settings.client_id,
                client_secret=secrets["client_secret"],
                refresh_token=secrets["refresh_token"],
            )
        api = Api(http, settings.api_version, clock)
        return HubSpotSource(api, road, overlap=settings.overlap)


plugin: SourcePlugin = HubSpotPlugin()
