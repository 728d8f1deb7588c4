"""Lists each unit's touches and signals: sections 1, 4 and 6 of the journey model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from oracle.belonging import Belonging, belonging
from oracle.reading import DAY, Row, World, id_order, text_of, to_ms, to_number
from oracle.tables import (
    CALL_SCORES,
    LOST_REASONS,
    MEETING_SCORES,
    NPS_SCORES,
    PRIORITY_SCORES,
    SCALES,
    SENTIMENTS,
    SOURCES,
    UNHEARD_CALLS,
)
from oracle.timeline import (
    Deal,
    Evidence,
    Timeline,
    Walk,
    lifecycle_changes,
    lifecycle_meanings,
    read_deal,
    starts_a_word,
    whole_nps,
)

HOUR = DAY / 24


@dataclass
class Touch:
    """One occurrence of a touchpoint for one unit; *stage* is None between journeys."""

    key: str
    t: int
    stage: int | None = None


@dataclass
class Signal:
    """A contribution to emotion."""

    key: str
    t: int
    score: float
    weight: float
    kind: Literal["measured", "inferred"]
    stage: int | None = None


@dataclass
class Answer:
    """A valid answer to a survey."""

    survey: str
    t: int
    value: float
    stage: int | None = None


@dataclass
class Occasion:
    """What pains are counted from: a record of one *kind*, with *stage* that of its time.

    *subject* is a ticket's category or a loss's reason group; *hours* and *target* are those of
    an answer or a closing; *missed* is of a meeting.
    """

    kind: Literal["ticket", "response", "close", "loss", "meeting", "complaint"]
    record: str
    t: int
    subject: str = ""
    hours: float = 0.0
    target: float = 0.0
    missed: bool = False
    stage: int | None = None


@dataclass
class Unit:
    """One contact, company or deal with everything that the metrics need.

    *cast* are the contacts that its persona may come from.
    """

    row: Row
    cast: list[Row]
    deals: list[Deal]
    timeline: Timeline
    touches: list[Touch]
    signals: list[Signal]
    answers: list[Answer]
    occasions: list[Occasion]
    lifecycle_unmapped: bool
    is_onboarding: bool


class Collector:
    """Collects one unit's touches and signals, first without stages."""

    def __init__(self, world: World, whose: Belonging, deals: list[Deal]) -> None:
        self.world = world
        self.whose = whose
        self.row = whose.row
        self.deals = deals
        self.touches: list[Touch] = []
        self.signals: list[Signal] = []
        self.answers: list[Answer] = []
        self.meetings: list[tuple[int, Row]] = []
        self.occasions: list[Occasion] = []
        self.is_onboarding = False

    def _linked(self, name: str) -> list[Row]:
        return self.whose.linked(self.world, name)

    def _past(self, t: int | None) -> bool:
        return t is not None and t < self.world.now

    def _touch(self, key: str, t: int | None) -> bool:
        if t is None or t >= self.world.now:
            return False
        self.touches.append(Touch(key, t))
        return True

    def _signal(self, key: str, t: int | None, score: float, weight: float) -> None:
        if t is not None and t < self.world.now:
            self.signals.append(Signal(key, t, score, weight, "inferred"))

    def _when(self, row: Row, *first: str) -> int | None:
        for name in (*first, "hs_timestamp"):
            found = to_ms(text_of(row, name))
            if found is not None:
                return found
        return self.world.created(row)

    def collect(self) -> None:
        self._source()
        self._forms()
        self._pages()
        self._marketing_mail()
        self._sales_mail()
        self._calls()
        self._meetings()
        for row in self._linked("communications"):
            channel = text_of(row, "hs_communication_channel_type")
            known = channel in {"WHATS_APP", "SMS", "LINKEDIN_MESSAGE"}
            self._touch("msg.chat" if known else "other.communications", self._when(row))
        for row in self.quotes():  # a draft is not sent (section 2), so it is no touch
            self._touch("sales.quote", self.world.created(row))
        for deal in self.deals:
            self._closings(deal)
        for row in self._linked("tickets"):
            self._ticket(row)
        for row in self.surveys():
            self._survey(row)
        for row in self._linked("postal_mail"):
            self._touch("post.mail", self._when(row))
        for row in self._linked("notes"):
            self._touch("note", self._when(row))

    def _source(self) -> None:
        source = text_of(self.row, "hs_analytics_source")
        if source:
            first = to_ms(text_of(self.row, "hs_analytics_first_timestamp"))
            t = first if first is not None else self.world.created(self.row)
            self._touch(SOURCES.get(source, "other.contacts"), t)

    def _forms(self) -> None:
        every: dict[str, int] = {}
        for contact in self.whose.contacts:
            times: dict[str, int] = {}
            for row in self.world.of_addresses(contact, self.world.forms):
                t = to_ms(row.get("submittedAt"))
                if t is not None and t < self.world.now:
                    conversion = str(row["conversionId"])
                    times[conversion] = min(t, times.get(conversion, t))
            if not times:
                names = ("first_conversion_date", "recent_conversion_date")
                for t in self._two_dates(contact, *names):
                    self._touch("web.form", t)
            every |= times
        for t in every.values():
            self._touch("web.form", t)

    def _two_dates(self, contact: Row, *names: str) -> list[int]:
        found = {to_ms(text_of(contact, name)) for name in names}
        return sorted(t for t in found if t is not None and t < self.world.now)

    def _pages(self) -> None:
        views: dict[str, int] = {}
        for kind, record_id in self.whose.nodes:
            for row in self.world.views.get((kind, record_id), []):
                t = to_ms(row.get("occurredAt"))
                if t is not None and t < self.world.now:
                    views[str(row["id"])] = t
        previous = None
        for t in sorted(views.values()):
            if previous is None or t - previous >= 30 * 60 * 1000:
                self._touch("web.page", t)
            previous = t

    def _marketing_mail(self) -> None:
        every: dict[tuple[str, str], Row] = {}
        for contact in self.whose.contacts:
            events: dict[tuple[str, str], Row] = {}
            for row in self.world.of_addresses(contact, self.world.mails):
                dropped = row.get("filteredEvent") or row.get("obsoletedBy")
                if not dropped and self._past(to_ms(row.get("created"))):
                    events[str(row["id"]), str(row["created"])] = row
            if not events:
                self._marketing_dates(contact)
            every |= events
        messages: dict[str, dict[str, list[int]]] = {}
        for key, row in every.items():
            t = to_ms(row["created"])
            assert t is not None
            complaint = Occasion("complaint", ":".join(key), t)
            kind = row.get("type")
            if kind == "DELIVERED":
                self._touch("mail.marketing", t)
            elif kind == "BOUNCE":
                self._signal("mail.marketing", t, -0.5, 20)
            elif kind == "SPAMREPORT":
                self._signal("mail.marketing", t, -2, 20)
                self.occasions.append(complaint)
            elif kind == "STATUSCHANGE" and row.get("subscriptions"):
                self._signal("mail.marketing", t, -1.5, 20)
                self.occasions.append(complaint)
            elif kind in {"CLICK", "OPEN"}:
                sent = row.get("sentBy") or row
                message = messages.setdefault(f"{sent.get('id')}:{sent.get('created')}", {})
                message.setdefault(kind, []).append(t)
        for message in messages.values():
            if "CLICK" in message:
                self._signal("mail.marketing", min(message["CLICK"]), 0.4, 20)
            else:
                self._signal("mail.marketing", min(message["OPEN"]), 0.1, 20)

    def _marketing_dates(self, contact: Row) -> None:
        names = ("hs_email_first_send_date", "hs_email_last_send_date")
        for sent_at in self._two_dates(contact, *names):
            self._touch("mail.marketing", sent_at)
        clicks = self._two_dates(contact, "hs_email_last_click_date")
        opens = self._two_dates(contact, "hs_email_last_open_date")
        for score, times in ((0.4, clicks), (0.1, [] if clicks else opens)):
            for clicked_at in times:
                self._signal("mail.marketing", clicked_at, score, 20)

    def _sales_mail(self) -> None:
        for row in self._linked("emails"):
            t = self._when(row)
            direction = text_of(row, "hs_email_direction")
            status = text_of(row, "hs_email_status")
            if direction == "INCOMING_EMAIL":
                self._touch("mail.reply", t)
                self._signal("mail.reply", t, 0.75, 20)
            elif direction not in {"EMAIL", "FORWARDED_EMAIL"}:
                self._touch("other.emails", t)
            elif status == "BOUNCED":
                self._signal("mail.sales", t, -0.5, 20)
            elif status not in {"SCHEDULED", "SENDING", "FAILED"}:
                self._touch("mail.sales", t)
            if direction in {"EMAIL", "FORWARDED_EMAIL"} and status not in {
                "SCHEDULED", "SENDING", "FAILED",
            }:  # fmt: skip
                if (to_number(text_of(row, "hs_email_click_count")) or 0) > 0:
                    self._signal("mail.sales", t, 0.4, 20)
                elif (to_number(text_of(row, "hs_email_open_count")) or 0) > 0:
                    self._signal("mail.sales", t, 0.1, 20)

    def _calls(self) -> None:
        labels = self.world.dispositions()
        for row in self._linked("calls"):
            if text_of(row, "hs_call_status") in UNHEARD_CALLS:
                continue
            direction = text_of(row, "hs_call_direction")
            if self.world.linked("calls", str(row["id"]), "tickets"):
                key = "call.service"
            else:
                key = {"OUTBOUND": "call.out", "INBOUND": "call.in"}.get(direction, "other.calls")
            t = self._when(row)
            self._touch(key, t)
            label = labels.get(text_of(row, "hs_call_disposition"), "").strip().lower()
            if label in CALL_SCORES:
                self._signal(key, t, CALL_SCORES[label], 30)

    def _meetings(self) -> None:
        for row in self._linked("meetings"):
            t = self._when(row, "hs_meeting_start_time")
            if t is not None and t < self.world.now:
                self.meetings.append((t, row))
        self.meetings.sort(key=lambda one: (one[0], id_order(str(one[1]["id"]))))

    def quotes(self) -> list[Row]:
        """Return the quotes sent to this unit, itself or through its deals."""
        found = {str(row["id"]): row for row in self._linked("quotes")}
        for deal in self.deals:
            for row in self.world.linked("deals", deal.id, "quotes"):
                found[str(row["id"])] = row
        sent = {"APPROVED", "APPROVAL_NOT_NEEDED"}
        return [row for row in found.values() if text_of(row, "hs_status") in sent]

    def surveys(self) -> list[Row]:
        found = {str(row["id"]): row for row in self._linked("feedback_submissions")}
        for contact in self.whose.contacts:
            for row in self.world.surveys.get(str(contact["id"]), []):
                found[str(row["id"])] = row
        return list(found.values())

    def _closings(self, deal: Deal) -> None:
        for state in deal.states:
            if state.kind == "won":
                self._touch("sales.won", state.t)
                self._signal("sales.won", state.t, 1.5, 50)
            elif state.kind == "lost":
                self._touch("sales.lost", state.t)
                reason = text_of(deal.row, "closed_lost_reason")
                score, theme = -0.5, ""
                for group, pattern, of_group in LOST_REASONS:
                    if starts_a_word(pattern, reason):
                        score, theme = of_group, group
                        break
                self._signal("sales.lost", state.t, score, 50)
                self.occasions.append(Occasion("loss", deal.id, state.t, subject=theme))

    def _ticket(self, row: Row) -> None:
        world = self.world
        created = self._when(row)
        if created is None or not self._touch("svc.ticket", created):
            return
        priority = text_of(row, "hs_ticket_priority")
        if priority in PRIORITY_SCORES:
            self._signal("svc.ticket", created, PRIORITY_SCORES[priority], 60)
        record = str(row["id"])
        categories = text_of(row, "hs_ticket_category").split(";")
        known = world.ticket_categories()
        for category in {one.strip() for one in categories if one.strip() in known} or {""}:
            self.occasions.append(Occasion("ticket", record, created, subject=category))
        answered = to_ms(text_of(row, "first_agent_reply_date"))
        if answered is not None and created <= answered < world.now:
            due = to_ms(text_of(row, "hs_time_to_first_response_sla_at"))
            allowed = due - created if due is not None and due > created else DAY
            self._help("response", record, created, answered, allowed)
        due = to_ms(text_of(row, "hs_time_to_close_sla_at"))
        target = due - created if due is not None and due > created else 3 * DAY
        is_closed, closed = self._ticket_closed(row)
        pipeline = world.pipelines("tickets").get(text_of(row, "hs_pipeline"), {})
        label = str(pipeline.get("label", ""))
        if not is_closed and re.search(r"onboard|implement|kick-?off|setup", label, re.IGNORECASE):
            self.is_onboarding = True
        if closed is not None and closed >= created:
            self._help("close", record, created, closed, target)
        if closed is not None:
            ratio = (closed - created) / target
            score = 0.5 if ratio <= 1 else 0.0 if ratio <= 2 else -0.5 if ratio <= 4 else -1.0
            self._signal("svc.ticket", closed, score, 60)
        elif not is_closed and created + target < world.now:
            self._signal("svc.ticket", created + target, -1.5, 60)

    def _help(
        self, kind: Literal["response", "close"], record: str, created: int, t: int, allowed: int
    ) -> None:
        hours, target = (t - created) / HOUR, allowed / HOUR
        self.occasions.append(Occasion(kind, record, t, hours=hours, target=target))

    def _ticket_closed(self, row: Row) -> tuple[bool, int | None]:
        world = self.world
        dated = to_ms(text_of(row, "closed_date"))
        if dated is not None and dated < world.now:
            return True, dated
        pipeline = text_of(row, "hs_pipeline")
        stages = [
            str(s["id"]) for p in world.pipelines("tickets").values() for s in p.get("stages", [])
        ]
        changes = world.changes(row, "hs_pipeline_stage", stages)
        if changes is None:
            return world.ticket_closed(pipeline, text_of(row, "hs_pipeline_stage")), None
        if not changes or not world.ticket_closed(pipeline, changes[-1][1]):
            return False, None
        return True, changes[-1][0]

    def _survey(self, row: Row) -> None:
        t = self._when(row, "hs_submission_timestamp")
        survey = text_of(row, "hs_survey_type").upper()
        key = f"voc.{survey.lower()}" if survey in SCALES else "other.feedback_submissions"
        if t is None or not self._touch(key, t):
            return
        given = text_of(row, "hs_value")
        if survey in SCALES and given:
            low, high = SCALES[survey]
            value = whole_nps(row) if survey == "NPS" else to_number(given)
            if value is None or not low <= value <= high:
                return
            score = -2 + 4 * (value - low) / (high - low)
            if survey == "NPS":
                score = NPS_SCORES[int(value)]
            self.signals.append(Signal(key, t, score, 100, "measured"))
            self.answers.append(Answer(survey, t, value))
        elif text_of(row, "hs_sentiment").upper() in SENTIMENTS:
            score = SENTIMENTS[text_of(row, "hs_sentiment").upper()]
            self.signals.append(Signal(key, t, score, 80, "measured"))

    def name_meetings(self, timeline: Timeline) -> None:
        """Give meetings their touchpoints, which depend on the purchases."""
        for place, (t, row) in enumerate(self.meetings):
            purchase = timeline.purchase_of(t)
            if purchase is not None:
                key = "meet.onboard" if t - purchase <= 60 * DAY else "meet.review"
            else:
                key = "meet.first" if place == 0 else "meet.follow"
            self._touch(key, t)
            outcome = text_of(row, "hs_meeting_outcome")
            missed = outcome in {"CANCELED", "NO_SHOW"}
            self.occasions.append(Occasion("meeting", str(row["id"]), t, missed=missed))
            if outcome in MEETING_SCORES:
                self._signal(key, t, MEETING_SCORES[outcome], 40)


