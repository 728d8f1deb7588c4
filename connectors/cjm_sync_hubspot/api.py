"""HubSpot's calls that the source makes, whatever the version of the API.

The official client builds the requests; its `api_factory` hook gives each of its API objects a
sender of ours, so that every request leaves through one httpx client (paced, retried, counted) and
every answer comes back raw. What the official client does not wrap goes straight through the same
httpx client. Paths are translated to the configured version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote, unquote, urlencode

import httpx
from hubspot import HubSpot

from cjm_sync.http import DailyLimitError, take_json
from cjm_sync.ports import Clock
from cjm_sync_hubspot.errors import failure, spent

ApiVersion = Literal["2026-09", "v3"]

LIST_LIMIT = 100
SEARCH_LIMIT = 200
HISTORY_LIMIT = 50
"""HubSpot halves the page when it has to send past values."""
BATCH_LIMIT = 100
ASSOCIATIONS_LIMIT = 1000
SUBMISSIONS_LIMIT = 50
EMAIL_EVENTS_LIMIT = 1000
MEMBERS_LIMIT = 250
LISTS_LIMIT = 500

EARLIEST_EMAIL_EVENT_MS = 1000
"""`startTimestamp=0` is answered with 500."""

_DATED = (
    (r"^/crm/v[34]/(objects|properties|pipelines|owners|associations)(?=/|$)", r"/crm/\1/{}"),
    (r"^/crm/v3/lists(?=/|$)", r"/crm/lists/{}"),
    (r"^/account-info/v3(?=/)", r"/account-info/{}"),
    (r"^/settings/v3/currencies(?=/)", r"/settings/currencies/{}"),
    (r"^/events/v3/events(?=/|$)", r"/events/event-occurrences/{}"),
    # Forms have no dated release yet, only its beta.
    (r"^/marketing/v3/forms(?=/|$)", r"/marketing/forms/{}-beta"),
)
"""From the paths of v3 and v4 to the dated ones. What stands in none of them exists only as v1."""

Json = dict[str, Any]
Pairs = Sequence[tuple[str, Any]]


def dated(path: str, version: ApiVersion) -> str:
    """Return *path*, one of v3 or v4, as *version* spells it."""
    path = path.rstrip("/")
    if version == "v3":
        return path
    for pattern, replacement in _DATED:
        path, changed = re.subn(pattern, replacement.format(version), path)
        if changed:
            break
    return path


def next_cursor(answer: Json) -> str | None:
    """Return the cursor of the next page, ready to be encoded once, or None after the last.

    Some endpoints send it percent-encoded already, and a client that encodes it again is answered
    with an empty page and no error.
    """
    paging = answer.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    if after is None or after == "":
        return None
    text = str(after)
    return unquote(text) if "%" in text else text


class _Answer:
    """What the generated code expects to get back from its sender."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.reason = response.reason_phrase
        self.data = response.content

    def getheaders(self) -> httpx.Headers:
        return self.response.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        found: str | None = self.response.headers.get(name, default)
        return found


class _Sender:
    """Stands where the generated `RESTClientObject` stood, for the two verbs of a reader."""

    def __init__(self, send: Callable[[str, str, Pairs, Json | None], httpx.Response]) -> None:
        self._send = send

    def GET(self, url: str, query_params: Any = None, **_: Any) -> _Answer:  # noqa: N802
        return _Answer(self._send("GET", url, query_params or (), None))

    def POST(  # noqa: N802
        self, url: str, query_params: Any = None, body: Any = None, **_: Any
    ) -> _Answer:
        return _Answer(self._send("POST", url, query_params or (), body))


