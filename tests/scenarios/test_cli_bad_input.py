"""What a person may get wrong: one sentence with the remedy, the documented code, nothing written."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scenarios.cli_world import AS_OF, CLOSED, LOOPBACK, Desk, Ran, copy_of, open_desk

pytestmark = LOOPBACK


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("first")) as opened:
        assert opened.sync().code == 0
        yield opened


@pytest.fixture
def synced(first: Desk, tmp_path: Path) -> Iterator[Desk]:
    with copy_of(first, tmp_path) as copied:
        yield copied


def assert_refused(desk: Desk, ran: Ran, code: int, *words: str, writes: int = 0) -> None:
    assert ran.code == code, ran.err
    assert len(ran.errors) == 1, ran.err
    for word in words:
        assert word in ran.errors[0]
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert len(desk.writes()) == writes


def no_variable(desk: Desk) -> None:
    del desk.environment["NOTION_TOKEN"]


def missing_file(desk: Desk) -> None:
    desk.tables["notion"] = {"token": "file:nowhere/token"}


def literal_token(desk: Desk) -> None:
    desk.tables["hubspot"] = {"token": "pat-eu1-0000-1111"}


def unknown_key(desk: Desk) -> None:
    desk.tables["notion"] = {"parent_pge": "x"}


def unknown_table(desk: Desk) -> None:
    desk.tables["privcy"] = {"detail": "aggregate"}


def where_unknown(desk: Desk) -> None:
    desk.more = 'where = { pipelin = ["default"] }'


def where_bad_date(desk: Desk) -> None:
    desk.more = 'where = { created_after = "soon" }'


def profile_unknown(desk: Desk) -> None:
    desk.more = 'profile = "cmr"'


def profile_broken(desk: Desk) -> None:
    (desk.folder / "own.toml").write_text('extends = "crm"\n[deals\n', encoding="utf-8")
    desk.more = 'profile = "own.toml"'


def profile_wrong_key(desk: Desk) -> None:
    text = 'extends = "crm"\n\n[deals]\nwonn = "service"\n'
    (desk.folder / "own.toml").write_text(text, encoding="utf-8")
    desk.more = 'profile = "own.toml"'


def profile_unknown_stage(desk: Desk) -> None:
    text = 'extends = "crm"\n\n[deals]\nwon = "servce"\n'
    (desk.folder / "own.toml").write_text(text, encoding="utf-8")
    desk.more = 'profile = "own.toml"'


def page_malformed(desk: Desk) -> None:
    desk.tables["notion"] = {"parent_page": "ntn_0000"}


def page_unknown(desk: Desk) -> None:
    desk.tables["notion"] = {"parent_page": "0" * 32}


def page_unshared(desk: Desk) -> None:
    desk.notion.unshare(desk.notion.parent_page)


def page_is_a_database(desk: Desk) -> None:
    status, made = desk.notion.call(
        "POST",
        "databases",
        {
            "parent": {"type": "page_id", "page_id": desk.notion.parent_page},
            "title": [{"type": "text", "text": {"content": "A table"}}],
            "initial_data_source": {"properties": {"Name": {"title": {}}}},
        },
    )
    assert status == 200, made
    desk.tables["notion"] = {"parent_page": made["id"]}


def page_in_trash(desk: Desk) -> None:
    body = {
        "parent": {"type": "page_id", "page_id": desk.notion.parent_page},
        "properties": {"title": {"title": [{"text": {"content": "Old"}}]}},
    }
    _, made = desk.notion.call("POST", "pages", body)
    status, answer = desk.notion.call("PATCH", f"pages/{made['id']}", {"in_trash": True})
    assert status == 200, answer
    desk.tables["notion"] = {"parent_page": made["id"]}


def hubspot_revoked(desk: Desk) -> None:
    desk.hubspot.token = "another"


def notion_revoked(desk: Desk) -> None:
    desk.notion.token = "another"


def token_with_spaces(desk: Desk) -> None:
    desk.environment["HUBSPOT_TOKEN"] = "pat one two"


def hubspot_unreachable(desk: Desk) -> None:
    desk.urls["hubspot"] = CLOSED


def notion_unreachable(desk: Desk) -> None:
    desk.urls["notion"] = CLOSED


def store_is_no_url(desk: Desk) -> None:
    desk.tables["store"] = {"url": "cjm-sync.db"}


def store_of_unknown_kind(desk: Desk) -> None:
    desk.tables["store"] = {"url": "mysql://u@localhost/x"}


def store_with_password(desk: Desk) -> None:
    desk.tables["store"] = {"url": "mysql://u:hunter2@localhost/x"}


def store_cannot_be_made(desk: Desk) -> None:
    (desk.folder / "a-file").write_text("", encoding="utf-8")
    desk.tables["store"] = {"url": "sqlite:///a-file/store.db"}


def store_is_no_database(desk: Desk) -> None:
    (desk.folder / "notes.txt").write_text("no database " * 100, encoding="utf-8")
    desk.tables["store"] = {"url": "sqlite:///notes.txt"}


def bad_cron(desk: Desk) -> None:
    desk.tables["schedule"] = {"sync": "every now and then"}


def bad_zone(desk: Desk) -> None:
    desk.tables["schedule"] = {"timezone": "Europe/Stokholm"}


def bad_limit(desk: Desk) -> None:
    desk.tables["safety"] = {"max_removals": "some"}


def bad_key(desk: Desk) -> None:
    desk.more = '[[journeys]]\nkey = "Über"\nname = "x"'


def same_key_twice(desk: Desk) -> None:
    desk.more = '[[journeys]]\nkey = "customers"\nname = "x"'


CASES: list[tuple[Callable[[Desk], None], int, tuple[str, ...]]] = [
    (no_variable, 2, ("NOTION_TOKEN", "is not set")),
    (missing_file, 2, ("notion.token", "nowhere/token")),
    (literal_token, 2, ("hubspot.token", "env:")),
    (unknown_key, 2, ("line ", "notion.parent_pge", "'parent_page'")),
    (unknown_table, 2, ("line ", "privcy", "'privacy'")),
    (where_unknown, 2, ("pipelin", "pipeline")),
    (where_bad_date, 2, ("where.created_after", "2025-01-01")),
    (profile_unknown, 2, ("cmr", "crm")),
    (profile_broken, 2, ("own.toml", "line 2")),
    (profile_wrong_key, 2, ("own.toml", "line 4", "wonn", "won")),
    (profile_unknown_stage, 2, ("own.toml", "servce", "service")),
    (page_malformed, 2, ("line ", "notion.parent_page", "Copy link")),
    (page_unknown, 2, ("notion.parent_page", "not shared", "Connections")),
    (page_unshared, 2, ("notion.parent_page", "not shared", "Connections")),
    (page_is_a_database, 2, ("notion.parent_page", "database", "page")),
    (page_in_trash, 2, ("notion.parent_page", "trash")),
    (hubspot_revoked, 2, ("HubSpot", "token", "hubspot.token")),
    (notion_revoked, 2, ("Notion", "token", "notion.token")),
    (token_with_spaces, 2, ("hubspot.token", "Copy the token again")),
    (hubspot_unreachable, 1, ("127.0.0.1", "hubspot.base_url")),
    (notion_unreachable, 1, ("Notion", "notion.base_url")),
    (store_is_no_url, 2, ("store.url", "sqlite:///")),
    (store_of_unknown_kind, 2, ("store.url", "mysql")),
    (store_with_password, 2, ("store.url",)),
    (store_cannot_be_made, 2, ("a-file/store.db", "store.url")),
    (store_is_no_database, 2, ("notes.txt", "store.url")),
    (bad_cron, 2, ("line ", "schedule.sync", "15m")),
    (bad_zone, 2, ("line ", "schedule.timezone", "Europe/Stockholm")),
    (bad_limit, 2, ("line ", "safety.max_removals")),
    (bad_key, 2, ("journeys[2].key",)),
    (same_key_twice, 2, ("customers", "twice")),
]


@pytest.mark.parametrize(("spoil", "code", "words"), CASES, ids=[c[0].__name__ for c in CASES])
def test_a_mistake_is_one_sentence_with_its_remedy_before_anything_is_written(
    desk: Desk, spoil: Callable[[Desk], None], code: int, words: tuple[str, ...]
) -> None:
    spoil(desk)
    made = len(desk.writes())

    ran = desk.sync()

    assert_refused(desk, ran, code, *words, writes=made)
    for secret in ("pat-eu1-0000-1111", "ntn_0000", "hunter2", *desk.environment.values()):
        assert secret not in ran.err


@pytest.mark.parametrize("command", ["sync", "plan"])
@pytest.mark.parametrize(
    "spoil", [hubspot_unreachable, notion_unreachable], ids=["hubspot", "notion"]
)
def test_an_unreachable_host_is_told_within_seconds(
    desk: Desk, command: str, spoil: Callable[[Desk], None]
) -> None:
    spoil(desk)
    began = time.monotonic()

    ran = desk.run(command)

    assert_refused(desk, ran, 1, "Check ")
    assert time.monotonic() - began < 10


def test_json_of_a_refused_run_is_one_object_with_the_reason(desk: Desk) -> None:
    page_unshared(desk)

    ran = desk.sync("--json")

    assert ran.code == 2
    assert ran.json["outcome"] == "refused"
    assert [f["code"] for f in ran.json["findings"]] == ["refused"]
    assert "not shared" in ran.json["findings"][0]["message"]
    assert len(ran.errors) == 1


def test_a_missing_configuration_names_the_example(desk: Desk) -> None:
    ran = desk.run("sync", "--config", str(desk.folder / "none.toml"))

    assert_refused(desk, ran, 2, "none.toml", "config.example.toml")


def test_a_configuration_that_is_no_toml_names_the_line(desk: Desk) -> None:
    desk.config.write_text("[notion]\nplan = business\n", encoding="utf-8")

    ran = desk.run_as_it_stands("sync")

    assert_refused(desk, ran, 2, "config.toml", "line 2")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["sync", "--as-of", "yesterday"], ("--as-of", "yesterday", "2026-")),
        (["export", "--format", "pdf"], ("--format", "pdf", "csv, html, json, png, svg")),
        (["export", "--as-of", "32"], ("--as-of",)),
        (["sync", "--as-of", "0001-01-01T00:00:00+14:00"], ("--as-of", "2000")),
        (["plan", "--as-of", "9999-12-31"], ("--as-of", "2200")),
    ],
    ids=["as-of", "format", "export-as-of", "too-early", "too-late"],
)
def test_a_bad_option_value_names_a_right_one(
    desk: Desk, command: list[str], words: tuple[str, ...]
) -> None:
    ran = desk.run(*command)

    assert_refused(desk, ran, 2, *words)


@pytest.mark.parametrize(
    "arguments", [["synk"], ["sync", "--fulll"], ["sync", "extra"], ["sync", "--as-of"]]
)
def test_a_wrong_word_on_the_command_line_is_a_usage_error(
    desk: Desk, arguments: list[str]
) -> None:
    ran = desk.run_as_it_stands(*arguments, "--config", "x.toml")

    assert (ran.code, ran.out) == (2, "")
    assert "Error: " in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("more", [[], ["--as-of", "2026-01-01"]], ids=["last", "as-of"])
def test_export_before_any_sync_says_what_to_run_first(desk: Desk, more: list[str]) -> None:
    ran = desk.run("export", *more)

    assert_refused(desk, ran, 1, "cjm-sync sync")


def test_export_to_a_folder_that_is_not_there_is_refused(synced: Desk) -> None:

    ran = synced.run("export", "--output", str(synced.folder / "no" / "map.json"))

    assert_refused(synced, ran, 2, "map.json")


def test_an_earlier_time_than_the_last_written_is_refused_but_may_be_looked_at(
    synced: Desk,
) -> None:
    earlier = "2026-11-16T08:59:00Z"

    ran = synced.sync(as_of=earlier)
    looked = synced.sync("--dry-run", as_of=earlier)

    assert_refused(synced, ran, 2, "--as-of", "--dry-run")
    assert looked.code == 0, looked.err
    assert len(synced.writes()) == 0


def test_the_hub_of_another_installation_is_refused_until_taken_over(synced: Desk) -> None:
    synced.tables["store"] = {"url": "sqlite:///another.db"}

    ran = synced.sync()

    assert_refused(synced, ran, 3, "another installation", "--take-over")


def test_another_portal_under_the_same_store_is_refused(synced: Desk) -> None:
    synced.hubspot.portal.info["account"]["portalId"] += 1

    ran = synced.sync()

    assert_refused(synced, ran, 3, "HubSpot portal", "--take-over")


def test_a_second_run_while_one_holds_the_lock_ends_with_4(synced: Desk) -> None:
    holder = sqlite3.connect(synced.folder / "cjm-sync.db.lock", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    ran = synced.sync()
    holder.close()

    assert_refused(synced, ran, 4, "another run", "cjm-sync status")


def test_check_is_all_ok_on_a_sound_set_up(desk: Desk) -> None:
    ran = desk.run("check", "--json")

    assert ran.code == 0, ran.out
    states = {c["state"] for c in ran.json["checks"]}
    assert states == {"ok"}
    assert desk.writes() == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(hubspot_revoked, 2), (page_unshared, 2), (notion_unreachable, 1), (hubspot_unreachable, 1)],
    ids=["token", "page", "notion-host", "hubspot-host"],
)
def test_check_names_what_is_not_met_and_ends_with_its_code(
    desk: Desk, spoil: Callable[[Desk], None], code: int
) -> None:
    spoil(desk)

    ran = desk.run("check", "--json")

    failed = [c for c in ran.json["checks"] if c["state"] == "failed"]
    assert ran.code == code
    assert len(failed) == 1
    assert failed[0]["hint"]
    assert desk.writes() == []


def test_check_warns_of_a_scope_that_is_missing_and_names_it(desk: Desk) -> None:
    ran_all = desk.run("check", "--json")
    desk.hubspot.scopes = frozenset(
        {"crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read"}
    )

    ran = desk.run("check", "--json")

    warned = {c["name"]: c["hint"] for c in ran.json["checks"] if c["state"] == "warning"}
    assert ran_all.code == 0
    assert "tickets" in warned["hubspot tickets"]
    assert json.dumps(warned).count("scope") >= len(warned) - 1


def test_the_same_moment_may_be_written_again(synced: Desk) -> None:
    assert synced.sync(as_of=AS_OF).code == 0
    assert synced.writes() == []
