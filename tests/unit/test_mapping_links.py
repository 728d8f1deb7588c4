"""Merged ids, archived records, and who takes part."""

from __future__ import annotations

from datetime import date

import pytest

from cjm_sync.errors import ConfigError
from cjm_sync.model import Record
from cjm_sync_mappings import plugin
from cjm_sync_mappings.links import shelve
from crm_records import (
    activity,
    before,
    contact,
    deal,
    email_event,
    facts_of,
    journey_of,
    page_view,
    record,
    request,
    stays_of,
    submission,
    survey,
    touches_of,
)


def test_links_events_and_surveys_of_a_merged_id_are_the_survivors() -> None:
    survivor = contact("5", hs_merged_object_ids="3;4")
    former = [
        activity("notes", 9, to=["3"]),
        page_view(8, by="4"),
        survey("NPS", "7", 7, to=[], hs_contact_id="3"),
    ]

    assert touches_of(survivor, *former) == [("note", 9), ("web.page", 8), ("voc.nps", 7)]


def test_merges_are_followed_to_their_end() -> None:
    chain = (
        contact("5", hs_merged_object_ids="4"),
        contact("4", hs_calculated_merged_vids="3:1714546800000;2:1714546800000"),
    )

    facts = facts_of(*chain, activity("notes", 9, to=["2"]))

    assert [unit.id for unit in facts.units] == ["5"]
    assert facts.touches.at.size == 1


def test_records_merged_in_a_circle_end_in_the_smallest_id() -> None:
    circle = shelve(
        "contacts",
        [
            record("contacts", "10", hs_merged_object_ids="9"),
            record("contacts", "9", hs_merged_object_ids="11"),
            record("contacts", "11", hs_merged_object_ids="10;11"),
            record("contacts", "12", hs_merged_object_ids="10"),
        ],
    )

    assert list(circle.survivors) == ["9", "12"]
    assert circle.resolve("11") == "9"
    assert circle.resolve("77") is None


def test_a_merge_that_only_the_mirror_still_knows_of_leads_to_the_survivor() -> None:
    """Merged twice: the survivor names those of its last merge."""
    listed = [
        record("contacts", "5", hs_merged_object_ids="4"),
        record("contacts", "6"),
        record("contacts", "7"),
    ]

    shelf = shelve("contacts", listed, {"3": "4", "2": "5", "6": "5", "1": "99"})

    assert list(shelf.survivors) == ["5", "6", "7"]
    assert [shelf.resolve(id_) for id_ in "123456"] == [None, "5", "5", "5", "5", "6"]


def test_a_merged_deal_counts_once_with_the_links_of_both() -> None:
    survivor = deal(("high", 50), id_="9", to=["1"], hs_merged_object_ids="8", amount="10")
    former = deal(("high", 40), id_="8", to=["2"], amount="10")

    facts = facts_of(contact("1"), contact("2"), survivor, former)

    assert [one.id for one in facts.deals] == ["9"]
    assert [unit.deals for unit in facts.units] == [(0,), (0,)]


def test_archived_records_do_not_exist() -> None:
    gone = Record("contacts", "2", {}, created_at=before(50), archived=True)
    note = Record(
        "notes", "9", {"hs_timestamp": before(5)}, links={"contacts": ("1",)}, archived=True
    )

    facts = facts_of(contact("1"), gone, note)

    assert len(facts.units) == 1
    assert facts.touches.at.size == 0


def test_a_survey_linked_to_an_archived_contact_only_is_unlinked() -> None:
    assert touches_of(contact("1"), survey("NPS", "7", 5, to=["404"], hs_contact_id="1")) == [
        ("voc.nps", 5)
    ]


def test_an_address_of_two_contacts_belongs_to_both() -> None:
    twins = contact("1", email="a@x.example"), contact("2", hs_additional_emails="A@X.example")

    assert len(touches_of(*twins, submission(5), email_event("DELIVERED", 4))) == 4


def test_ids_are_ordered_as_numbers() -> None:
    assert [unit.id for unit in facts_of(contact("10"), contact("9"), contact("101")).units] == [
        "9",
        "10",
        "101",
    ]


def test_a_contact_created_at_or_after_the_reference_time_is_no_unit() -> None:
    assert journey_of(contact("1", created=0), contact("2", created=0.001)).units == 1


def test_a_contact_without_a_creation_starts_with_what_is_known() -> None:
    unknown = contact("1", ("lead", 60), created=None)
    old = record("contacts", "2", created=None, createdate="1999-12-31T23:59:59Z")

    journey = journey_of(unknown, old, activity("notes", 50, to=["2"]))

    assert journey.units == 2
    assert stays_of(unknown)[0][1] == 60
    assert {f.code for f in journey.findings} == {"no_creation", "bad_value"}


def test_a_contact_without_any_time_is_left_out_with_a_finding() -> None:
    journey = journey_of(contact("1"), record("contacts", "2", created=None))

    assert journey.units == 1
    assert [f.key for f in journey.findings] == ["contacts/2/createdate"]


def test_other_pipelines_deals_are_removed_altogether() -> None:
    elsewhere = deal(("rwon", 50), pipeline="renewals", id_="7", amount="5")
    quote = record("quotes", created=20, links={"deals": ["7"]}, hs_status="APPROVED")
    where = {"pipeline": ["default"]}

    assert stays_of(contact(), elsewhere, quote, where=where) == [("awareness", 100, None, "")]
    assert stays_of(contact(), elsewhere, quote)[-1][0] == "loyalty"


@pytest.mark.parametrize("since", [before(50), date(2026, 5, 12), "2026-05-12"])
def test_units_created_before_the_given_day_are_removed(since: object) -> None:
    people = contact("1", created=50.001), contact("2", created=50), contact("3", created=10)

    assert journey_of(*people, where={"created_after": since}).units == 2


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ({"pipelines": ["default"]}, "`pipeline`"),
        ({"colour": "red"}, "pipeline"),
        ({"pipeline": 7}, "default"),
        ({"created_after": "soon"}, "created_after"),
    ],
)
def test_a_wrong_where_is_named_with_its_remedy(where: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.needs(request(where=where))

    assert "where." in str(caught.value)
    assert caught.value.hint is not None
    assert word in caught.value.hint
