"""Tell whose portal, workspace and hub these are, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from cjm_sync.errors import GuardTripped
from cjm_sync.model import Binding
from cjm_sync.ports import Account, Place, Target
from cjm_sync.runs import Options
from cjm_sync.steps import Adopt, Create, Plan
from cjm_sync.store import Store

HUB = "_/hub"
_EPOCH = "epoch"
"""How often the hub was taken over, plus one, as of our own last take-over."""
_CLAIM = "claiming"
"""`yes` from a take-over on, the epoch from when it is about to be written, then `no`."""
_REVIEW = "review"
"""`yes` while a person has to look at what a lost store would write."""

_OTHER = "Use another store for it, or run `cjm-sync sync --take-over` if it is meant to move."
_HINTS = {
    "portal_id": _OTHER,
    "notion_workspace_id": _OTHER,
    # The hub is known by its id: another parent page moves nothing.
    "notion_parent_id": (
        "The hub stays where it is. To move it, move its page in Notion, then run "
        "`cjm-sync sync --take-over`; for a second hub use another store."
    ),
}
_NOT_THERE = (
    "The hub cannot be reached there, so it cannot be taken over: use another store, "
    "or put the former connection back."
)


def check_place(
    store: Store, target: Target, account: Account, place: Place, options: Options
) -> None:
    """Refuse another portal, workspace, page or installation before anything is written."""
    facts = store.facts()
    now = {
        "portal_id": account.id,
        "notion_workspace_id": place.workspace_id,
        "notion_parent_id": place.parent_id,
    }
    names = {
        "portal_id": "HubSpot portal",
        "notion_workspace_id": "Notion workspace",
        "notion_parent_id": "Notion parent page",
    }
    for name, value in now.items():
        known = facts.get(name)
        if known is None or known == value:
            continue
        is_lost = name == "notion_workspace_id" and _is_out_of_reach(store, target)
        if not options.take_over or is_lost:
            raise GuardTripped(
                f"this store belongs to the {names[name]} {known}, but the configuration leads to {value}",
                hint=_NOT_THERE if is_lost else _HINTS[name],
            )
    _check_hub(store, target, options)
    if not options.dry_run:
        store.set_facts(now)


def _is_out_of_reach(store: Store, target: Target) -> bool:
    """Tell whether there is a hub that cannot be seen from where the configuration leads."""
    hub = store.bindings().get(HUB)
    return hub is not None and target.owner(hub.remote_id) is None


def _end_take_over(store: Store, hub: Binding) -> None:
    """Forget that the hub was taken over: from now on nothing of another name is ours."""
    if "taken_over" in hub.detail:
        detail = {name: value for name, value in hub.detail.items() if name != "taken_over"}
        store.bind(replace(hub, detail=detail))


def _check_hub(store: Store, target: Target, options: Options) -> None:
    """Tell our hub from those of others; take over the only other one when asked to."""
    facts = store.facts()
    installation = facts.get("installation")
    hub = store.bindings().get(HUB)
    if hub is not None:
        owner = target.owner(hub.remote_id)
        if owner is None:
            raise GuardTripped(
                "the hub page is no longer there, or no longer shared with the connection",
                hint="Restore it from Notion's trash and share it again; nothing was written.",
            )
        is_ours = owner in {"", installation}
        if is_ours and (owner == "" or _has_our_epoch(facts, target.epoch(hub.remote_id))):
            if not options.dry_run and _is_taken_over(facts):
                _end_take_over(store, hub)
            return
        if not options.take_over:
            raise _taken_over() if is_ours else _foreign(owner)
        if not options.dry_run:
            store.set_facts({"installation": owner or str(installation), _CLAIM: "yes"})
        return
    foreign = {page_id: owner for page_id, owner in target.hubs().items() if owner != installation}
    if foreign and not options.take_over:
        raise GuardTripped(
            "the Notion page already holds the hub of another installation",
            hint="Choose another parent page, or run `cjm-sync sync --take-over` to adopt that hub "
            "(also after this program's store was lost).",
        )
    if len(foreign) > 1:
        raise GuardTripped(
            f"the Notion page holds {len(foreign)} hubs of other installations",
            hint="Move the ones that are not meant out of the page, then run again.",
        )
    if foreign and not options.dry_run:
        ((page_id, owner),) = foreign.items()
        store.set_facts({"installation": owner, "adopting": "yes", _REVIEW: "yes", _CLAIM: "yes"})
        store.bind(Binding(HUB, "hub", page_id, detail={"taken_over": True}))
    elif installation is None and not options.dry_run:
        store.set_facts({"installation": uuid4().hex[:12]})


def _is_taken_over(facts: Mapping[str, str]) -> bool:
    """Tell whether everything that is there was looked at, accepted and brought up to date."""
    open_ends = facts.get(_REVIEW) == "yes" or facts.get("unfinished") == "yes"
    return facts.get("adopting") == "no" and not open_ends


def _foreign(owner: str) -> GuardTripped:
    return GuardTripped(
        f"the hub page belongs to another installation ({owner})",
        hint="Stop the other one, then run `cjm-sync sync --take-over`.",
    )


def _taken_over() -> GuardTripped:
    return GuardTripped(
        "the hub page was taken over by another store since this one wrote to it",
        hint="Use that store; or stop whoever uses it, then run `cjm-sync sync --take-over` here.",
    )


def _has_our_epoch(facts: Mapping[str, str], epoch: int) -> bool:
    """Tell whether nobody took the hub over since; one that we are about to claim is anybody's."""
    if facts.get(_CLAIM, "no") != "no":
        return True
    return epoch == int(facts.get(_EPOCH, "1"))


def end_review(store: Store, target: Target, planned: Plan, *, accept: bool) -> None:
    """Ask a person to look at the plan of a lost store, then make the hub ours before any write.

    Raises GuardTripped until it is accepted. Whoever wrote to the hub before is refused from the
    moment that its marker carries our number.
    """
    facts = store.facts()
    if facts.get(_REVIEW) == "yes":
        if not accept:
            raise _review(planned)
        store.set_facts({_REVIEW: "no"})
    hub = store.bindings().get(HUB)
    claim = facts.get(_CLAIM, "no")
    if hub is None or claim == "no":
        return
    epoch = target.epoch(hub.remote_id)
    # Recorded before it is sent: after a stop in between it is known to be ours.
    wanted = epoch + 1 if claim == "yes" else int(claim)
    if epoch != wanted:
        store.set_facts({_CLAIM: str(wanted)})
        store.check_lock()
        target.claim(hub.remote_id, facts.get("installation", ""), wanted)
    store.set_facts({_EPOCH: str(wanted), _CLAIM: "no"})


def _review(planned: Plan) -> GuardTripped:
    adopted = sum(isinstance(step, Adopt) for step in planned.steps)
    created = sum(isinstance(step, Create) for step in planned.steps)
    return GuardTripped(
        f"this store has no memory of the hub: {adopted} rows were found in Notion and would be "
        f"brought up to date, {created} would be made; nothing was written yet",
        hint="Look at `cjm-sync plan` (cells that people edited last are kept; rows that people "
        "deleted would be made again); if it is right, run `cjm-sync sync --accept`.",
    )
