"""A person works in the workspace between and during runs, with faults and kills: by many seeds.

Whatever happens, what the person did still stands afterwards, no subject has two rows of ours, and
rows that are not ours are as they were. What may not stand, by the rules of ownership, is named
in `yields`, and how often that happened is printed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from cjm_sync.steps import KEY
from cjm_sync_sandbox.notion import Deed, Person
from cjm_sync_sandbox.notion.faults import (
    Fault,
    at,
    bad_gateway,
    conflict,
    empty,
    failing,
    overloaded,
    rate_limited,
    truncated,
    unavailable,
)
from cjm_sync_sandbox.notion.requests import RequestLog
from cjm_sync_sandbox.notion.text import plain
from cjm_sync_sandbox.portal import Portal
from support.world import SOAK, Stopped, World, edited, writes

pytestmark = pytest.mark.sweep

EACH = 10 if SOAK else 3
BATCHES = 12 if SOAK else 2
DAYS = 5
_FAULTS: tuple[Callable[[], Fault], ...] = (
    conflict,
    overloaded,
    failing,
    bad_gateway,
    truncated,
    empty,
    lambda: unavailable(committed=True),
    lambda: rate_limited("public_api_request_rate_limit"),
    lambda: rate_limited("public_api_space_request_rate_limit"),
)


@dataclass
class Story:
    """One world, one person, some days."""

    world: World
    dice: Random
    person: Person
    done: Counter[str] = field(default_factory=Counter)
    spans: list[tuple[int, int]] = field(default_factory=list)
    """First and last request of each run."""

    def act(self) -> None:
        self.done[self.person.anything()] += 1

    def day(self) -> None:
        for _ in range(self.dice.randrange(1, 9)):
            self.act()
            self.world.wait(minutes=self.dice.choice((0, 1, 90)))
        for _ in range(self.dice.randrange(4)):
            schedule = self.dice.choice((self.person.before, self.person.after))
            schedule(self.dice.randrange(1, 40), self.act)
        first = len(self.world.notion.requests) + 1
        if self.dice.random() < 0.5:
            number = first + self.dice.randrange(30)
            fault = self.dice.choice(_FAULTS)()
            self.world.notion.faults.append(at({number, number + 7}, fault))
        if self.dice.random() < 0.35:
            self.run_killed(first + self.dice.randrange(30))
        else:
            self.run()
        self.spans.append((first, len(self.world.notion.requests)))
        self.person.rest()
        self.world.notion.faults.clear()
        self.world.wait(days=self.dice.choice((0, 1, 12)), minutes=self.dice.choice((1, 15)))

    def run(self) -> None:
        # T moves on with the days, so numbers do as well.
        report = self.world.run(as_of=None)
        self.done[f"run {report.outcome}"] += 1
        assert report.error is None or report.error.exit_code in {1, 3}, report.findings

    def run_killed(self, number: int) -> None:
        def stop(log: RequestLog) -> None:
            if log.number >= number:
                raise Stopped

        hooks: Any = self.dice.choice((self.world.notion.hooks, self.world.notion.after_hooks))
        hooks.append(stop)
        try:
            self.run()
        except Stopped:
            self.done["run killed"] += 1
        finally:
            hooks.remove(stop)

    def settle(self) -> None:
        """Run until nothing is left to do."""
        sent: list[tuple[str, str]] = []
        for _ in range(5):
            self.world.wait(minutes=15)
            first = len(self.world.notion.requests)
            report = self.world.run(as_of=None)
            sent = writes(self.world.notion.requests[first:])
            self.spans.append((first + 1, len(self.world.notion.requests)))
            assert report.outcome == "done", report.findings
            if not sent:
                return
        raise AssertionError(f"every run writes something: {sent}")


def tell(story: Story, portal: Portal) -> None:
    """Let the days of a story pass, and the runs after it that settle everything."""
    for number in range(DAYS):
        before = strays(story.world)
        story.day()
        # Those that the person went on with are held to their deeds instead.
        mine = {deed.target for deed in story.person.deeds}
        after = strays(story.world)
        for row in before.keys() - mine:
            assert after.get(row) == before[row], row
        if number == 1:
            story.world.read(edited(portal))
    story.settle()


def yields(story: Story, deed: Deed) -> str:
    """Return by which rule *deed* may not stand any more, "" when it must."""
    tables = story.world.notion._ws.tables
    if deed.kind == "cell":
        page = tables["pages"].get(deed.target)
        if page is None or _column(tables, page, deed.part) is None:
            return "the column is gone"
        synced = _synced(story.world, page, deed.part)
        if synced == KEY:
            return "keys are put back"
        if synced and not deed.left:
            return "an emptied cell of ours is filled again"
        if synced and any(first <= deed.number + 1 <= last for first, last in story.spans):
            return "a cell of ours, edited while the run wrote it"
    bindings = story.world.bindings().values()
    owned = {b.remote_id for b in bindings if b.kind in {"block", "picture"}}
    if deed.kind == "body" and deed.target == _picture(story.world):
        now = tables["blocks"][deed.target]["content"].get("caption")
        return "the picture is swapped, its caption stays" if now == deed.left[1]["caption"] else ""
    if deed.kind == "body" and deed.target in owned:
        if not any(words.get("plain_text", "").strip() for words in _words_of(deed)):
            return "an emptied line of ours is filled again"
        if any(first <= deed.number + 1 <= last for first, last in story.spans):
            return "a line of ours, edited while the run wrote it"
    return ""


def _picture(world: World) -> str:
    found = world.bindings().get("_/block/picture")
    return found.remote_id if found is not None else ""


def _words_of(deed: Deed) -> list[dict[str, Any]]:
    _, content = deed.left
    return [*content.get("rich_text", ()), *content.get("caption", ())]


def _column(tables: Mapping[str, Any], page: Any, part: str) -> Any:
    if page["parent"]["type"] != "data_source_id":
        return None
    columns = tables["sources"][page["parent"]["id"]]["properties"]
    return next((c for c in columns.values() if part in {c["id"], c["type"]}), None)


def _synced(world: World, page: Any, part: str) -> str:
    """Return our key of a synced column of a row of ours, "" for people's columns and rows."""
    bindings = world.bindings()
    binding = next((b for b in bindings.values() if b.remote_id == page["id"]), None)
    if binding is None:
        return ""
    ids = bindings[f"_/database/{binding.detail['collection']}"].detail["columns"]
    key = {str(held): name for name, held in ids.items()}.get(part, "")
    return key if key in (binding.written or {}) or key in binding.kept else ""


