"""Body validation in the words of the service: one function per claim about a value."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from cjm_sync_sandbox.notion.errors import ApiError, Json, invalid

UUID_FORM = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}"
)
TEXT_LIMIT = 2_000
URL_LIMIT = 2_000
ARRAY_LIMIT = 100
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
BLOCK_COLORS = frozenset(COLORS) | {f"{name}_background" for name in (*COLORS,)}


def shown(value: Any) -> str:
    """Return *value* as the service quotes it, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."


def failed(path: str, claim: str, value: Any) -> ApiError:
    """Return the refusal of *value* at *path*."""
    return invalid(
        f"body failed validation: {path} should be {claim}, instead was `{shown(value)}`."
    )


def undefined(path: str) -> ApiError:
    """Return the refusal of a missing value."""
    return invalid(f"body failed validation: {path} should be defined, instead was `undefined`.")


def need_object(value: Any, path: str) -> Json:
    """Return *value*, an object."""
    if not isinstance(value, dict):
        raise failed(path, "an object", value)
    return value


def need_list(value: Any, path: str, *, limit: int | None = ARRAY_LIMIT) -> list[Any]:
    """Return *value*, an array of at most *limit* elements."""
    if not isinstance(value, list):
        raise failed(path, "an array", value)
    if limit is not None and len(value) > limit:
        raise invalid(
            f"body failed validation: {path}.length should be ≤ `{limit}`,"
            f" instead was `{len(value)}`."
        )
    return value


def need_text(value: Any, path: str, *, limit: int | None = None) -> str:
    """Return *value*, a string of at most *limit* characters (UTF-16 units, as JavaScript counts)."""
    if not isinstance(value, str):
        raise failed(path, "a string", value)
    if limit is not None:
        length = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if length > limit:
            raise invalid(
                f"body failed validation: {path}.length should be ≤ `{limit}`,"
                f" instead was `{length}`."
            )
    return value


def need_bool(value: Any, path: str) -> bool:
    """Return *value*, true or false."""
    if not isinstance(value, bool):
        raise failed(path, "a boolean", value)
    return value


def need_number(value: Any, path: str) -> float:
    """Return *value*, a number that is no boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise failed(path, "a number", value)
    return value


def need_one_of(value: Any, choices: Collection[str], path: str) -> str:
    """Return *value*, one of *choices*."""
    if not isinstance(value, str) or value not in choices:
        wanted = ", ".join(f'`"{choice}"`' for choice in sorted(choices))
        raise failed(path, f"one of {wanted}", value)
    return value


def need_url(value: Any, path: str) -> str:
    """Return *value*, an http(s) or mailto address short enough to store."""
    text = need_text(value, path, limit=URL_LIMIT)
    parts = urlsplit(text)
    if parts.scheme in {"http", "https"}:
        if not parts.netloc:
            raise invalid(f"Invalid URL for {path}.")
        return text if parts.path or parts.query or parts.fragment else text + "/"
    if parts.scheme in {"mailto", "tel"} or text.startswith("/"):
        return text
    raise invalid(f"Invalid URL for {path}.")


def only(value: Json, allowed: Collection[str], path: str) -> None:
    """Refuse any key of *value* that is not among *allowed*."""
    for key in value:
        if key not in allowed:
            raise failed(f"{path}.{key}", "not present", value[key])


def uuid_of(value: Any, path: str) -> str:
    """Return *value*, an id with or without dashes, in the dashed form."""
    if not isinstance(value, str) or not UUID_FORM.fullmatch(value.lower()):
        where = path if path.startswith("path.") else f"body failed validation: {path}"
        raise invalid(f"{where} should be a valid uuid, instead was `{shown(value)}`.")
    bare = value.lower().replace("-", "")
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def kind_of(value: Json, kinds: Collection[str], path: str) -> str:
    """Return which of *kinds* the tagged object *value* is, by its `type` or by its only key."""
    named = value.get("type")
    if named is not None:
        kind = need_one_of(named, kinds, f"{path}.type")
        if kind not in value:
            raise undefined(f"{path}.{kind}")
        return kind
    found = [kind for kind in kinds if kind in value]
    if len(found) != 1:
        wanted = ", ".join(f"{path}.{kind}" for kind in sorted(kinds))
        raise invalid(
            f"body failed validation: exactly one of {wanted} should be defined, instead was"
            f" `{shown(value)}`."
        )
    return found[0]
