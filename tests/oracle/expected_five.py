"""The dozen five times each: whatever has a unit has five.

The stays and thresholds behind these numbers stand in `expected.py`.
"""

from __future__ import annotations

from typing import Any

from oracle.expected import EMOTIONLESS, cell, complete, feels, withheld

CELLS: dict[str, list[dict[str, Any]]] = {
    "awareness": [
        cell(
            "everyone",
            in_stage=5, dormant=5, entered=20, units=45, decided=30,
            conversion=1.0,
            conversion_low=0.8864866068260312,  # 30 of 30: 1/(1 + z²/30)
            conversion_high=1.0,
            drop_off=0.0, regression=0.0,
            skip_rate=0.0,
            completed=35,  # five each of 5 20 20 30 30 60 92
            median_days=30.0,  # the 18th
            p90_days=92.0,  # h 30.6: the 31st and 32nd are 92
            open_median_days=41.0,
            touches_per_unit=4 / 9,
            # 112 opened a mail (296), 0.1, weight 20: five signals, 10 w/(100 w' + 250)
            emotion=feels(0.003931747977708592, 5, "inferred", "low"),
        ),
        cell(
            "persona_1",
            in_stage=5, dormant=5,
            entered=15,  # 101 103 105
            units=25,
            decided=10, conversion=1.0, conversion_low=0.7224672001371107, conversion_high=1.0,
            drop_off=0.0, regression=0.0, skip_rate=0.0,
            completed=15, median_days=30.0, p90_days=30.0,  # 20 30 30
            open_median_days=41.0,
            touches_per_unit=4 / 5,
            emotion=feels(0.003931747977708592, 5, "inferred", "low"),
        ),
        cell(
            "decision_maker",
            entered=5,  # 106
            units=10,  # 104 106
            decided=15, conversion=1.0, conversion_low=0.7961166989641514, conversion_high=1.0,
            drop_off=0.0, regression=0.0, skip_rate=0.0,
            completed=10,  # 60 and 5
            median_days=32.5,  # h 4.5: between 5 and 60
            p90_days=60.0,
            touches_per_unit=0.0,
        ),
        cell(
            "unassigned",
            units=10,  # 109 111
            decided=5, conversion=1.0, conversion_low=0.5655175352168252, conversion_high=1.0,
            drop_off=0.0, regression=0.0,
            completed=10, median_days=56.0, p90_days=92.0,  # 20 and 92
            touches_per_unit=0.0,
        ),
    ],
    "consideration": [
        cell(
            "everyone",
            in_stage=10, entered=30, units=30, decided=30,
            conversion=0.5,  # 104 106 109 of six
            conversion_low=0.33154125640533766, conversion_high=0.6684587435946623,
            drop_off=1 / 6,  # 111 lost
            regression=0.0,
            skip_rate=0.25,
            completed=20,  # 10 10 24 30
            median_days=17.0,  # h 9.5: between 10 and 24
            p90_days=30.0,
            open_median_days=65.0,  # 70 and 60
            touches_per_unit=1.0,
            emotion=feels(-0.1064663799430034, 35, "inferred", "medium"),
        ),
        cell(
            "persona_1",
            in_stage=10, entered=10, units=10, decided=10,
            conversion=0.0, conversion_low=0.0, conversion_high=0.2775327998628892,
            drop_off=0.0, regression=0.0,
            skip_rate=1 / 3,  # 105, against 102 103
            open_median_days=65.0,
            touches_per_unit=1.5,
            emotion=feels(-0.11776228326602384, 20, "inferred", "medium"),
        ),
        cell(
            "decision_maker",
            entered=10, units=10, decided=10,
            conversion=1.0, conversion_low=0.7224672001371107, conversion_high=1.0,
            drop_off=0.0, regression=0.0, skip_rate=0.0,
            completed=10, median_days=20.0, p90_days=30.0,  # 30 and 10
            touches_per_unit=0.5,
            emotion=feels(0.14894150531215153, 5, "inferred", "low"),
        ),
        cell(
            "unassigned",
            entered=10, units=10, decided=10,
            conversion=0.5, conversion_low=0.236593090512564, conversion_high=0.763406909487436,
            drop_off=0.5, regression=0.0,
            skip_rate=1 / 3,  # 111, against 109 111
            completed=10, median_days=17.0, p90_days=24.0,  # 10 and 24
            touches_per_unit=1.0,
            emotion=feels(-0.16916922299977433, 10, "inferred", "medium"),
        ),
    ],
    "purchase": [
        cell(
            "everyone",
            in_stage=15, entered=30, units=25, decided=15,
            conversion=1 / 3,  # 106
            conversion_low=0.1517632443971473, conversion_high=0.5828645226148023,
            drop_off=1 / 3,  # 109
            regression=1 / 3,  # 111
            skip_rate=0.0,
            completed=15, median_days=30.0, p90_days=30.0,  # 19 30 30
            open_median_days=22.0,  # 20 22 30
            touches_per_unit=0.8,
            # 104 busy −0.25 (20), weight 30; 109 lost on price −0.5 (35), weight 50
            emotion=feels(-0.22406981990052025, 10, "inferred", "medium"),
            open_amount=5500.0,  # 104: 1,000 EUR at 1.1, five times
        ),
        cell(
            "persona_1",
            in_stage=5, entered=5, units=5, skip_rate=0.0, open_median_days=20.0,
            touches_per_unit=1.0,
        ),
        cell(
            "decision_maker",
            in_stage=5, entered=10, units=10, decided=5,
            conversion=1.0, conversion_low=0.5655175352168252, conversion_high=1.0,
            drop_off=0.0, regression=0.0, skip_rate=0.0,
            completed=5, median_days=30.0, p90_days=30.0, open_median_days=30.0,
            touches_per_unit=0.5,
            emotion=feels(-0.08491227522418364, 5, "inferred", "low"),
            open_amount=5500.0,
        ),
        cell(
            "unassigned",
            in_stage=5, entered=15, units=10, decided=10,
            conversion=0.0, conversion_low=0.0, conversion_high=0.2775327998628892,
            drop_off=0.5, regression=0.5, skip_rate=0.0,
            completed=10, median_days=24.5, p90_days=30.0, open_median_days=22.0,  # 30 and 19
            touches_per_unit=1.0,
            emotion=feels(-0.21650789798061973, 5, "inferred", "low"),
        ),
    ],
    "service": [
        complete(
            in_stage=5, entered=5, units=20, decided=5,
            conversion=0.0, conversion_low=0.0, conversion_high=0.43448246478317476,
            drop_off=1.0, regression=0.0, skip_rate=0.0,
            completed=15, median_days=125.0, p90_days=338.0,  # 90 125 338
            open_median_days=40.0,
            # 106: won, ticket, onboarding, CSAT, service call; 107: review, CES, reply;
            # 108: ticket, message; 110: NPS, lost: twelve over four units
            touches_per_unit=3.0,
            # CSAT 2 → +2 (28), CES 6 of 1–7 → 4/3 (70), NPS 3 → −1.25 (80), weight 100
            emotion=feels(0.7058327529806168, 15, "measured", "medium"),
            nps=-100.0, nps_n=5, csat=1.0, csat_n=5, ces=6.0, ces_n=5,
            open_amount=1250.0,  # 106's next deal
            won_amount=10000.0,
        ),
        cell("persona_1"),
        cell(
            "decision_maker",
            in_stage=5, entered=5, units=15, skip_rate=0.0,
            completed=10, median_days=107.5, p90_days=125.0, open_median_days=40.0,  # 90 and 125
            touches_per_unit=10 / 3,
            emotion=feels(1.264884433445078, 10, "measured", "medium"),
            csat=1.0, csat_n=5, ces=6.0, ces_n=5,
            open_amount=1250.0, won_amount=10000.0,
        ),
        cell(
            "unassigned",
            units=5, decided=5,
            conversion=0.0, conversion_low=0.0, conversion_high=0.43448246478317476,
            drop_off=1.0, regression=0.0,
            completed=5, median_days=338.0, p90_days=338.0,
            touches_per_unit=2.0,
            emotion=feels(-0.6490557210315209, 5, "measured", "low"),
            nps=-100.0, nps_n=5,
        ),
    ],
    "loyalty": [
        cell(
            "everyone",
            in_stage=10, entered=10, units=10, skip_rate=0.0,
            open_median_days=17.5,  # 25 and 10
            touches_per_unit=1.0,  # 107: won; 108: NPS
            emotion=feels(0.9740070824337004, 5, "measured", "low"),  # NPS 9 → 1.5 (10)
            nps=100.0, nps_n=5,
            won_amount=16500.0,  # 107's renewal, 3,300 in home currency
        ),
        cell("persona_1"),
        cell(
            "decision_maker",
            in_stage=10, entered=10, units=10, skip_rate=0.0, open_median_days=17.5,
            touches_per_unit=1.0,
            emotion=feels(0.9740070824337004, 5, "measured", "low"),
            nps=100.0, nps_n=5, won_amount=16500.0,
        ),
        cell("unassigned"),
    ],
}  # fmt: skip

