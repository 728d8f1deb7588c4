"""The viewer's pages: what stands on them, what may never, and what is said when there is nothing."""

from __future__ import annotations

import re

import pytest

from cjm_sync_sandbox.viewer import values
from cjm_sync_sandbox.viewer.markup import Markup, join, tag
from viewer_world import HOSTILE, PICTURE, World, a_world, block, text


def words(html: str) -> str:
    """Return the text of a page's main part, tags taken out."""
    main = html[html.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def addresses(html: str) -> list[str]:
    return re.findall(r'(?:href|src|action|srcset|poster|data)="([^"]*)"', html)


def test_the_start_page_leads_to_the_hub_and_to_the_map() -> None:
    world = a_world()

    html = world.get("/").text

    assert f'href="/p/{world.hub}"' in html
    assert 'href="/map"' in html


def test_every_page_forbids_loading_anything_from_elsewhere() -> None:
    world = a_world()

    answers = [world.get(path) for path in ("/", "/map", "/map.svg", f"/p/{world.hub}", "/nope")]

    assert {answer.headers["Content-Security-Policy"] for answer in answers} == {
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    }


def test_no_page_holds_an_address_outside_the_viewer() -> None:
    world = a_world()
    linked = {"type": "text", "text": {"content": "out", "link": {"url": "https://example.com/"}}}
    world.append(
        {"type": "paragraph", "paragraph": {"rich_text": [linked]}},
        {
            "type": "image",
            "image": {"type": "external", "external": {"url": "https://e.com/a.png"}},
        },
        {"type": "embed", "embed": {"url": "https://example.com/chart"}},
        {"type": "bookmark", "bookmark": {"url": "https://example.com/b"}},
    )
    world.view("table")
    world.chart("line", x_axis=world.by("Stage"), y_axis={"aggregator": "count"})

    for path in ("/", "/map", f"/p/{world.hub}", f"/d/{world.database}"):
        html = world.get(path).text
        assert [one for one in addresses(html) if not one.startswith(("/", "#"))] == []
        assert "<script" not in html
        assert "url(" not in html
        assert "@import" not in html


def test_an_outside_link_is_shown_with_its_address_but_cannot_be_followed() -> None:
    world = a_world()
    item = {
        "type": "text",
        "text": {"content": "HubSpot", "link": {"url": "https://example.com/a"}},
    }
    world.append({"type": "paragraph", "paragraph": {"rich_text": [item]}})

    html = world.page()

    assert '<span class="outside" title="https://example.com/a">HubSpot</span>' in html


def test_a_link_to_a_page_of_the_workspace_leads_to_that_page() -> None:
    world = a_world()
    url = f"https://www.notion.so/Some-title-{world.hub.replace('-', '')}"
    item = {"type": "text", "text": {"content": "up", "link": {"url": url}}}
    world.append({"type": "paragraph", "paragraph": {"rich_text": [item]}})

    assert f'<a href="/p/{world.hub.replace("-", "")}">up</a>' in world.page()


def test_hostile_text_is_text_wherever_it_stands() -> None:
    world = a_world()
    world.append(block("paragraph", HOSTILE), block("code", HOSTILE, language="html"))
    world.view("table", HOSTILE)
    world.view("board", configuration={"group_by": world.by("Persona")})
    world.view("gallery")

    for path in (f"/p/{world.hub}", f"/d/{world.database}"):
        html = world.get(path).text
        assert "<script" not in html
        assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;q&quot;" in html


def test_every_block_of_a_map_page_is_drawn() -> None:
    world = a_world()
    world.append(
        {"type": "table_of_contents", "table_of_contents": {}},
        block("heading_1", "Head one"),
        block("heading_2", "Head two"),
        block("paragraph", "A paragraph"),
        block(
            "callout", "A callout", icon={"type": "emoji", "emoji": "🎯"}, color="blue_background"
        ),
        block("quote", "A quote"),
        block("toggle", "A toggle", children=[block("paragraph", "inside it")]),
        block("bulleted_list_item", "Bullet"),
        block("numbered_list_item", "Number"),
        block("to_do", "To do", checked=True),
        {"type": "divider", "divider": {}},
        {
            "type": "column_list",
            "column_list": {
                "children": [
                    {"type": "column", "column": {"children": [block("paragraph", side)]}}
                    for side in ("left", "right")
                ]
            },
        },
        {
            "type": "table",
            "table": {
                "table_width": 2,
                "has_column_header": True,
                "has_row_header": False,
                "children": [
                    {"type": "table_row", "table_row": {"cells": [text("h1"), text("h2")]}},
                    {"type": "table_row", "table_row": {"cells": [text("a"), text("b")]}},
                ],
            },
        },
        block("code", "x = 1", language="python"),
        {"type": "equation", "equation": {"expression": "e=mc^2"}},
    )

    html = world.page()

    for expected in (
        "Head one</h2>", "Head two</h3>", "<p>A paragraph</p>", "🎯", "A callout", "back-blue",
        "<blockquote>A quote</blockquote>", "<summary>A toggle</summary>", "inside it",
        "<ul><li>Bullet</li></ul>", "<ol><li>Number</li></ol>", 'aria-label="done"', "<hr>",
        "<p>left</p>", "<p>right</p>", "<th>h1</th>", "<td>b</td>", "<code>x = 1</code>", "e=mc^2",
        'aria-label="Table of contents"', "🗺️",
    ):  # fmt: skip
        assert expected in html


def test_the_table_of_contents_leads_to_the_headings() -> None:
    world = a_world()
    world.append(
        {"type": "table_of_contents", "table_of_contents": {}}, block("heading_2", "Personas")
    )

    html = world.page()

    target = re.search(r'<a href="#([^"]+)">Personas</a>', html)
    assert target is not None
    assert f'id="{target.group(1)}"' in html


def test_a_database_on_its_page_is_a_link_and_a_linked_view_is_drawn_in_place() -> None:
    world = a_world()
    world.view("table", "All cells")

    html = world.page()

    assert f'<a href="/d/{world.database}">🧭 Cells</a>' in html
    assert '<section class="database">' in html
    assert ">All cells</a>" in html
    assert html.count("<table") == 1


def test_the_sidebar_lists_pages_and_databases_but_no_linked_views() -> None:
    world = a_world()
    world.view("table", "All cells")

    html = world.get("/").text
    sidebar = html[html.index('<nav class="side"') : html.index("<main")]

    assert re.findall(r'href="/([pd])/', sidebar) == ["p", "p", "d"]
    assert "All cells" not in sidebar


def test_a_row_page_shows_each_property_in_the_order_of_its_columns() -> None:
    world = a_world(rows=False)
    row = world.row("Alone", Rate={"number": 0.4}, Stage={"select": {"name": "Purchase"}})

    html = world.get(f"/p/{row}").text

    assert "<h1>Alone</h1>" in html
    assert words(html).index("Stage") < words(html).index("Rate") < words(html).index("Note")
    assert "40%" in html
    assert '<span class="chip chip-green">Purchase</span>' in html
    assert f'<a href="/d/{world.database}">‹ Cells</a>' in html


def test_the_map_page_shows_the_picture_from_this_server() -> None:
    world = a_world()

    assert '<img src="/map.svg"' in world.get("/map").text
    picture = world.get("/map.svg")
    assert picture.body == PICTURE
    assert picture.headers["Content-Type"].startswith("image/svg+xml")


def test_without_a_picture_yet_the_map_page_says_so() -> None:
    world = a_world(picture=b"")

    assert "No run has drawn it yet." in world.get("/map").text
    assert world.get("/map.svg").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/p/..",
        "/p/%2e%2e",
        "/d/xyz",
        "/p/00000000-0000-4000-8000-000000000000",
        "/p/" + "a" * 99,
    ],
)
def test_an_unknown_address_is_a_page_that_says_so(path: str) -> None:
    answer = a_world().get(path)

    assert answer.status == 404
    assert "Not here" in answer.text


