"""The database of the runs: what the sync did lately."""

from __future__ import annotations

from cjm_sync_notion.column_parts import OUTCOMES, count, synced
from cjm_sync_notion.workspace import SYNC_KEY, Database

RUNS = Database(
    "runs",
    "Runs",
    "🕑",
    "The last 50 runs of the sync, in 50 rows that are used again and again.",
    (
        synced("name", "Run", "title", "Reference time of the run, UTC."),
        synced("outcome", "Outcome", "select",
                "done; partial (something could not be read or written); refused (a person must "
                "look); failed.", options=OUTCOMES),
        synced("as_of", "As of", "date", "Reference time: nothing at or after it was used."),
        synced("started_at", "Started", "date", "When the run began."),
        synced("finished_at", "Finished", "date", "When the run ended."),
        count("created", "Created", "Rows made in this run."),
        count("updated", "Updated", "Rows in which this run changed at least one cell."),
        count("unchanged", "Unchanged", "Rows that this run found as they should be."),
        count("kept", "Kept", "Synced cells left alone because a person had changed them."),
        count("archived", "Archived", "Rows retired or moved to the trash in this run."),
        count("requests_source", "HubSpot requests", "Requests sent to HubSpot in this run."),
        count("requests_target", "Notion requests", "Requests sent to Notion in this run."),
        count("findings", "Findings", "Things a person should know; the run's report lists them."),
        synced("run_id", "Run id", "rich_text", "By this id logs and the local report name the run."),
        synced(SYNC_KEY, "Sync key", "rich_text",
                "By this key the sync finds its row again. Please leave it as it is; it is put "
                "back when it was changed."),
    ),
)  # fmt: skip
