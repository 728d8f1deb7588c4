"""Serve the stand-ins and the viewer on loopback, and keep their state in a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cjm_sync.errors import ConfigError
from cjm_sync.http import SystemClock
from cjm_sync.ports import SandboxAddresses
from cjm_sync_sandbox.hubspot import HubSpotSandbox
from cjm_sync_sandbox.notion import NotionSandbox
from cjm_sync_sandbox.portal import Portal
from cjm_sync_sandbox.sample import sample_portal
from cjm_sync_sandbox.viewer import Viewer

HUBSPOT_STATE = "sandbox-hubspot.json"
NOTION_STATE = "sandbox-notion.json"
PICTURE = "map.svg"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without looking the host's name up: that may ask a name server, and wait for it."""
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        """Say nothing: requests are logged by the stand-ins themselves."""


@contextmanager
def serving(app: Callable[..., Any], *, host: str, port: int) -> Iterator[str]:
    """Serve a WSGI callable until the context ends; yields its address."""
    try:
        server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise ConfigError(
            f"port {port} on {host} cannot be listened on: {error.strerror}",
            hint="Choose another with --port; 0 takes a free one.",
        ) from error
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Sandbox:
    """What the entry point `sandbox` offers: both stand-ins, a sample portal, the viewer."""

    @contextmanager
    def run(
        self, *, folder: Path, portal: Path | None, host: str, port: int, seed: int
    ) -> Iterator[SandboxAddresses]:
        """Serve until the context ends; state is loaded from *folder* and saved to it."""
        clock = SystemClock()
        hubspot_state, notion_state = folder / HUBSPOT_STATE, folder / NOTION_STATE
        hubspot = self._hubspot(hubspot_state, portal, seed)
        with _readable(notion_state, "Move it away to begin anew, or use another --dir."):
            notion = (
                NotionSandbox.load(notion_state, clock=clock)
                if notion_state.exists()
                else NotionSandbox(clock=clock, plan="business")
            )
        picture = folder / PICTURE
        viewer = Viewer(
            notion.call,
            parent_page=notion.parent_page,
            picture=lambda: picture.read_bytes() if picture.exists() else b"",
            file=notion.file,
        )
        with ExitStack() as stack:
            stack.callback(notion.save, notion_state)
            stack.callback(hubspot.save, hubspot_state)
            yield SandboxAddresses(
                hubspot_url=stack.enter_context(serving(hubspot, host=host, port=0)),
                hubspot_token=hubspot.token,
                notion_url=stack.enter_context(serving(notion, host=host, port=0)),
                notion_token=notion.token,
                parent_page=notion.parent_page,
                viewer_url=stack.enter_context(serving(viewer, host=host, port=port)),
                as_of=_as_of(hubspot.portal),
            )

    def _hubspot(self, state: Path, portal: Path | None, seed: int) -> HubSpotSandbox:
        clock = SystemClock()
        if portal is None:
            if state.exists():
                with _readable(state, "Move it away to begin anew, or use another --dir."):
                    return HubSpotSandbox.load(state, clock=clock)
            return HubSpotSandbox(sample_portal(seed), clock=clock)
        if not portal.is_dir():
            raise ConfigError(
                f"there is no portal folder at {portal}",
                hint="Name a folder with portal.json and one .jsonl file per object.",
            )
        with _readable(portal, "Each line of a .jsonl file there must be one JSON object."):
            return HubSpotSandbox(Portal.read(portal), clock=clock)


@contextmanager
def _readable(path: Path, hint: str) -> Iterator[None]:
    """Tell a person which file is broken."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read ({type(error).__name__})", hint=hint) from error


def _as_of(served: Portal) -> datetime | None:
    text = served.info.get("as_of")
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
