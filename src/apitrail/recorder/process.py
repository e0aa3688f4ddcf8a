"""The one recorder of this process: made at the first need, anew in a forked child, flushed at exit.

Threads are daemons and begin with the first exchange. At exit everything captured goes into the spool, always, calls
that are still open as far as they have come; sending it may then take `flush_at_exit` seconds, and ends at once where
the server is away. Before `os._exit`, by which forked children leave, spooling takes milliseconds and `SPOOL_AT_EXIT_S`
at most, and sending `SEND_AT_OS_EXIT_S`, for the parent may never run a shipper. How it hears of all this: `lifetime`.
"""

from __future__ import annotations

import hashlib  # noqa: F401 - bodies are hashed in threads, see _made
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import Struct

from apitrail.exchange import Exchange
from apitrail.recorder import capture, context, losses, unfinished
from apitrail.recorder.assembly import Assembler, Identity
from apitrail.recorder.capture import Capture
from apitrail.recorder.folder import fingerprint_key, spool_folder
from apitrail.recorder.lifetime import attend, attend_multiprocessing, attend_other_exits, notice_fork
from apitrail.recorder.losses import lose, never_raise, say
from apitrail.recorder.redact import Redactor
from apitrail.recorder.refuge import Refuge
from apitrail.recorder.settings import Settings, settings_from
from apitrail.recorder.spool import Held, Spool, spool_path
from apitrail.recorder.spool_file import SpoolUnusable
from apitrail.recorder.threads import Lock
from apitrail.recorder.worker import Mark, Queue, Worker

SPOOL_AT_EXIT_S = 5.0
DURABLE_S = 5.0
SEND_AT_OS_EXIT_S = 1.0


class Stats(Struct, frozen=True):
    """What this process's recorder has done so far."""

    recorder: str
    spooled: int = 0
    stored: int = 0
    """Sent by this process and stored by the server, also for other processes of the host."""
    duplicates: int = 0
    refused: int = 0
    in_flight: int = 0
    """In memory: not yet in the spool, or not taken by it."""
    in_flight_bytes: int = 0
    waiting: int = 0
    """In the spool, of all processes that share it."""
    waiting_bytes: int = 0
    spool: str = ""
    losses: dict[str, int] = {}
    failures: int = 0
    last_failure: str = ""


