"""The map as files, with no account anywhere: `json` and `csv` for programs, the rest for people.

All are exporters (`cjm_sync.ports.ExporterPlugin`): pure, and the same map gives the same bytes
(the PNG on machines with the same fonts).
"""

from cjm_sync_files.csv_export import csv
from cjm_sync_files.html_export import html
from cjm_sync_files.json_export import json
from cjm_sync_files.png_export import png
from cjm_sync_files.svg_export import svg

__all__ = ["csv", "html", "json", "png", "svg"]
