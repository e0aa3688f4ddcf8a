"""Fill a log quickly: entries are made, derived and encoded by other processes, and written by this one."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from apitrail.entry import Entry
from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.store import Batch, Store, open_store
from apitrail.store.engine import Query
from bench.store.ours import BATCH
from bench.store.trade import DAYS, exchanges, raw_size

CHUNK = 20_000
PROCESSES = 2
CLEANED_S = 900
"""The engine looks for such parts each half a minute, and where there were none each five minutes."""


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


def settle(folder: Path) -> None:
    """Make one part of each day, compressed as what is settled is, as the engine does by itself the morning after it
    came; wait until those that it was made of are gone, and tell the days, as the server does within the hour. For a
    process of its own.
    """
    store = open_store(folder, durable=False)
    codec = Query(
        "SELECT extract(engine_full, 'RECOMPRESS CODEC\\((.+?\\))\\)') FROM system.tables WHERE name = 'entries'"
    )
    [(settled,)] = store.engine.select(codec).rows
    _compress(store, settled)
    for table in ("entries", "failures", "mentions"):
        held = f"FROM system.parts WHERE active AND database = 'apitrail' AND table = '{table}'"
        for (partition,) in store.engine.select(Query(f"SELECT DISTINCT partition {held}")).rows:
            store.engine.run(Query(f"OPTIMIZE TABLE {table} PARTITION '{partition}' FINAL"))
    _compress(store, "ZSTD(1)")
    until = time.monotonic() + CLEANED_S
    while store.engine.select(Query("SELECT 1 FROM system.parts WHERE NOT active LIMIT 1")).rows:
        if time.monotonic() > until:
            raise TimeoutError(f"{folder}: parts that were merged are still there")
        time.sleep(1)
    store.tell()
    store.close()


def _compress(store: Store, codec: str) -> None:
    """What columns without a codec of their own are compressed with from now on."""
    store.engine.run(Query(f"ALTER TABLE entries MODIFY SETTING default_compression_codec = '{codec}'"))


def apart(function: Callable[..., None], *values: object) -> None:
    """Call it in a process of its own: the engine's threads and memory go with that. Raises SystemExit as it does."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=values)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


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
    entries: list[Entry] = []
    for place, x in enumerate(chunk(count, number, days)):
        if place % BATCH == 0:
            now = datetime.now(UTC)
        entries.append(profiles.entry(x, received_at=now))
    return Batch.of(entries)
