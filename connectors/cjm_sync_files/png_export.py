"""Draw the map as a PNG: the same picture as the SVG, painted with the fonts of this machine.

The way in is `png`. No font is shipped or fetched, so a script that no installed font covers is
said in `lacking`; the SVG does not have that limit, for the reader's own machine draws it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

import resvg_py

from cjm_sync.journey.types import JourneyMap
from cjm_sync.model import Finding
from cjm_sync.ports import Picture as Drawn
from cjm_sync_files.description import describe
from cjm_sync_files.fitting import clean
from cjm_sync_files.picture import Picture, Text
from cjm_sync_files.sheet import layout
from cjm_sync_files.svg_export import draw

LARGEST = 5 * 1024 * 1024
"""Bytes that every plan of Notion takes for one file."""

_ZOOMS = (2.0, 1.5, 1.0, 0.75, 0.5)
"""Tried in turn; 2 is sharp on a slide and on a dense screen."""

_MOST_PIXELS = 50_000_000
_NOBODYS = "\uf8ff\u0378"
"""Characters that no font has a glyph for, or that stand for nothing."""


class PngExporter:
    """The exporter behind `export --format png`."""

    suffix: str = ".png"
    is_text: bool = False

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return all journeys of the map as one PNG of at most `LARGEST` bytes."""
        return _painted(layout(journey_map))

    def lacking(self, journey_map: JourneyMap) -> tuple[Finding, ...]:
        """Return a finding for each script in the picture that no font of this machine draws."""
        return tuple(
            Finding(
                "font_missing",
                f"export/{script.casefold()}",
                f"no font on this machine draws the script {script}; its letters are empty boxes",
                "Install a font for it (for Chinese, Japanese and Korean: Noto Sans CJK), or use "
                "`cjm-sync export --format svg`.",
            )
            for script, sample in _scripts(layout(journey_map))
            if not _is_drawn(sample)
        )

    def picture(self, journey_map: JourneyMap) -> Drawn:
        """Return the picture for a page: painted only when it is asked for."""
        # The drawing tells whether anything moved: neither the fonts of this machine do, nor the
        # reference time, which moves with every run.
        timeless = layout(replace(journey_map, as_of=datetime(2000, 1, 1, tzinfo=UTC)))
        digest = hashlib.sha256(draw(timeless).encode("utf-8")).hexdigest()
        return Drawn(digest, lambda: _painted(layout(journey_map)), describe(journey_map))


png = PngExporter()


def _painted(picture: Picture) -> bytes:
    drawn = draw(picture)
    painted = b""
    for zoom in _ZOOMS:
        if picture.width * picture.height * zoom * zoom > _MOST_PIXELS and zoom != _ZOOMS[-1]:
            continue
        painted = bytes(resvg_py.svg_to_bytes(svg_string=drawn, zoom=zoom, background="#ffffff"))
        if len(painted) <= LARGEST:
            break
    return painted


def _scripts(picture: Picture) -> Iterator[tuple[str, str]]:
    """Yield each script with a letter of it, in order of name; Latin for Greek and Cyrillic too."""
    # Our own words are in it, and a machine may have no font at all.
    samples: dict[str, str] = {"LATIN": "a"}
    for shape in picture.shapes:
        if isinstance(shape, Text):
            for character in clean(shape.text):
                if ord(character) > 0x052F and unicodedata.category(character) in {"Lo", "So"}:
                    script = unicodedata.name(character, "").split(" ")[0].split("-")[0]
                    samples.setdefault(script, character)
    yield from sorted(samples.items())


@lru_cache(maxsize=256)
def _is_drawn(character: str) -> bool:
    """Tell whether *character* is drawn otherwise than one that no font has."""
    return _sample(character) not in {_sample(nobody) for nobody in _NOBODYS}


@lru_cache(maxsize=256)
def _sample(character: str) -> bytes:
    text = Text(4, 24, character, size=20)
    return bytes(resvg_py.svg_to_bytes(svg_string=draw(Picture(40, 32, "", "", (text,)))))
