"""The dozen once: all that has fewer than five units behind it is withheld.

The stays and thresholds behind these numbers stand in `expected.py`.
"""

from __future__ import annotations

from typing import Any

from oracle.expected import cell, feels, withheld

CELLS: dict[str, list[dict[str, Any]]] = {
    "awareness": [
        cell(
            "everyone",
            **withheld("in_stage"),  # 101
            **withheld("dormant"),  # 112
            **withheld("entered"),  # 101 103 105 106: four units
            units=9,  # all but 107 108 110, who left before W
            decided=6,
            conversion=1.0,  # all six went forward
            conversion_low=0.6096657120978347,  # Wilson, 6 of 6: 1/(1 + z²/6)
            conversion_high=1.0,
            drop_off=0.0,
            regression=0.0,
            skip_rate=None,  # 0 of 4 entered, four units
            completed=7,  # 102 103 104 105 106 109 111: 5 20 20 30 30 60 92
            median_days=30.0,
            p90_days=72.8,  # h 5.4: 60 + 0.4·32
            touches_per_unit=4 / 9,  # 101: first visit, two page views; 105: form
        ),
        # 101 102 103 105 112; 2 decided, 3 entered, 3 completed: all too few
        cell(
            "persona_1",
            **withheld("in_stage", "dormant", "entered", "decided", "completed"),
            units=5,
            touches_per_unit=4 / 5,
        ),
        # 104 106 in W, 106 entered, 104 106 108 decided, 104 106 completed
        cell("decision_maker", **withheld("entered", "units", "decided", "completed")),
        # 109 111 in W, 109 decided, 109 111 completed
        cell("unassigned", **withheld("units", "decided", "completed")),
    ],
    "consideration": [
        cell(
            "everyone",
            **withheld("in_stage"),  # 102 103
            entered=6,  # 102 103 104 106 109 111
            units=6,
            skip_rate=0.25,  # skipped by 105 and 111 in W: 2 / (2 + 6), seven units
            **withheld("completed"),  # 104 106 109 111
            touches_per_unit=1.0,  # 102: mail; 103: two meetings; 104: call; 109: mail; 111: lost
            # inferred, seven signals of five units: 102 click 0.4 (58), unsubscribed −1.5 (57),
            # weight 20; 103 meetings ±0.75 (60, 55), weight 40; 104 connected 0.5 (45), weight 30;
            # 109 opened 0.1 (66), weight 20; 111 lost without reason −0.5 (45), weight 50;
            # each weight times 0.5^(age/90); Σ w·score / (Σ w + 250)
            emotion=feels(-0.05265109564970782, 7, "inferred", "low"),
        ),
        cell("persona_1", **withheld("in_stage", "entered", "units")),
        cell("decision_maker", **withheld("entered", "units", "completed")),
        cell("unassigned", **withheld("entered", "units", "completed")),
    ],
    "purchase": [
        cell(
            "everyone",
            **withheld("in_stage"),  # 104 105 111
            entered=6,  # 104 105 106 109 and 111 twice: five units
            units=5,
            skip_rate=0.0,  # those of 108 and 110 were before W
            **withheld("completed"),  # 106 109 111
            touches_per_unit=0.8,  # 104: call; 105: quote; 109: lost; 111: postal mail
            **withheld("open_amount"),  # 104 alone
        ),
        cell("persona_1", **withheld("in_stage", "entered", "units")),
        cell(
            "decision_maker",
            **withheld("in_stage", "entered", "units", "completed", "open_amount"),
        ),
        # 111's open deal is in CAD without a rate: not added up, so the sum is of nothing
        cell("unassigned", **withheld("in_stage", "entered", "units", "completed")),
    ],
    "service": [
        cell(
            "everyone",
            **withheld("in_stage", "entered"),  # 106
            **withheld("units"),  # 106 107 108 110
            **withheld("decided"),  # 107 108
            **withheld("completed"),  # 107 108 110
            **withheld("nps_n", "csat_n", "ces_n"),  # 110; 106; 107
            **withheld("open_amount", "won_amount"),  # 106
        ),
        cell("persona_1"),
        cell(
            "decision_maker",
            **withheld("in_stage", "entered", "units", "decided", "completed"),
            **withheld("csat_n", "ces_n", "open_amount", "won_amount"),
        ),
        cell("unassigned", **withheld("units", "completed", "nps_n")),
    ],
    "loyalty": [
        cell(
            "everyone",
            **withheld("in_stage", "entered", "units"),  # 107 108
            **withheld("nps_n"),  # 108
            **withheld("won_amount"),  # 107
        ),
        cell("persona_1"),
        cell("decision_maker", **withheld("in_stage", "entered", "units", "nps_n", "won_amount")),
        cell("unassigned"),
    ],
}

PERSONAS: list[dict[str, Any]] = [
    {
        "key": "everyone",
        "units": 12,
        "share": 1.0,
        "win_rate": 0.4,  # closed in W: 106 and 107 won, 109 110 111 lost; five units
        "average_order_value": None,  # two units
        "repeat_rate": None,  # 106 107 110 ever won
        "cycle_days": None,  # 106
        "withheld": "small_base",
    },
    {
        "key": "persona_1",
        "units": 5,
        "share": 5 / 12,
        **withheld("win_rate", "average_order_value", "repeat_rate", "cycle_days"),
        "withheld": "small_base",
    },
    {
        "key": "decision_maker",
        "units": None,
        "share": 4 / 12,  # its base is all twelve
        **withheld("win_rate", "average_order_value", "repeat_rate", "cycle_days"),
        "withheld": "small_base",
    },
    {
        "key": "unassigned",
        "units": None,
        "share": 3 / 12,
        **withheld("win_rate", "average_order_value", "repeat_rate", "cycle_days"),
        "withheld": "small_base",
    },
]

OUTCOMES = {
    **withheld("lost", "churned", "dormant", "unmapped"),  # 109; 110; 112; 112
    "withheld": "small_base",
}
