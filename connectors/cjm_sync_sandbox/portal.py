"""A HubSpot portal as plain data: what the stand-in serves and a folder of JSON lines holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass
class Portal:
    """Everything a stand-in of HubSpot starts from.

    *info* is what `portal.json` holds: `account`, `tier`, `features`, `owners`, `pipelines`,
    `lifecycle_stages`, `properties`, `forms`, `marketing_emails`, `exchange_rates`; whatever is
    missing takes HubSpot's defaults. *rows* are the lines of each `<name>.jsonl`: CRM objects as
    `{"id", "properties", "history"?, "associations"?, "archived"?, "archivedAt"?, "createdAt",
    "updatedAt"}` (associations: object → ids, or `{"id", "primary"}`), and `email_events`,
    `form_submissions` (with `formId`) and `events` as rows of those APIs.
    """

    info: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Load a portal folder; a missing `portal.json` or file means defaults or none."""
        described = folder / "portal.json"
        info = json.loads(described.read_text(encoding="utf-8")) if described.exists() else {}
        rows = {
            path.stem: [
                json.loads(line)
                for line in path.read_text(encoding="utf-8").splitlines()
                if line.strip()
            ]
            for path in sorted(folder.glob("*.jsonl"))
        }
        return cls(info, rows)

    def write(self, folder: Path) -> None:
        """Save the portal as a folder that `read` loads."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "portal.json").write_text(
            json.dumps(self.info, indent=1, ensure_ascii=False, sort_keys=True), encoding="utf-8"
        )
        for name, rows in self.rows.items():
            lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
            (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
