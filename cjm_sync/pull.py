"""Bring the mirror up to date, page by page, so that an interrupted reading goes on where it was.

A page of records and the cursor after it are one transaction. Records that a *complete* reading did
not show are gone; a partial one never counts as deletions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cjm_sync.errors import ConfigError, RejectedError, TransientError
from cjm_sync.model import Finding, Need
from cjm_sync.ports import Source
from cjm_sync.store import Store, need_digest

logger = logging.getLogger(__name__)


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
) -> Pulled:
    """Read every stream that *needs* asks for; return what came.

    A stream that the token may not read is one finding; one that fails midway is another, and the
    others go on. A refused token (ConfigError) stops the pull.
    """
    pulled = Pulled()
    for stream in source.streams(needs):
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
            )
        except ConfigError:
            raise
        except RejectedError as error:
            if error.status in {402, 403, 404}:
                pulled.findings.append(
                    Finding(
                        "stream_unavailable",
                        stream,
                        f"{stream} cannot be read: {error}",
                        error.hint or "",
                    )
                )
            else:
                _failed(store, stream, error, pulled)
        except TransientError as error:
            _failed(store, stream, error, pulled)
            if getattr(error, "stops_run", False):
                break
    return pulled


def _failed(store: Store, stream: str, error: Exception, pulled: Pulled) -> None:
    pulled.failed.append(stream)
    if not store.readings().get(stream, False):
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
) -> None:
    digest = need_digest((sorted(need.properties), sorted(need.history), sorted(need.links)))
    reading = store.reading(stream, digest)
    resumed = reading.cursor is not None
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
    if not reading.is_complete:
        return
    if count.read == 0 and not resumed and store.unseen(stream, reading) and not accept_empty:
        pulled.emptied.append(stream)
        return
    count.archived += store.drop_unseen(stream, reading)
