"""Read what stands in a CRM value, tolerantly: times, numbers, lists. Nothing here complains.

A value that cannot be read is `None`; `Notes` in notes.py says so to a person.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = 946_684_800_000
"""2000-01-01: a time before it counts as missing (an unset clock, a placeholder)."""

_DIGITS = re.compile(r"[+-]?\d+\Z")


def read_time(value: Any) -> int | None:
    """Return milliseconds since 1970 of ISO text, whole or broken milliseconds, else None.

    Text without an offset is UTC; a date alone is its midnight; what is finer than a millisecond
    is cut off. A time before 2000 is None too.
    """
    moment = _moment(value)
    return moment if moment is not None and moment >= EARLIEST else None


def _moment(value: Any) -> int | None:
    if not isinstance(value, str):
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value
        if isinstance(value, float):
            return math.floor(value) if math.isfinite(value) else None
        return None
    text = value if value[4:5] == "-" else value.strip()
    if text[4:5] != "-" and _DIGITS.match(text):  # `2026-…` is by far the most common
        return int(text) if len(text) < 20 else None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        number = read_number(text)
        return None if number is None else math.floor(number)
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    try:
        since = read - _EPOCH
    except OverflowError:
        return None
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def read_number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and "_" in value:  # Python's own digit grouping, not a CRM's
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_text(value: Any) -> str:
    """Return *value* as text without outer blanks; nothing is empty text."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else str(value).strip()


def read_list(value: Any) -> tuple[str, ...]:
    """Return the parts of a value joined by `;`, each once."""
    parts = (part.strip() for part in read_text(value).split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


def read_flag(value: Any) -> bool:
    """Return whether *value* says true; HubSpot sends flags as text."""
    return read_text(value).lower() == "true"


def id_order(id_: str) -> tuple[int, int, str]:
    """Return a key that orders ids as numbers, numbers before text."""
    return (0, int(id_), "") if id_.isascii() and id_.isdigit() else (1, 0, id_)


def at_word_start(pattern: str) -> re.Pattern[str]:
    """Return *pattern* so that it is found only at the start of a word, in any case."""
    return re.compile(rf"(?<![^\W_])(?:{pattern})", re.IGNORECASE)


_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def internal_name(value: str) -> str:
    """Return *value* if it looks like an internal name, else a word that gives nothing away.

    Values that left the account have no label; most are generated names, but a person's text
    must not leave the machine.
    """
    return value if _TOKEN.match(value) else "other"
