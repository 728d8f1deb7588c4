"""HubSpot's official Python client drives the stand-in; its requests leave through httpx."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ForbiddenException, NotFoundException

from wire.hubspot_sandbox_world import TOKEN, Wire, portal, record


class _Answer:
    """What the generated code reads of urllib3's response."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.reason = answer.reason_phrase
        self.data = answer.content
        self._headers = answer.headers

    def getheaders(self) -> httpx.Headers:
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        value: str | None = self._headers.get(name, default)
        return value


class _Pool:
    """Stands where the generated code keeps urllib3's pool."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: str | None = None,
        fields: Any = None,
        **_: Any,
    ) -> _Answer:
        content = body.encode() if body is not None else None
        return _Answer(
            self._wire.http.request(
                method, url, headers=headers, content=content, params=fields or None
            )
        )


def client_of(wire: Wire) -> Any:
    def build(package: Any, name: str, config: dict[str, Any]) -> Any:
        settings = package.Configuration()
        settings.access_token = config["access_token"]
        client = package.ApiClient(configuration=settings)
        client.rest_client.pool_manager = _Pool(wire)
        return getattr(package, name)(api_client=client)

    return HubSpot(access_token=TOKEN, api_factory=build)


@pytest.fixture
def wire() -> Wire:
    return Wire(
        portal(
            info={
                "tier": "enterprise",
                "owners": [{"id": "88", "email": "olga@example.com", "userId": 8}],
                "forms": [{"id": "f-1", "name": "Demo"}],
                "marketing_emails": [{"id": "1", "name": "News"}],
            },
            contacts=[
                record(
                    number,
                    email=f"{number}@example.com",
                    lifecyclestage="lead",
                    history={
                        "lifecyclestage": [{"value": "lead", "timestamp": "2026-01-01T00:00:00Z"}]
                    },
                )
                for number in range(1, 121)
            ],
            companies=[record(29)],
            deals=[
                record(
                    500,
                    dealstage="closedwon",
                    associations={
                        "contacts": ["1", "2"],
                        "companies": [{"id": "29", "primary": True}],
                    },
                )
            ],
            feedback_submissions=[record(700, hs_survey_type="NPS", hs_value="9")],
            calls=[record(800, hs_call_title="Call")],
            events=[
                {
                    "objectType": "CONTACT",
                    "objectId": "1",
                    "eventType": "e_visited_page",
                    "occurredAt": "2026-05-11T23:47:17.075Z",
                    "id": "v-1",
                    "properties": {},
                }
            ],
        )
    )


def test_contacts_are_paged_with_history_and_associations(wire: Wire) -> None:
    api = client_of(wire).crm.contacts.basic_api

    first = api.get_page(
        limit=50,
        properties=["email"],
        properties_with_history=["lifecyclestage"],
        associations=["deals"],
    )
    second = api.get_page(limit=100, after=first.paging.next.after)

    assert [one.id for one in first.results] == [str(number) for number in range(1, 51)]
    assert first.results[0].properties["email"] == "1@example.com"
    assert first.results[0].properties_with_history["lifecyclestage"][0].value == "lead"
    assert first.results[0].associations["deals"].results[0].id == "500"
    assert [one.id for one in second.results] == [str(number) for number in range(51, 121)]
    assert second.paging is None


def test_everything_is_got_at_once(wire: Wire) -> None:
    assert len(client_of(wire).crm.contacts.get_all()) == 120
    assert len(client_of(wire).crm.objects.feedback_submissions.basic_api.get_page().results) == 1
    assert len(client_of(wire).crm.objects.basic_api.get_page("0-48").results) == 1


def test_a_search_is_done(wire: Wire) -> None:
    found = client_of(wire).crm.contacts.search_api.do_search(
        public_object_search_request={
            "filterGroups": [
                {"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "118"}]}
            ],
            "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}],
            "properties": ["email"],
            "limit": 200,
        }
    )

    assert found.total == 2
    assert [one.id for one in found.results] == ["120", "119"]


def test_a_batch_is_read_and_a_missing_record_is_an_error(wire: Wire) -> None:
    answer = client_of(wire).crm.contacts.batch_api.read(
        batch_read_input_simple_public_object_id={
            "properties": ["email"],
            "propertiesWithHistory": ["lifecyclestage"],
            "inputs": [{"id": "1"}, {"id": "999"}],
        },
        archived=False,
    )

    assert [one.id for one in answer.results] == ["1"]
    assert answer.num_errors == 1
    assert answer.errors[0].category == "OBJECT_NOT_FOUND"


def test_associations_are_read_in_batches_and_one_by_one(wire: Wire) -> None:
    api = client_of(wire).crm.associations.v4

    batch = api.batch_api.get_page(
        from_object_type="deals",
        to_object_type="contacts",
        batch_input_public_fetch_associations_batch_request={"inputs": [{"id": "500"}]},
    )
    one = api.basic_api.get_page("deals", "500", "companies")
    labels = api.schema.definitions_api.get_all("deals", "companies")

    assert [str(to.to_object_id) for to in batch.results[0].to] == ["1", "2"]
    assert [kind.label for kind in one.results[0].association_types] == ["Primary", None]
    assert {kind.type_id for kind in labels.results} == {5, 341}


def test_the_portal_is_described(wire: Wire) -> None:
    client = client_of(wire)

    stages = client.crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    properties = client.crm.properties.core_api.get_all("contacts", archived=False).results
    owners = client.crm.owners.owners_api.get_page(limit=100, archived=False).results

    assert [stage.id for stage in stages][-2:] == ["closedwon", "closedlost"]
    assert "lifecyclestage" in {one.name for one in properties}
    assert [owner.email for owner in owners] == ["olga@example.com"]


def test_marketing_and_events_are_read(wire: Wire) -> None:
    client = client_of(wire)

    forms = client.marketing.forms.forms_api.get_page(form_types=["all"], _preload_content=False)
    emails = client.marketing.emails.marketing_emails_api.get_page(_preload_content=False)
    events = client.events.events_api.get_page(event_type="e_visited_page")
    types = client.events.events_api.get_types()

    assert b'"f-1"' in forms.data
    assert b'"News"' in emails.data
    assert [one.id for one in events.results] == ["v-1"]
    assert types.event_types == ["e_visited_page"]


def test_refusals_become_the_clients_exceptions(wire: Wire) -> None:
    api = client_of(wire).crm.contacts.basic_api

    with pytest.raises(NotFoundException):
        api.get_by_id("999")
    wire.sandbox.scopes = frozenset()
    with pytest.raises(ForbiddenException) as refused:
        api.get_page()

    assert "crm.objects.contacts.read" in str(refused.value.body)
