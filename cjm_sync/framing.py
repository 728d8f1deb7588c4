"""Build and keep the frame of the workspace: hub, databases, views, the few lines that are ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from cjm_sync.books import Books, merged
from cjm_sync.errors import GoneError, KeptError, RejectedError
from cjm_sync.journal import Entry
from cjm_sync.making import Maker
from cjm_sync.model import Binding, Finding, Intent, Item
from cjm_sync.ports import Clock, Made, Target
from cjm_sync.store import Store

REFUSED_FOR = timedelta(days=7)
"""How long an optional part that the remote refused (a view beyond the plan) is not tried again."""


class FrameWorker:
    """Writes the parts of the frame, one after another."""

    def __init__(
        self, books: Books, store: Store, target: Target, clock: Clock, maker: Maker
    ) -> None:
        self._books, self._store, self._target = books, store, target
        self._clock, self._maker = clock, maker

    def adopt(self, items: Iterable[Item]) -> None:
        """Bind the parts that are there already, for a hub that was taken over."""
        for item in items:
            if item.key in self._books.memory:
                continue
            now = self._clock.now()
            found = self._target.find(Intent(item.key, item.kind, now), item, self._books.memory)
            if found:
                self._books.bind(Binding(item.key, item.kind, found[0].remote_id))
                self._complete(item)

    def complete(self, items: Iterable[Item]) -> None:
        """Read what the memory of the bound parts still lacks."""
        for item in items:
            if item.key in self._books.memory:
                self._complete(item)

    def build(self, item: Item) -> None:
        """Make a part; one that is not optional stops the run when it is rejected."""
        books = self._books
        if item.needs and not self._stands(item.needs):
            return  # why it does not stand was said already
        intent = Intent(item.key, item.kind, self._clock.now())
        books.begin(intent)
        try:
            made = self._maker.make(
                lambda: self._target.create_item(item, books.memory), intent, item
            )
        except RejectedError as error:
            if not item.optional:
                books.drop_intent(item.key)
                raise
            until = self._clock.now() + REFUSED_FOR
            self._store.refuse(item.key, until=until, message=str(error))
            books.tally.findings.append(refused(item.key, str(error)))
            return
        books.tally.built += 1
        if made is not None:
            books.bind(
                Binding(
                    item.key,
                    item.kind,
                    made.remote_id,
                    detail=made.detail or {},
                    digest=item.digest,
                )
            )
        self._complete(item)

    def _stands(self, key: str) -> bool:
        binding = self._books.memory.get(key)
        return binding is not None and binding.state == "live"

    def edit(self, item: Item) -> None:
        """Bring a part up to its digest."""
        books = self._books
        books.check()
        try:
            made = self._target.edit_item(item, books.memory)
        except GoneError:
            books.bind(replace(books.memory[item.key], digest=item.digest))
            books.tally.findings.append(
                Finding(
                    "block_deleted",
                    item.key,
                    f"the block {item.key} was deleted in Notion; it is not made again",
                )
            )
            return
        except KeptError:
            # Known as if it were written: it is looked at again when the text moves on.
            books.bind(replace(books.memory[item.key], digest=item.digest))
            books.tally.findings.append(
                Finding(
                    "line_kept",
                    item.key,
                    f"a person rewrote the line {item.key} of the hub; their words are kept",
                    "Empty the line in Notion to have it filled again.",
                )
            )
            return
        books.tally.built += 1
        binding = books.memory[item.key]
        detail = merged(binding.detail, made.detail or {})
        entry = None
        if item.kind == "block":
            kind, _ = item.body
            before, after = {"text": binding.digest}, {"text": item.digest}
            entry = Entry("block", item.key, made.remote_id, kind, before, after)
        books.bind(
            replace(binding, remote_id=made.remote_id, detail=detail, digest=item.digest), entry
        )

    def _complete(self, item: Item) -> None:
        books = self._books
        made = self._target.complete_item(item, books.memory)
        if made is None:
            return
        binding = books.memory[item.key]
        books.bind(replace(binding, detail=merged(binding.detail, made.detail or {})))
        self._learn_new(made)

    def _learn_new(self, made: Made) -> None:
        """Bind what came with another create (the blocks that were made with the hub)."""
        for key, detail in (made.learned or {}).items():
            if key not in self._books.memory:
                remote_id = str(detail["remote_id"])
                digest = str(detail.get("text", ""))
                self._books.bind(Binding(key, str(detail["kind"]), remote_id, digest=digest))


def refused(key: str, message: str) -> Finding:
    """Return the finding for an optional part that the remote does not allow."""
    return Finding(
        "view_refused",
        key,
        f"Notion refused {key}: {message}",
        "It is tried again after 7 days; the numbers are in the table all the same.",
    )
