from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal, record


def lifecycle(*entries: tuple[str, str]) -> dict[str, Any]:
    return {
        "lifecyclestage": [
            {"value": value, "timestamp": at, "sourceType": "CRM_UI"} for value, at in entries
        ]
    }


@pytest.mark.parametrize(
    "path", ["/crm/objects/2026-09/contacts", "/crm/objects/2026-03/0-1", "/crm/v3/objects/contact"]
)
def test_every_version_and_spelling_lists_the_same_records(path: str) -> None:
    wire = Wire(portal(contacts=[record(7, email="ana@example.com")]))

    listed = wire.get(path)

    assert listed == {
        "results": [
            {
                "id": "7",
                "properties": {
                    "createdate": "2026-01-01T00:00:00Z",
                    "email": "ana@example.com",
                    "firstname": None,
                    "hs_object_id": "7",
                    "lastmodifieddate": "2026-02-01T00:00:00Z",
                    "lastname": None,
                },
                "createdAt": "2026-01-01T00:00:00Z",
                "updatedAt": "2026-02-01T00:00:00Z",
                "archived": False,
                "url": "https://app-eu1.hubspot.com/contacts/147893286/record/0-1/7",
            }
        ]
    }


def test_a_list_goes_through_ids_by_number_ten_at_a_time() -> None:
    wire = Wire(portal(notes=[record(number) for number in (100, 9, *range(20, 40))]))

    pages = list(wire.pages("/crm/v3/objects/notes"))

    assert [len(page) for page in pages] == [10, 10, 2]
    ids = [int(one["id"]) for page in pages for one in page]
    assert ids == sorted(ids)


def test_the_cursor_names_the_next_record_and_its_link_can_be_followed() -> None:
    wire = Wire(portal(notes=[record(number) for number in (1, 2, 3)]))

    following = wire.get("/crm/objects/2026-09/notes", limit=2)["paging"]["next"]

    assert following["after"] == "3"
    assert [one["id"] for one in wire.get(following["link"])["results"]] == ["3"]


def test_an_unknown_property_is_left_out_and_an_empty_one_is_null() -> None:
    wire = Wire(portal(tasks=[record(1, hs_task_subject="Ring", not_defined="x")]))

    (task,) = wire.get(
        "/crm/v3/objects/tasks",
        properties="hs_task_subject,hs_task_due_date,hs_task_type,not_defined",
    )["results"]

    assert task["properties"] == {
        "hs_createdate": "2026-01-01T00:00:00Z",
        "hs_lastmodifieddate": "2026-02-01T00:00:00Z",
        "hs_object_id": "1",
        "hs_task_subject": "Ring",
        "hs_task_type": None,
    }


def test_properties_may_be_repeated_or_joined_by_commas() -> None:
    wire = Wire(portal(notes=[record(1, hs_note_body="b", hs_timestamp="2026-01-02T00:00:00Z")]))

    repeated = wire.get("/crm/v3/objects/notes", properties=["hs_note_body", "hs_timestamp"])
    joined = wire.get("/crm/v3/objects/notes", properties="hs_note_body,hs_timestamp")

    assert repeated == joined
    assert repeated["results"][0]["properties"]["hs_note_body"] == "b"


def test_values_on_the_wire_are_text_or_null() -> None:
    row = record(1, hs_call_duration=3000, hs_call_has_transcript=False, hs_call_title=None)
    wire = Wire(portal(calls=[row]))

    (call,) = wire.get(
        "/crm/v3/objects/calls", properties="hs_call_duration,hs_call_has_transcript,hs_call_title"
    )["results"]

    assert call["properties"]["hs_call_duration"] == "3000"
    assert call["properties"]["hs_call_has_transcript"] == "false"
    assert call["properties"]["hs_call_title"] is None


