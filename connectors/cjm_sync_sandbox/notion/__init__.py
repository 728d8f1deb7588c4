"""A stand-in of Notion's API (version 2026-03-11): start with `NotionSandbox`."""

from cjm_sync_sandbox.notion.app import Hook, NotionSandbox, Plan, Replacement
from cjm_sync_sandbox.notion.requests import RequestLog

__all__ = ["Hook", "NotionSandbox", "Plan", "Replacement", "RequestLog"]
