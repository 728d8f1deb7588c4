"""Views are drawn from the configuration that was sent, over the rows that the API answers."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from cjm_sync_sandbox.viewer.chartdraw import describe, draw
from cjm_sync_sandbox.viewer.charts import Chart, Series, aggregate, read_chart
from cjm_sync_sandbox.viewer.workspace import Workspace
from viewer_world import HOSTILE, World, a_world, text


def chart_of(world: World, view_id: str) -> Chart:
    workspace = Workspace(world.sandbox.call)
    view = workspace.view(view_id)
    source = workspace.source(view["data_source_id"])
    return read_chart(view, source, workspace.rows(view), workspace)


def average_of(world: World, column: str) -> dict[str, Any]:
    return {"aggregator": "average", "property_id": world.ids[column]}


def titles(html: str) -> list[str]:
    """Return the row titles of the hub's views, in the order they are drawn."""
    return re.findall(r'<a href="/p/[^"]+">([^<]+)</a></(?:th|h5)>', html)


def test_a_table_shows_the_visible_columns_in_the_order_of_the_view() -> None:
    world = a_world()
    shown = [
        {"property_id": world.ids[name], "visible": True} for name in ("Name", "Rate", "Stage")
    ]
    hidden = [
        {"property_id": world.ids[name], "visible": False}
        for name in world.ids.keys() - {"Name", "Rate", "Stage"}
    ]
    world.view("table", configuration={"properties": [*shown, *hidden]})

    html = world.page()

    assert re.findall(r'<th scope="col".*?</span>(\w+)</th>', html) == ["Name", "Rate", "Stage"]
    assert '<td class="number">12.5%</td>' in html


def test_a_column_that_the_view_does_not_name_is_visible_in_a_table() -> None:
    world = a_world()
    hidden = [{"property_id": world.ids["Note"], "visible": False}]
    world.view("table", configuration={"properties": hidden})

    heads = re.findall(r'<th scope="col".*?</span>(\w+)</th>', world.page())

    assert set(heads) == world.ids.keys() - {"Note"}


@pytest.mark.parametrize(
    ("configuration", "is_cut"),
    [({}, True), ({"wrap_cells": False}, True), ({"wrap_cells": True}, False)],
)
def test_long_texts_stay_on_one_line_unless_the_view_wraps_them(
    configuration: dict[str, Any], *, is_cut: bool
) -> None:
    world = a_world()
    world.view("table", configuration=configuration)

    assert ('<table class="cut">' in world.page()) is is_cut


def test_the_filter_and_the_sorts_of_a_view_are_honoured() -> None:
    world = a_world()
    world.view(
        "table",
        filter={"property": world.ids["Stage"], "select": {"equals": "Awareness"}},
        sorts=[{"property": world.ids["Score"], "direction": "descending"}],
    )

    assert titles(world.page()) == ["Second", "First"]


def test_quick_filters_narrow_the_filter() -> None:
    world = a_world()
    world.view(
        "table",
        filter={"property": world.ids["Stage"], "select": {"equals": "Awareness"}},
        quick_filters={world.ids["Persona"]: {"select": {"equals": "User"}}},
    )

    assert titles(world.page()) == ["Second"]


def test_a_board_has_a_column_for_each_option_in_their_order_with_counts() -> None:
    world = a_world()
    world.view("board", configuration={"group_by": world.by("Stage")})

    lanes = re.findall(r'<h4><span class="chip[^"]*">([^<]+)</span> <span class="muted">(\d+)',
                       world.page())  # fmt: skip

    assert lanes == [
        ("No Stage", "1"), ("Awareness", "2"), ("Purchase", "1"),
        ("Service &amp; onboarding", "0"),
    ]  # fmt: skip


def test_a_board_that_hides_empty_groups_has_no_column_without_cards() -> None:
    world = a_world()
    world.view("board", configuration={"group_by": world.by("Stage", hide_empty_groups=True)})

    assert "Service &amp; onboarding" not in world.page()


