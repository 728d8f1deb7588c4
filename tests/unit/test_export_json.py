"""The JSON export is a contract with other people's programs: it is compared byte for byte."""

from __future__ import annotations

import json as stdlib_json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from cjm_sync.journey.types import (
    Cell,
    Coverage,
    Emotion,
    Gap,
    Journey,
    JourneyMap,
    MetricChange,
    MomentOfTruth,
    Opportunity,
    Outcomes,
    Pain,
    Persona,
    Stage,
    Touchpoint,
)
from cjm_sync.ports import ExporterPlugin
from cjm_sync_files import json, svg

NOTHING = Emotion(score=None, n=None, evidence="none", confidence=None)
AS_OF = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

EVERYONE_CELL = Cell(
    persona="everyone",
    in_stage=12,
    dormant=0,
    entered=9,
    units=20,
    decided=10,
    conversion=0.1 + 0.2,
    conversion_low=0.1,
    conversion_high=0.6,
    drop_off=0.2,
    regression=0.0,
    skip_rate=None,
    completed=7,
    median_days=1 / 3,
    p90_days=40.0,
    open_median_days=1e-07,
    touches_per_unit=2.5,
    emotion=Emotion(score=-0.4, n=11, evidence="inferred", confidence="medium"),
    nps=-12.5,
    nps_n=8,
    csat=None,
    csat_n=None,
    ces=None,
    ces_n=0,
    open_amount=1e16,
    won_amount=0.0,
    withheld=True,
)

MAP = JourneyMap(
    as_of=AS_OF,
    journeys=(
        Journey(
            key="sales",
            name='Vente « été » "日本"',
            unit="contact",
            units=21,
            stages=(Stage("awareness", "Awareness", 1, (EVERYONE_CELL,)),),
            touchpoints=(
                Touchpoint(
                    key="meet.first",
                    label="First meeting or demo",
                    stage="awareness",
                    channel="Meeting",
                    touches=6,
                    units=6,
                    reach=0.3,
                    emotion=Emotion(None, None, "none", None, withheld=True),
                    moment_of_truth=MomentOfTruth(
                        31, 40, 20, 10, 2.58, 1.42, 4.69, 0.001, 0.004, "makes", starred=True
                    ),
                ),
                Touchpoint(
                    key="note",
                    label="Logged note",
                    stage="awareness",
                    channel="Manual",
                    touches=None,
                    units=None,
                    reach=None,
                    emotion=NOTHING,
                    withheld=True,
                ),
            ),
            personas=(
                Persona(
                    key="everyone",
                    label="Everyone",
                    units=21,
                    share=1.0,
                    win_rate=0.5,
                    average_order_value=1234.5,
                    repeat_rate=None,
                    cycle_days=33.25,
                    withheld=True,
                ),
            ),
            outcomes=Outcomes(lost=5, churned=None, dormant=0, unmapped=0, withheld=True),
        ),
    ),
)

