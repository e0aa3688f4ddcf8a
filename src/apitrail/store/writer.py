"""Group commit: batches of many requests go into one insert.

One thread writes. An insert follows the one before it after `max_wait` seconds at the earliest, so that the engine
gets few and large parts, or at once where `enough_rows` or `enough_bytes` are waiting; a lone request after a quiet
time does not wait at all. An insert takes `max_rows` or `max_bytes` and a batch at most. Each request has its own
answer, when its entries are durable.

Where the engine refuses a group, it is halved until the batch at fault stands alone: its neighbours are stored.
Where the engine is unavailable, all of the group fail, and their senders keep them.

What waits is bounded by `max_pending_bytes`: past it `submit` raises Busy, and nothing is queued. A batch larger than
that is taken when nothing else waits. `close` writes what waits.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from apitrail.entry import Entry
from apitrail.exchange import Loss
from apitrail.store.batch import Batch
from apitrail.store.engine import StoreUnavailable
from apitrail.store.log import Store
from apitrail.store.model import StoreError, Written

MAX_RETRY_AFTER = 30
TROUBLE_S = 15.0
"""How long a failed write is told of when nothing was written since: it may be that nobody tries."""


class Busy(StoreError):
    """More is waiting to be written than may wait. Send the same again after `retry_after` seconds."""

    def __init__(self, retry_after: int, pending: int, limit: int) -> None:
        super().__init__(
            f"{pending} bytes wait to be written, of at most {limit} (max_pending_bytes). Send again in {retry_after} s"
        )
        self.retry_after = retry_after


class Writer:
    """See the module. Any thread may submit; `max_wait` is in seconds."""

    def __init__(
        self,
        store: Store,
        *,
        enough_rows: int = 5_000,
        enough_bytes: int = 16 << 20,
        max_rows: int = 20_000,
        max_bytes: int = 32 << 20,
        max_wait: float = 0.2,
        max_pending_bytes: int = 128 << 20,
    ) -> None:
        self._store = store
        self._enough_rows = min(enough_rows, max_rows)
        self._enough_bytes = min(enough_bytes, max_bytes)
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._max_wait = max_wait
        self._max_pending_bytes = max_pending_bytes
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Batch, Future[Written]]] = deque()
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._pending_bytes = 0
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
                raise StoreUnavailable("the writer is closed: the server is stopping. Send again later")
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
        due = 0.0
        while group := self._next(due):
            started = time.monotonic()
            due = started + self._max_wait
            size = sum(batch.size for batch, _ in group)
            self._write([(batch, future) for batch, future in group if future.set_running_or_notify_cancel()])
            with self._changed:
                self._pending_bytes -= size
                self._bytes_per_second = max(size, 1) / max(time.monotonic() - started, 1e-3)

    def _next(self, due: float) -> list[tuple[Batch, Future[Written]]]:
        """Wait for a group; empty when closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(lambda: self._closed or self._enough(), timeout=max(0.0, due - time.monotonic()))
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

    def _enough(self) -> bool:
        return self._waiting_rows >= self._enough_rows or self._waiting_bytes >= self._enough_bytes

    def _write(self, group: list[tuple[Batch, Future[Written]]]) -> None:
        """Every future of the group gets its answer, whatever happens: this thread must not die."""
        if not group:
            return
        try:
            answers = self._store.commit([batch for batch, _ in group])
        except Exception as error:
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
