"""Notion as a target: what the engine asks, answered with requests. The way in is `plugin`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, SecretStr

from cjm_sync.errors import CjmSyncError, ConfigError, GoneError, RejectedError
from cjm_sync.journey.types import JourneyMap, JourneyPeople
from cjm_sync.model import Binding, Choice, Finding, Intent, Item, Missing, Observed, Page, Wished
from cjm_sync.ports import (
    AGGREGATE,
    Check,
    Clock,
    Disclosure,
    Figures,
    Found,
    Made,
    PageState,
    Picture,
    Place,
)
from cjm_sync_notion import columns as table
from cjm_sync_notion import wording
from cjm_sync_notion.backup import Backup
from cjm_sync_notion.changes import changed_text
from cjm_sync_notion.client import NotionClient, open_notion
from cjm_sync_notion.databases import HUB, Databases
from cjm_sync_notion.estimate import estimate
from cjm_sync_notion.frame import FrameBuilder
from cjm_sync_notion.history_rows import History
from cjm_sync_notion.optionnames import JOURNEY, kept_names, name_findings
from cjm_sync_notion.overlay_rows import people_of
from cjm_sync_notion.pages import Pages
from cjm_sync_notion.render import How, frame, moves, outcomes_text, rows, run_row, status_text
from cjm_sync_notion.rowcells import RowCells
from cjm_sync_notion.schemas import lacking
from cjm_sync_notion.settings import AdoptTable, NotionSettings
from cjm_sync_notion.takeover import TakeOver
from cjm_sync_notion.template import CHANGED, OUTCOMES, STATUS
from cjm_sync_notion.templates import Templates
from cjm_sync_notion.viewmaking import LiveOptions, ViewBuilder
from cjm_sync_notion.views import Plan
from cjm_sync_notion.workspace import Database, Memory, block_key, database_key

PICTURE = "picture"
_RETIRED = Choice("retired", "retired")


class NotionTarget:
    """The map in one Notion workspace, under one parent page."""

    def __init__(
        self,
        client: NotionClient,
        *,
        parent_id: str,
        timezone: str,
        settle_seconds: float,
        budget_per_minute: int,
        plan: Plan,
        history: History,
        adopted: Mapping[str, AdoptTable],
        templates: Mapping[str, str],
        folder: Path | None,
        now: Callable[[], datetime],
    ) -> None:
        self.settle_seconds = settle_seconds
        self._client = client
        self._parent_id = parent_id
        self._timezone = ZoneInfo(timezone)
        self._budget, self._plan, self._history = budget_per_minute, plan, history
        self._findings: list[Finding] = []
        self._live_options: LiveOptions = {}
        self._kept_names: dict[str, Mapping[str, tuple[str, str]]] = {}
        self._present_columns: dict[str, frozenset[str]] = {}
        self._homes = Databases(
            client,
            adopted=adopted,
            backup=Backup(client, folder=folder, now=now, note=self._note),
            note=self._note,
            wished=lambda: self._wished,
        )
        self._take_over = TakeOver(adopted, self._homes, note=self._note)
        self._views = ViewBuilder(client, live=self._live_options, note=self._note)
        self._frame = FrameBuilder(
            client,
            parent_id=parent_id,
            databases=self._homes,
            views=self._views,
            bot=lambda: self._bot_id,
        )
        self._templates = Templates(client, templates, note=self._note)
        self._databases = {database.kind: database for database in table.DATABASES}
        self._cells = RowCells(self._databases, self._live_options)
        self._wished: Sequence[Page] = ()
        self._kinds: frozenset[str] = frozenset()
        self._bot_id = ""

    def _note(self, finding: Finding) -> None:
        if finding not in self._findings:
            self._findings.append(finding)

    # where it leads

    def identify(self) -> Place:
        """Ask who we are and whether the parent page may be written under."""
        me = self._client.get("users/me")
        self._bot_id = str(me.get("id"))
        bot = me.get("bot") or {}
        page = self._parent()
        return Place(
            workspace_id=str(bot.get("workspace_id") or ""),
            workspace_name=str(bot.get("workspace_name") or ""),
            parent_id=self._parent_id,
            parent_title=_title(page),
        )

    def _parent(self) -> dict[str, Any]:
        try:
            page = self._client.get(f"pages/{self._parent_id}")
        except RejectedError as error:
            raise self._parent_error() from error
        if page.get("in_trash"):
            raise ConfigError(
                "the page of `notion.parent_page` is in Notion's trash",
                hint="Restore it in Notion, or name another page.",
            )
        parent = page.get("parent") or {}
        if str(parent.get("type")) in {"data_source_id", "database_id"}:
            raise ConfigError(
                "`notion.parent_page` is a row of a database",
                hint="Name an ordinary page; the hub is made under it.",
            )
        return page

    def _parent_error(self) -> ConfigError:
        try:
            self._client.get(f"databases/{self._parent_id}")
        except CjmSyncError:
            return ConfigError(
                "the page of `notion.parent_page` does not exist or is not shared with the connection",
                hint="Open the page in Notion, choose ••• → Connections, and add your connection.",
            )
        return ConfigError(
            "`notion.parent_page` is the id of a database, not of a page",
            hint="Name the page that the hub is to be made under.",
        )

    def hubs(self) -> Mapping[str, str]:
        """Return the hubs under the parent page."""
        return self._frame.hubs()

    def owner(self, hub_id: str) -> str | None:
        """Return whose hub it is, "" when the marker is gone, None when the hub is."""
        try:
            if self._client.get(f"pages/{hub_id}").get("in_trash"):
                return None
            return self._frame.owner_of(hub_id) or ""
        except GoneError:
            return None

    def epoch(self, hub_id: str) -> int:
        """Return the epoch that the hub's marker carries."""
        return self._frame.epoch_of(hub_id)

    def claim(self, hub_id: str, installation: str, epoch: int) -> None:
        """Write *epoch* into the hub's marker."""
        self._frame.claim(hub_id, installation, epoch)

    # what is wished

    def render(
        self,
        journey_map: JourneyMap,
        *,
        installation: str,
        bound: Sequence[str],
        picture: Picture | None = None,
        disclosure: Disclosure = AGGREGATE,
    ) -> Wished:
        """Return the workspace as it should be."""
        how = How(self._timezone, self._history, self._plan, disclosure)
        wanted = frame(journey_map, installation=installation, how=how, bound=bound)
        for database in wanted.databases:
            self._databases[database.kind] = database
        self._kinds = frozenset(database.kind for database in wanted.databases)
        self._views.wished = wanted.views
        outcomes, changed = outcomes_text(journey_map), changed_text(journey_map)
        items = (
            Item(HUB, "hub", wanted.hub),
            *(
                Item(database_key(d.kind), "database", d, digest=_columns_digest(d))
                for d in wanted.databases
            ),
            *(
                Item(view.key, "view", view, optional=True, needs=view.page or view.dashboard)
                for view in wanted.views
            ),
            Item(block_key(OUTCOMES), "block", ("paragraph", outcomes), digest=outcomes),
            Item(block_key(CHANGED), "block", ("paragraph", changed), digest=changed),
            *_picture_items(picture),
        )
        self._wished = rows(journey_map, bound=bound, how=how)
        there = {page.key for page in self._wished}
        moved = moves(journey_map, bound=bound, how=how)
        return Wished(
            items,
            tuple(self._wished),
            moved={old: new for old, new in moved.items() if new in there},
        )

    def people(self, rows: Sequence[Observed]) -> Mapping[str, JourneyPeople]:
        """Return what people put into the cells that the overlay heeds; what it cannot is noted."""
        people, findings = people_of(rows)
        for finding in findings:
            self._note(finding)
        return people

    def closing(self, figures: Figures, *, number: int) -> tuple[Item, Page]:
        """Return the status line and the row of this run."""
        text = status_text(as_of=figures.as_of, timezone=self._timezone, outcome=figures.outcome)
        item = Item(f"_/block/{STATUS}", "block", ("paragraph", text), digest=text)
        return item, run_row(figures, index=number)

    # how it is said to people

    def row_name(self, collection: str, cells: Mapping[str, Any]) -> str:
        """Return the title of a row, with its database, and its journey where there are several."""
        database = self._databases.get(collection)
        return wording.row_name(database, cells, names_journey=self._has_journeys)

    def part_name(self, item: Item) -> str:
        """Return the name that a part of the frame is made with."""
        return wording.part_name(item)

    def column_name(self, collection: str, column: str) -> str:
        """Return the name that a column is made with."""
        return wording.column_name(self._databases.get(collection), column)

    def cell_text(self, collection: str, column: str, value: Any) -> str:
        """Return a cell as its column shows it."""
        return wording.cell_text(
            self._databases.get(collection), column, value, timezone=self._timezone
        )

    @property
    def _has_journeys(self) -> bool:
        return len({page.journey for page in self._wished if page.journey}) > 1

    def collections(self) -> Sequence[str]:
        """Return the databases' kinds in building order."""
        return [database.kind for database in table.DATABASES]

    def adopts(self, collection: str) -> bool:
        """Tell whether people gave a database of theirs for *collection*."""
        if collection not in self._take_over:
            return False
        if collection not in self._kinds:
            self._take_over.note_unwished(collection)
        return collection in self._kinds

    # the frame

    def find(self, intent: Intent, item: Item | None, memory: Memory) -> list[Found]:
        """Return what carries the intent's key."""
        if intent.kind == "row":
            return self._pages.find(intent, memory)
        return self._frame.find(item, memory) if item is not None else []

    def create_item(self, item: Item, memory: Memory) -> Made:
        """Make one part of the frame."""
        return self._frame.create(item, memory)

    def complete_item(self, item: Item, memory: Memory) -> Made | None:
        """Read the ids that are still missing."""
        return self._frame.complete(item, memory)

    def edit_item(self, item: Item, memory: Memory) -> Made:
        """Set the text of an owned block."""
        return self._frame.edit(item, memory)

    # rows

    @property
    def _pages(self) -> Pages:
        return Pages(
            self._client,
            self._databases,
            self._bot_id,
            self._live_options,
            self._present_columns,
            cells=self._cells,
            templates=self._templates,
            note=self._note,
        )

    def columns(self, collection: str, memory: Memory) -> frozenset[str]:
        """Return the columns that are there, or will be before any row is written."""
        database, home = self._databases[collection], memory.get(database_key(collection))
        self._take_over.check(database, memory)
        if home is None:
            return frozenset(column.key for column in database.columns)
        coming = {column.key for column in lacking(database, home.detail)}
        usable = self._pages.usable_columns(collection, memory)
        live = self._live_options.get((collection, JOURNEY), {})
        self._kept_names[collection] = kept_names(database, home.detail, live)
        return usable | coming

    def lost(self, collection: str, memory: Memory) -> Mapping[str, Mapping[str, str | None]]:
        """Return the options that people deleted since."""
        return self._pages.lost_options(collection, memory)

    def scan(self, collection: str, memory: Memory, *, archived: bool) -> Iterator[Observed]:
        """Yield every row of the collection."""
        away = _bound_elsewhere(collection, memory)
        if collection not in self._take_over:
            for row, _ in self._pages.scan(collection, memory, archived=archived):
                if row.remote_id not in away:
                    yield row
            return
        rows = self._take_over.rows(
            self._databases[collection],
            memory,
            lambda known, match_id: self._pages.scan(
                collection, known, archived=archived, match_id=match_id
            ),
            self._wished,
            archived=archived,
        )
        yield from (row for row in rows if row.remote_id not in away)

    def look(self, binding: Binding, memory: Memory) -> Missing:
        """Look one row up by its id."""
        return self._pages.look(binding, memory)

    def read_page(self, collection: str, remote_id: str, memory: Memory) -> PageState:
        """Return the synced cells as they stand."""
        return self._pages.read(collection, remote_id, memory)

    def has_words(self, collection: str, remote_id: str, memory: Memory) -> bool:
        """Tell whether a person put anything into the row."""
        return self._pages.has_words(collection, remote_id, memory)

    def create_page(self, page: Page, memory: Memory) -> Made:
        """Make a row."""
        return self._pages.create(page, memory)

    def update_page(
        self, page: Page, fields: frozenset[str], remote_id: str, memory: Memory
    ) -> Made:
        """Set the named cells of a row."""
        return self._pages.update(page, fields, remote_id, memory)

    def retire_page(self, binding: Binding, memory: Memory) -> Made:
        """Mark a row as retired; our views hide it."""
        collection = str(binding.detail.get("collection", ""))
        page = Page(binding.key, collection, {"state": _RETIRED}, binding.journey)
        return self._pages.update(page, frozenset({"state"}), binding.remote_id, memory)

    def archive(self, remote_id: str) -> None:
        """Move a row to the trash."""
        try:
            self._client.patch(f"pages/{remote_id}", {"in_trash": True})
        except GoneError as error:
            if "ancestor" in str(error):
                raise  # its database is in the trash and may come back, with the row as it was

    def restore(self, remote_id: str) -> None:
        """Take a row out of the trash."""
        self._client.patch(f"pages/{remote_id}", {"in_trash": False})

    # preconditions and figures

    def check(self, journey_map: JourneyMap | None) -> Iterator[Check]:
        """Yield what must hold before a run can succeed."""
        try:
            place = self.identify()
        except CjmSyncError as error:
            yield Check("notion", "failed", str(error), error.hint or "", error.exit_code)
            return
        yield Check("notion token", "ok", f"opens the workspace {place.workspace_name!r}")
        yield Check("notion page", "ok", f"the hub goes under {place.parent_title!r}")
        if journey_map is None:
            return
        # A run brings a picture; for the estimate it need not be drawn.
        drawn = Picture("", bytes, "")
        wished = self.render(journey_map, installation="none yet", bound=(), picture=drawn)
        yield from self._check_adoption()
        yield estimate(wished, plan=self._plan, budget_per_minute=self._budget)

    def _check_adoption(self) -> Iterator[Check]:
        """Yield what would become of the databases that people gave; writes nothing."""
        for collection in filter(self.adopts, self._take_over):
            try:
                self.columns(collection, {})
                list(self.scan(collection, {}, archived=False))
            except CjmSyncError as error:
                yield Check(
                    f"notion.adopt.{collection}",
                    "failed",
                    str(error),
                    error.hint or "",
                    error.exit_code,
                )
        for finding in self._findings:
            state: Literal["ok", "warning"] = "ok" if finding.code == "adoption" else "warning"
            yield Check(f"notion.adopt.{finding.key}", state, finding.message, finding.hint)

    def findings(self) -> Sequence[Finding]:
        """Return what was noticed so far."""
        return (*self._findings, *name_findings(self._kept_names, self._databases))

    def requests(self) -> int:
        """Return how many requests were sent."""
        return self._client.road.tally().requests

    def waited_seconds(self) -> float:
        """Return how long the limits made us wait."""
        return self._client.road.tally().waited_seconds

    def close(self) -> None:
        """Give connections back."""
        self._client.close()


