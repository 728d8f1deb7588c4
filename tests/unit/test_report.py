"""What people and programs are told of plans, checks, findings and the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cjm_sync.model import Choice, Finding, Item, Link
from cjm_sync.ports import Check
from cjm_sync.report import (
    Teller,
    check_lines,
    finding_json,
    finding_lines,
    plan_json,
    plan_lines,
    status_json,
    status_lines,
    words_for,
)
from cjm_sync.steps import (
    Adopt,
    Build,
    Create,
    Edit,
    Entomb,
    Forget,
    Leave,
    Plan,
    Rebind,
    Restore,
    Revive,
    Step,
    Update,
)
from cjm_sync.tables import PastRun
from support.planning import NOON, binding, page

OLD = page(n=3, option=Choice("a", "A"))
NEW = page(
    n=None,
    option=Choice("b", "B"),
    links=Link(("j/y", "j/x")),
    at=datetime(2026, 11, 16, 9, 0, tzinfo=UTC),
    share=0.5,
)
BOUND = {OLD.key: binding(OLD)}
ITEM = Item("_/view/curve", "view", None)
LEAVE = Leave("j/z", "id", "stages", "j")
UPDATE = Update(NEW, "id-j/a", frozenset({"n", "option", "links", "at", "share"}), reread=True)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Build(ITEM), "+ view _/view/curve"),
        (Edit(ITEM), "~ view _/view/curve"),
        (Create(NEW), "+ row j/a"),
        (Adopt(NEW, "id", by_person=True), "~ row j/a: found in Notion, taken into care"),
        (
            UPDATE,
            (
                "~ row j/a: at empty → 2026-11-16T09:00+00:00; links empty → j/x j/y; n 3 → empty; "
                "option a → b; share empty → 0.5 (a person edited it; their cells are looked at first)"
            ),
        ),
        (
            Update(NEW, "id", frozenset(), reread=True),
            "  row j/a: looked at again, because a person edited it",
        ),
        (Restore(NEW, "id"), "+ row j/a: out of the trash"),
        (LEAVE, "- row j/z: retired if people wrote in it, else to the trash"),
        (Entomb("j/z"), "  row j/z: deleted in Notion, stays deleted"),
        (Revive("j/z"), "  row j/z: restored in Notion, cared for again"),
        (Forget("j/z"), "  row j/z: gone, forgotten"),
    ],
)
def test_every_step_is_one_line_for_people(step: Step, words: str) -> None:
    assert words_for(step, Teller(BOUND)) == words


def test_a_plan_ends_with_its_sum_and_lists_what_is_held() -> None:
    plan = Plan((Create(page("j/b")), Entomb("j/c")), held=(LEAVE,), unchanged=7)

    assert list(plan_lines(plan, BOUND)) == [
        "+ row j/b",
        "  row j/c: deleted in Notion, stays deleted",
        "  row j/z: would leave, but is held (see removal_held)",
        "1 writes, 7 rows unchanged, 1 removals held",
    ]


def test_removals_that_the_guard_holds_are_told_as_held_by_lines_and_object() -> None:
    plan = Plan((Create(page("j/b")), LEAVE, replace(LEAVE, key="j/y", heir="j/a")), unchanged=7)

    assert list(plan_lines(plan, BOUND, held=["j/z", "j/elsewhere"])) == [
        "+ row j/b",
        "- row j/y: merged into j/a; retired if people wrote in it, else to the trash",
        "  row j/z: would leave, but is held (see removal_held)",
        "2 writes, 7 rows unchanged, 1 removals held",
    ]
    told = plan_json(plan, BOUND, held=["j/z"])
    assert ([step["key"] for step in told["steps"]], told["held"]) == (["j/b", "j/y"], ["j/z"])


class Words:
    """A target's words, as simple as can be."""

    def row_name(self, collection: str, cells: Mapping[str, Any]) -> str:
        return f"{cells['name']} of {collection}" if cells.get("name") else ""

    def part_name(self, item: Item) -> str:
        return "the Curve" if item.kind == "view" else ""

    def column_name(self, collection: str, column: str) -> str:
        return f"{collection.capitalize()}' {column}"

    def cell_text(self, collection: str, column: str, value: Any) -> str:
        return f"<{value}>\n"


