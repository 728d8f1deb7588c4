"""The command line: the only place that prints. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from cjm_sync import __version__
from cjm_sync.backfill import Wanted, backfill
from cjm_sync.config import Config, environment, find_config, parse_trigger
from cjm_sync.engine import compute_map, needs
from cjm_sync.errors import BusyError, CjmSyncError, ConfigError
from cjm_sync.http import SystemClock
from cjm_sync.ports import (
    Check,
    Clock,
    Excerpt,
    ExporterPlugin,
    SandboxAddresses,
    SandboxPlugin,
)
from cjm_sync.registry import find_plugin, plugin_names
from cjm_sync.report import (
    check_lines,
    finding_lines,
    map_lines,
    plan_json,
    plan_lines,
    status_json,
    status_lines,
)
from cjm_sync.runs import Options, Progress, Report, time_text
from cjm_sync.sampling import first_look
from cjm_sync.schedule import Job, next_time
from cjm_sync.schedule import serve as serve_jobs
from cjm_sync.wiring import Home, World, open_home, open_source, open_world, read_config

app = typer.Typer(
    name="cjm-sync",
    help="A customer-journey map computed from HubSpot and kept fresh in Notion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_err = Console(stderr=True, highlight=False, soft_wrap=True)
_FINDINGS_SHOWN = 5
_RUNS_SHOWN = 10
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


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM: unwind, leaving a state that the next run continues from."""


class _Stop:
    """Whether somebody wants us to end: the first signal lets the step in hand finish."""

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal; the second one does not wait. Intents make even that harmless."""
        if self.is_asked:
            raise _Stopped
        self.is_asked = True

    def look(self) -> None:
        """Stop here when asked to. For places where nothing is half done."""
        if self.is_asked:
            raise _Stopped


class _StoppableClock(SystemClock):
    """Wakes from a wait for a remote's limits when asked to stop: minutes of it may lie ahead."""

    def __init__(self, stop: _Stop) -> None:
        self._stop = stop

    def sleep(self, seconds: float) -> None:
        """Wait for real; nothing that must not be sent twice is under way meanwhile."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0:
            self._stop.look()
            super().sleep(min(left, _NAP_SECONDS))


@contextmanager
def _stopping() -> Iterator[_Stop]:
    """Take Ctrl-C and SIGTERM as a wish to end soon, until the context ends."""
    stop = _Stop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run the command line and exit with its documented code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_now)
    try:
        app()
    except CjmSyncError as error:
        _say(error)
        sys.exit(error.exit_code)
    except _Stopped:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _err.print("Stopped. What was done is recorded; the next run continues from here.")
        sys.exit(1)


def _stop_now(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _say(error: CjmSyncError) -> None:
    hint = f" {error.hint}" if error.hint else ""
    _err.print(f"Error: {error}.{hint}", markup=False)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _print_json(value: Mapping[str, Any]) -> None:
    _print(json.dumps(value, ensure_ascii=False, indent=2))


def _moment(text: str | None, option: str = "--as-of") -> datetime | None:
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
def _world(config: Path | None, clock: Clock) -> Iterator[World]:
    env = environment()
    checked = read_config(find_config(config, env))
    with open_world(checked, environment=env, clock=clock) as world:
        yield world


@contextmanager
def _home(config: Path | None) -> Iterator[Home]:
    with open_home(read_config(find_config(config, environment()))) as home:
        yield home


@contextmanager
def _progress(stop: _Stop) -> Iterator[Progress]:
    """Show bars on a terminal, plain lines elsewhere.

    What is told has just been recorded, so these are the places to stop at.
    """
    if not _err.is_terminal:
        yield _stoppable(Progress(phase=lambda name: _err.print(f"{name} …", markup=False)), stop)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=_err, transient=True) as bar:
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
        yield _stoppable(shown, stop)


def _stoppable(progress: Progress, stop: _Stop) -> Progress:
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


class _Line(logging.Formatter):
    """A log line for people, with the fields that say what it is about.

    Only these: what a record holds, an address or a token never stands in them.
    """

    _TOLD = ("method", "path", "attempt", "stream", "job", "key")

    def format(self, record: logging.LogRecord) -> str:
        """Append the fields that are there."""
        fields = (f"{name}={vars(record)[name]}" for name in self._TOLD if name in vars(record))
        return " ".join((super().format(record), *fields))


def _version(value: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if value:
        _print(f"cjm-sync {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv: each request.")
    ] = 0,
) -> None:
    """Compute the customer-journey map from HubSpot and keep it fresh in Notion."""
    del version
    level = {0: logging.ERROR, 1: logging.INFO}.get(verbose, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("cjm_sync")
    logger.handlers[:] = [handler]
    logger.setLevel(level)


@app.command()
def sync(
    *,
    config: ConfigOption = None,
    as_of: AsOfOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read every stream from its beginning.")
    ] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Let rows leave beyond safety.max_removals.")
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Go on although the plan looks unusual; see `plan` first."),
    ] = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Adopt the hub of another installation, or a moved one."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan only; write nothing to Notion.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            min=1,
            max=10_000,
            help="A first look: print the map of the N contacts modified last; keep and write nothing.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Do one run: pull from HubSpot, compute the map, write what changed to Notion."""
    if sample is not None:
        if full or allow_removals or accept or take_over:
            raise ConfigError(
                "--sample goes with --as-of, --dry-run and --json only",
                hint="A first look writes nothing, so there is nothing to allow or accept.",
            )
        _look(config, sample, _moment(as_of), as_json=as_json)
        return
    options = Options(
        as_of=_moment(as_of),
        full=full,
        allow_removals=allow_removals,
        accept=accept,
        take_over=take_over,
        dry_run=dry_run,
    )
    with _stopping() as stop, _world(config, _StoppableClock(stop)) as world:
        with _progress(stop) as progress:
            report = world.engine(progress).sync(options)
        if as_json:
            _print_json(report.as_json())
        else:
            if options.dry_run and report.plan is not None:
                for line in plan_lines(report.plan, world.home.store.bindings()):
                    _print(line)
            if report.error is None or report.pulled:
                _print(_summary(report))
            _tell_findings(report)
        if report.error is not None:
            _say(report.error)
    raise typer.Exit(report.exit_code)


