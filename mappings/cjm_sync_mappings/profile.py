"""Read a mapping profile: TOML in, a checked `Profile` out, or one error that names the place.

The way in is `read_profile`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cjm_sync.errors import ConfigError
from cjm_sync_mappings.lines import Path, line_of
from cjm_sync_mappings.migration import brought_up
from cjm_sync_mappings.schema import Profile, TouchpointPart

LOST = "lost"
UNMAPPED = "unmapped"

BUNDLED = ("crm", "retail", "saas")
_BUNDLED = re.compile(r"[a-z0-9_-]+\Z")


def bundled_text(name: str) -> str | None:
    """Return the TOML of the bundled profile *name*, or None when there is none."""
    if not _BUNDLED.match(name):
        return None
    file = resources.files("cjm_sync_mappings") / "profiles" / f"{name}.toml"
    return file.read_text(encoding="utf-8") if file.is_file() else None


@cache
def read_profile(text: str, name: str) -> Profile:
    """Return the profile written in *text*; *name* is what messages call it.

    Raises ConfigError with line, key and remedy when it is not usable.
    """
    written, _ = brought_up(_parse(text, name), _complainer(text, name))
    try:
        profile = Profile.model_validate(_extended(written, text, name))
    except ValidationError as error:
        raise _from_pydantic(error, text, name) from error
    for path, why, remedy in _contradictions(profile):
        raise _error(text, name, path, why, remedy)
    return profile


@cache
def changes_of(text: str, name: str) -> tuple[str, ...]:
    """Return what a profile of an older version lacks, and takes from `crm`, by its dotted keys."""
    return brought_up(_parse(text, name), _complainer(text, name))[1]


def _complainer(text: str, name: str) -> Callable[[Path, str, str], ConfigError]:
    return lambda path, why, remedy: _error(text, name, path, why, remedy)


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"profile {name} is not TOML: {error}",
            hint="Correct the file at that place.",
        ) from error


def _extended(written: dict[str, Any], text: str, name: str) -> dict[str, Any]:
    base = written.pop("extends", None)
    if base is None:
        return written
    below: str | None = bundled_text(base) if isinstance(base, str) else None
    if below is None:
        raise _error(
            text,
            name,
            ("extends",),
            "names no bundled profile",
            f'Write `extends = "crm"`; there are: {", ".join(BUNDLED)}.',
        )
    more = _more_touchpoints(written.pop("also", {}), text, name)
    merged = _merged(_extended(tomllib.loads(below), below, str(base)), written)
    held = merged.get("touchpoints")
    if more and isinstance(held, list):
        # In the place of its namesake; the rest of the list stays as it is, mistakes and all.
        kept = [more.pop(_key_of(one), one) for one in held]
        merged["touchpoints"] = [*kept, *more.values()]
    return merged


def _key_of(touchpoint: Any) -> str:
    key = touchpoint.get("key") if isinstance(touchpoint, dict) else None
    return key if isinstance(key, str) else ""


def _more_touchpoints(sent: Any, text: str, name: str) -> dict[str, Any]:
    """Return the touchpoints under `also` by key; checked here, where their lines are known."""
    given = sent.get("touchpoints", []) if isinstance(sent, dict) else None
    if not isinstance(given, list) or sent.keys() - {"touchpoints"}:
        raise _error(
            text, name, ("also",), "adds what cannot be added", "Write `[[also.touchpoints]]`."
        )
    more: dict[str, Any] = {}
    for place, one in enumerate(given):
        try:
            part = TouchpointPart.model_validate(one)
        except ValidationError as error:
            raise _from_pydantic(error, text, name, ("also", "touchpoints", place)) from error
        if part.key in more:
            path: Path = ("also", "touchpoints", place, "key")
            raise _error(text, name, path, "is there twice", "Give each its own key.")
        more[part.key] = one
    return more


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            merged[key] = _merged(held, value)
        else:
            merged[key] = value
    return merged


def _error(text: str, name: str, path: Path, why: str, remedy: str) -> ConfigError:
    dotted = ".".join(str(part) for part in path) or "the file"
    return ConfigError(f"profile {name}, line {line_of(text, path)}: `{dotted}` {why}", hint=remedy)


def _from_pydantic(error: ValidationError, text: str, name: str, under: Path = ()) -> ConfigError:
    first = error.errors()[0]
    within: Path = tuple(part for part in first["loc"] if part != "[key]")
    path = (*under, *within)
    kind = first["type"]
    if kind == "extra_forbidden":
        known = sorted(_fields(TouchpointPart if under else Profile, within[:-1]))
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        remedy = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
        return _error(text, name, path, "is not a known key", remedy)
    if kind == "missing":
        return _error(
            text,
            name,
            path,
            "is missing",
            'Add it, or begin the file with `extends = "crm"` to take the bundled value.',
        )
    why = first["msg"].replace("Input should", "should").replace("String should", "should")
    return _error(text, name, path, why, "Correct the value; profiles/crm.toml shows each key.")


def _fields(model: Any, path: Path) -> set[str]:
    """Return the names allowed at *path* under *model*."""
    for part in path:
        model = _member(model, part)
    found = next(_models(model), None)
    return set(found.model_fields) if found is not None else set()


def _member(annotation: Any, part: str | int) -> Any:
    for model in _models(annotation):
        if isinstance(part, str) and part in model.model_fields:
            return model.model_fields[part].annotation
    return annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that *annotation* speaks of, through lists, tables and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {tuple, list, dict, Union, types.UnionType, Annotated}:
        for inner in get_args(annotation):
            yield from _models(inner)


def _contradictions(profile: Profile) -> Iterator[tuple[Path, str, str]]:
    """Yield what pydantic cannot see: names that lead nowhere, twins, broken patterns."""
    stages = [stage.key for stage in profile.stages]
    yield from _twins("stages", stages)
    yield from _twins("touchpoints", [touchpoint.key for touchpoint in profile.touchpoints])
    personas = [*profile.personas.rules, *profile.personas.starter]
    for place, persona in enumerate(personas):
        table = "rules" if place < len(profile.personas.rules) else "starter"
        number = place if table == "rules" else place - len(profile.personas.rules)
        is_taken = persona.key in {"everyone", "unassigned"}
        if is_taken or persona.key in [other.key for other in personas[:place]]:
            yield ("personas", table, number, "key"), "is taken", "Choose another key."
    for path, target in _targets(profile):
        if target not in stages:
            near = difflib.get_close_matches(target, stages, n=1, cutoff=0.5)
            remedy = f"Did you mean `{near[0]}`?" if near else f"Stages: {', '.join(stages)}."
            yield path, f"names no stage: {target}", remedy
    for path, pattern in _patterns(profile):
        try:
            re.compile(pattern)
        except re.error as error:
            yield path, f"is no regular expression: {error}", "Correct the pattern."
    deals = profile.deals
    if stages.index(deals.won) > stages.index(deals.won_again):
        yield ("deals", "won_again"), "comes before `won`", "A later win leads onwards, or stays."
    for kind, (low, high) in profile.surveys.scales.items():
        if low >= high:
            yield ("surveys", "scales", kind), "is no scale", "Give the lowest, then the highest."
    for survey, (low, high) in profile.surveys.by_survey.items():
        if low >= high:
            yield (
                ("surveys", "by_survey", survey),
                "is no scale",
                "Give the lowest, then the highest.",
            )
    for place, mix in enumerate(profile.mixes):
        for property_ in mix.properties:
            if not re.match(r"(contacts|companies)\.[a-z][a-z0-9_]*\Z", property_):
                yield (
                    ("mixes", place, "properties"),
                    "names no property",
                    "Write `contacts.<property>` or `companies.<property>`.",
                )


def _twins(table: str, keys: list[str]) -> Iterator[tuple[Path, str, str]]:
    for place, key in enumerate(keys):
        if key in keys[:place]:
            yield (table, place, "key"), f"is there twice: {key}", "Give each its own key."


def _targets(profile: Profile) -> Iterator[tuple[Path, str]]:
    beside = {LOST, UNMAPPED}
    for table, values in (
        ("defaults", profile.lifecycle.defaults),
        ("entries", profile.lifecycle.entries),
    ):
        for value, target in values.items():
            if target not in beside:
                yield ("lifecycle", table, value), target
    for place, keyword in enumerate(profile.lifecycle.keywords):
        if keyword.to not in beside:
            yield ("lifecycle", "keywords", place, "to"), keyword.to
    for place, one in enumerate(profile.deals.open_pipelines):
        yield ("deals", "open_pipelines", place, "to"), one.to
    for key in ("open_low", "open_high", "won", "won_again"):
        yield ("deals", key), getattr(profile.deals, key)
    for key in ("meeting", "quote", "nps"):
        yield ("rules", key), getattr(profile.rules, key)
    for stage in profile.pains.stage_days:
        yield ("pains", "stage_days", stage), stage


def _patterns(profile: Profile) -> Iterator[tuple[Path, str]]:
    for place, keyword in enumerate(profile.lifecycle.keywords):
        yield ("lifecycle", "keywords", place, "pattern"), keyword.pattern
    yield ("deals", "won_again_pipelines"), profile.deals.won_again_pipelines
    yield ("deals", "churn_pipelines"), profile.deals.churn_pipelines
    yield ("tickets", "onboarding"), profile.tickets.onboarding
    for place, part in enumerate(profile.deals.open_pipelines):
        yield ("deals", "open_pipelines", place, "pattern"), part.pattern
    for place, reason in enumerate(profile.emotion.lost_reasons):
        yield ("emotion", "lost_reasons", place, "pattern"), reason.pattern
    for place, touchpoint in enumerate(profile.touchpoints):
        for number, page in enumerate(touchpoint.pages):
            yield ("touchpoints", place, "pages", number), page
    for table, personas in (
        ("rules", profile.personas.rules),
        ("starter", profile.personas.starter),
    ):
        for place, persona in enumerate(personas):
            for number, condition in enumerate(persona.any):
                if condition.operator == "matches":
                    for value in condition.values:
                        yield ("personas", table, place, "any", number, "values"), value
