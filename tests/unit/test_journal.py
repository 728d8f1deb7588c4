"""A journal that goes on for long holds one update of a row, and loses nothing that it undoes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cjm_sync.journal import Entry, folded
from cjm_sync.store import Store

OPEN = {"choice": "open"}
OPEN_SENT = {"choice": "open", "choice_name": "Open"}


def update(
    number: int, before: Mapping[str, Any], after: Mapping[str, Any], key: str = "a"
) -> Entry:
    return Entry("update", key, f"id of {key}", "rows", before, after, number)


def test_an_update_of_what_was_sent_before_is_told_from_what_stood_there_first() -> None:
    entries = [
        update(1, {"n": 1, "s": None}, {"n": 2, "s": OPEN_SENT}),
        update(2, {"n": 5}, {"n": 6}, key="b"),
        update(3, {"n": 2, "s": OPEN, "m": 7}, {"n": 3, "s": None, "m": 8}),
        update(4, {"n": 3}, {"n": 4}),
    ]

    result = folded(entries)

    both = update(4, {"n": 1, "s": None, "m": 7}, {"n": 4, "s": None, "m": 8})
    assert result.changed == (both,)
    assert result.gone == (1, 3)


def test_an_update_that_was_sent_again_because_it_never_arrived_counts_once() -> None:
    result = folded([update(1, {"n": 1}, {"n": 2}), update(2, {"n": 1}, {"n": 3})])

    assert result.changed == (update(2, {"n": 1}, {"n": 3}),)


def test_what_a_person_wrote_in_between_is_kept_to_be_put_back() -> None:
    result = folded([update(1, {"n": 1}, {"n": 2}), update(2, {"n": 99}, {"n": 3})])

    assert (result.changed, result.gone) == ((), ())


def test_updates_around_what_rows_went_through_stay_apart() -> None:
    for act in ("move", "archive"):
        other = Entry(act, "z", "id of z", "rows", number=2)
        result = folded([update(1, {"n": 1}, {"n": 2}), other, update(3, {"n": 2}, {"n": 3})])
        assert result.gone == (), act


def test_a_page_that_was_bound_anew_is_another_row() -> None:
    anew = Entry("update", "a", "another", "rows", {"n": 2}, {"n": 3}, 2)

    assert folded([update(1, {"n": 1}, {"n": 2}), anew]).gone == ()


def test_a_store_does_not_grow_with_runs_that_fail_and_go_on(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.begin_journal()
        store.note(Entry("create", "a", "id of a", "rows"))
        for number in range(50):
            store.note(update(0, {"n": number}, {"n": number + 1}))
            store.fold_journal()

        last, first = store.journal()

    assert first.act == "create"
    assert (last.before, last.after) == ({"n": 0}, {"n": 50})
