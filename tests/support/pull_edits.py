"""What people, workflows and HubSpot itself do to the portal of a `PullWorld`, by name and number.

`EDITS` maps names to deeds; each takes the world and three numbers that choose among what is there,
so that the same numbers always mean the same and an edit that finds nothing to do does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from support.pull_world import ACTIVITY, CRM, FORMS, HOUR, MINUTE, SECOND, PullWorld, address

Deed = Callable[[PullWorld, int, int, int], None]

STAGES = {
    "contacts": ("lifecyclestage", ("lead", "opportunity", "customer", "", "lead")),
    "companies": ("industry", ("RETAIL", "BANKING", "", "AIRLINES_AVIATION")),
    "deals": ("dealstage", ("appointmentscheduled", "contractsent", "closedwon", "closedlost")),
    "calls": ("hs_call_title", ("First", "Second", "", "Third")),
}
_PAIRS = (
    ("contacts", "companies"),
    ("deals", "contacts"),
    ("deals", "companies"),
    ("calls", "contacts"),
    ("calls", "deals"),
)
_MORE = "hs_additional_emails"
_MERGED = ("contacts", "companies", "deals")


def edit(world: PullWorld, name: str, a: int, b: int, c: int) -> None:
    """Do one thing; time passes, so that no two happen at the same moment."""
    world.later(SECOND)
    EDITS[name](world, a, b, c)


def _one(world: PullWorld, kind: str, number: int) -> str | None:
    ids = list(world.hand.live(kind))
    return ids[number % len(ids)] if ids else None


def _value(kind: str, number: int) -> dict[str, str | None]:
    name, values = STAGES[kind]
    return {name: values[number % len(values)]}


def _create(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = CRM[a % len(CRM)]
    values = _value(kind, b)
    if kind == "contacts":
        number = sum(len(ids) for ids in world.seen.values()) * 1000 + int(world.clock.elapsed)
        values |= {"email": address(number), "firstname": f"Person-{number}-"}
    made = world.hand.create(kind, values)
    others = [(to, one) for own, to in _PAIRS if own == kind and (one := _one(world, to, c))]
    for to, one in others[: c % 3]:
        world.hand.associate(kind, made, to, one)


def _update(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = CRM[a % len(CRM)]
    if (one := _one(world, kind, b)) is not None:
        world.hand.update(kind, one, _value(kind, c))
        world.silent.discard((kind, one))


def _update_late(world: PullWorld, a: int, b: int, c: int) -> None:
    """The search index takes up to 40 minutes for this one."""
    _update(world, a, b, c)
    kind = CRM[a % len(CRM)]
    if (one := _one(world, kind, b)) is not None:
        until = world.clock.now() + (1 + c % 40) * MINUTE
        world.hand.row(kind, one)
        world.sandbox.hold_from_search(kind, one, until)
        world.late[kind, one] = until


def _update_before(world: PullWorld, a: int, b: int, c: int) -> None:
    """It is written now and says that it was up to ten minutes ago."""
    kind = CRM[a % len(CRM)]
    if (one := _one(world, kind, b)) is not None:
        now = world.clock.now()
        earliest = datetime.fromisoformat(world.hand.row(kind, one)["updatedAt"]) + SECOND
        world.hand.update(
            kind, one, _value(kind, c), at=min(now, max(earliest, now - (c % 10) * MINUTE))
        )
        world.late[kind, one] = max(now + world.lag, world.late.get((kind, one), now))
        world.silent.discard((kind, one))


def _bulk_change(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = CRM[a % len(CRM)]
    ids = list(world.hand.live(kind))[b % 5 :]
    world.hand.bulk_change(kind, ids, _value(kind, c))
    world.silent -= {(kind, one) for one in ids}


def _touch(world: PullWorld, a: int, b: int, _: int) -> None:
    kind = CRM[a % len(CRM)]
    if (one := _one(world, kind, b)) is not None:
        world.hand.touch(kind, one)
        world.silent.discard((kind, one))


def _recalculate(world: PullWorld, a: int, _: int, c: int) -> None:
    if (one := _one(world, "deals", a)) is not None:
        world.hand.recalculate("deals", one, {"num_associated_contacts": str(c)})


def _archive(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = CRM[a % len(CRM)]
    if (one := _one(world, kind, b)) is not None:
        if kind == "contacts" and (held := world.held_addresses(one)) is not None:
            world.parted_with[one] = held
        world.hand.archive(kind, one, bump=c % 2 == 0)
        world.left.add((kind, one))


def _restore(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = CRM[a % len(CRM)]
    former = world.hand.aliases(kind)
    ids = [one for one in world.hand.archived(kind) if one not in former]
    if ids:
        one, bump = ids[b % len(ids)], c % 2 == 0
        world.hand.restore(kind, one, bump=bump)
        (world.silent.discard if bump else world.silent.add)((kind, one))


def _purge(world: PullWorld, a: int, b: int, _: int) -> None:
    kind = CRM[a % len(CRM)]
    former = world.hand.aliases(kind)
    ids = [one for one in world.hand.archived(kind) if one not in former]
    if ids and (kind != "contacts" or world.gone(ids[b % len(ids)], erased=False)):
        world.hand.purge(kind, ids[b % len(ids)])


def _merge(world: PullWorld, a: int, b: int, c: int) -> None:
    kind = _MERGED[a % len(_MERGED)]
    ids = list(world.hand.live(kind))
    if len(ids) > 2:
        primary = ids.pop(b % len(ids))
        # The newest records first: what was merged is merged again.
        others = [ids[-1 - c % 2]]
        bump = c % 5 != 0
        made = world.hand.merge(
            kind,
            primary,
            *others,
            whole_chain=c % 3 != 0,
            bump=bump,
            in_archived=c % 7 == 0,
        )
        world.left |= {(kind, one) for one in (primary, *others)}
        if not bump:
            world.silent.add((kind, made))


def _erase(world: PullWorld, _: int, b: int, c: int, *, traces: bool = True) -> None:
    """A person is erased, sometimes one who was archived before."""
    rows = world.hand.archived("contacts") if c % 4 == 0 else world.hand.live("contacts")
    former = world.hand.aliases("contacts")
    ids = [one for one in rows if one not in former]
    if ids and world.gone(ids[b % len(ids)], erased=True):
        world.left.add(("contacts", ids[b % len(ids)]))
        world.hand.erase("contacts", ids[b % len(ids)], traces=traces)


def _erase_and_list(world: PullWorld, a: int, b: int, c: int) -> None:
    """A person is erased, and HubSpot goes on listing their submissions and events."""
    _erase(world, a, b, c, traces=False)


def _share(world: PullWorld, _: int, b: int, c: int) -> None:
    """A contact is given the address of another as well, or loses the one it was given."""
    one, other = _one(world, "contacts", b), _one(world, "contacts", c)
    # Who was merged keeps the addresses of all: of one given up, nobody could tell whose it was.
    is_merged = one in world.hand.aliases("contacts").values()
    if one is not None and other is not None and one != other and not is_merged:
        email = world.hand.row("contacts", other)["properties"]["email"]
        shared = "" if world.hand.row("contacts", one)["properties"].get(_MORE) else email
        world.hand.update("contacts", one, {_MORE: shared})
        world.silent.discard(("contacts", one))


def _come_back(world: PullWorld, _: int, b: int, c: int) -> None:
    """A person who was erased, or somebody at the same address, is a new contact."""
    known = sorted(world.gone_addresses - world.live_addresses())
    if known:
        name = f"Again-{c}-{int(world.clock.elapsed)}-"
        world.hand.create("contacts", {"email": known[b % len(known)], "firstname": name})


def _associate(world: PullWorld, a: int, b: int, c: int) -> None:
    kind, to = _PAIRS[a % len(_PAIRS)]
    one, other = _one(world, kind, b), _one(world, to, c)
    if one is not None and other is not None:
        primary = to == "companies" and b % 2 == 0
        world.hand.associate(kind, one, to, other, primary=primary, bump=c % 2 == 0)
        if c % 2 == 0:
            world.silent -= {(kind, one), (to, other)}


def _dissociate(world: PullWorld, a: int, b: int, c: int) -> None:
    kind, to = _PAIRS[a % len(_PAIRS)]
    pairs = [
        (one, other) for one in world.hand.live(kind) for other in world.hand.linked(kind, one, to)
    ]
    if pairs:
        one, other = pairs[b % len(pairs)]
        world.hand.dissociate(kind, one, to, other, bump=c % 2 == 0)
        if c % 2 == 0:
            world.silent -= {(kind, one), (to, other)}


def _arrive(world: PullWorld, a: int, b: int, c: int) -> None:
    """Something is told of a person, on time or as late as a day after it happened."""
    one = _one(world, "contacts", b)
    if one is None:
        return
    late = (timedelta(), MINUTE, 30 * MINUTE, 26 * HOUR)[c % 4]
    moment = world.clock.now() - late
    email = world.hand.row("contacts", one)["properties"]["email"]
    match ACTIVITY[a % len(ACTIVITY)]:
        case "form_submissions":
            world.hand.add_submission(FORMS[c % 2], email.upper(), at=moment)
        case "email_events":
            world.hand.add_email_event("OPEN", email, at=moment, filteredEvent=b % 3 == 0)
        case _:
            world.hand.add_event(one, at=moment)


EDITS: dict[str, Deed] = {
    "create": _create,
    "update": _update,
    "update late": _update_late,
    "update before": _update_before,
    "bulk change": _bulk_change,
    "touch": _touch,
    "recalculate": _recalculate,
    "archive": _archive,
    "restore": _restore,
    "purge": _purge,
    "merge": _merge,
    "erase": _erase,
    "erase and list": _erase_and_list,
    "share": _share,
    "come back": _come_back,
    "associate": _associate,
    "dissociate": _dissociate,
    "arrive": _arrive,
}
