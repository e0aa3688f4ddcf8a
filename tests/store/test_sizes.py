"""A body tells its own size, and what is left of it when it has expired is told by a column."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import Filter, Store
from apitrail.store.engine import Query
from apitrail.store.retention import Keep, Rules, tidy

Make = Callable[..., Entry]

CUT = Payload(body=b"head", tail=b"tail", size=9000, digest="0" * 64, truncated=True)
SIDES: list[dict[str, Any]] = [
    {"request": Payload(body=b"sent", size=4), "response": Payload(body=b"answered", size=8)},
    {"request": Payload(), "response": Payload(body=b"answered", size=8)},
    {"request": Payload(body=b"sent", size=4), "response": None},
    {"request": CUT, "response": Payload(body=b"less than it said", size=99, incomplete=True)},
]


@pytest.fixture
def entries(make: Make) -> list[Entry]:
    return [make(number, **sides) for number, sides in enumerate(SIDES)]


def told(found: list[Entry]) -> list[tuple[int, int | None]]:
    return [(one.request.size, one.response.size if one.response else None) for one in found]


def test_sizes_come_back_and_stay_when_bodies_have_gone(either: Store, entries: list[Entry]) -> None:
    either.write(entries)
    assert [either.entry(one.id) for one in entries] == entries
    written = told(entries)
    rules = Rules(Keep(success_bodies=2, failure_bodies=2, entries=10))
    late = entries[0].created_at + timedelta(days=4)
    [removed] = tidy(either.engine, rules, [], writes_off=nullcontext, now=late)
    assert removed.entries == len(entries)
    left = [either.entry(one.id) for one in entries]
    assert all(one is not None and one.request.body == b"" for one in left)
    assert told([one for one in left if one]) == written
    assert told(list(either.whole(either.page(Filter()).entries))) == written[::-1]
    some = either.entries_at([(one.id, one.created_at) for one in entries])
    assert told([some[one.id] for one in entries]) == written


def test_the_document_beside_a_body_does_not_say_how_long_it_is(store: Store, entries: list[Entry]) -> None:
    store.write(entries)
    query = Query(
        "SELECT JSONExtractInt(request, 'size'), JSONExtractInt(response, 'size') FROM entries ORDER BY created_at"
    )
    assert store.engine.select(query).rows == [(0, 0), (0, 0), (0, 0), (9000, 99)]
