"""Orders of a shop as purchases: each is a deal that was won when it was placed, and never open.

Read only where the profile says `orders.are_purchases`. An order that is linked to a deal is that
deal; one with a status of `orders.skip_values` was no purchase.
"""

from __future__ import annotations

from cjm_sync.journey.facts import Deal, DealMove, DealState
from cjm_sync.model import Record
from cjm_sync_mappings.links import shelve
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import internal_name, read_number, read_text

OBJECT = "orders"
_MOST = 1e15


def read_orders(
    scene: Scene, deals: list[Deal], of_unit: list[list[int]], earliest: dict[int, int]
) -> None:
    """Add the orders of the units to *deals* and *of_unit*, with a touch and a signal for each."""
    wanted = scene.profile.orders
    if not wanted.are_purchases or scene.owned.object == "deals":
        return
    rules, ledger, emotion = scene.rules, scene.ledger, scene.profile.emotion
    part = rules.find(OBJECT, {})
    orders = shelve(OBJECT, scene.records.all(OBJECT))
    owners = scene.owners(OBJECT, orders)
    to_deals = scene.links(OBJECT, scene.deals, orders)
    skipped = {value.casefold() for value in wanted.skip_values}
    for record in orders.survivors.values():
        units = owners.of(record)
        status = read_text(record.properties.get(wanted.status)).casefold()
        if not units or status in skipped or to_deals.of(record):
            continue
        at = _placed_at(scene, record)
        if at is None or at >= scene.as_of:
            continue
        for unit in units:
            of_unit[unit].append(len(deals))
            earliest[unit] = min(at, earliest.get(unit, at))
        move = DealMove(at, DealState.WON)
        deals.append(Deal(record.id, (move,), _amount(scene, record), object=OBJECT))
        if part is None:
            continue
        place, channel = rules.place(part.key), rules.channel_of(record, part)
        for unit in units:
            touch = ledger.touch(unit, at, place, channel, welcome=part.inbound)
            ledger.signal(
                unit, at, emotion.deal_won, emotion.weights.deal, touchpoint=place, touch=touch
            )


def _placed_at(scene: Scene, record: Record) -> int | None:
    for name in scene.profile.orders.time:
        at = scene.notes.time(OBJECT, record.id, name, record.properties.get(name))
        if at is not None:
            return at
    return created_at(record, scene.notes)


def _amount(scene: Scene, record: Record) -> float | None:
    """Return what was paid in home currency, None when that cannot be told."""
    wanted = scene.profile.orders
    amount = _number(scene, record, wanted.amount)
    if amount is None:
        return None
    currency = read_text(record.properties.get(wanted.currency)).upper()
    if currency in {"", scene.account.currency}:
        return amount
    rate = _number(scene, record, wanted.exchange_rate)
    if rate is not None and rate > 0:
        return amount * rate
    scene.notes.not_added[internal_name(currency)] += 1
    return None


def _number(scene: Scene, record: Record, name: str) -> float | None:
    value = record.properties.get(name)
    if not read_text(value):
        return None
    number = read_number(value)
    if number is None or abs(number) > _MOST:
        scene.notes.bad_value(OBJECT, record.id, name, value, "is no amount of money")
        return None
    return number
