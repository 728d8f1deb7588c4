"""Following a source: which windows are asked for, and what happens when one cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from cjm_sync.errors import RejectedError, TransientError
from cjm_sync.model import Batch, Need, Record
from cjm_sync.ports import Account, Check, Follower, Known
from cjm_sync.pull import Pulled, pull
from cjm_sync.store import Store
from cjm_sync.streams import digest_of
from support.clock import START, FakeClock

NEEDS = {"contacts": Need(frozenset({"name"}))}
MINUTE = timedelta(minutes=1)


@dataclass
class BrookSource:
    """Contacts in memory; *changed* are the pages of every window, *refusals* come before them."""

    people: list[Record] = field(default_factory=list)
    changed: list[tuple[Record, ...]] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    listings: int = 0
    windows: list[tuple[datetime, datetime, str | None]] = field(default_factory=list)

    def identify(self) -> Account:
        return Account("1")

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        return sorted(needs)

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        self.listings += 1
        yield Batch(tuple(self.people), None)

    def follows(self, stream: str) -> bool:
        return stream == "contacts"

    def changes(
        self,
        stream: str,
        need: Need,
        *,
        since: datetime,
        until: datetime,
        known: Known,
        cursor: str | None,
    ) -> Iterator[Batch]:
        self.windows.append((since, until, cursor))
        if self.refusals:
            raise self.refusals.pop(0)
        pages = self.changed or [()]
        for page in range(int(cursor or 0), len(pages)):
            following = page + 1
            yield Batch(pages[page], str(following) if following < len(pages) else None)

    def archived(self, stream: str, cursor: str | None) -> Iterator[Batch]:
        yield Batch((), None)

    def look_up(self, stream: str, ids: Sequence[str]) -> Batch | None:
        return None

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        yield from ()

    def requests(self) -> int:
        return self.listings + len(self.windows)

    def waited_seconds(self) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing is open."""


def person(number: int, name: str = "") -> Record:
    return Record("contacts", str(number), {"name": name})


@pytest.fixture
def store() -> Iterator[Store]:
    with Store("sqlite://") as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source() -> BrookSource:
    return BrookSource([person(number) for number in range(1, 4)])


def read(source: BrookSource, store: Store, clock: FakeClock) -> Pulled:
    return pull(source, store, NEEDS, clock=clock)


def names(store: Store) -> dict[str, str]:
    return {record.id: record.properties["name"] for record in store.records("contacts")}


def test_a_source_that_follows_is_known_by_what_it_offers(source: BrookSource) -> None:
    assert isinstance(source, Follower)


def test_without_a_clock_everything_is_listed_every_time(source: BrookSource, store: Store) -> None:
    pull(source, store, NEEDS)
    pull(source, store, NEEDS)

    assert (source.listings, source.windows) == (2, [])


def test_each_window_begins_where_the_last_one_ended(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    for _ in range(3):
        read(source, store, clock)
        clock.sleep(60)

    assert source.listings == 1
    assert source.windows == [
        (START, START + MINUTE, None),
        (START + MINUTE, START + 2 * MINUTE, None),
    ]


def test_a_window_that_broke_is_finished_and_then_the_next_is_read(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    clock.sleep(60)
    source.changed = [(person(1, "new"),), (person(2, "new"),)]
    broken = iter([TransientError("no answer")])
    whole = source.changes

    def breaking(*args: object, **given: object) -> Iterator[Batch]:
        pages = whole(*args, **given)  # type: ignore[arg-type]
        yield next(pages)
        for error in broken:
            raise error
        yield from pages

    source.changes = breaking  # type: ignore[method-assign]
    failed = read(source, store, clock)
    clock.sleep(60)
    read(source, store, clock)

    assert (failed.failed, failed.unready) == (["contacts"], [])
    assert source.windows[1:] == [
        (START, START + MINUTE, "1"),
        (START + MINUTE, START + 2 * MINUTE, None),
    ]
    assert names(store) == {"1": "new", "2": "new", "3": ""}


def test_a_cursor_that_is_no_longer_taken_begins_its_window_anew(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    clock.sleep(60)
    source.changed = [(person(1, "new"),), (person(2, "new"),)]
    trail = _break_after_one_page(source, store, clock)
    source.refusals = [RejectedError("unknown cursor", status=400)]

    pulled = read(source, store, clock)

    assert trail == "1"
    assert [cursor for _, _, cursor in source.windows] == [None, "1", None]
    assert not pulled.failed
    assert names(store) == {"1": "new", "2": "new", "3": ""}


def _break_after_one_page(source: BrookSource, store: Store, clock: FakeClock) -> str | None:
    def stop(_stream: str, _read: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(source, store, NEEDS, clock=clock, progress=stop)
    return store.trail("contacts", digest_of(NEEDS["contacts"])).cursor


def test_a_source_that_refuses_to_tell_what_changed_is_listed(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    clock.sleep(60)
    source.people = [person(1, "new"), person(2), person(3)]
    source.refusals = [RejectedError("no such filter", status=400)]

    pulled = read(source, store, clock)

    assert (source.listings, pulled.failed) == (2, [])
    assert names(store)["1"] == "new"


def test_a_clock_that_was_set_back_loses_no_time(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    clock.sleep(-3600)
    read(source, store, clock)
    clock.sleep(7200)
    read(source, store, clock)

    assert source.windows == [
        (START, START, None),
        (START, START + timedelta(hours=1), None),
    ]


def test_a_first_listing_counts_from_its_beginning(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    listing = source.pull

    def slow(stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        clock.sleep(1800)
        yield from listing(stream, need, cursor)

    source.pull = slow  # type: ignore[method-assign]
    read(source, store, clock)
    read(source, store, clock)

    assert source.windows == [(START, START + 30 * MINUTE, None)]


def test_of_few_records_any_number_may_vanish(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    source.people = [person(1)]

    pulled = pull(source, store, NEEDS, clock=clock, full=True)

    assert (pulled.counts["contacts"].archived, pulled.erased) == (2, {"contacts": ("2", "3")})
    assert not pulled.findings


def test_nothing_where_there_was_something_is_held_until_it_is_accepted(
    source: BrookSource, store: Store, clock: FakeClock
) -> None:
    read(source, store, clock)
    source.people = []

    swept = pull(source, store, NEEDS, clock=clock, full=True)
    again = read(source, store, clock)
    held = names(store)
    pull(source, store, NEEDS, clock=clock, accept_empty=True)

    assert swept.emptied == again.emptied == ["contacts"]
    assert len(held) == 3
    assert names(store) == {}
