"""The one place where what went wrong with HubSpot becomes an error of ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from cjm_sync.errors import CjmSyncError, ConfigError, GoneError, RejectedError, TransientError
from cjm_sync.http import DailyLimitError

_USUAL_SCOPES = {
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "deals": "crm.objects.deals.read",
    "tickets": "tickets",
    "calls": "crm.objects.contacts.read",
    "emails": "crm.objects.contacts.read and sales-email-read",
    "meetings": "crm.objects.contacts.read",
    "notes": "crm.objects.contacts.read",
    "tasks": "crm.objects.contacts.read",
    "communications": "crm.objects.contacts.read",
    "postal_mail": "crm.objects.contacts.read",
    "feedback_submissions": ("crm.objects.contacts.read and crm.objects.feedback_submissions.read"),
    "quotes": "crm.objects.quotes.read",
    "leads": "crm.objects.leads.read",
    "line_items": "crm.objects.line_items.read",
    "owners": "crm.objects.owners.read",
    "forms": "forms",
    "form_submissions": "forms",
    "email_events": "content",
    "events": "business-intelligence",
    "exchange_rates": "settings.currencies.read",
    "list_memberships": "crm.lists.read",
}
"""What to ask for when a refusal names no scope."""

_PAID = {
    "events": "an Enterprise subscription",
    "feedback_submissions": "Service Hub Professional",
    "leads": "Sales Hub Professional",
    "email_events": "Marketing Hub Starter",
}

FORM_TYPE_NOT_ALLOWED = "FORM_TYPE_NOT_ALLOWED"
"""The code for a form whose type does not give its submissions away."""

_ADDRESS = re.compile(r"\S+@\S+")


def failure(what: str, cause: httpx.HTTPError | httpx.Response | ValueError) -> CjmSyncError:
    """Return the error to raise when reading *what* ended in *cause*.

    *cause* is no answer at all, an answer that is no success, or (ValueError) an answer that is not
    what HubSpot sends.
    """
    match cause:
        case httpx.Response():
            return _refusal(what, cause)
        case ValueError():
            return TransientError(
                f"HubSpot's answer about {what} was not understood: {cause}",
                hint="Run again; if it stays so, check `hubspot.base_url` and any proxy between.",
            )
        case httpx.TimeoutException():
            return TransientError(
                f"{_host(cause)} did not answer in time about {what}",
                hint="Run again later; what was read so far is kept.",
            )
        case _:
            return TransientError(
                f"could not reach {_host(cause)} to read {what}",
                hint="Check `hubspot.base_url`, the network and HTTPS_PROXY, then run again.",
            )


def failed_grant(response: httpx.Response) -> CjmSyncError:
    """Return the error to raise when no access token was to be had for the app's grant."""
    if response.is_client_error:
        body = _body(response)
        said = str(body.get("status") or body.get("error") or response.status_code)
        return ConfigError(
            f"HubSpot gives this app no access ({said})",
            hint="Check `hubspot.client_id` and where `hubspot.client_secret` and "
            "`hubspot.refresh_token` point; if the app was uninstalled, install it again.",
        )
    return failure("the app's access token", ValueError(f"status {response.status_code}"))


def spent(error: DailyLimitError, now: datetime, timezone: str) -> DailyLimitError:
    """Return *error* with the time at which the day's requests come back.

    HubSpot counts from midnight in the account's time zone; one that is not known here leaves the
    time out.
    """
    at = now + timedelta(seconds=error.retry_after) if error.retry_after else None
    if at is None:
        try:
            here = now.astimezone(ZoneInfo(timezone))
        except (ValueError, ZoneInfoNotFoundError, OSError):
            return error
        midnight = datetime.combine(here.date() + timedelta(days=1), time.min, here.tzinfo)
        at = midnight.astimezone(UTC)
    return DailyLimitError(
        f"HubSpot says that today's requests are used up; they come back at {at:%Y-%m-%d %H:%M} UTC",
        hint="Run again after that, or raise the account's limit; the run goes on where it stopped.",
        retry_after=(at - now).total_seconds(),
    )


def scopes_named_in(body: Any) -> tuple[str, ...]:
    """Return the scopes that a refusal asks for, from every place HubSpot puts them."""
    if not isinstance(body, dict):
        return ()
    errors = body.get("errors")
    places = [body, *(errors if isinstance(errors, list) else [])]
    contexts = [place.get("context") for place in places if isinstance(place, dict)]
    named = [
        scope
        for context in contexts
        if isinstance(context, dict)
        for key in ("requiredGranularScopes", "missingScopes")
        if isinstance(context.get(key), list)
        for scope in context[key]
        if isinstance(scope, str)
    ]
    return tuple(dict.fromkeys(named))


def _refusal(what: str, response: httpx.Response) -> CjmSyncError:
    body = _body(response)
    status = response.status_code
    code = str(body.get("category") or body.get("errorType") or "") or None
    if FORM_TYPE_NOT_ALLOWED in response.text:  # where in the body it stands is not documented
        code = FORM_TYPE_NOT_ALLOWED
    match status:
        # 530 is how the edge in front of HubSpot answers a token it cannot even parse.
        case 401 | 530:
            return ConfigError(
                "HubSpot does not accept the token",
                hint="Create a service key in HubSpot (Settings → Integrations → Service Keys) "
                "and put it where `hubspot.token` points.",
            )
        case 403:
            return RejectedError(
                f"HubSpot does not let this token read {what}",
                hint=_scope_hint(what, scopes_named_in(body)),
                code=code,
                status=status,
            )
        case 404 | 410:
            return GoneError(
                f"HubSpot knows no {what} at this address",
                hint="Check `hubspot.base_url` and `hubspot.api_version`.",
                code=code,
                status=status,
            )
        case _ if response.is_redirect:
            return ConfigError(
                f"the host of `hubspot.base_url` sends readers of {what} elsewhere",
                hint="Set `hubspot.base_url` to the address of the API itself, "
                "https://api.hubapi.com.",
            )
        case _ if status in {423, 429, 477} or response.is_server_error:
            return TransientError(
                f"HubSpot kept answering {status} about {what}",
                hint="Run again later; what was read so far is kept.",
            )
        case _:
            said = _ADDRESS.sub("…", str(body.get("message") or ""))[:200]
            correlation = body.get("correlationId") or response.headers.get(
                "x-hubspot-correlation-id", "unknown"
            )
            return RejectedError(
                f"HubSpot refused to read {what} ({status}): {said or 'no reason given'}",
                hint=f"If it stays so, report it with correlation id {correlation}.",
                code=code,
                status=status,
            )


def _scope_hint(what: str, named: tuple[str, ...]) -> str:
    wanted = " or ".join(named) or _USUAL_SCOPES.get(what, "")
    hint = f"Give the token the scope {wanted}." if wanted else "Give the token the scope for it."
    if what in _PAID:
        hint += f" It also takes {_PAID[what]}."
    return hint


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _host(error: httpx.HTTPError) -> str:
    try:
        return error.request.url.host
    except RuntimeError:
        return "HubSpot"
