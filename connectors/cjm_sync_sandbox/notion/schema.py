"""Columns: what a schema request may say, and how a column reads back."""

from __future__ import annotations

import re
from typing import Any

from cjm_sync_sandbox.notion.checks import (
    ARRAY_LIMIT,
    COLORS,
    failed,
    need_list,
    need_object,
    need_one_of,
    need_text,
    only,
    undefined,
    uuid_of,
)
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.state import Workspace, encoded, find_property

NUMBER_FORMATS = frozenset(
    [
        "number",
        "number_with_commas",
        "percent",
        "dollar",
        "australian_dollar",
        "canadian_dollar",
        "singapore_dollar",
        "euro",
        "pound",
        "yen",
        "ruble",
        "rupee",
        "won",
        "yuan",
        "real",
        "lira",
        "rupiah",
        "franc",
        "hong_kong_dollar",
        "new_zealand_dollar",
        "krona",
        "norwegian_krone",
        "mexican_peso",
        "rand",
        "new_taiwan_dollar",
        "danish_krone",
        "zloty",
        "baht",
        "forint",
        "koruna",
        "shekel",
        "chilean_peso",
        "philippine_peso",
        "dirham",
        "colombian_peso",
        "riyal",
        "ringgit",
        "leu",
        "argentine_peso",
        "uruguayan_peso",
        "peruvian_sol",
        "vietnamese_dong",
        "pakistani_rupee",
        "nigerian_naira",
        "bitcoin",
    ]
)
BARE = frozenset(
    [
        "title",
        "rich_text",
        "date",
        "people",
        "files",
        "checkbox",
        "url",
        "email",
        "phone_number",
        "created_time",
        "last_edited_time",
        "created_by",
        "last_edited_by",
        "place",
    ]
)
TYPES = BARE | {
    "number", "select", "multi_select", "status", "relation", "rollup", "formula", "unique_id",
}  # fmt: skip
READ_ONLY = frozenset(
    [
        "created_time",
        "last_edited_time",
        "created_by",
        "last_edited_by",
        "rollup",
        "formula",
        "unique_id",
        "button",
    ]
)
ROLLUP_FUNCTIONS = frozenset(
    [
        "count",
        "count_values",
        "sum",
        "average",
        "median",
        "min",
        "max",
        "range",
        "earliest_date",
        "latest_date",
        "date_range",
        "show_original",
        "show_unique",
        "unique",
        "empty",
        "not_empty",
        "percent_empty",
        "percent_not_empty",
        "checked",
        "unchecked",
        "percent_checked",
        "percent_unchecked",
        "count_per_group",
        "percent_per_group",
    ]
)
STATUS_GROUPS = ("To-do", "In progress", "Complete")
STATUS_DEFAULTS = (
    ("Not started", "default", "To-do"),
    ("In progress", "blue", "In progress"),
    ("Done", "green", "Complete"),
)
PROPERTY_LIMIT = 500
NOT_AN_ANSWER = ("id", "name", "description", "type")


def parse_type(given: Json, path: str) -> str | None:
    """Return the column type that *given* names, or None when it names none."""
    kinds = [key for key in given if key in TYPES]
    if "type" in given:
        named = need_one_of(given["type"], TYPES | {"button"}, f"{path}.type")
        if named not in kinds and kinds:
            raise undefined(f"{path}.{named}")
        return named
    if len(kinds) > 1:
        raise failed(path, "of one type", given)
    unknown = [key for key in given if key not in TYPES and key not in NOT_AN_ANSWER]
    if unknown and unknown != ["button"]:
        raise failed(f"{path}.{unknown[0]}", "not present", given[unknown[0]])
    return kinds[0] if kinds else None


