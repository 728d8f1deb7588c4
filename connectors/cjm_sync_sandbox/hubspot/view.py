"""The portal as the endpoints see it: rows by id, merges resolved, definitions at hand.

The portal may be edited between two requests, by a test or by a story. A table of at most
`table.SMALL` rows is looked at anew for each request; of a larger one what was worked out is kept
until the sandbox's own hand edits it, its list of rows changes, or `PortalView.changed` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from cjm_sync.ports import Clock
from cjm_sync_sandbox.hubspot.catalog import ObjectType
from cjm_sync_sandbox.hubspot.definitions import Definitions, define
from cjm_sync_sandbox.hubspot.lag import IndexLag
from cjm_sync_sandbox.hubspot.table import SMALL, Row, Table
from cjm_sync_sandbox.hubspot.wire import Answer, ApiError, Request
from cjm_sync_sandbox.portal import Portal

Made = TypeVar("Made")
TIERS = ("free", "starter", "professional", "enterprise")

_ACCOUNT: dict[str, Any] = {
    "portalId": 147893286,
    "accountType": "STANDARD",
    "timeZone": "US/Eastern",
    "companyCurrency": "USD",
    "utcOffset": "-04:00",
    "utcOffsetMilliseconds": -14_400_000,
    "uiDomain": "app-eu1.hubspot.com",
    "dataHostingLocation": "eu1",
}


@dataclass
class PortalView:
    """Reading access to a portal; *portal* returns the one that is served now."""

    portal: Callable[[], Portal]
    clock: Clock
    granted: Callable[[], frozenset[str] | None]
    lag: IndexLag = field(default_factory=IndexLag)
    generation: int = 0
    """Counts the edits that this view was told of."""
    _request: int = 0
    _tables: dict[str, tuple[int, Table]] = field(default_factory=dict)
    _kept: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _definitions: dict[str, tuple[str, Definitions]] = field(default_factory=dict)

    @property
    def described(self) -> dict[str, Any]:
        """What `portal.json` says."""
        return self.portal().info

    @property
    def tier(self) -> str:
        tier = str(self.described.get("tier", "professional"))
        if tier not in TIERS:
            raise ValueError(f"portal.json: tier {tier!r} is none of {', '.join(TIERS)}")
        return tier

    @property
    def account(self) -> dict[str, Any]:
        """Return the account details; `additionalCurrencies` are those with an exchange rate."""
        own = self.described.get("account") or {}
        rates = exchange_rates(self.described, own.get("companyCurrency", "USD"))
        return {**_ACCOUNT, "additionalCurrencies": sorted(rates)} | own

    def rows(self, name: str) -> list[Row]:
        return self.portal().rows.get(name, [])

    def begin(self) -> None:
        """Say that another request is being answered."""
        self._request += 1

    def changed(self, *names: str) -> None:
        """Say that rows of the objects *names* were edited, or of any object when none is named."""
        self.generation += 1
        for name, (_, table) in self._tables.items():
            if not names or name in names:
                table.forget()
        self._request += 1

    def table(self, kind: ObjectType) -> Table:
        rows = self.rows(kind.name)
        looked_at, table = self._tables.get(kind.name, (-1, None))
        if table is not None and looked_at == self._request:
            return table
        if table is None or not table.is_of(rows):
            table = Table(rows, kind)
        elif table.is_small:
            table.forget()
        self._tables[kind.name] = (self._request, table)
        return table

    def kept(self, name: str, make: Callable[[list[Row]], Made]) -> Made:
        """Return what *make* makes of the rows *name*, which are no CRM records.

        Of many rows it is kept until the list or its length changes or an edit is told of.
        """
        rows = self.rows(name)
        if len(rows) <= SMALL:
            return make(rows)
        stamp = (id(rows), len(rows), self.generation)
        if self._kept.get(name, (None,))[0] != stamp:
            self._kept[name] = (stamp, make(rows))
        return cast("Made", self._kept[name][1])

    def definitions(self, kind: ObjectType) -> Definitions:
        """Return the definitions of *kind*, made anew when what they rest on has changed."""
        described = self.described
        state = repr(
            [described.get(key) for key in ("properties", "pipelines", "lifecycle_stages")]
        )
        known = self._definitions.get(kind.name)
        if known is None or known[0] != state:
            known = self._definitions[kind.name] = (state, define(described, kind))
        return known[1]


def exchange_rates(described: Mapping[str, Any], company_currency: str) -> dict[str, Row]:
    """Return currency → its exchange rate as the API shows it.

    `portal.json` may hold them as `{"EUR": 1.08}` or as objects of the API.
    """
    own = described.get("exchange_rates") or {}
    given = (
        [{"fromCurrencyCode": code, "conversionRate": rate} for code, rate in own.items()]
        if isinstance(own, Mapping)
        else own
    )
    shipped = "2024-01-01T00:00:00Z"
    return {
        rate["fromCurrencyCode"]: {
            "id": str(position),
            "toCurrencyCode": company_currency,
            "effectiveAt": shipped,
            "createdAt": shipped,
            "updatedAt": shipped,
            "visibleInUI": True,
        }
        | rate
        for position, rate in enumerate(given, 1)
    }


@dataclass(frozen=True)
class Call:
    """One request on its way to an endpoint; *arguments* are the parts of its path."""

    view: PortalView
    request: Request
    arguments: Mapping[str, str]
    version: str

    @property
    def partial_status(self) -> int:
        """A batch with errors is 207, except in 2026-09, which declares only 200."""
        return 200 if self.version == "2026-09" else 207

    def require(self, *alternatives: frozenset[str]) -> None:
        """Refuse unless the token has been granted one of *alternatives* as a whole."""
        granted = self.view.granted()
        if granted is None or any(wanted <= granted for wanted in alternatives):
            return
        raise ApiError.missing_scopes(scope for wanted in alternatives for scope in wanted)

    def scopes_of(self, kind: ObjectType) -> tuple[frozenset[str], ...]:
        is_v3 = self.version in {"v3", "v4"}
        return kind.v3_scopes if is_v3 and kind.v3_scopes else kind.scopes

    def require_object(self, kind: ObjectType) -> None:
        """Refuse when the token or the subscription does not reach *kind*."""
        self.require(*self.scopes_of(kind))
        if kind.tiers and self.view.tier not in kind.tiers:
            self.refuse_subscription(scope for wanted in kind.scopes for scope in wanted)

    @staticmethod
    def refuse_subscription(scopes: Iterable[str]) -> None:
        raise ApiError.missing_scopes(
            scopes, "This account's subscription does not include the product this call needs."
        )

    def page(self, results: list[Any], after: str | None) -> Answer:
        """Answer with one page; *after* is the cursor of the next, written as the API writes it."""
        body: dict[str, Any] = {"results": results}
        if after is not None:
            body["paging"] = {"next": {"after": after, "link": self.request.link(after)}}
        return Answer.json(body)