def test_history_comes_newest_first_and_is_empty_for_a_property_without_one() -> None:
    history = lifecycle(("lead", "2026-01-01T00:00:00Z"), ("customer", "2026-02-01T00:00:00Z"))
    wire = Wire(portal(contacts=[record(1, lifecyclestage="customer", history=history)]))

    (contact,) = wire.get(
        "/crm/objects/2026-09/contacts", propertiesWithHistory="lifecyclestage,jobtitle,nonsense"
    )["results"]

    assert [entry["value"] for entry in contact["propertiesWithHistory"]["lifecyclestage"]] == [
        "customer",
        "lead",
    ]
    assert contact["propertiesWithHistory"]["jobtitle"] == []
    assert "nonsense" not in contact["propertiesWithHistory"]


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"limit": 100}, 200),
        ({"limit": 101}, 400),
        ({"limit": 0}, 400),
        ({"limit": "many"}, 400),
        ({"limit": 50, "propertiesWithHistory": "lifecyclestage"}, 200),
        ({"limit": 51, "propertiesWithHistory": "lifecyclestage"}, 400),
        ({"archived": "perhaps"}, 400),
    ],
)
def test_a_page_has_at_most_100_records_and_50_with_history(
    parameters: dict[str, Any], status: int
) -> None:
    wire = Wire(portal(contacts=[record(1)]))

    answer = wire.get("/crm/objects/2026-09/contacts", status, **parameters)

    assert answer.get("category") == {200: None, 400: "VALIDATION_ERROR"}[status]


def test_archived_records_are_only_in_the_archived_list() -> None:
    wire = Wire(
        portal(
            deals=[record(1), record(2, archived=True, archivedAt="2026-03-01T00:00:00Z")],
        )
    )

    live = wire.get("/crm/objects/2026-09/deals")["results"]
    (archived,) = wire.get("/crm/objects/2026-09/deals", archived="true")["results"]

    assert [one["id"] for one in live] == ["1"]
    assert archived["id"] == "2"
    assert archived["archived"] is True
    assert archived["archivedAt"] == "2026-03-01T00:00:00Z"
    wire.get("/crm/objects/2026-09/deals/2", 404)
    assert wire.get("/crm/objects/2026-09/deals/2", archived="true")["id"] == "2"


def test_a_former_id_answers_with_the_survivor_and_is_in_no_listing() -> None:
    wire = Wire(
        portal(
            contacts=[
                record(101, email="old@example.com"),
                record(102, archived=True),
                record(903, hs_merged_object_ids="101;102"),
                record(950, hs_merged_object_ids="903;5"),
            ]
        )
    )

    assert [one["id"] for one in wire.get("/crm/v3/objects/contacts")["results"]] == ["950"]
    assert wire.get("/crm/v3/objects/contacts", archived="true")["results"] == []
    for former in ("101", "102", "903", "5"):
        assert wire.get(f"/crm/objects/2026-09/contacts/{former}")["id"] == "950"
    batch = wire.post(
        "/crm/objects/2026-09/contacts/batch/read",
        {"properties": ["hs_merged_object_ids"], "inputs": [{"id": "101"}, {"id": "950"}]},
    )
    assert [one["id"] for one in batch["results"]] == ["950"]
    assert batch["results"][0]["properties"]["hs_merged_object_ids"] == "903;5"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/crm/v3/objects/contacts/batch/read", 207),
        ("/crm/objects/2026-03/contacts/batch/read", 207),
        ("/crm/objects/2026-09/contacts/batch/read", 200),
    ],
)
def test_a_missing_id_in_a_batch_is_an_error_beside_the_results(path: str, status: int) -> None:
    wire = Wire(portal(contacts=[record(501), record(503, archived=True)]))

    answer = wire.post(
        path,
        {"properties": ["email"], "inputs": [{"id": "501"}, {"id": "502"}, {"id": "503"}]},
        status,
    )

    assert [one["id"] for one in answer["results"]] == ["501"]
    assert answer["numErrors"] == 1
    (error,) = answer["errors"]
    assert error["category"] == "OBJECT_NOT_FOUND"
    assert error["context"] == {"ids": ["502", "503"]}


def test_a_batch_reads_archived_records_only_when_asked_and_then_only_those() -> None:
    wire = Wire(portal(contacts=[record(1), record(2, archived=True)]))

    answer = wire.post(
        "/crm/objects/2026-09/contacts/batch/read",
        {"inputs": [{"id": "1"}, {"id": "2"}]},
        archived="true",
    )

    assert [one["id"] for one in answer["results"]] == ["2"]