def parse_options(value: Any, path: str, before: list[Json], ws: Workspace) -> list[Json]:
    """Read a full list of options; those that exist keep their name, colour and id."""
    options: list[Json] = []
    seen: set[str] = set()
    for index, item in enumerate(need_list(value, path, limit=ARRAY_LIMIT)):
        where = f"{path}[{index}]"
        given = need_object(item, where)
        only(given, ("id", "name", "color", "description", "group"), where)
        known = _known_option(given, before)
        if known is None:
            if "name" not in given:
                raise undefined(f"{where}.name")
            name = option_name(given["name"], f"{where}.name")
            color = given.get("color") or "default"
            known = {
                "id": ws.new_id(),
                "name": name,
                "color": need_one_of(color, COLORS, f"{where}.color"),
                "description": given.get("description"),
            }
            if "group" in given:
                known["group"] = need_one_of(given["group"], STATUS_GROUPS, f"{where}.group")
        if str(known["name"]).casefold() in seen:
            raise invalid(f"Invalid select options: duplicate option name {known['name']}.")
        seen.add(str(known["name"]).casefold())
        options.append(known)
    return options


def _known_option(given: Json, before: list[Json]) -> Json | None:
    if given.get("id") is not None:
        found = next((one for one in before if one["id"] == given["id"]), None)
        if found is not None:
            return found
    name = str(given.get("name", "")).casefold()
    return next((one for one in before if str(one["name"]).casefold() == name), None)


def option_name(value: Any, path: str) -> str:
    """Return an option's name; a comma is refused."""
    name = need_text(value, path)
    if not name:
        raise failed(path, "a non-empty string", value)
    if "," in name:
        raise invalid(f"Invalid select option, commas not allowed: {name}")
    return name


def parse_config(
    kind: str, given: Any, path: str, ws: Workspace, columns: list[Json], before: Json | None = None
) -> Json:
    """Check what a column of type *kind* is configured with; *columns* are all of its table."""
    value = need_object({} if given is None else given, path)
    match kind:
        case "number":
            only(value, ("format",), path)
            held = (before or {}).get("format", "number")
            chosen = value.get("format", held)
            return {"format": need_one_of(chosen, NUMBER_FORMATS, f"{path}.format")}
        case "select" | "multi_select" | "status":
            return _parse_choice(kind, value, path, ws, before)
        case "relation":
            return _parse_relation(value, path, ws)
        case "rollup":
            return _parse_rollup(value, path, ws, columns)
        case "formula":
            only(value, ("expression",), path)
            if "expression" not in value:
                raise undefined(f"{path}.expression")
            return {"expression": _parse_formula(value["expression"], path, columns)}
        case "unique_id":
            only(value, ("prefix",), path)
            prefix = value.get("prefix", (before or {}).get("prefix"))
            return {"prefix": prefix and need_text(prefix, f"{path}.prefix", limit=10)}
        case _:
            only(value, (), path)
            return {}


def _parse_choice(kind: str, value: Json, path: str, ws: Workspace, before: Json | None) -> Json:
    only(value, ("options", "groups"), path)
    held: list[Json] = (before or {}).get("options", [])
    if "options" not in value:
        if kind == "status" and not held:
            return {"options": [
                {"id": ws.new_id(), "name": name, "color": color, "description": None,
                 "group": group}
                for name, color, group in STATUS_DEFAULTS
            ]}  # fmt: skip
        return {"options": held}
    return {"options": parse_options(value["options"], f"{path}.options", held, ws)}


def _parse_relation(value: Json, path: str, ws: Workspace) -> Json:
    only(value, ("data_source_id", "type", "single_property", "dual_property", "database_id"), path)
    if "data_source_id" not in value:
        raise undefined(f"{path}.data_source_id")
    target = ws.source(uuid_of(value["data_source_id"], f"{path}.data_source_id"))
    sides = [side for side in ("single_property", "dual_property") if side in value]
    if len(sides) != 1:
        raise undefined(f"{path}.single_property or {path}.dual_property")
    side = need_one_of(value.get("type", sides[0]), sides, f"{path}.type")
    detail = need_object(value.get(side, {}), f"{path}.{side}")
    only(detail, ("synced_property_name", "synced_property_id"), f"{path}.{side}")
    return {
        "data_source_id": target["id"],
        "type": side,
        "synced_property_name": detail.get("synced_property_name"),
        "synced_property_id": None,
    }


