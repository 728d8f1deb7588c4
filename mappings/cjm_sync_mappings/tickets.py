"""Support tickets: a touch each, and what their priority and pace say. They move no stage."""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync.model import Record
from cjm_sync_mappings.evidence import is_onboarding
from cjm_sync_mappings.history import past_values
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import read_text

OBJECT = "tickets"

_HOUR_MS = 3_600_000


def read_tickets(scene: Scene) -> None:
    """Add tickets, at their creation."""
    rules, ledger, emotion = scene.rules, scene.ledger, scene.profile.emotion
    owners = scene.owners(OBJECT, scene.tickets)
    known = scene.account.stage_ids(OBJECT)
    for record in scene.tickets.survivors.values():
        units = owners.of(record)
        at = created_at(record, scene.notes) if units else None
        if at is None or at >= scene.as_of:
            continue
        part = rules.find(OBJECT, record.properties)
        place = (
            rules.place(part.key) if part is not None else rules.other(OBJECT, None, scene.notes)
        )
        channel = rules.channel_of(record, part)
        priority = emotion.ticket_priority.get(
            read_text(record.properties.get("hs_ticket_priority")).upper()
        )
        course = _course(scene, record, at, known)
        pace = _pace(scene, course, at)
        _note(scene, record, units, at, course)
        weight = emotion.weights.ticket
        for unit in units:
            touch = ledger.touch(
                unit, at, place, channel, welcome=part is not None and part.inbound
            )
            if priority is not None:
                ledger.signal(unit, at, priority, weight, touchpoint=place, touch=touch)
            if pace is not None:
                felt_at, score = pace
                ledger.signal(unit, felt_at, score, weight, touchpoint=place, touch=touch)


@dataclass(frozen=True, slots=True)
class _Course:
    """How a ticket went: *target* in milliseconds; one closed before its creation *is_absurd*."""

    target: float
    closed_at: int | None
    is_absurd: bool = False


def _course(scene: Scene, record: Record, opened_at: int, known: tuple[str, ...]) -> _Course:
    notes = scene.notes
    target = scene.profile.thresholds.ticket_hours * _HOUR_MS
    due_at = _time(scene, record, "hs_time_to_close_sla_at")
    if due_at is not None:
        if due_at > opened_at:
            target = due_at - opened_at
        else:
            notes.bad_value(
                OBJECT,
                record.id,
                "hs_time_to_close_sla_at",
                record.properties.get("hs_time_to_close_sla_at"),
                "is not after the creation",
            )
    closed_at = _closed_at(scene, record, known)
    if closed_at is not None and closed_at < opened_at:
        notes.bad_value(
            OBJECT,
            record.id,
            "closed_date",
            record.properties.get("closed_date"),
            "is before the creation",
        )
        return _Course(target, None, is_absurd=True)
    return _Course(target, closed_at)


def _pace(scene: Scene, course: _Course, opened_at: int) -> tuple[int, float] | None:
    """Return when and how strongly the ticket's pace is felt, None while it is not due."""
    emotion = scene.profile.emotion
    if course.is_absurd:
        return None
    if course.closed_at is not None:
        ratio = (course.closed_at - opened_at) / course.target
        for pace in emotion.ticket_pace:
            if pace.up_to is None or ratio <= pace.up_to:
                return course.closed_at, pace.score
        return None
    overdue_at = int(opened_at + course.target)
    return (overdue_at, emotion.ticket_overdue) if overdue_at < scene.as_of else None


def _note(
    scene: Scene, record: Record, units: tuple[int, ...], opened_at: int, course: _Course
) -> None:
    """Add what pains are counted from: the ticket, its first answer, its end."""
    part, diary = scene.profile.tickets, scene.diary
    diary.ticket(record, units, opened_at, part.category)
    answered_at = _time(scene, record, part.answered)
    if answered_at is not None and opened_at <= answered_at < scene.as_of:
        due_at = _time(scene, record, part.answer_due)
        target = part.answer_hours * _HOUR_MS
        if due_at is not None and due_at > opened_at:
            target = due_at - opened_at
        diary.answered(record, units, opened_at, answered_at, target=target)
    if course.closed_at is not None:
        diary.closed(record, units, opened_at, course.closed_at, target=course.target)
    elif not course.is_absurd and is_onboarding(scene.profile, scene.account, record):
        diary.onboards(units)


def _closed_at(scene: Scene, record: Record, known: tuple[str, ...]) -> int | None:
    """Return when the ticket was closed: its own date, else its last entry into a closed stage.

    A ticket that was opened again and has no date is open.
    """
    dated = _time(scene, record, "closed_date")
    if dated is not None and dated < scene.as_of:
        return dated
    past = past_values(
        record, "hs_pipeline_stage", known=known, as_of=scene.as_of, notes=scene.notes
    )
    pipeline = read_text(record.properties.get("hs_pipeline"))
    if not past.values:
        return None
    at, stage_id = past.values[-1]
    stage = scene.account.stage(OBJECT, stage_id, pipeline)
    return at if stage is not None and stage.is_closed else None


def _time(scene: Scene, record: Record, property_: str) -> int | None:
    return scene.notes.time(OBJECT, record.id, property_, record.properties.get(property_))
