"""The seam between the oracle's tests and the product: a portal in, the product's export out.

`product_export` makes records of the rows as a source would hand them over (links two-way, merges
resolved, former and archived records gone); mapping, journey and JSON exporter are the product's
own. `pulled_export` goes the whole way, from the stand-in's answers through the mirror.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import httpx
from pydantic import SecretStr

import cjm_sync_files
from cjm_sync.engine import compute_map, needs
from cjm_sync.journey.compute import compute
from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Change, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync.pull import pull
from cjm_sync.store import Store
from cjm_sync_hubspot import HubSpotSettings
from cjm_sync_hubspot import plugin as hubspot
from cjm_sync_mappings import plugin
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.hubspot.catalog import object_type
from cjm_sync_sandbox.hubspot.definitions import define
from cjm_sync_sandbox.hubspot.pipelines import pipelines_of
from cjm_sync_sandbox.portal import Portal
from oracle.reading import Row, World, to_ms
from support.clock import FakeClock

_DEFINED = (
    "contacts",
    "companies",
    "deals",
    "tickets",
    "calls",
    "meetings",
    "feedback_submissions",
)


class PortalRecords:
    """A portal's rows as the records of a mirror (`cjm_sync.ports.Records`)."""

    def __init__(self, portal: Portal, as_of: datetime) -> None:
        self._portal = portal
        now = to_ms(as_of.isoformat())
        assert now is not None
        self._world = World(portal, now)

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        records = [*self._of(object)]
        yield from sorted(records, key=lambda record: _order(record.id))

    def _of(self, name: str) -> Iterator[Record]:
        info = self._portal.info
        match name:
            case "account":
                account = {"portalId": 147893286, "timeZone": "UTC", "companyCurrency": "USD"}
                account |= info.get("account") or {}
                yield Record("account", str(account["portalId"]), account)
            case "pipelines":
                for kind in ("deals", "tickets", "contacts"):
                    for pipeline in pipelines_of(info, kind):
                        yield Record("pipelines", f"{kind}/{pipeline['id']}", pipeline)
            case "properties":
                for kind in _DEFINED:
                    for key, one in define(info, object_type(kind)).by_name.items():
                        yield Record("properties", f"{kind}/{key}", one)
            case "form_submissions":
                for row in self._portal.rows.get(name, []):
                    given = [one for one in row["values"] if one["name"] == "email"]
                    email = given[0]["value"].lower() if given else None
                    kept = {"formId": row["formId"], "submittedAt": row["submittedAt"]}
                    yield Record(name, row["conversionId"], {**kept, "email": email})
            case "email_events":
                for row in self._portal.rows.get(name, []):
                    kept = {**row, "recipient": row["recipient"].lower()}
                    yield Record(name, f"{row['id']}:{row['created']}", kept)
            case "events":
                for row in self._portal.rows.get(name, []):
                    yield Record(name, row["id"], row)
            case _:
                for row in self._world.rows.get(name, {}).values():
                    yield self._record(name, row)

    def _record(self, name: str, row: Row) -> Record:
        links = self._world.links.get((name, row["id"]), {})
        modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
        return Record(
            name,
            row["id"],
            {"createdate": row["createdAt"], modified: row["updatedAt"], **row["properties"]},
            history={
                prop: tuple(
                    Change(one.get("value"), one.get("timestamp"), one.get("sourceType"))
                    for one in changes
                )
                for prop, changes in (row.get("history") or {}).items()
            },
            links={other: tuple(sorted(ids, key=_order)) for other, ids in links.items()},
            created_at=row["createdAt"],
            updated_at=row["updatedAt"],
        )


def _order(record_id: str) -> tuple[int, int, str]:
    return (0, int(record_id), "") if record_id.isdigit() else (1, 0, record_id)


UnitKind = Literal["contact", "company", "deal"]


def _journey(where: dict[str, Any] | None = None, unit: UnitKind = "contact") -> JourneyRequest:
    text = plugin.profile_text("crm")
    assert text is not None
    return JourneyRequest("customers", "Customer journey", unit, "crm", text, where or {})


def _exported(journey_map: JourneyMap) -> dict[str, Any]:
    exported: dict[str, Any] = json.loads(cjm_sync_files.json.export(journey_map))
    return exported


def product_export(
    portal: Portal,
    as_of: datetime,
    where: dict[str, Any] | None = None,
    unit: UnitKind = "contact",
) -> dict[str, Any]:
    """Return what the product exports as JSON for a journey of contacts, companies or deals."""
    facts = plugin.facts(PortalRecords(portal, as_of), _journey(where, unit), as_of=as_of)
    return _exported(JourneyMap(as_of, (compute(facts, as_of=as_of),)))


def pulled_export(portal: Portal, as_of: datetime, unit: UnitKind = "contact") -> dict[str, Any]:
    """Return the same after reading *portal* through the source into a mirror."""
    clock = FakeClock(as_of)
    sandbox = HubSpotSandbox(portal, clock=clock)
    source = hubspot.connect(
        HubSpotSettings(),
        clock=clock,
        secret=SecretStr(sandbox.token),
        transport=httpx.WSGITransport(app=sandbox),
    )
    try:
        with TemporaryDirectory() as folder, Store(f"sqlite:///{Path(folder) / 'm.db'}") as store:
            pulled = pull(source, store, needs(plugin, (_journey(unit=unit),)))
            assert not pulled.failed, pulled.findings
            return _exported(compute_map(plugin, store, (_journey(unit=unit),), as_of=as_of))
    finally:
        source.close()
