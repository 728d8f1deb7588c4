"""The bundled profiles `saas` and `retail`, what one may add to a profile, and older versions."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cjm_sync.errors import ConfigError
from cjm_sync.journey.compute import compute, travel_all
from cjm_sync.journey.types import Journey
from cjm_sync.model import Record
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings import plugin
from cjm_sync_mappings.migration import ADDED, VERSION
from cjm_sync_mappings.profile import BUNDLED
from cjm_sync_sandbox.portal import Portal
from crm_records import (
    STAGES,
    Mirror,
    T,
    before,
    contact,
    deal,
    meeting,
    ms,
    options,
    past,
    pipeline,
    record,
    survey,
    ticket,
)
from oracle.product import PortalRecords

PORTALS = Path(__file__).resolve().parents[3] / "shared" / "data"


def facts_with(profile: str, *records: Record, unit: Any = "contact") -> Any:
    text = plugin.profile_text(profile) or profile
    journey = JourneyRequest("shop", "Shop", unit, profile, text, {})
    return plugin.facts(Mirror(records), journey, as_of=T)


def ways(profile: str, *records: Record) -> list[str]:
    """Return the stages that the first unit stayed in, and how the last stay ended."""
    facts = facts_with(profile, *records)
    stays = travel_all(facts)[0].stays
    ended = stays[-1].exit.name.lower()
    return [*(facts.stages[stay.stage].key for stay in stays), *({ended} - {"none"})]


def order(days: float, id_: str | None = None, *, to: str = "1", **properties: Any) -> Record:
    links = {"contacts": [to], **properties.pop("links", {})}
    properties.setdefault("hs_external_created_date", before(days))
    return record("orders", id_, created=days - 1, links=links, **properties)


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        plugin.validate(text, name="mine.toml")
    return caught.value


# all of them


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_profile_is_usable_and_says_its_version(name: str) -> None:
    text = plugin.profile_text(name)

    assert text is not None
    plugin.validate(text, name=name)
    assert tomllib.loads(text)["version"] == VERSION


@pytest.mark.parametrize("name", BUNDLED)
def test_a_profile_of_one_s_own_may_begin_with_any(name: str) -> None:
    plugin.validate(f'extends = "{name}"\n[thresholds]\ndormant_days = 30\n', name="mine.toml")


# saas


def test_an_open_deal_of_a_trial_pipeline_is_a_trial_however_likely() -> None:
    trials = pipeline("deals/trials", "Free trials", {f"t{id_}": s for id_, s in STAGES.items()})

    assert ways("saas", trials, contact("1"), deal(("tnear", 30), pipeline="trials")) == [
        "awareness",
        "trial",
    ]
    assert ways("saas", trials, contact("1"), deal(("near", 30))) == ["awareness", "purchase"]


def test_a_subscription_is_bought_renewed_and_churns_with_its_renewal() -> None:
    first = deal(("low", 90), ("won", 80))
    renewed = deal(("rhigh", 50), ("rwon", 40), pipeline="renewals")
    ended = deal(("rhigh", 20), ("rlost", 10), pipeline="renewals")

    assert ways("saas", contact("1"), first, renewed, ended) == [
        "awareness", "trial", "service", "renewal", "churned",
    ]  # fmt: skip


def test_a_trial_by_its_lifecycle_label_needs_no_entry() -> None:
    known = options("contacts/lifecyclestage", ("lead", "Lead"), ("77", "Free trial"))

    assert ways("saas", known, contact("1", ("lead", 90), ("77", 40))) == ["awareness", "trial"]


def test_help_counts_more_and_is_due_sooner_than_in_crm() -> None:
    slow = ticket(20, closed_date=before(20 - 60 / 24))
    signals = facts_with("saas", contact("1"), slow).signals

    assert (signals.weight.tolist(), signals.score.tolist()) == ([80], [0])
    assert facts_with("crm", contact("1"), slow).signals.score.tolist() == [0.5]


# retail


def test_orders_are_purchases_and_the_second_one_is_the_repeat() -> None:
    world = [contact("1", created=90), order(60), order(30), order(10)]
    facts = facts_with("retail", *world)

    assert ways("retail", *world) == ["awareness", "purchase", "repeat"]
    assert [facts.touchpoints[p].key for p in facts.touches.touchpoint] == ["sales.order"] * 3
    assert facts.touches.at.tolist() == [ms(60), ms(30), ms(10)]


def test_won_deals_are_purchases_too_and_open_ones_move_nobody() -> None:
    assert ways("retail", contact("1", created=90), deal(("near", 60), ("low", 50))) == [
        "awareness"
    ]
    assert ways("retail", contact("1", created=90), deal(("near", 60), ("won", 50)), order(9)) == [
        "awareness", "purchase", "repeat",
    ]  # fmt: skip


def test_an_order_that_is_a_deal_s_is_bought_once() -> None:
    sold = deal(("won", 60), id_="5")
    facts = facts_with("retail", contact("1"), sold, order(60, links={"deals": ["5"]}))

    assert [one.object for one in facts.deals] == ["deals"]


@pytest.mark.parametrize("status", ["cancelled", "Refunded", " CANCELED "])
def test_an_order_that_was_taken_back_is_no_purchase(status: str) -> None:
    back = order(30, hs_external_order_status=status)

    assert ways("retail", contact("1", created=90), back) == ["awareness"]


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"hs_total_price": "20.5"}, 20.5),
        ({"hs_total_price": "20.5", "hs_currency_code": "EUR"}, 20.5),
        ({"hs_total_price": "20", "hs_currency_code": "SEK", "hs_exchange_rate": "0.1"}, 2),
        ({"hs_total_price": "20", "hs_currency_code": "SEK"}, None),
        ({"hs_total_price": "much"}, None),
        ({}, None),
    ],
)
def test_an_order_is_worth_what_it_is_in_home_currency(
    properties: dict[str, str], amount: float | None
) -> None:
    (one,) = facts_with("retail", contact("1"), order(30, **properties)).deals

    assert one.amount == pytest.approx(amount)


def test_an_order_at_or_after_t_is_not_used_and_one_without_a_date_counts_from_creation() -> None:
    world = [contact("1"), order(0), order(5, hs_external_created_date=None)]
    facts = facts_with("retail", *world)

    assert facts.touches.at.tolist() == [ms(4)]


def test_orders_belong_to_companies_through_their_contacts() -> None:
    world = [record("companies", "9"), contact("1", associatedcompanyid="9"), order(5)]
    (firm,) = facts_with("retail", *world, unit="company").units

    assert firm.deals == (0,)


def test_only_a_shop_asks_for_orders() -> None:
    def needed(profile: str, unit: Any = "contact") -> Any:
        return plugin.needs(JourneyRequest("a", "A", unit, profile, "", {})).get("orders")

    assert needed("crm") is None
    assert needed("retail", "deal") is None
    assert needed("retail").links == {"contacts", "deals"}
    assert {"hs_total_price", "hs_external_created_date"} <= needed("retail").properties
    assert "companies" in needed("retail", "company").links


def test_a_quiet_shopper_is_dormant_sooner_and_a_fan_is_an_advocate() -> None:
    world = [contact("1", created=200), order(150), survey("NPS", "10", 100)]

    assert ways("retail", *world) == ["awareness", "purchase", "advocacy"]
    assert ways("retail", contact("1"), meeting(50)) == ["awareness", "consideration"]
    assert facts_with("retail").settings.dormant_days == 120


# on portals of their kind


@pytest.mark.parametrize(
    ("profile", "unit", "stages"),
    [
        ("saas", "contact", ["awareness", "trial", "purchase", "service", "renewal"]),
        ("retail", "contact", ["repeat"]),
    ],
)
def test_a_portal_of_its_kind_fills_the_stages(profile: str, unit: Any, stages: list[str]) -> None:
    folder = PORTALS / f"portal-{profile}"
    if not folder.is_dir():
        pytest.skip("the portal is not here")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    as_of = datetime.fromisoformat(truth["T"])
    text = plugin.profile_text(profile) or ""
    journey = JourneyRequest("own", "Own", unit, profile, text, {})
    facts = plugin.facts(PortalRecords(Portal.read(folder), as_of), journey, as_of=as_of)
    computed: Journey = compute(facts, as_of=as_of)

    assert [s.key for s in computed.stages if (s.cells[0].units or 0) > 0] == stages
    assert not facts.findings
    if profile == "retail":
        (everyone, *_) = computed.personas
        assert everyone.repeat_rate == truth["repeat_rate"]


# what one may add


def test_a_touchpoint_is_added_or_takes_the_place_of_its_namesake() -> None:
    mine = """extends = "crm"
