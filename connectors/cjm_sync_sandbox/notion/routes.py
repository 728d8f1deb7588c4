"""Which handler answers which method and path."""

from __future__ import annotations

from collections.abc import Callable

from cjm_sync_sandbox.notion import (
    blocks,
    comments,
    databases,
    files,
    markedit,
    objects,
    pages,
    queries,
    templates,
    viewqueries,
    views,
)
from cjm_sync_sandbox.notion.checks import uuid_of
from cjm_sync_sandbox.notion.errors import Json, no_such_url
from cjm_sync_sandbox.notion.requests import Call
from cjm_sync_sandbox.notion.state import Workspace

Handler = Callable[[Workspace, Call], Json]

# A name in braces is an id and must be a UUID; {property_id} may be anything.
ROUTES: dict[str, dict[str, Handler]] = {
    "users": {"GET": objects.list_users},
    "users/me": {"GET": objects.who_am_i},
    "users/{user_id}": {"GET": objects.get_user},
    "custom_emojis": {"GET": objects.list_emojis},
    "search": {"POST": queries.search},
    "databases": {"POST": databases.create_database},
    "databases/{database_id}": {
        "GET": databases.get_database,
        "PATCH": databases.change_database,
    },
    "data_sources": {"POST": databases.create_source},
    "data_sources/{data_source_id}": {
        "GET": databases.get_source,
        "PATCH": databases.change_source,
    },
    "data_sources/{data_source_id}/query": {"POST": queries.query_source},
    "data_sources/{data_source_id}/templates": {"GET": templates.list_templates},
    "pages": {"POST": pages.create_page},
    "pages/{page_id}": {"GET": pages.get_page, "PATCH": pages.change_page},
    "pages/{page_id}/markdown": {
        "GET": markedit.get_markdown,
        "PATCH": markedit.change_markdown,
    },
    "pages/{page_id}/move": {"POST": pages.move_page},
    "pages/{page_id}/properties/{property_id}": {"GET": pages.get_property},
    "blocks/{block_id}": {
        "GET": blocks.get_block,
        "PATCH": blocks.change_block,
        "DELETE": blocks.delete_block,
    },
    "blocks/{block_id}/children": {
        "GET": blocks.list_children,
        "PATCH": blocks.append_children,
    },
    "views": {"GET": views.list_views, "POST": views.create_view},
    "views/{view_id}": {
        "GET": views.get_view,
        "PATCH": views.change_view,
        "DELETE": views.delete_view,
    },
    "views/{view_id}/queries": {"POST": viewqueries.create_view_query},
    "views/{view_id}/queries/{query_id}": {
        "GET": viewqueries.get_view_query,
        "DELETE": viewqueries.delete_view_query,
    },
    "file_uploads": {"GET": files.list_uploads, "POST": files.create_upload},
    "file_uploads/{file_upload_id}": {"GET": files.get_upload},
    "file_uploads/{file_upload_id}/send": {"POST": files.send_upload},
    "file_uploads/{file_upload_id}/complete": {"POST": files.complete_upload},
    "comments": {"GET": comments.list_comments, "POST": comments.create_comment},
    "comments/{comment_id}": {
        "GET": comments.get_comment,
        "PATCH": comments.change_comment,
        "DELETE": comments.delete_comment,
    },
}


def resolve(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """Return the handler of a path below `/v1/` and the ids in it."""
    parts = path.strip("/").split("/")
    for pattern, methods in ROUTES.items():
        names = pattern.split("/")
        if len(names) != len(parts) or method not in methods:
            continue
        if all(name == part or name[0] == "{" for name, part in zip(names, parts, strict=True)):
            ids = tuple(
                part if name == "{property_id}" else uuid_of(part, f"path.{name[1:-1]}")
                for name, part in zip(names, parts, strict=True)
                if name[0] == "{"
            )
            return methods[method], ids
    raise no_such_url()
