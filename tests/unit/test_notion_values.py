"""How single values are written to Notion and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cjm_sync.model import Cell, Choice, Link
from cjm_sync_notion.rounding import rate, score, to_places, whole
from cjm_sync_notion.values import (
    cleaned,
    decode,
    encode,
    option_name,
    option_names,
    schema,
    settled,
    text_items,
    units,
    within_row,
)
from cjm_sync_notion.workspace import Column, ColumnType, Database, Option


def column(kind: ColumnType, key: str = "c", **changes: Any) -> Column:
    return Column(key, key.title(), kind, "sync", "What it is.", **changes)


def written(kind: ColumnType, cell: Cell) -> Any:
    ids = {("c", "known"): "opt-1"}
    pages = {"j/persona/a": "page-a"}
    return encode(column(kind), cell, option_id=lambda c, k: ids.get((c, k)), page_id=pages.get)[
        kind
    ]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("title", "Purchase · Everyone",
         [{"type": "text", "text": {"content": "Purchase · Everyone"}}]),
        ("title", None, []),
        ("rich_text", "", []),
        ("number", 0.417, 0.417),
        ("number", 3.0, 3),
        ("number", float("nan"), None),
        ("number", None, None),
        ("select", Choice("known", "Known"), {"id": "opt-1"}),
        ("select", Choice("new", "A, b"), {"name": "A‚ b"}),
        ("select", None, None),
        ("date", datetime(2026, 11, 20, 14, 5, 59, 9, timezone(timedelta(hours=2))),
         {"start": "2026-11-20T12:05:00.000+00:00"}),
        ("date", "2026-11-01", {"start": "2026-11-01"}),
        ("date", None, None),
        ("checkbox", True, True),
        ("checkbox", None, False),
        ("url", "https://example.org/a", "https://example.org/a"),
        ("url", "", None),
        ("url", "https://example.org/" + "a" * 1_980, "https://example.org/" + "a" * 1_980),
        ("url", "https://example.org/" + "a" * 1_981, None),
        ("relation", Link(("j/persona/a", "j/persona/unbound")), [{"id": "page-a"}]),
        ("relation", Link(()), []),
        ("relation", None, []),
    ],
)  # fmt: skip
def test_a_cell_is_written_as_notion_takes_it(kind: ColumnType, cell: Cell, value: Any) -> None:
    assert written(kind, cell) == value


def test_a_hundred_references_fit_one_request() -> None:
    pages = encode(
        column("relation"),
        Link(tuple(str(number) for number in range(100))),
        option_id=lambda _c, _k: None,
        page_id="page-{}".format,
    )

    assert len(pages["relation"]) == 100


def test_a_row_of_long_texts_is_cut_to_one_request_and_says_by_how_much() -> None:
    texts: dict[str, Cell] = {f"t{number}": "é" * 90_000 for number in range(5)}
    row: dict[str, Cell] = {**texts, "short": "kept", "n": 7, "none": None}

    cut = within_row(row)

    assert cut["short"] == "kept"
    assert (cut["n"], cut["none"]) == (7, None)
    for key in texts:
        words = str(cut[key])
        left = words.count("é", 0, words.index(" … ("))
        assert words.endswith(f" … ({90_000 - left} more characters)")
    sent = json.dumps({k: text_items(str(v)) for k, v in cut.items()}, ensure_ascii=False)
    assert len(sent.encode()) <= 500_000


def test_a_row_within_the_limit_is_left_as_it_is() -> None:
    row: dict[str, Cell] = {"a": "x" * 100_000, "b": "y" * 100_000, "c": 1.5}

    assert within_row(row) == row


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("number", "3"), ("number", True), ("title", 3), ("select", "x"), ("date", "2026-1-1"),
     ("relation", "x"), ("relation", Link(tuple(str(n) for n in range(101)))), ("people", "x"), ("multi_select", Choice("a", "A")), ("people", None)],
)  # fmt: skip
def test_a_cell_of_the_wrong_kind_is_refused(kind: ColumnType, cell: Cell) -> None:
    with pytest.raises(TypeError):
        written(kind, cell)


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        ("title", [], None),
        ("rich_text", [{"plain_text": "one "}, {"plain_text": "two"}], "one two"),
        ("rich_text", [{"type": "text", "text": {"content": "as sent"}}], "as sent"),
        ("number", 5.0, 5),
        ("number", None, None),
        ("select", {"id": "opt-1", "name": "Renamed"}, {"choice": "known"}),
        ("select", {"id": "opt-9", "name": "Mine"}, {"choice_name": "Mine", "choice_id": "opt-9"}),
        ("select", None, None),
        ("multi_select", [{"name": "b"}, {"name": "a"}], {"choices": ["a", "b"]}),
        ("multi_select", [], None),
        ("date", {"start": "2026-11-20T14:05:00.000+02:00"}, {"at": "2026-11-20T12:05+00:00"}),
        ("date", {"start": "2026-11-20T14:05:59", "time_zone": "Europe/Stockholm"},
         {"at": "2026-11-20T13:05+00:00"}),
        ("date", {"start": "2026-11-20T14:05:59"}, {"at": "2026-11-20T14:05+00:00"}),
        ("date", {"start": "2026-11-20"}, "2026-11-20"),
        ("date", {"start": "2026-11-20", "end": "2026-11-21"},
         {"at": "2026-11-20", "until": "2026-11-21"}),
        ("date", None, None),
        ("checkbox", False, False),
        ("url", "", None),
        ("relation", [{"id": "page-a"}], {"link": ["j/persona/a"]}),
        ("relation", [{"id": "page-x"}], {"link": ["page:page-x"]}),
        ("relation", [], None),
        ("people", [{"id": "b"}, {"id": "a"}], {"people": ["a", "b"]}),
        ("people", [], None),
    ],
)  # fmt: skip
def test_a_value_is_read_in_the_form_in_which_it_was_written(
    kind: ColumnType, value: Any, canonical: Any
) -> None:
    keys = {("c", "opt-1"): "known"}
    pages = {"page-a": "j/persona/a"}

    read = decode(
        column(kind),
        {"id": "x", "type": kind, kind: value},
        option_key=lambda c, option: keys.get((c, option)),
        page_key=pages.get,
    )

    assert read == canonical


def test_a_column_that_a_person_retyped_reads_as_no_value_of_ours() -> None:
    assert decode(column("number"), {"type": "rich_text", "rich_text": []}) == {
        "other_type": "rich_text"
    }


@pytest.mark.parametrize(
    "text",
    [
        "@everyone **bold** [link](https://example.org) `code` $$x$$ {{notion:x}}",
        '=HYPERLINK("https://example.org";"x")',
        "<script>alert(1)</script> <mention-user url='x'/>",
        "שלום עולם \u202e abc",
        "👩‍👩‍👧‍👦 🇸🇪",
    ],
)
def test_hostile_text_is_written_as_it_is_and_means_nothing(text: str) -> None:
    [item] = text_items(text)

    assert item == {"type": "text", "text": {"content": text}}


def test_long_text_is_split_within_the_limit_of_an_item() -> None:
    items = text_items("😀" * 2_500 + "x" * 2_501)

    contents = [item["text"]["content"] for item in items]
    assert "".join(contents) == "😀" * 2_500 + "x" * 2_501
    assert [units(content) for content in contents] == [2_000, 2_000, 2_000, 1_501]


@pytest.mark.parametrize("character", ["x", "😀", "漢", '"', "é"])
def test_text_beyond_the_limit_is_cut_and_the_rest_is_counted(character: str) -> None:
    items = text_items(character * 300_000)

    text = "".join(item["text"]["content"] for item in items)
    kept = text.count(character) - ("more characters".count(character))
    assert len(items) <= 100
    assert text.endswith(f" … ({300_000 - kept} more characters)")
    assert len(json.dumps(items, ensure_ascii=False).encode()) < 500_000


def test_text_loses_what_json_or_notion_cannot_carry() -> None:
    assert cleaned("a\x00b\x1b[31mc\r\nd\re\ud83df\x7f\x85 ") == "ab[31mc\nd\ne\ufffdf"
    assert cleaned(" two\n\tlines ", one_line=True) == "two lines"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Berlin, Ltd", "Berlin‚ Ltd"),
        ("  two \n lines\t", "two lines"),
        ("\x00", "key-1"),
        ("x" * 101, "x" * 99 + "…"),
        ("😀" * 51, "😀" * 49 + "…"),
        ("y" * 100, "y" * 100),
    ],
)
def test_an_option_is_named_as_notion_allows(label: str, name: str) -> None:
    assert option_name(label, key="key-1") == name
    assert units(name) <= 100


def test_twins_are_told_apart_by_their_keys_within_the_limit() -> None:
    long = "z" * 100

    names = option_names([("p1", "Web"), ("p2", "WEB"), ("d", long), ("e", long), ("f", "Mail")])

    assert list(names.values()) == [
        "Web (p1)", "WEB (p2)", "z" * 95 + "… (d)", "z" * 95 + "… (e)", "Mail",
    ]  # fmt: skip


def test_twins_whose_keys_are_twins_too_are_told_apart() -> None:
    names = option_names([("Email", "Email"), ("EMAIL", "EMAIL")])

    assert names["EMAIL"] == "EMAIL (EMAIL)"
    assert names["Email"].startswith("Email (")
    assert len({name.casefold() for name in names.values()}) == 2


def test_a_twin_that_turns_up_later_leaves_the_name_that_is_there_alone() -> None:
    before = option_names([("p2", "Buyer")])
    after = option_names([("p1", "BUYER"), ("p2", "Buyer")])

    assert before["p2"] == "Buyer"
    assert after["p1"] == "BUYER (p1)"


def test_a_name_that_is_taken_is_not_used() -> None:
    assert option_names([("a", "Web"), ("a", "Other")], taken=["WEB", "web (a)"])["a"].startswith(
        "Web ("
    )


def test_a_schema_sends_no_more_options_than_one_array_may_hold() -> None:
    options = tuple(Option(str(number), str(number)) for number in range(101))
    made = schema(
        Database("d", "D", "📍", "", (column("select", options=options),)), data_source_ids={}
    )

    assert len(made["C"]["select"]["options"]) == 100


def test_a_cell_settles_to_what_comes_back() -> None:
    moment = datetime(2026, 11, 20, 12, 5, 59, 999, UTC)

    assert settled(column("date"), moment) == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    assert settled(column("title"), " a\nb ") == "a b"
    assert settled(column("rich_text"), " \x00 ") is None
    assert settled(column("relation"), Link(("a", "a"))) == Link(("a",))


@pytest.mark.parametrize(
    ("rounding", "value", "rounded"),
    [
        (score, 0.25, 0.2), (score, -0.04, 0), (score, 1.9999, 2), (score, None, None),
        (rate, 0.1234999, 0.123), (rate, 1, 1), (rate, 1 / 3, 0.333),
        (whole, 2.5, 2), (whole, 3.5, 4), (whole, -0.3, 0), (whole, 1e20, 10**20),
        (whole, float("inf"), None), (whole, float("nan"), None), (whole, 7, 7),
    ],
)  # fmt: skip
def test_numbers_are_rounded_as_documented(rounding: Any, value: Any, rounded: Any) -> None:
    assert rounding(value) == rounded
    assert str(rounding(value)) == str(rounded)


def test_to_places_gives_an_int_when_it_is_whole() -> None:
    assert isinstance(to_places(2.0, 1), int)
    assert isinstance(to_places(2.1, 1), float)