PERSONAS: list[dict[str, Any]] = [
    {
        "key": "everyone",
        "units": 60,
        "share": 1.0,
        "win_rate": 0.4,
        "average_order_value": 2650.0,  # (2,000 + 3,300) / 2
        "repeat_rate": 1 / 3,  # 107 of 106 107 110
        "cycle_days": 45.0,  # 106: first seen 85, bought 40
    },
    {
        "key": "persona_1",
        "units": 25,
        "share": 5 / 12,
        **withheld("win_rate", "average_order_value", "repeat_rate", "cycle_days"),
        "withheld": "small_base",  # rates of nothing
    },
    {
        "key": "decision_maker",
        "units": 20,
        "share": 1 / 3,
        "win_rate": 1.0,
        "average_order_value": 2650.0,
        "repeat_rate": 0.5,
        "cycle_days": 45.0,
    },
    {
        "key": "unassigned",
        "units": 15,
        "share": 0.25,
        "win_rate": 0.0,
        "average_order_value": None,
        "repeat_rate": 0.0,  # 110
        "cycle_days": None,
        "withheld": "small_base",
    },
]

OUTCOMES = {"lost": 5, "churned": 5, "dormant": 5, "unmapped": 5}

# (stage, touchpoint): touches, units, reach, emotion; five times each. Once, every row is withheld.
TOUCHPOINTS: dict[tuple[str, str], tuple[int, int, float, dict[str, Any]]] = {
    ("awareness", "src.organic"): (5, 5, 1 / 9, EMOTIONLESS),  # 101
    ("awareness", "web.page"): (10, 5, 1 / 9, EMOTIONLESS),  # 101: two of the three views are one
    ("awareness", "web.form"): (5, 5, 1 / 9, EMOTIONLESS),  # 105
    # 102: click 0.4 (58) and unsubscribed −1.5 (57), weight 20; the open before the click is none
    ("consideration", "mail.marketing"): (
        5, 5, 1 / 6, feels(-0.18791024643531928, 10, "inferred", "medium"),
    ),
    ("consideration", "meet.first"): (
        5, 5, 1 / 6, feels(0.25131931625201953, 5, "inferred", "low"),
    ),  # 103
    ("consideration", "meet.follow"): (
        5, 5, 1 / 6, feels(-0.25779451037340406, 5, "inferred", "low"),
    ),  # 103
    ("consideration", "call.out"): (
        5, 5, 1 / 6, feels(0.14894150531215153, 5, "inferred", "low"),
    ),  # 104
    ("consideration", "mail.sales"): (
        5, 5, 1 / 6, feels(0.019394167024706345, 5, "inferred", "low"),
    ),  # 109: opened; the scheduled one is none
    ("consideration", "sales.lost"): (
        5, 5, 1 / 6, feels(-0.20710678118654752, 5, "inferred", "low"),
    ),  # 111
    ("purchase", "call.out"): (
        5, 5, 1 / 5, feels(-0.08491227522418364, 5, "inferred", "low"),
    ),  # 104: busy
    ("purchase", "sales.quote"): (5, 5, 1 / 5, EMOTIONLESS),  # 105
    ("purchase", "sales.lost"): (
        5, 5, 1 / 5, feels(-0.21650789798061973, 5, "inferred", "low"),
    ),  # 109
    ("purchase", "post.mail"): (5, 5, 1 / 5, EMOTIONLESS),  # 111
    # 106's win in W; the signals of 107 (150) and 110 (350) count as well
    ("service", "sales.won"): (5, 5, 1 / 4, feels(0.7915677049519333, 15, "inferred", "medium")),
    # 106: HIGH −1 (30), closed in a third of the target +0.5 (29); 108: URGENT −1.5 (50), overdue
    # −1.5 (48); weight 60
    ("service", "svc.ticket"): (10, 10, 1 / 2, feels(-0.6452516696105121, 20, "inferred", "medium")),
    ("service", "meet.onboard"): (
        5, 5, 1 / 4, feels(0.3051060970497183, 5, "inferred", "low"),
    ),  # 106
    ("service", "voc.csat"): (5, 5, 1 / 4, feels(1.234315382645294, 5, "measured", "low")),
    ("service", "call.service"): (
        5, 5, 1 / 4, feels(-0.08191598593034936, 5, "inferred", "low"),
    ),  # 106
    ("service", "meet.review"): (
        5, 5, 1 / 4, feels(-0.3016876302814108, 5, "inferred", "low"),
    ),  # 107: not there, 70 days after the purchase
    ("service", "voc.ces"): (5, 5, 1 / 4, feels(0.7179096261144349, 5, "measured", "low")),
    ("service", "mail.reply"): (
        5, 5, 1 / 4, feels(0.14636136936973954, 5, "inferred", "low"),
    ),  # 107
    ("service", "msg.chat"): (5, 5, 1 / 4, EMOTIONLESS),  # 108
    ("service", "voc.nps"): (5, 5, 1 / 4, feels(-0.6490557210315209, 5, "measured", "low")),
    ("service", "sales.lost"): (
        5, 5, 1 / 4, feels(-0.47691152560841604, 5, "inferred", "low"),
    ),  # 110: to a competitor
    ("loyalty", "sales.won"): (5, 5, 1 / 2, feels(0.6780194034238717, 5, "inferred", "low")),
    ("loyalty", "voc.nps"): (5, 5, 1 / 2, feels(0.9740070824337004, 5, "measured", "low")),
}  # fmt: skip

