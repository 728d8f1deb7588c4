"""What belongs to a company and to a deal: every clause of the page, one contact journey beside."""

from __future__ import annotations

from typing import Any

import pytest

from cjm_sync.errors import ConfigError
from cjm_sync.journey.compute import travel_all
from cjm_sync.journey.timeline import Exit
from cjm_sync.model import Record
from cjm_sync_mappings import plugin
from crm_records import (
    DAY_MS,
    T_MS,
    activity,
    before,
    contact,
    deal,
    email_event,
    facts_of,
    meeting,
    options,
    page_view,
    past,
    record,
    request,
    submission,
    survey,
    ticket,
    touches_of,
)


def company(
    id_: str = "900", *lifecycle: tuple[str, float], created: float = 200, **properties: Any
) -> Record:
    if lifecycle:
        properties.setdefault("lifecyclestage", lifecycle[-1][0])
    history = {"lifecyclestage": past(*lifecycle)} if lifecycle else {}
    return record("companies", id_, created=created, history=history, **properties)


def member(id_: str = "1", *lifecycle: tuple[str, float], firm: str = "900", **more: Any) -> Record:
    return contact(id_, *lifecycle, associatedcompanyid=firm, **more)


def to_companies(
    object_: str, days: float, *firms: str, to: tuple[str, ...] = (), **more: Any
) -> Record:
    return activity(object_, days, to=to, links={"companies": firms}, **more)


def to_deals(
    object_: str, days: float, *deals: str, to: tuple[str, ...] = (), **more: Any
) -> Record:
    return activity(object_, days, to=to, links={"deals": deals}, **more)


def way(*records: Record, unit: str) -> list[tuple[str, float, str]]:
    """Return the first unit's stays as (stage, days before T entered, exit)."""
    facts = facts_of(*records, unit=unit)
    return [
        (
            facts.stages[stay.stage].key,
            (T_MS - stay.entered_at) / DAY_MS,
            "" if stay.exit is Exit.NONE else stay.exit.name.lower(),
        )
        for stay in travel_all(facts)[0].stays
    ]


def personas(*records: Record, unit: str) -> list[str]:
    facts = facts_of(*records, unit=unit)
    return [facts.personas[one.persona].key for one in facts.units]


# companies


def test_companies_travel_each_once_and_contacts_do_not() -> None:
    facts = facts_of(company("900"), company("901"), member("1"), unit="company")

    assert (facts.unit, [unit.id for unit in facts.units]) == ("company", ["900", "901"])


def test_a_company_has_its_own_records_and_those_of_its_contacts() -> None:
    world = [
        company("900"),
        company("901"),
        member("1"),
        contact("2"),
        to_companies("notes", 40, "900"),
        activity("notes", 30, to=["1"]),
        activity("notes", 20, to=["2"]),
        to_companies("notes", 10, "901"),
    ]

    assert touches_of(*world, unit="company") == [("note", 40), ("note", 30), ("note", 10)]


def test_a_record_that_many_links_lead_to_counts_once_per_company() -> None:
    world = [company("900"), member("1"), member("2")]
    call = to_companies("calls", 5, "900", to=("1", "2"), hs_call_direction="INBOUND")

    assert touches_of(*world, call, unit="company") == [("call.in", 5)]
    assert touches_of(*world, call) == [("call.in", 5)] * 2


def test_a_contact_only_linked_to_a_company_is_not_its_contact() -> None:
    linked = record("contacts", "1", links={"companies": ["900"]})

    assert touches_of(company("900"), linked, activity("notes", 5), unit="company") == []


def test_submissions_email_and_page_views_of_contacts_are_their_company_s() -> None:
    world = [
        company("900"),
        member("1", email="a@x.example"),
        member("2", email="b@x.example", hs_additional_emails="A@x.example"),
        submission(50, by="a@x.example"),
        email_event("DELIVERED", 40, to="b@x.example"),
        page_view(30, by="1"),
        page_view(30 - 10 / 1440, by="2"),
        page_view(20, by="2"),
    ]

    assert touches_of(*world, unit="company") == [
        ("web.form", 50),
        ("mail.marketing", 40),
        ("web.page", 30),
        ("web.page", 20),
    ]


def test_a_contact_without_submissions_lends_its_dates_although_a_colleague_has_some() -> None:
    world = [
        company("900"),
        member("1", email="a@x.example", first_conversion_date=before(70)),
        member("2", email="b@x.example", first_conversion_date=before(60)),
        submission(50, by="a@x.example"),
    ]

    assert touches_of(*world, unit="company") == [("web.form", 60), ("web.form", 50)]


def test_a_company_has_its_own_source_and_not_its_contacts() -> None:
    own = company("900", created=90, hs_analytics_source="OFFLINE")
    early = member("2", hs_analytics_source="REFERRALS", hs_analytics_first_timestamp=before(150))

    assert touches_of(own, early, unit="company") == [("src.offline", 90)]


