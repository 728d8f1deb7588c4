from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cjm_sync_sandbox.hubspot.catalog import OBJECTS
from cjm_sync_sandbox.portal import Portal
from wire.hubspot_sandbox_world import Wire

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(params=["portal-saas", "portal-retail"])
def served(request: pytest.FixtureRequest) -> tuple[Wire, dict[str, Any]]:
    folder = SHARED / str(request.param)
    if not folder.exists():
        pytest.skip("the shared portals are not beside the project")
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Wire(Portal.read(folder)), truth


def test_every_object_of_a_shared_portal_is_listed_once_and_whole(
    served: tuple[Wire, dict[str, Any]],
) -> None:
    wire, truth = served
    counts: dict[str, int] = {}
    unknown: set[tuple[str, str]] = set()

    for kind in OBJECTS:
        known = {one["name"] for one in wire.get(f"/crm/properties/2026-09/{kind}")["results"]}
        rows = wire.sandbox.portal.rows.get(kind, [])
        unknown |= {(kind, name) for row in rows for name in row["properties"]} - {
            (kind, name) for name in known
        }
        pages = wire.pages(f"/crm/objects/2026-09/{kind}", limit=100)
        ids = [one["id"] for page in pages for one in page]
        assert len(ids) == len(set(ids)) == len(rows)
        counts[kind] = len(ids)

    assert {kind: count for kind, count in truth["counts"].items() if kind in counts} == {
        kind: count for kind, count in counts.items() if count
    }
    assert unknown == set()


def test_every_stream_of_a_shared_portal_is_read_to_its_end(
    served: tuple[Wire, dict[str, Any]],
) -> None:
    wire, truth = served
    info = wire.sandbox.portal.info
    counts = {"form_submissions": 0, "email_events": 0, "events": 0}

    for form in wire.get("/marketing/v3/forms", formTypes="all", limit=100)["results"]:
        if form["formType"] != "blog_comment":
            path = f"/form-integrations/v1/submissions/forms/{form['id']}"
            counts["form_submissions"] += sum(len(page) for page in wire.pages(path, limit=50))
    offset: dict[str, Any] = {}
    more = True
    while more:
        answer = wire.get("/email/public/v1/events", limit=1000, **offset)
        counts["email_events"] += len(answer["events"])
        offset, more = {"offset": answer["offset"]}, answer["hasMore"]
    if info.get("features", {}).get("events"):
        answer = wire.get("/events/event-occurrences/2026-09", eventType="e_visited_page")
        counts["events"] += len(answer["results"])
        while "paging" in answer:
            wire.clock.sleep(0.1)
            answer = wire.get(answer["paging"]["next"]["link"])
            counts["events"] += len(answer["results"])

    assert {name: count for name, count in counts.items() if count} == {
        name: truth["counts"][name] for name in counts if name in truth["counts"]
    }
