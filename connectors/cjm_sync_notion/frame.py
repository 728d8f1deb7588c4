"""Make, find and complete the parts of the workspace that are made once: hub, views, owned blocks.

Databases are the work of `databases`, the picture that of `uploads`; this leads there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cjm_sync.errors import GoneError, GuardTripped, KeptError, RejectedError
from cjm_sync.model import Binding, Item
from cjm_sync.ports import Found, Made, Picture
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.databases import HUB, Databases, id_of
from cjm_sync_notion.template import STATUS
from cjm_sync_notion.uploads import CAPTION, PictureBlock
from cjm_sync_notion.values import text_items
from cjm_sync_notion.viewmaking import ViewBuilder
from cjm_sync_notion.workspace import Block, Database, Hub, Memory, View

_MARKER = re.compile(r"cjm-sync:([0-9A-Za-z_-]+)/hub\b(?:#(\d{1,9})\b)?")
_FIRST_BLOCKS = 100  # the marker is the first block; a person may have put some before it


class FrameBuilder:
    """The parts made once, under *parent_id*."""

    def __init__(
        self,
        client: NotionClient,
        *,
        parent_id: str,
        databases: Databases,
        views: ViewBuilder,
        bot: Callable[[], str],
    ) -> None:
        self._client = client
        self._parent_id = parent_id
        self._databases, self._views = databases, views
        self._picture = PictureBlock(client, hub=HUB, behind=STATUS)
        self._epochs: dict[str, int] = {}
        self._bot = bot
        self._theirs: dict[str, str] = {}
        """Texts of blocks that a person edited last, as read with the marker."""

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
        block = self._marker_of(page_id)
        match = _MARKER.search(_block_text(block)) if block is not None else None
        self._epochs[page_id] = int(match[2] or 1) if match else 1
        return match[1] if match else None

    def _marker_of(self, page_id: str) -> dict[str, Any] | None:
        answer = self._client.get(f"blocks/{page_id}/children", {"page_size": _FIRST_BLOCKS})
        blocks = [block for block in answer.get("results") or () if isinstance(block, dict)]
        self._theirs |= {
            str(block.get("id")): (_block_text(block) or _block_text(block, "caption")).strip()
            for block in blocks
            if (block.get("last_edited_by") or {}).get("id") not in {None, self._bot()}
        }
        return next((block for block in blocks if _MARKER.search(_block_text(block))), None)

    def epoch_of(self, page_id: str) -> int:
        """Return how often the hub was taken over, plus one; as read last."""
        if page_id not in self._epochs:
            self.owner_of(page_id)
        return self._epochs[page_id]

    def claim(self, page_id: str, installation: str, epoch: int) -> None:
        """Write *epoch* into the marker; the words and links around it stay as they are."""
        block = self._marker_of(page_id)
        if block is None:
            return
        kind = str(block["type"])
        marked = f"cjm-sync:{installation}/hub#{epoch}"
        items = [_sendable(item) for item in block[kind]["rich_text"]]
        named = [i for i in items if "text" in i and _MARKER.search(i["text"]["content"])]
        if named:
            text = named[0]["text"]
            text["content"] = _MARKER.sub(marked, text["content"], count=1)
        else:  # its letters are formatted apart: the line loses its formatting, not its words
            items = text_items(_MARKER.sub(marked, _block_text(block), count=1))
        self._client.patch(f"blocks/{block['id']}", {kind: {"rich_text": items}})
        self._epochs[page_id] = epoch

    def create(self, item: Item, memory: Memory) -> Made:
        """Make one part; the parts before it must be bound."""
        match item.body:
            case Hub() as hub:
                return self._create_hub(hub)
            case Database() as database:
                return self._databases.create(database, memory)
            case View() as view:
                return self._views.create(view, memory)
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
        """Set the text of an owned leaf block, swap the picture, or add a database's new columns.

        GoneError says that a person took this part away, KeptError that they put words of their
        own into it, GuardTripped that the whole hub is gone.
        """
        try:
            return self._edit(item, memory)
        except GoneError as error:
            self._check_hub(memory, error)
            raise

    def _check_hub(self, memory: Memory, error: GoneError) -> None:
        try:
            if not self._client.get(f"pages/{memory[HUB].remote_id}").get("in_trash"):
                return
        except GoneError:
            pass
        raise GuardTripped(
            "the hub is no longer there, or no longer shared",
            hint="Restore it from Notion's trash and share it again; then run again.",
        ) from error

    def _edit(self, item: Item, memory: Memory) -> Made:
        match item.body:
            case Database() as database:
                return self._databases.add_columns(database, memory)
            case Picture():
                caption = self._theirs.get(memory[item.key].remote_id, "")
                is_ours = caption.startswith(CAPTION.strip())
                return self._picture.edit(item, memory, theirs="" if is_ours else caption)
            case (kind, text):
                pass
            case other:
                raise TypeError(f"{item.key}: {type(other).__name__} cannot be edited")
        block_id = memory[item.key].remote_id
        theirs = self._theirs.get(block_id)
        if theirs and theirs not in {text, memory[item.key].digest}:
            raise KeptError(f"a person rewrote the line {item.key}")
        try:
            self._client.patch(f"blocks/{block_id}", {kind: {"rich_text": text_items(text)}})
        except RejectedError as error:
            if error.status != 400 or isinstance(error, GoneError):
                raise
            # Turned into another kind of block: it is a person's now, and ours is gone.
            raise GoneError(str(error), hint=error.hint, status=error.status) from error
        self._theirs.pop(block_id, None)
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
                found = self._views.find(view, memory)
            case Picture():
                found = self._picture.find(memory)
            case _:
                found = []
        return found


def _sendable(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a piece of text as Notion takes it back."""
    kind = str(item.get("type") or "text")
    held = item.get(kind)
    sent = {"type": kind, kind: dict(held) if isinstance(held, Mapping) else held}
    return sent | ({"annotations": item["annotations"]} if "annotations" in item else {})


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


def _block_text(block: Mapping[str, Any], part: str = "rich_text") -> str:
    content = block.get(str(block.get("type")))
    return _plain(content.get(part)) if isinstance(content, Mapping) else ""


def _plain(items: Any) -> str:
    return "".join(
        str(item.get("plain_text") or (item.get("text") or {}).get("content") or "")
        for item in items or ()
        if isinstance(item, Mapping)
    )
