"""Deals as moves between open, won and lost, and what they are worth in home currency.

States come from the pipelines' metadata, never from labels. Passed-over stages, repeated states
and slips (a win left for an open stage) are gone before anything is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cjm_sync.journey.facts import Deal, DealMove, DealState
from cjm_sync.model import Record
from cjm_sync_mappings.account import Account
from cjm_sync_mappings.history import past_values
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.values import internal_name, read_number, read_text

_OPEN = (DealState.LOW, DealState.HIGH)
_MOST = 1e15
"""Beyond it a float holds no whole cents, and a few such amounts are too great to be added up."""


@dataclass(frozen=True, slots=True)
class _Step:
    at: int
    stage_id: str
    state: DealState


@dataclass(frozen=True, slots=True)
class DealReader:
    """Reads deals against the profile and the account's pipelines."""

    profile: Profile
    account: Account
    as_of: int
    notes: Notes

    def read(self, record: Record) -> Deal:
        """Return one deal as of T."""
        pipeline_id = read_text(record.properties.get("pipeline"))
        pipeline = self.account.pipeline("deals", pipeline_id)
        label = pipeline.label if pipeline is not None else ""
        deals = self.profile.deals
        own = next((one.to for one in deals.open_pipelines if _found(one.pattern, label)), None)
        stages = {
            DealState.LOW: self.profile.stage_place(own or deals.open_low),
            DealState.HIGH: self.profile.stage_place(own or deals.open_high),
        }
        return Deal(
            id=record.id,
            moves=tuple(
                DealMove(step.at, step.state, stages.get(step.state, -1))
                for step in self._steps(record, pipeline_id)
            ),
            amount=self._amount(record),
            renews=_found(deals.won_again_pipelines, label),
            renewal=_found(deals.churn_pipelines, label),
        )

    def _steps(self, record: Record, pipeline_id: str) -> list[_Step]:
        past = past_values(
            record,
            "dealstage",
            known=self.account.stage_ids("deals"),
            as_of=self.as_of,
            notes=self.notes,
        )
        resolved = ((at, id_, self._state(id_, pipeline_id)) for at, id_ in past.values)
        steps = [_Step(at, id_, state) for at, id_, state in resolved if state is not None]
        return _without_repeats(_without_slips(_without_repeats(steps)))

    def _state(self, stage_id: str, pipeline_id: str) -> DealState | None:
        """Return the state a stage stands for, None when it is passed over."""
        stage = self.account.stage("deals", stage_id, pipeline_id)
        if stage is None:
            return None
        if not stage.is_closed:
            is_high = stage.probability >= self.profile.deals.high_from
            return DealState.HIGH if is_high else DealState.LOW
        if stage.probability == 1:
            return DealState.WON
        return DealState.LOST if stage.probability == 0 else None

    def _amount(self, record: Record) -> float | None:
        home = self._number(record, "amount_in_home_currency")
        if home is not None:
            return home
        amount = self._number(record, "amount")
        if amount is None:
            return None
        currency = read_text(record.properties.get("deal_currency_code")).upper()
        if currency in {"", self.account.currency}:
            return amount
        rate = self._number(record, "hs_exchange_rate")
        if rate is not None and rate > 0:
            return amount * rate
        self.notes.not_added[internal_name(currency)] += 1
        return None

    def _number(self, record: Record, property_: str) -> float | None:
        value = record.properties.get(property_)
        if not read_text(value):
            return None
        number = read_number(value)
        if number is None:
            self.notes.bad_value("deals", record.id, property_, value, "is no number")
        elif abs(number) > _MOST:
            self.notes.bad_value("deals", record.id, property_, value, "is no amount of money")
            return None
        return number


def _found(pattern: str, label: str) -> bool:
    return re.search(pattern, label, re.IGNORECASE) is not None


def _without_repeats(steps: list[_Step]) -> list[_Step]:
    """Drop a step to where the deal already is: the same stage, or the same closed state."""
    kept: list[_Step] = []
    for step in steps:
        if kept and kept[-1].stage_id == step.stage_id:
            continue
        if kept and kept[-1].state is step.state and step.state not in _OPEN:
            continue
        kept.append(step)
    return kept


def _without_slips(steps: list[_Step]) -> list[_Step]:
    """Drop wins that the deal left for an open stage."""
    return [
        step
        for place, step in enumerate(steps)
        if not (
            step.state is DealState.WON
            and place + 1 < len(steps)
            and steps[place + 1].state in _OPEN
        )
    ]
