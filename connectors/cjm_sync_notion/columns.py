"""The one table of databases and columns: Notion type, owner, export field, meaning.

Everything that is written, the schema, and docs/notion-columns.md come from `DATABASES`; each
database is declared in a module of its own kind. Options that depend on the account (stages,
personas, channels, journeys) are added by `render`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cjm_sync_notion.columns_insight import HISTORY, OPPORTUNITIES, PAINS
from cjm_sync_notion.columns_map import PERSONAS, STAGES, TOUCHPOINTS
from cjm_sync_notion.columns_runs import RUNS
from cjm_sync_notion.columns_units import JOURNEYS
from cjm_sync_notion.workspace import Column, Database

DATABASES: tuple[Database, ...] = (
    PERSONAS,
    STAGES,
    TOUCHPOINTS,
    PAINS,
    OPPORTUNITIES,
    HISTORY,
    JOURNEYS,
    RUNS,
)
"""In building order: a relation points to a database that stands before it."""

BY_KIND: Mapping[str, Database] = {database.kind: database for database in DATABASES}

__all__ = [
    "BY_KIND",
    "DATABASES",
    "HISTORY",
    "JOURNEYS",
    "OPPORTUNITIES",
    "OVERLAY_COLUMNS",
    "PAINS",
    "PERSONAS",
    "RUNS",
    "STAGES",
    "TOUCHPOINTS",
    "columns_markdown",
]

OVERLAY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "personas": ("reviewed_on",),
    "stages": ("target_days", "emotion_override", "reviewed_on"),
    "touchpoints": ("emotion_override", "reviewed_on"),
    "opportunities": ("effort", "owner", "decision", "reviewed_on"),
}
"""By database kind the people's columns whose cells a scan brings back (`Observed.people`)."""


def columns_markdown() -> str:
    """Return the table as the document docs/notion-columns.md."""
    return "\n".join(_document())


def _document() -> Iterator[str]:
    yield "# Columns in Notion"
    yield ""
    yield "Generated from `cjm_sync_notion/columns.py`. Columns of the owner *sync* are refreshed by"
    yield "the sync; columns of the owner *people* are created empty and never written again. The"
    yield "export field is the one of `cjm-sync export --format json`. Columns are known by their id:"
    yield "rename them as you like."
    for database in DATABASES:
        yield ""
        yield f"## {database.title}"
        yield ""
        yield database.description
        yield ""
        yield "| Column | Key | Notion type | Owner | Export field | Description |"
        yield "|---|---|---|---|---|---|"
        for column in database.columns:
            export = f"`{column.export}`" if column.export else ""
            cells = (column.name, f"`{column.key}`", _type(column), column.owner, export,
                     column.description)  # fmt: skip
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def _type(column: Column) -> str:
    if column.type == "number" and column.number_format == "percent":
        return "number (percent)"
    if column.relates_to:
        return f"relation → {column.relates_to}"
    return column.type
