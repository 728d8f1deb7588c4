"""Pages, databases, data sources and users as the API shows them."""

from __future__ import annotations

from cjm_sync_sandbox.notion.cells import show_cell
from cjm_sync_sandbox.notion.checks import need_object, undefined, uuid_of
from cjm_sync_sandbox.notion.errors import Json, invalid
from cjm_sync_sandbox.notion.files import file_limit, show_picture
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.schema import show_property
from cjm_sync_sandbox.notion.state import Workspace, listing, page_of_list, user_stub

PLAIN_PAGE: Json = {
    "properties": {
        "title": {
            "id": "title", "name": "title", "type": "title", "description": None, "config": {},
        }
    }
}  # fmt: skip
"""The schema of a page that is no row: its title."""

PARENT_KINDS = ("page_id", "data_source_id", "database_id", "block_id", "workspace")


def schema_of(ws: Workspace, page: Json) -> Json:
    """Return the data source of a row, or the schema of a plain page."""
    parent = page["parent"]
    if parent["type"] == "data_source_id":
        return ws.tables["sources"][parent["id"]]
    return PLAIN_PAGE


def chosen_columns(source: Json, call: Call) -> list[Json]:
    """Return the columns that `filter_properties` picks by id; all without it."""
    wanted = call.query.get("filter_properties")
    if not wanted:
        return list(source["properties"].values())
    chosen: list[Json] = []
    for key in wanted:
        if key not in source["properties"]:
            raise invalid(f"Could not find property with id: {key}")
        chosen.append(source["properties"][key])
    return chosen


def show_parent(ws: Workspace, parent: Json) -> Json:
    """Return a parent as responses carry it."""
    kind = parent["type"]
    if kind == "workspace":
        return {"type": "workspace", "workspace": True}
    shown = {"type": kind, kind: parent["id"]}
    if kind == "data_source_id":
        shown["database_id"] = ws.tables["sources"][parent["id"]]["database_id"]
    return shown


def show_page(ws: Workspace, page: Json, columns: list[Json] | None = None) -> Json:
    """Return a page object with *columns* (all of them when None)."""
    block = ws.tables["blocks"][page["id"]]
    shown_columns = schema_of(ws, page)["properties"].values() if columns is None else columns
    return {
        "object": "page",
        "id": page["id"],
        "created_time": block["created_time"],
        "last_edited_time": block["last_edited_time"],
        "created_by": user_stub(block["created_by"]),
        "last_edited_by": user_stub(block["last_edited_by"]),
        "cover": show_picture(ws, page["cover"]),
        "icon": show_picture(ws, page["icon"]),
        "parent": show_parent(ws, page["parent"]),
        "in_trash": ws.is_trashed(page["id"]),
        "is_archived": page["is_archived"],
        "is_locked": page["is_locked"],
        "properties": {column["name"]: show_cell(ws, page, column) for column in shown_columns},
        "url": f"https://app.notion.com/p/{page['id'].replace('-', '')}",
        "public_url": None,
    }


def show_database(ws: Workspace, database: Json) -> Json:
    """Return a database: the container, without schema."""
    block = ws.tables["blocks"][database["id"]]
    return {
        "object": "database",
        "id": database["id"],
        "title": database["title"],
        "description": database["description"],
        "parent": show_parent(ws, block["parent"]),
        "is_inline": database["is_inline"],
        "in_trash": ws.is_trashed(database["id"]),
        "is_locked": database["is_locked"],
        "created_time": database["created_time"],
        "last_edited_time": database["last_edited_time"],
        "data_sources": [
            {"id": one, "name": ws.source_name(one)}
            for one in database["sources"]
            if one in ws.tables["sources"] and not ws.tables["sources"][one]["in_trash"]
        ],
        "icon": show_picture(ws, database["icon"]),
        "cover": show_picture(ws, database["cover"]),
        "url": f"https://app.notion.com/p/{database['id'].replace('-', '')}",
        "public_url": None,
    }


