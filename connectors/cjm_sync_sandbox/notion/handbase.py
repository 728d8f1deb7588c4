"""What every hand of a person needs: the sandbox, the user, and the book of deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cjm_sync_sandbox.notion.deeds import Deed, Ledger
from cjm_sync_sandbox.notion.errors import Json

if TYPE_CHECKING:
    from cjm_sync_sandbox.notion.app import NotionSandbox


class Hands:
    """Acts as one user, and notes what was done."""

    sandbox: NotionSandbox
    user: str

    def __init__(self, sandbox: NotionSandbox, user: str) -> None:
        self.sandbox = sandbox
        self.user = user
        self._ledger = Ledger()

    def call(self, method: str, path: str, body: Any = None) -> Json:
        """Do as the app what the API can do as well; nothing is noted."""
        status, answer = self.sandbox.call(method, path, body, as_user=self.user)
        if status != 200:
            raise ValueError(f"{method} {path}: {answer['message']}")
        return answer

    def _kind(self, thing_id: str) -> str:
        with self.sandbox.acting(self.user) as ws:
            if thing_id in ws.tables["databases"]:
                return "database"
            if thing_id in ws.tables["pages"]:
                return "page"
        raise ValueError(f"there is no page or database {thing_id}")

    def _is_block(self, thing_id: str) -> bool:
        with self.sandbox.acting(self.user) as ws:
            return thing_id in ws.tables["blocks"] and not (
                thing_id in ws.tables["databases"] or thing_id in ws.tables["pages"]
            )

    def _note(
        self, kind: str, target: str, part: str = "", name: str = "", *, ws: Any = None
    ) -> Deed:
        number = len(self.sandbox.requests)
        if ws is not None:
            return self._ledger.note(ws, kind, target, part, name, number)
        with self.sandbox.acting(self.user) as held:
            return self._ledger.note(held, kind, target, part, name, number)