def test_a_board_with_sub_groups_has_a_lane_for_each() -> None:
    world = a_world()
    world.view(
        "board",
        configuration={"group_by": world.by("Stage"), "sub_group_by": world.by("Persona")},
    )

    html = world.page()
    summaries = re.findall(r"<summary>([^<]+)</summary>", html[html.index("<main") :])

    assert summaries == ["No Persona", "Champion", "User"]


def test_a_card_shows_the_columns_that_were_asked_for_and_no_empty_ones() -> None:
    world = a_world()
    shown = [
        {"property_id": world.ids[name], "visible": True} for name in ("Name", "Score", "Note")
    ]
    world.view(
        "gallery",
        configuration={"properties": shown},
        filter={"property": world.ids["Name"], "title": {"equals": "First"}},
    )

    html = world.page()

    assert re.findall(r"<dt>([^<]+)</dt>", html) == ["Score"]
    assert "<dd>0.5</dd>" in html


def test_a_list_and_a_timeline_name_their_rows() -> None:
    world = a_world()
    world.view("list")
    shown = [{"property_id": world.ids["Stage"], "visible": True}]
    world.view(
        "timeline", configuration={"date_property_id": world.ids["Due"], "properties": shown}
    )

    html = world.page()

    assert html.count(">First</a>") == 2
    assert "November 20, 2026" in html
    # 2 November to 1 December with three days at each end: bars begin where their day is.
    places = [float(one) for one in re.findall(r'class="span bar-\w+" style="left:([\d.]+)%', html)]
    assert places == [pytest.approx(100 * day / 35, abs=0.01) for day in (3, 21, 32)]
    assert re.findall(r'class="span (bar-\w+)"', html) == ["bar-blue", "bar-blue", "bar-green"]
    assert re.findall(r'<div class="ticks"[^>]*>(.*?)</div>', html) == [
        '<span style="left:5.71%">Nov 2026</span><span class="late" style="left:91.43%">Dec 2026</span>'
    ]


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        ("2026-11-03", ["Nov 2026"]),
        (
            "2027-11-02",
            ["Nov 2026", "Jan 2027", "Mar 2027", "May 2027", "Jul 2027", "Sep 2027", "Nov 2027"],
        ),
        ("2036-11-02", ["Jan 2027", "Jan 2029", "Jan 2031", "Jan 2033", "Jan 2035"]),
    ],
)
def test_a_timeline_has_as_many_dates_as_fit(last: str, labels: list[str]) -> None:
    world = a_world(rows=False)
    world.row("First", Due={"date": {"start": "2026-11-02"}})
    world.row("Last", Due={"date": {"start": last}})
    world.view("timeline", configuration={"date_property_id": world.ids["Due"]})

    html = world.page()

    assert re.findall(r">(\w{3} \d{4})</span>", html) == labels


def test_labels_of_lines_that_meet_stand_above_each_other() -> None:
    numbers = (0.41, 0.46, 0.46, None, 0.7, 0.704)
    chart = Chart("line", "Trend", ("Nov 2026",),
                  tuple(Series(str(place), (one,)) for place, one in enumerate(numbers)),
                  number_format="percent", has_labels=True)  # fmt: skip

    html = str(draw(chart))

    wide = html.split("</svg>", maxsplit=1)[0]
    labels = [(float(y), words) for y, words in re.findall(
        r'<text x="[\d.]+" y="([\d.]+)"[^>]*class="value">([^<]+)</text>', wide)]  # fmt: skip
    assert [words for _, words in labels] == ["41%", "46%", "70%", "70.4%"]
    heights = [y for y, _ in labels]
    assert all(lower - upper >= 16 for lower, upper in pairwise(heights))


def test_a_linked_dashboard_is_named_by_its_view_and_stands_in_no_tree() -> None:
    world = a_world()
    board = world.view("dashboard", "At a glance")
    for name in ("One", "Two", "Three"):
        row = {} if name == "One" else {"placement": {"type": "existing_row", "row_index": 0}}
        configuration = {"type": "chart", "chart_type": "number", "value": {"aggregator": "count"}}
        world.ask("POST", "views", {
            "view_id": board, "data_source_id": world.source, "name": name, "type": "chart",
            "configuration": configuration, **row,
        })  # fmt: skip

    html = world.page()

    assert "Untitled" not in html
    assert ">At a glance</a>" in html
    assert html.count('class="widgets widgets-3"') == 1
    assert re.findall(r'<section class="widget"><h4>(\w+)</h4>', html) == ["One", "Two", "Three"]


