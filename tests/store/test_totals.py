"""Entries by quarter and outcome, kept in memory: a histogram says what the engine would say, whatever happens."""

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
from apitrail.store import Filter, Store, StoreError, totals
from apitrail.store.block import tally
from apitrail.store.engine import Answer, Query
from apitrail.store.retention import Keep, Rules
from apitrail.store.times import micros
from apitrail.store.totals import Totals

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
DAY = Filter(since=START, until=START + 24 * HOUR - TICK)
FIRST = micros(START) // (15 * 60_000_000)
"""The number of a quarter."""
CHOICES: list[dict[str, Any]] = [
    {},
    {"outcome": ("success", "warning")},
    {"without": (("outcome", "success"),)},
    {"ec_integration": ("a",)},
    {"ec_integration": ("a", "b", "a"), "outcome": ("platform_error",)},
    {"shipping_integration": ("c",)},
    {"ec_integration": ("nobody",)},
]


def some(make: Make, dice: random.Random, count: int, at: datetime = START) -> list[Entry]:
    """Entries within a day."""
    return [
        make(
            at + dice.random() * 24 * HOUR,
            outcome=dice.choice(["success", "warning", "platform_error"]),
            ec_integration=dice.choice([None, Integration("a", "A"), Integration("b", "B")]),
            shipping_integration=dice.choice([None, Integration("c", "C")]),
        )
        for _ in range(count)
    ]


def check(store: Store, which: Filter, entries: Sequence[Entry], step: str = "1h") -> None:
    wanted = [one for one in entries if passes(one, which)]
    bars = store.histogram(which, step).bars
    for number, bar in enumerate(bars):
        end = bars[number + 1].start if bars[number + 1 :] else datetime.max.replace(tzinfo=UTC)
        assert bar.outcomes == Counter(one.outcome for one in wanted if bar.start <= one.created_at < end)
    assert sum(sum(bar.outcomes.values()) for bar in bars) == len(wanted)


def narrowed(**choices: Any) -> Filter:
    return Filter(since=DAY.since, until=DAY.until, **choices)


@pytest.mark.parametrize("choices", CHOICES)
def test_what_is_asked_for_again_is_answered_without_the_engine(
    store: Store, make: Make, choices: dict[str, Any]
) -> None:
    dice = random.Random(1)
    entries = some(make, dice, 60)
    store.write(entries)
    which = narrowed(**choices)
    for _ in range(totals.TIMES):
        check(store, which, entries)
    with statements(store) as asked:
        for step in ("15m", "1h", "6h"):
            check(store, which, entries, step)
        more = some(make, dice, 30)
        store.write(more)
        asked.clear()
        check(store, which, [*entries, *more])
    assert asked == []


def test_all_accounts_of_a_side_are_read_at_once(store: Store, make: Make) -> None:
    entries = some(make, random.Random(6), 60)
    store.write(entries)
    for account in ("a", "b"):
        check(store, narrowed(ec_integration=(account,)), entries)
    with statements(store) as asked:
        for account in ("a", "b", "nobody"):
            check(store, narrowed(ec_integration=(account,)), entries)
        assert asked == []
        new = make(START + HOUR, ec_integration=Integration("new", "New"), outcome="request_error")
        store.write([new])
        asked.clear()
        check(store, narrowed(ec_integration=("new",)), [new])
    assert asked == []


def test_what_is_asked_of_an_earlier_time_is_read_once(store: Store, make: Make) -> None:
    dice = random.Random(2)
    entries = [*some(make, dice, 40), *some(make, dice, 40, START - 72 * HOUR)]
    store.write(entries)
    wide = Filter(since=START - 72 * HOUR, until=DAY.until)
    for _ in range(totals.TIMES):
        check(store, DAY, [one for one in entries if one.created_at >= START])
    with statements(store) as asked:
        check(store, wide, entries, "3h")
        check(store, wide, entries, "6h")
    assert len(asked) == 1


@pytest.mark.parametrize("choices", [{"action": ("order.get",)}, {"text": (), "method": ("GET",)}])
def test_what_they_cannot_tell_is_read(store: Store, make: Make, choices: dict[str, Any]) -> None:
    entries = [make(START + HOUR, action="order.get"), make(START + 2 * HOUR, action="order.list", method="POST")]
    store.write(entries)
    for _ in range(3):
        assert sum(sum(bar.outcomes.values()) for bar in store.histogram(narrowed(**choices), "1h").bars) == 1
    minutes = Filter(since=START + HOUR, until=START + 2 * HOUR)
    assert sum(bool(bar.outcomes) for bar in store.histogram(minutes, "1m").bars) == 2


