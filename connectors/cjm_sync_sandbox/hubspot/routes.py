"""Which path leads to which endpoint, in the dated versions and in their predecessors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cjm_sync_sandbox.hubspot import (
    associations,
    events,
    lists,
    marketing,
    metadata,
    objects,
    search,
)
from cjm_sync_sandbox.hubspot.limits import Budget, Limits
from cjm_sync_sandbox.hubspot.oauth import OAuth
from cjm_sync_sandbox.hubspot.view import Call
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError

Endpoint = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A way to *endpoint*; its *pattern* matches a whole path and names the version."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    budget: Budget


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request goes, with the parts of its path."""

    endpoint: Endpoint
    budget: Budget
    arguments: dict[str, str]
    version: str


# The dated versions that payload shapes were compared for; 2025-09 was partial and is not served.
_VERSIONS = {"dated": "2026-03|2026-09", "v3": "v3", "v4": "v4", "v1": "v1", "beta": "2026-09-beta"}


def _compile(path: str) -> re.Pattern[str]:
    parts = []
    for part in path.split("/"):
        name = part[1:-1] if part.startswith("{") else ""
        if name in _VERSIONS:
            parts.append(f"(?P<version>{_VERSIONS[name]})")
        elif name:
            parts.append(f"(?P<{name}>[^/]+)")
        else:
            parts.append(re.escape(part))
    return re.compile("/".join(parts))


def _routes(
    method: str, endpoint: Endpoint, *paths: str, budget: Budget = Budget.GENERAL
) -> list[Route]:
    return [Route(method, _compile(path), endpoint, budget) for path in paths]


