"""Turn a journey map into the workspace as it should be: frame, rows, and the row of a run.

`frame` is what is made once, `rows` what every run compares cell by cell. Both are pure: the same
map gives the same values, already rounded and in the form in which Notion gives them back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cjm_sync.journey.types import EVERYONE, Journey, JourneyMap
from cjm_sync.model import Cell, Choice, Page
from cjm_sync.ports import Figures
from cjm_sync_notion import column_parts, columns
from cjm_sync_notion.journey_rows import journey_rows
from cjm_sync_notion.names import EVERYONE_LABEL, Names
from cjm_sync_notion.rounding import whole
from cjm_sync_notion.template import hub
from cjm_sync_notion.values import cleaned, settled
from cjm_sync_notion.views import journey_views
from cjm_sync_notion.workspace import (
    SYNC_KEY,
    Column,
    Database,
    Frame,
    Option,
    OptionName,
    View,
    marker,
)

RUN_ROWS = 50
"""The ring of runs: so many rows are used again and again."""

NOT_ENOUGH = "not enough data"
NAMED_VALUES = 20
_STAGE_COLORS = ("blue", "purple", "pink", "orange", "green", "yellow", "red", "brown")
_SERIES_COLORS = ("green", "blue", "orange", "purple", "yellow", "pink", "brown", "red")


def frame(journey_map: JourneyMap, *, installation: str) -> Frame:
    """Return hub, databases in building order, and views for *journey_map*.

    A database's description ends in its marker. Views that share an anchor stand in reverse,
    because each new one is placed directly below the anchor, above the one before it.
    """
    names = Names.of(journey_map)
    currencies = {journey.currency for journey in journey_map.journeys}
    databases = tuple(
        _database(database, names=names, currencies=currencies, installation=installation)
        for database in columns.DATABASES
    )
    return Frame(
        hub=hub(installation, outcomes=outcomes_text(journey_map)),
        databases=databases,
        views=tuple(_views(journey_map, names=names, databases=databases)),
    )


def rows(journey_map: JourneyMap, *, bound: Collection[str]) -> tuple[Page, ...]:
    """Return every row that should be there: personas, then stages, then touchpoints.

    A key of *bound* whose subject is still known but has no row in the map gives a row with State
    "no data" and empty numbers; a key of an unknown subject gives none.
    """
    names = Names.of(journey_map)
    pages = [
        page
        for journey in journey_map.journeys
        for page in journey_rows(journey, names=names, bound=bound)
    ]
    order = [database.kind for database in columns.DATABASES]
    return tuple(
        replace(page, cells=_settled(page.collection, page.cells))
        for page in sorted(pages, key=lambda page: order.index(page.collection))
    )


def run_row(report: Figures, *, index: int) -> Page:
    """Return the row of a run in the ring: its key is `_/run/{00–49}`, whatever *index* counts."""
    key = f"_/run/{index % RUN_ROWS:02d}"
    cells: dict[str, Cell] = {
        "name": f"{report.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "outcome": Choice(report.outcome, report.outcome),
        "as_of": report.as_of,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "kept": report.kept,
        "archived": report.archived,
        "requests_source": report.requests_source,
        "requests_target": report.requests_target,
        "findings": report.findings,
        "run_id": report.run_id,
        SYNC_KEY: key,
    }
    return Page(key, "runs", _settled("runs", cells))


def status_text(*, as_of: datetime, timezone: ZoneInfo, outcome: str) -> str:
    """Return the status line of the hub: when the numbers are from, in the people's time zone."""
    moment = f"{as_of.astimezone(timezone):%Y-%m-%d %H:%M} ({timezone})"
    match outcome:
        case "done":
            return f"Last refreshed {moment}."
        case "partial":
            return (
                f"Last refreshed {moment}, in part: something could not be read or written. "
                "The table Runs says more."
            )
        case _:
            return (
                f"The run of {moment} ended as {outcome}; the numbers may be older. "
                "The table Runs says more."
            )


def outcomes_text(journey_map: JourneyMap) -> str:
    """Return the line on units that are in no stage or asleep in one, a line per journey."""
    lines = [_outcomes(journey) for journey in journey_map.journeys]
    if len(lines) == 1:
        return cleaned(f"In no stage now: {lines[0]}", one_line=True)
    return "\n".join(
        cleaned(f"In no stage now ({journey.name}): {line}", one_line=True)
        for journey, line in zip(journey_map.journeys, lines, strict=True)
    )


def _outcomes(journey: Journey) -> str:
    outcomes = journey.outcomes
    return (
        f"lost {_count(outcomes.lost)}, churned {_count(outcomes.churned)}. "
        f"In a stage but dormant: {_count(outcomes.dormant)}. {_unmapped(journey)}."
    )


def _unmapped(journey: Journey) -> str:
    """Return how many units no rule maps: a flag, for such a unit can be in a stage all the same."""
    match journey.outcomes.unmapped:
        case None:
            many = f"Units with a lifecycle value that no rule maps: {NOT_ENOUGH}"
        case 0:
            many = "No unit has a lifecycle value that no rule maps"
        case number:
            of = "" if journey.units is None else f"Of {whole(journey.units)} units "
            many = f"{of}{number} have a lifecycle value that no rule maps"
    values = [f"{label} ({_count(count)})" for label, count in journey.unmapped_values]
    more = len(values) - NAMED_VALUES
    listed = ", ".join(values[:NAMED_VALUES]) + (f" and {more} more" if more > 0 else "")
    return f"{many}: {listed}" if values else many


def _count(value: int | None) -> str:
    return NOT_ENOUGH if value is None else str(whole(value))


def _settled(kind: str, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    database = next(database for database in columns.DATABASES if database.kind == kind)
    return {key: settled(database.column(key), cell) for key, cell in cells.items()}


def _database(
    database: Database, *, names: Names, currencies: Collection[str], installation: str
) -> Database:
    """Return *database* with the options and the money format of this account."""
    currency = next(iter(currencies)) if len(currencies) == 1 else ""
    money = column_parts.MONEY_FORMATS.get(currency.upper(), column_parts.MONEY)
    filled: list[Column] = []
    for column in database.columns:
        if column.key in column_parts.AMOUNTS:
            filled.append(replace(column, number_format=money))
        elif column.type == "select" and column.owner == "sync" and not column.options:
            filled.append(replace(column, options=tuple(_options(column.key, names))))
        else:
            filled.append(column)
    mark = marker(installation, database.kind)
    return replace(database, description=f"{database.description} {mark}", columns=tuple(filled))


def _options(column: str, names: Names) -> Iterator[Option]:
    colors = _STAGE_COLORS if column == "stage" else _SERIES_COLORS
    position = 0
    for key, label in names.column(column).items():
        if column == "persona" and key == EVERYONE:
            yield Option(key, label, "gray")
            continue
        yield Option(key, label, colors[position % len(colors)])
        position += 1


def _views(
    journey_map: JourneyMap, *, names: Names, databases: tuple[Database, ...]
) -> Iterator[View]:
    journeys = journey_map.journeys
    stages = set(names.stages)
    for journey in reversed(journeys):
        label = names.journeys[journey.key]
        yield from journey_views(
            databases,
            journey=OptionName("journey", journey.key, label),
            everyone=OptionName("persona", EVERYONE, names.personas.get(EVERYONE, EVERYONE_LABEL)),
            suffix=f" · {label}" if len(journeys) > 1 else "",
            # An empty stage of this journey is worth seeing, one of another journey is not.
            hide_empty_stages={stage.key for stage in journey.stages} != stages,
        )
