"""Some edit that a person may do next, picked by their seed from what there is.

`GENTLE` are the edits after which a sync can go on: they leave hub and databases reachable. `ROUGH`
take parts away as a whole. An edit that is not possible just now (no comment to answer yet) is
passed over for another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from cjm_sync_sandbox.notion.blocktypes import MEDIA, TEXTUAL
from cjm_sync_sandbox.notion.errors import Json
from cjm_sync_sandbox.notion.schema import READ_ONLY
from cjm_sync_sandbox.notion.state import Workspace, templates_of

if TYPE_CHECKING:
    from cjm_sync_sandbox.notion.hand import Person

Whim = Callable[["Person", "View"], object]
"""Does one edit; raises LookupError when there is nothing to do it to."""
KEY_COLUMN = "Sync key"
EMOJI = ("🌱", "🔥", "🧊", "🎈")
TEXT_KINDS = ("quote", "heading_3", "to_do", "callout", "paragraph", "bulleted_list_item")
NEW_COLUMNS = ("rich_text", "number", "checkbox", "date", "select", "url", "people")


class View:
    """What there is to edit, live, in a stable order."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        live = {one: None for one in ws.tables["blocks"] if not ws.is_trashed(one)}
        pages, databases = ws.tables["pages"], ws.tables["databases"]
        hidden = {one for source in ws.tables["sources"].values() for one in templates_of(source)}
        self.databases = [one for one in live if one in databases and self._has_own(databases[one])]
        self.sources = [one for database in self.databases for one in databases[database]["sources"]
                        if ws.tables["sources"][one]["database_id"] == database]  # fmt: skip
        self.rows = [one for source in self.sources for one in ws.tables["sources"][source]["rows"]
                     if one in live]  # fmt: skip
        self.pages = [one for one in live if one in pages and one not in hidden
                      and pages[one]["parent"]["type"] in {"page_id", "block_id"}]  # fmt: skip
        self.trashed_rows = [one for source in self.sources
                             for one in ws.tables["sources"][source]["rows"]
                             if ws.tables["blocks"][one]["in_trash"]]  # fmt: skip
        self.blocks = [one for one in live if one not in pages and one not in databases]
        self.texts = [one for one in self.blocks if self._kind(one) in TEXTUAL | MEDIA]
        self.views = [one["id"] for one in ws.tables["views"].values()
                      if one["database_id"] in live and one["data_source_id"]]  # fmt: skip
        self.comments = [
            one["id"]
            for one in ws.tables["comments"].values()
            if not one["resolved"] and one["parent"]["id"] in live
        ]

    def _has_own(self, database: Json) -> bool:
        held = self.ws.tables["sources"]
        return any(held[one]["database_id"] == database["id"] for one in database["sources"])

    def _kind(self, block_id: str) -> str:
        return str(self.ws.tables["blocks"][block_id]["type"])

    def columns(self, source_id: str, *kinds: str) -> list[Json]:
        """Return the columns that a person would edit, of *kinds* when there are any."""
        columns = self.ws.tables["sources"][source_id]["properties"].values()
        return [one for one in columns
                if one["type"] not in READ_ONLY and (not kinds or one["type"] in kinds)]  # fmt: skip

    def source_of(self, row_id: str) -> str:
        """Return the data source that a row stands in."""
        return str(self.ws.tables["pages"][row_id]["parent"]["id"])


def _pick(person: Person, things: Collection[Any]) -> Any:
    if not things:
        raise LookupError
    return person.dice.choice(list(things))


def _words(person: Person) -> str:
    return (
        f"{_pick(person, ('Ask Grace', 'Not true', 'See the call', '見て', 'a; <b>, {c}'))}"
        f" {person.dice.randrange(10_000)}"
    )


def _value(person: Person, view: View, column: Json) -> Any:
    if person.dice.random() < 0.15 and column["type"] != "title":
        return None
    match column["type"]:
        case "number":
            return round(person.dice.uniform(-50, 5_000), 2)
        case "checkbox":
            return person.dice.random() < 0.5
        case "date":
            return f"2026-{person.dice.randint(1, 12):02d}-{person.dice.randint(1, 28):02d}"
        case "select" | "status" | "multi_select":
            known = [one["name"] for one in column["config"]["options"]]
            if column["type"] != "status" and person.dice.random() < 0.3:
                known = [_words(person).replace(",", "")]
            chosen = _pick(person, known)
            return [chosen] if column["type"] == "multi_select" else chosen
        case "people":
            return [person.user]
        case "relation":
            rows = view.ws.tables["sources"][column["config"]["data_source_id"]]["rows"]
            return [_pick(person, [one for one in rows if not view.ws.is_trashed(one)])]
        case "files":
            return ["https://example.com/ours.png"]
        case "url":
            return "https://example.com/ours"
        case "email":
            return "grace@example.com"
        case "phone_number":
            return "+46 8 123 456"
        case "place":
            return (59.3, 18.1)
        case _:
            return _words(person)


