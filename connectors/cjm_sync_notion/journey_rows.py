"""The rows of one journey as wished: a persona, a stage of a persona, a touchpoint of a stage each.

A row's key names its subject for good; numbers are rounded here, and those that may not be shown
are empty and named in Withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from cjm_sync.journey import types
from cjm_sync.journey.types import (
    EVERYONE,
    Emotion,
    Journey,
    Mix,
    MomentOfTruth,
    Persona,
    Stage,
    Touchpoint,
)
from cjm_sync.model import Cell, Choice, Page
from cjm_sync_notion import columns
from cjm_sync_notion.changes import change_text
from cjm_sync_notion.names import Names
from cjm_sync_notion.persona_page import persona_body
from cjm_sync_notion.rounding import rate, score, whole
from cjm_sync_notion.row_parts import (
    ACTIVE,
    NO_DATA,
    Known,
    empty,
    felt,
    hidden,
    key_parts,
    page,
    row_key,
    shown,
    withheld_text,
)
from cjm_sync_notion.workspace import Database

OWN_MIXES = ("country", "industry", "size")
"""Mixes with a column of their own; a profile may name others."""

MOSTLY = 0.8
"""A mix with more than this share of other values says nothing of the values that it names."""

SERVICE = "service"
"""The stage that the sub-stage Onboarding lies in."""

MOMENT = (
    "moment_verdict", "moment_ratio", "moment_low", "moment_high", "moment_q", "moment_exposed",
)  # fmt: skip

CONVERSION = frozenset({"conversion", "conversion_low", "conversion_high"})


def journey_rows(
    journey: Journey, *, names: Names, known: Known, bound: Collection[str]
) -> Iterator[Page]:
    """Yield the rows of *journey*, then those of *bound* keys that ran out of data."""
    in_map: set[str] = set()
    for row in _rows_in_map(journey, names=names, known=known):
        in_map.add(row.key)
        yield row
    for key in sorted(set(bound) - in_map):
        without_data = _without_data(key, journey, names=names, known=known)
        if without_data is not None:
            yield without_data


def _rows_in_map(journey: Journey, *, names: Names, known: Known) -> Iterator[Page]:
    for persona in journey.personas:
        numbers = _persona_numbers(persona, journey)
        yield _persona_page(journey, persona.key, numbers, ACTIVE, names=names, known=known)
    last = max((stage.order for stage in journey.stages), default=0)
    for stage in sorted(journey.stages, key=lambda stage: stage.order):
        for cell in stage.cells:
            numbers = {
                **_stage_numbers(cell, is_last=stage.order == last),
                **_beside(journey, stage, cell.persona),
            }
            yield _stage_page(
                journey, stage, cell.persona, numbers, ACTIVE, names=names, known=known
            )
    for touchpoint in sorted(
        journey.touchpoints,
        key=lambda touchpoint: (known.stages[touchpoint.stage].order, touchpoint.key),
    ):
        numbers = _touchpoint_numbers(touchpoint)
        stage = known.stages[touchpoint.stage]
        said = (touchpoint.label, touchpoint.channel)
        yield _touchpoint_page(
            journey, stage, touchpoint.key, said, numbers, ACTIVE, names=names, known=known
        )


def _without_data(key: str, journey: Journey, *, names: Names, known: Known) -> Page | None:
    """Return the row of a known subject with every number empty; None for an unknown subject."""
    match key_parts(key, journey.key):
        case "persona", (persona,) if persona in known.personas:
            nothing = empty(columns.PERSONAS)
            return _persona_page(journey, persona, nothing, NO_DATA, names=names, known=known)
        case "stage", (stage, persona) if stage in known.stages and persona in known.personas:
            nothing = empty(columns.STAGES)
            return _stage_page(
                journey, known.stages[stage], persona, nothing, NO_DATA, names=names, known=known
            )
        case "touchpoint", (stage, name) if stage in known.stages and name in known.touchpoints:
            nothing = empty(columns.TOUCHPOINTS)
            said = known.touchpoints[name]
            return _touchpoint_page(
                journey, known.stages[stage], name, said, nothing, NO_DATA, names=names, known=known
            )
        case _:
            return None


def _persona_page(
    journey: Journey,
    persona: str,
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: Known,
) -> Page:
    key = row_key(journey.key, "persona", persona)
    subject: dict[str, Cell] = {
        "name": known.persona(persona),
        "journey": names.choice("journey", journey.key),
        "order": known.place(persona),
    }
    made = page(columns.PERSONAS, key, journey, {**numbers, **subject}, state)
    return replace(made, body=persona_body(known.persona(persona)))


def _stage_page(
    journey: Journey,
    stage: Stage,
    persona: str,
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: Known,
) -> Page:
    key = row_key(journey.key, "stage", stage.key, persona)
    subject: dict[str, Cell] = {
        "name": f"{stage.label or stage.key} · {known.persona(persona)}",
        "stage": names.choice("stage", stage.key),
        "persona": names.choice("persona", persona),
        "journey": names.choice("journey", journey.key),
        "persona_row": known.link(row_key(journey.key, "persona", persona)),
        "order": stage.order,
    }
    return page(columns.STAGES, key, journey, {**numbers, **subject}, state)


def _touchpoint_page(
    journey: Journey,
    stage: Stage,
    touchpoint: str,
    said: tuple[str, str],
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: Known,
) -> Page:
    """Return a touchpoint's row; *said* is its label and channel."""
    label, channel = said
    subject: dict[str, Cell] = {
        "name": label or touchpoint,
        "stage": names.choice("stage", stage.key),
        "channel": names.choice("channel", channel) if channel.strip() else None,
        "journey": names.choice("journey", journey.key),
        "stage_row": known.stage_row(journey.key, stage.key),
        "order": stage.order,
    }
    key = row_key(journey.key, "touchpoint", stage.key, touchpoint)
    return page(columns.TOUCHPOINTS, key, journey, {**numbers, **subject}, state)


