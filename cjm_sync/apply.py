"""Carry out a plan so that being stopped anywhere does no harm.

Before each create an intent is recorded; afterwards the binding is written and the intent removed
in one transaction. A create is never resent on silence: `recover` looks for what it made.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from cjm_sync.errors import GoneError, GuardTripped, OutcomeUnknownError, RejectedError
from cjm_sync.journal import Entry
from cjm_sync.model import Binding, Finding, Intent, Item, Page, canonical
from cjm_sync.ports import Clock, Found, Made, Target
from cjm_sync.settling import about_to_send, as_remembered, settle, with_pending
from cjm_sync.steps import (
    Adopt,
    Build,
    Create,
    Edit,
    EditPolicy,
    Entomb,
    Forget,
    Leave,
    Restore,
    Revive,
    Step,
    Update,
)
from cjm_sync.store import Store

logger = logging.getLogger(__name__)

REFUSED_FOR = timedelta(days=7)
"""How long an optional part that the remote refused (a view beyond the plan) is not tried again."""


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

    def items(self) -> ItemsView[str, Binding]:
        """Return the pairs as they are now."""
        return self.copy().items()

    def values(self) -> ValuesView[Binding]:
        """Return the bindings as they are now."""
        return self.copy().values()

    def __iter__(self) -> Iterator[str]:
        return iter(self.copy())


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
        self._store, self._target, self._clock = store, target, clock
        self._policy = policy
        self._progress = progress
        self.memory: dict[str, Binding] = Memory(store.bindings())
        self.tally = Tally()
        self._alone = threading.RLock()
        self.keeps_journal = True
        """Off while what is written is the log of runs: that is never taken back."""

    def hand(self) -> Applier:
        """Return one that works beside this one: with the same memory, and a tally of its own."""
        hand = copy.copy(self)
        hand.tally = Tally()
        return hand

    def take_over_from(self, hand: Applier) -> None:
        """Add up what *hand* did."""
        with self._alone:
            self.tally.add(hand.tally)

    def recover(self, items: Mapping[str, Item]) -> None:
        """Settle every create whose end was never recorded."""
        # How long a create of an earlier run waited for its turn is not known; that it is no
        # longer under way is sure from now on only.
        lost_at = self._clock.now()
        for intent in self._store.intents():
            self._settle_intent(intent, items.get(intent.key), lost_at)

    def _settle_intent(self, intent: Intent, item: Item | None, lost_at: datetime) -> bool:
        """Bind what the create made, or drop the intent; return whether something was found."""
        found = self._target.find(intent, item, self.memory)
        if not found:
            self._wait_until_visible(lost_at)
            found = self._target.find(intent, item, self.memory)
        match found:
            case []:
                self._store.drop_intent(intent.key)
                return False
            case [keeper, *extras]:
                self._bind(
                    Binding(
                        intent.key,
                        intent.kind,
                        keeper.remote_id,
                        detail={"collection": intent.collection} if intent.collection else {},
                        journey=_journey_of(intent.key) if intent.kind == "row" else "",
                        digest=item.digest if item is not None else "",
                    )
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
                self._target.archive(extra.remote_id)
                self.tally.archived += 1
            else:
                self.tally.findings.append(
                    Finding(
                        "duplicate_key",
                        intent.key,
                        f"{extra.remote_id} carries the key {intent.key} a second time",
                        "Delete the copy in Notion; it is never touched by the sync.",
                    )
                )

    def adopt_frame(self, items: Iterable[Item]) -> None:
        """Bind the parts of a frame that are there already, for a hub that was taken over."""
        for item in items:
            if item.key in self.memory:
                continue
            now = self._clock.now()
            found = self._target.find(Intent(item.key, item.kind, now), item, self.memory)
            if found:
                self._bind(Binding(item.key, item.kind, found[0].remote_id))
                self._complete(item)

    def apply(self, steps: Iterable[Step]) -> None:
        """Do the steps in order, recording each as it ends.

        A rejected row is a finding and the run goes on; a rejected part of the frame that is not
        optional stops the run, because rows need it.
        """
        for step in steps:
            self._do(step)
            self._progress()

    def _do(self, step: Step) -> None:
        match step:
            case Build(item):
                self._build(item)
            case Edit(item):
                self._edit(item)
            case Create(page):
                self._guarded(page.key, lambda: self._create(page))
            case Adopt(page, remote_id, by_person):
                self._guarded(page.key, lambda: self._adopt(page, remote_id, by_person=by_person))
            case Update(page, _, fields, reread):
                self._guarded(page.key, lambda: self._update(page, fields, reread=reread))
            case Restore(page, remote_id):
                self._guarded(page.key, lambda: self._restore(page, remote_id))
            case Leave():
                self._guarded(step.key, lambda: self._leave(step))
            case Entomb(key):
                self._bind(replace(self.memory[key], state="tombstone"))
            case Revive(key):
                self._bind(replace(self.memory[key], state="live"))
            case Forget(key):
                self._store.unbind(key)
                self.memory.pop(key, None)
            case _:
                assert_never(step)

    def _guarded(self, key: str, act: Callable[[], None]) -> None:
        try:
            act()
        except RejectedError as error:
            self._store.drop_intent(key)
            self.tally.rejected += 1
            self.tally.findings.append(
                Finding(
                    "step_rejected", key, f"{key} could not be written: {error}", error.hint or ""
                )
            )
            logger.warning("rejected a step", extra={"action": "step_rejected", "key": key})

    def _bind(self, binding: Binding, entry: Entry | None = None) -> None:
        self._store.bind(binding, entry if self.keeps_journal else None)
        self.memory[binding.key] = binding

    def _learn(self, made: Made) -> None:
        for key, learned in (made.learned or {}).items():
            # Read, changed and written again: two workers learn of one database at once.
            with self._alone:
                binding = self.memory[key]
                detail = _merged(binding.detail, learned)
                if detail != binding.detail:
                    self._bind(replace(binding, detail=detail))

    # the frame

    def _build(self, item: Item) -> None:
        if item.needs and not self._stands(item.needs):
            return  # why it does not stand was said already
        intent = Intent(item.key, item.kind, self._clock.now())
        self._store.begin(intent)
        try:
            made = self._make(lambda: self._target.create_item(item, self.memory), intent, item)
        except GoneError as error:
            self._store.drop_intent(item.key)
            raise _home_gone(item.key, error) from error
        except RejectedError as error:
            if not item.optional:
                self._store.drop_intent(item.key)
                raise
            until = self._clock.now() + REFUSED_FOR
            self._store.refuse(item.key, until=until, message=str(error))
            self.tally.findings.append(refused(item.key, str(error)))
            return
        self.tally.built += 1
        if made is not None:
            self._bind(
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
        binding = self.memory.get(key)
        return binding is not None and binding.state == "live"

    def _make(self, create: Callable[[], Made], intent: Intent, item: Item | None) -> Made | None:
        """Send a create; on a lost answer find what it made. None when it is bound already."""
        try:
            return create()
        except OutcomeUnknownError as error:
            if error.committed_id is not None:
                return Made(error.committed_id)
            if self._settle_intent(intent, item, self._clock.now()):
                return None
            self._store.begin(intent)
            return create()

    def complete(self, items: Iterable[Item]) -> None:
        """Read what the memory of the bound parts of the frame still lacks."""
        for item in items:
            if item.key in self.memory:
                self._complete(item)

    def _complete(self, item: Item) -> None:
        made = self._target.complete_item(item, self.memory)
        if made is None:
            return
        binding = self.memory[item.key]
        self._bind(replace(binding, detail=_merged(binding.detail, made.detail or {})))
        self._learn_new(made)

    def _learn_new(self, made: Made) -> None:
        """Bind what came with another create (the blocks that were made with the hub)."""
        for key, detail in (made.learned or {}).items():
            if key not in self.memory:
                remote_id = str(detail["remote_id"])
                digest = str(detail.get("text", ""))
                self._bind(Binding(key, str(detail["kind"]), remote_id, digest=digest))

    def _edit(self, item: Item) -> None:
        try:
            made = self._target.edit_item(item, self.memory)
        except GoneError:
            self._bind(replace(self.memory[item.key], digest=item.digest))
            self.tally.findings.append(
                Finding(
                    "block_deleted",
                    item.key,
                    f"the block {item.key} was deleted in Notion; it is not made again",
                )
            )
            return
        self.tally.built += 1
        binding = self.memory[item.key]
        detail = _merged(binding.detail, made.detail or {})
        entry = None
        if item.kind == "block":
            kind, _ = item.body
            before, after = {"text": binding.digest}, {"text": item.digest}
            entry = Entry("block", item.key, made.remote_id, kind, before, after)
        self._bind(
            replace(binding, remote_id=made.remote_id, detail=detail, digest=item.digest), entry
        )

    # rows

    def _create(self, page: Page) -> None:
        intent = Intent(page.key, "row", self._clock.now(), page.collection)
        self._store.begin(intent)
        try:
            made = self._make(lambda: self._target.create_page(page, self.memory), intent, None)
        except GoneError as error:
            self._store.drop_intent(page.key)
            raise _home_gone(page.key, error) from error
        if made is None:
            self._adopt(page, self.memory[page.key].remote_id, by_person=False)
            return
        # Options first: a row that is bound is not read again, and they would stay unknown.
        self._learn(made)
        written = made.written
        if written is None:
            written = {name: canonical(cell) for name, cell in page.cells.items()}
        self._bind(
            _row_binding(page, made.remote_id, written),
            Entry("create", page.key, made.remote_id, page.collection),
        )
        self.tally.created += 1

    def _adopt(self, page: Page, remote_id: str, *, by_person: bool) -> None:
        binding = _row_binding(page, remote_id, None)
        self._bind(binding)
        self._write_settled(page, binding, by_person=by_person)

    def _update(self, page: Page, fields: frozenset[str], *, reread: bool) -> None:
        binding = self.memory[page.key]
        if reread or binding.written is None:
            repair = fields & {"sync_key"}
            self._write_settled(page, binding, by_person=reread, repair=repair)
        else:
            self._write(page, binding, fields)

    def _write_settled(
        self,
        page: Page,
        binding: Binding,
        *,
        by_person: bool,
        repair: frozenset[str] = frozenset(),
    ) -> None:
        looked_at = self._clock.now().isoformat()
        state = self._target.read_page(page.collection, binding.remote_id, self.memory)
        was = binding.written or {}
        cells = {
            name: as_remembered(now, was.get(name), self.memory)
            for name, now in state.cells.items()
        }
        settled = settle(
            page,
            binding,
            cells,
            self._policy,
            by_person=by_person or state.by_person,
            repair=repair,
        )
        self.tally.findings.extend(settled.findings)
        self.tally.kept += len(settled.kept.keys() - binding.kept.keys())
        # What is kept and what is not is recorded with the first write: after it we are the last
        # editor, and nothing would tell any more that a person had been there.
        known = {name: cells.get(name) for name in page.cells if name not in settled.kept}
        binding = replace(
            binding,
            written={**was, **known},
            kept=settled.kept,
            detail={**binding.detail, "looked_at": looked_at},
        )
        self._write(page, with_pending(binding, {}), settled.fields)

    def _write(self, page: Page, binding: Binding, fields: frozenset[str]) -> None:
        """Set the *fields* of a row and record it, with what *binding* says anew."""
        made = Made(binding.remote_id, {})
        if fields:
            sending = {name: about_to_send(page.cells[name], self.memory) for name in fields}
            before = {name: (binding.written or {}).get(name) for name in fields}
            self._bind(
                with_pending(binding, sending),
                Entry("update", page.key, binding.remote_id, page.collection, before, sending),
            )
            made = self._target.update_page(page, fields, binding.remote_id, self.memory)
            self.tally.updated += 1
        self._learn(made)
        sent = {name: canonical(page.cells[name]) for name in fields}
        written = {**(binding.written or {}), **sent, **(made.written or {})}
        done = replace(with_pending(binding, {}), written=written, state="live")
        done, again = self._heed(page, done, made.others or {})
        if again:
            self._write(page, done, again)
        else:
            self._bind(done)

    def _heed(
        self, page: Page, binding: Binding, others: Mapping[str, Any]
    ) -> tuple[Binding, frozenset[str]]:
        """Settle what a person changed in *others* shortly before we wrote to the same row.

        Return what to remember and which cells to set back.
        """
        written = binding.written or {}
        edited = {
            name
            for name, now in others.items()
            if name in page.cells and name in written and now != written[name]
            and binding.kept.get(name) != now
        }  # fmt: skip
        if not edited:
            return binding, frozenset()
        current = {**written, **binding.kept, **others}
        settled = settle(page, binding, current, self._policy, by_person=True)
        self.tally.findings.extend(settled.findings)
        self.tally.kept += len(settled.kept.keys() - binding.kept.keys())
        return replace(binding, kept=settled.kept), settled.fields & edited

    def _restore(self, page: Page, remote_id: str) -> None:
        self._bind(
            replace(self.memory[page.key], state="moving"),
            Entry("restore", page.key, remote_id, page.collection),
        )
        self._target.restore(remote_id)
        self._write_settled(page, self.memory[page.key], by_person=True)

    def _leave(self, step: Leave) -> None:
        binding = self.memory[step.key]

        def has_words_now() -> bool:
            # A synced cell that a person changed is their word, too.
            return bool(binding.kept) or self._target.has_words(
                step.collection, step.remote_id, self.memory
            )

        # A run that ended on the way may have put it into the trash already.
        has_words = binding.state != "moving" and has_words_now()
        if not has_words:
            self._bind(
                replace(binding, state="moving"),
                Entry("archive", step.key, step.remote_id, step.collection),
            )
            self._target.archive(step.remote_id)
            # Words that came in the meantime would lie in the trash for 30 days, then be gone.
            has_words = has_words_now()
            if has_words:
                self._target.restore(step.remote_id)
        if has_words:
            made = self._target.retire_page(binding, self.memory)
            written = {**(binding.written or {}), **(made.written or {})}
            before = {name: (binding.written or {}).get(name) for name in made.written or {}}
            self._bind(
                replace(binding, state="retired", written=written),
                Entry(
                    "update", step.key, step.remote_id, step.collection, before, made.written or {}
                ),
            )
            self.tally.updated += 1
        else:
            self._bind(replace(binding, state="archived"))
            self.tally.archived += 1


def refused(key: str, message: str) -> Finding:
    """Return the finding for an optional part that the remote does not allow."""
    return Finding(
        "view_refused",
        key,
        f"Notion refused {key}: {message}",
        "It is tried again after 7 days; the numbers are in the table all the same.",
    )


def _home_gone(key: str, error: GoneError) -> GuardTripped:
    return GuardTripped(
        f"{key} cannot be made because its place in Notion is gone: {error}",
        hint="Restore the hub and its databases from Notion's trash, share them again, and run again.",
    )


def _row_binding(page: Page, remote_id: str, written: Mapping[str, Any] | None) -> Binding:
    return Binding(
        page.key,
        "row",
        remote_id,
        written=written,
        detail={"collection": page.collection},
        journey=page.journey,
    )


def _journey_of(key: str) -> str:
    first = key.partition("/")[0]
    return "" if first == "_" else first


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge *new* into *old*, one level of nested mappings deep and recursively."""
    merged = dict(old)
    for key, value in new.items():
        known = merged.get(key)
        merged[key] = (
            _merged(known, value)
            if isinstance(known, dict) and isinstance(value, Mapping)
            else value
        )
    return merged
