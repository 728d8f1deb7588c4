"""A stand-in of Notion's API (version 2026-03-11): start with `NotionSandbox`.

It refuses what the service refuses, in the same words; `faults` holds what can go wrong, `Person`
what people do. What it leaves out: asynchronous tasks, webhooks, moving a data source to another
database, the values of formulas (they read as `unsupported`), the list of code languages, and of
markdown the second version, colours of words and of table cells, and tabs.
"""

from cjm_sync_sandbox.notion.app import Hook, NotionSandbox, Plan, Replacement
from cjm_sync_sandbox.notion.deeds import Deed
from cjm_sync_sandbox.notion.hand import Person
from cjm_sync_sandbox.notion.requests import RequestLog

__all__ = ["Deed", "Hook", "NotionSandbox", "Person", "Plan", "Replacement", "RequestLog"]
