"""What people put into their cells outlives a run, and speaks for the right subject."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from cjm_sync.engine import by_subject
from cjm_sync.journey.types import JourneyPeople, OpportunityPeople
from cjm_sync.remembered import people_json, people_of
from cjm_sync.store import Store
from support.planning import NOON, binding, observed, page

PEOPLE = JourneyPeople(
    target_days={"purchase": 14.0},
    stage_emotion={"awareness": -1.5},
    touchpoint_emotion={("awareness", "visit"): 0.0},
    opportunities={("PP1", "purchase", ""): OpportunityPeople(2.0, has_owner=True)},
    reviewed_on=date(2026, 11, 16),
)
A, B = page("j/a"), page("j/b")


def test_what_people_put_in_comes_back_as_it_was() -> None:
    assert people_of(people_json(PEOPLE)) == PEOPLE
    assert people_of(people_json(JourneyPeople())) == JourneyPeople()


def test_only_what_the_last_run_saw_is_remembered(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.save_people({"j": PEOPLE, "k": JourneyPeople()})

        store.save_people({"j": PEOPLE})

        assert store.people() == {"j": PEOPLE}


def test_a_row_speaks_for_its_key_whatever_a_person_made_of_it() -> None:
    rows = [observed(A, key="mine")]

    assert [row.key for row in by_subject(rows, {"j/a": binding(A)}, {})] == ["j/a"]


def test_a_copy_that_a_person_made_speaks_for_nobody() -> None:
    copy = observed(A, at="copy", created_at=NOON - timedelta(days=9))

    heard = by_subject([copy, observed(A)], {"j/a": binding(A)}, {})

    assert [row.remote_id for row in heard] == ["id-j/a"]


def test_of_rows_that_are_not_remembered_the_oldest_speaks() -> None:
    older = observed(A, at="older", created_at=NOON - timedelta(days=9))

    assert [row.remote_id for row in by_subject([observed(A), older], {}, {})] == ["older"]


def test_a_row_under_a_former_key_speaks_for_the_new_one_unless_that_has_its_own() -> None:
    moved = {"j/a": "j/b"}
    memory = {"j/a": binding(A), "j/b": binding(B)}

    alone = by_subject([observed(A)], memory, moved)
    both = by_subject([observed(A), observed(B)], memory, moved)

    assert [(row.key, row.remote_id) for row in alone] == [("j/b", "id-j/a")]
    assert [(row.key, row.remote_id) for row in both] == [("j/b", "id-j/b")]
