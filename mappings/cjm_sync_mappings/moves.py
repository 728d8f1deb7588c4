"""What moves each unit: its lifecycle, the events from rules, and its deals."""

from __future__ import annotations

from collections.abc import Sequence

from cjm_sync.journey.facts import LifecycleMove, RuleMove, Unit
from cjm_sync.model import Record
from cjm_sync_mappings.history import past_values
from cjm_sync_mappings.lifecycle import Aside, Lifecycle, lifecycle_of
from cjm_sync_mappings.sales import Sales
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.touches import created_at
from cjm_sync_mappings.values import id_order, read_text


def read_units(
    scene: Scene, chosen: Sequence[Record], personas: Sequence[int], sales: Sales
) -> tuple[Unit, ...]:
    """Return the units in the order of *chosen*; a contact or company has a lifecycle, a deal none."""
    object_ = scene.owned.object
    lifecycle = None
    if object_ != "deals":
        lifecycle = lifecycle_of(scene.profile, scene.account, object_)
    units = []
    for place, record in enumerate(chosen):
        moves: tuple[LifecycleMove, ...] = ()
        unmapped = None
        if lifecycle is not None:
            moves, unmapped = _lifecycle(scene, record, lifecycle)
        if unmapped is not None:
            scene.notes.unmapped[unmapped] += 1
        units.append(
            Unit(
                id=record.id,
                created_at=created_at(record, scene.notes),
                persona=personas[place],
                lifecycle=moves,
                rules=_ordered(scene.moves[place]),
                deals=sales.of_unit[place],
                unmapped=unmapped,
            )
        )
    return tuple(units)


def _lifecycle(
    scene: Scene, record: Record, lifecycle: Lifecycle
) -> tuple[tuple[LifecycleMove, ...], str | None]:
    """Return the moves of one record, and the name of its value at T when no stage is known for it."""
    past = past_values(
        record,
        "lifecyclestage",
        known=lifecycle.values(),
        as_of=scene.as_of,
        notes=scene.notes,
    )
    moves = []
    for at, value in past.values:
        target = lifecycle.target(value)
        if target is not Aside.UNMAPPED:
            moves.append(LifecycleMove(at, None if isinstance(target, Aside) else target))
    now = past.values[-1][1] if past.values else ""
    if not past.is_known and not now:
        now = read_text(record.properties.get("lifecyclestage"))
    is_unmapped = bool(now) and lifecycle.target(now) is Aside.UNMAPPED
    return tuple(moves), lifecycle.name(now) if is_unmapped else None


def _ordered(moves: list[RuleMove]) -> tuple[RuleMove, ...]:
    return tuple(sorted(moves, key=lambda move: (move.at, id_order(move.record_id), move.stage)))
