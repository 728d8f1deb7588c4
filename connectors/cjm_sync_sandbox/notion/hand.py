"""A person at work in the stand-in's workspace: edits of every kind, remembered and scheduled.

    person = Person(sandbox, seed=7)
    person.fill(row, "Notes", "Call the bank.")
    person.before(3, lambda: person.rename_view(view, "Ours"))   # just before the third request
    person.anything()                                            # some edit, by the seed
    assert person.lost() == []                                   # what is no longer as they left it

Requests are counted from now: 1 is the next one. Each edit is done at the clock's time as that
user, outside budget, log and hooks, and is noted as a `Deed`; a later edit of the same thing takes
its place. Misuse (an unknown id, a value that the column cannot hold) is a ValueError.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Literal

from cjm_sync_sandbox.notion.deeds import Deed
from cjm_sync_sandbox.notion.handbodies import BodyHands
from cjm_sync_sandbox.notion.handrows import RowHands
from cjm_sync_sandbox.notion.handshape import ShapeHands
from cjm_sync_sandbox.notion.requests import RequestLog
from cjm_sync_sandbox.notion.whims import whim

if TYPE_CHECKING:
    from cjm_sync_sandbox.notion.app import NotionSandbox

Act = Callable[[], object]
Moment = Literal["before", "after"]


class Person(RowHands, BodyHands, ShapeHands):
    """One member of the workspace; *user* is an id, the sandbox's first person without it."""

    def __init__(self, sandbox: NotionSandbox, *, user: str = "", seed: int = 0) -> None:
        super().__init__(sandbox, user or sandbox.person)
        self.dice: random.Random = random.Random(seed)  # noqa: S311 - choices of a test, not secrets
        self._hooks: list[tuple[list[Any], Any]] = []

    # What was done, and whether it still stands.

    @property
    def deeds(self) -> list[Deed]:
        """What should still stand, oldest first."""
        return self._ledger.deeds()

    def lost(self, sandbox: NotionSandbox | None = None) -> list[Deed]:
        """Return the deeds that no longer stand, in this sandbox or in a copy of it."""
        with (sandbox or self.sandbox).acting(self.user) as ws:
            return self._ledger.lost(ws)

    def forget(self, drops: Callable[[Deed], bool] = lambda _: True) -> None:
        """Stop holding deeds against the workspace, all of them without a test."""
        self._ledger.forget(drops)

    def anything(self, among: Collection[str] = ()) -> str:
        """Do some edit by the seed; the name of what was done ("" when nothing can be).

        *among* are names of `whims.ACTS`; without them all of `whims.GENTLE`, after which a sync
        can go on.
        """
        return whim(self, among)

    # Doing things at a certain request.

    def before(self, number: int, act: Act) -> None:
        """Do *act* just before the *number*-th request from now takes effect."""
        self._at(number, act, "before")

    def after(self, number: int, act: Act) -> None:
        """Do *act* right after the effect of the *number*-th request from now, before its answer."""
        self._at(number, act, "after")

    def _at(self, number: int, act: Act, moment: Moment) -> None:
        wanted = len(self.sandbox.requests) + number
        self.when(lambda log: log.number == wanted, act, moment=moment)

    def when(
        self,
        test: Callable[[RequestLog], bool],
        act: Act,
        *,
        times: int = 1,
        moment: Moment = "before",
    ) -> None:
        """Do *act* at the first *times* requests that pass *test*."""
        left = [times]

        def hook(log: RequestLog) -> None:
            if left[0] > 0 and test(log):
                left[0] -= 1
                act()

        hooks = self.sandbox.hooks if moment == "before" else self.sandbox.after_hooks
        hooks.append(hook)
        self._hooks.append((hooks, hook))

    def rest(self) -> None:
        """Call off everything that was scheduled."""
        for hooks, hook in self._hooks:
            if hook in hooks:
                hooks.remove(hook)
        self._hooks.clear()
