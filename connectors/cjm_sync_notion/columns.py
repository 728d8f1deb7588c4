"""The one table of databases and columns: Notion type, owner, export field, meaning.

Everything that is written, the schema, and docs/notion-columns.md come from `DATABASES`. A synced
column's description states formula, window and base; a person reads it in Notion's own interface.
Options that depend on the account (stages, personas, channels, journeys) are added by `render`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cjm_sync_notion.workspace import SYNC_KEY, Column, ColumnType, Database, Option

STATE = "state"
STATES = (
    Option("active", "active", "green"),
    Option("no_data", "no data", "gray"),
    Option("resolved", "resolved", "blue"),
    Option("retired", "retired", "brown"),
)
EVIDENCE = (
    Option("measured", "measured", "green"),
    Option("inferred", "inferred", "yellow"),
    Option("none", "none", "gray"),
)
CONFIDENCE = (
    Option("low", "low", "gray"),
    Option("medium", "medium", "yellow"),
    Option("high", "high", "green"),
)
FEELINGS = (
    Option("delighted", "delighted", "green"),
    Option("pleased", "pleased", "blue"),
    Option("indifferent", "indifferent", "gray"),
    Option("uneasy", "uneasy", "orange"),
    Option("frustrated", "frustrated", "red"),
)
OUTCOMES = (
    Option("done", "done", "green"),
    Option("partial", "partial", "yellow"),
    Option("refused", "refused", "orange"),
    Option("failed", "failed", "red"),
)
REVIEW = (
    Option("to_check", "To check", "yellow"),
    Option("in_progress", "In progress", "blue"),
    Option("agreed", "Agreed", "green"),
)
MONEY = "number_with_commas"
"""The format of amounts until the currency is known."""

MONEY_FORMATS = {
    "AED": "dirham", "ARS": "argentine_peso", "AUD": "australian_dollar", "BRL": "real",
    "CAD": "canadian_dollar", "CHF": "franc", "CLP": "chilean_peso", "CNY": "yuan",
    "COP": "colombian_peso", "CZK": "koruna", "DKK": "danish_krone", "EUR": "euro",
    "GBP": "pound", "HKD": "hong_kong_dollar", "HUF": "forint", "IDR": "rupiah",
    "ILS": "shekel", "INR": "rupee", "JPY": "yen", "KRW": "won", "MXN": "mexican_peso",
    "MYR": "ringgit", "NGN": "nigerian_naira", "NOK": "norwegian_krone",
    "NZD": "new_zealand_dollar", "PEN": "peruvian_sol", "PHP": "philippine_peso",
    "PLN": "zloty", "RON": "leu", "RUB": "ruble", "SAR": "riyal", "SEK": "krona",
    "SGD": "singapore_dollar", "THB": "baht", "TRY": "lira", "TWD": "new_taiwan_dollar",
    "USD": "dollar", "UYU": "uruguayan_peso", "VND": "vietnamese_dong", "ZAR": "rand",
}  # fmt: skip
"""Notion's number formats by currency code; other currencies keep the plain format."""

AMOUNTS = frozenset({"open_amount", "won_amount", "average_order_value"})
_W = "the window (90 days by default)"


def _synced(
    key: str,
    name: str,
    kind: ColumnType,
    description: str,
    *,
    export: str = "",
    number_format: str = "number",
    options: tuple[Option, ...] = (),
    relates_to: str = "",
) -> Column:
    return Column(key, name, kind, "sync", description, export, number_format, options, relates_to)


def _people(
    key: str, name: str, kind: ColumnType, meaning: str, options: tuple[Option, ...] = ()
) -> Column:
    return Column(
        key, name, kind, "people", f"{meaning} Yours: the sync never writes here.", options=options
    )


