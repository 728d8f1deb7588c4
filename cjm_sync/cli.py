"""The command line: the only place that prints. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cjm_sync import __version__
from cjm_sync.backfill import Wanted, backfill
from cjm_sync.config import Config, environment, find_config, parse_trigger
from cjm_sync.engine import compute_map, needs
from cjm_sync.errors import BusyError, CjmSyncError, ConfigError
from cjm_sync.explain import explain
from cjm_sync.http import SystemClock
from cjm_sync.ports import (
    Check,
    Clock,
    Excerpt,
    ExporterPlugin,
    Painter,
    Wording,
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
from cjm_sync.runs import Options, Progress, time_text
from cjm_sync.sampling import first_look
from cjm_sync.schedule import Job, next_time
from cjm_sync.schedule import serve as serve_jobs
from cjm_sync.showcase import demo, sandbox
from cjm_sync.terminal import (
    FINDINGS_SHOWN,
    AsOfOption,
    ConfigOption,
    JsonOption,
    LogLine,
    Stop,
    StoppableClock,
    Stopped,
    err,
    parse_moment,
    print_json,
    print_line,
    say,
    showing_progress,
    stoppable,
    stopping,
    summary,
    tell_findings,
)
from cjm_sync.undo import undo, undo_lines
from cjm_sync.wiring import Home, World, map_of, open_home, open_source, open_world, read_config

app = typer.Typer(
    name="cjm-sync",
    help="A customer-journey map computed from HubSpot and kept fresh in Notion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_RUNS_SHOWN = 10


def main() -> None:
    """Run the command line and exit with its documented code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_now)
    try:
        app()
    except CjmSyncError as error:
        say(error)
        sys.exit(error.exit_code)
    except Stopped:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        err.print("Stopped. What was done is recorded; the next run continues from here.")
        sys.exit(1)