def routing_table(limits: Limits, oauth: OAuth) -> list[Route]:
    """Return every route; *limits* is what the usage endpoint tells about."""
    general, reading, uncounted = Budget.GENERAL, Budget.ASSOCIATIONS, Budget.UNCOUNTED
    table: list[tuple[str, Endpoint, Budget, tuple[str, ...]]] = [
        ("POST", oauth.token, uncounted, ("/oauth/{dated}/token", "/oauth/{v1}/token")),
        ("POST", oauth.introspect, uncounted, ("/oauth/{dated}/token/introspect",)),
        ("GET", oauth.access_token_v1, uncounted, ("/oauth/{v1}/access-tokens/{id}",)),
        ("GET", oauth.refresh_token_v1, uncounted, ("/oauth/{v1}/refresh-tokens/{id}",)),
        ("GET", metadata.details, general,
         ("/account-info/{dated}/details", "/account-info/{v3}/details")),
        ("GET", lambda call: metadata.usage(call, limits), general,
         ("/account-info/{dated}/api-usage/daily/private-apps",
          "/account-info/{v3}/api-usage/daily/private-apps")),
        ("GET", metadata.owners, general, ("/crm/owners/{dated}", "/crm/{v3}/owners")),
        ("GET", metadata.owner, general, ("/crm/owners/{dated}/{id}", "/crm/{v3}/owners/{id}")),
        ("GET", metadata.properties, general,
         ("/crm/properties/{dated}/{type}", "/crm/{v3}/properties/{type}")),
        ("GET", metadata.property_named, general,
         ("/crm/properties/{dated}/{type}/{name}", "/crm/{v3}/properties/{type}/{name}")),
        ("GET", metadata.pipelines, general,
         ("/crm/pipelines/{dated}/{type}", "/crm/{v3}/pipelines/{type}")),
        ("GET", metadata.pipeline, general,
         ("/crm/pipelines/{dated}/{type}/{id}", "/crm/{v3}/pipelines/{type}/{id}")),
        ("GET", metadata.rates, general,
         ("/settings/currencies/{dated}/exchange-rates/current",
          "/settings/{v3}/currencies/exchange-rates/current")),
        ("GET", objects.list_records, general,
         ("/crm/objects/{dated}/{type}", "/crm/{v3}/objects/{type}")),
        ("POST", objects.batch_read, general,
         ("/crm/objects/{dated}/{type}/batch/read", "/crm/{v3}/objects/{type}/batch/read")),
        ("POST", search.search, Budget.SEARCH,
         ("/crm/objects/{dated}/{type}/search", "/crm/{v3}/objects/{type}/search")),
        ("GET", objects.get_record, general,
         ("/crm/objects/{dated}/{type}/{id}", "/crm/{v3}/objects/{type}/{id}")),
        ("POST", associations.batch_read, reading,
         ("/crm/associations/{dated}/{type}/{to}/batch/read",
          "/crm/{v4}/associations/{type}/{to}/batch/read")),
        ("GET", associations.labels, general,
         ("/crm/associations/{dated}/{type}/{to}/labels",
          "/crm/{v4}/associations/{type}/{to}/labels",
          "/crm/associations/{v4}/{type}/{to}/labels")),
        ("POST", lists.search, general, ("/crm/lists/{dated}/search", "/crm/{v3}/lists/search")),
        ("GET", lists.some, general, ("/crm/lists/{dated}", "/crm/{v3}/lists")),
        ("GET", lists.named, general,
         ("/crm/lists/{dated}/object-type-id/{type}/name/{name}",
          "/crm/{v3}/lists/object-type-id/{type}/name/{name}")),
        ("GET", lists.of_record, general,
         ("/crm/lists/{dated}/records/{type}/{id}/memberships",
          "/crm/{v3}/lists/records/{type}/{id}/memberships")),
        ("GET", lists.memberships_by_joining, general,
         ("/crm/lists/{dated}/{id}/memberships/join-order",
          "/crm/{v3}/lists/{id}/memberships/join-order")),
        ("GET", lists.memberships, general,
         ("/crm/lists/{dated}/{id}/memberships", "/crm/{v3}/lists/{id}/memberships")),
        ("GET", lists.one, general, ("/crm/lists/{dated}/{id}", "/crm/{v3}/lists/{id}")),
        ("GET", marketing.forms, general, ("/marketing/forms/{beta}", "/marketing/{v3}/forms")),
        ("GET", marketing.form, general,
         ("/marketing/forms/{beta}/{id}", "/marketing/{v3}/forms/{id}")),
        ("GET", marketing.submissions, general,
         ("/form-integrations/{v1}/submissions/forms/{id}",)),
        ("GET", marketing.emails, general, ("/marketing/emails/{dated}", "/marketing/{v3}/emails")),
        ("GET", marketing.email_events, general, ("/email/public/{v1}/events",)),
        ("GET", events.occurrences, general,
         ("/events/event-occurrences/{dated}", "/events/{v3}/events")),
        ("GET", events.event_types, general,
         ("/events/event-occurrences/{dated}/event-types", "/events/{v3}/events/event-types")),
    ]  # fmt: skip
    return [
        *(
            route
            for method, endpoint, budget, paths in table
            for route in _routes(method, endpoint, *paths, budget=budget)
        ),
        # The 2026-09 specification lacks the single record's associations.
        Route(
            "GET",
            re.compile(
                "/crm/objects/(?P<version>2026-03)/(?P<type>[^/]+)/(?P<id>[^/]+)"
                "/associations/(?P<to>[^/]+)"
            ),
            associations.of_one,
            reading,
        ),
        *_routes(
            "GET",
            associations.of_one,
            "/crm/{v4}/objects/{type}/{id}/associations/{to}",
            budget=reading,
        ),
    ]


def find(table: list[Route], method: str, path: str) -> Match:
    """Return where *method* and *path* lead; 404 when nowhere, 405 when only by another method."""
    is_known = False
    for route in table:
        found = route.pattern.fullmatch(path.rstrip("/"))
        if found is None:
            continue
        is_known = True
        if route.method == method:
            arguments = found.groupdict()
            return Match(route.endpoint, route.budget, arguments, arguments.pop("version"))
    if is_known:
        raise ApiError(405, {"message": "HTTP 405 Method Not Allowed"})
    raise ApiError(404, {"message": "resource not found"})
