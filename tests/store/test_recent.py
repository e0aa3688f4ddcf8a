"""The newest failures, kept in memory: a list of them says what the engine would say, whatever happens meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.store.asked import statements
from tests.store.plain import order, passes

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Cursor, Filter, Store, StoreError, recent
from apitrail.store.engine import Answer, Query
from apitrail.store.model import QueryTooLarge
from apitrail.store.retention import Keep, Rules
from apitrail.store.times import micros

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FAILED = ("request_error", "platform_error")
FAILURES = Filter(outcome=FAILED)
CHOICES: list[dict[str, Any]] = [
    {},
    {"outcome": ("platform_error",)},
    {"ec_integration": ("a",)},
    {"ec_integration": ("a", "b"), "action": ("order.get",)},
    {"without": (("ec_integration", "a"), ("action", "order.list"))},
    {"since": START + timedelta(minutes=3)},
    {"until": START + timedelta(minutes=6)},
    {"ec_integration": ("b",), "since": START + timedelta(minutes=2), "until": START + timedelta(minutes=7)},
]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few are kept that tests reach the end of them."""
    monkeypatch.setattr(recent, "KEPT", 30)


def failures(make: Make, count: int, **fields: Any) -> list[Entry]:
    """One a second."""
    return [make(START + timedelta(seconds=second), outcome="platform_error", **fields) for second in range(count)]


def ids(store: Store, which: Filter = FAILURES, limit: int = 5, cursor: Cursor | None = None) -> list[str]:
    return [one.id for one in store.page(which, limit, cursor).entries]


def newest(entries: Sequence[Entry], limit: int = 5) -> list[str]:
    return [one.id for one in sorted(entries, key=order, reverse=True)[:limit]]


def keep(store: Store) -> None:
    """Ask so often that the failures are kept."""
    for _ in range(recent.TIMES):
        store.page(FAILURES)


def test_a_list_of_failures_that_is_asked_for_again_is_told_without_the_engine(store: Store, make: Make) -> None:
    entries = failures(make, 12)
    store.write(entries)
    keep(store)
    with statements(store) as asked:
        assert ids(store) == newest(entries)
        assert ids(store, Filter(outcome=FAILED, direction=("outbound",))) == newest(entries)
        assert ids(store, Filter(outcome=("request_error",))) == []
    assert asked == []


def test_what_was_written_since_is_read_and_nothing_else(store: Store, make: Make) -> None:
    entries = failures(make, 20)
    store.write(entries)
    keep(store)
    late = [make(START + timedelta(minutes=1), outcome="request_error"), make(START + timedelta(minutes=1, seconds=1))]
    store.write(late)
    with statements(store) as asked:
        assert ids(store) == newest([*entries, late[0]])
        assert ids(store) == newest([*entries, late[0]])
    assert [one.params["since"] for one in asked] == [micros(late[0].created_at)]


def test_what_is_written_before_all_that_is_kept_costs_nothing(store: Store, make: Make) -> None:
    entries = failures(make, 40)
    store.write(entries)
    keep(store)
    store.write([make(START - timedelta(days=1), outcome="platform_error")])
    with statements(store) as asked:
        assert ids(store) == newest(entries)
    assert asked == []


def test_a_list_that_goes_on_behind_what_is_kept_is_read(store: Store, make: Make) -> None:
    entries = failures(make, 40)
    store.write(entries)
    keep(store)
    assert ids(store, limit=35) == newest(entries, 35)
    assert ids(store, Filter(outcome=FAILED, until=START + timedelta(seconds=12))) == newest(entries[:13])


@pytest.mark.parametrize(
    "which",
    [
        Filter(),
        Filter(outcome=("platform_error", "warning")),
        Filter(outcome=FAILED, status=("none",)),
        Filter(outcome=FAILED, duration_over=-1.0),
        Filter(outcome=FAILED, without=(("method", "POST"),)),
    ],
    ids=["all", "and others", "status", "duration", "without a method"],
)
def test_what_failures_in_memory_cannot_tell_is_read(store: Store, make: Make, which: Filter) -> None:
    entries = failures(make, 20)
    store.write(entries)
    keep(store)
    with statements(store) as asked:
        assert ids(store, which) == newest(entries)
    assert asked


def test_pages_follow_one_another_through_entries_of_one_microsecond(
    store: Store, make: Make, uuid7: Callable[[datetime, int], str]
) -> None:
    dice = random.Random(2)
    named = [uuid7(START, dice.getrandbits(62)) for _ in range(9)]
    entries = [make(START, id=one, outcome="platform_error") for one in named] + failures(make, 5)
    store.write(entries)
    keep(store)
    found: list[str] = []
    cursor: Cursor | None = None
    with statements(store) as asked:
        while True:
            page = store.page(FAILURES, 3, cursor)
            found += [one.id for one in page.entries]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert found == newest(entries, 20)
    assert asked == []


