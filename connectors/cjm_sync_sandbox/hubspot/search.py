"""CRM search: filters, one sort, offsets, and its own ceiling of 10,000 results."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import ObjectType, object_type
from cjm_sync_sandbox.hubspot.filters import (
    Filter,
    Span,
    comparable,
    mentions,
    read_groups,
    spans,
)
from cjm_sync_sandbox.hubspot.table import Listing, Table
from cjm_sync_sandbox.hubspot.values import Reader
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError

MOST = 200
CEILING = 10_000
_MOST_KEPT = 16

Places = list[int]
"""Rows by where they stand in the listing, which is in the order of ids."""


def search(call: Call) -> Answer:
    """`POST …/objects/{type}/search`: live records only, no associations."""
    kind = object_type(call.arguments["type"])
    call.require_object(kind)
    body = call.request.json()
    size = _whole(body, "limit", default=10)
    if not 1 <= size <= MOST:
        raise ApiError.validation(f"limit must be between 1 and {MOST}, was {size}")
    start = _whole(body, "after", default=0)
    if start < 0 or start + size > CEILING:
        raise ApiError.validation(
            f"Only the first {CEILING} results of a search can be paged through"
        )
    names = body.get("properties") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError.validation("Invalid input JSON: properties must be a list of names")
    reader = Reader(call.view, kind)
    table = call.view.table(kind)
    rows = table.listing(archived=False).rows
    found = _indexed(call, table, _found(call, reader, table, body))
    answer: dict[str, Any] = {
        "total": len(found),
        "results": [reader.record(rows[place], names) for place in found[start : start + size]],
    }
    if start + size < len(found):
        answer["paging"] = {"next": {"after": str(start + size)}}
    return Answer.json(answer)


def _whole(body: dict[str, Any], key: str, *, default: int) -> int:
    value = body.get(key)
    if value is None or value == "":
        return default
    # A number sent as text is accepted by the real service.
    if isinstance(value, str) and re.fullmatch(r"\d+", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ApiError.validation(f"Invalid input JSON: {key} must be a number, not {value!r}")


def _indexed(call: Call, table: Table, found: Places) -> Places:
    """Leave out what the index does not know yet."""
    hidden = call.view.lag.hidden(table, call.view.clock.now())
    if not hidden:
        return found
    rows = table.listing(archived=False).rows
    return [place for place in found if rows[place]["id"] not in hidden]


def _found(call: Call, reader: Reader, table: Table, body: dict[str, Any]) -> Places:
    """Return what the filters find, sorted.

    A range of ids is cut out at the end. What is left of the question is the same for every page of
    a walk by ids, so its answer is kept, until a row changes.
    """
    groups = read_groups(call, reader, body.get("filterGroups") or [])
    name, descending = _sort_of(body.get("sorts") or [], reader)
    query = str(body.get("query") or "")
    listing = table.listing(archived=False)
    ids: Span | None = None
    question: list[Any] = [body.get("filterGroups"), name, descending, query, call.view.generation]
    if len(groups) == 1 and (ids := spans(groups[0], "hs_object_id")) is not None:
        described = body["filterGroups"][0]["filters"]
        groups = [[one for one in groups[0] if one.name != "hs_object_id" or one.span is None]]
        question[0] = [
            one
            for one in described
            if one["propertyName"] != "hs_object_id" or one["operator"] in _NO_RANGES
        ]
    kept: dict[str, Places] = table.known("searches", dict)
    key = json.dumps(question, sort_keys=True, default=str)
    # Links are declared in other tables, whose changes this one does not hear of.
    is_lasting = not any(one.name.startswith("associations.") for group in groups for one in group)
    found = kept.get(key) if is_lasting else None
    if found is None:
        found = _matching(reader, table, groups, query)
        _sort(reader, table, found, name, descending=descending)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[key] = found
    if ids is None:
        return found
    return _cut(listing, found, ids, by_id=name == "hs_object_id" and not descending)


_NO_RANGES = {"IN", "NOT_IN", "NEQ", "HAS_PROPERTY", "NOT_HAS_PROPERTY"} | {
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
}


def _matching(reader: Reader, table: Table, groups: list[list[Filter]], query: str) -> Places:
    rows = table.listing(archived=False).rows
    places: Places | range = range(len(rows))
    if len(groups) == 1 and (modified := spans(groups[0], reader.kind.modified)) is not None:
        places = table.by_modified().between(modified.low, modified.high)
        groups = [[one for one in groups[0] if one.name != reader.kind.modified or not one.span]]
    if any(not group for group in groups):
        groups = []
    return [
        place
        for place in places
        if (not groups or any(all(one.test(rows[place]) for one in group) for group in groups))
        and (not query or mentions(reader, rows[place], query))
    ]


def _cut(listing: Listing, found: Places, ids: Span, *, by_id: bool) -> Places:
    """Return those of *found* whose id, a number, is in *ids*."""
    keys = listing.keys
    first = 0 if ids.low is None else bisect_left(keys, (0, ids.low, ""))
    last = bisect_left(keys, (1, 0, "") if ids.high is None else (0, ids.high + 1, ""))
    if by_id:
        return found[bisect_left(found, first) : bisect_left(found, last)]
    return [place for place in found if first <= place < last]


def _sort(reader: Reader, table: Table, found: Places, name: str, *, descending: bool) -> None:
    """Sort in place; records without the value come last, ties by id."""
    rows = table.listing(archived=False).rows
    found.sort()
    if name == reader.kind.modified:
        keys: list[Any] = table.by_modified().moments
        keyed = [(keys[place], place) for place in found]
    elif name == "hs_object_id":
        numbers = table.listing(archived=False).keys
        keyed = [(numbers[place][1] if not numbers[place][0] else None, place) for place in found]
    else:
        read = comparable(reader.definitions.by_name[name], name)
        keyed = [
            (read(value) if (value := reader.value(rows[place], name)) else None, place)
            for place in found
        ]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=_key, reverse=descending)
    found[:] = [place for _, place in present] + [place for key, place in keyed if key is None]


def _key(pair: tuple[Any, int]) -> Any:
    return pair[0]


def _sort_of(sorts: Any, reader: Reader) -> tuple[str, bool]:
    name, descending = _sort_named(sorts, reader.kind)
    if name not in reader.definitions.by_name:
        raise ApiError.validation(f"Property {name!r} does not exist")
    return name, descending


def _sort_named(sorts: Any, kind: ObjectType) -> tuple[str, bool]:
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise ApiError.validation("A search takes one sort")
    if not sorts:
        return kind.created, False
    one = sorts[0]
    if isinstance(one, str):
        return one.removeprefix("-"), one.startswith("-")
    if not isinstance(one, dict) or "propertyName" not in one:
        raise ApiError.validation("Invalid input JSON: a sort names its propertyName")
    direction = one.get("direction", "ASCENDING")
    if direction not in {"ASCENDING", "DESCENDING"}:
        raise ApiError.validation(f"There is no direction {direction!r}")
    return str(one["propertyName"]), direction == "DESCENDING"
