"""Write the journey map to Notion as a document with two authors."""

from cjm_sync_notion.target import plugin

__all__ = ["plugin"]
