"""A database that a team has already, given to the sync: nothing of theirs is lost or doubled."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.runs import Report
from cjm_sync_sandbox.notion.hand import Person
from support.losing import lose_store
from support.world import MOMENTS, Moment, World, cut_to, sampled, writes

EVERYONE = "customers/stage/awareness/everyone"
OTHER = "customers/stage/purchase/everyone"


def text(words: str) -> list[dict[str, Any]]:
    return [{"text": {"content": words}}]


@pytest.fixture
def given(empty: World) -> World:
    """A world whose team keeps its own stages: three rows, one of which is none of ours."""
    made = empty.as_person("POST", "databases", {
        "parent": {"type": "page_id", "page_id": empty.notion.parent_page},
        "title": text("Our stages"),
        "description": text("What we know of each stage."),
        "initial_data_source": {"properties": {
            "Stage name": {"title": {}},
            "Entered": {"number": {"format": "number"}},
            "Conversion": {"rich_text": {}},
            "Feelings": {"rich_text": {}},
            "Journey": {"select": {"options": [{"name": "Retail"}]}},
        }},
    })  # fmt: skip
    empty.table = {"adopt": {"stages": {"database": made["id"]}}}
    source = made["data_sources"][0]["id"]
    for name, entered in (("Awareness", 7), ("purchase", None), ("Grandmothers", 3)):
        empty.as_person("POST", "pages", {
            "parent": {"type": "data_source_id", "data_source_id": source},
            "properties": {
                "Stage name": {"title": text(name)},
                "Entered": {"number": entered},
                "Feelings": {"rich_text": text(f"{name} feels fine.")},
            },
        })  # fmt: skip
    empty.wait(minutes=15)
    return empty


def finding(report: Report, code: str) -> str:
    return next(f.message for f in report.findings if f.code == code)


def theirs(world: World) -> tuple[str, str]:
    """Return the ids of the team's database and of its data source."""
    database = world.table["adopt"]["stages"]["database"]
    return database, world.as_person("GET", f"databases/{database}")["data_sources"][0]["id"]


def named(world: World, name: str) -> dict[str, Any]:
    """Return the rows of the team's database of that name; there must be one."""
    answer = world.as_person("POST", f"data_sources/{theirs(world)[1]}/query", {"page_size": 100})
    (row,) = (
        row
        for row in answer["results"]
        if row["properties"]["Stage name"]["title"][:1] != []
        and row["properties"]["Stage name"]["title"][0]["plain_text"] == name
    )
    return row["properties"]  # type: ignore[no-any-return]


def test_their_rows_become_ours_and_what_they_hold_stays(given: World) -> None:
    report = given.run()

    assert report.outcome == "done"
    awareness = named(given, "Awareness")
    assert awareness["Sync key"]["rich_text"][0]["plain_text"] == EVERYONE
    assert awareness["Feelings"]["rich_text"][0]["plain_text"] == "Awareness feels fine."
    assert awareness["Entered"]["number"] == 7
    assert awareness["Conversion (cjm-sync)"]["number"] is not None
    purchase = named(given, "purchase")
    assert purchase["Sync key"]["rich_text"][0]["plain_text"] == OTHER
    assert purchase["Entered"]["number"] is not None
    strange = named(given, "Grandmothers")
    assert strange["Sync key"]["rich_text"] == []
    assert given.twins() == []


def test_a_second_run_over_an_adopted_database_writes_nothing(given: World) -> None:
    given.run()
    given.wait(minutes=15)

    sent = given.requests_of(given.run)

    assert writes(sent) == []


def test_columns_are_added_and_none_is_renamed_removed_or_retyped(given: World) -> None:
    before = given.as_person("GET", f"data_sources/{theirs(given)[1]}")["properties"]

    report = given.run()

    after = given.as_person("GET", f"data_sources/{theirs(given)[1]}")["properties"]
    for name, held in before.items():
        assert (after[name]["id"], after[name]["type"]) == (held["id"], held["type"])
    assert after["Conversion (cjm-sync)"]["type"] == "number"
    assert "Conversion" in finding(report, "column_renamed")
    options = {option["name"] for option in after["Journey"]["select"]["options"]}
    assert {"Retail", "Customer journey"} <= options