def _look(config: Path | None, size: int, as_of: datetime | None, *, as_json: bool) -> None:
    """Show the map of a sample; neither the store nor Notion is touched."""
    env = environment()
    checked = read_config(find_config(config, env))
    with ExitStack() as stack:
        stop = stack.enter_context(_stopping())
        clock = _StoppableClock(stop)
        home, source = stack.enter_context(open_source(checked, environment=env, clock=clock))
        progress = stack.enter_context(_progress(stop))
        progress.phase("look at a sample")
        look = first_look(
            source,
            home.mapping,
            home.journeys,
            size=size,
            as_of=as_of or clock.now().replace(second=0, microsecond=0),
            progress=progress.read,
        )
    if as_json:
        exporter: ExporterPlugin = find_plugin("exporters", "json")
        _print_json(
            look.as_json() | {"map": json.loads(exporter.export(look.journey_map))},
        )
        return
    _print(
        f"a sample of {look.units} contacts as of {time_text(look.journey_map.as_of)}: "
        f"nothing was written or kept; {look.requests} requests"
    )
    for line in map_lines(look.journey_map):
        _print(line)
    for line in finding_lines(look.findings, most=_FINDINGS_SHOWN):
        _err.print(line, markup=False)


def _tell_findings(report: Report) -> None:
    """Say what a person should know; what ended the run is said apart, as an error."""
    ending = str(report.error) if report.error is not None else None
    told = [f for f in report.findings if (f.key, f.message) != ("run", ending)]
    for line in finding_lines(told, most=_FINDINGS_SHOWN):
        _err.print(line, markup=False)


def _summary(report: Report) -> str:
    seconds = (report.finished_at - report.started_at).total_seconds()
    read = sum(count.read for count in report.pulled.values())
    changed = sum(count.changed for count in report.pulled.values())
    return (
        f"{report.outcome}: as of {time_text(report.as_of)}; read {read} records ({changed} changed); "
        f"rows {report.created} created, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.archived} archived, {report.kept} cells kept; "
        f"{report.requests_source} + {report.requests_target} requests in {seconds:.1f} s"
    )


