"""From HubSpot's JSON to records; what cannot be read becomes a finding and the rest goes on.

Nothing here asks anything: rows in, records and findings out. Of each row only what the product
needs is taken over, so that names, addresses of pages and texts never reach the mirror unasked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cjm_sync.model import Change, Finding, Record

MERGED_IDS = "hs_merged_object_ids"
MERGED_VIDS = "hs_calculated_merged_vids"

_ACCOUNT = ("portalId", "timeZone", "companyCurrency", "additionalCurrencies")
_OWNER = ("id", "archived", "userId")
_DEFINITION = ("name", "label", "type", "fieldType", "calculated")
_OPTION = ("value", "label", "displayOrder", "hidden")
_PIPELINE = ("id", "label", "displayOrder", "archived")
_STAGE = ("id", "label", "displayOrder", "archived", "metadata")
_RATE = ("fromCurrencyCode", "toCurrencyCode", "conversionRate", "effectiveAt")
_FORM = ("id", "name", "formType", "archived")
_EMAIL_EVENT = (
    "id", "created", "type", "recipient", "emailCampaignId", "appId", "sentBy", "causedBy",
    "obsoletedBy", "filteredEvent", "subscriptions",
)  # fmt: skip
_EVENT = ("objectType", "objectId", "eventType", "occurredAt")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a list of rows came to."""

    records: tuple[Record, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CrmRow:
    """A CRM record as it was sent, before it is known what is still missing of it.

    *unfinished* names the objects whose list of links was cut. *formerly* are ids that merging
    brought here.
    """

    record: Record
    unfinished: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()


@dataclass(slots=True)
class Reader:
    """Reads rows of one stream and collects what to say about the bad ones."""

    stream: str
    findings: list[Finding] = field(default_factory=list)

    def complain(self, id_: str, message: str, property_: str = "") -> None:
        """Note that a row, or one value of it, could not be read."""
        key = "/".join(part for part in (self.stream, id_, property_) if part)
        self.findings.append(
            Finding(
                "bad_row" if not property_ else "bad_value",
                key,
                message,
                hint="Look at it in HubSpot; everything else was read.",
            )
        )

    def row_id(self, row: Any, name: str = "id") -> str | None:
        """Return the id of *row*, or None after complaining."""
        if not isinstance(row, dict):
            self.complain("?", "HubSpot sent a row that is no object; it was left out")
            return None
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value:
            return value
        self.complain("?", f"HubSpot sent a row without a usable {name}; it was left out")
        return None

    def crm(self, row: Any, *, wanted: frozenset[str], history: frozenset[str]) -> CrmRow | None:
        """Read a row of the CRM, or complain and return None."""
        id_ = self.row_id(row)
        if id_ is None:
            return None
        sent = row.get("properties")
        if not isinstance(sent, dict):
            self.complain(id_, "HubSpot sent a record without properties; it was left out")
            return None
        links, unfinished = self._links(id_, row.get("associations"))
        record = Record(
            object=self.stream,
            id=id_,
            properties=self._values(id_, sent, wanted),
            history=self._history(id_, row.get("propertiesWithHistory"), history),
            links=links,
            created_at=_text_or_none(row.get("createdAt")),
            updated_at=_text_or_none(row.get("updatedAt")),
            archived=row.get("archived") is True,
        )
        return CrmRow(record, unfinished, former_ids(sent, id_))

    def _values(
        self, id_: str, sent: Mapping[str, Any], wanted: frozenset[str]
    ) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for name in sorted(wanted & sent.keys()):
            match sent[name]:
                case None | str() as value:
                    values[name] = value
                case bool() as value:
                    values[name] = "true" if value else "false"
                case int() | float() as value:
                    values[name] = str(value)
                case _:
                    values[name] = None
                    self.complain(id_, "HubSpot sent a value that is no text", name)
        return values

    def _history(
        self, id_: str, sent: Any, wanted: frozenset[str]
    ) -> dict[str, tuple[Change, ...]]:
        if not isinstance(sent, dict):
            return {}
        past: dict[str, tuple[Change, ...]] = {}
        for name in sorted(wanted & sent.keys()):
            rows = sent[name] if isinstance(sent[name], list) else [None]
            changes = [
                Change(
                    _text_or_none(row.get("value")),
                    _text_or_none(row.get("timestamp")),
                    _text_or_none(row.get("sourceType")),
                )
                for row in rows
                if isinstance(row, dict)
            ]
            if len(changes) < len(rows):
                self.complain(id_, "a past value could not be read; it was left out", name)
            if changes:
                past[name] = tuple(changes)
        return past

    def _links(self, id_: str, sent: Any) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
        if not isinstance(sent, dict):
            return {}, ()
        links: dict[str, tuple[str, ...]] = {}
        unfinished = []
        for spelled, answer in sent.items():
            name = spelled.replace(" ", "_")  # `line items`
            rows = answer.get("results") if isinstance(answer, dict) else None
            if not isinstance(rows, list):
                self.complain(id_, f"the links to {name} could not be read")
                continue
            links[name] = linked_ids(rows, "id")
            if answer.get("paging"):
                unfinished.append(name)
        return links, tuple(unfinished)

    def rows(self) -> tuple[Finding, ...]:
        """Return what there is to say so far."""
        return tuple(self.findings)


def linked_ids(rows: Sequence[Any], name: str) -> tuple[str, ...]:
    """Return each id once, in the order met: HubSpot repeats a target per kind of link."""
    ids: dict[str, None] = {}
    for row in rows:
        id_ = row.get(name) if isinstance(row, dict) else None
        if isinstance(id_, (int, str)) and id_:
            ids[str(id_)] = None
    return tuple(ids)


def account_record(answer: Mapping[str, Any]) -> Record:
    """Return the portal as a record; *answer* has been seen to name its id."""
    return Record("account", str(answer["portalId"]), _only(answer, _ACCOUNT))


def owner_rows(rows: Sequence[Any]) -> Rows:
    """Read owners, without names and addresses."""
    return _simple("owners", rows, _OWNER)


def form_rows(rows: Sequence[Any]) -> Rows:
    """Read forms."""
    return _simple("forms", rows, _FORM)


def event_rows(rows: Sequence[Any]) -> Rows:
    """Read event occurrences: who, what and when, not which page."""
    return _simple("events", rows, _EVENT)


def rate_rows(rows: Sequence[Any]) -> Rows:
    """Read exchange rates."""
    return _simple("exchange_rates", rows, _RATE)


def definition_rows(object_type: str, rows: Sequence[Any]) -> Rows:
    """Read property definitions with their options."""
    reader = Reader("properties")
    records = []
    for row in rows:
        name = reader.row_id(row, "name")
        if name is None:
            continue
        options = row.get("options")
        kept = _only(row, _DEFINITION)
        kept["options"] = [
            _only(option, _OPTION)
            for option in (options if isinstance(options, list) else [])
            if isinstance(option, dict)
        ]
        records.append(Record("properties", f"{object_type}/{name}", kept))
    return Rows(tuple(records), reader.rows())


def pipeline_rows(object_type: str, rows: Sequence[Any]) -> Rows:
    """Read pipelines with their stages."""
    reader = Reader("pipelines")
    records = []
    for row in rows:
        id_ = reader.row_id(row)
        if id_ is None:
            continue
        stages = row.get("stages")
        kept = _only(row, _PIPELINE)
        kept["stages"] = [
            _only(stage, _STAGE)
            for stage in (stages if isinstance(stages, list) else [])
            if isinstance(stage, dict)
        ]
        records.append(Record("pipelines", f"{object_type}/{id_}", kept))
    return Rows(tuple(records), reader.rows())


def email_event_rows(rows: Sequence[Any]) -> Rows:
    """Read marketing-email events. Their identity is the pair of id and moment."""
    reader = Reader("email_events")
    records = []
    for row in rows:
        id_ = reader.row_id(row)
        created = reader.row_id(row, "created") if id_ is not None else None
        if created is None:
            continue
        kept = _only(row, _EMAIL_EVENT)
        if isinstance(kept.get("recipient"), str):
            kept["recipient"] = kept["recipient"].lower()
        records.append(Record("email_events", f"{id_}:{created}", kept))
    return Rows(tuple(records), reader.rows())


def submission_rows(form_id: str, rows: Sequence[Any]) -> Rows:
    """Read one form's submissions: when, and by whom; not what was written, nor where."""
    reader = Reader("form_submissions")
    records = []
    for row in rows:
        id_ = reader.row_id(row, "conversionId")
        if id_ is None:
            continue
        values = row.get("values")
        addresses = (
            value.get("value")
            for value in (values if isinstance(values, list) else [])
            if isinstance(value, dict) and value.get("name") == "email"
        )
        email = next((text.strip().lower() for text in addresses if isinstance(text, str)), None)
        records.append(
            Record(
                "form_submissions",
                id_,
                {"formId": form_id, "submittedAt": row.get("submittedAt"), "email": email},
            )
        )
    return Rows(tuple(records), reader.rows())


def _simple(stream: str, rows: Sequence[Any], kept: tuple[str, ...]) -> Rows:
    # An owner who left or a form put away still explains what happened before, so these stay live
    # records; their `archived` is a property like the others.
    reader = Reader(stream)
    ids = ((reader.row_id(row), row) for row in rows)
    records = tuple(Record(stream, id_, _only(row, kept)) for id_, row in ids if id_ is not None)
    return Rows(records, reader.rows())


def _only(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def former_ids(sent: Mapping[str, Any], id_: str) -> tuple[str, ...]:
    """Return the ids that merging brought to this record, from both places that tell."""
    ids, vids = sent.get(MERGED_IDS), sent.get(MERGED_VIDS)
    if not ids and not vids:  # nearly always, and this is asked of every record
        return ()
    plain = str(ids or "").split(";")
    timed = (part.partition(":")[0] for part in str(vids or "").split(";"))
    former = (part.strip() for part in (*plain, *timed))
    return tuple(dict.fromkeys(part for part in former if part and part != id_))
