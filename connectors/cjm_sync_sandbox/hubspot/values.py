"""The value of any property of a record: stored, kept by HubSpot itself, or calculated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import ObjectType
from cjm_sync_sandbox.hubspot.definitions import StageMoment
from cjm_sync_sandbox.hubspot.pipelines import STAGE_PROPERTY, pipelines_of
from cjm_sync_sandbox.hubspot.table import Row, created_at, updated_at
from cjm_sync_sandbox.hubspot.view import PortalView, exchange_rates
from cjm_sync_sandbox.hubspot.wire import to_milliseconds, to_text


def history_of(row: Row, name: str) -> list[dict[str, Any]]:
    """Return the property's history, newest first whatever the order in the file."""
    entries: list[dict[str, Any]] = (row.get("history") or {}).get(name, [])
    return sorted(entries, key=lambda entry: -(to_milliseconds(entry.get("timestamp")) or 0))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stays(kind: ObjectType, row: Row) -> list[tuple[str, int, int | None]]:
    """Return (stage, since, until) oldest first; an entry that changes nothing starts no stay."""
    stays: list[tuple[str, int, int | None]] = []
    for entry in reversed(history_of(row, STAGE_PROPERTY.get(kind.name, ""))):
        since = to_milliseconds(entry.get("timestamp"))
        value = str(entry.get("value") or "")
        if since is None or (stays and stays[-1][0] == value):
            continue
        if stays:
            stays[-1] = (stays[-1][0], stays[-1][1], since)
        stays.append((value, since, None))
    return stays


def _moment_text(milliseconds: int) -> str:
    return to_text(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))


def _about_stage(kind: ObjectType, row: Row, wanted: StageMoment) -> str | None:
    stays = [stay for stay in _stays(kind, row) if stay[0] == wanted.stage]
    if not stays:
        return None
    _, since, until = stays[-1]
    match wanted.moment:
        case "entered":
            return _moment_text(since)
        case "exited":
            return None if until is None else _moment_text(until)
        case "latest":
            return None if until is None else str(until - since)
        case "cumulative":
            return str(sum(until - since for _, since, until in stays if until is not None))


def _primary_company(row: Row) -> str | None:
    for entry in (row.get("associations") or {}).get("companies", []):
        if isinstance(entry, Mapping) and entry.get("primary"):
            return str(entry["id"])
    return None


class Reader:
    """Reads records of one type for one request, whose definitions and stages it looks up once."""

    def __init__(self, view: PortalView, kind: ObjectType) -> None:
        self.kind = kind
        self.definitions = view.definitions(kind)
        account = view.account
        self._home = str(account["companyCurrency"])
        self._rates = exchange_rates(view.described, self._home)
        self._stages: dict[str, Mapping[str, str]] = {
            stage["id"]: stage["metadata"]
            for pipeline in pipelines_of(view.described, kind.name)
            for stage in pipeline["stages"]
        }
        self._url = (
            f"https://{account['uiDomain']}/contacts/{account['portalId']}/record/{kind.type_id}/"
        )

    def record(
        self, row: Row, names: Iterable[str], history_names: Iterable[str] = ()
    ) -> dict[str, Any]:
        """Return a record as the API shows it.

        Names without a definition are left out without a word; without *names* there is a small
        default set; id, created and modified come always.
        """
        kind, known = self.kind, self.definitions.by_name
        asked = set(names) or set(kind.defaults)
        shown = sorted(asked | {"hs_object_id", kind.created, kind.modified})
        record: dict[str, Any] = {
            "id": row["id"],
            "properties": {name: self.value(row, name) for name in shown if name in known},
            "createdAt": created_at(kind, row),
            "updatedAt": updated_at(kind, row),
            "archived": bool(row.get("archived")),
        }
        if record["archived"]:
            record["archivedAt"] = row.get("archivedAt") or record["updatedAt"]
        past = [name for name in history_names if name in known]
        if past:
            record["propertiesWithHistory"] = {name: history_of(row, name) for name in past}
        record["url"] = self._url + row["id"]
        return record

    def value(self, row: Row, name: str) -> str | None:
        """Return the value on the wire, text or None, of a property that has a definition."""
        if name == "hs_object_id":
            return str(row["id"])
        if name == self.kind.created:
            return created_at(self.kind, row)
        if name == self.kind.modified:
            return updated_at(self.kind, row)
        if name in row["properties"]:
            return _text(row["properties"][name])
        moment = self.definitions.stage_moments.get(name)
        if moment is not None:
            return _about_stage(self.kind, row, moment)
        return self._calculated(row, name)

    def _calculated(self, row: Row, name: str) -> str | None:
        match self.kind.name, name:
            case _, "hs_v2_date_entered_current_stage" | "hs_v2_time_in_current_stage":
                # Both are the moment of entry, the second despite its name.
                stays = _stays(self.kind, row)
                return _moment_text(stays[-1][1]) if stays else None
            case "contacts" | "companies", "hs_pipeline":
                return f"{self.kind.name}-lifecycle-pipeline"
            case "contacts", "associatedcompanyid":
                return _primary_company(row)
            case "deals", "hs_primary_associated_company":
                return _primary_company(row)
            case "deals", "hs_deal_stage_probability":
                return self._stage(row).get("probability")
            case "deals", "hs_is_closed" | "hs_is_closed_won" | "hs_is_closed_lost":
                return self._closed(row, name)
            case "deals", "hs_closed_won_date":
                won = self._closed(row, "hs_is_closed_won") == "true"
                return _text(row["properties"].get("closedate")) if won else None
            case "deals", "hs_exchange_rate" | "amount_in_home_currency":
                return self._in_home_currency(row, name)
            case _:
                return None

    def _stage(self, row: Row) -> Mapping[str, str]:
        return self._stages.get(row["properties"].get("dealstage"), {})

    def _closed(self, row: Row, name: str) -> str:
        metadata = self._stage(row)
        is_closed = metadata.get("isClosed") == "true"
        wanted = {"hs_is_closed_won": 1.0, "hs_is_closed_lost": 0.0}.get(name)
        if is_closed and wanted is not None:
            is_closed = float(metadata.get("probability", "0.5")) == wanted
        return str(is_closed).lower()

    def _in_home_currency(self, row: Row, name: str) -> str | None:
        currency = row["properties"].get("deal_currency_code") or self._home
        rate = (
            1.0 if currency == self._home else self._rates.get(currency, {}).get("conversionRate")
        )
        if rate is None:
            return None
        if name == "hs_exchange_rate":
            return f"{float(rate):.12g}"
        try:
            return f"{float(row['properties'].get('amount') or '') * float(rate):.12g}"
        except ValueError:
            return None