@pytest.mark.parametrize(
    ("inputs", "history", "status"),
    [(100, [], 200), (101, [], 400), (50, ["dealstage"], 200), (51, ["dealstage"], 400)],
)
def test_a_batch_has_at_most_100_inputs_and_50_with_history(
    inputs: int, history: list[str], status: int
) -> None:
    wire = Wire(portal(deals=[record(number) for number in range(1, 102)]))

    answer = wire.post(
        "/crm/objects/2026-09/deals/batch/read",
        {
            "propertiesWithHistory": history,
            "inputs": [{"id": str(number)} for number in range(1, inputs + 1)],
        },
        status,
    )

    assert len(answer.get("results", [])) == {200: inputs, 400: 0}[status]


def test_contacts_can_be_read_by_their_address() -> None:
    wire = Wire(portal(contacts=[record(1, email="Ana@example.com")]))

    batch = wire.post(
        "/crm/v3/objects/contacts/batch/read",
        {"idProperty": "email", "inputs": [{"id": "ana@example.com"}]},
    )
    one = wire.get("/crm/v3/objects/contacts/ana@example.com", idProperty="email")

    assert batch["results"][0]["id"] == one["id"] == "1"
    wire.get("/crm/v3/objects/contacts/1", 400, idProperty="jobtitle")


def test_the_modified_property_of_contacts_is_not_that_of_the_others() -> None:
    wire = Wire(portal(contacts=[record(1)], companies=[record(2)]))

    contact = wire.get("/crm/v3/objects/contacts/1", properties="hs_lastmodifieddate")
    company = wire.get("/crm/v3/objects/companies/2", properties="lastmodifieddate")

    assert contact["properties"]["lastmodifieddate"] == "2026-02-01T00:00:00Z"
    assert contact["properties"]["hs_lastmodifieddate"] is None
    assert company["properties"]["hs_lastmodifieddate"] == "2026-02-01T00:00:00Z"
    assert "lastmodifieddate" not in company["properties"]


def test_stage_dates_tell_the_last_stay_and_skipped_stages_have_none() -> None:
    history = lifecycle(
        ("lead", "2026-01-01T00:00:00Z"),
        ("customer", "2026-02-01T00:00:00Z"),
        ("lead", "2026-03-01T00:00:00.250Z"),
    )
    wire = Wire(portal(contacts=[record(1, lifecyclestage="lead", history=history)]))
    names = [
        "hs_v2_date_entered_lead",
        "hs_v2_date_exited_lead",
        "hs_v2_date_exited_customer",
        "hs_v2_date_entered_opportunity",
        "hs_v2_date_entered_current_stage",
        "hs_lifecyclestage_customer_date",
    ]

    contact = wire.get("/crm/objects/2026-09/contacts/1", properties=",".join(names))

    assert [contact["properties"][name] for name in names] == [
        "2026-03-01T00:00:00.250Z",
        None,
        "2026-03-01T00:00:00.250Z",
        None,
        "2026-03-01T00:00:00.250Z",
        "2026-02-01T00:00:00Z",
    ]


def test_a_deal_knows_from_its_stage_whether_it_is_closed_and_won() -> None:
    wire = Wire(
        portal(
            deals=[
                record(1, dealstage="closedwon", amount="100", deal_currency_code="EUR"),
                record(2, dealstage="closedlost", amount="50"),
                record(3, dealstage="contractsent"),
            ],
            info={"exchange_rates": {"EUR": 1.25}},
        )
    )
    names = "hs_is_closed,hs_is_closed_won,hs_is_closed_lost,hs_deal_stage_probability"

    deals = wire.get("/crm/v3/objects/deals", properties=f"{names},amount_in_home_currency")

    assert [
        [deal["properties"][name] for name in (*names.split(","), "amount_in_home_currency")]
        for deal in deals["results"]
    ] == [
        ["true", "true", "false", "1.0", "125"],
        ["true", "false", "true", "0.0", "50"],
        ["false", "false", "false", "0.9", None],
    ]


