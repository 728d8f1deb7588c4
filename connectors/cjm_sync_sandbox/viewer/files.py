"""Uploaded files, served from the viewer's own address: the service's would lead outside."""

from __future__ import annotations

import re
from collections.abc import Callable

from cjm_sync_sandbox.viewer.workspace import Json

Fetch = Callable[[str], tuple[str, bytes]]
"""Content type and bytes of an uploaded file by its id; KeyError when there is none."""

# Only what a browser shows as a picture and can do nothing else with under the viewer's policy.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
_UPLOADED = re.compile(r"^https://files\.notion\.invalid/([0-9a-f-]{36})/")


def address(file: Json | None) -> str | None:
    """Return where the viewer serves a file object's picture; None for one that lies elsewhere."""
    hosted = (file or {}).get("file") or {}
    found = _UPLOADED.match(str(hosted.get("url") or ""))
    return f"/f/{found[1]}" if found else None
