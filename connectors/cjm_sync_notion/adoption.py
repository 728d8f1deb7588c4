"""Take a database that people already have for one of ours: columns, rows, a backup. Pure but `look`.

Nothing of theirs is renamed, removed or retyped. Our columns are found by name and type; what is
missing is added; rows are ours by `Sync key`, or by the text of a column that people name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from cjm_sync.errors import ConfigError, GuardTripped, RejectedError
from cjm_sync.model import Choice, Finding, Observed, Page
from cjm_sync_notion.client import NotionClient
from cjm_sync_notion.schemas import column_ids, option_ids
from cjm_sync_notion.settings import AdoptTable
from cjm_sync_notion.workspace import Column, Database

SUFFIX = " (cjm-sync)"
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Fit:
    """How our columns lie in a table of people's.

    *ids* leads from our column key to the property that stands for it, *missing* to the name under
    which the column is to be added. *match_id* is the property whose text tells whose row it is.
    """

    database_id: str
    data_source_id: str
    title: str
    description: tuple[Mapping[str, Any], ...]
    ids: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]]
    missing: Mapping[str, str]
    match_id: str
    findings: tuple[Finding, ...] = ()

    def detail(self) -> dict[str, Any]:
        """Return the memory of the database, with the columns that are there."""
        return {
            "data_source_id": self.data_source_id,
            "columns": dict(self.ids),
            "options": {key: dict(held) for key, held in self.options.items()},
            "adopted": {"match": self.match_id},
        }


def look(
    client: NotionClient,
    database: Database,
    wish: AdoptTable,
    *,
    marker: str,
    related: Mapping[str, str],
) -> Fit:
    """Read the database that people gave, and fit our columns in. Writes nothing.

    *marker* is ours; another installation's raises GuardTripped. *related* gives the data source
    of each kind that a relation may point to. Raises ConfigError when it cannot be used as told.
    """
    where = f"notion.adopt.{database.kind}"
    container, source_id = _container(client, wish.database, where)
    if container.get("in_trash"):
        raise ConfigError(
            f"the database of `{where}.database` is in Notion's trash",
            hint="Restore it in Notion, or name another one.",
        )
    words = tuple(item for item in container.get("description") or () if isinstance(item, Mapping))
    _check_owner(plain(words), marker, where)
    source = client.get(f"data_sources/{source_id}")
    found = fit(database, source, wish, related=related)
    return replace(found, database_id=str(container.get("id")), description=words)


def _container(client: NotionClient, named: str, where: str) -> tuple[Mapping[str, Any], str]:
    """Return the database and the data source that *named* means, which may be the id of either."""
    try:
        container = client.get(f"databases/{named}")
    except RejectedError as error:
        try:
            source = client.get(f"data_sources/{named}")
        except RejectedError:
            raise ConfigError(
                f"the database of `{where}.database` does not exist or is not shared with the connection",
                hint="Open it in Notion, choose ••• → Connections, and add your connection.",
            ) from error
        parent = source.get("parent") or {}
        return client.get(f"databases/{parent.get('database_id')}"), named
    sources = [str(one["id"]) for one in container.get("data_sources") or () if "id" in one]
    if len(sources) != 1:
        raise ConfigError(
            f"the database of `{where}.database` has {len(sources)} data sources",
            hint="Name the data source instead (••• → Manage data sources → Copy data source ID).",
        )
    return container, sources[0]


def _check_owner(description: str, ours: str, where: str) -> None:
    theirs = [word for word in description.split() if word.startswith("cjm-sync:")]
    if any(mark.rstrip(".,;)") != ours for mark in theirs):
        raise GuardTripped(
            f"the database of `{where}.database` is kept by another installation or for another table",
            hint="Name another database, or take the words `cjm-sync:…` out of its description "
            "if nothing refreshes it any more.",
        )


def fit(
    database: Database,
    source: Mapping[str, Any],
    wish: AdoptTable,
    *,
    related: Mapping[str, str],
) -> Fit:
    """Find each column of *database* among those of *source*, by the name told, or by its own."""
    where = f"notion.adopt.{database.kind}"
    theirs = {
        str(name): held
        for name, held in (source.get("properties") or {}).items()
        if isinstance(held, Mapping) and isinstance(held.get("id"), str)
    }
    ids: dict[str, str] = {}
    missing: dict[str, str] = {}
    findings: list[Finding] = []
    taken: set[str] = set()
    # Columns that were told by name come first: no other may take theirs.
    for column in sorted(database.columns, key=lambda one: one.key not in wish.columns):
        told = wish.columns.get(column.key)
        if column.type == "title":
            name = _title_of(theirs)
        else:
            # Ours of an earlier time, which people renamed since, are known by their description.
            name = _described(column, theirs, taken) if told is None else None
            name = name or _named(told or column.name, theirs)
        if told is not None and (name is None or not _fits(column, theirs[name], related)):
            raise ConfigError(
                f"`{where}.columns.{column.key}` names no column of the type {column.type}: {told!r}",
                hint="Correct the name, or leave the line out to have a column added.",
            )
        if name is not None and name not in taken and _fits(column, theirs[name], related):
            ids[column.key] = str(theirs[name]["id"])
            taken.add(name)
            continue
        if name is None:
            missing[column.key] = column.name
            continue
        second = _named(f"{column.name}{SUFFIX}", theirs)
        if second is not None and _fits(column, theirs[second], related):
            ids[column.key] = str(theirs[second]["id"])
            taken.add(second)
            continue
        missing[column.key] = f"{column.name}{SUFFIX}"
        findings.append(
            Finding(
                "column_renamed",
                f"{database.kind}/{column.key}",
                f"{database.title} has a column {column.name!r} of another type; ours is called "
                f"{column.name + SUFFIX!r}",
                f"Give that column the type {column.type} before the first run, if it was meant.",
            )
        )
    match_id = ids.get("name", "title")
    if wish.match:
        held = _named(wish.match, theirs)
        if held is None or theirs[held].get("type") not in {"title", "rich_text"}:
            raise ConfigError(
                f"`{where}.match` names no text column of that database: {wish.match!r}",
                hint="Write the name of its title column or of a text column.",
            )
        match_id = str(theirs[held]["id"])
    return Fit(
        database_id="",
        data_source_id=str(source.get("id")),
        title=plain(source.get("title") or ()),
        description=(),
        ids={column.key: ids[column.key] for column in database.columns if column.key in ids},
        options=option_ids(database, ids, source),
        missing={c.key: missing[c.key] for c in database.columns if c.key in missing},
        match_id=unquote(match_id),
        findings=tuple(findings),
    )


def _described(
    column: Column, theirs: Mapping[str, Mapping[str, Any]], taken: Collection[str]
) -> str | None:
    alike = [
        name
        for name, held in theirs.items()
        if name not in taken
        and held.get("type") == column.type
        and column.description
        and held.get("description") == column.description
    ]
    return alike[0] if len(alike) == 1 else None


def _title_of(theirs: Mapping[str, Mapping[str, Any]]) -> str | None:
    return next((name for name, held in theirs.items() if held.get("type") == "title"), None)


def _named(wanted: str, theirs: Collection[str]) -> str | None:
    """Return the column called *wanted*, else the only one that is called so but for case."""
    if wanted in theirs:
        return wanted
    alike = [name for name in theirs if name.strip().casefold() == wanted.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def _fits(column: Column, held: Mapping[str, Any], related: Mapping[str, str]) -> bool:
    if held.get("type") != column.type:
        return False
    if column.type != "relation":
        return True
    target = (held.get("relation") or {}).get("data_source_id")
    return target is not None and target == related.get(column.relates_to)


def marked(description: Iterable[Mapping[str, Any]], mark: str) -> list[dict[str, Any]]:
    """Return people's *description* as it can be sent back, with our mark behind it."""
    kept = [_sendable(item) for item in description]
    space = "\n" if kept else ""
    own = {"type": "text", "text": {"content": f"{space}Numbers by {mark}"}}
    return [*(item for item in kept if item is not None), own]


