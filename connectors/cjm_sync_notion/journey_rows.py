"""The rows of one journey as wished: a persona, a stage of a persona, a touchpoint of a stage each.

A row's key names its subject for good; numbers are rounded here, and those that may not be shown
are empty and named in Withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cjm_sync.journey import types
from cjm_sync.journey.types import EVERYONE, Emotion, Journey, Mix, Persona, Stage, Touchpoint
from cjm_sync.model import Cell, Choice, Link, Page
from cjm_sync_notion import column_parts, columns
from cjm_sync_notion.names import EVERYONE_LABEL, Names
from cjm_sync_notion.rounding import rate, score, whole
from cjm_sync_notion.workspace import SYNC_KEY, Database

ACTIVE = Choice("active", "active")
NO_DATA = Choice("no_data", "no data")
OWN_MIXES = ("country", "industry", "size")
"""Mixes with a column of their own; a profile may name others."""

MOSTLY = 0.8
"""A mix with more than this share of other values says nothing of the values that it names."""

CONVERSION = frozenset({"conversion", "conversion_low", "conversion_high"})


def row_key(journey: str, kind: str, *parts: str) -> str:
    """Return the key of a row: parts percent-encoded, RFC 3986 unreserved characters as they are."""
    return "/".join((quote(journey, safe=""), kind, *(quote(part, safe="") for part in parts)))


def journey_rows(journey: Journey, *, names: Names, bound: Collection[str]) -> Iterator[Page]:
    """Yield the rows of *journey*, then those of *bound* keys that ran out of data."""
    known = _Known.of(journey, bound=bound)
    in_map: set[str] = set()
    for page in _rows_in_map(journey, names=names, known=known):
        in_map.add(page.key)
        yield page
    for key in sorted(set(bound) - in_map):
        page_without_data = _without_data(key, journey, names=names, known=known)
        if page_without_data is not None:
            yield page_without_data


@dataclass(frozen=True, slots=True)
class _Known:
    """What a journey's keys may speak of, with the labels that people read.

    *keys* are the rows that a link may point to; of a touchpoint, (label, channel) are known.
    """

    stages: Mapping[str, Stage]
    personas: Mapping[str, str]
    touchpoints: Mapping[str, tuple[str, str]]
    keys: Collection[str]

    @classmethod
    def of(cls, journey: Journey, *, bound: Collection[str]) -> _Known:
        listed = {persona.key: persona.label for persona in journey.personas}
        seen = sorted(
            journey.touchpoints, key=lambda touchpoint: (touchpoint.key, touchpoint.stage)
        )
        return cls(
            stages={stage.key: stage for stage in journey.stages},
            personas={EVERYONE: EVERYONE_LABEL, **dict(journey.known_personas), **listed},
            touchpoints={
                **{t.key: (t.label, t.channel) for t in reversed(seen)},
                **{key: (label, channel) for key, label, channel in journey.known_touchpoints},
            },
            keys={*bound, *_keys_in_map(journey)},
        )

    def persona(self, key: str) -> str:
        return self.personas.get(key) or key

    def place(self, persona: str) -> int:
        """Return where *persona* stands in lists; units coming and going do not move it."""
        return list(self.personas).index(persona)

    def link(self, key: str) -> Link | None:
        return Link((key,)) if key in self.keys else None


def _keys_in_map(journey: Journey) -> Iterator[str]:
    for persona in journey.personas:
        yield row_key(journey.key, "persona", persona.key)
    for stage in journey.stages:
        for cell in stage.cells:
            yield row_key(journey.key, "stage", stage.key, cell.persona)


def _rows_in_map(journey: Journey, *, names: Names, known: _Known) -> Iterator[Page]:
    for persona in journey.personas:
        numbers = _persona_numbers(persona, journey)
        yield _persona_page(journey, persona.key, numbers, ACTIVE, names=names, known=known)
    last = max((stage.order for stage in journey.stages), default=0)
    for stage in sorted(journey.stages, key=lambda stage: stage.order):
        for cell in stage.cells:
            numbers = _stage_numbers(cell, is_last=stage.order == last)
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


def _without_data(key: str, journey: Journey, *, names: Names, known: _Known) -> Page | None:
    """Return the row of a known subject with every number empty; None for an unknown subject."""
    match [unquote(part) for part in key.split("/")]:
        case [journey.key, kind, *rest] if row_key(journey.key, kind, *rest) == key:
            pass
        case _:
            return None
    match kind, rest:
        case "persona", [persona] if persona in known.personas:
            empty = _empty(columns.PERSONAS)
            return _persona_page(journey, persona, empty, NO_DATA, names=names, known=known)
        case "stage", [stage, persona] if stage in known.stages and persona in known.personas:
            empty = _empty(columns.STAGES)
            return _stage_page(
                journey, known.stages[stage], persona, empty, NO_DATA, names=names, known=known
            )
        case "touchpoint", [stage, name] if stage in known.stages and name in known.touchpoints:
            empty = _empty(columns.TOUCHPOINTS)
            said = known.touchpoints[name]
            return _touchpoint_page(
                journey, known.stages[stage], name, said, empty, NO_DATA, names=names, known=known
            )
        case _:
            return None


def _empty(database: Database) -> dict[str, Cell]:
    return {column.key: None for column in database.columns if column.owner == "sync"}


def _persona_page(
    journey: Journey,
    persona: str,
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: _Known,
) -> Page:
    key = row_key(journey.key, "persona", persona)
    subject: dict[str, Cell] = {
        "name": known.persona(persona),
        "journey": names.choice("journey", journey.key),
        "order": known.place(persona),
    }
    return _page(columns.PERSONAS, key, journey, {**numbers, **subject}, state)


def _stage_page(
    journey: Journey,
    stage: Stage,
    persona: str,
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: _Known,
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
    return _page(columns.STAGES, key, journey, {**numbers, **subject}, state)


def _touchpoint_page(
    journey: Journey,
    stage: Stage,
    touchpoint: str,
    said: tuple[str, str],
    numbers: Mapping[str, Cell],
    state: Choice,
    *,
    names: Names,
    known: _Known,
) -> Page:
    """Return a touchpoint's row; *said* is its label and channel."""
    label, channel = said
    subject: dict[str, Cell] = {
        "name": label or touchpoint,
        "stage": names.choice("stage", stage.key),
        "channel": names.choice("channel", channel) if channel.strip() else None,
        "journey": names.choice("journey", journey.key),
        "stage_row": known.link(row_key(journey.key, "stage", stage.key, EVERYONE)),
        "order": stage.order,
    }
    key = row_key(journey.key, "touchpoint", stage.key, touchpoint)
    return _page(columns.TOUCHPOINTS, key, journey, {**numbers, **subject}, state)


