"""The mapping `crm`: from HubSpot's records to the facts of a journey of contacts.

`plugin` is what the entry point offers. Everything here is pure: records and a profile in, facts
out; the same records give the same facts, whatever order they arrived in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cjm_sync.errors import ConfigError
from cjm_sync.journey.facts import (
    Facts,
    LifecycleMove,
    RuleMove,
    Settings,
    StageName,
    StageRoles,
    Unit,
)
from cjm_sync.model import Need, Record
from cjm_sync.ports import JourneyRequest, Records
from cjm_sync_mappings.account import read_account
from cjm_sync_mappings.activity import read_activity
from cjm_sync_mappings.feedback import read_feedback
from cjm_sync_mappings.history import past_values
from cjm_sync_mappings.lifecycle import Aside, Lifecycle, lifecycle_of
from cjm_sync_mappings.links import shelve
from cjm_sync_mappings.marketing import (
    addresses,
    read_marketing_email,
    read_page_views,
    read_sources,
    read_submissions,
)
from cjm_sync_mappings.needs import needs_of
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.personas import cast, read_mixes
from cjm_sync_mappings.profile import bundled_text, read_profile
from cjm_sync_mappings.sales import read_sales
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.tickets import read_tickets
from cjm_sync_mappings.touches import TouchRules, created_at
from cjm_sync_mappings.values import id_order, read_text
from cjm_sync_mappings.where import LISTS, Where, read_where

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CrmMapping:
    """Implements `cjm_sync.ports.MappingPlugin`."""

    def profile_text(self, name: str) -> str | None:
        """Return the TOML of the bundled profile *name*, or None when there is none."""
        return bundled_text(name)

    def validate(self, text: str, *, name: str) -> None:
        """Raise ConfigError naming line, key and remedy when the profile is not usable."""
        read_profile(text, name)

    def needs(self, journey: JourneyRequest) -> Mapping[str, Need]:
        """Return what this journey reads, by object, and no more."""
        _check_unit(journey)
        return needs_of(_profile_of(journey), read_where(journey))

    def facts(self, records: Records, journey: JourneyRequest, *, as_of: datetime) -> Facts:
        """Turn records into what `cjm_sync.journey.compute` needs."""
        _check_unit(journey)
        where = read_where(journey)
        now = (as_of.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
        profile = _profile_of(journey)
        facts = _facts(records, journey, profile, where, now)
        undated = _undated(facts)
        if undated:  # too rare to look for beforehand: nothing of such a contact has any time
            facts = _facts(records, journey, profile, where, now, without=undated)
        return facts


plugin = CrmMapping()


def _check_unit(journey: JourneyRequest) -> None:
    if journey.unit != "contact":
        raise ConfigError(
            f'journey {journey.key}: journeys of unit "{journey.unit}" are not computed yet',
            hint='Write `unit = "contact"` for this journey in the configuration.',
        )


def _profile_of(journey: JourneyRequest) -> Profile:
    text = journey.profile_text or bundled_text(journey.profile)
    if text is None:
        raise ConfigError(
            f"journey {journey.key}: there is no bundled profile {journey.profile}",
            hint='Write `profile = "crm"`, or the path of a profile of your own.',
        )
    return read_profile(text, journey.profile)


def _undated(facts: Facts) -> frozenset[str]:
    """Return the ids of units that no time is known of: they cannot be placed on any timeline."""
    suspects = [
        place
        for place, unit in enumerate(facts.units)
        if unit.created_at is None and not unit.lifecycle and not unit.rules
    ]
    return frozenset(
        facts.units[place].id
        for place in suspects
        if not any(facts.deals[deal].moves for deal in facts.units[place].deals)
        and not (facts.touches.unit == place).any()
    )


def _facts(
    records: Records,
    journey: JourneyRequest,
    profile: Profile,
    where: Where,
    now: int,
    *,
    without: frozenset[str] = frozenset(),
) -> Facts:
    notes = Notes(profile.thresholds.min_group)
    account = read_account(
        account=records.all("account"),
        properties=records.all("properties"),
        pipelines=records.all("pipelines"),
    )
    contacts = shelve("contacts", records.all("contacts"))
    companies = shelve("companies", records.all("companies"))

    def employer(contact: Record) -> Record | None:
        id_ = companies.resolve(read_text(contact.properties.get("associatedcompanyid")))
        return companies.survivors.get(id_ or "")

    members = where.members(records.all(LISTS), contacts)
    chosen = []
    for contact in contacts.survivors.values():
        born_at = _born_at(contact, notes)
        if not where.is_known_by(born_at, now) or contact.id in without:
            continue
        is_member = members is None or contact.id in members
        firm = employer(contact) if where.of_company else None
        if is_member and where.keeps(contact, born_at, firm):
            chosen.append(contact)
        else:
            notes.outside += 1
    notes.inside = len(chosen)
    scene = Scene(
        profile=profile,
        account=account,
        records=records,
        as_of=now,
        notes=notes,
        contacts=contacts,
        deals=where.keep_deals(shelve("deals", records.all("deals"))),
        tickets=shelve("tickets", records.all("tickets")),
        units={contact.id: place for place, contact in enumerate(chosen)},
        rules=TouchRules(profile),
    )
    sales = read_sales(scene)
    source = read_sources(scene, chosen)
    by_address = addresses(enumerate(chosen))
    read_submissions(scene, chosen, by_address)
    read_page_views(scene)
    read_marketing_email(scene, chosen, by_address)
    read_activity(scene, sales.created_at)
    read_tickets(scene)
    read_feedback(scene)
    employers = [employer(contact) for contact in chosen]
    casting = cast(profile, account, chosen, employers)
    lifecycle = lifecycle_of(profile, account, "contacts")
    touches, signals, answers = scene.ledger.columns()
    return Facts(
        key=journey.key,
        name=journey.name,
        unit=journey.unit,
        stages=tuple(StageName(stage.key, stage.label) for stage in profile.stages),
        roles=StageRoles(
            customer=profile.stage_place(profile.deals.won),
            loyal=profile.stage_place(profile.deals.won_again),
        ),
        touchpoints=tuple(scene.rules.names),
        channels=scene.rules.channels(),
        personas=casting.names,
        units=tuple(
            _unit(contact, lifecycle, casting.of_unit[place], scene, place, sales.of_unit[place])
            for place, contact in enumerate(chosen)
        ),
        deals=sales.deals,
        touches=touches,
        signals=signals,
        answers=answers,
        source=source,
        traits=read_mixes(profile, account, chosen, employers),
        meetings=scene.rules.meetings(),
        settings=_settings(profile),
        currency=account.currency,
        findings=notes.findings(),
    )


def _born_at(contact: Record, notes: Notes) -> int | None:
    at = created_at(contact, notes)
    if at is None:
        notes.without_creation("contacts", contact.id)
    return at


def _unit(
    contact: Record,
    lifecycle: Lifecycle,
    persona: int,
    scene: Scene,
    place: int,
    deals: tuple[int, ...],
) -> Unit:
    past = past_values(
        contact,
        "lifecyclestage",
        known=lifecycle.values(),
        as_of=scene.as_of,
        notes=scene.notes,
    )
    moves = []
    for at, value in past.values:
        target = lifecycle.target(value)
        if target is not Aside.UNMAPPED:
            moves.append(LifecycleMove(at, None if isinstance(target, Aside) else target))
    now = past.values[-1][1] if past.values else ""
    if not past.is_known and not now:
        now = read_text(contact.properties.get("lifecyclestage"))
    unmapped = None
    if now and lifecycle.target(now) is Aside.UNMAPPED:
        unmapped = lifecycle.name(now)
        scene.notes.unmapped[unmapped] += 1
    return Unit(
        id=contact.id,
        created_at=created_at(contact, scene.notes),
        persona=persona,
        lifecycle=tuple(moves),
        rules=_ordered(scene.moves[place]),
        deals=deals,
        unmapped=unmapped,
    )


def _ordered(moves: list[RuleMove]) -> tuple[RuleMove, ...]:
    return tuple(sorted(moves, key=lambda move: (move.at, id_order(move.record_id), move.stage)))


def _settings(profile: Profile) -> Settings:
    thresholds, emotion = profile.thresholds, profile.emotion
    return Settings(
        window_days=thresholds.window_days,
        dormant_days=thresholds.dormant_days,
        min_group=thresholds.min_group,
        patience_quantile=thresholds.patience_quantile,
        patience_days=thresholds.patience_days,
        patience_min_stays=thresholds.patience_min_stays,
        half_life_days=emotion.half_life_days,
        max_age_days=emotion.max_age_days,
        prior_weight=emotion.prior_weight,
        min_signals=emotion.min_signals,
        medium_signals=emotion.medium_signals,
        high_signals=emotion.high_signals,
    )
