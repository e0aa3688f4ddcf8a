"""The recorder's own thread: takes what was captured, builds, masks, encodes, spools.

It sleeps until the first exchange comes, then gathers for `linger` seconds and spools all that came in one
transaction: one wake-up and one commit for many calls.

Callers come first: when it works, and when it rests, is what `pace` is for.

What the spool cannot take now waits in memory (`refuge`), is sent from there, and is moved to the spool once that can
be written; past a quarter of `in_flight_limit` bytes the oldest go, counted as `spool_unusable`.

The queue is a SimpleQueue: its `put` may run inside a finalizer that interrupts another `put` of the same thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from apitrail.exchange import Exchange
from apitrail.recorder import context, unfinished
from apitrail.recorder.assembly import Assembler, Identity
from apitrail.recorder.body import Gauge
from apitrail.recorder.capture import Capture
from apitrail.recorder.losses import Ledger, lose, say
from apitrail.recorder.pace import Pace
from apitrail.recorder.refuge import Refuge
from apitrail.recorder.settings import Settings
from apitrail.recorder.spool import Spool, SpoolLoss
from apitrail.recorder.spool_file import SpoolUnusable
from apitrail.recorder.threads import STOP_S, Empty, Event, Lock, SimpleQueue, start, waited
from apitrail.size import size

AT_ONCE = 256
"""Exchanges spooled in one transaction at most."""
COMMIT_S = 0.1
"""How long one transaction may gather."""
RETRY_S = 1.0
WEIGHT = 2048
"""What an exchange weighs in memory beside its bodies: headers, URL, labels."""


class Mark(Event):
    """Set when all that was queued before it is in the spool, or its refuge, or cannot be now."""

    kept = False
    """It is."""


class Queue:
    """Between the callers and the worker: bounded by bytes."""

    def __init__(self, limit: int) -> None:
        self.gauge = Gauge(limit)
        self.items: SimpleQueue[Capture | Exchange | Mark] = SimpleQueue()

    def put(self, captured: Capture | Exchange) -> bool:
        """Take it unless memory is full without it, whatever its own size."""
        over = self.gauge.bytes + self.items.qsize() * WEIGHT - self.gauge.limit
        if over > 0 and over > (captured.held() if isinstance(captured, Capture) else 0):
            return False
        self.items.put(captured)
        return True


class Worker:
    """Drains one queue into one spool."""

    def __init__(
        self,
        queue: Queue,
        assembler: Assembler,
        spool: Spool,
        refuge: Refuge,
        ledger: Ledger,
        settings: Settings,
        identity: Identity,
        spooled: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._assembler = assembler
        self._spool = spool
        self._refuge = refuge
        self._ledger = ledger
        self._settings = settings
        self._identity = identity
        self._spooled = spooled
        """Called after each transaction: wakes the shipper."""
        self._draining = Lock()
        self._stopping = False
        self._join: Callable[[float], None] | None = None
        self.pace = Pace(queue.gauge, queue.items.qsize)
        self._next: Capture | Exchange | Mark | None = None
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._sequence = 0
        self._said = ""
        self.count = 0
        """Exchanges spooled."""
        self.spool_full = 0
        """Those that went for them, oldest first, of whichever process: the spool itself tells the server."""

    @property
    def unspooled(self) -> int:
        """Exchanges that are not in the spool on the disk."""
        return len(self._pending) + self._refuge.waiting

    @property
    def kept_out(self) -> int:
        """Those of them that it did not take: it cannot be written. The others are on their way."""
        return (len(self._pending) if self._said else 0) + self._refuge.waiting

    def start(self) -> None:
        """Begin the thread."""
        self._join = start(self._run, "apitrail-worker")

    def stop(self) -> None:
        """End the thread; `drain` does its work from now on."""
        self._stopping = True
        self._queue.items.put(Mark())
        if self._join is not None:
            self._join(STOP_S)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put before is in the spool, or its refuge. False after `timeout` seconds."""
        done = Mark()
        self._queue.items.put(done)
        self.pace.hurry(True)
        try:
            return waited(done, timeout) and done.kept
        finally:
            self.pace.hurry(False)

    def drain(self, timeout: float) -> bool:
        """The same in this thread, for when the worker's own may be gone: a fork, or the end of the process."""
        self.pace.hurry(True)
        try:
            if not self._draining.acquire(timeout=timeout):
                return False
            try:
                return self._drain()
            finally:
                self._draining.release()
        finally:
            self.pace.hurry(False)

    def _run(self) -> None:
        context.muted.set(True)
        while not self._stopping:
            with suppress(Empty):
                # Kept on self and not in this frame, which would hold its bodies in memory until the next one comes.
                self._next = self._queue.items.get(timeout=self._at_most())
            try:
                if not isinstance(self._next, Mark):
                    self.pace.gather(self._settings.linger)
                with self._draining:
                    self._drain()
            except Exception as error:
                lose("worker_failed", error)

    def _at_most(self) -> float | None:
        """How long to wait for something to be put: for ever, unless something else is to be done."""
        retry = RETRY_S if self.unspooled else None
        stream = unfinished.end_streams()
        return min(retry, stream) if retry is not None and stream is not None else retry or stream

    def _drain(self) -> bool:
        """Everything in the queue, in transactions of `AT_ONCE`. Whether all of it is in the spool, or its refuge."""
        most = self._settings.in_flight_limit // 4
        more = True
        while more:
            waiting: list[Mark] = []
            encoded = 0
            commit_at = time.monotonic() + COMMIT_S
            while encoded < AT_ONCE and self._pending_bytes <= most and time.monotonic() < commit_at:
                item, self._next = self._next, None
                if item is None:
                    try:
                        item = self._queue.items.get_nowait()
                    except Empty:
                        more = False
                        break
                if isinstance(item, Mark):
                    waiting.append(item)
                    continue
                self.pace.begins(item.begun_ns + item.duration_ns if isinstance(item, Capture) else 0)
                self._encode(item)
                encoded += 1
                del item
                self.pace.ends()
            kept = self._store()
            if not kept:
                more = False
            for mark in waiting:
                mark.kept = kept
                mark.set()
        return not self._pending

    def _encode(self, captured: Capture | Exchange) -> None:
        self._sequence += 1
        try:
            payload = self._assembler.encoded(self._assembler.exchange(captured, self._sequence))
        except Exception as error:
            lose("capture_failed", error)
            return
        finally:
            if isinstance(captured, Capture):
                captured.release()
        self._pending.append(payload)
        self._pending_bytes += len(payload)

    def _store(self) -> bool:
        tallies = self._ledger.unreported()
        if not self._pending and not tallies and self._refuge.is_empty():
            return True
        who = self._identity
        losses = [SpoolLoss(who.id, who.host, who.process, *tally) for tally in tallies]
        try:
            for moved in self._refuge.move_to(self._spool):
                self.count += moved
            self.spool_full += self._spool.add(self._pending, losses)
            self._said = ""
        except SpoolUnusable as error:
            self._say(error)
            try:
                dropped = self._refuge.add(self._pending, losses)
            except SpoolUnusable as full:  # memory is short
                self._say(full)
                return False
            if dropped:
                lose("spool_unusable", count=dropped, text=f"over a quarter of in_flight_limit: {error}")
        else:
            self.count += len(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self.pace.spooled()
        self._ledger.reported(tallies)
        self._spooled()
        return True

    def _say(self, error: SpoolUnusable) -> None:
        if self._said:
            return
        self._said = str(error)
        most = size(self._settings.in_flight_limit // 4)
        say(
            f"the spool cannot be written: {error}. Exchanges wait in memory, {most} at most, and are sent from"
            " there while the server takes them; what waits when this process ends is lost. Make room on the disk, or"
            f" give the user of this process a folder: spool is {self._settings.spool or 'not set'!r}, set it by"
            " configure(spool=…) or APITRAIL_SPOOL"
        )
