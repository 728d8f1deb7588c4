"""Tiny factories of HubSpot records, and the journey computed from a handful of them.

Times are given as days before T. `journey_of(..., shown_from=1)` shows numbers of single units, so
that a rule can be tested on one contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from cjm_sync.journey.compute import compute, travel_all
from cjm_sync.journey.facts import Facts
from cjm_sync.journey.timeline import OPEN, Exit
from cjm_sync.journey.types import Cell, Journey, Touchpoint
from cjm_sync.model import Change, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync_mappings import plugin

T = datetime(2026, 7, 1, tzinfo=UTC)
T_MS = int(T.timestamp()) * 1000
DAY_MS = 86_400_000

LIFECYCLE = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity",
    "customer", "evangelist", "other",
)  # fmt: skip
STAGES = {
    "low": (False, "0.2"), "mid": (False, "0.4"), "high": (False, "0.6"), "near": (False, "0.9"),
    "won": (True, "1.0"), "won2": (True, "1.0"), "lost": (True, "0.0"), "odd": (True, "0.5"),
}  # fmt: skip

_ids = count(1)


def before(days: float) -> str:
    """Return the moment *days* before T, as HubSpot writes it."""
    return (T - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(days: float) -> int:
    """Return the moment *days* before T in milliseconds."""
    return T_MS - round(days * DAY_MS)


def past(*steps: tuple[str, float]) -> tuple[Change, ...]:
    """Return a history, newest first, from (value, days before T) given oldest first."""
    return tuple(Change(value, before(days), "CRM_UI") for value, days in reversed(steps))


def record(
    object_: str,
    id_: str | None = None,
    *,
    created: float | None = 100,
    changed: float = 0,
    history: Mapping[str, tuple[Change, ...]] | None = None,
    links: Mapping[str, Sequence[str]] | None = None,
    **properties: Any,
) -> Record:
    """Return a record; *links* are ids by object."""
    return Record(
        object_,
        id_ or str(next(_ids) + 10_000),
        properties,
        dict(history or {}),
        {name: tuple(ids) for name, ids in (links or {}).items()},
        None if created is None else before(created),
        before(changed),
    )


def contact(
    id_: str = "1", *lifecycle: tuple[str, float], created: float | None = 100, **properties: Any
) -> Record:
    """Return a contact with its lifecycle values, oldest first."""
    if lifecycle:
        properties.setdefault("lifecyclestage", lifecycle[-1][0])
    history = {"lifecyclestage": past(*lifecycle)} if lifecycle else {}
    return record("contacts", id_, created=created, history=history, **properties)


def deal(
    *stages: tuple[str, float],
    to: Sequence[str] = ("1",),
    id_: str | None = None,
    pipeline: str = "default",
    **properties: Any,
) -> Record:
    """Return a deal with its stages, oldest first, created with the first."""
    properties.setdefault("dealstage", stages[-1][0] if stages else None)
    return record(
        "deals",
        id_,
        created=properties.pop("created", stages[0][1] if stages else 100),
        history={"dealstage": past(*stages)} if stages else {},
        links={"contacts": to},
        pipeline=pipeline,
        **properties,
    )


def activity(object_: str, days: float, *, to: Sequence[str] = ("1",), **properties: Any) -> Record:
    """Return an engagement that happened *days* before T."""
    links = {"contacts": to, **properties.pop("links", {})}
    properties.setdefault("hs_timestamp", before(days))
    return record(object_, created=days, links=links, **properties)


def meeting(days: float, outcome: str = "COMPLETED", **more: Any) -> Record:
    return activity("meetings", days, hs_meeting_outcome=outcome, **more)


def survey(kind: str, value: str | None, days: float, **more: Any) -> Record:
    return activity(
        "feedback_submissions",
        days,
        hs_survey_type=kind,
        hs_value=value,
        hs_submission_timestamp=before(days),
        **more,
    )


def ticket(days: float, *, to: Sequence[str] = ("1",), **properties: Any) -> Record:
    history = properties.pop("history", None)
    return record(
        "tickets",
        created=days,
        links={"contacts": to},
        history=history,
        hs_pipeline="0",
        **properties,
    )


def email_event(kind: str, days: float, *, to: str = "a@x.example", **more: Any) -> Record:
    at = ms(days)
    id_ = more.pop("id_", f"event-{next(_ids)}")
    row = {"id": id_, "created": at, "type": kind, "recipient": to, **more}
    return Record("email_events", f"{id_}:{at}", row)


def submission(days: float, *, by: str = "a@x.example", id_: str | None = None) -> Record:
    id_ = id_ or f"conversion-{next(_ids)}"
    return Record("form_submissions", id_, {"formId": "f", "submittedAt": ms(days), "email": by})


def page_view(days: float, *, by: str = "1", kind: str = "e_visited_page") -> Record:
    row = {"objectType": "CONTACT", "objectId": by, "eventType": kind, "occurredAt": before(days)}
    return Record("events", f"view-{next(_ids)}", row)


def options(name: str, *values: str | tuple[str, str]) -> Record:
    """Return a property definition; *values* are options in order, (value, label) or both alike."""
    pairs = [value if isinstance(value, tuple) else (value, value) for value in values]
    return Record(
        "properties",
        name,
        {
            "options": [
                {"value": value, "label": label, "displayOrder": place}
                for place, (value, label) in enumerate(pairs)
            ]
        },
    )


def pipeline(name: str, label: str, stages: Mapping[str, tuple[bool, str]]) -> Record:
    return Record(
        "pipelines",
        name,
        {
            "label": label,
            "stages": [
                {
                    "id": id_,
                    "label": id_,
                    "displayOrder": place,
                    "metadata": {"isClosed": str(is_closed).lower(), "probability": probability},
                }
                for place, (id_, (is_closed, probability)) in enumerate(stages.items())
            ],
        },
    )


def ticket_pipeline() -> Record:
    return Record(
        "pipelines",
        "tickets/0",
        {
            "label": "Support",
            "stages": [
                {"id": "1", "displayOrder": 0, "metadata": {"ticketState": "OPEN"}},
                {"id": "4", "displayOrder": 1, "metadata": {"ticketState": "CLOSED"}},
            ],
        },
    )


def standard_account() -> list[Record]:
    """Return what describes a plain account."""
    renewal = {f"r{id_}": stage for id_, stage in STAGES.items()}
    return [
        Record("account", "99", {"portalId": 99, "companyCurrency": "EUR"}),
        options("contacts/lifecyclestage", *LIFECYCLE),
        options(
            "calls/hs_call_disposition",
            ("c1", "Connected"),
            ("c2", "Left live message"),
            ("c3", "No answer"),
            ("c4", "Wrong number"),
        ),
        pipeline("deals/default", "Sales Pipeline", STAGES),
        pipeline("deals/renewals", "Renewals", renewal),
        ticket_pipeline(),
    ]


class Mirror:
    """Records in memory, as a mapping sees them; given records replace described ones."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.rows: dict[str, list[Record]] = {}
        described = {(record.object, record.id): record for record in standard_account()}
        given = {(record.object, record.id): record for record in records}
        for (object_, _), one in {**described, **given}.items():
            self.rows.setdefault(object_, []).append(one)

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        return iter(self.rows.get(object, ()))