def test_an_option_of_theirs_in_another_case_is_the_one_that_rows_and_views_use(
    given: World,
) -> None:
    Person(given.notion).add_option(theirs(given)[1], "Journey", "CUSTOMER journey")

    report = given.run()

    assert [f.code for f in report.findings if f.code == "view_refused"] == []
    journey = given.as_person("GET", f"data_sources/{theirs(given)[1]}")["properties"]["Journey"]
    names = [option["name"] for option in journey["select"]["options"]]
    assert [name for name in names if name.casefold() == "customer journey"] == ["CUSTOMER journey"]
    view = given.tables("views")[given.bindings()["_/view/customers/funnel"].remote_id]
    assert "CUSTOMER journey" in json.dumps(view["filter"])


def test_their_description_stays_and_carries_our_mark_behind_it(given: World) -> None:
    given.run()

    described = given.as_person("GET", f"databases/{theirs(given)[0]}")["description"]
    words = "".join(item["plain_text"] for item in described)
    assert words.startswith("What we know of each stage.\n")
    assert "/stages" in words


def test_a_preview_says_what_matches_and_writes_nothing(given: World) -> None:
    reports: list[Report] = []

    sent = given.requests_of(lambda: reports.append(given.run(dry_run=True)))

    assert writes(sent) == []
    assert list(given.folder.glob("notion-*")) == []
    said = finding(reports[0], "adoption")
    assert (
        "'Our stages' is used for stages: 3 columns fit (Stage and persona, Journey, Entered), "
        in said
    )
    assert said.endswith("2 of its 3 rows are taken over")


def test_what_stood_there_is_in_a_file_that_only_its_owner_reads(given: World) -> None:
    report = given.run()

    (path,) = given.folder.glob("notion-stages-*.jsonl")
    assert str(path) in finding(report, "backup_written")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert "Sync key" not in lines[0]["data_source"]["properties"]
    rows = {line["properties"]["Stage name"]["title"][0]["plain_text"] for line in lines[1:]}
    assert rows == {"Awareness", "purchase", "Grandmothers"}
    assert lines[1]["properties"]["Entered"]["number"] == 7


def test_without_a_backup_nothing_is_written_to_their_database(
    given: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    before = given.as_person("GET", f"data_sources/{theirs(given)[1]}")
    monkeypatch.setattr(Path, "replace", refuse)

    report = given.run()

    assert report.error is not None
    assert "No space left on device; nothing was changed in Notion" in str(report.error)
    assert given.as_person("GET", f"data_sources/{theirs(given)[1]}") == before


def test_rows_of_one_name_are_left_alone_and_named(given: World) -> None:
    given.as_person("POST", "pages", {
        "parent": {"type": "data_source_id", "data_source_id": theirs(given)[1]},
        "properties": {"Stage name": {"title": text("AWARENESS")}},
    })  # fmt: skip
    given.wait(minutes=15)

    report = given.run()

    assert named(given, "Awareness")["Sync key"]["rich_text"] == []
    assert named(given, "AWARENESS")["Sync key"]["rich_text"] == []
    assert "2 rows carry the name" in finding(report, "adoption_ambiguous")
    assert given.twins() == []


def test_a_row_is_known_by_the_column_that_they_name(given: World) -> None:
    given.table = {"adopt": {"stages": {**given.table["adopt"]["stages"], "match": "Feelings"}}}
    row = next(
        page for page in given.tables("pages").values()
        if page["values"].get("title", [{}])[0].get("plain_text") == "Grandmothers"
    )  # fmt: skip
    given.as_person(
        "PATCH",
        f"pages/{row['id']}",
        {"properties": {"Feelings": {"rich_text": text("Awareness")}}},
    )

    given.run()

    assert named(given, "Grandmothers")["Sync key"]["rich_text"][0]["plain_text"] == EVERYONE


def test_a_column_is_ours_by_the_name_that_they_tell(given: World) -> None:
    adopt = {**given.table["adopt"]["stages"], "columns": {"withheld": "Feelings"}}
    given.table = {"adopt": {"stages": adopt}}

    given.run()

    properties = given.as_person("GET", f"data_sources/{theirs(given)[1]}")["properties"]
    assert "Withheld" not in properties
    assert (
        given.bindings()["_/database/stages"].detail["columns"]["withheld"]
        == (properties["Feelings"]["id"])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": {"entered": "Feelings"}}, "`notion.adopt.stages.columns.entered` names no"),
        ({"match": "Entered"}, "`notion.adopt.stages.match` names no text column"),
        ({"database": "12345678-1234-4234-8234-123456789abc"}, "does not exist or is not shared"),
    ],
)
def test_what_cannot_be_used_as_told_is_refused_before_anything_is_written(
    given: World, change: dict[str, Any], said: str
) -> None:
    given.table = {"adopt": {"stages": {**given.table["adopt"]["stages"], **change}}}
    reports: list[Report] = []

    sent = given.requests_of(lambda: reports.append(given.run()))

    assert (reports[0].outcome, writes(sent)) == ("refused", [])
    assert said in str(reports[0].error)


