"""The past of one property: when it had which value, from the best source that knows.

The way in is `past_values`. Property history comes first, then the dated families
`hs_v2_date_entered_*` and `hs_lifecyclestage_*_date`; the first that has anything is used alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cjm_sync.model import Record
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.values import read_text

ENTERED = "hs_v2_date_entered_"
_LIFECYCLE_DATE = re.compile(r"hs_lifecyclestage_(.+)_date\Z")
_NOT_A_STAGE = "current_stage"
_HASHED = re.compile(r"(.+)_\d+\Z")


@dataclass(frozen=True, slots=True)
class Past:
    """The values a property took before T, oldest first, no two in a row alike, none empty.

    *is_known* is False when no source says anything of the property's past.
    """

    values: tuple[tuple[int, str], ...]
    is_known: bool


def past_values(
    record: Record, property_: str, *, known: Sequence[str], as_of: int, notes: Notes
) -> Past:
    """Return the past of *property_*; *known* are its values in the account's order.

    Where the newest past value is not the current one, the current one counts from the record's
    last change on, and the record is noted.
    """
    dated = _from_history(record, property_, notes)
    if not any(value for _, value in dated):
        dated = _from_entries(record, known, notes)
    if not dated and property_ == "lifecyclestage":
        dated = _from_lifecycle_dates(record, known, notes)
    is_known = bool(dated)
    if property_ in record.properties:
        current = read_text(record.properties[property_])
        newest = dated[-1][1] if dated else ""
        if current != newest:
            dated = _corrected(record, property_, current, dated, notes)
    # Empty values go first: a clearing and a setting of one millisecond come in either order.
    at_one_time = {at: value for at, value in dated if value}  # the last written stays
    values: list[tuple[int, str]] = []
    for at, value in sorted(at_one_time.items()):
        if at < as_of and not (values and values[-1][1] == value):
            values.append((at, value))
    return Past(tuple(values), is_known)


def _corrected(
    record: Record, property_: str, current: str, dated: list[tuple[int, str]], notes: Notes
) -> list[tuple[int, str]]:
    notes.mismatch(record.object, record.id, property_)
    changed_at = notes.time(record.object, record.id, "updatedAt", record.updated_at)
    if changed_at is None:
        return dated
    return [*((at, value) for at, value in dated if at < changed_at), (changed_at, current)]


def _from_history(record: Record, property_: str, notes: Notes) -> list[tuple[int, str]]:
    dated = []
    for change in reversed(record.history.get(property_, ())):  # oldest first
        at = notes.time(record.object, record.id, property_, change.timestamp)
        if at is not None:
            dated.append((at, read_text(change.value)))
    dated.sort(key=lambda pair: pair[0])  # stable: what was written last stays last
    return dated


def _from_entries(record: Record, known: Sequence[str], notes: Notes) -> list[tuple[int, str]]:
    spelled = {value: value for value in known}
    normalised = {value.lower().replace("-", "_"): value for value in known}
    dated = []
    for name, value in record.properties.items():
        stage = name.removeprefix(ENTERED)
        if stage in {name, _NOT_A_STAGE}:
            continue
        at = notes.time(record.object, record.id, name, value)
        if at is None:
            continue
        hashed = _HASHED.match(stage)
        found = spelled.get(stage)
        if found is None and hashed:
            found = normalised.get(hashed[1])
        dated.append((at, found if found is not None else stage))
    return _by_time(dated, known)


def _from_lifecycle_dates(
    record: Record, known: Sequence[str], notes: Notes
) -> list[tuple[int, str]]:
    dated = []
    for name, value in record.properties.items():
        named = _LIFECYCLE_DATE.match(name)
        at = notes.time(record.object, record.id, name, value) if named else None
        if named and at is not None:
            dated.append((at, named[1]))
    return _by_time(dated, known)


def _by_time(dated: list[tuple[int, str]], known: Sequence[str]) -> list[tuple[int, str]]:
    """Return *dated* by time; at one time in the account's order, as HubSpot steps through it."""
    order = {value: place for place, value in enumerate(known)}
    return sorted(dated, key=lambda pair: (pair[0], order.get(pair[1], -1), pair[1]))
