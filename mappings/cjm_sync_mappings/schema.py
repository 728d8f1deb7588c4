"""The shape of a mapping profile: what a person may write, and nothing else.

Values live in `profiles/crm.toml`; no default hides here, so that the file shows everything.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
StageKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Words = Annotated[str, Field(min_length=1)]
Object = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
Property = Annotated[str, Field(pattern=r"^[a-z][a-zA-Z0-9_]*$")]
Days = Annotated[float, Field(gt=0)]
Score = Annotated[float, Field(ge=-2, le=2)]
Weight = Annotated[float, Field(ge=0)]


class Part(BaseModel):
    """A table of the profile; a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StagePart(Part):
    key: StageKey
    label: Words
    aliases: tuple[str, ...] = ()


class KeywordPart(Part):
    """*to* is a stage, or `lost`: gone (after a purchase that is churned)."""

    pattern: Words
    to: StageKey


class LifecyclePart(Part):
    """*defaults* hold for values the account has; *entries* are yours and come first."""

    defaults: dict[str, StageKey]
    entries: dict[str, StageKey]
    keywords: tuple[KeywordPart, ...]


class OpenPart(Part):
    """Open deals in a pipeline whose label *pattern* is found in stand for the stage *to*."""

    pattern: Words
    to: StageKey


class DealsPart(Part):
    """What deals do: stages by state, and patterns of pipeline labels.

    *open_pipelines* go before *open_low* and *open_high*, the first match.
    """

    open_low: StageKey
    open_high: StageKey
    high_from: Annotated[float, Field(ge=0, le=1)]
    won: StageKey
    won_again: StageKey
    won_again_pipelines: Words
    churn_pipelines: Words
    open_pipelines: tuple[OpenPart, ...]


class OrdersPart(Part):
    """Orders as purchases, where *are_purchases*: won at the first of *time*, else at creation.

    One whose *status* is one of *skip_values*, in any case, was none.
    """

    are_purchases: bool
    time: tuple[Property, ...]
    amount: Property
    currency: Property
    exchange_rate: Property
    status: Property
    skip_values: tuple[str, ...]


class RulesPart(Part):
    meeting: StageKey
    meeting_not_held: tuple[str, ...]
    quote: StageKey
    nps: StageKey
    nps_from: Annotated[int, Field(ge=0, le=10)]
    meeting_missed: tuple[str, ...]


class ThresholdsPart(Part):
    window_days: Days
    dormant_days: Days
    min_group: Annotated[int, Field(ge=1)]
    patience_quantile: Annotated[float, Field(ge=0, le=1)]
    patience_days: Days
    patience_min_stays: Annotated[int, Field(ge=1)]
    onboarding_days: Days
    page_minutes: Annotated[float, Field(ge=0)]
    ticket_hours: Annotated[float, Field(gt=0)]


class ObjectPart(Part):
    """How records of one object become touches.

    *time* are the properties to look at, in order, before creation. A record whose *skip_property*
    is one of *skip_values* is none; one that no touchpoint covers is `other.<object>` unless
    *uncovered* is `none`. *channels* gives the channel by the value of *channel_property*.
    """

    time: tuple[Property, ...] = ()
    skip_property: Property | None = None
    skip_values: tuple[str, ...] = ()
    uncovered: Literal["other", "none"] = "other"
    channel_property: Property | None = None
    channels: dict[str, Words] = {}


class TouchpointPart(Part):
    """One touchpoint: records of *object* whose *property* is one of *values*.

    *linked* asks for a link to that object and goes before the others; *phase* tells meetings
    apart; *inbound* says that the customer began it. A record whose *skip_property* is one of
    *skip_values* is no touch. Page views count when *pages* is empty or one of its patterns is
    found in the address.
    """

    key: Key
    label: Words
    channel: Words
    object: Object
    property: Property | None = None
    values: tuple[str, ...] = ()
    skip_property: Property | None = None
    skip_values: tuple[str, ...] = ()
    linked: Object | None = None
    phase: Literal["first", "follow", "early", "late"] | None = None
    inbound: bool = False
    pages: tuple[Words, ...] = ()


class ConditionPart(Part):
    object: Literal["contact", "company"]
    property: Property
    operator: Literal["is", "contains", "matches", "known", "at_least", "at_most"]
    values: tuple[str, ...] = ()


class PersonaPart(Part):
    """A segment: units for which *any* condition holds."""

    key: Key
    label: Words
    any: Annotated[tuple[ConditionPart, ...], Field(min_length=1)]


class PersonasPart(Part):
    rules: tuple[PersonaPart, ...]
    starter: tuple[PersonaPart, ...]
    unassigned: Words


class BandPart(Part):
    label: Words
    up_to: float | None = None


class MixPart(Part):
    """How units spread over a property: *properties* as `object.property`, the first that is set.

    Text may leave the machine only as an option's label, one of *values* (by code or name), or a
    band.
    """

    name: Key
    properties: Annotated[tuple[str, ...], Field(min_length=1)]
    values: dict[str, Words] = {}
    bands: tuple[BandPart, ...] = ()


