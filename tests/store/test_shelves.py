"""Bodies that are alike lie together: whatever column one is in, it comes back, is found, and goes when it is due."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Reference
from apitrail.profiles import Profiles
from apitrail.store import Store, open_store
from apitrail.store.engine import Query
from apitrail.store.model import Filter, Term
from apitrail.store.retention import Keep, Rules, tidy
from apitrail.store.shelves import BODIES, LENGTH, RESPONSE, shelf, spread

Make = Callable[..., Entry]

ORDER = "2602C03Z0FJEQ4"
ACTIONS = ("order.list", "label.create", "order.get")
"""One for each column of answers."""
TERMS = (
    Term("in a ware"),
    Term("庫存"),
    Term(f'{ORDER[9:]}", "is'),  # across the end of an id that is left out of the body
    Term("8812AB77", whole=True),
    Term(ORDER, whole=True),
)


def answer() -> Payload:
    return Payload(body=f'["{ORDER}", "is in a warehouse 庫存", "8812AB77"]'.encode())


def some(make: Make, start: float = 0) -> list[Entry]:
    return [
        make(start + number, action=action, response=answer(), references=[Reference("order", ORDER)])
        for number, action in enumerate(ACTIONS)
    ]


def found(store: Store, term: Term) -> list[str]:
    return [row.id for row in store.page(Filter(text=(term,))).entries]


def filled(store: Store) -> list[tuple[bool, ...]]:
    """Of each entry: which columns of answers have something."""
    query = Query(f"SELECT {', '.join(f'notEmpty({name})' for name in RESPONSE)} FROM entries ORDER BY created_at")
    return [tuple(map(bool, row)) for row in store.engine.select(query).rows]


def test_every_action_has_a_column_and_every_column_has_actions() -> None:
    places = [shelf(action) for action in Profiles.load().actions]
    assert set(places) == set(range(len(RESPONSE)))
    assert [shelf(action) for action in (*ACTIONS, "label.get", "document.get", "", "some.thing.get")] == [
        *(0, 1, 2),
        *(1, 1),
        *(0, 2),
    ]


def test_a_body_is_in_one_column_alone() -> None:
    pairs = list(product(ACTIONS, (b"", b"a", b"bc")))
    columns = spread([action for action, _ in pairs], [body for _, body in pairs])
    assert [b"".join(row) for row in zip(*columns, strict=True)] == [body for _, body in pairs]
    assert all(
        sum(map(bool, row)) == bool(body) for row, (_, body) in zip(zip(*columns, strict=True), pairs, strict=True)
    )


def test_whatever_column_it_is_in_it_comes_back_and_is_found(either: Store, make: Make) -> None:
    entries = some(make)
    either.write([*entries, make(3, response=answer()), make(4)])
    assert filled(either) == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        *[(True, False, False), (False,) * 3],
    ]
    assert [either.entry(entry.id) for entry in entries] == entries
    assert list(either.whole(either.page(Filter(), 5).entries))[2:] == entries[::-1]
    for term in TERMS:
        assert set(found(either, term)) >= {entry.id for entry in entries}, term
    assert found(either, Term("in a warehouses")) == []


def test_it_is_found_in_days_that_are_told(store: Store, make: Make) -> None:
    entries = some(make)
    store.write(entries)
    store.write([make(86_400 * 40.0)])
    assert store.tell() == 2
    for term in TERMS[:3]:
        assert found(store, term) == [entry.id for entry in reversed(entries)], term


def test_it_goes_when_it_is_due_and_a_pinned_one_stays(either: Store, make: Make) -> None:
    entries = some(make)
    pinned = [
        make(10 + number, action=action, response=answer(), references=[Reference("order", "B-2")])
        for number, action in enumerate(ACTIONS)
    ]
    either.write([*entries, *pinned])
    rules = Rules(Keep(success_bodies=2, failure_bodies=2, entries=10))
    removed = tidy(either.engine, rules, ["B-2"], writes_off=nullcontext, now=entries[0].created_at + timedelta(days=4))
    assert [(one.what, one.entries) for one in removed] == [("bodies", 3)]
    assert [sum(row) for row in filled(either)] == [0, 0, 0, 1, 1, 1]
    assert [either.entry(entry.id) for entry in pinned] == pinned
    assert found(either, TERMS[0]) == [entry.id for entry in reversed(pinned)]
    again = tidy(either.engine, rules, ["B-2"], writes_off=nullcontext, now=entries[0].created_at + timedelta(days=4))
    assert again == []


@pytest.mark.parametrize("version", [13, 17])
def test_a_log_from_before_answers_alike(
    folder: Path, make: Make, older: Callable[[int], AbstractContextManager[None]], version: int
) -> None:
    before, after = some(make), some(make, 100)
    with older(version):
        store = open_store(folder, durable=False)
        store.write(before)
        store.close()
    store = open_store(folder, durable=False)
    store.write(after)
    for _ in range(2):
        assert filled(store)[:3] == [(True, False, False)] * 3
        assert sum(map(sum, filled(store))) == 6
        assert [store.entry(entry.id) for entry in (*before, *after)] == [*before, *after]
        for term in TERMS:
            assert found(store, term) == [entry.id for entry in reversed((*before, *after))], term
        store.engine.run(Query("OPTIMIZE TABLE entries FINAL"))
    store.close()


def test_the_tables_columns_of_bodies_are_these(store: Store) -> None:
    query = Query("SELECT name FROM system.columns WHERE table = 'entries' AND match(name, '_body|_files')")
    assert {name for (name,) in store.engine.select(query).rows} == set(BODIES)
    store.engine.select(Query(f"SELECT {LENGTH} FROM entries"))
