"""Event occurrences: what people did on web pages and in the product; Enterprise only."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cjm_sync_sandbox.hubspot.marketing import from_token, token
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, to_milliseconds

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
    keyed: list[tuple[int, str, dict[str, Any]]] = []
    for row in call.view.rows("events"):
        at = to_milliseconds(row["occurredAt"]) or 0
        if (
            (kind is None or row["eventType"] == kind)
            and (one is None or row["id"] == one)
            and (object_kind is None or row["objectType"].lower() == object_kind.lower())
            and (object_id is None or row["objectId"] == object_id)
            and (since is None or at >= since)
            and (until is None or at < until)
            and all(row["properties"].get(name) == value for name, value in wanted.items())
        ):
            keyed.append((at, row["id"], row))
    keyed.sort(key=lambda item: item[:2], reverse=sort.startswith("-"))
    after = request.parameter("after")
    start = 0
    if after is not None:
        position = _position(after)
        if position is None:
            return call.page([], None)
        start = sum(1 for item in keyed if _is_before(item[:2], position, sort))
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


def _is_before(item: tuple[int, str], position: tuple[int, str], sort: str) -> bool:
    return item >= position if sort.startswith("-") else item <= position
