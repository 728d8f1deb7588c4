"""The databases of the map itself: personas, stages of a persona, touchpoints of a stage."""

from __future__ import annotations

from cjm_sync_notion.column_parts import (
    JOURNEY,
    MONEY,
    REVIEW,
    VERDICTS,
    WINDOW,
    common,
    felt,
    number,
    people,
    shown,
    synced,
)
from cjm_sync_notion.workspace import Column, Database

_CELL = "journeys[].stages[].cells[]"
_TOUCH = "journeys[].touchpoints[]"
_PERSONA = "journeys[].personas[]"


_MOMENT = f"{_TOUCH}.moment_of_truth"


def _moment() -> tuple[Column, ...]:
    """Return the columns of the test whether a touchpoint is linked with moving on."""
    return (
        synced("moment", "Moment of truth", "checkbox",
               "Ticked on the one to three touchpoints of a stage that are most strongly linked "
               "with advancing: |ln ratio| largest among verdicts makes and breaks.",
               export=f"{_MOMENT}.starred"),
        synced("moment_verdict", "Verdict", "select",
               "makes: ratio from 1.5; breaks: up to 0.67; both with q up to 0.05; else none. "
               "Empty: not tested (a group under 30 stays). Linked with, never a cause.",
               export=f"{_MOMENT}.verdict", options=VERDICTS),
        synced("moment_ratio", "Ratio", "number",
               "Share advancing of the stays touched here by the landmark ÷ share of those not "
               "touched; first stays of a year that ended one P90 ago.",
               export=f"{_MOMENT}.ratio"),
        synced("moment_low", "Ratio low", "number",
               "Lower end of the 95 % log-normal interval of Ratio.", export=f"{_MOMENT}.low"),
        synced("moment_high", "Ratio high", "number",
               "Upper end of the 95 % log-normal interval of Ratio.", export=f"{_MOMENT}.high"),
        synced("moment_q", "q", "number",
               "Fisher's exact p of Ratio after Benjamini–Hochberg over all tested pairs of the "
               "map: the share of false ones among verdicts up to this q.",
               export=f"{_MOMENT}.q"),
        synced("moment_exposed", "Exposed", "number",
               "Stays of the test that were touched here by the landmark (the 25th percentile of "
               "completed stay lengths).", export=f"{_MOMENT}.exposed",
               number_format="number_with_commas"),
    )  # fmt: skip


PERSONAS = Database(
    "personas",
    "Personas",
    "👤",
    "One row per persona and journey, Everyone included. Numbers are computed from CRM records and "
    "refreshed; what a persona thinks, fears and wants is written by people.",
    (
        synced("name", "Persona", "title", "The persona, by the label of the account.",
                export=f"{_PERSONA}.label"),
        JOURNEY,
        number("units", "Units", _PERSONA,
                "Units of this persona now, over all time; a unit has the persona of today, for "
                "the past too.", "number_with_commas"),
        number("share", "Share", _PERSONA,
                "Units of this persona ÷ all units of the journey.", "percent"),
        number("win_rate", "Win rate", _PERSONA,
                f"Won deals ÷ closed deals, of those closing in {WINDOW}; base: closed deals.",
                "percent"),
        number("average_order_value", "Average order value", _PERSONA,
                f"Won amount ÷ won deals with an amount, of deals closing in {WINDOW}, home "
                "currency.", MONEY),
        number("repeat_rate", "Repeat rate", _PERSONA,
                "Units with at least 2 deals ever won ÷ units with at least 1, over all time.",
                "percent"),
        number("cycle_days", "Cycle days", _PERSONA,
                f"Median days from the first stay to the first purchase, of purchases in {WINDOW}."),
        synced("mix_country", "Countries", "rich_text",
                "Units by country now, largest first, with their share of the persona's units; "
                "parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        synced("mix_industry", "Industries", "rich_text",
                "Units by industry now, largest first, with their share of the persona's units; "
                "parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        synced("mix_size", "Company sizes", "rich_text",
                "Units by company size now, largest first, with their share of the persona's "
                "units; parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        synced("mix_other", "Other mixes", "rich_text",
                "Units by each further property that the profile names, now, one line each, with "
                "their share of the persona's units."),
        synced("top_source", "Top source", "rich_text",
                "The most frequent first source of this persona's units, over all time."),
        synced("preferred_channel", "Preferred channel", "rich_text",
                "The channel with the highest share of this persona's inbound or attended touches."),
        synced("touches_per_stage", "Touches per stage", "rich_text",
                f"Touches in each stage in {WINDOW} ÷ the persona's units with a stay overlapping it; – is "
                "not enough data."),
        *common("Place of the persona in lists: Everyone first, then the profile's order."),
        people("invented_name", "Invented name", "rich_text", "A name that makes the persona easy to talk about."),
        people("photo", "Photo", "url", "Address of a picture."),
        people("quote", "Quote", "rich_text", "One sentence this persona would say."),
        people("goals", "Goals", "rich_text", "What this persona wants to get done."),
        people("motives", "Motives", "rich_text", "Why it matters to this persona."),
        people("fears", "Fears", "rich_text", "What holds this persona back."),
        people("scenario", "Scenario", "rich_text", "A day on which this persona meets us."),
        people("owner", "Owner", "people", "Who keeps this persona true."),
        people("notes", "Notes", "rich_text", "Anything else."),
        people("reviewed_on", "Reviewed on", "date", "When people last checked this persona against customers."),
    ),
)  # fmt: skip

