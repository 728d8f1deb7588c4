"""The map in sentences, for people who do not see the picture and for machines that read it."""

from __future__ import annotations

from cjm_sync.journey.types import EVERYONE, Journey, JourneyMap, Outcomes, Stage
from cjm_sync_files import wording
from cjm_sync_files.fitting import clean
from cjm_sync_files.style import everyone, slow_stage


def title(journey_map: JourneyMap) -> str:
    """Return the picture's name."""
    names = ", ".join(clean(journey.name) for journey in journey_map.journeys)
    return f"Customer journey map: {names}" if names else "Customer journey map"


def describe(journey_map: JourneyMap) -> str:
    """Return what the picture shows, stage by stage, each journey a paragraph."""
    if not journey_map.journeys:
        return "No journey has been computed yet."
    opening = f"As of {wording.moment(journey_map.as_of)}."
    return "\n".join((opening, *(_journey(journey) for journey in journey_map.journeys)))


def _journey(journey: Journey) -> str:
    said = [f"{clean(journey.name)}: {_count(journey.units)} {wording.plural(journey.unit)}."]
    said += [_stage(journey, index, stage) for index, stage in enumerate(journey.stages)]
    slowest = slow_stage(journey.stages)
    if slowest is not None:
        said.append(f"The slowest stage by its median is {clean(journey.stages[slowest].label)}.")
    said.append(_outcomes(journey.outcomes))
    return " ".join(said)


def _stage(journey: Journey, index: int, stage: Stage) -> str:
    cell = everyone(stage)
    parts = [f"{_count(cell.in_stage)} in stage now"]
    lacking = []
    if index < len(journey.stages) - 1:
        moving = _percent(cell.conversion)
        if moving is None:
            lacking.append("who moves on")
        else:
            parts.append(f"{moving} move on")
    time = _days(cell.median_days)
    if time is None:
        lacking.append("time")
    else:
        parts.append(f"median time {time}")
    felt = cell.emotion
    if felt.shown is None:
        lacking.append("emotion")
    else:
        parts.append(
            f"emotion {wording.signed(felt.shown)} ({wording.feeling(felt.shown)}, "
            f"{felt.evidence if felt.override is None else 'set by people'})"
        )
    reached = [
        (touchpoint.reach, clean(touchpoint.label))
        for touchpoint in journey.touchpoints
        if touchpoint.stage == stage.key and touchpoint.reach is not None
    ]
    if reached:
        reach, label = max(reached, key=lambda pair: (pair[0], pair[1]))
        parts.append(f"widest touchpoint {label} ({wording.percent(reach)})")
    who = [
        f"{labels[item.persona]} {wording.count(item.in_stage)}"
        for labels in ({persona.key: clean(persona.label) for persona in journey.personas},)
        for item in stage.cells
        if item.persona != EVERYONE and item.in_stage and item.persona in labels
    ]
    if who:
        parts.append("personas " + ", ".join(who))
    for name, found in (("pains", journey.pains), ("delights", journey.delights)):
        here = [clean(pain.label) for pain in found or () if pain.stage == stage.key]
        if here:
            parts.append(f"{name} {', '.join(here)}")
    if lacking:
        parts.append(f"{wording.NOT_ENOUGH} on {', '.join(lacking)}")
    return f"Stage {index + 1}, {clean(stage.label)}: {'; '.join(parts)}."


def _outcomes(outcomes: Outcomes) -> str:
    return (
        f"In no stage: {_count(outcomes.lost)} lost, {_count(outcomes.churned)} churned. "
        f"In a stage but dormant: {_count(outcomes.dormant)}. "
        f"With a lifecycle value that no rule maps: {_count(outcomes.unmapped)}."
    )


def _count(value: int | None) -> str:
    return _or_not(None if value is None else wording.count(value))


def _percent(value: float | None) -> str | None:
    return None if value is None else wording.percent(value)


def _days(value: float | None) -> str | None:
    return None if value is None else wording.days(value)


def _or_not(text: str | None) -> str:
    return wording.NOT_ENOUGH if text is None else text
