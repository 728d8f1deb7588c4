"""Make, find and complete the parts of the workspace that are made once: hub, views, owned blocks.

Databases are the work of `databases`, the picture that of `uploads`; this leads there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import GoneError, RejectedError
from cjm_sync.model import Binding, Finding, Item
from cjm_sync.ports import Found, Made, Picture
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.databases import HUB, Databases, id_of, moment_of
from cjm_sync_notion.template import STATUS
from cjm_sync_notion.uploads import PictureBlock
from cjm_sync_notion.values import resolve, text_items
from cjm_sync_notion.workspace import Block, Database, Hub, Memory, View, database_key

_MARKER = re.compile(r"cjm-sync:([0-9A-Za-z_-]+)/hub\b")
_FIRST_BLOCKS = 100  # the marker is the first block; a person may have put some before it

LiveOptions = dict[tuple[str, str], dict[str, str]]
"""The options that Notion has, name to id, by (collection, column key), as last read."""


class FrameBuilder:
    """The parts made once, under *parent_id*. *live* is what `Pages` learned of options."""

    def __init__(
        self,
        client: NotionClient,
        *,
        parent_id: str,
        databases: Databases,
        live: LiveOptions,
        note: Callable[[Finding], None],
    ) -> None:
        self._client = client
        self._parent_id = parent_id
        self._databases, self._live, self._note = databases, live, note
        self._picture = PictureBlock(client, hub=HUB, behind=STATUS)
        self.views: tuple[View, ...] = ()
        """All views that are wished for: a view that goes by the name of one is no other's."""

    # the hub

    def hubs(self) -> dict[str, str]:
        """Return the hubs under the parent page: page id to installation."""
        found: dict[str, str] = {}
        for block in self._client.pages(f"blocks/{self._parent_id}/children"):
            if block.get("type") == "child_page" and not block.get("in_trash"):
                owner = self.owner_of(str(block["id"]))
                if owner:
                    found[str(block["id"])] = owner
        return found

    def owner_of(self, page_id: str) -> str | None:
        """Return the installation named by the page's marker, None when it carries none."""
        answer = self._client.get(f"blocks/{page_id}/children", {"page_size": _FIRST_BLOCKS})
        for block in answer.get("results") or ():
            match = _MARKER.search(_block_text(block))
            if match:
                return match[1]
        return None

    def create(self, item: Item, memory: Memory) -> Made:
        """Make one part; the parts before it must be bound."""
        match item.body:
            case Hub() as hub:
                return self._create_hub(hub)
            case Database() as database:
                return self._databases.create(database, memory)
            case View() as view:
                return self._create_view(view, memory)
            case Picture():
                return self._picture.create(item, memory)
            case other:
                raise TypeError(f"{item.key}: nothing can be made of {type(other).__name__}")

    def _create_hub(self, hub: Hub) -> Made:
        body = {
            "parent": {"type": "page_id", "page_id": self._parent_id},
            "icon": {"type": "emoji", "emoji": hub.icon},
            "properties": {"title": {"title": text_items(hub.title)}},
            "children": [dict(block.json) for block in hub.blocks],
        }
        page = self._client.post("pages", body, creates=True)
        return Made(id_of(page), detail={})

    def _create_view(self, view: View, memory: Memory) -> Made:
        home = memory[database_key(view.kind)]
        ids = {name: unquote(column) for name, column in home.detail["columns"].items()}
        target: dict[str, Any] = {"parent": {"type": "page_id", "page_id": memory[HUB].remote_id}}
        anchor = memory[HUB].detail.get("blocks", {}).get(view.after)
        if anchor is not None:
            target["position"] = {"type": "after_block", "block_id": anchor}
        body: dict[str, Any] = {
            "create_database": target,
            "data_source_id": home.detail["data_source_id"],
            "name": view.name,
            "type": view.type,
        }
        for part in ("configuration", "filter", "sorts"):
            value = getattr(view, part)
            if value:
                body[part] = self._resolved(view, value, ids, home)
        try:
            answer = self._client.post("views", body, creates=True)
        except GoneError:
            raise
        except RejectedError as error:
            if error.status != 400 or target.pop("position", None) is None:
                raise
            # A person deleted the block that it belongs behind: it goes to the end of the page.
            answer = self._client.post("views", body, creates=True)
        return Made(id_of(answer), detail={})

    def _resolved(self, view: View, value: Any, ids: Mapping[str, str], home: Binding) -> Any:
        """Return a part of *view* as Notion takes it; RejectedError when a column of it is gone."""

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

    # what the answers to the creates did not carry

    def complete(self, item: Item, memory: Memory) -> Made | None:
        """Read ids that are still missing from the memory of *item*; None when none are."""
        binding = memory[item.key]
        match item.body:
            case Hub() as hub if "blocks" not in binding.detail:
                return self._read_blocks(hub, binding)
            case Database() as database:
                return self._databases.complete(database, binding, memory)
            case _:
                return None

    def _read_blocks(self, hub: Hub, binding: Binding) -> Made:
        children = list(self._client.pages(f"blocks/{binding.remote_id}/children"))
        placed = _place(hub.blocks, children)
        anchors = {b.key: placed[b.key] for b in hub.blocks if b.anchor and b.key in placed}
        texts = {str(child["id"]): _block_text(child) for child in children}
        owned = {
            f"_/block/{b.key}": {
                "remote_id": placed[b.key],
                "kind": "block",
                "text": texts[placed[b.key]],
            }
            for b in hub.blocks
            if b.owned and b.key in placed
        }
        return Made(binding.remote_id, detail={"blocks": anchors}, learned=owned)

    def edit(self, item: Item, memory: Memory) -> Made:
        """Set the text of an owned leaf block, swap the picture, or add a database's new columns."""
        match item.body:
            case Database() as database:
                return self._databases.add_columns(database, memory)
            case Picture():
                return self._picture.edit(item, memory)
            case (kind, text):
                pass
            case other:
                raise TypeError(f"{item.key}: {type(other).__name__} cannot be edited")
        block_id = memory[item.key].remote_id
        self._client.patch(f"blocks/{block_id}", {kind: {"rich_text": text_items(text)}})
        return Made(block_id)

    # what a create that got no answer may have made

    def find(self, item: Item, memory: Memory) -> list[Found]:
        """Return everything that is recognisably *item*, oldest first."""
        match item.body:
            case Hub() as hub:
                ours = _MARKER.search(_block_text(hub.blocks[0].json))
                found = [
                    Found(page_id, datetime.min.replace(tzinfo=UTC), is_untouched=False)
                    for page_id, owner in self.hubs().items()
                    if ours is not None and owner == ours[1]
                ]
            case Database() as database:
                found = list(self._databases.find(database, memory))
            case View() as view:
                found = self._find_views(view, memory)
            case Picture():
                found = self._picture.find(memory)
            case _:
                found = []
        return found

    def _find_views(self, view: View, memory: Memory) -> list[Found]:
        """Return the views of that name; at a take-over else the one that a person renamed."""
        there = [a for a in self._linked_views(view, memory) if a.get("type") == view.type]
        found = [answer for answer in there if answer.get("name") == view.name]
        if not found and memory[HUB].detail.get("taken_over"):
            found = self._renamed(view, there, memory)
        return [
            Found(id_of(answer), moment_of(answer, "created_time"), is_untouched=False)
            for answer in found
        ]

    def _linked_views(self, view: View, memory: Memory) -> Iterator[dict[str, Any]]:
        """Yield the linked views of the view's data source that nothing is bound to."""
        home = memory.get(database_key(view.kind))
        if HUB not in memory or home is None or "data_source_id" not in home.detail:
            return
        bound = {binding.remote_id for binding in memory.values() if binding.kind == "view"}
        for stub in self._client.pages("views", {"data_source_id": home.detail["data_source_id"]}):
            if stub["id"] in bound:
                continue
            try:
                answer = self._client.get(f"views/{stub['id']}")
            except (GoneError, RejectedError):
                continue  # a kind of view that the API does not show
            if _container(answer) != home.remote_id:
                yield answer

    def _renamed(
        self, view: View, there: list[dict[str, Any]], memory: Memory
    ) -> list[dict[str, Any]]:
        """Return what *view* has become under another name: what filters and draws as it does.

        On the hub first, else wherever people moved it. Else the only one of its type on the hub, if
        no other view could be meant by it. A view that a person made lies there too; a wrong guess
        costs a view, a missed one makes a twin.
        """
        siblings = [v for v in self.views if (v.kind, v.type) == (view.kind, view.type)]
        names = {sibling.name for sibling in siblings}
        hub = memory[HUB].remote_id
        on_hub = {str(b["id"]) for b in self._client.pages(f"blocks/{hub}/children")}
        unnamed = [a for a in there if a.get("name") not in names]
        ids = {
            name: unquote(column)
            for name, column in memory[database_key(view.kind)].detail["columns"].items()
        }
        alike = [answer for answer in unnamed if _is_same(answer, view, ids)]
        unknown = [a for a in unnamed if _container(a) in on_hub]
        same = [answer for answer in alike if answer in unknown]
        moved = [answer for answer in alike if _is_drawn_alike(answer, view, ids)]
        if same or len(moved) == 1:
            return same or moved
        named = {answer.get("name") for answer in there}
        lost = [v for v in siblings if v.key not in memory and v.name not in named]
        if len(unknown) == 1 and len(lost) == 1:
            return unknown
        if unknown:
            self._note(
                Finding(
                    "view_made_again",
                    view.key,
                    f"the view {view.name!r} is not found under its name and is made again; one of "
                    f"{len(unknown)} others on the hub may be it",
                    "Delete the one of the two that you do not want.",
                )
            )
        return []


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