class PacePart(Part):
    score: Score
    up_to: float | None = None


class ReasonPart(Part):
    key: Key
    pattern: Words
    score: Score


class WeightsPart(Part):
    survey: Weight
    label: Weight
    ticket: Weight
    call: Weight
    meeting: Weight
    email: Weight
    deal: Weight


class EmailPart(Part):
    reply: Score
    click: Score
    open: Score
    bounce: Score
    unsubscribe: Score
    spam: Score


class EmotionPart(Part):
    half_life_days: Days
    max_age_days: Days
    prior_weight: Weight
    min_signals: Annotated[int, Field(ge=1)]
    medium_signals: Annotated[int, Field(ge=1)]
    high_signals: Annotated[int, Field(ge=1)]
    weights: WeightsPart
    nps: Annotated[tuple[Score, ...], Field(min_length=11, max_length=11)]
    labels: dict[str, Score]
    ticket_priority: dict[str, Score]
    ticket_pace: Annotated[tuple[PacePart, ...], Field(min_length=1)]
    ticket_overdue: Score
    call_outcome: dict[str, Score]
    meeting_outcome: dict[str, Score]
    email: EmailPart
    deal_won: Score
    lost_reasons: tuple[ReasonPart, ...]
    lost_without_reason: Score
    lost_other_reason: Score


class SurveysPart(Part):
    """Scales as [lowest, highest] by survey type; *by_survey* by survey id goes before."""

    scales: dict[Literal["CSAT", "CES"], tuple[float, float]]
    by_survey: dict[str, tuple[float, float]]
    positive_share: Annotated[float, Field(ge=0, le=1)]


class TicketsPart(Part):
    """What is read of tickets beside their touch.

    *category* is an enumeration; *answered* and *answer_due* are times, of the first answer and of
    the end of its target, which is *answer_hours* where the ticket has none. A pipeline whose label
    *onboarding* is found in marks the sub-stage Onboarding.
    """

    category: Property
    answered: Property
    answer_due: Property
    answer_hours: Annotated[float, Field(gt=0)]
    onboarding: Words


Share = Annotated[float, Field(gt=0, le=1)]
Least = Annotated[int, Field(ge=1)]


class PainsPart(Part):
    """When each pain fires; `*_min_n` is the least base of its rule, shares are 0–1."""

    trailing_days: Days
    reach_weight: Weight
    intensity_weight: Weight
    trend_weight: Weight
    slow_stage_factor: Annotated[float, Field(gt=0)]
    slow_stage_min_n: Least
    stage_days: dict[StageKey, Days]
    drop_off_points: Share
    drop_off_min_n: Least
    hand_off_touchpoints: tuple[Key, ...]
    hand_off_hours: Annotated[float, Field(gt=0)]
    hand_off_min_n: Least
    ticket_theme_share: Share
    ticket_theme_growth: Annotated[float, Field(gt=0)]
    ticket_theme_min_n: Least
    slow_help_min_n: Least
    low_score: Score
    low_score_min_n: Least
    lost_theme_share: Share
    lost_theme_min_n: Least
    silence_share: Share
    silence_gaps: Annotated[float, Field(gt=0)]
    silence_min_n: Least
    no_show_share: Share
    no_show_min_n: Least
    list_fatigue_touchpoints: tuple[Key, ...]
    list_fatigue_share: Share
    list_fatigue_growth: Annotated[float, Field(gt=0)]
    list_fatigue_min_n: Least
    regression_share: Share
    regression_min_n: Least
    delight_score: Score
    delight_min_n: Least


class MomentsPart(Part):
    """How touchpoints are tested against advancing; *left_out* are beginnings of keys."""

    window_days: Days
    landmark_quantile: Annotated[float, Field(ge=0, le=1)]
    min_completed: Least
    min_group: Least
    false_discovery_rate: Share
    makes: Annotated[float, Field(ge=1)]
    breaks: Share
    stars: Least
    left_out: tuple[Words, ...]


class CoveragePart(Part):
    unassigned_share: Share
    drift_points: Share
    review_days: Days


class Profile(Part):
    """A whole mapping profile; *version* is that of its form, which `migration.py` brings up."""

    version: Literal[1]
    stages: Annotated[tuple[StagePart, ...], Field(min_length=2)]
    lifecycle: LifecyclePart
    deals: DealsPart
    orders: OrdersPart
    rules: RulesPart
    thresholds: ThresholdsPart
    objects: dict[Object, ObjectPart]
    touchpoints: Annotated[tuple[TouchpointPart, ...], Field(min_length=1)]
    personas: PersonasPart
    mixes: tuple[MixPart, ...]
    emotion: EmotionPart
    surveys: SurveysPart
    tickets: TicketsPart
    pains: PainsPart
    moments: MomentsPart
    coverage: CoveragePart

    def stage_place(self, key: str) -> int:
        """Return the place of a stage that validation has found to exist."""
        return next(place for place, stage in enumerate(self.stages) if stage.key == key)
