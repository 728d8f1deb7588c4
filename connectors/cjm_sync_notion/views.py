"""The views on the hub: made once, never edited after, and free of charge at every later run.

Each shows one journey's live rows. Filters, sorts and axes name columns by `ColumnId` and options
by `OptionName`, which the target replaces; none rests on a formula. What a plan does not have is not
wished for where the configuration names the plan; with `auto` it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cjm_sync_notion.columns import BY_KIND
from cjm_sync_notion.template import OUTCOMES
from cjm_sync_notion.view_parts import (
    by_month,
    chart,
    equals,
    line,
    not_retired,
    number_card,
    select_axis,
    shown,
    sort,
    table,
    timeline,
)
from cjm_sync_notion.workspace import ColumnId, OptionName, View

Plan = Literal["auto", "free", "plus", "business", "enterprise"]
WITH_DASHBOARDS = frozenset({"auto", "business", "enterprise"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose views these are: *key* begins their keys, *suffix* tells their names apart.

    *personas* are (row key, option) of those who have a page of their own beside Everyone.
    """

    key: str
    journey: OptionName
    everyone: OptionName
    suffix: str
    hide_empty_stages: bool
    personas: tuple[tuple[str, OptionName], ...] = ()
    plan: Plan = "auto"
    has_units: bool = False

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the filter for rows of this journey that are still refreshed."""
        return [equals(self.journey), not_retired()]

    @property
    def of_everyone(self) -> list[dict[str, Any]]:
        """Return the filter for the rows of Everyone."""
        return [equals(self.journey), equals(self.everyone), not_retired()]

    @property
    def active(self) -> dict[str, Any]:
        """Return the condition that a rule fires now."""
        return equals(OptionName("state", "active", "active"))


def journey_views(scene: Scene) -> Iterator[View]:
    """Yield the views of one journey, in building order.

    The emotion curve is the first chart, because the Free plan shows one chart only; a view that
    shares its anchor with another stands above the ones made before it.
    """
    yield from _of_map(scene)
    yield from _of_metrics(scene)
    yield from _of_insights(scene)
    if scene.has_units:
        yield _units(scene)
    if scene.plan in WITH_DASHBOARDS:
        yield from _dashboard(scene)
    yield from _of_personas(scene)


def _of_map(scene: Scene) -> Iterator[View]:
    key, suffix = f"_/view/{scene.key}", scene.suffix
    yield View(
        f"{key}/personas", "personas", f"Personas{suffix}", "gallery", "personas-view",
        configuration={
            "type": "gallery",
            "card_layout": "compact",
            "properties": shown(BY_KIND["personas"], (
                "name", "units", "share", "win_rate", "average_order_value", "cycle_days",
                "preferred_channel", "quote",
            )),
        },
        filter={"and": scene.live},
        sorts=(sort("order", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/board", "touchpoints", f"Journey board{suffix}", "board", "board-view",
        configuration={
            "type": "board",
            "group_by": {**select_axis("stage"), "hide_empty_groups": scene.hide_empty_stages},
            "card_layout": "compact",
            "properties": shown(BY_KIND["touchpoints"], (
                "name", "channel", "touches", "reach", "emotion_shown", "feeling", "moment",
                "key_moment",
            )),
        },
        filter={"and": scene.live},
        sorts=(sort("reach", "descending"), sort("touches", "descending")),
    )  # fmt: skip
    yield View(
        f"{key}/due", "touchpoints", f"Touchpoints by date{suffix}", "timeline",
        "touchpoints-view",
        configuration=timeline(BY_KIND["touchpoints"], "due", ("name", "owner", "decision")),
        filter={"and": scene.live},
        sorts=(sort("due", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/touchpoints", "touchpoints", f"Touchpoints{suffix}", "table", "touchpoints-view",
        configuration=table(BY_KIND["touchpoints"], (
            "name", "stage", "channel", "touches", "units", "reach", "emotion_shown", "feeling",
            "emotion_evidence", "emotion_n", "moment", "moment_verdict", "moment_ratio",
            "key_moment", "owner", "status", "decision", "due", "withheld",
        )),
        filter={"and": scene.live},
        sorts=(sort("order", "ascending"), sort("reach", "descending")),
    )  # fmt: skip
    yield View(
        f"{key}/emotion", "stages", f"Emotion curve{suffix}", "chart", "emotion-view",
        configuration=_emotion(scene),
        filter={"and": scene.of_everyone},
    )  # fmt: skip


def _emotion(scene: Scene) -> dict[str, Any]:
    return line(
        select_axis("stage"),
        "emotion_shown",
        hide_empty_groups=scene.hide_empty_stages,
        color_theme="purple",
        y_axis_min=-2,
        y_axis_max=2,
        reference_lines=[
            {"value": 0, "label": "Indifferent", "color": "gray", "dash_style": "dash"}
        ],
    )


def _columns(scene: Scene, aggregator: str, column: str, color: str) -> dict[str, Any]:
    return chart(
        "column",
        select_axis("stage"),
        {"aggregator": aggregator, "property_id": ColumnId(column)},
        hide_empty_groups=scene.hide_empty_stages,
        color_theme=color,
    )


def _of_metrics(scene: Scene) -> Iterator[View]:
    key, suffix = f"_/view/{scene.key}", scene.suffix
    stages, history = BY_KIND["stages"], BY_KIND["history"]
    everyone: Mapping[str, Any] = {"and": scene.of_everyone}
    has_charts = scene.plan != "free"
    yield View(
        f"{key}/funnel", "stages", f"Funnel{suffix}", "chart" if has_charts else "table", OUTCOMES,
        configuration=_columns(scene, "sum", "entered", "blue") if has_charts else table(
            stages, ("name", "entered", "decided", "conversion", "drop_off", "skip_rate")
        ),
        filter=everyone,
        sorts=() if has_charts else (sort("order", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/stages", "stages", f"Stages{suffix}", "table", "metrics-view",
        configuration=table(stages, (
            "name", "in_stage", "median_days", "conversion", "change", "dormant", "onboarding",
            "entered", "drop_off", "p90_days", "touches_per_unit", "emotion_shown", "feeling",
            "nps", "csat", "ces", "open_amount", "won_amount", "owner", "status", "target_days",
            "withheld",
        )),
        filter=everyone,
        sorts=(sort("order", "ascending"),),
    )  # fmt: skip
    if not has_charts:
        yield View(
            f"{key}/trend", "history", f"Trend{suffix}", "table", "trend-view",
            configuration=table(history, (
                "name", "month", "stage", "in_stage", "entered", "conversion", "median_days",
                "emotion", "won_amount", "notes",
            )),
            filter=everyone,
            sorts=(sort("month", "descending"), sort("order", "ascending")),
        )  # fmt: skip
        return
    yield View(
        f"{key}/time", "stages", f"Time in stage{suffix}", "chart", "metrics-view",
        configuration=_columns(scene, "average", "median_days", "orange"),
        filter=everyone,
    )  # fmt: skip
    yield View(
        f"{key}/feelings", "history", f"Trend of emotion{suffix}", "chart", "trend-view",
        configuration=_trend("emotion", y_axis_min=-2, y_axis_max=2),
        filter=everyone,
    )  # fmt: skip
    yield View(
        f"{key}/trend", "history", f"Trend of conversion{suffix}", "chart", "trend-view",
        configuration=_trend("conversion"),
        filter=everyone,
    )  # fmt: skip


def _trend(column: str, **more: Any) -> dict[str, Any]:
    return line(
        by_month("month"),
        column,
        stack_by=select_axis("stage"),
        legend_position="bottom",
        color_theme="colorful",
        sort="x_ascending",
        **more,
    )


def _of_insights(scene: Scene) -> Iterator[View]:
    key, suffix = f"_/view/{scene.key}", scene.suffix
    pains, opportunities = BY_KIND["pains"], BY_KIND["opportunities"]
    yield _pains(scene, f"{key}/pains", f"Pains by severity{suffix}", "pain", after="pains-view")
    yield View(
        f"{key}/delights", "pains", f"Delights{suffix}", "table", "delights-view",
        configuration=table(pains, (
            "name", "stage", "severity", "value", "units", "n", "reach", "voices", "owner",
            "notes",
        )),
        filter={"and": [*_live_kind(scene, "delight")]},
        sorts=(sort("severity", "descending"),),
    )  # fmt: skip
    yield View(
        f"{key}/roadmap", "opportunities", f"Roadmap{suffix}", "timeline", "roadmap-view",
        configuration=timeline(opportunities, "due", ("name", "priority", "owner", "status")),
        filter={"and": scene.live},
        sorts=(sort("due", "ascending"),),
    )  # fmt: skip
    yield View(
        f"{key}/opportunities", "opportunities", f"Opportunities{suffix}", "board",
        "opportunities-view",
        configuration={
            "type": "board",
            "group_by": {**select_axis("status"), "hide_empty_groups": False},
            "card_layout": "compact",
            "properties": shown(opportunities, (
                "name", "stage", "priority", "effort_counted", "owner", "due", "decision",
            )),
        },
        filter={"and": scene.live},
        sorts=(sort("priority", "descending"),),
    )  # fmt: skip


def _live_kind(scene: Scene, kind: str) -> list[dict[str, Any]]:
    return [equals(scene.journey), equals(OptionName("kind", kind, kind)), scene.active]


def _pains(scene: Scene, key: str, name: str, kind: str, **place: Any) -> View:
    return View(
        key, "pains", name, "table",
        configuration=table(BY_KIND["pains"], (
            "name", "severity", "stage", "value", "threshold", "before", "units", "n", "reach",
            "voices", "cause", "owner", "status", "notes",
        )),
        filter={"and": _live_kind(scene, kind)},
        sorts=(sort("severity", "descending"),),
        **{"after": "", **place},
    )  # fmt: skip


def _units(scene: Scene) -> View:
    return View(
        f"_/view/{scene.key}/units", "units", f"Journeys{scene.suffix}", "table", "units-view",
        configuration=table(BY_KIND["units"], (
            "name", "stage", "standing", "persona", "entered_at", "last_touch", "last_touch_at",
            "next_touch", "next_touch_at", "emotion", "timeline", "details", "hubspot", "owner",
            "notes",
        )),
        filter={"and": [equals(scene.journey), scene.active]},
        sorts=(sort("order", "ascending"), sort("last_touch_at", "descending")),
    )  # fmt: skip


def _of_personas(scene: Scene) -> Iterator[View]:
    """Yield a table on each persona's own page: its stages, one below the other."""
    for row, persona in scene.personas:
        yield View(
            f"_/view/{scene.key}/{row.rpartition('/')[2]}/stages", "stages",
            f"Stages of {persona.label}{scene.suffix}", "table", "",
            configuration=table(BY_KIND["stages"], (
                "name", "in_stage", "median_days", "conversion", "drop_off", "emotion_shown",
                "feeling", "touches_per_unit", "change", "won_amount", "withheld",
            )),
            filter={"and": [equals(scene.journey), equals(persona), not_retired()]},
            sorts=(sort("order", "ascending"),),
            page=row,
        )  # fmt: skip


