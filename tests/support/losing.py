"""Ways in which a store can be lost."""

from __future__ import annotations

from support.world import World


def lose_store(world: World) -> None:
    """Delete what we remember; the mirror is read anew."""
    mirror = world.copy()
    with mirror.store() as store, store._engine.begin() as db:
        for table in ("binding", "intent", "fact", "refusal", "run"):
            db.exec_driver_sql(f"DELETE FROM {table}")
    for file in world.folder.iterdir():
        file.unlink()
    mirror.store_path.rename(world.store_path)
    mirror.drop()
