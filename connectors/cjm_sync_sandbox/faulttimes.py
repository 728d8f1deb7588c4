"""Which requests a fault befalls, for both stand-ins: by number, by a test, for so many times."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")


@dataclass
class Scheduled(Generic[Q, A, R]):
    """A fault that comes to the requests that are *wanted*; *number_of* tells requests apart."""

    number_of: Callable[[Q], int]
    wanted: Callable[[Q], bool]
    fault: Callable[[Q, A | None], R | None]
    times: int | None
    skip: int
    _hit: int = 0

    def __call__(self, request: Q, answer: A | None) -> R | None:
        """Befall *request*, before its effect (no *answer* yet) and after it."""
        if answer is None:
            self._hit = 0
            if not self.wanted(request) or self.times == 0:
                return None
            if self.skip:
                self.skip -= 1
                return None
            if self.times is not None:
                self.times -= 1
            self._hit = self.number_of(request)
        # A request that was let be before its effect is let be after it as well.
        return self.fault(request, answer) if self._hit == self.number_of(request) else None


def scheduled(
    when: int | Collection[int] | Callable[[Q], bool],
    fault: Callable[[Q, A | None], R | None],
    *,
    number_of: Callable[[Q], int],
    times: int | None,
    skip: int,
) -> Scheduled[Q, A, R]:
    """Return *fault* for the requests *when* says: at most *times*, after the first *skip*."""
    if isinstance(when, int):
        when = (when,)
    if isinstance(when, Collection):
        numbers = frozenset(when)
        return Scheduled(number_of, lambda one: number_of(one) in numbers, fault, times, skip)
    return Scheduled(number_of, when, fault, times, skip)
