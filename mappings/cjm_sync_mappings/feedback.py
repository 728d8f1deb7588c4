"""Survey answers: touches, measured signals and the values of NPS, CSAT and CES."""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync.journey.facts import AnswerKind
from cjm_sync.model import Record
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.touches import touched_at
from cjm_sync_mappings.values import read_number, read_text

OBJECT = "feedback_submissions"

_KINDS: dict[str, AnswerKind] = {"NPS": "nps", "CSAT": "csat", "CES": "ces"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one answer says: a *score* with its *weight*, and the metric it counts in, if any."""

    score: float | None = None
    weight: float = 0.0
    kind: AnswerKind | None = None
    value: float = 0.0
    is_loyal: bool = False


def read_feedback(scene: Scene) -> None:
    """Add survey answers; one that is linked to no contact is the contact's that it names."""
    rules, ledger = scene.rules, scene.ledger
    reading = rules.reading(OBJECT)
    owners, to_contacts = scene.owners(OBJECT), scene.to_contacts(OBJECT)
    for record in scene.each(OBJECT):
        units = owners.of(record)
        if not units and not to_contacts.of(record):
            named = scene.contacts.resolve(read_text(record.properties.get("hs_contact_id")))
            units = () if named is None else scene.of_contact(named)
        at = touched_at(record, reading, scene.notes) if units else None
        if at is None or at >= scene.as_of:
            continue
        part = rules.find(OBJECT, record.properties)
        if part is None:
            place = rules.other(OBJECT, "hs_survey_type", scene.notes)
        else:
            place = rules.place(part.key)
        channel = rules.channel_of(record, part)
        answer = _read(scene, record)
        for unit in units:
            touch = ledger.touch(
                unit, at, place, channel, welcome=part is not None and part.inbound
            )
            if answer.score is not None:
                ledger.signal(
                    unit,
                    at,
                    answer.score,
                    answer.weight,
                    touchpoint=place,
                    touch=touch,
                    measured=True,
                )
            if answer.kind is not None:
                ledger.answer(unit, at, answer.kind, answer.value)
            if answer.is_loyal:
                scene.move(unit, at, scene.profile.rules.nps, record, after=True)


def _read(scene: Scene, record: Record) -> _Reading:
    profile = scene.profile
    survey = read_text(record.properties.get("hs_survey_type")).upper()
    kind = _KINDS.get(survey)
    sent = record.properties.get("hs_value")
    if kind is None or not read_text(sent):
        label = read_text(record.properties.get("hs_sentiment")).upper()
        return _Reading(profile.emotion.labels.get(label), profile.emotion.weights.label)
    value = read_number(sent)
    weight = profile.emotion.weights.survey
    if kind == "nps":
        if value is None or not value.is_integer() or not 0 <= value <= 10:
            scene.notes.bad_value(OBJECT, record.id, "hs_value", sent, "is no NPS from 0 to 10")
            return _Reading()
        metric = 100.0 if value >= 9 else 0.0 if value >= 7 else -100.0
        is_loyal = value >= profile.rules.nps_from
        return _Reading(profile.emotion.nps[int(value)], weight, kind, metric, is_loyal)
    low, high = _scale(profile, record, survey)
    if value is None or not low <= value <= high:
        scene.notes.bad_value(
            OBJECT, record.id, "hs_value", sent, f"is no {survey} from {low:g} to {high:g}"
        )
        return _Reading()
    score = -2 + 4 * (value - low) / (high - low)
    if kind == "ces":
        return _Reading(score, weight, kind, value)
    is_positive = value >= low + profile.surveys.positive_share * (high - low)
    return _Reading(score, weight, kind, 1.0 if is_positive else 0.0)


def _scale(profile: Profile, record: Record, survey: str) -> tuple[float, float]:
    own = profile.surveys.by_survey.get(read_text(record.properties.get("hs_survey_id")))
    if own is not None:
        return own
    return profile.surveys.scales["CSAT" if survey == "CSAT" else "CES"]
