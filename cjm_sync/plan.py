"""Decide what to write: the plan table of docs/architecture.md. Pure: values in, values out.

`plan` compares what should be with what was written and what is there; `settle` decides cell by
cell on a row that a person touched; `guard` refuses a plan that looks wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from cjm_sync.errors import GuardTripped
from cjm_sync.model import (
    Binding,
    Cell,
    Finding,
    Item,
    Link,
    Missing,
    Observed,
    Page,
    Wished,
    canonical,
)

EditPolicy = Literal["keep", "reset", "ask"]
DeletePolicy = Literal["respect", "restore"]

KEY = "sync_key"
"""The column that ties a row to its subject; set back whoever altered it."""


@dataclass(frozen=True, slots=True)
class Build:
    """A part of the frame that is not there yet."""

    item: Item


@dataclass(frozen=True, slots=True)
class Edit:
    """An owned block whose text moved on."""

    item: Item


@dataclass(frozen=True, slots=True)
class Create:
    """A row that nobody has written yet."""

    page: Page


@dataclass(frozen=True, slots=True)
class Adopt:
    """A row that carries our key though we do not remember it."""

    page: Page
    remote_id: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class Update:
    """A row with cells to set. *reread*: a person touched it, so look before writing.

    Without *fields* it is only looked at: a cell kept for a person may be free again.
    """

    page: Page
    remote_id: str
    fields: frozenset[str]
    reread: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    """A row that we put in the trash, or that is to be taken out of it by policy."""

    page: Page
    remote_id: str


@dataclass(frozen=True, slots=True)
class Entomb:
    """A row that a person deleted: remembered, never made again."""

    key: str


@dataclass(frozen=True, slots=True)
class Revive:
    """A deleted row that a person brought back, or a retired one that is wished again as it is."""

    key: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A row whose subject is gone: retired when a person put words in it, else archived."""

    key: str
    remote_id: str
    collection: str
    journey: str


@dataclass(frozen=True, slots=True)
class Forget:
    """A row that is neither wished nor there."""

    key: str