STAGES = Database(
    "stages",
    "Stages",
    "🧭",
    "One row per stage and persona; the rows of Everyone hold all units. Numbers are computed from "
    "CRM records and refreshed; people's own columns belong on the rows of Everyone.",
    (
        synced("name", "Stage and persona", "title", "The stage, and whose row it is.",
                export="journeys[].stages[].label"),
        synced("stage", "Stage", "select", "The stage of the journey.",
                export="journeys[].stages[].key"),
        synced("persona", "Persona", "select", "Whose row it is; Everyone holds all units.",
                export=f"{_CELL}.persona"),
        JOURNEY,
        number("in_stage", "In stage now", _CELL,
                "Units whose stay in this stage is open at the reference time and not dormant.",
                "number_with_commas"),
        number("dormant", "Dormant", _CELL,
                "Units whose stay is open with neither a touch nor an entry in the last 180 days "
                "(by default).", "number_with_commas"),
        number("entered", "Entered", _CELL,
                f"Stays entered in {WINDOW}, returns included.", "number_with_commas"),
        number("units", "Units in window", _CELL,
                f"Units with a stay that overlaps {WINDOW}: the base of reach and touches per unit.",
                "number_with_commas"),
        number("decided", "Decided", _CELL,
                "Stays entered in a window of equal length that ended one P90 of this stage's "
                "stays ago, closed or not: the base of conversion, drop-off and moved back.",
                "number_with_commas"),
        number("conversion", "Conversion", _CELL,
                "Decided stays that have moved forward by now ÷ decided; the last stage has none.",
                "percent"),
        number("conversion_low", "Conversion low", _CELL,
                "Lower end of the 95 % Wilson interval of conversion; base: decided stays.",
                "percent"),
        number("conversion_high", "Conversion high", _CELL,
                "Upper end of the 95 % Wilson interval of conversion; base: decided stays.",
                "percent"),
        number("drop_off", "Drop-off", _CELL,
                "Decided stays that ended lost or churned, or are open and dormant ÷ decided.",
                "percent"),
        number("regression", "Moved back", _CELL,
                "Decided stays that ended in an earlier stage ÷ decided.", "percent"),
        number("skip_rate", "Skipped", _CELL,
                f"Times the stage was jumped over ÷ (jumped over + entered), in {WINDOW}.", "percent"),
        number("completed", "Completed", _CELL,
                f"Stays left in {WINDOW}, whatever came next.", "number_with_commas"),
        number("median_days", "Median days", _CELL,
                f"Median length in days of the stays completed in {WINDOW}."),
        number("p90_days", "P90 days", _CELL,
                f"Length in days that nine in ten of the stays completed in {WINDOW} do not exceed."),
        number("open_median_days", "Open median days", _CELL,
                "Median age in days of the stays open now that are not dormant."),
        number("touches_per_unit", "Touches per unit", _CELL,
                f"Touches in the stage in {WINDOW} ÷ units with a stay overlapping it."),
        *felt("in this stage", _CELL),
        *shown(_CELL),
        number("nps", "NPS", _CELL,
                f"100·(share of 9–10 − share of 0–6) of the NPS answers given in this stage in "
                f"{WINDOW}."),
        number("nps_n", "NPS answers", _CELL, f"NPS answers given in this stage in {WINDOW}."),
        number("csat", "CSAT", _CELL,
                "Answers in the upper quarter of their scale ÷ CSAT answers given in this stage "
                f"in {WINDOW}.", "percent"),
        number("csat_n", "CSAT answers", _CELL, f"CSAT answers given in this stage in {WINDOW}."),
        number("ces", "CES", _CELL,
                f"Mean, on its own scale, of the CES answers given in this stage in {WINDOW}."),
        number("ces_n", "CES answers", _CELL, f"CES answers given in this stage in {WINDOW}."),
        number("open_amount", "Open amount", _CELL,
                "Sum of the deals open now of units whose open stay is in this stage, each deal "
                "once, home currency.", MONEY),
        number("won_amount", "Won amount", _CELL,
                f"Sum of the deals won in {WINDOW} whose win falls in this stage, each deal once, "
                "home currency.", MONEY),
        number("onboarding", "Onboarding", "journeys[]",
                "Units in the sub-stage Onboarding now, on the row of Everyone in the stage of "
                "service: an open ticket in an onboarding pipeline.", "number_with_commas"),
        synced("change", "Change", "rich_text",
                "What moved, as rounded, against the last snapshot of the day before and the one "
                "nearest to a month back; empty while nothing moved.",
                export="journeys[].changes[]"),
        synced("persona_row", "Persona row", "relation", "The row of this persona in Personas.",
                relates_to="personas"),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("owner", "Owner", "people", "Who looks after this stage."),
        people("status", "Status", "select", "Where your work on this stage stands.", REVIEW),
        people("thoughts", "Thoughts", "rich_text", "What customers think here."),
        people("needs", "Needs", "rich_text", "What customers need and expect here."),
        people("notes", "Notes", "rich_text", "Anything else."),
        people("target_days", "Target days", "number", "How long this stage should take."),
        people("emotion_override", "Emotion override", "number", "Your own score, −2 to +2, where you know better than the computed one."),
        people("reviewed_on", "Reviewed on", "date", "When people last checked this stage."),
    ),
)  # fmt: skip

