"""Write the map as one page for somebody without an account: the picture and every number.

The way in is `html`. The page needs nothing else: no script, no font, no address; a browser is told
to load none. Every text from outside is escaped, and every number stands in a table too, so that
the page can be read aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from cjm_sync.journey.types import EVERYONE, Emotion, Journey, JourneyMap, Pain, Persona
from cjm_sync_files import wording
from cjm_sync_files.description import title
from cjm_sync_files.fitting import clean
from cjm_sync_files.html_figures import FIGURES
from cjm_sync_files.insights import pain_words
from cjm_sync_files.sheet import layout
from cjm_sync_files.svg_export import draw

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 Arial, "Helvetica Neue", "Noto Sans", system-ui, sans-serif; color: #1c2733;
  background: #fff; margin: 0 auto; max-width: 1600px; padding: 24px 40px 64px; }
h1 { font-size: 30px; margin: 0 0 4px; } h2 { font-size: 24px; margin: 48px 0 8px; }
h3 { font-size: 18px; margin: 32px 0 8px; }
p { max-width: 46em; } .muted, caption, td.none { color: #566472; }
figure { margin: 24px 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; min-width: 40%; }
caption { text-align: left; padding: 4px 0 8px; }
th, td { text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid #d5dce3;
  vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } thead th { border-bottom-width: 2px; }
summary { cursor: pointer; margin-top: 16px; font-weight: 700; }
@media print { body { padding: 0; } h2 { break-before: page; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_VERDICTS = {"makes": "linked with moving on", "breaks": "linked with not moving on"}


class HtmlExporter:
    """The exporter behind `export --format html`."""

    suffix: str = ".html"
    is_text: bool = True

    def export(self, journey_map: JourneyMap) -> bytes:
        """Return the map as one HTML page in UTF-8."""
        return ("\n".join(_page(journey_map)) + "\n").encode("utf-8", errors="replace")


html = HtmlExporter()


def _page(journey_map: JourneyMap) -> Iterator[str]:
    name = escape(title(journey_map))
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
    yield f"<title>{name}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{name}</h1>"
    yield (
        f'<p class="muted">As of {escape(wording.moment(journey_map.as_of))}, computed from CRM '
        f"records. “{wording.NOT_ENOUGH}” stands where fewer than 5 units are behind a number.</p>"
    )
    picture = draw(layout(journey_map)).partition("?>\n")[2].strip()
    yield f"<main><figure>{picture}</figure>"
    for journey in journey_map.journeys:
        yield from _journey(journey)
    yield "</main></body></html>"


def _journey(journey: Journey) -> Iterator[str]:
    yield f"<section><h2>{_text(journey.name)}</h2>"
    yield f"<p>{_count(journey.units)} {escape(wording.plural(journey.unit))}.</p>"
    yield "<h3>Stages</h3>"
    yield from _stages(journey, EVERYONE, "All units together.")
    for persona in journey.personas:
        if persona.key != EVERYONE:
            yield f"<details><summary>Stages of {_text(persona.label)}</summary>"
            yield from _stages(journey, persona.key, "")
            yield "</details>"
    yield from _touchpoints(journey)
    yield from _pains("Pains", journey.pains, journey)
    yield from _pains("Delights", journey.delights, journey)
    yield from _opportunities(journey)
    yield from _personas(journey)
    yield from _outcomes(journey)
    yield from _coverage(journey)
    yield "</section>"


def _stages(journey: Journey, persona: str, caption: str) -> Iterator[str]:
    cells = [
        next(cell for cell in stage.cells if cell.persona == persona) for stage in journey.stages
    ]
    head = ["", *(stage.label for stage in journey.stages)]
    rows = [
        [name, *(said(cell, journey.currency) for cell in cells)] for name, said in FIGURES.items()
    ]
    rows.append(["Emotion", *(_emotion(cell.emotion) for cell in cells)])
    yield from _table(head, rows, caption)


def _touchpoints(journey: Journey) -> Iterator[str]:
    labels = {stage.key: stage.label for stage in journey.stages}
    rows = []
    for touchpoint in journey.touchpoints:
        moment = touchpoint.moment_of_truth
        tested = ""
        if moment is not None:
            words = _VERDICTS.get(moment.verdict, "no link found")
            tested = (
                f"{'★ ' if moment.starred else ''}{words}: ratio {moment.ratio:.2f} "
                f"({moment.low:.2f}–{moment.high:.2f}), n {moment.exposed + moment.not_exposed}"
            )
        rows.append(
            [
                touchpoint.label,
                labels.get(touchpoint.stage, touchpoint.stage),
                touchpoint.channel,
                _counted(touchpoint.touches),
                _or_not(touchpoint.reach, wording.percent),
                _emotion(touchpoint.emotion),
                tested,
            ]
        )
    yield "<h3>Touchpoints</h3>"
    head = ["Touchpoint", "Stage", "Channel", "Touches", "Reach", "Emotion", "Moment of truth"]
    yield from _table(
        head,
        rows,
        "A moment of truth is linked with moving on, which does not say that it causes it.",
    )


def _pains(name: str, pains: Sequence[Pain] | None, journey: Journey) -> Iterator[str]:
    if pains is None:
        return
    labels = {stage.key: stage.label for stage in journey.stages}
    yield f"<h3>{name}</h3>"
    rows = [
        [
            pain.label,
            labels.get(pain.stage, pain.stage),
            pain_words(pain),
            f"{pain.severity:.0f}",
            wording.count(pain.units),
        ]
        for pain in sorted(pains, key=lambda pain: (-pain.severity, pain.identity))
    ]
    yield from _table(["What", "Stage", "How it shows", "Severity, 0–100", "Units"], rows, "")


def _opportunities(journey: Journey) -> Iterator[str]:
    if journey.opportunities is None:
        return
    labels = {stage.key: stage.label for stage in journey.stages}
    yield "<h3>Opportunities</h3>"
    rows = [
        [
            chance.label,
            labels.get(chance.stage, chance.stage),
            chance.state,
            f"{chance.priority:.0f}",
            f"{chance.customer_value:.0f}",
            _or_not(chance.business_value, lambda value: f"{value:.0f}"),
            f"{chance.effort:g}" if chance.is_effort_set else "3 (not set)",
        ]
        for chance in sorted(
            journey.opportunities, key=lambda chance: (-chance.priority, chance.identity)
        )
    ]
    head = ["What", "Stage", "State", "Priority", "Customer value", "Business value", "Effort"]
    yield from _table(head, rows, "")


def _personas(journey: Journey) -> Iterator[str]:
    yield "<h3>Personas</h3>"
    head = [
        "Persona", "Units", "Share", "Win rate", "Average order value", "Repeat rate", "Cycle",
        "Top source", "Preferred channel",
    ]  # fmt: skip
    rows = [_persona(persona, journey.currency) for persona in journey.personas]
    yield from _table(head, rows, "")


def _persona(persona: Persona, currency: str) -> list[str]:
    return [
        persona.label,
        _counted(persona.units),
        _or_not(persona.share, wording.percent),
        _or_not(persona.win_rate, wording.percent),
        _or_not(persona.average_order_value, lambda value: wording.money(value, currency)),
        _or_not(persona.repeat_rate, wording.percent),
        _or_not(persona.cycle_days, wording.days),
        persona.top_source or wording.NOT_ENOUGH,
        persona.preferred_channel or wording.NOT_ENOUGH,
    ]


def _outcomes(journey: Journey) -> Iterator[str]:
    outcomes = journey.outcomes
    yield "<h3>Outcomes</h3>"
    rows = [
        ["Lost", _counted(outcomes.lost)],
        ["Churned", _counted(outcomes.churned)],
        ["Dormant, in a stage", _counted(outcomes.dormant)],
        ["With a lifecycle value that no rule maps", _counted(outcomes.unmapped)],
    ]
    yield from _table(["Outcome", "Units"], rows, "")


def _coverage(journey: Journey) -> Iterator[str]:
    if journey.coverage is None:
        return
    yield "<h3>What the map does not cover</h3>"
    if not journey.coverage.gaps:
        yield "<p>Nothing was found.</p>"
        return
    yield "<ul>"
    for gap in journey.coverage.gaps:
        numbers = [
            *([wording.count(gap.count)] if gap.count is not None else []),
            *([wording.percent(gap.share)] if gap.share is not None else []),
        ]
        counted = f" ({', '.join(numbers)})" if numbers else ""
        yield f"<li>{_text(gap.kind.replace('_', ' '))}: {_text(gap.label)}{counted}</li>"
    yield "</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Iterator[str]:
    yield '<div class="wide"><table>'
    if caption:
        yield f"<caption>{escape(caption)}</caption>"
    yield "<thead><tr>"
    yield "".join(f'<th scope="col">{_text(name)}</th>' for name in head)
    yield "</tr></thead><tbody>"
    for first, *rest in rows:
        cells = "".join(_cell(text) for text in rest)
        yield f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(text: str) -> str:
    kind = ' class="none"' if text == wording.NOT_ENOUGH else ""
    return f"<td{kind}>{_text(text)}</td>"


def _emotion(felt: Emotion) -> str:
    if felt.shown is None:
        return wording.NOT_ENOUGH
    said = f"{wording.signed(felt.shown)} {wording.feeling(felt.shown)}"
    if felt.override is not None:
        gap = "" if felt.gap is None else f", computed {wording.signed(felt.shown - felt.gap)}"
        return f"{said} (set by people{gap})"
    return f"{said} ({felt.evidence}, n {wording.count(felt.n or 0)})"


def _counted(value: int | None) -> str:
    return wording.NOT_ENOUGH if value is None else wording.count(value)


def _count(value: int | None) -> str:
    return escape(_counted(value))


def _or_not(value: float | None, said: Callable[[float], str]) -> str:
    return wording.NOT_ENOUGH if value is None else said(value)


def _text(text: str) -> str:
    return escape(clean(text))
