"""Read what people did outside the CRM objects: submissions, marketing email, page views."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cjm_sync.errors import GoneError, RejectedError
from cjm_sync.model import Batch, Finding, Record
from cjm_sync_hubspot import cursors, wire
from cjm_sync_hubspot.api import Api, Json, next_cursor
from cjm_sync_hubspot.cursors import Window
from cjm_sync_hubspot.errors import FORM_TYPE_NOT_ALLOWED, failure
from cjm_sync_hubspot.metadata import Form

PAGE_VIEW = "e_visited_page"

COMMENTS = "blog_comment"
"""Forms of this type do not give their submissions away."""


class Activity:
    """Reads the activity streams of one portal. *known_forms* gives its forms, ordered by id.

    With a *window* each stream brings only what happened in it, and its cursors carry the window.
    """

    def __init__(self, api: Api, known_forms: Callable[[], Sequence[Form]]) -> None:
        self._api, self._known_forms = api, known_forms

    def submissions(self, place: Json, window: Window | None = None) -> Iterator[Batch]:
        """Yield submissions form by form, in the order of the forms' ids, each newest first.

        They cannot be asked for by time, so a form is read until one is older than the *window*;
        an archived form receives no more.
        """
        start = str(place.get("form") or "")
        forms = [
            form
            for form in self._known_forms()
            if form.type != COMMENTS
            and form.id >= start
            and not (window is not None and form.archived)
        ]
        if not forms:
            yield Batch((), None)
        for number, form in enumerate(forms, 1):
            following = forms[number].id if number < len(forms) else None
            after = place.get("after") if form.id == start else None
            yield from self._of_form(form.id, after, following, window)

    def email_events(self, place: Json, window: Window | None = None) -> Iterator[Batch]:
        """Yield marketing-email events, newest first."""
        loop = cursors.Loop("email_events")
        offset = place.get("offset")
        while True:
            if window is None:
                answer = self._api.email_events(offset=offset)
            else:
                answer = self._api.email_events(
                    offset=offset, since_ms=window.since_ms, until_ms=window.until_ms
                )
            read = wire.email_event_rows(cursors.results("email_events", answer, "events"))
            offset = answer.get("offset") if answer.get("hasMore") is True else None
            if answer.get("hasMore") is True and not offset:
                raise failure("email_events", ValueError("it promises more and not where"))
            cursor = None
            if offset is not None:
                following = _cursor(window, offset=offset)
                cursor = loop.goes_on(following, cursors.first_of(read.records))
            yield Batch(read.records, cursor, read.findings)
            if cursor is None:
                return

    def events(self, place: Json, window: Window | None = None) -> Iterator[Batch]:
        """Yield page views of everybody."""
        loop = cursors.Loop("events")
        after = place.get("after")
        while True:
            answer = self._api.events(
                PAGE_VIEW,
                after=after,
                since=window.since if window is not None else None,
                until=window.until if window is not None else None,
            )
            read = wire.event_rows(cursors.results("events", answer))
            after = next_cursor(answer)
            cursor = None
            if after is not None:
                following = _cursor(window, after=after)
                cursor = loop.goes_on(following, cursors.first_of(read.records))
            yield Batch(read.records, cursor, read.findings)
            if cursor is None:
                return

    def _of_form(
        self, form_id: str, after: str | None, following: str | None, window: Window | None
    ) -> Iterator[Batch]:
        loop = cursors.Loop("form_submissions")
        last = _cursor(window, form=following) if following is not None else None
        while True:
            try:
                answer = self._api.submissions(form_id, after=after)
            except GoneError:
                gone = Finding(
                    "stream_unavailable",
                    f"form_submissions/{form_id}",
                    "HubSpot no longer has this form's submissions",
                    "Nothing is to be done; the form was removed while it was read.",
                )
                yield Batch((), last, (gone,))
                return
            except RejectedError as error:
                if error.code != FORM_TYPE_NOT_ALLOWED:
                    raise
                yield Batch((), last)
                return
            read = wire.submission_rows(form_id, cursors.results("form_submissions", answer))
            after = next_cursor(answer)
            if window is not None and _is_older(read.records, window):
                after = None
            cursor = last
            if after is not None:
                here = _cursor(window, form=form_id, after=after)
                cursor = loop.goes_on(here, cursors.first_of(read.records))
            yield Batch(read.records, cursor, read.findings)
            if after is None:
                return


def _cursor(window: Window | None, **place: object) -> str:
    return window.cursor(**place) if window is not None else cursors.write(**place)


def _is_older(submissions: Sequence[Record], window: Window) -> bool:
    """Tell whether a page, newest first, reaches back beyond the *window*."""
    times = [record.properties.get("submittedAt") for record in submissions]
    return any(isinstance(time, int) and time < window.since_ms for time in times)
