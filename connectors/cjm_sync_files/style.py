"""The map's look: colours that keep apart in black and white too, and the column grid."""

from __future__ import annotations

from dataclasses import dataclass

from cjm_sync.journey.types import EVERYONE, Cell, Stage

INK = "#1c2733"
MUTED = "#566472"
FAINT = "#8a96a3"
RULE = "#d5dce3"
BAND = "#f6f8fa"
PAPER = "#ffffff"
BAR = "#7d9dcc"
BAR_TRACK = "#e3e8ee"
SLOW = "#8c2f16"
SLOW_BAR = "#d08a70"
SLOW_TINT = "#fdf1ea"
GOOD_TINT = "#eaf5ef"
BAD_TINT = "#fbf0ea"

# Tints of one lightness, so that dark text stands on each of them equally well when printed grey.
STAGE_TINTS = ("#dcefe9", "#dde9f7", "#e8e2f5", "#fbead7", "#f7e0e6")
STAGE_ACCENTS = ("#1f7a68", "#2563a8", "#6a4fb3", "#a8590f", "#b03a5b")

MARGIN = 40.0
GUTTER = 138.0
PADDING = 16.0
_SLIDE_WIDTH = 1600.0
_NARROWEST_COLUMN = 220.0
_WIDEST_COLUMN = 420.0


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the stages' columns stand."""

    width: float
    count: int

    @classmethod
    def for_stages(cls, stages: int) -> Columns:
        """Return columns that fill a slide, or a wider sheet when there are many stages."""
        even = (_SLIDE_WIDTH - 2 * MARGIN - GUTTER) / max(stages, 1)
        return cls(min(max(even, _NARROWEST_COLUMN), _WIDEST_COLUMN), stages)

    def left(self, index: int) -> float:
        """Return the left edge of a column."""
        return MARGIN + GUTTER + index * self.width

    def middle(self, index: int) -> float:
        """Return the centre line of a column."""
        return self.left(index) + self.width / 2

    def inner_left(self, index: int) -> float:
        """Return where the text of a column begins."""
        return self.left(index) + PADDING

    @property
    def inner_width(self) -> float:
        """Return how wide a column's text may be."""
        return self.width - 2 * PADDING

    @property
    def right(self) -> float:
        """Return the right edge of the last column."""
        return self.left(self.count)


def everyone(stage: Stage) -> Cell:
    """Return the cell of all personas together, which every stage has."""
    return next(cell for cell in stage.cells if cell.persona == EVERYONE)


def slow_stage(stages: tuple[Stage, ...]) -> int | None:
    """Return the index of the stage with the longest median, None when there is no comparison.

    The last stage does not take part: nobody waits there to move on, so a long stay is no delay.
    Of equal medians the earlier stage is meant: it holds people up first.
    """
    medians = [
        (days, -index)
        for index, stage in enumerate(stages[:-1])
        if (days := everyone(stage).median_days) is not None
    ]
    return -max(medians)[1] if len(medians) > 1 else None
