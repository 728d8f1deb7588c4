"""Property definitions of an object type: the standard ones, the stage families, the portal's own."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cjm_sync_sandbox.hubspot.catalog import ObjectType
from cjm_sync_sandbox.hubspot.pipelines import (
    PIPELINE_PROPERTY,
    STAGE_PROPERTY,
    lifecycle_stages,
    pipelines_of,
)
from cjm_sync_sandbox.hubspot.standard import CALCULATED, MULTIPLE, OPTIONS, TYPED

_SHIPPED_AT = "2019-08-06T02:41:08.109Z"
_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
}

Moment = Literal["entered", "exited", "latest", "cumulative"]
_FAMILIES: tuple[tuple[str, Moment, str], ...] = (
    ("hs_v2_date_entered_", "entered", "datetime"),
    ("hs_v2_date_exited_", "exited", "datetime"),
    ("hs_v2_latest_time_in_", "latest", "number"),
    ("hs_v2_cumulative_time_in_", "cumulative", "number"),
)


@dataclass(frozen=True, slots=True)
class StageMoment:
    """What a property of a stage family tells: about *stage*, which *moment*."""

    stage: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions of one object type by name, and which of them are about a stage."""

    by_name: Mapping[str, dict[str, Any]]
    stage_moments: Mapping[str, StageMoment]


def stage_suffix(stage: str) -> str:
    """Return what HubSpot appends to the families' prefixes for a stage id.

    Plain `[a-z0-9]+` ids are used as they are. Others are lowered, take `_` for `-`, and get a
    number that a client cannot compute; ours is a checksum.
    """
    if re.fullmatch(r"[a-z0-9]+", stage):
        return stage
    normal = re.sub(r"[^a-z0-9]", "_", stage.lower())
    return f"{normal}_{zlib.crc32(stage.encode()) % 2**31}"


def define(described: Mapping[str, Any], kind: ObjectType) -> Definitions:
    """Return every definition of *kind* in the portal that `portal.json` describes."""
    found: dict[str, dict[str, Any]] = {}
    for group in TYPED[kind.name]:
        for value_type, names in group.items():
            for name in names.split():
                found[name] = _standard(name, value_type, _options(described, kind, name))
    moments: dict[str, StageMoment] = {}
    for stage in _stages(described, kind):
        suffix = stage_suffix(stage)
        for prefix, moment, value_type in _FAMILIES:
            found[prefix + suffix] = _standard(prefix + suffix, value_type, (), calculated=True)
            moments[prefix + suffix] = StageMoment(stage, moment)
        if STAGE_PROPERTY.get(kind.name) == "lifecyclestage":
            legacy = f"hs_lifecyclestage_{suffix}_date"
            found[legacy] = _standard(legacy, "datetime", (), calculated=True)
            moments[legacy] = StageMoment(stage, "entered")
    for own in (described.get("properties") or {}).get(kind.name, []):
        found[own["name"]] = _completed(own, found.get(own["name"]))
    return Definitions(found, moments)


def _stages(described: Mapping[str, Any], kind: ObjectType) -> list[str]:
    return [
        stage["id"]
        for pipeline in pipelines_of(described, kind.name)
        for stage in pipeline["stages"]
    ]


def _options(
    described: Mapping[str, Any], kind: ObjectType, name: str
) -> Iterable[tuple[str, str]]:
    if name == "lifecyclestage":
        return lifecycle_stages(described)
    if name == STAGE_PROPERTY.get(kind.name):
        return [
            (stage["id"], stage["label"])
            for pipeline in pipelines_of(described, kind.name)
            for stage in pipeline["stages"]
        ]
    if name == PIPELINE_PROPERTY.get(kind.name):
        return [(line["id"], line["label"]) for line in pipelines_of(described, kind.name)]
    return OPTIONS.get(name, ())


def _standard(
    name: str,
    value_type: str,
    options: Iterable[tuple[str, str]],
    *,
    calculated: bool = False,
) -> dict[str, Any]:
    field_type = _FIELD_TYPES[value_type]
    if name in MULTIPLE:
        field_type = "checkbox"
    elif name == "lifecyclestage":
        field_type = "radio"
    return {
        "name": name,
        "label": _label(name),
        "type": value_type,
        "fieldType": field_type,
        "description": "",
        "groupName": "crminformation",
        "options": [
            {
                "label": label,
                "value": value,
                "description": "",
                "displayOrder": position,
                "hidden": False,
            }
            for position, (value, label) in enumerate(options)
        ],
        "createdAt": _SHIPPED_AT,
        "updatedAt": _SHIPPED_AT,
        "displayOrder": -1,
        "calculated": calculated or name in CALCULATED,
        "externalOptions": name == "hubspot_owner_id",
        "hasUniqueValue": name == "hs_object_id",
        "hidden": False,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": True,
            "readOnlyValue": calculated or name in CALCULATED,
        },
        "formField": False,
        "dataSensitivity": "non_sensitive",
        "archived": False,
    }


def _completed(own: Mapping[str, Any], standard: dict[str, Any] | None) -> dict[str, Any]:
    """Fill a definition of `portal.json` up; one named like a standard property changes that."""
    value_type = own.get("type", standard["type"] if standard else "string")
    base = standard or {
        **_standard(own["name"], value_type if value_type in _FIELD_TYPES else "string", ()),
        "hubspotDefined": False,
        "groupName": "contactinformation",
        "type": value_type,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyValue": False,
        },
    }
    options = [
        {
            "label": option.get("label", option["value"]),
            "value": option["value"],
            "description": option.get("description", ""),
            "displayOrder": option.get("displayOrder", position),
            "hidden": option.get("hidden", False),
        }
        for position, option in enumerate(own.get("options", base["options"]))
    ]
    return {**base, **own, "type": value_type, "options": options}


def _label(name: str) -> str:
    return name.removeprefix("hs_").replace("_", " ").strip().capitalize() or name
