"""The databases that a store is tested on: SQLite, and PostgreSQL where one is named."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

POSTGRESQL = os.environ.get("CJM_SYNC_TEST_POSTGRESQL", "")
KINDS = ["sqlite", *(["postgresql"] if POSTGRESQL else [])]


def empty_postgresql(request: pytest.FixtureRequest) -> str:
    """Return the address of the PostgreSQL database, emptied."""
    request.getfixturevalue("socket_enabled")
    engine = sa.create_engine(POSTGRESQL)
    with engine.begin() as db:
        found = sa.MetaData()
        found.reflect(db)
        found.drop_all(db)
    engine.dispose()
    return POSTGRESQL