def _common(order: str) -> tuple[Column, ...]:
    return (
        _synced(STATE, "State", "select",
                "What the sync says of this row: active, no data (nothing to show at the moment), "
                "resolved, or retired (no longer refreshed, kept for what people wrote).",
                options=STATES),
        _synced("withheld", "Withheld", "rich_text",
                "Numbers of this row that are not shown because fewer than 5 distinct units "
                "stand behind them: not enough data."),
        _synced("order", "Order", "number", order),
        _synced(SYNC_KEY, "Sync key", "rich_text",
                "By this key the sync finds its row again. Please leave it as it is; it is put "
                "back when it was changed."),
    )  # fmt: skip


_JOURNEY = _synced("journey", "Journey", "select", "The journey that this row belongs to.",
                   export="journeys[].name")  # fmt: skip


def _emotion(of: str, at: str) -> tuple[Column, ...]:
    return (
        _synced("emotion", "Emotion", "number",
                f"From −2 to +2: Σ weight·score ÷ (Σ weight + 250) over the signals {of} of the "
                "last 365 days, weight halved every 90 days; from survey answers when there are 5 "
                "or more, given by 5 or more units; else from the other signals.", export=f"{at}.emotion.score"),
        _synced("feeling", "Feeling", "select",
                "Emotion in a word: delighted from 1.25, pleased from 0.4, indifferent between, "
                "uneasy from −0.4 down, frustrated from −1.25 down.", options=FEELINGS),
        _synced("emotion_evidence", "Evidence", "select",
                "What Emotion rests on: measured (survey answers) or inferred (tickets, calls, "
                "meetings, emails, deals) of the last 365 days; none when neither has 5 signals from "
                "5 units.", export=f"{at}.emotion.evidence", options=EVIDENCE),
        _synced("emotion_n", "Signals", "number",
                "How many signals of the last 365 days Emotion rests on; shown from 5 units.",
                export=f"{at}.emotion.n"),
        _synced("emotion_confidence", "Confidence", "select",
                "By the number of signals behind Emotion: low 5–9, medium 10–49, high from 50.",
                export=f"{at}.emotion.confidence", options=CONFIDENCE),
    )  # fmt: skip


_CELL = "journeys[].stages[].cells[]"
_TOUCH = "journeys[].touchpoints[]"
_PERSONA = "journeys[].personas[]"


def _number(
    key: str, name: str, at: str, description: str, number_format: str = "number"
) -> Column:
    return _synced(key, name, "number", description, export=f"{at}.{key}",
                   number_format=number_format)  # fmt: skip


