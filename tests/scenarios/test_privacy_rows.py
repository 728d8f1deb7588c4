"""Above `aggregate`: rows of single units give away nothing but what the allow-list names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from scenarios.cli_world import LOOPBACK, Desk, open_desk
from scenarios.test_privacy import Planted, planted_portal

pytestmark = LOOPBACK


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def desk(tmp_path: Path, planted: Planted) -> Iterator[Desk]:
    with open_desk(tmp_path, planted_portal(planted)) as opened:
        yield opened


def seen(desk: Desk, *commands: list[str]) -> str:
    """Return everything that left the process while *commands* ran, in small letters."""
    before = len(desk.notion.requests)
    told = b""
    for command in commands:
        ran = desk.run(*command)
        assert ran.code == 0, ran.err
        told += ran.raw + ran.err.encode()
    for request in desk.notion.requests[before:]:
        told += request.path.encode() + request.query.encode() + request.body
    text = told.decode("utf-8", "replace")
    return f"{text}\n{unquote_plus(text)}".casefold()


def leaks(text: str, planted: Planted) -> set[str]:
    return {
        name
        for name, secrets in planted.by_name.items()
        if any(secret in text for secret in secrets)
    }


def test_a_pseudonymous_row_gives_away_neither_text_nor_id_and_explain_no_text(
    desk: Desk, planted: Planted
) -> None:
    desk.tables["privacy"] = {
        "detail": "pseudonymous", "rows": "all", "properties": ["jobtitle", "city"],
    }  # fmt: skip
    told = seen(desk, ["sync", "--as-of", "2026-11-16T09:00:00Z"])

    assert "/unit/contacts/" in told
    assert leaks(told, planted) == set()
    ids = [row["id"] for row in desk.hubspot.portal.rows["contacts"]]
    assert len([key for key in desk.live_keys() if "/unit/" in key]) == len(ids)
    written = b"".join(request.path.encode() + request.body for request in desk.notion.requests)
    assert not [id_ for id_ in ids if id_.encode() in written]

    explained = seen(desk, ["explain", f"contacts/{ids[0]}", "--all"], ["explain", "customers"])
    assert f"contacts/{ids[0]}" in explained
    assert leaks(explained, planted) == set()


def test_a_full_row_shows_what_the_allow_list_names_and_nothing_else(
    desk: Desk, planted: Planted
) -> None:
    desk.tables["privacy"] = {"detail": "full", "rows": "all", "properties": ["jobtitle"]}
    told = seen(desk, ["sync", "--as-of", "2026-11-16T09:00:00Z"])

    assert leaks(told, planted) == {"jobtitle"}
