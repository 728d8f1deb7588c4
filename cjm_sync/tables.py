"""The tables of the store, and their rows as values and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cjm_sync.model import Binding, Change, Record

META = sa.MetaData()
_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Compared and sorted byte by byte on both databases, and of any length."""
_WORKSPACE = ("workspace", _TEXT)


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, META, sa.Column(*_WORKSPACE, primary_key=True), *columns, prefixes=[])


VERSION = sa.Table("schema_version", META, sa.Column("version", sa.Integer, nullable=False))
FACT = _table("fact", sa.Column("name", _TEXT, primary_key=True), sa.Column("value", _TEXT))
RECORD = _table(
    "record",
    sa.Column("object", _TEXT, primary_key=True),
    sa.Column("id", _TEXT, primary_key=True),
    sa.Column("digest", _TEXT, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("body", _TEXT, nullable=False),
)
CURSOR = _table(
    "cursor",
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("need", _TEXT, nullable=False),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("cursor", _TEXT),
    sa.Column("is_complete", sa.Boolean, nullable=False),
    sa.Column("ever_complete", sa.Boolean, nullable=False),
)
TRAIL = _table(
    "trail",
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("need", _TEXT, nullable=False),
    sa.Column("settled", _TEXT),
    sa.Column("until", _TEXT),
    sa.Column("cursor", _TEXT),
    sa.Column("began", _TEXT),
    sa.Column("held", sa.Integer, nullable=False),
    sa.Column("swept", _TEXT),
)
IMPORT = _table(
    "import",
    sa.Column("name", _TEXT, primary_key=True),
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("cursor", _TEXT),
)
ALIAS = _table(
    "alias",
    sa.Column("object", _TEXT, primary_key=True),
    sa.Column("former_id", _TEXT, primary_key=True),
    sa.Column("id", _TEXT, nullable=False),
)
# Of those who were erased, and of those who are archived and may be one day, nothing can be read
# here: digests under a secret of the store, which tell their traces when they meet them.
ERASED = _table(
    "erased",
    sa.Column("digest", _TEXT, primary_key=True),
    sa.Column("object", _TEXT, nullable=False),
    sa.Column("is_held", sa.Boolean, nullable=False),
)
PARTED = _table(
    "parted",
    sa.Column("object", _TEXT, primary_key=True),
    sa.Column("id", _TEXT, primary_key=True),
    sa.Column("reading", sa.Integer, nullable=False),
    sa.Column("digests", _TEXT, nullable=False),
)
RELISTED = _table(
    "relisted",
    sa.Column("stream", _TEXT, primary_key=True),
    sa.Column("reading", sa.Integer, nullable=False),
)
BINDING = _table(
    "binding",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("kind", _TEXT, nullable=False),
    sa.Column("journey", _TEXT, nullable=False),
    sa.Column("remote_id", _TEXT, nullable=False),
    sa.Column("state", _TEXT, nullable=False),
    sa.Column("digest", _TEXT, nullable=False),
    sa.Column("written", _TEXT),
    sa.Column("kept", _TEXT, nullable=False),
    sa.Column("detail", _TEXT, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
)
INTENT = _table(
    "intent",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("kind", _TEXT, nullable=False),
    sa.Column("collection", _TEXT, nullable=False),
    sa.Column("began_at", _TEXT, nullable=False),
)
PEOPLE = _table(
    "people",
    sa.Column("journey", _TEXT, primary_key=True),
    sa.Column("body", _TEXT, nullable=False),
)
JOURNAL = _table(
    "journal",
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("act", _TEXT, nullable=False),
    sa.Column("key", _TEXT, nullable=False),
    sa.Column("remote_id", _TEXT, nullable=False),
    sa.Column("collection", _TEXT, nullable=False),
    sa.Column("before", _TEXT, nullable=False),
    sa.Column("after", _TEXT, nullable=False),
)
# One row per journey and day: the numbers of the day's last finished run, aggregates only.
SNAPSHOT = _table(
    "snapshot",
    sa.Column("journey", _TEXT, primary_key=True),
    sa.Column("day", _TEXT, primary_key=True),
    sa.Column("as_of", _TEXT, nullable=False),
    sa.Column("body", _TEXT, nullable=False),
)
# Every pain that was ever active, so that what it became stays with it when it fires no more.
INSIGHT = _table(
    "insight",
    sa.Column("journey", _TEXT, primary_key=True),
    sa.Column("rule", _TEXT, primary_key=True),
    sa.Column("stage", _TEXT, primary_key=True),
    sa.Column("subject", _TEXT, primary_key=True),
    sa.Column("label", _TEXT, nullable=False),
    sa.Column("first_active", _TEXT, nullable=False),
    sa.Column("last_active", _TEXT, nullable=False),
)
REFUSAL = _table(
    "refusal",
    sa.Column("key", _TEXT, primary_key=True),
    sa.Column("until", _TEXT, nullable=False),
    sa.Column("message", _TEXT, nullable=False),
)
RUN = _table(
    "run",
    sa.Column("run_id", _TEXT, primary_key=True),
    sa.Column("as_of", _TEXT, nullable=False),
    sa.Column("started_at", _TEXT, nullable=False),
    sa.Column("finished_at", _TEXT),
    sa.Column("outcome", _TEXT),
    sa.Column("report", _TEXT),
)
# Built once as well as asked often: of every page, which of its records are known.
NAMED = (
    RECORD.c.workspace == sa.bindparam("mine"),
    RECORD.c.object == sa.bindparam("of"),
    RECORD.c.id.in_(sa.bindparam("some", expanding=True)),
)
DIGESTS = sa.select(RECORD.c.id, RECORD.c.digest).where(*NAMED)
SEE = (
    RECORD.update()
    .where(*NAMED, RECORD.c.reading < sa.bindparam("number"))
    .values(reading=sa.bindparam("number"))
)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SCHEMA_VERSION = 2
MIGRATIONS: Mapping[int, tuple[str, ...]] = {
    2: ("ALTER TABLE binding ADD COLUMN fence INTEGER NOT NULL DEFAULT 0",),
}
"""What leads from the version before to this one; new tables are made by themselves."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the reading of one stream has come; *number* counts readings from 1."""

    number: int
    cursor: str | None
    is_complete: bool
    ever_complete: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """How far the changes of one stream were followed.

    *settled* is the moment up to which the mirror knows everything that shows, None before a
    complete reading. *until* and *cursor* are the window being read. *began* is when the full
    reading began that is going on or whose missing records were not judged yet, *held* how many
    records there were then; *swept* is when the last one that was judged began.
    """

    settled: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    began: datetime | None = None
    held: int = 0
    swept: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a page of records changed; *merged* counts former ids that were not known."""

    read: int
    changed: int
    merged: int = 0


@dataclass(frozen=True, slots=True)
class PastRun:
    """One finished or broken run."""

    run_id: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    report: Mapping[str, Any]


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield *ids* in parts that one statement can name."""
    return (ids[start : start + 500] for start in range(0, len(ids), 500))


def last_of(direct: Mapping[str, str], former: str) -> str:
    """Follow *former* to its end; of a circle, to where it was entered."""
    seen = {former}
    now = direct[former]
    while now in direct and now not in seen:
        seen.add(now)
        now = direct[now]
    return now


def moment_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def moment_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


# What was just read from JSON holds no circle; looking for one costs as much as all the rest.
_in_json = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False
).encode
_from_json = json.JSONDecoder().raw_decode


def record_json(record: Record) -> str:
    body: dict[str, Any] = {"id": record.id, "p": dict(record.properties)}
    if record.history:
        body["h"] = {
            name: [[c.value, c.timestamp, c.source_type] for c in changes]
            for name, changes in sorted(record.history.items())
        }
    if record.links:
        body["l"] = {name: list(ids) for name, ids in sorted(record.links.items())}
    if record.created_at is not None:
        body["c"] = record.created_at
    if record.updated_at is not None:
        body["u"] = record.updated_at
    if record.archived:
        body["a"] = True
    return storable(_in_json(body))


def storable(text: str) -> str:
    """Replace what is no character: half a surrogate pair, or NUL, which PostgreSQL refuses.

    JSON may carry either, and nothing that we write to could take it.
    """
    if text.isascii() and "\0" not in text:
        return text
    return UNSTORABLE.sub("\ufffd", text)


def record_of(object_name: str, text: str) -> Record:
    """Return the record that *text* is; the names of properties are shared by all records."""
    body, _ = _from_json(text)
    return Record(
        object_name,
        body["id"],
        {intern(name): value for name, value in body["p"].items()},
        {name: tuple(Change(*c) for c in changes) for name, changes in body.get("h", {}).items()},
        {name: tuple(ids) for name, ids in body.get("l", {}).items()},
        body.get("c"),
        body.get("u"),
        archived=body.get("a", False),
    )


def binding_of(row: Any) -> Binding:
    return Binding(
        key=row.key,
        kind=row.kind,
        remote_id=row.remote_id,
        written=None if row.written is None else json.loads(row.written),
        kept=json.loads(row.kept),
        detail=json.loads(row.detail),
        digest=row.digest,
        state=row.state,
        journey=row.journey,
    )


def binding_row(binding: Binding) -> dict[str, Any]:
    return {
        "key": binding.key,
        "kind": binding.kind,
        "journey": binding.journey,
        "remote_id": binding.remote_id,
        "state": binding.state,
        "digest": binding.digest,
        "written": None if binding.written is None else json.dumps(binding.written, sort_keys=True),
        "kept": json.dumps(binding.kept, sort_keys=True),
        "detail": json.dumps(binding.detail, sort_keys=True),
    }
