"""The picture of the map: uploaded, put behind the status line once, and swapped when it changed.

An upload that nothing shows is gone after an hour, so one whose answer was lost is begun anew. The
picture's block is known by the beginning of its caption until its id is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cjm_sync.errors import GoneError, OutcomeUnknownError, RejectedError, TransientError
from cjm_sync.model import Binding, Item
from cjm_sync.ports import Found, Made, Picture
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.values import text_items
from cjm_sync_notion.workspace import block_key

NAME = "map.png"
CAPTION = "The map as a picture, drawn by cjm-sync. "
SINGLE_PART = 5 * 1024 * 1024
"""What every plan takes in one piece."""


class PictureBlock:
    """The picture on the hub; *behind* is the key of the block that it stands behind."""

    def __init__(self, client: NotionClient, *, hub: str, behind: str) -> None:
        self._client, self._hub, self._behind = client, hub, behind

    def create(self, item: Item, memory: Mapping[str, Binding]) -> Made:
        """Upload the picture and put its block behind the status line, or at the end without one."""
        picture: Picture = item.body
        upload = self._upload(picture)
        status = memory.get(block_key(self._behind))
        after = status.remote_id if status is not None else None
        return Made(self._append(picture, upload, memory, after), detail={})

    def edit(self, item: Item, memory: Mapping[str, Binding], *, theirs: str = "") -> Made:
        """Swap the picture in its block; GoneError when a person deleted the block.

        If Notion refuses the swap, a new block is made behind the old one, which then goes. A
        caption of *theirs*, a person's, stays.
        """
        picture: Picture = item.body
        old = memory[item.key].remote_id
        upload = self._upload(picture)
        image: dict[str, Any] = {"file_upload": {"id": upload}}
        if not theirs:
            image["caption"] = _caption(picture)
        try:
            self._client.patch(f"blocks/{old}", {"image": image})
        except GoneError:
            raise
        except RejectedError as error:
            if error.status != 400:
                raise
            return Made(self._replace(picture, old, memory, theirs))
        return Made(old)

    def _replace(
        self, picture: Picture, old: str, memory: Mapping[str, Binding], theirs: str
    ) -> str:
        if self._client.get(f"blocks/{old}").get("type") != "image":
            raise GoneError("a person turned the picture into something else")
        for found in self.find(memory):
            if found.remote_id != old and found.is_untouched:
                # Left by a run that ended between the two steps below.
                self._client.delete(f"blocks/{found.remote_id}")
        # The upload of the refused swap may count as used.
        made = self._append(picture, self._upload(picture), memory, old, theirs)
        self._client.delete(f"blocks/{old}")
        return made

    def _append(
        self,
        picture: Picture,
        upload: str,
        memory: Mapping[str, Binding],
        after: str | None,
        theirs: str = "",
    ) -> str:
        hub = memory[self._hub].remote_id
        image = {
            "type": "file_upload",
            "file_upload": {"id": upload},
            "caption": text_items(theirs) if theirs else _caption(picture),
        }
        body: dict[str, Any] = {
            "children": [{"object": "block", "type": "image", "image": image}],
            "position": {"type": "after_block", "after_block": {"id": after}},
        }
        if after is None:
            del body["position"]
        try:
            answer = self._client.append(f"blocks/{hub}/children", body)
        except GoneError:
            raise
        except RejectedError as error:
            if error.status != 400 or body.pop("position", None) is None:
                raise
            # A person deleted the block that it belongs behind: it goes to the end of the page.
            answer = self._client.append(f"blocks/{hub}/children", body)
        # The answer lists the siblings behind the new block as well.
        made = next(iter(answer.get("results") or ()), None)
        if not isinstance(made, Mapping) or made.get("type") != "image" or "id" not in made:
            raise OutcomeUnknownError(
                "Notion's answer does not tell which block the picture is",
                hint="Run again; what was made is looked up first.",
            )
        return str(made["id"])

    def find(self, memory: Mapping[str, Binding]) -> list[Found]:
        """Return the blocks on the hub whose caption says that they are ours, oldest first."""
        if self._hub not in memory:
            return []
        found = [
            Found(
                str(block["id"]),
                _moment(block.get("created_time")),
                is_untouched=_editor(block, "created_by") == _editor(block, "last_edited_by"),
            )
            for block in self._client.pages(f"blocks/{memory[self._hub].remote_id}/children")
            if block.get("type") == "image"
            and not block.get("in_trash")
            and _caption_of(block).startswith(CAPTION.strip())
        ]
        return sorted(found, key=lambda one: one.created_at)

    def _upload(self, picture: Picture) -> str:
        """Return the id of an upload that holds the picture; a lost answer costs a second one."""
        content = picture.load()
        if len(content) > SINGLE_PART:
            raise RejectedError(
                f"the picture of the map has {len(content)} bytes, and Notion's smallest plan "
                f"takes {SINGLE_PART} a file",
                hint="Show fewer personas or stages, or use `cjm-sync export --format svg`.",
            )
        try:
            return self._send(content)
        except OutcomeUnknownError:
            pass
        try:
            return self._send(content)
        except OutcomeUnknownError as error:
            # What may have been made is no block, and must not be bound as one.
            raise TransientError(str(error), hint="Run again; nothing was lost.") from error

    def _send(self, content: bytes) -> str:
        begun = self._client.post(
            "file_uploads",
            {"mode": "single_part", "filename": NAME, "content_type": "image/png"},
            creates=True,
        )
        upload = str(begun.get("id"))
        sent = self._client.send_file(f"file_uploads/{upload}/send", (NAME, content, "image/png"))
        if sent.get("status") != "uploaded":
            raise OutcomeUnknownError(
                f"Notion calls the uploaded picture {sent.get('status')}", hint="Run again."
            )
        return upload


def _caption(picture: Picture) -> list[dict[str, Any]]:
    return text_items(f"{CAPTION}{picture.text}")


def _caption_of(block: Mapping[str, Any]) -> str:
    items = (block.get("image") or {}).get("caption") or ()
    return "".join(str(item.get("plain_text") or "") for item in items)


def _editor(block: Mapping[str, Any], name: str) -> Any:
    return (block.get(name) or {}).get("id")


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
