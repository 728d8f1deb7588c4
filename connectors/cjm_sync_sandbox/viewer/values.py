"""Property values of every type, as words and as markup."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from cjm_sync_sandbox.viewer.files import address
from cjm_sync_sandbox.viewer.markup import Content, Markup, classes, join, tag
from cjm_sync_sandbox.viewer.texts import COLOURS, link, rich
from cjm_sync_sandbox.viewer.workspace import Json, Workspace, plain

# What stands before (or, ending in a space here, after) an amount in Notion's number formats.
_CURRENCIES = {
    "dollar": "$", "australian_dollar": "A$", "canadian_dollar": "CA$", "singapore_dollar": "SGD ",
    "euro": "€", "pound": "£", "yen": "¥", "ruble": "RUB ", "rupee": "₹", "won": "₩",
    "yuan": "CN¥", "real": "R$", "lira": "TRY ", "rupiah": "IDR ", "franc": "CHF ",
    "hong_kong_dollar": "HK$", "new_zealand_dollar": "NZ$", "krona": "SEK ",
    "norwegian_krone": "NOK ", "mexican_peso": "MX$", "rand": "ZAR ", "new_taiwan_dollar": "NT$",
    "danish_krone": "DKK ", "zloty": "PLN ", "baht": "THB ", "forint": "HUF ", "koruna": "CZK ",
    "shekel": "₪", "chilean_peso": "CLP ", "philippine_peso": "₱", "dirham": "AED ",
    "colombian_peso": "COP ", "riyal": "SAR ", "ringgit": "MYR ", "leu": "RON ",
    "argentine_peso": "ARS ", "uruguayan_peso": "UYU ", "peruvian_sol": "PEN ",
    "vietnamese_dong": "₫", "pakistani_rupee": "PKR ", "nigerian_naira": "NGN ", "bitcoin": "₿",
}  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_RELATIONS_SHOWN = 25


def number(value: float, format_: str = "number") -> str:
    """Return a number as Notion prints it in that format."""
    if not math.isfinite(value):
        return str(value)
    match format_:
        case "percent":
            return f"{_trimmed(value * 100)}%"
        case "number":
            return _trimmed(value)
        case "number_with_commas":
            return _trimmed(value, commas=True)
        case _:
            prefix = _CURRENCIES.get(format_, "")
            digits = 0 if float(value).is_integer() else 2
            sign = "-" if value < 0 else ""
            return f"{sign}{prefix}{abs(value):,.{digits}f}"


def date(value: Json | None) -> str:
    """Return a date, a time or a span of them."""
    if not value:
        return ""
    start, end = _moment(value["start"]), value.get("end")
    return f"{start} → {_moment(end)}" if end else start


def chip(name: str, colour: str | None) -> Markup:
    """Return an option as the coloured chip it is in Notion."""
    known = f"chip-{colour}" if colour in COLOURS else None
    return tag("span", name, class_=classes("chip", known))


def is_number(column: Json) -> bool:
    """Tell whether a column holds numbers, which stand on the right."""
    return str(column["type"]) == "number"


def shown(value: Json, column: Json, workspace: Workspace) -> Content:
    """Return a property value as markup; nothing when it is empty."""
    kind = value["type"]
    content: Any = value.get(kind)
    match kind:
        case "title" | "rich_text":
            return rich(content, workspace)
        case "number":
            format_ = (column.get("number") or {}).get("format", "number")
            return None if content is None else number(content, format_)
        case "select" | "status":
            return None if content is None else chip(content["name"], content.get("color"))
        case "multi_select":
            return [chip(option["name"], option.get("color")) for option in content or []]
        case "date":
            return date(content) or None
        case "checkbox":
            return tag(
                "span",
                "✓" if content else "",
                class_=classes("box", "checked" if content else None),
                role="img",
                aria_label="yes" if content else "no",
            )
        case "people":
            names = [workspace.user(person["id"]) for person in content or []]
            return [tag("span", name, class_="person") for name in names]
        case "created_by" | "last_edited_by":
            return tag("span", workspace.user(content["id"]), class_="person")
        case "created_time" | "last_edited_time":
            return _moment(content) if content else None
        case "relation":
            return _relation(value, workspace)
        case "url":
            return link(content, content) if content else None
        case "files":
            return [_file(file) for file in content or []]
        case "unique_id":
            prefix = content.get("prefix")
            return f"{prefix}-{content['number']}" if prefix else str(content.get("number", ""))
        case "formula" | "rollup":
            return _computed(content or {}, column, workspace)
        case "place":
            return (content or {}).get("name") or (content or {}).get("address")
        case _:
            return content if isinstance(content, str) else None


def _file(file: Json) -> Markup:
    name = file.get("name") or "file"
    place = address(file)
    return tag("a", name, href=place, class_="file") if place else tag("span", name, class_="file")


def words(value: Json, workspace: Workspace) -> str:
    """Return a property value as plain words, to group and to label by."""
    kind = value["type"]
    content: Any = value.get(kind)
    match kind:
        case "title" | "rich_text":
            return plain(content)
        case "select" | "status":
            return content["name"] if content else ""
        case "number":
            return "" if content is None else number(content)
        case "checkbox":
            return "Checked" if content else "Unchecked"
        case "people":
            return ", ".join(workspace.user(person["id"]) for person in content or [])
        case "relation":
            return ", ".join(workspace.title(page["id"]) for page in content or [])
        case "created_by" | "last_edited_by":
            return workspace.user(content["id"])
        case "date":
            return date(content)
        case _:
            return content if isinstance(content, str) else ""


def _relation(value: Json, workspace: Workspace) -> Content:
    related = value["relation"] or []
    links = [
        tag("a", workspace.title(page["id"]), href=f"/p/{page['id']}", class_="relation")
        for page in related[:_RELATIONS_SHOWN]
    ]
    has_more = value.get("has_more") or len(related) > _RELATIONS_SHOWN
    return join(links, tag("span", "and more", class_="muted") if has_more else None)


def _computed(content: Json, column: Json, workspace: Workspace) -> Content:
    inner = content.get("type")
    result: Any = content.get(inner) if inner else None
    match inner:
        case "number":
            return None if result is None else number(result)
        case "string":
            return None if result is None else str(result)
        case "boolean":
            return "yes" if result else "no"
        case "date":
            return date(result)
        case "array":
            parts = [shown(part, column, workspace) for part in result or []]
            return [(part, " ") for part in parts]
        case _:
            return None


def _trimmed(value: float, *, commas: bool = False) -> str:
    """Return a number without the noise of binary fractions and without trailing noughts."""
    rounded = round(value, 10)
    text = f"{rounded:,.10f}" if commas else f"{rounded:.10f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _moment(text: str) -> str:
    if len(text) == len("2026-01-01"):
        year, month, day = text.split("-")
        return f"{_MONTHS[int(month) - 1]} {int(day)}, {year}"
    moment = datetime.fromisoformat(text)
    zone = "" if moment.tzinfo is None else f" {moment.tzname()}"
    month = _MONTHS[moment.month - 1]
    return f"{month} {moment.day}, {moment.year} {moment:%H:%M}{zone}"
