"""Say what a run, a plan or the store looks like: lines for people, stable objects for programs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Binding, Finding, Item, Page, canonical
from cjm_sync.moving import carried
from cjm_sync.ports import Check, Wording
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


class Teller:
    """Names rows, columns and values for people: as the target's *wording* has it, else by keys.

    Rows are known from the *bound* ones and from the *pages* of a plan, which go first.
    """

    def __init__(
        self,
        bound: Mapping[str, Binding],
        wording: Wording | None = None,
        pages: Iterable[Page] = (),
    ) -> None:
        self._bound, self._wording = bound, wording
        self._pages = {page.key: page for page in pages}

    def part(self, item: Item) -> str:
        """Return the kind and the name of a part of the frame."""
        name = self._wording.part_name(item) if self._wording is not None else ""
        return f"{item.kind} {name or item.key}"

    def row(self, key: str) -> str:
        """Return the name of the row *key*."""
        page, binding = self._pages.get(key), self._bound.get(key)
        if self._wording is None or (page is not None and page.private):
            return key
        cells = dict((binding.written or {}) if binding is not None else {})
        if page is not None:
            cells |= {name: canonical(cell) for name, cell in page.cells.items()}
        return self._wording.row_name(self._collection(key), cells) or key

    def column(self, key: str, column: str) -> str:
        """Return the name of a column of the row *key*."""
        if self._wording is None:
            return column
        return self._wording.column_name(self._collection(key), column)

    def columns(self, key: str, columns: Iterable[str]) -> str:
        """Return the names of columns of the row *key*, in a row."""
        return ", ".join(self.column(key, column) for column in sorted(columns))

    def change(self, page: Page, column: str) -> str:
        """Return what becomes of a cell of *page*."""
        binding = self._bound.get(page.key)
        old = (binding.written or {}).get(column) if binding is not None else None
        new = canonical(page.cells[column])
        told = (self._value(page.key, column, value) for value in (old, new))
        return f"{self.column(page.key, column)} {' → '.join(told)}"

    def _collection(self, key: str) -> str:
        if key in self._pages:
            return self._pages[key].collection
        binding = self._bound.get(key)
        return str(binding.detail.get("collection", "")) if binding is not None else ""

    def _value(self, key: str, column: str, value: Any) -> str:
        match value:
            case None:
                return "empty"
            case {"link": keys}:
                separator = " " if self._wording is None else ", "
                return separator.join(self.row(linked) for linked in keys)
            case _ if self._wording is not None:
                text = self._wording.cell_text(self._collection(key), column, value)
                return " ".join(text.split())
            case {"choice": choice}:
                return str(choice)
            case {"at": moment}:
                return str(moment)
            case _:
                return str(value)


def words_for(step: Step, teller: Teller) -> str:
    """Return one step as a line for people, with the cells that change."""
    match step:
        case Build(item):
            return f"+ {teller.part(item)}"
        case Edit(item):
            return f"~ {teller.part(item)}"
        case Create(page):
            return f"+ row {teller.row(page.key)}"
        case Adopt(page):
            return f"~ row {teller.row(page.key)}: found in Notion, taken into care"
        case Update(page, _, fields, reread, unseen):
            row = teller.row(page.key)
            changes = "; ".join(teller.change(page, name) for name in sorted(fields))
            why = (
                "it was written since this store's memory ends" if unseen else "a person edited it"
            )
            note = (
                f" ({why}; {'its' if unseen else 'their'} cells are looked at first)"
                if reread
                else ""
            )
            if not fields:
                return f"  row {row}: looked at again, because {why}"
            return f"~ row {row}: {changes}{note}"
        case Restore(page):
            return f"+ row {teller.row(page.key)}: out of the trash"
        case Rebind(former, key):
            return f"~ row {former}: becomes {key}, with its notes and comments"
        case Doubt(key, columns):
            return (
                f"  row {teller.row(key)}: {teller.columns(key, columns)} looked at again: "
                "an option or column was gone"
            )
        case Remark(key):
            return f"  {key}: its columns or options changed in Notion"
        case Leave(key, heir=heir):
            merged = f"merged into {teller.row(heir)}; " if heir else ""
            return (
                f"- row {teller.row(key)}: {merged}retired if people wrote in it, else to the trash"
            )
        case Entomb(key):
            return f"  row {teller.row(key)}: deleted in Notion, stays deleted"
        case Revive(key):
            return f"  row {teller.row(key)}: restored in Notion, cared for again"
        case Forget(key):
            return f"  row {teller.row(key)}: gone, forgotten"
        case _:
            assert_never(step)


def plan_lines(
    plan: Plan,
    bound: Mapping[str, Binding],
    *,
    held: Collection[str] = (),
    wording: Wording | None = None,
) -> Iterator[str]:
    """Yield the plan as a readable diff.

    *held* are the keys of rows whose removal waits, be it that the guard refuses the whole plan
    because of them: they are told as held. *bound* is what was remembered before the plan.
    """
    bound = _as_moved(plan, bound)
    pages = [
        step.page for step in plan.steps if isinstance(step, Create | Adopt | Update | Restore)
    ]
    teller = Teller(bound, wording, pages)
    steps, waiting = _held_apart(plan, held)
    for step in steps:
        yield words_for(step, teller)
    for key in waiting:
        yield f"  row {teller.row(key)}: would leave, but is held (see removal_held)"
    for key, column in plan.asked:
        yield (
            f"? row {teller.row(key)}: {teller.column(key, column)} is a person's value; "
            f"--reset-cells '{key}#{column}' sets it back"
        )
    if not plan.steps:
        yield "nothing to do"
    writes = len(Plan(tuple(steps)).writes)
    yield f"{writes} writes, {plan.unchanged} rows unchanged, {len(waiting)} removals held"


def _held_apart(plan: Plan, held: Collection[str]) -> tuple[list[Step], list[str]]:
    """Return the steps without the removals that wait, and the keys of those."""
    waits = set(held)
    steps = [s for s in plan.steps if not (isinstance(s, Leave) and s.key in waits)]
    leaving = {step.key for step in plan.steps if isinstance(step, Leave)}
    return steps, sorted({step.key for step in plan.held} | leaving & waits)


def _as_moved(plan: Plan, bound: Mapping[str, Binding]) -> Mapping[str, Binding]:
    """Return *bound* under the keys that rows have once the plan's rows are carried over."""
    return carried(
        bound,
        {s.former: (s.key, s.journey) for s in plan.steps if isinstance(s, Rebind)},
    )


def plan_json(
    plan: Plan, bound: Mapping[str, Binding], *, held: Collection[str] = ()
) -> dict[str, Any]:
    """Return the plan as one object with stable keys; *held* as for `plan_lines`."""
    bound = _as_moved(plan, bound)
    steps, waiting = _held_apart(plan, held)
    return {
        "steps": [_step_json(step, bound) for step in steps],
        "held": waiting,
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
