"""Changing a table's columns: adding, renaming, retyping, removing, and two-way relations."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion.checks import need_object, need_text, undefined
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.schema import (
    NOT_AN_ANSWER,
    PROPERTY_LIMIT,
    parse_config,
    parse_type,
)
from cjm_sync_sandbox.notion.state import Workspace, find_property

TEXTUAL = frozenset({"rich_text", "url", "email", "phone_number"})


def new_columns(value: Any, path: str, ws: Workspace, source_id: str) -> dict[str, Json]:
    """Read the columns of a new table; exactly one is the title ("Name" when none is given)."""
    given = need_object({} if value is None else value, path)
    drafts: list[tuple[Json, Any, str]] = []
    for name, item in given.items():
        where = f"{path}.{name}"
        wish = need_object(item, where)
        kind = parse_type(wish, where)
        if kind is None:
            if "button" in wish:
                continue
            raise undefined(f"{where}.type")
        drafts.append((_draft(name, kind, wish, source_id, where), wish.get(kind), where))
    titles = [draft for draft, _, _ in drafts if draft["type"] == "title"]
    if given and len(titles) != 1:
        raise invalid(
            "Title is not provided"
            if not titles
            else "body failed validation: exactly one property should be of type title, instead"
            f" were `{len(titles)}`."
        )
    if not given:
        drafts.append((_draft("Name", "title", {}, source_id, path), {}, path))
    columns: dict[str, Json] = {}
    for draft, _, _ in drafts:
        draft["id"] = "title" if draft["type"] == "title" else ws.new_property_id(columns)
        columns[draft["id"]] = draft
    _limit(columns)
    # Relations first: a rollup may look through a relation of the same request.
    for draft, config, where in sorted(drafts, key=lambda one: one[0]["type"] == "rollup"):
        kind = draft["type"]
        _no_self_dual(kind, config, source_id)
        draft["config"] = parse_config(kind, config, f"{where}.{kind}", ws, list(columns.values()))
    return columns


def _draft(name: str, kind: str, wish: Json, source_id: str, path: str) -> Json:
    if not name:
        raise invalid("body failed validation: property names should not be empty.")
    description = wish.get("description")
    if description is not None:
        need_text(description, f"{path}.description")
    return {"id": "", "name": name, "type": kind, "description": description or None,
            "config": {}, "source_id": source_id, "counter": 0}  # fmt: skip


def _no_self_dual(kind: str, config: Any, source_id: str) -> None:
    if kind != "relation" or not isinstance(config, dict):
        return
    is_dual = "dual_property" in config or config.get("type") == "dual_property"
    if is_dual and str(config.get("data_source_id", "")).replace("-", "") == source_id.replace(
        "-", ""
    ):
        raise invalid("A two-way relation from a data source to itself is not supported.")


def _limit(columns: dict[str, Json]) -> None:
    if len(columns) > PROPERTY_LIMIT:
        raise invalid(f"A data source has at most {PROPERTY_LIMIT} properties.")


def join_relations(ws: Workspace, source: Json, columns: list[Json]) -> None:
    """Make the reverse column of each new two-way relation."""
    for column in columns:
        config = column["config"]
        if column["type"] != "relation" or config["type"] != "dual_property":
            continue
        if config["synced_property_id"] is not None:
            continue
        target = ws.tables["sources"][config["data_source_id"]]
        name = config["synced_property_name"] or (
            f"Related to {ws.source_name(source['id'])} ({column['name']})"
        )
        twin_id = ws.new_property_id(target["properties"])
        target["properties"][twin_id] = {
            "id": twin_id,
            "name": _free_name(target, name),
            "type": "relation",
            "description": None,
            "source_id": target["id"],
            "counter": 0,
            "config": {
                "data_source_id": source["id"],
                "type": "dual_property",
                "synced_property_name": column["name"],
                "synced_property_id": column["id"],
            },
        }
        config["synced_property_id"] = twin_id


def _free_name(source: Json, name: str) -> str:
    taken = {one["name"] for one in source["properties"].values()}
    number, free = 1, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free


def change_columns(ws: Workspace, source: Json, value: Any, path: str) -> None:
    """Carry out the `properties` of a data source PATCH; nothing is changed when one is refused."""
    given = need_object(value, path)
    before: dict[str, Json] = source["properties"]
    after = {key: dict(column) for key, column in before.items()}
    added: list[Json] = []
    work: list[tuple[Json, str, Json, str]] = []
    for key, wish in given.items():
        where = f"{path}.{key}"
        found = find_property({"properties": after}, key)
        if wish is None:
            if found is None:
                raise invalid(f"Could not find property with name or id: {key}")
            if found["type"] == "title":
                raise invalid("Cannot delete the title property.")
            del after[found["id"]]
            continue
        wanted = need_object(wish, where)
        kind = parse_type(wanted, where)
        if found is None:
            if kind is None:
                raise invalid(f"Could not find property with name or id: {key}")
            if kind == "title":
                raise invalid("Cannot create a second title property.")
            found = _draft(key, kind, wanted, source["id"], where)
            found["id"] = ws.new_property_id(after)
            after[found["id"]] = found
            added.append(found)
        else:
            _rename(after, found, wanted, where)
        if kind is not None:
            work.append((found, kind, wanted, where))
    _limit(after)
    for column, kind, wanted, where in sorted(work, key=lambda one: one[1] == "rollup"):
        if kind == "title" and column["type"] != "title":
            raise invalid("Cannot change a property into the title property.")
        if column["type"] == "title" and kind != "title":
            raise invalid("Cannot change the type of the title property.")
        _no_self_dual(kind, wanted.get(kind), source["id"])
        held = column["config"] if column["type"] == kind else None
        config = parse_config(
            kind, wanted.get(kind), f"{where}.{kind}", ws, list(after.values()), held
        )
        if kind == "relation" and held and held["data_source_id"] == config["data_source_id"]:
            # Turning two-way into one-way leaves the reverse column where it is.
            config["synced_property_id"] = (
                held["synced_property_id"] if config["type"] == "dual_property" else None
            )
        column["type"], column["config"] = kind, config
    source["properties"] = after
    _leave_reverses(ws, before, after)
    join_relations(ws, source, list(after.values()))
    _follow_values(ws, source, before)


def _leave_reverses(ws: Workspace, before: dict[str, Json], after: dict[str, Json]) -> None:
    """Keep the reverse column of a relation that is two-way no more, as a one-way relation."""
    for key, old in before.items():
        twin_id = old["config"].get("synced_property_id")
        new = after.get(key)
        if twin_id is None or (new and new["config"].get("synced_property_id") == twin_id):
            continue
        target = ws.tables["sources"][old["config"]["data_source_id"]]
        twin = target["properties"].get(twin_id)
        if twin is not None:
            twin["config"] = {
                **twin["config"],
                "type": "single_property",
                "synced_property_id": None,
            }


def _rename(columns: dict[str, Json], column: Json, wish: Json, path: str) -> None:
    if "name" in wish:
        name = need_text(wish["name"], f"{path}.name")
        if any(one["name"] == name and one["id"] != column["id"] for one in columns.values()):
            raise invalid(f"Cannot rename {column['name']} to {name}: the name is taken.")
        if not name:
            raise invalid("body failed validation: property names should not be empty.")
        column["name"] = name
    if "description" in wish:
        words = wish["description"]
        column["description"] = words and need_text(words, f"{path}.description")


def _follow_values(ws: Workspace, source: Json, before: dict[str, Json]) -> None:
    """Drop from the rows what their columns no longer hold."""
    for key, old in before.items():
        new = source["properties"].get(key)
        if new is not None and new["type"] == old["type"] and not _lost(old, new):
            continue
        kept = {one["id"] for one in new["config"].get("options", [])} if new else set()
        for row_id in source["rows"]:
            values = ws.tables["pages"][row_id]["values"]
            if key in values:
                values[key] = _carried(values[key], old["type"], new, kept)
            if values.get(key) is None:
                values.pop(key, None)


def _lost(old: Json, new: Json) -> bool:
    if old["config"].get("data_source_id") != new["config"].get("data_source_id"):
        return True
    held = {one["id"] for one in old["config"].get("options", [])}
    return bool(held - {one["id"] for one in new["config"].get("options", [])})


def _carried(value: Any, kind: str, new: Json | None, kept: set[str]) -> Any:
    if new is None:
        return None
    if kind == new["type"] == "relation":
        return None
    if kind == new["type"]:
        if isinstance(value, list):
            return [one for one in value if one in kept]
        return value if value in kept else None
    if kind in TEXTUAL - {"rich_text"} and new["type"] in TEXTUAL - {"rich_text"}:
        return value
    return None


__all__ = ["NOT_AN_ANSWER", "change_columns", "join_relations", "new_columns"]
