"""How HubSpot wants to be spoken to: its budgets, and what its answers ask for.

This source only reads, so every call of it may be repeated.
"""

from __future__ import annotations

import re

import httpx

from cjm_sync.http import Allowance, Budget, Policy, Resend, Rule

_VARIABLE = re.compile(
    r"/([0-9]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?=/|$)",
    re.IGNORECASE,
)

_RULES = (
    Rule(frozenset({429}), Resend.STOP, words=frozenset({"DAILY"})),
    # Search alone is counted by the second; the rest of the portal may be read meanwhile.
    Rule(
        frozenset({429}),
        Resend.ALWAYS,
        words=frozenset({"SECONDLY"}),
        least_seconds=1.0,
        holds="budget",
    ),
    Rule(frozenset({429}), Resend.ALWAYS, least_seconds=10.0, holds="everyone"),
    # The portal is moving between data centres, for up to a day.
    Rule(frozenset({477}), Resend.ALWAYS, least_seconds=60.0, holds="everyone"),
    Rule(frozenset({423}), Resend.IF_REPEATABLE, least_seconds=2.0),
    # Also the answer to some parameters it dislikes, which no repetition will please.
    Rule(frozenset({500}), Resend.IF_REPEATABLE, attempts=4),
    Rule(frozenset({502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527}), Resend.IF_REPEATABLE),
)


def _budget_of(request: httpx.Request) -> str:
    path = request.url.path
    if path.endswith("/search"):
        return "search"
    if "/associations/" in path:
        return "associations"
    return "calls"


def _learn(response: httpx.Response) -> Allowance | None:
    """Read the ten-second budget of plain calls, which every answer but a search's carries."""
    try:
        requests = int(response.headers["x-hubspot-ratelimit-max"])
        seconds = int(response.headers["x-hubspot-ratelimit-interval-milliseconds"]) / 1000
        remaining = int(response.headers["x-hubspot-ratelimit-remaining"])
    except (KeyError, ValueError):
        return None
    if requests < 1 or seconds <= 0:
        return None
    return Allowance("calls", Budget(requests, seconds), remaining)


def _path_class(request: httpx.Request) -> str:
    return _VARIABLE.sub("/{id}", request.url.path)


POLICY = Policy(
    remote="HubSpot",
    # The smallest documented budgets; answers tell the portal's own.
    budgets={
        "calls": Budget(100, 10.0),
        "search": Budget(5, 1.0),
        "associations": Budget(100, 10.0),
    },
    budget_of=_budget_of,
    repeatable=(("GET|HEAD", r""), ("POST", r"/(search|batch/read|token)$")),
    rules=_RULES,
    words_at=("policyName", "errorType", "category"),
    learn=_learn,
    path_class=_path_class,
)
