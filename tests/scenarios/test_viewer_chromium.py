"""The demo's web page and the map in a real browser: all there, fits a phone, calls nobody.

A page of the viewer runs no script, so what has to be measured in the browser is measured from
outside: a bare page of this test holds the viewer's page in a frame of the wanted width and reads
the laid-out result.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from cjm_sync.journey.types import JourneyMap
from cjm_sync_files import svg
from export_maps import AS_OF, HIDDEN, felt, journey, stage, touchpoint
from viewer_world import HOSTILE, World, a_world, block

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.loopback,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]

PHONE, DESKTOP = 390, 1280
LONG = "A label that is much longer than any column of the map is wide, and then some more"

# Reports how far a page reaches to the right, and what sticks out of the window without standing
# in a container that scrolls by itself.
OVERFLOW = """
const page = frame.contentDocument, wide = page.documentElement.clientWidth;
const scrolls = element => {
  for (let e = element.parentElement; e; e = e.parentElement)
    if (["auto", "scroll", "hidden"].includes(frame.contentWindow.getComputedStyle(e).overflowX))
      return true;
  return false;
};
const out = [...page.querySelectorAll("main *")].filter(
  e => e.getBoundingClientRect().right > wide + 1 && !scrolls(e)).map(e => e.outerHTML.slice(0, 90));
found = {width: wide, reach: page.documentElement.scrollWidth, out: out};
"""

# Reports which lines of text lie on another one, and which leave the picture.
COLLISIONS = """
const picture = frame.contentDocument.documentElement;
const box = [0, 0, picture.viewBox.baseVal.width, picture.viewBox.baseVal.height];
const texts = [...picture.querySelectorAll("text")].map(t => {
  const b = t.getBBox(), pad = b.height * 0.2;
  return {words: t.textContent, x: b.x, y: b.y + pad, r: b.x + b.width, b: b.y + b.height - pad};
}).filter(t => t.words);
const over = [];
for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++) {
  const a = texts[i], c = texts[j];
  if (Math.min(a.r, c.r) - Math.max(a.x, c.x) > 1 && Math.min(a.b, c.b) - Math.max(a.y, c.y) > 1)
    over.push([a.words, c.words]);
}
found = {texts: texts.length, over: over,
         out: texts.filter(t => t.x < box[0] || t.r > box[2] || t.b > box[3]).map(t => t.words)};
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Return the browser; only a machine that is not CI may go without."""
    found = shutil.which("chromium")
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no chromium on this machine (Debian: apt-get install chromium)")
    assert found is not None, "CI installs chromium, but it is not on the path"
    return found


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        """Say nothing."""


@dataclass
class Site:
    """The viewer on loopback, with this test's measuring page beside it."""

    world: World
    address: str
    scripts: dict[str, tuple[str, int, str]]

    def measuring(self, path: str, width: int, script: str) -> str:
        """Return the address of a page that frames *path* and runs *script* over it."""
        name = f"/measure/{len(self.scripts)}"
        self.scripts[name] = (path, width, script)
        return self.address + name


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    world = a_world(picture=svg.export(full_map()))
    furnish(world)
    scripts: dict[str, tuple[str, int, str]] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        name = environ["PATH_INFO"]
        if name not in scripts:
            return world.viewer(environ, start_response)
        path, width, script = scripts[name]
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [
            f"""<!doctype html><body><iframe id="frame" src="{path}" width="{width}" height="900"
            style="border:0"></iframe><pre id="found"></pre><script>
            const frame = document.getElementById("frame");
            frame.onload = () => {{ let found; {script}
            document.getElementById("found").textContent = JSON.stringify(found); }};
            </script>""".encode()
        ]

    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Site(world, f"http://127.0.0.1:{server.server_port}", scripts)
    server.shutdown()
    thread.join()
    server.server_close()


def full_map() -> JourneyMap:
    """Return a map in which everything is as long as it can be."""
    stages = (
        stage(1, LONG, in_stage=12_345, dormant=6_789, emotion=felt(2.0, "measured")),
        stage(2, emotion=felt(-2.0), median_days=1234.5, open_amount=9_999_999.0),
        stage(3, "日本語のとても長い段階の名前がここに入ります", emotion=HIDDEN, in_stage=None),
        stage(4, emotion=felt(0.1), conversion=None, conversion_low=None, median_days=None),
        stage(5, dormant=None, emotion=felt(0.0, "measured"), nps=-100.0, nps_n=12_345),
        stage(6, LONG, conversion=None, median_days=0.4, won_amount=1e30),
    )
    touched = tuple(touchpoint(LONG, 0.9 - number / 20, key="ext.x") for number in range(9))
    one = journey(*stages, name=LONG, touchpoints=(*touched, touchpoint("hidden", None)))
    return JourneyMap(AS_OF, (one, journey()))


