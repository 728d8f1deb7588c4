"""Who is a unit: every condition of `where`, and every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from cjm_sync.errors import ConfigError
from cjm_sync.model import Need, Record
from cjm_sync_mappings import plugin
from crm_records import before, contact, facts_of, record, request


def units_of(*records: Record, **where: Any) -> list[str]:
    return [unit.id for unit in facts_of(*records, where=where).units]


def on_list(list_id: str, name: str, *members: str) -> list[Record]:
    """Return a list and its memberships, as the source tells them."""
    told = {"listId": list_id, "name": name}
    rows = [Record("list_memberships", list_id, told)]
    return rows + [
        Record("list_memberships", f"{list_id}/{one}", {**told, "recordId": one}) for one in members
    ]


# when


def test_the_moment_of_created_before_is_outside_and_that_of_created_after_inside() -> None:
    people = [contact(str(days), created=days) for days in (30, 20, 10)]

    assert units_of(*people, created_before=before(20)) == ["30"]
    assert units_of(*people, created_after=before(20)) == ["10", "20"]
    assert units_of(*people, created_after=before(25), created_before=before(15)) == ["20"]


def test_a_contact_whose_creation_is_unknown_is_not_kept_out_by_a_date() -> None:
    undated = contact("1", ("lead", 9), created=None)

    assert units_of(undated, created_before=before(50)) == ["1"]


# owner


@pytest.mark.parametrize("owner", ["7", 7, ["7"], [7, "8"]], ids=repr)
def test_only_contacts_of_these_owners_are_units(owner: object) -> None:
    people = [
        contact("1", hubspot_owner_id="7"),
        contact("2", hubspot_owner_id="77"),
        contact("3"),
    ]

    assert units_of(*people, owner=owner) == ["1"]


# properties


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("Sweden", ["1", "2"]),
        ([" sweden "], ["1", "2"]),
        (["Sweden", "Latvia"], ["1", "2", "3"]),
        ("Latvia;Norway", ["3"]),
        ("Norway", ["3"]),
        ("Swed", []),
        ("", ["4", "5"]),
        (["", "Norway"], ["3", "4", "5"]),
    ],
)
def test_a_property_has_one_of_the_values_whole_and_in_any_case(
    wanted: object, ids: list[str]
) -> None:
    people = [
        contact("1", country="Sweden"),
        contact("2", country="SWEDEN "),
        contact("3", country="Latvia;Norway"),
        contact("4", country=""),
        contact("5"),
    ]

    assert units_of(*people, properties={"country": wanted}) == ids


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [(5, ["1", "2"]), (5.5, ["3"]), (True, ["4"]), ("5", ["1"]), ([5, 5.5], ["1", "2", "3"])],
    ids=repr,
)
def test_numbers_and_flags_are_met_however_they_are_written(wanted: object, ids: list[str]) -> None:
    people = [
        contact(str(place), seats=value)
        for place, value in enumerate(["5", "5.0", "5.5", "true", "fifty"], 1)
    ]

    assert units_of(*people, properties={"seats": wanted}) == ids


def test_every_condition_must_hold() -> None:
    people = [
        contact("1", country="Sweden", hubspot_owner_id="7"),
        contact("2", country="Sweden", hubspot_owner_id="8"),
        contact("3", country="Latvia", hubspot_owner_id="7"),
    ]

    assert units_of(*people, properties={"country": "Sweden"}, owner="7") == ["1"]


@pytest.mark.parametrize(
    "properties",
    [{"company.industry": ["BANKING"]}, {"company": {"industry": "banking"}}],
)
def test_a_condition_may_be_about_the_company_of_the_contact(properties: Mapping[str, Any]) -> None:
    bank = record("companies", "9", industry="BANKING", hs_merged_object_ids="8")
    farm = record("companies", "10", industry="FARMING")
    people = [
        contact("1", associatedcompanyid="9"),
        contact("2", associatedcompanyid="8"),
        contact("3", associatedcompanyid="10"),
        contact("4", industry="BANKING"),
    ]

    assert units_of(*people, bank, farm, properties=properties) == ["1", "2"]


def test_the_contacts_own_property_named_company_is_meant_by_a_plain_value() -> None:
    people = [contact("1", company="Acme"), contact("2", company="Other")]

    assert units_of(*people, properties={"company": "Acme"}) == ["1"]


# lists


@pytest.mark.parametrize("wanted", ["12", 12, ["12"], "newsletter", ["Newsletter", "40"]], ids=repr)
def test_only_members_of_a_list_named_by_id_or_name_are_units(wanted: object) -> None:
    people = [contact("1"), contact("2"), contact("3")]
    lists = [
        *on_list("12", "Newsletter", "1", "3"),
        *on_list("40", "Empty"),
        *on_list("7", "B", "2"),
    ]

    assert units_of(*people, *lists, list=wanted) == ["1", "3"]


def test_an_id_goes_before_a_name_that_looks_like_it() -> None:
    lists = [*on_list("12", "A", "1"), *on_list("7", "12", "2")]

    assert units_of(contact("1"), contact("2"), *lists, list="12") == ["1"]


def test_a_merged_member_is_the_one_it_lives_on_as() -> None:
    survivor = contact("2", hs_merged_object_ids="1")

    assert units_of(survivor, contact("3"), *on_list("12", "A", "1"), list="A") == ["2"]


def test_a_list_without_members_leaves_no_unit() -> None:
    assert units_of(contact("1"), *on_list("12", "A"), list="A") == []


def test_a_list_that_was_not_read_stops_instead_of_emptying_the_map() -> None:
    with pytest.raises(ConfigError, match=r"'Nesletter' of `where.list` was not read") as refused:
        units_of(contact("1"), *on_list("12", "Newsletter", "1"), list=["Newsletter", "Nesletter"])

    assert "crm.lists.read" in str(refused.value.hint)


# leaving and coming back


def test_who_is_outside_is_counted_and_still_there() -> None:
    people = [contact(str(n), hubspot_owner_id="7" if n < 7 else "8") for n in range(1, 13)]

    facts = facts_of(*people, where={"owner": "7"}, shown_from=5)

    assert [(f.code, f.key, f.message) for f in facts.findings] == [
        ("outside_filter", "contacts", "6 contacts are outside `where` and no units; 6 are inside")
    ]
    assert facts_of(*people, where={"owner": ["7", "8"]}).findings == ()


def test_small_counts_of_who_is_outside_are_not_told() -> None:
    people = [contact(str(n), hubspot_owner_id="7" if n < 9 else "8") for n in range(1, 13)]

    (finding,) = facts_of(*people, where={"owner": "7"}, shown_from=5).findings

    assert finding.message.startswith("fewer than 5 contacts are outside")


def test_who_does_not_exist_yet_is_not_outside() -> None:
    facts = facts_of(contact("1"), contact("2", created=-1), where={"created_after": before(200)})

    assert ([unit.id for unit in facts.units], facts.findings) == (["1"], ())


# what it reads


def test_nothing_more_is_read_than_the_filter_needs() -> None:
    plain = plugin.needs(request())
    where = {
        "list": ["Newsletter", 12],
        "owner": "7",
        "properties": {"city": "Riga", "company.founded_year": "1990"},
    }

    needs = plugin.needs(request(where=where))

    assert "list_memberships" not in plain
    assert needs["list_memberships"] == Need(frozenset({"12", "Newsletter"}))
    assert needs["contacts"].properties - plain["contacts"].properties == {
        "city",
        "hubspot_owner_id",
    }
    assert needs["companies"].properties - plain["companies"].properties == {"founded_year"}
    assert {
        k: v for k, v in needs.items() if k not in {"contacts", "companies", "list_memberships"}
    } == {k: v for k, v in plain.items() if k not in {"contacts", "companies"}}


# mistakes


@pytest.mark.parametrize(
    ("where", "words", "remedy"),
    [
        (
            {"created_befor": "2025-01-01"},
            "`where.created_befor` is not a known key",
            "`created_before`",
        ),
        ({"created_before": 2025}, "`where.created_before` is no date", "2025-01-01"),
        (
            {"created_after": "2025-01-02", "created_before": "2025-01-02"},
            "is not later than `where.created_after`",
            "in between",
        ),
        ({"list": []}, "`where.list` is no list of list ids or names", "Newsletter"),
        ({"list": [True]}, "`where.list` is no list", "Newsletter"),
        ({"list": [" "]}, "`where.list` is no list", "Newsletter"),
        ({"owner": {"id": "7"}}, "`where.owner` is no list of owner ids", "41629779"),
        ({"owner": "ana@x.example"}, "holds something that is no owner id", "41629779"),
        ({"pipeline": []}, "`where.pipeline` is no list of pipeline ids", "default"),
        ({"properties": ["country"]}, "`where.properties` is no table", "country"),
        ({"properties": {}}, "`where.properties` is no table", "country"),
        ({"properties": {"Country or region": "SE"}}, "which is no property", "internal name"),
        (
            {"properties": {"deal.amount": 5}},
            "names 'deal.amount', which is no property",
            "company.",
        ),
        ({"properties": {"company.": 5}}, "which is no property", "company."),
        ({"properties": {"country": []}}, "`where.properties.country` is neither", "another"),
        (
            {"properties": {"country": {"is": "SE"}}},
            "`where.properties.country` is neither",
            "another",
        ),
        ({"properties": {"company": {}}}, "`where.properties.company` is neither", "another"),
        (
            {"properties": {"company": {"industry": None}}},
            "`where.properties.company.industry` is neither",
            "another",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    where: Mapping[str, Any], words: str, remedy: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as refused:
        plugin.needs(request(where=where))

    assert remedy in str(refused.value.hint)
    assert "ana@" not in str(refused.value)
