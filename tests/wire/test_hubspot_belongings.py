"""What the source says belongs to a contact is what the mapping joins to contacts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from cjm_sync.ports import Belonging, JourneyRequest, Personal
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_hubspot.source import BELONGINGS
from cjm_sync_mappings import plugin as mapping
from support.clock import FakeClock

JOURNEY = JourneyRequest("customers", "Customers", "contact", "crm", "", {"list": ["7"]})


def test_the_source_offers_what_belongs_to_whom() -> None:
    source = plugin.connect(
        HubSpotSettings(),
        clock=FakeClock(datetime(2026, 3, 1, tzinfo=UTC)),
        secret=SecretStr("token"),
        transport=None,
    )

    assert isinstance(source, Personal)
    assert source.belongings() == BELONGINGS
    source.close()


@pytest.mark.parametrize("belonging", BELONGINGS, ids=lambda one: one.stream)
def test_what_tells_whose_a_record_is_is_read_wherever_the_record_is(
    belonging: Belonging,
) -> None:
    needs = mapping.needs(JOURNEY)
    stream, owner = belonging.stream, belonging.owner

    assert stream in needs
    assert set(belonging.properties) <= needs[owner].properties
