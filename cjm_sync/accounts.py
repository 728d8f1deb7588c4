"""Account for the numbers of one journey: what each means, and the records that it rests on.

For `explain`. Everything is computed anew from the mirror; a withheld number stays withheld.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

import numpy as np

from cjm_sync.journey.behind import Behind, Group
from cjm_sync.journey.compute import members_of, survey, travel_all
from cjm_sync.journey.definitions import (
    CELL,
    OUTCOME,
    PAIN,
    PERSONA,
    SEVERITY,
    TOUCHPOINT,
    Definition,
    Window,
)
from cjm_sync.journey.facts import DAY_MS, Facts, Flags
from cjm_sync.journey.metrics import Ground
from cjm_sync.journey.timeline import Travel
from cjm_sync.journey.types import Emotion, Journey, MomentOfTruth, Pain
from cjm_sync.mirror import MirrorRecords
from cjm_sync.ports import JourneyRequest
from cjm_sync.wiring import Home, map_of, reference_time


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the map; *value* None is withheld or not there, which *note* tells."""

    name: str
    value: float | None
    note: str
    definition: str
    base: str
    window: str
    behind: tuple[Group, ...] = ()


class Accounts:
    """One journey computed anew, with everything that its numbers were counted from."""

    def __init__(self, home: Home, request: JourneyRequest, as_of: datetime | None) -> None:
        self.as_of = reference_time(home, as_of)
        plain = replace(request, detail="aggregate")
        self._facts: Facts = home.mapping.facts(MirrorRecords(home.store), plain, as_of=self.as_of)
        self._travels: tuple[Travel, ...] = travel_all(self._facts)
        now = int(self.as_of.timestamp() * 1000)
        self._ground: Ground = survey(self._facts, self._travels, now)
        self._behind = Behind(self._facts, self._ground, self._travels)
        self._members = members_of(self._facts)
        whole = map_of(replace(home, journeys=(plain,)), self.as_of)
        self._journey: Journey = whole.journeys[0]

    def row(self, parts: tuple[str, ...]) -> tuple[str, list[Number]] | None:
        """Return the title and the numbers of the row that *parts* of a key name, None for none."""
        title, numbers = "", None
        match parts:
            case ():
                title, numbers = self._whole()
            case ("stage", stage, persona):
                title, numbers = self._cell(stage, persona)
            case ("history", month, stage, persona):
                title, numbers = self._cell(stage, persona)
                title += f", as now; History holds them as they were at the end of {month}"
            case ("touchpoint", stage, touchpoint):
                title, numbers = self._touchpoint(stage, touchpoint)
            case ("persona", persona):
                title, numbers = self._persona(persona)
            case ("pain", rule, stage, subject):
                title, numbers = self._pain(rule, stage, subject)
            case ("opportunity", rule, stage, subject):
                title, numbers = self._opportunity(rule, stage, subject)
            case _:
                pass
        return None if numbers is None else (title, numbers)

    def keys(self) -> list[str]:
        """Return the key of every row, as Notion shows it."""
        journey = self._journey
        rows: list[tuple[str, ...]] = [("persona", one.key) for one in journey.personas]
        rows += [("touchpoint", one.stage, one.key) for one in journey.touchpoints]
        rows += [
            ("stage", stage.key, cell.persona) for stage in journey.stages for cell in stage.cells
        ]
        found = (*(journey.pains or ()), *(journey.delights or ()))
        rows += [("pain", *one.identity) for one in found]
        rows += [("opportunity", *one.identity) for one in journey.opportunities or ()]
        return ["/".join(quote(part, safe="") for part in (journey.key, *row)) for row in rows]

    def _place(self, stage: str) -> int | None:
        keys = [one.key for one in self._facts.stages]
        return keys.index(stage) if stage in keys else None

    def _flags(self, persona: str) -> Flags | None:
        found = self._members.get(persona)
        return None if found is None else found[1]

    def _whole(self) -> tuple[str, list[Number]]:
        outcomes = self._journey.outcomes
        numbers = [
            self._number(
                name,
                self._journey.units if name == "units" else getattr(outcomes, name),
                definition,
                self._behind.outcome(name),
            )
            for name, definition in OUTCOME.items()
        ]
        return f"the journey {self._journey.name}", numbers

    def _cell(self, stage: str, persona: str) -> tuple[str, list[Number] | None]:
        place, flags = self._place(stage), self._flags(persona)
        if place is None or flags is None:
            return "", None
        row = self._journey.stages[place]
        cell = next(one for one in row.cells if one.persona == persona)
        numbers = []
        for name, definition in CELL.items():
            behind = self._behind.cell(place, flags, name)
            is_last = place == len(self._journey.stages) - 1
            note = "the last stage has none" if is_last and name.startswith("conversion") else ""
            value = getattr(cell, name)
            numbers.append(self._number(name, value, definition, behind, stage=place, note=note))
        return f"{row.label}, {self._members[persona][0]}", numbers

    def _touchpoint(self, stage: str, key: str) -> tuple[str, list[Number] | None]:
        found = (t for t in self._journey.touchpoints if (t.stage, t.key) == (stage, key))
        row, place = next(found, None), self._place(stage)
        if row is None or place is None:
            return "", None
        point = [one.key for one in self._facts.touchpoints].index(key)
        numbers = []
        for name, definition in TOUCHPOINT.items():
            behind = self._behind.touchpoint(place, point, name)
            value = getattr(row, name)
            if name == "moment_of_truth" and value is None:
                behind = ()
            numbers.append(self._number(name, value, definition, behind, stage=place))
        return f"{row.label} in {self._facts.stages[place].label}", numbers

    def _persona(self, key: str) -> tuple[str, list[Number] | None]:
        flags = self._flags(key)
        if flags is None:
            return "", None
        row = next(one for one in self._journey.personas if one.key == key)
        numbers = [
            self._number(name, getattr(row, name), definition, self._behind.persona(flags, name))
            for name, definition in PERSONA.items()
        ]
        return f"the persona {row.label}", numbers

    def _pain(self, rule: str, stage: str, subject: str) -> tuple[str, list[Number] | None]:
        found = (*(self._journey.pains or ()), *(self._journey.delights or ()))
        identity = (rule, stage, subject)
        row = next((one for one in found if one.identity == identity), None)
        place = self._place(stage)
        if row is None or place is None:
            return "", None
        grounds = self._journey.grounds
        measures = grounds.measures if grounds is not None else ()
        measure = next((m for m in measures if (m.rule, m.stage, m.subject) == identity), None)
        behind = self._behind.measured(place, measure)
        numbers = [self._pain_number(row, name, behind) for name in ("value", "severity", "n")]
        return f"{row.label} in {self._facts.stages[place].label}", numbers

    def _pain_number(self, row: Pain, name: str, behind: tuple[Group, ...]) -> Number:
        rule = PAIN[row.rule]
        definition = {
            "value": f"fires when {rule}; now {against(row)}",
            "severity": f"{SEVERITY}; now {row.reach:g}, {row.intensity:g} and {row.trend:g}",
            "n": f"the rule's own base; {row.units} units are affected",
        }[name]
        return Number(
            name,
            float(getattr(row, name)),
            "",
            definition,
            f"the rule's own base of {row.n}",
            self._window("window"),
            behind,
        )

    def _opportunity(self, rule: str, stage: str, subject: str) -> tuple[str, list[Number] | None]:
        identity = (rule, stage, subject)
        found = self._journey.opportunities or ()
        row = next((one for one in found if one.identity == identity), None)
        if row is None:
            return "", None
        words = {
            "customer_value": "highest severity of the linked pains",
            "business_value": "percentile rank among the stages of open amount in the stage and "
            "amount lost there",
            "value": "half customer value and half business value",
            "effort": "0 to 5, a person's; 3 while nobody has set it",
            "priority": "value · (6 − effort) / 5",
        }
        numbers = []
        for name, text in words.items():
            definition = Definition(text, "its pain, and the amounts of the stage", "window")
            numbers.append(self._number(name, getattr(row, name), definition, ()))
        place = self._place(stage)
        where = "" if place is None else f" in {self._facts.stages[place].label}"
        return f"{row.label}{where}", numbers

    def _number(
        self,
        name: str,
        sent: object,
        definition: Definition,
        behind: tuple[Group, ...],
        *,
        stage: int | None = None,
        note: str = "",
    ) -> Number:
        value: float | None = None
        match sent:
            case Emotion():
                value = sent.score
                note = f"{sent.evidence}, n = {sent.n}" if value is not None else note
            case MomentOfTruth():
                value = sent.ratio
                note = (
                    f"{sent.verdict}; {_few(sent.advanced_exposed)} of {sent.exposed} touched and "
                    f"{_few(sent.advanced_not_exposed)} of {sent.not_exposed} not touched advanced; "
                    f"95 % interval {sent.low:.3g} to {sent.high:.3g}, q = {sent.q:.3g}"
                )
            case int() | float():
                value = float(sent)
            case _:
                pass
        if value is None and not note:
            least = self._facts.settings.min_group
            note = (
                "not tested"
                if name == "moment_of_truth"
                else (f"withheld: it rests on fewer than {least} units")
            )
        window = self._window(definition.window, stage)
        return Number(name, value, note, definition.text, definition.base, window, behind)

    def _window(self, window: Window, stage: int | None = None) -> str:
        ground, now = self._ground, self._ground.as_of
        since = now - ground.window
        match window:
            case "now":
                return f"at T, {_day(now)}"
            case "window":
                return f"{_day(since)} to {_day(now)}"
            case "decided":
                patience = ground.patience[stage] if stage is not None else 0.0
                latest = now - patience
                return (
                    f"entered {_day(latest - ground.window)} to {_day(latest)}: the window, "
                    f"earlier by P = {patience / DAY_MS:.1f} days"
                )
            case "year":
                oldest = now - ground.settings.max_age_days * DAY_MS
                return f"signals of {_day(oldest)} to {_day(now)}"
            case "moments":
                latest = now - (ground.patience[stage] if stage is not None else 0.0)
                oldest = latest - ground.settings.moments.window_days * DAY_MS
                return f"first stays entered {_day(oldest)} to {_day(latest)}"
            case "ever":
                return f"everything before {_day(now)}"


def _few(count: int | None) -> str:
    return "a few" if count is None else str(count)


def _day(at: float) -> str:
    return str(np.datetime64(int(at), "ms").astype("datetime64[D]"))


def against(pain: Pain) -> str:
    """Return the value and the threshold in the pain's own unit."""
    if pain.unit == "share":
        return f"{100 * pain.value:.3g} % against {100 * pain.threshold:.3g} %"
    unit = "" if pain.unit == "score" else f" {pain.unit}"
    return f"{pain.value:.4g}{unit} against {pain.threshold:.4g}{unit}"