GOLDEN = """\
{
  "schema": 1,
  "as_of": "2026-11-21T09:30:00.000Z",
  "journeys": [
    {
      "key": "sales",
      "name": "Vente « été » \\"日本\\"",
      "unit": "contact",
      "units": 21,
      "stages": [
        {
          "key": "awareness",
          "label": "Awareness",
          "order": 1,
          "cells": [
            {
              "persona": "everyone",
              "in_stage": 12,
              "dormant": 0,
              "entered": 9,
              "units": 20,
              "decided": 10,
              "conversion": 0.30000000000000004,
              "conversion_low": 0.1,
              "conversion_high": 0.6,
              "drop_off": 0.2,
              "regression": 0.0,
              "skip_rate": null,
              "completed": 7,
              "median_days": 0.3333333333333333,
              "p90_days": 40.0,
              "open_median_days": 1e-07,
              "touches_per_unit": 2.5,
              "emotion": {
                "score": -0.4,
                "n": 11,
                "evidence": "inferred",
                "confidence": "medium"
              },
              "nps": -12.5,
              "nps_n": 8,
              "csat": null,
              "csat_n": null,
              "ces": null,
              "ces_n": 0,
              "open_amount": 1e+16,
              "won_amount": 0.0,
              "withheld": "small_base"
            }
          ]
        }
      ],
      "touchpoints": [
        {
          "key": "meet.first",
          "stage": "awareness",
          "channel": "Meeting",
          "touches": 6,
          "units": 6,
          "reach": 0.3,
          "emotion": {
            "score": null,
            "n": null,
            "evidence": "none",
            "confidence": null,
            "withheld": "small_base"
          },
          "moment_of_truth": {
            "exposed": 31,
            "not_exposed": 40,
            "advanced_exposed": 20,
            "advanced_not_exposed": 10,
            "ratio": 2.58,
            "low": 1.42,
            "high": 4.69,
            "p": 0.001,
            "q": 0.004,
            "verdict": "makes",
            "starred": true
          }
        },
        {
          "key": "note",
          "stage": "awareness",
          "channel": "Manual",
          "touches": null,
          "units": null,
          "reach": null,
          "emotion": {
            "score": null,
            "n": null,
            "evidence": "none",
            "confidence": null
          },
          "moment_of_truth": null,
          "withheld": "small_base"
        }
      ],
      "personas": [
        {
          "key": "everyone",
          "label": "Everyone",
          "units": 21,
          "share": 1.0,
          "win_rate": 0.5,
          "average_order_value": 1234.5,
          "repeat_rate": null,
          "cycle_days": 33.25,
          "withheld": "small_base"
        }
      ],
      "outcomes": {
        "lost": 5,
        "churned": null,
        "dormant": 0,
        "unmapped": 0,
        "withheld": "small_base"
      },
      "pains": null,
      "delights": null,
      "opportunities": null,
      "coverage": null,
      "changes": null,
      "onboarding": null
    }
  ]
}
"""


INSIGHTS = """\
      "pains": [
        {
          "rule": "PP9",
          "stage": "purchase",
          "subject": "",
          "label": "No-show",
          "unit": "share",
          "severity": 61.5,
          "reach": 0.5,
          "intensity": 1.0,
          "trend": 0.075,
          "value": 0.6,
          "threshold": 0.2,
          "before": null,
          "n": 55,
          "units": 40
        }
      ],
      "delights": [
        {
          "rule": "DL1",
          "stage": "purchase",
          "subject": "voc.nps",
          "label": "No-show",
          "unit": "score",
          "severity": 61.5,
          "reach": 0.5,
          "intensity": 1.0,
          "trend": 0.075,
          "value": 0.6,
          "threshold": 0.2,
          "before": 1.0,
          "n": 55,
          "units": 40
        }
      ],
      "opportunities": [
        {
          "rule": "PP9",
          "stage": "purchase",
          "subject": "",
          "label": "No-show",
          "state": "active",
          "customer_value": 61.5,
          "business_value": null,
          "value": 61.5,
          "effort": 3.0,
          "is_effort_set": false,
          "priority": 36.9
        }
      ],
      "coverage": {
        "unassigned_share": 0.125,
        "gaps": [
          {
            "kind": "drift",
            "subject": "user",
            "label": "User",
            "count": null,
            "share": 0.25,
            "withheld": "small_base"
          }
        ]
      },
      "changes": [
        {
          "stage": "service",
          "persona": "everyone",
          "metric": "entered",
          "now": 12.0,
          "day_before": 11.0,
          "month_before": null
        }
      ],
      "onboarding": 7,
      "withheld": "small_base"
    }
  ]
}
"""


def with_cell(**changes: object) -> JourneyMap:
    journey = MAP.journeys[0]
    cell = replace(EVERYONE_CELL, **changes)  # type: ignore[arg-type]
    stage = replace(journey.stages[0], cells=(cell,))
    return replace(MAP, journeys=(replace(journey, stages=(stage,)),))


def test_the_export_is_the_documented_json_to_the_byte() -> None:
    assert json.export(MAP).decode() == GOLDEN


