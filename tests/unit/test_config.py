"""The configuration: every mistake is one sentence with its place and its remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from cjm_sync.config import (
    Config,
    JourneyTable,
    PrivacyTable,
    SafetyTable,
    ScheduleTable,
    StoreTable,
    environment,
    find_config,
    journey_requests,
    load_config,
    parse_duration,
    resolve_secret,
)
from cjm_sync.errors import ConfigError
from cjm_sync.ports import SecretReference
from cjm_sync.registry import find_plugin

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"
MANUAL = ROOT / "docs" / "configuration.md"
MINIMUM = """[remote]
page = "p"
[[journeys]]
key = "customers"
name = "Customer journey"
"""
SECRET = "pat-eu1-8c7d-hush"


class RemoteTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretReference = "env:REMOTE_TOKEN"
    page: str


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {"remote": RemoteTable})


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert refused.value.exit_code == 2
    assert refused.value.hint
    return str(refused.value)


def with_line(table: str, line: str) -> str:
    """Return the minimum with one more line in *table*."""
    return (
        MINIMUM.replace("[remote]\n", f"[remote]\n{line}\n")
        if table == "remote"
        else (f"{MINIMUM}{line}\n" if table == "journeys" else f"[{table}]\n{line}\n{MINIMUM}")
    )


def plugin_tables() -> dict[str, type[BaseModel]]:
    return {
        "hubspot": find_plugin("sources", "hubspot").settings,
        "notion": find_plugin("targets", "notion").settings,
    }


def every_key() -> dict[str, Mapping[str, Any]]:
    models: dict[str, type[BaseModel]] = {
        **plugin_tables(),
        "store": StoreTable,
        "schedule": ScheduleTable,
        "privacy": PrivacyTable,
        "safety": SafetyTable,
        "journeys": JourneyTable,
    }
    return {table: model.model_fields for table, model in models.items()}


# the documents


def test_the_example_can_be_used_as_it_is() -> None:
    config = load_config(EXAMPLE, plugin_tables())

    assert [journey.key for journey in config.journeys] == ["customers"]


def test_the_example_shows_every_key() -> None:
    shown = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    shown["journeys"] = shown["journeys"][0]

    assert {table: set(keys) for table, keys in shown.items()} == {
        table: set(keys) for table, keys in every_key().items()
    }


def test_what_the_example_shows_is_the_default() -> None:
    config = load_config(EXAMPLE, plugin_tables())

    assert (config.store, config.schedule) == (StoreTable(), ScheduleTable())
    assert (config.privacy, config.safety) == (PrivacyTable(), SafetyTable())


def test_the_manual_has_a_row_for_every_key_and_for_no_other() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    listed: dict[str, set[str]] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        table = re.match(r"`\[+([a-z]+)\]+`", section)
        rows = re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE)
        listed |= {table[1]: set(rows)} if table else {}

    assert listed == {table: set(keys) for table, keys in every_key().items()}


# what is accepted


def test_a_minimum_is_enough(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM)

    assert config.store == StoreTable()
    assert config.tables["remote"].token == "env:REMOTE_TOKEN"
    assert config.path == tmp_path / "config.toml"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + MINIMUM).journeys


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        (" 1.5 h ", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


def test_nothing_is_expanded(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMUM.replace('page = "p"', 'page = "${HOME}"'))

    assert config.tables["remote"].page == "${HOME}"


# unknown and missing keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            with_line("remote", 'tokn = "env:X"'),
            "line 2: remote.tokn is not a known key (did you mean 'token'?)",
        ),
        (
            with_line("store", 'ur = "x"'),
            "line 2: store.ur is not a known key (did you mean 'url'?)",
        ),
        (
            with_line("safety", "max_removal = 5"),
            "line 2: safety.max_removal is not a known key (did you mean 'max_removals'?)",
        ),
        (
            with_line("journeys", 'profil = "crm"'),
            "line 6: journeys[1].profil is not a known key (did you mean 'profile'?)",
        ),
        (
            with_line("shedule", 'sync = "x"'),
            "line 1: shedule is not a known key (did you mean 'schedule'?)",
        ),
        (
            with_line("remot", 'page = "x"'),
            "line 1: remot is not a known key (did you mean 'remote'?)",
        ),
        (
            with_line("store", "zzz = 1"),
            "store.zzz is not a known key (known here: url, settle_seconds, workspace)",
        ),
        (
            MINIMUM.replace("name", "nmae"),
            "journeys[1].nmae is not a known key (did you mean 'name'?)",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_right_one(
    tmp_path: Path, text: str, words: str
) -> None:
    assert words in complaint(tmp_path, text)


def test_a_mistake_in_the_second_journey_names_its_line(tmp_path: Path) -> None:
    text = MINIMUM + '[[journeys]]\nkey = "deals"\nname = "Deals"\nunits = "deal"\n'

    assert "line 9: journeys[2].units is not a known key (did you mean 'unit'?)" in complaint(
        tmp_path, text
    )


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = '[remote]\n[store]\nurrl = "x"\n[safety]\non_person_edit = "shout"\n'

    words = complaint(tmp_path, text)

    assert all(
        part in words
        for part in (
            "remote.page is missing",
            "store.urrl",
            "safety.on_person_edit",
            "[[journeys]] is missing: at least one is needed",
        )
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMUM.replace('page = "p"\n', ""), "remote.page is missing"),
        (MINIMUM.replace('key = "customers"\n', ""), "journeys[1].key is missing"),
        ('[remote]\npage = "p"\n', "[[journeys]] is missing: at least one is needed"),
        ("", "remote.page is missing"),
    ],
)
def test_a_required_key_that_is_not_there_is_named(tmp_path: Path, text: str, words: str) -> None:
    assert words in complaint(tmp_path, text)


# wrong values


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ("schedule", 'heartbeat = "a day"', "'a day' is no duration; write 30s, 15m, 24h or 7d"),
        ("schedule", "heartbeat = 24", "24 is no duration"),
        ("schedule", 'heartbeat = "0s"', "longer than nothing"),
        ("schedule", 'heartbeat = "999999999999d"', "too long a duration"),
        (
            "schedule",
            'timezone = "Europe/Stokholm"',
            "is no time zone; write one like Europe/Stockholm",
        ),
        ("schedule", 'timezone = "../../etc/passwd"', "is no time zone"),
        ("schedule", 'timezone = ""', "is no time zone"),
        ("schedule", 'sync = "*/15 * * *"', "is no schedule"),
        ("schedule", 'sync = ""', "is no schedule"),
        ("schedule", 'sync = "61 * * * *"', "is no schedule"),
        ("schedule", 'sync = "0 9 * * 8"', "0 and 7 are Sunday"),
        ("schedule", 'sync = "0 0 31 2 *"', "never comes"),
        ("schedule", 'sweep = "every so often"', "is no duration"),
        ("schedule", 'sweep = "every 5s"', "too often; leave at least a minute"),
        ("safety", 'max_removals = "some"', "is not a limit; write max(5, 10%), 5 or 10%"),
        ("safety", 'on_person_delete = "shrug"', 'use one of "respect" or "restore"'),
        ("privacy", 'detail = "everything"', 'use one of "aggregate", "pseudonymous" or "full"'),
        ("store", "settle_seconds = -1", "must be at least 0"),
        ("store", "settle_seconds = nan", "must be at most 3600"),
        (
            "store",
            'workspace = "a b"',
            "may hold only letters a–z, digits, _ and -, 1 to 64 characters",
        ),
        ("store", 'url = "cjm-sync.db"', "no database address"),
        ("store", "url = 5", "must be text in quotes"),
        ("store", 'settle_seconds = "soon"', "must be a number"),
        ("journeys", "where = 5", "must be a table"),
        ("journeys", 'formerly = ["Clients"]', "may hold only a–z, 0–9 and -"),
        ("journeys", 'unit = "person"', 'use one of "contact", "company" or "deal"'),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_what_is_allowed(
    tmp_path: Path, table: str, line: str, words: str
) -> None:
    complained = complaint(tmp_path, with_line(table, line))

    assert words in complained
    assert re.search(r"line [26]: ", complained)


@pytest.mark.parametrize("key", ["Customers", "a_b", "a" * 33, "a/b", "a\\n"])
def test_a_journey_key_is_short_and_plain(tmp_path: Path, key: str) -> None:
    words = complaint(tmp_path, MINIMUM.replace("customers", key))

    assert "journeys[1].key: may hold only a–z, 0–9 and -, at most 32 characters" in words


def test_a_journey_key_is_not_empty(tmp_path: Path) -> None:
    words = complaint(tmp_path, MINIMUM.replace("customers", ""))

    assert "journeys[1].key: must not be empty" in words


def test_two_journeys_with_one_key_are_refused(tmp_path: Path) -> None:
    second = '[[journeys]]\nkey = "customers"\nname = "Again"\n'

    assert "the key 'customers' is used twice" in complaint(tmp_path, MINIMUM + second)


def test_former_keys_of_a_journey_are_taken(tmp_path: Path) -> None:
    loaded = load(tmp_path, MINIMUM + 'formerly = ["clients", "buyers"]\n')

    assert loaded.journeys[0].formerly == ("clients", "buyers")


def test_a_former_key_that_a_journey_still_has_is_refused(tmp_path: Path) -> None:
    second = '[[journeys]]\nkey = "clients"\nname = "Again"\nformerly = ["customers"]\n'

    words = complaint(tmp_path, MINIMUM + second)

    assert "'customers' is the key of a journey and a former one" in words


def test_a_former_key_of_two_journeys_is_refused(tmp_path: Path) -> None:
    second = '[[journeys]]\nkey = "clients"\nname = "Again"\nformerly = ["buyers"]\n'

    words = complaint(tmp_path, MINIMUM + 'formerly = ["buyers"]\n' + second)

    assert "the former key 'buyers' is given twice" in words


def test_no_mistake_ends_in_a_question_mark_or_in_words_of_a_library(tmp_path: Path) -> None:
    words = complaint(tmp_path, f"[storr]\n[privacy]\ndetail = 5\n{MINIMUM}name = 5\n".replace(
        'name = "Customer journey"\n', ""
    ))  # fmt: skip

    assert not words.endswith("?")
    assert "should" not in words and "input" not in words.lower()


@pytest.mark.parametrize(
    "text",
    [
        MINIMUM.replace("[[journeys]]", "[[journey]]"),
        MINIMUM.replace('key = "customers"\n', ""),
        MINIMUM.replace("customers", "Customers"),
        MINIMUM.replace("[[journeys]]", "[journeys]"),
    ],
)
def test_journeys_that_hold_a_mistake_are_not_called_missing(tmp_path: Path, text: str) -> None:
    words = complaint(tmp_path, text)

    assert "[[journeys]] is missing" not in words
    assert "; " not in words


@pytest.mark.parametrize(
    "text", ['[remote]\npage = "p"\n', 'journeys = []\n[remote]\npage = "p"\n']
)
def test_no_journeys_at_all_are_called_missing_once(tmp_path: Path, text: str) -> None:
    words = complaint(tmp_path, text)

    assert words.endswith("config.toml: [[journeys]] is missing: at least one is needed")


def test_a_language_that_is_not_there_yet_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = EXAMPLE.read_text(encoding="utf-8").replace('language = "en"', 'language = "de"')
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match='only "en" is available in this version'):
        load_config(path, plugin_tables())


def test_a_table_that_is_no_table_is_refused(tmp_path: Path) -> None:
    assert "line 1: store: " in complaint(tmp_path, 'store = "x"\n' + MINIMUM)


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert "not valid TOML" in complaint(tmp_path, MINIMUM + "page = \n")
    assert "line 6" in complaint(tmp_path, MINIMUM + "page = \n")


# the file


def test_a_file_that_is_not_there_is_named_with_the_way_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration") as refused:
        load_config(tmp_path / "config.toml", {})

    assert "config.example.toml" in str(refused.value.hint)


def test_a_folder_or_a_picture_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "picture", {})


def test_the_option_comes_before_the_environment_and_that_before_the_working_directory() -> None:
    env = {"CJM_SYNC_CONFIG": "there.toml"}

    assert find_config(Path("here.toml"), env) == Path("here.toml")
    assert find_config(None, env) == Path("there.toml")
    assert find_config(None, {"CJM_SYNC_CONFIG": ""}) == Path("config.toml")


# secrets


@pytest.mark.parametrize("reference", [SECRET, "Bearer:x", "env:", "file:", ""])
def test_a_literal_secret_is_refused_with_the_remedy(tmp_path: Path, reference: str) -> None:
    words = complaint(tmp_path, with_line("remote", f'token = "{reference}"'))

    assert "line 2: remote.token: a secret is not written into the configuration" in words
    assert "env:NAME, file:PATH or keyring:SERVICE" in words
    assert SECRET not in words


@pytest.mark.parametrize("query", [f"me:{SECRET}@host/name", f"me@host/name?password={SECRET}"])
def test_a_password_in_the_address_of_the_store_is_refused(tmp_path: Path, query: str) -> None:
    words = complaint(tmp_path, with_line("store", f'url = "postgresql+psycopg://{query}"'))

    assert "PGPASSWORD" in words
    assert SECRET not in words


def test_a_secret_comes_from_the_environment() -> None:
    found = resolve_secret("env:REMOTE_TOKEN", {"REMOTE_TOKEN": f" {SECRET}\n"}, key="remote.token")

    assert found.get_secret_value() == SECRET
    assert SECRET not in repr(found)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET + "\r\n")

    found = resolve_secret(f"file:{tmp_path / 'token'}", {}, key="remote.token")

    assert found == SecretStr(SECRET)


@pytest.mark.parametrize("value", ["", "  \n"])
def test_an_empty_variable_is_as_good_as_none(value: str) -> None:
    with pytest.raises(ConfigError, match="REMOTE_TOKEN is not set") as refused:
        resolve_secret("env:REMOTE_TOKEN", {"REMOTE_TOKEN": value}, key="remote.token")

    assert "Set REMOTE_TOKEN" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\n", "is empty"),
        (SECRET.encode() + b"\xff", "cannot be read"),
        (SECRET.encode() + b"\nsecond", "no token"),
    ],
)
def test_a_file_without_a_token_is_named(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / ("token" if content is not None else "elsewhere")
    (tmp_path / "token").write_bytes(content or b"")

    with pytest.raises(ConfigError, match=words) as refused:
        resolve_secret(f"file:{path}", {}, key="remote.token")

    assert SECRET not in _everything(refused.value)


@pytest.mark.parametrize("middle", ["\n", " ", "\x00", "é", "\t", "\x7f"])
def test_a_token_with_a_line_break_or_the_like_is_refused_without_showing_it(middle: str) -> None:
    with pytest.raises(ConfigError, match="no token") as refused:
        resolve_secret("env:T", {"T": f"{SECRET}{middle}x"}, key="remote.token")

    assert "remote.token" in str(refused.value)
    assert SECRET not in _everything(refused.value)


def test_a_keyring_that_is_not_installed_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    monkeypatch.setitem(__import__("sys").modules, "keyring.errors", None)

    with pytest.raises(ConfigError, match="keyring is not installed") as refused:
        resolve_secret("keyring:cjm", {}, key="remote.token")

    assert "pip install" in str(refused.value.hint)


def _everything(error: BaseException | None) -> str:
    """Return all that a traceback of *error* would show."""
    if error is None:
        return ""
    cause = None if error.__suppress_context__ else error.__context__
    return f"{error!r} {vars(error)} {_everything(error.__cause__ or cause)}"


def test_the_environment_is_the_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CJM_SYNC_CONFIG", "x.toml")

    assert find_config(None, environment()) == Path("x.toml")


# profiles


def test_a_bundled_profile_is_read_from_its_package() -> None:
    config = load_config(EXAMPLE, plugin_tables())
    mapping = find_plugin("mappings", "crm")

    (request,) = journey_requests(config, mapping)

    assert (request.key, request.profile_text) == ("customers", mapping.profile_text("crm"))


def test_a_profile_that_is_nowhere_is_named(tmp_path: Path) -> None:
    config = load(tmp_path, with_line("journeys", 'profile = "mine.toml"'))

    with pytest.raises(ConfigError, match=r"'mine\.toml' is neither a bundled profile") as refused:
        journey_requests(config, find_plugin("mappings", "crm"))

    assert refused.value.hint


def test_a_profile_beside_the_configuration_is_read(tmp_path: Path) -> None:
    mapping = find_plugin("mappings", "crm")
    text = mapping.profile_text("crm")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    config = load(tmp_path, with_line("journeys", 'profile = "mine.toml"'))

    (request,) = journey_requests(config, mapping)

    assert request.profile_text == text
