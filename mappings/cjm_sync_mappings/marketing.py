"""What marketing sees of a unit and its contacts: source, forms, page views and marketing email.

Submissions and email events name an address, not a contact: they are joined by `email` and
`hs_additional_emails`, in any case. Addresses are used for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cjm_sync.journey.facts import NO_VALUE, Ints
from cjm_sync.model import Record
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import read_flag, read_list, read_text

_MINUTE_MS = 60_000
_TYPES = {
    "contacts": {"", "CONTACT", "0-1"},
    "companies": {"COMPANY", "0-2"},
    "deals": {"DEAL", "0-3"},
}
"""How an event names the type of the record it is about; without any it is a contact's."""


def addresses(people: Iterable[Record]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the contacts that have each address."""
    found: dict[str, list[str]] = {}
    for contact in people:
        own = [
            read_text(contact.properties.get("email")),
            *read_list(contact.properties.get("hs_additional_emails")),
        ]
        for address in {one.lower() for one in own if one}:
            found.setdefault(address, []).append(contact.id)
    return {address: tuple(ids) for address, ids in found.items()}


def read_sources(scene: Scene, chosen: Sequence[Record]) -> Ints:
    """Add the first touch of each unit by its own source; return each unit's source touchpoint."""
    sources = np.full(len(chosen), NO_VALUE, dtype=np.int64)
    for unit, record in enumerate(chosen):
        if not read_text(record.properties.get("hs_analytics_source")):
            continue
        at = _time(scene, record, "hs_analytics_first_timestamp")
        if at is None:
            at = created_at(record, scene.notes)
        if at is None or at >= scene.as_of:
            continue
        part = scene.rules.find("contacts", record.properties)
        if part is None:
            place = scene.rules.other("contacts", "hs_analytics_source", scene.notes)
        else:
            place = sources[unit] = scene.rules.place(part.key)
        channel = scene.rules.channel_of(record, part)
        welcome = part is not None and part.inbound
        scene.ledger.touch(unit, at, int(place), channel, welcome=welcome)
    return sources


def _units_of(scene: Scene, contact_ids: Iterable[str]) -> list[int]:
    """Return the places of the units of several contacts, each once: a row counts once per unit."""
    return sorted({unit for id_ in contact_ids for unit in scene.of_contact(id_)})


def read_submissions(scene: Scene, by_address: Mapping[str, tuple[str, ...]]) -> None:
    """Add form submissions; for a contact without any, its first and latest conversion date."""
    part = scene.rules.find("form_submissions", {})
    if part is None:
        return
    place, channel = scene.rules.place(part.key), scene.rules.channel(part.channel)
    submitted: set[str] = set()
    for row in scene.each("form_submissions"):
        contacts = by_address.get(_address(row.properties), ())
        at = _time(scene, row, "submittedAt") if contacts else None
        if at is None or at >= scene.as_of:
            continue
        submitted.update(contacts)
        for unit in _units_of(scene, contacts):
            scene.ledger.touch(unit, at, place, channel, welcome=part.inbound)
    for contact in scene.owned.people():
        if contact.id in submitted:
            continue
        for at in _dates(scene, contact, "first_conversion_date", "recent_conversion_date"):
            for unit in scene.of_contact(contact.id):
                scene.ledger.touch(unit, at, place, channel, welcome=part.inbound)


def _address(row: Any) -> str:
    """Return the address a submission was sent with, whether named or among its values."""
    if row.get("email"):
        return read_text(row["email"]).lower()
    for value in row.get("values") or ():
        if isinstance(value, dict) and value.get("name") == "email":
            return read_text(value.get("value")).lower()
    return ""


def _dates(scene: Scene, contact: Record, *properties: str) -> list[int]:
    """Return the times in *properties* before T, equal ones once."""
    times = {_time(scene, contact, property_) for property_ in properties}
    return sorted(at for at in times if at is not None and at < scene.as_of)


def _time(scene: Scene, record: Record, property_: str) -> int | None:
    return scene.notes.time(record.object, record.id, property_, record.properties.get(property_))


def read_page_views(scene: Scene) -> None:
    """Add page views; one soon after the unit's previous view is the same touch."""
    views: dict[int, list[int]] = {}
    part = None
    for row in scene.each("events"):
        found = scene.rules.find("events", row.properties)
        if found is None or not _is_of_page(scene, found.pages, row):
            continue
        units = _viewed_by(scene, row)
        at = _time(scene, row, "occurredAt") if units else None
        if at is None or at >= scene.as_of:
            continue
        part = found
        for unit in units:
            views.setdefault(unit, []).append(at)
    if part is None:
        return
    place, channel = scene.rules.place(part.key), scene.rules.channel(part.channel)
    gap = scene.profile.thresholds.page_minutes * _MINUTE_MS
    for unit in sorted(views):
        previous = None
        for at in sorted(views[unit]):
            if previous is None or at - previous >= gap:
                scene.ledger.touch(unit, at, place, channel, welcome=part.inbound)
            previous = at


def _viewed_by(scene: Scene, row: Record) -> tuple[int, ...]:
    """Return the units of the contact, or the unit itself, that an event names by its id."""
    named = read_text(row.properties.get("objectType")).upper()
    id_ = read_text(row.properties.get("objectId"))
    if named in _TYPES["contacts"]:
        contact = scene.contacts.resolve(id_)
        return () if contact is None else scene.of_contact(contact)
    if named in _TYPES[scene.owned.object]:
        own = scene.owned.own.get(scene.owned.shelf.resolve(id_) or "")
        return () if own is None else (own,)
    return ()


def _is_of_page(scene: Scene, pages: tuple[str, ...], row: Record) -> bool:
    if not pages:
        return True
    about = row.properties.get("properties")
    address = read_text(about.get("hs_url")) if isinstance(about, dict) else ""
    if not address:
        scene.notes.page_without_address()
    return any(re.search(page, address, re.IGNORECASE) for page in pages)


@dataclass(slots=True)
class _Mailbox:
    """One unit's marketing email: first clicks and opens by the message they answer."""

    clicks: dict[str, int] = field(default_factory=dict)
    opens: dict[str, int] = field(default_factory=dict)


def read_marketing_email(scene: Scene, by_address: Mapping[str, tuple[str, ...]]) -> None:
    """Add marketing email from its events; for a contact without any, from its aggregates."""
    delivered = scene.rules.find("email_events", {"type": "DELIVERED"})
    if delivered is None:
        return
    place, channel = scene.rules.place(delivered.key), scene.rules.channel(delivered.channel)
    emotion, ledger = scene.profile.emotion, scene.ledger
    weight, scores = emotion.weights.email, emotion.email
    boxes: dict[int, _Mailbox] = {}
    written_to: set[str] = set()
    for row in scene.each("email_events"):
        event = row.properties
        if read_flag(event.get("filteredEvent")) or event.get("obsoletedBy"):
            continue
        contacts = by_address.get(read_text(event.get("recipient")).lower(), ())
        at = _time(scene, row, "created") if contacts else None
        if at is None or at >= scene.as_of:
            continue
        written_to.update(contacts)
        kind = read_text(event.get("type")).upper()
        for unit in _units_of(scene, contacts):
            box = boxes.setdefault(unit, _Mailbox())
            score = None
            match kind:
                case "DELIVERED":
                    ledger.touch(unit, at, place, channel)
                case "CLICK":
                    _keep_first(box.clicks, _message(row), at)
                case "OPEN":
                    _keep_first(box.opens, _message(row), at)
                case "BOUNCE":
                    score = scores.bounce
                case "SPAMREPORT":
                    score = scores.spam
                case "STATUSCHANGE" if event.get("subscriptions"):
                    score = scores.unsubscribe
            if score is not None:
                ledger.signal(unit, at, score, weight, touchpoint=place)
                if kind != "BOUNCE":
                    scene.diary.complaint(row, unit, at)
    for unit in sorted(boxes):
        mailbox = boxes[unit]
        for message in sorted({*mailbox.clicks, *mailbox.opens}):
            clicked_at = mailbox.clicks.get(message)
            if clicked_at is not None:
                ledger.signal(unit, clicked_at, scores.click, weight, touchpoint=place)
            else:
                ledger.signal(unit, mailbox.opens[message], scores.open, weight, touchpoint=place)
    for contact in scene.owned.people():
        if contact.id not in written_to:
            for unit in scene.of_contact(contact.id):
                _from_aggregates(scene, unit, contact, place, channel)


def _from_aggregates(scene: Scene, unit: int, contact: Record, place: int, channel: int) -> None:
    for at in _dates(scene, contact, "hs_email_first_send_date", "hs_email_last_send_date"):
        scene.ledger.touch(unit, at, place, channel)
    emotion = scene.profile.emotion
    for property_, score in (
        ("hs_email_last_click_date", emotion.email.click),
        ("hs_email_last_open_date", emotion.email.open),
    ):
        for at in _dates(scene, contact, property_):
            scene.ledger.signal(unit, at, score, emotion.weights.email, touchpoint=place)
            return


def _keep_first(times: dict[str, int], message: str, at: int) -> None:
    times[message] = min(at, times.get(message, at))


def _message(row: Record) -> str:
    """Return what tells messages apart: the sending they answer, or the event itself."""
    sent = row.properties.get("sentBy")
    if isinstance(sent, dict) and sent.get("id"):
        return f"{sent['id']}:{sent.get('created')}"
    return row.id
