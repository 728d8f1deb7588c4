"""Pulling: what is remembered of a source that stops, refuses, empties or shrinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from cjm_sync.errors import ConfigError, RejectedError, TransientError
from cjm_sync.model import Batch, Finding, Need, Record
from cjm_sync.ports import Account, Check
from cjm_sync.pull import pull
from cjm_sync.store import Store

NEEDS = {"contacts": Need(frozenset({"name"})), "deals": Need()}


class LimitReachedError(TransientError):
    """The day's requests are used up."""

    stops_run = True


@dataclass
class ShelfSource:
    """Streams in memory, two records a page; *breaks* raises at (stream, page),
    only once if it *heals*."""

    shelves: dict[str, list[Record]] = field(default_factory=dict)
    breaks: dict[tuple[str, int], Exception] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    heals: bool = False

    def identify(self) -> Account:
        return Account("1")

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        return sorted(needs)

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        self.asked.append((stream, cursor))
        shelf = self.shelves.get(stream, [])
        for page in range(int(cursor or 0), max(1, (len(shelf) + 1) // 2)):
            if (stream, page) in self.breaks:
                broken = self.breaks[stream, page]
                self.breaks = {} if self.heals else self.breaks
                raise broken
            following = page + 1
            is_last = following * 2 >= len(shelf)
            yield Batch(
                tuple(shelf[page * 2 : following * 2]),
                None if is_last else str(following),
                (Finding("odd", stream, "odd"),) if stream == "odd" else (),
                self.merged if is_last else {},
            )

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        yield from ()

    def requests(self) -> int:
        return len(self.asked)

    def waited_seconds(self) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing is held."""


def people(*numbers: int) -> list[Record]:
    return [Record("contacts", str(number), {}) for number in numbers]


@pytest.fixture
def store() -> Iterator[Store]:
    with Store("sqlite://") as opened:
        yield opened


@pytest.fixture
def source() -> ShelfSource:
    return ShelfSource({"contacts": people(1, 2, 3, 4, 5), "deals": [Record("deals", "9", {})]})


def held(store: Store) -> list[str]:
    return [record.id for record in store.records("contacts")]


def test_the_first_pull_counts_everything_as_changed(store: Store, source: ShelfSource) -> None:
    source.merged = {"77": "5"}
    seen: list[tuple[str, int]] = []

    pulled = pull(source, store, NEEDS, progress=lambda stream, read: seen.append((stream, read)))

    contacts = pulled.counts["contacts"]
    assert (contacts.read, contacts.changed, contacts.archived, contacts.merged) == (5, 5, 0, 1)
    assert pulled.counts["deals"].read == 1
    assert (pulled.failed, pulled.unready, pulled.emptied, pulled.findings) == ([], [], [], [])
    assert seen == [("contacts", 2), ("contacts", 4), ("contacts", 5), ("deals", 1)]


def test_a_second_pull_counts_only_what_moved(store: Store, source: ShelfSource) -> None:
    pull(source, store, NEEDS)
    source.shelves["contacts"][1] = Record("contacts", "2", {"name": "new"})
    del source.shelves["contacts"][4]

    pulled = pull(source, store, NEEDS)

    contacts = pulled.counts["contacts"]
    assert (contacts.read, contacts.changed, contacts.archived) == (4, 1, 1)
    assert held(store) == ["1", "2", "3", "4"]


def test_a_stream_that_failed_midway_goes_on_where_it_was(
    store: Store, source: ShelfSource
) -> None:
    source.breaks["contacts", 1] = TransientError("no answer")
    first = pull(source, store, NEEDS)
    source.breaks.clear()
    source.asked.clear()

    second = pull(source, store, NEEDS)

    assert (first.failed, first.unready) == (["contacts"], ["contacts"])
    assert [finding.code for finding in first.findings] == ["stream_failed"]
    assert first.findings[0].hint
    assert first.counts["deals"].read == 1
    assert source.asked[0] == ("contacts", "1")
    assert second.counts["contacts"].read == 3
    assert held(store) == ["1", "2", "3", "4", "5"]


def test_a_restart_reads_an_interrupted_stream_from_its_beginning(
    store: Store, source: ShelfSource
) -> None:
    source.breaks["contacts", 1] = TransientError("no answer")
    pull(source, store, NEEDS)
    source.breaks.clear()
    source.asked.clear()

    pulled = pull(source, store, NEEDS, restart=True)

    assert source.asked[0] == ("contacts", None)
    assert pulled.counts["contacts"].read == 5


def test_a_cursor_that_the_remote_no_longer_takes_begins_the_stream_anew(
    store: Store, source: ShelfSource
) -> None:
    source.breaks["contacts", 1] = TransientError("no answer")
    pull(source, store, NEEDS)
    source.breaks = {("contacts", 1): RejectedError("unknown cursor", status=400)}
    source.asked.clear()
    source.heals = True

    pulled = pull(source, store, NEEDS)

    assert source.asked[:2] == [("contacts", "1"), ("contacts", None)]
    assert (pulled.failed, pulled.counts["contacts"].read) == ([], 5)


def test_a_partial_reading_never_counts_as_deletions(store: Store, source: ShelfSource) -> None:
    pull(source, store, NEEDS)
    source.shelves["contacts"] = people(1, 2, 3)
    source.breaks["contacts", 1] = TransientError("no answer")

    broken = pull(source, store, NEEDS)
    kept = held(store)
    source.breaks.clear()
    whole = pull(source, store, NEEDS)

    assert (broken.failed, broken.unready) == (["contacts"], [])
    assert (broken.counts["contacts"].archived, kept) == (0, ["1", "2", "3", "4", "5"])
    assert (whole.counts["contacts"].archived, held(store)) == (2, ["1", "2", "3"])


def test_an_object_that_became_empty_is_held_back_until_it_is_accepted(
    store: Store, source: ShelfSource
) -> None:
    pull(source, store, NEEDS)
    source.shelves["contacts"] = []

    first, again = pull(source, store, NEEDS), pull(source, store, NEEDS)
    kept = held(store)
    accepted = pull(source, store, NEEDS, accept_empty=True)

    assert (first.emptied, again.emptied, accepted.emptied) == (["contacts"], ["contacts"], [])
    assert len(kept) == 5
    assert (accepted.counts["contacts"].archived, held(store)) == (5, [])


def test_an_object_that_was_always_empty_is_nothing_unusual(store: Store) -> None:
    pulled = pull(ShelfSource(), store, NEEDS)

    assert (pulled.emptied, pulled.failed) == ([], [])


@pytest.mark.parametrize("status", [402, 403, 404])
def test_a_stream_that_the_token_may_not_read_is_one_finding(
    store: Store, source: ShelfSource, status: int
) -> None:
    source.breaks["contacts", 0] = RejectedError(
        "refused", status=status, hint="Grant crm.objects.contacts.read."
    )

    pulled = pull(source, store, NEEDS)

    assert [(f.code, f.key, f.hint) for f in pulled.findings] == [
        ("stream_unavailable", "contacts", "Grant crm.objects.contacts.read.")
    ]
    assert (pulled.failed, pulled.unready) == ([], [])
    assert pulled.counts["deals"].read == 1


def test_a_stream_that_is_refused_for_another_reason_has_failed(
    store: Store, source: ShelfSource
) -> None:
    source.breaks["contacts", 0] = RejectedError("bad request", status=400)

    pulled = pull(source, store, NEEDS)

    assert (pulled.failed, pulled.unready) == (["contacts"], ["contacts"])


def test_a_refused_token_stops_the_pull(store: Store, source: ShelfSource) -> None:
    source.breaks["contacts", 0] = ConfigError("the token was revoked")

    with pytest.raises(ConfigError, match="revoked"):
        pull(source, store, NEEDS)

    assert [stream for stream, _ in source.asked] == ["contacts"]


def test_a_used_up_day_ends_the_pull_and_names_what_was_never_read(
    store: Store, source: ShelfSource
) -> None:
    source.breaks["contacts", 1] = LimitReachedError("the daily limit is reached")

    pulled = pull(source, store, NEEDS)

    assert [stream for stream, _ in source.asked] == ["contacts"]
    assert (pulled.failed, pulled.unready) == (["contacts"], ["contacts", "deals"])


def test_a_used_up_day_leaves_streams_that_were_read_before_ready(
    store: Store, source: ShelfSource
) -> None:
    pull(source, store, NEEDS)
    source.breaks["contacts", 1] = LimitReachedError("the daily limit is reached")

    pulled = pull(source, store, NEEDS)

    assert (pulled.failed, pulled.unready) == (["contacts"], [])


def test_a_wider_need_is_not_met_by_what_was_read_before(store: Store, source: ShelfSource) -> None:
    pull(source, store, NEEDS)
    source.breaks["contacts", 0] = LimitReachedError("the daily limit is reached")
    wider = {**NEEDS, "deals": Need(frozenset({"amount"}))}

    pulled = pull(source, store, wider)

    assert pulled.unready == ["deals"]


def test_what_a_source_found_on_the_way_is_passed_on(store: Store) -> None:
    pulled = pull(ShelfSource(), store, {"odd": Need()})

    assert [finding.code for finding in pulled.findings] == ["odd"]


def test_reading_in_another_order_gives_the_same_mirror(source: ShelfSource) -> None:
    def mirror(arrange: Callable[[list[Record]], list[Record]]) -> list[Record]:
        source.shelves["contacts"] = arrange(people(3, 11, 1, 2))
        with Store("sqlite://") as store:
            pull(source, store, NEEDS)
            return list(store.records("contacts"))

    assert mirror(lambda shelf: shelf) == mirror(lambda shelf: shelf[::-1])
