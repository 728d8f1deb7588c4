"""Which stage a lifecycle value stands for, from the profile and the account's labels and order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from cjm_sync_mappings.account import Account
from cjm_sync_mappings.profile import LOST, UNMAPPED
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.values import at_word_start, internal_name


class Aside(Enum):
    """Targets that are no stage."""

    LOST = LOST
    UNMAPPED = UNMAPPED


Target = int | Aside


@dataclass(slots=True)
class Lifecycle:
    """Resolves the lifecycle values of one object: *options* are (value, label) in order."""

    profile: Profile
    options: Sequence[tuple[str, str]]
    _found: dict[str, Target] = field(default_factory=dict)

    def target(self, value: str) -> Target:
        """Return where *value* leads."""
        if value not in self._found:
            self._found[value] = self._resolve(value)
        return self._found[value]

    def values(self) -> tuple[str, ...]:
        """Return the account's values in its order."""
        return tuple(value for value, _ in self.options)

    def name(self, value: str) -> str:
        """Return how *value* is named to people: by its label, when it still has one."""
        label = next((label for known, label in self.options if known == value), None)
        return f"{internal_name(value)} (removed)" if label is None else label

    def _resolve(self, value: str) -> Target:
        places = [place for place, (known, _) in enumerate(self.options) if known == value]
        direct = self._direct(value, self.options[places[0]][1] if places else None)
        if direct is not None:
            return direct
        between = self._between(places[0]) if places else None
        return Aside.UNMAPPED if between is None else between

    def _direct(self, value: str, label: str | None) -> Target | None:
        """Return what an entry, the defaults or a keyword say; *label* None: gone."""
        lifecycle = self.profile.lifecycle
        target = lifecycle.entries.get(value)
        # Without any definition the defaults are all there is to go by.
        if target is None and (label is not None or not self.options):
            target = lifecycle.defaults.get(value)
        if target is None and label is not None:
            target = next(
                (
                    keyword.to
                    for keyword in lifecycle.keywords
                    if at_word_start(keyword.pattern).search(label)
                ),
                None,
            )
        if target is None:
            return None
        if target in {LOST, UNMAPPED}:
            return Aside(target)
        return self.profile.stage_place(target)

    def _between(self, place: int) -> int | None:
        before = self._nearest(range(place - 1, -1, -1))
        after = self._nearest(range(place + 1, len(self.options)))
        return None if before is None or after is None else min(before, after)

    def _nearest(self, places: range) -> int | None:
        for place in places:
            target = self._direct(*self.options[place])
            if isinstance(target, int):
                return target
        return None


def lifecycle_of(profile: Profile, account: Account, object_: str) -> Lifecycle:
    """Return the resolver for *object_*."""
    return Lifecycle(profile, account.options.get(f"{object_}/lifecyclestage", ()))
