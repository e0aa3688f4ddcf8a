"""What a question reads, and what becomes of one that would read too much."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import (
    MEMORY_LIMIT,
    Cursor,
    Filter,
    QueryTooLarge,
    Store,
    StoreError,
    StoreUnavailable,
    Term,
    open_store,
)
from apitrail.store.engine import Query, failure
from apitrail.store.failures import Group, Kind
from apitrail.store.queries import entry as entry_question
from apitrail.store.queries import failures, words
from apitrail.store.queries import page as page_question
from apitrail.store.queries import span as span_question
from apitrail.store.queries.where import Times

Make = Callable[..., Entry]
START = datetime(2026, 8, 1, tzinfo=UTC)
DAYS = 4
PER_DAY = 6000
BODY = 2000


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, make: Make) -> Iterator[Store]:
    """Four days of 6,000 entries with bodies."""
    opened = open_store(tmp_path_factory.mktemp("log"), durable=False)
    for day in range(DAYS):
        step = timedelta(days=1) / PER_DAY
        opened.write(
            [
                make(
                    START + timedelta(days=day) + number * step,
                    request=Payload(body=b"%d " % number * (BODY // 5)),
                    response=Payload(body=b"2601%06d" % number) if day == 1 else None,
                )
                for number in range(PER_DAY)
            ]
        )
    opened.engine.run(Query("OPTIMIZE TABLE entries FINAL"))
    yield opened
    opened.close()


def granules(store: Store, query: Query) -> tuple[int, int]:
    """Of how many granules the primary key leaves how many."""
    rows = store.engine.select(Query(f"EXPLAIN indexes = 1 {query.sql}", query.params)).rows
    counts = re.findall(r"Granules: (\d+)/(\d+)", "\n".join(line for (line,) in rows))
    return int(counts[-1][0]), int(counts[0][1])


def test_opening_an_entry_reads_one_or_two_granules(log: Store, make: Make) -> None:
    row = log.page(Filter(), 1, Cursor(START + timedelta(days=2, hours=5), make().id)).entries[0]
    left, of = granules(log, entry_question.entry(UUID(row.id)))
    assert left <= 2
    assert of > 20
    assert log.entry(row.id) is not None


def test_what_ended_a_problem_is_looked_for_in_two_quarters_of_an_hour_alone(log: Store) -> None:
    last = START + timedelta(days=1, hours=3)
    kind = Kind("ups", "label.create", "outbound", "", "ups-1", "E1", None, "address")
    group = Group(
        kind=kind, count=1, first=last, first_id="", last=last, last_id="", outcome="request_error", message="",
        merchant="", orders=0, parcels=0, products=0, some_orders=(), some_parcels=(), some_products=(),
    )  # fmt: skip
    later = {0: int((last + timedelta(days=2)).timestamp()) // 900 * 900}
    left, of = granules(log, failures.endings([group], later))
    assert left <= 4
    assert of > 20


def test_what_is_looked_up_reads_the_granules_that_have_it(log: Store) -> None:
    """A word of a body, without a date: one place in `mentions`, then a granule of entries."""
    which = Filter(text=(Term("2601000777", whole=True),))
    asked = words.seconds(words.mentions(which), None, None, 100)
    found = log.engine.select(asked)
    assert len(found.rows) == 1
    assert found.read_rows <= 2 * 8192
    question = page_question.page(which, 51, None, Times([second for (second,) in found.rows]))
    left, of = granules(log, question)
    assert left <= 2
    assert of > 80
    assert len(log.page(which).entries) == 1


def test_a_deep_page_reads_no_granule_that_is_newer(log: Store, make: Make) -> None:
    deep = Cursor(START + timedelta(days=1), make().id)
    left, of = granules(log, page_question.page(Filter(), 50, deep))
    assert left <= of / DAYS + 2
    answer = log.engine.select(page_question.page(Filter(), 50, deep))
    assert answer.read_rows <= 1024


def test_a_range_reads_its_own_days_only(log: Store) -> None:
    which = Filter(since=START + timedelta(days=1), until=START + timedelta(days=1, hours=12))
    left, of = granules(log, page_question.page(which, 50, None))
    assert left <= of / DAYS / 2 + 2


def test_a_list_never_reads_bodies(log: Store) -> None:
    answer = log.engine.select(page_question.page(Filter(), 1000, None))
    assert len(answer.rows) == 1000
    assert answer.read_bytes < 1000 * BODY / 2


def test_what_has_to_read_the_log_has_every_processor_for_it_and_what_reads_little_has_one(log: Store) -> None:
    for_each = "SELECT getSetting('max_threads_min_free_memory_per_thread')"
    [[one]], [[many]] = (log.engine.select(Query(for_each, wide=wide)).rows for wide in (False, True))
    assert 2 * one > MEMORY_LIMIT > 8 * many
    scanned = (Filter(text=(Term("pallet"),)), Filter(method=("GET",)), Filter(duration_over=5.0))
    assert all(page_question.page(which, 51, None).wide for which in scanned)
    cheap = (Filter(), Filter(action=("order.list",)), Filter(outcome=("platform_error",), status=("5xx",)))
    assert not any(page_question.page(which, 51, None).wide for which in cheap)


def test_the_span_reads_no_rows(log: Store) -> None:
    assert log.engine.select(span_question.SPAN).read_rows <= DAYS
    assert log.span().entries == DAYS * PER_DAY


def test_a_question_over_its_limits_asks_for_a_narrower_range(log: Store) -> None:
    for limit in ("max_memory_usage = 100000", "max_rows_to_read = 10, read_overflow_mode = 'throw'"):
        with pytest.raises(QueryTooLarge, match="Use a shorter date range"):
            log.engine.select(Query(f"SELECT groupArray(request_body) FROM entries SETTINGS {limit}"))
    with pytest.raises(QueryTooLarge, match=r"limit of time \(query_seconds\)\. Use a shorter date range"):
        log.engine.select(Query("SELECT sum(sleepEachRow(0.01)) FROM entries SETTINGS max_execution_time = 0.1"))
    log.check()


def test_a_question_may_take_as_long_as_was_asked_for(address: str) -> None:
    other = open_store(address, durable=False, max_seconds=1)
    with pytest.raises(QueryTooLarge, match="query_seconds"):
        other.engine.select(Query("SELECT sum(sleepEachRow(0.1)) FROM numbers(100) SETTINGS max_block_size = 1"))
    other.close()


def test_the_engines_memory_is_limited_as_asked(log: Store) -> None:
    query = Query("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'")
    assert log.engine.select(query).rows == [("1200000000",)]


def test_readers_do_not_wait_for_each_other(log: Store) -> None:
    asking = [threading.Thread(target=log.engine.select, args=(Query("SELECT sleep(1)"),)) for _ in range(3)]
    for thread in asking:
        thread.start()
    running = Query("SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep(1)%'")
    most = 0
    while most < 3 and any(thread.is_alive() for thread in asking):
        most = max(most, log.engine.select(running).rows[0][0])
    for thread in asking:
        thread.join()
    assert most == 3


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.9)",
            QueryTooLarge,
            "241",
        ),
        ("Code: 243. DB::Exception: Cannot reserve 1 MiB. (NOT_ENOUGH_SPACE)", StoreUnavailable, "the disk is full"),
        ("Code: 75. DB::ErrnoException: No space left on device", StoreUnavailable, "the disk is full"),
        (
            "Code: 204. DB::ErrnoException: Cannot fsync /data/x: errno: 5, Input/output error. (CANNOT_FSYNC)",
            StoreUnavailable,
            "the disk cannot be written",
        ),
        (
            "Code: 1001. DB::Exception: filesystem error: in create_directories: Read-only file system (STD_EXCEPTION)",
            StoreUnavailable,
            "the disk cannot be written",
        ),
        ("Connection refused", StoreUnavailable, "not available (Connection refused)"),
        (
            "Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)\nstack",
            StoreError,
            "the engine refused the statement (Code: 60.",
        ),
    ],
)
def test_an_engines_error_becomes_a_sentence(text: str, kind: type[StoreError], said: str) -> None:
    error = failure("/data", RuntimeError(text))
    assert type(error) is kind
    assert said in str(error)
    assert "stack" not in str(error)
    assert "(version" not in str(error)
