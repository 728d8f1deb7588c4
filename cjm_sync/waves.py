"""Decide which steps may be taken at once. Pure.

Rows that others point to come first, and so does the first row that carries an option: two rows
that bring one new option at once are refused as a conflict. No page is in two steps of a wave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cjm_sync.model import Choice, Link, Page
from cjm_sync.steps import Adopt, Create, Leave, Restore, Step, Update

Option = tuple[str, str, str]
"""Collection, column and key of an option."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Steps that may be taken in any order; one that is *alone* is all of its wave."""

    steps: tuple[Step, ...]

    @property
    def is_alone(self) -> bool:
        """Tell whether nothing goes beside it."""
        return len(self.steps) == 1


def waves(steps: Iterable[Step]) -> Iterator[Wave]:
    """Yield *steps* in waves: each ends before the next begins, none overtakes what it needs."""
    group: list[Step] = []
    taken: set[str] = set()
    options: set[Option] = set()
    is_leaving = False
    for step in steps:
        key = _key_of(step)
        # Rows leave after those that may have pointed to them, and come back before those do.
        if key is None or key in taken or (group and is_leaving != isinstance(step, Leave)):
            yield from _levels(group, options)
            group, taken = [], set()
        is_leaving = isinstance(step, Leave)
        if key is None:
            yield Wave((step,))
        else:
            group.append(step)
            taken.add(key)
    yield from _levels(group, options)


def _key_of(step: Step) -> str | None:
    """Return the row that *step* is about, None when it must not go beside others."""
    match step:
        case Create(page) | Adopt(page, _, _) | Update(page, _, _, _) | Restore(page, _):
            return page.key
        case Leave(key, _, _, _):
            return key
        case _:
            return None


def _page_of(step: Step) -> Page | None:
    match step:
        case Create(page) | Adopt(page, _, _) | Update(page, _, _, _) | Restore(page, _):
            return page
        case _:
            return None


def _levels(group: list[Step], options: set[Option]) -> Iterator[Wave]:
    """Yield the steps of *group* by how deep their links reach into it; note *options* seen."""
    level: dict[str, int] = {}
    by_level: dict[int, list[Step]] = {}
    for step in group:
        page = _page_of(step)
        depth = 0
        if page is not None:
            # Rows come in an order in which links point to earlier ones; others are not waited for.
            pointed = [
                key for cell in page.cells.values() if isinstance(cell, Link) for key in cell.keys
            ]
            depth = max((level[key] + 1 for key in pointed if key in level), default=0)
            level[page.key] = depth
        by_level.setdefault(depth, []).append(step)
    for depth in sorted(by_level):
        others: list[Step] = []
        for step in by_level[depth]:
            brought = _options_of(step) - options
            if brought:
                options |= brought
                yield Wave((step,))
            else:
                others.append(step)
        if others:
            yield Wave(tuple(others))


def _options_of(step: Step) -> set[Option]:
    page = _page_of(step)
    if page is None:
        return set()
    sent = step.fields if isinstance(step, Update) and not step.reread else page.cells.keys()
    return {
        (page.collection, name, cell.key)
        for name, cell in page.cells.items()
        if name in sent and isinstance(cell, Choice)
    }
