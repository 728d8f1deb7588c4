"""Stand-ins of HubSpot and Notion, a sample portal, and a viewer of the resulting workspace."""

from cjm_sync_sandbox.server import Sandbox

__all__ = ["plugin"]

plugin = Sandbox()
