"""The mapping `crm`: from HubSpot's records to the facts of a journey.

`plugin` is what the entry point offers. Everything here is pure: records and a profile in, facts
out; the same records give the same facts, whatever order they arrived in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cjm_sync.errors import ConfigError
from cjm_sync.journey.asides import Asides
from cjm_sync.journey.facts import Facts, Settings, StageName, StageRoles
from cjm_sync.journey.thresholds import CoverageRules, MomentRules, PainRules
from cjm_sync.model import Finding, Need
from cjm_sync.ports import JourneyRequest, Records
from cjm_sync_mappings.account import read_account
from cjm_sync_mappings.activity import read_activity
from cjm_sync_mappings.choosing import Crowd, choose
from cjm_sync_mappings.feedback import read_feedback
from cjm_sync_mappings.links import shelf_of
from cjm_sync_mappings.marketing import (
    addresses,
    read_marketing_email,
    read_page_views,
    read_sources,
    read_submissions,
)
from cjm_sync_mappings.migration import VERSION
from cjm_sync_mappings.moves import read_units
from cjm_sync_mappings.needs import needs_of
from cjm_sync_mappings.notes import Notes
from cjm_sync_mappings.people import cast_units
from cjm_sync_mappings.profile import BUNDLED, bundled_text, changes_of, read_profile
from cjm_sync_mappings.sales import read_sales
from cjm_sync_mappings.scene import Scene
from cjm_sync_mappings.schema import Profile
from cjm_sync_mappings.telling import allowed, tell, unknown
from cjm_sync_mappings.tickets import read_tickets
from cjm_sync_mappings.touches import TouchRules
from cjm_sync_mappings.units import belongings
from cjm_sync_mappings.where import Where, read_where

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
        where = read_where(journey)
        needs = dict(needs_of(_profile_of(journey), where))
        needs[where.object] |= Need(properties=frozenset(allowed(journey)))
        return needs

    def facts(self, records: Records, journey: JourneyRequest, *, as_of: datetime) -> Facts:
        """Turn records into what `cjm_sync.journey.compute` needs."""
        where = read_where(journey)
        now = (as_of.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
        profile = _profile_of(journey)
        facts = _facts(records, journey, profile, where, now)
        undated = _undated(facts)
        if undated:  # too rare to look for beforehand: nothing of such a unit has any time
            facts = _facts(records, journey, profile, where, now, without=undated)
        return facts


plugin = CrmMapping()


def _profile_of(journey: JourneyRequest) -> Profile:
    text = journey.profile_text or bundled_text(journey.profile)
    if text is None:
        raise ConfigError(
            f"journey {journey.key}: there is no bundled profile {journey.profile}",
            hint=f"Write one of {', '.join(BUNDLED)}, or the path of a profile of your own.",
        )
    return read_profile(text, journey.profile)


def _migrated(journey: JourneyRequest) -> tuple[Finding, ...]:
    """Say what a profile of an older version was given."""
    changes = changes_of(journey.profile_text, journey.profile) if journey.profile_text else ()
    if not changes:
        return ()
    return (
        Finding(
            "profile_migrated",
            f"profile/{journey.profile}",
            f"the profile is of an older version; it takes from `crm` what it lacks: "
            f"{', '.join(changes)}",
            f"Add these to the file, and `version = {VERSION}` at its top.",
        ),
    )


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
    notes = Notes(profile.thresholds.min_group, where.object)
    account = read_account(
        account=records.all("account"),
        properties=records.all("properties"),
        pipelines=records.all("pipelines"),
    )
    contacts = shelf_of(records, "contacts")
    companies = shelf_of(records, "companies")
    deals = where.keep_deals(shelf_of(records, "deals"))
    shelf = {"contacts": contacts, "companies": companies, "deals": deals}[where.object]
    crowd = Crowd(contacts, companies, shelf)
    chosen = choose(crowd, records, where, notes, now, without=without)
    scene = Scene(
        profile=profile,
        account=account,
        records=records,
        as_of=now,
        notes=notes,
        contacts=contacts,
        deals=deals,
        tickets=shelf_of(records, "tickets"),
        owned=belongings(shelf, contacts, companies, [record.id for record in chosen]),
        rules=TouchRules(profile),
    )
    sales = read_sales(scene)
    source = read_sources(scene, chosen)
    by_address = addresses(scene.owned.people())
    read_submissions(scene, by_address)
    read_page_views(scene)
    read_marketing_email(scene, by_address)
    read_activity(scene, sales.created_at)
    read_tickets(scene)
    read_feedback(scene)
    cast = cast_units(scene, companies, chosen)
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
        personas=cast.names,
        units=read_units(scene, chosen, cast.of_unit, sales),
        deals=sales.deals,
        touches=touches,
        signals=signals,
        answers=answers,
        source=source,
        traits=cast.traits,
        meetings=scene.rules.meetings(),
        settings=_settings(profile),
        currency=account.currency,
        findings=tuple(
            sorted(
                {
                    *notes.findings(),
                    *unknown(journey, account, where.object),
                    *_migrated(journey),
                }
            )
        ),
        occasions=scene.diary.columns(),
        subjects=tuple(scene.diary.names),
        onboarding=scene.diary.onboarding(),
        asides=Asides(scene.planned, tell(journey, account, where.object, chosen)),
    )


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
        pains=PainRules(**profile.pains.model_dump(), hand_off_stage=profile.deals.open_low),
        moments=MomentRules(**profile.moments.model_dump()),
        coverage=CoverageRules(**profile.coverage.model_dump()),
    )
