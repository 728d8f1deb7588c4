"""Read the configuration file: parsed once, every mistake named with its line and its remedy.

The tables of a plugin (`[hubspot]`, `[notion]`) are checked by the plugin's own model. Nothing is
expanded; a secret is only ever referred to, and looked up here when it is needed.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cjm_sync.errors import ConfigError
from cjm_sync.guard import removal_limit
from cjm_sync.ports import JourneyRequest, MappingPlugin

ENVIRONMENT = "CJM_SYNC_CONFIG"
DEFAULT = "config.toml"
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)\s*")
_WORKSPACE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_JOURNEY_KEY = re.compile(r"[a-z0-9-]{1,32}")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_GRID = datetime(2000, 1, 1, tzinfo=UTC)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: object) -> timedelta:
    """Read `30s`, `15m`, `24h` or `7d`; ValueError says what was meant."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration; write 30s, 15m, 24h or 7d")
    try:
        length = timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError(f"{value!r} is too long a duration") from None
    if not length:
        raise ValueError("a duration must be longer than nothing")
    return length


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreTable(_Table):
    """`[store]`: where the memory lives."""

    url: str = "sqlite:///cjm-sync.db"
    settle_seconds: float = Field(default=30, ge=0, le=3600)
    workspace: str = "main"

    @field_validator("workspace")
    @classmethod
    def _is_plain(cls, value: str) -> str:
        if not _WORKSPACE.fullmatch(value):
            raise ValueError("may hold only letters a–z, digits, _ and -, 1 to 64 characters")
        return value

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError:
            # `from None`: the reason may quote the address, and that may hold a password.
            raise ValueError(
                "this is no database address; write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            ) from None
        if url.password is not None or "password" in url.query:
            raise ValueError(
                "a password is not written into the configuration; "
                "leave it to PGPASSWORD, PGPASSFILE or ~/.pgpass"
            )
        return value


class ScheduleTable(_Table):
    """`[schedule]`: when `serve` runs what, and whose days count."""

    sync: str = "*/15 * * * *"
    sweep: str = "17 3 * * *"
    sweep_pages: int = Field(default=0, ge=0)
    timezone: str = "UTC"
    heartbeat: Duration = timedelta(hours=24)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{value!r} is no time zone; write one like Europe/Stockholm or UTC"
            ) from None
        return value

    @field_validator("sync", "sweep")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_trigger(value, timezone="UTC")
        return value


class PrivacyTable(_Table):
    """`[privacy]`: what may leave the machine."""

    detail: Literal["aggregate", "pseudonymous", "full"] = "aggregate"
    properties: tuple[str, ...] = ()
    rows: Literal["active", "open_deals", "all"] = "active"
    max_rows: int = Field(default=1_000, ge=1, le=50_000)

    @field_validator("properties")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _PROPERTY.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no internal name of a property (a–z, 0–9 and _, such as country)"
                )
        return value


class SafetyTable(_Table):
    """`[safety]`: what a run may do to what is there."""

    max_removals: str = "max(5, 10%)"
    on_person_edit: Literal["keep", "reset", "ask"] = "keep"
    on_person_delete: Literal["respect", "restore"] = "respect"

    @field_validator("max_removals")
    @classmethod
    def _is_limit(cls, value: str) -> str:
        removal_limit(value, 100)
        return value


class JourneyTable(_Table):
    """One `[[journeys]]`."""

    key: str
    name: str = Field(min_length=1, max_length=100)
    unit: Literal["contact", "company", "deal"] = "contact"
    profile: str = "crm"
    where: dict[str, Any] = Field(default_factory=dict)
    formerly: tuple[str, ...] = ()

    @field_validator("key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        return _journey_key(value)

    @field_validator("formerly")
    @classmethod
    def _are_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_journey_key(key) for key in value)