PERSONAS = Database(
    "personas",
    "Personas",
    "👤",
    "One row per persona and journey, Everyone included. Numbers are computed from CRM records and "
    "refreshed; what a persona thinks, fears and wants is written by people.",
    (
        _synced("name", "Persona", "title", "The persona, by the label of the account.",
                export=f"{_PERSONA}.label"),
        _JOURNEY,
        _number("units", "Units", _PERSONA,
                "Units of this persona now, over all time; a unit has the persona of today, for "
                "the past too.", "number_with_commas"),
        _number("share", "Share", _PERSONA,
                "Units of this persona ÷ all units of the journey.", "percent"),
        _number("win_rate", "Win rate", _PERSONA,
                f"Won deals ÷ closed deals, of those closing in {_W}; base: closed deals.",
                "percent"),
        _number("average_order_value", "Average order value", _PERSONA,
                f"Won amount ÷ won deals with an amount, of deals closing in {_W}, home "
                "currency.", MONEY),
        _number("repeat_rate", "Repeat rate", _PERSONA,
                "Units with at least 2 deals ever won ÷ units with at least 1, over all time.",
                "percent"),
        _number("cycle_days", "Cycle days", _PERSONA,
                f"Median days from the first stay to the first purchase, of purchases in {_W}."),
        _synced("mix_country", "Countries", "rich_text",
                "Units by country now, largest first, with their share of the persona's units; "
                "parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        _synced("mix_industry", "Industries", "rich_text",
                "Units by industry now, largest first, with their share of the persona's units; "
                "parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        _synced("mix_size", "Company sizes", "rich_text",
                "Units by company size now, largest first, with their share of the persona's "
                "units; parts under 5 units are counted as other or left out. Above 80 % other, only "
                "that is said."),
        _synced("mix_other", "Other mixes", "rich_text",
                "Units by each further property that the profile names, now, one line each, with "
                "their share of the persona's units."),
        _synced("top_source", "Top source", "rich_text",
                "The most frequent first source of this persona's units, over all time."),
        _synced("preferred_channel", "Preferred channel", "rich_text",
                "The channel with the highest share of this persona's inbound or attended touches."),
        _synced("touches_per_stage", "Touches per stage", "rich_text",
                f"Touches in each stage in {_W} ÷ the persona's units with a stay overlapping it; – is "
                "not enough data."),
        *_common("Place of the persona in lists: Everyone first, then the profile's order."),
        _people("invented_name", "Invented name", "rich_text", "A name that makes the persona easy to talk about."),
        _people("photo", "Photo", "url", "Address of a picture."),
        _people("quote", "Quote", "rich_text", "One sentence this persona would say."),
        _people("goals", "Goals", "rich_text", "What this persona wants to get done."),
        _people("motives", "Motives", "rich_text", "Why it matters to this persona."),
        _people("fears", "Fears", "rich_text", "What holds this persona back."),
        _people("scenario", "Scenario", "rich_text", "A day on which this persona meets us."),
        _people("owner", "Owner", "people", "Who keeps this persona true."),
        _people("notes", "Notes", "rich_text", "Anything else."),
        _people("reviewed_on", "Reviewed on", "date", "When people last checked this persona against customers."),
    ),
)  # fmt: skip

