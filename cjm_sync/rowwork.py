"""Write rows so that no word of a person's is lost: look before writing, remember before sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cjm_sync.books import Books
from cjm_sync.errors import GoneError
from cjm_sync.journal import Entry
from cjm_sync.making import Maker
from cjm_sync.model import Binding, Choice, Finding, Intent, Page, canonical
from cjm_sync.ports import Clock, Made, PageState, Target
from cjm_sync.settling import (
    about_to_send,
    as_remembered,
    is_sent,
    pending,
    settle,
    with_pending,
)
from cjm_sync.steps import KEY, RETIRED, STATE, EditPolicy, Leave, Update

_NOTHING: frozenset[str] = frozenset()


class RowWorker:
    """Writes rows; what it does to one row touches no other."""

    def __init__(
        self, books: Books, target: Target, clock: Clock, maker: Maker, *, policy: EditPolicy
    ) -> None:
        self._books, self._target, self._clock = books, target, clock
        self._maker, self._policy = maker, policy

    def create(self, page: Page) -> None:
        """Make a row."""
        books = self._books
        intent = Intent(page.key, "row", self._clock.now(), page.collection)
        books.begin(intent)
        made = self._maker.make(lambda: self._target.create_page(page, books.memory), intent, None)
        if made is None:
            self.adopt(page, books.memory[page.key].remote_id, by_person=False)
            return
        # Options first: a row that is bound is not read again, and they would stay unknown.
        books.learn(made)
        written = made.written
        if written is None:
            written = {name: canonical(cell) for name, cell in page.cells.items()}
        books.bind(
            seen_at(_row_binding(page, made.remote_id, written), made.edited_at),
            _noted(page, Entry("create", page.key, made.remote_id, page.collection)),
        )
        books.tally.created += 1

    def adopt(self, page: Page, remote_id: str, *, by_person: bool) -> None:
        """Take a row into care of which nothing is remembered."""
        binding = _row_binding(page, remote_id, None)
        self._books.bind(binding)
        if not self._write_settled(page, binding, by_person=by_person):
            self._books.tally.unchanged += 1

    def update(self, step: Update) -> None:
        """Set the cells of a row, after a look at it where a person's hand may be in it."""
        page, binding = step.page, self._books.memory[step.page.key]
        if step.reread or binding.written is None:
            wrote = self._write_settled(
                page,
                binding,
                by_person=step.reread and not step.unseen,
                repair=step.fields & {KEY},
                reset=step.reset,
                unseen=step.unseen,
            )
            # A step without fields was counted by the plan.
            if step.fields and not wrote:
                self._books.tally.unchanged += 1
        else:
            self._write(page, binding, step.fields)

    def restore(self, page: Page, remote_id: str) -> None:
        """Take a row out of the trash, then bring it up to date."""
        self._books.bind(
            replace(self._books.memory[page.key], state="moving"),
            _noted(page, Entry("restore", page.key, remote_id, page.collection)),
        )
        self._target.restore(remote_id)
        self._write_settled(page, self._books.memory[page.key], by_person=True)

    def _write_settled(
        self,
        page: Page,
        binding: Binding,
        *,
        by_person: bool,
        repair: frozenset[str] = _NOTHING,
        reset: frozenset[str] = _NOTHING,
        unseen: bool = False,
    ) -> bool:
        """Set the cells that a look at the row leaves to us; tell whether there were any."""
        books = self._books
        looked_at = self._clock.now().isoformat()
        state = self._target.read_page(page.collection, binding.remote_id, books.memory)
        was = binding.written or {}
        cells = {
            name: as_remembered(now, was.get(name), books.memory)
            for name, now in state.cells.items()
        }
        settled = settle(
            page,
            binding,
            cells,
            self._policy,
            by_person=by_person or state.by_person,
            repair=repair,
            reset=reset,
            # A person may have come in the meantime.
            unseen=unseen and not state.by_person,
        )
        books.tally.findings.extend(settled.findings)
        books.tally.kept += len(settled.kept.keys() - binding.kept.keys())
        # What is kept and what is not is recorded with the first write: after it we are the last
        # editor, and nothing would tell any more that a person had been there.
        known = {name: cells.get(name) for name in page.cells if name not in settled.kept}
        binding = replace(
            binding,
            written={**was, **known},
            kept=settled.kept,
            detail={**binding.detail, "looked_at": looked_at},
        )
        binding = seen_at(with_pending(binding, {}), state.edited_at)
        self._write(page, binding, settled.fields)
        return bool(settled.fields)

    def _write(self, page: Page, binding: Binding, fields: frozenset[str]) -> None:
        """Set the *fields* of a row and record it, with what *binding* says anew."""
        books = self._books
        made = Made(binding.remote_id, {})
        if fields:
            sending = {name: about_to_send(page.cells[name], books.memory) for name in fields}
            before = {name: (binding.written or {}).get(name) for name in fields}
            entry = Entry("update", page.key, binding.remote_id, page.collection, before, sending)
            books.bind(with_pending(binding, sending), _noted(page, entry))
            made = self._target.update_page(page, fields, binding.remote_id, books.memory)
            books.tally.updated += 1
        books.learn(made)
        sent = {name: canonical(page.cells[name]) for name in fields}
        written = {**(binding.written or {}), **sent, **(made.written or {})}
        done = replace(with_pending(binding, {}), written=written, state="live")
        done, again = self._heed(page, seen_at(done, made.edited_at), made.others or {})
        if again:
            self._write(page, done, again)
        else:
            books.bind(done)

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
        self._books.tally.findings.extend(settled.findings)
        self._books.tally.kept += len(settled.kept.keys() - binding.kept.keys())
        return replace(binding, kept=settled.kept), settled.fields & edited

    # rows whose subject is gone

    def leave(self, step: Leave) -> None:
        """Retire a row in which a person put words, else archive it."""
        books = self._books
        binding = books.memory[step.key]
        # A run that ended on the way may have put it into the trash already.
        has_words = binding.state != "moving" and (
            self._has_words(step, binding) or self._has_edits(step, binding)
        )
        if not has_words:
            books.bind(
                replace(binding, state="moving"),
                Entry("archive", step.key, step.remote_id, step.collection),
            )
            self._target.archive(step.remote_id)
            # Words that came in the meantime would lie in the trash for 30 days, then be gone.
            has_words = self._has_words(step, binding)
            if has_words:
                books.check()
                self._target.restore(step.remote_id)
        if has_words:
            self._retire(step, binding)
        else:
            books.bind(replace(binding, state="archived"))
            books.tally.archived += 1

    def _has_words(self, step: Leave, binding: Binding) -> bool:
        # A synced cell that a person changed is their word, too.
        return bool(binding.kept) or self._target.has_words(
            step.collection, step.remote_id, self._books.memory
        )

    def _has_edits(self, step: Leave, binding: Binding) -> bool:
        """Tell whether a person changed a synced cell of a row since we wrote to it."""
        try:
            state = self._target.read_page(step.collection, step.remote_id, self._books.memory)
        except GoneError:
            return False  # a person was faster, and put it into the trash
        return state.by_person and bool(self._edited(binding, state))

    def _edited(self, binding: Binding, state: PageState) -> dict[str, Any]:
        """Return the filled cells that stand there otherwise than we wrote or sent them."""
        return other_than_ours(binding, state.cells, self._books.memory)

    def _retire(self, step: Leave, binding: Binding) -> None:
        books = self._books
        # Sent and not recorded it would stay retired if its subject came back before the next run.
        sending = {STATE: about_to_send(Choice(RETIRED, RETIRED), ())}
        before = {STATE: (binding.written or {}).get(STATE)}
        books.bind(
            with_pending(binding, {**pending(binding), **sending}),
            Entry("update", step.key, step.remote_id, step.collection, before, sending),
        )
        made = self._target.retire_page(binding, books.memory)
        books.learn(made)
        written = {**(binding.written or {}), **(made.written or {})}
        # From now on we are the last editor, so what a person changed before is remembered here.
        theirs = other_than_ours(replace(binding, written=written), made.others or {}, books.memory)
        kept = {**binding.kept, **{n: v for n, v in theirs.items() if n != STATE}}
        done = replace(with_pending(binding, {}), state="retired", written=written, kept=kept)
        books.bind(seen_at(done, made.edited_at))
        books.tally.updated += 1
        if step.heir:
            books.tally.findings.append(
                Finding(
                    "merged_row_kept",
                    step.key,
                    f"{step.key} was merged into {step.heir}, which has a row of its own; people "
                    "wrote in the former one, so it is kept as retired",
                    "Move what matters to the other row in Notion, then delete this one.",
                )
            )


