"""Measure the model: from a mirror of 100,000 contacts with 1,000,000 touches to the map.

Each size is made once (a made-up portal, written into an SQLite mirror) and then measured in a
fresh process, so that peak memory is its own. Printed per size: what the mirror holds, seconds by
the clock and of the processor for reading the mirror, for working out facts of it and for
computing the map, and the peak memory; then how the seconds grow against n log n.

    python benchmarks/model.py [--sizes 10000 31600 100000] [--unit contact] [--folder KEEP]

With *--folder* the mirrors are kept there and used again; *--profile* prints where the time of the
largest size goes.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import math
import pstats
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from cjm_sync.engine import compute_map
from cjm_sync.journey.facts import Facts
from cjm_sync.mirror import need_digest
from cjm_sync.model import Change, Need, Record
from cjm_sync.ports import JourneyRequest
from cjm_sync.store import Store
from cjm_sync_mappings import plugin

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
SECONDS_GOAL, MEMORY_GOAL_MB = 30.0, 1536
PAGE = 5000
DAYS_BACK = 540.0

PER_CONTACT = {
    "companies": 0.25,
    "deals": 0.3,
    "tickets": 0.3,
    "calls": 1.6,
    "emails": 4.0,
    "meetings": 0.5,
    "notes": 0.5,
    "tasks": 0.5,
    "communications": 0.1,
    "feedback_submissions": 0.2,
    "quotes": 0.1,
    "form_submissions": 0.5,
    "email_events": 1.6,
    "events": 0.25,
}
"""Records per contact; with each contact's source they make about ten touches per contact."""
LIFECYCLE = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead",
             "opportunity", "customer", "evangelist", "other")  # fmt: skip
DEAL_STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled",
               "decisionmakerboughtin", "contractsent")  # fmt: skip
SOURCES = ("ORGANIC_SEARCH", "PAID_SEARCH", "SOCIAL_MEDIA", "REFERRALS", "DIRECT_TRAFFIC",
           "EMAIL_MARKETING", "OFFLINE")  # fmt: skip
FAMILIES = {
    "hs_lifecyclestage_*": tuple(f"hs_lifecyclestage_{value}_date" for value in LIFECYCLE),
    "contacts": tuple(f"hs_v2_date_entered_{value}" for value in LIFECYCLE),
    "deals": tuple(f"hs_v2_date_entered_{v}" for v in (*DEAL_STAGES, "closedwon", "closedlost")),
    "tickets": tuple(f"hs_v2_date_entered_{value}" for value in "1234"),
}
"""What the names that end in `*` stand for in this portal."""


