"""What the map must say of the dozen, worked out by hand from the journey model.

T is the dozen's `AS_OF`; every time below is in days before T, W is [90, 0). The stays (A awareness,
C consideration, P purchase, S service, L loyalty; F forward, R regression; skips in brackets):

    101 persona_1       A 41-                  first touch (41) before creation (40); Nurture is A
    102 persona_1       A 100-70 F, C 70-      MQL 70; SQL 50 is no move
    103 persona_1       A 80-60 F, C 60-       meeting held 60; the one of 55 was cancelled
    104 decision_maker  A 120-60 F, C 60-30 F, P 30-          deal 0.2 at 60, 0.8 at 30
    105 persona_1       A 50-20 F, P 20-       quote 20                          [C at 20]
    106 decision_maker  A 85-80 F, C 80-70 F, P 70-40 F, S 40-   deal 0.4, 0.6, won
    107 decision_maker  A 200-190 F, P 190-150 F, S 150-25 F, L 25-   renewal won  [C at 190]
    108 decision_maker  A 130-100 F, S 100-10 F, L 10-   customer; NPS 9          [C, P at 100]
    109 unassigned      A 95-75 F, C 75-65 F, P 65-35 lost
    110 unassigned      A 400-350 F, S 350-12 churned    renewal lost             [C, P at 350]
    111 unassigned      A 180-88 F, P 88-69 R, C 69-45 lost, P 22-   re-opened    [C at 88]
    112 persona_1       A 300-                 dormant (last touch 295); "Parked" is unmapped

P, the P90 of all completed stays (90 days while fewer than 5 are completed), and whose stays were
therefore decided, that is entered in [P + 90, P):

    stage  completed lengths (once each)         once: P, decided       five times each: P, decided
    A      5 10 20 20 30 30 30 50 60 92          h 8.1: 60 + 0.1·32     h 44.1: also 60 + 0.1·32
           = 63.2                                102 103 104 106 108 109  the same, 30 stays
    C      10 10 24 30                           90, none               h 17.1: 30; 102 103 104 106
                                                                        109 111
    P      19 30 30 40                           90, none               h 17.1: 40; 106 109 111 (88)
    S      90 125 338                            90, 107 108            h 12.6: 338; 110
    L      none                                  90, none               90, none
"""

from __future__ import annotations

from typing import Any

EMOTIONLESS = {
    "score": None,
    "n": None,
    "evidence": "none",
    "confidence": None,
    "withheld": "small_base",
}


def feels(score: float, n: int, evidence: str, confidence: str) -> dict[str, Any]:
    return {"score": score, "n": n, "evidence": evidence, "confidence": confidence}


def cell(persona: str, **numbers: Any) -> dict[str, Any]:
    """Make a cell of which nothing is to be said but *numbers*: counts 0, rates withheld.

    Such a cell lacks at least one number for want of a base, if only a survey's.
    """
    return {
        "persona": persona,
        "in_stage": 0, "dormant": 0, "entered": 0, "units": 0, "decided": 0,
        "conversion": None, "conversion_low": None, "conversion_high": None,
        "drop_off": None, "regression": None, "skip_rate": None,
        "completed": 0, "median_days": None, "p90_days": None, "open_median_days": None,
        "touches_per_unit": None, "emotion": EMOTIONLESS,
        "nps": None, "nps_n": 0, "csat": None, "csat_n": 0, "ces": None, "ces_n": 0,
        "open_amount": 0, "won_amount": 0, "withheld": "small_base",
        **numbers,
    }  # fmt: skip


def complete(**numbers: Any) -> dict[str, Any]:
    """Make Everyone's cell in which nothing is withheld."""
    return {
        name: value for name, value in cell("everyone", **numbers).items() if name != "withheld"
    }


def withheld(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)
