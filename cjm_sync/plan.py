"""Decide what to write: the plan table of docs/architecture.md. Pure: values in, values out.

`plan` compares what should be with what was written and what is there. What happens to a row that
a person touched is decided in `settling`, whether the whole plan looks right in `guard`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cjm_sync.doubting import doubted, doubts
from cjm_sync.model import Binding, Cell, Finding, Item, Link, Observed, Page, Wished
from cjm_sync.moving import last_keys, move
from cjm_sync.settling import changed_fields, pending
from cjm_sync.steps import (
    KEY,
    Adopt,
    Build,
    Create,
    Edit,
    Entomb,
    Forget,
    Leave,
    Observation,
    Plan,
    Restore,
    Revive,
    Rules,
    Step,
    Update,
)


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
        if item.key not in bound
        and item.key not in rules.refused
        and item.kind != "block"
        and _has_what_it_needs(item, wished, bound, rules)
    )
    editing = tuple(
        Edit(item)
        for item in wished.items
        if item.digest and item.key in bound and bound[item.key].digest != item.digest
    )
    rows = _Rows(wished, bound, observation, rules)
    leaving, held = rows.leaving()
    # Columns that a newer version brings are there before the rows that fill them.
    first = tuple(edit for edit in editing if edit.item.kind == "database")
    steps: tuple[Step, ...] = (
        *rows.remembering,
        *(b for b in building if not b.item.optional),
        *first,
        *rows.steps,
        *leaving,
        *(b for b in building if b.item.optional),
        *(edit for edit in editing if edit not in first),
    )
    return Plan(
        steps,
        held,
        rows.unchanged,
        rows.kept,
        tuple(sorted({*wished.findings, *rows.findings})),
        rows.asked,
    )


def _has_what_it_needs(
    item: Item, wished: Wished, bound: Mapping[str, Binding], rules: Rules
) -> bool:
    """Tell whether what *item* stands in is there, or made by this plan."""
    if not item.needs:
        return True
    if item.needs in bound:
        return bound[item.needs].state == "live"
    made = {part.key for part in wished.items} | {page.key for page in wished.pages}
    return item.needs in made and item.needs not in rules.refused


class _Rows:
    """The row part of one plan, filled on construction."""

    def __init__(
        self,
        wished: Wished,
        bound: Mapping[str, Binding],
        observation: Observation,
        rules: Rules,
    ) -> None:
        moves = move(wished, bound, observation)
        observation = replace(observation, missing=moves.missing)
        remarks, unsure = doubts(wished, moves.bound, observation)
        bound = {
            **moves.bound,
            **{d.key: doubted(moves.bound[d.key], d.columns) for d in unsure},
        }
        self.remembering: tuple[Step, ...] = (*moves.rebinds, *remarks, *unsure)
        self._heirs = moves.heirs
        self._bound = bound
        self._rules = rules
        self._observation = observation
        self._wished = {page.key: page for page in wished.pages}
        self._formers: dict[str, list[str]] = {}
        for former, key in sorted(last_keys(wished.moved, self._wished.keys()).items()):
            self._formers.setdefault(key, []).append(former)
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
        self._adopted: set[str] = set()
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
            self._report_strays(key, [r for r in strays[key] if r.remote_id not in self._adopted])
        self._report_resets()

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """Return the cells that wait for an answer: key and column."""
        if self._rules.on_person_edit != "ask":
            return ()
        return tuple(
            (key, column)
            for key, binding in sorted(self._bound.items())
            if key in self._wished and binding.state == "live"
            for column in sorted(binding.kept.keys() - self._given_back(key, binding))
        )

    def _given_back(self, key: str, binding: Binding) -> frozenset[str]:
        """Return the cells kept for a person that this run may set back."""
        told = self._rules.reset_cells
        if "all" in told or key in told:
            return frozenset(binding.kept)
        return frozenset(column for column in binding.kept if f"{key}#{column}" in told)

    def _report_resets(self) -> None:
        """Name what was told to be set back and is not kept for anybody."""
        kept = {"all"}
        for key, binding in self._bound.items():
            if binding.kept and key in self._wished:
                kept |= {key, *(f"{key}#{column}" for column in binding.kept)}
        for told in sorted(self._rules.reset_cells - kept):
            self.findings.append(
                Finding(
                    "nothing_to_reset",
                    told,
                    f"--reset-cells {told}: no cell of that name is kept for a person",
                    "`cjm-sync status` lists the cells that are.",
                )
            )

    def _archived_by_person(self, by_id: Mapping[str, str]) -> set[str]:
        """Return the keys whose row a person archived; an archived copy of another row is none."""
        parked: set[str] = set()
        for row in self._observation.parked:
            key = by_id.get(row.remote_id)
            if key is not None:
                parked |= {key} if self._bound[key].state not in {"archived", "moving"} else set()
            elif row.key and row.key not in self._bound and not self._adoptable(row.key):
                parked.add(row.key)
        return parked

    def _adoptable(self, key: str) -> list[Observed]:
        """Return the rows that may be taken for *key*, oldest first: only in its own database."""
        page = self._wished.get(key)
        if page is None:
            return []
        for name in (key, *self._formers.get(key, ())):
            here = [r for r in self._strays.get(name, []) if r.collection == page.collection]
            if here:
                return here
        return []

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
        is_away = missing is not None and missing.state != "live"
        if binding.state == "archived" or (binding.state == "moving" and is_away):
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
                altered = row.key != page.key and (binding.written or {}).get(KEY) != row.key
                self._compare(wish, binding, reread=True, repair=altered, look=look)
            elif self._rules.on_person_delete == "restore":
                self._lost(wish, binding)
            return
        if row is None and missing is not None and missing.state != "live":
            self._lost(wish, binding)
            return
        intact = row.key == page.key if row is not None else missing is None or missing.key_intact
        # The key that we wrote ourselves is not a person's; after a move it is a former one.
        intact = intact or (binding.written or {}).get(KEY, page.key) != page.key
        by_person = row.by_person if row is not None else missing is not None and missing.by_person
        self._compare(
            wish,
            binding,
            reread=by_person,
            repair=not intact,
            look=by_person and self._is_worth_a_look(binding, row),
            unseen=row is not None and _is_unseen(binding, row),
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
            self._adopted.add(twins[0].remote_id)
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
        unseen: bool = False,
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
        given_back = self._given_back(page.key, binding) & page.cells.keys()
        self.kept += len(binding.kept.keys() - given_back)
        if fields or given_back:
            # What was sent and never answered may be there or not, so the row is read.
            reread = reread or bool(pending(binding)) or binding.state == "moving" or unseen
            self.steps.append(
                Update(
                    page,
                    binding.remote_id,
                    fields | given_back,
                    reread=reread or bool(given_back),
                    unseen=unseen,
                    reset=given_back,
                )
            )
            return
        self.unchanged += 1
        if look or unseen or binding.state == "moving":
            self.steps.append(Update(page, binding.remote_id, fields, reread=True, unseen=unseen))
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
            if missing is not None and missing.state in (
                {"gone"} if binding.state == "moving" else {"gone", "trashed"}
            ):
                # Forgotten only when it is sure to be unwished: a row that a person deleted would
                # be made again if its subject came back with the next reading.
                steps += [] if self._is_held(binding) else [Forget(key)]
            elif binding.state in {"live", "moving"}:
                leave = Leave(
                    key,
                    binding.remote_id,
                    binding.detail.get("collection", ""),
                    binding.journey,
                    self._heirs.get(key, ""),
                )
                if self._rules.hold_removals or (not leave.heir and self._is_held(binding)):
                    held.append(leave)
                else:
                    steps.append(leave)
        return tuple(steps), tuple(held)


def _is_unseen(binding: Binding, row: Observed) -> bool:
    """Tell whether we wrote to the row later than memory knows; edits are cut to the minute."""
    seen_at = binding.detail.get("seen_at")
    if row.by_person or seen_at is None or pending(binding) or binding.state == "moving":
        return False
    return row.edited_at.replace(second=0, microsecond=0) > datetime.fromisoformat(str(seen_at))
