"""Collect what a person should know about the records: findings without anybody's text.

Messages give object, id, property and length, never a value; `docs/findings.md` lists the codes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from cjm_sync.model import Finding
from cjm_sync_mappings.values import read_text, read_time


@dataclass(slots=True)
class Notes:
    """Findings in the making; *min_group* keeps small counts out of messages.

    *inside* and *outside* count the records of *object*, the units', on either side of the filter.
    """

    min_group: int
    object: str = "contacts"
    inside: int = 0
    outside: int = 0
    single: set[Finding] = field(default_factory=set)
    uncovered: Counter[tuple[str, str]] = field(default_factory=Counter)
    not_added: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)

    def bad_value(self, object_: str, id_: str, property_: str, value: Any, why: str) -> None:
        """Note a value that cannot be what it should."""
        self.single.add(
            Finding(
                "bad_value",
                f"{object_}/{id_}/{property_}",
                f"a value of {_length(read_text(value))} {why}; it was not used",
                "Correct it in HubSpot; the rest of the record counts.",
            )
        )

    def time(self, object_: str, id_: str, property_: str, value: Any) -> int | None:
        """Return the time in *value*; note one that is neither empty nor usable."""
        if value is None or value == "":
            return None
        at = read_time(value)
        if at is None and read_text(value):
            self.bad_value(object_, id_, property_, value, "is no time since 2000")
        return at

    def mismatch(self, object_: str, id_: str, property_: str) -> None:
        """Note that the past of a property does not lead to its current value."""
        self.single.add(
            Finding(
                "history_mismatch",
                f"{object_}/{id_}/{property_}",
                "the newest past value is not the current one; "
                "the current one counts from the record's last change on",
                "Nothing is to be done unless many records are listed.",
            )
        )

    def unknown_reason(self, id_: str, property_: str, text: str) -> None:
        """Note a reason for a lost deal that no group covers."""
        self.single.add(
            Finding(
                "unknown_reason",
                f"deals/{id_}/{property_}",
                f"no group of lost reasons covers this text of {_length(text)}",
                "Add a word of it to emotion.lost_reasons in the profile.",
            )
        )

    def page_without_address(self) -> None:
        """Note that the profile tells pages apart, and the records do not."""
        self.single.add(
            Finding(
                "page_unknown",
                "events//hs_url",
                "page views came without the page's address, so `pages` of the profile fits none",
                "Remove `pages` from the touchpoint to count every page.",
            )
        )

    def without_creation(self, object_: str, id_: str) -> None:
        """Note a unit whose creation is unknown."""
        self.single.add(
            Finding(
                "no_creation",
                f"{object_}/{id_}/createdate",
                "the record has no usable time of creation; its first touch or move stands for it",
                "Correct it in HubSpot, or archive the record.",
            )
        )

    def findings(self) -> tuple[Finding, ...]:
        """Return everything noted, in a stable order."""
        counted = [
            *(
                Finding(
                    "uncovered_value",
                    f"{object_}//{property_}" if property_ else object_,
                    f"{self._number(n)} {object_} have a value that no rule covers; "
                    f"they count as other.{object_}",
                    "Add the value to a touchpoint of the profile.",
                )
                for (object_, property_), n in self.uncovered.items()
            ),
            *(
                Finding(
                    "amount_not_added",
                    f"deals//{currency}",
                    f"{self._number(n)} deals in {currency} have no amount in home currency",
                    "Set an exchange rate for this currency in HubSpot.",
                )
                for currency, n in self.not_added.items()
            ),
            *(
                Finding(
                    "unmapped_value",
                    f"{self.object}//lifecyclestage/{name}",
                    f"no stage is known for the lifecycle value {name}; "
                    f"{self._number(n)} units have it",
                    "Add it to lifecycle.entries in the profile.",
                )
                for name, n in self.unmapped.items()
            ),
        ]
        if self.outside:
            counted.append(
                Finding(
                    "outside_filter",
                    self.object,
                    f"{self._number(self.outside)} {self.object} are outside `where` and no units; "
                    f"{self._number(self.inside)} are inside",
                    "Nothing is to be done; those outside stay in the mirror, and are units again "
                    "when they come back.",
                )
            )
        return tuple(sorted({*self.single, *counted}))

    def _number(self, n: int) -> str:
        return str(n) if n >= self.min_group else f"fewer than {self.min_group}"


def _length(text: str) -> str:
    return "1 character" if len(text) == 1 else f"{len(text)} characters"
