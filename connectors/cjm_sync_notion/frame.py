"""Make, find and complete the parts of the workspace that are made once: hub, databases, views."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import GoneError, OutcomeUnknownError, RejectedError
from cjm_sync.model import Binding, Item
from cjm_sync.ports import Found, Made
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.values import resolve, schema, text_items
from cjm_sync_notion.workspace import Block, Database, Hub, View

logger = logging.getLogger(__name__)

HUB = "_/hub"
_MARKER = re.compile(r"cjm-sync:([0-9A-Za-z_-]+)/hub\b")
_ANY_MARKER = re.compile(r"cjm-sync:[0-9A-Za-z_-]+/[a-z_]+")
_FIRST_BLOCKS = 100  # the marker is the first block; a person may have put some before it

Memory = Mapping[str, Binding]


def database_key(kind: str) -> str:
    """Return the key under which a database is bound."""
    return f"_/database/{kind}"


class FrameBuilder:
    """The parts made once, under *parent_id*."""

    def __init__(self, client: NotionClient, *, parent_id: str) -> None:
        self._client = client
        self._parent_id = parent_id
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
                return self._create_database(database, memory)
            case View() as view:
                return self._create_view(view, memory)
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
        return Made(_id(page), detail={})

    def _create_database(self, database: Database, memory: Memory) -> Made:
        sources = {
            key.rpartition("/")[2]: str(binding.detail["data_source_id"])
            for key, binding in memory.items()
            if binding.kind == "database" and "data_source_id" in binding.detail
        }
        body = {
            "parent": {"type": "page_id", "page_id": memory[HUB].remote_id},
            "title": text_items(database.title),
            "description": text_items(database.description),
            "is_inline": False,
            "icon": {"type": "emoji", "emoji": database.icon},
            "initial_data_source": {"properties": schema(database, data_source_ids=sources)},
        }
        answer = self._client.post("databases", body, creates=True)
        return Made(_id(answer), detail=_data_source(answer))

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
                body[part] = resolve(value, ids)
        try:
            answer = self._client.post("views", body, creates=True)
        except GoneError:
            raise
        except RejectedError as error:
            if error.status != 400 or target.pop("position", None) is None:
                raise
            # A person deleted the block that it belongs behind: it goes to the end of the page.
            answer = self._client.post("views", body, creates=True)
        return Made(_id(answer), detail={})

    # what the answers to the creates did not carry

    def complete(self, item: Item, memory: Memory) -> Made | None:
        """Read ids that are still missing from the memory of *item*; None when none are."""
        binding = memory[item.key]
        match item.body:
            case Hub() as hub if "blocks" not in binding.detail:
                return self._read_blocks(hub, binding)
            case Database() as database if "columns" not in binding.detail:
                return self._read_schema(database, binding)
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

    def _read_schema(self, database: Database, binding: Binding) -> Made:
        detail = dict(binding.detail)
        if "data_source_id" not in detail:
            detail |= _data_source(self._client.get(f"databases/{binding.remote_id}"))
        source = self._client.get(f"data_sources/{detail['data_source_id']}")
        properties: Mapping[str, Any] = source.get("properties") or {}
        columns: dict[str, str] = {}
        options: dict[str, dict[str, str]] = {}
        for column in database.columns:
            found = properties.get(column.name)
            if not isinstance(found, dict) or found.get("type") != column.type:
                continue
            columns[column.key] = str(found["id"])
            if column.type == "select":
                ids = {o["name"]: o["id"] for o in found["select"].get("options") or ()}
                options[column.key] = {
                    option.key: ids[option.label]
                    for option in column.options
                    if option.label in ids
                }
        return Made(binding.remote_id, detail={**detail, "columns": columns, "options": options})

    def edit(self, item: Item, memory: Memory) -> Made:
        """Set the text of an owned leaf block; *item.body* is (block type, text)."""
        kind, text = item.body
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
                found = list(self._find_databases(database, memory))
            case View() as view:
                found = self._find_views(view, memory)
            case _:
                found = []
        return found

    def _find_databases(self, database: Database, memory: Memory) -> Iterator[Found]:
        # By the marker alone: people add to descriptions, and another version words them anew.
        ours = _ANY_MARKER.findall(database.description)
        if HUB not in memory or not ours:
            return
        for block in self._client.pages(f"blocks/{memory[HUB].remote_id}/children"):
            if block.get("type") != "child_database":
                continue
            try:
                answer = self._client.get(f"databases/{block['id']}")
            except (GoneError, RejectedError):
                continue  # a linked view's container, or one that was unshared
            carried = _ANY_MARKER.findall(_plain(answer.get("description")))
            if not answer.get("in_trash") and ours[-1] in carried:
                yield Found(_id(answer), _moment(answer, "created_time"), is_untouched=False)

    def _find_views(self, view: View, memory: Memory) -> list[Found]:
        """Return the views of that name; at a take-over else the one that a person renamed."""
        there = [a for a in self._linked_views(view, memory) if a.get("type") == view.type]
        found = [answer for answer in there if answer.get("name") == view.name]
        if not found and memory[HUB].detail.get("taken_over"):
            found = self._renamed(view, there, memory)
        return [
            Found(_id(answer), _moment(answer, "created_time"), is_untouched=False)
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

        Else the only one of its type on the hub, if no other view could be meant by it. A view that
        a person made lies there too; a wrong guess costs a view, a missed one makes a twin.
        """
        siblings = [v for v in self.views if (v.kind, v.type) == (view.kind, view.type)]
        names = {sibling.name for sibling in siblings}
        hub = memory[HUB].remote_id
        on_hub = {str(b["id"]) for b in self._client.pages(f"blocks/{hub}/children")}
        unknown = [a for a in there if a.get("name") not in names and _container(a) in on_hub]
        ids = {
            name: unquote(column)
            for name, column in memory[database_key(view.kind)].detail["columns"].items()
        }
        same = [answer for answer in unknown if _is_same(answer, view, ids)]
        if same:
            return same
        named = {answer.get("name") for answer in there}
        lost = [v for v in siblings if v.key not in memory and v.name not in named]
        if len(unknown) == 1 and len(lost) == 1:
            return unknown
        if unknown:
            logger.warning(
                "a view may have been renamed, and is made again",
                extra={"action": "view_made_again", "key": view.key},
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


def _data_source(answer: Mapping[str, Any]) -> dict[str, str]:
    sources = answer.get("data_sources") or ()
    if not sources:
        raise RejectedError(
            f"the database {answer.get('id')} has no data source",
            hint="Delete it in Notion and run again.",
        )
    return {"data_source_id": str(sources[0]["id"])}


def _id(answer: Mapping[str, Any]) -> str:
    found = answer.get("id")
    if not isinstance(found, str):
        raise OutcomeUnknownError(
            "Notion's answer carries no id", hint="Run again; what was made is looked up first."
        )
    return found


def _moment(answer: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(str(answer.get(name)))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
