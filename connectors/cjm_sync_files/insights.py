"""Pains and delights in words, and the lane of the map that shows the strongest of each stage."""

from __future__ import annotations

from cjm_sync.journey.types import Journey, Pain
from cjm_sync_files import wording
from cjm_sync_files.fitting import fitted, width_of
from cjm_sync_files.icons import face
from cjm_sync_files.lanes import Lane
from cjm_sync_files.picture import Box, Shape, Stroke, Text
from cjm_sync_files.style import BAD_TINT, GOOD_TINT, INK, MUTED, PAPER, RULE, Columns

SHOWN = 4
_ROW = 36.0


def pain_words(pain: Pain) -> str:
    """Return what was measured and what it passed, as in "49 days, from 30 days on"."""
    said = f"{_value(pain.value, pain.unit)}, limit {_value(pain.threshold, pain.unit)}"
    if pain.before is not None:
        said += f", before {_value(pain.before, pain.unit)}"
    return f"{said}, n {wording.count(pain.n)}"


def insights(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return each stage's delights and pains, the severest first; no lane without any rule judged."""
    if journey.pains is None and journey.delights is None:
        return Lane((), 0.0)
    shapes: list[Shape] = []
    tallest = 1.0
    for index, stage in enumerate(journey.stages):
        x, room = columns.inner_left(index), columns.inner_width
        here = [
            *_of_stage(journey.pains or (), stage.key),
            *_of_stage(journey.delights or (), stage.key),
        ]
        y = top + 10
        for pain in here[:SHOWN]:
            shapes += _box(pain, x, y, room)
            y += _ROW
        if len(here) > SHOWN:
            more = f"and {wording.count(len(here) - SHOWN)} more"
            shapes.append(Text(x, y + 12, more, size=12, fill=MUTED))
            y += 17
        if not here:
            shapes.append(Text(x, top + 32, "none found", size=12, fill=MUTED))
            y = top + 40
        tallest = max(tallest, y - top + 6)
    return Lane(tuple(shapes), tallest)


def _of_stage(pains: tuple[Pain, ...], stage: str) -> list[Pain]:
    here = [pain for pain in pains if pain.stage == stage]
    return sorted(here, key=lambda pain: (-pain.severity, pain.identity))


def _box(pain: Pain, x: float, y: float, room: float) -> list[Shape]:
    is_good = pain.rule.startswith("DL")
    tint = GOOD_TINT if is_good else BAD_TINT
    severity = f"{pain.severity:.0f}"
    right = x + room - 8
    return [
        Box(x - 6, y, room + 12, _ROW - 5, fill=tint, stroke=Stroke(RULE), radius=6),
        *face(x + 8, y + 15.5, 8, 1.0 if is_good else -1.0, fill=PAPER, ink=INK),
        fitted(
            x + 23,
            y + 14,
            pain.label,
            width=right - x - 23 - width_of(severity, 13) - 8,
            size=12.5,
            bold=True,
        ),
        Text(right, y + 19, severity, size=13, bold=True, anchor="end"),
        fitted(
            x + 23,
            y + 26.5,
            _short(pain),
            width=right - x - 23 - width_of(severity, 13) - 8,
            size=10.5,
            fill=MUTED,
        ),
    ]


def _short(pain: Pain) -> str:
    return f"{_value(pain.value, pain.unit)}, limit {_value(pain.threshold, pain.unit)}, n {wording.count(pain.n)}"


def _value(value: float, unit: str) -> str:
    match unit:
        case "days":
            return wording.days(value)
        case "hours":
            return wording.days(value / 24)
        case "share":
            return wording.percent(value)
        case _:
            return wording.signed(value)