STAGES = Database(
    "stages",
    "Stages",
    "🧭",
    "One row per stage and persona; the rows of Everyone hold all units. Numbers are computed from "
    "CRM records and refreshed; people's own columns belong on the rows of Everyone.",
    (
        _synced("name", "Stage and persona", "title", "The stage, and whose row it is.",
                export="journeys[].stages[].label"),
        _synced("stage", "Stage", "select", "The stage of the journey.",
                export="journeys[].stages[].key"),
        _synced("persona", "Persona", "select", "Whose row it is; Everyone holds all units.",
                export=f"{_CELL}.persona"),
        _JOURNEY,
        _number("in_stage", "In stage now", _CELL,
                "Units whose stay in this stage is open at the reference time and not dormant.",
                "number_with_commas"),
        _number("dormant", "Dormant", _CELL,
                "Units whose stay is open with neither a touch nor an entry in the last 180 days "
                "(by default).", "number_with_commas"),
        _number("entered", "Entered", _CELL,
                f"Stays entered in {_W}, returns included.", "number_with_commas"),
        _number("units", "Units in window", _CELL,
                f"Units with a stay that overlaps {_W}: the base of reach and touches per unit.",
                "number_with_commas"),
        _number("decided", "Decided", _CELL,
                "Stays entered in a window of equal length that ended one P90 of this stage's "
                "stays ago, closed or not: the base of conversion, drop-off and moved back.",
                "number_with_commas"),
        _number("conversion", "Conversion", _CELL,
                "Decided stays that have moved forward by now ÷ decided; the last stage has none.",
                "percent"),
        _number("conversion_low", "Conversion low", _CELL,
                "Lower end of the 95 % Wilson interval of conversion; base: decided stays.",
                "percent"),
        _number("conversion_high", "Conversion high", _CELL,
                "Upper end of the 95 % Wilson interval of conversion; base: decided stays.",
                "percent"),
        _number("drop_off", "Drop-off", _CELL,
                "Decided stays that ended lost or churned, or are open and dormant ÷ decided.",
                "percent"),
        _number("regression", "Moved back", _CELL,
                "Decided stays that ended in an earlier stage ÷ decided.", "percent"),
        _number("skip_rate", "Skipped", _CELL,
                f"Times the stage was jumped over ÷ (jumped over + entered), in {_W}.", "percent"),
        _number("completed", "Completed", _CELL,
                f"Stays left in {_W}, whatever came next.", "number_with_commas"),
        _number("median_days", "Median days", _CELL,
                f"Median length in days of the stays completed in {_W}."),
        _number("p90_days", "P90 days", _CELL,
                f"Length in days that nine in ten of the stays completed in {_W} do not exceed."),
        _number("open_median_days", "Open median days", _CELL,
                "Median age in days of the stays open now that are not dormant."),
        _number("touches_per_unit", "Touches per unit", _CELL,
                f"Touches in the stage in {_W} ÷ units with a stay overlapping it."),
        *_emotion("in this stage", _CELL),
        _number("nps", "NPS", _CELL,
                f"100·(share of 9–10 − share of 0–6) of the NPS answers given in this stage in "
                f"{_W}."),
        _number("nps_n", "NPS answers", _CELL, f"NPS answers given in this stage in {_W}."),
        _number("csat", "CSAT", _CELL,
                "Answers in the upper quarter of their scale ÷ CSAT answers given in this stage "
                f"in {_W}.", "percent"),
        _number("csat_n", "CSAT answers", _CELL, f"CSAT answers given in this stage in {_W}."),
        _number("ces", "CES", _CELL,
                f"Mean, on its own scale, of the CES answers given in this stage in {_W}."),
        _number("ces_n", "CES answers", _CELL, f"CES answers given in this stage in {_W}."),
        _number("open_amount", "Open amount", _CELL,
                "Sum of the deals open now of units whose open stay is in this stage, each deal "
                "once, home currency.", MONEY),
        _number("won_amount", "Won amount", _CELL,
                f"Sum of the deals won in {_W} whose win falls in this stage, each deal once, "
                "home currency.", MONEY),
        _synced("persona_row", "Persona row", "relation", "The row of this persona in Personas.",
                relates_to="personas"),
        *_common("Place of the stage in its journey; lists are sorted by it."),
        _people("owner", "Owner", "people", "Who looks after this stage."),
        _people("status", "Status", "select", "Where your work on this stage stands.", REVIEW),
        _people("thoughts", "Thoughts", "rich_text", "What customers think here."),
        _people("needs", "Needs", "rich_text", "What customers need and expect here."),
        _people("notes", "Notes", "rich_text", "Anything else."),
        _people("target_days", "Target days", "number", "How long this stage should take."),
        _people("emotion_override", "Emotion override", "number", "Your own score, −2 to +2, where you know better than the computed one."),
        _people("reviewed_on", "Reviewed on", "date", "When people last checked this stage."),
    ),
)  # fmt: skip

TOUCHPOINTS = Database(
    "touchpoints",
    "Touchpoints",
    "📍",
    "One row per touchpoint and stage, for Everyone. Numbers are computed from CRM records and "
    "refreshed; people mark the key moments and decide what to do.",
    (
        _synced("name", "Touchpoint", "title", "The kind of interaction.", export=f"{_TOUCH}.key"),
        _synced("stage", "Stage", "select", "The stage in which units were at the time of the touch.",
                export=f"{_TOUCH}.stage"),
        _synced("channel", "Channel", "select",
                "Where it happens, online (Web, Email, Ads …) or offline (Phone, Meeting …).",
                export=f"{_TOUCH}.channel"),
        _JOURNEY,
        _number("touches", "Touches", _TOUCH, f"Occurrences in this stage in {_W}.",
                "number_with_commas"),
        _number("units", "Units touched", _TOUCH,
                f"Distinct units touched in this stage in {_W}.", "number_with_commas"),
        _number("reach", "Reach", _TOUCH,
                f"Distinct units touched in this stage in {_W} ÷ units with a stay overlapping "
                "it.", "percent"),
        *_emotion("of this touchpoint in this stage", _TOUCH),
        _synced("stage_row", "Stage row", "relation",
                "The row of this stage and Everyone in Stages.", relates_to="stages"),
        *_common("Place of the stage in its journey; lists are sorted by it."),
        _people("key_moment", "Key moment", "checkbox", "Ticked where the customer decides."),
        _people("owner", "Owner", "people", "Who looks after this touchpoint."),
        _people("status", "Status", "select", "Where your work on it stands.", REVIEW),
        _people("decision", "Decision", "rich_text", "What will be done."),
        _people("due", "Due", "date", "By when."),
        _people("emotion_override", "Emotion override", "number", "Your own score, −2 to +2, where you know better than the computed one."),
        _people("thoughts", "Thoughts", "rich_text", "What customers think at this point."),
        _people("notes", "Notes", "rich_text", "Anything else."),
        _people("reviewed_on", "Reviewed on", "date", "When people last checked this touchpoint."),
    ),
)  # fmt: skip


