"""Turn cells into Notion's property values and back, so that both sides can be compared.

`settled` gives a cell the form in which it can stand in Notion; `encode` writes a settled cell and
`decode` reads it back, so that `decode(encode(cell)) == canonical(cell)`. What we did not write
decodes to something that equals no written value: an option without our key is
`{"choice_name", "choice_id"}`, an unknown page is its id with `page:` before it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from cjm_sync.model import Cell, Choice, Link
from cjm_sync_notion.workspace import Column, ColumnId, Database, OptionName

ITEM_UNITS = 2_000  # documented limit of one rich text item; counted as UTF-16, the stricter way
TEXT_ITEMS = 100  # documented limit of rich text items in one array
TEXT_BYTES = 240_000  # at most doubled by JSON escapes, this stays under 500 KB a request
NAME_UNITS = 100  # of an option; Notion documents none, its own interface stops here
SCHEMA_OPTIONS = 100  # documented limit of an array; further options arise when a row needs them
MARK_ROOM = 40  # what is added to a text that was cut, or to a name that has a twin

REFERENCES = 100  # documented limit of a relation in one request
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Lookup = Callable[[str, str], str | None]


def _nothing(_column: str, _key: str) -> str | None:
    return None


def _no_page(_page_id: str) -> str | None:
    return None


def units(text: str) -> int:
    """Return the length of *text* in UTF-16 units, as Notion's limits count it."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def cleaned(text: str, *, one_line: bool = False) -> str:
    """Return *text* without what JSON or Notion cannot carry: controls and half characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        "\ufffd" if "\ud800" <= character <= "\udfff" else character
        for character in lines
        if character in "\n\t" or unicodedata.category(character) != "Cc"
    )
    return " ".join(kept.split()) if one_line else kept.strip()


def _cut(text: str, *, room_bytes: int = TEXT_BYTES) -> str:
    """Return *text* within the limits of one property, saying how much was cut."""
    room_units = ITEM_UNITS * TEXT_ITEMS
    # Splitting never breaks a pair, so an item may hold one unit less than its limit.
    room_units -= TEXT_ITEMS
    if units(text) <= room_units and len(text.encode()) <= room_bytes:
        return text
    end = size = weight = 0
    for character in text:
        size += units(character)
        weight += len(character.encode())
        if size > room_units - MARK_ROOM or weight > room_bytes - MARK_ROOM * 4:
            break
        end += 1
    return f"{text[:end].rstrip()} … ({len(text) - end} more characters)"


def text_items(text: str) -> list[dict[str, Any]]:
    """Return *text* as plain rich text items: no link, mention or markup can arise from it."""
    items: list[str] = []
    start = size = 0
    whole = _cut(cleaned(text))
    for index, character in enumerate(whole):
        width = units(character)
        if size + width > ITEM_UNITS:
            items.append(whole[start:index])
            start, size = index, 0
        size += width
    if start < len(whole):
        items.append(whole[start:])
    return [{"type": "text", "text": {"content": item}} for item in items]


def option_name(label: str, *, key: str = "") -> str:
    """Return *label* as Notion takes an option's name: one line, no comma, at most 100 long."""
    name = cleaned(label, one_line=True).replace(",", "‚")
    if not name:
        name = cleaned(key, one_line=True).replace(",", "‚") or "–"
    return _within(name, NAME_UNITS)


def _within(name: str, room: int) -> str:
    if units(name) <= room:
        return name
    while units(name) > room - 1:
        name = name[:-1]
    return name.rstrip() + "…"


def option_names(
    choices: Iterable[tuple[str, str]], *, taken: Collection[str] = ()
) -> dict[str, str]:
    """Return a name for every (key, label), no two alike in any case, nor like one *taken*.

    The first label of a key counts. Every twin is told apart by its key, whatever the order: a twin
    that turns up later then never takes the name that an option has in Notion already.
    """
    plain: dict[str, str] = {}
    for key, label in choices:
        plain.setdefault(key, option_name(label, key=key))
    wanted = Counter([name.casefold() for name in (*plain.values(), *set(taken))])
    used = {name.casefold() for name in taken}
    used |= {name for name, times in wanted.items() if times == 1}
    names: dict[str, str] = {}
    for key in sorted(plain):
        name = plain[key]
        if wanted[name.casefold()] > 1:
            name = _told_apart(name, key, used)
        used.add(name.casefold())
        names[key] = name
    return {key: names[key] for key in plain}


