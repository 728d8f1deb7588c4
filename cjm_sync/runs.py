"""What a run is told, and what it says afterwards. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from cjm_sync.errors import CjmSyncError, GuardTripped
from cjm_sync.model import Finding
from cjm_sync.ports import JourneyRequest
from cjm_sync.steps import Plan, Rules
from cjm_sync.streams import Count

Outcome = Literal["done", "partial", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says that the engine needs."""

    journeys: tuple[JourneyRequest, ...]
    rules: Rules = field(default_factory=Rules)
    heartbeat: timedelta = timedelta(hours=24)
    timezone: str = "UTC"
    """Cuts days: of which day a snapshot is, and what the day before was."""
    sweep_pages: int = 0
    """How many pages of each stream one sweep lists before it leaves the rest to the next; 0: all."""
    row_workers: int = 1
    """How many rows are written at once. A row's write takes the remote half a second or so."""


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of one run; *as_of* None means the start cut to the minute.

    *sweep* lists every stream, going on with a sweep that was interrupted; *full* begins anew.
    """

    as_of: datetime | None = None
    full: bool = False
    sweep: bool = False
    allow_removals: bool = False
    accept: bool = False
    take_over: bool = False
    dry_run: bool = False
    reset_cells: tuple[str, ...] = ()
    """Cells kept for people that are to be set back: a row's key, `KEY#COLUMN`, or `all`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did; `as_json` is the object that `sync --json` prints."""

    run_id: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    pulled: Mapping[str, Count]
    created: int
    updated: int
    unchanged: int
    archived: int
    kept: int
    requests_source: int
    requests_target: int
    waited_seconds: float
    findings: tuple[Finding, ...]
    plan: Plan | None = None
    error: CjmSyncError | None = None

    @property
    def held(self) -> list[str]:
        """Return the keys of the rows that would leave, were they not held back."""
        return [finding.key for finding in self.findings if finding.code == "removal_held"]

    @property
    def needs_review(self) -> bool:
        """Tell whether the run stopped for a person to look at its plan."""
        return isinstance(self.error, GuardTripped) and self.plan is not None

    @property
    def asked(self) -> list[dict[str, str]]:
        """Return the cells that wait for a person's answer."""
        asked = self.plan.asked if self.plan is not None else ()
        return [{"key": key, "column": column} for key, column in asked]

    @property
    def exit_code(self) -> int:
        """Return the process's exit code for this report."""
        match self.outcome:
            case "done":
                return 0
            case "partial":
                return 1
            case "refused" | "failed":
                return self.error.exit_code if self.error is not None else 1

    def as_json(self) -> dict[str, Any]:
        """Return the stable object of `sync --json`."""
        return {
            "run_id": self.run_id,
            "as_of": time_text(self.as_of),
            "started_at": time_text(self.started_at),
            "finished_at": time_text(self.finished_at),
            "outcome": self.outcome,
            "pulled": {
                name: {
                    "read": count.read,
                    "changed": count.changed,
                    "archived": count.archived,
                    "merged": count.merged,
                }
                for name, count in sorted(self.pulled.items())
            },
            "written": {
                "created": self.created,
                "updated": self.updated,
                "unchanged": self.unchanged,
                "archived": self.archived,
                "kept": self.kept,
            },
            "requests": {"hubspot": self.requests_source, "notion": self.requests_target},
            "waited_seconds": round(self.waited_seconds, 3),
            "findings": [
                {"code": f.code, "key": f.key, "message": f.message, "hint": f.hint}
                for f in self.findings
            ],
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run tells how far it is; each is a no-op unless somebody looks."""

    phase: Callable[[str], None] = lambda _name: None
    read: Callable[[str, int], None] = lambda _stream, _read: None
    total: Callable[[int], None] = lambda _steps: None
    step: Callable[[], None] = lambda: None


def time_text(moment: datetime) -> str:
    """Return *moment* as reports and exports write it: `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