def fill_cell(person: Person, view: View) -> None:
    """Fill or empty any cell but the key."""
    row = _pick(person, view.rows)
    columns = [one for one in view.columns(view.source_of(row)) if one["name"] != KEY_COLUMN]
    column = _pick(person, columns)
    person.fill(row, column["id"], _value(person, view, column))


def alter_key(person: Person, view: View) -> None:
    """Empty, spoil or retype the key of a row."""
    keyed = [
        (row, column["id"])
        for row in view.rows
        for column in view.columns(view.source_of(row), "rich_text")
        if column["name"] == KEY_COLUMN
    ]
    row, column_id = _pick(person, keyed)
    person.fill(row, column_id, _pick(person, ("", "mine", "x/y/z")))


def restore_row(person: Person, view: View) -> None:
    """Take a row back out of the trash."""
    person.restore(_pick(person, view.trashed_rows))


def write_body(person: Person, view: View) -> None:
    """Write into a row or page."""
    person.write(_pick(person, [*view.rows, *view.pages]), _words(person))


def rewrite_text(person: Person, view: View) -> None:
    """Replace the text of a block, whoever made it."""
    person.rewrite(_pick(person, view.texts), _words(person))


def turn_block(person: Person, view: View) -> None:
    """Turn a block into another kind."""
    made = person.write(_pick(person, view.pages), _words(person))
    person.turn_into(made, _pick(person, TEXT_KINDS))


def move_a_block(person: Person, view: View) -> None:
    """Drag a block to the top of its page."""
    block = _pick(person, [one for one in view.blocks
                           if view.ws.tables["blocks"][one]["parent"]["type"] == "page_id"])  # fmt: skip
    person.move_block(block, view.ws.tables["blocks"][block]["parent"]["id"])


def answer_comment(person: Person, view: View) -> None:
    """Answer in a discussion."""
    person.reply(_pick(person, view.comments), _words(person))


def resolve_comment(person: Person, view: View) -> None:
    """Resolve a discussion."""
    person.resolve(_pick(person, view.comments))


def rename_a_column(person: Person, view: View) -> None:
    """Rename any column, the key's among them."""
    source = _pick(person, view.sources)
    column = _pick(person, view.columns(source))
    person.rename_column(source, column["id"], f"Our {_words(person)}")


def _own_column(person: Person, view: View, *kinds: str) -> tuple[str, Json]:
    """Pick a column that is neither title nor key."""
    found = [
        (source, column)
        for source in view.sources
        for column in view.columns(source, *kinds)
        if column["type"] != "title" and column["name"] != KEY_COLUMN
    ]
    source, column = _pick(person, found)
    return source, column


def retype_a_column(person: Person, view: View) -> None:
    """Change a number, text, date or address column into another type."""
    source, column = _own_column(person, view, "number", "rich_text", "date", "url")
    others = [one for one in ("number", "rich_text", "checkbox") if one != column["type"]]
    person.retype_column(source, column["id"], _pick(person, others))


def delete_a_column(person: Person, view: View) -> None:
    """Delete a column that is neither title nor key."""
    source, column = _own_column(person, view)
    person.delete_column(source, column["id"])


def _with_option(person: Person, view: View) -> tuple[str, Json, str]:
    found = [
        (source, column, option["name"])
        for source in view.sources
        for column in view.columns(source, "select", "multi_select")
        for option in column["config"]["options"]
    ]
    source, column, option = _pick(person, found)
    return source, column, option


def rename_an_option(person: Person, view: View) -> None:
    """Rename an option."""
    source, column, option = _with_option(person, view)
    person.change_option(source, column["id"], option, name=f"{option} {person.dice.randrange(99)}")


def recolour_an_option(person: Person, view: View) -> None:
    """Recolour an option."""
    source, column, option = _with_option(person, view)
    person.change_option(source, column["id"], option, color=_pick(person, ("pink", "red", "gray")))


def delete_an_option(person: Person, view: View) -> None:
    """Delete an option."""
    source, column, option = _with_option(person, view)
    person.delete_option(source, column["id"], option)


def add_an_option(person: Person, view: View) -> None:
    """Add an option."""
    source, column, _ = _with_option(person, view)
    person.add_option(source, column["id"], f"Ours {person.dice.randrange(10_000)}")


def delete_a_view(person: Person, view: View) -> None:
    """Delete a tab of a database that has others."""
    views, databases = view.ws.tables["views"], view.ws.tables["databases"]
    person.delete_view(_pick(person, [one for one in view.views
                                      if len(databases[views[one]["database_id"]]["views"]) > 1
                                      ]))  # fmt: skip


