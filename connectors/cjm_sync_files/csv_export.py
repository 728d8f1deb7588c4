"""Write the map as one CSV in long form: a line for each number, ready for a pivot table.

The way in is `csv`. The numbers are those of the JSON export, unrounded, under the same names. It
begins with a byte order mark, without which spreadsheets read UTF-8 as something else, and a text
that a spreadsheet would run as a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv as stdlib_csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cjm_sync.journey.types import JourneyMap
from cjm_sync_files.json_export import json as json_exporter

HEADER = (
    "as_of", "journey", "table", "stage", "persona", "touchpoint", "rule", "subject", "field",
    "value", "withheld",
)  # fmt: skip
_PLACES = frozenset({"stage", "persona", "touchpoint", "rule", "subject"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("touchpoints", {"key": "touchpoint"}),
    ("personas", {"key": "persona"}),
    ("pains", {}),
    ("delights", {}),
    ("opportunities", {}),
    ("changes", {}),
)
"""Lists of the export after `stages`, with the names of what tells their rows apart."""

_NEVER_WITHHELD = frozenset({"moment_of_truth"})
"""Null because there was no test, which says nothing of the base."""

Line = tuple[Any, ...]
"""The parts of one line from `table` on."""

_FIELD = HEADER.index("field") - 2


class CsvExporter:
    """The exporter behind `export --format csv`."""

    suffix: str = ".csv"
    is_text: bool = True

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return the map as CSV (RFC 4180, UTF-8 with a byte order mark)."""
        # By way of the JSON: what is promised there, and nothing else, stands here too.
        document = json.loads(json_exporter.export(journey_map))
        out = io.StringIO(newline="")
        writer = stdlib_csv.writer(out, lineterminator="\r\n")
        writer.writerow(HEADER)
        for journey in document["journeys"]:
            for line in _journey(journey):
                writer.writerow(
                    [_safe(part) for part in (document["as_of"], journey["key"], *line)]
                )
        return out.getvalue().encode("utf-8-sig", errors="backslashreplace")


csv = CsvExporter()


def _journey(journey: Mapping[str, Any]) -> Iterator[Line]:
    for field in ("name", "unit"):
        yield _line("journey", {}, field, journey[field])
    yield from _fields("journey", {}, {"units": journey["units"]}, withheld=journey)
    if "onboarding" in journey:
        yield from _fields("journey", {}, {"onboarding": journey["onboarding"]}, withheld=journey)
    last = len(journey["stages"])
    for stage in journey["stages"]:
        place = {"stage": stage["key"]}
        yield from _fields("stages", place, {name: stage[name] for name in ("label", "order")})
        for cell in stage["cells"]:
            for line in _row("stages", cell, {}, place):
                # The last stage has no conversion, however many units it holds.
                none = stage["order"] == last and line[_FIELD].startswith("conversion")
                yield (*line[:-1], "") if none else line
    for table, names in _TABLES:
        for row in journey.get(table) or ():
            yield from _row(table, row, names, {})
    yield from _row("outcomes", journey["outcomes"], {}, {})
    coverage = journey.get("coverage")
    for name, value in (coverage or {}).items():
        if isinstance(value, list):
            for row in value:
                subject = "/".join(str(row.get(part) or "") for part in ("kind", "subject"))
                rest = {k: v for k, v in row.items() if k not in {"kind", "subject"}}
                yield from _fields("coverage", {"subject": subject}, rest)
        else:
            yield from _fields("coverage", {}, {name: value})


def _row(
    table: str, row: Mapping[str, Any], names: Mapping[str, str], place: Mapping[str, str]
) -> Iterator[Line]:
    """Yield the numbers of one object; *names* say which of its fields tell it apart."""
    known = dict(place)
    rest: dict[str, Any] = {}
    for name, value in row.items():
        as_place = names.get(name, name if name in _PLACES else None)
        if as_place is not None and isinstance(value, str):
            known[as_place] = value
        else:
            rest[name] = value
    yield from _fields(table, known, rest, withheld=row)


def _fields(
    table: str,
    place: Mapping[str, str],
    fields: Mapping[str, Any],
    *,
    withheld: Mapping[str, Any] | None = None,
    before: str = "",
) -> Iterator[Line]:
    reason = (withheld or {}).get("withheld", "")
    for name, value in fields.items():
        if name == "withheld":
            continue
        if isinstance(value, Mapping):
            yield from _fields(table, place, value, withheld=value, before=f"{before}{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield _line(table, place, f"{before}{name}", json.dumps(value, ensure_ascii=False))
        else:
            said = reason if value is None and name not in _NEVER_WITHHELD else ""
            yield _line(table, place, f"{before}{name}", value, said)


def _line(table: str, place: Mapping[str, str], field: str, value: Any, withheld: str = "") -> Line:
    where = (place.get(name, "") for name in HEADER[3:8])
    return (table, *where, field, _plain(value), withheld)


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _safe(value: Any) -> Any:
    """Return *value* so that no spreadsheet runs it; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return repr(value) if isinstance(value, float) else value
