"""What all rows are put together from: keys, state, emotion, and what is said of withheld numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cjm_sync.journey.types import EVERYONE, Emotion, Journey, Stage
from cjm_sync.model import Cell, Choice, Link, Page
from cjm_sync_notion.column_parts import STATE
from cjm_sync_notion.names import EVERYONE_LABEL
from cjm_sync_notion.rounding import score
from cjm_sync_notion.workspace import SYNC_KEY, Database

ACTIVE = Choice("active", "active")
NO_DATA = Choice("no_data", "no data")
RETIRED = Choice("retired", "retired")
RESOLVED = Choice("resolved", "resolved")


def row_key(journey: str, kind: str, *parts: str) -> str:
    """Return the key of a row: parts percent-encoded, RFC 3986 unreserved characters as they are."""
    return "/".join((quote(journey, safe=""), kind, *(quote(part, safe="") for part in parts)))


def key_parts(key: str, journey: str) -> tuple[str, tuple[str, ...]] | None:
    """Return kind and parts of a key of *journey*; None for another key, or one not written so."""
    match [unquote(part) for part in key.split("/")]:
        case [owner, kind, *rest] if owner == journey and row_key(journey, kind, *rest) == key:
            return kind, tuple(rest)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Known:
    """What a journey's keys may speak of, with the labels that people read.

    *keys* are the rows that a link may point to; of a touchpoint, (label, channel) are known.
    """

    stages: Mapping[str, Stage]
    personas: Mapping[str, str]
    touchpoints: Mapping[str, tuple[str, str]]
    keys: Collection[str]

    @classmethod
    def of(cls, journey: Journey, *, bound: Collection[str]) -> Known:
        """Return what *journey* and the keys already *bound* make known."""
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
        """Return the label of a persona."""
        return self.personas.get(key) or key

    def stage(self, key: str) -> str:
        """Return the label of a stage."""
        stage = self.stages.get(key)
        return (stage.label if stage is not None else "") or key

    def order(self, stage: str) -> int | None:
        """Return the place of a stage in its journey."""
        return self.stages[stage].order if stage in self.stages else None

    def place(self, persona: str) -> int:
        """Return where *persona* stands in lists; units coming and going do not move it."""
        return list(self.personas).index(persona)

    def link(self, key: str) -> Link | None:
        """Return a link to the row of that key, None when there is none."""
        return Link((key,)) if key in self.keys else None

    def stage_row(self, journey: str, stage: str) -> Link | None:
        """Return a link to the row of a stage and Everyone."""
        return self.link(row_key(journey, "stage", stage, EVERYONE))


def _keys_in_map(journey: Journey) -> Iterator[str]:
    for persona in journey.personas:
        yield row_key(journey.key, "persona", persona.key)
    for stage in journey.stages:
        for cell in stage.cells:
            yield row_key(journey.key, "stage", stage.key, cell.persona)
    for touchpoint in journey.touchpoints:
        yield row_key(journey.key, "touchpoint", touchpoint.stage, touchpoint.key)
    for pain in (*(journey.pains or ()), *(journey.delights or ())):
        yield row_key(journey.key, "pain", *pain.identity)


def page(
    database: Database, key: str, journey: Journey, cells: Mapping[str, Cell], state: Choice
) -> Page:
    """Return the row of *key* with its state and key beside its *cells*."""
    return Page(key, database.kind, {**cells, STATE: state, SYNC_KEY: key}, journey=journey.key)


def as_it_was(database: Database, key: str, journey: Journey, state: Choice | None = None) -> Page:
    """Return the row of *key* with its last numbers left alone: only its key, and *state* if given.

    A column that is not among the cells is not compared, so what was written last stays.
    """
    cells: dict[str, Cell] = {SYNC_KEY: key}
    if state is not None:
        cells[STATE] = state
    return Page(key, database.kind, cells, journey=journey.key)


def empty(database: Database) -> dict[str, Cell]:
    """Return every synced column of *database* empty."""
    return {column.key: None for column in database.columns if column.owner == "sync"}


def felt(emotion: Emotion) -> dict[str, Cell]:
    """Return the cells of a computed emotion."""
    return {
        "emotion": score(emotion.score),
        "feeling": feeling(emotion.score),
        "emotion_evidence": Choice(emotion.evidence, emotion.evidence),
        "emotion_n": emotion.n,
        "emotion_confidence": (
            Choice(emotion.confidence, emotion.confidence) if emotion.confidence else None
        ),
    }


def shown(emotion: Emotion) -> dict[str, Cell]:
    """Return the cells that put a person's value beside the computed one."""
    return {"emotion_shown": score(emotion.shown), "emotion_gap": score(emotion.gap)}


def feeling(value: float | None) -> Choice | None:
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


def hidden(numbers: Mapping[str, Cell], *, withheld: bool, but: Collection[str] = ()) -> list[str]:
    """Return the keys of the numbers that are empty because their base is too small."""
    if not withheld:
        return []
    return [key for key, value in numbers.items() if value is None and key not in but]


def withheld_text(database: Database, keys: Collection[str]) -> str | None:
    """Return the cell that names the columns *keys*."""
    names = [column.name for column in database.columns if column.key in keys]
    return ", ".join(names) or None