def _journey_key(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    if not _JOURNEY_KEY.fullmatch(value):
        raise ValueError("may hold only a–z, 0–9 and -, at most 32 characters")
    return value


class _Document(_Table):
    store: StoreTable = StoreTable()
    schedule: ScheduleTable = ScheduleTable()
    privacy: PrivacyTable = PrivacyTable()
    safety: SafetyTable = SafetyTable()
    journeys: tuple[JourneyTable, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. *tables* holds each plugin's own model by table name."""

    path: Path
    store: StoreTable
    schedule: ScheduleTable
    privacy: PrivacyTable
    safety: SafetyTable
    journeys: tuple[JourneyTable, ...]
    tables: Mapping[str, Any]


def find_config(option: Path | None, environment: Mapping[str, str]) -> Path:
    """Return which file to read: *option*, else CJM_SYNC_CONFIG, else config.toml here."""
    if option is not None:
        return option
    return Path(environment.get(ENVIRONMENT) or DEFAULT)


def load_config(path: Path, plugin_tables: Mapping[str, type[BaseModel]]) -> Config:
    """Read and check the file; raises ConfigError naming line, key and remedy of each mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no configuration at {path}",
            hint="Copy config.example.toml to config.toml and fill it in, or name a file with --config; "
            "`cjm-sync demo` needs none.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Check the file.") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}", hint="Mend the line named."
        ) from error
    problems: list[str] = []
    tables: dict[str, Any] = {}
    rest = dict(document)
    for name, model in plugin_tables.items():
        tables[name] = _checked(model, rest.pop(name, {}), (name,), text, problems)
    known = [*_Document.model_fields, *plugin_tables]
    for name in sorted(rest.keys() - set(known)):
        problems.append(_unknown((name,), known, text))
        rest.pop(name)
    if not document.get("journeys", ()) and not _misspelled("journeys", document.keys(), known):
        problems.append("[[journeys]] is missing: at least one is needed")
    core = _checked(_Document, rest, (), text, problems)
    if core is not None:
        keys = [journey.key for journey in core.journeys]
        problems.extend(
            f"journeys: the key {key!r} is used twice"
            for key in sorted({k for k in keys if keys.count(k) > 1})
        )
        former = [key for journey in core.journeys for key in journey.formerly]
        problems.extend(
            f"journeys: {key!r} is the key of a journey and a former one; a renamed journey leaves its old key"
            for key in sorted({*former} & {*keys})
        )
        problems.extend(
            f"journeys: the former key {key!r} is given twice"
            for key in sorted({k for k in former if former.count(k) > 1})
        )
    if problems:
        raise ConfigError(
            f"{path}: " + "; ".join(problems),
            hint="docs/configuration.md and config.example.toml list every key.",
        )
    return Config(path, core.store, core.schedule, core.privacy, core.safety, core.journeys, tables)


def _checked(
    model: type[BaseModel], value: object, prefix: tuple[str, ...], text: str, problems: list[str]
) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems.extend(
            _words(problem, prefix, model, text) for problem in found if not _is_told(problem)
        )
        return None


def _is_told(problem: Any) -> bool:
    """Tell whether the problem is that there are no journeys, which is said on its own."""
    return problem["loc"] == ("journeys",) and problem["type"] in {"missing", "too_short"}


def _misspelled(name: str, given: Iterable[str], known: Collection[str]) -> bool:
    """Tell whether a table of *given* that is not *known* is taken for *name*."""
    return any(
        difflib.get_close_matches(other, known, n=1, cutoff=0.5) == [name]
        for other in given
        if other not in known
    )


def _words(problem: Any, prefix: tuple[str, ...], model: type[BaseModel], text: str) -> str:
    place = (*prefix, *(str(part) for part in problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return _unknown(place, _keys_beside(model, problem["loc"]), text)
    dotted = _dotted(place)
    if problem["type"] == "missing":
        return f"{dotted} is missing"
    return f"{_line(place, text)}{dotted}: {_remedy(problem)}"


def _remedy(problem: Any) -> str:
    """Return what the value should be, in words for people who have never heard of pydantic."""
    context = problem.get("ctx") or {}
    match problem["type"]:
        case "literal_error":
            allowed = str(context["expected"]).replace("'", '"')
            is_one = allowed.count('"') == 2
            return (
                f"only {allowed} is available in this version"
                if is_one
                else f"use one of {allowed}"
            )
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case "string_too_short":
            return "must not be empty"
        case "string_too_long":
            return f"may have at most {context['max_length']} characters"
        case "string_type":
            return "must be text in quotes"
        case "float_type" | "float_parsing" | "finite_number":
            return "must be a number"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a table"
        case "tuple_type" | "list_type" if problem["loc"] == ("journeys",):
            return "write [[journeys]] with double brackets"
        case "tuple_type" | "list_type":
            return "must be a list in square brackets"
        case _:
            message = str(problem["msg"]).removeprefix("Value error, ")
            return message[:1].lower() + message[1:]


def _keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the known keys of the table in which *location* lies."""
    current: Any = model
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        annotation = current.model_fields[part].annotation
        inner = [a for a in getattr(annotation, "__args__", ()) if isinstance(a, type)]
        current = inner[0] if inner else annotation
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            return []
    return list(current.model_fields)


def _unknown(place: tuple[str, ...], known: list[str], text: str) -> str:
    near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    # In brackets: the sentence that these words become part of ends with a period.
    remedy = f"(did you mean {near[0]!r}?)" if near else f"(known here: {', '.join(known)})"
    return f"{_line(place, text)}{_dotted(place)} is not a known key {remedy}"


def _dotted(place: tuple[str, ...]) -> str:
    return ".".join(f"[{int(part) + 1}]" if part.isdigit() else part for part in place).replace(
        ".[", "["
    )


def _line(place: tuple[str, ...], text: str) -> str:
    """Return "line N: " for the key, found by its table and name; "" when it cannot be told."""
    table, wanted_index = place[0], next((int(p) for p in place if p.isdigit()), 0)
    current, index = "", -1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]", line)
        if header:
            current = header[1]
            index += current == table and line.lstrip().startswith("[[")
            if len(place) == 1 and current == table:
                return f"line {number}: "
            continue
        in_table = current == table and (index < 0 or index == wanted_index)
        at_top = len(place) == 1 and not current
        name = next(p for p in reversed(place) if not p.isdigit())
        if (in_table or at_top) and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line):
            return f"line {number}: "
    return ""


