"""The newest failures and entries, in memory: a list of them says what the engine would, whatever happens meanwhile."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace
from tests.store.asked import statements
from tests.store.plain import order, passes

from apitrail.entry import Entry
from apitrail.exchange import Integration
from apitrail.store import Cursor, Filter, Store, StoreError, newest, recent
from apitrail.store.engine import Answer, Query
from apitrail.store.model import QueryTooLarge
from apitrail.store.newest import Table
from apitrail.store.retention import Keep, Rules
from apitrail.store.times import micros

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, 5, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
FAILED = ("request_error", "platform_error")
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
    """So few are kept that tests reach the end of them, and what tests write is not much."""
    for table in (recent.FAILURES, recent.ENTRIES):
        monkeypatch.setattr(table, "kept", 30)
        monkeypatch.setattr(table, "most_written", 1000)


@pytest.fixture(params=[recent.FAILURES, recent.ENTRIES], ids=["failures", "entries"])
def table(request: pytest.FixtureRequest) -> Table:
    return cast("Table", request.param)


@pytest.fixture
def everything(table: Table) -> Filter:
    """All that the table has."""
    return Filter(outcome=FAILED if table.name == "failures" else ())


def failures(make: Make, count: int, **fields: Any) -> list[Entry]:
    """One a second."""
    return [make(START + timedelta(seconds=second), outcome="platform_error", **fields) for second in range(count)]


def ids(store: Store, which: Filter, limit: int = 5, cursor: Cursor | None = None) -> list[str]:
    return [one.id for one in store.page(which, limit, cursor).entries]


def latest(entries: Sequence[Entry], limit: int = 5) -> list[str]:
    return [one.id for one in sorted(entries, key=order, reverse=True)[:limit]]


def keep(store: Store, which: Filter) -> None:
    """Ask so often that what is newest is kept."""
    for _ in range(newest.TIMES):
        store.page(which)


def test_a_list_that_is_asked_for_again_is_told_without_the_engine(
    store: Store, make: Make, everything: Filter
) -> None:
    entries = failures(make, 12)
    store.write(entries)
    keep(store, everything)
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
        assert ids(store, replace(everything, direction=("outbound",))) == latest(entries)
        assert ids(store, replace(everything, action=("order.void",), since=START)) == []
    assert asked == []


def test_what_was_written_since_is_read_and_nothing_else(store: Store, make: Make, everything: Filter) -> None:
    entries = failures(make, 20)
    store.write(entries)
    keep(store, everything)
    late = [make(START + timedelta(minutes=1), outcome="request_error"), make(START + timedelta(minutes=1, seconds=1))]
    store.write(late)
    with statements(store) as asked:
        assert ids(store, everything) == latest([one for one in [*entries, *late] if passes(one, everything)])
        assert ids(store, everything) == latest([one for one in [*entries, *late] if passes(one, everything)])
    assert [one.params["since"] for one in asked] == [micros(late[0].created_at)]


def test_what_is_written_before_all_that_is_kept_costs_nothing(store: Store, make: Make, everything: Filter) -> None:
    entries = failures(make, 40)
    store.write(entries)
    keep(store, everything)
    store.write([make(START - timedelta(days=1), outcome="platform_error")])
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
    assert asked == []


def test_a_list_that_goes_on_behind_what_is_kept_is_read(store: Store, make: Make, everything: Filter) -> None:
    entries = failures(make, 40)
    store.write(entries)
    keep(store, everything)
    assert ids(store, everything, limit=35) == latest(entries, 35)
    assert ids(store, replace(everything, until=START + timedelta(seconds=12))) == latest(entries[:13])


@pytest.mark.parametrize(
    "asked_for",
    [{"status": ("none",)}, {"duration_over": -1.0}, {"without": (("method", "POST"),)}],
    ids=["status", "duration", "without a method"],
)
def test_what_memory_cannot_tell_is_read(
    store: Store, make: Make, everything: Filter, asked_for: dict[str, Any]
) -> None:
    entries = failures(make, 20)
    store.write(entries)
    keep(store, everything)
    with statements(store) as asked:
        assert ids(store, replace(everything, **asked_for)) == latest(entries)
    assert asked


def test_pages_follow_one_another_through_entries_of_one_microsecond(
    store: Store, make: Make, everything: Filter, uuid7: Callable[[datetime, int], str]
) -> None:
    dice = random.Random(2)
    named = [uuid7(START, dice.getrandbits(62)) for _ in range(9)]
    entries = [make(START, id=one, outcome="platform_error") for one in named] + failures(make, 5)
    store.write(entries)
    keep(store, everything)
    found: list[str] = []
    cursor: Cursor | None = None
    with statements(store) as asked:
        while True:
            page = store.page(replace(everything, since=START), 3, cursor)
            found += [one.id for one in page.entries]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert found == latest(entries, 20)
    assert asked == []


def test_a_page_after_an_entry_that_is_not_among_others_of_its_microsecond_is_read(
    store: Store, make: Make, everything: Filter, uuid7: Callable[[datetime, int], str]
) -> None:
    entries = [make(START, id=uuid7(START, number), outcome="platform_error") for number in (1, 2, 4)]
    store.write(entries)
    keep(store, everything)
    with statements(store) as asked:
        assert ids(store, everything, cursor=Cursor(START, uuid7(START, 3))) == latest(entries[:2])
    assert asked
    assert ids(store, everything, cursor=Cursor(START - TICK, uuid7(START - TICK, 3))) == []


def test_lists_are_exact_whatever_is_written_and_removed_meanwhile(
    store: Store, make: Make, everything: Filter
) -> None:
    dice = random.Random(3)
    entries: list[Entry] = []

    def check() -> None:
        for choices in CHOICES:
            which = replace(everything, **choices)
            wanted = [one for one in entries if passes(one, which)]
            for limit in (3, 10, 60):
                assert ids(store, which, limit) == latest(wanted, limit)

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
    for _ in range(newest.TIMES + 1):
        check()


def test_while_entries_are_written_a_list_has_all_that_were_there_when_it_was_asked_for(
    store: Store, make: Make, everything: Filter
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
        assert len(ids(store, everything, limit=100)) >= least
    writer.join()
    assert [len(ids(store, everything, limit=100)) for _ in range(3)] == [40] * 3


def test_after_much_was_written_the_engine_is_asked_until_lists_are_asked_for_again(
    store: Store, make: Make, everything: Filter, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "most_written", 10)
    entries = failures(make, 25)
    store.write(entries[:5])
    keep(store, everything)
    store.write(entries[5:])
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
        assert asked
        keep(store, everything)
        asked.clear()
        assert ids(store, everything) == latest(entries)
    assert asked == []


def test_of_a_log_that_is_written_to_faster_than_it_is_read_nothing_is_kept(
    store: Store, make: Make, everything: Filter, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "most_written", 4)
    entries = failures(make, 25)
    with statements(store) as asked:
        for first in range(0, 25, 5):
            store.write(entries[first : first + 5])
            assert ids(store, everything) == latest(entries[: first + 5])
        assert table.kept + 1 not in [one.params.get("limit") for one in asked]
        keep(store, everything)
        assert table.kept + 1 in [one.params.get("limit") for one in asked]


def test_so_many_are_kept_as_there_is_room_for(
    store: Store, make: Make, everything: Filter, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "most_bytes", 12_000)
    entries = failures(make, 25)
    store.write(entries)
    keep(store, everything)
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
        assert asked == []
        assert ids(store, everything, limit=20) == latest(entries, 20)
    assert asked


def test_where_the_engine_cannot_tell_them_all_lists_are_left_to_it(
    store: Store, make: Make, everything: Filter, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = failures(make, 12)
    store.write(entries)
    select = store.engine.select

    def small(query: Query) -> Answer:
        if query.params.get("limit") == table.kept + 1:
            raise QueryTooLarge("the question met the store's limit of memory")
        return select(query)

    with monkeypatch.context() as short:
        short.setattr(store.engine, "select", small)
        for _ in range(newest.TIMES + 1):
            assert ids(store, everything) == latest(entries)
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
    assert [one.params["limit"] for one in asked] == [6]


def test_what_a_failed_write_left_is_not_missed(
    store: Store, make: Make, everything: Filter, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows may be put right by a later write of other times, so nothing is kept until that is over."""
    entries = failures(make, 10)
    store.write(entries[:5])
    keep(store, everything)
    insert = store.engine.insert

    def breaking(*given: Any) -> None:
        insert(*given)
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store.engine, "insert", breaking)
        with pytest.raises(StoreError, match="full"):
            store.write(entries[5:])
    for _ in range(newest.TIMES):
        with statements(store) as asked:
            assert ids(store, everything) == latest(entries)
        assert asked
    store.write([make(START - timedelta(hours=1))])
    keep(store, everything)
    with statements(store) as asked:
        assert ids(store, everything) == latest(entries)
    assert asked == []