def _sendable(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a rich text item without what only answers carry."""
    kind = str(item.get("type"))
    content = item.get(kind)
    if not isinstance(content, Mapping):
        return None
    if kind == "mention":
        inner = str(content.get("type"))
        value = content.get(inner)
        is_thing = isinstance(value, Mapping) and "id" in value
        content = {"type": inner, inner: {"id": value["id"]} if is_thing else value}  # type: ignore[index]
    sent: dict[str, Any] = {"type": kind, kind: dict(content)}
    if isinstance(item.get("annotations"), Mapping):
        sent["annotations"] = dict(item["annotations"])
    return sent


def plain(items: Iterable[Any]) -> str:
    """Return rich text without its form."""
    return "".join(
        str(item.get("plain_text") or (item.get("text") or {}).get("content") or "")
        for item in items
        if isinstance(item, Mapping)
    )


def fold(text: str) -> str:
    """Return *text* as it is compared: case and space do not count."""
    return " ".join(text.split()).casefold()


def names_of(pages: Iterable[Page]) -> dict[str, set[str]]:
    """Return by folded name the keys of the rows that people may know by it.

    That is the row's title; of a stage's row for everyone, the stage's own name too.
    """
    names: dict[str, set[str]] = {}
    for page in pages:
        title, stage, persona = (page.cells.get(key) for key in ("name", "stage", "persona"))
        known = [title] if isinstance(title, str) else []
        if isinstance(stage, Choice) and isinstance(persona, Choice) and persona.key == "everyone":
            known.append(stage.label)
        for name in known:
            if fold(name):
                names.setdefault(fold(name), set()).add(page.key)
    return names


@dataclass(frozen=True, slots=True)
class Matched:
    """The rows of an adopted database, those that match under the wished row's key."""

    rows: tuple[Observed, ...]
    adopted: int = 0
    findings: tuple[Finding, ...] = field(default=())


def match_rows(
    rows: Iterable[tuple[Observed, str]],
    names: Mapping[str, Collection[str]],
    *,
    bound_keys: Collection[str],
    bound_ids: Collection[str],
) -> Matched:
    """Give rows without a key the key of the wished row that they are, if that is beyond doubt.

    *rows* come with the text by which they are known. One row for one key: where two rows have the
    text of one wished row, or one text stands for two, none is taken and a finding says so.
    """
    seen = list(rows)
    held = {row.key for row, _ in seen if row.key}
    free = [
        (row, fold(text))
        for row, text in seen
        if not row.key and row.remote_id not in bound_ids and fold(text) in names
    ]
    times = Counter(text for _, text in free)
    taken: dict[str, str] = {}
    findings: list[Finding] = []
    for row, text in free:
        keys = [key for key in sorted(names[text]) if key not in bound_keys and key not in held]
        if len(keys) == 1 and times[text] == 1:
            taken[row.remote_id] = keys[0]
        elif keys:
            findings.append(_ambiguous(row, keys, times[text]))
    return Matched(
        tuple(
            replace(row, key=taken[row.remote_id]) if row.remote_id in taken else row
            for row, _ in seen
        ),
        len(taken),
        tuple(findings),
    )


def _ambiguous(row: Observed, keys: list[str], times: int) -> Finding:
    why = (
        f"{times} rows carry the name of {keys[0]}"
        if times > 1
        else f"its name is that of {len(keys)} rows of ours ({', '.join(keys[:3])}, …)"
    )
    return Finding(
        "adoption_ambiguous",
        row.remote_id,
        f"the row {row.remote_id} of {row.collection} is not taken over: {why}",
        f"Put the key of the row that it is into its column `Sync key`, such as {keys[0]}.",
    )


def preview(kind: str, found: Fit, database: Database, *, rows: int, adopted: int) -> Finding:
    """Return what the take-over of a database does, or would do."""
    here = _listed([database.column(key).name for key in found.ids])
    added = _listed(list(found.missing.values()))
    return Finding(
        "adoption",
        kind,
        f"the database {found.title!r} is used for {kind}: {len(found.ids)} columns fit ({here}), "
        f"{len(found.missing)} are added ({added}); {adopted} of its {rows} rows "
        f"{'is' if adopted == 1 else 'are'} taken over",
        "Nothing of yours is renamed, removed or retyped; rows that match nothing are left alone.",
    )


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown


def remembered(found: Fit, database: Database, source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the memory of the database after the missing columns were added (*source*)."""
    named = {str(name): held for name, held in (source.get("properties") or {}).items()}
    added = {
        key: str(named[name]["id"])
        for key, name in found.missing.items()
        if name in named and named[name].get("type") == database.column(key).type
    }
    ids = {**found.ids, **added} if named else {**column_ids(database, source), **found.ids}
    return {
        **found.detail(),
        "columns": ids,
        "options": option_ids(database, ids, source),
        "known": [column.key for column in database.columns],
    }