def test_a_view_without_rows_says_so() -> None:
    world = a_world(rows=False)
    world.view("table")
    world.view("gallery")
    world.chart("column", x_axis=world.by("Stage"), y_axis=average_of(world, "Score"))

    html = world.page()

    assert html.count("No rows") == 2
    assert "No values yet" in html


def test_a_cut_list_says_how_many_rows_there_are_and_leads_to_all_of_them() -> None:
    world = a_world(rows=False)
    for number in range(30):
        world.row(f"Row {number}")
    view = world.view("table")

    html = world.page()

    assert "25 of 30 rows are listed." in html
    found = re.search(r'href="(/d/[^"]+)">Show all', html)
    assert found is not None
    everything = world.get(found.group(1).replace("&amp;", "&")).text
    assert view in found.group(1)
    assert len(titles(everything)) == 30


def test_a_view_of_more_rows_than_one_answer_holds_is_read_to_its_end() -> None:
    world = a_world(rows=False)
    for number in range(103):
        world.row(f"Row {number}")
    view = world.chart("number", value={"aggregator": "count"})

    assert chart_of(world, view).series == (Series("", (103.0,)),)


def test_a_line_chart_averages_each_group_and_leaves_a_gap_where_nothing_is() -> None:
    world = a_world()
    view = world.chart(
        "line",
        x_axis=world.by("Stage"),
        y_axis=average_of(world, "Score"),
        filter={"property": world.ids["Stage"], "select": {"is_not_empty": True}},
    )

    chart = chart_of(world, view)

    assert chart.groups == ("Awareness", "Purchase", "Service & onboarding")
    assert chart.series == (Series("", (1.0, -1.0, None)),)
    assert chart.y_name == "Average of Score"


def test_a_chart_of_one_row_per_group_is_named_by_its_columns() -> None:
    world = a_world()
    view = world.chart(
        "column",
        x_axis=world.by("Stage"),
        y_axis={"aggregator": "sum", "property_id": world.ids["Amount"]},
        axis_labels="both",
        filter={"property": world.ids["Persona"], "select": {"equals": "Champion"}},
    )

    assert chart_of(world, view).measure == "Amount by Stage"
    assert ">Amount by Stage<" in world.page()


def test_a_stacked_chart_has_a_series_for_each_value_of_the_stack() -> None:
    world = a_world()
    view = world.chart(
        "line",
        x_axis=world.by("Stage"),
        y_axis=average_of(world, "Score"),
        stack_by=world.by("Persona"),
        filter={"property": world.ids["Persona"], "select": {"is_not_empty": True}},
    )

    chart = chart_of(world, view)

    assert chart.series == (
        Series("Champion", (0.5, -1.0, None)),
        Series("User", (1.5, None, None)),
    )
    assert chart.has_legend


@pytest.mark.parametrize(
    ("aggregator", "column", "expected"),
    [
        ("count", "Score", 4.0),
        ("count_values", "Score", 3.0),
        ("empty", "Score", 1.0),
        ("percent_not_empty", "Score", 0.75),
        ("sum", "Amount", 2000.5),
        ("average", "Score", 1.0 / 3),
        ("median", "Score", 0.5),
        ("min", "Score", -1.0),
        ("max", "Score", 1.5),
        ("range", "Score", 2.5),
        ("unique", "Stage", 2.0),
        ("checked", "Done", 1.0),
        ("unchecked", "Done", 3.0),
        ("percent_checked", "Done", 0.25),
    ],
)
def test_an_aggregator_gives_its_number(aggregator: str, column: str, expected: float) -> None:
    world = a_world()
    workspace = Workspace(world.sandbox.call)
    source = workspace.source(world.source)
    rows = workspace.rows({"id": "all", "data_source_id": world.source})

    found = aggregate(rows, aggregator, source["properties"][column])

    assert found == pytest.approx(expected)


