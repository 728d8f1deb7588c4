"""Which stage a lifecycle value of the account stands for."""

from __future__ import annotations

import pytest

from cjm_sync_mappings.account import Account
from cjm_sync_mappings.lifecycle import Aside, lifecycle_of
from cjm_sync_mappings.profile import bundled_text, read_profile
from crm_records import contact, facts_of, journey_of, options, stays_of

TEXT = bundled_text("crm") or ""
KEYS = ("awareness", "consideration", "purchase", "service", "loyalty")


def target(value: str, *values: str | tuple[str, str], profile: str = "") -> str:
    pairs = tuple(one if isinstance(one, tuple) else (one, one) for one in values)
    account = Account({"contacts/lifecyclestage": pairs})
    text = f'extends = "crm"\n{profile}' if profile else TEXT
    found = lifecycle_of(read_profile(text, "test"), account, "contacts").target(value)
    return found.value if isinstance(found, Aside) else KEYS[found]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Churned", "lost"), ("former client", "lost"), ("LOST", "lost"), ("Ex-customer", "lost"),
        ("Up for renewal", "loyalty"), ("Champions", "loyalty"), ("Advocate", "loyalty"),
        ("Onboarding", "service"), ("Active", "service"), ("Gone live", "service"),
        ("Our customers", "service"), ("In negotiation", "purchase"), ("Proposal", "purchase"),
        ("Quoted", "purchase"), ("MQL", "consideration"), ("Qualified", "consideration"),
        ("Demo done", "consideration"), ("Free_trial", "consideration"),
        ("Unqualified", "unmapped"), ("Inactive", "unmapped"), ("Bystander", "unmapped"),
        ("Customer lost", "lost"),
    ],
)  # fmt: skip
def test_keywords_at_the_start_of_a_word(label: str, expected: str) -> None:
    assert target("17", ("17", label)) == expected


def test_standard_values_go_by_value_whatever_their_label() -> None:
    assert target("lead", ("lead", "Champions")) == "awareness"


def test_an_entry_of_the_profile_goes_first() -> None:
    entry = '[lifecycle.entries]\n"17" = "purchase"\nlead = "consideration"\n'

    assert target("17", ("17", "Customer"), profile=entry) == "purchase"
    assert target("lead", "lead", profile=entry) == "consideration"
    assert target("17", "lead", profile=entry) == "purchase"  # also when the account lost it


def test_a_value_between_two_mapped_ones_takes_the_earlier_of_their_stages() -> None:
    values = "lead", ("1", "Foo"), ("2", "Bar"), "other", "customer", ("3", "Baz")

    assert target("1", *values) == "awareness"
    assert target("2", *values) == "awareness"
    assert target("3", *values) == "unmapped"  # nothing mapped after it


def test_neighbours_that_are_outcomes_are_passed_by() -> None:
    values = "opportunity", ("1", "Churned"), ("2", "Foo"), ("3", "Former"), "evangelist"

    assert target("2", *values) == "purchase"


def test_neighbours_out_of_order_give_the_earlier_stage() -> None:
    assert target("1", "customer", ("1", "Foo"), "lead") == "awareness"


def test_a_value_gone_from_the_account_is_unmapped() -> None:
    assert target("17", "lead") == "unmapped"
    assert target("customer", "lead") == "unmapped"


def test_without_a_definition_the_defaults_are_all_there_is() -> None:
    assert target("customer") == "service"
    assert target("17") == "unmapped"


def test_an_unmapped_value_opens_and_closes_nothing() -> None:
    born = contact("1", ("lead", 100), ("other", 50), ("lead", 40))

    assert stays_of(born) == [("awareness", 100, None, "")]
    assert facts_of(born).units[0].unmapped is None


def test_an_unmapped_value_is_named_by_its_label_and_a_gone_one_by_its_name() -> None:
    values = options("contacts/lifecyclestage", "lead", ("17", "Bystander"))
    named = contact("1", ("17", 50)), contact("2", ("99", 50)), contact("3", ("Ana Silva", 50))

    assert [unit.unmapped for unit in facts_of(*named, values).units] == [
        "Bystander",
        "99 (removed)",
        "other (removed)",
    ]


def test_an_unmapped_value_set_after_the_reference_time_is_not_there_yet() -> None:
    born = contact("1", ("lead", 100), ("other", -1))

    assert journey_of(born).outcomes.unmapped == 0
