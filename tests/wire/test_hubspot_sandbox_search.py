from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal, record

CONTACTS = "/crm/objects/2026-09/contacts/search"


def people() -> Wire:
    return Wire(
        portal(
            contacts=[
                record(
                    9,
                    email="Ana@Example.com",
                    hs_buying_role="CHAMPION;END_USER",
                    lifecyclestage="lead",
                    updatedAt="2026-03-01T00:00:00.500Z",
                    num_conversion_events="2",
                ),
                record(
                    10,
                    email="bo@example.com",
                    hs_buying_role="OTHER",
                    lifecyclestage="customer",
                    updatedAt="2026-03-02T00:00:00Z",
                    num_conversion_events="10",
                ),
                record(11, updatedAt="2026-03-03T00:00:00Z", num_conversion_events="many"),
                record(12, archived=True, lifecyclestage="lead"),
            ],
            deals=[record(1, associations={"contacts": ["10"]})],
        )
    )


def found(wire: Wire, *filters: dict[str, Any], **body: Any) -> list[str]:
    wire.clock.sleep(1)
    answer = wire.post(CONTACTS, {"filterGroups": [{"filters": list(filters)}], **body})
    assert answer["total"] >= len(answer["results"])
    return [one["id"] for one in answer["results"]]


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, "value": value, **more}


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (where("email", "EQ", "ana@example.com"), ["9"]),
        (where("email", "NEQ", "ana@example.com"), ["10"]),
        (where("email", "IN", values=["ana@example.com"]), ["9"]),
        (where("email", "IN", values=["Ana@Example.com"]), []),
        (where("lifecyclestage", "EQ", "LEAD"), []),
        (where("lifecyclestage", "NOT_IN", values=["lead"]), ["10"]),
        (where("hs_buying_role", "EQ", "END_USER"), ["9"]),
        (where("email", "HAS_PROPERTY"), ["9", "10"]),
        (where("email", "NOT_HAS_PROPERTY"), ["11"]),
        (where("email", "CONTAINS_TOKEN", "*example.com"), ["9", "10"]),
        (where("email", "CONTAINS_TOKEN", "bo"), ["10"]),
        (where("email", "NOT_CONTAINS_TOKEN", "bo"), ["9", "11"]),
        (where("num_conversion_events", "GT", "2"), ["10"]),
        (where("num_conversion_events", "LTE", "2"), ["9"]),
        (where("hs_object_id", "GT", "9"), ["10", "11"]),
        (where("lastmodifieddate", "GTE", "1772323200500"), ["9", "10", "11"]),
        (where("lastmodifieddate", "GT", "1772323200500"), ["10", "11"]),
        (where("lastmodifieddate", "LT", "2026-03-02T00:00:00+00:00"), ["9"]),
        (
            where("lastmodifieddate", "BETWEEN", "1772323200000", highValue="1772409600000"),
            ["9", "10"],
        ),
        (where("associations.deal", "EQ", "1"), ["10"]),
    ],
)
def test_each_operator_finds_what_it_says(wanted: dict[str, Any], ids: list[str]) -> None:
    wire = people()

    assert found(wire, wanted) == ids


def test_groups_are_alternatives_and_filters_in_one_hold_together() -> None:
    wire = people()

    answer = wire.post(
        CONTACTS,
        {
            "filterGroups": [
                {"filters": [where("email", "HAS_PROPERTY"), where("hs_object_id", "LT", "10")]},
                {"filters": [where("email", "NOT_HAS_PROPERTY")]},
            ]
        },
    )

    assert [one["id"] for one in answer["results"]] == ["9", "11"]


def test_one_sort_orders_by_value_and_leaves_the_empty_ones_for_the_end() -> None:
    wire = people()
    by_number = {"propertyName": "num_conversion_events", "direction": "DESCENDING"}

    assert found(wire, sorts=[by_number]) == ["10", "9", "11"]
    assert found(wire, sorts=["-hs_object_id"]) == ["11", "10", "9"]
    wire.clock.sleep(1)
    wire.post(CONTACTS, {"sorts": [by_number, by_number]}, 400)


