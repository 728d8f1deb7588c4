"""How the map's numbers are said to people, in one place for every picture and page.

None means that the number is withheld or cannot exist; what is said instead is the caller's
choice, mostly `NOT_ENOUGH`.
"""

from __future__ import annotations

from datetime import UTC, datetime

NOT_ENOUGH = "not enough data"
_UNITS = {"contact": "contacts", "company": "companies", "deal": "deals"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COMPACT_FROM = 10_000_000
_ABSURD_FROM = 1e15
_MAGNITUDES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


def count(value: int) -> str:
    """Return 12345 as 12,345."""
    return f"{value:,d}"


def units(value: int, unit: str) -> str:
    """Return a number with the name of what is counted."""
    return f"{count(value)} {unit if value == 1 else plural(unit)}"


def plural(unit: str) -> str:
    """Return the name of several units."""
    return _UNITS.get(unit, f"{unit}s")


def percent(value: float) -> str:
    """Return a rate of 0–1 as whole per cents, without calling a little nothing or all."""
    whole = round(value * 100)
    if whole == 0 and value > 0:
        return "<1%"
    if whole == 100 and value < 1:
        return ">99%"
    return f"{whole}%"


def days(value: float) -> str:
    """Return a duration in the unit a person would use."""
    if value == 0:
        return "0 days"
    if value < 1:
        hours = round(value * 24)
        if hours < 1:
            return "under 1 hour"
        if hours < 24:
            return "1 hour" if hours == 1 else f"{hours} hours"
    text = f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
    return "1 day" if text == "1" else f"{text} days"


def signed(value: float, digits: int = 1) -> str:
    """Return a number with its sign, nought without one."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+") + text


def money(value: float, currency: str) -> str:
    """Return an amount in whole units, shortened from ten million on."""
    size = abs(value)
    sign = "−" if value < 0 else ""
    text = f"{size:,.0f}"
    if size >= _ABSURD_FROM:
        text = f"{size:.1e}"
    elif size >= _COMPACT_FROM:
        divisor, letter = next(pair for pair in _MAGNITUDES if size >= pair[0])
        text = f"{size / divisor:,.1f}{letter}"
    return f"{sign}{text} {currency}".rstrip()


def moment(value: datetime) -> str:
    """Return a time of day in UTC as people write it."""
    utc = value.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def feeling(score: float) -> str:
    """Return the word for an emotion score."""
    if score >= 1.25:
        return "delighted"
    if score >= 0.4:
        return "pleased"
    if score > -0.4:
        return "indifferent"
    if score > -1.25:
        return "uneasy"
    return "frustrated"
