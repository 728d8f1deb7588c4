"""Lay new rows out by a template that a team made in Notion, where the configuration names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cjm_sync.errors import GoneError, RejectedError
from cjm_sync.model import Binding, Finding
from cjm_sync_notion.client import NotionClient, next_cursor
from cjm_sync_notion.settings import template_id


class Templates:
    """The templates *named* by database kind; each name is looked up once."""

    def __init__(
        self,
        client: NotionClient,
        named: Mapping[str, str],
        *,
        note: Callable[[Finding], None],
    ) -> None:
        self._client, self._named, self._note = client, named, note
        self._found: dict[str, str | None] = {}

    def for_rows(self, kind: str, home: Binding) -> str | None:
        """Return the id of the template for new rows of *kind*, None when there is none to use.

        A name that no template has, or two have, is a finding, and rows are made without.
        """
        name = self._named.get(kind)
        if name is None:
            return None
        if kind not in self._found:
            self._found[kind] = template_id(name) or self._look(kind, name, home)
        return self._found[kind]

    def _look(self, kind: str, name: str, home: Binding) -> str | None:
        path = f"data_sources/{home.detail['data_source_id']}/templates"
        try:
            listed = self._listed(path, name)
        except GoneError:
            raise
        except RejectedError as error:
            listed, why = [], str(error)
        else:
            why = f"{len(listed) or 'no'} templates are called so"
        if len(listed) == 1:
            return listed[0]
        self._note(
            Finding(
                "template_unknown",
                kind,
                f"new rows of {kind} are made without the template {name!r}: {why}",
                f"Correct notion.templates.{kind}, or write the template's link.",
            )
        )
        return None

    def _listed(self, path: str, name: str) -> list[str]:
        found: list[str] = []
        seen: set[str] = set()
        query: dict[str, Any] = {"name": name}
        while True:
            # Found by any part of the name, so the whole is compared here.
            answer = self._client.get(path, query)
            found += [
                str(one["id"])
                for one in answer.get("templates") or ()
                if str(one.get("name")).strip().casefold() == name.strip().casefold()
            ]
            cursor = next_cursor(answer, seen, path)
            if cursor is None:
                return found
            query["start_cursor"] = cursor
