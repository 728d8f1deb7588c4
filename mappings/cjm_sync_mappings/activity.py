"""Calls, emails, meetings, notes, messages, letters and quotes: touches, signals and moves.

The way in is `read_activity`. A record linked to three contacts is one touch for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cjm_sync.model import Record
from cjm_sync_mappings.links import link
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at, is_skipped, touched_at
from cjm_sync_mappings.values import read_number, read_text

OBJECTS = ("calls", "emails", "meetings", "notes", "communications", "postal_mail", "quotes")

_NO_LINK: tuple[str, ...] = ()
_TO_TICKETS = ("tickets",)


def read_activity(scene: Scene, deal_created_at: Mapping[int, int]) -> None:
    """Add what the activity objects tell; *deal_created_at* is the earliest deal's, by unit."""
    outcomes = {
        label.casefold(): score for label, score in scene.profile.emotion.call_outcome.items()
    }
    dispositions = {
        value: outcomes[label.casefold()]
        for value, label in scene.account.options.get("calls/hs_call_disposition", ())
        if label.casefold() in outcomes
    }
    _read(scene, "calls", lambda *row: _call(scene, dispositions, *row))
    _read(scene, "emails", lambda *row: _email(scene, *row))
    _read(scene, "meetings", lambda *row: _meeting(scene, deal_created_at, *row))
    for object_ in ("notes", "communications", "postal_mail"):
        _read(scene, object_, lambda *_: None)
    _read(scene, "quotes", lambda *row: _quote(scene, *row))


_Extra = Callable[[Record, int, int, int, int], None]
"""Called per unit with record, unit, time, touch number and touchpoint place."""


def _read(scene: Scene, object_: str, extra: _Extra) -> None:
    rules, ledger, notes = scene.rules, scene.ledger, scene.notes
    reading = rules.reading(object_)
    owners = scene.owners(object_)
    to_tickets = link(object_, scene.tickets) if object_ == "calls" else None
    through = _Through(scene) if object_ == "quotes" else None
    # Of meetings at one time the smaller id is the first.
    records = scene.in_order(object_) if object_ == "meetings" else scene.each(object_)
    for record in records:
        units = owners.of(record)
        if through is not None:
            units = through.units(record, units)
        if not units or is_skipped(reading.skip_property, reading.skip_values, record):
            continue
        at = touched_at(record, reading, notes)
        if at is None or at >= scene.as_of:
            if at is not None and object_ == "meetings":
                _plan(scene, record, units, at)
            continue
        linked = _TO_TICKETS if to_tickets is not None and to_tickets.of(record) else _NO_LINK
        part = rules.find(object_, record.properties, linked=linked)
        if part is None and reading.uncovered == "none":
            continue
        if part is not None and is_skipped(part.skip_property, part.skip_values, record):
            _came_back(scene, record, units, at, rules.place(part.key))
            continue
        if part is None:
            place = rules.other(object_, _tested(scene, object_), notes)
        else:
            place = rules.place(part.key)
        channel = rules.channel_of(record, part)
        welcome = part is not None and (part.inbound or _was_attended(record))
        for unit in units:
            touch = ledger.touch(unit, at, place, channel, welcome=welcome)
            extra(record, unit, at, touch, place)


def _plan(scene: Scene, record: Record, units: tuple[int, ...], at: int) -> None:
    """Note a meeting that lies ahead, known before T and not called off: only rows show it."""
    outcome = read_text(record.properties.get("hs_meeting_outcome")).upper()
    known_at = created_at(record, scene.notes)
    if outcome in scene.profile.rules.meeting_not_held:
        return
    if known_at is None or known_at < scene.as_of:
        for unit in units:
            scene.plan(unit, at)


def _tested(scene: Scene, object_: str) -> str | None:
    """Return the property by which touchpoints of *object_* are told apart."""
    parts = (part for part in scene.profile.touchpoints if part.object == object_)
    return next((part.property for part in parts if part.property is not None), None)


def _was_attended(record: Record) -> bool:
    return read_text(record.properties.get("hs_meeting_outcome")).upper() == "COMPLETED"


def _call(
    scene: Scene,
    dispositions: Mapping[str, float],
    record: Record,
    unit: int,
    at: int,
    touch: int,
    place: int,
) -> None:
    score = dispositions.get(read_text(record.properties.get("hs_call_disposition")))
    if score is not None:
        weight = scene.profile.emotion.weights.call
        scene.ledger.signal(unit, at, score, weight, touchpoint=place, touch=touch)


def _email(scene: Scene, record: Record, unit: int, at: int, touch: int, place: int) -> None:
    score = _email_score(scene, record)
    if score is not None:
        weight = scene.profile.emotion.weights.email
        scene.ledger.signal(unit, at, score, weight, touchpoint=place, touch=touch)


def _email_score(scene: Scene, record: Record) -> float | None:
    scores = scene.profile.emotion.email
    direction = read_text(record.properties.get("hs_email_direction")).upper()
    if direction == "INCOMING_EMAIL":
        return scores.reply
    if direction in {"EMAIL", "FORWARDED_EMAIL"}:
        if _is_positive(record, "hs_email_click_count"):
            return scores.click
        if _is_positive(record, "hs_email_open_count"):
            return scores.open
    return None


def _came_back(scene: Scene, record: Record, units: tuple[int, ...], at: int, place: int) -> None:
    """Add the signals of an email that bounced: it was no touch, and yet is felt."""
    if read_text(record.properties.get("hs_email_status")).upper() != "BOUNCED":
        return
    weight = scene.profile.emotion.weights.email
    for score in (scene.profile.emotion.email.bounce, _email_score(scene, record)):
        if score is not None:
            for unit in units:
                scene.ledger.signal(unit, at, score, weight, touchpoint=place)


def _is_positive(record: Record, property_: str) -> bool:
    number = read_number(record.properties.get(property_))
    return number is not None and number > 0


def _meeting(
    scene: Scene,
    deal_created_at: Mapping[int, int],
    record: Record,
    unit: int,
    at: int,
    touch: int,
    place: int,
) -> None:
    outcome = read_text(record.properties.get("hs_meeting_outcome")).upper()
    emotion, rules = scene.profile.emotion, scene.profile.rules
    score = emotion.meeting_outcome.get(outcome)
    if score is not None:
        scene.ledger.signal(unit, at, score, emotion.weights.meeting, touchpoint=place, touch=touch)
    scene.diary.meeting(record, unit, at, is_missed=outcome in rules.meeting_missed)
    is_before_deals = unit not in deal_created_at or at < deal_created_at[unit]
    if outcome not in rules.meeting_not_held and is_before_deals:
        scene.move(unit, at, rules.meeting, record)


def _quote(scene: Scene, record: Record, unit: int, at: int, _touch: int, _place: int) -> None:
    scene.move(unit, at, scene.profile.rules.quote, record)


class _Through:
    """Finds the units of a quote through its deals, besides those it is linked to directly."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._to_deals = link("quotes", scene.deals)
        self._deal_owners = scene.owners("deals", scene.deals)

    def units(self, record: Record, direct: tuple[int, ...]) -> tuple[int, ...]:
        found = set(direct)
        for id_ in self._to_deals.of(record):
            deal = self._scene.deals.survivors[id_]
            found.update(self._deal_owners.of(deal))
        return tuple(sorted(found))
