"""Bring a profile of an older form up to this one, in memory; the file stays as it is.

Version 0 is a file without `version`, as the first release read it. One that stands alone lacks what
was added since, and takes it from `crm`; a newer version than ours is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from cjm_sync_mappings.lines import Path

VERSION = 1

ADDED: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (
        ("coverage",),
        ("deals", "open_pipelines"),
        ("moments",),
        ("orders",),
        ("pains",),
        ("rules", "meeting_missed"),
        ("tickets",),
    )
}
"""What each version added, as paths of keys; whatever is added to `crm.toml` has its line here."""


def brought_up(
    written: dict[str, Any], complain: Callable[[Path, str, str], Exception]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return *written* in the form of today, and what was added to it, as dotted keys.

    Raises what *complain* makes of a version that is not known.
    """
    version = written.get("version", 0)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise complain(("version",), "is no version", f"Write `version = {VERSION}`.")
    if version > VERSION:
        raise complain(
            ("version",),
            f"is {version}, and this program knows versions up to {VERSION}",
            "Upgrade cjm-sync, or use a profile of an older version.",
        )
    migrated = dict(written) | {"version": VERSION}
    if "extends" in written:
        return migrated, ()  # whatever was added comes with the profile below
    added: list[str] = []
    for step in range(version + 1, VERSION + 1):
        added += [".".join(path) for path in ADDED[step] if _add(migrated, path)]
    return migrated, tuple(added)


def _add(written: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Set *path* as in `crm` where it is missing; tell whether it was."""
    below: Any = _default()
    table = written
    for name in path[:-1]:
        below = below[name]
        held = table.get(name)
        if not isinstance(held, dict):
            return False  # the table itself is missing or no table: a mistake to be told
        table[name] = dict(held)
        table = table[name]
    if path[-1] in table:
        return False
    table[path[-1]] = below[path[-1]]
    return True


@cache
def _default() -> dict[str, Any]:
    file = resources.files("cjm_sync_mappings") / "profiles" / "crm.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
