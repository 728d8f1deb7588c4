"""Deals of the units: their moves, and a touch and a signal for each win and each loss."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cjm_sync.journey.facts import Deal, DealState
from cjm_sync.model import Record
from cjm_sync_mappings.deals import DealReader
from cjm_sync_mappings.orders import read_orders
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.schema import ReasonPart
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import at_word_start, read_text

REASON = "closed_lost_reason"


@dataclass(frozen=True, slots=True)
class Sales:
    """The deals that units have, each unit's by place, and when its earliest was created."""

    deals: tuple[Deal, ...]
    of_unit: tuple[tuple[int, ...], ...]
    created_at: dict[int, int]


def read_sales(scene: Scene) -> Sales:
    """Add the wins and losses of all deals that belong to a unit."""
    rules, ledger, emotion = scene.rules, scene.ledger, scene.profile.emotion
    reader = DealReader(scene.profile, scene.account, scene.as_of, scene.notes)
    owners = scene.owners("deals", scene.deals)
    reasons = [(at_word_start(one.pattern), one) for one in emotion.lost_reasons]
    deals: list[Deal] = []
    of_unit: list[list[int]] = [[] for _ in scene.owned.own]
    earliest: dict[int, int] = {}
    for record in scene.deals.survivors.values():
        units = owners.of(record)
        if not units:
            continue
        born_at = created_at(record, scene.notes)
        deal = reader.read(record)
        for unit in units:
            of_unit[unit].append(len(deals))
            if born_at is not None:
                earliest[unit] = min(born_at, earliest.get(unit, born_at))
        deals.append(deal)
        for move in deal.moves:
            if move.state not in {DealState.WON, DealState.LOST}:
                continue
            is_won = move.state is DealState.WON
            part = rules.find("deals", {"state": move.state.name})
            if part is None:
                continue
            score = emotion.deal_won
            if not is_won:
                group, score = _reason(scene, record, reasons)
                scene.diary.loss(record, units, move.at, group)
            place, channel = rules.place(part.key), rules.channel(part.channel)
            for unit in units:
                touch = ledger.touch(
                    unit, move.at, place, channel, ends=not is_won, welcome=part.inbound
                )
                ledger.signal(
                    unit,
                    move.at,
                    score,
                    emotion.weights.deal,
                    touchpoint=place,
                    touch=touch,
                    ends=not is_won,
                )
    read_orders(scene, deals, of_unit, earliest)
    return Sales(tuple(deals), tuple(map(tuple, of_unit)), earliest)


def _reason(
    scene: Scene, record: Record, reasons: list[tuple[re.Pattern[str], ReasonPart]]
) -> tuple[str | None, float]:
    """Return the key of the group of a loss, if one covers it, and its score."""
    text = read_text(record.properties.get(REASON))
    emotion = scene.profile.emotion
    if not text:
        return None, emotion.lost_without_reason
    for pattern, reason in reasons:
        if pattern.search(text):
            return reason.key, reason.score
    scene.notes.unknown_reason(record.id, REASON, text)
    return None, emotion.lost_other_reason