def _stage_numbers(cell: types.Cell, *, is_last: bool) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {
        "in_stage": cell.in_stage,
        "dormant": cell.dormant,
        "entered": cell.entered,
        "units": cell.units,
        "decided": cell.decided,
        "conversion": rate(cell.conversion),
        "conversion_low": rate(cell.conversion_low),
        "conversion_high": rate(cell.conversion_high),
        "drop_off": rate(cell.drop_off),
        "regression": rate(cell.regression),
        "skip_rate": rate(cell.skip_rate),
        "completed": cell.completed,
        "median_days": whole(cell.median_days),
        "p90_days": whole(cell.p90_days),
        "open_median_days": whole(cell.open_median_days),
        "touches_per_unit": score(cell.touches_per_unit),
        "nps": whole(cell.nps),
        "nps_n": cell.nps_n,
        "csat": rate(cell.csat),
        "csat_n": cell.csat_n,
        "ces": score(cell.ces),
        "ces_n": cell.ces_n,
        "open_amount": whole(cell.open_amount),
        "won_amount": whole(cell.won_amount),
    }
    # The last stage has no conversion; that is no want of units.
    may_lack = CONVERSION if is_last else frozenset()
    lacking = hidden(numbers, withheld=cell.withheld, but=may_lack)
    return _with_emotion(columns.STAGES, numbers, cell.emotion, lacking)


def _beside(journey: Journey, stage: Stage, persona: str) -> dict[str, Cell]:
    """Return what a stage's row tells beside its own cell of the map."""
    is_service = stage.key == SERVICE and persona == EVERYONE
    return {
        "onboarding": journey.onboarding if is_service else None,
        "change": change_text(journey, stage.key, persona),
    }


def _touchpoint_numbers(touchpoint: Touchpoint) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {
        "touches": touchpoint.touches,
        "units": touchpoint.units,
        "reach": rate(touchpoint.reach),
    }
    lacking = hidden(numbers, withheld=touchpoint.withheld)
    cells = _with_emotion(columns.TOUCHPOINTS, numbers, touchpoint.emotion, lacking)
    return {**cells, **_moment(touchpoint.moment_of_truth)}


def _moment(moment: MomentOfTruth | None) -> dict[str, Cell]:
    """Return the cells of the test for a moment of truth; all empty where it could not be made."""
    if moment is None:
        return dict.fromkeys(MOMENT) | {"moment": False}
    return {
        "moment": moment.starred,
        "moment_verdict": Choice(moment.verdict, moment.verdict),
        "moment_ratio": score(moment.ratio),
        "moment_low": score(moment.low),
        "moment_high": score(moment.high),
        "moment_q": rate(moment.q),
        "moment_exposed": moment.exposed,
    }


def _persona_numbers(persona: Persona, journey: Journey) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {
        "units": persona.units,
        "share": rate(persona.share),
        "win_rate": rate(persona.win_rate),
        "average_order_value": whole(persona.average_order_value),
        "repeat_rate": rate(persona.repeat_rate),
        "cycle_days": whole(persona.cycle_days),
    }
    lacking = hidden(numbers, withheld=persona.withheld)
    if persona.withheld and any(touches is None for _, touches in persona.touches_per_stage):
        lacking.append("touches_per_stage")
    texts: dict[str, Cell] = {f"mix_{name}": None for name in OWN_MIXES}
    others: list[str] = []
    for mix in persona.mixes:
        text = _mix(mix, persona.units)
        if mix.name in OWN_MIXES:
            texts[f"mix_{mix.name}"] = text
        elif text is not None:
            others.append(f"{mix.name}: {text}")
    texts["mix_other"] = "\n".join(others)
    labels = {stage.key: stage.label or stage.key for stage in journey.stages}
    return {
        **numbers,
        **texts,
        "top_source": persona.top_source,
        "preferred_channel": persona.preferred_channel,
        "touches_per_stage": " · ".join(
            f"{labels.get(stage, stage)} {'–' if touches is None else score(touches)}"
            for stage, touches in persona.touches_per_stage
        )
        or None,
        "withheld": withheld_text(columns.PERSONAS, lacking),
    }


def _mix(mix: Mix, units: int | None) -> str | None:
    if mix.rest and mix.rest > MOSTLY * (units or mix.rest + sum(n for _, n in mix.parts)):
        return "mostly other values"
    parts = [_part(label, count, units) for label, count in mix.parts]
    if mix.rest:
        parts.append(_part("other", mix.rest, units))
    return " · ".join(parts) or None


def _part(label: str, count: int, units: int | None) -> str:
    return f"{label} {count} ({whole(100 * count / units)} %)" if units else f"{label} {count}"


def _with_emotion(
    database: Database, numbers: Mapping[str, Cell], emotion: Emotion, lacking: list[str]
) -> dict[str, Cell]:
    cells = felt(emotion)
    figures = {key: cells[key] for key in ("emotion", "emotion_n")}
    lacking = [*lacking, *hidden(figures, withheld=emotion.withheld)]
    return {
        **numbers,
        **cells,
        **shown(emotion),
        "withheld": withheld_text(database, lacking),
    }
