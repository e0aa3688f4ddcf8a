"""Fill a log quickly: entries are made, derived and encoded by other processes, and written by this one."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.store import Batch, Store
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


def load(store: Store, count: int, days: float = DAYS, told: Callable[[str], None] = print) -> int:
    """Write `count` entries over `days`. Returns their raw bytes."""
    raw = 0
    begun = time.monotonic()
    ahead = threading.Semaphore(2 * PROCESSES)  # an encoded chunk is 55 MB
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for done, (batch, size) in enumerate(pool.imap(_encoded, _jobs(count, days, ahead)), 1):
            ahead.release()
            store.commit([batch])
            raw += size
            if done % 25 == 0:
                told(f"{done * CHUNK:,} entries, {done * CHUNK / (time.monotonic() - begun):,.0f}/s")
    return raw


def _jobs(count: int, days: float, ahead: threading.Semaphore) -> Iterator[tuple[int, int, float]]:
    for number in range(chunks(count)):
        ahead.acquire()
        yield count, number, days


@lru_cache(maxsize=1)
def _profiles() -> Profiles:
    return Profiles.load()


def _encoded(job: tuple[int, int, float]) -> tuple[Batch, int]:
    count, number, days = job
    made = list(chunk(count, number, days))
    profiles = _profiles()
    return Batch.of([profiles.entry(x) for x in made]), sum(map(raw_size, made))
