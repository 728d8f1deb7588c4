"""Decide cell by cell what to write on a row that a person may have edited. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cjm_sync.model import Binding, Finding, Page, canonical
from cjm_sync.steps import KEY, EditPolicy


def changed_fields(page: Page, binding: Binding) -> frozenset[str]:
    """Return the cells whose wished value differs from the last written, people's kept ones aside."""
    written = binding.written
    return frozenset(
        name
        for name, cell in page.cells.items()
        if name not in binding.kept
        and (written is None or name not in written or written[name] != canonical(cell))
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """What to write on a row that was read again, and what a person's hand keeps."""

    fields: frozenset[str]
    kept: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()


def settle(
    page: Page,
    binding: Binding,
    current: Mapping[str, Any],
    policy: EditPolicy,
    *,
    by_person: bool,
    repair: Collection[str] = (),
) -> Settled:
    """Decide cell by cell on a row as it stands *now*.

    A cell that differs from what we last wrote was changed by a person: it is kept until the person
    empties it or types what we wish (`keep`, `ask`), or is set back (`reset`). Of an adopted row we
    remember nothing, so a cell that differs is a person's if a person edited the row last.
    """
    fields: set[str] = set()
    kept: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, cell in page.cells.items():
        want, now = canonical(cell), current.get(name)
        if name == KEY or name in repair:
            fields |= {name} if now != want else set()
            continue
        if binding.written is None:
            edited = by_person and now is not None and now != want
        else:
            edited = now != binding.written.get(name)
        if not edited or now is None or now == want or policy == "reset":
            if now != want:
                fields.add(name)
            continue
        kept[name] = now
        if binding.kept.get(name) != now:
            findings.append(_kept_finding(page.key, name, policy))
    return Settled(frozenset(fields), kept, tuple(findings))


def _kept_finding(key: str, column: str, policy: EditPolicy) -> Finding:
    if policy == "ask":
        return Finding(
            "cell_asked",
            f"{key}#{column}",
            f"a person changed the synced cell {column!r} of {key}; it is left until you decide",
            'Empty the cell in Notion to have it filled again, or set safety.on_person_edit = "reset".',
        )
    return Finding(
        "cell_kept",
        f"{key}#{column}",
        f"a person changed the synced cell {column!r} of {key}; their value is kept",
        "Empty the cell in Notion to have it filled again.",
    )
