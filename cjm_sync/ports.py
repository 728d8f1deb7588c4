"""What the core asks of the outside. A third party's plugin implements these and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

import httpx
from pydantic import AfterValidator, BaseModel, SecretStr

from cjm_sync.journey.facts import Facts
from cjm_sync.journey.types import JourneyMap, JourneyPeople
from cjm_sync.model import (
    Batch,
    Binding,
    Finding,
    Intent,
    Item,
    Missing,
    Need,
    Observed,
    Page,
    Record,
    Wished,
)


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
    exit_code: int = 2
    """What `check` ends with when this failed: 2 needs a person, 1 may pass later."""


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


class Known(Protocol):
    """What the mirror holds, for a source that must tell what can have changed."""

    def records(self, object: str, ids: Sequence[str]) -> Mapping[str, Record]:  # noqa: A002 - the source's own word
        """Return by id those of *ids* that the mirror holds. Asks nobody."""


@runtime_checkable
class Follower(Protocol):
    """What a source offers beside `Source` when it can tell what changed since a moment.

    A source without it is read in full at every run.
    """

    def follows(self, stream: str) -> bool:
        """Tell whether `changes` knows *stream*; one that it does not know is read in full."""

    def changes(
        self,
        stream: str,
        need: Need,
        *,
        since: datetime,
        until: datetime,
        known: Known,
        cursor: str | None,
    ) -> Iterator[Batch]:
        """Yield what changed from *since* to *until*, and some time before for the remote's lag.

        Repeatable from any cursor yielded, which carries its own window. Records may come that
        did not change. What is gone does not show. Raises as `Source.pull` does.
        """

    def archived(self, stream: str, cursor: str | None) -> Iterator[Batch]:
        """Yield the stream's archived records, bare, to the end; one empty batch if it has none.

        Where others belong to them they come with the values that tell whose those are.

        What neither `Source.pull` nor this shows was erased, or merged into another.
        """

    def look_up(self, stream: str, ids: Sequence[str]) -> Batch | None:
        """Look for records that no listing showed; None when *stream* cannot be asked by id.

        Returns those that are there all the same or `archived`, bare, and who was merged into
        whom. One that the remote could not tell about counts as being there.
        """


@dataclass(frozen=True, slots=True)
class Belonging:
    """How a record of *stream* names the person of *owner* that it is about.

    The text in its *field* is one of the values of *properties* of the person's record, which
    *separator* keeps apart; without properties, the person's id or a former one. Case and the space
    around do not count. With *among*, only rows in which that field has one of those values count,
    lower-cased; an empty one stands for none.
    """

    stream: str
    field: str
    owner: str
    properties: tuple[str, ...] = ()
    separator: str = ";"
    among: tuple[str, frozenset[str]] | None = None


@runtime_checkable
class Personal(Protocol):
    """What a source offers beside `Follower` when records of one stream are of people of another.

    When a person is erased at the source, what belonged to them leaves the mirror as well, and does
    not come back.
    """

    def belongings(self) -> Sequence[Belonging]:
        """Return what belongs to whom; always the same."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Which part of a source is wanted; None and () stand for no limit.

    *since* and *until* bound when a record was last modified, or happened. *lists* are ids or
    names of lists of contacts, *pipelines* ids of pipelines.
    """

    since: datetime | None = None
    until: datetime | None = None
    lists: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()


@runtime_checkable
class Excerpter(Protocol):
    """What a source offers beside `Source` when it can be asked for lists and pipelines."""

    def narrows(self, stream: str, excerpt: Excerpt) -> bool:
        """Tell whether the lists or pipelines of *excerpt* leave records of *stream* out."""

    def excerpt(
        self, stream: str, need: Need, excerpt: Excerpt, *, known: Known, cursor: str | None
    ) -> Iterator[Batch]:
        """Yield the records of *stream* that *excerpt* wants, for a stream that it narrows.

        Repeatable from any cursor yielded. Raises ConfigError when there is no such list, and else
        as `Source.pull` does.
        """


@runtime_checkable
class Sampler(Protocol):
    """What a source offers beside `Source` when it can show a few contacts and what is theirs."""

    def samples(self, stream: str) -> bool:
        """Tell whether *stream* has a sample; one that describes the account is pulled whole."""

    def sample(self, stream: str, need: Need, *, size: int) -> Iterator[Batch]:
        """Yield at most *size* contacts, or of another stream what belongs to those yielded before.

        From the beginning each time. What is left out is a finding. Raises as `Source.pull` does.
        """


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


@runtime_checkable
class SecretKeeper(Protocol):
    """What a source plugin offers beside `connect` when its access may take other secrets."""

    def secrets(self, settings: Any) -> Mapping[str, str]:
        """Return the references of the secrets that *settings* ask for, by their keys."""

    def open(
        self,
        settings: Any,
        *,
        clock: Clock,
        secrets: Mapping[str, SecretStr],
        transport: httpx.BaseTransport | None,
    ) -> Source:
        """Return a source as `connect` does, with the *secrets* found under those keys."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target would write: *workspace_id* and *parent_id* tell places apart."""

    workspace_id: str
    workspace_name: str
    parent_id: str
    parent_title: str