def _told_apart(name: str, key: str, used: Collection[str]) -> str:
    """Return *name* with its key behind it, or, where that is no help, with a digest of the key."""
    digest = sha256(key.encode(errors="surrogatepass")).hexdigest()
    marks = (_within(option_name(key), MARK_ROOM), *(digest[:size] for size in range(4, 65)))
    attempts = (f"{_within(name, NAME_UNITS - units(mark) - 3)} ({mark})" for mark in marks)
    return next(attempt for attempt in attempts if attempt.casefold() not in used)


def settled(column: Column, cell: Cell) -> Cell:
    """Return *cell* in the form that *column* gives back when it is read."""
    match cell:
        case Choice(key=key, label=label):
            return Choice(key, option_name(label, key=key))
        case Link(keys=keys):
            return Link(tuple(dict.fromkeys(keys))) if keys else None
        case str() if column.type == "url" and units(cleaned(cell, one_line=True)) > ITEM_UNITS:
            return None  # a part of an address leads elsewhere
        case datetime():
            return cell.astimezone(UTC).replace(second=0, microsecond=0)
        case str():
            text = cleaned(cell, one_line=column.type in {"title", "url"})
            return _cut(text) or None
        case None if column.type == "checkbox":
            return False
        case float() if not math.isfinite(cell):
            return None
        case float() if cell.is_integer():
            return int(cell)
        case _:
            return cell