def test_the_sort_of_a_chart_is_honoured() -> None:
    world = a_world()
    orders = {
        order: chart_of(
            world,
            world.chart(
                "column",
                x_axis=world.by("Stage"),
                y_axis={"aggregator": "count"},
                sort=order,
                hide_empty_groups=True,
            ),
        ).groups
        for order in ("manual", "x_descending", "y_descending", "y_ascending")
    }

    assert orders == {
        "manual": ("No Stage", "Awareness", "Purchase"),
        "x_descending": ("Purchase", "No Stage", "Awareness"),
        "y_descending": ("Awareness", "No Stage", "Purchase"),
        "y_ascending": ("No Stage", "Purchase", "Awareness"),
    }


def test_a_chart_by_month_and_by_number_range_groups_as_asked() -> None:
    world = a_world()
    month = chart_of(
        world,
        world.chart(
            "column",
            x_axis={**world.by("Due", "date"), "group_by": "month", "sort": {"type": "ascending"}},
            y_axis={"aggregator": "count"},
        ),
    )
    size = chart_of(
        world,
        world.chart(
            "bar",
            x_axis={
                **world.by("Amount", "number"),
                "range_start": 0,
                "range_end": 2000,
                "range_size": 1000,
                "sort": {"type": "ascending"},
            },
            y_axis={"aggregator": "count"},
        ),
    )

    assert month.groups == ("No Due", "Nov 2026", "Dec 2026")
    assert size.groups == ("No Amount", "0–1000", "1000–2000")
    assert size.series[0].numbers == (1.0, 2.0, 1.0)


def test_shares_and_running_totals_are_worked_out() -> None:
    world = a_world()
    base: dict[str, Any] = {"x_axis": world.by("Stage"), "y_axis": {"aggregator": "count"}}
    running = chart_of(world, world.chart("line", cumulative=True, **base))
    shares = chart_of(
        world, world.chart("column", group_style="percent", stack_by=world.by("Persona"), **base)
    )

    assert running.series[0].numbers == (1.0, 3.0, 4.0, 4.0)
    assert [one.numbers[1] for one in shares.series] == [None, 0.5, 0.5]
    assert shares.say(0.5) == "50%"


@pytest.mark.parametrize("kind", ["column", "bar", "line", "donut"])
def test_a_chart_says_its_numbers_in_words_and_in_the_picture(kind: str) -> None:
    world = a_world()
    world.chart(
        kind,
        "By stage",
        x_axis=world.by("Stage"),
        y_axis={"aggregator": "sum", "property_id": world.ids["Amount"]},
        show_data_labels=True,
        filter={"property": world.ids["Stage"], "select": {"is_not_empty": True}},
    )

    html = world.page()

    assert f"chart-kind-{kind}" in html
    assert 'role="img"' in html
    assert "Awareness: €2,000.50" in html
    # One drawing for wide windows, one for phones.
    assert html.count('<svg viewBox="0 0 680') == html.count('<svg viewBox="0 0 340') == 1


def test_a_number_chart_is_its_number() -> None:
    world = a_world()
    world.chart("number", value={"aggregator": "sum", "property_id": world.ids["Amount"]})

    assert '<p class="big-number">€2,000.50</p>' in world.page()


def test_a_chart_of_raw_values_has_a_point_for_each_row() -> None:
    world = a_world()
    view = world.chart(
        "line",
        x_axis_property_id=world.ids["Name"],
        y_axis_property_id=world.ids["Score"],
        filter={"property": world.ids["Score"], "number": {"is_not_empty": True}},
    )

    chart = chart_of(world, view)

    assert dict(zip(chart.groups, chart.series[0].numbers, strict=True)) == {
        "First": 0.5, "Second": 1.5, "Third": -1.0,
    }  # fmt: skip


