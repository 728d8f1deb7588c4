"""The databases of what to do next and how it went: pains and delights, opportunities, history."""

from __future__ import annotations

from cjm_sync_notion.column_parts import (
    JOURNEY,
    KINDS,
    MONEY,
    REVIEW,
    ROADMAP,
    RULES,
    common,
    number,
    people,
    synced,
)
from cjm_sync_notion.workspace import Column, Database

_PAIN = "journeys[].pains[]"
_OPPORTUNITY = "journeys[].opportunities[]"


def _rule(at: str) -> tuple[Column, ...]:
    return (
        synced("rule", "Rule", "select",
               "By which rule it was found; each rule says from how many cases on it may fire.",
               export=f"{at}.rule", options=RULES),
        synced("stage", "Stage", "select", "The stage of the journey that it was found in.",
               export=f"{at}.stage"),
        JOURNEY,
    )  # fmt: skip


PAINS = Database(
    "pains",
    "Pains & delights",
    "💢",
    "One row per pain or delight that a rule found: rule, stage and subject. A row whose rule no "
    "longer fires is resolved and keeps its last numbers and what people wrote.",
    (
        synced("name", "Pain or delight", "title", "What was found, and where.",
               export=f"{_PAIN}.label"),
        synced("kind", "Kind", "select", "A pain to relieve, or a delight to amplify.",
               options=KINDS),
        *_rule(_PAIN),
        number("severity", "Severity", _PAIN,
               "0–100: 40·reach + 40·intensity + 20·trend, each from 0 to 1; of a delight its "
               "strength."),
        number("reach", "Reach", _PAIN,
               "Affected units ÷ units with a stay overlapping the window (90 days by default).",
               "percent"),
        number("intensity", "Intensity", _PAIN,
               "How far Measured lies past Threshold: |value − threshold| ÷ |threshold|, at most "
               "100 %.", "percent"),
        number("trend", "Trend", _PAIN,
               "|change| ÷ |Before| towards the firing side, at most 100 %; 0 without enough "
               "units then.", "percent"),
        synced("value", "Measured", "rich_text", "The rule's metric at the reference time.",
               export=f"{_PAIN}.value"),
        synced("threshold", "Threshold", "rich_text", "What Measured passed.",
               export=f"{_PAIN}.threshold"),
        synced("before", "Before", "rich_text",
               "The metric on the window before; empty without enough units.",
               export=f"{_PAIN}.before"),
        number("n", "Cases", _PAIN, "The rule's own base: stays, tickets, meetings, answers or "
               "sends.", "number_with_commas"),
        number("units", "Units affected", _PAIN, "Distinct units behind it; never under 5.",
               "number_with_commas"),
        synced("stage_row", "Stage row", "relation",
               "The row of this stage and Everyone in Stages.", relates_to="stages"),
        synced("touchpoint_row", "Touchpoint row", "relation",
               "The row in Touchpoints, where the subject is a touchpoint.",
               relates_to="touchpoints"),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("owner", "Owner", "people", "Who looks after it."),
        people("status", "Status", "select", "Where your work on it stands.", REVIEW),
        people("voices", "In customers' words", "rich_text", "What customers said about it."),
        people("cause", "Cause", "rich_text", "Why you think it happens."),
        people("notes", "Notes", "rich_text", "Anything else."),
        people("reviewed_on", "Reviewed on", "date", "When people last checked it."),
    ),
)  # fmt: skip

OPPORTUNITIES = Database(
    "opportunities",
    "Opportunities",
    "💡",
    "One row per pain that was ever active: what would be gained by relieving it. Decision, owner, "
    "effort and dates are people's; rows of your own are never touched.",
    (
        synced("name", "Opportunity", "title", "The pain that it would relieve.",
               export=f"{_OPPORTUNITY}.label"),
        *_rule(_OPPORTUNITY),
        number("priority", "Priority", _OPPORTUNITY,
               "Value · (6 − effort) ÷ 5; effort counts as 3 while it is not set."),
        number("value", "Value", _OPPORTUNITY,
               "0–100: half Customer value, half Business value."),
        number("customer_value", "Customer value", _OPPORTUNITY,
               "The highest severity of the linked pains, 0–100."),
        number("business_value", "Business value", _OPPORTUNITY,
               "Percentile rank, 0–100, among the stages of open amount in the stage + amount "
               "lost there in the window (90 days by default)."),
        synced("effort_counted", "Effort counted", "rich_text",
               "The effort in Priority: yours, or 3 (not set).", export=f"{_OPPORTUNITY}.effort"),
        synced("pain_row", "Pain row", "relation", "The row in Pains & delights.",
               relates_to="pains"),
        synced("stage_row", "Stage row", "relation",
               "The row of this stage and Everyone in Stages.", relates_to="stages"),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("effort", "Effort", "number", "From 0 (none) to 5 (a great deal); read for Priority."),
        people("owner", "Owner", "people", "Who does it."),
        people("status", "Status", "select", "Where it stands.", ROADMAP),
        people("decision", "Decision", "rich_text", "What will be done."),
        people("due", "Due", "date", "By when, or from when to when."),
        people("customer_told_on", "Customer told on", "date", "When customers heard what came of it."),
        people("notes", "Notes", "rich_text", "Anything else."),
        people("reviewed_on", "Reviewed on", "date", "When people last checked it."),
    ),
)  # fmt: skip

_FROZEN = "as at the last run of the month"


def _then(key: str, name: str, meaning: str, number_format: str = "number") -> Column:
    return synced(key, name, "number", f"{meaning}, {_FROZEN}; formula, window and base as in Stages.",
                  number_format=number_format)  # fmt: skip


HISTORY = Database(
    "history",
    "History",
    "📈",
    "One row per stage, persona and month, refreshed until the month ends and then left as it is. "
    "It shows how the map moved.",
    (
        synced("name", "Month, stage and persona", "title", "Which cell of the map, and when."),
        synced("month", "Month", "date", "The month's first day; months are cut in the time zone "
               "of the configuration."),
        synced("stage", "Stage", "select", "The stage of the journey."),
        synced("persona", "Persona", "select", "Whose row it is; Everyone holds all units."),
        JOURNEY,
        _then("in_stage", "In stage", "Units in the stage, not dormant", "number_with_commas"),
        _then("entered", "Entered", "Stays entered", "number_with_commas"),
        _then("conversion", "Conversion", "Decided stays that moved forward", "percent"),
        _then("drop_off", "Drop-off", "Decided stays lost, churned or dormant", "percent"),
        _then("median_days", "Median days", "Median length of completed stays"),
        _then("touches_per_unit", "Touches per unit", "Touches in the stage ÷ units"),
        _then("emotion", "Emotion", "Computed emotion, −2 to +2"),
        _then("nps", "NPS", "Net promoter score"),
        _then("csat", "CSAT", "Share of satisfied answers", "percent"),
        _then("open_amount", "Open amount", "Sum of open deals", MONEY),
        _then("won_amount", "Won amount", "Sum of deals won", MONEY),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("notes", "Notes", "rich_text", "What happened in this month."),
    ),
)  # fmt: skip