def within_row(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return *cells* with their texts cut so that the whole row fits one request of 500 KB.

    The longest texts are cut first, all to one length, each saying by how much.
    """
    sizes = {key: len(cell.encode()) for key, cell in cells.items() if isinstance(cell, str)}
    if sum(sizes.values()) <= TEXT_BYTES:
        return dict(cells)
    room, left = TEXT_BYTES, len(sizes)
    for size in sorted(sizes.values()):
        if size * left > room:
            break
        room, left = room - size, left - 1
    share = room // left
    return {
        key: _cut(cell, room_bytes=share) if isinstance(cell, str) and sizes[key] > share else cell
        for key, cell in cells.items()
    }


def encode(
    column: Column, cell: Cell, *, option_id: Lookup, page_id: Callable[[str], str | None]
) -> dict[str, Any]:
    """Return *cell* as the property value that Notion takes for *column*.

    *option_id* turns (column key, option key) into Notion's id of the option, *page_id* a row's key
    into its page. An option without an id is written by name, which makes it; a link to a row that
    is not there yet is left out. Raises TypeError for a cell that the column cannot hold.
    """
    kind = column.type
    match kind, settled(column, cell):
        case (("title" | "rich_text"), None):
            return {kind: []}
        case (("title" | "rich_text"), str(text)):
            return {kind: text_items(text)}
        case (("number" | "select" | "date" | "url"), None):
            return {kind: None}
        case "relation", None:
            return {"relation": []}
        case "number", (int() | float()) as number if not isinstance(number, bool):
            return {"number": number}
        case "select", Choice(key=key, label=label):
            known = option_id(column.key, key)
            return {"select": {"id": known} if known else {"name": label}}
        case "date", str(day) if _DAY.fullmatch(day):
            return {"date": {"start": day}}
        case "date", datetime() as moment:
            return {"date": {"start": moment.isoformat(timespec="milliseconds")}}
        case "checkbox", bool(mark):
            return {"checkbox": mark}
        case "url", str(address) if units(address) <= ITEM_UNITS:
            return {"url": address}
        case "relation", Link(keys=keys) if len(keys) <= REFERENCES:
            found = [page_id(key) for key in keys]
            return {"relation": [{"id": page} for page in found if page]}
        case _:
            raise TypeError(f"column {column.key} ({kind}) cannot hold a {type(cell).__name__}")


def decode(
    column: Column,
    value: Mapping[str, Any],
    *,
    option_key: Lookup = _nothing,
    page_key: Callable[[str], str | None] = _no_page,
) -> Any:
    """Return a property as it was read, in the form of `canonical`; None is an empty cell.

    *option_key* turns (column key, Notion's option id) into our option key, *page_key* a page id
    into the row's key. A column whose type a person changed gives `{"other_type": its type}`.
    """
    kind = column.type
    if kind not in value:
        return {"other_type": value.get("type")}
    held = value[kind]
    match kind:
        case "title" | "rich_text":
            return "".join(_plain(item) for item in held or ()) or None
        case "number":
            return int(held) if isinstance(held, float) and held.is_integer() else held
        case "select":
            return None if held is None else _choice(column, held, option_key)
        case "multi_select":
            return {"choices": sorted(option["name"] for option in held)} if held else None
        case "date":
            return None if held is None else _date(held)
        case "checkbox":
            return bool(held)
        case "url":
            return held or None
        case "relation":
            pages = [page_key(page["id"]) or f"page:{page['id']}" for page in held or ()]
            return {"link": sorted(pages)} if pages else None
        case "people":
            return {"people": sorted(person["id"] for person in held)} if held else None


def _plain(item: Mapping[str, Any]) -> str:
    plain = item.get("plain_text")
    return str(item.get("text", {}).get("content", "") if plain is None else plain)


def _choice(column: Column, option: Mapping[str, Any], option_key: Lookup) -> dict[str, Any]:
    key = option_key(column.key, option["id"]) if "id" in option else None
    if key is not None:
        return {"choice": key}
    return {"choice_name": option.get("name"), "choice_id": option.get("id")}


def _date(held: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return a day alone as its text, a time or a span by its parts."""
    if not held.get("end") and _DAY.fullmatch(str(held["start"])):
        return str(held["start"])
    read = {"at": _moment(held["start"], held.get("time_zone"))}
    if held.get("end"):
        read["until"] = _moment(held["end"], held.get("time_zone"))
    return read


def _moment(text: str, zone: str | None) -> str:
    """Return a date as it is and a time as UTC to the minute, which is all that Notion keeps."""
    if len(text) == len("2026-01-01"):
        return text
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return moment.astimezone(UTC).isoformat(timespec="minutes")


def schema(database: Database, *, data_source_ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the properties of *database* as `POST /databases` takes them, by name.

    *data_source_ids* gives the data source of every kind that a relation points to. Of a column's
    options the first 100 are sent; others arise when the first row needs them.
    """
    return {
        column.name: {
            "description": column.description,
            **_property(column, data_source_ids=data_source_ids),
        }
        for column in database.columns
    }


def _property(column: Column, *, data_source_ids: Mapping[str, str]) -> dict[str, Any]:
    match column.type:
        case "number":
            return {"number": {"format": column.number_format}}
        case "select" | "multi_select":
            options = [
                {"name": option.label, "color": option.color}
                for option in column.options[:SCHEMA_OPTIONS]
            ]
            return {column.type: {"options": options}}
        case "relation":
            target = data_source_ids[column.relates_to]
            # One-sided: a reverse column would appear in the other table without our description.
            return {
                "relation": {
                    "data_source_id": target,
                    "type": "single_property",
                    "single_property": {},
                }
            }
        case _:
            return {column.type: {}}


def resolve(value: Any, ids: Mapping[str, str], *, option: Lookup = _nothing) -> Any:
    """Return view JSON with property ids for every `ColumnId` and names for every `OptionName`.

    *ids* gives the property id of each column key; *option* may tell the name that an option has
    in Notion now, else it is the name it was made with. KeyError names an unknown column.
    """
    match value:
        case ColumnId(column=column):
            return ids[column]
        case OptionName(column=column, key=key, label=label):
            return option(column, key) or label
        case Mapping():
            return {name: resolve(part, ids, option=option) for name, part in value.items()}
        case list() | tuple():
            return [resolve(part, ids, option=option) for part in value]
        case _:
            return value
