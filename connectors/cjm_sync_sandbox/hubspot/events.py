"""Event occurrences: what people did on web pages and in the product; Enterprise only."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import chain
from urllib.parse import quote

from cjm_sync_sandbox.hubspot.marketing import from_token, token
from cjm_sync_sandbox.hubspot.table import Row
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, to_milliseconds

Occurrence = tuple[int, str, Row]
_SCOPES = (frozenset({"business-intelligence"}), frozenset({"oauth"}))


def _require(call: Call) -> None:
    call.require(*_SCOPES)
    features = call.view.described.get("features") or {}
    if not features.get("events", call.view.tier == "enterprise"):
        call.refuse_subscription(["business-intelligence"])


def event_types(call: Call) -> Answer:
    """`GET …/event-types`."""
    _require(call)
    return Answer.json(
        {"eventTypes": sorted({row["eventType"] for row in call.view.rows("events")})}
    )


def occurrences(call: Call) -> Answer:
    """`GET …/event-occurrences`: newest first unless asked otherwise.

    The cursor arrives percent-encoded. A client that encodes it again gets an empty page and no
    error, as was reported of the real service.
    """
    _require(call)
    request = call.request
    unknown = [name for name in request.parameters if name.startswith("objectProperty.")]
    if unknown:
        raise ApiError.validation(
            "Filters by objectProperty are not offered by this stand-in", parameter=unknown[0]
        )
    kind, one = request.parameter("eventType"), request.parameter("id")
    object_kind, object_id = request.parameter("objectType"), request.parameter("objectId")
    if kind is None and one is None and (object_kind is None or object_id is None):
        raise ApiError.validation(
            "Ask by eventType, by id, or by objectType and objectId", parameter="eventType"
        )
    size = request.number("limit", default=100, most=100)
    since, until = _time(call, "occurredAfter"), _time(call, "occurredBefore")
    sort = request.parameter("sort") or "-occurredAt"
    if sort not in {"occurredAt", "-occurredAt"}:
        raise ApiError.validation(f"Events cannot be sorted by {sort!r}", parameter="sort")
    wanted = {
        name.removeprefix("property."): values[-1]
        for name, values in request.parameters.items()
        if name.startswith("property.")
    }
    # In the order of time; what is asked most, one type in a span of time, is cut out of it.
    order = call.view.kept("events", _in_order)
    keyed = order.get(kind, []) if kind is not None else sorted(chain(*order.values()), key=_key)
    first = 0 if since is None else bisect_left(keyed, (since, ""), key=_key)
    last = len(keyed) if until is None else bisect_left(keyed, (until, ""), key=_key)
    keyed = keyed[first:last]
    if wanted or one is not None or object_kind is not None or object_id is not None:
        keyed = [
            item
            for item in keyed
            if (one is None or item[1] == one)
            and (object_kind is None or item[2]["objectType"].lower() == object_kind.lower())
            and (object_id is None or item[2]["objectId"] == object_id)
            and all(item[2]["properties"].get(name) == value for name, value in wanted.items())
        ]
    if sort.startswith("-"):
        keyed.reverse()
    after = request.parameter("after")
    start = 0
    if after is not None:
        position = _position(after)
        if position is None:
            return call.page([], None)
        start = _past(keyed, position, sort)
    page = keyed[start : start + size]
    cursor = None
    if start + size < len(keyed):
        at, event_id, _ = page[-1]
        cursor = quote(token(f"{at}|{event_id}"), safe="")
    return call.page([row for _, _, row in page], cursor)


def _time(call: Call, name: str) -> int | None:
    value = call.request.parameter(name)
    if value is None:
        return None
    at = to_milliseconds(value)
    if at is None:
        raise ApiError.validation(f"{value!r} is no time", parameter=name)
    return at


def _position(cursor: str) -> tuple[int, str] | None:
    at, separator, event_id = (from_token(cursor) or "").partition("|")
    return (int(at), event_id) if separator and at.lstrip("-").isdecimal() else None


def _past(keyed: list[Occurrence], position: tuple[int, str], sort: str) -> int:
    """Return how many of *keyed* come no later than *position* in the order asked for."""
    if sort.startswith("-"):
        return len(keyed) - bisect_left(keyed[::-1], position, key=_key)
    return bisect_right(keyed, position, key=_key)


def _in_order(rows: list[Row]) -> dict[str, list[Occurrence]]:
    found: dict[str, list[Occurrence]] = {}
    for row in rows:
        at = to_milliseconds(row["occurredAt"]) or 0
        found.setdefault(row["eventType"], []).append((at, row["id"], row))
    for keyed in found.values():
        keyed.sort(key=_key)
    return found


def _key(item: Occurrence) -> tuple[int, str]:
    return item[:2]
