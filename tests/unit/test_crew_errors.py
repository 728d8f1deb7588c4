"""Of several workers the first error is told, and none goes on after it or after an interrupt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import pytest

from cjm_sync import crew
from cjm_sync.crew import apply_with
from cjm_sync.model import Page
from cjm_sync.steps import Create, Step

STEPS = [Create(Page(str(number), "rows", {})) for number in range(40)]


class Hands:
    """Does what *act* does with the key of each row, and counts what its hands did."""

    def __init__(self, act: Callable[[str], None]) -> None:
        self._act = act
        self.done: list[str] = []
        self.came_back = threading.Event()

    def remember(self, steps: Iterable[Step]) -> list[Step]:
        return list(steps)

    def hand(self) -> Hands:
        return Hands(self._act)

    def take_over_from(self, hand: Hands) -> None:
        self.done += hand.done
        self.came_back.set()

    def apply(self, steps: Iterable[Step]) -> None:
        for step in steps:
            assert isinstance(step, Create)
            self._act(step.page.key)
            self.done.append(step.page.key)


def test_the_error_that_came_first_is_the_one_that_is_raised() -> None:
    def act(key: str) -> None:
        # The worker that was started first meets its error last.
        if key == "0":
            assert hands.came_back.wait(20)
            raise ValueError("a consequence")
        raise KeyError("the cause")

    hands = Hands(act)
    with pytest.raises(KeyError, match="the cause"):
        apply_with(hands, STEPS, workers=2)  # type: ignore[arg-type]


def test_after_an_error_the_others_end_their_step_and_no_more() -> None:
    met, ended = threading.Barrier(3), threading.Event()

    def act(key: str) -> None:
        met.wait(20)
        if key == "1":
            ended.set()
            raise KeyError(key)
        assert ended.wait(20)

    hands = Hands(act)
    with pytest.raises(KeyError):
        apply_with(hands, STEPS[:3], workers=3)  # type: ignore[arg-type]

    assert sorted(hands.done) == ["0", "2"]


def test_an_interrupt_of_the_wait_leaves_the_rest_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, interrupted = threading.Event(), threading.Event()

    def act(_key: str) -> None:
        begun.set()
        assert interrupted.wait(20)

    def interrupt(_futures: object) -> None:
        assert begun.wait(20)
        # The workers go on when the pool is left, which is after the interrupt was seen.
        threading.Timer(0.05, interrupted.set).start()
        raise KeyboardInterrupt

    monkeypatch.setattr(crew, "wait", interrupt)
    hands = Hands(act)

    with pytest.raises(KeyboardInterrupt):
        apply_with(hands, STEPS, workers=2)  # type: ignore[arg-type]

    assert 1 <= len(hands.done) <= 2
