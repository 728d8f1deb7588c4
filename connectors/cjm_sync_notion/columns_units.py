"""The database of single units, made only at a `privacy.detail` above aggregate."""

from __future__ import annotations

from cjm_sync_notion.column_parts import (
    EVIDENCE,
    FEELINGS,
    JOURNEY,
    REVIEW,
    STANDING,
    common,
    people,
    synced,
)
from cjm_sync_notion.workspace import Database

JOURNEYS = Database(
    "units",
    "Journeys",
    "🛤️",
    "One row per unit: where it stands and how it came there. Made at privacy.detail pseudonymous or "
    "full only; when that is lowered, or the unit is erased, every synced cell is emptied.",
    (
        synced("name", "Unit", "title",
               "What travels: a pseudonym, or at full detail the record's id in HubSpot."),
        JOURNEY,
        synced("stage", "Stage", "select", "The stage of the unit's open or last stay."),
        synced("persona", "Persona", "select", "The unit's persona of today."),
        synced("standing", "Standing", "select",
               "At the reference time: in stage, dormant, lost or churned; one of the four.",
               options=STANDING),
        synced("started_at", "Started", "date", "When the unit's journey began."),
        synced("entered_at", "In stage since", "date", "When the unit entered its stage."),
        synced("last_touch", "Last touch", "rich_text", "The last touchpoint before the reference time."),
        synced("last_touch_at", "Last touch on", "date", "When that was."),
        synced("next_touch", "Next touch", "rich_text", "The next touchpoint that is planned."),
        synced("next_touch_at", "Next touch on", "date", "When that will be."),
        synced("emotion", "Emotion", "number",
               "From −2 to +2, as in Stages, over this unit's own signals of the last 365 days."),
        synced("feeling", "Feeling", "select",
               "Emotion in a word: delighted from 1.25, pleased from 0.4, indifferent between, "
               "uneasy from −0.4 down, frustrated from −1.25 down.", options=FEELINGS),
        synced("emotion_evidence", "Evidence", "select",
               "What Emotion rests on: measured (survey answers) or inferred.", options=EVIDENCE),
        synced("emotion_n", "Signals", "number", "How many signals Emotion rests on."),
        synced("timeline", "Timeline", "rich_text",
               "Stages and touchpoints in their order, shortened; no names, no texts."),
        synced("details", "Details", "rich_text",
               "The properties that the configuration allows, at full detail only."),
        synced("hubspot", "HubSpot", "url", "The record in HubSpot, at full detail only."),
        *common("Place of the stage in its journey; lists are sorted by it."),
        people("owner", "Owner", "people", "Who looks after this unit."),
        people("status", "Status", "select", "Where your work on it stands.", REVIEW),
        people("notes", "Notes", "rich_text", "Anything else."),
    ),
)  # fmt: skip
