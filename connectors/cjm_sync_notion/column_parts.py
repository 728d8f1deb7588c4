"""What the tables of columns are put together from: shared options, formats and kinds of columns.

A synced column's description states formula, window and base; a person reads it in Notion's own
interface.
"""

from __future__ import annotations

from cjm_sync_notion.workspace import SYNC_KEY, Column, ColumnType, Option

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
VERDICTS = (
    Option("makes", "makes", "green"),
    Option("breaks", "breaks", "red"),
    Option("none", "none", "gray"),
)
KINDS = (
    Option("pain", "pain", "red"),
    Option("delight", "delight", "green"),
)
RULES = (
    Option("PP1", "PP1 slow stage", "orange"),
    Option("PP2", "PP2 drop-off", "red"),
    Option("PP3", "PP3 slow hand-off", "orange"),
    Option("PP4", "PP4 ticket theme", "purple"),
    Option("PP5", "PP5 slow help", "orange"),
    Option("PP6", "PP6 low score", "red"),
    Option("PP7", "PP7 lost theme", "purple"),
    Option("PP8", "PP8 silence", "gray"),
    Option("PP9", "PP9 no-show", "yellow"),
    Option("PP10", "PP10 list fatigue", "brown"),
    Option("PP11", "PP11 regression", "pink"),
    Option("DL1", "DL1 delight", "green"),
)
STANDING = (
    Option("in_stage", "in stage", "green"),
    Option("dormant", "dormant", "gray"),
    Option("lost", "lost", "red"),
    Option("churned", "churned", "brown"),
)
ROADMAP = (
    Option("idea", "Idea", "gray"),
    Option("planned", "Planned", "yellow"),
    Option("in_progress", "In progress", "blue"),
    Option("done", "Done", "green"),
    Option("dropped", "Dropped", "brown"),
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
WINDOW = "the window (90 days by default)"


def synced(
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


def people(
    key: str, name: str, kind: ColumnType, meaning: str, options: tuple[Option, ...] = ()
) -> Column:
    return Column(
        key, name, kind, "people", f"{meaning} Yours: the sync never writes here.", options=options
    )


def common(order: str) -> tuple[Column, ...]:
    return (
        synced(STATE, "State", "select",
                "What the sync says of this row: active, no data (nothing to show at the moment), "
                "resolved, or retired (no longer refreshed, kept for what people wrote).",
                options=STATES),
        synced("withheld", "Withheld", "rich_text",
                "Numbers of this row that are not shown because fewer than 5 distinct units "
                "stand behind them: not enough data."),
        synced("order", "Order", "number", order),
        synced(SYNC_KEY, "Sync key", "rich_text",
                "By this key the sync finds its row again. Please leave it as it is; it is put "
                "back when it was changed."),
    )  # fmt: skip


JOURNEY = synced("journey", "Journey", "select", "The journey that this row belongs to.",
                   export="journeys[].name")  # fmt: skip


def felt(of: str, at: str) -> tuple[Column, ...]:
    return (
        synced("emotion", "Emotion", "number",
                f"From −2 to +2: Σ weight·score ÷ (Σ weight + 250) over the signals {of} of the "
                "last 365 days, weight halved every 90 days; from survey answers when there are 5 "
                "or more, given by 5 or more units; else from the other signals.", export=f"{at}.emotion.score"),
        synced("feeling", "Feeling", "select",
                "Emotion in a word: delighted from 1.25, pleased from 0.4, indifferent between, "
                "uneasy from −0.4 down, frustrated from −1.25 down.", options=FEELINGS),
        synced("emotion_evidence", "Evidence", "select",
                "What Emotion rests on: measured (survey answers) or inferred (tickets, calls, "
                "meetings, emails, deals) of the last 365 days; none when neither has 5 signals from "
                "5 units.", export=f"{at}.emotion.evidence", options=EVIDENCE),
        synced("emotion_n", "Signals", "number",
                "How many signals of the last 365 days Emotion rests on; shown from 5 units.",
                export=f"{at}.emotion.n"),
        synced("emotion_confidence", "Confidence", "select",
                "By the number of signals behind Emotion: low 5–9, medium 10–49, high from 50.",
                export=f"{at}.emotion.confidence", options=CONFIDENCE),
    )  # fmt: skip


def shown(at: str) -> tuple[Column, ...]:
    """Return the columns that put a person's own value beside the computed one."""
    return (
        synced("emotion_shown", "Emotion shown", "number",
               "What the curve shows: Emotion override where you typed one from −2 to +2, else "
               "Emotion, with its window and base.", export=f"{at}.emotion.score"),
        synced("emotion_gap", "Gap to people", "number",
               "Emotion override − Emotion; empty without either of them."),
    )  # fmt: skip


def number(key: str, name: str, at: str, description: str, number_format: str = "number") -> Column:
    return synced(key, name, "number", description, export=f"{at}.{key}",
                   number_format=number_format)  # fmt: skip


def count(key: str, name: str, description: str) -> Column:
    return synced(key, name, "number", description, number_format="number_with_commas")