TOUCHPOINTS = Database(
    "touchpoints",
    "Touchpoints",
    "📍",
    "One row per touchpoint and stage, for Everyone. Numbers are computed from CRM records and "
    "refreshed; people mark the key moments and decide what to do.",
    (
        synced("name", "Touchpoint", "title", "The kind of interaction.", export=f"{_TOUCH}.key"),
        synced("stage", "Stage", "select", "The stage in which units were at the time of the touch.",
                export=f"{_TOUCH}.stage"),
        synced("channel", "Channel", "select",
                "Where it happens, online (Web, Email, Ads …) or offline (Phone, Meeting …).",
                export=f"{_TOUCH}.channel"),
        JOURNEY,
        number("touches", "Touches", _TOUCH, f"Occurrences in this stage in {WINDOW}.",
                "number_with_commas"),
        number("units", "Units touched", _TOUCH,
                f"Distinct units touched in this stage in {WINDOW}.", "number_with_commas"),
        number("reach", "Reach", _TOUCH,
                f"Distinct units touched in this stage in {WINDOW} ÷ units with a stay overlapping "
                "it.", "percent"),
        *felt("of this touchpoint in this stage", _TOUCH),
        *shown(_TOUCH),
        *_moment(),
        synced("stage_row", "Stage row", "relation",
                "The row of this stage and Everyone in Stages.", relates_to="stages"),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("key_moment", "Key moment", "checkbox", "Ticked where the customer decides."),
        people("owner", "Owner", "people", "Who looks after this touchpoint."),
        people("status", "Status", "select", "Where your work on it stands.", REVIEW),
        people("decision", "Decision", "rich_text", "What will be done."),
        people("due", "Due", "date", "By when."),
        people("emotion_override", "Emotion override", "number", "Your own score, −2 to +2, where you know better than the computed one."),
        people("thoughts", "Thoughts", "rich_text", "What customers think at this point."),
        people("notes", "Notes", "rich_text", "Anything else."),
        people("reviewed_on", "Reviewed on", "date", "When people last checked this touchpoint."),
    ),
)  # fmt: skip
