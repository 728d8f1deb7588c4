"""Put a run together from a configuration: plugins found, secrets looked up, connections opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from pydantic import BaseModel

from cjm_sync.config import Config, journey_requests, load_config, resolve_secret
from cjm_sync.engine import Engine, compute_map
from cjm_sync.errors import CjmSyncError, ConfigError
from cjm_sync.journey.overlay import overlay
from cjm_sync.journey.types import JourneyMap
from cjm_sync.ports import (
    Clock,
    JourneyRequest,
    MappingPlugin,
    Painter,
    SecretKeeper,
    Source,
    SourcePlugin,
    Target,
)
from cjm_sync.registry import find_plugin, plugin_names
from cjm_sync.runs import Progress, Settings
from cjm_sync.steps import Rules
from cjm_sync.store import Store

SOURCE, TARGET, MAPPING = "hubspot", "notion", "crm"

ROW_WORKERS = 6
"""With answers after half a second, six write the 600 a minute that the larger plans grant."""

Transports = Mapping[str, httpx.BaseTransport]
"""By the plugin's table; a missing one means the network."""


@dataclass(frozen=True, slots=True)
class Home:
    """What can be done without asking either service: configuration, store, profiles."""

    config: Config
    store: Store
    mapping: MappingPlugin
    journeys: tuple[JourneyRequest, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything one run needs."""

    home: Home
    source: Source
    target: Target
    clock: Clock

    def engine(self, progress: Progress | None = None) -> Engine:
        """Return an engine over this world."""
        config = self.home.config
        return Engine(
            store=self.home.store,
            source=self.source,
            target=self.target,
            mapping=self.home.mapping,
            clock=self.clock,
            settings=Settings(
                journeys=self.home.journeys,
                rules=Rules(
                    on_person_edit=config.safety.on_person_edit,
                    on_person_delete=config.safety.on_person_delete,
                    max_removals=config.safety.max_removals,
                ),
                heartbeat=config.schedule.heartbeat,
                timezone=config.schedule.timezone,
                sweep_pages=config.schedule.sweep_pages,
                row_workers=ROW_WORKERS,
            ),
            progress=progress,
            painter=_painter(),
        )


def _painter() -> Painter | None:
    """Return the exporter that paints pictures for pages, if one is installed."""
    exporters = (find_plugin("exporters", name) for name in plugin_names("exporters"))
    return next((exporter for exporter in exporters if isinstance(exporter, Painter)), None)


def read_config(path: Path) -> Config:
    """Read the configuration with the tables of the installed plugins."""
    tables: dict[str, type[BaseModel]] = {
        SOURCE: find_plugin("sources", SOURCE).settings,
        TARGET: find_plugin("targets", TARGET).settings,
    }
    return load_config(path, tables)


@contextmanager
def open_home(config: Config) -> Iterator[Home]:
    """Open the store and read the profiles; asks neither service."""
    mapping: MappingPlugin = find_plugin("mappings", MAPPING)
    journeys = journey_requests(config, mapping)
    with Store(_store_url(config), workspace=config.store.workspace) as store:
        yield Home(config, store, mapping, journeys)


def _connect(
    plugin: SourcePlugin,
    settings: Any,
    *,
    environment: Mapping[str, str],
    clock: Clock,
    transport: httpx.BaseTransport | None,
) -> Source:
    """Look up the secrets that the source's settings ask for, and connect it."""
    if isinstance(plugin, SecretKeeper):
        secrets = {
            key: resolve_secret(reference, environment, key=f"{SOURCE}.{key}")
            for key, reference in plugin.secrets(settings).items()
        }
        return plugin.open(settings, clock=clock, secrets=secrets, transport=transport)
    secret = resolve_secret(settings.token, environment, key=f"{SOURCE}.token")
    return plugin.connect(settings, clock=clock, secret=secret, transport=transport)


@contextmanager
def open_source(
    config: Config,
    *,
    environment: Mapping[str, str],
    clock: Clock,
    transports: Transports | None = None,
) -> Iterator[tuple[Home, Source]]:
    """Open the store and the source; the target is not needed, nor its secret looked up."""
    with open_home(config) as home:
        for journey in home.journeys:
            home.mapping.needs(journey)  # refuses what this version cannot compute
        source = _connect(
            find_plugin("sources", SOURCE),
            config.tables[SOURCE],
            environment=environment,
            clock=clock,
            transport=(transports or {}).get(SOURCE),
        )
        try:
            yield home, source
        finally:
            source.close()


@contextmanager
def open_world(
    config: Config,
    *,
    environment: Mapping[str, str],
    clock: Clock,
    transports: Transports | None = None,
) -> Iterator[World]:
    """Open everything that a run needs; nothing is asked yet."""
    wires = transports or {}
    with ExitStack() as stack:
        home, source = stack.enter_context(
            open_source(config, environment=environment, clock=clock, transports=wires)
        )
        target_settings: Any = config.tables[TARGET]
        target: Target = find_plugin("targets", TARGET).connect(
            target_settings,
            clock=clock,
            secret=resolve_secret(target_settings.token, environment, key=f"{TARGET}.token"),
            transport=wires.get(TARGET),
            timezone=config.schedule.timezone,
            settle_seconds=config.store.settle_seconds,
            folder=_folder(config),
        )
        stack.callback(target.close)
        yield World(home, source, target, clock)


def _folder(config: Config) -> Path:
    """Return where files that belong to the store are left: beside it, else the configuration."""
    url = sa.make_url(_store_url(config))
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return Path(str(url.database)).parent if is_file else config.path.parent


def _store_url(config: Config) -> str:
    """Return the store's URL; a relative SQLite file lies beside the configuration."""
    try:
        url = sa.make_url(config.store.url)
    except sa.exc.ArgumentError as error:
        raise ConfigError(
            "store.url is no database URL",
            hint="Write sqlite:///cjm-sync.db or postgresql+psycopg://USER@HOST/NAME.",
        ) from error
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return url.render_as_string(hide_password=False)
    path = config.path.parent / Path(str(url.database))
    return url.set(database=str(path)).render_as_string(hide_password=False)


def map_of(home: Home, as_of: datetime | None, *, with_people: bool = False) -> JourneyMap:
    """Compute the map at *as_of* (None: T of the last finished sync) from the mirror alone.

    *with_people* lays what people put into their cells over it, as the last run saw them.
    """
    as_of = reference_time(home, as_of)
    people = home.store.people() if with_people else {}
    computed = compute_map(
        home.mapping,
        home.store,
        home.journeys,
        as_of=as_of,
        timezone=home.config.schedule.timezone,
        people=people,
    )
    return overlay(computed, people)


def reference_time(home: Home, as_of: datetime | None) -> datetime:
    """Return *as_of*, else T of the last finished sync; raises CjmSyncError without a mirror."""
    if not home.store.count_records():
        raise CjmSyncError(
            "nothing has been read from HubSpot yet, so there is no map",
            hint="Run `cjm-sync sync` first.",
        )
    if as_of is not None:
        return as_of
    last = home.store.facts().get("last_as_of")
    if last is None:
        raise CjmSyncError(
            "no sync has finished yet, so there is no map",
            hint="Run `cjm-sync sync` first, or name a time with --as-of.",
        )
    return datetime.fromisoformat(last)
