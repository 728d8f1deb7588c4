"""What becomes of the traces of a person who was erased, whole pulls into a store.

HubSpot may go on listing what an erased person did; it must neither stay in the mirror nor return.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cjm_sync.store import Store
from cjm_sync_sandbox.hubspot.faults import at, failing, path
from support.pull_world import (
    ACTIVITY,
    CRM,
    FORMS,
    HOUR,
    MINUTE,
    Killed,
    Moment,
    PullWorld,
    Way,
    address,
    addresses_of,
)
from support.world import SOAK

PERSON, OTHER = "1001", "1002"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PullWorld]:
    made = PullWorld(tmp_path)
    for one in (PERSON, OTHER):
        leave_traces(made, one)
    made.pull()
    made.later(2 * HOUR)
    yield made
    made.close()


def leave_traces(world: PullWorld, contact: str) -> None:
    email = world.hand.row("contacts", contact)["properties"]["email"]
    world.hand.add_submission(FORMS[0], email.upper())
    world.hand.add_email_event("CLICK", email.title())
    world.hand.add_event(contact)


def erase(world: PullWorld, contact: str, *, traces: bool = False) -> None:
    """Erase *contact* at HubSpot, which without *traces* goes on listing what they did."""
    assert world.gone(contact, erased=True)
    world.hand.erase("contacts", contact, traces=traces)


def is_the_portal(world: PullWorld) -> bool:
    return all(world.held(name) == world.expected(name) for name in (*CRM, *ACTIVITY))


def counts(world: PullWorld) -> list[int]:
    return [len(world.held(name)) for name in ACTIVITY]


def test_what_an_erased_person_did_leaves_with_them_and_stays_away(world: PullWorld) -> None:
    erase(world, PERSON)
    before = (world.traces(), counts(world))

    pulled = world.pull(full=True)
    left = world.traces()
    again = world.pull(full=True)

    assert before[0]
    assert pulled is not None
    assert pulled.erased == {"contacts": (PERSON,)}
    assert (before[1], counts(world), left) == ([2, 2, 2], [1, 1, 1], [])
    assert again is not None
    assert {name: again.counts[name].changed for name in ACTIVITY} == dict.fromkeys(ACTIVITY, 0)
    assert is_the_portal(world)


def test_what_is_told_of_an_erased_person_afterwards_is_refused(world: PullWorld) -> None:
    erase(world, PERSON)
    world.pull(full=True)
    world.hand.add_submission(FORMS[1], address(PERSON).upper())
    world.hand.add_email_event("OPEN", address(PERSON))
    world.hand.add_event(PERSON)

    world.pull()

    assert counts(world) == [1, 1, 1]
    assert world.traces() == []


def test_an_address_that_another_contact_has_keeps_what_was_sent_to_it(world: PullWorld) -> None:
    world.hand.update(
        "contacts", OTHER, {"hs_additional_emails": f"x@people.example;{address(PERSON)}"}
    )
    world.pull()
    erase(world, PERSON)

    world.pull(full=True)

    assert counts(world) == [2, 2, 1]
    assert is_the_portal(world)


def test_what_was_kept_for_another_goes_when_they_give_the_address_up(world: PullWorld) -> None:
    world.hand.update("contacts", OTHER, {"hs_additional_emails": address(PERSON)})
    world.pull()
    erase(world, PERSON)
    world.pull(full=True)
    world.hand.update("contacts", OTHER, {"hs_additional_emails": ""})

    world.pull(full=True)

    assert counts(world) == [1, 1, 1]
    assert world.traces() == []
    assert is_the_portal(world)


@pytest.mark.parametrize("full", [False, True])
def test_a_new_contact_at_the_same_address_has_what_was_sent_to_it(
    world: PullWorld, full: bool
) -> None:
    erase(world, PERSON)
    world.pull(full=True)
    world.hand.create("contacts", {"email": address(PERSON).title()})
    world.later(2 * HOUR)

    world.pull(full=full)

    assert counts(world) == [2, 2, 1]
    assert is_the_portal(world)


def test_who_was_archived_first_is_named_and_their_traces_go(world: PullWorld) -> None:
    world.parted_with[PERSON] = addresses_of(world.hand.row("contacts", PERSON))
    world.hand.archive("contacts", PERSON)
    archived = world.pull(full=True)
    kept = counts(world)
    erase(world, PERSON)

    pulled = world.pull(full=True)

    assert archived is not None
    assert pulled is not None
    assert (archived.erased, pulled.erased) == ({}, {"contacts": (PERSON,)})
    assert (kept, counts(world)) == ([2, 2, 2], [1, 1, 1])
    assert world.traces() == []


def test_who_was_archived_before_anything_was_read_is_known_when_they_go(tmp_path: Path) -> None:
    world = PullWorld(tmp_path)
    leave_traces(world, PERSON)
    world.parted_with[PERSON] = addresses_of(world.hand.row("contacts", PERSON))
    world.hand.archive("contacts", PERSON)
    world.pull()
    before = counts(world)
    erase(world, PERSON)

    world.pull(full=True)

    assert (before, counts(world)) == ([1, 1, 1], [0, 0, 0])
    assert world.traces() == []
    world.close()


def test_who_is_archived_is_remembered_without_an_address(world: PullWorld) -> None:
    email = address(PERSON)
    world.hand.archive("contacts", PERSON)
    for stream in ACTIVITY:
        world.sandbox.portal.rows[stream].clear()

    world.pull(full=True, accept_empty=True)
    world.store.close()

    assert email.encode() not in world.file.read_bytes()
    world.store = Store(f"sqlite:///{world.file}")


def test_who_comes_back_from_the_archive_is_not_erased(world: PullWorld) -> None:
    world.hand.archive("contacts", PERSON)
    world.pull(full=True)
    world.hand.restore("contacts", PERSON)

    pulled = world.pull(full=True)

    assert pulled is not None
    assert pulled.erased == {}
    assert is_the_portal(world)


def test_the_traces_of_a_merged_person_go_by_every_id_and_address(world: PullWorld) -> None:
    survivor = world.hand.merge("contacts", PERSON, OTHER)
    world.pull()
    erase(world, survivor)

    world.pull(full=True)

    assert counts(world) == [0, 0, 0]
    assert world.traces() == []


@pytest.mark.parametrize("workers", [1, 4])
def test_a_small_stream_that_was_all_theirs_does_not_stop_the_runs(
    tmp_path: Path, workers: int
) -> None:
    """Email events are few and listed each time, contacts are many and wait for the sweep."""
    world = PullWorld(tmp_path, size=12)
    leave_traces(world, PERSON)
    world.pull(small=5)
    erase(world, PERSON, traces=True)

    pulled = world.pull(small=5, workers=workers)

    assert pulled is not None
    assert pulled.emptied == []
    assert pulled.erased == {"contacts": (PERSON,)}
    assert world.traces() == []
    assert is_the_portal(world)
    world.close()


def test_a_small_stream_that_is_empty_for_no_reason_still_stops_the_run(tmp_path: Path) -> None:
    world = PullWorld(tmp_path, size=12)
    leave_traces(world, PERSON)
    world.pull(small=5)
    for stream in ACTIVITY:
        world.sandbox.portal.rows[stream].clear()

    pulled = world.pull(small=5)

    assert pulled is not None
    assert sorted(pulled.emptied) == sorted(ACTIVITY)
    assert pulled.erased == {}
    assert counts(world) == [1, 1, 1]
    world.close()


def _kill() -> None:
    raise Killed


def test_a_kill_at_any_request_of_the_sweep_loses_no_erasure(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    killed = 0
    for moment in ("before", "after"):
        for number in itertools.count(1, 1 if SOAK else 5):
            folder = tmp_path / f"{moment}-{number}"
            folder.mkdir()
            if not _is_killed_and_recovers(folder, number, moment):
                break
            killed += 1
    assert killed > 5
    which = "each request" if SOAK else "every fifth request"
    counted(f"kills around an erasure: {killed}, before and after {which} of a sweep")


def _is_killed_and_recovers(folder: Path, number: int, moment: Moment) -> bool:
    world = PullWorld(folder, size=3)
    for one in (PERSON, OTHER):
        leave_traces(world, one)
    world.pull()
    world.later(10 * MINUTE)
    erase(world, PERSON)

    pulled = world.pull(Way({(number, moment): [_kill]}), full=True)
    world.pull(full=True)

    assert world.traces() == []
    assert counts(world) == [1, 1, 1]
    assert is_the_portal(world)
    world.close()
    return pulled is None


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_kill_at_the_commit_that_purges_loses_no_erasure(
    world: PullWorld, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    erase(world, PERSON)
    drop = Store.drop_unseen

    def killed(store: Store, stream: str, *args: object, **given: object) -> int:
        if stream == "contacts" and is_committed:
            drop(store, stream, *args, **given)  # type: ignore[arg-type]
        if stream == "contacts":
            raise Killed
        return drop(store, stream, *args, **given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Store, "drop_unseen", killed)
        world.pull(full=True)
    known = PERSON in world.held("contacts")
    kept = counts(world)

    world.pull(full=True)

    assert (known, kept) == ((False, [1, 1, 1]) if is_committed else (True, [2, 2, 2]))
    assert world.traces() == []
    assert is_the_portal(world)


def test_whom_the_lookup_cannot_tell_about_is_not_erased(world: PullWorld) -> None:
    erase(world, PERSON)
    refused = at(path("/contacts/batch/read"), failing())

    first = world.pull(Way({}, dict.fromkeys(range(1000), refused)), full=True)
    kept = counts(world)
    world.pull(full=True)

    assert first is not None
    assert first.failed == ["contacts"]
    assert kept == [2, 2, 2]
    assert counts(world) == [1, 1, 1]
