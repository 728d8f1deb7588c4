"""The emotion lane: a curve through the stages' scores that says what each point rests on.

Measured points are full discs on a solid line, inferred ones open discs on a dashed line, so that
the difference survives a black-and-white printer. Where a stage has no score the line breaks: a
bridge would be a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cjm_sync.journey.types import Emotion, Journey
from cjm_sync_files import wording
from cjm_sync_files.curve import smooth
from cjm_sync_files.fitting import fitted
from cjm_sync_files.icons import face
from cjm_sync_files.lanes import Lane
from cjm_sync_files.picture import Box, Disc, Path, Shape, Stroke, Text, line
from cjm_sync_files.style import (
    BAD_TINT,
    FAINT,
    GOOD_TINT,
    GUTTER,
    INK,
    MARGIN,
    MUTED,
    PAPER,
    RULE,
    Columns,
    everyone,
)

_ROOM_FOR_WORDS = 58.0
_SCALE_HEIGHT = 168.0
_HIGHEST = 2.0
_POINT = 8.0


@dataclass(frozen=True, slots=True)
class _Spot:
    column: int
    x: float
    y: float
    score: float
    emotion: Emotion


def emotion(journey: Journey, columns: Columns, top: float) -> Lane:
    """Return the curve with its scale, and for each stage the word, the score and the evidence."""
    zero = top + _ROOM_FOR_WORDS + _SCALE_HEIGHT / 2
    left, right = columns.left(0), columns.right
    half = _SCALE_HEIGHT / 2
    shapes: list[Shape] = [
        Box(left, zero - half, right - left, half, fill=GOOD_TINT),
        Box(left, zero, right - left, half, fill=BAD_TINT),
    ]
    for mark in (2, 1, 0, -1, -2):
        y = zero - mark / _HIGHEST * half
        pen = Stroke(FAINT if mark == 0 else RULE, 1.2 if mark == 0 else 1.0)
        shapes.append(line(left, y, right, y, pen))
        name = wording.signed(mark, 0)
        shapes.append(Text(left - 10, y + 4, name, size=12, fill=MUTED, anchor="end"))
        if mark in {2, 0, -2}:
            shapes += face(MARGIN + GUTTER - 46, y, 9, mark / 2, fill=PAPER, ink=INK)

    spots: list[_Spot] = []
    for index, stage in enumerate(journey.stages):
        felt = everyone(stage).emotion
        if felt.shown is None:
            shapes.append(
                Text(
                    columns.middle(index),
                    zero - 8,
                    wording.NOT_ENOUGH,
                    size=13,
                    fill=MUTED,
                    anchor="middle",
                    halo=PAPER,
                )
            )
            continue
        y = zero - min(max(felt.shown, -_HIGHEST), _HIGHEST) / _HIGHEST * half
        spots.append(_Spot(index, columns.middle(index), y, felt.shown, felt))

    for run in _unbroken(spots):
        shapes += _line_through(run)
    for position, spot in enumerate(spots):
        shapes += _point(spot)
        shapes += _words(spot, columns.width - 6, is_above=_is_above(spots, position))
    return Lane(tuple(shapes), _SCALE_HEIGHT + 2 * _ROOM_FOR_WORDS)


def evidence_words(felt: Emotion) -> str:
    """Return what a score rests on, as in "measured, n 34, medium confidence"."""
    if felt.override is not None:
        computed = "" if felt.score is None else f", computed {wording.signed(felt.score)}"
        return f"set by people{computed}"
    parts: list[str] = [felt.evidence]
    if felt.n is not None:
        parts.append(f"n {wording.count(felt.n)}")
    if felt.confidence is not None:
        parts.append(f"{felt.confidence} confidence")
    return ", ".join(parts)


def point_mark(x: float, y: float, *, is_measured: bool, radius: float = _POINT) -> list[Shape]:
    """Return the mark of a point on the curve, as the legend shows it too."""
    if is_measured:
        return [Disc(x, y, radius, fill=INK, stroke=Stroke(PAPER, 2))]
    return [
        Disc(x, y, radius + 1.5, fill=PAPER),
        Disc(x, y, radius - 1, fill=PAPER, stroke=Stroke(INK, 3)),
    ]


def pen_for(*, is_measured: bool) -> Stroke:
    """Return the curve's pen, as the legend shows it too."""
    return Stroke(INK, 3.2) if is_measured else Stroke(INK, 2.6, (7, 6))


def _unbroken(spots: Sequence[_Spot]) -> Iterator[list[_Spot]]:
    run: list[_Spot] = []
    for spot in spots:
        if run and spot.column != run[-1].column + 1:
            yield run
            run = []
        run.append(spot)
    if run:
        yield run


def _line_through(run: Sequence[_Spot]) -> list[Shape]:
    """Return the curve piece by piece: solid where both ends were measured."""
    pen = smooth([(spot.x, spot.y) for spot in run])
    pieces: list[Shape] = []
    for index in range(len(run) - 1):
        both = (run[index].emotion.evidence, run[index + 1].emotion.evidence)
        start = ("M", (run[index].x, run[index].y))
        pieces.append(
            Path(
                (start, pen[index + 1]),
                stroke=pen_for(is_measured=both == ("measured", "measured")),
            )
        )
    return pieces


def _point(spot: _Spot) -> list[Shape]:
    return point_mark(spot.x, spot.y, is_measured=spot.emotion.evidence == "measured")


def _is_above(spots: Sequence[_Spot], position: int) -> bool:
    """Tell the side on which the curve does not run: above a peak, below a valley."""
    here = spots[position].score
    beside = [
        other.score
        for other in (*spots[max(position - 1, 0) : position], *spots[position + 1 : position + 2])
    ]
    return not beside or here >= sum(beside) / len(beside)


def _words(spot: _Spot, width: float, *, is_above: bool) -> list[Shape]:
    first = spot.y - 33 if is_above else spot.y + 27
    said = f"{wording.feeling(spot.score)}  {wording.signed(spot.score)}"
    return [
        fitted(spot.x, first, said, width=width, size=15, bold=True, anchor="middle", halo=PAPER),
        fitted(
            spot.x,
            first + 17,
            evidence_words(spot.emotion),
            width=width,
            size=12,
            fill=MUTED,
            anchor="middle",
            halo=PAPER,
        ),
    ]
