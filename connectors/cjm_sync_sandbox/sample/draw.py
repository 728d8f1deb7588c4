"""Chance and time of the sample portal: both come from the seed and a fixed reference time only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Generic, TypeVar

SAMPLE_AS_OF = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
OPENED = SAMPLE_AS_OF - timedelta(days=548)
WINDOW_START = SAMPLE_AS_OF - timedelta(days=90)

Value = TypeVar("Value")


def stream(seed: int, name: str) -> Random:
    """Return a chance of its own for one part, so that a change in one leaves the others alone."""
    return Random(f"{seed}/{name}")  # noqa: S311  a sample needs to repeat, not to be secret


class Deck(Generic[Value]):
    """Cards drawn without return and reshuffled when empty.

    The shares then hold for every seed within a few draws, which independent dice would not: the
    planted stories must be there whatever the seed.
    """

    def __init__(self, rng: Random, shares: Mapping[Value, int]) -> None:
        self._rng = rng
        self._cards = [value for value, count in shares.items() for _ in range(count)]
        self._left: list[Value] = []

    def draw(self) -> Value:
        if not self._left:
            self._left = list(self._cards)
            self._rng.shuffle(self._left)
        return self._left.pop()


def days(rng: Random, median: float, spread: float, shortest: float = 0.5) -> timedelta:
    """Draw a duration from a log-normal, the usual shape of times in a stage."""
    return timedelta(days=max(shortest, math.exp(rng.gauss(math.log(median), spread))))


def between(rng: Random, low: float, high: float) -> timedelta:
    """Draw a duration of *low* to *high* days."""
    return timedelta(days=rng.uniform(low, high))


def office(rng: Random, moment: datetime) -> datetime:
    """Move *moment* to office hours of its day, or of the Monday after a weekend."""
    if moment.weekday() >= 5:
        moment += timedelta(days=7 - moment.weekday())
    return moment.replace(
        hour=rng.randint(7, 15),
        minute=rng.choice((0, 5, 10, 15, 30, 40, 45)),
        second=0,
        microsecond=0,
    ) + timedelta(seconds=rng.randrange(240), milliseconds=rng.randrange(1000))


def iso(moment: datetime) -> str:
    """Write a moment as HubSpot does: the milliseconds are absent when zero."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = moment.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def millis(moment: datetime) -> int:
    """Return the epoch milliseconds that the older APIs use."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def moment_of(text: str) -> datetime:
    """Read a moment that `iso` wrote."""
    return datetime.fromisoformat(text)
