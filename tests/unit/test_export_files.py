"""PNG, HTML and CSV: what each says, what may never stand in them, and that they fit."""

from __future__ import annotations

import csv as stdlib_csv
import io
import json as stdlib_json
import struct
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjm_sync.journey.types import (
    Coverage,
    Gap,
    Journey,
    JourneyMap,
    MomentOfTruth,
    Opportunity,
    Pain,
)
from cjm_sync_files import csv, html, json, png, png_export, svg
from cjm_sync_files.insights import pain_words
from cjm_sync_files.sheet import layout
from export_maps import AS_OF, HOSTILE, cell, felt, journey, stage, touchpoint

SLOW = Pain("PP1", "s2", "", "Slow stage", "days", 61.0, 0.5, 0.6, 0.2, 49.0, 30.0, 28.0, 33, 20)
THEME = Pain(
    "PP4", "s2", "BILLING", "Billing", "share", 33.4, 0.2, 0.3, 0.2, 0.31, 0.2, 0.1, 40, 12
)
GLAD = Pain(
    "DL1", "s3", "voc.nps", "NPS answer", "score", 20.0, 0.1, 0.5, 0.1, 1.4, 1.0, None, 9, 8
)
CHANCE = Opportunity("PP1", "s2", "", "Slow stage", "active", 61, 80, 70.5, 3, False, 42.3)


def full(**changes: Any) -> Journey:
    return journey(
        **{
            "pains": (SLOW, THEME),
            "delights": (GLAD,),
            "opportunities": (CHANCE,),
            "coverage": Coverage((Gap("stage_without_touchpoints", "s3", "Stage 3"),), 0.1),
        }
        | changes
    )


def a_map(*journeys: Journey) -> JourneyMap:
    return JourneyMap(AS_OF, journeys or (full(),))