def test_people_read_the_names_of_rows_and_columns_and_values_as_shown() -> None:
    old = page("j/a", name="Alpha", n=1, links=Link(("j/b",)))
    new = page("j/a", name="Alpha", n=None, links=Link(("j/b", "j/new", "j/untitled")))
    bound = {
        one.key: binding(one)
        for one in (old, page("j/b", name="Beta"), page("j/c", name="Gamma"), page("j/untitled"))
    }
    leave = Leave("j/c", "id", "stages", "j")
    steps = (
        Build(ITEM),
        Edit(Item("_/block/status", "block", None)),
        Create(page("j/new", name="Newly")),
        Create(replace(page("j/private", name="A. Person"), private=True)),
        Update(new, "id", frozenset({"n", "links"})),
        Forget("j/untitled"),
    )
    plan = Plan(steps, (leave,), asked=(("j/b", "n"),))

    assert list(plan_lines(plan, bound, wording=Words())) == [
        "+ view the Curve",
        "~ block _/block/status",
        "+ row Newly of stages",
        "+ row j/private",
        (
            "~ row Alpha of stages: Stages' links Beta of stages → "
            "Beta of stages, Newly of stages, j/untitled; Stages' n <1> → empty"
        ),
        "  row j/untitled: gone, forgotten",
        "  row Gamma of stages: would leave, but is held (see removal_held)",
        "? row Beta of stages: Stages' n is a person's value; --reset-cells 'j/b#n' sets it back",
        "5 writes, 0 rows unchanged, 1 removals held",
    ]


def test_a_row_under_a_former_key_changes_from_what_stood_there() -> None:
    was, now = page("old/a", n=3), page("j/a", n=3, links=Link(("j/b",)))
    bound = {"old/a": binding(was), "old/b": binding(page("old/b"))}
    plan = Plan(
        (
            Rebind("old/a", "j/a", "j"),
            Rebind("old/b", "j/b", "j"),
            Update(now, "id-old/a", frozenset({"sync_key", "links"})),
        )
    )

    assert list(plan_lines(plan, bound))[2] == (
        "~ row j/a: links empty → j/b; sync_key old/a → j/a"
    )
    assert plan_json(plan, bound)["steps"][2]["cells"]["sync_key"] == {
        "from": "old/a",
        "to": "j/a",
    }


def test_an_empty_plan_says_so() -> None:
    assert next(plan_lines(Plan(()), {})) == "nothing to do"


def test_a_plan_for_programs_has_stable_keys_and_survives_json() -> None:
    finding = Finding("stray", "j/q", "odd", "look")
    steps = (Build(ITEM), Create(NEW), UPDATE, LEAVE, Forget("j/y"))
    plan = Plan(steps, (LEAVE,), 3, 2, (finding,))

    told = json.loads(json.dumps(plan_json(plan, BOUND)))

    assert list(told) == ["steps", "held", "unchanged", "kept", "asked", "findings"]
    assert [(step["do"], step["kind"], step["key"]) for step in told["steps"]] == [
        ("build", "view", "_/view/curve"),
        ("create", "row", "j/a"),
        ("update", "row", "j/a"),
        ("leave", "row", "j/z"),
        ("forget", "row", "j/y"),
    ]
    assert told["steps"][2]["cells"]["option"] == {"from": {"choice": "a"}, "to": {"choice": "b"}}
    assert (told["held"], told["unchanged"], told["kept"]) == (["j/z"], 3, 2)
    assert told["findings"] == [finding_json(finding)]


def test_an_update_of_an_adopted_row_starts_from_nothing() -> None:
    adopted = {OLD.key: binding(OLD, written=None)}
    update = Update(OLD, "id-j/a", frozenset({"n"}))

    assert words_for(update, Teller(adopted)) == "~ row j/a: n empty → 3"
    assert plan_json(Plan((update,)), adopted)["steps"][0]["cells"] == {
        "n": {"from": None, "to": 3}
    }


def test_findings_of_one_kind_are_cut_with_their_number() -> None:
    many = [Finding("odd", str(number), f"odd {number}", "Look.") for number in range(4)]
    one = Finding("bare", "x", "A sentence.")

    assert list(finding_lines([many[0], one, *many[1:]], most=2)) == [
        "[odd] odd 0. Look.",
        "[odd] odd 1. Look.",
        "[odd] and 2 more of this kind; --json lists all",
        "[bare] A sentence.",
    ]


def test_a_finding_about_a_record_names_it() -> None:
    found = [
        Finding("bad_value", "contacts/123/createdate", "a value of 3 characters is no date"),
        Finding("view_refused", "_/view/customers/funnel", "Notion refused it"),
        Finding("no_creation", "2-77/5", "the record has no time of creation"),
    ]

    assert list(finding_lines(found, most=3)) == [
        "[bad_value] contacts/123/createdate: a value of 3 characters is no date.",
        "[view_refused] Notion refused it.",
        "[no_creation] 2-77/5: the record has no time of creation.",
    ]


