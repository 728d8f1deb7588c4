"""Uploaded pictures are shown from the viewer's own address; nothing else that was uploaded is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from viewer_world import HOSTILE, World, a_world, text

PNG = b"\x89PNG\r\n\x1a\n picture"


def image(upload: str, caption: str = "") -> dict[str, Any]:
    file = {"type": "file_upload", "file_upload": {"id": upload}}
    return {"type": "image", "image": {**file, "caption": text(caption)}}


def shown(world: World) -> list[str]:
    """Return the addresses of the hub's pictures."""
    return re.findall(r'<img src="([^"]+)"', world.page())


def test_an_uploaded_picture_is_shown_with_its_words() -> None:
    world = a_world()
    upload = world.upload("map.png", PNG, "image/png")
    world.append(image(upload, HOSTILE))

    (address,) = shown(world)
    answer = world.get(address)

    assert address == f"/f/{upload}"
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert 'alt="&lt;script&gt;' in world.page()
    assert "<script" not in world.page()


def test_a_picture_without_words_is_named_all_the_same() -> None:
    world = a_world()
    world.append(image(world.upload("map.png", PNG, "image/png")))

    assert 'alt="A picture in this page"' in world.page()


def test_a_swapped_picture_is_the_new_one() -> None:
    world = a_world()
    (block,) = world.append(image(world.upload("old.png", b"old", "image/png")))
    new = world.upload("new.png", b"new", "image/png")

    world.ask("PATCH", f"blocks/{block['id']}", {"image": {"file_upload": {"id": new}}})

    (address,) = shown(world)
    assert world.get(address).body == b"new"


@pytest.mark.parametrize("kind", ["text/html", "application/pdf", "text/plain"])
def test_no_other_file_is_served(kind: str) -> None:
    world = a_world()
    extension = {"text/html": "html", "application/pdf": "pdf", "text/plain": "txt"}[kind]
    upload = world.upload(f"x.{extension}", b"<script>1</script>", kind)

    answer = world.get(f"/f/{upload}")

    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<script" not in answer.text


def test_an_unknown_file_is_not_there() -> None:
    world = a_world()

    assert world.get("/f/1b8b8b8b-1b8b-4b8b-8b8b-1b8b8b8b8b8b").status == 404
    assert world.get("/f/x").status == 404


def test_covers_stand_over_pages_and_cards() -> None:
    world = a_world(rows=False)
    upload = world.upload("cover.png", PNG, "image/png")
    cover = {"type": "file_upload", "file_upload": {"id": upload}}
    row = world.row("First")
    world.ask("PATCH", f"pages/{row}", {"cover": cover})
    world.ask("PATCH", f"pages/{world.hub}", {"cover": cover})
    world.append(image(upload), to=row)
    world.view("gallery", configuration={"cover": {"type": "page_cover"}})
    world.view("gallery", configuration={"cover": {"type": "page_content"}})
    world.view("gallery", configuration={})

    html = world.page()

    assert html.count(f'<img src="/f/{upload}" alt="" class="cover">') == 2
    assert html.count('class="page-cover"') == 1
    assert f'<img src="/f/{upload}" alt="" class="page-cover">' in world.get(f"/p/{row}").text


def test_a_picture_at_another_address_is_only_named() -> None:
    world = a_world()
    outside = {"type": "external", "external": {"url": "https://e.com/a.png"}}
    world.append({"type": "image", "image": outside})

    assert shown(world) == []
    assert 'class="media"' in world.page()
