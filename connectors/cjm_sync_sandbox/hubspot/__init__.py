"""A stand-in of HubSpot's public API: a portal from files, served as strictly as the real service.

`HubSpotSandbox` is a WSGI callable. It reads only; what `hubspot-api.md` says the real service
refuses, it refuses with the same status and body.
"""

from __future__ import annotations

from cjm_sync_sandbox.hubspot.app import HubSpotSandbox
from cjm_sync_sandbox.hubspot.wire import Answer, Fault, Request, RequestLog

__all__ = ["Answer", "Fault", "HubSpotSandbox", "Request", "RequestLog"]
