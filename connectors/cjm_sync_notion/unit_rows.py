"""The rows of single units, made only above `aggregate`, and emptied when they may not be shown.

A unit's row is known by a pseudonym, or at `full` by the record's id. Whatever the detail is lowered
to, and whoever is erased or no longer a unit: the row stays under its pseudonym with every other
synced cell empty, in the same run. That is neither a removal nor a want of data, so no guard holds
it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from urllib.parse import quote

from cjm_sync.journey.types import Journey, Traveller
from cjm_sync.model import Cell, Choice, Page
from cjm_sync.ports import Disclosure
from cjm_sync_notion import columns
from cjm_sync_notion.column_parts import STANDING
from cjm_sync_notion.names import Names
from cjm_sync_notion.row_parts import (
    ACTIVE,
    RETIRED,
    Known,
    empty,
    felt,
    hidden,
    key_parts,
    page,
    row_key,
    withheld_text,
)

UNIT = "unit"
EMPTIED = "no longer shown"
HIDDEN_ID = 24
"""Hexadecimal digits of a pseudonym: 96 bits, so that no two of a portal meet."""

_TYPES = {"contacts": "0-1", "companies": "0-2", "deals": "0-3"}
_NAMES = {"contacts": "Contact", "companies": "Company", "deals": "Deal"}
_MARK = "~"
"""Begins a pseudonym, so that it is never taken for a record's id, which is a number."""


def pseudonym(secret: str, name: str, record_id: str) -> str:
    """Return what a record goes by where its id may not be shown; nobody tells it back."""
    digest = hmac.new(secret.encode(), f"{name}/{record_id}".encode(), sha256).hexdigest()
    return f"{_MARK}{digest[:HIDDEN_ID]}"


def unit_key(journey: str, name: str, record_id: str, disclosure: Disclosure) -> str:
    """Return the key of the row of the record *record_id* of the object *name*."""
    if disclosure.detail == "full":
        return row_key(journey, UNIT, name, record_id)
    return row_key(journey, UNIT, name, pseudonym(disclosure.secret, name, record_id))


def unit_moves(
    journey: Journey, *, disclosure: Disclosure, bound: Collection[str]
) -> dict[str, str]:
    """Return which *bound* keys of units lead to which: by another detail, or a merged record."""
    shown = journey.travellers or () if disclosure.detail != "aggregate" else ()
    known: dict[str, str] = {}
    for unit in shown:
        key = unit_key(journey.key, unit.object, unit.id, disclosure)
        for record_id in (*unit.former_ids, unit.id):
            for other in _keys(journey.key, unit.object, record_id, disclosure.secret):
                known[other] = key
    moves: dict[str, str] = {}
    for key in sorted(bound):
        match key_parts(key, journey.key):
            case "unit", (_, _) if key in known:
                moves[key] = known[key]
            case "unit", (name, held) if not held.startswith(_MARK) and disclosure.secret:
                # An id that may not be shown, or whose record is gone, goes under its pseudonym.
                moves[key] = row_key(
                    journey.key, UNIT, name, pseudonym(disclosure.secret, name, held)
                )
            case _:
                pass
    return {old: new for old, new in moves.items() if old != new}


def _keys(journey: str, name: str, record_id: str, secret: str) -> Iterator[str]:
    yield row_key(journey, UNIT, name, record_id)
    if secret:
        yield row_key(journey, UNIT, name, pseudonym(secret, name, record_id))


def unit_rows(
    journey: Journey,
    *,
    disclosure: Disclosure,
    names: Names,
    known: Known,
    bound: Collection[str],
    moves: Mapping[str, str],
) -> Iterator[Page]:
    """Yield a row for each unit that may be shown, and the *bound* others emptied."""
    made: set[str] = set()
    if disclosure.detail != "aggregate":
        for unit in journey.travellers or ():
            row = _page(unit, journey, disclosure=disclosure, names=names, known=known)
            made.add(row.key)
            yield replace(row, private=True)
    for key in sorted({moves.get(key, key) for key in bound} - made):
        match key_parts(key, journey.key):
            case "unit", (_, _):
                cells = {**empty(columns.JOURNEYS), "name": EMPTIED}
                cells["journey"] = names.choice("journey", journey.key)
                row = page(columns.JOURNEYS, key, journey, cells, RETIRED)
                yield replace(row, private=True)
            case _:
                pass


def _page(
    unit: Traveller, journey: Journey, *, disclosure: Disclosure, names: Names, known: Known
) -> Page:
    key = unit_key(journey.key, unit.object, unit.id, disclosure)
    is_full = disclosure.detail == "full"
    title = _NAMES.get(unit.object, unit.object)
    hidden_id = pseudonym(disclosure.secret, unit.object, unit.id).removeprefix(_MARK)
    emotion = felt(unit.emotion)
    del emotion["emotion_confidence"]
    figures = {name: emotion[name] for name in ("emotion", "emotion_n")}
    lacking = hidden(figures, withheld=unit.emotion.withheld)
    cells: dict[str, Cell] = {
        "name": f"{title} {unit.id}" if is_full else f"{title} {hidden_id[:8]}",
        "journey": names.choice("journey", journey.key),
        "stage": names.choice("stage", unit.stage) if unit.stage else None,
        "persona": names.choice("persona", unit.persona),
        "standing": _standing(unit.state),
        "started_at": unit.started_at,
        "entered_at": unit.entered_at,
        "last_touch": _touch(unit.last_touch, known),
        "last_touch_at": unit.last_touch_at,
        "next_touch": _touch(unit.next_touch, known),
        "next_touch_at": unit.next_touch_at,
        **emotion,
        "timeline": unit.timeline,
        "details": _details(unit) if is_full else None,
        "hubspot": _address(unit, disclosure.account_id) if is_full else None,
        "withheld": withheld_text(columns.JOURNEYS, lacking),
        "order": known.order(unit.stage) if unit.stage else None,
    }
    return page(columns.JOURNEYS, key, journey, cells, ACTIVE)


def _standing(state: str) -> Choice:
    return Choice(state, next((option.label for option in STANDING if option.key == state), state))


def _touch(touchpoint: str | None, known: Known) -> str | None:
    """Return the label of a touchpoint; what is no known key is taken for a label already."""
    if touchpoint is None:
        return None
    label, _ = known.touchpoints.get(touchpoint, (touchpoint, ""))
    return label or touchpoint


def _details(unit: Traveller) -> str | None:
    return "\n".join(f"{name}: {value}" for name, value in unit.properties) or None


def _address(unit: Traveller, account_id: str) -> str | None:
    """Return the record's page in HubSpot; None for an object that has none we know of."""
    kind = _TYPES.get(unit.object)
    if kind is None or not account_id:
        return None
    account, record = quote(account_id, safe=""), quote(unit.id, safe="")
    return f"https://app.hubspot.com/contacts/{account}/record/{kind}/{record}"
