"""Group commit: batches of many requests go into one insert.

One thread writes. What an insert costs is half its own and half its rows' (a row of 1,000 costs the engine three times
what one of 20,000 does), and parts must not pile up. So an insert follows the one before it

- after `max_wait` seconds, while little comes: a lone request after a quiet time does not wait at all;
- once `busy_rows` wait, when no more are expected, or after BUSY times that long;
- at once when `enough_rows` or `enough_bytes` wait, and half as many batches at most are expected: those are worked on
  while the insert is, and more are worth waiting for;
- at once when `max_rows` or `max_bytes` wait. It takes so many and a batch at most.

Each request has its own answer, when its entries are durable.

Where the engine refuses a group, it is halved until the batch at fault stands alone: its neighbours are stored.
Where the engine is unavailable or short of memory, all of the group fail, and their senders keep them.

What waits is bounded by `max_pending_bytes`: past it `submit` raises Busy, and nothing is queued. A batch larger than
that is taken when nothing else waits. `close` writes what waits.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from apitrail.entry import Entry
from apitrail.exchange import Loss
from apitrail.store.batch import Batch
from apitrail.store.engine import StoreUnavailable
from apitrail.store.log import Store
from apitrail.store.model import QueryTooLarge, StoreError, Written

BUSY = 3
MAX_RETRY_AFTER = 30
TROUBLE_S = 15.0
"""How long a failed write is told of when nothing was written since: it may be that nobody tries."""


class Busy(StoreError):
    """More is waiting to be written than may wait. Send the same again after `retry_after` seconds."""

    def __init__(self, retry_after: int, pending: int, limit: int) -> None:
        super().__init__(
            f"{pending} bytes are waiting to be written; the limit is {limit} (max_pending_bytes). "
            f"Send the same again in {retry_after} s"
        )
        self.retry_after = retry_after


class Writer:
    """See the module. Any thread may submit; `max_wait` is in seconds."""

    def __init__(
        self,
        store: Store,
        *,
        busy_rows: int = 2_000,
        enough_rows: int = 10_000,
        enough_bytes: int = 32 << 20,
        max_rows: int = 20_000,
        max_bytes: int = 56 << 20,
        max_wait: float = 0.2,
        max_pending_bytes: int = 128 << 20,
    ) -> None:
        self._store = store
        self._busy_rows = busy_rows
        self._enough_rows = enough_rows
        self._enough_bytes = enough_bytes
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._max_wait = max_wait
        self._max_pending_bytes = max_pending_bytes
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Batch, Future[Written]]] = deque()
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._pending_bytes = 0
        self._expected = 0
        self._bytes_per_second = float(max_bytes)
        self._closed = False
        self._trouble: tuple[float, StoreUnavailable] | None = None
        self._thread = threading.Thread(target=self._run, name="apitrail-writer", daemon=True)
        self._thread.start()

    @property
    def pending_bytes(self) -> int:
        """Encoded bytes that wait or are being written."""
        return self._pending_bytes

    def check(self) -> None:
        """Raises StoreUnavailable with the reason where nothing could be written within the last TROUBLE_S seconds."""
        trouble = self._trouble
        if trouble is not None and time.monotonic() - trouble[0] < TROUBLE_S:
            raise StoreUnavailable(str(trouble[1])) from trouble[1]

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """While a batch is on its way here, from when it has been read."""
        with self._changed:
            self._expected += 1
        try:
            yield
        finally:
            with self._changed:
                self._expected -= 1
                self._changed.notify()

    def submit(self, entries: Sequence[Entry], losses: Sequence[Loss] = ()) -> Future[Written]:
        """Queue a batch. The future's result comes when the batch is durable; its exception is a StoreError.

        Raises Busy, BadEntry (nothing of the batch is queued), StoreUnavailable after `close`. A future that is
        cancelled before its turn is not written.
        """
        return self.submit_batch(Batch.of(entries, losses))

    def demand_room(self, size: int) -> None:
        """Raises Busy where a batch of so many bytes could not be queued now."""
        with self._changed:
            if self._pending_bytes and self._pending_bytes + size > self._max_pending_bytes:
                seconds = math.ceil(self._pending_bytes / self._bytes_per_second)
                raise Busy(min(max(seconds, 1), MAX_RETRY_AFTER), self._pending_bytes, self._max_pending_bytes)

    def submit_batch(self, batch: Batch) -> Future[Written]:
        """Queue what is encoded already."""
        future: Future[Written] = Future()
        with self._changed:
            if self._closed:
                raise StoreUnavailable("the server is stopping and accepts no more entries. Send the same again later")
            self.demand_room(batch.size)
            self._waiting.append((batch, future))
            self._waiting_rows += batch.entries
            self._waiting_bytes += batch.size
            self._pending_bytes += batch.size
            self._changed.notify()
        return future

    def close(self) -> None:
        """Write what waits, then end the thread. The store stays open."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        started = -math.inf
        while group := self._next(started):
            started = time.monotonic()
            size = sum(batch.size for batch, _ in group)
            self._write([(batch, future) for batch, future in group if future.set_running_or_notify_cancel()])
            with self._changed:
                self._pending_bytes -= size
                self._bytes_per_second = max(size, 1) / max(time.monotonic() - started, 1e-3)

    def _next(self, before: float) -> list[tuple[Batch, Future[Written]]]:
        """Wait for a group; empty when closed and nothing waits. `before`: when the last insert began."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            while (rest := self._rest(time.monotonic() - before)) > 0:
                self._changed.wait(rest)
            group: list[tuple[Batch, Future[Written]]] = []
            rows = size = 0
            while self._waiting and rows < self._max_rows and size < self._max_bytes:
                batch, future = self._waiting.popleft()
                rows += batch.entries
                size += batch.size
                group.append((batch, future))
            self._waiting_rows -= rows
            self._waiting_bytes -= size
            return group

    def _rest(self, since: float) -> float:
        """Seconds that the next insert should still wait, `since` seconds after the last one began."""
        if self._closed or self._waiting_rows >= self._max_rows or self._waiting_bytes >= self._max_bytes:
            return 0
        enough = self._waiting_rows >= self._enough_rows or self._waiting_bytes >= self._enough_bytes
        if enough and len(self._waiting) >= 2 * self._expected:
            return 0
        if self._waiting_rows >= self._busy_rows:
            return BUSY * self._max_wait - since if self._expected else 0
        return self._max_wait - since

    def _write(self, group: list[tuple[Batch, Future[Written]]]) -> None:
        """Every future of the group gets its answer, whatever happens: this thread must not die."""
        if not group:
            return
        try:
            answers = self._store.commit([batch for batch, _ in group])
        except Exception as problem:
            error = problem
            if isinstance(problem, QueryTooLarge):
                # The engine was short of memory or time, which passes; nothing is wrong with the batch.
                error = StoreUnavailable(
                    f"the store did not have enough memory or time to write the entries: {problem}"
                )
            if isinstance(error, StoreUnavailable):
                self._trouble = (time.monotonic(), error)
            if len(group) > 1 and not isinstance(error, StoreUnavailable):
                half = len(group) // 2
                self._write(group[:half])
                self._write(group[half:])
                return
            for _, future in group:
                future.set_exception(error)
        else:
            self._trouble = None
            for (_, future), answer in zip(group, answers, strict=True):
                future.set_result(answer)