def refilter_a_view(person: Person, view: View) -> None:
    """Give a view no filter."""
    person.edit_view(_pick(person, view.views), filter=None)


def reorder_the_views(person: Person, view: View) -> None:
    """Turn the order of tabs round."""
    database = _pick(person, view.databases)
    person.reorder_views(database, view.ws.tables["databases"][database]["views"][::-1])


def unlock_or_lock(person: Person, view: View) -> None:
    """Lock or unlock a page or database."""
    thing = _pick(person, [*view.databases, *view.rows])
    person.lock(thing, back=person.dice.random() < 0.5)


ACTS: dict[str, Whim] = {
    "fill_cell": fill_cell,
    "alter_key": alter_key,
    "rename_row": lambda person, view: person.rename(_pick(person, view.rows), _words(person)),
    "add_row": lambda person, view: person.add_row(_pick(person, view.sources), _words(person)),
    "trash_row": lambda person, view: person.trash(_pick(person, view.rows)),
    "restore_row": restore_row,
    "archive_row": lambda person, view: person.archive(_pick(person, view.rows)),
    "duplicate_row": lambda person, view: person.duplicate(_pick(person, view.rows)),
    "decorate": lambda person, view: person.decorate(
        _pick(person, [*view.rows, *view.pages]), _pick(person, EMOJI)),
    "rename_page": lambda person, view: person.rename(_pick(person, view.pages), _words(person)),
    "write_body": write_body,
    "embed": lambda person, view: person.embed(
        _pick(person, [*view.rows, *view.pages]), "https://example.com/video"),
    "mention": lambda person, view: person.mention(
        _pick(person, [*view.rows, *view.pages]),
        _pick(person, [person.user, *view.rows, "2026-12-24"])),
    "rewrite_text": rewrite_text,
    "turn_block": turn_block,
    "move_block": move_a_block,
    "delete_block": lambda person, view: person.trash(_pick(person, view.blocks)),
    "comment_row": lambda person, view: person.comment(_pick(person, view.rows), _words(person)),
    "comment_block": lambda person, view: person.comment(_pick(person, view.blocks), _words(person)),
    "answer_comment": answer_comment,
    "resolve_comment": resolve_comment,
    "add_column": lambda person, view: person.add_column(
        _pick(person, view.sources), f"Ours {person.dice.randrange(10_000)}",
        _pick(person, NEW_COLUMNS)),
    "rename_column": rename_a_column,
    "retype_column": retype_a_column,
    "delete_column": delete_a_column,
    "add_option": add_an_option,
    "rename_option": rename_an_option,
    "recolour_option": recolour_an_option,
    "delete_option": delete_an_option,
    "add_view": lambda person, view: person.add_view(_pick(person, view.databases), _words(person)),
    "rename_view": lambda person, view: person.rename_view(
        _pick(person, view.views), _words(person)),
    "refilter_view": refilter_a_view,
    "retype_view": lambda person, view: person.retype_view(
        _pick(person, view.views), _pick(person, ("table", "gallery", "list"))),
    "reorder_views": reorder_the_views,
    "delete_view": delete_a_view,
    "rename_database": lambda person, view: person.rename_database(
        _pick(person, view.databases), _words(person)),
    "lock": unlock_or_lock,
    "make_template": lambda person, view: person.make_template(
        _pick(person, view.sources), _words(person), ("From the template.",)),
    "describe_database": lambda person, view: person.describe_database(
        _pick(person, view.databases), _words(person)),
    "duplicate_database": lambda person, view: person.duplicate(_pick(person, view.databases)),
    "duplicate_page": lambda person, view: person.duplicate(_pick(person, view.pages)),
    "trash_database": lambda person, view: person.trash(_pick(person, view.databases)),
    "trash_page": lambda person, view: person.trash(_pick(person, view.pages)),
    "move_database": lambda person, view: person.move(
        _pick(person, view.databases), person.sandbox.parent_page),
    "unshare": lambda person, view: person.unshare(_pick(person, [*view.databases, *view.pages])),
}  # fmt: skip
"""Every kind of edit by its name."""

ROUGH = frozenset({
    "describe_database", "duplicate_database", "duplicate_page", "trash_database", "trash_page",
    "move_database", "unshare",
})  # fmt: skip
GENTLE = frozenset(ACTS) - ROUGH


def whim(person: Person, among: Collection[str] = ()) -> str:
    """Do one edit of *among* (else of GENTLE) and return its name; "" when none is possible."""
    names = [name for name in ACTS if name in (among or GENTLE)]
    person.dice.shuffle(names)
    for name in names:
        with person.sandbox.acting(person.user) as ws:
            view = View(ws)
            try:
                ACTS[name](person, view)
            except LookupError:
                continue
        return name
    return ""


__all__ = ["ACTS", "GENTLE", "ROUGH", "View", "whim"]
