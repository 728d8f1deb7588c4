"""Read a workspace through Notion's API, each thing once per page view.

A `Workspace` lives as long as one answer; the next one reads afresh, so a page always shows what
is there now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import unquote

Json = dict[str, Any]
PAGE_SIZE = 100


class Read(Protocol):
    """One call of Notion's API."""

    def __call__(
        self, method: str, path: str, body: Any, query: Mapping[str, Any] | None, /
    ) -> tuple[int, Json]:
        """Return status and JSON of the answer."""


class MissingError(Exception):
    """The API has no such thing, or said no; the message is its own."""


class Workspace:
    """One page view's window on the API."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._kept: dict[str, Json] = {}
        self._rows: dict[str, list[Json]] = {}

    def page(self, page_id: str) -> Json:
        """Return a page; raises MissingError."""
        return self._get(f"/v1/pages/{page_id}")

    def database(self, database_id: str) -> Json:
        """Return a database, a linked one too; raises MissingError."""
        return self._get(f"/v1/databases/{database_id}")

    def source(self, source_id: str) -> Json:
        """Return a data source with its schema; raises MissingError."""
        return self._get(f"/v1/data_sources/{source_id}")

    def view(self, view_id: str) -> Json:
        """Return a view; raises MissingError."""
        return self._get(f"/v1/views/{view_id}")

    def views(self, database_id: str) -> list[Json]:
        """Return the views of a database in the order of their tabs."""
        stubs = self._all("/v1/views", database_id=database_id)
        return [self.view(stub["id"]) for stub in stubs]

    def children(self, block_id: str) -> list[Json]:
        """Return the blocks directly inside a page or block."""
        return list(self._all(f"/v1/blocks/{block_id}/children"))

    def rows(self, view: Json) -> list[Json]:
        """Return all rows of a view, filtered and sorted by the API itself."""
        if view["id"] not in self._rows:
            self._rows[view["id"]] = list(self._query(view))
        return self._rows[view["id"]]

    def title(self, page_id: str) -> str:
        """Return a page's title, or a dash when it may not be seen."""
        try:
            return title_of(self.page(page_id))
        except MissingError:
            return "—"

    def user(self, user_id: str) -> str:
        """Return a person's name, or what stands in for one."""
        try:
            found = self._get(f"/v1/users/{user_id}")
        except MissingError:
            return "Somebody"
        return found.get("name") or "Somebody"

    def is_linked(self, database_id: str) -> bool:
        """Tell whether a database only shows rows that live in another one."""
        shown = [one["id"] for one in self.database(database_id).get("data_sources") or []]
        return any(
            self.source(source_id)["parent"].get("database_id") != database_id
            for source_id in shown
        )

    def _query(self, view: Json) -> Iterator[Json]:
        question: Json = {"page_size": PAGE_SIZE}
        if (filter_ := _whole_filter(view)) is not None:
            question["filter"] = filter_
        if view.get("sorts"):
            question["sorts"] = view["sorts"]
        path = f"/v1/data_sources/{view['data_source_id']}/query"
        while True:
            answer = self._call("POST", path, question, None)
            yield from answer["results"]
            if not answer.get("has_more"):
                return
            question = {**question, "start_cursor": answer["next_cursor"]}

    def _all(self, path: str, **query: str) -> Iterator[Json]:
        asked: dict[str, str | int] = {**query, "page_size": PAGE_SIZE}
        while True:
            answer = self._get(path, asked)
            yield from answer["results"]
            if not answer.get("has_more"):
                return
            asked = {**asked, "start_cursor": answer["next_cursor"]}

    def _get(self, path: str, query: Mapping[str, str | int] | None = None) -> Json:
        key = f"{path} {sorted((query or {}).items())}"
        if key not in self._kept:
            self._kept[key] = self._call("GET", path, None, query)
        return self._kept[key]

    def _call(
        self, method: str, path: str, body: Json | None, query: Mapping[str, str | int] | None
    ) -> Json:
        status, answer = self._read(method, path, body, query)
        if status != 200:
            raise MissingError(str(answer.get("message", f"the API answered {status}")))
        return answer


def title_of(page: Json) -> str:
    """Return the plain title of a page object."""
    for value in page.get("properties", {}).values():
        if value.get("type") == "title":
            return plain(value["title"]) or "Untitled"
    return "Untitled"


def plain(rich_text: list[Json] | None) -> str:
    """Return the text of rich text without its formatting."""
    return "".join(
        item.get("plain_text") or item.get("text", {}).get("content") or ""
        for item in rich_text or []
    )


def same_id(one: str | None, other: str | None) -> bool:
    """Tell whether two property ids are one; some answers percent-encode them, others do not."""
    return one is not None and other is not None and unquote(one) == unquote(other)


def _whole_filter(view: Json) -> Json | None:
    """Return the view's filter with its quick filters added on the same level."""
    conditions = [
        {"property": name, **condition}
        for name, condition in (view.get("quick_filters") or {}).items()
        if condition
    ]
    filter_: Json | None = view.get("filter")
    if not conditions:
        return filter_
    if filter_ is None:
        return {"and": conditions}
    return {"and": [*filter_.get("and", [filter_]), *conditions]}
