"""What goes over the wire: one request, one answer, and HubSpot's error bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

HTML_414 = (
    "<html><head><title>414 Request-URI Too Large</title></head>"
    "<body><center><h1>414 Request-URI Too Large</h1></center></body></html>"
)


@dataclass(frozen=True)
class Request:
    """A request as it arrived; *headers* have lower-case names, *ordinal* counts from 1."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    host: str = "api.hubapi.com"
    scheme: str = "https"
    ordinal: int = 0

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """The query, decoded once; a parameter may be given several times."""
        values: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            values.setdefault(name, []).append(value)
        return values

    def parameter(self, name: str) -> str | None:
        """Return the last value of *name*; an empty one counts as none."""
        values = self.parameters.get(name)
        return values[-1] or None if values else None

    def names(self, name: str) -> list[str]:
        """Return the values of a list parameter, whether repeated or joined by commas."""
        return [
            part.strip()
            for value in self.parameters.get(name, [])
            for part in value.split(",")
            if part.strip()
        ]

    def flag(self, name: str) -> bool:
        value = self.parameter(name)
        if value is None or value.lower() == "false":
            return False
        if value.lower() == "true":
            return True
        raise ApiError.validation(f"{name} must be true or false, not {value!r}", parameter=name)

    def number(self, name: str, *, default: int, least: int = 1, most: int) -> int:
        """Return a whole number between *least* and *most*, or refuse as HubSpot does."""
        value = self.parameter(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError as error:
            raise ApiError.validation(
                f"{name} must be a number, not {value!r}", parameter=name
            ) from error
        if not least <= number <= most:
            raise ApiError.validation(
                f"{name} must be between {least} and {most}, was {number}", parameter=name
            )
        return number

    def json(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object sent as one."""
        kind = self.headers.get("content-type", "")
        if not kind.lower().startswith("application/json"):
            raise ApiError(415, {"message": "HTTP 415 Unsupported Media Type"})
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise ApiError.validation(f"Invalid input JSON: {error}") from error
        if not isinstance(body, dict):
            raise ApiError.validation("Invalid input JSON: an object is expected")
        return body

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    def link(self, after: str) -> str:
        """Return this request's address for the next page; *after* goes in as it stands."""
        kept = [part for part in self.query.split("&") if part and not part.startswith("after=")]
        return f"{self.origin}{self.path}?{'&'.join([*kept, f'after={after}'])}"


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json;charset=utf-8"),)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        return cls(status, json.dumps(value, separators=(",", ":")).encode())

    @classmethod
    def html(cls, text: str, status: int = 200) -> Answer:
        return cls(status, text.encode(), (("Content-Type", "text/html"),))

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> Answer:
        return Answer(self.status, self.body, (*self.headers, *headers))


@dataclass(frozen=True)
class RequestLog:
    """One request as the stand-in saw it; status 0 when the connection was dropped instead."""

    method: str
    path: str
    query: str
    body: bytes
    status: int


Fault = Callable[[Request, Answer | None], "Answer | Request | None"]
"""A hook that makes the stand-in misbehave; `faults` has one for everything known to go wrong.

It is called twice for each request: before it is handled, with None, and after, with the answer. An
`Answer` it returns is sent in place of the real one (before: the request is not handled at all), a
`Request` (before) is handled in its place; None lets things be. An `ApiError` it raises is HubSpot
saying no; any other exception is the connection breaking.
"""


@dataclass
class ApiError(Exception):
    """HubSpot saying no; *body* is completed with `status` and the correlation id."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def validation(cls, message: str, *, parameter: str | None = None) -> ApiError:
        body: dict[str, Any] = {"message": message, "category": "VALIDATION_ERROR"}
        if parameter is not None:
            body["errors"] = [{"message": message, "in": parameter}]
        return cls(400, body)

    @classmethod
    def unauthorized(cls, category: str = "INVALID_AUTHENTICATION") -> ApiError:
        return cls(
            401,
            {
                "message": "Authentication credentials not found. This API supports OAuth 2.0 "
                "authentication and you can find more details at "
                "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
                "category": category,
            },
        )

    @classmethod
    def missing_scopes(cls, wanted: Iterable[str], message: str = "") -> ApiError:
        return cls(
            403,
            {
                "message": message
                or (
                    "This app hasn't been granted all required scopes to make this call. "
                    "Read more about required scopes here: https://developers.hubspot.com/scopes."
                ),
                "category": "MISSING_SCOPES",
                "errors": [
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": sorted(set(wanted))},
                    }
                ],
                "links": {"scopes": "https://developers.hubspot.com/scopes"},
            },
        )

    @classmethod
    def rate_limited(cls, words: str, policy: str, *, coded: str = "errorType") -> ApiError:
        """*coded* is where the refusal names itself; real ones use `errorType` or `category`."""
        group = {
            "DAILY": "publicapi:private-apps:api-calls-daily",
            "SECONDLY": "crm:search:calls-per-second",
        }.get(policy, "publicapi:private-apps:api-calls-per-ten-seconds")
        code = {"errorType": "RATE_LIMIT"} if coded == "errorType" else {"category": "RATE_LIMITS"}
        return cls(
            429,
            {
                "message": f"You have reached your {words} limit.",
                **code,
                "policyName": policy,
                "groupName": group,
            },
        )

    @classmethod
    def not_found(cls, message: str = "resource not found") -> ApiError:
        return cls(404, {"message": message, "category": "OBJECT_NOT_FOUND"})


def to_text(moment: datetime) -> str:
    """Write a time as HubSpot does: the fraction is absent when it is zero."""
    moment = moment.astimezone(UTC)
    milliseconds = moment.microsecond // 1000
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def to_milliseconds(value: object) -> int | None:
    """Read a time that is epoch milliseconds or ISO 8601; None when it is neither."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    if isinstance(value, int | float):
        return int(value)
    text = str(value)
    try:
        return int(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Whole milliseconds without the rounding of float seconds.
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def id_order(value: str) -> tuple[int, int, str]:
    """Sort ids as HubSpot does: numbers by size, then text."""
    return (0, int(value), "") if value.isdecimal() else (1, 0, value)
