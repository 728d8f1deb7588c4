"""Measure the reading of a large portal: requests, records per second and memory.

A stub on loopback (`stub.py`, a process of its own) serves contacts and activities without limits.
Each reading is a fresh process of its own as well, so that its peak memory is its own: the product
in full at a tenth of the size and at the whole, then what it reads when one record in a hundred
changed; and the textbook loop of each peer that is installed, which stores every page in SQLite
too and is cut after *--peer-seconds*: its pages cost the same from the first to the last. The clock of the product only counts the waits that HubSpot's limits would ask for.

    python benchmarks/pull.py [--contacts N --activities M --no-peers --peer-seconds S --workers W]

Peers are `hubspot-api-client`, which the product needs anyway, and `hubspot-sdk`
(`pip install hubspot-sdk`), which is left out when it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks")
OBJECTS = ("contacts", *ACTIVITIES)
DESCRIBING = ("account", "owners", "properties")
LIST_PAGE, HISTORY_PAGE, SEARCH_PAGE, ASSOCIATIONS_PAGE = 100, 50, 200, 1000
CHANGED_SHARE = 0.01
TOKEN = "pat-stub"

REQUESTS_GOAL, SPEED_GOAL, MEMORY_GOAL_MB = 1.05, 3.0, 300
FLAT = 1.1
"""Memory at the whole size may be this many times that at a tenth and still count as flat."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one reading took, loading of modules apart.

    *stored* are the records that it wrote, *mirror* those in the store afterwards.
    """

    reader: str
    what: str
    stored: int
    mirror: int
    requests: int
    bound: int | None
    """The least requests that the page sizes allow; None for a reading that was cut."""
    seconds: float
    cpu_seconds: float
    peak_mb: float
    waits_seconds: float

    @property
    def excess(self) -> float:
        """Return requests sent for each that had to be."""
        return self.requests / self.bound if self.bound is not None else math.nan

    @property
    def rate(self) -> float:
        """Return records stored per second of wall time."""
        return self.stored / self.seconds


class CountingClock:
    """Real time for what is measured; waits only move its monotonic side on."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


