"""One run, start to end: pull, map, compute, plan, apply. The way in is `Engine.sync`."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from uuid import uuid4

from cjm_sync import __version__
from cjm_sync.apply import Applier
from cjm_sync.belonging import HUB, check_place, end_review
from cjm_sync.books import Tally
from cjm_sync.crew import apply_with
from cjm_sync.errors import CjmSyncError, ConfigError, GoneError, GuardTripped
from cjm_sync.framing import refused
from cjm_sync.guard import guard, held_findings
from cjm_sync.journal import Entry
from cjm_sync.journey.compute import compute
from cjm_sync.journey.facts import Facts
from cjm_sync.journey.grounds import History
from cjm_sync.journey.overlay import overlay
from cjm_sync.journey.travellers import OBJECTS, Crowd, travellers
from cjm_sync.journey.types import Journey, JourneyMap, JourneyPeople
from cjm_sync.mirror import MirrorRecords
from cjm_sync.model import Binding, Finding, Item, Missing, Need, Observed, Page, Wished
from cjm_sync.moving import last_keys
from cjm_sync.past import history_of, remember
from cjm_sync.plan import plan
from cjm_sync.ports import (
    DETAILS,
    Clock,
    Disclosure,
    Figures,
    JourneyRequest,
    MappingPlugin,
    Painter,
    Picture,
    Source,
    Target,
)
from cjm_sync.pull import Pulled, pull
from cjm_sync.runs import Options, Outcome, Progress, Report, Settings, time_text
from cjm_sync.steps import Build, Create, Forget, Observation, Plan, Rules
from cjm_sync.store import Store

logger = logging.getLogger(__name__)

_NOBODY: Mapping[str, JourneyPeople] = {}

RING = 50
WORKERS = 4
"""Streams read at once; a dozen requests in flight saturate any budget that HubSpot grants."""
SMALL_STREAM = 200
"""So many records are listed whole at every run: four requests at most, and nothing goes unseen."""


class Engine:
    """Runs over one store, one source and one target."""

    def __init__(
        self,
        *,
        store: Store,
        source: Source,
        target: Target,
        mapping: MappingPlugin,
        clock: Clock,
        settings: Settings,
        progress: Progress | None = None,
        painter: Painter | None = None,
    ) -> None:
        self._painter = painter
        self._store, self._source, self._target = store, source, target
        self._mapping, self._clock, self._settings = mapping, clock, settings
        self._progress = progress or Progress()

    def sync(self, options: Options) -> Report:
        """Do one run and return its report; holds the lock from start to end.

        Raises BusyError without a report when another run holds the lock. Every other error on
        purpose ends in a report whose outcome is `refused` (nothing was written) or `failed`.
        """
        with self._store.lock():
            return _Run(self, options).go()

    @property
    def needs(self) -> Mapping[str, Need]:
        """Return what all journeys together read."""
        return needs(self._mapping, self._settings.journeys)


class _Run:
    """The state of one run while it lasts."""

    def __init__(self, engine: Engine, options: Options) -> None:
        self._store, self._clock = engine._store, engine._clock  # noqa: SLF001 - one mind, two classes
        self._source, self._target = engine._source, engine._target  # noqa: SLF001
        self._mapping, self._settings = engine._mapping, engine._settings  # noqa: SLF001
        self._progress, self._painter = engine._progress, engine._painter  # noqa: SLF001
        self._needs = engine.needs
        self._options = options
        self._started_at = self._clock.now()
        self._as_of = options.as_of or self._started_at.replace(second=0, microsecond=0)
        stamp = self._started_at.strftime("%Y%m%dT%H%M%SZ")
        self._run_id = f"{stamp}-{uuid4().hex[:8]}"
        self._pulled = Pulled()
        self._plan: Plan | None = None
        self._tally = Tally()
        self._findings: list[Finding] = []
        self._missing: Mapping[str, Missing] = {}
        self._ring: list[Observed] = []
        self._columns: Mapping[str, frozenset[str]] = {}

    def go(self) -> Report:
        try:
            self._check_time()
            if not self._options.dry_run:
                self._store.begin_run(self._run_id, as_of=self._as_of, started_at=self._started_at)
            outcome = self._work()
            report = self._report(outcome)
        except CjmSyncError as error:
            refused_early = isinstance(error, GuardTripped | ConfigError) and not self._tally.wrote
            report = self._report("refused" if refused_early else "failed", error)
        if not self._options.dry_run:
            self._store.end_run(
                self._run_id,
                finished_at=report.finished_at,
                outcome=report.outcome,
                report={**report.as_json(), "held": report.held, "asked": report.asked},
            )
        return report

    def _check_time(self) -> None:
        last = self._last_as_of()
        if last is None or self._options.dry_run or self._options.as_of is None:
            return
        if self._as_of < datetime.fromisoformat(last):
            raise ConfigError(
                f"--as-of {time_text(self._as_of)} is earlier than the last written {last}",
                hint="Leave --as-of out, or add --dry-run to only look.",
            )

    def _last_as_of(self) -> str | None:
        return self._store.facts().get("last_as_of")

    def _work(self) -> Outcome:
        self._progress.phase("check")
        account, place = self._source.identify(), self._target.identify()
        check_place(self._store, self._target, account, place, self._options)
        self._progress.phase("pull")
        self._pulled = pull(
            self._source,
            self._store,
            self._needs,
            progress=self._progress.read,
            accept_empty=self._options.accept,
            clock=self._clock,
            full=self._options.sweep,
            pages=self._settings.sweep_pages or None if self._options.sweep else None,
            small=SMALL_STREAM,
            workers=WORKERS,
            restart=self._options.full,
        )
        self._findings += self._pulled.findings
        if self._pulled.unready:
            return "partial"
        self._progress.phase("compute")
        journey_map = compute_map(
            self._mapping,
            self._store,
            self._settings.journeys,
            as_of=self._as_of,
            timezone=self._settings.timezone,
            people=self._store.people(),
        )
        self._findings += journey_map.findings
        for journey in journey_map.journeys:
            self._findings += journey.findings
        self._progress.phase("plan")
        self._write(journey_map)
        if not self._options.dry_run:
            remember(self._store, journey_map, timezone=self._settings.timezone)
        if self._pulled.failed or self._tally.rejected:
            return "partial"
        return "done"

    # planning and writing

    def _write(self, journey_map: JourneyMap) -> None:
        installation = self._store.facts().get("installation", "none yet")
        applier = Applier(
            self._store,
            self._target,
            self._clock,
            policy=self._settings.rules.on_person_edit,
            progress=self._progress.step,
        )
        self._tally = applier.tally
        disclosure = self._disclosure()
        wished = self._target.render(
            journey_map,
            installation=installation,
            bound=sorted(applier.memory),
            # So that a picture that is there already is found by a store that was lost.
            picture=self._picture(journey_map),
            disclosure=disclosure,
        )
        if not self._options.dry_run:
            self._mend(applier, wished)
        rows, columns = self._scan(applier.memory)
        # What people put into their cells belongs to the row's subject, so to its key of today.
        moved = last_keys(wished.moved, {page.key for page in wished.pages})
        people = self._target.people(by_subject(rows, applier.memory, moved))
        if not self._options.dry_run:
            self._store.save_people(people)
        shown = overlay(journey_map, people)
        wished = self._target.render(
            shown,
            installation=installation,
            bound=sorted({*applier.memory, *lost_keys(rows, applier.memory)}),
            picture=self._picture(shown),
            disclosure=disclosure,
        )
        refusals = self._store.refusals(self._clock.now())
        rules = replace(
            self._settings.rules,
            allow_removals=self._options.allow_removals,
            hold_removals=bool(self._pulled.failed),
            # What a renamed journey leaves behind leaves like any other row of it.
            journeys=frozenset(
                key for j in self._settings.journeys for key in (j.key, *j.formerly)
            ),
            reset_cells=frozenset(self._options.reset_cells),
            refused=frozenset(refusals),
        )
        missing = self._look(rows, wished, applier.memory)
        lost = {
            name: self._target.lost(name, applier.memory)
            for name in columns
            if f"_/database/{name}" in applier.memory
        }
        observation = Observation(tuple(rows), missing, columns, lost=lost)
        self._plan = plan(wished, applier.memory, observation, rules)
        observation = self._observe_parked(observation, applier.memory, self._plan)
        if observation.parked:
            self._plan = plan(wished, applier.memory, observation, rules)
        self._findings += self._plan.findings
        self._findings += held_findings(self._plan, applier.memory, rules)
        self._findings += [refused(key, message) for key, message in sorted(refusals.items())]
        self._tally.unchanged, self._tally.kept = self._plan.unchanged, self._plan.kept
        version = self._store.facts().get("version", __version__)
        guard(
            self._plan,
            applier.memory,
            rules,
            emptied=self._pulled.emptied,
            is_new_version=version != __version__,
            accept=self._options.accept,
        )
        if self._options.dry_run:
            return
        end_review(self._store, self._target, self._plan, accept=self._options.accept)
        self._progress.phase("write")
        self._progress.total(len(self._plan.steps))
        if self._plan.writes:
            # A run that goes on after a killed one is the same change of the map, unless that was
            # taken back in between.
            if self._store.facts().get("unfinished") == "yes" and self._store.journal():
                self._store.fold_journal()
            else:
                self._store.begin_journal()
                self._store.note(Entry("time", "last_as_of", before={"text": self._last_as_of()}))
            self._store.set_facts({"unfinished": "yes"})
        workers = self._settings.row_workers if self._store.serves_threads else 1
        apply_with(applier, self._plan.steps, workers=workers)
        self._close(applier)

    def _disclosure(self) -> Disclosure:
        """Return what may be told of single units; makes the secret of pseudonyms on first need."""
        facts = self._store.facts()
        details = {journey.detail for journey in self._settings.journeys}
        # With several, the most careful one: the configuration has one for all.
        detail = next((d for d in DETAILS if d in details), DETAILS[0])
        secret = facts.get("secret", "")
        if not secret and detail != DETAILS[0]:
            secret = token_hex(32)
            if not self._options.dry_run:
                self._store.set_facts({"secret": secret})
        return Disclosure(detail, secret, facts.get("portal_id", ""))

    def _picture(self, shown: JourneyMap) -> Picture | None:
        if self._painter is None:
            return None
        self._findings += self._painter.lacking(shown)
        return self._painter.picture(shown)

    def _mend(self, applier: Applier, wished: Wished) -> None:
        """Settle what an earlier run left open before anything new is planned."""
        items = {item.key: item for item in wished.items}
        applier.recover(items)
        if "adopting" in self._store.facts() and self._store.facts()["adopting"] == "yes":
            applier.complete(wished.items)
            applier.adopt_frame(wished.items)
            self._store.set_facts({"adopting": "no"})
        applier.complete(wished.items)

    def _scan(
        self, memory: Mapping[str, Binding]
    ) -> tuple[list[Observed], dict[str, frozenset[str]]]:
        """Return the rows that are there and the usable columns by collection."""
        rows: list[Observed] = []
        columns: dict[str, frozenset[str]] = {}
        for collection in self._target.collections():
            is_bound = f"_/database/{collection}" in memory
            if not is_bound and not self._target.adopts(collection):
                continue
            try:
                columns[collection] = self._target.columns(collection, memory)
                rows += self._target.scan(collection, memory, archived=False)
            except GoneError as error:
                raise GuardTripped(
                    f"the database {collection} is no longer there, or no longer shared",
                    hint="Restore it from Notion's trash and share it again; nothing was written.",
                ) from error
        bound = {binding.remote_id for binding in memory.values()}
        # Rows of the ring that memory lost are taken over when their turn comes.
        self._ring = [r for r in rows if r.key.startswith("_/") and r.remote_id not in bound]
        ring = {row.remote_id for row in self._ring}
        self._columns = columns
        return [row for row in rows if row.remote_id not in ring], columns

    def _look(
        self, rows: Sequence[Observed], wished: Wished, memory: Mapping[str, Binding]
    ) -> Mapping[str, Missing]:
        """Look up by its id each bound row that the scan did not show."""
        seen = {row.remote_id for row in (*rows, *self._ring)}
        wanted = {page.key for page in wished.pages}
        respects = self._settings.rules.on_person_delete == "respect"
        missing: dict[str, Missing] = {}
        for key, binding in memory.items():
            if binding.kind != "row" or binding.remote_id in seen:
                continue
            if binding.state == "tombstone" and (respects or key not in wanted):
                continue
            if binding.state == "archived" and key not in wanted:
                continue
            missing[key] = self._target.look(binding, memory)
        self._missing = missing
        return missing

    def _observe_parked(
        self, observation: Observation, memory: Mapping[str, Binding], planned: Plan
    ) -> Observation:
        """Look at rows that people archived before any row is made in a known database."""
        making = {step.page.collection for step in planned.steps if isinstance(step, Create)}
        parked: list[Observed] = []
        for collection in self._target.collections():
            if collection in making and collection in observation.columns:
                parked += self._target.scan(collection, memory, archived=True)
        return replace(observation, parked=tuple(parked))

    def _close(self, applier: Applier) -> None:
        """Write the status line and this run's row when something changed, else once a heartbeat."""
        facts = self._store.facts()
        now = self._clock.now()
        wrote = self._tally.wrote or facts.get("unfinished") == "yes"
        last = facts.get("closed_at")
        due = last is None or now - datetime.fromisoformat(last) >= self._settings.heartbeat
        if wrote or due:
            number = int(facts.get("run_number", "-1")) + 1
            outcome: Outcome = "partial" if self._pulled.failed or self._tally.rejected else "done"
            item, page = self._target.closing(
                Figures(
                    run_id=self._run_id,
                    as_of=self._as_of,
                    started_at=self._started_at,
                    finished_at=now,
                    outcome=outcome,
                    created=self._tally.created,
                    updated=self._tally.updated,
                    unchanged=self._tally.unchanged,
                    kept=self._tally.kept,
                    archived=self._tally.archived,
                    requests_source=self._source.requests(),
                    requests_target=self._target.requests(),
                    findings=len(set(self._findings) | set(self._tally.findings)),
                ),
                number=number % RING,
            )
            self._close_with(applier, item, page)
            self._store.set_facts({"run_number": str(number), "closed_at": now.isoformat()})
        self._store.set_facts(
            {
                "unfinished": "no",
                "last_as_of": self._as_of.isoformat(),
                "version": __version__,
            }
        )

    def _close_with(self, applier: Applier, item: Item, page: Page) -> None:
        """Write both; they count as requests, not as rows of the map.

        A row of the ring that a person deleted is made anew when its turn comes: it is a log.
        """
        lost = self._missing.get(page.key)
        if lost is not None and lost.state != "live":
            applier.apply([Forget(page.key)])
        ours = {k: b for k, b in applier.memory.items() if k in {item.key, page.key}}
        rows = tuple(row for row in self._ring if row.key == page.key)
        there = Observation(rows, columns=self._columns)
        closing = plan(Wished((item,), (page,)), ours, there, Rules())
        counts = (self._tally.created, self._tally.updated)
        applier.stop_journal()
        applier.apply(step for step in closing.steps if not isinstance(step, Build))
        self._tally.created, self._tally.updated = counts

    def _report(self, outcome: Outcome, error: CjmSyncError | None = None) -> Report:
        findings = [*self._findings, *self._tally.findings, *self._target.findings()]
        if error is not None:
            code = {"refused": "refused"}.get(outcome, "failed")
            findings.append(Finding(code, "run", str(error), error.hint or ""))
        return Report(
            run_id=self._run_id,
            as_of=self._as_of,
            started_at=self._started_at,
            finished_at=self._clock.now(),
            outcome=outcome,
            pulled=self._pulled.counts,
            created=self._tally.created,
            updated=self._tally.updated,
            unchanged=self._tally.unchanged,
            archived=self._tally.archived,
            kept=self._tally.kept,
            requests_source=self._source.requests(),
            requests_target=self._target.requests(),
            waited_seconds=self._source.waited_seconds() + self._target.waited_seconds(),
            findings=tuple(dict.fromkeys(findings)),
            plan=self._plan,
            error=error,
        )


