"""Rows whose subject goes by another key now: a merge, a renamed journey. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cjm_sync.model import Binding, Missing, Observed, Wished
from cjm_sync.steps import Observation, Rebind

_LIVELIEST = ("live", "retired", "moving", "archived", "tombstone")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moves:
    """What becomes of rows under former keys.

    *bound* and *missing* are what was remembered and looked up, under the keys of today. *heirs*
    leads from a former key whose row has no place to go to the key that has a row of its own.
    """

    rebinds: tuple[Rebind, ...]
    bound: Mapping[str, Binding]
    missing: Mapping[str, Missing]
    heirs: Mapping[str, str]


def last_keys(moved: Mapping[str, str], wished: Collection[str]) -> dict[str, str]:
    """Return the wished key that each former key leads to in the end.

    Chains are followed; a circle leads nowhere, and a key that is itself wished stays what it is.
    """
    ends: dict[str, str] = {}
    for former in moved:
        seen, now = {former}, moved[former]
        while now not in wished and now in moved and now not in seen:
            seen.add(now)
            now = moved[now]
        if now in wished and former not in wished:
            ends[former] = now
    return ends


def move(wished: Wished, bound: Mapping[str, Binding], observation: Observation) -> Moves:
    """Decide which rows under former keys become the wished ones: of several the liveliest."""
    pages = {page.key: page for page in wished.pages}
    rivals: dict[str, list[str]] = {}
    for former, key in sorted(last_keys(wished.moved, pages.keys()).items()):
        binding = bound.get(former)
        home = pages[key].collection
        if binding is not None and binding.kind == "row" and _collection(binding) == home:
            rivals.setdefault(key, []).append(former)
    seen = {row.remote_id: row for row in observation.rows}
    chosen: dict[str, str] = {}
    heirs: dict[str, str] = {}
    for key, formers in rivals.items():
        first = (
            [] if key in bound else [min(formers, key=lambda f: _rank(bound[f], observation, seen))]
        )
        chosen |= dict.fromkeys(first, key)
        heirs |= {former: key for former in formers if former not in first}
    if not chosen:
        return Moves((), bound, observation.missing, heirs)
    moves = {former: (key, pages[key].journey) for former, key in chosen.items()}
    missing = {key: held for key, held in observation.missing.items() if key not in chosen} | {
        chosen[key]: replace(held, key=chosen[key])
        for key, held in observation.missing.items()
        if key in chosen
    }
    rebinds = tuple(
        Rebind(former, key, pages[key].journey, pages[key].private)
        for former, key in sorted(chosen.items())
    )
    return Moves(rebinds, carried(bound, moves), missing, heirs)


def _collection(binding: Binding) -> str:
    return str(binding.detail.get("collection", ""))


def _rank(
    binding: Binding, observation: Observation, seen: Mapping[str, Observed]
) -> tuple[Any, ...]:
    """Return what sorts the row that has most to lose first."""
    held = observation.missing.get(binding.key)
    state = binding.state
    if held is not None and held.state != "live" and state in {"live", "retired"}:
        state = "tombstone"  # a person deleted it
    row = seen.get(binding.remote_id)
    return (
        _LIVELIEST.index(state),
        not binding.kept,
        not (row is not None and row.by_person),
        row.created_at if row is not None else _NEVER,
        binding.key,
    )


def carried(
    bound: Mapping[str, Binding], moves: Mapping[str, tuple[str, str]]
) -> dict[str, Binding]:
    """Return *bound* with rows under the keys (and journeys) that *moves* gives for former keys.

    Links that were written to them are remembered under the new keys, too: in Notion they point
    at the row, whose key they do not know.
    """
    if not moves:
        return dict(bound)
    names = {former: key for former, (key, _) in moves.items()}
    after: dict[str, Binding] = {}
    for former, binding in bound.items():
        here = _relinked(binding, names)
        if former in moves:
            key, journey = moves[former]
            here = replace(here, key=key, journey=journey)
        after[here.key] = here
    return after


def _relinked(binding: Binding, names: Mapping[str, str]) -> Binding:
    """Return *binding* with renamed links; itself when there are none."""
    if binding.kind != "row":
        return binding
    written = _renamed(binding.written, names) if binding.written is not None else None
    kept, detail = _renamed(binding.kept, names), dict(binding.detail)
    if "pending" in detail:
        detail["pending"] = _renamed(detail["pending"], names)
    if (written, kept, detail) == (binding.written, binding.kept, binding.detail):
        return binding
    return replace(binding, written=written, kept=kept, detail=detail)


def _renamed(cells: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {**cell, "link": sorted(names.get(key, key) for key in cell["link"])}
        if isinstance(cell, Mapping) and "link" in cell
        else cell
        for name, cell in cells.items()
    }
