"""Group commit: who waits, who is refused, and that nobody's answer is another's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from apitrail.entry import Entry, Payload
from apitrail.exchange import Loss
from apitrail.store import BadEntry, Batch, Busy, Filter, Store, StoreError, StoreUnavailable, Writer, Written, native
from apitrail.store.block import Block
from apitrail.store.engine import Query

Make = Callable[..., Entry]
PATIENCE_S = 30


def inserts(store: Store) -> int:
    """How many parts the engine was ever given for the test's one day.

    The engine numbers parts and mutations in one row, and a migration that indexes old parts is a mutation.
    """
    ours = "WHERE database = 'apitrail' AND table = 'entries'"
    parts = store.engine.select(Query(f"SELECT max(max_block_number) FROM system.parts {ours}"))
    mutations = store.engine.select(Query(f"SELECT count() FROM system.mutations {ours}"))
    number: int = parts.rows[0][0] - mutations.rows[0][0]
    return number


class Gate:
    """Holds the store's write lock, so that what a writer has begun does not end."""

    def __init__(self, store: Store) -> None:
        self._lock = store._writing

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def until_taken(future: Future[Written]) -> None:
    """Wait until the writer's thread has begun with it."""
    deadline = threading.Event()
    for _ in range(PATIENCE_S * 1000):
        if future.running():
            return
        deadline.wait(0.001)
    pytest.fail("the writer has not begun")


def poisoned() -> Batch:
    """A batch that the engine cannot read: a text stands where the time belongs."""
    return Batch([Block(bytes(16), bytes(8), native.block({"created_at": native.TEXT}, 1, [("noon",)]), b"")])


def test_batches_that_wait_together_become_one_insert_with_answers_of_their_own(store: Store, make: Make) -> None:
    writer = Writer(store)
    shared = make(0)
    with Gate(store):
        first = writer.submit([make(1)])
        until_taken(first)
        futures = [writer.submit([make(2), make(3)]), writer.submit([shared]), writer.submit([shared, make(4)])]
    assert [future.result(PATIENCE_S) for future in futures] == [Written(2, 0), Written(1, 0), Written(1, 1)]
    assert first.result() == Written(1, 0)
    assert inserts(store) == 2
    writer.close()


def test_an_answer_means_that_a_reader_sees_the_entries(store: Store, make: Make) -> None:
    writer = Writer(store)
    for second in range(5):
        entry = make(second)
        writer.submit([entry]).result(PATIENCE_S)
        assert store.entry(entry.id) == entry
    writer.close()


def test_a_poisoned_batch_does_not_fail_its_neighbours(store: Store, make: Make) -> None:
    writer = Writer(store)
    with Gate(store):
        until_taken(writer.submit([make(0)]))
        before = [writer.submit([make(second)]) for second in range(1, 4)]
        bad = writer.submit_batch(poisoned())
        after = writer.submit([make(9)])
    assert [future.result(PATIENCE_S) for future in [*before, after]] == [Written(1, 0)] * 4
    with pytest.raises(StoreError, match="the engine refused"):
        bad.result(PATIENCE_S)
    assert store.span().entries == 5
    assert writer.submit([make(10)]).result(PATIENCE_S) == Written(1, 0)
    writer.close()


def test_where_the_engine_is_short_of_memory_the_batch_is_to_come_again(store: Store, make: Make) -> None:
    writer = Writer(store)
    many = native.block({"recorder_sequence": native.UINT64}, 2**29, [()])
    huge = writer.submit_batch(Batch([Block(bytes(16), bytes(8), many, b"")]))
    with pytest.raises(StoreUnavailable, match="did not have enough memory"):  # a refusal for good would lose it
        huge.result(PATIENCE_S)
    with pytest.raises(StoreUnavailable, match="did not have enough memory"):
        writer.check()
    assert writer.submit([make(0)]).result(PATIENCE_S) == Written(1, 0)
    writer.check()
    writer.close()


def test_an_entry_that_cannot_be_a_row_is_refused_before_it_is_queued(store: Store, make: Make) -> None:
    writer = Writer(store)
    with pytest.raises(BadEntry):
        writer.submit([make(0), make(1, id="x")])
    assert writer.pending_bytes == 0
    writer.close()
    assert store.span().entries == 0


def test_more_than_may_wait_is_refused_with_a_time_to_come_back(store: Store, make: Make) -> None:
    body = Payload(body=b"x" * 10_000)
    writer = Writer(store, max_pending_bytes=50_000)
    with Gate(store):
        futures = [writer.submit([make(second, request=body)]) for second in range(3)]
        with pytest.raises(Busy, match=r"\(max_pending_bytes\)") as busy:
            writer.submit([make(3, request=body)] * 2)
        assert 1 <= busy.value.retry_after <= 30
        assert writer.submit([], [loss()]) is not None
    assert [future.result(PATIENCE_S).stored for future in futures] == [1, 1, 1]
    writer.close()
    assert writer.pending_bytes == 0


