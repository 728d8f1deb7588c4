from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal, record


def linked() -> Wire:
    return Wire(
        portal(
            contacts=[
                record(501, associatedcompanyid="29"),
                record(502),
                record(
                    503, associations={"companies": [{"id": "29"}, {"id": "30", "primary": True}]}
                ),
            ],
            companies=[record(29), record(30), record(31, archived=True)],
            deals=[
                record(
                    1,
                    associations={
                        "contacts": ["501", "502", "999"],
                        "companies": [{"id": "29", "primary": True}, "31"],
                    },
                )
            ],
        )
    )


def pairs(answer: dict[str, Any]) -> dict[str, list[tuple[str, list[int]]]]:
    return {
        one["from"]["id"]: [
            (str(to["toObjectId"]), [kind["typeId"] for kind in to["associationTypes"]])
            for to in one["to"]
        ]
        for one in answer["results"]
    }


def read(wire: Wire, source: str, target: str, *ids: str) -> dict[str, Any]:
    answer: dict[str, Any] = wire.post(
        f"/crm/associations/2026-09/{source}/{target}/batch/read",
        {"inputs": [{"id": one} for one in ids]},
    )
    return answer


def test_a_link_named_on_one_side_is_seen_from_both() -> None:
    wire = linked()

    assert pairs(read(wire, "deals", "contacts", "1")) == {"1": [("501", [3]), ("502", [3])]}
    assert pairs(read(wire, "contacts", "deals", "501", "502")) == {
        "501": [("1", [4])],
        "502": [("1", [4])],
    }


def test_the_primary_company_has_two_types_and_comes_from_the_property_too() -> None:
    wire = linked()

    assert pairs(read(wire, "contacts", "companies", "501", "503")) == {
        "501": [("29", [1, 279])],
        "503": [("29", [279]), ("30", [1, 279])],
    }
    assert pairs(read(wire, "companies", "contacts", "29")) == {
        "29": [("501", [2, 280]), ("503", [280])]
    }


@pytest.mark.parametrize(
    ("path", "status", "number"),
    [
        ("/crm/v4/associations/contact/company/batch/read", 207, 29),
        ("/crm/associations/2026-09/contacts/companies/batch/read", 200, "29"),
    ],
)
def test_no_association_is_an_error_entry(path: str, status: int, number: object) -> None:
    wire = linked()

    answer = wire.post(path, {"inputs": [{"id": "501"}, {"id": "502"}]}, status)

    assert [to["toObjectId"] for to in answer["results"][0]["to"]] == [number]
    assert answer["numErrors"] == 1
    assert answer["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": "No company is associated with contact 502.",
            "context": {
                "fromObjectId": ["502"],
                "fromObjectType": ["contact"],
                "toObjectType": ["company"],
            },
        }
    ]


def test_a_listing_shows_the_same_target_once_for_each_type() -> None:
    wire = linked()

    (deal,) = wire.get("/crm/objects/2026-09/deals", associations="contacts,companies")["results"]

    assert deal["associations"] == {
        "contacts": {
            "results": [
                {"id": "501", "type": "deal_to_contact"},
                {"id": "502", "type": "deal_to_contact"},
            ]
        },
        "companies": {
            "results": [
                {"id": "29", "type": "deal_to_company"},
                {"id": "29", "type": "deal_to_company_unlabeled"},
            ]
        },
    }


def test_long_lists_are_cut_and_their_cursors_lead_on() -> None:
    contacts = [str(number) for number in range(1, 1101)]
    wire = Wire(
        portal(
            contacts=[record(one) for one in contacts],
            deals=[record(1, associations={"contacts": contacts})],
        )
    )

    (deal,) = wire.get("/crm/objects/2026-09/deals", associations="contacts")["results"]
    block = deal["associations"]["contacts"]
    seen = [one["id"] for one in block["results"]]
    after = block["paging"]["next"]["after"]
    steps = 0
    while after:
        answer = wire.post(
            "/crm/associations/2026-09/deals/contacts/batch/read",
            {"inputs": [{"id": "1", "after": after}]},
        )
        (one,) = answer["results"]
        seen += [to["toObjectId"] for to in one["to"]]
        after = one.get("paging", {}).get("next", {}).get("after")
        steps += 1

    assert len(block["results"]) == 100
    assert seen == contacts
    assert steps == 2


@pytest.mark.parametrize(("inputs", "status"), [(1000, 207), (1001, 400)])
def test_a_batch_has_at_most_1000_inputs(inputs: int, status: int) -> None:
    wire = linked()

    answer = wire.post(
        "/crm/v4/associations/contacts/deals/batch/read",
        {"inputs": [{"id": str(number)} for number in range(inputs)]},
        status,
    )

    assert answer["status"] == {207: "COMPLETE", 400: "error"}[status]


def test_a_merged_records_links_are_the_survivors_and_its_old_id_reads_empty() -> None:
    wire = Wire(
        portal(
            contacts=[record(101), record(903, hs_merged_object_ids="101;102")],
            deals=[record(1, associations={"contacts": ["101"]}), record(2)],
            companies=[record(29, associations={"contacts": ["102"]})],
        )
    )

    answer = read(wire, "contacts", "deals", "101", "903")

    assert pairs(answer) == {"903": [("1", [4])]}
    assert [error["context"]["fromObjectId"] for error in answer["errors"]] == [["101"]]
    assert pairs(read(wire, "deals", "contacts", "1")) == {"1": [("903", [3])]}
    assert pairs(read(wire, "contacts", "companies", "903")) == {"903": [("29", [279])]}


def test_one_records_links_are_paged_and_absent_from_2026_09() -> None:
    wire = linked()

    first = wire.get("/crm/v4/objects/deals/1/associations/contacts", limit=1)
    second = wire.get(
        "/crm/objects/2026-03/deals/1/associations/contacts",
        limit=1,
        after=first["paging"]["next"]["after"],
    )

    assert [to["toObjectId"] for to in first["results"]] == [501]
    assert [to["toObjectId"] for to in second["results"]] == ["502"]
    assert "paging" not in second
    wire.get("/crm/objects/2026-09/deals/1/associations/contacts", 404)
    wire.get("/crm/v4/objects/deals/1/associations/contacts", 400, limit=501)


def test_the_labels_are_those_of_one_direction() -> None:
    wire = linked()

    there = wire.get("/crm/associations/2026-09/deals/companies/labels")["results"]
    back = wire.get("/crm/v4/associations/companies/deals/labels")["results"]

    assert [(one["typeId"], one["label"]) for one in there] == [(341, None), (5, "Primary")]
    assert [(one["typeId"], one["label"]) for one in back] == [(342, None), (6, "Primary")]


def test_a_batch_without_ids_and_a_label_of_a_rare_pair() -> None:
    wire = linked()

    wire.post("/crm/v4/associations/deals/contacts/batch/read", {"inputs": [{"name": "1"}]}, 400)
    (plain,) = wire.get("/crm/v4/associations/leads/quotes/labels")["results"]

    assert plain["label"] is None
    assert plain["typeId"] >= 10_000
