"""What a run remembers while it writes: the store's bindings, what is being made, and the tally.

Whoever writes to the target writes here first and afterwards; each method is one transaction, and
refuses when the run has lost its lock.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field, fields, replace
from typing import Any

from cjm_sync.journal import Entry
from cjm_sync.model import Binding, Finding, Intent
from cjm_sync.moving import carried
from cjm_sync.ports import Made
from cjm_sync.store import Store


@dataclass
class Tally:
    """What was really done, and what went wrong on the way."""

    built: int = 0
    """Parts of the frame that were made or edited; they are not rows of the map."""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    archived: int = 0
    kept: int = 0
    rejected: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what *other* counted, too."""
        for part in fields(self):
            setattr(self, part.name, getattr(self, part.name) + getattr(other, part.name))

    @property
    def wrote(self) -> bool:
        """Tell whether anything was made or changed."""
        return any((self.built, self.created, self.updated, self.archived))


class Memory(dict[str, Binding]):
    """Bindings by key that one worker may go through while another binds."""

    def _now(self) -> dict[str, Binding]:
        # One step of the interpreter. `copy` would ask `keys` for each key, as this is no plain one.
        return dict(list(dict.items(self)))

    def items(self) -> ItemsView[str, Binding]:  # type: ignore[override]
        """Return the pairs as they are now."""
        return self._now().items()

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """Return the keys as they are now."""
        return self._now().keys()

    def values(self) -> ValuesView[Binding]:  # type: ignore[override]
        """Return the bindings as they are now."""
        return self._now().values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())


class Books:
    """The bindings of *store*, kept equal to it in *memory*, and the *tally* of one worker."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.memory: dict[str, Binding] = Memory(store.bindings())
        self.tally = Tally()
        self._alone = threading.RLock()
        self.keeps_journal = True
        """Off while what is written is the log of runs: that is never taken back."""

    def another(self) -> Books:
        """Return books with the same memory and a tally of their own."""
        books = copy.copy(self)
        books.tally = Tally()
        return books

    def add_up(self, other: Books) -> None:
        """Count what *other* counted, too."""
        with self._alone:
            self.tally.add(other.tally)

    def check(self) -> None:
        """Raise TransientError when this run no longer holds the lock; before a write."""
        self._store.check_lock()

    def intents(self) -> list[Intent]:
        """Return the creates whose end was never recorded."""
        return self._store.intents()

    def begin(self, intent: Intent) -> None:
        """Record that a create is about to be sent."""
        self._store.begin(intent)

    def drop_intent(self, key: str) -> None:
        """Record that a create did not happen."""
        self._store.drop_intent(key)

    def bind(self, binding: Binding, entry: Entry | None = None) -> None:
        """Record where a key stands, end its intent, and note a write in the journal."""
        self._store.bind(binding, entry if self.keeps_journal else None)
        self.memory[binding.key] = binding

    def forget(self, key: str) -> None:
        """Forget where a key stands."""
        self._store.unbind(key)
        self.memory.pop(key, None)

    def change(
        self,
        moves: Mapping[str, tuple[str, str]],
        changed: Iterable[Binding],
        *,
        unnoted: Collection[str] = (),
    ) -> None:
        """Carry rows over to their keys of today, then record *changed*, all at once.

        *moves* leads from a former key to the key and the journey that take its place; those
        *unnoted* are not taken back.
        """
        after = carried(self.memory, moves)
        after |= {binding.key: binding for binding in changed}
        news = [b for key, b in after.items() if self.memory.get(key) is not b]
        gone = sorted(self.memory.keys() - after.keys())
        if news or gone:
            entries = [
                Entry(
                    "move",
                    key,
                    after[key].remote_id,
                    str(after[key].detail.get("collection", "")),
                    {"key": former, "journey": self.memory[former].journey},
                    {"key": key},
                )
                for former, (key, _) in sorted(moves.items())
                if former not in unnoted
            ]
            self._store.change_bindings(news, gone, entries)
            self.memory.clear()
            self.memory.update(after)

    def learn(self, made: Made) -> None:
        """Add what an answer taught to the memory of other keys."""
        for key, learned in (made.learned or {}).items():
            # Read, changed and written again: two workers learn of one database at once.
            with self._alone:
                binding = self.memory[key]
                detail = merged(binding.detail, learned)
                if detail != binding.detail:
                    self.bind(replace(binding, detail=detail))


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge *new* into *old*, nested mappings too."""
    result = dict(old)
    for key, value in new.items():
        known = result.get(key)
        result[key] = (
            merged(known, value)
            if isinstance(known, dict) and isinstance(value, Mapping)
            else value
        )
    return result
