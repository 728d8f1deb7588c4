"""The workspace: what exists, where it hangs, who may see it, and what time it is.

Everything lies in plain dicts (`Workspace.tables`), so that state is saved as it stands. Pages and
databases are also blocks (`child_page`, `child_database`) under the same id, as in the service.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from cjm_sync.ports import Clock
from cjm_sync_sandbox.notion.dates import iso_minute, iso_ms
from cjm_sync_sandbox.notion.errors import ApiError, Json, invalid, not_found, restricted
from cjm_sync_sandbox.notion.text import plain

TABLES = (
    "users", "blocks", "pages", "databases", "sources", "views", "uploads", "comments", "queries",
    "jobs",
)  # fmt: skip
FREE_BLOCKS = 1_000
PROPERTY_ID_LETTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:;<=>?@[]^`{|}~_"
)


class Workspace:
    """All objects of one workspace, and the person or connection that is acting."""

    def __init__(self, *, clock: Clock, plan: str, members: int, settle_seconds: float) -> None:
        self.clock = clock
        self.tables: dict[str, dict[str, Json]] = {name: {} for name in TABLES}
        self.facts: Json = {
            "plan": plan,
            "members": members,
            "settle_seconds": settle_seconds,
            "counter": 0,
            "blocks_made": 0,
            "unshared": [],
            "unique_prefixes": {},
        }
        self.actor = ""
        # Uploads that the request in hand attaches, if it is not refused.
        self.attaching: set[str] = set()

    # -- identity and time

    def new_id(self) -> str:
        """Return the next id: looks random, but the same workspace history gives the same ids."""
        self.facts["counter"] += 1
        digest = hashlib.sha256(f"cjm-sync:{self.facts['counter']}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def new_property_id(self, taken: dict[str, Json]) -> str:
        """Return a property id of four characters that is not among *taken*."""
        while True:
            self.facts["counter"] += 1
            digest = hashlib.sha256(f"property:{self.facts['counter']}".encode()).digest()
            letters = "".join(
                PROPERTY_ID_LETTERS[byte % len(PROPERTY_ID_LETTERS)] for byte in digest[:4]
            )
            if letters not in taken:
                return letters

    def now(self) -> datetime:
        """Return the time of the Clock."""
        return self.clock.now()

    def stamp(self) -> Json:
        """Return the four fields that say who made a thing and when, by the minute."""
        moment = iso_minute(self.now())
        return {
            "created_time": moment,
            "last_edited_time": moment,
            "created_by": self.actor,
            "last_edited_by": self.actor,
        }

    def stamp_ms(self) -> Json:
        """Return the same with milliseconds, for databases and views."""
        moment = iso_ms(self.now())
        return {**self.stamp(), "created_time": moment, "last_edited_time": moment}

    def is_connection(self) -> bool:
        """Tell whether the acting user is the connection and not a person."""
        return bool(self.actor == self.facts["bot"])

    # -- the tree

    def parents(self, object_id: str) -> Iterator[str]:
        """Yield *object_id*, what holds it, what holds that, up to the workspace."""
        current: str | None = object_id
        while current is not None:
            yield current
            if current in self.tables["sources"]:
                current = self.tables["sources"][current]["database_id"]
                continue
            block = self.tables["blocks"].get(current)
            current = None if block is None else block["parent"].get("id")

    def is_shared(self, object_id: str) -> bool:
        """Tell whether the acting user may see *object_id*."""
        if not self.is_connection():
            return True
        hidden = self.facts["unshared"]
        return not any(step in hidden for step in self.parents(object_id))

    def is_trashed(self, object_id: str) -> bool:
        """Tell whether *object_id* or anything that holds it lies in the trash."""
        for step in self.parents(object_id):
            thing = self.tables["sources"].get(step) or self.tables["blocks"].get(step)
            if thing is not None and thing["in_trash"]:
                return True
        return False

    def holds(self, table: str, object_id: str) -> bool:
        """Tell whether *table* has *object_id* and the acting user may see it."""
        return object_id in self.tables[table] and self.is_shared(object_id)

    def find(self, table: str, object_id: str, kind: str) -> Json:
        """Return one object; raises 404 when it is gone or not shared."""
        if not self.holds(table, object_id):
            raise not_found(kind, object_id, self.facts["bot"])
        return self.tables[table][object_id]

    def block(self, block_id: str) -> Json:
        """Return a block (pages and databases included)."""
        return self.find("blocks", block_id, "block")

    def page(self, page_id: str) -> Json:
        """Return a page."""
        if page_id in self.tables["databases"] and self.is_shared(page_id):
            raise invalid(
                f"Provided ID {page_id} is a database, not a page. Use the retrieve database API"
                " instead."
            )
        return self.find("pages", page_id, "page")

    def database(self, database_id: str) -> Json:
        """Return a database."""
        if database_id in self.tables["pages"] and self.is_shared(database_id):
            raise invalid(
                f"Provided ID {database_id} is a page, not a database. Use the retrieve page API"
                " instead."
            )
        return self.find("databases", database_id, "database")

    def source(self, source_id: str) -> Json:
        """Return a data source."""
        return self.find("sources", source_id, "data_source")

    def view(self, view_id: str) -> Json:
        """Return a view; who sees its database sees it."""
        view = self.tables["views"].get(view_id)
        if view is None or not self.is_shared(view["database_id"]):
            raise not_found("view", view_id, self.facts["bot"])
        return view

    def add_block(
        self, kind: str, content: Json, parent: Json, block_id: str | None = None
    ) -> Json:
        """Make a block without placing it among its parent's children."""
        self.require_room(1)
        self.facts["blocks_made"] += 1
        block = {
            "id": block_id or self.new_id(),
            "type": kind,
            "content": content,
            "parent": parent,
            "children": [],
            "in_trash": False,
            **self.stamp(),
        }
        self.tables["blocks"][block["id"]] = block
        return block

    def require_room(self, wanted: int) -> None:
        """Refuse when *wanted* more blocks exceed a free, shared workspace's thousand for life."""
        small = self.facts["plan"] == "free" and self.facts["members"] > 1
        if small and self.facts["blocks_made"] + wanted > FREE_BLOCKS:
            raise restricted(
                "This workspace has reached its block limit. Upgrade the workspace's plan to add"
                " more blocks."
            )

    def touch(self, object_id: str) -> None:
        """Mark *object_id* and the page around it as edited now by the acting user."""
        moment = iso_minute(self.now())
        for step in self.parents(object_id):
            block = self.tables["blocks"].get(step)
            if block is None:
                continue
            block["last_edited_time"] = moment
            block["last_edited_by"] = self.actor
            if step in self.tables["pages"]:
                break

    def page_title(self, page_id: str) -> str:
        """Return the title of a page as text."""
        return plain(self.tables["pages"][page_id]["values"].get("title") or [])

    def source_name(self, source_id: str) -> str:
        """Return a data source's name; a single one shows its database's title."""
        source = self.tables["sources"][source_id]
        own = plain(source["title"])
        if own:
            return own
        return plain(self.tables["databases"][source["database_id"]]["title"])

    # -- keeping

    def dump(self) -> Json:
        """Return everything as one JSON object."""
        return {"facts": self.facts, "tables": self.tables}

    def restore(self, saved: Json) -> None:
        """Become what `dump` once returned; JSON, so that nothing is shared with the original."""
        fresh = json.loads(json.dumps(saved))
        self.facts = self.facts | fresh["facts"]
        # A state that an earlier version saved lacks what was added since.
        self.tables = {name: {} for name in TABLES} | fresh["tables"]
        for comment in self.tables["comments"].values():
            comment.setdefault("resolved", False)
            comment.setdefault("attachments", [])
            comment.setdefault("display_name", {"type": "user", "resolved_name": ""})
        self.actor = self.facts["bot"]