def _stop_now(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


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


def _version(value: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if value:
        print_line(f"cjm-sync {__version__}")
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
    handler.setFormatter(LogLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
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
    reset_cells: Annotated[
        list[str] | None,
        typer.Option(
            "--reset-cells",
            metavar="KEY",
            help="Set back cells that are kept for a person: a row's key, KEY#COLUMN, or all; repeatable.",
        ),
    ] = None,
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
        if full or allow_removals or accept or take_over or reset_cells:
            raise ConfigError(
                "--sample goes with --as-of, --dry-run and --json only",
                hint="A first look writes nothing, so there is nothing to allow or accept.",
            )
        _look(config, sample, parse_moment(as_of), as_json=as_json)
        return
    options = Options(
        as_of=parse_moment(as_of),
        full=full,
        allow_removals=allow_removals,
        accept=accept,
        take_over=take_over,
        reset_cells=tuple(dict.fromkeys(reset_cells or ())),
        dry_run=dry_run,
    )
    with stopping() as stop, _world(config, StoppableClock(stop)) as world:
        with showing_progress(stop) as progress:
            report = world.engine(progress).sync(options)
        if as_json:
            print_json(report.as_json())
        else:
            if report.plan is not None and (options.dry_run or report.needs_review):
                bound = world.home.store.bindings()
                for line in plan_lines(
                    report.plan, bound, held=report.held, wording=_wording(world)
                ):
                    print_line(line)
            if report.error is None or report.pulled:
                print_line(summary(report))
            tell_findings(report)
        if report.error is not None:
            say(report.error)
    raise typer.Exit(report.exit_code)


def _look(config: Path | None, size: int, as_of: datetime | None, *, as_json: bool) -> None:
    """Show the map of a sample; neither the store nor Notion is touched."""
    env = environment()
    checked = read_config(find_config(config, env))
    with ExitStack() as stack:
        stop = stack.enter_context(stopping())
        clock = StoppableClock(stop)
        home, source = stack.enter_context(open_source(checked, environment=env, clock=clock))
        progress = stack.enter_context(showing_progress(stop))
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
        print_json(
            look.as_json() | {"map": json.loads(exporter.export(look.journey_map))},
        )
        return
    print_line(
        f"a sample of {look.units} contacts as of {time_text(look.journey_map.as_of)}: "
        f"nothing was written or kept; {look.requests} requests"
    )
    for line in map_lines(look.journey_map):
        print_line(line)
    for line in finding_lines(look.findings, most=FINDINGS_SHOWN):
        err.print(line, markup=False)


@app.command()
def plan(
    *, config: ConfigOption = None, as_of: AsOfOption = None, as_json: JsonOption = False
) -> None:
    """Show what the next run would write, as a readable diff; writes nothing to Notion."""
    options = Options(as_of=parse_moment(as_of), dry_run=True)
    with stopping() as stop, _world(config, StoppableClock(stop)) as world:
        with showing_progress(stop) as progress:
            report = world.engine(progress).sync(options)
        bound = world.home.store.bindings()
        if report.plan is not None:
            if as_json:
                print_json(plan_json(report.plan, bound, held=report.held))
            else:
                for line in plan_lines(
                    report.plan, bound, held=report.held, wording=_wording(world)
                ):
                    print_line(line)
        tell_findings(report)
        if report.error is not None:
            say(report.error)
    raise typer.Exit(report.exit_code)


def _wording(world: World) -> Wording | None:
    return world.target if isinstance(world.target, Wording) else None


@app.command()
def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at every precondition of a run and name the remedy of what is not met."""
    with _world(config, SystemClock()) as world:
        checks = list(_checks(world))
    if as_json:
        print_json(
            {
                "checks": [
                    {"name": c.name, "state": c.state, "message": c.message, "hint": c.hint}
                    for c in checks
                ]
            }
        )
    else:
        for line in check_lines(checks):
            print_line(line)
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


@app.command("undo")
def undo_(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Take back the last run's writes in Notion where no person has edited since.

    The next sync writes them again: stop `serve` first, and change what was wrong. What was built
    (hub, databases, views, picture) stays, and so do rows of single units, until the next sync.
    """
    with stopping() as stop, _world(config, StoppableClock(stop)) as world:
        undone = undo(world.home.store, world.target, progress=stop.look)
    if as_json:
        print_json(undone.as_json())
        return
    for line in finding_lines(undone.findings, most=FINDINGS_SHOWN):
        err.print(line, markup=False)
    print_line(", ".join(f"{name}: {count}" for name, count in undo_lines(undone).items()))


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
            asks=home.config.safety.on_person_edit == "ask",
        )
    if as_json:
        print_json(described)
        return
    for line in status_lines(described):
        print_line(line)


@app.command()
def export(
    *,
    format_name: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="svg, png, html, csv or json")
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not stdout."),
    ] = None,
    as_of: AsOfOption = None,
    with_people: Annotated[
        bool,
        typer.Option(
            "--with-people",
            help="Heed what people put into their cells (overrides, efforts, targets), as the last "
            "sync saw them.",
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Print the map computed from the mirror; asks neither service."""
    if format_name not in plugin_names("exporters"):
        raise ConfigError(
            f"--format {format_name!r} is not known",
            hint=f"Use one of: {', '.join(plugin_names('exporters'))}.",
        )
    exporter: ExporterPlugin = find_plugin("exporters", format_name)
    if output is None and not exporter.is_text and sys.stdout.isatty():
        raise ConfigError(
            f"--format {format_name} is not text, and the output is a terminal",
            hint="Name a file with --output.",
        )
    with _home(config) as home:
        journey_map = map_of(home, parse_moment(as_of), with_people=with_people)
    exported = exporter.export(journey_map)
    if isinstance(exporter, Painter):
        for finding in exporter.lacking(journey_map):
            err.print(f"[{finding.code}] {finding.message}. {finding.hint}", markup=False)
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


@app.command("explain")
def explain_(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY",
            help="object/id of a unit, a row's Sync key with #number behind it, or a finding's code.",
        ),
    ],
    *,
    as_of: AsOfOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every id and event, not the first or newest few.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a unit is in its stage, where a number comes from, or what a finding asks for.

    From the local mirror alone: neither service is asked.
    """
    with _home(config) as home:
        explained = explain(home, key, as_of=parse_moment(as_of))
    if as_json:
        print_json(explained.as_json(every=every))
        return
    for line in explained.lines(every=every):
        print_line(line)


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
            parse_moment(since, "--since"),
            parse_moment(until, "--until"),
            tuple(dict.fromkeys(lists or ())),
            tuple(dict.fromkeys(pipelines or ())),
        ),
        tuple(dict.fromkeys(objects or ())),
    )
    env = environment()
    checked = read_config(find_config(config, env))
    with ExitStack() as stack:
        stop = stack.enter_context(stopping())
        clock = StoppableClock(stop)
        home, source = stack.enter_context(open_source(checked, environment=env, clock=clock))
        progress = stack.enter_context(showing_progress(stop))
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
        print_json(imported.as_json())
    else:
        print_line(imported.summary())
        for line in finding_lines(imported.pulled.findings, most=FINDINGS_SHOWN):
            err.print(line, markup=False)
    raise typer.Exit(1 if imported.outcome == "partial" else 0)


@app.command()
def serve(*, config: ConfigOption = None) -> None:
    """Run the schedule of the configuration in the foreground until SIGTERM or Ctrl-C."""
    env = environment()
    checked = read_config(find_config(config, env))
    with open_world(checked, environment=env, clock=SystemClock()):
        pass  # what a person must edit is said now, not at the first run
    with stopping() as stop, suppress(Stopped):
        _serve(checked, env, StoppableClock(stop), stop)
    err.print("stopped; the next run continues from here")


def _serve(checked: Config, env: Mapping[str, str], clock: Clock, stop: Stop) -> None:
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
    err.print(
        f"serving {checked.path}: sync {schedule.sync}, sweep {schedule.sweep} ({schedule.timezone})",
        markup=False,
    )
    serve_jobs(jobs, clock, should_stop=lambda: stop.is_asked)


def _scheduled(
    config: Config, env: Mapping[str, str], clock: Clock, stop: Stop, *, sweep: bool
) -> None:
    """Do one run of the schedule; whatever goes wrong on purpose, the schedule goes on."""
    progress = stoppable(Progress(), stop)
    try:
        with open_world(config, environment=env, clock=clock) as world:
            report = world.engine(progress).sync(Options(sweep=sweep))
    except BusyError as error:
        err.print(f"skipped: {error}", markup=False)
        return
    except CjmSyncError as error:
        say(error)
        return
    err.print(summary(report), markup=False)
    for line in finding_lines(report.findings, most=1):
        err.print(line, markup=False)


app.command()(demo)
app.command()(sandbox)
