"""What people put into a cell, as a plain value; never the words themselves. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from cjm_sync_notion.adoption import plain


def plain_value(held: Mapping[str, Any], options: Mapping[str, str]) -> Any:
    """Return the property *held* as a number, bool, ISO date or option key; None when empty.

    People, text, files and whatever else may hold words is True when something stands there. An
    option is told by our key (*options*: key to Notion's id), one that people added is True.
    """
    kind = str(held.get("type"))
    value = held.get(kind)
    match kind:
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            return value if math.isfinite(value) else None
        case "checkbox":
            return value is True
        case "date":
            start = value.get("start") if isinstance(value, Mapping) else None
            return start if isinstance(start, str) else None
        case "select" | "status":
            if not isinstance(value, Mapping):
                return None
            return next((key for key, found in options.items() if found == value.get("id")), True)
        case _:
            return True if value else None


def text_of(row: Mapping[str, Any], property_id: str) -> str:
    """Return the text of the property *property_id* of a row; empty when it has none."""
    if not property_id:
        return ""
    for held in (row.get("properties") or {}).values():
        if isinstance(held, Mapping) and unquote(str(held.get("id"))) == property_id:
            value = held.get(str(held.get("type")))
            return plain(value) if isinstance(value, list) else ""
    return ""