Step = Build | Edit | Create | Adopt | Update | Restore | Entomb | Revive | Leave | Forget


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order to take them, what is held back, and what a person should know."""

    steps: tuple[Step, ...]
    held: tuple[Leave, ...] = ()
    unchanged: int = 0
    kept: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def writes(self) -> tuple[Step, ...]:
        """Return the steps that send a write to the target."""
        return tuple(
            step
            for step in self.steps
            if not isinstance(step, Entomb | Revive | Forget)
            and not (isinstance(step, Update) and not step.fields)
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there. *missing* are bound rows that the scan did not show, looked up by id.

    *columns* are the synced columns still usable per collection; a collection that was not
    scanned (it does not exist yet) is not among them. *parked* are rows that a person archived.
    """

    rows: tuple[Observed, ...] = ()
    missing: Mapping[str, Missing] = field(default_factory=dict)
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parked: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration and the flags of this run allow."""

    on_person_edit: EditPolicy = "keep"
    on_person_delete: DeletePolicy = "respect"
    max_removals: str = "max(5, 10%)"
    allow_removals: bool = False
    hold_removals: bool = False
    """The reading of the source was partial: nothing may be concluded from what is missing."""
    journeys: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


def plan(
    wished: Wished,
    bound: Mapping[str, Binding],
    observation: Observation,
    rules: Rules,
) -> Plan:
    """Compare what should be, what was written and what is there.

    The order of the input does not matter except that rows are created in the order wished, so
    that links point to rows that exist. No key that is bound is created.
    """
    building = tuple(
        Build(item)
        for item in wished.items
        if item.key not in bound and item.key not in rules.refused and item.kind != "block"
    )
    editing = tuple(
        Edit(item)
        for item in wished.items
        if item.digest and item.key in bound and bound[item.key].digest != item.digest
    )
    rows = _Rows(wished, bound, observation, rules)
    leaving, held = rows.leaving()
    steps: tuple[Step, ...] = (
        *(b for b in building if not b.item.optional),
        *rows.steps,
        *leaving,
        *(b for b in building if b.item.optional),
        *editing,
    )
    return Plan(
        steps,
        held,
        rows.unchanged,
        rows.kept,
        tuple(sorted({*wished.findings, *rows.findings})),
    )


class _Rows:
    """The row part of one plan, filled on construction."""

    def __init__(
        self,
        wished: Wished,
        bound: Mapping[str, Binding],
        observation: Observation,
        rules: Rules,
    ) -> None:
        self._bound = bound
        self._rules = rules
        self._observation = observation
        self._wished = {page.key: page for page in wished.pages}
        self.steps: list[Step] = []
        self.findings: list[Finding] = []
        self.unchanged = 0
        self.kept = 0
        by_id = {binding.remote_id: key for key, binding in bound.items()}
        self._here: dict[str, Observed] = {}
        strays: dict[str, list[Observed]] = {}
        for row in sorted(observation.rows, key=lambda r: (r.created_at, r.remote_id)):
            owner = by_id.get(row.remote_id)
            if owner is not None:
                self._here[owner] = row
            elif row.key:
                strays.setdefault(row.key, []).append(row)
        self._strays = strays
        self._parked = self._archived_by_person(by_id)
        self._report_columns()
        gone = self._tombs()
        self._reachable = {
            key
            for key in {*self._wished, *bound}
            if key not in gone and (key in self._wished or self._stays(bound[key]))
        }
        for page in wished.pages:
            self._row(page)
        for key in sorted(strays.keys() - (self._wished.keys() - bound.keys())):
            self._report_strays(key, strays[key])

    def _archived_by_person(self, by_id: Mapping[str, str]) -> set[str]:
        """Return the keys whose row a person archived; an archived copy of another row is none."""
        parked: set[str] = set()
        for row in self._observation.parked:
            key = by_id.get(row.remote_id)
            if key is not None:
                parked |= {key} if self._bound[key].state != "archived" else set()
            elif row.key and row.key not in self._bound and not self._adoptable(row.key):
                parked.add(row.key)
        return parked

    def _adoptable(self, key: str) -> list[Observed]:
        """Return the rows that may be taken for *key*, oldest first: only in its own database."""
        page = self._wished.get(key)
        if page is None:
            return []
        return [row for row in self._strays.get(key, []) if row.collection == page.collection]

    def _stays(self, binding: Binding) -> bool:
        """Tell whether a row that is not wished can still be linked to after this plan."""
        return binding.kind == "row" and binding.state == "live" and self._is_held(binding)

    def _is_held(self, binding: Binding) -> bool:
        """Tell whether the absence of a row's subject proves nothing, so that it stays."""
        removed_journey = binding.journey not in self._rules.journeys
        return self._rules.hold_removals or (removed_journey and not self._rules.allow_removals)

    def _tombs(self) -> set[str]:
        """Return the keys that a person deleted and that stay deleted."""
        if self._rules.on_person_delete == "restore":
            return set()
        tombs = {
            key
            for key, binding in self._bound.items()
            if binding.state == "tombstone" and key not in self._here
        }
        lost = {
            key
            for key, missing in self._observation.missing.items()
            if missing.state != "live" and self._bound[key].state in {"live", "retired"}
        }
        return tombs | lost | self._parked

    def _report_columns(self) -> None:
        for key, binding in sorted(self._bound.items()):
            if binding.kind != "database":
                continue
            collection = key.rpartition("/")[2]
            usable = self._observation.columns.get(collection)
            if usable is None:
                continue
            for column in sorted(set(binding.detail.get("columns", {})) - usable):
                self.findings.append(
                    Finding(
                        "column_missing",
                        f"{collection}/{column}",
                        f"the column {column!r} of {collection} was deleted or changed its type in Notion",
                        "It is left alone. Restore it in Notion to have it filled again.",
                    )
                )

    def _row(self, page: Page) -> None:
        binding = self._bound.get(page.key)
        wish = replace(page, cells=self._usable(page))
        if binding is None:
            self._unbound(wish)
            return
        row = self._here.get(page.key)
        missing = self._observation.missing.get(page.key)
        if binding.state == "archived":
            if missing is not None and missing.state == "gone":
                self.steps += [Forget(page.key), Create(wish)]
            else:
                self.steps.append(Restore(wish, binding.remote_id))
            return
        if page.key in self._parked:
            self._lost(wish, binding)
            return
        if binding.state == "tombstone":
            if row is not None:
                self.steps.append(Revive(page.key))
                look = row.by_person and self._is_worth_a_look(binding, row)
                self._compare(wish, binding, reread=True, repair=row.key != page.key, look=look)
            elif self._rules.on_person_delete == "restore":
                self._lost(wish, binding)
            return
        if row is None and missing is not None and missing.state != "live":
            self._lost(wish, binding)
            return
        intact = row.key == page.key if row is not None else missing is None or missing.key_intact
        by_person = row.by_person if row is not None else missing is not None and missing.by_person
        self._compare(
            wish,
            binding,
            reread=by_person,
            repair=not intact,
            look=by_person and self._is_worth_a_look(binding, row),
        )

    def _unbound(self, page: Page) -> None:
        twins = self._adoptable(page.key)
        others = [row for row in self._strays.get(page.key, []) if row not in twins[:1]]
        self._report_strays(page.key, others)
        if page.key in self._parked:
            self.findings.append(
                Finding(
                    "archived_by_person",
                    page.key,
                    f"the row {page.key} was archived in Notion; it is not made again",
                    "Take it out of the archive in Notion to have it filled again.",
                )
            )
            return
        if twins:
            self.steps.append(Adopt(page, twins[0].remote_id, twins[0].by_person))
        else:
            self.steps.append(Create(page))

    def _lost(self, page: Page, binding: Binding) -> None:
        if self._rules.on_person_delete == "restore":
            missing = self._observation.missing.get(page.key)
            if missing is not None and missing.state == "gone":
                self.steps += [Forget(page.key), Create(page)]
            else:
                self.steps.append(Restore(page, binding.remote_id))
            return
        self.steps.append(Entomb(page.key))
        self.findings.append(
            Finding(
                "deleted_by_person",
                page.key,
                f"the row {page.key} was deleted in Notion; it will not be made again",
                'Restore it from Notion\'s trash, or set safety.on_person_delete = "restore".',
            )
        )

    def _is_worth_a_look(self, binding: Binding, row: Observed | None) -> bool:
        """Tell whether the person's last edit may free or break a cell though no wish changed.

        *looked_at* is when the row was last read for this; times of edits are cut to the minute.
        """
        if not binding.kept and self._rules.on_person_edit != "reset":
            return False
        looked_at = binding.detail.get("looked_at")
        if row is None or looked_at is None:
            return True
        since = datetime.fromisoformat(str(looked_at)).replace(second=0, microsecond=0)
        return row.edited_at >= since

    def _compare(
        self,
        page: Page,
        binding: Binding,
        *,
        reread: bool,
        repair: bool = False,
        look: bool = False,
    ) -> None:
        if repair and KEY in page.cells:
            self.findings.append(
                Finding(
                    "key_repaired",
                    page.key,
                    f"the Sync key of {page.key} was altered in Notion and is put back",
                    "Leave the column `Sync key` as it is; it ties the row to its subject.",
                )
            )
        fields = changed_fields(page, binding)
        if repair and KEY in page.cells:
            fields |= {KEY}
        self.kept += len(binding.kept)
        if fields:
            self.steps.append(Update(page, binding.remote_id, fields, reread=reread))
            return
        self.unchanged += 1
        if look:
            self.steps.append(Update(page, binding.remote_id, fields, reread=True))
        elif binding.state == "retired":
            self.steps.append(Revive(page.key))

    def _usable(self, page: Page) -> dict[str, Cell]:
        """Return the page's cells without deleted columns and links that lead nowhere."""
        usable = self._observation.columns.get(page.collection)
        return {
            name: self._pruned(cell)
            for name, cell in page.cells.items()
            if usable is None or name in usable
        }

    def _pruned(self, cell: Cell) -> Cell:
        if isinstance(cell, Link):
            return Link(tuple(key for key in cell.keys if key in self._reachable))
        return cell

    def _report_strays(self, key: str, rows: Sequence[Observed]) -> None:
        for row in rows:
            self.findings.append(
                Finding(
                    "duplicate_key" if key in self._bound or key in self._wished else "stray",
                    key,
                    f"the row {row.remote_id} carries the key {key} but is not the one that is kept up to date",
                    "Delete the copy, or empty its `Sync key`; it is never touched by the sync.",
                )
            )

    def leaving(self) -> tuple[tuple[Step, ...], tuple[Leave, ...]]:
        """Return the steps for bound rows that are no longer wished, and those held back."""
        steps: list[Step] = []
        held: list[Leave] = []
        for key, binding in sorted(self._bound.items()):
            if binding.kind != "row" or key in self._wished or key.startswith("_/"):
                continue
            missing = self._observation.missing.get(key)
            if binding.state == "archived" and (missing is None or missing.state != "gone"):
                continue  # remembered, so that it can be restored when it is wished again
            if missing is not None and missing.state != "live":
                # Forgotten only when it is sure to be unwished: a row that a person deleted would
                # be made again if its subject came back with the next reading.
                steps += [] if self._is_held(binding) else [Forget(key)]
            elif binding.state == "live":
                leave = Leave(
                    key, binding.remote_id, binding.detail.get("collection", ""), binding.journey
                )
                if self._is_held(binding):
                    held.append(leave)
                else:
                    steps.append(leave)
        return tuple(steps), tuple(held)


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
