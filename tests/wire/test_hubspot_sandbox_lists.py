from __future__ import annotations

from typing import Any

import pytest

from wire.hubspot_sandbox_world import Wire, portal, record

LISTS = "/crm/lists/2026-09"


def world(scopes: frozenset[str] | None = None) -> Wire:
    lists: list[dict[str, Any]] = [
        {
            "listId": "12",
            "name": "Newsletter",
            "processingType": "DYNAMIC",
            "members": ["3", {"recordId": "1", "membershipTimestamp": "2026-05-01T00:00:00Z"}],
        },
        {"listId": 2, "name": "Big accounts", "objectTypeId": "0-2", "members": ["29"]},
        {"listId": "30", "name": "Empty news"},
    ]
    return Wire(
        portal(
            info={"lists": lists},
            contacts=[record(number) for number in range(1, 8)],
            companies=[record(29)],
        ),
        scopes=scopes,
    )


def members(wire: Wire, list_id: str, **parameters: Any) -> list[str]:
    path = f"{LISTS}/{list_id}/memberships"
    return [one["recordId"] for page in wire.pages(path, **parameters) for one in page]


@pytest.mark.parametrize("path", [LISTS, "/crm/v3/lists"])
@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({}, ["2", "12", "30"]),
        ({"query": "NEWS"}, ["12", "30"]),
        ({"processingTypes": ["DYNAMIC"]}, ["12"]),
        ({"listIds": ["30", "2"]}, ["2", "30"]),
        ({"count": 1, "offset": 1}, ["12"]),
        ({"sort": "HS_LIST_ID"}, ["2", "12", "30"]),
    ],
)
def test_lists_are_searched_by_name_and_type(
    path: str, body: dict[str, Any], ids: list[str]
) -> None:
    wire = world()

    assert [one["listId"] for one in wire.post(f"{path}/search", body)["lists"]] == ids


def test_a_search_of_lists_tells_how_to_go_on() -> None:
    wire = world()

    answer = wire.post(f"{LISTS}/search", {"count": 2})

    assert (answer["hasMore"], answer["offset"], answer["total"]) == (True, 2, 3)
    assert answer["lists"][1]["additionalProperties"] == {"hs_list_size": "2"}
    rest = wire.post(f"{LISTS}/search", {"count": 2, "offset": 2})
    assert (rest["hasMore"], rest["offset"], len(rest["lists"])) == (False, 3, 1)


@pytest.mark.parametrize(
    "body", [{"count": 501}, {"count": "many"}, {"offset": -1}, {"sort": "HS_NONSENSE"}]
)
def test_a_search_of_lists_refuses_what_it_cannot_do(body: dict[str, Any]) -> None:
    assert world().post(f"{LISTS}/search", body, 400)["category"] == "VALIDATION_ERROR"


def test_one_list_is_found_by_id_and_by_name() -> None:
    wire = world()

    assert wire.get(f"{LISTS}/2")["list"]["name"] == "Big accounts"
    named = wire.get(f"{LISTS}/object-type-id/0-1/name/Newsletter")
    assert named["list"]["listId"] == "12"
    assert [one["listId"] for one in wire.get(LISTS, listIds="12,30")["lists"]] == ["12", "30"]
    wire.get(f"{LISTS}/99", 404)
    wire.get(f"{LISTS}/object-type-id/0-2/name/Newsletter", 404)
    wire.get(f"{LISTS}/99/memberships", 404)


def test_members_are_paged_in_the_order_of_ids_or_of_joining() -> None:
    wire = world()
    wire.sandbox.design.join_list("12", "7", "2", "1")

    assert members(wire, "12", limit=2) == ["1", "2", "3", "7"]
    path = f"{LISTS}/12/memberships/join-order"
    joined = wire.get(path, limit=3)
    assert [one["recordId"] for one in joined["results"]] == ["3", "1", "7"]
    rest = wire.get(path, after=joined["paging"]["next"]["after"])
    assert rest["results"] == [{"recordId": "2", "membershipTimestamp": "2026-11-01T12:00:00Z"}]
    wire.get(f"{LISTS}/12/memberships", 400, limit=251)
    wire.get(f"{LISTS}/12/memberships", 400, after="***")


def test_whoever_left_is_gone_without_a_trace_and_paging_goes_on() -> None:
    wire = world()
    wire.sandbox.design.join_list("12", "5")
    first = wire.get(f"{LISTS}/12/memberships", limit=2)

    wire.sandbox.design.leave_list("12", "3", "1")

    rest = wire.get(f"{LISTS}/12/memberships", after=first["paging"]["next"]["after"])
    assert [one["recordId"] for one in rest["results"]] == ["5"]
    assert members(wire, "12") == ["5"]
    assert wire.get("/crm/objects/2026-09/contacts/3")["updatedAt"] == "2026-02-01T00:00:00Z"


def test_only_live_records_are_members_and_a_merged_one_once() -> None:
    wire = world()
    hand = wire.sandbox.edit
    wire.sandbox.design.join_list("12", "2", "4")

    hand.archive("contacts", "4")
    merged = hand.merge("contacts", "1", "2")

    assert members(wire, "12") == ["3", merged]
    assert wire.get(f"{LISTS}/records/0-1/{merged}/memberships")["total"] == 1
    hand.erase("contacts", "3")
    assert members(wire, "12") == [merged]


def test_a_record_tells_its_lists() -> None:
    answer = world().get(f"{LISTS}/records/contacts/1/memberships")

    assert [(one["listId"], one["firstAddedTimestamp"]) for one in answer["results"]] == [
        ("12", "2026-05-01T00:00:00Z")
    ]


def test_lists_need_a_scope_of_their_own() -> None:
    wire = world(frozenset({"crm.objects.contacts.read"}))

    for path in (f"{LISTS}/2", f"{LISTS}/12/memberships", f"{LISTS}/records/0-1/1/memberships"):
        refused = wire.get(path, 403)
        assert refused["errors"][0]["context"] == {"requiredGranularScopes": ["crm.lists.read"]}
    wire.post(f"{LISTS}/search", {}, 403)


def test_a_new_list_can_be_filled_and_a_strange_one_is_the_tests_mistake() -> None:
    wire = world()

    wire.sandbox.design.add_list("40", "Partners", kind="companies", processingType="DYNAMIC")
    wire.sandbox.design.join_list("40", "29")

    assert members(wire, "40") == ["29"]
    with pytest.raises(ValueError, match="no list 99"):
        wire.sandbox.design.join_list("99", "1")
