"""Plain values as the cells of a request: what a person types into a column of each type."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.errors import Json

PIECE = 2_000


def text_of(words: str) -> list[Json]:
    """Return words as rich text, in pieces of at most 2,000 characters."""
    return [
        {"type": "text", "text": {"content": words[start : start + PIECE]}}
        for start in range(0, len(words), PIECE)
    ]


def cell_of(kind: str, value: Any) -> Json:
    """Return *value* as a column of type *kind* takes it; raises ValueError when it takes none."""
    match kind:
        case "title" | "rich_text":
            return {kind: value if isinstance(value, list) else text_of(str(value or ""))}
        case "number":
            return {kind: value}
        case "select" | "status":
            return {kind: {"name": value} if value else None}
        case "multi_select":
            return {kind: [{"name": one} for one in value or ()]}
        case "people" | "relation":
            return {kind: [{"id": one} for one in value or ()]}
        case "files":
            return {kind: [{"name": one[-100:], "external": {"url": one}} for one in value or ()]}
        case "checkbox":
            return {kind: bool(value)}
        case "date":
            start, end = value if isinstance(value, tuple) else (value, None)
            return {kind: {"start": start, "end": end} if start else None}
        case "url" | "email" | "phone_number":
            return {kind: value or None}
        case "place":
            return {kind: {"lat": value[0], "lon": value[1]} if value else None}
        case _:
            raise ValueError(f"a person cannot write a {kind} column")
