"""Take back what the last run wrote, cell by cell, where no person has edited since.

The way in is `undo`. Writes are taken back the last one first, each recorded as it ends: an undo
that is interrupted goes on where it stopped. What was made as part of the frame (hub, databases,
views) stays, for people may have put words in it; so does the log of runs, and what was written to
rows of single units, of which no copy is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cjm_sync.belonging import check_place
from cjm_sync.books import Books
from cjm_sync.errors import (
    ConfigError,
    GoneError,
    GuardTripped,
    KeptError,
    RejectedError,
    TransientError,
)
from cjm_sync.journal import Entry, cell_of
from cjm_sync.model import Binding, Finding, Item, Page, canonical
from cjm_sync.ports import Account, Made, PageState, Target
from cjm_sync.rowwork import other_than_ours, seen_at
from cjm_sync.runs import Options
from cjm_sync.settling import as_remembered, is_sent, pending, with_pending
from cjm_sync.steps import KEY, RETIRED, STATE
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
        self._books = Books(store)
        self._books.keeps_journal = False
        self._memory = self._books.memory
        self._columns: dict[str, frozenset[str]] = {}
        self._lost: dict[str, Mapping[str, Mapping[str, str | None]]] = {}
        self.undone = Undone()

    def take_back(self, entry: Entry) -> None:
        """Take one write back, or say why it stays; raises GuardTripped when its database is gone."""
        if entry.act == "time":
            text = entry.before.get("text")
            if text is not None:
                self._store.set_facts({"last_as_of": str(text)})
            self._strike(entry)
            return
        binding = self._memory.get(entry.key)
        if binding is None or binding.remote_id != entry.remote_id:
            self._strike(entry)  # bound anew since, or forgotten: nothing of it is left to undo
            return
        if entry.act != "block":
            self._open(entry.collection)
        try:
            self._take_back(entry, binding)
        except GoneError:
            self._keep(entry, "it is no longer there, or no longer shared")
            self._strike(entry)
        except KeptError:
            self._keep(entry, "a person rewrote the line since")
            self._strike(entry)
        except RejectedError as error:
            self._keep(entry, f"Notion refuses it: {error}")
            self._strike(entry)

    def _open(self, collection: str) -> None:
        """Learn which columns and options are still there; a row is not gone with its database."""
        if collection in self._columns:
            return
        try:
            self._columns[collection] = self._target.columns(collection, self._memory)
        except GoneError as error:
            raise GuardTripped(
                f"the database {collection} is no longer there, or no longer shared",
                hint="Restore it from Notion's trash and share it again; then run undo again.",
            ) from error
        self._lost[collection] = self._target.lost(collection, self._memory)

    def _take_back(self, entry: Entry, binding: Binding) -> None:
        match entry.act:
            case "update":
                self._set_back(entry, binding)
            case "create" | "restore":
                self._unmake(entry, binding)
            case "archive":
                self._bring_back(entry, binding)
            case "move":
                self._move_back(entry, binding)
            case "block":
                self._edit_back(entry, binding)
            case "time":
                raise AssertionError(entry)  # it is about no row

    def _set_back(self, entry: Entry, binding: Binding) -> None:
        """Set the cells back that still hold what was sent."""
        state = self._target.read_page(entry.collection, entry.remote_id, self._memory)
        fields = {
            name: before
            for name, before in entry.before.items()
            if self._is_ours(name, before, entry.after.get(name), state, binding, entry)
        }
        unsure = {n: v for n, v in pending(binding).items() if n not in entry.before}
        if fields:
            binding = self._minding(binding, state)
            self._books.bind(with_pending(binding, {**unsure, **fields}))
            cells = {name: cell_of(before) for name, before in fields.items()}
            binding = self._write(binding, entry, cells)
            self.undone.updated += 1
        if STATE in fields and binding.state in {"live", "retired"}:
            is_retired = fields[STATE] == {"choice": RETIRED}
            binding = replace(binding, state="retired" if is_retired else "live")
        self._strike(entry, with_pending(binding, unsure))

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
        is_there = name in state.cells and name in self._columns[entry.collection]
        if name == KEY or now == before or not is_there:
            return False  # the key ties the row; a cell may be as it was; a column may be gone
        if name in binding.kept or not is_sent(now, after):
            self._keep(entry, f"a person changed the cell {name!r} since", name)
            return False
        option = str(before.get("choice", "")) if isinstance(before, Mapping) else ""
        lost = self._lost[entry.collection].get(name, {})
        if option in lost and lost[option] is None:
            self._keep(entry, f"the option {option!r} of {name!r} was deleted since", name)
            return False
        return True

    def _minding(self, binding: Binding, state: PageState) -> Binding:
        """Return *binding* with all that a person changed: after our write nothing would tell."""
        if not state.by_person:
            return binding
        theirs = other_than_ours(binding, state.cells, self._memory)
        return replace(binding, kept={**binding.kept, **theirs})

    def _write(self, binding: Binding, entry: Entry, cells: Mapping[str, Any]) -> Binding:
        """Set *cells* of a row and return what to remember of it."""
        key = str(cells.get(KEY, binding.key))
        page = Page(key, entry.collection, cells, binding.journey)
        self._books.check()
        made = self._target.update_page(page, frozenset(cells), entry.remote_id, self._memory)
        self._books.learn(made)
        return self._written(binding, {n: canonical(cell) for n, cell in cells.items()}, made)

    def _written(self, binding: Binding, sent: Mapping[str, Any], made: Made) -> Binding:
        written = {**(binding.written or {}), **sent, **(made.written or {})}
        done = replace(binding, written=written)
        # Who came between our look and our write is seen in the answer.
        theirs = other_than_ours(done, made.others or {}, self._memory)
        return seen_at(replace(done, kept={**done.kept, **theirs}), made.edited_at)

    def _unmake(self, entry: Entry, binding: Binding) -> None:
        """Put a row into the trash that the run made or took out of it, if nobody used it since."""
        seen = self._target.look(binding, self._memory)
        if seen.state == "live":
            if seen.by_person or binding.kept or self._has_words(entry):
                self._keep(entry, "a person has worked on the row since")
                self._strike(entry)
                return
            self._books.bind(replace(binding, state="moving"))
            self._target.archive(entry.remote_id)
            if self._has_words(entry):
                # They came in the meantime, and would lie in the trash for 30 days, then be gone.
                self._books.check()
                self._target.restore(entry.remote_id)
                self._keep(entry, "a person has worked on the row since")
                self._strike(entry, _unread(replace(binding, state="live")))
                return
            self.undone.archived += 1
        elif binding.state not in {"moving", "archived"}:
            self._strike(entry)  # a person deleted it, which is theirs to undo
            return
        self._strike(entry, replace(binding, state="archived"))

    def _has_words(self, entry: Entry) -> bool:
        return self._target.has_words(entry.collection, entry.remote_id, self._memory)

    def _bring_back(self, entry: Entry, binding: Binding) -> None:
        """Take a row out of the trash that the run put there."""
        if binding.state in {"moving", "archived"}:
            self._books.check()
            self._target.restore(entry.remote_id)
            self.undone.restored += 1
            binding = _unread(replace(binding, state="live"))
        self._strike(entry, binding)

    def _move_back(self, entry: Entry, binding: Binding) -> None:
        """Give a row back to the key that it had before it was rebound."""
        former = str(entry.before["key"])
        if former in self._memory:
            self._keep(entry, f"{former} has a row of its own now")
            self._strike(entry)
            return
        journey = str(entry.before.get("journey", binding.journey))
        if binding.state in {"live", "retired"} and KEY in self._columns[entry.collection]:
            state = self._target.read_page(entry.collection, entry.remote_id, self._memory)
            if state.cells.get(KEY) != former:
                binding = self._minding(binding, state)
                self._books.bind(binding)
                binding = self._write(binding, entry, {KEY: former})
                self.undone.updated += 1
        moved = replace(binding, key=former, journey=journey)
        # A stop between the two finds the key forgotten, and only strikes the entry.
        self._books.change({entry.key: (former, journey)}, [moved], unnoted=[entry.key])
        self._strike(entry)

    def _edit_back(self, entry: Entry, binding: Binding) -> None:
        text = str(entry.before.get("text") or "")
        # An owned block is known by its type and its text, which is its digest too.
        if text and binding.digest == entry.after.get("text"):
            body = (entry.collection, text)
            self._books.check()
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

    def _strike(self, entry: Entry, binding: Binding | None = None) -> None:
        self._store.strike(entry.number, binding)
        if binding is not None:
            self._memory[binding.key] = binding


def _unread(binding: Binding) -> Binding:
    """Return *binding* not knowing when the row was edited last: to restore one is to edit it."""
    detail = {name: value for name, value in binding.detail.items() if name != "seen_at"}
    return replace(binding, detail=detail)


def undo_lines(undone: Undone) -> Mapping[str, int]:
    """Return the counts in the order in which people read them."""
    return {
        "rows set back": undone.updated,
        "rows put in the trash": undone.archived,
        "rows restored": undone.restored,
        "left as people have them": undone.kept,
    }
