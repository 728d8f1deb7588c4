"""Short ways to say what is wished, bound and observed, for the tests of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cjm_sync.model import Binding, Cell, Item, Missing, Observed, Page, Wished, canonical
from cjm_sync.plan import plan
from cjm_sync.steps import Observation, Plan, Rules

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
RULES = Rules(journeys=frozenset({"j"}))


def page(key: str = "j/a", collection: str = "stages", journey: str = "j", **cells: Cell) -> Page:
    """Return a row as it should be; it always carries its key."""
    return Page(key, collection, {"sync_key": key, **cells}, journey)


def binding(of: Page, *, at: str = "", state: str = "live", **more: Any) -> Binding:
    """Return the memory of *of* as it was written, *more* aside."""
    written = {name: canonical(cell) for name, cell in of.cells.items()}
    detail = {"collection": of.collection, **more.pop("detail", {})}
    return Binding(
        of.key,
        "row",
        at or f"id-{of.key}",
        **{"written": written, "journey": of.journey, **more},
        detail=detail,
        state=state,
    )


def observed(of: Page, *, at: str = "", key: str | None = None, **more: Any) -> Observed:
    """Return the row of *of* as a scan shows it."""
    return Observed(
        of.key if key is None else key,
        at or f"id-{of.key}",
        more.pop("collection", of.collection),
        by_person=more.pop("by_person", False),
        created_at=more.pop("created_at", NOON - timedelta(days=1)),
        edited_at=more.pop("edited_at", NOON),
        **more,
    )


def missing(of: Page, state: str, **more: Any) -> dict[str, Missing]:
    """Return what looking *of* up by its id showed."""
    return {of.key: Missing(of.key, f"id-{of.key}", state, **more)}


def planned(
    *pages: Page,
    bound: tuple[Binding, ...] = (),
    rows: tuple[Observed, ...] = (),
    gone: Mapping[str, Missing] | None = None,
    rules: Rules = RULES,
    items: tuple[Item, ...] = (),
    moved: Mapping[str, str] | None = None,
    **more: Any,
) -> Plan:
    """Plan from the pieces that matter to a test."""
    return plan(
        Wished(items, pages, moved=moved or {}),
        {one.key: one for one in bound},
        Observation(rows, gone or {}, **more),
        rules,
    )
