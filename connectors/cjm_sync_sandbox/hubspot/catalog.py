"""The CRM object types: their names, ids, scopes, modified property and default properties."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cjm_sync_sandbox.hubspot.wire import ApiError

CONTACTS_READ = "crm.objects.contacts.read"
ACTIVITIES = (
    "calls",
    "communications",
    "emails",
    "meetings",
    "notes",
    "postal_mail",
    "tasks",
)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One type of CRM record. *scopes* are alternatives; each alternative is needed whole."""

    name: str
    singular: str
    type_id: str
    scopes: tuple[frozenset[str], ...]
    defaults: tuple[str, ...] = ()
    created: str = "hs_createdate"
    modified: str = "hs_lastmodifieddate"
    tiers: frozenset[str] = frozenset()
    v3_scopes: tuple[frozenset[str], ...] = ()


def _any_of(*scopes: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({scope}) for scope in scopes)


PAID = frozenset({"professional", "enterprise"})

_TYPES = (
    ObjectType(
        "contacts", "contact", "0-1", _any_of(CONTACTS_READ),
        ("email", "firstname", "lastname"), "createdate", "lastmodifieddate",
    ),
    ObjectType(
        "companies", "company", "0-2", _any_of("crm.objects.companies.read"),
        ("domain", "name"), "createdate",
    ),
    ObjectType(
        "deals", "deal", "0-3", _any_of("crm.objects.deals.read"),
        ("amount", "closedate", "dealname", "dealstage", "pipeline"), "createdate",
    ),
    ObjectType(
        "tickets", "ticket", "0-5", _any_of("tickets", "crm.objects.tickets.read"),
        ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category",
         "hs_ticket_priority", "subject"), "createdate",
    ),
    ObjectType("calls", "call", "0-48", _any_of(CONTACTS_READ)),
    ObjectType(
        # The 2026-09 file asks for both scopes, v3 lists them as alternatives.
        "emails", "email", "0-49", (frozenset({CONTACTS_READ, "sales-email-read"}),),
        v3_scopes=_any_of(CONTACTS_READ, "sales-email-read"),
    ),
    ObjectType("meetings", "meeting", "0-47", _any_of(CONTACTS_READ)),
    ObjectType("notes", "note", "0-46", _any_of(CONTACTS_READ)),
    ObjectType("tasks", "task", "0-27", _any_of(CONTACTS_READ)),
    ObjectType("communications", "communication", "0-18", _any_of(CONTACTS_READ)),
    ObjectType("postal_mail", "postal_mail", "0-116", _any_of(CONTACTS_READ)),
    ObjectType(
        "feedback_submissions", "feedback_submission", "0-19",
        (frozenset({CONTACTS_READ, "crm.objects.feedback_submissions.read"}),),
        tiers=PAID,
        v3_scopes=_any_of(CONTACTS_READ, "crm.objects.feedback_submissions.read"),
    ),
    ObjectType(
        "leads", "lead", "0-136", _any_of("crm.objects.leads.read"), tiers=PAID,
    ),
    ObjectType(
        "line_items", "line_item", "0-8", _any_of("crm.objects.line_items.read", "e-commerce"),
        ("amount", "hs_product_id", "price", "quantity"), "createdate",
    ),
    ObjectType(
        "quotes", "quote", "0-14", _any_of("crm.objects.quotes.read", "e-commerce"),
        ("hs_expiration_date", "hs_quote_amount", "hs_status", "hs_title"),
    ),
    ObjectType(
        "orders", "order", "0-123", _any_of("crm.objects.orders.read"),
        ("hs_currency_code", "hs_external_order_status", "hs_order_name", "hs_total_price"),
    ),
)  # fmt: skip

OBJECTS = {kind.name: kind for kind in _TYPES}
_SPELLINGS = {
    spelling: kind for kind in _TYPES for spelling in (kind.name, kind.singular, kind.type_id)
}