def lost_keys(rows: Sequence[Observed], memory: Mapping[str, Binding]) -> set[str]:
    """Return the keys that stand in a hub that is being taken over.

    Memory was lost with the store. A row that has no data now, is resolved, or is of a month that is
    over would not be wished by the map alone, and so never be known again.
    """
    hub = memory.get(HUB)
    if hub is None or "taken_over" not in hub.detail:
        return set()
    return {row.key for row in rows if row.key}


def by_subject(
    rows: Sequence[Observed], memory: Mapping[str, Binding], moved: Mapping[str, str]
) -> list[Observed]:
    """Return one row of each subject under the key that it goes by today.

    A bound row stands for its key whatever its `Sync key` says; of rows that nothing is bound to
    the oldest counts, so that a copy that a person made speaks for nobody.
    """
    bound = {binding.remote_id: key for key, binding in memory.items() if binding.kind == "row"}
    found: dict[str, Observed] = {}
    # Rows under their own key first: a former one only speaks where there is no other.
    for row in sorted(rows, key=lambda r: (r.remote_id not in bound, r.created_at, r.remote_id)):
        key = bound.get(row.remote_id, row.key)
        if key and key not in moved:
            found.setdefault(key, replace(row, key=key))
    for row in sorted(rows, key=lambda r: (r.remote_id not in bound, r.created_at, r.remote_id)):
        key = bound.get(row.remote_id, row.key)
        if key in moved:
            found.setdefault(moved[key], replace(row, key=moved[key]))
    return [found[key] for key in sorted(found)]


