"""CRM records: the list, one by id, and the batch read."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.hubspot.associations import inline
from cjm_sync_sandbox.hubspot.catalog import ObjectType, object_type
from cjm_sync_sandbox.hubspot.table import Row
from cjm_sync_sandbox.hubspot.values import Reader
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, to_text

MOST = 100
MOST_WITH_HISTORY = 50


def _kind(call: Call) -> ObjectType:
    kind = object_type(call.arguments["type"])
    call.require_object(kind)
    return kind


def list_records(call: Call) -> Answer:
    """`GET …/objects/{type}`: in id order; the cursor is the id of the next record."""
    kind, request = _kind(call), call.request
    history = request.names("propertiesWithHistory")
    size = request.number("limit", default=10, most=MOST_WITH_HISTORY if history else MOST)
    archived = request.flag("archived")
    after = request.parameter("after")
    listing = call.view.table(kind).listing(archived=archived)
    start = listing.position(after) if after else 0
    page = listing.rows[start : start + size]
    more = start + size < len(listing.rows)
    following: str | None = listing.rows[start + size]["id"] if more else None
    names = request.names("properties")
    reader = Reader(call.view, kind)
    records = [reader.record(row, names, history) for row in page]
    inline(call, kind, request.names("associations"), records)
    return call.page(records, following)


def get_record(call: Call) -> Answer:
    """`GET …/objects/{type}/{id}`: a merged record's former id answers with the survivor."""
    kind, request = _kind(call), call.request
    asked = call.arguments["id"]
    found = _look_up(
        call, kind, [asked], request.parameter("idProperty"), archived=request.flag("archived")
    )
    if asked not in found:
        raise ApiError.not_found("Object not found.  objectId are usually numeric.")
    record = Reader(call.view, kind).record(
        found[asked], request.names("properties"), request.names("propertiesWithHistory")
    )
    inline(call, kind, request.names("associations"), [record])
    return Answer.json(record)


def batch_read(call: Call) -> Answer:
    """`POST …/objects/{type}/batch/read`: no associations; missing ids become errors."""
    kind = _kind(call)
    body = call.request.json()
    history = _names(body, "propertiesWithHistory")
    names = _names(body, "properties")
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str | int) for one in inputs
    ):
        raise ApiError.validation("Some required fields were not set: [inputs]")
    most = MOST_WITH_HISTORY if history else MOST
    if len(inputs) > most:
        raise ApiError.validation(
            f"The maximum number of inputs supported in a batch request is {most}"
        )
    started = to_text(call.view.clock.now())
    asked = list(dict.fromkeys(str(one["id"]) for one in inputs))
    found = _look_up(
        call, kind, asked, body.get("idProperty"), archived=call.request.flag("archived")
    )
    rows = {row["id"]: row for row in found.values()}
    reader = Reader(call.view, kind)
    answer: dict[str, Any] = {
        "status": "COMPLETE",
        "results": [reader.record(row, names, history) for row in rows.values()],
        "startedAt": started,
        "completedAt": to_text(call.view.clock.now()),
    }
    missing = [one for one in asked if one not in found]
    if missing:
        answer["numErrors"] = 1
        answer["errors"] = [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": f"Could not get some {kind.singular.upper()} objects, they may be deleted"
                " or not exist. Check that ids are valid.",
                "context": {"ids": missing},
            }
        ]
    return Answer.json(answer, call.partial_status if missing else 200)


def _names(body: dict[str, Any], key: str) -> list[str]:
    names = body.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError.validation(f"Invalid input JSON: {key} must be a list of property names")
    return names


def _look_up(
    call: Call, kind: ObjectType, asked: list[str], id_property: str | None, *, archived: bool
) -> dict[str, Row]:
    """Return asked value → row, by id or by a property whose values are unique."""
    table = call.view.table(kind)
    if not id_property or id_property == "hs_object_id":
        return table.find(asked, archived=archived)
    reader = Reader(call.view, kind)
    definition = reader.definitions.by_name.get(id_property)
    is_email = (kind.name, id_property) == ("contacts", "email")
    if not is_email and (definition is None or not definition["hasUniqueValue"]):
        raise ApiError.validation(
            f"Property {id_property!r} does not hold unique values", parameter="idProperty"
        )
    by_value = {
        (reader.value(row, id_property) or "").lower(): row
        for row in table.listing(archived=archived).rows
    }
    return {one: by_value[one.lower()] for one in asked if one and one.lower() in by_value}
