"""What every reader of records shares: the rules, the account, the units, and where rows go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cjm_sync.journey.facts import RuleMove
from cjm_sync.model import Record
from cjm_sync.ports import Records
from cjm_sync_mappings.account import Account
from cjm_sync_mappings.evidence import Diary
from cjm_sync_mappings.links import Links, Shelf, link
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.touches import Ledger, TouchRules
from cjm_sync_mappings.units import Belongings, Owners
from cjm_sync_mappings.values import id_order


@dataclass(slots=True, eq=False)
class Scene:
    """One reading of the mirror. *owned* tells which units, by place, a record belongs to."""

    profile: Profile
    account: Account
    records: Records
    as_of: int
    notes: Notes
    contacts: Shelf
    deals: Shelf
    tickets: Shelf
    owned: Belongings
    rules: TouchRules
    ledger: Ledger = field(default_factory=Ledger)
    diary: Diary = field(init=False)
    moves: list[list[RuleMove]] = field(default_factory=list)
    planned: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.moves = [[] for _ in self.owned.own]
        self.diary = Diary.of(self.profile, self.account)

    def each(self, object_: str) -> Iterator[Record]:
        """Yield the live records of *object_* as they come: there may be a million of them."""
        return (record for record in self.records.all(object_) if not record.archived)

    def in_order(self, object_: str) -> Iterator[Record]:
        """Yield the live records of *object_*, ascending by id, where ties go to the smaller."""
        return iter(sorted(self.each(object_), key=lambda record: id_order(record.id)))

    def links(self, object_: str, other: Shelf, source: Shelf | None = None) -> Links:
        """Return the links from *object_* to the records of *other*."""
        return link(object_, other, source)

    def to_contacts(self, object_: str, source: Shelf | None = None) -> Links:
        """Return the links from *object_* to contacts."""
        return link(object_, self.contacts, source)

    def owners(self, object_: str, source: Shelf | None = None) -> Owners:
        """Return who owns the records of *object_*; *source* resolves former ids of *object_*."""
        return self.owned.of(object_, source)

    def of_contact(self, id_: str) -> tuple[int, ...]:
        """Return the places of the units that a contact's own records belong to."""
        return self.owned.of_contact.get(id_, ())

    def plan(self, unit: int, at: int) -> None:
        """Note that a unit has a meeting at *at*, at or after T; the earliest is kept."""
        self.planned[unit] = min(at, self.planned.get(unit, at))

    def move(self, unit: int, at: int, stage: str, record: Record, *, after: bool = False) -> None:
        """Add an event from a rule; *after*: only after a purchase."""
        place = self.profile.stage_place(stage)
        self.moves[unit].append(RuleMove(at, place, record.id, needs_purchase=after))
