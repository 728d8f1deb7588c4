"""Records with absurd values: each becomes a finding at most, and the run ends done."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample.small import small_portal
from scenarios.cli_world import LOOPBACK, Desk, Ran, open_desk

pytestmark = LOOPBACK

HUGE = "Ä" * 1_000_000
NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e308",
    "1_000",
    "٣",
    "0x10",
    "",
    " ",
    "12 kr",
)
TIMES = (
    "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00Z",
    "soon",
    "-62135596800001",
    "99999999999999999999",
    "1e30",
    "2026-13-45T99:99:99Z",
    "",
)
OBJECTS = (
    *("contacts", "companies", "deals", "tickets", "calls", "emails", "notes", "tasks"),
    *("meetings", "feedback_submissions", "quotes", "communications", "postal_mail"),
)
WHEN = "2026-10-01T09:00:00Z"


def row(id_: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {
        "id": id_,
        "properties": properties,
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "associations": {},
    }
    return made | more


def link(portal: Portal) -> dict[str, list[str]]:
    return {"contacts": [portal.rows["contacts"][0]["id"]]}


def huge_texts(portal: Portal) -> None:
    for name in ("hs_persona", "country", "lifecyclestage", "email", "hs_merged_object_ids"):
        portal.rows["contacts"][0]["properties"][name] = HUGE
    portal.rows["deals"][0]["properties"] |= {"amount": "9" * 100_000, "closed_lost_reason": HUGE}


def control_characters(portal: Portal) -> None:
    for place in portal.rows["contacts"][:6]:
        place["properties"] |= {
            "country": "Swe\x00den",
            "hs_persona": "per\x00sona\u2028",
            "email": "a\x00b@x.example\ud83d",
            "hs_analytics_source": "\x1b[31mRED",
        }


def nested_values(portal: Portal) -> None:
    for number, place in enumerate(portal.rows["contacts"]):
        inner: Any = ({"a": [1, {"b": None}]}, [1, 2], True, 17, 1.5)[number % 5]
        place["properties"] |= {"country": inner, "hs_persona": inner, "lifecyclestage": inner}
    portal.rows["deals"][0]["properties"] |= {
        "closed_lost_reason": {"value": 1},
        "pipeline": ["default"],
    }


def absurd_numbers(portal: Portal) -> None:
    portal.rows["deals"] = [
        row(
            str(700 + number),
            {
                "amount": text,
                "amount_in_home_currency": text,
                "hs_exchange_rate": text,
                "deal_currency_code": "SEK",
                "pipeline": "default",
                "dealstage": "closedwon",
            },
            associations=link(portal),
            history={
                "dealstage": [{"value": "closedwon", "timestamp": WHEN, "sourceType": "CRM_UI"}]
            },
        )
        for number, text in enumerate(NUMBERS * 2)
    ]
    for number, place in enumerate(portal.rows["companies"]):
        place["properties"]["numberofemployees"] = NUMBERS[number]


def absurd_times(portal: Portal) -> None:
    for kind, rows in portal.rows.items():
        if kind not in OBJECTS:
            continue
        for number, place in enumerate(rows):
            text = TIMES[number % len(TIMES)]
            place["properties"] |= {"hs_timestamp": text, "createdate": text, "closed_date": text}
    for number, place in enumerate(portal.rows["contacts"]):
        for change in place["history"]["lifecyclestage"]:
            change["timestamp"] = TIMES[number % len(TIMES)]


def odd_probabilities(portal: Portal) -> None:
    for pipeline in portal.info["pipelines"]["deals"]:
        for stage, text in zip(
            pipeline["stages"], ("-1", "7", "NaN", "", "much", "1e999"), strict=False
        ):
            stage["metadata"]["probability"] = text


def empty_pipelines(portal: Portal) -> None:
    for pipeline in portal.info["pipelines"]["deals"]:
        pipeline["stages"] = []
    portal.info["pipelines"]["tickets"] = []


def null_stages(portal: Portal) -> None:
    for place in portal.rows["deals"]:
        place["properties"] |= {"dealstage": None, "pipeline": None}
        place["history"] = {}
    for place in portal.rows["contacts"][:5]:
        place["properties"]["lifecyclestage"] = None
        place["history"] = {"lifecyclestage": [{"value": None, "timestamp": None}]}


def answers_out_of_scale(portal: Portal) -> None:
    portal.rows["feedback_submissions"] = [
        row(
            str(800 + number),
            {
                "hs_survey_type": ("NPS", "CSAT", "CES", "MOOD", None)[number % 5],
                "hs_value": ("11", "-1", "8.5", "1e999", "NaN", "great", None)[number % 7],
                "hs_sentiment": ("ANGRY", None)[number % 2],
                "hs_submission_timestamp": WHEN,
                "hs_survey_channel": "PIGEON",
            },
            associations=link(portal),
        )
        for number in range(35)
    ]


def unknown_options(portal: Portal) -> None:
    for place in portal.rows["contacts"]:
        place["properties"] |= {"hs_analytics_source": "PIGEON", "hs_persona": "persona_99"}
    for name, kind in (("hs_call_direction", "calls"), ("hs_email_direction", "emails")):
        for place in portal.rows[kind]:
            place["properties"][name] = "SIDEWAYS"


def circular_merges(portal: Portal) -> None:
    one, two, three, *_ = portal.rows["contacts"]
    for survivor, former in ((one, two), (two, three), (three, one)):
        survivor["properties"]["hs_merged_object_ids"] = former["id"]
        survivor["properties"]["hs_calculated_merged_vids"] = f"{former['id']}:1790000000000"
    deal = portal.rows["deals"][0]
    deal["properties"]["hs_merged_object_ids"] = deal["id"]


def dangling_links(portal: Portal) -> None:
    for kind in ("deals", "calls", "tickets"):
        for place in portal.rows[kind]:
            place["associations"] = {"contacts": ["1", "999999999999999999999", "x"]}
    for place in portal.rows["contacts"]:
        place["properties"]["associatedcompanyid"] = "gone"


def bare_records(portal: Portal) -> None:
    for kind in OBJECTS:
        portal.rows.setdefault(kind, []).append(row(str(600), {}))
    form = portal.info["forms"][0]["id"]
    portal.rows["form_submissions"].append({"formId": form, "submittedAt": 0, "values": None})
    portal.rows["email_events"] = [
        {"id": "e1", "created": 1, "type": None, "recipient": 7},
        {"id": "e2", "created": 1_790_000_000_000, "type": "OPEN"},
    ]
    portal.rows["events"] = [
        {"id": "v1", "occurredAt": "soon", "eventType": "e_visited_page"},
        {"id": "v2", "objectId": 5, "occurredAt": WHEN, "eventType": "e_visited_page"},
    ]


def control_labels(portal: Portal) -> None:
    for pipeline in portal.info["pipelines"]["deals"]:
        pipeline["label"] = "<script>\x07" + "x" * 5_000
        for stage in pipeline["stages"]:
            stage["label"] = "a,b\x00c" + "y" * 3_000


SPOILS: list[Callable[[Portal], None]] = [
    huge_texts,
    control_characters,
    nested_values,
    absurd_numbers,
    absurd_times,
    odd_probabilities,
    empty_pipelines,
    null_stages,
    answers_out_of_scale,
    unknown_options,
    circular_merges,
    dangling_links,
    bare_records,
    control_labels,
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def assert_sound(desk: Desk, ran: Ran) -> Any:
    """The run is done, everything printed is finite JSON, and the next one has nothing to write."""
    assert ran.code == 0, ran.err[-3000:] + ran.out[-3000:]
    assert "Traceback" not in ran.err
    assert len(ran.err) < 20_000
    report = finite(ran.raw)
    assert report["outcome"] == "done"
    exported = desk.run("export")
    assert exported.code == 0, exported.err
    finite(exported.raw)
    assert desk.run("export", "--format", "svg").code == 0
    written = len(desk.writes())
    assert desk.sync().code == 0
    assert len(desk.writes()) == written
    return report


def finite(raw: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    def number(text: str) -> float:
        assert math.isfinite(float(text)), text
        return float(text)

    return json.loads(raw, parse_constant=refuse, parse_float=number)


@pytest.mark.parametrize("spoil", SPOILS, ids=[spoil.__name__ for spoil in SPOILS])
def test_an_absurd_portal_still_ends_done(desk: Desk, spoil: Callable[[Portal], None]) -> None:
    spoil(desk.hubspot.portal)

    ran = desk.sync("--json")

    assert_sound(desk, ran)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (absurd_numbers, "bad_value"),
        (absurd_times, "bad_value"),
        (answers_out_of_scale, "bad_value"),
        (unknown_options, "uncovered_value"),
    ],
    ids=["numbers", "times", "answers", "options"],
)
def test_what_could_not_be_used_is_named(
    desk: Desk, spoil: Callable[[Portal], None], code: str
) -> None:
    spoil(desk.hubspot.portal)

    ran = desk.run("plan", "--as-of", "2026-11-16T09:00:00Z")
    report = desk.sync("--json", "--dry-run").json

    assert ran.code == 0, ran.err
    assert code in {finding["code"] for finding in report["findings"]}
    assert f"[{code}]" in ran.err


def test_an_empty_portal_is_a_map_without_units(desk: Desk) -> None:
    desk.hubspot.portal.rows.clear()

    report = assert_sound(desk, desk.sync("--json"))

    assert report["pulled"]["contacts"]["read"] == 0
    assert desk.run("export").json["journeys"][0]["units"] == 0


def test_a_portal_that_is_suddenly_empty_is_refused_until_accepted(desk: Desk) -> None:
    assert desk.sync().code == 0
    written = len(desk.writes())
    desk.hubspot.portal = small_portal(contacts=12)
    desk.hubspot.portal.rows.clear()

    refused = desk.sync()

    assert (refused.code, len(refused.errors)) == (3, 1), refused.err
    assert len(desk.writes()) == written
    assert desk.sync("--accept").code == 0