PAINS: list[dict[str, Any]] = [
    {
        # 111 is lost, of six decided; the only other stage with thirty lost nobody
        "rule": "PP2", "stage": "consideration", "subject": "", "unit": "share",
        "value": 1 / 6, "threshold": 0.0, "before": None, "n": 30, "units": 5,
        "reach": 1 / 6, "intensity": 1.0, "trend": 0.0, "severity": 40 / 6 + 40,
    },
    {
        # 110: NPS 3 (80), of 106 107 108 110 in service
        "rule": "PP6", "stage": "service", "subject": "voc.nps", "unit": "score",
        "value": -0.6490557210315209, "threshold": -0.5, "before": None, "n": 5, "units": 5,
        "reach": 0.25, "intensity": 0.2981114420630418, "trend": 0.0,
        "severity": 10 + 40 * 0.2981114420630418,
    },
]  # fmt: skip
DELIGHTS: list[dict[str, Any]] = [
    {
        # 106: CSAT 2 (28), w = 500 · 2^(−28/90) = 403.0067; 2 w / (w + 250)
        "rule": "DL1", "stage": "service", "subject": "voc.csat", "unit": "score",
        "value": 1.234315382645294, "threshold": 1.0, "before": None, "n": 5, "units": 5,
        "reach": 0.25, "intensity": 0.234315382645294, "trend": 0.0,
        "severity": 10 + 40 * 0.234315382645294,
    },
]  # fmt: skip
OPPORTUNITIES: list[dict[str, Any]] = [
    # Open and lost, five times: A 0, C 600 (111), P 1,100 + 400 (104 109), S 250 + 500 (106 110),
    # L 0: ranks 12.5, 50, 100, 75, 12.5
    {
        "rule": "PP2", "stage": "consideration", "subject": "", "state": "active",
        "customer_value": 40 / 6 + 40, "business_value": 50.0, "value": 20 / 6 + 45,
        "effort": 3.0, "is_effort_set": False, "priority": 29.0,
    },
    {
        "rule": "PP6", "stage": "service", "subject": "voc.nps", "state": "active",
        "customer_value": 10 + 40 * 0.2981114420630418, "business_value": 75.0,
        "value": 42.5 + 20 * 0.2981114420630418, "effort": 3.0, "is_effort_set": False,
        "priority": 0.6 * (42.5 + 20 * 0.2981114420630418),
    },
]  # fmt: skip