@dataclass(frozen=True, slots=True)
class Found:
    """Something that carries the key of an intent or item."""

    remote_id: str
    created_at: datetime
    is_untouched: bool
    """We made it and nobody has edited it since."""


@dataclass(frozen=True, slots=True)
class Made:
    """Something that was just made or written.

    *written* is what was really sent, in canonical form. *detail* is the target's memory of the
    thing; *learned* is added to the memory of other keys (option ids of a database). *others* are
    the row's synced cells that were not sent, as the answer showed them: what a person changed
    shortly before hides behind our own hand from now on. *edited_at* is when the row was last
    edited, by the remote's clock.
    """

    remote_id: str
    written: Mapping[str, Any] | None = None
    detail: Mapping[str, Any] | None = None
    learned: Mapping[str, Mapping[str, Any]] | None = None
    others: Mapping[str, Any] | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageState:
    """A row as it stands now: the synced columns in canonical form.

    An option that memory does not know yet is `{"choice_name": its name, …}`.
    """

    cells: Mapping[str, Any]
    by_person: bool
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the closing lines of a run say: times, outcome and counts."""

    run_id: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime
    outcome: str
    created: int
    updated: int
    unchanged: int
    kept: int
    archived: int
    requests_source: int
    requests_target: int
    findings: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawn map: *digest* tells whether it changed, *load* draws the PNG when it is needed.

    *text* describes it for those who cannot see it.
    """

    digest: str
    load: Callable[[], bytes]
    text: str


Detail = Literal["aggregate", "pseudonymous", "full"]
DETAILS: tuple[Detail, ...] = ("aggregate", "pseudonymous", "full")
"""The most careful one first."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How much of single units a target may show, and with what it hides who they are.

    *secret* is this installation's own and makes pseudonyms; *account_id* is the source's account,
    for links to it. Both are empty while nothing of single units was ever shown.
    """

    detail: Detail = "aggregate"
    secret: str = ""
    account_id: str = ""


AGGREGATE = Disclosure()


class Target(Protocol):
    """Somewhere the map is written. *memory* is every binding by key, as of now.

    Every method but `create_item` and `create_page` may be repeated. A create whose answer was
    lost raises OutcomeUnknownError; RejectedError means that it did not happen.
    """

    settle_seconds: float
    """How long something made may stay invisible to `find` and `scan`."""

    def identify(self) -> Place:
        """Ask where the token leads; raises ConfigError with the remedy when it leads nowhere."""

    def hubs(self) -> Mapping[str, str]:
        """Return the hubs under the parent: remote id to the installation that made it."""

    def owner(self, hub_id: str) -> str | None:
        """Return the installation that the hub's marker names.

        None when the hub is not there or in the trash; "" when a person removed the marker.
        """

    def epoch(self, hub_id: str) -> int:
        """Return how often the hub was taken over, plus one, as its marker says; 1 without one.

        Answered from what `hubs` or `owner` read last, if they did.
        """

    def claim(self, hub_id: str, installation: str, epoch: int) -> None:
        """Write *epoch* into the hub's marker; people's words around it stay.

        Nothing happens when a person removed the marker.
        """

    def render(
        self,
        journey_map: JourneyMap,
        *,
        installation: str,
        bound: Sequence[str],
        picture: Picture | None = None,
        disclosure: Disclosure = AGGREGATE,
    ) -> Wished:
        """Return the workspace as it should be; pure. *journey_map* has been through the overlay."""

    def people(self, rows: Sequence[Observed]) -> Mapping[str, JourneyPeople]:
        """Return by journey what people put into the cells that the overlay heeds; pure."""

    def closing(self, figures: Figures, *, number: int) -> tuple[Item, Page]:
        """Return the status line and the row of the ring of runs, the *number*-th run; pure."""

    def collections(self) -> Sequence[str]:
        """Return the kinds of databases that hold rows, in building order."""

    def find(self, intent: Intent, item: Item | None, memory: Mapping[str, Binding]) -> list[Found]:
        """Return everything alive that carries the intent's key, oldest first.

        *item* is the part of the frame that was being made; None when it is no longer wished, or
        for a row.
        """

    def create_item(self, item: Item, memory: Mapping[str, Binding]) -> Made:
        """Make one part of the frame."""

    def complete_item(self, item: Item, memory: Mapping[str, Binding]) -> Made | None:
        """Read the ids that the answer to the create did not carry; None when nothing is missing."""

    def edit_item(self, item: Item, memory: Mapping[str, Binding]) -> Made:
        """Bring a part up to its digest: set an owned leaf block, add columns to a database.

        The answer's id takes the place of the bound one; its *detail* is added to the memory of it.
        Raises GoneError when a person took the part away, KeptError when they put words of their
        own into it.
        """

    def adopts(self, collection: str) -> bool:
        """Tell whether `columns` and `scan` can look at the collection before it is bound.

        So it is when people name a database of theirs to be used; what its rows match is theirs.
        """

    def columns(self, collection: str, memory: Mapping[str, Binding]) -> frozenset[str]:
        """Return the synced columns that are still there with their type; GoneError if no database."""

    def lost(
        self, collection: str, memory: Mapping[str, Binding]
    ) -> Mapping[str, Mapping[str, str | None]]:
        """Return the options that memory knows by an id that is gone, by column and option key.

        With each the id of the option that goes by its name now, None if none does. Answered from
        what `columns` read last; asks nobody.
        """

    def scan(
        self, collection: str, memory: Mapping[str, Binding], *, archived: bool
    ) -> Iterator[Observed]:
        """Yield every row of the collection; keyless rows have the key ``""``.

        Raises TransientError when the listing is known to be incomplete.
        """

    def look(self, binding: Binding, memory: Mapping[str, Binding]) -> Missing:
        """Look up one row by its id."""

    def read_page(
        self, collection: str, remote_id: str, memory: Mapping[str, Binding]
    ) -> PageState:
        """Return the synced cells as they stand."""

    def has_words(self, collection: str, remote_id: str, memory: Mapping[str, Binding]) -> bool:
        """Tell whether a person filled a cell, wrote in the body or commented."""

    def create_page(self, page: Page, memory: Mapping[str, Binding]) -> Made:
        """Make a row."""

    def update_page(
        self, page: Page, fields: frozenset[str], remote_id: str, memory: Mapping[str, Binding]
    ) -> Made:
        """Set the named cells of a row."""

    def retire_page(self, binding: Binding, memory: Mapping[str, Binding]) -> Made:
        """Mark a row as no longer refreshed; it stays."""

    def archive(self, remote_id: str) -> None:
        """Move to the trash; doing so twice is no error."""

    def restore(self, remote_id: str) -> None:
        """Take out of the trash."""

    def check(self, journey_map: JourneyMap | None) -> Iterator[Check]:
        """Yield what must hold before a run can succeed. Writes nothing."""

    def findings(self) -> Sequence[Finding]:
        """Return what the target noticed so far and a person should know, in the order noticed."""

    def requests(self) -> int:
        """Return how many requests this target has sent."""

    def waited_seconds(self) -> float:
        """Return how long this target has waited for the remote's limits."""

    def close(self) -> None:
        """Give connections back."""


