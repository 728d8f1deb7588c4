"""How Notion wants to be spoken to: its budget, what may be sent twice, what its answers ask for.

Notion has no idempotency key: a create that got no answer may have happened, so it is never sent
again here; it comes back to the target, which looks before it tries again.
"""

from __future__ import annotations

import re

import httpx

from cjm_sync.http import Budget, Policy, Resend, Rule

_ID = re.compile(
    r"/[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?=/|$)", re.IGNORECASE
)

_REPEATABLE = (
    ("GET|HEAD|DELETE", r""),
    ("POST", r"/v1/(search|data_sources/[^/]+/query|views/[^/]+/queries)$"),
    # These set values, so that twice is once. Appending children and editing Markdown do not.
    ("PATCH", r"/v1/(pages|blocks|databases|data_sources|views|comments)/[^/]+$"),
)

_RULES = (
    # Blocked by Notion's staff: asking again only makes it worse.
    Rule(frozenset({429}), Resend.NEVER, words=frozenset({"public_api_request_blocked"})),
    Rule(frozenset({429, 529}), Resend.ALWAYS, least_seconds=1.0, holds="everyone"),
    Rule(frozenset({409}), Resend.NEVER, words=frozenset({"row_limit_exceeded"})),
    Rule(frozenset({409}), Resend.IF_REPEATABLE),
    Rule(frozenset({500, 502, 503, 504}), Resend.IF_REPEATABLE),
)


_WINDOW_SECONDS = 60.0 + 0.5
"""Notion counts a request when it arrives. The first of a run waits for its connection, so what is
sent 60 s later over a warm one would arrive within 60 s of it, and be refused, with all of us told
to wait."""


def notion_policy(budget_per_minute: int) -> Policy:
    """Return the policy for a plan that grants *budget_per_minute* (it cannot be read)."""
    return Policy(
        remote="Notion",
        budgets={"connection": Budget(budget_per_minute, _WINDOW_SECONDS)},
        budget_of=lambda _request: "connection",
        repeatable=_REPEATABLE,
        rules=_RULES,
        words_at=("code", "additional_data.rate_limit_reason"),
        retry_after_at=("additional_data.retry_after",),
        path_class=_path_class,
    )


def _path_class(request: httpx.Request) -> str:
    return _ID.sub("/{id}", request.url.path)