def test_insights_are_the_documented_json_to_the_byte() -> None:
    pain = Pain(
        "PP9", "purchase", "", "No-show", "share", 61.5, 0.5, 1.0, 0.075, 0.6, 0.2, None, 55, 40
    )
    delight = replace(pain, rule="DL1", subject="voc.nps", unit="score", before=1)
    journey = replace(
        MAP.journeys[0],
        pains=(pain,),
        delights=(delight,),
        opportunities=(
            Opportunity(
                "PP9",
                "purchase",
                "",
                "No-show",
                "active",
                61.5,
                None,
                61.5,
                3.0,
                is_effort_set=False,
                priority=36.9,
            ),
        ),
        coverage=Coverage((Gap("drift", "user", "User", None, 0.25, withheld=True),), 0.125),
        changes=(MetricChange("service", "everyone", "entered", 12, 11.0, None),),
        onboarding=7,
        withheld=True,
    )
    exported = json.export(replace(MAP, journeys=(journey,))).decode()
    tail = exported[exported.index('      "pains"') :]

    assert tail == INSIGHTS


def test_nothing_found_is_an_empty_list_and_not_computed_is_null() -> None:
    journey = replace(MAP.journeys[0], pains=(), delights=(), opportunities=(), changes=())
    written = stdlib_json.loads(json.export(replace(MAP, journeys=(journey,))))["journeys"][0]

    assert [written[key] for key in ("pains", "delights", "opportunities", "changes")] == [[]] * 4
    assert (written["coverage"], written["onboarding"]) == (None, None)


def test_a_persons_own_emotion_stands_beside_the_computed_one_where_there_is_one() -> None:
    emotion = replace(EVERYONE_CELL.emotion, override=1.5)
    written = stdlib_json.loads(json.export(with_cell(emotion=emotion)))
    cell = written["journeys"][0]["stages"][0]["cells"][0]

    assert cell["emotion"]["override"] == 1.5
    assert cell["emotion"]["score"] == -0.4
    assert "override" not in json.export(MAP).decode()


def test_an_empty_map_is_still_the_documented_object() -> None:
    exported = json.export(JourneyMap(AS_OF, ()))

    assert (
        exported
        == b'{\n  "schema": 1,\n  "as_of": "2026-11-21T09:30:00.000Z",\n  "journeys": []\n}\n'
    )


def test_a_whole_number_computed_as_an_integer_prints_like_the_equal_float() -> None:
    as_float = with_cell(won_amount=3.0)

    for equal in (with_cell(won_amount=3), with_cell(won_amount=np.float64(3.0))):
        assert json.export(equal) == json.export(as_float)


def test_minus_zero_prints_like_the_zero_it_equals() -> None:
    assert json.export(with_cell(drop_off=-0.0)) == json.export(with_cell(drop_off=0.0))


def test_a_count_from_numpy_prints_as_a_number() -> None:
    assert json.export(with_cell(in_stage=np.int64(12))) == json.export(MAP)


def test_the_time_is_utc_to_the_millisecond_whatever_zone_it_came_in() -> None:
    moment = datetime(2026, 11, 21, 23, 30, 1, 234_999, tzinfo=timezone(timedelta(hours=9)))

    exported = stdlib_json.loads(json.export(replace(MAP, as_of=moment)))

    assert exported["as_of"] == "2026-11-21T14:30:01.234Z"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_hold_is_never_written(number: float) -> None:
    with pytest.raises(AssertionError):
        json.export(with_cell(median_days=number))


def test_half_a_surrogate_pair_in_a_label_survives_as_its_escape() -> None:
    journey = replace(MAP.journeys[0], name="broken \ud83d label")

    exported = json.export(replace(MAP, journeys=(journey,)))

    assert stdlib_json.loads(exported)["journeys"][0]["name"] == "broken \ud83d label"


@pytest.mark.parametrize(("exporter", "suffix"), [(json, ".json"), (svg, ".svg")])
def test_an_exporter_names_the_ending_of_its_files_and_writes_text(
    exporter: ExporterPlugin, suffix: str
) -> None:
    assert exporter.suffix == suffix
    assert exporter.is_text
    assert exporter.export(MAP).decode("utf-8").endswith("\n")
