"""The same batch given to two servers at once: each looks for duplicates before the other has inserted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration, Reference
from apitrail.store import Cursor, Filter, Store, StoreError, Term, derived, lease, open_store, schema, twins
from apitrail.store.engine import Query
from apitrail.store.retention import Rules

Make = Callable[..., Entry]
NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)
ROUNDS = 6


@pytest.fixture(name="twins_wait_for_nobody", autouse=True)
def twins_wait_for_nobody_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is there to be waited for."""
    monkeypatch.setattr(derived, "SETTLE_S", 0.0)
    monkeypatch.setattr(lease, "WAIT_S", 0.0)


@pytest.fixture
def servers(databases: dict[str, Any]) -> Iterator[list[Store]]:
    """Two on one cluster."""
    with databases["cluster"].opened() as opened:
        second = open_store(opened.address, durable=False)
        yield [opened.store, second]
        second.close()


def batch(make: Make, start: float, count: int = 3) -> list[Entry]:
    """Entries over two days, each with a number that it refers to and one in its body."""
    return [
        make(
            start + number + (number % 2) * 86400,
            references=[Reference("order", f"A-{start:.0f}-{number}")],
            response=Payload(body=b'{"sn":"26%08d"}' % (start * 100 + number)),
            ec_integration=Integration("shop", "Shop"),
            outcome="success" if number % 3 != 1 else "request_error",
        )
        for number in range(count)
    ]


def taken(entries: Sequence[Entry], at: datetime | None) -> list[Entry]:
    """As a server derives them that took the batch then."""
    return [structs.replace(one, received_at=at) for one in entries]


