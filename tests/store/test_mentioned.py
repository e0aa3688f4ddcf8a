"""When what is looked for is mentioned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from apitrail.entry import Entry
from apitrail.exchange import Reference
from apitrail.store import Filter, Store, mentioned
from apitrail.store.model import Term
from apitrail.store.queries.words import SPAN, Mentions

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 0, tzinfo=UTC)
FIRST = int(START.timestamp())
WANTED = Mentions((("SN1001",),))


@pytest.fixture
def filled(store: Store, make: Make) -> Store:
    """An order in ten minutes, one entry in each; every other has a parcel too."""
    order, parcel = Reference("order", "SN1001"), Reference("tracking", "TW9000001")
    store.write(
        [
            make(START + timedelta(minutes=minute), references=[order, parcel] if minute % 2 else [order])
            for minute in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7)
        ]
    )
    return store


def minutes(*numbers: int) -> list[int]:
    return [(FIRST + 60 * number) // SPAN * SPAN for number in numbers]


@pytest.mark.parametrize("limit", [11, 10, 4])
def test_the_latest_come_first_whether_they_are_all_or_not(filled: Store, limit: int) -> None:
    found = mentioned.latest(filled.engine, WANTED, None, None, limit)
    assert found == minutes(*range(9, -1, -1))[:limit]


def test_of_a_range_alone(filled: Store) -> None:
    since, until = START + timedelta(minutes=2), START + timedelta(minutes=4)
    assert mentioned.latest(filled.engine, WANTED, since, until, 100) == minutes(4, 3, 2)


def test_of_two_things_only_where_both_are(filled: Store) -> None:
    both = Mentions((("SN1001",), ("TW9000001",)))
    assert mentioned.latest(filled.engine, both, None, None, 100) == minutes(9, 7, 5, 3, 1)


@pytest.mark.parametrize("typed", ["sn1001abc", "SN1001ABC", "Sn1001aBc", "sN1001AbC"])
def test_a_word_is_found_in_any_case_of_letters(store: Store, make: Make, typed: str) -> None:
    """Most ids are stored as they are typed, or in capitals; the others are found by looking again."""
    kept = ["SN1001ABC", "sn1001abc", "Sn1001aBc"]
    entries = [make(START + timedelta(minutes=at), references=[Reference("order", one)]) for at, one in enumerate(kept)]
    store.write(entries)
    page = store.page(Filter(text=(Term(typed, whole=True),)))
    assert [one.id for one in page.entries] == [one.id for one in reversed(entries)]


def test_entries_of_one_microsecond_are_in_the_order_of_every_other_list(
    store: Store, make: Make, uuid7: Callable[[datetime, int], str]
) -> None:
    order = [Reference("order", "SN1001ABC")]
    store.write([make(START, id=uuid7(START, 7919 * number % 97), references=order) for number in range(12)])
    read = [one.id for one in store.page(Filter()).entries]
    assert [one.id for one in store.page(Filter(text=(Term("SN1001ABC", whole=True),))).entries] == read
    assert [one.id for one in store.page(Filter(reference=("SN1001ABC",)), 5).entries] == read[:5]
    assert len(read) == 12
