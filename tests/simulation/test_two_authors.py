"""What people do to the shape of things, and what the sync makes of it (docs/two-authors.md).

A person does one thing between two runs; the next run says what it must, writes everything else,
and the one after it writes nothing. What the person left stands as it was left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from cjm_sync.runs import Report
from cjm_sync_sandbox.notion.hand import Person
from cjm_sync_sandbox.sample import SAMPLE_AS_OF
from support.world import World, value_of, writes

ROW = "customers/stage/awareness/everyone"
"""Changes in the changed world: Conversion and others."""


@dataclass
class Scene:
    world: World
    person: Person

    def source(self, kind: str) -> str:
        return str(self.world.bindings()[f"_/database/{kind}"].detail["data_source_id"])

    def id(self, key: str) -> str:
        return self.world.bindings()[key].remote_id

    def schema(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = self.world.as_person("GET", f"data_sources/{self.source(kind)}")
        return dict(found["properties"])

    def row(self, key: str = ROW) -> dict[str, Any]:
        page = self.world.as_person("GET", f"pages/{self.id(key)}")
        return {name: value_of(held) for name, held in page["properties"].items()}

    def run(self) -> Report:
        """Do the next run and one more, which must write nothing; the report of the first."""
        first = self.world.run()
        self.world.wait(minutes=15)
        sent = self.world.requests_of(self.world.run)
        assert writes(sent) == []
        assert self.world.twins() == []
        assert self.person.lost() == []
        return first


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


@pytest.fixture
def scene(changed: World) -> Scene:
    return Scene(changed, Person(changed.notion))


def rename_column(scene: Scene) -> None:
    scene.person.rename_column(scene.source("stages"), "Conversion", "Andel vidare")
    scene.person.describe_column(scene.source("stages"), "Andel vidare", "Ours to explain.")


def move_database(scene: Scene) -> None:
    page = scene.person.add_page(scene.world.notion.parent_page, "Archive of tables")
    scene.person.move(scene.id("_/database/stages"), page)


def move_hub(scene: Scene) -> None:
    page = scene.person.add_page(scene.world.notion.parent_page, "Marketing")
    scene.person.move(scene.id("_/hub"), page)


def lock(scene: Scene) -> None:
    scene.person.lock(scene.id(ROW))
    scene.person.lock(scene.id("_/hub"))


def describe(scene: Scene) -> None:
    scene.person.describe_database(scene.id("_/database/stages"), "Our stages, at last.")


def add_option(scene: Scene) -> None:
    scene.person.add_option(scene.source("stages"), "Stage", "Daydreaming")


def rename_option(scene: Scene) -> None:
    scene.person.change_option(scene.source("stages"), "Stage", "Awareness", name="Kännedom")


def rewrite_our_lines(scene: Scene) -> None:
    blocks = scene.world.as_person("GET", f"blocks/{scene.id('_/hub')}/children")["results"]
    scene.person.trash(blocks[0]["id"])
    scene.person.rewrite(scene.id("_/block/status"), "Fresh enough.")


def move_view(scene: Scene) -> None:
    page = scene.person.add_page(scene.world.notion.parent_page, "Charts")
    view = scene.world.tables("views")[scene.id("_/view/customers/funnel")]
    scene.person.move(view["database_id"], page)


def edit_view(scene: Scene) -> None:
    view = scene.id("_/view/customers/funnel")
    scene.person.rename_view(view, "Tratten")
    scene.person.edit_view(view, filter=None)


def add_things(scene: Scene) -> None:
    hub = scene.id("_/hub")
    status = scene.id("_/block/status")
    scene.person.write(hub, "Between the lines.", after=status)
    scene.person.comment(status, "Is this right?")
    scene.person.mention(hub, scene.id(ROW))
    scene.person.embed(hub, "https://example.com/film")
    scene.person.add_column(scene.source("stages"), "Slogan")
    scene.person.fill(scene.id(ROW), "Slogan", "Look here")
    scene.person.add_row(scene.source("stages"), "A stage of our own")
    scene.person.add_view(scene.id("_/database/stages"), "Mine")
    scene.person.write(scene.id(ROW), "A body of ours.")


@pytest.mark.parametrize(
    "act",
    [
        rename_column, move_database, move_hub, lock, describe, add_option, rename_option, edit_view,
        move_view, rewrite_our_lines, add_things,
    ],
    ids=lambda act: act.__name__,
)  # fmt: skip
def test_what_people_may_do_freely_changes_nothing_for_the_sync(
    scene: Scene, act: Callable[[Scene], None]
) -> None:
    act(scene)

    report = scene.run()

    assert (report.outcome, codes(report), report.created) == ("done", set(), 1)
    assert scene.row().get("Conversion", scene.row().get("Andel vidare")) == 0.667


def test_a_retyped_column_is_left_alone_and_the_others_are_filled(scene: Scene) -> None:
    scene.person.retype_column(scene.source("stages"), "Conversion", "rich_text")

    report = scene.run()

    assert [f.key for f in report.findings if f.code == "column_missing"] == ["stages/conversion"]
    assert scene.row()["Completed"] == 8
    assert scene.schema("stages")["Conversion"]["type"] == "rich_text"


def test_a_column_made_anew_under_the_old_name_is_theirs(scene: Scene) -> None:
    scene.person.delete_column(scene.source("stages"), "Conversion")
    scene.person.add_column(scene.source("stages"), "Conversion", "number")

    report = scene.run()

    assert codes(report) == {"column_missing"}
    assert scene.row()["Conversion"] is None


def test_a_row_that_was_moved_away_stays_there_and_is_not_made_again(scene: Scene) -> None:
    scene.person.move(scene.id(ROW), scene.source("touchpoints"))

    report = scene.run()

    assert codes(report) == {"row_moved", "deleted_by_person"}
    assert scene.world.bindings()[ROW].state == "tombstone"


def test_a_row_that_was_moved_back_is_filled_again(scene: Scene) -> None:
    scene.person.move(scene.id(ROW), scene.source("touchpoints"))
    scene.world.run()
    scene.world.wait(minutes=15)
    scene.person.move(scene.id(ROW), scene.source("stages"))

    scene.run()

    assert (scene.row()["Conversion"], scene.row()["Sync key"]) == (0.667, ROW)


@pytest.mark.parametrize("part", ["_/hub", "_/database/stages"])
def test_what_is_no_longer_shared_stops_the_run_before_it_writes(scene: Scene, part: str) -> None:
    scene.person.unshare(scene.id(part))
    reports: list[Report] = []

    sent = scene.world.requests_of(lambda: reports.append(scene.world.run()))

    assert (reports[0].exit_code, writes(sent)) == (3, [])
    assert reports[0].error is not None
    assert reports[0].error.hint


def test_a_line_of_ours_that_a_person_rewrote_is_theirs_until_they_empty_it(scene: Scene) -> None:
    line = scene.id("_/block/status")
    words = scene.person.rewrite(line, "Refreshed by hand, ask Grace")

    report = scene.world.run(as_of=SAMPLE_AS_OF + timedelta(hours=1))

    assert (report.outcome, scene.person.lost()) == ("done", [])
    assert [f.key for f in report.findings if f.code == "line_kept"] == ["_/block/status"]
    assert writes(scene.world.requests_of(lambda: scene.world.run(as_of=None))) == []

    scene.person.rewrite(line, "")
    scene.person.forget(lambda deed: deed.target == words.target)
    scene.world.wait(days=2)
    after = scene.world.run(as_of=None)

    assert [f.key for f in after.findings if f.code == "line_kept"] == []
    shown = scene.world.as_person("GET", f"blocks/{line}")["paragraph"]["rich_text"]
    assert shown[0]["plain_text"].startswith("Last refreshed ")


def test_a_caption_of_a_persons_own_stays_under_the_next_picture(scene: Scene) -> None:
    picture = scene.id("_/block/picture")
    scene.person.rewrite(picture, "As shown to the board")
    before = scene.world.tables("blocks")[picture]["content"]

    assert scene.world.run().outcome == "done"

    after = scene.world.tables("blocks")[picture]["content"]
    assert after["caption"][0]["plain_text"] == "As shown to the board"
    assert {**after, "caption": []} != {**before, "caption": []}


def test_a_status_line_that_was_turned_into_something_else_is_named_and_left(
    scene: Scene,
) -> None:
    scene.person.turn_into(scene.id("_/block/status"), "quote")

    report = scene.world.run(as_of=SAMPLE_AS_OF + timedelta(hours=1))

    assert report.outcome == "done"
    assert codes(report) == {"block_deleted"}
    assert scene.person.lost() == []


def test_a_view_that_was_deleted_is_not_made_again(scene: Scene) -> None:
    view = scene.world.tables("views")[scene.id("_/view/customers/board")]
    scene.person.trash(view["database_id"])

    report = scene.run()

    assert (report.outcome, codes(report)) == ("done", set())


def test_people_may_do_all_of_it_at_once(scene: Scene) -> None:
    for act in (
        rename_column, move_database, lock, describe, add_option, rename_option, edit_view,
        add_things,
    ):  # fmt: skip
        act(scene)

    assert scene.run().outcome == "done"