def _place(blocks: tuple[Block, ...], children: list[dict[str, Any]]) -> dict[str, str]:
    """Return the ids of the anchors and owned blocks of the template among the page's children.

    They are known by type and text, wherever people moved them. An owned block, whose text we
    change, is else the one of its type right behind its predecessor in the template.
    """
    placed: dict[str, str] = {}
    for before, block in zip((None, *blocks), blocks, strict=False):
        if not (block.anchor or block.owned):
            continue
        index = _index_of(block, children)
        if index is None and block.owned and before is not None:
            behind = _index_of(before, children)
            after = -1 if behind is None else behind + 1
            if 0 < after < len(children) and children[after].get("type") == block.json.get("type"):
                index = after
        if index is not None:
            placed[block.key] = str(children[index]["id"])
    return placed


def _index_of(block: Block, children: list[dict[str, Any]]) -> int | None:
    kind, text = block.json.get("type"), _block_text(block.json)
    for index, child in enumerate(children):
        if child.get("type") == kind and _block_text(child) == text:
            return index
    return None


def _block_text(block: Mapping[str, Any]) -> str:
    content = block.get(str(block.get("type")))
    return _plain(content.get("rich_text")) if isinstance(content, Mapping) else ""


def _plain(items: Any) -> str:
    return "".join(
        str(item.get("plain_text") or (item.get("text") or {}).get("content") or "")
        for item in items or ()
        if isinstance(item, Mapping)
    )
