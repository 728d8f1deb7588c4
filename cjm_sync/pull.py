"""Bring the mirror up to date, page by page, so that an interrupted reading goes on where it was.

The way in is `pull`: every stream, one after the other or several at once, and what came of each.
How one stream is read is in `streams`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cjm_sync.errors import CjmSyncError, RejectedError, TransientError
from cjm_sync.model import Finding, Need
from cjm_sync.ports import Clock, Follower, Personal, Source
from cjm_sync.store import Store
from cjm_sync.streams import (
    UNAVAILABLE,
    Count,
    Reach,
    StoppedError,
    StreamReader,
    digest_of,
)

logger = logging.getLogger(__name__)

__all__ = ["Count", "Gate", "PartReaders", "Pulled", "Reader", "pull"]


@dataclass
class Pulled:
    """What one pull brought.

    *failed* are streams that broke midway; *unready* are those of them that were never read to
    the end, so that no map can be computed yet. *emptied* are objects of which nothing came where
    there was something; their records are still in the mirror. *erased* are, by object, the ids
    that are in no listing any more, neither among the archived nor as merged. What belonged to them
    has left the mirror; what was kept of them elsewhere must go as well.
    """

    counts: dict[str, Count] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    erased: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Reader(Protocol):
    """Something that reads one stream, once, and what came of it."""

    count: Count
    findings: list[Finding]
    is_emptied: bool
    erased: dict[str, list[str]]

    def read(self) -> None:
        """Read it; raises what the source raises."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What readers share: the store is used under *alone*, and the run may end between pages."""

    alone: AbstractContextManager[object]
    goes_on: Callable[[], bool]
    progress: Callable[[str, int], None]


PartReaders = Callable[[str, Need, Gate], Reader | None]
"""Returns who reads a part of a stream, or None where all of it is wanted."""


def pull(
    source: Source,
    store: Store,
    needs: Mapping[str, Need],
    *,
    progress: Callable[[str, int], None] = lambda _stream, _read: None,
    accept_empty: bool = False,
    restart: bool = False,
    clock: Clock | None = None,
    full: bool = False,
    pages: int | None = None,
    workers: int = 1,
    small: int = -1,
    only: Collection[str] | None = None,
    parts: PartReaders | None = None,
    judges: bool = True,
) -> Pulled:
    """Read every stream that *needs* asks for, or *only* these of them; return what came.

    With a *clock*, a stream that was read to its end before, and that the source follows, is only
    asked for what changed; that never removes anything. *full* also lists such streams, which finds
    what is gone, was restored or changed without a trace; at most *pages* pages of each if given,
    going on from there the next time. A stream of at most *small* records is listed each time all
    the same. With *restart* a listing that was interrupted is not
    continued but begun anew. *accept_empty* believes a listing that lost too much at once.

    A stream that the token may not read is one finding; one that fails midway is another, and the
    others go on. A refused token (ConfigError) stops the pull. Up to *workers* streams are read at
    once, after those that describe them; the store is written by one at a time, and the result
    does not tell who came first. *parts* gives the readers of streams of which a part is wanted.
    Without *judges* nothing is removed; the next pull does that.
    """
    reach = Reach(
        now=clock.now if clock is not None else lambda: datetime.now(UTC),
        follows=clock is not None,
        full=full,
        pages=pages,
        restart=restart,
        accept=accept_empty,
        small=small,
        judges=judges,
    )
    store.mind(source.belongings() if isinstance(source, Personal) else ())
    return _Pull(source, store, needs, reach, progress, only, parts).go(workers)


class _Pull:
    """One pull while it lasts."""

    def __init__(
        self,
        source: Source,
        store: Store,
        needs: Mapping[str, Need],
        reach: Reach,
        progress: Callable[[str, int], None],
        only: Collection[str] | None,
        parts: PartReaders | None,
    ) -> None:
        self._source, self._store, self._needs, self._reach = source, store, needs, reach
        self._progress, self._only, self._parts = progress, only, parts
        self._alone = threading.RLock()
        self._stopped = threading.Event()
        self._errors: dict[str, CjmSyncError] = {}
        self._readers: dict[str, Reader] = {}

    def go(self, workers: int) -> Pulled:
        # The source hears of all needs, also when few streams are read: they describe each other.
        streams = [
            stream
            for stream in self._source.streams(self._needs)
            if self._only is None or stream in self._only
        ]
        if workers > 1 and isinstance(self._source, Follower) and self._store.serves_threads:
            followed = [stream for stream in streams if self._source.follows(stream)]
            for stream in streams:
                if stream not in followed:
                    self._read(stream)
            self._read_at_once(followed, workers)
        else:
            for stream in streams:
                self._read(stream)
        return self._told(streams)

    def _read_at_once(self, streams: Sequence[str], workers: int) -> None:
        with ThreadPoolExecutor(workers, thread_name_prefix="pull") as pool:
            try:
                for reading in [pool.submit(self._read, stream) for stream in streams]:
                    reading.result()
            except BaseException:
                # The others end at the page in hand; the pool waits for that.
                self._stopped.set()
                raise

    def _read(self, stream: str) -> None:
        if self._stopped.is_set():
            return
        reader = self._readers[stream] = self._reader(stream)
        try:
            reader.read()
        except StoppedError:
            return
        except (RejectedError, TransientError) as error:
            self._errors[stream] = error
            if getattr(error, "stops_run", False):
                self._stopped.set()

    def _reader(self, stream: str) -> Reader:
        need = self._needs.get(stream, Need())
        gate = Gate(self._alone, lambda: not self._stopped.is_set(), self._progress)
        part = self._parts(stream, need, gate) if self._parts is not None else None
        return part or StreamReader(
            self._source,
            self._store,
            stream,
            need,
            self._reach,
            alone=gate.alone,
            goes_on=gate.goes_on,
            progress=gate.progress,
        )

    def _told(self, streams: Sequence[str]) -> Pulled:
        """Return what came, in the order of *streams* whoever was first."""
        pulled = Pulled()
        for stream in streams:
            reader = self._readers.get(stream)
            if reader is not None:
                pulled.counts[stream] = reader.count
                pulled.findings += reader.findings
                # What was there may have gone with its owner since.
                if reader.is_emptied and self._store.count_of(stream):
                    pulled.emptied.append(stream)
                for of, ids in reader.erased.items():
                    # Two streams may find the same person gone at the same time.
                    pulled.erased[of] = tuple(dict.fromkeys((*pulled.erased.get(of, ()), *ids)))
            error = self._errors.get(stream)
            if isinstance(error, RejectedError) and error.status in UNAVAILABLE:
                pulled.findings.append(
                    Finding(
                        "stream_unavailable",
                        stream,
                        f"{stream} cannot be read: {error}",
                        error.hint or "",
                    )
                )
                continue
            if error is not None:
                pulled.failed.append(stream)
                pulled.findings.append(_failure(stream, error))
                logger.warning(
                    "a stream failed", extra={"action": "stream_failed", "stream": stream}
                )
            if (error is not None or self._stopped.is_set()) and not self._was_read(stream):
                pulled.unready.append(stream)
        return pulled

    def _was_read(self, stream: str) -> bool:
        return self._store.was_read(stream, digest_of(self._needs.get(stream, Need())))


def _failure(stream: str, error: CjmSyncError) -> Finding:
    return Finding(
        "stream_failed",
        stream,
        f"the reading of {stream} stopped midway: {error}",
        error.hint or "Run again; it continues where it stopped.",
    )
