"""The values of single units that the allow-list `privacy.properties` lets out, at `full` only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cjm_sync.model import Finding, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings.account import Account
from cjm_sync_mappings.values import read_list, read_text

LONGEST = 500
"""Characters of one value; of a longer one the rest is counted."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def allowed(journey: JourneyRequest) -> tuple[str, ...]:
    """Return the properties that may be told of single units, each once."""
    return tuple(dict.fromkeys(journey.properties)) if journey.detail == "full" else ()


def tell(
    journey: JourneyRequest, account: Account, object_: str, chosen: Sequence[Record]
) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """Return (name, value) of the allowed properties that each unit has, by the unit's place."""
    names = allowed(journey)
    told = {}
    for place, record in enumerate(chosen):
        pairs = [(name, _shown(account, object_, name, record)) for name in names]
        found = tuple((name, value) for name, value in pairs if value)
        if found:
            told[place] = found
    return told


def unknown(journey: JourneyRequest, account: Account, object_: str) -> list[Finding]:
    """Return a finding for each allowed property that the account does not define."""
    if not any(name.startswith(f"{object_}/") for name in account.defined):
        return []  # definitions were not read, so nothing can be told
    return [
        Finding(
            "unknown_property",
            f"{object_}//{name}",
            f"privacy.properties names {name}, which {object_} do not have; nothing is shown of it",
            "Write the internal name of a property of the unit, or take it out.",
        )
        for name in allowed(journey)
        if f"{object_}/{name}" not in account.defined
    ]


def _shown(account: Account, object_: str, name: str, record: Record) -> str:
    text = read_text(record.properties.get(name))
    key = f"{object_}/{name}"
    if key in account.options:
        text = ", ".join(account.label(key, one) or one for one in read_list(text))
    text = _UNSEEN.sub(" ", text).strip()
    rest = len(text) - LONGEST
    return text if rest <= 0 else f"{text[:LONGEST]} … ({rest} more characters)"
