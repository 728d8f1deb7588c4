"""Import: bring what the source holds, or a part of it, into the mirror, once and ahead of a sync.

The way in is `backfill`. What is read without a limit is read exactly as a sync reads it, so the
next sync goes on from there. A part (a span of time, a list, a pipeline) is added to the mirror and
does not pass for the whole: the next sync lists all of it. Nothing is ever removed here, and who is
a unit is decided by the journey's `where`. A page and its cursor are one transaction, so an
import that was stopped goes on where it was when it is asked for once more.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cjm_sync.errors import ConfigError, GuardTripped, RejectedError
from cjm_sync.mirror import need_digest
from cjm_sync.model import Batch, Finding, Need, Record
from cjm_sync.ports import Clock, Excerpt, Excerpter, Follower, Source
from cjm_sync.pull import Count, Gate, Pulled, pull
from cjm_sync.store import Store
from cjm_sync.streams import UNAVAILABLE, StoppedError, digest_of

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Where a span begins that names no beginning."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to import: a part of every object, or of *objects* only."""

    excerpt: Excerpt = field(default_factory=Excerpt)
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought; `as_json` is the object that `import --json` prints."""

    pulled: Pulled
    requests: int

    @property
    def outcome(self) -> str:
        """Return `done`, or `partial` when the same import asked for again would bring more."""
        return "partial" if self.pulled.failed else "done"

    def as_json(self) -> dict[str, Any]:
        """Return a stable object."""
        return {
            "outcome": self.outcome,
            "pulled": {
                name: {"read": count.read, "changed": count.changed, "merged": count.merged}
                for name, count in sorted(self.pulled.counts.items())
            },
            "requests": {"hubspot": self.requests},
            "findings": [
                {"code": f.code, "key": f.key, "message": f.message, "hint": f.hint}
                for f in self.pulled.findings
            ],
        }

    def summary(self) -> str:
        """Return one line for people."""
        counts = self.pulled.counts.values()
        return (
            f"{self.outcome}: read {sum(count.read for count in counts)} records "
            f"({sum(count.changed for count in counts)} new or changed) "
            f"of {len(counts)} objects into the mirror; {self.requests} requests"
        )


def backfill(
    source: Source,
    store: Store,
    needs: Mapping[str, Need],
    wanted: Wanted,
    *,
    clock: Clock,
    progress: Callable[[str, int], None] = lambda _stream, _read: None,
    workers: int = 1,
) -> Imported:
    """Read what is *wanted* of *needs* into the mirror; return what came. Holds the lock.

    What describes the account always comes along. Raises ConfigError when there is no such object
    or list, or the source cannot be asked like that; GuardTripped when the mirror holds another
    account; BusyError when another run holds the lock.
    """
    with store.lock():
        _check_account(source, store)
        now = clock.now()
        excerpt = wanted.excerpt
        if excerpt.since is not None and excerpt.since >= (excerpt.until or now):
            raise ConfigError(
                "--since is not earlier than --until, or lies in the future",
                hint="Name a span of time that has something in it.",
            )
        plan = _Plan(source, needs, wanted)
        name = plan.name
        begun = store.imported(name)

        def part(stream: str, need: Need, gate: Gate) -> _PartReader | None:
            if not plan.is_part(stream):
                return None
            return _PartReader(source, store, name, stream, need, excerpt, now, begun, gate)

        pulled = pull(
            source,
            store,
            needs,
            progress=progress,
            clock=clock,
            workers=workers,
            only=plan.streams,
            parts=part,
            judges=False,
        )
        if not pulled.failed:
            store.end_import(name)
        return Imported(pulled, source.requests())


def _check_account(source: Source, store: Store) -> None:
    """Keep records of two accounts apart, as a sync does."""
    account, known = source.identify(), store.facts().get("portal_id")
    if known is not None and known != account.id:
        raise GuardTripped(
            f"this store belongs to the HubSpot portal {known}, but the configuration leads to {account.id}",
            hint="Use another store for it, or run `cjm-sync sync --take-over` if it is meant to move.",
        )
    store.set_facts({"portal_id": account.id})


class _Plan:
    """Which streams are read, and of which of them a part; raises ConfigError when it cannot be."""

    def __init__(self, source: Source, needs: Mapping[str, Need], wanted: Wanted) -> None:
        self._source, self._excerpt = source, wanted.excerpt
        every = source.streams(needs)
        follower = source if isinstance(source, Follower) else None
        self._followed = [s for s in every if follower is not None and follower.follows(s)]
        _check_objects(wanted.objects, every)
        self._check_source(follower)
        self._narrowed = frozenset(filter(self._is_narrowed, every))
        chosen: Collection[str] = wanted.objects or self._narrowed or every
        self._check_narrowing(chosen)
        describing = [stream for stream in every if stream not in self._followed]
        self.streams = frozenset(describing if follower is not None else ()) | frozenset(chosen)
        excerpt = wanted.excerpt
        # The end that was not named is not part of it: asked for later, it is the same import.
        self.name = need_digest(
            (
                str(excerpt.since),
                str(excerpt.until),
                sorted(excerpt.lists),
                sorted(excerpt.pipelines),
                sorted(self.streams),
                [(stream, digest_of(needs.get(stream, Need()))) for stream in sorted(self.streams)],
            )
        )

    def is_part(self, stream: str) -> bool:
        """Tell whether less than all of *stream* is wanted."""
        is_bounded = self._excerpt.since is not None or self._excerpt.until is not None
        return stream in self._narrowed or (is_bounded and stream in self._followed)

    def _is_narrowed(self, stream: str) -> bool:
        source = self._source
        return isinstance(source, Excerpter) and source.narrows(stream, self._excerpt)

    def _check_source(self, follower: Follower | None) -> None:
        excerpt = self._excerpt
        if (excerpt.since or excerpt.until) and follower is None:
            raise ConfigError(
                "this source cannot be asked for a span of time",
                hint="Leave --since and --until out.",
            )
        if (excerpt.lists or excerpt.pipelines) and not isinstance(self._source, Excerpter):
            raise ConfigError(
                "this source knows no lists and pipelines", hint="Leave --list and --pipeline out."
            )

    def _check_narrowing(self, chosen: Collection[str]) -> None:
        """Refuse a limit that none of the *chosen* streams has, rather than pass it over."""
        for option, excerpt in (
            ("--list", Excerpt(lists=self._excerpt.lists)),
            ("--pipeline", Excerpt(pipelines=self._excerpt.pipelines)),
        ):
            is_given = excerpt.lists or excerpt.pipelines
            source = self._source
            if is_given and not (
                isinstance(source, Excerpter)
                and any(source.narrows(stream, excerpt) for stream in chosen)
            ):
                raise ConfigError(
                    f"{option} limits none of the objects to be imported",
                    hint="A list is one of contacts, a pipeline one of deals or tickets; "
                    "add the object with --object.",
                )


def _check_objects(names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            raise ConfigError(
                f"--object {name!r} is nothing that the configured journeys read",
                hint=f"Did you mean {near[0]}?" if near else f"They read: {', '.join(known)}.",
            )


class _PartReader:
    """Reads the wanted part of one stream, once."""

    def __init__(
        self,
        source: Source,
        store: Store,
        name: str,
        stream: str,
        need: Need,
        excerpt: Excerpt,
        now: datetime,
        begun: Mapping[str, str | None],
        gate: Gate,
    ) -> None:
        self._source, self._store, self._name = source, store, name
        self._stream, self._need, self._excerpt, self._gate = stream, need, excerpt, gate
        self._until = excerpt.until or now
        self._cursor = begun.get(stream)
        self._is_done = stream in begun and self._cursor is None
        self.count = Count()
        self.findings: list[Finding] = []
        self.is_emptied = False
        self.erased: dict[str, list[str]] = {}

    def read(self) -> None:
        if self._is_done:
            return
        try:
            self._read(self._cursor)
        except RejectedError as error:
            if self._cursor is None or self.count.read or error.status in UNAVAILABLE:
                raise
            # A cursor that the remote no longer takes would refuse every later attempt as well.
            self._read(None)

    def records(self, object: str, ids: Sequence[str]) -> Mapping[str, Record]:  # noqa: A002 - the port's own word
        """Return by id those of *ids* that the mirror holds."""
        with self._gate.alone:
            return self._store.records_of(object, ids)

    def _read(self, cursor: str | None) -> None:
        for batch in self._batches(cursor):
            with self._gate.alone:
                saved = self._store.save_import(
                    self._name, self._stream, batch.cursor, batch.records, batch.merged
                )
            self.count.read += saved.read
            self.count.changed += saved.changed
            self.count.merged += saved.merged
            self.findings.extend(batch.findings)
            self._gate.progress(self._stream, self.count.read)
            if batch.cursor is not None and not self._gate.goes_on():
                raise StoppedError

    def _batches(self, cursor: str | None) -> Iterator[Batch]:
        source, excerpt = self._source, self._excerpt
        if isinstance(source, Excerpter) and source.narrows(self._stream, excerpt):
            return source.excerpt(self._stream, self._need, excerpt, known=self, cursor=cursor)
        if not isinstance(source, Follower):
            raise TypeError("the plan lets only a source through that follows its streams")
        return source.changes(
            self._stream,
            self._need,
            since=excerpt.since or EARLIEST,
            until=self._until,
            known=self,
            cursor=cursor,
        )
