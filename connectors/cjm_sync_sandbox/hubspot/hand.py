"""A portal that lives: what people, forms, workflows and HubSpot itself do to its records.

`HubSpotSandbox.edit` is a `Hand`; everything it does happens at the clock's time, under the
sandbox's lock, and is seen by the next request. It changes `sandbox.portal` in place, so a test that
needs the state before takes a copy first. Misuse (an unknown id, a merge of one) is a ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cjm_sync_sandbox.hubspot import linking, merging, trail
from cjm_sync_sandbox.hubspot.associations import reached
from cjm_sync_sandbox.hubspot.catalog import ACTIVITIES, OBJECTS, ObjectType, object_type
from cjm_sync_sandbox.hubspot.table import Row, created_at
from cjm_sync_sandbox.hubspot.values import history_of
from cjm_sync_sandbox.hubspot.view import PortalView
from cjm_sync_sandbox.hubspot.wire import to_milliseconds, to_text

_CONTENT = ("_body", "_text", "_html", "_subject", "_title", "_preview")


class Hand:
    """Edits the records of a portal; objects are named as in paths (`"contacts"`, `"0-1"`)."""

    def __init__(self, view: PortalView, lock: RLock) -> None:
        self._view = view
        self._lock = lock
        self._last_ids: dict[str, int] = {}
        self._made = 0

    # What there is.

    def live(self, kind: str) -> dict[str, Row]:
        """Return id → row of the records that a listing shows: not archived, not merged away."""
        with self._at_work():
            rows = self._view.table(object_type(kind)).listing(archived=False).rows
            return {row["id"]: row for row in rows}

    def archived(self, kind: str) -> dict[str, Row]:
        """Return id → row of the records in the archived listing."""
        with self._at_work():
            rows = self._view.table(object_type(kind)).listing(archived=True).rows
            return {row["id"]: row for row in rows}

    def aliases(self, kind: str) -> dict[str, str]:
        """Return former id → survivor's id, chains followed to their end."""
        with self._at_work():
            return dict(self._view.table(object_type(kind)).merged())

    def linked(self, kind: str, record_id: str, to: str) -> dict[str, bool]:
        """Return id → whether it is the primary link, of the live records of *to* it is linked to."""
        with self._at_work():
            source, target = object_type(kind), object_type(to)
            live = self._view.table(target).by_id
            return {
                one: primary
                for one, primary in reached(self._view, source, target, record_id).items()
                if one in live and not live[one].get("archived")
            }

    def row(self, kind: str, record_id: str) -> Row:
        """Return the row of a record, archived or not; a former id finds the survivor."""
        table = self._view.table(object_type(kind))
        row = table.by_id.get(table.merged().get(record_id, record_id))
        if row is None:
            raise ValueError(f"there is no {kind} {record_id}")
        return row

    # Records.

    def create(
        self,
        kind: str,
        properties: Mapping[str, str | None],
        associations: Mapping[str, Iterable[str]] | None = None,
        *,
        source: str = "CRM_UI",
        at: datetime | None = None,
    ) -> str:
        """Make a record and return its id, which is higher than every id before it.

        The first of the companies that a contact or a deal is given is its primary one. *at* is the
        time of creation and change, now when it is not given.
        """
        with self._at_work():
            target = object_type(kind)
            record_id, moment = self._next_id(target), self._text(at)
            row: Row = {
                "id": record_id,
                "properties": dict(properties),
                "createdAt": moment,
                "updatedAt": moment,
                "history": {
                    name: [_entry(value, moment, source)]
                    for name, value in properties.items()
                    if value is not None
                },
            }
            self._add(target, row)
            for other, ids in (associations or {}).items():
                for place, one in enumerate(ids):
                    primary = place == 0 and object_type(other).name == "companies"
                    self.associate(kind, record_id, other, one, primary=primary)
            return record_id

    def update(
        self,
        kind: str,
        record_id: str,
        properties: Mapping[str, str | None],
        *,
        source: str = "CRM_UI",
        at: datetime | None = None,
        bump: bool = True,
    ) -> None:
        """Set *properties* and move the modified time; a changed value gets an entry of history.

        None and `""` empty a value: the API shows null or the empty text. *at* is when it happened
        (now): a time before now is a change that the modified window of an earlier pull covered.
        """
        self.bulk_change(kind, [record_id], properties, source=source, at=at, bump=bump)

    def clear(
        self, kind: str, record_id: str, *names: str, to: str | None = "", source: str = "CRM_UI"
    ) -> None:
        """Empty the properties *names*."""
        self.update(kind, record_id, dict.fromkeys(names, to), source=source)

    def bulk_change(
        self,
        kind: str,
        ids: Iterable[str],
        properties: Mapping[str, str | None],
        *,
        source: str = "BATCH_UPDATE",
        at: datetime | None = None,
        bump: bool = True,
    ) -> None:
        """Change many records as an import or a workflow does: all at one and the same moment."""
        with self._at_work():
            target, moment = object_type(kind), self._text(at)
            rows = [self.row(kind, one) for one in ids]
            for row in rows:
                for name, value in properties.items():
                    _set(target, row, name, value, moment, source)
                if bump:
                    self._touch(target, row, moment)
            self._view.changed(target.name)

    def recalculate(self, kind: str, record_id: str, properties: Mapping[str, str | None]) -> None:
        """Change calculated values: no modified time moves, and search sees them at once."""
        with self._at_work():
            self.row(kind, record_id)["properties"].update(properties)
            self._view.changed(object_type(kind).name)

    def touch(self, kind: str, *ids: str, at: datetime | None = None) -> None:
        """Move the modified time and nothing else, as HubSpot's own jobs do."""
        self.bulk_change(kind, ids, {}, at=at)

    def archive(self, kind: str, record_id: str, *, bump: bool = False) -> None:
        """Delete a record as a person does: it can be restored."""
        with self._at_work():
            target, row = object_type(kind), self.row(kind, record_id)
            row["archived"], row["archivedAt"] = True, self._text(None)
            if bump:
                self._touch(target, row, row["archivedAt"])
            self._view.changed(target.name)

    def restore(self, kind: str, record_id: str, *, bump: bool = False) -> None:
        """Bring an archived record back under its id; whether that moves its time is unconfirmed."""
        with self._at_work():
            target, row = object_type(kind), self.row(kind, record_id)
            row["archived"] = False
            row.pop("archivedAt", None)
            if bump:
                self._touch(target, row, self._text(None))
            self._note(target, row)
            self._view.changed(target.name)

    def erase(self, kind: str, record_id: str, *, traces: bool = True) -> None:
        """Delete for good, as a GDPR request does: in no listing, in no batch read, under no old id.

        The person's activities stay, emptied and marked `hs_gdpr_deleted`. With *traces* the email
        events, submissions and web events of the person go as well.
        """
        with self._at_work():
            target, row = object_type(kind), self.row(kind, record_id)
            for name in ACTIVITIES:
                self._empty(name, reached(self._view, target, OBJECTS[name], row["id"]))
            if traces and target.name == "contacts":
                former = self._view.table(target).former().get(row["id"], ())
                trail.drop(self._view.portal().rows, row, {row["id"], *former})
            self._remove(target, row)

    def purge(self, kind: str, record_id: str) -> None:
        """Let an archived record go for good, as HubSpot does after 90 days: nothing else moves."""
        with self._at_work():
            self._remove(object_type(kind), self.row(kind, record_id))

    def merge(
        self,
        kind: str,
        primary: str,
        *others: str,
        whole_chain: bool = True,
        bump: bool = True,
        in_archived: bool = False,
    ) -> str:
        """Merge records into a new one and return its id.

        The primary's values win. `hs_merged_object_ids` holds every former id, or with
        *whole_chain* off only those merged this time. *bump* off leaves the survivor the primary's
        modified time, so that no window of a pull shows the merge. Nobody has confirmed that the
        old records are in no listing; *in_archived* puts them into the archived one.
        """
        with self._at_work():
            target = object_type(kind)
            rows = [self.row(kind, one) for one in (primary, *others)]
            survivor = merging.survivor_of(
                self._view,
                target,
                rows,
                record_id=self._next_id(target),
                at=self._text(None),
                whole_chain=whole_chain,
            )
            if not bump:
                survivor["updatedAt"] = rows[0].get("updatedAt") or created_at(target, rows[0])
            if in_archived:
                for row in rows:
                    row |= {"archived": True, "archivedAt": self._text(None), "mergedAway": True}
            self._add(target, survivor)
            self._view.changed()
            return str(survivor["id"])

    # Links.

    def associate(
        self,
        kind: str,
        record_id: str,
        to: str,
        to_id: str,
        *,
        primary: bool = False,
        bump: bool = False,
    ) -> None:
        """Link two records; without *bump* no modified time tells of it."""
        with self._at_work():
            ends = (
                (object_type(kind), self.row(kind, record_id)),
                (
                    object_type(to),
                    self.row(to, to_id),
                ),
            )
            linking.link(self._view, *ends, primary=primary)
            self._linked(ends, bump=bump)

    def dissociate(
        self, kind: str, record_id: str, to: str, to_id: str, *, bump: bool = False
    ) -> None:
        """Take a link away, whichever side declared it."""
        with self._at_work():
            ends = (
                (object_type(kind), self.row(kind, record_id)),
                (
                    object_type(to),
                    self.row(to, to_id),
                ),
            )
            linking.unlink(self._view, *ends)
            self._linked(ends, bump=bump)

    # What happened, however late it arrives.

    def add_email_event(
        self, kind: str, recipient: str, *, at: datetime | None = None, **more: Any
    ) -> tuple[str, int]:
        """Add a marketing email event and return its (id, created); *more* are fields of the API."""
        row = trail.email_event(self._uuid("email"), kind, recipient, self._moment(at)) | more
        self._append("email_events", row)
        return str(row["id"]), int(row["created"])

    def add_submission(
        self, form: str, email: str | None, *, at: datetime | None = None, **values: str
    ) -> str:
        """Add a submission of *form* and return its conversionId."""
        given = {"email": email, **values}
        row = trail.submission(self._uuid("submission"), form, given, self._moment(at))
        self._append("form_submissions", row)
        return str(row["conversionId"])

    def add_event(
        self,
        contact: str,
        *,
        kind: str = "e_visited_page",
        at: datetime | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> str:
        """Add a web or product event of *contact* and return its id; it was processed now."""
        now = {"hs_processed_timestamp": str(self._moment(None))}
        row = trail.event(self._uuid("event"), kind, contact, self._text(at))
        row["properties"] = now | dict(properties or {})
        self._append("events", row)
        return str(row["id"])

    # How it is done.

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Keep requests out, and look at rows that a test has edited itself."""
        with self._lock:
            self._view.begin()
            yield

    def _text(self, at: datetime | None) -> str:
        return to_text((at or self._view.clock.now()).astimezone(UTC))

    def _moment(self, at: datetime | None) -> int:
        return to_milliseconds(self._text(at)) or 0

    def _append(self, name: str, row: Row) -> None:
        with self._at_work():
            self._view.portal().rows.setdefault(name, []).append(row)
            self._view.changed(name)

    def _uuid(self, kind: str) -> str:
        self._made += 1
        return str(uuid5(NAMESPACE_URL, f"hubspot-sandbox:{kind}:{self._made}"))

    def _next_id(self, kind: ObjectType) -> str:
        ids = (row["id"] for row in reversed(self._view.table(kind).ordered))
        highest = int(next((one for one in ids if one.isdecimal()), 1000))
        # An id that was erased is not given again.
        self._last_ids[kind.name] = max(self._last_ids.get(kind.name, 0), highest) + 7
        return str(self._last_ids[kind.name])

    def _add(self, kind: ObjectType, row: Row) -> None:
        self._view.portal().rows.setdefault(kind.name, []).append(row)
        self._note(kind, row)
        self._view.changed(kind.name)

    def _remove(self, kind: ObjectType, row: Row) -> None:
        """Take the row away, and those of its former ids lest they appear again."""
        gone = {row["id"], *self._view.table(kind).former().get(row["id"], ())}
        self._next_id(kind)
        rows = self._view.rows(kind.name)
        rows[:] = [one for one in rows if one["id"] not in gone]
        self._view.changed()

    def _touch(self, kind: ObjectType, row: Row, moment: str) -> None:
        row["updatedAt"] = moment
        # A row may also hold the property itself; the API shows one time in both places.
        if kind.modified in row["properties"]:
            row["properties"][kind.modified] = moment
        self._note(kind, row)

    def _note(self, kind: ObjectType, row: Row) -> None:
        """Remember when the row was changed, which is what the search index goes by."""
        self._view.lag.changed.setdefault(kind.name, {})[row["id"]] = self._moment(None)

    def _linked(self, ends: tuple[tuple[ObjectType, Row], ...], *, bump: bool) -> None:
        for kind, row in ends:
            if bump:
                self._touch(kind, row, self._text(None))
        self._view.changed(*(kind.name for kind, _ in ends))

    def _empty(self, name: str, ids: Iterable[str]) -> None:
        kind, moment = OBJECTS[name], self._text(None)
        by_id = self._view.table(kind).by_id
        for row in (by_id[one] for one in ids if one in by_id):
            emptied = [one for one in row["properties"] if one.endswith(_CONTENT)]
            row["properties"] |= dict.fromkeys(emptied, "") | {"hs_gdpr_deleted": "true"}
            for one in emptied:
                row.get("history", {}).pop(one, None)
            self._touch(kind, row, moment)


def _entry(value: str | None, moment: str, source: str) -> dict[str, Any]:
    entry = {"value": value or "", "timestamp": moment, "sourceType": source}
    return entry | ({"sourceId": "userId:61200340"} if source == "CRM_UI" else {})


def _set(
    kind: ObjectType, row: Row, name: str, value: str | None, moment: str, source: str
) -> None:
    before = row["properties"].get(name)
    row["properties"][name] = value
    if (before or "") == (value or ""):
        return
    past = history_of(row, name)
    if not past and before:
        # The value that it had all along was written at some time too.
        past = [_entry(before, created_at(kind, row), source)]
    entries = [*past, _entry(value, moment, source)]
    entries.sort(key=lambda entry: -(to_milliseconds(entry.get("timestamp")) or 0))
    row.setdefault("history", {})[name] = entries
