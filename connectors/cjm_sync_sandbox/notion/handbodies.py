"""A person at bodies: text, embeds, mentions, blocks that move or change kind, comments."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.notion import handwork
from cjm_sync_sandbox.notion.deeds import Deed
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.handbase import Hands
from cjm_sync_sandbox.notion.handcells import text_of


class BodyHands(Hands):
    """Edits of bodies and comments."""

    def write(self, parent_id: str, words: str, *, kind: str = "paragraph", after: str = "") -> str:
        """Write a block of text at the end of a page or block, or *after* one; its id."""
        return self.insert(parent_id, {kind: {"rich_text": text_of(words)}}, after=after)

    def insert(self, parent_id: str, block: Json, *, after: str = "") -> str:
        """Put any block at the end of a page or block, or *after* one of its children."""
        body: Json = {"children": [block]}
        if after:
            body["position"] = {"type": "after_block", "after_block": {"id": after}}
        made = str(self.call("PATCH", f"blocks/{parent_id}/children", body)["results"][0]["id"])
        self._note("body", made)
        self._note("trash", made)
        return made

    def embed(self, parent_id: str, address: str, *, after: str = "") -> str:
        """Embed an address."""
        return self.insert(parent_id, {"embed": {"url": address}}, after=after)

    def mention(self, parent_id: str, thing_id: str, *, words: str = "See ") -> str:
        """Write a paragraph that mentions a user, a page, a database, or a day (ISO text)."""
        run: Json = {"type": "mention", "mention": self._mentioned(thing_id)}
        return self.insert(parent_id, {"paragraph": {"rich_text": [*text_of(words), run]}})

    def _mentioned(self, thing_id: str) -> Json:
        with self.sandbox.acting(self.user) as ws:
            if thing_id in ws.tables["users"]:
                return {"user": {"id": thing_id}}
            if thing_id in ws.tables["databases"]:
                return {"database": {"id": thing_id}}
            if thing_id in ws.tables["pages"]:
                return {"page": {"id": thing_id}}
        return {"date": {"start": thing_id}}

    def rewrite(self, block_id: str, words: str) -> Deed:
        """Replace the text of a block: its words, or a picture's or embed's caption."""
        with self.sandbox.acting(self.user) as ws:
            block = ws.tables["blocks"].get(block_id)
            kind = block["type"] if block else ""
            content = block["content"] if block else {}
        part = "rich_text" if "rich_text" in content else "caption"
        if part not in content:
            raise ValueError(f"{block_id} holds no text")
        self.call("PATCH", f"blocks/{block_id}", {kind: {part: text_of(words)}})
        return self._note("body", block_id)

    def turn_into(self, block_id: str, kind: str) -> Deed:
        """Turn a block of text into a heading, a quote, a to-do …; its id stays."""
        with self.sandbox.acting(self.user) as ws:
            handwork.turn_into(ws, block_id, kind)
        return self._note("body", block_id)

    def move_block(self, block_id: str, parent_id: str, *, index: int = 0) -> Deed:
        """Drag a block (or page, or database) to place *index* of a page or block."""
        with self.sandbox.acting(self.user) as ws:
            if block_id in ws.parents(parent_id):
                raise ValueError(f"{block_id} cannot be moved into itself")
            handwork.move_block(ws, block_id, parent_id, index)
        return self._note("parent", block_id)

    def comment(self, thing_id: str, words: str) -> str:
        """Open a discussion on a page, row or block; the comment's id."""
        home = "block_id" if self._is_block(thing_id) else "page_id"
        return self._comment({"parent": {home: thing_id}}, words)

    def reply(self, comment_id: str, words: str) -> str:
        """Answer in the discussion of a comment."""
        with self.sandbox.acting(self.user) as ws:
            discussion = ws.tables["comments"][comment_id]["discussion_id"]
        return self._comment({"discussion_id": discussion}, words)

    def _comment(self, where: Json, words: str) -> str:
        made: Any = self.call("POST", "comments", {**where, "rich_text": text_of(words)})
        self._note("comment", made["id"])
        return str(made["id"])

    def resolve(self, comment_id: str) -> list[Deed]:
        """Resolve the discussion of a comment."""
        with self.sandbox.acting(self.user) as ws:
            discussion = ws.tables["comments"][comment_id]["discussion_id"]
            resolved = handwork.resolve(ws, discussion)
        return [self._note("comment", one) for one in resolved]

    def uncomment(self, comment_id: str) -> Deed:
        """Delete a comment."""
        with self.sandbox.acting(self.user) as ws:
            if ws.tables["comments"].pop(comment_id, None) is None:
                raise ValueError(f"there is no comment {comment_id}")
        return self._note("comment", comment_id)
