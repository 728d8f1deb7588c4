"""When search finds a record: its index trails the records, by a little or, for some, by much."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime

from cjm_sync_sandbox.hubspot.table import Row, Table
from cjm_sync_sandbox.hubspot.wire import to_milliseconds


@dataclass
class IndexLag:
    """What is not in the index yet is not found, whatever it was before; then it is found as it is.

    Every change takes *seconds* to be indexed, and a share of *jitter_seconds* that differs from
    record to record, so that some come late and out of order. *changed* and *held* are by object
    and id, in epoch milliseconds: when the sandbox's hand last changed a record (of others the
    modified property tells), and until when search must not see it.
    """

    seconds: float = 0.0
    jitter_seconds: float = 0.0
    changed: dict[str, dict[str, int]] = field(default_factory=dict)
    held: dict[str, dict[str, int]] = field(default_factory=dict)

    def hidden(self, table: Table, now: datetime) -> set[str]:
        """Return the ids of the live rows that search does not find at *now*."""
        at = to_milliseconds(now.isoformat()) or 0
        name = table.kind.name
        hidden = {one for one, until in self.held.get(name, {}).items() if until > at}
        most = self.seconds + self.jitter_seconds
        if most <= 0:
            return hidden
        changed = self.changed.get(name, {})
        recent = {one: when for one, when in changed.items() if when > at - most * 1000}
        rows = table.listing(archived=False).rows
        order = table.by_modified()
        for place in order.between(int(at - most * 1000), None):
            row: Row = rows[place]
            moment = order.moments[place]
            if row["id"] not in changed and moment is not None:
                recent[row["id"]] = moment
        hidden.update(one for one, when in recent.items() if self._indexed(one, when) > at)
        return hidden

    def _indexed(self, record_id: str, changed: int) -> float:
        share = zlib.crc32(record_id.encode()) % 1000 / 1000
        return changed + (self.seconds + share * self.jitter_seconds) * 1000
