"""Each rule of sections 7 to 9 on a crowd made for it, every number worked out by hand.

Times are days before T; W is [90, 0), the window before it [180, 90), trailing [270, 90).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from oracle.comparing import differences
from oracle.golden import INFO
from oracle.making import AS_OF, activity, at, contact, deal, mail_event, survey
from oracle.moments import fisher
from oracle.numbers import Z
from oracle.oracle import oracle_export
from oracle.product import product_export

Export = Callable[[Portal, datetime], dict[str, Any]]
MQL, SQL, WARM, WON = "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"
GONE = "1700000003"


class Crowd:
    """Contacts who live through the same, and what happens to each of them."""

    def __init__(self) -> None:
        info = copy.deepcopy(INFO)
        info["lifecycle_stages"].append(
            {"value": GONE, "label": "Former customer", "displayOrder": 10}
        )
        self.portal = Portal(info, {"contacts": []})

    def add(self, n: int, *moves: tuple[float, str]) -> list[str]:
        """Add *n* contacts, created five days before the first of *moves*; return their ids."""
        contacts = self.portal.rows["contacts"]
        ids = [str(1000 + len(contacts) + number) for number in range(n)]
        contacts.extend(contact(one, moves[0][0] + 5, list(moves)) for one in ids)
        return ids

    def give(self, name: str, ids: list[str], ago: float, **properties: str) -> None:
        """Give each of *ids* a record of its own, linked to it."""
        rows = self.portal.rows.setdefault(name, [])
        for one in ids:
            rows.append(activity(str(50_000 + len(rows)), one, ago, **properties))


def slow_stage() -> Portal:
    crowd = Crowd()
    crowd.add(10, (210, MQL), (200, WARM))
    crowd.add(10, (110, MQL), (100, WARM))
    crowd.add(20, (60, MQL), (42, WARM))
    crowd.add(20, (20, MQL))
    return crowd.portal


def highest_drop_off() -> Portal:
    crowd = Crowd()
    crowd.add(28, (50, MQL), (40, WARM))
    crowd.add(12, (50, MQL), (40, GONE))
    crowd.add(10, (45, "lead"), (40, GONE))
    return crowd.portal


def higher_drop_off() -> Portal:
    crowd = Crowd()
    crowd.add(18, (150, MQL), (140, WARM))
    crowd.add(2, (150, MQL), (140, GONE))
    crowd.add(28, (50, MQL), (40, WARM))
    crowd.add(12, (50, MQL), (40, GONE))
    crowd.add(40, (45, "lead"), (40, GONE))
    return crowd.portal


def slow_hand_off() -> Portal:
    crowd = Crowd()
    crowd.give("calls", crowd.add(10, (150, MQL)), 149, hs_call_direction="OUTBOUND")
    crowd.give("calls", crowd.add(6, (50, MQL)), 49.5, hs_call_direction="OUTBOUND")
    crowd.give("emails", crowd.add(14, (50, MQL)), 48.75, hs_email_direction="EMAIL")
    crowd.give("calls", crowd.add(10, (50, MQL)), 40, hs_call_direction="INBOUND")
    return crowd.portal


def ticket_theme() -> Portal:
    crowd = Crowd()
    ids = crowd.add(20, (200, WON))
    for place, category in enumerate(["BILLING_ISSUE"] * 2 + ["PRODUCT_ISSUE"] * 2 + [""] * 16):
        crowd.give("tickets", [ids[place]], 120, hs_ticket_category=category, hs_pipeline="0")
    for place, category in enumerate(["BILLING_ISSUE"] * 6 + ["PRODUCT_ISSUE"] * 3 + [""] * 11):
        crowd.give(
            "tickets",
            [ids[place]],
            30,
            hs_ticket_category=category,
            hs_pipeline="0",
            hs_pipeline_stage="4",
            closed_date=at(29),
        )
    return crowd.portal


def slow_help() -> Portal:
    crowd = Crowd()
    ids = crowd.add(12, (200, WON))
    crowd.give(
        "tickets",
        ids[:8],
        30,
        hs_pipeline_stage="4",
        closed_date=at(25.5),
        first_agent_reply_date=at(29.5),
    )
    crowd.give(
        "tickets",
        ids[8:],
        30,
        hs_pipeline_stage="4",
        closed_date=at(29),
        first_agent_reply_date=at(29.9),
    )
    return crowd.portal


def low_score_and_delight() -> Portal:
    crowd = Crowd()
    sad, glad = crowd.add(10, (200, WON)), crowd.add(10, (200, MQL))
    answers = [*((one, "NPS", "0") for one in sad), *((one, "CSAT", "2") for one in glad)]
    crowd.portal.rows["feedback_submissions"] = [
        survey(str(50_000 + place), one, 0.001, kind, value)
        for place, (one, kind, value) in enumerate(answers)
    ]
    return crowd.portal


def lost_theme() -> Portal:
    crowd = Crowd()
    lost = crowd.add(12, (200, MQL))
    rivals, silent = "a rival was cheaper", ""
    crowd.portal.rows["deals"] = [
        deal(
            str(50_000 + place),
            one,
            [(150, "contractsent"), (50, "closedlost")],
            closed_lost_reason=rivals if place < 6 else silent,
            amount="100",
        )
        for place, one in enumerate(lost)
    ]
    crowd.add(8, (150, WARM))
    return crowd.portal


def silence() -> Portal:
    crowd = Crowd()
    ids = crowd.add(30, (80, MQL))
    for ago in (30, 25, 20, 15):
        crowd.give("notes", ids[:12], ago)
    for ago in (22, 17, 12, 7, 2):
        crowd.give("notes", ids[12:], ago)
    return crowd.portal


def no_show() -> Portal:
    crowd = Crowd()
    ids = crowd.add(20, (200, WON))
    crowd.give("meetings", ids[:15], 20, hs_meeting_outcome="COMPLETED")
    crowd.give("meetings", ids[12:14], 19, hs_meeting_outcome="CANCELED")
    crowd.give("meetings", ids[15:18], 19, hs_meeting_outcome="NO_SHOW")
    crowd.give("meetings", ids[15:20], 120, hs_meeting_outcome="COMPLETED")
    return crowd.portal


def list_fatigue() -> Portal:
    crowd = Crowd()
    ids = crowd.add(50, (200, WON))
    events = crowd.portal.rows.setdefault("email_events", [])

    def send(ago: float, kind: str, whom: list[str], **more: Any) -> None:
        for one in whom:
            events.append(mail_event(f"e{len(events)}", one, ago, kind, **more))

    for ago in (10, 20, 30, 40, 120):
        send(ago, "DELIVERED", ids)
    send(9, "SPAMREPORT", ids[:2])
    send(9, "STATUSCHANGE", ids[2:5], subscriptions=[{"id": 1}])
    send(119, "SPAMREPORT", ids[:1])
    return crowd.portal


def regression() -> Portal:
    crowd = Crowd()
    crowd.add(34, (50, WARM))
    crowd.add(6, (50, WARM), (40, MQL))
    return crowd.portal


def pain(rule: str, stage: str, subject: str = "", **numbers: Any) -> dict[str, Any]:
    return {"rule": rule, "stage": stage, "subject": subject, **numbers}


# 10 answers of 0.001 days ago: weight 100 each, halved every 90 days.
FRESH = 1000 * 0.5 ** (0.001 / 90)
EMOTION = FRESH / (FRESH + 250)

CASES: dict[str, tuple[Portal, list[dict[str, Any]]]] = {
    # median 18 against 1.5 × 10; of 40 present 20 are through; before it was 10
    "PP1": (
        slow_stage(),
        [
            pain(
                "PP1", "consideration", value=18.0, threshold=15.0, before=10.0, n=20, units=20,
                reach=0.5, intensity=0.2, trend=0.8, severity=44.0,
            )
        ],
    ),
    # 12 of 40 in consideration, 10 of 50 in awareness; P is 10 and 5 days
    "PP2 highest": (
        highest_drop_off(),
        [
            pain(
                "PP2", "consideration", value=0.3, threshold=0.2, before=None, n=40, units=12,
                reach=0.3, intensity=0.5, trend=0.0, severity=32.0,
            )
        ],
    ),
    # awareness 40 of 80 is the highest, 0.2 above 0.3, and far above its trailing 0 of 20;
    # consideration 12 of 40 against 2 of 20 and 10 points
    "PP2 trailing": (
        higher_drop_off(),
        [
            pain(
                "PP2", "awareness", value=0.5, threshold=0.1, before=0.0, n=80, units=40,
                reach=0.5, intensity=1.0, trend=1.0, severity=80.0,
            ),
            pain(
                "PP2", "consideration", value=0.3, threshold=0.2, before=0.1, n=40, units=12,
                reach=0.3, intensity=0.5, trend=1.0, severity=52.0,
            ),
        ],
    ),
    # six waited 12 hours, fourteen 30; before 24; the last ten are waiting still, and ten are old
    "PP3": (
        slow_hand_off(),
        [
            pain(
                "PP3", "consideration", value=30.0, threshold=24.0, before=24.0, n=20, units=14,
                reach=0.35, intensity=0.25, trend=0.25, severity=29.0,
            )
        ],
    ),
    # billing 6 of 20: 0.3 against 0.2 and against 1.5 × 0.1; product 3 of 20 grew by half, but
    # three units are too few to be told of
    "PP4": (
        ticket_theme(),
        [
            pain(
                "PP4", "service", "BILLING_ISSUE", value=0.3, threshold=0.15, before=0.1, n=20,
                units=6, reach=0.3, intensity=1.0, trend=1.0, severity=72.0,
            )
        ],
    ),
    # closing: 108 hours for eight of twelve against 72; answers: 12 hours against 24
    "PP5": (
        slow_help(),
        [
            pain(
                "PP5", "service", "close", value=108.0, threshold=72.0, before=None, n=12, units=8,
                reach=8 / 12, intensity=0.5, trend=0.0, severity=40 * 8 / 12 + 20,
            )
        ],
    ),
    "PP6 and DL1": (
        low_score_and_delight(),
        [
            pain(
                "PP6", "service", "voc.nps", value=-2 * EMOTION, threshold=-0.5, before=None, n=10,
                units=10, reach=1.0, intensity=1.0, trend=0.0, severity=80.0,
            ),
            pain(
                "DL1", "consideration", "voc.csat", value=2 * EMOTION, threshold=1.0, before=None,
                n=10, units=10, reach=1.0, intensity=2 * EMOTION - 1, trend=0.0,
                severity=40 + 40 * (2 * EMOTION - 1),
            ),
        ],
    ),
    # twelve losses in purchase, six to rivals; twenty were there
    "PP7": (
        lost_theme(),
        [
            pain(
                "PP7", "purchase", "competitor", value=0.5, threshold=0.25, before=None, n=12,
                units=6, reach=0.3, intensity=1.0, trend=0.0, severity=52.0,
            )
        ],
    ),
    # every gap is five days; twelve of thirty have heard nothing for fifteen
    "PP8": (
        silence(),
        [
            pain(
                "PP8", "consideration", value=0.4, threshold=0.2, before=None, n=30, units=12,
                reach=0.4, intensity=1.0, trend=0.0, severity=56.0,
            )
        ],
    ),
    # 5 of 20 cancelled or missed, none before
    "PP9": (
        no_show(),
        [
            pain(
                "PP9", "service", value=0.25, threshold=0.2, before=0.0, n=20, units=5,
                reach=0.25, intensity=0.25, trend=1.0, severity=40.0,
            )
        ],
    ),
    # 5 of 200 sends, 1 of 50 before: 2.5 against 1 %, not doubled
    "PP10": (
        list_fatigue(),
        [
            pain(
                "PP10", "service", value=0.025, threshold=0.01, before=0.02, n=200, units=5,
                reach=0.1, intensity=1.0, trend=0.25, severity=49.0,
            )
        ],
    ),
    # purchase: completed stays are 10 days, so P is; 6 of 40 moved back
    "PP11": (
        regression(),
        [
            pain(
                "PP11", "purchase", value=0.15, threshold=0.1, before=None, n=40, units=6,
                reach=0.15, intensity=0.5, trend=0.0, severity=26.0,
            )
        ],
    ),
}  # fmt: skip


def of_the_oracle(portal: Portal, as_of: datetime) -> dict[str, Any]:
    return oracle_export(portal, as_of=as_of)


EXPORTS = [
    pytest.param(of_the_oracle, id="oracle"),
    pytest.param(product_export, id="product"),
]


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("portal, expected", CASES.values(), ids=CASES)
def test_a_rule_fires_with_the_numbers_worked_out_by_hand(
    portal: Portal, expected: list[dict[str, Any]], export: Export
) -> None:
    journey = export(portal, AS_OF)["journeys"][0]

    assert (
        differences({"pains": expected}, {"pains": [*journey["pains"], *journey["delights"]]}) == []
    )


def met_or_not(advanced_met: int, advanced_others: int) -> Portal:
    """Forty meet a call within twenty days of consideration, forty do not; so many advance."""
    crowd = Crowd()
    met = crowd.add(advanced_met, (200, MQL), (180, WARM)) + crowd.add(
        40 - advanced_met, (200, MQL)
    )
    crowd.add(advanced_others, (200, MQL), (180, WARM))
    late = crowd.add(40 - advanced_others, (200, MQL))
    crowd.give("calls", met, 195, hs_call_direction="INBOUND")
    crowd.give("calls", late, 180, hs_call_direction="INBOUND")  # the landmark is past
    return crowd.portal


def exact_p(a: int, n1: int, c: int, n0: int) -> float:
    def ways(x: int) -> int:
        return math.comb(n1, x) * math.comb(n0, a + c - x)

    possible = range(max(0, a + c - n0), min(n1, a + c) + 1)
    rarer = sum(ways(x) for x in possible if ways(x) <= ways(a))
    return float(Fraction(rarer, math.comb(n1 + n0, a + c)))


@pytest.mark.parametrize(
    "table",
    [(32, 40, 16, 40), (3, 40, 0, 35), (30, 30, 29, 60), (200, 400, 150, 350), (1, 2, 1, 2)],
)
def test_fishers_test_is_exact(table: tuple[int, int, int, int]) -> None:
    assert fisher(*table) == pytest.approx(exact_p(*table), rel=1e-9)


MOMENTS: dict[str, tuple[int, int, dict[str, Any]]] = {
    # 0.8 against 0.4; SE² = 1/32 − 1/40 + 1/16 − 1/40
    "makes": (
        32, 16,
        {
            "advanced_exposed": 32, "advanced_not_exposed": 16, "ratio": 2.0, "verdict": "makes",
            "starred": True,
            "low": 2 * math.exp(-Z * math.sqrt(0.04375)),
            "high": 2 * math.exp(Z * math.sqrt(0.04375)),
        },
    ),
    "breaks": (10, 20, {"advanced_exposed": 10, "ratio": 0.5, "verdict": "breaks", "starred": True}),
    "no difference to speak of": (
        20, 18, {"ratio": 20 / 18, "verdict": "none", "starred": False},
    ),
    # three who advanced are too few to be told of; the ratio rests on forty
    "few who advanced": (
        30, 3,
        {
            "advanced_exposed": 30, "advanced_not_exposed": None, "withheld": "small_base",
            "ratio": 10.0, "verdict": "makes", "starred": True,
        },
    ),
    # 20.5/41 against 0.5/41
    "nobody of the others": (
        20, 0,
        {
            "advanced_exposed": 20, "advanced_not_exposed": 0, "ratio": 41.0, "verdict": "makes",
            "starred": True,
            "low": 41 * math.exp(-Z * math.sqrt(1 / 20.5 - 1 / 41 + 1 / 0.5 - 1 / 41)),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("met, others, expected", MOMENTS.values(), ids=MOMENTS)
def test_a_moment_of_truth_has_the_numbers_worked_out_by_hand(
    met: int, others: int, expected: dict[str, Any], export: Export
) -> None:
    journey = export(met_or_not(met, others), AS_OF)["journeys"][0]

    moments = {
        (row["stage"], row["key"]): row["moment_of_truth"]
        for row in journey["touchpoints"]
        if row["moment_of_truth"] is not None
    }
    p = exact_p(met, 40, others, 40)  # the only pair tested, so q is p
    known = {"exposed": 40, "not_exposed": 40, "p": p, "q": p, **expected}
    assert moments.keys() == {("consideration", "call.in")}
    assert differences(known, moments["consideration", "call.in"]) == []


@pytest.mark.parametrize("export", EXPORTS)
def test_onboarding_is_an_open_ticket_of_such_a_pipeline_while_in_service(export: Export) -> None:
    crowd = Crowd()
    crowd.portal.info.setdefault("pipelines", {})["tickets"] = [
        {
            "id": key,
            "label": label,
            "stages": [
                {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN"}},
                {"id": "4", "label": "Closed", "metadata": {"ticketState": "CLOSED"}},
            ],
        }
        for key, label in (("0", "Support"), ("7", "Customer kickoff"))
    ]
    served, before = crowd.add(20, (200, WON)), crowd.add(9, (200, WARM))
    crowd.give("tickets", served[:6], 30, hs_pipeline="7", hs_pipeline_stage="1")
    crowd.give("tickets", served[6:12], 30, hs_pipeline="7", hs_pipeline_stage="4")
    crowd.give("tickets", served[12:18], 30, hs_pipeline="0", hs_pipeline_stage="1")
    crowd.give("tickets", before, 30, hs_pipeline="7", hs_pipeline_stage="1")

    assert export(crowd.portal, AS_OF)["journeys"][0]["onboarding"] == 6
