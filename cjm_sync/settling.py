"""Decide cell by cell what to write on a row that a person may have edited. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cjm_sync.model import Binding, Cell, Choice, Finding, Link, Page, canonical
from cjm_sync.steps import KEY, EditPolicy

_PENDING = "pending"
_NAME = "choice_name"


def with_pending(binding: Binding, cells: Mapping[str, Any]) -> Binding:
    """Return *binding* with the *cells* about to be sent; without any, with none on their way.

    Recorded before a row is written: if the answer is lost, or the process ends, what stands there
    may be ours although it was never recorded as written.
    """
    detail = {name: value for name, value in binding.detail.items() if name != _PENDING}
    return replace(binding, detail={**detail, _PENDING: dict(cells)} if cells else detail)


def pending(binding: Binding) -> Mapping[str, Any]:
    """Return the cells that were sent and of which nobody knows whether they arrived."""
    cells: Mapping[str, Any] = binding.detail.get(_PENDING, {})
    return cells


def about_to_send(cell: Cell, bound: Collection[str]) -> Any:
    """Return *cell* as it will stand there; a link shows only rows that are *bound*.

    An option that is new is told by its name until the answer brings its id.
    """
    match cell:
        case Link(keys=keys):
            return canonical(Link(tuple(key for key in keys if key in bound)))
        case Choice(label=label):
            return {**canonical(cell), _NAME: label}
        case _:
            return canonical(cell)


def is_sent(now: Any, sent: Any) -> bool:
    """Tell whether what stands there *now* is what `about_to_send` said."""
    if isinstance(sent, Mapping) and _NAME in sent and isinstance(now, Mapping):
        names = ("choice", _NAME)
        return any(name in now and now[name] == sent[name] for name in names)
    return bool(now == sent)


def as_remembered(now: Any, written: Any, bound: Collection[str]) -> Any:
    """Return *written* if *now* is the same links, with rows in them that were forgotten since.

    Their keys are not told any more, so their number is compared: else our own link would be
    taken for a person's.
    """
    if not (isinstance(now, Mapping) and isinstance(written, Mapping)):
        return now
    here, were = now.get("link", ()), written.get("link", ())
    same = sorted(key for key in here if key in bound) == sorted(k for k in were if k in bound)
    return written if were and same and len(here) == len(were) else now


def changed_fields(page: Page, binding: Binding) -> frozenset[str]:
    """Return the cells whose wished value is not surely there, people's kept ones aside."""
    written, unsure = binding.written, pending(binding)
    return frozenset(
        name
        for name, cell in page.cells.items()
        if name not in binding.kept
        and (
            written is None
            or name not in written
            or name in unsure
            or written[name] != canonical(cell)
        )
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
    reset: Collection[str] = (),
    unseen: bool = False,
) -> Settled:
    """Decide cell by cell on a row as it stands *now*.

    A cell that differs from what we last wrote, or sent without an answer, was changed by a person:
    it is kept until the person empties it or types what we wish (`keep`, `ask`), or is set back
    (`reset`). Of an adopted row we remember nothing, so a cell that differs is a person's if a
    person edited the row last.

    *reset* names kept cells that a person gave back; what they changed since is asked anew.
    *unseen*: we wrote to the row later than memory knows (a store restored from a backup). What
    differs is then our own newer value where our wish moved, and is set; where our wish is what it
    was we had nothing new to write, so it is a person's, as what memory kept for them is.
    """
    unsure = pending(binding)
    fields: set[str] = set()
    newer: list[str] = []
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
            edited = now != binding.written.get(name) and not (
                name in unsure and is_sent(now, unsure[name])
            )
        is_kept = name in binding.kept and binding.kept[name] == now
        if unseen and edited and not is_kept and now != want:
            newer.append(name)
            edited = binding.written is not None and binding.written.get(name) == want
        given_back = policy == "reset" or (name in reset and is_kept)
        if not edited or now is None or now == want or given_back:
            if now != want:
                fields.add(name)
            continue
        kept[name] = now
        if binding.kept.get(name) != now:
            findings.append(_kept_finding(page.key, name, policy))
    if newer:
        findings.append(_newer_finding(page.key, newer))
    return Settled(frozenset(fields), kept, tuple(findings))


def _newer_finding(key: str, columns: Collection[str]) -> Finding:
    return Finding(
        "memory_older",
        key,
        f"the row {key} was written by this connection after the store's memory ends: "
        f"{', '.join(sorted(columns))}",
        "Right after restoring the store from a backup this is as it should be; else look whether "
        "a copy of the store is in use elsewhere.",
    )


def _kept_finding(key: str, column: str, policy: EditPolicy) -> Finding:
    if policy == "ask":
        return Finding(
            "cell_asked",
            f"{key}#{column}",
            f"a person changed the synced cell {column!r} of {key}; it is left until you decide",
            f"Empty the cell in Notion, or run `cjm-sync sync --reset-cells '{key}#{column}'`, to have it "
            "filled again; else it stays.",
        )
    return Finding(
        "cell_kept",
        f"{key}#{column}",
        f"a person changed the synced cell {column!r} of {key}; their value is kept",
        "Empty the cell in Notion to have it filled again.",
    )
