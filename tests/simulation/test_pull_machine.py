"""Whatever happens to a portal, and to the pulls of it: in the end the mirror is the portal.

Hypothesis edits a living portal between and during pulls that are slowed, refused, cut short and
killed. What a pull promises is looked at after each:

- Nobody who was live all the while ever leaves the mirror, whatever a listing failed to show.
- After an incremental pull without trouble the mirror has every edit of a property that the search
  index can have by then, and nobody under an id that was merged away. What moves no modified date
  (archiving, erasure, quiet links, calculated values, quiet restoring) waits for the sweep.
- Time passes; one incremental pull and one sweep later the mirror equals the portal, former ids
  lead to the survivor, of an erased person nothing is left, and another pull changes nothing.

`CJM_SYNC_SOAK=1` runs many more examples.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from cjm_sync.model import Record
from cjm_sync_sandbox.hubspot import Fault
from cjm_sync_sandbox.hubspot import faults as troubles
from cjm_sync_sandbox.hubspot.pagefaults import ends_early, hollow, same_cursor
from support.pull_edits import EDITS, edit
from support.pull_world import (
    ACTIVITY,
    CALCULATED,
    CRM,
    HOUR,
    MINUTE,
    Killed,
    Moment,
    PullWorld,
    Way,
)
from support.world import SOAK

EXAMPLES, STEPS = (400, 25) if SOAK else (18, 12)
IDLE_REQUESTS = 16
"""Two lists of forms, the submissions of two, and one for each other thing that is read.