def furnish(world: World) -> None:
    """Put every kind of block and view on the hub, with a long word in each."""
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    world.row(word, Note={"rich_text": [{"type": "text", "text": {"content": f"{word} " * 5}}]})
    world.append(
        {"type": "table_of_contents", "table_of_contents": {}},
        block("heading_2", f"Personas {word}"),
        block("paragraph", f"{word} {HOSTILE}"),
        block("callout", word),
        block("code", "x" * 300, language="python"),
        block("quote", word),
        block("to_do", word),
    )
    emotion = {"aggregator": "average", "property_id": world.ids["Score"]}
    total = {"aggregator": "sum", "property_id": world.ids["Amount"]}
    stages, people = world.by("Stage"), world.by("Persona")
    world.view("board", "Journey board", configuration={"group_by": stages})
    world.view("table", "All cells")
    world.view("gallery", "Cards")
    world.view("list", "Names")
    world.view("timeline", "Dates", configuration={"date_property_id": world.ids["Due"]})
    world.chart("line", "Emotion curve", x_axis=stages, y_axis=emotion, stack_by=people,
                smooth_line=True, show_data_labels=True, axis_labels="both")  # fmt: skip
    world.chart("column", "Funnel", x_axis=stages, y_axis=total, show_data_labels=True)
    world.chart("bar", "Bars", x_axis=stages, y_axis=total, stack_by=people)
    world.chart("donut", "Donut", x_axis=stages, y_axis={"aggregator": "count"})
    world.chart("number", "Rows", value={"aggregator": "count"})
    upload = world.upload("map.png", tiny_png(1600, 2), "image/png")
    file = {"type": "file_upload", "file_upload": {"id": upload}}
    caption = [{"type": "text", "text": {"content": f"The map {word}"}}]
    world.append({"type": "image", "image": {**file, "caption": caption}})
    board = world.view("dashboard", "At a glance")
    for place in ({"type": "new_row"}, *[{"type": "existing_row", "row_index": 0}] * 2):
        world.ask("POST", "views", {
            "view_id": board, "data_source_id": world.source, "name": word, "type": "chart",
            "placement": place,
            "configuration": {"type": "chart", "chart_type": "column", "x_axis": stages,
                              "y_axis": total},
        })  # fmt: skip


def tiny_png(width: int, height: int) -> bytes:
    """Return a grey picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = (b"\0" + b"\x99" * width) * height
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def browse(chromium: str, folder: Path, address: str, *flags: str, width: int = DESKTOP) -> str:
    """Open *address* in a fresh profile and return what the browser printed."""
    done = subprocess.run(
        [
            chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-default-apps", "--disable-extensions",
            # Whatever the browser itself would like to ask somebody, it cannot find them.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},900", *flags, address,
        ],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.decode()


def measured(chromium: str, folder: Path, address: str) -> Any:
    """Return what a measuring page found."""
    flags = ("--dump-dom", "--virtual-time-budget=8000")
    found = re.search(r'<pre id="found">(.+?)</pre>', browse(chromium, folder, address, *flags))
    assert found is not None, "the framed page was not loaded"
    return json.loads(unescape(found.group(1)))


def test_the_hub_shows_its_board_tables_and_charts(
    site: Site, chromium: str, tmp_path: Path
) -> None:
    html = browse(chromium, tmp_path, f"{site.address}/p/{site.world.hub}", "--dump-dom")

    assert "<h1>Journey hub</h1>" in html
    assert 'class="board"' in html
    assert html.count("<table") == 1
    for kind in ("line", "column", "bar", "donut", "number"):
        assert f"chart-kind-{kind}" in html
    # The browser made no element out of the hostile text.
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_browser_draws_the_uploaded_picture(site: Site, chromium: str, tmp_path: Path) -> None:
    script = """
    const pictures = [...frame.contentDocument.querySelectorAll("main img")];
    found = pictures.map(one => [one.naturalWidth, one.naturalHeight, one.complete]);
    """

    path = f"/p/{site.world.hub}"
    found = measured(chromium, tmp_path, site.measuring(path, DESKTOP, script))

    assert found == [[1600, 2, True]]


def test_the_start_page_leads_to_the_hub_and_the_map(
    site: Site, chromium: str, tmp_path: Path
) -> None:
    html = browse(chromium, tmp_path, site.address, "--dump-dom")

    assert f'href="/p/{site.world.hub}"' in html
    assert 'href="/map"' in html


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("page", ["start", "hub", "database", "row", "map"])
def test_no_page_scrolls_sideways(
    site: Site, chromium: str, tmp_path: Path, page: str, width: int
) -> None:
    first = re.search(r'<th scope="row"><a href="([^"]+)', site.world.page())
    assert first is not None
    path = {
        "start": "/",
        "hub": f"/p/{site.world.hub}",
        "database": f"/d/{site.world.database}",
        "row": first.group(1),
        "map": "/map",
    }[page]

    found = measured(chromium, tmp_path, site.measuring(path, width, OVERFLOW))

    assert found == {"width": width, "reach": width, "out": []}


def test_no_words_of_the_map_lie_on_others_or_leave_it(
    site: Site, chromium: str, tmp_path: Path
) -> None:
    found = measured(chromium, tmp_path, site.measuring("/map.svg", 1600, COLLISIONS))

    assert found["texts"] > 200
    assert found["over"] == []
    assert found["out"] == []


def test_the_browser_asks_nobody_but_this_server(site: Site, chromium: str, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    asked: set[str] = set()
    for path in (f"/p/{site.world.hub}", "/map"):
        browse(chromium, tmp_path, site.address + path, f"--log-net-log={log}", "--dump-dom")
        events = json.loads(log.read_text(encoding="utf-8"))["events"]
        parameters = [event.get("params", {}) for event in events]
        # A browser also asks its maker for updates; what a page asks for names it as initiator.
        asked |= {one["url"] for one in parameters if one.get("initiator") == site.address
                  and "url" in one}  # fmt: skip

    assert f"{site.address}/map.svg" in asked
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(site.address).netloc}


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_a_picture_of_the_hub_can_be_taken(
    site: Site, chromium: str, tmp_path: Path, width: int
) -> None:
    picture = tmp_path / "hub.png"

    browse(
        chromium, tmp_path, f"{site.address}/p/{site.world.hub}", f"--screenshot={picture}",
        width=width,
    )  # fmt: skip

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 10_000