def test_a_page_of_a_stranger_is_not_shown() -> None:
    world = a_world()
    world.sandbox.unshare(world.hub)

    assert world.get(f"/p/{world.hub}").status == 404
    assert world.get("/").status == 200


def test_writing_is_refused_and_a_head_has_no_body() -> None:
    world = a_world()

    assert world.get("/", method="POST").status == 405
    head = world.get("/", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(world.get("/").body))


def test_a_page_shows_what_is_there_now_and_not_what_was() -> None:
    world = a_world()
    world.page()

    world.append(block("paragraph", "written since"))

    assert "written since" in world.page()


@pytest.mark.parametrize(
    ("value", "format_", "printed"),
    [
        (0.43, "percent", "43%"),
        (0.1 + 0.2, "percent", "30%"),
        (1234567.0, "number_with_commas", "1,234,567"),
        (1234.5, "number", "1234.5"),
        (-0.4, "number", "-0.4"),
        (-0.0, "number", "0"),
        (1234.0, "euro", "€1,234"),
        (-1234.5, "dollar", "-$1,234.50"),
        (12.0, "franc", "CHF 12"),
        (12.0, "something_new", "12"),
    ],
)
def test_a_number_is_printed_in_its_notion_format(value: float, format_: str, printed: str) -> None:
    assert values.number(value, format_) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ({"start": "2026-11-02", "end": None}, "November 2, 2026"),
        ({"start": "2026-11-02", "end": "2026-12-01"}, "November 2, 2026 → December 1, 2026"),
        ({"start": "2026-11-21T09:30:00.000+00:00"}, "November 21, 2026 09:30 UTC"),
        ({"start": "2026-11-21T09:30:00.000Z"}, "November 21, 2026 09:30 UTC"),
        (None, ""),
    ],
)
def test_a_date_is_printed_as_people_write_it(value: dict[str, str] | None, printed: str) -> None:
    assert values.date(value) == printed


def test_text_is_escaped_and_markup_is_not_escaped_twice() -> None:
    assert tag("p", "a < b", Markup("<br>"), title='"') == '<p title="&quot;">a &lt; b<br></p>'
    assert join("a\x00b\ud83d", None, ["c"]) == "abc"
    assert isinstance(join(World().hub), Markup)
