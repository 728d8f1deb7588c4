"""A HubSpot portal as a source of records: which streams there are, and what must hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cjm_sync.errors import CjmSyncError, RejectedError
from cjm_sync.http import Road
from cjm_sync.model import Batch, Need
from cjm_sync.ports import Account, Belonging, Check, Excerpt, Known
from cjm_sync_hubspot import cursors
from cjm_sync_hubspot.activity import COMMENTS, PAGE_VIEW, Activity
from cjm_sync_hubspot.api import Api, Json
from cjm_sync_hubspot.changes import CrmChanges
from cjm_sync_hubspot.crm import ADDRESSES, CrmReader, is_family
from cjm_sync_hubspot.cursors import Window
from cjm_sync_hubspot.excerpts import Excerpts, narrows
from cjm_sync_hubspot.lists import Lists
from cjm_sync_hubspot.metadata import WITH_PIPELINES, Metadata
from cjm_sync_hubspot.samples import Samples

METADATA = (
    "account",
    "owners",
    "properties",
    "pipelines",
    "exchange_rates",
    "forms",
    "list_memberships",
)
OBJECTS = (
    "contacts",
    "companies",
    "deals",
    "tickets",
    "calls",
    "emails",
    "meetings",
    "notes",
    "tasks",
    "communications",
    "postal_mail",
    "feedback_submissions",
    "quotes",
)
ACTIVITY = ("form_submissions", "email_events", "events")

BELONGINGS = (
    Belonging("form_submissions", "email", "contacts", ADDRESSES),
    Belonging("email_events", "recipient", "contacts", ADDRESSES),
    Belonging(
        "events",
        "objectId",
        "contacts",
        among=("objectType", frozenset({"", "contact", "0-1"})),
    ),
    Belonging("feedback_submissions", "hs_contact_id", "contacts"),
    Belonging("list_memberships", "recordId", "contacts"),
)
"""What names a contact by an address or an id, and so has to go when the contact was erased."""


class HubSpotSource:
    """Reads one portal. Nothing is written, so everything may be repeated."""

    def __init__(self, api: Api, road: Road, *, overlap: timedelta = timedelta(hours=1)) -> None:
        """Take *overlap* as how far a reading of changes reaches back before its beginning."""
        self._api, self._road, self._overlap = api, road, overlap
        self._metadata = Metadata(api)
        self._activity = Activity(api, self._metadata.known_forms)
        self._crm = CrmReader(api, self._metadata.defined)
        self._changes = CrmChanges(api, self._crm)
        self._lists = Lists(api)
        self._excerpts = Excerpts(self._changes, self._lists)
        self._samples = Samples(api, self._crm, self._changes)

    def identify(self) -> Account:
        """Ask whose account the token opens; raises ConfigError on a bad token. Repeatable."""
        answer = self._metadata.ask_account()
        return Account(
            id=str(answer["portalId"]),
            currency=str(answer.get("companyCurrency") or ""),
            timezone=str(answer.get("timeZone") or "UTC"),
        )

    def streams(self, needs: Mapping[str, Need]) -> Sequence[str]:
        """Return what *needs* names, and what describes it; metadata first.

        A name not known here is a CRM object. The account always comes along, the definitions with
        any CRM object, the pipelines with objects that have them: labels and amounts mean nothing
        without. The source keeps *needs*, because these describe the other streams.
        """
        self._metadata.needs = dict(needs)
        others = sorted(needs.keys() - {*METADATA, *OBJECTS, *ACTIVITY})
        wanted = {"account", *needs}
        if needs.keys() & {*OBJECTS, *others}:
            wanted.add("properties")
        if needs.keys() & {*WITH_PIPELINES}:
            wanted.add("pipelines")
        return tuple(name for name in (*METADATA, *OBJECTS, *others, *ACTIVITY) if name in wanted)

    def pull(self, stream: str, need: Need, cursor: str | None) -> Iterator[Batch]:
        """Yield the stream's pages from *cursor* (None: the beginning) to its end.

        Raises RejectedError with status 403 when the token may not read it (the hint names the
        scope), TransientError when it failed midway. Repeatable from any cursor yielded. CRM
        objects come in the order of their ids, submissions and email events newest first. Of
        *need* only CRM objects make use: the other streams have one shape.
        """
        place = cursors.read(cursor)
        match stream:
            case "account":
                return self._metadata.account()
            case "owners":
                return self._metadata.owners(place)
            case "properties":
                return self._metadata.properties(self._objects(), place)
            case "pipelines":
                return self._metadata.pipelines(self._piped(), place)
            case "exchange_rates":
                return self._metadata.rates()
            case "forms":
                return self._metadata.forms(place)
            case "list_memberships":
                return self._lists.memberships(sorted(need.properties), place)
            case "form_submissions":
                return self._activity.submissions(place)
            case "email_events":
                return self._activity.email_events(place)
            case "events":
                return self._activity.events(place)
            case _:
                return self._pull_object(stream, need, place)

    def follows(self, stream: str) -> bool:
        """Tell whether `changes` knows *stream*; what describes the portal is read in full."""
        return stream not in METADATA

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
        """Yield what changed from *since* to *until*, and in the overlap before.

        Raises as `pull` does, and may be repeated from any cursor yielded. CRM objects come in the
        order of their ids. Archived records, links made later and calculated values do not show.
        """
        place = cursors.read(cursor)
        window = Window.of_place(place) or Window.of(since, until, overlap=self._overlap)
        match stream:
            case "form_submissions":
                yield from self._activity.submissions(place, window)
            case "email_events":
                yield from self._activity.email_events(place, window)
            case "events":
                yield from self._activity.events(place, window)
            case _:
                last = place.get("last")
                for batch in self._changes.batches(stream, need, window, known=known, last=last):
                    yield self._with_refusals(stream, batch)

    def narrows(self, stream: str, excerpt: Excerpt) -> bool:
        """Tell whether the lists or pipelines of *excerpt* leave records of *stream* out."""
        return narrows(stream, excerpt)

    def excerpt(
        self, stream: str, need: Need, excerpt: Excerpt, *, known: Known, cursor: str | None
    ) -> Iterator[Batch]:
        """Yield the records of *stream* that *excerpt* wants.

        Repeatable from any cursor yielded. Raises ConfigError when there is no such list, and else
        as `pull` does.
        """
        place = cursors.read(cursor)
        for batch in self._excerpts.batches(stream, need, excerpt, place, known=known):
            yield self._with_refusals(stream, batch)

    def samples(self, stream: str) -> bool:
        """Tell whether *stream* has a sample; one that describes the portal is pulled whole."""
        return stream not in METADATA

    def sample(self, stream: str, need: Need, *, size: int) -> Iterator[Batch]:
        """Yield the *size* contacts modified last, or what belongs to those yielded before."""
        if stream in ACTIVITY:
            return self._samples.left_out(stream)
        return self._samples.batches(stream, need, size)

    def archived(self, stream: str, cursor: str | None) -> Iterator[Batch]:
        """Yield the archived records of *stream*, bare, in the order of their ids.

        Contacts come with their addresses: more belongs to those.
        """
        if stream in METADATA or stream in ACTIVITY:
            yield Batch((), None)
            return
        for batch in self._crm.archived(stream, cursors.read(cursor).get("after")):
            yield replace(batch, cursor=_after(batch.cursor))

    def look_up(self, stream: str, ids: Sequence[str]) -> Batch | None:
        """Look for records that no listing showed; what people did cannot be asked for by id."""
        if stream in METADATA or stream in ACTIVITY:
            return None
        return self._crm.look_up(stream, ids)

    def belongings(self) -> Sequence[Belonging]:
        """Return what belongs to contacts: what people did outside the CRM objects, and answers."""
        return BELONGINGS

    def check(self, needs: Mapping[str, Need]) -> Iterator[Check]:
        """Yield what must hold before a run can succeed. Writes nothing."""
        try:
            account = self.identify()
        except CjmSyncError as error:
            yield Check("hubspot token", "failed", str(error), error.hint or "", error.exit_code)
            return
        yield Check("hubspot token", "ok", f"the token opens portal {account.id}")
        readable = []
        for stream in self.streams(needs):
            name = f"hubspot {stream}"
            try:
                self._try(stream)
            except RejectedError as error:
                if error.status not in {402, 403, 404}:
                    yield Check(name, "failed", str(error), error.hint or "")
                    continue
                message = f"{error}; the map will do without {stream}"
                yield Check(name, "warning", message, error.hint or "")
            except CjmSyncError as error:
                yield Check(name, "failed", str(error), error.hint or "", error.exit_code)
            else:
                readable.append(stream)
                yield Check(name, "ok", f"{stream} can be read")
        for stream in readable:
            if stream not in {*METADATA, *ACTIVITY}:
                yield from self._check_names(stream, needs[stream])

    def requests(self) -> int:
        """Return how many requests this source has sent."""
        return self._road.tally().requests

    def waited_seconds(self) -> float:
        """Return how long this source has waited for the remote's limits."""
        return self._road.tally().waited_seconds

    def close(self) -> None:
        """Give connections back."""
        self._api.close()

    def _objects(self) -> tuple[str, ...]:
        """Return the CRM objects that are needed, or all known ones when none was named."""
        named = tuple(name for name in self._metadata.needs if name not in {*METADATA, *ACTIVITY})
        return tuple(sorted(named)) or OBJECTS

    def _piped(self) -> tuple[str, ...]:
        return tuple(name for name in self._objects() if name in WITH_PIPELINES)

    def _pull_object(self, stream: str, need: Need, place: Json) -> Iterator[Batch]:
        for batch in self._crm.batches(stream, need, place.get("after")):
            yield self._with_refusals(stream, replace(batch, cursor=_after(batch.cursor)))

    def _with_refusals(self, stream: str, batch: Batch) -> Batch:
        return replace(batch, findings=(*self._metadata.refusals(stream), *batch.findings))

    def _try(self, stream: str) -> None:
        """Ask for as little of *stream* as there is."""
        match stream:
            case "account":
                return  # seen by `identify`
            case "owners":
                self._api.owners(after=None, archived=False, limit=1)
            case "properties":
                for name in self._objects():
                    self._metadata.defined(name)
            case "pipelines":
                for name in self._piped():
                    self._api.pipelines(stream, name)
            case "exchange_rates":
                self._api.exchange_rates()
            case "forms":
                self._api.forms(after=None, archived=False, limit=1)
            case "list_memberships":
                self._lists.find(sorted(self._metadata.needs[stream].properties))
            case "form_submissions":
                forms = [form for form in self._metadata.known_forms() if form.type != COMMENTS]
                for form in forms[:1]:
                    self._api.submissions(form.id, after=None, limit=1)
            case "email_events":
                self._api.email_events(offset=None, limit=1)
            case "events":
                self._api.events(PAGE_VIEW, after=None, limit=1)
            case _:
                self._api.objects(stream, after=None, limit=1)

    def _check_names(self, stream: str, need: Need) -> Iterator[Check]:
        """Name the wanted properties that HubSpot does not have: it would leave them out silently."""
        defined = self._metadata.defined(stream)
        wanted = {name for name in need.properties | need.history if not is_family(name)}
        unknown = sorted(wanted - set(defined)) if defined else []
        for name in unknown:
            near = difflib.get_close_matches(name, defined, n=1)
            yield Check(
                f"hubspot {stream}.{name}",
                "warning",
                f"{stream} has no property {name}",
                f"The nearest is {near[0]}; correct the profile if that is meant."
                if near
                else "Take it out of the profile, or create it in HubSpot.",
            )


def _after(cursor: str | None) -> str | None:
    """Return HubSpot's *cursor* as one of ours."""
    return cursors.write(after=cursor) if cursor is not None else None
