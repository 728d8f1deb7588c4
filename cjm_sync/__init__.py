"""A real customer-journey map, computed from HubSpot and kept fresh in Notion."""

__version__ = "0.1.0"