@app.command()
def plan(
    *, config: ConfigOption = None, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Show what the next run would write, as a readable diff; writes nothing to Notion."""
    options = Options(as_of=_moment(as_of), dry_run=True)
    with _stopping() as stop, _world(config, _StoppableClock(stop)) as world:
        with _progress(stop) as progress:
            report = world.engine(progress).sync(options)
        bound = world.home.store.bindings()
        if report.plan is not None:
            if as_json:
                _print_json(plan_json(report.plan, bound))
            else:
                for line in plan_lines(report.plan, bound):
                    _print(line)
        _tell_findings(report)
        if report.error is not None:
            _say(report.error)
    raise typer.Exit(report.exit_code)


@app.command()
def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at every precondition of a run and name the remedy of what is not met."""
    with _world(config, SystemClock()) as world:
        checks = list(_checks(world))
    if as_json:
        _print_json(
            {
                "checks": [
                    {"name": c.name, "state": c.state, "message": c.message, "hint": c.hint}
                    for c in checks
                ]
            }
        )
    else:
        for line in check_lines(checks):
            _print(line)
    failed = [c.exit_code for c in checks if c.state == "failed"]
    raise typer.Exit(max(failed, default=0))


def _checks(world: World) -> Iterator[Check]:
    home = world.home
    yield Check("configuration", "ok", f"{home.config.path}, {len(home.journeys)} journey(s)")
    yield from _disk(home)
    yield from world.source.check(world.engine().needs)
    journey_map = None
    if home.store.count_records().get("contacts"):
        now = world.clock.now()
        journey_map = compute_map(home.mapping, home.store, home.journeys, as_of=now)
    yield from world.target.check(journey_map)


def _disk(home: Home) -> Iterator[Check]:
    free = shutil.disk_usage(home.config.path.parent).free
    if free < 500_000_000:
        yield Check(
            "disk",
            "warning",
            f"{free / 1e6:.0f} MB free beside the configuration",
            "Make room for the mirror.",
        )
    else:
        yield Check("disk", "ok", f"{free / 1e9:.0f} GB free beside the configuration")


@app.command()
def status(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the last runs, the next one, held removals and cells kept for people."""
    with _home(config) as home:
        now = SystemClock().now()
        runs = home.store.runs(_RUNS_SHOWN)
        schedule = home.config.schedule
        last = runs[0] if runs else None
        health = "never run" if last is None else (last.outcome or "running or interrupted")
        described = status_json(
            runs,
            home.store.bindings(),
            home.store.count_records(),
            next_run_at=next_time(
                parse_trigger(schedule.sync, timezone=schedule.timezone), None, now
            ),
            health=health,
            time_text=time_text,
        )
    if as_json:
        _print_json(described)
        return
    for line in status_lines(described):
        _print(line)


@app.command()
def export(
    *,
    format_name: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="json or svg")
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not stdout."),
    ] = None,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
) -> None:
    """Print the map computed from the mirror; asks neither service."""
    if format_name not in plugin_names("exporters"):
        raise ConfigError(
            f"--format {format_name!r} is not known",
            hint=f"Use one of: {', '.join(plugin_names('exporters'))}.",
        )
    exporter: ExporterPlugin = find_plugin("exporters", format_name)
    with _home(config) as home:
        exported = exporter.export(_exported_map(home, _moment(as_of)))
    if output is not None:
        try:
            output.write_bytes(exported)
        except OSError as error:
            raise ConfigError(
                f"{output} cannot be written: {error.strerror}", hint="Name another file."
            ) from error
    else:
        sys.stdout.buffer.write(exported)
        sys.stdout.buffer.flush()


def _exported_map(home: Home, as_of: datetime | None) -> Any:
    if not home.store.count_records():
        raise CjmSyncError(
            "nothing has been read from HubSpot yet, so there is no map to export",
            hint="Run `cjm-sync sync` first.",
        )
    if as_of is None:
        last = home.store.facts().get("last_as_of")
        if last is None:
            raise CjmSyncError(
                "no sync has finished yet, so there is no map to export",
                hint="Run `cjm-sync sync` first, or name a time with --as-of.",
            )
        as_of = datetime.fromisoformat(last)
    return compute_map(home.mapping, home.store, home.journeys, as_of=as_of)


@app.command("import")
def import_(
    *,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only what was modified or happened since."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Only what was modified or happened until."),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--list", metavar="LIST", help="Only contacts on this list (id or name); repeatable."
        ),
    ] = None,
    pipelines: Annotated[
        list[str] | None,
        typer.Option(
            "--pipeline",
            metavar="ID",
            help="Only deals and tickets of this pipeline; repeatable.",
        ),
    ] = None,
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            metavar="OBJECT",
            help="Only this object, such as contacts or email_events; repeatable.",
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read HubSpot, or a part of it, into the local mirror once; asks Notion nothing.

    Stopped, it goes on where it was when it is given once more. A later sync goes on from here; who
    counts is decided by `where` of the journey. With --list or --pipeline and no --object only what
    these limit is read.
    """
    wanted = Wanted(
        Excerpt(
            _moment(since, "--since"),
            _moment(until, "--until"),
            tuple(dict.fromkeys(lists or ())),
            tuple(dict.fromkeys(pipelines or ())),
        ),
        tuple(dict.fromkeys(objects or ())),
    )
    env = environment()
    checked = read_config(find_config(config, env))
    with ExitStack() as stack:
        stop = stack.enter_context(_stopping())
        clock = _StoppableClock(stop)
        home, source = stack.enter_context(open_source(checked, environment=env, clock=clock))
        progress = stack.enter_context(_progress(stop))
        progress.phase("import")
        imported = backfill(
            source,
            home.store,
            needs(home.mapping, home.journeys),
            wanted,
            clock=clock,
            progress=progress.read,
        )
    if as_json:
        _print_json(imported.as_json())
    else:
        _print(imported.summary())
        for line in finding_lines(imported.pulled.findings, most=_FINDINGS_SHOWN):
            _err.print(line, markup=False)
    raise typer.Exit(1 if imported.outcome == "partial" else 0)


@app.command()
def serve(*, config: ConfigOption = None) -> None:
    """Run the schedule of the configuration in the foreground until SIGTERM or Ctrl-C."""
    env = environment()
    checked = read_config(find_config(config, env))
    with open_world(checked, environment=env, clock=SystemClock()):
        pass  # what a person must edit is said now, not at the first run
    with _stopping() as stop, suppress(_Stopped):
        _serve(checked, env, _StoppableClock(stop), stop)
    _err.print("stopped; the next run continues from here")


def _serve(checked: Config, env: Mapping[str, str], clock: Clock, stop: _Stop) -> None:
    schedule = checked.schedule

    def job(*, sweep: bool) -> Callable[[], None]:
        return lambda: _scheduled(checked, env, clock, stop, sweep=sweep)

    jobs = {
        "sweep": Job(
            "sweep", parse_trigger(schedule.sweep, timezone=schedule.timezone), job(sweep=True)
        ),
        "sync": Job(
            "sync", parse_trigger(schedule.sync, timezone=schedule.timezone), job(sweep=False)
        ),
    }
    _err.print(
        f"serving {checked.path}: sync {schedule.sync}, sweep {schedule.sweep} ({schedule.timezone})",
        markup=False,
    )
    serve_jobs(jobs, clock, should_stop=lambda: stop.is_asked)


def _scheduled(
    config: Config, env: Mapping[str, str], clock: Clock, stop: _Stop, *, sweep: bool
) -> None:
    """Do one run of the schedule; whatever goes wrong on purpose, the schedule goes on."""
    progress = _stoppable(Progress(), stop)
    try:
        with open_world(config, environment=env, clock=clock) as world:
            report = world.engine(progress).sync(Options(sweep=sweep))
    except BusyError as error:
        _err.print(f"skipped: {error}", markup=False)
        return
    except CjmSyncError as error:
        _say(error)
        return
    _err.print(_summary(report), markup=False)
    for line in finding_lines(report.findings, most=1):
        _err.print(line, markup=False)


@app.command()
def demo(
    *,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir", metavar="DIR", help="Keep everything here [default: a temporary folder]."
        ),
    ] = None,
    portal: Annotated[
        Path | None,
        typer.Option(
            "--portal", metavar="DIR", help="Serve this portal folder instead of the sample."
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Port of the web page; 0 takes a free one."),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample portal.")] = 7,
    as_of: AsOfOption = None,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Run, print the summary and exit.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a web browser.")
    ] = False,
) -> None:
    """Try the whole product on a sample portal, with no account and no network."""
    with ExitStack() as stack:
        stop = stack.enter_context(_stopping())
        folder = directory or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cjm-sync-demo-"))
        )
        _make_folder(folder)
        plugin: SandboxPlugin = find_plugin("sandboxes", "sandbox")
        running = stack.enter_context(
            plugin.run(folder=folder, portal=portal, host="127.0.0.1", port=port, seed=seed)
        )
        report, files = _demo_run(folder, running, _moment(as_of) or running.as_of, stop)
        _print(_summary(report))
        for line in finding_lines(report.findings, most=1):
            _err.print(line, markup=False)
        if directory is not None:
            for path in files:
                _print(f"wrote {path}")
        if no_serve:
            raise typer.Exit(report.exit_code)
        _print(f"The workspace and the map: {running.viewer_url}")
        _print("Press Ctrl-C to end.")
        if not no_browser and _err.is_terminal:
            webbrowser.open(running.viewer_url)
        _wait_for(stop)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made: {error.strerror}", hint="Name another with --dir."
        ) from error


