"""Which steps go at once: none before what it points to, no two that bring one new option."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cjm_sync.model import Choice, Item, Link, Page
from cjm_sync.steps import Build, Create, Leave, Step, Update
from cjm_sync.waves import waves


def row(key: str, *links: str, option: str = "") -> Page:
    cells: dict[str, object] = {"name": key}
    if links:
        cells["row"] = Link(links)
    if option:
        cells["stage"] = Choice(option, option)
    return Page(key, "rows", cells)  # type: ignore[arg-type]


def keys(steps: tuple[Step, ...]) -> list[str]:
    return [
        step.page.key if isinstance(step, Create | Update) else getattr(step, "key", "frame")
        for step in steps
    ]


def test_rows_without_links_go_together() -> None:
    (wave,) = waves([Create(row("a")), Create(row("b"))])

    assert keys(wave.steps) == ["a", "b"]


def test_rows_leave_together_after_those_that_pointed_to_them() -> None:
    leaving = [Leave("c", "1", "rows", "j"), Leave("d", "2", "rows", "j")]
    steps: list[Step] = [Create(row("a")), Create(row("b", "a")), *leaving]

    assert [keys(wave.steps) for wave in waves(steps)] == [["a"], ["b"], ["c", "d"]]


def test_a_row_waits_for_the_rows_that_it_points_to() -> None:
    found = [
        keys(wave.steps)
        for wave in waves(
            [Create(row("a")), Create(row("b", "a")), Create(row("c", "b")), Create(row("d"))]
        )
    ]

    assert found == [["a", "d"], ["b"], ["c"]]


def test_the_first_row_of_each_option_goes_alone() -> None:
    steps = [Create(row(key, option=option)) for key, option in zip("abcd", "xyxy", strict=True)]

    assert [keys(wave.steps) for wave in waves(steps)] == [["a"], ["b"], ["c", "d"]]


def test_an_update_brings_only_the_options_that_it_sends() -> None:
    page = row("a", option="x")
    steps = [Update(page, "1", frozenset({"name"})), Update(row("b", option="x"), "2", frozenset())]

    (wave,) = waves(steps)
    assert keys(wave.steps) == ["a", "b"]


def test_a_part_of_the_frame_stands_between_what_comes_before_and_after_it() -> None:
    steps: list[Step] = [Create(row("a")), Build(Item("_/view/x", "view", None)), Create(row("b"))]

    assert [keys(wave.steps) for wave in waves(steps)] == [["a"], ["frame"], ["b"]]


pages = st.lists(
    st.tuples(
        st.integers(0, 12), st.lists(st.integers(0, 12), max_size=3), st.sampled_from("xyz ")
    ),
    max_size=25,
)


@given(pages)
def test_every_step_is_taken_once_and_none_overtakes_what_it_needs(
    drawn: list[tuple[int, list[int], str]],
) -> None:
    steps = [
        Create(row(str(key), *[str(n) for n in links if n != key], option=option.strip()))
        for key, links, option in drawn
    ]
    taken = [step for wave in waves(steps) for step in wave.steps]

    assert sorted(map(id, taken)) == sorted(map(id, steps))
    done: set[str] = set()
    options: set[str] = set()
    for wave in waves(steps):
        names = keys(wave.steps)
        assert len(names) == len(set(names))
        brought = []
        for step in wave.steps:
            assert isinstance(step, Create)
            link = step.page.cells.get("row")
            earlier = {s.page.key for s in steps[: steps.index(step)]}
            if isinstance(link, Link):
                assert not (set(link.keys) & earlier) - done - set(names) or wave.is_alone
            choice = step.page.cells.get("stage")
            if isinstance(choice, Choice) and choice.key not in options:
                brought.append(choice.key)
        assert not brought or wave.is_alone
        options |= set(brought)
        done |= set(names)
