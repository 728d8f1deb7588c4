"""`cjm-sync explain`: a unit's way, a number's records, a finding's remedy; what is unknown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.explain import pseudonym
from cjm_sync.remedies import remedies
from cjm_sync_notion.unit_rows import pseudonym as shown_in_notion
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import AS_OF, LOOPBACK, Desk, Ran, open_desk

pytestmark = LOOPBACK

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("explain"), small_portal()) as opened:
        opened.more = '[[journeys]]\nkey = "firms"\nname = "Firms"\nunit = "company"\n'
        assert opened.sync().code == 0
        yield opened


def explained(desk: Desk, key: str, *more: str) -> Any:
    ran = desk.run("explain", key, "--json", *more)
    assert ran.code == 0, ran.err
    return ran.json


def exported(desk: Desk) -> Any:
    return json.loads(desk.run("export").raw)["journeys"][0]


def asked_nobody(desk: Desk, key: str) -> Ran:
    """Explain *key* and show that neither service heard of it."""
    before = (len(desk.hubspot.requests), len(desk.notion.requests))
    ran = desk.run("explain", key)
    assert (len(desk.hubspot.requests), len(desk.notion.requests)) == before
    return ran


def first_id(desk: Desk, object_: str) -> str:
    return str(min(int(row["id"]) for row in desk.hubspot.portal.rows[object_]))


# units


@pytest.mark.parametrize("spelling", ["contacts/{}", "contact/{}", "customers/unit/contacts/{}"])
def test_a_unit_is_told_with_its_events_stays_and_rules(desk: Desk, spelling: str) -> None:
    id_ = first_id(desk, "contacts")
    told = explained(desk, spelling.format(id_))

    assert (told["kind"], told["object"], told["id"]) == ("unit", "contacts", id_)
    assert told["as_of"] == AS_OF.replace("Z", ".000Z")
    assert told["events"][0]["text"] == "created"
    assert told["stays"][0]["rule"] == 1
    assert told["stays"][-1]["left_at"] is None
    for before, after in zip(told["stays"], told["stays"][1:], strict=False):
        assert before["left_at"] == after["entered_at"]
        assert before["ended"] == after["began"]


def test_a_unit_s_lines_name_the_record_and_the_rule_behind_each_stay(desk: Desk) -> None:
    ran = asked_nobody(desk, f"contacts/{first_id(desk, 'contacts')}")

    assert ran.code == 0
    assert re.search(r"began: deals/\d+ \(rule 4: a later stage", ran.out)
    assert re.search(r"is won  \[deals/\d+\]", ran.out)
    assert "after a purchase from " in ran.out


def test_a_company_is_a_unit_of_its_own_journey(desk: Desk) -> None:
    id_ = first_id(desk, "companies")

    assert explained(desk, f"companies/{id_}")["object"] == "companies"
    ran = desk.run("explain", f"customers/unit/companies/{id_}")
    assert (ran.code, f"customers/unit/contacts/{id_}" in ran.err) == (2, True)


def test_nobody_s_name_or_address_is_told(desk: Desk) -> None:
    rows = desk.hubspot.portal.rows["contacts"]
    ran = desk.run("explain", f"contacts/{first_id(desk, 'contacts')}", "--all")

    for row in rows:
        for name in ("email", "firstname", "lastname"):
            value = row["properties"].get(name)
            assert not value or value not in ran.out


# numbers


def test_a_number_is_told_with_definition_base_window_and_ids(desk: Desk) -> None:
    told = explained(desk, "customers/stage/purchase/everyone#entered")
    (number,) = told["numbers"]
    (group,) = number["behind"]

    assert told["kind"] == "number"
    assert number["value"] == 5 == group["count"]
    assert number["definition"] == "stays entered, returns included"
    assert number["window"] == "2026-08-18 to 2026-11-16"
    assert group["object"] == "contacts"
    assert set(group["ids"]) <= {row["id"] for row in desk.hubspot.portal.rows["contacts"]}


def test_every_number_of_every_row_is_what_the_export_says(desk: Desk) -> None:
    journey = exported(desk)
    for stage in journey["stages"]:
        cell = stage["cells"][0]
        for number in explained(desk, f"customers/stage/{stage['key']}/everyone")["numbers"]:
            value = cell[number["name"]]
            assert number["value"] == (value["score"] if number["name"] == "emotion" else value)
            assert number["definition"]
            assert number["base"]
            assert number["window"]
    (everyone, *_) = journey["personas"]
    for number in explained(desk, "customers/persona/everyone")["numbers"]:
        assert number["value"] == everyone[number["name"]]
    for row in journey["touchpoints"]:
        told = explained(desk, f"customers/touchpoint/{row['stage']}/{row['key']}#touches")
        assert told["numbers"][0]["value"] == row["touches"]
    whole = {one["name"]: one["value"] for one in explained(desk, "customers")["numbers"]}
    assert whole == {
        "units": journey["units"],
        **{k: v for k, v in journey["outcomes"].items() if k in whole},
    }


def test_a_count_is_the_number_of_the_ids_behind_it(desk: Desk) -> None:
    for name in ("in_stage", "dormant", "entered", "units", "decided", "completed"):
        for stage in ("awareness", "consideration", "service"):
            told = explained(desk, f"customers/stage/{stage}/everyone#{name}", "--all")
            (number,) = told["numbers"]
            if number["value"] is not None:
                assert number["value"] == len(number["behind"][0]["ids"])


def test_a_row_of_history_is_explained_by_its_stage_with_a_word_on_time(desk: Desk) -> None:
    told = explained(desk, "customers/history/2026-11/awareness/everyone#entered")
    now = explained(desk, "customers/stage/awareness/everyone#entered")

    assert told["numbers"] == now["numbers"]
    assert "at the end of 2026-11" in told["title"]


def test_a_withheld_number_stays_withheld_and_says_why(desk: Desk) -> None:
    ran = asked_nobody(desk, "customers/persona/everyone#win_rate")

    assert "win_rate: nothing to show (withheld: it rests on fewer than 5 units)" in ran.out
    assert re.search(r"won deals \(\d\): \d+", ran.out)


def test_long_lists_are_cut_with_a_count_unless_all_is_asked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cjm_sync.explain.SHOWN", 3)
    key = "customers#units"
    (group,) = explained(desk, key)["numbers"][0]["behind"]

    assert len(group["ids"]) == 3 < group["count"]
    assert len(explained(desk, key, "--all")["numbers"][0]["behind"][0]["ids"]) == group["count"]
    assert f"and {group['count'] - 3} more; --all lists them" in desk.run("explain", key).out
    assert "more; --all" not in desk.run("explain", key, "--all").out


def test_another_time_gives_another_answer(desk: Desk) -> None:
    early = explained(desk, "customers#units", "--as-of", "2026-09-10T00:00:00Z")

    assert early["as_of"] == "2026-09-10T00:00:00.000Z"
    assert early["numbers"][0]["behind"][0]["count"] < len(desk.hubspot.portal.rows["contacts"])


# findings


def test_every_documented_code_has_its_meaning_and_remedy(desk: Desk) -> None:
    text = (DOCS / "findings.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| (`[^|]+`) \|", text, flags=re.MULTILINE)
    codes = {code for cell in first_cells for code in re.findall(r"`([a-z_]+)`", cell)}

    assert codes == remedies().keys()
    assert all(one.meaning and one.remedy for one in remedies().values())
    told = explained(desk, "cell_kept")
    assert told["remedy"] == "Empty the cell in Notion to have it filled again."


# what is unknown


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("customers/stage/purchas/everyone", "customers/stage/purchase/everyone"),
        ("customers/stage/purchase/everyone#convresion", "everyone#conversion"),
        ("customers/persona/everyon", "customers/persona/everyone"),
        ("customer", "customers"),
        ("cell_kep", "cell_kept"),
        ("contacts/0", "outside_filter"),
        ("customers/unit/contacts/713", "customers/unit/contacts/713"),
        ("", "customers"),
        ("%/#%//é", "customers"),
        ("customers/stage/purchase/everyone/", "customers/stage/purchase/everyone"),
    ],
)
def test_an_unknown_key_ends_with_two_and_names_the_nearest(
    desk: Desk, key: str, nearest: str
) -> None:
    ran = asked_nobody(desk, key)

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.errors) == 1
    assert nearest in ran.errors[0]


def test_nothing_read_yet_is_said(tmp_path: Path) -> None:
    with open_desk(tmp_path) as fresh:
        ran = fresh.run("explain", "customers#units")
        known = fresh.run("explain", "cell_kept")

    assert (ran.code, "cjm-sync sync" in ran.err) == (1, True)
    assert known.code == 0


# pseudonyms


def test_a_pseudonymous_row_s_key_finds_its_unit(tmp_path: Path) -> None:
    with open_desk(tmp_path) as hidden:
        hidden.tables["privacy"] = {"detail": "pseudonymous", "rows": "all"}
        assert hidden.sync().code == 0
        keys = [key for key in hidden.live_keys() if "/unit/" in key]
        told = explained(hidden, keys[0])

        assert len(keys) == len(hidden.hubspot.portal.rows["contacts"])
        assert not any(row["id"] in keys[0] for row in hidden.hubspot.portal.rows["contacts"])
        assert told["id"] in {row["id"] for row in hidden.hubspot.portal.rows["contacts"]}


def test_the_pseudonym_is_the_one_that_notion_shows() -> None:
    assert pseudonym("s", "contacts", "7") == shown_in_notion("s", "contacts", "7")
