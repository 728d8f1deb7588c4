"""Say before the first run what it will make, and how long that takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cjm_sync.model import Wished
from cjm_sync.ports import Check
from cjm_sync_notion.workspace import Hub, View

FREE_BLOCKS = 1_000
_ONCE = 5
"""Who we are, the parent page, its children and the hub's blocks, and the status line."""
_PICTURE = 3
"""Begin the upload, send it, place the block."""
_CLOSING = 1
"""The row of the run."""


def requests_of(wished: Wished) -> int:
    """Return how many requests a first run sends to Notion, if none has to be sent again."""
    kinds = [item.kind for item in wished.items]
    return (
        _ONCE
        + kinds.count("hub")
        # Each database is made, and its schema read once for the ids.
        + 2 * kinds.count("database")
        + kinds.count("view")
        + _PICTURE * kinds.count("picture")
        + len(wished.pages)
        + _CLOSING
    )


def blocks_of(wished: Wished) -> int:
    """Return how many blocks a first run makes, as Notion counts them: rows and databases too."""
    frame = sum(
        _count(block.json) for item in wished.items if isinstance(item.body, Hub)
        for block in item.body.blocks
    )  # fmt: skip
    parts = sum(
        item.kind in {"hub", "database", "view", "picture"}
        # A widget lies in its dashboard's block.
        and not (isinstance(item.body, View) and item.body.dashboard)
        for item in wished.items
    )
    bodies = sum(_count(block) for page in wished.pages for block in page.body)
    return frame + parts + len(wished.pages) + bodies + 1


def _count(block: Mapping[str, Any]) -> int:
    inside = block.get(str(block.get("type")))
    children = inside.get("children", ()) if isinstance(inside, Mapping) else ()
    return 1 + sum(_count(child) for child in children)


def estimate(wished: Wished, *, plan: str, budget_per_minute: int) -> Check:
    """Return what a first run would make; a warning where a Free plan may not have the room."""
    blocks, requests = blocks_of(wished), requests_of(wished)
    databases = sum(item.kind == "database" for item in wished.items)
    views = sum(item.kind == "view" for item in wished.items)
    message = (
        f"a first run into an empty page would make {len(wished.pages)} rows, {databases} databases, {views} views and "
        f"{blocks} blocks in all with about {requests} requests, "
        f"{requests / budget_per_minute:.1f} minutes at {budget_per_minute} requests a minute"
    )
    if plan == "free" and blocks > FREE_BLOCKS:
        return Check(
            "notion estimate",
            "warning",
            f"{message}; a Free workspace with several members may make {FREE_BLOCKS} blocks in "
            "its life",
            "Use a workspace with one member or a paid plan, or fewer personas.",
        )
    return Check("notion estimate", "ok", message)
