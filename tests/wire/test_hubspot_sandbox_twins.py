"""A portal whose tables keep what they worked out answers as one that looks anew each time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from cjm_sync_sandbox.hubspot import table
from cjm_sync_sandbox.hubspot.hand import Hand
from cjm_sync_sandbox.portal import Portal
from wire.hubspot_sandbox_world import Wire, record

KINDS = ("contacts", "companies", "deals", "notes")
Edit = Callable[[Hand], object]


def twins() -> tuple[Wire, Wire]:
    rows = {
        "contacts": [
            record(number, email=f"{number}@example.com", lifecyclestage="lead")
            for number in range(1, 15)
        ],
        "companies": [record(number) for number in range(1, 6)],
        "deals": [record(1, associations={"contacts": ["1", "2"]}), record(2)],
        "notes": [record(number, associations={"contacts": [str(number)]}) for number in (1, 2, 3)],
    }
    return Wire(Portal({}, rows)), Wire(Portal({}, copy.deepcopy(rows)))


def some_edit(chance: Random, hand: Hand) -> Edit:
    """Choose something to do to both portals; *hand* tells what there is in either."""
    kind = chance.choice(KINDS)
    live, archived = sorted(hand.live(kind)), sorted(hand.archived(kind))
    one = chance.choice(live) if live else ""
    stage = chance.choice(["lead", "customer", ""])
    other = chance.choice(KINDS)
    others = sorted(hand.live(other))
    far = chance.choice(others) if others else ""
    primary = chance.random() < 0.5
    doable: list[Edit] = [lambda hand: hand.create(kind, {"lifecyclestage": stage})]
    if one:
        doable += [
            lambda hand: hand.update(kind, one, {"lifecyclestage": stage}),
            lambda hand: hand.bulk_change(kind, live[:3], {"city": stage}),
            lambda hand: hand.recalculate(kind, one, {"num_associated_deals": stage or "0"}),
            lambda hand: hand.archive(kind, one),
            lambda hand: hand.erase(kind, one),
        ]
    if archived:
        doable += [
            lambda hand: hand.restore(kind, archived[0], bump=primary),
            lambda hand: hand.purge(kind, archived[0]),
        ]
    if kind in table.MERGEABLE and len(live) > 3:
        doable.append(lambda hand: hand.merge(kind, *chance_of_two, whole_chain=primary))
        chance_of_two = chance.sample(live, 2)
    if one and far and kind != other:
        doable += [
            lambda hand: hand.associate(kind, one, other, far, primary=primary),
            lambda hand: hand.dissociate(kind, one, other, far),
        ]
    return chance.choice(doable)


def seen(wire: Wire) -> dict[str, Any]:
    """Return whatever can be read of the portal."""
    wire.clock.sleep(20)
    found: dict[str, Any] = {}
    for kind in KINDS:
        path = f"/crm/objects/2026-09/{kind}"
        others = ",".join(other for other in KINDS if other != kind)
        for archived in ("false", "true"):
            found[f"{kind} {archived}"] = wire.get(
                path, limit=100, archived=archived, associations=others
            )
        body = {
            "filterGroups": [
                {
                    "filters": [
                        {
                            "propertyName": "hs_lastmodifieddate"
                            if kind != "contacts"
                            else "lastmodifieddate",
                            "operator": "GTE",
                            "value": str(wire.clock.now() - timedelta(minutes=3)),
                        },
                        {"propertyName": "hs_object_id", "operator": "GT", "value": "2"},
                    ]
                }
            ],
            "limit": 200,
        }
        found[f"{kind} search"] = wire.post(f"{path}/search", body)
        inputs = [{"id": str(number)} for number in range(1, 60)]
        found[f"{kind} batch"] = wire.post(f"{path}/batch/read", {"inputs": inputs})
    return found


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_is_what_would_be_found_anew(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew, kept = twins()
    chance = Random(seed)

    for _ in range(25):
        monkeypatch.setattr(table, "SMALL", 1_000)
        edit = some_edit(chance, anew.sandbox.edit)
        edit(anew.sandbox.edit)
        expected = seen(anew)
        monkeypatch.setattr(table, "SMALL", -1)
        edit(kept.sandbox.edit)

        assert seen(kept) == expected
