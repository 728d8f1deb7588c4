"""Marketing's side: forms and their submissions, marketing emails and what became of them."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from cjm_sync_sandbox.hubspot.table import Row
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, to_milliseconds

_ALWAYS = "2024-01-01T00:00:00Z"
_FORMS = frozenset({"forms"})
_EMAIL = (frozenset({"content"}), frozenset({"marketing.email.read"}))
_EVENT_TYPE_NAMES = (
    "SENT PROCESSED DROPPED DELIVERED DEFERRED BOUNCE OPEN CLICK PRINT FORWARD STATUSCHANGE"
    " SPAMREPORT SUPPRESSED UNBOUNCE"
)
_EVENT_TYPES = frozenset(_EVENT_TYPE_NAMES.split())


def token(text: str) -> str:
    """Return *text* as the base64 that a cursor is."""
    return base64.b64encode(text.encode()).decode()


def from_token(cursor: str) -> str | None:
    """Return what a cursor holds; None for one that is not ours, such as one encoded twice."""
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _offset(cursor: str | None) -> int | None:
    """Return where a page starts; None (and an empty page) for a cursor that cannot be read."""
    if cursor is None:
        return 0
    text = from_token(cursor)
    return int(text) if text is not None and text.isdecimal() else None


def _page_by_offset(call: Call, found: list[Any], size: int) -> tuple[list[Any], str | None]:
    """Return a page and its next cursor, already percent-encoded, as these lists send it."""
    start = _offset(call.request.parameter("after"))
    if start is None:
        return [], None
    more = start + size < len(found)
    return found[start : start + size], quote(token(str(start + size)), safe="") if more else None


def _form(described: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "formType": "hubspot",
        "createdAt": _ALWAYS,
        "updatedAt": _ALWAYS,
        "archived": False,
        "fieldGroups": [],
        "configuration": {"language": "en", "createNewContactForNewEmail": True},
        "displayOptions": {"renderRawHtml": False, "theme": "default_style"},
        "legalConsentOptions": {"type": "none"},
        **described,
    }


def forms(call: Call) -> Answer:
    """`GET /marketing/…/forms`: without `formTypes` only those of type hubspot."""
    call.require(_FORMS)
    size = call.request.number("limit", default=20, most=100)
    kinds = call.request.names("formTypes") or ["hubspot"]
    archived = call.request.flag("archived")
    found = [
        form
        for form in map(_form, call.view.described.get("forms") or [])
        if bool(form["archived"]) is archived and ("all" in kinds or form["formType"] in kinds)
    ]
    return call.page(*_page_by_offset(call, found, size))


def form(call: Call) -> Answer:
    """`GET /marketing/…/forms/{id}`."""
    call.require(_FORMS)
    return Answer.json(_form_named(call))


def _form_named(call: Call) -> dict[str, Any]:
    for one in map(_form, call.view.described.get("forms") or []):
        if one["id"] == call.arguments["id"]:
            return one
    raise ApiError.not_found(f"No form found with GUID {call.arguments['id']}")


def submissions(call: Call) -> Answer:
    """`GET /form-integrations/v1/submissions/forms/{id}`: newest first, no filter by date."""
    call.require(_FORMS)
    asked = _form_named(call)
    if asked["formType"] == "blog_comment":
        message = "Submissions of forms of type blog_comment cannot be read"
        raise ApiError(
            400,
            {
                "message": message,
                "errorType": "FORM_TYPE_NOT_ALLOWED",
                "errors": [{"message": message, "errorType": "FORM_TYPE_NOT_ALLOWED"}],
            },
        )
    size = call.request.number("limit", default=20, most=50)
    found = call.view.kept("form_submissions", _by_form).get(asked["id"], [])
    start = _offset(call.request.parameter("after"))
    if start is None:
        raise ApiError.validation("The cursor cannot be read", parameter="after")
    page = [
        {key: value for key, value in row.items() if key != "formId"}
        for row in found[start : start + size]
    ]
    # This old API writes its cursor plainly.
    return call.page(page, token(str(start + size)) if start + size < len(found) else None)


def _by_form(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: -row["submittedAt"]):
        found.setdefault(row["formId"], []).append(row)
    return found


_WINDOWS: dict[str, tuple[str, Callable[[int, int], bool]]] = {
    f"{field.removesuffix('At')}{suffix}": (field, test)
    for field in ("createdAt", "updatedAt", "publishedAt")
    # Both ends are exclusive.
    for suffix, test in (
        ("After", lambda own, limit: own > limit),
        ("Before", lambda own, limit: own < limit),
        ("At", lambda own, limit: own == limit),
    )
}
_SORTS = {"createdAt", "updatedAt", "publishedAt", "publishDate", "name", "id"}


def emails(call: Call) -> Answer:
    """`GET /marketing/…/emails`: statistics on request, which then leaves some emails out."""
    call.require(*_EMAIL)
    request = call.request
    size = request.number("limit", default=10, most=100)
    with_stats, archived = request.flag("includeStats"), request.flag("archived")
    found: list[dict[str, Any]] = []
    for email in call.view.described.get("marketing_emails") or []:
        if bool(email.get("archived")) is not archived:
            continue
        if with_stats and email.get("_omit_with_stats"):
            continue
        if all(_passes(call, email, name) for name in request.parameters):
            found.append(
                {
                    key: value
                    for key, value in email.items()
                    if not key.startswith("_") and (with_stats or key != "stats")
                }
            )
    key = request.parameter("sort") or "id"
    if key.removeprefix("-") not in _SORTS:
        raise ApiError.validation(f"Marketing emails cannot be sorted by {key!r}", parameter="sort")
    found.sort(
        key=lambda email: str(email.get(key.removeprefix("-")) or ""), reverse=key.startswith("-")
    )
    page, after = _page_by_offset(call, found, size)
    body: dict[str, Any] = {"total": len(found), "results": page}
    if after is not None:
        body["paging"] = {"next": {"after": after, "link": request.link(after)}}
    return Answer.json(body)


def _passes(call: Call, email: Mapping[str, Any], parameter: str) -> bool:
    value = call.request.parameter(parameter)
    if value is None:
        return True
    if parameter == "isPublished":
        return bool(email.get("isPublished")) is call.request.flag("isPublished")
    if parameter in {"type", "campaign"}:
        return email.get(parameter) == value
    if parameter in _WINDOWS:
        field, test = _WINDOWS[parameter]
        limit, own = to_milliseconds(value), to_milliseconds(email.get(field))
        if limit is None:
            raise ApiError.validation(f"{value!r} is no time", parameter=parameter)
        return own is not None and test(own, limit)
    return True


def _newest_first(rows: list[Row]) -> tuple[list[Row], list[int]]:
    """Return the events newest first and, beside them, when they were, counted backwards."""
    ordered = sorted(rows, key=lambda row: (-row["created"], row["id"]))
    return ordered, [-row["created"] for row in ordered]


def email_events(call: Call) -> Answer:
    """`GET /email/public/v1/events`: newest first; both ends of the time span are inclusive."""
    call.require(*_EMAIL)
    request = call.request
    size = request.number("limit", default=10, most=1000)
    start = request.number("startTimestamp", default=1, least=0, most=10**15)
    end = request.number("endTimestamp", default=10**15, least=0, most=10**15)
    if start == 0:
        # The real service breaks on it instead of saying that it is too early.
        raise ApiError(500, {"message": "internal error"})
    kind, recipient = request.parameter("eventType"), request.parameter("recipient")
    if kind is not None and kind not in _EVENT_TYPES:
        raise ApiError.validation(f"There is no event type {kind!r}", parameter="eventType")
    campaign, app = request.parameter("campaignId"), request.parameter("appId")
    if campaign is not None and app is None:
        raise ApiError.validation("campaignId needs appId", parameter="appId")
    real_only = request.flag("excludeFilteredEvents")
    rows, moments = call.view.kept("email_events", _newest_first)
    found = rows[bisect_left(moments, -end) : bisect_right(moments, -start)]
    if any(one is not None for one in (kind, recipient, campaign, app)) or real_only:
        found = [
            row
            for row in found
            if (kind is None or row["type"] == kind)
            and (recipient is None or row["recipient"].lower() == recipient.lower())
            and (campaign is None or str(row.get("emailCampaignId")) == campaign)
            and (app is None or str(row.get("appId")) == app)
            and not (real_only and row.get("filteredEvent"))
        ]
    begin = _offset(request.parameter("offset"))
    if begin is None:
        raise ApiError.validation("The offset cannot be read", parameter="offset")
    page = found[begin : begin + size]
    return Answer.json(
        {
            "hasMore": begin + size < len(found),
            "offset": token(str(begin + len(page))),
            "events": page,
        }
    )