def _parse_rollup(value: Json, path: str, ws: Workspace, columns: list[Json]) -> Json:
    only(
        value,
        ("relation_property_name", "relation_property_id", "rollup_property_name",
         "rollup_property_id", "function"),
        path,
    )  # fmt: skip
    function = need_one_of(value.get("function"), ROLLUP_FUNCTIONS, f"{path}.function")
    through = value.get("relation_property_id") or value.get("relation_property_name")
    own = find_property({"properties": {one["id"]: one for one in columns}}, str(through))
    if own is None or own["type"] != "relation":
        raise invalid(f"Rollup relation property {through} is not a relation of this data source.")
    target = ws.tables["sources"][own["config"]["data_source_id"]]
    wanted = value.get("rollup_property_id") or value.get("rollup_property_name")
    found = find_property(target, str(wanted))
    if found is None:
        raise invalid(f"Could not find property with name or id: {wanted}")
    return {"relation_property_id": own["id"], "rollup_property_id": found["id"],
            "function": function}  # fmt: skip


def _parse_formula(value: Any, path: str, columns: list[Json]) -> str:
    expression = need_text(value, f"{path}.expression", limit=2_000)
    known = {one["name"] for one in columns}
    for name in re.findall(r"prop\(\s*\"((?:[^\"\\]|\\.)*)\"\s*\)", expression):
        if name.replace('\\"', '"') not in known:
            raise invalid(f"Type error with formula: Undefined property {name}")
    if expression.count("(") != expression.count(")") or not expression.strip():
        raise invalid("Type error with formula: the expression could not be parsed")
    return expression


def show_property(column: Json, ws: Workspace) -> Json:
    """Return a column as `GET /data_sources` carries it."""
    kind: str = column["type"]
    return {
        "id": encoded(column["id"]),
        "name": column["name"],
        "description": column["description"],
        "type": kind,
        kind: _show_config(kind, column["config"], column, ws),
    }


def _show_config(kind: str, config: Json, column: Json, ws: Workspace) -> Json:
    if kind in {"select", "multi_select"}:
        return {"options": [dict(option) for option in config["options"]]}
    if kind == "status":
        options = [{k: v for k, v in one.items() if k != "group"} for one in config["options"]]
        groups = [
            {
                "id": f"{column['id']}-{number}",
                "name": name,
                "color": ("gray", "blue", "green")[number],
                "option_ids": [
                    one["id"] for one in config["options"] if one.get("group", "To-do") == name
                ],
            }
            for number, name in enumerate(STATUS_GROUPS)
        ]
        return {"options": options, "groups": groups}
    if kind == "relation":
        source = ws.tables["sources"][config["data_source_id"]]
        shown: Json = {
            "data_source_id": source["id"],
            "database_id": source["database_id"],
            "type": config["type"],
            config["type"]: {},
        }
        twin = source["properties"].get(config["synced_property_id"] or "")
        if config["type"] == "dual_property" and twin is not None:
            shown["dual_property"] = {
                "synced_property_name": twin["name"],
                "synced_property_id": encoded(twin["id"]),
            }
        return shown
    if kind == "rollup":
        source = ws.tables["sources"][column["source_id"]]
        own = source["properties"].get(config["relation_property_id"])
        target = ws.tables["sources"][own["config"]["data_source_id"]] if own else None
        far = target["properties"].get(config["rollup_property_id"]) if target else None
        return {
            "relation_property_name": own["name"] if own else None,
            "relation_property_id": encoded(config["relation_property_id"]),
            "rollup_property_name": far["name"] if far else None,
            "rollup_property_id": encoded(config["rollup_property_id"]),
            "function": config["function"],
        }
    return dict(config)
