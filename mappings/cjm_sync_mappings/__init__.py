"""Rules from CRM records to the facts of a journey, with the bundled profile `crm`."""

from cjm_sync_mappings.mapping import plugin

__all__ = ["plugin"]
