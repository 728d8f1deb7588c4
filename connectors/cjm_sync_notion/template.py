"""The hub page as it is made once: sections, one-line definitions, and room for people's words.

The sections are those a journey map must carry. Views are placed after the anchor blocks; the
three owned paragraphs are edited in place by later runs, and the picture, which is put behind the
status line, is swapped; every other block belongs to people from the moment it stands there. Nothing
here promises a number that is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cjm_sync_notion.values import text_items
from cjm_sync_notion.workspace import Block, Hub, marker

HUB_TITLE = "Customer journey map"
HUB_ICON = "🗺️"
DEFINITION_ICON = "💡"
STATUS = "status"
OUTCOMES = "outcomes"
CHANGED = "changed"
NOT_YET = "Not refreshed yet: the first run is still writing."


def hub(
    installation: str,
    *,
    outcomes: str,
    changed: str,
    has_dashboard: bool = False,
    has_units: bool = False,
) -> Hub:
    """Return the hub page; *outcomes* and *changed* are the lines that later runs edit.

    *outcomes* is on units in no stage or dormant, *changed* on the largest moves.
    """
    top = _top(installation, changed=changed, has_dashboard=has_dashboard)
    units = _units() if has_units else ()
    return Hub(HUB_TITLE, HUB_ICON, (*top, *_blocks(outcomes=outcomes), *units, *_bottom()))


def paragraph(text: str, *, color: str = "default") -> dict[str, Any]:
    """Return a paragraph of plain text as Notion's block JSON."""
    return _leaf("paragraph", text, color=color)


def _top(installation: str, *, changed: str, has_dashboard: bool) -> Iterator[Block]:
    yield Block(
        "marker",
        paragraph(
            f"Managed by cjm-sync · {marker(installation, 'hub')} — numbers are refreshed, "
            "your words are never touched.",
            color="gray",
        ),
    )
    yield Block(STATUS, paragraph(NOT_YET, color="gray"), owned=True)
    yield _toggle(
        "how-to-read",
        "How to read this page",
        (
            (
                "A unit is what travels: a contact, a company or a deal. A stage is where it is; a "
                "touch is one meeting, call, email, visit or answer."
            ),
            (
                "Numbers are computed from HubSpot. Unless a column says otherwise they look at the "
                "last 90 days. Each column's description gives its formula."
            ),
            (
                "An empty number is not zero: fewer than 5 units stand behind it. The column Withheld "
                "names such numbers."
            ),
            (
                "Emotion runs from −2 (frustrated) to +2 (delighted). Measured means survey answers, "
                "inferred means what happened in calls, meetings, emails, tickets and deals. Type your "
                "own value into Emotion override: the curve then shows it."
            ),
            (
                "Everything on this page outside the tables is yours, except the lines that name the "
                "last refresh, what changed and what became of units, and the picture of the map. In the tables, the columns whose description "
                "says “Yours” are."
            ),
        ),
    )

    yield _heading("changed", "What changed since last time", level=3)
    yield Block(CHANGED, paragraph(changed), owned=True)
    if has_dashboard:
        yield _definition(
            "dashboard-view",
            "The numbers at a glance. Each of them stands with its definition further down.",
        )


