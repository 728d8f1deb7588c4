"""Turn a journey map into the workspace as it should be: frame, rows, and the row of a run.

`frame` is what is made once, `rows` what every run compares cell by cell. Both are pure: the same
map gives the same values, already rounded and in the form in which Notion gives them back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cjm_sync.journey.types import EVERYONE, Journey, JourneyMap
from cjm_sync.model import Cell, Choice, Page
from cjm_sync.ports import AGGREGATE, Disclosure, Figures
from cjm_sync_notion import column_parts, columns
from cjm_sync_notion.changes import changed_text
from cjm_sync_notion.history_rows import History, history_rows
from cjm_sync_notion.insight_rows import insight_rows
from cjm_sync_notion.journey_rows import journey_rows
from cjm_sync_notion.names import Names
from cjm_sync_notion.rounding import whole
from cjm_sync_notion.row_parts import Known, key_parts, row_key
from cjm_sync_notion.template import hub
from cjm_sync_notion.unit_rows import unit_moves, unit_rows
from cjm_sync_notion.values import cleaned, settled, within_row
from cjm_sync_notion.views import WITH_DASHBOARDS, Plan, Scene, journey_views
from cjm_sync_notion.workspace import (
    SYNC_KEY,
    Column,
    Database,
    Frame,
    Option,
    OptionName,
    View,
    database_key,
    marker,
)

RUN_ROWS = 50
"""The ring of runs: so many rows are used again and again."""

NOT_ENOUGH = "not enough data"
NAMED_VALUES = 20
_PLURALS = {"company": "companies"}
SMALLEST = 5
"""A smaller count of units is not shown."""
UTC_ZONE = ZoneInfo("UTC")
_STAGE_COLORS = ("blue", "purple", "pink", "orange", "green", "yellow", "red", "brown")
_SERIES_COLORS = ("green", "blue", "orange", "purple", "yellow", "pink", "brown", "red")


@dataclass(frozen=True, slots=True)
class How:
    """What the configuration says of showing: *timezone* cuts months, *plan* is the workspace's."""

    timezone: ZoneInfo = UTC_ZONE
    history: History = "monthly"
    plan: Plan = "auto"
    disclosure: Disclosure = AGGREGATE


DEFAULTS = How()


def frame(
    journey_map: JourneyMap, *, installation: str, how: How = DEFAULTS, bound: Collection[str] = ()
) -> Frame:
    """Return hub, databases in building order, and views for *journey_map*.

    A database's description ends in its marker. Views that share an anchor stand in reverse,
    because each new one is placed directly below the anchor, above the one before it. The table of
    single units is there once they may be shown, and stays when they may not any more.
    """
    names = Names.of(journey_map, identities=_identities(journey_map, bound))
    currencies = {journey.currency for journey in journey_map.journeys}
    has_units = how.disclosure.detail != "aggregate" or database_key("units") in bound
    databases = tuple(
        _database(database, names=names, currencies=currencies, installation=installation)
        for database in columns.DATABASES
        if database.kind != "units" or has_units
    )
    return Frame(
        hub=hub(
            installation,
            outcomes=outcomes_text(journey_map),
            changed=changed_text(journey_map),
            has_dashboard=how.plan in WITH_DASHBOARDS,
            has_units=has_units,
        ),
        databases=databases,
        views=tuple(_views(journey_map, names=names, has_units=has_units, plan=how.plan)),
    )


def rows(
    journey_map: JourneyMap, *, bound: Collection[str], how: How = DEFAULTS
) -> tuple[Page, ...]:
    """Return every row that should be there, database by database in building order.

    A key of *bound* whose subject is still known but has no row in the map gives a row with State
    "no data" and empty numbers; a key of an unknown subject gives none. Of pains, opportunities and
    history a bound row stays as it was.
    """
    names = Names.of(journey_map, identities=_identities(journey_map, bound))
    pages: list[Page] = []
    for journey in journey_map.journeys:
        renamed = _renamed(journey, bound)
        keys = frozenset(renamed.get(key, key) for key in bound)
        known = Known.of(journey, bound=keys)
        leads = unit_moves(journey, disclosure=how.disclosure, bound=keys)
        pages += journey_rows(journey, names=names, known=known, bound=keys)
        pages += insight_rows(journey, names=names, known=known, bound=keys)
        pages += history_rows(
            journey,
            as_of=journey_map.as_of,
            timezone=how.timezone,
            history=how.history,
            names=names,
            known=known,
            bound=keys,
        )
        pages += unit_rows(
            journey,
            disclosure=how.disclosure,
            names=names,
            known=known,
            bound=keys,
            moves=leads,
        )
    order = [database.kind for database in columns.DATABASES]
    return tuple(
        replace(page, cells=_settled(page.collection, page.cells))
        for page in sorted(pages, key=lambda page: order.index(page.collection))
    )