def find_property(source: Json, key: str) -> Json | None:
    """Return the property that *key* names, by id (as returned or decoded) or by name."""
    properties: dict[str, Json] = source["properties"]
    for wanted in (key, unquote(key)):
        if wanted in properties:
            return properties[wanted]
    return next((one for one in properties.values() if one["name"] == key), None)


def templates_of(source: Json) -> list[str]:
    """Return the ids of a data source's templates, to look at and to change."""
    held: list[str] = source.setdefault("templates", [])
    return held


def encoded(property_id: str) -> str:
    """Return a property id as responses carry it."""
    return quote(property_id, safe="")


def user_stub(user_id: str) -> Json:
    """Return the short form of a user."""
    return {"object": "user", "id": user_id}


def page_of_list(
    items: list[Any], names: list[str], cursor: Any, size: int, *, prefix: str = ""
) -> tuple[list[Any], str | None]:
    """Cut one page out of *items*; *names* are their ids, and the cursor is the next one's.

    A cursor whose item has gone is refused, as old cursors are by the service.
    """
    start = 0
    if cursor is not None:
        text = str(cursor)
        wanted = text.removeprefix(prefix)
        if not text.startswith(prefix) or wanted not in names:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        start = names.index(wanted)
    end = start + size
    follows = prefix + names[end] if end < len(items) else None
    return items[start:end], follows


def listing(results: list[Json], follows: str | None, kind: str) -> Json:
    """Return the envelope of a list answer."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": follows,
        "has_more": follows is not None,
        "type": kind,
        kind: {},
    }


__all__ = [
    "ApiError",
    "Workspace",
    "encoded",
    "find_property",
    "listing",
    "page_of_list",
    "templates_of",
    "user_stub",
]