def show_source(ws: Workspace, source: Json) -> Json:
    """Return a data source with its columns."""
    database_id = source["database_id"]
    block = ws.tables["blocks"][database_id]
    database = ws.tables["databases"][database_id]
    return {
        "object": "data_source",
        "id": source["id"],
        "title": source["title"] or database["title"],
        "description": source["description"] or database["description"],
        "parent": {"type": "database_id", "database_id": database_id},
        "database_parent": show_parent(ws, block["parent"]),
        "is_inline": database["is_inline"],
        "in_trash": ws.is_trashed(source["id"]),
        "is_archived": False,
        "created_time": source["created_time"],
        "last_edited_time": source["last_edited_time"],
        "created_by": user_stub(source["created_by"]),
        "last_edited_by": user_stub(source["last_edited_by"]),
        "properties": {
            column["name"]: show_property(column, ws) for column in source["properties"].values()
        },
        "icon": show_picture(ws, source["icon"]),
        "cover": None,
        "url": f"https://app.notion.com/p/{database_id.replace('-', '')}",
        "public_url": None,
    }


def parse_parent(
    value: object, kinds: tuple[str, ...], path: str = "body.parent", *, typed: bool = False
) -> Json:
    """Read a parent as `{"type", "id"}`; *kinds* are those this endpoint takes.

    Pages may leave the type out; databases and linked views (*typed*) may not.
    """
    given = need_object(value, path)
    if typed and "type" not in given:
        raise undefined(f"{path}.type")
    found = [kind for kind in PARENT_KINDS if kind in given]
    if "data_source_id" in found and "database_id" in found:
        # Responses carry both; sent back, the data source decides.
        found.remove("database_id")
    if len(found) != 1 or found[0] not in kinds or given.get("type", found[0]) != found[0]:
        wanted = " or ".join(f"`{path}.{kind}`" for kind in kinds)
        raise invalid(f"body failed validation: {wanted} should be defined.")
    extra = [key for key in given if key not in {"type", "database_id", *found}]
    if extra:
        raise invalid(f"body failed validation: {path}.{extra[0]} should be not present.")
    kind = found[0]
    if kind == "workspace":
        return {"type": "workspace"}
    return {"type": kind, "id": uuid_of(given[kind], f"{path}.{kind}")}


def who_am_i(ws: Workspace, call: Call) -> Json:  # noqa: ARG001 - all handlers look alike
    """GET /users/me."""
    return dict(ws.tables["users"][ws.facts["bot"]])


def get_user(ws: Workspace, call: Call) -> Json:
    """GET /users/{id}."""
    return dict(ws.find("users", call.ids[0], "user"))


def list_users(ws: Workspace, call: Call) -> Json:
    """GET /users."""
    users = ws.tables["users"]
    results, follows = page_of_list(list(users.values()), list(users), *call.paging())
    return listing([dict(one) for one in results], follows, "user")


def list_emojis(ws: Workspace, call: Call) -> Json:  # noqa: ARG001 - all handlers look alike
    """GET /custom_emojis: this workspace has none."""
    return listing([], None, "custom_emoji")


def make_users(ws: Workspace, members: int) -> None:
    """Fill a new workspace with its connection and its people."""
    bot, person = ws.new_id(), ws.new_id()
    names = ("Ada Example", "Grace Example", "Alan Example", "Edsger Example")
    people = [person] + [ws.new_id() for _ in range(members - 1)]
    ws.facts |= {
        "bot": bot,
        "person": person,
        "workspace_id": ws.new_id(),
        "workspace_name": "Sandbox workspace",
    }
    for number, user_id in enumerate(people):
        ws.tables["users"][user_id] = {
            "object": "user", "id": user_id, "name": names[number % len(names)],
            "avatar_url": None, "type": "person",
            "person": {"email": f"person{number + 1}@example.com"},
        }  # fmt: skip
    ws.tables["users"][bot] = {
        "object": "user", "id": bot, "name": "cjm-sync", "avatar_url": None, "type": "bot",
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_id": ws.facts["workspace_id"],
            "workspace_name": ws.facts["workspace_name"],
            "workspace_limits": {"max_file_upload_size_in_bytes": file_limit(ws.facts["plan"])},
        },
    }  # fmt: skip
    ws.actor = bot
