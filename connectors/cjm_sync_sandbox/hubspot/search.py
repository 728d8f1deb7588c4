"""CRM search: filters, one sort, offsets, and its own ceiling of 10,000 results."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from cjm_sync_sandbox.hubspot.associations import links
from cjm_sync_sandbox.hubspot.catalog import ObjectType, object_type
from cjm_sync_sandbox.hubspot.values import Reader
from cjm_sync_sandbox.hubspot.view import Call, Row
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, id_order, to_milliseconds

MOST = 200
CEILING = 10_000
MOST_GROUPS = 5
MOST_FILTERS = 6
MOST_FILTERS_IN_ALL = 18

_NOT_FILTERABLE = {("emails", "hs_email_html"), ("emails", "hs_body_preview")}

Test = Callable[[Row], bool]


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
    reader = Reader(call.view, kind)
    is_wanted = _groups(call, reader, body.get("filterGroups") or [])
    query = body.get("query")
    found = [
        row
        for row in call.view.table(kind).current(archived=False)
        if is_wanted(row) and (not query or _mentions(reader, row, str(query)))
    ]
    _sort(reader, found, body.get("sorts") or [])
    page = found[start : start + size]
    names = body.get("properties") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ApiError.validation("Invalid input JSON: properties must be a list of names")
    answer: dict[str, Any] = {
        "total": len(found),
        "results": [reader.record(row, names) for row in page],
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


def _groups(call: Call, reader: Reader, groups: Any) -> Test:
    if not isinstance(groups, list) or not all(
        isinstance(group, dict) and isinstance(group.get("filters"), list) for group in groups
    ):
        raise ApiError.validation("Invalid input JSON: filterGroups must hold lists of filters")
    if len(groups) > MOST_GROUPS:
        raise ApiError.validation(f"A search has at most {MOST_GROUPS} filter groups")
    if any(len(group["filters"]) > MOST_FILTERS for group in groups):
        raise ApiError.validation(f"A filter group has at most {MOST_FILTERS} filters")
    if sum(len(group["filters"]) for group in groups) > MOST_FILTERS_IN_ALL:
        raise ApiError.validation(f"A search has at most {MOST_FILTERS_IN_ALL} filters in all")
    tests = [[_test(call, reader, one) for one in group["filters"]] for group in groups]

    def is_wanted(row: Row) -> bool:
        return not tests or any(all(test(row) for test in group) for group in tests)

    return is_wanted


def _test(call: Call, reader: Reader, described: Any) -> Test:
    if not isinstance(described, dict):
        raise ApiError.validation("Invalid input JSON: a filter must be an object")
    name, operator = str(described.get("propertyName")), str(described.get("operator"))
    if name.startswith("associations."):
        return _linked(call, reader.kind, name.removeprefix("associations."), described)
    definition = reader.definitions.by_name.get(name)
    if definition is None:
        raise ApiError.validation(f"Property {name!r} does not exist")
    if name == "hs_body_preview_html" or (reader.kind.name, name) in _NOT_FILTERABLE:
        raise ApiError.validation(f"Property {name!r} cannot be used in a filter")
    read = _comparable(definition, name)
    many = definition["fieldType"] == "checkbox"

    def values_of(row: Row) -> list[Any]:
        value = reader.value(row, name)
        if value is None or value == "":
            return []
        parts = value.split(";") if many else [value]
        return [known for part in parts if (known := read(part)) is not None]

    def given(key: str) -> Any:
        if described.get(key) is None:
            raise ApiError.validation(f"A filter with {operator} needs {key!r}")
        known = read(str(described[key]))
        if known is None:
            raise ApiError.validation(f"{described[key]!r} is no value for property {name!r}")
        return known

    match operator:
        case "HAS_PROPERTY":
            return lambda row: bool(values_of(row))
        case "NOT_HAS_PROPERTY":
            return lambda row: not values_of(row)
        case "IN" | "NOT_IN":
            wanted = described.get("values")
            if not isinstance(wanted, list) or not wanted:
                raise ApiError.validation(f"A filter with {operator} needs 'values'")
            # Text is compared in lower case with what was sent as it stands.
            is_text = definition["type"] == "string"
            options = {str(one) if is_text else read(str(one)) for one in wanted}
            if operator == "IN":
                return lambda row: any(one in options for one in values_of(row))
            return lambda row: bool(own := values_of(row)) and not options.intersection(own)
        case "EQ":
            value = given("value")
            return lambda row: value in values_of(row)
        case "NEQ":
            # A record without a value is not found by it.
            value = given("value")
            return lambda row: bool(own := values_of(row)) and value not in own
        case "LT":
            value = given("value")
            return lambda row: any(one < value for one in values_of(row))
        case "LTE":
            value = given("value")
            return lambda row: any(one <= value for one in values_of(row))
        case "GT":
            value = given("value")
            return lambda row: any(one > value for one in values_of(row))
        case "GTE":
            value = given("value")
            return lambda row: any(one >= value for one in values_of(row))
        case "BETWEEN":
            low, high = given("value"), given("highValue")
            return lambda row: any(low <= one <= high for one in values_of(row))
        case "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN":
            if described.get("value") is None:
                raise ApiError.validation(f"A filter with {operator} needs 'value'")
            pattern = str(described["value"]).lower()
            expected = operator == "CONTAINS_TOKEN"
            return lambda row: _has_token(reader.value(row, name) or "", pattern) is expected
        case _:
            raise ApiError.validation(f"Invalid input JSON: there is no operator {operator!r}")


def _comparable(definition: dict[str, Any], name: str) -> Callable[[str], Any]:
    """Return how a value of this property is read for comparing; None when it cannot be."""
    match definition["type"]:
        case "date" | "datetime":
            return to_milliseconds
        case "number":
            return _id if name == "hs_object_id" else _number
        case "string":
            return str.lower
        case _:
            return str


def _id(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _has_token(value: str, pattern: str) -> bool:
    text = value.lower()
    tokens = [text, *re.findall(r"\w+", text)]
    return any(fnmatchcase(token, pattern) for token in tokens)


def _mentions(reader: Reader, row: Row, query: str) -> bool:
    text = " ".join(reader.value(row, name) or "" for name in reader.kind.defaults).lower()
    return all(word in text for word in query.lower().split())


def _linked(call: Call, kind: ObjectType, spelling: str, described: dict[str, Any]) -> Test:
    """Filter by the pseudo-property `associations.contact`."""
    wanted = described.get("values") or [described.get("value")]
    if described.get("operator") not in {"EQ", "IN"} or None in wanted:
        raise ApiError.validation("A filter by association takes EQ with a value or IN with values")
    target = object_type(spelling)
    reached: set[str] = {
        link.to_id
        for own in links(call.view, target, kind, map(str, wanted)).values()
        for link in own
    }
    return lambda row: row["id"] in reached


def _sort(reader: Reader, rows: list[Row], sorts: Any) -> None:
    """Sort in place; records without the value come last, ties by id."""
    name, descending = _sort_of(sorts, reader.kind)
    definition = reader.definitions.by_name.get(name)
    if definition is None:
        raise ApiError.validation(f"Property {name!r} does not exist")
    read = _comparable(definition, name)
    rows.sort(key=lambda row: id_order(row["id"]))
    keyed = [(read(value) if (value := reader.value(row, name)) else None, row) for row in rows]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=_key, reverse=descending)
    rows[:] = [row for _, row in present] + [row for key, row in keyed if key is None]


def _key(pair: tuple[Any, Row]) -> Any:
    return pair[0]


def _sort_of(sorts: Any, kind: ObjectType) -> tuple[str, bool]:
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
