"""Draw the map as one SVG that needs nothing else: no script, no font file, no address.

The way in is `svg`. Where things stand is decided in `sheet`; here they are only written down, so
that another drawer can write the same picture in another format.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from cjm_sync.journey.types import JourneyMap
from cjm_sync_files.picture import Box, Disc, Path, Picture, Shape, Stroke, Text
from cjm_sync_files.sheet import layout

# Arial and its twins first: the layout measures with their widths. Then a face for each big script
# on each big system; none is fetched.
FONTS = (
    "Arial, 'Liberation Sans', 'Helvetica Neue', Helvetica, 'Noto Sans', 'PingFang SC', "
    "'Hiragino Sans', 'Yu Gothic', 'Microsoft YaHei', 'Malgun Gothic', 'Noto Sans CJK SC', "
    "'Noto Sans CJK JP', 'Source Han Sans SC', system-ui, sans-serif"
)


class SvgExporter:
    """The exporter behind `export --format svg`."""

    suffix: str = ".svg"
    is_text: bool = True

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return all journeys of the map as one SVG, one under the other."""
        return draw(layout(journey_map)).encode("utf-8")


svg = SvgExporter()


def draw(picture: Picture) -> str:
    """Return *picture* as an SVG document."""
    width, height = _number(picture.width), _number(picture.height)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="cjm-title cjm-desc" '
            f'font-family="{FONTS}">'
        ),
        f'<title id="cjm-title">{escape(picture.title)}</title>',
        f'<desc id="cjm-desc">{escape(picture.description)}</desc>',
        *(_shape(shape) for shape in picture.shapes),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            radius = f' rx="{_number(shape.radius)}"' if shape.radius else ""
            return (
                f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" '
                f'width="{_number(shape.width)}" height="{_number(shape.height)}"{radius}'
                f"{_paint(shape.fill, shape.stroke)}/>"
            )
        case Disc():
            return (
                f'<circle cx="{_number(shape.x)}" cy="{_number(shape.y)}" '
                f'r="{_number(shape.radius)}"{_paint(shape.fill, shape.stroke)}/>'
            )
        case Path():
            pen = " ".join(
                " ".join((letter, *(_number(value) for value in values)))
                for letter, values in shape.commands
            )
            return f'<path d="{pen}"{_paint(shape.fill, shape.stroke)}/>'
        case Text():
            return _text(shape)
        case _:
            assert_never(shape)


def _text(text: Text) -> str:
    attributes = "".join(_text_attributes(text))
    # A text that was cut keeps its whole wording where a pointer can ask for it.
    whole = "" if text.whole is None else f"<title>{escape(text.whole)}</title>"
    return (
        f'<text x="{_number(text.x)}" y="{_number(text.y)}" '
        f'font-size="{_number(text.size)}"{attributes}>{whole}{escape(text.text)}</text>'
    )


def _text_attributes(text: Text) -> Iterator[str]:
    yield f" fill={quoteattr(text.fill)}"
    if text.bold:
        yield ' font-weight="700"'
    if text.anchor != "start":
        yield f' text-anchor="{text.anchor}"'
    if text.halo is not None:
        yield (
            f' stroke={quoteattr(text.halo)} stroke-width="4" stroke-linejoin="round" '
            'paint-order="stroke"'
        )


def _paint(fill: str, stroke: Stroke | None) -> str:
    painted = f" fill={quoteattr(fill)}"
    if stroke is not None:
        painted += f' stroke={quoteattr(stroke.colour)} stroke-width="{_number(stroke.width)}"'
        painted += ' stroke-linecap="round" stroke-linejoin="round"'
        if stroke.dashes:
            dashes = " ".join(_number(length) for length in stroke.dashes)
            painted += f' stroke-dasharray="{dashes}"'
    return painted


def _number(value: float) -> str:
    """Return a coordinate to the hundredth, so that the last bit of a sum never shows."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
