"""A portal that lives, a store that pulls from it, and what the mirror must hold in the end.

`PullWorld` edits the portal as people do (`edit`), pulls with trouble on the way (`pull`), and tells
what is wrong with the mirror. What must be there is worked out from the portal's own rows, not
through the endpoints or the source that are under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from cjm_sync.errors import CjmSyncError
from cjm_sync.model import Change, Need, Record
from cjm_sync.ports import SecretKeeper, Source
from cjm_sync.pull import Pulled, pull
from cjm_sync.store import Store
from cjm_sync.streams import digest_of
from cjm_sync_hubspot import HubSpotSettings, plugin
from cjm_sync_sandbox.hubspot import Answer, Fault, HubSpotSandbox, Request
from cjm_sync_sandbox.hubspot.faults import at
from cjm_sync_sandbox.hubspot.pagefaults import short_pages
from cjm_sync_sandbox.portal import Portal
from support.clock import FakeClock

Row = Mapping[str, Any]
Moment = Literal["before", "after"]

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
LONG_AGO = START - timedelta(days=90)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=one) for one in (1, 60, 3600, 86400))
FORMS = ("0a0a0a0a-0000-4000-8000-000000000001", "0a0a0a0a-0000-4000-8000-000000000002")
CRM = ("contacts", "companies", "deals", "calls")
ACTIVITY = ("form_submissions", "email_events", "events")
ENTERED = "hs_v2_date_entered_customer"
CALCULATED = {"deals": frozenset({"num_associated_contacts"})}
"""Properties whose change moves no modified date: only a sweep finds it."""

NEEDS: Mapping[str, Need] = {
    "contacts": Need(
        frozenset({"email", "hs_additional_emails", "firstname", "hs_v2_date_entered_*"}),
        frozenset({"lifecyclestage"}),
        frozenset({"companies"}),
    ),
    "companies": Need(frozenset({"industry"})),
    "deals": Need(
        frozenset({"amount", "num_associated_contacts"}),
        frozenset({"dealstage"}),
        frozenset({"contacts", "companies"}),
    ),
    "calls": Need(
        frozenset({"hs_call_title", "hs_gdpr_deleted"}), links=frozenset({"contacts", "deals"})
    ),
    "form_submissions": Need(),
    "email_events": Need(),
    "events": Need(),
}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Way:
    """What befalls a pull on its way: by the number of the request and the moment, in order.

    What is done returns another answer, or nothing; it may raise what a broken connection raises.
    """

    events: Mapping[tuple[int, Moment], Sequence[Callable[[], object]]]
    faults: Mapping[int, Fault] = field(default_factory=dict)
    number: int = 0

    def __call__(self, request: Request, answer: Answer | None) -> Answer | Request | None:
        self.number += answer is None
        for event in self.events.get((self.number, "before" if answer is None else "after"), ()):
            event()
        fault = self.faults.get(self.number)
        return fault(request, answer) if fault is not None else None


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(id_: int, past: Mapping[str, str] | None = None, **values: str) -> dict[str, Any]:
    entries = {
        name: [{"value": value, "timestamp": text(LONG_AGO), "sourceType": "CRM_UI"}]
        for name, value in (past or {}).items()
    }
    row = {
        "id": str(id_),
        "properties": {**values, **(past or {})},
        "createdAt": text(LONG_AGO),
        "updatedAt": text(LONG_AGO),
    }
    return {**row, "history": entries} if entries else row


def _portal(size: int) -> Portal:
    contacts = [
        _row(
            1000 + n, {"lifecyclestage": "lead"}, email=address(1000 + n), firstname=f"Person-{n}-"
        )
        for n in range(size)
    ]
    # Of one the past was lost; the date of its stage was not.
    past = contacts[0].pop("history")
    contacts[0]["properties"] |= {"lifecyclestage": "customer", ENTERED: text(LONG_AGO)}
    assert past
    return Portal(
        {
            "tier": "enterprise",
            "features": {"events": True},
            "forms": [{"id": form, "name": form[:8]} for form in FORMS],
        },
        {
            "contacts": contacts,
            "companies": [_row(3000 + n, industry="RETAIL") for n in range(size)],
            "deals": [
                _row(5000 + n, {"dealstage": "contractsent"}, amount="1", pipeline="default")
                for n in range(size)
            ],
            "calls": [_row(9000 + n, hs_call_title=f"Call {n}") for n in range(size)],
            **{name: [] for name in ACTIVITY},
        },
    )


def addresses_of(row: Row) -> set[str]:
    values = (row["properties"].get(name) for name in ("email", "hs_additional_emails"))
    return {part.lower() for value in values if value for part in value.split(";")}


def address(number: object) -> str:
    return f"someone-{number}@people.example"


class PullWorld:
    """A portal, a store, and time."""

    def __init__(
        self,
        folder: Path,
        *,
        size: int = 8,
        page_rows: int | None = None,
        lag_seconds: float = 0.0,
        jitter_seconds: float = 0.0,
        is_app: bool = False,
    ) -> None:
        self._url = f"sqlite:///{folder / 'store.db'}"
        self.file = folder / "store.db"
        self.clock = FakeClock(START)
        self.sandbox = HubSpotSandbox(_portal(size), clock=self.clock)
        self.sandbox.index_lag_seconds = lag_seconds
        self.sandbox.index_jitter_seconds = jitter_seconds
        self.hand = self.sandbox.edit
        self.is_app = is_app
        """Whether an OAuth app reads, whose access tokens may end at any time."""
        self.store = _opened(self._url)
        self.lag = timedelta(seconds=lag_seconds + jitter_seconds)
        self._pages = _short_pages(page_rows)
        self.sandbox.faults[:] = self._pages
        self.late: dict[tuple[str, str], datetime] = {}
        """When the search index has what was written or indexed later than it was modified."""
        self.silent: set[tuple[str, str]] = set()
        """Records that came without moving a date: only a sweep has to find them."""
        self.left: set[tuple[str, str]] = set()
        """Records that were archived, merged or erased at some time."""
        self.secrets: set[str] = set()
        """What was erased and may stand nowhere."""
        self.gone_ids: dict[str, set[str]] = {name: set() for name in CRM}
        self.gone_addresses: set[str] = set()
        """Of contacts who are gone for good: what HubSpot lists of them all the same is nobody's."""
        self.parted_with: dict[str, set[str]] = {}
        """The addresses that the mirror held of contacts when they were archived."""
        self.seen: dict[str, set[str]] = {name: set() for name in CRM}
        """The ids that the mirror ever held."""
        self.erased = self.erased_from_archive = 0
        self.named_erased: set[tuple[str, str]] = set()

    def close(self) -> None:
        self.store.close()

    def later(self, span: timedelta) -> None:
        self.clock.sleep(span.total_seconds())

    # pulls

    def source(self) -> Source:
        if self.is_app:
            assert isinstance(plugin, SecretKeeper)
            oauth = self.sandbox.oauth
            return plugin.open(
                HubSpotSettings(auth="oauth", client_id=oauth.client_id),
                clock=self.clock,
                secrets={
                    "client_secret": SecretStr(oauth.client_secret),
                    "refresh_token": SecretStr(oauth.refresh_token or ""),
                },
                transport=httpx.WSGITransport(self.sandbox),
            )
        return plugin.connect(
            HubSpotSettings(),
            clock=self.clock,
            secret=SecretStr(self.sandbox.token),
            transport=httpx.WSGITransport(self.sandbox),
        )

    def pull(self, way: Way | None = None, **options: Any) -> Pulled | None:
        """Pull once; None when it was killed or had to stop. Trouble ends with the pull."""
        self.later(MINUTE)
        self.sandbox.requests.clear()
        self.sandbox.faults[:] = [*self._pages, *([way] if way is not None else [])]
        source = self.source()
        try:
            pulled = pull(source, self.store, NEEDS, clock=self.clock, **options)
        except (Killed, CjmSyncError):
            # Whoever comes next is another process.
            self.store.close()
            self.store = _opened(self._url)
            return None
        else:
            for name, ids in pulled.erased.items():
                self.named_erased |= {(name, id_) for id_ in ids}
            return pulled
        finally:
            source.close()
            self.sandbox.faults[:] = self._pages
            for name in CRM:
                self.seen[name] |= set(self.held(name))

    def long_pages(self) -> None:
        """Let pages be as long as they are asked for, from now on."""
        self._pages = []
        self.sandbox.faults.clear()

    def is_followed(self, stream: str) -> bool:
        """Tell whether the next pull reads what changed, and not yet everything."""
        need = NEEDS[stream]
        return self.store.trail(stream, digest_of(need)).settled is not None

    def held(self, name: str) -> dict[str, Record]:
        """Return what the mirror holds; links in order, and none is as good as no word of them."""
        found = {}
        for record in self.store.records(name):
            assert record.id not in found
            assert all(len(ids) == len(set(ids)) for ids in record.links.values()), record
            links = {to: tuple(sorted(ids)) for to, ids in record.links.items() if ids}
            found[record.id] = replace(record, links=links)
        return found

    # what must be there

    def expected(self, name: str) -> dict[str, Record]:
        """Return by id the records that the portal's rows make, as `held` gives them."""
        if name in CRM:
            return {id_: self._record(name, row) for id_, row in self.hand.live(name).items()}
        rows = self.sandbox.portal.rows[name]
        records = map(
            {"form_submissions": _submission, "email_events": _email_event, "events": _event}[name],
            rows,
        )
        nobodys = (self.gone_addresses - self.live_addresses()) | self.gone_ids["contacts"]
        named = {"form_submissions": "email", "email_events": "recipient", "events": "objectId"}
        return {
            record.id: record
            for record in records
            if record is not None and record.properties[named[name]] not in nobodys
        }

    def live_addresses(self) -> set[str]:
        """Return the addresses of contacts who are there."""
        return set().union(*(addresses_of(row) for row in self.hand.live("contacts").values()))

    def held_addresses(self, contact: str) -> set[str] | None:
        """Return the addresses of *contact* as the mirror knows them, None when it knows none."""
        held = self.store.records_of("contacts", [contact]).get(contact)
        if held is not None:
            return addresses_of({"properties": held.properties})
        return self.parted_with.get(contact)

    def gone(self, contact: str, *, erased: bool) -> bool:
        """Note that *contact* is about to go for good; False if the mirror does not know it whole.

        Of what the mirror never knew it cannot know that it is gone.
        """
        former = self.hand.aliases("contacts")
        told = {old for old, now in former.items() if now == contact} | {contact}
        row = self.hand.row("contacts", contact)
        led = {old for old, now in self.store.survivors("contacts").items() if now == contact}
        if self.held_addresses(contact) != addresses_of(row) or not told <= led | {contact}:
            return False
        self.gone_ids["contacts"] |= told
        self.gone_addresses |= addresses_of(row)
        self.secrets |= addresses_of(row)
        self.erased += erased
        self.erased_from_archive += erased and contact in self.hand.archived("contacts")
        # The rows of former ids stay in the portal until their survivor goes.
        for kept in self.sandbox.portal.rows["contacts"]:
            if kept["id"] in told and erased:
                self.secrets |= addresses_of(kept) | {kept["properties"].get("firstname") or "-"}
        return True

    def _record(self, name: str, row: Row) -> Record:
        need = NEEDS[name]
        wanted = {one for one in need.properties | need.history if "*" not in one}
        values = {one: row["properties"].get(one) for one in sorted(wanted)}
        history = {
            one: tuple(Change(e["value"], e["timestamp"], e["sourceType"]) for e in entries)
            for one in need.history
            if (entries := (row.get("history") or {}).get(one))
        }
        dated = row["properties"].get(ENTERED)
        if dated and any(values[one] and one not in history for one in need.history):
            values[ENTERED] = dated
        links = {to: tuple(sorted(self.hand.linked(name, row["id"], to))) for to in need.links}
        return Record(
            name,
            row["id"],
            values,
            history,
            {to: ids for to, ids in links.items() if ids},
            row["createdAt"],
            row["updatedAt"],
        )

    def told_former(self, name: str) -> dict[str, str]:
        """Return the former ids that the mirror must lead on, with whom they live on as.

        All that a live record names, and all that were in the mirror under their own id.
        """
        live = self.hand.live(name)
        named = set().union(*(self.named_former(name, id_) for id_ in live))
        return {
            former: survivor
            for former, survivor in self.hand.aliases(name).items()
            if survivor in live and former in named | self.seen[name]
        }

    def named_former(self, name: str, id_: str) -> set[str]:
        """Return the former ids that a live record names itself."""
        named = self.hand.row(name, id_)["properties"].get("hs_merged_object_ids")
        return set(str(named).split(";")) if named else set()

    def late_edits(self, pulled_at: datetime) -> Iterator[tuple[str, str, Record]]:
        """Yield (object, id, record) of what a pull begun then must have brought by following."""
        for name in CRM:
            rows = self.hand.live(name)
            for id_, row in rows.items():
                changed = datetime.fromisoformat(row["updatedAt"]) + self.lag
                shows = max(changed, self.late.get((name, id_), changed))
                if shows <= pulled_at and (name, id_) not in self.silent:
                    yield name, id_, self._record(name, row)

    def traces(self) -> list[str]:
        """Return what is left of those who were erased, in the store and in its file as it lies."""
        found = [
            f"{name} {record.id}"
            for name, ids in self.gone_ids.items()
            for record in self.store.records(name)
            if record.id in ids
        ]
        found += [
            f"{name} alias {former} {now}"
            for name, ids in self.gone_ids.items()
            for former, now in self.store.aliases(name).items()
            if {former, now} & ids
        ]
        found += [
            f"{name} {record.id} links {to}"
            for name in CRM
            for record in self.store.records(name)
            for to, ids in record.links.items()
            if set(ids) & self.gone_ids.get(to, set())
        ]
        self.store.close()
        held = self.file.read_bytes()
        self.store = _opened(self._url)
        secrets = sorted(self.secrets - self.live_addresses() - {"-"})
        return found + [secret for secret in secrets if secret.encode() in held]


