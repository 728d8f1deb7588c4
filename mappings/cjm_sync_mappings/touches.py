"""Touches and signals in the making: rows are added in any order and come out as columns.

`Ledger` holds them; `TouchRules` says which touchpoint a record is.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from cjm_sync.journey.facts import (
    ANSWER_KINDS,
    NO_VALUE,
    AnswerKind,
    Answers,
    MeetingPhases,
    Signals,
    Touches,
    TouchpointName,
)
from cjm_sync.model import Record
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.schema import ObjectPart, Profile, TouchpointPart
from cjm_sync_mappings.values import read_text

_NO_RULES = ObjectPart()

_MAY_BE_OTHER = (
    "calls",
    "communications",
    "contacts",
    "emails",
    "feedback_submissions",
    "meetings",
    "notes",
    "postal_mail",
    "quotes",
    "tickets",
)
"""Objects of which every record is a touch, if only `other.<object>`."""


def _ints() -> array[int]:
    return array("q")


def _floats() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Ledger:
    """Columns of touches, signals and answers that grow row by row."""

    touch_unit: array[int] = field(default_factory=_ints)
    touch_at: array[int] = field(default_factory=_ints)
    touch_point: array[int] = field(default_factory=_ints)
    touch_channel: array[int] = field(default_factory=_ints)
    touch_ends: array[int] = field(default_factory=_ints)
    touch_welcome: array[int] = field(default_factory=_ints)
    signal_unit: array[int] = field(default_factory=_ints)
    signal_at: array[int] = field(default_factory=_ints)
    signal_touch: array[int] = field(default_factory=_ints)
    signal_point: array[int] = field(default_factory=_ints)
    signal_score: array[float] = field(default_factory=_floats)
    signal_weight: array[float] = field(default_factory=_floats)
    signal_measured: array[int] = field(default_factory=_ints)
    signal_ends: array[int] = field(default_factory=_ints)
    answer_unit: array[int] = field(default_factory=_ints)
    answer_at: array[int] = field(default_factory=_ints)
    answer_kind: array[int] = field(default_factory=_ints)
    answer_value: array[float] = field(default_factory=_floats)

    def touch(
        self,
        unit: int,
        at: int,
        touchpoint: int,
        channel: int,
        *,
        ends: bool = False,
        welcome: bool = False,
    ) -> int:
        """Add a touch and return its number, which a signal may name."""
        self.touch_unit.append(unit)
        self.touch_at.append(at)
        self.touch_point.append(touchpoint)
        self.touch_channel.append(channel)
        self.touch_ends.append(ends)
        self.touch_welcome.append(welcome)
        return len(self.touch_unit) - 1

    def signal(
        self,
        unit: int,
        at: int,
        score: float,
        weight: float,
        *,
        touchpoint: int,
        touch: int = NO_VALUE,
        measured: bool = False,
        ends: bool = False,
    ) -> None:
        """Add a signal of *touchpoint*, or of whatever the touch numbered *touch* turns out."""
        self.signal_unit.append(unit)
        self.signal_at.append(at)
        self.signal_touch.append(touch)
        self.signal_point.append(touchpoint)
        self.signal_score.append(score)
        self.signal_weight.append(weight)
        self.signal_measured.append(measured)
        self.signal_ends.append(ends)

    def answer(self, unit: int, at: int, kind: AnswerKind, value: float) -> None:
        """Add a valid survey answer."""
        self.answer_unit.append(unit)
        self.answer_at.append(at)
        self.answer_kind.append(ANSWER_KINDS.index(kind))
        self.answer_value.append(value)

    def columns(self) -> tuple[Touches, Signals, Answers]:
        """Return everything as columns, touches ordered by unit and time.

        Meetings were added by ascending id, and the sort is stable, so ties are the smaller id's.
        """
        unit = np.array(self.touch_unit, dtype=np.int64)
        at = np.array(self.touch_at, dtype=np.int64)
        order = np.lexsort((at, unit))
        place = np.empty(order.size, dtype=np.int64)
        place[order] = np.arange(order.size)
        touch = np.array(self.signal_touch, dtype=np.int64)
        named = touch >= 0
        touch[named] = place[touch[named]]
        touches = Touches(
            unit=unit[order],
            at=at[order],
            touchpoint=np.array(self.touch_point, dtype=np.int64)[order],
            channel=np.array(self.touch_channel, dtype=np.int64)[order],
            ends=np.array(self.touch_ends, dtype=np.bool_)[order],
            welcome=np.array(self.touch_welcome, dtype=np.bool_)[order],
        )
        signals = Signals(
            unit=np.array(self.signal_unit, dtype=np.int64),
            at=np.array(self.signal_at, dtype=np.int64),
            touch=touch,
            touchpoint=np.array(self.signal_point, dtype=np.int64),
            score=np.array(self.signal_score, dtype=np.float64),
            weight=np.array(self.signal_weight, dtype=np.float64),
            measured=np.array(self.signal_measured, dtype=np.bool_),
            ends=np.array(self.signal_ends, dtype=np.bool_),
        )
        answers = Answers(
            unit=np.array(self.answer_unit, dtype=np.int64),
            at=np.array(self.answer_at, dtype=np.int64),
            kind=np.array(self.answer_kind, dtype=np.int64),
            value=np.array(self.answer_value, dtype=np.float64),
        )
        return touches, signals, answers


@dataclass(frozen=True, slots=True)
class _Test:
    part: TouchpointPart
    values: frozenset[str]


@dataclass(slots=True)
class TouchRules:
    """The profile's taxonomy, ready to be asked; places are those of `Facts.touchpoints`."""

    profile: Profile
    names: list[TouchpointName] = field(default_factory=list)
    _channels: dict[str, int] = field(default_factory=dict)
    _place: dict[str, int] = field(default_factory=dict)
    _of_object: dict[str, list[_Test]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in self.profile.touchpoints:
            self._add(part.key, part.label, part.channel)
            values = frozenset(value.upper() for value in part.values)
            self._of_object.setdefault(part.object, []).append(_Test(part, values))
        for tests in self._of_object.values():
            tests.sort(key=lambda test: test.part.linked is None)  # a link goes before a value
        # All channels are known from the start: their order breaks ties, and must not depend on
        # which record came first.
        for reading in self.profile.objects.values():
            for label in reading.channels.values():
                self.channel(label)
        for object_ in _MAY_BE_OTHER:
            self._add(f"other.{object_}", f"Other: {object_.replace('_', ' ')}", "Other")

    def place(self, key: str) -> int:
        """Return the place of a touchpoint by its key."""
        return self._place[key]

    def find(
        self, object_: str, values: Mapping[str, object], *, linked: Iterable[str] = ()
    ) -> TouchpointPart | None:
        """Return the first touchpoint that covers a record of *object_* with these values."""
        for test in self._of_object.get(object_, ()):
            part = test.part
            if part.linked is not None and part.linked not in linked:
                continue
            if test.values and part.property is not None:
                value = values.get(part.property)
                if read_text(value).upper() not in test.values:
                    continue
            return part
        return None

    def reading(self, object_: str) -> ObjectPart:
        """Return how records of *object_* are read."""
        return self.profile.objects.get(object_, _NO_RULES)

    def other(self, object_: str, property_: str | None, notes: Notes) -> int:
        """Return the place of `other.<object>`, and count a record that no rule covers."""
        notes.uncovered[(object_, property_ or "")] += 1
        return self._place[f"other.{object_}"]

    def channel_of(self, record: Record, part: TouchpointPart | None) -> int:
        """Return the channel of one touch: the record's own where the profile knows it."""
        reading = self.reading(record.object)
        usual = part.channel if part is not None else "Other"
        if reading.channel_property is not None:
            value = read_text(record.properties.get(reading.channel_property)).upper()
            usual = reading.channels.get(value, usual)
        return self.channel(usual)

    def channel(self, label: str) -> int:
        """Return the place of a channel by its label."""
        return self._channels.setdefault(label, len(self._channels))

    def channels(self) -> tuple[str, ...]:
        """Return the labels of all channels met, by place."""
        return tuple(self._channels)

    def meetings(self) -> MeetingPhases | None:
        """Return how meetings are told apart, when the taxonomy does."""
        parts = {part.phase: part for part in self.profile.touchpoints if part.phase is not None}
        if len(parts) < 4:
            return None
        return MeetingPhases(
            pending=self.place(parts["first"].key),
            first=self.place(parts["first"].key),
            follow=self.place(parts["follow"].key),
            early=self.place(parts["early"].key),
            late=self.place(parts["late"].key),
            early_days=self.profile.thresholds.onboarding_days,
        )

    def _add(self, key: str, label: str, channel: str) -> None:
        self._place[key] = len(self.names)
        self.names.append(TouchpointName(key, label, channel))
        self.channel(channel)


def is_skipped(property_: str | None, values: tuple[str, ...], record: Record) -> bool:
    """Return whether the record's *property_* says that it is no touch."""
    if property_ is None:
        return False
    return read_text(record.properties.get(property_)).upper() in values


def touched_at(record: Record, reading: ObjectPart, notes: Notes) -> int | None:
    """Return when a record happened: its own time, else its creation."""
    for property_ in reading.time:
        at = notes.time(record.object, record.id, property_, record.properties.get(property_))
        if at is not None:
            return at
    return created_at(record, notes)


def created_at(record: Record, notes: Notes) -> int | None:
    """Return when a record was created."""
    at = notes.time(record.object, record.id, "createdAt", record.created_at)
    if at is not None:
        return at
    for property_ in ("createdate", "hs_createdate"):
        at = notes.time(record.object, record.id, property_, record.properties.get(property_))
        if at is not None:
            return at
    return None
