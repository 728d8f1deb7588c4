"""Refuse a plan that looks wrong, before anything is written. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from cjm_sync.errors import GuardTripped
from cjm_sync.model import Binding, Finding, canonical
from cjm_sync.steps import NO_DATA, STATE, Leave, Plan, Rules, Update

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
    live = _live(bound)
    for journey, steps in sorted(over_limit(planned, bound, rules).items()):
        total = live.get(journey, 0)
        limit = removal_limit(rules.max_removals, total)
        raise GuardTripped(
            f"this run would remove {len(steps)} of {total} rows of the journey {journey!r}; the limit is {limit}",
            hint="Look at `cjm-sync plan`; if it is right, run `cjm-sync sync --allow-removals`.",
        )
    for journey, count in sorted(_running_dry(planned, bound).items()):
        total = live.get(journey, 0)
        limit = removal_limit(rules.max_removals, total)
        if count > limit and not accept:
            raise GuardTripped(
                f"this run would empty {count} of {total} rows of the journey {journey!r} at once, "
                f"because their data ran out; the limit is {limit}",
                hint="Look at HubSpot and at `cjm-sync plan`; if it is right, run `cjm-sync sync --accept`.",
            )
    if is_new_version and not accept:
        rows = sum(
            b.kind == "row" and b.state == "live" and not b.key.startswith("_/")
            for b in bound.values()
        )
        changed = sum(isinstance(step, Update) for step in planned.steps)
        if rows > 5 and changed >= rows:
            raise GuardTripped(
                f"after the change of version this run would change every one of {rows} rows",
                hint="Look at `cjm-sync plan`; if it is right, run `cjm-sync sync --accept`.",
            )


def over_limit(
    planned: Plan, bound: Mapping[str, Binding], rules: Rules
) -> dict[str, tuple[Leave, ...]]:
    """Return by journey the removals that are too many at once; those of a merge do not count."""
    if rules.allow_removals:
        return {}
    leaving: dict[str, list[Leave]] = {}
    for step in planned.steps:
        if isinstance(step, Leave) and not step.heir:
            leaving.setdefault(step.journey, []).append(step)
    live = _live(bound)
    return {
        journey: tuple(steps)
        for journey, steps in leaving.items()
        if len(steps) > removal_limit(rules.max_removals, live.get(journey, 0))
    }


def held_findings(planned: Plan, bound: Mapping[str, Binding], rules: Rules) -> tuple[Finding, ...]:
    """Return a finding for each row whose removal waits for a person's word."""
    too_many = [step for steps in over_limit(planned, bound, rules).values() for step in steps]
    waiting = sorted({step.key for step in (*planned.held, *too_many)})
    why = (
        "a reading of HubSpot was not complete, so nothing is removed"
        if rules.hold_removals
        else "what this row is about is gone; its removal waits for your word"
    )
    hint = (
        "It is decided by the next complete run."
        if rules.hold_removals
        else "Look at `cjm-sync plan`; if it is right, run `cjm-sync sync --allow-removals`."
    )
    return tuple(Finding("removal_held", key, why, hint) for key in waiting)


def _live(bound: Mapping[str, Binding]) -> Counter[str]:
    return Counter(b.journey for b in bound.values() if b.kind == "row" and b.state == "live")


def _running_dry(planned: Plan, bound: Mapping[str, Binding]) -> Counter[str]:
    """Count by journey the live rows whose state turns to "no data"."""
    dry = {"choice": NO_DATA}
    return Counter(
        step.page.journey
        for step in planned.steps
        if isinstance(step, Update)
        and STATE in step.fields
        and canonical(step.page.cells[STATE]) == dry
        and step.page.key in bound
        and bound[step.page.key].state == "live"
        and (bound[step.page.key].written or {}).get(STATE) not in (None, dry)
    )
