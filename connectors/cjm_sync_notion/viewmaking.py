"""Make views, and find those that a create without an answer, or a lost store, left there.

A view is linked: it stands on the hub, on a row's page or in a dashboard, and shows the rows of one
database. It is made once and never edited after.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import GoneError, RejectedError
from cjm_sync.model import Binding, Finding
from cjm_sync.ports import Found, Made
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.databases import HUB, id_of, moment_of
from cjm_sync_notion.values import resolve
from cjm_sync_notion.workspace import Memory, View, database_key

LiveOptions = dict[tuple[str, str], dict[str, str]]
"""The options that Notion has, name to id, by (collection, column key), as last read."""


class ViewBuilder:
    """Makes and finds views. *live* is what `Pages` learned of options."""

    def __init__(
        self, client: NotionClient, *, live: LiveOptions, note: Callable[[Finding], None]
    ) -> None:
        self._client, self._live, self._note = client, live, note
        self._spelt: set[str] = set()
        self.wished: tuple[View, ...] = ()
        """All views that are wished for: a view that goes by the name of one is no other's."""

    def create(self, view: View, memory: Memory) -> Made:
        """Make the view where it belongs, or, where its neighbour is gone, at the end there."""
        home = memory[database_key(view.kind)]
        body: dict[str, Any] = {
            **_target(view, memory),
            "data_source_id": home.detail["data_source_id"],
            "name": view.name,
            "type": view.type,
        }
        ids = column_ids_of(home)
        for part in ("configuration", "filter", "sorts"):
            value = getattr(view, part)
            if value:
                body[part] = self._resolved(view, value, ids, home)
        try:
            answer = self._send(body)
        except GoneError as error:
            if not (view.page or view.dashboard):
                raise
            # A person took the row or dashboard away; the rest of the map stands without it.
            raise RejectedError(str(error), hint=error.hint, status=error.status) from error
        return Made(id_of(answer), detail={})

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._client.post("views", body, creates=True)
        except GoneError:
            raise
        except RejectedError as error:
            if error.status != 400 or not _without_place(body):
                raise
            # A person deleted the block that it belongs behind, or a widget of its row.
            return self._client.post("views", body, creates=True)

    def _resolved(self, view: View, value: Any, ids: Mapping[str, str], home: Binding) -> Any:
        """Return a part of *view* as Notion takes it; RejectedError when a column of it is gone."""
        if "adopted" in home.detail and view.kind not in self._spelt:
            self._learn_options(view.kind, home)
            self._spelt.add(view.kind)

        def option(column: str, key: str) -> str | None:
            known = home.detail.get("options", {}).get(column, {}).get(key)
            live = self._live.get((view.kind, column), {})
            return next((name for name, found in live.items() if found == known), None)

        try:
            return resolve(value, ids, option=option)
        except KeyError as error:
            raise RejectedError(
                f"the view {view.name!r} needs the column {error} of {view.kind}, which was deleted",
                hint="Restore the column in Notion.",
            ) from error

    def _learn_options(self, kind: str, home: Binding) -> None:
        """Read how the options of people's database are spelt; ours may be theirs in other case."""
        source = self._client.get(f"data_sources/{home.detail['data_source_id']}")
        by_id = {str(held.get("id")): held for held in (source.get("properties") or {}).values()}
        for column, column_id in home.detail.get("columns", {}).items():
            options = (by_id.get(column_id, {}).get("select") or {}).get("options") or ()
            if options:
                self._live[kind, column] = {str(o["name"]): str(o["id"]) for o in options}

    # what is there already

    def find(self, view: View, memory: Memory) -> list[Found]:
        """Return the views of that name; at a take-over else the one that a person renamed."""
        if HUB not in memory or database_key(view.kind) not in memory:
            return []
        there = [a for a in self._candidates(view, memory) if a.get("type") == view.type]
        found = [answer for answer in there if answer.get("name") == view.name]
        if not found and memory[HUB].detail.get("taken_over"):
            found = self._renamed(view, there, memory)
        return [
            Found(id_of(answer), moment_of(answer, "created_time"), is_untouched=False)
            for answer in found
        ]

    def _candidates(self, view: View, memory: Memory) -> Iterator[dict[str, Any]]:
        """Yield the views that nothing is bound to and that stand where *view* may stand."""
        bound = {binding.remote_id for binding in memory.values() if binding.kind == "view"}
        home = memory[database_key(view.kind)]
        if view.type == "dashboard":
            listed = self._on_hub(memory)
        elif view.dashboard:
            listed = self._widgets(view, memory)
        elif "data_source_id" in home.detail:
            listed = self._listed({"data_source_id": home.detail["data_source_id"]})
        else:
            return
        for view_id in listed:
            if view_id in bound:
                continue
            try:
                answer = self._client.get(f"views/{view_id}")
            except RejectedError:
                continue  # a kind of view that the API does not show
            is_widget = answer.get("dashboard_view_id") is not None
            if is_widget == bool(view.dashboard) and _container(answer) != home.remote_id:
                yield answer

    def _listed(self, query: Mapping[str, Any]) -> Iterator[str]:
        for stub in self._client.pages("views", query):
            yield str(stub["id"])

    def _on_hub(self, memory: Memory) -> Iterator[str]:
        # A dashboard shows no data source of its own, so it is in no listing but its container's.
        for block in self._containers(memory):
            try:
                yield from list(self._listed({"database_id": block}))
            except RejectedError:
                continue

    def _containers(self, memory: Memory) -> list[str]:
        hub = memory[HUB].remote_id
        blocks = self._client.pages(f"blocks/{hub}/children")
        return [str(block["id"]) for block in blocks if block.get("type") == "child_database"]

    def _widgets(self, view: View, memory: Memory) -> Iterator[str]:
        board = memory.get(view.dashboard)
        if board is None:
            return
        try:
            answer = self._client.get(f"views/{board.remote_id}")
        except RejectedError:
            return
        for row in (answer.get("configuration") or {}).get("rows") or ():
            for widget in row.get("widgets") or ():
                if isinstance(widget.get("view_id"), str):
                    yield widget["view_id"]

    def _renamed(
        self, view: View, there: list[dict[str, Any]], memory: Memory
    ) -> list[dict[str, Any]]:
        """Return what *view* has become under another name: what filters and draws as it does.

        On the hub first, else wherever people moved it. Else the only one of its type on the hub, if
        no other view could be meant by it. A view that a person made lies there too; a wrong guess
        costs a view, a missed one makes a twin.
        """
        siblings = [
            v
            for v in self.wished
            if (v.kind, v.type, v.dashboard) == (view.kind, view.type, view.dashboard)
        ]
        names = {sibling.name for sibling in siblings}
        on_hub = set(self._containers(memory))
        unnamed = [a for a in there if a.get("name") not in names]
        ids = column_ids_of(memory[database_key(view.kind)])
        alike = [answer for answer in unnamed if _is_same(answer, view, ids)]
        unknown = [a for a in unnamed if view.dashboard or _container(a) in on_hub]
        same = [answer for answer in alike if answer in unknown]
        moved = [answer for answer in alike if _is_drawn_alike(answer, view, ids)]
        if same or len(moved) == 1:
            return same or moved
        named = {answer.get("name") for answer in there}
        lost = [v for v in siblings if v.key not in memory and v.name not in named]
        if len(unknown) == 1 and len(lost) == 1:
            return unknown
        if unknown:
            self._note(_made_again(view, len(unknown)))
        return []


