"""A store restored from a backup is older than the workspace: what it wrote later is no person's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.runs import Report
from cjm_sync_sandbox.portal import Portal
from support.world import World, edited, writes

STILL = "customers/stage/purchase/everyone"
"""Does not change between the backup and now."""
MOVED = "customers/stage/awareness/everyone"
"""Conversion and others change."""


def fill(world: World, key: str, **cells: Any) -> None:
    named = {name.replace("_", " "): cell for name, cell in cells.items()}
    world.as_person("PATCH", f"pages/{world.page_id(key)}", {"properties": named})


def codes(report: Report) -> list[str]:
    return sorted({finding.code for finding in report.findings})


def restored(world: World, backup: Path, portal: Portal) -> World:
    """Put the *backup* in the place of the store; the mirror catches up by itself."""
    for file in world.folder.iterdir():
        if file.name.startswith("store.db"):
            file.unlink()
    shutil.copy(backup, world.store_path)
    world.read(edited(portal))
    world.wait(minutes=15)
    return world


@pytest.fixture
def backup(synced: World, tmp_path: Path) -> Path:
    with synced.store() as store, store._engine.connect() as db:
        db.exec_driver_sql(f"VACUUM INTO '{tmp_path / 'backup.db'}'")
    return tmp_path / "backup.db"


def test_what_we_wrote_after_the_backup_is_found_again_and_no_person_is_named(
    synced: World, backup: Path, portal: Portal
) -> None:
    synced.read(edited(portal))
    synced.wait(minutes=15)
    newer = synced.run()
    assert newer.updated > 0
    wished, pages = synced.snapshot(), len(synced.tables("pages"))

    report = restored(synced, backup, portal).run()

    assert (report.outcome, report.created, report.kept) == ("done", 0, 0)
    assert "cell_kept" not in codes(report)
    assert synced.snapshot() == wished
    assert len(synced.tables("pages")) == pages
    assert synced.twins() == []
    assert writes(synced.requests_of(synced.run)) == []


def test_a_cell_that_moved_on_since_the_newer_write_is_set_and_the_row_is_named(
    synced: World, backup: Path, portal: Portal
) -> None:
    wished = synced.copy()
    wished.read(edited(portal))
    wished.wait(minutes=15)
    wished.run()
    # The newer store wrote a value between the backup's and today's.
    page = synced.page_id(MOVED)
    with synced.store() as store:
        columns = store.bindings()["_/database/stages"].detail["columns"]
    synced.wait(minutes=5)
    status, _ = synced.notion.call(
        "PATCH", f"pages/{page}", {"properties": {columns["conversion"]: {"number": 0.6}}},
        as_user=synced.notion.bot,
    )  # fmt: skip
    assert status == 200

    report = restored(synced, backup, portal).run()

    assert synced.row(MOVED)["Conversion"] == wished.row(MOVED)["Conversion"] == 0.667
    assert codes(report) == ["memory_older"]
    assert "conversion" in report.findings[0].message
    assert codes(synced.run()) == []


def test_what_a_person_changed_after_the_backup_is_kept(
    synced: World, backup: Path, portal: Portal
) -> None:
    fill(synced, STILL, Entered={"number": 1234}, Notes={"rich_text": [{"text": {"content": "Mine."}}]})  # fmt: skip
    synced.read(edited(portal))
    synced.wait(minutes=15)
    synced.run()

    report = restored(synced, backup, portal).run()

    assert (synced.row(STILL)["Entered"], synced.row(STILL)["Notes"]) == (1234, "Mine.")
    assert report.outcome == "done"
    synced.run()
    assert synced.row(STILL)["Entered"] == 1234


def test_a_persons_cell_under_our_newer_write_is_kept_where_our_wish_did_not_move(
    synced: World, backup: Path, portal: Portal
) -> None:
    fill(synced, MOVED, Entered={"number": 1234})
    synced.read(edited(portal))
    synced.wait(minutes=15)
    synced.run()  # writes Conversion beside it, so we are the last editor

    report = restored(synced, backup, portal).run()

    row = synced.row(MOVED)
    assert (row["Entered"], row["Conversion"]) == (1234, 0.667)
    assert "cell_kept" in codes(report)
