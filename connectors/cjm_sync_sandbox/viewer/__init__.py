"""The workspace as a person would see it in Notion, served as plain pages by a WSGI app.

`Viewer` asks the stand-in through its public API only, so what it shows is what was really sent.
"""

from cjm_sync_sandbox.viewer.app import Viewer

__all__ = ["Viewer"]
