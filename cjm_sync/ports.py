"""What the core asks of the outside. A third party's plugin implements these and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import httpx
from pydantic import AfterValidator, BaseModel, SecretStr

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Batch, Finding, Need, Record


def _check_reference(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme in {"env", "file", "keyring"} and rest:
        return value
    raise ValueError(
        "a secret is not written into the configuration; use env:NAME, file:PATH or keyring:SERVICE"
    )


SecretReference = Annotated[str, AfterValidator(_check_reference)]
"""Where a secret is found: `env:NAME`, `file:PATH` or `keyring:SERVICE`; a literal is refused."""


class Clock(Protocol):
    """Time as an input."""

    def now(self) -> datetime:
        """Return the time of day, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait; a test's clock only moves on."""


@dataclass(frozen=True, slots=True)
class Check:
    """One precondition that `check` looked at; *hint* is the remedy when it is not met."""

    name: str
    state: Literal["ok", "warning", "failed"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """The source's account: *id* tells portals apart."""

    id: str
    name: str = ""
    currency: str = ""
    timezone: str = "UTC"


class Source(Protocol):
    """Somewhere records are read from."""

    def identify(self) -> Account:
        """Ask whose account the token opens; raises ConfigError on a bad token. Repeatable."""

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        """Return the names of the streams to pull for *needs*, in the order to pull them."""

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        """Yield the stream's pages from *cursor* (None: the beginning) to its end.

        Raises RejectedError with status 403 when the token may not read it (the hint names the
        scope), TransientError when it failed midway. Repeatable from any cursor yielded.
        """

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        """Yield what must hold before a run can succeed. Writes nothing."""

    def requests(self) -> int:
        """Return how many requests this source has sent."""

    def waited_seconds(self) -> float:
        """Return how long this source has waited for the remote's limits."""

    def close(self) -> None:
        """Give connections back."""


class SourcePlugin(Protocol):
    """What the entry point of a source offers."""

    table: str
    settings: type[BaseModel]

    def connect(
        self,
        settings: Any,
        *,
        clock: Clock,
        secret: SecretStr,
        transport: httpx.BaseTransport | None,
    ) -> Source:
        """Return a source that speaks through *transport* (None: the network)."""


@dataclass(frozen=True, slots=True)
class JourneyRequest:
    """What the configuration says of one journey; *profile_text* is its TOML as read."""

    key: str
    name: str
    unit: Literal["contact", "company", "deal"]
    profile: str
    profile_text: str
    where: Mapping[str, Any]
    formerly: tuple[str, ...] = ()


class Records(Protocol):
    """The mirror, as a mapping sees it: live records only, former ids already resolved or not."""

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the source's own word
        """Yield every live record of *object*, ascending by id (numbers before text)."""


class MappingPlugin(Protocol):
    """What the entry point of a mapping offers; everything here is pure."""

    def profile_text(self, name: str) -> str | None:
        """Return the TOML of the bundled profile *name*, or None when there is none."""

    def validate(self, text: str, *, name: str) -> None:
        """Raise ConfigError naming line, key and remedy when the profile is not usable."""

    def needs(self, journey: JourneyRequest) -> Mapping[str, Need]:
        """Return what this journey reads, by object, and no more."""

    def facts(self, records: Records, journey: JourneyRequest, *, as_of: datetime) -> Facts:
        """Turn records into what `cjm_sync.journey.compute` needs."""


class ExporterPlugin(Protocol):
    """What the entry point of an exporter offers; the same map gives the same bytes."""

    suffix: str
    is_text: bool

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return the map in this format."""


@dataclass(frozen=True, slots=True)
class SandboxAddresses:
    """Where a running sandbox listens, and what opens it."""

    hubspot_url: str
    hubspot_token: str
    notion_url: str
    notion_token: str
    parent_page: str
    viewer_url: str


class SandboxPlugin(Protocol):
    """What the entry point of a sandbox offers."""

    def run(
        self,
        *,
        folder: Path,
        portal: Path | None,
        host: str,
        port: int,
        seed: int,
    ) -> AbstractContextManager[SandboxAddresses]:
        """Serve the stand-ins and the viewer on loopback until the context ends.

        State is loaded from *folder* when it is there, and saved to it at the end. *portal* is a
        folder of JSON lines to serve instead of the sample portal. *port* 0 picks free ones.
        """

    def as_of(self, folder: Path) -> datetime | None:
        """Return the reference time that the served portal was made for, if it has one."""


__all__ = [
    "Account", "Check", "Clock", "ExporterPlugin", "Finding", "JourneyRequest", "MappingPlugin",
    "Records", "SandboxAddresses", "SandboxPlugin", "SecretReference", "Source", "SourcePlugin",
]