def test_the_bounds_of_an_axis_that_the_view_sets_are_kept() -> None:
    chart = Chart("line", "Emotion", ("a", "b"), (Series("", (0.5, -0.5)),), lowest=-2, highest=2)

    ticks = re.findall(r'text-anchor="end">([^<]+)<', str(draw(chart)))

    assert ticks[:5] == ["-2", "-1", "0", "1", "2"]


def test_lines_of_a_chart_differ_without_colour() -> None:
    series = (Series("One", (1, 2)), Series("Two", (2, 1)))
    html = str(draw(Chart("line", "Two lines", ("a", "b"), series, has_legend=True)))
    wide = html[: html.index("chart-narrow")]

    assert wide.count("stroke-dasharray") == 1
    assert wide.count("<circle") == wide.count("<rect") == 2
    assert "One" in html[html.index("legend") :]


@pytest.mark.parametrize("kind", ["column", "bar", "line", "donut", "number"])
@pytest.mark.parametrize(
    "numbers", [(None,), (0.0,), (-3.0, 5.0), (1e15, 1.0), (1e-9, 2e-9), (5.0,) * 60]
)
def test_any_numbers_can_be_drawn(kind: str, numbers: tuple[float | None, ...]) -> None:
    groups = tuple(f"{HOSTILE} {number}" for number in range(len(numbers)))
    chart = Chart(kind, HOSTILE, groups, (Series("", numbers),), has_labels=True, has_x_name=True)

    html = str(draw(chart))

    assert "<script" not in html
    assert "nan" not in html
    assert "inf" not in html.replace("info", "")


def test_a_gap_is_told_to_those_who_do_not_see_it() -> None:
    chart = Chart("line", "Emotion", ("a", "b"), (Series("", (0.5, None)),))

    assert describe(chart) == "a: 0.5; b: no value"


def test_a_dashboard_shows_its_widgets() -> None:
    world = a_world()
    board = world.ask(
        "POST",
        "views",
        {
            "database_id": world.database,
            "data_source_id": world.source,
            "name": "Overview",
            "type": "dashboard",
        },
    )
    world.ask(
        "POST",
        "views",
        {
            "view_id": board["id"],
            "data_source_id": world.source,
            "name": "How many",
            "type": "chart",
            "configuration": {
                "type": "chart", "chart_type": "number", "value": {"aggregator": "count"},
            },
        },
    )  # fmt: skip

    html = world.get(f"/d/{world.database}?view={board['id']}").text

    assert "How many" in html
    assert '<p class="big-number">4</p>' in html


def test_relations_are_titles_that_lead_to_their_pages() -> None:
    world = a_world(rows=False)
    world.ask(
        "PATCH",
        f"data_sources/{world.source}",
        {"properties": {"Linked": {"relation": {
            "data_source_id": world.source, "type": "single_property", "single_property": {},
        }}}},
    )  # fmt: skip
    target = world.row("Target")
    world.row("Origin", Linked={"relation": [{"id": target}]})
    world.view("table")

    assert f'<a href="/p/{target}" class="relation">Target</a>' in world.page()


def test_renaming_a_column_changes_its_head_and_keeps_its_values() -> None:
    world = a_world()
    world.view("table")
    world.ask(
        "PATCH",
        f"data_sources/{world.source}",
        {"properties": {world.ids["Score"]: {"name": "Feeling"}}},
    )

    html = world.page()

    assert "Feeling</th>" in html
    assert '<td class="number">0.5</td>' in html


def test_a_multi_select_puts_a_row_into_each_of_its_groups() -> None:
    world = a_world(rows=False)
    world.ask(
        "PATCH", f"data_sources/{world.source}", {"properties": {"Tags": {"multi_select": {}}}}
    )
    world.ids["Tags"] = world.ask("GET", f"data_sources/{world.source}")["properties"]["Tags"]["id"]
    world.row("Both", Tags={"multi_select": [{"name": "a"}, {"name": "b"}]}, Note={
        "rich_text": text("n"),
    })  # fmt: skip
    world.view("board", configuration={"group_by": world.by("Tags", "multi_select")})

    assert titles(world.page()) == ["Both", "Both"]
