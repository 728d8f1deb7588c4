"""What holds for every value that is written to Notion and read back."""

from __future__ import annotations

import json
from datetime import UTC
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from cjm_sync.model import Cell, Choice, Link, canonical
from cjm_sync_notion.rounding import to_places
from cjm_sync_notion.values import (
    TEXT_BYTES,
    cleaned,
    decode,
    encode,
    option_names,
    settled,
    text_items,
    units,
    within_row,
)
from cjm_sync_notion.workspace import Column, ColumnType

ANYTHING = st.text(st.characters(codec=None), max_size=60)
LONG = st.builds(lambda text, times: text * times, ANYTHING, st.integers(1, 200))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.integers(-(2**53), 2**53) | FINITE
PLAIN = st.text(st.characters(codec="utf-8"), max_size=60)
SIZES = st.integers(0, 150_000)
KEYS = st.text("abc/%-", min_size=1, max_size=6)
CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    "title": ANYTHING | LONG,
    "rich_text": ANYTHING | LONG,
    "number": st.none() | NUMBERS,
    "select": st.none() | st.builds(Choice, KEYS, ANYTHING),
    "date": st.none() | st.datetimes(timezones=st.just(UTC)) | st.dates().map(str),
    "url": st.none() | ANYTHING | LONG,
    "checkbox": st.none() | st.booleans(),
    "relation": st.none() | st.lists(KEYS, max_size=5).map(lambda keys: Link(tuple(keys))),
}


@st.composite
def columns_with_cells(draw: st.DrawFn) -> tuple[Column, Cell]:
    kind = draw(st.sampled_from(sorted(CELLS)))
    return Column("c", "C", kind, "sync", "d"), draw(CELLS[kind])


def as_read(value: dict[str, Any]) -> dict[str, Any]:
    """Return a written value as Notion shows it: runs merged, options whole, JSON only."""
    [(kind, held)] = json.loads(json.dumps(value)).items()
    if kind in {"title", "rich_text"} and held:
        held = [{"plain_text": "".join(item["text"]["content"] for item in held)}]
    if kind == "select" and held is not None:
        held = {"id": held["id"], "name": "whatever it is called now", "color": "default"}
    return {"id": "x", "type": kind, kind: held}


@given(columns_with_cells())
@example((Column("c", "C", "rich_text", "sync", "d"), "😀" * 120_000))
@example((Column("c", "C", "title", "sync", "d"), "\ud800\x00\n"))
def test_what_was_written_reads_back_as_what_was_remembered(pair: tuple[Column, Cell]) -> None:
    column, cell = pair

    value = encode(column, cell, option_id=lambda _c, key: f"id:{key}", page_id="p:{}".format)
    read = decode(
        column,
        as_read(value),
        option_key=lambda _c, option: option.removeprefix("id:"),
        page_key=lambda page: page.removeprefix("p:"),
    )

    assert read == canonical(settled(column, cell))


@given(columns_with_cells())
def test_settling_twice_is_settling_once(pair: tuple[Column, Cell]) -> None:
    column, cell = pair

    once = settled(column, cell)

    assert settled(column, once) == once


@given(st.dictionaries(KEYS, st.none() | NUMBERS | PLAIN | SIZES.map("é".__mul__)))
def test_a_row_that_was_cut_fits_and_is_not_cut_again(row: dict[str, Any]) -> None:
    once = within_row(row)

    texts = [text for text in once.values() if isinstance(text, str)]
    assert sum(len(text.encode()) for text in texts) <= TEXT_BYTES
    assert within_row(once) == once
    assert {key: value for key, value in once.items() if value == row[key]}.keys() >= {
        key for key, value in row.items() if not isinstance(value, str)
    }


@given(NUMBERS, st.integers(0, 3))
def test_rounding_twice_is_rounding_once(value: float, places: int) -> None:
    once = to_places(value, places)

    assert once is not None
    assert to_places(once, places) == once
    assert abs(once - value) <= 0.5 * 10.0**-places + abs(value) * 1e-15
    assert str(once) != "-0.0"
    assert isinstance(once, int) == (once == int(once))


@given(FINITE, FINITE, st.integers(0, 3))
def test_rounding_keeps_the_order(one: float, other: float, places: int) -> None:
    low, high = (to_places(value, places) for value in sorted((one, other)))

    assert low is not None
    assert high is not None
    assert low <= high


@given(LONG)
def test_no_rich_text_item_is_too_long_and_no_pair_is_torn(text: str) -> None:
    contents = [item["text"]["content"] for item in text_items(text)]

    assert len(contents) <= 100
    assert all(0 < units(content) <= 2_000 for content in contents)
    assert all(units(a) + units(b[0]) > 2_000 for a, b in pairwise(contents))
    assert "".join(contents).encode("utf-8").decode("utf-8") == cleaned(text)


@given(
    st.lists(
        st.tuples(
            KEYS, st.sampled_from(["a", "A", "a (a)", "A (b)", "", ",", "Z" * 120]) | ANYTHING
        )
    ),
    st.lists(st.sampled_from(["A", "a (2)", "‚"]), max_size=2),
)
@example([("a", "x"), ("b", "X"), ("c", "x (a)")], [])
def test_option_names_never_clash_in_any_case(
    choices: list[tuple[str, str]], taken: list[str]
) -> None:
    names = option_names(choices, taken=taken)

    used = [name.casefold() for name in names.values()]
    assert len(set(used)) == len(used)
    assert set(names) == {key for key, _ in choices}
    assert not set(used) & {name.casefold() for name in taken}
    assert all(name and "," not in name and units(name) <= 100 for name in names.values())


@given(
    st.lists(st.tuples(KEYS, st.sampled_from(["a", "A", "b", "B (a)"])), unique_by=lambda c: c[0])
)
def test_option_names_do_not_depend_on_the_order(choices: list[tuple[str, str]]) -> None:
    assert option_names(choices) == option_names(choices[::-1])
