"""Small line drawings: one per kind of channel, and faces for the emotion scale.

Each is drawn by code from a 16 × 16 grid, so that a picture needs no font and no other file.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cjm_sync_files.picture import Box, Command, Disc, Path, Shape, Stroke, line, polygon

INK = "#3b4754"


def channel_icon(channel: str, key: str, x: float, y: float, colour: str = INK) -> list[Shape]:
    """Return the drawing for a touchpoint's channel with its top left corner at (x, y).

    Tickets and surveys arrive over many channels and are known by their *key*; a channel nobody
    foresaw gets the plain ring.
    """
    for prefix, drawing in _BY_KEY.items():
        if key.startswith(prefix):
            return drawing(x, y, Stroke(colour, 1.3))
    drawing = _BY_CHANNEL.get(channel.casefold().replace("_", " "), _ring)
    return drawing(x, y, Stroke(colour, 1.3))


def face(x: float, y: float, radius: float, mood: float, *, fill: str, ink: str) -> list[Shape]:
    """Return a face whose mouth follows *mood*, from −1 (frown) to +1 (smile)."""
    stroke = Stroke(ink, max(1.2, radius * 0.13))
    bend = mood * radius * 0.45
    mouth_y = y + radius * 0.42 - bend * 0.35
    mouth: tuple[Command, ...] = (
        ("M", (x - radius * 0.45, mouth_y)),
        (
            "C",
            (
                x - radius * 0.2,
                mouth_y + bend,
                x + radius * 0.2,
                mouth_y + bend,
                x + radius * 0.45,
                mouth_y,
            ),
        ),
    )
    eye = radius * 0.11
    return [
        Disc(x, y, radius, fill=fill, stroke=stroke),
        Disc(x - radius * 0.34, y - radius * 0.22, eye, fill=ink),
        Disc(x + radius * 0.34, y - radius * 0.22, eye, fill=ink),
        Path(mouth, stroke=stroke),
    ]


def star(x: float, y: float, radius: float, *, fill: str) -> list[Shape]:
    """Return a five-pointed star around (x, y)."""
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.42
        angle = math.pi * (corner / 5 - 0.5)
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return [polygon(*points, fill=fill)]


Drawing = Callable[[float, float, Stroke], list[Shape]]


def _ring(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [Disc(x + 8, y + 8, 5, stroke=pen)]


def _globe(x: float, y: float, pen: Stroke) -> list[Shape]:
    meridian: tuple[Command, ...] = (
        ("M", (x + 8, y + 2)),
        ("C", (x + 3.6, y + 5, x + 3.6, y + 11, x + 8, y + 14)),
        ("C", (x + 12.4, y + 11, x + 12.4, y + 5, x + 8, y + 2)),
    )
    return [
        Disc(x + 8, y + 8, 6, stroke=pen),
        Path(meridian, stroke=pen),
        line(x + 2, y + 8, x + 14, y + 8, pen),
    ]


def _envelope(x: float, y: float, pen: Stroke) -> list[Shape]:
    flap: tuple[Command, ...] = (
        ("M", (x + 2, y + 4.5)),
        ("L", (x + 8, y + 9)),
        ("L", (x + 14, y + 4.5)),
    )
    return [Box(x + 2, y + 3.5, 12, 9, stroke=pen, radius=1.5), Path(flap, stroke=pen)]


def _handset(x: float, y: float, pen: Stroke) -> list[Shape]:
    outline: tuple[Command, ...] = (
        ("M", (x + 3, y + 3.2)),
        ("L", (x + 5.6, y + 2.4)),
        ("L", (x + 7.2, y + 5.6)),
        ("L", (x + 5.6, y + 7)),
        ("C", (x + 6.3, y + 8.6, x + 7.4, y + 9.7, x + 9, y + 10.4)),
        ("L", (x + 10.4, y + 8.8)),
        ("L", (x + 13.6, y + 10.4)),
        ("L", (x + 12.8, y + 13)),
        ("C", (x + 7.5, y + 13.8, x + 2.2, y + 8.5, x + 3, y + 3.2)),
        ("Z", ()),
    )
    return [Path(outline, stroke=pen)]


def _people(x: float, y: float, pen: Stroke) -> list[Shape]:
    def shoulders(centre: float) -> Path:
        return Path(
            (
                ("M", (centre - 3.4, y + 13)),
                ("C", (centre - 3.4, y + 8.4, centre + 3.4, y + 8.4, centre + 3.4, y + 13)),
            ),
            stroke=pen,
        )

    return [
        Disc(x + 4.6, y + 5.6, 2.1, stroke=pen),
        Disc(x + 11.4, y + 5.6, 2.1, stroke=pen),
        shoulders(x + 4.6),
        shoulders(x + 11.4),
    ]


def _megaphone(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        polygon(
            (x + 2, y + 6.4),
            (x + 5, y + 6.4),
            (x + 12.5, y + 3),
            (x + 12.5, y + 13),
            (x + 5, y + 9.6),
            (x + 2, y + 9.6),
            stroke=pen,
        ),
        line(x + 5.2, y + 9.8, x + 6.2, y + 13.2, pen),
    ]


def _share(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        line(x + 5, y + 8, x + 11, y + 4.4, pen),
        line(x + 5, y + 8, x + 11, y + 11.6, pen),
        Disc(x + 4.4, y + 8, 1.9, fill="#ffffff", stroke=pen),
        Disc(x + 11.6, y + 4, 1.9, fill="#ffffff", stroke=pen),
        Disc(x + 11.6, y + 12, 1.9, fill="#ffffff", stroke=pen),
    ]


def _bubble(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        polygon(
            (x + 2.5, y + 3),
            (x + 13.5, y + 3),
            (x + 13.5, y + 10.6),
            (x + 8, y + 10.6),
            (x + 5, y + 13.4),
            (x + 5, y + 10.6),
            (x + 2.5, y + 10.6),
            stroke=pen,
        ),
        line(x + 5, y + 5.8, x + 11, y + 5.8, pen),
        line(x + 5, y + 8, x + 9, y + 8, pen),
    ]


def _pin(x: float, y: float, pen: Stroke) -> list[Shape]:
    drop: tuple[Command, ...] = (
        ("M", (x + 8, y + 14)),
        ("C", (x + 1, y + 7, x + 4, y + 2, x + 8, y + 2)),
        ("C", (x + 12, y + 2, x + 15, y + 7, x + 8, y + 14)),
        ("Z", ()),
    )
    return [Path(drop, stroke=pen), Disc(x + 8, y + 6.4, 1.6, stroke=pen)]


def _document(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        polygon(
            (x + 3.5, y + 2),
            (x + 9.5, y + 2),
            (x + 12.5, y + 5),
            (x + 12.5, y + 14),
            (x + 3.5, y + 14),
            stroke=pen,
        ),
        line(x + 5.6, y + 7.4, x + 10.4, y + 7.4, pen),
        line(x + 5.6, y + 10.2, x + 10.4, y + 10.2, pen),
    ]


def _flag(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        line(x + 4, y + 2, x + 4, y + 14, pen),
        polygon((x + 4, y + 2.6), (x + 13, y + 5.4), (x + 4, y + 8.6), stroke=pen),
    ]


def _pencil(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        polygon(
            (x + 2.6, y + 13.4),
            (x + 3.4, y + 10.2),
            (x + 11, y + 2.6),
            (x + 13.4, y + 5),
            (x + 5.8, y + 12.6),
            stroke=pen,
        )
    ]


def _lifebuoy(x: float, y: float, pen: Stroke) -> list[Shape]:
    return [
        Disc(x + 8, y + 8, 6, stroke=pen),
        Disc(x + 8, y + 8, 2.4, stroke=pen),
        *(
            line(x + 8 + dx * 1.8, y + 8 + dy * 1.8, x + 8 + dx * 4.2, y + 8 + dy * 4.2, pen)
            for dx in (-1, 1)
            for dy in (-1, 1)
        ),
    ]


def _survey(x: float, y: float, pen: Stroke) -> list[Shape]:
    tick: tuple[Command, ...] = (
        ("M", (x + 5, y + 8)),
        ("L", (x + 7.2, y + 10.4)),
        ("L", (x + 11.2, y + 5.4)),
    )
    return [Box(x + 2.5, y + 2.5, 11, 11, stroke=pen, radius=2), Path(tick, stroke=pen)]


_BY_KEY: dict[str, Drawing] = {"svc.": _lifebuoy, "voc.": _survey}
_BY_CHANNEL: dict[str, Drawing] = {
    "web": _globe,
    "ads": _megaphone,
    "social": _share,
    "word of mouth": _bubble,
    "email": _envelope,
    "offline": _pin,
    "phone": _handset,
    "meeting": _people,
    "document": _document,
    "sales": _flag,
    "manual": _pencil,
    "chat": _bubble,
    "message": _bubble,
    "sms": _bubble,
    "whatsapp": _bubble,
    "whats app": _bubble,
    "linkedin": _bubble,
    "linkedin message": _bubble,
}
