"""Count what a sync of the sample portal costs: requests first, then seconds and memory.

Prints, in one run: HubSpot requests per stream beside the bound (records / documented page size,
rounded up), Notion requests per new row, per changed row and for a run without changes, and the
seconds and peak memory of the whole. Nothing waits: the stand-ins are in the process and the clock
only counts the waits that the services' limits would have asked for.

    python benchmarks/sync.py [--portal FOLDER --as-of TIME]
"""

from __future__ import annotations

import argparse
import math
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from cjm_sync.runs import Options, Report
from cjm_sync.wiring import open_world, read_config
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, sample_portal

HISTORY_PAGE, LIST_PAGE, SUBMISSIONS_PAGE, EMAIL_EVENTS_PAGE = 50, 100, 50, 1000
WITH_HISTORY = {"contacts", "deals", "tickets"}
CONFIG = """
[notion]
parent_page = "{parent}"
plan = "business"
[store]
settle_seconds = 0
[[journeys]]
key = "customers"
name = "Customer journey"
"""


class CountingClock:
    """Real time for what is measured; waits only move it on."""

    def __init__(self) -> None:
        self.waited = 0.0
        self._started = time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.waited)

    def monotonic(self) -> float:
        return time.monotonic() - self._started + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def bound(portal: Portal, stream: str) -> int:
    """Return the least requests that the documented page sizes allow; one even for nothing."""
    rows = [row for row in portal.rows.get(stream, ()) if not row.get("archived")]
    if stream == "form_submissions":
        per_form = Counter(row["formId"] for row in rows)
        forms = [f for f in portal.info.get("forms", ()) if f.get("formType") != "blog_comment"]
        return sum(max(1, math.ceil(per_form[form["id"]] / SUBMISSIONS_PAGE)) for form in forms)
    size = HISTORY_PAGE if stream in WITH_HISTORY else LIST_PAGE
    if stream == "email_events":
        size = EMAIL_EVENTS_PAGE
    return max(1, math.ceil(len(rows) / size))


def stream_of(path: str) -> str:
    """Return the stream that a HubSpot request reads."""
    for pattern in (
        r"/crm/objects/[^/]+/([a-z_]+)",
        r"/crm/(owners|properties|pipelines|associations)/",
        r"/(account-info|settings/currencies|email/public|form-integrations|marketing/forms|events)/",
    ):
        match = re.search(pattern, path)
        if match:
            names = {
                "email/public": "email_events",
                "form-integrations": "form_submissions",
                "marketing/forms": "forms",
                "settings/currencies": "exchange_rates",
            }
            return names.get(match[1], match[1])
    return path


def is_write(method: str, path: str) -> bool:
    return method in {"PATCH", "DELETE"} or (method == "POST" and not path.endswith("/query"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portal", type=Path)
    parser.add_argument("--as-of", type=datetime.fromisoformat, default=SAMPLE_AS_OF)
    arguments = parser.parse_args()
    portal = Portal.read(arguments.portal) if arguments.portal else sample_portal()
    with tempfile.TemporaryDirectory() as folder:
        measure(portal, arguments.as_of, Path(folder))


def measure(portal: Portal, as_of: datetime, folder: Path) -> None:
    clock = CountingClock()
    hubspot = HubSpotSandbox(portal, clock=clock)
    notion = NotionSandbox(clock=clock, plan="business")
    path = folder / "config.toml"
    path.write_text(CONFIG.format(parent=notion.parent_page), encoding="utf-8")

    def run(moment: datetime) -> tuple[Report, float]:
        env = {"HUBSPOT_TOKEN": hubspot.token, "NOTION_TOKEN": notion.token}
        wires = {
            "hubspot": httpx.WSGITransport(app=hubspot),
            "notion": httpx.WSGITransport(app=notion),
        }
        hubspot.requests.clear()
        notion.requests.clear()
        began = time.perf_counter()
        with open_world(read_config(path), environment=env, clock=clock, transports=wires) as world:
            report = world.engine().sync(Options(as_of=moment))
        return report, time.perf_counter() - began

    first, seconds = run(as_of)
    print(f"first sync: {first.outcome}, {first.created} rows")
    print_streams(portal, hubspot)
    print_notion("new row", notion, first.created)
    print(f"  {seconds:.1f} s, of which the limits would have asked {clock.waited:.1f} s more")
    again, seconds = run(as_of)
    print(f"second sync, nothing changed: {again.created + again.updated} rows written")
    print_notion("row", notion, again.unchanged)
    print(f"  {seconds:.1f} s")
    later, seconds = run(as_of + timedelta(days=2))
    print(f"third sync, two days on: {later.updated} rows changed, {later.created} new")
    print_notion("changed or new row", notion, later.updated + later.created)
    print(f"  {seconds:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the whole process, stand-ins included: {peak:.0f} MB")


def print_streams(portal: Portal, hubspot: HubSpotSandbox) -> None:
    sent = Counter(stream_of(request.path) for request in hubspot.requests)
    print(f"  {'HubSpot stream':<24}{'requests':>9}{'bound':>7}")
    total = least = 0
    for stream, count in sorted(sent.items()):
        known = stream in portal.rows
        limit = bound(portal, stream) if known else count
        total, least = total + count, least + limit
        print(f"  {stream:<24}{count:>9}{limit if known else '-':>7}")
    print(f"  {'all':<24}{total:>9}{least:>7}  ({total / least:.3f} x)")


def print_notion(what: str, notion: NotionSandbox, rows: int) -> None:
    writes = [r for r in notion.requests if is_write(r.method, r.path)]
    of_rows = [r for r in writes if re.search(r"/pages(/[^/]+)?$", r.path)]
    constant: Sequence[object] = [r for r in writes if r not in of_rows]
    per_row = f"{len(of_rows) / rows:.2f} per {what}" if rows and of_rows else "none for rows"
    print(
        f"  Notion: {len(notion.requests)} requests = {len(notion.requests) - len(writes)} reads "
        f"+ {len(of_rows)} writes of rows, the hub and the run's row included ({per_row}) + {len(constant)} of the frame"
    )


if __name__ == "__main__":
    main()
