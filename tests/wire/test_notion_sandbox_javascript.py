"""Notion's official JavaScript client at the stand-in over real HTTP, and at a whole demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.http import SystemClock
from cjm_sync_sandbox.notion import NotionSandbox, Person
from cjm_sync_sandbox.notion.faults import at, overloaded
from cjm_sync_sandbox.server import serving
from scenarios.cli_world import run_main
from wire.node_clients import MARKS, installed, run_node
from wire.notion_sandbox_world import NotionWorld

pytestmark = MARKS


@pytest.fixture
def modules(pytestconfig: pytest.Config) -> Path:
    return installed(pytestconfig)


def filled() -> NotionWorld:
    """Return a world of ten rows, one a minute, of which a query reaches five."""
    world = NotionWorld(query_depth=5, template_seconds=0.0)
    stages = [
        world.good("POST", "pages", {"parent": {"data_source_id": world.stages}})["id"]
        for _ in range(30)
    ]
    person = Person(world.sandbox)
    person.fill(world.row, "In stage", stages)
    for number in range(4, 13):
        world.clock.sleep(60)
        world.make_row(f"Row {number}", key=f"k/{number}", Deals={"number": number})
    person.make_template(world.source, "Touchpoint page", ("Hello", "there"), default=True)
    person.make_template(world.source, "Empty page")
    world.clock.sleep(60)
    return world


EXPECTED: dict[str, Any] = {
    "me": ["bot", 5 * 1024**3, True],
    "users": ["bot", "person"],
    "user": "Ada Example",
    "databaseMade": [True, False, "Ideas"],
    "database": 1,
    "databaseRenamed": "Plans",
    "source": [True, ["Awareness", "Trial"]],
    "sourceChanged": ["Idea", "Points", "Url"],
    "rowsPaged": [5, ["Touchpoint"], True],
    "rowsFiltered": [12, 11, 10, 9],
    "rowsCut": [5, False, "incomplete"],
    "rowsBeyondTheCut": 10,
    "templates": [["Touchpoint page", True], ["Empty page", False]],
    "rowFromTemplate": ["paragraph", "paragraph"],
    "page": ["Demo", 25, True],
    "pageOneColumn": ["Touchpoint"],
    "longCell": 30,
    "pageMade": ["Notes", "🗒️", ["heading_2", "bulleted_list_item", "callout"]],
    "markdown": '## What\n- one\n\t- two\n<callout icon="🎯">\n\tWords\n</callout>',
    "markdownChanged": "- first",
    "pageChanged": 42,
    "pageMoved": [True, "data_source_id"],
    # The answer to an append after a block holds the siblings behind it as well.
    "blocksAppended": [2, ["heading_2", "paragraph"]],
    "blocks": ["paragraph", "heading_2", "paragraph"],
    "block": [True, "m"],
    "blockChanged": "middle",
    "blockDeleted": True,
    "upload": ["pending", "uploaded", 4],
    "uploadRead": "map.png",
    "uploads": 1,
    "picture": ["file", True],
    "pictureSwapped": [True, True, "The map"],
    "commentMade": [True, "integration"],
    "commentAnswered": True,
    "comments": ["Why?", "So."],
    "comment": "page_id",
    "commentChanged": "How?",
    "commentDeleted": 1,
    "viewMade": ["board", True],
    "views": 2,
    "view": "Board",
    "viewChanged": "Ours",
    "viewRows": [5, 2, 3, True],
    "viewDeleted": 1,
    "search": ["Demo"],
    "emojis": 0,
    "missing": [404, "object_not_found"],
    "wrong": [400, "validation_error"],
    "strangeToken": [401, "unauthorized"],
    "overloaded": "Demo",
}


def test_the_official_javascript_client_finds_notion_in_the_stand_in(modules: Path) -> None:
    world = filled()
    sandbox = world.sandbox
    sandbox.faults.append(
        at(lambda log: "overloaded" in log.query, overloaded(retry_after=0), times=1)
    )
    given = {
        "person": sandbox.person, "hub": world.hub, "database": world.database,
        "source": world.source, "row": world.row, "columns": world.ids,
    }  # fmt: skip

    with serving(sandbox, host="127.0.0.1", port=0) as address:
        found = run_node(modules, "read_notion.cjs", address, sandbox.token, json.dumps(given))

    assert found == EXPECTED
    assert len(EXPECTED) >= 20
    assert [log.status for log in sandbox.requests].count(529) == 1
    world.close()


STAGE_COLUMNS = {
    # Column in Notion → field of the export and how many decimals are written of it.
    "In stage now": ("in_stage", 0), "Dormant": ("dormant", 0), "Entered": ("entered", 0),
    "Units in window": ("units", 0), "Decided": ("decided", 0), "Completed": ("completed", 0),
    "Conversion": ("conversion", 3), "Conversion low": ("conversion_low", 3),
    "Conversion high": ("conversion_high", 3), "Drop-off": ("drop_off", 3),
    "Moved back": ("regression", 3), "Skipped": ("skip_rate", 3),
    "Median days": ("median_days", 0), "P90 days": ("p90_days", 0),
    "Open median days": ("open_median_days", 0), "Touches per unit": ("touches_per_unit", 1),
    "NPS": ("nps", 0), "NPS answers": ("nps_n", 0), "CSAT": ("csat", 3),
    "CSAT answers": ("csat_n", 0), "CES": ("ces", 1), "CES answers": ("ces_n", 0),
    "Open amount": ("open_amount", 0), "Won amount": ("won_amount", 0),
}  # fmt: skip
OTHERS = {
    "Personas": ("personas", "persona/{key}", {
        "Units": ("units", 0), "Share": ("share", 3), "Win rate": ("win_rate", 3),
        "Average order value": ("average_order_value", 0), "Repeat rate": ("repeat_rate", 3),
        "Cycle days": ("cycle_days", 0),
    }),
    "Touchpoints": ("touchpoints", "touchpoint/{stage}/{key}", {
        "Touches": ("touches", 0), "Units touched": ("units", 0), "Reach": ("reach", 3),
    }),
}  # fmt: skip


def rounded(subject: dict[str, Any], columns: dict[str, tuple[str, int]]) -> dict[str, Any]:
    cells = {
        name: None if subject[field] is None else round(subject[field], places)
        for name, (field, places) in columns.items()
    }
    score = subject["emotion"]["score"] if "emotion" in subject else None
    if "emotion" in subject:
        cells["Emotion"] = None if score is None else round(score, 1)
    return cells


def test_a_whole_demo_read_back_by_the_client_is_what_the_export_says(
    modules: Path, tmp_path: Path
) -> None:
    demo = run_main(["demo", "--no-serve", "--dir", str(tmp_path)], {})
    assert demo.code == 0, demo.err
    exported = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["journeys"]
    sandbox = NotionSandbox.load(tmp_path / "sandbox-notion.json", clock=SystemClock())

    with serving(sandbox, host="127.0.0.1", port=0) as address:
        given = json.dumps({"parent": sandbox.parent_page})
        read = run_node(modules, "read_notion.cjs", address, sandbox.token, given, "workspace")

    compared = 0
    subjects = {
        "Stages": sum(len(stage["cells"]) for one in exported for stage in one["stages"]),
        **{
            title: sum(len(one[field]) for one in exported)
            for title, (field, _, _) in OTHERS.items()
        },
    }
    assert {title: len(read[title]) for title in subjects} == subjects
    for journey in exported:
        for stage in journey["stages"]:
            for cell in stage["cells"]:
                row = read["Stages"][f"{journey['key']}/stage/{stage['key']}/{cell['persona']}"]
                wanted = rounded(cell, STAGE_COLUMNS)
                assert {name: row[name] for name in wanted} == wanted, (stage["key"], cell)
                compared += len(wanted)
        for title, (field, key, columns) in OTHERS.items():
            for subject in journey[field]:
                row = read[title][f"{journey['key']}/{key.format_map(subject)}"]
                wanted = rounded(subject, columns)
                assert {name: row[name] for name in wanted} == wanted, subject
                compared += len(wanted)
    assert compared > 500
