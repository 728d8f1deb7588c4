"""The SVG is a picture for people: what it says, what it may never contain, and that it fits."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjm_sync.journey.types import Journey, JourneyMap, MomentOfTruth
from cjm_sync_files import svg, wording
from cjm_sync_files.curve import smooth
from cjm_sync_files.fitting import clean, fit, width_of, wrap
from cjm_sync_files.picture import Text
from cjm_sync_files.sheet import layout
from export_maps import AS_OF, HIDDEN, HOSTILE, felt, journey, stage, touchpoint

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*journeys: Journey) -> ET.Element:
    return ET.fromstring(svg.export(JourneyMap(AS_OF, journeys)))


def said(root: ET.Element) -> list[str]:
    return [
        (element.text or "") or "".join(element.itertext()) for element in root.iter(f"{SVG}text")
    ]


def test_the_map_says_each_number_with_what_it_rests_on() -> None:
    words = said(drawn(journey(stage(1, in_stage=41, dormant=6), stage(2, conversion=None))))

    for expected in (
        "Customer journey",
        "90 contacts · as of 21 Nov 2026, 09:30 UTC",
        "41",
        "+ 6 dormant",
        "60%",
        "47–72%, n 60",
        "12% drop off",
        "the last stage",
        "20 days",
        "P90 60 days, n 50",
        "indifferent +0.3",
        "inferred, n 20, medium confidence",
        "1,234 EUR",
        "of 80 contacts in the stage",
        "Sales call",
        "40%",
    ):
        assert expected in words


def test_the_stage_with_the_longest_median_is_the_one_marked() -> None:
    words = said(drawn(journey(stage(1, median_days=5.0), stage(2, median_days=58.0), stage(3))))
    description = drawn(
        journey(stage(1, median_days=5.0), stage(2, median_days=58.0), stage(3))
    ).findtext(f"{SVG}desc")

    assert words.count("slowest stage") == 1
    assert "The slowest stage by its median is Stage 2." in (description or "")


def test_the_last_stage_is_never_the_slow_one_because_nobody_waits_there_to_move_on() -> None:
    last = stage(3, median_days=300.0, conversion=None)
    root = drawn(journey(stage(1, median_days=5.0), stage(2, median_days=49.0), last))

    assert "The slowest stage by its median is Stage 2." in (root.findtext(f"{SVG}desc") or "")
    assert "slowest stage: the longest median; the last stage is not compared" in said(root)


def test_a_single_known_median_is_not_called_the_slowest() -> None:
    words = said(drawn(journey(stage(1), stage(2, median_days=None), stage(3))))

    assert not [text for text in words if "slowest stage" in text]


def test_a_withheld_number_says_not_enough_data_and_no_answers_says_so() -> None:
    hidden = stage(1, in_stage=None, conversion=None, median_days=None, emotion=HIDDEN, nps_n=None)

    words = said(drawn(journey(hidden, stage(2, conversion=None), touchpoints=())))

    assert words.count("not enough data") >= 6
    assert "no answers" in words


def test_measured_and_inferred_differ_in_line_and_disc_without_any_colour() -> None:
    measured = journey(stage(1, emotion=felt(1, "measured")), stage(2, emotion=felt(0, "measured")))
    inferred = journey(stage(1, emotion=felt(1)), stage(2, emotion=felt(0)))

    dashes = [
        sum("stroke-dasharray" in path.attrib for path in drawn(one).iter(f"{SVG}path"))
        for one in (measured, inferred)
    ]

    # The legend shows one dashed line; the inferred curve adds its own.
    assert dashes == [1, 2]


def test_the_curve_breaks_where_a_stage_has_no_score() -> None:
    broken = journey(stage(1), stage(2, emotion=HIDDEN), stage(3))
    whole = journey(stage(1), stage(2), stage(3))

    curves = [
        sum(
            " C " in path.attrib["d"]
            and path.attrib["fill"] == "none"
            and path.attrib["stroke-width"] == "2.6"
            for path in drawn(one).iter(f"{SVG}path")
        )
        for one in (broken, whole)
    ]

    assert curves == [0, 2]


def test_a_hostile_label_is_drawn_as_plain_harmless_text() -> None:
    nasty = journey(
        stage(1, HOSTILE),
        stage(2),
        name=HOSTILE,
        currency=HOSTILE,
        touchpoints=(touchpoint(HOSTILE, key=HOSTILE),),
        unmapped_values=((HOSTILE, 5),),
    )

    root = drawn(nasty)

    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "title", "desc", "rect", "circle", "path", "text")
    }
    text = "".join(root.itertext())
    assert "<script>alert('x')</script>" in text
    assert not set(text) & set("\x00\x1b\u202e\ud83d")


@given(st.text(max_size=60))
def test_any_label_gives_well_formed_xml(label: str) -> None:
    assert drawn(journey(stage(1, label), name=label)).tag == f"{SVG}svg"


def test_the_picture_needs_nothing_from_outside() -> None:
    exported = svg.export(JourneyMap(AS_OF, (journey(),))).decode()

    assert exported.replace("http://www.w3.org/2000/svg", "").count("http") == 0
    for word in ("href", "url(", "@import", "<script", "<image", "<style", "onload"):
        assert word not in exported


def test_the_picture_is_named_and_described_for_those_who_cannot_see_it() -> None:
    root = drawn(journey())

    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "cjm-title cjm-desc"
    assert root.findtext(f"{SVG}title") == "Customer journey map: Customer journey"
    assert "Stage 1, Stage 1: 30 in stage now; 60% move on" in (root.findtext(f"{SVG}desc") or "")
    assert (
        "In no stage: 5 lost, 6 churned. In a stage but dormant: 7. "
        "With a lifecycle value that no rule maps: not enough data."
    ) in (root.findtext(f"{SVG}desc") or "")


def test_the_description_says_once_what_a_stage_has_not_enough_data_on() -> None:
    empty = stage(1, conversion=None, median_days=None, emotion=HIDDEN, withheld=True)

    said = drawn(journey(empty, stage(2))).findtext(f"{SVG}desc") or ""

    (first,) = re.findall(r"Stage 1, .*?\.(?= Stage 2)", said)
    assert "not enough data on who moves on, time, emotion" in first
    assert first.count("not enough data") == 1


def test_several_journeys_stand_one_under_the_other() -> None:
    one = drawn(journey())
    two = drawn(journey(), journey(name="Second"))

    assert float(two.attrib["height"]) > 2 * float(one.attrib["height"]) - 1
    assert "Second" in said(two)


def test_a_map_without_journeys_is_a_picture_that_says_so() -> None:
    assert said(drawn()) == ["No journey has been computed yet."]


def test_equal_maps_give_equal_bytes() -> None:
    assert svg.export(JourneyMap(AS_OF, (journey(),))) == svg.export(
        JourneyMap(AS_OF, (journey(),))
    )


@pytest.mark.parametrize("stages", [1, 2, 5, 9, 14])
def test_nothing_is_drawn_outside_the_picture(stages: int) -> None:
    many = tuple(touchpoint("A label that is far too long to fit " * 3) for _ in range(9))
    picture = layout(
        JourneyMap(
            AS_OF,
            (
                journey(
                    *(stage(number, "Long label " * 20) for number in range(1, stages + 1)),
                    name="A name " * 60,
                    touchpoints=many,
                    unmapped_values=tuple((f"value {number}", 5) for number in range(99)),
                ),
            ),
        )
    )

    for shape in picture.shapes:
        if isinstance(shape, Text):
            wide = width_of(shape.text, shape.size, bold=shape.bold)
            left = shape.x - {"start": 0.0, "middle": wide / 2, "end": wide}[shape.anchor]
            assert left >= 0, shape
            assert left + wide <= picture.width, shape
            assert 0 < shape.y < picture.height, shape


def test_what_a_short_list_leaves_out_is_said() -> None:
    many = (
        *(touchpoint(f"T{number}", 0.9 - number / 20) for number in range(8)),
        touchpoint("hidden", None),
    )

    words = said(drawn(journey(touchpoints=many)))

    assert "and 2 more of less reach" in words
    assert "1 with not enough data" in words
    assert "hidden" not in words


def test_a_starred_moment_of_truth_is_explained_in_the_legend() -> None:
    moment = MomentOfTruth(40, 50, 30, 12, 2.9, 1.8, 4.6, 0.0001, 0.002, "makes", starred=True)
    starred = replace(touchpoint("Demo"), moment_of_truth=moment)
    legend = "moment of truth: linked with moving on or not"

    assert legend in said(drawn(journey(touchpoints=(starred,))))
    assert legend not in said(drawn(journey()))


def test_a_cut_label_keeps_its_whole_wording_for_whoever_points_at_it() -> None:
    label = "A touchpoint with a label that goes on for longer than any column is wide"

    titles = [
        element.text
        for text in drawn(journey(touchpoints=(touchpoint(label),))).iter(f"{SVG}text")
        for element in text.iter(f"{SVG}title")
    ]

    assert titles == [label]


@given(st.text(max_size=80), st.floats(20, 300), st.floats(8, 30))
def test_cut_text_fits(text: str, width: float, size: float) -> None:
    short = fit(text, max(width, size * 1.1), size)

    assert width_of(short, size) <= max(width, size * 1.1) + 1e-6
    assert short == clean(text) or short.endswith("…")


@given(st.text(max_size=80), st.integers(1, 4))
def test_wrapped_text_loses_nothing_but_what_the_ellipsis_stands_for(text: str, lines: int) -> None:
    wrapped = wrap(text, 120, 12, lines=lines)
    joined = "".join(wrapped).replace(" ", "")

    assert len(wrapped) <= lines
    assert clean(text).replace(" ", "").startswith(joined.removesuffix("…"))


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=12))
def test_the_curve_never_leaves_the_band_between_two_neighbouring_points(
    heights: list[float],
) -> None:
    points = [(float(index), height) for index, height in enumerate(heights)]

    pen = smooth(points)

    # A cubic stays within the hull of its ends and handles.
    for (_, start), (_, end), (_, values) in zip(points[:-1], points[1:], pen[1:], strict=True):
        low, high = min(start, end) - 1e-9, max(start, end) + 1e-9
        assert low <= values[1] <= high
        assert low <= values[3] <= high


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (1.25, "delighted"),
        (1.24, "pleased"),
        (0.4, "pleased"),
        (0.39, "indifferent"),
        (-0.39, "indifferent"),
        (-0.4, "uneasy"),
        (-1.24, "uneasy"),
        (-1.25, "frustrated"),
    ],
)
def test_a_score_has_the_word_of_its_band(score: float, word: str) -> None:
    assert wording.feeling(score) == word


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.0, "0 days"),
        (0.01, "under 1 hour"),
        (0.04, "1 hour"),
        (0.5, "12 hours"),
        (0.99, "1 day"),
        (1.0, "1 day"),
        (2.25, "2.2 days"),
        (1234.5, "1,234 days"),
    ],
)
def test_a_duration_is_said_in_the_unit_a_person_would_use(number: float, words: str) -> None:
    assert wording.days(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.0, "0 EUR"),
        (-1234.6, "−1,235 EUR"),
        (9_999_999, "9,999,999 EUR"),
        (12_345_678, "12.3M EUR"),
        (2.5e9, "2.5B EUR"),
        (1e200, "1.0e+200 EUR"),
    ],
)
def test_an_amount_stays_short_enough_never_to_be_cut(number: float, words: str) -> None:
    assert wording.money(number, "EUR") == words


@pytest.mark.parametrize(
    ("rate", "words"), [(0, "0%"), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1, "100%")]
)
def test_a_rate_that_is_not_nothing_is_not_said_to_be_nothing(rate: float, words: str) -> None:
    assert wording.percent(rate) == words
