"""Tell our options from their names: people rename them, and the API lets nobody rename them back.

All views filter by the ids of options, so one that is made anew under its own name would leave them
empty. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from cjm_sync.model import Choice, Finding, Page
from cjm_sync_notion.column_parts import STATE
from cjm_sync_notion.workspace import Database, Option

JOURNEY = "journey"
GIVEN = "given"
"""Where a database's memory keeps the names that the configuration ever gave its journeys."""

_RETIRED, _UNITS = "retired", "units"
_PLAIN = "default"  # what Notion may give any option, so that it tells nothing


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a column lacks and has too much: our option keys, and the colours of options by id."""

    missing: frozenset[str]
    free: Mapping[str, str]


def unknown(
    database: Database,
    ids: Mapping[str, str],
    known: Mapping[str, Mapping[str, str]],
    source: Mapping[str, Any],
) -> dict[str, Unknown]:
    """Return the columns in which options of ours may go by another name, by column key.

    *known* are the ids of those that were found by name.
    """
    by_id = {
        str(held.get("id")): held
        for held in (source.get("properties") or {}).values()
        if isinstance(held, Mapping)
    }
    found: dict[str, Unknown] = {}
    for column in database.columns:
        if column.key not in known:
            continue
        missing = {option.key for option in column.options} - known[column.key].keys()
        taken = set(known[column.key].values())
        free = {
            str(option["id"]): str(option.get("color"))
            for option in (by_id[ids[column.key]].get("select") or {}).get("options") or ()
            if isinstance(option, Mapping) and option.get("id") and option["id"] not in taken
        }
        if missing and free:
            found[column.key] = Unknown(frozenset(missing), free)
    return found


@dataclass(slots=True)
class Ballot:
    """Which option of the *open* columns stands in rows that are wished to have which of ours."""

    database: Database
    open: Mapping[str, Unknown]
    wished: Mapping[str, Page]
    """The rows of the database, by key."""
    _votes: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _asked: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        """Note which of the missing options rows should have."""
        self._asked = frozenset(
            (column, cell.key)
            for page in self.wished.values()
            for column, here in self.open.items()
            if isinstance(cell := page.cells.get(column), Choice) and cell.key in here.missing
        )

    @property
    def is_clear(self) -> bool:
        """Tell whether each missing option that a row should have was met under some name."""
        return self._asked <= self._seen

    def count(self, key: str, row: Mapping[str, Any], ids: Mapping[str, str]) -> None:
        """Count what stands in the *row* of this key."""
        page = self.wished.get(key)
        cells = {
            unquote(str(held.get("id"))): held
            for held in (row.get("properties") or {}).values()
            if isinstance(held, Mapping)
        }
        for column, here in self.open.items():
            chosen = cells.get(unquote(ids[column]), {}).get("select")
            option_id = str(chosen.get("id")) if isinstance(chosen, Mapping) else ""
            if option_id not in here.free:
                continue
            cell = page.cells.get(column) if page is not None else None
            if isinstance(cell, Choice):
                wanted = cell.key
            elif key and page is None and column == STATE and self.database.kind != _UNITS:
                wanted = _RETIRED  # a row of ours whose subject is gone, not its pseudonym
            else:
                continue
            self._votes[column, option_id][wanted] += 1
            self._seen.add((column, wanted))

    def result(self) -> dict[str, dict[str, str]]:
        """Return the ids of missing options by column and option key.

        An option is the one that most of its rows are wished to have. One that no row is wished to
        have is known by the colour we gave it, where no other has it.
        """
        found: dict[str, dict[str, str]] = defaultdict(dict)
        best: dict[tuple[str, str], int] = {}
        for (column, option_id), votes in self._votes.items():
            (key, count) = votes.most_common(1)[0]
            if key in self.open[column].missing and count > best.get((column, key), 0):
                best[column, key] = count
                found[column][key] = option_id
        for column, here in self.open.items():
            options = self.database.column(column).options
            voted = {option_id for at, option_id in self._votes if at == column}
            theirs = [color for id_, color in here.free.items() if id_ not in voted]
            ours = [option.color for option in options if option.key in here.missing]
            for option in options:
                if (
                    option.key in here.missing
                    and option.key not in found[column]
                    and (column, option.key) not in self._asked
                    and option.color != _PLAIN
                    and (ours.count(option.color), theirs.count(option.color)) == (1, 1)
                ):
                    found[column][option.key] = next(
                        id_
                        for id_, color in here.free.items()
                        if color == option.color and id_ not in voted
                    )
        return {column: keys for column, keys in found.items() if keys}


def newly_given(database: Database, detail: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return by key all names of a journey option, where memory (*detail*) lacks today's."""
    given: Mapping[str, Sequence[str]] = detail.get(GIVEN, {})
    return {
        option.key: [*given.get(option.key, ()), option.label]
        for option in _journeys(database)
        if option.label not in given.get(option.key, ())
    }


def kept_names(
    database: Database, detail: Mapping[str, Any], live: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Return the journeys that the configuration renamed and Notion did not: key to (old, new).

    *live* are Notion's options, name to id. One that people renamed is theirs to name.
    """
    given: Mapping[str, Sequence[str]] = detail.get(GIVEN, {})
    known = detail.get("options", {}).get(JOURNEY, {})
    names = {option_id: name for name, option_id in live.items()}
    found: dict[str, tuple[str, str]] = {}
    for option in _journeys(database):
        name = names.get(known.get(option.key, ""), option.label)
        if name != option.label and name in given.get(option.key, ()):
            found[option.key] = (name, option.label)
    return found


def name_findings(
    kept: Mapping[str, Mapping[str, tuple[str, str]]], databases: Mapping[str, Database]
) -> Iterator[Finding]:
    """Yield a finding for each journey in *kept*, which is what `kept_names` says by database."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for kind, names in kept.items():
        for key, (old, new) in names.items():
            where.setdefault((key, old, new), []).append(databases[kind].title)
    for (key, old, new), titles in where.items():
        yield Finding(
            "journey_name_kept",
            key,
            f"the journey {new!r} is still called {old!r} in Notion: the API renames no option",
            f"Rename the option {old!r} of the column Journey in {', '.join(titles)}; its rows and "
            "views stay as they are.",
        )


def _journeys(database: Database) -> Sequence[Option]:
    return next((column.options for column in database.columns if column.key == JOURNEY), ())
