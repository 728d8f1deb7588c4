"""The official JavaScript clients: installed once, run at a stand-in that listens on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

NODE = Path(__file__).resolve().parents[1] / "node"
MARKS = [
    pytest.mark.node,
    pytest.mark.loopback,
    pytest.mark.enable_socket,
    pytest.mark.timeout(600),
]


def give_up(reason: str) -> NoReturn:
    """Fail where the tests must all run; on somebody's desk they may go without this one."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def installed(config: pytest.Config) -> Path:
    """Return the folder with the clients, installed once and kept in pytest's cache."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        give_up("Node.js and npm are needed to let the official JavaScript clients read")
    described = NODE / "package.json"
    assert config.cache is not None
    cache = config.cache.mkdir("javascript-clients")
    version = hashlib.sha256(described.read_bytes()).hexdigest()[:16]
    found = cache / version
    if not found.exists():
        # Another process may be at it too: each has a folder of its own, the first one stays.
        fresh = Path(tempfile.mkdtemp(dir=cache))
        shutil.copy(described, fresh)
        install = subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"],
            cwd=fresh,
            check=False,
            timeout=540,
        )
        if install.returncode:
            shutil.rmtree(fresh)
            give_up("npm could not install the official JavaScript clients, see its output")
        try:
            fresh.rename(found)
        except OSError:
            shutil.rmtree(fresh)
    return found / "node_modules"


def run_node(modules: Path, script: str, *arguments: str) -> Any:
    """Run a script of tests/node and return the JSON that it prints; it must succeed."""
    run = subprocess.run(
        ["node", str(NODE / script), *arguments],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