def test_a_database_of_another_installation_is_not_taken(given: World) -> None:
    given.as_person(
        "PATCH", f"databases/{theirs(given)[0]}", {"description": text("cjm-sync:other/stages")}
    )

    report = given.run()

    assert (report.outcome, report.error.exit_code if report.error else 0) == ("refused", 3)


def test_another_database_named_later_is_not_taken(given: World) -> None:
    given.run()
    given.wait(minutes=15)
    other = given.bindings()["_/database/touchpoints"].remote_id
    given.table = {"adopt": {"stages": {"database": other}}}

    report = given.run()

    assert [f.code for f in report.findings if f.code.startswith("adopt")] == ["adoption_ignored"]


def test_a_database_for_rows_that_are_not_wished_is_left_alone(given: World) -> None:
    before = given.as_person("GET", f"data_sources/{theirs(given)[1]}")
    given.table = {"adopt": {"units": given.table["adopt"]["stages"]}}

    report = given.run()

    assert report.outcome == "done"
    assert "does not fill" in finding(report, "adoption_ignored")
    assert given.as_person("GET", f"data_sources/{before['id']}") == before


def test_a_lost_store_finds_the_adopted_database_again(given: World) -> None:
    given.run()
    given.wait(minutes=15)
    was = given.bindings()["_/database/stages"]
    lose_store(given)

    report = given.run(take_over=True, accept=True)

    assert report.outcome == "done"
    now = given.bindings()["_/database/stages"]
    assert (now.remote_id, now.detail["columns"]) == (was.remote_id, was.detail["columns"])
    assert given.twins() == []


def test_a_lost_store_knows_the_renamed_options_of_an_adopted_database(given: World) -> None:
    given.run()
    person = Person(given.notion)
    detail = given.bindings()["_/database/stages"].detail
    person.change_option(detail["data_source_id"], "State", "active", name="live")
    person.change_option(detail["data_source_id"], "Journey", "Customer journey", name="Our way")
    lose_store(given)
    given.wait(minutes=15)

    report = given.run(take_over=True, accept=True)

    assert (report.outcome, report.created) == ("done", 0)
    after = given.bindings()["_/database/stages"].detail["options"]
    for column, key in (("state", "active"), ("journey", "customers")):
        assert after[column][key] == detail["options"][column][key]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_take_over_stopped_at_any_request_ends_as_an_undisturbed_one(
    given: World, moment: Moment
) -> None:
    given.wrap = cut_to("_/hub", "_/database", "customers/persona/everyone", EVERYONE, OTHER)
    whole = given.copy()
    places = [place for place, _ in enumerate(whole.requests_of(whole.run), 1)]
    for place in sampled(places, 5):
        struck = given.copy()
        struck.run_until(place, moment)
        struck.wait(minutes=15)
        struck.run()
        assert struck.twins() == [], place
        assert named(struck, "Awareness")["Entered"]["number"] == 7, place
        assert struck.row(EVERYONE)["Sync key"] == EVERYONE, place
        properties = struck.as_person("GET", f"data_sources/{theirs(struck)[1]}")["properties"]
        assert sum("Conversion" in name for name in properties) == 4, place
        struck.drop()
    whole.drop()
