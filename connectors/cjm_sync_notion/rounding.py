"""Round what is written to Notion, so that a run in which nothing moved writes nothing.

Exports carry the exact numbers; cells carry these. Halves go to the even neighbour, as Python
rounds the binary value; a whole result is an int, minus zero is zero, and rounding twice is
rounding once. A number that is not finite has no place in a cell and becomes None.
"""

from __future__ import annotations

import math

Number = int | float


def to_places(value: Number | None, places: int) -> Number | None:
    """Return *value* with at most *places* decimals, as an int when it is whole."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(float(value), places) if isinstance(value, float) else value
    return int(rounded) if rounded == int(rounded) else rounded


def score(value: Number | None) -> Number | None:
    """Emotion, touches per unit, CES: to 0.1."""
    return to_places(value, 1)


def rate(value: Number | None) -> Number | None:
    """Rates of 0–1 to a tenth of a point, shown by Notion as a percentage."""
    return to_places(value, 3)


def whole(value: Number | None) -> Number | None:
    """Days, money, NPS and counts: whole units."""
    return to_places(value, 0)
