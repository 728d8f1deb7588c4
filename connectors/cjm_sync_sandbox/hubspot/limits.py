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


class Budget(Enum):
    """Which window a request counts in."""

    GENERAL = "general"
    SEARCH = "search"
    ASSOCIATIONS = "associations"


class Limits:
    """Counts requests by the clock; one that was refused does not count."""

    def __init__(self, view: PortalView) -> None:
        self._view = view
        self._admitted: dict[Budget, deque[float]] = {budget: deque() for budget in Budget}
        self.used_on = ""
        self.used = 0

    def used_today(self) -> int:
        """Return the requests since midnight in the account's time zone."""
        today = self._today().isoformat()
        if self.used_on != today:
            self.used_on, self.used = today, 0
        return self.used

    def _today(self) -> date:
        zone = ZoneInfo(str(self._view.account["timeZone"]))
        return self._view.clock.now().astimezone(zone).date()

    def _in_window(self, budget: Budget) -> deque[float]:
        seconds = 1.0 if budget is Budget.SEARCH else 10.0
        admitted, now = self._admitted[budget], self._view.clock.monotonic()
        while admitted and now - admitted[0] >= seconds:
            admitted.popleft()
        return admitted

    def admit(self, budget: Budget) -> None:
        """Count one request, or refuse it with 429."""
        tier = self._view.tier
        if self.used_today() >= DAILY[tier]:
            raise self._refusal(budget, "daily", "DAILY")
        admitted = self._in_window(budget)
        match budget:
            case Budget.SEARCH if len(admitted) >= _SEARCH:
                raise self._refusal(budget, "secondly", "SECONDLY")
            case Budget.GENERAL if len(admitted) >= _BURST[tier]:
                raise self._refusal(budget, "ten_secondly_rolling", "TEN_SECONDLY_ROLLING")
            case Budget.ASSOCIATIONS if len(admitted) >= _ASSOCIATIONS[tier]:
                raise self._refusal(budget, "ten_secondly_rolling", "TEN_SECONDLY_ROLLING")
            case _:
                admitted.append(self._view.clock.monotonic())
                self.used += 1

    def _refusal(self, budget: Budget, words: str, policy: str) -> ApiError:
        group = {
            "DAILY": "publicapi:private-apps:api-calls-daily",
            "SECONDLY": "crm:search:calls-per-second",
        }.get(policy, "publicapi:private-apps:api-calls-per-ten-seconds")
        # No Retry-After: the real service does not always send it, and a client must cope.
        return ApiError(
            429,
            {
                "message": f"You have reached your {words} limit.",
                "errorType": "RATE_LIMIT",
                "policyName": policy,
                "groupName": group,
            },
            self.headers(budget),
        )

    def headers(self, budget: Budget) -> tuple[tuple[str, str], ...]:
        """Return the rate headers; answers of search carry none."""
        if budget is Budget.SEARCH:
            return ()
        tier = self._view.tier
        most = _BURST[tier]
        left = max(most - len(self._in_window(Budget.GENERAL)), 0)
        return (
            ("X-HubSpot-RateLimit-Max", str(most)),
            ("X-HubSpot-RateLimit-Remaining", str(left)),
            ("X-HubSpot-RateLimit-Interval-Milliseconds", "10000"),
            ("X-HubSpot-RateLimit-Daily", str(DAILY[tier])),
            ("X-HubSpot-RateLimit-Daily-Remaining", str(max(DAILY[tier] - self.used, 0))),
            # Deprecated and meaningless by now, but still sent.
            ("X-HubSpot-RateLimit-Secondly", str(most // 10)),
            ("X-HubSpot-RateLimit-Secondly-Remaining", str(most // 10 - 1)),
        )
