"""A person in the Notion stand-in: edits of every kind, noted, scheduled and the same by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cjm_sync_sandbox.notion import Deed, Person, RequestLog
from cjm_sync_sandbox.notion.whims import ACTS, GENTLE, ROUGH
from wire.notion_sandbox_world import NotionWorld, paragraph, text


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


@pytest.fixture
def person(world: NotionWorld) -> Person:
    return Person(world.sandbox, seed=3)


def cell(world: NotionWorld, column: str, row: str = "") -> Any:
    shown = world.good("GET", f"pages/{row or world.row}")["properties"][column]
    return shown[shown["type"]]


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("Touchpoint", "Ours", "Ours"),
        ("Deals", 4.5, 4.5),
        ("Stage", "Trial", "Trial"),
        ("Stage", "Brand new", "Brand new"),
        ("State", "Done", "Done"),
        ("Done", True, True),
        ("Seen", "2026-10-01", "2026-10-01"),
        ("Link", "https://example.com/x", "https://example.com/x"),
        ("Mail", "a@example.com", "a@example.com"),
        ("Phone", "+46 1", "+46 1"),
        ("Place", (1.5, 2.5), 1.5),
    ],
)
def test_a_person_fills_every_kind_of_cell(
    world: NotionWorld, person: Person, column: str, value: Any, found: Any
) -> None:
    deed = person.fill(world.row, column, value)

    shown = cell(world, column)
    if isinstance(shown, list):
        shown = shown[0]["plain_text"]
    if isinstance(shown, dict):
        shown = shown.get("name") or shown.get("start") or shown.get("lat")
    assert shown == found
    assert (deed.kind, deed.name, person.lost()) == ("cell", column, [])
    page = world.good("GET", f"pages/{world.row}")
    assert page["last_edited_by"]["id"] == world.sandbox.person


@pytest.mark.parametrize(
    ("column", "value"),
    [("Tags", ["a", "b"]), ("Owner", ["@me"]), ("In stage", ["@stage_row"]),
     ("Files", ["https://example.com/f.png"])],
)  # fmt: skip
def test_a_person_fills_and_empties_lists(
    world: NotionWorld, person: Person, column: str, value: list[str]
) -> None:
    ids = {"@me": world.sandbox.person, "@stage_row": world.stage_row}
    person.fill(world.row, column, [ids.get(one, one) for one in value])
    assert len(cell(world, column)) == len(value)

    person.fill(world.row, column, None)

    assert cell(world, column) == []


def test_what_somebody_else_changed_since_is_lost(world: NotionWorld, person: Person) -> None:
    kept = person.fill(world.row, "Link", "https://example.com/")
    person.fill(world.row, "Deals", 7)
    person.fill(world.row, "Deals", 8)

    world.good("PATCH", f"pages/{world.row}", {"properties": {"Deals": {"number": 9}}})

    assert [(one.name, one.left) for one in person.lost()] == [("Deals", 8)]
    assert kept in person.deeds
    twin = world.sandbox.copy(clock=world.clock)
    assert len(person.lost(twin)) == 1
    twin.call("PATCH", f"pages/{world.row}", {"properties": {"Deals": {"number": 8}}})
    assert (person.lost(twin), len(person.lost())) == ([], 1)


def lost_kinds(person: Person) -> list[str]:
    return [deed.kind for deed in person.lost()]


LOSSES: list[tuple[str, Callable[[Person, NotionWorld], Any], Callable[[NotionWorld, Any], Any]]] = [
    ("body", lambda p, w: p.write(w.row, "Mine"),
     lambda w, made: w.good("PATCH", f"blocks/{made}", {"paragraph": {"rich_text": text("x")}})),
    ("trash", lambda p, w: p.embed(w.row, "https://example.com/v"),
     lambda w, made: w.good("DELETE", f"blocks/{made}")),
    ("trash", lambda p, w: p.trash(w.row),
     lambda w, _: w.good("PATCH", f"pages/{w.row}", {"in_trash": False})),
    ("page", lambda p, w: p.archive(w.row),
     lambda w, _: w.good("PATCH", f"pages/{w.row}", {"is_archived": False})),
    ("page", lambda p, w: p.decorate(w.row, "🔥"),
     lambda w, _: w.good("PATCH", f"pages/{w.row}", {"icon": None})),
    ("column", lambda p, w: p.rename_column(w.source, "Deals", "Our deals"),
     lambda w, _: w.good("PATCH", f"data_sources/{w.source}", {
         "properties": {"Our deals": {"name": "Deals"}}})),
    ("column", lambda p, w: p.add_column(w.source, "Ours", "number"),
     lambda w, _: w.good("PATCH", f"data_sources/{w.source}", {"properties": {"Ours": None}})),
    ("column", lambda p, w: p.delete_column(w.source, "Deals"), lambda w, _: Person(
        w.sandbox).call("PATCH", f"data_sources/{w.source}", {"properties": {"X": {"url": {}}}})),
    ("option", lambda p, w: p.add_option(w.source, "Stage", "Ours"),
     lambda w, _: w.good("PATCH", f"data_sources/{w.source}", {
         "properties": {"Stage": {"select": {"options": [{"name": "Trial"}]}}}})),
    ("view", lambda p, w: p.add_view(w.database, "Ours"),
     lambda w, made: w.good("PATCH", f"views/{made}", {"name": "x"})),
    ("view", lambda p, w: p.retype_view(p.add_view(w.database, "Ours"), "gallery").target,
     lambda w, made: w.good("DELETE", f"views/{made}")),
    ("database", lambda p, w: p.rename_database(w.database, "Ours"),
     lambda w, _: w.good("PATCH", f"databases/{w.database}", {"title": text("x")})),
    ("database", lambda p, w: p.lock(w.database),
     lambda w, _: w.good("PATCH", f"databases/{w.database}", {"is_locked": False})),
    ("parent", lambda p, w: p.move(w.database, p.add_page(w.hub, "Ours")),
     lambda w, _: w.good("PATCH", f"databases/{w.database}", {
         "parent": {"type": "page_id", "page_id": w.hub}})),
    ("sharing", lambda p, w: p.unshare(w.stages_db), lambda w, _: w.sandbox.share(w.stages_db)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "act", "undo"), LOSSES, ids=range(len(LOSSES)))
def test_every_kind_of_edit_is_missed_when_it_is_gone(
    world: NotionWorld,
    person: Person,
    kind: str,
    act: Callable[[Person, NotionWorld], Any],
    undo: Callable[[NotionWorld, Any], Any],
) -> None:
    made = act(person, world)
    assert person.lost() == []

    undo(world, made)

    if kind == "column" and isinstance(made, Deed) and made.left is None:
        # A new column is another one: the deleted one stays deleted.
        assert person.lost() == []
    else:
        assert lost_kinds(person) == [kind]


def test_a_deleted_column_takes_its_cells_and_options_from_the_book(
    world: NotionWorld, person: Person
) -> None:
    person.fill(world.row, "Stage", "Trial")
    person.add_option(world.source, "Stage", "Ours")

    person.delete_column(world.source, "Stage")

    assert [one.kind for one in person.deeds] == ["column"]
    assert person.lost() == []


def test_options_are_renamed_recoloured_and_deleted_with_their_cells(
    world: NotionWorld, person: Person
) -> None:
    person.fill(world.row, "Stage", "Trial")
    person.change_option(world.source, "Stage", "Trial", name="Try-out", color="pink")
    assert cell(world, "Stage")["name"] == "Try-out"
    assert cell(world, "Stage")["color"] == "pink"

    person.delete_option(world.source, "Stage", "Try-out")

    assert cell(world, "Stage") is None
    for number in range(101):
        person.add_option(world.source, "Stage", f"Option {number}")
    options = world.good("GET", f"data_sources/{world.source}")["properties"]["Stage"]
    assert len(options["select"]["options"]) == 102
    refused = world.send(
        "PATCH", f"data_sources/{world.source}", {"properties": {"Stage": options}}
    )
    assert refused.status_code == 400


def test_a_duplicate_has_cells_and_body_but_no_comments(world: NotionWorld, person: Person) -> None:
    world.append(world.row, paragraph("Body", paragraph("inner")))
    person.comment(world.row, "Why?")

    made = person.duplicate(world.row)

    row = world.good("GET", f"pages/{made}")["properties"]
    assert row["Touchpoint"]["title"][0]["plain_text"] == "Demo (1)"
    assert row["Sync key"]["rich_text"][0]["plain_text"] == "k/1"
    assert world.good("GET", f"blocks/{made}/children")["results"][0]["has_children"]
    status, comments = world.sandbox.call("GET", "comments", query={"block_id": made})
    assert (status, comments["results"]) == (200, [])


def test_a_duplicated_database_has_rows_and_views_of_its_own(
    world: NotionWorld, person: Person
) -> None:
    made = person.duplicate(world.database)

    database = world.good("GET", f"databases/{made}")
    assert database["title"][0]["plain_text"] == "Touchpoints (1)"
    source = database["data_sources"][0]["id"]
    rows = world.good("POST", f"data_sources/{source}/query", {})["results"]
    assert [row["properties"]["Deals"]["number"] for row in rows] == [3]
    assert rows[0]["id"] != world.row
    status, views = world.sandbox.call("GET", "views", query={"database_id": made})
    assert (status, len(views["results"])) == (200, 1)


def test_blocks_move_and_turn_under_their_id(world: NotionWorld, person: Person) -> None:
    first, second = world.append(world.row, paragraph("a"), paragraph("b"))

    person.move_block(second, world.row)
    person.turn_into(first, "to_do")
    person.move_block(first, world.hub)

    assert [one["id"] for one in world.good("GET", f"blocks/{world.row}/children")["results"]] == [
        second
    ]
    moved = world.good("GET", f"blocks/{first}")
    assert (moved["type"], moved["parent"]["page_id"]) == ("to_do", world.hub)
    assert person.lost() == []


def test_discussions_are_answered_resolved_and_deleted(world: NotionWorld, person: Person) -> None:
    def listed() -> list[str]:
        status, answer = world.sandbox.call("GET", "comments", query={"block_id": world.row})
        assert status == 200
        return [one["id"] for one in answer["results"]]

    first = person.comment(world.row, "Why?")
    second = person.reply(first, "Because.")
    third = person.comment(world.row, "Other")
    assert listed() == [first, second, third]

    person.resolve(first)
    person.uncomment(third)

    assert listed() == []
    assert person.lost() == []


def test_what_is_destroyed_is_held_against_nobody(world: NotionWorld, person: Person) -> None:
    person.fill(world.row, "Deals", 5)
    person.write(world.row, "Mine")

    person.destroy(world.row)

    assert [one.kind for one in person.deeds] == ["gone"]
    assert person.lost() == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_edit_is_done_at_the_request_it_was_planned_for(
    world: NotionWorld, person: Person, moment: str
) -> None:
    seen: list[float] = []
    world.send("GET", "users/me")
    planned = {"before": person.before, "after": person.after}[moment]
    planned(2, lambda: person.fill(world.row, "Deals", 8))

    for _ in range(3):
        answer = world.send("GET", f"pages/{world.row}").json()
        seen.append(answer["properties"]["Deals"]["number"])

    assert seen == {"before": [3, 8, 8], "after": [3, 3, 8]}[moment]
    assert [one.number for one in person.deeds] == [3]


def test_an_edit_may_wait_for_a_kind_of_request_and_be_called_off(
    world: NotionWorld, person: Person
) -> None:
    def is_patch(log: RequestLog) -> bool:
        return log.method == "PATCH"

    person.when(is_patch, lambda: person.rename(world.row, "Ours"))
    world.send("GET", "users/me")
    assert person.deeds == []
    world.send("PATCH", f"pages/{world.row}", {})
    assert len(person.deeds) == 1

    person.before(1, lambda: person.fill(world.row, "Deals", 1))
    person.rest()
    world.send("GET", "users/me")

    assert len(person.deeds) == 1
    assert (world.sandbox.hooks, world.sandbox.after_hooks) == ([], [])


def test_what_makes_no_sense_is_an_error(world: NotionWorld, person: Person) -> None:
    acts: list[Callable[[], object]] = [
        lambda: person.fill(world.row, "Nothing", 1),
        lambda: person.fill(world.row, "Twice", 1),
        lambda: person.fill(world.row, "Deals", "many"),
        lambda: person.trash("1b8b8b8b-1b8b-4b8b-8b8b-1b8b8b8b8b8b"),
        lambda: person.rename_column(world.source, "Nothing", "x"),
        lambda: person.change_option(world.source, "Stage", "Nothing", name="x"),
        lambda: person.move_block(world.hub, world.row),
    ]
    for act in acts:
        with pytest.raises(ValueError, match=r"\w"):
            act()
    assert person.deeds == []


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_whim_can_be_had_and_stands(world: NotionWorld, name: str) -> None:
    person = Person(world.sandbox, seed=1)
    world.append(world.row, paragraph("a"))
    person.comment(world.row, "Why?")
    person.trash(world.make_row("gone")["id"])
    person.add_page(world.hub, "Notes")
    person.add_view(world.database, "Ours")
    before = world.sandbox.snapshot()
    comments = len(person.deeds)

    done = person.anything({name})

    assert done == name
    assert person.lost() == []
    assert world.sandbox.snapshot() != before or len(person.deeds) != comments or name in {
        "resolve_comment", "answer_comment", "unshare", "lock", "reorder_views", "move_database",
        "restore_row", "move_block", "make_template",
    }  # fmt: skip


def test_the_same_seed_does_the_same_things() -> None:
    histories = []
    for _ in range(2):
        world = NotionWorld()
        person = Person(world.sandbox, seed=11)
        done = [person.anything() for _ in range(60)]
        assert person.lost() == []
        histories.append((done, world.sandbox.snapshot(), list(map(str, person.deeds))))
        world.close()

    assert histories[0] == histories[1]
    assert len(set(histories[0][0])) > 20
    assert not GENTLE & ROUGH


def test_nothing_can_be_done_where_nothing_is(world: NotionWorld) -> None:
    person = Person(world.sandbox)
    assert person.anything({"answer_comment"}) == ""

    person.resolve(person.comment(world.row, "Resolved"))
    on_trash = world.make_row("gone")["id"]
    person.comment(on_trash, "In the trash")
    person.trash(on_trash)

    assert person.anything({"answer_comment", "resolve_comment"}) == ""