@runtime_checkable
class Wording(Protocol):
    """What a target offers beside `Target` to say rows and cells as people see them there; pure.

    Values are in `canonical` form. Without it keys are shown.
    """

    def row_name(self, collection: str, cells: Mapping[str, Any]) -> str:
        """Return what people call the row that holds *cells*; "" when only its key may tell it."""

    def part_name(self, item: Item) -> str:
        """Return what people call a part of the frame; "" when it has no name."""

    def column_name(self, collection: str, column: str) -> str:
        """Return the name that people see over *column*; the key when it is not known."""

    def cell_text(self, collection: str, column: str, value: Any) -> str:
        """Return a filled cell as the column shows it; links are the caller's."""


class TargetPlugin(Protocol):
    """What the entry point of a target offers."""

    table: str
    settings: type[BaseModel]

    def connect(
        self,
        settings: Any,
        *,
        clock: Clock,
        secret: SecretStr,
        transport: httpx.BaseTransport | None,
        timezone: str,
        settle_seconds: float,
        folder: Path | None = None,
    ) -> Target:
        """Return a target that speaks through *transport* (None: the network).

        It may leave backups of what it takes over in *folder*; without one it takes nothing over.
        """


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
    detail: Literal["aggregate", "pseudonymous", "full"] = "aggregate"
    properties: tuple[str, ...] = ()
    """Properties of the unit that may be shown on its own row, at `full` only."""
    only: Literal["active", "open_deals", "all"] = "active"
    max_rows: int = 1_000
    """Which units have a row of their own above `aggregate`, and at most how many."""


class Records(Protocol):
    """The mirror, as a mapping sees it: live records only, former ids already resolved or not."""

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the source's own word
        """Yield every live record of *object*, ascending by id (numbers before text)."""


@runtime_checkable
class Survivors(Protocol):
    """What `Records` may offer as well: merges of which the records themselves no longer tell."""

    def survivors(self, object: str) -> Mapping[str, str]:  # noqa: A002 - the source's own word
        """Return by former id the id that each lives on under in the end."""


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


@runtime_checkable
class Painter(Protocol):
    """What an exporter offers beside `export` when it paints with the fonts of this machine."""

    def picture(self, journey_map: JourneyMap) -> Picture:
        """Return the picture for a page; painted only when it is loaded."""

    def lacking(self, journey_map: JourneyMap) -> tuple[Finding, ...]:
        """Return a finding for each script in the picture that no font here draws."""


@dataclass(frozen=True, slots=True)
class SandboxAddresses:
    """Where a running sandbox listens, and what opens it."""

    hubspot_url: str
    hubspot_token: str
    notion_url: str
    notion_token: str
    parent_page: str
    viewer_url: str
    as_of: datetime | None
    """The reference time that the served portal was made for, if it says so."""


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
