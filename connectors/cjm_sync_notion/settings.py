"""The `[notion]` table of the configuration."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from cjm_sync.ports import SecretReference

_ID = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])"
)


class NotionSettings(BaseModel):
    """Where to write, with which token, and how fast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretReference = "env:NOTION_TOKEN"  # noqa: S105 - a reference, not a secret
    base_url: str = "https://api.notion.com"
    parent_page: str
    plan: Literal["auto", "free", "plus", "business", "enterprise"] = "auto"
    language: Literal["en"] = "en"

    @field_validator("parent_page")
    @classmethod
    def _page_id(cls, value: str) -> str:
        """Take an id or any link to a page and keep the dashed id."""
        without_query = value.partition("?")[0].partition("#")[0].lower()
        found = _ID.findall(without_query)
        if not found:
            raise ValueError(
                "there is no page id in it; copy the page's link in Notion (Share → Copy link)"
            )
        return "-".join(found[-1])

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not re.match(r"https?://[^/]", value):
            raise ValueError(f"{value!r} is no address; write https://…")
        return value.rstrip("/")

    @property
    def budget_per_minute(self) -> int:
        """Return how many requests a minute the plan grants (it cannot be read from Notion)."""
        return 600 if self.plan in {"business", "enterprise"} else 180
