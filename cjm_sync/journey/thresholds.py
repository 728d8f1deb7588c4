"""The constants of the insights: pains, moments of truth and coverage, as the profile gives them.

Field names are those of the profile's tables `[pains]`, `[moments]` and `[coverage]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PainRules:
    """When each rule of §7 fires; shares are 0–1, `*_min_n` the least base of a rule.

    *stage_days* are target days of single stages by key, for PP1 and PP5.
    """

    trailing_days: float = 180.0
    reach_weight: float = 40.0
    intensity_weight: float = 40.0
    trend_weight: float = 20.0
    slow_stage_factor: float = 1.5
    slow_stage_min_n: int = 20
    stage_days: Mapping[str, float] = field(default_factory=dict)
    drop_off_points: float = 0.1
    drop_off_min_n: int = 30
    hand_off_stage: str = "consideration"
    hand_off_touchpoints: tuple[str, ...] = ()
    hand_off_hours: float = 24.0
    hand_off_min_n: int = 20
    ticket_theme_share: float = 0.2
    ticket_theme_growth: float = 0.5
    ticket_theme_min_n: int = 10
    slow_help_min_n: int = 10
    low_score: float = -0.5
    low_score_min_n: int = 5
    lost_theme_share: float = 0.25
    lost_theme_min_n: int = 10
    silence_share: float = 0.2
    silence_gaps: float = 2.0
    silence_min_n: int = 20
    no_show_share: float = 0.2
    no_show_min_n: int = 15
    list_fatigue_touchpoints: tuple[str, ...] = ()
    list_fatigue_share: float = 0.01
    list_fatigue_growth: float = 1.0
    list_fatigue_min_n: int = 200
    regression_share: float = 0.1
    regression_min_n: int = 20
    delight_score: float = 1.0
    delight_min_n: int = 5


@dataclass(frozen=True, slots=True)
class MomentRules:
    """How touchpoints are tested against advancing (§9); *left_out* are beginnings of keys."""

    window_days: float = 365.0
    landmark_quantile: float = 0.25
    min_completed: int = 5
    min_group: int = 30
    false_discovery_rate: float = 0.05
    makes: float = 1.5
    breaks: float = 0.67
    stars: int = 3
    left_out: tuple[str, ...] = ("sales.",)


@dataclass(frozen=True, slots=True)
class CoverageRules:
    """From where on a gap is a warning (§10, §11); shares and points are 0–1."""

    unassigned_share: float = 0.2
    drift_points: float = 0.1
    review_days: float = 365.0
