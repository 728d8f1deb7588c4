"""Says what belongs to a unit: section 1 of the journey model."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.reading import Row, World, id_order

OBJECT_OF = {"contact": "contacts", "company": "companies", "deal": "deals"}


@dataclass(frozen=True)
class Belonging:
    """A unit's record, the contacts whose addresses count, and all records whose links count.

    *cast* are the contacts that its persona may come from.
    """

    row: Row
    contacts: list[Row]
    nodes: list[tuple[str, str]]
    cast: list[Row]

    def linked(self, world: World, name: str) -> list[Row]:
        """Return the records of *name* linked to any of the nodes, each once, smallest id first."""
        found = {
            str(row["id"]): row
            for kind, record_id in self.nodes
            for row in world.linked(kind, record_id, name)
        }
        return sorted(found.values(), key=lambda row: id_order(str(row["id"])))


def belonging(world: World, kind: str, row: Row) -> Belonging:
    """Return what belongs to one contact, company or deal."""
    own = (kind, str(row["id"]))
    if kind == "contacts":
        return Belonging(row, [row], [own], [row])
    if kind == "companies":
        staff = world.staff.get(own[1], [])
        return Belonging(row, staff, [own, *(("contacts", str(one["id"])) for one in staff)], staff)
    return Belonging(row, [], [own], world.linked("deals", own[1], "contacts"))
