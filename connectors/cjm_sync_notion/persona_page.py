"""What a persona's page holds when its row is made: sections for people's words, nothing computed.

The numbers stand in the row's columns. From the moment it is there the body belongs to people: no
later run adds, edits or removes a block of it.
"""

from __future__ import annotations

from typing import Any

from cjm_sync_notion.values import text_items

SECTIONS = (
    ("🎯", "Goals", "What this persona wants to get done, in their words rather than ours."),
    ("🔥", "Motives", "Why it matters to them, and what they would gain."),
    ("🚧", "Fears", "What holds them back: risk, effort, somebody else's opinion."),
    ("🎬", "Scenario", "A day on which they meet us: where, with what at hand, after what."),
    ("💭", "Needs and thoughts", "What they need, think and expect, stage by stage."),
)
"""Icon, heading and definition of each section."""


def persona_body(label: str) -> tuple[dict[str, Any], ...]:
    """Return the blocks of a new persona's page; *label* is the persona's name."""
    blocks: list[dict[str, Any]] = [
        _callout(
            "🧑",
            f"{label}: the numbers are in the columns above and are refreshed; "
            "everything below is yours. Check it against talks with real customers.",
        )
    ]
    for icon, heading, definition in SECTIONS:
        blocks += [_text("heading_2", heading), _callout(icon, definition), _text("paragraph", "")]
    blocks += [
        _text("heading_2", "Quote"),
        _text("quote", "One sentence this persona would say."),
    ]
    return tuple(blocks)


def _text(kind: str, text: str) -> dict[str, Any]:
    return {"object": "block", "type": kind, kind: {"rich_text": text_items(text)}}


def _callout(icon: str, text: str) -> dict[str, Any]:
    inside = {
        "rich_text": text_items(text),
        "icon": {"type": "emoji", "emoji": icon},
        "color": "gray_background",
    }
    return {"object": "block", "type": "callout", "callout": inside}
