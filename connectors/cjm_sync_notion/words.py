"""Tell whether a person put anything into a row: a cell, a block of its body, a comment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import RejectedError
from cjm_sync_notion.client import NotionClient

_BLOCKS_READ = 200
"""A body with more blocks is taken for a person's without reading on: the row then stays."""
_COMPUTED = frozenset(
    {
        "formula",
        "rollup",
        "created_time",
        "created_by",
        "last_edited_time",
        "last_edited_by",
        "unique_id",
        "button",
    }
)


def has_words(client: NotionClient, page_id: str, *, synced: Collection[str], bot_id: str) -> bool:
    """Tell whether a person's words stand on the row; True when unsure.

    *synced* are the ids of the properties that are ours; *bot_id* tells our blocks from people's.
    """
    row = client.get(f"pages/{page_id}")
    for held in (row.get("properties") or {}).values():
        if unquote(str(held.get("id"))) not in synced and _is_filled(held):
            return True
    if _has_blocks(client, page_id, bot_id):
        return True
    try:
        return bool(client.get("comments", {"block_id": page_id}).get("results"))
    except RejectedError:
        return True  # the connection may not read comments: a comment may be there


def _has_blocks(client: NotionClient, page_id: str, bot_id: str) -> bool:
    """Tell whether the body holds a block that is not as we made it, at any depth."""
    seen = 0
    waiting = [page_id]
    while waiting:
        for block in client.pages(f"blocks/{waiting.pop()}/children"):
            seen += 1
            if seen > _BLOCKS_READ or not _is_ours(block, bot_id):
                return True
            if block.get("has_children"):
                waiting.append(str(block["id"]))
    return False


def _is_ours(block: Mapping[str, Any], bot_id: str) -> bool:
    return all(
        (block.get(name) or {}).get("id") == bot_id for name in ("created_by", "last_edited_by")
    )


def _is_filled(held: Mapping[str, Any]) -> bool:
    """Tell whether a property that is not ours holds something a person put there."""
    kind = str(held.get("type"))
    value = held.get(kind)
    # By identity: `0 == False`, and a person's 0 is a number like any other.
    return kind not in _COMPUTED and value is not False and value not in (None, [], "")
