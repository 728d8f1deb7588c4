"""Speak to the person at the terminal: results to stdout, all else to stderr, signals heeded.

Together with `cli` and `showcase` the only place that prints.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from cjm_sync.errors import CjmSyncError, ConfigError
from cjm_sync.http import SystemClock
from cjm_sync.report import finding_lines
from cjm_sync.runs import Progress, Report, time_text

err = Console(stderr=True, highlight=False, soft_wrap=True)
FINDINGS_SHOWN = 5
_YEARS = (2000, 2200)
_NAP_SECONDS = 0.2
"""How long a signal may go unnoticed while we wait."""

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="Configuration file [default: $CJM_SYNC_CONFIG, else config.toml]",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="Reference time T, ISO 8601; without an offset it is UTC."
    ),
]


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: unwind, leaving a state that the next run continues from."""


class Stop:
    """Whether somebody wants us to end: the first signal lets the step in hand finish."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal; the second one does not wait. Intents make even that harmless."""
        if self.is_asked:
            raise Stopped
        self.is_asked = True

    def look(self) -> None:
        """Stop here when asked to. For places where nothing is half done."""
        if self.is_asked:
            raise Stopped


class StoppableClock(SystemClock):
    """Wakes from a wait for a remote's limits when asked to stop: minutes of it may lie ahead."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def sleep(self, seconds: float) -> None:
        """Wait for real; nothing that must not be sent twice is under way meanwhile."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            self._stop.look()
            super().sleep(min(left, _NAP_SECONDS))


@contextmanager
def stopping() -> Iterator[Stop]:
    """Take Ctrl-C and SIGTERM as a wish to end soon, until the context ends."""
    stop = Stop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def say(error: CjmSyncError) -> None:
    hint = f" {error.hint}" if error.hint else ""
    err.print(f"Error: {error}.{hint}", markup=False)


def print_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json(value: Mapping[str, Any]) -> None:
    print_line(json.dumps(value, ensure_ascii=False, indent=2))


def parse_moment(text: str | None, option: str = "--as-of") -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{option} {text!r} is no time", hint="Write it like 2026-11-01T09:00:00Z."
        ) from None
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise ConfigError(
            f"{option} {text!r} is not within the years {_YEARS[0]} to {_YEARS[1]}",
            hint="Write it like 2026-11-01T09:00:00Z.",
        )
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@contextmanager
def showing_progress(stop: Stop) -> Iterator[Progress]:
    """Show bars on a terminal, plain lines elsewhere.

    What is told has just been recorded, so these are the places to stop at.
    """
    if not err.is_terminal:
        yield stoppable(Progress(phase=lambda name: err.print(f"{name} …", markup=False)), stop)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=err, transient=True) as bar:
        reading = bar.add_task("pull", total=None, visible=False)
        writing = bar.add_task("write", total=None, visible=False)
        read: dict[str, int] = {}

        def phase(name: str) -> None:
            bar.console.print(f"{name} …", markup=False)

        def on_read(stream: str, count: int) -> None:
            read[stream] = count
            bar.update(
                reading, visible=True, completed=sum(read.values()), description=f"pull {stream}"
            )

        shown = Progress(
            phase=phase,
            read=on_read,
            total=lambda steps: bar.update(writing, total=steps, visible=steps > 0),
            step=lambda: bar.advance(writing),
        )
        yield stoppable(shown, stop)


def stoppable(progress: Progress, stop: Stop) -> Progress:
    def phase(name: str) -> None:
        stop.look()
        progress.phase(name)

    def read(stream: str, count: int) -> None:
        progress.read(stream, count)
        stop.look()

    def step() -> None:
        progress.step()
        stop.look()

    return Progress(phase=phase, read=read, total=progress.total, step=step)


class LogLine(logging.Formatter):
    """A log line for people, with the fields that say what it is about.

    Only these: what a record holds, an address or a token never stands in them.
    """

    _TOLD = ("method", "path", "attempt", "stream", "job", "key")

    def format(self, record: logging.LogRecord) -> str:
        """Append the fields that are there."""
        fields = (f"{name}={vars(record)[name]}" for name in self._TOLD if name in vars(record))
        return " ".join((super().format(record), *fields))


def tell_findings(report: Report) -> None:
    """Say what a person should know; what ended the run is said apart, as an error."""
    ending = str(report.error) if report.error is not None else None
    told = [f for f in report.findings if (f.key, f.message) != ("run", ending)]
    for line in finding_lines(told, most=FINDINGS_SHOWN):
        err.print(line, markup=False)


def summary(report: Report) -> str:
    seconds = (report.finished_at - report.started_at).total_seconds()
    read = sum(count.read for count in report.pulled.values())
    changed = sum(count.changed for count in report.pulled.values())
    return (
        f"{report.outcome}: as of {time_text(report.as_of)}; read {read} records ({changed} changed); "
        f"rows {report.created} created, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.archived} archived, {report.kept} cells kept; "
        f"{report.requests_source} requests to HubSpot and {report.requests_target} to Notion in {seconds:.1f} s"
    )


def wait_for(stop: Stop) -> None:
    """Return, so that state is saved, when somebody wants us to end."""
    while not stop.is_asked:
        SystemClock().sleep(_NAP_SECONDS)