def test_pages_are_offsets_and_a_limit_may_be_text() -> None:
    wire = people()

    first = wire.post(CONTACTS, {"limit": "2", "properties": ["email", "nonsense"]})
    second = wire.post(CONTACTS, {"limit": 2, "after": first["paging"]["next"]["after"]})

    assert first["total"] == 3
    assert first["paging"] == {"next": {"after": "2"}}
    assert first["results"][0]["properties"]["email"] == "Ana@Example.com"
    assert "nonsense" not in first["results"][0]["properties"]
    assert [one["id"] for one in second["results"]] == ["11"]
    assert "paging" not in second


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"limit": 200}, 200),
        ({"limit": 201}, 400),
        ({"limit": 0}, 400),
        ({"limit": 200, "after": "9800"}, 200),
        ({"limit": 200, "after": "9801"}, 400),
        ({"after": "MTA="}, 400),
        ({"filterGroups": [{"filters": []}] * 5}, 200),
        ({"filterGroups": [{"filters": []}] * 6}, 400),
        ({"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 6}] * 3}, 200),
        ({"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 7}]}, 400),
        ({"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 5}] * 4}, 400),
        ({"filterGroups": [{"filters": [where("nonsense", "HAS_PROPERTY")]}]}, 400),
        ({"filterGroups": [{"filters": [where("email", "LIKE", "a")]}]}, 400),
        ({"filterGroups": [{"filters": [where("email", "EQ")]}]}, 400),
        ({"filterGroups": [{"filters": [where("lastmodifieddate", "GT", "soon")]}]}, 400),
        ({"filterGroups": [{"filters": [where("hs_object_id", "GT", "soon")]}]}, 400),
        ({"sorts": [{"propertyName": "nonsense"}]}, 400),
        ({"sorts": [{"propertyName": "email", "direction": "UP"}]}, 400),
    ],
)
def test_search_refuses_what_it_cannot_do(body: dict[str, Any], status: int) -> None:
    wire = people()

    answer = wire.post(CONTACTS, body, status)

    assert answer.get("category") == {200: None, 400: "VALIDATION_ERROR"}[status]


def test_bodies_of_emails_cannot_be_filtered_by() -> None:
    wire = Wire(portal(emails=[record(1)]))

    for name in ("hs_email_html", "hs_body_preview", "hs_body_preview_html"):
        body = {"filterGroups": [{"filters": [where(name, "HAS_PROPERTY")]}]}
        wire.post("/crm/v3/objects/emails/search", body, 400)


def test_the_sixth_search_in_a_second_is_refused_without_rate_headers() -> None:
    wire = people()
    answers = [wire.http.post(CONTACTS, json={}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].json()["policyName"] == "SECONDLY"
    assert answers[5].json()["message"] == "You have reached your secondly limit."
    for answer in answers:
        assert not [name for name in answer.headers if "ratelimit" in name.lower()]
        assert "x-hubspot-correlation-id" in answer.headers
    wire.clock.sleep(1)
    assert wire.http.post(CONTACTS, json={}).status_code == 200


def test_a_query_looks_through_the_default_properties() -> None:
    wire = people()

    assert found(wire, query="EXAMPLE ana") == ["9"]


def test_a_number_property_may_hold_text_and_is_then_not_compared() -> None:
    wire = people()

    assert found(wire, where("num_conversion_events", "GTE", "0")) == ["9", "10"]


@pytest.mark.parametrize(
    "body",
    [
        {"properties": "email"},
        {"filterGroups": [{}]},
        {"filterGroups": [{"filters": ["email"]}]},
        {"filterGroups": [{"filters": [where("email", "IN", values=[])]}]},
        {"filterGroups": [{"filters": [where("email", "CONTAINS_TOKEN")]}]},
        {"filterGroups": [{"filters": [where("associations.deal", "GT", "1")]}]},
        {"filterGroups": [{"filters": [where("lastmodifieddate", "BETWEEN", "1")]}]},
        {"sorts": [{"direction": "ASCENDING"}]},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    wire = people()

    assert wire.post(CONTACTS, body, 400)["category"] == "VALIDATION_ERROR"
