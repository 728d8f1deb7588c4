"""The journey map as values: what `export` prints and every target shows.

Field names are those of the export. A number is None when it is not shown; `withheld` beside it
says that at least one number of this object has too small a base (fewer than 5 distinct units).
Rates are 0–1, NPS −100–100, durations days, amounts home currency, all unrounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cjm_sync.model import Finding

Evidence = Literal["measured", "inferred", "none"]
Confidence = Literal["low", "medium", "high"]
EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Emotion:
    """A score from −2 to +2 with what it rests on; *n* counts signals."""

    score: float | None
    n: int | None
    evidence: Evidence
    confidence: Confidence | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One persona in one stage (`journey-model.md` §5)."""

    persona: str
    in_stage: int | None
    dormant: int | None
    entered: int | None
    units: int | None
    decided: int | None
    conversion: float | None
    conversion_low: float | None
    conversion_high: float | None
    drop_off: float | None
    regression: float | None
    skip_rate: float | None
    completed: int | None
    median_days: float | None
    p90_days: float | None
    open_median_days: float | None
    touches_per_unit: float | None
    emotion: Emotion
    nps: float | None
    nps_n: int | None
    csat: float | None
    csat_n: int | None
    ces: float | None
    ces_n: int | None
    open_amount: float | None
    won_amount: float | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage with a cell for every persona listed, `everyone` first."""

    key: str
    label: str
    order: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class MomentOfTruth:
    """A touchpoint tested against advancing (§9); None on a row means not tested."""

    exposed: int
    not_exposed: int
    advanced_exposed: int
    advanced_not_exposed: int
    ratio: float
    low: float
    high: float
    p: float
    q: float
    verdict: Literal["makes", "breaks", "none"]
    starred: bool


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One touchpoint in one stage, numbers of Everyone."""

    key: str
    label: str
    stage: str
    channel: str
    touches: int | None
    units: int | None
    reach: float | None
    emotion: Emotion
    moment_of_truth: MomentOfTruth | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Mix:
    """How a persona's units spread over the values of one property (§10).

    *parts* are (label, units), largest first, each of at least 5 units; *rest* counts the others
    that may be shown as one part (None when that part itself is too small).
    """

    name: str
    parts: tuple[tuple[str, int], ...]
    rest: int | None = None


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona with its computed lines (§10); `everyone` first in every list.

    *mixes* hold country, industry and size; *top_source* and *preferred_channel* are labels, None
    when unknown or too small; *touches_per_stage* is touches per unit by stage key.
    """

    key: str
    label: str
    units: int | None
    share: float | None
    win_rate: float | None
    average_order_value: float | None
    repeat_rate: float | None
    cycle_days: float | None
    mixes: tuple[Mix, ...] = ()
    top_source: str | None = None
    preferred_channel: str | None = None
    touches_per_stage: tuple[tuple[str, float | None], ...] = ()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Units that are in no stage at T, or flagged; counts of units."""

    lost: int | None
    churned: int | None
    dormant: int | None
    unmapped: int | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Journey:
    """One journey's map at T.

    *known_personas* (key, label) and *known_touchpoints* (key, label, usual channel) are all that
    the profile and the account can give, with or without units: a row of a known subject stays,
    under its name, when its data runs out.
    *unmapped_values* are (label that may be shown, units).
    """

    key: str
    name: str
    unit: str
    units: int | None
    stages: tuple[Stage, ...]
    touchpoints: tuple[Touchpoint, ...]
    personas: tuple[Persona, ...]
    outcomes: Outcomes
    currency: str = ""
    unmapped_values: tuple[tuple[str, int | None], ...] = ()
    known_personas: tuple[tuple[str, str], ...] = ()
    known_touchpoints: tuple[tuple[str, str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """Everything one run computed; *as_of* is T."""

    as_of: datetime
    journeys: tuple[Journey, ...]
    findings: tuple[Finding, ...] = field(default=())
