"""A portal that is edited while it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from wire.hubspot_sandbox_world import Wire, portal, record

CONTACTS = "/crm/objects/2026-09/contacts"


def people(count: int = 3, **more: Any) -> Wire:
    return Wire(
        portal(
            contacts=[
                record(number, email=f"{number}@example.com", lifecyclestage="lead")
                for number in range(1, count + 1)
            ],
            **more,
        )
    )


def listed(wire: Wire, kind: str = "contacts", *, archived: bool = False) -> list[str]:
    path = f"/crm/objects/2026-09/{kind}"
    pages = wire.pages(path, limit=100, archived="true" if archived else "false")
    return [one["id"] for page in pages for one in page]


def searched(wire: Wire, kind: str = "contacts", *filters: dict[str, Any]) -> list[str]:
    wire.clock.sleep(1)
    body = {
        "filterGroups": [{"filters": list(filters)}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": 200,
    }
    answer = wire.post(f"/crm/objects/2026-09/{kind}/search", body)
    return [one["id"] for one in answer["results"]]


def modified_since(name: str, moment: str) -> dict[str, Any]:
    return {"propertyName": name, "operator": "GTE", "value": moment}


def batch(wire: Wire, *ids: str, kind: str = "contacts") -> dict[str, Any]:
    answer = wire.post(
        f"/crm/objects/2026-09/{kind}/batch/read",
        {"properties": ["email"], "inputs": [{"id": one} for one in ids]},
    )
    assert isinstance(answer, dict)
    return answer


def links(wire: Wire, kind: str, record_id: str, to: str) -> dict[str, list[str | None]]:
    answer = wire.post(
        f"/crm/associations/2026-09/{kind}/{to}/batch/read", {"inputs": [{"id": record_id}]}
    )
    return {
        str(one["toObjectId"]): [known["label"] for known in one["associationTypes"]]
        for result in answer["results"]
        for one in result["to"]
    }


def test_a_new_record_has_the_highest_id_and_the_clocks_time() -> None:
    wire = people(companies=[record(29)])
    wire.clock.sleep(1.5)

    made = wire.sandbox.edit.create("contacts", {"email": "neu@example.com"}, {"companies": ["29"]})

    assert listed(wire) == ["1", "2", "3", made]
    shown = wire.get(f"{CONTACTS}/{made}", properties="email,associatedcompanyid")
    assert shown["createdAt"] == shown["updatedAt"] == "2026-11-01T12:00:01.500Z"
    assert shown["properties"]["associatedcompanyid"] == "29"
    assert links(wire, "contacts", made, "companies") == {"29": ["Primary", None]}


def test_an_edit_moves_the_modified_property_and_grows_the_history() -> None:
    wire = people(deals=[record(8, dealname="Big")])
    wire.clock.sleep(60)

    wire.sandbox.edit.update("contacts", "2", {"lifecyclestage": "customer"}, source="FORM")
    wire.sandbox.edit.update("deals", "8", {"dealname": "Bigger"})

    shown = wire.get(f"{CONTACTS}/2", propertiesWithHistory="lifecyclestage")
    assert shown["updatedAt"] == shown["properties"]["lastmodifieddate"] == "2026-11-01T12:01:00Z"
    assert [
        (one["value"], one["timestamp"], one["sourceType"])
        for one in shown["propertiesWithHistory"]["lifecyclestage"]
    ] == [
        ("customer", "2026-11-01T12:01:00Z", "FORM"),
        ("lead", "2026-01-01T00:00:00Z", "FORM"),
    ]
    since = "2026-11-01T12:00:30Z"
    assert searched(wire, "contacts", modified_since("lastmodifieddate", since)) == ["2"]
    assert searched(wire, "deals", modified_since("hs_lastmodifieddate", since)) == ["8"]


def test_an_edit_that_changes_nothing_still_moves_the_time_but_writes_no_history() -> None:
    wire = people()
    wire.clock.sleep(60)

    wire.sandbox.edit.update("contacts", "2", {"lifecyclestage": "lead"})

    shown = wire.get(f"{CONTACTS}/2", propertiesWithHistory="lifecyclestage")
    assert shown["updatedAt"] == "2026-11-01T12:01:00Z"
    assert shown["propertiesWithHistory"] == {"lifecyclestage": []}


@pytest.mark.parametrize("empty", ["", None])
def test_a_cleared_value_is_empty_or_null_and_its_history_says_when(empty: str | None) -> None:
    wire = people()
    wire.clock.sleep(60)

    wire.sandbox.edit.clear("contacts", "2", "lifecyclestage", to=empty)

    shown = wire.get(
        f"{CONTACTS}/2", properties="lifecyclestage", propertiesWithHistory="lifecyclestage"
    )
    assert shown["properties"]["lifecyclestage"] == empty
    assert [one["value"] for one in shown["propertiesWithHistory"]["lifecyclestage"]] == [
        "",
        "lead",
    ]


def test_a_change_may_be_dated_before_now_and_history_stays_newest_first() -> None:
    wire = people()
    wire.sandbox.edit.update("contacts", "1", {"lifecyclestage": "customer"})
    earlier = wire.clock.now() - timedelta(days=1)

    wire.sandbox.edit.update("contacts", "1", {"lifecyclestage": "opportunity"}, at=earlier)

    shown = wire.get(f"{CONTACTS}/1", propertiesWithHistory="lifecyclestage")
    assert shown["updatedAt"] == "2026-10-31T12:00:00Z"
    assert [one["value"] for one in shown["propertiesWithHistory"]["lifecyclestage"]] == [
        "customer",
        "opportunity",
        "lead",
    ]


def test_calculated_values_move_no_time() -> None:
    wire = people()
    wire.clock.sleep(60)

    wire.sandbox.edit.recalculate("contacts", "1", {"num_associated_deals": "4"})

    shown = wire.get(f"{CONTACTS}/1", properties="num_associated_deals")
    assert shown["properties"]["num_associated_deals"] == "4"
    assert shown["updatedAt"] == "2026-02-01T00:00:00Z"


def test_a_bulk_change_gives_all_records_one_and_the_same_moment() -> None:
    wire = people(300)
    wire.clock.sleep(0.25)

    wire.sandbox.edit.bulk_change("contacts", map(str, range(1, 301)), {"country": "Malta"})

    times = {one["updatedAt"] for page in wire.pages(CONTACTS, limit=100) for one in page}
    assert times == {"2026-11-01T12:00:00.250Z"}


@pytest.mark.parametrize("bump", [False, True])
def test_an_archived_record_moves_to_the_other_listing_and_back(bump: bool) -> None:
    wire = people()
    wire.clock.sleep(60)
    wire.sandbox.edit.archive("contacts", "2")
    assert (listed(wire), listed(wire, archived=True)) == (["1", "3"], ["2"])
    assert searched(wire) == ["1", "3"]
    wire.get(f"{CONTACTS}/2", 404)
    archived = wire.get(f"{CONTACTS}/2", archived="true")
    wire.clock.sleep(60)

    wire.sandbox.edit.restore("contacts", "2", bump=bump)

    assert archived["archivedAt"] == "2026-11-01T12:01:00Z"
    assert (listed(wire), listed(wire, archived=True)) == (["1", "2", "3"], [])
    moved = wire.get(f"{CONTACTS}/2")["updatedAt"] != "2026-02-01T00:00:00Z"
    assert moved is bump


def test_hubspots_own_jobs_move_the_time_and_nothing_else() -> None:
    wire = Wire(portal(contacts=[record(1, lastmodifieddate="2026-02-01T00:00:00Z"), record(2)]))
    wire.clock.sleep(60)

    wire.sandbox.edit.touch("contacts", "1")
    wire.sandbox.edit.archive("contacts", "2", bump=True)

    shown = wire.get(f"{CONTACTS}/1", propertiesWithHistory="lastmodifieddate")
    assert shown["updatedAt"] == shown["properties"]["lastmodifieddate"] == "2026-11-01T12:01:00Z"
    assert shown["propertiesWithHistory"] == {"lastmodifieddate": []}
    archived = wire.get(f"{CONTACTS}/2", archived="true")
    assert archived["updatedAt"] == archived["archivedAt"] == "2026-11-01T12:01:00Z"


def test_an_erased_person_is_nowhere_and_their_activities_are_emptied() -> None:
    wire = people(
        info={"tier": "enterprise", "forms": [{"id": "f", "name": "Demo"}]},
        notes=[record(50, hs_note_body="<p>secret</p>", associations={"contacts": ["2"]})],
        calls=[record(60, hs_call_title="Call", associations={"contacts": ["1"]})],
    )
    hand = wire.sandbox.edit
    for person in ("1", "2"):
        hand.add_email_event("OPEN", f"{person}@example.com")
        hand.add_submission("f", f"{person}@example.com")
        hand.add_event(person)
    new = hand.merge("contacts", "2", "3")
    wire.clock.sleep(60)

    hand.erase("contacts", new)

    assert (listed(wire), listed(wire, archived=True)) == (["1"], [])
    assert batch(wire, "2", "3", new)["results"] == []
    wire.get(f"{CONTACTS}/2", 404)
    note = wire.get("/crm/objects/2026-09/notes/50", properties="hs_note_body,hs_gdpr_deleted")
    assert note["properties"]["hs_note_body"] == ""
    assert note["properties"]["hs_gdpr_deleted"] == "true"
    assert note["updatedAt"] == "2026-11-01T12:01:00Z"
    call = wire.get("/crm/objects/2026-09/calls/60", properties="hs_call_title,hs_gdpr_deleted")
    assert call["properties"]["hs_call_title"] == "Call"
    events = wire.get("/email/public/v1/events")["events"]
    assert [one["recipient"] for one in events] == ["1@example.com"]
    assert len(wire.get("/form-integrations/v1/submissions/forms/f")["results"]) == 1
    assert len(wire.get("/events/v3/events", eventType="e_visited_page")["results"]) == 1


def test_an_id_that_was_erased_is_never_given_again() -> None:
    wire = people()
    made = wire.sandbox.edit.create("contacts", {})
    wire.sandbox.edit.erase("contacts", made)

    assert int(wire.sandbox.edit.create("contacts", {})) > int(made)


def test_a_purged_record_leaves_even_the_archived_listing() -> None:
    wire = people()
    merged = wire.sandbox.edit.merge("contacts", "1", "2")
    wire.sandbox.edit.archive("contacts", merged)

    wire.sandbox.edit.purge("contacts", merged)

    assert (listed(wire), listed(wire, archived=True)) == (["3"], [])
    assert wire.sandbox.edit.aliases("contacts") == {}


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "tickets"])
def test_a_merge_makes_a_new_record_that_the_old_ids_lead_to(kind: str) -> None:
    wire = Wire(Portal({}, {kind: [record(1), record(2), record(3)]}))
    wire.clock.sleep(60)

    new = wire.sandbox.edit.merge(kind, "2", "1")

    assert listed(wire, kind) == ["3", new]
    assert listed(wire, kind, archived=True) == []
    for old in ("1", "2"):
        shown = wire.get(f"/crm/objects/2026-09/{kind}/{old}", properties="hs_merged_object_ids")
        assert shown["id"] == new
        assert shown["properties"]["hs_merged_object_ids"] == "2;1"
        assert shown["updatedAt"] == "2026-11-01T12:01:00Z"
    assert [one["id"] for one in batch(wire, "1", "2", kind=kind)["results"]] == [new]
    merged = {"propertyName": "hs_merged_object_ids", "operator": "HAS_PROPERTY"}
    assert searched(wire, kind, merged) == [new]


def test_a_merged_contact_has_the_primarys_values_and_every_address() -> None:
    wire = Wire(
        portal(
            contacts=[
                record(1, email="a@example.com", firstname="Ana", lifecyclestage="lead"),
                record(2, email="b@example.com", firstname="", city="Rome", createdAt="2025-01-01"),
            ]
        )
    )

    new = wire.sandbox.edit.merge("contacts", "1", "2")

    names = ["email", "firstname", "city", "hs_additional_emails", "hs_calculated_merged_vids"]
    shown = wire.get(f"{CONTACTS}/{new}", properties=",".join(names))
    values = shown["properties"]
    assert {name: values[name] for name in names} == {
        "email": "a@example.com",
        "firstname": "Ana",
        "city": "Rome",
        "hs_additional_emails": "b@example.com",
        "hs_calculated_merged_vids": "1:1793534400000;2:1793534400000",
    }
    assert shown["createdAt"] == "2025-01-01"


@pytest.mark.parametrize("whole_chain", [True, False])
def test_a_merge_of_a_merge_leads_from_every_old_id_to_the_last(whole_chain: bool) -> None:
    wire = people(4)
    hand = wire.sandbox.edit
    first = hand.merge("contacts", "1", "2")

    last = hand.merge("contacts", first, "3", whole_chain=whole_chain)

    assert hand.aliases("contacts") == dict.fromkeys(["1", "2", "3", first], last)
    assert listed(wire) == ["4", last]
    assert [one["id"] for one in batch(wire, "1", "3", first)["results"]] == [last]
    shown = wire.get(f"{CONTACTS}/1", properties="hs_merged_object_ids")
    assert (
        shown["properties"]["hs_merged_object_ids"]
        == {
            True: f"{first};3;1;2",
            False: f"{first};3",
        }[whole_chain]
    )


def test_merged_records_may_stand_among_the_archived_ones() -> None:
    wire = people()
    wire.clock.sleep(60)

    new = wire.sandbox.edit.merge("contacts", "1", "2", in_archived=True)

    assert (listed(wire), listed(wire, archived=True)) == (["3", new], ["1", "2"])
    assert wire.get(f"{CONTACTS}/1")["id"] == new
    shown = wire.get(CONTACTS, archived="true")["results"][0]
    assert shown["archivedAt"] == "2026-11-01T12:01:00Z"
    assert shown["updatedAt"] == "2026-02-01T00:00:00Z"


def test_a_merge_may_move_no_time() -> None:
    wire = people()
    wire.clock.sleep(60)

    new = wire.sandbox.edit.merge("contacts", "1", "2", bump=False)

    assert wire.get(f"{CONTACTS}/{new}")["updatedAt"] == "2026-02-01T00:00:00Z"


def test_links_of_merged_records_go_to_the_new_one_and_read_empty_by_the_old_ids() -> None:
    wire = Wire(
        portal(
            contacts=[
                record(1, associations={"companies": [{"id": "29", "primary": True}]}),
                record(2, associatedcompanyid="30"),
            ],
            companies=[record(29), record(30)],
            calls=[record(60, associations={"contacts": ["2"]})],
        )
    )

    new = wire.sandbox.edit.merge("contacts", "1", "2")

    assert links(wire, "contacts", new, "companies") == {"29": ["Primary", None], "30": [None]}
    assert links(wire, "calls", "60", "contacts") == {new: [None]}
    assert links(wire, "contacts", "1", "companies") == {}
    wire.sandbox.edit.dissociate("calls", "60", "contacts", new)
    assert links(wire, "calls", "60", "contacts") == {}


def test_contacts_follow_their_company_into_a_merge() -> None:
    wire = Wire(
        portal(
            contacts=[
                record(1, associations={"companies": [{"id": "29", "primary": True}]}),
                record(2, associatedcompanyid="30"),
            ],
            companies=[record(29), record(30)],
        )
    )

    new = wire.sandbox.edit.merge("companies", "29", "30")

    for person in ("1", "2"):
        shown = wire.get(f"{CONTACTS}/{person}", properties="associatedcompanyid")
        assert shown["properties"]["associatedcompanyid"] == new
        assert shown["updatedAt"] == "2026-02-01T00:00:00Z"
        assert links(wire, "contacts", person, "companies") == {new: ["Primary", None]}


@pytest.mark.parametrize("bump", [False, True])
def test_links_come_and_go_and_by_default_move_no_time(bump: bool) -> None:
    wire = people(companies=[record(29), record(30)])
    hand = wire.sandbox.edit
    wire.clock.sleep(60)

    hand.associate("companies", "29", "contacts", "1", primary=True, bump=bump)
    first = links(wire, "contacts", "1", "companies")
    hand.associate("contacts", "1", "companies", "30", primary=True, bump=bump)
    second = links(wire, "contacts", "1", "companies")
    hand.dissociate("companies", "30", "contacts", "1", bump=bump)

    assert first == {"29": ["Primary", None]}
    assert second == {"29": [None], "30": ["Primary", None]}
    assert links(wire, "contacts", "1", "companies") == {"29": [None]}
    assert hand.linked("companies", "29", "contacts") == {"1": False}
    moved = wire.get(f"{CONTACTS}/1")["updatedAt"] != "2026-02-01T00:00:00Z"
    assert moved is bump


def test_a_company_named_by_a_property_can_be_taken_away() -> None:
    wire = Wire(portal(contacts=[record(1, associatedcompanyid="29")], companies=[record(29)]))

    wire.sandbox.edit.dissociate("contacts", "1", "companies", "29")

    assert links(wire, "contacts", "1", "companies") == {}
    shown = wire.get(f"{CONTACTS}/1", properties="associatedcompanyid")
    assert shown["properties"]["associatedcompanyid"] is None


def test_what_happened_earlier_may_arrive_later() -> None:
    wire = people(info={"tier": "enterprise", "forms": [{"id": "f", "name": "Demo"}]})
    hand = wire.sandbox.edit
    hand.add_event("1")
    hand.add_submission("f", "1@example.com")
    hand.add_email_event("OPEN", "1@example.com")
    wire.clock.sleep(3600)
    late = wire.clock.now() - timedelta(hours=3)

    event = hand.add_event("1", at=late)
    submission = hand.add_submission("f", "2@example.com", at=late, firstname="Bo")
    email = hand.add_email_event("CLICK", "2@example.com", at=late, url="https://example.com")

    events = wire.get("/events/v3/events", eventType="e_visited_page")["results"]
    assert [one["occurredAt"] for one in events] == [
        "2026-11-01T12:00:00Z",
        "2026-11-01T10:00:00Z",
    ]
    assert events[1]["id"] == event
    assert events[1]["properties"]["hs_processed_timestamp"] == "1793538000000"
    submitted = wire.get("/form-integrations/v1/submissions/forms/f")["results"]
    assert submitted[1]["conversionId"] == submission
    opened = wire.get("/email/public/v1/events")["events"]
    assert [one["created"] for one in opened] == [1793534400000, 1793527200000]
    assert (opened[1]["id"], opened[1]["created"]) == email


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("update", ("contacts", "99", {}), "no contacts 99"),
        ("merge", ("contacts", "1"), "two different"),
        ("merge", ("contacts", "1", "1"), "two different"),
        ("merge", ("notes", "50", "51"), "notes cannot be merged"),
        ("associate", ("contacts", "1", "notes", "99"), "no notes 99"),
    ],
)
def test_an_edit_that_makes_no_sense_is_the_tests_mistake(
    name: str, arguments: tuple[Any, ...], said: str
) -> None:
    wire = people(notes=[record(50), record(51)])

    with pytest.raises(ValueError, match=said):
        getattr(wire.sandbox.edit, name)(*arguments)


def test_a_small_portal_may_be_edited_in_place() -> None:
    wire = people()
    rows = wire.sandbox.portal.rows["contacts"]
    assert listed(wire) == ["1", "2", "3"]

    rows[0]["archived"] = True
    rows[1]["updatedAt"] = "2026-11-01T12:00:00Z"

    assert listed(wire) == ["2", "3"]
    assert list(wire.sandbox.edit.live("contacts")) == ["2", "3"]
    assert list(wire.sandbox.edit.archived("contacts")) == ["1"]
    modified = modified_since("lastmodifieddate", "2026-11-01T00:00:00Z")
    assert searched(wire, "contacts", modified) == ["2"]