class Watch:
    """Measures from the moment it is made; peak memory is that of the whole process."""

    def __init__(self) -> None:
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        """Return how long it has been."""
        return time.perf_counter() - self._began

    def read(self, *, stored: int, mirror: int, waits: float = 0.0) -> dict[str, float]:
        """Return what a reading that ends now took."""
        return {
            "stored": stored,
            "mirror": mirror,
            "waits": waits,
            "seconds": self.seconds,
            "cpu": time.process_time() - self._cpu_began,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


# the readings, each in a process of its own


def read_by_product(address: str, store_path: str, workers: int) -> dict[str, float]:
    """Bring the mirror at *store_path* up to date, as a run does."""
    from pydantic import SecretStr  # noqa: PLC0415 - a peer's memory must not pay for it

    from cjm_sync.ports import JourneyRequest  # noqa: PLC0415
    from cjm_sync.pull import pull  # noqa: PLC0415
    from cjm_sync.store import Store  # noqa: PLC0415
    from cjm_sync_hubspot import plugin  # noqa: PLC0415
    from cjm_sync_mappings import plugin as mapping  # noqa: PLC0415

    journey = JourneyRequest("customers", "Customer journey", "contact", "crm", "", {}, ())
    needs = mapping.needs(journey)
    watch = Watch()
    clock = CountingClock()
    source = plugin.connect(
        plugin.settings(base_url=address),
        clock=clock,
        secret=SecretStr(TOKEN),
        transport=None,
    )
    with closing(source), Store(f"sqlite:///{store_path}") as store:
        source.identify()
        pulled = pull(
            source,
            store,
            {name: needs[name] for name in (*DESCRIBING, *OBJECTS)},
            clock=clock,
            workers=workers,
        )
        mirror = store.count_records()
    if pulled.failed or pulled.findings:
        raise SystemExit(f"the pull was not clean: {pulled.findings[:3]}")
    return watch.read(
        stored=sum(count.changed for count in pulled.counts.values()),
        mirror=sum(mirror[name] for name in OBJECTS),
        waits=source.waited_seconds(),
    )


def product_needs() -> dict[str, dict[str, list[str]]]:
    """Return what the product reads of each object by name, for a peer to read the same."""
    from cjm_sync.ports import JourneyRequest  # noqa: PLC0415
    from cjm_sync_mappings import plugin as mapping  # noqa: PLC0415

    journey = JourneyRequest("customers", "Customer journey", "contact", "crm", "", {}, ())
    needs = mapping.needs(journey)
    return {
        name: {
            "properties": sorted(p for p in needs[name].properties if "*" not in p),
            "properties_with_history": sorted(needs[name].history),
            "associations": sorted(needs[name].links),
        }
        for name in OBJECTS
    }


def read_by_api_client(
    address: str, store_path: str, needs: Mapping[str, dict[str, list[str]]], seconds: float
) -> dict[str, float]:
    """Read with `hubspot-api-client` as its documentation shows: a page after the other."""
    import hubspot  # noqa: PLC0415
    from hubspot.crm import contacts, objects  # noqa: PLC0415

    client = hubspot.Client.create(access_token=TOKEN)
    # It has no setting for the address, other than that of each package.
    for package in (contacts, objects):
        package.Configuration.__init__ = _with_host(package.Configuration.__init__, address)

    def pages(name: str) -> Iterator[Iterable[tuple[str, object]]]:
        after = None
        while True:
            asked = {**_given(needs[name]), "limit": _page_size(needs[name]), "after": after}
            if name == "contacts":
                page = client.crm.contacts.basic_api.get_page(**asked)
            else:
                page = client.crm.objects.basic_api.get_page(name, **asked)
            yield [(row.id, row.to_dict()) for row in page.results]
            if page.paging is None:
                return
            after = page.paging.next.after

    return _stored(store_path, pages, seconds)


def _with_host(original: Callable[..., None], address: str) -> Callable[..., None]:
    def set_up(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.host = address

    return set_up


def read_by_sdk(
    address: str, store_path: str, needs: Mapping[str, dict[str, list[str]]], seconds: float
) -> dict[str, float]:
    """Read with `hubspot-sdk`, page by page."""
    sdk = importlib.import_module("hubspot_sdk")

    def pages(name: str) -> Iterator[Iterable[tuple[str, object]]]:
        asked = {**_given(needs[name]), "limit": _page_size(needs[name])}
        page = getattr(client.crm.objects, name).list(**asked)
        while True:
            yield [(row.id, row.to_dict(mode="json")) for row in page.results]
            if not page.has_next_page():
                return
            page = page.get_next_page()

    with sdk.HubSpot(access_token=TOKEN, base_url=address) as client:
        return _stored(store_path, pages, seconds)


def _given(need: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in need.items() if values}


def _page_size(need: Mapping[str, list[str]]) -> int:
    return HISTORY_PAGE if need["properties_with_history"] else LIST_PAGE


def _stored(
    store_path: str, pages: Callable[[str], Iterator[Iterable[tuple[str, object]]]], seconds: float
) -> dict[str, float]:
    """Store every page in SQLite, a transaction each, as a script would, for at most *seconds*."""
    watch = Watch()
    stored = 0
    with closing(sqlite3.connect(store_path)) as db:
        db.execute("CREATE TABLE record (object, id, body, PRIMARY KEY (object, id))")
        for name, page in ((of, page) for of in OBJECTS for page in pages(of)):
            rows = [(name, id_, json.dumps(body, default=str)) for id_, body in page]
            with db:
                db.executemany(
                    "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT (object, id) "
                    "DO UPDATE SET body = excluded.body",
                    rows,
                )
            stored += len(rows)
            if watch.seconds > seconds:
                break
        mirror = db.execute("SELECT count(*) FROM record").fetchone()[0]
    return watch.read(stored=stored, mirror=mirror)


PEERS = {"hubspot-api-client": read_by_api_client, "hubspot-sdk": read_by_sdk}
MODULES = {"hubspot-api-client": "hubspot", "hubspot-sdk": "hubspot_sdk"}


def read(arguments: argparse.Namespace) -> None:
    """Be the process of one reading; print what it took as JSON."""
    if arguments.reader == "cjm-sync":
        counts = read_by_product(arguments.address, arguments.store, arguments.workers)
    else:
        read_by_peer, needs = PEERS[arguments.reader], json.loads(arguments.needs)
        counts = read_by_peer(arguments.address, arguments.store, needs, arguments.peer_seconds)
    print(json.dumps(counts))


# the measuring


class Bench:
    """One stub and the readings of it; *options* are those of the readers."""

    def __init__(self, *, address: str, folder: Path, options: list[str]) -> None:
        self._address, self._folder, self._options = address, folder, options
        self._needs = product_needs_of_a_child()
        self._counts: dict[str, int] = self._ask("counts")["records"]

    def full(self, reader: str) -> Measured:
        """Read everything into a store that is not there yet."""
        least = sum(
            max(1, math.ceil(count / _page_size(self._needs[name])))
            for name, count in self._counts.items()
        )
        if reader == "cjm-sync":
            # The account, owners here and gone, the definitions of each object; and the contacts
            # who are archived, as they may be erased before the next listing.
            least += 1 + 2 + len(OBJECTS) + 1
        return self._measured(reader, "full", least)

    def incremental(self) -> Measured:
        """Change a share of the records and read again into the mirror that `full` left."""
        self._ask("change", {"share": CHANGED_SHARE})
        every = round(1 / CHANGED_SHARE)
        least = 1 + 2 + len(OBJECTS)
        for name, count in self._counts.items():
            changed, need = math.ceil(count / every), self._needs[name]
            least += max(1, math.ceil(changed / SEARCH_PAGE))
            if need["properties_with_history"]:
                least += math.ceil(changed / HISTORY_PAGE)
            least += len(need["associations"]) * math.ceil(changed / ASSOCIATIONS_PAGE)
        return self._measured("cjm-sync", "1 % changed", least)

    def _measured(self, reader: str, what: str, least: int) -> Measured:
        store = self._folder / f"{reader}.sqlite"
        before = self._ask("counts")["requests"]
        command = [sys.executable, str(HERE), "--reader", reader, "--address", self._address]
        command += ["--store", str(store), "--needs", json.dumps(self._needs), *self._options]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(answer.stdout)
        is_cut = told["mirror"] < sum(self._counts.values())
        return Measured(
            reader,
            "cut" if is_cut else what,
            stored=told["stored"],
            mirror=told["mirror"],
            requests=self._ask("counts")["requests"] - before,
            bound=None if is_cut else least,
            seconds=told["seconds"],
            cpu_seconds=told["cpu"],
            peak_mb=told["peak_mb"],
            waits_seconds=told["waits"],
        )

    def _ask(self, what: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        with _opener().open(f"{self._address}/stub/{what}", content) as answer:
            return json.load(answer)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def product_needs_of_a_child() -> dict[str, dict[str, list[str]]]:
    """Ask a child: this process stays small, as a child's peak memory counts its parent's."""
    command = [sys.executable, str(HERE), "--reader", "needs"]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    needs: dict[str, dict[str, list[str]]] = json.loads(answer.stdout)
    return needs


@contextmanager
def bench(contacts: int, activities: int, options: list[str]) -> Iterator[Bench]:
    """Start a stub of this size and end it."""
    command = [sys.executable, str(HERE.with_name("stub.py"))]
    command += ["--contacts", str(contacts), "--activities", str(activities)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub,
    ):
        if stub.stdout is None:
            raise SystemExit("the stub has no output")
        address = stub.stdout.readline().strip()
        yield Bench(address=address, folder=Path(folder), options=options)
        stub.communicate()


def report(rows: Iterable[Measured]) -> None:
    """Print the table, then the goals beside what was measured."""
    done: list[Measured] = []
    head = f"{'reader':<20}{'reading':<13}{'records':>9}{'stored':>9}{'requests':>10}{'bound':>7}"
    print(f"{head}{'x':>7}{'s':>8}{'cpu s':>8}{'records/s':>11}{'peak MB':>9}")
    for row in rows:
        done.append(row)
        print(
            f"{row.reader:<20}{row.what:<13}{row.mirror:>9}{row.stored:>9}{row.requests:>10}"
            f"{row.bound or '-':>7}{row.excess:>7.3f}{row.seconds:>8.1f}"
            f"{row.cpu_seconds:>8.1f}{row.rate:>11.0f}{row.peak_mb:>9.0f}",
            flush=True,
        )
    ours = [row for row in done if row.reader == "cjm-sync"]
    small, whole = (row for row in ours if row.what == "full")
    worst = max(row.excess for row in ours)
    print(f"requests: {worst:.3f} x the bound at most (goal {REQUESTS_GOAL} x)")
    peers = [row for row in done if row.reader != "cjm-sync"]
    if peers:
        best = max(peers, key=lambda row: row.rate)
        print(
            f"speed: {whole.rate / best.rate:.2f} x {best.reader} by the clock, "
            f"{best.cpu_seconds / best.stored / (whole.cpu_seconds / whole.stored):.2f} x "
            f"by processor time (goal {SPEED_GOAL} x)"
        )
    peak, growth = max(row.peak_mb for row in ours), whole.peak_mb / small.peak_mb
    print(
        f"memory: {peak:.0f} MB at most (goal {MEMORY_GOAL_MB} MB), {growth:.2f} x from "
        f"{small.mirror} to {whole.mirror} records ({'flat' if growth <= FLAT else 'not flat'})"
    )
    print(f"waits that HubSpot's limits would have asked for: {whole.waits_seconds:.0f} s")


def measure(arguments: argparse.Namespace) -> Iterator[Measured]:
    """Yield what each reading took, the product's first."""
    contacts, activities = arguments.contacts, arguments.activities
    options = ["--workers", str(arguments.workers), "--peer-seconds", str(arguments.peer_seconds)]
    with bench(contacts // 10, activities // 10, options) as small:
        yield small.full("cjm-sync")
    with bench(contacts, activities, options) as whole:
        yield whole.full("cjm-sync")
        yield whole.incremental()
        for reader in PEERS if arguments.peers else ():
            if importlib.util.find_spec(MODULES[reader]) is None:
                print(f"{reader} is not installed; it is left out")
                continue
            yield whole.full(reader)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--activities", type=int, default=500_000)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--workers", type=int, default=1, help="streams read at once")
    parser.add_argument("--peer-seconds", type=float, default=120.0, help="cut a peer's loop then")
    for hidden in ("--reader", "--address", "--store", "--needs"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader == "needs":
        print(json.dumps(product_needs()))
    elif arguments.reader:
        read(arguments)
    else:
        report(measure(arguments))


if __name__ == "__main__":
    main()