def column_ids_of(home: Binding) -> dict[str, str]:
    """Return the property ids of a bound database by column key, as views take them."""
    return {name: unquote(column) for name, column in home.detail.get("columns", {}).items()}


def _target(view: View, memory: Memory) -> dict[str, Any]:
    """Return where the view is to be made: in a dashboard, on a row's page, or on the hub."""
    if view.dashboard:
        opens = "new_row" if view.opens_row else "existing_row"
        return {
            "view_id": memory[view.dashboard].remote_id,
            "placement": {"type": opens, "row_index": view.row},
        }
    if view.page:
        page = {"type": "page_id", "page_id": memory[view.page].remote_id}
        return {"create_database": {"parent": page}}
    target: dict[str, Any] = {"parent": {"type": "page_id", "page_id": memory[HUB].remote_id}}
    anchor = memory[HUB].detail.get("blocks", {}).get(view.after)
    if anchor is not None:
        target["position"] = {"type": "after_block", "block_id": anchor}
    return {"create_database": target}


def _without_place(body: dict[str, Any]) -> bool:
    """Take the neighbour out of the body, and tell whether there was one."""
    if body.get("placement", {}).get("row_index") is not None:
        body["placement"] = {"type": "new_row"}
        return True
    return body.get("create_database", {}).pop("position", None) is not None


def _container(answer: Mapping[str, Any]) -> str:
    return str((answer.get("parent") or {}).get("database_id"))


def _is_same(answer: Mapping[str, Any], view: View, ids: Mapping[str, str]) -> bool:
    """Tell whether the view filters as *view* does and, if it is a chart, is drawn as it is."""
    wished, held = view.configuration or {}, answer.get("configuration") or {}
    if wished.get("chart_type") != held.get("chart_type"):
        return False
    try:
        ours = resolve(view.filter, ids)
    except KeyError:
        return False  # a column that it filters by was deleted
    return _text(ours) == _text(answer.get("filter"))


def _is_drawn_alike(answer: Mapping[str, Any], view: View, ids: Mapping[str, str]) -> bool:
    """Tell whether everything that *view* configures is so in the answer as well."""
    try:
        wished = resolve(view.configuration or {}, ids)
    except KeyError:
        return False
    held = answer.get("configuration") or {}
    return all(_text(held.get(part)) == _text(value) for part, value in wished.items())


def _text(value: Any) -> str:
    return unquote(json.dumps(value, sort_keys=True, ensure_ascii=False))


def _made_again(view: View, others: int) -> Finding:
    return Finding(
        "view_made_again",
        view.key,
        f"the view {view.name!r} is not found under its name and is made again; one of {others} "
        "others on the hub may be it",
        "Delete the one of the two that you do not want.",
    )
