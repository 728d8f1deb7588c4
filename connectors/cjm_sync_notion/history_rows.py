"""The rows of history: a cell of the map in a month, written until the month ends, then left.

Months are cut in the time zone of the configuration. Nothing here grows with the number of runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from cjm_sync.journey import types
from cjm_sync.journey.types import EVERYONE, Journey, Stage
from cjm_sync.model import Cell, Page
from cjm_sync_notion import columns
from cjm_sync_notion.names import Names
from cjm_sync_notion.rounding import rate, score, whole
from cjm_sync_notion.row_parts import (
    ACTIVE,
    Known,
    as_it_was,
    hidden,
    key_parts,
    page,
    row_key,
    withheld_text,
)

HISTORY = "history"
History = Literal["monthly", "everyone", "off"]
"""Which cells are kept by month: all, those of Everyone, or none."""


def history_rows(
    journey: Journey,
    *,
    as_of: datetime,
    timezone: ZoneInfo,
    history: History,
    names: Names,
    known: Known,
    bound: Collection[str],
) -> Iterator[Page]:
    """Yield the rows of the month that *as_of* lies in, then the *bound* ones of others as they are.

    What was written in a month that is over stays, whatever became of its stage or persona.
    """
    month = f"{as_of.astimezone(timezone):%Y-%m}"
    made: set[str] = set()
    for stage in sorted(journey.stages, key=lambda stage: stage.order):
        for cell in stage.cells:
            if history == "off" or (history == "everyone" and cell.persona != EVERYONE):
                continue
            row = _page(journey, stage, cell, month, names=names, known=known)
            made.add(row.key)
            yield row
    for key in sorted(set(bound) - made):
        match key_parts(key, journey.key):
            case "history", (_, _, _):
                yield as_it_was(columns.HISTORY, key, journey)
            case _:
                pass


def _page(
    journey: Journey,
    stage: Stage,
    cell: types.Cell,
    month: str,
    *,
    names: Names,
    known: Known,
) -> Page:
    key = row_key(journey.key, HISTORY, month, stage.key, cell.persona)
    numbers: dict[str, Cell] = {
        "in_stage": cell.in_stage,
        "entered": cell.entered,
        "conversion": rate(cell.conversion),
        "drop_off": rate(cell.drop_off),
        "median_days": whole(cell.median_days),
        "touches_per_unit": score(cell.touches_per_unit),
        "nps": whole(cell.nps),
        "csat": rate(cell.csat),
        "open_amount": whole(cell.open_amount),
        "won_amount": whole(cell.won_amount),
    }
    is_last = stage.order == max(other.order for other in journey.stages)
    lacking = hidden(numbers, withheld=cell.withheld, but={"conversion"} if is_last else ())
    feeling: dict[str, Cell] = {"emotion": score(cell.emotion.score)}
    lacking += hidden(feeling, withheld=cell.emotion.withheld)
    subject: dict[str, Cell] = {
        "name": f"{month} · {known.stage(stage.key)} · {known.persona(cell.persona)}",
        "month": f"{month}-01",
        "stage": names.choice("stage", stage.key),
        "persona": names.choice("persona", cell.persona),
        "journey": names.choice("journey", journey.key),
        "withheld": withheld_text(columns.HISTORY, lacking),
        "order": stage.order,
    }
    return page(columns.HISTORY, key, journey, {**numbers, **feeling, **subject}, ACTIVE)
