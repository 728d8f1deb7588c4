"""Cells of ours that Notion may have emptied behind our back: an option or a column was gone. Pure.

Deleting an option empties every cell that had it, and taking a column out and back, or to another
type and back, may. No row tells so by its editor, so the cells are marked as unsure, and rows are
read before they are written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cjm_sync.model import Binding, Wished
from cjm_sync.settling import pending, with_pending
from cjm_sync.steps import Doubt, Observation, Remark

_MISSING = "missing_columns"


def doubts(
    wished: Wished, bound: Mapping[str, Binding], observation: Observation
) -> tuple[tuple[Remark, ...], tuple[Doubt, ...]]:
    """Return what to remember of databases, and the cells to look at again."""
    remarks: list[Remark] = []
    back: dict[str, frozenset[str]] = {}
    for key, binding in sorted(bound.items()):
        collection = key.rpartition("/")[2]
        usable = observation.columns.get(collection)
        if binding.kind != "database" or usable is None:
            continue
        missing = frozenset(binding.detail.get("columns", {})) - usable
        known = frozenset(binding.detail.get(_MISSING, ()))
        back[collection] = known - missing
        lost = observation.lost.get(collection, {})
        if missing != known or lost:
            remarks.append(Remark(key, missing, lost))
    found = [
        Doubt(page.key, columns)
        for page in wished.pages
        if (
            columns := _unsure(
                bound.get(page.key),
                frozenset(page.cells) & observation.columns.get(page.collection, frozenset()),
                back.get(page.collection, frozenset()),
                observation.lost.get(page.collection, {}),
            )
        )
    ]
    return tuple(remarks), tuple(found)


def _unsure(
    binding: Binding | None,
    columns: frozenset[str],
    back: frozenset[str],
    lost: Mapping[str, Mapping[str, str | None]],
) -> frozenset[str]:
    if binding is None or binding.written is None or binding.state in {"tombstone", "archived"}:
        return frozenset()
    return frozenset(
        name
        for name in columns
        if name not in binding.kept
        and name not in pending(binding)
        and binding.written.get(name) is not None
        and (name in back or _choice(binding.written[name]) in lost.get(name, {}))
    )


def _choice(cell: Any) -> str | None:
    return cell.get("choice") if isinstance(cell, Mapping) else None


def doubted(binding: Binding, columns: frozenset[str]) -> Binding:
    """Return *binding* with its cells in *columns* as sent and never answered."""
    written = binding.written or {}
    unsure = {name: written.get(name) for name in sorted(columns)}
    return with_pending(binding, {**pending(binding), **unsure})


def remarked(binding: Binding, remark: Remark) -> Binding:
    """Return the binding of a database with its columns and options as they are now."""
    detail = dict(binding.detail)
    detail.pop(_MISSING, None)
    if remark.missing:
        detail[_MISSING] = sorted(remark.missing)
    if remark.options:
        options = {column: dict(ids) for column, ids in detail.get("options", {}).items()}
        for column, ids in remark.options.items():
            for choice, option_id in ids.items():
                options.setdefault(column, {}).pop(choice, None)
                if option_id is not None:
                    options[column][choice] = option_id
        detail["options"] = options
    return replace(binding, detail=detail)
