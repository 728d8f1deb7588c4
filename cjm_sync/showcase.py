"""Show the product with no account: the demo, and the stand-ins alone."""

from __future__ import annotations

import json
import tempfile
import webbrowser
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cjm_sync.errors import ConfigError
from cjm_sync.ports import ExporterPlugin, SandboxAddresses, SandboxPlugin
from cjm_sync.registry import find_plugin, plugin_names
from cjm_sync.report import finding_lines
from cjm_sync.runs import Options, Report, time_text
from cjm_sync.terminal import (
    AsOfOption,
    JsonOption,
    Stop,
    StoppableClock,
    err,
    parse_moment,
    print_json,
    print_line,
    showing_progress,
    stopping,
    summary,
    wait_for,
)
from cjm_sync.wiring import map_of, open_world, read_config


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
        stop = stack.enter_context(stopping())
        folder = directory or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cjm-sync-demo-"))
        )
        _make_folder(folder)
        plugin: SandboxPlugin = find_plugin("sandboxes", "sandbox")
        running = stack.enter_context(
            plugin.run(folder=folder, portal=portal, host="127.0.0.1", port=port, seed=seed)
        )
        report, files = _demo_run(folder, running, parse_moment(as_of) or running.as_of, stop)
        print_line(summary(report))
        for line in finding_lines(report.findings, most=1):
            err.print(line, markup=False)
        if directory is not None:
            for path in files:
                print_line(f"wrote {path}")
        if no_serve:
            raise typer.Exit(report.exit_code)
        print_line(f"The workspace and the map: {running.viewer_url}")
        print_line("Press Ctrl-C to end.")
        if not no_browser and err.is_terminal:
            webbrowser.open(running.viewer_url)
        wait_for(stop)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made: {error.strerror}", hint="Name another with --dir."
        ) from error


def _demo_run(
    folder: Path, running: SandboxAddresses, as_of: datetime | None, stop: Stop
) -> tuple[Report, list[Path]]:
    path = folder / "config.toml"
    path.write_text(_demo_config(running), encoding="utf-8")
    env = {"HUBSPOT_TOKEN": running.hubspot_token, "NOTION_TOKEN": running.notion_token}
    with open_world(read_config(path), environment=env, clock=StoppableClock(stop)) as world:
        with showing_progress(stop) as progress:
            report = world.engine(progress).sync(Options(as_of=as_of))
        if report.outcome != "done":
            return report, []
        journey_map = map_of(world.home, None)
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
        stopping() as stop,
        plugin.run(
            folder=directory, portal=portal, host="127.0.0.1", port=port, seed=seed
        ) as running,
    ):
        as_of = running.as_of
        if as_json:
            print_json(
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
            print_line(f"HubSpot  {running.hubspot_url}  token {running.hubspot_token}")
            print_line(f"Notion   {running.notion_url}  token {running.notion_token}")
            print_line(f"parent_page {running.parent_page}")
            print_line(f"web page {running.viewer_url}")
        wait_for(stop)
