"""The entries of quarters in which ranges end: kept in memory, and exact all the same."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from tests.store.asked import statements
from tests.store.plain import passes

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Filter, Store, ends
from apitrail.store.ends import Ends
from apitrail.store.engine import Answer, Query
from apitrail.store.queries.pieces import Piece
from apitrail.store.retention import Keep, Rules
from apitrail.store.times import micros

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
PART = [Piece("entries", micros(START), micros(START) + 1)]
CHOICES: list[dict[str, Any]] = [
    {},
    {"outcome": ("success",)},
    {"ec_integration": ("a", "b")},
    {"without": (("ec_integration", "a"), ("outcome", "warning"))},
    {"ec_integration": ("a",), "platform": ("shopee",)},
]


def total(store: Store, which: Filter) -> tuple[int, int]:
    bars = store.histogram(which, "1h").bars
    return sum(one.count for one in store.facets(which).outcome), sum(sum(bar.outcomes.values()) for bar in bars)


def test_a_quarter_that_is_asked_for_again_is_not_read_again_until_it_is_written_to(store: Store, make: Make) -> None:
    store.write([make(START + timedelta(minutes=minute)) for minute in range(60)])
    which = Filter(since=START + timedelta(minutes=7), until=START + timedelta(minutes=50))
    for _ in range(2):  # of two questions each
        assert total(store, which) == (44, 44)
    with statements(store) as asked:
        assert total(store, which) == (44, 44)
        assert total(store, Filter(since=which.since, until=START + timedelta(minutes=52))) == (46, 46)
    assert asked
    assert not any("FROM entries" in one.sql for one in asked)
    store.write([make(START + timedelta(minutes=8, seconds=1))])
    assert total(store, which) == (45, 45)


def test_counts_are_exact_whatever_is_written_and_removed_meanwhile(store: Store, make: Make) -> None:
    dice = random.Random(3)
    spots = [START, START + QUARTER, START + 20 * QUARTER, START - timedelta(days=3)]

    def somewhen() -> datetime:
        return dice.choice(spots) + dice.random() * QUARTER

    ranges = [sorted((somewhen(), somewhen())) for _ in range(5)]
    entries: list[Entry] = []
    for _ in range(4):
        fresh = [
            make(
                somewhen(),
                outcome=dice.choice(["success", "warning", "platform_error"]),
                platform=dice.choice([None, "shopee"]),
                ec_integration=dice.choice([None, Integration("a", "A"), Integration("b", "B")]),
            )
            for _ in range(40)
        ]
        store.write(fresh)
        entries += fresh
        for since, until in ranges * 3:
            _check(store, Filter(since=since, until=until, **dice.choice(CHOICES)), entries)
    now = START + timedelta(days=30)
    [removed] = store.tidy(Rules(Keep(success_bodies=31, failure_bodies=31, entries=31)), now=now)
    left = [one for one in entries if one.created_at > START - timedelta(days=2)]
    assert removed.entries == len(entries) - len(left)
    for since, until in ranges:
        _check(store, Filter(since=since, until=until), left)


def test_while_entries_are_written_counts_lie_between_those_of_before_and_after(store: Store, make: Make) -> None:
    dice = random.Random(4)
    stored, begun, over = 0, 0, threading.Event()

    def write() -> None:
        nonlocal stored, begun
        for _ in range(15):
            fresh = [make(START + dice.random() * 2 * QUARTER) for _ in range(5)]
            begun += len(fresh)
            store.write(fresh)
            stored += len(fresh)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    wholes = [Filter(since=START + TICK, until=START + 2 * QUARTER - TICK), Filter(since=START + TICK), Filter()]
    while not over.is_set():
        for which in wholes:
            least = stored
            counted = sum(one.count for one in store.facets(which).outcome)
            assert least <= counted <= begun
            least = stored
            counted = sum(sum(bar.outcomes.values()) for bar in store.histogram(which, "15m").bars)
            assert least <= counted <= begun
    writer.join()
    assert [total(store, which) for which in wholes] == [(75, 75)] * 3


def _check(store: Store, which: Filter, entries: Sequence[Entry]) -> None:
    assert which.since
    assert which.until
    wanted = [one for one in entries if passes(one, which)]
    bars = store.histogram(which, "15m").bars
    assert sum(sum(bar.outcomes.values()) for bar in bars) == len(wanted)
    for bar in bars:
        within = Counter(one.outcome for one in wanted if bar.start <= one.created_at < bar.start + QUARTER)
        assert bar.outcomes == within
    assert sum(one.count for one in store.facets(which).direction) == len(wanted)


class Source:
    """Answers with one entry, and lets something happen while it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext

    def select(self, query: Query) -> Answer:
        self.asked += 1
        with self.meanwhile():
            return Answer([("order.list", None, None, "success", None, None, "outbound", [micros(START)])], 1, 1)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def kept(source: Source) -> Ends:
    """Of which the next question is the first that reads."""
    made = Ends(cast("Any", source))
    assert [made.of(PART) for _ in range(ends.TIMES - 1)] == [None, None]
    return made


def test_what_is_read_while_its_quarter_is_written_or_anything_removed_is_not_kept(source: Source, kept: Ends) -> None:
    for meanwhile in (lambda: kept.writing([micros(START) + 1]), kept.removing):
        source.meanwhile, before = meanwhile, source.asked
        assert kept.of(PART)
        assert [kept.of(PART), kept.of(PART)] == [None, None]  # as if it were asked for the first time
        assert source.asked == before + 1
    source.meanwhile = lambda: kept.writing([micros(START + QUARTER)])
    assert kept.of(PART) == kept.of(PART)
    assert source.asked == 3


def test_while_a_quarter_is_written_it_is_asked_for(source: Source, kept: Ends) -> None:
    assert kept.of(PART)
    with kept.writing([micros(START)]), kept.writing([micros(START)]):
        assert [kept.of(PART), kept.of(PART)] == [None, None]
    with kept.removing():
        assert [kept.of(PART), kept.of(PART)] == [None, None]
    assert source.asked == 1


@pytest.mark.parametrize("limit", ["MOST", "KINDS"])
def test_a_quarter_of_many_entries_or_values_is_not_kept_and_not_read_again(
    source: Source, kept: Ends, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(ends, limit, 0)
    assert [kept.of(PART), kept.of(PART), kept.of(PART)] == [None, None, None]
    assert source.asked == 1


def test_no_more_quarters_are_kept_than_are_said(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "KEPT", 2)
    kept = Ends(cast("Any", source))
    three = [[Piece("entries", at, at + 1)] for at in (micros(START + number * QUARTER) for number in range(3))]
    for part in three * 3:
        assert kept.of(part) is None  # each drove out the one before the last
    assert [kept.of(three[2]), kept.of(three[2])] != [None, None]
