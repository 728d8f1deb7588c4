"""Lists (segments): search, one by id, and who is in them now; who left has left no trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import object_type
from cjm_sync_sandbox.hubspot.marketing import from_token, token
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, id_order

_READ = frozenset({"crm.lists.read"})
_ALWAYS = "2024-01-01T00:00:00Z"
_SORTS = frozenset({"HS_LIST_ID", "HS_CREATED_AT", "HS_NAME", "HS_LIST_SIZE", "HS_UPDATED_AT"})
MOST_OF_SEARCH = 500
MOST_MEMBERS = 250

Row = dict[str, Any]


def member(entry: Any) -> Row:
    """Return a member as the API shows it; a portal may write only the record's id."""
    if isinstance(entry, Mapping):
        return {"membershipTimestamp": _ALWAYS} | dict(entry) | {"recordId": str(entry["recordId"])}
    return {"recordId": str(entry), "membershipTimestamp": _ALWAYS}


def _members(call: Call, described: Mapping[str, Any]) -> list[Row]:
    """Return the live members; who was merged is in as the survivor, once."""
    table = call.view.table(object_type(str(described.get("objectTypeId", "0-1"))))
    merged = table.merged()
    found: dict[str, Row] = {}
    for entry in map(member, described.get("members") or ()):
        record_id = merged.get(entry["recordId"], entry["recordId"])
        row = table.by_id.get(record_id)
        if row is not None and not row.get("archived"):
            found.setdefault(record_id, entry | {"recordId": record_id})
    return list(found.values())


def _described(call: Call) -> list[Mapping[str, Any]]:
    call.require(_READ)
    return list(call.view.described.get("lists") or [])


def _shown(call: Call, described: Mapping[str, Any]) -> Row:
    base = {
        "listVersion": 1,
        "processingStatus": "COMPLETE",
        "processingType": "MANUAL",
        "objectTypeId": "0-1",
        "createdAt": _ALWAYS,
        "updatedAt": _ALWAYS,
    }
    own = {key: value for key, value in described.items() if key != "members"}
    size = str(len(_members(call, described)))
    return base | own | {
        "listId": str(described["listId"]),
        "additionalProperties": {"hs_list_size": size},
    }  # fmt: skip


def search(call: Call) -> Answer:
    """`POST /crm/lists/…/search`: by name and processing type; no filter by modified time."""
    found = _described(call)
    body = call.request.json()
    count, offset = body.get("count") or 20, body.get("offset") or 0
    if not isinstance(count, int) or not 1 <= count <= MOST_OF_SEARCH:
        raise ApiError.validation(f"count must be between 1 and {MOST_OF_SEARCH}, was {count!r}")
    if not isinstance(offset, int) or offset < 0:
        raise ApiError.validation(f"offset must not be negative, was {offset!r}")
    if (sort := body.get("sort")) and str(sort).removeprefix("-") not in _SORTS:
        raise ApiError.validation(f"Lists cannot be sorted by {sort!r}")
    words = str(body.get("query") or "").lower()
    kinds, ids = body.get("processingTypes"), body.get("listIds")
    wanted = [
        one
        for one in (_shown(call, own) for own in found)
        if words in str(one["name"]).lower()
        and (not kinds or one["processingType"] in kinds)
        and (not ids or one["listId"] in [str(known) for known in ids])
    ]
    wanted.sort(key=lambda one: id_order(one["listId"]))
    page = wanted[offset : offset + count]
    more = offset + count < len(wanted)
    return Answer.json(
        {"lists": page, "hasMore": more, "offset": offset + len(page), "total": len(wanted)}
    )


def some(call: Call) -> Answer:
    """`GET /crm/lists/…?listIds=`."""
    asked = call.request.names("listIds")
    return Answer.json(
        {"lists": [_shown(call, one) for one in _described(call) if str(one["listId"]) in asked]}
    )


def one(call: Call) -> Answer:
    """`GET /crm/lists/…/{id}`."""
    return Answer.json({"list": _shown(call, _asked(call))})


def named(call: Call) -> Answer:
    """`GET /crm/lists/…/object-type-id/{type}/name/{name}`."""
    kind = object_type(call.arguments["type"])
    for own in _described(call):
        shown = _shown(call, own)
        if (shown["name"], shown["objectTypeId"]) == (call.arguments["name"], kind.type_id):
            return Answer.json({"list": shown})
    raise ApiError.not_found(f"No list is named {call.arguments['name']}")


def _asked(call: Call) -> Mapping[str, Any]:
    for own in _described(call):
        if str(own["listId"]) == call.arguments["id"]:
            return own
    raise ApiError.not_found(f"List does not exist with ID {call.arguments['id']}.")


def memberships(call: Call) -> Answer:
    """`GET …/{id}/memberships`: in the order of record ids."""
    members = _members(call, _asked(call))
    return _page(call, sorted(members, key=lambda entry: id_order(entry["recordId"])))


def memberships_by_joining(call: Call) -> Answer:
    """`GET …/{id}/memberships/join-order`: who joined first comes first."""
    members = _members(call, _asked(call))
    return _page(call, sorted(members, key=lambda entry: str(entry["membershipTimestamp"])))


def _page(call: Call, members: list[Row]) -> Answer:
    size = call.request.number("limit", default=100, most=MOST_MEMBERS)
    after, start = call.request.parameter("after"), 0
    if after is not None:
        last = from_token(after)
        places = [place for place, entry in enumerate(members) if entry["recordId"] == last]
        if last is None:
            raise ApiError.validation("The cursor cannot be read", parameter="after")
        # Whoever the cursor names may have left meanwhile; ids still tell where to go on.
        start = (
            places[0] + 1
            if places
            else sum(id_order(entry["recordId"]) <= id_order(last) for entry in members)
        )
    page = members[start : start + size]
    more = start + size < len(members)
    return call.page(page, token(page[-1]["recordId"]) if more else None)


def of_record(call: Call) -> Answer:
    """`GET …/records/{type}/{id}/memberships`: the lists that a record is in."""
    kind, record_id = object_type(call.arguments["type"]), call.arguments["id"]
    found = [
        {
            "listId": str(own["listId"]),
            "listVersion": 1,
            "firstAddedTimestamp": entry["membershipTimestamp"],
            "lastAddedTimestamp": entry["membershipTimestamp"],
        }
        for own in _described(call)
        if str(own.get("objectTypeId", "0-1")) == kind.type_id
        for entry in _members(call, own)
        if entry["recordId"] == record_id
    ]
    return Answer.json({"results": found, "total": len(found)})
