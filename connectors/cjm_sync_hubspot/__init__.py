"""Read a HubSpot portal: the source that the entry point `hubspot` names."""

from cjm_sync_hubspot.connect import HubSpotSettings, plugin

__all__ = ["HubSpotSettings", "plugin"]
