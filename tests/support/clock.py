"""Time for tests: it stands still until somebody sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


class FakeClock:
    """A Clock that only moves when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds

    def copy(self) -> FakeClock:
        """Return a clock of its own that stands where this one does."""
        twin = FakeClock(self._start)
        twin.elapsed = self.elapsed
        return twin
