"""The filter grammar of queries and views: checked strictly, then turned into a predicate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from cjm_sync_sandbox.notion.cells import is_empty, related, value_of
from cjm_sync_sandbox.notion.checks import (
    failed,
    need_bool,
    need_list,
    need_number,
    need_object,
    need_one_of,
    need_text,
    only,
    shown,
    uuid_of,
)
from cjm_sync_sandbox.notion.dates import (
    NAMED_DAYS,
    day_of,
    instant_of,
    is_day,
    parse_moment,
    window_of,
)
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.state import Workspace, find_property
from cjm_sync_sandbox.notion.text import plain

Predicate = Callable[[Json], bool]
Test = Callable[[Any], bool]

TEXT_OPERATORS = (
    "equals", "does_not_equal", "contains", "does_not_contain", "starts_with", "ends_with",
    "is_empty", "is_not_empty",
)  # fmt: skip
NUMBER_OPERATORS = (
    "equals", "does_not_equal", "greater_than", "less_than", "greater_than_or_equal_to",
    "less_than_or_equal_to", "is_empty", "is_not_empty",
)  # fmt: skip
DATE_OPERATORS = ("equals", "before", "after", "on_or_before", "on_or_after")
DATE_WINDOWS = (
    "this_week", "past_week", "past_month", "past_year", "next_week", "next_month", "next_year",
)  # fmt: skip
CHOICE_OPERATORS = ("equals", "does_not_equal", "is_empty", "is_not_empty")
MANY_OPERATORS = ("contains", "does_not_contain", "is_empty", "is_not_empty")
EMPTY_OPERATORS = ("is_empty", "is_not_empty")
TEXTS = frozenset({"title", "rich_text", "url", "email", "phone_number"})
MOMENTS = frozenset({"date", "created_time", "last_edited_time"})
PERSONS = frozenset({"people", "created_by", "last_edited_by"})
# What the key of a condition may be for a type of column; the type itself always may.
ALIASES = {"title": {"rich_text"}, "url": {"rich_text"}, "email": {"rich_text"},
           "phone_number": {"rich_text", "phone_number"}, "rich_text": {"title"},
           "created_time": {"date"}, "last_edited_time": {"date"},
           "created_by": {"people"}, "last_edited_by": {"people"}}  # fmt: skip


def compile_filter(
    ws: Workspace, source: Json, value: Any, path: str = "body.filter", *, in_view: bool = False
) -> Predicate:
    """Return the predicate that *value* means; raises what the service answers when it means none.

    In views an option that does not exist is refused; in queries it matches nothing.
    """
    if value is None:
        return lambda _page: True
    return _compile(ws, source, need_object(value, path), path, 0, in_view=in_view)


def _compile(
    ws: Workspace, source: Json, given: Json, path: str, depth: int, *, in_view: bool
) -> Predicate:
    for word, combine in (("and", all), ("or", any)):
        if word in given:
            only(given, (word,), path)
            if depth >= 2:
                raise failed(f"{path}.{word}", "not present", given[word])
            parts = [
                _compile(
                    ws, source, need_object(item, f"{path}.{word}[{index}]"),
                    f"{path}.{word}[{index}]", depth + 1, in_view=in_view,
                )
                for index, item in enumerate(need_list(given[word], f"{path}.{word}"))
            ]  # fmt: skip
            return lambda page, parts=parts, combine=combine: combine(  # type: ignore[misc]
                part(page) for part in parts
            )
    if "timestamp" in given:
        stamp = need_one_of(
            given["timestamp"], ("created_time", "last_edited_time"), f"{path}.timestamp"
        )
        only(given, ("timestamp", "type", stamp), path)
        test = _date_test(ws, need_object(given.get(stamp), f"{path}.{stamp}"), f"{path}.{stamp}")
        return lambda page: test(ws.tables["blocks"][page["id"]][stamp])
    if "property" not in given:
        raise failed(f"{path}.property", "defined", given)
    key = need_text(given["property"], f"{path}.property")
    column = find_property(source, key)
    if column is None:
        raise invalid(f"Could not find property with name or id: {key}")
    only_kinds = [word for word in given if word not in {"property", "type"}]
    if len(only_kinds) != 1:
        raise failed(path, "a filter with one condition", given)
    return compile_condition(ws, column, only_kinds[0], given[only_kinds[0]], path, in_view=in_view)


def compile_condition(
    ws: Workspace, column: Json, kind: str, value: Any, path: str, *, in_view: bool
) -> Predicate:
    """Return the predicate of one condition on *column*."""
    own: str = column["type"]
    if kind != own and kind not in ALIASES.get(own, ()):
        raise invalid(f"database property {own} does not match filter {kind}")
    where = f"{path}.{kind}"
    condition = need_object(value, where)
    if len(condition) != 1:
        raise failed(where, "an object with one operator", condition)
    if own == "formula":
        raise invalid(f"Cannot filter on {column['name']}: formula of unknown type.")
    if own == "rollup":
        return _rollup_predicate(ws, column, condition, where)
    test = _test_for(ws, column, own, condition, where, in_view=in_view)
    return lambda page: test(value_of(ws, page, column))


def _test_for(
    ws: Workspace, column: Json, kind: str, condition: Json, path: str, *, in_view: bool
) -> Test:
    if kind in TEXTS:
        return _text_test(kind, condition, path)
    if kind in MOMENTS:
        return _date_test(ws, condition, path)
    if kind == "number":
        return _number_test(condition, path)
    if kind == "unique_id":
        test = _number_test(condition, path)
        return lambda value: test(value["number"])
    if kind == "checkbox":
        return _checkbox_test(condition, path)
    if kind in {"select", "status"}:
        return _choice_test(column, condition, path, strict=in_view or kind == "status")
    if kind == "multi_select":
        return _options_test(column, condition, path, strict=in_view)
    if kind in PERSONS:
        return _ids_test(condition, path, lambda value: [one["id"] for one in _listed(value)])
    if kind == "relation":
        return _ids_test(condition, path, lambda value: related(ws, [one["id"] for one in value]))
    operator, _ = _operator(condition, EMPTY_OPERATORS, path)
    return lambda value: (not value) == (operator == "is_empty")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _operator(condition: Json, allowed: tuple[str, ...], path: str) -> tuple[str, Any]:
    if len(condition) != 1:
        raise failed(path, "an object with one operator", condition)
    operator, wanted = next(iter(condition.items()))
    if operator not in allowed:
        raise failed(f"{path}.{operator}", "not present", wanted)
    if operator in EMPTY_OPERATORS and wanted is not True:
        raise failed(f"{path}.{operator}", "`true`", wanted)
    return operator, wanted


def _text_test(kind: str, condition: Json, path: str) -> Test:
    operator, wanted = _operator(condition, TEXT_OPERATORS, path)
    read = plain if kind in {"title", "rich_text"} else (lambda value: value or "")
    if operator in EMPTY_OPERATORS:
        return lambda value: (not read(value)) == (operator == "is_empty")
    text = need_text(wanted, f"{path}.{operator}").casefold()
    tests: dict[str, Callable[[str], bool]] = {
        "equals": lambda have: have == text,
        "does_not_equal": lambda have: have != text,
        "contains": lambda have: text in have,
        "does_not_contain": lambda have: text not in have,
        "starts_with": lambda have: have.startswith(text),
        "ends_with": lambda have: have.endswith(text),
    }
    test = tests[operator]
    return lambda value: test(read(value).casefold())


def _number_test(condition: Json, path: str) -> Test:
    operator, wanted = _operator(condition, NUMBER_OPERATORS, path)
    if operator in EMPTY_OPERATORS:
        return lambda value: (value is None) == (operator == "is_empty")
    number = need_number(wanted, f"{path}.{operator}")
    if operator == "does_not_equal":
        return lambda value: value is None or value != number
    tests: dict[str, Callable[[float], bool]] = {
        "equals": lambda have: have == number,
        "greater_than": lambda have: have > number,
        "less_than": lambda have: have < number,
        "greater_than_or_equal_to": lambda have: have >= number,
        "less_than_or_equal_to": lambda have: have <= number,
    }
    test = tests[operator]
    return lambda value: value is not None and test(value)


def _checkbox_test(condition: Json, path: str) -> Test:
    operator, wanted = _operator(condition, ("equals", "does_not_equal"), path)
    state = need_bool(wanted, f"{path}.{operator}")
    return lambda value: (value == state) == (operator == "equals")


def _names(column: Json, wanted: Any, path: str, *, strict: bool) -> set[str]:
    names = wanted if isinstance(wanted, list) else [wanted]
    known = {one["name"]: one["name"] for one in column["config"]["options"]}
    known |= {one["id"]: one["name"] for one in column["config"]["options"]}
    found: set[str] = set()
    for name in names:
        need_text(name, path)
        if name not in known and strict:
            raise invalid(
                f'{column["type"]} option "{name}" not found for property'
                f' "{column["name"]}". Available options: '
                + ", ".join(f'"{one["name"]}"' for one in column["config"]["options"])
            )
        found.add(str(known.get(name, name)))
    return found


def _choice_test(column: Json, condition: Json, path: str, *, strict: bool) -> Test:
    operator, wanted = _operator(condition, CHOICE_OPERATORS, path)
    if operator in EMPTY_OPERATORS:
        return lambda value: (value is None) == (operator == "is_empty")
    names = _names(column, wanted, f"{path}.{operator}", strict=strict)
    equal = operator == "equals"
    return lambda value: ((value["name"] if value else None) in names) == equal


def _options_test(column: Json, condition: Json, path: str, *, strict: bool) -> Test:
    operator, wanted = _operator(condition, MANY_OPERATORS, path)
    if operator in EMPTY_OPERATORS:
        return lambda value: (not value) == (operator == "is_empty")
    names = _names(column, wanted, f"{path}.{operator}", strict=strict)
    inside = operator == "contains"
    return lambda value: any(one["name"] in names for one in value) == inside


def _ids_test(condition: Json, path: str, read: Callable[[Any], list[str]]) -> Test:
    operator, wanted = _operator(condition, MANY_OPERATORS, path)
    if operator in EMPTY_OPERATORS:
        return lambda value: (not read(value)) == (operator == "is_empty")
    target = uuid_of(wanted, f"{path}.{operator}")
    return lambda value: (target in read(value)) == (operator == "contains")


def _date_test(ws: Workspace, condition: Json, path: str) -> Test:
    allowed = (*DATE_OPERATORS, *DATE_WINDOWS, *EMPTY_OPERATORS)
    operator, wanted = _operator(condition, allowed, path)
    if operator in EMPTY_OPERATORS:
        return lambda value: (value is None) == (operator == "is_empty")
    if operator in DATE_WINDOWS:
        if wanted != {}:
            raise failed(f"{path}.{operator}", "an empty object", wanted)
        first, last = window_of(operator, ws.now().astimezone(UTC).date())
        return lambda value: value is not None and first <= day_of(_start(value)) <= last
    text = need_text(wanted, f"{path}.{operator}")
    if text in NAMED_DAYS:
        text = (ws.now().astimezone(UTC) + NAMED_DAYS[text]).date().isoformat()
    moment = parse_moment(text, f"{path}.{operator}")
    # A day as the bound means all of it.
    end = moment + timedelta(days=1) if is_day(text) else moment
    by_day = is_day(text)
    tests: dict[str, Callable[[Any], bool]] = {
        "equals": lambda have: moment <= have < end if by_day else have == moment,
        "before": lambda have: have < moment,
        "after": lambda have: have >= end if by_day else have > moment,
        "on_or_before": lambda have: have < end if by_day else have <= moment,
        "on_or_after": lambda have: have >= moment,
    }
    test = tests[operator]
    return lambda value: value is not None and test(instant_of(_start(value)))


def _start(value: Any) -> str:
    return str(value["start"]) if isinstance(value, dict) else str(value)


def _rollup_predicate(ws: Workspace, column: Json, condition: Json, path: str) -> Predicate:
    kind = next(iter(condition))
    if kind in {"any", "every", "none"}:
        return _rollup_items(ws, column, kind, need_object(condition[kind], f"{path}.{kind}"), path)
    if kind not in {"number", "date"}:
        raise failed(f"{path}.{kind}", "not present", condition[kind])
    inner = need_object(condition[kind], f"{path}.{kind}")
    test = (
        _number_test(inner, f"{path}.number")
        if kind == "number"
        else _date_test(ws, inner, f"{path}.date")
    )
    return lambda page: test(value_of(ws, page, column).get(kind))


def _rollup_items(
    ws: Workspace, column: Json, quantifier: str, condition: Json, path: str
) -> Predicate:
    source = ws.tables["sources"][column["source_id"]]
    own = source["properties"][column["config"]["relation_property_id"]]
    target = ws.tables["sources"][own["config"]["data_source_id"]]
    far = target["properties"][column["config"]["rollup_property_id"]]
    if len(condition) != 1 or not set(condition) <= {far["type"], *ALIASES.get(far["type"], ())}:
        raise invalid(f"database property {far['type']} does not match filter {shown(condition)}")
    inner = next(iter(condition.values()))
    test = _test_for(ws, far, far["type"], need_object(inner, path), path, in_view=False)

    def matches(page: Json) -> bool:
        rows = related(ws, page["values"].get(own["id"], []))
        found = [test(value_of(ws, ws.tables["pages"][row], far)) for row in rows]
        if quantifier == "any":
            return any(found)
        return all(found) if quantifier == "every" else not any(found)

    return matches


__all__ = ["Predicate", "compile_condition", "compile_filter", "is_empty"]