def object_type(spelling: str) -> ObjectType:
    """Return the type that a path or a parameter means; the refusal has no category (recorded)."""
    kind = _SPELLINGS.get(spelling.lower())
    if kind is None:
        raise ApiError(400, {"message": f"Unable to infer object type from: {spelling}"})
    return kind


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One way in which two records can be linked; *name* is how a listing writes it inline."""

    type_id: int
    label: str | None
    name: str


# (from, to) → the id of the plain link and of the "Primary" one. Directional, as HubSpot's are.
_LINKS: dict[tuple[str, str], tuple[int, int | None]] = {
    ("contact", "company"): (279, 1),
    ("company", "contact"): (280, 2),
    ("deal", "contact"): (3, None),
    ("contact", "deal"): (4, None),
    ("deal", "company"): (341, 5),
    ("company", "deal"): (342, 6),
    ("ticket", "company"): (339, 26),
    ("company", "ticket"): (340, 25),
    ("contact", "ticket"): (15, None),
    ("ticket", "contact"): (16, None),
    ("deal", "ticket"): (27, None),
    ("ticket", "deal"): (28, None),
    ("deal", "line_item"): (19, None),
    ("line_item", "deal"): (20, None),
    ("deal", "quote"): (63, None),
    ("quote", "deal"): (64, None),
    ("quote", "contact"): (69, None),
    ("contact", "quote"): (70, None),
    ("order", "contact"): (507, None),
    ("contact", "order"): (508, None),
    ("order", "company"): (509, None),
    ("company", "order"): (510, None),
    ("order", "deal"): (512, None),
    ("deal", "order"): (511, None),
    ("quote", "company"): (71, None),
    ("company", "quote"): (72, None),
    ("communication", "contact"): (81, None),
    ("contact", "communication"): (82, None),
    ("feedback_submission", "contact"): (97, None),
    ("contact", "feedback_submission"): (98, None),
    ("feedback_submission", "ticket"): (99, None),
    ("ticket", "feedback_submission"): (100, None),
    ("call", "company"): (182, None),
    ("company", "call"): (181, None),
    ("email", "company"): (186, None),
    ("company", "email"): (185, None),
    ("meeting", "company"): (188, None),
    ("company", "meeting"): (187, None),
    ("note", "company"): (190, None),
    ("company", "note"): (189, None),
    ("task", "company"): (192, None),
    ("company", "task"): (191, None),
    ("call", "contact"): (194, None),
    ("contact", "call"): (193, None),
    ("email", "contact"): (198, None),
    ("contact", "email"): (197, None),
    ("meeting", "contact"): (200, None),
    ("contact", "meeting"): (199, None),
    ("note", "contact"): (202, None),
    ("contact", "note"): (201, None),
    ("task", "contact"): (204, None),
    ("contact", "task"): (203, None),
    ("call", "deal"): (206, None),
    ("deal", "call"): (205, None),
    ("email", "deal"): (210, None),
    ("deal", "email"): (209, None),
    ("meeting", "deal"): (212, None),
    ("deal", "meeting"): (211, None),
    ("note", "deal"): (214, None),
    ("deal", "note"): (213, None),
    ("task", "deal"): (216, None),
    ("deal", "task"): (215, None),
    ("call", "ticket"): (220, None),
    ("ticket", "call"): (219, None),
    ("email", "ticket"): (224, None),
    ("ticket", "email"): (223, None),
    ("meeting", "ticket"): (226, None),
    ("ticket", "meeting"): (225, None),
    ("note", "ticket"): (228, None),
    ("ticket", "note"): (227, None),
    ("task", "ticket"): (230, None),
    ("ticket", "task"): (229, None),
}


def association_types(
    source: ObjectType, target: ObjectType
) -> tuple[AssociationType, AssociationType | None]:
    """Return the plain link from *source* to *target*, and the primary one where there is one."""
    name = f"{source.singular}_to_{target.singular}"
    known = _LINKS.get((source.singular, target.singular))
    if known is None:
        # HubSpot's own number is not known to us; clients must read labels, not hard-code them.
        return AssociationType(10_000 + zlib.crc32(name.encode()) % 80_000, None, name), None
    plain, primary = known
    if primary is None:
        return AssociationType(plain, None, name), None
    return AssociationType(plain, None, f"{name}_unlabeled"), AssociationType(
        primary, "Primary", name
    )