def test_a_company_has_the_deals_of_its_own_and_of_its_contacts_once() -> None:
    world = [
        company("900"),
        member("1"),
        deal(("high", 30), to=["1"], id_="5"),
        deal(("low", 20), to=[], id_="6"),
    ]
    own = record("companies", "900", created=200, links={"deals": ["5", "6"]})

    (unit,) = facts_of(*world[1:], own, unit="company").units
    assert unit.deals == (0, 1)


def test_quotes_reach_a_company_through_its_deals() -> None:
    world = [company("900"), member("1"), deal(("low", 30), to=["1"], id_="5")]
    quote = record("quotes", created=9, links={"deals": ["5"]}, hs_status="APPROVED")

    assert touches_of(*world, quote, unit="company") == [("sales.quote", 9)]


def test_an_unlinked_survey_is_the_company_s_of_the_contact_it_names() -> None:
    world = [company("900"), member("1")]

    assert touches_of(*world, survey("NPS", "9", 5, to=[], hs_contact_id="1"), unit="company") == [
        ("voc.nps", 5)
    ]


def test_a_company_moves_by_its_own_lifecycle_and_not_by_its_contacts() -> None:
    world = [
        company("900", ("lead", 100), ("opportunity", 50), ("lead", 20)),
        member("1", ("lead", 90), ("customer", 40)),
    ]

    assert way(*world, unit="company") == [
        ("awareness", 200, "forward"),
        ("purchase", 50, "regression"),
        ("awareness", 20, ""),
    ]


def test_a_company_is_unmapped_by_its_own_value_only() -> None:
    known = options("companies/lifecyclestage", "lead", ("other", "Other"))
    world = [known, company("900", ("other", 50)), member("1", ("other", 50))]
    (unit,) = facts_of(*world, unit="company").units
    (other,) = facts_of(company("900"), member("1", ("other", 50)), unit="company").units

    assert (unit.unmapped, other.unmapped) == ("Other", None)


def test_the_persona_of_a_company_is_that_of_its_lowest_contact_that_has_one() -> None:
    world = [
        company("900"),
        company("901"),
        member("10", hs_seniority="vp"),
        member("9", hs_buying_role="END_USER"),
        member("2"),
    ]

    assert personas(*world, unit="company") == ["user", "unassigned"]


def test_a_company_tells_its_own_size_and_country_whoever_its_contacts_are() -> None:
    facts = facts_of(
        company("900", country="Sweden", numberofemployees="30"),
        member("1", country="Latvia"),
        unit="company",
    )
    shown = {
        trait.name: [trait.labels[v] for v in trait.values]
        for trait in facts.traits
        if trait.labels
    }

    assert shown == {"country": ["Sweden"], "size": ["11-50"]}


def test_merged_companies_and_contacts_are_their_survivors() -> None:
    world = [
        company("901", hs_merged_object_ids="900"),
        member("2", firm="900", hs_calculated_merged_vids="1:0"),
        activity("notes", 9, to=["1"]),
        to_companies("notes", 8, "900"),
    ]

    assert touches_of(*world, unit="company") == [("note", 9), ("note", 8)]


# deals


def test_deals_travel_without_a_lifecycle_and_only_their_own_moves_count() -> None:
    world = [
        contact("1", ("lead", 90), ("customer", 10)),
        deal(("low", 60), ("high", 40), ("won", 20), id_="5"),
        deal(("low", 30), id_="6"),
    ]

    assert way(*world, unit="deal") == [
        ("consideration", 60, "forward"),
        ("purchase", 40, "forward"),
        ("service", 20, ""),
    ]
    facts = facts_of(*world, unit="deal")
    assert [(unit.id, unit.lifecycle, unit.deals) for unit in facts.units] == [
        ("5", (), (0,)),
        ("6", (), (1,)),
    ]


def test_a_deal_has_what_is_linked_to_it_and_nothing_of_its_contacts() -> None:
    world = [
        contact(
            "1",
            email="a@x.example",
            hs_analytics_source="OFFLINE",
            first_conversion_date=before(80),
        ),
        deal(("low", 60), id_="5"),
        activity("notes", 50, to=["1"]),
        to_deals("notes", 40, "5", to=("1",)),
        submission(30, by="a@x.example"),
        email_event("DELIVERED", 30, to="a@x.example"),
        page_view(30, by="1"),
        record("tickets", created=20, links={"deals": ["5"]}, hs_pipeline="0"),
        ticket(10),
        survey("NPS", "9", 5, to=[], hs_contact_id="1"),
    ]

    assert touches_of(*world, unit="deal") == [("note", 40), ("svc.ticket", 20)]


def test_a_deal_has_its_own_source_at_its_creation() -> None:
    assert touches_of(deal(("low", 60), hs_analytics_source="REFERRALS"), unit="deal") == [
        ("src.referral", 60)
    ]


def test_a_meeting_before_its_deal_moves_a_deal_and_a_later_one_does_not() -> None:
    early = meeting(70, to=[], links={"deals": ["5"]})

    assert way(deal(("low", 60), id_="5"), early, unit="deal") == [("consideration", 70, "")]
    (unit,) = facts_of(
        deal(("high", 60), id_="5"), meeting(50, to=[], links={"deals": ["5"]}), unit="deal"
    ).units
    assert unit.rules == ()


