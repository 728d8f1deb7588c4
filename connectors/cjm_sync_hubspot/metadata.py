"""Read what describes a portal: account, owners, definitions, pipelines, rates, forms.

What is asked once and used by several streams is kept here: the forms for their submissions, the
definitions for the families of properties. Each stream asks anew when it is pulled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cjm_sync.errors import GoneError, RejectedError
from cjm_sync.model import Batch, Finding, Need
from cjm_sync_hubspot import cursors, wire
from cjm_sync_hubspot.api import Api, Json, next_cursor
from cjm_sync_hubspot.crm import is_family, members
from cjm_sync_hubspot.errors import failure

WITH_PIPELINES = ("deals", "tickets")

FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Form:
    """As much of a form as reading its submissions takes."""

    id: str
    type: str
    archived: bool = False


class Metadata:
    """Reads the describing streams of one portal. *needs* says of which objects."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.needs: Mapping[str, Need] = {}
        self._account: Json | None = None
        self._names: dict[str, tuple[str, ...]] = {}
        self._refused: dict[str, RejectedError] = {}
        self._forms: tuple[Form, ...] | None = None

    def ask_account(self) -> Json:
        """Return the portal's details, and keep them for the stream of that name."""
        answer = self._api.account()
        if not isinstance(answer.get("portalId"), (int, str)):
            raise failure("account", ValueError("it names no portal"))
        self._account = answer
        return answer

    def account(self) -> Iterator[Batch]:
        """Yield the portal itself, as `identify` has just seen it."""
        answer = self._account or self.ask_account()
        self._account = None
        yield Batch((wire.account_record(answer),), None)

    def owners(self, place: Json) -> Iterator[Batch]:
        """Yield owners, then those who left."""
        return _both(
            "owners",
            place,
            lambda after, archived: self._api.owners(after=after, archived=archived),
            wire.owner_rows,
        )

    def forms(self, place: Json) -> Iterator[Batch]:
        """Yield forms, then archived ones: their submissions still happened."""
        seen: list[Form] = []
        for batch in _both(
            "forms",
            place,
            lambda after, archived: self._api.forms(after=after, archived=archived),
            wire.form_rows,
        ):
            seen += [
                Form(
                    record.id,
                    str(record.properties.get("formType")),
                    archived=record.properties.get("archived") is True,
                )
                for record in batch.records
            ]
            if batch.cursor is None and not place:
                self._forms = tuple(seen)
            yield batch

    def known_forms(self) -> tuple[Form, ...]:
        """Return all forms in the order of their ids, asking only when `forms` was not pulled."""
        if self._forms is None:
            for _ in self.forms({}):
                pass
        return tuple(sorted(self._forms or (), key=lambda form: form.id))

    def rates(self) -> Iterator[Batch]:
        """Yield the exchange rates in force; a portal of one currency may have no such page."""
        try:
            answer = self._api.exchange_rates()
        except GoneError as error:
            skipped = Finding(
                "stream_unavailable",
                "exchange_rates",
                "this portal has no exchange rates to read",
                error.hint or "",
            )
            yield Batch((), None, (skipped,))
            return
        read = wire.rate_rows(cursors.results("exchange_rates", answer))
        yield Batch(read.records, None, read.findings)

    def properties(self, objects: Sequence[str], place: Json) -> Iterator[Batch]:
        """Yield the definitions of each of *objects*, those that are needed."""
        return self._per_object(objects, place, self._definitions_of)

    def pipelines(self, objects: Sequence[str], place: Json) -> Iterator[Batch]:
        """Yield the pipelines of each of *objects*."""
        return self._per_object(objects, place, self._pipelines_of)

    def defined(self, object_type: str) -> tuple[str, ...]:
        """Return the names of all properties of *object_type*, asking once."""
        if object_type not in self._names:
            try:
                self._definitions_of(object_type)
            except RejectedError as error:
                self._refused[f"properties/{object_type}"] = error
                self._names[object_type] = ()
        return self._names[object_type]

    def refusals(self, object_type: str) -> tuple[Finding, ...]:
        """Return what of *object_type* could not be described, for when it itself can be read.

        Where it cannot, its own stream says so, and once is enough.
        """
        keys = [key for key in self._refused if key.endswith(f"/{object_type}")]
        return tuple(
            Finding("stream_unavailable", key, str(error), error.hint or "")
            for key in sorted(keys)
            for error in [self._refused.pop(key)]
        )

    def _definitions_of(self, object_type: str) -> wire.Rows:
        answer = self._api.properties("properties", object_type)
        read = wire.definition_rows(object_type, cursors.results("properties", answer))
        self._names[object_type] = tuple(str(record.properties["name"]) for record in read.records)
        need = self.needs.get(object_type)
        if need is None:
            return read
        families = frozenset(filter(is_family, need.properties))
        wanted = need.properties | need.history | members(families, self._names[object_type])
        kept = tuple(record for record in read.records if record.properties["name"] in wanted)
        return wire.Rows(kept, read.findings)

    def _pipelines_of(self, object_type: str) -> wire.Rows:
        answer = self._api.pipelines("pipelines", object_type)
        return wire.pipeline_rows(object_type, cursors.results("pipelines", answer))

    def _per_object(
        self, objects: Sequence[str], place: Json, read_one: Callable[[str], wire.Rows]
    ) -> Iterator[Batch]:
        stream = "properties" if read_one == self._definitions_of else "pipelines"
        start = objects.index(place["object"]) if place.get("object") in objects else 0
        if not objects:
            yield Batch((), None)
        for number, object_type in enumerate(objects[start:], start + 1):
            following = objects[number] if number < len(objects) else None
            cursor = cursors.write(object=following) if following else None
            try:
                read = read_one(object_type)
            except RejectedError as error:
                if error.status != FORBIDDEN:
                    raise
                self._refused[f"{stream}/{object_type}"] = error
                read = wire.Rows((), ())
            yield Batch(read.records, cursor, read.findings)


def _both(
    stream: str,
    place: Json,
    ask: Callable[[str | None, bool], Json],
    read: Callable[[Sequence[Any]], wire.Rows],
) -> Iterator[Batch]:
    """Yield a stream's pages, the living first, then the archived; HubSpot lists them apart."""
    after = place.get("after")
    archived = place.get("archived") is True
    loop = cursors.Loop(stream)
    while True:
        answer = ask(after, archived)
        rows = read(cursors.results(stream, answer))
        after = next_cursor(answer)
        cursor: str | None = None
        if after is not None:
            following = cursors.write(after=after, archived=archived or None)
            cursor = loop.goes_on(following, cursors.first_of(rows.records))
        elif not archived:
            archived = True
            cursor = cursors.write(archived=True)
        yield Batch(rows.records, cursor, rows.findings)
        if cursor is None:
            return
