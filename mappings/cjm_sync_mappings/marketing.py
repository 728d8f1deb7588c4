"""What marketing sees of a contact: its source, forms, page views and marketing email.

Submissions and email events name an address, not a contact: they are joined by `email` and
`hs_additional_emails`, in any case. Addresses are used for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cjm_sync.journey.facts import NO_VALUE, Ints
from cjm_sync.model import Record
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import read_flag, read_list, read_text

_MINUTE_MS = 60_000


def addresses(contacts: Iterable[tuple[int, Record]]) -> dict[str, tuple[int, ...]]:
    """Return the places of the units that have each address."""
    found: dict[str, list[int]] = {}
    for unit, contact in contacts:
        own = [
            read_text(contact.properties.get("email")),
            *read_list(contact.properties.get("hs_additional_emails")),
        ]
        for address in {one.lower() for one in own if one}:
            found.setdefault(address, []).append(unit)
    return {address: tuple(units) for address, units in found.items()}


def read_sources(scene: Scene, contacts: Sequence[Record]) -> Ints:
    """Add the first touch of each unit by its source; return each unit's source touchpoint."""
    sources = np.full(len(contacts), NO_VALUE, dtype=np.int64)
    for unit, contact in enumerate(contacts):
        if not read_text(contact.properties.get("hs_analytics_source")):
            continue
        at = _time(scene, contact, "hs_analytics_first_timestamp")
        if at is None:
            at = created_at(contact, scene.notes)
        if at is None or at >= scene.as_of:
            continue
        part = scene.rules.find("contacts", contact.properties)
        if part is None:
            place = scene.rules.other("contacts", "hs_analytics_source", scene.notes)
        else:
            place = sources[unit] = scene.rules.place(part.key)
        channel = scene.rules.channel_of(contact, part)
        welcome = part is not None and part.inbound
        scene.ledger.touch(unit, at, int(place), channel, welcome=welcome)
    return sources


def read_submissions(
    scene: Scene, contacts: Sequence[Record], by_address: dict[str, tuple[int, ...]]
) -> None:
    """Add form submissions; for a unit without any, its first and latest conversion date."""
    part = scene.rules.find("form_submissions", {})
    if part is None:
        return
    place, channel = scene.rules.place(part.key), scene.rules.channel(part.channel)
    submitted: set[int] = set()
    for row in scene.each("form_submissions"):
        units = by_address.get(_address(row.properties), ())
        at = _time(scene, row, "submittedAt") if units else None
        if at is None or at >= scene.as_of:
            continue
        for unit in units:
            submitted.add(unit)
            scene.ledger.touch(unit, at, place, channel, welcome=part.inbound)
    for unit, contact in enumerate(contacts):
        if unit in submitted:
            continue
        for at in _dates(scene, contact, "first_conversion_date", "recent_conversion_date"):
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
        if read_text(row.properties.get("objectType")).upper() not in {"", "CONTACT", "0-1"}:
            continue
        contact = scene.contacts.resolve(read_text(row.properties.get("objectId")))
        unit = None if contact is None else scene.units.get(contact)
        at = _time(scene, row, "occurredAt") if unit is not None else None
        if unit is None or at is None or at >= scene.as_of:
            continue
        part = found
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


def read_marketing_email(
    scene: Scene, contacts: Sequence[Record], by_address: dict[str, tuple[int, ...]]
) -> None:
    """Add marketing email from its events; for a unit without any, from its aggregates."""
    delivered = scene.rules.find("email_events", {"type": "DELIVERED"})
    if delivered is None:
        return
    place, channel = scene.rules.place(delivered.key), scene.rules.channel(delivered.channel)
    emotion, ledger = scene.profile.emotion, scene.ledger
    weight, scores = emotion.weights.email, emotion.email
    boxes: dict[int, _Mailbox] = {}
    for row in scene.each("email_events"):
        event = row.properties
        if read_flag(event.get("filteredEvent")) or event.get("obsoletedBy"):
            continue
        units = by_address.get(read_text(event.get("recipient")).lower(), ())
        at = _time(scene, row, "created") if units else None
        if at is None or at >= scene.as_of:
            continue
        kind = read_text(event.get("type")).upper()
        for unit in units:
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
    for unit, contact in enumerate(contacts):
        mailbox = boxes.get(unit)
        if mailbox is None:
            _from_aggregates(scene, unit, contact, place, channel)
            continue
        for message in sorted({*mailbox.clicks, *mailbox.opens}):
            clicked_at = mailbox.clicks.get(message)
            if clicked_at is not None:
                ledger.signal(unit, clicked_at, scores.click, weight, touchpoint=place)
            else:
                ledger.signal(unit, mailbox.opens[message], scores.open, weight, touchpoint=place)


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
