"""The `[notion]` table of the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from cjm_sync.ports import SecretReference
from cjm_sync_notion.columns import DATABASES

_ID = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])"
)
_KINDS = tuple(database.kind for database in DATABASES if database.kind != "runs")
"""Databases that people may give or lay out; the log of runs is ours alone."""


def _dashed(value: str) -> str | None:
    """Return the last id in *value*, an id or any link to a page or database."""
    found = _ID.findall(value.partition("?")[0].partition("#")[0].lower())
    return "-".join(found[-1]) if found else None


def _database_id(value: str) -> str:
    found = _dashed(value)
    if found is None:
        raise ValueError(
            "there is no database id in it; copy the database's link in Notion (Share → Copy link)"
        )
    return found


def _check_kinds(value: Mapping[str, object]) -> Mapping[str, object]:
    for kind in value:
        if kind not in _KINDS:
            raise ValueError(f"there is no database {kind!r}; write one of {', '.join(_KINDS)}")
    return value


class AdoptTable(BaseModel):
    """A database of people's to be used in place of a new one.

    *match* names the text column by which existing rows are matched, the title when empty; *columns*
    leads from our column keys to the names that people gave theirs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: Annotated[str, AfterValidator(_database_id)]
    match: str = ""
    columns: Mapping[str, str] = Field(default_factory=dict)


class NotionSettings(BaseModel):
    """Where to write, with which token, and how fast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretReference = "env:NOTION_TOKEN"  # noqa: S105 - a reference, not a secret
    base_url: str = "https://api.notion.com"
    parent_page: str
    plan: Literal["auto", "free", "plus", "business", "enterprise"] = "auto"
    language: Literal["en"] = "en"
    history: Literal["monthly", "everyone", "off"] = "monthly"
    adopt: Annotated[Mapping[str, AdoptTable], AfterValidator(_check_kinds)] = Field(
        default_factory=dict
    )
    templates: Annotated[Mapping[str, str], AfterValidator(_check_kinds)] = Field(
        default_factory=dict
    )

    @field_validator("parent_page")
    @classmethod
    def _page_id(cls, value: str) -> str:
        """Take an id or any link to a page and keep the dashed id."""
        found = _dashed(value)
        if found is None:
            raise ValueError(
                "there is no page id in it; copy the page's link in Notion (Share → Copy link)"
            )
        return found

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not re.match(r"https?://[^/]", value):
            raise ValueError(f"{value!r} is no address; write https://…")
        return value.rstrip("/")

    @field_validator("adopt")
    @classmethod
    def _is_sound(cls, value: Mapping[str, AdoptTable]) -> Mapping[str, AdoptTable]:
        """Refuse one database for two kinds, and columns that we do not have."""
        used: dict[str, str] = {}
        for kind, table in value.items():
            twin = used.setdefault(table.database, kind)
            if twin != kind:
                raise ValueError(f"{twin} and {kind} name the same database")
            known = [c.key for d in DATABASES if d.kind == kind for c in d.columns]
            for column in table.columns:
                if column not in known:
                    raise ValueError(
                        f"{kind} has no column with the key {column!r}; docs/notion-columns.md "
                        "lists the keys"
                    )
        return value

    @property
    def budget_per_minute(self) -> int:
        """Return how many requests a minute the plan grants (it cannot be read from Notion)."""
        return 600 if self.plan in {"business", "enterprise"} else 180


def template_id(value: str) -> str | None:
    """Return the id in *value*, or None when it is the name of a template."""
    return _dashed(value)
