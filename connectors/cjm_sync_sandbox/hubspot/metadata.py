"""What describes the account: details, usage, owners, properties, pipelines, exchange rates."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cjm_sync_sandbox.hubspot.catalog import ObjectType, object_type
from cjm_sync_sandbox.hubspot.limits import Limits
from cjm_sync_sandbox.hubspot.pipelines import PIPELINED, pipelines_of
from cjm_sync_sandbox.hubspot.view import Call, exchange_rates
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, id_order, to_text

_ALWAYS = "2024-01-01T00:00:00Z"


def details(call: Call) -> Answer:
    """`GET /account-info/…/details`: any token may."""
    return Answer.json(call.view.account)


def usage(call: Call, limits: Limits) -> Answer:
    """`GET /account-info/…/api-usage/daily/private-apps`."""
    now = call.view.clock.now()
    zone = ZoneInfo(str(call.view.account["timeZone"]))
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).date()
    return Answer.json(
        {
            "results": [
                {
                    "name": "private-apps-api-calls-daily",
                    "usageLimit": limits.daily,
                    "currentUsage": limits.used_today(),
                    "collectedAt": to_text(now),
                    "fetchStatus": "SUCCESS",
                    "resetsAt": to_text(
                        datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(UTC)
                    ),
                }
            ]
        }
    )


def _owners(call: Call) -> list[dict[str, Any]]:
    call.require(frozenset({"crm.objects.owners.read"}))
    return sorted(
        (
            {
                "type": "PERSON",
                "firstName": "",
                "lastName": "",
                "createdAt": _ALWAYS,
                "updatedAt": _ALWAYS,
                "archived": False,
                "userIdIncludingInactive": owner.get("userId"),
            }
            | owner
            | {"id": str(owner["id"])}
            for owner in call.view.described.get("owners") or []
        ),
        key=lambda owner: id_order(owner["id"]),
    )


def owners(call: Call) -> Answer:
    """`GET …/owners`: leavers only with `archived=true`."""
    request = call.request
    size = request.number("limit", default=100, most=500)
    archived, email = request.flag("archived"), request.parameter("email")
    after = request.parameter("after")
    left = [
        owner
        for owner in _owners(call)
        if bool(owner["archived"]) is archived
        and (email is None or owner.get("email") == email)
        and (after is None or id_order(owner["id"]) > id_order(after))
    ]
    return call.page(left[:size], left[size - 1]["id"] if len(left) > size else None)


def owner(call: Call) -> Answer:
    """`GET …/owners/{id}`; `idProperty=userId` asks by the user's id, which is another number."""
    key = "userId" if call.request.parameter("idProperty") == "userId" else "id"
    archived = call.request.flag("archived")
    for one in _owners(call):
        if str(one.get(key)) == call.arguments["id"] and bool(one["archived"]) is archived:
            return Answer.json(one)
    raise ApiError.not_found()


def _described(call: Call) -> ObjectType:
    kind = object_type(call.arguments["type"])
    schemas = frozenset({f"crm.schemas.{kind.name}.read"})
    alone = [frozenset({scope}) for wanted in call.scopes_of(kind) for scope in wanted]
    call.require(*alone, schemas)
    return kind


def properties(call: Call) -> Answer:
    """`GET …/properties/{type}`; no paging."""
    kind = _described(call)
    archived = call.request.flag("archived")
    found = call.view.definitions(kind).by_name
    return Answer.json(
        {"results": [found[name] for name in sorted(found) if found[name]["archived"] is archived]}
    )


def property_named(call: Call) -> Answer:
    """`GET …/properties/{type}/{name}`."""
    found = call.view.definitions(_described(call)).by_name.get(call.arguments["name"])
    if found is None:
        raise ApiError.not_found(f"Property {call.arguments['name']} does not exist")
    return Answer.json(found)


def _pipelines(call: Call) -> list[dict[str, Any]]:
    kind = _described(call)
    if kind.name not in PIPELINED:
        raise ApiError.validation(f"Object type {kind.type_id} does not support pipelines")
    return pipelines_of(call.view.described, kind.name)


def pipelines(call: Call) -> Answer:
    """`GET …/pipelines/{type}`; contacts and companies answer with their lifecycle stages."""
    return Answer.json({"results": _pipelines(call)})


def pipeline(call: Call) -> Answer:
    """`GET …/pipelines/{type}/{id}`."""
    for one in _pipelines(call):
        if one["id"] == call.arguments["id"]:
            return Answer.json(one)
    raise ApiError.not_found()


def rates(call: Call) -> Answer:
    """`GET /settings/currencies/…/exchange-rates/current`."""
    call.require(frozenset({"settings.currencies.read"}))
    home = str(call.view.account["companyCurrency"])
    found = exchange_rates(call.view.described, home)
    return Answer.json({"results": [found[code] for code in sorted(found)]})
