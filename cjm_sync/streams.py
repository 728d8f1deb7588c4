"""Read one stream into the mirror: what changed, or all of it, and then what is no longer there.

A page of records and how far it brings the reading are one transaction, so a reading that was
stopped goes on where it was. What is gone is judged only after a listing that came to its end: by
the source's archived records first, then by what neither showed. A listing that lost too much at
once is not believed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from cjm_sync.errors import RejectedError
from cjm_sync.mirror import need_digest
from cjm_sync.model import Batch, Finding, Need, Record
from cjm_sync.ports import Follower, Personal, Source
from cjm_sync.store import Store
from cjm_sync.tables import Reading, Saved, Trail

logger = logging.getLogger(__name__)

UNAVAILABLE = frozenset({402, 403, 404})
"""The answers by which a source says that this token or subscription has no such stream."""

LOOKED_UP_AT_ONCE = 1000

FEW = 20
"""Of fewer records than this, any number may vanish at once and be believed."""


@dataclass
class Count:
    """What the reading of one object brought."""

    read: int = 0
    changed: int = 0
    archived: int = 0
    merged: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """How far to read.

    With *follows*, changes are followed up to *now*, where the source tells them; without it
    everything is listed. *full* lists everything as well, at most *pages* of each stream if given,
    and goes on from there the next time; *restart* begins that anew. *accept* believes a listing
    that lost too much. Without *judges* nothing is removed, and the next reading judges what is gone. A stream of at most *small* records is
    listed each time: that costs about as little as asking for changes, and shows what was archived,
    re-associated or recalculated.
    """

    now: Callable[[], datetime]
    follows: bool = True
    full: bool = False
    pages: int | None = None
    restart: bool = False
    accept: bool = False
    small: int = -1
    judges: bool = True


def digest_of(need: Need) -> str:
    """Return a text that changes when a stream is read for something else."""
    return need_digest((sorted(need.properties), sorted(need.history), sorted(need.links)))


class StoppedError(Exception):
    """Another stream found that nothing more can be read in this run."""


class StreamReader:
    """Reads one stream once. Every use of the store is made under *alone*."""

    def __init__(
        self,
        source: Source,
        store: Store,
        stream: str,
        need: Need,
        reach: Reach,
        *,
        alone: AbstractContextManager[object],
        goes_on: Callable[[], bool] = lambda: True,
        progress: Callable[[str, int], None] = lambda _stream, _read: None,
    ) -> None:
        self._source, self._store, self._reach = source, store, reach
        self._stream, self._need, self._digest = stream, need, digest_of(need)
        self._alone, self._goes_on, self._progress = alone, goes_on, progress
        self._trail = Trail()
        self._has_listed = self._is_resumed = False
        self.count = Count()
        self.findings: list[Finding] = []
        self.is_emptied = False
        self.erased: dict[str, list[str]] = {}
        """Who stands in no listing any more, not even among the archived, and was not merged."""

    def read(self) -> None:
        """Bring the mirror up to date; raises what the source raises."""
        follower = self._follower
        if follower is None:
            reading = self._listed(pages=None)
            if reading.is_complete:
                self._judge(reading, None, sweeps=True)
            return
        with self._alone:
            self._trail = self._store.trail(self._stream, self._digest)
            standing = self._store.standing(self._stream, self._digest)
            is_short = self._store.count_of(self._stream) <= self._reach.small
            is_short |= self._store.is_relisted(self._stream)
        reach = self._reach
        lists = self._trail.settled is None or reach.full or reach.restart or is_short
        # A listing that begins now and ends in this run brings the changes as well.
        begins = standing is None or standing.is_complete or reach.restart
        settled = self._trail.settled
        if settled is not None and not (lists and begins and reach.pages is None):
            lists = not self._follow(follower, settled) or lists
        if lists:
            standing = self._listed(pages=reach.pages if settled is not None else None)
            if settled is None and self._is_resumed and self._trail.settled is not None:
                # What was listed before the reading was stopped may have changed meanwhile.
                self._follow(follower, self._trail.settled)
        if standing is not None and standing.is_complete and self._trail.began is not None:
            self._judge(standing, follower, sweeps=reach.full or settled is None)

    @property
    def _follower(self) -> Follower | None:
        source = self._source
        if not self._reach.follows or not isinstance(source, Follower):
            return None
        return source if source.follows(self._stream) else None

    # what changed

    def _follow(self, follower: Follower, settled: datetime) -> bool:
        """Read what changed since *settled*; return False when the source refuses to tell."""
        is_resumed = self._trail.cursor is not None
        try:
            settled = self._read_window(follower, settled)
        except RejectedError:
            if not is_resumed:
                # The listing is tried instead; it says whether the stream may be read at all.
                return False
            # A cursor that the remote no longer takes would refuse every later run as well.
            self._trail = replace(self._trail, until=None, cursor=None)
            return self._follow(follower, settled)
        if is_resumed:
            self._read_window(follower, settled)
        return True

    def _read_window(self, follower: Follower, settled: datetime) -> datetime:
        """Read the window that was begun, else the one until now; return where it ends."""
        trail = self._trail
        # The moment stands before the first request: what changes meanwhile is read the next time.
        until = trail.until or max(self._reach.now(), settled)
        batches = follower.changes(
            self._stream,
            self._need,
            since=settled,
            until=until,
            known=self,
            cursor=trail.cursor,
        )
        for batch in self._paged(batches):
            is_last = batch.cursor is None
            trail = replace(
                trail,
                settled=until if is_last else settled,
                until=None if is_last else until,
                cursor=batch.cursor,
            )
            with self._alone:
                saved = self._store.save_changes(
                    self._stream, self._digest, trail, batch.records, batch.merged
                )
                self._trail = trail
                self._note(batch, saved)
        return until

    def records(self, object: str, ids: Sequence[str]) -> Mapping[str, Record]:  # noqa: A002 - the port's own word
        """Return by id those of *ids* that the mirror holds."""
        with self._alone:
            return self._store.records_of(object, ids)

    # everything

    def _listed(self, *, pages: int | None) -> Reading:
        """List the stream, on from where that stands; return where it stands then."""
        with self._alone:
            reading = self._store.reading(self._stream, self._digest, restart=self._reach.restart)
        self._is_resumed = reading.cursor is not None
        self._begin(reading)
        try:
            return self._list(reading, pages)
        except RejectedError as error:
            if not self._is_resumed or self._has_listed or error.status in UNAVAILABLE:
                raise
        # A cursor that the remote no longer takes would refuse every later run as well.
        logger.info(
            "a reading begins anew", extra={"action": "reading_restarted", "stream": self._stream}
        )
        with self._alone:
            reading = self._store.reading(self._stream, self._digest, restart=True)
        self._is_resumed = False
        self._begin(reading)
        return self._list(reading, pages)

    def _begin(self, reading: Reading) -> None:
        """Remember when a listing began: what it showed may have changed since."""
        self._has_listed = False
        if reading.cursor is not None or self._follower is None:
            return
        with self._alone:
            held = self._store.count_of(self._stream)
            self._trail = replace(self._trail, began=self._reach.now(), held=held)
            self._store.set_trail(self._stream, self._digest, self._trail)

    def _list(self, reading: Reading, pages: int | None) -> Reading:
        batches = self._source.pull(self._stream, self._need, reading.cursor)
        for page, batch in enumerate(self._paged(batches), 1):
            is_last = batch.cursor is None
            reading = replace(
                reading,
                cursor=batch.cursor,
                is_complete=is_last,
                ever_complete=reading.ever_complete or is_last,
            )
            trail = None
            if is_last and self._trail.began is not None:
                settled = max(self._trail.settled or self._trail.began, self._trail.began)
                trail = replace(self._trail, settled=settled)
            with self._alone:
                saved = self._store.save_batch(
                    self._stream, self._digest, reading, batch.records, batch.merged, trail
                )
                self._trail = trail or self._trail
                self._has_listed = True
                self._note(batch, saved)
            if page == pages:
                break
        return reading

    def _paged(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            yield batch
            if batch.cursor is not None and not self._goes_on():
                raise StoppedError

    def _note(self, batch: Batch, saved: Saved) -> None:
        self.count.read += saved.read
        self.count.changed += saved.changed
        self.count.merged += saved.merged
        self.findings.extend(batch.findings)
        self._progress(self._stream, self.count.read)

    # what is gone

    def _judge(self, reading: Reading, follower: Follower | None, *, sweeps: bool) -> None:
        """Remove what a complete listing did not show, unless it lost too much to be believed.

        Unless it *sweeps*, the archived records are asked for only when something is missing.
        """
        if not self._reach.judges:
            return
        with self._alone:
            unseen = self._store.unseen(self._stream, reading)
            if not unseen and not sweeps:
                self._trail = replace(self._trail, began=None)
                self._store.set_trail(self._stream, self._digest, self._trail)
                return
        if unseen and not self._reach.accept and self._doubt(unseen):
            if follower is not None:
                unseen = self._without_erased(reading, follower)
            if self._complains(unseen):
                if follower is not None:
                    # Listed in full again at the next run, which may show something else.
                    self._trail = replace(
                        self._trail, settled=None, until=None, cursor=None, began=None
                    )
                    with self._alone:
                        self._store.set_trail(self._stream, self._digest, self._trail)
                return
        remembered: set[str] = set()
        lost: list[str] = []
        if follower is not None and (self._trail.held or self._is_resumed or self._owns):
            retired, survivors = self._retired(reading, follower)
            remembered = survivors | self._look_up(reading, follower, retired)
            lost = self._lost_while_archived(reading, follower)
        with self._alone:
            gone: list[str] = []
            if follower is not None:
                gone = [*self._store.unseen_ids(self._stream, reading), *lost]
                former = self._store.aliases(self._stream) if gone else {}
                gone = [id_ for id_ in gone if id_ not in former]
                self._trail = replace(self._trail, began=None, swept=self._trail.began)
            self.count.archived += self._store.drop_unseen(
                self._stream,
                reading,
                remembered=remembered,
                erased=gone,
                ended=None if follower is None else (self._digest, self._trail),
            )
            if gone:
                self.erased.setdefault(self._stream, []).extend(gone)

    @property
    def _owns(self) -> bool:
        """Tell whether records of other streams belong to those of this one."""
        source = self._source
        return isinstance(source, Personal) and any(
            one.owner == self._stream for one in source.belongings()
        )

    def _lost_while_archived(self, reading: Reading, follower: Follower) -> list[str]:
        """Return who was archived and now stands nowhere; asked for by id to be sure."""
        with self._alone:
            parted = self._store.parted(self._stream, reading)
            former = self._store.aliases(self._stream) if parted else {}
        lost: list[str] = []
        for start in range(0, len(parted), LOOKED_UP_AT_ONCE):
            some = parted[start : start + LOOKED_UP_AT_ONCE]
            batch = follower.look_up(self._stream, some)
            if batch is None:
                break
            found = {record.id for record in batch.records}
            # Whoever was merged lives on, addresses and all.
            merged = sorted((batch.merged.keys() | former.keys()) & set(some))
            with self._alone:
                self._store.unpart(self._stream, merged)
                self.findings.extend(batch.findings)
            lost += [id_ for id_ in some if id_ not in found and id_ not in merged]
        return lost

    def _without_erased(self, reading: Reading, follower: Follower) -> int:
        """Return how many are missing that did not belong to somebody who was erased.

        Whose the missing are is asked for by id: of one that the source does not know any more,
        all goes at once.
        """
        with self._alone:
            owners = self._store.owners_of_unseen(self._stream, reading)
        for owner, ids in owners.items():
            for start in range(0, len(ids), LOOKED_UP_AT_ONCE):
                some = ids[start : start + LOOKED_UP_AT_ONCE]
                try:
                    batch = follower.look_up(owner, some)
                except RejectedError:
                    batch = None  # they may not be read; so nothing is known of them
                if batch is None:
                    break
                found = {record.id for record in batch.records} | batch.merged.keys()
                gone = [id_ for id_ in some if id_ not in found]
                if gone:
                    with self._alone:
                        self._store.erase(owner, gone)
                    self.erased.setdefault(owner, []).extend(gone)
        with self._alone:
            return self._store.unseen(self._stream, reading)

    def _retired(self, reading: Reading, follower: Follower) -> tuple[list[str], set[str]]:
        """Return who of the mirror is archived, also when that was after it was listed.

        And the archived whom others were merged into: they may come back.
        """
        with self._alone:
            ends = set(self._store.survivors(self._stream).values())
        retired: dict[str, None] = {}
        survivors: set[str] = set()
        for batch in self._paged(follower.archived(self._stream, None)):
            ids = [record.id for record in batch.records]
            with self._alone:
                retired |= dict.fromkeys(self._store.records_of(self._stream, ids))
                self._store.part(reading, batch.records)
                self.findings.extend(batch.findings)
            survivors |= ends.intersection(ids)
        return list(retired), survivors

    def _look_up(self, reading: Reading, follower: Follower, retired: Sequence[str]) -> set[str]:
        """Ask for what no listing showed, and for those who are said to be archived.

        A page that came short is no deletion, and some who are archived were merged. Return whom
        somebody was merged into, and who was archived in the meantime.
        """
        found: set[str] = set()
        with self._alone:
            missing = self._store.unseen_ids(self._stream, reading)
        asked = list(dict.fromkeys([*retired, *missing]))
        said = set(retired)
        for start in range(0, len(asked), LOOKED_UP_AT_ONCE):
            some = asked[start : start + LOOKED_UP_AT_ONCE]
            batch = follower.look_up(self._stream, some)
            if batch is None:
                break
            there = {record.id for record in batch.records if not record.archived}
            away = {record.id for record in batch.records if record.archived}
            gone = sorted(away | (said.intersection(some) - there))
            with self._alone:
                learned = self._store.keep(self._stream, reading, sorted(there), batch.merged)
                self.count.merged += learned
                self.count.archived += self._store.drop(self._stream, reading, gone)
                self.findings.extend(batch.findings)
            found |= {*batch.merged.values(), *away}
        return found

    def _doubt(self, unseen: int) -> bool:
        """Tell whether so much is missing that the listing is not to be believed."""
        held = self._trail.held
        with self._alone:
            return unseen == self._store.count_of(self._stream) or (
                held >= FEW and unseen * 2 > held
            )

    def _complains(self, unseen: int) -> bool:
        """Say that *unseen* are missing, if that is too many to be believed."""
        if not unseen or not self._doubt(unseen):
            return False
        with self._alone:
            self.is_emptied = unseen == self._store.count_of(self._stream)
        if not self.is_emptied:
            self.findings.append(
                Finding(
                    "listing_shrunken",
                    self._stream,
                    f"{unseen} of {self._trail.held} {self._stream} were not in the listing any "
                    "more; they are kept for now",
                    "If they were really removed, run `cjm-sync sync --accept`; else look at the "
                    "token's access in the source.",
                )
            )
        return True