def test_counts_are_exact_whatever_is_written_and_removed_meanwhile(store: Store, make: Make) -> None:
    dice = random.Random(3)
    entries: list[Entry] = []
    for _ in range(5):
        fresh = some(make, dice, dice.choice([1, 20])) + some(make, dice, 3, START - 72 * HOUR)
        again = dice.sample(entries, min(5, len(entries)))
        store.write(dice.choice([fresh, fresh + again]))
        entries += fresh
        store.write(again)
        for choices in CHOICES:
            check(store, Filter(**choices), [one for one in entries if passes(one, Filter(**choices))])
            check(store, narrowed(**choices), [one for one in entries if one.created_at >= START])
    rules = Rules(Keep(success_bodies=31, failure_bodies=31, entries=31))
    store.tidy(rules, now=START + timedelta(days=30))
    left = [one for one in entries if one.created_at >= START]
    for choices in CHOICES:
        check(store, Filter(**choices), left)


def test_while_entries_are_written_counts_lie_between_those_of_before_and_after(store: Store, make: Make) -> None:
    dice = random.Random(4)
    stored, begun, over = 0, 0, threading.Event()

    def write() -> None:
        nonlocal stored, begun
        for _ in range(30):
            fresh = some(make, dice, 5)
            begun += len(fresh)
            store.write(fresh)
            stored += len(fresh)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        least = stored
        counted = sum(sum(bar.outcomes.values()) for bar in store.histogram(DAY, "1h").bars)
        assert least <= counted <= begun
    writer.join()
    for _ in range(2):
        assert sum(sum(bar.outcomes.values()) for bar in store.histogram(DAY, "1h").bars) == 150


def test_what_a_failed_write_left_is_counted_once_it_is_put_right(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whatever is written next, if that is nothing new."""
    dice = random.Random(5)
    entries = some(make, dice, 20)
    store.write(entries[:5])
    check(store, DAY, entries[:5])
    insert = store.engine.insert

    def breaking(*given: Any) -> None:
        store.engine.run(Query("DETACH TABLE counts_from_entries"))
        try:
            insert(*given)
        finally:
            store.engine.run(Query("ATTACH TABLE counts_from_entries"))
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store.engine, "insert", breaking)
        with pytest.raises(StoreError, match="full"):
            store.write(entries[5:])
    for _ in range(2):
        check(store, DAY, entries[:5])  # as the engine counts them until then
    assert store.write(entries[5:]).stored == 0
    for _ in range(totals.TIMES):
        check(store, DAY, entries)
    with statements(store) as asked:
        check(store, DAY, entries)
    assert asked == []


def test_where_there_are_too_many_the_engine_is_asked(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = some(make, random.Random(7), 60)
    store.write(entries)
    monkeypatch.setattr(totals, "MOST_ROWS", 20)
    for _ in range(totals.TIMES + 1):
        check(store, DAY, entries)
    with statements(store) as asked:
        check(store, DAY, entries)
    assert len(asked) == 1  # which counts, and does not read all in vain
    late = Filter(since=START + 23 * HOUR, until=DAY.until)
    for _ in range(2):
        check(store, late, [one for one in entries if passes(one, late)])
    more = some(make, random.Random(8), 60)
    store.write(more)
    check(store, late, [one for one in entries + more if passes(one, late)])


def test_what_has_become_too_much_is_forgotten() -> None:
    source = Source()
    kept = Totals(cast("Any", source), kept=True)
    ranges = [(FIRST, FIRST + 4)]
    keep(kept, ranges)
    with pytest.MonkeyPatch.context() as little:
        little.setattr(totals, "MOST_ROWS", 1)
        with kept.writing([tally([micros(START + HOUR)], ["success"], [None], [None])]):
            pass
    source.asked.clear()
    assert kept.of(Filter(), ranges) == {"success": [2]}
    assert len(source.asked) == 1


class Source:
    """Answers with two entries in the first quarter, and lets something happen while it is asked."""

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.meanwhile: Callable[[], AbstractContextManager[None]] = nullcontext

    def select(self, query: Query) -> Answer:
        self.asked.append(query)
        with self.meanwhile():
            return Answer([("", "success", [FIRST], [2])], 1, 1)


def keep(kept: Totals, ranges: Sequence[tuple[int, int]]) -> None:
    """Ask so often that they are kept."""
    assert [kept.of(Filter(), ranges) for _ in range(totals.TIMES)] == [*[None] * (totals.TIMES - 1), {"success": [2]}]


def test_what_is_read_while_anything_is_written_or_removed_is_not_kept() -> None:
    source = Source()
    kept = Totals(cast("Any", source), kept=True)
    ranges = [(FIRST, FIRST + 4)]
    source.meanwhile = lambda: kept.writing([])
    keep(kept, ranges)
    assert kept.of(Filter(), ranges) == {"success": [2]}
    source.meanwhile = kept.removing
    assert kept.of(Filter(), ranges) == {"success": [2]}
    assert len(source.asked) == 3
    source.meanwhile = nullcontext
    with kept.writing([]):
        keep(kept, ranges)
    with kept.removing():
        assert kept.of(Filter(), ranges) is None
    assert len(source.asked) == 4
    keep(kept, ranges)
    assert kept.of(Filter(), ranges) == {"success": [2]}
    assert len(source.asked) == 5


def test_where_others_write_too_nothing_is_kept() -> None:
    source = Source()
    assert Totals(cast("Any", source), kept=False).of(Filter(), [(FIRST, FIRST + 4)]) is None
    assert source.asked == []
