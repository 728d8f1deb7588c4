"""What the account says of itself: options and their labels, pipelines and their stages.

Read anew on every run; nothing here is hard-coded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cjm_sync.model import Record
from cjm_sync_mappings.values import id_order, read_flag, read_number, read_text

_LAST = float("inf")


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """One stage of a pipeline; *place* is its order among all of the object's stages."""

    id: str
    is_closed: bool
    probability: float
    place: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with the stages it has now."""

    id: str
    label: str
    stages: Mapping[str, PipelineStage]


@dataclass(frozen=True, slots=True)
class Account:
    """Definitions by `object/property`, pipelines by object, and the home currency.

    *options* gives (value, label) in the account's order; a property that is not there has no
    options that were read. *defined* are all properties, as `object/property`.
    """

    options: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    pipelines: Mapping[str, tuple[Pipeline, ...]] = field(default_factory=dict)
    currency: str = ""
    defined: frozenset[str] = frozenset()

    def label(self, name: str, value: str) -> str | None:
        """Return the label of an option of `object/property`, None when it is no option."""
        return next((label for known, label in self.options.get(name, ()) if known == value), None)

    def stage_ids(self, object_: str) -> tuple[str, ...]:
        """Return the ids of all pipeline stages of *object_*, in order."""
        return tuple(
            stage for pipeline in self.pipelines.get(object_, ()) for stage in pipeline.stages
        )

    def pipeline(self, object_: str, id_: str) -> Pipeline | None:
        """Return a pipeline of *object_*, None when the account no longer has it."""
        return next((one for one in self.pipelines.get(object_, ()) if one.id == id_), None)

    def stage(self, object_: str, stage_id: str, pipeline_id: str) -> PipelineStage | None:
        """Return a stage, looked up in the current pipeline, then in the others."""
        current = self.pipeline(object_, pipeline_id)
        if current is not None and stage_id in current.stages:
            return current.stages[stage_id]
        for pipeline in self.pipelines.get(object_, ()):
            if stage_id in pipeline.stages:
                return pipeline.stages[stage_id]
        return None


def read_account(
    *,
    account: Iterable[Record],
    properties: Iterable[Record],
    pipelines: Iterable[Record],
) -> Account:
    """Return what the three describing streams say."""
    options = {record.id: _options(record.properties.get("options")) for record in properties}
    by_object: dict[str, list[Pipeline]] = {}
    for record in sorted(pipelines, key=lambda one: id_order(one.id.partition("/")[2])):
        object_, _, id_ = record.id.partition("/")
        if not read_flag(record.properties.get("archived")):
            by_object.setdefault(object_, []).append(_pipeline(id_, record.properties))
    currency = next((read_text(one.properties.get("companyCurrency")) for one in account), "")
    return Account(
        {name: found for name, found in options.items() if found},
        {object_: tuple(found) for object_, found in by_object.items()},
        currency.upper(),
        frozenset(options),
    )


def _options(sent: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for option in _ordered(sent):
        value = read_text(option.get("value"))
        if value:
            found.append((value, read_text(option.get("label")) or value))
    return tuple(found)


def _pipeline(id_: str, sent: Mapping[str, Any]) -> Pipeline:
    stages: dict[str, PipelineStage] = {}
    for stage in _ordered(sent.get("stages")):
        stage_id = read_text(stage.get("id"))
        if not stage_id or read_flag(stage.get("archived")):
            continue
        metadata = stage.get("metadata")
        about = metadata if isinstance(metadata, dict) else {}
        is_closed = read_flag(about.get("isClosed"))
        if about.get("ticketState") is not None:
            is_closed = read_text(about["ticketState"]).upper() == "CLOSED"
        stages[stage_id] = PipelineStage(
            stage_id, is_closed, read_number(about.get("probability")) or 0.0, len(stages)
        )
    return Pipeline(id_, read_text(sent.get("label")), stages)


def _ordered(sent: Any) -> list[Mapping[str, Any]]:
    """Return the tables of a list by their displayOrder; a negative one sorts last."""
    tables = [one for one in sent if isinstance(one, dict)] if isinstance(sent, list) else []
    return sorted(tables, key=_place)


def _place(sent: Mapping[str, Any]) -> float:
    order = read_number(sent.get("displayOrder"))
    return order if order is not None and order >= 0 else _LAST
