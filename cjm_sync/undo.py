"""Take back what the last run wrote, cell by cell, where no person has edited since.

The way in is `undo`. Writes are taken back the last one first, each recorded as it ends: an undo
that is interrupted goes on where it stopped. What was made as part of the frame (hub, databases,
views) stays, for people may have put words in it; so does the log of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cjm_sync.belonging import check_place
from cjm_sync.errors import ConfigError, GoneError, TransientError
from cjm_sync.journal import Entry, cell_of
from cjm_sync.model import Binding, Finding, Item, Page
from cjm_sync.ports import Account, PageState, Target
from cjm_sync.runs import Options
from cjm_sync.settling import as_remembered, is_sent, with_pending
from cjm_sync.steps import KEY
from cjm_sync.store import Store


@dataclass
class Undone:
    """What was taken back, counted as the run counted it, and what was left as it is."""

    updated: int = 0
    archived: int = 0
    restored: int = 0
    kept: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `undo --json` prints."""
        return {
            "updated": self.updated,
            "archived": self.archived,
            "restored": self.restored,
            "kept": self.kept,
            "findings": [
                {"code": f.code, "key": f.key, "message": f.message, "hint": f.hint}
                for f in self.findings
            ],
        }


def undo(store: Store, target: Target, *, progress: Callable[[], None] = lambda: None) -> Undone:
    """Take back the writes of the last run that changed the map; holds the lock throughout.

    Raises BusyError when a run is going on, TransientError when a run was interrupted within a
    create, and GuardTripped when the hub is not this store's.
    """
    with store.lock():
        facts = store.facts()
        portal = facts.get("portal_id")
        if portal is None:
            raise ConfigError(
                "this store has never written anything, so there is nothing to take back",
                hint="Check `store.url` in the configuration.",
            )
        check_place(store, target, Account(portal), target.identify(), Options(dry_run=True))
        if store.intents():
            raise TransientError(
                "the last run was interrupted while it made something",
                hint="Run `cjm-sync sync` to its end first, then undo.",
            )
        undoing = _Undoing(store, target)
        for entry in store.journal():
            undoing.take_back(entry)
            progress()
        return undoing.undone


class _Undoing:
    """One undo while it lasts."""

    def __init__(self, store: Store, target: Target) -> None:
        self._store, self._target = store, target
        self._memory: dict[str, Binding] = store.bindings()
        self.undone = Undone()

    def take_back(self, entry: Entry) -> None:
        binding = self._memory.get(entry.key)
        try:
            self._take_back(entry, binding)
        except GoneError:
            self._keep(entry, "it is no longer there, or no longer shared")
            self._strike(entry)

    def _take_back(self, entry: Entry, binding: Binding | None) -> None:
        if entry.act == "time":
            text = entry.before.get("text")
            if text is not None:
                self._store.set_facts({"last_as_of": str(text)})
            self._strike(entry)
            return
        if binding is None or binding.remote_id != entry.remote_id:
            self._strike(entry)  # bound anew since, or forgotten: nothing of it is left to undo
            return
        match entry.act:
            case "update":
                self._set_back(entry, binding)
            case "create":
                self._unmake(entry, binding)
            case "archive":
                self._target.restore(entry.remote_id)
                self.undone.restored += 1
                self._strike(entry, replace(binding, state="live"))
            case "restore":
                self._unmake(entry, binding)
            case "move":
                self._move_back(entry, binding)
            case "block":
                self._edit_back(entry, binding)

    def _set_back(self, entry: Entry, binding: Binding) -> None:
        """Set the cells back that still hold what was sent."""
        state = self._target.read_page(entry.collection, entry.remote_id, self._memory)
        fields = {
            name: before
            for name, before in entry.before.items()
            if self._is_ours(name, before, entry.after.get(name), state, binding, entry)
        }
        if fields:
            page = Page(
                entry.key,
                entry.collection,
                {name: cell_of(before) for name, before in fields.items()},
                binding.journey,
            )
            sending = {name: fields[name] for name in fields}
            self._bind(with_pending(binding, sending))
            self._target.update_page(page, frozenset(fields), entry.remote_id, self._memory)
            self.undone.updated += 1
        state_cell = entry.before.get("state")
        is_back = binding.state == "retired" and "state" in fields and state_cell is not None
        self._strike(
            entry,
            replace(
                with_pending(binding, {}),
                written={**(binding.written or {}), **fields},
                state="live" if is_back else binding.state,
            ),
        )

    def _is_ours(
        self,
        name: str,
        before: Any,
        after: Any,
        state: PageState,
        binding: Binding,
        entry: Entry,
    ) -> bool:
        now = as_remembered(state.cells.get(name), after, self._memory)
        if name == KEY or now == before or name not in state.cells:
            return False  # the key ties the row; a cell may be as it was; a column may be gone
        if name not in binding.kept and is_sent(now, after):
            return True
        self._keep(entry, f"a person changed the cell {name!r} since", name)
        return False

    def _unmake(self, entry: Entry, binding: Binding) -> None:
        """Put a row into the trash that the run made or took out of it, if nobody used it since."""
        seen = self._target.look(binding, self._memory)
        if seen.state == "live":
            if (
                seen.by_person
                or binding.kept
                or self._target.has_words(entry.collection, entry.remote_id, self._memory)
            ):
                self._keep(entry, "a person has worked on the row since")
                self._strike(entry)
                return
            self._bind(replace(binding, state="moving"))
            self._target.archive(entry.remote_id)
            self.undone.archived += 1
        self._strike(entry, replace(binding, state="archived"))

    def _move_back(self, entry: Entry, binding: Binding) -> None:
        """Give a row back to the key that it had before it was rebound."""
        former = str(entry.before["key"])
        page = Page(former, entry.collection, {KEY: former}, binding.journey)
        self._target.update_page(page, frozenset({KEY}), entry.remote_id, self._memory)
        moved = replace(binding, key=former, written={**(binding.written or {}), KEY: former})
        self._store.unbind(entry.key)
        self._memory.pop(entry.key, None)
        self._memory[former] = moved
        self.undone.updated += 1
        self._store.strike(entry.number, moved)

    def _edit_back(self, entry: Entry, binding: Binding) -> None:
        text = str(entry.before.get("text") or "")
        # An owned block is known by its type and its text, which is its digest too.
        if text and binding.digest == entry.after.get("text"):
            body = (entry.collection, text)
            self._target.edit_item(Item(entry.key, "block", body, digest=text), self._memory)
            self.undone.updated += 1
            binding = replace(binding, digest=text)
        self._strike(entry, binding)

    def _keep(self, entry: Entry, why: str, column: str = "") -> None:
        self.undone.kept += 1
        self.undone.findings.append(
            Finding(
                "undo_kept",
                f"{entry.key}#{column}" if column else entry.key,
                f"the write to {entry.key} is not taken back: {why}",
                "Change it in Notion if it is meant to go.",
            )
        )

    def _bind(self, binding: Binding) -> None:
        self._store.bind(binding)
        self._memory[binding.key] = binding

    def _strike(self, entry: Entry, binding: Binding | None = None) -> None:
        self._store.strike(entry.number, binding)
        if binding is not None:
            self._memory[binding.key] = binding


def undo_lines(undone: Undone) -> Mapping[str, int]:
    """Return the counts in the order in which people read them."""
    return {
        "rows set back": undone.updated,
        "rows put in the trash": undone.archived,
        "rows restored": undone.restored,
        "left as people have them": undone.kept,
    }
