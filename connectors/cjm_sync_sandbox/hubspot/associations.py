"""Links between records, seen from either side, and the endpoints that read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from cjm_sync_sandbox.hubspot.catalog import (
    AssociationType,
    ObjectType,
    association_types,
    object_type,
)
from cjm_sync_sandbox.hubspot.table import Row, Table
from cjm_sync_sandbox.hubspot.view import Call, PortalView
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, id_order, to_text

MOST_INPUTS = 1000
PAGE_OF_A_RECORD = 500
INLINE = 100

# A property that holds the primary company's id is that association as well.
IMPLIED = {
    ("contacts", "companies"): "associatedcompanyid",
    ("deals", "companies"): "hs_primary_associated_company",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A record is linked to *to_id* by these types, the plain one last."""

    to_id: str
    types: tuple[AssociationType, ...]


def links(
    view: PortalView, source: ObjectType, target: ObjectType, ids: Iterable[str]
) -> dict[str, list[Link]]:
    """Return the links of the live records *ids* to live records of *target*, by id.

    A row may name its links on either side; both sides see them. What a merged record was linked
    to belongs to the survivor, and reading by the former id finds nothing.
    """
    sources, targets = view.table(source), view.table(target)
    survivors = sources.merged()
    found = {
        one: reached(view, source, target, one)
        for one in ids
        if one not in survivors
        and (row := sources.by_id.get(one)) is not None
        and not row.get("archived")
    }
    plain, labelled = association_types(source, target)
    return {
        one: [
            Link(other, (labelled, plain) if primary and labelled else (plain,))
            for other, primary in sorted(own.items(), key=lambda item: id_order(item[0]))
            if (row := targets.by_id.get(other)) is not None and not row.get("archived")
        ]
        for one, own in found.items()
    }


def reached(
    view: PortalView, source: ObjectType, target: ObjectType, record_id: str
) -> dict[str, bool]:
    """Return id → whether it is the primary link, for all that *record_id* is linked to, dead or not."""
    sources, targets = view.table(source), view.table(target)
    survivors = targets.merged()
    named_by = targets.known(("named", source.name), lambda: _named(targets, source, target))
    found: dict[str, bool] = {}
    for name in (record_id, *sources.former().get(record_id, ())):
        row = sources.by_id.get(name)
        own = () if row is None else _declared(row, source, target)
        for other, primary in chain(own, named_by.get(name, ())):
            other_id = survivors.get(other, other)
            found[other_id] = found.get(other_id, False) or primary
    return found


def _named(
    targets: Table, source: ObjectType, target: ObjectType
) -> dict[str, list[tuple[str, bool]]]:
    """Return id of *source* → the (id, primary) of the rows of *targets* that name it."""
    is_implied = (target.name, source.name) in IMPLIED
    found: dict[str, list[tuple[str, bool]]] = {}
    for row in targets.ordered:
        if is_implied or source.name in (row.get("associations") or ()):
            for other, primary in _declared(row, target, source):
                found.setdefault(other, []).append((row["id"], primary))
    return found


def _declared(row: Row, source: ObjectType, target: ObjectType) -> Iterator[tuple[str, bool]]:
    """Yield the (id, primary) that *row* itself names."""
    for entry in (row.get("associations") or {}).get(target.name, ()):
        if isinstance(entry, Mapping):
            yield str(entry["id"]), bool(entry.get("primary"))
        else:
            yield str(entry), False
    implied = IMPLIED.get((source.name, target.name))
    if implied and row["properties"].get(implied):
        yield str(row["properties"][implied]), True


