"""Compares two exports number by number and says where they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

FREE = {"label", "channel", "name"}
"""Labels and wording are free (journey model, first paragraph)."""
LISTS_BY = {
    "stages": ("key",),
    "cells": ("persona",),
    "touchpoints": ("stage", "key"),
    "personas": ("key",),
    "journeys": ("key",),
    "pains": ("rule", "stage", "subject"),
    "delights": ("rule", "stage", "subject"),
    "opportunities": ("rule", "stage", "subject"),
}


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Return a line for each value of *expected* that *found* has otherwise, with its path."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        lines = []
        for key in dict.fromkeys([*expected, *found]):
            if key not in FREE and (key in expected or key == "withheld"):
                lines += differences(
                    expected.get(key, "(absent)"), found.get(key, "(absent)"), f"{path}/{key}"
                )
        return lines
    if isinstance(expected, list) and isinstance(found, list):
        name = path.rsplit("/", 1)[-1]
        return differences(_by_key(expected, name), _by_key(found, name), path) + [
            f"{path}/{key}: not expected"
            for key in _by_key(found, name).keys() - _by_key(expected, name)
        ]
    if _is_number(expected) and _is_number(found):
        same = math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-9)
    else:
        same = expected == found
    return [] if same else [f"{path}: expected {expected!r}, found {found!r}"]


def _by_key(items: list[Any], name: str) -> dict[str, Any]:
    return {"|".join(str(one[key]) for key in LISTS_BY[name]): one for one in items}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
