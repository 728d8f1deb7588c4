"""Bring the mirror up to date, page by page, so that an interrupted reading goes on where it was.

The way in is `pull`: every stream, one after the other or several at once, and what came of each.
How one stream is read is in `streams`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cjm_sync.errors import CjmSyncError, RejectedError, TransientError
from cjm_sync.model import Finding, Need
from cjm_sync.ports import Clock, Follower, Source
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

__all__ = ["Count", "Pulled", "pull"]


@dataclass
class Pulled:
    """What one pull brought.

    *failed* are streams that broke midway; *unready* are those of them that were never read to
    the end, so that no map can be computed yet. *emptied* are objects of which nothing came where
    there was something; their records are still in the mirror. *erased* are, by object, the ids
    that a full pull found in no listing any more, neither among the archived nor as merged: what
    was kept of them elsewhere must go as well.
    """

    counts: dict[str, Count] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    erased: dict[str, tuple[str, ...]] = field(default_factory=dict)


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
) -> Pulled:
    """Read every stream that *needs* asks for; return what came.

    With a *clock*, a stream that was read to its end before, and that the source follows, is only
    asked for what changed; that never removes anything. *full* also lists such streams, which finds
    what is gone, was restored or changed without a trace; at most *pages* pages of each if given,
    going on from there the next time. With *restart* a listing that was interrupted is not
    continued but begun anew. *accept_empty* believes a listing that lost too much at once.

    A stream that the token may not read is one finding; one that fails midway is another, and the
    others go on. A refused token (ConfigError) stops the pull. Up to *workers* streams are read at
    once, after those that describe them; the store is written by one at a time, and the result
    does not tell who came first.
    """
    reach = Reach(
        now=clock.now if clock is not None else lambda: datetime.now(UTC),
        follows=clock is not None,
        full=full,
        pages=pages,
        restart=restart,
        accept=accept_empty,
    )
    return _Pull(source, store, needs, reach, progress).go(workers)


class _Pull:
    """One pull while it lasts."""

    def __init__(
        self,
        source: Source,
        store: Store,
        needs: Mapping[str, Need],
        reach: Reach,
        progress: Callable[[str, int], None],
    ) -> None:
        self._source, self._store, self._needs, self._reach = source, store, needs, reach
        self._progress = progress
        self._alone = threading.RLock()
        self._stopped = threading.Event()
        self._errors: dict[str, CjmSyncError] = {}
        self._readers: dict[str, StreamReader] = {}

    def go(self, workers: int) -> Pulled:
        streams = self._source.streams(self._needs)
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
        reader = self._readers[stream] = StreamReader(
            self._source,
            self._store,
            stream,
            self._needs.get(stream, Need()),
            self._reach,
            alone=self._alone,
            goes_on=lambda: not self._stopped.is_set(),
            progress=self._progress,
        )
        try:
            reader.read()
        except StoppedError:
            return
        except (RejectedError, TransientError) as error:
            self._errors[stream] = error
            if getattr(error, "stops_run", False):
                self._stopped.set()

    def _told(self, streams: Sequence[str]) -> Pulled:
        """Return what came, in the order of *streams* whoever was first."""
        pulled = Pulled()
        for stream in streams:
            reader = self._readers.get(stream)
            if reader is not None:
                pulled.counts[stream] = reader.count
                pulled.findings += reader.findings
                if reader.is_emptied:
                    pulled.emptied.append(stream)
                if reader.erased:
                    pulled.erased[stream] = reader.erased
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
