"""What each number of the map means, in words: its definition, its base and its window.

The page is `journey-model.md` §5–§8; docs/notion-columns.md says the same of the columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Window = Literal["now", "window", "decided", "year", "ever", "moments"]
"""Over which time a number looks; `explain` gives the dates."""


@dataclass(frozen=True, slots=True)
class Definition:
    """*base* are the units that a number rests on: fewer than the smallest group withholds it."""

    text: str
    base: str
    window: Window


def _d(text: str, base: str, window: Window) -> Definition:
    return Definition(text, base, window)


_UNITS_IN = "the units in it"
_DECIDED = "units of the decided stays"

CELL: Mapping[str, Definition] = {
    "in_stage": _d("open stays at T that are not dormant", _UNITS_IN, "now"),
    "dormant": _d(
        "open stays with neither a touch of the unit nor their entry in the dormant time before T",
        _UNITS_IN,
        "now",
    ),
    "entered": _d("stays entered, returns included", _UNITS_IN, "window"),
    "units": _d("units with a stay that overlaps the window", _UNITS_IN, "window"),
    "decided": _d(
        "stays entered so long ago that nearly all of their kind would have ended",
        _UNITS_IN,
        "decided",
    ),
    "conversion": _d("decided stays with exit forward by T ÷ decided", _DECIDED, "decided"),
    "conversion_low": _d(
        "lower end of Wilson's 95 % interval of the conversion", _DECIDED, "decided"
    ),
    "conversion_high": _d(
        "upper end of Wilson's 95 % interval of the conversion", _DECIDED, "decided"
    ),
    "drop_off": _d(
        "decided stays with exit lost or churned, or open and dormant, ÷ decided",
        _DECIDED,
        "decided",
    ),
    "regression": _d("decided stays with exit regression ÷ decided", _DECIDED, "decided"),
    "skip_rate": _d(
        "times the stage was skipped ÷ (skipped + entered)",
        "units that skipped or entered",
        "window",
    ),
    "completed": _d("stays left, with any exit", _UNITS_IN, "window"),
    "median_days": _d("median length of the completed stays", "their units", "window"),
    "p90_days": _d("90th percentile of the length of the completed stays", "their units", "window"),
    "open_median_days": _d("median age of open stays that are not dormant", "their units", "now"),
    "touches_per_unit": _d(
        "touches in the stage ÷ units with a stay that overlaps the window", "these units", "window"
    ),
    "emotion": _d(
        "Σ w·score ÷ (Σ w + prior weight) of the measured signals, else of the inferred ones; "
        "a weight halves with each half-life of age",
        "units of the signals",
        "year",
    ),
    "nps": _d("100 · (share of answers 9–10 − share of 0–6)", "units that answered", "window"),
    "nps_n": _d("valid NPS answers", "units that answered", "window"),
    "csat": _d("share of positive CSAT answers", "units that answered", "window"),
    "csat_n": _d("valid CSAT answers", "units that answered", "window"),
    "ces": _d("mean of the CES answers, on their own scale", "units that answered", "window"),
    "ces_n": _d("valid CES answers", "units that answered", "window"),
    "open_amount": _d(
        "home-currency amounts of the deals open at T with a unit whose open stay is in the stage",
        "units with such a deal",
        "now",
    ),
    "won_amount": _d(
        "home-currency amounts of the deals won at T whose win has its touch in the stage",
        "units with such a deal",
        "window",
    ),
}

TOUCHPOINT: Mapping[str, Definition] = {
    "touches": _d("touches of the touchpoint in the stage", "units touched", "window"),
    "units": _d("distinct units touched in the stage", "units touched", "window"),
    "reach": _d(
        "distinct units touched in the stage ÷ units with a stay that overlaps the window",
        "units touched",
        "window",
    ),
    "emotion": CELL["emotion"],
    "moment_of_truth": _d(
        "risk ratio of advancing, units touched before the landmark against those not touched; "
        "linked with, which is not caused by",
        "at least 30 units on either side",
        "moments",
    ),
}

PERSONA: Mapping[str, Definition] = {
    "units": _d("units of the persona", _UNITS_IN, "now"),
    "share": _d("units of the persona ÷ all units", "all units", "now"),
    "win_rate": _d(
        "won deals ÷ closed deals, by their state at T", "units of the closed deals", "window"
    ),
    "average_order_value": _d(
        "won amount ÷ won deals with an amount", "units of these deals", "window"
    ),
    "repeat_rate": _d(
        "units with two or more deals ever won ÷ units with one or more", "these units", "ever"
    ),
    "cycle_days": _d(
        "median days from the first stay to the first purchase", "units that bought", "window"
    ),
}

OUTCOME: Mapping[str, Definition] = {
    "units": _d("all units: live records created before T that `where` keeps", _UNITS_IN, "now"),
    "lost": _d("units whose last stay ended lost and was not re-opened", _UNITS_IN, "now"),
    "churned": _d("units whose last stay ended churned and was not re-opened", _UNITS_IN, "now"),
    "dormant": _d("units whose open stay is dormant", _UNITS_IN, "now"),
    "unmapped": _d("units whose lifecycle value at T leads to no stage", _UNITS_IN, "now"),
}

PAIN: Mapping[str, str] = {
    "PP1": "the median time in the stage is over 1.5 times its own trailing median, or its target",
    "PP2": "the drop-off is 10 points above its trailing average, or the highest of all stages",
    "PP3": "the median time from the entry to the first sales touch is over 24 hours",
    "PP4": "one category has 20 % of the tickets, or its share grew by half",
    "PP5": "the median first answer or time to close of tickets is over its target",
    "PP6": "the measured emotion at a touchpoint is −0.5 or lower",
    "PP7": "one group of reasons has 25 % of the losses in the stage",
    "PP8": "20 % of the units have had no touch for twice the stage's median gap",
    "PP9": "20 % of the meetings were cancelled or missed",
    "PP10": "unsubscribes and spam reports are 1 % of the sends, or doubled",
    "PP11": "10 % move back from the stage",
    "DL1": "the measured emotion at a touchpoint is +1 or higher",
}
"""When each rule fires, by the defaults; a profile may move its thresholds."""

SEVERITY = (
    "severity = 40 · reach + 40 · intensity + 20 · trend, each 0–1: reach = affected units ÷ units "
    "with a stay that overlaps the window; intensity = how far past the threshold; trend = how far "
    "it moved that way since the window before"
)
