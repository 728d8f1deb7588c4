"""A stand-in of HubSpot's public API: a portal from files, served as strictly as the real service.

`HubSpotSandbox` is a WSGI callable. Over the wire it is for reading only; what the real service is
known to refuse, it refuses with the same status and body. The portal lives all the same: `edit`
changes records as people and workflows do, `design` the account, `oauth` hands out tokens, and
`faults` and `pagefaults` have a switch for everything known to go wrong.
"""

from __future__ import annotations

from cjm_sync_sandbox.hubspot.app import HubSpotSandbox
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, Fault, Request, RequestLog

__all__ = ["Answer", "ApiError", "Fault", "HubSpotSandbox", "Request", "RequestLog"]