def _demo_run(
    folder: Path, running: SandboxAddresses, as_of: datetime | None, stop: _Stop
) -> tuple[Report, list[Path]]:
    path = folder / "config.toml"
    path.write_text(_demo_config(running), encoding="utf-8")
    env = {"HUBSPOT_TOKEN": running.hubspot_token, "NOTION_TOKEN": running.notion_token}
    with open_world(read_config(path), environment=env, clock=_StoppableClock(stop)) as world:
        with _progress(stop) as progress:
            report = world.engine(progress).sync(Options(as_of=as_of))
        if report.outcome != "done":
            return report, []
        journey_map = _exported_map(world.home, None)
        files = []
        for name in plugin_names("exporters"):
            exporter: ExporterPlugin = find_plugin("exporters", name)
            target = folder / f"map{exporter.suffix}"
            target.write_bytes(exporter.export(journey_map))
            files.append(target)
    return report, files


def _demo_config(running: SandboxAddresses) -> str:
    return f"""# Written by `cjm-sync demo`; the tokens are those of the sandbox on this machine.
[hubspot]
token = "env:HUBSPOT_TOKEN"
base_url = {json.dumps(running.hubspot_url)}
[notion]
token = "env:NOTION_TOKEN"
base_url = {json.dumps(running.notion_url)}
parent_page = {json.dumps(running.parent_page)}
plan = "business"
[store]
url = "sqlite:///cjm-sync.db"
settle_seconds = 0
[[journeys]]
key = "customers"
name = "Customer journey"
unit = "contact"
profile = "crm"
"""