def moves(
    journey_map: JourneyMap, *, bound: Collection[str], how: How = DEFAULTS
) -> dict[str, str]:
    """Return which *bound* keys lead to which, for rows whose subject goes by another key now.

    A journey has a new key, a unit was merged into another, or may be shown under another name.
    """
    found: dict[str, str] = {}
    for journey in journey_map.journeys:
        renamed = _renamed(journey, bound)
        keys = frozenset(renamed.get(key, key) for key in bound)
        units = unit_moves(journey, disclosure=how.disclosure, bound=keys)
        for key in bound:
            new = renamed.get(key, key)
            new = units.get(new, new)
            if new != key:
                found[key] = new
    return found


def _renamed(journey: Journey, bound: Collection[str]) -> dict[str, str]:
    """Return the keys that the *bound* rows of the journey's former keys have today."""
    renamed: dict[str, str] = {}
    for former in journey.formerly:
        for key in bound:
            parts = key_parts(key, former)
            if parts is not None:
                kind, rest = parts
                renamed[key] = row_key(journey.key, kind, *rest)
    return renamed


def _identities(journey_map: JourneyMap, bound: Collection[str]) -> dict[str, str]:
    """Return the former key of each journey whose views were made under it.

    Its option and its views stay what they were: a view that filters by another option would show
    nothing.
    """
    seen = {key.split("/")[2] for key in bound if key.startswith("_/view/")}
    return {
        journey.key: next((former for former in journey.formerly if former in seen), journey.key)
        for journey in journey_map.journeys
    }


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
        f"{_left_out(journey)}"
    )


def _left_out(journey: Journey) -> str:
    """Return how many units have no row of their own, where units have rows at all."""
    if journey.travellers is None or not journey.left_out:
        return ""
    many = whole(journey.left_out) if journey.left_out >= SMALLEST else f"fewer than {SMALLEST}"
    return f" Without a row in Journeys: {many}."


def _unmapped(journey: Journey) -> str:
    """Return how many units no rule maps: a flag, for such a unit can be in a stage all the same."""
    one = journey.unit
    many = _PLURALS.get(one, f"{one}s")
    match journey.outcomes.unmapped:
        case None:
            said = f"{many.capitalize()} with a lifecycle value that no rule maps: {NOT_ENOUGH}"
        case 0:
            said = f"No {one} has a lifecycle value that no rule maps"
        case number:
            of = "" if journey.units is None else f"Of {whole(journey.units)} {many} "
            said = f"{of}{number} have a lifecycle value that no rule maps"
    values = [f"{label} ({_count(count)})" for label, count in journey.unmapped_values]
    more = len(values) - NAMED_VALUES
    listed = ", ".join(values[:NAMED_VALUES]) + (f" and {more} more" if more > 0 else "")
    return f"{said}: {listed}" if values else said


def _count(value: int | None) -> str:
    return NOT_ENOUGH if value is None else str(whole(value))


def _settled(kind: str, cells: Mapping[str, Cell]) -> dict[str, Cell]:
    database = columns.BY_KIND[kind]
    return within_row({key: settled(database.column(key), cell) for key, cell in cells.items()})


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


def _views(journey_map: JourneyMap, *, names: Names, has_units: bool, plan: Plan) -> Iterator[View]:
    journeys = journey_map.journeys
    stages = set(names.stages)
    for journey in reversed(journeys):
        identity = names.journey(journey.key)
        option = OptionName("journey", identity, names.journeys[identity])
        everyone = names.choice("persona", EVERYONE)
        yield from journey_views(
            Scene(
                key=identity,
                journey=option,
                everyone=OptionName("persona", everyone.key, everyone.label),
                suffix=f" · {option.label}" if len(journeys) > 1 else "",
                # An empty stage of this journey is worth seeing, one of another is not.
                hide_empty_stages={stage.key for stage in journey.stages} != stages,
                personas=tuple(_personas(journey, names)),
                plan=plan,
                has_units=has_units,
            )
        )


def _personas(journey: Journey, names: Names) -> Iterator[tuple[str, OptionName]]:
    """Yield row and option of each persona that has an option of its own, Everyone aside."""
    for persona in journey.personas:
        choice = names.choice("persona", persona.key)
        if persona.key != EVERYONE and choice.key == persona.key:
            option = OptionName("persona", choice.key, choice.label)
            yield row_key(journey.key, "persona", persona.key), option