def test_a_page_after_an_entry_that_is_not_among_others_of_its_microsecond_is_read(
    store: Store, make: Make, uuid7: Callable[[datetime, int], str]
) -> None:
    entries = [make(START, id=uuid7(START, number), outcome="platform_error") for number in (1, 2, 4)]
    store.write(entries)
    keep(store)
    with statements(store) as asked:
        assert ids(store, cursor=Cursor(START, uuid7(START, 3))) == newest(entries[:2])
    assert asked
    assert ids(store, cursor=Cursor(START - TICK, uuid7(START - TICK, 3))) == []


def test_lists_are_exact_whatever_is_written_and_removed_meanwhile(store: Store, make: Make) -> None:
    dice = random.Random(3)
    entries: list[Entry] = []

    def check() -> None:
        for choices in CHOICES:
            which = Filter(**({"outcome": FAILED} | choices))
            wanted = [one for one in entries if passes(one, which)]
            for limit in (3, 10, 60):
                assert ids(store, which, limit) == newest(wanted, limit)

    for turn in range(6):
        fresh = [
            make(
                START + timedelta(days=-3 if dice.random() < 0.05 else 0, minutes=dice.random() * (turn + 5)),
                outcome=dice.choice(["success", "request_error", "platform_error"]),
                action=dice.choice(["order.get", "order.list"]),
                ec_integration=dice.choice([None, Integration("a", "A"), Integration("b", "B")]),
            )
            for _ in range(dice.choice([1, 2, 25]))
        ]
        store.write(fresh)
        entries += fresh
        check()
    now = START + timedelta(days=30)
    store.tidy(Rules(Keep(success_bodies=31, failure_bodies=31, entries=31)), now=now)
    entries = [one for one in entries if one.created_at > START - timedelta(days=2)]
    for _ in range(recent.TIMES + 1):
        check()


def test_while_failures_are_written_a_list_has_all_that_were_there_when_it_was_asked_for(
    store: Store, make: Make
) -> None:
    stored, over = 0, threading.Event()

    def write() -> None:
        nonlocal stored
        for number in range(40):
            store.write([make(START + timedelta(seconds=number), outcome="platform_error")])
            stored += 1
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        least = stored
        assert len(ids(store, limit=100)) >= least
    writer.join()
    assert [len(ids(store, limit=100)) for _ in range(3)] == [40] * 3


def test_after_much_was_written_the_engine_is_asked_until_lists_are_asked_for_again(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "MOST_WRITTEN", 10)
    entries = failures(make, 25)
    store.write(entries[:5])
    keep(store)
    store.write(entries[5:])
    with statements(store) as asked:
        assert ids(store) == newest(entries)
        assert asked
        keep(store)
        asked.clear()
        assert ids(store) == newest(entries)
    assert asked == []


def test_so_many_are_kept_as_there_is_room_for(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_BYTES", 12_000)
    entries = failures(make, 25)
    store.write(entries)
    keep(store)
    with statements(store) as asked:
        assert ids(store) == newest(entries)
        assert asked == []
        assert ids(store, limit=20) == newest(entries, 20)
    assert asked


def test_where_the_engine_cannot_tell_them_all_lists_are_left_to_it(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = failures(make, 12)
    store.write(entries)
    select = store.engine.select

    def small(query: Query) -> Answer:
        if query.params.get("limit") == recent.KEPT + 1:
            raise QueryTooLarge("the question met the store's limit of memory")
        return select(query)

    with monkeypatch.context() as short:
        short.setattr(store.engine, "select", small)
        for _ in range(recent.TIMES + 1):
            assert ids(store) == newest(entries)
    with statements(store) as asked:
        assert ids(store) == newest(entries)
    assert [one.params["limit"] for one in asked] == [6]


def test_what_a_failed_write_left_is_not_missed(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows may be put right by a later write of other times, so nothing is kept until that is over."""
    entries = failures(make, 10)
    store.write(entries[:5])
    keep(store)
    insert = store.engine.insert

    def breaking(*given: Any) -> None:
        insert(*given)
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store.engine, "insert", breaking)
        with pytest.raises(StoreError, match="full"):
            store.write(entries[5:])
    for _ in range(recent.TIMES):
        with statements(store) as asked:
            assert ids(store) == newest(entries)
        assert asked
    store.write([make(START - timedelta(hours=1))])
    keep(store)
    with statements(store) as asked:
        assert ids(store) == newest(entries)
    assert asked == []