def _blocks(*, outcomes: str) -> Iterator[Block]:
    yield _heading("personas", "Personas")
    yield _definition(
        "personas-view",
        "Groups of customers that behave alike, with what they are, buy and prefer. Open a card "
        "for its numbers, and write goals, motives, fears and a scenario beside them.",
    )
    yield from _room("personas", "What have talks with customers confirmed, and what not?")

    yield _heading("stages", "Stages and user flow")
    yield _definition(
        "stages-definition",
        "The way from first search to referral, onboarding included. The chart shows how many "
        "stays were entered in each stage.",
    )
    # Owned blocks follow their predecessor directly, so that they are found again without memory:
    # the view goes below this one.
    yield Block(OUTCOMES, paragraph(outcomes), anchor=True, owned=True)
    yield from _room("stages", "Where do customers take another way than this one?")

    yield _heading("touchpoints", "Touchpoints, online and offline")
    yield _definition(
        "board-view",
        "Where customers meet us, by stage. Channel tells online from offline. Moment of truth is "
        "ticked where touches are most strongly linked with moving on; tick Key moment where you "
        "know that customers decide.",
    )
    yield _definition(
        "touchpoints-view",
        "All touchpoints as a table, with how many units each one reached, and those with a date "
        "in Due on a timeline.",
    )
    yield from _room("touchpoints", "Which touchpoints leave no trace in HubSpot?")

    yield _heading("emotion", "Emotion, delights and pains")
    yield _definition(
        "emotion-view",
        "How customers feel, stage by stage, from −2 to +2; 0 is indifferent.",
    )
    yield _heading("delights", "Delights to amplify", level=3)
    yield _definition(
        "delights-view",
        "Touchpoints where survey answers are clearly good, the strongest first.",
    )
    yield from _room("delights", "What made customers glad, and where could it happen more often?")
    yield _heading("pains", "Pains to relieve", level=3)
    yield _definition(
        "pains-view",
        "What rules found in the records, by severity: how many are affected, how far past the "
        "threshold, and whether it gets worse. One that no longer fires is resolved and leaves "
        "this table; its row and your words stay.",
    )
    yield from _room("pains", "What annoyed them, how often, and in whose words?")

    yield _heading("metrics", "Metrics")
    yield _definition(
        "metrics-view",
        "Time, conversion, drop-off and satisfaction by stage. The slow stage has the most median "
        "days; the last one is not compared, for nobody waits there to move on. Repeat purchase and "
        "order value stand in Personas.",
    )
    yield _definition(
        "trend-view",
        "How the map moved, month by month, for Everyone. A month is kept as its last run saw it.",
    )
    yield from _room("metrics", "Which number do you want to move, and to what?")

    yield _heading("behaviour", "Behaviour patterns")
    yield _definition(
        "behaviour-definition",
        "How often customers interact: Touches per unit in Stages, Reach in Touchpoints, Touches "
        "per stage and Preferred channel in Personas.",
    )
    yield from _room("behaviour", "Which habits did you notice?")

    yield _heading("people", "Needs, thoughts and expectations")
    yield _definition(
        "people-definition",
        "What no system can count. Write it here, or in Needs and Thoughts on the rows of "
        "Everyone in Stages.",
    )
    yield from _room("people", "What do customers need, think and expect in each stage?")

    yield _heading("opportunities", "Opportunities and actions")
    yield _definition(
        "opportunities-view",
        "What would be gained by relieving a pain: Priority grows with value and falls with effort. "
        "Drag the cards by Status; set Owner, Decision and Effort. Add rows of your own, with "
        "Journey chosen.",
    )
    yield _definition(
        "roadmap-view",
        "What is done by when: everything with a date in Due.",
    )
    yield Block("opportunities-room", _leaf("to_do", "First action: what, who, by when"))

    yield _heading("feedback", "Feedback loop")
    yield _definition(
        "feedback-definition",
        "Ask at several points of the journey, act on the answers, and tell customers what came "
        "of it.",
    )
    yield from _room("feedback", "Where do we ask, who reads it, and what did we answer?")

    yield _heading("review", "Review")
    yield _definition(
        "review-definition",
        "At least once a year, and whenever a stage changes clearly: go through the map with "
        "people who meet customers, and set Reviewed on.",
    )
    yield Block("review-room", _leaf("to_do", "First review: date and people"))


def _units() -> Iterator[Block]:
    yield _heading("units", "Single journeys")
    yield _definition(
        "units-view",
        "Unit by unit: where it stands, since when, and how it came there.",
    )


def _bottom() -> Iterator[Block]:
    yield _heading("databases", "Tables behind this page")
    yield _definition(
        "databases-definition",
        "Add columns, views, comments and rows as you like; rows without a Sync key are never "
        "touched.",
    )


def _leaf(kind: str, text: str, *, color: str = "default") -> dict[str, Any]:
    inside: dict[str, Any] = {"rich_text": text_items(text)}
    if color != "default":
        inside["color"] = color
    return {"object": "block", "type": kind, kind: inside}


def _heading(key: str, text: str, *, level: int = 2) -> Block:
    return Block(f"{key}-heading", _leaf(f"heading_{level}", text))


def _definition(key: str, text: str) -> Block:
    """Return a section's definition; those called `…-view` are anchors of the views below them."""
    inside = {
        "rich_text": text_items(text),
        "icon": {"type": "emoji", "emoji": DEFINITION_ICON},
        "color": "gray_background",
    }
    block = {"object": "block", "type": "callout", "callout": inside}
    return Block(key, block, anchor=key.endswith("-view"))


def _room(key: str, question: str) -> Iterator[Block]:
    """Yield an invitation to write and an empty line to do it on."""
    yield Block(f"{key}-question", _leaf("quote", question, color="gray"))
    yield Block(f"{key}-room", paragraph(""))


def _toggle(key: str, text: str, lines: tuple[str, ...]) -> Block:
    toggle = _leaf("toggle", text, color="gray")
    children = [_leaf("bulleted_list_item", line) for line in lines]
    inside: Mapping[str, Any] = toggle["toggle"]
    return Block(key, {**toggle, "toggle": {**inside, "children": children}})