class ProcessRecorder:
    """A sink of captures. `take` is the callers' side; everything else is for start-up, flush and exit."""

    def __init__(self, settings: Settings, version: str) -> None:
        self.settings = settings
        self.body_limit = settings.body_limit
        self.body_edge = settings.body_edge
        self._durable = settings.durable
        self._version = version
        self._begin()

    def _begin(self) -> None:
        self.identity = Identity(self.settings.service, time.time_ns(), self._version)
        self.queue = Queue(self.settings.in_flight_limit)
        self.gauge = self.queue.gauge
        self._starting = Lock()
        self._started = False
        self._running = False
        """There are threads of ours."""
        self._begun: list[Any] = []
        self._exiting = False
        self._worker: Worker | None = None
        self._shipper: Any = None
        self._spool: Spool | None = None
        self._spools: list[Spool] = []
        self._refuge: Refuge | None = None

    def take(self, captured: Capture | Exchange) -> None:
        """Hand over to the worker, or count the loss. No lock, no I/O, but for the very first; where it is `durable`,
        wait for the worker."""
        notice_fork()
        if not self.queue.put(captured):
            lose("in_flight_full", text=f"in_flight_limit is {self.settings.in_flight_limit} bytes")
            if isinstance(captured, Capture):
                captured.release()
        if self._started and not self._exiting and not self._durable:
            return
        if not self._started:
            self.start()
        if self._exiting:
            self._spool_all(1.0)
        elif self._durable and not context.muted.get():
            # Not in threads of ours, where the garbage collector may hand over what a host has dropped.
            self._spool_all(DURABLE_S)

    def follow(self) -> None:
        """Wake the worker, who looks when the stream's time comes."""
        notice_fork()
        self.queue.items.put(Mark())
        if not self._started:
            self.start()

    def start(self) -> None:
        """Begin the threads. Who comes while another thread does this need not wait: its exchange is queued."""
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._started:
                return
            self._build()
            assert self._worker is not None
            if not self._exiting:
                attend_multiprocessing()
            self._started = self._exiting or self._begin_threads()
        finally:
            self._starting.release()

    def _begin_threads(self) -> bool:
        """Whether all run. The next exchange tries again: a container's limit of threads may be reached for a while."""
        try:
            for one in (self._worker, self._shipper):
                if one is not None and one not in self._begun:
                    one.start()
                    self._begun.append(one)
        except RuntimeError:  # since 3.12 none can begin when the interpreter ends, either
            return False
        self._running = True
        return True

    def _build(self) -> None:
        if self._worker is not None:
            return
        folder = spool_folder(self.settings.spool)
        owner = (self.identity.id, self.identity.host, self.identity.process)
        most, durable = self.settings.spool_limit, self.settings.durable
        self._spool = Spool(spool_path(folder, self.settings.url), most, owner, durable=durable)
        self._refuge = Refuge(self.settings.in_flight_limit // 4, owner)
        self._spools = [self._spool, self._refuge]
        if self.settings.url:
            from apitrail.recorder.shipper import Shipper
            from apitrail.recorder.transport import HttpTransport

            # What processes without a url left behind is sent by the first that has one.
            self._spools.append(Spool(spool_path(folder, None), most, owner, durable=durable))
            self._shipper = Shipper(
                self._spools,
                HttpTransport(self.settings.url, self.settings.timeout),
                self.settings.token,
                owner,
                self.settings.batch_bytes,
                self.settings.batch_exchanges,
                url=self.settings.url,
            )
        settings = self.settings

        def redactor() -> Redactor:
            return redactor_of(fingerprint_key(settings.token, folder), settings, worker.pace.breathe)

        assembler = Assembler(settings, self.identity, redactor)
        self._worker = worker = Worker(
            self.queue,
            assembler,
            self._spool,
            self._refuge,
            losses.ledger,
            self.settings,
            self.identity,
            self._spooled,
        )

    def _spooled(self) -> None:
        if self._shipper is not None:
            self._shipper.wake()

    def flush(self, timeout: float, *, once: bool = False) -> bool:
        """See `apitrail.flush`. With `once`, give up when the server fails to take a batch."""
        deadline = time.monotonic() + timeout
        self.start()
        if not self._spool_all(timeout):
            return False
        if self._shipper is None:
            return not self._kept_out
        return self._shipped(deadline, once)

    def _spool_all(self, timeout: float) -> bool:
        if self._worker is None:
            return False
        # Without a thread that takes it, there is nothing to wait for.
        there = not self._exiting or (self._running and not sys.is_finalizing())
        return (there and self._worker.flush(timeout)) or (self._exiting and self._worker.drain(timeout))

    def _shipped(self, deadline: float, once: bool) -> bool:
        failures = self._shipper.sent.failures
        marks, readable = self._marks()
        self._shipper.hurry(True)
        try:
            while any(spool.holds_until(mark) for spool, mark in marks):
                if time.monotonic() >= deadline or (once and self._shipper.sent.failures > failures):
                    return False
                time.sleep(0.02)
        except SpoolUnusable:
            return False
        finally:
            self._shipper.hurry(False)
        return readable

    def _marks(self) -> tuple[list[tuple[Spool, int]], bool]:
        """What is in each spool by now, and whether all could be read: for one that cannot, the others still wait."""
        marks, readable = [], True
        for spool in self._spools:
            if spool.there:
                try:
                    marks.append((spool, spool.newest()))
                except SpoolUnusable:
                    readable = False
        return marks, readable

    @never_raise
    def end(self) -> None:
        """At the interpreter's exit."""
        unfinished.end()
        self.exit()

    @never_raise
    def exit(self) -> None:
        """Spool what was captured, and send it if that can be done in time."""
        self._exiting = True
        if not self._started and self.queue.items.empty():
            return
        self._build()
        if self._spool_all(SPOOL_AT_EXIT_S):
            self._shipped_at_exit(self.settings.flush_at_exit)
        self._stop_threads()
        self._say_what_is_lost()

    def _stop_threads(self) -> None:
        """Else the shipper would leave with a lease that nobody ends; and a program that calls `configure` again and
        again, as a function does that is handed one event at a time, would have one more thread each time."""
        self._running = False  # first: who comes now need not wait for the worker
        for one in (self._shipper, self._worker):
            if one is not None:
                one.stop()

    @never_raise
    def leave(self) -> None:
        """Before `os._exit`: spool what is in flight, and send it where the server takes it at once."""
        unfinished.end()
        if self._worker is None:
            return
        self._exiting = True
        if self._worker.flush(SPOOL_AT_EXIT_S) if self._running else self._worker.drain(SPOOL_AT_EXIT_S):
            self._shipped_at_exit(min(self.settings.flush_at_exit, SEND_AT_OS_EXIT_S))
        self._say_what_is_lost()

    def _shipped_at_exit(self, most: float) -> None:
        if most > 0 and self._shipper is not None and self._running:
            self._shipped(time.monotonic() + most, once=True)

    @property
    def _kept_out(self) -> int:
        return self._worker.kept_out if self._worker is not None else 0

    def _say_what_is_lost(self) -> None:
        if lost := self._kept_out:
            # Where the spool cannot be written there is no place for a count of losses either.
            say(f"{lost} exchanges are lost with this process: the spool cannot be written")

    def close(self) -> None:
        """Spool what is left, stop shipping, close the files."""
        self.exit()
        for spool in self._spools:
            spool.close()

    def before_fork(self) -> None:
        """SQLite's connections must not be open in two processes."""
        for spool in self._spools:
            spool.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        for spool in self._spools:
            spool.after_fork()

    def after_fork_in_child(self) -> None:
        """Begin anew: own id, queue, locks, threads, connections. What the parent queued is the parent's."""
        _left_behind.append((self.queue, self._worker, self._shipper, self._spools))
        self._begin()

    def stats(self) -> Stats:
        """What has been done so far."""
        held = Held(0, 0)
        if self._spool is not None:
            with suppress(SpoolUnusable):  # which the worker says
                held = self._spool.held()
        sent = self._shipper.sent if self._shipper is not None else None
        lost = losses.ledger.counts()
        if self._worker is not None and self._worker.spool_full:
            lost["spool_full"] = self._worker.spool_full
        return Stats(
            recorder=self.identity.id,
            spooled=self._worker.count if self._worker is not None else 0,
            stored=sent.stored if sent else 0,
            duplicates=sent.duplicates if sent else 0,
            refused=sent.refused if sent else 0,
            in_flight=self.queue.items.qsize() + (self._worker.unspooled if self._worker is not None else 0),
            in_flight_bytes=self.gauge.bytes,
            waiting=held.exchanges,
            waiting_bytes=held.bytes,
            spool=str(self._spool.path) if self._spool is not None else "",
            losses=lost,
            failures=sent.failures if sent else 0,
            last_failure=sent.last_failure if sent else "",
        )


_left_behind: list[Any] = []
"""A parent's objects in its child: never closed, never collected, for that would touch the parent's files."""

_recorder: ProcessRecorder | None = None
_making = Lock()


def recorder() -> ProcessRecorder:
    """This process's recorder, with settings from the environment where `configure` was not called."""
    global _recorder
    notice_fork()
    if _recorder is None:
        with _making:
            if _recorder is None:
                _recorder = _made(settings_from({}))
    return _recorder


def configure(given: dict[str, Any]) -> None:
    """Set this process's recorder up. One that runs already is flushed into its spool and replaced.

    Raises ValueError naming the setting, its value and what would be right.
    """
    global _recorder
    settings = settings_from(given)
    with _making:
        before = _recorder
        _recorder = _made(settings)
        if before is not None:
            before.close()


def _made(settings: Settings) -> ProcessRecorder:
    # Here, in the thread that starts the program, and not at the first call, which would pay for it; nor in a
    # thread of ours: a child that is forked while a module is imported there would wait for it for ever.
    import logging  # noqa: F401 - see losses.say

    from apitrail import __version__

    if settings.url:
        import apitrail.recorder.shipper  # noqa: F401
    attend_other_exits()
    made = ProcessRecorder(settings, __version__)
    if isinstance(capture.sink, ProcessRecorder | capture.Nowhere):  # else a test's memory, which stays in place
        capture.set_sink(made)
    return made


def resume() -> None:
    """Captures go to this process's recorder again, after a test's memory took them."""
    capture.set_sink(_recorder if _recorder is not None else capture.Nowhere())


def redactor_of(key: bytes, settings: Settings, breathe: Callable[[], None] = lambda: None) -> Redactor:
    """Masks as these settings say."""
    groups = []
    if settings.personal:
        from apitrail.recorder import personal

        groups = personal.groups()
    return Redactor(
        key,
        settings.redact_names,
        groups,
        breathe,
        settings.redact,
        body_limit=settings.body_limit,
        body_edge=settings.body_edge,
    )


def _forked() -> None:
    global _making
    _making = Lock()


attend(lambda: _recorder, _forked)
