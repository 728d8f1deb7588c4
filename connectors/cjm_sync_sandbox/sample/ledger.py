"""Where the parts of the sample write their records: ids, times and row format in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.draw import SAMPLE_AS_OF, iso, stream

Row = dict[str, Any]
Change = tuple[datetime, str, str]  # when, the new value, HubSpot's sourceType

_FIRST_ID = {
    "contacts": 713_000_100_001,
    "companies": 406_000_100_001,
    "deals": 479_000_100_001,
    "tickets": 481_000_100_001,
    "calls": 496_000_100_001,
    "emails": 495_000_100_001,
    "meetings": 497_000_100_001,
    "notes": 494_000_100_001,
    "tasks": 493_000_100_001,
    "communications": 498_000_100_001,
    "postal_mail": 492_000_100_001,
    "feedback_submissions": 491_000_100_001,
    "quotes": 490_000_100_001,
}


class Ledger:
    """The rows written so far; ids grow with gaps, as those of a shared portal do."""

    def __init__(self, seed: int) -> None:
        self.rows: dict[str, list[Row]] = {name: [] for name in _FIRST_ID}
        self.rows |= {"email_events": [], "form_submissions": [], "events": []}
        self._next = dict(_FIRST_ID)
        self._rng = stream(seed, "ids")

    def new_id(self, kind: str) -> str:
        """Take the next id of *kind*."""
        given = self._next[kind]
        self._next[kind] = given + self._rng.randint(1, 37)
        return str(given)

    def add(
        self,
        kind: str,
        created: datetime,
        properties: Mapping[str, str | None],
        *,
        record_id: str | None = None,
        history: Mapping[str, Sequence[Change]] | None = None,
        **links: Iterable[str],
    ) -> Row:
        """Write a record of *kind*; *history* is given oldest first and stored newest first.

        Each property with a history takes its newest value; the record was last modified at its
        newest change. *links* are the ids of associated records by object name.
        """
        row: Row = {
            "id": record_id or self.new_id(kind),
            "properties": dict(properties),
            "createdAt": iso(created),
        }
        row["updatedAt"] = iso(min(created + timedelta(seconds=2), SAMPLE_AS_OF))
        for name, changes in (history or {}).items():
            self.set_history(row, name, changes)
        associations = {name: list(dict.fromkeys(ids)) for name, ids in links.items()}
        row["associations"] = {name: ids for name, ids in associations.items() if ids}
        self.rows[kind].append(row)
        return row

    def set_history(self, row: Row, name: str, changes: Sequence[Change]) -> None:
        """Store *changes*, given oldest first, and let *row* have the newest value."""
        row.setdefault("history", {})[name] = [
            {
                "value": value,
                "timestamp": iso(when),
                "sourceType": source,
                **({"sourceId": "userId:61200340"} if source == "CRM_UI" else {}),
            }
            for when, value, source in reversed(changes)
        ]
        row["properties"][name] = changes[-1][1]
        if changes[-1][0] > datetime.fromisoformat(row["updatedAt"]):
            row["updatedAt"] = iso(min(changes[-1][0], SAMPLE_AS_OF))

    def portal(self, account: dict[str, Any]) -> Portal:
        """Return the portal of everything written so far, without empty files."""
        return Portal(account, {name: rows for name, rows in self.rows.items() if rows})


def uuid(rng: Random) -> str:
    """Draw an id in the shape that submissions and email events carry."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def millis_text(span: timedelta) -> str:
    """Write a duration as HubSpot's duration properties hold it: milliseconds, as text."""
    return str(round(span.total_seconds() * 1000))