[[also.touchpoints]]
key = "svc.ticket"
label = "Complaint"
channel = "Desk"
object = "tickets"
[[also.touchpoints]]
key = "ext.fair"
label = "Trade fair"
channel = "Offline"
object = "notes"
"""
    names = {one.key: one.label for one in facts_with(mine).touchpoints}
    plain = [one.key for one in facts_with('extends = "crm"').touchpoints]

    assert (names["svc.ticket"], names["ext.fair"]) == ("Complaint", "Trade fair")
    assert [key for key in names if key != "ext.fair"] == plain


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ('[[also.touchpoints]]\nkey = "a"\nlabel = "A"\nchannel = "B"\nobject = "notes"\nlinkd = "deals"\n', "line 7", "`linked`"),
        ('[[also.stages]]\nkey = "a"\n', "`also` adds what cannot", "[[also.touchpoints]]"),
        ("also = 1\n", "`also` adds what cannot", "[[also.touchpoints]]"),
        ("also.touchpoints = 1\n", "`also` adds what cannot", "[[also.touchpoints]]"),
        ("also.touchpoints = [7]\n", "line 2", "profiles/crm.toml"),
        ('touchpoints = 7\n[[also.touchpoints]]\nkey = "a"\nlabel = "A"\nchannel = "B"\nobject = "notes"\n', "`touchpoints` should", "profiles/crm.toml"),
        ('touchpoints = [7]\n[[also.touchpoints]]\nkey = "a"\nlabel = "A"\nchannel = "B"\nobject = "notes"\n', "`touchpoints.0`", "profiles/crm.toml"),
        ("[[also.touchpoints]]\nkey = [1]\n", "line 3", "profiles/crm.toml"),
        (
            '[[also.touchpoints]]\nkey = "a"\nlabel = "A"\nchannel = "B"\nobject = "notes"\n' * 2,
            "line 8",
            "its own key",
        ),
        ('[deals]\nopen_pipelines = [{ pattern = "(", to = "purchase" }]\n', "line 3", "pattern"),
        ('[deals]\nopen_pipelines = [{ pattern = "x", to = "purchas" }]\n', "line 3", "`purchase`"),
        ("[orders]\nare_purchases = 7\n", "line 3", "profiles/crm.toml"),
    ],
)  # fmt: skip
def test_a_mistake_in_what_is_new_is_named_with_line_and_remedy(
    text: str, words: str, hint: str
) -> None:
    error = refusal('extends = "crm"\n' + text)

    assert words in str(error)
    assert hint in (error.hint or "")


# versions


def of_the_first_release() -> str:
    """Return `crm` as the first release wrote it: whatever was added since is taken out."""
    kept: list[str] = []
    gone = {".".join(path) for path in ADDED[1]}
    table = ""
    for line in (plugin.profile_text("crm") or "").splitlines():
        header = re.match(r"\[+([a-z_.]+)\]+", line)
        table = header[1] if header else table
        key = line.partition("=")[0].strip()
        if table not in gone and f"{table}.{key}" not in gone and key != "version":
            kept.append(line)
    return "\n".join(kept)


def test_a_profile_of_the_first_release_is_brought_up_and_said_so() -> None:
    facts = facts_with(of_the_first_release(), contact("1"))
    (finding,) = facts.findings

    assert finding.code == "profile_migrated"
    for path in ADDED[1]:
        assert ".".join(path) in finding.message
    assert f"version = {VERSION}" in finding.hint
    assert facts.settings == facts_with("crm").settings


def test_an_extension_without_a_version_lacks_nothing() -> None:
    assert facts_with('extends = "crm"\n', contact("1")).findings == ()


@pytest.mark.parametrize("version", ["2", "99"])
def test_a_newer_version_is_refused_with_the_remedy(version: str) -> None:
    error = refusal(f'extends = "crm"\nversion = {version}\n')

    assert f"line 2: `version` is {version}" in str(error)
    assert "Upgrade cjm-sync" in (error.hint or "")


@pytest.mark.parametrize("version", ['"1"', "-1", "true", "1.0"])
def test_what_is_no_version_is_refused(version: str) -> None:
    error = refusal(f'extends = "crm"\nversion = {version}\n')

    assert "line 2: `version` is no version" in str(error)


def test_a_mistake_in_an_old_profile_is_still_told() -> None:
    broken = of_the_first_release().replace("[surveys]", "[survey]")

    assert "is not a known key" in str(refusal(broken)) or "is missing" in str(refusal(broken))


def test_a_table_that_is_missing_altogether_is_not_made_up() -> None:
    text = re.sub(r"\[rules\]\n(?:.+\n)+", "", of_the_first_release())

    assert "`rules` is missing" in str(refusal(text))


def test_past_values_of_orders_do_not_matter() -> None:
    one = order(30, hs_pipeline_stage="x")
    changed = Record(
        one.object, one.id, one.properties, {"hs_pipeline_stage": past(("x", 3))}, one.links
    )

    assert facts_with("retail", contact("1"), changed).deals[0].moves[0].at == ms(30)