def needs(mapping: MappingPlugin, journeys: Sequence[JourneyRequest]) -> Mapping[str, Need]:
    """Return what all *journeys* together read of each object."""
    total: dict[str, Need] = {}
    for journey in journeys:
        for name, need in mapping.needs(journey).items():
            total[name] = total.get(name, Need()) | need
    return total


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off the search for reference cycles: facts are millions of values without any.

    Looking through them again and again took two fifths of the time of a large map.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_uncollected()
def compute_map(
    mapping: MappingPlugin,
    store: Store,
    journeys: Sequence[JourneyRequest],
    *,
    as_of: datetime,
    timezone: str = "UTC",
    people: Mapping[str, JourneyPeople] = _NOBODY,
) -> JourneyMap:
    """Compute the map from the mirror alone; asks neither service and saves nothing.

    *timezone* cuts the days of earlier snapshots; of *people* only the day of their last review
    counts here, which drift is told against.
    """
    records = MirrorRecords(store)
    computed = tuple(
        _told(
            mapping.facts(records, journey, as_of=as_of),
            journey,
            store,
            as_of,
            history_of(
                store,
                journey,
                as_of=as_of,
                timezone=timezone,
                reviewed_on=people[journey.key].reviewed_on if journey.key in people else None,
            ),
        )
        for journey in journeys
    )
    return JourneyMap(as_of, computed)


def _told(
    facts: Facts, journey: JourneyRequest, store: Store, as_of: datetime, history: History
) -> Journey:
    """Return the journey, with a row for each unit that `privacy` lets have one."""
    computed = replace(compute(facts, as_of=as_of, history=history), formerly=journey.formerly)
    if journey.detail == "aggregate":
        return computed
    former: dict[str, tuple[str, ...]] = {}
    for former_id, now in sorted(store.survivors(OBJECTS[journey.unit]).items()):
        former[now] = (*former.get(now, ()), former_id)
    rows = travellers(
        facts, as_of=as_of, crowd=Crowd(journey.only, journey.max_rows), former_ids=former
    )
    return replace(computed, travellers=rows, left_out=len(facts.units) - len(rows))
