"""Find the line of a TOML text on which a key stands, for messages to the person who wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the number of the line where *path*, or the nearest table around it, is written.

    A key within an inline table or array is found by looking for its name after the line of what
    holds it. Returns 1 when nothing of it is found.
    """
    known = _lines(text)
    wanted = tuple(path)
    for length in range(len(wanted), 0, -1):
        line = known.get(wanted[:length])
        if line is not None:
            names = [part for part in wanted[length:] if isinstance(part, str)]
            return _within(text, line, names[-1]) if names else line
    return 1


def _within(text: str, line: int, name: str) -> int:
    """Return the line of inline key *name*, searched from *line* to the next key or header."""
    pattern = re.compile(rf"""(?<![\w-])["']?{re.escape(name)}["']?\s*=""")
    for number, row in enumerate(text.splitlines()[line - 1 :], line):
        if pattern.search(row):
            return number
        if number > line and (_HEADER.match(row) and "{" not in row):
            break
    return line


def _lines(text: str) -> dict[Path, int]:
    table: Path = ()
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    for number, row in enumerate(text.splitlines(), 1):
        header = _HEADER.match(row)
        if header and "=" not in row.split("#")[0].replace("==", ""):
            names = _split(header[2])
            # A header under an array of tables speaks of its last item.
            parent: Path = ()
            for name in names[:-1]:
                parent = (*parent, name)
                if counts[parent]:
                    parent = (*parent, counts[parent] - 1)
            table = (*parent, names[-1])
            if header[1] == "[[":
                counts[table] += 1
                table = (*table, counts[table] - 1)
            elif counts[table]:
                table = (*table, counts[table] - 1)
            lines.setdefault(table, number)
            continue
        key = _KEY.match(row)
        if key:
            lines.setdefault((*table, *_split(key[1])), number)
    return lines


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(
        next(part for part in found if part) for found in _PART.findall(dotted) if any(found)
    )