@app.command()
def sandbox(
    *,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the state is kept.")
    ] = Path("sandbox"),
    portal: Annotated[
        Path | None,
        typer.Option(
            "--portal", metavar="DIR", help="Serve this portal folder instead of the sample."
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Port of the web page; 0 takes a free one."),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample portal.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Serve only the stand-ins of HubSpot and Notion, for anybody's tests, until Ctrl-C."""
    plugin: SandboxPlugin = find_plugin("sandboxes", "sandbox")
    _make_folder(directory)
    with (
        _stopping() as stop,
        plugin.run(
            folder=directory, portal=portal, host="127.0.0.1", port=port, seed=seed
        ) as running,
    ):
        as_of = running.as_of
        if as_json:
            _print_json(
                {
                    "hubspot": {"base_url": running.hubspot_url, "token": running.hubspot_token},
                    "notion": {
                        "base_url": running.notion_url,
                        "token": running.notion_token,
                        "parent_page": running.parent_page,
                    },
                    "viewer": running.viewer_url,
                    "as_of": time_text(as_of) if as_of is not None else None,
                }
            )
        else:
            _print(f"HubSpot  {running.hubspot_url}  token {running.hubspot_token}")
            _print(f"Notion   {running.notion_url}  token {running.notion_token}")
            _print(f"parent_page {running.parent_page}")
            _print(f"web page {running.viewer_url}")
        _wait_for(stop)


def _wait_for(stop: _Stop) -> None:
    """Return, so that state is saved, when somebody wants us to end."""
    while not stop.is_asked:
        SystemClock().sleep(_NAP_SECONDS)
