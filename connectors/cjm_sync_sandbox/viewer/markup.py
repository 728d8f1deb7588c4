"""Write HTML in which every text is escaped unless it is already markup.

`tag` is the only way to make an element and escapes its children and attributes; nothing else in
the viewer joins strings into HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

Content: TypeAlias = "str | Markup | Iterable[Content] | None"
Attribute: TypeAlias = str | float | bool | None

_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col"})
_DROPPED = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, 65534, 65535))
_DROPPED |= dict.fromkeys(range(0xD800, 0xE000))


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Return *value* as text of a page, without characters that no page may hold."""
    return Markup(escape(value.translate(_DROPPED), quote=True))


def join(*contents: Content) -> Markup:
    """Return *contents* one after the other; None is nothing, plain strings are escaped."""
    return Markup("".join(_pieces(contents)))


def tag(name: str, /, *contents: Content, **attributes: Attribute) -> Markup:
    """Return one element.

    Attribute names lose a trailing underscore (`class_`) and their others become hyphens; None and
    False leave an attribute out, True writes its bare name.
    """
    opening = "".join(_attributes(attributes))
    if name in _VOID:
        return Markup(f"<{name}{opening}>")
    return Markup(f"<{name}{opening}>{join(*contents)}</{name}>")


def classes(*names: str | None) -> str:
    """Return the names that are there as a class attribute."""
    return " ".join(name for name in names if name)


def _pieces(contents: Iterable[Content]) -> Iterable[str]:
    for content in contents:
        match content:
            case None:
                continue
            case Markup():
                yield str(content)
            case str():
                yield str(text(content))
            case _:
                yield from _pieces(content)


def _attributes(attributes: dict[str, Attribute]) -> Iterable[str]:
    for name, value in attributes.items():
        written = name.rstrip("_").replace("_", "-")
        match value:
            case None | False:
                continue
            case True:
                yield f" {written}"
            case str():
                yield f' {written}="{text(value)}"'
            case _:
                yield f' {written}="{value:.6g}"'