def _bound_elsewhere(collection: str, memory: Memory) -> frozenset[str]:
    """Return the rows of other databases; one that a person moved here is not there any more."""
    return frozenset(
        binding.remote_id
        for binding in memory.values()
        if binding.kind == "row" and binding.detail.get("collection", collection) != collection
    )


def _columns_digest(database: Database) -> str:
    """Return what changes when a version of this program brings other columns."""
    columns = ",".join(f"{column.key}:{column.type}" for column in database.columns)
    return sha256(columns.encode()).hexdigest()[:16]


def _picture_items(picture: Picture | None) -> Iterator[Item]:
    # Optional: a plan or a capability that refuses it leaves the map as good as whole.
    if picture is not None:
        key = block_key(PICTURE)
        yield Item(key, "picture", picture, digest=picture.digest, optional=True)


def _title(page: Mapping[str, Any]) -> str:
    for held in (page.get("properties") or {}).values():
        if isinstance(held, Mapping) and held.get("type") == "title":
            return "".join(str(item.get("plain_text") or "") for item in held.get("title") or ())
    return ""


class NotionPlugin:
    """What the entry point offers."""

    table = "notion"
    settings: type[BaseModel] = NotionSettings

    def connect(
        self,
        settings: Any,
        *,
        clock: Clock,
        secret: SecretStr,
        transport: httpx.BaseTransport | None,
        timezone: str,
        settle_seconds: float,
        folder: Path | None = None,
    ) -> NotionTarget:
        """Return the target that *settings* describe."""
        client = open_notion(
            settings.base_url,
            token=secret.get_secret_value(),
            clock=clock,
            budget_per_minute=settings.budget_per_minute,
            transport=transport,
        )
        return NotionTarget(
            client,
            parent_id=settings.parent_page,
            timezone=timezone,
            settle_seconds=settle_seconds,
            budget_per_minute=settings.budget_per_minute,
            adopted=settings.adopt,
            templates=settings.templates,
            folder=folder,
            now=clock.now,
            plan=settings.plan,
            history=settings.history,
        )


plugin = NotionPlugin()
