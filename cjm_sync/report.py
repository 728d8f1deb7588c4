"""Say what a run, a plan or the store looks like: lines for people, stable objects for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Binding, Finding, canonical
from cjm_sync.ports import Check
from cjm_sync.steps import (
    Adopt,
    Build,
    Create,
    Doubt,
    Edit,
    Entomb,
    Forget,
    Leave,
    Plan,
    Rebind,
    Remark,
    Restore,
    Revive,
    Step,
    Update,
)
from cjm_sync.tables import PastRun

# A record of the source: object, id, and the property where there is one. Keys of rows have a word
# where the id stands, and their messages name them.
_RECORD = re.compile(r"[\w-]+/(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(/\w+)?")
_MARKS = {"ok": "ok     ", "warning": "WARNING", "failed": "FAILED "}


def words_for(step: Step, bound: Mapping[str, Binding]) -> str:
    """Return one step as a line for people, with the cells that change."""
    match step:
        case Build(item):
            return f"+ {item.kind} {item.key}"
        case Edit(item):
            return f"~ {item.kind} {item.key}"
        case Create(page):
            return f"+ row {page.key}"
        case Adopt(page):
            return f"~ row {page.key}: found in Notion, taken into care"
        case Update(page, _, fields, reread, unseen):
            changes = ", ".join(
                _change(page.key, name, page.cells[name], bound) for name in sorted(fields)
            )
            why = (
                "it was written since this store's memory ends" if unseen else "a person edited it"
            )
            note = (
                f" ({why}; {'its' if unseen else 'their'} cells are looked at first)"
                if reread
                else ""
            )
            if not fields:
                return f"  row {page.key}: looked at again, because {why}"
            return f"~ row {page.key}: {changes}{note}"
        case Restore(page):
            return f"+ row {page.key}: out of the trash"
        case Rebind(former, key):
            return f"~ row {former}: becomes {key}, with its notes and comments"
        case Doubt(key, columns):
            return f"  row {key}: {', '.join(sorted(columns))} looked at again: an option or column was gone"
        case Remark(key):
            return f"  {key}: its columns or options changed in Notion"
        case Leave(key, heir=heir) if heir:
            return (
                f"- row {key}: merged into {heir}; retired if people wrote in it, else to the trash"
            )
        case Leave(key):
            return f"- row {key}: retired if people wrote in it, else to the trash"
        case Entomb(key):
            return f"  row {key}: deleted in Notion, stays deleted"
        case Revive(key):
            return f"  row {key}: restored in Notion, cared for again"
        case Forget(key):
            return f"  row {key}: gone, forgotten"
        case _:
            assert_never(step)


def _change(key: str, name: str, cell: Any, bound: Mapping[str, Binding]) -> str:
    binding = bound.get(key)
    old = (binding.written or {}).get(name) if binding is not None else None
    return f"{name} {_value(old)} → {_value(canonical(cell))}"


def _value(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case {"choice": choice}:
            return str(choice)
        case {"link": keys}:
            return " ".join(keys)
        case {"at": moment}:
            return str(moment)
        case _:
            return str(value)


def plan_lines(plan: Plan, bound: Mapping[str, Binding]) -> Iterator[str]:
    """Yield the plan as a readable diff."""
    for step in plan.steps:
        yield words_for(step, bound)
    for held in plan.held:
        yield f"  row {held.key}: would leave, but is held (see --allow-removals)"
    for key, column in plan.asked:
        yield f"? row {key}: {column} is a person's value; --reset-cells '{key}#{column}' sets it back"
    if not plan.steps:
        yield "nothing to do"
    yield f"{len(plan.writes)} writes, {plan.unchanged} rows unchanged, {len(plan.held)} removals held"


def plan_json(plan: Plan, bound: Mapping[str, Binding]) -> dict[str, Any]:
    """Return the plan as one object with stable keys."""
    return {
        "steps": [_step_json(step, bound) for step in plan.steps],
        "held": [held.key for held in plan.held],
        "unchanged": plan.unchanged,
        "kept": plan.kept,
        "asked": [{"key": key, "column": column} for key, column in plan.asked],
        "findings": [finding_json(finding) for finding in plan.findings],
    }


def _step_json(step: Step, bound: Mapping[str, Binding]) -> dict[str, Any]:
    name = type(step).__name__.lower()
    match step:
        case Build(item) | Edit(item):
            return {"do": name, "kind": item.kind, "key": item.key}
        case Update(page, _, fields):
            binding = bound.get(page.key)
            written = (binding.written or {}) if binding is not None else {}
            cells = {
                field: {"from": written.get(field), "to": canonical(page.cells[field])}
                for field in sorted(fields)
            }
            return {"do": name, "kind": "row", "key": page.key, "cells": cells}
        case Create(page) | Adopt(page) | Restore(page):
            return {"do": name, "kind": "row", "key": page.key}
        case Rebind(former, key):
            return {"do": name, "kind": "row", "key": key, "from": former}
        case Remark(key):
            return {"do": name, "kind": "database", "key": key}
        case Leave() | Entomb() | Revive() | Forget() | Doubt():
            return {"do": name, "kind": "row", "key": step.key}
        case _:
            assert_never(step)


def finding_json(finding: Finding) -> dict[str, str]:
    """Return a finding with the keys of `sync --json`."""
    return {
        "code": finding.code,
        "key": finding.key,
        "message": finding.message,
        "hint": finding.hint,
    }


def finding_lines(findings: Sequence[Finding], *, most: int) -> Iterator[str]:
    """Yield findings grouped by code; of each code at most *most* messages are spelled out.

    Findings that say the same are one line with their number.
    """
    by_code: dict[str, dict[tuple[str, str], list[Finding]]] = {}
    for finding in findings:
        alike = by_code.setdefault(finding.code, {})
        alike.setdefault((finding.message, finding.hint), []).append(finding)
    for code, alike in by_code.items():
        groups = list(alike.values())
        for group in groups[:most]:
            hint = f" {group[0].hint}" if group[0].hint else ""
            yield f"[{code}] {_said_of(group)}.{hint}"
        left = sum(len(group) for group in groups[most:])
        if left:
            yield f"[{code}] and {left} more of this kind; --json lists all"


def _said_of(alike: Sequence[Finding]) -> str:
    """Return the message that *alike* share, with the record it is about, for a person to find."""
    first = alike[0]
    message, others = first.message.removesuffix("."), len(alike) - 1
    if _RECORD.fullmatch(first.key) and first.key not in message:
        return f"{first.key}{f' and {others} more' if others else ''}: {message}"
    return f"{message} ({len(alike)} times)" if others else message


def check_lines(checks: Sequence[Check]) -> Iterator[str]:
    """Yield each precondition with its remedy."""
    for check in checks:
        hint = f" {check.hint}" if check.hint and check.state != "ok" else ""
        yield f"{_MARKS[check.state]} {check.name}: {check.message}{'.' if hint else ''}{hint}"


def status_json(
    runs: Sequence[PastRun],
    bindings: Mapping[str, Binding],
    records: Mapping[str, int],
    *,
    next_run_at: datetime | None,
    health: str,
    time_text: Any,
    asks: bool = False,
) -> dict[str, Any]:
    """Return the state of the store as one object with stable keys.

    *asks*: cells that a person changed wait for an answer.
    """
    finished = next((run for run in runs if run.finished_at is not None), None)
    held = finished.report.get("held", []) if finished is not None else []
    return {
        "health": health,
        "next_run_at": time_text(next_run_at) if next_run_at is not None else None,
        "runs": [
            {
                "run_id": run.run_id,
                "as_of": time_text(run.as_of),
                "started_at": time_text(run.started_at),
                "finished_at": time_text(run.finished_at) if run.finished_at else None,
                "outcome": run.outcome,
                "reason": _reason(run.report),
                "written": run.report.get("written"),
                "requests": run.report.get("requests"),
            }
            for run in runs
        ],
        "held": held,
        "kept": [
            {"key": binding.key, "column": column}
            for binding in bindings.values()
            for column in sorted(binding.kept)
        ],
        "asked": [
            {"key": binding.key, "column": column}
            for binding in bindings.values()
            if asks and binding.state == "live"
            for column in sorted(binding.kept)
        ],
        "tombstones": sorted(k for k, b in bindings.items() if b.state == "tombstone"),
        "rows": sum(b.kind == "row" and b.state == "live" for b in bindings.values()),
        "records": dict(sorted(records.items())),
    }


def _reason(report: Mapping[str, Any]) -> str | None:
    """Return why a run was refused or failed, with what to do, as it found itself."""
    for finding in report.get("findings") or ():
        if finding.get("key") == "run" and finding.get("code") in {"refused", "failed"}:
            message, hint = str(finding["message"]).removesuffix("."), finding.get("hint")
            return f"{message}. {hint}" if hint else message
    return None


def status_lines(status: Mapping[str, Any]) -> Iterator[str]:
    """Yield `status` for people."""
    yield f"health: {status['health']}"
    yield f"next run: {status['next_run_at'] or 'not scheduled here; `cjm-sync serve` runs the schedule'}"
    yield f"rows in Notion: {status['rows']}; records in the mirror: {sum(status['records'].values())}"
    for run in status["runs"]:
        written = run["written"] or {}
        numbers = ", ".join(f"{written[name]} {name}" for name in written if written[name])
        told = f"run {run['run_id']} as of {run['as_of']}:"
        if run["finished_at"] is None:
            yield f"{told} did not finish; what it wrote is kept and the next run continues"
            continue
        reason = f"; {run['reason']}" if run["reason"] else ""
        yield f"{told} {run['outcome']}; {numbers or 'nothing written'}{reason}"
    for key in status["held"]:
        yield f"held removal: {key}"
    for kept in status["asked"]:
        yield (
            f"asked: {kept['key']} column {kept['column']} is a person's value; it stays unless you "
            f"run `cjm-sync sync --reset-cells '{kept['key']}#{kept['column']}'`"
        )
    for kept in [one for one in status["kept"] if one not in status["asked"]]:
        yield f"kept for a person: {kept['key']} column {kept['column']}"
    for key in status["tombstones"]:
        yield f"deleted by a person, stays deleted: {key}"


def map_lines(journey_map: JourneyMap) -> Iterator[str]:
    """Return the stages of each journey with their main numbers; one that is withheld is a dash."""
    for journey in journey_map.journeys:
        yield f"{journey.name}: {_number(journey.units)} units"
        for stage in journey.stages:
            everyone = stage.cells[0]
            share = None if everyone.conversion is None else everyone.conversion * 100
            yield (
                f"  {stage.label:<16} in stage {_number(everyone.in_stage):>5}   "
                f"entered {_number(everyone.entered):>5}   conversion {_number(share):>4} %   "
                f"median {_number(everyone.median_days):>4} days"
            )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
