"""Many entries at once, whole: in the list's order, some bytes at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import Filter, Store
from apitrail.store.engine import Answer, Query

Make = Callable[..., Entry]


@pytest.mark.parametrize("most_bytes", [1, 250, 1 << 20])
def test_rows_of_a_page_come_back_whole_and_in_its_order(either: Store, make: Make, most_bytes: int) -> None:
    entries = [make(at, request=Payload(body=b"x" * 100, size=100)) for at in (3, 0, 0, 2, -86400 * 40, 1)]
    either.write(entries)
    rows = either.page(Filter()).entries
    found = list(either.whole(rows, most_bytes))
    assert [entry.id for entry in found] == [row.id for row in rows]
    assert all(entry == either.entry(entry.id) for entry in found)


def test_those_that_are_gone_are_left_out(either: Store, make: Make) -> None:
    kept = make(0)
    either.write([kept])
    assert list(either.whole([make(1), kept])) == [kept]
    assert list(either.whole([])) == []


def test_no_more_bytes_are_read_at_once_than_allowed(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write([make(at, request=Payload(body=b"x" * 100, size=100)) for at in range(10)])
    rows, asked, select = store.page(Filter()).entries, list[Query](), store.engine.select

    def counted(query: Query) -> Answer:
        asked.append(query)
        return select(query)

    monkeypatch.setattr(store.engine, "select", counted)
    assert len(list(store.whole(rows, 300))) == 10
    assert [query.params["ids"] for query in asked[:1]] == [[row.id for row in rows]]
    assert [query.params["ids"] for query in asked[1:]] == [
        [row.id for row in rows[at : at + 3]] for at in range(0, 10, 3)
    ]