def strays(world: World) -> dict[str, Any]:
    """Return every row that a person made, as it stands."""
    tables = world.notion._ws.tables
    return {
        row: copy.deepcopy([tables["pages"][row]["values"], tables["blocks"][row]["in_trash"]])
        for source in tables["sources"].values()
        for row in source["rows"]
        if tables["blocks"][row]["created_by"] != world.notion.bot
    }


def twins(world: World) -> list[str]:
    """Return the keys that stand on two live rows of ours."""
    tables = world.notion._ws.tables
    keys: Counter[str] = Counter()
    for source in tables["sources"].values():
        columns = [c["id"] for c in source["properties"].values() if c["name"] == "Sync key"]
        for row in source["rows"]:
            block = tables["blocks"][row]
            if not block["in_trash"] and block["created_by"] == world.notion.bot:
                held = tables["pages"][row]["values"]
                keys.update(key for column in columns if (key := plain(held.get(column, []))))
    return sorted(key for key, count in keys.items() if count > 1)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_people_do_stands(
    synced: World, portal: Portal, batch: int, counted: Callable[[str], None]
) -> None:
    done: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for seed in range(batch * EACH, (batch + 1) * EACH):
        world = synced.copy()
        story = Story(world, Random(seed), Person(world.notion, seed=seed))
        tell(story, portal)
        lost = story.person.lost()
        assert [str(deed) for deed in lost if not yields(story, deed)] == [], seed
        assert twins(world) == [], seed
        given.update(yields(story, deed) for deed in lost)
        done.update(story.done)
        done["stands"] += len(story.person.deeds) - len(lost)
        world.drop()
    runs = {name: count for name, count in sorted(done.items()) if name.startswith("run ")}
    counted(
        f"two authors, seeds {batch * EACH}–{(batch + 1) * EACH - 1}: "
        f"{sum(done.values()) - sum(runs.values()) - done['stands']} edits, "
        f"{done['stands']} deeds stand, "
        + ", ".join(f"{count} {name}" for name, count in runs.items())
        + "".join(f"; {count} x {why}" for why, count in sorted(given.items()))
    )
