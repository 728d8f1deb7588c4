"""What a mapping hands to the journey: units, deals, touches, signals and answers, as values.

The way in is `Facts`. Times are whole milliseconds since 1970 (UTC) and all lie before T: the
mapping drops the rest. Touches, signals and answers are columns, because there are a million of
them; units stand at their place in `Facts.units`, and columns name them by that place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from cjm_sync.journey.asides import Asides
from cjm_sync.journey.thresholds import CoverageRules, MomentRules, PainRules
from cjm_sync.model import Finding

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DAY_MS = 86_400_000
NO_VALUE = -1
OTHER_VALUE = -2


@dataclass(frozen=True, slots=True)
class StageName:
    """One stage of the journey; its place in `Facts.stages` is its order."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class StageRoles:
    """Which stages (by place) the rules of a purchase speak of.

    *customer* is where the first won deal leads, and from where on a lifecycle value counts as a
    purchase; *loyal* is where a later win leads.
    """

    customer: int
    loyal: int


@dataclass(frozen=True, slots=True)
class TouchpointName:
    """One kind of interaction; *channel* is its usual one, a touch may carry its own."""

    key: str
    label: str
    channel: str


@dataclass(frozen=True, slots=True)
class PersonaName:
    """One segment of units; Everyone is not listed."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class MeetingPhases:
    """The touchpoints (by place) of a meeting, by where it falls against the purchase.

    A touch of *pending* becomes one of the four once the timelines are known.
    """

    pending: int
    first: int
    follow: int
    early: int
    late: int
    early_days: float


class DealState(IntEnum):
    """What a deal is between two of its moves."""

    LOW = 0
    HIGH = 1
    WON = 2
    LOST = 3


@dataclass(frozen=True, slots=True)
class DealMove:
    """A deal's entry into a state; *stage* (by place) is what an open one stands for."""

    at: int
    state: DealState
    stage: int = NO_VALUE


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal: its *moves* in order of time, without slips and stages that are passed over.

    *amount* is in home currency, None when unknown. *object* is the source's: an order of a shop is
    a deal that was won when it was placed. *renews* says that a win leads to loyalty,
    *renewal* that a loss after a purchase is a churn.
    """

    id: str
    moves: tuple[DealMove, ...]
    amount: float | None = None
    renews: bool = False
    renewal: bool = False
    object: str = "deals"


@dataclass(frozen=True, slots=True)
class LifecycleMove:
    """A unit's new lifecycle value: a *stage* (by place), or leaving when it is None."""

    at: int
    stage: int | None


@dataclass(frozen=True, slots=True)
class RuleMove:
    """An event from a rule (meeting, quote, NPS); *needs_purchase*: only after a purchase."""

    at: int
    stage: int
    record_id: str
    needs_purchase: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """What travels: when it was created, how it was moved, which deals it has (by place).

    *persona* is a place in `Facts.personas`. *unmapped* names the lifecycle value at T when no
    stage is known for it.
    """

    id: str
    created_at: int | None
    persona: int
    lifecycle: tuple[LifecycleMove, ...] = ()
    rules: tuple[RuleMove, ...] = ()
    deals: tuple[int, ...] = ()
    unmapped: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Touches:
    """One row per touch, ordered by unit, time and record id.

    *ends* marks those that belong to the stage they end (a loss), *welcome* those that the
    customer began or attended.
    """

    unit: Ints
    at: Ints
    touchpoint: Ints
    channel: Ints
    ends: Flags
    welcome: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """One row per contribution to emotion.

    *touch* is the place of the touch whose key it carries, or -1; then *touchpoint* is the key.
    """

    unit: Ints
    at: Ints
    touch: Ints
    touchpoint: Ints
    score: Floats
    weight: Floats
    measured: Flags
    ends: Flags