def test_a_deal_has_the_persona_of_its_lowest_contact_that_has_one() -> None:
    world = [
        contact("10", hs_seniority="vp"),
        contact("9", hs_buying_role="END_USER"),
        contact("2"),
        contact("1", hs_buying_role="CHAMPION"),
        deal(("low", 60), to=["10", "9", "2"]),
        deal(("low", 50), to=["2"]),
        deal(("low", 40), to=[]),
    ]

    assert personas(*world, unit="deal") == ["user", "unassigned", "unassigned"]


def test_a_deal_tells_the_company_it_is_linked_to_before_its_contact_s() -> None:
    linked = record(
        "deals",
        "5",
        created=9,
        links={"contacts": ["1"], "companies": ["901", "900"]},
        pipeline="default",
    )
    world = [
        company("900", country="Sweden"),
        company("901", country="Latvia"),
        member("1", firm="901"),
    ]
    facts = facts_of(*world, linked, deal(("low", 4), id_="6"), unit="deal")
    (country,) = [trait for trait in facts.traits if trait.name == "country"]

    assert [country.labels[value] for value in country.values] == ["Sweden", "Latvia"]


# who is a unit


def test_where_speaks_of_the_unit_s_own_record() -> None:
    firms = [
        company("900", created=300, country="Sweden", hubspot_owner_id="7"),
        company("901", created=100, country="Latvia"),
    ]

    def chosen(**where: Any) -> list[str]:
        facts = facts_of(*firms, member("1", firm="901"), unit="company", where=where)
        return [unit.id for unit in facts.units]

    assert chosen(created_after=before(200)) == ["901"]
    assert chosen(owner=7) == ["900"]
    assert chosen(properties={"country": "Latvia"}) == ["901"]


@pytest.mark.parametrize("unit", ["company", "deal"])
def test_a_list_keeps_the_units_that_have_a_contact_on_it(unit: str) -> None:
    told = {"listId": "4", "name": "VIP"}
    rows = [
        Record("list_memberships", "4", told),
        Record("list_memberships", "4/1", {**told, "recordId": "1"}),
    ]
    world = [
        company("900"),
        company("901"),
        member("1", firm="901"),
        member("2", firm="900"),
        deal(("low", 9), to=["2"], id_="900"),
        deal(("low", 9), to=["2", "1"], id_="901"),
    ]

    facts = facts_of(*world, *rows, unit=unit, where={"list": ["vip"]})
    assert [one.id for one in facts.units] == ["901"]
    assert [(f.code, f.key) for f in facts.findings if f.code == "outside_filter"] == [
        ("outside_filter", "companies" if unit == "company" else "deals")
    ]


def test_deals_of_other_pipelines_are_no_units_and_no_deals_of_a_company() -> None:
    world = [
        company("900"),
        member("1"),
        deal(("low", 9), id_="5"),
        deal(("rlow", 9), id_="6", pipeline="renewals"),
    ]
    where = {"pipeline": ["renewals"]}

    assert [unit.id for unit in facts_of(*world, unit="deal", where=where).units] == ["6"]
    (firm,) = facts_of(*world, unit="company", where=where).units
    assert firm.deals == (0,)


@pytest.mark.parametrize("unit", ["company", "deal"])
def test_a_condition_on_a_contact_s_company_is_refused_for_other_units(unit: str) -> None:
    asked = request(unit=unit, where={"properties": {"company.industry": "BANKING"}})

    with pytest.raises(ConfigError, match=r"company\.industry") as caught:
        plugin.needs(asked)
    assert unit in (caught.value.hint or "")


# what is read


def test_a_journey_reads_what_its_units_need_and_a_deal_no_address() -> None:
    of_contact, of_company, of_deal = (
        plugin.needs(request(unit=unit)) for unit in ("contact", "company", "deal")
    )

    assert "lifecyclestage" not in of_contact["companies"].properties
    assert of_company["companies"].history == {"lifecyclestage"}
    assert of_company["notes"].links == {"contacts", "companies"}
    assert of_deal["tickets"].links == {"contacts", "deals"}
    assert "hs_analytics_source" in of_deal["deals"].properties
    assert not of_deal["contacts"].properties & {"email", "lifecyclestage", "hs_analytics_source"}
    assert not of_deal.keys() & {"email_events", "form_submissions"}


def test_labels_of_a_company_s_lifecycle_are_its_own() -> None:
    own = options("companies/lifecyclestage", "lead", ("88", "Champions"))
    firm = company("900", ("lead", 90), ("88", 40))

    assert way(own, firm, unit="company")[-1] == ("loyalty", 40, "")


def test_only_the_people_of_deals_bring_their_persona_into_a_journey_of_deals() -> None:
    world = [
        contact("1", hs_persona="persona_9"),
        contact("2", hs_persona="persona_8"),
        deal(("low", 9), to=["1"]),
    ]
    names = [one.key for one in facts_of(*world, unit="deal").personas]

    assert "persona_9" in names
    assert "persona_8" not in names
