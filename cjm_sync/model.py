"""The words of the domain that every part shares, as frozen values.

Records come in from a source; pages go out to a target; findings tell a person what to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something a person should know.

    *code* is from the documented list (docs/findings.md), *key* names the thing (object, id and
    property; never a name or an address), *hint* is the remedy.
    """

    code: str
    key: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a property had, and since when, as the source sent it.

    *timestamp* is the wire text; the mapping parses it, so that one bad value is a finding there.
    """

    value: str | None
    timestamp: str | None
    source_type: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that the source holds, near to how it was sent.

    *object* is the source's own name (`contacts`, `deals`, `email_events`, …). *properties* of CRM
    objects are text or None, as on the wire; of other streams they are the row's JSON fields.
    *history* lists the values of a property, newest first. *links* gives the ids of associated
    records by their object, each id once, in the order met.
    """

    object: str
    id: str
    properties: Mapping[str, Any]
    history: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    created_at: str | None = None
    updated_at: str | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What a mapping wants of one object, and nothing more.

    *properties* are values at the time of reading, *history* the properties whose past values are
    wanted too, *links* the objects whose associated ids are wanted.
    """

    properties: frozenset[str] = frozenset()
    history: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()

    def __or__(self, other: Need) -> Need:
        return Need(
            self.properties | other.properties,
            self.history | other.history,
            self.links | other.links,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of a source's answer: what it held and where to go on.

    *cursor* is opaque to the core and None after the last page. *merged* maps a former id to the
    id it lives on under.
    """

    records: tuple[Record, ...]
    cursor: str | None
    findings: tuple[Finding, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a closed list: *key* tells options apart, *label* is what people read."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    """References to other pages by their keys."""

    keys: tuple[str, ...]


Cell = str | int | float | bool | datetime | Choice | Link | None
"""A value as it should stand in one column; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Page:
    """One row as it should be. *collection* is the database's kind; *cells* only synced columns.

    *journey* is the journey's key, empty for rows that belong to none (runs). *body* is what the
    page holds when it is made and means nothing to the core: it is sent with the create only. Of a
    *private* one, which tells of one person or company, no copy is kept that could be written again.
    """

    key: str
    collection: str
    cells: Mapping[str, Cell]
    journey: str = ""
    body: tuple[Any, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One part of the workspace's frame: hub, database, view or owned block, in building order.

    *digest* changes when an owned leaf block's content changed; other items are made once. *body*
    is what the target needs to make it and means nothing to the core. One that *needs* another part
    or row, named by its key, is made only where that one stands.
    """

    key: str
    kind: str
    body: Any
    digest: str = ""
    optional: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Wished:
    """The workspace as it should be: the frame in building order, and the rows.

    Rows come in an order in which every `Link` points to an earlier row where that is possible.
    *moved* leads from a former key to the wished page's key that took its place (a merge, a
    renamed journey): the row that stands under the former key becomes the wished one's.
    """

    items: tuple[Item, ...]
    pages: tuple[Page, ...]
    findings: tuple[Finding, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """Where we wrote a key, and what stands there by our hand.

    *written* holds the last written value of each column in `canonical` form, None before the first
    complete write (an adopted page). *kept* names the columns that a person changed, with what
    they put there. *detail* is the target's own memory (property ids, data source id). *state* is
    `live`, `retired`, `moving` (into or out of the trash by us, its end not recorded), `archived` (by
    us) or `tombstone` (removed by a person).
    """

    key: str
    kind: str
    remote_id: str
    written: Mapping[str, Any] | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    state: str = "live"
    journey: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """A create that was begun and not yet seen to end."""

    key: str
    kind: str
    began_at: datetime
    collection: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """A row that is there now, found by its key. *by_person*: its last editor is not us.

    *people* holds what people put into the columns that the overlay reads, by column key.
    """

    key: str
    remote_id: str
    collection: str
    by_person: bool
    created_at: datetime
    edited_at: datetime
    made_by_us: bool = True
    in_trash: bool = False
    people: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """A bound row that the scan did not show, looked up by its id.

    *state* is `trashed`, `gone` (no longer there or no longer shared) or `live` (moved, its key
    altered, or not yet visible to queries); *key_intact* says whether it still carries its key.
    """

    key: str
    remote_id: str
    state: str
    by_person: bool = False
    key_intact: bool = True


def canonical(cell: Cell) -> Any:
    """Return *cell* as JSON that compares equal exactly when nothing needs to be written."""
    match cell:
        case Choice(key=key):
            return {"choice": key}
        case Link(keys=keys):
            return {"link": sorted(keys)} if keys else None
        case datetime():
            return {"at": cell.isoformat(timespec="minutes")}
        case "":
            return None
        case _:
            return cell