An app asks for a token as well.
"""

FAULTS: Mapping[str, Callable[[], Fault]] = {
    "429": troubles.rate_limited,
    "429 of search": lambda: troubles.rate_limited("SECONDLY"),
    "500": troubles.failing,
    "522": troubles.edge_failing,
    "423": troubles.locked,
    "html": troubles.html,
    "truncated": troubles.truncated,
    "empty": troubles.empty,
    "dropped": troubles.dropped,
    "dropped before": lambda: troubles.dropped(handled=False),
    "silent": troubles.silent,
    "401": troubles.unauthorized,
    "403": lambda: troubles.forbidden("some.scope"),
    "same cursor": same_cursor,
    "ends early": ends_early,
    "hollow": hollow,
}
MISLEADING = frozenset({"ends early", "hollow"})
"""Answers that are whole and wrong: what they leave out, no reader can know to be missing."""

numbers = st.integers(0, 29)
# Merges and erasures are what leaves the most behind.
names = st.sampled_from(
    [*sorted(EDITS), "merge", "merge", "erase", "erase and list", "arrive", "update", "update"]
)
ills = st.sampled_from([*sorted(FAULTS), *sorted(MISLEADING) * 2])
edits = st.tuples(names, numbers, numbers, numbers)
places = st.tuples(st.integers(1, 45), st.sampled_from(["before", "after"]))
reaches = st.sampled_from([{}, {}, {"full": True}, {"full": True, "pages": 1}, {"restart": True}])


class PullMachine(RuleBasedStateMachine):
    """A portal, a store, and everything that may happen to either."""

    happened: ClassVar[Counter[str]] = Counter()

    @initialize(
        page_rows=st.sampled_from([None, 2, 3]),
        lag=st.sampled_from([(0, 0), (300, 0), (60, 1200)]),
        is_read=st.booleans(),
        is_app=st.booleans(),
    )
    def open(
        self, page_rows: int | None, lag: tuple[int, int], is_read: bool, is_app: bool
    ) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.world = PullWorld(
            self.folder,
            page_rows=page_rows,
            lag_seconds=lag[0],
            jitter_seconds=lag[1],
            is_app=is_app,
        )
        self.is_misled = False
        if is_read:
            self._pull()

    @rule(changes=st.lists(edits, min_size=4, max_size=10))
    def live(self, changes: list[tuple[str, int, int, int]]) -> None:
        for change in changes:
            edit(self.world, *change)
            self.happened[change[0]] += 1

    @rule(minutes=st.sampled_from([1, 5, 20, 45, 90, 60 * 24 * 3]))
    def wait(self, minutes: int) -> None:
        self.world.later(minutes * MINUTE)

    @rule()
    def follow(self) -> None:
        """What changed is read, and nothing goes wrong."""
        followed = {name for name in CRM if self.world.is_followed(name)}
        began = self.world.clock.now() + MINUTE

        self._pull()

        if not self.is_misled:
            held = {name: self.world.held(name) for name in CRM}
            for name, id_, record in self.world.late_edits(began):
                if name in followed:
                    assert id_ in held[name], (name, id_)
                    assert _values(held[name][id_]) == _values(record)
                    assert not self.world.named_former(name, id_) & held[name].keys()

    @rule(reach=reaches, workers=st.sampled_from([1, 3]))
    def read(self, reach: Mapping[str, Any], workers: int) -> None:
        self._pull(**reach, workers=workers)

    @rule(
        reach=reaches,
        changes=st.lists(st.tuples(places, edits), min_size=1, max_size=5),
        ill=st.lists(
            st.tuples(st.integers(1, 45), ills, st.sampled_from([1, 1, 12])),
            max_size=3,
        ),
        killed=st.none() | places,
        ended=st.none() | places,
    )
    def read_amid_trouble(
        self,
        reach: Mapping[str, Any],
        changes: list[tuple[tuple[int, Moment], tuple[str, int, int, int]]],
        ill: list[tuple[int, str, int]],
        killed: tuple[int, Moment] | None,
        ended: tuple[int, Moment] | None,
    ) -> None:
        events: dict[tuple[int, Moment], list[Callable[[], object]]] = {}
        for place, change in changes:
            events.setdefault(place, []).append(partial(edit, self.world, *change))
            self.happened[f"{change[0]} during a pull"] += 1
        if ended is not None:
            # The access token ends before its time; an app buys another and goes on.
            events.setdefault(ended, []).append(self.world.sandbox.oauth.expire)
        if killed is not None:
            events.setdefault(killed, []).append(_kill)
            self.happened["killed"] += 1
        faults: dict[int, Fault] = {}
        for first, name, times in ill:
            self.happened[name] += 1
            self.is_misled |= name in MISLEADING
            fault = FAULTS[name]()
            faults |= dict.fromkeys(range(first, first + times), fault)

        self._pull(Way(events, faults), **reach)

    @rule(reach=reaches, left=st.integers(0, 25))
    def read_until_the_day_is_used_up(self, reach: Mapping[str, Any], left: int) -> None:
        refused = troubles.rate_limited("DAILY")

        self._pull(Way({}, dict.fromkeys(range(left + 1, 200), refused)), **reach)

        self.happened["daily limit"] += 1

    def _pull(self, way: Way | None = None, **options: Any) -> None:
        world = self.world
        before = {(name, id_) for name in CRM for id_ in world.held(name)}
        world.left.clear()
        stay = {(name, id_) for name in CRM for id_ in world.hand.live(name)} & before

        world.pull(way, **options)

        held = {(name, id_) for name in CRM for id_ in world.held(name)}
        assert stay - world.left <= held
        assert not world.named_erased & stay - world.left
        bought = sum(one.path.startswith("/oauth/") for one in world.sandbox.requests)
        self.happened["token bought during a pull"] += bought > 1
        self.happened["pulls"] += 1

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._come_to_rest()
        finally:
            self.happened["erased"] += self.world.erased
            self.happened["archived before"] += self.world.erased_from_archive
            self.world.close()
            shutil.rmtree(self.folder)

    def _come_to_rest(self) -> None:
        world = self.world
        world.later(2 * HOUR)
        world.pull()
        swept = world.pull(full=True, restart=True)
        if swept is not None and (
            swept.emptied or any(f.code == "listing_shrunken" for f in swept.findings)
        ):
            # So much was removed that a person has to say that it is right.
            swept = world.pull(full=True, accept_empty=True)
        assert swept is not None
        assert (swept.failed, swept.findings) == ([], [])
        self._is_the_portal()

        world.long_pages()
        world.later(2 * HOUR)
        idle = world.pull()

        assert idle is not None
        assert {name: idle.counts[name].changed for name in (*CRM, *ACTIVITY)} == dict.fromkeys(
            (*CRM, *ACTIVITY), 0
        )
        assert len(world.sandbox.requests) <= IDLE_REQUESTS + world.is_app
        self._is_the_portal()

    def _is_the_portal(self) -> None:
        world = self.world
        for name in (*CRM, *ACTIVITY):
            assert world.held(name) == world.expected(name), name
        for name in CRM:
            leads = world.store.survivors(name)
            for former, survivor in world.told_former(name).items():
                assert leads.get(former) == survivor, (name, former)
        assert world.traces() == []


def _kill() -> None:
    raise Killed


def _values(record: Record) -> Record:
    """Return what of a record a change of its modified date tells."""
    waits = CALCULATED.get(record.object, frozenset())
    return replace(
        record,
        properties={name: v for name, v in record.properties.items() if name not in waits},
        links={},
    )


@pytest.mark.sweep
@pytest.mark.timeout(7200 if SOAK else 300)
def test_whatever_happens_the_mirror_ends_as_the_portal(counted: Callable[[str], None]) -> None:
    PullMachine.happened.clear()

    run_state_machine_as_test(
        PullMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            derandomize=not SOAK,
            suppress_health_check=list(HealthCheck),
        ),
    )

    happened = PullMachine.happened
    assert happened["killed"] > 0
    assert happened["daily limit"] > 0
    assert happened["token bought during a pull"] > 0
    counted(
        f"pulls of a living portal: {EXAMPLES} examples of up to {STEPS} steps, "
        f"{happened['pulls']} pulls, {happened['killed']} of them killed, in "
        f"{happened['token bought during a pull']} the token ended; "
        f"{happened['erased']} people erased, {happened['archived before']} of them archived before"
    )