class Api:
    """Each method sends one request and returns its JSON; all raise what `failure` makes of it.

    *what* in a signature names the thing being read, for the message when it fails. Every call may
    be repeated.
    """

    def __init__(self, http: httpx.Client, version: ApiVersion, clock: Clock) -> None:
        self._http, self._version, self._clock = http, version, clock
        self._timezone = ""

    def account(self) -> Json:
        """Return the portal's details; any valid token may ask."""
        answer = self._get("account", "/account-info/v3/details")
        self._timezone = str(answer.get("timeZone") or "")
        return answer

    def exchange_rates(self) -> Json:
        """Return the rates in force, one per additional currency."""
        return self._get("exchange_rates", "/settings/v3/currencies/exchange-rates/current")

    def owners(self, *, after: str | None, archived: bool, limit: int = LIST_LIMIT) -> Json:
        """Return a page of owners: those here, or (*archived*) those who left."""
        return self._ask(
            "owners",
            lambda: self._owners.get_page(
                **_given(after=after), limit=limit, archived=archived, _preload_content=False
            ),
        )

    def properties(self, what: str, object_type: str) -> Json:
        """Return every property definition of *object_type*."""
        return self._ask(
            what,
            lambda: self._properties.get_all(object_type, archived=False, _preload_content=False),
        )

    def pipelines(self, what: str, object_type: str) -> Json:
        """Return every pipeline of *object_type* with its stages."""
        return self._ask(what, lambda: self._pipelines.get_all(object_type, _preload_content=False))

    def objects(
        self,
        object_type: str,
        *,
        after: str | None,
        limit: int,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        associations: Sequence[str] = (),
        archived: bool = False,
    ) -> Json:
        """Return a page of records in the order of their ids: those here, or the *archived*."""
        return self._ask(
            object_type,
            lambda: self._objects.get_page(
                object_type,
                **_given(
                    after=after,
                    properties=_list(properties),
                    properties_with_history=_list(history),
                    associations=_list(associations),
                ),
                limit=limit,
                archived=archived,
                _preload_content=False,
            ),
        )

    def search(self, object_type: str, body: Json) -> Json:
        """Return the page of records that *body* describes; archived ones are never found."""
        return self._ask(
            object_type,
            lambda: self._searches.do_search(
                object_type, public_object_search_request=body, _preload_content=False
            ),
        )

    def batch(
        self,
        object_type: str,
        ids: Sequence[str],
        *,
        properties: Sequence[str],
        history: Sequence[str] = (),
        archived: bool = False,
    ) -> Json:
        """Return the records of *ids*, or the *archived* of them, in any order; some may be missing."""
        body = {
            "properties": list(properties),
            "propertiesWithHistory": list(history),
            "inputs": [{"id": id_} for id_ in ids],
        }
        return self._ask(
            object_type,
            lambda: self._batches.read(
                object_type,
                batch_read_input_simple_public_object_id=body,
                archived=archived,
                _preload_content=False,
            ),
        )

    def associations(self, from_type: str, to_type: str, inputs: Sequence[Json]) -> Json:
        """Return what the records of *inputs* (`id`, and `after` to go on) are linked to."""
        return self._ask(
            from_type,
            lambda: self._associations.get_page(
                from_type,
                to_type,
                batch_input_public_fetch_associations_batch_request={"inputs": list(inputs)},
                _preload_content=False,
            ),
        )

    def forms(self, *, after: str | None, archived: bool, limit: int = LIST_LIMIT) -> Json:
        """Return a page of forms of every type."""
        return self._ask(
            "forms",
            lambda: self._forms.get_page(
                **_given(after=after),
                limit=limit,
                archived=archived,
                form_types=["all"],
                _preload_content=False,
            ),
        )

    def submissions(
        self, form_id: str, *, after: str | None, limit: int = SUBMISSIONS_LIMIT
    ) -> Json:
        """Return a page of one form's submissions, newest first."""
        return self._get(
            "form_submissions",
            f"/form-integrations/v1/submissions/forms/{quote(form_id, safe='')}",
            limit=limit,
            after=after,
        )

    def email_events(
        self,
        *,
        offset: str | None,
        since_ms: int = EARLIEST_EMAIL_EVENT_MS,
        until_ms: int | None = None,
        limit: int = EMAIL_EVENTS_LIMIT,
    ) -> Json:
        """Return a page of marketing-email events, newest first, without opens by machines."""
        return self._get(
            "email_events",
            "/email/public/v1/events",
            limit=limit,
            startTimestamp=max(since_ms, EARLIEST_EMAIL_EVENT_MS),
            endTimestamp=until_ms,
            excludeFilteredEvents="true",
            offset=offset,
        )

    def events(
        self,
        event_type: str,
        *,
        after: str | None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = LIST_LIMIT,
    ) -> Json:
        """Return a page of everybody's events of one type, of a span of time if one is given."""
        return self._ask(
            "events",
            lambda: self._events.get_page(
                **_given(after=after, occurred_after=since, occurred_before=until),
                event_type=event_type,
                limit=limit,
                _preload_content=False,
            ),
        )

    def one_list(self, list_id: str) -> Json:
        """Return a list by its id."""
        return self._get("list_memberships", f"/crm/v3/lists/{quote(list_id, safe='')}")

    def search_lists(self, words: str, *, offset: int) -> Json:
        """Return a page of the lists whose names hold *words*."""
        body = {"query": words, "count": LISTS_LIMIT, "offset": offset, "sort": "HS_LIST_ID"}
        return self._ask(
            "list_memberships",
            lambda: _Answer(self._send("POST", "/crm/v3/lists/search", (), body)),
        )

    def memberships(self, list_id: str, *, after: str | None) -> Json:
        """Return a page of who is on a list now."""
        path = f"/crm/v3/lists/{quote(list_id, safe='')}/memberships"
        return self._get("list_memberships", path, limit=MEMBERS_LIMIT, after=after)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    @cached_property
    def _sdk(self) -> Any:
        def factory(package: Any, api_name: str, _config: Mapping[str, Any]) -> Any:
            settings = package.Configuration()
            settings.host = ""  # the httpx client knows the address, and the token
            client = package.ApiClient(configuration=settings)
            client.rest_client = _Sender(self._send)
            return getattr(package, api_name)(api_client=client)

        return HubSpot(api_factory=factory)

    # The official client builds a new API object at every access to an attribute; these are kept.

    @cached_property
    def _objects(self) -> Any:
        return self._sdk.crm.objects.basic_api

    @cached_property
    def _searches(self) -> Any:
        return self._sdk.crm.objects.search_api

    @cached_property
    def _batches(self) -> Any:
        return self._sdk.crm.objects.batch_api

    @cached_property
    def _associations(self) -> Any:
        return self._sdk.crm.associations.v4.batch_api

    @cached_property
    def _owners(self) -> Any:
        return self._sdk.crm.owners.owners_api

    @cached_property
    def _properties(self) -> Any:
        return self._sdk.crm.properties.core_api

    @cached_property
    def _pipelines(self) -> Any:
        return self._sdk.crm.pipelines.pipelines_api

    @cached_property
    def _forms(self) -> Any:
        return self._sdk.marketing.forms.forms_api

    @cached_property
    def _events(self) -> Any:
        return self._sdk.events.events_api

    def _get(self, what: str, path: str, **query: Any) -> Json:
        return self._ask(what, lambda: _Answer(self._send("GET", path, list(query.items()), None)))

    def _send(self, method: str, path: str, query: Pairs, body: Json | None) -> httpx.Response:
        given = [(name, _text(value)) for name, value in query if value is not None]
        address = dated(path, self._version)
        if given:
            # Encoded here and once; `params=` would also spell every comma in three characters.
            address += "?" + urlencode(given, safe=",", quote_via=quote)
        return self._http.request(method, address, json=body)

    def _ask(self, what: str, call: Callable[[], _Answer]) -> Json:
        try:
            response = call().response
        except DailyLimitError as error:
            raise spent(error, self._clock.now(), self._timezone) from error
        except httpx.HTTPError as error:
            raise failure(what, error) from error
        if not response.is_success:
            raise failure(what, response)
        try:
            answer = take_json(response)
        except ValueError as error:
            raise failure(what, ValueError("it is not JSON")) from error
        if not isinstance(answer, dict):
            raise failure(what, ValueError("it is not a JSON object"))
        return answer


def _given(**arguments: Any) -> Json:
    return {name: value for name, value in arguments.items() if value is not None}


def _list(names: Sequence[str]) -> list[str] | None:
    """Return *names* as one comma list: repeating the parameter would double the address."""
    return [",".join(names)] if names else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
