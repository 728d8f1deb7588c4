"""Each rule of section 3 on one contact, worked out by hand, so that the oracle itself is audited."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from oracle.comparing import differences
from oracle.golden import INFO, copied
from oracle.making import AS_OF, activity, contact, deal, row, survey
from oracle.oracle import CUSTOMERS, Oracle, oracle_export
from oracle.product import product_export
from oracle.reading import DAY
from oracle.timeline import STAGES

LIKELY, UNLIKELY, WON, LOST = "contractsent", "qualifiedtobuy", "closedwon", "closedlost"
DUE, RENEWED, CANCELLED = "900101", "900102", "900103"
FORMER = "1700000003"
ACCOUNT = copy.deepcopy(INFO)
ACCOUNT["lifecycle_stages"].append(
    {"value": FORMER, "label": "Former customer", "displayOrder": 10}
)


def stays(portal: Portal) -> str:
    (unit,) = Oracle(portal, AS_OF, CUSTOMERS).units
    words = []
    for stay in unit.timeline.stays:
        left = "" if stay.left is None else f"{days(stay.left)} {stay.exit}"
        words.append(f"{STAGES[stay.stage][0].upper()} {days(stay.entered)}-{left}")
    skips = [f"{STAGES[stage][0].upper()}@{days(t)}" for stage, t in unit.timeline.skipped]
    return ", ".join(words) + (f" [{' '.join(skips)}]" if skips else "")


def days(moment: int) -> int:
    return round((AS_OF.timestamp() * 1000 - moment) / DAY)


def one(
    lifecycle: list[tuple[float, str]] | None = None,
    *moves_of_deals: list[tuple[float, str]],
    created: float = 300,
    **others: list[dict[str, Any]],
) -> Portal:
    """Make a contact with a deal for each of *moves_of_deals* (renewals by their stages)."""
    return Portal(
        ACCOUNT,
        {
            "contacts": [contact("1", created, lifecycle)],
            "deals": [
                deal(
                    str(number), "1", moves, pipeline="900100" if moves[0][1] == DUE else "default"
                )
                for number, moves in enumerate(moves_of_deals, start=10)
            ],
            **others,
        },
    )


MINE = {"contacts": ["1"]}
CASES = {
    "a stage at the first instant is the first stay": (
        one([(300, "opportunity")]),
        "P 300- [A@300 C@300]",
    ),
    "an event before the record was made starts the journey": (
        one([(320, "lead")]),
        "A 320-",
    ),
    "a loss at the first instant closes nothing": (
        one(None, [(300, LOST)]),
        "A 300-",
    ),
    "a value lower than the stage is no way back": (
        one([(290, "lead"), (250, "marketingqualifiedlead")], [(280, LIKELY)]),
        "A 300-280 forward, P 280- [C@280]",
    ),
    "a value lower than the one before is": (
        one([(290, "opportunity"), (250, "marketingqualifiedlead")]),
        "A 300-290 forward, P 290-250 regression, C 250- [C@290]",
    ),
    "a deal that falls moves back": (
        one(None, [(280, LIKELY), (250, UNLIKELY)]),
        "A 300-280 forward, P 280-250 regression, C 250- [C@280]",
    ),
    "not while another deal is likely": (
        one(None, [(280, LIKELY), (250, UNLIKELY)], [(270, LIKELY)]),
        "A 300-280 forward, P 280- [C@280]",
    ),
    "a loss does not close while another deal is open": (
        one(None, [(280, LIKELY), (250, LOST)], [(270, UNLIKELY)]),
        "A 300-280 forward, P 280- [C@280]",
    ),
    "two losses of one instant do": (
        one(None, [(280, LIKELY), (250, LOST)], [(270, UNLIKELY), (250, LOST)]),
        "A 300-280 forward, P 280-250 lost [C@280]",
    ),
    "a journey re-opens with nothing skipped": (
        one(None, [(280, UNLIKELY), (250, LOST)], [(200, WON)]),
        "A 300-280 forward, C 280-250 lost, S 200-",
    ),
    "a win that is left for an open stage was a slip": (
        one(None, [(280, LIKELY), (250, WON), (249, LIKELY), (240, LOST)]),
        "A 300-280 forward, P 280-240 lost [C@280]",
    ),
    "the slip's fall is one from before it": (
        one(None, [(280, LIKELY), (250, WON), (249, UNLIKELY)]),
        "A 300-280 forward, P 280-249 regression, C 249- [C@280]",
    ),
    "a deal lost straight after its own win churns": (
        one(None, [(280, WON), (250, LOST)]),
        "A 300-280 forward, S 280-250 churned [C@280 P@280]",
    ),
    "not with another deal won": (
        one(None, [(280, WON), (250, LOST)], [(260, WON)]),
        "A 300-280 forward, S 280-260 forward, L 260- [C@280 P@280]",
    ),
    "nor with another open": (
        one(None, [(280, WON), (250, LOST)], [(260, UNLIKELY)]),
        "A 300-280 forward, S 280- [C@280 P@280]",
    ),
    "another loss after a purchase changes nothing": (
        one(None, [(280, WON)], [(270, LIKELY), (250, LOST)]),
        "A 300-280 forward, S 280- [C@280 P@280]",
    ),
    "a lost renewal churns": (
        one(None, [(280, WON)], [(270, DUE), (250, CANCELLED)]),
        "A 300-280 forward, S 280-250 churned [C@280 P@280]",
    ),
    "after a churn the counts begin anew": (
        one(None, [(280, WON)], [(270, DUE), (250, CANCELLED)], [(200, LIKELY), (150, WON)]),
        "A 300-280 forward, S 280-250 churned, P 200-150 forward, S 150- [C@280 P@280]",
    ),
    "and a loss is lost, though a deal was once won": (
        one(None, [(280, WON)], [(270, DUE), (250, CANCELLED)], [(200, LIKELY), (150, LOST)]),
        "A 300-280 forward, S 280-250 churned, P 200-150 lost [C@280 P@280]",
    ),
    "two wins of one instant are no later win": (
        one(None, [(280, WON)], [(280, WON)]),
        "A 300-280 forward, S 280- [C@280 P@280]",
    ),
    "a renewal won is loyalty at once": (
        one(None, [(280, DUE), (250, RENEWED)]),
        "A 300-280 forward, P 280-250 forward, L 250- [C@280 S@250]",
    ),
    "a customer set back before service churns": (
        one([(290, "customer"), (250, ""), (249, "lead")]),
        "A 300-290 forward, S 290-249 churned [C@290 P@290]",
    ),
    "an evangelist set back to customer is back in service": (
        one([(290, "evangelist"), (250, "customer")]),
        "A 300-290 forward, L 290-250 regression, S 250- [C@290 P@290 S@290]",
    ),
    "a second win is not undone by the value customer": (
        one([(290, "lead"), (240, "customer")], [(280, WON)], [(260, WON)]),
        "A 300-280 forward, S 280-260 forward, L 260- [C@280 P@280]",
    ),
    "a promoter who never bought is no loyalty": (
        one(feedback_submissions=[survey("5", "1", 200, "NPS", "10")]),
        "A 300-",
    ),
    "a meeting after a deal was made moves nothing": (
        one(
            None,
            [(280, LOST)],
            created=290,
            meetings=[activity("5", "1", 200, hs_meeting_outcome="COMPLETED")],
        ),
        "A 290-280 lost",
    ),
    "a meeting before any deal does": (
        one(
            None,
            [(100, LIKELY)],
            meetings=[activity("5", "1", 200, hs_meeting_outcome="SCHEDULED")],
        ),
        "A 300-200 forward, C 200-100 forward, P 100-",
    ),
    "a draft of a quote moves nothing": (
        one(quotes=[row("5", 100, {"hs_status": "DRAFT"}, links=MINE)]),
        "A 300-",
    ),
    "the furthest of one instant counts": (
        one([(200, "marketingqualifiedlead")], [(200, LIKELY)]),
        "A 300-200 forward, P 200- [C@200]",
    ),
    "the last written of one instant counts": (
        one([(200, "opportunity"), (200, "marketingqualifiedlead")]),
        "A 300-200 forward, C 200-",
    ),
    "an outcome goes before every stage of its instant": (
        one([(290, "opportunity"), (200, "evangelist")], [(250, LIKELY), (200, LOST)]),
        "A 300-290 forward, P 290-200 lost [C@290]",
    ),
    "a removed stage leaves the deal as it was": (
        one(None, [(280, LIKELY), (250, "gone"), (240, LIKELY)]),
        "A 300-280 forward, P 280- [C@280]",
    ),
    "an empty value of the same instant is passed over": (
        one([(290, "lead"), (200, "customer"), (200, "")]),
        "A 300-200 forward, S 200- [C@200 P@200]",
    ),
    "a former customer is churned": (
        one([(290, "customer"), (250, FORMER)]),
        "A 300-290 forward, S 290-250 churned [C@290 P@290]",
    ),
    "somebody former who never bought is lost": (
        one([(290, "opportunity"), (250, FORMER)]),
        "A 300-290 forward, P 290-250 lost [C@290]",
    ),
    "a value after former is not set back": (
        one([(290, "customer"), (250, FORMER), (190, "salesqualifiedlead")], [(200, LIKELY)]),
        "A 300-290 forward, S 290-250 churned, P 200- [C@290 P@290]",
    ),
    "the same open stage after a slip is no event": (
        one([(260, FORMER)], [(280, LIKELY), (200, WON), (199, LIKELY)]),
        "A 300-280 forward, P 280-260 lost [C@280]",
    ),
    "a value without a past counts from the last change of the record": (
        one(deals=[row("9", 120, {"pipeline": "default", "dealstage": WON}, links=MINE)]),
        "A 300-120 forward, S 120- [C@120 P@120]",
    ),
    "what repeats the stage does not hold back a fall of its instant": (
        one(
            None,
            [(280, LIKELY), (250, UNLIKELY)],
            quotes=[row("5", 250, {"hs_status": "APPROVED"}, links=MINE)],
        ),
        "A 300-280 forward, P 280-250 regression, C 250- [C@280]",
    ),
    "what happens at T is not known yet": (
        one([(200, "lead"), (0, "customer")]),
        "A 300-",
    ),
}


@pytest.mark.parametrize("portal, expected", CASES.values(), ids=CASES)
def test_the_oracle_follows_the_rule(portal: Portal, expected: str) -> None:
    assert stays(portal) == expected


@pytest.mark.parametrize("portal", [portal for portal, _ in CASES.values()], ids=CASES)
def test_the_product_follows_the_rule_as_the_oracle_does(portal: Portal) -> None:
    five = copied(portal, 5)

    assert differences(oracle_export(five, as_of=AS_OF), product_export(five, AS_OF)) == []
