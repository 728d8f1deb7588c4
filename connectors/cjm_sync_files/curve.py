"""A smooth line through points that never rises above or falls below them.

Monotone cubic interpolation (Fritsch and Carlson, 1980): between two points the line stays
between their heights, so a curve through scores never claims a better or worse feeling than any
that was computed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cjm_sync_files.picture import Command

Point = tuple[float, float]


def smooth(points: Sequence[Point]) -> tuple[Command, ...]:
    """Return the pen movements through *points*, whose x values ascend."""
    if not points:
        return ()
    pen: list[Command] = [("M", points[0])]
    slopes = _slopes(points)
    for index in range(len(points) - 1):
        (x0, y0), (x1, y1) = points[index], points[index + 1]
        third = (x1 - x0) / 3
        handle0 = (x0 + third, y0 + third * slopes[index])
        handle1 = (x1 - third, y1 - third * slopes[index + 1])
        pen.append(("C", (*handle0, *handle1, x1, y1)))
    return tuple(pen)


def _slopes(points: Sequence[Point]) -> list[float]:
    secants = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in itertools.pairwise(points)]
    slopes = [0.0] * len(points)
    for index in range(1, len(points) - 1):
        before, after = secants[index - 1], secants[index]
        if before * after > 0:
            # The harmonic mean keeps the slope within three times the smaller secant, which is
            # what makes the piece monotone.
            slopes[index] = 2 * before * after / (before + after)
    return slopes
