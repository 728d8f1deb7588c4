"""The filters of a CRM search: what is refused, what a filter finds, and which ones an index serves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from cjm_sync_sandbox.hubspot.associations import links
from cjm_sync_sandbox.hubspot.catalog import ObjectType, object_type
from cjm_sync_sandbox.hubspot.table import Row
from cjm_sync_sandbox.hubspot.values import Reader
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import ApiError, to_milliseconds

MOST_GROUPS = 5
MOST_FILTERS = 6
MOST_FILTERS_IN_ALL = 18

_NOT_FILTERABLE = {("emails", "hs_email_html"), ("emails", "hs_body_preview")}

Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from *low* to *high*, both inclusive; None is no limit."""

    low: int | None = None
    high: int | None = None

    def within(self, other: Span) -> Span:
        """Return what is in both."""
        lows = [one for one in (self.low, other.low) if one is not None]
        highs = [one for one in (self.high, other.high) if one is not None]
        return Span(max(lows, default=None), min(highs, default=None))


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter; *span* is what it asks of the property *name* when that is a plain range."""

    name: str
    test: Test
    span: Span | None = None


def read_groups(call: Call, reader: Reader, groups: Any) -> list[list[Filter]]:
    """Return the groups, which are alternatives, of filters that hold together; refuse bad ones."""
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
    return [[_filter(call, reader, one) for one in group["filters"]] for group in groups]


def spans(filters: Iterable[Filter], name: str) -> Span | None:
    """Return what *filters* together ask of *name*; None when none of them is a range of it."""
    found: Span | None = None
    for one in filters:
        if one.name == name and one.span is not None:
            found = one.span if found is None else found.within(one.span)
    return found


def _filter(call: Call, reader: Reader, described: Any) -> Filter:
    test = _test(call, reader, described)
    name = str(described.get("propertyName"))
    if name not in {"hs_object_id", reader.kind.modified}:
        return Filter(name, test)
    read = comparable(reader.definitions.by_name[name], name)
    return Filter(name, test, _span(described, read))


def _span(described: dict[str, Any], read: Callable[[str], Any]) -> Span | None:
    value = read(str(described.get("value")))
    match described["operator"]:
        case "EQ":
            return Span(value, value)
        case "GT":
            return Span(value + 1, None)
        case "GTE":
            return Span(value, None)
        case "LT":
            return Span(None, value - 1)
        case "LTE":
            return Span(None, value)
        case "BETWEEN":
            return Span(value, read(str(described["highValue"])))
        case _:
            return None


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
    read = comparable(definition, name)
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


def comparable(definition: dict[str, Any], name: str) -> Callable[[str], Any]:
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


def mentions(reader: Reader, row: Row, query: str) -> bool:
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