def lines_of(data: bytes) -> list[dict[str, str]]:
    return list(stdlib_csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def size_of(painted: bytes) -> tuple[int, int]:
    assert painted.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", painted[16:24])
    return width, height


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(data.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())


# PNG


def test_the_png_is_the_whole_picture_twice_as_sharp() -> None:
    width, height = size_of(png.export(a_map()))

    placed = layout(a_map())
    assert (width, height) == (round(placed.width * 2), round(placed.height * 2))


def test_a_png_too_big_for_a_page_is_painted_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = png.export(a_map())
    monkeypatch.setattr(png_export, "LARGEST", len(whole) - 1)

    smaller = png.export(a_map())

    assert size_of(smaller)[0] == round(layout(a_map()).width * 1.5)
    assert len(smaller) < len(whole)


def test_the_picture_for_a_page_is_painted_only_when_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[object] = []

    def paint(placed: object) -> bytes:
        painted.append(placed)
        return b"painted"

    monkeypatch.setattr(png_export, "_painted", paint)
    picture = png.picture(a_map())
    assert painted == []

    assert picture.load() == b"painted"
    assert "Stage 1" in picture.text


def test_the_digest_of_a_picture_moves_with_what_is_seen_and_with_nothing_else() -> None:
    once = png.picture(a_map()).digest

    assert png.picture(a_map()).digest == once
    assert png.picture(a_map(full(pains=(THEME,)))).digest != once
    # The reference time moves with every run; the picture is not sent anew for that.
    assert png.picture(replace(a_map(), as_of=AS_OF + timedelta(days=1))).digest == once


def test_a_script_without_a_font_is_a_finding_that_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Which fonts there are is the machine's: here no font draws anything but Latin.
    png_export._is_drawn.cache_clear()
    monkeypatch.setattr(png_export, "_sample", lambda _: b"the box of an unknown letter")
    findings = png.lacking(a_map(full(name="Linear \U00010600")))

    assert [(finding.code, finding.key) for finding in findings] == [
        ("font_missing", "export/latin"),
        ("font_missing", "export/linear"),
    ]
    assert "export --format svg" in findings[1].hint
    png_export._is_drawn.cache_clear()


def test_a_letter_that_a_font_draws_is_told_from_one_that_none_has() -> None:
    png_export._is_drawn.cache_clear()
    has_fonts = png_export._sample("a") != png_export._sample("m")

    assert png_export._is_drawn("a") == has_fonts
    assert png.lacking(a_map()) == () or not has_fonts
    assert not png_export._is_drawn("\U0010fffd")


def test_hostile_text_is_painted_and_breaks_nothing() -> None:
    size_of(png.export(a_map(full(name=HOSTILE))))


# HTML


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(html.export(a_map(full(name=HOSTILE))))

    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & {
        tag for tag, _ in page.tags
    }
    for _, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "href"}}
    policy = next(
        attributes["content"]
        for _, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_the_page_says_every_kind_of_number_in_words_beside_the_picture() -> None:
    moment = MomentOfTruth(60, 50, 45, 20, 1.9, 1.3, 2.7, 0.001, 0.01, "makes", starred=True)
    call = replace(touchpoint("Sales call"), moment_of_truth=moment)
    words = Page(html.export(a_map(full(touchpoints=(call,))))).words

    for expected in (
        "60% (47%–72%, n 60)",
        "20 days",
        "1,234 EUR",
        "no answers",
        "not enough data",
        "★ linked with moving on: ratio 1.90 (1.30–2.70), n 110",
        "Slow stage",
        "49 days, limit 30 days, before 28 days, n 33",
        "+1.4, limit +1, n 9".replace("+1,", "+1.0,"),
        "3 (not set)",
        "stage without touchpoints: Stage 3",
    ):
        assert expected in words


def test_a_persons_own_score_is_shown_as_theirs() -> None:
    ours = replace(felt(0.3), override=1.5)
    page = Page(html.export(a_map(full(touchpoints=(replace(touchpoint("Call"), emotion=ours),)))))

    assert "+1.5 delighted (set by people, computed +0.3)" in page.words


def test_what_was_not_computed_has_no_section() -> None:
    words = Page(html.export(a_map(journey()))).words

    assert not {"Pains", "Delights", "Opportunities", "What the map does not cover"} & set(words)
    assert "Personas" in words


# CSV


def test_every_number_of_the_json_export_stands_on_a_line_of_the_csv() -> None:
    whole = a_map()
    document = stdlib_json.loads(json.export(whole))
    lines = lines_of(csv.export(whole))

    def numbers(value: Any) -> list[float]:
        match value:
            case dict():
                return [
                    n for name, part in value.items() if name != "schema" for n in numbers(part)
                ]
            case list():
                return [n for part in value for n in numbers(part)]
            case bool() | str() | None:
                return []
            case _:
                return [float(value)]

    def is_number(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return False
        return True

    here = sorted(float(line["value"]) for line in lines if is_number(line["value"]))
    assert here == sorted(numbers(document))


def test_a_line_is_found_by_where_its_number_stands() -> None:
    lines = lines_of(csv.export(a_map()))

    (found,) = [
        line
        for line in lines
        if (line["table"], line["stage"], line["persona"], line["field"])
        == ("stages", "s1", "everyone", "conversion_low")
    ]
    assert (found["value"], found["withheld"], found["journey"]) == ("0.47", "", "j")


def test_a_withheld_number_is_told_from_one_that_cannot_be() -> None:
    hidden = replace(stage(1), cells=(cell(median_days=None, withheld=True),))
    last = replace(stage(2), cells=(cell(conversion=None, p90_days=None, withheld=True),))
    lines = lines_of(csv.export(a_map(full(stages=(hidden, last)))))
    reasons = {
        (line["stage"], line["field"]): line["withheld"]
        for line in lines
        if line["table"] == "stages" and line["value"] == ""
    }

    assert reasons["s1", "median_days"] == "small_base"
    assert reasons["s2", "p90_days"] == "small_base"
    assert reasons["s2", "conversion"] == ""


@given(st.text(max_size=30))
def test_no_text_is_run_by_a_spreadsheet(name: str) -> None:
    lines = list(
        stdlib_csv.reader(
            io.StringIO(csv.export(a_map(full(name=name))).decode("utf-8-sig"), newline="")
        )
    )

    assert {len(line) for line in lines} == {11}
    for line in lines[1:]:
        for part in line:
            assert not part.startswith(("=", "+", "@", "\t", "\r"))
            assert not part.startswith("-") or float(part) < 0


def test_the_same_map_gives_the_same_bytes() -> None:
    for exporter in (csv, html, json, svg, png):
        assert exporter.export(a_map()) == exporter.export(a_map())


# the lane of the picture


def test_a_starred_touchpoint_is_shown_however_few_it_reached() -> None:
    moment = MomentOfTruth(60, 50, 45, 20, 1.9, 1.3, 2.7, 0.001, 0.01, "makes", starred=True)
    wide = tuple(touchpoint(f"Wide {n}", 0.9 - n / 100, key=f"call.{n}") for n in range(7))
    rare = replace(touchpoint("Rare but telling", 0.02), moment_of_truth=moment)
    drawn = svg.export(a_map(full(touchpoints=(*wide, rare)))).decode("utf-8")

    assert "Rare but telling" in drawn
    assert ("Wide 4" in drawn, "Wide 5" in drawn) == (True, False)
    assert "and 2 more of less reach" in drawn


def test_the_picture_shows_the_severest_pains_and_counts_the_rest() -> None:
    many = tuple(
        replace(THEME, subject=str(n), label=f"Theme {n}", severity=float(n)) for n in range(1, 8)
    )
    drawn = svg.export(a_map(full(pains=many))).decode("utf-8").partition("</desc>")[2]

    assert "Theme 7" in drawn
    assert "Theme 4" in drawn
    assert "Theme 3" not in drawn
    assert "and 3 more" in drawn


def test_the_picture_shows_what_people_set_and_what_was_computed() -> None:
    ours = replace(felt(-1.3), override=0.8)
    drawn = svg.export(a_map(full(stages=(stage(1, emotion=ours), stage(2))))).decode("utf-8")

    assert "pleased +0.8" in drawn
    assert "set by people, computed −1.3" in drawn
    assert "emotion +0.8 (pleased, set by people)" in drawn


def test_a_pain_says_what_was_measured_and_which_limit_it_passed() -> None:
    assert pain_words(SLOW) == "49 days, limit 30 days, before 28 days, n 33"
    assert pain_words(THEME) == "31%, limit 20%, before 10%, n 40"