AnswerKind = Literal["nps", "csat", "ces"]
ANSWER_KINDS: tuple[AnswerKind, ...] = ("nps", "csat", "ces")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """One row per valid survey answer; *kind* is a place in `ANSWER_KINDS`.

    *value* is such that the mean is the metric: NPS ±100 or 0, CSAT 1 or 0, CES as answered.
    """

    unit: Ints
    at: Ints
    kind: Ints
    value: Floats


class OccasionKind(IntEnum):
    """What an occasion is; it happens in the stage of its own time."""

    TICKET = 0
    """A ticket was opened; *subject* is its category, one row per category that it has."""
    ANSWERED = 1
    """A ticket got its first answer: *value* hours after its creation, *target* hours allowed."""
    CLOSED = 2
    """A ticket was closed: *value* hours after its creation, *target* hours allowed."""
    LOSS = 3
    """A deal was lost; *subject* is the group of the reason."""
    MEETING = 4
    """A meeting; *value* is 1 when it was cancelled or missed, else 0."""
    COMPLAINT = 5
    """Somebody unsubscribed, or reported a marketing email as spam."""


def _no_ints() -> Ints:
    return np.empty(0, dtype=np.int64)


def _no_floats() -> Floats:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """What pains are counted from beside touches: one row per occasion and unit that it is of.

    *kind* is an `OccasionKind`, *record* a number that is the record's own within its kind, so
    that a record of three units counts once. *subject* is a place in `Facts.subjects`, or -1.
    """

    unit: Ints = field(default_factory=_no_ints)
    at: Ints = field(default_factory=_no_ints)
    kind: Ints = field(default_factory=_no_ints)
    record: Ints = field(default_factory=_no_ints)
    subject: Ints = field(default_factory=_no_ints)
    value: Floats = field(default_factory=_no_floats)
    target: Floats = field(default_factory=_no_floats)


@dataclass(frozen=True, slots=True)
class SubjectName:
    """A category of tickets or a group of lost reasons: *label* may leave the machine."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Trait:
    """A property whose spread is shown per persona: one place in *labels* per unit.

    `NO_VALUE` stands for an empty value, `OTHER_VALUE` for text that may not leave the machine.
    """

    name: str
    labels: tuple[str, ...]
    values: Ints


@dataclass(frozen=True, slots=True)
class Settings:
    """The constants of the journey model, from the profile."""

    window_days: float = 90.0
    dormant_days: float = 180.0
    min_group: int = 5
    patience_quantile: float = 0.9
    patience_days: float = 90.0
    patience_min_stays: int = 5
    wilson_z: float = 1.959963984540054
    half_life_days: float = 90.0
    max_age_days: float = 365.0
    prior_weight: float = 250.0
    min_signals: int = 5
    medium_signals: int = 10
    high_signals: int = 50
    pains: PainRules = field(default_factory=PainRules)
    moments: MomentRules = field(default_factory=MomentRules)
    coverage: CoverageRules = field(default_factory=CoverageRules)


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Everything `cjm_sync.journey.compute.compute` needs for one journey.

    *source* holds, per unit, the touchpoint of its first touch's source or -1. *onboarding* are
    the units (by place) that have an open ticket of an onboarding pipeline at T.
    """

    key: str
    name: str
    unit: str
    stages: tuple[StageName, ...]
    roles: StageRoles
    touchpoints: tuple[TouchpointName, ...]
    channels: tuple[str, ...]
    personas: tuple[PersonaName, ...]
    units: tuple[Unit, ...]
    deals: tuple[Deal, ...]
    touches: Touches
    signals: Signals
    answers: Answers
    source: Ints
    traits: tuple[Trait, ...] = ()
    meetings: MeetingPhases | None = None
    settings: Settings = field(default_factory=Settings)
    currency: str = ""
    findings: tuple[Finding, ...] = ()
    occasions: Occasions = field(default_factory=Occasions)
    subjects: tuple[SubjectName, ...] = ()
    onboarding: Ints = field(default_factory=_no_ints)
    asides: Asides = field(default_factory=Asides)
