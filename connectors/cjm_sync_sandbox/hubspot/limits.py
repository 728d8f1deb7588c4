"""HubSpot's request limits: ten rolling seconds, search by the second, the day."""

from __future__ import annotations

from collections import deque
from datetime import date
from enum import Enum
from zoneinfo import ZoneInfo

from cjm_sync_sandbox.hubspot.view import PortalView
from cjm_sync_sandbox.hubspot.wire import ApiError

DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
_BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
# Associations have a budget of their own and are exempt from the general one.
_ASSOCIATIONS = {"free": 100, "starter": 100, "professional": 150, "enterprise": 150}
_SEARCH = 5
_BURST_OF_OAUTH = 110


class Budget(Enum):
    """Which window a request counts in."""

    GENERAL = "general"
    SEARCH = "search"
    ASSOCIATIONS = "associations"
    UNCOUNTED = "uncounted"
    """The token endpoints: open to whoever knows the app's secret."""


class Limits:
    """Counts requests by the clock; one that was refused does not count.

    An OAuth app has a burst of its own and no daily limit. *per_day* replaces the tier's.
    """

    def __init__(self, view: PortalView) -> None:
        self._view = view
        self._admitted: dict[Budget, deque[float]] = {budget: deque() for budget in Budget}
        self._of_oauth: deque[float] = deque()
        self.per_day: int | None = None
        self.used_on = ""
        self.used = 0

    @property
    def daily(self) -> int:
        """How many requests a day has."""
        return DAILY[self._view.tier] if self.per_day is None else self.per_day

    def used_today(self) -> int:
        """Return the requests since midnight in the account's time zone."""
        today = self._today().isoformat()
        if self.used_on != today:
            self.used_on, self.used = today, 0
        return self.used

    def _today(self) -> date:
        zone = ZoneInfo(str(self._view.account["timeZone"]))
        return self._view.clock.now().astimezone(zone).date()

    def _in_window(self, budget: Budget, *, is_oauth: bool) -> deque[float]:
        seconds = 1.0 if budget is Budget.SEARCH else 10.0
        own = is_oauth and budget is Budget.GENERAL
        admitted = self._of_oauth if own else self._admitted[budget]
        now = self._view.clock.monotonic()
        while admitted and now - admitted[0] >= seconds:
            admitted.popleft()
        return admitted

    def _burst(self, *, is_oauth: bool) -> int:
        return _BURST_OF_OAUTH if is_oauth else _BURST[self._view.tier]

    def admit(self, budget: Budget, *, is_oauth: bool = False) -> None:
        """Count one request, or refuse it with 429."""
        if budget is Budget.UNCOUNTED:
            return
        if self.used_today() >= self.daily and not is_oauth:
            raise self._refusal(budget, "daily", "DAILY", is_oauth=is_oauth)
        admitted = self._in_window(budget, is_oauth=is_oauth)
        most = {
            Budget.SEARCH: _SEARCH,
            Budget.GENERAL: self._burst(is_oauth=is_oauth),
            Budget.ASSOCIATIONS: _ASSOCIATIONS[self._view.tier],
        }[budget]
        if len(admitted) >= most:
            policy = "SECONDLY" if budget is Budget.SEARCH else "TEN_SECONDLY_ROLLING"
            raise self._refusal(budget, policy.lower(), policy, is_oauth=is_oauth)
        admitted.append(self._view.clock.monotonic())
        if not is_oauth:
            self.used += 1

    def _refusal(self, budget: Budget, words: str, policy: str, *, is_oauth: bool) -> ApiError:
        # No Retry-After: the real service does not always send it, and a client must cope.
        refusal = ApiError.rate_limited(words, policy)
        refusal.headers = self.headers(budget, is_oauth=is_oauth)
        return refusal

    def headers(self, budget: Budget, *, is_oauth: bool = False) -> tuple[tuple[str, str], ...]:
        """Return the rate headers; answers of search carry none."""
        if budget in {Budget.SEARCH, Budget.UNCOUNTED}:
            return ()
        most = self._burst(is_oauth=is_oauth)
        left = max(most - len(self._in_window(Budget.GENERAL, is_oauth=is_oauth)), 0)
        daily = (
            ()
            if is_oauth
            else (
                ("X-HubSpot-RateLimit-Daily", str(self.daily)),
                ("X-HubSpot-RateLimit-Daily-Remaining", str(max(self.daily - self.used, 0))),
            )
        )
        return (
            ("X-HubSpot-RateLimit-Max", str(most)),
            ("X-HubSpot-RateLimit-Remaining", str(left)),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
            *daily,
            # Deprecated and meaningless by now, but still sent.
            ("X-HubSpot-RateLimit-Secondly", str(most // 10)),
            ("X-HubSpot-RateLimit-Secondly-Remaining", str(most // 10 - 1)),
        )
