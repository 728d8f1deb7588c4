"""Pages that links lead to are known by their keys, also right after rows came and went."""

from __future__ import annotations

import threading

from cjm_sync.books import Memory
from cjm_sync.model import Binding
from cjm_sync_notion.rowcells import RowCells


def bound(key: str, page: str) -> Binding:
    return Binding(key, "row", page)


def test_a_row_that_took_the_place_of_a_forgotten_one_is_known() -> None:
    memory = Memory(a=bound("a", "page a"), b=bound("b", "page b"))
    cells = RowCells({}, {})
    assert cells._key_of_page("page b", memory) == "b"

    # Forgotten and made anew: as many rows as before.
    memory["b"] = bound("b", "another page")

    assert cells._key_of_page("another page", memory) == "b"
    assert cells._key_of_page("page b", memory) is None


def test_a_page_of_nobodys_is_looked_for_once_for_each_number_of_rows() -> None:
    looked: list[int] = []

    class Counting(Memory):
        def items(self) -> object:  # type: ignore[override]
            looked.append(len(self))
            return super().items()

    memory, cells = Counting(a=bound("a", "page a")), RowCells({}, {})
    for _ in range(3):
        assert cells._key_of_page("a person's page", memory) is None
    assert looked == [1]

    memory["p"] = bound("p", "a person's page")

    assert cells._key_of_page("a person's page", memory) == "p"


def test_no_worker_meets_an_index_that_is_half_made() -> None:
    memory = Memory(a=bound("a", "page a"))
    cells = RowCells({}, {})
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Memory):
        def items(self) -> object:  # type: ignore[override]
            inside.set()
            assert go_on.wait(20)
            return super().items()

    other = threading.Thread(target=cells._key_of_page, args=("page a", Slow(memory)))
    other.start()
    assert inside.wait(20)

    found = cells._key_of_page("page a", memory)

    go_on.set()
    other.join(20)
    assert found == "a"


def test_memory_is_gone_through_while_another_worker_binds() -> None:
    memory = Memory({str(number): bound(str(number), f"page {number}") for number in range(300)})

    for look in (memory.items, memory.keys, memory.values, lambda: memory):
        seen = 0
        for _ in look():
            seen += 1
            memory[f"new {len(memory)}"] = bound("new", "new")
        assert seen == len(memory) - seen