def test_an_edit_of_the_portal_is_seen_by_the_next_request() -> None:
    wire = Wire(portal(contacts=[record(1, email="a@example.com"), record(2)]))
    wire.get("/crm/v3/objects/contacts")

    wire.sandbox.portal.rows["contacts"][0]["properties"]["email"] = "b@example.com"
    wire.sandbox.portal.rows["contacts"][1] = record(3)
    wire.sandbox.portal.rows["contacts"].append(record(4, archived=True))

    after = wire.get("/crm/v3/objects/contacts")["results"]
    assert [one["id"] for one in after] == ["1", "3"]
    assert after[0]["properties"]["email"] == "b@example.com"
    assert len(wire.get("/crm/v3/objects/contacts", archived="true")["results"]) == 1


def test_durations_of_stays_are_told_once_they_are_over() -> None:
    history = lifecycle(
        ("lead", "2026-01-01T00:00:00Z"),
        ("lead", "2026-01-01T12:00:00Z"),
        ("customer", "2026-01-02T00:00:00Z"),
        ("lead", "2026-01-03T00:00:00Z"),
        ("customer", "2026-01-05T00:00:00Z"),
    )
    wire = Wire(portal(contacts=[record(1, history=history)]))
    names = [
        "hs_v2_latest_time_in_lead",
        "hs_v2_cumulative_time_in_lead",
        "hs_v2_latest_time_in_customer",
        "hs_v2_cumulative_time_in_customer",
    ]

    contact = wire.get("/crm/v3/objects/contacts/1", properties=",".join(names))

    day = 86_400_000
    assert [contact["properties"][name] for name in names] == [
        str(2 * day),
        str(3 * day),
        None,
        str(day),
    ]


def test_the_primary_company_and_the_lifecycle_pipeline_are_properties_too() -> None:
    companies: list[Any] = ["28", {"id": "29", "primary": True}]
    wire = Wire(
        portal(
            contacts=[
                record(1, associations={"companies": companies}),
                record(2, associations={"companies": ["28"]}),
            ],
            deals=[
                record(
                    3,
                    associations={"companies": companies},
                    dealstage="closedwon",
                    closedate="2026-02-01T00:00:00Z",
                )
            ],
            companies=[record(28), record(29)],
        )
    )

    contacts = wire.get("/crm/v3/objects/contacts", properties="associatedcompanyid,hs_pipeline")
    deal = wire.get(
        "/crm/v3/objects/deals/3", properties="hs_primary_associated_company,hs_closed_won_date"
    )

    assert [
        (one["properties"]["associatedcompanyid"], one["properties"]["hs_pipeline"])
        for one in contacts["results"]
    ] == [("29", "contacts-lifecycle-pipeline"), (None, "contacts-lifecycle-pipeline")]
    assert deal["properties"]["hs_primary_associated_company"] == "29"
    assert deal["properties"]["hs_closed_won_date"] == "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "home"),
    [
        ("EUR", "100.10", "1.25", "125.125"),
        ("USD", "7", "1", "7"),
        (None, "7", "1", "7"),
        ("SEK", "7", None, None),
        ("EUR", "a lot", "1.25", None),
    ],
)
def test_amounts_are_told_in_the_companys_currency_where_there_is_a_rate(
    currency: str | None, amount: str, rate: str | None, home: str | None
) -> None:
    wire = Wire(
        portal(
            info={"exchange_rates": [{"fromCurrencyCode": "EUR", "conversionRate": 1.25}]},
            deals=[record(1, amount=amount, deal_currency_code=currency)],
        )
    )

    deal = wire.get(
        "/crm/v3/objects/deals/1", properties="hs_exchange_rate,amount_in_home_currency"
    )

    assert deal["properties"]["hs_exchange_rate"] == rate
    assert deal["properties"]["amount_in_home_currency"] == home


def test_a_batch_of_names_that_are_no_list_is_refused() -> None:
    wire = Wire(portal(contacts=[record(1)]))

    wire.post(
        "/crm/v3/objects/contacts/batch/read", {"properties": "email", "inputs": [{"id": "1"}]}, 400
    )
