"""What is known of single units beside the model: only their own rows show it.

Nothing here counts in any number; it is empty unless the mapping has something to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asides:
    """By the unit's place: *planned* is when its next meeting begins (milliseconds, at or after T).

    *properties* (name, value as people read it) are those of the allow-list, at `full` only.
    """

    planned: Mapping[int, int] = field(default_factory=dict)
    properties: Mapping[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
