"""What the README and its picture say is what the product does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
import typer

from cjm_sync.cli import app
from cjm_sync.engine import compute_map, needs
from cjm_sync.pull import pull
from cjm_sync.store import Store
from cjm_sync.wiring import open_world, read_config
from cjm_sync_files import svg
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.sample import SAMPLE_AS_OF, sample_portal
from scenarios.cli_world import run_main
from support.clock import FakeClock

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app)
TOML = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)


def test_every_command_of_the_readme_exists_with_its_flags() -> None:
    shell = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    named = {*re.findall(r"cjm-sync ([a-z]+)", shell), *re.findall(r"`cjm-sync ([a-z]+)", README)}
    known = set(COMMANDS.commands)  # type: ignore[attr-defined]

    assert named <= known
    assert {name for name in known if f"`cjm-sync {name}`" not in README} == set()
    for name, cell in re.findall(r"\| `cjm-sync ([a-z]+)` \| (.*?) \|", README):
        options = {o for p in COMMANDS.commands[name].params for o in p.opts}  # type: ignore[attr-defined]
        assert set(re.findall(r"`(--[a-z-]+)", cell)) <= options, name


def test_the_smallest_configuration_of_the_readme_loads(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TOML[0], encoding="utf-8")

    config = read_config(path)

    assert [journey.key for journey in config.journeys] == ["customers"]


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            # Beside an installed wheel the tests stand without the packages' sources.
            is_source = target.startswith(("cjm_sync/", "mappings/", "connectors/"))
            if is_source and not (ROOT / "cjm_sync").exists():
                continue
            assert (document.parent / target).exists(), (document, target)


@pytest.mark.loopback
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_portal_of_the_documents_can_be_read_and_synced(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    folder = tmp_path / "portal"
    folder.mkdir()
    names = ("portal.json", "contacts.jsonl", "meetings.jsonl")
    examples = re.findall(r"```json\n(.*?)```", document, re.DOTALL)
    for name, example in zip(names, examples, strict=True):
        (folder / name).write_text(example, encoding="utf-8")

    kept = tmp_path / "kept"
    ran = run_main(["demo", "--no-serve", "--portal", str(folder), "--dir", str(kept)], {})

    assert ran.code == 0, ran.err
    drawn = json.loads((kept / "map.json").read_text(encoding="utf-8"))
    assert drawn["as_of"] == "2026-11-16T09:00:00.000Z"
    records = run_main(["status", "--json", "--config", str(kept / "config.toml")], {}).json
    assert (records["records"]["contacts"], records["records"]["meetings"]) == (1, 1)


@pytest.mark.timeout(120)
def test_the_picture_of_the_readme_is_what_the_product_draws(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TOML[0], encoding="utf-8")
    clock = FakeClock(SAMPLE_AS_OF)
    hubspot = HubSpotSandbox(sample_portal(), clock=clock)
    wires = {"hubspot": httpx.WSGITransport(app=hubspot)}
    env = {"HUBSPOT_TOKEN": hubspot.token, "NOTION_TOKEN": "unused"}

    with open_world(read_config(path), environment=env, clock=clock, transports=wires) as world:
        store: Store = world.home.store
        pull(world.source, store, needs(world.home.mapping, world.home.journeys))
        drawn = svg.export(
            compute_map(world.home.mapping, store, world.home.journeys, as_of=SAMPLE_AS_OF)
        )

    assert drawn == (ROOT / "docs" / "map.svg").read_bytes()
