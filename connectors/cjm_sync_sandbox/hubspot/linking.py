"""How the sandbox's hand makes and unmakes links, whichever side's row declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cjm_sync_sandbox.hubspot.associations import IMPLIED
from cjm_sync_sandbox.hubspot.catalog import ObjectType
from cjm_sync_sandbox.hubspot.table import Row
from cjm_sync_sandbox.hubspot.view import PortalView

End = tuple[ObjectType, Row]


def link(view: PortalView, one: End, other: End, *, primary: bool) -> None:
    """Link two rows; a new primary link makes the former one a plain link.

    It is written where the API's calculated property of the primary company reads it: on the
    contact or the deal. Linking again changes only whether it is primary.
    """
    if (other[0].name, one[0].name) in IMPLIED:
        one, other = other, one
    (kind, row), (target, target_row) = one, other
    unlink(view, one, other)
    if primary:
        for name in _names(view, one):
            demote(view, kind, name, target)
    entry = {"id": target_row["id"], "primary": True} if primary else target_row["id"]
    row.setdefault("associations", {}).setdefault(target.name, []).append(entry)


def unlink(view: PortalView, one: End, other: End) -> None:
    """Take the link away from every row that declares it, those of former ids too."""
    for source, target in ((one, other), (other, one)):
        gone = _names(view, target)
        by_id = view.table(source[0]).by_id
        for row in (by_id[name] for name in _names(view, source) if name in by_id):
            declared = row.get("associations") or {}
            if target[0].name in declared:
                entries = declared[target[0].name]
                declared[target[0].name] = [entry for entry in entries if _id(entry) not in gone]
            implied = IMPLIED.get((source[0].name, target[0].name))
            if implied and str(row["properties"].get(implied)) in gone:
                del row["properties"][implied]


def demote(view: PortalView, kind: ObjectType, record_id: str, target: ObjectType) -> None:
    """Make what the record *record_id* has as a primary link to *target* a plain one."""
    row = view.table(kind).by_id.get(record_id)
    if row is not None:
        declared = row.setdefault("associations", {})
        entries = [_id(entry) for entry in declared.get(target.name, ())]
        implied = IMPLIED.get((kind.name, target.name))
        named = row["properties"].pop(implied, None) if implied else None
        if named:
            entries = list(dict.fromkeys([*entries, str(named)]))
        declared[target.name] = entries
    for far in view.table(target).ordered:
        declared = far.get("associations") or {}
        if kind.name in declared:
            declared[kind.name] = [
                record_id if _id(entry) == record_id else entry for entry in declared[kind.name]
            ]


def rename(view: PortalView, kind: ObjectType, former: set[str], record_id: str) -> None:
    """Let the records whose primary link is to one of *former* name *record_id* instead."""
    for name in (source for source, target in IMPLIED if target == kind.name):
        for row in view.rows(name):
            implied = IMPLIED[name, kind.name]
            if str(row["properties"].get(implied)) in former:
                row["properties"][implied] = record_id
            declared = row.get("associations") or {}
            for entry in declared.get(kind.name, ()):
                if isinstance(entry, dict) and _id(entry) in former:
                    entry["id"] = record_id


def _names(view: PortalView, end: End) -> set[str]:
    kind, row = end
    return {row["id"], *view.table(kind).former().get(row["id"], ())}


def _id(entry: Any) -> str:
    return str(entry["id"]) if isinstance(entry, Mapping) else str(entry)