def parse_trigger(text: str, *, timezone: str) -> BaseTrigger:
    """Read a cron line of five fields or `every 15m`; ValueError says what was meant."""
    stripped = text.strip()
    if stripped.startswith("every "):
        length = parse_duration(stripped.removeprefix("every "))
        if length < timedelta(minutes=1):
            raise ValueError(f"{text!r} is too often; leave at least a minute")
        # The grid starts at a fixed time: else it would depend on when this line was read.
        return IntervalTrigger(
            seconds=int(length.total_seconds()), start_date=_GRID, timezone=timezone
        )
    try:
        *others, weekdays = stripped.split()
        trigger = CronTrigger.from_crontab(
            " ".join([*others, _named_weekdays(weekdays)]), timezone=timezone
        )
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no schedule ({error}); write a cron line like */15 * * * * or every 15m"
        ) from error
    if trigger.get_next_fire_time(None, _GRID) is None:
        raise ValueError(f"{text!r} never comes; there is no such day")
    return trigger


def _named_weekdays(text: str) -> str:
    """Return the weekday field of a cron line with names, for APScheduler counts from Monday.

    Cron counts from Sunday, as 0 or 7. Names, `*` and what is no number are left as they are.
    """
    named: list[str] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d)(?:-(\d))?(?:/(\d+))?", part)
        if match is None and part != "*" and part.startswith("*/"):
            match = re.fullmatch(r"(0)-(6)/(\d+)", part.replace("*", "0-6", 1))
        if match is None:
            named.append(part)
            continue
        first, step = int(match[1]), int(match[3] or 1)
        last = int(match[2]) if match[2] else 6 if match[3] else first
        if last > 7 or first > last or not step:
            raise ValueError(f"the weekday {part!r} is not between 0 and 7 (0 and 7 are Sunday)")
        named += [_WEEKDAYS[day % 7] for day in range(first, last + 1, step)]
    return ",".join(dict.fromkeys(named))


def resolve_secret(reference: str, environment: Mapping[str, str], *, key: str) -> SecretStr:
    """Look a secret up; raises ConfigError naming where it was sought, never what was found."""
    scheme, _, place = reference.partition(":")
    match scheme:
        case "env":
            found = environment.get(place, "").strip()
            if not found:
                raise ConfigError(
                    f"{key}: the environment variable {place} is not set",
                    hint=f"Set {place} to the token, or point {key} elsewhere (file:PATH, keyring:SERVICE).",
                )
        case "file":
            try:
                found = Path(place).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                # `from None`: a decoding error carries what was read, which is the secret.
                raise ConfigError(
                    f"{key}: the file {place} cannot be read",
                    hint="Check the path, its permissions, and that it holds text.",
                ) from None
            if not found:
                raise ConfigError(
                    f"{key}: the file {place} is empty", hint="Put the token into it."
                )
        case _:
            found = _from_keyring(place, key=key)
    if any(not "!" <= character <= "~" for character in found):
        raise ConfigError(
            f"{key}: what stands there is no token (it holds spaces or unusual characters)",
            hint="Copy the token again, without quotes or line breaks.",
        )
    return SecretStr(found)


def _from_keyring(service: str, *, key: str) -> str:
    try:
        import keyring.errors  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{key}: the package keyring is not installed",
            hint="Install it with `pip install 'cjm-sync[keyring]'`.",
        ) from error
    try:
        found: str | None = keyring.get_password(service, "cjm-sync")
    except keyring.errors.KeyringError:
        raise ConfigError(
            f"{key}: the keyring cannot be asked for the service {service}",
            hint="Unlock it, or use env:NAME or file:PATH where there is no keyring.",
        ) from None
    if not found:
        raise ConfigError(
            f"{key}: the keyring holds nothing for the service {service}",
            hint=f"Store it with `keyring set {service} cjm-sync`.",
        )
    return found


def journey_requests(config: Config, mapping: MappingPlugin) -> tuple[JourneyRequest, ...]:
    """Return the journeys with their profiles read and checked; raises ConfigError."""
    requests = []
    for journey in config.journeys:
        text = mapping.profile_text(journey.profile)
        if text is None:
            path = config.path.parent / journey.profile
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"journeys.profile: {journey.profile!r} is neither a bundled profile nor a readable file",
                    hint="Use `crm`, `saas` or `retail`, or the path of a profile relative to the configuration.",
                ) from error
        mapping.validate(text, name=journey.profile)
        requests.append(
            JourneyRequest(
                key=journey.key,
                name=journey.name,
                unit=journey.unit,
                profile=journey.profile,
                profile_text=text,
                where=journey.where,
                formerly=journey.formerly,
                detail=config.privacy.detail,
                properties=config.privacy.properties,
                only=config.privacy.rows,
                max_rows=config.privacy.max_rows,
            )
        )
    return tuple(requests)


def environment() -> Mapping[str, str]:
    """Return the process's environment; the only place that reads it."""
    return os.environ
