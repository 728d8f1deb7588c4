"""Forget what belonged to those who were erased, and refuse it when the source still lists it.

The source says which records are whose (`Belonging`). All that is kept of somebody erased are
digests of their ids and addresses under a secret of the store: enough to know a trace when it is
met, and nothing that can be read. Of those who are archived the same is kept beside their id, as
they may be erased without being seen again. Every function works in the caller's transaction.

An address that a record in the mirror still has is *held*: its traces are that one's, and stay.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from cjm_sync.model import Record
from cjm_sync.ports import Belonging
from cjm_sync.tables import (
    ALIAS,
    CURSOR,
    ERASED,
    FACT,
    PARTED,
    RECORD,
    RELISTED,
    RUN,
    chunks,
    last_of,
    record_of,
)

SECRET = "erasure_secret"  # noqa: S105 - a name, not a secret
Rows = list[dict[str, Any]]
Put = Callable[[sa.Connection, sa.Table, Rows], None]


class Erasures:
    """What one workspace keeps of the erased; *put* writes rows over those with the same key."""

    def __init__(self, workspace: str, put: Put) -> None:
        self._workspace, self._put = workspace, put
        self.belongings: tuple[Belonging, ...] = ()

    def owns(self, stream: str) -> bool:
        """Tell whether records of other streams belong to those of *stream*."""
        return any(one.owner == stream for one in self.belongings)

    def _of(self, stream: str) -> list[Belonging]:
        return [one for one in self.belongings if one.stream == stream]

    def _mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return table.c.workspace == self._workspace

    # whose is it

    def _digester(self, db: sa.Connection) -> Callable[[Belonging, str], str]:
        """Return what turns a text into what may be kept of it; makes the secret when it is new."""
        asked = sa.select(FACT.c.value).where(self._mine(FACT), FACT.c.name == SECRET)
        secret = db.execute(asked).scalar()
        if secret is None:
            secret = secrets.token_hex(32)
            self._put(db, FACT, [{"name": SECRET, "value": secret}])
        key, known = bytes.fromhex(secret), dict[tuple[str, tuple[str, ...], str], str]()

        def digest(belonging: Belonging, text: str) -> str:
            named = (belonging.owner, belonging.properties, text.strip().casefold())
            if named not in known:
                # Streams that name a person alike share a digest: the stream is no part of it.
                told = hmac.digest(key, json.dumps(named).encode(), "sha256")
                known[named] = told.hex()[:32]
            return known[named]

        return digest

    def _digests_of(
        self,
        digest: Callable[[Belonging, str], str],
        owner: Record,
        former: Iterable[str] = (),
    ) -> set[str]:
        """Return what may be kept of the record *owner*, whose former ids are *former*."""
        return {
            digest(belonging, text)
            for belonging in self.belongings
            if belonging.owner == owner.object
            for text in _texts(belonging, owner, former)
        }

    def refused(self, db: sa.Connection, records: Sequence[Record]) -> Sequence[Record]:
        """Return those of *records* that belonged to nobody erased."""
        streams = {record.object for record in records}
        if not any(one.stream in streams for one in self.belongings) or not self._any(db):
            return records
        digest = self._digester(db)
        named = [self._named(digest, record) for record in records]
        known = self._known(db, set().union(*named), is_held=False)
        return [record for record, own in zip(records, named, strict=True) if not own & known]

    def _named(self, digest: Callable[[Belonging, str], str], record: Record) -> set[str]:
        """Return the digests of whom *record* names."""
        found = set()
        for belonging in self._of(record.object):
            value = record.properties.get(belonging.field)
            if isinstance(value, str | int) and value and _is_among(belonging, record):
                found.add(digest(belonging, str(value)))
        return found

    def _any(self, db: sa.Connection) -> bool:
        return db.execute(sa.select(1).where(self._mine(ERASED)).limit(1)).scalar() is not None

    def _known(self, db: sa.Connection, digests: Collection[str], *, is_held: bool) -> set[str]:
        found: set[str] = set()
        for some in chunks(sorted(digests)):
            rows = db.execute(
                sa.select(ERASED.c.digest).where(
                    self._mine(ERASED), ERASED.c.digest.in_(some), ERASED.c.is_held == is_held
                )
            )
            found |= {row.digest for row in rows}
        return found

    # somebody is there again

    def returned(
        self, db: sa.Connection, stream: str, records: Sequence[Record], former: Iterable[str] = ()
    ) -> None:
        """Note that *records* of *stream* were saved, and that *former* ids lead to some of it.

        What somebody erased left behind is theirs now: it counts, and is listed again.
        """
        everyone = [*records, Record(stream, "", {})]
        if not self.owns(stream) or not self._any(db):
            return
        digest, ids = self._digester(db), tuple(former)
        digests = set().union(*(self._digests_of(digest, record, ids) for record in everyone))
        self._hold(db, stream, self._known(db, digests, is_held=False), is_held=True)

    def _hold(
        self, db: sa.Connection, stream: str, digests: Collection[str], *, is_held: bool
    ) -> None:
        if not digests:
            return
        self._keep(db, stream, digests, is_held=is_held)
        if is_held:
            readings = sa.select(CURSOR.c.stream, CURSOR.c.reading).where(self._mine(CURSOR))
            begun = {row.stream: row.reading for row in db.execute(readings)}
            rows = [{"stream": one, "reading": begun.get(one, 0)} for one in self._whose(stream)]
            self._put(db, RELISTED, rows)

    def _keep(
        self, db: sa.Connection, stream: str, digests: Collection[str], *, is_held: bool
    ) -> None:
        rows = [{"digest": one, "object": stream, "is_held": is_held} for one in sorted(digests)]
        self._put(db, ERASED, rows)

    def _whose(self, owner: str) -> list[str]:
        """Return the streams whose records belong to those of *owner*."""
        return sorted({one.stream for one in self.belongings if one.owner == owner})

    def is_relisted(self, db: sa.Connection, stream: str) -> bool:
        """Tell whether something of *stream* was refused that has to be listed again."""
        if not self._of(stream):
            return False
        asked = sa.select(1).where(self._mine(RELISTED), RELISTED.c.stream == stream)
        return db.execute(asked).scalar() is not None

    def end_relisting(self, db: sa.Connection, stream: str, number: int) -> None:
        """Note that the reading *number* of *stream* is complete."""
        if not self._of(stream):
            return
        db.execute(
            RELISTED.delete().where(
                self._mine(RELISTED), RELISTED.c.stream == stream, RELISTED.c.reading < number
            )
        )

    # somebody is archived

    def part(self, db: sa.Connection, number: int, records: Sequence[Record]) -> None:
        """Remember the archived *records*, seen by reading *number*, without their values."""
        if not records or not self.owns(records[0].object):
            return
        stream, digest = records[0].object, self._digester(db)
        former = self._former(db, stream)
        ids = [record.id for record in records]
        before: dict[str, set[str]] = {}
        for some in chunks(ids):
            rows = db.execute(
                sa.select(PARTED.c.id, PARTED.c.digests).where(
                    self._mine(PARTED), PARTED.c.object == stream, PARTED.c.id.in_(some)
                )
            )
            before.update({row.id: set(json.loads(row.digests)) for row in rows})
        rows_now = {
            record.id: {
                "object": stream,
                "id": record.id,
                "reading": number,
                "digests": json.dumps(
                    sorted(
                        before.get(record.id, set())
                        | self._digests_of(digest, record, former.get(record.id, ()))
                    )
                ),
            }
            for record in records
        }
        self._put(db, PARTED, list(rows_now.values()))

    def part_ids(self, db: sa.Connection, number: int, stream: str, ids: Sequence[str]) -> None:
        """Remember the archived *ids* by what the mirror holds of them."""
        if ids and self.owns(stream):
            self.part(db, number, list(self._held(db, stream, ids)))

    def parted_unseen(self, db: sa.Connection, stream: str, number: int) -> list[str]:
        """Return who was archived and is neither seen so by reading *number* nor in the mirror."""
        if not self.owns(stream):
            return []
        there = sa.exists().where(
            self._mine(RECORD), RECORD.c.object == PARTED.c.object, RECORD.c.id == PARTED.c.id
        )
        mine = (self._mine(PARTED), PARTED.c.object == stream)
        db.execute(PARTED.delete().where(*mine, there))
        rows = db.execute(
            sa.select(PARTED.c.id)
            .where(*mine, PARTED.c.reading < number)
            .order_by(sa.func.length(PARTED.c.id), PARTED.c.id)
        )
        return [row.id for row in rows]

    def unpart(self, db: sa.Connection, stream: str, ids: Sequence[str]) -> None:
        """Forget that *ids* were archived."""
        for some in chunks(ids):
            db.execute(
                PARTED.delete().where(
                    self._mine(PARTED), PARTED.c.object == stream, PARTED.c.id.in_(some)
                )
            )

    # somebody is erased

    def erase(self, db: sa.Connection, stream: str, ids: Sequence[str]) -> None:
        """Take note that *ids* were erased; their records are not removed here.

        Call it before they are, and `settle` afterwards.
        """
        if not ids or not self.owns(stream):
            return
        digest, digests = self._digester(db), set[str]()
        former = self._former(db, stream)
        for record in self._held(db, stream, ids):
            digests |= self._digests_of(digest, record, former.get(record.id, ()))
        gone = {*ids}
        for some in chunks(sorted(ids)):
            rows = db.execute(
                sa.select(PARTED.c.digests).where(
                    self._mine(PARTED), PARTED.c.object == stream, PARTED.c.id.in_(some)
                )
            )
            for row in rows:
                digests |= set(json.loads(row.digests))
        for id_ in ids:
            gone |= {*former.get(id_, ())}
            digests |= self._digests_of(digest, Record(stream, id_, {}), former.get(id_, ()))
        # Held until `settle` has looked: what stays free there has been purged already.
        self._keep(db, stream, digests, is_held=True)
        for some in chunks(sorted(gone - {*ids})):
            mine = (self._mine(ALIAS), ALIAS.c.object == stream)
            db.execute(ALIAS.delete().where(*mine, ALIAS.c.former_id.in_(some)))
        self.unpart(db, stream, sorted(gone))
        self._strike(db, stream, gone)

    def settle(self, db: sa.Connection, stream: str) -> None:
        """Purge what belongs to nobody of *stream* in the mirror any more.

        Also what a record had that changed its address since, or was archived.
        """
        if not self.owns(stream) or not self._any(db):
            return
        rows = db.execute(
            sa.select(ERASED.c.digest, ERASED.c.is_held).where(
                self._mine(ERASED), ERASED.c.object == stream
            )
        )
        was_held = {row.digest: bool(row.is_held) for row in rows}
        digest, held = self._digester(db), set[str]()
        former = self._former(db, stream)
        for owner in self._stream(db, stream):
            held |= self._digests_of(digest, owner, former.get(owner.id, ())) & was_held.keys()
        free = {one for one, is_held in was_held.items() if is_held} - held
        self._hold(db, stream, {one for one in held if not was_held[one]}, is_held=True)
        self._hold(db, stream, free, is_held=False)
        if free:
            for name in self._whose(stream):
                gone = [r.id for r in self._stream(db, name) if self._named(digest, r) & free]
                for some in chunks(gone):
                    db.execute(
                        RECORD.delete().where(
                            self._mine(RECORD), RECORD.c.object == name, RECORD.c.id.in_(some)
                        )
                    )

    def owners_of(
        self, db: sa.Connection, stream: str, is_missing: sa.ColumnElement[bool]
    ) -> dict[str, list[str]]:
        """Return by object whose the records of *stream* are that *is_missing* tells of."""
        belongings = self._of(stream)
        if not belongings:
            return {}
        digest, wanted = self._digester(db), set[str]()
        for record in self._stream(db, stream, is_missing):
            wanted |= self._named(digest, record)
        found: dict[str, list[str]] = {}
        for owner in sorted({one.owner for one in belongings}):
            former = self._former(db, owner)
            found[owner] = [
                record.id
                for record in self._stream(db, owner)
                if self._digests_of(digest, record, former.get(record.id, ())) & wanted
            ]
        return {owner: ids for owner, ids in found.items() if ids}

    def _strike(self, db: sa.Connection, stream: str, ids: Collection[str]) -> None:
        """Take the findings about *ids* out of the reports of earlier runs."""
        keys = tuple(f"{stream}/{id_}" for id_ in ids)
        rows = db.execute(sa.select(RUN.c.run_id, RUN.c.report).where(self._mine(RUN))).all()
        for row in rows:
            if row.report is None or not any(key in row.report for key in keys):
                continue
            report = json.loads(row.report)
            findings = report.get("findings")
            if not isinstance(findings, list):
                continue
            report["findings"] = [
                one for one in findings if not _is_about(str(one.get("key", "")), keys)
            ]
            db.execute(
                RUN.update()
                .where(self._mine(RUN), RUN.c.run_id == row.run_id)
                .values(report=json.dumps(report))
            )

    # what the mirror holds

    def _former(self, db: sa.Connection, stream: str) -> dict[str, list[str]]:
        """Return by the id that each lives on under in the end the former ids of *stream*."""
        rows = db.execute(
            sa.select(ALIAS.c.former_id, ALIAS.c.id).where(
                self._mine(ALIAS), ALIAS.c.object == stream
            )
        )
        direct = {row.former_id: row.id for row in rows}
        found: dict[str, list[str]] = {}
        for former in direct:
            found.setdefault(last_of(direct, former), []).append(former)
        return found

    def _held(self, db: sa.Connection, stream: str, ids: Sequence[str]) -> Iterator[Record]:
        for some in chunks(sorted(ids)):
            yield from self._stream(db, stream, RECORD.c.id.in_(some))

    def _stream(
        self, db: sa.Connection, stream: str, also: sa.ColumnElement[bool] | None = None
    ) -> Iterator[Record]:
        where = [self._mine(RECORD), RECORD.c.object == stream, *([] if also is None else [also])]
        rows = db.execute(
            sa.select(RECORD.c.body).where(*where), execution_options={"yield_per": 1000}
        )
        for (body,) in rows:
            yield record_of(stream, body)


def _texts(belonging: Belonging, owner: Record, former: Iterable[str]) -> Iterator[str]:
    if not belonging.properties:
        yield from (id_ for id_ in (owner.id, *former) if id_)
        return
    for name in belonging.properties:
        value = owner.properties.get(name)
        if value is not None:
            yield from (text for part in _parts(str(value), belonging.separator) if (text := part))


def _parts(value: str, separator: str) -> Iterator[str]:
    parts = value.split(separator) if separator else [value]
    return (part.strip() for part in parts)


def _is_among(belonging: Belonging, record: Record) -> bool:
    if belonging.among is None:
        return True
    name, values = belonging.among
    return str(record.properties.get(name) or "").strip().casefold() in values


def _is_about(key: str, things: Sequence[str]) -> bool:
    return any(key == thing or key.startswith(f"{thing}/") for thing in things)