def inline(call: Call, source: ObjectType, targets: Iterable[str], records: list[Row]) -> None:
    """Add to *records* what a listing shows of their associations: one entry per link and type."""
    for spelling in targets:
        target = object_type(spelling)
        for record in records:
            record.setdefault("associations", {})
        found = links(call.view, source, target, [record["id"] for record in records])
        for record in records:
            own = found.get(record["id"], [])
            if not own:
                continue
            shown, after = _page(own, None, INLINE)
            block: dict[str, Any] = {
                "results": [
                    {"id": link.to_id, "type": kind.name} for link in shown for kind in link.types
                ]
            }
            if after is not None:
                block["paging"] = {
                    "next": {
                        "after": after,
                        "link": f"{call.request.origin}/crm/v3/objects/{source.name}"
                        f"/{record['id']}/associations/{target.name}?after={after}",
                    }
                }
            record["associations"][target.name] = block
    for record in records:
        if not record.get("associations"):
            record.pop("associations", None)


def _page(own: list[Link], after: str | None, size: int) -> tuple[list[Link], str | None]:
    """Return the links after the id *after*, at most *size*, and the cursor if there are more."""
    if after is not None:
        own = [link for link in own if id_order(link.to_id) > id_order(after)]
    shown = own[:size]
    return shown, shown[-1].to_id if len(own) > size else None


def _shown(call: Call, link: Link) -> dict[str, Any]:
    # v4 sends numbers although its specification says text; the dated files keep to text.
    as_number = call.version == "v4" and link.to_id.isdecimal()
    return {
        "toObjectId": int(link.to_id) if as_number else link.to_id,
        "associationTypes": [
            {"category": "HUBSPOT_DEFINED", "typeId": kind.type_id, "label": kind.label}
            for kind in link.types
        ],
    }


def _ends(call: Call) -> tuple[ObjectType, ObjectType]:
    source, target = object_type(call.arguments["type"]), object_type(call.arguments["to"])
    call.require(*call.scopes_of(source), *call.scopes_of(target))
    return source, target


def batch_read(call: Call) -> Answer:
    """`POST …/associations/{from}/{to}/batch/read`."""
    source, target = _ends(call)
    inputs = call.request.json().get("inputs")
    if not isinstance(inputs, list) or not all(
        isinstance(one, dict) and "id" in one for one in inputs
    ):
        raise ApiError.validation("Some required fields were not set: [inputs]")
    if len(inputs) > MOST_INPUTS:
        raise ApiError.validation(
            f"The maximum number of inputs supported in a batch request is {MOST_INPUTS}"
        )
    started = to_text(call.view.clock.now())
    found = links(call.view, source, target, [str(one["id"]) for one in inputs])
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for one in inputs:
        from_id = str(one["id"])
        own = found.get(from_id, [])
        if not own:
            errors.append(_none_found(source, target, from_id))
            continue
        start = one.get("after")
        shown, after = _page(own, None if start is None else str(start), PAGE_OF_A_RECORD)
        result: dict[str, Any] = {
            "from": {"id": from_id},
            "to": [_shown(call, link) for link in shown],
        }
        if after is not None:
            result["paging"] = {"next": {"after": after}}
        results.append(result)
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": started,
        "completedAt": to_text(call.view.clock.now()),
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Answer.json(body, call.partial_status if errors else 200)


def _none_found(source: ObjectType, target: ObjectType, from_id: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target.singular} is associated with {source.singular} {from_id}.",
        "context": {
            "fromObjectId": [from_id],
            "fromObjectType": [source.singular],
            "toObjectType": [target.singular],
        },
    }


def of_one(call: Call) -> Answer:
    """`GET …/objects/{type}/{id}/associations/{to}`."""
    source, target = _ends(call)
    size = call.request.number("limit", default=PAGE_OF_A_RECORD, most=PAGE_OF_A_RECORD)
    from_id = call.arguments["id"]
    own = links(call.view, source, target, [from_id]).get(from_id, [])
    shown, after = _page(own, call.request.parameter("after"), size)
    return call.page([_shown(call, link) for link in shown], after)


def labels(call: Call) -> Answer:
    """`GET …/associations/{from}/{to}/labels`."""
    source, target = _ends(call)
    return Answer.json(
        {
            "results": [
                {"category": "HUBSPOT_DEFINED", "typeId": kind.type_id, "label": kind.label}
                for kind in association_types(source, target)
                if kind is not None
            ]
        }
    )
