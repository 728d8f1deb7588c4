"""Cells: what a write may carry for each type of column, and what it leaves behind.

Reading and carrying out are apart, so that a refused request changes nothing.
"""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.checks import (
    ARRAY_LIMIT,
    COLORS,
    URL_LIMIT,
    failed,
    need_bool,
    need_list,
    need_number,
    need_object,
    need_one_of,
    need_text,
    only,
    uuid_of,
)
from cjm_sync_sandbox.notion.dates import parse_date
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.files import parse_file
from cjm_sync_sandbox.notion.schema import READ_ONLY, TYPES, option_name
from cjm_sync_sandbox.notion.state import Workspace, find_property
from cjm_sync_sandbox.notion.text import parse_rich_text

ECHOED = ("id", "type", "name", "has_more")
SHORT_TEXTS = {"url": URL_LIMIT, "email": 200, "phone_number": 200}


class NewOption(str):
    """The name of an option that the write will make."""

    __slots__ = ()


def parse_values(ws: Workspace, source: Json, given: Any, path: str) -> Json:
    """Return the cells that a row write sets, by property id; refuses what the service refuses."""
    parsed: Json = {}
    for key, item in need_object(given, path).items():
        column = find_property(source, key)
        if column is None:
            raise invalid(f"{key} is not a property that exists.")
        kind = column["type"]
        if kind in READ_ONLY:
            raise invalid(f"{column['name']} is read-only: a {kind} property cannot be written.")
        where = f"{path}.{key}"
        parsed[column["id"]] = _parse_cell(ws, column, item, where)
    return parsed


def _parse_cell(ws: Workspace, column: Json, item: Any, path: str) -> Any:
    kind: str = column["type"]
    wish = need_object(item, path)
    if kind not in wish or wish.get("type", kind) != kind:
        others = [key for key in wish if key in TYPES]
        if others or not wish or "type" in wish:
            raise invalid(f"{column['name']} is expected to be {kind}.")
    only(wish, (kind, *ECHOED), path)
    return _parse_value(ws, column, wish.get(kind), f"{path}.{kind}")


def _parse_value(ws: Workspace, column: Json, value: Any, path: str) -> Any:
    kind = column["type"]
    if kind in {"title", "rich_text"}:
        return parse_rich_text(value, path)
    if kind in {"multi_select", "relation", "people", "files"}:
        limit = ARRAY_LIMIT
        items = need_list(value, path, limit=limit)
        return _parse_many(ws, column, items, path)
    if kind == "checkbox":
        return need_bool(value, path)
    if value is None:
        return None
    if kind == "number":
        return need_number(value, path)
    if kind in {"select", "status"}:
        return _parse_option(column, value, path)
    if kind == "date":
        return parse_date(value, path)
    if kind in SHORT_TEXTS:
        text = need_text(value, path, limit=SHORT_TEXTS[kind])
        return text or None
    return _parse_place(value, path)


def _parse_place(value: Any, path: str) -> Json:
    place = need_object(value, path)
    only(place, ("lat", "lon", "name", "address", "aws_place_id", "google_place_id"), path)
    return {
        "lat": need_number(place.get("lat"), f"{path}.lat"),
        "lon": need_number(place.get("lon"), f"{path}.lon"),
        "name": place.get("name"),
        "address": place.get("address"),
    }


def _parse_many(ws: Workspace, column: Json, items: list[Any], path: str) -> list[Any]:
    kind = column["type"]
    found: list[Any] = []
    for index, item in enumerate(items):
        where = f"{path}[{index}]"
        if kind == "files":
            found.append(parse_file(ws, need_object(item, where), where))
            continue
        if kind == "multi_select":
            one: Any = _parse_option(column, item, where)
        elif kind == "people":
            holder = need_object(item, where)
            user_id = uuid_of(holder.get("id"), f"{where}.id")
            if user_id not in ws.tables["users"]:
                raise invalid(f"Could not find user with ID: {user_id}.")
            one = user_id
        else:
            holder = need_object(item, where)
            only(holder, ("id",), where)
            one = uuid_of(holder.get("id"), f"{where}.id")
            _check_target(ws, column, one)
        if one not in found:
            found.append(one)
    return found


