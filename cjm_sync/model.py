"""The words of the domain that every part shares, as frozen values.

Records come in from a source; pages go out to a target; findings tell a person what to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
