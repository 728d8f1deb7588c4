"""Make any text safe to draw and short enough to fit.

Labels come from a CRM: they may hold control characters, direction marks, or be a page long. The
widths are Arial's, the first font asked for wherever the map is drawn; other letters are guessed
on the wide side, so that a wrong guess leaves a gap and not an overlap.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from cjm_sync_files.picture import Text

ELLIPSIS = "…"

# Advance widths in 1/1000 em of Arial (metric twins: Helvetica, Liberation Sans), regular weight.
_WIDTHS = dict.fromkeys("ijl'", 222) | dict.fromkeys("It.,:;/!|\\ f[]", 278)
_WIDTHS |= dict.fromkeys("r()-·`{}", 333) | dict.fromkeys("cksvxyzJ", 500)
_WIDTHS |= dict.fromkeys("abdeghnopqu0123456789L?_$#–€£«»", 556) | dict.fromkeys("FTZ+<>=~±×−", 611)
_WIDTHS |= dict.fromkeys("ABEKPSVXY&", 667) | dict.fromkeys("CDHNRUw", 722)
_WIDTHS |= dict.fromkeys("GOQ", 778) | dict.fromkeys("Mm", 833) | {"W": 944, "%": 889, "@": 1015}
_WIDTHS |= {ELLIPSIS: 1000, "★": 1000}
_BOLD_FACTOR = 1.08
_UNKNOWN_WIDTH = 660
_WIDE_WIDTH = 1000
_EMOJI_FROM = 0x1F000
_EMOJI_WIDTH = 1300

# Joiners shape emoji and several scripts; every other invisible format character can only hide or
# reverse what stands around it.
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"
_NON_CHARACTERS = "\ufffe\uffff"


def clean(text: str) -> str:
    """Return *text* on one line without characters that XML forbids or that cannot be seen."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Zs", "Zl", "Zp"} or character in "\t\n\r\v\f\x85":
            kept.append(" ")
        elif category[0] == "C" and character not in _KEPT_FORMAT_CHARACTERS:
            continue
        elif character not in _NON_CHARACTERS:
            kept.append(character)
    return " ".join("".join(kept).split())


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide *text* is drawn, in pixels."""
    units = sum(_width(character) for character in text)
    return units * size / 1000 * (_BOLD_FACTOR if bold else 1.0)


def fit(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return *text* cleaned and, where it is wider than *width*, cut with an ellipsis."""
    text = clean(text)
    if width_of(text, size, bold=bold) <= width:
        return text
    room = width - width_of(ELLIPSIS, size, bold=bold)
    return text[: _fitting_length(text, room, size, bold=bold)].rstrip() + ELLIPSIS


def _fitting_length(text: str, width: float, size: float, *, bold: bool) -> int:
    """Return how many characters of *text* fit, never parting a letter from its marks."""
    length = 0
    while length < len(text) and width_of(text[: length + 1], size, bold=bold) <= width:
        length += 1
    while 0 < length < len(text) and _joins(text[length - 1], text[length]):
        length -= 1
    return length


def _joins(before: str, after: str) -> bool:
    joiner = "\u200d"
    return joiner in {before, after} or unicodedata.combining(after) > 0


def wrap(text: str, width: float, size: float, *, lines: int, bold: bool = False) -> list[str]:
    """Return *text* on at most *lines* lines, the last one cut where it has to be.

    A word wider than a line is broken: scripts without spaces are one such word.
    """
    rest = clean(text)
    wrapped: list[str] = []
    while rest and len(wrapped) < lines - 1:
        end = _fitting_length(rest, width, size, bold=bold)
        if end < len(rest):
            space = rest.rfind(" ", 0, end + 1)
            end = space if space > 0 else max(end, 1)
        wrapped.append(rest[:end])
        rest = rest[end:].lstrip()
    if rest:
        wrapped.append(fit(rest, width, size, bold=bold))
    return wrapped


def fitted(
    x: float,
    y: float,
    text: str,
    *,
    width: float,
    size: float = 13.0,
    bold: bool = False,
    fill: str = "#1c2733",
    anchor: Literal["start", "middle", "end"] = "start",
    halo: str | None = None,
) -> Text:
    """Return *text* as a line that fits *width*, keeping the whole of it for whoever asks."""
    whole = clean(text)
    short = fit(whole, width, size, bold=bold)
    return Text(
        x,
        y,
        short,
        size=size,
        bold=bold,
        fill=fill,
        anchor=anchor,
        whole=None if short == whole else whole,
        halo=halo,
    )


def _width(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if ord(character) >= _EMOJI_FROM:
        return _EMOJI_WIDTH
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE_WIDTH
    # A letter with an accent is as wide as the letter.
    letter = unicodedata.normalize("NFD", character)[0]
    return _WIDTHS.get(letter, _UNKNOWN_WIDTH)
