"""Fill a log quickly: entries are made, derived and encoded by other processes, and written by this one."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.store import Batch, Store, open_store
from bench.store.trade import DAYS, exchanges, raw_size

CHUNK = 20_000
PROCESSES = 2


def chunk(count: int, number: int, days: float = DAYS) -> Iterator[Exchange]:
    """The exchanges of one chunk of a log of `count`; all chunks, in order, are the log."""
    first = number * CHUNK
    return exchanges(min(CHUNK, count - first), seed=number + 1, days=days, first=first, of=count)


def chunks(count: int) -> int:
    """How many chunks a log of `count` has."""
    return -(-count // CHUNK)


def raw_bytes(count: int, days: float = DAYS) -> int:
    """Raw bytes of a log of `count`, told from some of its chunks."""
    some = range(0, chunks(count), max(chunks(count) // 5, 1))
    sizes = [raw_size(x) for number in some for x in chunk(count, number, days)]
    return sum(sizes) * count // len(sizes)


def load(
    store: Store,
    count: int,
    days: float = DAYS,
    *,
    end: int | None = None,
    told: Callable[[str], None] = print,
) -> None:
    """Write a log of `count` entries over `days`, or its chunks before `end`."""
    begun = time.monotonic()
    ahead = threading.Semaphore(2 * PROCESSES)  # an encoded chunk is 55 MB
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        jobs = _jobs(count, chunks(count) if end is None else end, days, ahead)
        for done, batch in enumerate(pool.imap(_encoded, jobs), 1):
            ahead.release()
            store.commit([batch])
            if done % 25 == 0:
                told(f"{done * CHUNK:,} entries, {done * CHUNK / (time.monotonic() - begun):,.0f}/s")


def fill(folder: Path, count: int, end: int, days: float) -> None:
    """Make a log at this folder with the chunks before `end`. For a process of its own, which the engine keeps."""
    store = open_store(folder, durable=False)
    load(store, count, days, end=end)
    store.close()


def _jobs(count: int, end: int, days: float, ahead: threading.Semaphore) -> Iterator[tuple[int, int, float]]:
    for number in range(end):
        ahead.acquire()
        yield count, number, days


@lru_cache(maxsize=1)
def _profiles() -> Profiles:
    return Profiles.load()


def _encoded(job: tuple[int, int, float]) -> Batch:
    count, number, days = job
    profiles = _profiles()
    return Batch.of([profiles.entry(x) for x in chunk(count, number, days)])
