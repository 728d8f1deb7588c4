"""The plan table, row by row, and the clauses around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cjm_sync.doubting import remarked
from cjm_sync.errors import GuardTripped
from cjm_sync.guard import guard, held_findings, removal_limit
from cjm_sync.model import Binding, Choice, Item, Link, Observed, Page
from cjm_sync.settling import Settled, about_to_send, as_remembered, settle, with_pending
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
    Plan,
    Rebind,
    Remark,
    Restore,
    Revive,
    Step,
    Update,
)
from support.planning import NOON, RULES, binding, missing, observed, page, planned

OLD = page(entered=3, label="Won")
NEW = page(entered=4, label="Won")


def codes(plan: Plan) -> list[str]:
    return [finding.code for finding in plan.findings]


def leave(of: Page) -> Leave:
    return Leave(of.key, f"id-{of.key}", of.collection, of.journey)


# the table


def test_a_row_that_is_neither_bound_nor_there_is_created() -> None:
    assert planned(NEW).steps == (Create(NEW),)


def test_a_row_that_is_there_but_not_remembered_is_adopted() -> None:
    plan = planned(NEW, rows=(observed(NEW, at="found", by_person=True),))

    assert plan.steps == (Adopt(NEW, "found", by_person=True),)


def test_an_adopted_row_is_updated_in_full_because_nothing_is_remembered_of_it() -> None:
    adopted = binding(NEW, written=None)

    plan = planned(NEW, bound=(adopted,), rows=(observed(NEW),))

    assert plan.steps == (
        Update(NEW, adopted.remote_id, frozenset({"sync_key", "entered", "label"})),
    )


def test_an_untouched_row_that_is_as_wished_needs_nothing() -> None:
    plan = planned(OLD, bound=(binding(OLD),), rows=(observed(OLD),))

    assert (plan.steps, plan.unchanged, plan.findings) == ((), 1, ())


def test_only_the_cells_that_changed_are_updated() -> None:
    plan = planned(NEW, bound=(binding(OLD),), rows=(observed(OLD),))

    assert plan.steps == (Update(NEW, "id-j/a", frozenset({"entered"})),)


def test_a_row_that_a_person_touched_is_read_again_before_it_is_written() -> None:
    plan = planned(NEW, bound=(binding(OLD),), rows=(observed(OLD, by_person=True),))

    assert plan.steps == (Update(NEW, "id-j/a", frozenset({"entered"}), reread=True),)


def test_a_row_that_a_person_touched_and_that_is_as_wished_is_left_alone() -> None:
    plan = planned(OLD, bound=(binding(OLD),), rows=(observed(OLD, by_person=True),))

    assert (plan.steps, plan.unchanged) == ((), 1)


@pytest.mark.parametrize("state", ["trashed", "gone"])
def test_a_row_that_a_person_deleted_is_entombed_and_reported(state: str) -> None:
    plan = planned(NEW, bound=(binding(OLD),), gone=missing(OLD, state))

    assert plan.steps == (Entomb("j/a"),)
    assert codes(plan) == ["deleted_by_person"]
    assert plan.findings[0].hint
    assert plan.writes == ()


def test_an_entombed_row_is_neither_made_again_nor_reported_again() -> None:
    plan = planned(NEW, bound=(binding(OLD, state="tombstone"),))

    assert (plan.steps, plan.findings) == ((), ())


def test_a_row_that_a_person_brought_back_is_cared_for_again() -> None:
    plan = planned(NEW, bound=(binding(OLD, state="tombstone"),), rows=(observed(OLD),))

    assert plan.steps == (
        Revive("j/a"),
        Update(NEW, "id-j/a", frozenset({"entered"}), reread=True),
    )


def test_a_row_that_a_person_brought_back_without_its_key_gets_it_again() -> None:
    plan = planned(OLD, bound=(binding(OLD, state="tombstone"),), rows=(observed(OLD, key=""),))

    assert plan.steps == (
        Revive("j/a"),
        Update(OLD, "id-j/a", frozenset({"sync_key"}), reread=True),
    )


def test_with_reset_a_row_that_a_person_brought_back_is_looked_at_at_once() -> None:
    rules = replace(RULES, on_person_edit="reset")
    back = observed(OLD, by_person=True)

    plan = planned(OLD, bound=(binding(OLD, state="tombstone"),), rows=(back,), rules=rules)

    assert plan.steps == (Revive("j/a"), Update(OLD, "id-j/a", frozenset(), reread=True))


def test_a_row_that_a_person_archived_is_entombed() -> None:
    plan = planned(NEW, bound=(binding(OLD),), parked=(observed(OLD),))

    assert (plan.steps, codes(plan)) == ((Entomb("j/a"),), ["deleted_by_person"])


def test_a_row_that_we_trashed_is_restored_when_it_is_wished_again() -> None:
    plan = planned(NEW, bound=(binding(OLD, state="archived"),), gone=missing(OLD, "trashed"))

    assert plan.steps == (Restore(NEW, "id-j/a"),)


def test_a_row_that_we_trashed_and_that_is_gone_for_good_is_made_anew() -> None:
    plan = planned(NEW, bound=(binding(OLD, state="archived"),), gone=missing(OLD, "gone"))

    assert plan.steps == (Forget("j/a"), Create(NEW))


def test_a_live_row_whose_subject_is_gone_leaves() -> None:
    plan = planned(bound=(binding(OLD),), rows=(observed(OLD),))

    assert (plan.steps, plan.held) == ((leave(OLD),), ())


@pytest.mark.parametrize(
    ("state", "found"),
    [("live", "trashed"), ("live", "gone"), ("retired", "trashed"), ("archived", "gone")],
)
def test_a_row_that_is_neither_wished_nor_there_is_forgotten(state: str, found: str) -> None:
    plan = planned(bound=(binding(OLD, state=state),), gone=missing(OLD, found))

    assert plan.steps == (Forget("j/a"),)


def test_a_row_that_we_trashed_is_remembered_so_that_it_can_be_restored() -> None:
    plan = planned(bound=(binding(OLD, state="archived"),), gone=missing(OLD, "trashed"))

    assert plan.steps == ()


def test_a_retired_row_does_not_leave_twice() -> None:
    assert planned(bound=(binding(OLD, state="retired"),), rows=(observed(OLD),)).steps == ()


def test_a_retired_row_that_is_wished_again_is_updated() -> None:
    retired = binding(page(state=Choice("retired", "retired")), state="retired")
    wish = page(state=Choice("active", "active"))

    plan = planned(wish, bound=(retired,), rows=(observed(wish),))

    assert plan.steps == (Update(wish, "id-j/a", frozenset({"state"})),)


def test_a_retired_row_that_is_wished_as_it_stands_is_cared_for_again() -> None:
    plan = planned(OLD, bound=(binding(OLD, state="retired"),), rows=(observed(OLD),))

    assert plan.steps == (Revive("j/a"),)


def test_a_row_with_our_key_that_is_neither_wished_nor_bound_is_a_stray() -> None:
    plan = planned(rows=(observed(OLD, at="theirs"),))

    assert (plan.steps, codes(plan)) == ((), ["stray"])


def test_a_copy_of_a_bound_row_is_a_duplicate_and_never_touched() -> None:
    plan = planned(OLD, bound=(binding(OLD),), rows=(observed(OLD), observed(OLD, at="copy")))

    assert (plan.steps, codes(plan)) == ((), ["duplicate_key"])
    assert "copy" in plan.findings[0].message


def test_of_two_unbound_twins_the_older_is_adopted_and_the_other_reported() -> None:
    rows = (
        observed(OLD, at="younger", created_at=NOON),
        observed(OLD, at="older", created_at=NOON - timedelta(days=9)),
    )

    plan = planned(OLD, rows=rows)

    assert plan.steps == (Adopt(OLD, "older", by_person=False),)
    assert codes(plan) == ["duplicate_key"]
    assert "younger" in plan.findings[0].message


def test_a_key_typed_into_another_database_is_not_adopted() -> None:
    plan = planned(OLD, rows=(observed(OLD, at="odd", collection="touchpoints"),))

    assert (plan.steps, codes(plan)) == ((Create(OLD),), ["duplicate_key"])


def test_rows_without_a_key_are_not_ours() -> None:
    plan = planned(rows=(observed(OLD, at="theirs", key=""),))

    assert (plan.steps, plan.findings) == ((), ())


# on its way into or out of the trash by us


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ("trashed", (Restore(NEW, "id-j/a"),)),
        ("gone", (Forget("j/a"), Create(NEW))),
        ("live", (Update(NEW, "id-j/a", frozenset({"entered"}), reread=True),)),
    ],
)
def test_a_row_that_we_were_moving_is_no_persons_doing(found: str, steps: tuple[Step, ...]) -> None:
    moving = binding(OLD, state="moving")

    plan = planned(NEW, bound=(moving,), gone=missing(OLD, found), parked=(observed(OLD),))

    assert (plan.steps, plan.findings) == (steps, ())


def test_a_row_that_we_were_moving_and_that_is_as_wished_is_looked_at() -> None:
    plan = planned(OLD, bound=(binding(OLD, state="moving"),), rows=(observed(OLD),))

    assert plan.steps == (Update(OLD, "id-j/a", frozenset(), reread=True),)


def test_a_row_that_we_were_moving_leaves_when_it_is_not_wished() -> None:
    moving = (binding(OLD, state="moving"),)

    assert planned(bound=moving, gone=missing(OLD, "trashed")).steps == (leave(OLD),)
    assert planned(bound=moving, rows=(observed(OLD),)).steps == (leave(OLD),)
    assert planned(bound=moving, gone=missing(OLD, "gone")).steps == (Forget("j/a"),)


# deleted by a person: restore


def test_restore_takes_a_deleted_row_out_of_the_trash() -> None:
    rules = replace(RULES, on_person_delete="restore")

    plan = planned(NEW, bound=(binding(OLD),), gone=missing(OLD, "trashed"), rules=rules)

    assert (plan.steps, plan.findings) == ((Restore(NEW, "id-j/a"),), ())


def test_restore_makes_a_row_anew_when_the_trash_was_emptied() -> None:
    rules = replace(RULES, on_person_delete="restore")

    plan = planned(NEW, bound=(binding(OLD),), gone=missing(OLD, "gone"), rules=rules)

    assert plan.steps == (Forget("j/a"), Create(NEW))


def test_restore_also_takes_what_was_entombed_before() -> None:
    rules = replace(RULES, on_person_delete="restore")

    tomb = binding(OLD, state="tombstone")

    trashed = planned(NEW, bound=(tomb,), gone=missing(OLD, "trashed"), rules=rules)
    gone = planned(NEW, bound=(tomb,), gone=missing(OLD, "gone"), rules=rules)

    assert trashed.steps == (Restore(NEW, "id-j/a"),)
    assert gone.steps == (Forget("j/a"), Create(NEW))


# archived by a person


def test_an_unremembered_row_that_a_person_archived_is_not_made_again() -> None:
    plan = planned(NEW, parked=(observed(NEW, at="archived"),))

    assert (plan.steps, codes(plan)) == ((), ["archived_by_person"])


def test_an_archived_copy_does_not_bury_the_row_that_it_was_copied_from() -> None:
    plan = planned(
        NEW, bound=(binding(OLD),), rows=(observed(OLD),), parked=(observed(OLD, at="copy"),)
    )

    assert plan.steps == (Update(NEW, "id-j/a", frozenset({"entered"})),)


def test_a_live_row_is_adopted_although_a_copy_of_it_was_archived() -> None:
    plan = planned(NEW, rows=(observed(NEW, at="live"),), parked=(observed(NEW, at="copy"),))

    assert plan.steps == (Adopt(NEW, "live", by_person=False),)


# the key


def test_an_altered_key_is_put_back_by_the_page_id() -> None:
    plan = planned(OLD, bound=(binding(OLD),), rows=(observed(OLD, key="mine", by_person=True),))

    assert plan.steps == (Update(OLD, "id-j/a", frozenset({"sync_key"}), reread=True),)
    assert codes(plan) == ["key_repaired"]


def test_an_emptied_key_is_put_back_by_the_page_id() -> None:
    plan = planned(
        OLD, bound=(binding(OLD),), gone=missing(OLD, "live", key_intact=False, by_person=True)
    )

    assert plan.steps == (Update(OLD, "id-j/a", frozenset({"sync_key"}), reread=True),)


def test_two_rows_whose_keys_a_person_swapped_are_both_put_right() -> None:
    a, b = page("j/a"), page("j/b")
    rows = (observed(a, key="j/b", by_person=True), observed(b, key="j/a", by_person=True))

    plan = planned(a, b, bound=(binding(a), binding(b)), rows=rows)

    assert [step.remote_id for step in plan.steps if isinstance(step, Update)] == [
        "id-j/a",
        "id-j/b",
    ]
    assert codes(plan) == ["key_repaired", "key_repaired"]


def test_a_row_that_the_scan_does_not_show_yet_is_not_made_again() -> None:
    plan = planned(NEW, bound=(binding(OLD),), gone=missing(OLD, "live"))

    assert plan.steps == (Update(NEW, "id-j/a", frozenset({"entered"})),)


# columns and links


def test_a_deleted_column_is_skipped_and_reported_once() -> None:
    database = Binding(
        "_/database/stages", "database", "db", detail={"columns": {"entered": "x", "label": "y"}}
    )
    columns = {"stages": frozenset({"sync_key", "label"})}
    other = page("j/b", entered=9)

    plan = planned(
        NEW, other, bound=(binding(OLD), database), rows=(observed(OLD),), columns=columns
    )

    assert plan.steps == (
        Remark("_/database/stages", frozenset({"entered"})),
        Create(page("j/b")),
    )
    assert [(f.code, f.key) for f in plan.findings] == [("column_missing", "stages/entered")]


def test_links_lead_only_to_rows_that_are_there_or_will_be() -> None:
    wish = page(
        "j/t", touches=Link(("j/a", "j/new", "j/tomb", "j/trash", "j/held", "j/leaves", "j/never"))
    )
    tomb, trash = page("j/tomb"), page("j/trash")
    bound = (
        binding(OLD),
        binding(tomb, state="tombstone"),
        binding(trash),
        binding(page("j/held", journey="removed")),
        binding(page("j/leaves")),
    )

    plan = planned(
        OLD, page("j/new"), tomb, trash, wish, bound=bound, gone=missing(trash, "trashed")
    )

    (created,) = (s.page for s in plan.steps if isinstance(s, Create) and s.page.key == "j/t")
    assert created.cells["touches"] == Link(("j/a", "j/new", "j/held"))


def test_a_link_to_a_row_that_is_restored_stays() -> None:
    back = page("j/back")
    wish = page("j/t", touches=Link(("j/back",)))
    bound = (binding(back, state="archived"), binding(wish))

    plan = planned(
        back,
        wish,
        bound=bound,
        rows=(observed(wish),),
        gone=missing(back, "trashed"),
        parked=(observed(back),),
    )

    assert plan.steps == (Restore(back, "id-j/back"),)


# what is held


def test_a_partial_reading_holds_every_removal() -> None:
    plan = planned(
        bound=(binding(OLD),), rows=(observed(OLD),), rules=replace(RULES, hold_removals=True)
    )

    assert (plan.steps, plan.held) == ((), (leave(OLD),))


def test_allowing_removals_does_not_lift_what_a_partial_reading_holds() -> None:
    rules = replace(RULES, hold_removals=True, allow_removals=True)

    assert planned(bound=(binding(OLD),), rules=rules).steps == ()


def test_a_partial_reading_does_not_forget_what_a_person_deleted() -> None:
    held = replace(RULES, hold_removals=True)

    plan = planned(bound=(binding(OLD),), gone=missing(OLD, "trashed"), rules=held)

    assert plan.steps == ()


def test_the_rows_of_a_removed_journey_are_held_until_removals_are_allowed() -> None:
    old = page("old/a", journey="old")

    held = planned(bound=(binding(old),))
    allowed = planned(bound=(binding(old),), rules=replace(RULES, allow_removals=True))

    assert (held.steps, held.held) == ((), (leave(old),))
    assert (allowed.steps, allowed.held) == ((leave(old),), ())


def test_rows_that_belong_to_no_journey_do_not_leave() -> None:
    run = page("_/run/07", "runs", journey="")

    assert planned(bound=(binding(run),), rows=(observed(run),)).steps == ()


# the frame

HUB = Item("_/hub", "hub", None)
CHART = Item("_/view/stages/curve", "view", None, optional=True)


def test_the_frame_comes_before_the_rows_and_what_is_optional_after_them() -> None:
    plan = planned(NEW, items=(HUB, CHART))

    assert plan.steps == (Build(HUB), Create(NEW), Build(CHART))


def test_a_refused_optional_part_is_not_tried() -> None:
    plan = planned(items=(HUB, CHART), rules=replace(RULES, refused=frozenset({CHART.key})))

    assert plan.steps == (Build(HUB),)


def test_a_bound_part_is_edited_only_when_its_content_moved_on() -> None:
    line = Item("_/block/status", "block", None, digest="new")
    bound = Binding(line.key, "block", "b", digest="old")

    moved = planned(items=(line,), bound=(bound,))
    same = planned(items=(line,), bound=(replace(bound, digest="new"),))

    assert (moved.steps, same.steps) == ((Edit(line),), ())


def test_a_block_that_the_hub_brings_along_is_never_built_alone() -> None:
    assert planned(items=(Item("_/block/status", "block", None, digest="x"),)).steps == ()


# cell by cell: settle


def settled(
    current: dict[str, Any],
    *,
    wish: Page = NEW,
    was: Binding | None = None,
    policy: EditPolicy = "keep",
    by_person: bool = True,
) -> Settled:
    now = {"sync_key": "j/a", "entered": 3, "label": "Won", **current}
    return settle(wish, was or binding(OLD), now, policy, by_person=by_person)


def test_a_cell_that_nobody_changed_is_set() -> None:
    assert settled({}) == Settled(frozenset({"entered"}), {})


def test_a_cell_that_a_person_changed_is_kept_and_reported_once() -> None:
    first = settled({"entered": 77})
    again = settled({"entered": 77}, was=binding(OLD, kept={"entered": 77}))
    changed = settled({"entered": 78}, was=binding(OLD, kept={"entered": 77}))

    assert (first.fields, first.kept) == (frozenset(), {"entered": 77})
    assert [(f.code, f.key) for f in first.findings] == [("cell_kept", "j/a#entered")]
    assert (again.kept, again.findings) == ({"entered": 77}, ())
    assert [f.code for f in changed.findings] == ["cell_kept"]


def test_a_kept_cell_that_was_emptied_is_filled_again() -> None:
    result = settled({"entered": None}, was=binding(OLD, kept={"entered": 77}))

    assert result == Settled(frozenset({"entered"}), {})


def test_a_kept_cell_that_equals_the_wish_is_no_longer_kept() -> None:
    result = settled({"entered": 4}, was=binding(OLD, kept={"entered": 77}))

    assert result == Settled(frozenset(), {})


def test_reset_puts_a_changed_cell_back() -> None:
    assert settled({"entered": 77}, policy="reset") == Settled(frozenset({"entered"}), {})


def test_ask_keeps_a_changed_cell_and_asks() -> None:
    result = settled({"entered": 77}, policy="ask")

    assert result.kept == {"entered": 77}
    assert [f.code for f in result.findings] == ["cell_asked"]


def test_on_an_adopted_row_last_edited_by_a_person_what_differs_is_theirs() -> None:
    adopted = binding(OLD, written=None)

    theirs = settled({"entered": 77, "label": None}, was=adopted)
    ours = settled({"entered": 77, "label": None}, was=adopted, by_person=False)

    assert (theirs.fields, theirs.kept) == (frozenset({"label"}), {"entered": 77})
    assert (ours.fields, ours.kept) == (frozenset({"entered", "label"}), {})


def test_the_key_is_set_back_whatever_a_person_made_of_it() -> None:
    result = settle(
        OLD,
        binding(OLD),
        {"sync_key": "mine", "entered": 3, "label": "Won"},
        "keep",
        by_person=True,
    )

    assert result == Settled(frozenset({"sync_key"}), {})


# sent, and never answered


def test_a_row_whose_write_was_never_answered_is_read_before_it_is_written_again() -> None:
    unsure = with_pending(binding(OLD), {"entered": 4})

    plan = planned(OLD, bound=(unsure,), rows=(observed(OLD),))

    assert plan.steps == (Update(OLD, "id-j/a", frozenset({"entered"}), reread=True),)


def test_a_cell_that_stands_as_we_sent_it_is_not_taken_for_a_persons() -> None:
    unsure = with_pending(binding(OLD), {"entered": 4})
    wish = page(entered=5, label="Won")

    ours = settled({"entered": 4}, wish=wish, was=unsure)
    theirs = settled({"entered": 77}, wish=wish, was=unsure)

    assert (ours.fields, ours.kept) == (frozenset({"entered"}), {})
    assert (theirs.fields, theirs.kept) == (frozenset(), {"entered": 77})


@pytest.mark.parametrize("now", [{"choice": "new"}, {"choice_name": "New", "choice_id": "x"}])
def test_an_option_that_our_own_write_made_is_told_by_its_name(now: dict[str, Any]) -> None:
    was, sent = page(state=Choice("old", "Old")), Choice("new", "New")
    unsure = with_pending(binding(was), {"state": about_to_send(sent, ())})
    current = {"sync_key": "j/a", "state": now}
    wish = page(state=Choice("third", "Third"))

    ours = settle(wish, unsure, current, "keep", by_person=True)
    theirs = settle(wish, binding(was), current, "keep", by_person=True)

    assert (ours.fields, ours.kept) == (frozenset({"state"}), {})
    assert theirs.kept == {"state": now}


def test_a_link_is_sent_only_as_far_as_there_are_rows_to_link_to() -> None:
    assert about_to_send(Link(("j/a", "j/refused")), {"j/a"}) == {"link": ["j/a"]}


@pytest.mark.parametrize(
    ("now", "is_ours"),
    [
        (["j/a", "page:x"], True),
        (["j/a", "page:x", "page:y"], False),
        (["page:x", "page:y"], False),
        (["j/a"], False),
    ],
)
def test_our_own_link_to_a_row_that_was_forgotten_since_is_not_taken_for_a_persons(
    now: list[str], is_ours: bool
) -> None:
    written = {"link": ["j/a", "j/forgotten"]}

    assert (as_remembered({"link": now}, written, {"j/a"}) == written) == is_ours


# kept cells in the plan


def test_a_kept_cell_stays_out_of_an_update() -> None:
    both = page(entered=9, label="Lost")
    kept = binding(OLD, kept={"entered": 77})

    plan = planned(both, bound=(kept,), rows=(observed(both),))

    assert plan.steps == (Update(both, "id-j/a", frozenset({"label"})),)
    assert plan.kept == 1


def test_a_row_with_a_kept_cell_is_looked_at_again_after_a_person_edited_it() -> None:
    kept = binding(OLD, kept={"entered": 77})

    plan = planned(NEW, bound=(kept,), rows=(observed(OLD, by_person=True),))

    assert plan.steps == (Update(NEW, "id-j/a", frozenset(), reread=True),)
    assert plan.writes == ()


@pytest.mark.parametrize(("edited_after", "steps"), [(timedelta(0), 1), (timedelta(minutes=-1), 0)])
def test_a_row_with_a_kept_cell_is_looked_at_once_for_each_edit(
    edited_after: timedelta, steps: int
) -> None:
    # Notion cuts times to the minute, so an edit in the minute of the look may have come after it.
    looked_at = (NOON + timedelta(seconds=40)).isoformat()
    kept = binding(OLD, kept={"entered": 77}, detail={"looked_at": looked_at})
    row = observed(OLD, by_person=True, edited_at=NOON + edited_after)

    assert len(planned(NEW, bound=(kept,), rows=(row,)).steps) == steps


def test_a_row_with_a_kept_cell_that_we_edited_last_is_not_looked_at() -> None:
    kept = binding(OLD, kept={"entered": 77})

    assert planned(NEW, bound=(kept,), rows=(observed(OLD),)).steps == ()


def test_with_reset_every_row_that_a_person_edited_is_looked_at() -> None:
    rules = replace(RULES, on_person_edit="reset")

    plan = planned(OLD, bound=(binding(OLD),), rows=(observed(OLD, by_person=True),), rules=rules)

    assert plan.steps == (Update(OLD, "id-j/a", frozenset(), reread=True),)


# the guard


def rows_of(journey: str, count: int) -> tuple[Page, ...]:
    return tuple(page(f"{journey}/{number:03}", journey=journey, n=1) for number in range(count))


def guarded(plan: Plan, bound: tuple[Binding, ...], **more: Any) -> None:
    rules = more.pop("rules", RULES)
    guard(plan, {one.key: one for one in bound}, rules, **more)


def leaving(journey: str, count: int, *, of: int) -> tuple[Plan, tuple[Binding, ...]]:
    pages = rows_of(journey, of)
    return Plan(tuple(leave(one) for one in pages[:count])), tuple(binding(p) for p in pages)


@pytest.mark.parametrize(("count", "of"), [(5, 6), (5, 59), (6, 60), (10, 100)])
def test_removals_up_to_the_limit_pass(count: int, of: int) -> None:
    guarded(*leaving("j", count, of=of))


@pytest.mark.parametrize(("count", "of"), [(6, 6), (6, 59), (7, 60), (11, 100)])
def test_removals_beyond_the_limit_are_refused_with_the_way_out(count: int, of: int) -> None:
    with pytest.raises(GuardTripped, match=rf"remove {count} of {of} rows") as refused:
        guarded(*leaving("j", count, of=of))

    assert refused.value.exit_code == 3
    assert "--allow-removals" in str(refused.value.hint)


def test_removals_are_counted_for_each_journey_alone() -> None:
    first, bound_first = leaving("j", 5, of=6)
    second, bound_second = leaving("k", 5, of=6)

    guarded(Plan(first.steps + second.steps), bound_first + bound_second)


def test_a_large_journey_does_not_hide_the_end_of_a_small_one() -> None:
    plan, bound = leaving("small", 6, of=6)
    large = tuple(binding(one) for one in rows_of("large", 1000))

    with pytest.raises(GuardTripped, match="'small'"):
        guarded(plan, bound + large)


def test_allowed_removals_pass_whatever_their_number() -> None:
    guarded(*leaving("j", 100, of=100), rules=replace(RULES, allow_removals=True))


def test_an_object_that_became_empty_is_refused_until_it_is_accepted() -> None:
    with pytest.raises(GuardTripped, match="no contacts, deals where there were some"):
        guarded(Plan(()), (), emptied=("contacts", "deals"))

    guarded(Plan(()), (), emptied=("contacts", "deals"), accept=True)


def changing(count: int, *, of: int) -> tuple[Plan, tuple[Binding, ...]]:
    pages = rows_of("j", of)
    steps: tuple[Step, ...] = tuple(
        Update(one, f"id-{one.key}", frozenset({"n"})) for one in pages[:count]
    )
    return Plan(steps), tuple(binding(one) for one in pages)


def test_a_change_of_every_row_after_a_new_version_is_refused_until_it_is_accepted() -> None:
    plan, bound = changing(20, of=20)

    with pytest.raises(GuardTripped, match="every one of 20 rows"):
        guarded(plan, bound, is_new_version=True)
    guarded(plan, bound, is_new_version=True, accept=True)
    guarded(plan, bound)


def test_a_new_version_that_leaves_a_row_as_it_is_passes() -> None:
    guarded(*changing(19, of=20), is_new_version=True)


@pytest.mark.parametrize(
    ("text", "bound", "limit"),
    [
        ("max(5, 10%)", 40, 5),
        ("max(5, 10%)", 200, 20),
        ("7", 999, 7),
        ("2.5%", 200, 5),
        (" 0 ", 9, 0),
    ],
)
def test_a_limit_is_a_number_a_share_or_the_larger_of_both(
    text: str, bound: int, limit: int
) -> None:
    assert removal_limit(text, bound) == limit


@pytest.mark.parametrize("text", ["", "ten", "-1", "10 %%", "max(5)", "max(5%, 10)"])
def test_what_is_no_limit_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="write max"):
        removal_limit(text, 100)


def test_a_scan_in_another_order_gives_the_same_plan() -> None:
    rows: tuple[Observed, ...] = (
        observed(OLD),
        observed(page("j/b"), at="x"),
        observed(OLD, at="y"),
    )

    forward = planned(NEW, page("j/b"), bound=(binding(OLD),), rows=rows)
    backward = planned(NEW, page("j/b"), bound=(binding(OLD),), rows=rows[::-1])

    assert forward == backward


# rows whose subject goes by another key now

FORMER, NOW = page("j/f", entered=3), page("j/now", entered=4)


def test_a_row_under_a_former_key_becomes_the_wished_one_and_is_brought_up_to_date() -> None:
    plan = planned(NOW, bound=(binding(FORMER),), rows=(observed(FORMER),), moved={"j/f": "j/now"})

    assert plan.steps == (
        Rebind("j/f", "j/now", "j"),
        Update(NOW, "id-j/f", frozenset({"sync_key", "entered"})),
    )
    assert plan.findings == ()


def test_a_row_that_was_rebound_by_a_run_that_ended_is_written_without_a_word_of_repair() -> None:
    rebound = binding(NOW, at="id-j/f", written={"sync_key": "j/f", "entered": 3})

    plan = planned(NOW, bound=(rebound,), rows=(observed(FORMER, at="id-j/f"),))

    assert plan.steps == (Update(NOW, "id-j/f", frozenset({"sync_key", "entered"})),)
    assert plan.findings == ()


def test_chains_of_merges_end_at_the_row_that_is_wished_and_circles_nowhere() -> None:
    moved = {"j/f": "j/m", "j/m": "j/now", "j/x": "j/y", "j/y": "j/x"}
    lost = page("j/x")

    plan = planned(
        NOW,
        bound=(binding(FORMER), binding(lost)),
        rows=(observed(FORMER), observed(lost)),
        moved=moved,
    )

    assert Rebind("j/f", "j/now", "j") in plan.steps
    assert leave(lost) in plan.steps


def test_a_survivor_with_a_row_of_its_own_keeps_it_and_the_other_leaves_uncounted() -> None:
    bound = (binding(FORMER), binding(NOW))
    rules = replace(RULES, max_removals="0")

    plan = planned(
        NOW,
        bound=bound,
        rows=(observed(FORMER), observed(NOW)),
        moved={"j/f": "j/now"},
        rules=rules,
    )
    guard(plan, {b.key: b for b in bound}, rules)

    assert plan.steps == (replace(leave(FORMER), heir="j/now"),)


def test_of_several_former_rows_the_liveliest_becomes_the_survivors() -> None:
    retired, kept = page("j/r", entered=1), page("j/k", entered=2)
    bound = (
        binding(FORMER),
        binding(retired, state="retired"),
        binding(kept, kept={"entered": 9}),
    )

    plan = planned(
        NOW,
        bound=bound,
        rows=(observed(FORMER), observed(retired), observed(kept)),
        moved={"j/f": "j/now", "j/r": "j/now", "j/k": "j/now"},
    )

    assert [s for s in plan.steps if isinstance(s, Rebind)] == [Rebind("j/k", "j/now", "j")]
    assert [s.key for s in plan.steps if isinstance(s, Leave)] == ["j/f"]


@pytest.mark.parametrize("state", ["trashed", "gone"])
def test_a_row_that_a_person_deleted_stays_deleted_under_its_new_key(state: str) -> None:
    plan = planned(
        NOW, bound=(binding(FORMER),), gone=missing(FORMER, state), moved={"j/f": "j/now"}
    )

    assert plan.steps == (Rebind("j/f", "j/now", "j"), Entomb("j/now"))


def test_a_tombstone_goes_with_its_subject() -> None:
    plan = planned(NOW, bound=(binding(FORMER, state="tombstone"),), moved={"j/f": "j/now"})

    assert plan.steps == (Rebind("j/f", "j/now", "j"),)


def test_links_that_were_written_to_a_former_row_are_no_news() -> None:
    pointing = page("j/p", to=Link(("j/f",)))
    wish = page("j/p", to=Link(("j/now",)))

    plan = planned(
        NOW,
        wish,
        bound=(binding(FORMER), binding(pointing)),
        rows=(observed(FORMER), observed(pointing)),
        moved={"j/f": "j/now"},
    )

    assert [s.page.key for s in plan.steps if isinstance(s, Update)] == ["j/now"]


def test_a_former_row_that_is_not_remembered_is_adopted_as_the_survivors() -> None:
    plan = planned(NOW, rows=(observed(FORMER, at="found"),), moved={"j/f": "j/now"})

    assert plan.steps == (Adopt(NOW, "found", by_person=False),)
    assert plan.findings == ()


def test_a_row_of_another_database_is_not_taken_for_the_survivors() -> None:
    elsewhere = page("j/f", "touchpoints")

    plan = planned(
        NOW, bound=(binding(elsewhere),), rows=(observed(elsewhere),), moved={"j/f": "j/now"}
    )

    assert plan.steps == (Create(NOW), leave(elsewhere))


# memory that is older than the row, and cells emptied behind our back

LATER = NOON + timedelta(minutes=1)
SEEN = {"seen_at": NOON.isoformat()}


def test_a_row_that_we_wrote_after_our_memory_ends_is_read_though_nothing_changed() -> None:
    plan = planned(OLD, bound=(binding(OLD, detail=SEEN),), rows=(observed(OLD, edited_at=LATER),))

    assert plan.steps == (Update(OLD, "id-j/a", frozenset(), reread=True, unseen=True),)
    assert plan.writes == ()


@pytest.mark.parametrize(
    "row", [observed(OLD, edited_at=NOON), observed(OLD, edited_at=LATER, by_person=True)]
)
def test_a_row_as_our_memory_knows_it_or_edited_by_a_person_is_no_news_of_ours(
    row: Observed,
) -> None:
    assert planned(OLD, bound=(binding(OLD, detail=SEEN),), rows=(row,)).steps == ()


def test_on_an_unseen_row_what_moved_is_set_and_what_did_not_is_a_persons() -> None:
    wish = page(moved=5, same=1, kept=7, like=2)
    held = binding(
        wish, written={"sync_key": "j/a", "moved": 3, "same": 1, "kept": 7, "like": 1},
        kept={"kept": 70},
    )  # fmt: skip
    now = {"sync_key": "j/a", "moved": 4, "same": 99, "kept": 70, "like": 2}

    settled = settle(wish, held, now, "keep", by_person=False, unseen=True)

    assert settled.fields == {"moved"}
    assert settled.kept == {"same": 99, "kept": 70}
    assert sorted(f.code for f in settled.findings) == ["cell_kept", "memory_older"]


DATABASE = Binding(
    "_/database/stages", "database", "db", detail={"columns": {"sync_key": "k", "label": "y"}}
)
WON = page(label=Choice("won", "Won"))
COLUMNS = {"stages": frozenset({"sync_key", "label"})}


@pytest.mark.parametrize("at", [None, "another"])
def test_cells_whose_option_was_deleted_are_read_and_filled_again(at: str | None) -> None:
    lost = {"stages": {"label": {"won": at}}}

    plan = planned(
        WON, bound=(binding(WON), DATABASE), rows=(observed(WON),), columns=COLUMNS, lost=lost
    )

    assert plan.steps == (
        Remark("_/database/stages", frozenset(), lost["stages"]),
        Doubt("j/a", frozenset({"label"})),
        Update(WON, "id-j/a", frozenset({"label"}), reread=True),
    )


def test_a_deleted_option_that_no_cell_of_ours_had_changes_no_row() -> None:
    lost = {"stages": {"label": {"lost": None}}}

    plan = planned(
        WON, bound=(binding(WON), DATABASE), rows=(observed(WON),), columns=COLUMNS, lost=lost
    )

    assert [type(step) for step in plan.steps] == [Remark]


def test_a_cell_kept_for_a_person_is_not_filled_when_its_option_is_gone() -> None:
    held = binding(WON, kept={"label": {"choice": "theirs"}})
    lost = {"stages": {"label": {"won": None}}}

    plan = planned(WON, bound=(held, DATABASE), rows=(observed(WON),), columns=COLUMNS, lost=lost)

    assert [type(step) for step in plan.steps] == [Remark]


def test_cells_of_a_column_that_is_back_are_read_and_filled_again() -> None:
    was_gone = replace(DATABASE, detail={**DATABASE.detail, "missing_columns": ["label"]})

    plan = planned(WON, bound=(binding(WON), was_gone), rows=(observed(WON),), columns=COLUMNS)

    assert plan.steps == (
        Remark("_/database/stages", frozenset()),
        Doubt("j/a", frozenset({"label"})),
        Update(WON, "id-j/a", frozenset({"label"}), reread=True),
    )


def test_what_memory_says_of_a_database_is_said_once() -> None:
    lost = {"label": {"won": None, "open": "new"}}
    known = replace(DATABASE, detail={**DATABASE.detail, "options": {"label": {"won": "1"}}})

    after = remarked(known, Remark(known.key, frozenset({"x"}), lost))

    assert after.detail["options"] == {"label": {"open": "new"}}
    assert after.detail["missing_columns"] == ["x"]
    assert "missing_columns" not in remarked(after, Remark(known.key, frozenset())).detail


# cells that wait for an answer

THEIRS = binding(OLD, kept={"entered": 9})
ASK = replace(RULES, on_person_edit="ask")


def test_cells_that_a_person_changed_are_listed_when_the_policy_is_to_ask() -> None:
    plan = planned(OLD, bound=(THEIRS,), rows=(observed(OLD),), rules=ASK)

    assert (plan.steps, plan.asked) == ((), (("j/a", "entered"),))
    assert planned(OLD, bound=(THEIRS,), rows=(observed(OLD),)).asked == ()


@pytest.mark.parametrize("told", ["all", "j/a", "j/a#entered"])
def test_a_cell_that_a_person_gave_back_is_set_back_after_a_look(told: str) -> None:
    rules = replace(ASK, reset_cells=frozenset({told}))

    plan = planned(OLD, bound=(THEIRS,), rows=(observed(OLD),), rules=rules)

    given = frozenset({"entered"})
    assert plan.steps == (Update(OLD, "id-j/a", given, reread=True, reset=given),)
    assert (plan.asked, plan.kept, codes(plan)) == ((), 0, [])


@pytest.mark.parametrize("told", ["j/b", "j/a#label"])
def test_a_cell_that_is_kept_for_nobody_cannot_be_given_back(told: str) -> None:
    rules = replace(ASK, reset_cells=frozenset({told}))

    plan = planned(OLD, bound=(THEIRS,), rows=(observed(OLD),), rules=rules)

    assert (plan.steps, codes(plan)) == ((), ["nothing_to_reset"])


def test_a_cell_that_the_person_changed_once_more_is_asked_about_anew() -> None:
    given = frozenset({"entered"})

    same = settle(OLD, THEIRS, {**(THEIRS.written or {}), "entered": 9}, "ask", by_person=True, reset=given)  # fmt: skip
    newer = settle(OLD, THEIRS, {**(THEIRS.written or {}), "entered": 10}, "ask", by_person=True, reset=given)  # fmt: skip

    assert (same.fields, same.kept) == (given, {})
    assert (newer.fields, newer.kept) == (frozenset(), {"entered": 10})


# rows that run out of data, and removals that wait


def dry(count: int, *, was: str = "active") -> tuple[Plan, dict[str, Binding]]:
    """Plan a run in which *count* rows turn to "no data"."""
    wishes = [page(f"j/{n}", state=Choice("no_data", "no data")) for n in range(count)]
    bound = [
        binding(one, written={"sync_key": one.key, "state": {"choice": was}}) for one in wishes
    ]
    plan = planned(*wishes, bound=tuple(bound), rows=tuple(observed(one) for one in wishes))
    return plan, {one.key: one for one in bound}


def test_a_journey_whose_rows_run_out_of_data_at_once_stops_the_run_until_accepted() -> None:
    plan, bound = dry(6)

    with pytest.raises(GuardTripped, match="empty 6 of 6 rows") as tripped:
        guard(plan, bound, RULES)

    assert "--accept" in str(tripped.value.hint)
    guard(plan, bound, RULES, accept=True)


def test_few_rows_may_run_out_of_data_and_those_without_are_not_counted() -> None:
    guard(*dry(5), RULES)
    guard(*dry(20, was="no_data"), RULES)


def test_each_removal_that_waits_is_named() -> None:
    pages = [page(f"j/{n}") for n in range(6)]
    bound = {one.key: binding(one) for one in pages}
    plan = planned(bound=tuple(bound.values()), rows=tuple(observed(one) for one in pages))

    waiting = held_findings(plan, bound, RULES)

    assert [(f.code, f.key) for f in waiting] == [("removal_held", f"j/{n}") for n in range(6)]
    assert "--allow-removals" in waiting[0].hint
    assert held_findings(plan, bound, replace(RULES, allow_removals=True)) == ()
    held = planned(bound=tuple(bound.values()), rules=replace(RULES, hold_removals=True))
    assert len(held_findings(held, bound, replace(RULES, hold_removals=True))) == 6