def _count(key: str, name: str, description: str) -> Column:
    return _synced(key, name, "number", description, number_format="number_with_commas")


RUNS = Database(
    "runs",
    "Runs",
    "🕑",
    "The last 50 runs of the sync, in 50 rows that are used again and again.",
    (
        _synced("name", "Run", "title", "Reference time of the run, UTC."),
        _synced("outcome", "Outcome", "select",
                "done; partial (something could not be read or written); refused (a person must "
                "look); failed.", options=OUTCOMES),
        _synced("as_of", "As of", "date", "Reference time: nothing at or after it was used."),
        _synced("started_at", "Started", "date", "When the run began."),
        _synced("finished_at", "Finished", "date", "When the run ended."),
        _count("created", "Created", "Rows made in this run."),
        _count("updated", "Updated", "Rows in which this run changed at least one cell."),
        _count("unchanged", "Unchanged", "Rows that this run found as they should be."),
        _count("kept", "Kept", "Synced cells left alone because a person had changed them."),
        _count("archived", "Archived", "Rows retired or moved to the trash in this run."),
        _count("requests_source", "HubSpot requests", "Requests sent to HubSpot in this run."),
        _count("requests_target", "Notion requests", "Requests sent to Notion in this run."),
        _count("findings", "Findings", "Things a person should know; the run's report lists them."),
        _synced("run_id", "Run id", "rich_text", "By this id logs and the local report name the run."),
        _synced(SYNC_KEY, "Sync key", "rich_text",
                "By this key the sync finds its row again. Please leave it as it is; it is put "
                "back when it was changed."),
    ),
)  # fmt: skip

DATABASES = (PERSONAS, STAGES, TOUCHPOINTS, RUNS)
"""In building order: a relation points to a database that stands before it."""


def columns_markdown() -> str:
    """Return the table as the document docs/notion-columns.md."""
    return "\n".join(_document())


def _document() -> Iterator[str]:
    yield "# Columns in Notion"
    yield ""
    yield "Generated from `cjm_sync_notion/columns.py`. Columns of the owner *sync* are refreshed by"
    yield "the sync; columns of the owner *people* are created empty and never written again. The"
    yield "export field is the one of `cjm-sync export --format json`. Columns are known by their id:"
    yield "rename them as you like."
    for database in DATABASES:
        yield ""
        yield f"## {database.title}"
        yield ""
        yield database.description
        yield ""
        yield "| Column | Key | Notion type | Owner | Export field | Description |"
        yield "|---|---|---|---|---|---|"
        for column in database.columns:
            export = f"`{column.export}`" if column.export else ""
            cells = (column.name, f"`{column.key}`", _type(column), column.owner, export,
                     column.description)  # fmt: skip
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def _type(column: Column) -> str:
    if column.type == "number" and column.number_format == "percent":
        return "number (percent)"
    if column.relates_to:
        return f"relation → {column.relates_to}"
    return column.type
