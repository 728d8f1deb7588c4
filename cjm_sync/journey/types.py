"""The journey map as values: what `export` prints and every target shows.

Field names are those of the export. A number is None when it is not shown; `withheld` beside it
says that at least one number of this object has too small a base (fewer than 5 distinct units).
Rates are 0–1, NPS −100–100, durations days, amounts home currency, all unrounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from cjm_sync.journey.grounds import Grounds
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
    override: float | None = None
    """What a person typed in its place; set by the overlay only, never exported without people."""

    @property
    def shown(self) -> float | None:
        """Return what readers see: the person's value, else the computed one."""
        return self.score if self.override is None else self.override

    @property
    def gap(self) -> float | None:
        """Return how far the person's value lies from the computed one."""
        return None if self.override is None or self.score is None else self.override - self.score


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
    """A touchpoint tested against advancing (§9); None on a row means not tested.

    A count of units is None when it is withheld, as everywhere.
    """

    exposed: int
    not_exposed: int
    advanced_exposed: int | None
    advanced_not_exposed: int | None
    ratio: float
    low: float
    high: float
    p: float
    q: float
    verdict: Literal["makes", "breaks", "none"]
    starred: bool
    withheld: bool = False


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
class Pain:
    """One pain or delight that fires at T (§7); identity is rule, stage and subject.

    *rule* is `PP1` … `PP11` or `DL1`. *subject* tells several of one rule and stage apart (a
    touchpoint's key, a ticket category, a reason group); empty where the rule has none. *value*
    is the metric, *threshold* what it passed, *before* the metric on the window before, all in
    *unit*. *units* are those affected, *n* the rule's own base. *severity* and its parts run
    0–100 and 0–1; a delight has them too.
    """

    rule: str
    stage: str
    subject: str
    label: str
    unit: Literal["days", "hours", "share", "score"]
    severity: float
    reach: float
    intensity: float
    trend: float
    value: float
    threshold: float
    before: float | None
    n: int
    units: int

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return what a person's notes stay with."""
        return self.rule, self.stage, self.subject


@dataclass(frozen=True, slots=True)
class Opportunity:
    """What a pain that was ever active invites to improve (§8).

    *customer_value*, *business_value* and *value* run 0–100; *business_value* is None when the
    amounts behind it are withheld. *effort* is 0–5, taken as 3 while *is_effort_set* is False.
    *state* is `resolved` when its pain does not fire at T.
    """

    rule: str
    stage: str
    subject: str
    label: str
    state: Literal["active", "resolved"]
    customer_value: float
    business_value: float | None
    value: float
    effort: float
    is_effort_set: bool
    priority: float

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return the identity of its pain."""
        return self.rule, self.stage, self.subject


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One number of one cell against the last snapshots (§5, change).

    *day_before* and *month_before* are the number then, None without a snapshot or when withheld.
    """

    stage: str
    persona: str
    metric: str
    now: float | None
    day_before: float | None
    month_before: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """One line of the coverage report (§11): *kind* groups, *subject* names, *count* counts units."""

    kind: str
    subject: str
    label: str
    count: int | None = None
    share: float | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the map does not cover; *gaps* in a fixed order, empty when all is well."""

    gaps: tuple[Gap, ...]
    unassigned_share: float | None = None


@dataclass(frozen=True, slots=True)
class Traveller:
    """One unit's own row, only made at a `privacy.detail` above aggregate.

    *id* is the CRM's, whatever the detail: the target decides what it shows. *former_ids* were
    merged into it. *timeline* is a compact text of stages and touchpoints without personal data.
    *properties* (name, value) are the values of the allow-list, at `full` only. Times are aware.
    """

    object: str
    id: str
    former_ids: tuple[str, ...]
    persona: str
    stage: str | None
    state: Literal["in_stage", "dormant", "lost", "churned"]
    entered_at: datetime | None
    started_at: datetime | None
    last_touch: str | None
    last_touch_at: datetime | None
    next_touch: str | None
    next_touch_at: datetime | None
    emotion: Emotion
    timeline: str
    properties: tuple[tuple[str, str], ...] = ()


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
    *unmapped_values* are (label that may be shown, units). *pains* and what follows are None
    where they were not computed. *onboarding* counts the units in the sub-stage Onboarding (§2).
    *formerly* are earlier keys of the journey, whose rows are this one's.
    *travellers* are None at `aggregate`; *left_out* says how many units have no row of their own.
    *grounds* are what the overlay judges pains by anew; never shown.

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
    pains: tuple[Pain, ...] | None = None
    delights: tuple[Pain, ...] | None = None
    opportunities: tuple[Opportunity, ...] | None = None
    coverage: Coverage | None = None
    changes: tuple[MetricChange, ...] | None = None
    onboarding: int | None = None
    formerly: tuple[str, ...] = ()
    travellers: tuple[Traveller, ...] | None = None
    left_out: int = 0
    grounds: Grounds | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OpportunityPeople:
    """What people put on the row of an opportunity; *effort* is 0–5."""

    effort: float | None = None
    has_owner: bool = False
    has_action: bool = False


@dataclass(frozen=True, slots=True)
class JourneyPeople:
    """What people put into the cells that the map heeds (overlay), for one journey.

    *target_days* and *stage_emotion* are by stage key (Everyone's row), *touchpoint_emotion* by
    (stage, touchpoint), *opportunities* by identity. *reviewed_on* is people's newest date.
    """

    target_days: Mapping[str, float] = field(default_factory=dict)
    stage_emotion: Mapping[str, float] = field(default_factory=dict)
    touchpoint_emotion: Mapping[tuple[str, str], float] = field(default_factory=dict)
    opportunities: Mapping[tuple[str, str, str], OpportunityPeople] = field(default_factory=dict)
    reviewed_on: date | None = None


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """Everything one run computed; *as_of* is T."""

    as_of: datetime
    journeys: tuple[Journey, ...]
    findings: tuple[Finding, ...] = field(default=())
