"""Find connectors, mappings, exporters and sandboxes among the installed packages."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Literal

from cjm_sync.errors import ConfigError

Kind = Literal["sources", "targets", "mappings", "exporters", "sandboxes"]


def find_plugin(kind: Kind, name: str) -> Any:
    """Return the object that an installed package offers as *name*; ConfigError if none does."""
    found = tuple(entry_points(group=f"cjm_sync.{kind}", name=name))
    match found:
        case (only,):
            return only.load()
        case ():
            known = ", ".join(sorted(e.name for e in entry_points(group=f"cjm_sync.{kind}")))
            raise ConfigError(
                f"no {kind.removesuffix('s')} called {name!r} is installed",
                hint=f"Installed: {known or 'none'}. Reinstall cjm-sync if one is missing.",
            )
        case _:
            packages = ", ".join(sorted(e.dist.name for e in found if e.dist is not None))
            raise ConfigError(
                f"{kind.removesuffix('s')} {name!r} is offered by several packages: {packages}",
                hint="Uninstall all but one of them.",
            )


def plugin_names(kind: Kind) -> list[str]:
    """Return the names of everything of this kind that is installed."""
    return sorted({entry.name for entry in entry_points(group=f"cjm_sync.{kind}")})