def read_unit(world: World, kind: str, row: Row, *, pipelines: list[str] | None) -> Unit:
    """Work out one unit from its records."""
    whose = belonging(world, kind, row)
    of_unit = [row] if kind == "deals" else whose.linked(world, "deals")
    deals = [
        read_deal(world, deal)
        for deal in of_unit
        if pipelines is None or text_of(deal, "pipeline") in pipelines
    ]
    collector = Collector(world, whose, deals)
    collector.collect()
    meanings = lifecycle_meanings(world)
    values = [value for value, _ in world.lifecycle()]
    has_lifecycle = kind != "deals"
    changes = (world.changes(row, "lifecyclestage", values) or []) if has_lifecycle else []
    deal_births = [t for deal in deals if (t := world.created(deal.row)) is not None]
    evidence = Evidence(
        created=world.created(row),
        first_touch=min(
            [touch.t for touch in collector.touches] + [t for t, _ in collector.meetings],
            default=None,
        ),
        deals=deals,
        lifecycle=lifecycle_changes(changes, meanings),
        meetings=[
            t
            for t, meeting in collector.meetings
            if text_of(meeting, "hs_meeting_outcome") not in {"CANCELED", "NO_SHOW", "RESCHEDULED"}
            and all(t < birth for birth in deal_births)
        ],
        quotes=[
            t
            for quote in collector.quotes()
            if (t := world.created(quote)) is not None and t < world.now
        ],
        promoters=[a.t for a in collector.answers if a.survey == "NPS" and a.value >= 9],
    )
    timeline = Walk(world, evidence).run()
    collector.name_meetings(timeline)
    for touch in collector.touches:
        touch.stage = _stage_of(timeline, touch.key, touch.t)
    for signal in collector.signals:
        signal.stage = _stage_of(timeline, signal.key, signal.t)
    for answer in collector.answers:
        answer.stage = timeline.stage_at(answer.t)
    for occasion in collector.occasions:
        key = "sales.lost" if occasion.kind == "loss" else ""
        occasion.stage = _stage_of(timeline, key, occasion.t)
    last = changes[-1][1] if changes else ""
    if has_lifecycle and not world.known(row, "lifecyclestage", values):
        last = text_of(row, "lifecyclestage")  # without a time it is used as read
    unmapped = bool(last) and meanings.get(last, "unmapped") == "unmapped"
    return Unit(
        row=row,
        cast=whose.cast,
        deals=deals,
        timeline=timeline,
        touches=collector.touches,
        signals=collector.signals,
        answers=collector.answers,
        lifecycle_unmapped=unmapped,
        occasions=collector.occasions,
        is_onboarding=collector.is_onboarding,
    )


def _stage_of(timeline: Timeline, key: str, t: int) -> int | None:
    return timeline.stage_ended_at(t) if key == "sales.lost" else timeline.stage_at(t)