def request(
    *, profile: str = "", unit: Any = "contact", where: Mapping[str, Any] | None = None
) -> JourneyRequest:
    return JourneyRequest("customers", "Customers", unit, "crm", profile, where or {})


def facts_of(
    *records: Record, as_of: datetime = T, shown_from: int = 1, profile: str = "", **more: Any
) -> Facts:
    text = f"""extends = "crm"
thresholds.min_group = {shown_from}
emotion.min_signals = {shown_from}
{profile}
"""
    return plugin.facts(Mirror(records), request(profile=text, **more), as_of=as_of)


def journey_of(*records: Record, as_of: datetime = T, **more: Any) -> Journey:
    return compute(facts_of(*records, as_of=as_of, **more), as_of=as_of)


def stays_of(
    *records: Record, unit: int = 0, **more: Any
) -> list[tuple[str, float, float | None, str]]:
    """Return a unit's stays as (stage, days before T entered, left, exit)."""
    facts = facts_of(*records, **more)
    return [
        (
            facts.stages[stay.stage].key,
            (T_MS - stay.entered_at) / DAY_MS,
            None if stay.left_at == OPEN else (T_MS - stay.left_at) / DAY_MS,
            "" if stay.exit is Exit.NONE else stay.exit.name.lower(),
        )
        for stay in travel_all(facts)[unit].stays
    ]


def skips_of(*records: Record, **more: Any) -> list[tuple[str, float]]:
    """Return the first unit's skipped stages as (stage, days before T)."""
    facts = facts_of(*records, **more)
    return [
        (facts.stages[stage].key, (T_MS - at) / DAY_MS)
        for at, stage in travel_all(facts)[0].skipped
    ]


def touches_of(*records: Record, **more: Any) -> list[tuple[str, float]]:
    """Return all touches as (touchpoint, days before T), a meeting's phase still pending."""
    facts = facts_of(*records, **more)
    return [
        (facts.touchpoints[point].key, (T_MS - at) / DAY_MS)
        for point, at in zip(
            facts.touches.touchpoint.tolist(), facts.touches.at.tolist(), strict=True
        )
    ]


def signals_of(*records: Record, **more: Any) -> list[tuple[str, float, float, float, bool]]:
    """Return all signals as (touchpoint, days before T, score, weight, measured)."""
    facts = facts_of(*records, **more)
    signals = facts.signals
    return sorted(
        (
            facts.touchpoints[
                int(facts.touches.touchpoint[touch]) if touch >= 0 else int(point)
            ].key,
            (T_MS - at) / DAY_MS,
            score,
            weight,
            measured,
        )
        for touch, point, at, score, weight, measured in zip(
            signals.touch.tolist(),
            signals.touchpoint.tolist(),
            signals.at.tolist(),
            signals.score.tolist(),
            signals.weight.tolist(),
            signals.measured.tolist(),
            strict=True,
        )
    )


def cell(journey: Journey, stage: str, persona: str = "everyone") -> Cell:
    return next(
        cell
        for one in journey.stages
        if one.key == stage
        for cell in one.cells
        if cell.persona == persona
    )


def row(journey: Journey, key: str, stage: str) -> Touchpoint | None:
    found = (one for one in journey.touchpoints if (one.key, one.stage) == (key, stage))
    return next(found, None)


def keys(journey: Journey) -> list[tuple[str, str, int | None]]:
    """Return all touchpoint rows as (stage, key, touches)."""
    return [(one.stage, one.key, one.touches) for one in journey.touchpoints]
