"""Tell whose portal, workspace and hub these are, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from cjm_sync.errors import GuardTripped
from cjm_sync.model import Binding
from cjm_sync.ports import Account, Place, Target
from cjm_sync.runs import Options
from cjm_sync.store import Store

HUB = "_/hub"

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
        if owner in {"", installation}:
            if not options.dry_run and facts.get("adopting") == "no":
                _end_take_over(store, hub)
            return
        if not options.take_over:
            raise GuardTripped(
                f"the hub page belongs to another installation ({owner})",
                hint="Stop the other one, then run `cjm-sync sync --take-over`.",
            )
        if not options.dry_run:
            store.set_facts({"installation": owner})
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
        store.set_facts({"installation": owner, "adopting": "yes"})
        store.bind(Binding(HUB, "hub", page_id, detail={"taken_over": True}))
    elif installation is None and not options.dry_run:
        store.set_facts({"installation": uuid4().hex[:12]})