def at_once(servers: Sequence[Store], batches: Sequence[Sequence[Entry]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each server is given one of the batches, and inserts when all have looked for duplicates."""
    barrier = threading.Barrier(len(servers))

    def meeting(insert: Callable[..., None]) -> Callable[..., None]:
        def both(table: str, *rest: Any) -> None:
            if table == "entries":
                barrier.wait(30)
            insert(table, *rest)

        return both

    with monkeypatch.context() as patch, ThreadPoolExecutor(len(servers)) as threads:
        for one in servers:
            patch.setattr(one.engine, "insert", meeting(one.engine.insert))
        written = list(threads.map(lambda one, what: one.write(what), servers, batches))
    assert [one.duplicates for one in written] == [0] * len(servers)


def rows(store: Store) -> Counter[str]:
    """How often each id stands in the table."""
    return Counter(str(one) for (one,) in store.engine.select(Query("SELECT id FROM entries")).rows)


def pages(store: Store, which: Filter, limit: int) -> Iterator[str]:
    """All ids of a list, page by page."""
    cursor: Cursor | None = None
    while True:
        page = store.page(which, limit, cursor)
        assert len({one.id for one in page.entries}) == len(page.entries)
        yield from (one.id for one in page.entries)
        cursor = page.next_cursor
        if cursor is None:
            return


def told_once(store: Store, entries: Sequence[Entry]) -> None:
    """Whatever tells entries one by one tells each of them once, in order."""
    newest = [one.id for one in sorted(entries, key=lambda one: one.created_at, reverse=True)]
    day = Filter(since=NOON - timedelta(days=1), until=NOON + timedelta(days=2))
    for which, limit in ((day, 2), (Filter(), 1000)):
        assert list(pages(store, which, limit)) == newest
    failed = [
        one.id for one in sorted(entries, key=lambda one: one.created_at, reverse=True) if one.outcome != "success"
    ]
    assert list(pages(store, structs.replace(day, outcome=("request_error",)), 2)) == failed
    exported = [one.id for one in store.whole(store.page(Filter(), 1000).entries)]
    assert exported == newest
    for one in entries[:: len(entries) // 3]:
        found = store.entry(one.id)
        assert found is not None
        assert found.id == one.id
        [reference] = one.references
        assert [row.id for row in store.page(Filter(reference=(reference.id,)), 3).entries] == [one.id]
        assert one.response is not None
        word = Term(one.response.body[7:-2].decode(), whole=True)
        assert [row.id for row in store.page(Filter(text=(word,)), 3).entries] == [one.id]
        assert [mention.id for mention in store.mentioned((reference.id,), 5).mentions] == [one.id]


def counted_once(store: Store, entries: Sequence[Entry]) -> None:
    """Whatever counts entries counts each once."""
    assert rows(store) == Counter(one.id for one in entries)
    for table in (*derived.COUNTS, "totals", "account_totals"):
        assert store.engine.select(Query(f"SELECT toInt64(sum(entries)) FROM {table}")).rows == [(len(entries),)]
    bad = sum(one.outcome != "success" for one in entries)
    assert store.span().entries == len(entries)
    for step in ("15m", "1d"):
        bars = store.histogram(Filter(), step).bars
        assert sum(sum(bar.outcomes.values()) for bar in bars) == len(entries)
        assert sum(bar.outcomes.get("request_error", 0) for bar in bars) == bad
    since = min(one.created_at for one in entries) + timedelta(seconds=1)
    asked = sum(one.created_at >= since for one in entries)
    for which, count in (
        (Filter(), len(entries)),
        (Filter(since=since), asked),
        (Filter(method=("GET",)), len(entries)),
    ):
        facets = store.facets(which)
        assert sum(option.count for option in facets.outcome) == count
        assert [(option.id, option.count) for option in facets.ec_integration] == [("shop", count)] * bool(count)
    assert sum(one.count for one in store.failures(Filter(), 99)) == bad


def test_what_two_servers_stored_at_once_is_told_once_at_once_and_counted_once_after_a_look(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[Entry] = []
    for number in range(ROUNDS):
        new = batch(make, 40.0 * number)
        entries += new
        at_once(
            servers,
            [taken(new, NOON + timedelta(seconds=60 * number + second)) for second in (1, 2)],
            monkeypatch,
        )
    assert set(rows(servers[0]).values()) == {2}
    told_once(servers[0], entries)
    assert sorted(one.settle(every=True) for one in servers) == [0, len(entries)]
    listed = servers[0].page(Filter(), 1000).entries
    assert sorted(one.id for one in listed) == sorted(one.id for one in entries)
    counted_once(servers[1], entries)
    kept = {one.received_at for one in servers[0].whole(listed)}
    assert {at.second for at in kept if at} == {1}  # the one that was received first
    derived.repair(servers[0].engine, [])
    counted_once(servers[0], entries)


def twice(servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """Entries that both have stored."""
    new = batch(make, 0.0)
    at_once(servers, [taken(new, NOON), taken(new, NOON + timedelta(seconds=1))], monkeypatch)
    return new


def test_more_than_one_statement_can_name_are_removed_all(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = batch(make, 0.0, 2 * twins.MOST + 9)
    at_once(servers, [taken(new, NOON + timedelta(seconds=one)) for one in range(2)], monkeypatch)
    assert servers[0].settle(every=True) == len(new)
    counted_once(servers[1], new)


def test_copies_that_nothing_tells_apart_become_one(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, more = batch(make, 0.0), make(30, ec_integration=Integration("shop", "Shop"))
    # Of one time: neither says when it was received. The same insert made twice the engine would know again.
    at_once(servers, [new, [*new, more]], monkeypatch)
    assert servers[1].settle(every=True) == len(new)
    counted_once(servers[0], [*new, more])


def test_a_copy_that_was_derived_otherwise_leaves_no_trace_in_the_counts(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = batch(make, 0.0)
    other = [structs.replace(one, outcome="platform_error", platform="ups") for one in new]
    at_once(servers, [taken(other, NOON + timedelta(seconds=1)), taken(new, NOON)], monkeypatch)
    assert servers[0].settle(every=True) == len(new)
    counted_once(servers[0], new)
    assert {option.id for option in servers[0].facets(Filter()).platform if option.count} == set()


def test_a_death_between_counting_and_removing_counts_nothing_twice(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = twice(servers, make, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(twins, "_remove", lambda *_: servers[0].engine.run(Query("no statement")))
        with pytest.raises(StoreError):
            servers[0].settle(every=True)
    assert set(rows(servers[0]).values()) == {2}
    derived.repair(servers[0].engine, [])  # what is about to go is not counted again
    assert servers[0].settle() == len(new)
    counted_once(servers[1], new)


def test_while_one_server_removes_another_waits_and_then_finds_nothing(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = twice(servers, make, monkeypatch)
    assert lease.take(servers[0].engine, "twins", servers[0]._identity, 60)
    assert servers[1].settle(every=True) == 0
    assert set(rows(servers[0]).values()) == {2}
    assert servers[0].settle(every=True) == len(new)
    assert servers[1].settle() == 0
    assert servers[1]._watch.due(every=True) == []
    counted_once(servers[1], new)


def test_an_insert_that_ends_late_is_seen_by_the_server_that_made_it(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = batch(make, 0.0)
    late = servers[1].engine.insert

    def meanwhile(table: str, *rest: Any) -> None:
        if table == "entries":
            servers[0].write(taken(new, NOON))
            assert servers[0].settle(every=True) == 0
        late(table, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(servers[1].engine, "insert", meanwhile)
        servers[1].write(taken(new, NOON + timedelta(minutes=5)))
    assert [servers[1].settle(), servers[1].settle()] == [0, len(new)]  # not before replicas had time to follow
    counted_once(servers[0], new)


def test_a_server_that_comes_back_looks_at_what_it_stored_before_it_died(
    servers: list[Store], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = batch(make, 0.0, 1)
    at_once(servers, [taken(new, NOON + timedelta(seconds=one)) for one in range(2)], monkeypatch)
    for one in servers:
        one._watch.due(every=True)  # forgotten
    servers[0].look_back(NOON + timedelta(minutes=10))
    assert servers[0].settle() == 1
    counted_once(servers[1], new)


def test_a_cluster_of_before_is_migrated_and_each_day_is_looked_at_once(
    cluster_address: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = schema.migrations()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "migrations", lambda: [step for step in known if step.name != "twins"])
        before = [open_store(cluster_address, durable=False) for _ in range(2)]
        new = twice(before, make, monkeypatch)
        for one in before:
            one._watch.due(every=True)  # such a server knew of none
            one.close()
    store = open_store(cluster_address, durable=False)
    now = NOON + timedelta(days=3)
    assert [held for _, held in twins.changed(store.engine, now.date())] == [2, 4]
    assert twins.changed(store.engine, NOON.date()) == []  # that day is not over
    assert store.tidy(Rules(), now) == []
    counted_once(store, new)
    assert twins.sweep(store.engine, "me", now) == 0
    assert twins.changed(store.engine, now.date()) == []
    assert store.stats(Rules(), NOON, None).removed == []
    store.close()


def test_several_servers_on_one_clickhouse_server_do_the_same_and_at_their_end_at_the_latest(
    address: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (open_store(address, durable=False) for _ in range(2))
    new = twice([first, second], make, monkeypatch)
    first.close()
    counted_once(second, new)
    second.close()


def test_a_folder_that_one_server_owns_is_never_looked_at(store: Store, make: Make) -> None:
    assert not store.shared
    store.write(batch(make, 0.0))
    assert store._watch.due(every=True) == []


def copies(*received: int) -> list[twins.Copy]:
    return [twins.Copy("a", b"", 0, seal, at, 1, ()) for seal, at in enumerate(received)]


def test_whatever_part_of_the_copies_is_seen_the_one_received_first_is_never_to_go() -> None:
    every = copies(5, 3, 9, 3)
    first = min(every, key=lambda one: (one.received, one.seal))
    for size in range(1, 5):
        for seen in permutations(every, size):
            surplus = twins.Surplus.of(seen)
            assert surplus.alike == []
            assert len(surplus.later) == size - 1
            assert first not in surplus.later


def test_rows_that_are_alike_are_never_removed_by_what_they_have_in_common() -> None:
    several = twins.Copy("a", b"", 0, 1, 3, 3, ())
    surplus = twins.Surplus.of([several, *copies(7)])
    assert [one.received for one in surplus.later] == [7]
    assert surplus.alike == [structs.replace(several, rows=2)]


def test_seconds_that_lie_close_together_are_looked_at_as_one_span() -> None:
    assert twins.spanned([100, 7, 67, 9, 9]) == [(7, 100)]
    assert twins.spanned([7, 68, 200]) == [(7, 7), (68, 68), (200, 200)]


def test_one_look_is_of_an_hour_at_most() -> None:
    assert list(twins.looks([])) == []
    assert list(twins.looks([(0, 1799), (2000, 3799), (9000, 9000)])) == [[(0, 1799), (2000, 3799)], [(9000, 9000)]]
    assert list(twins.looks([(5, 7210)])) == [[(5, 3604)], [(3605, 7204)], [(7205, 7210)]]
    assert [len(some) for some in twins.looks([(one, one) for one in range(0, 1000, 2)])] == [200, 200, 100]


def test_what_could_not_be_looked_at_is_due_the_next_time() -> None:
    watch = twins.Watch()
    watch.touched([1_500_000, 2_500_000, 400_000_000])
    assert watch.due() == []
    spans = watch.due()
    assert spans == [(1, 2), (400, 400)]
    watch.missed([*spans, (1000, 1500)])
    assert watch.due() == [*spans, (1000, 1500)]
    assert watch.due(every=True) == []
