"""What pains are counted from, in the making: tickets, answers, losses, meetings, complaints.

Categories leave the machine as option labels only, reasons as the profile's groups; other text is
no subject.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from cjm_sync.journey.facts import NO_VALUE, Ints, OccasionKind, Occasions, SubjectName
from cjm_sync.model import Record
from cjm_sync_mappings.account import Account
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.values import read_list, read_text

_HOUR_MS = 3_600_000


def _ints() -> array[int]:
    return array("q")


def _floats() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Diary:
    """Columns of occasions that grow row by row, and the names that they speak of."""

    names: list[SubjectName] = field(default_factory=list)
    _place: dict[tuple[str, str], int] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _onboarding: set[int] = field(default_factory=set)
    _unit: array[int] = field(default_factory=_ints)
    _at: array[int] = field(default_factory=_ints)
    _kind: array[int] = field(default_factory=_ints)
    _record: array[int] = field(default_factory=_ints)
    _subject: array[int] = field(default_factory=_ints)
    _value: array[float] = field(default_factory=_floats)
    _target: array[float] = field(default_factory=_floats)

    @classmethod
    def of(cls, profile: Profile, account: Account) -> Diary:
        """Return an empty diary that knows the account's categories and the profile's reasons."""
        diary = cls()
        for value, label in account.options.get(f"tickets/{profile.tickets.category}", ()):
            diary._name("ticket", value, label)
        for reason in profile.emotion.lost_reasons:
            diary._name("loss", reason.key, reason.key.replace("_", " "))
        return diary

    def _name(self, about: str, key: str, label: str) -> None:
        self._place[about, key] = len(self.names)
        self.names.append(SubjectName(key, label))

    def ticket(self, record: Record, units: Iterable[int], at: int, category: str) -> None:
        """Note that a ticket was opened, once per category that is an option of the account."""
        found = [
            place
            for value in read_list(record.properties.get(category))
            if (place := self._place.get(("ticket", value))) is not None
        ]
        for unit in units:
            for subject in found or [NO_VALUE]:
                self._add(OccasionKind.TICKET, record, unit, at, subject=subject)

    def answered(
        self, record: Record, units: Iterable[int], opened_at: int, at: int, *, target: float
    ) -> None:
        """Note a ticket's first answer; *target* is in milliseconds."""
        for unit in units:
            self._add(OccasionKind.ANSWERED, record, unit, at, took=at - opened_at, target=target)

    def closed(
        self, record: Record, units: Iterable[int], opened_at: int, at: int, *, target: float
    ) -> None:
        """Note that a ticket was closed; *target* is in milliseconds."""
        for unit in units:
            self._add(OccasionKind.CLOSED, record, unit, at, took=at - opened_at, target=target)

    def loss(self, record: Record, units: Iterable[int], at: int, reason: str | None) -> None:
        """Note a lost deal with the key of its reason's group, None when none covers it."""
        subject = NO_VALUE if reason is None else self._place["loss", reason]
        for unit in units:
            self._add(OccasionKind.LOSS, record, unit, at, subject=subject)

    def meeting(self, record: Record, unit: int, at: int, *, is_missed: bool) -> None:
        """Note a meeting."""
        self._add(OccasionKind.MEETING, record, unit, at, value=float(is_missed))

    def complaint(self, record: Record, unit: int, at: int) -> None:
        """Note that somebody unsubscribed or reported spam."""
        self._add(OccasionKind.COMPLAINT, record, unit, at)

    def onboards(self, units: Iterable[int]) -> None:
        """Note units that have an open ticket of an onboarding pipeline."""
        self._onboarding.update(units)

    def _add(
        self,
        kind: OccasionKind,
        record: Record,
        unit: int,
        at: int,
        *,
        subject: int = NO_VALUE,
        value: float = 0.0,
        took: float | None = None,
        target: float = 0.0,
    ) -> None:
        own = self._numbers.setdefault((record.object, record.id), len(self._numbers))
        self._unit.append(unit)
        self._at.append(at)
        self._kind.append(kind)
        self._record.append(own)
        self._subject.append(subject)
        self._value.append(value if took is None else took / _HOUR_MS)
        self._target.append(target / _HOUR_MS)

    def columns(self) -> Occasions:
        """Return everything as columns."""
        return Occasions(
            unit=np.array(self._unit, dtype=np.int64),
            at=np.array(self._at, dtype=np.int64),
            kind=np.array(self._kind, dtype=np.int64),
            record=np.array(self._record, dtype=np.int64),
            subject=np.array(self._subject, dtype=np.int64),
            value=np.array(self._value, dtype=np.float64),
            target=np.array(self._target, dtype=np.float64),
        )

    def onboarding(self) -> Ints:
        """Return the units with an open ticket of an onboarding pipeline, ascending."""
        return np.array(sorted(self._onboarding), dtype=np.int64)


def is_onboarding(profile: Profile, account: Account, record: Record) -> bool:
    """Return whether a ticket lies in a pipeline of onboarding."""
    pipeline = account.pipeline("tickets", read_text(record.properties.get("hs_pipeline")))
    if pipeline is None:
        return False
    return re.search(profile.tickets.onboarding, pipeline.label, re.IGNORECASE) is not None