def _opened(url: str) -> Store:
    """Open the store without waiting for the disk: here processes die, not machines."""
    store = Store(url)
    with store._engine.connect() as db:
        db.exec_driver_sql("PRAGMA synchronous=OFF")
    return store


def _short_pages(rows: int | None) -> list[Fault]:
    def wanted(request: Request) -> bool:
        parts = ("/crm/objects/", "/submissions/", "/email/public/", "/event-occurrences")
        return any(part in request.path for part in parts) and "/batch/" not in request.path

    return [] if rows is None else [at(wanted, short_pages(rows))]


def _submission(row: Row) -> Record:
    emails = [value["value"] for value in row["values"] if value["name"] == "email"]
    return Record(
        "form_submissions",
        row["conversionId"],
        {
            "formId": row["formId"],
            "submittedAt": row["submittedAt"],
            "email": emails[0].lower() if emails else None,
        },
    )


def _email_event(row: Row) -> Record | None:
    if row["filteredEvent"]:
        return None
    names = ("id", "created", "type", "emailCampaignId", "appId", "filteredEvent")
    kept = {name: row[name] for name in names} | {"recipient": row["recipient"].lower()}
    return Record("email_events", f"{row['id']}:{row['created']}", kept)


def _event(row: Row) -> Record:
    names = ("objectType", "objectId", "eventType", "occurredAt")
    return Record("events", row["id"], {name: row[name] for name in names})
