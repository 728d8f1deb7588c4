"""How `explain` words the numbers of a pain."""

from __future__ import annotations

from typing import Literal

import pytest

from cjm_sync.accounts import against
from cjm_sync.journey.types import Pain


@pytest.mark.parametrize(
    ("unit", "value", "threshold", "words"),
    [
        ("share", 0.9556, 0.2, "95.6 % against 20 %"),
        ("hours", 97.25, 24.0, "97.25 hours against 24 hours"),
        ("days", 49.0531, 26.97, "49.05 days against 26.97 days"),
        ("score", -0.62, -0.4, "-0.62 against -0.4"),
    ],
)
def test_a_pain_is_told_against_its_threshold_in_its_own_unit(
    unit: Literal["days", "hours", "share", "score"], value: float, threshold: float, words: str
) -> None:
    pain = Pain(
        rule="PP1",
        stage="purchase",
        subject="",
        label="Slow stage",
        unit=unit,
        severity=50,
        reach=0.5,
        intensity=0.5,
        trend=0.5,
        value=value,
        threshold=threshold,
        before=None,
        n=30,
        units=20,
    )
    assert against(pain) == words
