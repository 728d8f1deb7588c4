"""Small groups are not shown: each number is judged alone by the distinct units it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cjm_sync.journey.facts import Ints

Number = TypeVar("Number", int, float)


def distinct(units: Ints) -> int:
    """Return how many different units are in a column."""
    return int(np.unique(units).size)


@dataclass(slots=True)
class Curtain:
    """Lets a number through or not, for one object of the map, and remembers having held one."""

    min_group: int
    withheld: bool = False

    def count(self, value: Number, base: int) -> Number | None:
        """Show a count or sum over *base* units; one of nothing is shown."""
        if 0 < base < self.min_group:
            self.withheld = True
            return None
        return value

    def rate(self, value: Callable[[], float], base: int) -> float | None:
        """Show a rate, mean or quantile over *base* units; one of nothing is withheld.

        *value* is not worked out when it is not shown, so that it may divide by its base.
        """
        if base < self.min_group:
            self.withheld = True
            return None
        return value()
