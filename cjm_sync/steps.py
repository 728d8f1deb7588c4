"""What a plan is made of: its steps, what is observed, and what a run allows. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cjm_sync.model import Finding, Item, Missing, Observed, Page

EditPolicy = Literal["keep", "reset", "ask"]
DeletePolicy = Literal["respect", "restore"]

KEY = "sync_key"
"""The column that ties a row to its subject; set back whoever altered it."""
STATE = "state"
"""The column that says whether a row is cared for; `RETIRED` and `NO_DATA` are options of it."""
RETIRED = "retired"
NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Build:
    """A part of the frame that is not there yet."""

    item: Item


@dataclass(frozen=True, slots=True)
class Edit:
    """An owned block whose text moved on."""

    item: Item


@dataclass(frozen=True, slots=True)
class Create:
    """A row that nobody has written yet."""

    page: Page


@dataclass(frozen=True, slots=True)
class Adopt:
    """A row that carries our key though we do not remember it."""

    page: Page
    remote_id: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class Update:
    """A row with cells to set. *reread*: a person touched it, so look before writing.

    Without *fields* it is only looked at: a cell kept for a person may be free again. *unseen*: we
    wrote to it after the last time that memory knows of, so memory is older than the row. *reset*
    are cells kept for a person that are to be set back.
    """

    page: Page
    remote_id: str
    fields: frozenset[str]
    reread: bool = False
    unseen: bool = False
    reset: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Restore:
    """A row that we put in the trash, or that is to be taken out of it by policy."""

    page: Page
    remote_id: str


@dataclass(frozen=True, slots=True)
class Entomb:
    """A row that a person deleted: remembered, never made again."""

    key: str


@dataclass(frozen=True, slots=True)
class Revive:
    """A deleted row that a person brought back, or a retired one that is wished again as it is."""

    key: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A row whose subject is gone: retired when a person put words in it, else archived.

    *heir* is the key that the subject was merged into, which has a row of its own.
    """

    key: str
    remote_id: str
    collection: str
    journey: str
    heir: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """A row that is neither wished nor there."""

    key: str


@dataclass(frozen=True, slots=True)
class Rebind:
    """A row under a former key, which becomes the row of *key*; only memory changes."""

    former: str
    key: str
    journey: str
    private: bool = False
    """The former key may tell who it was, so it is written down nowhere."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Cells of a row that Notion may have emptied with their option or column."""

    key: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Remark:
    """What memory should say of a database: columns that are *missing*, ids of *options* by column.

    An option without an id is gone.
    """

    key: str
    missing: frozenset[str]
    options: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)


Step = (
    Build
    | Edit
    | Create
    | Adopt
    | Update
    | Restore
    | Entomb
    | Revive
    | Leave
    | Forget
    | Rebind
    | Doubt
    | Remark
)
_MEMORY_ONLY = Entomb | Revive | Forget | Rebind | Doubt | Remark


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order to take them, what is held back, and what a person should know.

    *asked* are the cells (row's key, column) that wait for a person's answer.
    """

    steps: tuple[Step, ...]
    held: tuple[Leave, ...] = ()
    unchanged: int = 0
    kept: int = 0
    findings: tuple[Finding, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()

    @property
    def writes(self) -> tuple[Step, ...]:
        """Return the steps that send a write to the target."""
        return tuple(
            step
            for step in self.steps
            if not isinstance(step, _MEMORY_ONLY)
            and not (isinstance(step, Update) and not step.fields)
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there. *missing* are bound rows that the scan did not show, looked up by id.

    *columns* are the synced columns still usable per collection; a collection that was not
    scanned (it does not exist yet) is not among them. *parked* are rows that a person archived.
    *lost* are options that memory knows by an id that is not there any more, by collection, column
    and key, with the id of the option that goes by their name now, if one does.
    """

    rows: tuple[Observed, ...] = ()
    missing: Mapping[str, Missing] = field(default_factory=dict)
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parked: tuple[Observed, ...] = ()
    lost: Mapping[str, Mapping[str, Mapping[str, str | None]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration and the flags of this run allow."""

    on_person_edit: EditPolicy = "keep"
    on_person_delete: DeletePolicy = "respect"
    max_removals: str = "max(5, 10%)"
    allow_removals: bool = False
    hold_removals: bool = False
    """The reading of the source was partial: nothing may be concluded from what is missing."""
    journeys: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    reset_cells: frozenset[str] = frozenset()
    """Cells kept for people that are to be set back: a row's key, `KEY#COLUMN`, or `all`."""
