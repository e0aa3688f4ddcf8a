"""The engine in this process: what it keeps in memory for the next question."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from apitrail.entry import Entry
from apitrail.store import Filter, Store
from apitrail.store.engine import Query
from apitrail.store.model import Term
from apitrail.store.queries.page import page

START = datetime(2026, 8, 1, 5, 0, tzinfo=UTC)


def decompressed_blocks(store: Store) -> tuple[int, int]:
    """How many were found in memory so far, and how many were not."""
    told = dict(
        store.engine.select(Query("SELECT event, value FROM system.events WHERE event LIKE 'UncompressedCache%'")).rows
    )
    return told.get("UncompressedCacheHits", 0), told.get("UncompressedCacheMisses", 0)


@pytest.fixture
def filled(store: Store, make: Callable[..., Entry]) -> Iterator[Store]:
    """Of a day that is over, which the engine would compress anew within the test."""
    merges = ("MERGES", "TTL MERGES")
    for kind in merges:
        store.engine.run(Query(f"SYSTEM STOP {kind}"))
    store.write([make(START + timedelta(seconds=second)) for second in range(300)])
    yield store
    for kind in merges:
        store.engine.run(Query(f"SYSTEM START {kind}"))


def test_a_small_question_finds_the_blocks_that_the_last_one_read(filled: Store) -> None:
    # Not by a list of the store's, which may be told from memory.
    filled.engine.select(page(Filter(), 51, None))
    hits, misses = decompressed_blocks(filled)
    filled.engine.select(page(Filter(until=START + timedelta(seconds=200)), 51, None))
    now = decompressed_blocks(filled)
    assert now[0] > hits
    assert now[1] == misses


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.page(Filter(text=(Term("nowhere to be found"),))),
        lambda store: store.engine.read(Query("SELECT id, row FROM entries")),
    ],
    ids=["a text in bodies", "all rows"],
)
def test_what_reads_much_leaves_them_alone(filled: Store, ask: Callable[[Store], object]) -> None:
    before = decompressed_blocks(filled)
    ask(filled)
    assert decompressed_blocks(filled) == before


def test_what_recorders_and_probes_wait_for_does_not_queue_behind_the_searches_of_people(
    store: Store, make: Callable[..., Entry]
) -> None:
    reading, writing = os.pipe()
    search = Query("SELECT * FROM file({path:String}, 'LineAsString', 'line String')", {"path": f"/dev/fd/{reading}"})

    def endless() -> object:
        begun.release()
        return store.engine.select(search)

    begun = threading.Semaphore(0)
    with ThreadPoolExecutor(10) as people, ThreadPoolExecutor(1) as recorder:
        searches = [people.submit(endless) for _ in range(10)]
        for _ in searches:
            begun.acquire()
        try:
            recorder.submit(store.check).result(60)
            recorder.submit(store.tokens).result(60)
            recorder.submit(store.registrations).result(60)
            assert recorder.submit(store.write, [make(START)]).result(60).stored == 1
            assert not any(search.done() for search in searches)
        finally:
            os.close(writing)
    os.close(reading)