def _page(
    database: Database, key: str, journey: Journey, cells: Mapping[str, Cell], state: Choice
) -> Page:
    return Page(
        key, database.kind, {**cells, column_parts.STATE: state, SYNC_KEY: key}, journey=journey.key
    )


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
    hidden = _hidden(numbers, withheld=cell.withheld, but=may_lack)
    return _with_emotion(columns.STAGES, numbers, cell.emotion, hidden)


def _touchpoint_numbers(touchpoint: Touchpoint) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {
        "touches": touchpoint.touches,
        "units": touchpoint.units,
        "reach": rate(touchpoint.reach),
    }
    hidden = _hidden(numbers, withheld=touchpoint.withheld)
    return _with_emotion(columns.TOUCHPOINTS, numbers, touchpoint.emotion, hidden)


def _persona_numbers(persona: Persona, journey: Journey) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {
        "units": persona.units,
        "share": rate(persona.share),
        "win_rate": rate(persona.win_rate),
        "average_order_value": whole(persona.average_order_value),
        "repeat_rate": rate(persona.repeat_rate),
        "cycle_days": whole(persona.cycle_days),
    }
    hidden = _hidden(numbers, withheld=persona.withheld)
    if persona.withheld and any(touches is None for _, touches in persona.touches_per_stage):
        hidden.append("touches_per_stage")
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
        "withheld": _withheld(columns.PERSONAS, hidden),
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
    database: Database, numbers: Mapping[str, Cell], emotion: Emotion, hidden: list[str]
) -> dict[str, Cell]:
    felt: dict[str, Cell] = {
        "emotion": score(emotion.score),
        "feeling": _feeling(emotion.score),
        "emotion_evidence": Choice(emotion.evidence, emotion.evidence),
        "emotion_n": emotion.n,
        "emotion_confidence": (
            Choice(emotion.confidence, emotion.confidence) if emotion.confidence else None
        ),
    }
    figures = {key: felt[key] for key in ("emotion", "emotion_n")}
    hidden = [*hidden, *_hidden(figures, withheld=emotion.withheld)]
    return {**numbers, **felt, "withheld": _withheld(database, hidden)}


def _feeling(value: float | None) -> Choice | None:
    """Return the word for an emotion, by the unrounded score, as the model draws the lines."""
    if value is None:
        return None
    if value >= 1.25:
        word = "delighted"
    elif value >= 0.4:
        word = "pleased"
    elif value > -0.4:
        word = "indifferent"
    elif value > -1.25:
        word = "uneasy"
    else:
        word = "frustrated"
    return Choice(word, word)


def _hidden(numbers: Mapping[str, Cell], *, withheld: bool, but: Collection[str] = ()) -> list[str]:
    if not withheld:
        return []
    return [key for key, value in numbers.items() if value is None and key not in but]


def _withheld(database: Database, hidden: Collection[str]) -> str | None:
    names = [column.name for column in database.columns if column.key in hidden]
    return ", ".join(names) or None
