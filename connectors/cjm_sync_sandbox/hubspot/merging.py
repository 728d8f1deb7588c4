"""What becomes of records that are merged: a new one, and the old ids lead to it."""

from __future__ import annotations

from typing import Any

from cjm_sync_sandbox.hubspot.associations import IMPLIED, reached
from cjm_sync_sandbox.hubspot.catalog import OBJECTS, ObjectType
from cjm_sync_sandbox.hubspot.linking import demote, rename
from cjm_sync_sandbox.hubspot.table import MERGEABLE, Row, created_at
from cjm_sync_sandbox.hubspot.values import history_of
from cjm_sync_sandbox.hubspot.view import PortalView
from cjm_sync_sandbox.hubspot.wire import to_milliseconds

_OF_ONE_ID = {"hs_merged_object_ids", "hs_calculated_merged_vids", "hs_all_contact_vids"}


def survivor_of(
    view: PortalView,
    kind: ObjectType,
    rows: list[Row],
    *,
    record_id: str,
    at: str,
    whole_chain: bool,
) -> Row:
    """Return the record that *rows*, the primary first, become; their links move to it.

    The old rows stay in the portal, where their ids are resolved, and show in no listing.
    """
    if kind.name not in MERGEABLE:
        raise ValueError(f"{kind.name} cannot be merged")
    ids = [row["id"] for row in rows]
    if len(set(ids)) < 2 or any(row.get("archived") for row in rows):
        raise ValueError("a merge takes at least two different live records")
    former = view.table(kind).former()
    earlier = [old for one in ids for old in former.get(one, ())] if whole_chain else []
    survivor: Row = {
        "id": record_id,
        "properties": _properties(kind, rows),
        "createdAt": min((created_at(kind, row) for row in rows), key=_moment),
        "updatedAt": at,
        "associations": _associations(view, kind, rows),
    }
    survivor["history"] = _history(rows, survivor["properties"])
    survivor["properties"]["hs_merged_object_ids"] = ";".join([*ids, *earlier])
    if kind.name == "contacts":
        _of_contacts(survivor, rows, at, whole_chain=whole_chain)
    if kind.name == "companies":
        rename(view, kind, set(ids), record_id)
    else:
        for one in ids:
            demote(view, kind, one, OBJECTS["companies"])
    return survivor


def _moment(text: str) -> int:
    return to_milliseconds(text) or 0


def _properties(kind: ObjectType, rows: list[Row]) -> dict[str, Any]:
    """The primary's values win; what it has not is taken from the others, in order."""
    # The primary company is among the links.
    company = IMPLIED.get((kind.name, "companies"), "")
    own = _OF_ONE_ID | {kind.created, kind.modified, company}
    found: dict[str, Any] = {}
    for row in rows:
        for name, value in row["properties"].items():
            if name not in own and not found.get(name):
                found[name] = value
    return found


def _history(rows: list[Row], values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Each property's history comes with its value, from the record that gave it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, value in values.items():
        for row in rows:
            if row["properties"].get(name) == value and (past := history_of(row, name)):
                found[name] = past
                break
    return found


def _associations(view: PortalView, kind: ObjectType, rows: list[Row]) -> dict[str, list[Any]]:
    """All links of all records; but of several primary companies only the first stays so."""
    found: dict[str, list[Any]] = {}
    for target in OBJECTS.values():
        if not view.rows(target.name):
            continue
        links: dict[str, bool] = {}
        has_primary = False
        for row in rows:
            own = reached(view, kind, target, row["id"])
            for one, primary in own.items():
                links[one] = links.get(one, False) or (primary and not has_primary)
            has_primary = target.name == "companies" and (has_primary or any(own.values()))
        if links:
            found[target.name] = [
                {"id": one, "primary": True} if primary else one for one, primary in links.items()
            ]
    return found


def _of_contacts(survivor: Row, rows: list[Row], at: str, *, whole_chain: bool) -> None:
    """Contacts also say when each id was merged, and keep every address."""
    properties = survivor["properties"]
    before = [
        row["properties"].get("hs_calculated_merged_vids") or "" for row in rows if whole_chain
    ]
    now = [f"{row['id']}:{_moment(at)}" for row in rows]
    properties["hs_calculated_merged_vids"] = ";".join([*now, *filter(None, before)])
    written = [
        row["properties"].get(name) or ""
        for row in rows
        for name in ("email", "hs_additional_emails")
    ]
    addresses = dict.fromkeys(one for text in written for one in text.split(";") if one)
    addresses.pop(properties.get("email") or "", None)
    if addresses:
        properties["hs_additional_emails"] = ";".join(addresses)