def test_findings_that_say_the_same_are_one_line_with_their_number() -> None:
    records = [Finding("bad_value", f"deals/{n}/amount", "no number", "Look.") for n in (7, 8, 9)]
    others = [Finding("stray", f"s{n}", "a copy") for n in range(2)]
    rest = [Finding("bad_value", f"deals/{n}/hs_date", "no date") for n in (1, 2)]

    assert list(finding_lines([*records, *others, *rest], most=1)) == [
        "[bad_value] deals/7/amount and 2 more: no number. Look.",
        "[bad_value] and 2 more of this kind; --json lists all",
        "[stray] a copy (2 times).",
    ]


def test_a_check_shows_its_remedy_only_when_it_is_not_met() -> None:
    checks = [
        Check("token", "ok", "opens portal 1", "Copy it again."),
        Check("plan", "warning", "unknown", "Set notion.plan."),
        Check("page", "failed", "not shared", "Share it."),
        Check("disk", "failed", "full"),
    ]

    assert list(check_lines(checks)) == [
        "ok      token: opens portal 1",
        "WARNING plan: unknown. Set notion.plan.",
        "FAILED  page: not shared. Share it.",
        "FAILED  disk: full",
    ]


FINISHED = PastRun(
    "run-1",
    NOON,
    NOON,
    NOON + timedelta(seconds=9),
    "done",
    {"written": {"created": 2, "updated": 0}, "requests": {"notion": 3}, "held": ["j/held"]},
)
RUNNING = PastRun("run-2", NOON, NOON, None, None, {})


def status(*runs: PastRun) -> dict[str, object]:
    bindings = {
        "j/a": binding(page("j/a"), kept={"n": 1, "label": "x"}),
        "j/t": binding(page("j/t"), state="tombstone"),
        "j/r": binding(page("j/r"), state="retired"),
        "_/hub": replace(binding(page("_/hub")), kind="hub"),
    }
    return status_json(
        runs,
        bindings,
        {"deals": 2, "contacts": 5},
        next_run_at=NOON,
        health="done",
        time_text=datetime.isoformat,
    )


def test_the_state_of_the_store_has_stable_keys_and_survives_json() -> None:
    told = json.loads(json.dumps(status(FINISHED)))

    assert list(told) == [
        "health",
        "next_run_at",
        "runs",
        "held",
        "kept",
        "asked",
        "tombstones",
        "rows",
        "records",
    ]
    assert told["kept"] == [
        {"key": "j/a", "column": "label"},
        {"key": "j/a", "column": "n"},
    ]
    assert (told["held"], told["tombstones"], told["rows"]) == (["j/held"], ["j/t"], 1)
    assert list(told["records"]) == ["contacts", "deals"]
    assert told["runs"][0]["requests"] == {"notion": 3}


def test_what_is_held_is_told_from_the_last_run_that_ended() -> None:
    assert status(RUNNING, FINISHED)["held"] == ["j/held"]
    assert status(RUNNING)["held"] == []
    assert status()["held"] == []


def test_the_state_of_the_store_is_told_in_lines() -> None:
    moment = NOON.isoformat()

    assert list(status_lines(status(RUNNING, FINISHED))) == [
        "health: done",
        f"next run: {moment}",
        "rows in Notion: 1; records in the mirror: 7",
        (
            f"run run-2 as of {moment}: did not finish; "
            "what it wrote is kept and the next run continues"
        ),
        f"run run-1 as of {moment}: done; 2 created",
        "held removal: j/held",
        "kept for a person: j/a column label",
        "kept for a person: j/a column n",
        "deleted by a person, stays deleted: j/t",
    ]


def test_a_run_that_failed_or_was_refused_says_why() -> None:
    why = {"code": "refused", "key": "run", "message": "nothing was read", "hint": "Look."}
    other = {"code": "bad_value", "key": "deals/1/amount", "message": "odd", "hint": ""}
    refused = replace(FINISHED, outcome="refused", report={"findings": [other, why]})

    told = status(refused)

    assert json.loads(json.dumps(told))["runs"][0]["reason"] == "nothing was read. Look."
    assert list(status_lines(told))[3] == (
        f"run run-1 as of {NOON.isoformat()}: refused; nothing written; nothing was read. Look."
    )
    assert json.loads(json.dumps(status(FINISHED)))["runs"][0]["reason"] is None


def test_without_a_next_run_the_way_to_one_is_named() -> None:
    told = {**status(), "next_run_at": None}

    assert "`cjm-sync serve`" in list(status_lines(told))[1]
