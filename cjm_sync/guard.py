"""Refuse a plan that looks wrong, before anything is written. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cjm_sync.errors import GuardTripped
from cjm_sync.model import Binding
from cjm_sync.steps import Leave, Plan, Rules, Update

_LIMIT = re.compile(
    r"\s*(?:max\(\s*(\d+)\s*,\s*(\d+(?:\.\d+)?)\s*%\s*\)|(\d+)|(\d+(?:\.\d+)?)\s*%)\s*"
)


def removal_limit(text: str, bound: int) -> int:
    """Return how many of *bound* rows may leave: `max(5, 10%)`, `5` or `10%`. ValueError if not so."""
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a limit; write max(5, 10%), 5 or 10%")
    least, share, count, percent = match.groups()
    if count is not None:
        return int(count)
    if percent is not None:
        return int(bound * float(percent) / 100)
    return max(int(least), int(bound * float(share) / 100))


def guard(
    planned: Plan,
    bound: Mapping[str, Binding],
    rules: Rules,
    *,
    emptied: Sequence[str] = (),
    is_new_version: bool = False,
    accept: bool = False,
) -> None:
    """Refuse a plan that looks wrong, before anything is written; raises GuardTripped.

    *emptied* names the objects of which the source returned nothing where there was something.
    """
    if emptied and not accept:
        raise GuardTripped(
            f"HubSpot returned no {', '.join(emptied)} where there were some before",
            hint="Check the token's scopes and the portal; if it is right, run `cjm-sync sync --accept`.",
        )
    leaving: dict[str, int] = {}
    for step in planned.steps:
        if isinstance(step, Leave):
            leaving[step.journey] = leaving.get(step.journey, 0) + 1
    for journey, count in sorted(leaving.items()):
        total = sum(
            b.kind == "row" and b.journey == journey and b.state == "live" for b in bound.values()
        )
        limit = removal_limit(rules.max_removals, total)
        if count > limit and not rules.allow_removals:
            raise GuardTripped(
                f"this run would remove {count} of {total} rows of the journey {journey!r}; the limit is {limit}",
                hint="Look at `cjm-sync plan`; if it is right, run `cjm-sync sync --allow-removals`.",
            )
    if is_new_version and not accept:
        live = sum(
            b.kind == "row" and b.state == "live" and not b.key.startswith("_/")
            for b in bound.values()
        )
        changed = sum(isinstance(step, Update) for step in planned.steps)
        if live > 5 and changed >= live:
            raise GuardTripped(
                f"after the change of version this run would change every one of {live} rows",
                hint="Look at `cjm-sync plan`; if it is right, run `cjm-sync sync --accept`.",
            )
