"""How the portal itself changes: stages, options, properties, lists, forms, people, rates.

`HubSpotSandbox.design` is a `Design`. It edits `portal.info`, where HubSpot's defaults are written
out first when the portal did not say anything of its own. None of it moves a record's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import RLock
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import object_type
from cjm_sync_sandbox.hubspot.lists import member
from cjm_sync_sandbox.hubspot.pipelines import lifecycle_stages, pipelines_of
from cjm_sync_sandbox.hubspot.view import PortalView
from cjm_sync_sandbox.hubspot.wire import to_text

Row = dict[str, Any]
_LIFECYCLE = frozenset({"contacts", "companies"})


class Design:
    """Edits what describes the portal. Stages of contacts and companies are the lifecycle stages."""

    def __init__(self, view: PortalView, lock: RLock) -> None:
        self._view = view
        self._lock = lock

    def add_stage(
        self,
        kind: str,
        stage: str,
        label: str,
        *,
        pipeline: str | None = None,
        metadata: Mapping[str, str] | None = None,
        place: int | None = None,
    ) -> None:
        """Add a stage, at the end or at *place*; *pipeline* is the first one when not given."""
        with self._lock:
            stages = self._stages(kind, pipeline)
            added = {"id": stage, "value": stage, "label": label, "metadata": dict(metadata or {})}
            stages.insert(len(stages) if place is None else place, added)
            self._renumber(stages)

    def rename_stage(
        self, kind: str, stage: str, label: str, *, pipeline: str | None = None
    ) -> None:
        """Give a stage another label; its id stays."""
        with self._lock:
            self._one(self._stages(kind, pipeline), stage)["label"] = label
            self._view.changed()

    def remove_stage(self, kind: str, stage: str, *, pipeline: str | None = None) -> None:
        """Take a stage away; records and history keep its id, its properties are gone."""
        with self._lock:
            stages = self._stages(kind, pipeline)
            stages.remove(self._one(stages, stage))
            self._renumber(stages)

    def set_stage(
        self, kind: str, stage: str, metadata: Mapping[str, str], *, pipeline: str | None = None
    ) -> None:
        """Change what a stage means, such as `{"isClosed": "true", "probability": "0.0"}`."""
        with self._lock:
            self._one(self._stages(kind, pipeline), stage).setdefault("metadata", {}).update(
                metadata
            )
            self._view.changed()

    def add_pipeline(self, kind: str, pipeline: str, label: str, stages: Iterable[Row]) -> None:
        """Add a pipeline; *stages* as in `portal.json`."""
        with self._lock:
            self._pipelines(kind).append({"id": pipeline, "label": label, "stages": list(stages)})
            self._view.changed()

    def remove_pipeline(self, kind: str, pipeline: str) -> None:
        with self._lock:
            found = self._pipelines(kind)
            found.remove(self._one(found, pipeline))
            self._view.changed()

    def define(self, kind: str, name: str, **definition: Any) -> None:
        """Add a property or change its definition: `type`, `label`, `options` and so on."""
        with self._lock:
            found = self._definitions(kind)
            own = next((one for one in found if one["name"] == name), None)
            if own is None:
                own = {"name": name}
                found.append(own)
            own.update(definition)
            self._view.changed()

    def undefine(self, kind: str, name: str) -> None:
        """Delete a property of the portal's own; asking for it is then passed over in silence."""
        with self._lock:
            found = self._definitions(kind)
            found.remove(self._named(found, name))
            self._view.changed()

    def set_options(self, kind: str, name: str, options: Mapping[str, str]) -> None:
        """Replace a property's options by value → label; records keep values that are gone."""
        shown = [{"value": value, "label": label} for value, label in options.items()]
        self.define(kind, name, options=shown)

    def options(self, kind: str, name: str) -> dict[str, str]:
        """Return a property's options, value → label, in order."""
        with self._lock:
            known = self._view.definitions(object_type(kind)).by_name[name]
            return {one["value"]: one["label"] for one in known["options"]}

    def set_rate(self, currency: str, rate: float) -> None:
        """Change an exchange rate: `amount_in_home_currency` moves and no modified time does."""
        with self._lock:
            rates = self._view.described.setdefault("exchange_rates", {})
            if isinstance(rates, dict):
                rates[currency] = rate
            else:
                rates[:] = [one for one in rates if one["fromCurrencyCode"] != currency]
                rates.append({"fromCurrencyCode": currency, "conversionRate": rate})
            self._view.changed()

    def add_owner(self, owner_id: str, **fields: Any) -> None:
        self._append("owners", {"id": owner_id, **fields})

    def add_form(self, form_id: str, name: str, **fields: Any) -> None:
        self._append("forms", {"id": form_id, "name": name, **fields})

    def add_list(self, list_id: str, name: str, *, kind: str = "contacts", **fields: Any) -> None:
        """Add a list without members; *fields* as of the API (`processingType`, …)."""
        known = {"listId": list_id, "name": name, "objectTypeId": object_type(kind).type_id}
        self._append("lists", known | {"members": []} | fields)

    def join_list(self, list_id: str, *record_ids: str) -> None:
        """Let records enter a list now; no modified time moves."""
        with self._lock:
            members = self._list(list_id)["members"]
            now = to_text(self._view.clock.now())
            present = {one["recordId"] for one in members}
            members.extend(
                {"recordId": one, "membershipTimestamp": now}
                for one in record_ids
                if one not in present
            )
            self._view.changed()

    def leave_list(self, list_id: str, *record_ids: str) -> None:
        """Let records leave a list, without a trace."""
        with self._lock:
            members = self._list(list_id)["members"]
            members[:] = [one for one in members if one["recordId"] not in record_ids]
            self._view.changed()

    def _append(self, name: str, row: Row) -> None:
        with self._lock:
            self._view.described.setdefault(name, []).append(row)
            self._view.changed()

    def _list(self, list_id: str) -> Row:
        for one in self._view.described.get("lists") or []:
            if str(one["listId"]) == list_id:
                one["members"] = [member(entry) for entry in one.get("members", ())]
                found: Row = one
                return found
        raise ValueError(f"there is no list {list_id}")

    def _definitions(self, kind: str) -> list[Row]:
        found: list[Row] = self._view.described.setdefault("properties", {}).setdefault(
            object_type(kind).name, []
        )
        return found

    def _pipelines(self, kind: str) -> list[Row]:
        name = object_type(kind).name
        known = self._view.described.setdefault("pipelines", {})
        if not known.get(name):
            known[name] = pipelines_of(self._view.described, name)
        found: list[Row] = known[name]
        return found

    def _stages(self, kind: str, pipeline: str | None) -> list[Row]:
        described = self._view.described
        name = object_type(kind).name
        if name in _LIFECYCLE and not (described.get("pipelines") or {}).get(name):
            described["lifecycle_stages"] = [
                {"id": value, "value": value, "label": label}
                for value, label in lifecycle_stages(described)
            ]
            shared: list[Row] = described["lifecycle_stages"]
            return shared
        lines = self._pipelines(kind)
        line = lines[0] if pipeline is None else self._one(lines, pipeline)
        stages: list[Row] = line["stages"]
        return stages

    def _renumber(self, stages: list[Row]) -> None:
        for place, stage in enumerate(stages):
            stage["displayOrder"] = place
        self._view.changed()

    @staticmethod
    def _one(rows: list[Row], record_id: str) -> Row:
        for row in rows:
            if str(row.get("id", row.get("value"))) == record_id:
                return row
        raise ValueError(f"there is no {record_id}")

    @staticmethod
    def _named(rows: list[Row], name: str) -> Row:
        for row in rows:
            if row["name"] == name:
                return row
        raise ValueError(f"the portal does not define {name} itself")