def _check_target(ws: Workspace, column: Json, page_id: str) -> None:
    page = ws.page(page_id)
    if page["parent"].get("id") != column["config"]["data_source_id"]:
        raise invalid(f"Page {page_id} is not in the data source that {column['name']} relates to.")


def _parse_option(column: Json, value: Any, path: str) -> str:
    wish = need_object(value, path)
    only(wish, ("id", "name", "color", "description"), path)
    options: list[Json] = column["config"]["options"]
    if "name" not in wish:
        found = next((one for one in options if one["id"] == wish.get("id")), None)
        if found is None:
            raise invalid(f"Could not find option with ID: {wish.get('id')} of {column['name']}.")
        _check_color(found, wish, path)
        return str(found["id"])
    name = option_name(wish["name"], f"{path}.name")
    known = next((one for one in options if one["name"].casefold() == name.casefold()), None)
    if known is not None:
        _check_color(known, wish, path)
        return str(known["id"])
    if column["type"] == "status":
        raise invalid(
            f'Invalid status option. Status option "{name}" does not exist. Available options: '
            + ", ".join(one["name"] for one in options)
        )
    return NewOption(name)


def _check_color(option: Json, wish: Json, path: str) -> None:
    color = wish.get("color")
    if color is None:
        return
    need_one_of(color, COLORS, f"{path}.color")
    if color != option["color"]:
        raise invalid(
            "Select option color doesn't match existing: for option"
            f" {option['name']} it is {option['color']}, not {color}."
        )


def store_values(ws: Workspace, source: Json, page: Json, parsed: Json) -> None:
    """Set the cells that `parse_values` read: options are made, two-way relations mirrored."""
    for key, value in parsed.items():
        column = source["properties"][key]
        if column["type"] in {"select", "multi_select"}:
            settled = _settle_options(ws, column, value)
        else:
            settled = value
        if column["type"] == "relation":
            before = page["values"].get(key, [])
            _mirror(ws, column, page["id"], before, settled)
        if settled is None:
            page["values"].pop(key, None)
        else:
            page["values"][key] = settled


def _settle_options(ws: Workspace, column: Json, value: Any) -> Any:
    if isinstance(value, list):
        settled: list[str] = []
        for one in value:
            made = _settle_options(ws, column, one)
            if made not in settled:
                settled.append(made)
        return settled
    if not isinstance(value, NewOption):
        return value
    options: list[Json] = column["config"]["options"]
    name = str(value)
    known = next((one for one in options if one["name"].casefold() == name.casefold()), None)
    if known is None:
        # The service picks a colour; a turn through its list is as good as any.
        color = COLORS[1 + len(options) % (len(COLORS) - 1)]
        known = {"id": ws.new_id(), "name": name, "color": color, "description": None}
        options.append(known)
    return known["id"]


def _mirror(ws: Workspace, column: Json, page_id: str, before: list[str], after: list[str]) -> None:
    twin_id = column["config"]["synced_property_id"]
    if column["config"]["type"] != "dual_property" or twin_id is None:
        return
    pages = ws.tables["pages"]
    for far in before:
        if far not in after and far in pages:
            held = pages[far]["values"].get(twin_id, [])
            pages[far]["values"][twin_id] = [one for one in held if one != page_id]
    for far in after:
        held = pages[far]["values"].setdefault(twin_id, [])
        if page_id not in held:
            held.append(page_id)


def first_values(source: Json) -> Json:
    """Return what a new row has without being told: numbers of unique ids."""
    values: Json = {}
    for key, column in source["properties"].items():
        if column["type"] == "unique_id":
            column["counter"] += 1
            values[key] = column["counter"]
    return values


__all__ = ["failed", "first_values", "parse_values", "store_values"]
