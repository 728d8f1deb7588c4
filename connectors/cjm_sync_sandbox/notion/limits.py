"""The budget of requests: a fixed window of 60 seconds, spendable in bursts."""

from __future__ import annotations

import math

from cjm_sync.ports import Clock
from cjm_sync_sandbox.notion.errors import ApiError

WINDOW_SECONDS = 60.0
BUDGETS = {"business": 600, "enterprise": 600, "plus": 180, "free": 180}
PAYLOAD_BYTES = 500 * 1024


class RateWindow:
    """Counts requests; the window begins with its first request."""

    def __init__(self, clock: Clock, budget: int) -> None:
        self._clock = clock
        self.budget = budget
        self._began: float | None = None
        self._spent = 0

    def spend(self) -> None:
        """Take one request from the budget; raises the 429 when nothing is left."""
        now = self._clock.monotonic()
        if self._began is None or now - self._began >= WINDOW_SECONDS:
            self._began, self._spent = now, 0
        if self._spent >= self.budget:
            wait = max(1, math.ceil(self._began + WINDOW_SECONDS - now))
            raise ApiError(
                429,
                "rate_limited",
                "You have been rate limited. Please try again in a few minutes.",
                {
                    "rate_limit_reason": "public_api_request_rate_limit",
                    "retry_after": str(wait),
                },
            )
        self._spent += 1
