"""Bodies as markdown in the Notion stand-in: what is written reads back, and edits spare the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cjm_sync_sandbox.notion import Person
from wire.notion_sandbox_world import NotionWorld, paragraph

Json = dict[str, Any]
SHEET = """\
# Map {color="blue"}
A *quiet* **bold** ~~gone~~ `code` [link](https://example.com/) \\<b\\> \\[x\\]
## Stages {toggle="true"}
\tinside
\t- deeper
\t\t- deepest
- [x] done
- [ ] open {color="red_bg"}
1. first
> said<br>twice
<callout icon="🎯" color="gray_bg">
\tWords
\t- below
</callout>
<details>
<summary>More</summary>
\tinner
\t<callout icon="💡">
\t\tnested
\t</callout>
</details>
<columns>
\t<column>
\t\tleft
\t</column>
\t<column>
\t\tright
\t</column>
</columns>
<table header-row="true" header-column="false">
\t<tr><td>a</td><td>**b**</td></tr>
\t<tr><td>c</td><td></td></tr>
</table>
```mermaid
graph TD
\tA-->B
```
$$
x^2
$$
---
![a picture](https://example.com/x.png)
<table_of_contents/>
<empty-block/>
<synced_block>
\tshared
</synced_block>"""


@pytest.fixture
def world() -> Iterator[NotionWorld]:
    made = NotionWorld()
    yield made
    made.close()


def page_of(world: NotionWorld, markdown: str) -> str:
    made = world.good("POST", "pages", {"parent": {"page_id": world.hub}, "markdown": markdown})
    return str(made["id"])


def read(world: NotionWorld, page: str) -> str:
    answer = world.send("GET", f"pages/{page}/markdown").json()
    assert (answer["object"], answer["truncated"], answer["unknown_block_ids"]) == (
        "page_markdown", False, [],
    )  # fmt: skip
    return str(answer["markdown"])


def edit(world: NotionWorld, page: str, kind: str, **wish: Any) -> Json:
    answer = world.send("PATCH", f"pages/{page}/markdown", {"type": kind, kind: wish})
    return {"status_code": answer.status_code, **answer.json()}


def children(world: NotionWorld, page: str) -> list[str]:
    return [one["id"] for one in world.good("GET", f"blocks/{page}/children")["results"]]


def test_what_was_written_as_markdown_reads_back_as_it_was(world: NotionWorld) -> None:
    page = page_of(world, SHEET)

    assert read(world, page) == SHEET
    block = world.good("GET", f"blocks/{children(world, page)[1]}")
    assert [run["annotations"]["bold"] for run in block["paragraph"]["rich_text"]].count(True) == 1
    assert block["paragraph"]["rich_text"][-1]["plain_text"] == " <b> [x]"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1))
def test_any_words_come_back_from_markdown(world: NotionWorld, words: str) -> None:
    block = world.append(world.row, paragraph(words))[0]
    markdown = read(world, world.row)

    copied = page_of(world, markdown)

    runs = [
        "".join(run["plain_text"] for run in one["paragraph"]["rich_text"])
        for one in world.good("GET", f"blocks/{copied}/children")["results"]
        if one["type"] == "paragraph"
    ]
    world.good("DELETE", f"blocks/{block}")
    # A line that looks like another kind of block is one: markdown has no other way to say it.
    assert runs in ([words.strip()], []) or words.strip() == ""


def test_replacing_the_body_keeps_the_blocks_that_stay_the_same(world: NotionWorld) -> None:
    page = page_of(world, "a\nb\nc")
    first, second, third = children(world, page)

    answer = edit(world, page, "replace_content", new_str="new\na\nc")

    assert answer["markdown"] == "new\na\nc"
    after = children(world, page)
    assert after[1:] == [first, third]
    assert after[0] != second
    assert world.good("GET", f"blocks/{second}")["in_trash"] is True


def test_an_update_meets_its_text_once_or_is_refused(world: NotionWorld) -> None:
    page = page_of(world, "one two\nsame\nsame")
    kept = children(world, page)[1:]

    done = edit(world, page, "update_content",
                content_updates=[{"old_str": "two", "new_str": "three"}])  # fmt: skip
    twice = edit(world, page, "update_content",
                 content_updates=[{"old_str": "same", "new_str": "x"}])  # fmt: skip
    never = edit(world, page, "update_content",
                 content_updates=[{"old_str": "none", "new_str": "x"}])  # fmt: skip

    assert done["markdown"] == "one three\nsame\nsame"
    assert (twice["code"], never["code"]) == ("validation_error", "validation_error")
    assert children(world, page)[1:] == kept
    everywhere = edit(world, page, "update_content", content_updates=[
        {"old_str": "same", "new_str": "x", "replace_all_matches": True}])  # fmt: skip
    assert everywhere["markdown"] == "one three\nx\nx"


def test_content_is_inserted_and_ranges_are_replaced(world: NotionWorld) -> None:
    page = page_of(world, "b\nd")

    edit(world, page, "insert_content", content="a", position={"type": "start"})
    edit(world, page, "insert_content", content="e", position={"type": "end"})
    edit(world, page, "insert_content", content="c", after="b")
    answer = edit(world, page, "replace_content_range", content="x", content_range="c...e")

    assert answer["markdown"] == "a\nb\nx"
    lost = edit(world, page, "replace_content_range", content="x", content_range="q...e")
    assert lost["code"] == "validation_error"


def test_pages_and_databases_are_not_deleted_by_the_way(world: NotionWorld) -> None:
    page = page_of(world, "a")
    child = Person(world.sandbox).add_page(page, "Child")

    refused = edit(world, page, "replace_content", new_str="b")
    assert (refused["status_code"], read(world, page).startswith("a\n<page url=")) == (400, True)
    tag = read(world, page).splitlines()[1]
    kept = edit(world, page, "replace_content", new_str=f"{tag}\nb")
    assert children(world, page)[0] == child
    assert kept["markdown"].splitlines() == [tag, "b"]

    edit(world, page, "replace_content", new_str="c", allow_deleting_content=True)

    assert world.good("GET", f"pages/{child}")["in_trash"] is True


def test_what_markdown_cannot_say_is_named_and_kept(world: NotionWorld) -> None:
    page = page_of(world, "a")
    embed = world.append(page, {"embed": {"url": "https://example.com/v"}})[0]

    markdown = read(world, page)
    answer = edit(world, page, "replace_content", new_str=markdown + "\nz")

    assert 'alt="embed"/>' in markdown
    assert answer["status_code"] == 200
    assert embed in children(world, page)


def test_mentions_and_pictures_of_ours_are_written(world: NotionWorld) -> None:
    page = page_of(world, "")
    person = Person(world.sandbox)
    for thing in (world.row, world.sandbox.person, "2026-12-24"):
        person.mention(page, thing, words="")
    markdown = read(world, page)

    copied = page_of(world, markdown)

    kinds = [
        world.good("GET", f"blocks/{one}")["paragraph"]["rich_text"][0]["mention"]["type"]
        for one in children(world, copied)
    ]
    assert kinds == ["page", "user", "date"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "replace_content"},
        {"type": "replace_content", "replace_content": {}},
        {"type": "replace_content", "replace_content": {"new_str": 1}},
        {"type": "update_content", "update_content": {"content_updates": [{}]}},
        {"type": "update_content", "update_content": {"content_updates": [{"old_str": "", "new_str": ""}]}},
        {"type": "insert_content", "insert_content": {"content": "x", "position": {"type": "x"}}},
        {"type": "replace_content", "replace_content": {"new_str": '<mention-page url="x"/>'}},
        {"type": "replace_content", "replace_content": {"new_str": "<table>\n</table>"}},
        {"type": "replace_content", "replace_content": {"new_str": "- x\n" * 1_001}},
    ],
    ids=range(10),
)  # fmt: skip
def test_an_edit_that_makes_no_sense_changes_nothing(world: NotionWorld, body: Json) -> None:
    page = page_of(world, "a\nb")
    before = world.sandbox.snapshot()

    answer = world.send("PATCH", f"pages/{page}/markdown", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert world.sandbox.snapshot() == before


def test_a_trashed_page_is_not_edited(world: NotionWorld) -> None:
    page = page_of(world, "a")
    world.good("PATCH", f"pages/{page}", {"in_trash": True})

    assert edit(world, page, "replace_content", new_str="b")["status_code"] == 400
