"""Which persona a contact has, and what may be told of it."""

from __future__ import annotations

from typing import Any

import pytest

from crm_records import contact, facts_of, journey_of, options, record

PERSONAS = options("contacts/hs_persona", ("persona_2", "Planner"), ("persona_1", "Buyer"))


def personas_of(*contacts: object, **more: object) -> list[str]:
    facts = facts_of(*contacts, **more)  # type: ignore[arg-type]
    return [facts.personas[unit.persona].key for unit in facts.units]


@pytest.mark.parametrize(
    ("properties", "key"),
    [
        ({"hs_persona": "persona_1", "hs_buying_role": "CHAMPION"}, "persona_1"),
        ({"hs_buying_role": "END_USER;BUDGET_HOLDER"}, "decision_maker"),
        ({"hs_buying_role": "EXECUTIVE_SPONSOR"}, "decision_maker"),
        ({"hs_seniority": "VP", "hs_buying_role": "CHAMPION"}, "decision_maker"),
        ({"hs_seniority": "partner"}, "decision_maker"),
        ({"hs_buying_role": "INFLUENCER;END_USER"}, "champion"),
        ({"hs_buying_role": "END_USER"}, "user"),
        ({"hs_buying_role": "BLOCKER", "hs_seniority": "employee"}, "unassigned"),
        ({}, "unassigned"),
    ],
)
def test_the_first_match_wins(properties: dict[str, Any], key: str) -> None:
    assert personas_of(contact("1", **properties), PERSONAS) == [key]


def test_a_persona_is_shown_by_the_accounts_label_in_its_order() -> None:
    journey = journey_of(
        contact("1", hs_persona="persona_1"),
        contact("2", hs_persona="persona_2"),
        contact("3"),
        contact("4", hs_buying_role="END_USER"),
        PERSONAS,
    )

    assert [(p.key, p.label) for p in journey.personas] == [
        ("everyone", "Everyone"),
        ("persona_2", "Planner"),
        ("persona_1", "Buyer"),
        ("user", "User"),
        ("unassigned", "Unassigned"),
    ]
    assert ("champion", "Champion") in journey.known_personas


def test_a_value_equal_to_a_starter_key_is_prefixed() -> None:
    clash = options("contacts/hs_persona", ("champion", "Our champion"))

    assert personas_of(contact("1", hs_persona="champion"), clash) == ["hs_persona_champion"]


def test_a_persona_gone_from_the_account_keeps_its_units_without_anybodys_text() -> None:
    facts = facts_of(contact("1", hs_persona="Ana Silva"), contact("2", hs_persona="persona_9"))

    assert [(p.key, p.label) for p in facts.personas[:2]] == [
        ("other", "other (removed)"),
        ("persona_9", "persona_9 (removed)"),
    ]


OWN = """
[[personas.rules]]
key = "small"
label = "Small firm"
any = [{ object = "company", property = "numberofemployees", operator = "at_most", values = ["10"] }]

[[personas.rules]]
key = "swede"
label = "Swede"
any = [
  { object = "contact", property = "country", operator = "matches", values = ["^swe"] },
  { object = "contact", property = "hs_language", operator = "known" },
]
"""


def test_the_profiles_rules_go_before_the_starter_rules() -> None:
    firm = record("companies", "70", numberofemployees="8", hs_merged_object_ids="60")
    people = (
        contact("1", associatedcompanyid="60", hs_buying_role="CHAMPION"),
        contact("2", country="Sweden"),
        contact("3", hs_language="sv"),
        contact("4", hs_buying_role="CHAMPION"),
    )

    assert personas_of(*people, firm, profile=OWN) == ["small", "swede", "swede", "champion"]


def test_a_mix_takes_the_contacts_value_then_the_companys() -> None:
    industry = options("companies/industry", ("MANUFACTURING", "Manufacturing"))
    firm = record("companies", "70", industry="MANUFACTURING", numberofemployees="11", country="uk")
    people = (
        contact("1", associatedcompanyid="70"),
        contact("2", associatedcompanyid="70", country="Sweden"),
        contact("3", industry="My own words"),
    )

    mixes = {mix.name: mix for mix in journey_of(*people, firm, industry).personas[0].mixes}

    assert (mixes["industry"].parts, mixes["industry"].rest) == ((("Manufacturing", 2),), 1)
    assert mixes["size"].parts == (("11-50", 2),)
    assert mixes["country"].parts == (("Sweden", 1), ("United Kingdom", 1))


@pytest.mark.parametrize(
    ("staff", "key"), [("200", "big"), ("199", "unassigned"), ("many", "unassigned")]
)
def test_a_rule_may_ask_for_at_least_a_number(staff: str, key: str) -> None:
    rule = """
[[personas.rules]]
key = "big"
label = "Big"
any = [{ object = "company", property = "numberofemployees", operator = "at_least", values = ["200"] }]
"""
    firm = record("companies", "70", numberofemployees=staff)

    assert personas_of(contact("1", associatedcompanyid="70"), firm, profile=rule) == [key]


def test_a_size_that_is_no_number_is_not_told() -> None:
    firm = record("companies", "70", numberofemployees="Ana's family")
    large = record("companies", "71", numberofemployees="5001")

    journey = journey_of(
        contact("1", associatedcompanyid="70"), contact("2", associatedcompanyid="71"), firm, large
    )

    size = next(mix for mix in journey.personas[0].mixes if mix.name == "size")
    assert (size.parts, size.rest) == ((("over 5,000", 1),), 1)


def test_size_bands_hold_their_upper_bound() -> None:
    firms = [record("companies", f"7{n}", numberofemployees=n) for n in ("0", "10", "11", "50")]
    people = [contact(str(n), associatedcompanyid=firm.id) for n, firm in enumerate(firms, 1)]

    size = next(mix for mix in journey_of(*people, *firms).personas[0].mixes if mix.name == "size")
    assert size.parts == (("1-10", 2), ("11-50", 2))
