"""The documented list of findings, docs/findings.md, as data: each code with meaning and remedy.

The wheel carries the file inside the package; a checkout reads it where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROW = re.compile(r"^\| (`[^|]+`) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_CODE = re.compile(r"`([a-z_]+)`")


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a finding of one code means, and what to do about it."""

    meaning: str
    remedy: str


@cache
def remedies() -> Mapping[str, Remedy]:
    """Return every documented code of a finding."""
    here = Path(__file__).parent
    places = (here / "findings.md", here.parent / "docs" / "findings.md")
    text = next(place for place in places if place.is_file()).read_text(encoding="utf-8")
    return {
        code: Remedy(meaning, remedy)
        for codes, meaning, remedy in _ROW.findall(text)
        for code in _CODE.findall(codes)
    }
