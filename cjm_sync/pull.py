"""Bring the mirror up to date, page by page, so that an interrupted reading goes on where it was.

A page of records and the cursor after it are one transaction. Records that a *complete* reading did
not show are gone; a partial one never counts as deletions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cjm_sync.errors import RejectedError, TransientError
from cjm_sync.model import Finding, Need
from cjm_sync.ports import Source
from cjm_sync.store import Reading, Store, need_digest

logger = logging.getLogger(__name__)

_UNAVAILABLE = frozenset({402, 403, 404})
"""The answers by which a source says that this token or subscription has no such stream."""


@dataclass
class Count:
    """What the reading of one object brought."""

    read: int = 0
    changed: int = 0
    archived: int = 0
    merged: int = 0


@dataclass
class Pulled:
    """What one pull brought.

    *failed* are streams that broke midway; *unready* are those of them that were never read to
    the end, so that no map can be computed yet. *emptied* are objects of which nothing came where
    there was something; their records are still in the mirror.
    """

    counts: dict[str, Count] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)


def pull(
    source: Source,
    store: Store,
    needs: Mapping[str, Need],
    *,
    progress: Callable[[str, int], None] = lambda _stream, _read: None,
    accept_empty: bool = False,
    restart: bool = False,
) -> Pulled:
    """Read every stream that *needs* asks for; return what came.

    A stream that the token may not read is one finding; one that fails midway is another, and the
    others go on. A refused token (ConfigError) stops the pull. With *restart* a reading that was
    interrupted is not continued but begun anew.
    """
    pulled = Pulled()
    streams = source.streams(needs)
    for place, stream in enumerate(streams):
        count = pulled.counts.setdefault(stream, Count())
        try:
            _pull_stream(
                source,
                store,
                stream,
                needs.get(stream, Need()),
                count,
                pulled,
                progress,
                accept_empty=accept_empty,
                restart=restart,
            )
        except RejectedError as error:
            if error.status in _UNAVAILABLE:
                pulled.findings.append(
                    Finding(
                        "stream_unavailable",
                        stream,
                        f"{stream} cannot be read: {error}",
                        error.hint or "",
                    )
                )
            else:
                _failed(store, needs, stream, error, pulled)
        except TransientError as error:
            _failed(store, needs, stream, error, pulled)
            if getattr(error, "stops_run", False):
                left = streams[place + 1 :]
                pulled.unready += [s for s in left if not _was_read(store, needs, s)]
                break
    return pulled


def _was_read(store: Store, needs: Mapping[str, Need], stream: str) -> bool:
    return store.was_read(stream, _digest(needs.get(stream, Need())))


def _digest(need: Need) -> str:
    return need_digest((sorted(need.properties), sorted(need.history), sorted(need.links)))


def _failed(
    store: Store, needs: Mapping[str, Need], stream: str, error: Exception, pulled: Pulled
) -> None:
    pulled.failed.append(stream)
    if not _was_read(store, needs, stream):
        pulled.unready.append(stream)
    pulled.findings.append(
        Finding(
            "stream_failed",
            stream,
            f"the reading of {stream} stopped midway: {error}",
            getattr(error, "hint", None) or "Run again; it continues where it stopped.",
        )
    )
    logger.warning("a stream failed", extra={"action": "stream_failed", "stream": stream})


def _pull_stream(
    source: Source,
    store: Store,
    stream: str,
    need: Need,
    count: Count,
    pulled: Pulled,
    progress: Callable[[str, int], None],
    *,
    accept_empty: bool,
    restart: bool,
) -> None:
    digest = _digest(need)
    reading = store.reading(stream, digest, restart=restart)
    resumed = reading.cursor is not None
    try:
        reading = _read_on(source, store, stream, need, digest, reading, count, pulled, progress)
    except RejectedError as error:
        if not resumed or count.read or error.status in _UNAVAILABLE:
            raise
        # A cursor that the remote no longer takes would refuse every later run as well.
        logger.info(
            "a reading begins anew", extra={"action": "reading_restarted", "stream": stream}
        )
        reading = store.reading(stream, digest, restart=True)
        resumed = False
        reading = _read_on(source, store, stream, need, digest, reading, count, pulled, progress)
    if not reading.is_complete:
        return
    if count.read == 0 and not resumed and store.unseen(stream, reading) and not accept_empty:
        pulled.emptied.append(stream)
        return
    count.archived += store.drop_unseen(stream, reading)


def _read_on(
    source: Source,
    store: Store,
    stream: str,
    need: Need,
    digest: str,
    reading: Reading,
    count: Count,
    pulled: Pulled,
    progress: Callable[[str, int], None],
) -> Reading:
    """Read from where *reading* stands to the stream's end; return where it stands then."""
    for batch in source.pull(stream, need, reading.cursor):
        is_last = batch.cursor is None
        reading = replace(
            reading,
            cursor=batch.cursor,
            is_complete=is_last,
            ever_complete=reading.ever_complete or is_last,
        )
        saved = store.save_batch(stream, digest, reading, batch.records, batch.merged)
        count.read += saved.read
        count.changed += saved.changed
        count.merged += len(batch.merged)
        pulled.findings.extend(batch.findings)
        progress(stream, count.read)
    return reading