def _dashboard(scene: Scene) -> Iterator[View]:
    """Yield a dashboard and its widgets, row by row; names differ from those of the linked views."""
    board = f"_/view/{scene.key}/dashboard"
    yield View(board, "stages", f"The map at a glance{scene.suffix}", "dashboard", "dashboard-view")
    everyone: Mapping[str, Any] = {"and": scene.of_everyone}
    rows: Sequence[Sequence[tuple[str, str, str, str, Mapping[str, Any], Mapping[str, Any]]]] = (
        (
            ("now", "stages", "In a stage now", "chart", number_card("sum", "in_stage"), everyone),
            ("open", "stages", "Open amount", "chart", number_card("sum", "open_amount"), everyone),
            ("won", "stages", "Won amount", "chart", number_card("sum", "won_amount"), everyone),
        ),
        (
            ("curve", "stages", "Emotion by stage", "chart", _emotion(scene), everyone),
            ("entered", "stages", "Entered by stage", "chart",
             _columns(scene, "sum", "entered", "blue"), everyone),
        ),
        (
            ("moves", "history", "Conversion by month", "chart", _trend("conversion"), everyone),
        ),
    )  # fmt: skip
    for index, widgets in enumerate(rows):
        for widget in widgets:
            name, kind, title, form, configuration, kept = widget
            yield View(
                f"{board}/{name}", kind, f"{title}{scene.suffix}", form, "",
                configuration=configuration, filter=kept,
                dashboard=board, row=index, opens_row=widget is widgets[0],
            )  # fmt: skip
    pains = _pains(scene, f"{board}/pains", f"Worst pains{scene.suffix}", "pain",
                   dashboard=board, row=len(rows), opens_row=True)  # fmt: skip
    yield pains
