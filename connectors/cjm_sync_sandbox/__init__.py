"""Stand-ins of HubSpot and Notion, a sample portal, and a viewer of the resulting workspace."""
