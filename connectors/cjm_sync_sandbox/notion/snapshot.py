"""A workspace as values that two runs can be compared by: no ids, times or addresses."""

from __future__ import annotations

import re
from typing import Any

from cjm_sync_sandbox.notion.blocks import live_children
from cjm_sync_sandbox.notion.blocktypes import MEDIA
from cjm_sync_sandbox.notion.cells import related
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.schema import READ_ONLY
from cjm_sync_sandbox.notion.state import Workspace
from cjm_sync_sandbox.notion.text import plain

KEY_COLUMN = "Sync key"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def take_snapshot(ws: Workspace, page_id: str) -> Json:
    """Return the page *page_id* with everything live below it."""
    actor, ws.actor = ws.actor, ws.facts["person"]
    try:
        return _Names(ws).page(page_id)
    finally:
        ws.actor = actor


class _Names:
    """Turns ids into names while walking down."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def page(self, page_id: str) -> Json:
        page = self._ws.tables["pages"][page_id]
        return {
            "title": self._ws.page_title(page_id),
            "icon": self._clean(page["icon"]),
            "cover": self._clean(page["cover"]),
            "blocks": self._blocks(page_id),
        }

    def _blocks(self, block_id: str) -> list[Json]:
        blocks = self._ws.tables["blocks"]
        return [self._block(blocks[one]) for one in live_children(self._ws, blocks[block_id])]

    def _block(self, block: Json) -> Json:
        kind = block["type"]
        if kind == "child_page":
            return {"type": kind, "page": self.page(block["id"])}
        if kind == "child_database":
            return {"type": kind, "database": self._database(block["id"])}
        content = self._clean(block["content"])
        if kind in MEDIA and block["content"]["source"]["type"] == "file_upload":
            upload_id = block["content"]["source"]["file_upload"]["id"]
            content["source"] = self._ws.tables["uploads"][upload_id]["filename"]
        shown: Json = {"type": kind, "content": content}
        if block["children"]:
            shown["children"] = self._blocks(block["id"])
        return shown

    def _database(self, database_id: str) -> Json:
        ws = self._ws
        database = ws.tables["databases"][database_id]
        own = [
            ws.tables["sources"][one]
            for one in database["sources"]
            if ws.tables["sources"][one]["database_id"] == database_id
            and not ws.tables["sources"][one]["in_trash"]
        ]
        return {
            "title": plain(database["title"]),
            "description": plain(database["description"]),
            "icon": self._clean(database["icon"]),
            "linked_to": [
                ws.source_name(one)
                for one in database["sources"]
                if ws.tables["sources"][one]["database_id"] != database_id
            ],
            "sources": [self._source(one) for one in own],
            "views": [self._view(ws.tables["views"][one]) for one in database["views"]],
        }

    def _source(self, source: Json) -> Json:
        ws = self._ws
        rows = [
            ws.tables["pages"][one]
            for one in source["rows"]
            if not ws.tables["blocks"][one]["in_trash"]
        ]
        shown = [self._row(source, row) for row in rows]
        return {
            "name": ws.source_name(source["id"]),
            "columns": {
                one["name"]: {
                    "type": one["type"],
                    "description": one["description"],
                    **self._config(one),
                }
                for one in source["properties"].values()
            },
            "rows": sorted(shown, key=lambda one: (one["key"], repr(one))),
        }

    def _config(self, column: Json) -> Json:
        ws, config = self._ws, column["config"]
        if "options" in config:
            return {"options": [[one["name"], one["color"]] for one in config["options"]]}
        if column["type"] == "relation":
            target = ws.tables["sources"][config["data_source_id"]]
            twin = target["properties"].get(config["synced_property_id"] or "")
            return {
                "to": ws.source_name(target["id"]),
                "relation": config["type"],
                "reverse": twin["name"] if twin else None,
            }
        if column["type"] == "rollup":
            return {"function": config["function"]}
        return dict(config)

    def _row(self, source: Json, row: Json) -> Json:
        cells: Json = {}
        for key, column in source["properties"].items():
            value = row["values"].get(key)
            if value in (None, []) or column["type"] in READ_ONLY - {"unique_id"}:
                continue
            cells[column["name"]] = self._cell(column, value)
        return {
            "key": self._key_of(row["id"]),
            "cells": cells,
            "icon": self._clean(row["icon"]),
            "is_archived": row["is_archived"],
            "blocks": self._blocks(row["id"]),
        }

    def _cell(self, column: Json, value: Any) -> Any:
        kind = column["type"]
        if kind in {"title", "rich_text"}:
            return plain(value)
        if kind in {"select", "status", "multi_select"}:
            names = {one["id"]: one["name"] for one in column["config"]["options"]}
            if isinstance(value, list):
                return [names.get(one) for one in value]
            return names.get(value)
        if kind == "relation":
            return sorted(self._key_of(one) for one in related(self._ws, value))
        if kind == "people":
            return [self._ws.tables["users"][one]["name"] for one in value]
        return self._clean(value)

    def _key_of(self, page_id: str) -> str:
        """Return what a row is called by: its Sync key, or its title."""
        page = self._ws.tables["pages"][page_id]
        source = self._ws.tables["sources"].get(page["parent"].get("id", ""))
        for column in source["properties"].values() if source else ():
            if column["name"] == KEY_COLUMN:
                words = plain(page["values"].get(column["id"], []))
                if words:
                    return words
        return self._ws.page_title(page_id)

    def _view(self, view: Json) -> Json:
        views = self._ws.tables["views"]
        source = self._ws.tables["sources"].get(view["data_source_id"] or "")
        columns = source["properties"] if source else {}
        return {
            "name": view["name"],
            "type": view["type"],
            "source": self._ws.source_name(source["id"]) if source else None,
            "filter": self._clean(view["filter"], columns),
            "sorts": self._clean(view["sorts"], columns),
            "quick_filters": self._clean(view["quick_filters"], columns),
            "configuration": self._clean(view["configuration"], columns),
            "widgets": [
                [self._view(views[widget["view_id"]]) for widget in row["widgets"]]
                for row in view["rows"]
            ],
        }

    def _clean(self, value: Any, columns: Json | None = None) -> Any:
        """Return *value* with the ids of columns and pages replaced by names."""
        if isinstance(value, list):
            return [self._clean(one, columns) for one in value]
        if isinstance(value, dict):
            return {
                (columns[key]["name"] if columns and key in columns else key): (
                    columns[one]["name"]
                    if columns
                    and isinstance(one, str)
                    and (key == "property" or key.endswith("property_id") or key == "map_by")
                    and one in columns
                    else self._clean(one, columns)
                )
                for key, one in value.items()
            }
        if isinstance(value, str):
            return ID.sub(lambda found: self._name(found[0]), value)
        return value

    def _name(self, object_id: str) -> str:
        if object_id in self._ws.tables["pages"]:
            return f"<{self._key_of(object_id)}>"
        if object_id in self._ws.tables["databases"]:
            return f"<{plain(self._ws.tables['databases'][object_id]['title'])}>"
        return "<id>"
