"""Reads a portal the slow way, so that the oracle can recompute the map without the product.

Times are whole milliseconds since 1970 (the model is exact to the millisecond), None when missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cjm_sync_sandbox.portal import Portal

DAY = 86_400_000
EARLIEST = 946_684_800_000  # 2000-01-01, before which a time counts as missing
Row = dict[str, Any]
OBJECTS = {"CONTACT": "contacts", "COMPANY": "companies", "DEAL": "deals"}

DEFAULT_LIFECYCLE = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
DEFAULT_DEAL_STAGES = (
    ("appointmentscheduled", "0.2", "false"),
    ("qualifiedtobuy", "0.4", "false"),
    ("presentationscheduled", "0.6", "false"),
    ("decisionmakerboughtin", "0.8", "false"),
    ("contractsent", "0.9", "false"),
    ("closedwon", "1.0", "true"),
    ("closedlost", "0.0", "true"),
)
DEFAULT_TICKET_STAGES = (("1", "OPEN"), ("2", "OPEN"), ("3", "OPEN"), ("4", "CLOSED"))
DEFAULT_CATEGORIES = ("PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY")
DEFAULT_DISPOSITIONS = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}


def to_ms(raw: Any) -> int | None:
    """Return a wire time (ISO text, a date, epoch milliseconds as number or text) in ms."""
    if raw is None or isinstance(raw, bool):
        return None
    text = str(raw).strip()
    if not text:
        return None
    try:
        found: int = math.floor(float(text))
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since = aware - datetime(1970, 1, 1, tzinfo=UTC)
        found = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    return found if found >= EARLIEST else None


def to_number(raw: Any) -> float | None:
    """Return a finite number, or None for anything else."""
    try:
        found = float(str(raw).strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def text_of(row: Row, name: str) -> str:
    """Return a property as text, empty when it has no value."""
    value = row.get("properties", {}).get(name)
    return "" if value is None else str(value).strip()


def id_order(record_id: str) -> tuple[int, int, str]:
    """Order record ids as numbers, whatever is not a number after them."""
    return (0, int(record_id), "") if record_id.isdigit() else (1, 0, record_id)


@dataclass(frozen=True)
class DealStage:
    """What a pipeline says of one of its stages."""

    closed: bool
    probability: float


@dataclass
class World:
    """A portal with archived records gone, merged ids resolved and links made two-way."""

    portal: Portal
    now: int
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    alias: dict[str, dict[str, str]] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    forms: dict[str, list[Row]] = field(default_factory=dict)  # by address, in lower case
    mails: dict[str, list[Row]] = field(default_factory=dict)  # by address, in lower case
    views: dict[tuple[str, str], list[Row]] = field(default_factory=dict)  # by object and id
    surveys: dict[str, list[Row]] = field(default_factory=dict)  # those without a link, by contact
    staff: dict[str, list[Row]] = field(default_factory=dict)  # by company, smallest id first

    def __post_init__(self) -> None:
        for name, rows in self.portal.rows.items():
            if name in {"email_events", "form_submissions", "events"}:
                continue
            known = {str(row["id"]): row for row in rows}
            self.alias[name] = self._aliases(known)
            self.rows[name] = {
                key: row
                for key, row in known.items()
                if not row.get("archived") and key not in self.alias[name]
            }
        for name, rows in self.portal.rows.items():
            if name in self.rows:
                for row in rows:
                    self._link(name, row)
        self._index()

    def _index(self) -> None:
        for row in self.portal.rows.get("form_submissions", []):
            given = {
                str(one.get("value") or "").strip().lower()
                for one in row.get("values") or []
                if one.get("name") == "email"
            }
            for address in given:
                self.forms.setdefault(address, []).append(row)
        for row in sorted(self.rows.get("contacts", {}).values(), key=lambda r: id_order(r["id"])):
            company = self.survivor("companies", text_of(row, "associatedcompanyid"))
            self.staff.setdefault(company, []).append(row)
        for row in self.portal.rows.get("email_events", []):
            address = str(row.get("recipient") or "").strip().lower()
            self.mails.setdefault(address, []).append(row)
        for row in self.portal.rows.get("events", []):
            kind = OBJECTS.get(str(row.get("objectType", "")).upper())
            if kind is not None and row.get("eventType") == "e_visited_page":
                whose = self.survivor(kind, str(row.get("objectId")))
                self.views.setdefault((kind, whose), []).append(row)
        for key, row in self.rows.get("feedback_submissions", {}).items():
            if not self.linked("feedback_submissions", key, "contacts"):
                whose = self.survivor("contacts", text_of(row, "hs_contact_id"))
                self.surveys.setdefault(whose, []).append(row)

    @staticmethod
    def _aliases(known: Mapping[str, Row]) -> dict[str, str]:
        found = {}
        for key, row in known.items():
            former = text_of(row, "hs_merged_object_ids").split(";")
            former += [
                part.split(":")[0] for part in text_of(row, "hs_calculated_merged_vids").split(";")
            ]
            for old in former:
                if old.strip() and old.strip() != key:
                    found[old.strip()] = key
        return found

    def survivor(self, name: str, record_id: str) -> str:
        """Follow merges to the id that lives on."""
        seen = set()
        while record_id in self.alias.get(name, {}) and record_id not in seen:
            seen.add(record_id)
            record_id = self.alias[name][record_id]
        return record_id

    def _link(self, name: str, row: Row) -> None:
        mine = self.survivor(name, str(row["id"]))
        for other, targets in (row.get("associations") or {}).items():
            for target in targets:
                raw = str(target["id"] if isinstance(target, dict) else target)
                theirs = self.survivor(other, raw)
                if mine in self.rows.get(name, {}) and theirs in self.rows.get(other, {}):
                    self.links.setdefault((name, mine), {}).setdefault(other, set()).add(theirs)
                    self.links.setdefault((other, theirs), {}).setdefault(name, set()).add(mine)

    def linked(self, name: str, record_id: str, other: str) -> list[Row]:
        """Return the live records of *other* linked to one record, smallest id first."""
        ids = self.links.get((name, record_id), {}).get(other, set())
        return [self.rows[other][key] for key in sorted(ids, key=id_order)]

    def of_addresses(self, contact: Row, index: Mapping[str, list[Row]]) -> list[Row]:
        """Return the rows of *index* under a contact's addresses, in any case."""
        given = [text_of(contact, "email"), *text_of(contact, "hs_additional_emails").split(";")]
        addresses = {one.strip().lower() for one in given if one.strip()}
        return [row for address in sorted(addresses) for row in index.get(address, [])]

    def created(self, row: Row) -> int | None:
        return to_ms(row.get("createdAt")) or to_ms(text_of(row, "createdate"))

    def modified(self, row: Row) -> int | None:
        found = to_ms(row.get("updatedAt"))
        return found or to_ms(
            text_of(row, "hs_lastmodifieddate") or text_of(row, "lastmodifieddate")
        )

    # The account -----------------------------------------------------------------------------

    def currency(self) -> str:
        return str((self.portal.info.get("account") or {}).get("companyCurrency") or "USD").upper()

    def pipelines(self, name: str) -> dict[str, Row]:
        given = (self.portal.info.get("pipelines") or {}).get(name)
        if isinstance(given, dict):
            given = given.get("results")
        if given is None and name == "deals":
            stages = [
                {"id": key, "metadata": {"isClosed": closed, "probability": probability}}
                for key, probability, closed in DEFAULT_DEAL_STAGES
            ]
            given = [{"id": "default", "label": "Sales Pipeline", "stages": stages}]
        elif given is None:
            stages = [
                {"id": key, "metadata": {"ticketState": state}}
                for key, state in DEFAULT_TICKET_STAGES
            ]
            given = [{"id": "0", "label": "Support Pipeline", "stages": stages}]
        return {str(one["id"]): one for one in given if not one.get("archived")}

    def _stage(self, name: str, pipeline: str, stage: str) -> Row | None:
        pipelines = self.pipelines(name)
        first = [pipelines[pipeline]] if pipeline in pipelines else []
        for one in first + [other for key, other in pipelines.items() if key != pipeline]:
            for found in one.get("stages", []):
                if str(found["id"]) == stage and not found.get("archived"):
                    return dict(found)
        return None

    def deal_stage(self, pipeline: str, stage: str) -> DealStage | None:
        found = self._stage("deals", pipeline, stage)
        if found is None:
            return None
        metadata = found.get("metadata") or {}
        closed = str(metadata.get("isClosed", "")).lower() == "true"
        return DealStage(closed, to_number(metadata.get("probability")) or 0.0)

    def ticket_closed(self, pipeline: str, stage: str) -> bool:
        metadata = (self._stage("tickets", pipeline, stage) or {}).get("metadata") or {}
        state = str(metadata.get("ticketState") or "").upper()
        return state == "CLOSED" or (
            not state and str(metadata.get("isClosed", "")).lower() == "true"
        )

    def pipeline_label(self, pipeline: str) -> str:
        return str(self.pipelines("deals").get(pipeline, {}).get("label", ""))

    def lifecycle(self) -> list[tuple[str, str]]:
        """Return the account's lifecycle values with their labels, in the account's order."""
        given = self.portal.info.get("lifecycle_stages") or self._options(
            "contacts", "lifecyclestage"
        )
        if not given:
            return list(DEFAULT_LIFECYCLE)
        ordered = sorted(enumerate(given), key=_display_order)
        return [
            (str(one.get("value", one.get("id"))), str(one.get("label", "")))
            for _, one in ordered
            if not one.get("archived")
        ]

    def dispositions(self) -> dict[str, str]:
        options = self._options("calls", "hs_call_disposition")
        if not options:
            return DEFAULT_DISPOSITIONS
        return {str(one["value"]): str(one["label"]) for one in options}

    def ticket_categories(self) -> set[str]:
        options = self._options("tickets", "hs_ticket_category")
        return {str(one["value"]) for one in options} or set(DEFAULT_CATEGORIES)

    def _options(self, name: str, prop: str) -> list[Row]:
        for definition in (self.portal.info.get("properties") or {}).get(name, []):
            if definition.get("name") == prop:
                return list(definition.get("options") or [])
        return []

    # Values over time ------------------------------------------------------------------------

    def changes(self, row: Row, prop: str, stages: Iterable[str]) -> list[tuple[int, str]] | None:
        """Return the changes of a stage property before T, or None when nothing has a time.

        Empty values are passed over, a repeated value is no change, and where the newest known
        value is not the current one (or none is known), the current one wins from the last
        modification on.
        """
        known = self.known(row, prop, stages)
        current = text_of(row, prop)
        modified = self.modified(row)
        if not known and (not current or modified is None):
            return None
        if modified is not None and (not known or known[-1][1] != current):
            known = [(t, value) for t, value in known if t < modified] + [(modified, current)]
        by_time = {t: value for t, value in known if value}  # the last written of one instant
        found: list[tuple[int, str]] = []
        for t in sorted(by_time):
            if t < self.now and (not found or found[-1][1] != by_time[t]):
                found.append((t, by_time[t]))
        return found

    def known(self, row: Row, prop: str, stages: Iterable[str]) -> list[tuple[int, str]]:
        """Return a stage property's past from the best source that has anything, oldest first."""
        listed = list(stages)
        found = self._history(row, prop) or self._entered(row, listed)
        return found or (self._legacy(row, listed) if prop == "lifecyclestage" else [])

    @staticmethod
    def _history(row: Row, prop: str) -> list[tuple[int, str]]:
        newest_first = (row.get("history") or {}).get(prop) or []
        written = [
            (t, str(item.get("value") or "").strip())
            for item in reversed(newest_first)
            if (t := to_ms(item.get("timestamp"))) is not None
        ]
        return sorted(written, key=lambda item: item[0])

    @staticmethod
    def _entered(row: Row, stages: list[str]) -> list[tuple[int, str]]:
        found = []
        for rank, stage in enumerate(stages):
            plain = re.escape(re.sub(r"[^a-z0-9_]", "_", stage.lower()))
            wanted = re.compile(rf"hs_v2_date_entered_({re.escape(stage)}|{plain}_\d+)")
            for name in row.get("properties", {}):
                t = to_ms(text_of(row, name)) if wanted.fullmatch(name) else None
                if t is not None:
                    found.append((t, rank, stage))
        return [(t, stage) for t, _, stage in sorted(found)]

    @staticmethod
    def _legacy(row: Row, stages: list[str]) -> list[tuple[int, str]]:
        found = []
        for rank, stage in enumerate(stages):
            t = to_ms(text_of(row, f"hs_lifecyclestage_{stage}_date"))
            if t is not None:
                found.append((t, rank, stage))
        return [(t, stage) for t, _, stage in sorted(found)]


def _display_order(numbered: tuple[int, Row]) -> tuple[bool, int, int]:
    place, one = numbered
    order = int(one.get("displayOrder", place))
    return order < 0, order, place
