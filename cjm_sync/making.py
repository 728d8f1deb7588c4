"""Make things so that none is made twice: an intent first, and after silence a look.

Notion has no idempotency key, so a create is the only write whose outcome may stay unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import assert_never

from cjm_sync.books import Books
from cjm_sync.errors import GoneError, GuardTripped, OutcomeUnknownError
from cjm_sync.journal import Entry
from cjm_sync.model import Binding, Finding, Intent, Item
from cjm_sync.ports import Clock, Found, Made, Target


class Maker:
    """Sends creates, and settles those whose answer was lost."""

    def __init__(self, books: Books, target: Target, clock: Clock) -> None:
        self._books, self._target, self._clock = books, target, clock

    def recover(self, items: Mapping[str, Item]) -> None:
        """Settle every create whose end was never recorded."""
        # How long a create of an earlier run waited for its turn is not known; that it is no
        # longer under way is sure from now on only.
        lost_at = self._clock.now()
        for intent in self._books.intents():
            self._settle(intent, items.get(intent.key), lost_at)

    def make(self, create: Callable[[], Made], intent: Intent, item: Item | None) -> Made | None:
        """Send a create that was begun; on a lost answer find what it made.

        None when what was found is bound already. GuardTripped when its place is gone.
        """
        try:
            return self._send(create, intent, item)
        except GoneError as error:
            self._books.drop_intent(intent.key)
            raise GuardTripped(
                f"{intent.key} cannot be made because its place in Notion is gone: {error}",
                hint="Restore the hub and its databases from Notion's trash, share them again, and "
                "run again.",
            ) from error

    def _send(self, create: Callable[[], Made], intent: Intent, item: Item | None) -> Made | None:
        try:
            return create()
        except OutcomeUnknownError as error:
            if error.committed_id is not None:
                return Made(error.committed_id)
            if self._settle(intent, item, self._clock.now()):
                return None
            self._books.begin(intent)
            return create()

    def _settle(self, intent: Intent, item: Item | None, lost_at: datetime) -> bool:
        """Bind what the create made, or drop the intent; return whether something was found."""
        memory = self._books.memory
        found = self._target.find(intent, item, memory)
        if not found:
            self._wait_until_visible(lost_at)
            found = self._target.find(intent, item, memory)
        match found:
            case []:
                self._books.drop_intent(intent.key)
                return False
            case [keeper, *extras]:
                self._books.bind(
                    Binding(
                        intent.key,
                        intent.kind,
                        keeper.remote_id,
                        detail={"collection": intent.collection} if intent.collection else {},
                        journey=_journey_of(intent.key) if intent.kind == "row" else "",
                        digest=_digest_of(item),
                    ),
                    _made(intent, keeper),
                )
                self._settle_extras(intent, extras)
                return True
            case _:
                assert_never(found)  # type: ignore[arg-type]

    def _wait_until_visible(self, lost_at: datetime) -> None:
        """Wait until what was made before *lost_at*, when its answer was lost, must show."""
        settled_at = lost_at + timedelta(seconds=self._target.settle_seconds)
        late = (settled_at - self._clock.now()).total_seconds()
        if late > 0:
            self._clock.sleep(min(late, self._target.settle_seconds))

    def _settle_extras(self, intent: Intent, extras: Iterable[Found]) -> None:
        # Times of pages are cut to the minute, so the intent's own minute counts as "after".
        since = intent.began_at.replace(second=0, microsecond=0)
        for extra in extras:
            if extra.is_untouched and extra.created_at >= since and intent.kind == "row":
                self._books.check()
                self._target.archive(extra.remote_id)
                self._books.tally.archived += 1
            else:
                self._books.tally.findings.append(
                    Finding(
                        "duplicate_key",
                        intent.key,
                        f"{extra.remote_id} carries the key {intent.key} a second time",
                        "Delete the copy in Notion; it is never touched by the sync.",
                    )
                )


def _digest_of(item: Item | None) -> str:
    """Return what is sure to stand there: a picture that was found may show an earlier map."""
    return "" if item is None or item.kind == "picture" else item.digest


def _made(intent: Intent, found: Found) -> Entry | None:
    """Return what the journal keeps of a row that was found: it was made by what was begun."""
    # Times of pages are cut to the minute, so the intent's own minute counts as "after".
    since = intent.began_at.replace(second=0, microsecond=0)
    is_new = intent.kind == "row" and not intent.key.startswith("_/") and found.created_at >= since
    return Entry("create", intent.key, found.remote_id, intent.collection) if is_new else None


def _journey_of(key: str) -> str:
    first = key.partition("/")[0]
    return "" if first == "_" else first
