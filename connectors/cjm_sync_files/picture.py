"""What a picture is made of, before anybody decides how to draw it.

Layout (`sheet`, `lanes`) returns these values; a drawer (`svg_export`) turns them into a file.
Coordinates are pixels from the top left, y downwards; a text's y is its baseline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Command = tuple[str, tuple[float, ...]]
"""One pen movement: M, L (x, y), C (two handles and an end), Z; always absolute."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line is drawn; *dashes* are lengths of dash and gap, empty for a solid line."""

    colour: str
    width: float = 1.0
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, with round corners when *radius* is given."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: Stroke | None = None
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Disc:
    """A full circle."""

    x: float
    y: float
    radius: float
    fill: str = "none"
    stroke: Stroke | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """Any line or outline."""

    commands: tuple[Command, ...]
    fill: str = "none"
    stroke: Stroke | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text that already fits; *whole* is the uncut text when it was cut.

    *halo* is the colour painted behind the letters where lines may cross them.
    """

    x: float
    y: float
    text: str
    size: float = 13.0
    bold: bool = False
    fill: str = "#1c2733"
    anchor: Literal["start", "middle", "end"] = "start"
    whole: str | None = None
    halo: str | None = None


Shape = Box | Disc | Path | Text


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished layout with the words that stand in for it where it cannot be seen."""

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...] = field(default=())


def line(x1: float, y1: float, x2: float, y2: float, stroke: Stroke) -> Path:
    """Return a straight line."""
    return Path((("M", (x1, y1)), ("L", (x2, y2))), stroke=stroke)


def polygon(*points: tuple[float, float], fill: str = "none", stroke: Stroke | None = None) -> Path:
    """Return a closed outline through *points*."""
    first, *rest = points
    pen: tuple[Command, ...] = (("M", first), *(("L", point) for point in rest), ("Z", ()))
    return Path(pen, fill=fill, stroke=stroke)
