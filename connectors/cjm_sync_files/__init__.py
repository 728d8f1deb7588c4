"""The map as files, with no account anywhere: `json` for programs, `svg` for people.

Both are exporters (`cjm_sync.ports.ExporterPlugin`): pure, and the same map gives the same bytes.
"""

from cjm_sync_files.json_export import json
from cjm_sync_files.svg_export import svg

__all__ = ["json", "svg"]