def test_a_batch_larger_than_what_may_wait_is_taken_when_nothing_else_waits(store: Store, make: Make) -> None:
    writer = Writer(store, max_pending_bytes=10, max_bytes=10, max_rows=1)
    assert writer.submit([make(0), make(1)]).result(PATIENCE_S) == Written(2, 0)
    writer.close()


def test_a_full_group_does_not_wait(store: Store, make: Make) -> None:
    writer = Writer(store, max_rows=3, max_wait=10 * PATIENCE_S)
    writer.submit([make(0)]).result(PATIENCE_S)
    futures = [writer.submit([make(second)]) for second in range(1, 4)]
    assert [future.result(PATIENCE_S).stored for future in futures] == [1, 1, 1]
    writer.close()


def test_while_more_is_on_its_way_what_waits_waits_for_it(store: Store, make: Make) -> None:
    writer = Writer(store, busy_rows=2, max_wait=10 * PATIENCE_S)
    writer.submit([make(0)]).result(PATIENCE_S)
    with writer.expecting():
        first = writer.submit([make(1), make(2)])
        second = writer.submit([make(3)])
        assert not first.running()
    assert [future.result(PATIENCE_S).stored for future in (first, second)] == [2, 1]
    assert inserts(store) == 2
    writer.close()


def test_enough_waits_for_those_that_could_not_be_worked_on_meanwhile(store: Store, make: Make) -> None:
    writer = Writer(store, busy_rows=2, enough_rows=2, max_rows=5, max_wait=10 * PATIENCE_S)
    writer.submit([make(0)]).result(PATIENCE_S)
    with writer.expecting(), writer.expecting():
        waiting = [writer.submit([make(second)]) for second in (1, 2, 3)]
        assert not waiting[0].running()
        waiting.append(writer.submit([make(4)]))  # twice as many as are expected
        assert [future.result(PATIENCE_S).stored for future in waiting] == [1] * 4
        with writer.expecting(), writer.expecting():
            most = [writer.submit([make(second)]) for second in range(10, 15)]
            assert [future.result(PATIENCE_S).stored for future in most] == [1] * 5
    assert inserts(store) == 3
    writer.close()


def test_closing_writes_what_waits_and_takes_no_more(store: Store, make: Make) -> None:
    writer = Writer(store, max_wait=10 * PATIENCE_S)
    writer.submit([make(0)]).result(PATIENCE_S)
    waiting = [writer.submit([make(second)]) for second in (1, 2)]
    writer.close()
    assert [future.result(0) for future in waiting] == [Written(1, 0)] * 2
    with pytest.raises(StoreUnavailable, match="the server is stopping"):
        writer.submit([make(3)])
    writer.close()


def test_a_batch_that_its_sender_gave_up_in_time_is_not_written(store: Store, make: Make) -> None:
    writer = Writer(store, max_wait=10 * PATIENCE_S)
    writer.submit([make(0)]).result(PATIENCE_S)
    given_up = writer.submit([make(1)])
    assert given_up.cancel()
    kept = writer.submit([make(2)])
    writer.close()
    assert kept.result(0) == Written(1, 0)
    assert store.span().entries == 2


def test_a_store_that_is_gone_fails_each_waiting_batch_and_the_writer_lives_on(store: Store, make: Make) -> None:
    writer = Writer(store)
    store.close()
    futures = [writer.submit([make(second)]) for second in range(3)]
    for future in futures:
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            future.result(PATIENCE_S)
    writer.close()


def test_many_threads_are_each_answered_for_their_own_entries(store: Store, make: Make) -> None:
    writer = Writer(store, max_rows=50, max_wait=0.01)
    answers: dict[int, Written] = {}

    def send(number: int) -> None:
        entries = [make(number + step / 100) for step in range(number + 1)]
        answers[number] = writer.submit(entries).result(PATIENCE_S)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert answers == {number: Written(number + 1, 0) for number in range(16)}
    assert store.span().entries == sum(range(17))


def test_a_write_of_one_day_is_seen_whole_or_not_at_all(store: Store, make: Make) -> None:
    size = 500
    stop = threading.Event()
    seen: set[int] = set()

    def look() -> None:
        while not stop.is_set():
            seen.add(store.span().entries % size)

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(8):
        store.write([make(turn + step / 1000) for step in range(size)])
    stop.set()
    reader.join()
    assert seen == {0}


def test_a_write_larger_than_one_insert_is_stored_whole(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apitrail.store.log.MAX_INSERT", 3000)
    entries = [make(second, request=Payload(body=b"x" * 1000)) for second in range(10)]
    entries.append(make(11, request=Payload(body=b"y" * 9000)))
    assert store.write(entries) == Written(11, 0)
    assert len(store.page(Filter()).entries) == 11


def loss() -> Loss:
    at = datetime(2026, 8, 3, tzinfo=UTC)
    return Loss(recorder="r", reason="x", count=1, first_at=at, last_at=at)
