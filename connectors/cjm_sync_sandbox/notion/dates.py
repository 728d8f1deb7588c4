"""Dates as the service keeps them: days stay days, moments lose their seconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cjm_sync_sandbox.notion.checks import failed, need_object, need_text, only, undefined
from cjm_sync_sandbox.notion.errors import Json


def iso_minute(moment: datetime) -> str:
    """Return *moment* rounded down to the minute, as pages, blocks and data sources carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def iso_ms(moment: datetime) -> str:
    """Return *moment* with milliseconds, as databases and views carry it."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"


def is_day(text: str) -> bool:
    """Tell whether *text* names a whole day."""
    return len(text) == 10


def parse_moment(text: str, path: str) -> datetime:
    """Read an ISO 8601 day or moment; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise failed(path, "a valid ISO 8601 date string", text) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_date(value: Any, path: str) -> Json | None:
    """Check a date value and return it as it reads back."""
    if value is None:
        return None
    given = need_object(value, path)
    only(given, ("start", "end", "time_zone"), path)
    if "start" not in given:
        raise undefined(f"{path}.start")
    zone = given.get("time_zone")
    if zone is not None:
        try:
            ZoneInfo(need_text(zone, f"{path}.time_zone"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise failed(f"{path}.time_zone", "a valid IANA time zone", zone) from None
    start = _normal(given["start"], zone, f"{path}.start")
    end = None if given.get("end") is None else _normal(given["end"], zone, f"{path}.end")
    return {"start": start, "end": end, "time_zone": zone}


def _normal(value: Any, zone: str | None, path: str) -> str:
    text = need_text(value, path)
    moment = parse_moment(text, path)
    if is_day(text):
        return text
    if zone is not None:
        place = ZoneInfo(zone)
        given = datetime.fromisoformat(text)
        moment = given.replace(tzinfo=place) if given.tzinfo is None else given.astimezone(place)
    cut = moment.replace(second=0, microsecond=0)
    return cut.isoformat(timespec="milliseconds")


def day_of(text: str) -> date:
    """Return the day of a stored date or moment."""
    return date.fromisoformat(text[:10])


def instant_of(text: str) -> datetime:
    """Return a stored date or moment as an instant; a day begins at midnight UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


NAMED_DAYS = {
    "today": timedelta(0),
    "tomorrow": timedelta(days=1),
    "yesterday": timedelta(days=-1),
    "one_week_ago": timedelta(days=-7),
    "one_week_from_now": timedelta(days=7),
    "one_month_ago": timedelta(days=-30),
    "one_month_from_now": timedelta(days=30),
}


def window_of(name: str, today: date) -> tuple[date, date]:
    """Return first and last day of a named span such as `past_week` or `this_week`."""
    if name == "this_week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=6)
    days = {"week": 7, "month": 30, "year": 365}[name.split("_")[1]]
    if name.startswith("past_"):
        return today - timedelta(days=days), today
    return today, today + timedelta(days=days)