class MadeUp:
    """A portal of *contacts* contacts from a seed; `stream` yields the records of one object."""

    def __init__(self, contacts: int, needs: Mapping[str, Need]) -> None:
        self._n = contacts
        self._needs = needs
        self._random = random.Random(contacts)
        self._born = [self._random.uniform(1, DAYS_BACK) for _ in range(contacts)]

    def stream(self, name: str) -> Iterator[Record]:
        """Yield records as a pull for the product's needs would store them."""
        if name in {"account", "pipelines", "properties"}:
            yield from _describe(name)
            return
        share = 1.0 if name == "contacts" else PER_CONTACT.get(name, 0.0)
        make = getattr(self, f"_{name}", self._activity)
        for number in range(round(self._n * share)):
            yield make(name, number)

    def _whose(self) -> tuple[str, float]:
        """Pick a contact and a time (in days before T) of something that happened to it."""
        place = self._random.randrange(self._n)
        return str(place + 1), self._random.uniform(0.01, self._born[place])

    def _made(
        self,
        name: str,
        number: int,
        ago: float,
        given: Mapping[str, str],
        *,
        moves: Mapping[str, list[tuple[float, str]]] | None = None,
        links: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Record:
        past = moves or {}
        properties: dict[str, str | None] = dict.fromkeys(_names(name, self._needs[name]))
        properties |= given
        properties["createdate"] = _at(ago)
        properties |= {prop: changes[-1][1] for prop, changes in past.items()}
        return Record(
            name,
            str(number + 1),
            properties,
            history={
                prop: tuple(Change(value, _at(t), "CRM_UI") for t, value in reversed(changes))
                for prop, changes in past.items()
            },
            links=links or {},
            created_at=_at(ago),
            updated_at=_at(min([ago, *(t for changes in past.values() for t, _ in changes)])),
        )

    def _contacts(self, name: str, number: int) -> Record:
        chance, born = self._random, self._born[number]
        start = chance.choice((0, 1, 1, 1, 2))
        steps = LIFECYCLE[start : start + chance.choice((1, 1, 2, 2, 3, 4, 5))]
        times = sorted((chance.uniform(0.01, born) for _ in steps[1:]), reverse=True)
        given = {
            "email": f"c{number + 1}@bench.example",
            "hs_analytics_source": chance.choice(SOURCES),
            "hs_analytics_first_timestamp": _at(born),
            "associatedcompanyid": str(number // 4 + 1),
            "hs_buying_role": chance.choice(("DECISION_MAKER", "CHAMPION", "END_USER", "", "")),
            "country": chance.choice(("France", "Japan", "Brazil", "Kenya", "Canada")),
        }
        moves = list(zip([born, *times], steps, strict=True))
        return self._made(name, number, born, given, moves={"lifecyclestage": moves})

    def _companies(self, name: str, number: int) -> Record:
        industry = self._random.choice(("BANKING", "RETAIL", "COMPUTER_SOFTWARE", "EDUCATION"))
        size = str(self._random.choice((5, 20, 80, 400, 2000)))
        given = {"industry": industry, "numberofemployees": size}
        return self._made(name, number, DAYS_BACK, given)

    def _deals(self, name: str, number: int) -> Record:
        chance = self._random
        contact, ago = self._whose()
        stages = list(DEAL_STAGES[: chance.randint(1, len(DEAL_STAGES))])
        if chance.random() < 0.7:
            stages.append(chance.choice(("closedwon", "closedlost")))
        times = [ago, *sorted((chance.uniform(0.005, ago) for _ in stages[1:]), reverse=True)]
        given = {
            "pipeline": "default",
            "amount": str(chance.randint(100, 90_000)),
            "closed_lost_reason": chance.choice(("price", "a rival won", "no reply", "timing", "")),
        }
        return self._made(
            name,
            number,
            ago,
            given,
            moves={"dealstage": list(zip(times, stages, strict=True))},
            links={"contacts": (contact,), "companies": ((str((int(contact) - 1) // 4 + 1)),)},
        )

    def _tickets(self, name: str, number: int) -> Record:
        chance = self._random
        contact, ago = self._whose()
        closed = ago - chance.expovariate(1 / 3)
        given = {
            "hs_pipeline": "0",
            "hs_ticket_priority": chance.choice(("LOW", "MEDIUM", "HIGH", "URGENT", "")),
            "hs_ticket_category": chance.choice(
                ("PRODUCT_ISSUE", "BILLING_ISSUE", "GENERAL_INQUIRY")
            ),
            "source_type": chance.choice(("EMAIL", "CHAT", "PHONE")),
        }
        moves = [(ago, "1")]
        if closed > 0:
            given["closed_date"] = _at(closed)
            moves.append((closed, "4"))
        links = {"contacts": (contact,)}
        return self._made(name, number, ago, given, moves={"hs_pipeline_stage": moves}, links=links)

    def _activity(self, name: str, number: int) -> Record:
        chance = self._random
        contact, ago = self._whose()
        given = {"hs_timestamp": _at(ago)}
        links = {"contacts": (contact,)}
        match name:
            case "calls":
                given["hs_call_direction"] = chance.choice(("OUTBOUND", "OUTBOUND", "INBOUND"))
                given["hs_call_status"] = "COMPLETED"
                given["hs_call_disposition"] = chance.choice(
                    ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "73a0d17f-1163-4015-bdd5-ec830791da20")
                )
            case "emails":
                given["hs_email_direction"] = chance.choice(("EMAIL", "EMAIL", "INCOMING_EMAIL"))
                given["hs_email_status"] = "SENT"
                given["hs_email_open_count"] = str(chance.randint(0, 2))
            case "meetings":
                given["hs_meeting_outcome"] = chance.choice(("COMPLETED", "COMPLETED", "NO_SHOW"))
            case "communications":
                given["hs_communication_channel_type"] = chance.choice(("WHATS_APP", "SMS"))
            case "feedback_submissions":
                given["hs_survey_type"] = "NPS"
                given["hs_value"] = str(chance.randint(0, 10))
                given["hs_submission_timestamp"] = _at(ago)
            case "quotes":
                given["hs_status"] = "APPROVED"
            case _:
                pass
        return self._made(name, number, ago, given, links=links)

    def _form_submissions(self, name: str, number: int) -> Record:
        contact, ago = self._whose()
        fields = {"formId": "f", "submittedAt": _ms(ago), "email": f"c{contact}@bench.example"}
        return Record(name, f"conversion-{number}", fields)

    def _email_events(self, name: str, number: int) -> Record:
        contact, ago = self._whose()
        fields = {
            "id": f"event-{number}",
            "created": _ms(ago),
            "type": self._random.choice(("DELIVERED", "DELIVERED", "DELIVERED", "OPEN", "CLICK")),
            "recipient": f"c{contact}@bench.example",
            "sentBy": {"id": f"message-{number // 5}", "created": _ms(ago)},
        }
        return Record(name, f"event-{number}:{fields['created']}", fields)

    def _events(self, name: str, number: int) -> Record:
        contact, ago = self._whose()
        fields = {
            "objectType": "CONTACT",
            "objectId": contact,
            "eventType": "e_visited_page",
            "occurredAt": _at(ago),
            "id": f"view-{number}",
            "properties": {"hs_url": "https://www.example.com/pricing"},
        }
        return Record(name, f"view-{number}", fields)


def _names(name: str, need: Need) -> list[str]:
    """Return the properties of a need with their families resolved, in a fixed order."""
    found: set[str] = set()
    for wanted in need.properties | need.history:
        if not wanted.endswith("*"):
            found.add(wanted)
        else:
            found.update(FAMILIES.get(wanted) or FAMILIES.get(name, ()))
    return sorted(found)


def _describe(name: str) -> Iterator[Record]:
    if name == "account":
        yield Record("account", "1", {"portalId": 1, "timeZone": "UTC", "companyCurrency": "EUR"})
    elif name == "pipelines":
        stages = [
            {"id": key, "label": key, "metadata": {"isClosed": "false", "probability": str(p)}}
            for key, p in zip(DEAL_STAGES, (0.2, 0.4, 0.6, 0.8, 0.9), strict=True)
        ]
        for key, probability in (("closedwon", "1.0"), ("closedlost", "0.0")):
            metadata = {"isClosed": "true", "probability": probability}
            stages.append({"id": key, "label": key, "metadata": metadata})
        sales = {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stages}
        yield Record("pipelines", "deals/default", sales)
        support = [
            {"id": key, "label": key, "metadata": {"ticketState": state}}
            for key, state in (("1", "OPEN"), ("2", "OPEN"), ("3", "OPEN"), ("4", "CLOSED"))
        ]
        yield Record(
            "pipelines",
            "tickets/0",
            {"id": "0", "label": "Support", "displayOrder": 0, "stages": support},
        )


def _at(days_ago: float) -> str:
    moment = AS_OF - timedelta(days=days_ago)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _ms(days_ago: float) -> int:
    return round((AS_OF - timedelta(days=days_ago)).timestamp() * 1000)


def journey_of(unit: Literal["contact", "company", "deal"]) -> JourneyRequest:
    """Return a journey of *unit* as the configuration would ask for it."""
    return JourneyRequest("customers", "Customer journey", unit, "crm", "", {}, ())


def make(path: Path, contacts: int, needs: Mapping[str, Need]) -> None:
    """Write a mirror of a made-up portal to *path*."""
    portal = MadeUp(contacts, needs)
    with Store(f"sqlite:///{path}") as store:
        for name, need in needs.items():
            digest = _digest({name: need})
            reading = store.reading(name, digest)
            for page in _pages(portal.stream(name)):
                store.save_batch(name, digest, reading, page, {})


def _digest(needs: Mapping[str, Need]) -> str:
    return need_digest(
        [
            (name, sorted(need.properties), sorted(need.history), sorted(need.links))
            for name, need in sorted(needs.items())
        ]
    )


def _pages(records: Iterable[Record]) -> Iterator[list[Record]]:
    page: list[Record] = []
    for record in records:
        page.append(record)
        if len(page) == PAGE:
            yield page
            page = []
    yield page


class TimedRecords:
    """A mirror's records that know how long reading them took, and how many there were."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.read = 0
        self.seconds = self.cpu_seconds = 0.0

    def all(self, object: str) -> Iterator[Record]:  # noqa: A002 - the port's own word
        # In lots, since asking two clocks for each record would be a good part of the reading.
        records = iter(self._records.all(object))
        while True:
            began, cpu_began = time.perf_counter(), time.process_time()
            lot = list(islice(records, 200))
            self.seconds += time.perf_counter() - began
            self.cpu_seconds += time.process_time() - cpu_began
            self.read += len(lot)
            yield from lot
            if len(lot) < 200:
                return


class TimedMapping:
    """The product's mapping, which knows when its facts were there and how long reading took."""

    def __init__(self) -> None:
        self.read = self.touches = 0
        self.read_seconds = self.read_cpu = self.facts_mb = 0.0
        self.done = self.cpu_done = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(plugin, name)

    def facts(self, records: Any, journey: JourneyRequest, *, as_of: datetime) -> Facts:
        timed = TimedRecords(records)
        facts = plugin.facts(timed, journey, as_of=as_of)
        self.done, self.cpu_done = time.perf_counter(), time.process_time()
        self.read, self.touches = timed.read, int(facts.touches.unit.size)
        self.read_seconds, self.read_cpu = timed.seconds, timed.cpu_seconds
        self.facts_mb = peak_mb()
        return facts


def measure(
    path: Path, unit: Literal["contact", "company", "deal"], *, profiled: bool
) -> dict[str, float]:
    """Compute the map of the mirror at *path* as a run does; return what each step took."""
    profiler = cProfile.Profile() if profiled else None
    mapping = TimedMapping()
    with Store(f"sqlite:///{path}") as store:
        if profiler is not None:
            profiler.enable()
        began, cpu_began = time.perf_counter(), time.process_time()
        (journey,) = compute_map(mapping, store, [journey_of(unit)], as_of=AS_OF).journeys
        ended, cpu_ended = time.perf_counter(), time.process_time()
        if profiler is not None:
            profiler.disable()
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(35)
    return {
        "units": journey.units or 0,
        "touches": mapping.touches,
        "records": mapping.read,
        "read": mapping.read_seconds,
        "facts": mapping.done - began - mapping.read_seconds,
        "compute": ended - mapping.done,
        "seconds": ended - began,
        "read_cpu": mapping.read_cpu,
        "facts_cpu": mapping.cpu_done - cpu_began - mapping.read_cpu,
        "compute_cpu": cpu_ended - mapping.cpu_done,
        "cpu": cpu_ended - cpu_began,
        "facts_mb": mapping.facts_mb,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Return the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_its_own_process(path: Path, arguments: argparse.Namespace, *, last: bool) -> dict[str, Any]:
    """Measure in a fresh process: its peak memory is that of this alone."""
    command = [sys.executable, __file__, "--mirror", str(path), "--unit", arguments.unit]
    if arguments.profile and last:
        command.append("--profile")
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def report(rows: list[dict[str, float]]) -> None:
    """Print how time grows and whether the largest size keeps the goals."""
    small = rows[0]
    for row in rows[1:]:
        size = row["units"] / small["units"]
        allowed = size * math.log(row["units"]) / math.log(small["units"])
        print(
            f"from {small['units']:.0f} to {row['units']:.0f}: processor seconds "
            f"x {row['cpu'] / small['cpu']:.2f}, n log n x {allowed:.2f}"
        )
    last = rows[-1]
    print(
        f"{last['units']:.0f} units, {last['touches']:.0f} touches: {last['seconds']:.1f} s "
        f"(goal {SECONDS_GOAL:.0f}), {last['peak_mb']:.0f} MB (goal {MEMORY_GOAL_MB})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 31_600, 100_000])
    parser.add_argument("--unit", default="contact", choices=("contact", "company", "deal"))
    parser.add_argument("--folder", type=Path, help="keep the mirrors here and use them again")
    parser.add_argument("--profile", action="store_true", help="of the last size")
    parser.add_argument("--mirror", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.mirror is not None:
        print(json.dumps(measure(arguments.mirror, arguments.unit, profiled=arguments.profile)))
        return
    print(
        f"{'units':>8}{'touches':>10}{'records':>10}{'read s':>9}{'facts s':>9}{'compute s':>11}"
        f"{'all s':>8}   {'cpu: read':>9}{'facts':>7}{'compute':>9}{'all':>7}{'facts MB':>10}"
        f"{'peak MB':>9}"
    )
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for size in sorted(arguments.sizes):
            needs = plugin.needs(journey_of(arguments.unit))
            # Another need would store other properties, so it has a mirror of its own.
            name = f"model-{size}-{_digest(needs)[:8]}.db"
            path = (arguments.folder or Path(temporary)) / name
            if not path.exists():
                made = path.with_suffix(".making")
                make(made, size, needs)
                made.rename(path)
            row = in_its_own_process(path, arguments, last=size == max(arguments.sizes))
            rows.append(row)
            print(
                f"{row['units']:>8.0f}{row['touches']:>10.0f}{row['records']:>10.0f}"
                f"{row['read']:>9.2f}{row['facts']:>9.2f}{row['compute']:>11.2f}"
                f"{row['seconds']:>8.2f}   {row['read_cpu']:>9.2f}{row['facts_cpu']:>7.2f}"
                f"{row['compute_cpu']:>9.2f}{row['cpu']:>7.2f}{row['facts_mb']:>10.0f}"
                f"{row['peak_mb']:>9.0f}",
                flush=True,
            )
    report(rows)


if __name__ == "__main__":
    main()
