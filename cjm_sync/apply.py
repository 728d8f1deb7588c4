"""Carry out a plan so that being stopped anywhere does no harm.

Before each create an intent is recorded; afterwards the binding is written and the intent removed
in one transaction. A create is never resent on silence: `recover` looks for what it made.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from cjm_sync.books import Books, Tally
from cjm_sync.doubting import doubted, remarked
from cjm_sync.errors import RejectedError
from cjm_sync.framing import FrameWorker
from cjm_sync.making import Maker
from cjm_sync.model import Binding, Finding, Item
from cjm_sync.moving import carried
from cjm_sync.ports import Clock, Target
from cjm_sync.rowwork import RowWorker
from cjm_sync.steps import (
    Adopt,
    Build,
    Create,
    Doubt,
    Edit,
    EditPolicy,
    Entomb,
    Forget,
    Leave,
    Rebind,
    Remark,
    Restore,
    Revive,
    Step,
    Update,
)
from cjm_sync.store import Store

logger = logging.getLogger(__name__)


class Applier:
    """Does steps one after another; *memory* is kept equal to the store's bindings."""

    def __init__(
        self,
        store: Store,
        target: Target,
        clock: Clock,
        *,
        policy: EditPolicy = "keep",
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._target, self._clock, self._policy = store, target, clock, policy
        self._progress = progress
        self._keep(Books(store))

    def _keep(self, books: Books) -> None:
        self._books = books
        self._maker = Maker(books, self._target, self._clock)
        self._frame = FrameWorker(books, self._store, self._target, self._clock, self._maker)
        self._rows = RowWorker(books, self._target, self._clock, self._maker, policy=self._policy)

    def hand(self) -> Applier:
        """Return one that works beside this one: with the same memory, and a tally of its own."""
        hand = copy.copy(self)
        hand._keep(self._books.another())  # noqa: SLF001 - one of us
        return hand

    def take_over_from(self, hand: Applier) -> None:
        """Add up what *hand* did."""
        self._books.add_up(hand._books)

    @property
    def memory(self) -> Mapping[str, Binding]:
        """Return every binding by key, as of now."""
        return self._books.memory

    @property
    def tally(self) -> Tally:
        """Return what was done so far."""
        return self._books.tally

    def stop_journal(self) -> None:
        """What is written from now on is the log of runs, which is never taken back."""
        self._books.keeps_journal = False

    def recover(self, items: Mapping[str, Item]) -> None:
        """Settle every create whose end was never recorded."""
        self._maker.recover(items)

    def adopt_frame(self, items: Iterable[Item]) -> None:
        """Bind the parts of a frame that are there already, for a hub that was taken over."""
        self._frame.adopt(items)

    def complete(self, items: Iterable[Item]) -> None:
        """Read what the memory of the bound parts of the frame still lacks."""
        self._frame.complete(items)

    def apply(self, steps: Iterable[Step]) -> None:
        """Do the steps, recording each as it ends.

        A rejected row is a finding and the run goes on; a rejected part of the frame that is not
        optional stops the run, because rows need it.
        """
        for step in self.remember(steps):
            self._do(step)
            self._progress()

    def remember(self, steps: Iterable[Step]) -> list[Step]:
        """Do all steps that change how we remember rows, at once; return the others.

        A stop between two of them could not be told from a person's doing.
        """
        others: list[Step] = []
        ours: list[Rebind | Doubt | Remark] = []
        for step in steps:
            if isinstance(step, Rebind | Doubt | Remark):
                ours.append(step)
            else:
                others.append(step)
        if ours:
            self._change(ours)
            for _ in ours:
                self._progress()
        return others

    def _change(self, steps: Sequence[Rebind | Doubt | Remark]) -> None:
        moves = {s.former: (s.key, s.journey) for s in steps if isinstance(s, Rebind)}
        memory = carried(self.memory, moves)
        changed: list[Binding] = []
        for step in steps:
            match step:
                case Doubt(key, columns):
                    changed.append(doubted(memory[key], columns))
                case Remark(key):
                    changed.append(remarked(memory[key], step))
                case Rebind():
                    pass
                case _:
                    assert_never(step)
        private = frozenset(s.former for s in steps if isinstance(s, Rebind) and s.private)
        self._books.change(moves, changed, unnoted=private)

    def _do(self, step: Step) -> None:
        books = self._books
        match step:
            case Rebind() | Doubt() | Remark():
                raise AssertionError(step)  # `remember` took them out
            case Build(item):
                self._frame.build(item)
            case Edit(item):
                self._frame.edit(item)
            case Create(page):
                self._guarded(page.key, lambda: self._rows.create(page))
            case Adopt(page, remote_id, by_person):
                self._guarded(
                    page.key, lambda: self._rows.adopt(page, remote_id, by_person=by_person)
                )
            case Update(page):
                self._guarded(page.key, lambda: self._rows.update(step))
            case Restore(page, remote_id):
                self._guarded(page.key, lambda: self._rows.restore(page, remote_id))
            case Leave():
                self._guarded(step.key, lambda: self._rows.leave(step))
            case Entomb(key):
                books.bind(replace(books.memory[key], state="tombstone"))
            case Revive(key):
                books.bind(replace(books.memory[key], state="live"))
            case Forget(key):
                books.forget(key)
            case _:
                assert_never(step)

    def _guarded(self, key: str, act: Callable[[], None]) -> None:
        try:
            act()
        except RejectedError as error:
            self._books.drop_intent(key)
            self.tally.rejected += 1
            self.tally.findings.append(
                Finding(
                    "step_rejected", key, f"{key} could not be written: {error}", error.hint or ""
                )
            )
            logger.warning("rejected a step", extra={"action": "step_rejected", "key": key})