def other_than_ours(
    binding: Binding, cells: Mapping[str, Any], bound: Mapping[str, Binding]
) -> dict[str, Any]:
    """Return the filled *cells* that stand there otherwise than we wrote, sent or kept them."""
    written, unsure = binding.written or {}, pending(binding)
    return {
        name: now
        for name, now in cells.items()
        if now is not None
        and name in written
        and as_remembered(now, written[name], bound) != written[name]
        and not (name in unsure and is_sent(now, unsure[name]))
        and now != binding.kept.get(name)
    }


def seen_at(binding: Binding, edited_at: datetime | None) -> Binding:
    """Return *binding* knowing the row as of its last edit, cut to the minute as Notion does."""
    if edited_at is None:
        return binding
    minute = edited_at.replace(second=0, microsecond=0).isoformat()
    return replace(binding, detail={**binding.detail, "seen_at": minute})


def _noted(page: Page, entry: Entry) -> Entry | None:
    """Return what the journal keeps of a write: nothing of a row that must be forgettable."""
    return None if page.private else entry


def _row_binding(page: Page, remote_id: str, written: Mapping[str, Any] | None) -> Binding:
    return Binding(
        page.key,
        "row",
        remote_id,
        written=written,
        detail={"collection": page.collection},
        journey=page.journey,
    )
